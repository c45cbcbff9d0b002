//! Tree against tables: what a checked value is, as JSON with every default filled in.
//!
//! A checker goes on after a problem, so that an author sees all of them at once; a value that is wrong becomes `None`.

use super::amount::{Scope, evaluate};
use super::expect;
use super::front::{Entry, Node, Table, Value, read_value};
use super::tables::{Default, Key, Kind, Shape, Word, find_key, find_kind};
use crate::program::problem::{Place, Problem, Sources, is_forbidden, quoted, suggest};
use serde_json::{Map, Value as Json, json};

/// The longest ending that a lane may speak of.
const ENDING_CHARS_MAX: usize = 200;

/// Checks values, and collects what is wrong with them.
pub(super) struct Checker<'a> {
    pub(super) sources: &'a Sources,
    pub(super) problems: Vec<Problem>,
    /// Amounts that this machine makes larger than they may be.
    pub(super) cut: Vec<String>,
    pub(super) scope: Scope,
    /// Lanes of the scenario, which statements may speak of.
    pub(super) lanes: usize,
    /// The lock that works in the lane's pool, where nothing else is said.
    pub(super) lock: &'static str,
}

impl<'a> Checker<'a> {
    pub(super) fn new(sources: &'a Sources, cores: u64, lanes: usize) -> Checker<'a> {
        let scope = Scope { cores, workers: None };
        Checker { sources, problems: Vec::new(), cut: Vec::new(), scope, lanes, lock: "std" }
    }

    /// Notes a problem.
    pub(super) fn wrong(&mut self, at: Place, message: impl Into<String>, help: Option<String>) {
        self.problems.push(self.sources.problem(at, message, help));
    }

    /// Notes a key that is not among `known`.
    pub(super) fn unknown_key<'k>(&mut self, entry: &Entry, owner: &str, known: impl IntoIterator<Item = &'k str>) {
        let message = format!("unknown key {} of {owner}", quoted(&entry.key));
        self.wrong(entry.key_at, message, suggest(&entry.key, known));
    }

    /// A table's values by key, defaults filled in; `skip` names keys that the caller looks after.
    pub(super) fn table(
        &mut self,
        table: &Table,
        at: Place,
        keys: &'static [Key],
        owner: &str,
        skip: &[&str],
    ) -> Map<String, Json> {
        for entry in table.0.iter().filter(|entry| !skip.contains(&entry.key.as_str())) {
            if find_key(keys, &entry.key).is_none() {
                self.unknown_key(entry, owner, keys.iter().map(|key| key.name));
            }
        }
        let mut values = Map::new();
        for key in keys.iter().filter(|key| !skip.contains(&key.name)) {
            let value = match table.get(key.name) {
                Some(entry) => self.value(&entry.node, key),
                None => self.absent(at, key, owner),
            };
            values.extend(value.map(|value| (key.name.to_string(), value)));
        }
        values
    }

    /// What holds where a key is absent.
    pub(super) fn absent(&mut self, at: Place, key: &Key, owner: &str) -> Option<Json> {
        match key.default {
            Default::Toml(text) => self.value(&default_node(text, at), key),
            Default::Computed(_) if key.name == "lock" => Some(json!(self.lock)),
            Default::Computed(_) => None,
            Default::Required => {
                self.wrong(at, format!("{owner} needs `{}`", key.name), Some(format!("`{}`: {}", key.name, key.help)));
                None
            }
        }
    }

