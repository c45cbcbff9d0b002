//! Every schedule of a small program, exactly: how many there are, how each can end, and the shortest that goes wrong.
//!
//! ```text
//!  Program ─▶ search (machine: one step of one thread) ─▶ graph of states ─▶ count, shortest, findings ─▶ Report
//! ```
//!
//! Nothing of a program is ever executed for real here: its threads are data, and its time is a sequence of choices.
//! What a step is, and what is counted, is laid down in the README's chapter on programs; two people who work it out on
//! paper get the same numbers.

mod accesses;
mod content;
mod count;
mod data;
mod findings;
mod machine;
mod moves;
mod operate;
mod outcomes;
mod planned;
mod position;
mod reduction;
mod report;
mod schedule;
mod search;
mod shortest;
mod stand;
mod state;
mod stepper;
mod store;
mod symmetry;
mod tables;
#[cfg(test)]
mod tests;
mod tidy;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use outcomes::thread_name;
pub use planned::threads;
pub use position::{Answer, AnswerBody, Ask, Datum, Doing, NextStep, Position, Question, ThreadStand};
pub use report::{
    Death, Exceptions, Finding, FindingKind, Grain, Kind, Memory, Notify, Options, Outcome, Report, Wait, Watch,
};
pub use stepper::{Known, Stepper};
pub use words::Step;

use crate::program::{Problem, Program};
use count::Count;
use findings::LostWakeups;
use machine::Machine;
use outcomes::Ending;
use schedule::Turn;
use search::Found;
use shortest::Ways;
use state::State;

/// A schedule, replayed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Run {
    /// Its steps.
    pub steps: Vec<Step>,
    /// How the program ended, if the schedule goes that far.
    pub ending: Option<Outcome>,
    /// If it does not: who can go on, and why the others cannot.
    pub next: Vec<Next>,
}

/// What a thread could do next.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Next {
    /// The thread.
    pub thread: usize,
    /// Its letter.
    pub name: String,
    /// The line that it has come to.
    pub line: u32,
    /// In how many ways it can go on; 0 where it cannot.
    pub choices: usize,
    /// What it waits for, if it cannot.
    pub waits: Option<Wait>,
}

/// Explores a program: all its schedules.
///
/// # Errors
/// The program went past a limit, or did something that is not in the subset.
pub fn explore(program: &Program, options: &Options) -> Result<Report, Problem> {
    explore_and_know(program, options).map(|(report, _)| report)
}

/// The same, and what is known of the program then: enough to step through it.
///
/// # Errors
/// As [`explore()`].
pub fn explore_and_know(program: &Program, options: &Options) -> Result<(Report, Known), Problem> {
    let found = search::search(program, options, true)?;
    match told(program, options, &found)? {
        Some(report) => Ok((report, Known::of(&found))),
        None => {
            let found = search::search(program, options, false)?;
            let report = told(program, options, &found)?;
            let report = report.ok_or_else(|| internal(program, "its threads are not told apart".into()))?;
            Ok((report, Known::of(&found)))
        }
    }
}

/// An ending, and the states with it: for each, of how many that it stands for.
struct Reached {
    ending: Ending,
    states: Vec<usize>,
    /// Of each: how many of those that it stands for, and of how many.
    parts: Vec<(usize, usize)>,
    /// Threads that an exception has ended, and in how many of all those states.
    died: BTreeMap<Death, usize>,
}

impl Reached {
    /// The same, with those marked that died in every schedule that ends so.
    fn deaths(&self) -> Vec<Death> {
        let all: usize = self.parts.iter().map(|(part, _)| part).sum();
        self.died.iter().map(|(death, seen)| Death { always: *seen == all, ..death.clone() }).collect()
    }
}

