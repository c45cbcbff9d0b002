//! One lane's account.

use super::HISTORY_POINTS;
use super::cores::OnCores;
use super::locks::LockLedger;
use super::window::{Window, WorkerWindow};
use crate::stats::{Histogram, History};
use crate::wire::{
    Body, Event, FlightEvent, Gone, Hello, JobsTick, LanePlan, LockId, Phase, Process, ResultTick, RunsTick,
    StateTimes, Tasks, Tick, WorkerId, WorkerState, WorkerTick,
};

/// The most events that are remembered of a lane.
pub(super) const EVENTS_KEPT: usize = 200;

/// Whether a lane is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It has not said anything yet.
    Awaited,
    /// It sends frames.
    Here,
    /// It is gone, and how.
    Gone(Gone),
}

/// What a lane did in one tick, for drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// When the tick ended.
    pub at_ns: u64,
    /// The active time of the tick; 0 while the lane was paused.
    pub active_ns: u64,
    /// Tasks completed in it.
    pub completed: u64,
    /// The queue's depth at its end.
    pub depth: u64,
    /// The lane's processes at its end: totals.
    pub process: Process,
}

/// What a lane's processes did lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// The active time that it is about.
    pub active_ns: u64,
    /// CPU time in it; none where the kernel does not tell.
    pub cpu_ns: Option<u64>,
    /// The time in it that workers waited for a core; none where the kernel does not tell.
    pub run_queue_ns: Option<u64>,
    /// Times in it that a thread gave up its core, or was taken off it; none where the kernel does not tell.
    pub switches: Option<u64>,
}

/// Of less active time nothing is told: what starting took would be divided by next to nothing.
const RECENT_MIN_NS: u64 = 200_000_000;

/// [`Recent`] is about so much active time, where there was as much.
const RECENT_NS: u64 = 1_500_000_000;

/// A result that agreed so few ticks ago counts as agreeing: while tasks end, the two sums are read one after the other.
const AGREEMENT_TICKS: u64 = 20;

/// What a worker does, with running divided by whether it has a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Waits for a task.
    Idle,
    /// Works on a task; on a core, where the kernel tells.
    Running,
    /// Is in a task, and waits for a core.
    NoCore,
    /// Waits for a lock.
    Lock,
    /// Blocked on I/O, or asleep.
    Blocked,
    /// Paused at a task boundary.
    Paused,
    /// Gone.
    Dead,
}

impl Activity {
    /// Every activity, in the order of a [`Stint`].
    pub const ALL: [Activity; 7] = [
        Activity::Idle,
        Activity::Running,
        Activity::NoCore,
        Activity::Lock,
        Activity::Blocked,
        Activity::Paused,
        Activity::Dead,
    ];

    /// The activity of a state, as far as a state tells.
    pub fn of(state: WorkerState) -> Activity {
        match state {
            WorkerState::Idle => Activity::Idle,
            WorkerState::Running => Activity::Running,
            WorkerState::Lock => Activity::Lock,
            WorkerState::Blocked => Activity::Blocked,
            WorkerState::Paused => Activity::Paused,
            WorkerState::Dead => Activity::Dead,
        }
    }
}

/// How a worker spent a tick: the share of each activity in 255ths, in the order of [`Activity::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stint(pub [u8; 7]);

/// In shorter ticks the kernel's account of cores, which lags by a few milliseconds, says nothing.
const CORES_TOLD_FROM_NS: u64 = 90_000_000;

