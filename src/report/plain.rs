//! The run as sentences, one for each thing that changes: for screen readers, for dumb terminals and for logs.
//!
//! ```text
//! 00:00 Threads or processes? CPU-bound: 4 lanes take turns of 150 ms.
//! 00:00 Lane 1 (one worker) runs with 1 worker.
//! 00:05 Lane 1 (one worker): 875 tasks/s. Lane 2 (threads): 1,039 tasks/s, ×1.19.
//! 00:07 Lane 3 (processes): worker 1 was killed by SIGKILL.
//! 00:09 Lane 2: worker 3 has waited for lock “queue” for 1.2 s; worker 1 holds it.
//! ```
//!
//! Nothing is said twice, nothing is drawn, and nothing moves: what was said stays said.

use crate::ledger::{FindingKind, LaneLedger, Ledger, Standing, SweepLedger, WorkerLedger, exit_in_words};
use crate::stats::words;
use crate::wire::{Event, LaneId, LockId, Mode, Phase, WorkerId};
use std::collections::BTreeMap;

/// How often the rates are told.
const RATES_EVERY_NS: u64 = 5_000_000_000;

/// A wait for a lock is told when it has lasted so long.
const WAIT_TOLD_NS: u64 = 1_000_000_000;

/// A finding that is gone and comes back within this time is not told again.
const FINDING_QUIET_NS: u64 = 30_000_000_000;

/// What was said so far, as far as it keeps anything from being said again.
#[derive(Debug, Default)]
pub struct Plain {
    announced: bool,
    ended: bool,
    rates_ns: u64,
    lanes: Vec<LaneSaid>,
    findings: BTreeMap<(FindingKind, LaneId), u64>,
    /// Of a sweep: measurements that were told, further rounds, and troubles.
    measured: u64,
    further: u32,
    troubles: usize,
}

#[derive(Debug, Default)]
struct LaneSaid {
    workers: Option<usize>,
    halted_by_user: bool,
    gone: bool,
    done: bool,
    events: u64,
    waits: BTreeMap<WorkerId, Wait>,
}

/// A worker that was seen waiting for the same lock at every look, without ending a task in between.
#[derive(Debug)]
struct Wait {
    lock: LockId,
    ended: u64,
    since_ns: u64,
    told: bool,
}

impl Plain {
    /// Nothing was said.
    pub fn new() -> Plain {
        Plain::default()
    }

    /// What there is to say now: whole sentences, each with its time, without line ends.
    pub fn sentences(&mut self, ledger: &Ledger) -> Vec<String> {
        let mut said = Vec::new();
        let Some(plan) = ledger.plan() else { return said };
        if let Some(sweep) = ledger.sweep() {
            self.tell_sweep(sweep, ledger.has_ended(), &mut said);
            return at_time(ledger, said);
        }
        if !self.announced {
            self.announced = true;
            self.lanes = plan.lanes.iter().map(|_| LaneSaid::default()).collect();
            let lanes = words::plural(plan.lanes.len(), "lane");
            let how = match plan.mode {
                Mode::Turns { slice_ms } if plan.lanes.len() > 1 => format!("{lanes} take turns of {slice_ms} ms"),
                Mode::Turns { .. } | Mode::Together => format!("{lanes} run together"),
                Mode::Cores => format!("{lanes} run, each on cores of its own"),
            };
            said.push(format!("{}: {how}.", plan.title));
            if let Some(question) = &plan.question {
                said.push(format!("The question: {}", question.text));
            }
        }
        for (lane, before) in ledger.lanes().iter().zip(&mut self.lanes) {
            before.tell(lane, ledger.at_ns(), &mut said);
        }
        self.tell_findings(ledger, &mut said);
        if ledger.at_ns() >= self.rates_ns + RATES_EVERY_NS && !ledger.has_ended() {
            self.rates_ns = ledger.at_ns();
            said.push(rates(ledger));
        }
        if ledger.has_ended() && !self.ended {
            self.ended = true;
            said.push(format!("The run is over. {}", rates(ledger)));
        }
        at_time(ledger, said)
    }

