//! Faults that a run survives: lanes and workers that are killed or stopped anywhere, recordings that break, a system that
//! gives no more, a machine that tells little. It goes on, says what happened, and counts stay exact.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod common;

use common::{
    Ended, POOLS, Watch, in_sessions, is_busy, kill, look_at, output, plan, plan_of, poolscope, process_pools, program,
    say, scenario_text, until,
};
use poolscope::ledger::{FindingKind, Ledger, Standing};
use poolscope::report::{self, Summary};
use poolscope::source::{Ending, LiveOptions, Recorder, Replay, ReplayError};
use poolscope::wire::{Body, Event, Exit, LaneId, Order, Phase, WorkerId, WorkerState};
use rustix::process::Signal;
use rustix::thread::CpuSet;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn finding(ledger: &Ledger, lane: u16, kind: FindingKind) -> Option<String> {
    let found = ledger.findings().into_iter().find(|finding| finding.lane == LaneId(lane) && finding.kind == kind);
    found.map(|finding| finding.text)
}

/// What is printed of a run, which no terminal obeys.
fn text_of(ledger: &Ledger) -> String {
    let summary = Summary::of(ledger).expect("a plan");
    let text = report::text(&summary, &report::verdicts(ledger, &summary));
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    text
}

// ── lanes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_lane_that_is_killed_is_told_and_the_others_go_on() {
    let lanes =
        [POOLS[1], POOLS[5], POOLS[10], POOLS[3]].map(|pool| format!("{pool}\nworkload = 'sleep'\nworkers = 2"));
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(10);
    let victims = [(1, Signal::KILL, "SIGKILL"), (2, Signal::SEGV, "SIGSEGV"), (3, Signal::ABORT, "SIGABRT")];
    let sessions: Vec<u32> = (1..=3).map(|lane| run.lane(lane).hello.as_ref().unwrap().pid).collect();
    assert!(in_sessions(&sessions).len() >= 3 + 4, "{:?}", in_sessions(&sessions));
    for (lane, signal, _) in victims {
        let pid = sessions[usize::from(lane) - 1];
        run.until("the end of a lane", |ledger| {
            // The first SIGSEGV is taken for a fault of the process's own, which would come again.
            kill(pid, signal);
            matches!(ledger.lanes()[usize::from(lane) - 1].standing, Standing::Gone(_))
        });
    }
    let before = run.lane(4).tasks.completed;
    run.until("the last lane, going on", |ledger| ledger.lanes()[3].tasks.completed > before + 50);
    // Orders to those who are gone reach nobody.
    run.order(None, Order::Resize { workers: 3 });
    until("no process of theirs", || in_sessions(&sessions).is_empty().then_some(()));
    let ended = run.finish();
    for (lane, _, name) in victims {
        let text = finding(&ended.ledger, lane, FindingKind::LaneGone).expect("a finding");
        assert!(text.contains(name), "{text}");
        assert!(text_of(&ended.ledger).contains(name));
        assert_eq!(ended.lane(lane).result_ok(), None, "nobody knows what became of its tasks");
    }
    only_lane_is_exact(&ended, 4);
}

fn only_lane_is_exact(ended: &Ended, lane: u16) {
    let lane = ended.lane(lane);
    assert_eq!((lane.phase, lane.result_ok()), (Phase::Done, Some(true)), "{:?}", lane.tasks);
    assert_eq!(lane.tasks.submitted, lane.tasks.accounted());
    assert_eq!(ended.ledger.findings().iter().filter(|finding| finding.kind == FindingKind::Unbalanced).count(), 0);
}

#[test]
fn a_lane_that_is_stopped_is_told_delays_nobody_and_can_go_on() {
    let lanes = [POOLS[1], POOLS[5], POOLS[3]].map(|pool| format!("{pool}\nworkload = 'sleep'\nworkers = 2"));
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(10);
    for lane in [1, 2] {
        kill(run.lane(lane).hello.as_ref().unwrap().pid, Signal::STOP);
    }
    run.until("the silence of two lanes", |ledger| {
        (1..=2).all(|lane| finding(ledger, lane, FindingKind::SilentLane).is_some())
    });
    assert!(finding(&run.ledger, 3, FindingKind::SilentLane).is_none());
    assert!(text_of(&run.ledger).contains("No frame for"));
    // More orders than a pipe takes: whoever reads none misses some, and nobody waits.
    for _ in 0..2000 {
        run.order(None, Order::Rate { per_s: 5.0 });
    }
    let before = run.lane(3).tasks.completed;
    run.until("the third lane, going on", |ledger| ledger.lanes()[2].tasks.completed > before + 50);
    for lane in [1, 2] {
        kill(run.lane(lane).hello.as_ref().unwrap().pid, Signal::CONT);
    }
    run.until_completed(20);
    run.pause();
    run.resume();
    run.finish().is_exact();
}

