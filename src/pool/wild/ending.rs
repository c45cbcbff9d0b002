//! How a run ended, in the words of the explorer. Only read of a world in which nobody moves any more.

use super::common::{TOO_MUCH, Text};
use super::objects::{Body, SyncBody};
use super::parcel::{Content, Item};
use super::seat::{For, Stand, Wait};
use super::world::{Raised, World};
use crate::program::collection::Collection;
use crate::program::spelling::{self, Inside, Insides};
use crate::program::text;
use crate::program::value::{Reference, Value};
use crate::wire::{Ending, EndingKind, Waiting};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::SeqCst;

/// How a run ended in which everybody has stopped.
pub(super) fn ending(world: &World) -> Ending {
    if let Some(decided) = world.decided() {
        return decided;
    }
    if world.common.is_full() {
        let message = Some(TOO_MUCH.to_string());
        return Ending { kind: EndingKind::Unended, message, ..Ending::default() };
    }
    let failures: Vec<Raised> = world.common.look_at(Text::Failures, Vec::<Raised>::clone);
    match first_failure(&failures) {
        Some(failure) => failed(failure),
        None => Ending { values: values(world), output: output(world), ..Ending::default() },
    }
}

/// Of several threads that failed in one run, the one whose failure ends it. Threads do not stop at the moment at which
/// another one fails, so there may be several. Where the last operation of a failed thread only looked at something, the
/// run would have been the same without it: so one that had an effect comes first, and among equals the earliest.
fn first_failure(failures: &[Raised]) -> Option<&Raised> {
    failures.iter().min_by_key(|failure| (!failure.had_effect, failure.at_ns))
}

/// An ending by an exception. It has no values: the others did not stop at the same moment, and what they have done since
/// is not part of it.
fn failed(failure: &Raised) -> Ending {
    let kind = match failure.message.split(':').next() {
        Some("AssertionError") => EndingKind::Assertion,
        _ => EndingKind::Exception,
    };
    Ending {
        kind,
        thread: Some(failure.thread as u32),
        line: Some(failure.line),
        message: Some(failure.message.clone()),
        ..Ending::default()
    }
}

/// An ending in which nobody can move.
pub(super) fn stood_still(world: &World) -> Ending {
    let mut ending = Ending {
        kind: EndingKind::Deadlock,
        values: values(world),
        output: output(world),
        waits: waits(world).into_iter().map(|(waiting, _)| waiting).collect(),
        ..Ending::default()
    };
    for thread in 0..world.common.started() {
        if world.seats()[thread].look().stand == Stand::Spinning {
            ending.kind = EndingKind::Spins;
            ending.thread = Some(thread as u32);
            ending.line = Some(world.common.row(thread).spins_at.load(SeqCst));
        }
    }
    ending
}

fn output(world: &World) -> Vec<String> {
    world.common.printed().lines().map(String::from).collect()
}

/// Every global that holds data, or that functions assign, and what it holds.
fn values(world: &World) -> BTreeMap<String, Json> {
    let mut values = BTreeMap::new();
    let program = world.program();
    let globals = program.globals.iter().zip(world.variables()).zip(&world.known.hot_globals);
    // The first is `__name__`.
    for ((name, word), is_hot) in globals.skip(1) {
        let value = world.load(word);
        // A function or a lock is worth telling only where it may be another one in another run.
        let mut held = Held { world, spread: BTreeMap::new() };
        if value == Value::Unset || !(*is_hot || spelling::holds_data(program, &mut held, &value)) {
            continue;
        }
        if let Some(json) = spelling::json(program, &mut held, &value) {
            values.insert(name.clone(), json);
        }
    }
    values
}

/// Who waits for what, and since when.
pub(super) fn waits(world: &World) -> Vec<(Waiting, u64)> {
    let mut waits = Vec::new();
    for (thread, seat) in world.seats()[..world.common.started()].iter().enumerate() {
        if !matches!(seat.look().stand, Stand::Waiting | Stand::Timed) {
            continue;
        }
        if let Some(wait) = seat.wait() {
            let since_ns = wait.since_ns;
            waits.push((waiting(world, thread, &wait), since_ns));
        }
    }
    waits
}

