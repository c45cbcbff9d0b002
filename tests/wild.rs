//! Programs on real threads: what they come to is what the explorer says that they can come to, and nothing else.
//!
//! How often each ending comes about depends on the machine, and is not asked. That none comes about which the explorer
//! does not list, that every deadlock is found and is one of its deadlocks, and that no program that cannot stand still is
//! said to: all that holds at any speed, and on one core.

#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod enumerator;

use enumerator::expect;
use poolscope::doors::clock::{Clock, sleep};
use poolscope::explore::{self, Kind, Notify, Options, Report};
use poolscope::pool::{self, Floor, Item, Pool};
use poolscope::program;
use poolscope::telemetry::{Arena, Recorder};
use poolscope::wire::Verdict;
use poolscope::wire::{
    Arrivals, Ending, EndingKind, LaneId, LanePlan, LockId, MemoryModel, OnDeath, PoolPlan, ProgramPlan, RunsTick,
    Size, WhenFull, Window, WorkloadPlan,
};
use poolscope::workload;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pool that runs one program.
struct Wild {
    pool: Arc<dyn Pool>,
    recorder: Recorder,
    next: u64,
}

impl Wild {
    fn start(plan: ProgramPlan) -> Wild {
        let plan = LanePlan {
            id: LaneId(0),
            name: plan.program.clone(),
            pool: PoolPlan::Program(plan),
            workers: 2,
            capacity: None,
            when_full: WhenFull::Block,
            arrivals: Arrivals::Closed { outstanding: 1 },
            chunk: 1,
            workload: WorkloadPlan::Run,
            size: Size::Constant { units: 1 },
            on_death: OnDeath::Lose,
            tasks: None,
            cores: Vec::new(),
            pin: false,
            nice: 0,
            telemetry: true,
            seed: 1,
        };
        let (arena, memory) = Arena::shared(Clock::calibrated()).expect("memory");
        let work = workload::build(&plan, arena, LockId(0)).expect("a workload");
        let mut floor = Floor::new(plan, arena, Some(memory), work, (LockId(0), LockId(0)));
        floor.executable = Some(env!("CARGO_BIN_EXE_poolscope").into());
        let floor = Arc::new(floor);
        let pool = pool::build(&floor).expect("a pool");
        Wild { pool, recorder: Recorder::for_caller(arena, false), next: 0 }
    }

    fn told(&self) -> RunsTick {
        *self.pool.runs().expect("a pool that runs a program")
    }

    /// Has it run so many times more.
    fn submit(&mut self, runs: u64) {
        for _ in 0..runs {
            let item = Item { first: self.next, count: 1, attempt: 0, due_ns: 0 };
            self.pool.submit(item, &mut self.recorder).expect("there is no bound");
            self.next += 1;
        }
    }

    /// Waits until all that was submitted has run; at most so long where that is given.
    fn finish(&mut self, at_most: Duration) -> RunsTick {
        let began = Instant::now();
        loop {
            let told = self.told();
            if count(&told) == self.next || began.elapsed() > at_most {
                return told;
            }
            assert!(began.elapsed() < PATIENCE, "{} runs of {}: {told:?}", count(&told), self.next);
            sleep(Duration::from_millis(1));
        }
    }
}

fn count(told: &RunsTick) -> u64 {
    told.endings.iter().map(|ending| ending.count).sum::<u64>() + told.others
}

fn plan(name: &str, text: &str) -> ProgramPlan {
    ProgramPlan {
        program: name.into(),
        text: text.into(),
        window: Window::Yields { count: 2 },
        ..ProgramPlan::default()
    }
}

/// Runs a program so many times, at most for so long; what came of it.
fn run(plan: ProgramPlan, runs: u64, at_most: Duration) -> RunsTick {
    let mut wild = Wild::start(plan);
    wild.submit(runs);
    let told = wild.finish(at_most);
    wild.pool.wind_up();
    wild.pool.end();
    told
}

