//! What simply is so: counted by the lane, over the whole of its run. No threshold, so no false alarm; what has happened
//! stays told.

use super::{Finding, FindingKind, Proof};
use crate::ledger::{LaneLedger, Ledger, Standing, ending_in_words, standstill_in_words};
use crate::stats::words::{count, duration, percent, plural_u64};
use crate::system::name_of_signal;
use crate::wire::{EndingKind, Event, Exit, Phase, Verdict};

/// A lane is silent when no frame has come for so long.
const SILENCE_NS: u64 = 1_000_000_000;

/// The facts of a lane.
pub(super) fn of(lane: &LaneLedger, ledger: &Ledger) -> impl Iterator<Item = Finding> {
    let id = lane.plan.id;
    let checks = [
        unbalanced(lane),
        gone(lane),
        silent(lane, ledger),
        unreadable(lane),
        spawn_failed(lane),
        wrong_result(lane),
        worker_died(lane),
        lock_abandoned(lane),
        deadlock(lane),
        forbidden_ending(lane),
        halted(lane),
        stopped(lane),
        tasks_failed(lane),
        events_dropped(lane),
        refused(lane),
    ];
    let found = checks.into_iter().flatten();
    found.map(move |(kind, text)| Finding { kind, lane: id, text, proof: proof(kind) })
}

/// Where each of these facts is to be seen.
fn proof(kind: FindingKind) -> Proof {
    match kind {
        FindingKind::WrongResult => Proof::Result,
        FindingKind::Unbalanced => Proof::Tasks,
        FindingKind::LockAbandoned => Proof::Locks,
        FindingKind::Halted | FindingKind::Deadlock => Proof::Workers,
        FindingKind::ForbiddenEnding => Proof::Result,
        _ => Proof::Events,
    }
}

type Found = Option<(FindingKind, String)>;

fn stopped(lane: &LaneLedger) -> Found {
    let why = lane.jobs.as_ref()?.stopped.as_ref()?;
    Some((FindingKind::Stopped, format!("Nothing more is begun: {why}")))
}

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

fn deadlock(lane: &LaneLedger) -> Found {
    let runs = lane.runs.as_deref()?;
    let stood = runs.endings.iter().filter(|ending| ending.ending.kind == EndingKind::Deadlock);
    let times = stood.clone().fold(0_u64, |sum, ending| sum.saturating_add(ending.count));
    let before = match times {
        0 => String::new(),
        times => format!(" {} stood still before.", plural_u64(times, "run")),
    };
    let text = match (&runs.standstill, stood.clone().next()) {
        (Some(standstill), _) => {
            let found = duration(standstill.found_after_ns);
            format!(
                "{} Run {}, seen {found} after the last wait began.{before}",
                standstill_in_words(standstill),
                count(standstill.run)
            )
        }
        (None, Some(first)) => {
            format!("{} stood still, the first so: {}.", plural_u64(times, "run"), ending_in_words(&first.ending))
        }
        (None, None) => return None,
    };
    Some((FindingKind::Deadlock, text))
}

fn forbidden_ending(lane: &LaneLedger) -> Found {
    let runs = lane.runs.as_deref()?;
    let forbidden = runs.endings.iter().filter(|ending| ending.verdict == Verdict::Forbidden);
    let first = forbidden.clone().next()?;
    let after = runs.first_failed_ns.map(|ns| format!(" after {}", duration(ns))).unwrap_or_default();
    let share =
        percent(lane.tasks.failed as f64 / (lane.tasks.failed.saturating_add(lane.tasks.completed)).max(1) as f64);
    let text = format!(
        "The first forbidden ending came{after}: {}. {} failed ({share}).",
        ending_in_words(&first.ending),
        plural_u64(lane.tasks.failed, "run")
    );
    Some((FindingKind::ForbiddenEnding, text))
}

fn tasks_failed(lane: &LaneLedger) -> Found {
    // Of runs of a program that is said in words of its own.
    (lane.tasks.failed > 0 && lane.runs.is_none()).then(|| {
        let said = lane.events.iter().rev().find_map(|(_, event)| match event {
            Event::TaskPanicked { message } => Some(format!(" The last one said: {message}")),
            _ => None,
        });
        let failed = plural_u64(lane.tasks.failed, "task");
        (FindingKind::TasksFailed, format!("{failed} failed.{}", said.unwrap_or_default()))
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
