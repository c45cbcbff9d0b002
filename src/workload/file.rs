//! `file`: writes, syncs and reads back an unnamed file. A unit is 4 KiB; a task makes the sum of the words that it read.
//!
//! The file never has a name, so that nothing is left behind however the worker ends; where the file system knows no
//! such files, it has one for a few microseconds. It lies on a disk if there is one to be found: a file in memory
//! would show nothing.

use super::numbers::{mixed, run_of};
use super::{Task, Work};
use crate::doors::faults::{self, Want};
use crate::telemetry::Recorder;
use rustix::fs::{CWD, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

const UNIT_BYTES: usize = 4096;
const UNIT_WORDS: u64 = UNIT_BYTES as u64 / 8;

/// Units that are written and read at once.
const PIECE_UNITS: u32 = 16;

pub(super) struct UnnamedFile {
    folder: PathBuf,
}

impl UnnamedFile {
    pub(super) fn new() -> UnnamedFile {
        let mut folders = [Some(std::env::temp_dir()), std::env::current_dir().ok()].into_iter().flatten();
        let folder = folders.find(|folder| is_on_disk(folder)).unwrap_or_else(std::env::temp_dir);
        UnnamedFile { folder }
    }

    fn exchange(&self, task: Task) -> io::Result<u64> {
        let mut file = open_unnamed(&self.folder)?;
        let mut bytes = vec![0u8; UNIT_BYTES * task.units.min(PIECE_UNITS) as usize];
        for (first, length) in pieces(task) {
            fill(&mut bytes[..length], first);
            file.write_all(&bytes[..length])?;
        }
        file.sync_all()?;
        file.rewind()?;
        let mut sum = 0u64;
        for (first, length) in pieces(task) {
            let piece = &mut bytes[..length];
            piece.fill(0);
            file.read_exact(piece)?;
            let (words, _) = piece.as_chunks::<8>();
            for (place, word) in words.iter().enumerate() {
                let word = u64::from_le_bytes(*word);
                if word != first.wrapping_add(place as u64) {
                    return Err(io::Error::other("the file gives back something else than was written"));
                }
                sum = sum.wrapping_add(word);
            }
        }
        Ok(sum)
    }
}

impl Work for UnnamedFile {
    fn run(&self, task: Task, recorder: &mut Recorder) -> u64 {
        if task.units == 0 {
            return 0;
        }
        match recorder.blocked(|| self.exchange(task)) {
            Ok(sum) => sum,
            Err(error) => panic!("file in {}: {error}", self.folder.display()),
        }
    }

    fn reference(&self, task: Task) -> u64 {
        run_of(mixed(task.id), u64::from(task.units) * UNIT_WORDS)
    }
}

/// The first word and the length in bytes of each piece.
fn pieces(task: Task) -> impl Iterator<Item = (u64, usize)> {
    (0..task.units).step_by(PIECE_UNITS as usize).map(move |unit| {
        let first = mixed(task.id).wrapping_add(u64::from(unit) * UNIT_WORDS);
        (first, UNIT_BYTES * (task.units - unit).min(PIECE_UNITS) as usize)
    })
}

/// Fills `bytes` with words that count up from `first`.
pub(super) fn fill(bytes: &mut [u8], first: u64) {
    let (words, _) = bytes.as_chunks_mut::<8>();
    for (place, word) in words.iter_mut().enumerate() {
        *word = first.wrapping_add(place as u64).to_le_bytes();
    }
}

fn open_unnamed(folder: &Path) -> io::Result<File> {
    faults::check(Want::File)?;
    let how = OFlags::RDWR | OFlags::CLOEXEC | OFlags::TMPFILE;
    if let Ok(file) = rustix::fs::openat(CWD, folder, how, Mode::RUSR | Mode::WUSR) {
        return Ok(File::from(file));
    }
    // The number of the thread keeps workers apart, that of the process lanes.
    let name = format!(".poolscope-{}-{}", std::process::id(), crate::system::thread_id());
    let path = folder.join(name);
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Whether files there outlive a power cut: not so where the file system is tmpfs or ramfs.
fn is_on_disk(folder: &Path) -> bool {
    const TMPFS: u64 = 0x0102_1994;
    const RAMFS: u64 = 0x8584_58f6;
    rustix::fs::statfs(folder).is_ok_and(|system| ![TMPFS, RAMFS].contains(&(system.f_type as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let file = UnnamedFile { folder: "/nowhere/at/all".into() };
        assert!(file.exchange(Task { id: 1, units: 1, attempt: 0 }).is_err());
    }

    #[test]
    fn the_fallback_leaves_no_name() {
        let folder = tempfile::tempdir().unwrap();
        open_unnamed(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
