//! What the objects of a run are: values that change, and what threads wait at.
//!
//! An object belongs to the process that made it, and lies on a shelf there; what is made to be shared is the same kind of
//! thing, whose state, or word, lies where all processes see it.

use super::common::{Common, Holding, Written};
use super::parcel::Item;
use crate::program::code::NameId;
use crate::program::collection::Collection;
use crate::program::operation::{Preparation, QueueKind};
use crate::program::value::{Reference, Value};
use crate::wire::LockId;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// An object.
pub(super) struct Object {
    /// All processes see it.
    pub(super) shared: bool,
    pub(super) body: Body,
}

/// What an object is.
pub(super) enum Body {
    Collection(Kept<Collection>),
    Instance(Attributes),
    Thread(Box<ThreadObject>),
    Sync(Box<SyncObject>),
    SharedValue { word: Word, lock: Reference },
    Atomic(AtomicU64),
    Connection(Box<Connection>),
    Local,
}

/// Something that changes under a lock of its own: here, or where all processes see it.
pub(super) enum Kept<T> {
    Here(Mutex<T>),
    Common(Arc<Common>, usize),
}

/// Holds it.
pub(super) enum Held<'a, T: Written> {
    Here(MutexGuard<'a, T>),
    Common(Holding<'a, T>),
}

impl<T: Written> Kept<T> {
    pub(super) fn here(thing: T) -> Kept<T> {
        Kept::Here(Mutex::new(thing))
    }

    /// Holds it, for the moment that it takes to change it: never while a thread waits.
    pub(super) fn hold(&self) -> Held<'_, T> {
        match self {
            Kept::Here(thing) => Held::Here(thing.lock().unwrap_or_else(PoisonError::into_inner)),
            Kept::Common(common, place) => Held::Common(common.hold(&common.place(*place).cell)),
        }
    }
}

impl<T: Written> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Held::Here(thing) => thing,
            Held::Common(thing) => thing,
        }
    }
}

impl<T: Written> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match self {
            Held::Here(thing) => thing,
            Held::Common(thing) => thing,
        }
    }
}

/// A word of memory: here, or where all processes see it.
pub(super) enum Word {
    Here(AtomicU64),
    Common(Arc<Common>, usize),
}

impl Deref for Word {
    type Target = AtomicU64;

    fn deref(&self) -> &AtomicU64 {
        match self {
            Word::Here(word) => word,
            Word::Common(common, place) => &common.place(*place).word,
        }
    }
}

/// One end of a pipe. Every process that has it has a copy of its own, and closes only that.
pub(super) struct Connection {
    pub(super) end: PipeEnd,
    /// The processes that have not closed it, a bit for each by its first thread.
    pub(super) holders: Word,
}

/// What does not change of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct PipeEnd {
    /// What it receives from.
    pub(super) incoming: Reference,
    /// What it sends into.
    pub(super) outgoing: Reference,
    /// The other end.
    pub(super) peer: u32,
    pub(super) receives: bool,
    pub(super) sends: bool,
}

impl Connection {
    pub(super) fn is_with(&self, process: usize) -> bool {
        self.holders.load(SeqCst) >> process & 1 == 1
    }
}

/// The object of a thread or process.
#[derive(Default)]
pub(super) struct ThreadObject {
    pub(super) process: bool,
    pub(super) attributes: Attributes,
    pub(super) about: Mutex<About>,
}

impl ThreadObject {
    pub(super) fn about(&self) -> MutexGuard<'_, About> {
        self.about.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What can be asked of a thread's object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) stage: Stage,
    pub(super) name: Option<Value>,
    pub(super) daemon: bool,
    /// Of a process: what its own processes are numbered after, where somebody asks for names.
    pub(super) number: u32,
}

/// How far a thread has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Its `__init__` has not been called.
    #[default]
    Made,
    Prepared(Arc<Preparation>),
    /// With this number.
    Started(usize),
}

/// An object that threads wait at.
pub(super) struct SyncObject {
    /// Where the lane shows it, if it is one of the lane's locks.
    pub(super) lock: Option<LockId>,
    state: Kept<SyncState>,
    /// Of what came from another process: as it was unpacked here.
    pub(super) unpacked: OnceLock<Value>,
}

impl SyncObject {
    pub(super) fn new(lock: Option<LockId>, state: Kept<SyncState>) -> SyncObject {
        SyncObject { lock, state, unpacked: OnceLock::new() }
    }

