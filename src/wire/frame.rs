//! Frames: what one source did in one tick.
//!
//! Counts are totals since the lane began, so that a frame that is lost costs detail but never a count. Times in
//! states and histograms are what the tick added. No list in a frame grows with the rate of tasks.

use super::ending::{Ending, Verdict, Waiting};
use super::ids::{LaneId, LockId, WorkerId};
use super::plan::{LockKind, Plan};
use super::sweep::{Further, Measured, SweepPlace, SweepPlan};
use serde::{Deserialize, Serialize};

/// What one source did in one tick.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The lane that it tells of; none for what concerns the whole run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lane: Option<LaneId>,
    /// When it was made, counted from the start of the run.
    pub at_ns: u64,
    /// What it tells.
    #[serde(flatten)]
    pub body: Body,
}

/// What a frame tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Body {
    /// The first frame of a run: the plan.
    Plan(Box<Plan>),
    /// A lane is there.
    Hello(Hello),
    /// What a lane did in a tick.
    Tick(Box<Tick>),
    /// What the cores did.
    System(SystemTick),
    /// Another lane's turn.
    Turn(Turn),
    /// A lane is gone.
    Gone(Gone),
    /// What the flight recorders of a lane held: the last events of each worker, oldest first.
    Flight {
        /// The events.
        events: Vec<FlightEvent>,
    },
    /// A line from a lane that could not be read.
    Unreadable {
        /// What was wrong with it.
        why: String,
    },
    /// The recording could not go on; the run does.
    RecordingFailed {
        /// What the system said.
        why: String,
    },
    /// Frames that the viewer was too slow to take; counts are totals, so none is lost.
    Missed {
        /// How many since the last time.
        frames: u64,
    },
    /// What a lane's frames had come to when a recording began in the middle of its run.
    SoFar(Box<SoFar>),
    /// The same of the cores and of the run as a whole.
    RunSoFar(Box<RunSoFar>),
    /// The first frame of a sweep: what is measured.
    Sweep(Box<SweepPlan>),
    /// A measurement of a sweep begins.
    Measuring(SweepPlace),
    /// A measurement of a sweep has ended.
    Measured(Box<Measured>),
    /// A further round of a sweep begins.
    Further(Further),
    /// The last frame of a run, or of a sweep.
    End,
}

/// An event of a flight recorder: `[worker, time_ns, code, argument]`; the codes are those of `telemetry::flight`.
pub type FlightEvent = (u32, u64, u8, u64);

/// A lane introduces itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Its process.
    pub pid: u32,
    /// Its locks, in the order of their ids.
    pub locks: Vec<LockName>,
    /// What measuring costs there.
    pub cost: Cost,
    /// The time from the lane's first instruction until its workers stood ready.
    pub startup_ns: u64,
    /// Whether the lane runs in a session of its own.
    pub own_session: bool,
}

/// A lock's name and kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockName {
    /// What it is called on the screen.
    pub name: String,
    /// Its kind.
    pub lock: LockKind,
}

/// What measuring costs, itself measured when the lane started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// What measuring one task costs: two clock readings, two histogram entries, the changes of state.
    pub event_ns: f64,
}

/// What a lane did in a tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Counts ticks from 1, without gaps.
    pub seq: u64,
    /// The time since the last tick.
    pub interval_ns: u64,
    /// The part of it in which the lane was not paused.
    pub active_ns: u64,
    /// Where the lane stands.
    pub phase: Phase,
    /// Tasks since the lane began.
    pub tasks: Tasks,
    /// Every worker that was there in this tick.
    pub workers: Vec<WorkerTick>,
    /// The queue.
    pub queue: QueueTick,
    /// What tasks that started in this tick had waited since they were due.
    pub queue_wait: Buckets,
    /// What tasks that ended in this tick had taken.
    pub service: Buckets,
    /// Every lock, in the order of the hello.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub locks: Vec<LockTick>,
    /// What came out, and what should have.
    pub result: ResultTick,
    /// The lane's processes, as the kernel sees them.
    pub process: Process,
    /// How the runs of its program ended so far, where it runs one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub runs: Option<Box<RunsTick>>,
    /// What its command came to so far, where it runs one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub jobs: Option<Box<JobsTick>>,
    /// What happened, besides.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub events: Vec<Event>,
    /// Events that found no room.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub events_dropped: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How the runs of a program ended so far. A run is a task: a forbidden ending, and one that never came, is `failed`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunsTick {
    /// Every distinct ending, in the order in which they first came about; 64 at most.
    pub endings: Vec<EndingCount>,
    /// Runs whose ending found no room in that list.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub others: u64,
    /// The lane's active time when the first run had failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_failed_ns: Option<u64>,
    /// Nobody can move in the run that is going on: it is left standing for a while.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub standstill: Option<Standstill>,
    /// The worst stalls of all runs so far: the longest that nobody got on, and the one in which others got on most often.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub stalls: Vec<Stall>,
    /// What executes the program, where that is not poolscope: the interpreter's version, and whether it has a global lock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interpreter: Option<String>,
    /// Why no run is made, where none can be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unavailable: Option<String>,
}

