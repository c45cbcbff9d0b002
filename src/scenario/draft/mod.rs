//! A scenario that is being changed: what the form on the screen edits, what a restart runs, what is saved.
//!
//! ```text
//! Scenario + Overrides ──▶ content (lane by lane, without what holds anyway) ──▶ edit ──▶ plan? ──▶ content
//!                                                                                  └── no ──▶ one sentence
//! ```
//!
//! A draft that made a plan makes one after every edit: what would be wrong is refused, and nothing changes. An edit that
//! makes a pool, a workload or the arrivals another kind drops the keys that are no longer theirs and fills in those
//! that the new kind needs.
//!
//! Absent here: what the form looks like, and what is done with a plan.

mod fields;
mod orders;
#[cfg(test)]
mod tests;
mod text;

pub use fields::Field;
pub use orders::orders_between;

use super::amount::{Scope, evaluate};
use super::check::{as_kind_table, layered};
use super::front::{Entry, Node, Table, Value, read_value};
use super::programs::parameters;
use super::resolve::{any_machine, distinct, pool_name, together};
use super::tables::{
    self, Default as Absent, Key, Kind, LANE, LANES_MAX, POOLS, RUN, Shape, WORKLOADS, concerns, find_key, find_kind,
    find_pool_key, makes_runs,
};
use super::{Overrides, Problem, Scenario, set};
use crate::program::problem::{Place, Sources, suggest};
use crate::wire::{LockKind, Machine, Plan};

/// A scenario with changes on top of it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it began as, and what the command line changed in that.
    scenario: Scenario,
    overrides: Overrides,
    first: Content,
    now: Content,
}

impl PartialEq for Draft {
    fn eq(&self, other: &Draft) -> bool {
        self.scenario.name == other.scenario.name && self.now == other.now
    }
}

/// What can be changed, in the order of the tables: each lane by itself, and nothing that would hold anyway.
#[derive(Clone, Debug, PartialEq)]
struct Content {
    run: Table,
    lanes: Vec<Table>,
    expect: Vec<String>,
}

impl Draft {
    /// A draft of a scenario as the command line changed it.
    pub fn of(scenario: &Scenario, overrides: &Overrides) -> Draft {
        let first = Content::of(scenario, overrides);
        Draft { scenario: scenario.clone(), overrides: overrides.clone(), now: first.clone(), first }
    }

    /// The same changes on top of another text of the scenario, which may not go with them: ask for its plan.
    pub fn over(&self, scenario: &Scenario) -> Draft {
        Draft { scenario: scenario.clone(), ..self.clone() }
    }

    /// The scenario that it began as.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Whether it says something else than what it began as.
    pub fn is_edited(&self) -> bool {
        self.first != self.now
    }

    /// How many lanes it has.
    pub fn lanes(&self) -> usize {
        self.now.lanes.len()
    }

    /// What a lane (from 0) is called on that machine.
    pub fn lane_name(&self, lane: usize, machine: &Machine) -> String {
        self.now.names(machine).into_iter().nth(lane).unwrap_or_default()
    }

    /// Changes a parameter of a lane (from 0), or of the run, to what was typed: what may stand on the right of `--set`.
    /// Nothing changes where that would be wrong.
    ///
    /// # Errors
    /// What would be wrong, and what to do, in one sentence.
    pub fn set(&mut self, lane: Option<usize>, path: &str, text: &str, machine: &Machine) -> Result<(), String> {
        self.edit(lane, path, Some(text), machine)
    }

    /// Lets a parameter be what it is where nothing is said of it.
    ///
    /// # Errors
    /// Why that cannot be, in one sentence.
    pub fn unset(&mut self, lane: Option<usize>, path: &str, machine: &Machine) -> Result<(), String> {
        self.edit(lane, path, None, machine)
    }

