//! What exploring a program came to, for people.
//!
//! ```text
//!  lost-update.py: 6 schedules, 2 endings, none of them fails
//!
//!     1  counter = 0
//!  !  5      counter += 1
//!
//!  ended counter=2  ██████        2  50.0 %  1.1.2.2
//!  ended counter=1  ██████        4  50.0 %  1.2.2.1
//! ```

use super::clean;
use crate::explore::{FindingKind, Kind, Outcome, Report, Run, Step, Wait, thread_name};
use crate::program::Program;
use crate::program::spelling::python;
use std::collections::BTreeSet;
use std::fmt::Write;

/// How wide the longest bar is.
const BAR: usize = 12;

/// How wide a line of words may be.
const COLUMNS: usize = 80;

/// How wide an ending may be told.
const ENDING_MAX: usize = 36;

/// A report for people: the program with marks, its endings, the shortest that goes wrong, and what else was found.
pub fn explored(program: &Program, report: &Report) -> String {
    let mut out = String::new();
    let name = clean(&report.program);
    if !report.complete {
        let _ = writeln!(
            out,
            "{name}: not complete: {} states seen. A limit was met, so nothing is claimed.",
            report.states
        );
        return out;
    }
    let bad = report.outcomes.iter().filter(|outcome| outcome.kind != Kind::Ended).count();
    let schedules = match report.schedules.as_deref() {
        None => "not counted, every way to end looked for".to_string(),
        Some("inf") => "infinitely many schedules: it can go round for ever".to_string(),
        Some("1") => "1 schedule".to_string(),
        Some(count) => format!("{} schedules", grouped(count)),
    };
    let endings = match report.outcomes.len() {
        0 => "no ending".to_string(),
        1 => "one ending".to_string(),
        several => format!("{several} endings"),
    };
    let failing = match bad {
        0 if report.outcomes.is_empty() => "it goes round for ever".to_string(),
        0 if report.outcomes.iter().any(|outcome| !outcome.died.is_empty()) => {
            "none of them fails, but threads die".to_string()
        }
        0 => "none of them fails".to_string(),
        1 => "one of them fails".to_string(),
        several => format!("{several} of them fail"),
    };
    let _ = writeln!(out, "{name}: {schedules}, {endings}, {failing}");
    source(&mut out, program, report);
    table(&mut out, &report.outcomes.iter().map(row).collect::<Vec<_>>(), &[2, 3]);
    let failure = report.outcomes.iter().find(|outcome| outcome.kind != Kind::Ended);
    let lost = || report.outcomes.iter().find(|outcome| outcome.text.contains("overwrote"));
    if let Some(outcome) = failure.or_else(lost) {
        let way = if report.schedules.is_some() { "The shortest way" } else { "A way" };
        let _ = writeln!(out);
        wrapped(&mut out, "", &format!("{way} to {} ({}):", clean(&ending(outcome)), outcome.shortest));
        for part in outcome.text.split(" · ") {
            wrapped(&mut out, "  ", &clean(part));
        }
    }
    // Each once, whether it always comes about or not.
    let died = report.outcomes.iter().flat_map(|outcome| &outcome.died);
    let died: BTreeSet<_> = died.map(|death| (death.thread, death.line, death.message.as_str())).collect();
    if !report.findings.is_empty() || !died.is_empty() {
        let _ = writeln!(out);
    }
    for (thread, line, message) in died {
        wrapped(&mut out, "", &clean(&format!("uncaught: {} dies at line {line}: {message}", thread_name(thread))));
    }
    for finding in &report.findings {
        wrapped(&mut out, "", &clean(&format!("{}: {}", kind_word(finding.kind), finding.text)));
    }
    let _ = writeln!(out, "\n{} states, {} steps, {:.3} s", report.states, report.steps, report.elapsed_s);
    out
}

/// A sentence, broken between words where it is wider than a terminal: what follows stands further in.
fn wrapped(out: &mut String, indent: &str, text: &str) {
    let mut line = indent.to_string();
    let mut is_first = true;
    for word in text.split(' ') {
        if !is_first && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            let _ = writeln!(out, "{line}");
            line = format!("{indent}    {word}");
        } else {
            line.push_str(if is_first { "" } else { " " });
            line.push_str(word);
        }
        is_first = false;
    }
    let _ = writeln!(out, "{line}");
}

/// The program, its lines that something was found on marked.
fn source(out: &mut String, program: &Program, report: &Report) {
    let marked: BTreeSet<u32> = report
        .findings
        .iter()
        .flat_map(|finding| finding.lines.iter().copied())
        .chain(report.outcomes.iter().filter_map(|outcome| outcome.line))
        .chain(report.outcomes.iter().flat_map(|outcome| &outcome.died).map(|death| death.line))
        .collect();
    let _ = writeln!(out);
    for (index, line) in program.source.lines().enumerate() {
        let number = index as u32 + 1;
        let mark = if marked.contains(&number) { '!' } else { ' ' };
        let line: String = line.replace('\t', "    ");
        let _ = writeln!(out, "{}", format!("{mark} {number:>3}  {}", clean(&line)).trim_end());
    }
    let _ = writeln!(out);
}

