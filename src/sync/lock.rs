//! A lock of any kind, and what it leaves to be read.

use super::futex::Futex;
use super::place::ScratchPlace;
use super::rwlock::Reading;
use super::semaphore::Semaphore;
use super::spin::Spin;
use super::ticket::Ticket;
use crate::telemetry::{Arena, LaneClock, LockBlock, Recorder, Sampler};
use crate::wire::{LockId, LockKind, WORKERS_MAX, WorkerId};
use std::fmt;
use std::sync::{Mutex, RwLock};

/// What a kind must be able to do: take at once or not at all, take by waiting, and give back on drop.
pub(super) trait Raw {
    /// Proof of having it.
    type Held<'a>
    where
        Self: 'a;
    /// Takes it if it is free.
    fn try_acquire(&self, by: WorkerId) -> Option<Self::Held<'_>>;
    /// Waits until it is free, and takes it.
    fn acquire(&self, by: WorkerId) -> Self::Held<'_>;
}

enum Body {
    Std(Mutex<()>),
    ParkingLot(parking_lot::Mutex<()>),
    Spin(Spin),
    Ticket(Ticket),
    Rwlock(RwLock<()>),
    Semaphore(Semaphore),
    Futex(Futex),
}

/// Whether there can be several holders at once, and the block must be written with atomic additions.
#[derive(Clone, Copy, PartialEq)]
enum Holders {
    One,
    Several,
}

/// An instrumented lock. On lines of its own, as the blocks are: neighbours in an array must not slow one another.
#[repr(align(128))]
pub struct Lock {
    body: Body,
    kind: LockKind,
    id: LockId,
    arena: Arena,
    block: &'static LockBlock,
    clock: LaneClock,
}

impl fmt::Debug for Lock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Lock({}, {})", self.id.0, self.kind.name())
    }
}

impl Lock {
    /// How many scratch words a lock needs; see [`ScratchPlace::take`].
    pub fn words(kind: LockKind, permits: u32) -> usize {
        match kind {
            LockKind::Spin | LockKind::Futex => 1,
            LockKind::Semaphore => 1 + permits_of(permits),
            LockKind::Std | LockKind::ParkingLot | LockKind::Ticket | LockKind::Rwlock => 0,
        }
    }

    /// A lock of this kind over the `place` that [`Lock::words`] asked for. Words that are zero are a free lock; words
    /// that another process already uses are the same lock. `permits` counts for a semaphore only, and is between 1 and
    /// the most workers that there may be.
    ///
    /// # Panics
    /// Where `place` has fewer words than [`Lock::words`] asks for.
    pub fn new(kind: LockKind, id: LockId, arena: Arena, place: ScratchPlace, permits: u32) -> Lock {
        let body = match kind {
            LockKind::Std => Body::Std(Mutex::new(())),
            LockKind::ParkingLot => Body::ParkingLot(parking_lot::Mutex::new(())),
            LockKind::Spin => Body::Spin(Spin { word: &place.words(arena)[0] }),
            LockKind::Ticket => Body::Ticket(Ticket::default()),
            LockKind::Rwlock => Body::Rwlock(RwLock::new(())),
            LockKind::Semaphore => Body::Semaphore(Semaphore {
                bell: place.futex(arena),
                slots: &place.words(arena)[1..=permits_of(permits)],
            }),
            LockKind::Futex => Body::Futex(Futex { word: place.futex(arena) }),
        };
        Lock { body, kind, id, arena, block: arena.lock(id), clock: arena.clock() }
    }

    /// Its number.
    pub fn id(&self) -> LockId {
        self.id
    }

    /// Its kind.
    pub fn kind(&self) -> LockKind {
        self.kind
    }

    /// Runs `body` while holding the lock (a reader-writer lock as a writer). It is released when `body` returns or
    /// panics.
    #[inline]
    pub fn with<T>(&self, recorder: &mut Recorder, body: impl FnOnce(&mut Recorder) -> T) -> T {
        match &self.body {
            Body::Std(raw) => self.hold(raw, Holders::One, recorder, body),
            Body::ParkingLot(raw) => self.hold(raw, Holders::One, recorder, body),
            Body::Spin(raw) => self.hold(raw, Holders::One, recorder, body),
            Body::Ticket(raw) => self.hold(raw, Holders::One, recorder, body),
            // A writer is alone, so its block needs no atomic additions although readers use them.
            Body::Rwlock(raw) => self.hold(raw, Holders::One, recorder, body),
            Body::Semaphore(raw) if raw.slots.len() == 1 => self.hold(raw, Holders::One, recorder, body),
            Body::Semaphore(raw) => self.hold(raw, Holders::Several, recorder, body),
            Body::Futex(raw) => self.hold(raw, Holders::One, recorder, body),
        }
    }

