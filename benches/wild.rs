//! Programs on real threads: how soon a broken one fails, how soon a standstill is seen, and how fast they run.
//!
//! `cargo bench --bench wild` (on one core: `taskset -c 0 cargo bench --bench wild`); a part of it: `-- first`, `speed`, `calm`
//!
//! | what | by |
//! | --- | --- |
//! | first failure of each broken variant of the catalogue, at the window that it has by default | `ROUNDS` (100) fresh pools: median and worst |
//! | from the last wait until the standstill is seen | the same runs, where it was one |
//! | one thread of a counting loop against CPython's | the same file; `PEER_PYTHON` or `python3`, else `n/a` |
//! | two threads of it against one | the loop's variables are each thread's own |
//! | false alarms of all right fixes | `CALM_MINUTES` (10) divided among them |
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors, as the peers do")]
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use poolscope::doors::clock::{Clock, sleep};
use poolscope::pool::{self, Floor, Item, Pool};
use poolscope::scenario::{self, Overrides};
use poolscope::source::measured_machine;
use poolscope::telemetry::{Arena, Recorder};
use poolscope::wire::{EndingKind, LanePlan, LockId, PoolPlan, ProgramPlan, Role, RunsTick, Verdict, Window};
use poolscope::workload;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many seconds a broken variant may take to fail before it is given up: those that only starve, or need a store buffer
/// that an interpreter is too slow to show, never do.
const PATIENCE_S: u64 = 10;

/// What a process is started with that runs a single pool.
const ONE: &str = "one";

/// Runs that wait while one goes on.
const AHEAD: u64 = 50;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

struct Wild {
    pool: Arc<dyn Pool>,
    recorder: Recorder,
    next: u64,
}

impl Wild {
    fn start(plan: &LanePlan, seed: u64) -> Wild {
        let plan = LanePlan { seed, capacity: None, ..plan.clone() };
        let (arena, memory) = Arena::shared(Clock::calibrated()).expect("memory");
        let work = workload::build(&plan, arena, LockId(0)).expect("a workload");
        let mut floor = Floor::new(plan, arena, Some(memory), work, (LockId(0), LockId(0)));
        floor.executable = Some(env!("CARGO_BIN_EXE_poolscope").into());
        let floor = Arc::new(floor);
        let pool = pool::build(&floor).expect("a pool");
        Wild { pool, recorder: Recorder::for_caller(arena, false), next: 0 }
    }

    fn told(&self) -> RunsTick {
        *self.pool.runs().expect("it runs a program")
    }

    /// Sees to it that there is always something to run.
    fn feed(&mut self) -> RunsTick {
        let told = self.told();
        let done: u64 = told.endings.iter().map(|ending| ending.count).sum::<u64>() + told.others;
        while self.next < done + AHEAD {
            let item = Item { first: self.next, count: 1, attempt: 0, due_ns: 0 };
            if self.pool.submit(item, &mut self.recorder).is_err() {
                break;
            }
            self.next += 1;
        }
        told
    }

    /// Runs nothing more. Its threads stay, asleep.
    fn stop(&mut self) {
        self.pool.wind_up();
        self.pool.drain();
        self.pool.end();
    }
}

fn lanes(wanted: impl Fn(&ProgramPlan) -> bool) -> Vec<(String, LanePlan)> {
    let machine = measured_machine();
    let mut lanes = Vec::new();
    for entry in scenario::catalogue() {
        let Ok(scenario) = scenario::find(entry.name, None) else { continue };
        let Ok(plan) = scenario.plan(&machine, &Overrides::default()) else { continue };
        for lane in plan.lanes {
            if let PoolPlan::Program(program) = &lane.pool
                && wanted(program)
            {
                lanes.push((format!("{} · {}", entry.name, lane.name), lane));
            }
        }
    }
    lanes
}

fn patience() -> Duration {
    Duration::from_secs(number("PATIENCE_S", PATIENCE_S))
}

