//! What is worth telling of a run, in words, with what to try.
//!
//! A finding is derived from the ledger each time it is asked for, so it can never disagree with what the panels show.

use super::{LaneLedger, Ledger, Standing, WorkerLedger};
use crate::stats::words::{count, percent, plural};
use crate::system::name_of_signal;
use crate::wire::{Event, Exit, LaneId, Phase};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// Tasks do not add up: a fault of poolscope or of a foreign lane.
    Unbalanced,
    /// A lane ended that nobody had asked to.
    LaneGone,
    /// A lane sends no frames.
    SilentLane,
    /// Lines of a lane could not be read.
    Unreadable,
    /// The system would not give more workers.
    SpawnFailed,
    /// The result is not what the tasks should have made.
    WrongResult,
    /// Workers died.
    WorkerDied,
    /// A lock was taken from a dead owner.
    LockAbandoned,
    /// A turn ended with workers in the middle of a task.
    Halted,
    /// Tasks failed.
    TasksFailed,
    /// More workers than cores, and it shows.
    Oversubscription,
    /// Events were dropped.
    EventsDropped,
    /// An order could not be carried out.
    Refused,
}

impl FindingKind {
    /// The kind's name, as summaries spell it.
    pub fn name(self) -> &'static str {
        match self {
            FindingKind::Unbalanced => "unbalanced",
            FindingKind::LaneGone => "lane-gone",
            FindingKind::SilentLane => "silent-lane",
            FindingKind::Unreadable => "unreadable",
            FindingKind::SpawnFailed => "spawn-failed",
            FindingKind::WrongResult => "wrong-result",
            FindingKind::WorkerDied => "worker-died",
            FindingKind::LockAbandoned => "lock-abandoned",
            FindingKind::Halted => "halted",
            FindingKind::TasksFailed => "tasks-failed",
            FindingKind::Oversubscription => "oversubscription",
            FindingKind::EventsDropped => "events-dropped",
            FindingKind::Refused => "refused",
        }
    }
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub kind: FindingKind,
    /// The lane it is about.
    pub lane: LaneId,
    /// One line for people.
    pub text: String,
}

/// A lane is silent when no frame has come for so long.
const SILENCE_NS: u64 = 1_000_000_000;

/// Waiting for a core is worth telling above this share of running time, and only after some running.
const RUN_QUEUE_SHARE: f64 = 0.25;
const RUN_QUEUE_AFTER_NS: u64 = 500_000_000;

pub(super) fn of(ledger: &Ledger) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ledger.lanes().iter().flat_map(|lane| of_lane(lane, ledger)).collect();
    findings.sort_by_key(|finding| (finding.kind, finding.lane));
    findings
}

fn of_lane(lane: &LaneLedger, ledger: &Ledger) -> Vec<Finding> {
    let checks = [
        unbalanced(lane),
        gone(lane),
        silent(lane, ledger),
        unreadable(lane),
        spawn_failed(lane),
        wrong_result(lane),
        worker_died(lane),
        lock_abandoned(lane),
        halted(lane),
        tasks_failed(lane),
        oversubscription(lane, ledger),
        events_dropped(lane),
        refused(lane),
    ];
    let found = checks.into_iter().flatten();
    found.map(|(kind, text)| Finding { kind, lane: lane.plan.id, text }).collect()
}

type Found = Option<(FindingKind, String)>;

fn unbalanced(lane: &LaneLedger) -> Found {
    let (submitted, accounted) = (lane.tasks.submitted, lane.tasks.accounted());
    (lane.is_exact() && submitted != accounted).then(|| {
        (
            FindingKind::Unbalanced,
            format!(
                "{} came, but {} are accounted for. Please report this.",
                plural_u64(submitted, "task"),
                count(accounted)
            ),
        )
    })
}

fn gone(lane: &LaneLedger) -> Found {
    let Standing::Gone(gone) = &lane.standing else { return None };
    if gone.expected {
        return None;
    }
    let said = gone.stderr.lines().last().map(|line| format!(" Its last words: {line}")).unwrap_or_default();
    Some((
        FindingKind::LaneGone,
        format!("The lane's process {}: every worker and task in it is gone.{said}", exit_in_words(&gone.exit)),
    ))
}

fn silent(lane: &LaneLedger, ledger: &Ledger) -> Found {
    let silence_ns = ledger.at_ns().saturating_sub(lane.last_at_ns);
    let is_silent = lane.standing == Standing::Here && lane.phase != Phase::Done && silence_ns > SILENCE_NS;
    is_silent.then(|| {
        let silence_s = silence_ns / 1_000_000_000;
        (FindingKind::SilentLane, format!("No frame for {silence_s} s: its process is stopped, or starved of CPU."))
    })
}

fn unreadable(lane: &LaneLedger) -> Found {
    (lane.unreadable > 0).then(|| {
        let (lines, why) = (plural_u64(lane.unreadable, "line"), &lane.unreadable_why);
        (FindingKind::Unreadable, format!("{lines} of this lane could not be read. The last: {why}"))
    })
}

fn spawn_failed(lane: &LaneLedger) -> Found {
    let last = lane.events.iter().rev().find_map(|(_, event)| match event {
        Event::SpawnFailed { what, why, workers } => Some((what, why, workers)),
        _ => None,
    });
    last.map(|(what, why, workers)| {
        let text = format!(
            "The system gives no more {what} ({why}): the lane works on with {workers} of {}. Try fewer workers.",
            lane.plan.workers
        );
        (FindingKind::SpawnFailed, text)
    })
}

