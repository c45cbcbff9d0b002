//! What the platform gives, found out by trying: each returns what came of it, or why it cannot be had.

use super::Told;
use crate::doors::children::{Child, Spawn, Stream};
use crate::doors::{clock, threads};
use crate::stats::words;
use crate::system::{self, TaskClock};
use crate::telemetry::Arena;
use crate::wire::{Exit, LANE_SUBCOMMAND};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// How long a trial waits for what should come at once.
const PATIENCE_NS: u64 = 100_000_000;

/// The workers' own.
const NICE: i32 = 5;

fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Unsupported => "this platform has no such thing".to_string(),
        _ => error.to_string(),
    }
}

/// Waits until `is_so`; tells how long that took.
fn within_patience(mut is_so: impl FnMut() -> bool) -> Option<u64> {
    let began_ns = clock::monotonic_ns();
    loop {
        let waited_ns = clock::monotonic_ns().saturating_sub(began_ns);
        if is_so() {
            return Some(waited_ns);
        }
        if waited_ns > PATIENCE_NS {
            return None;
        }
        clock::sleep(Duration::from_micros(50));
    }
}

fn own_clock() -> Result<TaskClock, String> {
    TaskClock::open(system::thread_id()).ok_or_else(|| "no schedstat in /proc".to_string())
}

/// A thread's time on a core.
pub(super) fn cpu_time() -> Told {
    let clock = own_clock()?;
    let times = || clock.read().map(|times| times.cpu_ns).ok_or_else(|| "the kernel does not count it".to_string());
    let began_ns = clock::monotonic_ns();
    let before_ns = times()?;
    let reading_ns = clock::monotonic_ns().saturating_sub(began_ns);
    while clock::monotonic_ns() < began_ns + 1_000_000 {}
    let spent_ns = times()?.saturating_sub(before_ns);
    Ok(format!(
        "yes: {} in a busy millisecond; asking costs {}",
        words::duration(spent_ns),
        words::duration(reading_ns)
    ))
}

/// A thread's time waiting for a core.
pub(super) fn run_queue() -> Told {
    let times = own_clock()?.read().ok_or_else(|| "the kernel does not count it".to_string())?;
    Ok(format!("yes: {} so far in this thread", words::duration(times.run_queue_ns)))
}

/// Switches of this process.
pub(super) fn switches() -> Told {
    let none = || "the platform does not count them".to_string();
    let before = system::own_usage().ok_or_else(none)?;
    (0..3).for_each(|_| clock::sleep(Duration::from_micros(50)));
    let after = system::own_usage().ok_or_else(none)?;
    let gave = after.voluntary.saturating_sub(before.voluntary);
    let by_thread = if system::thread_usage().is_some() { "also by thread" } else { "by process only" };
    if gave == 0 { Err("three sleeps counted as none".to_string()) } else { Ok(format!("yes, {by_thread}")) }
}

/// Memory that this process uses.
pub(super) fn memory() -> Told {
    let status = system::process_status(std::process::id()).ok_or_else(|| "no status in /proc".to_string())?;
    let resident = status.resident_bytes.ok_or_else(|| "the platform does not tell".to_string())?;
    let peak = status.peak_bytes.map_or("not its peak".to_string(), |peak| format!("at most {}", words::bytes(peak)));
    Ok(format!("yes: this one uses {}, {peak}", words::bytes(resident)))
}

/// Runs `body` in a thread that ends with it.
fn in_a_thread<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (tell, told_back) = mpsc::channel();
    let thread = threads::spawn("trial", move || {
        // The other end waits right below.
        let _ = tell.send(body());
    });
    let _thread = thread.map_err(|error| told(&error))?;
    told_back.recv().map_err(|_| "the trial did not end well".to_string())
}

