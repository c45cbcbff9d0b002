//! Scenarios: Markdown with TOML front matter, made into plans.
//!
//! ```text
//!  assets/scenarios/**/*.md ─┐
//!  the user's own folder ────┼─▶ front ─▶ tree ─▶ set ─▶ check, resolve ─▶ Plan
//!  any path ─────────────────┘   (places)      --set     (tables)
//! ```
//!
//! A scenario is data. Whatever its text holds, the worst that comes of it is a list of problems, each with its line
//! and column: it can open no file and name no address, and run no command but one that the user allows it
//! (`command`). A program in it is a text in the subset.
//!
//! Absent here: clocks, lanes, screens. Nothing is read but the files that [`find`] and [`list`] are asked for.

mod amount;
mod catalogue;
mod check;
mod claims;
mod command;
mod draft;
pub mod expect;
mod front;
mod programs;
mod proof;
mod reference;
mod resolve;
mod set;
mod sweep;
#[rustfmt::skip] // One entry, one line: they are read as tables.
pub mod tables;
#[cfg(test)]
mod tests;
mod variant;

pub use crate::program::{Problem, suggest};
pub use catalogue::{DEFAULT, Entry, Listed, catalogue, find, list, user_folder};
pub use command::{OwnCommand, of_command};
pub use draft::{Draft, Field, orders_between};
pub use programs::{BuiltIn, programs};
pub use proof::{Explored, Limits, prove};
pub use reference::reference;
pub use sweep::{SIZES_MAX, SweepWish, Vary, read_sizes, read_vary, sweep, sweep_of_draft, usual_sizes};

use crate::program::problem::{Place, Sources, is_forbidden};
use crate::wire::{Choice, Machine, Plan, Question};
use check::Checker;
use front::{Node, Table, Value};
use programs::Programs;
use serde_json::Value as Json;

/// A question, what to look for, and lanes that run side by side: before it is made definite for a machine.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The name under which it was found.
    pub name: String,
    /// One line for the top of the screen.
    pub title: String,
    /// The heading under which `list` shows it.
    pub topic: String,
    /// What the audience is asked before the run.
    pub question: Option<Question>,
    /// The belief that it answers.
    pub misconception: Option<String>,
    /// How long a run without a screen lasts.
    pub seconds: f64,
    /// What must hold of the summary: statements for [`expect::parse`].
    pub expect: Vec<String>,
    /// The page, in Markdown, without the presenter's notes.
    pub body: String,
    /// What is for the presenter only, in Markdown: the section `## Notes`.
    pub notes: Option<String>,
    /// The front matter with the place of every value, so that sets can be applied and blamed.
    tree: Table,
    sources: Sources,
    programs: Programs,
    /// Whether its lanes may run commands.
    may_run_commands: bool,
    /// What was typed, where that cannot be text.
    meant: Option<command::Meant>,
}

/// What the command line changes.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--seed`.
    pub seed: Option<u64>,
    /// `--tasks`: every lane ends after so many.
    pub tasks: Option<u64>,
    /// `--set`, in their order: `lane.2.workers=8`, `lane.*.chunk=16`, `mode=together`.
    pub sets: Vec<String>,
}

/// Reads a scenario.
///
/// # Errors
/// Everything that is wrong with it on any machine, in the order of the text.
pub fn parse(name: &str, origin: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
    let sources = Sources::new(origin, text);
    if text.len() as u64 > front::BYTES_MAX {
        return Err(vec![too_long(origin)]);
    }
    let parts = front::split(&sources, text)?;
    let tree = front::read(&sources, text, &parts)?;

    let mut checker = Checker::new(&sources, 1, lanes_of(&tree));
    // What is missing from the page is missing at its beginning.
    let beginning = Place { source: 0, start: 0, end: text.find('\n').unwrap_or(text.len()) };
    for entry in &tree.0 {
        let known = tables::PAGE.iter().chain(tables::RUN);
        if !known.clone().any(|key| key.name == entry.key) {
            checker.unknown_key(entry, "a scenario", known.map(|key| key.name));
        }
    }
    let run: Vec<&str> = tree
        .0
        .iter()
        .map(|entry| entry.key.as_str())
        .filter(|key| tables::find_key(tables::PAGE, key).is_none())
        .collect();
    let page = checker.table(&tree, beginning, tables::PAGE, "a scenario", &run);
    let question = question(&tree, &page, &mut checker);
    let mut problems = checker.problems;
    let (programs, of_programs) = Programs::of_page(text, parts.page.clone(), &sources);
    problems.extend(of_programs);
    problems.extend(resolve::check_run(&tree, &sources, &programs));
    if !problems.is_empty() {
        return Err(resolve::sorted(problems));
    }
    let said = |key: &str| page.get(key).and_then(Json::as_str).map(String::from);
    let statements = page.get("expect").and_then(|expect| expect.get("holds")).and_then(Json::as_array);
    Ok(Scenario {
        name: name.into(),
        title: said("title").unwrap_or_default(),
        topic: said("topic").unwrap_or_default(),
        question,
        misconception: said("misconception"),
        seconds: page.get("seconds").and_then(Json::as_f64).unwrap_or_default(),
        expect: statements.into_iter().flatten().filter_map(Json::as_str).map(String::from).collect(),
        body: parts.body,
        notes: parts.notes,
        tree,
        sources,
        programs,
        may_run_commands: false,
        meant: None,
    })
}