fn explored(plan: &ProgramPlan) -> Report {
    let program = program::compile(&plan.program, &plan.text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let options = Options {
        memory: match plan.memory {
            MemoryModel::Sc => explore::Memory::Sc,
            MemoryModel::Tso => explore::Memory::Tso,
        },
        notify: Notify::Any,
        spurious: plan.spurious,
        capacity: plan.pipe_capacity,
        ..Options::default()
    };
    explore::explore(&program, &options).unwrap_or_else(|problem| panic!("{problem}"))
}

/// What of an ending both can tell: of an exception only what and where it is, since threads run on while it is raised.
fn told_alike(ending: &Ending, reported: &[&String]) -> Ending {
    let mut told = ending.clone();
    match ending.kind {
        EndingKind::Assertion | EndingKind::Exception => {
            told.values = BTreeMap::new();
            told.output = Vec::new();
        }
        _ => {
            let null = serde_json::Value::Null;
            let value = |name: &&String| ((*name).clone(), ending.values.get(*name).unwrap_or(&null).clone());
            told.values = reported.iter().map(value).collect();
        }
    }
    told
}

/// That every ending of the runs is one that the explorer lists.
fn check(name: &str, told: &RunsTick, report: &Report) {
    assert!(told.others == 0, "{name}: {told:?}");
    let reported: Vec<&String> = report
        .outcomes
        .iter()
        .map(|outcome| &outcome.values)
        .max_by_key(|values| values.len())
        .map(|values| values.keys().collect())
        .unwrap_or_default();
    let listed: Vec<Ending> = report.outcomes.iter().map(|outcome| told_alike(&outcome.ending(), &reported)).collect();
    for seen in &told.endings {
        let ending = told_alike(&seen.ending, &reported);
        assert!(listed.contains(&ending), "{name}: {ending:#?} came {} times, of\n{listed:#?}", seen.count);
    }
}

/// Every program that ships, with what it is to be run with.
fn programs() -> Vec<ProgramPlan> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a text");
        let expectations = expect::read(&text).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        let mut plans = vec![plan(&name, &text)];
        for under in expectations.all.iter().flat_map(|expectation| &expectation.under) {
            if let Some(capacity) = under.strip_prefix("capacity=") {
                let pipe_capacity = Some(capacity.parse().expect("a number"));
                plans.push(ProgramPlan { pipe_capacity, ..plans[0].clone() });
            }
            if under == "spurious" {
                plans.push(ProgramPlan { spurious: true, ..plans[0].clone() });
            }
            if under == "tso" {
                plans.push(ProgramPlan { memory: MemoryModel::Tso, ..plans[0].clone() });
            }
        }
        plans.dedup();
        all.extend(plans);
    }
    all.sort_by(|one, other| one.program.cmp(&other.program));
    all
}

#[test]
fn no_ending_comes_about_that_the_explorer_does_not_list() {
    for plan in programs() {
        let report = explored(&plan);
        let name = format!("{} {:?} {:?}", plan.program, plan.memory, plan.pipe_capacity);
        for window in [Window::Natural, Window::Yields { count: 2 }] {
            let told = run(ProgramPlan { window, ..plan.clone() }, 200, Duration::from_millis(700));
            check(&name, &told, &report);
            let can_stand = report.outcomes.iter().any(|outcome| outcome.kind == Kind::Deadlock);
            assert!(can_stand || told.standstill.is_none(), "{name}: {:?}", told.standstill);
        }
    }
}

