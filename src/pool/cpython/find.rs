//! Where the real Python is, found without running anything.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The first `python3` in PATH that is a program and no script.
///
/// # Errors
/// Why there is none.
pub(super) fn python3() -> Result<PathBuf, String> {
    in_path(std::env::var_os("PATH").as_deref())
}

fn in_path(path: Option<&OsStr>) -> Result<PathBuf, String> {
    let mut is_script = false;
    for folder in path.map(std::env::split_paths).into_iter().flatten() {
        // What lies beside a scenario is not what the user calls python3.
        if !folder.is_absolute() {
            continue;
        }
        let file = folder.join("python3");
        match what_is(&file) {
            Found::Nothing => {}
            Found::Script => is_script = true,
            Found::Program => return Ok(file),
        }
    }
    match is_script {
        // As pyenv has: such a script runs in a shell, and asks the files around it which Python to take.
        true => Err("the python3 in PATH is a script, and no shell is started for it".into()),
        false => Err("no python3 in PATH".into()),
    }
}

enum Found {
    Nothing,
    Script,
    Program,
}

fn what_is(file: &Path) -> Found {
    let is_program = |meta: std::fs::Metadata| meta.is_file() && meta.permissions().mode() & 0o111 != 0;
    if !std::fs::metadata(file).is_ok_and(is_program) {
        return Found::Nothing;
    }
    let mut start = [0; 2];
    match File::open(file).and_then(|mut file| file.read_exact(&mut start)) {
        Ok(()) if start == *b"#!" => Found::Script,
        // A program that may be run and not be read is one all the same.
        _ => Found::Program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_where_path_says_and_a_script_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let make = |name: &str, text: &str, mode: u32| {
            let home = folder.path().join(name);
            std::fs::create_dir(&home).expect("made");
            std::fs::write(home.join("python3"), text).expect("written");
            std::fs::set_permissions(home.join("python3"), PermissionsExt::from_mode(mode)).expect("ours");
            home
        };
        let script = make("script", "#!/bin/sh\nexit 0\n", 0o755);
        let text = make("text", "just a text", 0o644);
        let program = make("program", "\x7fELF", 0o755);
        let found = |folders: &[&Path]| in_path(Some(&std::env::join_paths(folders).expect("a path")));
        assert_eq!(found(&[&text, &script, &program]), Ok(program.join("python3")));
        assert!(found(&[&text, &script]).is_err_and(|why| why.contains("a script")));
        assert!(found(&[&text]).is_err_and(|why| why == "no python3 in PATH"));
        assert!(found(&[Path::new(""), Path::new("."), &text]).is_err());
        assert!(in_path(None).is_err());
    }
}