fn owner_of(world: &World, lock: Reference) -> Option<usize> {
    world.sync(lock.id).and_then(|at| at.state().body.owner())
}

fn waiting(world: &World, thread: usize, wait: &Wait) -> Waiting {
    let object = wait.object;
    let name = |object: Reference| name_of(world, object);
    let awaited = (wait.what != For::End).then_some(object.id);
    let condition = awaited.and_then(|id| world.sync(id)).and_then(|at| match &at.state().body {
        SyncBody::Condition { lock, sleepers } => {
            let notified = sleepers.iter().any(|sleeper| sleeper.thread == thread && sleeper.notified);
            Some((*lock, notified))
        }
        _ => None,
    });
    // Of a wait for an end the number is that of the thread.
    let joins = (wait.what == For::End).then_some(object.id as usize);
    let held_by = match (condition, wait.what) {
        (Some((lock, _)), For::Itself) | (Some((lock, true)), For::Notify | For::NotifyInTime) => owner_of(world, lock),
        (Some(_), _) => None,
        (None, _) => joins.or_else(|| awaited.and_then(|_| owner_of(world, object))),
    };
    let what = match (wait.what, condition, joins) {
        (_, _, Some(other)) => format!("the end of thread {other}"),
        (For::Notify, Some((lock, _)), _) if held_by.is_some() => name(lock),
        (For::Notify | For::NotifyInTime, ..) => format!("a notify of {}", name(object)),
        (For::Event, ..) => format!("{} to be set", name(object)),
        (For::Room, ..) => format!("room in {}", name(object)),
        (For::Item, ..) => format!("an item in {}", name(object)),
        (For::Tasks, ..) => format!("all items of {} to be done", name(object)),
        (For::Others, ..) => format!("the others at {}", name(object)),
        (For::Result, ..) => "a task's result".into(),
        (For::Itself | For::End | For::Other, ..) => name(object),
    };
    Waiting { thread: thread as u32, what, held_by: held_by.map(|owner| owner as u32) }
}

/// The threads that wait for each other in a circle, in its order; empty where there is none.
pub(super) fn circle(waits: &[Waiting]) -> Vec<u32> {
    let next: BTreeMap<u32, u32> = waits.iter().filter_map(|wait| Some((wait.thread, wait.held_by?))).collect();
    for begin in next.keys() {
        let mut way = vec![*begin];
        let mut at = *begin;
        while let Some(to) = next.get(&at) {
            if to == begin {
                return way;
            }
            if way.contains(to) {
                break;
            }
            way.push(*to);
            at = *to;
        }
    }
    Vec::new()
}

/// What the program calls an object: the variable that holds it, `forks[2]`, `account.lock`; else what it is.
pub(super) fn name_of(world: &World, object: Reference) -> String {
    named(world, |id| id == object.id)
        .unwrap_or_else(|| format!("a {}", text::type_name(world.program(), &Value::Object(object))))
}

