//! Frames made by hand, the same each time: three lanes that take turns on two cores, for drawing and for nothing else.

use crate::wire::{
    Arrivals, Body, Buckets, Cost, Event, Exit, Frame, Hello, LaneId, LanePlan, LockKind, LockName, LockTick, Machine,
    Mode, OnDeath, Phase, Plan, PoolPlan, Process, QueueHow, QueueTick, ResultTick, Size, Start, SystemTick, Tasks,
    Tick, Transport, Turn, WhenFull, WorkerId, WorkerState, WorkerTick, WorkloadPlan,
};

pub(crate) const TICK_NS: u64 = 100_000_000;
const SLICE_TICKS: u64 = 5;

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }
}

pub(crate) fn lane_plan(id: u16, name: &str, pool: PoolPlan, workers: u32) -> LanePlan {
    LanePlan {
        id: LaneId(id),
        name: name.to_string(),
        pool,
        workers,
        capacity: Some(64),
        when_full: WhenFull::Block,
        arrivals: Arrivals::Closed { outstanding: 64 },
        chunk: 1,
        workload: WorkloadPlan::Primes,
        size: Size::Constant { units: 20 },
        on_death: OnDeath::Retry { times: 1 },
        tasks: None,
        cores: Vec::new(),
        pin: false,
        nice: 5,
        telemetry: true,
        seed: 7,
    }
}

pub(crate) fn plan(lanes: Vec<LanePlan>, mode: Mode) -> Plan {
    Plan {
        scenario: "pools/threads-or-processes".to_string(),
        title: "Threads or processes?".to_string(),
        question: None,
        seed: 7,
        mode,
        tick_ms: 100,
        machine: Machine {
            cores: 2,
            core_ids: vec![0, 1],
            cores_online: 2,
            quota: None,
            parallelism_measured: Some(1.91),
            os: "Linux 6.12".to_string(),
            autogroup: Some(false),
        },
        lanes,
        expect: Vec::new(),
    }
}

pub(crate) fn three_lanes() -> Vec<LanePlan> {
    let processes = PoolPlan::Processes {
        transport: Transport::Pipe,
        start: Start::Spawn,
        max_tasks_per_worker: None,
        in_flight: 1,
        payload_bytes: 0,
    };
    vec![
        lane_plan(1, "one worker", PoolPlan::Single, 1),
        lane_plan(2, "four threads", PoolPlan::Threads { queue: QueueHow::Mutex }, 4),
        lane_plan(3, "four processes", processes, 4),
    ]
}

/// What a lane has come to so far.
#[derive(Clone, Default)]
struct Account {
    seq: u64,
    tasks: Tasks,
    process: Process,
    acquired: u64,
}

/// A run of so many ticks.
pub(crate) fn frames(ticks: u64) -> Vec<Frame> {
    frames_of(plan(three_lanes(), Mode::Turns { slice_ms: 500 }), ticks)
}

/// A run of so many ticks, by another plan.
pub(crate) fn frames_of(plan: Plan, ticks: u64) -> Vec<Frame> {
    let lanes = plan.lanes.clone();
    let mut dice = Dice(7);
    let mut frames = vec![Frame { lane: None, at_ns: 0, body: Body::Plan(Box::new(plan)) }];
    let mut accounts = vec![Account::default(); lanes.len()];
    for lane in &lanes {
        frames.push(hello(lane));
    }
    for tick in 0..ticks {
        let at_ns = (tick + 1) * TICK_NS;
        let turn = (tick / SLICE_TICKS % lanes.len() as u64) as usize;
        if tick % SLICE_TICKS == 0 {
            let running = Some(LaneId::of_index(turn));
            frames.push(Frame { lane: None, at_ns, body: Body::Turn(Turn { running, halted: false }) });
        }
        for (index, lane) in lanes.iter().enumerate() {
            let body = Body::Tick(Box::new(one_tick(lane, index == turn, tick, &mut accounts[index], &mut dice)));
            frames.push(Frame { lane: Some(lane.id), at_ns: at_ns + index as u64, body });
        }
        if tick % 3 == 2 {
            let busy = if turn == 0 { [0.97, 0.12] } else { [0.94, 0.88] };
            let cores = busy.iter().zip(0..).map(|(busy, id)| (id, busy - dice.below(12) as f64 / 100.0)).collect();
            let own_cpu_ns = Some(tick * 1_100_000);
            let system = SystemTick { window_ns: 250_000_000, cores, own_cpu_ns, throttled: None };
            frames.push(Frame { lane: None, at_ns: at_ns + 9, body: Body::System(system) });
        }
    }
    frames
}

fn hello(lane: &LanePlan) -> Frame {
    let is_locked = matches!(lane.pool, PoolPlan::Threads { .. });
    let locks = if is_locked { vec![LockName { name: "queue".to_string(), lock: LockKind::Std }] } else { Vec::new() };
    let startup_ns = if lane.pool.is_processes() { 6_400_000 } else { 180_000 };
    let hello =
        Hello { pid: 4000 + u32::from(lane.id.0), locks, cost: Cost { event_ns: 31.0 }, startup_ns, own_session: true };
    Frame { lane: Some(lane.id), at_ns: 0, body: Body::Hello(hello) }
}

