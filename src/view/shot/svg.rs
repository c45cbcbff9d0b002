//! The picture: SVG on a grid of cells that no font can move.
//!
//! ```text
//! page        a rectangle, rounded
//! backgrounds a path for each colour
//! blocks      a path for each colour; shades are patterns
//! lines       a path for each colour: a frame's lines join, whatever the font thinks of them
//! text        an element for each run of one style, at its column, of exactly its columns' width
//! ```
//!
//! Rectangles that touch become one, lines too: the size of the picture follows what is on the screen.

use super::super::backend::{index_of, rgb_of};
use super::shapes::{Arms, CELL, Rectangle, Shape, shape_of};
use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::style::{Color, Modifier};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Around the cells.
const MARGIN: u32 = 10;
/// From a cell's top to where letters stand.
const BASELINE: u32 = 12;

type Rgb = (u8, u8, u8);

/// What text looks like, in the order in which it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    colour: Rgb,
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
    crossed_out: bool,
}

/// A run of text: where it begins, and how many columns it takes.
struct Run {
    column: u32,
    row: u32,
    columns: u32,
    text: String,
}

/// A line, straight along one axis: `(across, from, to)`.
type Line = (u32, u32, u32);

#[derive(Default)]
struct Layers {
    backgrounds: BTreeMap<Rgb, Vec<Rectangle>>,
    blocks: BTreeMap<(Rgb, bool), Vec<Rectangle>>,
    shades: BTreeMap<(Rgb, u8), Vec<Rectangle>>,
    horizontal: BTreeMap<(Rgb, bool), Vec<Line>>,
    vertical: BTreeMap<(Rgb, bool), Vec<Line>>,
    curves: BTreeMap<(Rgb, bool), String>,
    texts: BTreeMap<Look, Vec<Run>>,
}

/// The screen as a picture, on a dark page or on a light one.
pub(in crate::view) fn svg(buffer: &Buffer, dark: bool) -> String {
    let page = if dark { ((0x16, 0x18, 0x1d), (0xd4, 0xd6, 0xdb)) } else { ((0xff, 0xff, 0xff), (0x1f, 0x23, 0x28)) };
    let mut layers = Layers::default();
    let area = buffer.area;
    for (row, y) in (0..).zip(area.top()..area.bottom()) {
        let mut x = area.left();
        while x < area.right() {
            let Some(cell) = buffer.cell((x, y)) else { break };
            let columns = cell.cell_width().max(1).min(area.right() - x);
            layers.add(cell, (u32::from(x - area.left()), row, u32::from(columns)), page);
            x += columns;
        }
    }
    layers.write((u32::from(area.width) * CELL.0, u32::from(area.height) * CELL.1), page)
}

