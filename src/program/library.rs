//! The part of Python's library that programs may use: one table of what is in, by module and name.

use serde::{Deserialize, Serialize};

macro_rules! builtins {
    ($($(#[$doc:meta])* $variant:ident, $module:literal, $name:literal;)*) => {
        /// Something of the library that has a name of its own: a function, a class, a module.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Builtin { $($(#[$doc])* #[doc = concat!("`", $module, ".", $name, "`")] $variant,)* }

        /// Each of them with its module (empty: no import needed) and its name there.
        pub const BUILTINS: &[(Builtin, &str, &str)] = &[$((Builtin::$variant, $module, $name),)*];
    };
}

builtins! {
    Print, "", "print";
    Range, "", "range";
    Len, "", "len";
    Min, "", "min";
    Max, "", "max";
    Sum, "", "sum";
    Abs, "", "abs";
    Sorted, "", "sorted";
    Enumerate, "", "enumerate";
    Zip, "", "zip";
    Str, "", "str";
    Int, "", "int";
    Bool, "", "bool";
    List, "", "list";
    Tuple, "", "tuple";
    Dict, "", "dict";
    Set, "", "set";

    Thread, "threading", "Thread";
    Lock, "threading", "Lock";
    RLock, "threading", "RLock";
    Semaphore, "threading", "Semaphore";
    BoundedSemaphore, "threading", "BoundedSemaphore";
    Condition, "threading", "Condition";
    Event, "threading", "Event";
    Barrier, "threading", "Barrier";
    ThreadLocal, "threading", "local";
    CurrentThread, "threading", "current_thread";

    Queue, "queue", "Queue";
    LifoQueue, "queue", "LifoQueue";

    Process, "multiprocessing", "Process";
    SharedValue, "multiprocessing", "Value";
    SharedArray, "multiprocessing", "Array";
    ProcessLock, "multiprocessing", "Lock";
    ProcessRLock, "multiprocessing", "RLock";
    ProcessSemaphore, "multiprocessing", "Semaphore";
    ProcessBoundedSemaphore, "multiprocessing", "BoundedSemaphore";
    ProcessCondition, "multiprocessing", "Condition";
    ProcessEvent, "multiprocessing", "Event";
    ProcessBarrier, "multiprocessing", "Barrier";
    ProcessQueue, "multiprocessing", "Queue";
    ProcessPool, "multiprocessing", "Pool";
    Pipe, "multiprocessing", "Pipe";
    SetStartMethod, "multiprocessing", "set_start_method";
    CurrentProcess, "multiprocessing", "current_process";

    ThreadPoolExecutor, "concurrent.futures", "ThreadPoolExecutor";
    ProcessPoolExecutor, "concurrent.futures", "ProcessPoolExecutor";
    AsCompleted, "concurrent.futures", "as_completed";

    Sleep, "time", "sleep";
    RandomChoice, "random", "choice";
    RandomRange, "random", "randrange";
    Atomic, "atomics", "Atomic";
    Fence, "atomics", "fence";

    ModuleThreading, "module", "threading";
    ModuleQueue, "module", "queue";
    ModuleTime, "module", "time";
    ModuleRandom, "module", "random";
    ModuleMultiprocessing, "module", "multiprocessing";
    ModuleConcurrent, "module", "concurrent";
    ModuleFutures, "module", "concurrent.futures";
    ModuleAtomics, "module", "atomics";

    /// For the prelude only: what a task of a pool will come to. `_set(ok, value)`, `result()`, `done()`, `exception()`.
    Future, "prelude", "Future";
    /// For the prelude only: a queue that can be closed; then `get` gives `None` once it is empty, and `put` raises
    /// `RuntimeError`. `put(item)` gives how many were put before it. `ends_with_main`: the main thread's end closes it.
    TaskQueue, "prelude", "TaskQueue";
    /// For the prelude only: an iterator over the results of futures, each awaited when it is asked for.
    Results, "prelude", "results";
    /// For the prelude only: a copy of a value as another process would unpack it.
    DeepCopy, "prelude", "deep_copy";
    /// For the prelude only: items in the order of their keys; `(keys, items, reverse)`, both tuples.
    Order, "prelude", "order";
    /// For the prelude only: the item with the smallest or largest key; `(keys, items, largest)`, both tuples.
    Best, "prelude", "best";
    /// For the prelude only: what `sorted` with a key does.
    SortedBy, "prelude", "sorted_by";
    /// For the prelude only: what `min` and `max` with a key do.
    BestBy, "prelude", "best_by";
    /// For the prelude only: says what is not in the subset.
    Refuse, "prelude", "refuse";
    /// For the prelude only: what `Condition.wait_for` does.
    WaitFor, "prelude", "wait_for";
    /// For the prelude only: what the last to arrive at a barrier with an action does.
    ActAt, "prelude", "act_at";
}

macro_rules! exceptions {
    ($($variant:ident, $parent:ident, $module:literal, $name:literal;)*) => {
        /// An exception class of Python.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ExceptionKind { $(#[doc = concat!("`", $name, "`")] $variant,)* }

        /// Each of them with its parent (its own parent at the top), its module (empty: no import needed) and its name there.
        pub const EXCEPTIONS: &[(ExceptionKind, ExceptionKind, &str, &str)] =
            &[$((ExceptionKind::$variant, ExceptionKind::$parent, $module, $name),)*];
    };
}

exceptions! {
    BaseException, BaseException, "", "BaseException";
    Exception, BaseException, "", "Exception";
    ArithmeticError, Exception, "", "ArithmeticError";
    ZeroDivisionError, ArithmeticError, "", "ZeroDivisionError";
    OverflowError, ArithmeticError, "", "OverflowError";
    AssertionError, Exception, "", "AssertionError";
    AttributeError, Exception, "", "AttributeError";
    EOFError, Exception, "", "EOFError";
    LookupError, Exception, "", "LookupError";
    IndexError, LookupError, "", "IndexError";
    KeyError, LookupError, "", "KeyError";
    NameError, Exception, "", "NameError";
    UnboundLocalError, NameError, "", "UnboundLocalError";
    RuntimeError, Exception, "", "RuntimeError";
    RecursionError, RuntimeError, "", "RecursionError";
    NotImplementedError, RuntimeError, "", "NotImplementedError";
    TypeError, Exception, "", "TypeError";
    ValueError, Exception, "", "ValueError";
    OSError, Exception, "", "OSError";
    TimeoutError, OSError, "", "TimeoutError";
    ConnectionError, OSError, "", "ConnectionError";
    BrokenPipeError, ConnectionError, "", "BrokenPipeError";
    QueueEmpty, Exception, "queue", "Empty";
    QueueFull, Exception, "queue", "Full";
    BrokenBarrierError, RuntimeError, "threading", "BrokenBarrierError";
    ProcessError, Exception, "multiprocessing", "ProcessError";
    ProcessTimeout, ProcessError, "multiprocessing", "TimeoutError";
}

/// Exceptions that a module has as well, which are of another: the same class.
pub const ALSO: &[(ExceptionKind, &str)] = &[(ExceptionKind::TimeoutError, "concurrent.futures")];

impl ExceptionKind {
    /// The class that it derives from; `BaseException` from itself.
    pub fn parent(self) -> ExceptionKind {
        EXCEPTIONS[self as usize].1
    }

    /// Its name in Python, without its module.
    pub fn name(self) -> &'static str {
        EXCEPTIONS[self as usize].3
    }

    /// Whether it is `other` or derives from it.
    pub fn is(self, other: ExceptionKind) -> bool {
        self == other || (self.parent() != self && self.parent().is(other))
    }
}

impl Builtin {
    /// Its name, without its module.
    pub fn name(self) -> &'static str {
        BUILTINS[self as usize].2
    }

    /// Whether Python shows it as a class. Those of `threading` that it shows otherwise are shown as what they stand for.
    pub fn is_class(self) -> bool {
        let lower = ["range", "str", "int", "bool", "list", "tuple", "dict", "set", "enumerate", "zip", "local"];
        lower.contains(&self.name()) || self.name().starts_with(char::is_uppercase)
    }

    /// Its module; empty where no import is needed.
    pub fn module(self) -> &'static str {
        BUILTINS[self as usize].1
    }
}

/// Names of methods and attributes that objects of the library have. An attribute of any other name must be one that
/// the program gives to its own objects.
#[rustfmt::skip]
pub const MEMBERS: &[&str] = &[
    // lists, dicts, sets
    "append", "extend", "insert", "remove", "pop", "clear", "index", "count", "sort", "reverse", "copy", "get", "keys",
    "values", "items", "setdefault", "update", "popitem", "add", "discard", "union", "intersection", "difference",
    "symmetric_difference", "issubset", "issuperset", "isdisjoint",
    // threads and processes
    "start", "join", "is_alive", "name", "daemon", "run", "__init__",
    // locks, semaphores, conditions, events, barriers
    "acquire", "release", "locked", "wait", "wait_for", "notify", "notify_all", "set", "is_set", "parties", "n_waiting",
    "broken", "abort", "reset",
    // queues, pipes
    "put", "get_nowait", "put_nowait", "task_done", "qsize", "empty", "full", "send", "recv", "poll", "close",
    // shared values
    "value", "get_lock",
    // pools
    "submit", "map", "shutdown", "result", "done", "exception", "apply", "apply_async",
    "ready",
    // atomics
    "load", "store", "swap", "compare_exchange",
    // exceptions, ranges
    "args", "stop", "step",
];