/// What the runs of a command came to so far: a task is an input, and `failed` where its last try failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsTick {
    /// How many inputs there are; none while that is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inputs: Option<u64>,
    /// Inputs that were left out, since a job log says that they are done.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub skipped: u64,
    /// Runs that ended, further tries included.
    pub runs: u64,
    /// What these used.
    pub used: Used,
    /// The lane's own most memory: a run that took less cannot be told from it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub memory_floor_bytes: Option<u64>,
    /// The input that was done last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub newest: Option<Box<Job>>,
    /// The last inputs whose last try failed, oldest first; 8 at most.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub failed: Vec<Job>,
    /// Why nothing more is begun, where that is so before all inputs are done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stopped: Option<String>,
}

/// What runs used: sums, but for the memory. Null where the kernel does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// From start to end.
    pub wall_ns: u64,
    /// On a core.
    pub cpu_ns: u64,
    /// The most memory that one of its processes had in use; none where that is less than what the lane itself took.
    pub memory_peak_bytes: Option<u64>,
    /// Waiting for disks.
    pub io_wait_ns: Option<u64>,
    /// Times that it gave up its core.
    pub voluntary: u64,
    /// Times that it was taken off its core.
    pub involuntary: u64,
}

/// An input that is done, and how its last run went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Which one, counted from 1.
    pub number: u64,
    /// The input, as text; its beginning where it is long.
    pub input: String,
    /// Runs, the first included.
    pub tries: u32,
    /// How the last one ended.
    pub exit: Exit,
    /// Why it could not even be started.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unstarted: Option<String>,
    /// What the last one used.
    pub used: Used,
    /// The end of its standard output.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub stdout: String,
    /// The end of its standard error.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub stderr: String,
}

/// One distinct ending, and how often it came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndingCount {
    /// The ending.
    pub ending: Ending,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// How many runs ended so.
    pub count: u64,
}

/// A run in which nobody can move any more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standstill {
    /// The run, by its number.
    pub run: u64,
    /// Who waits for what, and who holds it.
    pub waits: Vec<Waiting>,
    /// The threads that wait for each other in a circle, in its order; empty where there is none.
    pub circle: Vec<u32>,
    /// The time from the last wait's beginning until it was seen.
    pub found_after_ns: u64,
    /// For each wait, when it began, counted from the start of the run.
    pub since_ns: Vec<u64>,
}

/// How long a thread got no further, in a program that marks with `# progress` what getting on is: from the last such line
/// that it passed, or its start, to the next, or its end. Observed, and no proof of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stall {
    /// The run, by its number.
    pub run: u64,
    /// The thread.
    pub thread: u32,
    /// What it carried out meanwhile, operations that others could see.
    pub operations: u64,
    /// How often others got on meanwhile; 0: nobody did.
    pub others: u64,
    /// How long that was, in lane time.
    pub length_ns: u64,
}

/// Where a lane stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Its workers are not all there yet.
    #[default]
    Starting,
    /// It works.
    Running,
    /// It was asked to stop, and some worker is still in a task.
    Pausing,
    /// Every worker stands at a task boundary: counts are exact.
    Paused,
    /// It reached no boundary, and its workers were stopped where they were.
    Halted,
    /// It does nothing more: counts are exact, and this is its last tick.
    Done,
}

/// Tasks since the lane began. `submitted = queued + running + completed + failed + rejected + discarded + lost`,
/// exactly at every pause and at the end; at any other time `queued` and `running` may lag by the tasks that moved
/// while the frame was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tasks {
    /// Came.
    pub submitted: u64,
    /// Wait: the queue's own length.
    pub queued: u64,
    /// Are being worked on.
    pub running: u64,
    /// Ended well.
    pub completed: u64,
    /// Ended badly.
    pub failed: u64,
    /// Were turned away by a full queue.
    pub rejected: u64,
    /// Were dropped from a full queue.
    pub discarded: u64,
    /// Were begun by a worker that died, and not tried again.
    pub lost: u64,
    /// Were begun by a worker that died, and tried again; of a command, tries after a run that failed. Not part of the sum.
    pub retried: u64,
}

