//! The world of one run: its memory, its objects, and how far its threads have come. Every run has a new one.
//!
//! A variable, an attribute and a shared value are one atomic word each ([`super::word`]), a load and a store apart. They
//! are sequentially consistent; with `memory = "tso"` they are plain moves (release, acquire), so that a write may stay
//! in the processor's own store buffer for a while, and operations that synchronise are fences. A list, dict or set has a
//! small lock of its own, held for one access. There is no lock that all threads take.

use super::meter::Stalls;
use super::seat::{Seat, Stand};
use super::shelf::{PLACES_MAX, Shelf};
use super::word::{self, Read};
use crate::program::Program;
use crate::program::code::NameId;
use crate::program::collection::{Collection, Failure};
use crate::program::operation::{Preparation, QueueKind, Variable};
use crate::program::rules::{Counted, THREADS_MAX};
use crate::program::value::{Exception, Reference, Value};
use crate::system;
use crate::wire::{Ending, EndingKind, LockId, MemoryModel};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Which bits of an object's number say whose shelf it lies on.
const PLACE_BITS: u32 = PLACES_MAX.ilog2();

/// What is known of a program before its first run.
pub(super) struct Known {
    pub(super) program: Arc<Program>,
    pub(super) memory: MemoryModel,
    /// The lane's locks: which objects of main's they are, and where the lane shows them.
    pub(super) locks: BTreeMap<u32, LockId>,
    /// Of each global, whether functions assign it: threads share it, and not only to find what it names.
    pub(super) hot_globals: Vec<bool>,
    /// Of each name, whether an attribute of that name is assigned outside of `__init__`.
    pub(super) hot_names: Vec<bool>,
    /// Nothing but `with` gives a lock back: only its holder does.
    pub(super) only_holders_release: bool,
    /// Some line of it is marked `# progress`.
    pub(super) has_marks: bool,
    /// How many messages a pipe or a queue between processes holds.
    pub(super) pipe_capacity: Option<i64>,
    /// Who sleeps on a condition may wake unasked.
    pub(super) spurious: bool,
    /// A notify wakes whoever has slept longest.
    pub(super) longest_first: bool,
}

/// The world of one run.
pub(super) struct World {
    pub(super) known: Arc<Known>,
    pub(super) run: u64,
    /// When it began, in lane time.
    pub(super) began_ns: u64,
    pub(super) seats: Arc<[Seat]>,
    load: Ordering,
    store: Ordering,
    /// The variables of each process, by the thread that it began with.
    spaces: [OnceLock<Box<[AtomicU64]>>; THREADS_MAX],
    shelves: [OnceLock<Box<Shelves>>; THREADS_MAX],
    /// What is known of each thread.
    pub(super) rows: Vec<Row>,
    /// Threads that were started, main among them.
    pub(super) started: AtomicU32,
    /// Threads that are no daemons and have not ended.
    pub(super) alive: AtomicU32,
    /// Workers that have to do with this run, main's apart; the futex that main's sleeps on in the end.
    pub(super) busy: AtomicU32,
    /// 1: everybody stops. The futex that main's worker sleeps on until the program has ended.
    pub(super) over: AtomicU32,
    /// Threads that wait until main has started all: they go on when this is past their volley.
    pub(super) volley: AtomicU32,
    /// How many of them have come so far.
    pub(super) lined_up: AtomicU32,
    /// Whether processes begin as importing the module leaves them.
    pub(super) spawns: AtomicBool,
    /// Whether that was said.
    pub(super) start_is_said: AtomicBool,
    /// Held while a thread takes its number.
    pub(super) starting: Mutex<()>,
    pub(super) console: Mutex<String>,
    /// Queues of pools, each with the first thread of its process, whose end closes it.
    pub(super) task_queues: Mutex<Vec<(usize, Reference)>>,
    /// The queues in pipes: where a process ends, who waits there may have nobody left to wait for.
    pub(super) pipe_queues: Mutex<Vec<Reference>>,
    /// What each process has made that has names, by its first thread.
    pub(super) counted: Mutex<BTreeMap<usize, Counted>>,
    pub(super) failures: Mutex<Vec<Raised>>,
    /// How it was found to end, by somebody who looks at it from outside; or a limit that it went past.
    pub(super) verdict: Mutex<Option<Ending>>,
    /// It was stopped since the lane ends, and had not been given the time that other runs are.
    pub(super) was_cut_off: AtomicBool,
    /// How long its threads got no further, those of them that have ended.
    pub(super) stalls: Mutex<Stalls>,
}

