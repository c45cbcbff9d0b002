//! Each rule at its bars, with ledgers made for it; `tests/findings.rs` has the real runs.

use super::{Finding, FindingKind};
use crate::ledger::Ledger;
use crate::wire::{
    Body, Cost, Frame, Hello, LaneId, LanePlan, LockId, LockKind, LockName, LockTick, Mode, Phase, Plan, PoolPlan,
    Process, QueueTick, SystemTick, Tasks, Tick, WorkerId, WorkerState, WorkerTick, decode_frame,
};

const TICK_NS: u64 = 100_000_000;

/// What a worker does in every tick, in hundredths of it.
#[derive(Clone, Copy, Default)]
struct Does {
    ended: u64,
    /// Idle, running, waiting for the lock, blocked.
    states: [u64; 4],
    cpu: u64,
    run_queue: u64,
}

/// What a lane does in every tick.
#[derive(Clone)]
struct Made {
    plan: LanePlan,
    mode: Mode,
    lock: LockKind,
    workers: Vec<Does>,
    /// Hundredths of the tick in which the lock is held, and how often it is taken.
    held: u64,
    taken: u64,
    waiters: u32,
    owned: bool,
    queued: u64,
    depth: u64,
    came: u64,
    went: u64,
    /// Hundredths of the lane's use of a core, and of both cores'.
    cpu: u64,
    busy: f64,
    active_ns: u64,
}

fn first_plan() -> Plan {
    let recording = include_str!("../../../tests/recordings/calm-primes.ndjson");
    match decode_frame(recording.lines().next().unwrap().as_bytes()).unwrap().body {
        Body::Plan(plan) => *plan,
        other => panic!("{other:?}"),
    }
}

/// Workers on two cores that do nothing, with tasks enough.
fn made(workers: &[Does]) -> Made {
    Made {
        plan: first_plan().lanes.remove(0),
        mode: Mode::Together,
        lock: LockKind::Std,
        workers: workers.to_vec(),
        held: 0,
        taken: 0,
        waiters: 0,
        owned: false,
        queued: 10,
        depth: 10,
        came: 10,
        went: 10,
        cpu: 0,
        busy: 0.0,
        active_ns: TICK_NS,
    }
}

struct Run {
    ledger: Ledger,
    seq: u64,
    totals: Tasks,
    lock: LockTick,
    cpu_ns: u64,
}

impl Run {
    fn begin(made: &Made) -> Run {
        let mut ledger = Ledger::new();
        let plan = Plan { lanes: vec![made.plan.clone()], mode: made.mode, ..first_plan() };
        ledger.post(&Frame { lane: None, at_ns: 0, body: Body::Plan(Box::new(plan)) });
        let locks = vec![LockName { name: "it".to_string(), lock: made.lock }];
        let hello = Hello { pid: 1, locks, cost: Cost::default(), startup_ns: 0, own_session: true };
        ledger.post(&Frame { lane: Some(LaneId(1)), at_ns: 0, body: Body::Hello(hello) });
        Run { ledger, seq: 0, totals: Tasks::default(), lock: LockTick::default(), cpu_ns: 0 }
    }

    fn ticks(mut self, made: &Made, ticks: u64) -> Run {
        (0..ticks).for_each(|_| self.tick(made));
        self
    }

    fn tick(&mut self, made: &Made) {
        self.seq += 1;
        let part = |hundredths: u64| made.active_ns * hundredths / 100;
        self.totals.submitted += made.came;
        self.totals.completed += made.went;
        self.totals.queued = made.queued.max(self.totals.submitted - self.totals.completed);
        self.lock.acquired += made.taken;
        self.lock.hold_ns += part(made.held);
        self.lock.waiters = made.waiters;
        self.lock.owner = made.owned.then_some(WorkerId(0));
        self.cpu_ns += part(made.cpu);
        let worker = |(id, does): (usize, &Does)| {
            let [idle, running, lock, blocked] = does.states.map(part);
            let most = (0..4).max_by_key(|place| does.states[*place]).unwrap_or(0);
            let state = [WorkerState::Idle, WorkerState::Running, WorkerState::Lock, WorkerState::Blocked][most];
            WorkerTick {
                id: WorkerId(id as u32),
                state,
                lock: (state == WorkerState::Lock).then_some(LockId(0)),
                tid: id as u32 + 1,
                ended: does.ended,
                state_ns: [idle, running, lock, blocked, TICK_NS - made.active_ns],
                cpu_ns: Some(part(does.cpu)),
                run_queue_ns: Some(part(does.run_queue)),
                core: None,
            }
        };
        let tick = Tick {
            seq: self.seq,
            interval_ns: TICK_NS,
            active_ns: made.active_ns,
            phase: Phase::Running,
            tasks: self.totals,
            workers: made.workers.iter().enumerate().map(worker).collect(),
            queue: QueueTick { depth: made.depth, ..QueueTick::default() },
            locks: vec![self.lock.clone()],
            process: Process { cpu_ns: Some(self.cpu_ns), ..Process::default() },
            ..Tick::default()
        };
        let at_ns = self.seq * TICK_NS;
        let cores = vec![(0, made.busy), (1, made.busy)];
        let system = SystemTick { window_ns: TICK_NS, cores, ..SystemTick::default() };
        self.ledger.post(&Frame { lane: None, at_ns, body: Body::System(system) });
        self.ledger.post(&Frame { lane: Some(LaneId(1)), at_ns, body: Body::Tick(Box::new(tick)) });
    }

