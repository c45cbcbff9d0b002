//! The plan: a scenario made definite for this machine. Nothing in it is left unset.

use super::ending::{Ending, Pattern, Verdict};
use super::ids::LaneId;
use super::raw::Raw;
use serde::{Deserialize, Serialize};

/// The most workers that a lane may have.
pub const WORKERS_MAX: u32 = 1024;

/// Everything that a run needs to know before it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The scenario's name, as `poolscope list` prints it.
    pub scenario: String,
    /// One line for the top of the screen.
    pub title: String,
    /// What the audience is asked before the run.
    pub question: Option<Question>,
    /// Where every random choice of the run comes from.
    pub seed: u64,
    /// How the lanes share the cores.
    pub mode: Mode,
    /// The time between two frames of a lane.
    pub tick_ms: u64,
    /// What this machine gives.
    pub machine: Machine,
    /// One to eight lanes, side by side.
    pub lanes: Vec<LanePlan>,
    /// What must hold of the summary, each a statement in the language of `scenario::expect`.
    pub expect: Vec<String>,
}

/// A question with choices, asked before the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The question itself.
    pub text: String,
    /// What may be answered.
    pub choices: Vec<Choice>,
}

/// One answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The answer.
    pub text: String,
    /// Whether the facts bear it out.
    pub right: bool,
    /// Why, shown beside the fact.
    pub why: String,
}

/// How the lanes share the cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Mode {
    /// All lanes run at once and fight for the same cores.
    Together,
    /// One lane runs at a time, in slices; the others are paused at a task boundary, their clocks stopped.
    Turns {
        /// How long a turn lasts.
        slice_ms: u64,
    },
    /// Every lane is pinned to cores of its own.
    Cores,
}

impl Mode {
    /// The mode's name, as scenarios and summaries spell it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Together => "together",
            Mode::Turns { .. } => "turns",
            Mode::Cores => "cores",
        }
    }
}

/// What this machine gives, as far as it tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: u32,
    /// The ids of these cores.
    pub core_ids: Vec<u32>,
    /// Cores of the machine.
    pub cores_online: u32,
    /// The container's limit, in cores; none where there is no limit, or where the platform does not tell.
    pub quota: Option<f64>,
    /// How many cores' worth of work was really done at once when it was tried; none where it was not tried.
    pub parallelism_measured: Option<f64>,
    /// The operating system, with its version where it tells.
    pub os: String,
    /// Whether the kernel divides the CPU by session first, and so by lane.
    pub autogroup: Option<bool>,
}

/// One lane, made definite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanePlan {
    /// Its number.
    pub id: LaneId,
    /// Its name.
    pub name: String,
    /// What executes its tasks.
    pub pool: PoolPlan,
    /// How many workers it starts with.
    pub workers: u32,
    /// The most tasks that may wait in its queue; none for no bound.
    pub capacity: Option<u64>,
    /// What happens to a task that finds the queue full.
    pub when_full: WhenFull,
    /// How tasks come.
    pub arrivals: Arrivals,
    /// Tasks that are handed to a worker at once.
    pub chunk: u32,
    /// What a task does.
    pub workload: WorkloadPlan,
    /// How many units of work a task holds.
    pub size: Size,
    /// What becomes of the task that a dying worker had begun.
    pub on_death: OnDeath,
    /// The lane ends after so many tasks; none for no end.
    pub tasks: Option<u64>,
    /// The cores that the lane's workers may use; empty for all.
    pub cores: Vec<u32>,
    /// Each worker on one core of its own, in turn.
    pub pin: bool,
    /// How much the workers yield to others (the workers' nice value; the lane's reporter stays at 0).
    pub nice: i32,
    /// Whether times are measured. Counts always are.
    pub telemetry: bool,
    /// The seed of this lane's task sizes, arrivals and crashes.
    pub seed: u64,
}

/// What executes tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PoolPlan {
    /// One worker, one thread: the baseline.
    Single,
    /// Threads on one shared queue.
    Threads {
        /// How the queue is made.
        queue: QueueHow,
    },
    /// Work stealing, by rayon.
    Stealing,
    /// A thread for each task.
    PerTask,
    /// Worker processes, children of the lane.
    Processes {
        /// How tasks get to a worker and results back.
        transport: Transport,
        /// How a worker comes to be.
        start: Start,
        /// A worker is replaced after so many tasks; none for never.
        max_tasks_per_worker: Option<u64>,
        /// Tasks that a worker holds beyond the one it runs.
        in_flight: u32,
        /// Bytes that travel with each task, and back.
        payload_bytes: u64,
    },
    /// The threads of a small program on threads of the system, without any global lock; a task is a run of it.
    Program(ProgramPlan),
    /// The same program under the real Python; a task is a run of it.
    Cpython(CpythonPlan),
    /// Threads that write and read a few words without any lock, to see what order this processor keeps; a task is a
    /// round of a litmus test over many places in memory.
    Litmus(LitmusPlan),
    /// Runs of a program of the user's own; a task is one of them.
    Command(CommandPlan),
}

