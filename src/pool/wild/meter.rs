//! For how long a thread got no further, in programs that mark with `# progress` what counts as getting on.
//!
//! A thread gets on when it passes such a line, or ends. In between it has carried out some operations, and the others
//! have got on some number of times. Of a lane's runs the worst of two kinds is kept: when nobody else did either, which
//! is what a livelock looks like, and when others did, as in starvation. Both are observed and prove nothing: each ended.

use super::seat::Seat;
use super::world::World;
use crate::wire::Stall;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering::Relaxed;

/// The worst that was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stalls {
    /// Nobody got on: the one with the most operations.
    of_all: Option<Stall>,
    /// Others did: the one in which they did most often.
    of_one: Option<Stall>,
}

impl Stalls {
    fn note(&mut self, stall: &Stall) {
        let (worst, size): (_, fn(&Stall) -> u64) = match stall.others {
            0 => (&mut self.of_all, |stall| stall.operations),
            _ => (&mut self.of_one, |stall| stall.others),
        };
        if worst.as_ref().is_none_or(|worst| size(worst) < size(stall)) {
            *worst = Some(stall.clone());
        }
    }

    /// As frames tell them.
    pub(super) fn told(&self) -> Vec<Stall> {
        self.of_all.iter().chain(&self.of_one).cloned().collect()
    }

    pub(super) fn join(&mut self, other: &Stalls) {
        other.of_all.iter().chain(&other.of_one).for_each(|stall| self.note(stall));
    }
}

/// What a thread measures itself by.
#[derive(Debug)]
pub(super) struct Meter {
    /// When it last got on, in lane time.
    at_ns: u64,
    /// What its seat had seen carried out then.
    operations: u64,
    /// How often the others had got on then.
    others: u64,
    stalls: Stalls,
}

impl Meter {
    /// A thread's meter, where its program says what getting on is. Main has none: it waits for the others.
    pub(super) fn of(world: &World, seat: &Seat, me: usize, now_ns: u64) -> Option<Meter> {
        let is_wanted = me > 0 && world.known.has_marks;
        is_wanted.then(|| Meter {
            at_ns: now_ns,
            operations: seat.operations.load(Relaxed),
            others: others(world, me),
            stalls: Stalls::default(),
        })
    }

    /// The thread got on, or was stopped before it did.
    pub(super) fn read(&mut self, world: &World, seat: &Seat, me: usize, now_ns: u64) {
        let (operations, others) = (seat.operations.load(Relaxed), others(world, me));
        self.stalls.note(&Stall {
            run: world.run,
            thread: me as u32,
            operations: operations.wrapping_sub(self.operations),
            others: others.saturating_sub(self.others),
            length_ns: now_ns.saturating_sub(self.at_ns),
        });
        (self.at_ns, self.operations, self.others) = (now_ns, operations, others);
    }

    /// Leaves what it saw with the run.
    pub(super) fn leave(self, world: &World) {
        world.with_stalls(|stalls| stalls.join(&self.stalls));
    }
}

/// How often all others have got on.
fn others(world: &World, me: usize) -> u64 {
    let passed = |seat: &Seat| seat.progress.load(Relaxed);
    (1..world.common.started()).filter(|thread| *thread != me).map(|thread| passed(&world.seats()[thread])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_both_kinds_are_kept() {
        let stall = |run, operations, others| Stall { run, thread: 1, operations, others, length_ns: 9 };
        let (mut stalls, mut more) = (Stalls::default(), Stalls::default());
        assert_eq!(stalls.told(), []);
        [stall(1, 3, 0), stall(2, 8, 0), stall(3, 5, 0), stall(4, 1, 7)].iter().for_each(|seen| stalls.note(seen));
        assert_eq!(stalls.told(), [stall(2, 8, 0), stall(4, 1, 7)]);
        [stall(5, 4, 0), stall(6, 900, 8)].iter().for_each(|seen| more.note(seen));
        stalls.join(&more);
        assert_eq!(stalls.told(), [stall(2, 8, 0), stall(6, 900, 8)], "how often others got on counts, not one's own");
    }
}
