//! One fold for all: what a run came to live, in its recording, in its stream of frames and in its summary is the same.

mod common;

use common::{POOLS, Watch, output, plan, plan_of, poolscope, scenario_text};
use poolscope::ledger::Ledger;
use poolscope::report::{self, Summary};
use poolscope::source::{Control, Due, Ending, Live, LiveOptions, Player, Recorder, Replay, SPEEDS};
use poolscope::wire::{Body, Frame, Order, Phase, Plan, WorkerId, decode_frame};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Reads a recording to its end.
fn replayed(file: &Path) -> (Vec<Frame>, Ledger, Ending) {
    let mut replay = Replay::open(file).unwrap_or_else(|error| panic!("{error}"));
    let (mut frames, mut ledger) = (Vec::new(), Ledger::new());
    while let Some(frame) = replay.next_frame().unwrap_or_else(|error| panic!("{error}")) {
        ledger.post(&frame);
        frames.push(frame);
    }
    (frames, ledger, replay.ending().clone())
}

/// Runs a plan with everything that can be done to it, and folds it twice.
fn live_is_replayed(plan: Plan) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("recording");
    let recorder = Some(Recorder::begin(&file).unwrap());
    let mut run = Watch::start_with(plan, LiveOptions { recorder, ..LiveOptions::default() });
    run.lenient = false;
    run.until_completed(20);
    run.order(None, Order::Resize { workers: 3 });
    run.order(None, Order::Kill { worker: WorkerId(0) });
    run.order(None, Order::Crash { worker: WorkerId(1) });
    run.order(None, Order::Flight);
    run.until_completed(20);
    run.pause();
    run.resume();
    run.until_completed(20);
    run.until("a look at the cores", |ledger| ledger.cores().now.window_ns > 0);
    let ended = run.finish();
    ended.is_exact();

    let (frames, ledger, ending) = replayed(&file);
    assert_eq!(ending, Ending::Whole);
    for (place, (live, replayed)) in ended.frames.iter().zip(&frames).enumerate() {
        assert_eq!(live, replayed, "frame {place}");
    }
    assert_eq!(ended.frames.len(), frames.len());
    assert!(ended.ledger == ledger, "the same frames, another ledger");
    let told = |ledger: &Ledger| {
        let summary = Summary::of(ledger).unwrap();
        let verdicts = report::verdicts(ledger, &summary);
        [report::text(&summary, &verdicts), report::json(&summary), report::csv(&summary), report::chrome_trace(ledger)]
    };
    assert_eq!(told(&ended.ledger), told(&ledger));
    let kinds = |is: fn(&Body) -> bool| frames.iter().filter(|frame| is(&frame.body)).count();
    assert_eq!(kinds(|body| matches!(body, Body::Hello(_))), ledger.lanes().len());
    assert!(
        kinds(|body| matches!(body, Body::Flight { events } if !events.is_empty())) > 0,
        "no flight recorder spoke"
    );
}

/// A lane of each pool, with locks where the pool has a use for them.
fn lanes(pools: &[&str]) -> Vec<String> {
    let lane = |(index, pool): (usize, &&str)| {
        let workers = if pool.contains("single") { 1 } else { 2 };
        let work =
            ["workload = { kind = 'critical-section', lock = 'futex' }\nsize = 10", "workload = 'sleep'\nsize = 3"];
        format!("{pool}\nworkers = {workers}\n{}", work[index % 2])
    };
    pools.iter().enumerate().map(lane).collect()
}

#[test]
fn threads_live_are_threads_replayed() {
    live_is_replayed(plan(&lanes(&POOLS[..5])));
}

#[test]
fn processes_live_are_processes_replayed() {
    live_is_replayed(plan(&lanes(&POOLS[5..])));
}

#[test]
fn turns_live_are_turns_replayed() {
    let mut plan = plan_of("mode = 'turns'\nslice_ms = 40", &lanes(&[POOLS[1], POOLS[4], POOLS[5]]));
    // A statement that holds and one that does not, to be judged alike.
    plan.expect = vec!["conserved".to_string(), "lanes.*.tasks.completed < 0".to_string()];
    live_is_replayed(plan);
}