#[test]
fn a_lane_that_is_stopped_for_good_is_ended_with_the_run() {
    for mode in ["mode = 'together'", "mode = 'turns'\nslice_ms = 60"] {
        let lanes = [POOLS[1], POOLS[5], POOLS[2]].map(|pool| format!("{pool}\nworkload = 'sleep'\nworkers = 2"));
        let mut run = Watch::start(plan_of(mode, &lanes));
        run.until_completed(10);
        let sessions: Vec<u32> = (1..=2).map(|lane| run.lane(lane).hello.as_ref().unwrap().pid).collect();
        sessions.iter().for_each(|pid| kill(*pid, Signal::STOP));
        let before = run.lane(3).tasks.completed;
        run.until("the third lane, going on", |ledger| ledger.lanes()[2].tasks.completed > before + 50);
        let ended = run.finish_at_once();
        for lane in [1, 2] {
            let text = finding(&ended.ledger, lane, FindingKind::LaneGone).expect("a finding");
            assert!(text.contains("SIGKILL"), "{mode}: {text}");
        }
        only_lane_is_exact(&ended, 3);
        assert!(in_sessions(&sessions).is_empty());
    }
}

// ── worker processes ───────────────────────────────────────────────────────────────────────────────────────────────────

/// Waits for a tick of a lane that was made after now, which its answer to an order tells.
fn look_again(run: &mut Watch, lane: u16) {
    let from = run.frames.len();
    let workers = run.lane(lane).plan.workers;
    run.order(Some(lane), Order::Resize { workers });
    run.until_frame("an answer", |frames| {
        frames[from..].iter().filter(|frame| frame.lane == Some(LaneId(lane))).any(|frame| {
            matches!(&frame.body, Body::Tick(tick) if tick.events.iter().any(|event| matches!(event, Event::Resized { .. })))
        })
    });
}

/// Stops a worker of a lane while it is as it should be, for certain: it stands still, and what its lane tells of it after
/// that is as wanted. Returns its number and its process.
fn catch(run: &mut Watch, lane: u16, state: impl Fn(WorkerState) -> bool) -> (WorkerId, u32) {
    for _ in 0..500 {
        run.step();
        let Some(worker) = run.tick(lane).and_then(|tick| tick.workers.iter().find(|worker| state(worker.state)))
        else {
            continue;
        };
        let (id, pid) = (worker.id, worker.tid);
        kill(pid, Signal::STOP);
        until("a worker that stands still", || match look_at(pid) {
            Some(seen) if seen.state != 'T' => None,
            _ => Some(()),
        });
        look_again(run, lane);
        let now = run.tick(lane).and_then(|tick| tick.workers.iter().find(|worker| worker.id == id));
        if now.is_some_and(|worker| state(worker.state) && worker.tid == pid) {
            return (id, pid);
        }
        kill(pid, Signal::CONT);
    }
    panic!("no worker of lane {lane} could be caught\n{}", run.standing());
}

fn died(ledger: &Ledger, lane: u16) -> Vec<(WorkerId, Exit, u64, u64)> {
    let events = ledger.lanes()[usize::from(lane) - 1].events.iter();
    let deaths = events.filter_map(|(_, event)| match event {
        Event::WorkerDied { worker, exit, retried, lost } => Some((*worker, exit.clone(), *retried, *lost)),
        _ => None,
    });
    deaths.collect()
}

