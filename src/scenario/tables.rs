//! Everything that a scenario may say: one table for each list.
//!
//! Reading, checking, defaults, "did you mean", the reference in `assets/scenario.md` and forms for editing are all
//! made from these tables. A kind's name and keys are spelt as `wire::plan` serialises them, so a checked value with its
//! defaults filled in *is* the plan's JSON: a new workload is an entry here, and nothing else in this room.

/// A key that a table of the front matter may hold.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may stand behind it.
    pub shape: Shape,
    /// What holds where it is absent.
    pub default: Default,
    /// What it means, in one line.
    pub help: &'static str,
}

/// What holds where a key is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// The key must be there.
    Required,
    /// This value, in TOML.
    Toml(&'static str),
    /// What the plan works out, in words.
    Computed(&'static str),
}

/// What may stand behind a key.
#[derive(Debug)]
pub enum Shape {
    /// One line of printable text.
    Text {
        /// Its longest length in characters.
        chars_max: usize,
    },
    /// True or false.
    Flag,
    /// A number.
    Number {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// An integer.
    Integer {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// An integer, or a text that says how it follows from the machine: `"2*cores"`.
    Amount {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
        /// The word for no limit at all, where there is one.
        without: Option<&'static str>,
    },
    /// One of these words.
    Word(&'static [Word]),
    /// A table with a `kind` and that kind's keys; just the kind's name where its keys have defaults.
    Kind {
        /// The kinds.
        kinds: &'static [Kind],
        /// What a bare integer stands for: a kind and its key.
        integer: Option<(&'static str, &'static str)>,
    },
    /// The kind of a pool: a word, whose keys stand beside it in the lane.
    Pool(&'static [Kind]),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A list of tables with these keys.
    Tables {
        /// The keys of each.
        keys: &'static [Key],
        /// How many there may be.
        count_max: usize,
    },
    /// A list of statements in the language of `expect`.
    Statements,
    /// A list of endings of a program: `ended counter={N}`.
    Endings,
    /// A list of what exploring a program must come to: `deadlock: 2`.
    Claims,
    /// A table of a program's parameters and their values.
    Parameters,
}

/// A word that may stand behind a key.
#[derive(Debug)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What it means, in one line.
    pub help: &'static str,
}

/// A kind of pool, workload, size, …
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Its own keys.
    pub keys: &'static [Key],
    /// For a workload: the `size` that holds where a lane gives none, so that a task takes about a millisecond.
    pub size: &'static str,
}

const fn key(name: &'static str, shape: Shape, default: Default, help: &'static str) -> Key {
    Key { name, shape, default, help }
}

const fn word(name: &'static str, help: &'static str) -> Word {
    Word { name, help }
}

const fn kind(name: &'static str, help: &'static str, keys: &'static [Key]) -> Kind {
    Kind { name, help, keys, size: "" }
}

const fn work(name: &'static str, size: &'static str, help: &'static str, keys: &'static [Key]) -> Kind {
    Kind { name, help, keys, size }
}

const fn integer(min: u64, max: u64) -> Shape {
    Shape::Integer { min, max }
}

const fn amount(min: u64, max: u64) -> Shape {
    Shape::Amount { min, max, without: None }
}

const fn amount_or(without: &'static str, max: u64) -> Shape {
    Shape::Amount { min: 1, max, without: Some(without) }
}

const WORKERS_MAX: u64 = crate::wire::WORKERS_MAX as u64;
const UNITS_MAX: u64 = 1_000_000;
const TASKS_MAX: u64 = 1_000_000_000_000;
const MIB: u64 = 1 << 20;

/// What the audience reads. None of it can be changed with `--set`.
pub static PAGE: &[Key] = &[
    key("title", Shape::Text { chars_max: 80 }, Default::Required, "one line for the top of the screen"),
    key("topic", Shape::Text { chars_max: 32 }, Default::Toml("\"own\""), "the heading under which `list` shows it"),
    key("question", Shape::Text { chars_max: 200 }, Default::Computed("no question"), "asked before the run; needs 2 to 6 `[[choice]]`"),
    key("choice", Shape::Tables { keys: CHOICE, count_max: 6 }, Default::Computed("none"), "the answers, one of them right"),
    key("misconception", Shape::Text { chars_max: 200 }, Default::Computed("none"), "the belief that this scenario answers"),
    key("seconds", Shape::Number { min: 0.1, max: 86_400.0 }, Default::Toml("5"), "how long a run without a screen lasts"),
    key("expect", Shape::Table(EXPECT), Default::Computed("nothing"), "what must hold of the summary"),
];

/// What is run. All of it can be changed with `--set`, as in `--set lane.2.workers=8`.
pub static RUN: &[Key] = &[
    key("mode", Shape::Word(MODES), Default::Toml("\"turns\""), "how the lanes share the cores"),
    key("slice_ms", integer(20, 60_000), Default::Toml("500"), "how long a turn lasts"),
    key("tick_ms", integer(20, 10_000), Default::Toml("100"), "the time between two frames of a lane"),
    key("seed", integer(0, i64::MAX as u64), Default::Toml("7"), "where every random choice of the run comes from"),
    key("every-lane", Shape::Table(LANE), Default::Computed("nothing"), "what holds of every lane that does not say otherwise"),
    key("lane", Shape::Tables { keys: LANE, count_max: LANES_MAX }, Default::Required, "one way of running tasks; 1 to 8 of them"),
];

/// The most lanes that a scenario may have.
pub const LANES_MAX: usize = 8;

/// A `[[choice]]`.
pub static CHOICE: &[Key] = &[
    key("text", Shape::Text { chars_max: 200 }, Default::Required, "the answer"),
    key("right", Shape::Flag, Default::Toml("false"), "whether the facts bear it out; true of exactly one"),
    key("why", Shape::Text { chars_max: 600 }, Default::Required, "why, shown beside the fact"),
];

/// `[expect]`.
pub static EXPECT: &[Key] =
    &[key("holds", Shape::Statements, Default::Required, "statements about the summary, such as `lanes.*.tasks.lost == 0`")];

/// Ways to share the cores.
pub static MODES: &[Word] = &[
    word("turns", "one lane at a time, in slices, the others paused with their clocks stopped: for comparing speeds"),
    word("together", "all at once, fighting for the same cores: for tasks that wait, and for showing the fight"),
    word("cores", "each lane on cores of its own; where lanes outnumber cores they take turns, and poolscope says so"),
];

/// A lane, whatever its pool. The keys that only some pools take stand with those.
pub static LANE: &[Key] = &[
    key("name", Shape::Text { chars_max: 40 }, Default::Computed("workers and pool, as in \"4 threads\""), "what the lane is called"),
    key("pool", Shape::Pool(POOLS), Default::Toml("\"threads\""), "what executes the tasks"),
    key("workers", amount(1, WORKERS_MAX), Default::Computed("\"cores\"; 1 for `single`"), "how many workers it starts with"),
    key("capacity", amount_or("unbounded", 10_000_000), Default::Toml("64"), "the most tasks that may wait"),
    key("when_full", Shape::Word(WHEN_FULL), Default::Toml("\"block\""), "what happens to a task that finds the queue full"),
    key("arrivals", Shape::Kind { kinds: ARRIVALS, integer: None }, Default::Toml("\"closed\""), "how tasks come"),
    key("chunk", amount(1, 1_000_000), Default::Toml("1"), "tasks that are handed to a worker at once"),
    key("workload", Shape::Kind { kinds: WORKLOADS, integer: None }, Default::Required, "what a task does"),
    key("size", Shape::Kind { kinds: SIZES, integer: Some(("constant", "units")) }, Default::Computed("about 1 ms, see the workloads"), "how many units of work a task holds"),
    key("tasks", amount_or("endless", TASKS_MAX), Default::Toml("\"endless\""), "the lane ends after so many"),
    key("cores", amount_or("all", 4096), Default::Toml("\"all\""), "how many of the cores its workers may use"),
    key("pin", Shape::Flag, Default::Toml("false"), "each worker on one core of its own, in turn"),
    key("nice", integer(0, 19), Default::Toml("5"), "how much the workers yield to other programs"),
    key("telemetry", Shape::Flag, Default::Toml("true"), "whether times are measured; counts always are"),
];

/// What executes tasks; the keys of each stand in the lane itself.
pub static POOLS: &[Kind] = &[
    kind("single", "one worker, one thread: the baseline", &[]),
    kind("threads", "threads on one shared queue", &[
        key("queue", Shape::Word(QUEUES), Default::Toml("\"channel\""), "how that queue is made"),
    ]),
    kind("stealing", "work stealing: a queue for each worker, and whoever is idle takes from another (rayon)", &[]),
    kind("per-task", "a thread for each task, at most `workers` at once", &[]),
    kind("processes", "worker processes, children of the lane", &[
        key("transport", Shape::Word(TRANSPORTS), Default::Toml("\"pipe\""), "how tasks get there and results back"),
        key("start", Shape::Word(STARTS), Default::Toml("\"spawn\""), "how a worker comes to be"),
        key("max_tasks_per_worker", amount_or("never", TASKS_MAX), Default::Toml("\"never\""), "a worker is replaced after so many tasks"),
        key("in_flight", amount(0, 1024), Default::Toml("1"), "tasks that a worker holds beyond the one it runs"),
        key("payload_bytes", integer(0, 16 * MIB), Default::Toml("0"), "bytes that travel with each task, and back"),
        key("on_death", Shape::Kind { kinds: ON_DEATH, integer: None }, Default::Toml("\"retry\""), "what becomes of the task that a dying worker had begun"),
    ]),
    kind("program", "the threads of a small program, on threads of the system; a task is one run of it, from its beginning to its end", PROGRAM),
    kind("cpython", "the same under the `python3` that is installed, where there is one", CPYTHON),
    kind("litmus", "threads on cores of their own that write and read a few words without any lock, to see what order this processor keeps; a task is a round over many places in memory", &[
        key("test", Shape::Word(LITMUS_TESTS), Default::Toml("\"store-buffering\""), "what they do; every variable is 0 at first"),
        key("fence", Shape::Flag, Default::Toml("false"), "whether each puts a full fence between its accesses"),
        key("slots", integer(1, 100_000), Default::Toml("4000"), "how many places a round goes over"),
    ]),
    kind("command", "runs of a program of your own, one for each input, `workers` at once; a scenario that has one is run with `--allow-commands` only", &[
        key("command", Shape::Text { chars_max: super::command::TEXT_CHARS_MAX }, Default::Required, "the command line, with `{}` for the input, `{.}` without its extension, `{/}` without its folder, `{/.}` without both, `{//}` its folder, `{#}` its number, `{.EXT}` and `{/.EXT}` with another extension; without any of them the input comes last"),
        key("inputs", Shape::Text { chars_max: super::command::TEXT_CHARS_MAX }, Default::Computed("none: the same again and again"), "a task for each: the lines of a file, `-` for those of standard input, or numbers, as in `1..100`"),
        key("null", Shape::Flag, Default::Toml("false"), "whether inputs end with a NUL instead of a newline"),
        key("shell", Shape::Flag, Default::Toml("false"), "whether `/bin/sh` runs it; inputs are then arguments of the script, quoted"),
        key("retries", integer(0, 1000), Default::Toml("0"), "how often an input is tried again whose run failed"),
    ]),
];

static LITMUS_TESTS: &[Word] = &[
    word("store-buffering", "`x = 1; r1 = y` against `y = 1; r2 = x`: can both read 0?"),
    word("message-passing", "`data = 1; flag = 1` against `seen_flag = flag; seen_data = data`: can the flag be seen without the data?"),
    word("peterson-without-fence", "one attempt each to enter by Peterson's lock: can both be inside?"),
    word("half-built-object", "`value = 42; box = it` against `if box: seen = value`: can the object be seen without its value?"),
    word("iriw", "two write a variable each, two read both in opposite orders: can they disagree about which came first? Needs four cores"),
    word("load-buffering", "`r1 = x; y = 1` against `r2 = y; x = 1`: can both read 1?"),
];

/// What a lane says of the program that it runs, and what only its pool asks for.
macro_rules! of_a_program {
    ($($own:expr,)*) => {
        &[
            key("program", Shape::Text { chars_max: 64 }, Default::Required, "which: the name of a block of code on the page, or of a built-in program"),
            key("role", Shape::Word(ROLES), Default::Toml("\"open\""), "what it is there to show; `poolscope check` holds it to that"),
            key("parameters", Shape::Parameters, Default::Computed("as the program has them"), "other values for numbers in its text"),
            key("acceptable", Shape::Endings, Default::Toml("[\"ended\"]"), "how it should end"),
            key("interesting", Shape::Endings, Default::Toml("[]"), "how it may end too, and that is worth a look; any other ending is a failure"),
            key("expect", Shape::Claims, Default::Toml("[]"), "what exploring it must come to; `poolscope check` sees to it"),
            key("memory", Shape::Word(MEMORIES), Default::Toml("\"sc\""), "when a write is seen by others"),
            key("window", Shape::Kind { kinds: WINDOWS, integer: None }, Default::Toml("\"yields\""), "what lies between two accesses to what is shared, on real threads"),
            key("pipe_capacity", amount_or("unbounded", 1_000_000), Default::Toml("\"unbounded\""), "how many messages a pipe or a queue between processes holds"),
            key("notify", Shape::Word(WAKINGS), Default::Toml("\"any\""), "whom a `notify` wakes, where several wait"),
            key("spurious", Shape::Flag, Default::Toml("false"), "whether who waits on a condition may wake unasked"),
            $($own,)*
        ]
    };
}

/// What a lane says of the program that it runs.
pub static PROGRAM: &[Key] = of_a_program!();

static CPYTHON: &[Key] = of_a_program!(
    key("switch_interval_us", integer(1, 1_000_000), Default::Toml("5000"), "how long a thread keeps Python's global lock before another may ask for it"),
    key("run_limit_ms", integer(10, 60_000), Default::Toml("2000"), "a run that has not ended by then is stopped, and counts as `unended`"),
);

/// Keys of a lane that say nothing to a program's: its threads are its own, and a task is a run.
static NOT_OF_PROGRAMS: &[&str] = &["workers", "capacity", "when_full", "arrivals", "chunk", "workload", "size"];

/// Nor do these to a command's lane: a task is a run of it, on one input, and yields to nobody.
static NOT_OF_COMMANDS: &[&str] = &["when_full", "chunk", "workload", "size", "nice"];

/// Whether a key of every lane means something in a lane with that pool.
pub fn concerns(key: &str, pool: &Kind) -> bool {
    match pool.name {
        "command" => !NOT_OF_COMMANDS.contains(&key),
        _ => !makes_runs(pool) || !NOT_OF_PROGRAMS.contains(&key),
    }
}

/// Whether a task of a pool is a run, of a program, a litmus test or a command, and not of a workload.
pub fn makes_runs(pool: &Kind) -> bool {
    runs_a_program(pool) || matches!(pool.name, "litmus" | "command")
}

/// Whether a pool runs a program.
pub fn runs_a_program(pool: &Kind) -> bool {
    matches!(pool.name, "program" | "cpython")
}

static ROLES: &[Word] = &[
    word("broken", "it can go wrong"),
    word("wrong-fix", "it looks mended, and can still go wrong"),
    word("right-fix", "it cannot go wrong"),
    word("open", "nothing is claimed"),
];

static MEMORIES: &[Word] = &[
    word("sc", "at once: sequential consistency"),
    word("tso", "when it leaves the writer's store buffer: total store order, as on x86"),
];

static WINDOWS: &[Kind] = &[
    kind("natural", "nothing but the interpreter's own work", &[]),
    kind("instructions", "up to so many spinning instructions", &[
        key("count", integer(1, 1_000_000), Default::Toml("1000"), "how many"),
    ]),
    kind("yields", "the core is offered to others up to so many times", &[
        key("count", integer(1, 1000), Default::Toml("2"), "how many times"),
    ]),
    kind("micros", "a pause by the clock, up to so long", &[
        key("us", integer(1, 1_000_000), Default::Toml("100"), "how long, in microseconds"),
    ]),
];

static WAKINGS: &[Word] = &[
    word("any", "any of them: each is looked at"),
    word("fifo", "whoever has waited longest, as CPython does"),
];

static QUEUES: &[Word] = &[
    word("channel", "a lock-free channel; its depth is sampled"),
    word("mutex", "a deque behind a mutex; its depth is exact, and its lock is one of the lane's locks"),
];

static TRANSPORTS: &[Word] = &[
    word("pipe", "two pipes for each worker"),
    word("socket", "one Unix socket pair for each worker"),
    word("shared-memory", "two rings in shared memory for each worker"),
];

static STARTS: &[Word] =
    &[word("spawn", "the executable is started anew"), word("forkserver", "a clean process with one thread forks itself")];

static WHEN_FULL: &[Word] = &[
    word("block", "whoever submits it waits"),
    word("reject", "it is turned away and counted"),
    word("caller-runs", "whoever submits it runs it"),
    word("discard-oldest", "the oldest waiting task is dropped and counted"),
];

static ON_DEATH: &[Kind] = &[
    kind("retry", "it is tried again, so many times; then it counts as lost", &[
        key("times", integer(1, 1000), Default::Toml("1"), "how often it may be tried again"),
    ]),
    kind("lose", "it counts as lost", &[]),
];

static ARRIVALS: &[Kind] = &[
    kind("closed", "so many tasks are outstanding at any time: one comes when one has ended", &[
        key("outstanding", amount(1, 10_000_000), Default::Toml("\"4*workers+60\""), "how many"),
    ]),
    kind("open", "tasks come at a rate, whatever becomes of them", &[
        key("rate_per_s", Shape::Number { min: 0.1, max: 10_000_000.0 }, Default::Required, "tasks a second"),
        key("spacing", Shape::Word(SPACINGS), Default::Toml("\"poisson\""), "how they are spaced"),
    ]),
    kind("burst", "so many at once, again and again", &[
        key("tasks", amount(1, 1_000_000), Default::Required, "how many at once"),
        key("every_ms", integer(1, 600_000), Default::Toml("1000"), "from one burst to the next"),
    ]),
];

static SPACINGS: &[Word] =
    &[word("constant", "evenly"), word("poisson", "at random, each independent of the others")];

/// How many units of work a task holds.
pub static SIZES: &[Kind] = &[
    kind("constant", "always the same; a bare integer says this too", &[
        key("units", integer(0, UNITS_MAX), Default::Required, "how many"),
    ]),
    kind("uniform", "any number between two, all equally likely", &[
        key("min", integer(1, UNITS_MAX), Default::Toml("1"), "the least"),
        key("max", integer(1, UNITS_MAX), Default::Required, "the most"),
    ]),
    kind("exponential", "many small ones, few large ones", &[
        key("mean", Shape::Number { min: 1.0, max: UNITS_MAX as f64 }, Default::Required, "their mean"),
    ]),
    kind("pareto", "mostly small ones, and now and then a huge one", &[
        key("mean", Shape::Number { min: 1.0, max: UNITS_MAX as f64 }, Default::Required, "their mean"),
        key("shape", Shape::Number { min: 1.05, max: 10.0 }, Default::Toml("1.5"), "how heavy the tail is: the smaller, the heavier"),
    ]),
    kind("bimodal", "two sizes", &[
        key("small", integer(1, UNITS_MAX), Default::Required, "the small size"),
        key("large", integer(1, UNITS_MAX), Default::Required, "the large size"),
        key("large_share", SHARE, Default::Toml("0.1"), "what share of tasks is large"),
    ]),
];

const SHARE: Shape = Shape::Number { min: 0.0, max: 1.0 };
const LOCK: Key = key("lock", Shape::Word(LOCKS), Default::Computed("\"std\"; \"futex\" in a process pool"), "the kind of lock");
const ARRAY: Key = key("array_bytes", integer(1 << 12, 1 << 30), Default::Toml("33554432"), "the size of the array: larger than most caches");
const PAYLOAD: Key = key("payload_bytes", integer(0, 64 * MIB), Default::Toml("65536"), "how much is hashed each time");

/// What a task does, and what a unit of it is. Sizes are chosen so that a task takes about a millisecond.
pub static WORKLOADS: &[Kind] = &[
    work("primes", "50", "counts primes below 1,000 × units: even work", &[]),
    work("mandelbrot", "120", "renders `units` rows of the Mandelbrot set: rows differ in cost", &[]),
    work("hash", "28", "SHA-256 of `payload_bytes`, `units` times", &[PAYLOAD]),
    work("matrix", "11", "multiplies two matrices, `units` times", &[
        key("side", integer(1, 1024), Default::Toml("64"), "rows and columns"),
    ]),
    work("fib", "10", "Fibonacci by recursive fork and join, `units` times; on `stealing` the forks are tasks", &[
        key("n", integer(1, 40), Default::Toml("24"), "which number"),
    ]),
    work("spin", "4000", "mixes an integer 256 times a unit, touching no memory: tasks of any size down to nothing", &[]),
    work("stream", "500", "reads `units` × 64 KiB of a large array in order", &[ARRAY]),
    work("pointer-chase", "100", "follows `units` × 64 links through a large array, each to an unforeseeable place", &[ARRAY]),
    work("allocate", "20000", "allocates, touches and frees `units` blocks", &[
        key("block_bytes", integer(1, 64 * MIB), Default::Toml("65536"), "the size of a block"),
    ]),
    work("sleep", "10", "sleeps `units` × 100 µs", &[]),
    work("file", "1", "writes, syncs and reads back `units` × 4 KiB of an unnamed file", &[]),
    work("loopback", "16", "sends `units` × 1 KiB to an echo on 127.0.0.1 and reads them back", &[]),
    work("counter", "1000", "increments a shared counter 64 times a unit", &[
        key("way", Shape::Word(COUNTER_WAYS), Default::Toml("\"locked\""), "how the count is kept"),
        LOCK,
        key("padded", Shape::Flag, Default::Toml("true"), "whether each counter has a cache line of its own"),
    ]),
    work("critical-section", "4000", "`units` of integer mixing, a share of it under one lock", &[
        key("share", SHARE, Default::Toml("0.25"), "the share under the lock"),
        LOCK,
        key("permits", amount(1, WORKERS_MAX), Default::Toml("1"), "how many may be inside at once; more than 1 for a semaphore only"),
        key("sleep", Shape::Flag, Default::Toml("false"), "the share is slept, 100 µs a unit, rather than worked"),
    ]),
    work("crash", "4000", "`units` of integer mixing, and now and then the end of the task or of its worker", &[
        key("way", Shape::Word(CRASHES), Default::Toml("\"panic\""), "how it fails"),
        key("probability", SHARE, Default::Toml("0.01"), "how likely a task is to fail"),
    ]),
    work("leak", "4000", "`units` of integer mixing, and memory that is never given back", &[
        key("bytes", integer(0, MIB), Default::Toml("2048"), "how much a task keeps"),
    ]),
];

static COUNTER_WAYS: &[Word] = &[
    word("racy", "a load, then a store: loses updates, on purpose"),
    word("atomic", "one fetch-and-add"),
    word("locked", "under the lock"),
    word("sharded", "sixteen counters, each under a lock of its own"),
    word("per-worker", "a counter for each worker, merged when asked for"),
];

static LOCKS: &[Word] = &[
    word("std", "the standard library's mutex"),
    word("parking-lot", "the mutex of the parking_lot crate"),
    word("spin", "test, test-and-set, back off; works between processes"),
    word("ticket", "first come, first served, by spinning on a number"),
    word("rwlock", "the standard library's reader-writer lock: nine in ten acquisitions read"),
    word("semaphore", "a counter of permits; works between processes"),
    word("futex", "a word in shared memory and the kernel's futex; works between processes"),
];

static CRASHES: &[Word] = &[
    word("panic", "it panics"),
    word("abort", "it aborts its process"),
    word("exit", "it exits its process"),
    word("kill", "it sends SIGKILL to its process"),
];

/// The key of that name.
pub fn find_key(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

/// The kind of that name.
pub fn find_kind(kinds: &'static [Kind], name: &str) -> Option<&'static Kind> {
    kinds.iter().find(|kind| kind.name == name)
}

/// The first pool that takes a key which not all of them take, with the key.
pub fn find_pool_key(name: &str) -> Option<(&'static Kind, &'static Key)> {
    POOLS.iter().find_map(|pool| Some((pool, find_key(pool.keys, name)?)))
}
