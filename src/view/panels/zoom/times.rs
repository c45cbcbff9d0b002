//! How long tasks took and waited: two distributions, each on an axis of its own.
//!
//! ```text
//! task  6,364 measured   p50 2.5 ms   p90 2.8 ms   p99 3.3 ms   max 3.6 ms   mean 2.4 ms
//! 6k ┤      █
//!    │      █
//! 80 ┤      █  ▃          heights by the logarithm: what is rare is seen too
//!    │      █  █
//!  1 ┤      █  █
//!    └──────┴──┴───────
//!     1 ms     2 ms
//!           50 99
//! ```

use super::{Shown, Size};
use crate::stats::{Histogram, bucket_range, words};
use crate::view::pen::{Pen, width_of};
use crate::view::theme::Theme;
use ratatui::style::Style;

/// From so many columns on the two stand side by side.
const BESIDE_FROM: u16 = 110;
/// A distribution with fewer rows says too little: then one is shown after the other.
const ROWS_MIN: u16 = 7;
/// What counts take on the left.
const SCALE_COLUMNS: u16 = 7;

fn is_one_by_one((width, height): Size) -> bool {
    width < BESIDE_FROM && height < 2 * ROWS_MIN
}

pub(super) fn scroll_max(size: Size) -> u16 {
    u16::from(is_one_by_one(size))
}

pub(super) fn draw(shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let lane = shown.lane;
    let (width, height) = (pen.width(), pen.height());
    let both = [
        ("task", "from its start to its end", &lane.service),
        ("wait", "from when a task was due until it started", &lane.queue_wait),
    ];
    if is_one_by_one((width, height)) {
        let (name, what, times) = both[usize::from(shown.zoom.scroll.min(1))];
        distribution(name, what, times, shown, pen);
        return;
    }
    for (place, (name, what, times)) in (0..).zip(both) {
        let mut part = if width >= BESIDE_FROM {
            let half = (width - 3) / 2;
            pen.part(place * (half + 3), 0, half, height)
        } else {
            let half = height / 2;
            pen.part(0, place * half, width, half)
        };
        distribution(name, what, times, shown, &mut part);
    }
}

fn distribution(name: &str, what: &str, times: &Histogram, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let theme = shown.theme;
    if times.count() == 0 {
        let end = pen.text(0, 0, name, theme.strong());
        let text = if shown.lane.plan.telemetry { "nothing measured yet" } else { "not measured: telemetry is off" };
        pen.text(end + 2, 0, text, theme.label());
        return;
    }
    figures(name, what, times, theme, pen);
    let (width, height) = (pen.width(), pen.height());
    let head = head_rows(width);
    if height > head + 3 && width > SCALE_COLUMNS + 8 {
        bars(times, theme, &mut pen.part(0, head, width, height - head));
    }
}

/// Narrow, the figures take two rows.
fn head_rows(width: u16) -> u16 {
    if width >= 76 { 1 } else { 2 }
}

fn figures(name: &str, what: &str, times: &Histogram, theme: &Theme, pen: &mut Pen<'_>) {
    let time = |q: f64| times.quantile(q).map_or(words::NOT_YET.to_string(), words::duration);
    let mean = times.mean().map_or(words::NOT_YET.to_string(), |ns| words::duration(ns as u64));
    let cells = [
        ("p50", time(0.5)),
        ("p90", time(0.9)),
        ("p99", time(0.99)),
        ("max", words::duration(times.max())),
        ("mean", mean),
    ];
    let number = words::count(times.count());
    let end = pen.text(0, 0, name, theme.strong());
    let (mut column, row) = if head_rows(pen.width()) == 2 {
        let end = pen.text(end + 2, 0, what, theme.label());
        pen.text_right(end + 2, 0, &number, theme.text());
        (0, 1)
    } else {
        (end + 2, 0)
    };
    let width: u16 = cells.iter().map(|(label, figure)| width_of(label) + 1 + width_of(figure)).sum();
    let gap = if column + width + 8 <= pen.width() { 2 } else { 1 };
    for (label, figure) in &cells {
        let end = pen.text(column, row, label, theme.label());
        column = pen.text(end + 1, row, figure, theme.text()) + gap;
    }
    if row == 0 {
        let long = format!("{number} tasks, {what}");
        let texts = [long, format!("{number} tasks"), number];
        if let Some(text) = texts.iter().find(|text| column + width_of(text) <= pen.width()) {
            pen.text_right(column, 0, text, theme.label());
        }
    }
}

/// The buckets that are drawn, and how: several to a column, or several columns to a bucket.
struct Axis {
    first: usize,
    buckets: usize,
    /// Buckets to a column; 1 where a bucket has several columns.
    per_column: usize,
    /// Columns to a bucket; 1 where a column has several buckets.
    wide: u16,
}

impl Axis {
    fn of(times: &Histogram, columns: u16) -> Axis {
        let counts = times.counts();
        let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
        let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
        // One to each side: that there was nothing is part of the picture. An octave at least, so that a single time
        // does not look like a block.
        let (from, to) = (first.saturating_sub(1), (last + 1).max(first + 8));
        let (buckets, columns) = (to - from + 1, usize::from(columns).max(1));
        let per_column = buckets.div_ceil(columns);
        let wide = if per_column == 1 { (columns / buckets).clamp(1, 6) as u16 } else { 1 };
        Axis { first: from, buckets, per_column, wide }
    }

    fn columns(&self) -> u16 {
        u16::try_from(self.buckets.div_ceil(self.per_column)).unwrap_or(u16::MAX).saturating_mul(self.wide)
    }

