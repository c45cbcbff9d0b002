//! No task is lost, none is done twice, and every count says so: exactly at every pause and at the end, and without
//! nonsense in between. (What is asked of every frame stands in `common::Watch`.)

mod common;

use common::{POOLS, Watch, plan, process_pools};
use poolscope::ledger::LaneLedger;
use poolscope::wire::{Arrivals, Event, Order, Tick, WorkerId, WorkerState};

/// Lanes that fit into one plan.
const LANES_MAX: usize = 8;

/// As many as two workers and a queue of four take: full, and no more than that.
const CLOSED: &str = "arrivals = { kind = 'closed', outstanding = 6 }";
const OPEN: &str = "arrivals = { kind = 'open', rate_per_s = 1000.0 }";
const BURST: &str = "arrivals = { kind = 'burst', tasks = 40, every_ms = 40 }";

/// What a task does, in turn, so that each pool meets several.
const WORK: [&str; 4] = [
    "workload = 'spin'\nsize = { kind = 'uniform', min = 1, max = 200 }",
    "workload = 'sleep'\nsize = 1",
    "workload = { kind = 'counter', way = 'atomic' }\nsize = 3",
    "workload = { kind = 'hash', payload_bytes = 4096 }\nsize = 1",
];

/// Every pool under every kind of arrivals with a queue that is full again and again: pauses, goes on, ends.
fn every_pool(when_full: &str) {
    let mut lanes = Vec::new();
    for pool in POOLS {
        // Each worker of a stealing pool has a queue of its own: there is no oldest task.
        if when_full == "discard-oldest" && pool.contains("stealing") {
            continue;
        }
        for arrivals in [CLOSED, OPEN, BURST] {
            let workers = if pool.contains("single") { 1 } else { 2 };
            let work =
                if arrivals == CLOSED { "workload = 'sleep'\nsize = 10" } else { WORK[lanes.len() % WORK.len()] };
            lanes.push(format!(
                "{pool}\n{arrivals}\n{work}\nworkers = {workers}\ncapacity = 4\nwhen_full = '{when_full}'"
            ));
        }
    }
    for lanes in lanes.chunks(LANES_MAX) {
        let mut run = Watch::start(plan(lanes));
        run.until_completed(20);
        for _ in 0..3 {
            run.pause();
            let at_rest: Vec<_> = run.ledger.lanes().iter().map(|lane| lane.tasks).collect();
            run.resume();
            run.until_completed(15);
            for (lane, at_rest) in run.ledger.lanes().iter().zip(at_rest) {
                assert!(lane.tasks.submitted > at_rest.submitted, "lane {} stands still", lane.plan.id);
            }
        }
        let ended = run.finish();
        ended.is_exact();
        for lane in ended.ledger.lanes() {
            let (tasks, what) =
                (lane.tasks, format!("{:?} {:?}: {:?}", lane.plan.pool, lane.plan.arrivals, lane.tasks));
            assert_eq!((tasks.failed, tasks.lost, tasks.retried), (0, 0, 0), "{what}");
            let is_burst = matches!(lane.plan.arrivals, Arrivals::Burst { .. });
            for (count, policy) in [(tasks.rejected, "reject"), (tasks.discarded, "discard-oldest")] {
                assert!(count == 0 || when_full == policy, "{what}");
                // A burst of 40 into a queue of 4 must meet it full; of other arrivals it depends on the machine.
                assert!(count > 0 || when_full != policy || !is_burst, "{what}");
            }
        }
    }
}

#[test]
fn every_pool_conserves_tasks_where_a_full_queue_blocks() {
    every_pool("block");
}

#[test]
fn every_pool_conserves_tasks_where_a_full_queue_rejects() {
    every_pool("reject");
}

#[test]
fn every_pool_conserves_tasks_where_the_caller_runs() {
    every_pool("caller-runs");
}

#[test]
fn every_pool_conserves_tasks_where_the_oldest_is_discarded() {
    every_pool("discard-oldest");
}

