//! What every pool stands on: the blocks, the workload, the books, and the one place where a task runs.

use crate::telemetry::{Arena, LaneClock, Recorder};
use crate::wire::{Event, LanePlan, LockId};
use crate::workload::{self, Task, Work};
use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Tasks that are handed to a worker at once: consecutive numbers, due at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The number of the first one.
    pub first: u64,
    /// How many.
    pub count: u32,
    /// How often they have been tried before.
    pub attempt: u32,
    /// When they were due, in lane time.
    pub due_ns: u64,
}

/// What every pool stands on.
pub struct Floor {
    /// The lane's plan.
    pub plan: LanePlan,
    /// Its blocks.
    pub arena: Arena,
    /// Its clock.
    pub clock: LaneClock,
    /// What tasks do.
    pub work: Arc<dyn Work>,
    /// What the blocks do not count.
    pub books: Books,
    /// What happened, besides.
    pub events: EventLog,
    /// The lock of a mutex queue.
    pub queue_lock: LockId,
    /// The first of the workload's locks.
    pub first_lock: LockId,
    /// What process workers need to share the blocks: the arena's descriptor.
    pub memory: Option<OwnedFd>,
    /// The program that its processes run; none for this very one.
    pub executable: Option<PathBuf>,
    /// Whether the lane is ending: workers give tasks back then instead of beginning them.
    pub ending: AtomicBool,
    /// What they gave back.
    pub left: Mutex<Vec<Item>>,
    /// What the dispatcher runs itself, where the queue is full and the plan says so.
    pub by_caller: Mutex<Option<Item>>,
}

impl std::fmt::Debug for Floor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Floor").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Floor {
    /// A floor on which nothing has happened yet. `memory` is the descriptor that worker processes share the blocks by;
    /// `queue_lock` is a mutex queue's lock, and `first_lock` the first of the workload's.
    pub fn new(
        plan: LanePlan,
        arena: Arena,
        memory: Option<OwnedFd>,
        work: Box<dyn Work>,
        (queue_lock, first_lock): (LockId, LockId),
    ) -> Floor {
        Floor {
            plan,
            arena,
            clock: arena.clock(),
            work: work.into(),
            books: Books::default(),
            events: EventLog::default(),
            queue_lock,
            first_lock,
            memory,
            executable: None,
            ending: AtomicBool::new(false),
            left: Mutex::default(),
            by_caller: Mutex::default(),
        }
    }

    /// The tasks of an item, one by one.
    pub fn tasks(&self, item: Item) -> impl Iterator<Item = Task> + '_ {
        (0..u64::from(item.count)).map(move |place| self.task(item.first + place, item.attempt))
    }

    fn task(&self, id: u64, attempt: u32) -> Task {
        Task { id, units: workload::units_of(self.plan.size, self.plan.seed, id), attempt }
    }

    /// What an item's tasks should make, and the sum of their receipts.
    pub fn worth(&self, item: Item) -> (u64, u64) {
        self.tasks(item).fold((0, 0), |(value, receipts): (u64, u64), task| {
            (value.wrapping_add(self.work.reference(task)), receipts.wrapping_add(workload::receipt(task.id)))
        })
    }

    /// Now, in lane time.
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// What the dispatcher has in its hands, at the gate, and has not begun.
    pub fn held_by_caller(&self) -> Option<Item> {
        let item = (*self.by_caller.lock().unwrap_or_else(PoisonError::into_inner))?;
        let held = u32::try_from(self.arena.caller().held()).ok().filter(|held| (1..=item.count).contains(held))?;
        Some(Item { first: item.first + u64::from(item.count - held), count: held, ..item })
    }
}

/// What the blocks do not count. Each counter has one writer: the dispatcher, or the process pool's hub. They have cache
/// lines of their own: the dispatcher writes them for every task, and workers read what lies beside them.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Books {
    /// Tasks that came (dispatcher).
    pub submitted: AtomicU64,
    /// Tasks turned away (dispatcher).
    pub rejected: AtomicU64,
    /// Tasks dropped (dispatcher).
    pub discarded: AtomicU64,
    /// What the tasks that were let in should make, less those dropped (dispatcher).
    pub expected: AtomicU64,
    /// The sum of their receipts (dispatcher).
    pub receipts: AtomicU64,
    /// Tasks lost with their worker (hub).
    pub lost: AtomicU64,
    /// Tasks tried again (hub).
    pub retried: AtomicU64,
    /// Tasks that a dying worker had begun: each lost or tried again (hub).
    pub interrupted: AtomicU64,
    /// What the lost tasks should have made (hub).
    pub lost_expected: AtomicU64,
    /// The sum of their receipts (hub).
    pub lost_receipts: AtomicU64,
}

