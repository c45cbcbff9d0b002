//! What holds of every workload.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use super::*;
use crate::doors::clock::Clock;
use crate::wire::{Arrivals, CrashWay, LaneId, OnDeath, QueueHow, Size, Start, Transport, WhenFull, WorkerId};
use proptest::prelude::*;
use std::sync::OnceLock;

const FIRST_LOCK: LockId = LockId(2);

fn arena() -> Arena {
    Arena::private(Clock::calibrated()).unwrap()
}

fn plan(workload: WorkloadPlan) -> LanePlan {
    LanePlan {
        id: LaneId(1),
        name: "one".to_string(),
        pool: PoolPlan::Threads { queue: QueueHow::Mutex },
        workers: 2,
        capacity: None,
        when_full: WhenFull::Block,
        arrivals: Arrivals::Closed { outstanding: 4 },
        chunk: 1,
        workload,
        size: Size::Constant { units: 10 },
        on_death: OnDeath::Lose,
        tasks: None,
        cores: Vec::new(),
        pin: false,
        nice: 0,
        telemetry: true,
        seed: 9,
    }
}

fn processes() -> PoolPlan {
    PoolPlan::Processes {
        transport: Transport::Pipe,
        start: Start::Spawn,
        max_tasks_per_worker: None,
        in_flight: 1,
        payload_bytes: 0,
    }
}

/// Each workload, and the most units that a test can wait for.
fn all() -> Vec<(WorkloadPlan, u32)> {
    let section = |lock, permits, sleep| WorkloadPlan::CriticalSection { share: 0.3, lock, permits, sleep };
    let counter = |way| WorkloadPlan::Counter { way, lock: LockKind::Std, padded: true };
    vec![
        (WorkloadPlan::Primes, 150),
        (WorkloadPlan::Mandelbrot, 150),
        (WorkloadPlan::Hash { payload_bytes: 5000 }, 40),
        (WorkloadPlan::Hash { payload_bytes: 0 }, 40),
        (WorkloadPlan::Matrix { side: 17 }, 40),
        (WorkloadPlan::Fib { n: 15 }, 20),
        (WorkloadPlan::Spin, 3000),
        (WorkloadPlan::Stream { array_bytes: 1 << 20 }, 100),
        (WorkloadPlan::Stream { array_bytes: 0 }, 10),
        (WorkloadPlan::PointerChase { array_bytes: 3 << 20 }, 2500),
        (WorkloadPlan::Allocate { block_bytes: 10_000 }, 50),
        (WorkloadPlan::Allocate { block_bytes: 0 }, 50),
        (WorkloadPlan::Sleep, 5),
        (WorkloadPlan::File, 40),
        (WorkloadPlan::Loopback, 20),
        (counter(CounterWay::Racy), 100),
        (counter(CounterWay::Atomic), 100),
        (counter(CounterWay::Locked), 100),
        (counter(CounterWay::Sharded), 100),
        (counter(CounterWay::PerWorker), 100),
        (section(LockKind::Std, 1, false), 1000),
        (section(LockKind::Semaphore, 3, false), 1000),
        (section(LockKind::Futex, 1, true), 5),
        (WorkloadPlan::Crash { way: CrashWay::Panic, probability: 0.0 }, 1000),
        (WorkloadPlan::Leak { bytes: 5000 }, 100),
    ]
}

#[test]
fn the_table_names_every_workload_once() {
    let mut names: Vec<&str> = all().iter().map(|(workload, _)| workload.name()).collect();
    names.dedup();
    assert_eq!(names, TABLE.map(|entry| entry.name));
}

/// A workload that is set up, in an arena of its own: two would take the same scratch words.
struct Built {
    workload: WorkloadPlan,
    units_max: u32,
    arena: Arena,
    work: Box<dyn Work>,
}