#[test]
fn arrivals_that_are_turned_away_all_the_time_are_counted() {
    // More outstanding than there is room for: the dispatcher tries again and again, as fast as it can.
    let lanes: Vec<String> = [(POOLS[1], "reject"), (POOLS[2], "discard-oldest"), (POOLS[10], "reject")]
        .into_iter()
        .map(|(pool, when_full)| {
            let arrivals = "arrivals = { kind = 'closed', outstanding = 100 }";
            format!("{pool}\n{arrivals}\nworkload = 'sleep'\nworkers = 2\ncapacity = 4\nwhen_full = '{when_full}'")
        })
        .collect();
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(20);
    run.pause();
    run.resume();
    run.until_completed(20);
    let ended = run.finish();
    ended.is_exact();
    for lane in ended.ledger.lanes() {
        assert!(lane.tasks.rejected + lane.tasks.discarded > 100, "{:?}", lane.tasks);
    }
}

#[test]
fn resizing_loses_and_repeats_nothing() {
    let pools: Vec<&str> = POOLS.into_iter().filter(|pool| !pool.contains("single")).collect();
    for pools in pools.chunks(5) {
        let lane = |(index, pool): (usize, &&str)| {
            let chunk = 1 + index % 3;
            format!("{pool}\nworkload = 'sleep'\nsize = 20\nworkers = 1\ncapacity = 'unbounded'\nchunk = {chunk}")
        };
        let lanes: Vec<String> = pools.iter().enumerate().map(lane).collect();
        let mut run = Watch::start(plan(&lanes));
        run.until_completed(10);
        for workers in [8, 2, 5, 1, 3, 3, 1] {
            run.order(None, Order::Resize { workers });
            run.until("the new number of workers", |ledger| {
                ledger.lanes().iter().all(|lane| {
                    // A thread for each task: the number is a cap.
                    let is_cap = lane.plan.pool.name() == "per-task";
                    let alive = lane.workers_alive();
                    if is_cap { alive <= workers as usize } else { alive == workers as usize }
                })
            });
            run.until_completed(10);
            if workers % 2 == 0 {
                run.pause();
                run.resume();
            }
        }
        // Faster than anybody could follow.
        for workers in [9, 1, 7, 2, 6, 3, 4] {
            run.order(None, Order::Resize { workers });
        }
        run.until_completed(50);
        run.order(None, Order::Resize { workers: 0 });
        run.order(None, Order::Resize { workers: 100_000 });
        run.until("refusals", |ledger| {
            ledger
                .lanes()
                .iter()
                .all(|lane| lane.events.iter().filter(|(_, event)| matches!(event, Event::Refused { .. })).count() == 2)
        });
        let ended = run.finish();
        ended.is_exact();
        for lane in ended.ledger.lanes() {
            let tasks = lane.tasks;
            assert_eq!(
                (tasks.failed, tasks.lost, tasks.retried, lane.workers_died),
                (0, 0, 0, 0),
                "{:?}",
                lane.plan.pool
            );
        }
    }
}

#[test]
fn a_pause_right_after_a_resize_finds_every_task() {
    let pools = POOLS.into_iter().filter(|pool| !pool.contains("single"));
    let lane = |pool: &str| {
        let arrivals = "arrivals = { kind = 'closed', outstanding = 60 }";
        format!("{pool}\nworkload = 'sleep'\nsize = 100\nworkers = 2\ncapacity = 'unbounded'\n{arrivals}")
    };
    let lanes: Vec<String> = pools.map(lane).collect();
    for lanes in lanes.chunks(5) {
        let mut run = Watch::start(plan(lanes));
        run.until_completed(1);
        for workers in [4, 1, 3, 2] {
            run.order(None, Order::Resize { workers });
            run.pause();
            run.resume();
        }
        run.order(None, Order::Resize { workers: 5 });
        run.finish().is_exact();
    }
}

