//! A draft as the fields of a form: every parameter with what it is, what it means here, and what it may be.

use super::super::check::grouped;
use super::super::programs::parameters;
use super::tables::Word;
use super::{
    Content, Draft, Key, Kind, Node, Scope, Shape, Table, Value, absent, as_kind_table, evaluate, is_single, kind_of,
    kinds_of, lane_keys, pool_of, run_keys, whole, workers_of, works_between_processes,
};
use crate::wire::Machine;

/// A parameter of a lane, or of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// What [`Draft::set`] knows it by: `workers`, `workload.share`.
    pub path: String,
    /// What it is, as it would be typed: `2*cores`. Empty where nothing is said and nothing holds otherwise.
    pub value: String,
    /// What that comes to on this machine, where it differs: `4`.
    pub meaning: String,
    /// Whether it is what holds where nothing is said.
    pub is_default: bool,
    /// What it may be, each with its help, where that can be listed.
    pub choices: Vec<(&'static str, &'static str)>,
    /// What it may be, in words, where that cannot be listed.
    pub range: String,
    /// What it is for.
    pub help: &'static str,
    /// Whether a run need not start anew to obey it.
    pub live: bool,
    /// The least and the most, of a number.
    pub step: Option<(f64, f64)>,
}

static FLAGS: &[Word] = &[Word { name: "true", help: "" }, Word { name: "false", help: "" }];

impl Draft {
    /// Every parameter of a lane (from 0), or of the run, in the order of the tables; what belongs to a kind stands right
    /// after the kind, and only that of the kind that is chosen. No fields where there is no such lane.
    pub fn fields(&self, lane: Option<usize>, machine: &Machine) -> Vec<Field> {
        match lane {
            None => run_keys().map(|key| of_run(&self.now, key, machine)).collect(),
            Some(index) => match self.now.lanes.get(index) {
                Some(lane) => {
                    let mut fields = of_lane(lane, &self.lane_name(index, machine), u64::from(machine.cores.max(1)));
                    self.put_parameters(lane, &mut fields);
                    fields
                }
                None => Vec::new(),
            },
        }
    }
}

impl Draft {
    /// The parameters of a lane's program, in the place of the key that holds them; and every program by name.
    fn put_parameters(&self, lane: &Table, fields: &mut Vec<Field>) {
        let programs = &self.scenario.programs;
        if let Some(field) = fields.iter_mut().find(|field| field.path == "program") {
            field.range = "the name of a program of this page, or of a built-in one".into();
        }
        let Some(at) = fields.iter().position(|field| field.path == "parameters") else { return };
        let key = fields.remove(at);
        let program = lane.text("program").and_then(|name| programs.find(name));
        let chosen = match lane.get("parameters").map(|entry| &entry.node.value) {
            Some(Value::Table(table)) => table.clone(),
            _ => Table::default(),
        };
        let own = program.map(|program| parameters(&program.text)).unwrap_or_default();
        let fields_of = own.into_iter().map(|(parameter, _)| {
            let node = chosen.get(&parameter.name).map(|entry| in_type(&entry.node));
            let value = parameter.value.to_string();
            Field {
                path: format!("parameters.{}", parameter.name),
                is_default: node.as_ref().is_none_or(|node| *node == value),
                value: node.unwrap_or(value),
                range: format!("{} to {}", parameter.min, parameter.max),
                help: "a number in the program's text",
                step: Some((f64::from(parameter.min), f64::from(parameter.max))),
                ..key.clone()
            }
        });
        fields.splice(at..at, fields_of.collect::<Vec<_>>());
    }
}

fn of_run(content: &Content, key: &'static Key, machine: &Machine) -> Field {
    let node = content.run.get(key.name).map(|entry| &entry.node);
    let mut field = field(key, key.name.to_string(), node.cloned().or_else(|| absent(key, &content.run)));
    field.is_default = node.is_none();
    if key.name == "mode" && field.value == "cores" && machine.core_ids.len() < content.lanes.len() {
        field.meaning = "turns".into();
    }
    field
}

