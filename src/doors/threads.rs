//! The door for threads: each has a name and is joined when its handle is dropped.
#![expect(clippy::disallowed_methods, reason = "the door for threads")]

use super::faults::{self, Want};
use std::io;
use std::thread::{self, JoinHandle};

/// A running thread. Dropping it waits for the thread's end, so tell the thread to end first.
#[derive(Debug)]
pub struct Thread {
    handle: Option<JoinHandle<()>>,
}

impl Thread {
    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.handle.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Wakes it from [`std::thread::park`].
    pub fn unpark(&self) {
        if let Some(handle) = &self.handle {
            handle.thread().unpark();
        }
    }

    /// Lets it run on without ever waiting for it: only for a thread that the end of the process ends.
    pub fn detach(mut self) {
        self.handle = None;
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            // A panic has been told by the hook already; whoever waits here only wants the end.
            let _ = handle.join();
        }
    }
}

/// Starts one of poolscope's own threads.
///
/// # Errors
/// What the system says where it gives no thread (EAGAIN).
pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    start(name, body)
}

/// Starts a thread for a worker: the kind of which there may be a thousand.
///
/// # Errors
/// What the system says where it gives no thread (EAGAIN).
pub fn spawn_worker(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    faults::check(Want::Thread)?;
    start(name, body)
}

fn start(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    let handle = thread::Builder::new().name(name.to_string()).spawn(body)?;
    Ok(Thread { handle: Some(handle) })
}
