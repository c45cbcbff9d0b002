//! How a spinning waiter passes its time: first ever longer pauses, then it gives its core away.
//!
//! Where workers outnumber cores the owner may itself be waiting for a core; pausing on would burn the very time slice
//! that it needs.

/// Pauses double until there are so many in a row; from then on the waiter yields.
const DOUBLINGS: u32 = 6;

/// A waiter's patience.
#[derive(Default)]
pub(super) struct Backoff {
    round: u32,
}

impl Backoff {
    /// Lets a little time pass, more each time.
    pub(super) fn pause(&mut self) {
        if self.round < DOUBLINGS {
            (0..1u32 << self.round).for_each(|_| std::hint::spin_loop());
            self.round += 1;
        } else {
            std::thread::yield_now();
        }
    }
}
