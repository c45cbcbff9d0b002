//! A schedule in words: what each step did, and what went wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::content::Body;
use super::machine::Machine;
use super::outcomes::{name_of, thread_name};
use super::report::Grain;
use super::schedule::Turn;
use super::search::Mover;
use super::state::State;
use crate::program::code::Comparison;
use crate::program::collection::Access;
use crate::program::operation::{Operation, Patience, QueueKind, Sync, Variable};
use crate::program::text;
use crate::program::thread::Pause;
use crate::program::value::{ObjectKind, Reference, Value};

/// One step of a schedule, as it was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// How the schedule writes it.
    pub turn: String,
    /// The thread that took it.
    pub thread: usize,
    /// The letter of that thread; `main` for the first.
    pub name: String,
    /// The line of the program, from 1.
    pub line: u32,
    /// What it did: `reads counter (0)`.
    pub text: String,
    /// Values of the reported globals after it.
    pub values: BTreeMap<String, Json>,
    /// What it read or wrote, to tell who overwrote whom.
    #[serde(skip)]
    pub(super) access: Option<(String, bool)>,
    /// Conditions that it notified while nobody slept there, and the lines.
    #[serde(skip)]
    pub(super) unheard: Vec<(String, u32)>,
}

/// A value as a sentence has it, and as a thread sees it: short.
fn shown(machine: &mut Machine<'_>, state: &State, thread: usize, value: &Value) -> String {
    shown_within(machine, state, Some(thread), value, 40)
}

/// A value in so many characters at most, as a thread sees it, or as all do.
pub(super) fn shown_within(
    machine: &mut Machine<'_>,
    state: &State,
    thread: Option<usize>,
    value: &Value,
    chars_max: usize,
) -> String {
    let held = machine.held_by(state, thread, &[value]);
    let text = match value {
        Value::Object(object) if !value.holds_containers() => name_of(machine, state, *object),
        _ => text::render(machine.shared.program, value, true, &held),
    };
    match text.chars().nth(chars_max) {
        None => text,
        Some(_) => format!("{}…", text.chars().take(chars_max).collect::<String>()),
    }
}

/// What the next step of a thread is about, before it is taken; and whether it reads or writes a location.
pub(super) fn describe(
    machine: &mut Machine<'_>,
    before: &State,
    after: &State,
    turn: Turn,
) -> (String, Option<(String, bool)>) {
    let thread = turn.mover.number();
    if turn.mover.is_buffer() {
        let buffer = machine.shared.buffers.get(before.buffers[thread]);
        let Some(write) = buffer.first() else { return (String::new(), None) };
        let content = machine.content(write.value);
        let name = part_name(machine, before, write.object, write.part);
        let what = match &content.body {
            Body::Variable(value) => format!("write of {} to {name}", shown(machine, before, thread, value)),
            Body::Change(Access::SetItem(at, item)) => {
                let at = shown(machine, before, thread, at);
                format!("write of {} to {name}[{at}]", shown(machine, before, thread, item))
            }
            Body::Change(access) => {
                let list = Reference { kind: ObjectKind::List, id: write.object };
                let words = accessed(machine, before, thread, list, access, &name);
                return (format!("change reaches memory: {words}"), Some((name, true)));
            }
            _ => return (String::new(), None),
        };
        return (format!("{what} reaches memory"), Some((name, true)));
    }
    let local = machine.local(before.threads[thread]);
    let program = machine.shared.program;
    if machine.shared.options.grain == Grain::Statement {
        let place = local.thread.place(program);
        let line = program.source.lines().nth(place.line.saturating_sub(1) as usize).unwrap_or("").trim();
        return (format!("runs `{line}`"), None);
    }
    operation_in_words(machine, before, after, turn)
}

/// What a thread's next operation is called that reads or writes a location: the location's name.
pub(super) fn touched(machine: &mut Machine<'_>, state: &State, thread: usize) -> String {
    let turn = Turn { mover: Mover::thread(thread), choice: None };
    let (_, access) = operation_in_words(machine, state, state, turn);
    access.map_or_else(|| "a value".into(), |(name, _)| name)
}