/// Programs of processes: what is copied and what is shared, and what they wait for.
const OF_PROCESSES: &[(&str, &str)] = &[
    (
        "what-is-copied",
        r#"
import multiprocessing

items = [[1], 2]
same = items[0]
box = {"a": items}


def work(own, number):
    own.append(number)
    items.append(number)
    same.append(9)
    print(items, same, own is items, box["a"] is items, items[0] is same)


p = multiprocessing.Process(target=work, args=(items, 3))
p.start()
items.append(4)
p.join()
print(items, p.is_alive())
"#,
    ),
    (
        "spawned",
        r#"
import multiprocessing

seen = 0


def work(numbers):
    global seen
    seen += numbers[0]
    numbers.append(1)
    print(seen, numbers, __name__)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    seen = 5
    numbers = [7]
    p = multiprocessing.Process(target=work, args=(numbers,))
    p.start()
    p.join()
    print(seen, numbers)
"#,
    ),
    (
        "large-numbers",
        r#"
import multiprocessing

value = multiprocessing.Value("q", 2**62)
array = multiprocessing.Array("q", [1, 2])


def work():
    value.value -= 2**61
    array[0] += 2**60


a = multiprocessing.Process(target=work)
b = multiprocessing.Process(target=work)
a.start()
b.start()
a.join()
b.join()
print(value.value, array[0], len(array))
"#,
    ),
    (
        "through-queues",
        r#"
import multiprocessing

there = multiprocessing.Queue()
back = multiprocessing.Queue()


def work():
    item = there.get()
    item.append({"x": item[0]})
    back.put((item, item))


p = multiprocessing.Process(target=work)
p.start()
sent = [[1]]
there.put(sent)
sent.append(2)
one, other = back.get()
p.join()
left = [one is other, one[0] is one[1]["x"], len(one)]
print(one, sent, left)
there.put([3, {"k": (4, "five")}])
"#,
    ),
    (
        "pool-of-processes",
        r#"
from concurrent.futures import ProcessPoolExecutor

seen = []


def double(item):
    seen.append(item)
    if item[0] == 2:
        raise ValueError(item)
    item[0] *= 2
    return item


with ProcessPoolExecutor(2) as pool:
    first = [1]
    futures = [pool.submit(double, item) for item in (first, [2])]
    result = futures[0].result()
    result.append(8)
    print(result, futures[0].result(), first, seen)
    try:
        futures[1].result()
    except ValueError as error:
        print("failed", error)
"#,
    ),
    (
        "pool-map",
        r#"
from multiprocessing import Pool

offset = 3


def shift(number):
    return number + offset


with Pool(2) as pool:
    print(pool.map(shift, [1, 2]))
"#,
    ),
    (
        "within-each-other",
        r#"
import multiprocessing

total = multiprocessing.Value("i", 0)


def inner(number):
    with total.get_lock():
        total.value += number


def outer():
    number = 2
    child = multiprocessing.Process(target=inner, args=(number,))
    child.start()
    child.join()
    with total.get_lock():
        total.value += 10


p = multiprocessing.Process(target=outer)
p.start()
p.join()
print(total.value)
"#,
    ),
    (
        "threads-in-a-process",
        r#"
import multiprocessing
import threading

lock = threading.Lock()
out = multiprocessing.Queue()
count = 0


def add():
    global count
    with lock:
        count += 1


def work():
    threads = [threading.Thread(target=add) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    out.put(count)


p = multiprocessing.Process(target=work)
p.start()
print(out.get(), count)
p.join()
"#,
    ),
    (
        "ab-ba-in-a-process",
        r#"
import multiprocessing
import threading

left = threading.Lock()
right = threading.Lock()


def take(one, other):
    with one:
        with other:
            pass


def work():
    a = threading.Thread(target=take, args=(left, right))
    b = threading.Thread(target=take, args=(right, left))
    a.start()
    b.start()


p = multiprocessing.Process(target=work)
p.start()
p.join()
print("done")
"#,
    ),
    (
        "ab-ba-of-processes",
        r#"
import multiprocessing

left = multiprocessing.Lock()
right = multiprocessing.Lock()


def take(one, other):
    with one:
        with other:
            pass


a = multiprocessing.Process(target=take, args=(left, right))
b = multiprocessing.Process(target=take, args=(right, left))
a.start()
b.start()
a.join()
b.join()
"#,
    ),
    (
        "conditions-of-processes",
        r#"
import multiprocessing

condition = multiprocessing.Condition()
ready = multiprocessing.Value("i", 0)
gate = multiprocessing.Event()
permits = multiprocessing.Semaphore(1)
meeting = multiprocessing.Barrier(2)


def work():
    with condition:
        condition.wait_for(lambda: ready.value == 1)
    gate.set()
    meeting.wait()
    with permits:
        print("child")


p = multiprocessing.Process(target=work)
p.start()
with condition:
    ready.value = 1
    condition.notify()
gate.wait()
meeting.wait()
with permits:
    print("main")
p.join()
"#,
    ),
    (
        "pipes-of-processes",
        r#"
import multiprocessing

here, there = multiprocessing.Pipe()


def work():
    here.close()
    while True:
        try:
            item = there.recv()
        except EOFError:
            print("nobody left")
            break
        there.send([item, item])


p = multiprocessing.Process(target=work)
p.start()
there.close()
here.send({"a": 1})
answer = here.recv()
here.close()
p.join()
print(answer, answer[0] is answer[1])
"#,
    ),
    (
        "fails-in-a-process",
        r#"
import multiprocessing

items = [1, 2]


class Wrong(Exception):
    pass


def work():
    raise Wrong(items, {"a": None})


p = multiprocessing.Process(target=work)
p.start()
p.join()
"#,
    ),
    (
        "daemon-process",
        r#"
import multiprocessing

value = multiprocessing.Value("i", 0)


def work():
    value.value = 1


p = multiprocessing.Process(target=work, daemon=True)
p.start()
print(value.value)
"#,
    ),
    (
        "objects-handed-over",
        r#"
import multiprocessing


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.log = []

    def pay(self, amount):
        self.balance -= amount
        self.log.append(amount)
        out.put((self.balance, self.log, seen))


out = multiprocessing.Queue()
seen = {1, 2}
account = Account(10)
p = multiprocessing.Process(target=account.pay, args=(3,))
p.start()
print(out.get(), account.balance, account.log)
p.join()
"#,
    ),
    (
        "a-class-of-processes",
        r#"
import multiprocessing


class Worker(multiprocessing.Process):
    def __init__(self, number, others):
        super().__init__()
        self.number = number
        self.others = others
        self.result = None

    def run(self):
        self.result = self.number * 2
        self.others.append(self.result)
        out.put((self.result, [other.result for other in workers if other is not self], self.others))


out = multiprocessing.Queue()
others = []
workers = [Worker(number, others) for number in (1, 2)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print([worker.result for worker in workers], others, out.qsize())
print(sorted([out.get()[0], out.get()[0]]))
"#,
    ),
    (
        "a-closed-end-is-handed-over",
        r#"
import multiprocessing


def work(end):
    end.send(1)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    here, there = multiprocessing.Pipe()
    there.close()
    p = multiprocessing.Process(target=work, args=(there,))
    try:
        p.start()
    except OSError as error:
        print(error, p.is_alive())
"#,
    ),
    (
        "waits-for-an-end-in-a-process",
        r#"
import multiprocessing
import threading

never = threading.Event()


def work():
    t = threading.Thread(target=never.wait)
    t.start()
    t.join()


p = multiprocessing.Process(target=work)
p.start()
p.join()
"#,
    ),
    (
        "closed-while-another-waits",
        r#"
import multiprocessing
import threading

queue = multiprocessing.Queue()
here, there = multiprocessing.Pipe()


def take():
    try:
        print(queue.get())
    except ValueError as error:
        print(error)


def receive():
    try:
        print(here.recv())
    except OSError as error:
        print(error)


def work():
    threads = [threading.Thread(target=take), threading.Thread(target=receive)]
    for t in threads:
        t.start()
    queue.close()
    here.close()
    for t in threads:
        t.join()


p = multiprocessing.Process(target=work)
p.start()
p.join()
"#,
    ),
    (
        "names-of-processes",
        r#"
import multiprocessing
import threading


def work():
    print(multiprocessing.current_process().name, threading.current_thread().name)


p = multiprocessing.Process(target=work)
q = multiprocessing.Process(target=work, name="second")
p.start()
p.join()
q.start()
q.join()
print(p.name, q.name, multiprocessing.current_process().name)
"#,
    ),
];

/// A thread changes one variable after the other while a process is forked.
const FORKED_MEANWHILE: &str = r#"
import multiprocessing
import threading

x = 0
y = 0


def change():
    global x, y
    x = 1
    y = 1


def work():
    print(x, y)


t = threading.Thread(target=change)
t.start()
p = multiprocessing.Process(target=work)
p.start()
t.join()
p.join()
"#;

#[test]
fn a_fork_is_of_one_moment() {
    let told = run(plan("fork.py", FORKED_MEANWHILE), 300, Duration::from_secs(4));
    assert!(count(&told) > 0);
    for one in &told.endings {
        assert!(["0 0", "1 0", "1 1"].contains(&one.ending.output[0].as_str()), "{:?}", one.ending);
    }
}

/// Lists in lists in lists.
const DEEP: &str = "import threading\n\nx = []\nfor i in range(150):\n    x = [x]\nlock = threading.Lock()\n\n\ndef work():\n    lock.acquire()\n    lock.acquire()\n\n\na = threading.Thread(target=work)\na.start()\na.join()\n";

#[test]
fn a_standstill_is_one_whatever_the_variables_hold() {
    let told = run(plan("deep.py", DEEP), 1, PATIENCE);
    assert_eq!(told.endings.len(), 1, "{told:?}");
    assert_eq!(told.endings[0].ending.kind, EndingKind::Deadlock, "{told:?}");
}

#[test]
fn much_may_be_printed() {
    let text = "import threading\n\n\ndef work():\n    for i in range(20000):\n        print(i % 10)\n\n\na = threading.Thread(target=work)\nb = threading.Thread(target=work)\na.start()\nb.start()\na.join()\nb.join()\n";
    let told = run(plan("prints.py", text), 3, PATIENCE);
    assert!(
        told.endings.iter().all(|one| one.ending.kind == EndingKind::Ended),
        "{:?}",
        told.endings[0].ending.message
    );
    assert!(told.endings.iter().all(|one| one.ending.output.len() == 40_000));
}

#[test]
fn processes_come_to_what_the_explorer_lists() {
    for (name, text) in OF_PROCESSES {
        let plan = plan(name, text);
        let report = explored(&plan);
        assert!(report.complete, "{name}");
        for window in [Window::Natural, Window::Yields { count: 2 }] {
            let told = run(ProgramPlan { window, ..plan.clone() }, 40, Duration::from_secs(4));
            assert!(count(&told) > 0, "{name}");
            check(name, &told, &report);
            let can_stand = report.outcomes.iter().any(|outcome| outcome.kind == Kind::Deadlock);
            assert!(can_stand || told.standstill.is_none(), "{name}: {:?}", told.standstill);
        }
    }
}

#[test]
fn every_deadlock_is_found_and_is_one_of_the_explorers() {
    for plan in programs() {
        let report = explored(&plan);
        let deadlocks: Vec<Ending> = report
            .outcomes
            .iter()
            .filter(|outcome| outcome.kind == Kind::Deadlock)
            .map(|outcome| outcome.ending())
            .collect();
        if deadlocks.is_empty() {
            continue;
        }
        let name = &plan.program;
        let must_stand = deadlocks.len() == report.outcomes.len();
        let mut wild = Wild::start(plan.clone());
        let began = Instant::now();
        let standstill = loop {
            if count(&wild.told()) == wild.next {
                wild.submit(if must_stand { 1 } else { 200 });
            }
            assert!(began.elapsed() < PATIENCE, "{name} never stood still: {:?}", wild.told());
            assert!(!must_stand || count(&wild.told()) == 0, "{name} ended: {:?}", wild.told());
            if let Some(standstill) = wild.told().standstill {
                break standstill;
            }
            sleep(Duration::from_millis(2));
        };
        let known = deadlocks.iter().find(|ending| ending.waits == standstill.waits);
        let known = known.unwrap_or_else(|| panic!("{name}: {standstill:#?} of {deadlocks:#?}"));
        assert_eq!(standstill.since_ns.len(), standstill.waits.len(), "{name}");
        let holders = |wait: &&poolscope::wire::Waiting| wait.held_by.is_some();
        let has_circle = name.starts_with("ab-ba") || name.starts_with("philosophers");
        assert_eq!(!standstill.circle.is_empty(), has_circle || name.starts_with("self-deadlock"), "{name}");
        assert!(standstill.circle.len() <= known.waits.iter().filter(holders).count(), "{name}");
        // It is left standing until the lane is to end, and then counted.
        wild.pool.wind_up();
        let told = wild.finish(PATIENCE);
        check(name, &told, &report);
        assert!(told.endings.iter().any(|ending| ending.ending.waits == standstill.waits), "{name}: {told:#?}");
        assert!(told.standstill.is_none(), "{name}");
    }
}

#[test]
fn a_forbidden_ending_counts_as_failed_and_its_time_is_told() {
    let text = "import threading\n\nx = 0\n\n\ndef work():\n    global x\n    x = 1\n\n\n\
                a = threading.Thread(target=work)\na.start()\na.join()\n";
    for (pattern, verdict) in [("ended x=1", Verdict::Acceptable), ("ended x=2", Verdict::Forbidden)] {
        let acceptable = vec![pattern.parse().expect("a pattern")];
        let told = run(ProgramPlan { acceptable, ..plan("one.py", text) }, 20, PATIENCE);
        let [ending] = &told.endings[..] else { panic!("{told:?}") };
        assert_eq!((ending.count, ending.verdict), (20, verdict));
        assert_eq!(told.first_failed_ns.is_some(), verdict == Verdict::Forbidden);
    }
}

#[test]
fn a_run_that_gets_nowhere_is_ended_and_is_no_deadlock() {
    let text = "import threading\n\ngo = False\n\n\ndef work():\n    while not go:\n        pass\n\n\n\
                a = threading.Thread(target=work)\na.start()\na.join()\ngo = True\n";
    let told = run(plan("spin.py", text), 1, PATIENCE);
    let [ending] = &told.endings[..] else { panic!("{told:?}") };
    assert_eq!((ending.ending.kind, ending.verdict), (EndingKind::Unended, Verdict::Forbidden));
    assert!(told.standstill.is_none());
}

#[test]
fn a_run_that_its_lane_does_not_wait_for_is_no_failure() {
    let text = "import threading\n\ngo = False\n\n\ndef work():\n    while not go:\n        pass\n\n\n\
                a = threading.Thread(target=work)\na.start()\na.join()\ngo = True\n";
    let mut wild = Wild::start(plan("spin.py", text));
    wild.pool.wind_up();
    wild.submit(1);
    let told = wild.finish(PATIENCE);
    let [ending] = &told.endings[..] else { panic!("{told:?}") };
    assert_eq!((ending.ending.kind, ending.verdict), (EndingKind::Unended, Verdict::Interesting));
    assert_eq!((told.first_failed_ns, told.stalls), (None, vec![]));
}

/// Two threads that meet before they begin.
fn two(one: &str, other: &str) -> String {
    format!(
        "import threading\n\nmeeting = threading.Barrier(2)\ngo = threading.Event()\nx = 0\n\n\n\
         def one():\n    global x\n    meeting.wait()\n{one}\n\n\ndef other():\n    meeting.wait()\n{other}\n\n\n\
         a = threading.Thread(target=one)\nb = threading.Thread(target=other)\na.start()\nb.start()\na.join()\nb.join()\n"
    )
}

#[test]
fn who_waits_while_others_get_on_is_observed() {
    let text = two("    for i in range(50):\n        x = i  # progress\n    go.set()", "    go.wait()");
    let told = run(plan("waits.py", &text), 3, PATIENCE);
    let waited = told.stalls.iter().find(|stall| stall.thread == 2).expect("the other waited");
    assert!((50..=51).contains(&waited.others), "{told:?}");
    let unmarked = run(plan("waits.py", &text.replace("  # progress", "")), 3, PATIENCE);
    assert_eq!(unmarked.stalls, [], "it does not say what getting on is");
}

#[test]
fn threads_that_all_get_nowhere_are_observed() {
    let text = two("    while x < 1:\n        pass\n    x = 9  # progress", "    while x < 1:\n        pass");
    let told = run(plan("nowhere.py", &text), 1, PATIENCE);
    let [stall] = &told.stalls[..] else { panic!("{told:?}") };
    assert!(stall.others == 0 && stall.operations > 10 && stall.length_ns > 1_000_000_000, "{told:?}");
    assert_eq!(told.endings[0].ending.kind, EndingKind::Unended);
}

#[test]
fn a_thread_that_spins_over_nothing_is_told_as_such() {
    let text = "import threading\n\n\ndef work():\n    while True:\n        pass\n\n\n\
                a = threading.Thread(target=work)\na.start()\na.join()\n";
    let plan = plan("circle.py", text);
    let mut wild = Wild::start(plan.clone());
    wild.pool.wind_up();
    wild.submit(1);
    let told = wild.finish(PATIENCE);
    check("circle.py", &told, &explored(&plan));
    assert_eq!(told.endings[0].ending.kind, EndingKind::Spins);
}

#[test]
fn a_circle_is_seen_while_others_still_run() {
    let text = "\
import threading

left = threading.Lock()
right = threading.Lock()
meeting = threading.Barrier(2)
rounds = 0


def one(first, second):
    with first:
        meeting.wait()
        with second:
            pass


def third():
    global rounds
    while True:
        rounds += 1


threading.Thread(target=one, args=(left, right)).start()
threading.Thread(target=one, args=(right, left)).start()
threading.Thread(target=third).start()
";
    let mut wild = Wild::start(plan("three.py", text));
    wild.submit(1);
    let began = Instant::now();
    let standstill = loop {
        if let Some(standstill) = wild.told().standstill {
            break standstill;
        }
        assert!(began.elapsed() < PATIENCE, "never seen");
        sleep(Duration::from_millis(2));
    };
    assert_eq!((standstill.circle, standstill.waits.len()), (vec![1, 2], 2));
    wild.pool.wind_up();
    let told = wild.finish(PATIENCE);
    assert_eq!(told.endings[0].ending.kind, EndingKind::Deadlock, "{told:?}");
}
