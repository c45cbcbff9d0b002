//! Scenario to plan: amounts become numbers, defaults are filled in, and what cannot be run is refused.
//!
//! A plan is made for a machine, so `plan` can only be as right as the machine it is told: `"2*cores"` workers are 4 on
//! a laptop and 192 on a server, and both are the same scenario.

use super::check::{Checker, default_node, layered};
use super::front::{Entry, Node, Table, Value};
use super::programs::Programs;
use super::tables::{
    Default, Kind, LANE, LANES_MAX, POOLS, PROGRAM, RUN, WORKLOADS, concerns, find_key, find_kind, find_pool_key,
    makes_runs, runs_a_program,
};
use super::{Overrides, Scenario, command, set, variant};
use crate::program::problem::{Place, Problem, Sources};
use crate::wire::{
    CounterWay, LaneId, LanePlan, LitmusTest, LockKind, Machine, Mode, Plan, PoolPlan, Size, WhenFull, WorkloadPlan,
};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

pub(super) fn plan(scenario: &Scenario, machine: &Machine, overrides: &Overrides) -> Result<Plan, Vec<Problem>> {
    let run = resolved(scenario, machine, overrides)?;
    let seed = overrides.seed.unwrap_or(run.seed);
    let mut lanes = run.lanes;
    for lane in &mut lanes {
        lane.seed = seed;
        lane.tasks = overrides.tasks.or(lane.tasks);
    }
    scenario.put_in_bytes(&mut lanes);
    let refused = scenario.refused_commands(&lanes);
    if !refused.is_empty() {
        return Err(refused);
    }
    let mode = share_cores(&run.mode, run.slice_ms, &mut lanes, machine);
    Ok(Plan {
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        question: scenario.question.clone(),
        seed,
        mode,
        tick_ms: run.tick_ms,
        machine: machine.clone(),
        lanes,
        expect: scenario.expect.clone(),
    })
}

/// What the machine made different from what is asked for; nothing where there is no plan.
pub(super) fn adjustments(scenario: &Scenario, machine: &Machine, overrides: &Overrides) -> Vec<String> {
    let Ok(run) = resolved(scenario, machine, overrides) else { return Vec::new() };
    let (lanes, cores) = (run.lanes.len(), machine.core_ids.len());
    let mut sentences = run.cut;
    if run.mode == "cores" && cores < lanes {
        sentences.push(format!("{lanes} lanes want cores of their own and there are {cores}: they take turns instead"));
    }
    sentences
}

/// The run with the sets applied.
fn resolved(scenario: &Scenario, machine: &Machine, overrides: &Overrides) -> Result<Run, Vec<Problem>> {
    let (mut tree, mut sources) = (scenario.tree.clone(), scenario.sources.clone());
    let mut problems = set::apply(&mut tree, &overrides.sets, &mut sources);
    let (run, of_run) = run(&tree, &sources, &scenario.programs, machine);
    problems.extend(of_run);
    run.filter(|_| problems.is_empty()).ok_or_else(|| sorted(problems))
}

/// Problems in the order of the text, each once: what `[every-lane]` says wrongly is wrong in every lane.
pub(super) fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| (a.line, a.column, &a.message).cmp(&(b.line, b.column, &b.message)));
    problems.dedup();
    problems
}

/// The part of the front matter that is run.
struct Run {
    mode: String,
    slice_ms: u64,
    tick_ms: u64,
    seed: u64,
    lanes: Vec<LanePlan>,
    /// Amounts that this machine makes larger than they may be.
    cut: Vec<String>,
}

/// A machine to check a scenario on before the real one is known.
pub(super) fn any_machine() -> Machine {
    Machine {
        cores: 4,
        core_ids: (0..4).collect(),
        cores_online: 4,
        quota: None,
        parallelism_measured: None,
        os: String::new(),
        autogroup: None,
    }
}

/// What is wrong with the part of the front matter that is run, on any machine.
pub(super) fn check_run(tree: &Table, sources: &Sources, programs: &Programs) -> Vec<Problem> {
    run(tree, sources, programs, &any_machine()).1
}

