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

use super::dialogs;
use super::glyphs::{self, Glyphs};
use super::hits::{Hit, Target};
use super::model::Model;
use super::panels::{big, cores, findings, lane, lines, zoom};
use super::pen::{Pen, lines_of, styles_of};
use super::programs::{self, Engine};
use super::shot;
use super::sweep;
use super::theme::ThemeName;
use crate::ledger::LaneLedger;
use crate::stats::words;
use crate::wire::LaneId;
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
    draw_noting(model, buffer, &mut Vec::new());
}

/// The same, noting what can be clicked.
fn draw_noting(model: &Model, buffer: &mut Buffer, hits: &mut Vec<Hit>) {
    let area = buffer.area;
    let mut pen = Pen::new(buffer, hits, area);
    draw_panels(model, &mut pen);
    // The keys of what is open stay in sight.
    let (width, height) = (pen.width(), pen.height());
    let below = if height >= 12 { key_rows(model, height) + 1 } else { 0 };
    dialogs::draw(model, &mut pen.part(0, 0, width, height - below));
    if model.theme.glyphs == Glyphs::Ascii {
        glyphs::to_ascii(buffer);
    }
}

/// What can be clicked on the screen as it is.
pub(super) fn hits(model: &Model) -> Vec<Hit> {
    let (columns, rows) = model.size();
    let mut hits = Vec::new();
    draw_noting(model, &mut Buffer::empty(Rect::new(0, 0, columns, rows)), &mut hits);
    hits
}

/// What is drawn where something can be clicked, as text.
pub(super) fn text_of(model: &Model, target: Target) -> String {
    let (columns, rows) = model.size();
    let (mut buffer, mut hits) = (Buffer::empty(Rect::new(0, 0, columns, rows)), Vec::new());
    draw_noting(model, &mut buffer, &mut hits);
    // Where it cannot be clicked, as in large figures, it is the whole screen.
    let area = hits.iter().rev().find(|hit| hit.target == target).map_or(buffer.area, |hit| hit.area);
    let mut part = Buffer::empty(area);
    for place in area.positions() {
        part[place] = buffer[place].clone();
    }
    format!("{}\n", lines_of(&part).join("\n"))
}

/// A picture of the screen as it is, for a file with that ending.
pub(super) fn picture(model: &Model, extension: &str) -> String {
    let (columns, rows) = model.size();
    let buffer = buffer_of(model, columns, rows);
    match extension {
        "ans" => shot::ansi(&buffer),
        "svg" => shot::svg(&buffer, model.theme.name != ThemeName::Light),
        _ => shot::text(&buffer),
    }
}

fn draw_panels(model: &Model, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let (ledger, theme) = (model.shown(), &model.theme);
    let boxed = width >= BOXED_FROM.0 && height >= BOXED_FROM.1;
    let frame_rows = 1 + u16::from(boxed);
    let mut hidden: Vec<String> = Vec::new();

    let engine = programs::engine(model);
    if let Some(engine) = engine.filter(|_| model.big && model.zoom.is_none()) {
        let bottom = rows_above(model, height);
        programs::draw_big(model, engine, &mut pen.part(0, 0, width, bottom));
        draw_below(model, &[], bottom, pen);
        return;
    }
    if model.big && model.zoom.is_none() && !ledger.lanes().is_empty() {
        big::draw(
            ledger,
            theme,
            LaneId::of_index(model.focus_index()),
            model.paused,
            &mut pen.part(0, 0, width, rows_above(model, height)),
        );
        draw_below(model, &[], rows_above(model, height), pen);
        return;
    }
    if sweep::is_shown(model) {
        sweep::draw_header(model, &mut pen.part(0, 0, width, 1));
        let bottom = rows_above(model, height);
        let top = 1.min(height);
        let hidden = sweep::draw(model, boxed, &mut pen.part(0, top, width, bottom.saturating_sub(top)));
        draw_below(model, &hidden, bottom, pen);
        return;
    }
    match engine {
        Some(_) => programs::draw_header(model, &mut pen.part(0, 0, width, 1)),
        None => lines::header(model, &mut pen.part(0, 0, width, 1)),
    }
    let bottom = rows_above(model, height);
    let mut top = 1.min(height);
    let mut left = bottom.saturating_sub(top);
    if let Some(engine @ (Engine::Step | Engine::Explore)) = engine {
        let without = programs::draw(model, engine, &mut pen.part(0, top, width, left));
        hidden.extend(without.into_iter().map(str::to_string));
        draw_below(model, &hidden, bottom, pen);
        return;
    }
    if let Some(zoom) = &model.zoom
        && let Some(lane) = ledger.lanes().get(model.focus_index())
    {
        let mut body = pen.part(0, top, width, left);
        body.hit(Target::Lane(model.focus_index()));
        zoom::draw(lane, ledger, theme, zoom, &mut body);
        if zoom.tab == zoom::Tab::Overview {
            let head = zoom::head_rows(left);
            hidden.extend(draw_lanes(model, false, &mut pen.part(0, top + head, width, left.saturating_sub(head))));
        }
        draw_below(model, &hidden, bottom, pen);
        return;
    }
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
        let needed = u16::try_from(findings::lines(model, inside, u16::MAX).len()).unwrap_or(u16::MAX).max(1);
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
        // Which lane used a core is an estimate, and says so.
        let whose = match (boxed, width >= 120, ledger.cores_by_lane().is_empty()) {
            (false, ..) => "",
            (true, _, true) => ", used by all programs",
            (true, true, false) => ", used by all programs (lanes: estimate)",
            (true, false, false) => ", lanes estimated",
        };
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

    // A run that stands still is drawn above the lanes: it is there for a moment only.
    if engine == Some(Engine::Wild) {
        let rows = programs::wild::still_rows(model, left);
        programs::wild::draw_still(model, boxed, &mut pen.part(0, top, width, rows));
        top += rows;
        left -= rows;
    }
    hidden.extend(draw_lanes(model, boxed, &mut pen.part(0, top, width, left)));

    if findings_rows > 0 {
        let mut part = pen.part(0, top + left, width, findings_rows);
        let mut inside = part.panel(&[("findings", theme.strong())], "", theme.label(), boxed);
        findings::draw(model, &mut inside);
    }
    draw_below(model, &hidden, bottom, pen);
}