fn one_tick(lane: &LanePlan, runs: bool, tick: u64, account: &mut Account, dice: &mut Dice) -> Tick {
    account.seq += 1;
    let (active_ns, workers) = (if runs { TICK_NS } else { 0 }, u64::from(lane.workers));
    let done = if runs { [81, 155, 150][usize::from(lane.id.0 - 1).min(2)] + dice.below(9) } else { 0 };
    let running = if runs { workers } else { 0 };
    account.tasks.completed += done;
    account.tasks.queued = 64 - running.min(32) - dice.below(12);
    account.tasks.running = running;
    account.tasks.submitted = account.tasks.accounted();
    account.acquired += 2 * done;
    let add = |sum: &mut Option<u64>, more: u64| *sum = Some(sum.unwrap_or(0) + more);
    let cores = workers.min(2);
    add(&mut account.process.cpu_ns, active_ns * cores * 96 / 100);
    add(&mut account.process.run_queue_ns, active_ns * (workers - cores) * 90 / 100);
    add(&mut account.process.voluntary, done / 3);
    add(&mut account.process.involuntary, if workers > 2 && runs { 30 } else { 0 });
    let is_processes = lane.pool.is_processes();
    account.process.memory_bytes = Some(if is_processes { 14_800_000 } else { 3_300_000 });
    account.process.memory_peak_bytes = account.process.memory_bytes;
    let dies = is_processes && tick == 27;
    if dies {
        account.tasks.retried += 1;
    }
    let died = Event::WorkerDied { worker: WorkerId(3), exit: Exit::Signal { signal: 9 }, retried: 1, lost: 0 };
    let expected = account.tasks.completed * 2262;
    Tick {
        seq: account.seq,
        interval_ns: TICK_NS,
        active_ns,
        phase: if runs { Phase::Running } else { Phase::Paused },
        tasks: account.tasks,
        workers: (0..lane.workers)
            .map(|id| worker(id, lane, runs, dies || (is_processes && tick == 28), dice))
            .collect(),
        queue: QueueTick {
            depth: account.tasks.queued,
            depth_max: 64,
            depth_area: account.tasks.queued * active_ns,
            witnessed: matches!(lane.pool, PoolPlan::Threads { queue: QueueHow::Mutex }),
        },
        queue_wait: buckets(done, if workers == 1 { 78_000_000 } else { 40_000_000 }),
        service: buckets(done, if workers == 1 { 1_200_000 } else { 2_400_000 }),
        locks: if matches!(lane.pool, PoolPlan::Threads { .. }) { vec![lock(account, done)] } else { Vec::new() },
        result: ResultTick { expected, actual: expected, tasks_ok: None },
        process: account.process,
        events: if dies { vec![died] } else { Vec::new() },
        runs: None,
        jobs: None,
        events_dropped: 0,
    }
}

fn worker(id: u32, lane: &LanePlan, runs: bool, dead: bool, dice: &mut Dice) -> WorkerTick {
    let state = match (runs, dice.below(12)) {
        _ if dead && id == 3 => WorkerState::Dead,
        (false, _) => WorkerState::Paused,
        (true, 0) => WorkerState::Idle,
        (true, 1 | 2) if lane.id.0 == 2 => WorkerState::Lock,
        (true, 3) if lane.pool.is_processes() => WorkerState::Blocked,
        _ => WorkerState::Running,
    };
    let mut state_ns = [0; 5];
    if let Some(place) = WorkerState::ALL.iter().position(|one| *one == state).filter(|place| *place < 5) {
        state_ns[place] = TICK_NS;
    }
    let share = if lane.workers > 2 { TICK_NS / 2 } else { TICK_NS };
    let (cpu_ns, run_queue_ns) = if runs { (share, TICK_NS - share) } else { (0, 0) };
    WorkerTick {
        id: WorkerId(id),
        state,
        lock: None,
        tid: 5000 + id,
        ended: 0,
        state_ns,
        cpu_ns: Some(cpu_ns),
        run_queue_ns: Some(run_queue_ns),
        core: None,
    }
}

fn lock(account: &Account, done: u64) -> LockTick {
    LockTick {
        acquired: account.acquired,
        contended: account.acquired / 300,
        wait_ns: account.acquired * 60,
        hold_ns: account.acquired * 41,
        wait: buckets(done / 300, 21_000),
        ..LockTick::default()
    }
}

/// So many values near `ns`.
fn buckets(number: u64, ns: u64) -> Buckets {
    let bucket = crate::stats::bucket_of(ns) as i64;
    if number == 0 {
        return Buckets::default();
    }
    let (few, most) = (number as i64 / 40, number as i64 - number as i64 / 40);
    Buckets { sum_ns: number * ns, max_ns: ns * 3 / 2, runs: vec![-bucket, most, -2, few] }
}

