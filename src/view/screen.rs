//! The whole screen: which parts there are at a size, and where.
//!
//! ```text
//! header
//! the scenario's question
//! ─ cores ─────────────────────────
//! ─ 1 ──────── ─ 2 ──────── ─ 3 ───
//! ─ findings ──────────────────────
//! keys
//! own cost · what there is no room for
//! ```
//!
//! No size is refused. Where rows are few, parts give way in a fixed order, and the last line says which.

use super::model::Model;
use super::panels::{cores, dialogs, findings, lane, lines};
use super::pen::{Pen, lines_of, styles_of};
use crate::ledger::LaneLedger;
use crate::stats::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A lane narrower than this (inside) goes to another page.
const LANE_WIDTH_MIN: u16 = 24;

/// Boxes take rows and columns: only where there are plenty.
const BOXED_FROM: (u16, u16) = (100, 30);

/// The question gets a line of its own from so many rows on.
const QUESTION_FROM: u16 = 30;

/// Draws the model into `buffer`.
pub fn draw(model: &Model, buffer: &mut Buffer) {
    let area = buffer.area;
    let mut pen = Pen::new(buffer, area);
    draw_panels(model, &mut pen);
    dialogs::draw(model, &mut pen);
}

fn draw_panels(model: &Model, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let (ledger, theme) = (model.shown(), &model.theme);
    let boxed = width >= BOXED_FROM.0 && height >= BOXED_FROM.1;
    let frame_rows = 1 + u16::from(boxed);
    let mut hidden: Vec<String> = Vec::new();

    lines::header(model, &mut pen.part(0, 0, width, 1));
    let has_hints = height >= 4;
    let has_own = height >= 7;
    let bottom = height - u16::from(has_hints) - u16::from(has_own);
    let mut top = 1.min(height);
    let mut left = bottom.saturating_sub(top);
    if height >= QUESTION_FROM {
        let lines = lines::question(model, width, if height >= BOXED_FROM.1 + 5 { 2 } else { 1 });
        let rows = u16::try_from(lines.len()).unwrap_or(0);
        lines::draw_question(model, &lines, &mut pen.part(0, top, width, rows));
        top += rows;
        left -= rows;
    }

    // The findings: as many lines as they need, within a fifth of the room.
    let mut findings_rows = 0;
    if left >= 13 {
        let inside = width.saturating_sub(if boxed { 4 } else { 0 });
        let needed = u16::try_from(findings::lines(ledger, inside, u16::MAX).len()).unwrap_or(u16::MAX).max(1);
        let most = (left / 5).saturating_sub(frame_rows).clamp(1, 8);
        // At least two, so that the lanes do not move when the first finding comes.
        findings_rows = needed.max(2).min(most) + frame_rows;
        left -= findings_rows;
    } else {
        hidden.push(match ledger.findings().len() {
            0 => "findings".to_string(),
            number => words::plural(number, "finding"),
        });
    }

    // The cores and the legend.
    if left >= 9 {
        let inside_max = (left / 5).saturating_sub(u16::from(boxed)).max(1);
        let rows = cores::rows(ledger, inside_max);
        let has_legend = left >= 11;
        let panel_rows = rows + frame_rows + u16::from(has_legend);
        let mut part = pen.part(0, top, width, panel_rows);
        let frame = theme.label();
        // How the figures were measured comes first where there is room for one of the two.
        let whose = if boxed { ", used by all programs" } else { "" };
        let mut inside =
            part.panel(&[("cores", theme.strong()), (whose, theme.label())], &cores::caption(ledger), frame, boxed);
        let inside_width = inside.width();
        cores::draw(ledger, theme, &mut inside.part(0, 0, inside_width, rows));
        if has_legend {
            let geometry = Geometry::of(model, width, boxed);
            let caption = lane::Scale::of(ledger, geometry.inside).caption();
            lines::legend(model, &caption, &mut inside.part(0, rows, inside_width, 1));
        } else {
            hidden.push("legend".to_string());
        }
        top += panel_rows;
        left -= panel_rows;
    } else {
        hidden.push("cores".to_string());
        hidden.push("legend".to_string());
    }

    hidden.extend(draw_lanes(model, boxed, &mut pen.part(0, top, width, left)).into_iter().map(str::to_string));

    if findings_rows > 0 {
        let mut part = pen.part(0, top + left, width, findings_rows);
        let mut inside = part.panel(&[("findings", theme.strong())], "", theme.label(), boxed);
        findings::draw(ledger, theme, &mut inside);
    }
    if has_hints {
        lines::hints(model, &mut pen.part(0, bottom, width, 1));
    }
    if has_own {
        lines::own_cost(model, &hidden, &mut pen.part(0, height - 1, width, 1));
    }
}

