//! Text to tree: the front matter is split from the page, and every value in it keeps its place.

use crate::program::problem::{Place, Problem, Sources, is_forbidden};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The longest scenario that is read.
pub(super) const BYTES_MAX: u64 = 1 << 20;

/// A TOML value, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) value: Value,
}

/// Values are the same wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.value == other.value
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
    Flag(bool),
    List(Vec<Node>),
    Table(Table),
    /// A date, which no key wants; or an integer of more than 64 bits.
    Other(&'static str),
}

impl Value {
    /// What it is, as an error message names it.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Integer(_) => "an integer",
            Value::Number(_) => "a number",
            Value::Flag(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(what) => what,
        }
    }
}

/// A table's entries in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table(pub(super) Vec<Entry>);

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Place,
    pub(super) node: Node,
    /// Said to all lanes at once (`[every-lane]`, `--set lane.*.…`), so that it may not concern each of them.
    pub(super) shared: bool,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.key == other.key && self.node == other.node
    }
}

impl Table {
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    /// Puts the entry in the place of one with the same key, or at the end.
    pub(super) fn put(&mut self, entry: Entry) {
        match self.0.iter_mut().find(|old| old.key == entry.key) {
            Some(old) => *old = entry,
            None => self.0.push(entry),
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.node.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The three parts of a scenario's file.
pub(super) struct Parts {
    /// Where the TOML stands in the file.
    toml: Range<usize>,
    /// Where the page stands in the file.
    pub(super) page: Range<usize>,
    /// What the audience reads.
    pub(super) body: String,
    /// What the presenter reads: the section `## Notes`.
    pub(super) notes: Option<String>,
}

/// Splits the front matter from the page, and the presenter's notes from what the audience sees.
pub(super) fn split(sources: &Sources, text: &str) -> Result<Parts, Vec<Problem>> {
    const FENCE: &str = "+++";
    // Some editors put it first.
    const BYTE_ORDER_MARK: char = '\u{feff}';
    let strange: Vec<Problem> = text
        .char_indices()
        .filter(|(_, character)| is_forbidden(*character) && !matches!(character, '\n' | '\r' | '\t'))
        .take(8)
        .map(|(at, character)| {
            let place = Place { source: 0, start: at, end: at + character.len_utf8() };
            let message = format!("the control character U+{:04X}", u32::from(character));
            sources.problem(place, message, Some("a scenario is plain text: remove it".into()))
        })
        .collect();
    if !strange.is_empty() {
        return Err(strange);
    }
    let mut fences = lines(text)
        .filter(|(_, line)| line.trim_start_matches(BYTE_ORDER_MARK).trim_end() == FENCE)
        .map(|(range, _)| range);
    let opening = fences.next().filter(|range| range.start == 0);
    let Some(opening) = opening else {
        let place = Place { source: 0, start: 0, end: lines(text).next().map_or(0, |(range, _)| range.end) };
        let help = "put a line `+++` first, then TOML, then another line `+++`, then Markdown".to_string();
        return Err(vec![sources.problem(place, "no front matter", Some(help))]);
    };
    let Some(closing) = fences.next() else {
        let place = Place { source: 0, start: opening.start, end: opening.start + FENCE.len() };
        let help = "put a line `+++` between the TOML and the Markdown".to_string();
        return Err(vec![sources.problem(place, "the front matter does not end", Some(help))]);
    };
    let (body, notes) = split_notes(&text[closing.end..]);
    Ok(Parts { toml: opening.end..closing.start, page: closing.end..text.len(), body, notes })
}

/// A block of code of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    /// What stands behind the fence that opens it: the language, and perhaps more.
    pub(super) info: &'a str,
    /// The line that opens it, without its end.
    pub(super) opening: Range<usize>,
    /// The lines inside.
    pub(super) inside: Range<usize>,
}

/// The blocks of code of a page, each between two fences at the beginning of a line.
pub(super) fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open: Option<usize> = None;
    for (range, line) in lines(page) {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        let info = line[ticks..].trim();
        match (open, blocks.last_mut()) {
            (Some(fence), Some(block)) if ticks >= fence && info.is_empty() => {
                block.inside.end = range.start;
                open = None;
            }
            (Some(_), _) => {}
            (None, _) if ticks >= 3 && !info.contains('`') => {
                let opening = range.start..range.start + line.trim_end().len();
                blocks.push(Block { info, opening, inside: range.end..page.len() });
                open = Some(ticks);
            }
            (None, _) => {}
        }
    }
    blocks
}

/// Each line's range, its newline included, and its text.
fn lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.split_inclusive('\n').scan(0, |start, line| {
        let range = *start..*start + line.len();
        *start = range.end;
        Some((range, line))
    })
}

/// Takes the section `## Notes` out of the page: all up to the next heading of its level or above.
fn split_notes(page: &str) -> (String, Option<String>) {
    let (mut body, mut notes) = (String::new(), String::new());
    let (mut in_code, mut in_notes) = (false, false);
    for (_, line) in lines(page) {
        in_code ^= line.trim_start().starts_with("```");
        if !in_code && (line.starts_with("# ") || line.starts_with("## ")) {
            in_notes = line.trim_end() == "## Notes";
            if in_notes {
                continue;
            }
        }
        if in_notes { &mut notes } else { &mut body }.push_str(line);
    }
    let notes = notes.trim();
    (body.trim().replace("\r\n", "\n"), (!notes.is_empty()).then(|| notes.replace("\r\n", "\n")))
}

/// Reads the front matter of the file, which is the first of the sources.
pub(super) fn read(sources: &Sources, text: &str, parts: &Parts) -> Result<Table, Vec<Problem>> {
    let toml = &text[parts.toml.clone()];
    let base = parts.toml.start;
    let (tree, errors) = DeTable::parse_recoverable(toml);
    if errors.is_empty() {
        return Ok(table(tree.get_ref(), 0, base));
    }
    let problem = |error: toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        let place = Place { source: 0, start: base + span.start, end: base + span.end };
        sources.problem(place, format!("not TOML: {}", error.message()), None)
    };
    Err(errors.into_iter().map(problem).collect())
}

/// Reads one value, such as the right side of `--set lane.2.workers=8`. What is no TOML value is taken as a text, so
/// that `pool=threads` needs no quotes.
pub(super) fn read_value(text: &str, source: usize, base: usize) -> Node {
    match DeValue::parse(text) {
        Ok(value) => node(&value, source, base),
        Err(_) => {
            Node { at: Place { source, start: base, end: base + text.len() }, value: Value::Text(text.trim().into()) }
        }
    }
}

fn table(entries: &DeTable<'_>, source: usize, base: usize) -> Table {
    let mut entries: Vec<Entry> = entries
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_at: place(key.span(), source, base),
            node: node(value, source, base),
            shared: false,
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_at);
    Table(entries)
}

fn node(value: &Spanned<DeValue<'_>>, source: usize, base: usize) -> Node {
    let kind = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::Other("a number of more than 64 bits"),
        },
        DeValue::Float(number) => Value::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, source, base)).collect()),
        DeValue::Table(entries) => Value::Table(table(entries, source, base)),
    };
    Node { at: place(value.span(), source, base), value: kind }
}

fn place(span: Range<usize>, source: usize, base: usize) -> Place {
    Place { source, start: base + span.start, end: base + span.end }
}
