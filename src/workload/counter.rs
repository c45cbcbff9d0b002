//! `counter`: increments a shared counter 64 times a unit. What counts is what the counters say in the end: the way that
//! loses updates is believed when it says so.
//!
//! All counters are scratch words, which processes share. An increment is a load and a store with something between them
//! that the compiler cannot see through, so that it never becomes one instruction (which no interrupt would split).

use super::{Task, Work};
use crate::sync::{Lock, ScratchPlace};
use crate::telemetry::{Arena, Recorder, SLOTS_MAX};
use crate::wire::{CounterWay, LockId, LockKind};
use std::hint::black_box;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Increments to a unit.
const UNIT: u64 = 64;

/// Counters of the `sharded` way.
pub(super) const SHARDS: usize = 16;

/// Words from one padded counter to the next.
const PAD_WORDS: usize = 16;

/// Workers that have a padded counter of their own. Later ones share one, and add to it atomically: as exact, only
/// slower, and more workers than that have no use for lines of their own.
const PADDED_WORKERS: usize = 256;

pub(super) struct Counter {
    way: CounterWay,
    words: &'static [AtomicU64],
    /// Words from one counter to the next.
    stride: usize,
    counters: usize,
    /// Where workers count who have no counter of their own.
    shared: &'static AtomicU64,
    locks: Vec<Lock>,
}

impl Counter {
    pub(super) fn new(
        way: CounterWay,
        kind: LockKind,
        is_padded: bool,
        arena: Arena,
        first_lock: LockId,
    ) -> io::Result<Counter> {
        let mut scratch = ScratchPlace::whole();
        let shared = &scratch.take(1)?.words(arena)[0];
        let counters = match way {
            CounterWay::Racy | CounterWay::Atomic | CounterWay::Locked => 1,
            CounterWay::Sharded => SHARDS,
            CounterWay::PerWorker if is_padded => PADDED_WORKERS,
            CounterWay::PerWorker => SLOTS_MAX,
        };
        let stride = if is_padded { PAD_WORDS } else { 1 };
        let words = scratch.take(counters * stride)?.words(arena);
        let mut locks = Vec::new();
        for place in 0..lock_count(way) {
            let its = scratch.take(Lock::words(kind, 1))?;
            locks.push(Lock::new(kind, LockId(first_lock.0 + place as u16), arena, its, 1));
        }
        Ok(Counter { way, words, stride, counters, shared, locks })
    }

    fn counter(&self, place: usize) -> &'static AtomicU64 {
        &self.words[place * self.stride]
    }
}

/// How many locks a way needs.
pub(super) fn lock_count(way: CounterWay) -> usize {
    match way {
        CounterWay::Locked => 1,
        CounterWay::Sharded => SHARDS,
        CounterWay::Racy | CounterWay::Atomic | CounterWay::PerWorker => 0,
    }
}

/// The increment that loses updates where two meet. Relaxed on both sides: nothing else hangs on the counter.
#[inline]
fn increment(counter: &AtomicU64) {
    let seen = counter.load(Relaxed);
    counter.store(black_box(seen).wrapping_add(1), Relaxed);
}

impl Work for Counter {
    fn run(&self, task: Task, recorder: &mut Recorder) -> u64 {
        let times = UNIT * u64::from(task.units);
        let own = recorder.id().0 as usize;
        match self.way {
            CounterWay::Racy => {
                let counter = self.counter(0);
                (0..times).for_each(|_| increment(counter));
            }
            CounterWay::PerWorker if own < self.counters => {
                let counter = self.counter(own);
                (0..times).for_each(|_| increment(counter));
            }
            CounterWay::Atomic | CounterWay::PerWorker => {
                let counter = if self.way == CounterWay::Atomic { self.counter(0) } else { self.shared };
                (0..times).for_each(|_| {
                    counter.fetch_add(black_box(1), Relaxed);
                });
            }
            CounterWay::Locked | CounterWay::Sharded => {
                let place = (task.id % self.counters as u64) as usize;
                let (counter, lock) = (self.counter(place), &self.locks[place]);
                (0..times).for_each(|_| lock.with(recorder, |_| increment(counter)));
            }
        }
        times
    }

    fn reference(&self, task: Task) -> u64 {
        UNIT * u64::from(task.units)
    }

    fn total(&self) -> Option<u64> {
        let counted = (0..self.counters).map(|place| self.counter(place).load(Relaxed));
        Some(counted.fold(self.shared.load(Relaxed), u64::wrapping_add))
    }

    fn locks(&self) -> &[Lock] {
        &self.locks
    }
}