#[test]
fn killed_workers_lose_or_repeat_what_they_had_begun_and_nothing_else() {
    let lane = |(index, pool): (usize, &&str)| {
        let fate = ["'lose'", "{ kind = 'retry', times = 1000 }"][index % 2];
        let chunk = 1 + index / 2;
        format!(
            "{pool}\nworkload = 'sleep'\nsize = 20\nworkers = 3\non_death = {fate}\nchunk = {chunk}\nin_flight = {index}"
        )
    };
    let lanes: Vec<String> = process_pools().iter().enumerate().map(lane).collect();
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(5);
    for round in 1..=6u64 {
        let worker = WorkerId(round as u32 % 3);
        run.until("the worker, alive and busy", |ledger| {
            ledger
                .lanes()
                .iter()
                .all(|lane| lane.workers.iter().any(|known| known.id == worker && known.state != WorkerState::Dead))
        });
        run.order(None, Order::Kill { worker });
        // An order to kill a worker that is just being replaced is refused.
        let refused = |lane: &LaneLedger| {
            lane.events.iter().filter(|(_, event)| matches!(event, Event::Refused { .. })).count() as u64
        };
        run.until("its death", |ledger| ledger.lanes().iter().all(|lane| lane.workers_died + refused(lane) >= round));
        run.until_completed(5);
    }
    run.pause();
    run.resume();
    let ended = run.finish();
    ended.is_exact();
    for (index, lane) in ended.ledger.lanes().iter().enumerate() {
        let (tasks, died) = (lane.tasks, lane.workers_died);
        let what = format!("{:?}: {tasks:?}, {died} died", lane.plan.pool);
        assert!(died >= 3, "{what}");
        // A worker has one task under way at most.
        assert!(tasks.lost + tasks.retried <= died, "{what}");
        if index % 2 == 0 {
            assert_eq!(tasks.retried, 0, "{what}")
        } else {
            assert_eq!(tasks.lost, 0, "{what}")
        }
        assert_eq!(tasks.failed, 0, "{what}");
    }
}

#[test]
fn a_crash_that_is_ordered_fails_one_task_and_no_more() {
    let pools = ["single", "threads", "stealing", "processes"];
    let lanes = pools.map(|pool| format!("pool = '{pool}'\nworkload = 'sleep'\nsize = 20"));
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(5);
    for crash in 1..=5 {
        run.order(None, Order::Crash { worker: WorkerId(0) });
        run.until("a failed task", |ledger| ledger.lanes().iter().all(|lane| lane.tasks.failed == crash));
    }
    // Nobody has these numbers.
    for worker in [1024, 5000, u32::MAX - 2, u32::MAX] {
        run.order(None, Order::Crash { worker: WorkerId(worker) });
        run.order(None, Order::Kill { worker: WorkerId(worker) });
    }
    run.until_completed(20);
    let ended = run.finish();
    ended.is_exact();
    for lane in ended.ledger.lanes() {
        assert_eq!((lane.tasks.failed, lane.workers_died), (5, 0), "{:?}", lane.plan.pool);
    }
}

#[test]
fn tasks_that_crash_their_worker_are_retried_or_lost_and_counted() {
    let lanes: Vec<String> = process_pools()
        .iter()
        .zip(["abort", "exit", "kill", "kill", "abort", "exit"])
        .enumerate()
        .map(|(index, (pool, way))| {
            let fate = ["'lose'", "{ kind = 'retry', times = 3 }"][index / 3];
            format!(
                "{pool}\nworkload = {{ kind = 'crash', way = '{way}', probability = 0.05 }}\nsize = 30\nworkers = 2\n\
                 tasks = 150\non_death = {fate}"
            )
        })
        .collect();
    let ended = Watch::start(plan(&lanes)).end();
    ended.is_exact();
    for (index, lane) in ended.ledger.lanes().iter().enumerate() {
        let (tasks, died) = (lane.tasks, lane.workers_died);
        let what = format!("{:?}: {tasks:?}, {died} died", lane.plan.pool);
        assert_eq!(tasks.submitted, 150, "{what}");
        assert_eq!(tasks.completed + tasks.lost, 150, "{what}");
        // Each death is of a task, and which tasks die is the seed's choice.
        assert!(died > 0 && tasks.lost + tasks.retried == died, "{what}");
        assert_eq!(tasks.retried > 0, index / 3 == 1, "{what}");
    }
}