    /// As [`Lock::with`]; a reader-writer lock lets other readers in at the same time, so `body` must not write what the
    /// lock protects. Other kinds know no readers.
    #[inline]
    pub fn with_read<T>(&self, recorder: &mut Recorder, body: impl FnOnce(&mut Recorder) -> T) -> T {
        match &self.body {
            Body::Rwlock(raw) => self.hold(&Reading(raw), Holders::Several, recorder, body),
            _ => self.with(recorder, body),
        }
    }

    #[inline]
    fn hold<R: Raw, T>(
        &self,
        raw: &R,
        holders: Holders,
        recorder: &mut Recorder,
        body: impl FnOnce(&mut Recorder) -> T,
    ) -> T {
        let by = recorder.id();
        let (held, wait_ns) = match raw.try_acquire(by) {
            Some(held) => (held, None),
            None => self.wait(raw, recorder),
        };
        // From here to the drop of `held` the block is ours.
        let is_timed = match holders {
            Holders::One => self.block.acquired(by),
            Holders::Several => self.block.acquired_shared(by),
        };
        match (wait_ns, holders) {
            (None, _) => {}
            (Some(wait_ns), Holders::One) => self.block.waited(wait_ns),
            (Some(wait_ns), Holders::Several) => self.block.waited_shared(wait_ns),
        }
        let since_ns = is_timed.then(|| self.clock.now_ns());
        let _release = Release { lock: self, holders, since_ns, _held: held };
        body(recorder)
    }

    #[cold]
    fn wait<'r, R: Raw>(&self, raw: &'r R, recorder: &mut Recorder) -> (R::Held<'r>, Option<u64>) {
        let watch = recorder.wait_begins(self.id);
        let held = raw.acquire(recorder.id());
        (held, Some(recorder.wait_ends(watch)))
    }

    /// Puts right what the `dead` worker left: releases what it held and wakes whoever waits; corrects the number of
    /// waiters if it died waiting. Returns whether it held the lock, or a permit.
    ///
    /// Only for the lane's supervisor, once for each death: after the worker's process was reaped, so that it can change
    /// nothing any more, before its number is given to a successor, and *before* its block is marked dead ([`crate::telemetry::WorkerBlock::mark_dead`]), since the
    /// block says what it died waiting for. A worker that dies within the few nanoseconds between counting itself as a
    /// waiter and saying so in its block stays counted.
    ///
    /// Kinds that processes cannot share have nothing to put right: their owners die together.
    pub fn recover(&self, dead: WorkerId) -> bool {
        let was_held = match &self.body {
            Body::Spin(raw) => self.take_back(raw.is_held_by(dead), || raw.free()),
            Body::Semaphore(raw) => self.take_back(raw.is_held_by(dead), || raw.free(dead)),
            Body::Futex(raw) => self.take_back(raw.is_held_by(dead), || raw.free()),
            Body::Std(_) | Body::ParkingLot(_) | Body::Ticket(_) | Body::Rwlock(_) => return false,
        };
        let last = Sampler::new(self.arena, 0).worker(dead, self.clock.now_ns());
        if last.lock == Some(self.id) {
            self.block.wait_ends();
        }
        // Held or not: the dead one may have taken a wake-up with it.
        match &self.body {
            Body::Semaphore(raw) => raw.wake_all(),
            Body::Futex(raw) => raw.wake_all(),
            _ => {}
        }
        was_held
    }

    fn take_back(&self, is_held: bool, free: impl FnOnce()) -> bool {
        if is_held {
            // First the block, while the lock still keeps others from writing it.
            self.block.abandoned();
            free();
        }
        is_held
    }
}

fn permits_of(permits: u32) -> usize {
    permits.clamp(1, WORKERS_MAX) as usize
}

/// Notes the release, then releases: fields are dropped after `drop`.
struct Release<'l, H> {
    lock: &'l Lock,
    holders: Holders,
    since_ns: Option<u64>,
    _held: H,
}