    /// The count in a column's buckets.
    fn count(&self, column: u16, counts: &[u64]) -> u64 {
        let from = self.first + usize::from(column / self.wide) * self.per_column;
        let buckets = counts.iter().skip(from).take(self.per_column);
        buckets.fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The first time that falls into a column.
    fn begins_at(&self, column: u16) -> u64 {
        bucket_range(self.first + usize::from(column / self.wide) * self.per_column).0
    }

    /// The column of a time.
    fn column_of(&self, ns: u64) -> u16 {
        let bucket = crate::stats::bucket_of(ns).saturating_sub(self.first) / self.per_column;
        let column = u16::try_from(bucket).unwrap_or(u16::MAX).saturating_mul(self.wide);
        column.saturating_add(self.wide / 2).min(self.columns().saturating_sub(1))
    }
}

/// How high a count is drawn, from 0 to 1: one is the lowest step, and each ten times as many is as much higher.
fn height_of(count: u64, most: u64) -> f64 {
    if count == 0 { 0.0 } else { (1.0 + (count as f64).log10()) / (1.0 + (most.max(1) as f64).log10()) }
}

fn bars(times: &Histogram, theme: &Theme, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let axis = Axis::of(times, width - SCALE_COLUMNS);
    let rows = height - 3;
    let columns = axis.columns();
    let most = (0..columns).map(|column| axis.count(column, times.counts())).max().unwrap_or(1);
    scale(most, rows, theme, pen);
    let style = theme.strong().fg(theme.accent);
    for column in 0..columns {
        let count = axis.count(column, times.counts());
        pen.rise(SCALE_COLUMNS + column, rows - 1, rows, height_of(count, most), style);
    }
    pen.put(SCALE_COLUMNS - 1, rows, '└', theme.label());
    pen.line(SCALE_COLUMNS, rows, columns, '─', theme.label());
    // The times at which columns begin, as many as stand apart.
    let mut free = 0;
    for column in (0..columns).step_by(usize::from(axis.wide)) {
        let text = words::duration(axis.begins_at(column));
        if column >= free && SCALE_COLUMNS + column + width_of(&text) <= width {
            pen.put(SCALE_COLUMNS + column, rows, '┬', theme.label());
            free = pen.text(SCALE_COLUMNS + column, rows + 1, &text, theme.label()).saturating_sub(SCALE_COLUMNS) + 3;
        }
    }
    marks(times, &axis, theme, &mut pen.part(SCALE_COLUMNS, rows, width - SCALE_COLUMNS, 3));
}

/// Where half of all, nine in ten, ninety-nine in a hundred and the last one lie: a sign on the axis, its name below.
fn marks(times: &Histogram, axis: &Axis, theme: &Theme, pen: &mut Pen<'_>) {
    let style = theme.tint(theme.warn).patch(theme.strong());
    let quantile = |q| times.quantile(q).unwrap_or(0);
    let all = [("p50", quantile(0.5)), ("p90", quantile(0.9)), ("p99", quantile(0.99)), ("max", times.max())];
    let mut free = 0;
    for (place, (name, ns)) in all.iter().enumerate() {
        let column = axis.column_of(*ns);
        pen.put(column, 0, '┼', style);
        // Those that fall together are named together.
        let is_last_here = all.get(place + 1).is_none_or(|(_, next)| axis.column_of(*next) != column);
        let begin = all.iter().position(|(_, ns)| axis.column_of(*ns) == column).unwrap_or(place);
        if !is_last_here {
            continue;
        }
        let name = if begin == place { (*name).to_string() } else { format!("{}–{name}", all[begin].0) };
        // A name that had to give way points at nothing.
        let text = if column >= free { format!("▲{name}") } else { name };
        let from = column.max(free).min(pen.width().saturating_sub(width_of(&text)));
        if from >= free {
            free = pen.text(from, 2, &text, style) + 1;
        }
    }
}

/// Powers of ten on the left.
fn scale(most: u64, rows: u16, theme: &Theme, pen: &mut Pen<'_>) {
    let style: Style = theme.label();
    for row in 0..rows {
        pen.put(SCALE_COLUMNS - 1, row, '│', style);
    }
    let mut power = 1u64;
    let mut last_row = rows;
    while power <= most {
        let up = (height_of(power, most) * f64::from(rows)).round() as u16;
        let row = rows.saturating_sub(up);
        if row < rows && row < last_row {
            super::before(SCALE_COLUMNS - 2, row, &words::count_short(power), style, pen);
            pen.put(SCALE_COLUMNS - 1, row, '┤', style);
            last_row = row;
        }
        match power.checked_mul(10) {
            Some(next) => power = next,
            None => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_a_column_and_what_is_rare_is_seen() {
        let mut times = Histogram::default();
        for ns in [1_000, 1_500, 90_000, 5_000_000_000] {
            (0..ns % 77 + 1).for_each(|_| times.record(ns));
        }
        for columns in [1, 10, 73, 200] {
            let axis = Axis::of(&times, columns);
            let all: u64 = (0..axis.columns())
                .step_by(usize::from(axis.wide))
                .map(|column| axis.count(column, times.counts()))
                .sum();
            assert_eq!(all, times.count(), "{columns} columns");
            for ns in [1_000, 90_000, 5_000_000_000] {
                assert!(axis.count(axis.column_of(ns), times.counts()) > 0, "{ns} ns in {columns} columns");
            }
        }
        assert!(height_of(1, 1_000_000) > 0.1 && (height_of(9, 9) - 1.0).abs() < 1e-9 && height_of(0, 9) == 0.0);
    }
}
