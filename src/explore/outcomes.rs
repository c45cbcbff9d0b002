//! The distinct endings of a program.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::content::{Body, Stage, ThreadBody};
use super::machine::Machine;
use super::moves::LocalKind;
use super::report::{Death, Kind, Outcome, Wait};
use super::state::State;
use super::tables::FastSet;
use crate::program::Problem;
use crate::program::operation::{Patience, Sync};
use crate::program::spelling::{self, Inside, Insides};
use crate::program::text;
use crate::program::thread::Pause;
use crate::program::value::{Reference, Value};

/// An ending, without how often it comes about.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ending {
    pub(super) kind: Kind,
    pub(super) thread: Option<usize>,
    pub(super) line: Option<u32>,
    pub(super) message: Option<String>,
    pub(super) values: BTreeMap<String, Json>,
    /// The same values to the last difference, by variable: that some holds no data is told only where others do.
    pub(super) exact: BTreeMap<u32, Exact>,
    pub(super) output: Vec<String>,
    pub(super) waits: Vec<Wait>,
}

impl Ending {
    /// What tells it from others: equal endings are one outcome.
    pub(super) fn key(&self) -> String {
        let waits: Vec<String> = self.waits.iter().map(|wait| format!("{wait:?}")).collect();
        let (kind, thread, line) = (self.kind, self.thread, self.line);
        format!("{kind:?} {thread:?} {line:?} {:?} {:?} {:?} {waits:?}", self.message, self.exact, self.output)
    }
}

/// The globals whose values belong to an ending: those that were assigned or mutated after the first start.
pub(super) fn reported(machine: &mut Machine<'_>, first: &State, written: &FastSet<u32>) -> Vec<u32> {
    let globals = machine.shared.program.globals.len() as u32;
    let fixed = machine.shared.layout.fixed;
    let mut reported = Vec::new();
    // The first is `__name__`.
    for global in 1..globals {
        let mut seen: FastSet<u32> = FastSet::default();
        let mut pending = vec![global];
        let mut touched = false;
        while let Some(object) = pending.pop() {
            if object >= fixed || !seen.insert(object) {
                continue;
            }
            let content = machine.body(first, object);
            // A variable of its own, or what it holds.
            let counts = object == global || is_data(&content.body);
            touched |= counts && written.contains(&object);
            if counts {
                content.body.values(&mut |value| value.visit(&mut |object| pending.push(object.id)));
            }
        }
        if touched {
            reported.push(global);
        }
    }
    reported
}

fn is_data(body: &Body) -> bool {
    matches!(
        body,
        Body::Collection(_) | Body::Instance(_) | Body::SharedValue { .. } | Body::Atomic(_) | Body::Queue(_)
    )
}

/// What a variable holds, to the last difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exact {
    text: String,
    /// Not a thread, a lock, a function, ….
    is_data: bool,
}

/// Those of the reported globals that are worth telling: a thread, a lock or a function is not, nor a list of them, unless
/// the endings differ in it.
pub(super) fn shown<'e>(reported: &[u32], endings: impl Iterator<Item = &'e Ending>) -> Vec<u32> {
    let mut first: Option<&Ending> = None;
    let mut shown: FastSet<u32> = FastSet::default();
    for ending in endings {
        let first = *first.get_or_insert(ending);
        for global in reported {
            let exact = ending.exact.get(global);
            if exact != first.exact.get(global) || exact.is_some_and(|exact| exact.is_data) {
                shown.insert(*global);
            }
        }
    }
    // Where it never ends, who looks at its steps sees all.
    reported.iter().copied().filter(|global| first.is_none() || shown.contains(global)).collect()
}

/// What the objects of a state hold.
struct StateInsides<'m, 'p> {
    machine: &'m mut Machine<'p>,
    state: &'m State,
}

