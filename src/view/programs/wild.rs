//! WILD: what the runs of a lane came to, in the rows of its panel.
//!
//! ```text
//! 412 runs/s                       ×1.0
//! runs 12,408   failed 3 (0.02 %)
//! first failure after 0.84 s
//! window natural · sc
//! expected counter=2
//! ✓ counter=2      12,405  ██████████
//! ✕ counter=1           3  ▏
//! ```

use super::circle::{self, Graph};
use super::outcomes;
use super::step::{cure_key, flash};
use crate::explore::thread_name;
use crate::ledger::{LaneLedger, stall_in_words};
use crate::stats::words;
use crate::view::model::Model;
use crate::view::pen::{Pen, fit, width_of};
use crate::view::theme::Theme;
use crate::wire::{EndingCount, MemoryModel, PoolPlan, ProgramPlan, RunsTick, Stall, Standstill, Verdict, Window};
use ratatui::style::Style;

/// What lies between two accesses, in honest words.
pub(in crate::view) fn window_words(window: Window) -> String {
    match window {
        Window::Natural => "window natural: nothing is put between a read and its write".to_string(),
        Window::Instructions { count } => {
            format!("window widened: {} spinning instructions between accesses", words::count(u64::from(count)))
        }
        Window::Yields { count } => format!("window widened: the core is offered {count} times between accesses"),
        Window::Micros { us } => {
            format!("window widened: {} µs of pause between accesses", words::count(u64::from(us)))
        }
    }
}

fn short_window(window: Window) -> String {
    match window {
        Window::Natural => "window natural".to_string(),
        Window::Instructions { count } => format!("window {} instructions", words::count(u64::from(count))),
        Window::Yields { count } => format!("window {count} yields"),
        Window::Micros { us } => format!("window {} µs", words::count(u64::from(us))),
    }
}

/// The same as the ledger has it, where there is little room.
fn short_stall(stall: &Stall) -> String {
    match stall.others {
        0 => format!("all stuck {} operations", words::count_short(stall.operations)),
        times => format!("{} stuck, others on {}×", thread_name(stall.thread as usize), words::count_short(times)),
    }
}

/// Whose memory the runs have.
fn memory_words(program: &ProgramPlan) -> &'static str {
    match (program.memory, program.text.contains("multiprocessing")) {
        (MemoryModel::Sc, false) => "every access sequentially consistent",
        (MemoryModel::Sc, true) => "its processes are processes of the system",
        (MemoryModel::Tso, _) => "relaxed accesses",
    }
}

/// The rows that a lane's endings would like.
pub(in crate::view) fn rows_wanted(lane: &LaneLedger) -> u16 {
    let endings = lane.runs.as_ref().map_or(1, |runs| runs.endings.len().max(1));
    let stalls = lane.runs.as_ref().map_or(0, |runs| runs.stalls.len() as u16);
    u16::try_from(endings).unwrap_or(u16::MAX).saturating_add(FIRST + stalls)
}

/// The rows above the endings.
const FIRST: u16 = 4;

/// How many runs failed, and how many there were.
pub(in crate::view) fn failed(runs: &RunsTick) -> (u64, u64) {
    let sum = |wanted: fn(&EndingCount) -> bool| {
        runs.endings.iter().filter(|one| wanted(one)).fold(0u64, |sum, one| sum.saturating_add(one.count))
    };
    (sum(|one| one.verdict == Verdict::Forbidden), sum(|_| true).saturating_add(runs.others))
}

/// The share of runs that failed, worded so that few are not none.
fn share_of(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return String::new();
    }
    match part as f64 / whole as f64 {
        tiny if tiny < 0.0005 => format!(" (1 in {})", words::count((whole as f64 / part as f64).round() as u64)),
        share => format!(" ({})", words::percent(share)),
    }
}

/// The lane with a run that stands still: the focused one first.
fn still(model: &Model) -> Option<(&LaneLedger, &Standstill)> {
    let lanes = model.shown().lanes();
    let focused = lanes.get(model.focus_index());
    focused.into_iter().chain(lanes).find_map(|lane| Some((lane, lane.runs.as_ref()?.standstill.as_ref()?)))
}

/// The rows that a run that stands still is drawn in, of so many.
pub(in crate::view) fn still_rows(model: &Model, rows: u16) -> u16 {
    if still(model).is_some() && rows >= 14 { (rows / 2).min(11) } else { 0 }
}

/// Draws a run that stands still: real threads, and real locks.
pub(in crate::view) fn draw_still(model: &Model, boxed: bool, pen: &mut Pen<'_>) {
    let (Some((lane, still)), theme) = (still(model), &model.theme) else { return };
    let graph = Graph::of_standstill(still);
    let title = if graph.is_closed() { " DEADLOCK " } else { " STANDSTILL " };
    let where_it_is = format!(" lane {} ({}), run {}", lane.plan.id, lane.name(), words::count(still.run));
    let right = format!("active: seen {} after the last wait began", words::duration(still.found_after_ns));
    let title = [(title, theme.alarm()), (where_it_is.as_str(), theme.strong())];
    let mut inside = pen.panel(&title, &right, theme.label(), boxed);
    circle::draw(&graph, flash(model), cure_key(model).as_deref(), theme, &mut inside);
}

