//! The hub: one thread that owns every worker process of a lane.
//!
//! ```text
//! loop: hear orders ─ take replies ─ bury the dead ─ make the missing ─ feed the hungry ─ sleep until something happens
//! ```
//!
//! It sleeps in one wait on: the bell (orders, submissions while it sleeps, workers with rings), every pipe or socket with
//! replies or with room again, and every worker's process handle, which becomes readable when the worker ends.

use super::Shared;
use super::births::Births;
use super::link::{Link, silence};
use super::message::{Inbox, put_request, take_reply};
use crate::doors::children::Child;
use crate::doors::clock;
use crate::pool::floor::{Item, bump};
use crate::pool::threads::free_slot;
use crate::telemetry::{Life, Recorder, SLOTS_MAX, WorkerBlock};
use crate::wire::{Event, Exit, OnDeath, PoolPlan, Transport, WorkerId};
use crossbeam_channel::{Receiver, Sender};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::Duration;

/// The hub's own block, out of every worker's way.
const HUB: WorkerId = WorkerId(SLOTS_MAX as u32 - 3);

/// How long the system is left alone after it has refused a worker.
const REFUSED_NS: u64 = 100_000_000;

/// How many workers in a row may die before they have done anything, until the hub stops making more.
const STILLBORN_MAX: u32 = 20;

/// Initial workers that the lane's hello waits for; the rest come while it works.
const AWAITED_MAX: u32 = 64;

/// Bytes that may wait for a worker to make room.
const OUTGOING_BYTES_MAX: usize = 256 << 10;

/// What the hub can be told.
pub(super) enum Told {
    Resize(u32),
    Kill(WorkerId),
    /// Give everything back that no worker has begun.
    Drain(Sender<Vec<Item>>),
    /// End all workers, and then yourself.
    End(Sender<()>),
}

/// What woke the hub, packed into the number that comes with an event.
#[derive(Clone, Copy)]
enum Woken {
    Bell,
    Link(usize),
    Process(usize),
}

impl Woken {
    fn pack(self) -> u64 {
        match self {
            Woken::Bell => 0,
            Woken::Link(slot) => 1 | (slot as u64) << 2,
            Woken::Process(slot) => 2 | (slot as u64) << 2,
        }
    }

    fn unpack(word: u64) -> Woken {
        match word & 3 {
            1 => Woken::Link((word >> 2) as usize),
            2 => Woken::Process((word >> 2) as usize),
            _ => Woken::Bell,
        }
    }
}

/// A worker process, as the hub sees it.
struct Worker {
    child: Child,
    /// Becomes readable when it ends.
    _handle: OwnedFd,
    link: Link,
    inbox: Inbox,
    outgoing: Vec<u8>,
    /// Items sent and not yet replied to, oldest first.
    outstanding: VecDeque<Item>,
    /// Tasks sent to it, and tasks that its replies told of.
    given: u64,
    replied: u64,
    /// What its block said when it was made: the slot's earlier workers' doing.
    born_started: u64,
    born_ended: u64,
    /// It gets nothing more, and ends when it has done what it has.
    leaving: bool,
    recycled: bool,
    ready: bool,
    /// When the worker that it replaces died.
    replaces_since_ns: Option<u64>,
    waits_for_room: bool,
}

pub(super) struct Hub {
    shared: Arc<Shared>,
    told: Receiver<Told>,
    /// Told once the first workers stand ready.
    ready: Option<Sender<io::Result<()>>>,
    recorder: Recorder,
    births: Births,
    transport: Transport,
    window: usize,
    share: u64,
    workers: Vec<Option<Worker>>,
    wanted: u32,
    /// Workers that died and are to be replaced under their own number, and when they died.
    vacant: Vec<(WorkerId, Option<u64>)>,
    /// Items that a dead worker left.
    returned: VecDeque<Item>,
    epoll: OwnedFd,
    not_before_ns: u64,
    stillborn: u32,
    draining: bool,
    /// Where the next feeding begins, so that all slots are served alike.
    turn: usize,
}