/// The rows above the time line of a recording, the keys and what poolscope costs, as far as there is room for these.
pub(super) fn rows_above(model: &Model, height: u16) -> u16 {
    let keys = key_rows(model, height);
    height - keys - u16::from(height >= 7) - u16::from(model.is_recording() && height >= 8)
}

/// The rows of keys: programs have more of them than fit in one.
fn key_rows(model: &Model, height: u16) -> u16 {
    let is_thinking = matches!(programs::engine(model), Some(Engine::Step | Engine::Explore));
    u16::from(height >= 4) + u16::from(height >= 22 && is_thinking)
}

/// The time line of a recording, the keys, and what poolscope costs, from the row `bottom` on.
fn draw_below(model: &Model, hidden: &[String], bottom: u16, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let mut row = bottom;
    if model.is_recording() && height >= 8 {
        lines::scrub(model, &mut pen.part(0, row, width, 1));
        row += 1;
    }
    if height >= 4 {
        lines::hints(model, &mut pen.part(0, row, width, key_rows(model, height)));
    }
    if height >= 7 {
        lines::own_cost(model, hidden, &mut pen.part(0, height - 1, width, 1));
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
    /// Whether each stands in a box.
    boxed: bool,
}

impl Geometry {
    /// Boxes give way where without them more lanes stand side by side.
    fn of(model: &Model, width: u16, boxed: bool) -> Geometry {
        let lanes = model.shown().lanes().len().max(1);
        let fits = |boxed: bool| {
            let (edge, gap) = edges(boxed);
            usize::from((width + gap) / (LANE_WIDTH_MIN + 2 * edge + gap)).clamp(1, lanes)
        };
        let boxed = boxed && fits(true) >= fits(false);
        let (edge, gap) = edges(boxed);
        let per_page = if model.zoom.is_some() { 1 } else { fits(boxed) };
        let columns = u16::try_from(per_page).unwrap_or(1);
        let lane_width = width.saturating_sub(gap * (columns - 1)) / columns;
        Geometry { per_page, lane_width, inside: lane_width.saturating_sub(2 * edge), gap, boxed }
    }
}

/// What a lane's edges take on each side, and what stands between two lanes.
fn edges(boxed: bool) -> (u16, u16) {
    if boxed { (2, 0) } else { (0, 1) }
}

/// Draws the page of lanes on which the focus is; returns what had no room.
fn draw_lanes(model: &Model, boxed: bool, pen: &mut Pen<'_>) -> Vec<String> {
    let (ledger, theme) = (model.shown(), &model.theme);
    let (lanes, focus) = (ledger.lanes(), model.focus_index());
    let (width, height) = (pen.width(), pen.height());
    if lanes.is_empty() || width == 0 || height == 0 {
        return Vec::new();
    }
    let Geometry { per_page, lane_width, inside, gap, boxed } = Geometry::of(model, width, boxed);
    let page = focus / per_page;
    let shown: Vec<&LaneLedger> = lanes.iter().skip(page * per_page).take(per_page).collect();

    // Pages, where there are several, are told in a line of their own below the lanes.
    let has_pages = per_page < lanes.len() && model.zoom.is_none();
    let height = if has_pages { height - 1 } else { height };
    let rows = lane::Rows::plan(height.saturating_sub(1 + u16::from(boxed)), inside, &shown);
    let scale = lane::Scale::of(ledger, inside * if theme.glyphs == Glyphs::Braille { 2 } else { 1 });
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
            sweeps: model.pace.sweeps(),
        };
        let number = one.plan.id.index().unwrap_or(0);
        let from = place * (lane_width + gap);
        // The last one takes what the division left over.
        let is_last = usize::from(place) + 1 == per_page;
        let its_width = if is_last { width.saturating_sub(from) } else { lane_width };
        let mut part = pen.part(from, 0, its_width, height);
        part.hit(Target::Lane(number));
        lane::draw(one, &context, &mut part);
    }
    if has_pages {
        let (first, last) = (page * per_page + 1, page * per_page + shown.len());
        let range = if first == last { format!("lane {first}") } else { format!("lanes {first} to {last}") };
        let next = if programs::engine(model).is_some() { "next-variant" } else { "next-lane" };
        let text = format!("{range} of {}: {} goes on", lanes.len(), model.key_of(next));
        pen.text(1, height, &text, theme.tint(theme.warn));
    }
    rows.hidden.into_iter().map(str::to_string).collect()
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