    /// One value.
    pub(super) fn value(&mut self, node: &Node, key: &Key) -> Option<Json> {
        let name = key.name;
        match (&key.shape, &node.value) {
            (Shape::Text { chars_max }, Value::Text(text)) => self.text(node.at, name, text, *chars_max),
            (Shape::Flag, Value::Flag(flag)) => Some(json!(flag)),
            (Shape::Number { min, max }, Value::Integer(_) | Value::Number(_)) => self.number(node, name, *min, *max),
            (Shape::Amount { without: Some(word), .. }, Value::Text(text)) if text == word => Some(Json::Null),
            (Shape::Integer { min, max } | Shape::Amount { min, max, .. }, Value::Integer(integer)) => {
                let amount = u64::try_from(*integer).ok().filter(|amount| (min..=max).contains(&amount));
                if amount.is_none() {
                    self.out_of_range(node.at, name, &integer.to_string(), &key.shape);
                }
                amount.map(|amount| json!(amount))
            }
            (Shape::Amount { min, max, without }, Value::Text(text)) => {
                self.amount(node.at, name, text, (*min, *max), *without).map(|amount| json!(amount))
            }
            (Shape::Word(words), Value::Text(word)) => self.word(node.at, name, word, words),
            (Shape::Pool(kinds), Value::Text(word)) => {
                self.kind(node.at, name, word, kinds).map(|kind| json!(kind.name))
            }
            (Shape::Kind { kinds, .. }, _) => match as_kind_table(node, &key.shape) {
                Some(table) => self.kind_table(&table, node.at, name, kinds),
                None => self.wrong_type(node, name, &key.shape),
            },
            (Shape::Table(keys), Value::Table(table)) => {
                Some(Json::Object(self.table(table, node.at, keys, &format!("`[{name}]`"), &[])))
            }
            (Shape::Tables { keys, count_max }, Value::List(items)) => self.tables(node, name, items, keys, *count_max),
            (Shape::Statements, Value::List(items)) => {
                let statements: Vec<Json> = items.iter().filter_map(|item| self.statement(item)).collect();
                Some(Json::Array(statements))
            }
            // What they say is known with the program.
            (Shape::Endings | Shape::Claims, Value::List(items)) => {
                let each = |item: &Node| match &item.value {
                    Value::Text(text) => self.text(item.at, name, text, ENDING_CHARS_MAX),
                    _ => self.wrong_type(item, name, &key.shape),
                };
                let texts: Vec<Json> = items.iter().filter_map(each).collect();
                Some(Json::Array(texts))
            }
            (Shape::Parameters, Value::Table(table)) => {
                let mut values = Map::new();
                for entry in &table.0 {
                    match entry.node.value {
                        Value::Integer(integer) => _ = values.insert(entry.key.clone(), json!(integer)),
                        _ => _ = self.wrong_type(&entry.node, &entry.key, &key.shape),
                    }
                }
                Some(Json::Object(values))
            }
            _ => self.wrong_type(node, name, &key.shape),
        }
    }

    fn text(&mut self, at: Place, name: &str, text: &str, chars_max: usize) -> Option<Json> {
        if let Some(character) = text.chars().find(|character| is_forbidden(*character)) {
            let message = format!("`{name}` holds the control character U+{:04X}", u32::from(character));
            self.wrong(at, message, Some("use printable text on one line".into()));
            return None;
        }
        let chars = text.trim().chars().count();
        if chars == 0 || chars > chars_max {
            let message = format!("`{name}` has {chars} characters");
            self.wrong(at, message, Some(format!("use 1 to {chars_max} characters")));
            return None;
        }
        Some(json!(text.trim()))
    }

    fn number(&mut self, node: &Node, name: &str, min: f64, max: f64) -> Option<Json> {
        let number = match node.value {
            Value::Integer(integer) => integer as f64,
            Value::Number(number) => number,
            _ => f64::NAN,
        };
        if !(min..=max).contains(&number) {
            self.out_of_range(node.at, name, &number.to_string(), &Shape::Number { min, max });
            return None;
        }
        Some(json!(number))
    }

    /// An amount that follows from the machine, kept within its range: `"64*cores"` is 1024 workers on 96 cores.
    fn amount(
        &mut self,
        at: Place,
        name: &str,
        text: &str,
        (min, max): (u64, u64),
        without: Option<&str>,
    ) -> Option<u64> {
        match evaluate(text, self.scope) {
            Ok(amount) => {
                let amount = u64::try_from(amount).unwrap_or(0);
                if amount > max {
                    self.cut.push(format!("`{name}` is {max}, the most there may be, and not {amount}"));
                }
                Some(amount.clamp(min, max))
            }
            Err((column, message, help)) => {
                let near = without.and_then(|word| suggest(text, [word])).filter(|help| help.starts_with("did"));
                let place = self.inside(at, text, column);
                self.wrong(place, message, near.or(help));
                None
            }
        }
    }

