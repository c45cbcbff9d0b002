//! How the runs of a program ended, counted.

use crate::wire::{Ending, EndingCount, RunsTick, Stall, Standstill, Verdict};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most distinct endings that are counted apart.
const ENDINGS_MAX: usize = 64;

/// The account.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    told: RunsTick,
    /// When the first run began, in lane time.
    began_ns: Option<u64>,
}

impl Tally {
    /// Counts an ending of a run that began and ended at these moments of lane time.
    pub(super) fn count(&self, ending: Ending, verdict: Verdict, (began_ns, ended_ns): (u64, u64)) {
        self.count_many([(ending, verdict, 1)], (began_ns, ended_ns));
    }

    /// The same for several at once.
    pub(super) fn count_many(
        &self,
        endings: impl IntoIterator<Item = (Ending, Verdict, u64)>,
        (began_ns, ended_ns): (u64, u64),
    ) {
        let mut inner = self.lock();
        let first_ns = *inner.began_ns.get_or_insert(began_ns);
        for (ending, verdict, count) in endings {
            let told = &mut inner.told;
            match told.endings.iter().position(|known| known.ending == ending) {
                Some(at) => told.endings[at].count += count,
                None if told.endings.len() < ENDINGS_MAX => told.endings.push(EndingCount { ending, verdict, count }),
                None => told.others += count,
            }
            if verdict == Verdict::Forbidden {
                told.first_failed_ns.get_or_insert(ended_ns.saturating_sub(first_ns));
            }
        }
    }

    /// Notes that a run failed before it is over: how long it is left standing is no part of the time to the first failure.
    pub(super) fn failed_at(&self, now_ns: u64) {
        let mut inner = self.lock();
        let first_ns = *inner.began_ns.get_or_insert(now_ns);
        inner.told.first_failed_ns.get_or_insert(now_ns.saturating_sub(first_ns));
    }

    /// Notes when a run began.
    pub(super) fn began_at(&self, now_ns: u64) {
        self.lock().began_ns.get_or_insert(now_ns);
    }

    /// Says that the run that goes on stands still, or does no more.
    pub(super) fn stands(&self, standstill: Option<Standstill>) {
        self.lock().told.standstill = standstill;
    }

    /// Says what the worst stalls were.
    pub(super) fn stalled(&self, stalls: Vec<Stall>) {
        self.lock().told.stalls = stalls;
    }

    /// Says what executes the runs.
    pub(super) fn executed_by(&self, interpreter: String) {
        self.lock().told.interpreter = Some(interpreter);
    }

    /// Says why there are none.
    pub(super) fn unavailable(&self, why: String) {
        self.lock().told.unavailable.get_or_insert(why);
    }

    /// Whether there are none, and why.
    pub(super) fn is_unavailable(&self) -> bool {
        self.lock().told.unavailable.is_some()
    }

    /// The account so far.
    pub(super) fn told(&self) -> Box<RunsTick> {
        Box::new(self.lock().told.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_endings_are_counted_together_and_none_is_lost() {
        let tally = Tally::default();
        let ended = |x: u64| Ending { values: [("x".to_string(), x.into())].into(), ..Ending::default() };
        tally.count(ended(0), Verdict::Acceptable, (50, 60));
        tally.count(ended(0), Verdict::Acceptable, (60, 70));
        assert_eq!(tally.told().first_failed_ns, None);
        (1..100).for_each(|x| tally.count(ended(x), Verdict::Forbidden, (70, 80 + x)));
        let told = tally.told();
        assert_eq!((told.endings.len(), told.endings[0].count, told.others), (64, 2, 36));
        assert_eq!(told.first_failed_ns, Some(31), "the first of them, from the beginning of the first run");
    }
}
