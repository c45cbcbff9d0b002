//! The memory in which all blocks of a lane lie.
//!
//! ```text
//! ┌ gate, clock ┬ queue ┬ 64 locks ┬ scratch words ┬ the caller's block ┬ SLOTS_MAX workers' blocks ┐
//! ```
//!
//! It is mapped zeroed and costs only the pages that are touched. A process pool maps it from an unnamed file in memory
//! and hands the descriptor to its workers: nothing has a name that could be left behind.
#![expect(unsafe_code, reason = "a typed view of mapped memory")]

use super::block::{LockBlock, QueueBlock, WorkerBlock};
use crate::doors::clock::Clock;
use crate::wire::{LockId, WorkerId};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The most locks that a lane can show.
pub const LOCKS_MAX: usize = 64;

/// Words of scratch memory for what a workload shares: counters, lock words, permits.
pub const SCRATCH_WORDS: usize = 8192;

/// The most workers that a lane can have had at the same time or wait to be counted: twice the most that it may have,
/// since a resized work-stealing pool drains while its successor already works.
pub const SLOTS_MAX: usize = 2048;

#[repr(C)]
struct Steady {
    /// 0 open, 1 closed: workers stop at their next task boundary while it is closed. The futex that they sleep on.
    gate: AtomicU32,
    /// The clock that all of the lane's processes read.
    clock: [AtomicU64; 3],
    /// How long the lane has been paused: lane time is the clock's less this.
    paused_ns: AtomicU64,
}

/// A word on a cache line of its own: it is written while others read what would lie beside it.
#[repr(C, align(128))]
struct Alone<T>(T);

#[repr(C)]
struct Layout {
    /// Read by every worker for every task, written a few times a second at most: these share a line.
    steady: Alone<Steady>,
    /// How many more tasks whoever submits them wants to see ended before it goes on; 0 while it does not wait. The futex
    /// that it sleeps on.
    wanted: Alone<AtomicU32>,
    /// 1 while the hub of a process pool sleeps and wants to be rung awake.
    hub_asleep: Alone<AtomicU32>,
    queue: QueueBlock,
    locks: [LockBlock; LOCKS_MAX],
    scratch: [AtomicU64; SCRATCH_WORDS],
    caller: WorkerBlock,
    workers: [WorkerBlock; SLOTS_MAX],
}

/// Lane time: the monotonic clock, less the time that the lane was paused. Every time in the blocks is lane time, so no
/// wait and no service time counts a pause. It stands still only in hindsight: whoever reads it during a pause must know.
#[derive(Clone, Copy, Debug)]
pub struct LaneClock {
    clock: Clock,
    paused_ns: &'static AtomicU64,
}

impl LaneClock {
    /// Now, in lane time.
    #[inline]
    pub fn now_ns(self) -> u64 {
        self.clock.now_ns().saturating_sub(self.paused_ns.load(Ordering::Relaxed))
    }
}

/// A lane's blocks. There is one for the life of a lane's process, so it is never unmapped and its references live as
/// long as the process.
#[derive(Clone, Copy)]
pub struct Arena {
    layout: &'static Layout,
}

impl std::fmt::Debug for Arena {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Arena({:p})", self.layout)
    }
}

impl Arena {
    /// Blocks for the threads of one process.
    ///
    /// # Errors
    /// What the system says where it gives no memory.
    pub fn private(clock: Clock) -> io::Result<Arena> {
        let map = MmapOptions::new().len(size_of::<Layout>()).map_anon()?;
        Ok(Arena::over(MmapRaw::from(map)).with_clock(clock))
    }

    /// Blocks that processes can share, and the descriptor to share them by.
    ///
    /// # Errors
    /// What the system says where it gives no memory or no descriptor.
    pub fn shared(clock: Clock) -> io::Result<(Arena, OwnedFd)> {
        let file = File::from(crate::system::unnamed_memory("poolscope")?);
        file.set_len(size_of::<Layout>() as u64)?;
        let map = MmapOptions::new().len(size_of::<Layout>()).map_raw(&file)?;
        Ok((Arena::over(map).with_clock(clock), file.into()))
    }

