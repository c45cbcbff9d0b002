//! What native tasks do: one workload, one file.
//!
//! A workload says twice what a task makes: by doing it, and by a way of computing that shares nothing with the doing.
//! Sums of both are compared while the pool runs, so a pool that loses a task, does it twice or tears a counter is found
//! out by the numbers.
//!
//! Absent here: queues, workers, time (but for sleeping), and a random choice that is not a function of the seed.

mod allocate;
mod array;
mod counter;
mod crash;
mod critical_section;
mod fib;
mod file;
mod hash;
mod leak;
mod loopback;
mod mandelbrot;
mod matrix;
mod mixing;
mod numbers;
mod pages;
mod pointer_chase;
mod primes;
mod run;
mod size;
mod sleep;
mod spin;
mod stream;

pub use numbers::mixed;
pub use size::{receipt, units_of};

use crate::sync::Lock;
use crate::telemetry::{Arena, Recorder};
use crate::wire::{CounterWay, LanePlan, LockId, LockKind, LockName, PoolPlan, WorkloadPlan};
use std::io;

/// A task: what a worker is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number, which decides all else about it.
    pub id: u64,
    /// How much of the workload it is: see [`units_of`].
    pub units: u32,
    /// How often it was tried before.
    pub attempt: u32,
}

/// What tasks do.
pub trait Work: Send + Sync {
    /// Does the task and returns what it made. A panic is a failed task.
    fn run(&self, task: Task, recorder: &mut Recorder) -> u64;

    /// What the task should make, by a way of computing that shares nothing with [`Work::run`]. A few nanoseconds: it is
    /// asked for every task.
    fn reference(&self, task: Task) -> u64;

    /// Where the result is shared state and not the sum over tasks: what that state says now. None where the sum of what
    /// [`Work::run`] returned counts. A task that dies after it has changed the state is in it.
    fn total(&self) -> Option<u64> {
        None
    }

    /// The locks, in the order of [`lock_names`], for recovery after a worker's death.
    fn locks(&self) -> &[Lock] {
        &[]
    }
}

/// A line of the table of workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called in scenarios.
    pub name: &'static str,
    /// What a task does.
    pub help: &'static str,
    /// What one unit of it is.
    pub unit: &'static str,
}

const fn entry(name: &'static str, help: &'static str, unit: &'static str) -> Entry {
    Entry { name, help, unit }
}

/// Every workload, in the order in which the help lists them.
pub static TABLE: [Entry; 16] = [
    entry("primes", "counts primes by trial division", "1,000 numbers more"),
    entry("mandelbrot", "renders rows of the Mandelbrot set, which differ in cost", "one row"),
    entry("hash", "takes SHA-256 digests of a payload", "one digest"),
    entry("matrix", "multiplies matrices of whole numbers", "one product"),
    entry("fib", "Fibonacci by recursive fork and join", "one number"),
    entry("spin", "mixes an integer: work that touches no memory", "256 steps"),
    entry("stream", "reads a large array in order", "64 KiB"),
    entry("pointer-chase", "follows links through a large array, each to an unforeseeable place", "64 links"),
    entry("allocate", "allocates, touches and frees memory", "one block"),
    entry("sleep", "sleeps, as if it waited for a slow service", "100 µs"),
    entry("file", "writes, syncs and reads back an unnamed file", "4 KiB"),
    entry("loopback", "sends to an echo on 127.0.0.1 and reads back", "1 KiB, there and back"),
    entry("counter", "increments a shared counter", "64 increments"),
    entry("critical-section", "mixes an integer, a share of it under one lock", "256 steps, or 100 µs where slept"),
    entry("crash", "mixes an integer, and now and then fails or takes its worker along", "256 steps"),
    entry("leak", "mixes an integer, and never gives its memory back", "256 steps"),
];

/// Sets up the workload of a lane: once in the lane, and once in each of its worker processes, where the same locks and
/// counters come to lie in the same shared words.
///
/// # Errors
/// Where the plan asks for a lock that its workers cannot share, or for memory that is not there.
pub fn build(plan: &LanePlan, arena: Arena, first_lock: LockId) -> io::Result<Box<dyn Work>> {
    if let Some(kind) = lock_of(&plan.workload) {
        check_is_shared(kind, plan)?;
    }
    Ok(match plan.workload {
        WorkloadPlan::Primes => Box::new(primes::Primes::new(plan.size)),
        WorkloadPlan::Mandelbrot => Box::new(mandelbrot::Mandelbrot::new()),
        WorkloadPlan::Hash { payload_bytes } => Box::new(hash::Hash::new(payload_bytes)?),
        WorkloadPlan::Matrix { side } => Box::new(matrix::Matrix::new(side)?),
        WorkloadPlan::Fib { n } => Box::new(fib::Fib::new(n, plan.pool == PoolPlan::Stealing)),
        WorkloadPlan::Spin => Box::new(spin::Spin::new()),
        WorkloadPlan::Stream { array_bytes } => Box::new(stream::Stream::new(array_bytes)?),
        WorkloadPlan::PointerChase { array_bytes } => Box::new(pointer_chase::PointerChase::new(array_bytes)?),
        WorkloadPlan::Allocate { block_bytes } => Box::new(allocate::Allocate::new(block_bytes)),
        WorkloadPlan::Sleep => Box::new(sleep::Sleep),
        WorkloadPlan::File => Box::new(file::UnnamedFile::new()),
        WorkloadPlan::Loopback => Box::new(loopback::Loopback::default()),
        WorkloadPlan::Counter { way, lock, padded } => {
            Box::new(counter::Counter::new(way, lock, padded, arena, first_lock)?)
        }
        WorkloadPlan::CriticalSection { share, lock, permits, sleep } => {
            Box::new(critical_section::CriticalSection::new(share, lock, permits, sleep, arena, first_lock)?)
        }
        WorkloadPlan::Crash { way, probability } => Box::new(crash::Crash::new(way, probability, plan.seed)),
        WorkloadPlan::Leak { bytes } => Box::new(leak::Leak::new(bytes)),
        WorkloadPlan::Run => Box::new(run::Run),
    })
}

/// The workload's locks; their numbers count up from the `first_lock` that [`build`] is given.
pub fn lock_names(plan: &LanePlan) -> Vec<LockName> {
    let Some(lock) = lock_of(&plan.workload) else {
        return Vec::new();
    };
    match plan.workload {
        WorkloadPlan::Counter { way: CounterWay::Sharded, .. } => {
            (0..counter::SHARDS).map(|shard| LockName { name: format!("shard {shard}"), lock }).collect()
        }
        WorkloadPlan::Counter { .. } => vec![LockName { name: "counter".to_string(), lock }],
        _ => vec![LockName { name: "section".to_string(), lock }],
    }
}

/// The kind of the workload's locks, where it has any.
fn lock_of(workload: &WorkloadPlan) -> Option<LockKind> {
    match *workload {
        WorkloadPlan::Counter { way, lock, .. } => (counter::lock_count(way) > 0).then_some(lock),
        WorkloadPlan::CriticalSection { lock, .. } => Some(lock),
        _ => None,
    }
}

fn check_is_shared(kind: LockKind, plan: &LanePlan) -> io::Result<()> {
    if kind.is_process_shared() || !plan.pool.is_processes() {
        return Ok(());
    }
    let shared: Vec<&str> =
        LockKind::ALL.iter().filter(|kind| kind.is_process_shared()).map(|kind| kind.name()).collect();
    let why = format!(
        "processes cannot share the lock \"{}\"; a pool of processes needs one of: {}",
        kind.name(),
        shared.join(", ")
    );
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

#[cfg(test)]
mod tests;
