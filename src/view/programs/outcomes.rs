//! How a program can end: what was explored and what real threads did, side by side.
//!
//! ```text
//!                       explored            wild
//! ✓ balance=20     3  ██████      50 %   409  ██████████
//! ✕ balance=-60    3  ██████      50 %     3  ▏
//! ```
//!
//! The ending of a wild run is told in the explorer's words, so it is known for one of these; one that is none of them is
//! a fault of poolscope, and says so.

use super::{Explored, Mode, lane};
use crate::explore::{Grain, Kind, Memory, Outcome, Report, thread_name};
use crate::ledger::LaneLedger;
use crate::program::spelling::python;
use crate::stats::words;
use crate::view::hits::Target;
use crate::view::model::Model;
use crate::view::pen::{Pen, fit, width_of, wrap};
use crate::view::theme::Theme;
use crate::wire::{Ending, EndingCount, EndingKind, ProgramPlan, Verdict};
use num_bigint::BigUint;
use ratatui::style::Style;
use serde_json::Value as Json;

/// One way to end.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) struct Row {
    pub(in crate::view) verdict: Verdict,
    pub(in crate::view) kind: Kind,
    /// What it is in words.
    pub(in crate::view) label: String,
    /// How many schedules end so, as it is to be read.
    pub(in crate::view) schedules: String,
    /// What share of all that is; none where it cannot be said.
    pub(in crate::view) share: Option<f64>,
    pub(in crate::view) chance: Option<f64>,
    pub(in crate::view) shortest: String,
    pub(in crate::view) length: usize,
    pub(in crate::view) switches: usize,
    pub(in crate::view) switches_min: Option<usize>,
    /// The shortest schedule, told.
    pub(in crate::view) text: String,
    /// How many wild runs ended so.
    pub(in crate::view) wild: u64,
}

/// All ways to end.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) struct Table {
    pub(in crate::view) rows: Vec<Row>,
    /// How many schedules there are, as it is to be read.
    pub(in crate::view) schedules: String,
    /// How many of them must not be: `4 of 6 schedules fail`.
    pub(in crate::view) failing: String,
    pub(in crate::view) any_forbidden: bool,
    /// Whether every schedule was looked at.
    pub(in crate::view) complete: bool,
    /// Wild runs whose endings are known one by one.
    pub(in crate::view) wild: u64,
    /// Endings of wild runs that are none of these.
    pub(in crate::view) unlisted: Vec<(String, u64)>,
    /// Whether an unlisted ending is a fault: where all schedules were explored that real threads can take.
    pub(in crate::view) unlisted_is_fault: bool,
    /// Wild runs that did not end in time: nobody knows how they would have.
    pub(in crate::view) unended: u64,
}

impl Table {
    /// The ways in which a variant can end; none where they are not known.
    pub(in crate::view) fn of(model: &Model, variant: usize, mode: Mode) -> Option<Table> {
        let known = model.programs.variants.get(variant)?;
        let (program, report) = (known.program.as_ref()?, known.report(mode)?);
        let lane = lane(model, variant);
        let mut table = Table::new(program, report, lane);
        // Real threads take operations, and their writes are seen as the lane says.
        table.unlisted_is_fault = report.complete && mode.0 == Grain::Operation && mode.1 == known.memory();
        Some(table)
    }

    fn new(program: &ProgramPlan, report: &Report, lane: Option<&LaneLedger>) -> Table {
        let hidden = constants(&report.outcomes);
        let first = named(program);
        let mut rows: Vec<Row> = (report.outcomes.iter())
            .map(|outcome| Row {
                verdict: program.verdict(&outcome.ending()),
                kind: outcome.kind,
                label: label_with(&outcome.ending(), &hidden, &first),
                schedules: outcome.schedules.as_deref().map_or(words::NOT_AVAILABLE.to_string(), number),
                share: share(outcome.schedules.as_deref(), report.schedules.as_deref()),
                chance: outcome.chance,
                shortest: outcome.shortest.clone(),
                length: outcome.length,
                switches: outcome.switches,
                switches_min: outcome.switches_min,
                text: outcome.text.clone(),
                wild: 0,
            })
            .collect();
        let (mut wild, mut unended, mut unlisted) = (0u64, 0u64, Vec::new());
        let endings = lane.and_then(|lane| lane.runs.as_ref()).map_or(&[][..], |runs| runs.endings.as_slice());
        for EndingCount { ending, count, .. } in endings {
            if ending.kind == EndingKind::Unended {
                unended = unended.saturating_add(*count);
                continue;
            }
            wild = wild.saturating_add(*count);
            match report.outcomes.iter().position(|outcome| is_same(outcome, ending)) {
                Some(place) => rows[place].wild = rows[place].wild.saturating_add(*count),
                None => unlisted.push((label_of_ending(ending, Some(program)), *count)),
            }
        }
        let failing = failing(report, &rows);
        Table {
            any_forbidden: rows.iter().any(|row| row.verdict == Verdict::Forbidden),
            schedules: report.schedules.as_deref().map_or(words::NOT_AVAILABLE.to_string(), number),
            failing,
            complete: report.complete,
            rows,
            wild,
            unlisted,
            unlisted_is_fault: false,
            unended,
        }
    }

