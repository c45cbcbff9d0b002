//! The whole program, as it is used: how soon it works, how large its frames are, and how many workers it bears.
//!
//! `cargo bench --bench lanes`
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors, as the peers do")]
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod common;

use common::Row;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A frame of a lane, as it came.
struct Tick {
    lane: u64,
    at_ns: u64,
    bytes: usize,
    completed: u64,
    workers: usize,
}

/// What a run printed.
struct Run {
    /// From the start of the program until a frame told of a task that had completed.
    first_task: Option<Duration>,
    ticks: Vec<Tick>,
    summary: Value,
}

fn main() {
    let mut rows = Vec::new();
    starts(&mut rows);
    frames(&mut rows);
    crowds(&mut rows);
    common::print_rows(&rows);
}

/// `run` of the default scenario until its first task has completed, as a frame tells it.
fn starts(rows: &mut Vec<Row>) {
    let mut times: Vec<f64> =
        (0..11).filter_map(|_| run(&["--for", "400ms"]).first_task).map(|time| time.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    let (median, worst) = (common::median(&times), times.last().copied().unwrap_or(f64::NAN));
    println!(
        "start of the default scenario until a frame tells of a completed task: median {median:.0} ms, worst of 11 {worst:.0} ms"
    );
    rows.push(Row::new(
        format!("start until the first completed task, within 100 ms (median {median:.0} ms): times within"),
        100.0 / median,
        1.0,
    ));
}

/// The bytes of a frame at a thousand and at a million tasks a second, and against the bound.
fn frames(rows: &mut Vec<Row>) {
    let largest = |rate: u64| {
        let lane = format!(
            "[[lane]]\nname = \"a\"\npool = \"threads\"\nworkers = 2\nworkload = {{ kind = \"spin\" }}\nsize = 0\n\
             capacity = \"unbounded\"\narrivals = {{ kind = \"open\", rate_per_s = {rate} }}\n"
        );
        let run = run_lanes(&lane, "4s");
        let seconds = run.summary["lanes"][0]["active_s"].as_f64().unwrap_or(f64::NAN);
        let completed = run.summary["lanes"][0]["tasks"]["completed"].as_f64().unwrap_or(f64::NAN);
        // The first frames are of a pool that warms up.
        let bytes = run.ticks.iter().skip(3).map(|tick| tick.bytes).max().unwrap_or(0);
        println!("{rate} tasks/s asked for, {:.0} done: largest frame {bytes} bytes", completed / seconds);
        bytes as f64
    };
    let (slow, fast) = (largest(1_000), largest(1_000_000));
    rows.push(Row::new(
        format!("a frame at 1,000,000 tasks/s ({fast:.0} B) at most twice one at 1,000 ({slow:.0} B): times within"),
        2.0 * slow / fast,
        1.0,
    ));
    let bound = 2048.0 + 200.0 * 2.0;
    rows.push(Row::new(
        format!("a frame of 2 workers at most 2 KiB + 200 B a worker ({bound:.0} B): times within"),
        bound / fast,
        1.0,
    ));
}

/// 1024 workers in a lane, and 8 lanes of 64: both conserve tasks, and frames keep coming.
fn crowds(rows: &mut Vec<Row>) {
    let lane = |name: &str, workers: u32| {
        format!(
            "[[lane]]\nname = \"{name}\"\npool = \"threads\"\nworkers = {workers}\nworkload = {{ kind = \"primes\" }}\nsize = 20\n"
        )
    };
    let eight: String = (1..=8).map(|number| lane(&number.to_string(), 64)).collect();
    for (what, lanes, count) in [("1024 workers in a lane", lane("many", 1024), 1), ("8 lanes of 64 workers", eight, 8)]
    {
        let run = run_lanes(&lanes, "6s");
        let conserved =
            run.summary["lanes"].as_array().is_some_and(|lanes| lanes.len() == count && lanes.iter().all(balances));
        let mut gaps_ms = Vec::new();
        for number in 1..=count as u64 {
            let times: Vec<u64> = run.ticks.iter().filter(|tick| tick.lane == number).map(|tick| tick.at_ns).collect();
            gaps_ms.extend(times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6));
        }
        gaps_ms.sort_by(f64::total_cmp);
        let p99_ms = gaps_ms.get(gaps_ms.len() * 99 / 100).copied().unwrap_or(f64::NAN);
        let per_worker = run.ticks.iter().filter(|tick| tick.workers > 100).map(|tick| tick.bytes / tick.workers).max();
        println!(
            "{what}: conserved {conserved}, {} frames, p99 gap {p99_ms:.0} ms, bytes a worker {per_worker:?}",
            run.ticks.len()
        );
        rows.push(Row::new(format!("{what}: tasks conserved"), f64::from(u8::from(conserved)), 1.0));
        rows.push(Row::new(
            format!("{what}: 99 % of frames within 300 ms of the last ({p99_ms:.0} ms): times within"),
            300.0 / p99_ms,
            1.0,
        ));
    }
}

fn balances(lane: &Value) -> bool {
    let count = |what: &str| lane["tasks"][what].as_u64().unwrap_or(0);
    let accounted: u64 =
        ["queued", "running", "completed", "failed", "rejected", "discarded", "lost"].map(count).iter().sum();
    count("submitted") == accounted && count("completed") > 0
}

fn run_lanes(lanes: &str, wall: &str) -> Run {
    let file = tempfile::Builder::new().suffix(".md").tempfile().unwrap();
    let text = format!("+++\ntitle = \"bench\"\ntopic = \"pools\"\nmode = \"together\"\n\n{lanes}+++\nA benchmark.\n");
    std::fs::write(file.path(), text).unwrap();
    run(&[&file.path().to_string_lossy(), "--for", wall])
}

fn run(arguments: &[&str]) -> Run {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_poolscope"))
        .arg("run")
        .args(arguments)
        .args(["--format", "ndjson"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut run = Run { first_task: None, ticks: Vec::new(), summary: Value::Null };
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let frame: Value = serde_json::from_str(&line).unwrap();
        if frame["kind"] == "tick" {
            let completed = frame["tasks"]["completed"].as_u64().unwrap_or(0);
            if completed > 0 && run.first_task.is_none() {
                run.first_task = Some(began.elapsed());
            }
            run.ticks.push(Tick {
                lane: frame["lane"].as_u64().unwrap_or(0),
                at_ns: frame["at_ns"].as_u64().unwrap_or(0),
                bytes: line.len() + 1,
                completed,
                workers: frame["workers"].as_array().map_or(0, Vec::len),
            });
        } else if frame["format"] == 1 {
            run.summary = frame;
        }
    }
    child.wait().unwrap();
    assert!(run.ticks.iter().any(|tick| tick.completed > 0), "no task completed");
    run
}
