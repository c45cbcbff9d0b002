//! A seat: where a thread of the program sits while it runs, and what others may read of it there.
//!
//! A thread that has to wait sleeps on a word of its own, and whoever lets it go on writes that word. So a look at all
//! seats tells who can move: a thread that waits, and whose word nobody has written, moves only if another one moves.

use super::super::floor::bump;
use crate::program::operation::Sync;
use crate::program::value::Reference;
use crate::system;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
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
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wait {
    pub(super) object: Reference,
    pub(super) sync: Sync,
    /// When it began, in lane time.
    pub(super) since_ns: u64,
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

/// A seat.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Seat {
    /// [`CALLED`]: it may go on. [`ASLEEP`]: it sleeps on this word.
    call: AtomicU32,
    /// The [`Stand`], and above it how often that changed.
    stand: AtomicU64,
    /// How often its threads got on: lines marked `# progress` that they passed, and their ends.
    pub(super) progress: AtomicU64,
    /// What they carried out that others could see.
    pub(super) operations: AtomicU64,
    wait: Mutex<Option<Wait>>,
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
        self.wait.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_wait(&self, wait: Option<Wait>) {
        *self.wait.lock().unwrap_or_else(PoisonError::into_inner) = wait;
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
