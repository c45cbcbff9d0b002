//! The curve: tasks a second by workers, point by point with its spread; what would be ideal, and what the laws say.
//!
//! ```text
//! 2,000 ┤      ·      ═══●═══     ● measured, │ its 95 % interval
//!       │    ·   ●╌╌╌╌╌╌╌╌╌╌╌     · linear ╌ Amdahl ═ USL
//!     0 ┤●·
//!       └1─2──4────────8──────
//!              k       ▲          k knee, p peak, ▲ advised
//! ```

use super::Shown;
use crate::ledger::PointLedger;
use crate::stats::{Law, words};
use crate::view::hits::Target;
use crate::view::model::Model;
use crate::view::pen::{Pen, width_of};
use ratatui::style::Style;

/// What figures take on the left.
pub(super) const SCALE_COLUMNS: u16 = 8;

/// From this many workers on an even axis would put all small sizes into one column.
const EVEN_UP_TO: f64 = 64.0;

/// From numbers to columns and rows.
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) cells: u16,
    pub(super) is_log: bool,
}

impl Axis {
    /// Where a number lies, from 0 to 1; outside of that where it is off the picture.
    pub(super) fn share(&self, value: f64) -> f64 {
        let of = |value: f64| if self.is_log { value.max(1e-300).ln() } else { value };
        let (low, high) = (of(self.low), of(self.high));
        if high > low { (of(value) - low) / (high - low) } else { 0.5 }
    }

    /// The cell of a number, counted from the low end; none where it is off the picture.
    pub(super) fn cell(&self, value: f64) -> Option<u16> {
        let share = self.share(value);
        let cell = share * f64::from(self.cells.saturating_sub(1));
        ((0.0..=1.0).contains(&share) && self.cells > 0).then_some(cell.round() as u16)
    }

    /// The number in the middle of a cell.
    fn value(&self, cell: u16) -> f64 {
        let share = f64::from(cell) / f64::from(self.cells.saturating_sub(1).max(1));
        match self.is_log {
            true => (self.low.ln() + share * (self.high.ln() - self.low.ln())).exp(),
            false => self.low + share * (self.high - self.low),
        }
    }
}

pub(super) fn draw(model: &Model, shown: &Shown<'_>, boxed: bool, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let what = if is_loaded(shown) { "load at which the queue grows" } else { "tasks/s" };
    let name = shown.sweep.curve_words(shown.index);
    let number = match shown.sweep.curves.len() {
        1 => String::new(),
        curves => format!("{} of {curves}", shown.index + 1),
    };
    let title = format!(": {what} by workers");
    let mut inside =
        pen.panel(&[(name.as_str(), theme.strong()), (title.as_str(), theme.label())], &number, theme.label(), boxed);
    let (width, height) = (inside.width(), inside.height());
    if width < SCALE_COLUMNS + 10 || height < 4 {
        return;
    }
    legend(model, shown, &mut inside.part(SCALE_COLUMNS, 0, width - SCALE_COLUMNS, 1));
    let rows = height.saturating_sub(3);
    let points = &shown.curve.points;
    let sizes = || points.iter().map(|point| f64::from(point.workers));
    let (low, high) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
    let x = Axis { low: low.max(1.0), high, cells: width - SCALE_COLUMNS - 1, is_log: high > EVEN_UP_TO };
    let top = points.iter().filter_map(|point| point.scaled().map(|of| of.high().max(of.value))).fold(0.0, f64::max);
    let y = Axis { low: 0.0, high: top * 1.05, cells: rows, is_log: false };
    sizes_below(model, shown, &x, &mut inside.part(SCALE_COLUMNS, height - 2, width - SCALE_COLUMNS, 2));
    if top <= 0.0 {
        inside.text(SCALE_COLUMNS + 1, 1 + rows / 2, "nothing measured yet", theme.label());
        return;
    }
    scale(&y, words::number, theme.label(), &mut inside.part(0, 1, width, rows));
    let mut plot = inside.part(SCALE_COLUMNS, 1, width - SCALE_COLUMNS, rows);
    let judged = &shown.curve.judged;
    let first = points.iter().find_map(|point| Some((f64::from(point.workers), point.scaled()?.value)));
    if let Some((workers, per_s)) = first {
        line(&x, &y, |at| Some(per_s * at / workers), '·', theme.label(), &mut plot);
    }
    let law = |law: &Law, at: f64| law.per_s(at);
    if let Ok(amdahl) = &judged.amdahl {
        line(&x, &y, |at| law(amdahl, at), '╌', theme.tint(theme.warn), &mut plot);
    }
    if let Ok(scalability) = &judged.scalability {
        line(&x, &y, |at| law(scalability, at), '═', theme.tint(theme.good), &mut plot);
    }
    for (place, point) in points.iter().enumerate() {
        measured(model, shown, place, point, (&x, &y), &mut plot);
    }
}

/// Whether the curve is one of loads.
fn is_loaded(shown: &Shown<'_>) -> bool {
    shown.curve.points.iter().any(|point| point.load_per_s().is_some())
}