    /// The share of all schedules that must not be, where it can be said.
    pub(in crate::view) fn failing_share(&self) -> Option<f64> {
        let forbidden = self.rows.iter().filter(|row| row.verdict == Verdict::Forbidden);
        forbidden.map(|row| row.share).try_fold(0.0, |sum, share| Some(sum + share?))
    }
}

/// Whether a run ended as an outcome says: alike in all that the explorer tells.
fn is_same(outcome: &Outcome, ending: &Ending) -> bool {
    let explored = outcome.ending();
    let values = || explored.values.iter().all(|(name, value)| ending.values.get(name) == Some(value));
    if explored.kind != ending.kind {
        return false;
    }
    match explored.kind {
        EndingKind::Deadlock => {
            let sorted = |ending: &Ending| {
                let mut waits = ending.waits.clone();
                waits.sort();
                waits
            };
            sorted(&explored) == sorted(ending) && values()
        }
        EndingKind::Assertion | EndingKind::Exception | EndingKind::Spins => {
            (explored.thread, explored.line, &explored.message) == (ending.thread, ending.line, &ending.message)
        }
        EndingKind::Ended | EndingKind::Unended => values() && explored.output == ending.output,
    }
}

/// Values by name, as Python writes them, those of an object's attributes each for itself: `ann.cash`.
fn flat(ending: &Ending) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in &ending.values {
        match value {
            Json::Object(parts) if !parts.is_empty() && !is_one_text(parts) => {
                all.extend(parts.iter().map(|(part, value)| (format!("{name}.{part}"), short(value))));
            }
            value => match attributes(&python(value)) {
                Some(parts) => {
                    all.extend(parts.into_iter().map(|(part, value)| (format!("{name}.{part}"), value)));
                }
                None => all.push((name.clone(), short(value))),
            },
        }
    }
    all
}

fn is_one_text(parts: &serde_json::Map<String, Json>) -> bool {
    parts.len() == 1 && parts.get("repr").is_some_and(Json::is_string)
}

/// The attributes of an object that is written with them, where all are plain: `<__main__.Customer object cash=80>`.
fn attributes(text: &str) -> Option<Vec<(String, String)>> {
    let (_, told) = text.strip_prefix("<__main__.")?.strip_suffix('>')?.split_once(" object ")?;
    let is_plain = !told.contains(['[', '(', '{', '<', '\'', '"']);
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_string(), value.to_string()));
    if is_plain { told.split(", ").map(pair).collect() } else { None }
}

/// A value as Python writes it, without the module that all classes of a program are of.
fn short(value: &Json) -> String {
    python(value).replace("<__main__.", "<")
}

/// Values that are the same however it ends, where others differ: they tell nothing.
fn constants(outcomes: &[Outcome]) -> Vec<String> {
    let endings: Vec<Ending> = outcomes.iter().map(Outcome::ending).collect();
    let Some((first, rest)) = endings.split_first() else { return Vec::new() };
    let all: Vec<Vec<(String, String)>> = rest.iter().map(flat).collect();
    let first = flat(first);
    let same = |value: &&(String, String)| all.iter().all(|other| other.contains(value));
    let hidden: Vec<String> = first.iter().filter(same).map(|(name, _)| name.clone()).collect();
    if rest.is_empty() || hidden.len() == first.len() { Vec::new() } else { hidden }
}

/// What is said of right endings comes first in all of them.
fn named(program: &ProgramPlan) -> Vec<&str> {
    let patterns = program.acceptable.iter().chain(&program.interesting);
    patterns.flat_map(|pattern| &pattern.values).map(|(name, _)| name.as_str()).collect()
}

