//! The user's own program: its file is read, looked at again and again while it is open, and edited.
//!
//! A file is read anew once it has stood still for a moment: many editors write it in two steps, and half a program is
//! none.

use crate::cli::explore::read_text;
use crate::doors::children::{Spawn, Stream};
use crate::doors::threads::{self, Thread};
use crate::wire::Exit;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::env;
use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the file is looked at.
const LOOKS: Duration = Duration::from_millis(300);

/// A file that is looked at while this lives.
pub(super) struct Own {
    path: PathBuf,
    /// Its end ends the thread.
    _stop: Sender<()>,
    _watch: Thread,
}

impl Own {
    /// Looks at a file whose text is known; another text, or why there is none, goes to `tell`.
    pub(super) fn watch(
        path: PathBuf,
        text: String,
        tell: impl Fn(Result<String, String>) + Send + 'static,
    ) -> io::Result<Own> {
        let (stop, stopped) = bounded(0);
        let (watched, seen) = (path.clone(), stamp(&path));
        let watch = threads::spawn("watch", move || look(&watched, seen, text, &stopped, &tell))?;
        Ok(Own { path, _stop: stop, _watch: watch })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// What differs where a file was written.
type Stamp = Option<(i64, i64, u64, u64)>;

fn stamp(path: &Path) -> Stamp {
    let of = |meta: Metadata| (meta.mtime(), meta.mtime_nsec(), meta.len(), meta.ino());
    path.metadata().ok().map(of)
}

fn look(
    path: &Path,
    mut seen: Stamp,
    mut text: String,
    stopped: &Receiver<()>,
    tell: &impl Fn(Result<String, String>),
) {
    let mut last = seen;
    while stopped.recv_timeout(LOOKS) == Err(RecvTimeoutError::Timeout) {
        let now = stamp(path);
        let stands_still = now == last;
        last = now;
        if now == seen || !stands_still {
            continue;
        }
        seen = now;
        match read_text(path) {
            Ok(new) if new == text => {}
            Ok(new) => {
                text.clone_from(&new);
                tell(Ok(new));
            }
            Err(why) => tell(Err(why)),
        }
    }
}

/// Has a file edited by the user's editor, which has the terminal meanwhile.
///
/// # Errors
/// In words: it would not start, or did not end well.
pub(super) fn edit(path: &Path) -> Result<(), String> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".into());
    edit_with(&editor, path)
}

fn edit_with(editor: &OsString, path: &Path) -> Result<(), String> {
    // By way of a shell, as everybody does it: the variable may hold arguments too.
    let mut command = editor.clone();
    command.push(" \"$@\"");
    let args = ["-c".into(), command, editor.clone(), path.as_os_str().to_os_string()];
    let terminal = Stream::Inherit;
    let spawn = Spawn { stdin: terminal, stdout: terminal, stderr: terminal, ..Spawn::program("/bin/sh", args) };
    let name = editor.to_string_lossy();
    let mut child = spawn.start().map_err(|error| format!("The editor `{name}` could not be started: {error}"))?;
    match child.wait() {
        Exit::Code { code: 0 } => Ok(()),
        Exit::Code { code: 127 } => Err(format!("The editor `{name}` was not found: set VISUAL or EDITOR.")),
        Exit::Code { code } => Err(format!("The editor `{name}` ended with code {code}.")),
        Exit::Signal { signal } => Err(format!("The editor `{name}` was ended by signal {signal}.")),
        Exit::Unknown => Err(format!("The editor `{name}` is gone.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::unbounded;
    use std::fs;
    use tempfile::TempDir;

    #[test]
    fn another_text_is_told_once_and_a_touched_file_is_not() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("mine.py");
        fs::write(&path, "x = 1\n").expect("written");
        let (tell, told) = unbounded();
        let own = Own::watch(path.clone(), "x = 1\n".into(), move |text| _ = tell.send(text)).expect("a thread");
        let next = || told.recv_timeout(Duration::from_secs(10));
        fs::write(&path, "x = 2\n").expect("written");
        assert_eq!(next(), Ok(Ok("x = 2\n".into())));
        // As some editors do it: another file in its place.
        let other = folder.path().join("other");
        fs::write(&other, "x = 2\n").expect("written");
        fs::rename(&other, &path).expect("renamed");
        fs::write(&other, "x = 3\n").expect("written");
        crate::doors::clock::sleep(LOOKS * 4);
        fs::rename(&other, &path).expect("renamed");
        assert_eq!(next(), Ok(Ok("x = 3\n".into())));
        fs::write(&path, b"x = \xff").expect("written");
        assert!(matches!(next(), Ok(Err(why)) if why.contains("not UTF-8")));
        fs::remove_file(&path).expect("removed");
        assert!(matches!(next(), Ok(Err(why)) if why.contains("mine.py")));
        fs::write(&path, "x = 4\n").expect("written");
        assert_eq!(next(), Ok(Ok("x = 4\n".into())));
        drop(own);
        assert!(told.recv().is_err(), "nobody looks any more");
    }

    #[test]
    fn an_editor_may_have_arguments_and_its_failure_is_told() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("two words.py");
        fs::write(&path, "a\n").expect("written");
        assert_eq!(edit_with(&"sed -i s/a/b/".into(), &path), Ok(()));
        assert_eq!(fs::read_to_string(&path).expect("a text"), "b\n");
        for (editor, part) in [("false", "code 1"), ("no-such-editor-here 2>/dev/null", "not found")] {
            let why = edit_with(&editor.into(), &path).expect_err("it fails");
            assert!(why.contains(part), "{why}");
        }
    }
}