    /// A round of a sweep at a time, and in the end what is advised.
    fn tell_sweep(&mut self, sweep: &SweepLedger, has_ended: bool, said: &mut Vec<String>) {
        let all = sweep.planned();
        if !std::mem::replace(&mut self.announced, true) {
            let sizes: Vec<String> = sweep.plan.sizes.iter().map(ToString::to_string).collect();
            said.push(format!(
                "{}: a sweep of {} workers, {all} measurements.",
                sweep.plan.plan.title,
                sizes.join(", ")
            ));
        }
        for trouble in sweep.troubles.iter().skip(self.troubles) {
            said.push(format!("{}: {}.", sweep.place_words(trouble.place), trouble.why));
        }
        self.troubles = sweep.troubles.len();
        let further = sweep.rounds_further();
        if std::mem::replace(&mut self.further, further) < further
            && let Some(words) = sweep.further_words(None)
        {
            said.push(format!("{words}."));
        }
        let a_round = sweep.plan.measurements().checked_div(u64::from(sweep.plan.repeat)).unwrap_or(0).max(1);
        let is_told = |ended: u64| ended > 0 && ended.is_multiple_of(a_round) && ended < all;
        if sweep.ended != self.measured && is_told(sweep.ended) {
            let left = sweep.left_ns().map_or(words::NOT_YET.to_string(), words::elapsed);
            said.push(format!("{} of {all} measured, about {left} left (estimate).", sweep.ended));
        }
        self.measured = sweep.ended;
        if has_ended && !std::mem::replace(&mut self.ended, true) {
            said.push("The sweep is over.".to_string());
            for (index, curve) in sweep.curves.iter().enumerate() {
                let advice = curve.judged.advice.as_ref().map_or("nothing was measured", |advice| &advice.sentence);
                said.push(format!("{}: {advice}.", sweep.curve_words(index)));
            }
        }
    }

    fn tell_findings(&mut self, ledger: &Ledger, said: &mut Vec<String>) {
        for finding in ledger.findings() {
            // Deaths and refusals are told as they happen.
            if matches!(finding.kind, FindingKind::WorkerDied | FindingKind::Refused | FindingKind::LaneGone) {
                continue;
            }
            let last = self.findings.insert((finding.kind, finding.lane), ledger.at_ns());
            if last.is_none_or(|last_ns| ledger.at_ns().saturating_sub(last_ns) > FINDING_QUIET_NS) {
                said.push(format!("Lane {}: {}", finding.lane, finding.text));
            }
        }
    }
}

/// Sentences with their time, made harmless.
fn at_time(ledger: &Ledger, said: Vec<String>) -> Vec<String> {
    let at = words::elapsed(ledger.at_ns());
    said.into_iter().map(|sentence| format!("{at} {}", words::plain(&sentence))).collect()
}

/// Every lane's rate, and how many times the first lane's it is.
fn rates(ledger: &Ledger) -> String {
    let first = ledger.lanes().first().and_then(LaneLedger::throughput_now_per_s);
    let lanes = ledger.lanes().iter().enumerate().map(|(index, lane)| {
        let who = format!("Lane {} ({})", lane.plan.id, lane.name());
        match (lane.throughput_now_per_s(), first) {
            _ if matches!(&lane.standing, Standing::Gone(gone) if !gone.expected) => format!("{who} is gone."),
            (Some(rate), Some(first)) if index > 0 && first > 0.0 => {
                format!("{who}: {}, {}.", words::per_s(rate, "tasks"), words::times(rate / first))
            }
            (Some(rate), _) => format!("{who}: {}.", words::per_s(rate, "tasks")),
            (None, _) => format!("{who}: {}.", words::NOT_YET),
        }
    });
    lanes.collect::<Vec<_>>().join(" ")
}

impl LaneSaid {
    fn tell(&mut self, lane: &LaneLedger, at_ns: u64, said: &mut Vec<String>) {
        let (id, name) = (lane.plan.id, lane.name());
        if let Standing::Gone(gone) = &lane.standing
            && !std::mem::replace(&mut self.gone, true)
            && !gone.expected
        {
            said.push(format!("Lane {id} ({name}) is gone: its process {}.", exit_in_words(&gone.exit)));
        }
        if lane.history.is_empty() || self.gone {
            return;
        }
        let workers = lane.workers_alive();
        match self.workers.replace(workers) {
            None => said.push(format!("Lane {id} ({name}) runs with {}.", words::plural(workers, "worker"))),
            Some(before) if before != workers => {
                said.push(format!("Lane {id} ({name}) has {} now.", words::plural(workers, "worker")));
            }
            Some(_) => {}
        }
        if lane.phase == Phase::Done && !std::mem::replace(&mut self.done, true) {
            said.push(format!("Lane {id} ({name}) is done: {} tasks.", words::count(lane.tasks.completed)));
        }
        if (lane.phase == Phase::Halted) != self.halted_by_user {
            self.halted_by_user = !self.halted_by_user;
            let what = if self.halted_by_user { "stands still in the middle of a task" } else { "goes on" };
            said.push(format!("Lane {id} ({name}) {what}."));
        }
        self.tell_events(lane, said);
        self.tell_waits(lane, at_ns, said);
    }

