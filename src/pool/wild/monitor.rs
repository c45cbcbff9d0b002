//! The look from outside at a run: whether anybody can still move.
//!
//! Nobody guesses by the time that something takes. All seats are looked at, and a little later again. A thread that both
//! times waits, without a time-out, was not called, and has not changed its stand in between has stood still for the
//! whole time from the one look to the other. Where that is so of every thread that has not ended, there was a moment at
//! which all of them stood, and nobody was left to call anyone: they stand for ever.
//!
//! Where others still run, a circle of threads that wait for each other's locks stands for ever too, if only its holder
//! can give a lock back: always so of an `RLock`, and of a `Lock` in a program in which nothing but `with` gives one back.

use super::ending::{circle, stood_still, waits};
use super::objects::SyncBody;
use super::seat::{For, Look, Stand};
use super::world::World;
use super::{Shared, Standing};
use crate::doors::clock;
use crate::wire::{Ending, EndingKind, Standstill, Waiting};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

/// How long lies between two looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How much of the time between two looks counts at most.
const LATE_MAX_NS: u64 = 30_000_000;

/// How long the first run of a lane in which nobody can move is left standing, so that it can be looked at.
pub(super) const STANDING_FIRST_NS: u64 = 2_000_000_000;

/// How long a later one is: long enough to be seen in a frame.
pub(super) const STANDING_LATER_NS: u64 = 150_000_000;

/// How long a run may go on in which no thread ends and none passes a line marked `# progress`. Then it is ended: nobody
/// knows whether it would have ended by itself.
pub(super) const PATIENCE_NS: u64 = 3_000_000_000;

/// What its threads must have carried out meanwhile, for it to be ended for getting nowhere: on a busy machine three
/// seconds may be one turn of each.
const OPERATIONS_IN_VAIN: u64 = 2_000;

/// The same when the lane is ending: then nobody waits for operations either.
const PATIENCE_AT_END_NS: u64 = 600_000_000;

/// All seats of a run at one look.
#[derive(Clone, Debug, PartialEq)]
struct Picture {
    run: u64,
    looks: Vec<Look>,
    /// Of each thread that waits for a lock: whose that is, and how often it had been taken.
    locks: BTreeMap<usize, (u32, usize, u64)>,
}

impl Picture {
    fn of(world: &World) -> Picture {
        let count = world.common.started();
        let mut picture = Picture { run: world.run, looks: Vec::with_capacity(count), locks: BTreeMap::new() };
        for thread in 0..count {
            let look = world.seats()[thread].look();
            picture.looks.push(look);
            if look.stand == Stand::Waiting
                && let Some(edge) = edge(world, thread)
            {
                picture.locks.insert(thread, edge);
            }
        }
        picture
    }

    /// Whether a thread stood from one picture to the other.
    fn stood(&self, other: &Picture, thread: usize) -> bool {
        let (one, two) = (self.looks.get(thread), other.looks.get(thread));
        one == two && one.is_some_and(|look| look.stand == Stand::Waiting && !look.called)
    }
}

/// The lock that a thread waits for, if it waits for one that only its holder can give back: which, its holder, and how
/// often it had been taken.
fn edge(world: &World, thread: usize) -> Option<(u32, usize, u64)> {
    let wait = world.seats()[thread].wait()?;
    if wait.what != For::Itself {
        return None;
    }
    let state = world.sync(wait.object.id)?.state();
    let (id, state) = match &state.body {
        SyncBody::Condition { lock, .. } => {
            let id = lock.id;
            drop(state);
            (id, world.sync(id)?.state())
        }
        _ => (wait.object.id, state),
    };
    match state.body {
        SyncBody::RLock { owner: Some(owner), .. } => Some((id, owner, state.number)),
        SyncBody::Lock { owner: Some(owner) } if world.known.only_holders_release => Some((id, owner, state.number)),
        _ => None,
    }
}

/// What two pictures of a run say.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// It moves, or may.
    Moves,
    /// Nobody can move.
    Stands,
    /// These wait for each other in a circle that nobody can open; others run.
    Circle(Vec<u32>),
}