    /// The place of a byte of a text whose quotes stand at `at`; the whole of it where escapes hide the place.
    pub(super) fn inside(&self, at: Place, text: &str, byte: usize) -> Place {
        match self.sources.text(at).find(text) {
            Some(quotes) if !text.is_empty() => {
                let start = at.start + quotes + byte;
                let end = at.start + quotes + text.len();
                Place { source: at.source, start, end: end.max(start + 1).min(at.end.max(start)) }
            }
            _ => at,
        }
    }

    fn word(&mut self, at: Place, name: &str, word: &str, words: &[Word]) -> Option<Json> {
        if words.iter().any(|known| known.name == word) {
            return Some(json!(word));
        }
        let help = suggest(word, words.iter().map(|word| word.name));
        self.wrong(at, format!("unknown `{name}` {}", quoted(word)), help);
        None
    }

    pub(super) fn kind(&mut self, at: Place, name: &str, word: &str, kinds: &'static [Kind]) -> Option<&'static Kind> {
        let kind = find_kind(kinds, word);
        if kind.is_none() {
            self.wrong(
                at,
                format!("unknown `{name}` {}", quoted(word)),
                suggest(word, kinds.iter().map(|kind| kind.name)),
            );
        }
        kind
    }

    fn kind_table(&mut self, table: &Table, at: Place, name: &str, kinds: &'static [Kind]) -> Option<Json> {
        let Some(entry) = table.get("kind") else {
            let known: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
            self.wrong(at, format!("`{name}` needs a `kind`"), Some(format!("known here: {}", known.join(", "))));
            return None;
        };
        let Value::Text(word) = &entry.node.value else {
            let message = format!("the `kind` of `{name}` is {}", entry.node.value.describe());
            self.wrong(entry.node.at, message, Some("write its name as a text".into()));
            return None;
        };
        let kind = self.kind(entry.node.at, name, word, kinds)?;
        let owner = format!("`{name}` of kind `{}`", kind.name);
        let mut values = self.table(table, at, kind.keys, &owner, &["kind"]);
        values.insert("kind".into(), json!(kind.name));
        Some(Json::Object(values))
    }

    fn tables(
        &mut self,
        node: &Node,
        name: &str,
        items: &[Node],
        keys: &'static [Key],
        count_max: usize,
    ) -> Option<Json> {
        self.count(node, name, items, count_max);
        let mut tables = Vec::new();
        for item in items {
            match &item.value {
                Value::Table(table) => {
                    tables.push(Json::Object(self.table(table, item.at, keys, &format!("`[[{name}]]`"), &[])));
                }
                _ => self.wrong(
                    item.at,
                    format!("`{name}` is {}", item.value.describe()),
                    Some(format!("write `[[{name}]]`")),
                ),
            }
        }
        Some(Json::Array(tables))
    }

    /// Notes a list that is longer than it may be.
    pub(super) fn count(&mut self, node: &Node, name: &str, items: &[Node], count_max: usize) {
        if let Some(item) = items.get(count_max) {
            let message = format!("{} of `{name}`, and at most {count_max} have room", items.len());
            self.wrong(item.at, message, Some(format!("leave out {}", items.len() - count_max)));
        } else if items.is_empty() {
            self.wrong(node.at, format!("`{name}` is an empty list"), Some(format!("write `[[{name}]]`")));
        }
    }

    fn statement(&mut self, node: &Node) -> Option<Json> {
        let Value::Text(text) = &node.value else {
            let message = format!("a statement is a text, not {}", node.value.describe());
            self.wrong(node.at, message, Some("as in \"lanes.*.tasks.lost == 0\"".into()));
            return None;
        };
        match expect::parse(text) {
            Ok(statement) => {
                let lane = statement.lanes_named().find(|(_, lane)| *lane > self.lanes as u64);
                if let Some((column, lane)) = lane {
                    let place = self.inside(node.at, text, byte_of(text, column));
                    self.wrong(
                        place,
                        format!("there is no lane {lane}"),
                        Some(format!("lanes count from 1 to {}", self.lanes)),
                    );
                }
                Some(json!(text))
            }
            Err((column, message)) => {
                let place = self.inside(node.at, text, byte_of(text, column));
                self.wrong(place, message, None);
                None
            }
        }
    }

    fn wrong_type(&mut self, node: &Node, name: &str, shape: &Shape) -> Option<Json> {
        let message = format!("`{name}` is {}", node.value.describe());
        self.wrong(node.at, message, Some(format!("it must be {}", wanted(shape))));
        None
    }

    fn out_of_range(&mut self, at: Place, name: &str, value: &str, shape: &Shape) {
        self.wrong(at, format!("`{name}` cannot be {value}"), Some(format!("it must be {}", wanted(shape))));
    }
}

/// What a shape asks for, in words.
pub(super) fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Text { chars_max } => format!("a text of 1 to {chars_max} characters"),
        Shape::Flag => "true or false".into(),
        Shape::Number { min, max } => {
            format!("a number from {} to {}", grouped(*min as u64, *min), grouped(*max as u64, *max))
        }
        Shape::Integer { min, max } => format!("an integer from {min} to {}", grouped(*max, *max as f64)),
        Shape::Amount { min, max, without } => {
            let without = without.map_or(String::new(), |word| format!(" or \"{word}\""));
            format!("an integer from {min} to {}{without}, or a text like \"2*cores\"", grouped(*max, *max as f64))
        }
        Shape::Word(words) => one_of(words.iter().map(|word| word.name)),
        Shape::Pool(kinds) => one_of(kinds.iter().map(|kind| kind.name)),
        Shape::Kind { kinds, integer } => {
            let integer = if integer.is_some() { "an integer, or " } else { "" };
            format!("{integer}a table like {{ kind = \"{}\", … }}", kinds.first().map_or("", |kind| kind.name))
        }
        Shape::Table(_) => "a table".into(),
        Shape::Tables { count_max, .. } => format!("a list of 1 to {count_max} tables"),
        Shape::Statements => "a list of texts, each a statement".into(),
        Shape::Endings => "a list of texts, each an ending like \"ended counter=2\"".into(),
        Shape::Claims => "a list of texts like \"ended counter=2: 6\"".into(),
        Shape::Parameters => "a table like { N = 3 }, with integers".into(),
    }
}

