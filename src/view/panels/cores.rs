//! What the cores do, by the kernel's account.
//!
//! ```text
//! ─ cores, used by all programs ─ 2 cores · no quota · parallelism 1.91 measured · window 250 ms ─
//!  0 ██████████████▌···   94 %  ▇▇▇▆▇▇██▇▇▇▇▆▇▇
//!  1 ████████████▎·····   88 %  ▆▇▇▇▇▆▅▇▇▇▆▆▇▇▇
//! ```
//!
//! More cores than rows become one strip, a cell for each core (or for several, and it says so).

use crate::ledger::Ledger;
use crate::stats::words;
use crate::view::pen::{Pen, width_of};
use crate::view::theme::Theme;

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
            Some(quota) => format!("quota {}", words::cores(quota)),
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
    for (row, (id, history)) in (0..).zip(cores) {
        let number = id.to_string();
        pen.text(label - width_of(&number), row, &number, theme.label());
        let Some(&busy) = history.last() else { continue };
        pen.bar(label + 1, row, bar, busy, theme.tint(theme.core), theme.label());
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