    /// Puts a lane's double right after it, under a name of its own; returns where it is.
    ///
    /// # Errors
    /// Where there is no room for it.
    pub fn copy_lane(&mut self, lane: usize, machine: &Machine) -> Result<usize, String> {
        let mut now = self.now.clone();
        let mut copy = now.lanes.get(lane).ok_or_else(|| no_lane(lane))?.clone();
        if let Some(name) = copy.text("name").map(String::from) {
            let taken = now.names(machine);
            copy.put(said("name", Value::Text(distinct(&name, &taken))));
        }
        now.lanes.insert(lane + 1, copy);
        now.renumber(|number| if number > lane as u64 + 1 { Some(number + 1) } else { Some(number) });
        self.take(now, machine)?;
        Ok(lane + 1)
    }

    /// Adds a lane at the end: threads that do what the last lane does. Returns where it is.
    ///
    /// # Errors
    /// Where there is no room for it.
    pub fn add_lane(&mut self, machine: &Machine) -> Result<usize, String> {
        let mut now = self.now.clone();
        let mut lane = now.lanes.last().cloned().unwrap_or_default();
        // The same tasks, coming in the same way: all else as it is where nothing is said. A program is its own workload.
        let runs = makes_runs(pool_of(&lane));
        match runs {
            true => lane.0.retain(|entry| entry.key != "name"),
            false => {
                lane.0.retain(|entry| matches!(entry.key.as_str(), "workload" | "size" | "arrivals" | "tasks"));
            }
        }
        if !runs && lane.get("workload").is_none() {
            lane.put(said("workload", Value::Text("primes".into())));
        }
        now.lanes.push(tidy(&lane));
        self.take(now, machine)?;
        Ok(self.lanes() - 1)
    }

    /// Takes a lane out.
    ///
    /// # Errors
    /// Where it is the only one.
    pub fn remove_lane(&mut self, lane: usize, machine: &Machine) -> Result<(), String> {
        if lane >= self.lanes() {
            return Err(no_lane(lane));
        }
        if self.lanes() == 1 {
            return Err("a scenario needs a lane, and this is the only one: add another first".into());
        }
        let mut now = self.now.clone();
        now.lanes.remove(lane);
        let removed = lane as u64 + 1;
        now.renumber(|number| match number.cmp(&removed) {
            std::cmp::Ordering::Less => Some(number),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(number - 1),
        });
        self.take(now, machine)
    }

    /// The plan that it comes to on a machine.
    ///
    /// # Errors
    /// What is wrong with it, or impossible on this machine.
    pub fn plan(&self, machine: &Machine) -> Result<Plan, Vec<Problem>> {
        if self.is_edited() {
            self.scenario_of(&self.now).plan(machine, &Overrides::default())
        } else {
            // Its own text, so that what is wrong with it is told where it stands.
            self.scenario.plan(machine, &self.overrides)
        }
    }

    /// What the machine makes different from what is asked for, one sentence each.
    pub fn adjustments(&self, machine: &Machine) -> Vec<String> {
        self.scenario_of(&self.now).adjustments(machine, &Overrides::default())
    }

    /// A whole scenario file that says the same.
    pub fn to_text(&self) -> String {
        text::whole(&self.scenario, &self.now)
    }

    fn edit(&mut self, lane: Option<usize>, path: &str, text: Option<&str>, machine: &Machine) -> Result<(), String> {
        let mut now = self.now.clone();
        match lane {
            None => {
                let keys: Vec<&'static Key> = run_keys().collect();
                let key = keys.iter().find(|key| key.name == path).ok_or_else(|| unknown(path, &keys))?;
                match text {
                    Some(text) => now.run.put(said(path, typed(text, &key.shape))),
                    None => now.run.0.retain(|entry| entry.key != path),
                }
                now.run = tidy_run(&now.run);
            }
            Some(lane) => {
                let lane = now.lanes.get_mut(lane).ok_or_else(|| no_lane(lane))?;
                edit_lane(lane, path, text, u64::from(machine.cores.max(1)))?;
                self.drop_own_parameters(lane);
                *lane = tidy(lane);
            }
        }
        self.take(now, machine)
    }

