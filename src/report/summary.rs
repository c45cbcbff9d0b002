//! The summary: what a run came to, as plain data. `assets/summary.schema.json` describes its JSON.

use crate::ledger::{self, LaneLedger, Ledger, LockLedger, WorkerLedger};
use crate::scenario::expect;
use crate::stats::Histogram;
use crate::wire::{self, EndingCount, EndingKind, Mode, WorkerState};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the summary's format.
const FORMAT: u32 = 1;

/// What a run came to. What the platform did not give is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The version of this format.
    pub format: u32,
    /// The scenario's name.
    pub scenario: String,
    /// How long the run took, by the clock on the wall.
    pub seconds: f64,
    /// How the lanes shared the cores.
    pub mode: &'static str,
    /// The machine.
    pub machine: MachineSummary,
    /// What measuring cost.
    pub cost: CostSummary,
    /// The cores' use.
    pub cores: Vec<CoreSummary>,
    /// The lanes, in their order.
    pub lanes: Vec<LaneSummary>,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MachineSummary {
    /// Cores that could be used.
    pub cores: u32,
    /// The container's limit, in cores.
    pub quota: Option<f64>,
    /// How many cores' worth of work was done at once when it was tried.
    pub parallelism_measured: Option<f64>,
    /// The operating system.
    pub os: String,
}

/// What measuring cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CostSummary {
    /// Measuring one task, in nanoseconds: the largest of the lanes' own measurements at their start.
    pub event_ns: Option<f64>,
    /// The share of all workers' time that measuring took, by that figure.
    pub share: Option<f64>,
}

/// A core's use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoreSummary {
    /// The core.
    pub core: u32,
    /// The share of the run in which it was busy.
    pub busy: f64,
}

/// What a lane came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LaneSummary {
    /// Its name.
    pub name: String,
    /// Its pool's kind.
    pub pool: &'static str,
    /// The workers that it was planned with.
    pub workers: u32,
    /// Its workload's kind.
    pub workload: &'static str,
    /// The time that it was not paused.
    pub active_s: f64,
    /// CPU time of the lane and its workers.
    pub cpu_s: Option<f64>,
    /// The time that its workers waited for a core.
    pub run_queue_s: Option<f64>,
    /// The most memory that it and its workers used.
    pub memory_peak_bytes: Option<u64>,
    /// Workers that died.
    pub workers_died: u64,
    /// Its tasks.
    pub tasks: TasksSummary,
    /// Tasks completed for each second that it was active.
    pub throughput_per_s: Option<f64>,
    /// What came out of its tasks.
    pub result: ResultSummary,
    /// How the runs of its program ended; null where it runs none.
    pub runs: Option<RunsSummary>,
    /// What the runs of its command came to; null where it runs none.
    pub jobs: Option<JobsSummary>,
    /// Its queue.
    pub queue: QueueSummary,
    /// What its tasks waited and took.
    pub latency_us: LatencySummary,
    /// Switches of its threads.
    pub switches: SwitchesSummary,
    /// The time that its workers spent in each state, together.
    pub worker_states_s: BTreeMap<&'static str, Option<f64>>,
    /// Its locks.
    pub locks: Vec<LockSummary>,
    /// What is worth telling.
    pub findings: Vec<FindingSummary>,
}

/// A lane's tasks: `submitted = queued + running + completed + failed + rejected + discarded + lost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TasksSummary {
    /// Came.
    pub submitted: u64,
    /// Ended well.
    pub completed: u64,
    /// Ended badly.
    pub failed: u64,
    /// Were turned away.
    pub rejected: u64,
    /// Were dropped.
    pub discarded: u64,
    /// Were begun again after their worker died, or, of a command, after a run that failed.
    pub retried: u64,
    /// Were lost with their worker.
    pub lost: u64,
    /// Waited at the end.
    pub queued: u64,
    /// Were being worked on at the end.
    pub running: u64,
}

