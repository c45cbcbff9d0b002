//! `critical-section`: integer mixing, a share of it under one lock.
//!
//! ```text
//!   │◀── outside: grains × (1 - share) ──▶│ wait │◀── inside: grains × share ──▶│
//!                                                sum := load …            … store sum + made
//! ```
//! A unit is 16 grains, so that the share is met for small tasks too. Where only one may be inside, what a task makes is
//! added to a sum by a load at the beginning of the section and a store at its end: if two were ever inside at once, the
//! sum would show it. Readers of a reader-writer lock (nine tasks in ten) add to another sum, atomically; a semaphore of
//! several permits protects nothing, and its results are added up by the workers.

use super::mixing::{Mixing, STEPS};
use super::{Task, Work, sleep};
use crate::doors::clock;
use crate::sync::{Lock, ScratchPlace};
use crate::telemetry::{Arena, Recorder};
use crate::wire::{LockId, LockKind};
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Grains to a unit.
const GRAINS: u32 = 16;

/// One task in so many writes, where the lock tells writers from readers.
const WRITER_EVERY: u64 = 10;

pub(super) struct CriticalSection {
    mixing: Mixing,
    share: f64,
    is_slept: bool,
    is_exclusive: bool,
    /// One lock: a slice for [`Work::locks`].
    lock: [Lock; 1],
    /// What was made under the lock, by those who were alone there.
    guarded: &'static AtomicU64,
    by_readers: &'static AtomicU64,
}

impl CriticalSection {
    pub(super) fn new(
        share: f64,
        kind: LockKind,
        permits: u32,
        is_slept: bool,
        arena: Arena,
        first_lock: LockId,
    ) -> io::Result<CriticalSection> {
        let permits = if kind == LockKind::Semaphore { permits.max(1) } else { 1 };
        let mut scratch = ScratchPlace::whole();
        let guarded = &scratch.take(1)?.words(arena)[0];
        let by_readers = &scratch.take(1)?.words(arena)[0];
        let place = scratch.take(Lock::words(kind, permits))?;
        Ok(CriticalSection {
            mixing: Mixing::in_grains(STEPS / GRAINS),
            share: if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) },
            is_slept,
            is_exclusive: permits == 1,
            lock: [Lock::new(kind, first_lock, arena, place, permits)],
            guarded,
            by_readers,
        })
    }

    /// Grains outside and inside.
    fn split(&self, task: Task) -> (u64, u64) {
        let grains = u64::from(task.units) * u64::from(GRAINS);
        let inside = (grains as f64 * self.share).round() as u64;
        (grains - inside, inside)
    }

    fn inside(&self, task: Task, recorder: &mut Recorder) -> u64 {
        let (outside, inside) = self.split(task);
        if !self.is_slept {
            return self.mixing.run(task.id, outside, inside);
        }
        if inside > 0 {
            let slept_ns = sleep::UNIT.as_nanos() as u64 * inside / u64::from(GRAINS);
            recorder.blocked(|| clock::sleep(std::time::Duration::from_nanos(slept_ns)));
        }
        inside
    }
}

impl Work for CriticalSection {
    fn run(&self, task: Task, recorder: &mut Recorder) -> u64 {
        let (outside, _) = self.split(task);
        let made = self.mixing.run(task.id, 0, outside);
        let [lock] = &self.lock;
        if lock.kind() == LockKind::Rwlock && !task.id.is_multiple_of(WRITER_EVERY) {
            return lock.with_read(recorder, |recorder| {
                let made = made.wrapping_add(self.inside(task, recorder));
                self.by_readers.fetch_add(made, Relaxed);
                made
            });
        }
        lock.with(recorder, |recorder| {
            if !self.is_exclusive {
                return made.wrapping_add(self.inside(task, recorder));
            }
            // Relaxed: the lock alone orders these two, which is what is being tried.
            let sum = self.guarded.load(Relaxed);
            let made = made.wrapping_add(self.inside(task, recorder));
            self.guarded.store(sum.wrapping_add(made), Relaxed);
            made
        })
    }

    fn reference(&self, task: Task) -> u64 {
        let (outside, inside) = self.split(task);
        if self.is_slept {
            self.mixing.reference(task.id, outside).wrapping_add(inside)
        } else {
            self.mixing.reference(task.id, outside + inside)
        }
    }

    fn total(&self) -> Option<u64> {
        self.is_exclusive.then(|| self.guarded.load(Relaxed).wrapping_add(self.by_readers.load(Relaxed)))
    }

    fn locks(&self) -> &[Lock] {
        &self.lock
    }
}
