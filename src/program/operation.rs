//! What a thread asks of the world that it runs in: everything that another thread could see or wait for.
//!
//! A thread runs by itself until it comes to one of these; whoever runs it carries it out and gives back a value or an
//! exception. Which of them are steps (`explorer.md`) is not decided here: it depends on what is shared.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::code::{ClassId, Comparison, GlobalId, NameId};
use super::collection::Access;
use super::library::ExceptionKind;
use super::value::{Iteration, Reference, Value};

/// Something for the world to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Reads a variable; `Unset` where it is not.
    Load(Variable),
    /// Assigns a variable; `Unset` deletes it.
    Store(Variable, Value),
    /// Reads an attribute of an object, a class, or through `super()`: the object's own, else its class's (a function
    /// bound to the object), else `Unset`.
    LoadMember(Value, NameId),
    /// Assigns an attribute of an object or class; `Unset` deletes it.
    StoreMember(Value, NameId, Value),
    /// Makes an object: gives a reference to it (of a pipe, two in a tuple).
    New(New),
    /// One access to a list, dict, set or shared array.
    Access(Reference, Access),
    /// Compares values, of which at least one holds containers.
    Compare(Comparison, Value, Value),
    /// Gives texts of values, each as `str` or, where true, as `repr`: a tuple of strings.
    Render(Vec<(Value, bool)>),
    /// An operation of an object that synchronises, or a question to it.
    Sync(Reference, Sync),
    /// Prepares a thread or process: what `Thread.__init__` does.
    Prepare(Reference, Box<Preparation>),
    /// Starts a prepared thread or process.
    Start(Reference),
    /// Prints a text.
    Print(Arc<str>),
    /// Any of the values, each a choice of its own.
    Choose(Arc<[Value]>),
    /// The position of one of the futures that is done, each a choice of its own.
    FirstDone(Vec<Reference>),
    /// Waits until the own writes are seen by all.
    Fence,
    /// A copy of a value as another process would unpack it.
    DeepCopy(Value),
    /// The thread that asks, or its process.
    Current {
        /// The process.
        process: bool,
    },
    /// How processes start from now on: said once, unless by force.
    SetStartMethod {
        /// How.
        method: StartMethod,
        /// Also where it was said before.
        force: bool,
    },
}

/// A variable outside of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// A global variable.
    Global(GlobalId),
    /// An attribute of a class, set in its body.
    Class(ClassId, NameId),
}

/// How a process gets its globals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartMethod {
    /// As they stand at `start()`.
    Fork,
    /// As importing the module leaves them (`spawn`, `forkserver`).
    Spawn,
}

/// An object to make.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum New {
    /// A list of these.
    List(Vec<Value>),
    /// A dict of these, the last of equal keys counting.
    Dict(Vec<(Value, Value)>),
    /// A set of these.
    Set(Vec<Value>),
    /// An object of a class.
    Instance(ClassId),
    /// A thread (or process), of a class of the program or of the library's own.
    Thread {
        /// In a process of its own.
        process: bool,
        /// The class, if it is one of the program's.
        class: Option<ClassId>,
    },
    /// `Lock()`
    Lock,
    /// `RLock()`
    RLock,
    /// `Semaphore(value)`
    Semaphore {
        /// What it starts with.
        value: i64,
        /// Never more than it started with.
        bounded: bool,
    },
    /// `Condition(lock)`; without a lock it makes a re-entrant one of its own.
    Condition(Option<Reference>),
    /// `Event()`
    Event,
    /// `Barrier(parties, action, timeout)`
    Barrier {
        /// For how many it waits.
        parties: i64,
        /// What the last to arrive calls before all go on; `None` for nothing.
        action: Value,
        /// Whoever waits at it may give up, even if his own `wait` names no time.
        timed: bool,
    },
    /// A queue.
    Queue {
        /// How many items it holds; `None` for no limit.
        capacity: Option<i64>,
        /// What is special about it.
        kind: QueueKind,
    },
    /// The two ends of a pipe.
    Pipe {
        /// Both receive and send; else the first only receives, and the second only sends.
        duplex: bool,
    },
    /// `threading.local()`
    Local,
    /// `multiprocessing.Value`
    SharedValue(Value),
    /// `multiprocessing.Array`
    SharedArray(Vec<Value>),
    /// `Atomic(value)`
    Atomic(Value),
    /// What a task of a pool will come to.
    Future,
    /// A `zip` or `enumerate` that is kept.
    Iterator(Box<Iteration>),
    /// One that all processes see.
    Shared(Box<New>),
}

