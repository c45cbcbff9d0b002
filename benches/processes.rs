//! Our `processes` pool against CPython's pools, and against the bare transport with as many tasks in flight.
//!
//! `cargo bench --bench processes` (the comparison with CPython needs a `python3`; without one it is left out, and said so)
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors, as the peers do")]

mod common;

use common::{Row, Side, alternate, spin_plan};
use poolscope::doors::clock::{self, Clock};
use poolscope::pool::{self, Dispatcher, Floor};
use poolscope::telemetry::Arena;
use poolscope::wire::{LanePlan, LockId, PoolPlan, Start, Transport, WorkerId};
use poolscope::workload;
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;

const WORKERS: u32 = 2;
const IN_FLIGHT: usize = 32;
const TASKS: u64 = 400_000;
/// CPython is slower by orders of magnitude: its rate shows with fewer.
const PYTHON_TASKS: u64 = 20_000;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        // Our pool starts this very program as its workers.
        Some("worker" | "forkserver") => return poolscope::cli::main(),
        Some("bare-child") => return bare_child(),
        _ => {}
    }
    let sides = vec![
        Side::new("poolscope processes, pipe, 32 in flight", || ours(Transport::Pipe)),
        Side::new("bare pipe, 32 in flight, a frame a write", || bare_pipe(1)),
        Side::new("bare pipe, 32 in flight, as many frames a write as there are", || bare_pipe(IN_FLIGHT)),
        Side::new("poolscope processes, socket, 32 in flight", || ours(Transport::Socket)),
        Side::new("poolscope processes, shared memory, 32 in flight", || ours(Transport::SharedMemory)),
    ];
    let measured = alternate(sides, 9);
    common::print_ns_a_task("empty tasks, processes", TASKS, &measured);
    let mut rows = vec![
        Row::new(
            "processes, pipe, against the bare pipe, a frame a write".to_string(),
            common::ratio(&measured[0], &measured[1]),
            0.8,
        ),
        Row::new(
            "processes, pipe, against the bare pipe, all frames in one write".to_string(),
            common::ratio(&measured[0], &measured[2]),
            0.8,
        ),
    ];
    for (name, script, at_least) in
        [("multiprocessing.Pool.map(chunksize=1)", POOL_MAP, 10.0), ("ProcessPoolExecutor", EXECUTOR, 40.0)]
    {
        match python(script) {
            Some(seconds) => {
                let theirs = PYTHON_TASKS as f64 / seconds;
                let ours = TASKS as f64 / common::median(&measured[0].seconds);
                println!("  {name}: {theirs:.0} tasks/s; ours, pipe: {ours:.0}");
                rows.push(Row::new(format!("processes, pipe, against {name}"), ours / theirs, at_least));
            }
            None => println!("  {name}: left out, there is no python3 here that can run it"),
        }
    }
    common::print_rows(&rows);
    ExitCode::SUCCESS
}

/// Seconds that our pool takes, once its workers are there.
fn ours(transport: Transport) -> f64 {
    let pool = PoolPlan::Processes {
        transport,
        start: Start::Spawn,
        max_tasks_per_worker: None,
        in_flight: IN_FLIGHT as u32 - 1,
        payload_bytes: 0,
    };
    let plan = LanePlan { pool, tasks: Some(TASKS), ..spin_plan(WORKERS, 0) };
    let (arena, memory) = Arena::shared(Clock::calibrated()).unwrap();
    let work = workload::build(&plan, arena, LockId(0)).unwrap();
    let floor = Arc::new(Floor::new(plan, arena, Some(memory), work, (LockId(0), LockId(0))));
    let pool = pool::build(&floor).unwrap();
    let began_ns = clock::monotonic_ns();
    let _dispatcher = Dispatcher::start(Arc::clone(&floor), Arc::clone(&pool)).unwrap();
    let ended = || (0..WORKERS).map(|worker| arena.worker(WorkerId(worker)).ended()).sum::<u64>();
    common::wait_for(TASKS, ended);
    let seconds = (clock::monotonic_ns() - began_ns) as f64 / 1e9;
    pool.end();
    seconds
}

const FRAME: usize = 16;

