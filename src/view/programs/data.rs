//! What threads share, who owns it, and which lock protects it; and what each thread keeps to itself.
//!
//! ```text
//! balance   100      protected by lock in 4 of 4 accesses so far
//! lock      held by A since step 7   waiting: B
//!
//! A  amount 80   enough True
//! ```

use super::threads;
use crate::explore::{Datum, Position, thread_name};
use crate::view::pen::{Pen, fit, width_of};
use crate::view::theme::Theme;
use ratatui::style::Style;

type Line = Vec<(String, Style)>;

fn name(position: &Position, thread: usize) -> String {
    let found = position.threads.iter().find(|one| one.number == thread);
    found.map_or_else(|| thread_name(thread), |thread| thread.name.clone())
}

/// Whether it is something that can be held.
pub(in crate::view) fn is_lock(datum: &Datum) -> bool {
    let kind = datum.kind.to_lowercase();
    kind.contains("lock") || kind.contains("semaphore") || kind.contains("condition") || !datum.held_by.is_empty()
}

fn of_datum(position: &Position, datum: &Datum, columns: (usize, usize), is_wide: bool, theme: &Theme) -> Line {
    let label = theme.label();
    let (name_width, value_width) = columns;
    let mut line = vec![(format!("{:name_width$}  ", fit(&datum.name, name_width)), theme.strong())];
    if datum.held_by.is_empty() && is_lock(datum) && datum.value.is_empty() {
        line.push((format!("{:value_width$}  ", "free"), theme.tint(theme.good)));
    } else if !datum.held_by.is_empty() {
        for (place, (thread, since)) in datum.held_by.iter().enumerate() {
            let text = if place == 0 { "held by " } else { ", " };
            line.push((text.to_string(), theme.text()));
            line.push((name(position, *thread), threads::name_style(*thread, theme)));
            if *since > 0 {
                line.push((format!(" since step {since}"), label));
            }
        }
        line.push(("  ".to_string(), label));
    }
    if !datum.value.is_empty() {
        let style = if datum.changed { theme.tint(theme.warn).patch(theme.strong()) } else { theme.strong() };
        let value = if datum.changed { format!("{} ◂", datum.value) } else { datum.value.clone() };
        line.push((format!("{value:value_width$}  "), style));
    }
    if !datum.waited_for_by.is_empty() {
        line.push(("waiting: ".to_string(), theme.tint(theme.warn)));
        for (place, thread) in datum.waited_for_by.iter().enumerate() {
            if place > 0 {
                line.push((", ".to_string(), label));
            }
            line.push((name(position, *thread), threads::name_style(*thread, theme)));
        }
        if datum.guarded.is_some() {
            line.push(("  ".to_string(), label));
        }
    }
    if let Some((lock, held, all)) = &datum.guarded {
        let long = format!("protected by {lock} in {held} of {all} accesses so far");
        let text = if is_wide { long } else { format!("{lock} in {held} of {all} accesses") };
        line.push((text, if held == all { theme.tint(theme.good) } else { theme.tint(theme.warn) }));
    }
    line
}

/// From so many columns on, all words are told.
const WIDE: u16 = 68;

/// Every line that there is to draw: what is shared, what is printed, what threads keep to themselves.
pub(in crate::view) fn lines(position: &Position, theme: &Theme, width: u16) -> Vec<Line> {
    let label = theme.label();
    let most = usize::from(width / 3).max(6);
    let names = position.shared.iter().map(|datum| usize::from(width_of(&datum.name)));
    let values = position.shared.iter().map(|datum| usize::from(width_of(&datum.value)) + 2);
    let columns = (names.max().unwrap_or(0).min(most), values.max().unwrap_or(0).min(most));
    let mut lines: Vec<Line> =
        position.shared.iter().map(|datum| of_datum(position, datum, columns, width >= WIDE, theme)).collect();
    if lines.is_empty() {
        lines.push(vec![("Nothing is shared.".to_string(), label)]);
    }
    if !position.output.is_empty() {
        let text = position.output.join(" ⏎ ");
        lines.push(vec![("printed  ".to_string(), label), (text, theme.text())]);
    }
    for thread in &position.threads {
        if thread.locals.is_empty() && thread.buffered.is_empty() {
            continue;
        }
        let mut line = vec![(format!("{}  ", thread.name), threads::name_style(thread.number, theme))];
        for (name, value) in &thread.locals {
            line.push((format!("{name} "), label));
            line.push((format!("{value}   "), theme.text()));
        }
        if !thread.buffered.is_empty() {
            line.push(("in its store buffer: ".to_string(), theme.tint(theme.warn)));
            let writes: Vec<String> = thread.buffered.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            line.push((writes.join(", "), theme.strong()));
        }
        lines.push(line);
    }
    lines
}

/// Draws as many of the lines as there is room for.
pub(in crate::view) fn draw(lines: &[Line], theme: &Theme, pen: &mut Pen<'_>) {
    let height = usize::from(pen.height());
    let shown = if lines.len() > height { height.saturating_sub(1) } else { lines.len() };
    for (row, line) in (0..).zip(&lines[..shown]) {
        let mut column = 0;
        for (place, (text, style)) in line.iter().enumerate() {
            let text = if place + 1 == line.len() { text.trim_end() } else { text };
            column = pen.text(column, row, text, *style);
        }
    }
    if shown < lines.len() && height > 0 {
        pen.text(0, shown as u16, &format!("… and {} more", lines.len() - shown), theme.label());
    }
}
