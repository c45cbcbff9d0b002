//! Values on their way from one process to another: with all that they refer to, written out; unpacked there, it is new.
//!
//! ```text
//!  values ── what they refer to, and what that refers to ──▶ parcel ── bytes ──▶ new objects of the process that unpacks
//!                └─ but for what all processes see: that keeps its number
//! ```
//!
//! A forked process begins with a parcel of all variables; a spawned one with what it is handed. What is put into a queue
//! between processes is packed, and so is what goes to and from the workers of a pool.

use super::objects::{About, Attributes, Body, Kept, Object, Stage, SyncBody, ThreadObject};
use super::runner::Runner;
use super::world::World;
use crate::program::code::NameId;
use crate::program::collection::{Collection, Failure};
use crate::program::value::{ObjectKind, Reference, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

/// Something in a queue, or that a task came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Item {
    /// As it is: all who take it are of one process.
    Plain(Value),
    /// On its way to another process.
    Packed(Parcel),
}

/// Values with all that they refer to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Parcel {
    /// The process in which the numbers of its objects are those of real ones: there it need not be unpacked. None where
    /// whoever gets it gets a copy.
    home: Option<usize>,
    values: Vec<Value>,
    contents: BTreeMap<u32, Content>,
}

/// What an object is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Content {
    Collection(Collection),
    Instance(Vec<(NameId, Value)>),
    Thread { process: bool, attributes: Vec<(NameId, Value)>, about: About },
    Sync(SyncBody),
    Atomic(Value),
    Local,
}

impl Content {
    /// Calls `visit` on every value in it.
    pub(super) fn values(&self, visit: &mut dyn FnMut(&Value)) {
        match self {
            Content::Collection(collection) => collection.values(visit),
            Content::Instance(attributes) => attributes.iter().for_each(|(_, value)| visit(value)),
            Content::Thread { attributes, about, .. } => {
                attributes.iter().for_each(|(_, value)| visit(value));
                if let Stage::Prepared(preparation) = &about.stage {
                    visit(&preparation.target);
                    preparation.arguments.iter().for_each(&mut *visit);
                    preparation.keywords.iter().for_each(|(_, value)| visit(value));
                }
            }
            Content::Sync(SyncBody::Condition { lock, .. }) => visit(&Value::Object(*lock)),
            Content::Sync(SyncBody::Queue(queue)) => queue.items.iter().for_each(|item| item.values(visit)),
            Content::Sync(SyncBody::Future(Some((_, item)))) => item.values(visit),
            Content::Sync(SyncBody::Barrier(barrier)) => barrier.action.iter().for_each(|item| item.values(visit)),
            Content::Sync(_) | Content::Local => {}
            Content::Atomic(value) => visit(value),
        }
    }

    /// The same with every reference to an object renamed.
    fn rename(&mut self, rename: &mut dyn FnMut(Reference) -> Reference) {
        match self {
            Content::Collection(Collection::List(items) | Collection::Set(items)) => {
                items.iter_mut().for_each(|item| *item = item.renamed(rename));
            }
            Content::Collection(Collection::Dict(pairs)) => {
                for (key, value) in pairs {
                    (*key, *value) = (key.renamed(rename), value.renamed(rename));
                }
            }
            Content::Collection(Collection::Iterator(iteration)) => {
                if let Some(iteration) = iteration {
                    *iteration = iteration.renamed(rename);
                }
            }
            Content::Instance(attributes) => {
                attributes.iter_mut().for_each(|(_, value)| *value = value.renamed(rename));
            }
            Content::Thread { attributes, about, .. } => {
                attributes.iter_mut().for_each(|(_, value)| *value = value.renamed(rename));
                if let Stage::Prepared(preparation) = &mut about.stage {
                    let preparation = Arc::make_mut(preparation);
                    preparation.target = preparation.target.renamed(rename);
                    preparation.arguments.iter_mut().for_each(|value| *value = value.renamed(rename));
                    preparation.keywords.iter_mut().for_each(|(_, value)| *value = value.renamed(rename));
                }
            }
            Content::Sync(SyncBody::Condition { lock, .. }) => *lock = rename(*lock),
            Content::Sync(SyncBody::Queue(queue)) => queue.items.iter_mut().for_each(|item| item.rename(rename)),
            Content::Sync(SyncBody::Future(Some((_, item)))) => item.rename(rename),
            Content::Sync(SyncBody::Barrier(barrier)) => {
                barrier.action.iter_mut().for_each(|item| item.rename(rename));
            }
            Content::Sync(_) | Content::Local => {}
            Content::Atomic(value) => *value = value.renamed(rename),
        }
    }
}

impl Item {
    /// Calls `visit` on every value in it; what is packed is on its own.
    pub(super) fn values(&self, visit: &mut dyn FnMut(&Value)) {
        if let Item::Plain(value) = self {
            visit(value);
        }
    }

    fn rename(&mut self, rename: &mut dyn FnMut(Reference) -> Reference) {
        if let Item::Plain(value) = self {
            *value = value.renamed(rename);
        }
    }
}

impl Parcel {
    /// Its only value and what that refers to, under numbers that `fresh` gives: to be looked at where nothing is made.
    pub(super) fn spread(mut self, fresh: &mut dyn FnMut() -> u32) -> (Value, BTreeMap<u32, Content>) {
        let names: BTreeMap<u32, u32> = self.contents.keys().map(|id| (*id, fresh())).collect();
        let mut rename = |object: Reference| Reference { id: *names.get(&object.id).unwrap_or(&object.id), ..object };
        self.contents.values_mut().for_each(|content| content.rename(&mut rename));
        let value = self.values.pop().unwrap_or_default().renamed(&mut rename);
        let contents = self.contents.into_iter().map(|(id, content)| (names[&id], content)).collect();
        (value, contents)
    }
}

