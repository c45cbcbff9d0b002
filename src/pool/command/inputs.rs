//! What a command is run on, one input after the other: read as it is needed, however much there is.
//!
//! Inputs are bytes. Of a file or a pipe that holds millions of them only what is about to run is in memory; how many there
//! are is counted beside it, where that can be done, and known at the end in any case. In a sweep they begin anew after the
//! last one.
#![expect(unsafe_code, reason = "a descriptor that the viewer lent is known by its number only")]

use crate::wire::{CommandPlan, Inputs, Raw};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// An argument of a program may have so many bytes on Linux; an input with more is cut there, and is not run.
pub(super) const INPUT_BYTES_MAX: usize = (128 << 10) - 1;

/// The descriptor on which a lane has what the viewer reads on its standard input.
pub const STDIN_FD: i32 = 3;

/// How long is waited for an input before the end is looked for.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// An input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Input {
    /// Which one, counted from 1, and from 1 again where they begin anew.
    pub(super) number: u64,
    /// What it is.
    pub(super) bytes: Vec<u8>,
    /// Whether it was longer than an argument may be.
    pub(super) is_cut: bool,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Input(Input),
    /// None for now: whoever writes them has not yet written another.
    NotYet,
    End,
}

/// Inputs, one after the other.
#[derive(Debug)]
pub(super) struct Feed {
    source: Source,
    /// Whether they begin anew after the last one.
    again: bool,
    /// How many there were, since they began.
    pub(super) given: u64,
}

#[derive(Debug)]
enum Source {
    /// The same again and again.
    Nothing,
    /// From the first to the last.
    Numbers {
        first: i64,
        next: Option<i64>,
        last: i64,
    },
    Parts(Parts),
    End,
}

impl Feed {
    /// Opens what is to be read.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn open(plan: &CommandPlan) -> Result<Feed, String> {
        let (source, again) = (Source::open(&plan.inputs)?, plan.again);
        let mut feed = Feed { source, again, given: 0 };
        if again && let Source::Parts(parts) = &mut feed.source {
            let name = name_of(&plan.inputs);
            if parts.may_wait {
                return Err(format!(
                    "{name} can be read once, and a sweep reads it for every size: write it to a file, or hand it in on standard input"
                ));
            }
            // Standard input stands where another lane left it.
            parts.begin_anew().map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(feed)
    }

    /// The next input.
    ///
    /// # Errors
    /// What the system says where it cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        let mut part = self.source.next()?;
        // Where there was none since they began, there is none.
        if matches!(part, Part::End) && self.again && self.given > 0 {
            self.source.begin_anew()?;
            self.given = 0;
            part = self.source.next()?;
        }
        match part {
            Part::Whole(bytes, is_cut) => {
                self.given += 1;
                Ok(Next::Input(Input { number: self.given, bytes, is_cut }))
            }
            Part::NotYet => Ok(Next::NotYet),
            Part::End => {
                self.source = Source::End;
                Ok(Next::End)
            }
        }
    }
}

impl Source {
    fn open(inputs: &Inputs) -> Result<Source, String> {
        Ok(match inputs {
            Inputs::Nothing => Source::Nothing,
            Inputs::Range { first, last } => {
                Source::Numbers { first: *first, next: (first <= last).then_some(*first), last: *last }
            }
            Inputs::File { path, null } => Source::Parts(Parts::of(open(path)?, *null)),
            Inputs::Stdin { null } => {
                let stdin = lent_stdin().map_err(|error| format!("standard input: {error}"))?;
                Source::Parts(Parts::of(File::from(stdin), *null))
            }
        })
    }

    fn next(&mut self) -> io::Result<Part> {
        match self {
            Source::Nothing => Ok(Part::Whole(Vec::new(), false)),
            Source::Numbers { next, last, .. } => Ok(next.take().map_or(Part::End, |number| {
                *next = number.checked_add(1).filter(|next| *next <= *last);
                Part::Whole(number.to_string().into_bytes(), false)
            })),
            Source::Parts(parts) => parts.next(),
            Source::End => Ok(Part::End),
        }
    }

