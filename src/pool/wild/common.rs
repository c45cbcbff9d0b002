//! What all processes of a run share: how far it has come, who waits, and the objects that are made to be shared.
//!
//! ```text
//! ┌ the run ┬ a seat and a row for each thread ┬ a desk for each process ┬ texts ┬ places for objects ┬ words ┐
//! ```
//!
//! It lies in memory that the lane's processes map, each for itself, so nothing in it may point anywhere: an object is a
//! place, and what does not fit into a word is written out as bytes ([`Cell`]) among the words at the end. Whoever changes
//! such a thing reads it, changes it and writes it back, under a latch that is held only for that.
//!
//! One is made for a lane and used for one run after the other. Where a process of the program's has been lost, whoever
//! waits for a latch that it may have held goes on without it, and without what lies under it: that run is over.
#![expect(unsafe_code, reason = "a typed view of mapped memory")]

use super::seat::{Seat, Stand};
use crate::program::rules::THREADS_MAX;
use crate::system;
use memmap2::{MmapOptions, MmapRaw};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::fd::OwnedFd;
use std::sync::atomic::{
    AtomicU32, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release, Ordering::SeqCst,
};
use std::time::Duration;

/// The most objects that the processes of a run share.
pub(super) const PLACES: usize = 4096;

/// Words for what is written out: only those that are used cost memory.
const WORDS: usize = 4 << 20;

/// What a run comes to whose processes share more than that.
pub(super) const TOO_MUCH: &str = "what its processes share takes more than 4096 objects or 32 MiB in one run";

/// How often a latch is looked at before its holder is waited for.
const LOOKS: u32 = 200;

/// After so long it is asked again whether the holder of a latch is still there.
const HOLDER_PATIENCE: Duration = Duration::from_millis(20);

#[repr(C, align(128))]
struct Alone<T>(T);

/// How far the run has come.
#[repr(C)]
struct Run {
    /// Which one it is.
    number: AtomicU64,
    /// 1: everybody stops. The futex that main's worker sleeps on until the program has ended.
    over: AtomicU32,
    /// Threads that were started, main among them.
    started: AtomicU32,
    /// Threads that are no daemons and have not ended.
    alive: AtomicU32,
    /// Processes of the program, main's apart, that have to do with this run; the futex that main's worker sleeps on.
    hosted: AtomicU32,
    /// Whether processes begin as importing the module leaves them, and whether that was said.
    spawns: AtomicU32,
    start_is_said: AtomicU32,
    /// Bytes had no room any more.
    is_full: AtomicU32,
    /// Places and words that are taken.
    places: AtomicU32,
    words: AtomicU64,
    /// Held while a thread takes its number.
    starting: Latch,
}

/// How threads set off together.
#[repr(C)]
struct Line {
    /// Threads that wait until main has started all: they go on when this is past their volley.
    volley: AtomicU32,
    /// How many of them have come so far.
    lined_up: AtomicU32,
}

/// What there is of processes.
#[repr(C)]
struct Hosts {
    /// Those that a run waits for, a bit for each by the thread that it begins with; and those that there are.
    wanted: AtomicU64,
    living: AtomicU64,
    /// One of them is gone in this run that should not be.
    is_lost: AtomicU32,
    /// Workers that there have been: all numbers below this.
    workers: AtomicU32,
}

#[repr(C)]
struct Layout {
    run: Alone<Run>,
    line: Alone<Line>,
    hosts: Alone<Hosts>,
    seats: [Seat; THREADS_MAX],
    rows: [Row; THREADS_MAX],
    desks: [Desk; THREADS_MAX],
    console: Cell,
    texts: [Cell; 3],
    places: [Place; PLACES],
    words: [AtomicU64; WORDS],
}

/// What is kept of a run, written out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    /// Exceptions that nobody caught.
    Failures = 0,
    /// A limit that it went past in another process than the lane's.
    Limit = 1,
    /// How long threads got no further.
    Stalls = 2,
}