fn run(tree: &Table, sources: &Sources, programs: &Programs, machine: &Machine) -> (Option<Run>, Vec<Problem>) {
    let nodes: &[Node] = match tree.get("lane").map(|entry| &entry.node.value) {
        Some(Value::List(lanes)) => lanes,
        _ => &[],
    };
    let mut checker = Checker::new(sources, u64::from(machine.cores.max(1)), nodes.len());
    // What is missing is missing where the front matter begins.
    let beginning = Place { source: 0, start: 0, end: "+++".len() };

    let mut settings = Map::new();
    for key in RUN.iter().filter(|key| !matches!(key.name, "lane" | "every-lane")) {
        let value = match tree.get(key.name) {
            Some(entry) => checker.value(&entry.node, key),
            None => checker.absent(beginning, key, "a scenario"),
        };
        settings.extend(value.map(|value| (key.name.to_string(), value)));
    }

    let nothing = Table::default();
    let every = match tree.get("every-lane").map(|entry| &entry.node) {
        Some(Node { value: Value::Table(table), .. }) => table,
        Some(node) => {
            checker.wrong(
                node.at,
                format!("`every-lane` is {}", node.value.describe()),
                Some("write `[every-lane]`".into()),
            );
            &nothing
        }
        None => &nothing,
    };
    match tree.get("lane") {
        Some(Entry { node: node @ Node { value: Value::List(lanes), .. }, .. }) => {
            checker.count(node, "lane", lanes, LANES_MAX);
        }
        Some(entry) => {
            let message = format!("`lane` is {}", entry.node.value.describe());
            checker.wrong(entry.key_at, message, Some("write `[[lane]]` before each lane".into()));
        }
        None => checker.wrong(
            beginning,
            "a scenario needs a `[[lane]]`",
            Some("one way of running tasks; 1 to 8 of them".into()),
        ),
    }
    let mut builder =
        Builder { checker, machine, programs, taken: BTreeMap::new(), cut: Vec::new(), unnamed: Vec::new() };
    let mut lanes = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        match &node.value {
            Value::Table(own) => {
                let id = LaneId::of_index(index);
                lanes.extend(builder.lane(id, own, every, node.at));
                let cut = builder.checker.cut.drain(..).map(|cut| format!("lane {id}: {cut}"));
                builder.cut.extend(cut);
            }
            other => {
                let message = format!("`lane` is {}", other.describe());
                builder.checker.wrong(node.at, message, Some("write `[[lane]]` before each lane".into()));
            }
        }
    }
    name_apart(&mut lanes, &builder.unnamed);
    let cut = std::mem::take(&mut builder.cut);
    let problems = builder.finish();
    let number = |name: &str| settings.get(name).and_then(Json::as_u64);
    let run = || {
        Some(Run {
            mode: settings.get("mode")?.as_str()?.to_string(),
            slice_ms: number("slice_ms")?,
            tick_ms: number("tick_ms")?,
            seed: number("seed")?,
            lanes,
            cut,
        })
    };
    (run(), problems)
}

/// Gives every lane cores of its own, if that is asked for and there are enough; else lanes take turns, since lanes
/// that share a core by accident would be compared by accident.
fn share_cores(mode: &str, slice_ms: u64, lanes: &mut [LanePlan], machine: &Machine) -> Mode {
    match mode {
        "together" => Mode::Together,
        "cores" if machine.core_ids.len() >= lanes.len() => {
            let each = machine.core_ids.len() / lanes.len();
            for (lane, ids) in lanes.iter_mut().zip(machine.core_ids.chunks(each)) {
                let wanted = if lane.cores.is_empty() { each } else { lane.cores.len() };
                lane.cores = ids.iter().copied().take(wanted).collect();
            }
            Mode::Cores
        }
        _ => Mode::Turns { slice_ms },
    }
}

/// Makes lanes.
pub(super) struct Builder<'a> {
    pub(super) checker: Checker<'a>,
    machine: &'a Machine,
    pub(super) programs: &'a Programs,
    /// Shared keys that some pools do not take: where and what each is, and whether any lane took it.
    taken: BTreeMap<(Place, String), bool>,
    cut: Vec<String>,
    /// Lanes that are called by what they are.
    unnamed: Vec<LaneId>,
}

