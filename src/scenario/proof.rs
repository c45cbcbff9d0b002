//! Whether a scenario's variants are what it calls them: each program is explored, and held to its role and its claims.
//!
//! A teacher who shows a "fix" that is none teaches the mistake. Here it is found before anybody is in the room.

use super::claims::{Claim, Number};
use super::front::{Node, Table, Value};
use super::resolve::together;
use super::variant::filled_in;
use super::{Overrides, Scenario};
use crate::explore::{self, FindingKind, Kind, Options, Outcome, Report};
use crate::program::compile;
use crate::program::problem::{Place, Problem};
use crate::wire::{LaneId, Machine, PoolPlan, ProgramPlan, Role, Verdict};

/// How far a lane's program is explored.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// So many states.
    pub states: u64,
    /// So much memory, in bytes.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { states: 5_000_000, memory: 1 << 30 }
    }
}

/// What exploring a lane's program came to.
#[derive(Clone, Debug)]
pub struct Explored {
    /// The lane.
    pub lane: LaneId,
    /// What it is called.
    pub name: String,
    /// What it is there to show.
    pub role: Role,
    /// In how many schedules it fails, in words.
    pub words: String,
    /// All of it; nothing where the program went past a limit.
    pub report: Option<Report>,
}

/// Explores the program of every lane that runs one, as the scenario has it; what comes of each, and what is not as the
/// scenario says.
///
/// # Errors
/// Where there is no plan.
pub fn prove(
    scenario: &Scenario,
    machine: &Machine,
    limits: Limits,
) -> Result<(Vec<Explored>, Vec<Problem>), Vec<Problem>> {
    let plan = scenario.plan(machine, &Overrides::default())?;
    let nothing = Table::default();
    let every = match scenario.tree.get("every-lane").map(|entry| &entry.node.value) {
        Some(Value::Table(every)) => every,
        _ => &nothing,
    };
    let nodes: &[Node] = match scenario.tree.get("lane").map(|entry| &entry.node.value) {
        Some(Value::List(lanes)) => lanes,
        _ => &[],
    };
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for (lane, node) in plan.lanes.iter().zip(nodes) {
        let Some(program) = lane.pool.program() else { continue };
        let own = if let Value::Table(own) = &node.value { own } else { &nothing };
        let said = together(own, every);
        let mut wrong = |at: Place, message: String, help: Option<String>| {
            problems.push(scenario.sources.problem(at, format!("lane {}: {message}", lane.id), help));
        };
        let place = |key: &str| said.get(key).map_or(node.at, |entry| entry.node.at);
        let report = match report(program, limits) {
            Ok(report) if report.complete => report,
            Ok(report) => {
                let states = report.states;
                let message = format!("its program has more than {states} states, so nothing is known of it");
                wrong(place("program"), message, Some("fewer threads or rounds do: look at `parameters`".into()));
                continue;
            }
            Err(why) => {
                wrong(place("program"), format!("its program cannot be explored: {why}"), None);
                continue;
            }
        };
        let found = Found::of(program, &report);
        if let Some((message, help)) = found.quarrel(program.role) {
            wrong(place("role"), message, Some(help));
        }
        if let Some(Value::List(claims)) = said.get("expect").map(|entry| &entry.node.value) {
            for claim in claims {
                let Value::Text(text) = &claim.value else { continue };
                let Ok(filled) = filled_in(text, &program.parameters) else { continue };
                let told = filled.parse::<Claim>().and_then(|claim| claim.check(&report));
                if let Err(instead) = told {
                    wrong(claim.at, format!("expected `{filled}`, but {instead}"), None);
                }
            }
        }
        let words = match &lane.pool {
            PoolPlan::Cpython(_) => {
                format!("{} (as explored; CPython switches threads at fewer places)", found.words())
            }
            _ => found.words(),
        };
        all.push(Explored { lane: lane.id, name: lane.name.clone(), role: program.role, words, report: Some(report) });
    }
    Ok((all, problems))
}

fn report(program: &ProgramPlan, limits: Limits) -> Result<Report, String> {
    let options = Options { states_max: limits.states, memory_max: limits.memory, ..Options::of_plan(program) };
    let compiled = compile(&program.program, &program.text).map_err(|problems| first(&problems))?;
    explore::explore(&compiled, &options).map_err(|problem| problem.message)
}

