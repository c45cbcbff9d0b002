//! The job log: a line of JSON for each input that is done, from which an interrupted run goes on.
//!
//! ```text
//! {"poolscope_log":1,"command":"convert {} out/{/.png}"}
//! {"number":1,"input":"in/a.jpg","exit":{"how":"code","code":0},"tries":1, …}
//! ```
//!
//! A line is written at once, behind all others, by whoever holds the file's lock. Where that fails in the middle (a full
//! disk) what was written of it is taken back; where the machine fails in the middle, half a line is left at the end, and
//! is taken off before the next run adds to it. So all lines are whole, whatever happens.
//!
//! An input is known by its number and its bytes: one that changed since is done again.

use crate::wire::{CommandPlan, Exit, JobLog, Raw, Resume, Used, escape_controls};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The version of the log's format.
const VERSION: u32 = 1;

/// A line is no longer than an input, escaped, and the tails of its output.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// The log, open for writing.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// Its length, where it is a file that has one.
    length: Option<u64>,
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    poolscope_log: u32,
    command: Raw,
}

/// Every other line.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Which input, counted from 1.
    pub(super) number: u64,
    /// The input.
    pub(super) input: Raw,
    /// How its last run ended.
    pub(super) exit: Exit,
    /// Why it could not be started.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) unstarted: Option<String>,
    /// Runs, the first included.
    #[serde(default)]
    pub(super) tries: u32,
    /// When it ended, in milliseconds since 1970.
    #[serde(default)]
    pub(super) ended_ms: u64,
    /// What it used.
    #[serde(default)]
    pub(super) used: Used,
    /// The end of its standard output.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub(super) stdout: String,
    /// The end of its standard error.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub(super) stderr: String,
}

/// The inputs that a log names, each with what tells its bytes from others.
#[derive(Debug, Default)]
pub(super) struct Done(Vec<(u64, u64)>);

impl Done {
    /// Whether an input is among them.
    pub(super) fn has(&self, number: u64, input: &[u8]) -> bool {
        let at = self.0.binary_search_by_key(&number, |(number, _)| *number);
        at.is_ok_and(|at| self.0[at].1 == fingerprint(input))
    }
}