fn values(ending: &Ending, hidden: &[String], first: &[&str]) -> String {
    let mut shown = flat(ending);
    shown.retain(|(name, _)| !hidden.contains(name));
    shown.sort_by_key(|(name, _)| first.iter().position(|one| one == name).unwrap_or(usize::MAX));
    shown.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// An ending in a few words; what its program says of right endings comes first.
pub(in crate::view) fn label_of_ending(ending: &Ending, program: Option<&ProgramPlan>) -> String {
    label_with(ending, &[], &program.map(named).unwrap_or_default())
}

/// Endings of runs in a few words: values that its program says something of, where it does; otherwise those that are not
/// the same in all.
pub(in crate::view) fn labels_of_endings(endings: &[EndingCount], program: &ProgramPlan) -> Vec<String> {
    let first = named(program);
    let all: Vec<Vec<(String, String)>> = endings.iter().map(|one| flat(&one.ending)).collect();
    let is_hidden = |name: &str, value: &str| {
        if first.is_empty() {
            all.len() > 1 && all.iter().all(|other| other.iter().any(|one| one.0 == name && one.1 == value))
        } else {
            !first.iter().any(|one| *one == name || name.strip_prefix(one).is_some_and(|rest| rest.starts_with('.')))
        }
    };
    let label = |one: &EndingCount| {
        let values = flat(&one.ending);
        let hidden = values.iter().filter(|(name, value)| is_hidden(name, value)).map(|(name, _)| name.clone());
        label_with(&one.ending, &hidden.collect::<Vec<_>>(), &first)
    };
    endings.iter().map(label).collect()
}

fn label_with(ending: &Ending, hidden: &[String], first: &[&str]) -> String {
    let thread = || ending.thread.map_or(String::new(), |thread| thread_name(thread as usize));
    let line = ending.line.unwrap_or(0);
    let said = ending.message.as_deref().unwrap_or_default();
    let words = match ending.kind {
        EndingKind::Ended => {
            let mut parts = vec![values(ending, hidden, first)];
            if !ending.output.is_empty() {
                parts.push(format!("prints {}", ending.output.join(" ⏎ ")));
            }
            parts.retain(|part| !part.is_empty());
            if parts.is_empty() { "all threads end".to_string() } else { parts.join("  ") }
        }
        EndingKind::Deadlock => {
            // Who waits for a lock tells more than who waits for an end that cannot come.
            let is_end = |what: &str| what.starts_with("the end of");
            let mut waits: Vec<_> = ending.waits.iter().filter(|wait| !is_end(&wait.what)).collect();
            if waits.is_empty() {
                waits = ending.waits.iter().collect();
            }
            let waits =
                waits.iter().map(|wait| format!("{} waits for {}", thread_name(wait.thread as usize), wait.what));
            format!("deadlock: {}", waits.collect::<Vec<_>>().join(", "))
        }
        EndingKind::Assertion => format!("assert fails in {}, line {line} {said}", thread()),
        EndingKind::Exception => format!("{} fails, line {line}: {said}", thread()),
        EndingKind::Spins => format!("{} spins for ever, line {line}", thread()),
        EndingKind::Unended => "did not end in time".to_string(),
    };
    words::plain(words.trim_end())
}

/// How many schedules, as it is to be read.
pub(in crate::view) fn number(digits: &str) -> String {
    if digits == "inf" {
        return "∞".to_string();
    }
    match digits.parse::<u64>() {
        _ if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) => words::plain(digits),
        Ok(number) if digits.len() <= 12 => words::count(number),
        _ => {
            let (first, rest) = digits.split_at(digits.len().min(1));
            let second = rest.chars().next().unwrap_or('0');
            format!("{first}.{second}e{}", digits.len().saturating_sub(1))
        }
    }
}

/// A share of two counts, however large they are.
fn share(part: Option<&str>, whole: Option<&str>) -> Option<f64> {
    let (part, whole) = (part?, whole?);
    // Where a circle lies on the way there are endlessly many: nobody can say what share of those that is.
    if ![part, whole].iter().all(|digits| digits.bytes().all(|digit| digit.is_ascii_digit())) {
        return None;
    }
    // Fifteen digits are as many as a share can tell.
    let parse = |digits: &str| {
        let first = &digits[..digits.len().min(15)];
        Some((first.parse::<f64>().ok()?, (digits.len() - first.len()) as i32))
    };
    let ((part, part_power), (whole, whole_power)) = (parse(part)?, parse(whole)?);
    (whole > 0.0).then(|| part / whole * 10f64.powi(part_power - whole_power))
}