/// What is known of a thread.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Row {
    /// The process that it belongs to and, above it, that one's parent, each by its first thread.
    home: AtomicU32,
    daemon: AtomicU32,
    ended: AtomicU32,
    /// The line at which it goes round in a circle for ever.
    pub(super) spins_at: AtomicU32,
    /// Who waits for its end, a bit for each.
    waiters: AtomicU64,
}

/// Where a process finds what it is to run.
#[derive(Debug, Default)]
#[repr(C)]
struct Desk {
    /// 1: there is something. The futex that the process sleeps on.
    bell: AtomicU32,
    birth: Cell,
}

/// Something written out. All zero: nothing yet.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Cell {
    latch: Latch,
    /// How many bytes it has, and how many words there is room for.
    length: AtomicU32,
    room: AtomicU32,
    /// The first of them.
    at: AtomicU64,
}

/// What lies at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum What {
    /// Nothing.
    Nothing = 0,
    /// What threads wait at; of one process.
    OwnSync = 1,
    /// The same, of all processes.
    Sync = 2,
    /// A shared array.
    Array = 3,
    /// A shared value: its word, and its lock written out.
    Value = 4,
    /// One end of a pipe: who has it is its word, a bit for each process; the rest is written out.
    Connection = 5,
}

/// A place for an object.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Place {
    what: AtomicU32,
    pub(super) word: AtomicU64,
    pub(super) cell: Cell,
}

/// A lock for the moment that a change takes, between processes. 0 free, 1 held, 2 held and waited for.
#[derive(Debug, Default)]
#[repr(C)]
struct Latch(AtomicU32);

impl Latch {
    /// Takes it; false where its holder may be lost, and nobody will give it back.
    fn take(&self, is_lost: &AtomicU32) -> bool {
        for _ in 0..LOOKS {
            if self.0.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
                return true;
            }
            std::hint::spin_loop();
        }
        while self.0.swap(2, Acquire) != 0 {
            if is_lost.load(SeqCst) != 0 {
                return false;
            }
            system::futex_wait(&self.0, 2, Some(HOLDER_PATIENCE));
        }
        true
    }

    fn give_back(&self) {
        if self.0.swap(0, Release) == 2 {
            system::futex_wake(&self.0, 1);
        }
    }
}

/// What can be written out and read again.
pub(super) trait Written: Serialize + DeserializeOwned + Default {}

impl<T: Serialize + DeserializeOwned + Default> Written for T {}

/// Holds what is written out in a cell, for the moment that it takes to look at it or change it.
#[derive(Debug)]
pub(super) struct Holding<'a, T: Written> {
    common: &'a Common,
    cell: &'a Cell,
    thing: T,
    is_changed: bool,
    /// It really has the latch. Else a process is lost that may have it: nothing is read, and nothing is written.
    has_latch: bool,
}

impl<T: Written> Deref for Holding<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.thing
    }
}

impl<T: Written> DerefMut for Holding<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.is_changed = true;
        &mut self.thing
    }
}

impl<T: Written> Drop for Holding<'_, T> {
    fn drop(&mut self) {
        if self.has_latch {
            if self.is_changed {
                self.common.write(self.cell, &self.thing);
            }
            self.cell.latch.give_back();
        }
    }
}

impl Row {
    /// The process of the thread, and that one's parent.
    pub(super) fn home(&self) -> (usize, usize) {
        let home = self.home.load(SeqCst);
        ((home & 0xff) as usize, (home >> 8) as usize)
    }

    pub(super) fn set_home(&self, (process, parent): (usize, usize)) {
        self.home.store((parent as u32) << 8 | process as u32, SeqCst);
    }

    pub(super) fn is_daemon(&self) -> bool {
        self.daemon.load(SeqCst) != 0
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(SeqCst) != 0
    }

    /// The thread waits for the end of this row's from here on, or no longer. Whoever ends looks for waiters after saying
    /// so, and whoever waits looks for the end after this: one of the two sees the other.
    pub(super) fn await_end(&self, thread: usize, waits: bool) {
        let bit = 1 << thread;
        if waits {
            self.waiters.fetch_or(bit, SeqCst)
        } else {
            self.waiters.fetch_and(!bit, SeqCst)
        };
    }

