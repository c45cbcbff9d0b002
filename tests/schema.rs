//! The descriptions for programs hold: `assets/summary.schema.json` of what `run --format json` prints,
//! `assets/explore.schema.json` of what `explore --format json` does, and `assets/protocol.md` of the lines that lanes and viewers exchange.
//!
//! The schema is checked by a validator of its own, below: it knows the dozen words that the schema uses and refuses any
//! other, so a schema that says more than is checked fails too.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use poolscope::ledger::Ledger;
use poolscope::scenario::tables;
use poolscope::telemetry::FlightCode;
use poolscope::wire::{
    self, Blocked, Body, CommandPlan, Ending, EndingCount, EndingKind, Event, Exit, Frame, Further, Gone, Inputs, Job,
    JobLog, JobsTick, LaneId, LockId, LockKind, LockTick, Measured, Order, Phase, PoolPlan, ResultTick, Resume,
    RunsTick, SoFar, Stall, Standstill, SweepFigures, SweepPlace, SystemTick, Tick, Turn, Used, Verdict, Waiting,
    WorkerId, WorkerState, WorkerTick, decode_frame, decode_order, encode_frame, encode_order,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::process::Command;

const SCHEMA: &str = include_str!("../assets/summary.schema.json");
const PROTOCOL: &str = include_str!("../assets/protocol.md");

/// Runs that together show every key: locks, no locks, dead lanes and workers, queues with a bound.
const RUNS: [&[&str]; 6] = [
    &["threads-or-processes-cpu", "--for", "300ms", "--set", "mode=together"],
    &["lock-kinds", "--for", "300ms", "--set", "mode=together"],
    // Every task fails there, so that there is something to find.
    &[
        "fault-isolation",
        "--for",
        "600ms",
        "--set",
        "mode=together",
        "--set",
        r#"lane.1.workload={ kind = "crash", way = "panic", probability = 1.0 }"#,
    ],
    &["backpressure", "--for", "300ms"],
    // Its runs have endings.
    &["lost-update", "--for", "300ms"],
    // Every input fails, and says so.
    &["--command", "sh -c 'echo out; echo err >&2; exit 1'", "--inputs", "1..3"],
];

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

fn output(args: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
    let output = command.arg("run").args(args).args(["--format", "json"]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
}

#[test]
fn what_is_printed_is_what_the_schema_says() {
    let schema = schema();
    let mut seen = BTreeSet::new();
    for run in RUNS {
        let mut checker = Checker { schema: &schema, wrong: Vec::new(), seen: &mut seen };
        checker.check(&output(run), &schema, "", "");
        assert!(checker.wrong.is_empty(), "{run:?}: {:#?}", checker.wrong);
    }
    // And the other way round: no key is described that nobody ever sees.
    let mut described = BTreeSet::new();
    keys_of(&schema, &schema, "", &mut described);
    assert_eq!(described.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn what_exploring_prints_is_what_its_schema_says() {
    let schema: Value =
        serde_json::from_str(include_str!("../assets/explore.schema.json")).expect("the schema is JSON");
    let mut seen = BTreeSet::new();
    // Programs that together show every kind of ending and of finding.
    for (program, more) in [
        ("lost-update", &[][..]),
        ("lost-update", &["--verdict"]),
        ("philosophers", &["--max-states", "10"]),
        ("philosophers", &["--grain", "statement"]),
        ("lost-wakeup", &["--notify", "fifo"]),
        ("store-buffering", &["--memory", "tso"]),
        ("use-before-init", &[]),
        ("use-before-init", &["--exceptions", "thread"]),
        ("livelock", &[]),
        ("starvation", &[]),
        ("lock-not-released", &["--exceptions", "thread"]),
        ("ab-ba-tried", &[]),
    ] {
        let file = format!("{}/assets/programs/{program}.py", env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
        let output = command.args(["explore", &file, "--format", "json"]).args(more).output().expect("it runs");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{program}: {error}"));
        let mut checker = Checker { schema: &schema, wrong: Vec::new(), seen: &mut seen };
        checker.check(&report, &schema, "", "");
        assert!(checker.wrong.is_empty(), "{program}: {:#?}", checker.wrong);
    }
    let mut described = BTreeSet::new();
    keys_of(&schema, &schema, "", &mut described);
    assert_eq!(described.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn what_a_sweep_prints_is_what_its_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../assets/sweep.schema.json")).expect("the schema is JSON");
    // Lanes that together show every key: laws that hold, a load, one that cannot be swept, and one that fails.
    let lanes = [
        "pool = 'threads'\nworkload = 'sleep'\nsize = 50\n",
        "pool = 'threads'\nworkload = 'sleep'\nsize = 50\narrivals = { kind = 'open', rate_per_s = 50 }\n",
        "pool = 'threads'\nworkload = { kind = 'crash', way = 'panic', probability = 1.0 }\n",
        "pool = 'single'\nworkload = 'sleep'\n",
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("swept.md");
    let text: String = lanes.iter().map(|lane| format!("[[lane]]\n{lane}")).collect();
    std::fs::write(&file, format!("+++\ntitle = 'a sweep'\n{text}+++\n")).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
    command.arg("sweep").arg(&file).args(["--workers", "1..4", "--for", "40ms", "--repeat", "2", "--format", "json"]);
    let output = command.args(["--vary", "lane.1.chunk=1,2"]).output().expect("it runs");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut seen = BTreeSet::new();
    let mut checker = Checker { schema: &schema, wrong: Vec::new(), seen: &mut seen };
    checker.check(&told, &schema, "", "");
    assert!(checker.wrong.is_empty(), "{:#?}", checker.wrong);
    let mut described = BTreeSet::new();
    keys_of(&schema, &schema, "", &mut described);
    assert_eq!(described.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn what_is_wrong_is_found() {
    let schema = schema();
    let right = output(RUNS[0]);
    let wrong = |place: &str, value: Value| {
        let mut output = right.clone();
        *output.pointer_mut(place).expect("a place") = value;
        let mut checker = Checker { schema: &schema, wrong: Vec::new(), seen: &mut BTreeSet::new() };
        checker.check(&output, &schema, "", "");
        assert!(!checker.wrong.is_empty(), "{place} may be anything");
    };
    wrong("/format", 2.into());
    wrong("/mode", "alone".into());
    wrong("/machine/cores", Value::Null);
    wrong("/machine", Value::Object(Map::new()));
    wrong("/lanes/0/tasks/lost", (-1).into());
    wrong("/lanes/0/active_s", "1".into());
    wrong("/lanes/0/latency_us/service/p99", true.into());
    wrong("/lanes/0/findings", Value::Array(vec![1.into()]));
}

#[test]
fn every_property_is_described() {
    fn walk(schema: &Value, place: &str) {
        for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            assert!(property.get("description").is_some(), "{place}.{key} has no description");
            walk(property, &format!("{place}.{key}"));
        }
        schema.get("items").into_iter().for_each(|items| walk(items, place));
        let definitions = schema.get("$defs").and_then(Value::as_object);
        definitions.into_iter().flatten().for_each(|(name, definition)| walk(definition, name));
    }
    walk(&schema(), "");
}

#[test]
fn the_schema_lists_every_kind_that_there_is() {
    let schema = schema();
    let listed = |place: &str| -> BTreeSet<String> {
        let list = schema.pointer(place).and_then(Value::as_array).unwrap_or_else(|| panic!("no list at {place}"));
        list.iter().map(|name| name.as_str().expect("a name").to_string()).collect()
    };
    let names = |kinds: &[tables::Kind]| kinds.iter().map(|kind| kind.name.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(listed("/$defs/lane/properties/pool/enum"), names(tables::POOLS));
    // A lane that runs a program does nothing else.
    let run = "run".to_string();
    let workloads: BTreeSet<String> = names(tables::WORKLOADS).into_iter().chain([run]).collect();
    assert_eq!(listed("/$defs/lane/properties/workload/enum"), workloads);
    let locks: BTreeSet<_> = LockKind::ALL.iter().map(|kind| kind.name().to_string()).collect();
    assert_eq!(listed("/$defs/lock/properties/kind/enum"), locks);
    let modes: BTreeSet<_> = tables::MODES.iter().map(|word| word.name.to_string()).collect();
    assert_eq!(listed("/properties/mode/enum"), modes);
}

/// A validator for the words that the schema uses.
struct Checker<'a> {
    schema: &'a Value,
    wrong: Vec<String>,
    /// Every key that was seen, by its way through the schema.
    seen: &'a mut BTreeSet<String>,
}

impl Checker<'_> {
    /// `place` is where in the output, `way` the same without the places in lists.
    fn check(&mut self, value: &Value, schema: &Value, place: &str, way: &str) {
        let Some(words) = schema.as_object() else { return self.wrong.push(format!("{place}: not a schema")) };
        for (word, says) in words {
            let wrong = match word.as_str() {
                "$schema" | "$defs" | "title" | "description" => None,
                "$ref" => {
                    let target = resolve(self.schema, says).clone();
                    self.check(value, &target, place, way);
                    None
                }
                "items" => {
                    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(item, says, &format!("{place}[{at}]"), way);
                    }
                    None
                }
                "properties" => {
                    self.check_properties(value, says, place, way);
                    None
                }
                word => why_not(value, word, says, words),
            };
            self.wrong.extend(wrong.map(|why| format!("{place}: {why}: {value}")));
        }
    }

    fn check_properties(&mut self, value: &Value, properties: &Value, place: &str, way: &str) {
        for (key, property) in properties.as_object().into_iter().flatten() {
            if let Some(inner) = value.get(key) {
                let way = format!("{way}.{key}");
                self.seen.insert(way.clone());
                self.check(inner, property, &format!("{place}.{key}"), &way);
            }
        }
    }
}

/// Why a value is not what one word of its schema says; none where it is.
fn why_not(value: &Value, word: &str, says: &Value, words: &Map<String, Value>) -> Option<String> {
    let unless = |is_right: bool, why: &str| (!is_right).then(|| format!("{why} {says}"));
    let number = |holds: fn(&f64, &f64) -> bool| match (value.as_f64(), says.as_f64()) {
        (Some(value), Some(limit)) => holds(&value, &limit),
        // Limits are for numbers; the type says whether it must be one.
        (None, Some(_)) => true,
        (_, None) => false,
    };
    match word {
        "const" => unless(value == says, "is not"),
        "enum" => unless(says.as_array().is_some_and(|all| all.contains(value)), "is none of"),
        "minimum" => unless(number(f64::ge), "is below"),
        "maximum" => unless(number(f64::le), "is above"),
        "exclusiveMinimum" => unless(number(f64::gt), "is not above"),
        "type" => {
            let is = |name: &Value| is_a(value, name.as_str().unwrap_or_default());
            unless(says.as_array().map_or_else(|| is(says), |names| names.iter().any(is)), "is no")
        }
        "required" => {
            let lacks = |key: &&Value| value.is_object() && value.get(key.as_str().unwrap_or_default()).is_none();
            says.as_array().into_iter().flatten().find(lacks).map(|key| format!("lacks {key}"))
        }
        "additionalProperties" if says == &Value::Bool(false) => {
            let known = words.get("properties").and_then(Value::as_object);
            let is_known = |key: &String| known.is_some_and(|known| known.contains_key(key));
            let unknown = value.as_object().into_iter().flatten().find(|(key, _)| !is_known(key));
            unknown.map(|(key, _)| format!("has the unknown key {key}"))
        }
        _ => Some(format!("the validator does not know the word {word}")),
    }
}

fn resolve<'a>(schema: &'a Value, reference: &Value) -> &'a Value {
    let pointer = reference.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference within the schema");
    schema.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"))
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// Every key that the schema describes, by its way.
fn keys_of(schema: &Value, part: &Value, way: &str, keys: &mut BTreeSet<String>) {
    if let Some(reference) = part.get("$ref") {
        keys_of(schema, resolve(schema, reference), way, keys);
    }
    part.get("items").into_iter().for_each(|items| keys_of(schema, items, way, keys));
    for (key, property) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let way = format!("{way}.{key}");
        keys_of(schema, property, &way, keys);
        keys.insert(way);
    }
}

/// One of every frame that there is; the plan and the hello stand in the description's own example and in a real run.
fn frames() -> Vec<Body> {
    let tick = Tick {
        phase: Phase::Done,
        workers: vec![WorkerTick {
            lock: Some(LockId(0)),
            cpu_ns: Some(1),
            run_queue_ns: Some(1),
            core: Some(1),
            ..WorkerTick::default()
        }],
        locks: vec![LockTick { owner: Some(WorkerId(0)), abandoned: 1, ..LockTick::default() }],
        result: ResultTick { tasks_ok: Some(true), ..ResultTick::default() },
        runs: Some(Box::new(runs())),
        jobs: Some(Box::new(jobs())),
        events: events(),
        events_dropped: 1,
        ..Tick::default()
    };
    let exit = Exit::Unknown;
    let so_far = SoFar {
        tick: tick.clone(),
        blocked: vec![Blocked::default()],
        checked: Some(ResultTick::default()),
        agreed_seq: Some(1),
        ..SoFar::default()
    };
    vec![
        Body::Tick(Box::new(tick)),
        Body::SoFar(Box::new(so_far)),
        Body::RunSoFar(Box::default()),
        Body::System(SystemTick::default()),
        Body::Turn(Turn { running: None, halted: false }),
        Body::Gone(Gone { exit, expected: true, stderr: String::new() }),
        Body::Flight { events: vec![(0, 1, 1, 0)] },
        Body::Unreadable { why: String::new() },
        Body::RecordingFailed { why: String::new() },
        Body::Missed { frames: 1 },
        Body::End,
        Body::Measuring(SweepPlace { curve: 0, size: 0, round: 0 }),
        Body::Further(Further { places: vec![SweepPlace { curve: 0, size: 0, round: 0 }] }),
        Body::Measured(Box::new(Measured {
            place: SweepPlace { curve: 0, size: 0, round: 0 },
            took_ns: 1,
            figures: Some(Box::new(SweepFigures { load_per_s: Some(1.0), ..SweepFigures::default() })),
            trouble: Some(String::new()),
        })),
    ]
}

/// All that can be told of a program's runs.
fn runs() -> RunsTick {
    let waiting = Waiting { thread: 1, what: "left".into(), held_by: Some(2) };
    let ending = |kind| Ending {
        kind,
        thread: Some(1),
        line: Some(1),
        message: Some(String::new()),
        values: [("output".to_string(), Value::Null)].into(),
        output: vec![String::new()],
        waits: vec![waiting.clone()],
    };
    let verdicts = [Verdict::Acceptable, Verdict::Interesting, Verdict::Forbidden].into_iter().cycle();
    RunsTick {
        endings: EndingKind::ALL
            .into_iter()
            .zip(verdicts)
            .map(|(kind, verdict)| EndingCount { ending: ending(kind), verdict, count: 1 })
            .collect(),
        others: 1,
        first_failed_ns: Some(1),
        standstill: Some(Standstill { waits: vec![waiting], circle: vec![1, 2], ..Standstill::default() }),
        stalls: vec![Stall::default()],
        interpreter: Some(String::new()),
        unavailable: Some(String::new()),
    }
}

/// All that can be told of a command's runs.
fn jobs() -> JobsTick {
    let used = Used { memory_peak_bytes: Some(1), io_wait_ns: Some(1), ..Used::default() };
    let text = || "text".to_string();
    let job = Job { unstarted: Some(text()), stdout: text(), stderr: text(), used, ..Job::default() };
    JobsTick {
        inputs: Some(1),
        skipped: 1,
        runs: 1,
        used,
        memory_floor_bytes: Some(1),
        newest: Some(Box::new(job.clone())),
        failed: vec![job],
        stopped: Some(text()),
    }
}

/// Plans of commands, with all that can be said of one.
fn commands() -> Vec<PoolPlan> {
    let inputs = [
        Inputs::Nothing,
        Inputs::Range { first: 1, last: 2 },
        Inputs::File { path: "list".into(), null: true },
        Inputs::Stdin { null: true },
    ];
    let resumes = [Resume::No, Resume::All, Resume::Failed];
    let plans = inputs.into_iter().zip(resumes.into_iter().cycle()).map(|(inputs, resume)| {
        let log = Some(JobLog { path: "log".into(), resume });
        PoolPlan::Command(CommandPlan { command: "true".into(), inputs, again: true, shell: true, retries: 1, log })
    });
    plans.collect()
}

fn events() -> Vec<Event> {
    let (worker, text) = (WorkerId(0), String::new);
    vec![
        Event::WorkerDied { worker, exit: Exit::Code { code: 1 }, retried: 0, lost: 0 },
        Event::WorkerDied { worker, exit: Exit::Signal { signal: 9 }, retried: 0, lost: 0 },
        Event::WorkerReplaced { worker, after_ns: 1 },
        Event::WorkersRecycled { count: 1 },
        Event::LockAbandoned { lock: LockId(0), worker },
        Event::Resized { workers: 1 },
        Event::SpawnFailed { what: text(), why: text(), workers: 1 },
        Event::Refused { order: text(), why: text() },
        Event::TaskPanicked { message: text() },
    ]
}

fn orders() -> Vec<Order> {
    let worker = WorkerId(0);
    vec![
        Order::Pause,
        Order::Halt,
        Order::Resume,
        Order::Resize { workers: 1 },
        Order::Kill { worker },
        Order::Crash { worker },
        Order::Rate { per_s: 1.0 },
        Order::Payload { bytes: 1 },
        Order::Flight,
        Order::Finish,
    ]
}

/// Does nothing, but does not compile when there is a kind that the samples above may lack.
const _: fn(&Body, &Event, &Order) = |body, event, order| {
    match body {
        Body::Plan(_) | Body::Hello(_) | Body::Tick(_) | Body::System(_) | Body::Turn(_) | Body::Gone(_) => {}
        Body::Flight { .. } | Body::Unreadable { .. } | Body::RecordingFailed { .. } | Body::Missed { .. } => {}
        Body::SoFar(_) | Body::RunSoFar(_) | Body::End => {}
        Body::Sweep(_) | Body::Measuring(_) | Body::Measured(_) | Body::Further(_) => {}
    }
    match event {
        Event::WorkerDied { .. } | Event::WorkerReplaced { .. } | Event::WorkersRecycled { .. } => {}
        Event::LockAbandoned { .. } | Event::Resized { .. } | Event::SpawnFailed { .. } => {}
        Event::Refused { .. } | Event::TaskPanicked { .. } => {}
    }
    match order {
        Order::Start { .. } | Order::Pause | Order::Halt | Order::Resume | Order::Resize { .. } => {}
        Order::Kill { .. } | Order::Crash { .. } | Order::Rate { .. } | Order::Payload { .. } => {}
        Order::Flight | Order::Finish => {}
    }
};

/// Every key, and every name that stands behind a key that tells kinds apart.
fn words_in(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| words_in(item, words)),
        Value::Object(fields) => {
            for (key, inner) in fields {
                words.insert(key.clone());
                if let (
                    "kind" | "from" | "resume" | "verdict" | "event" | "order" | "how" | "state" | "phase",
                    Some(name),
                ) = (key.as_str(), inner.as_str())
                {
                    words.extend(Some(name.to_string()).filter(|name| !name.is_empty()));
                }
                // What a workload may hold is in the description of scenarios.
                if key != "workload" {
                    words_in(inner, words);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn the_protocol_names_every_word_of_the_wire() {
    let mut words = BTreeSet::new();
    let mut add = |line: &str| words_in(&serde_json::from_str(line).expect("JSON"), &mut words);
    for body in frames() {
        add(&encode_frame(&Frame { lane: Some(LaneId(1)), at_ns: 1, body }));
    }
    orders().iter().for_each(|order| add(&encode_order(order)));
    commands().iter().for_each(|pool| add(&serde_json::to_string(pool).expect("plain data")));
    // Plans and hellos as they really come, of every kind of pool and arrival.
    for (scenario, set) in [
        ("threads-or-processes-cpu", "mode=together"),
        ("lock-kinds", "mode=turns"),
        ("backpressure", "mode=together"),
        ("spawn-or-pool", "mode=cores"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
        command.args(["run", scenario, "--for", "150ms", "--format", "ndjson", "--set", set]);
        let output = command.output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("text");
        // The last line is the summary, which the schema describes.
        text.lines().filter(|line| line.starts_with(r#"{"v":"#)).for_each(&mut add);
    }
    words.extend(WorkerState::ALL.map(|state| state.name().to_string()));
    words.extend(LockKind::ALL.map(|kind| kind.name().to_string()));
    words.extend(tables::POOLS.iter().chain(tables::SIZES).map(|kind| kind.name.to_string()));
    let is_named = |word: &String| PROTOCOL.contains(&format!("`{word}`")) || PROTOCOL.contains(&format!("\"{word}\""));
    assert_eq!(words.iter().filter(|word| !is_named(word)).collect::<Vec<_>>(), Vec::<&String>::new());
    for code in FlightCode::ALL {
        assert!(PROTOCOL.contains(&format!(" {} ", code as u8)), "the flight recorder's code {code:?}");
    }
}

#[test]
fn the_protocols_example_is_what_it_describes() {
    let (mut ledger, mut orders) = (Ledger::new(), 0);
    for line in PROTOCOL.lines() {
        if let Some(line) = line.strip_prefix("▶ ") {
            let order = decode_order(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
            orders += 1;
            if let Order::Start { plan, .. } = order {
                ledger.post(&Frame { lane: None, at_ns: 0, body: Body::Plan(Box::new(plan_of(*plan))) });
            }
        } else if let Some(line) = line.strip_prefix("◀ ") {
            let frame = decode_frame(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
            ledger.post(&frame);
            if let Body::Tick(tick) = &frame.body {
                for worker in &tick.workers {
                    let in_states: u64 = worker.state_ns.iter().sum();
                    assert!(in_states <= tick.active_ns + 1_000_000, "{in_states} {}", tick.active_ns);
                }
            }
        }
    }
    let lane = &ledger.lanes()[0];
    assert_eq!((orders, ledger.odd_frames()), (3, 0));
    assert_eq!(lane.phase, Phase::Done);
    assert_eq!(lane.tasks.submitted, lane.tasks.accounted());
    assert_eq!(lane.result_ok(), Some(true));
    assert_eq!(lane.service.count(), lane.tasks.completed);
}

fn plan_of(lane: wire::LanePlan) -> wire::Plan {
    wire::Plan {
        scenario: "example".to_string(),
        title: String::new(),
        question: None,
        seed: 7,
        mode: wire::Mode::Together,
        tick_ms: 100,
        machine: wire::Machine {
            cores: 1,
            core_ids: vec![0],
            cores_online: 1,
            quota: None,
            parallelism_measured: None,
            os: String::new(),
            autogroup: None,
        },
        lanes: vec![lane],
        expect: Vec::new(),
    }
}
