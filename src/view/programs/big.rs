//! Large figures, for a projector: of a variant, what share of its schedules ends how; of the wild, how many runs failed.
//!
//! ```text
//! Overdraft   wrong fix: both locked, apart          4 of 6 schedules fail
//!  ✓ balance=20  cash=80
//!   ▀▀█ ▀▀█
//!    ▄█  ▄█ %                                            wild 99 %
//!  ✕ balance=-60  cash=160
//!   ▄▀▀  ▀▀█
//!   █▀▀▄  █  %                                           wild 0.7 %
//! ```

use super::outcomes::{self, Table};
use super::{Engine, focused, head, role, wild};
use crate::stats::words;
use crate::view::model::Model;
use crate::view::panels::big::digits::{self, SIZES};
use crate::view::pen::{Pen, fit, width_of};
use crate::wire::Verdict;
use ratatui::style::Style;

/// A figure to be read from afar.
struct Figure {
    sign: (&'static str, Style),
    label: String,
    /// In large digits.
    large: String,
    /// Right behind it, in letters.
    unit: String,
    /// On the right.
    beside: String,
    style: Style,
}

/// A share in digits that have large shapes.
fn digits_of(share: f64) -> String {
    words::percent(share).trim_end_matches(['%', ' ', '\u{a0}']).trim().to_string()
}

fn of_variant(model: &Model) -> (String, Vec<Figure>) {
    let theme = &model.theme;
    let Some((index, _)) = focused(model) else { return (String::new(), Vec::new()) };
    let mode = model.programs.mode(index);
    let Some(table) = Table::of(model, index, mode) else {
        let why = outcomes::not_known(model, index, mode).map_or(String::new(), |(lines, _)| lines.join(" "));
        return (why, Vec::new());
    };
    let figures = table.rows.iter().map(|row| {
        let wild = row.wild as f64 / table.wild.max(1) as f64;
        let beside = if table.wild > 0 { format!("wild {}", words::percent(wild)) } else { String::new() };
        let (large, unit) = match row.share {
            Some(share) => (digits_of(share), " % of schedules".to_string()),
            None => (row.schedules.clone(), " schedules".to_string()),
        };
        Figure {
            sign: outcomes::mark(row.verdict, theme),
            label: row.label.clone(),
            large,
            unit,
            beside,
            style: outcomes::colour(row.verdict, theme).patch(theme.strong()),
        }
    });
    (table.failing.clone(), figures.collect())
}

fn of_lanes(model: &Model) -> (String, Vec<Figure>) {
    let theme = &model.theme;
    let figures = model.shown().lanes().iter().enumerate().map(|(index, lane)| {
        let (failed, all) = lane.runs.as_ref().map_or((0, 0), |runs| wild::failed(runs));
        let verdict = if failed > 0 { Verdict::Forbidden } else { Verdict::Acceptable };
        let role = role(&model.programs, index);
        let sign = if all == 0 { ("·", theme.label()) } else { outcomes::mark(verdict, theme) };
        let style = if all == 0 { theme.label() } else { outcomes::colour(verdict, theme).patch(theme.strong()) };
        Figure {
            sign,
            label: if role.is_empty() { lane.name().to_string() } else { format!("{role}: {}", lane.name()) },
            large: if all == 0 { words::NOT_YET.to_string() } else { words::count_short(failed) },
            unit: " failed".to_string(),
            beside: format!("of {} runs", words::count(all)),
            style,
        }
    });
    ("on real threads".to_string(), figures.collect())
}

/// Draws the figures as large as they can be.
pub(in crate::view) fn draw(model: &Model, engine: Engine, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let (width, height) = (pen.width(), pen.height());
    head::draw(model, &mut pen.part(0, 0, width, 1));
    let (said, figures) = if engine == Engine::Wild { of_lanes(model) } else { of_variant(model) };
    pen.text(1, 1, &said, theme.strong());
    let number = u16::try_from(figures.len()).unwrap_or(u16::MAX);
    if number == 0 || height < 4 {
        return;
    }
    let room = height - 3;
    // As many columns as make the digits largest, all of the same size: what looks larger is more.
    let fits = |columns: u16| {
        let (wide, high) = (width / columns, (room / number.div_ceil(columns)).max(2));
        let level = SIZES.iter().rposition(|size| {
            let widest = figures.iter().map(|figure| size.columns(&figure.large)).max().unwrap_or(0);
            size.rows() < high && widest + 26 < wide
        });
        (level.unwrap_or(0), columns, wide, high)
    };
    let best = (1..=3u16.min(number)).rev().map(fits).max_by_key(|(level, ..)| *level);
    let Some((level, columns, wide, high)) = best else { return };
    let size = SIZES[level];
    let shown = usize::from((room / high).max(1) * columns);
    for (place, figure) in (0u16..).zip(figures.iter().take(shown)) {
        let (column, row) = (place % columns, place / columns);
        let mut part = pen.part(1 + column * wide, 3 + row * high, wide.saturating_sub(2), high);
        part.text(0, 0, figure.sign.0, figure.sign.1);
        part.text(2, 0, &fit(&figure.label, usize::from(wide.saturating_sub(5))), theme.strong());
        digits::draw(&figure.large, size, figure.style, 2, 1, &mut part);
        let bottom = size.rows();
        part.text(2 + size.columns(&figure.large), bottom, &figure.unit, figure.style);
        let from = 2 + size.columns(&figure.large) + width_of(&figure.unit) + 2;
        part.text_right(from, bottom, &figure.beside, theme.text());
    }
    if shown < figures.len() {
        let text = format!("… and {} more", figures.len() - shown);
        pen.text(3, height.saturating_sub(1), &text, theme.label());
    }
}
