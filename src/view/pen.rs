//! Writing into cells, clipped: a pen knows its area, and what falls outside is not written.
//!
//! Every panel draws through a pen, so no arithmetic of a layout can ever reach a cell that is not there. Every text
//! goes through [`words::plain`], so nothing from outside can reach the terminal as an escape sequence.

use super::hits::{Hit, Target};
use crate::stats::words;
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

/// Heights in eighths of a cell, from nothing to full.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Widths in eighths of a cell, from nothing to full.
const EIGHTHS_WIDE: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Draws into one area of a buffer; columns and rows count from the area's own corner. Notes what can be clicked.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    hits: &'a mut Vec<Hit>,
    area: Rect,
}

impl<'a> Pen<'a> {
    /// A pen for an area of a buffer, which notes in `hits` what can be clicked.
    pub(super) fn new(buffer: &'a mut Buffer, hits: &'a mut Vec<Hit>, area: Rect) -> Pen<'a> {
        let area = area.intersection(buffer.area);
        Pen { buffer, hits, area }
    }

    /// Notes that a click anywhere in the area means this.
    pub(super) fn hit(&mut self, target: Target) {
        self.hits.push(Hit { area: self.area, target });
    }

    pub(super) fn width(&self) -> u16 {
        self.area.width
    }

    pub(super) fn height(&self) -> u16 {
        self.area.height
    }

    /// A pen for a part of this pen's area.
    pub(super) fn part(&mut self, column: u16, row: u16, width: u16, height: u16) -> Pen<'_> {
        let part = Rect {
            x: self.area.x.saturating_add(column),
            y: self.area.y.saturating_add(row),
            width: width.min(self.area.width.saturating_sub(column)),
            height: height.min(self.area.height.saturating_sub(row)),
        };
        let area = part.intersection(self.area);
        Pen { buffer: self.buffer, hits: self.hits, area }
    }

    /// One character.
    pub(super) fn put(&mut self, column: u16, row: u16, character: char, style: Style) {
        if column >= self.area.width || row >= self.area.height {
            return;
        }
        if let Some(cell) = self.buffer.cell_mut((self.area.x + column, self.area.y + row)) {
            cell.set_char(character).set_style(style);
        }
    }

    /// A text, cut with `…` where it does not fit; returns the column after it.
    pub(super) fn text(&mut self, column: u16, row: u16, text: &str, style: Style) -> u16 {
        if column >= self.area.width || row >= self.area.height {
            return column;
        }
        let room = usize::from(self.area.width - column);
        let text = fit(&words::plain(text), room);
        let (end, _) = self.buffer.set_stringn(self.area.x + column, self.area.y + row, &text, room, style);
        end.saturating_sub(self.area.x)
    }

    /// Pieces of text, one after the other.
    pub(super) fn pieces(&mut self, column: u16, row: u16, pieces: &[(&str, Style)]) -> u16 {
        pieces.iter().fold(column, |column, (text, style)| self.text(column, row, text, *style))
    }

    /// A text that ends at the right edge, if at least `from` columns stay free on its left; says whether it did.
    pub(super) fn text_right(&mut self, from: u16, row: u16, text: &str, style: Style) -> bool {
        let width = width_of(text);
        if from.saturating_add(width) > self.area.width {
            return false;
        }
        self.text(self.area.width - width, row, text, style);
        true
    }

    /// The same character along a row.
    pub(super) fn line(&mut self, column: u16, row: u16, length: u16, character: char, style: Style) {
        for column in column..column.saturating_add(length).min(self.area.width) {
            self.put(column, row, character, style);
        }
    }

    /// A bar from the left, to an eighth of a cell; `share` is from 0 to 1.
    pub(super) fn bar(&mut self, column: u16, row: u16, length: u16, share: f64, full: Style, empty: Style) {
        let eighths = (unit(share) * f64::from(length) * 8.0).round() as u32;
        for place in 0..length {
            match eighths.saturating_sub(u32::from(place) * 8).min(8) {
                0 => self.put(column.saturating_add(place), row, '·', empty),
                part => self.put(column.saturating_add(place), row, EIGHTHS_WIDE[part as usize], full),
            }
        }
    }

    /// A column of `height` cells ending at row `bottom`, filled from below; `share` is from 0 to 1. What is more than
    /// nothing is always visible.
    pub(super) fn rise(&mut self, column: u16, bottom: u16, height: u16, share: f64, style: Style) {
        let share = unit(share);
        let mut eighths = (share * f64::from(height) * 8.0).round() as u32;
        if share > 0.0 {
            eighths = eighths.max(1);
        }
        for step in 0..height {
            let part = eighths.saturating_sub(u32::from(step) * 8).min(8);
            if part > 0 && step <= bottom {
                self.put(column, bottom - step, EIGHTHS[part as usize], style);
            }
        }
    }

    /// Two neighbouring columns of a graph in one cell of Braille dots, ending at row `bottom`.
    pub(super) fn dots(&mut self, column: u16, bottom: u16, height: u16, shares: [f64; 2], style: Style) {
        const LEFT: [u32; 5] = [0, 0x40, 0x44, 0x46, 0x47];
        const RIGHT: [u32; 5] = [0, 0x80, 0xa0, 0xb0, 0xb8];
        let dots = shares.map(|share| {
            let dots = (unit(share) * f64::from(height) * 4.0).round() as u32;
            if share > 0.0 { dots.max(1) } else { dots }
        });
        for step in 0..height.min(bottom.saturating_add(1)) {
            let part = |dots: u32| dots.saturating_sub(u32::from(step) * 4).min(4) as usize;
            let pattern = LEFT[part(dots[0])] | RIGHT[part(dots[1])];
            if let Some(character) = char::from_u32(0x2800 + pattern).filter(|_| pattern > 0) {
                self.put(column, bottom - step, character, style);
            }
        }
    }

    /// A frame with a title, and something on its right where there is room; returns the area inside.
    ///
    /// ```text
    /// ╭─ title ─────────────── right ─╮
    /// ```
    ///
    /// `boxed` off, only the upper line is drawn, and the inside is all that is below it.
    pub(super) fn panel(&mut self, title: &[(&str, Style)], right: &str, frame: Style, boxed: bool) -> Pen<'_> {
        let (width, height) = (self.area.width, self.area.height);
        self.line(0, 0, width, '─', frame);
        if boxed && width >= 2 && height >= 2 {
            for (column, row, corner) in
                [(0, 0, '╭'), (width - 1, 0, '╮'), (0, height - 1, '╰'), (width - 1, height - 1, '╯')]
            {
                self.put(column, row, corner, frame);
            }
            self.line(1, height - 1, width - 2, '─', frame);
            for row in 1..height - 1 {
                self.put(0, row, '│', frame);
                self.put(width - 1, row, '│', frame);
            }
        }
        let edge = u16::from(boxed);
        let mut top = self.part(edge + 1, 0, width.saturating_sub(2 * edge + 2), 1);
        let mut column = top.text(0, 0, " ", frame);
        column = top.pieces(column, 0, title);
        column = top.text(column, 0, " ", frame);
        if !right.is_empty() {
            top.text_right(column + 1, 0, &format!(" {right} "), frame);
        }
        if boxed {
            self.part(2, 1, width.saturating_sub(4), height.saturating_sub(2))
        } else {
            self.part(0, 1, width, height.saturating_sub(1))
        }
    }

    /// Takes the colours and the weight from what is there, and makes it quiet.
    pub(super) fn fade(&mut self, style: Style) {
        for row in 0..self.area.height {
            for column in 0..self.area.width {
                if let Some(cell) = self.buffer.cell_mut((self.area.x + column, self.area.y + row)) {
                    cell.set_style(Style::reset().patch(style));
                }
            }
        }
    }

    /// Empties the area.
    pub(super) fn erase(&mut self) {
        for row in 0..self.area.height {
            for column in 0..self.area.width {
                if let Some(cell) = self.buffer.cell_mut((self.area.x + column, self.area.y + row)) {
                    cell.reset();
                }
            }
        }
    }
}