    /// Drops parameters that are what the lane's program has anyway.
    fn drop_own_parameters(&self, lane: &mut Table) {
        let Some(program) = lane.text("program").and_then(|name| self.scenario.programs.find(name)) else { return };
        let Some(Value::Table(chosen)) = lane.get("parameters").map(|entry| &entry.node.value) else { return };
        let mut chosen = chosen.clone();
        for (own, _) in parameters(&program.text) {
            let is_own = |entry: &Entry| entry.key == own.name && entry.node.value == Value::Integer(own.value.into());
            chosen.0.retain(|entry| !is_own(entry));
        }
        match chosen.0.is_empty() {
            true => lane.0.retain(|entry| entry.key != "parameters"),
            false => lane.put(said("parameters", Value::Table(chosen))),
        }
    }

    /// Takes changed content, if it makes a plan.
    fn take(&mut self, now: Content, machine: &Machine) -> Result<(), String> {
        if now.lanes.len() > LANES_MAX {
            return Err(format!("a scenario has room for {LANES_MAX} lanes: remove one first"));
        }
        // Its file will be read on other machines too.
        for machine in [machine, &any_machine()] {
            if let Err(problems) = self.scenario_of(&now).plan(machine, &Overrides::default()) {
                return Err(problems.first().map(sentence).unwrap_or_default());
            }
        }
        self.now = now;
        Ok(())
    }

    /// The content as a scenario without a text.
    fn scenario_of(&self, content: &Content) -> Scenario {
        let mut tree = content.run.clone();
        let node = |lane: &Table| plain(Value::Table(lane.clone()));
        tree.put(said("lane", Value::List(content.lanes.iter().map(node).collect())));
        Scenario {
            tree,
            sources: Sources::new(&self.scenario.name, ""),
            expect: content.expect.clone(),
            ..self.scenario.clone()
        }
    }
}

impl Content {
    fn of(scenario: &Scenario, overrides: &Overrides) -> Content {
        let (mut tree, mut sources) = (scenario.tree.clone(), scenario.sources.clone());
        // What is wrong in a set is told by the plan.
        set::apply(&mut tree, &overrides.sets, &mut sources);
        let integer = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        if let Some(seed) = overrides.seed {
            tree.put(said("seed", integer(seed)));
        }
        let nothing = Table::default();
        let every = match tree.get("every-lane").map(|entry| &entry.node.value) {
            Some(Value::Table(every)) => every,
            _ => &nothing,
        };
        let lane = |node: &Node| {
            let own = if let Value::Table(own) = &node.value { own } else { &nothing };
            let mut lane = together(own, every);
            // An unbounded queue is never full: what is said of that to all lanes does not concern this one.
            if lane.text("capacity") == Some("unbounded") {
                lane.0.retain(|entry| entry.key != "when_full" || !entry.shared);
            }
            if let Some(tasks) = overrides.tasks {
                lane.put(said("tasks", integer(tasks)));
            }
            tidy(&lane)
        };
        let lanes = match tree.get("lane").map(|entry| &entry.node.value) {
            Some(Value::List(lanes)) => lanes.iter().map(lane).collect(),
            _ => Vec::new(),
        };
        Content { run: tidy_run(&tree), lanes, expect: scenario.expect.clone() }
    }

    /// What the lanes are called, as the plan calls them.
    fn names(&self, machine: &Machine) -> Vec<String> {
        let cores = u64::from(machine.cores.max(1));
        let mut names: Vec<String> =
            self.lanes.iter().map(|lane| lane.text("name").map(str::trim).unwrap_or_default().to_string()).collect();
        for (index, lane) in self.lanes.iter().enumerate() {
            if names[index].is_empty() {
                let name =
                    pool_name(pool_of(lane), workers_of(lane, cores), lane.text("program").or(lane.text("command")));
                names[index] = distinct(&name, &names);
            }
        }
        names
    }

