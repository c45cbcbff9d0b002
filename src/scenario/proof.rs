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
        let claims = claims(&said, program);
        let found = Found::of(program, &report);
        let is_livelock =
            |(_, _, claim): &(Place, String, Claim)| matches!(claim, Claim::Finds(names) if names.contains("livelock"));
        if let Some((message, help)) = found.quarrel(program.role, claims.iter().any(is_livelock)) {
            wrong(place("role"), message, Some(help));
        }
        for (at, text, claim) in claims {
            if let Err(instead) = claim.check(&report) {
                wrong(at, format!("expected `{text}`, but {instead}"), None);
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

/// What a lane claims, each with its place and as it reads with the program's parameters.
fn claims(said: &Table, program: &ProgramPlan) -> Vec<(Place, String, Claim)> {
    let Some(Value::List(items)) = said.get("expect").map(|entry| &entry.node.value) else { return Vec::new() };
    let claim = |item: &Node| {
        let Value::Text(text) = &item.value else { return None };
        let text = filled_in(text, &program.parameters).ok()?;
        let claim = text.parse().ok()?;
        Some((item.at, text, claim))
    };
    items.iter().filter_map(claim).collect()
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
            (Number::Finite(all), failing) if *failing == one() => format!("1 of {all} schedules fails"),
            (Number::Finite(all), failing) => format!("{failing} of {all} schedules fail"),
            (Number::Infinite, failing) if failing.is_zero() => "endlessly many schedules, and none fails".into(),
            (Number::Infinite, _) => format!("endlessly many schedules, and some fail{}", how_likely()),
        };
        match self.endless {
            Some((FindingKind::Livelock, _)) => words.push_str("; all can go round for ever and get nowhere"),
            Some(_) => words.push_str("; one can be left out for ever"),
            None => {}
        }
        words
    }

    /// What is wrong with the role, and what to do. That threads can go round for ever may be admitted.
    fn quarrel(&self, role: Role, admits_livelock: bool) -> Option<(String, String)> {
        let fails = self.shortest.is_some();
        let all = &self.all;
        match (role, fails, self.endless) {
            (Role::RightFix, true, _) => {
                let shortest = self.shortest?;
                let help = format!("{}: {}", shortest.shortest, told(shortest));
                Some((format!("it is called a right fix, and {}", self.words()), help))
            }
            (Role::RightFix, false, Some((FindingKind::Livelock, text))) if !admits_livelock => {
                let help = format!("{text} If that is meant, say `finds: livelock` in `expect`.");
                Some(("it is called a right fix, and can go round for ever without getting anywhere".into(), help))
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

#[cfg(test)]
mod tests {
    use super::super::{catalogue, find, parse};
    use super::*;

    fn machine() -> Machine {
        super::super::resolve::any_machine()
    }

    /// The problems of a scenario with one lane.
    fn told(lane: &str) -> String {
        let text = format!("+++\ntitle = \"A test\"\n[[lane]]\npool = \"program\"\n{lane}\n+++\n# A test\n");
        let scenario = parse("test", "test.md", &text).expect("it parses");
        let (_, problems) = prove(&scenario, &machine(), Limits { states: 1000, ..Limits::default() }).expect("a plan");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_variant_of_the_catalogue_is_what_it_is_called() {
        for entry in catalogue() {
            let scenario = find(entry.name, None).expect(entry.name);
            let (explored, problems) = prove(&scenario, &machine(), Limits::default()).expect(entry.name);
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(problems.is_empty(), "{}:\n{}", entry.name, problems.join("\n"));
            // Nobody should wait for a page of the catalogue.
            for one in explored {
                let states = one.report.map_or(0, |report| report.states);
                assert!(states < 10_000, "{}, lane {}: {states} states", entry.name, one.lane);
            }
        }
    }

    #[test]
    fn a_fix_that_is_none_is_refused_with_the_schedule_that_shows_it() {
        assert_eq!(
            told("program = \"lost-update\"\nacceptable = [\"ended counter=2\"]\nrole = \"right-fix\""),
            "test.md:7:8: lane 1: it is called a right fix, and 4 of 6 schedules fail\n  role = \"right-fix\"\n         ^^^^^^^^^^^\n  \
             help: 1.2.2.1: A reads counter (0) · B reads counter (0) · B writes 1 to counter · A writes 1 to counter: \
             A overwrote what B had written to counter; at the end counter=1"
        );
        let told_of = told("program = \"ab-ba\"\nrole = \"right-fix\"");
        assert!(told_of.contains("2 of 6 schedules fail") && told_of.contains("help: 1.2: A takes left"), "{told_of}");
        assert!(told_of.contains("nobody can move"), "{told_of}");
    }

    #[test]
    fn a_bug_that_cannot_happen_is_refused() {
        for role in ["broken", "wrong-fix"] {
            let told = told(&format!("program = \"ab-ba-ordered\"\nrole = \"{role}\""));
            assert!(told.starts_with("test.md:6:8: lane 1: it is called "), "{told}");
            assert!(told.contains("none of its 2 schedules fails"), "{told}");
        }
        for role in ["broken", "wrong-fix"] {
            // It fails by never getting anywhere.
            assert_eq!(told(&format!("program = \"livelock\"\nrole = \"{role}\"")), "");
        }
        assert_eq!(told("program = \"ab-ba-ordered\"\nrole = \"right-fix\""), "");
        assert_eq!(told("program = \"ab-ba\""), "");
    }

    #[test]
    fn to_go_round_for_ever_is_no_fix_unless_it_is_admitted() {
        let lane = "program = \"livelock\"\nrole = \"right-fix\"";
        assert!(told(lane).contains("can go round for ever"), "{}", told(lane));
        assert_eq!(told(&format!("{lane}\nexpect = [\"finds: livelock\"]")), "");
    }

    #[test]
    fn claims_are_held_against_the_counts() {
        let lane = "program = \"ab-ba\"\nexpect = [\"schedules 6\", \"deadlock: 3\", \"ended: {2*2}\"]";
        assert_eq!(
            told(lane),
            "test.md:6:26: lane 1: expected `deadlock: 3`, but 2 of the schedules end so\n  expect = [\"schedules 6\", \"deadlock: 3\", \"ended: {2*2}\"]\n                           ^^^^^^^^^^^^^"
        );
    }

    #[test]
    fn what_is_too_large_to_be_known_is_said_to_be() {
        let lane = "program = \"philosophers-waiter\"\nparameters = { N = 9 }\nrole = \"right-fix\"";
        assert!(told(lane).contains("states, so nothing is known of it"), "{}", told(lane));
    }

    #[test]
    fn parameters_move_what_is_right() {
        let lane = "program = \"lost-update-locked\"\nrole = \"right-fix\"\nparameters = { THREADS = 3, ROUNDS = 2 }\n\
                    acceptable = [\"ended counter={THREADS*ROUNDS}\"]\nexpect = [\"ended counter=6: 90\"]";
        assert_eq!(told(lane), "");
    }
}
