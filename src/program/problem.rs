//! What is wrong with a text that somebody wrote, a scenario or a program, and exactly where.
//!
//! ```text
//! pool-size.md:14:1: unknown key `wokers` of a lane
//!   wokers = 2
//!   ^^^^^^
//!   help: did you mean `workers`?
//! ```
//!
//! Such texts come from anywhere, so nothing of their text reaches a terminal unescaped: control characters, which
//! could be escape sequences, are shown as `\u{1b}`.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, or `--set 2`.
    pub origin: String,
    /// The line, counted from 1; 0 for what concerns the file as a whole.
    pub line: usize,
    /// The column in characters, counted from 1; 0 for what concerns the file as a whole.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The line itself, and how many characters of it are meant.
    pub excerpt: Option<(String, usize)>,
}

/// The widest excerpt: a line of a scenario may be a megabyte long.
const EXCERPT_CHARS_MAX: usize = 100;

impl Problem {
    /// A problem at a range of bytes of a text.
    pub fn at(origin: &str, text: &str, span: Range<usize>, message: String, help: Option<String>) -> Problem {
        let place = Place { source: 0, start: span.start, end: span.end };
        Sources::new(origin, text).problem(place, message, help)
    }

    /// A problem of a file as a whole: it cannot be read, it is too long.
    pub fn of_file(origin: &str, message: impl Into<String>, help: Option<String>) -> Problem {
        Problem { origin: origin.into(), line: 0, column: 0, message: message.into(), help, excerpt: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = printable(&self.origin);
        match self.line {
            0 => write!(out, "{origin}: {}", self.message)?,
            line => write!(out, "{origin}:{line}:{}: {}", self.column, self.message)?,
        }
        if let Some((line, width)) = &self.excerpt {
            let first = self.column.saturating_sub(1);
            let fits = line.chars().nth(EXCERPT_CHARS_MAX).is_none();
            let skipped = if fits { 0 } else { first.saturating_sub(EXCERPT_CHARS_MAX / 2) };
            let shown: String = line.chars().skip(skipped).take(EXCERPT_CHARS_MAX).map(one_column).collect();
            let before = first - skipped;
            let carets = (*width).clamp(1, shown.chars().count().saturating_sub(before).max(1));
            write!(out, "\n  {shown}\n  {}{}", " ".repeat(before), "^".repeat(carets))?;
        }
        match &self.help {
            Some(help) => write!(out, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// The character, or a stand-in of the same width for one that must not be printed.
fn one_column(character: char) -> char {
    match character {
        '\t' => ' ',
        _ if is_forbidden(character) => '\u{fffd}',
        _ => character,
    }
}

/// Whether a character may not stand in a name or a title: control characters, and the marks that turn the direction
/// of the text around them.
pub(crate) fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with everything in it that must not be printed spelt out.
pub(crate) fn printable(text: &str) -> String {
    let escape = |character: char| match is_forbidden(character) {
        true => character.escape_unicode().to_string(),
        false => character.to_string(),
    };
    text.chars().map(escape).collect()
}

/// The text as a message quotes it: printable, and short.
pub(crate) fn quoted(text: &str) -> String {
    const CHARS_MAX: usize = 48;
    match text.chars().count() {
        0..=CHARS_MAX => format!("`{}`", printable(text)),
        _ => format!("`{}…`", printable(&text.chars().take(CHARS_MAX).collect::<String>())),
    }
}

/// The help for a word that is not among `known`: the nearest of them, or all of them where they are few.
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const LISTED_MAX: usize = 24;
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if (1..=LISTED_MAX).contains(&known.len()) => Some(format!("known here: {}", known.join(", "))),
        None => None,
    }
}

/// The nearest to a word among `known`, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Distances grow with the square of the length, and no right name is that long.
    const CHARS_MAX: usize = 64;
    let word: String = word.chars().take(CHARS_MAX).flat_map(char::to_lowercase).collect();
    let distance = |name: &str| match name.starts_with(&word) && word.len() >= 3 {
        true => 0,
        false => strsim::damerau_levenshtein(&word, &name.to_lowercase()),
    };
    let nearest = known.map(|name| (distance(name), name)).min();
    nearest.filter(|(distance, _)| *distance <= (word.chars().count() / 3).max(1)).map(|(_, name)| name)
}

/// Where something stands: a range of bytes in one of the [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) source: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The texts that a plan is made of: the file first, then each `--set`.
#[derive(Clone, Debug)]
pub(crate) struct Sources(Vec<(String, String)>);

impl Sources {
    pub(crate) fn new(origin: &str, text: &str) -> Sources {
        Sources(vec![(origin.into(), text.into())])
    }

    /// Adds a text; returns its number.
    pub(crate) fn add(&mut self, origin: String, text: &str) -> usize {
        self.0.push((origin, text.into()));
        self.0.len() - 1
    }

    /// Where a text comes from.
    pub(crate) fn origin(&self, source: usize) -> &str {
        self.0.get(source).map_or("", |(origin, _)| origin)
    }

    pub(crate) fn text(&self, place: Place) -> &str {
        self.0.get(place.source).and_then(|(_, text)| text.get(place.start..place.end)).unwrap_or("")
    }

    pub(crate) fn problem(&self, place: Place, message: impl Into<String>, help: Option<String>) -> Problem {
        let Some((origin, text)) = self.0.get(place.source) else {
            return Problem::of_file("scenario", message, help);
        };
        let start = floor_char(text, place.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[line_start..].split('\n').next().unwrap_or("").trim_end_matches('\r');
        let end = floor_char(text, place.end.min(line_start + line.len()).max(start));
        Problem {
            origin: origin.clone(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message: message.into(),
            help,
            excerpt: Some((line.into(), text[start..end].chars().count())),
        }
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
