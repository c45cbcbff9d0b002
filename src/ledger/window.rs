//! What a lane did lately, as sums: what findings about the present are judged by.
//!
//! Sums are kept over two spans of active time, the one that runs and the one before it, so that a look costs no walk
//! through histories. When a span is full it is judged together with the one before, once, and what was found stands
//! until the next is full.
//!
//! ```text
//! active time ──▶  │ before: 1 s │ now: 0 to 1 s …│
//!                                                 ▲ full: judge both, then now becomes before
//! ```
//!
//! A pause adds nothing. A tick that was missed begins everything anew: totals would have gone on, times not.

use super::findings::{Around, Told, lately};
use super::lane::LaneLedger;
use crate::stats::History;
use crate::wire::{StateTimes, Tick, WorkerState, WorkerTick};

/// A span is full after so much active time.
pub(super) const SPAN_NS: u64 = 1_000_000_000;

/// Queues are judged by how they went over so many spans.
pub(super) const TRENDS: usize = 4;

/// What a lane did lately.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    before: Sums,
    now: Sums,
    trends: History<Trend>,
    told: Vec<Told>,
}

/// Sums over a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Active time.
    pub(super) active_ns: u64,
    /// Ticks with some of it.
    pub(super) ticks: u64,
    /// Those of them at whose end tasks waited.
    pub(super) ticks_waiting: u64,
    /// Those of them at whose end all tasks that waited did so in workers' hands, while some worker had none.
    pub(super) ticks_in_hand: u64,
    /// Tasks that waited so, added up.
    pub(super) in_hand: u64,
    /// CPU time of the lane; none where the kernel does not tell.
    pub(super) cpu_ns: Option<u64>,
    /// Its locks.
    pub(super) locks: Vec<LockSums>,
    trend: Trend,
}

/// What a lock did in a span.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct LockSums {
    /// Acquisitions.
    pub(super) acquired: u64,
    /// The time that it was held, estimated from one acquisition in 64.
    pub(super) hold_ns: u64,
    /// Ticks at whose end somebody held it.
    pub(super) ticks_held: u64,
    /// Whoever waited for it at the ends of ticks, added up.
    pub(super) waiters: u64,
}

/// How the queue went in a span.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Trend {
    /// Active time.
    pub(super) active_ns: u64,
    /// The fewest tasks that waited at the end of any tick; none without ticks.
    pub(super) queued_min: Option<u64>,
    /// Tasks that came.
    pub(super) came: u64,
    /// Tasks that neither wait nor run any more.
    pub(super) went: u64,
}

/// What a worker did in a span.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct WorkerSums {
    /// Tasks that it ended.
    pub(super) ended: u64,
    /// The time in each state.
    pub(super) state_ns: StateTimes,
    /// The time on a core; none where the kernel does not tell.
    pub(super) cpu_ns: Option<u64>,
    /// The time waiting for a core; none where the kernel does not tell.
    pub(super) run_queue_ns: Option<u64>,
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}

impl WorkerSums {
    pub(super) fn add_tick(&mut self, tick: &WorkerTick) {
        let WorkerTick { ended, state_ns, cpu_ns, run_queue_ns, .. } = *tick;
        self.add(&WorkerSums { ended, state_ns, cpu_ns, run_queue_ns });
    }

    fn add(&mut self, other: &WorkerSums) {
        self.ended = self.ended.saturating_add(other.ended);
        self.state_ns.iter_mut().zip(other.state_ns).for_each(|(sum, spent)| *sum = sum.saturating_add(spent));
        self.cpu_ns = sum(self.cpu_ns, other.cpu_ns);
        self.run_queue_ns = sum(self.run_queue_ns, other.run_queue_ns);
    }

    /// The time in one state.
    pub(super) fn spent(&self, state: WorkerState) -> u64 {
        self.state_ns.get(state as usize).copied().unwrap_or(0)
    }

    /// The time in all states but paused.
    pub(super) fn attended_ns(&self) -> u64 {
        let all = self.state_ns.iter().fold(0u64, |sum, spent| sum.saturating_add(*spent));
        all.saturating_sub(self.spent(WorkerState::Paused))
    }
}

/// A worker's two spans.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct WorkerWindow {
    before: WorkerSums,
    pub(super) now: WorkerSums,
}

impl WorkerWindow {
    /// Both spans together.
    pub(super) fn sums(&self) -> WorkerSums {
        let mut sums = self.before;
        sums.add(&self.now);
        sums
    }

