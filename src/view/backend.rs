//! The only writer to the terminal: a frame is one `write`, and carries no byte that it need not.
//!
//! ratatui's own backend writes both colours whenever one changes, moves the cursor by absolute positions only, and
//! flushes several times a frame; over ssh that is twice the bytes, and a frame that can be seen half drawn. Here a
//! frame is collected in memory, between the marks of synchronized output (terminals that do not know them ignore
//! them), and nothing at all is written where nothing changed. Colours are reduced to what the terminal can show, and
//! dropped for `NO_COLOR` while bold and reverse stay: crossterm's own way of dropping them ends the reverse too.

use crate::doors::clock::monotonic_ns;
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use std::io::{self, Write};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourDepth {
    /// No colour at all; bold and reverse stay.
    None,
    /// The sixteen that every terminal has.
    Sixteen,
    /// The 256 of xterm.
    #[default]
    Indexed,
    /// Any.
    True,
}

impl ColourDepth {
    /// What the environment says: `NO_COLOR`, `COLORTERM`, `TERM`; `get` reads a variable.
    pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> ColourDepth {
        let get = |name| get(name).filter(|value: &String| !value.is_empty());
        let term = get("TERM").unwrap_or_default();
        if get("NO_COLOR").is_some() || term == "dumb" {
            ColourDepth::None
        } else if get("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit") {
            ColourDepth::True
        } else if term.contains("256") || term.contains("kitty") || term.contains("alacritty") {
            ColourDepth::Indexed
        } else if matches!(term.as_str(), "linux" | "screen" | "vt100" | "vt220" | "ansi") {
            ColourDepth::Sixteen
        } else {
            ColourDepth::Indexed
        }
    }

    fn reduce(self, colour: Color) -> Color {
        match (self, colour) {
            (_, Color::Reset) | (ColourDepth::None, _) => Color::Reset,
            (ColourDepth::True, colour) => colour,
            (ColourDepth::Indexed, Color::Rgb(r, g, b)) => Color::Indexed(nearest(r, g, b, 16..=255)),
            (ColourDepth::Indexed, colour) => colour,
            (ColourDepth::Sixteen, Color::Rgb(r, g, b)) => Color::Indexed(nearest(r, g, b, 0..=15)),
            (ColourDepth::Sixteen, Color::Indexed(index @ 16..)) => {
                let (r, g, b) = rgb_of(index);
                Color::Indexed(nearest(r, g, b, 0..=15))
            }
            (ColourDepth::Sixteen, colour) => colour,
        }
    }
}