/// What is special about a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum QueueKind {
    /// Nothing.
    Fifo,
    /// The last in is the first out.
    Lifo,
    /// It is between processes: what goes in is copied.
    Processes,
    /// It holds the tasks of a pool: whoever puts one learns how many were put before. Once it is closed, whoever wants
    /// one gets `None`, and no more may be put.
    Tasks {
        /// The end of the main thread closes it.
        ends_with_main: bool,
    },
}

/// How long an operation that could block would wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Patience {
    /// Until it can.
    Forever,
    /// It fails if it cannot now: a time-out may strike at any time.
    Timed,
    /// It fails if it cannot now: it was told not to wait.
    Not,
    /// It was given a time below zero: an error for some objects, and none for those between processes, which do not wait.
    Negative,
    /// It was told not to wait, and how long: an error, but none for objects between processes.
    Contrary,
}

/// An operation of an object that synchronises.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sync {
    /// The number of a pool among those whose threads are named after it; `None` where nobody asks for names.
    Number,
    /// Takes a lock or a permit: whether it got it.
    Acquire(Patience),
    /// Gives back a lock or so many permits.
    Release(i64),
    /// Whether a lock is held.
    Locked,
    /// Lets go of a condition's lock and falls asleep.
    Sleep(Patience),
    /// Once notified: takes the condition's lock again; whether it was notified.
    Wake(Patience),
    /// Wakes so many waiters; `None` for all.
    Notify(Option<i64>),
    /// Waits for an event: whether it is set.
    AwaitEvent(Patience),
    /// Sets an event.
    SetEvent,
    /// Clears an event.
    ClearEvent,
    /// Whether an event is set.
    IsSet,
    /// Arrives at a barrier; goes on when all have. The last to arrive gets its position together with what it is to call
    /// before that, if there is something.
    Arrive(Patience),
    /// Having arrived: waits no longer, which breaks the barrier.
    GiveUp,
    /// What the last to arrive had to call has ended, well or not: all go on, or the barrier is broken.
    Open(bool),
    /// Breaks a barrier.
    Abort,
    /// Makes a barrier as good as new; whoever waits there is told that it was broken.
    Reset,
    /// Whether a barrier is broken.
    IsBroken,
    /// For how many a barrier waits.
    Parties,
    /// How many wait at a barrier.
    Waiting,
    /// Puts an item into a queue, or sends a message.
    Put(Value, Patience),
    /// Takes an item out of a queue, or receives a message.
    Get(Patience),
    /// One item has been worked on.
    TaskDone,
    /// Waits until all items have been worked on.
    AwaitTasks,
    /// How many items there are.
    Size,
    /// Whether there is none.
    IsEmpty,
    /// Whether there is no room.
    IsFull,
    /// There is something to receive, or nothing will ever come.
    Poll(Patience),
    /// Nothing more will be put in.
    Close,
    /// Waits for the end of a thread or process.
    Join(Patience),
    /// Whether it has been started and has not ended.
    IsAlive,
    /// Its name.
    Name,
    /// Gives it a name.
    SetName(Value),
    /// Whether it is a daemon.
    IsDaemon,
    /// Makes it a daemon, or none.
    SetDaemon(bool),
    /// Reads a shared value or an atomic.
    Read,
    /// Writes a shared value or an atomic.
    Write(Value),
    /// Adds to an atomic: what it was before.
    FetchAdd(Value),
    /// Exchanges an atomic: what it was before.
    Swap(Value),
    /// Exchanges an atomic if it is the first value: whether it did.
    CompareExchange(Value, Value),
    /// The lock that guards a shared value.
    GetLock,
    /// A task ended: well or not, with a result or an exception.
    Resolve(bool, Value),
    /// Waits for a task's result, or raises its exception; the exception for one who waits no longer.
    Result(Patience, ExceptionKind),
    /// Waits for a task's end, and gives its exception or `None`.
    Failure(Patience),
    /// Whether a task has ended.
    IsDone,
}

/// What a thread is prepared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Preparation {
    /// What it calls; `None` for nothing.
    pub target: Value,
    /// With these,
    pub arguments: Vec<Value>,
    /// and these.
    pub keywords: Vec<(NameId, Value)>,
    /// Its name, if it was given one.
    pub name: Option<Value>,
    /// A daemon: nobody waits for its end.
    pub daemon: Option<bool>,
}