fn built() -> &'static [Built] {
    static BUILT: OnceLock<Vec<Built>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let build = |(workload, units_max): (WorkloadPlan, u32)| {
            let arena = arena();
            let work = build(&plan(workload.clone()), arena, FIRST_LOCK).unwrap();
            Built { workload, units_max, arena, work }
        };
        all().into_iter().map(build).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_task_makes_what_its_reference_says(id: u64, part in 0.0..1.0f64, worker in 0u32..64) {
        for Built { workload, units_max, arena, work } in built() {
            let mut recorder = Recorder::new(*arena, WorkerId(worker), true);
            let task = Task { id, units: (f64::from(*units_max) * part) as u32, attempt: 0 };
            prop_assert_eq!(work.run(task, &mut recorder), work.reference(task), "{:?} {:?}", workload, task);
        }
    }

    #[test]
    fn a_reference_of_any_size_is_there_at_once(id: u64, units in 0u32..=1_000_000) {
        for Built { workload, work, .. } in built() {
            if !matches!(workload, WorkloadPlan::Primes) {
                let whole = work.reference(Task { id, units, attempt: 0 });
                prop_assert_eq!(whole, work.reference(Task { id, units, attempt: 3 }));
            }
        }
    }
}

#[test]
fn a_task_of_no_units_makes_what_its_reference_says() {
    for Built { workload, arena, work, .. } in built() {
        let mut recorder = Recorder::for_caller(*arena, true);
        let task = Task { id: 77, units: 0, attempt: 0 };
        assert_eq!(work.run(task, &mut recorder), work.reference(task), "{workload:?}");
    }
}

#[test]
fn a_second_build_says_the_same() {
    let arena = arena();
    for (workload, most) in all() {
        let [one, two] = [(); 2].map(|()| build(&plan(workload.clone()), arena, FIRST_LOCK).unwrap());
        for id in 0..20 {
            let task = Task { id, units: most, attempt: 0 };
            assert_eq!(one.reference(task), two.reference(task), "{workload:?}");
        }
    }
}

/// Runs tasks of `units` on four threads, half of them on a second build over the same arena (as a second process would
/// have it), and returns what came out and what should have.
fn on_four_threads(arena: Arena, plan: &LanePlan, tasks: u64, units: u32) -> (Option<u64>, u64) {
    let works = [(); 2].map(|()| build(plan, arena, FIRST_LOCK).unwrap());
    std::thread::scope(|scope| {
        for worker in 0..4u64 {
            let work = &works[if plan.pool.is_processes() { worker as usize % 2 } else { 0 }];
            scope.spawn(move || {
                let mut recorder = Recorder::new(arena, WorkerId(worker as u32), true);
                for id in (worker..tasks).step_by(4) {
                    work.run(Task { id, units, attempt: 0 }, &mut recorder);
                }
            });
        }
    });
    let wanted = (0..tasks).fold(0u64, |sum, id| sum.wrapping_add(works[0].reference(Task { id, units, attempt: 0 })));
    assert_eq!(works[0].total(), works[1].total());
    (works[0].total(), wanted)
}

#[test]
fn guarded_counters_are_exact() {
    for way in [CounterWay::Atomic, CounterWay::Locked, CounterWay::Sharded, CounterWay::PerWorker] {
        for (lock, padded) in [(LockKind::Std, true), (LockKind::Futex, false), (LockKind::Spin, true)] {
            let mut plan = plan(WorkloadPlan::Counter { way, lock, padded });
            if lock.is_process_shared() {
                plan.pool = processes();
            }
            let (counted, wanted) = on_four_threads(arena(), &plan, 400, 4);
            assert_eq!(counted, Some(wanted), "{way:?} {lock:?}");
        }
    }
}

#[test]
fn workers_without_a_counter_of_their_own_lose_nothing() {
    let arena = arena();
    let work = build(
        &plan(WorkloadPlan::Counter { way: CounterWay::PerWorker, lock: LockKind::Std, padded: true }),
        arena,
        FIRST_LOCK,
    )
    .unwrap();
    for mut recorder in [Recorder::new(arena, WorkerId(1999), true), Recorder::for_caller(arena, true)] {
        work.run(Task { id: 1, units: 3, attempt: 0 }, &mut recorder);
    }
    assert_eq!(work.total(), Some(2 * 3 * 64));
}