    /// The blocks behind a descriptor that [`Arena::shared`] gave, in another process; its clock comes with it.
    ///
    /// # Errors
    /// Where the descriptor is not such a one.
    pub fn attach(memory: OwnedFd) -> io::Result<Arena> {
        let file = File::from(memory);
        if file.metadata()?.len() != size_of::<Layout>() as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not the blocks of a lane of this version"));
        }
        Ok(Arena::over(MmapOptions::new().len(size_of::<Layout>()).map_raw(&file)?))
    }

    fn over(map: MmapRaw) -> Arena {
        let start = map.as_mut_ptr().cast::<Layout>();
        // Never unmapped: the blocks must outlive every thread that may still write them.
        std::mem::forget(map);
        // SAFETY: the mapping is page-aligned, as long as Layout, zeroed when made, never unmapped, and never touched but
        // through this type, whose fields are all atomics for which any bit pattern is valid.
        Arena { layout: unsafe { &*start } }
    }

    fn with_clock(self, clock: Clock) -> Arena {
        for (word, part) in self.layout.steady.0.clock.iter().zip(clock.to_parts()) {
            word.store(part, Ordering::Release);
        }
        self
    }

    /// The lane's clock, which all of its processes read.
    pub fn clock(self) -> LaneClock {
        let parts = [0, 1, 2].map(|part: usize| self.layout.steady.0.clock[part].load(Ordering::Acquire));
        LaneClock { clock: Clock::from_parts(parts), paused_ns: &self.layout.steady.0.paused_ns }
    }

    /// Takes a pause out of lane time. Only while every worker stands still.
    pub fn skip_pause(self, pause_ns: u64) {
        self.layout.steady.0.paused_ns.fetch_add(pause_ns, Ordering::Relaxed);
    }

    /// The word that says whether the hub of a process pool sleeps: 1 while it does.
    pub fn hub_asleep(self) -> &'static AtomicU32 {
        &self.layout.hub_asleep.0
    }

    /// How many more tasks whoever submits them wants to see ended before it goes on; 0 while it does not wait.
    pub fn wanted(self) -> &'static AtomicU32 {
        &self.layout.wanted.0
    }

    /// The block of a worker. Ids beyond the last slot share the last one; a lane never makes such.
    pub fn worker(self, id: WorkerId) -> &'static WorkerBlock {
        &self.layout.workers[(id.0 as usize).min(SLOTS_MAX - 1)]
    }

    /// The block of whoever submits tasks, and now and then runs one.
    pub fn caller(self) -> &'static WorkerBlock {
        &self.layout.caller
    }

    /// The block of a lock. Ids beyond the last share the last one; a lane never makes such.
    pub fn lock(self, id: LockId) -> &'static LockBlock {
        &self.layout.locks[usize::from(id.0).min(LOCKS_MAX - 1)]
    }

    /// The queue's block.
    pub fn queue(self) -> &'static QueueBlock {
        &self.layout.queue
    }

    /// Memory that a workload's tasks share.
    pub fn scratch(self) -> &'static [AtomicU64; SCRATCH_WORDS] {
        &self.layout.scratch
    }

    /// The gate's word: 0 open, 1 closed.
    pub fn gate(self) -> &'static AtomicU32 {
        &self.layout.steady.0.gate
    }

    /// Whether workers may go on.
    #[inline]
    pub fn is_open(self) -> bool {
        self.layout.steady.0.gate.load(Ordering::Relaxed) == 0
    }

    /// Closes the gate: workers stop at their next task boundary.
    pub fn close(self) {
        self.layout.steady.0.gate.store(1, Ordering::SeqCst);
    }

    /// Opens the gate, and wakes whoever sleeps at it.
    pub fn open(self) {
        self.layout.steady.0.gate.store(0, Ordering::SeqCst);
        crate::system::futex_wake(&self.layout.steady.0.gate, u32::MAX);
    }
}
