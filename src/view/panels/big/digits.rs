//! Figures that can be read from the back of a room: digits of blocks, from three rows high to a screen.
//!
//! Two sets of shapes, of 3 by 5 points and of 5 by 7; a point is half a cell, or two cells wide and one high, or a
//! multiple of that. So strokes are as wide as they are high in any font.

use crate::view::pen::{Pen, width_of};
use ratatui::style::Style;

/// How large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::view) enum Size {
    /// Text.
    Plain,
    /// Two points to a cell, one above the other.
    Half(Shapes),
    /// So many rows to a point, and twice as many columns.
    Full(Shapes, u16),
}

/// Which set of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::view) enum Shapes {
    Small,
    Large,
}

/// From the smallest to the largest.
pub(in crate::view) const SIZES: [Size; 9] = [
    Size::Plain,
    Size::Half(Shapes::Small),
    Size::Half(Shapes::Large),
    Size::Full(Shapes::Small, 1),
    Size::Full(Shapes::Large, 1),
    Size::Full(Shapes::Small, 2),
    Size::Full(Shapes::Large, 2),
    Size::Full(Shapes::Large, 3),
    Size::Full(Shapes::Large, 4),
];

impl Shapes {
    fn rows(self) -> u16 {
        match self {
            Shapes::Small => 5,
            Shapes::Large => 7,
        }
    }

    /// A character's rows of points; none where it has no shape.
    fn of(self, character: char) -> Option<&'static [&'static str]> {
        fn find<const N: usize>(
            table: &'static [(char, [&'static str; N])],
            character: char,
        ) -> Option<&'static [&'static str]> {
            table.iter().find(|(known, _)| *known == character).map(|(_, rows)| rows.as_slice())
        }
        match self {
            Shapes::Small => find(&SMALL, character),
            Shapes::Large => find(&LARGE, character),
        }
    }
}

impl Size {
    /// The rows that it takes.
    pub(in crate::view) fn rows(self) -> u16 {
        match self {
            Size::Plain => 1,
            Size::Half(shapes) => shapes.rows().div_ceil(2),
            Size::Full(shapes, scale) => shapes.rows() * scale,
        }
    }

    /// The columns that a text takes.
    pub(in crate::view) fn columns(self, text: &str) -> u16 {
        let (shapes, per_point) = match self {
            Size::Plain => return width_of(text),
            Size::Half(shapes) => (shapes, 1),
            Size::Full(shapes, scale) => (shapes, 2 * scale),
        };
        // A point between two characters.
        let points: u16 = text.chars().map(|character| points_of(shapes, character) + 1).sum();
        points.saturating_sub(1).saturating_mul(per_point)
    }
}

fn points_of(shapes: Shapes, character: char) -> u16 {
    shapes.of(character).and_then(|rows| u16::try_from(rows[0].len()).ok()).unwrap_or(1)
}

/// Draws a text; what has no shape stays blank.
pub(in crate::view) fn draw(text: &str, size: Size, style: Style, column: u16, row: u16, pen: &mut Pen<'_>) {
    let (shapes, per_point) = match size {
        Size::Plain => {
            pen.text(column, row, text, style);
            return;
        }
        Size::Half(shapes) => (shapes, 1),
        Size::Full(shapes, scale) => (shapes, 2 * scale),
    };
    let mut from = column;
    for character in text.chars() {
        if let Some(rows) = shapes.of(character) {
            match size {
                Size::Half(_) => draw_half(rows, style, from, row, pen),
                _ => draw_full(rows, per_point, style, from, row, pen),
            }
        }
        from = from.saturating_add((points_of(shapes, character) + 1) * per_point);
    }
}

fn draw_half(rows: &[&str], style: Style, column: u16, row: u16, pen: &mut Pen<'_>) {
    for (row, pair) in (row..).zip(rows.chunks(2)) {
        let is_set =
            |points: Option<&&str>, place: usize| points.is_some_and(|row| row.as_bytes().get(place) == Some(&b'#'));
        for (column, place) in (column..).zip(0..rows[0].len()) {
            let block = match (is_set(pair.first(), place), is_set(pair.get(1), place)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => continue,
            };
            pen.put(column, row, block, style);
        }
    }
}