impl Builder<'_> {
    fn lane(&mut self, id: LaneId, own: &Table, every: &Table, at: Place) -> Option<LanePlan> {
        let said = together(own, every);
        let pool = self.pool(&said, at);
        let said = self.only_what_concerns(said, pool);
        let before = self.checker.problems.len();
        let variant = match pool.filter(|pool| runs_a_program(pool)) {
            Some(pool) => Some(self.variant(&said, pool, at)?),
            None => None,
        };

        self.checker.lock = if pool.is_some_and(|pool| pool.name == "processes") { "futex" } else { "std" };
        self.checker.scope.workers = None;
        let workers = match (&variant, pool.map_or("", |pool| pool.name)) {
            // One interpreter, in which the program's threads are its own business.
            (Some(_), "cpython") => 1,
            (Some(variant), _) => variant.threads,
            (None, "litmus") => self.litmus_threads(&said, at)?,
            (None, _) => self.workers(&said, pool, at)?,
        };
        self.checker.scope.workers = Some(workers);

        let mut values = Map::new();
        let is_said = |key: &str| pool.is_none_or(|pool| concerns(key, pool));
        let of_lane = LANE.iter().filter(|key| is_said(key.name));
        for key in of_lane.filter(|key| !matches!(key.name, "pool" | "workers" | "size")) {
            let value = self.value(&said, at, key.name);
            values.extend(value.map(|value| (key.name.to_string(), value)));
        }
        let size = match is_said("size") {
            true => self.size(&said, at, values.get("workload")),
            false => Some(json!({ "kind": "constant", "units": 1 })),
        };
        let pool = pool?;
        let mut pool_values = Map::new();
        match variant {
            Some(variant) => {
                let plan = serde_json::to_value(&variant.plan).unwrap_or_default();
                pool_values = plan.as_object().cloned().unwrap_or_default();
                // What is the pool's own and no part of the program.
                for key in pool.keys.iter().filter(|key| PROGRAM.iter().all(|of| of.name != key.name)) {
                    let value = self.value(&said, at, key.name);
                    pool_values.extend(value.map(|value| (key.name.to_string(), value)));
                }
            }
            None => {
                for key in pool.keys {
                    let value = self.value(&said, at, key.name);
                    pool_values.extend(value.map(|value| (key.name.to_string(), value)));
                }
            }
        }
        if command::is_of(pool) {
            values.extend(command::lane_of_commands());
            command::into_plan(&mut pool_values);
        } else if makes_runs(pool) {
            values.extend(variant::lane_of_runs());
        }
        pool_values.insert("kind".to_string(), json!(pool.name));
        if self.checker.problems.len() > before {
            return None;
        }

        let on_death = pool_values.remove("on_death").unwrap_or(json!({ "kind": "lose" }));
        let cores = match values.get("cores").and_then(Json::as_u64) {
            Some(count) => self.machine.core_ids.iter().copied().take(count as usize).collect(),
            None => Vec::new(),
        };
        if !values.contains_key("name") {
            self.unnamed.push(id);
            let program = pool_values.get("program").or(pool_values.get("command")).and_then(Json::as_str);
            values.insert("name".into(), json!(pool_name(pool, workers, program)));
        }
        values.extend([
            ("id".to_string(), json!(id)),
            ("pool".to_string(), Json::Object(pool_values)),
            ("workers".to_string(), json!(workers)),
            ("size".to_string(), size?),
            ("on_death".to_string(), on_death),
            ("cores".to_string(), json!(cores)),
            ("seed".to_string(), json!(0)),
        ]);
        // The tables spell kinds and keys as the plan does, so only a mistake in the tables can fail here.
        match serde_json::from_value::<LanePlan>(Json::Object(values)) {
            Ok(lane) => {
                self.refuse_impossible(&lane, &said, at);
                (self.checker.problems.len() == before).then_some(lane)
            }
            Err(error) => {
                self.checker.wrong(at, format!("this lane makes no plan: {error}"), None);
                None
            }
        }
    }

    /// What the lane's pool is; `None` where that is wrong, so that no other key is blamed for it.
    fn pool(&mut self, said: &Table, at: Place) -> Option<&'static Kind> {
        let value = self.value(said, at, "pool")?;
        find_kind(POOLS, value.as_str()?)
    }

    /// Drops what was said to all lanes and does not concern this pool, and refuses what was said to this lane and
    /// does not.
    ///
    /// A set that makes the pool another one means the pool, and not a quarrel with the keys that the file gives it.
    fn only_what_concerns(&mut self, said: Table, pool: Option<&'static Kind>) -> Table {
        let pool_set_by = said.get("pool").map_or(0, |entry| entry.node.at.source);
        let mut concerned_by = Table::default();
        for entry in said.0 {
            let key = entry.key.as_str();
            if find_key(LANE, key).is_some() {
                let is_told = pool.is_none_or(|pool| concerns(key, pool));
                if is_told {
                    concerned_by.put(entry);
                } else if !entry.shared && entry.key_at.source >= pool_set_by {
                    let is_command = pool.is_some_and(command::is_of);
                    let what = match pool {
                        Some(pool) if runs_a_program(pool) => "program",
                        _ if is_command => "command",
                        _ => "litmus test",
                    };
                    let message = format!("`{key}` is no key of a lane that runs a {what}");
                    let help = match is_command {
                        true => "leave it out: a task is one run of the command".to_string(),
                        false => format!("leave it out: the threads are the {what}'s own, and a task is one run of it"),
                    };
                    self.checker.wrong(entry.key_at, message, Some(help));
                }
                continue;
            }
            let Some((owner, _)) = find_pool_key(key) else {
                let pools = pool.into_iter().flat_map(|pool| pool.keys);
                self.checker.unknown_key(&entry, "a lane", LANE.iter().chain(pools).map(|key| key.name));
                continue;
            };
            let concerned = pool.is_none_or(|pool| find_key(pool.keys, key).is_some());
            let outdated = entry.key_at.source < pool_set_by;
            if entry.shared {
                *self.taken.entry((entry.key_at, entry.key.clone())).or_default() |= concerned || outdated;
            } else if outdated {
                // Nothing to say.
            } else if !concerned {
                let message = format!("`{key}` is a key of `{}` pools", owner.name);
                let pool = pool.map_or("", |pool| pool.name);
                let help = format!("leave it out, or make this pool `{}`; it is `{pool}`", owner.name);
                self.checker.wrong(entry.key_at, message, Some(help));
            }
            if concerned {
                concerned_by.put(entry);
            }
        }
        concerned_by
    }

    fn finish(mut self) -> Vec<Problem> {
        let without_effect: Vec<(Place, String)> =
            self.taken.iter().filter(|(_, taken)| !**taken).map(|(key, _)| key.clone()).collect();
        for (at, key) in without_effect {
            let owner = find_pool_key(&key).map_or("", |(owner, _)| owner.name);
            let message = format!("`{key}` is a key of `{owner}` pools, and no lane is one");
            self.checker.wrong(at, message, Some(format!("leave it out, or make a pool `{owner}`")));
        }
        self.checker.problems
    }

    /// A key's value: what is said on top of what holds otherwise.
    pub(super) fn value(&mut self, said: &Table, at: Place, name: &str) -> Option<Json> {
        let key = find_key(LANE, name).or(find_pool_key(name).map(|(_, key)| key))?;
        match (said.get(name), key.default) {
            (Some(entry), Default::Toml(default)) => {
                let node = layered(&default_node(default, entry.node.at), &entry.node, &key.shape);
                self.checker.value(&node, key)
            }
            (Some(entry), _) => self.checker.value(&entry.node, key),
            (None, _) => self.checker.absent(at, key, "a lane"),
        }
    }

    fn workers(&mut self, said: &Table, pool: Option<&'static Kind>, at: Place) -> Option<u64> {
        let single = pool.is_some_and(|pool| pool.name == "single");
        let pool_set_by = said.get("pool").map_or(0, |entry| entry.node.at.source);
        match said.get("workers") {
            Some(entry) if single && (entry.shared || entry.node.at.source < pool_set_by) => Some(1),
            Some(entry) => {
                let at = entry.node.at;
                let workers = self.value(said, at, "workers")?.as_u64()?;
                if single && workers != 1 {
                    let help = "leave `workers` out, or make this pool `threads`".to_string();
                    self.checker.wrong(at, format!("a `single` pool has one worker, not {workers}"), Some(help));
                }
                Some(workers)
            }
            None if single => Some(1),
            None => {
                let key = find_key(LANE, "workers")?;
                self.checker.value(&default_node("\"cores\"", at), key)?.as_u64()
            }
        }
    }

    /// How many threads a litmus test has.
    fn litmus_threads(&mut self, said: &Table, at: Place) -> Option<u64> {
        let test = self.value(said, at, "test")?;
        // The table spells tests as the plan does.
        serde_json::from_value::<LitmusTest>(test).ok().map(|test| u64::from(test.threads()))
    }

    /// The size, on top of the one that suits the workload.
    fn size(&mut self, said: &Table, at: Place, workload: Option<&Json>) -> Option<Json> {
        let key = find_key(LANE, "size")?;
        let suits = workload.and_then(|workload| find_kind(WORKLOADS, workload.get("kind")?.as_str()?));
        let general = default_node(suits.map_or("1", |kind| kind.size), at);
        let node = match said.get("size") {
            Some(entry) => layered(&general, &entry.node, &key.shape),
            None => general,
        };
        self.checker.value(&node, key)
    }

    /// Notes what no pool could do.
    fn refuse_impossible(&mut self, lane: &LanePlan, said: &Table, at: Place) {
        let place = |name: &str| said.get(name).map_or(at, |entry| entry.node.at);
        let inner = |name: &str, inner: &str| match said.get(name).map(|entry| &entry.node) {
            Some(Node { value: Value::Table(table), at }) => table.get(inner).map_or(*at, |entry| entry.node.at),
            Some(node) => node.at,
            None => at,
        };
        let mut refuse = |at: Place, message: String, help: &str| self.checker.wrong(at, message, Some(help.into()));

        if let Some(capacity) = lane.capacity.filter(|capacity| u64::from(lane.chunk) > *capacity) {
            let message = format!("a chunk of {} never fits into a queue of {capacity}", lane.chunk);
            refuse(place("chunk"), message, "raise `capacity`, or lower `chunk`");
        }
        if lane.capacity.is_none() && lane.when_full != WhenFull::Block {
            let shared = said.get("when_full").is_some_and(|entry| entry.shared);
            if !shared {
                refuse(
                    place("when_full"),
                    "an unbounded queue is never full".into(),
                    "give it a `capacity`, or leave `when_full` out",
                );
            }
        }
        if lane.pool == PoolPlan::Stealing && lane.when_full == WhenFull::DiscardOldest {
            let message = "a `stealing` pool has no oldest task: each worker has a queue of its own".into();
            refuse(place("when_full"), message, "use `reject`, or make this pool `threads`");
        }
        if let PoolPlan::Processes { payload_bytes, in_flight, .. } = lane.pool {
            const TOTAL_MAX: u64 = 2 << 30;
            let total = payload_bytes.saturating_mul(u64::from(lane.workers)).saturating_mul(u64::from(in_flight) + 1);
            if total > TOTAL_MAX {
                let message = format!("{} MiB would be on their way at once", total >> 20);
                refuse(
                    place("payload_bytes"),
                    message,
                    "lower `payload_bytes`, `workers` or `in_flight`: 2048 MiB have room",
                );
            }
        }
        if let Some(lock) = lock_of(&lane.workload)
            && lane.pool.is_processes()
            && !lock.is_process_shared()
        {
            let message = format!("a `{}` lock works within one process only", lock.name());
            refuse(inner("workload", "lock"), message, "use `futex`, `spin` or `semaphore` in a process pool");
        }
        if let WorkloadPlan::CriticalSection { lock, permits, .. } = lane.workload
            && permits > 1
            && lock != LockKind::Semaphore
        {
            let message = format!("a `{}` lock lets one in at a time, not {permits}", lock.name());
            refuse(inner("workload", "permits"), message, "use `lock = \"semaphore\"`");
        }
        match lane.size {
            Size::Uniform { min, max } if min > max => {
                refuse(
                    inner("size", "min"),
                    format!("from {min} to {max} there is no number"),
                    "`min` is the least, `max` the most",
                );
            }
            Size::Bimodal { small, large, .. } if small > large => {
                refuse(
                    inner("size", "small"),
                    format!("{small} is not smaller than {large}"),
                    "swap `small` and `large`",
                );
            }
            Size::Constant { units: 0 } if !matches!(lane.workload, WorkloadPlan::Spin) => {
                refuse(place("size"), "only a `spin` task may be empty".into(), "use at least 1 unit");
            }
            _ => {}
        }
    }
}

