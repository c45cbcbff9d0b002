//! Runs of `true`, one for each of many inputs, against `xargs -P` and GNU parallel.
//!
//! `cargo bench --bench command` (a comparison whose program is not there is left out, and said so; a number after `--` is
//! how many runs, 10,000 unless it is said)
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors, as the peers do")]

mod common;

use common::{Measured, Row, median, ratio};
use poolscope::doors::clock;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Runs at once.
const WORKERS: usize = 4;
const RUNS: u64 = 10_000;
/// GNU parallel is slower by far: its rate shows with fewer.
const PARALLEL_SHARE: u64 = 10;
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let runs = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(RUNS);
    let folder = std::env::temp_dir().join(format!("poolscope-bench-{}", std::process::id()));
    if let Err(error) = fs::create_dir_all(&folder) {
        println!("{}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    let code = compare(runs, &folder);
    // What is in the way of that is in nobody's way here.
    let _ = fs::remove_dir_all(&folder);
    code
}

/// One of those that are compared: how many runs it makes, and how.
struct Peer {
    name: &'static str,
    runs: u64,
    command: Box<dyn Fn(&Path) -> Command>,
}

fn compare(runs: u64, folder: &Path) -> ExitCode {
    let few = (runs / PARALLEL_SHARE).max(1);
    let peers = [
        Peer { name: "poolscope run --command true", runs, command: Box::new(ours) },
        Peer { name: "xargs -P", runs, command: Box::new(xargs) },
        Peer { name: "GNU parallel", runs: few, command: Box::new(parallel) },
    ];
    let lists: Vec<PathBuf> = peers.iter().map(|peer| list(folder, peer.runs)).collect();
    let is_there = |peer: &Peer| {
        let mut command = (peer.command)(Path::new("/dev/null"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let there: Vec<bool> = peers.iter().map(is_there).collect();
    // Seconds a run, round by round, in turn; the first round does not count.
    let mut measured: Vec<Measured> =
        peers.iter().map(|peer| Measured { name: peer.name, seconds: Vec::new() }).collect();
    for round in 0..=ROUNDS {
        for at in (0..peers.len()).filter(|at| there[*at]) {
            let Some(seconds) = seconds(&peers[at], &lists[at]) else {
                println!("{}: it did not end well", peers[at].name);
                return ExitCode::FAILURE;
            };
            if round > 0 {
                measured[at].seconds.push(seconds / peers[at].runs as f64);
            }
        }
    }
    println!("runs of `true`, {WORKERS} at once, {runs} inputs ({few} for GNU parallel), {ROUNDS} rounds in turn");
    for side in &measured {
        match side.seconds.as_slice() {
            [] => println!("  {:<32} n/a", side.name),
            some => println!("  {:<32} {:>7.0} a second", side.name, 1.0 / median(some)),
        }
    }
    let mut rows = Vec::new();
    for (at, at_least) in [(1, 0.9), (2, 3.0)] {
        match there[at] {
            true => rows.push(Row::new(
                format!("against {}", measured[at].name),
                ratio(&measured[0], &measured[at]),
                at_least,
            )),
            false => println!("n/a: {} is not installed", measured[at].name),
        }
    }
    common::print_rows(&rows);
    ExitCode::SUCCESS
}

/// A file of so many lines.
fn list(folder: &Path, runs: u64) -> PathBuf {
    let path = folder.join(format!("list-{runs}"));
    let text: String = (1..=runs).map(|number| format!("{number}\n")).collect();
    // Where it cannot be written, whoever reads it says so.
    let _ = fs::write(&path, text);
    path
}

/// How long it takes, with all that starting takes: as a user has it.
fn seconds(peer: &Peer, list: &Path) -> Option<f64> {
    let mut command = (peer.command)(list);
    let began_ns = clock::monotonic_ns();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let seconds = (clock::monotonic_ns() - began_ns) as f64 / 1e9;
    status.success().then_some(seconds)
}

/// With every live figure on: each frame is made, sent, read and printed.
fn ours(list: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
    command.args(["run", "--command", "true", "--format", "ndjson", "--workers", &WORKERS.to_string(), "--inputs"]);
    command.arg(list).stdin(Stdio::null());
    command
}

fn xargs(list: &Path) -> Command {
    let mut command = Command::new("xargs");
    command.args(["-P", &WORKERS.to_string(), "-n", "1", "-a"]).arg(list).arg("true").stdin(Stdio::null());
    command
}

fn parallel(list: &Path) -> Command {
    let mut command = Command::new("parallel");
    // It asks to be cited, and waits for an answer on a terminal only.
    command.args(["-j", &WORKERS.to_string(), "-a"]).arg(list).arg("true").stdin(Stdio::null());
    command
}
