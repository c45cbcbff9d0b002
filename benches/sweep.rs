//! Whether a sweep advises well: its size against the best one that exhaustive measurement finds, on built-in workloads.
//!
//! `cargo bench --bench sweep`
//!
//! The exhaustive measurement takes every size from 1 to 8, and has none of the sweep's figures. Sizes that do
//! within 3 % of the most are all best: between these only chance decides.
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors, as the peers do")]
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod common;

use common::Row;
use serde_json::Value;
use std::process::{Command, Stdio};

/// A lane for each built-in workload that scales in a way of its own, with tasks of a millisecond or so.
const WORKLOADS: [(&str, &str); 8] = [
    ("primes", "workload = 'primes'"),
    ("mandelbrot", "workload = 'mandelbrot'"),
    ("hash", "workload = 'hash'"),
    ("stream", "workload = 'stream'"),
    ("sleep", "workload = 'sleep'\nsize = 20"),
    ("loopback", "workload = 'loopback'"),
    ("critical section, half of it", "workload = { kind = 'critical-section', share = 0.5 }"),
    (
        "two at a time asleep",
        "workload = { kind = 'critical-section', share = 1.0, lock = 'semaphore', permits = 2, sleep = true }",
    ),
];

/// The sizes that a user would try, and all of them.
const TRIED: [u32; 4] = [1, 2, 4, 8];
const ALL: &str = "1..8";

/// A size within this share of the most is as good as the best.
const AS_GOOD: f64 = 0.03;

fn main() {
    let mut rows = Vec::new();
    let folder = std::env::temp_dir().join(format!("poolscope-sweep-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut within = 0;
    for (name, lane) in WORKLOADS {
        let file = folder.join("swept.md");
        std::fs::write(&file, format!("+++\ntitle = 'swept'\n[[lane]]\npool = 'threads'\n{lane}\n+++\n"))
            .expect("a file");
        let file = file.to_string_lossy().into_owned();
        let swept = sweep(&file, "1,2,4,8", "500ms", "5");
        let measured = sweep(&file, ALL, "500ms", "5");
        let advised = swept["recommended"]["size"].as_u64().unwrap_or(0) as u32;
        let means: Vec<(u32, f64)> = points(&measured);
        let most = means.iter().map(|(_, mean)| *mean).fold(0.0, f64::max);
        let best: Vec<u32> =
            means.iter().filter(|(_, mean)| *mean >= most * (1.0 - AS_GOOD)).map(|(size, _)| *size).collect();
        let is_within = best.iter().any(|size| steps_between(advised, *size) <= 1);
        within += usize::from(is_within);
        let figures: Vec<String> = means.iter().map(|(size, mean)| format!("{size}: {mean:.0}")).collect();
        println!("{name}: advised {advised}; best {best:?} of tasks/s {}", figures.join(", "));
        println!("  {}", swept["recommended"]["sentence"].as_str().unwrap_or("nothing"));
    }
    let _ = std::fs::remove_dir_all(&folder);
    rows.push(Row::new(
        format!(
            "sizes advised within one step of the best by exhaustive measurement: share of {} workloads",
            WORKLOADS.len()
        ),
        within as f64 / WORKLOADS.len() as f64,
        1.0,
    ));
    common::print_rows(&rows);
}

/// How many steps of the tried sizes lie between two sizes; a size between two of them is a step from either.
fn steps_between(one: u32, other: u32) -> usize {
    let place = |size: u32| {
        let below = TRIED.iter().filter(|tried| **tried <= size).count();
        let is_one = TRIED.contains(&size);
        (below.saturating_sub(1), if is_one { below.saturating_sub(1) } else { below })
    };
    let ((one_low, one_high), (other_low, other_high)) = (place(one), place(other));
    one_low.saturating_sub(other_high).max(other_low.saturating_sub(one_high))
}

fn points(swept: &Value) -> Vec<(u32, f64)> {
    let points = swept["points"].as_array().cloned().unwrap_or_default();
    let point = |point: &Value| Some((point["workers"].as_u64()? as u32, point["throughput_per_s"]["mean"].as_f64()?));
    points.iter().filter_map(point).collect()
}

fn sweep(file: &str, workers: &str, each: &str, repeat: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
    command.args(["sweep", file, "--workers", workers, "--for", each, "--repeat", repeat, "--format", "json"]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().expect("it runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