impl Insides for StateInsides<'_, '_> {
    fn inside(&mut self, object: Reference) -> Inside {
        match &self.machine.body(self.state, object.id).body {
            Body::Collection(collection) => Inside::Collection(collection.clone()),
            Body::Instance(attributes) => Inside::Attributes(attributes.clone()),
            Body::SharedValue { value, .. } | Body::Atomic(value) => Inside::Cell(value.clone()),
            Body::Queue(queue) => Inside::Queue(queue.items.clone()),
            _ => Inside::Nothing,
        }
    }
}

/// The values of these globals, each told, and to the last difference. A variable that was deleted has none, not even
/// `None`.
fn told(machine: &mut Machine<'_>, state: &State, reported: &[u32]) -> Vec<(u32, Json, Exact)> {
    let program = machine.shared.program;
    let mut all = Vec::new();
    for global in reported {
        let Body::Variable(value) = machine.body(state, *global).body.clone() else { continue };
        if value == Value::Unset {
            continue;
        }
        let mut insides = StateInsides { machine, state };
        let told = spelling::exact(program, &mut insides, &value).zip(spelling::json(program, &mut insides, &value));
        let Some((text, json)) = told else {
            let text = format!("final values nested more than {} deep are not told", spelling::DEPTH_MAX);
            machine.problem = Some(Problem::of_file(&program.name, text, None));
            continue;
        };
        let is_data = spelling::holds_data(program, &mut StateInsides { machine, state }, &value);
        all.push((*global, json, Exact { text, is_data }));
    }
    all
}

/// The values of these globals.
pub(super) fn values(machine: &mut Machine<'_>, state: &State, reported: &[u32]) -> BTreeMap<String, Json> {
    let globals = &machine.shared.program.globals;
    told(machine, state, reported)
        .into_iter()
        .map(|(global, json, _)| (globals[global as usize].clone(), json))
        .collect()
}

/// How a state in which nobody can move ends the program.
pub(super) fn ending(machine: &mut Machine<'_>, state: &State, reported: &[u32]) -> Ending {
    let mut ending = Ending {
        kind: Kind::Ended,
        thread: None,
        line: None,
        message: None,
        values: BTreeMap::new(),
        exact: BTreeMap::new(),
        output: machine.rest(state).output.lines().map(String::from).collect(),
        waits: Vec::new(),
    };
    let program = machine.shared.program;
    for (global, json, exact) in told(machine, state, reported) {
        ending.exact.insert(global, exact);
        ending.values.insert(program.globals[global as usize].clone(), json);
    }
    let mut unfinished = false;
    for thread in 0..state.threads.len() {
        let local = machine.local(state.threads[thread]);
        if let Pause::Raised(exception) = &local.pause {
            let held = machine.held_by(state, None, &exception.arguments.iter().collect::<Vec<_>>());
            let message = text::exception_line(program, exception, &held);
            ending.kind = match message.split(':').next() {
                Some("AssertionError") => Kind::Assertion,
                _ => Kind::Exception,
            };
            (ending.thread, ending.line, ending.message) = (Some(thread), Some(exception.line), Some(message));
            return ending;
        }
        let facts = machine.facts(state.threads[thread]);
        unfinished |= !facts.ended && !facts.daemon;
    }
    if !unfinished {
        return ending;
    }
    ending.kind = Kind::Deadlock;
    for thread in 0..state.threads.len() {
        match machine.facts(state.threads[thread]).kind {
            LocalKind::Spins => {
                let local = machine.local(state.threads[thread]);
                ending.kind = Kind::Spins;
                (ending.thread, ending.line) = (Some(thread), Some(local.thread.place(program).line));
            }
            LocalKind::Operating | LocalKind::Parked => ending.waits.extend(wait(machine, state, thread)),
            _ => {}
        }
    }
    ending
}

/// The threads that an exception has ended by itself.
pub(super) fn deaths(machine: &mut Machine<'_>, state: &State) -> Vec<Death> {
    let mut deaths = Vec::new();
    for (thread, number) in state.threads.iter().enumerate() {
        if let Some(died) = &machine.local(*number).died {
            deaths.push(Death { thread, line: died.0, message: died.1.clone(), always: true });
        }
    }
    deaths
}