fn wrong_result(lane: &LaneLedger) -> Found {
    // As of the last standstill: in between nothing can be said, and a finding must not come and go with each turn.
    let result = lane.checked?;
    let (expected, actual) = (result.expected, result.actual);
    let text = if result.tasks_ok == Some(false) {
        "Not exactly the tasks that should have ended did: one was lost or done twice.".to_string()
    } else if actual == expected {
        return None;
    } else if actual < expected {
        let lost = expected - actual;
        let share = percent(lost as f64 / expected as f64);
        let (lost, expected, actual) = (count(lost), count(expected), count(actual));
        format!("{lost} of {expected} were lost ({share}): the result is {actual}.")
    } else {
        format!("The result is {}, where {} was expected.", count(actual), count(expected))
    };
    Some((FindingKind::WrongResult, text))
}

fn worker_died(lane: &LaneLedger) -> Found {
    let (at_ns, worker, exit) = lane.events.iter().rev().find_map(|(at_ns, event)| match event {
        Event::WorkerDied { worker, exit, .. } => Some((at_ns, worker, exit)),
        _ => None,
    })?;
    let at_s = *at_ns as f64 / 1e9;
    let (died, retried, lost) = (lane.workers_died, lane.tasks.retried, lane.tasks.lost);
    let how = exit_in_words(exit);
    let who = match died {
        1 => format!("Worker {worker} {how} at {at_s:.1} s."),
        _ => format!("{} died, the last at {at_s:.1} s: worker {worker} {how}.", plural_u64(died, "worker")),
    };
    let were = if retried == 1 { "was" } else { "were" };
    let tasks = match (retried, lost) {
        (0, 0) => "No task was lost.".to_string(),
        (0, lost) => format!("{} lost.", plural_u64(lost, "task")),
        (retried, lost) => format!("{} {were} tried again, {} lost.", plural_u64(retried, "task"), count(lost)),
    };
    Some((FindingKind::WorkerDied, format!("{who} {tasks}")))
}

fn lock_abandoned(lane: &LaneLedger) -> Found {
    let lock = lane.locks.iter().find(|lock| lock.now.abandoned > 0)?;
    let (times, name) = (plural_u64(lock.now.abandoned, "time"), &lock.name.name);
    let text = format!(
        "Lock “{name}” was taken {times} from a worker that died holding it; what it guarded may be half done."
    );
    Some((FindingKind::LockAbandoned, text))
}

fn halted(lane: &LaneLedger) -> Found {
    (lane.turns_halted > 0).then(|| {
        let turns = lane.turns_halted;
        let many = if turns == 1 { "One".to_string() } else { count(turns) };
        (
            FindingKind::Halted,
            format!("{many} of its turns ended in the middle of a task: its workers were halted there."),
        )
    })
}

fn tasks_failed(lane: &LaneLedger) -> Found {
    (lane.tasks.failed > 0).then(|| {
        let said = lane.events.iter().rev().find_map(|(_, event)| match event {
            Event::TaskPanicked { message } => Some(format!(" The last one said: {message}")),
            _ => None,
        });
        let failed = plural_u64(lane.tasks.failed, "task");
        (FindingKind::TasksFailed, format!("{failed} failed.{}", said.unwrap_or_default()))
    })
}

fn oversubscription(lane: &LaneLedger, ledger: &Ledger) -> Found {
    let cores = ledger.plan()?.machine.cores as usize;
    let usable = if lane.plan.cores.is_empty() { cores } else { lane.plan.cores.len() };
    let sum = |of: fn(&WorkerLedger) -> Option<u64>| lane.workers.iter().filter_map(of).fold(0, u64::saturating_add);
    let (run_queue_ns, cpu_ns) = (sum(|worker| worker.run_queue_ns), sum(|worker| worker.cpu_ns));
    let share = run_queue_ns as f64 / run_queue_ns.saturating_add(cpu_ns).max(1) as f64;
    let workers = lane.workers_alive();
    (workers > usable && cpu_ns > RUN_QUEUE_AFTER_NS && share > RUN_QUEUE_SHARE).then(|| {
        let text = format!(
            "{workers} workers on {}: {} of their running time was spent waiting for a core. Try {usable}.",
            plural(usable, "core"),
            percent(share)
        );
        (FindingKind::Oversubscription, text)
    })
}

fn events_dropped(lane: &LaneLedger) -> Found {
    (lane.events_dropped > 0).then(|| {
        (
            FindingKind::EventsDropped,
            format!("{} found no room in a frame; counts are exact.", plural_u64(lane.events_dropped, "event")),
        )
    })
}

fn refused(lane: &LaneLedger) -> Found {
    lane.events.iter().rev().find_map(|(_, event)| match event {
        Event::Refused { order, why } => Some((FindingKind::Refused, format!("Could not {order}: {why}"))),
        _ => None,
    })
}

fn plural_u64(number: u64, noun: &str) -> String {
    plural(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// How a process ended, to stand after its name.
pub fn exit_in_words(exit: &Exit) -> String {
    match exit {
        Exit::Code { code } => format!("exited with code {code}"),
        Exit::Signal { signal } => match name_of_signal(*signal) {
            Some(name) => format!("was killed by {name}"),
            None => format!("was killed by signal {signal}"),
        },
        Exit::Unknown => "ended".to_string(),
    }
}