/// The transport alone: length-prefixed frames to two children and back, as many in flight. Both sides read as much as
/// there is; they write `together` frames at once.
fn bare_pipe(together: usize) -> f64 {
    let mut children: Vec<Child> = (0..WORKERS)
        .map(|_| {
            let exe = std::env::current_exe().unwrap();
            Command::new(exe)
                .args(["bare-child", &together.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let frame = [&(FRAME as u32).to_le_bytes()[..], &[0; FRAME - 4]].concat();
    let batch = frame.repeat(IN_FLIGHT);
    let began_ns = clock::monotonic_ns();
    let (mut sent, mut done) = (0u64, 0u64);
    for child in &mut children {
        child.stdin.as_mut().unwrap().write_all(&batch).unwrap();
        sent += IN_FLIGHT as u64;
    }
    let mut buffer = vec![0; 64 << 10];
    let mut partial = vec![0usize; children.len()];
    while done < TASKS {
        let ready: Vec<bool> = {
            let mut fds: Vec<PollFd> = children
                .iter()
                .map(|child| PollFd::from_borrowed_fd(child.stdout.as_ref().unwrap().as_fd(), PollFlags::IN))
                .collect();
            poll(&mut fds, None).unwrap();
            fds.iter().map(|fd| fd.revents().contains(PollFlags::IN)).collect()
        };
        for (place, child) in children.iter_mut().enumerate().filter(|(place, _)| ready[*place]) {
            let bytes = partial[place] + child.stdout.as_mut().unwrap().read(&mut buffer).unwrap();
            let frames = bytes / FRAME;
            partial[place] = bytes % FRAME;
            done += frames as u64;
            let more = (frames as u64).min(TASKS.saturating_sub(sent)) as usize;
            for part in batch[..more * FRAME].chunks(together * FRAME) {
                child.stdin.as_mut().unwrap().write_all(part).unwrap();
            }
            sent += more as u64;
        }
    }
    let seconds = (clock::monotonic_ns() - began_ns) as f64 / 1e9;
    for mut child in children {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
    seconds
}

fn bare_child() -> ExitCode {
    let together: usize = std::env::args().nth(2).and_then(|count| count.parse().ok()).unwrap_or(1);
    // Not Rust's buffered standard streams: a write is a write.
    let (mut requests, mut replies) = (own(std::io::stdin().as_fd()), own(std::io::stdout().as_fd()));
    let (mut buffer, mut there) = (vec![0; 64 << 10], 0);
    loop {
        match requests.read(&mut buffer[there..]) {
            Ok(0) | Err(_) => return ExitCode::SUCCESS,
            Ok(count) => there += count,
        }
        let whole = there / FRAME * FRAME;
        if buffer[..whole].chunks(together * FRAME).any(|part| replies.write_all(part).is_err()) {
            return ExitCode::SUCCESS;
        }
        buffer.copy_within(whole..there, 0);
        there -= whole;
    }
}

fn own(stream: BorrowedFd) -> File {
    File::from(stream.try_clone_to_owned().unwrap())
}

const POOL_MAP: &str = "
import time, multiprocessing
def nothing(x): return x
if __name__ == '__main__':
    with multiprocessing.Pool(2) as pool:
        pool.map(nothing, range(100), chunksize=1)
        began = time.monotonic()
        pool.map(nothing, range(N), chunksize=1)
        print(time.monotonic() - began)
";

const EXECUTOR: &str = "
import time, concurrent.futures
def nothing(x): return x
if __name__ == '__main__':
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        list(pool.map(nothing, range(100)))
        began = time.monotonic()
        list(pool.map(nothing, range(N)))
        print(time.monotonic() - began)
";

/// Seconds that the script took for its tasks, by its own clock; the median of three.
fn python(script: &str) -> Option<f64> {
    let file = tempfile::Builder::new().suffix(".py").tempfile().ok()?;
    std::fs::write(file.path(), script.replace('N', &PYTHON_TASKS.to_string())).ok()?;
    let once = || {
        let output = Command::new("python3").arg(file.path()).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<f64>().ok()
    };
    let seconds: Option<Vec<f64>> = (0..3).map(|_| once()).collect();
    seconds.map(|seconds| common::median(&seconds))
}
