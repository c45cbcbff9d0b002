//! Nothing is left behind, however a run ends: no process, no shared memory, no temporary file.
//!
//! Every process of a run bears a tag in its environment, so that it is found wherever it has gone; and each lane leads a
//! session, whose number is its own.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod common;

use common::{POOLS, Started, in_sessions, kill, look_at, poolscope, process_pools, say, scenario_text, tagged, until};
use poolscope::wire::Phase;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A run that will not end by itself, in a folder of its own.
struct Run {
    started: Started,
    folder: TempDir,
    shared_before: BTreeSet<PathBuf>,
}

/// A task of 100 s.
const ASLEEP: &str = "workload = 'sleep'\nsize = 1000000";

/// Tasks that take a core each, for long.
const SPINNING: &str = "workload = 'spin'\nsize = 1000000";

/// Everybody waits for one, who sleeps for 100 s: to all who look from outside, a deadlock.
const STUCK: &str = "workload = { kind = 'critical-section', share = 1.0, lock = 'std', sleep = true }\nsize = 1000000";

/// Threads that spin, threads that wait for each other, and every kind of worker process in the middle of a task.
fn every_kind() -> Vec<String> {
    let mut lanes =
        vec![format!("{}\n{SPINNING}\nworkers = 2", POOLS[1]), format!("{}\n{STUCK}\nworkers = 3", POOLS[2])];
    for (index, pool) in process_pools().into_iter().enumerate() {
        let work = if index % 3 == 0 { SPINNING } else { ASLEEP };
        lanes.push(format!("{pool}\n{work}\nworkers = 2"));
    }
    lanes
}