#[test]
fn workers_that_only_ever_die_are_not_replaced_for_ever() {
    let lanes = ["pipe", "shared-memory"].map(|transport| {
        format!(
            "pool = 'processes'\ntransport = '{transport}'\nstart = 'forkserver'\nworkers = 2\n\
             workload = {{ kind = 'crash', way = 'kill', probability = 1.0 }}\nsize = 1"
        )
    });
    let mut run = Watch::start(plan(&lanes));
    run.until("that it gave up", |ledger| ledger.lanes().iter().all(|lane| lane.spawns_failed > 0));
    let ended = run.finish();
    ended.is_exact();
    for lane in ended.ledger.lanes() {
        assert_eq!(lane.tasks.completed, 0);
        assert!(lane.workers_died < 100, "{} died", lane.workers_died);
    }
}

#[test]
fn workers_are_recycled_without_a_trace() {
    let lane = |(index, pool): (usize, &&str)| {
        let chunk = [1, 1, 1, 4][index % 4];
        format!(
            "{pool}\nmax_tasks_per_worker = 20\ntasks = 300\nchunk = {chunk}\nworkload = 'spin'\nsize = 20\nworkers = 2"
        )
    };
    let lanes: Vec<String> = process_pools().iter().enumerate().map(lane).collect();
    let ended = Watch::start(plan(&lanes)).end();
    ended.is_exact();
    for lane in ended.ledger.lanes() {
        let recycled: u64 = lane
            .events
            .iter()
            .map(|(_, event)| if let Event::WorkersRecycled { count } = event { *count } else { 0 })
            .sum();
        let what = format!("{:?}: {:?}, {recycled} recycled, {} died", lane.plan.pool, lane.tasks, lane.workers_died);
        assert_eq!(lane.tasks.completed, 300, "{what}");
        assert_eq!((lane.workers_died, lane.tasks.lost, lane.tasks.retried), (0, 0, 0), "{what}");
        // 300 tasks are 15 workers' share; the last ones need not have gone yet.
        assert!((8..=20).contains(&recycled), "{what}");
    }
}

#[test]
fn so_many_tasks_are_exactly_so_many() {
    let mut lanes = Vec::new();
    for (index, pool) in POOLS.into_iter().enumerate() {
        let workers = if pool.contains("single") { 1 } else { 3 };
        let chunk = [1, 7, 64][index % 3];
        let arrivals = [CLOSED, OPEN, BURST][index / 3 % 3];
        lanes.push(format!(
            "{pool}\n{arrivals}\nworkers = {workers}\nchunk = {chunk}\ntasks = 333\nworkload = 'spin'\nsize = 10"
        ));
    }
    lanes.push("pool = 'threads'\ntasks = 1\nworkload = 'spin'".to_string());
    lanes.push("pool = 'processes'\ntasks = 1\nworkload = 'spin'\nchunk = 10".to_string());
    lanes.push(format!(
        "pool = 'threads'\n{BURST}\ncapacity = 4\nwhen_full = 'reject'\ntasks = 333\nworkload = 'sleep'"
    ));
    for lanes in lanes.chunks(LANES_MAX) {
        let ended = Watch::start(plan(lanes)).end();
        ended.is_exact();
        for lane in ended.ledger.lanes() {
            let tasks = lane.tasks;
            assert_eq!(Some(tasks.submitted), lane.plan.tasks, "{:?}: {tasks:?}", lane.plan.pool);
            assert_eq!(tasks.completed + tasks.rejected, tasks.submitted, "{:?}: {tasks:?}", lane.plan.pool);
            assert_eq!(tasks.rejected > 0, lane.plan.capacity == Some(4), "{tasks:?}");
        }
    }
}

