//! The flight recorders: what each worker did in the last milliseconds before they were read, to the microsecond.
//!
//! ```text
//! read at 3.214 s of the lane's time · the last 256 events of each worker · a column is 20 µs
//!   0  ▐██#812█▒▒▒▒▒queue←2▒▒▒▐██████████▐█████
//!   1  ▐███████████████···········▐████████████       ▐ a task begins
//!      ┴─────────┴─────────┴─────────┴─────────
//!   -800 µs   -600 µs   -400 µs   -200 µs    0
//! longest waits here
//!   1.2 ms  worker 0 for queue, held by 2
//! ```

use super::events::{lock_name, name_of};
use super::spans::Recorded;
use super::{FlightView, Shown, Size, before};
use crate::ledger::{Activity, LaneLedger, Span};
use crate::stats::words;
use crate::telemetry::FLIGHT_EVENTS;
use crate::view::pen::{Pen, width_of, wrap};
use crate::view::timeline::{Shares, dominant};
use ratatui::style::Modifier;

/// The worker's number.
const NAME_COLUMNS: u16 = 7;
/// No column is shorter: the clocks are not better.
const COLUMN_NS_MIN: u64 = 10;
/// At most so many waits are told below.
const WAITS_MAX: usize = 8;

fn columns(width: u16) -> u16 {
    width.saturating_sub(NAME_COLUMNS).max(1)
}

/// The next of 1, 2, 5 times a power of ten.
fn step_up(ns: u64) -> u64 {
    let mut power = COLUMN_NS_MIN;
    loop {
        for step in [power, power.saturating_mul(2), power.saturating_mul(5)] {
            if step >= ns {
                return step;
            }
        }
        let Some(next) = power.checked_mul(10) else { return u64::MAX };
        power = next;
    }
}

/// The one before.
fn step_down(ns: u64) -> u64 {
    let (mut below, mut step) = (COLUMN_NS_MIN, COLUMN_NS_MIN);
    while step < ns {
        below = step;
        step = step_up(step.saturating_add(1));
    }
    below
}

/// What is drawn: the time of a column and the time at the right edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    column_ns: u64,
    back_ns: u64,
}

impl Window {
    /// The window that a view asks for, held to what there is.
    fn of(view: FlightView, recorded: &Recorded<'_>, width: u16) -> Window {
        let range_ns = recorded.last_ns - recorded.first_ns;
        let columns = u64::from(columns(width));
        let all_ns = step_up(range_ns.div_ceil(columns));
        // Some columns for each event, so that tasks can be told apart.
        let workers = (recorded.len() as u64).max(1);
        let gap_ns = range_ns.saturating_mul(workers) / (recorded.events as u64).max(1);
        let column_ns = view.column_ns.unwrap_or_else(|| step_up(gap_ns / 6)).clamp(COLUMN_NS_MIN, all_ns);
        let back_max = range_ns.saturating_sub(columns.saturating_mul(column_ns));
        Window { column_ns, back_ns: view.back_ns.min(back_max) }
    }

    fn view(self) -> FlightView {
        FlightView { column_ns: Some(self.column_ns), back_ns: self.back_ns }
    }
}

/// The view so many columns later, or earlier.
pub(super) fn moved(view: FlightView, by: i32, lane: &LaneLedger, width: u16) -> FlightView {
    let recorded = Recorded::of(&lane.flight);
    let window = Window::of(view, &recorded, width);
    let by_ns = window.column_ns.saturating_mul(u64::from(by.unsigned_abs()));
    let back_ns = if by < 0 { window.back_ns.saturating_add(by_ns) } else { window.back_ns.saturating_sub(by_ns) };
    let moved = FlightView { back_ns, ..view };
    FlightView { back_ns: Window::of(moved, &recorded, width).back_ns, ..view }
}

/// The view from nearer or from further away; what is in the middle stays there, as far as there is something.
pub(super) fn zoomed(view: FlightView, nearer: bool, lane: &LaneLedger, width: u16) -> FlightView {
    let recorded = Recorded::of(&lane.flight);
    let window = Window::of(view, &recorded, width);
    let column_ns = if nearer { step_down(window.column_ns) } else { step_up(window.column_ns.saturating_add(1)) };
    let half = u64::from(columns(width)) / 2;
    let middle_ns = window.back_ns.saturating_add(half.saturating_mul(window.column_ns));
    let view =
        FlightView { column_ns: Some(column_ns), back_ns: middle_ns.saturating_sub(half.saturating_mul(column_ns)) };
    Window::of(view, &recorded, width).view()
}

/// Rows for workers: without the heading, the axis and its times; the waits below take what is left.
fn rows(height: u16) -> u16 {
    height.saturating_sub(3).max(1)
}

