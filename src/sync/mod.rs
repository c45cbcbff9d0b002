//! Lock and queue kinds over telemetry: what workers wait for, and what they leave to be read about it.
//!
//! One kind, one file; [`Lock`] is the instrument around them all. Telling must not change what is told: a lock that is
//! free is taken by the kind's own operation and two plain stores, without a clock; only one hold in 64 is timed; and
//! whoever has to wait has time to read a clock.
//!
//! Absent here: data behind a lock. What a lock protects lies in the scratch words of the arena, where processes can
//! share it, and is read and written with relaxed atomics: a lock that failed to exclude would show in the numbers
//! instead of being undefined.

mod backoff;
mod futex;
mod lock;
mod parking_lot;
mod place;
mod queue;
mod rwlock;
mod semaphore;
mod spin;
mod std_mutex;
mod ticket;

#[cfg(test)]
mod death;

pub use lock::Lock;
pub use place::ScratchPlace;
pub use queue::{LockedQueue, Popped};