fn in_shared_memory() -> BTreeSet<PathBuf> {
    let entries = fs::read_dir("/dev/shm").into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

impl Run {
    fn start(head: &str, lanes: &[String]) -> Run {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("scenario.md");
        fs::write(&file, scenario_text(head, lanes)).unwrap();
        let temporary = folder.path().join("tmp");
        fs::create_dir(&temporary).unwrap();
        let shared_before = in_shared_memory();
        let mut command = poolscope(&["run", file.to_str().unwrap(), "--for", "10m", "--format", "ndjson"]);
        command.env("TMPDIR", &temporary).current_dir(&temporary);
        Run { started: Started::new(command), folder, shared_before }
    }

    /// Until every lane is there and every worker of a process pool is in a task.
    fn until_all_work(&mut self) {
        self.started.until("every worker in a task", |ledger| {
            !ledger.lanes().is_empty()
                && ledger.lanes().iter().all(|lane| {
                    lane.hello.is_some() && lane.workers_alive() == lane.plan.workers as usize && lane.tasks.running > 0
                })
        });
    }

    /// No process of the run has a file open that has a name and is not the program or a system file.
    fn holds_nothing_with_a_name(&self) {
        for seen in tagged(&self.started.tag) {
            for entry in fs::read_dir(format!("/proc/{}/fd", seen.pid)).into_iter().flatten().flatten() {
                let Ok(target) = fs::read_link(entry.path()) else { continue };
                let target = target.to_string_lossy().into_owned();
                let temporary = ["/tmp", "/var/tmp", "/dev/shm", self.folder.path().to_str().unwrap()];
                let is_left =
                    temporary.iter().any(|folder| target.starts_with(folder)) && !target.ends_with("(deleted)");
                assert!(!is_left, "{} ({}) has {target} open", seen.pid, seen.name);
            }
        }
    }

    /// Waits until nothing is left, and says how long that took from `began` on.
    fn leaves_nothing(&self, began: Instant, sessions: &[u32], what: &str) {
        until(&format!("nothing left of {what}: {:?}", tagged(&self.started.tag)), || {
            let left = in_sessions(sessions).len() + tagged(&self.started.tag).len();
            (left == 0).then_some(())
        });
        let took = began.elapsed();
        say(&format!("{what}: nothing left after {} ms", took.as_millis()));
        assert!(took < Duration::from_secs(10), "{what}: {took:?}");
        let temporary: Vec<_> = fs::read_dir(self.folder.path().join("tmp")).unwrap().collect();
        assert!(temporary.is_empty(), "{what} left {temporary:?}");
        // Other programs come and go there too: ours would stay.
        until("no entry in /dev/shm left", || in_shared_memory().is_subset(&self.shared_before).then_some(()));
    }
}

fn ended_by(signal: Signal) {
    let mut run = Run::start("mode = 'together'", &every_kind());
    run.until_all_work();
    let sessions = run.started.sessions();
    let there = in_sessions(&sessions);
    assert_eq!(sessions.iter().collect::<BTreeSet<_>>().len(), 8, "a session for each lane: {sessions:?}");
    assert!(there.len() >= 8 + 12, "lanes and workers: {there:?}");
    assert!(!sessions.contains(&look_at(run.started.pid()).unwrap().session), "the viewer's own session");
    run.holds_nothing_with_a_name();

    let began = Instant::now();
    kill(run.started.pid(), signal);
    let (status, stderr) = run.started.end();
    if signal == Signal::KILL {
        assert_eq!(status.signal(), Some(9));
    } else {
        assert_eq!(status.code(), Some(128 + signal.as_raw()), "{status:?} {stderr}");
        assert_eq!(stderr, "");
    }
    run.leaves_nothing(began, &sessions, &format!("a run ended by {signal:?}"));
}

#[test]
fn nothing_is_left_after_sigint() {
    ended_by(Signal::INT);
}

#[test]
fn nothing_is_left_after_sigterm() {
    ended_by(Signal::TERM);
}

#[test]
fn nothing_is_left_after_sighup() {
    ended_by(Signal::HUP);
}

#[test]
fn nothing_is_left_after_sigquit() {
    ended_by(Signal::QUIT);
}

#[test]
fn nothing_is_left_after_sigkill() {
    ended_by(Signal::KILL);
}

#[test]
fn nothing_is_left_of_lanes_that_were_halted_or_stopped() {
    for signal in [Signal::TERM, Signal::KILL] {
        let lanes = [
            format!("{}\n{SPINNING}\nworkers = 2", POOLS[1]),
            format!("{}\n{ASLEEP}\nworkers = 2", POOLS[5]),
            format!("{}\n{ASLEEP}\nworkers = 2", POOLS[8]),
            format!("{}\n{ASLEEP}\nworkers = 2", POOLS[10]),
        ];
        let mut run = Run::start("mode = 'turns'\nslice_ms = 50", &lanes);
        run.started.until("halted lanes", |ledger| {
            ledger.lanes().iter().filter(|lane| lane.phase == Phase::Halted).count() >= 2
        });
        let sessions = run.started.sessions();
        assert_eq!(sessions.len(), 4);
        // A lane and a worker that are stopped can hear nothing at all.
        kill(sessions[0], Signal::STOP);
        let worker = in_sessions(&sessions[1..2]).into_iter().find(|seen| seen.pid != sessions[1]).unwrap();
        kill(worker.pid, Signal::STOP);
        until("it stands still", || (look_at(sessions[0])?.state == 'T').then_some(()));
        let began = Instant::now();
        kill(run.started.pid(), signal);
        run.started.end();
        run.leaves_nothing(began, &sessions, &format!("halted and stopped lanes after {signal:?}"));
    }
}

#[test]
fn nothing_is_left_when_a_run_ends_while_it_begins() {
    for (index, delay_ms) in [0, 2, 5, 10, 20, 30, 45, 60, 90, 130].into_iter().enumerate() {
        let signal = [Signal::TERM, Signal::KILL][index % 2];
        let mut run = Run::start("mode = 'together'", &every_kind());
        std::thread::sleep(Duration::from_millis(delay_ms));
        let began = Instant::now();
        kill(run.started.pid(), signal);
        let (status, _) = run.started.end();
        let by = (status.signal(), status.code());
        let (number, code) = (signal.as_raw(), 128 + signal.as_raw());
        // Before it could say what is to happen with a signal, a signal does what it always does.
        assert!(by == (Some(number), None) || by == (None, Some(code)), "{status:?}");
        run.leaves_nothing(began, &[], &format!("a run ended by {signal:?} after {delay_ms} ms"));
    }
}

#[test]
fn nothing_is_left_after_a_run_that_ends_in_good_order() {
    let folder = TempDir::new().unwrap();
    let temporary = folder.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut lanes: Vec<String> = process_pools();
    lanes.push(format!("{}\nworkload = 'file'\nworkers = 3", POOLS[1]));
    let file = folder.path().join("scenario.md");
    fs::write(&file, scenario_text("mode = 'together'\nseconds = 0.5", &lanes)).unwrap();
    let mut command = poolscope(&["run", file.to_str().unwrap(), "--format", "ndjson"]);
    command.env("TMPDIR", &temporary).current_dir(&temporary);
    let shared_before = in_shared_memory();
    let mut run = Run { started: Started::new(command), folder, shared_before };
    let (status, stderr) = run.started.end();
    let began = Instant::now();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    let sessions = run.started.sessions();
    assert_eq!(sessions.len(), 7);
    run.leaves_nothing(began, &sessions, "a run that ended by itself");

    fn process_pools() -> Vec<String> {
        let work = ["workload = 'file'", "workload = 'loopback'", "workload = 'sleep'"];
        let pools = common::process_pools().into_iter().enumerate();
        pools.map(|(index, pool)| format!("{pool}\nworkers = 2\n{}", work[index % 3])).collect()
    }
}

// ── nobody reads any more ──────────────────────────────────────────────────────────────────────────────────────────────

/// Runs the program with a standard output that nobody reads: from the beginning, or after `lines` lines.
fn unread(args: &[&str], lines: usize) {
    let (reader, writer) = std::io::pipe().unwrap();
    let tag = common::unique();
    let mut command = poolscope(args);
    command.env("POOLSCOPE_TEST_TAG", &tag).stdout(writer).stderr(Stdio::piped());
    let mut reader = Some(BufReader::new(reader));
    if lines == 0 {
        reader = None;
    }
    let mut child = command.spawn().unwrap();
    // The command holds a writing end of its own.
    drop(command);
    if let Some(reader) = &mut reader {
        let mut line = String::new();
        for _ in 0..lines {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "{args:?} says nothing");
        }
    }
    drop(reader);
    let status = common::wait(&mut child, &format!("{args:?}, unread"));
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{args:?} after {lines} lines");
    until("nothing left of it", || tagged(&tag).is_empty().then_some(()));
}

