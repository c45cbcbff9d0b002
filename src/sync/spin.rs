//! `spin`: test, test-and-set, back off. The word holds the owner plus one, so processes can share it and a dead owner
//! can be found out.

use super::backoff::Backoff;
use super::lock::Raw;
use crate::wire::WorkerId;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// The lock's word: 0 free, else the owner plus one.
pub(super) struct Spin {
    pub(super) word: &'static AtomicU64,
}

/// Held until dropped.
pub(super) struct Held(&'static AtomicU64);

fn mark(by: WorkerId) -> u64 {
    u64::from(by.0) + 1
}

impl Raw for Spin {
    type Held<'a> = Held;

    #[inline]
    fn try_acquire(&self, by: WorkerId) -> Option<Held> {
        // Acquire: pairs with the Release in drop and in recover; what the last owner wrote is seen.
        self.word.compare_exchange(0, mark(by), Acquire, Relaxed).ok().map(|_| Held(self.word))
    }

    fn acquire(&self, by: WorkerId) -> Held {
        let mut backoff = Backoff::default();
        loop {
            // A plain look first: failed exchanges would take the line away from the owner again and again.
            if self.word.load(Relaxed) == 0
                && let Some(held) = self.try_acquire(by)
            {
                return held;
            }
            backoff.pause();
        }
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        self.0.store(0, Release);
    }
}

impl Spin {
    /// Whether `dead` owns it.
    pub(super) fn is_held_by(&self, dead: WorkerId) -> bool {
        self.word.load(Relaxed) == mark(dead)
    }

    /// Takes it from its dead owner; nobody else can have changed the word since [`Spin::is_held_by`] said so.
    pub(super) fn free(&self) {
        self.word.store(0, Release);
    }
}