    fn kinds(&self) -> Vec<FindingKind> {
        self.ledger.findings().iter().map(|finding| finding.kind).collect()
    }

    fn finding(&self) -> Finding {
        self.ledger.findings().remove(0)
    }
}

/// What is told of a lane that has done this for four seconds.
fn told(made: &Made) -> Vec<FindingKind> {
    Run::begin(made).ticks(made, 40).kinds()
}

fn lock_waiters(workers: usize, waiting: u64) -> Vec<Does> {
    vec![Does { states: [0, 100 - waiting, waiting, 0], ended: 5, cpu: 20, ..Does::default() }; workers]
}

fn serialised() -> Made {
    Made { held: 90, taken: 60, waiters: 2, ..made(&lock_waiters(4, 25)) }
}

#[test]
fn serialised_by_a_lock_that_is_held_nearly_all_the_time() {
    const TOLD: &[FindingKind] = &[FindingKind::SerialisedByLock];
    let it = serialised();
    assert_eq!(told(&it), TOLD);
    assert_eq!(told(&Made { held: 89, ..it.clone() }), []);
    assert_eq!(told(&Made { workers: lock_waiters(4, 24), ..it.clone() }), [], "nobody's loss");
    assert_eq!(told(&Made { workers: lock_waiters(1, 25), ..it.clone() }), []);
    assert_eq!(told(&Made { waiters: 0, ..it.clone() }), [], "it is another lock that they wait for");
    assert_eq!(told(&Made { lock: LockKind::Rwlock, ..it.clone() }), [], "readers hold it at once");
    assert_eq!(told(&Made { lock: LockKind::Semaphore, ..it.clone() }), [], "of how many permits nobody knows");
    // Few acquisitions, and so few timed holds: then it counts who was seen to hold it.
    assert_eq!(told(&Made { taken: 20, ..it.clone() }), []);
    assert_eq!(told(&Made { taken: 20, held: 0, owned: true, ..it.clone() }), TOLD);
    let run = Run::begin(&it).ticks(&it, 40);
    assert!(run.finding().text.contains("3.3 × as fast as one"), "{}", run.finding().text);
}

#[test]
fn what_lasts_is_told_while_it_lasts() {
    let it = serialised();
    let none = Run::begin(&it).ticks(&it, 9);
    assert_eq!(none.kinds(), [], "after 0.9 s");
    let there = none.ticks(&it, 1);
    assert_eq!(there.kinds(), [FindingKind::SerialisedByLock]);
    // A little below the bar it stays; far below it goes, within two seconds; just below the bar it does not come back.
    let little = Made { held: 86, workers: lock_waiters(4, 22), ..it.clone() };
    let stays = there.ticks(&it, 10).ticks(&little, 40);
    assert_eq!(stays.kinds(), [FindingKind::SerialisedByLock]);
    let gone = stays.ticks(&Made { held: 10, ..it.clone() }, 20);
    assert_eq!(gone.kinds(), []);
    assert_eq!(gone.ticks(&little, 40).kinds(), []);
}

#[test]
fn pauses_count_for_nothing_and_missed_ticks_begin_anew() {
    let it = serialised();
    let pause = Made { active_ns: 0, held: 0, ..it.clone() };
    let run = Run::begin(&it).ticks(&it, 5).ticks(&pause, 100);
    assert_eq!(run.kinds(), []);
    let mut run = run.ticks(&it, 5).ticks(&pause, 100);
    assert_eq!(run.kinds(), [FindingKind::SerialisedByLock], "and a pause does not end it");
    run.seq += 1;
    run.tick(&it);
    assert_eq!(run.kinds(), []);
}

