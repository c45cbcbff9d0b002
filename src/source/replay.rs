//! A recording, read back as the frames that it is made of.

use crate::wire::{self, Body, DecodeError, Frame};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What is read at once: a few frames of eight lanes.
const READ_BYTES: usize = 1 << 16;

/// Why a file is no recording.
#[derive(Debug)]
pub enum ReplayError {
    /// It cannot be read.
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A line of it is not a frame.
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// It does not begin with a plan.
    NoPlan {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Io { path, error } => write!(out, "{}: {error}", path.display()),
            ReplayError::Line { path, line, error: DecodeError::Malformed { column, why } } => {
                write!(out, "{}:{line}:{column}: {why}", path.display())
            }
            ReplayError::Line { path, line, error } => write!(out, "{}:{line}:1: {error}", path.display()),
            ReplayError::NoPlan { path } => {
                write!(
                    out,
                    "{}:1:1: not a recording: it does not begin with a plan (make one with `run … --record FILE` or `sweep … --record FILE`)",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for ReplayError {}

/// How a recording ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With the end of its run.
    Whole,
    /// Before it: what is there was replayed up to the last whole frame.
    Cut {
        /// Whole lines that there are.
        lines: usize,
        /// Bytes of a last line that is not whole.
        bytes_over: usize,
    },
}

impl fmt::Display for Ending {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Whole => write!(out, "whole"),
            Ending::Cut { lines, bytes_over: 0 } => write!(out, "the recording ends early, after {lines} whole frames"),
            Ending::Cut { lines, bytes_over } => write!(
                out,
                "the recording was cut: replayed up to its last whole frame ({lines} frames; {bytes_over} bytes of another left out)"
            ),
        }
    }
}

/// A recording being read.
#[derive(Debug)]
pub struct Replay {
    path: PathBuf,
    lines: BufReader<File>,
    line: usize,
    first: Option<Frame>,
    ending: Ending,
}

impl Replay {
    /// Opens a recording.
    ///
    /// # Errors
    /// Where it cannot be read or does not begin with a plan.
    pub fn open(path: &Path) -> Result<Replay, ReplayError> {
        let io_error = |error| ReplayError::Io { path: path.to_path_buf(), error };
        let file = File::open(path).map_err(io_error)?;
        let ending = Ending::Cut { lines: 0, bytes_over: 0 };
        let lines = BufReader::with_capacity(READ_BYTES, file);
        let mut replay = Replay { path: path.to_path_buf(), lines, line: 0, first: None, ending };
        replay.begin()?;
        Ok(replay)
    }

    /// Goes back to the beginning.
    ///
    /// # Errors
    /// Where it cannot be read twice, as a pipe cannot, or has changed into something else.
    pub fn rewind(&mut self) -> Result<(), ReplayError> {
        self.lines.seek(SeekFrom::Start(0)).map_err(|error| ReplayError::Io { path: self.path.clone(), error })?;
        (self.line, self.first, self.ending) = (0, None, Ending::Cut { lines: 0, bytes_over: 0 });
        self.begin()
    }

    /// When its last whole frame was made: how long it lasts, as far as it is written. None where only reading it to its
    /// end could tell, as with a pipe.
    pub fn recorded_ns(&self) -> Option<u64> {
        // The length of a line is bounded, so the end of the file is enough.
        const TAIL_BYTES: u64 = 2 * wire::LINE_BYTES_MAX as u64;
        let meta = self.path.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let mut file = File::open(&self.path).ok()?;
        for bytes in [TAIL_BYTES / 64, TAIL_BYTES] {
            let start = meta.len().saturating_sub(bytes);
            file.seek(SeekFrom::Start(start)).ok()?;
            let mut tail = Vec::new();
            (&mut file).take(bytes).read_to_end(&mut tail).ok()?;
            let mut lines: Vec<&[u8]> = tail.split_inclusive(|byte| *byte == b'\n').collect();
            // The first begins before; the last may not be whole.
            if start > 0 {
                lines.remove(0);
            }
            lines.retain(|line| line.ends_with(b"\n"));
            if let Some(frame) = lines.iter().rev().find_map(|line| wire::decode_frame(line).ok()) {
                return Some(frame.at_ns);
            }
        }
        None
    }

    /// Reads the plan, of a run or of a sweep, with which a recording begins.
    fn begin(&mut self) -> Result<(), ReplayError> {
        match self.next_frame() {
            Ok(Some(frame)) if matches!(frame.body, Body::Plan(_) | Body::Sweep(_)) => {
                self.first = Some(frame);
                Ok(())
            }
            Err(error @ (ReplayError::Io { .. } | ReplayError::Line { error: DecodeError::Version { .. }, .. })) => {
                Err(error)
            }
            _ => Err(ReplayError::NoPlan { path: self.path.clone() }),
        }
    }

    /// The next frame; none at the end.
    ///
    /// # Errors
    /// For a whole line that is no frame, with its place.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, ReplayError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let mut line = Vec::new();
        let path = &self.path;
        (&mut self.lines)
            .take(wire::LINE_BYTES_MAX as u64)
            .read_until(b'\n', &mut line)
            .map_err(|error| ReplayError::Io { path: path.clone(), error })?;
        if line.last() != Some(&b'\n') {
            if let Ending::Cut { bytes_over, .. } = &mut self.ending {
                *bytes_over = line.len();
            }
            return Ok(None);
        }
        self.line += 1;
        let line_number = self.line;
        let frame = wire::decode_frame(&line).map_err(|error| ReplayError::Line {
            path: self.path.clone(),
            line: line_number,
            error,
        })?;
        self.ending = match frame.body {
            Body::End => Ending::Whole,
            _ => Ending::Cut { lines: self.line, bytes_over: 0 },
        };
        Ok(Some(frame))
    }

    /// How the recording ended: known once there is no next frame.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }
}
