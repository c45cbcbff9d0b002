//! The explorer as it is used, whole processes: how long it takes, how many states a second, how much memory for each.
//!
//! `cargo bench --bench explore`
//!
//! Beside it SPIN, with the same models written in its language, partial-order reduction off as ours is while it counts.
//! What compiling its verifier takes is told apart from what the verifier takes. SPIN is found by name, or by the variable
//! PEER_SPIN; it is a package of most distributions, and needs `gcc`. Where it is not there, its columns are `n/a`.
//! Sides take turns in one run, and what is compared are medians.
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors, as the peers do")]
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod common;

use common::median;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often a small model is run, and how often one that takes seconds.
const ROUNDS: [usize; 2] = [11, 3];

struct Model {
    name: String,
    python: String,
    promela: String,
    rounds: usize,
    /// How many schedules it has; told so that a wrong answer is not taken for a fast one.
    schedules: &'static str,
}

/// Threads that each read a counter and write it back, so many times.
fn increments(threads: usize, times: usize, schedules: &'static str) -> Model {
    let python = format!(
        "import threading\n\ncounter = 0\n\n\ndef work():\n    global counter\n    for _ in range({times}):\n        \
         counter += 1\n\n\nthreads = [threading.Thread(target=work) for _ in range({threads})]\nfor t in threads:\n    \
         t.start()\nfor t in threads:\n    t.join()\n"
    );
    // Unrolled, so that its steps are ours: a read, a write.
    let body = "r = counter; counter = r + 1;\n".repeat(times);
    let promela = format!("byte counter;\nactive [{threads}] proctype work() {{ byte r;\n{body}}}\n");
    let rounds = ROUNDS[usize::from(threads >= 5)];
    Model { name: format!("{threads} x {times} increments"), python, promela, rounds, schedules }
}

/// Philosophers who take the left fork and then the right, once or for ever.
fn philosophers(number: usize, for_ever: bool, schedules: &'static str) -> Model {
    let (head, indent) = if for_ever { ("    while True:\n", "        ") } else { ("", "    ") };
    let python = format!(
        "import threading\n\nN = {number}\nforks = [threading.Lock() for _ in range(N)]\n\n\ndef philosopher(i):\n{head}\
         {indent}with forks[i]:\n{indent}    with forks[(i + 1) % N]:\n{indent}        pass\n\n\nthreads = \
         [threading.Thread(target=philosopher, args=(i,)) for i in range(N)]\nfor t in threads:\n    t.start()\nfor t in \
         threads:\n    t.join()\n"
    );
    let meal = "atomic { !fork[i] -> fork[i] = 1 }; atomic { !fork[j] -> fork[j] = 1 }; fork[j] = 0; fork[i] = 0";
    let body = if for_ever { format!("do :: {meal} od") } else { meal.to_string() };
    let promela = format!(
        "bit fork[{number}];\nproctype philosopher(byte i; byte j) {{ {body} }}\ninit {{ byte k; atomic {{ do\n:: k < \
         {number} -> run philosopher(k, (k + 1) % {number}); k++\n:: else -> break\nod }} }}\n"
    );
    let how = if for_ever { "in a loop" } else { "once each" };
    let rounds = ROUNDS[usize::from(number >= 10)];
    Model { name: format!("{number} philosophers, {how}"), python, promela, rounds, schedules }
}

/// What one run of a process took.
struct Run {
    seconds: f64,
    /// The most memory that it held.
    bytes: f64,
    output: String,
}

/// Runs a command to its end.
fn run(command: &mut Command) -> Run {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command starts");
    let mut stdout = child.stdout.take().expect("its output");
    let reader = std::thread::spawn(move || {
        let mut output = String::new();
        std::io::Read::read_to_string(&mut stdout, &mut output).expect("text");
        output
    });
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut bytes: f64 = 0.0;
    while child.try_wait().expect("a child").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok());
        bytes = bytes.max(kib.unwrap_or(0.0) * 1024.0);
        std::thread::sleep(if began.elapsed().as_millis() < 200 {
            Duration::from_micros(200)
        } else {
            Duration::from_millis(5)
        });
    }
    let seconds = began.elapsed().as_secs_f64();
    Run { seconds, bytes, output: reader.join().expect("a reader") }
}

