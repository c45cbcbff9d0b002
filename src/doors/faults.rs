//! Faults on order: what the doors refuse when a test asks them to.
//!
//! Limits do not bind root, so "no more threads" cannot be brought about by a limit on every machine that runs the
//! tests. `POOLSCOPE_FAULT=threads:3` makes every thread after the third fail with EAGAIN; `children:` does the same
//! for processes, and `files:` with EMFILE; `screens:` makes the interface panic. Lanes inherit it. It is for tests, and
//! `poolscope doctor` shows it when set.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// What can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// A thread for a worker.
    Thread,
    /// A process.
    Child,
    /// A descriptor.
    File,
    /// A screen that is drawn: fails with a panic.
    Screen,
}

struct Fault {
    want: Want,
    left: AtomicU64,
}

static FAULT: OnceLock<Option<Fault>> = OnceLock::new();

/// Passes, or fails as the test ordered.
///
/// # Errors
/// The system's own error for what is wanted: EAGAIN or EMFILE.
pub fn check(want: Want) -> io::Result<()> {
    check_all(want, 1)
}

/// As [`check`], for so many at once: whoever gets all or none leaves the rest to others where there is not enough.
///
/// # Errors
/// As for [`check`].
pub fn check_all(want: Want, count: u64) -> io::Result<()> {
    let Some(fault) = FAULT.get_or_init(|| std::env::var("POOLSCOPE_FAULT").ok().as_deref().and_then(parse)) else {
        return Ok(());
    };
    if fault.want != want {
        return Ok(());
    }
    match fault.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)) {
        Ok(_) => Ok(()),
        Err(_) => Err(io::Error::from_raw_os_error(match want {
            Want::Thread | Want::Child => libc::EAGAIN,
            Want::File => libc::EMFILE,
            Want::Screen => libc::EFAULT,
        })),
    }
}

fn parse(text: &str) -> Option<Fault> {
    let (want, after) = text.split_once(':')?;
    let want = match want {
        "threads" => Want::Thread,
        "children" => Want::Child,
        "files" => Want::File,
        "screens" => Want::Screen,
        _ => return None,
    };
    Some(Fault { want, left: AtomicU64::new(after.parse().ok()?) })
}
