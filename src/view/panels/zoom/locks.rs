//! Each lock of a lane: how often it was taken and waited for, how long, and who has it now.
//!
//! ```text
//! lock     kind    taken  waited   wait p50   p99   max  total   hold p50   p99   holder  waiting now
//! results  std    12,345   0.3 %      21 µs  43 µs …                41 ns  120 ns       3  0 and 2
//! ```
//!
//! Where the table is too wide each lock has three lines of its own.

use super::{Shown, Size, blocking, caption};
use crate::ledger::{LaneLedger, LockLedger};
use crate::stats::{Histogram, words};
use crate::view::pen::{Pen, fit, width_of, wrap};
use crate::wire::LockId;

/// From so many columns on there is room for a table.
const TABLE_FROM: u16 = 112;
/// The lines of a lock where there is none.
const CARD_ROWS: u16 = 4;

/// The columns of the table: caption, and where each ends; the first two are flush left.
const COLUMNS: [(&str, u16); 12] = [
    ("lock", 14),
    ("kind", 26),
    ("taken", 36),
    ("waited", 44),
    ("wait p50", 54),
    ("p99", 62),
    ("max", 70),
    ("total", 78),
    ("hold p50", 89),
    ("p99", 97),
    ("holder", 105),
    ("waiting", 114),
];

/// The rows above the locks and below.
fn parts(lane: &LaneLedger, width: u16) -> (u16, u16) {
    let locks = u16::try_from(lane.locks.len()).unwrap_or(u16::MAX);
    let rows = if width >= TABLE_FROM { locks.saturating_add(1) } else { locks.saturating_mul(CARD_ROWS) };
    (rows, u16::try_from(below(lane, width).len()).unwrap_or(u16::MAX))
}

pub(super) fn scroll_max(lane: &LaneLedger, (width, height): Size) -> u16 {
    if lane.locks.is_empty() {
        return 0;
    }
    let (rows, below) = parts(lane, width);
    rows.saturating_add(below).saturating_sub(height)
}

/// What stands below the locks.
fn below(lane: &LaneLedger, width: u16) -> Vec<String> {
    let room = usize::from(width.saturating_sub(2)).max(1);
    let mut lines = vec![String::new(), "who keeps whom waiting now".to_string()];
    let told = blocking::lines(lane);
    if told.is_empty() {
        lines.push("  nobody waited for a lock at the newest tick".to_string());
    }
    for text in told {
        lines.extend(wrap(&text, room).into_iter().map(|line| format!("  {line}")));
    }
    let so_far = blocking::lines_so_far(lane);
    if !so_far.is_empty() {
        lines.extend([String::new(), "who kept whom waiting so far, as seen at the end of ticks".to_string()]);
    }
    for text in so_far {
        lines.extend(wrap(&text, room).into_iter().map(|line| format!("  {line}")));
    }
    lines.push(String::new());
    let note =
        "Counts and waits are exact. Holds are estimated from one acquisition in 64; the kind shows how it waits.";
    lines.extend(wrap(note, room + 2));
    lines
}

pub(super) fn draw(shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let (lane, theme) = (shown.lane, shown.theme);
    if lane.locks.is_empty() {
        let text = if lane.hello.is_some() { "This lane has no locks of its own." } else { words::NOT_YET };
        pen.text(0, 0, text, theme.label());
        return;
    }
    let (width, height) = (pen.width(), pen.height());
    let scroll = shown.zoom.scroll;
    let is_table = width >= TABLE_FROM;
    let (rows, _) = parts(lane, width);
    // Lines count from the tab's beginning; what lies above the first visible one is not drawn.
    let visible = |line: u16| line.checked_sub(scroll).filter(|row| *row < height);
    if is_table && let Some(row) = visible(0) {
        for (place, (name, end)) in COLUMNS.into_iter().enumerate() {
            let from = if place < 2 { end - 12 - u16::from(place == 0) * 2 } else { end - width_of(name) };
            caption(name, from, row, theme, pen);
        }
    }
    for (place, lock) in (0u16..).zip(&lane.locks) {
        let id = LockId(place);
        if is_table {
            if let Some(row) = visible(place.saturating_add(1)) {
                table_row(lock, id, shown, &mut pen.part(0, row, width, 1));
            }
        } else {
            let first = place.saturating_mul(CARD_ROWS);
            for line in 0..CARD_ROWS - 1 {
                if let Some(row) = visible(first.saturating_add(line)) {
                    card_row(lock, id, line, shown, &mut pen.part(0, row, width, 1));
                }
            }
        }
    }
    for (line, text) in (rows..).zip(below(lane, width)) {
        if let Some(row) = visible(line) {
            let style = if text.starts_with(' ') { theme.text() } else { theme.label() };
            pen.text(0, row, &text, style);
        }
    }
}