/// A number with its thousands apart, unless it has a fraction.
pub(super) fn grouped(whole: u64, number: f64) -> String {
    if whole as f64 != number {
        return number.to_string();
    }
    let digits = whole.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// The byte at which a column, counted from 1 in characters, begins.
fn byte_of(text: &str, column: usize) -> usize {
    text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at)
}

/// A default of the tables as if it stood at `at`.
pub(super) fn default_node(text: &str, at: Place) -> Node {
    Node { at, value: read_value(text, at.source, at.start).value }
}

/// A kind's table, written in full or as just its name or an integer.
pub(super) fn as_kind_table(node: &Node, shape: &Shape) -> Option<Table> {
    let Shape::Kind { integer, .. } = shape else { return None };
    let said = |key: &str, value: Value| Entry {
        key: key.into(),
        key_at: node.at,
        node: Node { at: node.at, value },
        shared: false,
    };
    match (&node.value, integer) {
        (Value::Table(table), _) => Some(table.clone()),
        (Value::Text(kind), _) => Some(Table(vec![said("kind", Value::Text(kind.clone()))])),
        (Value::Integer(integer), Some((kind, key))) => {
            let kind = said("kind", Value::Text((*kind).into()));
            Some(Table(vec![kind, said(key, Value::Integer(*integer))]))
        }
        _ => None,
    }
}

/// What is said in general with what is said in particular on top: tables of the same kind key by key, anything else
/// as a whole.
pub(super) fn layered(general: &Node, particular: &Node, shape: &Shape) -> Node {
    if let (Shape::Parameters, Value::Table(below), Value::Table(above)) = (shape, &general.value, &particular.value) {
        let mut both = below.clone();
        above.0.iter().for_each(|entry| both.put(entry.clone()));
        return Node { at: particular.at, value: Value::Table(both) };
    }
    let (Some(mut below), Some(above)) = (as_kind_table(general, shape), as_kind_table(particular, shape)) else {
        return particular.clone();
    };
    if above.text("kind").is_some_and(|kind| below.text("kind") != Some(kind)) {
        return particular.clone();
    }
    for entry in above.0 {
        below.put(entry);
    }
    Node { at: particular.at, value: Value::Table(below) }
}
