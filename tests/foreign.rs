//! A lane may be written in any language, and by anybody: whatever it sends, and whatever it does, costs the viewer a
//! bounded amount of memory and patience; a lane beside it works on undisturbed; and no terminal obeys a word of it.
//!
//! Each foreign lane here is a shell script that stands in for the lane's program.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod common;

use common::{Ended, Watch, in_sessions, plan, until};
use poolscope::ledger::{FindingKind, LaneLedger, Ledger, Standing};
use poolscope::report::{self, Summary};
use poolscope::source::{Ending, LiveOptions, Recorder, Replay};
use poolscope::view::{Message, Model, Setting, draw_to_text, update};
use poolscope::wire::{
    Body, Cost, Event, Exit, Frame, Hello, LaneId, LockKind, LockName, Phase, Tasks, Tick, Turn, WorkerId, WorkerTick,
    encode_frame,
};
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a terminal would obey: clear the screen, rename the window, move the cursor by a single character.
const OBEYED: &str = "\u{1b}[2J\u{1b}]0;mine\u{7}\u{9b}31m\r\u{8}";

/// A frame of lane 1.
fn frame(body: Body) -> String {
    encode_frame(&Frame { lane: Some(LaneId(1)), at_ns: 1_000_000, body })
}

fn hello(name: &str) -> String {
    let locks = vec![LockName { name: name.to_string(), lock: LockKind::Std }];
    frame(Body::Hello(Hello { pid: 1, locks, cost: Cost { event_ns: 5.0 }, startup_ns: 7, own_session: true }))
}

fn tick(seq: u64, events: Vec<Event>) -> Tick {
    let tasks = Tasks { submitted: seq, completed: seq, ..Tasks::default() };
    Tick { seq, interval_ns: 100, active_ns: 100, phase: Phase::Running, tasks, events, ..Tick::default() }
}

fn ticks(seqs: std::ops::Range<u64>) -> String {
    seqs.map(|seq| frame(Body::Tick(Box::new(tick(seq, Vec::new()))))).collect()
}

/// An executable file. Written by a process of its own: while one of ours had it open for writing, no other thread's child
/// could start it.
fn script(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("lane");
    let mut shell = Command::new("sh");
    shell.args(["-c", "cat > \"$1\" && chmod +x \"$1\"", "sh"]).arg(&file).stdin(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    file
}

/// A run beside a foreign lane, until that is as wanted; then its end. `words` is what `$words` holds for the script.
fn beside(words: &str, body: &str, mut is_so: impl FnMut(&LaneLedger) -> bool) -> Ended {
    let folder = TempDir::new().unwrap();
    let home = folder.path();
    fs::write(home.join("words"), words).unwrap();
    let text =
        format!("#!/bin/sh\nhome='{}'\nwords=\"$home/words\"\necho $$ > \"$home/pid\"\n{body}\n", home.display());
    let programs = HashMap::from([(LaneId(1), script(home, &text))]);
    let recording = home.join("recording");
    let recorder = Some(Recorder::begin(&recording).unwrap());
    let lane = "pool = 'threads'\nworkers = 2\nworkload = 'sleep'";
    let plan = plan(&[lane.to_string(), lane.to_string()]);
    let mut run = Watch::start_with(plan, LiveOptions { recorder, programs, ..LiveOptions::default() });
    run.until("what the lane does", |ledger| is_so(&ledger.lanes()[0]));
    let before = run.lane(2).tasks.completed;
    run.until("the lane beside it, going on", |ledger| ledger.lanes()[1].tasks.completed > before + 200);
    let ended = run.finish();

    let beside = ended.lane(2);
    assert_eq!((beside.phase, beside.result_ok()), (Phase::Done, Some(true)), "{:?}", beside.standing);
    assert_eq!(beside.tasks.submitted, beside.tasks.accounted());
    assert!(ended.ledger.findings().iter().all(|finding| finding.lane == LaneId(1)), "{:?}", ended.ledger.findings());
    assert!(matches!(ended.lane(1).standing, Standing::Gone(_)), "{:?}", ended.lane(1).standing);
    nothing_is_obeyed(&ended);
    is_replayed(&ended, &recording);
    let session = fs::read_to_string(home.join("pid")).unwrap().trim().parse().unwrap();
    until("nothing left of it", || in_sessions(&[session]).is_empty().then_some(()));
    ended
}

fn clean(what: &str, text: &str) {
    let obeyed = text.chars().find(|letter| letter.is_control() && *letter != '\n');
    assert!(obeyed.is_none(), "{obeyed:?} in {what}: {text}");
}

/// Whatever is made of the frames, on paper or on the screen.
fn nothing_is_obeyed(ended: &Ended) {
    let summary = Summary::of(&ended.ledger).unwrap();
    let verdicts = report::verdicts(&ended.ledger, &summary);
    clean("the text", &report::text(&summary, &verdicts));
    clean("the JSON", &report::json(&summary));
    clean("the CSV", &report::csv(&summary));
    clean("the trace", &report::chrome_trace(&ended.ledger));
    let mut model = Model::new(Setting::default());
    for frame in &ended.frames {
        clean("a frame", &encode_frame(frame));
        let _ = update(&mut model, Message::Frame(Box::new(frame.clone())));
    }
    for (columns, rows) in [(80, 24), (160, 50)] {
        clean("the screen", &draw_to_text(&model, columns, rows));
    }
}

/// A recording of it tells the same.
fn is_replayed(ended: &Ended, recording: &Path) {
    let mut replay = Replay::open(recording).unwrap_or_else(|error| panic!("{error}"));
    let mut ledger = Ledger::new();
    while let Some(frame) = replay.next_frame().unwrap_or_else(|error| panic!("{error}")) {
        ledger.post(&frame);
    }
    assert_eq!(*replay.ending(), Ending::Whole);
    assert!(ended.ledger.missed_frames() > 0 || ledger == ended.ledger, "replayed as something else");
}

fn finding(ended: &Ended, kind: FindingKind) -> String {
    let found = ended.ledger.findings().into_iter().find(|finding| finding.lane == LaneId(1) && finding.kind == kind);
    found.unwrap_or_else(|| panic!("{kind:?} is not among {:?}", ended.ledger.findings())).text
}

/// Everything that was ever held at once by this process of tests: far more than a run takes, far less than a flood brings.
fn memory_is_bounded() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 1 << 20, "{kib} KiB at most at once");
}

