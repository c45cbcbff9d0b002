//! Work stealing, by rayon.
//!
//! rayon cannot change its number of threads, so a resize builds a second pool that takes all tasks from then on, while
//! the first one drains and ends by itself (a rayon pool ends once it is dropped and its last job has run).
//!
//! rayon shows no queue length. `waiting` is counted by us, for each of these crews, up when an item is spawned and down when it begins: a figure
//! derived, not witnessed.

use super::Pool;
use super::floor::{Floor, Item, run_item};
use super::threads::{free_slot, nursery, settle_in};
use crate::doors::clock;
use crate::doors::faults::{self, Want};
use crate::telemetry::{self, Life, Recorder};
use crate::wire::{Event, WORKERS_MAX, WorkerId};
use std::cell::RefCell;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The pool.
pub(super) struct StealingPool {
    shared: Arc<Shared>,
    current: Mutex<(rayon::ThreadPool, Arc<Crew>)>,
}

struct Shared {
    floor: Arc<Floor>,
    slots: AtomicUsize,
    /// The crew that takes all tasks, last, and those before it that may still have some.
    crews: Mutex<Vec<Arc<Crew>>>,
}

/// The workers of one rayon pool, among whom its tasks stay.
struct Crew {
    ids: Vec<WorkerId>,
    /// Tasks spawned and not begun.
    waiting: AtomicU64,
}

thread_local! {
    /// Items that this thread took up inside another task, while that waited in a join: they come after it.
    static AFTERWARDS: RefCell<Vec<Item>> = const { RefCell::new(Vec::new()) };
}

impl StealingPool {
    pub(super) fn start(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
        let shared = Arc::new(Shared { floor: Arc::clone(floor), slots: AtomicUsize::new(0), crews: Mutex::default() });
        let current = match build(&shared, floor.plan.workers) {
            Ok(pool) => pool,
            // rayon starts all threads or none: half as many, and half of that, is what the system may still give.
            Err(error) => fewer(&shared, floor.plan.workers, &error).ok_or(error)?,
        };
        Ok(Arc::new(StealingPool { shared, current: Mutex::new(current) }))
    }

    fn spawn(&self, item: Item) {
        let shared = Arc::clone(&self.shared);
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let crew = Arc::clone(&current.1);
        crew.waiting.fetch_add(u64::from(item.count), Ordering::Relaxed);
        current.0.spawn(move || shared.run(item, &crew));
    }

    fn has_room(&self, item: Item) -> bool {
        let waiting = self.queued();
        self.shared
            .floor
            .plan
            .capacity
            .is_none_or(|capacity| waiting + u64::from(item.count) <= capacity.max(1) || waiting == 0)
    }
}

fn fewer(shared: &Arc<Shared>, wanted: u32, error: &io::Error) -> Option<(rayon::ThreadPool, Arc<Crew>)> {
    let mut workers = wanted / 2;
    while workers > 0 {
        if let Ok(pool) = build(shared, workers) {
            let (what, why) = ("threads".to_string(), error.to_string());
            shared.floor.events.note(Event::SpawnFailed { what, why, workers });
            return Some(pool);
        }
        workers /= 2;
    }
    None
}