#[test]
fn a_worker_that_is_killed_in_the_middle_of_a_task_costs_that_task_at_most() {
    let lane = |(index, pool): (usize, &&str)| {
        let fate = ["'lose'", "{ kind = 'retry', times = 1 }"][index % 2];
        format!("{pool}\nworkload = 'sleep'\nsize = 1000\nworkers = 2\non_death = {fate}")
    };
    let lanes: Vec<String> = process_pools().iter().enumerate().map(lane).collect();
    let mut run = Watch::start(plan(&lanes));
    for lane in 1..=6u16 {
        let (signal, number) = [(Signal::KILL, 9), (Signal::ABORT, 6), (Signal::TERM, 15)][usize::from(lane) % 3];
        let (worker, pid) = catch(&mut run, lane, is_busy);
        kill(pid, signal);
        // What is not to be refused works at once; anything else as soon as it runs again.
        kill(pid, Signal::CONT);
        run.until("a death", |ledger| !died(ledger, lane).is_empty());
        let (retried, lost) = if lane % 2 == 0 { (1, 0) } else { (0, 1) };
        assert_eq!(died(&run.ledger, lane), [(worker, Exit::Signal { signal: number }, retried, lost)], "lane {lane}");
        run.until("another in its place", |ledger| {
            let events = ledger.lanes()[usize::from(lane) - 1].events.iter();
            events
                .filter(|(_, event)| matches!(event, Event::WorkerReplaced { worker: new, .. } if *new == worker))
                .count()
                == 1
        });
    }
    run.until_completed(4);
    let ended = run.finish();
    ended.is_exact();
    for lane in 1..=6u16 {
        let (tasks, name) = (ended.lane(lane).tasks, ["SIGKILL", "SIGABRT", "SIGTERM"][usize::from(lane) % 3]);
        assert_eq!((tasks.retried, tasks.lost), if lane % 2 == 0 { (1, 0) } else { (0, 1) }, "lane {lane}");
        assert_eq!(ended.lane(lane).workers_died, 1);
        let text = finding(&ended.ledger, lane, FindingKind::WorkerDied).expect("a finding");
        assert!(text.contains(name), "{text}");
    }
    text_of(&ended.ledger);
}

#[test]
fn a_worker_that_dies_of_sigsegv_is_replaced() {
    let lanes: Vec<String> =
        process_pools().iter().map(|pool| format!("{pool}\nworkload = 'sleep'\nworkers = 2")).collect();
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(3);
    for lane in 1..=6u16 {
        let pid = run.tick(lane).and_then(|tick| tick.workers.first()).expect("a worker").tid;
        run.until("a death", |ledger| {
            // The first one is taken for a fault of the process's own, which would come again.
            kill(pid, Signal::SEGV);
            !died(ledger, lane).is_empty()
        });
        assert_eq!(died(&run.ledger, lane)[0].1, Exit::Signal { signal: 11 });
    }
    run.until_completed(30);
    let ended = run.finish();
    ended.is_exact();
    assert!(ended.ledger.lanes().iter().all(|lane| lane.workers_died == 1), "each died once");
}

/// What an owner of the lock is killed for: it sleeps inside, so a worker that is blocked holds it.
fn section(pool: &str, lock: &str) -> String {
    format!(
        "{pool}\nworkers = 3\non_death = 'lose'\nsize = 200\n\
         workload = {{ kind = 'critical-section', share = 1.0, sleep = true, lock = '{lock}' }}"
    )
}

#[test]
fn a_worker_that_is_killed_while_it_holds_a_lock_stops_nobody() {
    let locks = ["futex", "spin", "semaphore", "futex", "spin", "semaphore"];
    let lanes: Vec<String> = process_pools().into_iter().zip(locks).map(|(pool, lock)| section(pool, lock)).collect();
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(2);
    for lane in 1..=6u16 {
        for round in 1..=2 {
            let (worker, pid) = catch(&mut run, lane, |state| state == WorkerState::Blocked);
            kill(pid, Signal::KILL);
            run.until("a death", |ledger| died(ledger, lane).len() == round);
            assert_eq!(died(&run.ledger, lane)[round - 1].0, worker);
            let before = run.lane(lane).tasks.completed;
            run.until("the others, going on", |ledger| {
                ledger.lanes()[usize::from(lane) - 1].tasks.completed >= before + 4
            });
        }
    }
    let ended = run.finish();
    ended.is_exact();
    for (index, lane) in ended.ledger.lanes().iter().enumerate() {
        let number = index as u16 + 1;
        let what = format!("{} lock, {:?}", locks[index], lane.plan.pool);
        assert_eq!((lane.workers_died, lane.tasks.lost), (2, 2), "{what}");
        assert_eq!(lane.locks[0].now.abandoned, 2, "{what}");
        let told = lane.events.iter().filter(|(_, event)| matches!(event, Event::LockAbandoned { .. })).count();
        assert_eq!(told, 2, "{what}");
        let text = finding(&ended.ledger, number, FindingKind::LockAbandoned).expect("a finding");
        assert!(text.contains("section") && text.contains("2 times"), "{text}");
        assert!(finding(&ended.ledger, number, FindingKind::WorkerDied).is_some(), "{what}");
        let summary = serde_json::to_value(Summary::of(&ended.ledger).unwrap()).unwrap();
        assert_eq!(summary["lanes"][index]["workers_died"], 2, "{what}");
    }
}

