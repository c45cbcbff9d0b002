//! EXPLORE: every schedule. The endings are a menu: Enter opens the shortest way to one in STEP.
//!
//! ```text
//! ─ how it can end ───────────── 4 of 6 schedules fail ─  ─ lost-update.py ─────────────
//! ▸✕ counter=1     4  ██████    67 %   wild 3  ▏            9      counter += 1
//!  ✓ counter=2     2  ███       33 %     409   ██████
//! ─ the same by other steps ───────────────────────────  ─ findings ───────────────────
//!            operations        statements                  ! data race: A and B …
//!  sc        4 of 6 fail       0 of 2 fail
//!  tso       …
//! ```

use super::code::{self, Marks};
use super::outcomes::{self, Table};
use super::{Mode, Variant, focused, question};
use crate::explore::{Finding, FindingKind, Grain, Memory, Position};
use crate::stats::words;
use crate::view::hits::Target;
use crate::view::model::Model;
use crate::view::pen::{Pen, fit, width_of, wrap};
use crate::view::theme::Theme;
use ratatui::style::Style;

const TWO_COLUMNS: u16 = 96;
const BOXED_FROM: (u16, u16) = (100, 26);

pub(in crate::view) fn draw(model: &Model, pen: &mut Pen<'_>) -> Vec<&'static str> {
    let Some((index, variant)) = focused(model) else { return Vec::new() };
    let mode = model.programs.mode(index);
    let theme = &model.theme;
    let (width, height) = (pen.width(), pen.height());
    let boxed = width >= BOXED_FROM.0 && height >= BOXED_FROM.1;
    let edges = if boxed { 2 } else { 1 };
    let table = Table::of(model, index, mode);
    let mut hidden = Vec::new();
    let mut left = height;

    let inside = width.saturating_sub(if boxed { 4 } else { 0 });
    let asked = question::lines(model, inside);
    let mut question_rows = 0;
    if !asked.is_empty() && left >= 17 {
        question_rows = (asked.len() as u16).min((left / 7).max(1)) + edges;
        left -= question_rows;
    } else if !asked.is_empty() {
        hidden.push("question");
    }
    let two = width >= TWO_COLUMNS;
    let left_width = if two { (u32::from(width) * 54 / 100) as u16 } else { width };
    let findings = variant.report(mode).map_or(&[][..], |report| report.findings.as_slice());

    // The left column: endings, how the marked one comes about, the other grains and models.
    let matrix_rows = if left >= 12 { 3 + edges } else { 0 };
    if matrix_rows == 0 {
        hidden.push("other grains");
    }
    let findings_room = if two { 0 } else { (left / 4).min(findings.len() as u16 * 2 + edges) };
    let room = left.saturating_sub(matrix_rows + findings_room);
    let wanted = table.as_ref().map_or(3, |table| (table.rows.len() + table.unlisted.len()) as u16 + 2) + edges;
    let mut table_rows = wanted.min(room).max(room.min(edges + 1));
    let mut told_rows = room - table_rows;
    if told_rows < edges + 3 {
        (table_rows, told_rows) = (room, 0);
    }
    {
        let mut part = pen.part(0, 0, left_width, table_rows);
        let right = table.as_ref().map_or(String::new(), headline);
        let mut inside = part.panel(&[("how it can end", theme.strong())], &right, theme.label(), boxed);
        draw_table(model, (index, variant, mode), table.as_ref(), &mut inside);
    }
    if told_rows > edges {
        let mut part = pen.part(0, table_rows, left_width, told_rows);
        draw_told(model, variant, table.as_ref(), boxed, &mut part);
    }
    if matrix_rows > 0 {
        let mut part = pen.part(0, table_rows + told_rows, left_width, matrix_rows);
        draw_matrix(model, index, boxed, &mut part);
    }
    // The right column, or what is below: the findings and the source with their lines.
    let marks = marks(variant, table.as_ref(), findings);
    if two {
        let (from, right_width) = (left_width + u16::from(!boxed), width - left_width - u16::from(!boxed));
        let inside = right_width.saturating_sub(if boxed { 4 } else { 0 });
        let lines = finding_lines(findings, usize::from(inside), theme);
        let rows = (lines.len() as u16).max(1).min(left / 2) + edges;
        let source_rows = left.saturating_sub(rows);
        draw_source(model, variant, &marks, boxed, &mut pen.part(from, 0, right_width, source_rows));
        let mut part = pen.part(from, source_rows, right_width, left - source_rows);
        draw_findings(model, (index, variant, mode), table.as_ref(), boxed, &mut part);
    } else if findings_room > 0 {
        let from = table_rows + told_rows + matrix_rows;
        let mut part = pen.part(0, from, width, left.saturating_sub(from));
        draw_findings(model, (index, variant, mode), table.as_ref(), boxed, &mut part);
        hidden.push("source");
    } else {
        hidden.extend(["source", "findings"]);
    }
    if question_rows > 0 {
        let mut part = pen.part(0, left, width, question_rows);
        let title = if model.guess.is_some() { "your guess, and the fact" } else { "question" };
        let mut inside = part.panel(&[(title, theme.strong())], "", theme.label(), boxed);
        let rows = usize::from(inside.height());
        let skipped = asked.len().saturating_sub(rows);
        for (row, (line, style)) in (0..).zip(asked.iter().skip(skipped)) {
            inside.text(0, row, line, *style);
        }
    }
    hidden
}

/// `4 of 6 schedules fail (67 %) · wild 412 runs`.
fn headline(table: &Table) -> String {
    let share = table.failing_share().filter(|share| *share > 0.0);
    let share = share.map_or(String::new(), |share| format!(" ({})", words::percent(share)));
    let wild = if table.wild > 0 { format!(" · wild {} runs", words::count_short(table.wild)) } else { String::new() };
    format!("{}{share}{wild}", table.failing.to_lowercase())
}

fn draw_table(
    model: &Model,
    (index, variant, mode): (usize, &Variant, Mode),
    table: Option<&Table>,
    pen: &mut Pen<'_>,
) {
    let height = pen.height();
    if let Some((lines, style)) = outcomes::not_known(model, index, mode) {
        outcomes::draw_lines(&lines, style, pen);
        return;
    }
    let Some(table) = table else { return };
    let marked = Some(variant.marked).filter(|marked| *marked < table.rows.len());
    outcomes::draw(table, marked, &model.theme, pen);
    // Where nothing ran wild there is nothing to compare with, and a reason.
    let used = (table.rows.len() + table.unlisted.len()) as u16 + 1 + u16::from(table.unended > 0);
    if table.wild == 0 && height > used {
        let runs = super::lane(model, index).and_then(|lane| lane.runs.as_ref());
        let why = match runs.and_then(|runs| runs.unavailable.as_deref()) {
            Some(why) => format!("wild: {}: {why}", words::NOT_AVAILABLE),
            None => "wild: no run has ended yet".to_string(),
        };
        pen.text(0, used, &why, model.theme.label());
    }
}

/// The shortest way to what is marked, step by step.
fn draw_told(model: &Model, variant: &Variant, table: Option<&Table>, boxed: bool, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let row = table.and_then(|table| table.rows.get(variant.marked));
    let right = row.map_or(String::new(), |row| {
        format!("{} · {}", words::plural(row.length, "step"), super::challenges::switches_of(row.switches))
    });
    let mut inside = pen.panel(&[("the shortest way to it", theme.strong())], &right, theme.label(), boxed);
    let (width, height) = (inside.width(), inside.height());
    let Some(row) = row else {
        let key = model.key_of("open");
        inside.text(0, 0, &format!("{key} shows the lines of the marked finding, one after the other."), theme.label());
        return;
    };
    let open = model.key_of("open");
    let last = height.saturating_sub(1);
    outcomes::draw_told(row, theme, &mut inside.part(0, 0, width, last));
    if height > 1 {
        let key = theme.tint(theme.warn).patch(theme.strong());
        let mut line = inside.part(0, last, width, 1);
        line.hit(Target::Command("open"));
        let end = line.text(0, 0, &open, key);
        let end = line.text(end + 1, 0, "opens it in STEP", theme.label());
        let room = usize::from(width.saturating_sub(end + 3));
        line.text(end + 2, 0, &fit(&row.shortest, room), theme.label());
    }
}

/// The numbers by other steps and models, side by side.
fn draw_matrix(model: &Model, index: usize, boxed: bool, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let keys = format!("{} grain · {} memory", model.key_of("grain"), model.key_of("memory"));
    let mut inside = pen.panel(&[("by other steps and memories", theme.strong())], &keys, theme.label(), boxed);
    let width = inside.width();
    let column = |place: u16| 7 + place * (width.saturating_sub(7) / 2);
    for (place, grain) in (0..).zip(["operations", "statements"]) {
        inside.text(column(place), 0, grain, theme.label());
    }
    for (row, (memory, cells)) in (1..).zip(outcomes::matrix(model, index)) {
        let name = match memory {
            Memory::Sc => "sc",
            Memory::Tso => "tso",
        };
        inside.text(0, row, name, theme.label());
        for (place, (grain, text, is_shown)) in (0..).zip(cells) {
            debug_assert!(place == u16::from(grain == Grain::Statement));
            let style = if is_shown { theme.strong() } else { theme.text() };
            let mark = if is_shown { "▸" } else { " " };
            let end = inside.text(column(place).saturating_sub(1), row, mark, theme.tint(theme.warn));
            inside.text(end, row, &fit(&text, usize::from(width.saturating_sub(7) / 2).saturating_sub(1)), style);
        }
    }
}

/// How a finding is marked: what could happen is not what did.
fn sign(kind: FindingKind, theme: &Theme) -> (&'static str, Style) {
    match kind {
        FindingKind::PotentialDeadlock => ("○", theme.tint(theme.warn).patch(theme.strong())),
        FindingKind::DataRace | FindingKind::LockNotReleased => ("!", theme.tint(theme.warn).patch(theme.strong())),
        FindingKind::Livelock | FindingKind::Starvation | FindingKind::LostWakeup => {
            ("✕", theme.tint(theme.bad).patch(theme.strong()))
        }
    }
}

fn finding_text(finding: &Finding) -> String {
    let text = finding.text.as_str();
    let name = match finding.kind {
        FindingKind::DataRace => "data race",
        FindingKind::Livelock => "livelock",
        FindingKind::Starvation => "starvation",
        FindingKind::LockNotReleased => "lock not given back",
        FindingKind::LostWakeup => "lost wake-up",
        FindingKind::PotentialDeadlock => "potential deadlock, which did not close in this program",
    };
    format!("{name}: {text}")
}

/// Which finding it is of, the finding's sign where it is its first line, and the text.
type FindingLine = (usize, Option<(&'static str, Style)>, String);

fn finding_lines(findings: &[Finding], width: usize, theme: &Theme) -> Vec<FindingLine> {
    let mut lines = Vec::new();
    for (place, finding) in findings.iter().enumerate() {
        let text = words::plain(&finding_text(finding));
        for (part, line) in wrap(&text, width.saturating_sub(3).max(1)).into_iter().enumerate() {
            lines.push((place, (part == 0).then(|| sign(finding.kind, theme)), line));
        }
    }
    lines
}

fn draw_findings(
    model: &Model,
    (_, variant, mode): (usize, &Variant, Mode),
    table: Option<&Table>,
    boxed: bool,
    pen: &mut Pen<'_>,
) {
    let theme = &model.theme;
    let findings = variant.report(mode).map_or(&[][..], |report| report.findings.as_slice());
    let mut inside = pen.panel(&[("findings", theme.strong())], "", theme.label(), boxed);
    let (width, height) = (inside.width(), usize::from(inside.height()));
    let outcomes = table.map_or(0, |table| table.rows.len());
    let lines = finding_lines(findings, usize::from(width), theme);
    if lines.is_empty() {
        let text = if variant.report(mode).is_some() { "Nothing else to tell." } else { words::NOT_YET };
        inside.text(0, 0, text, theme.label());
        return;
    }
    let marked = variant.marked.checked_sub(outcomes);
    let first = marked.and_then(|marked| lines.iter().position(|line| line.0 == marked)).unwrap_or(0);
    let first = first.min(lines.len().saturating_sub(height));
    for (row, (place, sign, line)) in (0..).zip(lines.iter().skip(first).take(height)) {
        let mut part = inside.part(0, row, width, 1);
        part.hit(Target::Outcome(outcomes + place));
        if let Some((sign, style)) = sign {
            part.text(1, 0, sign, *style);
            if marked == Some(*place) {
                part.text(0, 0, "▸", theme.tint(theme.warn).patch(theme.strong()));
            }
        }
        let style = if marked == Some(*place) { theme.strong() } else { theme.text() };
        part.text(3, 0, line, style);
    }
}

fn marks(variant: &Variant, table: Option<&Table>, findings: &[Finding]) -> Marks {
    let outcomes = table.map_or(0, |table| table.rows.len());
    let marked = variant.marked.checked_sub(outcomes).and_then(|place| findings.get(place));
    let told = match marked {
        Some(finding) => finding.lines.clone(),
        None => findings.iter().flat_map(|finding| finding.lines.iter().copied()).collect(),
    };
    Marks { wanted: variant.line, told, stepped: None }
}

fn draw_source(model: &Model, variant: &Variant, marks: &Marks, boxed: bool, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let Some(program) = &variant.program else { return };
    let title = fit(&words::plain(&program.program), usize::from(pen.width() / 2));
    let right = if marks.told.is_empty() { "" } else { "! lines that findings are about" };
    let right = if width_of(&title) + width_of(right) + 12 > pen.width() { "" } else { right };
    let mut inside = pen.panel(&[(&title, theme.strong())], right, theme.label(), boxed);
    code::draw(&program.text, None::<&Position>, marks, theme, &mut inside);
}
