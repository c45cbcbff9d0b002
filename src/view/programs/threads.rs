//! Threads on the screen: their letters and their hues, and what each could do next, or why it cannot.

use super::journey::{Journey, awaited_end, why_waiting};
use crate::explore::{Doing, Position, ThreadStand};
use crate::view::hits::Target;
use crate::view::pen::{Pen, width_of};
use crate::view::theme::Theme;
use ratatui::style::{Modifier, Style};

/// The hue of a thread: main has none of its own.
pub(in crate::view) fn hue(thread: usize, theme: &Theme) -> Style {
    match thread.checked_sub(1) {
        Some(index) => theme.tint(theme.lane(index)),
        None => theme.label(),
    }
}

/// A thread's name as it stands beside something.
pub(in crate::view) fn name_style(thread: usize, theme: &Theme) -> Style {
    hue(thread, theme).add_modifier(Modifier::BOLD)
}

/// A line about a thread.
pub(in crate::view) struct Line {
    pub(in crate::view) thread: usize,
    /// Pieces of text, each with its style.
    pub(in crate::view) pieces: Vec<(String, Style)>,
    /// Whether it can be pressed.
    pub(in crate::view) can_move: bool,
}

/// Whether a thread does nothing but wait for another's end: it needs no line where lines are few.
pub(in crate::view) fn only_joins(thread: &ThreadStand) -> bool {
    thread.next.is_empty() && thread.waits.as_ref().is_some_and(|wait| awaited_end(&wait.what).is_some())
}

/// So many steps back are looked at for the beginning of a statement.
const LOOKED_AT: usize = 200;

/// The steps of the statement that a thread is in which it has taken already.
fn taken(journey: &Journey, thread: &ThreadStand) -> Vec<String> {
    let steps = &journey.steps()[..journey.here().min(journey.steps().len())];
    let own = steps.iter().rev().filter(|step| step.thread == thread.number && !step.turn.ends_with('w'));
    let mut taken: Vec<&str> =
        own.take_while(|step| step.line == thread.line).take(LOOKED_AT).map(|step| step.text.as_str()).collect();
    taken.reverse();
    // In a loop on one line the statement begins anew with the step that it began with.
    let form = |text: &str| text.split(" (").next().unwrap_or_default().to_string();
    let Some(first) = taken.first().map(|text| form(text)) else { return Vec::new() };
    if thread.next.iter().any(|next| form(&next.text) == first) {
        return Vec::new();
    }
    let begins = taken.iter().rposition(|text| form(text) == first).unwrap_or(0);
    taken[begins..].iter().map(|text| (*text).to_string()).collect()
}

/// What each thread could do next, or why it cannot: one line each.
pub(in crate::view) fn lines(journey: &Journey, position: &Position, theme: &Theme) -> Vec<Line> {
    (position.threads.iter())
        .map(|thread| {
            let name =
                if thread.number == 0 { "0 main".to_string() } else { format!("{} {}", thread.number, thread.name) };
            let mut pieces = vec![(name, name_style(thread.number, theme)), ("  ".to_string(), theme.text())];
            let label = theme.label();
            match (thread.doing, thread.next.as_slice()) {
                (Doing::Ended, _) => pieces.push(("has ended".to_string(), label)),
                (Doing::Failed, _) => pieces.push(("has failed".to_string(), theme.tint(theme.bad))),
                (Doing::Spinning, _) => pieces.push(("spins for ever".to_string(), theme.tint(theme.bad))),
                (_, []) => {
                    let style = if only_joins(thread) { label } else { theme.tint(theme.warn) };
                    pieces.push((format!("‖ cannot move: {}", why_waiting(thread)), style));
                }
                (_, next) => {
                    for text in taken(journey, thread) {
                        pieces.push((format!("✓ {text}  "), label));
                    }
                    pieces.push(("▸ ".to_string(), name_style(thread.number, theme)));
                    match next {
                        [one] => pieces.push((one.text.clone(), theme.strong())),
                        several => {
                            let choices: Vec<&str> = several.iter().map(|next| next.text.as_str()).collect();
                            pieces.push((choices.join("  or  "), theme.strong()));
                        }
                    }
                }
            }
            let can_move = !thread.next.is_empty();
            Line { thread: thread.number, pieces, can_move }
        })
        .collect()
}

/// A line in rows of at most so many columns, broken between words; rows after the first are set in.
fn rows_of(line: &Line, width: u16) -> Vec<Vec<(String, Style)>> {
    let mut rows: Vec<Vec<(String, Style)>> = vec![Vec::new()];
    let mut used = 0;
    for (text, style) in &line.pieces {
        for word in text.split_inclusive(' ') {
            let needs = width_of(word.trim_end());
            if used + needs > width && used > SET_IN {
                rows.push(vec![(" ".repeat(usize::from(SET_IN)), Style::new())]);
                used = SET_IN;
            }
            used += width_of(word);
            // A blank that has no room is none.
            let word = if used > width { word.trim_end() } else { word };
            if let Some(row) = rows.last_mut() {
                row.push((word.to_string(), *style));
            }
        }
    }
    rows
}

/// Where the second row of a line begins.
const SET_IN: u16 = 5;

/// The rows that lines take at a width, where there is room for all of each.
pub(in crate::view) fn rows_wanted(lines: &[Line], width: u16) -> u16 {
    lines.iter().map(|line| rows_of(line, width).len()).sum::<usize>().try_into().unwrap_or(u16::MAX)
}

/// Draws lines about threads; where they are too many, those that only wait for an end give way.
pub(in crate::view) fn draw(lines: &[Line], position: &Position, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), usize::from(pen.height()));
    let quiet = |line: &&Line| {
        let thread = position.threads.iter().find(|thread| thread.number == line.thread);
        thread.is_none_or(|thread| only_joins(thread) || thread.doing == Doing::Ended)
    };
    let mut shown: Vec<&Line> = lines.iter().collect();
    while shown.len() > height {
        match shown.iter().position(quiet) {
            Some(place) => drop(shown.remove(place)),
            None => shown.truncate(height),
        }
    }
    // All of each where there is room; otherwise a row each, without the steps that were taken already.
    let whole: Vec<_> = shown.iter().map(|line| rows_of(line, width)).collect();
    let fits = whole.iter().map(Vec::len).sum::<usize>() <= height;
    let mut row = 0;
    for (line, whole) in shown.iter().zip(whole) {
        let rows = if fits {
            whole
        } else {
            let kept = line.pieces.iter().filter(|(text, _)| !text.starts_with('✓'));
            let kept = kept.map(|(text, style)| (text.replace("cannot move: ", ""), *style));
            vec![kept.collect()]
        };
        for pieces in rows {
            let mut part = pen.part(0, row, width, 1);
            if line.can_move {
                part.hit(Target::Thread(line.thread));
            }
            let mut column = 0;
            for (text, style) in pieces {
                column = part.text(column, 0, &text, style);
            }
            row += 1;
        }
    }
}