    /// Renumbers the lanes that statements speak of; those about a lane that has no number any more are left out.
    fn renumber(&mut self, number: impl Fn(u64) -> Option<u64>) {
        self.expect = self.expect.iter().filter_map(|statement| renumbered(statement, &number)).collect();
    }
}

/// A statement with other numbers for the lanes; none where one of them has none.
fn renumbered(statement: &str, number: &impl Fn(u64) -> Option<u64>) -> Option<String> {
    const LANES: &str = "lanes.";
    let mut text = String::new();
    let mut rest = statement;
    while let Some(at) = rest.find(LANES) {
        let (before, after) = rest.split_at(at + LANES.len());
        text.push_str(before);
        let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
        if let Ok(lane) = after[..digits].parse() {
            text.push_str(&number(lane)?.to_string());
        }
        rest = &after[digits..];
    }
    text.push_str(rest);
    Some(text)
}

/// The keys of the run, without those of lanes.
fn run_keys() -> impl Iterator<Item = &'static Key> {
    RUN.iter().filter(|key| !matches!(key.name, "lane" | "every-lane"))
}

/// The keys of a lane with such a pool, the pool's own right after `pool`.
fn lane_keys(pool: &'static Kind) -> impl Iterator<Item = &'static Key> {
    let with_own = |key: &'static Key| std::iter::once(key).chain(if key.name == "pool" { pool.keys } else { &[] });
    LANE.iter().filter(|key| concerns(key.name, pool)).flat_map(with_own)
}

fn pool_of(lane: &Table) -> &'static Kind {
    let threads = || find_kind(POOLS, "threads").unwrap_or(&POOLS[0]);
    lane.text("pool").and_then(|pool| find_kind(POOLS, pool)).unwrap_or_else(threads)
}

fn is_single(lane: &Table) -> bool {
    pool_of(lane).name == "single"
}

/// How many workers a lane has on so many cores.
fn workers_of(lane: &Table, cores: u64) -> u64 {
    let amount = match lane.get("workers").map(|entry| &entry.node.value) {
        _ if is_single(lane) => 1,
        Some(Value::Integer(workers)) => *workers,
        Some(Value::Text(text)) => evaluate(text, Scope { cores, workers: None }).unwrap_or(1),
        _ => cores as i64,
    };
    u64::try_from(amount).unwrap_or(1).clamp(1, u64::from(crate::wire::WORKERS_MAX))
}

fn plain(value: Value) -> Node {
    Node { at: Place::default(), value }
}

fn said(key: &str, value: Value) -> Entry {
    Entry { key: key.into(), key_at: Place::default(), node: plain(value), shared: false }
}

/// What was typed, as a value.
fn typed(text: &str, shape: &Shape) -> Value {
    let value = read_value(text, 0, 0).value;
    match (shape, value) {
        // A name may be a number.
        (Shape::Text { .. }, value) if !matches!(value, Value::Text(_)) => Value::Text(text.trim().into()),
        (_, value) => value,
    }
}

/// What holds of a lane's key, or of an inner key, where nothing is said.
fn absent(key: &Key, lane: &Table) -> Option<Node> {
    match key.default {
        Absent::Toml(text) => Some(read_value(text, 0, 0)),
        Absent::Required => None,
        Absent::Computed(_) => match key.name {
            "workers" => Some(plain(Value::Text("cores".into()))),
            "lock" => {
                let lock = if pool_of(lane).name == "processes" { "futex" } else { "std" };
                Some(plain(Value::Text(lock.into())))
            }
            "size" => {
                let workload = find_key(LANE, "workload").and_then(|key| whole(lane, key));
                let kind = workload.and_then(|table| find_kind(WORKLOADS, table.text("kind")?));
                Some(read_value(kind.map_or("1", |kind| kind.size), 0, 0))
            }
            _ => None,
        },
    }
}