/// `4 of 6 schedules fail`.
fn failing(report: &Report, rows: &[Row]) -> String {
    if !report.complete {
        return "Not all schedules were looked at".to_string();
    }
    let outcomes = report.outcomes.iter().zip(rows).filter(|(_, row)| row.verdict == Verdict::Forbidden);
    let counts: Option<Vec<&str>> = outcomes.map(|(outcome, _)| outcome.schedules.as_deref()).collect();
    let whole = report.schedules.as_deref().map_or(words::NOT_AVAILABLE.to_string(), number);
    let sum: Option<BigUint> =
        counts.as_ref().and_then(|counts| counts.iter().map(|count| count.parse::<BigUint>().ok()).sum());
    let part = match sum {
        Some(sum) => number(&sum.to_string()),
        None if counts.is_some() => "∞".to_string(),
        None => words::NOT_AVAILABLE.to_string(),
    };
    match (part.as_str(), whole.as_str()) {
        ("1", "1") => "The only schedule fails".to_string(),
        ("0", "1") => "0 of 1 schedule fails".to_string(),
        _ => format!("{part} of {whole} schedules fail"),
    }
}

/// How a verdict is marked.
pub(in crate::view) fn mark(verdict: Verdict, theme: &Theme) -> (&'static str, Style) {
    match verdict {
        Verdict::Acceptable => ("✓", theme.tint(theme.good).patch(theme.strong())),
        Verdict::Interesting => ("!", theme.tint(theme.warn).patch(theme.strong())),
        Verdict::Forbidden => ("✕", theme.tint(theme.bad).patch(theme.strong())),
    }
}

pub(in crate::view) fn colour(verdict: Verdict, theme: &Theme) -> Style {
    theme.tint(match verdict {
        Verdict::Acceptable => theme.good,
        Verdict::Interesting => theme.warn,
        Verdict::Forbidden => theme.bad,
    })
}

/// What stands in place of the table while it is not known: lines, and how they are drawn.
pub(in crate::view) fn not_known(model: &Model, variant: usize, mode: Mode) -> Option<(Vec<String>, Style)> {
    let theme = &model.theme;
    match model.programs.variants.get(variant)?.explored(mode) {
        Some(Explored::Report(report)) if report.complete => None,
        Some(Explored::Report(report)) => {
            let states = words::count(report.states);
            let text = format!(
                "Stopped after {states} states: there was no room for more. Nothing is claimed about the rest; what is there can be stepped."
            );
            Some((vec![text], theme.tint(theme.warn)))
        }
        Some(Explored::Refused(why)) => Some((why.lines().map(str::to_string).collect(), theme.tint(theme.bad))),
        None => {
            let mut flights = model.programs.flights.iter();
            let flight = flights.find(|flight| flight.about == super::asking::About::All(variant, mode));
            let text = match flight {
                None => "Not explored yet.".to_string(),
                Some(flight) => {
                    let since = model.ledger.at_ns().saturating_sub(flight.since_ns);
                    let s = if since >= 1_000_000_000 {
                        format!(" for {} s", since / 1_000_000_000)
                    } else {
                        String::new()
                    };
                    let states = flight
                        .states
                        .map_or(String::new(), |states| format!(", {} states so far", words::count(states)));
                    format!("Exploring every schedule{s}{states} …")
                }
            };
            Some((vec![text], theme.label()))
        }
    }
}

/// Draws what stands in place of a table: lines of an error as they are, so that marks stay below what they mark.
pub(in crate::view) fn draw_lines(lines: &[String], style: Style, pen: &mut Pen<'_>) {
    let (width, height) = (usize::from(pen.width()), pen.height());
    let wrapped = lines.iter().flat_map(|line| {
        let line = words::plain(line);
        if usize::from(width_of(&line)) <= width || line.starts_with(' ') {
            vec![line]
        } else {
            wrap(&line, width.max(1))
        }
    });
    for (row, line) in (0..height).zip(wrapped) {
        pen.text(0, row, &line, style);
    }
}