#[test]
fn a_worker_that_is_killed_while_it_waits_for_a_lock_is_not_waited_for() {
    let lanes: Vec<String> = [(POOLS[5], "futex"), (POOLS[8], "spin"), (POOLS[9], "semaphore"), (POOLS[10], "futex")]
        .into_iter()
        .map(|(pool, lock)| section(pool, lock))
        .collect();
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(2);
    for lane in 1..=4u16 {
        let (_, pid) = catch(&mut run, lane, |state| state == WorkerState::Lock);
        kill(pid, Signal::KILL);
        run.until("a death", |ledger| died(ledger, lane).len() == 1);
    }
    run.until_completed(6);
    let ended = run.finish();
    ended.is_exact();
    for lane in ended.ledger.lanes() {
        assert_eq!((lane.workers_died, lane.tasks.lost), (1, 1), "{:?}", lane.plan.pool);
        assert_eq!(lane.locks[0].now.abandoned, 0, "{:?}", lane.plan.pool);
        assert_eq!(lane.locks[0].now.waiters, 0, "{:?}", lane.plan.pool);
    }
}

#[test]
fn a_worker_that_is_stopped_holds_up_nobody_else_and_can_be_killed() {
    let lanes: Vec<String> =
        process_pools().iter().map(|pool| format!("{pool}\nworkload = 'sleep'\nworkers = 2\nsize = 50")).collect();
    let mut run = Watch::start(plan(&lanes));
    run.until_completed(2);
    let mut stopped = Vec::new();
    for lane in 1..=6 {
        stopped.push(catch(&mut run, lane, is_busy));
    }
    run.until_completed(10);
    for (lane, (worker, _)) in (1..=3).zip(&stopped) {
        run.order(Some(lane), Order::Kill { worker: *worker });
        run.until("a death", |ledger| died(ledger, lane).len() == 1);
    }
    run.until_completed(10);
    // The other lanes have a worker each that will never reach the end of its task: they say what they know, and end.
    let sessions: Vec<u32> = (1..=6).map(|lane| run.lane(lane).hello.as_ref().unwrap().pid).collect();
    let ended = run.finish_at_once();
    for lane in 1..=3 {
        only_lane_is_exact(&ended, lane);
    }
    for lane in 4..=6 {
        let (lane, text) = (ended.lane(lane), text_of(&ended.ledger));
        assert_eq!((lane.phase, lane.result_ok()), (Phase::Halted, None), "{text}");
        assert!(matches!(&lane.standing, Standing::Gone(gone) if gone.expected), "{text}");
        assert_eq!(lane.tasks.running, 1, "{:?}", lane.tasks);
        assert_eq!(lane.tasks.submitted, lane.tasks.accounted(), "{:?}", lane.tasks);
    }
    assert!(in_sessions(&sessions).is_empty(), "{:?}", in_sessions(&sessions));
}

// ── recordings ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A scenario of two small lanes that end by themselves, without a statement of what to expect.
fn small_scenario(folder: &TempDir) -> String {
    let lanes = [POOLS[1], POOLS[5]].map(|pool| format!("{pool}\nworkload = 'sleep'\nworkers = 2"));
    let file = folder.path().join("scenario.md");
    fs::write(&file, scenario_text("mode = 'together'", &lanes)).unwrap();
    file.to_str().unwrap().to_string()
}

/// The run went on to its end and says so, whatever became of its recording.
fn ran_in_full(run: &common::Output) {
    assert_eq!(run.code(), Some(0), "{run:?}");
    let summary = run.json();
    for lane in summary["lanes"].as_array().unwrap() {
        assert_eq!(lane["tasks"]["completed"], 200, "{lane}");
        assert_eq!(lane["result"]["ok"], true, "{lane}");
    }
}

