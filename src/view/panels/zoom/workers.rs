//! Every worker of a lane: what it did lately, and exact shares of its time.
//!
//! ```text
//!      the last 3.1 s                %  running  no core  lock  sleep/I/O  no task     ended  tid    cpu  run queue
//!   0  ████▚▚▒▒████░░██   whole run         81        9     5          0        5    12,345  5000  0.81       9 %
//!      ████▚▚▒▒████░░██   as drawn          75       12     8          0        5
//! ```
//!
//! Where there is room both shares stand in one row. Pauses do not count: shares are of the time that the worker could
//! work. Running divides into on a core and waiting for one by the kernel's account, where it gives one.

use super::events::name_of;
use super::{Shown, Size, before, caption};
use crate::ledger::{Activity, LaneLedger, WorkerLedger};
use crate::stats::words;
use crate::view::pen::{Pen, width_of};
use crate::view::theme::Theme;
use crate::view::timeline::{Shares, Timeline, dominant, running_share};
use crate::wire::WorkerState;

/// From so many columns on both shares stand in one row.
const ONE_ROW_FROM: u16 = 132;
/// Shares are of these, in this order.
const SHARED: [(Activity, &str); 5] = [
    (Activity::Running, "run"),
    (Activity::NoCore, "no core"),
    (Activity::Lock, "lock"),
    (Activity::Blocked, "sleep"),
    (Activity::Idle, "idle"),
];
/// The columns that each share takes, with the blank before it.
const SHARE_COLUMNS: [u16; 5] = [5, 8, 5, 6, 5];
/// No worker has more rows.
const ROWS_MAX: u16 = 3;
/// The worker's number.
const NAME_COLUMNS: u16 = 5;
/// Before each set of shares, where it is said which it is.
const SET_COLUMNS: u16 = 8;
/// Tasks, thread, cores, run queue: caption and columns.
const FIGURES: [(&str, u16); 4] = [("ended", 9), ("tid", 7), ("cores", 6), ("runq", 6)];

fn workers(lane: &LaneLedger) -> impl Iterator<Item = &WorkerLedger> {
    lane.workers.iter().filter(|worker| worker.present)
}

/// A worker's rows: as many as its shares need, and more where there is room for all.
fn rows_each(workers: usize, (width, height): Size) -> u16 {
    let needed = if is_beside(width) { 1 } else { 2 };
    let groups = u16::try_from(workers).unwrap_or(u16::MAX).saturating_add(1);
    (height.saturating_sub(1) / groups).clamp(needed, ROWS_MAX)
}

fn is_beside(width: u16) -> bool {
    width >= ONE_ROW_FROM
}

pub(super) fn scroll_max(lane: &LaneLedger, size: Size) -> u16 {
    let workers = workers(lane).count();
    // The captions stay where they are; the sum over all is the first of the others.
    let groups = u16::try_from(workers).unwrap_or(u16::MAX).saturating_add(1);
    groups.saturating_sub((size.1.saturating_sub(1) / rows_each(workers, size)).max(1))
}

/// Where everything stands, at a width.
struct Columns {
    timeline: u16,
    /// Where the shares begin: of the whole run, and of what is drawn.
    whole: u16,
    lately: u16,
    figures: u16,
    has_figures: bool,
}

impl Columns {
    fn of(width: u16) -> Columns {
        let shares: u16 = SHARE_COLUMNS.iter().sum();
        let figures: u16 = FIGURES.iter().map(|(_, columns)| columns).sum();
        // What must be there, from the right; the timeline takes what is left, and gives way last.
        let (sets, gap) = if is_beside(width) { (2, SET_COLUMNS) } else { (1, 1) };
        let needed = |has_figures| NAME_COLUMNS + sets * (shares + gap) + if has_figures { figures } else { 0 };
        let has_figures = needed(true) + 4 <= width;
        let timeline = width.saturating_sub(needed(has_figures));
        let whole = NAME_COLUMNS + timeline + gap;
        let lately = if sets == 2 { whole + shares + gap } else { whole };
        Columns { timeline, whole, lately, figures: lately + shares, has_figures }
    }
}