fn first(problems: &[Problem]) -> String {
    problems.first().map(|problem| problem.message.clone()).unwrap_or_default()
}

/// In how many schedules a program fails.
struct Found<'a> {
    all: Number,
    failing: Number,
    /// How likely that is, if every step is taken by anybody who can with the same chance.
    chance: Option<f64>,
    /// The failure that takes the fewest steps.
    shortest: Option<&'a Outcome>,
    /// The finding that all can go round for ever, or that some can while one is left out.
    endless: Option<(FindingKind, &'a str)>,
}

impl<'a> Found<'a> {
    fn of(program: &ProgramPlan, report: &'a Report) -> Found<'a> {
        let failing: Vec<&Outcome> =
            report.outcomes.iter().filter(|outcome| program.verdict(&outcome.ending()) == Verdict::Forbidden).collect();
        let counts = |outcome: &&'a Outcome| outcome.schedules.as_deref();
        let endless = report
            .findings
            .iter()
            .filter(|finding| matches!(finding.kind, FindingKind::Livelock | FindingKind::Starvation))
            .map(|finding| (finding.kind, finding.text.as_str()))
            .min_by_key(|(kind, _)| *kind);
        Found {
            all: Number::sum(report.schedules.as_deref().into_iter()),
            failing: Number::sum(failing.iter().filter_map(counts)),
            chance: failing.iter().map(|outcome| outcome.chance).sum(),
            shortest: failing.into_iter().min_by_key(|outcome| (outcome.length, outcome.shortest.clone())),
            endless,
        }
    }

    /// In how many schedules it fails.
    fn words(&self) -> String {
        let how_likely = || match self.chance {
            Some(chance) => {
                format!(", with a chance of {chance:.2} where each thread is as likely to go on as any other")
            }
            None => String::new(),
        };
        let mut words = match (&self.all, &self.failing) {
            (Number::Finite(_), failing) if failing.is_zero() && self.all == one() => {
                "its only schedule is right".into()
            }
            (Number::Finite(all), failing) if failing.is_zero() => format!("none of {all} schedules fails"),
            (Number::Finite(_), _) if self.all == one() => "its only schedule fails".into(),
            (Number::Finite(all), failing) => format!("{failing} of {all} schedules fail"),
            (Number::Infinite, failing) if failing.is_zero() => "endlessly many schedules, and none fails".into(),
            (Number::Infinite, failing) => format!("{failing} of endlessly many schedules fail{}", how_likely()),
        };
        match self.endless {
            Some((FindingKind::Livelock, _)) => words.push_str("; all can go round for ever and get nowhere"),
            Some(_) => words.push_str("; one can be left out for ever"),
            None => {}
        }
        words
    }

    /// What is wrong with the role, and what to do.
    fn quarrel(&self, role: Role) -> Option<(String, String)> {
        let fails = self.shortest.is_some();
        let all = &self.all;
        match (role, fails, self.endless) {
            (Role::RightFix, true, _) => {
                let shortest = self.shortest?;
                let help = format!("{}: {}", shortest.shortest, told(shortest));
                Some((format!("it is called a right fix, and {}", self.words()), help))
            }
            (Role::RightFix, false, Some((FindingKind::Livelock, text))) => {
                Some(("it is called a right fix, and all its threads can go round for ever".into(), text.into()))
            }
            (Role::Broken, false, None) => Some((
                format!("it is called broken, and none of its {all} schedules fails"),
                "a bug that cannot happen shows nothing: look at `acceptable`, or at the program".into(),
            )),
            (Role::WrongFix, false, None) => Some((
                format!("it is called a wrong fix, and none of its {all} schedules fails"),
                "call it `right-fix`, or look at `acceptable`".into(),
            )),
            _ => None,
        }
    }
}

fn one() -> Number {
    Number::sum(["1"].into_iter())
}

/// How a schedule ends, in words.
fn told(outcome: &Outcome) -> String {
    let values: Vec<String> = outcome.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match outcome.kind {
        Kind::Ended if !values.is_empty() => format!("{}; at the end {}", outcome.text, values.join(" ")),
        _ => outcome.text.clone(),
    }
}
