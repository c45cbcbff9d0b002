//! The program's text, with every thread's mark at the line that it has come to.
//!
//! ```text
//!  9         if enough:
//! 10  B▸         with lock:
//! 11  A▸             balance -= amount
//! ```
//!
//! Colours are few and light: words of the language, strings, comments. A thread's hue is its own.

use super::threads;
use crate::explore::{Doing, Position};
use crate::view::pen::Pen;
use crate::view::theme::Theme;
use ratatui::style::{Modifier, Style};

const WORDS: [&str; 32] = [
    "False", "None", "True", "and", "as", "assert", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
    "pass", "raise", "return", "try", "while", "with",
];

/// What is special about lines.
#[derive(Clone, Debug, Default)]
pub(in crate::view) struct Marks {
    /// The line that somebody wants to see.
    pub(in crate::view) wanted: Option<u32>,
    /// Lines that a finding is about.
    pub(in crate::view) told: Vec<u32>,
    /// Lines on which the last step was taken.
    pub(in crate::view) stepped: Option<u32>,
}

/// A line of source in pieces, each with its style; `open` is the quote of a string that goes on over lines.
fn pieces(line: &str, open: &mut Option<&'static str>, theme: &Theme) -> Vec<(String, Style)> {
    let (string, comment) = (theme.tint(theme.good), theme.label());
    let word = theme.tint(theme.accent);
    let mut pieces: Vec<(String, Style)> = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        if let Some(quote) = *open {
            let end = rest.find(quote).map_or(rest.len(), |at| at + quote.len());
            if rest.contains(quote) {
                *open = None;
            }
            pieces.push((rest[..end].to_string(), string));
            rest = &rest[end..];
            continue;
        }
        let first = rest.chars().next().unwrap_or(' ');
        let taken = match first {
            '#' => {
                pieces.push((rest.to_string(), comment));
                break;
            }
            '"' | '\'' => {
                let triple = ["\"\"\"", "'''"].into_iter().find(|quote| rest.starts_with(*quote));
                if let Some(quote) = triple {
                    *open = Some(quote);
                    pieces.push((quote.to_string(), string));
                    rest = &rest[quote.len()..];
                    continue;
                }
                let mut end = rest.len();
                let mut escaped = false;
                for (at, letter) in rest.char_indices().skip(1) {
                    match letter {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        letter if letter == first => {
                            end = at + 1;
                            break;
                        }
                        _ => {}
                    }
                }
                pieces.push((rest[..end].to_string(), string));
                end
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                let end = rest.find(|one: char| !one.is_alphanumeric() && one != '_').unwrap_or(rest.len());
                let style = if WORDS.contains(&&rest[..end]) { word } else { theme.text() };
                pieces.push((rest[..end].to_string(), style));
                end
            }
            _ => {
                let special = |one: char| one.is_alphanumeric() || matches!(one, '_' | '#' | '"' | '\'');
                let end = rest.find(special).unwrap_or(rest.len());
                pieces.push((rest[..end].to_string(), theme.text()));
                end
            }
        };
        rest = &rest[taken..];
    }
    pieces
}

/// The first line to show so that as much as can be of what matters is in sight.
fn first_line(lines: usize, rows: usize, matters: &[u32], most: Option<u32>) -> usize {
    let last_first = lines.saturating_sub(rows);
    let inside = |line: u32| usize::try_from(line).unwrap_or(0).saturating_sub(1).min(lines.saturating_sub(1));
    let lowest = matters.iter().map(|line| inside(*line)).min();
    let highest = matters.iter().map(|line| inside(*line)).max();
    match (lowest, highest, most) {
        // All of it fits: with some lines of air above.
        (Some(low), Some(high), _) if high - low < rows => {
            let air = (rows - (high - low + 1)) / 2;
            low.saturating_sub(air).min(last_first)
        }
        (.., Some(line)) => inside(line).saturating_sub(rows / 2).min(last_first),
        (Some(low), ..) => low.min(last_first),
        _ => 0,
    }
}

/// How many lines stand before the program begins: comments and what nobody needs to see.
fn preamble(text: &str) -> usize {
    text.lines().take_while(|line| line.starts_with('#') || line.trim().is_empty()).count()
}