/// Runs every pool by the program, in two files of lanes.
fn every_pool(mut check: impl FnMut(&Path, &Path)) {
    for (index, pools) in [&POOLS[..5], &POOLS[5..]].into_iter().enumerate() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join(format!("pools-{index}.md"));
        fs::write(&file, scenario_text("mode = 'together'", &lanes(pools))).unwrap();
        check(&file, &folder.path().join("recording"));
    }
}

fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_stream_of_frames_the_recording_and_the_summary_agree() {
    every_pool(|scenario, recording| {
        let (scenario, file) = (text_of(scenario), text_of(recording));
        let run = output(poolscope(&["run", scenario, "--tasks", "100", "--format", "ndjson", "--record", file]));
        assert_eq!((run.code(), run.stderr.as_str()), (Some(0), ""));
        let (stream, summary) = run.stdout.trim_end().rsplit_once('\n').unwrap();
        let summary: Value = serde_json::from_str(summary).unwrap();

        // What came over the pipe, folded by somebody else.
        let mut ledger = Ledger::new();
        let mut frames = Vec::new();
        for line in stream.lines() {
            let frame = decode_frame(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
            ledger.post(&frame);
            frames.push(frame);
        }
        assert!(ledger.has_ended());
        let folded: Value = serde_json::from_str(&report::json(&Summary::of(&ledger).unwrap())).unwrap();
        assert_eq!(folded, summary);

        // What was recorded.
        let (recorded, replayed_ledger, ending) = replayed(recording);
        assert_eq!(ending, Ending::Whole);
        assert_eq!(recorded, frames);
        assert!(replayed_ledger == ledger);

        // What the program makes of the recording.
        let json = output(poolscope(&["replay", file, "--format", "json"]));
        assert_eq!((json.code(), json.json(), json.stderr.as_str()), (Some(0), summary.clone(), ""));
        let stream = output(poolscope(&["replay", file, "--format", "ndjson"]));
        assert_eq!(stream.stdout, run.stdout, "a recording of a recording");
        for lane in summary["lanes"].as_array().unwrap() {
            assert_eq!(lane["tasks"]["completed"], 100, "{lane}");
            assert_eq!(lane["result"]["ok"], true, "{lane}");
        }
    });
}

#[test]
fn what_is_printed_of_a_run_is_printed_of_its_recording() {
    every_pool(|scenario, recording| {
        for format in ["text", "csv", "json"] {
            let _ = fs::remove_file(recording);
            let (scenario, file) = (text_of(scenario), text_of(recording));
            let run = output(poolscope(&["run", scenario, "--tasks", "30", "--format", format, "--record", file]));
            let replay = output(poolscope(&["replay", file, "--format", format]));
            assert_eq!((run.code(), run.stderr.as_str()), (Some(0), ""));
            assert_eq!(replay.code(), Some(0));
            assert_eq!(replay.stdout, run.stdout, "{format}");
        }
    });
}

#[test]
fn a_recording_is_never_overwritten_and_nothing_else_is_taken_for_one() {
    let folder = TempDir::new().unwrap();
    let there = folder.path().join("there");
    fs::write(&there, "precious\n").unwrap();
    let run = output(poolscope(&["run", "pool-size", "--for", "100ms", "--record", text_of(&there)]));
    assert_eq!(run.code(), Some(2), "{run:?}");
    assert_eq!(fs::read_to_string(&there).unwrap(), "precious\n");
    let replay = output(poolscope(&["replay", text_of(&there)]));
    assert_eq!(replay.code(), Some(2), "{replay:?}");
    assert!(replay.stderr.contains("not a recording"), "{replay:?}");
    let replay = output(poolscope(&["replay", text_of(&folder.path().join("not there"))]));
    assert_eq!(replay.code(), Some(2), "{replay:?}");
    let replay = output(poolscope(&["replay", text_of(folder.path())]));
    assert_eq!(replay.code(), Some(2), "{replay:?}");
}

#[test]
fn a_taker_that_is_too_slow_misses_ticks_and_no_last_account() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("recording");
    // Lanes that do little but tell of it.
    let lane = |pool: &str| format!("{pool}\nworkers = 1\nworkload = 'sleep'\nsize = 200");
    let pools = [POOLS[0], POOLS[1], POOLS[2], POOLS[3], POOLS[4], POOLS[6], POOLS[1], POOLS[1]];
    let mut plan = plan(&pools.map(lane));
    plan.tick_ms = 10;
    let programs = plan.lanes.iter().map(|lane| (lane.id, common::program())).collect();
    let recorder = Some(Recorder::begin(&file).unwrap());
    let live = Live::start(plan, LiveOptions { recorder, programs, ..LiveOptions::default() }).unwrap();
    // Nobody takes anything until nothing has room any more, nor while the run ends.
    common::until("no room", || live.frames.is_full().then_some(()));
    live.tell(Control::Finish);
    common::until("the end of the recording", || replayed(&file).1.has_ended().then_some(()));
    let mut ledger = Ledger::new();
    while !ledger.has_ended() {
        ledger.post(&live.frames.recv_timeout(common::PATIENCE).unwrap());
    }
    let (_, recorded, _) = replayed(&file);
    assert!(ledger.missed_frames() > 0);
    assert!(ledger.frames() < recorded.frames());
    for (lane, recorded) in ledger.lanes().iter().zip(recorded.lanes()) {
        assert_eq!((lane.phase, lane.result_ok()), (Phase::Done, Some(true)), "{:?}", lane.plan.pool);
        assert_eq!((lane.tasks, &lane.standing, lane.result), (recorded.tasks, &recorded.standing, recorded.result));
    }
}