/// What came out of a lane's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ResultSummary {
    /// What should have, by a way of computing that shares nothing with the workers'.
    pub expected: u64,
    /// What did.
    pub actual: u64,
    /// Whether they agree and exactly the right tasks completed; null where the lane did not end in good order.
    pub ok: Option<bool>,
}

/// How the runs of a lane's program ended. A run is a task: a forbidden ending counts as `failed` there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunsSummary {
    /// The program's name.
    pub program: String,
    /// Runs that ended, or were ended.
    pub count: u64,
    /// So many for each second that the lane was active.
    pub per_s: Option<f64>,
    /// Of these, as they should.
    pub acceptable: u64,
    /// As they may, and worth a look.
    pub interesting: u64,
    /// As they must not.
    pub forbidden: u64,
    /// Those in which nobody could move any more.
    pub deadlocks: u64,
    /// Those whose ending found no room in the list.
    pub others: u64,
    /// When the first had failed, in active time from the first run's beginning; null where none has.
    pub first_failed_s: Option<f64>,
    /// The distinct endings, in the order in which they first came about.
    pub endings: Vec<EndingSummary>,
    /// The worst that was observed of threads that got no further, in words; empty where the program marks no `# progress`.
    pub stalls: Vec<String>,
    /// What executes the program, where that is not poolscope; else null.
    pub interpreter: Option<String>,
    /// Why no run was made, where none could be; else null.
    pub unavailable: Option<String>,
}

/// What the runs of a lane's command came to. An input is a task; one whose last run failed counts as `failed` there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobsSummary {
    /// The command line.
    pub command: String,
    /// How many inputs there were; null where that was not known yet.
    pub inputs: Option<u64>,
    /// Inputs that are done, those left out included.
    pub done: u64,
    /// Inputs that were left out, since the job log says that they are done.
    pub skipped: u64,
    /// Inputs whose last run failed.
    pub failed: u64,
    /// Runs, further tries included.
    pub runs: u64,
    /// What these used: sums, but for the memory.
    pub used: UsedSummary,
    /// The most memory that the lane itself had in use: a run that took less cannot be told from it.
    pub memory_floor_bytes: Option<u64>,
    /// Why nothing more was begun before all inputs were done; else null.
    pub stopped: Option<String>,
    /// The input that was done last; null before there is one.
    pub newest: Option<JobSummary>,
    /// The last inputs whose last run failed, oldest first; 8 at most.
    pub failures: Vec<JobSummary>,
}

/// What runs used; null for what the kernel does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct UsedSummary {
    /// From start to end.
    pub wall_s: f64,
    /// On a core.
    pub cpu_s: f64,
    /// The most memory that one process had in use; null where that is less than what the lane itself took.
    pub memory_peak_bytes: Option<u64>,
    /// Waiting for disks.
    pub io_wait_s: Option<f64>,
    /// Times that a core was given up.
    pub voluntary: u64,
    /// Times that a core was taken away.
    pub involuntary: u64,
}

impl UsedSummary {
    fn of(used: &wire::Used) -> UsedSummary {
        UsedSummary {
            wall_s: used.wall_ns as f64 / 1e9,
            cpu_s: used.cpu_ns as f64 / 1e9,
            memory_peak_bytes: used.memory_peak_bytes,
            io_wait_s: used.io_wait_ns.map(|ns| ns as f64 / 1e9),
            voluntary: used.voluntary,
            involuntary: used.involuntary,
        }
    }
}

/// An input that is done, and how its last run went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobSummary {
    /// Which input, counted from 1.
    pub number: u64,
    /// The input as text; its beginning where it is long.
    pub input: String,
    /// Runs, the first included.
    pub tries: u32,
    /// The exit code; null where it did not end by itself.
    pub code: Option<i32>,
    /// The signal that ended it; null where none did.
    pub signal: Option<i32>,
    /// Why it could not be started; else null.
    pub unstarted: Option<String>,
    /// What it used.
    pub used: UsedSummary,
    /// The end of its standard output.
    pub stdout: String,
    /// The end of its standard error.
    pub stderr: String,
    /// What became of it, in words.
    pub text: String,
}