    /// Who waits for the end.
    pub(super) fn waiters(&self) -> impl Iterator<Item = usize> + use<> {
        bits(self.waiters.load(SeqCst))
    }

    /// It ends; who waited for that.
    pub(super) fn end(&self) -> impl Iterator<Item = usize> + use<> {
        self.ended.store(1, SeqCst);
        bits(self.waiters.swap(0, SeqCst))
    }

    fn clear(&self) {
        for word in [&self.home, &self.daemon, &self.ended, &self.spins_at] {
            word.store(0, SeqCst);
        }
        self.waiters.store(0, SeqCst);
    }
}

/// The numbers of the bits that are set.
pub(super) fn bits(word: u64) -> impl Iterator<Item = usize> + use<> {
    (0..64).filter(move |bit| word >> bit & 1 == 1)
}

impl Cell {
    fn clear(&self) {
        self.latch.0.store(0, SeqCst);
        self.length.store(0, SeqCst);
        self.room.store(0, SeqCst);
    }
}

/// What the processes of a lane's runs share. Each process maps it once.
#[derive(Debug)]
pub(super) struct Common {
    map: MmapRaw,
}

impl Common {
    /// New, and the descriptor to share it by.
    ///
    /// # Errors
    /// What the system says where it gives no memory.
    pub(super) fn make() -> io::Result<(Common, OwnedFd)> {
        let file = File::from(system::unnamed_memory("poolscope processes")?);
        file.set_len(size_of::<Layout>() as u64)?;
        let common = Common { map: MmapOptions::new().len(size_of::<Layout>()).map_raw(&file)? };
        Ok((common, file.into()))
    }