fn time(ns: Option<u64>) -> String {
    ns.map_or(words::NOT_YET.to_string(), words::duration)
}

fn longest(times: &Histogram) -> Option<u64> {
    (times.count() > 0).then(|| times.max())
}

fn waited(lock: &LockLedger) -> String {
    if lock.now.acquired == 0 {
        return words::NOT_YET.to_string();
    }
    words::percent(lock.now.contended as f64 / lock.now.acquired as f64)
}

fn holder(lock: &LockLedger) -> String {
    lock.now.owner.map_or(words::NOT_YET.to_string(), super::events::name_of)
}

/// Who waits now, by number where the lane tells, and how many where it does not.
fn waiting(lock: &LockLedger, id: LockId, lane: &LaneLedger) -> String {
    let named = blocking::names(blocking::waiting(lane, id).map(|worker| worker.id));
    match (lock.now.waiters, named.is_empty()) {
        (0, true) => "nobody".to_string(),
        (waiters, true) => words::count(u64::from(waiters)),
        (_, false) => named,
    }
}

fn table_row(lock: &LockLedger, id: LockId, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let theme = shown.theme;
    pen.text(0, 0, &fit(&words::plain(&lock.name.name), 13), theme.strong());
    pen.text(14, 0, lock.name.lock.name(), theme.text());
    let is_contended = lock.now.contended > 0;
    let cells = [
        words::count(lock.now.acquired),
        waited(lock),
        time(lock.wait.quantile(0.5)),
        time(lock.wait.quantile(0.99)),
        time(longest(&lock.wait)),
        time(is_contended.then_some(lock.now.wait_ns)),
        time(lock.hold.quantile(0.5)),
        time(lock.hold.quantile(0.99)),
        holder(lock),
    ];
    for ((_, end), cell) in COLUMNS.into_iter().skip(2).zip(&cells) {
        super::before(end, 0, cell, theme.text(), pen);
    }
    pen.text(107, 0, &waiting(lock, id, shown.lane), theme.text());
}

fn card_row(lock: &LockLedger, id: LockId, line: u16, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let theme = shown.theme;
    let (label, text, strong) = (theme.label(), theme.text(), theme.strong());
    if line == 0 {
        let name = fit(&words::plain(&lock.name.name), 16);
        let (taken, waited, holder) = (words::count(lock.now.acquired), waited(lock), holder(lock));
        let mut pieces = vec![(name.as_str(), strong), (" ", text), (lock.name.lock.name(), label)];
        pieces.extend([("  taken ", label), (&taken, text), ("  waited ", label), (&waited, strong)]);
        let waiting = waiting(lock, id, shown.lane);
        pieces.extend([("  holder ", label), (&holder, text), ("  waiting ", label), (&waiting, text)]);
        pen.pieces(0, 0, &pieces);
        return;
    }
    let (name, times) = if line == 1 { ("  wait", &lock.wait) } else { ("  hold", &lock.hold) };
    pen.text(0, 0, name, label);
    let cells = [
        ("p50", time(times.quantile(0.5))),
        ("p99", time(times.quantile(0.99))),
        ("max", time(longest(times))),
        ("total", time((times.count() > 0).then_some(if line == 1 { lock.now.wait_ns } else { lock.now.hold_ns }))),
    ];
    let mut column = 8;
    for (name, figure) in &cells {
        let end = pen.text(column, 0, name, label);
        pen.text(end + 1, 0, figure, text);
        column += 13;
    }
    if line == 2 {
        pen.text(column + 2, 0, "1 in 64 measured", label);
    }
}