impl Operation {
    /// Calls `visit` on every value in it.
    pub fn values(&self, visit: &mut dyn FnMut(&Value)) {
        let mut object = |reference: &Reference| visit(&Value::Object(*reference));
        match self {
            Operation::Sync(reference, _) | Operation::Access(reference, _) | Operation::Start(reference) => {
                object(reference)
            }
            Operation::Prepare(reference, _) => object(reference),
            Operation::FirstDone(references) => references.iter().for_each(object),
            _ => {}
        }
        match self {
            Operation::Store(_, value) | Operation::LoadMember(value, _) | Operation::DeepCopy(value) => visit(value),
            Operation::StoreMember(object, _, value) => {
                visit(object);
                visit(value);
            }
            Operation::New(new) => new.values(visit),
            Operation::Access(_, access) => access.values(visit),
            Operation::Compare(_, left, right) => {
                visit(left);
                visit(right);
            }
            Operation::Render(values) => values.iter().for_each(|(value, _)| visit(value)),
            Operation::Sync(_, sync) => match sync {
                Sync::Put(value, _) | Sync::SetName(value) | Sync::Write(value) | Sync::FetchAdd(value) => visit(value),
                Sync::Swap(value) | Sync::Resolve(_, value) => visit(value),
                Sync::CompareExchange(expected, value) => {
                    visit(expected);
                    visit(value);
                }
                _ => {}
            },
            Operation::Prepare(_, preparation) => {
                visit(&preparation.target);
                preparation.arguments.iter().for_each(&mut *visit);
                preparation.keywords.iter().for_each(|(_, value)| visit(value));
            }
            Operation::Choose(values) => values.iter().for_each(visit),
            _ => {}
        }
    }
}

impl Operation {
    /// The same with every reference to an object renamed.
    pub fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Operation {
        let mut operation = self.clone();
        operation.change(&mut |value| *value = value.renamed(rename));
        match &mut operation {
            Operation::Sync(object, _) | Operation::Access(object, _) | Operation::Start(object) => {
                *object = rename(*object)
            }
            Operation::Prepare(object, _) => *object = rename(*object),
            Operation::New(New::Condition(Some(lock))) => *lock = rename(*lock),
            Operation::FirstDone(futures) => futures.iter_mut().for_each(|future| *future = rename(*future)),
            _ => {}
        }
        operation
    }

    fn change(&mut self, change: &mut dyn FnMut(&mut Value)) {
        match self {
            Operation::Store(_, value) | Operation::LoadMember(value, _) | Operation::DeepCopy(value) => change(value),
            Operation::StoreMember(object, _, value) => {
                change(object);
                change(value);
            }
            Operation::New(new) => new.change(change),
            Operation::Access(_, access) => access.change(change),
            Operation::Compare(_, left, right) => {
                change(left);
                change(right);
            }
            Operation::Render(values) => values.iter_mut().for_each(|(value, _)| change(value)),
            Operation::Sync(_, sync) => match sync {
                Sync::Put(value, _) | Sync::SetName(value) | Sync::Write(value) | Sync::FetchAdd(value) => {
                    change(value)
                }
                Sync::Swap(value) | Sync::Resolve(_, value) => change(value),
                Sync::CompareExchange(expected, value) => {
                    change(expected);
                    change(value);
                }
                _ => {}
            },
            Operation::Prepare(_, preparation) => {
                change(&mut preparation.target);
                preparation.arguments.iter_mut().for_each(&mut *change);
                preparation.keywords.iter_mut().for_each(|(_, value)| change(value));
            }
            Operation::Choose(values) => *values = changed(values, change),
            _ => {}
        }
    }
}

/// The values, each changed.
pub(super) fn changed(values: &[Value], change: &mut dyn FnMut(&mut Value)) -> Arc<[Value]> {
    let mut values = values.to_vec();
    values.iter_mut().for_each(change);
    values.into()
}

impl New {
    fn change(&mut self, change: &mut dyn FnMut(&mut Value)) {
        match self {
            New::List(values) | New::Set(values) | New::SharedArray(values) => values.iter_mut().for_each(change),
            New::Dict(pairs) => {
                for (key, value) in pairs {
                    change(key);
                    change(value);
                }
            }
            New::SharedValue(value) | New::Atomic(value) | New::Barrier { action: value, .. } => change(value),
            New::Iterator(iteration) => {
                let mut value = Value::Iterator(iteration.clone());
                change(&mut value);
                if let Value::Iterator(changed) = value {
                    *iteration = changed;
                }
            }
            New::Shared(new) => new.change(change),
            _ => {}
        }
    }

    fn values(&self, visit: &mut dyn FnMut(&Value)) {
        match self {
            New::List(values) | New::Set(values) | New::SharedArray(values) => values.iter().for_each(visit),
            New::Dict(pairs) => {
                for (key, value) in pairs {
                    visit(key);
                    visit(value);
                }
            }
            New::Condition(Some(lock)) => visit(&Value::Object(*lock)),
            New::SharedValue(value) | New::Atomic(value) | New::Barrier { action: value, .. } => visit(value),
            New::Iterator(iteration) => visit(&Value::Iterator(iteration.clone())),
            New::Shared(new) => new.values(visit),
            _ => {}
        }
    }
}