fn unit(share: f64) -> f64 {
    if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
}

/// The columns that a text takes.
pub(super) fn width_of(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// The text, or as much of it as fits with a `…` at its end.
pub(super) fn fit(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_string();
    }
    let mut cut = String::new();
    let mut used = 0;
    for character in text.chars() {
        let width = unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
        if used + width + 1 > room {
            break;
        }
        used += width;
        cut.push(character);
    }
    if room > 0 {
        cut.push('…');
    }
    cut
}

/// The text in lines of at most `room` columns, broken between words; a word that is too long is cut.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fit(word, room)),
        }
    }
    lines
}

/// A buffer as lines of text, without the blanks at their ends.
pub(super) fn lines_of(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let rows = area.top()..area.bottom();
    rows.map(|y| {
        let mut line = String::new();
        let mut x = area.left();
        while x < area.right() {
            let Some(cell) = buffer.cell((x, y)) else { break };
            line.push_str(cell.symbol());
            x += cell.cell_width().max(1);
        }
        line.trim_end().to_string()
    })
    .collect()
}

/// The styles of a buffer, row by row, as runs: `3: 0-11 fg=32 bold`. Rows without style are left out.
pub(super) fn styles_of(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let mut rows = Vec::new();
    for y in area.top()..area.bottom() {
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for x in area.left()..area.right() {
            let Some(cell) = buffer.cell((x, y)) else { continue };
            let style = style_in_words(cell.fg, cell.bg, cell.modifier);
            match runs.last_mut() {
                Some((_, end, before)) if *before == style && *end + 1 == x => *end = x,
                _ => runs.push((x, x, style)),
            }
        }
        let styled: Vec<String> = runs
            .into_iter()
            .filter(|(_, _, style)| !style.is_empty())
            .map(|(from, to, style)| format!("{from}-{to} {style}"))
            .collect();
        if !styled.is_empty() {
            rows.push(format!("{y}: {}", styled.join(", ")));
        }
    }
    rows
}

fn style_in_words(fg: Color, bg: Color, modifier: Modifier) -> String {
    let mut words = Vec::new();
    if fg != Color::Reset {
        words.push(format!("fg={fg}"));
    }
    if bg != Color::Reset {
        words.push(format!("bg={bg}"));
    }
    for (name, _) in modifier.iter_names() {
        words.push(name.to_lowercase());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_broken_between_words() {
        assert_eq!(fit("four threads", 6), "four …");
        assert_eq!((fit("abc", 3), fit("abcd", 0), fit("日本語", 4)), ("abc".into(), String::new(), "日…".into()));
        assert_eq!(wrap("one two three incomprehensible", 8), ["one two", "three", "incompr…"]);
    }
}