fn operation_in_words(
    machine: &mut Machine<'_>,
    before: &State,
    after: &State,
    turn: Turn,
) -> (String, Option<(String, bool)>) {
    let thread = turn.mover.number();
    let local = machine.local(before.threads[thread]);
    let Pause::Operation(operation) = &local.pause else { return (String::new(), None) };
    let buffered = after.buffers.get(thread) != before.buffers.get(thread);
    let later = if buffered { ", still in its store buffer" } else { "" };
    match operation {
        Operation::Load(variable) => {
            let name = variable_name(machine, *variable);
            let value = machine.seen(before, thread);
            let value = shown(machine, before, thread, &value);
            (format!("reads {name} ({value})"), Some((name, false)))
        }
        Operation::Store(variable, value) => {
            let name = variable_name(machine, *variable);
            if *value == Value::Unset {
                return (format!("deletes {name}"), Some((name, true)));
            }
            let value = shown(machine, before, thread, value);
            (format!("writes {value} to {name}{later}"), Some((name, true)))
        }
        Operation::LoadMember(object, attribute) => {
            let name = member_name(machine, before, object, *attribute);
            let value = machine.seen(before, thread);
            let value = shown(machine, before, thread, &value);
            (format!("reads {name} ({value})"), Some((name, false)))
        }
        Operation::StoreMember(object, attribute, value) => {
            let name = member_name(machine, before, object, *attribute);
            let value = shown(machine, before, thread, value);
            (format!("writes {value} to {name}{later}"), Some((name, true)))
        }
        Operation::Access(object, access) => {
            let name = name_of(machine, before, *object);
            let words = accessed(machine, before, thread, *object, access, &name);
            (format!("{words}{later}"), Some((name, access.writes())))
        }
        Operation::Compare(comparison, left, right) => {
            let (left, right) = (shown(machine, before, thread, left), shown(machine, before, thread, right));
            let sign = match comparison {
                Comparison::In | Comparison::NotIn => "looks whether it is in",
                _ => "compares with",
            };
            (format!("{sign} {left} {right}"), None)
        }
        Operation::Render(_) => ("reads what it is going to print or format".into(), None),
        Operation::Print(text) => {
            (format!("prints {}", crate::program::value::quoted(text.trim_end_matches('\n'))), None)
        }
        Operation::Choose(values) => {
            let value = values.get(turn.choice.unwrap_or(0)).cloned().unwrap_or_default();
            (format!("gets {} by chance", shown(machine, before, thread, &value)), None)
        }
        Operation::FirstDone(_) => ("takes the next task that is done".into(), None),
        Operation::Fence => ("passes a fence".into(), None),
        Operation::DeepCopy(_) => ("copies a value for another process".into(), None),
        Operation::Sync(object, sync) => {
            let name = name_of(machine, before, *object);
            let words = synchronised(machine, before, after, thread, *object, sync, &name) + later;
            let access = match (object.kind, sync) {
                (ObjectKind::SharedValue | ObjectKind::Atomic, Sync::Read) => Some((name, false)),
                (ObjectKind::SharedValue | ObjectKind::Atomic, Sync::Write(_)) => Some((name, true)),
                _ => None,
            };
            (words, access)
        }
        _ => ("goes on".into(), None),
    }
}

pub(super) fn variable_name(machine: &Machine<'_>, variable: Variable) -> String {
    let program = machine.shared.program;
    match variable {
        Variable::Global(global) => program.globals[global.index()].clone(),
        Variable::Class(class, name) => {
            format!("{}.{}", program.classes[class.index()].name, program.names[name.index()])
        }
    }
}

pub(super) fn part_name(machine: &mut Machine<'_>, state: &State, object: u32, part: u32) -> String {
    if object < machine.shared.variables() {
        return variable_name(machine, machine.shared.variable_of(object));
    }
    if let Body::Namespace(_) = machine.body(state, object).body {
        return variable_name(machine, machine.shared.variable_of(part));
    }
    let owner = name_of(machine, state, Reference { kind: ObjectKind::SharedValue, id: object });
    match machine.shared.program.names.get(part as usize) {
        Some(name) if part != super::state::WHOLE => format!("{owner}.{name}"),
        _ => owner,
    }
}

fn member_name(
    machine: &mut Machine<'_>,
    state: &State,
    object: &Value,
    attribute: crate::program::code::NameId,
) -> String {
    let program = machine.shared.program;
    let attribute = &program.names[attribute.index()];
    match object {
        Value::Object(object) | Value::Super(_, object) => format!("{}.{attribute}", name_of(machine, state, *object)),
        Value::Class(class) => format!("{}.{attribute}", program.classes[class.index()].name),
        _ => attribute.clone(),
    }
}

