//! Rules that hold in every world that a program runs in: the explorer's states, and real memory.

use super::code::Program;
use super::operation::{Patience, Preparation, Sync};
use super::text;
use super::value::{Method, ObjectKind, Reference, Value};
use serde::{Deserialize, Serialize};

/// The most threads that a program may start.
pub const THREADS_MAX: usize = 60;

/// The most bytes that a program may print.
pub const OUTPUT_MAX: usize = 100_000;

/// What to do where a process, as it imports the module, does what only the first should.
pub const GUARD: &str = "a new process imports the module; put this under `if __name__ == \"__main__\":`";

/// What a process has made that is named after its number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counted {
    /// Threads that were given no name.
    pub threads: u32,
    /// Processes.
    pub processes: u32,
    /// Pools whose threads are named after it.
    pub pools: u32,
    /// What the names of its processes begin with: the numbers of those around it.
    pub path: String,
}

impl Counted {
    /// What a new process has made: a forked one goes on counting threads where its parent was. Its own processes have
    /// names after its own, which is the `number`th of its parent's.
    pub fn inherited(&self, number: u32, spawns: bool) -> Counted {
        let path = format!("{}{number}:", self.path);
        let inherited = if spawns { Counted::default() } else { self.clone() };
        Counted { processes: 0, path, ..inherited }
    }
}

/// What a thread or process is called, counting it among what its process makes; the number of a process. As in CPython,
/// processes are numbered whether they have a name or not, and threads only where they have none.
pub fn named(
    program: &Program,
    object: Reference,
    preparation: &Preparation,
    spawns: bool,
    made: &mut Counted,
) -> (Option<Value>, u32) {
    let process = matches!(object.kind, ObjectKind::Process(_));
    if preparation.name.is_some() && !process {
        return (preparation.name.clone(), 0);
    }
    match process {
        true => made.processes += 1,
        false => made.threads += 1,
    }
    let target = match &preparation.target {
        Value::Function(function, _) => Some(*function),
        Value::Method(method) => match &**method {
            Method::Function { function, .. } => Some(*function),
            _ => None,
        },
        _ => None,
    };
    let target = target.map(|function| &program.functions[function.index()]);
    let name = match (process, target) {
        (true, Some(worker)) if worker.internal => {
            let method = if spawns { "Spawn" } else { "Fork" };
            let kind = if preparation.daemon == Some(true) { "PoolWorker" } else { "Process" };
            format!("{method}{kind}-{}{}", made.path, made.processes)
        }
        (true, _) => {
            let class = text::type_name(program, &Value::Object(object));
            format!("{class}-{}{}", made.path, made.processes)
        }
        (false, Some(target)) => format!("Thread-{} ({})", made.threads, target.name),
        (false, None) => format!("Thread-{}", made.threads),
    };
    (preparation.name.clone().or_else(|| Some(Value::str(name))), made.processes)
}

/// Python's words for a wait that it refuses at an object of this kind. Between processes none is refused. `is_bounded` says whether there is a limit to what it holds.
pub fn impossible_wait(kind: ObjectKind, is_bounded: bool, sync: &Sync) -> Option<&'static str> {
    match (kind, sync) {
        (ObjectKind::Lock | ObjectKind::RLock, Sync::Acquire(Patience::Negative)) => {
            Some("timeout value must be positive")
        }
        (ObjectKind::Lock | ObjectKind::RLock, Sync::Acquire(Patience::Contrary)) => {
            Some("can't specify a timeout for a non-blocking call")
        }
        (ObjectKind::Semaphore, Sync::Acquire(Patience::Contrary)) => {
            Some("can't specify timeout for non-blocking acquire")
        }
        // A queue without a limit has no reason to look how long it may wait.
        (ObjectKind::Queue, Sync::Put(_, Patience::Negative)) if is_bounded => {
            Some("'timeout' must be a non-negative number")
        }
        (ObjectKind::Queue, Sync::Get(Patience::Negative)) => Some("'timeout' must be a non-negative number"),
        _ => None,
    }
}
