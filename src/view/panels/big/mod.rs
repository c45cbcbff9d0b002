//! Big mode, for a projector: what each lane achieves, how many times the first, and what its workers do.
//!
//! ```text
//! Threads or processes?                              ● turn of lane 2   00:42
//!  1 one worker · tasks a second
//!  ▄▀▀▄ ▄█  ▄▀▀▄                                         ▀▄▀ ▄█    ▄▀▀▄ ▄▀▀▄
//!  ▄▀▀▄  █    ▄▀                                          █   █    █  █ █  █
//!  ▀▄▄▀ ▄█▄ ▄█▄▄                                         ▀ ▀ ▄█▄ ▄ ▀▄▄▀ ▀▄▄▀
//!  ████████████████████·█████████████████████████████·███████████████████████
//! ●2 four threads
//!  …
//!     ! Lane 2 (four threads): 4 workers on 2 cores: 50 % of their running time
//! ```
//!
//! All lanes have digits of the same size, and columns of the same time: what looks larger is more. The lanes stand in
//! as many columns as make the digits largest.

pub(in crate::view) mod digits;

use self::digits::{SIZES, Size};
use crate::ledger::{Activity, FindingKind, LaneLedger, Ledger, Standing};
use crate::stats::words;
use crate::view::pen::{Pen, fit, width_of, wrap};
use crate::view::theme::Theme;
use crate::view::timeline::{Shares, Timeline, dominant};
use crate::wire::{LaneId, Mode};

/// Between two columns of lanes.
const GAP: u16 = 3;
/// Between a figure and its ratio.
const BETWEEN: u16 = 3;
/// A timeline is never higher.
const TIMELINE_ROWS_MAX: u16 = 6;
/// From so many rows on a finding is told.
const FINDING_FROM: u16 = 12;
/// A stretch of time is so wide.
const STRETCH_COLUMNS: u16 = 2;
/// Counts from here on are shortened: digits are worth more room than their number.
const SHORT_FROM: f64 = 99_999.5;

/// Where lanes stand, and how large their digits are.
#[derive(Clone, Copy, Debug)]
struct Layout {
    columns: u16,
    lane_width: u16,
    lane_height: u16,
    size: Size,
    /// Whether the ratio has large digits too, or stands beside the name.
    has_large_ratio: bool,
}

/// Draws all lanes large.
pub(in crate::view) fn draw(ledger: &Ledger, theme: &Theme, focus: LaneId, paused: bool, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    if width == 0 || height == 0 {
        return;
    }
    head(ledger, theme, paused, &mut pen.part(0, 0, width, 1));
    let finding = if height >= FINDING_FROM { finding(ledger, width) } else { None };
    let finding_rows = finding.as_ref().map_or(0, |(_, lines)| u16::try_from(lines.len()).unwrap_or(0) + 1);
    // A row of rest below the head, where there are many.
    let top = if height >= 28 { 2 } else { 1 };
    let room = height.saturating_sub(top + finding_rows);
    let lanes = ledger.lanes();
    if lanes.is_empty() {
        let row = height / 2;
        pen.part(0, row, width, 1).text(1, 0, words::NOT_YET, theme.label());
    } else if let Some(layout) = layout(ledger, (width, room)) {
        for (place, lane) in (0u16..).zip(lanes) {
            let (column, row) = (place % layout.columns, place / layout.columns);
            let left = column * (layout.lane_width + GAP);
            let mut part = pen.part(left, top + row * layout.lane_height, layout.lane_width, layout.lane_height);
            draw_lane(lane, ledger, theme, (focus, layout), &mut part);
        }
    }
    if let Some((kind, lines)) = finding {
        let colour = if kind <= FindingKind::WrongResult { theme.bad } else { theme.warn };
        let style = theme.tint(colour).patch(theme.strong());
        let from = height - finding_rows + 1;
        for (row, line) in (from..).zip(lines) {
            let column = width.saturating_sub(width_of(&line)) / 2;
            pen.text(column, row, &line, style);
        }
    }
}