pub(super) fn scroll_max(lane: &LaneLedger, (_, height): Size) -> u16 {
    // Where all events have so few pieces there are no more workers; only a foreign lane mixes them.
    let pieces = lane.flight.chunk_by(|one, next| one.0 == next.0).count();
    if pieces <= usize::from(rows(height)) {
        return 0;
    }
    let workers = u16::try_from(Recorded::of(&lane.flight).len()).unwrap_or(u16::MAX);
    workers.saturating_sub(rows(height))
}

pub(super) fn draw(shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let (lane, theme) = (shown.lane, shown.theme);
    let (width, height) = (pen.width(), pen.height());
    if lane.flight.is_empty() {
        let about = format!(
            "Each worker remembers its last {FLIGHT_EVENTS} events, to the nanosecond. Press f to take one look at them."
        );
        for (row, line) in (0..height).zip(wrap(&about, usize::from(width))) {
            pen.text(0, row, &line, theme.label());
        }
        return;
    }
    let recorded = Recorded::of(&lane.flight);
    let window = Window::of(shown.zoom.flight, &recorded, width);
    let read_at = recorded.last_ns as f64 / 1e9;
    let column = words::duration(window.column_ns);
    let texts = [
        format!(
            "read at {read_at:.3} s of the lane's time · the last {FLIGHT_EVENTS} events of each worker · a column is {column}"
        ),
        format!("read at {read_at:.3} s · last {FLIGHT_EVENTS} events each · column {column}"),
        format!("{read_at:.3} s · {FLIGHT_EVENTS} each · {column}"),
    ];
    let text = texts.iter().find(|text| width_of(text) <= width).unwrap_or(&texts[2]);
    pen.text(0, 0, text, theme.label());

    let columns = columns(width);
    let end_ns = recorded.last_ns - window.back_ns;
    let begin_ns = end_ns.saturating_sub(window.column_ns.saturating_mul(u64::from(columns)));
    let visible = recorded.len().saturating_sub(usize::from(shown.zoom.scroll)).min(usize::from(rows(height)));
    let visible = u16::try_from(visible).unwrap_or(u16::MAX);
    let mut waits: Vec<(u64, usize, Span)> = Vec::new();
    let mut cells = vec![Cell::default(); usize::from(columns)];
    for row in 0..visible {
        let place = usize::from(shown.zoom.scroll) + usize::from(row);
        let Some(worker) = recorded.worker(place) else { break };
        before(NAME_COLUMNS - 1, row + 1, &name_of(worker), theme.label(), pen);
        let spans = recorded.spans(place);
        let mut part = pen.part(NAME_COLUMNS, row + 1, columns, 1);
        draw_worker(&spans, (begin_ns, end_ns, window.column_ns), &mut cells, shown, &mut part);
        let seen = spans.iter().filter(|span| span.lock.is_some() && span.end_ns > begin_ns && span.begin_ns < end_ns);
        waits.extend(seen.map(|span| (span.end_ns - span.begin_ns, place, *span)));
    }
    let axis_row = visible + 1;
    axis(window, shown, &mut pen.part(0, axis_row, width, 2));
    draw_waits(waits, &recorded, shown, &mut pen.part(0, axis_row + 3, width, height.saturating_sub(axis_row + 3)));
}

/// What a worker did in the time of a column.
#[derive(Clone, Copy, Default)]
struct Cell {
    shares: Shares,
    begins: u8,
}