#[test]
fn littles_law_holds_where_the_queues_depth_is_witnessed() {
    let lane = "pool = 'threads'\nqueue = 'mutex'\nworkers = 4\nworkload = 'sleep'\nsize = 5\ncapacity = 'unbounded'\n\
                arrivals = { kind = 'closed', outstanding = 68 }";
    let mut run = Watch::start(plan(&[lane.to_string()]));
    run.until_completed(6000);
    // Those who still wait are in one of the two only: half a percent.
    littles_law(run.lane(1));
    let depth = run.lane(1).depth_mean().unwrap_or_default();
    assert!((40.0..68.5).contains(&depth), "mean depth {depth} of 64 at most");
    run.finish().is_exact();
}

#[test]
fn littles_law_holds_where_the_queues_depth_is_sampled() {
    // The queue is filled at once and runs empty: samples are right whenever they are taken.
    let lane = |queue: &str| {
        format!(
            "pool = 'threads'\nqueue = '{queue}'\nworkers = 8\nworkload = 'sleep'\nsize = 5\ncapacity = 'unbounded'\n\
             tasks = 30000\narrivals = {{ kind = 'closed', outstanding = 30000 }}"
        )
    };
    let ended = Watch::start(plan(&["channel", "mutex"].map(lane))).end();
    ended.is_exact();
    ended.ledger.lanes().iter().for_each(littles_law);
}

/// L = area / time, and λW = waits / time: over the same time both are sums.
fn littles_law(lane: &LaneLedger) {
    let (area, waits) = (lane.queue.area as f64, lane.queue_wait.sum() as f64);
    let off = (area - waits).abs() / area;
    let witnessed = lane.queue.witnessed;
    assert!(off < 0.03, "{:?}, {witnessed}: area {area}, waits {waits}: {:.2} % off", lane.plan.pool, off * 100.0);
}

#[test]
fn the_states_of_a_worker_add_up_to_the_time_that_passed() {
    let work = [
        "workload = 'sleep'\nsize = 20",
        "workload = 'spin'\nsize = 1000\narrivals = { kind = 'open', rate_per_s = 100.0 }",
    ];
    let pools = [POOLS[0], POOLS[1], POOLS[2], POOLS[3], POOLS[5], POOLS[8], POOLS[9]];
    let lane = |(index, pool): (usize, &&str)| {
        let workers = if pool.contains("single") { 1 } else { 3 };
        format!("{pool}\nworkers = {workers}\n{}", work[index % 2])
    };
    let lanes: Vec<String> = pools.iter().enumerate().map(lane).collect();
    let mut run = Watch::start(plan(&lanes));
    let active = |ledger: &poolscope::ledger::Ledger, ns| ledger.lanes().iter().all(|lane| lane.active_ns > ns);
    run.until("some time", |ledger| active(ledger, 1_000_000_000));
    run.pause();
    run.resume();
    run.until("some more time", |ledger| active(ledger, 2_000_000_000));
    let ended = run.finish();
    ended.is_exact();
    for lane in ended.ledger.lanes() {
        for worker in &lane.workers {
            // From the first tick on in which it was there from beginning to end: a thread may come late.
            let ticks = ended.ticks(lane.plan.id);
            let spent = |tick: &Tick| {
                tick.workers.iter().find(|of| of.id == worker.id).map_or(0, |of| of.state_ns.iter().sum::<u64>())
            };
            let all_along = ticks.skip_while(|tick| spent(tick) == 0).skip(1);
            let (told, passed) =
                all_along.fold((0, 0), |(told, passed), tick| (told + spent(tick), passed + tick.active_ns));
            let off = told.abs_diff(passed) as f64 / passed as f64;
            let what = format!("{:?}, worker {}: {:?}", lane.plan.pool, worker.id, worker.state_ns);
            assert!(passed > 1_000_000_000, "{what}: {passed} ns");
            assert!(off < 0.02, "{what}: {told} of {passed} ns, {:.2} % off", off * 100.0);
        }
    }
}