/// Looks through all variables, and what they hold, for an object; what it is called.
fn named(world: &World, mut wanted: impl FnMut(u32) -> bool) -> Option<String> {
    let program = world.program();
    let mut seen: BTreeSet<u32> = BTreeSet::new();
    let globals = program.globals.iter().zip(world.variables()).skip(1);
    let mut level: Vec<(u32, String)> = globals
        .filter_map(|(name, word)| match world.load(word) {
            Value::Object(object) => Some((object.id, name.clone())),
            _ => None,
        })
        .collect();
    for depth in 1..=4 {
        let mut later = Vec::new();
        for (at, name) in level {
            if wanted(at) {
                return Some(name);
            }
            if depth > 3 || !seen.insert(at) {
                continue;
            }
            let mut inner = |value: &Value, name: String| {
                if let Value::Object(inner) = value {
                    later.push((inner.id, name));
                }
            };
            match world.body(at) {
                Some(Body::Collection(collection)) => match &*collection.hold() {
                    Collection::List(items) => {
                        items.iter().enumerate().for_each(|(index, item)| inner(item, format!("{name}[{index}]")));
                    }
                    Collection::Dict(pairs) => {
                        for (key, value) in pairs {
                            inner(value, format!("{name}[{}]", text::plain(program, key, true)));
                        }
                    }
                    Collection::Set(_) | Collection::Iterator(_) => {}
                },
                Some(Body::Instance(attributes)) => {
                    for (attribute, word) in attributes.all() {
                        inner(&world.load(word), format!("{name}.{}", program.names[attribute.index()]));
                    }
                }
                Some(Body::Thread(thread)) => {
                    for (attribute, word) in thread.attributes.all() {
                        inner(&world.load(word), format!("{name}.{}", program.names[attribute.index()]));
                    }
                }
                Some(Body::SharedValue { lock, .. }) => inner(&Value::Object(*lock), format!("{name}'s lock")),
                Some(Body::Sync(at)) => {
                    if let SyncBody::Condition { lock, .. } = &at.state().body {
                        inner(&Value::Object(*lock), format!("{name}'s lock"));
                    }
                }
                _ => {}
            }
        }
        level = later;
    }
    None
}

/// What the objects of a run hold in which nobody moves any more.
struct Held<'w> {
    world: &'w World,
    /// What is in parcels that nobody has unpacked, under numbers that nobody else has.
    spread: BTreeMap<u32, Content>,
}

impl Held<'_> {
    /// What waits in a queue, to be looked at.
    fn look_into(&mut self, item: Item) -> Value {
        match item {
            Item::Plain(value) => value,
            Item::Packed(parcel) => {
                let mut last = u32::MAX - self.spread.len() as u32;
                let mut fresh = || {
                    last -= 1;
                    last
                };
                let (value, contents) = parcel.spread(&mut fresh);
                self.spread.extend(contents);
                value
            }
        }
    }
}

impl Insides for Held<'_> {
    fn inside(&mut self, object: Reference) -> Inside {
        let world = self.world;
        match self.spread.get(&object.id) {
            Some(Content::Collection(collection)) => return Inside::Collection(collection.clone()),
            Some(Content::Instance(attributes)) => {
                let set = attributes.iter().filter(|(_, value)| *value != Value::Unset);
                return Inside::Attributes(set.cloned().collect());
            }
            Some(Content::Atomic(value)) => return Inside::Cell(value.clone()),
            Some(_) => return Inside::Nothing,
            None => {}
        }
        match world.body(object.id) {
            Some(Body::Collection(collection)) => Inside::Collection(collection.hold().clone()),
            Some(Body::Instance(attributes)) => {
                let all = attributes.all().into_iter().map(|(name, word)| (name, world.load(word)));
                Inside::Attributes(all.filter(|(_, value)| *value != Value::Unset).collect())
            }
            Some(Body::SharedValue { word, .. }) => Inside::Cell(world.load(word)),
            Some(Body::Atomic(word)) => Inside::Cell(world.load(word)),
            Some(Body::Sync(at)) => {
                let items = match &at.state().body {
                    SyncBody::Queue(queue) => Some(queue.items.clone()),
                    _ => None,
                };
                match items {
                    Some(items) => Inside::Queue(items.into_iter().map(|item| self.look_into(item)).collect()),
                    None => Inside::Nothing,
                }
            }
            _ => Inside::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(thread: u32, held_by: Option<u32>) -> Waiting {
        Waiting { thread, what: String::new(), held_by }
    }

    #[test]
    fn a_circle_is_told_in_its_order_and_nothing_else_is_one() {
        assert_eq!(circle(&[wait(0, Some(1)), wait(1, Some(3)), wait(2, Some(1)), wait(3, Some(1))]), [1, 3]);
        assert_eq!(circle(&[wait(1, Some(1))]), [1]);
        assert!(circle(&[wait(0, Some(1)), wait(1, None), wait(2, Some(0))]).is_empty());
    }
}
