//! `futex`: a mutex of one word in shared memory, and the kernel's queue behind it. It outlives its owner.
//!
//! ```text
//!   0 ──free──  (owner + 1) << 1 ──held──  (owner + 1) << 1 | 1 ──held, and somebody may sleep──
//! ```
//! Whoever has slept takes the lock with the last bit set, since others may still sleep: at worst one wake-up too many,
//! never one too few. What a death can undo is a wake-up that was already given (its receiver dies before it takes the
//! lock) or owed (its giver dies between freeing the word and waking): so [`Futex::wake_all`] follows every death,
//! whether the dead one held the lock or not.

use super::lock::Raw;
use crate::system::{futex_wait, futex_wake};
use crate::wire::WorkerId;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Looks that a waiter takes before it sleeps: many holds end within that time.
const LOOKS: u32 = 100;

/// The lock's word.
pub(super) struct Futex {
    pub(super) word: &'static AtomicU32,
}

/// Held until dropped.
pub(super) struct Held(&'static AtomicU32);

/// The owner's part of the word. The caller's id, the largest there is, keeps 30 bits of it, which no worker has.
fn mark(by: WorkerId) -> u32 {
    (by.0.wrapping_add(1) & (u32::MAX >> 2)) << 1
}

impl Futex {
    #[inline]
    fn take(&self, as_word: u32) -> Option<Held> {
        // Acquire: pairs with the Release in drop and in free; what the last owner wrote is seen. Setting the last bit
        // may be relaxed: a taker reads the 0 that the release wrote, never the bit.
        self.word.compare_exchange(0, as_word, Acquire, Relaxed).ok().map(|_| Held(self.word))
    }
}

impl Raw for Futex {
    type Held<'a> = Held;

    #[inline]
    fn try_acquire(&self, by: WorkerId) -> Option<Held> {
        self.take(mark(by))
    }

    fn acquire(&self, by: WorkerId) -> Held {
        let mut as_word = mark(by);
        for _ in 0..LOOKS {
            let now = self.word.load(Relaxed);
            if now == 0
                && let Some(held) = self.take(as_word)
            {
                return held;
            }
            if now & 1 == 1 {
                break;
            }
            std::hint::spin_loop();
        }
        loop {
            let now = self.word.load(Relaxed);
            if now == 0 {
                if let Some(held) = self.take(as_word) {
                    return held;
                }
                continue;
            }
            if now & 1 == 0 && self.word.compare_exchange(now, now | 1, Relaxed, Relaxed).is_err() {
                continue;
            }
            // Sleeps only if the word still says so: an owner that frees it first changes it, and is then seen above.
            futex_wait(self.word, now | 1, None);
            as_word |= 1;
        }
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        if self.0.swap(0, Release) & 1 == 1 {
            futex_wake(self.0, 1);
        }
    }
}

impl Futex {
    /// Whether `dead` owns it.
    pub(super) fn is_held_by(&self, dead: WorkerId) -> bool {
        self.word.load(Relaxed) & !1 == mark(dead)
    }

    /// Takes it from its dead owner.
    pub(super) fn free(&self) {
        self.word.swap(0, Release);
    }

    /// Has every sleeper look again.
    pub(super) fn wake_all(&self) {
        futex_wake(self.word, u32::MAX);
    }
}
