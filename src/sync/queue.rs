//! The shared queue of a `threads` pool with `queue = "mutex"`: a deque behind a mutex, with a condition.
//!
//! Its depth is taken inside the mutex, where it is exact, and its mutex is one of the lane's locks. Contention is the
//! time that it takes to get the mutex, not the time that there is nothing to do: a popper asleep on the condition is
//! idle. When the condition wakes it, it gets the mutex again: that counts as an acquisition, but what it waits for the
//! mutex then happens inside the standard library and cannot be told from idling, so it never counts as contended.
//!
//! Those who look in from outside the pool (`len`, `interrupt`, `close`, `drain`) take the mutex without being counted.

use crate::telemetry::{Arena, LaneClock, LockBlock, Recorder};
use crate::wire::LockId;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// What a popper gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Popped<T> {
    /// The oldest item.
    Item(T),
    /// No item, but a reason to look around: see [`LockedQueue::interrupt`].
    Interrupted,
    /// No item, and none will come.
    Closed,
}

/// The queue. An item has a weight (the tasks in a chunk); depth and capacity are in weights.
#[derive(Debug)]
pub struct LockedQueue<T> {
    inner: Mutex<Inner<T>>,
    /// There is an item, an interruption or the end.
    news: Condvar,
    /// There is room, or the end.
    room: Condvar,
    lock: LockId,
    block: &'static LockBlock,
    arena: Arena,
    clock: LaneClock,
    capacity: Option<u64>,
}

#[derive(Debug)]
struct Inner<T> {
    items: VecDeque<(T, u64)>,
    depth: u64,
    is_closed: bool,
    /// Times that `interrupt` was called, and how many of them each popper has been told: a call that comes between a
    /// popper's last look at the world and its `pop` is not lost.
    interrupts: u64,
    told: Vec<u64>,
    /// Sleepers on either condition: waking nobody would still cost a system call.
    sleeping_poppers: u32,
    sleeping_pushers: u32,
}

/// The mutex, held by a recorder's worker.
struct Held<'q, T> {
    inner: MutexGuard<'q, Inner<T>>,
    since_ns: Option<u64>,
}

impl<T> LockedQueue<T> {
    /// An empty queue whose mutex is the lock `lock`, with room for so much weight: none for no bound, 0 taken as 1.
    pub fn new(lock: LockId, arena: Arena, capacity: Option<u64>) -> LockedQueue<T> {
        let inner = Inner {
            items: VecDeque::new(),
            depth: 0,
            is_closed: false,
            interrupts: 0,
            told: Vec::new(),
            sleeping_poppers: 0,
            sleeping_pushers: 0,
        };
        LockedQueue {
            inner: Mutex::new(inner),
            news: Condvar::new(),
            room: Condvar::new(),
            lock,
            block: arena.lock(lock),
            arena,
            clock: arena.clock(),
            capacity: capacity.map(|capacity| capacity.max(1)),
        }
    }

    /// Adds an item at the end.
    ///
    /// # Errors
    /// The item, where there is no room for it, or the queue is closed. An item that is heavier than the whole capacity
    /// finds room in an empty queue.
    pub fn try_push(&self, item: T, weight: u64, recorder: &mut Recorder) -> Result<(), T> {
        let held = self.enter(recorder);
        if held.inner.is_closed || !self.has_room(&held.inner, weight) {
            self.leave(held);
            return Err(item);
        }
        self.admit(held, item, weight);
        Ok(())
    }