/// Adds to a counter that only the caller writes.
pub(super) fn bump(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(by), Relaxed);
}

/// The most events that a frame carries.
const EVENTS_MAX: usize = 64;

/// What happened since the last frame, off every worker's path.
#[derive(Debug, Default)]
pub struct EventLog {
    events: Mutex<(Vec<Event>, u64)>,
    panic_told: AtomicBool,
    recycled: AtomicU64,
}

impl EventLog {
    /// Notes an event; counts it as dropped where there is no room.
    pub fn note(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.0.len() < EVENTS_MAX { events.0.push(event) } else { events.1 += 1 }
    }

    /// Notes that a task panicked; only the first since the last frame is told, since all are counted anyway.
    pub fn note_panic(&self, message: String) {
        if !self.panic_told.swap(true, Relaxed) {
            self.note(Event::TaskPanicked { message });
        }
    }

    /// Notes that a worker had done its share of tasks and goes.
    pub fn note_recycled(&self) {
        self.recycled.fetch_add(1, Relaxed);
    }

    /// The events since the last call, and how many found no room.
    pub fn take(&self) -> (Vec<Event>, u64) {
        self.panic_told.store(false, Relaxed);
        if let count @ 1.. = self.recycled.swap(0, Relaxed) {
            self.note(Event::WorkersRecycled { count });
        }
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = std::mem::take(&mut events.1);
        (std::mem::take(&mut events.0), dropped)
    }
}

thread_local! {
    /// Whether this thread is inside a task, whose panic is the task's failure and nobody else's business.
    static IN_TASK: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the panics of tasks off standard error; any other panic is told as ever.
pub fn quiet_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !IN_TASK.get() {
            told(info);
        }
    }));
}

/// Runs the tasks of an item, one after the other, pausing between them when asked to: the only place where a task runs.
#[inline]
pub fn run_item(item: Item, floor: &Floor, recorder: &mut Recorder) {
    run_item_as(item, floor, recorder, |task, recorder| run_task(task, floor, recorder));
}

/// The same, where a pool has a way of its own to do a task: what it made, or nothing where it failed.
#[inline]
pub(super) fn run_item_as(
    item: Item,
    floor: &Floor,
    recorder: &mut Recorder,
    mut run: impl FnMut(Task, &mut Recorder) -> Option<u64>,
) {
    for place in 0..item.count {
        // In the worker's hands and not begun, until it is: a pause right here finds every task somewhere.
        recorder.hold(u64::from(item.count - place));
        recorder.pass_gate();
        if floor.ending.load(Relaxed) {
            let rest = Item { first: item.first + u64::from(place), count: item.count - place, ..item };
            floor.left.lock().unwrap_or_else(PoisonError::into_inner).push(rest);
            recorder.hold(0);
            return;
        }
        let task = floor.task(item.first + u64::from(place), item.attempt);
        recorder.begin(task.id, item.due_ns);
        recorder.hold(u64::from(item.count - place - 1));
        let made = run(task, recorder);
        let (reference, receipt) = (floor.work.reference(task), workload::receipt(task.id));
        match made {
            Some(actual) => recorder.end(actual, reference, receipt),
            None => recorder.fail(reference, receipt),
        }
        recorder.tell_ended();
    }
}

#[inline]
fn run_task(task: Task, floor: &Floor, recorder: &mut Recorder) -> Option<u64> {
    IN_TASK.set(true);
    // A panicking task may leave the workload's shared state half changed; what that state is (relaxed atomics, locks
    // that release on unwinding) stays valid, and the failure is counted.
    let made = catch_unwind(AssertUnwindSafe(|| {
        assert!(!recorder.take_crash(), "crashed, as ordered");
        floor.work.run(task, recorder)
    }));
    IN_TASK.set(false);
    match made {
        Ok(actual) => Some(actual),
        Err(panic) => {
            floor.events.note_panic(panic_message(&*panic));
            None
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").chars().take(200).collect()
}