/// The shortest way to an ending, step by step.
pub(in crate::view) fn draw_told(row: &Row, theme: &Theme, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let steps: Vec<&str> = row.text.split(" · ").filter(|step| !step.is_empty()).collect();
    let mut at = 0;
    for (place, step) in steps.iter().enumerate() {
        let is_end = place >= row.length;
        let lines = wrap(&words::plain(step), usize::from(width.saturating_sub(4)).max(1));
        if at + lines.len() as u16 > height || (at + 1 == height && place + 1 < steps.len()) {
            pen.text(
                4,
                at.min(height.saturating_sub(1)),
                &format!("… and {} more", steps.len() - place),
                theme.label(),
            );
            return;
        }
        for (part, line) in lines.iter().enumerate() {
            if part == 0 && !is_end {
                pen.text(0, at, &format!("{:>2}", place + 1), theme.label());
            }
            pen.text(4, at, line, if is_end { colour(row.verdict, theme) } else { theme.text() });
            at += 1;
        }
    }
}

/// The columns of a table at a width.
struct Columns {
    label: u16,
    count: u16,
    bar: u16,
    chance: bool,
    wild: bool,
    wild_count: u16,
    wild_bar: u16,
}

impl Columns {
    fn of(table: &Table, width: u16) -> Columns {
        let widest = |one: &dyn Fn(&Row) -> u16, least: u16| table.rows.iter().map(one).max().unwrap_or(0).max(least);
        let count = widest(&|row| width_of(&row.schedules), 1);
        let wild = table.wild > 0;
        let wild_count = widest(&|row| width_of(&words::count_short(row.wild)), 4);
        let label_wanted = widest(&|row| width_of(&row.label), 8).min(width / 2).max(8);
        // Mark, label, count, bar, share: what is left after those is for the chance and for what ran wild.
        let mut left = width.saturating_sub(3 + 8 + 2 + count + 2 + 7);
        let mut label = 8;
        let mut take = |wanted: u16| {
            let taken = wanted.min(left);
            left -= taken;
            taken
        };
        label += take(label_wanted - 8);
        let wild_count = if wild && take(wild_count + 2) == wild_count + 2 { wild_count } else { 0 };
        let bar = take(6);
        let wild_bar = if wild_count > 0 { take(6) } else { 0 };
        let chance = take(9) == 9;
        // What is left makes bars longer, and they end in time.
        let each = (left / if wild_count > 0 { 2 } else { 1 }).min(24);
        let (bar, wild_bar) = if wild_count > 0 { (bar + each, wild_bar + each) } else { (bar + each, 0) };
        Columns { label, count, bar, chance, wild: wild_count > 0, wild_count, wild_bar }
    }
}

/// Draws the table: a row of names where there is room for it, then a row for each ending; `marked` is the row to open.
pub(in crate::view) fn draw(table: &Table, marked: Option<usize>, theme: &Theme, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let columns = Columns::of(table, width);
    let count_from = 3 + columns.label + 2;
    let bar_from = count_from + columns.count + 2;
    let share_from = bar_from + columns.bar + u16::from(columns.bar > 0);
    let chance_from = share_from + 7;
    let wild_from = chance_from + if columns.chance { 9 } else { 0 };
    let extra = table.unlisted.len() + usize::from(table.unended > 0);
    let has_head = usize::from(height) > table.rows.len() + extra;
    let mut row = 0;
    if has_head {
        pen.text(count_from, 0, "explored", theme.label());
        if columns.chance {
            pen.text(chance_from, 0, "chance", theme.label());
        }
        if columns.wild {
            pen.text(wild_from, 0, "wild", theme.label());
        }
        row = 1;
    }
    let room = usize::from(height.saturating_sub(row)).saturating_sub(extra).max(1);
    let first = marked.map_or(0, |marked| (marked + 1).saturating_sub(room)).min(table.rows.len().saturating_sub(room));
    for (place, one) in table.rows.iter().enumerate().skip(first).take(room) {
        let mut line = pen.part(0, row, width, 1);
        line.hit(Target::Outcome(place));
        let is_marked = marked == Some(place);
        let (sign, style) = mark(one.verdict, theme);
        line.text(1, 0, sign, style);
        let label_style =
            if is_marked { theme.strong().add_modifier(ratatui::style::Modifier::UNDERLINED) } else { theme.text() };
        line.text(3, 0, &fit(&one.label, usize::from(columns.label)), label_style);
        if is_marked {
            line.text(0, 0, "▸", theme.tint(theme.warn).patch(theme.strong()));
        }
        let number = width_of(&one.schedules);
        line.text(count_from + columns.count.saturating_sub(number), 0, &one.schedules, theme.strong());
        let tint = colour(one.verdict, theme);
        if let Some(share) = one.share {
            line.bar(bar_from, 0, columns.bar, share, tint, theme.label());
            line.text(share_from, 0, &words::percent(share), theme.text());
        }
        if columns.chance {
            let text = one.chance.map_or(words::NOT_AVAILABLE.to_string(), words::percent);
            line.text(chance_from, 0, &text, theme.label());
        }
        if columns.wild {
            let text = words::count_short(one.wild);
            let from = wild_from + columns.wild_count.saturating_sub(width_of(&text));
            line.text(from, 0, &text, if one.wild > 0 { theme.strong() } else { theme.label() });
            let share = one.wild as f64 / table.wild.max(1) as f64;
            draw_thin_bar(&mut line, (wild_from + columns.wild_count + 1, columns.wild_bar), share, tint, theme);
        }
        row += 1;
    }
    for (text, count) in &table.unlisted {
        let said = if table.unlisted_is_fault {
            format!("seen wild {} times, and not listed: a bug of poolscope: {text}", words::count(*count))
        } else {
            format!("only in the wild ({} times): {text}", words::count(*count))
        };
        let style =
            if table.unlisted_is_fault { theme.tint(theme.bad).patch(theme.alarm()) } else { theme.tint(theme.warn) };
        pen.text(0, row, &said, style);
        row += 1;
    }
    if table.unended > 0 {
        pen.text(0, row, &format!("{} runs did not end in time", words::count(table.unended)), theme.tint(theme.warn));
    }
}

