//! Accesses of a step: noted to find what threads race for, and written down for those who tell of it.

use super::content::Body;
use super::machine::Machine;
use super::moves::Visibility;
use super::outcomes::name_of;
use super::state::{Mark, State, Touch};
use super::words;
use crate::program::operation::{Operation, Sync};
use crate::program::thread::Pause;

/// What the operations of a step did.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) touched: Vec<Touched>,
    /// Conditions that were notified while nobody slept there, and the lines.
    pub(super) unheard: Vec<(String, u32)>,
}

/// An access to a shared location, by the location's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Touched {
    pub(super) thread: usize,
    pub(super) mark: Mark,
    pub(super) object: u32,
    pub(super) writes: bool,
    pub(super) name: String,
    pub(super) line: u32,
}

impl Machine<'_> {
    /// Writes down what a thread is about to do, for those who tell of it.
    pub(super) fn write_down(&mut self, state: &State, thread: usize) {
        let local = self.local(state.threads[thread]);
        let line = local.thread.place(self.shared.program).line;
        let mut log = self.log.take().unwrap_or_default();
        if let Some((mark, object, writes)) = self.location(state, thread)
            && self.shared.marks.contains(&mark)
        {
            let name = words::touched(self, state, thread);
            log.touched.push(Touched { thread, mark, object, writes, name, line });
        }
        if let Pause::Operation(Operation::Sync(object, Sync::Notify(_))) = &local.pause
            && let Body::Condition { sleepers, .. } = &self.body(state, object.id).body
            && sleepers.iter().all(|sleeper| sleeper.notified)
        {
            log.unheard.push((name_of(self, state, *object), line));
        }
        self.log = Some(log);
    }

    /// Writes down an access to an unmarked location.
    pub(super) fn note(&mut self, state: &mut State, thread: usize) {
        let facts = self.facts(state.threads[thread]);
        let is_marked = facts.variable_is_marked == Some(true);
        if facts.visible != Visibility::No || is_marked || state.threads.len() < 2 {
            return;
        }
        let mut touched: Vec<(Mark, u32, bool)> = Vec::new();
        touched.extend(self.location(state, thread));
        let local = self.local(state.threads[thread]);
        if facts.general {
            let Pause::Operation(operation) = &local.pause else { return };
            for object in self.looks_at(state, thread, operation) {
                touched.push((Mark::Whole(self.body(state, object).site), object, false));
            }
        }
        for (mark, object, writes) in touched {
            if self.is_constant(object) {
                // A write counts as one also where it fails, or writes what was there.
                if writes {
                    self.missed.insert(object);
                }
                continue;
            }
            if self.shared.marks.contains(&mark) {
                continue;
            }
            // Nobody else can touch that.
            if matches!(mark, Mark::Variable(variable) if self.shared.is_private(variable)) {
                continue;
            }
            if !local.clock.touched {
                let mut touched = (*local).clone();
                touched.clock.touched = true;
                state.threads[thread] = self.shared.locals.number(touched);
            }
            let clock = self.shared.clocks.number(local.clock.others.clone());
            let touch = Touch { mark, object, thread: thread as u8, time: local.clock.time, clock, writes };
            if self.shared.suspects.contains(&mark) {
                let mut rest = (*self.rest(state)).clone();
                if rest.history.iter().any(|other| self.collide(other, &touch)) {
                    self.conflicts.insert(mark);
                }
                if !rest.history.contains(&touch) {
                    rest.history.push(touch);
                    rest.history.sort();
                    state.rest = self.shared.rests.number(rest);
                }
            }
            self.touches.insert(touch);
        }
    }

    /// Whether two accesses are by two threads, one writing, and not ordered by starts and ends of threads.
    pub(super) fn collide(&self, one: &Touch, other: &Touch) -> bool {
        if one.mark != other.mark
            || one.object != other.object
            || one.thread == other.thread
            || !(one.writes || other.writes)
        {
            return false;
        }
        let before = |first: &Touch, second: &Touch| {
            self.shared.clocks.get(second.clock).get(usize::from(first.thread)).is_some_and(|seen| *seen >= first.time)
        };
        !before(one, other) && !before(other, one)
    }
}