/// A scenario that runs a program of somebody's own, about which nothing is claimed.
///
/// # Errors
/// What is wrong with the program, where it stands in its text.
pub fn of_program(name: &str, origin: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
    let is_printable = |letter: &char| !is_forbidden(*letter);
    let name: String = name.chars().filter(is_printable).take(40).collect();
    let name = if name.trim().is_empty() { "program" } else { name.trim() };
    let sources = Sources::new(origin, text);
    let programs = Programs::of_file(name, text);
    let said = |key: &str, value: Value| front::Entry {
        key: key.into(),
        key_at: Place::default(),
        node: Node { at: Place::default(), value },
        shared: false,
    };
    let lane = Table(vec![said("pool", Value::Text("program".into())), said("program", Value::Text(name.into()))]);
    let lanes = vec![Node { at: Place::default(), value: Value::Table(lane) }];
    let tree = Table(vec![said("mode", Value::Text("together".into())), said("lane", Value::List(lanes))]);
    let problems = resolve::check_run(&tree, &sources, &programs);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Scenario {
        name: name.into(),
        title: name.into(),
        topic: "own".into(),
        question: None,
        misconception: None,
        seconds: 5.0,
        expect: Vec::new(),
        body: programs.page(name),
        notes: None,
        tree,
        sources,
        programs,
        may_run_commands: false,
        meant: None,
    })
}

fn lanes_of(tree: &Table) -> usize {
    match tree.get("lane").map(|entry| &entry.node.value) {
        Some(Value::List(lanes)) => lanes.len(),
        _ => 0,
    }
}

fn too_long(origin: &str) -> Problem {
    Problem::of_file(origin, "it is longer than 1 MiB", Some("a scenario is a page of text".into()))
}

/// The question with its choices, exactly one of them right.
fn question(tree: &Table, page: &serde_json::Map<String, Json>, checker: &mut Checker<'_>) -> Option<Question> {
    let (text, choice) = (tree.get("question"), tree.get("choice"));
    let choices: Vec<Choice> = match page.get("choice") {
        Some(Json::Array(choices)) => {
            choices.iter().filter_map(|choice| serde_json::from_value(choice.clone()).ok()).collect()
        }
        _ => Vec::new(),
    };
    match (text, choice) {
        (Some(text), None) => {
            let help = "write 2 to 6 `[[choice]]` with `text`, `why`, and `right = true` in one of them";
            checker.wrong(text.key_at, "a question without choices", Some(help.into()));
        }
        (None, Some(choice)) => {
            checker.wrong(choice.key_at, "choices without a `question`", Some("write `question = \"…\"`".into()));
        }
        (Some(_), Some(choice)) if checker.problems.is_empty() => {
            let right = choices.iter().filter(|choice| choice.right).count();
            if choices.len() < 2 {
                checker.wrong(choice.key_at, "one choice is no choice", Some("write 2 to 6 `[[choice]]`".into()));
            } else if right != 1 {
                let message = format!("{right} of {} choices are right", choices.len());
                checker.wrong(choice.key_at, message, Some("write `right = true` in exactly one".into()));
            }
        }
        _ => {}
    }
    let text = page.get("question")?.as_str()?.to_string();
    Some(Question { text, choices })
}

impl Scenario {
    /// How many lanes it has.
    pub fn lanes(&self) -> usize {
        lanes_of(&self.tree)
    }

    /// Makes it definite for a machine.
    ///
    /// Amounts such as `"64*cores"` are kept within their range. A scenario whose lanes want cores of their own takes
    /// turns on a machine with fewer cores than lanes; [`Scenario::adjustments`] says so.
    ///
    /// # Errors
    /// What is wrong with the sets, or impossible on this machine.
    pub fn plan(&self, machine: &Machine, overrides: &Overrides) -> Result<Plan, Vec<Problem>> {
        resolve::plan(self, machine, overrides)
    }

    /// What the machine made different from what the scenario asks for, one sentence each, for the screen and the
    /// report. Nothing where there is no plan.
    pub fn adjustments(&self, machine: &Machine, overrides: &Overrides) -> Vec<String> {
        resolve::adjustments(self, machine, overrides)
    }
}