    /// What is behind a descriptor that [`Common::make`] gave, in another process.
    ///
    /// # Errors
    /// Where it is not such a one.
    pub(super) fn attach(memory: OwnedFd) -> io::Result<Common> {
        let file = File::from(memory);
        if file.metadata()?.len() != size_of::<Layout>() as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not what processes of this version share"));
        }
        Ok(Common { map: MmapOptions::new().len(size_of::<Layout>()).map_raw(&file)? })
    }

    fn layout(&self) -> &Layout {
        // SAFETY: the mapping is page-aligned and as long as Layout, whose fields are all atomics for which any bit pattern
        // is valid; it is touched through this type only, and lives as long as self.
        unsafe { &*self.map.as_ptr().cast::<Layout>() }
    }

    /// Begins a run: nothing has happened in it. Only while nobody has to do with the one before, nor looks at it.
    pub(super) fn begin_run(&self, number: u64) {
        let layout = self.layout();
        let run = &layout.run.0;
        run.number.store(number, SeqCst);
        let places = (run.places.load(SeqCst) as usize).min(PLACES);
        for place in &layout.places[..places] {
            place.what.store(What::Nothing as u32, SeqCst);
            place.cell.clear();
        }
        layout.rows.iter().for_each(Row::clear);
        layout.texts.iter().chain([&layout.console]).for_each(Cell::clear);
        for desk in &layout.desks {
            desk.bell.store(0, SeqCst);
            desk.birth.clear();
        }
        run.words.store(0, SeqCst);
        for word in [&run.places, &run.spawns, &run.start_is_said, &run.is_full, &run.hosted, &run.starting.0] {
            word.store(0, SeqCst);
        }
        for word in [&layout.line.0.volley, &layout.line.0.lined_up, &layout.hosts.0.is_lost] {
            word.store(0, SeqCst);
        }
        run.started.store(1, SeqCst);
        run.alive.store(1, SeqCst);
        run.over.store(0, SeqCst);
    }

    pub(super) fn run(&self) -> u64 {
        self.layout().run.0.number.load(SeqCst)
    }

    pub(super) fn over(&self) -> &AtomicU32 {
        &self.layout().run.0.over
    }

    /// How many threads were started, main among them.
    pub(super) fn started(&self) -> usize {
        (self.layout().run.0.started.load(SeqCst) as usize).min(THREADS_MAX)
    }

    pub(super) fn alive(&self) -> &AtomicU32 {
        &self.layout().run.0.alive
    }

    pub(super) fn hosted(&self) -> &AtomicU32 {
        &self.layout().run.0.hosted
    }

    pub(super) fn volley(&self) -> &AtomicU32 {
        &self.layout().line.0.volley
    }

    pub(super) fn lined_up(&self) -> &AtomicU32 {
        &self.layout().line.0.lined_up
    }

    /// 1: processes begin as importing the module leaves them.
    pub(super) fn spawns(&self) -> &AtomicU32 {
        &self.layout().run.0.spawns
    }

    /// 1: how they begin was said.
    pub(super) fn start_is_said(&self) -> &AtomicU32 {
        &self.layout().run.0.start_is_said
    }

    /// Whether something had no room in this run.
    pub(super) fn is_full(&self) -> bool {
        self.layout().run.0.is_full.load(SeqCst) != 0
    }

    pub(super) fn seats(&self) -> &[Seat; THREADS_MAX] {
        &self.layout().seats
    }

    pub(super) fn row(&self, thread: usize) -> &Row {
        &self.layout().rows[thread % THREADS_MAX]
    }

    /// How many workers there have been.
    pub(super) fn workers(&self) -> usize {
        self.layout().hosts.0.workers.load(SeqCst) as usize
    }

    /// There is a worker of that number.
    pub(super) fn note_worker(&self, thread: usize) {
        self.layout().hosts.0.workers.fetch_max(thread as u32 + 1, SeqCst);
    }

    /// Takes the next number for a thread, whose seat counts from here on; none where there are as many as there may be.
    pub(super) fn claim_thread(&self, is_daemon: bool) -> Option<usize> {
        let run = &self.layout().run.0;
        if !self.take(&run.starting) {
            return None;
        }
        let number = run.started.load(SeqCst) as usize;
        let claimed = (number < THREADS_MAX).then(|| {
            self.row(number).daemon.store(u32::from(is_daemon), SeqCst);
            if !is_daemon {
                run.alive.fetch_add(1, SeqCst);
            }
            self.seats()[number].take();
            run.started.store(number as u32 + 1, SeqCst);
            number
        });
        run.starting.give_back();
        claimed
    }

    /// Everybody stops, wherever they are.
    pub(super) fn stop(&self) {
        self.over().store(1, SeqCst);
        system::futex_wake(self.over(), u32::MAX);
        self.volley().store(u32::MAX, SeqCst);
        system::futex_wake(self.volley(), u32::MAX);
        self.seats()[..self.started()].iter().for_each(Seat::call);
    }

    /// The thread that started with this number has ended.
    pub(super) fn end_thread(&self, thread: usize) {
        self.row(thread).end().for_each(|waiter| self.seats()[waiter].call());
    }

    /// It counts no longer among those whose end the program waits for.
    pub(super) fn leave(&self, thread: usize) {
        if !self.row(thread).is_daemon() && self.alive().fetch_sub(1, SeqCst) == 1 {
            self.stop();
        }
        self.seats()[thread].set(Stand::Ended);
    }

    // ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Has the process of that number begin, once there is one.
    pub(super) fn begin_process<T: Serialize>(&self, number: usize, birth: &T) {
        self.hosted().fetch_add(1, SeqCst);
        let desk = &self.layout().desks[number % THREADS_MAX];
        self.write(&desk.birth, birth);
        self.layout().hosts.0.wanted.fetch_or(1 << number, SeqCst);
        desk.bell.store(1, SeqCst);
        system::futex_wake(&desk.bell, 1);
    }

    /// Waits until the process of that number is to begin, and takes what with.
    pub(super) fn next_birth<T: DeserializeOwned>(&self, number: usize) -> Option<T> {
        let desk = &self.layout().desks[number % THREADS_MAX];
        while desk.bell.load(SeqCst) == 0 {
            system::futex_wait(&desk.bell, 0, None);
        }
        desk.bell.store(0, SeqCst);
        self.read(&desk.birth)
    }

    /// Processes that a run waits for and that there are not.
    pub(super) fn missing_hosts(&self) -> impl Iterator<Item = usize> + use<> {
        let hosts = &self.layout().hosts.0;
        bits(hosts.wanted.load(SeqCst) & !hosts.living.load(SeqCst))
    }

    /// There is a process of that number, or no longer.
    pub(super) fn note_host(&self, number: usize, lives: bool) {
        let hosts = &self.layout().hosts.0;
        let bit = 1 << number;
        if lives {
            hosts.living.fetch_or(bit, SeqCst)
        } else {
            hosts.living.fetch_and(!bit, SeqCst)
        };
        if !lives {
            hosts.wanted.fetch_and(!bit, SeqCst);
        }
    }

    /// One of them is gone that should not be.
    pub(super) fn lose(&self) {
        self.layout().hosts.0.is_lost.store(1, SeqCst);
    }

    pub(super) fn is_lost(&self) -> bool {
        self.layout().hosts.0.is_lost.load(SeqCst) != 0
    }

    // ── objects ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Shows what was put at a place as nothing yet.
    pub(super) fn show(&self, place: usize, what: What) {
        self.place(place).what.store(what as u32, SeqCst);
    }

    /// What lies at a place.
    pub(super) fn what(&self, place: usize) -> What {
        let Some(place) = self.layout().places.get(place) else { return What::Nothing };
        match place.what.load(SeqCst) {
            1 => What::OwnSync,
            2 => What::Sync,
            3 => What::Array,
            4 => What::Value,
            5 => What::Connection,
            _ => What::Nothing,
        }
    }

    /// A place; a number past the last shares the last one, which holds nothing.
    pub(super) fn place(&self, place: usize) -> &Place {
        &self.layout().places[place.min(PLACES - 1)]
    }

    /// How many places are taken.
    pub(super) fn places(&self) -> usize {
        (self.layout().run.0.places.load(SeqCst) as usize).min(PLACES - 1)
    }

    /// Takes a place for an object; none where all are taken.
    pub(super) fn put<T: Serialize>(&self, what: What, word: u64, thing: &T) -> Option<usize> {
        let number = self.layout().run.0.places.fetch_add(1, SeqCst) as usize;
        if number >= PLACES - 1 {
            return None;
        }
        let place = self.place(number);
        place.word.store(word, SeqCst);
        self.write(&place.cell, thing);
        // Last: whoever finds it finds it whole.
        place.what.store(what as u32, SeqCst);
        Some(number)
    }

    // ── what is written out ───────────────────────────────────────────────────────────────────────────────────────────

    fn take(&self, latch: &Latch) -> bool {
        latch.take(&self.layout().hosts.0.is_lost)
    }

    /// Appends to what was printed, where that is at most so long then; says whether it is.
    pub(super) fn print(&self, text: &str, bytes_max: usize) -> bool {
        let cell = &self.layout().console;
        if !self.take(&cell.latch) {
            return true;
        }
        let length = cell.length.load(Relaxed) as usize;
        let fits = length + text.len() <= bytes_max;
        if fits && self.make_room(cell, length, (length + text.len()).div_ceil(8)) {
            // From the last word that is not full.
            let (at, before) = (cell.at.load(Relaxed) as usize + length / 8, length % 8);
            let begun = self.bytes(at, before);
            self.put_bytes(at, &[&begun, text.as_bytes()].concat());
            cell.length.store((length + text.len()) as u32, Relaxed);
        }
        cell.latch.give_back();
        fits
    }

    /// What was printed.
    pub(super) fn printed(&self) -> String {
        let cell = &self.layout().console;
        if !self.take(&cell.latch) {
            return String::new();
        }
        let bytes = self.bytes(cell.at.load(Relaxed) as usize, cell.length.load(Relaxed) as usize);
        cell.latch.give_back();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Looks at one of the run's texts.
    pub(super) fn look_at<T: Written, R>(&self, text: Text, look: impl FnOnce(&T) -> R) -> R {
        look(&self.hold(&self.layout().texts[text as usize]))
    }

    /// Changes one of the run's texts.
    pub(super) fn with<T: Written, R>(&self, text: Text, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.hold(&self.layout().texts[text as usize]))
    }

    /// Holds what is written out in a cell; what was changed of it is written back in the end.
    pub(super) fn hold<'a, T: Written>(&'a self, cell: &'a Cell) -> Holding<'a, T> {
        let has_latch = self.take(&cell.latch);
        let thing = if has_latch { self.read(cell).unwrap_or_default() } else { T::default() };
        Holding { common: self, cell, thing, is_changed: false, has_latch }
    }

    /// Writes a value out that stays as it is; where. None where there is no room.
    pub(super) fn keep<T: Serialize>(&self, thing: &T) -> Option<u64> {
        let bytes = postcard::to_stdvec(thing).ok()?;
        let at = self.room(bytes.len().div_ceil(8) + 1)?;
        self.layout().words[at].store(bytes.len() as u64, Relaxed);
        self.put_bytes(at + 1, &bytes);
        Some(at as u64)
    }

    /// What was kept there.
    pub(super) fn kept<T: DeserializeOwned>(&self, at: u64) -> Option<T> {
        let length = self.layout().words.get(at as usize)?.load(Relaxed) as usize;
        postcard::from_bytes(&self.bytes(at as usize + 1, length)).ok()
    }

    fn read<T: DeserializeOwned>(&self, cell: &Cell) -> Option<T> {
        let (at, length) = (cell.at.load(Relaxed), cell.length.load(Relaxed));
        if length == 0 {
            return None;
        }
        postcard::from_bytes(&self.bytes(at as usize, length as usize)).ok()
    }

    fn write<T: Serialize>(&self, cell: &Cell, thing: &T) {
        // It fails for no type of ours.
        let bytes = postcard::to_stdvec(thing).unwrap_or_default();
        if !self.make_room(cell, 0, bytes.len().div_ceil(8)) {
            return;
        }
        self.put_bytes(cell.at.load(Relaxed) as usize, &bytes);
        cell.length.store(bytes.len() as u32, Relaxed);
    }

    /// Sees to it that a cell has room for so many words, and keeps so many bytes of what it has.
    fn make_room(&self, cell: &Cell, bytes_kept: usize, words: usize) -> bool {
        if words <= cell.room.load(Relaxed) as usize {
            return true;
        }
        // Twice as much as it takes now, so that what grows does not move each time.
        let Some(at) = self.room(2 * words) else { return false };
        let kept = self.bytes(cell.at.load(Relaxed) as usize, bytes_kept);
        self.put_bytes(at, &kept);
        cell.at.store(at as u64, Relaxed);
        cell.room.store(2 * words as u32, Relaxed);
        true
    }

    /// Room for so many words. Where there is none the run is over.
    fn room(&self, words: usize) -> Option<usize> {
        let run = &self.layout().run.0;
        let at = run.words.fetch_add(words as u64, SeqCst) as usize;
        let fits = at.saturating_add(words) <= WORDS;
        if !fits {
            run.is_full.store(1, SeqCst);
            self.stop();
        }
        fits.then_some(at)
    }

    // Relaxed: a latch, a bell or the word that leads here is taken after the bytes are written and before they are read.

    fn put_bytes(&self, at: usize, bytes: &[u8]) {
        let words = &self.layout().words;
        for (number, chunk) in bytes.chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            words[(at + number) % WORDS].store(u64::from_le_bytes(word), Relaxed);
        }
    }

    fn bytes(&self, at: usize, length: usize) -> Vec<u8> {
        let words = length.div_ceil(8);
        let found = self.layout().words.get(at..at.saturating_add(words)).unwrap_or_default();
        let mut bytes: Vec<u8> = found.iter().flat_map(|word| word.load(Relaxed).to_le_bytes()).collect();
        bytes.truncate(length);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> (Common, Common) {
        let (one, memory) = Common::make().expect("memory");
        one.begin_run(1);
        let other = Common::attach(memory).expect("the same");
        (one, other)
    }

    #[test]
    fn what_one_process_writes_out_another_reads_and_changes() {
        let (one, other) = two();
        let list = vec!["a".to_string(), "b".to_string()];
        let place = one.put(What::Array, 7, &list).expect("room");
        assert_eq!((other.what(place), other.what(place + 1)), (What::Array, What::Nothing));
        for length in 3..100 {
            other.hold::<Vec<String>>(&other.place(place).cell).push("longer and longer".repeat(length));
            assert_eq!(one.hold::<Vec<String>>(&one.place(place).cell).len(), length);
        }
        assert_eq!(one.hold::<Vec<String>>(&one.place(place).cell)[..2], list);
        let at = one.keep(&(1_u64 << 62, "text")).expect("room");
        assert_eq!(other.kept(at), Some((1_u64 << 62, "text".to_string())));
        one.with(Text::Failures, |list: &mut Vec<u32>| list.push(7));
        assert_eq!(other.look_at(Text::Failures, |list: &Vec<u32>| list.clone()), [7]);
        let mut said = String::new();
        for length in 0..60 {
            let piece = "é".repeat(length % 7) + "x";
            assert!([&one, &other][length % 2].print(&piece, 1000));
            said.push_str(&piece);
        }
        assert!(!one.print(&"y".repeat(1000), 1000), "too much");
        assert_eq!(other.printed(), said);
        one.begin_run(2);
        assert_eq!((other.run(), other.places(), other.what(place)), (2, 0, What::Nothing));
        assert_eq!(other.printed(), "", "nothing of the run before");
        assert!(other.look_at(Text::Failures, Vec::<u32>::is_empty));
    }

    #[test]
    fn what_is_held_is_held_against_all() {
        let (one, other) = two();
        let place = one.put(What::Array, 0, &0_u64).expect("room");
        let add = move |common: &Common| {
            for _ in 0..2_000 {
                *common.hold::<u64>(&common.place(place).cell) += 1;
            }
        };
        let adding = crate::doors::threads::spawn("other", move || add(&other)).expect("a thread");
        add(&one);
        // Waits for its end.
        drop(adding);
        assert_eq!(*one.hold::<u64>(&one.place(place).cell), 4_000);
    }

    #[test]
    fn more_than_there_is_room_for_ends_the_run() {
        let (one, other) = two();
        let megabyte = vec![1_u8; 1 << 20];
        let kept = (0..40).take_while(|_| one.keep(&megabyte).is_some()).count();
        assert!((30..40).contains(&kept), "{kept}");
        assert!(other.is_full() && other.over().load(SeqCst) == 1);
        one.begin_run(2);
        assert!(!other.is_full() && other.over().load(SeqCst) == 0);
        let places = (0..2 * PLACES).take_while(|_| one.put(What::Array, 0, &0).is_some()).count();
        assert_eq!(places, PLACES - 1);
    }

    #[test]
    fn what_a_lost_process_held_keeps_nobody() {
        let (one, other) = two();
        let place = one.put(What::Array, 0, &5_u64).expect("room");
        std::mem::forget(one.hold::<u64>(&one.place(place).cell));
        one.lose();
        *other.hold::<u64>(&other.place(place).cell) += 1;
        assert_eq!(*other.hold::<u64>(&other.place(place).cell), 0, "what it left is neither read nor written");
        assert!(other.is_lost());
        one.begin_run(2);
        let place = one.put(What::Array, 0, &5_u64).expect("room");
        assert_eq!(*other.hold::<u64>(&other.place(place).cell), 5);
    }

    #[test]
    fn whoever_waits_for_an_end_is_told() {
        let (one, other) = two();
        let number = one.claim_thread(false).expect("a number");
        assert_eq!((number, other.started(), other.alive().load(SeqCst)), (1, 2, 2));
        one.row(1).set_home((1, 0));
        one.row(1).await_end(0, true);
        one.row(1).await_end(59, true);
        one.row(1).await_end(59, false);
        assert_eq!(other.row(1).home(), (1, 0));
        assert_eq!(other.row(1).end().collect::<Vec<_>>(), [0]);
        assert!(one.row(1).has_ended() && one.row(1).waiters().next().is_none());
        other.leave(1);
        assert_eq!((one.alive().load(SeqCst), one.over().load(SeqCst)), (1, 0));
    }
}
