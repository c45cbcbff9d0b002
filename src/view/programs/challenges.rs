//! Challenges, made from what the explorer has found: reach an ending that must not be, in as few steps and switches as
//! its shortest schedule takes. Hints come in three stages, and what was reached is kept.

use super::outcomes::Table;
use super::{Mode, Programs, focused, role};
use crate::explore::{Grain, Kind, thread_name};
use crate::stats::words;
use crate::view::message::{Control, Progress};
use crate::view::model::Model;
use crate::wire::Verdict;

/// The most that a challenge is met with.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) struct Best {
    pub(in crate::view) progress: Progress,
    /// Whether somebody has been asked to keep it.
    kept: bool,
}

/// A challenge of a variant.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) struct Challenge {
    /// What progress calls it.
    pub(in crate::view) name: String,
    /// What is to be done.
    pub(in crate::view) text: String,
    pub(in crate::view) par: Par,
    /// The schedule.
    shortest: String,
}

/// What a challenge is to be met with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::view) enum Par {
    /// The fewest steps, and the switches of a schedule with so many.
    Shortest { steps: usize, switches: usize },
    /// The fewest switches, in any number of steps.
    Switches(usize),
}

impl Par {
    fn is_met(self, with_steps: usize, with_switches: usize) -> bool {
        match self {
            Par::Shortest { steps, switches } => with_steps <= steps && with_switches <= switches,
            Par::Switches(switches) => with_switches <= switches,
        }
    }

    fn words(self) -> String {
        match self {
            Par::Shortest { steps, switches } => {
                format!("par {}, {}", words::plural(steps, "step"), switches_of(switches))
            }
            Par::Switches(switches) => format!("par {}", switches_of(switches)),
        }
    }
}

/// A variant has at most so many.
const CHALLENGES_MAX: usize = 6;

impl Best {
    /// The wish to keep it, once.
    pub(in crate::view) fn keep(&mut self) -> Option<Control> {
        (!std::mem::replace(&mut self.kept, true)).then(|| Control::KeepProgress(self.progress.clone()))
    }
}

impl Programs {
    /// Takes in what was reached before.
    pub(in crate::view) fn take_progress(&mut self, known: Vec<Progress>) {
        for progress in known {
            self.note(progress, true);
        }
    }

    /// Notes what was reached; says whether it is the first time, or better than before.
    fn note(&mut self, progress: Progress, kept: bool) -> bool {
        let same = |best: &&mut Best| {
            let best = &best.progress;
            (&best.scenario, &best.variant, &best.challenge)
                == (&progress.scenario, &progress.variant, &progress.challenge)
        };
        match self.best.iter_mut().find(same) {
            Some(best) if (best.progress.switches, best.progress.steps) <= (progress.switches, progress.steps) => false,
            Some(best) => {
                *best = Best { progress, kept };
                true
            }
            None => {
                self.best.push(Best { progress, kept });
                true
            }
        }
    }
}

/// The challenges of a variant; none where it cannot fail, or nobody knows yet.
pub(in crate::view) fn of(model: &Model, variant: usize) -> Vec<Challenge> {
    // A challenge is the same whatever is looked at: by operations, as real threads go.
    let Some(known) = model.programs.variants.get(variant) else { return Vec::new() };
    let mode = (Grain::Operation, known.memory());
    let Some(table) = Table::of(model, variant, mode) else { return Vec::new() };
    let forbidden = table.rows.iter().filter(|row| row.verdict == Verdict::Forbidden);
    let challenge = |row: &super::outcomes::Row| {
        let shortest = Par::Shortest { steps: row.length, switches: row.switches };
        let par = match row.kind {
            Kind::Deadlock => row.switches_min.map_or(shortest, Par::Switches),
            _ => shortest,
        };
        let text = match row.kind {
            Kind::Deadlock if par == shortest => format!("Reach the {}", row.label),
            Kind::Deadlock => format!("Reach the {}, in the fewest switches", row.label),
            Kind::Ended => format!("Make it end with {}", row.label),
            Kind::Assertion | Kind::Exception => format!("Make it fail: {}", row.label),
            Kind::Spins => format!("Make it spin: {}", row.label),
        };
        let name = row.label.clone();
        Challenge { name, text, par, shortest: row.shortest.clone() }
    };
    forbidden.take(CHALLENGES_MAX).map(challenge).collect()
}

impl Challenge {
    /// A hint: which thread goes first, then where to switch, then all of it.
    pub(in crate::view) fn hint(&self, stage: u8) -> String {
        let threads: Vec<usize> =
            (self.shortest.split('.')).filter_map(|turn| turn.split(['w', ':']).next()?.parse().ok()).collect();
        let Some(&first) = threads.first() else { return "It happens whatever anybody does.".to_string() };
        let first_steps = threads.iter().take_while(|thread| **thread == first).count();
        match stage {
            0 => format!("{} goes first.", thread_name(first)),
            1 => match threads.get(first_steps) {
                Some(second) => format!(
                    "{} takes {}, then {} goes on.",
                    thread_name(first),
                    words::plural(first_steps, "step"),
                    thread_name(*second)
                ),
                None => format!("{} takes all of its {}.", thread_name(first), words::plural(first_steps, "step")),
            },
            _ => format!("The schedule: {}", self.shortest),
        }
    }