    fn turn(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.active_ns = self.active_ns.saturating_add(other.active_ns);
        self.ticks += other.ticks;
        self.ticks_waiting += other.ticks_waiting;
        self.ticks_in_hand += other.ticks_in_hand;
        self.in_hand = self.in_hand.saturating_add(other.in_hand);
        self.cpu_ns = sum(self.cpu_ns, other.cpu_ns);
        self.locks.resize(self.locks.len().max(other.locks.len()), LockSums::default());
        for (lock, other) in self.locks.iter_mut().zip(&other.locks) {
            lock.acquired = lock.acquired.saturating_add(other.acquired);
            lock.hold_ns = lock.hold_ns.saturating_add(other.hold_ns);
            lock.ticks_held += other.ticks_held;
            lock.waiters = lock.waiters.saturating_add(other.waiters);
        }
    }

    fn add_tick(&mut self, lane: &LaneLedger, tick: &Tick) {
        self.active_ns = self.active_ns.saturating_add(tick.active_ns);
        let since = |now: Option<u64>, before: Option<u64>| Some(now?.saturating_sub(before.unwrap_or(0)));
        self.cpu_ns = sum(self.cpu_ns, since(tick.process.cpu_ns, lane.process.cpu_ns));
        let went =
            |tasks: &crate::wire::Tasks| tasks.submitted.saturating_sub(tasks.queued).saturating_sub(tasks.running);
        self.trend.active_ns = self.active_ns;
        self.trend.came = self.trend.came.saturating_add(tick.tasks.submitted.saturating_sub(lane.tasks.submitted));
        self.trend.went = self.trend.went.saturating_add(went(&tick.tasks).saturating_sub(went(&lane.tasks)));
        self.locks.resize(lane.locks.len(), LockSums::default());
        for (sums, (now, before)) in self.locks.iter_mut().zip(tick.locks.iter().zip(&lane.locks)) {
            sums.acquired = sums.acquired.saturating_add(now.acquired.saturating_sub(before.now.acquired));
            sums.hold_ns = sums.hold_ns.saturating_add(now.hold_ns.saturating_sub(before.now.hold_ns));
        }
        if tick.active_ns == 0 {
            return;
        }
        self.ticks += 1;
        self.ticks_waiting += u64::from(tick.tasks.queued > 0);
        let in_state = |state| tick.workers.iter().any(|worker| worker.state == state);
        if tick.tasks.queued > 0 && tick.queue.depth == 0 && in_state(WorkerState::Idle) {
            self.ticks_in_hand += 1;
            self.in_hand = self.in_hand.saturating_add(tick.tasks.queued);
        }
        let queued_min = self.trend.queued_min.unwrap_or(u64::MAX);
        self.trend.queued_min = Some(queued_min.min(tick.tasks.queued));
        for (sums, now) in self.locks.iter_mut().zip(&tick.locks) {
            sums.ticks_held += u64::from(now.owner.is_some());
            sums.waiters = sums.waiters.saturating_add(u64::from(now.waiters));
        }
    }
}

impl Window {
    pub(super) fn new() -> Window {
        Window { before: Sums::default(), now: Sums::default(), trends: History::new(TRENDS), told: Vec::new() }
    }

    /// Adds a tick, before the lane's own account of totals has moved on to it.
    pub(super) fn add_tick(&mut self, lane: &LaneLedger, tick: &Tick) {
        self.now.add_tick(lane, tick);
    }

    /// Whether the span is full, and to be judged.
    pub(super) fn is_full(&self) -> bool {
        self.now.active_ns >= SPAN_NS
    }

    /// Both spans together.
    pub(super) fn sums(&self) -> Sums {
        let mut sums = self.before.clone();
        sums.add(&self.now);
        sums
    }

    /// How the queue went in each of the last spans, oldest first.
    pub(super) fn trends(&self) -> &History<Trend> {
        &self.trends
    }

    /// What was found when a span was last judged.
    pub(super) fn told(&self) -> &[Told] {
        &self.told
    }
}

impl LaneLedger {
    /// Forgets what the lane did lately, and what was found in it.
    pub(super) fn forget_window(&mut self) {
        self.window = Window::new();
        self.workers.iter_mut().for_each(|worker| worker.window = WorkerWindow::default());
    }

    /// Judges the span that is full, and begins the next.
    pub(super) fn judge(&mut self, around: &Around) {
        self.window.trends.push(self.window.now.trend);
        self.window.told = lately(self, around);
        self.window.before = std::mem::take(&mut self.window.now);
        self.workers.iter_mut().for_each(|worker| worker.window.turn());
    }
}