    fn tell_events(&mut self, lane: &LaneLedger, said: &mut Vec<String>) {
        let newest = lane.events.iter().last().map_or(0, |(at_ns, _)| *at_ns);
        for (_, event) in lane.events.iter().filter(|(at_ns, _)| *at_ns > self.events) {
            if let Some(what) = in_words(event) {
                said.push(format!("Lane {} ({}): {what}", lane.plan.id, lane.name()));
            }
        }
        self.events = self.events.max(newest);
    }

    fn tell_waits(&mut self, lane: &LaneLedger, at_ns: u64, said: &mut Vec<String>) {
        let waiting = |worker: &WorkerLedger| worker.lock.filter(|_| worker.present);
        self.waits.retain(|id, wait| {
            let worker = lane.workers.iter().find(|worker| worker.id == *id);
            worker.is_some_and(|worker| waiting(worker) == Some(wait.lock) && worker.ended == wait.ended)
        });
        for worker in &lane.workers {
            let Some(lock) = waiting(worker) else { continue };
            let begun = Wait { lock, ended: worker.ended, since_ns: at_ns, told: false };
            let wait = self.waits.entry(worker.id).or_insert(begun);
            let waited_ns = at_ns.saturating_sub(wait.since_ns);
            if waited_ns < WAIT_TOLD_NS || std::mem::replace(&mut wait.told, true) {
                continue;
            }
            let worker = worker.id;
            let Some(ledger) = lane.locks.get(usize::from(lock.0)) else { continue };
            let owner = ledger
                .now
                .owner
                .map_or("nobody is known to hold it".to_string(), |owner| format!("worker {owner} holds it"));
            said.push(format!(
                "Lane {}: worker {worker} was seen waiting for lock “{}” for {}; {owner}.",
                lane.plan.id,
                ledger.name.name,
                words::duration(waited_ns)
            ));
        }
    }
}

fn in_words(event: &Event) -> Option<String> {
    Some(match event {
        Event::WorkerDied { worker, exit, .. } => format!("worker {worker} {}.", exit_in_words(exit)),
        Event::WorkerReplaced { worker, after_ns } => {
            format!("a new worker {worker} came after {}.", words::duration(*after_ns))
        }
        Event::Refused { order, why } => format!("could not {order}: {why}"),
        Event::SpawnFailed { what, why, .. } => format!("the system gives no more {what}: {why}"),
        Event::TaskPanicked { message } => format!("a task panicked: {message}"),
        // Told with the number of workers, with the findings, or too often to be told.
        Event::Resized { .. } | Event::LockAbandoned { .. } | Event::WorkersRecycled { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::decode_frame;

    fn said_of(recording: &str) -> Vec<String> {
        let (mut ledger, mut plain, mut said) = (Ledger::new(), Plain::new(), Vec::new());
        for line in recording.lines() {
            let frame = decode_frame(line.as_bytes()).expect("a frame");
            ledger.post(&frame);
            said.extend(plain.sentences(&ledger));
        }
        said
    }

    #[test]
    fn a_recorded_run_is_told_once() {
        let said = said_of(include_str!("../../assets/recordings/deaths.ndjson"));
        insta::assert_snapshot!(said.join("\n"));
        for once in ["What dies with a task:", "The run is over.", "is gone: its process was killed by SIGKILL"] {
            assert_eq!(said.iter().filter(|sentence| sentence.contains(once)).count(), 1, "{once}");
        }
    }

    #[test]
    fn before_the_plan_there_is_nothing_to_say() {
        assert!(Plain::new().sentences(&Ledger::new()).is_empty());
    }
}