impl JobSummary {
    fn of(job: &wire::Job) -> JobSummary {
        JobSummary {
            number: job.number,
            input: job.input.clone(),
            tries: job.tries,
            code: if let wire::Exit::Code { code } = job.exit { Some(code) } else { None },
            signal: if let wire::Exit::Signal { signal } = job.exit { Some(signal) } else { None },
            unstarted: job.unstarted.clone(),
            used: UsedSummary::of(&job.used),
            stdout: job.stdout.clone(),
            stderr: job.stderr.clone(),
            text: ledger::job_in_words(job),
        }
    }
}

/// A distinct ending.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndingSummary {
    /// What it is.
    pub kind: &'static str,
    /// What is to be thought of it.
    pub verdict: &'static str,
    /// How many runs ended so.
    pub count: u64,
    /// It in words.
    pub text: String,
}

/// A lane's queue.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct QueueSummary {
    /// Room for so many tasks; null for no bound.
    pub capacity: Option<u64>,
    /// Its mean depth while the lane was active.
    pub mean: Option<f64>,
    /// The most.
    pub max: u64,
    /// Whether its depth was taken inside its lock, or sampled.
    pub witnessed: bool,
}

/// What a lane's tasks waited and took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LatencySummary {
    /// From when a task was due until it started.
    pub queue_wait: Latency,
    /// From its start to its end.
    pub service: Latency,
}

/// A distribution of times, in microseconds. Counts, means and maxima are exact, percentiles within 6.25 %.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// How many.
    pub count: u64,
    /// Their mean.
    pub mean: Option<f64>,
    /// Half of them took no longer.
    pub p50: Option<f64>,
    /// Nine in ten took no longer.
    pub p90: Option<f64>,
    /// Ninety-nine in a hundred took no longer.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

impl Latency {
    fn of(histogram: &Histogram) -> Latency {
        let us = |ns: u64| ns as f64 / 1e3;
        let quantile = |q| histogram.quantile(q).map(us);
        Latency {
            count: histogram.count(),
            mean: histogram.mean().map(|ns| ns / 1e3),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            max: (histogram.count() > 0).then(|| us(histogram.max())),
        }
    }
}

/// Switches of a lane's threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SwitchesSummary {
    /// Times that a thread gave up its core.
    pub voluntary: Option<u64>,
    /// Times that a thread was taken off its core.
    pub involuntary: Option<u64>,
}

/// A lock of a lane.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LockSummary {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Acquisitions.
    pub acquired: u64,
    /// Those that had to wait.
    pub contended: u64,
    /// The time that they waited.
    pub wait_s: f64,
    /// The time that it was held: estimated from one acquisition in 64.
    pub hold_s: f64,
    /// Waits.
    pub wait_us: Latency,
    /// Holds, estimated likewise.
    pub hold_us: Latency,
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingSummary {
    /// What it is about.
    pub kind: &'static str,
    /// One line for people.
    pub text: String,
}

impl Summary {
    /// What the ledger adds up to; none before it knows its plan.
    pub fn of(ledger: &Ledger) -> Option<Summary> {
        let plan = ledger.plan()?;
        let findings = ledger.findings();
        let lanes = ledger.lanes().iter().map(|lane| {
            let own = findings.iter().filter(|finding| finding.lane == lane.plan.id);
            let found = own.map(|finding| FindingSummary { kind: finding.kind.name(), text: finding.text.clone() });
            lane_summary(lane, found.collect())
        });
        Some(Summary {
            format: FORMAT,
            scenario: plan.scenario.clone(),
            seconds: ledger.at_ns() as f64 / 1e9,
            mode: Mode::name(plan.mode),
            machine: MachineSummary {
                cores: plan.machine.cores,
                quota: plan.machine.quota,
                parallelism_measured: plan.machine.parallelism_measured,
                os: plan.machine.os.clone(),
            },
            cost: CostSummary { event_ns: ledger.measuring_ns(), share: ledger.measuring_share() },
            cores: ledger.cores().busy_overall().into_iter().map(|(core, busy)| CoreSummary { core, busy }).collect(),
            lanes: lanes.collect(),
        })
    }
}