/// An exception that a thread did not catch.
pub(super) struct Raised {
    pub(super) thread: usize,
    pub(super) exception: Arc<Exception>,
    /// Its last operation changed something that others may have seen before it failed.
    pub(super) had_effect: bool,
    pub(super) at_ns: u64,
}

/// What is known of a thread.
#[derive(Default)]
pub(super) struct Row {
    /// The process that it belongs to, and that one's parent, each by its first thread.
    pub(super) home: OnceLock<(usize, usize)>,
    /// Its object; main has none until somebody asks.
    pub(super) handle: OnceLock<Reference>,
    /// Of the first thread of a process: its object, and the process's, which nothing of the program's started.
    pub(super) main_of_process: OnceLock<Reference>,
    pub(super) main_process: OnceLock<Reference>,
    pub(super) daemon: AtomicBool,
    pub(super) end: Mutex<End>,
    /// The line at which it goes round in a circle for ever.
    pub(super) spins_at: AtomicU32,
}

/// Whether a thread has ended, and who waits for that.
#[derive(Default)]
pub(super) struct End {
    pub(super) ended: bool,
    pub(super) waiters: Vec<usize>,
}

#[derive(Default)]
struct Shelves {
    objects: Shelf<Object>,
    values: Shelf<Value>,
}

/// What one thread has put on its shelves so far.
#[derive(Debug, Default)]
pub(super) struct Made {
    objects: u32,
    values: u32,
}

impl Made {
    /// How many objects.
    pub(super) fn objects(&self) -> u32 {
        self.objects
    }
}

/// An object.
pub(super) struct Object {
    /// All processes see it.
    pub(super) shared: bool,
    pub(super) body: Body,
}

/// What an object is.
pub(super) enum Body {
    Collection(Mutex<Collection>),
    Instance(Attributes),
    Thread(Box<ThreadObject>),
    Sync(Box<SyncObject>),
    SharedValue { word: AtomicU64, lock: Reference },
    Atomic(AtomicU64),
    Connection(Box<Connection>),
    Local,
}

/// One end of a pipe. Every process that has it has a copy of its own, and closes only that.
pub(super) struct Connection {
    /// What it receives from.
    pub(super) incoming: Reference,
    /// What it sends into.
    pub(super) outgoing: Reference,
    /// The other end.
    pub(super) peer: u32,
    pub(super) receives: bool,
    pub(super) sends: bool,
    /// The processes that have not closed it, by their first thread.
    pub(super) holders: Mutex<Vec<usize>>,
}

impl Connection {
    pub(super) fn holders(&self) -> MutexGuard<'_, Vec<usize>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The object of a thread or process.
#[derive(Default)]
pub(super) struct ThreadObject {
    pub(super) process: bool,
    pub(super) attributes: Attributes,
    pub(super) about: Mutex<About>,
}

/// What can be asked of a thread's object.
#[derive(Clone, Default)]
pub(super) struct About {
    pub(super) stage: Stage,
    pub(super) name: Option<Value>,
    pub(super) daemon: bool,
    /// Of a process: what its own processes are numbered after, where somebody asks for names.
    pub(super) number: u32,
}

/// How far a thread has come.
#[derive(Clone, Default)]
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
    state: Mutex<SyncState>,
}

impl SyncObject {
    pub(super) fn new(lock: Option<LockId>, body: SyncBody) -> SyncObject {
        let state = SyncState { body, waiters: Vec::new(), number: 0, since_ns: None };
        SyncObject { lock, state: Mutex::new(state) }
    }

