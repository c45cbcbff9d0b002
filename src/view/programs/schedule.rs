//! The schedule as lanes on a time line: who did what, in which order, and where somebody stands.
//!
//! ```text
//! A   takes lock  reads balance  gives lock back                      ◆
//! B                                               takes lock
//!   ◂ ─────────────────────────────────────────────────────●─────────
//! ```
//!
//! Each step has columns of its own, so what stands further right was later. What lies ahead is drawn in outline; what
//! lay ahead before another way was taken is a lane of its own, until it is replaced.

use super::journey::Journey;
use super::threads;
use crate::explore::{Position, Step, thread_name};
use crate::view::hits::Target;
use crate::view::pen::{Pen, fit, width_of};
use crate::view::theme::{Theme, ThemeName};
use ratatui::style::{Modifier, Style};

/// A step with its columns.
struct Block {
    /// Its place in the schedule, from 0.
    place: usize,
    thread: usize,
    text: String,
    /// Its first column, counted from the beginning of the schedule.
    from: u32,
    width: u32,
}

/// How much of a step's words is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    Full,
    /// Without what stands in brackets.
    Short,
    /// Its first word, and what it is about.
    Brief,
}

fn words_of(step: &Step, detail: Detail) -> String {
    let short = step.text.split(" (").next().unwrap_or_default();
    match detail {
        Detail::Full => step.text.clone(),
        Detail::Short => fit(short, 22),
        Detail::Brief => {
            let brief = short.strip_suffix(" back").or_else(|| short.split(" to ").next()).unwrap_or(short);
            fit(brief, 13)
        }
    }
}

fn blocks(steps: &[Step], from_place: usize, detail: Detail) -> Vec<Block> {
    // Before each there is a column where somebody may stand.
    let mut column = 1;
    let block = |(place, step): (usize, &Step)| {
        let text = words_of(step, detail);
        let width = u32::from(width_of(&text)) + 2;
        let block = Block { place: from_place + place, thread: step.thread, text, from: column, width };
        column += width + 1;
        block
    };
    steps.iter().enumerate().map(block).collect()
}

/// What there is to draw: steps around the place where somebody stands, so that a schedule of ten thousand steps costs no
/// more than one of ten.
const AROUND: usize = 160;

/// The rows that it needs at a number of threads.
pub(in crate::view) fn rows_wanted(position: Option<&Position>, journey: &Journey) -> u16 {
    let threads =
        position.map_or(2, |position| position.threads.iter().filter(|thread| shows(journey, thread.number)).count());
    let ghost = usize::from(journey.ghost().is_some());
    u16::try_from(threads.max(1) + ghost + 1).unwrap_or(8)
}

/// Whether a thread has a lane: main only where it took a step.
fn shows(journey: &Journey, thread: usize) -> bool {
    thread > 0 || journey.steps().iter().any(|step| step.thread == 0)
}

/// How a step that was taken is drawn, and one that lies ahead.
fn style(thread: usize, is_ahead: bool, theme: &Theme) -> Style {
    let hue = threads::hue(thread, theme);
    match (is_ahead, theme.name) {
        (false, ThemeName::Mono) => Style::new().add_modifier(Modifier::REVERSED),
        (false, _) => hue.add_modifier(Modifier::REVERSED),
        (true, _) => hue,
    }
}