/// A program of the user's own, and what it is run on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandPlan {
    /// The command line, with placeholders for the input: `{}`, `{.}`, `{/}`, `{/.}`, `{//}`, `{#}`, `{.EXT}`, `{/.EXT}`.
    pub command: Raw,
    /// What it is run on.
    #[serde(default)]
    pub inputs: Inputs,
    /// Whether they begin anew after the last one, as in a sweep, which measures for a time. They are read more than once
    /// then: standard input is what the viewer kept of it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub again: bool,
    /// Whether a shell runs it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub shell: bool,
    /// How often an input is tried again whose run failed.
    #[serde(default)]
    pub retries: u32,
    /// Where each input that is done is noted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub log: Option<JobLog>,
}

/// What a command is run on: a task for each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum Inputs {
    /// Nothing: the same again and again.
    #[default]
    Nothing,
    /// Numbers, both ends included.
    Range {
        /// The first.
        first: i64,
        /// The last.
        last: i64,
    },
    /// The lines of a file.
    File {
        /// Its path.
        path: Raw,
        /// Whether its parts end with a NUL instead of a newline.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        null: bool,
    },
    /// The lines of what the viewer reads on its standard input: the lane has it as descriptor 3.
    Stdin {
        /// Whether its parts end with a NUL instead of a newline.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        null: bool,
    },
}

/// Where each input that is done is noted, and what is done about those that stand there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLog {
    /// The file's path.
    pub path: Raw,
    /// Which inputs that stand in it are left out.
    pub resume: Resume,
}

/// Which inputs that a job log names are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resume {
    /// The log must be a new one.
    No,
    /// All of them.
    All,
    /// Those whose run did not fail.
    Failed,
}

/// A small program under the real Python.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpythonPlan {
    /// The program.
    #[serde(flatten)]
    pub program: ProgramPlan,
    /// How long a thread keeps the interpreter's global lock before another may ask for it, in microseconds.
    #[serde(default = "switch_interval_us")]
    pub switch_interval_us: u32,
    /// A run that has not ended by then is stopped, in milliseconds.
    #[serde(default = "run_limit_ms")]
    pub run_limit_ms: u32,
}

/// CPython's own.
fn switch_interval_us() -> u32 {
    5000
}

fn run_limit_ms() -> u32 {
    2000
}

/// A litmus test on the real processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LitmusPlan {
    /// What the threads do.
    pub test: LitmusTest,
    /// Whether each thread puts a full fence between its accesses.
    #[serde(default)]
    pub fence: bool,
    /// Places that a round goes over, each with variables of its own.
    #[serde(default = "slots")]
    pub slots: u32,
}

fn slots() -> u32 {
    4000
}

/// What the threads of a litmus test do. All variables are 0 at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LitmusTest {
    /// `x = 1; r1 = y` against `y = 1; r2 = x`.
    StoreBuffering,
    /// `data = 1; flag = 1` against `seen_flag = flag; seen_data = data`.
    MessagePassing,
    /// One attempt each to enter by Peterson's lock.
    PetersonWithoutFence,
    /// An object is filled, then published; whoever sees it reads what it holds.
    HalfBuiltObject,
    /// Two threads write, two read what they wrote in opposite orders.
    Iriw,
    /// `r1 = x; y = 1` against `r2 = y; x = 1`.
    LoadBuffering,
}

impl LitmusTest {
    /// Every test, in the order in which lists name them.
    pub const ALL: [LitmusTest; 6] = [
        LitmusTest::StoreBuffering,
        LitmusTest::MessagePassing,
        LitmusTest::PetersonWithoutFence,
        LitmusTest::HalfBuiltObject,
        LitmusTest::Iriw,
        LitmusTest::LoadBuffering,
    ];

    /// The test's name, as scenarios spell it.
    pub fn name(self) -> &'static str {
        match self {
            LitmusTest::StoreBuffering => "store-buffering",
            LitmusTest::MessagePassing => "message-passing",
            LitmusTest::PetersonWithoutFence => "peterson-without-fence",
            LitmusTest::HalfBuiltObject => "half-built-object",
            LitmusTest::Iriw => "iriw",
            LitmusTest::LoadBuffering => "load-buffering",
        }
    }

    /// How many threads it takes.
    pub fn threads(self) -> u32 {
        if self == LitmusTest::Iriw { 4 } else { 2 }
    }
}

