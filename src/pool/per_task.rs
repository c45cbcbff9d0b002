//! A thread for each task, with a cap on how many live at a time.
//!
//! One thread, the starter, takes items from the shared queue and starts a thread for each; where the cap is reached, or
//! the system gives no thread, it waits for one to end. A slot is used again by the next thread, so a worker's row on the
//! screen is a place for threads, not one thread.

use super::Pool;
use super::channel::{Found, SharedQueue};
use super::floor::{Floor, Item, run_item};
use super::threads::{free_slot, settle_in};
use crate::doors::{clock, threads};
use crate::telemetry::{Life, Recorder, SLOTS_MAX};
use crate::wire::{Event, WORKERS_MAX, WorkerId};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The pool.
pub(super) struct PerTaskPool {
    shared: Arc<Shared>,
}

struct Shared {
    floor: Arc<Floor>,
    queue: SharedQueue,
    /// The most threads that may live at a time.
    cap: AtomicU32,
    living: Mutex<u32>,
    one_ended: Condvar,
    slots: AtomicUsize,
    /// Tasks that the starter has taken and no thread has yet.
    in_hand: AtomicU64,
}

/// The starter's own block: the one before the last, out of every worker's way.
const STARTER: WorkerId = WorkerId(SLOTS_MAX as u32 - 2);

impl PerTaskPool {
    pub(super) fn start(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
        let shared = Arc::new(Shared {
            floor: Arc::clone(floor),
            queue: SharedQueue::new(floor),
            cap: AtomicU32::new(floor.plan.workers),
            living: Mutex::new(0),
            one_ended: Condvar::new(),
            slots: AtomicUsize::new(0),
            in_hand: AtomicU64::new(0),
        });
        let starter = Arc::clone(&shared);
        threads::spawn("starter", move || start_threads(&starter))?.detach();
        Ok(Arc::new(PerTaskPool { shared }))
    }
}

fn start_threads(shared: &Arc<Shared>) {
    let mut recorder = Recorder::new(shared.floor.arena, STARTER, false);
    loop {
        if let Found::Item(item) = shared.queue.pop(&mut recorder) {
            shared.in_hand.store(u64::from(item.count), Ordering::Relaxed);
            recorder.pass_gate();
            start_thread(shared, item);
        }
    }
}

fn start_thread(shared: &Arc<Shared>, item: Item) {
    loop {
        let living = shared.wait_for_place();
        let id = free_slot(&shared.floor, &shared.slots);
        let block = shared.floor.arena.worker(id);
        block.set_life(Life::Starting);
        let theirs = Arc::clone(shared);
        let started = threads::spawn_worker(&format!("task {}", item.first), move || {
            settle_in(&theirs.floor.plan, id);
            let mut recorder = Recorder::new(theirs.floor.arena, id, theirs.floor.plan.telemetry);
            recorder.hold(u64::from(item.count));
            theirs.in_hand.store(0, Ordering::Release);
            run_item(item, &theirs.floor, &mut recorder);
            recorder.close();
            theirs.leave();
        });
        match started {
            Ok(thread) => {
                thread.detach();
                // Until the thread has the item in its own hands, it counts as in ours.
                while shared.in_hand.load(Ordering::Acquire) != 0 {
                    std::thread::yield_now();
                }
                return;
            }
            Err(error) => {
                block.set_life(Life::Ended);
                shared.leave();
                let (what, why) = ("threads".to_string(), error.to_string());
                shared.floor.events.note(Event::SpawnFailed { what, why, workers: living - 1 });
                clock::sleep(Duration::from_millis(10));
            }
        }
    }
}

impl Shared {
    /// Waits until fewer threads live than may, and counts one more; says how many then live.
    fn wait_for_place(&self) -> u32 {
        let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        while *living >= self.cap.load(Ordering::Relaxed) {
            living = self.one_ended.wait(living).unwrap_or_else(PoisonError::into_inner);
        }
        *living += 1;
        *living
    }

    fn leave(&self) {
        *self.living.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.one_ended.notify_one();
    }
}

impl Pool for PerTaskPool {
    fn submit(&self, item: Item, recorder: &mut Recorder) -> Result<(), Item> {
        self.shared.queue.push(item, recorder)
    }

    fn submit_wait(&self, item: Item, patience: Duration, recorder: &mut Recorder) -> Result<(), Item> {
        self.shared.queue.push_wait(item, patience, recorder)
    }

    fn take_oldest(&self, recorder: &mut Recorder) -> Option<Item> {
        self.shared.queue.try_pop(recorder)
    }

    fn queued(&self) -> u64 {
        self.shared.queue.depth() + self.shared.in_hand.load(Ordering::Relaxed)
    }

    fn drain(&self) -> Vec<Item> {
        self.shared.queue.drain(&self.shared.floor)
    }

    fn slots(&self) -> usize {
        self.shared.slots.load(Ordering::Relaxed)
    }

    fn resize(&self, workers: u32) -> Result<(), String> {
        if !(1..=WORKERS_MAX).contains(&workers) {
            return Err(format!("a lane has 1 to {WORKERS_MAX} workers"));
        }
        self.shared.cap.store(workers, Ordering::Relaxed);
        self.shared.one_ended.notify_one();
        Ok(())
    }
}