#[test]
fn a_convoy_stands_before_a_lock_that_is_mostly_free() {
    const TOLD: &[FindingKind] = &[FindingKind::Convoy];
    let it = Made { held: 50, taken: 600, waiters: 3, ..made(&lock_waiters(4, 75)) };
    assert_eq!(told(&it), TOLD);
    assert_eq!(told(&Made { held: 51, ..it.clone() }), []);
    assert_eq!(told(&Made { workers: lock_waiters(4, 74), ..it.clone() }), [], "more than one works");
    assert_eq!(told(&Made { workers: lock_waiters(2, 90), ..it.clone() }), [], "no line of one");
    assert_eq!(told(&Made { taken: 20, ..it.clone() }), [], "too few to say how long it is held");
    let mut one_core = it.clone();
    one_core.plan.cores = vec![0];
    assert_eq!(told(&one_core), [], "nobody else could work");
}

#[test]
fn a_queue_that_only_grows() {
    let it = Made { came: 20, went: 10, ..made(&[Does { states: [0, 100, 0, 0], ..Does::default() }]) };
    let unbounded = |capacity: Option<u64>, it: &Made| {
        let mut it = it.clone();
        it.plan.capacity = capacity;
        it
    };
    let grows = unbounded(None, &it);
    assert_eq!(told(&grows), [FindingKind::UnboundedQueue]);
    assert_eq!(told(&unbounded(Some(9_999), &it)), [], "it will be full soon");
    assert_eq!(told(&unbounded(Some(10_000), &it)), [FindingKind::UnboundedQueue]);
    let text = Run::begin(&grows).ticks(&grows, 40).finding().text;
    assert!(text.contains("grows by 100 tasks a second: 200 come, 100 are done"), "{text}");
    // In three spans 630 come and 600 go: chance explains 35, and 30 is not four times that.
    assert_eq!(told(&Made { came: 21, went: 20, ..grows.clone() }), [], "by chance");
    assert_eq!(Run::begin(&grows).ticks(&grows, 39).kinds(), [], "not before four spans");
    // It ends with the growth.
    let stands = Made { came: 10, went: 10, ..grows.clone() };
    assert_eq!(Run::begin(&grows).ticks(&grows, 40).ticks(&stands, 20).kinds(), []);
    // A burst that is worked off leaves no trace.
    let (burst, after) = (Made { came: 200, went: 0, ..grows.clone() }, Made { came: 0, went: 50, ..grows.clone() });
    let mut run = Run::begin(&grows);
    for _ in 0..12 {
        run = run.ticks(&burst, 1).ticks(&after, 4);
        assert_eq!(run.kinds(), []);
    }
}

#[test]
fn some_have_nothing_to_do_while_tasks_wait() {
    const TOLD: &[FindingKind] = &[FindingKind::Imbalance];
    let (busy, idle) =
        (Does { states: [10, 90, 0, 0], ..Does::default() }, Does { states: [50, 50, 0, 0], ..Does::default() });
    let it = made(&[busy, idle]);
    assert_eq!(told(&it), TOLD);
    assert_eq!(told(&made(&[idle, idle])), [], "all alike");
    let less = Does { states: [11, 89, 0, 0], ..Does::default() };
    assert_eq!(told(&made(&[less, idle])), []);
    let less = Does { states: [49, 51, 0, 0], ..Does::default() };
    assert_eq!(told(&made(&[busy, less])), []);
    assert_eq!(told(&made(&[busy, busy, busy, busy, idle])), [], "18 % of the pool");
    assert_eq!(told(&Made { queued: 0, ..it.clone() }), [], "nothing to do");
    let no_core = Does { run_queue: 1, ..idle };
    assert_eq!(told(&made(&[busy, no_core])), [], "ready to run, and without a core");
    let mut crowd = it.clone();
    crowd.plan.pool = PoolPlan::PerTask;
    assert_eq!(told(&crowd), [], "numbers are nobody's");
    // In the hands of others, whoever it is each time.
    let in_hand = Made { depth: 0, ..made(&[Does { states: [60, 40, 0, 0], ..Does::default() }, idle]) };
    assert_eq!(told(&in_hand), TOLD);
    assert_eq!(told(&Made { depth: 1, ..in_hand }), [], "in the queue: all lose time alike");
}

