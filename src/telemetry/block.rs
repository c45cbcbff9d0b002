//! The blocks: what a worker, a lock and a queue leave for the reporter to read.
//!
//! All fields are atomics and mean nothing when zero, so fresh memory is a valid block. A worker's state, the time
//! since when and the times in states must be read together: `seq` is odd while they change (a sequence lock, whose
//! writer never waits).

use super::flight::Flight;
use crate::stats::{BUCKETS, bucket_of};
use crate::wire::{LockId, WorkerId, WorkerState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Adds to a counter that only the caller writes: a load and a store, not a read-modify-write.
#[inline]
pub(super) fn bump(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(by), Relaxed);
}

/// Where a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Life {
    /// Nobody's.
    Free = 0,
    /// A worker is being made.
    Starting = 1,
    /// A worker writes it.
    Alive = 2,
    /// Its worker ended, by itself or not; what it wrote stands.
    Ended = 3,
}

/// A histogram that one thread writes and another reads.
#[repr(C)]
#[derive(Debug)]
pub(super) struct HistogramBlock {
    pub(super) sum: AtomicU64,
    pub(super) max: AtomicU64,
    pub(super) counts: [AtomicU64; BUCKETS],
}

impl HistogramBlock {
    #[inline]
    pub(super) fn record(&self, value_ns: u64) {
        self.record_many(value_ns, 1);
    }

    #[inline]
    pub(super) fn record_many(&self, value_ns: u64, weight: u64) {
        bump(&self.sum, value_ns.wrapping_mul(weight));
        if value_ns > self.max.load(Relaxed) {
            self.max.store(value_ns, Relaxed);
        }
        bump(&self.counts[bucket_of(value_ns)], weight);
    }

    /// As `record_many`, for blocks that several threads may write at once (a semaphore's holders).
    pub(super) fn record_shared(&self, value_ns: u64, weight: u64) {
        self.sum.fetch_add(value_ns.wrapping_mul(weight), Relaxed);
        self.max.fetch_max(value_ns, Relaxed);
        self.counts[bucket_of(value_ns)].fetch_add(weight, Relaxed);
    }
}

/// What a worker leaves.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct WorkerBlock {
    pub(super) seq: AtomicU64,
    /// The state's place in `WorkerState::ALL`, and the lock waited for plus one, shifted by 8.
    pub(super) state: AtomicU64,
    pub(super) since_ns: AtomicU64,
    pub(super) state_ns: [AtomicU64; 5],
    pub(super) started: AtomicU64,
    pub(super) completed: AtomicU64,
    pub(super) failed: AtomicU64,
    /// What its tasks made, and what they should have made by the workload's own reference.
    pub(super) actual: AtomicU64,
    pub(super) reference: AtomicU64,
    /// The sum over the numbers of the tasks that it completed, mixed.
    pub(super) receipts: AtomicU64,
    /// The reference and receipts of tasks that failed: what is not to be expected of the lane.
    pub(super) failed_reference: AtomicU64,
    pub(super) failed_receipts: AtomicU64,
    /// Tasks of its chunk that it has not begun.
    pub(super) held: AtomicU64,
    pub(super) wait: HistogramBlock,
    pub(super) service: HistogramBlock,
    pub(super) flight: Flight,
    pub(super) life: AtomicU64,
    pub(super) tid: AtomicU64,
    /// Written by the lane: the next task is to panic.
    pub(super) crash_next: AtomicU32,
}

impl WorkerBlock {
    /// Where the block stands.
    pub fn life(&self) -> Life {
        match self.life.load(std::sync::atomic::Ordering::Acquire) {
            1 => Life::Starting,
            2 => Life::Alive,
            3 => Life::Ended,
            _ => Life::Free,
        }
    }

    /// Moves the block on. The lane calls this before a worker is there and after it has gone; the worker in between.
    pub fn set_life(&self, life: Life) {
        self.life.store(life as u64, std::sync::atomic::Ordering::Release);
    }

    /// Tasks that were begun.
    pub fn started(&self) -> u64 {
        self.started.load(Relaxed)
    }

    /// Tasks that ended, well or badly.
    pub fn ended(&self) -> u64 {
        self.completed.load(Relaxed) + self.failed.load(Relaxed)
    }

    /// Tasks in its hands that it has not begun.
    pub fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }

    /// The worker's thread or process.
    pub fn tid(&self) -> u32 {
        self.tid.load(Relaxed) as u32
    }

    /// What the worker is doing.
    pub fn state(&self) -> WorkerState {
        decode_state(self.state.load(Relaxed)).0
    }

    /// Makes its next task panic.
    pub fn crash_next(&self) {
        self.crash_next.store(1, Relaxed);
    }
}