/// How many updates the racy way loses is up to the machine, and it may be none. But it never counts too many.
#[test]
fn the_racy_counter_never_counts_too_many() {
    let plan = plan(WorkloadPlan::Counter { way: CounterWay::Racy, lock: LockKind::Std, padded: true });
    let (counted, wanted) = on_four_threads(arena(), &plan, 400, 50);
    assert!((1..=wanted).contains(&counted.unwrap()));
}

#[test]
fn nobody_else_is_in_a_critical_section() {
    for lock in LockKind::ALL {
        let workload = WorkloadPlan::CriticalSection { share: 0.5, lock, permits: 1, sleep: false };
        let mut plan = plan(workload);
        if lock.is_process_shared() {
            plan.pool = processes();
        }
        let (made, wanted) = on_four_threads(arena(), &plan, 2000, 2);
        assert_eq!(made, Some(wanted), "{lock:?}");
    }
    let several = WorkloadPlan::CriticalSection { share: 0.5, lock: LockKind::Semaphore, permits: 2, sleep: false };
    assert_eq!(build(&plan(several), arena(), FIRST_LOCK).unwrap().total(), None);
}

#[test]
fn processes_get_only_locks_that_they_can_share() {
    for lock in LockKind::ALL {
        let workloads = [
            WorkloadPlan::Counter { way: CounterWay::Locked, lock, padded: false },
            WorkloadPlan::CriticalSection { share: 0.1, lock, permits: 1, sleep: false },
        ];
        for workload in workloads {
            let plan = LanePlan { pool: processes(), ..plan(workload) };
            match build(&plan, arena(), FIRST_LOCK) {
                Ok(_) => assert!(lock.is_process_shared()),
                Err(error) => {
                    assert!(!lock.is_process_shared() && error.kind() == io::ErrorKind::InvalidInput);
                    assert!(error.to_string().ends_with("spin, semaphore, futex"), "{error}");
                }
            }
        }
    }
    let unlocked = WorkloadPlan::Counter { way: CounterWay::Atomic, lock: LockKind::Std, padded: false };
    assert!(build(&LanePlan { pool: processes(), ..plan(unlocked) }, arena(), FIRST_LOCK).is_ok());
}

#[test]
fn locks_are_as_named() {
    let arena = arena();
    for (workload, _) in all() {
        let plan = plan(workload);
        let work = build(&plan, arena, FIRST_LOCK).unwrap();
        let names = lock_names(&plan);
        let ids: Vec<u16> = work.locks().iter().map(|lock| lock.id().0).collect();
        assert_eq!(ids, (FIRST_LOCK.0..FIRST_LOCK.0 + names.len() as u16).collect::<Vec<_>>());
        assert!(work.locks().iter().zip(&names).all(|(lock, name)| lock.kind() == name.lock));
    }
}

#[test]
fn fib_forks_on_a_stealing_pool() {
    let arena = arena();
    let plan = LanePlan { pool: PoolPlan::Stealing, ..plan(WorkloadPlan::Fib { n: 22 }) };
    let work = build(&plan, arena, FIRST_LOCK).unwrap();
    let task = Task { id: 0, units: 2, attempt: 0 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let made = pool.install(|| work.run(task, &mut Recorder::new(arena, WorkerId(0), true)));
    assert_eq!((made, work.reference(task)), (2 * 17_711, 2 * 17_711));
}

#[test]
fn a_crash_is_a_panic_or_worse() {
    let arena = arena();
    let work = build(&plan(WorkloadPlan::Crash { way: CrashWay::Panic, probability: 1.0 }), arena, FIRST_LOCK).unwrap();
    let mut recorder = Recorder::new(arena, WorkerId(0), true);
    let run = std::panic::AssertUnwindSafe(|| work.run(Task { id: 5, units: 1, attempt: 2 }, &mut recorder));
    let message = std::panic::catch_unwind(run).unwrap_err().downcast::<String>().unwrap();
    assert_eq!(*message, "task 5 was made to fail (attempt 2)");
}
