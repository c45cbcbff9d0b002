//! Stepping by hand against exploring: every ending that is listed is reached by its shortest schedule, and however one
//! comes to a place, by steps, undoing or jumping, it is the same place.

use poolscope::explore::{
    Doing, Grain, Known, Memory, Notify, Options, Outcome, Position, Stepper, explore_and_know, step,
};
use poolscope::program::{Program, compile};
use std::fs;
use std::path::Path;

/// The programs that come with the source: their names and texts.
fn programs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs");
    let mut all: Vec<(String, String)> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    all.sort();
    all
}

fn compiled(name: &str, text: &str) -> Program {
    compile(name, text).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

/// Every way of exploring that makes a difference, with a limit so that no program takes long.
fn all_options() -> Vec<Options> {
    let plain = || Options { states_max: 200_000, ..Options::default() };
    vec![
        plain(),
        Options { memory: Memory::Tso, ..plain() },
        Options { grain: Grain::Statement, ..plain() },
        Options { notify: Notify::Fifo, ..plain() },
    ]
}

/// What a schedule by itself tells of an ending.
fn alone(outcome: &Outcome) -> Outcome {
    Outcome { schedules: None, chance: None, switches_min: None, ..outcome.clone() }
}

#[track_caller]
fn place(stepper: &mut Stepper<'_>, schedule: &str, from: usize) -> Position {
    stepper.position(schedule, from).unwrap_or_else(|(at, why)| panic!("{schedule}: step {at}: {why}"))
}

/// The same from everybody who says anything about it.
fn check_ending(stepper: &mut Stepper<'_>, program: &Program, options: &Options, outcome: &Outcome) {
    let position = place(stepper, &outcome.shortest, 0);
    let ended = position.ended.as_ref().unwrap_or_else(|| panic!("{}: not at an end", outcome.shortest));
    assert_eq!(*ended, alone(outcome), "{}", outcome.shortest);
    assert_eq!((position.length, position.switches), (outcome.length, outcome.switches));
    assert_eq!(position.steps.len(), outcome.length);
    assert!(position.threads.iter().all(|thread| thread.next.is_empty()), "{:?}", position.threads);
    let run = step(program, options, &outcome.shortest).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(run.steps, position.steps);
    assert_eq!(run.ending.as_ref(), Some(ended));
    // Who waits in a deadlock is who stands waiting.
    for wait in &outcome.waits {
        let thread = &position.threads[wait.thread];
        assert_eq!((thread.doing, thread.waits.as_ref()), (Doing::Waiting, Some(wait)));
        assert!(thread.waits_since.is_some_and(|since| since <= position.length));
    }
}

#[test]
fn every_ending_is_where_its_shortest_schedule_leads() {
    let mut seen = 0;
    for (name, text) in programs() {
        let program = compiled(&name, &text);
        for options in all_options() {
            let (report, known) = explore_and_know(&program, &options).unwrap_or_else(|problem| panic!("{problem}"));
            if !report.complete {
                continue;
            }
            assert!(known.is_complete());
            let mut stepper = Stepper::new(&program, &options).unwrap_or_else(|problem| panic!("{problem}"));
            assert!(stepper.is_certain());
            for outcome in &report.outcomes {
                check_ending(&mut stepper, &program, &options, outcome);
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "only {seen} endings were seen");
}

/// Numbers that only look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Walks about in a program, and looks whether each place is as for somebody who came there straight.
fn walk(program: &Program, options: &Options, known: &Known, dice: &mut Dice) -> usize {
    let fresh = || Stepper::knowing(program, options, known.clone()).unwrap_or_else(|problem| panic!("{problem}"));
    let mut stepper = fresh();
    let mut turns: Vec<String> = Vec::new();
    let mut farthest: Vec<String> = Vec::new();
    let mut places = 0;
    for _ in 0..40 {
        let schedule = turns.join(".");
        let from = dice.below(turns.len() + 1);
        let position = place(&mut stepper, &schedule, from);
        assert_eq!(position, place(&mut fresh(), &schedule, from), "{}: {schedule}", program.name);
        assert_eq!((position.schedule.as_str(), position.length, position.from), (&*schedule, turns.len(), from));
        assert_eq!(position.steps.len(), turns.len() - from);
        places += 1;
        let next: Vec<&str> =
            position.threads.iter().flat_map(|thread| &thread.next).map(|next| next.turn.as_str()).collect();
        assert_eq!(next.is_empty(), position.ended.is_some());
        for thread in &position.threads {
            let can_move = thread.next.iter().any(|next| !next.turn.ends_with('w'));
            assert_eq!(can_move, thread.doing == Doing::Ready, "{thread:?}");
            assert!(thread.next.iter().all(|next| !next.text.is_empty()), "{thread:?}");
            assert_eq!(thread.waits.is_some(), thread.waits_since.is_some());
        }
        match dice.below(6) {
            0 => turns.truncate(dice.below(turns.len() + 1)),
            // Redo, as far as it is the same way.
            1 if farthest.starts_with(&turns) => {
                turns = farthest[..turns.len() + dice.below(farthest.len() - turns.len() + 1)].to_vec()
            }
            2 => assert!(stepper.position(&format!("{schedule}.59"), 0).is_err() || schedule.is_empty()),
            _ if next.is_empty() => turns.truncate(turns.len().saturating_sub(1 + dice.below(4))),
            _ => {
                turns.push(next[dice.below(next.len())].to_string());
                farthest.clone_from(&turns);
            }
        }
    }
    places
}

#[test]
fn however_one_comes_to_a_place_it_is_the_same() {
    let mut dice = Dice(7);
    let mut places = 0;
    for (name, text) in programs() {
        let program = compiled(&name, &text);
        for options in all_options() {
            let (_, known) = explore_and_know(&program, &options).unwrap_or_else(|problem| panic!("{problem}"));
            places += walk(&program, &options, &known, &mut dice);
        }
    }
    assert!(places > 5000, "only {places}");
}