pub(super) fn decode_state(word: u64) -> (WorkerState, Option<LockId>) {
    let state = WorkerState::ALL.get((word & 0xff) as usize).copied().unwrap_or_default();
    (state, (word >> 8).checked_sub(1).map(|lock| LockId(lock as u16)))
}

/// What a lock leaves. Whoever holds the lock is the single writer of all but `waiters`; for locks with several holders
/// at once (readers, permits) the shared methods use atomic additions.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct LockBlock {
    pub(super) acquired: AtomicU64,
    pub(super) contended: AtomicU64,
    /// The holder plus one; 0 for nobody.
    pub(super) owner: AtomicU64,
    pub(super) hold_sampled_ns: AtomicU64,
    pub(super) wait: HistogramBlock,
    pub(super) hold: HistogramBlock,
    pub(super) abandoned: AtomicU64,
    pub(super) waiters: AtomicU64,
}

/// One acquisition in so many has its hold time measured.
pub(super) const HOLD_EVERY: u64 = 64;

impl LockBlock {
    /// Notes an acquisition by the lock's only holder. Returns whether the hold is to be measured.
    #[inline]
    pub fn acquired(&self, by: WorkerId) -> bool {
        let number = self.acquired.load(Relaxed);
        self.acquired.store(number + 1, Relaxed);
        self.owner.store(u64::from(by.0) + 1, Relaxed);
        number.is_multiple_of(HOLD_EVERY)
    }

    /// Notes that the acquisition just made had waited.
    pub fn waited(&self, wait_ns: u64) {
        bump(&self.contended, 1);
        self.wait.record(wait_ns);
    }

    /// Notes that the only holder is about to release, and how long it held where that was measured.
    #[inline]
    pub fn releasing(&self, held_ns: Option<u64>) {
        if let Some(held_ns) = held_ns {
            self.hold.record_many(held_ns, HOLD_EVERY);
        }
        self.owner.store(0, Relaxed);
    }

    /// Whoever held it or waited for it is gone.
    pub fn nobody_has_it(&self) {
        self.owner.store(0, Relaxed);
        self.waiters.store(0, Relaxed);
    }

    /// As [`LockBlock::acquired`], where there may be other holders.
    pub fn acquired_shared(&self, by: WorkerId) -> bool {
        self.owner.store(u64::from(by.0) + 1, Relaxed);
        self.acquired.fetch_add(1, Relaxed).is_multiple_of(HOLD_EVERY)
    }

    /// As [`LockBlock::waited`], where there may be other holders.
    pub fn waited_shared(&self, wait_ns: u64) {
        self.contended.fetch_add(1, Relaxed);
        self.wait.record_shared(wait_ns, 1);
    }

    /// As [`LockBlock::releasing`], where there may be other holders.
    pub fn releasing_shared(&self, held_ns: Option<u64>) {
        if let Some(held_ns) = held_ns {
            self.hold.record_shared(held_ns, HOLD_EVERY);
        }
        self.owner.store(0, Relaxed);
    }

    /// Notes that one more waits.
    pub fn wait_begins(&self) {
        self.waiters.fetch_add(1, Relaxed);
    }

    /// Notes that one fewer waits.
    pub fn wait_ends(&self) {
        self.waiters.fetch_sub(1, Relaxed);
    }

    /// Notes that the lock was taken from a dead owner, or that a waiter died.
    pub fn abandoned(&self) {
        self.abandoned.fetch_add(1, Relaxed);
        self.owner.store(0, Relaxed);
    }
}

/// What a queue leaves; written under the queue's own lock, where it has one.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct QueueBlock {
    /// Odd while depth, area and time change.
    pub(super) seq: AtomicU64,
    pub(super) depth: AtomicU64,
    pub(super) changed_ns: AtomicU64,
    /// Depth summed over time until `changed_ns`.
    pub(super) area: AtomicU64,
    /// The most since the sampler last looked (which resets it; a race there loses a maximum, never a count).
    pub(super) depth_max: AtomicU64,
}

impl QueueBlock {
    /// Notes the depth after an operation, at `now_ns`.
    #[inline]
    pub fn set_depth(&self, depth: u64, now_ns: u64) {
        let seq = self.seq.load(Relaxed);
        self.seq.store(seq + 1, Relaxed);
        std::sync::atomic::fence(std::sync::atomic::Ordering::Release);
        let before = self.depth.load(Relaxed);
        let changed_ns = self.changed_ns.load(Relaxed);
        if changed_ns != 0 {
            bump(&self.area, before.wrapping_mul(now_ns.saturating_sub(changed_ns)));
        }
        self.changed_ns.store(now_ns.max(changed_ns), Relaxed);
        self.depth.store(depth, Relaxed);
        self.seq.store(seq + 2, std::sync::atomic::Ordering::Release);
        if depth > self.depth_max.load(Relaxed) {
            self.depth_max.store(depth, Relaxed);
        }
    }
}