#[test]
fn a_lane_that_speaks_the_protocol_is_a_lane() {
    let words = hello("a lock") + &ticks(1..6);
    let done = frame(Body::Tick(Box::new(Tick { phase: Phase::Done, ..tick(6, Vec::new()) })));
    let body =
        format!("cat \"$words\"\nwhile read line; do case $line in *finish*) break;; esac; done\ncat <<'.'\n{done}.");
    let ended = beside(&words, &body, |lane| lane.tasks.completed == 5);
    let lane = ended.lane(1);
    assert_eq!((lane.tasks.completed, lane.phase, lane.unreadable), (6, Phase::Done, 0));
    assert!(matches!(&lane.standing, Standing::Gone(gone) if gone.expected), "{:?}", lane.standing);
    assert!(ended.ledger.findings().is_empty(), "{:?}", ended.ledger.findings());
}

#[test]
fn a_flood_of_frames_waits() {
    let words = hello("a lock") + &ticks(1..2000);
    let ended = beside(&words, "while :; do cat \"$words\"; done", |lane| lane.tasks.completed > 100);
    assert!(finding(&ended, FindingKind::LaneGone).contains("SIGKILL"), "it had to be ended");
    memory_is_bounded();
}

#[test]
fn a_flood_of_large_frames_waits() {
    // Near the longest line that is read.
    let workers = (0..30_000).map(|id| WorkerTick { id: WorkerId(id), ..WorkerTick::default() }).collect();
    let large = frame(Body::Tick(Box::new(Tick { workers, ..tick(1, Vec::new()) })));
    assert!(large.len() > 1 << 20 && large.len() < 4 << 20, "{} bytes", large.len());
    beside(&large, "while :; do cat \"$words\"; done", |lane| lane.workers.len() == 30_000);
    memory_is_bounded();
}

#[test]
fn a_flood_of_nonsense_waits() {
    let body = "yes 'no frame at all, but quite a long line of something else'";
    let ended = beside("", body, |lane| lane.unreadable > 100);
    let text = finding(&ended, FindingKind::Unreadable);
    assert!(text.contains("could not be read"), "{text}");
    memory_is_bounded();
}

#[test]
fn a_line_that_never_ends_is_not_waited_for() {
    let ended = beside("", "tr '\\0' x < /dev/zero", |lane| lane.unreadable > 0);
    let text = finding(&ended, FindingKind::Unreadable);
    assert!(text.contains("a line of more than"), "{text}");
    memory_is_bounded();
}

#[test]
fn a_flood_of_last_words_waits() {
    let words = hello("a lock") + &ticks(1..3);
    let ended = beside(&words, "cat \"$words\"\nyes 'and another thing' >&2", |lane| lane.tasks.completed == 2);
    let Standing::Gone(gone) = &ended.lane(1).standing else { panic!("not gone") };
    assert!(gone.stderr.len() <= 2000 && gone.stderr.contains("and another thing"), "{:?}", gone.stderr);
    memory_is_bounded();
}

