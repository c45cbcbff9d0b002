//! The screen of a sweep: the curve as it grows point by point, the laws that it follows, and how many workers to have.
//!
//! ```text
//! poolscope  sweep of How many workers?      12 of 25 measured, about 00:31 left (estimate)   00:29
//! ─ lane 1 (threads): tasks/s by workers ─────────── ─ time by tasks/s ──────────
//! 2,000 ┤   · linear        ═══●═══                  │          16
//!       │ ·      ●╌╌╌╌╌╌╌╌                           │      8
//!       └─1──2───4────────8────────── 16             └─ 1 ── 2 ─────────
//! workers  tasks/s  …                                                a row for each size
//! Amdahl …                                                           laws, or why they do not hold
//! ▸ 4 workers: 8 add 1 % (95 % interval −1 to 3), and p99 wait doubles
//! ```
//!
//! Where there is little room, the table gives way first, then the laws, then the picture; the advice stays.

mod chart;
pub(in crate::view) mod keys;
mod latency;
mod table;

use super::model::Model;
use super::panels::lines;
use super::pen::{Pen, width_of, wrap};
use crate::ledger::{CurveLedger, SweepLedger};
use crate::stats::words;

/// What is looked at in a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Sweeping {
    /// The curve, counted from 0.
    curve: usize,
    /// The marked point, counted from 0; the advised one where nobody has marked any.
    marked: Option<usize>,
}

/// From so many columns on the two pictures stand side by side.
const BESIDE_FROM: u16 = 76;

/// A picture with fewer rows says nothing, and with fewer than it should have it says little.
const PICTURE_ROWS_MIN: u16 = 6;
const PICTURE_ROWS: u16 = 10;

/// What the screen shows of a sweep.
struct Shown<'a> {
    sweep: &'a SweepLedger,
    curve: &'a CurveLedger,
    /// The curve's place.
    index: usize,
    /// The marked point's place.
    marked: usize,
}

/// The sweep that the screen shows, if it shows one that has a curve.
fn shown(model: &Model) -> Option<Shown<'_>> {
    let sweep = model.shown().sweep()?;
    let index = model.sweeping.curve.min(sweep.curves.len().saturating_sub(1));
    let curve = sweep.curves.get(index)?;
    let advised = || {
        let size = curve.judged.advice.as_ref()?.size;
        curve.points.iter().position(|point| point.workers == size)
    };
    let marked = model.sweeping.marked.or_else(advised).unwrap_or(0).min(curve.points.len().saturating_sub(1));
    Some(Shown { sweep, curve, index, marked })
}

/// Whether the screen is that of a sweep.
pub(in crate::view) fn is_shown(model: &Model) -> bool {
    model.shown().sweep().is_some()
}

/// ` poolscope  sweep of How many workers?   12 of 25 measured, about 00:31 left (estimate)   00:29 `
pub(in crate::view) fn draw_header(model: &Model, pen: &mut Pen<'_>) {
    let (theme, width) = (&model.theme, pen.width());
    let Some(sweep) = model.shown().sweep() else { return };
    let alarms = lines::alarms(model, true);
    let alarms_width = alarms.iter().map(|(text, _)| width_of(text)).sum::<u16>() + 1;
    let mut column = width.saturating_sub(alarms_width);
    for (text, style) in &alarms {
        column = pen.text(column, 0, text, *style);
    }
    let all = sweep.planned();
    let left = sweep.left_ns().filter(|_| !sweep.is_complete());
    let texts = match left {
        Some(left_ns) => {
            let left = words::elapsed(left_ns);
            vec![
                format!("{} of {all} measured, about {left} left (estimate)", sweep.ended),
                format!("{}/{all}, ~{left} left", sweep.ended),
                format!("{}/{all}", sweep.ended),
            ]
        }
        None => vec![format!("{} of {all} measured", sweep.ended), format!("{}/{all}", sweep.ended)],
    };
    let room = width.saturating_sub(alarms_width);
    let mut part = pen.part(0, 0, room, 1);
    let column = part.text(1, 0, "poolscope", theme.tint(theme.accent).patch(theme.strong()));
    let title = format!("sweep of {}", sweep.plan.plan.title);
    let fits = |text: &&String| column + width_of(&title).min(24) + width_of(text) + 5 <= room;
    let progress = texts.iter().find(fits).or(texts.last()).map_or("", String::as_str);
    let for_title = room.saturating_sub(width_of(progress) + 3);
    part.part(0, 0, for_title, 1).text(column + 2, 0, &title, theme.strong());
    part.text_right(0, 0, &format!("{progress}  "), theme.label());
}