fn ended_early(run: &common::Output) {
    ran_in_full(run);
    assert_eq!(run.stderr.matches("the recording ended early").count(), 1, "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_run() {
    let folder = TempDir::new().unwrap();
    let scenario = small_scenario(&folder);
    let run = output(poolscope(&["run", &scenario, "--tasks", "200", "--format", "json", "--record", "/dev/full"]));
    ended_early(&run);
    assert!(run.stderr.contains("No space left"), "{run:?}");
}

#[test]
fn a_closed_pipe_ends_the_recording_and_not_the_run() {
    let folder = TempDir::new().unwrap();
    let scenario = small_scenario(&folder);
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(fs::File::open(pipe).unwrap()).read_line(&mut line).unwrap();
            line
        })
    };
    let file = pipe.to_str().unwrap();
    let run = output(poolscope(&["run", &scenario, "--tasks", "200", "--format", "json", "--record", file]));
    assert!(reader.join().unwrap().contains("\"plan\""), "the first line was read");
    ended_early(&run);
}

#[test]
fn a_limit_on_the_size_of_files_ends_the_recording_and_not_the_run() {
    let folder = TempDir::new().unwrap();
    // Threads only: the memory that processes share counts as a file, too.
    let lanes = [POOLS[1], POOLS[3]].map(|pool| format!("{pool}\nworkload = 'sleep'\nworkers = 2"));
    let scenario = folder.path().join("scenario.md").to_str().unwrap().to_string();
    fs::write(&scenario, scenario_text("mode = 'together'", &lanes)).unwrap();
    let file = folder.path().join("recording");
    // Blocks of 512 bytes. Beyond the limit the kernel sends SIGXFSZ, whose default is to end the process.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 12; exec \"$@\"", "sh"]).arg(program());
    command.args(["run", &scenario, "--tasks", "200", "--format", "json", "--record"]).arg(&file);
    let run = output(command);
    ended_early(&run);
    assert_eq!(fs::metadata(&file).unwrap().len(), 12 * 512);
    let replay = output(poolscope(&["replay", file.to_str().unwrap(), "--format", "json"]));
    assert_eq!(replay.code(), Some(0), "{replay:?}");
    assert!(replay.stderr.contains("the recording was cut"), "{replay:?}");
}

#[test]
fn a_live_run_tells_that_its_recording_failed() {
    let recorder = Some(Recorder::begin(Path::new("/dev/full")).unwrap());
    let lanes = [format!("{}\nworkload = 'sleep'", POOLS[1])];
    let mut run = Watch::start_with(plan(&lanes), LiveOptions { recorder, ..LiveOptions::default() });
    run.until("the news", |ledger| ledger.recording_failed().is_some());
    run.until_completed(50);
    run.finish().is_exact();
}

#[test]
fn a_recording_that_cannot_begin_is_bad_usage() {
    let folder = TempDir::new().unwrap();
    let scenario = small_scenario(&folder);
    let here = folder.path().to_str().unwrap();
    for file in [here.to_string(), format!("{here}/no/such/folder"), String::new()] {
        let run = output(poolscope(&["run", &scenario, "--tasks", "200", "--record", &file]));
        assert_eq!((run.code(), run.stdout.as_str()), (Some(2), ""), "{file}: {run:?}");
        assert!(!run.stderr.is_empty() && !run.stderr.contains("panicked"), "{run:?}");
    }
}

/// A recording, its lines, and where each ends.
fn recorded(folder: &TempDir) -> (Vec<u8>, Vec<usize>) {
    let scenario = small_scenario(folder);
    let file = folder.path().join("recording");
    let run = output(poolscope(&["run", &scenario, "--tasks", "60", "--record", file.to_str().unwrap()]));
    assert_eq!(run.code(), Some(0), "{run:?}");
    let bytes = fs::read(&file).unwrap();
    let ends: Vec<usize> = (1..=bytes.len()).filter(|end| bytes[end - 1] == b'\n').collect();
    assert!(ends.len() >= 8 && ends.last() == Some(&bytes.len()), "{} lines", ends.len());
    (bytes, ends)
}

