//! The recorder: writes every line of a run to a file, and never makes the run wait.
//!
//! A recording is the lines that the pipes carried, after the plan's. A disk that is full or a pipe that is closed ends
//! the recording, not the run: the run goes on and says so.

use crate::doors::threads::{self, Thread};
use crossbeam_channel::{Sender, TrySendError, bounded};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Lines that may wait for the disk.
const LINES_WAITING_MAX: usize = 4096;

/// Why no recording can begin.
#[derive(Debug)]
pub struct RecordError {
    path: PathBuf,
    error: io::Error,
}

impl RecordError {
    /// Whether there is such a file already.
    pub fn is_there_already(&self) -> bool {
        self.error.kind() == io::ErrorKind::AlreadyExists
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        if self.is_there_already() {
            write!(
                out,
                "{path} exists already, and recordings are never overwritten: remove it, or choose another name"
            )
        } else {
            write!(out, "cannot record to {path}: {}", self.error)
        }
    }
}

impl std::error::Error for RecordError {}

/// A recording being made. Dropping it writes what is left.
#[derive(Debug)]
pub struct Recorder {
    lines: Option<Sender<Arc<str>>>,
    failed: Arc<Mutex<Option<String>>>,
    writer: Option<Thread>,
}

impl Recorder {
    /// Begins a recording in a new file.
    ///
    /// # Errors
    /// Where the file exists or cannot be made.
    pub fn begin(path: &Path) -> Result<Recorder, RecordError> {
        crate::system::outlive_file_size_limit();
        let wrong = |error| RecordError { path: path.to_path_buf(), error };
        // A named pipe or a device is there before us, and is meant.
        let special = path.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir());
        let file = OpenOptions::new().write(true).create_new(!special).open(path).map_err(wrong)?;
        let (lines, waiting) = bounded::<Arc<str>>(LINES_WAITING_MAX);
        let failed = Arc::new(Mutex::new(None));
        let why = Arc::clone(&failed);
        let writer = threads::spawn("recorder", move || {
            if let Err(error) = write_all(file, &waiting) {
                *why.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
        });
        Ok(Recorder { lines: Some(lines), failed, writer: Some(writer.map_err(wrong)?) })
    }

    /// Adds a line, with its newline. Where the disk is too slow the recording ends here, whole up to this line.
    pub fn add(&mut self, line: &Arc<str>) {
        let Some(lines) = &self.lines else { return };
        match lines.try_send(Arc::clone(line)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.fail("the disk is too slow".to_string());
                self.lines = None;
            }
            // The writer has said why.
            Err(TrySendError::Disconnected(_)) => self.lines = None,
        }
    }

    /// Why the recording ended before the run, told once.
    pub fn take_failure(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes what is left, and says why if that failed.
    pub fn end(mut self) -> Option<String> {
        self.lines = None;
        self.writer = None;
        self.take_failure()
    }

    fn fail(&self, why: String) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The writer ends when nobody can add a line any more; only then can it be waited for.
        self.lines = None;
        self.writer = None;
    }
}

fn write_all(file: File, waiting: &crossbeam_channel::Receiver<Arc<str>>) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    while let Ok(line) = waiting.recv() {
        file.write_all(line.as_bytes())?;
        // Up to date whenever there is nothing to do: what a killed run leaves ends with a whole line.
        if waiting.is_empty() {
            file.flush()?;
        }
    }
    file.flush()
}