    /// Its state, for the moment that it takes to change it: never held while a thread waits.
    pub(super) fn state(&self) -> MutexGuard<'_, SyncState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct SyncState {
    pub(super) body: SyncBody,
    /// Threads that sleep until this changes, in the order of coming.
    pub(super) waiters: Vec<usize>,
    /// How often a lock was taken.
    pub(super) number: u64,
    /// Since when it is held, where that is measured.
    pub(super) since_ns: Option<u64>,
}

#[derive(Clone)]
pub(super) enum SyncBody {
    Lock { owner: Option<usize> },
    RLock { owner: Option<usize>, levels: u32 },
    Semaphore { value: i64, bound: Option<i64> },
    Condition { lock: Reference, sleepers: Vec<Sleeper> },
    Event(bool),
    Barrier(BarrierBody),
    Queue(QueueBody),
    Future(Option<(bool, Value)>),
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

#[derive(Clone)]
pub(super) struct BarrierBody {
    pub(super) parties: i64,
    /// Those who have arrived, in that order.
    pub(super) waiting: Vec<usize>,
    /// Those who have been let go on, or let down (false), and have not noticed yet.
    pub(super) left: Vec<(usize, bool)>,
    /// What the last to arrive calls before all go on.
    pub(super) action: Value,
    /// The last to arrive is calling it: until that has ended, the barrier is closed to all.
    pub(super) is_acting: bool,
    /// Whoever waits may give up, even if his own `wait` names no time.
    pub(super) timed: bool,
    pub(super) broken: bool,
}

#[derive(Clone)]
pub(super) struct Sleeper {
    pub(super) thread: usize,
    /// How many levels of the lock it let go of.
    pub(super) levels: u32,
    pub(super) notified: bool,
}

#[derive(Clone)]
pub(super) struct QueueBody {
    pub(super) items: std::collections::VecDeque<Value>,
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

impl Known {
    /// How many variables a process has.
    fn variables(&self) -> usize {
        self.program.globals.len() + self.program.classes.len() * self.program.names.len()
    }

    /// Which of a process's variables it is.
    pub(super) fn variable(&self, variable: Variable) -> usize {
        match variable {
            Variable::Global(global) => global.index(),
            Variable::Class(class, name) => {
                self.program.globals.len() + class.index() * self.program.names.len() + name.index()
            }
        }
    }

    /// The same once more.
    pub(super) fn again(&self) -> Known {
        Known {
            program: Arc::clone(&self.program),
            memory: self.memory,
            locks: self.locks.clone(),
            hot_globals: self.hot_globals.clone(),
            hot_names: self.hot_names.clone(),
            only_holders_release: self.only_holders_release,
            has_marks: self.has_marks,
            pipe_capacity: self.pipe_capacity,
            spurious: self.spurious,
            longest_first: self.longest_first,
        }
    }
}

impl World {
    /// A new world, and what main has put on its shelves in it.
    pub(super) fn new(known: Arc<Known>, run: u64, began_ns: u64, seats: Arc<[Seat]>) -> (World, Made) {
        let (load, store) = match known.memory {
            MemoryModel::Sc => (SeqCst, SeqCst),
            MemoryModel::Tso => (Ordering::Acquire, Ordering::Release),
        };
        let world = World {
            run,
            began_ns,
            seats,
            load,
            store,
            spaces: [const { OnceLock::new() }; THREADS_MAX],
            shelves: [const { OnceLock::new() }; THREADS_MAX],
            rows: std::iter::repeat_with(Row::default).take(THREADS_MAX).collect(),
            started: AtomicU32::new(1),
            alive: AtomicU32::new(1),
            busy: AtomicU32::new(0),
            over: AtomicU32::new(0),
            volley: AtomicU32::new(0),
            lined_up: AtomicU32::new(0),
            spawns: AtomicBool::new(false),
            start_is_said: AtomicBool::new(false),
            starting: Mutex::default(),
            console: Mutex::default(),
            task_queues: Mutex::default(),
            pipe_queues: Mutex::default(),
            counted: Mutex::default(),
            failures: Mutex::default(),
            verdict: Mutex::default(),
            was_cut_off: AtomicBool::new(false),
            stalls: Mutex::default(),
            known,
        };
        let mut made = Made::default();
        // The first variable is `__name__`.
        if let Ok(word) = world.keep(&Value::str("__main__"), 0, &mut made) {
            world.begin_space(0)[0].store(word, SeqCst);
        }
        (world, made)
    }