/// How lanes stand side by side.
struct Geometry {
    per_page: usize,
    /// From one lane's edge to its other.
    lane_width: u16,
    /// Between a lane's edges.
    inside: u16,
    /// Between two lanes.
    gap: u16,
}

impl Geometry {
    fn of(model: &Model, width: u16, boxed: bool) -> Geometry {
        let (edge, gap) = if boxed { (2, 0) } else { (0, 1) };
        let lanes = model.shown().lanes().len().max(1);
        let fits = usize::from((width + gap) / (LANE_WIDTH_MIN + 2 * edge + gap)).max(1);
        let per_page = if model.zoomed { 1 } else { fits.min(lanes) };
        let columns = u16::try_from(per_page).unwrap_or(1);
        let lane_width = width.saturating_sub(gap * (columns - 1)) / columns;
        Geometry { per_page, lane_width, inside: lane_width.saturating_sub(2 * edge), gap }
    }
}

/// Draws the page of lanes on which the focus is; returns what had no room.
fn draw_lanes(model: &Model, boxed: bool, pen: &mut Pen<'_>) -> Vec<&'static str> {
    let (ledger, theme) = (model.shown(), &model.theme);
    let (lanes, focus) = (ledger.lanes(), model.focus_index());
    let (width, height) = (pen.width(), pen.height());
    if lanes.is_empty() || width == 0 || height == 0 {
        return Vec::new();
    }
    let Geometry { per_page, lane_width, inside, gap } = Geometry::of(model, width, boxed);
    let page = focus / per_page;
    let shown: Vec<&LaneLedger> = lanes.iter().skip(page * per_page).take(per_page).collect();

    // Pages, where there are several, are told in a line of their own below the lanes.
    let has_pages = per_page < lanes.len();
    let height = if has_pages { height - 1 } else { height };
    let rows = lane::Rows::plan(height.saturating_sub(1 + u16::from(boxed)), &shown);
    let scale = lane::Scale::of(ledger, inside);
    for (place, one) in (0u16..).zip(&shown) {
        let context = lane::Context {
            ledger,
            theme,
            rows: &rows,
            scale: &scale,
            width: inside,
            wanted: model.wanted(one.plan.id),
            is_focused: one.plan.id.index() == Some(focus),
            is_paused: model.paused,
            boxed,
        };
        let from = place * (lane_width + gap);
        // The last one takes what the division left over.
        let is_last = usize::from(place) + 1 == per_page;
        let its_width = if is_last { width.saturating_sub(from) } else { lane_width };
        lane::draw(one, &context, &mut pen.part(from, 0, its_width, height));
    }
    if has_pages {
        let (first, last) = (page * per_page + 1, page * per_page + shown.len());
        let range = if first == last { format!("lane {first}") } else { format!("lanes {first} to {last}") };
        let back = if model.zoomed { ", z shows all" } else { "" };
        let text = format!("{range} of {}: Tab goes on{back}", lanes.len());
        pen.text(1, height, &text, theme.tint(theme.warn));
    }
    rows.hidden
}

fn buffer_of(model: &Model, columns: u16, rows: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    draw(model, &mut buffer);
    buffer
}

/// The screen as text, without colours.
pub fn draw_to_text(model: &Model, columns: u16, rows: u16) -> String {
    let mut text = lines_of(&buffer_of(model, columns, rows)).join("\n");
    text.push('\n');
    text
}

/// The screen as text, and below it the style of every run of cells: what snapshots compare.
pub fn draw_to_styled(model: &Model, columns: u16, rows: u16) -> String {
    let buffer = buffer_of(model, columns, rows);
    format!("{}\n---\n{}\n", lines_of(&buffer).join("\n"), styles_of(&buffer).join("\n"))
}