    /// Its state, for the moment that it takes to change it: never held while a thread waits.
    pub(super) fn state(&self) -> Held<'_, SyncState> {
        self.state.hold()
    }

    /// Whether other processes may see it.
    pub(super) fn is_common(&self) -> bool {
        matches!(self.state, Kept::Common(..))
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SyncState {
    pub(super) body: SyncBody,
    /// Threads that sleep until this changes, in the order of coming.
    pub(super) waiters: Vec<usize>,
    /// How often a lock was taken.
    pub(super) number: u64,
    /// Since when it is held, where that is measured.
    pub(super) since_ns: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum SyncBody {
    Lock { owner: Option<usize> },
    RLock { owner: Option<usize>, levels: u32 },
    Semaphore { value: i64, bound: Option<i64> },
    Condition { lock: Reference, sleepers: Vec<Sleeper> },
    Event(bool),
    Barrier(BarrierBody),
    Queue(QueueBody),
    Future(Option<(bool, Item)>),
}

impl Default for SyncBody {
    fn default() -> SyncBody {
        SyncBody::Event(false)
    }
}

impl SyncBody {
    /// Who holds it, where it can be held.
    pub(super) fn owner(&self) -> Option<usize> {
        match self {
            SyncBody::Lock { owner } | SyncBody::RLock { owner, .. } => *owner,
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct BarrierBody {
    pub(super) parties: i64,
    /// Those who have arrived, in that order.
    pub(super) waiting: Vec<usize>,
    /// Those who have been let go on, or let down (false), and have not noticed yet.
    pub(super) left: Vec<(usize, bool)>,
    /// What the last to arrive calls before all go on.
    pub(super) action: Option<Item>,
    /// The last to arrive is calling it: until that has ended, the barrier is closed to all.
    pub(super) is_acting: bool,
    /// Whoever waits may give up, even if his own `wait` names no time.
    pub(super) timed: bool,
    pub(super) broken: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sleeper {
    pub(super) thread: usize,
    /// How many levels of the lock it let go of.
    pub(super) levels: u32,
    pub(super) notified: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct QueueBody {
    pub(super) items: VecDeque<Item>,
    pub(super) capacity: Option<i64>,
    pub(super) kind: QueueKind,
    pub(super) unfinished: i64,
    /// Of a pool: there are no more tasks.
    pub(super) closed: bool,
    /// Of a pool: its process has ended.
    pub(super) is_over: bool,
    /// Between processes: those that have closed it for themselves.
    pub(super) closed_by: Vec<usize>,
}

impl QueueBody {
    pub(super) fn new(capacity: Option<i64>, kind: QueueKind) -> QueueBody {
        QueueBody {
            items: VecDeque::new(),
            capacity,
            kind,
            unfinished: 0,
            closed: false,
            is_over: false,
            closed_by: Vec::new(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.items.len() as i64 >= capacity)
    }
}

/// Attributes: a name is given a word when it is first assigned, and keeps it.
#[derive(Default)]
pub(super) struct Attributes(OnceLock<Box<AttributeBoard>>);

const BOARD: usize = 8;

#[derive(Default)]
struct AttributeBoard {
    /// Names, each plus one; 0 where there is room.
    names: [AtomicU32; BOARD],
    words: [AtomicU64; BOARD],
    more: Attributes,
}

impl Attributes {
    /// The word of a name, if it has one.
    pub(super) fn find(&self, name: NameId) -> Option<&AtomicU64> {
        let mut attributes = self;
        while let Some(board) = attributes.0.get() {
            for (at, own) in board.names.iter().enumerate() {
                match own.load(SeqCst) {
                    0 => return None,
                    own if own == u32::from(name.0) + 1 => return Some(&board.words[at]),
                    _ => {}
                }
            }
            attributes = &board.more;
        }
        None
    }

    /// The word of a name.
    pub(super) fn word(&self, name: NameId) -> &AtomicU64 {
        let wanted = u32::from(name.0) + 1;
        let mut attributes = self;
        loop {
            let board = attributes.0.get_or_init(Box::default);
            for (at, own) in board.names.iter().enumerate() {
                let found = match own.load(SeqCst) {
                    // Another thread may give the room away first; then it is that name's.
                    0 => own.compare_exchange(0, wanted, SeqCst, SeqCst).map_or_else(|found| found, |_| wanted),
                    found => found,
                };
                if found == wanted {
                    return &board.words[at];
                }
            }
            attributes = &board.more;
        }
    }

    /// All names and their words, by name.
    pub(super) fn all(&self) -> Vec<(NameId, &AtomicU64)> {
        let mut all = Vec::new();
        let mut attributes = self;
        while let Some(board) = attributes.0.get() {
            for (own, word) in board.names.iter().zip(&board.words) {
                if let Some(name) = own.load(SeqCst).checked_sub(1) {
                    all.push((NameId(name as u16), word));
                }
            }
            attributes = &board.more;
        }
        all.sort_by_key(|(name, _)| *name);
        all
    }
}