    pub(super) fn program(&self) -> &Program {
        &self.known.program
    }

    /// The variables of a process, by the thread that it begins with: none is set.
    pub(super) fn begin_space(&self, thread: usize) -> &[AtomicU64] {
        let count = self.known.variables();
        self.spaces[thread].get_or_init(|| std::iter::repeat_with(|| AtomicU64::new(word::UNSET)).take(count).collect())
    }

    pub(super) fn variables(&self, space: usize) -> &[AtomicU64] {
        self.spaces[space].get().map_or(&[], |words| words)
    }

    fn shelves(&self, thread: usize) -> &Shelves {
        self.shelves[thread % THREADS_MAX].get_or_init(Box::default)
    }

    /// The value as a word, on the thread's shelf if need be.
    pub(super) fn keep(&self, value: &Value, thread: usize, made: &mut Made) -> Result<u64, Failure> {
        if let Some(word) = word::of(value) {
            return Ok(word);
        }
        let place = made.values;
        if place >= PLACES_MAX {
            let text = format!("a thread keeps at most {PLACES_MAX} large values in a run on real threads");
            return Err(Failure::Limit(text));
        }
        made.values += 1;
        self.shelves(thread).values.put(place, value.clone());
        Ok(word::of_shelved(thread, place))
    }

    /// Makes an object.
    pub(super) fn add(&self, object: Object, thread: usize, made: &mut Made) -> Result<u32, Failure> {
        let place = made.objects;
        if place >= PLACES_MAX {
            let text = format!("a thread makes at most {PLACES_MAX} objects in a run on real threads");
            return Err(Failure::Limit(text));
        }
        made.objects += 1;
        self.shelves(thread).objects.put(place, object);
        Ok((thread as u32) << PLACE_BITS | place)
    }

    /// The number that the next object of a thread gets.
    pub(super) fn next_id(thread: usize, made: &Made) -> u32 {
        (thread as u32) << PLACE_BITS | made.objects
    }

    /// The numbers of all objects that there are now.
    pub(super) fn all_objects(&self) -> Vec<u32> {
        let mut all = Vec::new();
        for (thread, shelves) in self.shelves.iter().enumerate() {
            let Some(shelves) = shelves.get() else { continue };
            let places = (0..PLACES_MAX).take_while(|place| shelves.objects.get(*place).is_some());
            all.extend(places.map(|place| (thread as u32) << PLACE_BITS | place));
        }
        all
    }

    /// The object of a number.
    pub(super) fn object(&self, id: u32) -> Option<&Object> {
        let thread = (id >> PLACE_BITS) as usize;
        self.shelves.get(thread)?.get()?.objects.get(id & (PLACES_MAX - 1))
    }

    pub(super) fn body(&self, id: u32) -> Option<&Body> {
        self.object(id).map(|object| &object.body)
    }

    pub(super) fn sync(&self, id: u32) -> Option<&SyncObject> {
        match self.body(id) {
            Some(Body::Sync(sync)) => Some(sync),
            _ => None,
        }
    }

    /// What a word stands for.
    pub(super) fn value_of(&self, word: u64) -> Value {
        match word::read(word) {
            Read::Value(value) => value,
            Read::Shelved(thread, place) => {
                let shelves = self.shelves.get(thread).and_then(OnceLock::get);
                shelves.and_then(|shelves| shelves.values.get(place)).cloned().unwrap_or_default()
            }
        }
    }

    pub(super) fn load(&self, word: &AtomicU64) -> Value {
        self.value_of(word.load(self.load))
    }

    pub(super) fn store(&self, word: &AtomicU64, value: u64) {
        word.store(value, self.store);
    }

    /// Waits until the own writes are seen by all, where they may not be.
    pub(super) fn fence(&self) {
        if self.known.memory == MemoryModel::Tso {
            std::sync::atomic::fence(SeqCst);
        }
    }