#[test]
fn a_recording_that_is_cut_at_any_byte_replays_up_to_its_last_whole_frame() {
    let folder = TempDir::new().unwrap();
    let (bytes, ends) = recorded(&folder);
    let file = folder.path().join("cut");
    // Every byte of the first lines and of the last, the border of every line, and every seventh byte in between.
    let mut cuts: Vec<usize> = (0..bytes.len()).step_by(97).collect();
    cuts.extend((ends[0] - 3)..(ends[0] + 300).min(bytes.len()));
    cuts.extend((bytes.len() - 400)..=bytes.len());
    cuts.extend(ends.iter().flat_map(|end| [end - 1, *end]));
    for cut in cuts {
        fs::write(&file, &bytes[..cut]).unwrap();
        let whole = ends.iter().filter(|end| **end <= cut).count();
        if whole == 0 {
            let error = Replay::open(&file).expect_err("no plan");
            assert!(matches!(error, ReplayError::NoPlan { .. }), "cut at {cut}: {error}");
            continue;
        }
        let mut replay = Replay::open(&file).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        let (mut ledger, mut frames) = (Ledger::new(), 0);
        while let Some(frame) = replay.next_frame().unwrap_or_else(|error| panic!("cut at {cut}: {error}")) {
            ledger.post(&frame);
            frames += 1;
        }
        assert_eq!(frames, whole, "cut at {cut}");
        let expected = if cut == bytes.len() {
            Ending::Whole
        } else {
            Ending::Cut { lines: whole, bytes_over: cut - ends[whole - 1] }
        };
        assert_eq!(*replay.ending(), expected, "cut at {cut}");
        assert_eq!(ledger.has_ended(), cut == bytes.len());
        text_of(&ledger);
    }
}

#[test]
fn the_program_says_that_a_recording_was_cut() {
    let folder = TempDir::new().unwrap();
    let (bytes, ends) = recorded(&folder);
    let file = folder.path().join("cut");
    let path = file.to_str().unwrap();
    let replay_of = |bytes: &[u8], format: &str| {
        fs::write(&file, bytes).unwrap();
        output(poolscope(&["replay", path, "--format", format]))
    };
    for format in ["text", "json", "ndjson", "csv"] {
        for cut in [ends[0], ends[0] + 1, ends[3] - 1, ends[3], bytes.len() - 1] {
            let replay = replay_of(&bytes[..cut], format);
            assert_eq!(replay.code(), Some(0), "cut at {cut}: {replay:?}");
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert!(replay.stderr.contains(&format!("{whole} ")), "cut at {cut}: {replay:?}");
            assert!(!replay.stdout.is_empty());
        }
        let whole = replay_of(&bytes, format);
        assert_eq!((whole.code(), whole.stderr.as_str()), (Some(0), ""), "{whole:?}");
    }
    for nothing in [&bytes[..0], &bytes[..ends[0] - 1]] {
        let replay = replay_of(nothing, "text");
        assert_eq!((replay.code(), replay.stdout.as_str()), (Some(2), ""), "{replay:?}");
    }
}

#[test]
fn a_recording_that_is_broken_inside_is_told_with_its_place_and_obeyed_by_no_terminal() {
    let folder = TempDir::new().unwrap();
    let (bytes, ends) = recorded(&folder);
    let file = folder.path().join("broken");
    let path = file.to_str().unwrap();
    let lines: [(&[u8], &str); 7] = [
        (b"\n", ":4:"),
        (b"garbage\n", ":4:"),
        (b"\x1b[2J\x1b]0;mine\x07\n", ":4:"),
        (b"\xff\xfe\x00\n", ":4:"),
        (b"{\"v\":1,\"at_ns\":0,\"kind\":\"\\u001b[2J\\u009b31m\"}\n", ":4:"),
        (b"{\"v\":2,\"at_ns\":0,\"kind\":\"end\"}\n", "protocol version 2"),
        (b"{\"v\":1,\"lane\":1,\"at_ns\":0,\"kind\":\"tick\",\"seq\":{\"\\u001b[2J\":1}}\n", ":4:"),
    ];
    for (line, words) in lines {
        let broken = [&bytes[..ends[2]], line, &bytes[ends[2]..]].concat();
        fs::write(&file, broken).unwrap();
        for format in ["text", "json"] {
            let replay = output(poolscope(&["replay", path, "--format", format]));
            assert_eq!(replay.code(), Some(2), "{replay:?}");
            assert!(replay.stderr.contains(words), "{replay:?}");
            assert!(!replay.stdout.is_empty(), "what came before it is told");
            for text in [&replay.stdout, &replay.stderr] {
                assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{replay:?}");
            }
        }
    }
}