fn of_lane(lane: &Table, name: &str, cores: u64) -> Vec<Field> {
    let mut fields = Vec::new();
    let scope = Scope { cores, workers: Some(workers_of(lane, cores)) };
    let pool = pool_of(lane).name;
    // Lists are written in a file.
    let is_shown = |key: &&Key| {
        (key.name != "workers" || !is_single(lane)) && !matches!(key.shape, Shape::Endings | Shape::Claims)
    };
    for key in lane_keys(pool_of(lane)).filter(is_shown) {
        let node = lane.get(key.name).map(|entry| &entry.node);
        let mut one = match (kind_of(lane, key), node) {
            (Some(kind), _) => field(key, key.name.to_string(), Some(super::plain(Value::Text(kind.name.into())))),
            (None, node) => field(key, key.name.to_string(), node.cloned().or_else(|| absent(key, lane))),
        };
        one.is_default = match absent(key, lane).and_then(|node| as_kind_table(&node, &key.shape)) {
            Some(general) => general.text("kind") == Some(one.value.as_str()),
            None => node.is_none(),
        };
        match key.name {
            "name" if node.is_none() => one.value = name.to_string(),
            "pool" if node.is_none() => one.value = pool.to_string(),
            "when_full" if pool == "stealing" => one.choices.retain(|(word, _)| *word != "discard-oldest"),
            "workers" | "payload_bytes" => one.live = true,
            _ => {}
        }
        // Workers are counted before anything can be said in workers.
        let of_workers = Scope { workers: None, ..scope };
        one.meaning = meaning(key, node, lane, if key.name == "workers" { of_workers } else { scope });
        fields.push(one);
        if let Some(kind) = kind_of(lane, key) {
            fields.extend(of_kind(lane, key, kind, scope));
        }
    }
    fields
}

/// The fields of the kind that a key has.
fn of_kind(lane: &Table, key: &'static Key, kind: &'static Kind, scope: Scope) -> Vec<Field> {
    let table = whole(lane, key).unwrap_or_default();
    let general = absent(key, lane).and_then(|node| as_kind_table(&node, &key.shape)).unwrap_or_default();
    let general = if general.text("kind") == Some(kind.name) { general } else { Table::default() };
    let one = |inner: &'static Key| {
        let otherwise = general.get(inner.name).map(|entry| entry.node.clone()).or_else(|| absent(inner, lane));
        let node = table.get(inner.name).map(|entry| &entry.node);
        let mut field = field(inner, format!("{}.{}", key.name, inner.name), node.cloned().or(otherwise.clone()));
        field.is_default = node.is_none() || node == otherwise.as_ref();
        field.live = (key.name, inner.name) == ("arrivals", "rate_per_s");
        field.meaning = meaning(inner, node, lane, scope);
        if inner.name == "lock" && pool_of(lane).name == "processes" {
            field.choices.retain(|(lock, _)| works_between_processes(lock));
        }
        field
    };
    kind.keys.iter().map(one).collect()
}

fn field(key: &'static Key, path: String, node: Option<Node>) -> Field {
    let words = |words: &'static [Word]| words.iter().map(|word| (word.name, word.help)).collect();
    let kinds = |kinds: &'static [Kind]| kinds.iter().map(|kind| (kind.name, kind.help)).collect();
    let choices = match key.shape {
        Shape::Flag => words(FLAGS),
        Shape::Word(list) => words(list),
        Shape::Pool(list) => kinds(list),
        Shape::Kind { .. } => kinds(kinds_of(key)),
        _ => Vec::new(),
    };
    let step = match key.shape {
        Shape::Number { min, max } => Some((min, max)),
        Shape::Integer { min, max } | Shape::Amount { min, max, .. } => Some((min as f64, max as f64)),
        _ => None,
    };
    Field {
        path,
        value: node.as_ref().map(in_type).unwrap_or_default(),
        meaning: String::new(),
        is_default: false,
        choices,
        range: range(&key.shape),
        help: key.help,
        live: false,
        step,
    }
}

/// What may be typed, where it cannot be listed.
fn range(shape: &Shape) -> String {
    let whole = |number: u64| grouped(number, number as f64);
    let number = |number: f64| grouped(number as u64, number);
    match shape {
        Shape::Text { chars_max } => format!("1 to {chars_max} characters"),
        Shape::Number { min, max } => format!("{} to {}", number(*min), number(*max)),
        Shape::Integer { min, max } => format!("{} to {}", whole(*min), whole(*max)),
        Shape::Amount { min, max, without: None } => {
            format!("{} to {}, or an amount such as 2*cores", whole(*min), whole(*max))
        }
        Shape::Amount { min, max, without: Some(word) } => {
            format!("{} to {}, an amount such as 2*cores, or {word}", whole(*min), whole(*max))
        }
        _ => String::new(),
    }
}

/// What an amount in words comes to; nothing for what is a number already, or none.
fn meaning(key: &Key, node: Option<&Node>, lane: &Table, scope: Scope) -> String {
    let Shape::Amount { min, max, without } = key.shape else { return String::new() };
    let otherwise = absent(key, lane);
    match node.or(otherwise.as_ref()).map(|node| &node.value) {
        Some(Value::Text(text)) if Some(text.as_str()) != without => match evaluate(text, scope) {
            Ok(amount) => u64::try_from(amount).unwrap_or(0).clamp(min, max).to_string(),
            Err(_) => String::new(),
        },
        _ => String::new(),
    }
}

/// A value as it would be typed.
fn in_type(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text.clone(),
        Value::Integer(integer) => integer.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(_) | Value::Table(_) | Value::Other(_) => String::new(),
    }
}
