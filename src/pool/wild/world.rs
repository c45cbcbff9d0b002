//! The world of one process in one run: its memory, its objects, and what it shares with the others. Every run has new ones.
//!
//! A variable, an attribute and a shared value are one atomic word each ([`super::word`]), a load and a store apart. They
//! are sequentially consistent; with `memory = "tso"` they are plain moves (release, acquire), so that a write may stay
//! in the processor's own store buffer for a while, and operations that synchronise are fences. A list, dict or set has a
//! small lock of its own, held for one access. There is no lock that all threads take.
//!
//! What is made to be shared between processes lies in [`super::common`], where the program has processes; so does
//! whatever threads of another process than the first wait at, since it is the first that looks who waits for whom. Each
//! process has such an object as one of its own, made when it first meets it, that says where it lies.

use super::common::{Common, TOO_MUCH, Text, What, bits};
use super::known::Known;
use super::meter::Stalls;
use super::objects::{Body, Connection, Kept, Object, PipeEnd, SyncBody, SyncObject, SyncState, Word};
use super::seat::Seat;
use super::shelf::{PLACES_MAX, Shelf};
use super::word::{self, Read};
use crate::program::Program;
use crate::program::collection::{Collection, Failure};
use crate::program::rules::{Counted, THREADS_MAX};
use crate::program::value::{Reference, Value};
use crate::wire::{Ending, EndingKind, MemoryModel};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Which bits of an object's number say whose shelf it lies on.
const PLACE_BITS: u32 = PLACES_MAX.ilog2();

/// Whose number those have that lie where all processes see them.
const COMMON: u32 = THREADS_MAX as u32;

/// The world of one process in one run.
pub(super) struct World {
    pub(super) known: Arc<Known>,
    pub(super) common: Arc<Common>,
    pub(super) run: u64,
    /// The process, by the thread that it begins with.
    pub(super) space: usize,
    /// When the run began, in lane time.
    pub(super) began_ns: u64,
    load: Ordering,
    store: Ordering,
    variables: Box<[AtomicU64]>,
    shelves: [OnceLock<Box<Shelves>>; THREADS_MAX],
    /// What lies where all processes see it, as this one has it.
    common_objects: Shelf<Object>,
    /// What this process knows of its threads.
    handles: Vec<Handles>,
    /// Workers of this process that have to do with this run, its first thread's apart; the futex that that one's sleeps
    /// on in the end.
    pub(super) busy: AtomicU32,
    /// Queues of its pools that its main thread's end closes.
    pub(super) task_queues: Mutex<Vec<Reference>>,
    /// What it has made that has names.
    pub(super) counted: Mutex<Counted>,
    /// How the run was found to end, by somebody who looks at it from outside; or a limit that it went past.
    verdict: Mutex<Option<Ending>>,
    /// It was stopped since the lane ends, and had not been given the time that other runs are.
    pub(super) was_cut_off: AtomicBool,
}

/// An exception that a thread did not catch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Raised {
    pub(super) thread: usize,
    /// As Python words it.
    pub(super) message: String,
    pub(super) line: u32,
    /// Its last operation changed something that others may have seen before it failed.
    pub(super) had_effect: bool,
    pub(super) at_ns: u64,
}

/// What a process knows of a thread.
#[derive(Default)]
pub(super) struct Handles {
    /// Its object; main has none until somebody asks.
    pub(super) own: OnceLock<Reference>,
    /// Of the first thread of a process: its object, and the process's, which nothing of the program's started.
    pub(super) main_of_process: OnceLock<Reference>,
    pub(super) main_process: OnceLock<Reference>,
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

impl World {
    /// A new world of a process: none of its variables is set, but for the name that the module has there.
    pub(super) fn new(known: &Arc<Known>, common: &Arc<Common>, (run, began_ns): (u64, u64), space: usize) -> World {
        let (load, store) = match known.memory {
            MemoryModel::Sc => (SeqCst, SeqCst),
            MemoryModel::Tso => (Ordering::Acquire, Ordering::Release),
        };
        let variables = std::iter::repeat_with(|| AtomicU64::new(word::UNSET)).take(known.variables()).collect();
        World {
            run,
            space,
            began_ns,
            load,
            store,
            variables,
            shelves: [const { OnceLock::new() }; THREADS_MAX],
            common_objects: Shelf::default(),
            handles: std::iter::repeat_with(Handles::default).take(THREADS_MAX).collect(),
            busy: AtomicU32::new(0),
            task_queues: Mutex::default(),
            counted: Mutex::default(),
            verdict: Mutex::default(),
            was_cut_off: AtomicBool::new(false),
            known: Arc::clone(known),
            common: Arc::clone(common),
        }
    }