/// xterm's palette.
pub(super) fn rgb_of(index: u8) -> (u8, u8, u8) {
    const BASE: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match index {
        0..=15 => BASE[usize::from(index)],
        16..=231 => (level((index - 16) / 36), level((index - 16) / 6 % 6), level((index - 16) % 6)),
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

/// The nearest colour of the palette, as the eye weighs red, green and blue.
fn nearest(r: u8, g: u8, b: u8, among: std::ops::RangeInclusive<u8>) -> u8 {
    let distance = |index: &u8| {
        let (r2, g2, b2) = rgb_of(*index);
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        2 * square(r, r2) + 4 * square(g, g2) + 3 * square(b, b2)
    };
    among.min_by_key(distance).unwrap_or(7)
}

/// How many bytes and frames went out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) screens: u64,
    /// How long the newest frame's write took.
    pub(super) last_write_ns: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const PLAIN: Look = Look { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";

/// Writes cells to a terminal.
pub(super) struct Ansi<W: Write> {
    out: W,
    size: fn() -> Size,
    depth: ColourDepth,
    sync: bool,
    /// The frame so far, without its marks.
    frame: Vec<u8>,
    /// What the terminal draws with; none where nobody knows.
    look: Option<Look>,
    /// Where the terminal's cursor is; none where nobody knows.
    at: Option<(u16, u16)>,
    columns: u16,
    written: Written,
}

impl<W: Write> Ansi<W> {
    pub(super) fn new(out: W, size: fn() -> Size, depth: ColourDepth, sync: bool) -> Ansi<W> {
        let frame = Vec::with_capacity(16 << 10);
        let columns = size().width;
        Ansi { out, size, depth, sync, frame, look: None, at: None, columns, written: Written::default() }
    }

    /// What went out so far.
    pub(super) fn written(&self) -> Written {
        self.written
    }

    /// Uses so many colours from now on. What is on the terminal is drawn anew by whoever asks for this.
    pub(super) fn set_depth(&mut self, depth: ColourDepth) {
        self.depth = depth;
    }

    /// Asks the terminal for its background (OSC 11). The answer comes as keys: see `input`.
    pub(super) fn ask_background(&mut self) -> io::Result<()> {
        self.out.write_all(b"\x1b]11;?\x1b\\")?;
        self.out.flush()
    }

    /// Puts a text into the terminal's clipboard with the next frame (OSC 52), where the terminal lets us.
    pub(super) fn copy(&mut self, text: &str) {
        self.frame.extend_from_slice(b"\x1b]52;c;");
        self.frame.extend_from_slice(base64(text.as_bytes()).as_bytes());
        self.frame.extend_from_slice(b"\x07");
    }

    /// What was written: tests read it back.
    #[cfg(test)]
    fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Goes to a cell by the fewest bytes.
    fn go(&mut self, x: u16, y: u16) {
        if self.at == Some((x, y)) {
            return;
        }
        let absolute = if x == 0 { format!("\x1b[{}H", y + 1) } else { format!("\x1b[{};{}H", y + 1, x + 1) };
        let right = |steps: u16| match steps {
            0 => String::new(),
            1 => "\x1b[C".to_string(),
            steps => format!("\x1b[{steps}C"),
        };
        let relative = match self.at {
            Some((at, row)) if row == y && at < x => Some(right(x - at)),
            Some((_, row)) if row == y => Some(format!("\r{}", right(x))),
            // Raw mode: a line feed goes down and nothing else. The row exists, so nothing scrolls.
            Some((_, row)) if row.checked_add(1) == Some(y) => Some(format!("\r\n{}", right(x))),
            _ => None,
        };
        let shortest = relative.filter(|relative| relative.len() < absolute.len()).unwrap_or(absolute);
        self.frame.extend_from_slice(shortest.as_bytes());
    }

    /// Changes the look by the fewest parameters.
    fn dress(&mut self, look: Look) {
        if self.look == Some(look) {
            return;
        }
        let from_plain =
            parameters(PLAIN, look).map(|more| if more.is_empty() { "0".into() } else { format!("0;{more}") });
        let from_here = self.look.and_then(|before| parameters(before, look));
        let shortest = match (from_here, from_plain) {
            (Some(here), Some(plain)) => {
                if here.len() <= plain.len() {
                    here
                } else {
                    plain
                }
            }
            (here, plain) => here.or(plain).unwrap_or_default(),
        };
        // `ESC[m` is `ESC[0m`.
        let shortest = if shortest == "0" { "" } else { &shortest };
        self.frame.extend_from_slice(format!("\x1b[{shortest}m").as_bytes());
        self.look = Some(look);
    }
}

/// Base 64 with padding (RFC 4648), as OSC 52 wants it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// The SGR parameters from one look to another.
fn parameters(before: Look, after: Look) -> Option<String> {
    let mut list: Vec<String> = Vec::new();
    let (gone, new) = (before.modifier - after.modifier, after.modifier - before.modifier);
    let mut set_again = Modifier::empty();
    if gone.intersects(Modifier::BOLD | Modifier::DIM) {
        // One parameter ends both.
        list.push("22".into());
        set_again = after.modifier & (Modifier::BOLD | Modifier::DIM);
    }
    if gone.intersects(Modifier::SLOW_BLINK | Modifier::RAPID_BLINK) {
        list.push("25".into());
        set_again |= after.modifier & (Modifier::SLOW_BLINK | Modifier::RAPID_BLINK);
    }
    let ends = [
        (Modifier::ITALIC, "23"),
        (Modifier::UNDERLINED, "24"),
        (Modifier::REVERSED, "27"),
        (Modifier::HIDDEN, "28"),
        (Modifier::CROSSED_OUT, "29"),
    ];
    list.extend(ends.into_iter().filter(|(one, _)| gone.contains(*one)).map(|(_, code)| code.to_string()));
    let begins = [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::SLOW_BLINK, "5"),
        (Modifier::RAPID_BLINK, "6"),
        (Modifier::REVERSED, "7"),
        (Modifier::HIDDEN, "8"),
        (Modifier::CROSSED_OUT, "9"),
    ];
    let new = new | set_again;
    list.extend(begins.into_iter().filter(|(one, _)| new.contains(*one)).map(|(_, code)| code.to_string()));
    if before.fg != after.fg {
        list.push(colour(after.fg, 30));
    }
    if before.bg != after.bg {
        list.push(colour(after.bg, 40));
    }
    Some(list.join(";"))
}

/// The SGR parameters that make this look out of the terminal's own.
pub(super) fn parameters_of(fg: Color, bg: Color, modifier: Modifier) -> String {
    parameters(PLAIN, Look { fg, bg, modifier }).unwrap_or_default()
}

/// A colour's place in the palette, where it has one.
pub(super) fn index_of(colour: Color) -> Option<u8> {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Color::Indexed(index) => Some(index),
        named => (0..).zip(NAMED).find(|(_, one)| *one == named).map(|(index, _)| index),
    }
}

/// A colour's parameter: `base` is 30 for the foreground, 40 for the background.
fn colour(colour: Color, base: u8) -> String {
    match (index_of(colour), colour) {
        (Some(index @ 0..8), _) => (base + index).to_string(),
        (Some(index @ 8..16), _) => (base + 60 + index - 8).to_string(),
        (Some(index), _) => format!("{};5;{index}", base + 8),
        (None, Color::Rgb(r, g, b)) => format!("{};2;{r};{g};{b}", base + 8),
        (None, _) => (base + 9).to_string(),
    }
}

/// Whether every terminal moves its cursor by exactly one column for this symbol. Where terminals disagree (emoji,
/// combining marks, wide letters) the next position is written out.
fn is_surely_one_column(symbol: &str) -> bool {
    let mut characters = symbol.chars();
    let (Some(one), None) = (characters.next(), characters.next()) else { return false };
    matches!(one,
        ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2010}'..='\u{2027}' | '\u{2190}'..='\u{2199}'
        | '\u{2500}'..='\u{25ff}' | '✓' | '✕')
}