fn lane_summary(lane: &LaneLedger, findings: Vec<FindingSummary>) -> LaneSummary {
    let seconds = |ns: u64| ns as f64 / 1e9;
    LaneSummary {
        name: lane.plan.name.clone(),
        pool: lane.plan.pool.name(),
        workers: lane.plan.workers,
        workload: lane.plan.workload.name(),
        active_s: lane.active_s(),
        cpu_s: lane.process.cpu_ns.map(seconds),
        run_queue_s: lane.process.run_queue_ns.map(seconds),
        memory_peak_bytes: lane.process.memory_peak_bytes,
        workers_died: lane.workers_died,
        tasks: TasksSummary {
            submitted: lane.tasks.submitted,
            completed: lane.tasks.completed,
            failed: lane.tasks.failed,
            rejected: lane.tasks.rejected,
            discarded: lane.tasks.discarded,
            retried: lane.tasks.retried,
            lost: lane.tasks.lost,
            queued: lane.tasks.queued,
            running: lane.tasks.running,
        },
        throughput_per_s: lane.throughput_per_s(),
        result: ResultSummary { expected: lane.result.expected, actual: lane.result.actual, ok: lane.result_ok() },
        runs: runs(lane),
        jobs: jobs(lane),
        queue: QueueSummary {
            capacity: lane.plan.capacity,
            mean: lane.depth_mean(),
            max: lane.queue.depth_max,
            witnessed: lane.queue.witnessed,
        },
        latency_us: LatencySummary { queue_wait: Latency::of(&lane.queue_wait), service: Latency::of(&lane.service) },
        switches: SwitchesSummary { voluntary: lane.process.voluntary, involuntary: lane.process.involuntary },
        worker_states_s: states(lane),
        locks: lane.locks.iter().map(lock_summary).collect(),
        findings,
    }
}

fn runs(lane: &LaneLedger) -> Option<RunsSummary> {
    let program = lane.plan.pool.program()?;
    let told = lane.runs.as_deref().cloned().unwrap_or_default();
    let sum = |counts: &dyn Fn(&EndingCount) -> bool| {
        told.endings.iter().filter(|ending| counts(ending)).fold(0_u64, |sum, ending| sum.saturating_add(ending.count))
    };
    let of = |verdict: wire::Verdict| sum(&|ending| ending.verdict == verdict);
    let count = sum(&|_| true).saturating_add(told.others);
    Some(RunsSummary {
        program: program.program.clone(),
        count,
        per_s: (lane.active_s() > 0.0).then(|| count as f64 / lane.active_s()),
        acceptable: of(wire::Verdict::Acceptable),
        interesting: of(wire::Verdict::Interesting),
        forbidden: of(wire::Verdict::Forbidden),
        deadlocks: sum(&|ending| ending.ending.kind == EndingKind::Deadlock),
        others: told.others,
        first_failed_s: told.first_failed_ns.map(|ns| ns as f64 / 1e9),
        endings: told
            .endings
            .iter()
            .map(|ending| EndingSummary {
                kind: ending.ending.kind.name(),
                verdict: verdict_name(ending.verdict),
                count: ending.count,
                text: ledger::ending_in_words(&ending.ending),
            })
            .collect(),
        stalls: told.stalls.iter().map(ledger::stall_in_words).collect(),
        interpreter: told.interpreter,
        unavailable: told.unavailable,
    })
}