pub(super) fn draw(shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let (lane, theme) = (shown.lane, shown.theme);
    let (width, height) = (pen.width(), pen.height());
    let columns = Columns::of(width);
    let all: Vec<&WorkerLedger> = workers(lane).collect();
    if all.is_empty() {
        let text = if lane.history.is_empty() { words::NOT_YET } else { "no workers" };
        pen.text(0, 0, text, theme.label());
        return;
    }
    let column_ns = shown.ledger.plan().map_or(100, |plan| plan.tick_ms).clamp(1, 60_000) * 1_000_000;
    let timeline = Timeline::of(lane, usize::from(columns.timeline.max(20)), column_ns);
    captions(&columns, &timeline, column_ns, theme, pen);
    let rows_each = rows_each(all.len(), (width, height));
    // The sum over all is the first row.
    let mut shares = vec![Shares::default(); timeline.len()];
    let places = usize::from(height.saturating_sub(1) / rows_each).max(1);
    for (place, number) in (0u16..).zip(usize::from(shown.zoom.scroll)..).take(places) {
        let group = match number.checked_sub(1) {
            None => all.as_slice(),
            Some(index) if index < all.len() => &all[index..=index],
            Some(_) => break,
        };
        shares.fill(Shares::default());
        group.iter().for_each(|worker| timeline.add_stints(worker, &mut shares));
        let mut row = pen.part(0, 1 + place * rows_each, width, rows_each);
        let name = match group {
            [one] if number > 0 => name_of(one.id),
            _ => "all".to_string(),
        };
        before(NAME_COLUMNS - 1, 0, &name, if number == 0 { theme.strong() } else { theme.label() }, &mut row);
        draw_group(group, &shares, &columns, theme, &mut row);
    }
}

fn captions(columns: &Columns, timeline: &Timeline, column_ns: u64, theme: &Theme, pen: &mut Pen<'_>) {
    let drawn_ns = (timeline.len() as u64).saturating_mul(column_ns);
    // Up to the first share's name, which is flush right.
    let mut part = pen.part(NAME_COLUMNS, 0, columns.timeline + 2, 1);
    let drawn = words::duration(drawn_ns);
    let is_beside = columns.lately > columns.whole;
    // Shares of the whole run, then of what is drawn; in two rows it is the upper one and the lower one.
    let texts = if is_beside {
        vec![format!("the last {drawn}")]
    } else {
        vec![
            format!("shares in %: upper row whole run, lower row last {drawn}"),
            format!("%: whole run, below: last {drawn}"),
            format!("% all/last {drawn}"),
        ]
    };
    let text = texts.iter().find(|text| width_of(text) <= part.width()).unwrap_or(&texts[texts.len() - 1]);
    caption(text, 0, 0, theme, &mut part);
    for from in [columns.whole, columns.lately] {
        let mut end = from;
        for ((_, name), columns) in SHARED.into_iter().zip(SHARE_COLUMNS) {
            end += columns;
            before(end, 0, name, theme.label(), pen);
        }
        if is_beside {
            let text = if from == columns.whole { "whole %" } else { "last %" };
            caption(text, from + 1 - SET_COLUMNS, 0, theme, pen);
        }
    }
    if columns.has_figures {
        let mut end = columns.figures;
        for (name, columns) in FIGURES {
            end += columns;
            before(end, 0, name, theme.label(), pen);
        }
    }
}

fn draw_group(group: &[&WorkerLedger], shares: &[Shares], columns: &Columns, theme: &Theme, pen: &mut Pen<'_>) {
    let rows = pen.height();
    let skip = columns.timeline.saturating_sub(u16::try_from(shares.len()).unwrap_or(u16::MAX));
    // The newest columns, where there are more than fit.
    let from = shares.len().saturating_sub(usize::from(columns.timeline));
    for (column, share) in (NAME_COLUMNS + skip..).zip(&shares[from..]) {
        stretch(share, column, rows, theme, pen);
    }
    let mut lately = Shares::default();
    shares
        .iter()
        .for_each(|share| lately.iter_mut().zip(share).for_each(|(sum, part)| *sum = sum.saturating_add(*part)));
    let whole = whole_run(group);
    draw_shares(&whole, columns.whole, 0, theme, pen);
    draw_shares(&lately, columns.lately, if columns.lately > columns.whole { 0 } else { 1 }, theme, pen);
    if !columns.has_figures {
        return;
    }
    let mut end = columns.figures;
    for ((_, columns), figure) in FIGURES.into_iter().zip(figures(group)) {
        end += columns;
        before(end, 0, &figure, theme.text(), pen);
    }
}

/// A stretch of time, as in a lane's panel: high as the share that was running, or the shape of what else it was.
fn stretch(shares: &Shares, column: u16, rows: u16, theme: &Theme, pen: &mut Pen<'_>) {
    let Some(most) = dominant(shares).filter(|_| rows > 0) else { return };
    if most == Activity::Running {
        let share = running_share(shares);
        pen.rise(column, rows - 1, rows, if share >= 0.94 { 1.0 } else { share }, theme.activity(most).1);
        return;
    }
    let (shape, style) = theme.activity(most);
    let first = if most == Activity::Idle { rows - 1 } else { 0 };
    (first..rows).for_each(|row| pen.put(column, row, shape, style));
}

