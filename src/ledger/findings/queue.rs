//! What a queue does that nothing bounds.

use super::{FindingKind, Look, Proof, Told};
use crate::ledger::window::TRENDS;
use crate::stats::words::{count, number};

/// A queue with room for so many tasks is as good as without bound: to fill it takes longer than anybody waits.
const CAPACITY_LARGE: u64 = 10_000;

/// The growth must exceed what chance explains by so many standard deviations; of tasks that come at random in so many,
/// and go in so many, the difference has a variance of their sum.
const SIGMAS: (f64, f64) = (4.0, 2.0);

/// **Queue without bound**: tasks come faster than they are done, into a queue that will never be full.
///
/// No false alarm: what is compared are the fewest tasks that waited in each of the last four spans of a second, so a
/// burst that is worked off before the next leaves no trace; they must rise from each to the next, by more in all than
/// chance would explain (four standard deviations of random arrivals and ends); and more must have come than gone. A
/// queue that only stands long, or that wanders, does not rise so. It ends with the rise.
pub(super) fn unbounded(look: &Look) -> Option<Told> {
    let kind = FindingKind::UnboundedQueue;
    let told = look.was_told(kind);
    let capacity = look.lane.plan.capacity;
    let trends = look.lane.window.trends();
    if capacity.is_some_and(|capacity| capacity < CAPACITY_LARGE) || trends.len() < TRENDS {
        return None;
    }
    let waited: Vec<u64> = trends.iter().filter_map(|trend| trend.queued_min).collect();
    let (&[first, ..], &[.., before_last, last]) = (waited.as_slice(), waited.as_slice()) else { return None };
    let rises = if told { last > before_last } else { waited.windows(2).all(|pair| pair[0] < pair[1]) };
    if waited.len() < TRENDS || !rises {
        return None;
    }
    let since = || trends.newest(TRENDS - 1);
    let active_s = since().map(|trend| trend.active_ns as f64).sum::<f64>() / 1e9;
    let came = since().map(|trend| trend.came as f64).sum::<f64>();
    let went = since().map(|trend| trend.went as f64).sum::<f64>();
    let sigmas = if told { SIGMAS.1 } else { SIGMAS.0 };
    let grown = last.saturating_sub(first) as f64;
    if came <= went || grown < sigmas * (came + went).sqrt() {
        return None;
    }
    let bound = match capacity {
        None => "The queue has no bound".to_string(),
        Some(capacity) => format!("The queue has room for {} tasks", count(capacity)),
    };
    let text = format!(
        "{bound} and grows by {} tasks a second: {} come, {} are done. Try a capacity, fewer arrivals, or more workers.",
        number(grown / active_s),
        number(came / active_s),
        number(went / active_s)
    );
    Some(Told { kind, text, proof: Proof::Queue })
}