/// What is said to a lane on top of what is said to every lane.
pub(super) fn together(own: &Table, every: &Table) -> Table {
    let mut said = every.clone();
    for entry in &mut said.0 {
        entry.shared = true;
    }
    for entry in &own.0 {
        let key = find_key(LANE, &entry.key).or(find_pool_key(&entry.key).map(|(_, key)| key));
        let node = match (said.get(&entry.key), key) {
            (Some(general), Some(key)) => layered(&general.node, &entry.node, &key.shape),
            _ => entry.node.clone(),
        };
        said.put(Entry { node, ..entry.clone() });
    }
    said
}

/// The lock that a workload really takes.
fn lock_of(workload: &WorkloadPlan) -> Option<LockKind> {
    match workload {
        WorkloadPlan::CriticalSection { lock, .. } => Some(*lock),
        WorkloadPlan::Counter { way: CounterWay::Locked | CounterWay::Sharded, lock, .. } => Some(*lock),
        _ => None,
    }
}

/// Lanes that would be called alike by what they are get a number behind it.
fn name_apart(lanes: &mut [LanePlan], unnamed: &[LaneId]) {
    // A lane that is still to be named has none to collide with.
    let mut names: Vec<String> = lanes.iter().map(|lane| lane.name.clone()).collect();
    let is_unnamed = |lane: &LanePlan| unnamed.contains(&lane.id);
    lanes.iter().zip(&mut names).filter(|(lane, _)| is_unnamed(lane)).for_each(|(_, name)| name.clear());
    for (index, lane) in lanes.iter_mut().enumerate().filter(|(_, lane)| is_unnamed(lane)) {
        lane.name = distinct(&lane.name, &names);
        names[index].clone_from(&lane.name);
    }
}

