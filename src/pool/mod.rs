//! The executors: what takes tasks and has workers run them.
//!
//! ```text
//! Dispatcher ──submit──▶ Pool { queue, workers } ──▶ run_item ──▶ Work::run
//!     ▲  one thread        one file a kind            the same for every worker of every kind
//!     └── wants room ◀──── workers, after a task
//! ```
//!
//! Whoever reads one pool kind reads one file; what all kinds share is the [`Floor`] that they stand on (the blocks, the
//! workload, the books) and [`run_item`], which is the only place where a task runs.
//!
//! Absent here: screens, frames, and any opinion on how tasks arrive (the dispatcher's alone).

mod channel;
mod command;
mod cpython;
mod dispatch;
mod floor;
mod handed;
mod litmus;
mod per_task;
mod processes;
mod stealing;
mod tally;
mod threads;
mod wild;

pub use command::{INPUTS_FD, check as check_command, warden_main};
pub use dispatch::{Dispatcher, Rate};
pub use floor::{Books, EventLog, Floor, Item, quiet_panics, run_item};
pub use processes::{forkserver_main, worker_main};
pub use wild::host_main;

use crate::system;
use crate::telemetry::{Arena, Recorder};
use crate::wire::{JobsTick, LanePlan, LockName, PoolPlan, RunsTick, WorkerId};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What there is for the dispatcher to submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provided {
    /// A task.
    Task,
    /// None for now; ask again.
    NotYet,
    /// None any more.
    End,
}

/// What a pool of any kind can do. Everything but `submit` is called by the lane's own threads.
pub trait Pool: Send + Sync {
    /// Takes an item in, or gives it back because the queue is full.
    ///
    /// # Errors
    /// The item, where there is no room for it.
    fn submit(&self, item: Item, recorder: &mut Recorder) -> Result<(), Item>;

    /// As [`Pool::submit`], but waits for room as long as `patience`.
    ///
    /// # Errors
    /// The item, where there was no room in time.
    fn submit_wait(&self, item: Item, patience: Duration, recorder: &mut Recorder) -> Result<(), Item>;

    /// Takes the oldest waiting item out again.
    fn take_oldest(&self, recorder: &mut Recorder) -> Option<Item>;

    /// Tasks that wait: the queue's own length, and that of every queue behind it.
    fn queued(&self) -> u64;

    /// Whether there is a task of that number: of a pool whose tasks come from somewhere, which is asked once for each, in
    /// their order. May wait a little for it.
    fn provide(&self, _task: u64) -> Provided {
        Provided::Task
    }

    /// Whether it begins nothing more, though there is something to do.
    fn is_stopped(&self) -> bool {
        false
    }

    /// Tasks that may still come to an idle worker, if nobody submits more: where there are none it stays idle. With a
    /// shared queue any task may come to any worker.
    fn may_come_to(&self, _worker: WorkerId) -> u64 {
        self.queued()
    }

    /// Whether the queue's depth is taken inside its lock, and noted in its block.
    fn is_witnessed(&self) -> bool {
        false
    }

    /// Worker slots in use so far: workers are numbered below this.
    fn slots(&self) -> usize;

    /// Changes the number of workers.
    ///
    /// # Errors
    /// What stands against it, in words.
    fn resize(&self, workers: u32) -> Result<(), String>;

    /// Kills a worker.
    ///
    /// # Errors
    /// What stands against it, in words.
    fn kill(&self, _worker: WorkerId) -> Result<(), String> {
        Err("a thread cannot be killed, only its whole process can; a worker of a process pool can".to_string())
    }

    /// Changes the bytes that travel with each task.
    ///
    /// # Errors
    /// What stands against it, in words.
    fn set_payload(&self, _bytes: u64) -> Result<(), String> {
        Err("only the workers of a process pool are sent bytes".to_string())
    }

    /// Whether, with the gate closed and nobody submitting, whatever the pool itself does besides its workers has come to
    /// rest.
    fn is_settled(&self) -> bool {
        true
    }

    /// Takes out what waits, for the final account, as far as that can be done without the workers; they give back what
    /// they hold themselves.
    fn drain(&self) -> Vec<Item> {
        Vec::new()
    }

    /// The processes of its workers; empty where workers are threads of the lane.
    fn processes(&self) -> Vec<u32> {
        Vec::new()
    }

    /// Stops its processes where they are.
    fn halt_processes(&self) {
        // One that is gone by now needs no stopping.
        self.processes().iter().for_each(|&pid| drop(system::stop_process(pid)));
    }

    /// Lets its processes go on.
    fn let_processes_go(&self) {
        self.processes().iter().for_each(|&pid| drop(system::continue_process(pid)));
    }

    /// What its command came to so far, where it runs one.
    fn jobs(&self) -> Option<Box<JobsTick>> {
        None
    }

    /// How the runs of its program ended so far, where it runs one.
    fn runs(&self) -> Option<Box<RunsTick>> {
        None
    }

    /// The lane is ending: what stands still, or takes long, is not waited for.
    fn wind_up(&self) {}

    /// Ends its processes, where it has any. Threads end with the lane's process.
    fn end(&self) {}
}

/// The locks that the pool itself brings, but for that of its queue: those of its program.
///
/// # Errors
/// Where the program's text is none.
pub fn lock_names(plan: &LanePlan, arena: Arena) -> io::Result<Vec<LockName>> {
    match &plan.pool {
        PoolPlan::Program(plan) => wild::lock_names(plan, arena),
        _ => Ok(Vec::new()),
    }
}

/// Builds the pool that the plan asks for and waits until its first workers stand ready.
///
/// # Errors
/// Where the system gives not even one worker.
pub fn build(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
    Ok(match &floor.plan.pool {
        PoolPlan::Single | PoolPlan::Threads { .. } => threads::ThreadPool::start(floor)?,
        PoolPlan::Stealing => stealing::StealingPool::start(floor)?,
        PoolPlan::PerTask => per_task::PerTaskPool::start(floor)?,
        PoolPlan::Processes { .. } => processes::ProcessPool::start(floor)?,
        PoolPlan::Program(_) => wild::WildPool::start(floor)?,
        PoolPlan::Cpython(_) => cpython::CpythonPool::start(floor)?,
        PoolPlan::Litmus(_) => litmus::LitmusPool::start(floor)?,
        PoolPlan::Command(_) => command::CommandPool::start(floor)?,
    })
}