/// The source in the rows that there are.
pub(in crate::view) fn draw(text: &str, position: Option<&Position>, marks: &Marks, theme: &Theme, pen: &mut Pen<'_>) {
    let lines: Vec<&str> = text.lines().collect();
    let (width, rows) = (pen.width(), usize::from(pen.height()));
    if rows == 0 || width == 0 {
        return;
    }
    // Where a thread is: main only where it does more than wait for the others.
    let stands: Vec<(u32, usize, &str, bool)> = position.map_or(Vec::new(), |position| {
        let there = position
            .threads
            .iter()
            .filter(|thread| thread.line > 0 && !matches!(thread.doing, Doing::Ended) && !threads::only_joins(thread));
        there.map(|thread| (thread.line, thread.number, thread.name.as_str(), !thread.next.is_empty())).collect()
    });
    let mut matters: Vec<u32> = stands.iter().map(|stand| stand.0).collect();
    matters.extend(marks.wanted);
    if matters.is_empty() {
        matters.extend(&marks.told);
    }
    let skipped = preamble(text);
    let mut first = first_line(lines.len(), rows, &matters, marks.wanted.or(marks.stepped));
    // Comments at the top give way to lines of the program.
    if first < skipped && matters.iter().all(|line| *line as usize > skipped) {
        let low = matters.iter().min().map_or(usize::MAX, |line| *line as usize - 1);
        first = skipped.min(low);
    }
    let digits = u16::try_from(lines.len().to_string().len()).unwrap_or(4).max(2);
    let mut at_line: Vec<Vec<&(u32, usize, &str, bool)>> = vec![Vec::new(); lines.len() + 1];
    for stand in &stands {
        if let Some(there) = at_line.get_mut(stand.0 as usize) {
            there.push(stand);
        }
    }
    // The widest mark says how far the text is set in: it must not move when threads do.
    let names: u16 = position.map_or(0, |position| {
        let number = position.threads.iter().filter(|thread| thread.number > 0).count();
        u16::try_from(number).unwrap_or(9).clamp(1, 3)
    });
    let gutter = digits + 1 + names + 2;
    let mut open = None;
    let mut shown: Vec<Vec<(String, Style)>> = Vec::new();
    for (index, line) in lines.iter().enumerate().take(first + rows) {
        let styled = pieces(line, &mut open, theme);
        if index >= first {
            shown.push(styled);
        }
    }
    for (row, (index, styled)) in (0..).zip((first..).zip(shown)) {
        let number = index as u32 + 1;
        let there = at_line.get(index + 1).map_or(&[][..], |there| there.as_slice());
        let is_told = marks.told.contains(&number) || marks.wanted == Some(number);
        let number_style = if is_told { theme.tint(theme.warn).patch(theme.strong()) } else { theme.label() };
        let text = number.to_string();
        pen.text(digits.saturating_sub(text.len() as u16), row, &text, number_style);
        let mut column = digits + 1;
        let room = usize::from(names);
        let shown = if there.len() > room { room.saturating_sub(1) } else { there.len() };
        // Right before the arrow, as close to the line as they can be.
        column += names.saturating_sub(there.len().min(room) as u16);
        for (_, thread, name, _) in there.iter().take(shown) {
            let letter: String = name.chars().take(1).collect();
            column = pen.text(column, row, &letter, threads::name_style(*thread, theme));
        }
        if there.len() > shown {
            column = pen.text(column, row, "+", theme.strong());
        }
        if let Some((_, thread, _, can_move)) = there.last() {
            pen.text(column, row, if *can_move { "▸" } else { "‖" }, threads::name_style(*thread, theme));
        } else if is_told {
            pen.text(column, row, "!", theme.tint(theme.warn).patch(theme.strong()));
        }
        let mut column = gutter;
        let lit = if there.is_empty() && marks.wanted != Some(number) { Modifier::empty() } else { Modifier::BOLD };
        for (text, style) in &styled {
            column = pen.text(column, row, text, style.add_modifier(lit));
        }
        if marks.wanted == Some(number) {
            pen.text(column + 1, row, "◂", theme.tint(theme.warn).patch(theme.strong()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::glyphs::Glyphs;
    use crate::view::theme::ThemeName;
    use proptest::prelude::*;

    proptest! {
        /// Whatever a file holds, colouring loses no character of it.
        #[test]
        fn colours_change_no_text(lines in prop::collection::vec("[a-z_ #\"'\\\\(){}:=é日]{0,30}", 0..8)) {
            let theme = Theme::of(ThemeName::Plain, Glyphs::Blocks);
            let mut open = None;
            for line in &lines {
                let text: String = pieces(line, &mut open, &theme).into_iter().map(|(text, _)| text).collect();
                prop_assert_eq!(&text, line);
            }
        }
    }

    #[test]
    fn what_matters_is_in_sight() {
        for rows in 1..20 {
            for line in 1..=40u32 {
                let first = first_line(40, rows, &[line], Some(line));
                assert!((first..first + rows).contains(&(line as usize - 1)), "{rows} {line}");
            }
        }
        assert_eq!(first_line(5, 20, &[], None), 0);
    }
}
