//! Whether a report of the explorer says what the enumerator lists.
//!
//! What the specification leaves open is not judged: the words of a message, how the wait for an object is told beyond
//! its name, and under store buffers how a drain is written in a schedule and shares in the chances.
#![allow(dead_code, reason = "each file of tests uses its own part of this")]

use crate::enumerator::build::Built;
use crate::enumerator::expect::{Found, FoundEnding, add_up};
use crate::enumerator::list::{Ending, Kind, Listed};
use crate::enumerator::machine::{For, Rules};
use crate::enumerator::program::{Made, Stmt};
use poolscope::explore::{self, Exceptions, Grain, Memory, Notify, Options, Outcome, Report, Wait};
use poolscope::program::{Problem, Program, compile};
use std::collections::{BTreeMap, BTreeSet};

/// How near a chance must come.
const NEAR: f64 = 1e-9;

pub(crate) fn options(rules: Rules) -> Options {
    Options {
        grain: if rules.statement { Grain::Statement } else { Grain::Operation },
        memory: if rules.tso { Memory::Tso } else { Memory::Sc },
        notify: if rules.fifo { Notify::Fifo } else { Notify::Any },
        exceptions: if rules.thread_exceptions { Exceptions::Thread } else { Exceptions::Stop },
        ..Options::default()
    }
}

