//! Worker processes: a pool whose workers share nothing but what is made to be shared, and may die.
//!
//! ```text
//! dispatcher ─▶ shared queue ─▶ hub ══ requests ══▶ worker process ─▶ its block, in shared memory
//!                                ▲  ◀══ replies ═══       │
//!                                └────── its death ◀──────┘
//! ```
//!
//! One thread, the hub ([`hub`]), owns every worker: it starts them, feeds them, reads their replies and notices their
//! deaths, all from one wait. So nothing of it needs a lock, and a worker's parent lives as long as the lane.
//!
//! What a worker has done is what its block says, not what its replies say: a worker that dies between the two has done
//! it. Replies only make room for more requests.

mod births;
mod hub;
mod link;
mod message;
mod ring;
mod worker;

pub use worker::{forkserver_main, worker_main};

use super::Pool;
use super::channel::SharedQueue;
use super::floor::{Floor, Item};
use crate::doors::threads;
use crate::telemetry::{Life, Recorder};
use crate::wire::{WORKERS_MAX, WorkerId};
use crossbeam_channel::{Sender, bounded, unbounded};
use hub::{Hub, Told};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// How long the hub may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pool.
pub(super) struct ProcessPool {
    shared: Arc<Shared>,
    tell: Sender<Told>,
}

/// What the hub and the lane's other threads share.
struct Shared {
    floor: Arc<Floor>,
    queue: SharedQueue,
    /// Wakes the hub.
    bell: OwnedFd,
    slots: AtomicUsize,
    /// Tasks that the hub has in hand: taken from the queue or from a dead worker, and not sent.
    in_hand: AtomicU64,
    /// Tasks ever sent to each slot's workers, less those taken back; the difference to those begun is what is on its way.
    sent: Vec<AtomicU64>,
    payload_bytes: AtomicU64,
}

impl ProcessPool {
    pub(super) fn start(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
        let shared = Arc::new(Shared {
            floor: Arc::clone(floor),
            queue: SharedQueue::new(floor),
            bell: link::make_bell()?,
            slots: AtomicUsize::new(0),
            in_hand: AtomicU64::new(0),
            sent: (0..crate::telemetry::SLOTS_MAX).map(|_| AtomicU64::new(0)).collect(),
            payload_bytes: AtomicU64::new(0),
        });
        let (tell, told) = unbounded();
        let (ready, wait) = bounded(1);
        let hub = Hub::new(Arc::clone(&shared), told, ready)?;
        // Ends with the process, or when it is told to.
        threads::spawn("hub", move || hub.run())?.detach();
        wait.recv().map_err(|_| io::Error::other("the hub ended before its workers were there"))??;
        Ok(Arc::new(ProcessPool { shared, tell }))
    }

    fn tell(&self, told: Told) {
        // The hub outlives everybody who could tell it anything, but for a lane that is ending.
        let _ = self.tell.send(told);
        link::ring(&self.shared.bell);
    }

    fn ask<T>(&self, told: impl FnOnce(Sender<T>) -> Told) -> Option<T> {
        let (answer, answered) = bounded(1);
        self.tell(told(answer));
        answered.recv_timeout(PATIENCE).ok()
    }
}

impl Shared {
    /// Tasks that wait in the queue or in the hub's hands.
    fn with_the_hub(&self) -> u64 {
        self.queue.depth() + self.in_hand.load(Ordering::Acquire)
    }

    /// Tasks that were sent to a slot's worker and have not arrived: what it holds and has not begun is counted with the
    /// workers.
    fn on_the_way_to(&self, slot: usize) -> u64 {
        let block = self.floor.arena.worker(WorkerId(slot as u32));
        let arrived = block.started() + block.held();
        self.sent.get(slot).map_or(0, |sent| sent.load(Ordering::Acquire).saturating_sub(arrived))
    }
}

impl Pool for ProcessPool {
    fn submit(&self, item: Item, recorder: &mut Recorder) -> Result<(), Item> {
        self.shared.queue.push(item, recorder)?;
        link::wake_hub(self.shared.floor.arena, &self.shared.bell);
        Ok(())
    }

    fn submit_wait(&self, item: Item, patience: Duration, recorder: &mut Recorder) -> Result<(), Item> {
        self.shared.queue.push_wait(item, patience, recorder)?;
        link::wake_hub(self.shared.floor.arena, &self.shared.bell);
        Ok(())
    }

    fn take_oldest(&self, recorder: &mut Recorder) -> Option<Item> {
        self.shared.queue.try_pop(recorder)
    }

    fn queued(&self) -> u64 {
        let on_the_way: u64 = (0..self.slots()).map(|slot| self.shared.on_the_way_to(slot)).sum();
        self.shared.with_the_hub() + on_the_way
    }

    fn may_come_to(&self, worker: WorkerId) -> u64 {
        // What was sent to another worker stays there, paused or not.
        self.shared.with_the_hub() + self.shared.on_the_way_to(worker.0 as usize)
    }

    fn slots(&self) -> usize {
        self.shared.slots.load(Ordering::Relaxed)
    }

    fn resize(&self, workers: u32) -> Result<(), String> {
        if !(1..=WORKERS_MAX).contains(&workers) {
            return Err(format!("a lane has 1 to {WORKERS_MAX} workers"));
        }
        self.tell(Told::Resize(workers));
        Ok(())
    }

    fn kill(&self, worker: WorkerId) -> Result<(), String> {
        let alive = (worker.0 as usize) < self.slots() && self.shared.floor.arena.worker(worker).life() == Life::Alive;
        if !alive {
            return Err(format!("there is no worker {worker}"));
        }
        self.tell(Told::Kill(worker));
        Ok(())
    }

    fn set_payload(&self, bytes: u64) -> Result<(), String> {
        if bytes > message::PAYLOAD_BYTES_MAX {
            return Err(format!("a task carries at most {} bytes", message::PAYLOAD_BYTES_MAX));
        }
        self.shared.payload_bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn drain(&self) -> Vec<Item> {
        self.ask(Told::Drain).unwrap_or_default()
    }

    fn processes(&self) -> Vec<u32> {
        let blocks = (0..self.slots()).map(|slot| self.shared.floor.arena.worker(WorkerId(slot as u32)));
        blocks.filter(|block| block.life() == Life::Alive).map(|block| block.tid()).collect()
    }

    fn end(&self) {
        self.ask(Told::End);
    }
}