    /// The first variable is `__name__`.
    pub(super) fn name_module(&self, name: &str, made: &mut Made) -> Result<(), Failure> {
        self.variables[0].store(self.keep(&Value::str(name), self.space, made)?, SeqCst);
        Ok(())
    }

    pub(super) fn program(&self) -> &Program {
        &self.known.program
    }

    pub(super) fn variables(&self) -> &[AtomicU64] {
        &self.variables
    }

    pub(super) fn handles(&self, thread: usize) -> &Handles {
        &self.handles[thread % THREADS_MAX]
    }

    pub(super) fn seats(&self) -> &[Seat; THREADS_MAX] {
        self.common.seats()
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
        Ok(word::of_shelved(thread, u64::from(place)))
    }

    /// The same for a word that all processes see.
    fn keep_common(&self, value: &Value) -> Result<u64, Failure> {
        let shelved = || Some(word::of_shelved(COMMON as usize, self.common.keep(value)?));
        word::of(value).or_else(shelved).ok_or_else(too_much)
    }

    /// The value as a word that is to be stored in this one.
    pub(super) fn keep_for(&self, place: &Word, value: &Value, thread: usize, made: &mut Made) -> Result<u64, Failure> {
        match place {
            Word::Here(_) => self.keep(value, thread, made),
            Word::Common(..) => self.keep_common(value),
        }
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

    /// Makes an object that all processes see.
    fn add_common<T: Serialize>(&self, what: What, word: u64, thing: &T) -> Result<u32, Failure> {
        let place = self.common.put(what, word, thing).ok_or_else(too_much)?;
        Ok(COMMON << PLACE_BITS | place as u32)
    }

    /// Makes an object that threads wait at.
    pub(super) fn add_sync(
        &self,
        shared: bool,
        body: SyncBody,
        thread: usize,
        made: &mut Made,
    ) -> Result<u32, Failure> {
        let state = SyncState { body, ..SyncState::default() };
        if self.known.has_processes && shared {
            return self.add_common(What::Sync, 0, &state);
        }
        if self.space != 0 {
            return self.add_common(What::OwnSync, 0, &state);
        }
        // Main makes the same objects, in the same order, in every run until it starts the first thread.
        let is_early = thread == 0 && self.common.started() == 1;
        let id = (thread as u32) << PLACE_BITS | made.objects;
        let lock = self.known.locks.get(&id).filter(|_| is_early).copied();
        let body = Body::Sync(Box::new(SyncObject::new(lock, Kept::here(state))));
        self.add(Object { shared, body }, thread, made)
    }

    /// Makes a shared value.
    pub(super) fn add_value(
        &self,
        value: &Value,
        lock: Reference,
        thread: usize,
        made: &mut Made,
    ) -> Result<u32, Failure> {
        if self.known.has_processes {
            return self.add_common(What::Value, self.keep_common(value)?, &Some(lock));
        }
        let word = Word::Here(AtomicU64::new(self.keep(value, thread, made)?));
        self.add(Object { shared: true, body: Body::SharedValue { word, lock } }, thread, made)
    }

    /// Makes a shared array.
    pub(super) fn add_array(&self, items: &[Value], thread: usize, made: &mut Made) -> Result<u32, Failure> {
        let array = Collection::List(items.to_vec());
        match self.known.has_processes {
            true => self.add_common(What::Array, 0, &array),
            false => self.add(Object { shared: true, body: Body::Collection(Kept::here(array)) }, thread, made),
        }
    }

    /// Makes the two ends of a pipe that goes through these queues.
    pub(super) fn add_pipe(
        &self,
        duplex: bool,
        [one, other]: [Reference; 2],
        thread: usize,
        made: &mut Made,
    ) -> Result<[u32; 2], Failure> {
        let end = |incoming: Reference, outgoing: Reference, peer: u32| {
            let (receives, sends) = (duplex || incoming == one, duplex || incoming == other);
            PipeEnd { incoming, outgoing, peer, receives, sends }
        };
        let holders = 1 << self.space;
        if self.known.has_processes {
            // Whoever looks through all places finds none of the two before each knows the other.
            let first = self.add_common(What::Nothing, holders, &Some(end(one, other, 0)))?;
            let second = self.add_common(What::Nothing, holders, &Some(end(other, one, first)))?;
            if let Some(end) = &mut *self.common.hold::<Option<PipeEnd>>(&self.common.place(place_of(first)).cell) {
                end.peer = second;
            }
            [first, second].iter().for_each(|end| self.common.show(place_of(*end), What::Connection));
            return Ok([first, second]);
        }
        // They are made one after the other, and each knows the other's number.
        let first = (thread as u32) << PLACE_BITS | made.objects;
        let mut add = |end: PipeEnd| {
            let body = Connection { end, holders: Word::Here(AtomicU64::new(holders)) };
            self.add(Object { shared: true, body: Body::Connection(Box::new(body)) }, thread, made)
        };
        Ok([add(end(one, other, first + 1))?, add(end(other, one, first))?])
    }

    /// The numbers of all objects that processes share now.
    pub(super) fn common_objects(&self) -> impl Iterator<Item = u32> + use<> {
        (0..self.common.places() as u32).map(|place| COMMON << PLACE_BITS | place)
    }

    /// The object of a number.
    pub(super) fn object(&self, id: u32) -> Option<&Object> {
        let (thread, place) = (id >> PLACE_BITS, place_of(id));
        if thread == COMMON {
            return match self.common.what(place) {
                What::Nothing => None,
                what => self.common_objects.get_or_put(place as u32, || self.common_object(id, what, place)),
            };
        }
        self.shelves.get(thread as usize)?.get()?.objects.get(place as u32)
    }

    /// What lies where all processes see it, as an object of this process.
    fn common_object(&self, id: u32, what: What, place: usize) -> Object {
        let common = Arc::clone(&self.common);
        let body = match what {
            What::OwnSync | What::Sync | What::Nothing => {
                let lock = self.known.locks.get(&id).copied();
                Body::Sync(Box::new(SyncObject::new(lock, Kept::Common(common, place))))
            }
            What::Array => Body::Collection(Kept::Common(common, place)),
            What::Value => match *common.hold::<Option<Reference>>(&common.place(place).cell) {
                Some(lock) => Body::SharedValue { word: Word::Common(Arc::clone(&common), place), lock },
                None => Body::Local,
            },
            What::Connection => match *common.hold::<Option<PipeEnd>>(&common.place(place).cell) {
                Some(end) => {
                    let holders = Word::Common(Arc::clone(&common), place);
                    Body::Connection(Box::new(Connection { end, holders }))
                }
                None => Body::Local,
            },
        };
        Object { shared: what != What::OwnSync, body }
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
            Read::Shelved(thread, place) if thread == COMMON as usize => self.common.kept(place).unwrap_or_default(),
            Read::Shelved(thread, place) => {
                let shelves = self.shelves.get(thread).and_then(OnceLock::get);
                shelves.and_then(|shelves| shelves.values.get(place as u32)).cloned().unwrap_or_default()
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
        self.common.over().load(SeqCst) != 0
    }

    /// Decides how the run ends, unless that was decided before, and stops it. Where another has begun, that one goes on.
    pub(super) fn decide(&self, ending: Ending) {
        if self.common.run() == self.run {
            self.verdict.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
            self.common.stop();
        }
    }

    /// How it was decided to end.
    pub(super) fn decided(&self) -> Option<Ending> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone().or_else(|| {
            let limit = self.common.look_at(Text::Limit, |limit: &Option<(usize, String)>| limit.clone());
            limit.map(|(thread, text)| World::past_limit(thread, text))
        })
    }

    /// A thread went past a limit: the run is over.
    pub(super) fn limit(&self, thread: usize, text: String) {
        if self.space == 0 {
            return self.decide(World::past_limit(thread, text));
        }
        self.common.with(Text::Limit, |limit: &mut Option<(usize, String)>| _ = limit.get_or_insert((thread, text)));
        self.common.stop();
    }

    fn past_limit(thread: usize, text: String) -> Ending {
        Ending { kind: EndingKind::Unended, thread: Some(thread as u32), message: Some(text), ..Ending::default() }
    }

    /// How often its threads have got on, and what they have carried out: sums that change when one does, of runs before too.
    pub(super) fn progress(&self) -> (u64, u64) {
        let seats = &self.seats()[..self.common.started()];
        let sum = |of: fn(&Seat) -> &AtomicU64| {
            seats.iter().map(|seat| of(seat).load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
        };
        (sum(|seat| &seat.progress), sum(|seat| &seat.operations))
    }

    /// Whether it was stopped before it ended by itself.
    pub(super) fn was_unended(&self) -> bool {
        self.decided().is_some_and(|ending| ending.kind == EndingKind::Unended)
    }

    /// What threads were seen to stall.
    pub(super) fn with_stalls<T>(&self, change: impl FnOnce(&mut Stalls) -> T) -> T {
        self.common.with(Text::Stalls, change)
    }

    /// The thread that started with this number has ended: whoever waits for that goes on.
    pub(super) fn end_thread(&self, thread: usize) {
        self.common.end_thread(thread);
        self.tell_of_processes(thread);
        self.common.leave(thread);
    }

    /// Calls whoever waits for the end of the process of a thread that has ended, or of one around it; and who waits at a
    /// pipe, where nobody may be left at the other end.
    fn tell_of_processes(&self, thread: usize) {
        if !self.known.has_processes {
            return;
        }
        let mut at = self.home(thread).0;
        while at != 0 {
            self.common.row(at).waiters().for_each(|waiter| self.seats()[waiter].call());
            at = self.home(at).1;
        }
        for end in self.common_objects() {
            if let Some(Body::Connection(connection)) = self.body(end)
                && let Some(at) = self.sync(connection.end.incoming.id)
            {
                let waiters = std::mem::take(&mut at.state().waiters);
                waiters.into_iter().for_each(|waiter| self.seats()[waiter].call());
            }
        }
    }

    /// Whether no more than one thread of this process goes on.
    pub(super) fn is_alone(&self) -> bool {
        let is_own = |thread: &usize| self.home(*thread).0 == self.space && !self.common.row(*thread).has_ended();
        (0..self.common.started()).filter(is_own).count() <= 1
    }

    /// The process of a thread, and that one's parent, each by its first thread.
    pub(super) fn home(&self, thread: usize) -> (usize, usize) {
        self.common.row(thread).home()
    }

    /// Whether a thread has ended, and where it is the first of another process, all that its process waits for.
    pub(super) fn has_ended(&self, thread: usize) -> bool {
        if !self.common.row(thread).has_ended() {
            return false;
        }
        if thread == 0 || self.home(thread).0 != thread {
            return true;
        }
        // All that are no daemons, and the processes that they started, with theirs.
        (1..self.common.started()).filter(|other| *other != thread).all(|other| {
            let (process, parent) = self.home(other);
            let belongs = process == thread || (process == other && parent == thread);
            !belongs || self.common.row(other).is_daemon() || self.has_ended(other)
        })
    }

    /// Whether any process still has an end of a pipe.
    pub(super) fn is_held(&self, end: u32) -> bool {
        match self.body(end) {
            Some(Body::Connection(end)) => {
                bits(end.holders.load(SeqCst)).any(|process| process == 0 || !self.has_ended(process))
            }
            _ => false,
        }
    }
}

/// Where on its shelf the object of a number lies, or among the places that all processes see.
fn place_of(id: u32) -> usize {
    (id & (PLACES_MAX - 1)) as usize
}

fn too_much() -> Failure {
    Failure::Limit(TOO_MUCH.into())
}