/// What holds of a key with kinds: its kind and what is said with it, above what holds otherwise.
fn whole(lane: &Table, key: &Key) -> Option<Table> {
    let node = match (lane.get(key.name), absent(key, lane)) {
        (Some(entry), Some(general)) => layered(&general, &entry.node, &key.shape),
        (Some(entry), None) => entry.node.clone(),
        (None, general) => general?,
    };
    as_kind_table(&node, &key.shape)
}

fn kinds_of(key: &Key) -> &'static [Kind] {
    match key.shape {
        Shape::Kind { kinds, .. } => kinds,
        _ => &[],
    }
}

/// The kind that a key with kinds has in a lane.
fn kind_of(lane: &Table, key: &Key) -> Option<&'static Kind> {
    find_kind(kinds_of(key), whole(lane, key)?.text("kind")?)
}

/// The run's keys in the order of the tables, without what holds anyway.
fn tidy_run(run: &Table) -> Table {
    let keys = run_keys().filter_map(|key| {
        let entry = run.get(key.name)?;
        (absent(key, run).as_ref() != Some(&entry.node)).then(|| said(key.name, entry.node.value.clone()))
    });
    Table(keys.collect())
}

/// A lane's keys in the order of the tables, without what holds anyway and without what does not concern its pool.
fn tidy(lane: &Table) -> Table {
    let mut tidy = Table::default();
    for key in lane_keys(pool_of(lane)) {
        let Some(entry) = lane.get(key.name) else { continue };
        if key.name == "workers" && is_single(lane) {
            continue;
        }
        let general = absent(key, lane);
        let value = match (whole(lane, key), kind_of(lane, key)) {
            (Some(table), Some(kind)) => {
                let general = general.as_ref().and_then(|node| as_kind_table(node, &key.shape)).unwrap_or_default();
                essence(&table, kind, &general, lane).map(|value| short(value, &key.shape))
            }
            _ if general.as_ref() == Some(&entry.node) => None,
            _ => Some(entry.node.value.clone()),
        };
        tidy.0.extend(value.map(|value| said(key.name, value)));
    }
    tidy
}

/// A kind's table without what holds anyway; nothing where the whole of it does, and just the kind's name where the rest
/// of it does.
fn essence(table: &Table, kind: &'static Kind, general: &Table, lane: &Table) -> Option<Value> {
    let is_general = general.text("kind") == Some(kind.name);
    let mut entries = vec![said("kind", Value::Text(kind.name.into()))];
    for key in kind.keys {
        let Some(entry) = table.get(key.name) else { continue };
        let otherwise = match general.get(key.name).filter(|_| is_general) {
            Some(general) => Some(general.node.clone()),
            None => absent(key, lane),
        };
        if otherwise.as_ref() != Some(&entry.node) {
            entries.push(said(key.name, entry.node.value.clone()));
        }
    }
    match (entries.len(), is_general) {
        (1, true) => None,
        (1, false) => entries.pop().map(|entry| entry.node.value),
        _ => Some(Value::Table(Table(entries))),
    }
}

/// A bare integer for what one says as well: `size = 5`.
fn short(value: Value, shape: &Shape) -> Value {
    let Shape::Kind { integer: Some((kind, key)), .. } = shape else { return value };
    match &value {
        Value::Table(table) if table.0.len() == 2 && table.text("kind") == Some(kind) => {
            table.get(key).map_or_else(|| value.clone(), |entry| entry.node.value.clone())
        }
        _ => value,
    }
}