fn draw_full(rows: &[&str], per_point: u16, style: Style, column: u16, row: u16, pen: &mut Pen<'_>) {
    let high = per_point / 2;
    for (number, points) in (0u16..).zip(rows) {
        for (place, point) in (0u16..).zip(points.bytes()) {
            if point == b'#' {
                for down in 0..high {
                    pen.line(column + place * per_point, row + number * high + down, per_point, '█', style);
                }
            }
        }
    }
}

const SMALL: [(char, [&str; 5]); 18] = [
    ('0', ["###", "#.#", "#.#", "#.#", "###"]),
    ('1', [".#.", "##.", ".#.", ".#.", "###"]),
    ('2', ["###", "..#", "###", "#..", "###"]),
    ('3', ["###", "..#", ".##", "..#", "###"]),
    ('4', ["#.#", "#.#", "###", "..#", "..#"]),
    ('5', ["###", "#..", "###", "..#", "###"]),
    ('6', ["###", "#..", "###", "#.#", "###"]),
    ('7', ["###", "..#", "..#", "..#", "..#"]),
    ('8', ["###", "#.#", "###", "#.#", "###"]),
    ('9', ["###", "#.#", "###", "..#", "###"]),
    ('.', [".", ".", ".", ".", "#"]),
    (',', [".", ".", ".", "#", "#"]),
    ('×', ["...", "#.#", ".#.", "#.#", "..."]),
    ('k', ["#..", "#.#", "##.", "#.#", "#.#"]),
    ('M', ["#...#", "##.##", "#.#.#", "#...#", "#...#"]),
    ('G', ["###", "#..", "#.#", "#.#", "###"]),
    ('T', ["###", ".#.", ".#.", ".#.", ".#."]),
    ('—', ["...", "...", "###", "...", "..."]),
];

const LARGE: [(char, [&str; 7]); 18] = [
    ('0', [".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."]),
    ('1', ["..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."]),
    ('2', [".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"]),
    ('3', ["#####", "...#.", "..#..", "...#.", "....#", "#...#", ".###."]),
    ('4', ["...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."]),
    ('5', ["#####", "#....", "####.", "....#", "....#", "#...#", ".###."]),
    ('6', ["..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."]),
    ('7', ["#####", "....#", "...#.", "..#..", "..#..", ".#...", ".#..."]),
    ('8', [".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."]),
    ('9', [".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."]),
    ('.', ["..", "..", "..", "..", "..", "##", "##"]),
    (',', ["..", "..", "..", "..", ".#", ".#", "#."]),
    ('×', [".....", "#...#", ".#.#.", "..#..", ".#.#.", "#...#", "....."]),
    ('k', ["#...", "#...", "#..#", "#.#.", "##..", "#.#.", "#..#"]),
    ('M', ["#...#", "##.##", "#.#.#", "#.#.#", "#...#", "#...#", "#...#"]),
    ('G', [".###.", "#...#", "#....", "#.###", "#...#", "#...#", ".###."]),
    ('T', ["#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."]),
    ('—', [".....", ".....", ".....", "#####", ".....", ".....", "....."]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::words;

    #[test]
    fn shapes_are_rectangles_and_no_two_are_alike() {
        for shapes in [Shapes::Small, Shapes::Large] {
            let all: Vec<_> = SMALL.iter().map(|(character, _)| shapes.of(*character).expect("in both sets")).collect();
            for (place, rows) in all.iter().enumerate() {
                assert_eq!(rows.len(), usize::from(shapes.rows()));
                assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
                assert!(!all[..place].contains(rows), "{rows:?}");
            }
        }
    }

    #[test]
    fn every_figure_has_a_shape() {
        for value in [0.0, 0.25, 9.5, 97.0, 1553.0, 999_999.0] {
            let text =
                words::number(value) + &words::times(value) + words::NOT_YET + &words::count_short(value as u64 * 999);
            for shapes in [Shapes::Small, Shapes::Large] {
                assert!(text.chars().all(|character| shapes.of(character).is_some()), "{text}");
            }
        }
    }

    #[test]
    fn sizes_grow() {
        for pair in SIZES.windows(2) {
            assert!(pair[0].rows() < pair[1].rows() && pair[0].columns("1,553") < pair[1].columns("1,553"), "{pair:?}");
        }
    }
}