impl Layers {
    /// Adds a cell; `place` is its column, its row, and how many columns it takes.
    fn add(&mut self, cell: &Cell, place: (u32, u32, u32), (page, ink): (Rgb, Rgb)) {
        let (column, row, columns) = place;
        let (x, y) = (column * CELL.0, row * CELL.1);
        let (mut fg, mut bg) = (rgb(cell.fg).unwrap_or(ink), rgb(cell.bg).unwrap_or(page));
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut fg, &mut bg);
        }
        if bg != page {
            self.backgrounds.entry(bg).or_default().push((x, y, columns * CELL.0, CELL.1));
        }
        if cell.modifier.contains(Modifier::HIDDEN) {
            return;
        }
        let dim = cell.modifier.contains(Modifier::DIM);
        let mut characters = cell.symbol().chars();
        let shape = characters.next().filter(|_| characters.next().is_none()).and_then(shape_of);
        match shape {
            Some(Shape::Blocks(parts)) => {
                let moved = parts.into_iter().map(|(left, top, width, height)| (x + left, y + top, width, height));
                self.blocks.entry((fg, dim)).or_default().extend(moved);
            }
            Some(Shape::Shade(quarters)) => {
                self.shades.entry((fg, quarters)).or_default().push((x, y, CELL.0, CELL.1));
            }
            Some(Shape::Lines(arms)) => self.lines((fg, dim), (x, y), arms),
            Some(Shape::Curve(arms)) => {
                let from = if arms.up { y } else { y + CELL.1 };
                let to = if arms.left { x } else { x + CELL.0 };
                let (middle_x, middle_y) = (x + CELL.0 / 2, y + CELL.1 / 2);
                let curve = format!("M{middle_x} {from}Q{middle_x} {middle_y} {to} {middle_y}");
                self.curves.entry((fg, dim)).or_default().push_str(&curve);
            }
            None => self.text(cell, fg, place),
        }
    }

    fn lines(&mut self, look: (Rgb, bool), (x, y): (u32, u32), arms: Arms) {
        let (middle_x, middle_y) = (x + CELL.0 / 2, y + CELL.1 / 2);
        if arms.left || arms.right {
            let (from, to) = (if arms.left { x } else { middle_x }, if arms.right { x + CELL.0 } else { middle_x });
            self.horizontal.entry(look).or_default().push((middle_y, from, to));
        }
        if arms.up || arms.down {
            let (from, to) = (if arms.up { y } else { middle_y }, if arms.down { y + CELL.1 } else { middle_y });
            self.vertical.entry(look).or_default().push((middle_x, from, to));
        }
    }

    fn text(&mut self, cell: &Cell, colour: Rgb, (column, row, columns): (u32, u32, u32)) {
        let has = |modifier| cell.modifier.contains(modifier);
        let (underlined, crossed_out) = (has(Modifier::UNDERLINED), has(Modifier::CROSSED_OUT));
        if cell.symbol().trim().is_empty() && !underlined && !crossed_out {
            return;
        }
        let look = Look {
            colour,
            bold: has(Modifier::BOLD),
            dim: has(Modifier::DIM),
            italic: has(Modifier::ITALIC),
            underlined,
            crossed_out,
        };
        let runs = self.texts.entry(look).or_default();
        if let Some(run) = runs.last_mut()
            && run.row == row
        {
            let gap = column.saturating_sub(run.column + run.columns);
            let last = run.text.chars().next_back();
            let is_ordinary =
                is_steady(cell.symbol()) && last.is_some_and(|last| is_steady(last.encode_utf8(&mut [0; 4])));
            // One blank inside of a run is kept by every reader of SVG, two are not.
            if gap == 0 && (is_ordinary || (columns == 1 && run.text.ends_with(cell.symbol())))
                || gap == 1 && is_ordinary
            {
                if gap == 1 {
                    run.text.push(' ');
                }
                run.text.push_str(cell.symbol());
                run.columns += gap + columns;
                return;
            }
        }
        runs.push(Run { column, row, columns, text: cell.symbol().to_string() });
    }

    fn write(self, (width, height): (u32, u32), (page, ink): (Rgb, Rgb)) -> String {
        let (full_width, full_height) = (width + 2 * MARGIN, height + 2 * MARGIN);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{full_width}\" height=\"{full_height}\" \
             viewBox=\"-{MARGIN} -{MARGIN} {full_width} {full_height}\">\n"
        );
        if !self.shades.is_empty() {
            out.push_str("<defs>\n");
            for &(colour, quarters) in self.shades.keys() {
                let _ = writeln!(
                    out,
                    "<pattern id=\"{}\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\"><path fill=\"{}\" d=\"{}\"/></pattern>",
                    name_of_shade(colour, quarters),
                    hex(colour),
                    SHADES[usize::from(quarters.clamp(1, 3)) - 1],
                );
            }
            out.push_str("</defs>\n");
        }
        let _ = writeln!(
            out,
            "<rect x=\"-{MARGIN}\" y=\"-{MARGIN}\" width=\"{full_width}\" height=\"{full_height}\" rx=\"6\" fill=\"{}\"/>",
            hex(page)
        );
        out.push_str("<g shape-rendering=\"crispEdges\">\n");
        for (colour, parts) in self.backgrounds {
            let _ = writeln!(out, "<path fill=\"{}\" d=\"{}\"/>", hex(colour), path_of(parts));
        }
        for ((colour, dim), parts) in self.blocks {
            let _ = writeln!(out, "<path fill=\"{}\"{} d=\"{}\"/>", hex(colour), opacity(dim), path_of(parts));
        }
        for ((colour, quarters), parts) in self.shades {
            let name = name_of_shade(colour, quarters);
            let _ = writeln!(out, "<path fill=\"url(#{name})\" d=\"{}\"/>", path_of(parts));
        }
        out.push_str("</g>\n");
        let mut strokes = self.curves;
        for (look, lines) in self.horizontal {
            let path = strokes.entry(look).or_default();
            joined(lines).iter().for_each(|(y, from, to)| {
                let _ = write!(path, "M{from} {y}H{to}");
            });
        }
        for (look, lines) in self.vertical {
            let path = strokes.entry(look).or_default();
            joined(lines).iter().for_each(|(x, from, to)| {
                let _ = write!(path, "M{x} {from}V{to}");
            });
        }
        for ((colour, dim), path) in strokes {
            let _ = writeln!(out, "<path fill=\"none\" stroke=\"{}\"{} d=\"{path}\"/>", hex(colour), opacity(dim));
        }
        let _ = writeln!(
            out,
            "<g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
             font-size=\"13.3\" fill=\"{}\">",
            hex(ink)
        );
        for (look, runs) in self.texts {
            out.push_str("<g");
            if look.colour != ink {
                let _ = write!(out, " fill=\"{}\"", hex(look.colour));
            }
            if look.bold {
                out.push_str(" font-weight=\"bold\"");
            }
            if look.italic {
                out.push_str(" font-style=\"italic\"");
            }
            out.push_str(opacity(look.dim));
            match (look.underlined, look.crossed_out) {
                (true, true) => out.push_str(" text-decoration=\"underline line-through\""),
                (true, false) => out.push_str(" text-decoration=\"underline\""),
                (false, true) => out.push_str(" text-decoration=\"line-through\""),
                (false, false) => {}
            }
            out.push_str(">\n");
            runs.iter().for_each(|run| run.write(&mut out));
            out.push_str("</g>\n");
        }
        out.push_str("</g>\n</svg>\n");
        out
    }
}