fn build(shared: &Arc<Shared>, workers: u32) -> io::Result<(rayon::ThreadPool, Arc<Crew>)> {
    // rayon's threads come through its own door; ours is asked first, so that a test can refuse them too.
    faults::check_all(Want::Thread, u64::from(workers))?;
    let ids: Vec<WorkerId> = (0..workers)
        .map(|_| {
            let id = free_slot(&shared.floor, &shared.slots);
            shared.floor.arena.worker(id).set_life(Life::Starting);
            id
        })
        .collect();
    let crew = Arc::new(Crew { ids, waiting: AtomicU64::new(0) });
    let (crew_in, crew_out) = (Arc::clone(&crew), Arc::clone(&crew));
    let (shared_in, shared_out) = (Arc::clone(shared), Arc::clone(shared));
    let built = nursery(&shared.floor, move || {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(workers as usize);
        let builder = builder.thread_name(|index| format!("rayon {index}"));
        let builder = builder.start_handler(move |index| {
            let floor = &shared_in.floor;
            settle_in(&floor.plan, crew_in.ids[index]);
            telemetry::leave_recorder(Recorder::new(floor.arena, crew_in.ids[index], floor.plan.telemetry));
        });
        let builder = builder.exit_handler(move |index| {
            // Closing a block twice (here, and where the thread never came to be) does no harm.
            if let Some(recorder) = telemetry::take_recorder() {
                recorder.close();
            }
            shared_out.floor.arena.worker(crew_out.ids[index]).set_life(Life::Ended);
        });
        builder.build().map_err(io::Error::other)
    });
    if built.is_err() {
        crew.ids.iter().for_each(|&id| shared.floor.arena.worker(id).set_life(Life::Ended));
    }
    let pool = built?;
    let mut crews = shared.crews();
    crews.retain(|crew| crew.waiting() > 0);
    crews.push(Arc::clone(&crew));
    Ok((pool, crew))
}

impl Crew {
    fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn crews(&self) -> MutexGuard<'_, Vec<Arc<Crew>>> {
        self.crews.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, item: Item, crew: &Crew) {
        // rayon may run one task inside another, which would then wait for the inner one, and count its time.
        if telemetry::with_recorder(|recorder| self.begin(item, crew, recorder)).is_none() {
            AFTERWARDS.with_borrow_mut(|items| items.push(item));
            return;
        }
        while let Some(item) = AFTERWARDS.with_borrow_mut(Vec::pop) {
            telemetry::with_recorder(|recorder| self.begin(item, crew, recorder));
        }
    }

    fn begin(&self, item: Item, crew: &Crew, recorder: &mut Recorder) {
        // In the worker's hands before it leaves the queue's count: seen twice for a moment, never not at all.
        recorder.hold(u64::from(item.count));
        crew.waiting.fetch_sub(u64::from(item.count), Ordering::Release);
        run_item(item, &self.floor, recorder);
    }
}

impl Pool for StealingPool {
    fn submit(&self, item: Item, _recorder: &mut Recorder) -> Result<(), Item> {
        if !self.has_room(item) {
            return Err(item);
        }
        self.spawn(item);
        Ok(())
    }

    fn submit_wait(&self, item: Item, patience: Duration, recorder: &mut Recorder) -> Result<(), Item> {
        // rayon tells nobody when a job begins, so there is nothing to sleep on: look again every 100 µs.
        let deadline_ns = clock::monotonic_ns() + patience.as_nanos() as u64;
        while !self.has_room(item) {
            if clock::monotonic_ns() >= deadline_ns {
                return Err(item);
            }
            clock::sleep(Duration::from_micros(100));
        }
        self.submit(item, recorder)
    }

    fn take_oldest(&self, _recorder: &mut Recorder) -> Option<Item> {
        None
    }

    fn queued(&self) -> u64 {
        self.shared.crews().iter().map(|crew| crew.waiting()).sum()
    }

    fn may_come_to(&self, worker: WorkerId) -> u64 {
        // After a resize: what waits for the old crew comes to none of the new one.
        let crews = self.shared.crews();
        crews.iter().rfind(|crew| crew.ids.contains(&worker)).map_or(0, |crew| crew.waiting())
    }

    fn slots(&self) -> usize {
        self.shared.slots.load(Ordering::Relaxed)
    }

    fn resize(&self, workers: u32) -> Result<(), String> {
        if !(1..=WORKERS_MAX).contains(&workers) {
            return Err(format!("a lane has 1 to {WORKERS_MAX} workers"));
        }
        let successor = build(&self.shared, workers).map_err(|error| format!("no more threads: {error}"))?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Dropped here: it drains by itself.
        *current = successor;
        Ok(())
    }
}