fn verdict(before: &Picture, now: &Picture) -> Verdict {
    if before.run != now.run || before.looks.len() != now.looks.len() {
        return Verdict::Moves;
    }
    let count = now.looks.len();
    let is_out = |thread: usize| {
        before.looks[thread].stand == now.looks[thread].stand
            && matches!(now.looks[thread].stand, Stand::Ended | Stand::Spinning)
    };
    let left: Vec<usize> = (0..count).filter(|thread| now.looks[*thread].stand != Stand::Ended).collect();
    if !left.is_empty() && (0..count).all(|thread| is_out(thread) || before.stood(now, thread)) {
        return Verdict::Stands;
    }
    let edges: Vec<Waiting> = (0..count)
        .filter(|thread| before.stood(now, *thread) && before.locks.get(thread) == now.locks.get(thread))
        .filter_map(|thread| {
            let (_, owner, _) = now.locks.get(&thread)?;
            Some(Waiting { thread: thread as u32, what: String::new(), held_by: Some(*owner as u32) })
        })
        .collect();
    match circle(&edges) {
        circle if circle.is_empty() => Verdict::Moves,
        circle => Verdict::Circle(circle),
    }
}

/// Watches the runs of a lane, for as long as its process lives.
pub(super) fn watch(shared: &Shared) {
    let mut before: Option<Picture> = None;
    let mut progress = Progress::default();
    let mut circle_told: Option<u64> = None;
    loop {
        clock::sleep(LOOK_EVERY);
        // Held while it is looked at: so long no other run begins.
        let current = shared.lock_current();
        let Some(world) = current.clone() else {
            before = None;
            continue;
        };
        if world.is_over() {
            continue;
        }
        let now = Picture::of(&world);
        let said = before.as_ref().map_or(Verdict::Moves, |before| verdict(before, &now));
        before = Some(now);
        match said {
            // Daemons that stand keep nobody: the others' end is under way.
            Verdict::Stands if world.common.alive().load(SeqCst) > 0 => {
                let waits = waits(&world);
                let standing = standing(shared, &world, &waits, circle_of(&waits));
                let ending = stood_still(&world);
                shared.note_if_forbidden(&ending);
                let length_ns = match shared.tell(Some(standing)) {
                    Standing::First => STANDING_FIRST_NS,
                    Standing::Later => STANDING_LATER_NS,
                };
                drop(current);
                leave_standing(shared, &world, length_ns);
                let _current = shared.lock_current();
                world.decide(ending);
                continue;
            }
            Verdict::Circle(circle) if circle_told != Some(world.run) => {
                circle_told = Some(world.run);
                let waits: Vec<(Waiting, u64)> =
                    waits(&world).into_iter().filter(|(wait, _)| circle.contains(&wait.thread)).collect();
                shared.tell(Some(standing(shared, &world, &waits, circle)));
            }
            _ => {}
        }
        let winds_up = shared.winds_up.load(Relaxed);
        let patience = if winds_up { (PATIENCE_AT_END_NS, 0) } else { (PATIENCE_NS, OPERATIONS_IN_VAIN) };
        if progress.is_over(world.run, world.progress(), shared.floor.now_ns(), patience) {
            let circle_stands = circle_told == Some(world.run);
            let kind = if circle_stands { EndingKind::Deadlock } else { EndingKind::Unended };
            let waits = match circle_stands {
                true => waits(&world).into_iter().map(|(waiting, _)| waiting).collect(),
                false => Vec::new(),
            };
            world.was_cut_off.store(winds_up && !circle_stands, SeqCst);
            world.decide(Ending { kind, waits, ..Ending::default() });
        }
    }
}

fn circle_of(waits: &[(Waiting, u64)]) -> Vec<u32> {
    circle(&waits.iter().map(|(wait, _)| wait.clone()).collect::<Vec<_>>())
}

fn standing(shared: &Shared, world: &World, waits: &[(Waiting, u64)], circle: Vec<u32>) -> Standstill {
    let last_ns = waits.iter().map(|(_, since_ns)| *since_ns).max().unwrap_or(world.began_ns);
    Standstill {
        run: world.run,
        waits: waits.iter().map(|(wait, _)| wait.clone()).collect(),
        circle,
        found_after_ns: shared.floor.now_ns().saturating_sub(last_ns),
        since_ns: waits.iter().map(|(_, since_ns)| since_ns.saturating_sub(world.began_ns)).collect(),
    }
}

/// Leaves a run as it stands for a while, or until it is over for another reason.
fn leave_standing(shared: &Shared, world: &World, length_ns: u64) {
    let until_ns = shared.floor.now_ns() + length_ns;
    let goes_on = || !world.is_over() && world.common.run() == world.run;
    while shared.floor.now_ns() < until_ns && !shared.winds_up.load(Relaxed) && goes_on() {
        clock::sleep(LOOK_EVERY);
    }
}

/// How far a run has come, and for how long no further. From one look to the next no more counts than a look may be late:
/// where the whole machine stood still, nobody could have got any further.
#[derive(Debug, Default)]
struct Progress {
    run: Option<u64>,
    sum: u64,
    /// What had been carried out when somebody last got on.
    operations: u64,
    seen_at_ns: u64,
    without_ns: u64,
}

