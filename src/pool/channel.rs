//! The shared queue that pools with workers of their own take items from: a channel, or a deque behind a mutex.

use super::Item;
use super::floor::Floor;
use crate::sync::{LockedQueue, Popped};
use crate::telemetry::{Recorder, SLOTS_MAX};
use crate::wire::{PoolPlan, QueueHow, WorkerId};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// The block of whoever takes out what waits in the end, out of every worker's way.
const DRAINER: WorkerId = WorkerId(SLOTS_MAX as u32 - 4);

/// A message on the channel: an item, or a nudge that makes an idle worker look around.
pub(super) enum Note {
    Item(Item),
    Nudge,
}

/// What a worker finds in the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An item.
    Item(Item),
    /// Nothing, but somebody wants it to look around.
    Nudge,
}

/// The shared queue.
pub(super) enum SharedQueue {
    Channel { sender: Sender<Note>, receiver: Receiver<Note>, nudges: AtomicI64, chunk: u64, tasks: AtomicU64 },
    Locked(LockedQueue<Item>),
}

impl SharedQueue {
    pub(super) fn new(floor: &Floor) -> SharedQueue {
        if let PoolPlan::Threads { queue: QueueHow::Mutex } = floor.plan.pool {
            return SharedQueue::Locked(LockedQueue::new(floor.queue_lock, floor.arena, floor.plan.capacity));
        }
        let chunk = u64::from(floor.plan.chunk.max(1));
        // Room is counted in tasks; a channel has room for items.
        let (sender, receiver) = match floor.plan.capacity {
            Some(capacity) => bounded((capacity / chunk).max(1) as usize),
            None => unbounded(),
        };
        SharedQueue::Channel { sender, receiver, nudges: AtomicI64::new(0), chunk, tasks: AtomicU64::new(0) }
    }

    pub(super) fn push(&self, item: Item, recorder: &mut Recorder) -> Result<(), Item> {
        match self {
            SharedQueue::Channel { sender, .. } => {
                self.count_in(item);
                sender.try_send(Note::Item(item)).map_err(|_| self.give_back(item))
            }
            SharedQueue::Locked(queue) => queue.try_push(item, u64::from(item.count), recorder),
        }
    }

    pub(super) fn push_wait(&self, item: Item, patience: Duration, recorder: &mut Recorder) -> Result<(), Item> {
        match self {
            SharedQueue::Channel { sender, .. } => {
                self.count_in(item);
                sender.send_timeout(Note::Item(item), patience).map_err(|_| self.give_back(item))
            }
            SharedQueue::Locked(queue) => queue.push_wait(item, u64::from(item.count), recorder, patience),
        }
    }

    /// Waits for an item.
    pub(super) fn pop(&self, recorder: &mut Recorder) -> Found {
        match self {
            SharedQueue::Channel { receiver, .. } => match receiver.recv() {
                Ok(note) => self.open(note),
                // The sender lives as long as the queue does.
                Err(_) => Found::Nudge,
            },
            SharedQueue::Locked(queue) => match queue.pop(recorder) {
                Popped::Item(item) => Found::Item(item),
                Popped::Interrupted | Popped::Closed => Found::Nudge,
            },
        }
    }

    /// Takes the oldest item, if there is one.
    pub(super) fn try_pop(&self, recorder: &mut Recorder) -> Option<Item> {
        match self {
            SharedQueue::Channel { receiver, .. } => loop {
                if let Found::Item(item) = self.open(receiver.try_recv().ok()?) {
                    return Some(item);
                }
            },
            SharedQueue::Locked(queue) => queue.try_pop(recorder),
        }
    }

    /// Takes out all that waits, for the last account.
    pub(super) fn drain(&self, floor: &Floor) -> Vec<Item> {
        let mut recorder = Recorder::new(floor.arena, DRAINER, false);
        std::iter::from_fn(|| self.try_pop(&mut recorder)).collect()
    }

    /// Makes up to `count` idle workers look around. Where a channel is full there are no idle ones.
    pub(super) fn nudge(&self, count: usize) {
        match self {
            SharedQueue::Channel { sender, nudges, .. } => {
                for _ in 0..count {
                    nudges.fetch_add(1, Ordering::Relaxed);
                    if sender.try_send(Note::Nudge).is_err() {
                        nudges.fetch_sub(1, Ordering::Relaxed);
                        return;
                    }
                }
            }
            SharedQueue::Locked(queue) => queue.interrupt(),
        }
    }

    /// Tasks that wait: the queue's own length. While items of several tasks come and go it may be off by one item's.
    pub(super) fn depth(&self) -> u64 {
        match self {
            SharedQueue::Channel { receiver, nudges, chunk: 1, .. } => {
                let nudges = usize::try_from(nudges.load(Ordering::Relaxed)).unwrap_or(0);
                receiver.len().saturating_sub(nudges) as u64
            }
            // An item's number of tasks is not to be seen from outside; one addition an item is cheap among its tasks.
            SharedQueue::Channel { tasks, .. } => tasks.load(Ordering::Relaxed),
            SharedQueue::Locked(queue) => queue.len(),
        }
    }

    pub(super) fn is_witnessed(&self) -> bool {
        matches!(self, SharedQueue::Locked(_))
    }

    fn open(&self, note: Note) -> Found {
        match (note, self) {
            (Note::Item(item), _) => {
                self.give_back(item);
                Found::Item(item)
            }
            (Note::Nudge, SharedQueue::Channel { nudges, .. }) => {
                nudges.fetch_sub(1, Ordering::Relaxed);
                Found::Nudge
            }
            (Note::Nudge, SharedQueue::Locked(_)) => Found::Nudge,
        }
    }

    #[inline]
    fn count_in(&self, item: Item) {
        if let SharedQueue::Channel { chunk: 2.., tasks, .. } = self {
            tasks.fetch_add(u64::from(item.count), Ordering::Relaxed);
        }
    }

    #[inline]
    fn give_back(&self, item: Item) -> Item {
        if let SharedQueue::Channel { chunk: 2.., tasks, .. } = self {
            tasks.fetch_sub(u64::from(item.count), Ordering::Relaxed);
        }
        item
    }
}
