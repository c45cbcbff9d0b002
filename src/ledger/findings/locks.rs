//! What a lock does to the workers that need it.

use super::{Bar, FindingKind, Look, Proof, TICKS_MIN, Told};
use crate::ledger::window::LockSums;
use crate::stats::words::{number, percent};
use crate::wire::{LockKind, WorkerState, WorkloadPlan};

/// The share of the time that a lock is held from which on nothing else matters.
const SERIALISED_HELD: Bar = Bar::new(0.9, 0.85);

/// The share of the workers' time that waiting for locks must take, for that to be anybody's loss.
const SERIALISED_WAITING: Bar = Bar::new(0.25, 0.2);

/// Holds are timed one in 64: from so many acquisitions on there are eight samples, and their sum stands for all.
const ACQUIRED_MIN: u64 = 512;

/// In a convoy at least so much of the workers' time goes into waiting for locks …
const CONVOY_WAITING: Bar = Bar::new(0.5, 0.4);

/// … by so many of them at any time …
const CONVOY_WAITERS: Bar = Bar::new(2.0, 1.6);

/// … while no more than this number of them work …
const CONVOY_WORKING: Bar = Bar::new(1.0, 1.2);

/// … and the lock is held for no more than this share of the time.
const CONVOY_HELD: Bar = Bar::new(0.5, 0.6);

/// A lock is the one that is waited for where it has this share of all waiters seen.
const WAITERS_SHARE: f64 = 0.5;

/// **Serialised by a lock**: a lock that lets in one at a time is held nearly all the time, and the workers spend a good
/// part of theirs waiting for it.
///
/// No false alarm: what is held all the time can be had no more often, whatever the number of workers, and that holds
/// however the time inside is spent. The share comes from at least eight timed holds, or, of long holds, from a look at
/// every tick. Locks that several can hold at once are left out: their holds add up to more than time.
pub(super) fn serialised(look: &Look) -> Option<Told> {
    let kind = FindingKind::SerialisedByLock;
    let told = look.was_told(kind);
    let waiting = look.share_in(WorkerState::Lock);
    if look.workers.len() < 2 || !SERIALISED_WAITING.is_reached(waiting, told) {
        return None;
    }
    let (name, lock) = waited_for(look)?;
    let held = held_share(look, lock)?;
    if !SERIALISED_HELD.is_reached(held, told) {
        return None;
    }
    // What one worker would do in the time that the lock is held: as much inside, and the rest outside.
    let working = look.workers_in(WorkerState::Running) + look.workers_in(WorkerState::Blocked);
    let bound = (working / held).max(1.0);
    let than_one = match bound {
        no_more if no_more < 1.05 => "no faster than one".to_string(),
        bound => format!("at most {} × as fast as one", number(bound)),
    };
    let text = format!(
        "Lock “{name}” is held {} of the time, and workers spend {} of theirs waiting for it: however many, they are \
         {than_one}. Try shorter holds, or a lock for each part.",
        percent(held),
        percent(waiting)
    );
    Some(Told { kind, text, proof: Proof::Locks })
}

/// **Convoy**: workers stand in line for a lock that is free at least half of the time: handing it from one to the next
/// takes longer than what is done under it.
///
/// No false alarm: at least two workers wait at any time and fewer than one works, although nobody holds the lock for at
/// least half of it, so the time goes neither into work nor into holding. A crowd that waits while others make good use
/// of the cores (an unfair lock) has more than one at work. With a single core nobody else could work anyway, so it is
/// not told there. The lock's share comes from at least eight timed holds.
pub(super) fn convoy(look: &Look) -> Option<Told> {
    let kind = FindingKind::Convoy;
    let told = look.was_told(kind);
    let waiters = look.workers_in(WorkerState::Lock);
    let working = look.workers_in(WorkerState::Running) + look.workers_in(WorkerState::Blocked);
    let crowd = CONVOY_WAITING.is_reached(look.share_in(WorkerState::Lock), told)
        && CONVOY_WAITERS.is_reached(waiters, told)
        && CONVOY_WORKING.is_kept(working, told);
    if !crowd || look.around.cores < 2.0 {
        return None;
    }
    let (name, lock) = waited_for(look)?;
    if lock.acquired < ACQUIRED_MIN {
        return None;
    }
    let held = held_share(look, lock)?;
    if !CONVOY_HELD.is_kept(held, told) {
        return None;
    }
    let hold_us = lock.hold_ns as f64 / lock.acquired as f64 / 1e3;
    let text = format!(
        "Convoy: {} of {} workers stand in line for lock “{name}”, although it is held only {} of the time, {} µs each. \
         Try another kind of lock, or fewer workers.",
        number(waiters),
        look.workers.len(),
        percent(held),
        number(hold_us)
    );
    Some(Told { kind, text, proof: Proof::Locks })
}

/// The lock that lets in one at a time and for which most waiters were seen to wait.
fn waited_for<'l>(look: &'l Look) -> Option<(&'l str, &'l LockSums)> {
    let all = look.sums.locks.iter().map(|lock| lock.waiters).fold(0u64, u64::saturating_add);
    let named = look.lane.locks.iter().zip(&look.sums.locks);
    let (lock, sums) = named.max_by_key(|(_, sums)| sums.waiters)?;
    let is_exclusive = match lock.name.lock {
        LockKind::Rwlock => false,
        LockKind::Semaphore => matches!(look.lane.plan.workload, WorkloadPlan::CriticalSection { permits: 1, .. }),
        LockKind::Std | LockKind::ParkingLot | LockKind::Spin | LockKind::Ticket | LockKind::Futex => true,
    };
    let is_it = is_exclusive && sums.waiters > 0 && sums.waiters as f64 >= all as f64 * WAITERS_SHARE;
    is_it.then_some((lock.name.name.as_str(), sums))
}

/// The share of the time that it was held, as far as there is enough to go by.
fn held_share(look: &Look, lock: &LockSums) -> Option<f64> {
    if lock.acquired >= ACQUIRED_MIN {
        return Some((lock.hold_ns as f64 / look.sums.active_ns.max(1) as f64).min(1.0));
    }
    (look.sums.ticks >= TICKS_MIN).then(|| lock.ticks_held as f64 / look.sums.ticks as f64)
}
