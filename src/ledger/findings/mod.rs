//! What is worth telling of a run, in words, with what to try.
//!
//! | file | what | when it is told |
//! | --- | --- | --- |
//! | [`facts`] | what was counted: deaths, losses, refusals | from when it happened, for good |
//! | [`locks`] | serialised by a lock, convoy | while it lasts |
//! | [`workers`] | starved, uneven, blocked, too many | while it lasts |
//! | [`queue`] | a queue that only grows | while it lasts |
//!
//! What lasts is judged once for every second of active time, over the last two (`super::window`): a pause counts for
//! nothing, what happened long ago neither, and a text can be read before it changes. Each such rule has two bars, one to
//! be told and a lower one to stay told, so that a figure that wanders about the bar does not make a finding come and go.

mod facts;
mod locks;
mod queue;
#[cfg(test)]
mod tests;
mod workers;

pub use facts::exit_in_words;

use super::window::{Sums, WorkerSums};
use super::{LaneLedger, Ledger, WorkerLedger};
use crate::wire::{LaneId, Mode, PoolPlan, WorkerState};

/// What a finding is about. The order is that of urgency.
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
    /// Nobody could move in a run of the lane's program: a deadlock that happened, not one that could.
    Deadlock,
    /// A run of its program ended as it must not.
    ForbiddenEnding,
    /// A turn ended with workers in the middle of a task.
    Halted,
    /// A command begins nothing more, though it has inputs left.
    Stopped,
    /// Tasks failed.
    TasksFailed,
    /// A worker gets nowhere while the others do.
    StarvedWorker,
    /// A queue that nothing bounds, and that only grows.
    UnboundedQueue,
    /// One lock is held nearly all the time: more workers gain nothing.
    SerialisedByLock,
    /// Workers stand in line for a lock that is mostly free.
    Convoy,
    /// Some workers have nothing to do while tasks wait in the hands of others.
    Imbalance,
    /// More workers than cores, and it shows.
    Oversubscription,
    /// Workers sleep or wait for I/O, tasks wait, and cores are idle.
    BlockedByIo,
    /// Events were dropped.
    EventsDropped,
    /// An order could not be carried out.
    Refused,
}

impl FindingKind {
    /// Every kind, the most urgent first.
    pub const ALL: [FindingKind; 22] = [
        FindingKind::Unbalanced,
        FindingKind::LaneGone,
        FindingKind::SilentLane,
        FindingKind::Unreadable,
        FindingKind::SpawnFailed,
        FindingKind::WrongResult,
        FindingKind::WorkerDied,
        FindingKind::LockAbandoned,
        FindingKind::Deadlock,
        FindingKind::ForbiddenEnding,
        FindingKind::Halted,
        FindingKind::Stopped,
        FindingKind::TasksFailed,
        FindingKind::StarvedWorker,
        FindingKind::UnboundedQueue,
        FindingKind::SerialisedByLock,
        FindingKind::Convoy,
        FindingKind::Imbalance,
        FindingKind::Oversubscription,
        FindingKind::BlockedByIo,
        FindingKind::EventsDropped,
        FindingKind::Refused,
    ];

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
            FindingKind::Deadlock => "deadlock",
            FindingKind::ForbiddenEnding => "forbidden-ending",
            FindingKind::Halted => "halted",
            FindingKind::Stopped => "stopped",
            FindingKind::TasksFailed => "tasks-failed",
            FindingKind::StarvedWorker => "starved-worker",
            FindingKind::UnboundedQueue => "unbounded-queue",
            FindingKind::SerialisedByLock => "serialised-by-lock",
            FindingKind::Convoy => "convoy",
            FindingKind::Imbalance => "imbalance",
            FindingKind::Oversubscription => "oversubscription",
            FindingKind::BlockedByIo => "blocked-by-io",
            FindingKind::EventsDropped => "events-dropped",
            FindingKind::Refused => "refused",
        }
    }
}

/// The part of a lane that proves a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// Its counts of tasks.
    Tasks,
    /// Its workers' states over time.
    Workers,
    /// Its queue's depth.
    Queue,
    /// Its locks.
    Locks,
    /// CPU time, and the time waiting for a core.
    Cpu,
    /// Its result.
    Result,
    /// What happened, besides: its log.
    Events,
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
    /// Where it is to be seen.
    pub proof: Proof,
}

/// A finding about what lasts, as it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    kind: FindingKind,
    text: String,
    proof: Proof,
}

pub(super) fn of(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lane in ledger.lanes() {
        findings.extend(facts::of(lane, ledger));
        let told = lane.window.told().iter();
        findings.extend(told.map(|Told { kind, text, proof }| Finding {
            kind: *kind,
            lane: lane.plan.id,
            text: text.clone(),
            proof: *proof,
        }));
    }
    findings.sort_by_key(|finding| (finding.kind, finding.lane));
    findings
}