/// What runs came to, as many rows of it as there are.
pub(in crate::view) fn draw(lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let Some(program) = lane.plan.pool.program() else { return };
    let (width, height) = (pen.width(), pen.height());
    let label = theme.label();
    let Some(runs) = &lane.runs else {
        pen.text(0, 0, "runs —", label);
        return;
    };
    if let Some(why) = &runs.unavailable {
        for (row, line) in (0..height).zip(crate::view::pen::wrap(&words::plain(why), usize::from(width).max(1))) {
            let column =
                if row == 0 { pen.text(0, 0, "n/a ", theme.tint(theme.warn).patch(theme.strong())) } else { 4 };
            pen.text(column, row, &line, label);
        }
        return;
    }
    let (bad, all) = failed(runs);
    let end = pen.text(0, 0, "runs ", label);
    let end = pen.text(end, 0, &words::count(all), theme.strong());
    let failed = format!("{} failed{}", words::count(bad), share_of(bad, all));
    let style = if bad > 0 { theme.tint(theme.bad).patch(theme.strong()) } else { theme.tint(theme.good) };
    if !pen.text_right(end + 1, 0, &failed, style) {
        pen.text(end + 1, 0, &format!("{} failed", words::count_short(bad)), style);
    }
    // From the least to the most that there is room for.
    let mut row = 1;
    let mut groups = grouped(runs, program);
    let endings = groups.len() as u16;
    let extra = height.saturating_sub(1 + endings);
    let first = match runs.first_failed_ns {
        Some(ns) => format!("first failure after {}", words::duration(ns)),
        None => "no failure so far".to_string(),
    };
    if extra >= 1 {
        pen.text(0, row, &first, if runs.first_failed_ns.is_some() { theme.text() } else { label });
        row += 1;
    }
    let stalls = runs.stalls.iter().take(usize::from(extra.saturating_sub(1)));
    let told = stalls.clone().count() as u16;
    for stall in stalls {
        let texts = [format!("observed: {}", stall_in_words(stall)), short_stall(stall)];
        let text = texts.iter().find(|text| width_of(text) <= width).unwrap_or(&texts[1]);
        pen.text(0, row, text, theme.text());
        row += 1;
    }
    let extra = extra - told;
    if extra >= 2 {
        let text = match (&lane.plan.pool, &runs.interpreter) {
            (PoolPlan::Cpython(_), Some(interpreter)) => interpreter.clone(),
            (PoolPlan::Cpython(_), None) => "CPython".to_string(),
            _ => {
                let long = format!("{} · {}", window_words(program.window), memory_words(program));
                let middle = window_words(program.window);
                let fits = [long, middle].into_iter().find(|text| width_of(text) <= width);
                fits.unwrap_or_else(|| short_window(program.window))
            }
        };
        pen.text(0, row, &text, label);
        row += 1;
    }
    if extra >= 3 && !program.acceptable.is_empty() {
        let expected: Vec<String> = program.acceptable.iter().map(ToString::to_string).collect();
        let end = pen.text(0, row, "expected ", label);
        let text = expected.join(" or ").replace("ended ", "");
        pen.text(end, row, &fit(&text, usize::from(width.saturating_sub(end))), theme.text());
        row += 1;
    }
    draw_endings(&mut groups, all, theme, &mut pen.part(0, row, width, height.saturating_sub(row)));
}

/// Endings in words, alike ones together: what its program says of right endings tells them apart; where it says nothing
/// of values, all that differ do.
fn grouped(runs: &RunsTick, program: &ProgramPlan) -> Vec<(Verdict, String, u64)> {
    let mut groups: Vec<(Verdict, String, u64)> = Vec::new();
    let labels = outcomes::labels_of_endings(&runs.endings, program);
    for (one, label) in runs.endings.iter().zip(labels) {
        match groups.iter_mut().find(|group| group.0 == one.verdict && group.1 == label) {
            Some(group) => group.2 = group.2.saturating_add(one.count),
            None => groups.push((one.verdict, label, one.count)),
        }
    }
    groups
}

fn draw_endings(groups: &mut [(Verdict, String, u64)], all: u64, theme: &Theme, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), usize::from(pen.height()));
    // What failed comes first where not all have room: that it did is the news.
    if groups.len() > height {
        groups.sort_by_key(|(verdict, _, count)| (std::cmp::Reverse(*verdict), std::cmp::Reverse(*count)));
    }
    let count = groups.iter().map(|(.., count)| width_of(&words::count_short(*count))).max().unwrap_or(1);
    let bar = if width >= 34 { (width / 4).min(20) } else { 0 };
    let label_room = width.saturating_sub(2 + 1 + count + if bar > 0 { bar + 1 } else { 0 });
    let shown = if groups.len() > height { height.saturating_sub(1) } else { groups.len() };
    for (row, (verdict, label, number)) in (0..).zip(&groups[..shown]) {
        let (sign, style): (&str, Style) = outcomes::mark(*verdict, theme);
        pen.text(0, row, sign, style);
        pen.text(2, row, &fit(label, usize::from(label_room)), theme.text());
        let text = words::count_short(*number);
        let from = 2 + label_room + 1;
        pen.text(from + count.saturating_sub(width_of(&text)), row, &text, theme.strong());
        if bar > 0 {
            let share = *number as f64 / all.max(1) as f64;
            let least = if *number > 0 { 0.13 / f64::from(bar) } else { 0.0 };
            pen.bar(from + count + 1, row, bar, share.max(least), outcomes::colour(*verdict, theme), theme.label());
        }
    }
    if shown < groups.len() && height > 0 {
        let text = format!("… and {} more endings", groups.len() - shown);
        pen.text(2, shown as u16, &text, theme.label());
    }
}
