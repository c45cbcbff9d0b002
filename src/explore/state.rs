//! What a state is made of: small numbers, and what they stand for.

use std::sync::Arc;

use crate::program::code::NameId;
use crate::program::operation::{StartMethod, Variable};
use crate::program::rules::Counted;
use crate::program::thread::{Pause, Thread};

/// A state between two steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// The [`Rest`].
    pub(super) rest: u32,
    /// Each thread's [`Local`], in the order of their start.
    pub(super) threads: Vec<u32>,
    /// Each thread's writes that others do not see yet: a [`Buffer`]. Empty but for `--memory tso`.
    pub(super) buffers: Vec<u32>,
    /// What the mutable ones of the fixed objects hold, then the later ones.
    pub(super) objects: Vec<u32>,
}

impl State {
    /// Becomes like another, in the memory that it has.
    pub(super) fn become_like(&mut self, other: &State) {
        self.rest = other.rest;
        self.threads.clone_from(&other.threads);
        self.buffers.clone_from(&other.buffers);
        self.objects.clone_from(&other.objects);
    }
}

/// A thread between two operations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Local {
    pub(super) thread: Thread,
    pub(super) pause: Pause,
    /// Its process: the object of its variables; `None` for the first.
    pub(super) space: Option<u32>,
    pub(super) home: Home,
    pub(super) daemon: bool,
    /// Where it waits for the ends of several threads: those that it waits for besides the one of its operation.
    pub(super) awaits: Vec<u8>,
    pub(super) clock: Clock,
    /// The exception that ended it alone, which nobody caught: its line and its words.
    pub(super) died: Option<Arc<(u32, String)>>,
}

/// A process: the threads in it say which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Home {
    /// Its first thread: its number is the process's.
    pub(super) process: u8,
    /// The process that started it; itself for the first.
    pub(super) parent: u8,
}

/// What happened before, as far as starts and ends of threads order it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Clock {
    /// The thread's own time.
    pub(super) time: u32,
    /// Whether it accessed a location since that time began.
    pub(super) touched: bool,
    /// Up to which of their times it knows of the other threads; no zeros at the end.
    pub(super) others: Vec<u32>,
}

impl Clock {
    /// That of a thread's beginning.
    pub(super) fn first() -> Clock {
        Clock { time: 1, ..Clock::default() }
    }

    /// That of a new thread, which knows what its starter did until now. What that does from now on, it does not know of.
    pub(super) fn started_by(&mut self, starter: usize) -> Clock {
        let mut new = Clock { others: self.others.clone(), ..Clock::first() };
        new.know(starter, self.time - u32::from(!self.touched));
        self.time += u32::from(self.touched);
        self.touched = false;
        new
    }

    /// From now on it knows all that a thread did which has ended.
    pub(super) fn joins(&mut self, own: usize, other: usize, ended: &Clock) {
        for (thread, time) in ended.others.iter().enumerate().filter(|(thread, _)| *thread != own) {
            self.know(thread, *time);
        }
        self.know(other, ended.time);
    }

    fn know(&mut self, thread: usize, time: u32) {
        if time == 0 {
            return;
        }
        if self.others.len() <= thread {
            self.others.resize(thread + 1, 0);
        }
        self.others[thread] = self.others[thread].max(time);
    }
}

/// What else belongs to a state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rest {
    /// All that was printed.
    pub(super) output: Arc<str>,
    /// How processes start, once that was said; else by `fork`.
    pub(super) start: Option<StartMethod>,
    /// While a suspicion is looked into: the accesses so far.
    pub(super) history: Vec<Touch>,
    /// Of each process, by its first thread, how many it has made; empty where nobody asks for names.
    pub(super) made: Vec<Counted>,
}

/// Writes that others do not see yet, the oldest first.
pub(super) type Buffer = Vec<Write>;

/// A write that others do not see yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Write {
    pub(super) object: u32,
    /// Which of the object's attributes or variables; [`WHOLE`] where it has but one.
    pub(super) part: u32,
    /// A variable's content that holds the value, or the change of a collection.
    pub(super) value: u32,
}

/// The part of an object that is all of it.
pub(super) const WHOLE: u32 = u32::MAX;

/// What is marked as shared: a location, or all that are made at one place of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Mark {
    Variable(Variable),
    /// An attribute of objects made at a site.
    Attribute(u64, NameId),
    /// Collections or shared values made at a site.
    Whole(u64),
}

/// An access to a location by a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Touch {
    pub(super) mark: Mark,
    pub(super) object: u32,
    pub(super) thread: u8,
    /// The thread's own time then.
    pub(super) time: u32,
    /// What it knew of others then, [`Clock::others`], as a number of the machine's.
    pub(super) clock: u32,
    pub(super) writes: bool,
}

/// What is known of a program by now, and what the search goes by.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// How many objects exist when the first thread starts.
    pub(super) fixed: u32,
    /// Of each fixed object, its place among a state's objects, or [`CONSTANT`].
    pub(super) places: Vec<u32>,
    /// What the constant ones hold.
    pub(super) constants: Vec<u32>,
    /// Those that have a place.
    pub(super) changing: Vec<u32>,
    /// How many are mutable.
    pub(super) mutable: u32,
}

/// The place of a fixed object that never changes.
pub(super) const CONSTANT: u32 = u32::MAX;