/// The time in each activity since the lane began.
fn whole_run(group: &[&WorkerLedger]) -> Shares {
    let mut shares = Shares::default();
    for worker in group {
        for (state, ns) in WorkerState::ALL.into_iter().zip(worker.state_ns) {
            let place = Activity::of(state) as usize;
            shares[place] = shares[place].saturating_add(ns);
        }
        if let (Some(cpu_ns), Some(waited_ns)) = (worker.cpu_ns, worker.run_queue_ns) {
            let running_ns = worker.state_ns[WorkerState::Running as usize];
            let waited = waited_ns as f64 / cpu_ns.saturating_add(waited_ns).max(1) as f64;
            let no_core_ns = ((running_ns as f64 * waited) as u64).min(running_ns);
            let (running, no_core) = (Activity::Running as usize, Activity::NoCore as usize);
            shares[running] = shares[running].saturating_sub(no_core_ns);
            shares[no_core] = shares[no_core].saturating_add(no_core_ns);
        }
    }
    shares
}

fn draw_shares(shares: &Shares, from: u16, row: u16, theme: &Theme, pen: &mut Pen<'_>) {
    let could_work = SHARED.iter().fold(0u64, |sum, (activity, _)| sum.saturating_add(shares[*activity as usize]));
    let most = SHARED.into_iter().map(|(activity, _)| activity).max_by_key(|activity| shares[*activity as usize]);
    let mut end = from;
    for ((activity, _), columns) in SHARED.into_iter().zip(SHARE_COLUMNS) {
        end += columns;
        if could_work == 0 {
            before(end, row, words::NOT_YET, theme.label(), pen);
            continue;
        }
        let share = shares[activity as usize] as f64 / could_work as f64 * 100.0;
        let style = match share {
            little if little < 0.05 => theme.label(),
            _ if Some(activity) == most => theme.activity(activity).1.patch(theme.strong()),
            _ => theme.activity(activity).1,
        };
        let text = match share {
            nothing if nothing < 0.05 => "0".to_string(),
            little if little < 9.95 => format!("{little:.1}"),
            much => format!("{much:.0}"),
        };
        before(end, row, &text, style, pen);
    }
}

/// Tasks that ended, the thread, the cores that were used, the share of running spent waiting for one.
fn figures(group: &[&WorkerLedger]) -> [String; 4] {
    let ended = group.iter().fold(0u64, |sum, worker| sum.saturating_add(worker.ended));
    let tid = match group {
        [one] if one.state != WorkerState::Dead && one.tid > 0 => one.tid.to_string(),
        [one] if one.state == WorkerState::Dead => "✕ dead".to_string(),
        _ => String::new(),
    };
    let given = |pick: fn(&WorkerLedger) -> Option<u64>| {
        let mut all = group.iter().filter_map(|worker| pick(worker)).peekable();
        all.peek().is_some().then(|| all.fold(0u64, u64::saturating_add))
    };
    let (cpu_ns, waited_ns) = (given(|worker| worker.cpu_ns), given(|worker| worker.run_queue_ns));
    // The longest that one of them was there: together they use cores at the same time.
    let there_ns = |worker: &&WorkerLedger| {
        let paused = WorkerState::Paused as usize;
        let all = worker.state_ns.iter().enumerate().filter(|(place, _)| *place != paused);
        all.fold(0u64, |sum, (_, ns)| sum.saturating_add(*ns))
    };
    let active_ns = group.iter().map(there_ns).max().unwrap_or(0);
    let not_available = || words::NOT_AVAILABLE.to_string();
    let cores = match (cpu_ns, active_ns) {
        (_, 0) => words::NOT_YET.to_string(),
        (Some(cpu_ns), active_ns) => format!("{:.2}", cpu_ns as f64 / active_ns as f64),
        (None, _) => not_available(),
    };
    let run_queue = match (cpu_ns, waited_ns) {
        (Some(0), Some(0)) => words::NOT_YET.to_string(),
        (Some(cpu_ns), Some(waited_ns)) => words::percent(waited_ns as f64 / (waited_ns as f64 + cpu_ns as f64)),
        _ => not_available(),
    };
    [words::count(ended), tid, cores, run_queue]
}