// ── played ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const RECORDINGS: [&str; 2] = ["assets/recordings/turns.ndjson", "assets/recordings/deaths.ndjson"];

/// A player and the clock that it is told, which nobody waits for.
struct Played {
    player: Player,
    now_ns: u64,
    /// What the screen would have: a plan begins it anew.
    ledger: Ledger,
    frames: usize,
    ends: usize,
}

impl Played {
    fn open(file: &Path, speed: f64) -> Played {
        let replay = Replay::open(file).unwrap_or_else(|error| panic!("{error}"));
        Played { player: Player::new(replay, speed, 1_000), now_ns: 1_000, ledger: Ledger::new(), frames: 0, ends: 0 }
    }

    /// Takes all that is due now; returns when the next is.
    fn take_due(&mut self) -> Due {
        loop {
            match self.player.due(self.now_ns) {
                Due::Now => {
                    let frame = self.player.take(self.now_ns).expect("what is due is there");
                    if matches!(frame.body, Body::Plan(_)) {
                        (self.ledger, self.frames) = (Ledger::new(), 0);
                    }
                    self.ends += usize::from(frame.body == Body::End);
                    self.ledger.post(&frame);
                    self.frames += 1;
                }
                due => return due,
            }
        }
    }

    /// Lets the clock go on to each frame in turn; returns how long that took.
    fn until_the_end(&mut self) -> u64 {
        let began_ns = self.now_ns;
        while let Due::In(ns) = self.take_due() {
            assert!(ns > 0);
            self.now_ns += ns;
        }
        self.now_ns - began_ns
    }

    fn seek(&mut self, run_ns: u64) {
        self.player.seek(run_ns, self.now_ns);
    }
}

/// What the frames up to the first at or after a time of the run come to, in their order.
fn up_to(file: &Path, run_ns: u64) -> (usize, Ledger) {
    let (frames, _, _) = replayed(file);
    let mut ledger = Ledger::new();
    let count = frames.iter().position(|frame| frame.at_ns >= run_ns).map_or(frames.len(), |place| place + 1);
    frames[..count].iter().for_each(|frame| ledger.post(frame));
    (count, ledger)
}

#[test]
fn a_recording_is_played_as_fast_as_it_was_or_as_wanted() {
    for file in RECORDINGS.map(Path::new) {
        let (frames, ledger, _) = replayed(file);
        let length_ns = frames.last().unwrap().at_ns;
        assert_eq!(Replay::open(file).unwrap().recorded_ns(), Some(length_ns));
        for speed in [1.0, 2.0, 0.5, 1000.0] {
            let mut played = Played::open(file, speed);
            let took_ns = played.until_the_end() as f64;
            assert_eq!((played.frames, played.ends, played.player.said()), (frames.len(), 1, None));
            assert!(played.ledger == ledger);
            let off_ns = (took_ns - length_ns as f64 / speed).abs();
            assert!(off_ns <= 2.0 * frames.len() as f64, "{speed}: {took_ns} ns");
        }
    }
}