/// Draws the sweep; returns what had no room.
pub(in crate::view) fn draw(model: &Model, boxed: bool, pen: &mut Pen<'_>) -> Vec<String> {
    let theme = &model.theme;
    let (width, height) = (pen.width(), pen.height());
    let Some(shown) = shown(model) else {
        pen.text(1, 0, "There is nothing to sweep in this file.", theme.label());
        return Vec::new();
    };
    let inside = width.saturating_sub(2);
    let advice = advice_lines(&shown, usize::from(inside));
    let laws = law_lines(&shown, usize::from(inside));
    let (advice_rows, law_rows) = (rows_of(&advice), rows_of(&laws));
    let table_rows = u16::try_from(shown.curve.points.len() + 1).unwrap_or(u16::MAX);
    let mut hidden = Vec::new();
    let mut left = height.saturating_sub(advice_rows);
    let law_rows = if left >= PICTURE_ROWS + law_rows + 4 { law_rows } else { 0 };
    if law_rows == 0 {
        hidden.push("laws".to_string());
    }
    left = left.saturating_sub(law_rows);
    // The table gets what it needs, or what the picture leaves of it: with a row or two it would say nothing.
    let table_rows = match table_rows.min(left.saturating_sub(PICTURE_ROWS)).min((left / 2).max(3)) {
        few if few < 3 => 0,
        rows => rows,
    };
    if table_rows == 0 {
        hidden.push("the table of sizes".to_string());
    }
    let picture_rows = left.saturating_sub(table_rows);
    if picture_rows >= PICTURE_ROWS_MIN {
        pictures(model, &shown, boxed, &mut pen.part(0, 0, width, picture_rows), &mut hidden);
    } else {
        hidden.push("the curve".to_string());
    }
    table::draw(model, &shown, &mut pen.part(0, picture_rows, width, table_rows));
    let mut row = picture_rows + table_rows;
    for (line, style) in laws.iter().take(usize::from(law_rows)).map(|line| (line, theme.text())) {
        pen.text(1, row, line, style);
        row += 1;
    }
    for line in &advice {
        pen.text(1, row, line, theme.tint(theme.good).patch(theme.strong()));
        row += 1;
    }
    hidden
}

fn rows_of(lines: &[String]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

fn pictures(model: &Model, shown: &Shown<'_>, boxed: bool, pen: &mut Pen<'_>, hidden: &mut Vec<String>) {
    let (width, height) = (pen.width(), pen.height());
    if width < BESIDE_FROM {
        hidden.push("the time by tasks/s".to_string());
        chart::draw(model, shown, boxed, pen);
        return;
    }
    let first = width * 3 / 5;
    chart::draw(model, shown, boxed, &mut pen.part(0, 0, first, height));
    let gap = u16::from(!boxed);
    latency::draw(model, shown, boxed, &mut pen.part(first + gap, 0, width - first - gap, height));
}

/// What the curve follows, as lines.
fn law_lines(shown: &Shown<'_>, room: usize) -> Vec<String> {
    let judged = &shown.curve.judged;
    let mut lines = Vec::new();
    for (name, law) in [("Amdahl", &judged.amdahl), ("USL", &judged.scalability)] {
        let text = law.as_ref().map_or_else(ToString::to_string, ToString::to_string);
        let wrapped = wrap(&text, room.saturating_sub(8).max(8));
        lines.extend(wrapped.into_iter().enumerate().map(|(place, line)| {
            let label = if place == 0 { name } else { "" };
            format!("{label:<8}{line}")
        }));
    }
    let of = |size: Option<u32>| size.map_or(words::NOT_YET.to_string(), |size| size.to_string());
    let mut text = format!("peak {}, knee {}", of(judged.peak), of(judged.knee));
    if let Some(up_to) = judged.fitted_up_to {
        let why = if judged.cpu_bound == Some(true) { "CPU-bound" } else { "CPU time n/a" };
        text.push_str(&format!(
            "; {why}: only up to the {up_to} that the machine was measured to run at once is fitted"
        ));
    }
    lines.extend(wrap(&text, room));
    lines
}

/// What is advised, as lines.
fn advice_lines(shown: &Shown<'_>, room: usize) -> Vec<String> {
    let text = match &shown.curve.judged.advice {
        Some(advice) => {
            let (least, most) = advice.interval;
            let more = match shown.sweep.further_words(Some(shown.index)) {
                Some(words) => format!(" Now {words}."),
                None if least == most || !advice.is_told() => String::new(),
                None => format!(" Between {least} and {most}, with 95 % confidence."),
            };
            format!("▸ {}.{more}", advice.sentence)
        }
        None => "▸ Nothing was measured yet.".to_string(),
    };
    wrap(&text, room.max(8))
}