/// A small program, and which of its endings are right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProgramPlan {
    /// Its name.
    pub program: String,
    /// What it is, in a sentence or two; empty where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub about: String,
    /// Its text, in the subset of Python that the explorer knows, with its parameters as chosen.
    pub text: String,
    /// What it is there to show.
    pub role: Role,
    /// Endings that are as they should be; where there is none, every end of all threads is.
    pub acceptable: Vec<Pattern>,
    /// Endings that are allowed and worth a look.
    pub interesting: Vec<Pattern>,
    /// When a write is seen by others.
    pub memory: MemoryModel,
    /// What lies between two accesses to what is shared.
    pub window: Window,
    /// Numbers in its text that may be chosen, as chosen.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parameters: Vec<Parameter>,
    /// How many messages a pipe or a queue between processes holds; none for no limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pipe_capacity: Option<u32>,
    /// Whether who waits on a condition may wake unasked.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub spurious: bool,
    /// Whom a `notify` wakes.
    #[serde(default)]
    pub notify: Waking,
}

impl Eq for ProgramPlan {}

/// A number in a program's text that may be chosen: `N = 3  # 2 to 9`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name in the text.
    pub name: String,
    /// What it is.
    pub value: u32,
    /// The least that it may be.
    pub min: u32,
    /// The most that it may be.
    pub max: u32,
}

/// Whom a `notify` wakes, where several wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waking {
    /// Any of them.
    #[default]
    Any,
    /// Whoever has waited longest.
    Fifo,
}

impl ProgramPlan {
    /// What is to be thought of an ending: what is neither acceptable nor interesting is forbidden.
    pub fn verdict(&self, ending: &Ending) -> Verdict {
        let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.fits(ending));
        let all_fit = self.acceptable.is_empty() && ending.kind == super::ending::EndingKind::Ended;
        match (fits(&self.interesting), all_fit || fits(&self.acceptable)) {
            (true, _) => Verdict::Interesting,
            (false, true) => Verdict::Acceptable,
            (false, false) => Verdict::Forbidden,
        }
    }
}

/// What a variant of a program is there to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It can go wrong.
    Broken,
    /// It looks mended, and can still go wrong.
    WrongFix,
    /// It cannot go wrong.
    RightFix,
    /// Nothing is claimed.
    #[default]
    Open,
}

/// When a write is seen by others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryModel {
    /// At once: sequential consistency.
    #[default]
    Sc,
    /// When it leaves the writer's store buffer: total store order, as on x86.
    Tso,
}

/// What lies between two accesses of a thread to what is shared: the wider, the likelier that another comes between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Window {
    /// Nothing but the interpreter's own work.
    #[default]
    Natural,
    /// So many spinning instructions.
    Instructions {
        /// How many.
        count: u32,
    },
    /// The core is offered to others so many times.
    Yields {
        /// How many times.
        count: u32,
    },
    /// A pause by the clock.
    Micros {
        /// How long, in microseconds.
        us: u32,
    },
}

impl Role {
    /// The role, as a screen words it.
    pub fn words(self) -> &'static str {
        match self {
            Role::Broken => "broken",
            Role::WrongFix => "wrong fix",
            Role::RightFix => "right fix",
            Role::Open => "open",
        }
    }
}

impl PoolPlan {
    /// The pool kind's name, as scenarios and summaries spell it.
    pub fn name(&self) -> &'static str {
        match self {
            PoolPlan::Single => "single",
            PoolPlan::Threads { .. } => "threads",
            PoolPlan::Stealing => "stealing",
            PoolPlan::PerTask => "per-task",
            PoolPlan::Processes { .. } => "processes",
            PoolPlan::Program(_) => "program",
            PoolPlan::Cpython(_) => "cpython",
            PoolPlan::Litmus(_) => "litmus",
            PoolPlan::Command(_) => "command",
        }
    }

    /// The command that it runs, where it runs one.
    pub fn command(&self) -> Option<&CommandPlan> {
        match self {
            PoolPlan::Command(command) => Some(command),
            _ => None,
        }
    }

    /// The program that it runs, where it runs one.
    pub fn program(&self) -> Option<&ProgramPlan> {
        match self {
            PoolPlan::Program(program) => Some(program),
            PoolPlan::Cpython(plan) => Some(&plan.program),
            _ => None,
        }
    }

    /// Whether what its workers do is done by processes of their own.
    pub fn works_in_processes(&self) -> bool {
        matches!(self, PoolPlan::Processes { .. } | PoolPlan::Cpython(_) | PoolPlan::Command(_))
    }

    /// Whether workers are processes, which share nothing but what is made to be shared.
    pub fn is_processes(&self) -> bool {
        matches!(self, PoolPlan::Processes { .. })
    }
}