    /// Goes back to the first, of what has one.
    fn begin_anew(&mut self) -> io::Result<()> {
        match self {
            Source::Numbers { first, next, .. } => *next = Some(*first),
            Source::Parts(parts) => parts.begin_anew()?,
            Source::Nothing | Source::End => {}
        }
        Ok(())
    }
}

/// Whether there is not a single input: of a list that can be read more than once.
///
/// # Errors
/// Why that cannot be told, in words.
pub(super) fn is_empty(plan: &CommandPlan) -> Result<bool, String> {
    let wrong = |error: io::Error| format!("{}: {error}", name_of(&plan.inputs));
    Ok(Feed::open(plan)?.next().map_err(wrong)? == Next::End)
}

/// How inputs are called where they are complained about.
pub(super) fn name_of(inputs: &Inputs) -> String {
    match inputs {
        Inputs::File { path, .. } => path.to_text(),
        Inputs::Stdin { .. } => "standard input".to_string(),
        Inputs::Range { first, last } => format!("{first}..{last}"),
        Inputs::Nothing => "nothing".to_string(),
    }
}

/// How many inputs there are, where that can be told without using them up: reads through a file.
pub(super) fn count(inputs: &Inputs) -> Option<u64> {
    match inputs {
        Inputs::Range { first, last } => {
            let count = i128::from(*last) - i128::from(*first) + 1;
            Some(u64::try_from(count.max(0)).unwrap_or(u64::MAX))
        }
        Inputs::File { path, null } => {
            let file = open(path).ok()?;
            if !file.metadata().ok()?.is_file() {
                return None;
            }
            count_parts(file, separator(*null)).ok()
        }
        Inputs::Nothing | Inputs::Stdin { .. } => None,
    }
}