    /// Whether everybody is to stop.
    pub(super) fn is_over(&self) -> bool {
        // SeqCst: whoever sleeps looks at this first, and whoever stops the run calls everybody after writing it.
        self.over.load(SeqCst) != 0
    }

    /// Everybody stops, wherever they are.
    pub(super) fn stop(&self) {
        self.over.store(1, SeqCst);
        system::futex_wake(&self.over, u32::MAX);
        self.volley.store(u32::MAX, SeqCst);
        system::futex_wake(&self.volley, u32::MAX);
        let started = self.started.load(SeqCst) as usize;
        self.seats[..started].iter().for_each(Seat::call);
    }

    /// Decides how the run ends, unless that was decided before, and stops it.
    pub(super) fn decide(&self, ending: Ending) {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
        self.stop();
    }

    /// How often its threads have got on, and what they have carried out: sums that change when one does, of runs before too.
    pub(super) fn progress(&self) -> (u64, u64) {
        let started = self.started.load(SeqCst) as usize;
        let sum = |of: fn(&Seat) -> &AtomicU64| {
            self.seats[..started].iter().map(|seat| of(seat).load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
        };
        (sum(|seat| &seat.progress), sum(|seat| &seat.operations))
    }

    /// Whether it was stopped before it ended by itself.
    pub(super) fn was_unended(&self) -> bool {
        let verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.as_ref().is_some_and(|ending| ending.kind == EndingKind::Unended)
    }

    /// The thread that started with this number has ended: whoever waits for that goes on.
    pub(super) fn end_thread(&self, thread: usize) {
        let waiters = {
            let mut end = self.rows[thread].end.lock().unwrap_or_else(PoisonError::into_inner);
            end.ended = true;
            std::mem::take(&mut end.waiters)
        };
        waiters.into_iter().for_each(|waiter| self.seats[waiter].call());
        self.tell_of_processes(thread);
        let counts = !self.rows[thread].daemon.load(SeqCst);
        if counts && self.alive.fetch_sub(1, SeqCst) == 1 {
            self.stop();
        }
        self.seats[thread].set(Stand::Ended);
    }

    /// Calls whoever waits for the end of the process of a thread that has ended, or of one around it; and who waits at a
    /// pipe, where nobody may be left at the other end.
    fn tell_of_processes(&self, thread: usize) {
        let mut at = self.home(thread).0;
        while at != 0 {
            let waiters = self.rows[at].end.lock().unwrap_or_else(PoisonError::into_inner).waiters.clone();
            waiters.into_iter().for_each(|waiter| self.seats[waiter].call());
            at = self.home(at).1;
        }
        for queue in self.pipe_queues.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(at) = self.sync(queue.id) {
                let waiters = std::mem::take(&mut at.state().waiters);
                waiters.into_iter().for_each(|waiter| self.seats[waiter].call());
            }
        }
    }

    /// The process of a thread, and that one's parent, each by its first thread.
    pub(super) fn home(&self, thread: usize) -> (usize, usize) {
        self.rows[thread].home.get().copied().unwrap_or_default()
    }

    /// Whether a thread has ended, and where it is the first of another process, all that its process waits for.
    pub(super) fn has_ended(&self, thread: usize) -> bool {
        let ended = |thread: usize| self.rows[thread].end.lock().unwrap_or_else(PoisonError::into_inner).ended;
        if !ended(thread) {
            return false;
        }
        if thread == 0 || self.home(thread).0 != thread {
            return true;
        }
        // All that are no daemons, and the processes that they started, with theirs.
        (1..self.started.load(SeqCst) as usize).filter(|other| *other != thread).all(|other| {
            let (process, parent) = self.home(other);
            let belongs = process == thread || (process == other && parent == thread);
            !belongs || self.rows[other].daemon.load(SeqCst) || self.has_ended(other)
        })
    }

    /// Whether any process still has an end of a pipe.
    pub(super) fn is_held(&self, end: u32) -> bool {
        match self.body(end) {
            Some(Body::Connection(end)) => {
                let holders = end.holders().clone();
                holders.into_iter().any(|process| process == 0 || !self.has_ended(process))
            }
            _ => false,
        }
    }
}
