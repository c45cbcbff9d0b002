//! A seat: where a thread of the program sits while it runs, and what others may read of it there.
//!
//! A thread that has to wait sleeps on a word of its own, and whoever lets it go on writes that word. So a look at all
//! seats tells who can move: a thread that waits, and whose word nobody has written, moves only if another one moves.

use super::super::floor::bump;
use super::word::{self, Read};
use crate::program::operation::{Patience, Sync};
use crate::program::value::{Reference, Value};
use crate::system;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::time::Duration;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum Stand {
    /// Nothing in this run.
    Absent = 0,
    /// It runs, or will as soon as it has a core.
    Running = 1,
    /// It waits for others, for as long as it takes.
    Waiting = 2,
    /// It waits, and gives up by itself.
    Timed = 3,
    /// It has ended.
    Ended = 4,
    /// It goes round in a circle and does nothing that another could see.
    Spinning = 5,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wait {
    pub(super) object: Reference,
    pub(super) what: For,
    /// When it began, in lane time.
    pub(super) since_ns: u64,
}

/// What of an object it is that a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum For {
    /// To have it.
    Itself = 1,
    /// To be notified, for as long as it takes.
    Notify = 2,
    /// To be notified, or to have waited long enough.
    NotifyInTime = 3,
    /// That it is set.
    Event = 4,
    /// Room in it.
    Room = 5,
    /// Something in it.
    Item = 6,
    /// That all its items are done.
    Tasks = 7,
    /// The others who are to come there.
    Others = 8,
    /// What it comes to.
    Result = 9,
    /// Its end.
    End = 10,
    /// Something else.
    Other = 11,
}

impl For {
    const ALL: [For; 11] = [
        For::Itself,
        For::Notify,
        For::NotifyInTime,
        For::Event,
        For::Room,
        For::Item,
        For::Tasks,
        For::Others,
        For::Result,
        For::End,
        For::Other,
    ];

    pub(super) fn of(sync: &Sync) -> For {
        match sync {
            Sync::Acquire(_) => For::Itself,
            Sync::Wake(Patience::Forever) => For::Notify,
            Sync::Wake(_) => For::NotifyInTime,
            Sync::AwaitEvent(_) => For::Event,
            Sync::Put(..) => For::Room,
            Sync::Get(_) | Sync::Poll(_) => For::Item,
            Sync::AwaitTasks => For::Tasks,
            Sync::Arrive(_) => For::Others,
            Sync::Result(..) | Sync::Failure(_) => For::Result,
            Sync::Join(_) => For::End,
            _ => For::Other,
        }
    }
}

const QUIET: u32 = 0;
const CALLED: u32 = 1;
const ASLEEP: u32 = 2;

/// A look at a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) stand: Stand,
    /// How often the stand had changed.
    pub(super) changes: u64,
    /// It was told to go on.
    pub(super) called: bool,
}

/// A seat. It lies in memory that processes share: all zero, nobody has sat there.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(super) struct Seat {
    /// [`CALLED`]: it may go on. [`ASLEEP`]: it sleeps on this word.
    call: AtomicU32,
    /// The [`Stand`], and above it how often that changed.
    stand: AtomicU64,
    /// How often its threads got on: lines marked `# progress` that they passed, and their ends.
    pub(super) progress: AtomicU64,
    /// What they carried out that others could see.
    pub(super) operations: AtomicU64,
    /// What it waits for: [`For`], or 0 for nothing; of which object, as a word; since when. Written before the stand says
    /// that it waits, so it is whole for whoever finds the same stand before and after reading it.
    wait_for: AtomicU32,
    wait_object: AtomicU64,
    wait_since_ns: AtomicU64,
}

impl Seat {
    /// A thread takes the seat: from here on it counts.
    pub(super) fn take(&self) {
        self.call.store(QUIET, SeqCst);
        self.set(Stand::Running);
    }

    /// Says what the thread does now. Only whoever sits here, or gives it the seat, calls this.
    pub(super) fn set(&self, stand: Stand) {
        let changes = (self.stand.load(Relaxed) >> 8) + 1;
        // SeqCst: who calls another before it waits itself is seen to have called by whoever sees it wait.
        self.stand.store(changes << 8 | stand as u64, SeqCst);
    }

    /// A look from outside.
    pub(super) fn look(&self) -> Look {
        let word = self.stand.load(SeqCst);
        let called = self.call.load(SeqCst) == CALLED;
        let stand = match word & 0xff {
            1 => Stand::Running,
            2 => Stand::Waiting,
            3 => Stand::Timed,
            4 => Stand::Ended,
            5 => Stand::Spinning,
            _ => Stand::Absent,
        };
        Look { stand, changes: word >> 8, called }
    }

    /// What it waits for, if it does.
    pub(super) fn wait(&self) -> Option<Wait> {
        let number = self.wait_for.load(SeqCst);
        let what = For::ALL.into_iter().find(|known| *known as u32 == number)?;
        let Read::Value(Value::Object(object)) = word::read(self.wait_object.load(SeqCst)) else { return None };
        Some(Wait { object, what, since_ns: self.wait_since_ns.load(SeqCst) })
    }

    pub(super) fn set_wait(&self, wait: Option<Wait>) {
        if let Some(wait) = wait {
            self.wait_object.store(word::of(&Value::Object(wait.object)).unwrap_or_default(), SeqCst);
            self.wait_since_ns.store(wait.since_ns, SeqCst);
        }
        self.wait_for.store(wait.map_or(0, |wait| wait.what as u32), SeqCst);
    }

    /// Lets the thread go on.
    pub(super) fn call(&self) {
        if self.call.swap(CALLED, SeqCst) == ASLEEP {
            system::futex_wake(&self.call, 1);
        }
    }

    /// Sleeps until it is called, at most as long as `patience`, perhaps less. The call is not used up.
    pub(super) fn sleep(&self, patience: Option<Duration>) {
        if self.call.compare_exchange(QUIET, ASLEEP, SeqCst, SeqCst).is_ok() {
            system::futex_wait(&self.call, ASLEEP, patience);
            // Called meanwhile: then it stays so.
            let _ = self.call.compare_exchange(ASLEEP, QUIET, SeqCst, SeqCst);
        }
    }

    /// Whether it was called; from here on it runs, and looks for itself. The stand changes before the call is used up:
    /// whoever looks at the seat never finds a thread that waits, was not called, and moves all the same.
    pub(super) fn wake_up(&self) -> bool {
        let called = self.call.load(SeqCst) == CALLED;
        if called {
            self.set(Stand::Running);
            self.call.store(QUIET, SeqCst);
        }
        called
    }

    /// The thread carries out an operation.
    pub(super) fn note_operation(&self) {
        bump(&self.operations, 1);
    }

    /// The thread got on.
    pub(super) fn note_progress(&self) {
        bump(&self.progress, 1);
    }
}
