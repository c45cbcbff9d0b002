//! What the cores do, by the kernel's account.
//!
//! ```text
//! ─ cores, used by all programs ─ 2 cores · no quota · parallelism 1.91 measured · window 250 ms ─
//!  0 2222222223333▓▓▌···   94 %  ▇▇▇▆▇▇██▇▇▇▇▆▇▇
//!  1 22222222333▓▓▎·····   88 %  ▆▇▇▇▇▆▅▇▇▇▆▆▇▇▇
//! ```
//!
//! In a core's bar each lane's part has the lane's hue and number, as far as it is known which lane used the core; the
//! rest are other programs, and what is not known.
//! More cores than rows become one strip, a cell for each core (or for several, and it says so).

use crate::ledger::Ledger;
use crate::stats::words;
use crate::view::pen::{Pen, width_of};
use crate::view::theme::Theme;
use crate::wire::LaneId;
use ratatui::style::Modifier;

/// The most rows that single cores may take, before they become a strip.
const ROWS_MAX: u16 = 8;

/// The rows that the cores take inside their panel, when there are at most `rows_max`.
pub(in crate::view) fn rows(ledger: &Ledger, rows_max: u16) -> u16 {
    let cores = u16::try_from(ledger.cores().history.len()).unwrap_or(u16::MAX).max(1);
    if cores <= rows_max.min(ROWS_MAX) { cores } else { 2.min(rows_max) }
}

/// What the machine gives and how it was measured, for the panel's title.
pub(in crate::view) fn caption(ledger: &Ledger) -> String {
    let mut parts = Vec::new();
    if let Some(plan) = ledger.plan() {
        let machine = &plan.machine;
        let cores = words::plural(machine.cores as usize, "core");
        parts.push(if machine.cores == machine.cores_online {
            cores
        } else {
            format!("{cores} of {}", machine.cores_online)
        });
        parts.push(match machine.quota {
            Some(quota) => format!("quota {quota:.1}"),
            None => "no quota".to_string(),
        });
        if let Some(parallelism) = machine.parallelism_measured {
            parts.push(format!("parallelism {parallelism:.2} measured"));
        }
    }
    let now = &ledger.cores().now;
    if let Some(throttled) = now.throttled.filter(|times| *times > 0) {
        parts.push(format!("held back {} times", words::count(throttled)));
    }
    if now.window_ns > 0 {
        parts.push(format!("window {}", words::duration(now.window_ns)));
    }
    parts.join(" · ")
}

pub(in crate::view) fn draw(ledger: &Ledger, theme: &Theme, pen: &mut Pen<'_>) {
    let cores = &ledger.cores().history;
    if cores.is_empty() {
        let has_sample = ledger.cores().now.window_ns > 0;
        let text = if has_sample { words::NOT_AVAILABLE } else { words::NOT_YET };
        pen.text(0, 0, text, theme.label());
        return;
    }
    if cores.len() <= usize::from(pen.height()) {
        draw_rows(ledger, theme, pen);
    } else {
        draw_strip(ledger, theme, pen);
    }
}

fn draw_rows(ledger: &Ledger, theme: &Theme, pen: &mut Pen<'_>) {
    let cores = &ledger.cores().history;
    let label = cores.iter().map(|(id, _)| width_of(&id.to_string())).max().unwrap_or(1);
    let bar = (pen.width() / 3).min(40);
    let history_from = label + 1 + bar + 9;
    let by_lane = ledger.cores_by_lane();
    for (row, (id, history)) in (0..).zip(cores) {
        let number = id.to_string();
        pen.text(label - width_of(&number), row, &number, theme.label());
        let Some(&busy) = history.last() else { continue };
        pen.bar(label + 1, row, bar, busy, theme.tint(theme.core), theme.label());
        if let Some((_, lanes)) = by_lane.iter().find(|(core, _)| core == id) {
            draw_lanes(lanes, busy, theme, &mut pen.part(label + 1, row, bar, 1));
        }
        let share = words::percent(busy);
        pen.text(label + 1 + bar + (7u16).saturating_sub(width_of(&share)), row, &share, theme.strong());
        let room = pen.width().saturating_sub(history_from);
        let newest: Vec<f64> = history.newest(usize::from(room)).copied().collect();
        let from = pen.width().saturating_sub(u16::try_from(newest.len()).unwrap_or(u16::MAX));
        for (column, &busy) in (from..).zip(&newest) {
            pen.rise(column, row, 1, busy, theme.tint(theme.core));
        }
    }
}

/// The lanes' parts of a core's bar, the lowest number first, over the part that is busy.
fn draw_lanes(lanes: &[(LaneId, f64)], busy: f64, theme: &Theme, pen: &mut Pen<'_>) {
    let width = f64::from(pen.width());
    let end = (busy * width).floor();
    let mut lanes = lanes.to_vec();
    lanes.sort_by_key(|(lane, _)| *lane);
    let mut used = 0.0;
    for (lane, share) in lanes {
        let from = (used * width).round();
        used += share;
        let to = (used * width).round().min(end);
        let hue = theme.tint(theme.lane(lane.index().unwrap_or(0)));
        let cells = (to - from).max(0.0) as u16;
        pen.line(from as u16, 0, cells, '█', hue);
        // Its number stands in the middle of its part: not only the hue tells whose it is.
        let number = lane.to_string();
        if cells >= width_of(&number) + 2 {
            let middle = from as u16 + (cells - width_of(&number)) / 2;
            pen.text(middle, 0, &number, hue.add_modifier(Modifier::REVERSED.union(Modifier::BOLD)));
        }
    }
}

fn draw_strip(ledger: &Ledger, theme: &Theme, pen: &mut Pen<'_>) {
    let busy: Vec<f64> = ledger.cores().history.iter().filter_map(|(_, history)| history.last().copied()).collect();
    let (cores, sum) = (busy.len(), busy.iter().sum::<f64>());
    let rows = pen.height().saturating_sub(1).max(1);
    let cells = (usize::from(pen.width()) * usize::from(rows)).max(1);
    let per_cell = cores.div_ceil(cells).max(1);
    let each = if per_cell > 1 { format!(", {per_cell} to a cell") } else { String::new() };
    let text = format!("{} busy of {}{each}", words::number(sum), words::plural(cores, "core"));
    if pen.height() > 1 {
        let words_row = pen.height() - 1;
        pen.text(0, words_row, &text, theme.strong());
    } else {
        let used = u16::try_from(cores.div_ceil(per_cell)).unwrap_or(u16::MAX);
        pen.text_right(used.saturating_add(1), 0, &text, theme.strong());
    }
    let width = usize::from(pen.width().max(1));
    for (place, group) in busy.chunks(per_cell).enumerate() {
        let mean = group.iter().sum::<f64>() / group.len() as f64;
        let (column, row) = ((place % width) as u16, (place / width) as u16);
        if row < rows {
            pen.put(column, row, '·', theme.label());
            pen.rise(column, row, 1, mean, theme.tint(theme.core));
        }
    }
}
