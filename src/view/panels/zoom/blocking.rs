//! Who keeps whom waiting: as the newest tick saw it, and as all ticks did.

use super::events::{lock_name, name_of};
use crate::ledger::{LaneLedger, WorkerLedger};
use crate::stats::words;
use crate::wire::{LockId, WorkerId, WorkerState};

/// The workers that wait for a lock now.
pub(super) fn waiting(lane: &LaneLedger, lock: LockId) -> impl Iterator<Item = &WorkerLedger> {
    let waits = move |worker: &&WorkerLedger| worker.state == WorkerState::Lock && worker.lock == Some(lock);
    lane.workers.iter().filter(|worker| worker.present).filter(waits)
}

/// At most so many workers are named.
const NAMED: usize = 12;

/// Workers by their numbers: `0, 2 and 3`, and how many more.
pub(super) fn names(workers: impl Iterator<Item = WorkerId>) -> String {
    let all: Vec<WorkerId> = workers.collect();
    let mut named: Vec<String> = all.iter().take(NAMED).map(|worker| name_of(*worker)).collect();
    if all.len() > NAMED {
        named.push(format!("{} more", words::count((all.len() - NAMED) as u64)));
    }
    match named.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

/// A sentence for each lock that is waited for now.
pub(super) fn lines(lane: &LaneLedger) -> Vec<String> {
    let mut lines = Vec::new();
    for (lock, account) in (0..).map(LockId).zip(&lane.locks) {
        let mut waiting = waiting(lane, lock).map(|worker| worker.id).peekable();
        if waiting.peek().is_none() {
            continue;
        }
        let who = names(waiting);
        let name = lock_name(lock, lane);
        lines.push(match account.now.owner {
            Some(owner) => format!("{} keeps {who} waiting, by lock {name}", name_of(owner)),
            None => format!("{who} waits for lock {name}, which nobody was seen to hold"),
        });
    }
    lines
}

/// The pairs of whom one was most often seen to hold a lock while the other waited for it, over the whole run.
pub(super) fn lines_so_far(lane: &LaneLedger) -> Vec<String> {
    let mut lines = Vec::new();
    for (lock, account) in (0..).map(LockId).zip(&lane.locks) {
        let name = lock_name(lock, lane);
        for pair in account.blockers() {
            let (owner, waiter) = (name_of(pair.owner), name_of(pair.waiter));
            let ticks = words::plural(usize::try_from(pair.ticks).unwrap_or(usize::MAX), "tick");
            lines.push(format!("{owner} kept {waiter} waiting at {ticks}, by lock {name}"));
        }
        if account.blockers_more() > 0 {
            lines.push(format!("others by lock {name}: {} times", words::count(account.blockers_more())));
        }
    }
    lines
}