/// FNV-1a.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Log {
    /// Opens the log that a plan names, begins it where it is new, and reads which inputs are to be left out.
    ///
    /// # Errors
    /// What stands against it, in words.
    pub(super) fn open(plan: &CommandPlan, how: &JobLog) -> Result<(Log, Done), String> {
        let path = Path::new(OsStr::from_bytes(&how.path.0)).to_path_buf();
        let wrong = |what: &str, error: io::Error| format!("the job log {} cannot be {what}: {error}", path.display());
        let opened = OpenOptions::new().read(true).append(true).create(true).open(&path);
        let file = opened.map_err(|error| wrong("opened", error))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK) {
            return Err(format!("the job log {} is written by another run", path.display()));
        }
        let meta = file.metadata().map_err(|error| wrong("read", error))?;
        let mut log = Log { length: meta.is_file().then_some(meta.len()), path: path.clone(), file };
        let mut done = Done::default();
        if log.length.is_some() {
            log.take_off_half_a_line().map_err(|error| wrong("mended", error))?;
            done = log.read(how.resume)?;
        }
        if log.length.unwrap_or(0) == 0 {
            let head = Head { poolscope_log: VERSION, command: plan.command.clone() };
            log.add(&head).map_err(|error| wrong("written", error))?;
        }
        Ok((log, done))
    }

    /// Notes an input.
    ///
    /// # Errors
    /// What stands against it, in words; nothing of it is left in the log then.
    pub(super) fn note(&mut self, entry: &Entry) -> Result<(), String> {
        self.add(entry).map_err(|error| format!("the job log {} cannot be written: {error}", self.path.display()))
    }

    fn add<T: Serialize>(&mut self, line: &T) -> io::Result<()> {
        let line = escape_controls(serde_json::to_string(line)?) + "\n";
        let written = self.file.write_all(line.as_bytes());
        match (&written, &mut self.length) {
            (Ok(()), Some(length)) => *length += line.len() as u64,
            // What is left of it would be half a line. Where even that fails, the next run takes it off.
            (Err(_), Some(length)) => drop(self.file.set_len(*length)),
            _ => {}
        }
        written
    }

    /// Has the system put it on the disk.
    pub(super) fn keep(&self) {
        // Of what is no file on a disk there is nothing to keep.
        let _ = self.file.sync_data();
    }

    /// Takes off what stands behind the last newline.
    fn take_off_half_a_line(&mut self) -> io::Result<()> {
        let Some(length) = self.length else { return Ok(()) };
        let mut end = length;
        let mut piece = vec![0; 64 << 10];
        while end > 0 {
            let from = end.saturating_sub(piece.len() as u64);
            let piece = &mut piece[..(end - from) as usize];
            self.file.seek(SeekFrom::Start(from))?;
            self.file.read_exact(piece)?;
            if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
                end = from + at as u64 + 1;
                break;
            }
            end = from;
        }
        // A text without any newline is no log of ours, and not ours to shorten.
        if end > 0 && end < length {
            self.file.set_len(end)?;
            self.length = Some(end);
        }
        Ok(())
    }

    fn read(&mut self, resume: Resume) -> Result<Done, String> {
        let path = self.path.display();
        let foreign = |line: u64, why: String| format!("{path}, line {line}: this is no job log of poolscope: {why}");
        self.file.rewind().map_err(|error| format!("{path}: {error}"))?;
        let (mut lines, mut line, mut number) = (BufReader::new(&self.file), Vec::new(), 0);
        let mut done: Vec<(u64, u64, bool)> = Vec::new();
        loop {
            line.clear();
            let read = (&mut lines).take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
            if read.map_err(|error| format!("{path}: {error}"))? == 0 {
                break;
            }
            number += 1;
            if number == 1 {
                let head: Head = serde_json::from_slice(&line).map_err(|error| foreign(1, error.to_string()))?;
                if head.poolscope_log != VERSION {
                    return Err(foreign(
                        1,
                        format!("version {}, and this poolscope knows {VERSION}", head.poolscope_log),
                    ));
                }
                continue;
            }
            let entry: Entry = serde_json::from_slice(&line).map_err(|error| foreign(number, error.to_string()))?;
            let went_well = entry.exit == Exit::Code { code: 0 };
            done.push((entry.number, fingerprint(&entry.input.0), went_well));
        }
        if resume == Resume::No && !done.is_empty() {
            return Err(format!(
                "the job log {path} holds {} inputs of an earlier run: `--resume` goes on with it, or name a new one",
                done.len()
            ));
        }
        // What stands last of an input counts.
        done.reverse();
        done.sort_by_key(|(number, ..)| *number);
        done.dedup_by_key(|(number, ..)| *number);
        done.retain(|(.., went_well)| resume == Resume::All || *went_well);
        Ok(Done(done.into_iter().map(|(number, print, _)| (number, print)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> CommandPlan {
        CommandPlan { command: "true".into(), ..CommandPlan::default() }
    }

    fn open(path: &Path, resume: Resume) -> Result<(Log, Done), String> {
        Log::open(&plan(), &JobLog { path: Raw(path.as_os_str().as_bytes().to_vec()), resume })
    }

    fn entry(number: u64, input: &[u8], code: i32) -> Entry {
        Entry { number, input: Raw(input.to_vec()), exit: Exit::Code { code }, ..Entry::default() }
    }

    #[test]
    fn what_is_noted_is_left_out_the_next_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("jobs");
        let (mut log, done) = open(&path, Resume::No).expect("a new one");
        assert!(!done.has(1, b"a"));
        for entry in [entry(1, b"a", 0), entry(3, b"\xff\n", 1), entry(2, b"b", 0)] {
            log.note(&entry).expect("room");
        }
        assert!(open(&path, Resume::All).expect_err("it is open").contains("another run"));
        drop(log);
        assert!(open(&path, Resume::No).map(|_| ()).expect_err("it is not new").contains("3 inputs"));
        let (log, done) = open(&path, Resume::All).expect("it is ours");
        drop(log);
        assert!(done.has(1, b"a") && done.has(2, b"b") && done.has(3, b"\xff\n"));
        assert!(!done.has(1, b"b") && !done.has(4, b"a"), "another input is another matter");
        let (mut log, done) = open(&path, Resume::Failed).expect("it is ours");
        assert!(done.has(1, b"a") && !done.has(3, b"\xff\n"), "what failed is done again");
        log.note(&entry(3, b"\xff\n", 0)).expect("room");
        drop(log);
        let (_, done) = open(&path, Resume::Failed).expect("it is ours");
        assert!(done.has(3, b"\xff\n"), "the last word counts");
    }

    #[test]
    fn half_a_line_is_taken_off_and_a_foreign_file_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("jobs");
        let (mut log, _) = open(&path, Resume::No).expect("a new one");
        log.note(&entry(1, b"a", 0)).expect("room");
        drop(log);
        let whole = std::fs::read(&path).expect("it is there");
        for half in [&b"{\"number\":2,\"inp"[..], &vec![b'x'; 100_000]] {
            std::fs::write(&path, [&whole[..], half].concat()).expect("room");
            let (_, done) = open(&path, Resume::All).expect("it is ours");
            assert!(done.has(1, b"a"));
            assert_eq!(std::fs::read(&path).expect("it is there"), whole);
        }
        for (foreign, line) in
            [("no newline", 1), ("some\ntext\n", 1), ("{\"poolscope_log\":1,\"command\":\"x\"}\n{}\n", 2)]
        {
            std::fs::write(&path, foreign).expect("room");
            let error = open(&path, Resume::All).map(|_| ()).expect_err(foreign);
            assert!(error.contains(&format!("line {line}: this is no job log")), "{error}");
            assert_eq!(std::fs::read_to_string(&path).expect("it is there"), foreign);
        }
    }

    #[test]
    fn a_full_disk_is_told() {
        let error = open(Path::new("/dev/full"), Resume::No).map(|_| ()).expect_err("it is full");
        assert!(error.starts_with("the job log /dev/full cannot be written: No space left"), "{error}");
        let error = open(Path::new("/no/such/folder/jobs"), Resume::No).map(|_| ()).expect_err("it is not there");
        assert!(error.contains("cannot be opened"), "{error}");
        assert!(open(Path::new("/dev/null"), Resume::No).is_ok());
    }
}