fn jobs(lane: &LaneLedger) -> Option<JobsSummary> {
    let command = lane.plan.pool.command()?;
    let told = lane.jobs.as_deref().cloned().unwrap_or_default();
    Some(JobsSummary {
        command: command.command.to_text(),
        inputs: told.inputs,
        done: told.skipped.saturating_add(lane.tasks.completed).saturating_add(lane.tasks.failed),
        skipped: told.skipped,
        failed: lane.tasks.failed,
        runs: told.runs,
        used: UsedSummary::of(&told.used),
        memory_floor_bytes: told.memory_floor_bytes,
        stopped: told.stopped,
        newest: told.newest.as_deref().map(JobSummary::of),
        failures: told.failed.iter().map(JobSummary::of).collect(),
    })
}

fn verdict_name(verdict: wire::Verdict) -> &'static str {
    match verdict {
        wire::Verdict::Acceptable => "acceptable",
        wire::Verdict::Interesting => "interesting",
        wire::Verdict::Forbidden => "forbidden",
    }
}

/// The time in each state; running divides into on a core and waiting for one where the kernel tells both.
fn states(lane: &LaneLedger) -> BTreeMap<&'static str, Option<f64>> {
    let spent = lane.state_ns();
    let times = WorkerState::ALL.iter().zip(spent);
    let mut states: BTreeMap<_, _> = times.map(|(state, ns)| (state.name(), Some(ns as f64 / 1e9))).collect();
    let running_s = spent[WorkerState::Running as usize] as f64 / 1e9;
    // The kernel counts both times of a worker over all its states: running is divided as the whole was.
    let sum =
        |pick: fn(&WorkerLedger) -> Option<u64>| lane.workers.iter().filter_map(pick).map(|ns| ns as f64).sum::<f64>();
    let (cpu_ns, run_queue_ns) = (sum(|worker| worker.cpu_ns), sum(|worker| worker.run_queue_ns));
    let waiting = (cpu_ns + run_queue_ns > 0.0).then(|| running_s * run_queue_ns / (cpu_ns + run_queue_ns));
    states.insert("running_waiting_for_cpu", waiting);
    states.insert("running_on_cpu", waiting.map(|waiting_s| running_s - waiting_s));
    states
}

fn lock_summary(lock: &LockLedger) -> LockSummary {
    LockSummary {
        name: lock.name.name.clone(),
        kind: lock.name.lock.name(),
        acquired: lock.now.acquired,
        contended: lock.now.contended,
        wait_s: lock.now.wait_ns as f64 / 1e9,
        hold_s: lock.now.hold_ns as f64 / 1e9,
        wait_us: Latency::of(&lock.wait),
        hold_us: Latency::of(&lock.hold),
    }
}

/// A statement of a scenario's `[expect]`, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The statement.
    pub statement: String,
    /// None where it holds; else why not.
    pub fails: Option<String>,
}

/// Checks what the scenario expects against the summary.
pub fn verdicts(ledger: &Ledger, summary: &Summary) -> Vec<Verdict> {
    let value = serde_json::to_value(summary).unwrap_or_default();
    let statements = ledger.plan().map(|plan| plan.expect.as_slice()).unwrap_or_default();
    let check = |text: &String| match expect::parse(text) {
        Ok(statement) => failure(&statement.check(&value)),
        Err((column, message)) => Some(format!("column {column}: {message}")),
    };
    statements.iter().map(|text| Verdict { statement: text.clone(), fails: check(text) }).collect()
}

fn failure(outcome: &expect::Outcome) -> Option<String> {
    match outcome {
        expect::Outcome::Holds => None,
        expect::Outcome::Fails { left, right, lane: Some(lane) } => Some(format!("lane {lane}: {left} and {right}")),
        expect::Outcome::Fails { left, right, lane: None } => Some(format!("{left} and {right}")),
        expect::Outcome::Unknown(path) => Some(format!("the summary has no {path}")),
    }
}