/// Changes one key of a lane, or an inner one, to what was typed; back to what holds otherwise where that is nothing.
fn edit_lane(lane: &mut Table, path: &str, text: Option<&str>, cores: u64) -> Result<(), String> {
    let (name, inner) = path
        .strip_suffix(".kind")
        .unwrap_or(path)
        .split_once('.')
        .map_or((path.strip_suffix(".kind").unwrap_or(path), None), |(name, inner)| (name, Some(inner)));
    let keys: Vec<&'static Key> = lane_keys(pool_of(lane)).collect();
    let Some(key) = keys.iter().find(|key| key.name == name) else {
        return Err(match find_pool_key(name) {
            Some((owner, _)) => format!("`{name}` is a key of `{0}` pools: make this pool `{0}` first", owner.name),
            None => unknown(name, &keys),
        });
    };
    let before = lane.text("program").map(String::from);
    if name == "workers" && is_single(lane) {
        return Err("a `single` pool has one worker: make this pool `threads` first".into());
    }
    match (inner, &key.shape) {
        (Some(inner), Shape::Kind { .. }) => {
            let kind = kind_of(lane, key).ok_or_else(|| format!("`{name}` has no kind: choose one first"))?;
            let keys: Vec<&'static Key> = kind.keys.iter().collect();
            let key_inner = keys.iter().find(|key| key.name == inner).ok_or_else(|| unknown(path, &keys))?;
            let mut table = whole(lane, key).unwrap_or_default();
            match text {
                Some(text) => table.put(said(inner, typed(text, &key_inner.shape))),
                None => {
                    // Of the kind that holds otherwise, what it says; else what the key says.
                    let general = absent(key, lane).and_then(|node| as_kind_table(&node, &key.shape));
                    let general = general.filter(|table| table.text("kind") == Some(kind.name));
                    let general = general.and_then(|table| table.get(inner).cloned());
                    if general.is_none() && key_inner.default == Absent::Required {
                        return Err(format!("`{path}` has no value of its own: type one ({})", key_inner.help));
                    }
                    table.0.retain(|entry| entry.key != inner);
                    table.0.extend(general);
                }
            }
            lane.put(said(name, Value::Table(table)));
        }
        (Some(inner), Shape::Parameters) => {
            let mut table = match lane.get(name).map(|entry| &entry.node.value) {
                Some(Value::Table(table)) => table.clone(),
                _ => Table::default(),
            };
            match text {
                Some(text) => table.put(said(inner, typed(text, &key.shape))),
                None => table.0.retain(|entry| entry.key != inner),
            }
            match table.0.is_empty() {
                true => lane.0.retain(|entry| entry.key != name),
                false => lane.put(said(name, Value::Table(table))),
            }
        }
        (Some(_), _) => return Err(unknown(path, &keys)),
        (None, _) if text.is_none() && key.default == Absent::Required => {
            return Err(format!("`{name}` has no value of its own: choose one ({})", key.help));
        }
        (None, Shape::Kind { .. }) => {
            let value = text.map(|text| typed(text, &key.shape));
            edit_kind(lane, key, value, cores);
        }
        (None, _) => match text {
            Some(text) => lane.put(said(name, typed(text, &key.shape))),
            None => lane.0.retain(|entry| entry.key != name),
        },
    }
    if name == "program" && lane.text("program") != before.as_deref() {
        // Another program has other parameters.
        lane.0.retain(|entry| entry.key != "parameters");
    }
    if name == "pool" {
        suit_pool(lane);
    }
    Ok(())
}

/// Makes a key with kinds another kind: with what that needs, and without what belonged to the old one.
fn edit_kind(lane: &mut Table, key: &'static Key, value: Option<Value>, cores: u64) {
    let before = kind_of(lane, key).map(|kind| kind.name);
    let is_bare = matches!(value, Some(Value::Text(_)));
    let Some(value) = value.or_else(|| absent(key, lane).map(|node| node.value)) else { return };
    let Some(mut table) = as_kind_table(&plain(value.clone()), &key.shape) else {
        // The checker says what is wrong with it.
        lane.put(said(key.name, value));
        return;
    };
    let after = table.text("kind").and_then(|kind| find_kind(kinds_of(key), kind));
    if is_bare && after.is_some() && after.map(|kind| kind.name) == before {
        return;
    }
    for needed in after.map_or(&[][..], |kind| kind.keys).iter().filter(|key| key.default == Absent::Required) {
        if table.get(needed.name).is_none()
            && let Some(value) = sensible(lane, key.name, needed.name, cores)
        {
            table.put(said(needed.name, value));
        }
    }
    if key.name == "workload" && after.map(|kind| kind.name) != before {
        // A unit is something else now.
        lane.0.retain(|entry| entry.key != "size");
    }
    lane.put(said(key.name, Value::Table(table)));
}

