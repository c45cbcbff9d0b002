//! How threads stand in a state: who waits for what, who holds what, since when, and what each could do next.

use super::content::Body;
use super::machine::Machine;
use super::moves::LocalKind;
use super::outcomes::{self, name_of, thread_name};
use super::position::{Doing, NextStep, ThreadStand};
use super::report::Wait;
use super::schedule::Turn;
use super::search::Mover;
use super::state::State;
use super::words::{describe, part_name, shown_within};
use crate::program::collection::Access;
use crate::program::operation::Sync;
use crate::program::thread::{Frame, Pause};
use crate::program::value::{ObjectKind, Reference, Value};

/// The longest value that is told.
pub(super) const VALUE_CHARS_MAX: usize = 200;

/// Who waits and who holds in a state, and since when.
#[derive(Default)]
pub(super) struct Stand {
    /// Of each thread, what it waits for.
    pub(super) waits: Vec<Option<Waits>>,
    pub(super) holds: Vec<Hold>,
}

/// What a thread waits for.
pub(super) struct Waits {
    pub(super) wait: Wait,
    pub(super) since: usize,
    /// The objects that it waits for: a condition and its lock.
    pub(super) objects: Vec<u32>,
}

/// A lock that a thread holds.
pub(super) struct Hold {
    pub(super) object: u32,
    pub(super) name: String,
    pub(super) thread: usize,
    pub(super) since: usize,
}

/// Who waits and who holds, where it was so before `step` since then, else since `step`.
pub(super) fn stand(machine: &mut Machine<'_>, state: &State, before: &Stand, step: usize) -> Stand {
    let mut stand = Stand::default();
    for (object, thread) in machine.held_locks(state) {
        let earlier = before.holds.iter().find(|hold| hold.object == object && hold.thread == thread);
        let name = match earlier {
            Some(hold) if object < machine.shared.layout.fixed => hold.name.clone(),
            _ => name_of(machine, state, Reference { kind: ObjectKind::Lock, id: object }),
        };
        // Objects that were made later may have other numbers by now.
        let by_name = || before.holds.iter().find(|hold| hold.name == name && hold.thread == thread);
        let since = earlier.filter(|hold| hold.name == name).or_else(by_name).map_or(step, |hold| hold.since);
        stand.holds.push(Hold { object, name, thread, since });
    }
    for thread in 0..state.threads.len() {
        let waits = waits(machine, state, thread).map(|(wait, objects)| {
            let earlier = before.waits.get(thread).and_then(Option::as_ref).filter(|was| was.wait.what == wait.what);
            Waits { since: earlier.map_or(step, |was| was.since), wait, objects }
        });
        stand.waits.push(waits);
    }
    stand
}

/// What a thread that cannot move waits for, and the objects that this is about.
fn waits(machine: &mut Machine<'_>, state: &State, thread: usize) -> Option<(Wait, Vec<u32>)> {
    let number = state.threads[thread];
    let kind = machine.facts(number).kind;
    let is_stuck = match kind {
        LocalKind::Operating => machine.choices(state, thread) == 0,
        kind => kind == LocalKind::Parked,
    };
    if !is_stuck {
        return None;
    }
    let local = machine.local(number);
    if let Pause::Operation(operation) = &local.pause
        && !machine.is_drained(state, thread)
        && machine.must_drain(state, thread, operation)
    {
        let what = "its own writes to reach memory".into();
        return Some((Wait { thread, what, held_by: None }, Vec::new()));
    }
    let (object, sync, holder) = machine.awaited(state, thread)?;
    let mut objects = vec![object.id];
    if let Body::Condition { lock, .. } = &machine.body(state, object.id).body
        && (holder.is_some() || matches!(sync, Sync::Acquire(_)))
    {
        objects.push(lock.id);
    }
    Some((outcomes::wait(machine, state, thread)?, objects))
}

/// How a thread stands.
pub(super) fn thread_stand(
    machine: &mut Machine<'_>,
    state: &State,
    thread: usize,
    ways: &[(Mover, State)],
    waits: Option<&Waits>,
) -> ThreadStand {
    let program = machine.shared.program;
    let local = machine.local(state.threads[thread]);
    let facts = machine.facts(state.threads[thread]);
    let mut next = Vec::new();
    for mover in [Mover::thread(thread), Mover::buffer(thread)] {
        let own: Vec<&State> = ways.iter().filter(|(by, _)| *by == mover).map(|(_, state)| state).collect();
        for (choice, after) in own.iter().enumerate() {
            let turn = Turn { mover, choice: (own.len() > 1).then_some(choice) };
            let (text, _) = describe(machine, state, after, turn);
            next.push(NextStep { turn: turn.to_string(), text });
        }
    }
    let can_move = next.iter().any(|next| !next.turn.ends_with('w'));
    let doing = match facts.kind {
        LocalKind::Ended => Doing::Ended,
        LocalKind::Raised => Doing::Failed,
        LocalKind::Spins => Doing::Spinning,
        _ if can_move => Doing::Ready,
        _ => Doing::Waiting,
    };
    let line = match &local.pause {
        Pause::Raised(exception) => exception.line,
        _ => local.thread.place(program).line,
    };
    let mut locals = Vec::new();
    let of_user = |frame: &&Frame| !program.functions[frame.function.index()].internal;
    if let Some(frame) = local.thread.frames.iter().rev().find(of_user) {
        let names = &program.functions[frame.function.index()].locals;
        for (name, value) in names.iter().zip(&frame.locals) {
            // Hidden ones of the compiler begin with a dot.
            if *value != Value::Unset && !name.starts_with('.') {
                locals.push((name.clone(), shown_within(machine, state, None, value, VALUE_CHARS_MAX)));
            }
        }
    }
    let mut buffered = Vec::new();
    if let Some(buffer) = state.buffers.get(thread) {
        for write in machine.shared.buffers.get(*buffer).iter() {
            let content = machine.content(write.value);
            let name = part_name(machine, state, write.object, write.part);
            let told = match &content.body {
                Body::Variable(value) => (name, shown_within(machine, state, None, value, VALUE_CHARS_MAX)),
                Body::Change(Access::SetItem(at, value)) => {
                    let at = shown_within(machine, state, None, at, VALUE_CHARS_MAX);
                    (format!("{name}[{at}]"), shown_within(machine, state, None, value, VALUE_CHARS_MAX))
                }
                Body::Change(_) => (name, "changed".into()),
                _ => continue,
            };
            buffered.push(told);
        }
    }
    let waits = waits.filter(|_| doing == Doing::Waiting);
    ThreadStand {
        number: thread,
        name: thread_name(thread),
        line,
        doing,
        next,
        waits: waits.map(|waits| waits.wait.clone()),
        waits_since: waits.map(|waits| waits.since),
        locals,
        buffered,
    }
}
