//! The warden: waits for the end of its lane, and ends what is left of it.
//!
//! A lane that is killed takes the programs that it runs along, by their death signal, but not what those have started: that
//! signal is nobody's heirloom. All of it is in the lane's session, which the viewer ends as a whole; where the viewer was
//! killed too, there is the warden. It is in that session itself, so its number cannot be another's meanwhile.

use crate::doors::children;
use std::io::{self, Read};
use std::process::ExitCode;

/// The warden's main: returns when all is gone.
///
/// # Errors
/// What the system says where it cannot be told of the lane's end.
pub fn warden_main() -> io::Result<ExitCode> {
    // Nobody writes: the end of the pipe is the end of the lane.
    io::copy(&mut io::stdin().lock().take(u64::MAX), &mut io::sink())?;
    children::end_own_session();
    Ok(ExitCode::SUCCESS)
}