/// What a search has found; `None` where threads that are alike must be told apart after all.
fn told(program: &Program, options: &Options, found: &Found<'_>) -> Result<Option<Report>, Problem> {
    let graph = &found.graph;
    let mut report = Report {
        format: 1,
        program: program.name.clone(),
        grain: options.grain,
        memory: options.memory,
        notify: options.notify,
        complete: graph.complete,
        schedules: None,
        states: graph.seen() as u64,
        steps: found.steps,
        elapsed_s: 0.0,
        outcomes: Vec::new(),
        findings: Vec::new(),
    };
    if !graph.complete {
        return Ok(Some(report));
    }
    let paths = count::paths(graph);
    // Who goes round in a circle is told thread by thread, and with all that the others could do meanwhile.
    if paths.any_endless && (!graph.symmetry.is_trivial() || found.shared.hurries) {
        return Ok(None);
    }
    let mut machine = Machine::new(&found.shared);
    let reported = outcomes::reported(&mut machine, &graph.state(0), &found.written);
    let mut endings: BTreeMap<String, Reached> = BTreeMap::new();
    let mut ends: Vec<State> = Vec::new();
    for index in 0..graph.len() {
        if !graph.steps(index).is_empty() {
            continue;
        }
        let state = graph.state(index);
        let Some(all) = graph.symmetry.all(&mut machine, &state) else { return Ok(None) };
        for one in &all {
            let ending = outcomes::ending(&mut machine, one, &reported);
            let reached = endings.entry(ending.key()).or_insert_with(|| Reached {
                ending,
                states: Vec::new(),
                parts: Vec::new(),
                died: BTreeMap::new(),
            });
            for death in outcomes::deaths(&mut machine, one) {
                *reached.died.entry(death).or_insert(0) += 1;
            }
            if reached.states.last() == Some(&index) {
                reached.parts.last_mut().into_iter().for_each(|(part, _)| *part += 1);
            } else {
                reached.states.push(index);
                reached.parts.push((1, all.len()));
            }
        }
        ends.push(state);
    }
    let shown = outcomes::shown(&reported, endings.values().map(|reached| &reached.ending));
    let mut total = Count::zero();
    let mut lost_wakeups = LostWakeups::default();
    let ways = Ways::of(graph);
    // Where not all orders were tried, the one with the fewest may be among the others.
    let switches = if options.verdict { None } else { shortest::fewest_switches(graph) };
    for (key, reached) in endings {
        let died = reached.deaths();
        let mut outcome = Outcome { died, ..outcome(program, reached.ending, &shown) };
        let apart = outcomes::threads_of(&outcome);
        let turns = match apart.iter().all(|thread| graph.symmetry.alike(*thread).len() == 1) {
            true => shortest::shortest(&mut machine, &ways, &reached.states),
            false => {
                let mut wanted =
                    |machine: &mut Machine<'_>, state: &State| outcomes::ending(machine, state, &reported).key() == key;
                shortest::shortest_of_alike(&mut machine, &ways, &reached.states, &apart, &mut wanted)
            }
        };
        if !options.verdict {
            let (mut count, mut chance) = (Count::zero(), Some(0.0));
            for (state, (part, of)) in reached.states.iter().zip(&reached.parts) {
                let Some(own) = paths.count(*state).part(*part, *of) else { return Ok(None) };
                count.add(&own);
                let own = paths.chance(*state).map(|chance| chance * (*part as f64 / *of as f64));
                chance = chance.zip(own).map(|(chance, own)| chance + own);
            }
            total.add(&count);
            outcome.schedules = Some(count.to_string());
            outcome.chance = chance;
        }
        outcome.shortest = schedule::spelt(&turns);
        outcome.length = turns.len();
        outcome.switches = schedule::switches(&turns);
        let fewest = |switches: &Vec<usize>| reached.states.iter().map(|state| switches[*state]).min();
        outcome.switches_min = switches.as_ref().and_then(fewest);
        let replay = replay(&mut machine, found, &shown, &turns).map_err(|(_, text)| internal(program, text))?;
        let died = outcomes::deaths(&mut machine, &replay.1);
        outcome.text = ended_in_words(&outcome, &died, words::told(&replay.0));
        lost_wakeups.look_at(&replay.0, &outcome);
        report.outcomes.push(outcome);
    }
    if !options.verdict {
        let total = if paths.any_endless { Count::Infinite } else { total };
        report.schedules = Some(total.to_string());
    }
    report.outcomes.sort_by(|one, other| {
        let rank = |outcome: &Outcome| (outcome.kind, outcome.length, outcome.shortest.clone());
        rank(one).cmp(&rank(other))
    });
    report.findings.extend(lost_wakeups.findings());
    // Where not all orders were tried, two accesses may never have come next to each other.
    if !found.shared.hurries {
        report.findings.extend(findings::data_races(found));
    }
    drop(ways);
    report.findings.extend(findings::locks_not_released(&mut machine, graph, &ends));
    let closed: Vec<BTreeSet<usize>> = report
        .outcomes
        .iter()
        .filter(|outcome| outcome.kind == Kind::Deadlock)
        .map(|outcome| {
            outcome
                .waits
                .iter()
                .filter(|wait| wait.held_by.is_some() && !wait.what.starts_with("the end"))
                .map(|wait| wait.thread)
                .collect()
        })
        .collect();
    let (endless, potential) = rayon::join(
        || if paths.any_endless { findings::endless(&mut machine, graph) } else { Vec::new() },
        || findings::potential_deadlocks(found, &closed),
    );
    report.findings.extend(endless.into_iter().chain(potential));
    report.findings.dedup();
    match machine.problem.take() {
        Some(problem) => Err(problem),
        None => Ok(Some(report)),
    }
}