pub(in crate::view) fn draw(journey: &Journey, position: Option<&Position>, theme: &Theme, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    if width < 12 || height == 0 {
        return;
    }
    let here = journey.here().min(journey.steps().len());
    let mut shown: Vec<usize> = position.map_or(Vec::new(), |position| {
        position.threads.iter().map(|thread| thread.number).filter(|thread| shows(journey, *thread)).collect()
    });
    let names = shown.iter().map(|thread| width_of(&thread_name(*thread))).max().unwrap_or(1);
    let inset = names + 2;
    let room = width.saturating_sub(inset + 1);
    let has_ruler = height >= 2;
    let lanes = usize::from(height.saturating_sub(u16::from(has_ruler)));
    // Too many threads for the rows: those that moved lately are the ones that matter.
    if shown.len() > lanes {
        let last = |thread: &usize| journey.steps()[..here].iter().rposition(|step| step.thread == *thread);
        let mut by_last = shown.clone();
        by_last.sort_by_key(|thread| std::cmp::Reverse(last(thread).map_or(0, |place| place + 1)));
        by_last.truncate(lanes);
        shown.retain(|thread| by_last.contains(thread));
    }
    let first = here.saturating_sub(AROUND);
    let last = (here + AROUND).min(journey.steps().len());
    let around = &journey.steps()[first..last];
    // As many words as leave several steps in sight.
    let long = |detail| blocks(around, first, detail).last().map_or(0, |block| block.from + block.width);
    let detail = if long(Detail::Full) <= u32::from(room) {
        Detail::Full
    } else if long(Detail::Short) <= u32::from(room) || room >= 100 {
        Detail::Short
    } else {
        Detail::Brief
    };
    let blocks = blocks(around, first, detail);
    let end = |block: Option<&Block>| block.map_or(1, |block| block.from + block.width + 1);
    // Where somebody stands is in sight, with what comes next.
    let stands = end(here.checked_sub(first + 1).and_then(|place| blocks.get(place)));
    let whole = end(blocks.last());
    let from = if whole <= u32::from(room) {
        0
    } else {
        (stands + u32::from(room) / 3).saturating_sub(u32::from(room)).min(whole.saturating_sub(u32::from(room)))
    };
    // A blank row between lanes, where there is plenty.
    let number = u16::try_from(shown.len()).unwrap_or(u16::MAX).saturating_add(u16::from(journey.ghost().is_some()));
    let air = if u32::from(height) >= 2 * u32::from(number) + u32::from(has_ruler) { 2 } else { 1 };
    for (row, thread) in (0u16..).step_by(usize::from(air)).zip(&shown) {
        pen.text(0, row, &thread_name(*thread), threads::name_style(*thread, theme));
        let mut line = pen.part(inset, row, room, 1);
        for block in blocks.iter().filter(|block| block.thread == *thread) {
            let style = style(block.thread, block.place >= here, theme);
            let text = if block.place >= here { format!("[{}]", block.text) } else { format!(" {} ", block.text) };
            draw_block(block, from, &text, style, &mut line);
        }
    }
    let mut row = u16::try_from(shown.len()).unwrap_or(height).saturating_mul(air);
    if let Some(ghost) = journey.ghost().filter(|_| shown.len() < lanes && !shown.is_empty()) {
        pen.text(0, row, "·", theme.label());
        let base = end(ghost.from.checked_sub(first + 1).and_then(|place| blocks.get(place))) - 1;
        let mut line = pen.part(inset, row, room, 1);
        let steps = &ghost.steps[..ghost.steps.len().min(AROUND)];
        for mut block in self::blocks(steps, ghost.from, detail) {
            block.from += base;
            let name = thread_name(block.thread);
            draw_block(&block, from, &format!("{name}:{}", block.text), theme.label(), &mut line);
        }
        row += air;
    }
    // Where somebody stands.
    let mark = stands.saturating_sub(from).saturating_sub(1);
    if let Ok(column) = u16::try_from(mark)
        && column < room
        && !shown.is_empty()
    {
        let moved = journey.moved_last().and_then(|thread| shown.iter().position(|one| *one == thread)).unwrap_or(0);
        let moved = u16::try_from(moved).unwrap_or(0);
        let here_style = theme.tint(theme.warn).patch(theme.strong());
        let end = pen.text(inset + column, moved * air, "◆", here_style);
        let is_last = here == journey.steps().len();
        if is_last && room.saturating_sub(column) > 16 {
            pen.text(end + 1, moved * air, "you are here", theme.tint(theme.warn));
        }
    }
    if has_ruler {
        ruler(journey, row.min(height - 1), inset, room, theme, pen);
    }
}

/// Draws what is in sight of a block.
fn draw_block(block: &Block, from: u32, text: &str, style: Style, line: &mut Pen<'_>) {
    let room = u32::from(line.width());
    if block.from + block.width <= from || block.from >= from + room {
        return;
    }
    let skipped = from.saturating_sub(block.from) as usize;
    let column = block.from.saturating_sub(from) as u16;
    let text: String = text.chars().skip(skipped).collect();
    let width = (block.width - skipped as u32).min(room) as u16;
    let mut part = line.part(column, 0, width, 1);
    part.hit(Target::Place(block.place + 1));
    part.text(0, 0, &text, style);
}

/// The whole schedule as a line to point at.
fn ruler(journey: &Journey, row: u16, inset: u16, room: u16, theme: &Theme, pen: &mut Pen<'_>) {
    let (here, length) = (journey.here(), journey.len());
    let place = (here as f64 / length.max(1) as f64 * f64::from(room.saturating_sub(1))).round() as u16;
    let mut line = pen.part(inset, row, room, 1);
    line.hit(Target::Ruler);
    line.line(0, 0, room, '─', theme.label());
    line.line(0, 0, place, '━', theme.tint(theme.accent));
    line.put(place, 0, '●', theme.tint(theme.warn).patch(theme.strong()));
    pen.text(0, row, "◂", theme.label());
}