/// The name, or one like it that is not taken: "pipe", "pipe (2)".
pub(super) fn distinct(name: &str, taken: &[String]) -> String {
    const CHARS_MAX: usize = 40;
    let base = match name.rsplit_once(" (") {
        Some((base, number)) if number.strip_suffix(')').is_some_and(|number| number.parse::<u32>().is_ok()) => base,
        _ => name,
    };
    let numbered = (2..).map(|number| {
        let number = format!(" ({number})");
        let room = CHARS_MAX - number.chars().count();
        format!("{}{number}", base.chars().take(room).collect::<String>().trim_end())
    });
    let mut names = std::iter::once(name.to_string()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_else(|| name.to_string())
}

/// What a lane is called that has no name.
pub(super) fn pool_name(pool: &Kind, workers: u64, program: Option<&str>) -> String {
    const CHARS_MAX: usize = 30;
    let given = program;
    let program: String = program.unwrap_or("a program").trim().chars().take(CHARS_MAX).collect();
    match (pool.name, workers) {
        ("program", _) => program,
        ("cpython", _) => format!("{program}, Python"),
        ("litmus", _) => "litmus".into(),
        ("command", _) => command::name(given),
        ("single", _) => "one worker".into(),
        ("threads", 1) => "1 thread".into(),
        ("threads", _) => format!("{workers} threads"),
        ("processes", 1) => "1 process".into(),
        ("processes", _) => format!("{workers} processes"),
        ("stealing", _) => format!("{workers} stealing"),
        ("per-task", _) => "a thread per task".into(),
        (name, _) => format!("{workers} {name}"),
    }
}