impl Stint {
    fn of(tick: &WorkerTick) -> Stint {
        let total_ns = tick.state_ns.iter().fold(0u64, |sum, spent| sum.saturating_add(*spent));
        let mut shares = [0u8; 7];
        if total_ns == 0 || tick.state == WorkerState::Dead {
            shares[Activity::of(tick.state) as usize] = u8::MAX;
            return Stint(shares);
        }
        let share_of = |spent_ns: u64| (spent_ns as f64 / total_ns as f64 * 255.0).round() as u8;
        for (state, spent_ns) in WorkerState::ALL.into_iter().zip(tick.state_ns) {
            shares[Activity::of(state) as usize] = share_of(spent_ns);
        }
        if let (Some(cpu_ns), Some(waited_ns), true) = (tick.cpu_ns, tick.run_queue_ns, total_ns >= CORES_TOLD_FROM_NS)
        {
            let running = shares[Activity::Running as usize];
            let waited = waited_ns as f64 / cpu_ns.saturating_add(waited_ns).max(1) as f64;
            let no_core = (f64::from(running) * waited).round() as u8;
            shares[Activity::NoCore as usize] = no_core;
            shares[Activity::Running as usize] = running.saturating_sub(no_core);
        }
        Stint(shares)
    }
}

/// A worker's account.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerLedger {
    /// Which one.
    pub id: WorkerId,
    /// What it is doing.
    pub state: WorkerState,
    /// The lock that it waits for.
    pub lock: Option<LockId>,
    /// Its thread or process.
    pub tid: u32,
    /// Tasks that it ended.
    pub ended: u64,
    /// The time in each state, over the whole run.
    pub state_ns: StateTimes,
    /// The time on a core; none where the kernel does not tell.
    pub cpu_ns: Option<u64>,
    /// The time waiting for a core; none where the kernel does not tell.
    pub run_queue_ns: Option<u64>,
    /// How it spent each tick, newest last.
    pub stints: History<Stint>,
    /// Whether it was in the newest tick.
    pub present: bool,
    /// The core on which it was last seen; none where that is not told.
    pub core: Option<u32>,
    pub(super) window: WorkerWindow,
}

/// The queue's account.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueLedger {
    /// Its depth now.
    pub depth: u64,
    /// The most so far.
    pub depth_max: u64,
    /// Depth summed over active time, in task-nanoseconds.
    pub area: u128,
    /// Whether depth is taken inside the queue's lock (true) or sampled (false).
    pub witnessed: bool,
}

/// One lane's account.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneLedger {
    /// Its plan.
    pub plan: LanePlan,
    /// What it said of itself.
    pub hello: Option<Hello>,
    /// Whether it is there.
    pub standing: Standing,
    /// Where it stands.
    pub phase: Phase,
    /// The newest counts.
    pub tasks: Tasks,
    /// The time that it was not paused.
    pub active_ns: u64,
    /// When the newest tick came.
    pub last_at_ns: u64,
    /// Its workers, by number, gone ones included.
    pub workers: Vec<WorkerLedger>,
    /// Its queue.
    pub queue: QueueLedger,
    /// What tasks waited from when they were due until they started.
    pub queue_wait: Histogram,
    /// What tasks took.
    pub service: Histogram,
    /// Its locks.
    pub locks: Vec<LockLedger>,
    /// What came out, and what should have.
    pub result: ResultTick,
    /// How the runs of its program ended so far, where it runs one.
    pub runs: Option<Box<RunsTick>>,
    /// What its command came to so far, where it runs one.
    pub jobs: Option<Box<JobsTick>>,
    /// The newest account of its processes.
    pub process: Process,
    /// What it did tick by tick.
    pub history: History<Point>,
    /// The newest events, each with its time.
    pub events: History<(u64, Event)>,
    /// Workers that died.
    pub workers_died: u64,
    /// What its flight recorders last sent.
    pub flight: Vec<FlightEvent>,
    /// Times that the system gave no worker.
    pub spawns_failed: u64,
    /// Tasks that panicked and were caught, as far as lanes told (one a tick at most); counts are in `tasks.failed`.
    pub panics_told: u64,
    /// Events that found no room.
    pub events_dropped: u64,
    /// Lines that could not be read, and the last one's fault.
    pub unreadable: u64,
    /// Why the last unreadable line was so.
    pub unreadable_why: String,
    /// Turns that ended with its workers halted.
    pub turns_halted: u64,
    /// When it went, where it is gone.
    pub gone_at_ns: u64,
    /// The newest result at a standstill: only there it is exact.
    pub checked: Option<ResultTick>,
    pub(super) agreed_seq: Option<u64>,
    pub(super) seq: u64,
    /// The account of its processes when its history began: nothing, but for a recording that began later.
    pub(super) process_before: Process,
    pub(super) window: Window,
    pub(super) on_cores: OnCores,
}

