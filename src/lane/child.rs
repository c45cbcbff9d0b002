//! The lane's process: it builds the pool that it is told to build, reports every tick, and obeys.
//!
//! Two threads of its own besides the dispatcher: this one reads orders and ends the process when their pipe closes
//! (the viewer is gone); the reporter ([`super::reporter`]) does everything else, and never waits for a worker.

use super::reporter::Reporter;
use crate::doors::{clock, threads};
use crate::pool::{self, Floor};
use crate::system;
use crate::telemetry::{Arena, measure_cost};
use crate::wire::{self, Cost, Hello, LanePlan, LockId, LockKind, LockName, Order, PoolPlan, QueueHow};
use crate::workload;
use crossbeam_channel::Receiver;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// Tasks that are measured, and not done, to learn what measuring costs.
const COST_ROUNDS: u32 = 1000;

/// So many workers of a command need no more descriptors than every user has.
const COMMAND_WORKERS_FEW: u32 = 100;

/// The lane's main. Does not return before the lane is done, or its viewer gone.
///
/// # Errors
/// Where no lane can be made of the first order; the parent shows what this prints.
pub fn main() -> io::Result<ExitCode> {
    let born_ns = clock::monotonic_ns();
    pool::quiet_panics();
    // Started from /proc/self/exe, it would be called "exe" in every list of processes.
    let _ = system::set_thread_name("poolscope lane");
    let mut orders = BufReader::new(io::stdin());
    let Some(first) = next_order(&mut orders)? else { return Ok(ExitCode::SUCCESS) };
    let Order::Start { plan, start_ns, tick_ms, paused } = first else {
        return Err(io::Error::other("the first order must be `start`"));
    };
    let (heard, inbox) = crossbeam_channel::unbounded();
    let reporting = threads::spawn("reporter", move || {
        let code = match begin(*plan, start_ns, tick_ms, paused, born_ns) {
            Ok(reporter) => reporter.run(&inbox),
            Err(error) => {
                // The lane's last words, which its parent reads; where that is gone there is nobody to tell.
                let _ = writeln!(io::stderr(), "poolscope: {error}");
                1
            }
        };
        // Workers may be deadlocked, spinning or asleep: nobody waits for them.
        #[expect(clippy::disallowed_methods, reason = "workers may never end, and nothing here is to be given back")]
        std::process::exit(code);
    })?;
    while let Some(order) = next_order(&mut orders)? {
        if heard.send(order).is_err() {
            break;
        }
    }
    // The viewer is gone: so is any use for the lane. Worker processes end with their parent.
    drop(heard);
    drop(reporting);
    Ok(ExitCode::SUCCESS)
}

/// Builds everything that the plan names, up to the reporter.
fn begin(plan: LanePlan, start_ns: u64, tick_ms: u64, paused: bool, born_ns: u64) -> io::Result<Reporter> {
    // Without it a lane of a thousand workers shows fewer figures, which is no reason not to run. What a command's programs
    // may have stays what the user has, as long as there is enough for their pipes.
    let is_command = plan.pool.command().is_some();
    if !is_command || plan.workers > COMMAND_WORKERS_FEW {
        let _ = system::raise_descriptor_limit();
    }
    system::install_halt()?;
    if !plan.cores.is_empty() {
        system::pin(&plan.cores)?;
    }
    let (mut locks, queue_lock, first_lock) = name_locks(&plan);
    let clock = if plan.telemetry { clock::Clock::calibrated() } else { clock::Clock::KERNEL };
    let (arena, memory) = match plan.pool {
        PoolPlan::Processes { .. } | PoolPlan::Program(_) => {
            Arena::shared(clock).map(|(arena, memory)| (arena, Some(memory)))?
        }
        _ => (Arena::private(clock)?, None),
    };
    locks.extend(pool::lock_names(&plan, arena)?);
    let event_ns = if plan.telemetry { measure_cost(arena, COST_ROUNDS) } else { 0.0 };
    let work = workload::build(&plan, arena, first_lock)?;
    let floor = Arc::new(Floor::new(plan, arena, memory, work, (queue_lock, first_lock)));
    // A lane that starts paused takes no time from the others while it waits for its turn.
    if paused {
        arena.close();
    }
    let pool = pool::build(&floor)?;
    let hello = Hello {
        pid: std::process::id(),
        locks,
        cost: Cost { event_ns },
        startup_ns: clock::monotonic_ns() - born_ns,
        own_session: system::is_own_session(),
    };
    Reporter::new(floor, pool, hello, start_ns, tick_ms, paused)
}

/// The lane's locks: the queue's own, where it has one, then the workload's.
fn name_locks(plan: &LanePlan) -> (Vec<LockName>, LockId, LockId) {
    let mut locks = Vec::new();
    if let PoolPlan::Threads { queue: QueueHow::Mutex } = plan.pool {
        locks.push(LockName { name: "queue".to_string(), lock: LockKind::Std });
    }
    let first = LockId(locks.len() as u16);
    locks.extend(workload::lock_names(plan));
    (locks, LockId(0), first)
}

/// Reads an order; none at the end of the pipe.
fn next_order(from: &mut impl BufRead) -> io::Result<Option<Order>> {
    let mut line = Vec::new();
    from.take(wire::LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
    if line.last() != Some(&b'\n') {
        // The end, or half an order from a viewer that died while writing it.
        return Ok(None);
    }
    wire::decode_order(&line).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Orders as the reporter takes them in.
pub(super) type Inbox = Receiver<Order>;