#[test]
fn half_a_line_is_told() {
    let words = hello("a lock") + &ticks(1..3);
    let half = &ticks(3..4)[..100];
    let ended = beside(&words, &format!("cat \"$words\"\nprintf '%s' '{half}'"), |lane| lane.unreadable > 0);
    assert!(finding(&ended, FindingKind::Unreadable).contains("half a line"), "{:?}", ended.ledger.findings());
    assert_eq!(ended.lane(1).tasks.completed, 2, "what came before it counts");
}

#[test]
fn half_a_line_that_is_never_completed_keeps_nobody_waiting() {
    let words = hello("a lock") + &ticks(1..3);
    let half = &ticks(3..4)[..100];
    let body = format!("cat \"$words\"\nprintf '%s' '{half}'\nexec sleep 1000");
    let ended = beside(&words, &body, |lane| lane.tasks.completed == 2);
    assert!(finding(&ended, FindingKind::LaneGone).contains("SIGKILL"));
    // The half may come to light with its end, or not.
    assert!(ended.lane(1).unreadable <= 1);
}

#[test]
fn garbage_is_told_and_what_comes_after_it_is_read() {
    let body = "cat \"$words\"\nhead -c 100000 /dev/urandom\necho\nprintf '\\377\\376\\n\\0\\0\\0\\n{}\\n[]\\nnull\\n\\n'\n\
                printf '{\"v\":1}\\n{\"v\":\"\\033[2J\"}\\n'\ncat \"$home/more\"\nexec sleep 1000";
    let words = hello("a lock") + &ticks(1..3);
    let more = format!("cat > \"$home/more\" <<'.'\n{}.\n", ticks(3..6));
    let ended = beside(&words, &(more + body), |lane| lane.tasks.completed == 5);
    assert!(ended.lane(1).unreadable >= 8, "{}", ended.lane(1).unreadable);
    finding(&ended, FindingKind::Unreadable);
}

#[test]
fn another_version_is_told_by_its_number() {
    let future = hello("a lock").replacen("\"v\":1", "\"v\":7,\"shape\":\"of things to come\"", 1);
    let ended = beside(&future, "cat \"$words\"\nexec sleep 1000", |lane| lane.unreadable > 0);
    let text = finding(&ended, FindingKind::Unreadable);
    assert!(text.contains("version 7") && text.contains("speaks 1"), "{text}");
    assert!(ended.lane(1).hello.is_none());
}

#[test]
fn no_name_and_no_word_of_it_is_obeyed() {
    let say = || OBEYED.to_string();
    let events = vec![
        Event::SpawnFailed { what: say(), why: say(), workers: 1 },
        Event::Refused { order: say(), why: say() },
        Event::TaskPanicked { message: say() },
    ];
    let mut tick = tick(1, events);
    tick.tasks.failed = 1;
    tick.tasks.submitted = 2;
    tick.locks = vec![poolscope::wire::LockTick { acquired: 5, abandoned: 1, ..Default::default() }];
    let words = hello(OBEYED) + &frame(Body::Tick(Box::new(tick)));
    let wrong = "printf '{\"v\":1,\"at_ns\":0,\"lane\":1,\"kind\":\"\\\\u001b[2J\\\\u009b\"}\\n'";
    let last = "printf '\\033[2J\\033]0;mine\\007 last words' >&2";
    let ended = beside(&words, &format!("cat \"$words\"\n{wrong}\n{last}\nexit 3"), |lane| {
        lane.unreadable > 0 && matches!(lane.standing, Standing::Gone(_))
    });
    for kind in [
        FindingKind::SpawnFailed,
        FindingKind::Refused,
        FindingKind::TasksFailed,
        FindingKind::LockAbandoned,
        FindingKind::LaneGone,
        FindingKind::Unreadable,
    ] {
        finding(&ended, kind);
    }
    assert!(finding(&ended, FindingKind::LaneGone).contains("last words"), "{:?}", ended.ledger.findings());
}

#[test]
fn a_lane_that_says_nothing_is_awaited_and_ended() {
    let mut looks = 0;
    let ended = beside("", "exec sleep 1000", |_| {
        looks += 1;
        looks > 20
    });
    assert!(ended.lane(1).hello.is_none());
    assert!(finding(&ended, FindingKind::LaneGone).contains("SIGKILL"));
}

#[test]
fn a_lane_that_is_no_program_of_ours_says_so_by_its_end() {
    let ended =
        beside("", "echo 'lane: what is a lane?' >&2\nexit 64", |lane| matches!(lane.standing, Standing::Gone(_)));
    let text = finding(&ended, FindingKind::LaneGone);
    assert!(text.contains("exited with code 64") && text.contains("what is a lane?"), "{text}");
}