/// What there is around a lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// The cores that its workers may use; less where a quota allows less.
    pub(super) cores: f64,
    /// As many of them as nobody used lately; none where that is not known, or where the lane has them to itself.
    pub(super) cores_free: Option<f64>,
}

impl Around {
    /// For the lane, as of now; none before there is a plan.
    pub(super) fn of(plan: Option<&crate::wire::Plan>, cores: &super::Cores, lane: &LaneLedger) -> Option<Around> {
        let plan = plan?;
        let machine = &plan.machine;
        let ids = if lane.plan.cores.is_empty() { &machine.core_ids } else { &lane.plan.cores };
        let usable = if lane.plan.cores.is_empty() { machine.cores as usize } else { lane.plan.cores.len() } as f64;
        let quota = machine.quota.filter(|quota| quota.is_finite() && *quota > 0.0);
        let cores_free = match plan.mode {
            // The cores' windows reach into others' turns.
            Mode::Turns { .. } => None,
            Mode::Together | Mode::Cores => cores.free_lately(ids),
        };
        Some(Around { cores: quota.map_or(usable, |quota| quota.min(usable)), cores_free })
    }
}

/// A bar, and a lower one for what was told already.
#[derive(Clone, Copy)]
struct Bar {
    begin: f64,
    stay: f64,
}

impl Bar {
    const fn new(begin: f64, stay: f64) -> Bar {
        Bar { begin, stay }
    }

    /// Whether the value has reached the bar; `told` says whether this is told already.
    fn is_reached(self, value: f64, told: bool) -> bool {
        value >= if told { self.stay } else { self.begin }
    }

    /// The same of a value that must not exceed the bar, which is then the higher one for what was told already.
    fn is_kept(self, value: f64, told: bool) -> bool {
        value <= if told { self.stay } else { self.begin }
    }
}

/// At so many ticks at least must be looked before what was seen in them stands for the time between.
const TICKS_MIN: u64 = 5;

/// A lane as rules look at it: its sums, and those of the workers that were there all the time.
struct Look<'l> {
    lane: &'l LaneLedger,
    around: &'l Around,
    sums: Sums,
    workers: Vec<(&'l WorkerLedger, WorkerSums)>,
}

/// A worker counts where it was seen for this share of the time.
const PRESENT_SHARE: f64 = 0.9;

impl<'l> Look<'l> {
    fn at(lane: &'l LaneLedger, around: &'l Around) -> Look<'l> {
        let sums = lane.window.sums();
        let present_ns = sums.active_ns as f64 * PRESENT_SHARE;
        let there = lane.workers.iter().filter(|worker| worker.is_alive());
        let sampled = there.map(|worker| (worker, worker.window.sums()));
        // Threads that live for a task share numbers: what one number did is nobody's doing, but together it counts.
        let is_crowd = lane.plan.pool == PoolPlan::PerTask;
        let workers = sampled.filter(|(_, sums)| is_crowd || sums.attended_ns() as f64 >= present_ns).collect();
        Look { lane, around, sums, workers }
    }

    fn was_told(&self, kind: FindingKind) -> bool {
        self.lane.window.told().iter().any(|told| told.kind == kind)
    }

    /// The time of all workers in one state, in workers: 2.5 says that two and a half were in it all the time.
    fn workers_in(&self, state: WorkerState) -> f64 {
        let spent = self.workers.iter().map(|(_, sums)| sums.spent(state) as f64).sum::<f64>();
        spent / self.sums.active_ns.max(1) as f64
    }

    /// The share of the workers' time in one state, pauses left out.
    fn share_in(&self, state: WorkerState) -> f64 {
        let attended = self.workers.iter().map(|(_, sums)| sums.attended_ns() as f64).sum::<f64>();
        let spent = self.workers.iter().map(|(_, sums)| sums.spent(state) as f64).sum::<f64>();
        if attended > 0.0 { spent / attended } else { 0.0 }
    }

    /// The share of ticks at whose end tasks waited; none where there were too few ticks to say.
    fn waiting_share(&self) -> Option<f64> {
        (self.sums.ticks >= TICKS_MIN).then(|| self.sums.ticks_waiting as f64 / self.sums.ticks as f64)
    }
}

/// What is so of the lane lately.
pub(super) fn lately(lane: &LaneLedger, around: &Around) -> Vec<Told> {
    let look = Look::at(lane, around);
    let rules: [fn(&Look) -> Option<Told>; 7] = [
        workers::starved,
        queue::unbounded,
        locks::serialised,
        locks::convoy,
        workers::imbalance,
        workers::oversubscription,
        workers::blocked_by_io,
    ];
    rules.iter().filter_map(|rule| rule(&look)).collect()
}