#[test]
fn what_is_sought_is_there_at_once_and_is_what_would_have_been_played() {
    for file in RECORDINGS.map(Path::new) {
        let length_ns = Replay::open(file).unwrap().recorded_ns().unwrap();
        let mut played = Played::open(file, 1.0);
        // Forward, back, further back, to the beginning, beyond the end, back from there.
        for tenths in [5, 3, 1, 0, 8, 20, 20, 4, 9, 9] {
            let run_ns = length_ns / 10 * tenths;
            played.seek(run_ns);
            let next = played.take_due();
            let (frames, ledger) = up_to(file, run_ns);
            assert_eq!(played.frames, frames, "at {tenths} tenths");
            assert!(played.ledger == ledger && played.ledger.plan().is_some(), "at {tenths} tenths");
            assert_eq!(next == Due::Never, tenths > 9, "at {tenths} tenths: {next:?}");
        }
        played.until_the_end();
        assert!(played.ledger == replayed(file).1);
    }
}

#[test]
fn time_stands_while_a_recording_is_paused_and_while_it_is_sought() {
    let file = Path::new(RECORDINGS[0]);
    let length_ns = Replay::open(file).unwrap().recorded_ns().unwrap();
    let mut played = Played::open(file, 1.0);
    played.now_ns += length_ns / 2;
    played.take_due();
    let half = played.frames;
    played.player.set_paused(true, played.now_ns);
    played.now_ns += length_ns * 9;
    assert_eq!((played.take_due(), played.frames), (Due::Never, half));
    // The shell's own pause within that of the user ends nothing.
    played.player.set_suspended(true, played.now_ns);
    played.player.set_suspended(false, played.now_ns);
    played.now_ns += length_ns;
    assert_eq!((played.take_due(), played.frames), (Due::Never, half));
    // What is sought is shown, and then it stands again.
    played.seek(length_ns / 4);
    assert_eq!(played.take_due(), Due::Never);
    assert_eq!(played.frames, up_to(file, length_ns / 4).0);
    played.player.set_speed(3.0, played.now_ns);
    played.player.set_paused(false, played.now_ns);
    let took_ns = played.until_the_end();
    let left_ns = length_ns - up_to(file, length_ns / 4).1.at_ns();
    assert!(took_ns.abs_diff(left_ns / 3) <= 2 * 1000, "{took_ns}");
    // Reading on the way to what is sought takes time, which the run knows nothing of.
    played.seek(length_ns / 2);
    assert_eq!(played.player.due(played.now_ns), Due::Now);
    played.now_ns += length_ns * 5;
    assert!(matches!(played.take_due(), Due::In(_)));
    assert_eq!(played.frames, up_to(file, length_ns / 2).0);
    for nonsense in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        played.player.set_speed(nonsense, played.now_ns);
        let due = played.take_due();
        let at_most_ns = (length_ns as f64 / SPEEDS.0) as u64;
        assert!(matches!(due, Due::In(ns) if ns <= at_most_ns), "{nonsense}: {due:?}");
    }
    played.player.restart(played.now_ns);
    played.take_due();
    assert!(played.frames < half && played.ledger.plan().is_some());
}

#[test]
fn a_recording_that_is_cut_grows_or_vanishes_is_played_as_far_as_it_goes() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("recording");
    let whole = fs::read(RECORDINGS[0]).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let half = lines[..lines.len() / 2].concat();
    fs::write(&file, [&half[..], b"{\"v\":1,\"la"].concat()).unwrap();
    let mut played = Played::open(&file, 1000.0);
    let length_ns = Replay::open(&file).unwrap().recorded_ns().unwrap();
    assert_eq!(Some(length_ns), decode_frame(lines[lines.len() / 2 - 1]).ok().map(|frame| frame.at_ns));
    played.until_the_end();
    // One more than there are: that nothing more comes.
    assert_eq!((played.frames, played.ends), (lines.len() / 2 + 1, 1));
    assert!(played.player.said().is_some_and(|said| said.contains("was cut")));
    fs::write(&file, &whole).unwrap();
    played.seek(length_ns / 2);
    played.until_the_end();
    assert_eq!((played.frames, played.ends, played.player.said()), (lines.len(), 2, None));
    // Something else now.
    fs::write(&file, "# No recording\n").unwrap();
    played.seek(0);
    assert_eq!(played.take_due(), Due::Never);
    assert!(played.player.said().is_some_and(|said| said.contains("not a recording")));
    assert_eq!(played.frames, lines.len(), "what was shown stays");
}