#[test]
fn a_lane_whose_program_cannot_be_started_is_told() {
    let folder = TempDir::new().unwrap();
    let lane = "pool = 'threads'\nworkers = 2\nworkload = 'sleep'";
    for program in [folder.path().join("nothing"), folder.path().to_path_buf()] {
        let programs = HashMap::from([(LaneId(1), program)]);
        let plan = plan(&[lane.to_string(), lane.to_string()]);
        let mut run = Watch::start_with(plan, LiveOptions { programs, ..LiveOptions::default() });
        run.until("the lane beside it", |ledger| ledger.lanes()[1].tasks.completed > 50);
        let ended = run.finish();
        assert!(
            finding(&ended, FindingKind::LaneGone).contains("could not be started"),
            "{:?}",
            ended.ledger.findings()
        );
        assert_eq!(ended.lane(2).result_ok(), Some(true));
    }
}

#[test]
fn a_lane_speaks_for_itself_only_and_of_its_own_things() {
    let other = hello("a lock").replacen("\"lane\":1", "\"lane\":2", 1);
    let nobody = hello("a lock").replacen("\"lane\":1,", "", 1);
    let none = hello("a lock").replacen("\"lane\":1", "\"lane\":0", 1);
    let far = hello("a lock").replacen("\"lane\":1", "\"lane\":65535", 1);
    let foreign = [
        Body::End,
        Body::Turn(Turn { running: Some(LaneId(1)), halted: true }),
        Body::RecordingFailed { why: "a lie".to_string() },
        Body::Missed { frames: 5 },
        Body::SoFar(Box::default()),
        Body::RunSoFar(Box::new(poolscope::wire::RunSoFar { odd_frames: 7, ..Default::default() })),
        Body::Gone(poolscope::wire::Gone { exit: Exit::Unknown, expected: true, stderr: String::new() }),
        Body::System(poolscope::wire::SystemTick { cores: vec![(0, 1.0)], ..Default::default() }),
        Body::Plan(Box::new(plan(&["workload = 'sleep'".to_string()]))),
    ];
    let words: String = [other, nobody, none, far].into_iter().chain(foreign.map(frame)).collect();
    let count = words.lines().count() as u64;
    let ended = beside(&words, "cat \"$words\"\nexec sleep 1000", |lane| lane.unreadable == count);
    assert_eq!(ended.ledger.recording_failed(), None);
    assert_eq!(ended.ledger.lanes().len(), 2);
    assert!(ended.lane(1).hello.is_none());
}

#[test]
fn a_lane_that_makes_up_numbers_is_told_and_changes_no_other() {
    let most = Tasks { submitted: 3, queued: u64::MAX, running: u64::MAX, completed: u64::MAX, ..Tasks::default() };
    let absurd = Tick {
        phase: Phase::Paused,
        tasks: most,
        interval_ns: u64::MAX,
        active_ns: u64::MAX,
        ..tick(u64::MAX, Vec::new())
    };
    let words = hello("a lock") + &frame(Body::Tick(Box::new(absurd))) + &ticks(1..50);
    let ended = beside(&words, "cat \"$words\"\nexec sleep 1000", |lane| lane.tasks.completed == u64::MAX);
    finding(&ended, FindingKind::Unbalanced);
    assert_eq!(ended.ledger.odd_frames(), 49, "ticks that came after the last there is");
}

#[test]
fn a_lane_that_closes_its_output_and_stays_is_ended() {
    let words = hello("a lock") + &ticks(1..3);
    let body = "cat \"$words\"\nexec >&- 2>&-\nexec sleep 1000";
    let ended = beside(&words, body, |lane| lane.tasks.completed == 2);
    assert!(finding(&ended, FindingKind::LaneGone).contains("SIGKILL"));
}

#[test]
fn what_a_lane_leaves_in_its_session_ends_with_it() {
    let words = hello("a lock") + &ticks(1..3);
    // With all its pipes, or with none of them.
    for close in ["", "> /dev/null 2>&1 < /dev/null"] {
        let body = format!("cat \"$words\"\nsleep 1000 {close} &\nsleep 1000 {close} &\nexit 0");
        let ended = beside(&words, &body, |lane| lane.tasks.completed == 2);
        assert!(matches!(&ended.lane(1).standing, Standing::Gone(_)));
    }
}

#[test]
fn a_lane_that_says_it_is_done_and_goes_on_is_believed_its_last_count() {
    let done = frame(Body::Tick(Box::new(Tick { phase: Phase::Done, ..tick(3, Vec::new()) })));
    let words = hello("a lock") + &ticks(1..3) + &done + &ticks(4..8);
    let ended = beside(&words, "cat \"$words\"\nexec sleep 1000", |lane| lane.tasks.completed == 7);
    assert_eq!(ended.lane(1).phase, Phase::Running);
}