/// Replays a schedule, step by step.
///
/// # Errors
/// The schedule is none of this program, or the program went past a limit.
pub fn step(program: &Program, options: &Options, text: &str) -> Result<Run, Problem> {
    let refused = |(at, why): (usize, String)| {
        let help = "a schedule belongs to one program, one grain and one memory model".to_string();
        Problem::of_file("--schedule", format!("step {at}: {why}"), Some(help))
    };
    Ok(Run::of(Stepper::new(program, options)?.at_or_problem(text, refused)?))
}

/// Takes the steps of a schedule; where one cannot be taken, its number and why.
fn replay(
    machine: &mut Machine<'_>,
    found: &Found<'_>,
    shown: &[u32],
    turns: &[Turn],
) -> Result<(Vec<Step>, State), (usize, String)> {
    let mut state = found.graph.state(0);
    let mut steps = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let (step, next) = stepper::take(machine, shown, &state, *turn).map_err(|why| (at + 1, why))?;
        steps.push(step);
        state = next;
    }
    Ok((steps, state))
}

fn outcome(program: &Program, mut ending: Ending, shown: &[u32]) -> Outcome {
    ending.values.retain(|name, _| shown.iter().any(|global| program.globals[*global as usize] == *name));
    Outcome {
        kind: ending.kind,
        thread: ending.thread,
        line: ending.line,
        message: ending.message,
        values: ending.values,
        output: ending.output,
        schedules: None,
        chance: None,
        shortest: String::new(),
        length: 0,
        switches: 0,
        switches_min: None,
        waits: ending.waits,
        died: Vec::new(),
        text: String::new(),
    }
}

/// The steps in words, who died on the way, and how they ended.
fn ended_in_words(outcome: &Outcome, died: &[Death], steps: String) -> String {
    let died = died
        .iter()
        .map(|death| format!("{} died at line {}: {}", thread_name(death.thread), death.line, death.message));
    let steps = Some(steps).filter(|steps| !steps.is_empty()).into_iter().chain(died).collect::<Vec<_>>().join(" · ");
    let failed = || {
        let who = outcome.thread.map(thread_name).unwrap_or_default();
        format!("{who} stops at line {}: {}", outcome.line.unwrap_or(0), outcome.message.as_deref().unwrap_or(""))
    };
    let end = match outcome.kind {
        Kind::Ended => return steps,
        Kind::Assertion | Kind::Exception => failed(),
        Kind::Spins => {
            let who = outcome.thread.map(thread_name).unwrap_or_default();
            format!("{who} spins for ever at line {}", outcome.line.unwrap_or(0))
        }
        Kind::Deadlock => {
            let wait = |wait: &Wait| {
                let holder = match wait.held_by {
                    Some(holder) if !wait.what.starts_with("the end of") => {
                        format!(", held by {}", thread_name(holder))
                    }
                    _ => String::new(),
                };
                format!("{} waits for {}{holder}", thread_name(wait.thread), wait.what)
            };
            let waits: Vec<String> = outcome.waits.iter().map(wait).collect();
            format!("nobody can move: {}", waits.join("; "))
        }
    };
    match steps.is_empty() {
        true => end,
        false => format!("{steps} · {end}"),
    }
}

fn internal(program: &Program, text: String) -> Problem {
    Problem::of_file(&program.name, format!("its own shortest schedule could not be replayed: {text}"), None)
}