fn legend(model: &Model, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let (theme, judged) = (&model.theme, &shown.curve.judged);
    let (quiet, accent) = (theme.label(), theme.tint(theme.accent));
    let parts: [(bool, &str, &str, Style); 5] = [
        (true, "●", "measured", accent),
        (true, "│", "95 %", accent),
        (true, "·", "linear", quiet),
        (judged.amdahl.is_ok(), "╌", "Amdahl", theme.tint(theme.warn)),
        (judged.scalability.is_ok(), "═", "USL", theme.tint(theme.good)),
    ];
    let mut column = 1;
    for (_, shape, name, style) in parts.iter().filter(|part| part.0) {
        if column + width_of(name) + 2 > pen.width() {
            break;
        }
        column = pen.text(column, 0, shape, *style);
        column = pen.text(column + 1, 0, name, quiet) + 2;
    }
}

/// A point, and its interval behind it.
fn measured(
    model: &Model,
    shown: &Shown<'_>,
    place: usize,
    point: &PointLedger,
    (x, y): (&Axis, &Axis),
    pen: &mut Pen<'_>,
) {
    let theme = &model.theme;
    let (Some(of), Some(column)) = (point.scaled(), x.cell(f64::from(point.workers))) else { return };
    let style = theme.tint(theme.accent);
    let bottom = y.cells.saturating_sub(1);
    let row = |value: f64| y.cell(value.clamp(y.low, y.high)).map(|cell| bottom - cell.min(bottom));
    let (Some(at), Some(upper), Some(lower)) = (row(of.value), row(of.high()), row(of.low())) else { return };
    for row in upper..=lower {
        pen.put(column, row, '│', style);
    }
    let strong = if place == shown.marked { theme.alarm() } else { style.patch(theme.strong()) };
    pen.put(column, at, '●', strong);
    pen.part(column, at, 1, 1).hit(Target::SweepPoint(place));
}

/// A line through the picture, one cell in each column.
fn line(x: &Axis, y: &Axis, of: impl Fn(f64) -> Option<f64>, shape: char, style: Style, pen: &mut Pen<'_>) {
    for column in 0..x.cells {
        if let Some(cell) = of(x.value(column)).and_then(|value| y.cell(value)) {
            pen.put(column, y.cells.saturating_sub(1) - cell, shape, style);
        }
    }
}

/// The figures on the left: at the top, in the middle and at the bottom.
pub(super) fn scale(y: &Axis, spell: impl Fn(f64) -> String, style: Style, pen: &mut Pen<'_>) {
    let bottom = y.cells.saturating_sub(1);
    for row in 0..y.cells {
        pen.put(SCALE_COLUMNS - 1, row, '│', style);
    }
    let steps: &[u16] = if y.cells >= 5 { &[0, bottom / 2, bottom] } else { &[0, bottom] };
    for &cell in steps {
        let text = spell(y.value(cell));
        let column = (SCALE_COLUMNS - 1).saturating_sub(width_of(&text));
        pen.text(column, bottom - cell, &text, style);
        pen.put(SCALE_COLUMNS - 1, bottom - cell, '┤', style);
    }
}

/// The axis with the sizes on it, and below it which of them are special.
fn sizes_below(model: &Model, shown: &Shown<'_>, x: &Axis, pen: &mut Pen<'_>) {
    let (theme, judged) = (&model.theme, &shown.curve.judged);
    pen.line(0, 0, x.cells, '─', theme.label());
    let mut free = 0;
    for (place, point) in shown.curve.points.iter().enumerate() {
        let text = point.workers.to_string();
        let Some(column) = x.cell(f64::from(point.workers)) else { continue };
        let column = column.min(pen.width().saturating_sub(width_of(&text)));
        let is_marked = place == shown.marked;
        if column >= free || is_marked {
            let style = if is_marked { theme.alarm() } else { theme.text() };
            let mut own = pen.part(column, 0, width_of(&text), 1);
            own.hit(Target::SweepPoint(place));
            own.erase();
            free = pen.text(column, 0, &text, style) + 1;
        }
    }
    let is = |size: Option<u32>, point: &PointLedger| size == Some(point.workers);
    // Where several cannot be told apart all of them are marked.
    let is_advised =
        |point: &PointLedger| judged.advice.as_ref().is_some_and(|advice| advice.equal.contains(&point.workers));
    let mut free = 0;
    for point in &shown.curve.points {
        let mut marks = String::new();
        let marked = [(is_advised(point), '▲'), (is(judged.peak, point), 'p'), (is(judged.knee, point), 'k')];
        marks.extend(marked.iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| mark));
        let Some(column) = x.cell(f64::from(point.workers)).filter(|_| !marks.is_empty()) else { continue };
        let column = column.min(pen.width().saturating_sub(width_of(&marks))).max(free);
        free = pen.text(column, 1, &marks, theme.tint(theme.good).patch(theme.strong())) + 1;
    }
    let what = "▲ advised  p peak  k knee";
    let room = pen.width().saturating_sub(1);
    if free + width_of(what) + 2 <= room {
        pen.text_right(free, 1, &format!("{what} "), theme.label());
    }
}
