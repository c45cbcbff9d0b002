//! Threads on one shared queue: the pool that everybody writes first. With one worker it is the baseline.
//!
//! Growing starts threads. Shrinking asks so many threads to leave: each thread looks at the number of leavers after
//! every item, and those that sleep in the queue are nudged awake. Nobody leaves with a task in hand, so none is lost or
//! done twice.

use super::Pool;
use super::channel::{Found, SharedQueue};
use super::floor::{Floor, Item, run_item};
use crate::doors::threads;
use crate::system;
use crate::telemetry::{Life, Recorder};
use crate::wire::{Event, LanePlan, WORKERS_MAX, WorkerId};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The pool.
pub(super) struct ThreadPool {
    shared: Arc<Shared>,
    /// Held while the number of workers changes.
    workers: Mutex<u32>,
}

struct Shared {
    floor: Arc<Floor>,
    queue: SharedQueue,
    /// Workers that are still to leave.
    leavers: AtomicU32,
    slots: AtomicUsize,
}

impl ThreadPool {
    pub(super) fn start(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
        let shared = Arc::new(Shared {
            floor: Arc::clone(floor),
            queue: SharedQueue::new(floor),
            leavers: AtomicU32::new(0),
            slots: AtomicUsize::new(0),
        });
        let pool = ThreadPool { shared, workers: Mutex::new(0) };
        let made = pool.grow(floor.plan.workers);
        *pool.workers.lock().unwrap_or_else(PoisonError::into_inner) = made?;
        Ok(Arc::new(pool))
    }

    /// Starts `count` workers, or as many as the system gives; an error only where it gives none.
    fn grow(&self, count: u32) -> io::Result<u32> {
        let shared = Arc::clone(&self.shared);
        nursery(&self.shared.floor, move || {
            for made in 0..count {
                if let Err(error) = start_worker(&shared) {
                    let (what, why) = ("threads".to_string(), error.to_string());
                    shared.floor.events.note(Event::SpawnFailed { what, why, workers: made });
                    return if made == 0 { Err(error) } else { Ok(made) };
                }
            }
            Ok(count)
        })
    }
}

fn start_worker(shared: &Arc<Shared>) -> io::Result<()> {
    let id = free_slot(&shared.floor, &shared.slots);
    let block = shared.floor.arena.worker(id);
    block.set_life(Life::Starting);
    let theirs = Arc::clone(shared);
    match threads::spawn_worker(&format!("worker {id}"), move || work(&theirs, id)) {
        // Ends with the process, or when it is asked to leave.
        Ok(thread) => thread.detach(),
        Err(error) => {
            block.set_life(Life::Ended);
            return Err(error);
        }
    }
    Ok(())
}

/// The first slot that nobody has, marked as taken into use.
pub(super) fn free_slot(floor: &Floor, slots: &AtomicUsize) -> WorkerId {
    let used = slots.load(Ordering::Relaxed);
    let free =
        (0..used as u32).map(WorkerId).find(|&id| matches!(floor.arena.worker(id).life(), Life::Free | Life::Ended));
    free.unwrap_or_else(|| {
        slots.store(used + 1, Ordering::Relaxed);
        WorkerId(used as u32)
    })
}

/// A lane of more workers than this is a crowd.
const CROWD: u32 = 128;

/// The nice value of a crowd's workers. The kernel divides a lane's time by weight: a thousand workers at +5 leave the
/// lane's reporter, one thread at 0, too little to look at all of them in time.
const CROWD_NICE: i32 = 19;

/// Yields to others as planned. A thread hands its nice value on to threads that it starts.
fn be_nice(plan: &LanePlan) {
    let nice = if plan.workers > CROWD { plan.nice.max(CROWD_NICE) } else { plan.nice };
    // A wish: without it the lane is less polite, but right.
    let _ = system::set_nice(nice);
}

/// Has `make` start threads from a thread that is as nice as they are to be. If each had to see to that itself, a thousand
/// of them would first fight for their cores with the lane's own threads.
pub(super) fn nursery<T: Send + 'static>(
    floor: &Arc<Floor>,
    make: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (told, made) = crossbeam_channel::bounded(1);
    let floor = Arc::clone(floor);
    let _thread = threads::spawn("nursery", move || {
        be_nice(&floor.plan);
        // Whoever asked waits right here.
        let _ = told.send(make());
    })?;
    made.recv().map_err(|_| io::Error::other("the nursery ended early"))?
}

/// What a worker does before its first task: yields to others as planned, and keeps to its cores.
pub(super) fn settle_in(plan: &LanePlan, id: WorkerId) {
    be_nice(plan);
    to_core(plan, id);
}

/// Keeps the calling thread to the worker's core, where each has one of its own.
pub(super) fn to_core(plan: &LanePlan, id: WorkerId) {
    // A wish too: without it the lane is less steady.
    if plan.pin {
        let cores = if plan.cores.is_empty() { system::machine().core_ids } else { plan.cores.clone() };
        if let Some(&core) = cores.get(id.0 as usize % cores.len().max(1)) {
            let _ = system::pin(&[core]);
        }
    }
}

fn work(shared: &Shared, id: WorkerId) {
    settle_in(&shared.floor.plan, id);
    let mut recorder = Recorder::new(shared.floor.arena, id, shared.floor.plan.telemetry);
    loop {
        if let Found::Item(item) = shared.queue.pop(&mut recorder) {
            run_item(item, &shared.floor, &mut recorder);
        }
        if shared.leavers.load(Ordering::Relaxed) > 0 && take_one(&shared.leavers) {
            recorder.close();
            return;
        }
    }
}

/// Takes one off a number, unless it is 0.
pub(super) fn take_one(number: &AtomicU32) -> bool {
    number.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

impl Pool for ThreadPool {
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
        self.shared.queue.depth()
    }

    fn is_witnessed(&self) -> bool {
        self.shared.queue.is_witnessed()
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
        let mut now = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if workers > *now {
            // Those who were asked to leave and have not may stay.
            while *now < workers && take_one(&self.shared.leavers) {
                *now += 1;
            }
            *now += self.grow(workers - *now).map_err(|error| format!("no more threads: {error}"))?;
        } else {
            let leaving = *now - workers;
            self.shared.leavers.fetch_add(leaving, Ordering::Relaxed);
            self.shared.queue.nudge(leaving as usize);
            *now = workers;
        }
        Ok(())
    }
}