/// A bar on which what is more than nothing can be seen.
fn draw_thin_bar(pen: &mut Pen<'_>, (from, length): (u16, u16), share: f64, style: Style, theme: &Theme) {
    let least = if share > 0.0 && length > 0 { 0.13 / f64::from(length) } else { 0.0 };
    pen.bar(from, 0, length, share.max(least), style, theme.label());
}

/// Under a grain: what is known, and whether it is the one that is looked at.
pub(in crate::view) type Cell = (Grain, String, bool);

/// The same numbers under every grain and memory model: what is known of them.
pub(in crate::view) fn matrix(model: &Model, variant: usize) -> Vec<(Memory, Vec<Cell>)> {
    let now = model.programs.mode(variant);
    let cell = |mode: Mode| {
        let text = match model.programs.variants.get(variant).and_then(|variant| variant.explored(mode)) {
            Some(Explored::Report(report)) if !report.complete => "too many to count".to_string(),
            Some(Explored::Report(_)) => Table::of(model, variant, mode).map_or(String::new(), |table| {
                let share = table.failing_share().filter(|share| *share > 0.0);
                let share = share.map_or(String::new(), |share| format!(" ({})", words::percent(share)));
                format!(
                    "{}{share}",
                    table.failing.replace(" schedules fail", " fail").replace(" schedule fails", " fails")
                )
            }),
            Some(Explored::Refused(_)) => words::NOT_AVAILABLE.to_string(),
            None => words::NOT_YET.to_string(),
        };
        (mode.0, text, mode == now)
    };
    let grains = [Grain::Operation, Grain::Statement];
    [Memory::Sc, Memory::Tso].map(|memory| (memory, grains.map(|grain| cell((grain, memory))).to_vec())).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_any_size_are_read_and_shared() {
        assert_eq!((number("6"), number("1296"), number("inf")), ("6".into(), "1,296".into(), "∞".into()));
        assert_eq!(number("12345678901234567890"), "1.2e19");
        assert!((share(Some("4"), Some("6")).expect("a share") - 4.0 / 6.0).abs() < 1e-12);
        let huge = format!("1{}", "0".repeat(400));
        let half = format!("5{}", "0".repeat(399));
        assert!((share(Some(&half), Some(&huge)).expect("a share") - 0.5).abs() < 1e-12);
        assert_eq!((share(Some("1"), Some("inf")), share(None, Some("6"))), (None, None));
    }

    #[test]
    fn attributes_are_told_each_for_itself_where_all_are_plain() {
        let told = |text: &str| {
            attributes(text).map(|all| all.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>())
        };
        assert_eq!(
            told("<__main__.Customer object cash=80, owes=None>"),
            Some(vec!["cash:80".into(), "owes:None".into()])
        );
        for text in
            ["<__main__.Node object next=<__main__.Node object>>", "<__main__.Log object lines=[1, 2]>", "80", "(1,)"]
        {
            assert_eq!(told(text), None, "{text}");
        }
        assert_eq!(told("<__main__.Word object text='a, b=c'>"), None, "what looks like another attribute is none");
    }
}