impl<W: Write> Backend for Ansi<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            self.go(x, y);
            self.dress(Look {
                fg: self.depth.reduce(cell.fg),
                bg: self.depth.reduce(cell.bg),
                modifier: cell.modifier,
            });
            self.frame.extend_from_slice(cell.symbol().as_bytes());
            // After the last column the cursor hangs between two rows: not a place to count from.
            self.at = (is_surely_one_column(cell.symbol()) && x + 1 < self.columns).then_some((x + 1, y));
        }
        Ok(())
    }

    // The guard hides the cursor when it enters, and shows it when it leaves.
    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        let (x, y) = self.at.unwrap_or_default();
        Ok(Position { x, y })
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        self.go(position.x, position.y);
        self.at = Some((position.x, position.y));
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        let erase: &[u8] = match region {
            ClearType::All => b"\x1b[m\x1b[H\x1b[2J",
            ClearType::AfterCursor => b"\x1b[m\x1b[J",
            ClearType::BeforeCursor => b"\x1b[m\x1b[1J",
            ClearType::CurrentLine => b"\x1b[m\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[m\x1b[K",
        };
        self.frame.extend_from_slice(erase);
        self.look = Some(PLAIN);
        if region == ClearType::All {
            self.at = Some((0, 0));
            self.columns = (self.size)().width;
        }
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok((self.size)())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: (self.size)(), pixels: Size::ZERO })
    }

    /// The end of a frame: everything at once, or nothing where nothing changed.
    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        if self.sync {
            self.frame.splice(0..0, SYNC_BEGIN.iter().copied());
            self.frame.extend_from_slice(SYNC_END);
        }
        let began_ns = monotonic_ns();
        let result = self.out.write_all(&self.frame).and_then(|()| self.out.flush());
        self.written.last_write_ns = monotonic_ns().saturating_sub(began_ns);
        self.written.bytes += self.frame.len() as u64;
        self.written.screens += 1;
        self.frame.clear();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::Terminal;
    use ratatui::style::Style;

    const COLUMNS: u16 = 20;
    const ROWS: u16 = 6;

    fn terminal(depth: ColourDepth) -> Terminal<Ansi<Vec<u8>>> {
        let backend = Ansi::new(Vec::new(), || Size { width: COLUMNS, height: ROWS }, depth, true);
        Terminal::new(backend).unwrap()
    }

    fn vt_colour(colour: Color) -> vt100::Color {
        let index = |text: String| text.parse::<u8>().unwrap();
        match colour {
            Color::Reset => vt100::Color::Default,
            Color::Indexed(index) => vt100::Color::Idx(index),
            Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
            named => {
                let code = index(super::colour(named, 30));
                vt100::Color::Idx(if code < 38 { code - 30 } else { code - 82 })
            }
        }
    }

    fn any_cell() -> impl Strategy<Value = (u16, u16, String, Style)> {
        let symbols = ["a", "Z", "█", "▒", "·", "‖", "é", "日", "✕", "…", " ", "×"];
        let colours = [
            Color::Reset,
            Color::Red,
            Color::LightBlue,
            Color::Indexed(208),
            Color::Indexed(3),
            Color::Rgb(1, 200, 30),
        ];
        let modifiers = [Modifier::BOLD, Modifier::DIM, Modifier::REVERSED, Modifier::ITALIC, Modifier::UNDERLINED];
        (
            0..COLUMNS,
            0..ROWS,
            prop::sample::select(symbols.to_vec()),
            prop::sample::select(colours.to_vec()),
            prop::sample::select(colours.to_vec()),
            prop::sample::subsequence(modifiers.to_vec(), 0..3),
        )
            .prop_map(|(x, y, symbol, fg, bg, modifiers)| {
                // What is left of a wide symbol that was half overwritten looks different in every terminal.
                let x = if symbol == "日" { x & !1 } else { x };
                let mut modifier = modifiers.into_iter().fold(Modifier::empty(), Modifier::union);
                // The emulator of this test knows one intensity at a time; terminals know both together.
                if modifier.contains(Modifier::DIM) {
                    modifier.remove(Modifier::BOLD);
                }
                (
                    x,
                    y,
                    symbol.to_string(),
                    Style::new().fg(fg).bg(bg).add_modifier(modifier).remove_modifier(Modifier::all() - modifier),
                )
            })
    }

    proptest! {
        /// What a terminal makes of the bytes is what was drawn, after every frame.
        #[test]
        fn the_terminal_shows_the_buffer(frames in prop::collection::vec(prop::collection::vec(any_cell(), 0..30), 1..6)) {
            let mut terminal = terminal(ColourDepth::True);
            let mut screen = vt100::Parser::new(ROWS, COLUMNS, 0);
            // Right halves of wide symbols: what colour they are blanked in is each terminal's own choice.
            let mut halves: Vec<(u16, u16)> = Vec::new();
            for cells in frames {
                let wide = cells.iter().filter(|(_, _, symbol, _)| symbol == "日");
                halves.extend(wide.map(|(x, y, _, _)| (x + 1, *y)));
                let drawn = terminal.draw(|frame| {
                    for (x, y, symbol, style) in &cells {
                        // A wide symbol that would hang over the edge is not drawn by anyone.
                        frame.buffer_mut().set_stringn(*x, *y, symbol, usize::from(COLUMNS - x), *style);
                    }
                }).unwrap().buffer.clone();
                let bytes = std::mem::take(terminal.backend_mut().out());
                screen.process(&bytes);
                for y in 0..ROWS {
                    let mut x = 0;
                    while x < COLUMNS {
                        let (ours, theirs) = (&drawn[(x, y)], screen.screen().cell(y, x).unwrap());
                        let text = if theirs.has_contents() { theirs.contents() } else { " " };
                        prop_assert_eq!(ours.symbol(), text, "at {},{}", x, y);
                        // Of a blank only what can be seen counts.
                        let is_blank = text == " ";
                        if is_blank && halves.contains(&(x, y)) {
                            x += 1;
                            continue;
                        }
                        let seen = if is_blank { Modifier::REVERSED | Modifier::UNDERLINED } else { Modifier::all() };
                        prop_assert!(is_blank || vt_colour(ours.fg) == theirs.fgcolor(), "at {},{}", x, y);
                        prop_assert_eq!(vt_colour(ours.bg), theirs.bgcolor(), "at {},{}", x, y);
                        let theirs_modifier = [(theirs.bold(), Modifier::BOLD), (theirs.dim(), Modifier::DIM),
                            (theirs.inverse(), Modifier::REVERSED), (theirs.italic(), Modifier::ITALIC),
                            (theirs.underline(), Modifier::UNDERLINED)]
                            .into_iter().filter(|(on, _)| *on).fold(Modifier::empty(), |all, (_, one)| all | one);
                        prop_assert_eq!(ours.modifier & seen, theirs_modifier & seen, "at {},{}", x, y);
                        x += if theirs.is_wide() { 2 } else { 1 };
                    }
                }
            }
        }
    }

    #[test]
    fn a_frame_is_one_marked_write_and_an_unchanged_one_is_none() {
        let mut terminal = terminal(ColourDepth::Indexed);
        let paint = |frame: &mut ratatui::Frame<'_>| {
            frame.buffer_mut().set_string(2, 1, "queue", Style::new().fg(Color::Indexed(136)));
        };
        terminal.draw(paint).unwrap();
        let bytes = std::mem::take(terminal.backend_mut().out());
        assert_eq!(String::from_utf8(bytes).unwrap(), "\x1b[?2026h\x1b[2;3H\x1b[0;38;5;136mqueue\x1b[?2026l");
        terminal.draw(paint).unwrap();
        assert!(terminal.backend_mut().out().is_empty());
        assert_eq!(terminal.backend().written().screens, 1);
    }

    #[test]
    fn base_64_is_that_of_the_standard() {
        for (text, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }

    #[test]
    fn no_color_keeps_bold_and_reverse() {
        let mut terminal = terminal(ColourDepth::None);
        terminal
            .draw(|frame| {
                let style =
                    Style::new().fg(Color::Red).bg(Color::Blue).add_modifier(Modifier::BOLD | Modifier::REVERSED);
                frame.buffer_mut().set_string(0, 0, "PAUSED", style);
            })
            .unwrap();
        let text = String::from_utf8(terminal.backend_mut().out().clone()).unwrap();
        assert!(text.contains("\x1b[0;1;7mPAUSED"), "{text:?}");
        assert!(!text.contains("31") && !text.contains("44"), "{text:?}");
    }

    #[test]
    fn the_environment_decides_on_colours() {
        let depth = |pairs: &[(&str, &str)]| {
            ColourDepth::from_environment(|name| {
                pairs.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_string())
            })
        };
        assert_eq!(depth(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), ColourDepth::None);
        assert_eq!(depth(&[("NO_COLOR", ""), ("TERM", "xterm-256color")]), ColourDepth::Indexed);
        assert_eq!(depth(&[("TERM", "linux")]), ColourDepth::Sixteen);
        assert_eq!(depth(&[("COLORTERM", "truecolor")]), ColourDepth::True);
        assert_eq!(ColourDepth::Sixteen.reduce(Color::Indexed(160)), Color::Indexed(1));
    }
}