/// The scenario, whose turn it is, and the time.
fn head(ledger: &Ledger, theme: &Theme, paused: bool, pen: &mut Pen<'_>) {
    let time = words::elapsed(ledger.at_ns());
    let is_turns = ledger.plan().is_some_and(|plan| matches!(plan.mode, Mode::Turns { .. }));
    let turn = match (is_turns, ledger.running(), ledger.has_ended()) {
        (_, _, true) => "■ ended".to_string(),
        (true, Some(lane), _) => format!("● turn of lane {lane}"),
        (true, None, _) => "○ between turns".to_string(),
        (false, ..) => String::new(),
    };
    let mut right = pen.width();
    let mut before = |text: &str, style, pen: &mut Pen<'_>| {
        if !text.is_empty() && width_of(text) < right {
            right -= width_of(text);
            pen.text(right, 0, text, style);
            right = right.saturating_sub(2);
        }
    };
    before(&time, theme.strong(), pen);
    before(&turn, theme.tint(theme.good).patch(theme.strong()), pen);
    if paused {
        before(" PAUSED ", theme.alarm(), pen);
    }
    let title = ledger.plan().map_or("", |plan| plan.title.as_str());
    pen.part(0, 0, right, 1).text(0, 0, title, theme.strong());
}

/// The most urgent finding, in lines.
fn finding(ledger: &Ledger, width: u16) -> Option<(FindingKind, Vec<String>)> {
    let finding = ledger.findings().into_iter().next()?;
    let lane = finding.lane.index().and_then(|index| ledger.lanes().get(index));
    let name = lane.map_or("", LaneLedger::name);
    let sign = if finding.kind <= FindingKind::WrongResult { "✕" } else { "!" };
    let text = words::plain(&format!("{sign} Lane {} ({name}): {}", finding.lane, finding.text));
    let mut lines = wrap(&text, usize::from(width.saturating_sub(4)).max(1));
    if lines.len() > 2 {
        lines.truncate(2);
        if let Some(last) = lines.last_mut() {
            // That there is more is said: the screen of all lanes has it.
            *last = format!("{} …", fit(last, usize::from(width.saturating_sub(6))));
        }
    }
    Some((finding.kind, lines))
}

fn rate_of(lane: &LaneLedger) -> Option<f64> {
    if matches!(lane.standing, Standing::Gone(_)) { lane.throughput_per_s() } else { lane.throughput_now_per_s() }
}

fn figure(lane: &LaneLedger) -> String {
    match rate_of(lane) {
        None => words::NOT_YET.to_string(),
        Some(rate) if rate >= SHORT_FROM => words::count_short(rate as u64),
        Some(rate) => words::number(rate),
    }
}

fn ratio(lane: &LaneLedger, ledger: &Ledger) -> String {
    match (rate_of(lane), ledger.lanes().first().and_then(rate_of)) {
        (Some(rate), Some(first)) if first > 0.0 => words::times(rate / first),
        _ => words::NOT_YET.to_string(),
    }
}

/// The layout with the largest digits; with fewer columns where several have the same.
fn layout(ledger: &Ledger, (width, height): (u16, u16)) -> Option<Layout> {
    let lanes = u16::try_from(ledger.lanes().len()).ok().filter(|lanes| *lanes > 0)?;
    let figures: Vec<(String, String)> =
        ledger.lanes().iter().map(|lane| (figure(lane), ratio(lane, ledger))).collect();
    // Digits must not change their size with every figure: as wide as four digits at least.
    let widest = |size: Size, with_ratio: bool| {
        let of = |figure: &str, ratio: &str| {
            let ratio = if with_ratio { size.columns(ratio) + BETWEEN } else { 0 };
            size.columns(figure).saturating_add(ratio)
        };
        figures.iter().map(|(figure, ratio)| of(figure, ratio)).fold(of("8,888", "×8.88"), u16::max)
    };
    let mut best: Option<(usize, Layout)> = None;
    for columns in 1..=lanes {
        let (lane_width, lane_height) =
            (width.saturating_sub(GAP * (columns - 1)) / columns, height / lanes.div_ceil(columns));
        if lane_width == 0 || lane_height == 0 {
            continue;
        }
        for (level, size) in SIZES.into_iter().enumerate() {
            // Above digits there is a name, below them a timeline; full blocks would run into it.
            let others = if matches!(size, Size::Full(..)) { 3 } else { 2 };
            let fits = |with_ratio| size.rows() + others <= lane_height && widest(size, with_ratio) < lane_width;
            let has_large_ratio = fits(true);
            // Both large, or the next size without: the ratio is what the lanes are there for.
            let rank = 2 * level + if has_large_ratio { 2 } else { 0 };
            if (has_large_ratio || fits(false) || level == 0) && best.is_none_or(|(before, _)| rank > before) {
                best = Some((rank, Layout { columns, lane_width, lane_height, size, has_large_ratio }));
            }
        }
    }
    best.map(|(_, layout)| layout)
}