fn draw_worker(
    spans: &[Span],
    (begin_ns, end_ns, column_ns): (u64, u64, u64),
    cells: &mut [Cell],
    shown: &Shown<'_>,
    pen: &mut Pen<'_>,
) {
    let theme = shown.theme;
    cells.fill(Cell::default());
    let first = spans.partition_point(|span| span.end_ns <= begin_ns);
    let end = spans.partition_point(|span| span.begin_ns < end_ns).max(first);
    for (place, span) in (first..).zip(&spans[first..end]) {
        let (from_ns, to_ns) = (span.begin_ns.max(begin_ns) - begin_ns, span.end_ns.min(end_ns) - begin_ns);
        let (from, to) = (from_ns / column_ns, to_ns.div_ceil(column_ns));
        for column in from..to {
            let Some(cell) = cells.get_mut(column as usize) else { break };
            let begin_of_column = column.saturating_mul(column_ns);
            let part =
                to_ns.min(begin_of_column.saturating_add(column_ns)).saturating_sub(from_ns.max(begin_of_column));
            let share = &mut cell.shares[span.what as usize];
            *share = share.saturating_add(part);
        }
        if let Some(cell) =
            cells.get_mut(from as usize).filter(|_| begins_task(spans, place) && span.begin_ns >= begin_ns)
        {
            cell.begins = cell.begins.saturating_add(1);
        }
    }
    for (column, cell) in (0..).zip(cells.iter()) {
        if let Some(activity) = dominant(&cell.shares) {
            let (shape, style) = theme.activity(activity);
            let shape = if activity == Activity::Running && cell.begins == 1 { '▐' } else { shape };
            pen.put(column, 0, shape, style);
        }
    }
    // Names where there is room: the task's number, what was waited for and who had it.
    for (place, span) in (first..).zip(&spans[first..end]) {
        let from =
            u16::try_from(span.begin_ns.max(begin_ns).saturating_sub(begin_ns).div_ceil(column_ns)).unwrap_or(u16::MAX);
        let to = u16::try_from((span.end_ns.min(end_ns) - begin_ns) / column_ns).unwrap_or(u16::MAX);
        let room = to.saturating_sub(from).saturating_sub(2);
        if room < 2 {
            continue;
        }
        let texts = match (span.what, span.lock, span.task) {
            (Activity::Lock, Some(lock), _) => {
                let name = lock_name(lock, shown.lane);
                match span.owner {
                    Some(owner) => vec![format!("{name}←{}", name_of(owner)), format!("←{}", name_of(owner))],
                    None => vec![name],
                }
            }
            (Activity::Running, _, Some(task)) if begins_task(spans, place) => vec![format!("#{task}")],
            _ => continue,
        };
        if let Some(text) = texts.iter().find(|text| width_of(text) <= room) {
            let style = theme.activity(span.what).1.add_modifier(Modifier::REVERSED);
            pen.text(from + 1, 0, text, style);
        }
    }
}

/// Whether a task began with this stretch, and did not only go on after a wait.
fn begins_task(spans: &[Span], place: usize) -> bool {
    let task = spans[place].task.filter(|_| spans[place].what == Activity::Running);
    let before = place.checked_sub(1).and_then(|before| spans[before].task);
    task.is_some() && task != before
}

/// Times below the columns, counted back from the newest event.
fn axis(window: Window, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let theme = shown.theme;
    let columns = columns(pen.width());
    pen.line(NAME_COLUMNS, 0, columns, '─', theme.label());
    for step in (0..columns).step_by(10) {
        // From the right edge: there the time is the view's own.
        let column = NAME_COLUMNS + columns - 1 - step;
        pen.put(column, 0, '┴', theme.label());
        let back_ns = window.back_ns.saturating_add(u64::from(step).saturating_mul(window.column_ns));
        let text = match (back_ns, back_ns % 1000) {
            (0, _) => "0".to_string(),
            (_, 0) => format!("-{}", words::count(back_ns / 1000)),
            _ => format!("-{:.2}", back_ns as f64 / 1e3),
        };
        let text = if step == 0 { format!("{text} µs") } else { text };
        if step % 20 == 0 && width_of(&text) <= 18 {
            before(column + 1, 1, &text, theme.label(), pen);
        }
    }
}

/// The longest waits for locks that can be seen, and for whom.
fn draw_waits(mut waits: Vec<(u64, usize, Span)>, recorded: &Recorded<'_>, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let (theme, lane) = (shown.theme, shown.lane);
    if pen.height() < 2 {
        return;
    }
    if waits.is_empty() {
        pen.text(0, 0, "nobody waited for a lock in this stretch", theme.label());
        return;
    }
    waits.sort_by(|one, other| {
        other.0.cmp(&one.0).then(one.1.cmp(&other.1)).then(one.2.begin_ns.cmp(&other.2.begin_ns))
    });
    let total = waits.len();
    let what = if total == 1 {
        "the wait".to_string()
    } else {
        format!("the longest of {} waits", words::count(total as u64))
    };
    pen.text(0, 0, &format!("{what} for locks in this stretch"), theme.label());
    for (row, (ns, place, span)) in (1..pen.height()).zip(waits.into_iter().take(WAITS_MAX)) {
        let Some(lock) = span.lock else { continue };
        let worker = recorded.worker(place).map_or_else(String::new, name_of);
        before(10, row, &words::duration(ns), theme.text(), pen);
        let owner =
            span.owner.map_or("nobody was seen to hold it".to_string(), |owner| format!("held by {}", name_of(owner)));
        pen.text(12, row, &format!("{worker} for {}, {owner}", lock_name(lock, lane)), theme.text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_up_and_down_alike() {
        let mut step = COLUMN_NS_MIN;
        for expected in [20, 50, 100, 200, 500, 1000] {
            let next = step_up(step + 1);
            assert_eq!((next, step_down(next)), (expected, step));
            step = next;
        }
        assert_eq!((step_up(0), step_down(10), step_up(u64::MAX)), (10, 10, u64::MAX));
    }
}