impl Tasks {
    /// The right side of the balance: what became of all that came.
    pub fn accounted(&self) -> u64 {
        let parts = [self.queued, self.running, self.completed, self.failed, self.rejected, self.discarded, self.lost];
        // A foreign lane may claim what it likes.
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

/// What a worker is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerState {
    /// Waits for a task.
    #[default]
    Idle,
    /// Works on a task: on a core, or waiting for one.
    Running,
    /// Waits for a lock.
    Lock,
    /// Blocked on I/O, or asleep.
    Blocked,
    /// Paused at a task boundary.
    Paused,
    /// Gone.
    Dead,
}

impl WorkerState {
    /// Every state, in the order in which [`StateTimes`] lists them.
    pub const ALL: [WorkerState; 6] = [
        WorkerState::Idle,
        WorkerState::Running,
        WorkerState::Lock,
        WorkerState::Blocked,
        WorkerState::Paused,
        WorkerState::Dead,
    ];

    /// The state's name, as summaries spell it.
    pub fn name(self) -> &'static str {
        match self {
            WorkerState::Idle => "idle",
            WorkerState::Running => "running",
            WorkerState::Lock => "lock",
            WorkerState::Blocked => "blocked",
            WorkerState::Paused => "paused",
            WorkerState::Dead => "dead",
        }
    }
}

/// The time in each state, in the order of [`WorkerState::ALL`], without the last.
pub type StateTimes = [u64; 5];

/// What a worker did in a tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerTick {
    /// Which worker.
    pub id: WorkerId,
    /// Its state when the frame was made.
    pub state: WorkerState,
    /// The lock that it waits for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lock: Option<LockId>,
    /// Its thread, or its process.
    pub tid: u32,
    /// Tasks that it ended in this tick.
    pub ended: u64,
    /// The time that it spent in each state in this tick.
    pub state_ns: StateTimes,
    /// The time that it was on a core in this tick, by the kernel's account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_ns: Option<u64>,
    /// The time that it waited for a core in this tick, by the kernel's account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub run_queue_ns: Option<u64>,
    /// The core on which it last ran, by the kernel's account; of many workers not all are looked at in every tick.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub core: Option<u32>,
}

/// What the queue did in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueTick {
    /// Tasks in it when the frame was made.
    pub depth: u64,
    /// The most in this tick.
    pub depth_max: u64,
    /// Its depth summed over the active time of the tick, in task-nanoseconds.
    pub depth_area: u64,
    /// Whether depth was taken inside the queue's lock (true) or sampled from outside (false).
    pub witnessed: bool,
}

/// What a lock did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LockTick {
    /// Acquisitions since the lane began.
    pub acquired: u64,
    /// Those of them that had to wait.
    pub contended: u64,
    /// The time that they waited, since the lane began.
    pub wait_ns: u64,
    /// The time that it was held, since the lane began: estimated from one acquisition in 64.
    pub hold_ns: u64,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<WorkerId>,
    /// How many wait for it.
    pub waiters: u32,
    /// Times that it was taken from an owner that had died.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub abandoned: u64,
    /// Waits that ended in this tick.
    pub wait: Buckets,
    /// Sampled holds that ended in this tick, each weighing 64.
    pub hold: Buckets,
}

/// What came out, and what should have: the sum over all tasks that completed, modulo 2^64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultTick {
    /// By a way of computing that shares nothing with the tasks'. While the lane works it is the sum over the tasks that
    /// workers say they completed; in the last tick it comes from what was submitted, less what was not done.
    pub expected: u64,
    /// As the workers made it.
    pub actual: u64,
    /// Whether exactly the tasks completed that should have, each once, by a sum over their numbers; told in the last
    /// tick only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tasks_ok: Option<bool>,
}

/// The lane's processes, as the kernel sees them; totals since the lane began, null where it does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// CPU time of the lane and its workers.
    pub cpu_ns: Option<u64>,
    /// The time that workers waited for a core.
    pub run_queue_ns: Option<u64>,
    /// Times that a thread gave up its core.
    pub voluntary: Option<u64>,
    /// Times that a thread was taken off its core.
    pub involuntary: Option<u64>,
    /// Memory in use.
    pub memory_bytes: Option<u64>,
    /// The most that was in use at any tick.
    pub memory_peak_bytes: Option<u64>,
}

/// How a process ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Exit {
    /// By itself.
    Code {
        /// Its exit code.
        code: i32,
    },
    /// By a signal.
    Signal {
        /// The signal's number.
        signal: i32,
    },
    /// Nobody can tell.
    #[default]
    Unknown,
}

