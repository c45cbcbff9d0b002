//! What a process of ours says on its standard error before it ends: the reason, where there is one.
//!
//! A thread of its own reads it, so that the process never waits for us; how much is kept is bounded.

use super::{clock, threads};
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How much of it is kept.
const BYTES: usize = 2000;

/// How long the last words of a process that has ended may take to come through: they are in the pipe already, unless
/// something that it left behind, outside of its session, holds the pipe open.
const PATIENCE_NS: u64 = 200_000_000;

/// The last words of a process.
#[derive(Clone, Debug, Default)]
pub struct LastWords(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    words: Mutex<Vec<u8>>,
    /// Whether the pipe has ended.
    closed: AtomicBool,
}

impl LastWords {
    /// Begins to listen.
    ///
    /// # Errors
    /// What the system says where it gives no thread.
    pub fn of(name: &str, from: impl Read + Send + 'static) -> io::Result<LastWords> {
        let words = LastWords::default();
        let keeps = words.clone();
        threads::spawn(name, move || keeps.listen(from))?.detach();
        Ok(words)
    }

    fn listen(&self, mut from: impl Read) {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut chunk) {
            {
                let mut words = self.0.words.lock().unwrap_or_else(PoisonError::into_inner);
                words.extend_from_slice(&chunk[..read]);
                let surplus = words.len().saturating_sub(BYTES);
                words.drain(..surplus);
            }
            // A process that floods waits.
            if read == chunk.len() {
                clock::sleep(Duration::from_millis(1));
            }
        }
        self.0.closed.store(true, Ordering::Release);
    }

    /// The last lines, once the process has ended: waits a little for what is still in the pipe.
    pub fn text(&self) -> String {
        let patience_ns = clock::monotonic_ns() + PATIENCE_NS;
        while !self.0.closed.load(Ordering::Acquire) && clock::monotonic_ns() < patience_ns {
            clock::sleep(Duration::from_micros(200));
        }
        let words = self.0.words.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&words).trim().to_string()
    }
}