fn count_parts(mut from: impl Read, separator: u8) -> io::Result<u64> {
    let (mut buffer, mut count, mut is_open) = (vec![0; 256 << 10], 0, false);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(count + u64::from(is_open)),
            Ok(read) => {
                count += buffer[..read].iter().filter(|byte| **byte == separator).count() as u64;
                is_open = buffer[read - 1] != separator;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn separator(null: bool) -> u8 {
    if null { 0 } else { b'\n' }
}

fn open(path: &Raw) -> Result<File, String> {
    let path = Path::new(OsStr::from_bytes(&path.0));
    let wrong = |error: io::Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(wrong)?;
    if file.metadata().map_err(wrong)?.is_dir() {
        return Err(format!("{} is a folder", path.display()));
    }
    Ok(file)
}

/// A copy of the descriptor that the viewer lent: a lane that begins anew in the same process would find it again.
fn lent_stdin() -> io::Result<OwnedFd> {
    // SAFETY: the descriptor is only copied, and where it is not open that fails; nobody in this process closes it.
    let lent = unsafe { BorrowedFd::borrow_raw(STDIN_FD) };
    // It came open through exec, and is not the programs' to read.
    rustix::io::fcntl_setfd(lent, rustix::io::FdFlags::CLOEXEC)?;
    Ok(rustix::io::fcntl_dupfd_cloexec(lent, STDIN_FD + 1)?)
}

/// The parts of a file or a pipe.
#[derive(Debug)]
struct Parts {
    file: File,
    separator: u8,
    /// Whether reading may wait for whoever writes.
    may_wait: bool,
    buffer: Vec<u8>,
    /// What of the buffer is not used yet.
    left: std::ops::Range<usize>,
    /// The beginning of a part whose end has not come.
    begun: Option<Vec<u8>>,
    is_cut: bool,
}

enum Part {
    Whole(Vec<u8>, bool),
    NotYet,
    End,
}

impl Parts {
    fn of(file: File, null: bool) -> Parts {
        let may_wait = !file.metadata().is_ok_and(|meta| meta.is_file());
        Parts {
            file,
            separator: separator(null),
            may_wait,
            buffer: vec![0; 64 << 10],
            left: 0..0,
            begun: None,
            is_cut: false,
        }
    }

    fn next(&mut self) -> io::Result<Part> {
        loop {
            if self.left.is_empty() {
                if self.may_wait && !self.can_read()? {
                    return Ok(Part::NotYet);
                }
                match self.file.read(&mut self.buffer) {
                    Ok(0) => return Ok(self.begun.take().map_or(Part::End, |last| self.whole(last))),
                    Ok(read) => self.left = 0..read,
                    Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
                        return Ok(Part::NotYet);
                    }
                    Err(error) => return Err(error),
                }
            }
            let there = &self.buffer[self.left.clone()];
            let end = there.iter().position(|byte| *byte == self.separator);
            let part = &there[..end.unwrap_or(there.len())];
            let begun = self.begun.get_or_insert_default();
            let room = INPUT_BYTES_MAX.saturating_sub(begun.len());
            self.is_cut |= part.len() > room;
            begun.extend_from_slice(&part[..part.len().min(room)]);
            self.left.start += end.map_or(there.len(), |end| end + 1);
            if end.is_some() {
                let whole = self.begun.take().unwrap_or_default();
                return Ok(self.whole(whole));
            }
        }
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        (self.left, self.begun, self.is_cut) = (0..0, None, false);
        self.file.rewind()
    }

    fn whole(&mut self, part: Vec<u8>) -> Part {
        Part::Whole(part, std::mem::take(&mut self.is_cut))
    }

    /// Whether there is something to read, or the end; waits a little for it.
    fn can_read(&self) -> io::Result<bool> {
        match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&PATIENCE)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn all(feed: &mut Feed) -> Vec<Vec<u8>> {
        let mut inputs = Vec::new();
        loop {
            match feed.next().expect("it can be read") {
                Next::Input(input) => {
                    assert_eq!(input.number, inputs.len() as u64 + 1);
                    inputs.push(input.bytes);
                }
                Next::NotYet => {}
                Next::End => return inputs,
            }
        }
    }

    fn open(inputs: &Inputs) -> Result<Feed, String> {
        Feed::open(&CommandPlan { inputs: inputs.clone(), ..CommandPlan::default() })
    }

    fn file_with(bytes: &[u8]) -> (tempfile::TempPath, Raw) {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("room");
        let path = file.into_temp_path();
        let raw = Raw(path.as_os_str().as_bytes().to_vec());
        (path, raw)
    }

    #[test]
    fn lines_are_bytes() {
        let (_kept, path) = file_with(b"a 'b' \"c\"\n\n\xff\xfe\r\nlast");
        let inputs = Inputs::File { path, null: false };
        let wanted: [&[u8]; 4] = [b"a 'b' \"c\"", b"", b"\xff\xfe\r", b"last"];
        assert_eq!(all(&mut open(&inputs).expect("it is there")), wanted);
        assert_eq!(count(&inputs), Some(4));
        let (_kept, path) = file_with(b"a\nb\0\0c d\n\0");
        let inputs = Inputs::File { path, null: true };
        let wanted: [&[u8]; 3] = [b"a\nb", b"", b"c d\n"];
        assert_eq!(all(&mut open(&inputs).expect("it is there")), wanted);
        assert_eq!(count(&inputs), Some(3));
        let (_kept, path) = file_with(b"");
        let inputs = Inputs::File { path, null: false };
        assert!(all(&mut open(&inputs).expect("it is there")).is_empty());
        assert_eq!(count(&inputs), Some(0));
    }

    #[test]
    fn parts_may_be_longer_than_what_is_read_at_once_and_no_longer_than_an_argument() {
        let long = vec![b'x'; 100 << 10];
        let too_long = vec![b'y'; INPUT_BYTES_MAX + 70_000];
        let (_kept, path) = file_with(&[&long[..], b"\n", &too_long, b"\nz\n"].concat());
        let mut feed = open(&Inputs::File { path, null: false }).expect("it is there");
        let mut next = || match feed.next().expect("it can be read") {
            Next::Input(input) => (input.bytes.len(), input.is_cut),
            other => panic!("{other:?}"),
        };
        assert_eq!([next(), next(), next()], [(long.len(), false), (INPUT_BYTES_MAX, true), (1, false)]);
    }

    #[test]
    fn numbers_have_both_ends() {
        let range = |first, last| Inputs::Range { first, last };
        let numbers = all(&mut open(&range(-1, 2)).expect("a range"));
        assert_eq!(numbers, [b"-1".to_vec(), b"0".to_vec(), b"1".to_vec(), b"2".to_vec()]);
        assert_eq!(count(&range(-1, 2)), Some(4));
        assert!(all(&mut open(&range(2, 1)).expect("a range")).is_empty());
        assert_eq!(all(&mut open(&range(i64::MAX, i64::MAX)).expect("a range")).len(), 1);
        assert_eq!(count(&range(i64::MIN, i64::MAX)), Some(u64::MAX));
    }

    #[test]
    fn who_writes_slowly_is_not_waited_for() {
        let (hear, say) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("a pipe");
        let mut feed = Feed { source: Source::Parts(Parts::of(File::from(hear), false)), again: false, given: 0 };
        let mut say = File::from(say);
        assert_eq!(feed.next().expect("it can be read"), Next::NotYet);
        say.write_all(b"on").expect("room");
        assert_eq!(feed.next().expect("it can be read"), Next::NotYet);
        say.write_all(b"e\ntw").expect("room");
        let input = |number, bytes: &[u8]| Next::Input(Input { number, bytes: bytes.to_vec(), is_cut: false });
        assert_eq!(feed.next().expect("it can be read"), input(1, b"one"));
        say.write_all(b"o").expect("room");
        drop(say);
        // A process that another test is just starting has a copy of it for a moment.
        let mut last = feed.next();
        for _ in 0..10_000 {
            if !matches!(last, Ok(Next::NotYet)) {
                break;
            }
            crate::doors::clock::sleep(std::time::Duration::from_millis(1));
            last = feed.next();
        }
        assert_eq!(last.expect("it can be read"), input(2, b"two"));
        assert_eq!(feed.next().expect("it can be read"), Next::End);
        assert_eq!(feed.next().expect("it can be read"), Next::End);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_name() {
        let open = |path: &str| open(&Inputs::File { path: path.into(), null: false }).map(|_| ());
        assert!(open("/no/such/file").expect_err("none").starts_with("/no/such/file: "));
        assert_eq!(open("/etc"), Err("/etc is a folder".to_string()));
    }

    #[test]
    fn where_they_begin_anew_so_do_their_numbers() {
        let again = |inputs| CommandPlan { inputs, again: true, ..CommandPlan::default() };
        let (kept, path) = file_with(b"one\ntwo");
        let file = again(Inputs::File { path, null: false });
        for (plan, wanted) in
            [(&file, [&b"one"[..], b"two"]), (&again(Inputs::Range { first: 8, last: 9 }), [&b"8"[..], b"9"])]
        {
            let mut feed = Feed::open(plan).expect("it is there");
            for number in [1, 2, 1, 2, 1] {
                let bytes = wanted[number as usize - 1].to_vec();
                assert_eq!(feed.next().expect("it can be read"), Next::Input(Input { number, bytes, is_cut: false }));
            }
        }
        // One that was emptied meanwhile ends.
        let mut feed = Feed::open(&file).expect("it is there");
        assert!((0..2).all(|_| matches!(feed.next(), Ok(Next::Input(_)))));
        std::fs::write(&kept, "").expect("room");
        assert_eq!(feed.next().expect("it can be read"), Next::End);
        assert_eq!((is_empty(&file), is_empty(&again(Inputs::Nothing))), (Ok(true), Ok(false)));
        assert_eq!(is_empty(&again(Inputs::Range { first: 2, last: 1 })), Ok(true));
        let (hear, _say) = rustix::pipe::pipe().expect("a pipe");
        let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&hear));
        let why = Feed::open(&again(Inputs::File { path: path.as_str().into(), null: false })).expect_err("a pipe");
        assert!(why.starts_with(&path) && why.contains("can be read once"), "{why}");
    }
}