/// How the shared queue of a `threads` pool is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueHow {
    /// A crossbeam channel; its depth is sampled.
    Channel,
    /// A deque behind a mutex with a condition; its depth is witnessed, and its lock is one of the lane's locks.
    Mutex,
}

/// How tasks get to a worker process and results back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// Two pipes for each worker.
    Pipe,
    /// One Unix socket pair for each worker.
    Socket,
    /// Two rings in shared memory for each worker.
    SharedMemory,
}

/// How a worker process comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// The executable is started anew.
    Spawn,
    /// A clean process with a single thread forks itself.
    Forkserver,
}

/// What happens to a task that finds the queue full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// Whoever submits it waits.
    Block,
    /// It is turned away and counted.
    Reject,
    /// Whoever submits it runs it.
    CallerRuns,
    /// The oldest waiting task is dropped and counted.
    DiscardOldest,
}

/// How tasks come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Arrivals {
    /// So many tasks are outstanding at any time: one comes when one has ended.
    Closed {
        /// How many.
        outstanding: u64,
    },
    /// Tasks come at a rate, whatever becomes of them.
    Open {
        /// Tasks a second.
        rate_per_s: f64,
        /// How they are spaced.
        spacing: Spacing,
    },
    /// So many at once, again and again.
    Burst {
        /// How many at once.
        tasks: u64,
        /// From one burst to the next.
        every_ms: u64,
    },
}

/// How open arrivals are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// Evenly.
    Constant,
    /// At random, each independent of the others.
    Poisson,
}

/// What becomes of the task that a dying worker had begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OnDeath {
    /// It is tried again, so many times; then it counts as lost.
    Retry {
        /// How often it may be tried again.
        times: u32,
    },
    /// It counts as lost.
    Lose,
}

/// How many units of work a task holds: always at least 1, at most 1,000,000 (0 only for `Constant { units: 0 }`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Size {
    /// Always the same.
    Constant {
        /// How many.
        units: u32,
    },
    /// Any number between two, all equally likely.
    Uniform {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// Many small ones, few large ones.
    Exponential {
        /// Their mean.
        mean: f64,
    },
    /// Mostly small ones, and now and then a huge one.
    Pareto {
        /// Their mean.
        mean: f64,
        /// How heavy the tail is: the smaller, the heavier; more than 1.
        shape: f64,
    },
    /// Two sizes.
    Bimodal {
        /// The small size.
        small: u32,
        /// The large size.
        large: u32,
        /// What share of tasks is large, from 0 to 1.
        large_share: f64,
    },
}

/// A kind of lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockKind {
    /// The standard library's mutex.
    Std,
    /// The mutex of the parking_lot crate.
    ParkingLot,
    /// Test, test-and-set, back off.
    Spin,
    /// First come, first served, by spinning on a number.
    Ticket,
    /// The standard library's reader-writer lock: nine in ten acquisitions read.
    Rwlock,
    /// A counter of permits.
    Semaphore,
    /// A word in shared memory and the kernel's futex: for processes too, and it outlives its owner.
    Futex,
}

impl LockKind {
    /// Every kind, in the order in which the help lists them.
    pub const ALL: [LockKind; 7] = [
        LockKind::Std,
        LockKind::ParkingLot,
        LockKind::Spin,
        LockKind::Ticket,
        LockKind::Rwlock,
        LockKind::Semaphore,
        LockKind::Futex,
    ];

    /// The kind's name, as scenarios and summaries spell it.
    pub fn name(self) -> &'static str {
        match self {
            LockKind::Std => "std",
            LockKind::ParkingLot => "parking-lot",
            LockKind::Spin => "spin",
            LockKind::Ticket => "ticket",
            LockKind::Rwlock => "rwlock",
            LockKind::Semaphore => "semaphore",
            LockKind::Futex => "futex",
        }
    }

    /// Whether it works between processes, and is taken from an owner that dies.
    pub fn is_process_shared(self) -> bool {
        matches!(self, LockKind::Spin | LockKind::Semaphore | LockKind::Futex)
    }
}