/// A value to begin with, for a key that another kind needs.
fn sensible(lane: &Table, name: &str, inner: &str, cores: u64) -> Option<Value> {
    let integer = |number: f64| Value::Integer((number as i64).clamp(1, 1_000_000));
    let mean = || mean_units(lane).max(1.0);
    Some(match (name, inner) {
        // About half of what tasks of a millisecond let the workers do.
        ("arrivals", "rate_per_s") => Value::Integer(500 * workers_of(lane, cores) as i64),
        ("arrivals", "tasks") => Value::Integer(100),
        // The same mean size, spread in another way.
        ("size", "units") => integer(mean().round()),
        ("size", "mean") => Value::Number(mean()),
        ("size", "max") => integer(2.0 * mean() - 1.0),
        ("size", "small") => integer(mean() / 2.0),
        ("size", "large") => integer(mean() * 5.5),
        _ => return None,
    })
}

/// The mean of a lane's sizes.
fn mean_units(lane: &Table) -> f64 {
    let Some(table) = find_key(LANE, "size").and_then(|key| whole(lane, key)) else { return 1.0 };
    let number = |key: &str, otherwise: f64| match table.get(key).map(|entry| &entry.node.value) {
        Some(Value::Integer(integer)) => *integer as f64,
        Some(Value::Number(number)) => *number,
        _ => otherwise,
    };
    match table.text("kind") {
        Some("uniform") => f64::midpoint(number("min", 1.0), number("max", 1.0)),
        Some("exponential" | "pareto") => number("mean", 1.0),
        Some("bimodal") => {
            let share = number("large_share", 0.1);
            number("small", 1.0) * (1.0 - share) + number("large", 1.0) * share
        }
        _ => number("units", 1.0),
    }
}

/// Takes out what cannot be in the pool that a lane has now.
fn suit_pool(lane: &mut Table) {
    let pool = pool_of(lane).name;
    if pool == "stealing" && lane.text("when_full") == Some("discard-oldest") {
        lane.0.retain(|entry| entry.key != "when_full");
    }
    let Some(key) = find_key(LANE, "workload") else { return };
    if pool == "processes"
        && let Some(mut table) = whole(lane, key)
        && table.text("lock").is_some_and(|lock| !works_between_processes(lock))
    {
        table.0.retain(|entry| entry.key != "lock");
        // A futex lets one in.
        table.0.retain(|entry| entry.key != "permits");
        lane.put(said("workload", Value::Table(table)));
    }
}

fn works_between_processes(lock: &str) -> bool {
    LockKind::ALL.iter().any(|kind| kind.name() == lock && kind.is_process_shared())
}

fn no_lane(lane: usize) -> String {
    format!("there is no lane {}: lanes count from 1", lane + 1)
}

fn unknown(path: &str, keys: &[&'static Key]) -> String {
    let last = path.rsplit('.').next().unwrap_or(path);
    let help = suggest(last, keys.iter().map(|key| key.name)).unwrap_or_else(|| "see the list of keys".into());
    format!("there is no parameter {}: {help}", crate::program::problem::quoted(path))
}

/// A problem in one sentence, without its place: it is where the cursor is.
fn sentence(problem: &Problem) -> String {
    match &problem.help {
        Some(help) => format!("{}: {help}", problem.message),
        None => problem.message.clone(),
    }
}