fn draw_lane(lane: &LaneLedger, ledger: &Ledger, theme: &Theme, (focus, layout): (LaneId, Layout), pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let is_running = ledger.running() == Some(lane.plan.id);
    let sign = if is_running { "●" } else { " " };
    let name_style =
        if lane.plan.id == focus { theme.tint(theme.accent).patch(theme.strong()) } else { theme.strong() };
    let focus_sign = if lane.plan.id == focus { "▸" } else { " " };
    let mut end = pen.text(0, 0, sign, theme.tint(theme.good).patch(theme.strong()));
    end = pen.text(end, 0, &format!("{focus_sign}{} ", lane.plan.id), name_style);
    let ratio = ratio(lane, ledger);
    let beside = if layout.has_large_ratio { 0 } else { width_of(&ratio) + 1 };
    let name = fit(&words::plain(lane.name()), usize::from(width.saturating_sub(end + beside)));
    end = pen.text(end, 0, &name, name_style);
    if !layout.has_large_ratio {
        pen.text_right(end + 1, 0, &ratio, theme.strong());
    }
    let (what, style) = match &lane.standing {
        Standing::Gone(gone) if !gone.expected => (" GONE ", theme.alarm()),
        _ if lane.history.is_empty() => ("starting …", theme.label()),
        _ => ("tasks/s", theme.label()),
    };
    if end + 2 + width_of(what) + beside <= width {
        pen.text(end + 2, 0, what, style);
    }

    let size = layout.size;
    digits::draw(&figure(lane), size, name_style, 1, 1, pen);
    if layout.has_large_ratio {
        let column = width.saturating_sub(size.columns(&ratio));
        digits::draw(&ratio, size, theme.strong(), column, 1, pen);
    }
    let top = 1 + size.rows();
    let left = height.saturating_sub(top);
    // A row of rest above, and one below, where there are so many.
    let (above, below) = (u16::from(left >= 2), u16::from(left >= 3));
    let (top, rows) = (top + above, left - above - below);
    timeline(lane, ledger, theme, &mut pen.part(1, top, width.saturating_sub(1), rows.min(TIMELINE_ROWS_MAX)));
}

/// From below: what a worker is there for, then what keeps it from that.
const STACK: [Activity; 7] = [
    Activity::Running,
    Activity::NoCore,
    Activity::Lock,
    Activity::Blocked,
    Activity::Dead,
    Activity::Paused,
    Activity::Idle,
];

/// All workers of a lane together: in each column the shares of what they did, stacked.
fn timeline(lane: &LaneLedger, ledger: &Ledger, theme: &Theme, pen: &mut Pen<'_>) {
    let (width, rows) = (pen.width(), pen.height());
    if rows == 0 || width == 0 {
        return;
    }
    let column_ns = ledger.plan().map_or(100, |plan| plan.tick_ms).clamp(1, 60_000) * 1_000_000;
    let timeline = Timeline::of(lane, usize::from(width / STRETCH_COLUMNS), column_ns);
    let mut shares = vec![Shares::default(); timeline.len()];
    for worker in lane.workers.iter().filter(|worker| worker.present) {
        timeline.add_stints(worker, &mut shares);
    }
    let used = u16::try_from(shares.len()).unwrap_or(u16::MAX).saturating_mul(STRETCH_COLUMNS);
    let skip = width.saturating_sub(used);
    for (column, share) in (skip..).step_by(usize::from(STRETCH_COLUMNS)).zip(&mut shares) {
        let Some(most) = dominant(share) else { continue };
        // A pause counts only where there was nothing else.
        if most != Activity::Paused {
            share[Activity::Paused as usize] = 0;
        }
        let total = share.iter().fold(0u64, |sum, part| sum.saturating_add(*part));
        for row in 0..rows {
            let activity = if rows == 1 { most } else { at_height(share, total, f64::from(row) + 0.5, rows) };
            let (shape, style) = theme.activity(activity);
            if activity != Activity::Idle || row == 0 {
                pen.line(column, rows - 1 - row, STRETCH_COLUMNS, shape, style);
            }
        }
    }
}

/// What lies so high in the stack.
fn at_height(shares: &Shares, total: u64, height: f64, rows: u16) -> Activity {
    let mut left = total as f64 * height / f64::from(rows);
    for activity in STACK {
        left -= shares[activity as usize] as f64;
        if left < 0.0 {
            return activity;
        }
    }
    Activity::Idle
}
