//! What the objects of a state hold.

use std::sync::Arc;

use crate::program::code::NameId;
use crate::program::collection::{Access, Collection};
use crate::program::operation::{Preparation, QueueKind};
use crate::program::value::{ObjectKind, Reference, Value};

/// What an object holds, and where in the program it was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Content {
    /// The place of the program that made it: all objects made there are marked together.
    pub(super) site: u64,
    pub(super) body: Body,
}

/// What an object holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Body {
    /// A variable outside of functions.
    Variable(Value),
    /// A change of a collection that waits in a store buffer.
    Change(Access),
    /// All variables of another process than the first.
    Namespace(Vec<Value>),
    /// A list, dict, set, or shared array.
    Collection(Collection),
    /// Attributes of an object.
    Instance(Vec<(NameId, Value)>),
    Thread(ThreadBody),
    Lock {
        owner: Option<u8>,
    },
    RLock {
        owner: Option<u8>,
        levels: u32,
    },
    Semaphore {
        value: i64,
        bound: Option<i64>,
    },
    Condition {
        lock: Reference,
        sleepers: Vec<Sleeper>,
    },
    Event(bool),
    Barrier(BarrierBody),
    Queue(QueueBody),
    Connection(ConnectionBody),
    SharedValue {
        value: Value,
        lock: Reference,
    },
    /// The lock of a shared array stands beside it.
    Atomic(Value),
    Future(Option<(bool, Value)>),
    Local,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BarrierBody {
    pub(super) parties: i64,
    /// Those who have arrived, in that order. Others let them go on, without a step of their own.
    pub(super) waiting: Vec<u8>,
    /// What the last to arrive calls before all go on.
    pub(super) action: Value,
    /// The last to arrive is calling it: until that has ended, the barrier is closed to all.
    pub(super) is_acting: bool,
    pub(super) timed: bool,
    pub(super) broken: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ThreadBody {
    pub(super) stage: Stage,
    pub(super) attributes: Vec<(NameId, Value)>,
    pub(super) name: Option<Value>,
    pub(super) daemon: bool,
    pub(super) process: bool,
    /// Of a process: what its own processes are numbered after, where somebody asks for names.
    pub(super) number: u32,
}

/// How far a thread has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Its `__init__` has not been called.
    Made,
    Prepared(Arc<Preparation>),
    /// With this number.
    Started(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sleeper {
    pub(super) thread: u8,
    /// How many levels of the lock it let go of.
    pub(super) levels: u32,
    pub(super) notified: bool,
}

/// One end of a pipe. Every process that has it has a copy of its own, and closes only that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ConnectionBody {
    /// What it receives from.
    pub(super) incoming: Reference,
    /// What it sends into.
    pub(super) outgoing: Reference,
    /// The other end.
    pub(super) peer: Reference,
    pub(super) receives: bool,
    pub(super) sends: bool,
    /// The processes that have not closed it, by their first thread, in ascending order.
    pub(super) holders: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct QueueBody {
    pub(super) items: Vec<Value>,
    pub(super) capacity: Option<i64>,
    pub(super) kind: QueueKind,
    pub(super) unfinished: i64,
    /// Of a pool: whether there may be more tasks.
    pub(super) closure: Closure,
    /// Of a pool: the process that it belongs to, by its first thread.
    pub(super) home: u8,
    /// Between processes: those that have closed it for themselves, in ascending order.
    pub(super) closed_by: Vec<u8>,
}

/// Whether there may be more tasks for a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Closure {
    Open,
    /// It was shut down.
    Shut,
    /// The main thread of its process has ended.
    Over,
}

impl Body {
    /// Calls `visit` on every value in it.
    pub(super) fn values(&self, visit: &mut dyn FnMut(&Value)) {
        match self {
            Body::Variable(value) | Body::Atomic(value) | Body::Future(Some((_, value))) => visit(value),
            Body::Change(access) => access.values(visit),
            Body::Namespace(values) => values.iter().for_each(visit),
            Body::Collection(collection) => collection.values(visit),
            Body::Instance(attributes) => attributes.iter().for_each(|(_, value)| visit(value)),
            Body::Thread(thread) => {
                thread.attributes.iter().for_each(|(_, value)| visit(value));
                thread.name.iter().for_each(&mut *visit);
                if let Stage::Prepared(preparation) = &thread.stage {
                    visit(&preparation.target);
                    preparation.arguments.iter().for_each(&mut *visit);
                    preparation.keywords.iter().for_each(|(_, value)| visit(value));
                }
            }
            Body::Condition { lock, .. } => visit(&Value::Object(*lock)),
            Body::Barrier(barrier) => visit(&barrier.action),
            Body::Queue(queue) => queue.items.iter().for_each(visit),
            Body::Connection(end) => {
                [end.incoming, end.outgoing, end.peer].iter().for_each(|object| visit(&Value::Object(*object)));
            }
            Body::SharedValue { value, lock } => {
                visit(value);
                visit(&Value::Object(*lock));
            }
            _ => {}
        }
    }

    /// The same with every reference to an object renamed.
    pub(super) fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Body {
        let mut body = self.clone();
        if let Body::Change(access) = &mut body {
            *access = access.renamed(rename);
            return body;
        }
        let mut change = |value: &mut Value| *value = value.renamed(rename);
        match &mut body {
            Body::Variable(value) | Body::Atomic(value) | Body::Future(Some((_, value))) => change(value),
            Body::Namespace(values) => values.iter_mut().for_each(change),
            Body::Collection(Collection::List(values) | Collection::Set(values)) => values.iter_mut().for_each(change),
            Body::Collection(Collection::Iterator(iteration)) => {
                *iteration = iteration.as_ref().map(|iteration| iteration.renamed(rename));
            }
            Body::Collection(Collection::Dict(pairs)) => {
                for (key, value) in pairs {
                    change(key);
                    change(value);
                }
            }
            Body::Instance(attributes) => attributes.iter_mut().for_each(|(_, value)| change(value)),
            Body::Thread(thread) => {
                thread.attributes.iter_mut().for_each(|(_, value)| change(value));
                thread.name.iter_mut().for_each(&mut change);
                if let Stage::Prepared(preparation) = &mut thread.stage {
                    let preparation = Arc::make_mut(preparation);
                    change(&mut preparation.target);
                    preparation.arguments.iter_mut().for_each(&mut change);
                    preparation.keywords.iter_mut().for_each(|(_, value)| change(value));
                }
            }
            Body::Condition { lock, .. } => *lock = rename(*lock),
            Body::Barrier(barrier) => change(&mut barrier.action),
            Body::Queue(queue) => queue.items.iter_mut().for_each(change),
            Body::Connection(end) => {
                for object in [&mut end.incoming, &mut end.outgoing, &mut end.peer] {
                    *object = rename(*object);
                }
            }
            Body::SharedValue { value, lock } => {
                change(value);
                *lock = rename(*lock);
            }
            _ => {}
        }
        body
    }
}

impl Body {
    /// Calls `visit` with every thread that it mentions, but for the one that it is the handle of.
    pub(super) fn threads(&self, visit: &mut dyn FnMut(u8)) {
        match self {
            Body::Lock { owner: Some(owner) } | Body::RLock { owner: Some(owner), .. } => visit(*owner),
            Body::Condition { sleepers, .. } => sleepers.iter().for_each(|sleeper| visit(sleeper.thread)),
            Body::Barrier(barrier) => barrier.waiting.iter().for_each(|thread| visit(*thread)),
            _ => {}
        }
    }

    /// The same where threads have other numbers.
    pub(super) fn with_threads(&self, rename: &dyn Fn(u8) -> u8) -> Body {
        let mut body = self.clone();
        match &mut body {
            Body::Lock { owner: Some(owner) } | Body::RLock { owner: Some(owner), .. } => *owner = rename(*owner),
            Body::Condition { sleepers, .. } => {
                sleepers.iter_mut().for_each(|sleeper| sleeper.thread = rename(sleeper.thread));
            }
            Body::Barrier(barrier) => barrier.waiting.iter_mut().for_each(|thread| *thread = rename(*thread)),
            _ => {}
        }
        body
    }
}

/// What kind of object refers to the lock of a condition, a queue, ….
pub(super) fn reference(kind: ObjectKind, id: u32) -> Reference {
    Reference { kind, id }
}