#[test]
fn a_worker_that_gets_nowhere() {
    const TOLD: &[FindingKind] = &[FindingKind::StarvedWorker];
    let (best, starved) = (
        Does { ended: 5, states: [0, 100, 0, 0], cpu: 100, ..Does::default() },
        Does { states: [0, 1, 99, 0], ..Does::default() },
    );
    let it = Made { taken: 5, ..made(&[best, starved]) };
    assert_eq!(told(&it), TOLD);
    assert_eq!(Run::begin(&it).ticks(&it, 10).kinds(), [], "one second is not long");
    assert_eq!(told(&Made { taken: 4, ..it.clone() }), [], "others get nowhere either");
    let workers = |best, starved| Made { workers: vec![best, starved], ..it.clone() };
    assert_eq!(told(&workers(best, Does { states: [0, 2, 98, 0], ..starved })), []);
    assert_eq!(told(&workers(best, Does { ended: 1, ..starved })), []);
    assert_eq!(told(&workers(Does { ended: 4, ..best }, starved)), [], "nobody ended a hundred");
    assert_eq!(told(&workers(Does { states: [0, 9, 91, 0], ..best }, starved)), [], "the best waits as long");
    let no_core = Does { states: [0, 100, 0, 0], cpu: 5, run_queue: 50, ..Does::default() };
    assert_eq!(told(&workers(best, no_core)), TOLD);
    assert_eq!(told(&workers(best, Does { cpu: 6, ..no_core })), [], "in a long task");
    assert_eq!(told(&workers(best, Does { run_queue: 49, ..no_core })), [], "not by the kernel's account");
}

#[test]
fn more_workers_than_cores_that_wait_for_them() {
    const TOLD: &[FindingKind] = &[FindingKind::Oversubscription];
    let does = Does { states: [0, 100, 0, 0], cpu: 66, run_queue: 23, ended: 1 };
    assert_eq!(told(&made(&[does; 3])), TOLD);
    assert_eq!(told(&made(&[does; 2])), [], "a core for each");
    assert_eq!(told(&made(&[Does { run_queue: 22, ..does }; 3])), []);
    assert_eq!(told(&made(&[Does { cpu: 2, run_queue: 98, ..does }; 3])), [], "they hardly run");
    let two_at_a_time = Does { cpu: 33, run_queue: 33, ..does };
    assert_eq!(told(&made(&[two_at_a_time; 3])), [], "two cores are enough for two at a time");
    let text_of = |does: Does| Run::begin(&made(&[does; 3])).ticks(&made(&[does; 3]), 10).finding().text;
    let text = text_of(does);
    assert_eq!(text, "3 workers on 2 cores: 26 % of running time spent waiting for a core. Try 2 workers.");
    // What others take is not their own doing.
    assert_eq!(told(&made(&[Does { cpu: 20, run_queue: 60, ..does }; 3])), [], "they wait for others");
    assert_eq!(
        text_of(Does { cpu: 30, run_queue: 70, ..does }),
        "3 workers on 2 cores: 70 % of running time spent waiting for a core, 37 % because of others. Try 2 workers."
    );
}

#[test]
fn workers_that_are_blocked_while_cores_are_idle() {
    const TOLD: &[FindingKind] = &[FindingKind::BlockedByIo];
    let does = Does { states: [20, 10, 0, 70], cpu: 10, ..Does::default() };
    let it = Made { cpu: 150, busy: 0.75, ..made(&[does; 2]) };
    assert_eq!(told(&it), TOLD);
    let workers = |does: Does| Made { workers: vec![does; 2], ..it.clone() };
    assert_eq!(told(&workers(Does { states: [20, 11, 0, 69], ..does })), []);
    assert_eq!(told(&workers(Does { states: [21, 0, 0, 79], ..does })), [], "idle");
    assert_eq!(told(&workers(Does { states: [0, 0, 11, 89], ..does })), [], "a lock");
    assert_eq!(told(&Made { queued: 0, ..it.clone() }), [], "nothing waits");
    assert_eq!(told(&Made { cpu: 151, ..it.clone() }), [], "its own work");
    assert_eq!(told(&Made { busy: 0.76, ..it.clone() }), [], "others' work");
    let turns = Mode::Turns { slice_ms: 500 };
    assert_eq!(told(&Made { busy: 1.0, mode: turns, ..it.clone() }), TOLD, "the work of others' turns");
}

#[test]
fn every_kind_has_a_name_of_its_own_and_a_place() {
    let mut names: Vec<&str> = FindingKind::ALL.iter().map(|kind| kind.name()).collect();
    assert!(FindingKind::ALL.is_sorted());
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FindingKind::ALL.len());
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../../assets/summary.schema.json")).unwrap();
    let text = schema.to_string();
    assert!(names.iter().all(|name| text.contains(&format!("\"{name}\""))), "{names:?}");
}
