//! The sizes as rows: what each does and costs, and Little's law there.

use super::Shown;
use crate::ledger::PointLedger;
use crate::stats::{Estimate, words};
use crate::view::glyphs::Glyphs;
use crate::view::hits::Target;
use crate::view::model::Model;
use crate::view::pen::{Pen, width_of};

/// A column: its heading, what stands in it, and how early it gives way where there is little room: the larger, the
/// earlier.
type Column = (&'static str, fn(&PointLedger, Option<f64>) -> String, u8);

const COLUMNS: [Column; 10] = [
    ("workers", |point, _| point.workers.to_string(), 0),
    ("tasks/s", |point, _| spread(point.per_s()), 0),
    (
        "× first",
        |point, first| match (point.scaled(), first) {
            (Some(of), Some(first)) if first > 0.0 => words::times(of.value / first),
            _ => words::NOT_YET.to_string(),
        },
        2,
    ),
    ("grows at", |point, _| point.load_per_s().map_or(String::new(), |load| spread(Some(load))), 1),
    ("p99 wait", |point, _| time(point.wait().p99), 1),
    ("p99 task", |point, _| time(point.service().p99), 2),
    ("~p99 whole", |point, _| time(point.whole().p99), 5),
    ("cores", |point, _| given(point.cores(), |of| format!("{of:.2}")), 3),
    ("tasks/CPU s", |point, _| given(point.per_cpu_s(), words::number), 4),
    // Tasks that were there, and how many the law says.
    (
        "there = Little",
        |point, _| match point.little() {
            Some(little) => {
                let sign = match (little.holds(), little.queue_full) {
                    (true, _) => "✓",
                    // Others waited outside of it.
                    (false, true) => "full",
                    (false, false) => "✕",
                };
                format!("{} = {} {sign}", words::number(little.in_system), words::number(little.expected))
            }
            None => words::NOT_YET.to_string(),
        },
        1,
    ),
];

pub(super) fn draw(model: &Model, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let (width, height) = (pen.width(), pen.height());
    let points = &shown.curve.points;
    if height < 2 || points.is_empty() {
        return;
    }
    let first = points.iter().find_map(|point| Some(point.scaled()?.value));
    let cells = |column: &Column| -> Vec<String> {
        let cell = |point: &PointLedger| {
            let cell = if point.measured > 0 { (column.1)(point, first) } else { unmeasured(point, column.0) };
            // Two columns of ASCII: too wide for the translation of the finished screen.
            if theme.glyphs == Glyphs::Ascii { cell.replace('±', "+-") } else { cell }
        };
        points.iter().map(cell).collect()
    };
    let mut columns: Vec<(&Column, Vec<String>)> = COLUMNS.iter().map(|column| (column, cells(column))).collect();
    // What nothing is told of, as loads where tasks do not come by themselves, is no column.
    columns.retain(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
    let width_of_column = |(column, cells): &(&Column, Vec<String>)| {
        cells.iter().map(|cell| width_of(cell)).max().unwrap_or(0).max(width_of(column.0))
    };
    while columns.len() > 1 && columns.iter().map(|column| width_of_column(column) + 2).sum::<u16>() + 2 > width {
        let Some(most) = columns.iter().map(|(column, _)| column.2).max() else { break };
        let Some(place) = columns.iter().rposition(|(column, _)| column.2 == most) else { break };
        columns.remove(place);
    }
    let rows = usize::from(height - 1);
    let from = shown.marked.saturating_sub(rows / 2).min(points.len().saturating_sub(rows));
    let mut column = 2;
    for (place, one) in columns.iter().enumerate() {
        let (heading, its_width) = (one.0.0, width_of_column(one));
        let right = |text: &str| if place == 0 { its_width.saturating_sub(width_of(text)) } else { 0 };
        pen.text(column + right(heading), 0, heading, theme.label());
        for (row, index) in (1u16..).zip(from..points.len().min(from + rows)) {
            let text = &one.1[index];
            let style = if index == shown.marked { theme.strong() } else { theme.text() };
            pen.text(column + right(text), row, text, style);
        }
        column += its_width + 2;
    }
    let now = shown.sweep.now.filter(|place| place.curve as usize == shown.index).map(|place| place.size as usize);
    for (row, index) in (1u16..).zip(from..points.len().min(from + rows)) {
        pen.part(0, row, width, 1).hit(Target::SweepPoint(index));
        if index == shown.marked {
            pen.text(0, row, "▸", theme.tint(theme.accent));
        }
        if now == Some(index) && !model.paused {
            pen.text(1, row, "●", theme.tint(theme.good));
        }
    }
    let below = points.len().saturating_sub(from + rows);
    if below > 0 || from > 0 {
        pen.text_right(
            column,
            0,
            &format!("{} of {} sizes ", rows.min(points.len()), points.len()),
            theme.tint(theme.warn),
        );
    }
}

/// What stands in the row of a size of which nothing was measured.
fn unmeasured(point: &PointLedger, heading: &str) -> String {
    match heading {
        "workers" => point.workers.to_string(),
        "tasks/s" if point.lost > 0 => "failed".to_string(),
        _ => String::new(),
    }
}

fn spread(of: Option<Estimate>) -> String {
    let Some(of) = of else { return words::NOT_YET.to_string() };
    match of.interval {
        Some((_, high)) if of.value > 0.0 => {
            format!("{} ±{}", words::number(of.value), words::percent((high - of.value) / of.value))
        }
        _ => words::number(of.value),
    }
}

fn time(of: Option<Estimate>) -> String {
    given(of, |ns| words::duration(ns.max(0.0) as u64))
}

fn given(of: Option<Estimate>, spell: impl Fn(f64) -> String) -> String {
    of.map_or(words::NOT_AVAILABLE.to_string(), |of| spell(of.value))
}
