//! One lock's account, and who blocked whom.

use super::lane::LaneLedger;
use crate::stats::Histogram;
use crate::wire::{Blocked, LockId, LockName, LockTick, WorkerId, WorkerState};

/// A lock's account.
#[derive(Clone, Debug, PartialEq)]
pub struct LockLedger {
    /// Its name and kind.
    pub name: LockName,
    /// Its newest tick: totals, owner and waiters.
    pub now: LockTick,
    /// All waits.
    pub wait: Histogram,
    /// Sampled holds, weighted.
    pub hold: Histogram,
    /// Pairs of owner and waiter, in their order, with the ticks at whose end they were seen.
    seen: Vec<(WorkerId, WorkerId, u64)>,
    seen_more: u64,
}

/// Who kept whom waiting for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// Who held the lock.
    pub owner: WorkerId,
    /// Who waited for it.
    pub waiter: WorkerId,
    /// The ticks at whose end it was so.
    pub ticks: u64,
}

/// Who waits for which lock at the end of the newest tick, and who holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Who waits.
    pub waiter: WorkerId,
    /// For what.
    pub lock: LockId,
    /// Who holds it; none where nobody was seen to.
    pub owner: Option<WorkerId>,
}

/// So many pairs are counted one by one: each of sixteen workers with each other.
const PAIRS_MAX: usize = 256;

/// And so many of them are told.
const BLOCKERS_TOLD: usize = 16;

impl LockLedger {
    pub(super) fn new(name: LockName) -> LockLedger {
        LockLedger {
            name,
            now: LockTick::default(),
            wait: Histogram::default(),
            hold: Histogram::default(),
            seen: Vec::new(),
            seen_more: 0,
        }
    }

    /// The pairs of workers of which one was most often seen to hold the lock at the end of a tick while the other waited
    /// for it, the most frequent first. A look at every tick, and no more: short waits are seen seldom.
    pub fn blockers(&self) -> Vec<Blocker> {
        let told = self.seen.iter().map(|&(owner, waiter, ticks)| Blocker { owner, waiter, ticks });
        let mut told: Vec<Blocker> = told.collect();
        told.sort_by_key(|pair| (std::cmp::Reverse(pair.ticks), pair.owner, pair.waiter));
        told.truncate(BLOCKERS_TOLD);
        told
    }

    /// How often a pair was seen that is not among [`LockLedger::blockers`].
    pub fn blockers_more(&self) -> u64 {
        let all = self.seen.iter().fold(self.seen_more, |sum, (_, _, ticks)| sum.saturating_add(*ticks));
        self.blockers().iter().fold(all, |left, pair| left.saturating_sub(pair.ticks))
    }

    pub(super) fn see(&mut self, owner: WorkerId, waiter: WorkerId) {
        match self.seen.binary_search_by_key(&(owner, waiter), |&(owner, waiter, _)| (owner, waiter)) {
            Ok(place) => self.seen[place].2 = self.seen[place].2.saturating_add(1),
            Err(place) if self.seen.len() < PAIRS_MAX => self.seen.insert(place, (owner, waiter, 1)),
            Err(_) => self.seen_more = self.seen_more.saturating_add(1),
        }
    }

    pub(super) fn so_far(&self) -> Blocked {
        Blocked { pairs: self.seen.clone(), more: self.seen_more }
    }

    pub(super) fn take_over(&mut self, so_far: &Blocked) {
        self.seen.clone_from(&so_far.pairs);
        self.seen.truncate(PAIRS_MAX);
        self.seen.sort_unstable();
        self.seen.dedup_by_key(|pair| (pair.0, pair.1));
        self.seen_more = so_far.more;
    }
}

impl LaneLedger {
    /// Who waits for whom at the end of the newest tick. Where these go round in a circle, nobody in it will ever go on.
    pub fn waits_now(&self) -> impl Iterator<Item = Wait> + '_ {
        let waits = self.workers.iter().filter(|worker| worker.present && worker.state == WorkerState::Lock);
        waits.filter_map(|worker| {
            let lock = worker.lock?;
            Some(Wait { waiter: worker.id, lock, owner: self.locks.get(usize::from(lock.0))?.now.owner })
        })
    }

    /// Counts who blocks whom.
    pub(super) fn see_blockers(&mut self) {
        let (workers, locks) = (&self.workers, &mut self.locks);
        for worker in workers.iter().filter(|worker| worker.present && worker.state == WorkerState::Lock) {
            let lock = worker.lock.and_then(|lock| locks.get_mut(usize::from(lock.0)));
            if let Some(lock) = lock
                && let Some(owner) = lock.now.owner.filter(|owner| *owner != worker.id)
            {
                lock.see(owner, worker.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::LockKind;

    fn lock() -> LockLedger {
        LockLedger::new(LockName { name: "a".to_string(), lock: LockKind::Std })
    }

    #[test]
    fn the_most_frequent_pairs_are_told_and_the_rest_counted() {
        let mut lock = lock();
        for waiter in 1..=20 {
            (0..waiter).for_each(|_| lock.see(WorkerId(0), WorkerId(waiter)));
        }
        let told = lock.blockers();
        assert_eq!((told.len(), told[0].ticks, told[15].ticks), (16, 20, 5));
        assert_eq!(told[0], Blocker { owner: WorkerId(0), waiter: WorkerId(20), ticks: 20 });
        assert_eq!(lock.blockers_more(), 1 + 2 + 3 + 4);
    }

    #[test]
    fn a_real_run_under_one_lock_says_who_waited_for_whom() {
        let mut ledger = crate::ledger::Ledger::new();
        let lines = include_str!("../../tests/recordings/serialised.ndjson").lines();
        let mut waited = 0;
        for line in lines {
            let frame = crate::wire::decode_frame(line.as_bytes()).expect("a frame");
            ledger.post(&frame);
            if matches!(frame.body, crate::wire::Body::Tick(_)) {
                let waits = ledger.lanes()[0].waits_now();
                waited += waits.filter(|wait| wait.owner.is_some_and(|owner| owner != wait.waiter)).count() as u64;
            }
        }
        let lock = &ledger.lanes()[0].locks[0];
        let told: u64 = lock.blockers().iter().map(|pair| pair.ticks).sum();
        assert!(told > 10, "{:?}", lock.blockers());
        assert_eq!(told + lock.blockers_more(), waited);
    }

    #[test]
    fn pairs_without_room_are_counted_all_the_same() {
        let mut lock = lock();
        for _ in 0..2 {
            (0..1000).for_each(|waiter| lock.see(WorkerId(5000), WorkerId(waiter)));
        }
        assert_eq!(lock.seen.len(), PAIRS_MAX);
        let told: u64 = lock.blockers().iter().map(|pair| pair.ticks).sum();
        assert_eq!(told + lock.blockers_more(), 2000);
        let mut later = self::lock();
        later.take_over(&lock.so_far());
        assert_eq!(later, lock);
    }
}