fn accessed(
    machine: &mut Machine<'_>,
    state: &State,
    thread: usize,
    object: Reference,
    access: &Access,
    name: &str,
) -> String {
    let whole = shown(machine, state, thread, &Value::Object(object));
    let mut value = |value: &Value| shown(machine, state, thread, value);
    match access {
        Access::Len => format!("reads the length of {name} ({whole})"),
        Access::Truth => format!("looks whether {name} is empty ({whole})"),
        Access::Snapshot(_) => format!("reads {name} ({whole})"),
        Access::Next => format!("takes the next of {name}"),
        Access::View => format!("makes a view of {name} ({whole})"),
        Access::Contains(item) | Access::Among(_, item) => format!("looks for {} in {name} ({whole})", value(item)),
        Access::Item(at) | Access::Get(at, _) => format!("reads {name}[{}] of {whole}", value(at)),
        Access::Index(item, _) | Access::Count(item) => format!("looks for {} in {name} ({whole})", value(item)),
        Access::Advance(at, ..) => format!("takes the next of {name}, at {at} ({whole})"),
        Access::SetItem(at, item) => format!("writes {} to {name}[{}]", value(item), value(at)),
        Access::DeleteItem(at) => format!("deletes {name}[{}]", value(at)),
        Access::Append(item) => format!("appends {} to {name}", value(item)),
        Access::Insert(_, item) => format!("inserts {} into {name}", value(item)),
        Access::Remove(item) | Access::Discard(item) => format!("removes {} from {name}", value(item)),
        Access::Pop(..) | Access::PopItem => format!("takes an item out of {name} ({whole})"),
        Access::Add(item) => format!("adds {} to {name}", value(item)),
        Access::Clear => format!("empties {name}"),
        Access::Sort(_) => format!("sorts {name}"),
        _ => format!("changes {name}"),
    }
}

/// What an object holds in a state; none where it is not there.
fn content(machine: &mut Machine<'_>, state: &State, object: Reference) -> Option<Body> {
    machine.body_if_any(state, object.id).map(|content| content.body.clone())
}

fn synchronised(
    machine: &mut Machine<'_>,
    before: &State,
    after: &State,
    thread: usize,
    object: Reference,
    sync: &Sync,
    name: &str,
) -> String {
    let mut value = |value: &Value| shown(machine, before, thread, value);
    match sync {
        Sync::Acquire(patience) => {
            let me = thread as u8;
            let levels = |body: &Body| match body {
                Body::Lock { owner } => (*owner == Some(me), 1),
                Body::RLock { owner, levels } => (*owner == Some(me), i64::from(*levels)),
                Body::Semaphore { value, .. } => (true, *value),
                _ => (true, 0),
            };
            let is_free = |body: &Body| match body {
                Body::Lock { owner } => owner.is_none(),
                Body::RLock { owner, .. } => owner.is_none_or(|owner| owner == me),
                Body::Semaphore { value, .. } => *value > 0,
                _ => true,
            };
            let [earlier, later] = [before, after].map(|state| machine.body_if_any(state, object.id));
            let changed = match (earlier, later) {
                (Some(earlier), Some(later)) => levels(&earlier.body) != levels(&later.body),
                // The thread has ended meanwhile, and with it whatever nobody else knew of.
                (Some(earlier), None) => is_free(&earlier.body),
                // It made the lock in this very step.
                (None, _) => true,
            };
            let got = *patience == Patience::Forever || changed;
            match (object.kind, got) {
                (_, false) if *patience == Patience::Timed => format!("gives up waiting for {name}"),
                (_, false) => format!("does not get {name}"),
                (ObjectKind::Semaphore, true) => format!("takes a permit of {name}"),
                (_, true) => format!("takes {name}"),
            }
        }
        Sync::Release(_) => format!("gives {name} back"),
        Sync::Locked => format!("asks whether {name} is held"),
        Sync::Sleep(_) => format!("falls asleep on {name} and lets go of its lock"),
        Sync::Wake(_) => {
            let notified = matches!(content(machine, before, object), Some(Body::Condition { sleepers, .. })
                if sleepers.iter().any(|sleeper| usize::from(sleeper.thread) == thread && sleeper.notified));
            match notified {
                true => format!("wakes up on {name} and takes its lock again"),
                false => format!("wakes up on {name} unasked and takes its lock again"),
            }
        }
        Sync::Notify(_) => {
            let asleep = |body: Option<Body>| match body {
                Some(Body::Condition { sleepers, .. }) => {
                    let not_yet = sleepers.iter().filter(|sleeper| !sleeper.notified);
                    not_yet.map(|sleeper| usize::from(sleeper.thread)).collect()
                }
                _ => Vec::new(),
            };
            let (mut woken, still) =
                (asleep(content(machine, before, object)), asleep(content(machine, after, object)));
            woken.retain(|sleeper| !still.contains(sleeper));
            let names: Vec<String> = woken.into_iter().map(thread_name).collect();
            match names.is_empty() {
                true => format!("notifies {name}, on which nobody sleeps"),
                false => format!("notifies {name}: {} may wake up", names.join(" and ")),
            }
        }
        Sync::AwaitEvent(_) => format!(
            "finds {name} {}",
            if matches!(content(machine, before, object), Some(Body::Event(true))) {
                "set"
            } else {
                "not set, and waits no longer"
            }
        ),
        Sync::SetEvent => format!("sets {name}"),
        Sync::ClearEvent => format!("clears {name}"),
        Sync::IsSet => format!("asks whether {name} is set"),
        Sync::Arrive(_) => match content(machine, before, object) {
            Some(Body::Barrier(barrier)) if barrier.broken => format!("finds {name} broken"),
            _ => format!("arrives at {name}"),
        },
        Sync::GiveUp => format!("gives up waiting at {name}, and breaks it"),
        Sync::Abort => format!("breaks {name}"),
        Sync::Reset => format!("resets {name}"),
        Sync::IsBroken => format!("asks whether {name} is broken"),
        Sync::Parties | Sync::Waiting => format!("asks {name} how many wait"),
        Sync::Put(item, _) => format!("puts {} into {name}", value(item)),
        Sync::Get(_) => match content(machine, before, object) {
            Some(Body::Queue(queue)) if queue.items.is_empty() => format!("finds {name} empty"),
            Some(Body::Queue(queue)) => {
                let item = if queue.kind == QueueKind::Lifo { queue.items.last() } else { queue.items.first() }
                    .cloned()
                    .unwrap_or_default();
                format!("takes {} out of {name}", shown(machine, before, thread, &item))
            }
            _ => format!("receives from {name}"),
        },
        Sync::TaskDone => format!("reports an item of {name} done"),
        Sync::AwaitTasks => format!("sees that all items of {name} are done"),
        Sync::Size | Sync::IsEmpty | Sync::IsFull => format!("asks {name} how full it is"),
        Sync::Poll(_) => format!("asks {name} whether something has come"),
        Sync::Close => format!("closes {name}"),
        Sync::Join(_) => "gives up waiting for a thread's end".into(),
        Sync::IsAlive => format!("asks whether {name} is alive"),
        Sync::Read => {
            let seen = machine.seen(before, thread);
            format!("reads {name} ({})", shown(machine, before, thread, &seen))
        }
        Sync::Write(new) => format!("writes {} to {name}", value(new)),
        Sync::FetchAdd(more) => format!("adds {} to {name} in one step", value(more)),
        Sync::Swap(new) => format!("swaps {name} for {}", value(new)),
        Sync::CompareExchange(expected, new) => {
            let (expected, new) = (value(expected), value(new));
            let changed = content(machine, before, object) != content(machine, after, object);
            match changed {
                true => format!("finds {name} to be {expected} and makes it {new}, in one step"),
                false => format!("does not change {name}: it looked for {expected}"),
            }
        }
        Sync::Resolve(..) => "hands in the result of its task".into(),
        Sync::Result(..) | Sync::Failure(_) => "takes a task's result".into(),
        Sync::IsDone => "asks whether a task is done".into(),
        _ => format!("uses {name}"),
    }
}