/// The threads that an ending tells apart from others.
pub(super) fn threads_of(outcome: &Outcome) -> Vec<usize> {
    let waits = outcome.waits.iter().flat_map(|wait| [Some(wait.thread), wait.held_by]);
    waits.chain([outcome.thread]).flatten().collect()
}

/// What a thread that cannot move waits for.
pub(super) fn wait(machine: &mut Machine<'_>, state: &State, thread: usize) -> Option<Wait> {
    let (object, sync, held_by) = machine.awaited(state, thread)?;
    let content = machine.body(state, object.id);
    let what = match (&content.body, &sync) {
        (Body::Thread(ThreadBody { stage: Stage::Started(other), .. }), Sync::Join(_)) => {
            format!("the end of thread {other}")
        }
        (Body::Condition { lock, .. }, Sync::Wake(Patience::Forever)) if held_by.is_some() => {
            name_of(machine, state, *lock)
        }
        (_, Sync::Wake(_)) => format!("a notify of {}", name_of(machine, state, object)),
        (_, Sync::AwaitEvent(_)) => format!("{} to be set", name_of(machine, state, object)),
        (_, Sync::Put(..)) => format!("room in {}", name_of(machine, state, object)),
        (_, Sync::Get(_) | Sync::Poll(_)) => format!("an item in {}", name_of(machine, state, object)),
        (_, Sync::AwaitTasks) => format!("all items of {} to be done", name_of(machine, state, object)),
        (_, Sync::Arrive(_) | Sync::GiveUp) => format!("the others at {}", name_of(machine, state, object)),
        (_, Sync::Result(..) | Sync::Failure(_)) => "a task's result".into(),
        _ => name_of(machine, state, object),
    };
    Some(Wait { thread, what, held_by })
}

/// The letter of a thread: `main`, then `A`, `B`, ….
pub fn thread_name(thread: usize) -> String {
    match thread {
        0 => "main".into(),
        1..=26 => char::from(b'A' + thread as u8 - 1).to_string(),
        _ => format!("T{thread}"),
    }
}

/// What the program calls an object: the variable that holds it, `forks[2]`, `account.lock`; else what it is.
pub(super) fn name_of(machine: &mut Machine<'_>, state: &State, object: Reference) -> String {
    let program = machine.shared.program;
    let mut pending: Vec<(u32, String, usize)> =
        (1..program.globals.len()).map(|global| (global as u32, program.globals[global].clone(), 0)).collect();
    pending.reverse();
    let mut seen: FastSet<u32> = FastSet::default();
    let mut later = Vec::new();
    loop {
        let Some((at, name, depth)) = pending.pop() else {
            if later.is_empty() {
                break;
            }
            std::mem::swap(&mut pending, &mut later);
            pending.reverse();
            continue;
        };
        if at == object.id {
            return name;
        }
        if depth > 3 || !seen.insert(at) {
            continue;
        }
        let content = machine.body(state, at);
        let mut inner = |value: &Value, name: String| {
            if let Value::Object(inner) = value {
                later.push((inner.id, name, depth + 1));
            }
        };
        match &content.body {
            Body::Variable(value) => inner(value, name),
            Body::Collection(crate::program::collection::Collection::List(items)) => {
                items.iter().enumerate().for_each(|(index, item)| inner(item, format!("{name}[{index}]")));
            }
            Body::Collection(crate::program::collection::Collection::Dict(pairs)) => {
                for (key, value) in pairs {
                    inner(value, format!("{name}[{}]", text::plain(program, key, true)));
                }
            }
            Body::Instance(attributes) | Body::Thread(ThreadBody { attributes, .. }) => {
                for (attribute, value) in attributes {
                    inner(value, format!("{name}.{}", program.names[attribute.index()]));
                }
            }
            Body::Condition { lock, .. } | Body::SharedValue { lock, .. } => {
                inner(&Value::Object(*lock), format!("{name}'s lock"))
            }
            _ => {}
        }
    }
    let value = Value::Object(object);
    format!("a {}", text::type_name(program, &value))
}
