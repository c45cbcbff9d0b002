//! Characters that are drawings, as rectangles and lines in a cell of 8 by 16: no font is asked how wide its blocks are.
//!
//! ```text
//!   0   4   8
//!   ┌───┬───┐ 0     ▚ = (0,0 4×8) and (4,8 4×8)     ─ = a line from (0,8) to (8,8)
//!   │   │   │       ▃ = (0,10 8×6)                  ╭ = a line from (4,16) round to (8,8)
//!   ├───┼───┤ 8
//!   │   │   │
//!   └───┴───┘ 16
//! ```

/// A cell's size in the picture: an eighth of it is a whole number, so that neighbours touch.
pub(super) const CELL: (u32, u32) = (8, 16);

/// x, y, width, height.
pub(super) type Rectangle = (u32, u32, u32, u32);

/// What a character is, where it is a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Full rectangles.
    Blocks(Vec<Rectangle>),
    /// The whole cell, in so many quarters of full.
    Shade(u8),
    /// Lines from the middle to these edges.
    Lines(Arms),
    /// Two lines from the middle, joined by a curve.
    Curve(Arms),
}

/// To which edges lines go from the middle of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arms {
    pub(super) up: bool,
    pub(super) down: bool,
    pub(super) left: bool,
    pub(super) right: bool,
}

const fn arms(up: u8, down: u8, left: u8, right: u8) -> Arms {
    Arms { up: up == 1, down: down == 1, left: left == 1, right: right == 1 }
}

/// The shape of a character; none where it is text.
pub(super) fn shape_of(character: char) -> Option<Shape> {
    let (width, height) = CELL;
    let number = character as u32;
    let shape = match character {
        '▀' => Shape::Blocks(vec![(0, 0, width, height / 2)]),
        '▁'..='█' => {
            let high = (number - 0x2580) * 2;
            Shape::Blocks(vec![(0, height - high, width, high)])
        }
        '▉'..='▏' => Shape::Blocks(vec![(0, 0, 0x2590 - number, height)]),
        '▐' => Shape::Blocks(vec![(width / 2, 0, width / 2, height)]),
        '░' => Shape::Shade(1),
        '▒' => Shape::Shade(2),
        '▓' => Shape::Shade(3),
        '▔' => Shape::Blocks(vec![(0, 0, width, 2)]),
        '▕' => Shape::Blocks(vec![(width - 1, 0, 1, height)]),
        '▖'..='▟' => Shape::Blocks(quadrants(QUADRANTS[(number - 0x2596) as usize])),
        '\u{2801}'..='\u{28ff}' => Shape::Blocks(dots((number - 0x2800) as u8)),
        '╭' => Shape::Curve(arms(0, 1, 0, 1)),
        '╮' => Shape::Curve(arms(0, 1, 1, 0)),
        '╯' => Shape::Curve(arms(1, 0, 1, 0)),
        '╰' => Shape::Curve(arms(1, 0, 0, 1)),
        '─' => Shape::Lines(arms(0, 0, 1, 1)),
        '│' => Shape::Lines(arms(1, 1, 0, 0)),
        '┌' => Shape::Lines(arms(0, 1, 0, 1)),
        '┐' => Shape::Lines(arms(0, 1, 1, 0)),
        '└' => Shape::Lines(arms(1, 0, 0, 1)),
        '┘' => Shape::Lines(arms(1, 0, 1, 0)),
        '├' => Shape::Lines(arms(1, 1, 0, 1)),
        '┤' => Shape::Lines(arms(1, 1, 1, 0)),
        '┬' => Shape::Lines(arms(0, 1, 1, 1)),
        '┴' => Shape::Lines(arms(1, 0, 1, 1)),
        '┼' => Shape::Lines(arms(1, 1, 1, 1)),
        '╴' => Shape::Lines(arms(0, 0, 1, 0)),
        '╵' => Shape::Lines(arms(1, 0, 0, 0)),
        '╶' => Shape::Lines(arms(0, 0, 0, 1)),
        '╷' => Shape::Lines(arms(0, 1, 0, 0)),
        _ => return None,
    };
    Some(shape)
}

/// `▖▗▘▙▚▛▜▝▞▟`: upper left 8, upper right 4, lower left 2, lower right 1.
const QUADRANTS: [u8; 10] = [2, 1, 8, 11, 9, 14, 13, 4, 6, 7];

fn quadrants(which: u8) -> Vec<Rectangle> {
    let (width, height) = (CELL.0 / 2, CELL.1 / 2);
    let places = [(8, 0, 0), (4, width, 0), (2, 0, height), (1, width, height)];
    places.into_iter().filter(|(bit, ..)| which & bit != 0).map(|(_, x, y)| (x, y, width, height)).collect()
}

/// Braille: the dots' bits, column by column.
fn dots(which: u8) -> Vec<Rectangle> {
    const BITS: [[u8; 4]; 2] = [[0, 1, 2, 6], [3, 4, 5, 7]];
    let mut dots = Vec::new();
    for (column, bits) in (0..).zip(BITS) {
        for (row, bit) in (0..).zip(bits) {
            if which >> bit & 1 == 1 {
                dots.push((1 + column * 4, 1 + row * 4, 2, 2));
            }
        }
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(character: char) -> u32 {
        match shape_of(character) {
            Some(Shape::Blocks(parts)) => parts.iter().map(|(_, _, width, height)| width * height).sum(),
            other => panic!("{character} is no block but {other:?}"),
        }
    }

    #[test]
    fn blocks_fill_as_much_of_a_cell_as_they_say() {
        for (eighths, character) in (1..).zip("▁▂▃▄▅▆▇█".chars()) {
            assert_eq!(area(character), eighths * 16, "{character}");
        }
        for (eighths, character) in (1..).zip("▏▎▍▌▋▊▉".chars()) {
            assert_eq!(area(character), eighths * 16, "{character}");
        }
        for (quarters, characters) in [(1, "▖▗▘▝"), (2, "▚▞▀▐"), (3, "▙▛▜▟")] {
            characters.chars().for_each(|character| assert_eq!(area(character), quarters * 32, "{character}"));
        }
        assert_eq!((area('⠁'), area('⣿')), (4, 32));
    }

    #[test]
    fn quadrants_are_where_they_say() {
        for (one, other) in ["▚▞", "▘▟", "▝▙", "▖▜", "▗▛"].map(|pair| (pair.chars().next(), pair.chars().nth(1)))
        {
            let parts = [one, other].map(|one| shape_of(one.unwrap_or(' ')));
            let (Some(Shape::Blocks(mut all)), Some(Shape::Blocks(more))) = (parts[0].clone(), parts[1].clone()) else {
                panic!("{parts:?}")
            };
            all.extend(more);
            all.sort_unstable();
            assert_eq!(all, [(0, 0, 4, 8), (0, 8, 4, 8), (4, 0, 4, 8), (4, 8, 4, 8)], "{one:?} and {other:?}");
        }
        assert_eq!(shape_of('▘'), Some(Shape::Blocks(vec![(0, 0, 4, 8)])));
        assert_eq!(shape_of('▄'), Some(Shape::Blocks(vec![(0, 8, 8, 8)])));
    }
}