impl World {
    /// Packs values for another process, or to get copies of them.
    pub(super) fn pack(&self, values: Vec<Value>) -> Parcel {
        let mut contents = BTreeMap::new();
        let mut pending: Vec<u32> = Vec::new();
        values.iter().for_each(|value| value.visit(&mut |object| pending.push(object.id)));
        while let Some(id) = pending.pop() {
            if contents.contains_key(&id) {
                continue;
            }
            if let Some(content) = self.content(id) {
                content.values(&mut |value| value.visit(&mut |object| pending.push(object.id)));
                contents.insert(id, content);
            }
        }
        Parcel { home: None, values, contents }
    }

    /// A value for a queue or a future: packed where somebody of another process may take it out.
    pub(super) fn item(&self, value: &Value, is_common: bool) -> Item {
        match is_common {
            true => Item::Packed(Parcel { home: Some(self.space), ..self.pack(vec![value.clone()]) }),
            false => Item::Plain(value.clone()),
        }
    }

    /// What an object is made of; none where it keeps its number, since all processes see it.
    pub(super) fn content(&self, id: u32) -> Option<Content> {
        let object = self.object(id)?;
        let attributes = |attributes: &Attributes| -> Vec<(NameId, Value)> {
            attributes.all().into_iter().map(|(name, word)| (name, self.load(word))).collect()
        };
        Some(match &object.body {
            Body::Connection(_) | Body::SharedValue { .. } => return None,
            _ if object.shared => return None,
            Body::Collection(collection) => Content::Collection(collection.hold().clone()),
            Body::Instance(own) => Content::Instance(attributes(own)),
            Body::Thread(thread) => Content::Thread {
                process: thread.process,
                attributes: attributes(&thread.attributes),
                about: thread.about().clone(),
            },
            Body::Sync(sync) => Content::Sync(sync.state().body.clone()),
            Body::Atomic(word) => Content::Atomic(self.value_of(word.load(SeqCst))),
            Body::Local => Content::Local,
        })
    }
}

impl Runner<'_> {
    /// A copy of a value as another process would unpack it.
    pub(super) fn copied(&mut self, value: &Value) -> Result<Value, Failure> {
        match value.refers() {
            true => Ok(self.unpack(self.world.pack(vec![value.clone()]))?.pop().unwrap_or_default()),
            false => Ok(value.clone()),
        }
    }

    /// What was taken out of a queue, or came of a task.
    pub(super) fn open(&mut self, item: Item) -> Result<Value, Failure> {
        match item {
            Item::Plain(value) => Ok(value),
            Item::Packed(parcel) => Ok(self.unpack(parcel)?.pop().unwrap_or_default()),
        }
    }

    /// Makes new objects of what is in a parcel; its values.
    pub(super) fn unpack(&mut self, parcel: Parcel) -> Result<Vec<Value>, Failure> {
        let world = Arc::clone(self.world);
        if parcel.home == Some(world.space) {
            return Ok(parcel.values);
        }
        // The numbers first: what lies in one may refer to any other.
        let mut names = BTreeMap::new();
        for (id, content) in &parcel.contents {
            let body = match content {
                Content::Collection(_) => Body::Collection(Kept::here(Collection::List(Vec::new()))),
                Content::Instance(_) => Body::Instance(Attributes::default()),
                Content::Thread { process, about, .. } => Body::Thread(Box::new(ThreadObject {
                    process: *process,
                    about: Mutex::new(about.clone()),
                    ..ThreadObject::default()
                })),
                Content::Atomic(_) => Body::Atomic(AtomicU64::default()),
                Content::Local => Body::Local,
                Content::Sync(_) => {
                    names.insert(*id, world.add_sync(false, SyncBody::default(), self.me, &mut self.made)?);
                    continue;
                }
            };
            names.insert(*id, world.add(Object { shared: false, body }, self.me, &mut self.made)?);
        }
        let mut rename = |object: Reference| Reference { id: *names.get(&object.id).unwrap_or(&object.id), ..object };
        for (id, mut content) in parcel.contents {
            content.rename(&mut rename);
            match (content, world.body(names[&id])) {
                (Content::Collection(collection), Some(Body::Collection(place))) => *place.hold() = collection,
                (Content::Instance(attributes), _) => self.set_attributes(names[&id], attributes)?,
                (Content::Thread { attributes, about, .. }, Some(Body::Thread(thread))) => {
                    *thread.about() = about;
                    self.set_attributes(names[&id], attributes)?;
                }
                (Content::Sync(body), Some(Body::Sync(at))) => at.state().body = body,
                (Content::Atomic(value), Some(Body::Atomic(word))) => {
                    word.store(world.keep(&value, self.me, &mut self.made)?, SeqCst);
                }
                _ => {}
            }
        }
        Ok(parcel.values.iter().map(|value| value.renamed(&mut rename)).collect())
    }

    fn set_attributes(&mut self, id: u32, values: Vec<(NameId, Value)>) -> Result<(), Failure> {
        let world = Arc::clone(self.world);
        // Of the reference only the number counts.
        let Some(attributes) = world.attributes(Reference { kind: ObjectKind::Local, id }) else { return Ok(()) };
        for (name, value) in values {
            attributes.word(name).store(world.keep(&value, self.me, &mut self.made)?, SeqCst);
        }
        Ok(())
    }
}