// ── a system that gives no more ────────────────────────────────────────────────────────────────────────────────────────

/// Runs one lane of four workers while a door refuses; returns what the summary says of it.
fn refused(fault: &str, lane: &str, code: i32) -> Value {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("scenario.md");
    fs::write(&file, scenario_text("mode = 'together'", &[lane.to_string()])).unwrap();
    let mut command = poolscope(&["run", file.to_str().unwrap(), "--for", "700ms", "--format", "json"]);
    command.env("POOLSCOPE_FAULT", fault);
    let run = output(command);
    assert_eq!(run.code(), Some(code), "{fault}, {lane}: {run:?}");
    assert!(!run.stderr.contains("panicked"), "{fault}, {lane}: {run:?}");
    run.json()["lanes"][0].clone()
}

fn has_finding(lane: &Value, kind: &str) -> bool {
    lane["findings"].as_array().unwrap().iter().any(|finding| finding["kind"] == kind)
}

#[test]
fn where_the_system_gives_fewer_workers_the_lane_works_on_with_those() {
    let few = |what: &str, lane: String| {
        let told = refused(what, &lane, 0);
        let tasks = &told["tasks"];
        assert!(has_finding(&told, "spawn-failed"), "{what}, {lane}: {told:#}");
        assert!(!has_finding(&told, "lane-gone"), "{what}, {lane}: {told:#}");
        assert!(tasks["completed"].as_u64() > Some(0), "{what}, {lane}: {told:#}");
        assert_eq!(told["result"]["ok"], true, "{what}, {lane}: {told:#}");
        let sum: u64 = ["queued", "running", "completed", "failed", "rejected", "discarded", "lost"]
            .iter()
            .map(|key| tasks[key].as_u64().unwrap())
            .sum();
        assert_eq!(tasks["submitted"].as_u64(), Some(sum), "{what}, {lane}: {told:#}");
    };
    let lane = |pool: &str| format!("{pool}\nworkers = 4\nworkload = 'sleep'\nsize = 3");
    for pool in [POOLS[1], POOLS[2]] {
        few("threads:1", lane(pool));
        few("threads:3", lane(pool));
    }
    // rayon gives all or none: half as many are tried, and half of that.
    few("threads:3", lane(POOLS[3]));
    few("threads:1", lane(POOLS[3]));
    few("threads:20", lane(POOLS[4]));
    for pool in process_pools() {
        few("children:2", lane(pool));
        few("files:2", lane(pool));
    }
}

#[test]
fn where_the_system_gives_no_worker_at_all_the_lane_is_gone_and_says_why() {
    let none = |what: &str, lane: String, words: &str| {
        let told = refused(what, &lane, 1);
        assert!(has_finding(&told, "lane-gone"), "{what}, {lane}: {told:#}");
        assert_eq!(told["tasks"]["completed"], 0, "{what}, {lane}: {told:#}");
        assert!(told["findings"].to_string().contains(words), "{what}, {lane}: {told:#}");
    };
    let lane = |pool: &str| format!("{pool}\nworkload = 'sleep'\nsize = 3");
    let again = "temporarily unavailable";
    for pool in [POOLS[0], POOLS[1], POOLS[2], POOLS[3]] {
        none("threads:0", lane(pool), again);
    }
    // The lane itself is a process; then its workers are.
    none("children:0", lane(POOLS[1]), again);
    for pool in process_pools() {
        none("children:0", lane(pool), again);
        none("files:0", lane(pool), "Too many open files");
    }
}

#[test]
fn a_thread_for_each_task_waits_for_a_system_that_gives_none() {
    let told = refused("threads:0", &format!("{}\nworkload = 'sleep'", POOLS[4]), 0);
    assert!(has_finding(&told, "spawn-failed"), "{told:#}");
    assert_eq!(told["tasks"]["completed"], 0, "{told:#}");
}