/// What a line tells of an ending: what it is, how likely, how many schedules, the share of them, the shortest.
fn row(outcome: &Outcome) -> Vec<String> {
    let told: String = clean(&ending(outcome));
    let told = match told.chars().count() {
        0..=ENDING_MAX => told,
        _ => told.chars().take(ENDING_MAX - 1).chain(['…']).collect(),
    };
    let chance = outcome.chance.unwrap_or(0.0);
    let eighths = (chance * (BAR * 8) as f64).round() as usize;
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    let bar = format!("{}{part}", "█".repeat(eighths / 8));
    let count = match outcome.schedules.as_deref() {
        None => String::new(),
        Some("inf") => "∞".to_string(),
        Some(count) => grouped(count),
    };
    let share = match outcome.chance {
        Some(chance) => format!("{:.1} %", chance * 100.0),
        None => String::new(),
    };
    vec![told, format!("{bar:<BAR$}"), count, share, outcome.shortest.clone()]
}

/// Rows of cells, each column as wide as its widest cell; those in `right` have theirs at the right.
fn table(out: &mut String, rows: &[Vec<String>], right: &[usize]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match right.contains(&column) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        let _ = writeln!(out, "{}", cells.collect::<Vec<String>>().join("  ").trim_end());
    }
}

/// An ending in a few words.
fn ending(outcome: &Outcome) -> String {
    let values: Vec<String> = outcome.values.iter().map(|(name, value)| format!("{name}={}", python(value))).collect();
    let values = values.join(" ");
    let died = |always: bool| -> Vec<String> {
        let threads: BTreeSet<usize> =
            outcome.died.iter().filter(|death| death.always == always).map(|death| death.thread).collect();
        threads.into_iter().map(thread_name).collect()
    };
    let died = match (died(true).join(" and "), died(false).join(" or ")) {
        (always, some) if always.is_empty() && some.is_empty() => String::new(),
        (always, some) if some.is_empty() => format!(", {always} died"),
        (always, some) if always.is_empty() => format!(", {some} may die"),
        (always, some) => format!(", {always} died, {some} may die"),
    };
    let printed = match outcome.output.is_empty() {
        true => String::new(),
        false => format!(" printed {}", outcome.output.join(" / ")),
    };
    match outcome.kind {
        Kind::Ended => format!("{}{died}", format!("ended {values}{printed}").trim_end()),
        Kind::Deadlock => {
            // Who waits for the end of another says nothing new, where that other waits too.
            let of_its_own = |wait: &&Wait| !wait.what.starts_with("the end of ");
            let some = outcome.waits.iter().any(|wait| of_its_own(&wait));
            let told = outcome.waits.iter().filter(|wait| !some || of_its_own(wait));
            let wait = |wait: &Wait| format!("{} waits for {}", thread_name(wait.thread), wait.what);
            format!("deadlock: {}{died}", told.map(wait).collect::<Vec<_>>().join(", "))
        }
        Kind::Assertion | Kind::Exception => {
            let who = outcome.thread.map(thread_name).unwrap_or_default();
            format!("{} ({who}, line {})", outcome.message.as_deref().unwrap_or("failed"), outcome.line.unwrap_or(0))
        }
        Kind::Spins => format!("spins for ever at line {}", outcome.line.unwrap_or(0)),
    }
}

fn kind_word(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::DataRace => "data race",
        FindingKind::Livelock => "livelock",
        FindingKind::Starvation => "starvation",
        FindingKind::LockNotReleased => "lock never released",
        FindingKind::LostWakeup => "lost wake-up",
        FindingKind::PotentialDeadlock => "potential deadlock",
    }
}

/// A whole number in groups of three digits.
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A replayed schedule for people: a line for each step, then how it ended or who can go on.
pub fn replayed(program: &Program, run: &Run) -> String {
    let mut out = String::new();
    let row = |(index, step): (usize, &Step)| {
        let values: Vec<String> = step.values.iter().map(|(name, value)| format!("{name}={}", python(value))).collect();
        let source = program.source.lines().nth(step.line.saturating_sub(1) as usize).unwrap_or("").trim();
        let told = format!("{} {}", step.name, step.text);
        let cells =
            [(index + 1).to_string(), step.turn.clone(), told, format!("{}: {source}", step.line), values.join(" ")];
        cells.map(|cell| clean(&cell)).to_vec()
    };
    table(&mut out, &run.steps.iter().enumerate().map(row).collect::<Vec<_>>(), &[0]);
    match &run.ending {
        Some(outcome) => {
            let _ = writeln!(out, "\n{}", clean(&ending(outcome)));
        }
        None => {
            let _ = writeln!(out, "\nNot at an end:");
            for next in &run.next {
                let what = match (&next.waits, next.choices) {
                    (Some(wait), _) => format!("waits for {}", wait.what),
                    (None, 0) => "cannot go on".to_string(),
                    (None, 1) => "can go on".to_string(),
                    (None, several) => {
                        format!("can go on in {several} ways: {}:0 to {}:{}", next.thread, next.thread, several - 1)
                    }
                };
                let _ = writeln!(out, "  {} ({}), at line {}, {}", next.thread, next.name, next.line, clean(&what));
            }
        }
    }
    out
}