    /// The best that it was met with.
    pub(in crate::view) fn best<'a>(&self, model: &'a Model, variant: usize) -> Option<&'a Progress> {
        let key = key(model, variant)?;
        let is_it = |best: &&Best| {
            (&best.progress.scenario, &best.progress.variant, &best.progress.challenge) == (&key.0, &key.1, &self.name)
        };
        model.programs.best.iter().find(is_it).map(|best| &best.progress)
    }
}

/// What progress calls a variant: its scenario and its name.
fn key(model: &Model, variant: usize) -> Option<(String, String)> {
    let plan = model.ledger.plan()?;
    Some((plan.scenario.clone(), plan.lanes.get(variant)?.name.clone()))
}

/// Looks whether the place where somebody stands meets a challenge, and says so.
pub(in crate::view) fn look(model: &mut Model, variant: usize, mode: Mode) {
    let Some(known) = model.programs.variants.get(variant) else { return };
    if mode != (Grain::Operation, known.memory()) {
        return;
    }
    let Some((journey, position)) = known.journey(mode).and_then(|journey| Some((journey, journey.position()?))) else {
        return;
    };
    let (Some(ended), Some(report)) = (&position.ended, known.report(mode)) else { return };
    // Whoever opened the shortest schedule has met no challenge.
    if journey.was_opened() {
        return;
    }
    let ending = ended.ending();
    let Some(place) = report.outcomes.iter().position(|outcome| outcome.ending() == ending) else { return };
    let shortest = report.outcomes[place].shortest.clone();
    let (steps, switches) = (journey.here(), journey.switches());
    let Some(challenge) = of(model, variant).into_iter().find(|challenge| challenge.shortest == shortest) else {
        return;
    };
    let Some((scenario, name)) = key(model, variant) else { return };
    let progress = Progress { scenario, variant: name, challenge: challenge.name.clone(), steps, switches };
    if model.programs.note(progress, false) {
        let how = if challenge.par.is_met(steps, switches) { "at par" } else { "met" };
        model.say(&format!(
            "Challenge {how}: {} with {} and {}.",
            challenge.name,
            words::plural(steps, "step"),
            switches_of(switches),
        ));
    }
}

/// So many switches.
pub(in crate::view) fn switches_of(number: usize) -> String {
    if number == 1 { "1 switch".to_string() } else { format!("{number} switches") }
}

/// One more hint of a challenge.
pub(in crate::view) fn ask_hint(model: &mut Model, variant: usize, place: usize) {
    match model.programs.hints.iter_mut().find(|(one, other, _)| (*one, *other) == (variant, place)) {
        Some((_, _, stage)) => *stage = (*stage + 1).min(3),
        None => model.programs.hints.push((variant, place, 1)),
    }
}

/// How many hints of a challenge were asked for.
pub(in crate::view) fn hints(model: &Model, variant: usize, place: usize) -> u8 {
    let found = model.programs.hints.iter().find(|(one, other, _)| (*one, *other) == (variant, place));
    found.map_or(0, |(_, _, stage)| *stage)
}

/// What can be said where a variant has no challenge.
pub(in crate::view) fn none_because(model: &Model) -> String {
    let Some((index, variant)) = focused(model) else { return "This lane runs no program.".to_string() };
    let mode = (Grain::Operation, variant.memory());
    match Table::of(model, index, mode) {
        Some(table) if table.complete => {
            let role = role(&model.programs, index);
            let what = if role.is_empty() { "This program".to_string() } else { format!("The {role}") };
            format!("{what} has none to meet: {}.", table.failing.to_lowercase())
        }
        Some(_) => "Not all schedules could be looked at, so there is no challenge.".to_string(),
        None => "Challenges are made from all schedules; those are being looked at.".to_string(),
    }
}

/// How a challenge stands, as a line: what is to be done, the par, and what it was met with.
pub(in crate::view) fn line(model: &Model, variant: usize, challenge: &Challenge) -> (bool, String) {
    let par = challenge.par.words();
    match challenge.best(model, variant) {
        Some(best) => (true, format!("{} ({par}; met with {}, {})", challenge.text, best.steps, best.switches)),
        None => (false, format!("{} ({par})", challenge.text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_tell_more_with_each_stage() {
        let challenge = Challenge {
            name: "counter=1".to_string(),
            text: "Make it end with counter=1".to_string(),
            par: Par::Shortest { steps: 4, switches: 2 },
            shortest: "1.1.2.2w.1:0".to_string(),
        };
        assert_eq!(challenge.hint(0), "A goes first.");
        assert_eq!(challenge.hint(1), "A takes 2 steps, then B goes on.");
        assert!(challenge.hint(2).ends_with("1.1.2.2w.1:0"));
        let none = Challenge { shortest: String::new(), ..challenge };
        assert!(none.hint(0).contains("whatever"));
    }

    #[test]
    fn only_what_is_better_counts() {
        let mut programs = Programs::default();
        let progress = |steps, switches| Progress {
            scenario: "races/lost-update".to_string(),
            variant: "bare".to_string(),
            challenge: "counter=1".to_string(),
            steps,
            switches,
        };
        assert!(programs.note(progress(6, 3), false) && programs.note(progress(5, 3), false));
        assert!(!programs.note(progress(9, 3), false));
        assert!(programs.best[0].keep().is_some() && programs.best[0].keep().is_none());
    }
}