/// A priority for one thread, the others keeping theirs.
pub(super) fn priority() -> Told {
    in_a_thread(|| system::set_nice(NICE))?
        .map_err(|error| format!("{}: workers compete with their reporter", told(&error)))?;
    Ok(format!("yes: workers run at nice {NICE}, their reporter does not"))
}

/// A thread on one core.
pub(super) fn pinning(core_ids: &[u32]) -> Told {
    let first: Vec<u32> = core_ids.iter().take(1).copied().collect();
    in_a_thread(move || system::pin(&first))?.map_err(|error| told(&error))?;
    Ok("yes".to_string())
}

/// A thread stopped in the middle of whatever it does.
pub(super) fn halting() -> Told {
    let (tid, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let shared = (Arc::clone(&tid), Arc::clone(&stop));
    let spinning = threads::spawn("trial", move || {
        shared.0.store(system::thread_id(), Ordering::Release);
        while !shared.1.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    });
    let _spinning = spinning.map_err(|error| told(&error))?;
    let halted = within_patience(|| tid.load(Ordering::Acquire) != 0)
        .ok_or_else(|| "the thread to be halted did not come".to_string())
        .and_then(|_| system::halt_threads(&[tid.load(Ordering::Acquire)]).map_err(|error| told(&error)))
        .and_then(|()| {
            within_patience(|| system::halted_count() == 1).ok_or_else(|| "it did not stop in time".to_string())
        });
    // Whatever came of it, the thread must go on to its end, for which its handle waits.
    system::resume_threads();
    stop.store(true, Ordering::Relaxed);
    halted.map(|after_ns| format!("yes: a spinning one stood still after {}", words::duration(after_ns)))
}

/// Memory that processes share and that leaves no name.
pub(super) fn shared_memory() -> Told {
    Arena::shared(clock::Clock::KERNEL).map_err(|error| told(&error))?;
    Ok("yes: blocks of process pools leave nothing behind".to_string())
}

/// What came of starting a process, this very program as a lane that is never told its plan.
pub(super) struct ProcessTrials {
    pub(super) start: Told,
    pub(super) session: Told,
    pub(super) handle: Told,
    pub(super) death: Told,
}

/// Starts a process from a thread that ends: the process must then end as well.
pub(super) fn process() -> ProcessTrials {
    let tried = in_a_thread(|| {
        let began_ns = clock::monotonic_ns();
        let spawn = Spawn { stdin: Stream::Piped, own_session: true, die_with: true, ..Spawn::own([LANE_SUBCOMMAND]) };
        let child = spawn.start().map_err(|error| told(&error))?;
        let took_ns = clock::monotonic_ns().saturating_sub(began_ns);
        let session = system::session_of(child.pid()) == Some(child.pid());
        let handle = child.pidfd().map(drop).map_err(|error| told(&error));
        Ok((child, took_ns, session, handle))
    });
    match tried.flatten() {
        Ok((child, took_ns, session, handle)) => ProcessTrials {
            start: Ok(format!("yes: in {}", words::duration(took_ns))),
            session: if session {
                Ok("yes: a lane and all that it starts".to_string())
            } else {
                Err("it stayed in ours".to_string())
            },
            handle: handle.map(|()| "yes: the death of a worker is noticed at once".to_string()),
            death: death(child),
        },
        Err(why) => {
            let nothing = || Err("no process to try it with".to_string());
            ProcessTrials { start: Err(why), session: nothing(), handle: nothing(), death: nothing() }
        }
    }
}

fn death(mut child: Child) -> Told {
    let mut exit = None;
    let after_ns = within_patience(|| {
        exit = child.try_wait();
        exit.is_some()
    });
    match (exit, after_ns) {
        (Some(Exit::Signal { signal: libc::SIGKILL }), Some(after_ns)) => {
            Ok(format!("yes: killed {} after whoever started it ended", words::duration(after_ns)))
        }
        (Some(_), _) => Err("it ended by itself".to_string()),
        (None, _) => Err("it lived on; it ends with its standard input".to_string()),
    }
}
