//! Commands: lanes that run a program of the user's own, and who may.
//!
//! A scenario is somebody's file, and a command in it could do anything: so it makes no plan until it is allowed to, which
//! nothing in the file can do. What was typed as a command is allowed by having been typed; and it is bytes, while
//! a scenario is text: what cannot be text takes the place of its text in the plan.

use super::front::{self, Node, Table, Value};
use super::programs::Programs;
use super::tables::{Kind, find_kind};
use super::{Scenario, resolve, tables};
use crate::program::problem::{Place, Problem, Sources, is_forbidden};
use crate::wire::{CommandPlan, Inputs, JobLog, LanePlan, PoolPlan, Raw};
use serde_json::{Map, Value as Json, json};

/// A command as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnCommand {
    /// The command line.
    pub command: Vec<u8>,
    /// What it is run on, where anything: a range, a file's path, or `-` for standard input.
    pub inputs: Option<Vec<u8>>,
    /// Whether inputs end with a NUL instead of a newline.
    pub null: bool,
    /// Whether a shell runs it.
    pub shell: bool,
    /// How often an input is tried again.
    pub retries: u32,
    /// The job log.
    pub log: Option<JobLog>,
    /// How many workers, as an amount: `4`, `2*cores`.
    pub workers: Option<String>,
}

/// The bytes that the texts of a scenario's own lane stand for.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    command: (String, Raw),
    inputs: Option<(String, Raw)>,
    log: Option<JobLog>,
}

/// A scenario of one lane that runs a command which was typed.
///
/// # Errors
/// What is wrong with it.
pub fn of_command(own: &OwnCommand) -> Result<Scenario, Vec<Problem>> {
    let command = (as_text(&own.command), Raw(own.command.clone()));
    let inputs = own.inputs.as_ref().map(|inputs| (as_text(inputs), Raw(inputs.clone())));
    let said = |key: &str, value: Value| front::Entry {
        key: key.into(),
        key_at: Place::default(),
        node: Node { at: Place::default(), value },
        shared: false,
    };
    let mut lane = vec![said("pool", Value::Text("command".into())), said("command", Value::Text(command.0.clone()))];
    lane.extend(inputs.as_ref().map(|(text, _)| said("inputs", Value::Text(text.clone()))));
    lane.extend(own.null.then(|| said("null", Value::Flag(true))));
    lane.extend(own.shell.then(|| said("shell", Value::Flag(true))));
    lane.extend((own.retries > 0).then(|| said("retries", Value::Integer(own.retries.into()))));
    lane.extend(own.workers.as_ref().map(|amount| {
        let value = amount.parse().map_or_else(|_| Value::Text(amount.clone()), Value::Integer);
        said("workers", value)
    }));
    let lanes = vec![Node { at: Place::default(), value: Value::Table(Table(lane)) }];
    let tree = Table(vec![said("mode", Value::Text("together".into())), said("lane", Value::List(lanes))]);
    let sources = Sources::new("--command", "");
    let programs = Programs::of_file("", "");
    let problems = resolve::check_run(&tree, &sources, &programs);
    if !problems.is_empty() {
        return Err(problems);
    }
    let title: String = command.0.chars().take(80).collect();
    Ok(Scenario {
        name: "command".into(),
        title,
        topic: "own".into(),
        question: None,
        misconception: None,
        seconds: 5.0,
        expect: Vec::new(),
        body: String::new(),
        notes: None,
        tree,
        sources,
        programs,
        may_run_commands: true,
        meant: Some(Meant { command, inputs, log: own.log.clone() }),
    })
}

/// Bytes as a scenario can hold them: for people, and to tell whether they were changed.
fn as_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|letter| if is_forbidden(letter) { ' ' } else { letter }).take(TEXT_CHARS_MAX).collect()
}

/// What a scenario may say of a command.
pub(super) const TEXT_CHARS_MAX: usize = 4000;

/// A range of numbers, where a text is one: `1..100`.
fn range(text: &str) -> Option<Inputs> {
    let (first, last) = text.trim().split_once("..")?;
    Some(Inputs::Range { first: first.parse().ok()?, last: last.parse().ok()? })
}

/// What a text or bytes say of inputs.
fn inputs(text: &Raw, null: bool) -> Inputs {
    match std::str::from_utf8(&text.0) {
        Ok("-") => Inputs::Stdin { null },
        Ok(text) if range(text).is_some() => range(text).unwrap_or_default(),
        _ => Inputs::File { path: text.clone(), null },
    }
}

/// Makes a lane's values those of its plan.
pub(super) fn into_plan(values: &mut Map<String, Json>) {
    let null = values.remove("null").and_then(|null| null.as_bool()).unwrap_or_default();
    let said = values.remove("inputs");
    let inputs = said.as_ref().and_then(Json::as_str).map(|text| inputs(&text.into(), null)).unwrap_or_default();
    values.insert("inputs".into(), json!(inputs));
}

/// What holds of every lane that runs a command: it is the user's own work, which yields to nobody, and waits for room.
pub(super) fn lane_of_commands() -> Map<String, Json> {
    let values = json!({ "when_full": "block", "chunk": 1, "workload": { "kind": "run" }, "nice": 0 });
    values.as_object().cloned().unwrap_or_default()
}

/// What a lane is called that runs a command: as its program.
pub(super) fn name(command: Option<&str>) -> String {
    const CHARS_MAX: usize = 30;
    let word = command.unwrap_or_default().split_whitespace().next().unwrap_or_default();
    let name: String = word.rsplit('/').next().unwrap_or_default().chars().take(CHARS_MAX).collect();
    if name.is_empty() { "a command".into() } else { name }
}

/// The kind of pool that runs commands.
pub(super) fn is_of(pool: &Kind) -> bool {
    find_kind(tables::POOLS, "command").is_some_and(|kind| kind.name == pool.name)
}

impl Scenario {
    /// Lets its lanes run commands: the user said so.
    pub fn allow_commands(&mut self) {
        self.may_run_commands = true;
    }

    /// Puts the bytes in place that the texts of lanes stand for.
    pub(super) fn put_in_bytes(&self, lanes: &mut [LanePlan]) {
        let Some(meant) = &self.meant else { return };
        for lane in lanes {
            let PoolPlan::Command(plan) = &mut lane.pool else { continue };
            meant.put_into(plan);
        }
    }

    /// What stands against running its lanes' commands.
    pub(super) fn refused_commands(&self, lanes: &[LanePlan]) -> Vec<Problem> {
        if self.may_run_commands {
            return Vec::new();
        }
        let commands = lanes.iter().filter_map(|lane| Some((lane.id, lane.pool.command()?)));
        let refused = commands.map(|(id, plan)| {
            let message = format!("lane {id} runs a command: `{}`", plan.command.to_text());
            let help = "commands run from the command line (`--command`), or where `--allow-commands` lets a scenario";
            Problem::of_file(self.sources.origin(0), message, Some(help.into()))
        });
        refused.collect()
    }
}

impl Meant {
    fn put_into(&self, plan: &mut CommandPlan) {
        if plan.command.0 == self.command.0.as_bytes() {
            plan.command = self.command.1.clone();
        }
        if let (Inputs::File { path, null }, Some((text, bytes))) = (&plan.inputs, &self.inputs)
            && path.0 == text.as_bytes()
        {
            plan.inputs = Inputs::File { path: bytes.clone(), null: *null };
        }
        plan.log.clone_from(&self.log);
    }
}
