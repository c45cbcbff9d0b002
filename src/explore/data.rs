//! What threads share in a state: variables, attributes, containers, and what they meet at: locks, queues, events, …

use std::collections::BTreeMap;

use super::content::{Body, Content, ThreadBody};
use super::machine::Machine;
use super::outcomes::{name_of, thread_name};
use super::position::Datum;
use super::stand::{Stand, VALUE_CHARS_MAX};
use super::state::{Mark, State};
use super::stepper::Known;
use super::tables::FastSet;
use super::words::{shown_within, variable_name};
use crate::program::collection::Collection;
use crate::program::operation::QueueKind;
use crate::program::spelling::is_data;
use crate::program::value::{ObjectKind, Reference, Value};

/// Of each location, how often it was accessed, and how often while each lock was held.
pub(super) type Guards<'n> = BTreeMap<&'n str, (usize, BTreeMap<&'n str, usize>)>;

/// What is needed to tell what threads share.
pub(super) struct Data<'d> {
    pub(super) reported: &'d [u32],
    pub(super) known: &'d Known,
    pub(super) guards: &'d Guards<'d>,
    /// The queues that pipes are made of.
    pub(super) piped: FastSet<u32>,
}

impl Data<'_> {
    /// All that threads share in a state.
    pub(super) fn of(&mut self, machine: &mut Machine<'_>, state: &State, stand: &Stand) -> Vec<Datum> {
        let program = machine.shared.program;
        let mut data = Vec::new();
        // Objects that are data of a reported variable.
        let mut told: FastSet<u32> = FastSet::default();
        for number in 1..machine.shared.variables() {
            let variable = machine.shared.variable_of(number);
            let is_marked = self.known.marks.contains(&Mark::Variable(variable));
            if !is_marked && !self.reported.contains(&number) {
                continue;
            }
            let content = machine.body(state, number);
            let Body::Variable(value) = &content.body else { continue };
            // What is assigned at the end says nothing before.
            if *value == Value::Unset && !is_marked {
                continue;
            }
            if let (Value::Object(object), false) = (value, is_marked) {
                told.insert(object.id);
                continue;
            }
            if !is_marked && !is_data(program, value) {
                continue;
            }
            let kind = match value {
                Value::Object(object) if value.holds_containers() => object.kind.type_name(),
                _ => "variable",
            };
            let shown = match value {
                Value::Unset => "not set".into(),
                value => shown_within(machine, state, None, value, VALUE_CHARS_MAX),
            };
            data.push(self.datum(variable_name(machine, variable), kind, shown));
        }
        let fixed = machine.shared.layout.fixed;
        self.piped = piped(machine, state);
        for object in all_objects(machine, state) {
            let content = machine.body(state, object);
            let is_written = object < fixed && self.known.written.contains(&object);
            let is_whole = self.known.marks.contains(&Mark::Whole(content.site));
            let name =
                |machine: &mut Machine<'_>, kind: ObjectKind| name_of(machine, state, Reference { kind, id: object });
            match &content.body {
                Body::Collection(collection) => {
                    if !(told.contains(&object) || is_whole || is_written) {
                        continue;
                    }
                    let kind = match collection {
                        Collection::List(_) => ObjectKind::List,
                        Collection::Dict(_) => ObjectKind::Dict,
                        Collection::Set(_) => ObjectKind::Set,
                        Collection::Iterator(_) => continue,
                    };
                    let name = name(machine, kind);
                    if !data.iter().any(|datum: &Datum| datum.name == name) {
                        let value = Value::Object(Reference { kind, id: object });
                        let shown = shown_within(machine, state, None, &value, VALUE_CHARS_MAX);
                        data.push(self.datum(name, kind.type_name(), shown));
                    }
                }
                Body::Instance(attributes) | Body::Thread(ThreadBody { attributes, .. }) => {
                    for (attribute, value) in attributes {
                        let is_marked = self.known.marks.contains(&Mark::Attribute(content.site, *attribute));
                        let is_data = is_written && !matches!(value, Value::Object(_));
                        if !(is_marked || is_data && matches!(content.body, Body::Instance(_))) {
                            continue;
                        }
                        let kind = class_of(machine, state, object);
                        let owner = name(machine, kind);
                        let shown = shown_within(machine, state, None, value, VALUE_CHARS_MAX);
                        let name = format!("{owner}.{}", program.names[attribute.index()]);
                        data.push(self.datum(name, "attribute", shown));
                    }
                }
                _ => {
                    if let Some(datum) = self.tool(machine, state, object, &content, stand) {
                        data.push(datum);
                    }
                }
            }
        }
        data
    }

    fn datum(&self, name: String, kind: &str, value: String) -> Datum {
        let guarded = self.guards.get(name.as_str()).and_then(|(accesses, under)| {
            let most = under.iter().max_by_key(|(lock, count)| (**count, std::cmp::Reverse(**lock)))?;
            Some((most.0.to_string(), *most.1, *accesses))
        });
        Datum { name, kind: kind.into(), value, guarded, ..Datum::default() }
    }

    /// A lock, a queue, …: what threads meet at.
    fn tool(
        &self,
        machine: &mut Machine<'_>,
        state: &State,
        object: u32,
        content: &Content,
        stand: &Stand,
    ) -> Option<Datum> {
        let program = machine.shared.program;
        let made_in = (content.site >> 32) as usize;
        if program.functions.get(made_in).is_some_and(|function| function.internal) {
            return None;
        }
        let names = |threads: Vec<usize>| threads.into_iter().map(thread_name).collect::<Vec<String>>().join(", ");
        let shown =
            |machine: &mut Machine<'_>, value: &Value| shown_within(machine, state, None, value, VALUE_CHARS_MAX);
        let items = |machine: &mut Machine<'_>, items: &[Value]| {
            let items: Vec<String> = items.iter().map(|item| shown(machine, item)).collect();
            format!("[{}]", items.join(", "))
        };
        // The object itself, and the lock that is a part of it.
        let mut objects = vec![object];
        let (kind, word, value) = match &content.body {
            Body::Lock { .. } => (ObjectKind::Lock, "lock", String::new()),
            Body::RLock { levels, .. } => {
                let levels = if *levels > 1 { format!("{levels} levels") } else { String::new() };
                (ObjectKind::RLock, "re-entrant lock", levels)
            }
            Body::Semaphore { value, .. } => (ObjectKind::Semaphore, "semaphore", value.to_string()),
            Body::Condition { lock, sleepers } => {
                objects.push(lock.id);
                let asleep = sleepers.iter().filter(|sleeper| !sleeper.notified);
                let asleep: Vec<usize> = asleep.map(|sleeper| usize::from(sleeper.thread)).collect();
                let told = if asleep.is_empty() { String::new() } else { format!("asleep: {}", names(asleep)) };
                (ObjectKind::Condition, "condition", told)
            }
            Body::Event(set) => (ObjectKind::Event, "event", if *set { "set" } else { "not set" }.to_string()),
            Body::Barrier(barrier) => {
                let broken = if barrier.broken { ", broken" } else { "" };
                let told = format!("{} of {} have arrived{broken}", barrier.waiting.len(), barrier.parties);
                (ObjectKind::Barrier, "barrier", told)
            }
            Body::Queue(queue) if !matches!(queue.kind, QueueKind::Tasks { .. }) => {
                let full = queue.capacity.map(|capacity| format!(" of {capacity}")).unwrap_or_default();
                (ObjectKind::Queue, "queue", format!("{}{full}", items(machine, &queue.items)))
            }
            Body::Connection(end) => {
                let told = match &machine.body(state, end.incoming.id).body {
                    Body::Queue(queue) => items(machine, &queue.items),
                    _ => String::new(),
                };
                (ObjectKind::Connection, "end of a pipe", told)
            }
            Body::SharedValue { value, lock } => {
                objects.push(lock.id);
                (ObjectKind::SharedValue, "shared value", shown(machine, value))
            }
            Body::Atomic(value) => (ObjectKind::Atomic, "atomic", shown(machine, value)),
            _ => return None,
        };
        let name = name_of(machine, state, Reference { kind, id: object });
        let mut datum = self.datum(name, word, value);
        let held = stand.holds.iter().filter(|hold| objects.contains(&hold.object));
        datum.held_by = held.map(|hold| (hold.thread, hold.since)).collect();
        let waits = stand.waits.iter().flatten();
        let waiting = waits.filter(|waits| waits.objects.iter().any(|object| objects.contains(object)));
        datum.waited_for_by = waiting.map(|waits| waits.wait.thread).collect();
        // What is a part of something else is told with it: a condition's lock, the queues of a pipe.
        let is_part = match word {
            "queue" => self.piped.contains(&object),
            _ => datum.name.ends_with("'s lock"),
        };
        (!is_part).then_some(datum)
    }
}

/// The queues that pipes are made of.
fn piped(machine: &mut Machine<'_>, state: &State) -> FastSet<u32> {
    let mut piped = FastSet::default();
    for object in all_objects(machine, state) {
        if let Body::Connection(end) = &machine.body(state, object).body {
            piped.extend([end.incoming.id, end.outgoing.id]);
        }
    }
    piped
}

/// Every object that is no variable, also those that never change.
fn all_objects(machine: &Machine<'_>, state: &State) -> Vec<u32> {
    let fixed = machine.shared.layout.fixed;
    let later = machine.objects(state).filter(|object| *object >= fixed);
    (machine.shared.variables()..fixed).chain(later).collect()
}

/// The kind of an object that has attributes.
fn class_of(machine: &mut Machine<'_>, state: &State, object: u32) -> ObjectKind {
    let mut kind = ObjectKind::Local;
    for other in machine.objects(state).collect::<Vec<u32>>() {
        machine.body(state, other).body.values(&mut |value| {
            value.visit(&mut |reference| {
                if reference.id == object {
                    kind = reference.kind;
                }
            });
        });
    }
    kind
}
