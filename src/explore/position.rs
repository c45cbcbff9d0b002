//! Where a schedule has led, as plain data: all that somebody who steps through a program by hand needs to see.

use super::report::{Options, Outcome, Report, Wait};
use super::words::Step;
use serde::{Deserialize, Serialize};

/// Where a schedule has led.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The whole schedule, as a string.
    pub schedule: String,
    /// How many steps that is.
    pub length: usize,
    /// How often it switches threads.
    pub switches: usize,
    /// Its steps from the place `from` on (what was asked for).
    pub steps: Vec<Step>,
    /// How many steps stand before those.
    pub from: usize,
    /// Every thread that was started, main first.
    pub threads: Vec<ThreadStand>,
    /// What threads share: variables, attributes, containers, locks, queues, …
    pub shared: Vec<Datum>,
    /// What was printed, line by line.
    pub output: Vec<String>,
    /// How the program has ended, if it has.
    pub ended: Option<Outcome>,
    /// What happened in words where something went wrong: who overwrote whom, who waits for whom.
    pub text: String,
    /// What is to be borne in mind: what is shared is not known for certain, say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub caveat: Option<String>,
}

/// Where a thread stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreadStand {
    /// Its number, in the order of starts.
    pub number: usize,
    /// Its letter; `main` for the first.
    pub name: String,
    /// The line that it has come to, from 1; 0 where it has ended.
    pub line: u32,
    /// What it is doing.
    pub doing: Doing,
    /// What it could do next, a choice each: none where it cannot move.
    pub next: Vec<NextStep>,
    /// What it waits for, where it cannot move.
    pub waits: Option<Wait>,
    /// The step (its place in the schedule, from 1) since which it waits; 0 for the beginning.
    pub waits_since: Option<usize>,
    /// Its local variables of the innermost call, as Python shows them.
    pub locals: Vec<(String, String)>,
    /// Writes that others do not see yet (`--memory tso`), the oldest first: where to, and what.
    pub buffered: Vec<(String, String)>,
}

/// What a thread is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    /// It can take a step.
    #[default]
    Ready,
    /// It cannot move.
    Waiting,
    /// It has ended.
    Ended,
    /// It ended by an exception that it did not catch.
    Failed,
    /// It spins in a loop that touches nothing shared.
    Spinning,
}

/// A step that could be taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NextStep {
    /// How the schedule would write it: `1`, `2:0`, `1w`.
    pub turn: String,
    /// What it would do: `reads counter (0)`.
    pub text: String,
}

/// Something that threads share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Datum {
    /// What it is called.
    pub name: String,
    /// What it is: `variable`, `list`, `lock`, `queue`, …
    pub kind: String,
    /// What it holds, as Python shows it; of a lock: empty.
    pub value: String,
    /// Who holds it, and since which step (from 1; 0 for the beginning), where it can be held.
    pub held_by: Vec<(usize, usize)>,
    /// Who waits for it.
    pub waited_for_by: Vec<usize>,
    /// The lock that was held in most accesses to it in the schedule so far, in how many of how many.
    pub guarded: Option<(String, usize, usize)>,
    /// Whether the last step changed it.
    pub changed: bool,
}

/// What can be asked about a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// Everything: how it can end.
    Explore(Question),
    /// Where a schedule leads. The steps from `from` on are told.
    Position {
        /// About what.
        #[serde(flatten)]
        question: Question,
        /// The schedule.
        schedule: String,
        /// From which step on they are told, from 0.
        from: usize,
    },
}

impl Ask {
    /// What it is about.
    pub fn question(&self) -> &Question {
        match self {
            Ask::Explore(question) | Ask::Position { question, .. } => question,
        }
    }

    /// Whether it asks anew what another asked, perhaps of an older text of the program: the other needs no answer.
    pub fn replaces(&self, other: &Ask) -> bool {
        let (Ask::Explore(own), Ask::Explore(other)) = (self, other) else { return false };
        own.program == other.program && own.options == other.options
    }
}

/// What an [`Ask`] is about. Whoever asks gives it a number, so that a late answer is known for what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The number.
    pub id: u64,
    /// The program's name.
    pub program: String,
    /// Its text.
    pub text: String,
    /// How it is explored.
    pub options: Options,
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The number of the question.
    pub id: u64,
    /// The answer.
    #[serde(flatten)]
    pub body: AnswerBody,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum AnswerBody {
    /// How the program can end.
    Explored {
        /// All of it.
        report: Box<Report>,
    },
    /// Where the schedule leads.
    Position {
        /// All of it.
        position: Box<Position>,
    },
    /// The program is not in the subset, or the schedule is none of its.
    Refused {
        /// What is wrong, on lines of its own: place, source, help.
        why: String,
    },
    /// It is being looked at: so many states so far.
    Busy {
        /// How many.
        states: u64,
    },
    /// The explorer is gone: it was ended by the system, or would not start.
    Gone {
        /// Why.
        why: String,
    },
}
