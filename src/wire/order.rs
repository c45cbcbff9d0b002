//! Orders: the only arrow back, from the viewer to a lane.

use super::ids::WorkerId;
use super::plan::LanePlan;
use serde::{Deserialize, Serialize};

/// What a lane can be asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
pub enum Order {
    /// Build the pool. The first order, and only once. `start_ns` is the run's start on the system's monotonic clock:
    /// every frame counts from there. A lane that is to take turns starts `paused`.
    Start {
        /// The lane's plan.
        plan: Box<LanePlan>,
        /// The run's start.
        start_ns: u64,
        /// The time between two frames.
        tick_ms: u64,
        /// Whether to wait for `Resume` before the first task.
        paused: bool,
    },
    /// Stop at the next task boundary.
    Pause,
    /// Stop every worker where it is, at once: for a lane that reaches no boundary.
    Halt,
    /// Go on.
    Resume,
    /// Have so many workers.
    Resize {
        /// How many.
        workers: u32,
    },
    /// Kill a worker process. Threads cannot be killed: refused there.
    Kill {
        /// Which one.
        worker: WorkerId,
    },
    /// Make a worker's next task panic.
    Crash {
        /// Which one.
        worker: WorkerId,
    },
    /// Change the rate of open arrivals.
    Rate {
        /// Tasks a second.
        per_s: f64,
    },
    /// Change the bytes that travel with each task of a process pool.
    Payload {
        /// How many.
        bytes: u64,
    },
    /// Send what the flight recorders hold.
    Flight,
    /// Take no more tasks, report once more, and end. What is queued stays queued, and is counted so.
    Finish,
}