impl Run {
    fn write(&self, out: &mut String) {
        let (x, y) = (self.column * CELL.0, self.row * CELL.1 + BASELINE);
        let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" textLength=\"{}\"", self.columns * CELL.0);
        // A sign that the font borrows from another one may be of any width.
        if !self.text.chars().all(|character| is_steady(character.encode_utf8(&mut [0; 4]))) {
            out.push_str(" lengthAdjust=\"spacingAndGlyphs\"");
        }
        out.push('>');
        for character in self.text.chars() {
            match character {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                // What XML cannot hold, escaped or not; no panel lets it through to here.
                control if control.is_control() => out.push('\u{b7}'),
                other => out.push(other),
            }
        }
        out.push_str("</text>\n");
    }
}

/// Whether every monospaced font has this sign itself, as wide as the others.
fn is_steady(symbol: &str) -> bool {
    symbol.chars().all(|character| matches!(character, ' '..='~' | '\u{a1}'..='\u{ff}' | '–' | '—' | '…' | '“' | '”'))
}

fn rgb(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        other => index_of(other).map(rgb_of),
    }
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn opacity(dim: bool) -> &'static str {
    if dim { " opacity=\".6\"" } else { "" }
}

/// `░▒▓` in a tile of 4 by 4.
const SHADES: [&str; 3] =
    ["M0 0h1v1h-1zM2 2h1v1h-1z", "M0 0h2v2h-2zM2 2h2v2h-2z", "M0 0h4v4h-4zM1 0v1h1v-1zM3 2v1h1v-1z"];

fn name_of_shade((r, g, b): Rgb, quarters: u8) -> String {
    format!("s{quarters}{r:02x}{g:02x}{b:02x}")
}

/// A path around all rectangles, those that touch made one.
fn path_of(mut parts: Vec<Rectangle>) -> String {
    parts.sort_unstable_by_key(|&(x, y, _, height)| (y, height, x));
    let mut rows: Vec<Rectangle> = Vec::new();
    for (x, y, width, height) in parts {
        match rows.last_mut() {
            Some(last) if (last.1, last.3, last.0 + last.2) == (y, height, x) => last.2 += width,
            _ => rows.push((x, y, width, height)),
        }
    }
    rows.sort_unstable_by_key(|&(x, y, width, _)| (x, width, y));
    let mut all: Vec<Rectangle> = Vec::new();
    for (x, y, width, height) in rows {
        match all.last_mut() {
            Some(last) if (last.0, last.2, last.1 + last.3) == (x, width, y) => last.3 += height,
            _ => all.push((x, y, width, height)),
        }
    }
    let mut path = String::new();
    for (x, y, width, height) in all {
        let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
    }
    path
}

/// The lines, those that touch made one.
fn joined(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_unstable();
    let mut all: Vec<Line> = Vec::new();
    for (across, from, to) in lines {
        match all.last_mut() {
            Some(last) if last.0 == across && last.2 >= from => last.2 = last.2.max(to),
            _ => all.push((across, from, to)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_becomes_one() {
        let four = vec![(0, 0, 8, 16), (8, 0, 8, 16), (0, 16, 8, 16), (8, 16, 8, 16)];
        assert_eq!(path_of(four), "M0 0h16v32h-16z");
        assert_eq!(path_of(vec![(0, 0, 8, 16), (0, 20, 8, 16)]), "M0 0h8v16h-8zM0 20h8v16h-8z");
        assert_eq!(joined(vec![(8, 8, 16), (8, 0, 8), (24, 0, 8)]), [(8, 0, 16), (24, 0, 8)]);
    }
}