/// How the `counter` workload keeps its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CounterWay {
    /// A relaxed load, then a relaxed store: loses updates, on purpose and without undefined behaviour.
    Racy,
    /// One fetch-and-add.
    Atomic,
    /// Under the workload's lock.
    Locked,
    /// Sixteen counters, each under a lock of its own; a task picks one by its number.
    Sharded,
    /// A counter for each worker, merged when asked for.
    PerWorker,
}

/// How a faulty task fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashWay {
    /// It panics.
    Panic,
    /// It aborts its process.
    Abort,
    /// It exits its process.
    Exit,
    /// It sends SIGKILL to its process.
    Kill,
}

/// Every way to fail, in the order in which the help lists them.
pub const CRASH_WAYS: [CrashWay; 4] = [CrashWay::Panic, CrashWay::Abort, CrashWay::Exit, CrashWay::Kill];

/// What a task does. A task holds a number of units (its size); each kind says what a unit is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum WorkloadPlan {
    /// Counts primes below 1,000 × units by trial division.
    Primes,
    /// Renders `units` rows of the Mandelbrot set; rows differ in cost.
    Mandelbrot,
    /// SHA-256 of `payload_bytes`, `units` times.
    Hash {
        /// How much is hashed each time.
        payload_bytes: u64,
    },
    /// Multiplies two matrices, `units` times.
    Matrix {
        /// Rows and columns.
        side: u32,
    },
    /// Fibonacci by recursive fork and join, `units` times; on `stealing` through rayon's join.
    Fib {
        /// Which number.
        n: u32,
    },
    /// Mixes an integer 256 times a unit: work that touches no memory, of any size down to nothing.
    Spin,
    /// Reads `units` × 64 KiB of a large array in order.
    Stream {
        /// The array's size.
        array_bytes: u64,
    },
    /// Follows `units` × 64 links through a large array, each to an unforeseeable place.
    PointerChase {
        /// The array's size.
        array_bytes: u64,
    },
    /// Allocates, touches and frees `units` blocks.
    Allocate {
        /// The size of a block.
        block_bytes: u64,
    },
    /// Sleeps `units` × 100 µs.
    Sleep,
    /// Writes, syncs and reads back `units` × 4 KiB of an unnamed file.
    File,
    /// Sends `units` × 1 KiB to an echo on 127.0.0.1 and reads them back.
    Loopback,
    /// Increments a shared counter 64 times a unit.
    Counter {
        /// How the count is kept.
        way: CounterWay,
        /// The lock, where the way needs one.
        lock: LockKind,
        /// Whether each counter has a cache line of its own.
        padded: bool,
    },
    /// `units` of integer mixing, a share of it under one lock.
    CriticalSection {
        /// The share under the lock, from 0 to 1.
        share: f64,
        /// The lock.
        lock: LockKind,
        /// How many may be inside at once (a semaphore's permits; 1 for all other kinds).
        permits: u32,
        /// Whether the share is slept (100 µs a unit) rather than worked: a scarce thing behind the lock.
        sleep: bool,
    },
    /// `units` of integer mixing, and now and then the end of the task or of its worker.
    Crash {
        /// How it fails.
        way: CrashWay,
        /// How likely a task is to fail, from 0 to 1.
        probability: f64,
    },
    /// `units` of integer mixing, and memory that is never given back.
    Leak {
        /// How much a task keeps.
        bytes: u64,
    },
    /// One run of the pool's program or command, from its beginning to its end.
    Run,
}

impl WorkloadPlan {
    /// The workload's name, as scenarios and summaries spell it.
    pub fn name(&self) -> &'static str {
        match self {
            WorkloadPlan::Primes => "primes",
            WorkloadPlan::Mandelbrot => "mandelbrot",
            WorkloadPlan::Hash { .. } => "hash",
            WorkloadPlan::Matrix { .. } => "matrix",
            WorkloadPlan::Fib { .. } => "fib",
            WorkloadPlan::Spin => "spin",
            WorkloadPlan::Stream { .. } => "stream",
            WorkloadPlan::PointerChase { .. } => "pointer-chase",
            WorkloadPlan::Allocate { .. } => "allocate",
            WorkloadPlan::Sleep => "sleep",
            WorkloadPlan::File => "file",
            WorkloadPlan::Loopback => "loopback",
            WorkloadPlan::Counter { .. } => "counter",
            WorkloadPlan::CriticalSection { .. } => "critical-section",
            WorkloadPlan::Crash { .. } => "crash",
            WorkloadPlan::Leak { .. } => "leak",
            WorkloadPlan::Run => "run",
        }
    }
}