impl LaneLedger {
    pub(super) fn new(plan: &LanePlan) -> LaneLedger {
        LaneLedger {
            plan: plan.clone(),
            hello: None,
            standing: Standing::Awaited,
            phase: Phase::Starting,
            tasks: Tasks::default(),
            active_ns: 0,
            last_at_ns: 0,
            workers: Vec::new(),
            queue: QueueLedger::default(),
            queue_wait: Histogram::default(),
            service: Histogram::default(),
            locks: Vec::new(),
            result: ResultTick::default(),
            runs: None,
            jobs: None,
            process: Process::default(),
            history: History::new(HISTORY_POINTS),
            events: History::new(EVENTS_KEPT),
            workers_died: 0,
            flight: Vec::new(),
            spawns_failed: 0,
            panics_told: 0,
            events_dropped: 0,
            unreadable: 0,
            unreadable_why: String::new(),
            turns_halted: 0,
            gone_at_ns: 0,
            checked: None,
            agreed_seq: None,
            seq: 0,
            process_before: Process::default(),
            window: Window::new(),
            on_cores: OnCores::default(),
        }
    }

    /// Takes in a frame's body; says whether it made sense.
    pub(super) fn post(&mut self, body: &Body, at_ns: u64) -> bool {
        match body {
            Body::Hello(hello) => {
                self.locks = hello.locks.iter().map(|name| LockLedger::new(name.clone())).collect();
                self.hello = Some(hello.clone());
                (self.standing, self.gone_at_ns) = (Standing::Here, 0);
                self.last_at_ns = at_ns;
                true
            }
            Body::Tick(tick) => self.tick(tick, at_ns),
            Body::SoFar(so_far) => self.take_over(so_far),
            Body::Gone(gone) => {
                self.standing = Standing::Gone(gone.clone());
                self.gone_at_ns = at_ns;
                for worker in &mut self.workers {
                    worker.state = WorkerState::Dead;
                    worker.lock = None;
                }
                true
            }
            Body::Flight { events } => {
                self.flight.clone_from(events);
                true
            }
            Body::Unreadable { why } => {
                self.unreadable = self.unreadable.saturating_add(1);
                self.unreadable_why.clone_from(why);
                true
            }
            _ => false,
        }
    }

    fn tick(&mut self, tick: &Tick, at_ns: u64) -> bool {
        if tick.seq <= self.seq {
            return false;
        }
        if tick.seq - self.seq > 1 {
            self.forget_window();
        }
        let mut window = std::mem::replace(&mut self.window, Window::new());
        window.add_tick(self, tick);
        self.window = window;
        self.seq = tick.seq;
        (self.standing, self.gone_at_ns) = (Standing::Here, 0);
        self.last_at_ns = at_ns;
        self.phase = tick.phase;
        if self.history.len() >= HISTORY_POINTS
            && let Some(oldest) = self.history.iter().next()
        {
            self.process_before = oldest.process;
        }
        self.history.push(Point {
            at_ns,
            active_ns: tick.active_ns,
            completed: tick.tasks.completed.saturating_sub(self.tasks.completed),
            depth: tick.queue.depth,
            process: tick.process,
        });
        self.tasks = tick.tasks;
        self.active_ns = self.active_ns.saturating_add(tick.active_ns);
        self.queue.depth = tick.queue.depth;
        self.queue.depth_max = self.queue.depth_max.max(tick.queue.depth_max);
        self.queue.area = self.queue.area.saturating_add(u128::from(tick.queue.depth_area));
        self.queue.witnessed = tick.queue.witnessed;
        self.queue_wait.merge(&tick.queue_wait);
        self.service.merge(&tick.service);
        for (lock, now) in self.locks.iter_mut().zip(&tick.locks) {
            lock.wait.merge(&now.wait);
            lock.hold.merge(&now.hold);
            lock.now = now.clone();
        }
        self.result = tick.result;
        self.runs.clone_from(&tick.runs);
        self.jobs.clone_from(&tick.jobs);
        if self.is_exact() {
            self.checked = Some(tick.result);
        } else if tick.result.expected == tick.result.actual && tick.tasks.completed > 0 {
            self.agreed_seq = Some(tick.seq);
        }
        self.process = tick.process;
        self.workers.iter_mut().for_each(|worker| worker.present = false);
        tick.workers.iter().for_each(|worker| self.post_worker(worker));
        self.see_blockers();
        let workers = &self.workers;
        let core_of = |place: usize| {
            let place = workers.binary_search_by_key(&tick.workers[place].id, |worker| worker.id).ok()?;
            workers[place].core
        };
        self.on_cores.add_tick(tick, core_of);
        tick.events.iter().for_each(|event| self.post_event(event, at_ns));
        self.events_dropped = self.events_dropped.saturating_add(tick.events_dropped);
        true
    }