fn ours(file: &Path, searchers: usize) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
    command.args(["explore", "--format", "json", "--max-states", "60000000"]).arg(file);
    command.env("RAYON_NUM_THREADS", searchers.to_string());
    run(&mut command)
}

/// SPIN's verifier of a model, and how long it took to make.
fn verifier(spin: &str, folder: &Path, model: &Model) -> Option<(PathBuf, f64)> {
    let began = Instant::now();
    std::fs::write(folder.join("model.pml"), &model.promela).ok()?;
    let quiet = |command: &mut Command| {
        command
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let made = quiet(Command::new(spin).args(["-a", "model.pml"]))
        && quiet(Command::new("gcc").args(["-O2", "-DNOREDUCE", "-DSAFETY", "-o", "pan", "pan.c"]));
    made.then(|| (folder.join("pan"), began.elapsed().as_secs_f64()))
}

fn states_of_ours(output: &str) -> f64 {
    let report: serde_json::Value = serde_json::from_str(output).expect("a report");
    report["states"].as_f64().expect("a number of states")
}

/// `… 1684801 states, stored`, or in scientific notation.
fn states_of_spin(output: &str) -> Option<f64> {
    output.lines().find_map(|line| line.trim().strip_suffix(" states, stored")?.trim().parse().ok())
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let spin = std::env::var("PEER_SPIN").unwrap_or_else(|_| "spin".into());
    let has_spin = Command::new(&spin).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !has_spin {
        println!("SPIN was not found: its columns are n/a. It is the package `spin`, or name it with PEER_SPIN.");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let models = [
        increments(2, 1, "6"),
        increments(2, 4, "12870"),
        increments(3, 2, "34650"),
        increments(4, 2, "63063000"),
        increments(5, 2, "305540235000"),
        increments(2, 10, "137846528820"),
        philosophers(3, false, "168"),
        philosophers(4, false, "98184"),
        philosophers(8, false, "4191662282365998720"),
        philosophers(10, false, "799942009807188824505040800"),
        philosophers(10, true, "inf"),
        philosophers(12, true, "inf"),
    ];
    println!(
        "{:28} {:>10} {:>9} {:>9} {:>8} {:>8} | {:>10} {:>9} {:>8} {:>9}",
        "whole process, medians",
        "states",
        "1 core s",
        "cores s",
        "k/s",
        "B/state",
        "SPIN",
        "s",
        "B/state",
        "compile s"
    );
    for model in &models {
        let file = folder.path().join("model.py");
        std::fs::write(&file, &model.python).expect("a file");
        let peer = has_spin.then(|| verifier(&spin, folder.path(), model)).flatten();
        let (mut one, mut all, mut spin) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..model.rounds {
            one.push(ours(&file, 1));
            all.push(ours(&file, std::thread::available_parallelism().map_or(1, usize::from)));
            if let Some((pan, _)) = &peer {
                spin.push(run(Command::new(pan).args(["-c0", "-n", "-m1000000"]).current_dir(folder.path())));
            }
        }
        let report: serde_json::Value = serde_json::from_str(&all[0].output).expect("a report");
        assert_eq!(report["schedules"], model.schedules, "{}", model.name);
        let states = states_of_ours(&all[0].output);
        let seconds = |runs: &[Run]| median(&runs.iter().map(|run| run.seconds).collect::<Vec<f64>>());
        let bytes = |runs: &[Run]| median(&runs.iter().map(|run| run.bytes).collect::<Vec<f64>>());
        print!(
            "{:28} {states:>10} {:>9.3} {:>9.3} {:>8.0} {:>8.0} | ",
            model.name,
            seconds(&one),
            seconds(&all),
            states / seconds(&all) / 1000.0,
            bytes(&all) / states,
        );
        match (&peer, spin.first().and_then(|run| states_of_spin(&run.output))) {
            (Some((_, compile)), Some(states)) => {
                println!("{states:>10} {:>9.3} {:>8.0} {compile:>9.2}", seconds(&spin), bytes(&spin) / states)
            }
            _ => println!("{:>10} {:>9} {:>8} {:>9}", "n/a", "n/a", "n/a", "n/a"),
        }
    }
}