impl Progress {
    /// Whether the run, whose threads have got on so often and carried out so much, has gone on for too long and done too
    /// much since any of them got on.
    fn is_over(
        &mut self,
        run: u64,
        (sum, operations): (u64, u64),
        now_ns: u64,
        (patience_ns, in_vain): (u64, u64),
    ) -> bool {
        if self.run != Some(run) || self.sum != sum {
            *self = Progress { run: Some(run), sum, operations, seen_at_ns: now_ns, without_ns: 0 };
        }
        self.without_ns += now_ns.saturating_sub(self.seen_at_ns).min(LATE_MAX_NS);
        self.seen_at_ns = now_ns;
        self.without_ns >= patience_ns && operations.wrapping_sub(self.operations) >= in_vain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(stand: Stand, changes: u64, called: bool) -> Look {
        Look { stand, changes, called }
    }

    fn picture(looks: &[Look], locks: &[(usize, (u32, usize, u64))]) -> Picture {
        Picture { run: 1, looks: looks.to_vec(), locks: locks.iter().copied().collect() }
    }

    #[test]
    fn only_what_stands_in_two_pictures_stands() {
        let ended = look(Stand::Ended, 9, false);
        let waits = |changes| look(Stand::Waiting, changes, false);
        let same = |looks: &[Look]| verdict(&picture(looks, &[]), &picture(looks, &[]));
        assert_eq!(same(&[waits(3), waits(5), ended]), Verdict::Stands);
        assert_eq!(same(&[waits(3), look(Stand::Spinning, 1, false)]), Verdict::Stands);
        assert_eq!(same(&[ended, ended]), Verdict::Moves);
        assert_eq!(same(&[waits(3), look(Stand::Timed, 5, false)]), Verdict::Moves);
        assert_eq!(same(&[waits(3), look(Stand::Running, 5, false)]), Verdict::Moves);
        // Called, and not yet on a core: it will move.
        assert_eq!(same(&[waits(3), look(Stand::Waiting, 5, true)]), Verdict::Moves);
        // Between the pictures it moved, and waits again.
        let (before, now) = (picture(&[waits(3), waits(5)], &[]), picture(&[waits(3), waits(7)], &[]));
        assert_eq!(verdict(&before, &now), Verdict::Moves);
        // Somebody was started.
        let now = picture(&[waits(3), waits(5), waits(1)], &[]);
        assert_eq!(verdict(&before, &now), Verdict::Moves);
        let other_run = Picture { run: 2, ..before.clone() };
        assert_eq!(verdict(&before, &other_run), Verdict::Moves);
    }

    #[test]
    fn time_in_which_the_machine_stood_still_is_not_held_against_a_run() {
        let mut progress = Progress::default();
        let patience = (100_000_000, 50);
        assert!(!progress.is_over(1, (5, 0), 0, patience));
        // The next look came a minute later: it counts as no more than a late one.
        assert!(!progress.is_over(1, (5, 99), 60_000_000_000, patience));
        let mut look = |sum, done, at_ms: u64| {
            let now_ns = 60_000_000_000 + at_ms * 1_000_000;
            progress.is_over(1, (sum, done), now_ns, patience)
        };
        assert!(!look(5, 100, 10) && !look(5, 100, 60));
        assert!(!look(6, 100, 70), "somebody got on");
        assert!(!look(6, 110, 99) && !look(6, 120, 128) && !look(6, 130, 157));
        assert!(!look(6, 149, 186), "it has hardly had a core");
        assert!(look(6, 150, 196));
        assert!(!progress.is_over(2, (6, 200), 61_000_000_000, patience), "another run");
    }

    #[test]
    fn a_circle_counts_while_others_run_if_its_locks_were_not_taken_anew() {
        let looks = [look(Stand::Running, 4, false), look(Stand::Waiting, 3, false), look(Stand::Waiting, 5, false)];
        let locks = [(1, (7, 2, 10)), (2, (8, 1, 20))];
        let before = picture(&looks, &locks);
        assert_eq!(verdict(&before, &before), Verdict::Circle(vec![1, 2]));
        let anew = picture(&looks, &[(1, (7, 2, 11)), (2, (8, 1, 20))]);
        assert_eq!(verdict(&before, &anew), Verdict::Moves);
        let open = picture(&looks, &[(1, (7, 2, 10)), (2, (8, 0, 20))]);
        assert_eq!(verdict(&open, &open), Verdict::Moves);
    }
}