    /// Whether it is time to say what lasts.
    pub(super) fn is_to_be_judged(&self) -> bool {
        self.window.is_full()
    }

    fn post_worker(&mut self, tick: &WorkerTick) {
        self.worker(tick.id).post(tick);
    }

    /// The worker's account, which begins now if there is none.
    pub(super) fn worker(&mut self, id: WorkerId) -> &mut WorkerLedger {
        let place = match self.workers.binary_search_by_key(&id, |worker| worker.id) {
            Ok(place) => place,
            Err(place) => {
                self.workers.insert(place, WorkerLedger::new(id));
                place
            }
        };
        &mut self.workers[place]
    }

    fn post_event(&mut self, event: &Event, at_ns: u64) {
        match event {
            Event::WorkerDied { .. } => self.workers_died = self.workers_died.saturating_add(1),
            Event::SpawnFailed { .. } => self.spawns_failed = self.spawns_failed.saturating_add(1),
            Event::TaskPanicked { .. } => self.panics_told = self.panics_told.saturating_add(1),
            _ => {}
        }
        self.events.push((at_ns, event.clone()));
    }

    /// The lane's name.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// The time that the lane was not paused, in seconds.
    pub fn active_s(&self) -> f64 {
        self.active_ns as f64 / 1e9
    }

    /// Tasks completed for each second of active time, over the whole run; none before the lane was active.
    pub fn throughput_per_s(&self) -> Option<f64> {
        (self.active_ns > 0).then(|| self.tasks.completed as f64 / self.active_s())
    }

    /// The same over about the last second of active time.
    pub fn throughput_now_per_s(&self) -> Option<f64> {
        let (mut completed, mut active_ns) = (0u64, 0u64);
        for point in self.history.iter().rev() {
            completed = completed.saturating_add(point.completed);
            active_ns = active_ns.saturating_add(point.active_ns);
            if active_ns >= 1_000_000_000 {
                break;
            }
        }
        (active_ns > 0).then(|| completed as f64 * 1e9 / active_ns as f64)
    }

    /// The queue's mean depth over active time; none before the lane was active.
    pub fn depth_mean(&self) -> Option<f64> {
        (self.active_ns > 0).then(|| self.queue.area as f64 / self.active_ns as f64)
    }

    /// Workers that are there and not dead.
    pub fn workers_alive(&self) -> usize {
        self.workers.iter().filter(|worker| worker.present && worker.state != WorkerState::Dead).count()
    }

    /// The time that all workers together spent in each state.
    pub fn state_ns(&self) -> StateTimes {
        let mut total = StateTimes::default();
        for worker in &self.workers {
            total.iter_mut().zip(worker.state_ns).for_each(|(sum, spent)| *sum = sum.saturating_add(spent));
        }
        total
    }

