//! The flight recorder: a ring with the last events of one worker, read only when somebody asks.
//!
//! ```text
//! next ─▶ │ time_ns │ code:8 argument:56 │   FLIGHT_EVENTS entries, overwritten in turn
//! ```

use crate::wire::{LockId, WorkerId};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many events the ring holds.
pub const FLIGHT_EVENTS: usize = 256;

/// What an event says; the argument stands in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FlightCode {
    /// A task began (the task's number).
    Begin = 1,
    /// It ended well (0).
    End = 2,
    /// It failed (0).
    Fail = 3,
    /// A wait for a lock began (the lock, and who held it: see [`wait_of`]).
    Wait = 4,
    /// The lock was acquired after a wait (the lock).
    Acquire = 5,
    /// The worker blocked on I/O or fell asleep (0).
    Block = 6,
    /// It went on (0).
    Wake = 7,
    /// It paused (0).
    Pause = 8,
    /// It resumed (0).
    Resume = 9,
}

impl FlightCode {
    /// Every code.
    pub const ALL: [FlightCode; 9] = [
        FlightCode::Begin,
        FlightCode::End,
        FlightCode::Fail,
        FlightCode::Wait,
        FlightCode::Acquire,
        FlightCode::Block,
        FlightCode::Wake,
        FlightCode::Pause,
        FlightCode::Resume,
    ];
}

const LOCK_BITS: u32 = 16;

/// The argument of a wait: `owner_plus_one` is 0 where nobody was seen to hold the lock.
///
/// ```text
/// │ owner + 1: 40 │ lock: 16 │
/// ```
pub(super) fn wait_argument(lock: LockId, owner_plus_one: u64) -> u64 {
    owner_plus_one << LOCK_BITS | u64::from(lock.0)
}

/// The lock that a wait was for, and who held it when the wait began; none where nobody was seen to: it was released
/// just then.
pub fn wait_of(argument: u64) -> (LockId, Option<WorkerId>) {
    let owner = (argument >> LOCK_BITS).checked_sub(1).and_then(|owner| u32::try_from(owner).ok());
    (LockId(argument as u16), owner.map(WorkerId))
}

/// The ring itself.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Flight {
    next: AtomicU64,
    entries: [[AtomicU64; 2]; FLIGHT_EVENTS],
}

impl Flight {
    /// Adds an event. Only the block's writer calls this.
    #[inline]
    pub(super) fn note(&self, time_ns: u64, code: FlightCode, argument: u64) {
        let next = self.next.load(Relaxed);
        let entry = &self.entries[next as usize % FLIGHT_EVENTS];
        entry[0].store(time_ns, Relaxed);
        entry[1].store(u64::from(code as u8) << 56 | (argument & ((1 << 56) - 1)), Relaxed);
        self.next.store(next + 1, Relaxed);
    }

    /// The events, oldest first: `(time_ns, code, argument)`. An entry that is overwritten while it is read may pair one
    /// event's time with another's code; times that go backwards are dropped, the rest of that hazard is accepted (the
    /// recorder is for looking at, and counts come from the block).
    pub(super) fn read(&self) -> Vec<(u64, u8, u64)> {
        let next = self.next.load(Relaxed);
        let first = next.saturating_sub(FLIGHT_EVENTS as u64);
        let mut events: Vec<(u64, u8, u64)> = Vec::with_capacity((next - first) as usize);
        for number in first..next {
            let entry = &self.entries[number as usize % FLIGHT_EVENTS];
            let (time_ns, word) = (entry[0].load(Relaxed), entry[1].load(Relaxed));
            if events.last().is_none_or(|&(last, _, _)| last <= time_ns) {
                events.push((time_ns, (word >> 56) as u8, word & ((1 << 56) - 1)));
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_says_for_which_lock_and_for_whom() {
        let argument =
            |owner: Option<WorkerId>| wait_argument(LockId(u16::MAX), owner.map_or(0, |owner| u64::from(owner.0) + 1));
        for owner in [None, Some(WorkerId(0)), Some(WorkerId(1023)), Some(WorkerId::CALLER)] {
            assert!(argument(owner) < 1 << 56, "the code has the rest");
            assert_eq!(wait_of(argument(owner)), (LockId(u16::MAX), owner));
        }
        assert_eq!(wait_of(7), (LockId(7), None), "as lanes wrote it that did not look");
        assert_eq!(wait_of(u64::MAX), (LockId(u16::MAX), None));
    }
}