/// The program of a text that is in the subset.
#[track_caller]
pub(crate) fn compiled(name: &str, text: &str) -> Program {
    compile(name, text).unwrap_or_else(|problems| panic!("{}\n{text}", told(&problems)))
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// The complete report of a program that stays in the subset as it runs.
#[track_caller]
pub(crate) fn explored(program: &Program, options: &Options) -> Report {
    let report = explore::explore(program, options).unwrap_or_else(|problem| panic!("{problem}\n{}", program.source));
    assert!(report.complete, "{}", program.source);
    report
}

/// The name of a kind in JSON, as the expectations of programs have it.
pub(crate) fn kind(outcome: &Outcome) -> String {
    let value = serde_json::to_value(outcome.kind).expect("a kind");
    value.as_str().expect("a name").to_owned()
}

/// The report as the expectations of programs want it.
pub(crate) fn found(report: &Report) -> Found {
    let ending = |outcome: &Outcome| FoundEnding {
        kind: kind(outcome),
        values: outcome.values.clone(),
        output: outcome.output.clone(),
        schedules: outcome.schedules.clone().expect("a count"),
    };
    Found {
        schedules: report.schedules.clone().expect("a count"),
        endings: report.outcomes.iter().map(ending).collect(),
    }
}

/// What of a report is judged, for each ending.
#[derive(Debug)]
struct Judged {
    schedules: String,
    chance: f64,
    shortest: (usize, usize, String),
    switches_min: Option<usize>,
}

/// Says where a report differs from what is listed.
pub(crate) fn judge(
    report: &Report,
    program: &crate::enumerator::program::Program,
    built: &Built,
    listed: &Listed,
    rules: Rules,
) -> Result<(), String> {
    if report.schedules.as_deref() != Some(listed.schedules.to_string().as_str()) {
        return Err(format!("{:?} schedules, listed {}", report.schedules, listed.schedules));
    }
    let judged = judged(report, program, built, listed, rules)?;
    let (told, listed_endings): (BTreeSet<_>, BTreeSet<_>) = (judged.keys().collect(), listed.endings.keys().collect());
    if told != listed_endings {
        let more: Vec<_> = told.difference(&listed_endings).collect();
        let less: Vec<_> = listed_endings.difference(&told).collect();
        return Err(format!("told but not listed: {more:#?}, listed but not told: {less:#?}"));
    }
    for (ending, tally) in &listed.endings {
        let found = &judged[ending];
        let shortest = tally.shortest.clone().expect("a schedule");
        let differs = found.schedules != tally.schedules.to_string()
            || (!rules.tso && (found.chance - tally.chance()).abs() > NEAR)
            || (!rules.tso && found.shortest != shortest)
            || (!rules.tso && found.switches_min != tally.switches_min);
        if differs {
            let (part, whole) = tally.fraction();
            return Err(format!(
                "{ending:#?}\nis told with {found:?},\nlisted with {} schedules, chance {part}/{whole} = {}, shortest {shortest:?}, {:?} switches",
                tally.schedules,
                tally.chance(),
                tally.switches_min
            ));
        }
    }
    Ok(())
}

/// The endings of a report as the enumerator would have them.
fn judged(
    report: &Report,
    program: &crate::enumerator::program::Program,
    built: &Built,
    listed: &Listed,
    rules: Rules,
) -> Result<BTreeMap<Ending, Judged>, String> {
    // All endings tell the same globals: those that some schedule changes.
    let changed: BTreeSet<&String> = listed.endings.keys().next().expect("an ending").values.keys().collect();
    let mut all: BTreeMap<Ending, Judged> = BTreeMap::new();
    for outcome in &report.outcomes {
        let plain = |name: &str| {
            let made = built.globals.iter().find(|(global, _)| *global == name).map(|(_, made)| made);
            matches!(made, Some(Made::Int(_) | Made::Bool(_) | Made::List(_)))
        };
        let told: Vec<&String> = outcome.values.keys().filter(|name| plain(name)).collect();
        if let Some(missing) = changed.iter().find(|name| !told.contains(name)) {
            return Err(format!("no value of {missing}: {outcome:#?}"));
        }
        // A statement that no schedule reaches may be taken into account, or not.
        if let Some(more) = told.iter().find(|name| !built.changed.contains(&name.as_str())) {
            return Err(format!("nothing assigns {more} after the first start: {outcome:#?}"));
        }
        let (failed, kind) = match outcome.kind {
            explore::Kind::Ended => (false, Kind::Ended),
            explore::Kind::Deadlock => (false, Kind::Deadlock),
            _ if rules.thread_exceptions => (false, Kind::Ended),
            explore::Kind::Assertion => (true, Kind::Assertion),
            explore::Kind::Exception => (true, Kind::Exception),
            explore::Kind::Spins => return Err(format!("nothing spins: {outcome:#?}")),
        };
        let joins = program.main.iter().any(|stmt| matches!(stmt, Stmt::Join(_)));
        let mut waits: Vec<(usize, For)> = outcome
            .waits
            .iter()
            .map(|wait| waited(wait, built).map(|waited| (wait.thread, waited)))
            .collect::<Result<_, _>>()?;
        waits.retain(|(thread, waited)| joins || *thread != 0 || !matches!(waited, For::End(_)));
        waits.sort();
        if failed && outcome.message.as_deref().is_none_or(str::is_empty) && kind == Kind::Exception {
            return Err(format!("no message: {outcome:#?}"));
        }
        let ending = Ending {
            kind,
            thread: outcome.thread.filter(|_| failed),
            line: outcome.line.filter(|_| failed),
            values: changed.iter().map(|name| ((*name).clone(), outcome.values[*name].to_string())).collect(),
            output: outcome.output.clone(),
            waits,
        };
        let this = Judged {
            schedules: outcome.schedules.clone().ok_or("no count")?,
            chance: outcome.chance.ok_or("no chance")?,
            shortest: (outcome.length, outcome.switches, outcome.shortest.clone()),
            switches_min: outcome.switches_min,
        };
        match all.remove(&ending) {
            // It tells apart what is not judged.
            Some(other) => {
                let schedules = add_up([other.schedules.as_str(), this.schedules.as_str()].into_iter());
                let chance = other.chance + this.chance;
                let shortest = other.shortest.min(this.shortest);
                let switches_min = other.switches_min.min(this.switches_min);
                all.insert(ending, Judged { schedules, chance, shortest, switches_min });
            }
            None => drop(all.insert(ending, this)),
        }
    }
    Ok(all)
}

/// What is waited for, from its words: `the end of thread 2`, or some words with the name of a global.
fn waited(wait: &Wait, built: &Built) -> Result<For, String> {
    if let Some((_, number)) = wait.what.split_once("end of thread ") {
        return number.parse().map(For::End).map_err(|_| format!("which thread? {wait:?}"));
    }
    let mut words = wait.what.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    match words.find(|word| built.globals.iter().any(|(name, _)| name == word)) {
        Some(name) => Ok(For::Object(name.into())),
        None => Err(format!("no global is named: {wait:?}")),
    }
}

/// Says where a shortest schedule, replayed, ends otherwise than told, or is not as long as told.
pub(crate) fn replay(program: &Program, options: &Options, outcome: &Outcome) -> Result<(), String> {
    let run = explore::step(program, options, &outcome.shortest)
        .map_err(|problem| format!("{} is refused: {problem}", outcome.shortest))?;
    let taken: Vec<&str> = outcome.shortest.split('.').filter(|step| !step.is_empty()).collect();
    if taken.len() != outcome.length || run.steps.len() != outcome.length {
        return Err(format!("{} replayed in {} steps, told: {}", outcome.shortest, run.steps.len(), outcome.length));
    }
    let Some(ending) = run.ending else { return Err(format!("{} is not complete", outcome.shortest)) };
    let what = |outcome: &Outcome| {
        let Outcome { kind, thread, line, message, values, output, waits, .. } = outcome.clone();
        (kind, thread, line, message, values, output, waits)
    };
    if what(&ending) != what(outcome) {
        return Err(format!("{} ends in {ending:#?}, told: {outcome:#?}", outcome.shortest));
    }
    match (&ending.schedules, ending.chance) {
        (None, None) => Ok(()),
        counted => Err(format!("one run counts nothing: {counted:?}")),
    }
}
