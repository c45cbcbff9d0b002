//! What a lane hands to a process of its own when it starts one: descriptors under fixed numbers, and a briefing.

use crate::system;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;

/// The number under which a process finds the lane's blocks; what else it gets has the numbers after this.
pub(super) const MEMORY_FD: RawFd = 3;

/// What every process of a lane is told, as a file that all of them can read.
///
/// # Errors
/// What the system says where it gives no memory.
pub(super) fn brief(briefing: &impl Serialize) -> io::Result<OwnedFd> {
    let mut file = File::from(system::unnamed_memory("poolscope briefing")?);
    file.write_all(serde_json::to_string(briefing)?.as_bytes())?;
    Ok(file.into())
}

/// What was told.
///
/// # Errors
/// Where it is not what a lane of this build tells.
pub(super) fn read_briefing<T: DeserializeOwned>(from: OwnedFd) -> io::Result<T> {
    let file = File::from(from);
    let mut text = vec![0; file.metadata()?.len() as usize];
    // Several processes share this open file and its position: each reads from the beginning, wherever that is.
    file.read_exact_at(&mut text, 0)?;
    serde_json::from_slice(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// What the lane put under a number before this process began. Each is to be asked for once.
///
/// # Errors
/// Where nothing is open under that number.
#[expect(unsafe_code, reason = "a descriptor that only its number tells of")]
pub(super) fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl reads no memory; for a number that is not open it fails.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "only a lane starts this process"));
    }
    // SAFETY: it is open, and each number is taken over once, at the very start of the process.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