#[test]
fn tasks_that_get_no_descriptor_fail_and_are_counted() {
    // A file for each task; a connection for each worker.
    for (fault, work) in [("files:5", "file"), ("files:1", "loopback")] {
        let told = refused(fault, &format!("{}\nworkers = 2\nworkload = '{work}'", POOLS[1]), 0);
        assert_eq!(told["result"]["ok"], true, "{told:#}");
        assert!(has_finding(&told, "tasks-failed"), "{told:#}");
        assert!(told["findings"].to_string().contains("Too many open files"), "{told:#}");
        assert!(told["tasks"]["failed"].as_u64() > Some(0), "{told:#}");
    }
}

// ── a machine that is small, or tells little ───────────────────────────────────────────────────────────────────────────

/// Every pool at work, in two scenarios.
fn every_pool(folder: &TempDir) -> Vec<String> {
    let lane = |pool: &&str| format!("{pool}\nworkload = 'spin'\nsize = 20\ntasks = 100");
    let lanes: Vec<String> = POOLS.iter().map(lane).collect();
    let write = |(index, lanes): (usize, &[String])| {
        let file = folder.path().join(format!("{index}.md"));
        fs::write(&file, scenario_text("mode = 'turns'\nslice_ms = 50", lanes)).unwrap();
        file.to_str().unwrap().to_string()
    };
    lanes.chunks(6).enumerate().map(write).collect()
}

fn all_done(summary: &Value) {
    for lane in summary["lanes"].as_array().unwrap() {
        assert_eq!(
            (&lane["tasks"]["completed"], &lane["result"]["ok"]),
            (&Value::from(100), &Value::from(true)),
            "{lane:#}"
        );
    }
}

#[test]
fn one_core_is_enough() {
    // A process inherits the cores of the thread that starts it; this thread is this test's own.
    let mut one = CpuSet::new();
    let own = rustix::thread::sched_getaffinity(None).unwrap();
    let core = (0..CpuSet::MAX_CPU).find(|core| own.is_set(*core)).unwrap();
    one.set(core);
    rustix::thread::sched_setaffinity(None, &one).unwrap();
    let folder = TempDir::new().unwrap();
    for scenario in every_pool(&folder) {
        let run = output(poolscope(&["run", &scenario, "--tasks", "100", "--format", "json"]));
        assert_eq!(run.code(), Some(0), "{run:?}");
        let summary = run.json();
        assert_eq!(summary["machine"]["cores"], 1, "{summary:#}");
        all_done(&summary);
    }
    // Lanes that want cores of their own take turns, and the program says so.
    let run = output(poolscope(&["run", "pool-size", "--for", "500ms", "--set", "mode=cores", "--format", "json"]));
    assert!(run.stderr.contains("they take turns instead"), "{run:?}");
    assert_eq!(run.json()["mode"], "turns");
}

#[test]
fn no_proc_is_a_machine_that_tells_less() {
    let hidden = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"]).arg(program()).args(args);
        command.stdin(std::process::Stdio::null());
        command
    };
    let possible = output(hidden(&["--version"]));
    if possible.code() != Some(0) {
        say(&format!("SKIPPED: /proc cannot be hidden here, which takes root: {}", possible.stderr.trim()));
        return;
    }
    let folder = TempDir::new().unwrap();
    for scenario in every_pool(&folder) {
        let run = output(hidden(&["run", &scenario, "--tasks", "100", "--format", "json"]));
        assert_eq!(run.code(), Some(0), "{run:?}");
        let summary = run.json();
        all_done(&summary);
        // What nobody tells is not zero.
        assert_eq!(summary["cores"], Value::Array(Vec::new()), "{summary:#}");
        for lane in summary["lanes"].as_array().unwrap() {
            assert_eq!(lane["memory_peak_bytes"], Value::Null, "{lane:#}");
        }
        let run = output(hidden(&["run", &scenario, "--tasks", "100"]));
        assert_eq!(run.code(), Some(0), "{run:?}");
        assert!(run.stdout.contains("n/a"), "{run:?}");
    }
    let list = output(hidden(&["list"]));
    assert_eq!(list.code(), Some(0), "{list:?}");
    // A worker's death is noticed without it too.
    let run = output(hidden(&["run", "fault-isolation", "--for", "1s", "--format", "json"]));
    assert!(matches!(run.code(), Some(0)), "{run:?}");
}
