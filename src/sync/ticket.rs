//! `ticket`: first come, first served, by spinning on a number.
//!
//! Fair, and so at the mercy of whoever is next: where that waiter has no core, nobody gets in, however many others
//! spin. For threads only: a ticket that died with its holder would never be called.

use super::backoff::Backoff;
use super::lock::Raw;
use crate::wire::WorkerId;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Two numbers that only grow; the lock is free when they are equal.
#[derive(Default)]
pub(super) struct Ticket {
    /// The next ticket to be drawn.
    next: AtomicU64,
    /// The ticket that is served.
    serving: AtomicU64,
}

/// Held until dropped.
pub(super) struct Held<'a> {
    ticket: &'a Ticket,
    number: u64,
}

impl Raw for Ticket {
    type Held<'a> = Held<'a>;

    #[inline]
    fn try_acquire(&self, _by: WorkerId) -> Option<Held<'_>> {
        // Acquire: pairs with the Release in drop. If `next` still equals it, nobody has drawn since: ours is served.
        let number = self.serving.load(Acquire);
        let drawn = self.next.compare_exchange(number, number.wrapping_add(1), Relaxed, Relaxed);
        drawn.ok().map(|_| Held { ticket: self, number })
    }

    fn acquire(&self, _by: WorkerId) -> Held<'_> {
        let number = self.next.fetch_add(1, Relaxed);
        let mut backoff = Backoff::default();
        // Acquire: pairs with the Release in drop.
        while self.serving.load(Acquire) != number {
            backoff.pause();
        }
        Held { ticket: self, number }
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        self.ticket.serving.store(self.number.wrapping_add(1), Release);
    }
}
