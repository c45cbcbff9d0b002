//! `--set lane.2.workers=8`: changes to a scenario's front matter before it becomes a plan.
//!
//! ```text
//! mode=together                 a key of the run
//! lane.2.workers=2*cores        a key of lane 2; texts need no quotes
//! lane.*.chunk=16               of every lane that takes it
//! lane.1.workload.share=0.5     of a table in it
//! lane.*.parameters.N=4         a number in the lane's program
//! ```

use super::check::as_kind_table;
use super::front::{Entry, Node, Table, Value, read_value};
use super::tables::{LANE, PAGE, RUN, Shape, find_key, find_pool_key};
use crate::program::problem::{Place, Problem, Sources, quoted, suggest};

/// Applies the sets in their order; each becomes a source of its own, `--set 1` being the first.
pub(super) fn apply(tree: &mut Table, sets: &[String], sources: &mut Sources) -> Vec<Problem> {
    let numbers: Vec<usize> =
        sets.iter().enumerate().map(|(index, set)| sources.add(format!("--set {}", index + 1), set)).collect();
    let each = sets.iter().zip(numbers).filter_map(|(set, source)| apply_one(tree, set, source, sources).err());
    each.collect()
}

/// A part of the path, and its place.
struct Step<'a> {
    name: &'a str,
    at: Place,
}

fn apply_one(tree: &mut Table, set: &str, source: usize, sources: &Sources) -> Result<(), Problem> {
    let whole = Place { source, start: 0, end: set.len() };
    let example = || Some("write KEY=VALUE, as in lane.2.workers=8 or mode=together".to_string());
    let Some((path, value)) = set.split_once('=') else {
        return Err(sources.problem(whole, "no `=` in it", example()));
    };
    let value = read_value(value, source, path.len() + 1);
    let mut end = 0;
    let steps: Vec<Step<'_>> = path
        .split('.')
        .map(|name| {
            let start = end;
            end += name.len() + 1;
            Step { name: name.trim(), at: Place { source, start, end: start + name.len() } }
        })
        .collect();
    match steps.as_slice() {
        [lane, number, rest @ ..] if lane.name == "lane" => {
            if rest.is_empty() || rest.len() > 2 {
                return Err(sources.problem(whole, "no key of a lane", example()));
            }
            set_lanes(tree, number, rest, value, sources)
        }
        [every, rest @ ..] if every.name == "every-lane" && (1..=2).contains(&rest.len()) => {
            if tree.get("every-lane").is_none() {
                tree.put(entry(every, Node { at: every.at, value: Value::Table(Table::default()) }, false));
            }
            if let Some(Value::Table(table)) = table_mut(tree, "every-lane") {
                put(table, rest, value, true);
            }
            Ok(())
        }
        [key] if key.name != "lane" && find_key(RUN, key.name).is_some() => {
            tree.put(entry(key, value, false));
            Ok(())
        }
        [key, ..] => Err(sources.problem(key.at, not_settable(key.name), help_for(key.name).or_else(example))),
        [] => Err(sources.problem(whole, "no key in it", example())),
    }
}

fn not_settable(name: &str) -> String {
    match find_key(PAGE, name) {
        Some(_) => format!("{} belongs to the page, not to the run", quoted(name)),
        None => format!("{} is no key of a run", quoted(name)),
    }
}

fn help_for(name: &str) -> Option<String> {
    if name == "seconds" {
        return Some("use --for".into());
    }
    if find_key(LANE, name).is_some() || find_pool_key(name).is_some() {
        return Some(format!("did you mean `lane.*.{name}`?"));
    }
    suggest(name, RUN.iter().map(|key| key.name)).filter(|help| help.starts_with("did"))
}

fn set_lanes(
    tree: &mut Table,
    number: &Step<'_>,
    path: &[Step<'_>],
    value: Node,
    sources: &Sources,
) -> Result<(), Problem> {
    let Some(Value::List(lanes)) = table_mut(tree, "lane") else { return Ok(()) };
    let count = lanes.len();
    let all = number.name == "*";
    let one = number.name.parse::<usize>().ok().filter(|lane| (1..=count).contains(lane));
    if !all && one.is_none() {
        let message = format!("there is no lane {}", quoted(number.name));
        let help = format!("lanes count from 1 to {count}, and `*` means each");
        return Err(sources.problem(number.at, message, Some(help)));
    }
    for (index, lane) in lanes.iter_mut().enumerate() {
        if (all || one == Some(index + 1))
            && let Value::Table(lane) = &mut lane.value
        {
            put(lane, path, value.clone(), all);
        }
    }
    Ok(())
}

/// Puts a value at `key` or `key.inner` of a lane.
fn put(lane: &mut Table, path: &[Step<'_>], value: Node, shared: bool) {
    match path {
        [key] => lane.put(entry(key, value, shared)),
        [key, inner, ..] => {
            let shape = find_key(LANE, key.name).or(find_pool_key(key.name).map(|(_, key)| key)).map(|key| &key.shape);
            let old = lane.get(key.name).zip(shape).and_then(|(old, shape)| match (&old.node.value, shape) {
                (Value::Table(parameters), Shape::Parameters) => Some(parameters.clone()),
                _ => as_kind_table(&old.node, shape),
            });
            let mut table = old.unwrap_or_default();
            // Another kind has other keys.
            if inner.name == "kind" {
                table = Table::default();
            }
            let at = value.at;
            table.put(entry(inner, value, false));
            lane.put(entry(key, Node { at, value: Value::Table(table) }, shared));
        }
        [] => {}
    }
}

fn entry(step: &Step<'_>, node: Node, shared: bool) -> Entry {
    Entry { key: step.name.into(), key_at: step.at, node, shared }
}

fn table_mut<'t>(tree: &'t mut Table, key: &str) -> Option<&'t mut Value> {
    tree.0.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node.value)
}