impl<H> Drop for Release<'_, H> {
    #[inline]
    fn drop(&mut self) {
        let held_ns = self.since_ns.map(|since_ns| self.lock.clock.now_ns().saturating_sub(since_ns));
        match self.holders {
            Holders::One => self.lock.block.releasing(held_ns),
            Holders::Several => self.lock.block.releasing_shared(held_ns),
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
mod tests {
    use super::*;
    use crate::doors::clock::sleep;
    use crate::wire::LockTick;
    use std::hint::black_box;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering::Relaxed;
    use std::time::Duration;

    const LOCK: LockId = LockId(3);

    fn lock(kind: LockKind, permits: u32) -> (Arena, Lock) {
        let arena = Arena::private(crate::doors::clock::Clock::calibrated()).unwrap();
        let place = ScratchPlace::whole().take(Lock::words(kind, permits)).unwrap();
        (arena, Lock::new(kind, LOCK, arena, place, permits))
    }

    fn told(arena: Arena) -> LockTick {
        Sampler::new(arena, LOCK.0 as usize + 1).lock(LOCK)
    }

    /// Runs `body(worker's recorder, round)` on so many threads.
    fn on_threads(arena: Arena, threads: u32, rounds: u32, body: impl Fn(&mut Recorder, u32) + Sync) {
        std::thread::scope(|scope| {
            for worker in 0..threads {
                let body = &body;
                scope.spawn(move || {
                    let mut recorder = Recorder::new(arena, WorkerId(worker), true);
                    (0..rounds).for_each(|round| body(&mut recorder, round));
                });
            }
        });
    }

    #[test]
    fn every_kind_excludes_and_counts_exactly() {
        for kind in LockKind::ALL {
            let (arena, lock) = lock(kind, 1);
            let counter = AtomicU64::new(0);
            let (threads, rounds) = (4, 5000);
            on_threads(arena, threads, rounds, |recorder, round| {
                lock.with(recorder, |_| {
                    let seen = counter.load(Relaxed);
                    if round % 500 == 0 {
                        std::thread::yield_now(); // an owner without a core: others must wait
                    }
                    counter.store(black_box(seen) + 1, Relaxed);
                });
            });
            let total = u64::from(threads * rounds);
            assert_eq!(counter.load(Relaxed), total, "{}", kind.name());
            let tick = told(arena);
            assert_eq!((tick.acquired, tick.waiters, tick.owner), (total, 0, None), "{}", kind.name());
            let waits: i64 = tick.wait.runs.iter().filter(|&&run| run > 0).sum();
            assert_eq!(waits as u64, tick.contended, "each contended acquisition has its wait: {}", kind.name());
            let holds: i64 = tick.hold.runs.iter().filter(|&&run| run > 0).sum();
            assert_eq!(holds as u64, total.div_ceil(64) * 64, "{}", kind.name());
        }
    }

    #[test]
    fn readers_share_and_writers_do_not() {
        let (arena, lock) = lock(LockKind::Rwlock, 1);
        let words = [AtomicU64::new(0), AtomicU64::new(0)];
        on_threads(arena, 4, 4000, |recorder, round| {
            if round % 10 == 0 {
                lock.with(recorder, |_| {
                    for word in &words {
                        word.store(black_box(word.load(Relaxed)) + 1, Relaxed);
                    }
                });
            } else {
                lock.with_read(recorder, |_| assert_eq!(words[0].load(Relaxed), words[1].load(Relaxed)));
            }
        });
        assert_eq!(words[1].load(Relaxed), 4 * 400);
        assert_eq!(told(arena).acquired, 4 * 4000);
    }

    #[test]
    fn a_semaphore_admits_its_permits_and_no_more() {
        let (arena, lock) = lock(LockKind::Semaphore, 3);
        let (inside, most) = (AtomicU64::new(0), AtomicU64::new(0));
        on_threads(arena, 8, 500, |recorder, _| {
            lock.with(recorder, |recorder| {
                most.fetch_max(inside.fetch_add(1, Relaxed) + 1, Relaxed);
                recorder.blocked(|| sleep(Duration::from_micros(50)));
                inside.fetch_sub(1, Relaxed);
            });
        });
        assert_eq!((inside.load(Relaxed), most.load(Relaxed)), (0, 3));
        let tick = told(arena);
        assert_eq!((tick.acquired, tick.waiters), (4000, 0));
        assert!(tick.contended > 0 && tick.contended <= 4000);
    }

    #[test]
    fn a_body_that_panics_releases() {
        for kind in LockKind::ALL {
            let (arena, lock) = lock(kind, 1);
            let mut recorder = Recorder::new(arena, WorkerId(0), true);
            for _ in 0..2 {
                let caught = catch_unwind(AssertUnwindSafe(|| {
                    lock.with(&mut recorder, |_| std::panic::resume_unwind(Box::new(())));
                }));
                assert!(caught.is_err());
                assert_eq!(told(arena).owner, None);
            }
            assert_eq!(lock.with(&mut recorder, |_| 7), 7);
            assert_eq!((told(arena).acquired, told(arena).contended), (3, 0), "{}", kind.name());
        }
    }

    #[test]
    fn hold_times_are_of_the_right_order() {
        let (arena, lock) = lock(LockKind::Std, 1);
        let mut recorder = Recorder::new(arena, WorkerId(0), true);
        for _ in 0..640 {
            lock.with(&mut recorder, |recorder| {
                let until_ns = recorder.now_ns() + 20_000;
                while recorder.now_ns() < until_ns {}
            });
        }
        let mean_ns = told(arena).hold_ns as f64 / 640.0;
        assert!((19_000.0..200_000.0).contains(&mean_ns), "{mean_ns}");
    }

    #[test]
    fn waiting_is_told_while_it_lasts_and_after() {
        for kind in LockKind::ALL {
            let (arena, lock) = lock(kind, 1);
            std::thread::scope(|scope| {
                let mut recorder = Recorder::new(arena, WorkerId(0), true);
                lock.with(&mut recorder, |_| {
                    let lock = &lock;
                    scope.spawn(move || {
                        let mut recorder = Recorder::new(arena, WorkerId(1), true);
                        lock.with(&mut recorder, |_| ());
                    });
                    while told(arena).waiters == 0 {
                        std::thread::yield_now();
                    }
                    assert_eq!(told(arena).owner, Some(WorkerId(0)));
                    sleep(Duration::from_millis(5));
                });
            });
            let tick = told(arena);
            assert_eq!((tick.acquired, tick.contended, tick.waiters), (2, 1, 0), "{}", kind.name());
            assert!(tick.wait_ns > 4_000_000, "{}: {}", kind.name(), tick.wait_ns);
        }
    }

    /// A thread that never releases stands for a process that was killed while it held the lock.
    #[test]
    fn a_dead_owners_lock_is_given_back_to_a_waiter() {
        for kind in LockKind::ALL.into_iter().filter(|kind| kind.is_process_shared()) {
            for permits in [1, 2] {
                let (arena, lock) = lock(kind, permits);
                let dead: Vec<WorkerId> = (0..permits).map(WorkerId).collect();
                for &worker in &dead[..if kind == LockKind::Semaphore { dead.len() } else { 1 }] {
                    match &lock.body {
                        Body::Spin(raw) => std::mem::forget(raw.try_acquire(worker)),
                        Body::Semaphore(raw) => std::mem::forget(raw.try_acquire(worker)),
                        Body::Futex(raw) => std::mem::forget(raw.try_acquire(worker)),
                        _ => unreachable!("not shared by processes"),
                    }
                    lock.block.acquired_shared(worker);
                }
                std::thread::scope(|scope| {
                    let lock = &lock;
                    let waiter = scope.spawn(move || {
                        let mut recorder = Recorder::new(arena, WorkerId(9), true);
                        lock.with(&mut recorder, |_| ());
                    });
                    while told(arena).waiters == 0 {
                        std::thread::yield_now();
                    }
                    sleep(Duration::from_millis(2));
                    assert!(!lock.recover(WorkerId(8)), "it held nothing");
                    assert!(!waiter.is_finished());
                    assert!(lock.recover(WorkerId(0)));
                    assert!(!lock.recover(WorkerId(0)), "only once");
                });
                let tick = told(arena);
                assert_eq!((tick.abandoned, tick.waiters, tick.owner), (1, 0, None), "{}", kind.name());
            }
        }
    }

    #[test]
    fn a_dead_waiter_is_not_counted_for_ever() {
        let (arena, lock) = lock(LockKind::Futex, 1);
        let mut recorder = Recorder::new(arena, WorkerId(4), true);
        let _never_ends = recorder.wait_begins(LOCK);
        assert_eq!(told(arena).waiters, 1);
        assert!(!lock.recover(WorkerId(5)));
        assert_eq!(told(arena).waiters, 1);
        assert!(!lock.recover(WorkerId(4)));
        arena.worker(WorkerId(4)).mark_dead(recorder.now_ns());
        assert_eq!((told(arena).waiters, told(arena).abandoned), (0, 0));
    }
}
