//! Sets of shapes: what is drawn where a font has no blocks, or has finer ones.
//!
//! Everything is drawn with blocks. For a terminal that knows only ASCII the finished screen is translated, cell by
//! cell, so that no panel can forget to; Braille is for graphs alone, which then show two columns in each cell.

use ratatui::buffer::Buffer;

/// Which shapes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Blocks: in every font, and readable from afar.
    #[default]
    Blocks,
    /// Blocks, and Braille dots for graphs: twice as much time in the same width.
    Braille,
    /// Nothing but ASCII.
    Ascii,
}

impl Glyphs {
    /// Every set, in the order in which a key goes through them.
    pub const ALL: [Glyphs; 3] = [Glyphs::Blocks, Glyphs::Braille, Glyphs::Ascii];

    /// Its name, as the command line and the config file spell it.
    pub fn name(self) -> &'static str {
        match self {
            Glyphs::Blocks => "blocks",
            Glyphs::Braille => "braille",
            Glyphs::Ascii => "ascii",
        }
    }

    /// What the locale says: ASCII where it is certain that nothing else is understood.
    pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> Glyphs {
        let get = |name| get(name).filter(|value: &String| !value.is_empty());
        let locale = get("LC_ALL").or_else(|| get("LC_CTYPE")).or_else(|| get("LANG"));
        // Most terminals understand UTF-8 whatever the locale says: only the kernel's own does not draw most of it.
        let is_utf8 = locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"));
        if !is_utf8 && get("TERM").is_some_and(|term| term == "linux" || term.starts_with("vt")) {
            Glyphs::Ascii
        } else {
            Glyphs::Blocks
        }
    }
}

named!(Glyphs);

/// Translates a finished screen into ASCII.
pub(super) fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let ascii = cell.symbol().chars().next().map_or(' ', ascii_of);
            cell.set_char(ascii);
        }
    }
}

/// The ASCII character that stands for one that is drawn. No two of what workers do look alike.
fn ascii_of(character: char) -> char {
    match character {
        '█' | '▇' | '▆' | '▉' | '▊' | '▋' => '#',
        '▅' | '▄' | '▃' | '▌' | '▍' => '=',
        '▂' | '▁' | '▎' | '▏' => '_',
        '▚' => '%',
        '▒' => 'L',
        '░' => '~',
        '·' => '.',
        '‖' => 'P',
        '✕' => 'X',
        '×' => 'x',
        '✓' => 'v',
        '●' | '◆' => '*',
        '○' => 'o',
        '▸' | '→' | '▶' | '›' => '>',
        '←' | '◀' | '◂' | '‹' => '<',
        '↑' | '▲' => '^',
        '↓' | '▼' => 'v',
        '─' | '━' | '—' | '–' | '╌' | '┄' | '−' => '-',
        'α' => 'a',
        'β' => 'b',
        'γ' => 'g',
        '²' => '2',
        '│' | '┃' | '┆' => '|',
        '±' | '\u{2500}'..='\u{257f}' => '+',
        '\u{2580}'..='\u{259f}' => '#',
        '\u{2800}' => ' ',
        '\u{2801}'..='\u{28ff}' => ':',
        '…' => '~',
        '“' | '”' | '„' => '"',
        '‘' | '’' => '\'',
        'µ' => 'u',
        '∞' => '8',
        '≤' => '<',
        '≥' => '>',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Activity;
    use crate::view::theme::{Theme, ThemeName};

    #[test]
    fn what_workers_do_can_be_told_apart_in_ascii() {
        let theme = Theme::of(ThemeName::Mono, Glyphs::Ascii);
        let mut shapes: Vec<char> =
            Activity::ALL.iter().map(|activity| ascii_of(theme.activity(*activity).0)).collect();
        shapes.sort_unstable();
        shapes.dedup();
        assert_eq!(shapes.len(), Activity::ALL.len());
    }

    #[test]
    fn a_translated_screen_is_ascii() {
        let mut buffer = Buffer::with_lines(["╭─ ▸1 日本 ─╮", "│ ▇▂█ ×1.9 │"]);
        to_ascii(&mut buffer);
        assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
        assert_eq!(buffer[(2, 1)].symbol(), "#");
    }
}
