//! What workers note while they work: the only thing that measuring adds to their path.
//!
//! Each worker, lock and queue has a block of counters with a **single writer** at any time, written with plain relaxed
//! stores (no read-modify-write, no fence that costs on x86). All blocks of a lane lie in one piece of memory, the
//! [`Arena`], which worker processes share: the code is the same for threads and processes, and a worker that dies
//! leaves its last word behind. A [`Recorder`] is the writing end of one worker's block; the lane's reporter reads all
//! blocks with a [`Sampler`].
//!
//! Absent here: a lock that a worker could wait on, and any allocation on its path.

mod arena;
mod block;
mod flight;
mod lent;
mod recorder;
mod sample;

pub use arena::{Arena, LOCKS_MAX, LaneClock, SCRATCH_WORDS, SLOTS_MAX};
pub use block::{Life, LockBlock, QueueBlock, WorkerBlock};
pub use flight::{FLIGHT_EVENTS, FlightCode, wait_of};
pub use lent::{helping, leave_recorder, take_recorder, with_recorder};
pub use recorder::{Recorder, Stopwatch, measure_cost};
pub use sample::{LockSample, QueueSample, Sampler, Totals, WorkerSample};
