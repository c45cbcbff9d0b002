//! What exploring a program comes to, as plain data: the text and the JSON (`assets/explore.schema.json`) say the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::wire::{Ending, EndingKind, Waiting};

/// How a program is to be explored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// What counts as one step.
    pub grain: Grain,
    /// When a write is seen by others.
    pub memory: Memory,
    /// Which waiters a `notify` may wake.
    pub notify: Notify,
    /// Whether a waiter of a condition may wake unasked.
    pub spurious: bool,
    /// What an exception that nobody catches ends.
    pub exceptions: Exceptions,
    /// Only what can happen is asked for, no counts.
    pub verdict: bool,
    /// At most so many states are stored; never more than 66 million.
    pub states_max: u64,
    /// At most so much memory is used, in bytes.
    pub memory_max: u64,
    /// How many messages a pipe or a queue between processes holds; `None` for no limit.
    pub capacity: Option<u32>,
    /// Threads that search; 0 for as many as there are cores.
    pub searchers: usize,
    /// Somebody who looks on.
    #[serde(skip)]
    pub watch: Watch,
}

/// How far a search has come, for somebody who looks on and may have had enough. It makes no difference to what is
/// found, so all of them are equal.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<(AtomicU64, AtomicBool)>);

impl Watch {
    /// How many states there are so far.
    pub fn states(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Ends the search: it is then incomplete.
    pub fn stop(&self) {
        self.0.1.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has had enough.
    pub fn is_stopped(&self) -> bool {
        self.0.1.load(Ordering::Relaxed)
    }

    /// Tells how many states there are; whether the search is to go on.
    pub(super) fn goes_on(&self, states: usize) -> bool {
        self.0.0.store(states as u64, Ordering::Relaxed);
        !self.is_stopped()
    }
}

impl PartialEq for Watch {
    fn eq(&self, _: &Watch) -> bool {
        true
    }
}

impl Eq for Watch {}

impl Outcome {
    /// The ending that it is, without what exploring adds.
    pub fn ending(&self) -> Ending {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ending {
            kind: match self.kind {
                Kind::Ended => EndingKind::Ended,
                Kind::Deadlock => EndingKind::Deadlock,
                Kind::Assertion => EndingKind::Assertion,
                Kind::Exception => EndingKind::Exception,
                Kind::Spins => EndingKind::Spins,
            },
            thread: self.thread.map(number),
            line: self.line,
            message: self.message.clone(),
            values: self.values.clone(),
            output: self.output.clone(),
            waits: (self.waits.iter())
                .map(|wait| Waiting {
                    thread: number(wait.thread),
                    what: wait.what.clone(),
                    held_by: wait.held_by.map(number),
                })
                .collect(),
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            grain: Grain::Operation,
            memory: Memory::Sc,
            notify: Notify::Any,
            spurious: false,
            exceptions: Exceptions::Stop,
            verdict: false,
            states_max: 60_000_000,
            memory_max: 2 << 30,
            capacity: None,
            searchers: 0,
            watch: Watch::default(),
        }
    }
}

/// What counts as one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grain {
    /// One visible operation.
    Operation,
    /// All operations of a simple statement.
    Statement,
}

/// When a write is seen by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memory {
    /// At once: sequential consistency.
    Sc,
    /// When it leaves the writer's store buffer: total store order, as on x86.
    Tso,
}

/// Which waiters a `notify` may wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notify {
    /// Any; each set is a choice.
    Any,
    /// Those who waited longest.
    Fifo,
}

/// What an exception that nobody catches ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exceptions {
    /// The whole schedule.
    Stop,
    /// Its thread.
    Thread,
}

/// What exploring a program came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this format.
    pub format: u32,
    /// The program's name.
    pub program: String,
    /// See [`Options`].
    pub grain: Grain,
    /// See [`Options`].
    pub memory: Memory,
    /// See [`Options`].
    pub notify: Notify,
    /// Whether every schedule was looked at. If not, there are no counts, and nothing more is claimed.
    pub complete: bool,
    /// How many schedules there are: a decimal number or `inf`; `None` where that was not asked for or not completed.
    pub schedules: Option<String>,
    /// States stored.
    pub states: u64,
    /// Steps taken while searching.
    pub steps: u64,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// Every distinct ending.
    pub outcomes: Vec<Outcome>,
    /// What else is worth telling.
    pub findings: Vec<Finding>,
}

/// How an ending came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// All threads that are not daemons ended.
    Ended,
    /// Nobody can move, and somebody has not ended.
    Deadlock,
    /// An `assert` failed.
    Assertion,
    /// An exception that nobody caught.
    Exception,
    /// A thread spins in a loop that touches nothing shared.
    Spins,
}

/// One distinct ending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What it is.
    pub kind: Kind,
    /// The thread that failed, by its number.
    pub thread: Option<usize>,
    /// The line where it failed.
    pub line: Option<u32>,
    /// What was raised, as Python words it.
    pub message: Option<String>,
    /// Every global that was assigned or mutated after the first `start`, and its value as JSON has it, or as `{"repr": …}`.
    pub values: BTreeMap<String, serde_json::Value>,
    /// What was printed, line by line.
    pub output: Vec<String>,
    /// How many schedules end so: a decimal number or `inf`.
    pub schedules: Option<String>,
    /// How likely it is if at every step each enabled thread is equally likely, and each of its choices.
    pub chance: Option<f64>,
    /// The shortest schedule that ends so; under `verdict`, one that does.
    pub shortest: String,
    /// How many steps that has.
    pub length: usize,
    /// How often it switches threads.
    pub switches: usize,
    /// The fewest switches of any schedule that ends so, perhaps with more steps; none where that was not looked for: under
    /// `verdict`, and in more than 20,000 states.
    #[serde(default)]
    pub switches_min: Option<usize>,
    /// In a deadlock: who waits for what.
    pub waits: Vec<Wait>,
    /// With exceptions that end their thread only: the threads that one has ended. Such endings are not told apart by it.
    pub died: Vec<Death>,
    /// The shortest schedule told in words.
    pub text: String,
}

/// Who waits for what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Wait {
    /// The thread that waits.
    pub thread: usize,
    /// What for: a lock's name, `the end of thread 2`, …
    #[serde(rename = "for")]
    pub what: String,
    /// The thread that holds it.
    pub held_by: Option<usize>,
}

/// A thread that an exception has ended, while the others went on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Death {
    /// The thread.
    pub thread: usize,
    /// The line where it was raised.
    pub line: u32,
    /// What was raised, as Python words it.
    pub message: String,
    /// Whether it was in every schedule that ends so; else only in some.
    pub always: bool,
}

/// Something worth telling beside the outcomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The threads that it is about.
    pub threads: Vec<usize>,
    /// What it is about: a variable, a lock.
    pub location: Option<String>,
    /// Lines of the program.
    pub lines: Vec<u32>,
    /// In words.
    pub text: String,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Two next steps touch one location, at least one writing.
    DataRace,
    /// All go round for ever, and nobody gets anywhere.
    Livelock,
    /// Some get on for ever while one does not.
    Starvation,
    /// A thread ended holding a lock.
    LockNotReleased,
    /// A notify came before its wait.
    LostWakeup,
    /// Locks are taken in an order that could close a circle, but did not here.
    PotentialDeadlock,
}
