//! `semaphore`: a counter of permits, kept as slots, so that it is known who has one and a dead owner's can be given
//! back.
//!
//! ```text
//! bell: number of rings << 1 | somebody may sleep      slots: 0 free, else the owner plus one
//! ```
//! Why no wake-up is lost, between *give* (slot := 0; look at the bell) and *wait* (set the bell's last bit; look at the
//! slots; sleep if the bell is unchanged), all sequentially consistent:
//! 1. The giver sees the bit: it rings (which clears the bit and changes the word) and wakes one. A waiter that is not
//!    yet asleep finds the word changed and does not sleep.
//! 2. The giver does not see it, and nobody has set it: whoever sets it later looks at the slots after that, and sees
//!    the free one.
//! 3. The giver does not see it because another giver has just cleared it: the sleeper that the other one wakes sets the
//!    bit, then looks at all slots and sees both free ones; having taken one, it wakes one more sleeper for the other.
//!
//! A death may swallow a wake-up, as in `futex.rs`; so every death rings for all.

use super::lock::Raw;
use crate::system::{futex_wait, futex_wake};
use crate::wire::WorkerId;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// Permits in shared memory.
pub(super) struct Semaphore {
    pub(super) bell: &'static AtomicU32,
    pub(super) slots: &'static [AtomicU64],
}

/// One permit, until dropped.
pub(super) struct Permit {
    bell: &'static AtomicU32,
    slot: &'static AtomicU64,
}

fn mark(by: WorkerId) -> u64 {
    u64::from(by.0) + 1
}

impl Raw for Semaphore {
    type Held<'a> = Permit;

    #[inline]
    fn try_acquire(&self, by: WorkerId) -> Option<Permit> {
        // Each begins to look at another slot: two that come at once need not meet.
        let (later, first) = self.slots.split_at(by.0 as usize % self.slots.len());
        let take =
            |slot: &&AtomicU64| slot.load(SeqCst) == 0 && slot.compare_exchange(0, mark(by), SeqCst, SeqCst).is_ok();
        first.iter().chain(later).find(take).map(|slot| Permit { bell: self.bell, slot })
    }

    fn acquire(&self, by: WorkerId) -> Permit {
        loop {
            let bell = self.bell.fetch_or(1, SeqCst) | 1;
            if let Some(permit) = self.try_acquire(by) {
                // Case 3: hand on the wake-up that its giver could not give.
                if self.slots.iter().any(|slot| slot.load(SeqCst) == 0) {
                    futex_wake(self.bell, 1);
                }
                return permit;
            }
            futex_wait(self.bell, bell, None);
        }
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        self.slot.store(0, SeqCst);
        let mut bell = self.bell.load(SeqCst);
        while bell & 1 == 1 {
            match self.bell.compare_exchange(bell, bell.wrapping_add(1), SeqCst, SeqCst) {
                Ok(_) => return futex_wake(self.bell, 1),
                Err(now) => bell = now,
            }
        }
    }
}

impl Semaphore {
    /// Whether `dead` has a permit.
    pub(super) fn is_held_by(&self, dead: WorkerId) -> bool {
        self.slots.iter().any(|slot| slot.load(SeqCst) == mark(dead))
    }

    /// Gives back what `dead` had.
    pub(super) fn free(&self, dead: WorkerId) {
        let its = self.slots.iter().filter(|slot| slot.load(SeqCst) == mark(dead));
        its.for_each(|slot| slot.store(0, SeqCst));
    }

    /// Has every waiter look again, asleep or about to be.
    pub(super) fn wake_all(&self) {
        self.bell.fetch_add(2, SeqCst);
        futex_wake(self.bell, u32::MAX);
    }
}