/// The same, and at its end everything that a lane can tell: two locks that are waited for, flight recorders that were
/// read, and an event of each kind.
pub(crate) fn frames_with_all(workers: u32) -> Vec<Frame> {
    let mut lanes = three_lanes();
    lanes[1].workers = workers;
    let mut frames = frames_of(plan(lanes, Mode::Turns { slice_ms: 500 }), 100);
    let lane = Some(LaneId(2));
    let names = || vec![("queue", LockKind::Std), ("results", LockKind::Ticket)];
    let mut ticks = 0u64;
    for frame in frames.iter_mut().filter(|frame| frame.lane == lane) {
        match &mut frame.body {
            Body::Hello(hello) => {
                hello.locks =
                    names().into_iter().map(|(name, lock)| LockName { name: name.to_string(), lock }).collect();
            }
            Body::Tick(tick) => {
                ticks += 1;
                let acquired = ticks * 150;
                tick.locks.push(LockTick {
                    acquired,
                    contended: acquired / 9,
                    wait_ns: acquired * 12_000,
                    hold_ns: acquired * 900,
                    owner: Some(WorkerId(2)),
                    waiters: 2,
                    abandoned: 0,
                    wait: buckets(17, 160_000),
                    hold: buckets(128, 900),
                });
                for worker in &mut tick.workers {
                    if worker.state == WorkerState::Lock || [0, 3].contains(&worker.id.0) {
                        (worker.state, worker.lock) = (WorkerState::Lock, Some(crate::wire::LockId(1)));
                    }
                    worker.ended = 30 + u64::from(worker.id.0);
                }
                // Times that are spread out, as real ones are.
                let few: Vec<i64> = [1, 4, 18, 40, 25, 9, 3, 0, 0, 1].into_iter().map(|count: i64| count * 2).collect();
                let first = crate::stats::bucket_of(900_000) as i64;
                let runs =
                    std::iter::once(-first).chain(few.into_iter().map(|count| if count == 0 { -1 } else { count }));
                tick.service = Buckets { sum_ns: 202 * 1_300_000, max_ns: 2_800_000, runs: runs.collect() };
            }
            _ => {}
        }
    }
    let at_ns = 100 * TICK_NS + 5;
    frames.push(Frame { lane, at_ns, body: Body::Flight { events: flight(workers) } });
    let last = frames.iter_mut().rev().find(|frame| frame.lane == lane && matches!(frame.body, Body::Tick(_)));
    if let Some(Frame { body: Body::Tick(tick), .. }) = last {
        let worker = WorkerId(3);
        tick.events = vec![
            Event::Resized { workers },
            Event::Refused { order: "set the payload".to_string(), why: "threads share their memory".to_string() },
            Event::TaskPanicked { message: "index out of bounds: the len is 3 \x1b[31mbut the index is 7".to_string() },
            Event::SpawnFailed {
                what: "thread".to_string(),
                why: "Resource temporarily unavailable".to_string(),
                workers,
            },
            Event::LockAbandoned { lock: crate::wire::LockId(1), worker },
            Event::WorkerDied { worker, exit: Exit::Signal { signal: 9 }, retried: 1, lost: 2 },
            Event::WorkerReplaced { worker, after_ns: 1_600_000 },
            Event::WorkersRecycled { count: 12 },
        ];
    }
    frames
}

/// What flight recorders might hold: tasks of some hundred microseconds that need one lock.
fn flight(workers: u32) -> Vec<(u32, u64, u8, u64)> {
    use crate::telemetry::FlightCode;
    let mut dice = Dice(11);
    let mut events = Vec::new();
    for worker in 0..workers {
        let mut at_ns = 3_200_000_000 + dice.below(300_000);
        let mut task = u64::from(worker);
        while at_ns < 3_214_000_000 {
            let mut note = |at_ns, code: FlightCode, argument| events.push((worker, at_ns, code as u8, argument));
            note(at_ns, FlightCode::Begin, task);
            at_ns += 40_000 + dice.below(250_000);
            if dice.below(2) == 0 {
                let owner = (u64::from(worker) + 1) % u64::from(workers);
                note(at_ns, FlightCode::Wait, (owner + 1) << 16 | 1);
                at_ns += 5_000 + dice.below(400_000);
                note(at_ns, FlightCode::Acquire, 1);
                at_ns += 30_000;
            }
            if dice.below(6) == 0 {
                note(at_ns, FlightCode::Block, 0);
                at_ns += 100_000 + dice.below(200_000);
                note(at_ns, FlightCode::Wake, 0);
            }
            note(at_ns, FlightCode::End, 0);
            at_ns += dice.below(60_000);
            task += u64::from(workers);
        }
        let first = events.iter().position(|event| event.0 == worker).unwrap_or(0);
        let drop = (events.len() - first).saturating_sub(crate::telemetry::FLIGHT_EVENTS);
        events.drain(first..first + drop);
    }
    events
}