    /// Adds an item at the end, waiting up to `timeout` for room.
    ///
    /// # Errors
    /// The item, where there was no room in all that time, or the queue is closed.
    pub fn push_wait(&self, item: T, weight: u64, recorder: &mut Recorder, timeout: Duration) -> Result<(), T> {
        let mut held = self.enter(recorder);
        let deadline_ns = self.clock.now_ns().saturating_add(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
        loop {
            if !held.inner.is_closed && self.has_room(&held.inner, weight) {
                self.admit(held, item, weight);
                return Ok(());
            }
            let left_ns = deadline_ns.saturating_sub(self.clock.now_ns());
            if held.inner.is_closed || left_ns == 0 {
                self.leave(held);
                return Err(item);
            }
            held.inner.sleeping_pushers += 1;
            held = self.sleep(held, recorder, |inner| {
                let woken = self.room.wait_timeout(inner, Duration::from_nanos(left_ns));
                woken.unwrap_or_else(PoisonError::into_inner).0
            });
            held.inner.sleeping_pushers -= 1;
        }
    }

    /// Takes the oldest item, waiting until there is one.
    pub fn pop(&self, recorder: &mut Recorder) -> Popped<T> {
        let mut held = self.enter(recorder);
        loop {
            if let Some((item, weight)) = held.inner.items.pop_front() {
                self.dismiss(held, weight);
                return Popped::Item(item);
            }
            let interrupts = held.inner.interrupts;
            let verdict = if held.inner.is_closed {
                Some(Popped::Closed)
            } else {
                let told = held.inner.told(recorder);
                (std::mem::replace(told, interrupts) != interrupts).then_some(Popped::Interrupted)
            };
            if let Some(verdict) = verdict {
                self.leave(held);
                return verdict;
            }
            held.inner.sleeping_poppers += 1;
            held = self.sleep(held, recorder, |inner| self.news.wait(inner).unwrap_or_else(PoisonError::into_inner));
            held.inner.sleeping_poppers -= 1;
        }
    }

    /// Takes the oldest item if there is one.
    pub fn try_pop(&self, recorder: &mut Recorder) -> Option<T> {
        let mut held = self.enter(recorder);
        match held.inner.items.pop_front() {
            Some((item, weight)) => {
                self.dismiss(held, weight);
                Some(item)
            }
            None => {
                self.leave(held);
                None
            }
        }
    }

    /// The weight of all items.
    pub fn len(&self) -> u64 {
        self.look().depth
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.look().items.is_empty()
    }

    /// Wakes every popper; one that gets no item returns [`Popped::Interrupted`], once for all calls that it has not been
    /// told of. A popper that comes later is told too, if it finds no item, so that no order is overlooked: it may be told
    /// in vain.
    pub fn interrupt(&self) {
        self.look().interrupts += 1;
        self.news.notify_all();
    }

    /// Lets nothing in any more. Poppers get what is left, then [`Popped::Closed`].
    pub fn close(&self) {
        self.look().is_closed = true;
        self.news.notify_all();
        self.room.notify_all();
    }

    /// Takes everything, oldest first.
    pub fn drain(&self) -> Vec<T> {
        let mut inner = self.look();
        let items = inner.items.drain(..).map(|(item, _)| item).collect();
        inner.depth = 0;
        self.arena.queue().set_depth(0, self.clock.now_ns());
        drop(inner);
        self.room.notify_all();
        items
    }

    fn has_room(&self, inner: &Inner<T>, weight: u64) -> bool {
        let fits = |capacity: u64| inner.depth.saturating_add(weight) <= capacity || inner.items.is_empty();
        self.capacity.is_none_or(fits)
    }

    fn admit(&self, mut held: Held<'_, T>, item: T, weight: u64) {
        let inner = &mut *held.inner;
        inner.items.push_back((item, weight));
        inner.depth = inner.depth.saturating_add(weight);
        self.arena.queue().set_depth(inner.depth, self.clock.now_ns());
        let somebody_sleeps = inner.sleeping_poppers > 0;
        self.leave(held);
        // After the release: whoever wakes finds the mutex free. Woken for nothing if another popper was faster; never
        // asleep for nothing, since every item wakes one.
        if somebody_sleeps {
            self.news.notify_one();
        }
    }

    fn dismiss(&self, mut held: Held<'_, T>, weight: u64) {
        let inner = &mut *held.inner;
        inner.depth = inner.depth.saturating_sub(weight);
        self.arena.queue().set_depth(inner.depth, self.clock.now_ns());
        let somebody_sleeps = inner.sleeping_pushers > 0;
        self.leave(held);
        // All: one heavy item's room may do for several light ones, and the first in line may be too heavy for it.
        if somebody_sleeps {
            self.room.notify_all();
        }
    }

    fn enter<'q>(&'q self, recorder: &mut Recorder) -> Held<'q, T> {
        let (inner, wait_ns) = match self.inner.try_lock() {
            Ok(inner) => (inner, None),
            Err(TryLockError::Poisoned(inner)) => (inner.into_inner(), None),
            Err(TryLockError::WouldBlock) => {
                let watch = recorder.wait_begins(self.lock);
                let inner = self.look();
                (inner, Some(recorder.wait_ends(watch)))
            }
        };
        let held = self.entered(inner, recorder);
        if let Some(wait_ns) = wait_ns {
            self.block.waited(wait_ns);
        }
        held
    }

    fn entered<'q>(&self, inner: MutexGuard<'q, Inner<T>>, recorder: &Recorder) -> Held<'q, T> {
        let is_timed = self.block.acquired(recorder.id());
        Held { inner, since_ns: is_timed.then(|| self.clock.now_ns()) }
    }

    fn leave(&self, held: Held<'_, T>) {
        self.releasing(&held);
    }

    fn releasing(&self, held: &Held<'_, T>) {
        self.block.releasing(held.since_ns.map(|since_ns| self.clock.now_ns().saturating_sub(since_ns)));
    }

    fn sleep<'q>(
        &self,
        held: Held<'q, T>,
        recorder: &Recorder,
        wait: impl FnOnce(MutexGuard<'q, Inner<T>>) -> MutexGuard<'q, Inner<T>>,
    ) -> Held<'q, T> {
        self.releasing(&held);
        self.entered(wait(held.inner), recorder)
    }

    /// The mutex, taken by somebody who is not counted.
    fn look(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Inner<T> {
    /// How many interruptions the recorder's worker has been told of. The caller, whose number is beyond all workers',
    /// shares the last place.
    fn told(&mut self, recorder: &Recorder) -> &mut u64 {
        let place = (recorder.id().0 as usize).min(crate::telemetry::SLOTS_MAX);
        if self.told.len() <= place {
            self.told.resize(place + 1, 0);
        }
        &mut self.told[place]
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
mod tests {
    use super::*;
    use crate::telemetry::Sampler;
    use crate::wire::{WorkerId, WorkerState};
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering::Relaxed;

    const LOCK: LockId = LockId(0);

    fn queue(capacity: Option<u64>) -> (Arena, LockedQueue<u64>) {
        let arena = Arena::private(crate::doors::clock::Clock::calibrated()).unwrap();
        (arena, LockedQueue::new(LOCK, arena, capacity))
    }

    #[test]
    fn nothing_is_lost_or_doubled_between_producers_and_consumers() {
        for capacity in [None, Some(0), Some(7)] {
            let (arena, queue) = queue(capacity);
            let (taken, sum) = (AtomicU64::new(0), AtomicU64::new(0));
            let each = 3000u64;
            std::thread::scope(|scope| {
                let consumers: Vec<_> = (0..3)
                    .map(|worker| {
                        let (queue, taken, sum) = (&queue, &taken, &sum);
                        scope.spawn(move || {
                            let mut recorder = Recorder::new(arena, WorkerId(worker), true);
                            loop {
                                match queue.pop(&mut recorder) {
                                    Popped::Item(item) => {
                                        taken.fetch_add(1, Relaxed);
                                        sum.fetch_add(item, Relaxed);
                                    }
                                    Popped::Interrupted => {}
                                    Popped::Closed => break,
                                }
                            }
                        })
                    })
                    .collect();
                let producers: Vec<_> = (0..3u64)
                    .map(|producer| {
                        let queue = &queue;
                        scope.spawn(move || {
                            let mut recorder = Recorder::new(arena, WorkerId(10 + producer as u32), true);
                            for number in 0..each {
                                let item = producer * each + number;
                                if number % 100 == 0 {
                                    queue.interrupt();
                                }
                                if number % 2 == 0 {
                                    queue
                                        .push_wait(item, 1 + item % 3, &mut recorder, Duration::from_secs(60))
                                        .unwrap();
                                } else {
                                    while queue.try_push(item, 1, &mut recorder).is_err() {
                                        std::thread::yield_now();
                                    }
                                }
                            }
                        })
                    })
                    .collect();
                producers.into_iter().for_each(|producer| producer.join().unwrap());
                queue.close();
                consumers.into_iter().for_each(|consumer| consumer.join().unwrap());
            });
            let total = 3 * each;
            assert_eq!((taken.load(Relaxed), sum.load(Relaxed)), (total, total * (total - 1) / 2), "{capacity:?}");
            assert_eq!(queue.len(), 0);
            let mut sampler = Sampler::new(arena, 1);
            assert_eq!(sampler.queue(arena.clock().now_ns()).depth, 0);
            let tick = sampler.lock(LOCK);
            assert!(tick.acquired >= 2 * total && tick.waiters == 0 && tick.owner.is_none());
            assert!(tick.contended <= tick.acquired);
        }
    }

    #[test]
    fn capacity_counts_weights_and_zero_counts_as_one() {
        let (arena, zero) = queue(Some(0));
        let mut recorder = Recorder::for_caller(arena, true);
        assert_eq!(zero.try_push(1, 5, &mut recorder), Ok(()), "too heavy for any queue: into an empty one");
        assert_eq!(zero.try_push(2, 1, &mut recorder), Err(2));
        assert_eq!(zero.push_wait(3, 1, &mut recorder, Duration::from_millis(5)), Err(3));
        assert_eq!((zero.len(), zero.try_pop(&mut recorder), zero.try_pop(&mut recorder)), (5, Some(1), None));
        let five = LockedQueue::new(LOCK, arena, Some(5));
        assert_eq!((five.try_push(1, 3, &mut recorder), five.try_push(2, 2, &mut recorder)), (Ok(()), Ok(())));
        assert_eq!((five.try_push(3, 1, &mut recorder), five.len()), (Err(3), 5));
        assert_eq!((five.drain(), five.len(), five.is_empty()), (vec![1, 2], 0, true));
        five.close();
        assert_eq!(five.try_push(4, 1, &mut recorder), Err(4));
        assert_eq!(five.pop(&mut recorder), Popped::Closed);
    }

    #[test]
    fn every_acquisition_is_counted() {
        let (arena, queue) = queue(None);
        let mut recorder = Recorder::new(arena, WorkerId(0), true);
        for item in 0..100 {
            queue.try_push(item, 1, &mut recorder).unwrap();
        }
        (0..100).for_each(|item| assert_eq!(queue.pop(&mut recorder), Popped::Item(item)));
        let tick = Sampler::new(arena, 1).lock(LOCK);
        assert_eq!((tick.acquired, tick.contended, tick.owner), (200, 0, None));
    }

    #[test]
    fn interruptions_reach_sleepers_and_late_comers_once() {
        let (arena, queue) = queue(None);
        std::thread::scope(|scope| {
            let sleepers: Vec<_> = (0..3)
                .map(|worker| {
                    let queue = &queue;
                    scope.spawn(move || queue.pop(&mut Recorder::new(arena, WorkerId(worker), true)))
                })
                .collect();
            while queue.look().sleeping_poppers < 3 {
                std::thread::yield_now();
            }
            let sample = Sampler::new(arena, 1).worker(WorkerId(0), arena.clock().now_ns());
            assert_eq!((sample.state, sample.lock), (WorkerState::Idle, None), "nothing to do is not contention");
            queue.interrupt();
            for sleeper in sleepers {
                assert_eq!(sleeper.join().unwrap(), Popped::Interrupted);
            }
        });
        let mut late = Recorder::new(arena, WorkerId(7), true);
        queue.try_push(1, 1, &mut late).unwrap();
        assert_eq!(queue.pop(&mut late), Popped::Item(1), "an item comes first");
        assert_eq!(queue.pop(&mut late), Popped::Interrupted);
        queue.close();
        assert_eq!(queue.pop(&mut late), Popped::Closed, "told once");
    }
}
