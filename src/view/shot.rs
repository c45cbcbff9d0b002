//! A finished screen as something to keep: plain text, text with colours for a terminal, and a picture.
//!
//! Each is a function of the cells and nothing else, and the same each time: what documentation shows is what was drawn.
//!
//! Absent here: files. Whoever asked for a shot writes it.

mod shapes;
mod svg;

pub(super) use svg::svg;

use super::backend::parameters_of;
use super::pen::lines_of;
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::style::{Color, Modifier};

/// The screen as text, without colours and without blanks at the ends of its lines.
pub(super) fn text(buffer: &Buffer) -> String {
    let mut text = lines_of(buffer).join("\n");
    text.push('\n');
    text
}

/// The screen as text with its colours, for `cat` in a terminal. Each line begins and ends in the terminal's own look.
pub(super) fn ansi(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut out = String::new();
    for y in area.top()..area.bottom() {
        let mut look = (Color::Reset, Color::Reset, Modifier::empty());
        // Blanks wait: at a line's end they are left out.
        let mut blanks = 0;
        let mut x = area.left();
        while x < area.right() {
            let Some(cell) = buffer.cell((x, y)) else { break };
            x += cell.cell_width().max(1);
            let its = (cell.fg, cell.bg, cell.modifier);
            let shows_nothing = cell.symbol() == " "
                && cell.bg == Color::Reset
                && !cell.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT);
            if shows_nothing {
                blanks += 1;
                continue;
            }
            if blanks > 0 && shows_on_blanks(look) {
                out.push_str("\x1b[m");
                look = (Color::Reset, Color::Reset, Modifier::empty());
            }
            out.extend(std::iter::repeat_n(' ', std::mem::take(&mut blanks)));
            if its != look {
                let parameters = parameters_of(its.0, its.1, its.2);
                let separator = if parameters.is_empty() { "" } else { "0;" };
                out.push_str(&format!("\x1b[{separator}{parameters}m"));
                look = its;
            }
            out.push_str(cell.symbol());
        }
        if look != (Color::Reset, Color::Reset, Modifier::empty()) {
            out.push_str("\x1b[m");
        }
        out.push('\n');
    }
    out
}

/// Whether a blank in this look is more than a blank.
fn shows_on_blanks((_, bg, modifier): (Color, Color, Modifier)) -> bool {
    bg != Color::Reset || modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT)
}