    /// Whether the counts are exact: the lane stands still.
    pub fn is_exact(&self) -> bool {
        matches!(self.phase, Phase::Paused | Phase::Done)
    }

    /// Whether the result is right; none where that is not known yet.
    pub fn result_ok(&self) -> Option<bool> {
        self.is_exact().then(|| is_right(&self.result))
    }

    /// Whether the result was right at the last standstill; where there was none yet, that it agreed a moment ago.
    pub fn result_so_far(&self) -> Option<bool> {
        match &self.checked {
            _ if self.tasks.completed == 0 && self.phase != Phase::Done => None,
            Some(result) => Some(is_right(result)),
            None => self.agreed_seq.filter(|seq| self.seq - seq <= AGREEMENT_TICKS).map(|_| true),
        }
    }

    /// What the lane's processes did over about the last second and a half of active time; none before a fifth of a second
    /// of it.
    pub fn recent(&self) -> Option<Recent> {
        let now = self.process;
        let (mut active_ns, mut before) = (0u64, None);
        for point in self.history.iter().rev() {
            if active_ns >= RECENT_NS {
                before = Some(point.process);
                break;
            }
            active_ns = active_ns.saturating_add(point.active_ns);
        }
        // A history that is not older than this tells of all there was since it began.
        let before = before.unwrap_or(self.process_before);
        let since = |now: Option<u64>, before: Option<u64>| now.map(|now| now.saturating_sub(before.unwrap_or(0)));
        let switches = |process: &Process| Some(process.voluntary?.saturating_add(process.involuntary?));
        (active_ns >= RECENT_MIN_NS).then(|| Recent {
            active_ns,
            cpu_ns: since(now.cpu_ns, before.cpu_ns),
            run_queue_ns: since(now.run_queue_ns, before.run_queue_ns),
            switches: since(switches(&now), switches(&before)),
        })
    }

    /// Workers that left because fewer were asked for.
    pub fn workers_left(&self) -> usize {
        let was_resized = self.events.iter().any(|(_, event)| matches!(event, Event::Resized { .. }));
        if was_resized { self.workers.iter().filter(|worker| !worker.present).count() } else { 0 }
    }
}

fn is_right(result: &ResultTick) -> bool {
    result.expected == result.actual && result.tasks_ok != Some(false)
}

impl WorkerLedger {
    /// Whether this is no worker, but whoever submits tasks and runs one where the queue is full.
    pub fn is_caller(&self) -> bool {
        self.id == WorkerId::CALLER
    }

    /// Whether it is a worker that is there and not dead.
    pub fn is_alive(&self) -> bool {
        self.present && self.state != WorkerState::Dead && !self.is_caller()
    }

    fn new(id: WorkerId) -> WorkerLedger {
        WorkerLedger {
            id,
            state: WorkerState::Idle,
            lock: None,
            tid: 0,
            ended: 0,
            state_ns: StateTimes::default(),
            cpu_ns: None,
            run_queue_ns: None,
            stints: History::new(HISTORY_POINTS),
            present: true,
            core: None,
            window: WorkerWindow::default(),
        }
    }

    fn post(&mut self, tick: &WorkerTick) {
        self.state = tick.state;
        self.lock = tick.lock;
        self.present = true;
        self.ended = self.ended.saturating_add(tick.ended);
        self.state_ns.iter_mut().zip(tick.state_ns).for_each(|(sum, spent)| *sum = sum.saturating_add(spent));
        let add = |sum: Option<u64>, more: Option<u64>| more.map(|more| sum.unwrap_or(0).saturating_add(more)).or(sum);
        self.cpu_ns = add(self.cpu_ns, tick.cpu_ns);
        self.run_queue_ns = add(self.run_queue_ns, tick.run_queue_ns);
        if self.tid != tick.tid {
            self.core = None;
        }
        self.tid = tick.tid;
        self.core = tick.core.or(self.core);
        self.window.now.add_tick(tick);
        self.stints.push(Stint::of(tick));
    }
}