impl Hub {
    pub(super) fn new(shared: Arc<Shared>, told: Receiver<Told>, ready: Sender<io::Result<()>>) -> io::Result<Hub> {
        let floor = &shared.floor;
        let PoolPlan::Processes { transport, max_tasks_per_worker, in_flight, payload_bytes, .. } = floor.plan.pool
        else {
            return Err(io::Error::other("not a process pool"));
        };
        shared.payload_bytes.store(payload_bytes, Ordering::Relaxed);
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &shared.bell, EventData::new_u64(Woken::Bell.pack()), EventFlags::IN)?;
        Ok(Hub {
            recorder: Recorder::new(floor.arena, HUB, false),
            births: Births::new(floor)?,
            transport,
            window: in_flight as usize + 1,
            share: max_tasks_per_worker.unwrap_or(u64::MAX).max(1),
            workers: Vec::new(),
            wanted: floor.plan.workers,
            vacant: Vec::new(),
            returned: VecDeque::new(),
            epoll,
            not_before_ns: 0,
            stillborn: 0,
            draining: false,
            turn: 0,
            ready: Some(ready),
            told,
            shared,
        })
    }

    pub(super) fn run(mut self) {
        let mut events = Vec::with_capacity(256);
        loop {
            while let Ok(told) = self.told.try_recv() {
                if let Told::End(done) = told {
                    // Dropped: killed and reaped.
                    self.workers.clear();
                    let _ = done.send(());
                    return;
                }
                self.obey(told);
            }
            self.take_replies();
            self.make_missing();
            self.tell_ready();
            self.feed();
            self.sleep(&mut events);
        }
    }

    fn obey(&mut self, told: Told) {
        match told {
            Told::Resize(workers) => self.resize(workers),
            Told::Kill(id) => {
                if let Some(worker) = self.workers.get_mut(id.0 as usize).and_then(Option::as_mut) {
                    worker.child.kill();
                }
            }
            Told::Drain(answer) => {
                self.draining = true;
                let mut left: Vec<Item> = std::mem::take(&mut self.returned).into();
                for slot in 0..self.workers.len() {
                    left.extend(self.not_begun(slot));
                }
                left.extend(std::iter::from_fn(|| self.shared.queue.try_pop(&mut self.recorder)));
                // Whoever asked may have lost patience.
                let _ = answer.send(left);
            }
            Told::End(_) => {}
        }
    }

    fn resize(&mut self, workers: u32) {
        self.wanted = workers;
        let staying = |worker: &&mut Worker| !worker.leaving;
        let there = self.workers.iter_mut().flatten().filter(staying).count() + self.vacant.len();
        let mut surplus = there.saturating_sub(workers as usize);
        let unfilled = surplus.min(self.vacant.len());
        self.vacant.truncate(self.vacant.len() - unfilled);
        surplus -= unfilled;
        for worker in self.workers.iter_mut().rev().flatten().filter(staying).take(surplus) {
            worker.leaving = true;
        }
        self.stillborn = 0;
    }

    /// What a worker was sent and has not begun: its block knows.
    fn not_begun(&self, slot: usize) -> Vec<Item> {
        let Some(worker) = self.workers.get(slot).and_then(Option::as_ref) else { return Vec::new() };
        let block = self.block(slot);
        let begun = (block.started() - worker.born_started).saturating_sub(worker.replied);
        split_off(&worker.outstanding, begun)
    }

    fn block(&self, slot: usize) -> &'static WorkerBlock {
        self.shared.floor.arena.worker(WorkerId(slot as u32))
    }

    fn take_replies(&mut self) {
        if self.transport == Transport::SharedMemory {
            for slot in 0..self.workers.len() {
                if self.workers[slot].as_ref().is_some_and(|worker| worker.link.has_replies()) {
                    self.take_replies_of(slot);
                }
            }
        }
    }

    fn take_replies_of(&mut self, slot: usize) {
        let Some(worker) = self.workers[slot].as_mut() else { return };
        let (link, inbox) = (&worker.link, &mut worker.inbox);
        // Until there is less than there was room for: then nothing was left.
        while matches!(inbox.fill(|room| Ok(link.receive(room))), Ok((_, true))) {}
        while let Some((reply, length)) = take_reply(worker.inbox.bytes()) {
            worker.inbox.take(length);
            worker.ready = true;
            if reply.count == 0 {
                if let Some(since_ns) = worker.replaces_since_ns.take() {
                    let after_ns = clock::monotonic_ns().saturating_sub(since_ns);
                    let id = WorkerId(slot as u32);
                    self.shared.floor.events.note(Event::WorkerReplaced { worker: id, after_ns });
                }
                continue;
            }
            self.stillborn = 0;
            worker.replied += u64::from(reply.count);
            worker.outstanding.pop_front();
        }
    }

    /// Makes workers until there are as many as wanted.
    fn make_missing(&mut self) {
        // One that is to be replaced after its share keeps its place until it has gone.
        let there = self.workers.iter().flatten().filter(|worker| !worker.leaving || worker.recycled).count() as u32;
        let mut missing = self.wanted.saturating_sub(there);
        // A few at a time, so that those who are there are fed in between.
        let mut few = 8;
        while missing > 0 && few > 0 && !self.draining && clock::monotonic_ns() >= self.not_before_ns {
            let (id, since_ns) = match self.vacant.pop() {
                Some(vacancy) => vacancy,
                None => (free_slot(&self.shared.floor, &self.shared.slots), None),
            };
            if let Err(error) = self.make_worker(id, since_ns) {
                self.block(id.0 as usize).set_life(Life::Ended);
                self.refused(&error, there);
                return;
            }
            (missing, few) = (missing - 1, few - 1);
        }
    }

    fn make_worker(&mut self, id: WorkerId, replaces_since_ns: Option<u64>) -> io::Result<()> {
        let slot = id.0 as usize;
        let block = self.block(slot);
        block.set_life(Life::Starting);
        let (link, ends) = Link::make(self.transport, self.shared.bell.as_fd())?;
        let child = self.births.make(id, &ends)?;
        let handle = child.pidfd()?;
        epoll::add(&self.epoll, &handle, EventData::new_u64(Woken::Process(slot).pack()), EventFlags::IN)?;
        if let Some(replies) = link.readable() {
            epoll::add(&self.epoll, replies, EventData::new_u64(Woken::Link(slot).pack()), EventFlags::IN)?;
        }
        let worker = Worker {
            child,
            _handle: handle,
            link,
            inbox: Inbox::default(),
            outgoing: Vec::new(),
            outstanding: VecDeque::new(),
            given: 0,
            replied: 0,
            born_started: block.started(),
            born_ended: block.ended(),
            leaving: false,
            recycled: false,
            ready: false,
            replaces_since_ns,
            waits_for_room: false,
        };
        if self.workers.len() <= slot {
            self.workers.resize_with(slot + 1, || None);
        }
        self.workers[slot] = Some(worker);
        Ok(())
    }

    fn refused(&mut self, error: &io::Error, workers: u32) {
        self.not_before_ns = clock::monotonic_ns() + REFUSED_NS;
        let (what, why) = ("processes".to_string(), error.to_string());
        self.shared.floor.events.note(Event::SpawnFailed { what, why, workers });
        if self.workers.iter().all(Option::is_none) {
            if let Some(ready) = self.ready.take() {
                let _ = ready.send(Err(io::Error::new(error.kind(), error.to_string())));
            }
        } else if let Some(ready) = self.ready.take() {
            // Fewer than wanted are better than none.
            let _ = ready.send(Ok(()));
        }
    }

    fn tell_ready(&mut self) {
        let ready = self.workers.iter().flatten().filter(|worker| worker.ready).count() as u32;
        if ready >= self.wanted.min(AWAITED_MAX)
            && let Some(told) = self.ready.take()
        {
            let _ = told.send(Ok(()));
        }
    }

    /// Hands items to workers that have room, one each in turn, and sends what was handed together.
    fn feed(&mut self) {
        let count = self.workers.len();
        let mut fed_any = true;
        while fed_any && !self.draining && count > 0 {
            fed_any = false;
            for step in 0..count {
                let slot = (self.turn + step) % count;
                if !self.has_room(slot) {
                    continue;
                }
                let Some(item) = self.next_item() else {
                    self.turn = slot;
                    fed_any = false;
                    break;
                };
                self.give(slot, item);
                less(&self.shared.in_hand, u64::from(item.count));
                fed_any = true;
            }
        }
        for slot in 0..count {
            self.flush(slot);
            self.dismiss(slot);
        }
    }

    /// The next item, counted in hand: what a dead worker left, or else the oldest of the queue.
    fn next_item(&mut self) -> Option<Item> {
        if let Some(item) = self.returned.pop_front() {
            return Some(item);
        }
        // In hand before it leaves the queue's count: seen twice for a moment, never not at all.
        let (chunk, in_hand) = (u64::from(self.shared.floor.plan.chunk), &self.shared.in_hand);
        more(in_hand, chunk);
        let item = self.shared.queue.try_pop(&mut self.recorder);
        less(in_hand, chunk - item.map_or(0, |item| u64::from(item.count)));
        item
    }

    fn has_room(&self, slot: usize) -> bool {
        self.workers[slot].as_ref().is_some_and(|worker| {
            worker.ready
                && !worker.leaving
                && worker.outstanding.len() < self.window
                && worker.outgoing.len() < OUTGOING_BYTES_MAX
        })
    }

    fn give(&mut self, slot: usize, item: Item) {
        let payload_bytes = self.shared.payload_bytes.load(Ordering::Relaxed) as usize;
        let Some(worker) = self.workers[slot].as_mut() else { return };
        put_request(&mut worker.outgoing, item, payload_bytes);
        worker.outstanding.push_back(item);
        worker.given += u64::from(item.count);
        more(&self.shared.sent[slot], u64::from(item.count));
        if worker.given >= self.share {
            (worker.leaving, worker.recycled) = (true, true);
        }
    }

    fn flush(&mut self, slot: usize) {
        let Some(worker) = self.workers[slot].as_mut() else { return };
        if !worker.outgoing.is_empty() {
            let sent = worker.link.send(&worker.outgoing);
            worker.outgoing.drain(..sent);
        }
        let wants_room = !worker.outgoing.is_empty();
        if wants_room == worker.waits_for_room {
            return;
        }
        worker.waits_for_room = wants_room;
        let Some(writable) = worker.link.writable() else { return };
        let data = EventData::new_u64(Woken::Link(slot).pack());
        // A pipe has one descriptor for each direction, a socket one for both.
        let changed = match (self.transport, wants_room) {
            (Transport::Socket, true) => epoll::modify(&self.epoll, writable, data, EventFlags::IN | EventFlags::OUT),
            (Transport::Socket, false) => epoll::modify(&self.epoll, writable, data, EventFlags::IN),
            (_, true) => epoll::add(&self.epoll, writable, data, EventFlags::OUT),
            (_, false) => epoll::delete(&self.epoll, writable),
        };
        // Where the kernel gives no room for this the next look around sends the rest.
        let _ = changed;
    }

    /// Closes the requests of a worker that is to leave and has nothing more to be sent.
    fn dismiss(&mut self, slot: usize) {
        let Some(worker) = self.workers[slot].as_mut() else { return };
        if worker.leaving && worker.outgoing.is_empty() && worker.outstanding.is_empty() {
            worker.link.close();
        }
    }

    /// Takes leave of a worker whose process has ended.
    fn bury(&mut self, slot: usize) {
        self.take_replies_of(slot);
        let Some(worker) = self.workers[slot].as_mut() else { return };
        let Some(exit) = worker.child.try_wait() else { return };
        let Some(worker) = self.workers[slot].take() else { return };
        let id = WorkerId(slot as u32);
        let block = self.block(slot);
        let floor = Arc::clone(&self.shared.floor);
        let died_ns = clock::monotonic_ns();
        // Before the block is put right: it tells what the worker waited for. Every lock, held or not: it may have died
        // with a wake-up that others wait for.
        for (index, lock) in floor.work.locks().iter().enumerate() {
            if lock.recover(id) {
                let lock = crate::wire::LockId(floor.first_lock.0 + index as u16);
                floor.events.note(Event::LockAbandoned { lock, worker: id });
            }
        }
        block.mark_dead(floor.now_ns());
        // What it did is what its block says; of the rest, one task may have been begun.
        let ended = (block.ended() - worker.born_ended).saturating_sub(worker.replied);
        let begun = block.started() - worker.born_started > block.ended() - worker.born_ended;
        let mut left = split_off(&worker.outstanding, ended);
        let mut fate = (0, 0);
        if begun {
            fate = self.settle_begun(&mut left);
        }
        let unbegun: u64 = left.iter().map(|item| u64::from(item.count)).sum();
        // In hand before it leaves the slot's account, and that before the hub can lose it: never not at all.
        more(&self.shared.in_hand, unbegun);
        less(&self.shared.sent[slot], unbegun - fate.0);
        self.put_back(left);
        if worker.recycled && exit == (Exit::Code { code: 0 }) {
            floor.events.note_recycled();
        } else if !(worker.leaving && exit == (Exit::Code { code: 0 })) {
            let (retried, lost) = fate;
            floor.events.note(Event::WorkerDied { worker: id, exit, retried, lost });
            self.stillborn += 1;
            if self.stillborn > STILLBORN_MAX {
                self.give_up();
            } else {
                self.vacant.push((id, Some(died_ns)));
            }
        }
        // Whoever waits for room in a closed loop: a task that is lost makes room too.
        self.recorder.tell_ended();
    }

    /// Decides what becomes of the task that a dead worker had begun, the first of `left`: tried again, or lost. Returns
    /// how many were retried and lost.
    fn settle_begun(&mut self, left: &mut Vec<Item>) -> (u64, u64) {
        let floor = &self.shared.floor;
        let books = &floor.books;
        let Some(first) = left.first_mut() else { return (0, 0) };
        let begun = Item { count: 1, ..*first };
        *first = Item { first: first.first + 1, count: first.count - 1, ..*first };
        if first.count == 0 {
            left.remove(0);
        }
        let again = matches!(floor.plan.on_death, OnDeath::Retry { times } if begun.attempt < times);
        if again {
            left.insert(0, Item { attempt: begun.attempt + 1, ..begun });
            bump(&books.retried, 1);
            // Last: a task is counted as running until it is counted in hand.
            bump(&books.interrupted, 1);
            (1, 0)
        } else {
            let (value, receipts) = floor.worth(begun);
            bump(&books.lost_expected, value);
            bump(&books.lost_receipts, receipts);
            bump(&books.interrupted, 1);
            bump(&books.lost, 1);
            (0, 1)
        }
    }

    /// Puts a dead worker's items first in line; they are counted in hand until they are given again.
    fn put_back(&mut self, left: Vec<Item>) {
        for item in left.into_iter().rev() {
            self.returned.push_front(item);
        }
    }

    fn give_up(&mut self) {
        let workers = self.workers.iter().flatten().count() as u32;
        let why = format!("{STILLBORN_MAX} in a row died before they had done anything");
        self.shared.floor.events.note(Event::SpawnFailed { what: "workers".to_string(), why, workers });
        self.not_before_ns = u64::MAX;
    }

    /// Sleeps until something happens.
    fn sleep(&mut self, events: &mut Vec<epoll::Event>) {
        let arena = self.shared.floor.arena;
        arena.hub_asleep().store(1, Ordering::SeqCst);
        // Pairs with the fence in wake_hub: either whoever did something sees that we sleep, or we see what they did.
        fence(Ordering::SeqCst);
        let hungry = (0..self.workers.len()).any(|slot| self.has_room(slot));
        let food = !self.returned.is_empty() || self.shared.queue.depth() > 0;
        let replies = self.workers.iter().flatten().any(|worker| worker.link.has_replies());
        let patience = if (hungry && food && !self.draining) || replies || !self.told.is_empty() {
            Duration::ZERO
        } else if self.not_before_ns != u64::MAX && self.not_before_ns > clock::monotonic_ns() {
            Duration::from_nanos(self.not_before_ns.saturating_sub(clock::monotonic_ns()))
        } else {
            Duration::from_secs(1)
        };
        let timeout =
            rustix::event::Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() };
        events.clear();
        // An interrupted wait is a short one.
        let _ = epoll::wait(&self.epoll, rustix::buffer::spare_capacity(events), Some(&timeout));
        arena.hub_asleep().store(0, Ordering::SeqCst);
        for event in events.iter() {
            match Woken::unpack(event.data.u64()) {
                Woken::Bell => silence(&self.shared.bell),
                Woken::Link(slot) => self.take_replies_of(slot),
                Woken::Process(slot) => self.bury(slot),
            }
        }
    }
}

/// Adds to a counter that only the hub writes. Release: whoever sees what the hub does next sees this too.
fn more(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Ordering::Relaxed) + by, Ordering::Release);
}

/// Takes from a counter that only the hub writes; ordered as [`more`].
fn less(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Ordering::Relaxed).saturating_sub(by), Ordering::Release);
}

/// What is left of `items` after their first `done` tasks.
fn split_off(items: &VecDeque<Item>, mut done: u64) -> Vec<Item> {
    let mut left = Vec::new();
    for &item in items {
        let over = done.min(u64::from(item.count));
        done -= over;
        if over < u64::from(item.count) {
            left.push(Item { first: item.first + over, count: item.count - over as u32, ..item });
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_begins_after_what_is_done() {
        let item = |first, count| Item { first, count, attempt: 0, due_ns: 5 };
        let items = VecDeque::from([item(0, 3), item(3, 3), item(6, 1)]);
        assert_eq!(split_off(&items, 0), vec![item(0, 3), item(3, 3), item(6, 1)]);
        assert_eq!(split_off(&items, 4), vec![item(4, 2), item(6, 1)]);
        assert_eq!(split_off(&items, 6), vec![item(6, 1)]);
        assert_eq!(split_off(&items, 99), vec![]);
    }
}
