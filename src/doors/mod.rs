//! Three doors: the only places where time enters, where threads are made, and where processes are started and reaped.
//!
//! Whoever wants to know what this program can be woken by, what it may leave behind, or what it can fail to get from
//! the system, reads these files and no others.

pub mod children;
pub mod clock;
pub mod faults;
pub mod last_words;
pub mod runs;
pub mod threads;