#[test]
fn a_closed_standard_output_ends_it_quietly() {
    for args in [
        ["list"].as_slice(),
        &["man"],
        &["completions", "bash"],
        &["notes", "pool-size"],
        &["--help"],
        &["--version"],
        &["run", "pool-size", "--for", "200ms"],
        &["run", "pool-size", "--for", "200ms", "--format", "json"],
        &["run", "pool-size", "--for", "200ms", "--format", "csv"],
        // Ends with its first frame that nobody reads, and not after ten minutes.
        &["run", "pool-size", "--for", "10m", "--format", "ndjson"],
    ] {
        unread(args, 0);
    }
    unread(&["run", "ipc", "--for", "10m", "--format", "ndjson"], 1);
    unread(&["run", "threads-or-processes-cpu", "--for", "10m", "--format", "ndjson"], 12);
    unread(&["list"], 1);
}

#[test]
fn a_replay_that_nobody_reads_ends_quietly() {
    let folder = TempDir::new().unwrap();
    let (scenario, file) = (folder.path().join("scenario.md"), folder.path().join("recording"));
    fs::write(&scenario, scenario_text("", &[format!("{}\nworkload = 'sleep'", POOLS[1])])).unwrap();
    let (scenario, file) = (scenario.to_str().unwrap(), file.to_str().unwrap());
    let run = common::output(poolscope(&["run", scenario, "--for", "300ms", "--record", file]));
    assert_eq!(run.code(), Some(0), "{run:?}");
    for format in ["text", "json", "ndjson", "csv"] {
        unread(&["replay", file, "--format", format], 0);
        unread(&["replay", file, "--format", format], 1);
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_told() {
    for args in [["list"].as_slice(), &["run", "pool-size", "--for", "200ms", "--format", "json"]] {
        let mut command = poolscope(args);
        let full = fs::OpenOptions::new().write(true).open(Path::new("/dev/full")).unwrap();
        let mut child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let status = common::wait(&mut child, "a full disk");
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{args:?}: {stderr}");
        assert!(stderr.contains("No space left"), "{args:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
    }
}