/// Something that happened to a lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A worker died.
    WorkerDied {
        /// Which one.
        worker: WorkerId,
        /// How.
        exit: Exit,
        /// Tasks that it had begun and that are tried again.
        retried: u64,
        /// Tasks that it had begun and that are lost.
        lost: u64,
    },
    /// A worker took a dead one's place.
    WorkerReplaced {
        /// The new one.
        worker: WorkerId,
        /// The time from the death until the new one stood ready.
        after_ns: u64,
    },
    /// Workers had done their share of tasks and were replaced. Told once a tick at most.
    WorkersRecycled {
        /// How many since the last time.
        count: u64,
    },
    /// A lock was taken from an owner that had died.
    LockAbandoned {
        /// The lock.
        lock: LockId,
        /// The dead owner.
        worker: WorkerId,
    },
    /// The number of workers changed, as ordered.
    Resized {
        /// What it is now.
        workers: u32,
    },
    /// The system would not give another worker.
    SpawnFailed {
        /// What was asked for.
        what: String,
        /// What the system said.
        why: String,
        /// How many workers there are.
        workers: u32,
    },
    /// An order could not be carried out.
    Refused {
        /// The order.
        order: String,
        /// Why not.
        why: String,
    },
    /// A task panicked, and its worker caught it. Told once a tick at most.
    TaskPanicked {
        /// What it said.
        message: String,
    },
}

/// What the cores did, by the kernel's account, in a window of at least 250 ms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SystemTick {
    /// The window.
    pub window_ns: u64,
    /// Each core's busy share in it, from 0 to 1, with the core's id; empty where the platform does not tell.
    pub cores: Vec<(u32, f64)>,
    /// The viewer's own CPU time since it started.
    pub own_cpu_ns: Option<u64>,
    /// Times that the container was held back by its quota, since it started.
    pub throttled: Option<u64>,
}

/// Another lane's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The lane that may run; none between two turns.
    pub running: Option<LaneId>,
    /// Whether the lane before it reached no task boundary and was halted.
    pub halted: bool,
}

/// A lane is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// How its process ended.
    pub exit: Exit,
    /// Whether it had said that it was done.
    pub expected: bool,
    /// The last lines that it wrote to its standard error.
    pub stderr: String,
}

/// What a lane's frames came to so far, all but their history: a recording that begins in the middle of a run says it
/// once for each lane, after the hello, and goes on with the next tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SoFar {
    /// A tick that adds all ticks up to `seq` together: its times and histograms are those of the whole run. Its workers
    /// are all that there ever were, its events the last that are remembered.
    pub tick: Tick,
    /// When the lane was last heard.
    pub heard_at_ns: u64,
    /// When the events happened, one for each of the tick's events.
    pub events_at_ns: Vec<u64>,
    /// Workers among the tick's that were not there any more.
    pub absent: Vec<WorkerId>,
    /// For each lock, in the order of the hello, who was seen to hold it while others waited.
    pub blocked: Vec<Blocked>,
    /// The result at the last standstill.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checked: Option<ResultTick>,
    /// The tick at which the result last agreed while the lane worked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agreed_seq: Option<u64>,
    /// Workers that had died.
    pub workers_died: u64,
    /// Times that the system had given no worker.
    pub spawns_failed: u64,
    /// Panics that had been told.
    pub panics_told: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// What was wrong with the last of them.
    pub unreadable_why: String,
    /// Turns that ended with its workers halted.
    pub turns_halted: u64,
}

/// Who was seen to hold a lock while others waited for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// The holder, the one that waited, and the number of ticks in which they were seen so.
    pub pairs: Vec<(WorkerId, WorkerId, u64)>,
    /// What was seen of further pairs, for which there was no room.
    pub more: u64,
}

/// What the frames that belong to no lane came to so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSoFar {
    /// The newest look at the cores.
    pub system: SystemTick,
    /// All windows together.
    pub window_ns: u64,
    /// The time that each core was busy in them, with the core's id.
    pub busy_ns: Vec<(u32, f64)>,
    /// Frames that made no sense.
    pub odd_frames: u64,
    /// Frames that the viewer was too slow to take.
    pub missed_frames: u64,
}

/// Counts by size: the sparse form of a histogram.
///
/// Bucket `i` holds values as `stats::histogram` defines them. `runs` starts at bucket 0; a number that is not
/// negative is the count of the next bucket, and `-n` skips `n` empty ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buckets {
    /// Sum of all values.
    pub sum_ns: u64,
    /// The largest value so far.
    pub max_ns: u64,
    /// The counts.
    pub runs: Vec<i64>,
}