/// What [`until_it_fails`] says, in a fresh process: threads of a pool stay until theirs ends.
fn in_a_process_of_its_own(plan: &LanePlan) -> RunsTick {
    let program = std::env::current_exe().expect("this program");
    let mut child =
        Command::new(program).arg(ONE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
    let mut to_child = child.stdin.take().expect("a pipe");
    serde_json::to_writer(&mut to_child, plan).expect("it reads");
    drop(to_child);
    let told = serde_json::from_reader(child.stdout.take().expect("a pipe")).expect("it tells");
    child.wait().expect("it ends");
    told
}

/// Runs the lane that stands in the input until a run of it has failed, and says what came of all.
fn until_it_fails() {
    let plan: LanePlan = serde_json::from_reader(std::io::stdin()).expect("a lane");
    let mut wild = Wild::start(&plan, plan.seed);
    let began = Instant::now();
    let told = loop {
        let told = wild.feed();
        if told.first_failed_ns.is_some() || began.elapsed() > patience() {
            break told;
        }
        sleep(Duration::from_micros(200));
    };
    println!("{}", serde_json::to_string(&told).expect("plain data"));
}

fn first_failures() {
    println!("first failure, and from the last wait until a standstill is seen\n");
    println!("{:<56} {:>10} {:>10} {:>12} {:>12}", "", "median", "worst", "seen median", "seen worst");
    for (name, plan) in lanes(|program| matches!(program.role, Role::Broken | Role::WrongFix)) {
        let (mut failures, mut seen) = (Vec::new(), Vec::new());
        for round in 0..number("ROUNDS", 100) {
            let told = in_a_process_of_its_own(&LanePlan { seed: round + 1, ..plan.clone() });
            failures.push(told.first_failed_ns.unwrap_or(u64::MAX));
            seen.extend(told.standstill.as_ref().map(|standstill| standstill.found_after_ns));
            if told.first_failed_ns.is_none() {
                break;
            }
        }
        let told = |values: &mut Vec<u64>, at: fn(usize) -> usize| {
            values.sort_unstable();
            match values.get(at(values.len())) {
                None => "·".to_string(),
                Some(&u64::MAX) => format!("> {} s", patience().as_secs()),
                Some(ns) => format!("{:.1} ms", *ns as f64 / 1e6),
            }
        };
        let (median, worst) = (told(&mut failures, |len| len / 2), told(&mut failures, |len| len.wrapping_sub(1)));
        let (seen_median, seen_worst) = (told(&mut seen, |len| len / 2), told(&mut seen, |len| len.wrapping_sub(1)));
        println!("{name:<56} {median:>10} {worst:>10} {seen_median:>12} {seen_worst:>12}");
    }
}

/// How many times the counting loop goes round.
const ROUND: u64 = 400_000;

fn counting(threads: usize) -> String {
    format!(
        "import threading\n\n\ndef work():\n    total = 0\n    for i in range({ROUND}):\n        total += i % 7\n    \
         return total\n\n\nthreads = [threading.Thread(target=work) for _ in range({threads})]\nfor t in threads:\n    \
         t.start()\nfor t in threads:\n    t.join()\n"
    )
}

/// Seconds of one run.
fn seconds_of(text: String) -> f64 {
    let (_, lane) = lanes(|_| true).remove(0);
    let program =
        ProgramPlan { program: "counting.py".into(), text, window: Window::Natural, ..ProgramPlan::default() };
    let mut wild = Wild::start(&LanePlan { pool: PoolPlan::Program(program), ..lane }, 1);
    let item = Item { first: 0, count: 1, attempt: 0, due_ns: 0 };
    let began = Instant::now();
    wild.pool.submit(item, &mut wild.recorder).expect("there is room");
    loop {
        let told = wild.told();
        if let Some(ending) = told.endings.first() {
            assert_eq!(ending.ending.kind, EndingKind::Ended, "{:?}", ending.ending);
            return began.elapsed().as_secs_f64();
        }
        sleep(Duration::from_micros(100));
    }
}

fn best(mut run: impl FnMut() -> f64) -> f64 {
    (0..5).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn speed() {
    let one = best(|| seconds_of(counting(1)));
    let two = best(|| seconds_of(counting(2)));
    println!("\na counting loop of {ROUND} rounds, the best of 5");
    println!("one thread {:.1} ms; two threads do {:.2} times as much a second", one * 1e3, 2.0 * one / two);
    let python = std::env::var("PEER_PYTHON").unwrap_or_else(|_| "python3".into());
    let timed = format!(
        "import time\ns = {:?}\nc = compile(s, 'counting.py', 'exec')\nb = 9e9\nfor _ in range(5):\n    t = time.perf_counter()\n    \
         exec(c, {{}})\n    b = min(b, time.perf_counter() - t)\nprint(b)\n",
        counting(1)
    );
    match Command::new(&python).args(["-I", "-c", &timed]).output() {
        Ok(output) if output.status.success() => {
            let seconds: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(f64::NAN);
            println!("{python}: {:.1} ms; this is {:.2} times as fast", seconds * 1e3, seconds / one);
        }
        _ => println!("{python}: n/a, it is not there"),
    }
}

fn calm() {
    let fixes = lanes(|program| program.role == Role::RightFix);
    let each = Duration::from_secs(number("CALM_MINUTES", 10) * 60) / (fixes.len().max(1) as u32);
    let (mut runs, mut alarms) = (0_u64, 0_u64);
    for (name, plan) in &fixes {
        let mut wild = Wild::start(plan, 7);
        let began = Instant::now();
        let mut told = wild.feed();
        while began.elapsed() < each {
            told = wild.feed();
            alarms += u64::from(told.standstill.is_some());
            sleep(Duration::from_millis(1));
        }
        wild.stop();
        for ending in told.endings.iter().filter(|ending| ending.verdict == Verdict::Forbidden) {
            println!("{name}: {} × {:?}", ending.count, ending.ending);
        }
        runs += told.endings.iter().map(|ending| ending.count).sum::<u64>();
    }
    println!("\n{} right fixes, {runs} runs, {:.0} s each: {alarms} false alarms", fixes.len(), each.as_secs_f64());
}

fn main() {
    if std::env::args().nth(1).is_some_and(|word| word == ONE) {
        return until_it_fails();
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (name, part) in [("first", first_failures as fn()), ("speed", speed as fn()), ("calm", calm as fn())] {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            part();
        }
    }
}