/// A schedule as one line of words, and what went wrong in it.
pub(super) fn told(steps: &[Step]) -> String {
    let lost = (0..steps.len()).find_map(|at| overwritten(&steps[..at], &steps[at]));
    told_with(steps.iter(), steps.len(), lost.as_deref())
}

/// The same where what went wrong is known.
pub(super) fn told_with<'a>(steps: impl Iterator<Item = &'a Step>, count: usize, lost: Option<&str>) -> String {
    const STEPS_MAX: usize = 60;
    let told = steps.take(STEPS_MAX).map(|step| format!("{} {}", step.name, step.text));
    let mut out: Vec<String> = told.collect();
    if count > STEPS_MAX {
        out.push(format!("… and {} more steps", count - STEPS_MAX));
    }
    let mut told = out.join(" · ");
    if let Some(lost) = lost {
        told.push_str(": ");
        told.push_str(lost);
    }
    told
}

/// Whether a step overwrites what somebody else has written between the thread's own read and this write.
pub(super) fn overwritten<S: std::borrow::Borrow<Step>>(before: &[S], step: &Step) -> Option<String> {
    let Some((name, true)) = &step.access else { return None };
    let on_it = |other: &&Step| other.access.as_ref().is_some_and(|(other, _)| other == name);
    let writes = |other: &Step| other.access.as_ref().is_some_and(|(_, writes)| *writes);
    let mut between: Option<&Step> = None;
    for other in before.iter().rev().map(S::borrow).filter(on_it) {
        if other.thread == step.thread {
            // The thread's own last access to it must be a read, with a write by another in between.
            let other = between.filter(|_| !writes(other))?;
            return Some(format!("{} overwrote what {} had written to {name}", step.name, other.name));
        }
        if writes(other) {
            between = between.or(Some(other));
        }
    }
    None
}
