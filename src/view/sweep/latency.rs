//! The latency–throughput curve: what a task takes from when it is due until it ends, by what is done in a second. Each
//! size is a number in the picture; up and to the left is worse.

use super::Shown;
use super::chart::{Axis, SCALE_COLUMNS, scale};
use crate::stats::words;
use crate::view::hits::Target;
use crate::view::model::Model;
use crate::view::pen::{Pen, width_of};

/// Times that differ by more than this are drawn by their logarithm.
const EVEN_UP_TO: f64 = 20.0;

pub(super) fn draw(model: &Model, shown: &Shown<'_>, boxed: bool, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    // A size's place, its throughput, and its time in nanoseconds.
    let points: Vec<(usize, u32, f64, f64)> = shown
        .curve
        .points
        .iter()
        .enumerate()
        .filter_map(|(place, point)| Some((place, point.workers, point.per_s()?.value, point.whole().p99?.value)))
        .filter(|(_, _, per_s, ns)| *per_s > 0.0 && *ns > 0.0)
        .collect();
    let least = points.iter().map(|point| point.3).fold(f64::INFINITY, f64::min);
    let most = points.iter().map(|point| point.3).fold(0.0, f64::max);
    let is_log = most > least * EVEN_UP_TO;
    let title = if is_log { " by tasks/s (log)" } else { " by tasks/s" };
    let mut inside =
        pen.panel(&[("~p99 whole", theme.strong()), (title, theme.label())], "~ estimate", theme.label(), boxed);
    let (width, height) = (inside.width(), inside.height());
    if width < SCALE_COLUMNS + 8 || height < 4 {
        return;
    }
    let rows = height - 2;
    let columns = width - SCALE_COLUMNS - 1;
    let high = points.iter().map(|point| point.2).fold(0.0, f64::max);
    let y = Axis { low: if is_log { least } else { 0.0 }, high: most * 1.05, cells: rows, is_log };
    // Room on the right for the number of the last one.
    let x = Axis { low: 0.0, high: high * 1.05, cells: columns.saturating_sub(3), is_log: false };
    inside.line(SCALE_COLUMNS, height - 2, columns, '─', theme.label());
    if points.is_empty() {
        inside.text(SCALE_COLUMNS, rows / 2, "nothing measured yet", theme.label());
        return;
    }
    let time = |ns: f64| words::duration(ns.max(0.0) as u64);
    scale(&y, time, theme.label(), &mut inside.part(0, 0, width, rows));
    let top = words::number(high);
    inside.text(SCALE_COLUMNS, height - 1, "0", theme.label());
    inside.text_right(SCALE_COLUMNS + 2, height - 1, &format!("{top} tasks/s"), theme.label());
    let mut plot = inside.part(SCALE_COLUMNS, 0, width - SCALE_COLUMNS, rows);
    for (place, workers, per_s, ns) in points {
        let (Some(column), Some(cell)) = (x.cell(per_s), y.cell(ns)) else { continue };
        let row = rows.saturating_sub(1).saturating_sub(cell);
        let is_marked = place == shown.marked;
        let style = if is_marked { theme.alarm() } else { theme.tint(theme.accent).patch(theme.strong()) };
        let text = workers.to_string();
        plot.part(column, row, width_of(&text), 1).hit(Target::SweepPoint(place));
        plot.text(column, row, &text, style);
    }
}
