//! What happened to a lane, in words, the newest last.

use super::Shown;
use crate::ledger::{LaneLedger, exit_in_words};
use crate::stats::words::{self, count};
use crate::view::pen::{Pen, wrap};
use crate::view::theme::Theme;
use crate::wire::{Event, Exit, LockId, WorkerId};
use ratatui::style::Style;

/// `00:42.7 `.
const TIME_COLUMNS: u16 = 9;

/// A line: when, where an event begins; its sign; a part of its text.
type Line = (Option<(u64, Sign)>, String);

/// How an event is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Wrong,
    Remarkable,
    Told,
}

pub(super) fn scroll_max(lane: &LaneLedger, (width, height): super::Size) -> u16 {
    // Each event takes a line at least; a wrapped one more.
    let lines = u16::try_from(lines(lane, width).len()).unwrap_or(u16::MAX);
    lines.saturating_sub(height)
}

pub(super) fn draw(shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let (lane, theme) = (shown.lane, shown.theme);
    let lines = lines(lane, pen.width());
    if lines.is_empty() {
        pen.text(0, 0, "Nothing happened to this lane so far: no death, no replacement, no refusal.", theme.label());
        return;
    }
    let end = lines.len().saturating_sub(usize::from(shown.zoom.scroll));
    let begin = end.saturating_sub(usize::from(pen.height()));
    for (row, (head, text)) in (0..).zip(&lines[begin..end]) {
        if let Some((at_ns, sign)) = head {
            pen.text(0, row, &moment(*at_ns), theme.label());
            let (mark, style) = mark(*sign, theme);
            pen.text(TIME_COLUMNS, row, mark, style);
        }
        pen.text(TIME_COLUMNS + 2, row, text, theme.text());
    }
}

/// Tenths of a second tell apart what happened in the same one.
fn moment(at_ns: u64) -> String {
    format!("{}.{}", words::elapsed(at_ns), at_ns / 100_000_000 % 10)
}

fn mark(sign: Sign, theme: &Theme) -> (&'static str, Style) {
    match sign {
        Sign::Wrong => ("✕", theme.tint(theme.bad).patch(theme.strong())),
        Sign::Remarkable => ("!", theme.tint(theme.warn).patch(theme.strong())),
        Sign::Told => ("i", theme.tint(theme.accent)),
    }
}

fn lines(lane: &LaneLedger, width: u16) -> Vec<Line> {
    let room = usize::from(width.saturating_sub(TIME_COLUMNS + 2)).max(1);
    let mut lines = Vec::new();
    for (at_ns, event) in lane.events.iter() {
        let (sign, text) = in_words(event, lane);
        for (part, line) in wrap(&words::plain(&text), room).into_iter().enumerate() {
            lines.push(((part == 0).then_some((*at_ns, sign)), line));
        }
    }
    lines
}

fn in_words(event: &Event, lane: &LaneLedger) -> (Sign, String) {
    match event {
        Event::WorkerDied { worker, exit, retried, lost } => {
            let mut text = format!("worker {} {}", name_of(*worker), exit_in_words(exit));
            if *retried > 0 {
                text.push_str(&format!("; {} tried again", tasks(*retried)));
            }
            if *lost > 0 {
                text.push_str(&format!("; {} lost", tasks(*lost)));
            }
            let is_orderly = matches!(exit, Exit::Code { code: 0 }) && *lost == 0;
            (if is_orderly { Sign::Remarkable } else { Sign::Wrong }, text)
        }
        Event::WorkerReplaced { worker, after_ns } => {
            let text = format!("a new worker {} stood ready {} later", name_of(*worker), words::duration(*after_ns));
            (Sign::Told, text)
        }
        Event::WorkersRecycled { count: number } => {
            let what = words::plural(usize::try_from(*number).unwrap_or(usize::MAX), "worker");
            (Sign::Told, format!("{what} had done their share of tasks; new ones took their places"))
        }
        Event::LockAbandoned { lock, worker } => {
            let text =
                format!("lock {} was taken from worker {}, which had died", lock_name(*lock, lane), name_of(*worker));
            (Sign::Remarkable, text)
        }
        Event::Resized { workers } => {
            (Sign::Told, format!("{} now, as ordered", words::plural(*workers as usize, "worker")))
        }
        Event::SpawnFailed { what, why, workers } => (
            Sign::Wrong,
            format!("the system gave no {what}: {why}; {} there", words::plural(*workers as usize, "worker")),
        ),
        Event::Refused { order, why } => (Sign::Remarkable, format!("could not {order}: {why}")),
        Event::TaskPanicked { message } => (Sign::Remarkable, format!("a task panicked and was caught: {message}")),
    }
}

fn tasks(number: u64) -> String {
    if number == 1 { "1 task".to_string() } else { format!("{} tasks", count(number)) }
}

/// A worker's number; the caller has none.
pub(super) fn name_of(worker: WorkerId) -> String {
    if worker == WorkerId::CALLER { "caller".to_string() } else { worker.to_string() }
}

/// What a lock is called, as far as the lane told.
pub(super) fn lock_name(lock: LockId, lane: &LaneLedger) -> String {
    let known = lane.locks.get(usize::from(lock.0));
    known.map_or_else(|| format!("{}", lock.0), |lock| words::plain(&lock.name.name))
}
