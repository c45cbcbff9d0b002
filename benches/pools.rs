//! Our `threads` pool, measuring, against the thread pools of the field on the same tasks; and against itself without
//! measuring. Every comparison alternates its sides in one run and gives the median ratio: this is what can be trusted on
//! a shared machine.
//!
//! `cargo bench --bench pools`
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors, as the peers do")]

mod common;

use common::{Row, Side, alternate, spin_plan};
use poolscope::doors::clock::{self, Clock};
use poolscope::pool::{self, Dispatcher, Floor};
use poolscope::telemetry::{self, Arena, Recorder};
use poolscope::wire::{LanePlan, LockId, WorkerId};
use poolscope::workload::{self, Task, Work};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

const WORKERS: usize = 2;

/// Tasks, and units of 256 mixing rounds in each: nothing, and about 10 µs.
const EMPTY: (u64, u32) = (1_000_000, 0);
const TEN_US: (u64, u32) = (100_000, 42);

fn main() {
    let mut rows = Vec::new();
    for (what, (tasks, units), floor) in [("empty tasks", EMPTY, 0.70), ("10 µs tasks", TEN_US, 0.98)] {
        let sides: Vec<Side> = vec![
            Side::new("poolscope threads, telemetry on", move || ours(tasks, units, true)),
            Side::new("crossbeam-channel, bounded, boxed closures", move || crossbeam(tasks, units, Some(1024))),
            Side::new("crossbeam-channel, unbounded, boxed closures", move || crossbeam(tasks, units, None)),
            Side::new("rusty_pool", move || rusty(tasks, units)),
            Side::new("threadpool", move || threadpool(tasks, units)),
            Side::new("rayon spawn", move || rayon_spawn(tasks, units)),
            Side::new("rayon scope", move || rayon_scope(tasks, units)),
        ];
        let measured = alternate(sides, 9);
        common::print_ns_a_task(what, tasks, &measured);
        let fastest = common::fastest(&measured[1..]);
        rows.push(Row::new(
            format!("threads, {what}, against the fastest peer ({})", fastest.name),
            common::ratio(&measured[0], fastest),
            floor,
        ));
    }
    let (tasks, units) = TEN_US;
    let on_off = alternate(
        vec![
            Side::new("telemetry on", move || ours(tasks, units, true)),
            Side::new("telemetry off", move || ours(tasks, units, false)),
        ],
        15,
    );
    common::print_ns_a_task("10 µs tasks, ours", tasks, &on_off);
    rows.push(Row::new(
        "threads, 10 µs tasks, telemetry on against off".to_string(),
        common::ratio(&on_off[0], &on_off[1]),
        0.98,
    ));
    common::print_rows(&rows);
}

/// Seconds that our pool takes.
fn ours(tasks: u64, units: u32, telemetry: bool) -> f64 {
    let plan = LanePlan { telemetry, tasks: Some(tasks), ..spin_plan(WORKERS as u32, units) };
    let clock = if telemetry { Clock::calibrated() } else { Clock::KERNEL };
    let arena = Arena::private(clock).unwrap();
    let work = workload::build(&plan, arena, LockId(0)).unwrap();
    let floor = Arc::new(Floor::new(plan, arena, None, work, (LockId(0), LockId(0))));
    let pool = pool::build(&floor).unwrap();
    let began_ns = clock::monotonic_ns();
    let _dispatcher = Dispatcher::start(Arc::clone(&floor), Arc::clone(&pool)).unwrap();
    let ended = || (0..WORKERS as u32).map(|worker| arena.worker(WorkerId(worker)).ended()).sum::<u64>();
    common::wait_for(tasks, ended);
    // Its threads sleep in their queue from here on, and take nothing from the next side.
    (clock::monotonic_ns() - began_ns) as f64 / 1e9
}

/// What a peer's tasks do: the same work, through the same object.
struct Job {
    work: Box<dyn Work>,
    arena: Arena,
    next_worker: AtomicU32,
    units: u32,
}

impl Job {
    /// Lives for the rest of the benchmark, so that a task is a reference and a number.
    fn make(units: u32) -> &'static Job {
        let plan = spin_plan(WORKERS as u32, units);
        let arena = Arena::private(Clock::KERNEL).unwrap();
        let work = workload::build(&plan, arena, LockId(0)).unwrap();
        Box::leak(Box::new(Job { work, arena, next_worker: AtomicU32::new(0), units }))
    }

    #[inline]
    fn run(&self, id: u64) {
        thread_local!(static KNOWN: Cell<bool> = const { Cell::new(false) });
        if !KNOWN.replace(true) {
            let worker = WorkerId(self.next_worker.fetch_add(1, Ordering::Relaxed));
            telemetry::leave_recorder(Recorder::new(self.arena, worker, false));
        }
        let task = Task { id, units: self.units, attempt: 0 };
        std::hint::black_box(telemetry::with_recorder(|recorder| self.work.run(task, recorder)));
    }
}

fn timed(body: impl FnOnce()) -> f64 {
    let began_ns = clock::monotonic_ns();
    body();
    (clock::monotonic_ns() - began_ns) as f64 / 1e9
}

/// The forty lines that everybody writes: a channel of boxed closures.
fn crossbeam(tasks: u64, units: u32, capacity: Option<usize>) -> f64 {
    type Boxed = Box<dyn FnOnce() + Send>;
    let (sender, receiver) = match capacity {
        Some(capacity) => crossbeam_channel::bounded::<Boxed>(capacity),
        None => crossbeam_channel::unbounded::<Boxed>(),
    };
    let job = Job::make(units);
    let worker = |receiver: crossbeam_channel::Receiver<Boxed>| {
        std::thread::spawn(move || receiver.into_iter().for_each(|task| task()))
    };
    let workers: Vec<_> = (0..WORKERS).map(|_| worker(receiver.clone())).collect();
    timed(|| {
        (0..tasks).for_each(|id| sender.send(Box::new(move || job.run(id))).unwrap());
        drop(sender);
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    })
}

fn rusty(tasks: u64, units: u32) -> f64 {
    let pool = rusty_pool::ThreadPool::new(WORKERS, WORKERS, std::time::Duration::from_secs(60));
    let job = Job::make(units);
    timed(|| {
        (0..tasks).for_each(|id| pool.execute(move || job.run(id)));
        pool.join();
    })
}

fn threadpool(tasks: u64, units: u32) -> f64 {
    let pool = threadpool::ThreadPool::new(WORKERS);
    let job = Job::make(units);
    timed(|| {
        (0..tasks).for_each(|id| pool.execute(move || job.run(id)));
        pool.join();
    })
}

fn rayon_pool() -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build().unwrap()
}

fn rayon_spawn(tasks: u64, units: u32) -> f64 {
    static LEFT: AtomicU64 = AtomicU64::new(0);
    let job = Job::make(units);
    let pool = rayon_pool();
    LEFT.store(tasks, Ordering::SeqCst);
    timed(|| {
        for id in 0..tasks {
            pool.spawn(move || {
                job.run(id);
                // rayon offers no join for spawned jobs: counted in hundreds, so that the count is no part of the comparison.
                if id % 100 == 99 {
                    LEFT.fetch_sub(100, Ordering::Release);
                }
            });
        }
        common::wait_for(tasks, || tasks - LEFT.load(Ordering::Acquire));
    })
}

fn rayon_scope(tasks: u64, units: u32) -> f64 {
    let job = Job::make(units);
    let pool = rayon_pool();
    timed(|| pool.scope(|scope| (0..tasks).for_each(|id| scope.spawn(move |_| job.run(id)))))
}
