//! Commands of one's own: what passes through to them, what is told of them, and that nothing of them is left, whatever
//! they do. Bad input above all.
//!
//! Nothing here depends on how fast or how many the cores are: what is to be seen in the middle of a run waits for a file that
//! the test makes.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod common;

use common::{Output, Started, kill, output, poolscope, tagged, until};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Runs a command in a folder, and tells what came of it.
fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = poolscope(&["run", "--format", "json"]);
    command.args(args).current_dir(folder);
    output(command)
}

/// What its lane came to.
fn lane(output: &Output) -> Value {
    output.json()["lanes"][0].clone()
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// A script in a folder, which runs as a program.
fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("room");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    path
}

/// The lines of a job log, without the first; each is whole.
fn entries(log: &Path) -> Vec<Value> {
    let text = fs::read_to_string(log).expect("a log");
    assert!(text.ends_with('\n'), "the last line is not whole: {text}");
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let mut lines: Vec<Value> = text.lines().map(read).collect();
    assert_eq!(lines.remove(0)["poolscope_log"], 1);
    lines
}

fn numbers(entries: &[Value]) -> Vec<u64> {
    let mut numbers: Vec<u64> = entries.iter().map(|entry| entry["number"].as_u64().expect("a number")).collect();
    numbers.sort_unstable();
    numbers
}

// ── what passes through ────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn each_input_is_one_argument_whatever_it_holds() {
    let folder = folder();
    script(folder.path(), "tell", "printf '%s' \"$2\" > \"out/$1\"; [ $# = 2 ]");
    fs::create_dir(folder.path().join("out")).expect("room");
    let inputs: [&[u8]; 8] = [
        b"plain",
        b"  two  words ",
        b"it's \"quoted\" `by` $HOME; rm -rf * & \\",
        b"",
        b"-n",
        b"\xff\xfe\x80 not text",
        b"{} {.} {#}",
        "\u{1b}[31mé".as_bytes(),
    ];
    let told = |args: &[&str], inputs: &[&[u8]]| {
        let told = run(folder.path(), args);
        assert_eq!(told.code(), Some(0), "{told:#?}");
        for (number, input) in (1..).zip(inputs) {
            let got = fs::read(folder.path().join(format!("out/{number}"))).expect("it was told");
            assert_eq!(&got, input, "input {number}");
        }
        assert_eq!(lane(&told)["jobs"]["done"], inputs.len());
    };
    fs::write(folder.path().join("list"), inputs.join(&b'\n')).expect("room");
    told(&["--command", "./tell {#} {}", "--inputs", "list", "--workers", "3"], &inputs);
    // In a shell it is an argument too, and never a part of the script.
    told(&["--command", "./tell {#} {}", "--inputs", "list", "--shell"], &inputs);
    // Behind a NUL there may be newlines.
    let with_newlines: Vec<&[u8]> = inputs.into_iter().chain([&b"two\nlines\n"[..]]).collect();
    fs::write(folder.path().join("list"), [with_newlines.join(&0), vec![0]].concat()).expect("room");
    told(&["--command", "./tell {#} {}", "--inputs", "list", "--null"], &with_newlines);
}

#[test]
fn inputs_come_from_standard_input_as_they_are_written() {
    let folder = folder();
    let mut command = poolscope(&["run", "--format", "json", "--command", "touch", "--inputs", "-"]);
    command.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("a process");
    let mut stdin = child.stdin.take().expect("piped");
    for name in ["one", "two"] {
        writeln!(stdin, "{name}").expect("it reads");
        // It does not wait for the end of its inputs.
        until(name, || folder.path().join(name).exists().then_some(()));
    }
    write!(stdin, "three").expect("it reads");
    drop(stdin);
    let mut told = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut told).expect("text");
    assert!(child.wait().expect("it ends").success());
    assert!(folder.path().join("three").exists());
    let summary: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&summary["lanes"][0]["jobs"]["inputs"], &summary["lanes"][0]["jobs"]["done"]), (&3.into(), &3.into()));
}

#[test]
fn a_program_has_our_environment_and_folder_and_nothing_to_read() {
    let folder = folder();
    let text = "(echo $MINE; pwd; nice; cat; ls /proc/self/fd | tr '\\n' ' '; tty) > told 2>&1; true";
    script(folder.path(), "tell", text);
    let told = || fs::read_to_string(folder.path().join("told")).expect("it told");
    let start = |mut command: Command| {
        command.env("MINE", "a\u{e9} b").current_dir(folder.path()).stdin(Stdio::null());
        output(command)
    };
    // As if it were started right here.
    start(Command::new(folder.path().join("tell")));
    let directly = told();
    assert!(directly.starts_with("a\u{e9} b\n/") && directly.ends_with("not a tty\n"), "{directly}");
    let by_us = start(poolscope(&["run", "--format", "json", "--command", "./tell", "--inputs", "1..1"]));
    assert_eq!(by_us.code(), Some(0), "{by_us:#?}");
    assert_eq!(told(), directly);
}

#[test]
fn a_script_without_an_interpreter_is_the_shells() {
    let folder = folder();
    fs::write(folder.path().join("plain"), "echo \"$1\" > told\n").expect("room");
    fs::set_permissions(folder.path().join("plain"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let told = run(folder.path(), &["--command", "./plain", "--inputs", "7..7"]);
    assert_eq!(told.code(), Some(0), "{told:#?}");
    assert_eq!(fs::read_to_string(folder.path().join("told")).expect("it told"), "7\n");
}

// ── what is told ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_failing_task_is_told_kept_and_retried() {
    let folder = folder();
    // The second input fails always, the third the first time.
    let text = "[ $1 = 2 ] && { echo first >&2; echo \"no $1\" >&2; exit 7; }\n\
                [ $1 = 3 ] && [ ! -e seen ] && { touch seen; kill -USR1 $$; }\necho fine $1";
    script(folder.path(), "job", text);
    let args = ["--command", "./job", "--inputs", "1..4", "--retries", "2", "--log", "log"];
    let told = run(folder.path(), &args);
    assert_eq!(told.code(), Some(1), "a task failed: {told:#?}");
    let lane = lane(&told);
    let jobs = &lane["jobs"];
    assert_eq!((&lane["tasks"]["completed"], &lane["tasks"]["failed"]), (&3.into(), &1.into()));
    assert_eq!(
        (&jobs["inputs"], &jobs["done"], &jobs["runs"], &jobs["failed"]),
        (&4.into(), &4.into(), &7.into(), &1.into())
    );
    assert_eq!(lane["tasks"]["retried"], 3);
    let failure = &jobs["failures"][0];
    assert_eq!((&failure["number"], &failure["code"], &failure["tries"]), (&2.into(), &7.into(), &3.into()));
    assert_eq!((&failure["input"], &failure["stderr"]), (&"2".into(), &"first\nno 2".into()));
    assert!(told.stderr.contains("input 2 (2) exited with code 7, tried 3 times: no 2"), "{}", told.stderr);
    let noted: BTreeMap<u64, Value> = entries(&folder.path().join("log"))
        .into_iter()
        .map(|entry| (entry["number"].as_u64().expect("a number"), entry))
        .collect();
    assert_eq!((noted.len(), &noted[&2]["exit"]["code"], &noted[&3]["tries"]), (4, &7.into(), &2.into()));
    assert_eq!(noted[&1]["stdout"], "fine 1");
    // As text, for people.
    let mut command = poolscope(&["run"]);
    command.args(&args[..4]).current_dir(folder.path());
    let told = output(command);
    assert!(
        told.stdout.contains("4 of 4 done") && told.stdout.contains("✕ input 2 (2) exited with code 7"),
        "{told:#?}"
    );
}

#[test]
fn what_a_task_used_is_what_the_kernel_says() {
    let folder = folder();
    let bytes = 96 << 20;
    // Works, holds memory, gives up its core; all of it known from outside.
    let text = format!(
        "x=$(head -c {bytes} /dev/zero | tr '\\0' x); i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; sleep 0.05"
    );
    script(folder.path(), "job", &text);
    let told = run(folder.path(), &["--command", "./job", "--inputs", "1..2", "--workers", "1"]);
    let lane = lane(&told);
    let used = &lane["jobs"]["used"];
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{told:#?}"));
    let (cpu_s, wall_s) = (number(&used["cpu_s"]), number(&used["wall_s"]));
    // The lane's own account, which is the kernel's of all its children and itself, holds it.
    assert!(cpu_s > 0.0 && cpu_s <= number(&lane["cpu_s"]) * 1.01, "{used} {}", lane["cpu_s"]);
    assert!(wall_s >= 0.1, "two runs slept 50 ms each: {used}");
    assert!(number(&used["memory_peak_bytes"]) > f64::from(bytes), "{used}");
    assert!(number(&used["voluntary"]) >= 2.0 && number(&used["voluntary"]) <= number(&lane["switches"]["voluntary"]));
    let is_counted = fs::read_to_string("/proc/sys/kernel/task_delayacct").is_ok_and(|word| word.trim() == "1");
    assert_eq!(used["io_wait_s"].is_number(), is_counted, "never a zero that nobody counted: {used}");
    assert_eq!(lane["latency_us"]["service"]["count"], 2);
}

#[test]
fn little_memory_is_not_told_as_if_it_were_known() {
    let folder = folder();
    let told = run(folder.path(), &["--command", "true", "--inputs", "1..3"]);
    let jobs = &lane(&told)["jobs"];
    // A process counts from when it still was the lane: what is below the lane's own cannot be told.
    assert_eq!(jobs["used"]["memory_peak_bytes"], Value::Null, "{jobs}");
    assert!(jobs["memory_floor_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{jobs}");
}

#[test]
fn progress_is_told_and_called_an_estimate() {
    let folder = folder();
    let gate = "while [ ! -e go ]; do sleep 0.01; done";
    script(folder.path(), "job", &format!("[ $1 -gt 3 ] && {gate}; true"));
    let mut command =
        poolscope(&["run", "--format", "ndjson", "--command", "./job", "--inputs", "1..6", "--workers", "1"]);
    command.current_dir(folder.path());
    let mut started = Started::new(command);
    started.until("half of it", |ledger| {
        ledger.lanes().iter().any(|lane| lane.tasks.completed == 3 && lane.active_s() > 0.4)
    });
    let progress = poolscope::ledger::Progress::of(&started.ledger.lanes()[0]).expect("a command");
    assert_eq!((progress.done, progress.inputs, progress.failed), (3, Some(6), 0));
    assert!(progress.estimate_in_words().is_some_and(|words| words.ends_with("left (estimate)")), "{progress:?}");
    fs::write(folder.path().join("go"), "").expect("room");
    assert!(started.end().0.success());
}

// ── the job log ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn an_interrupted_run_is_resumed_and_nothing_is_done_twice() {
    let folder = folder();
    let path = folder.path();
    // Each run of an input leaves a mark; from the fourth on they wait to be let on, and start others that wait longer.
    script(
        path,
        "job",
        "echo x >> \"done.$1\"; [ $1 = 2 ] && exit 1; [ $1 -lt 4 ] || [ -e go ] || { sleep 1000 & sleep 1000; }",
    );
    let args = ["--command", "./job", "--inputs", "1..8", "--workers", "2", "--log", "log"];
    let mut command = poolscope(&["run", "--format", "ndjson"]);
    command.args(args).current_dir(path);
    let mut started = Started::new(command);
    started.until("some are done", |ledger| {
        ledger.lanes().iter().any(|lane| lane.tasks.completed + lane.tasks.failed == 3)
    });
    until("two wait", || (path.join("done.4").exists() && path.join("done.5").exists()).then_some(()));
    let asleep = || tagged(&started.tag).iter().filter(|seen| seen.name == "sleep").count();
    until("what they started", || (asleep() == 4).then_some(()));
    kill(started.pid(), Signal::INT);
    let began = Instant::now();
    let (status, stderr) = started.end();
    assert_eq!(status.code(), Some(128 + libc_sigint()), "{stderr}");
    assert!(stderr.contains("interrupted after 3 of 8; the same with `--resume` goes on from log"), "{stderr}");
    // Everything has stopped, with what it had started.
    assert!(tagged(&started.tag).is_empty(), "{:?}", tagged(&started.tag));
    assert!(began.elapsed() < Duration::from_secs(20));
    // The log is whole, and holds what was done: not those that were stopped.
    assert_eq!(numbers(&entries(&path.join("log"))), [1, 2, 3]);

    fs::write(path.join("go"), "").expect("room");
    let again = run(path, &[&args[..], &["--resume"]].concat());
    assert_eq!(again.code(), Some(0), "{again:#?}");
    let jobs = &lane(&again)["jobs"];
    assert_eq!(
        (&jobs["skipped"], &jobs["runs"], &jobs["done"], &jobs["inputs"]),
        (&3.into(), &5.into(), &8.into(), &8.into())
    );
    let marks = |number: u64| fs::read_to_string(path.join(format!("done.{number}"))).expect("it ran").lines().count();
    assert_eq!((1..=8).map(marks).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 1, 1, 1], "4 and 5 were stopped in the middle");
    // What failed is done again only where that is asked for.
    let failed = run(path, &[&args[..], &["--resume-failed"]].concat());
    assert_eq!((failed.code(), &lane(&failed)["jobs"]["runs"]), (Some(1), &1.into()), "{failed:#?}");
    assert_eq!(marks(2), 2);
    assert_eq!(numbers(&entries(&path.join("log"))), [1, 2, 2, 3, 4, 5, 6, 7, 8]);
}

fn libc_sigint() -> i32 {
    Signal::INT.as_raw()
}

#[test]
fn another_input_at_the_same_place_is_another_input() {
    let folder = folder();
    fs::write(folder.path().join("list"), "a\nb\n").expect("room");
    let args = ["--command", "true", "--inputs", "list", "--log", "log"];
    assert_eq!(run(folder.path(), &args).code(), Some(0));
    fs::write(folder.path().join("list"), "a\nc\nd\n").expect("room");
    let again = run(folder.path(), &[&args[..], &["--resume"]].concat());
    assert_eq!((&lane(&again)["jobs"]["skipped"], &lane(&again)["jobs"]["runs"]), (&1.into(), &2.into()), "{again:#?}");
}

#[test]
fn a_log_that_is_not_new_or_not_ours_is_left_alone() {
    let folder = folder();
    let log = folder.path().join("log");
    let args = ["--command", "true", "--inputs", "1..2", "--log", "log"];
    assert_eq!(run(folder.path(), &args).code(), Some(0));
    let before = fs::read(&log).expect("a log");
    let again = run(folder.path(), &args);
    assert_eq!(again.code(), Some(2), "{again:#?}");
    assert!(again.stderr.contains("holds 2 inputs of an earlier run: `--resume`"), "{}", again.stderr);
    assert_eq!(fs::read(&log).expect("a log"), before);
    fs::write(&log, "my list\nof things\n").expect("room");
    let foreign = run(folder.path(), &[&args[..], &["--resume"]].concat());
    assert_eq!(foreign.code(), Some(2), "{foreign:#?}");
    assert!(foreign.stderr.contains("log, line 1: this is no job log"), "{}", foreign.stderr);
    assert_eq!(fs::read_to_string(&log).expect("a file"), "my list\nof things\n");
}

#[test]
fn a_full_disk_for_the_log_is_told_before_anything_runs() {
    let folder = folder();
    let told = run(folder.path(), &["--command", "touch", "--inputs", "1..3", "--log", "/dev/full"]);
    assert_eq!(told.code(), Some(2), "{told:#?}");
    assert!(
        told.stderr.contains("the job log /dev/full cannot be written: No space left on device"),
        "{}",
        told.stderr
    );
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "something ran");
}

#[test]
fn a_log_that_gets_full_stops_the_run_and_stays_whole() {
    let folder = folder();
    let log = folder.path().join("log");
    // A limit on the size of files is a full disk that every user can have; the signal that comes with it is ignored, since a
    // disk sends none.
    let line = "ulimit -f 4; trap '' XFSZ; exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", line, "sh"]).arg(common::program()).args(["run", "--format", "json", "--command", "true"]);
    command.args(["--inputs", "1..1000", "--workers", "2", "--log", "log"]).current_dir(folder.path());
    let told = output(command);
    assert_eq!(told.code(), Some(1), "{told:#?}");
    let lane = lane(&told);
    let why = lane["jobs"]["stopped"].as_str().expect("why it stopped");
    assert!(why.contains("cannot be written") && why.contains("is done, and not noted"), "{why}");
    let done = lane["jobs"]["done"].as_u64().expect("a count");
    assert!(done < 1000, "{lane}");
    let noted = numbers(&entries(&log));
    assert!(!noted.is_empty() && noted.len() as u64 <= done, "{noted:?} {done}");
    // With room again it goes on from there.
    let again = run(folder.path(), &["--command", "true", "--inputs", "1..1000", "--log", "log", "--resume"]);
    assert_eq!(again.code(), Some(0), "{again:#?}");
    assert_eq!(numbers(&entries(&log)), (1..=1000).collect::<Vec<_>>());
}

// ── bad input ──────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn what_cannot_be_run_is_refused_before_anything_is() {
    let folder = folder();
    fs::write(folder.path().join("text"), "no program").expect("room");
    for (args, why) in [
        (
            &["--command", "no-such-program {}", "--inputs", "1..3"][..],
            "no program `no-such-program`: there is no such file",
        ),
        (&["--command", "./text", "--inputs", "1..3"], "no program `./text`: Permission denied"),
        (&["--command", "", "--inputs", "1..3"], "`command` has 0 characters"),
        (&["--command", " ", "--inputs", "1..3"], "`command` has 0 characters"),
        (&["--command", "echo 'x", "--inputs", "1..3"], "a quote ' is not closed"),
        (&["--command", "echo {}"], "there are none: give it `--inputs`"),
        (&["--command", "cat '{}'", "--inputs", "1..3", "--shell"], "stands in single quotes"),
        (&["--command", "true", "--inputs", "no-such-file"], "no-such-file: No such file"),
        (&["--command", "true", "--inputs", "."], ". is a folder"),
        (&["--command", "true", "--inputs", "1..3", "--workers", "0"], "workers"),
        (&["--command", "true", "--inputs", "1..3", "--workers", "many"], "many"),
        (&["--command", "true", "--log", "/no/such/folder/log"], "the job log /no/such/folder/log cannot be opened"),
        (&["lost-update", "--command", "true"], "cannot be used with"),
        (&["--inputs", "1..3"], "--command"),
        (&["--command", "true", "--resume"], "--log"),
    ] {
        let told = run(folder.path(), args);
        assert_eq!(told.code(), Some(2), "{args:?}: {told:#?}");
        assert!(told.stderr.contains(why), "{args:?}: {}", told.stderr);
    }
}

#[test]
fn a_program_that_each_input_names_may_be_missing_for_some() {
    let folder = folder();
    fs::write(folder.path().join("list"), "true\nno-such-program\nfalse\n").expect("room");
    let told = run(folder.path(), &["--command", "{}", "--inputs", "list", "--workers", "1"]);
    assert_eq!(told.code(), Some(1), "{told:#?}");
    let jobs = &lane(&told)["jobs"];
    assert_eq!((&jobs["done"], &jobs["failed"], &jobs["runs"]), (&3.into(), &2.into(), &2.into()), "{jobs}");
    assert!(jobs["failures"][0]["unstarted"].as_str().is_some_and(|why| why.contains("no such file")), "{jobs}");
    assert_eq!((&jobs["failures"][1]["code"], &jobs["failures"][1]["unstarted"]), (&1.into(), &Value::Null));
}

#[test]
fn an_input_that_no_argument_can_be_is_told() {
    let folder = folder();
    fs::write(folder.path().join("list"), [&vec![b'x'; 200_000][..], b"\na\0b\nfine\n"].concat()).expect("room");
    let told = run(folder.path(), &["--command", "true", "--inputs", "list", "--workers", "1"]);
    assert_eq!(told.code(), Some(1), "{told:#?}");
    let jobs = &lane(&told)["jobs"];
    let why = |at: usize| jobs["failures"][at]["unstarted"].as_str().unwrap_or_default().to_string();
    assert!(why(0).contains("longer than 131071 bytes") && why(1).contains("holds a NUL"), "{jobs}");
    assert_eq!((&jobs["done"], &jobs["failed"]), (&3.into(), &2.into()));
}

#[test]
fn of_a_million_inputs_only_those_about_to_run_are_in_memory() {
    let folder = folder();
    let text: String = (1..=1_000_000).map(|number| format!("{number} {:60}\n", "")).collect();
    fs::write(folder.path().join("list"), text).expect("room");
    script(folder.path(), "job", "while [ ! -e go ]; do sleep 0.01; done");
    let start = |list: &str| {
        let args = ["run", "--format", "ndjson", "--command", "./job", "--inputs", list, "--workers", "1"];
        let mut command = poolscope(&args);
        command.current_dir(folder.path());
        let mut started = Started::new(command);
        // The first one runs, and how many there are is known.
        started.until("a count", |ledger| {
            let lane = ledger.lanes().first();
            lane.is_some_and(|lane| {
                lane.tasks.running == 1 && lane.jobs.as_ref().is_some_and(|jobs| jobs.inputs.is_some())
            })
        });
        started
    };
    let memory = |started: &Started| {
        let lane = &started.ledger.lanes()[0];
        lane.jobs.as_ref().and_then(|jobs| jobs.memory_floor_bytes).expect("every Unix tells")
    };
    fs::write(folder.path().join("few"), "1\n2\n").expect("room");
    let few = start("few");
    let many = start("list");
    let lane = &many.ledger.lanes()[0];
    assert_eq!(lane.jobs.as_ref().and_then(|jobs| jobs.inputs), Some(1_000_000));
    // The list is 67 MB.
    assert!(memory(&many) < memory(&few) + (8 << 20), "{} {}", memory(&many), memory(&few));
    assert!(lane.tasks.submitted < 1000, "only some are read ahead: {:?}", lane.tasks);
}

#[test]
fn a_task_that_ignores_every_signal_ends_all_the_same() {
    let folder = folder();
    script(folder.path(), "job", "trap '' TERM INT HUP; touch here; while :; do sleep 0.05; done");
    let mut command =
        poolscope(&["run", "--format", "ndjson", "--command", "./job", "--inputs", "1..2", "--workers", "1"]);
    command.current_dir(folder.path());
    let mut started = Started::new(command);
    until("it runs", || folder.path().join("here").exists().then_some(()));
    kill(started.pid(), Signal::TERM);
    let (status, _) = started.end();
    assert_eq!(status.code(), Some(128 + Signal::TERM.as_raw()));
    assert!(tagged(&started.tag).is_empty(), "{:?}", tagged(&started.tag));
}

#[test]
fn a_task_is_asked_to_end_before_it_is_made_to() {
    let folder = folder();
    script(folder.path(), "job", "trap 'echo bye > said; exit 0' TERM; touch here; while :; do sleep 0.01; done");
    let args =
        ["run", "--format", "ndjson", "--command", "./job", "--inputs", "1..2", "--workers", "1", "--log", "log"];
    let mut command = poolscope(&args);
    command.current_dir(folder.path());
    let mut started = Started::new(command);
    until("it runs", || folder.path().join("here").exists().then_some(()));
    kill(started.pid(), Signal::INT);
    started.end();
    assert_eq!(fs::read_to_string(folder.path().join("said")).expect("it was asked"), "bye\n");
    assert!(entries(&folder.path().join("log")).is_empty(), "it did not end by itself");
}

#[test]
fn nothing_is_left_where_poolscope_is_killed() {
    let folder = folder();
    // Some of it in process groups of its own, and all of it without a parent.
    script(
        folder.path(),
        "job",
        "(sleep 1000 &) ; perl -e 'setpgrp; exec \"sleep\", 1000' & touch here.$1; sleep 1000",
    );
    for victim in ["poolscope", "lane"] {
        let mut command =
            poolscope(&["run", "--format", "ndjson", "--command", "./job", "--inputs", "1..9", "--workers", "3"]);
        command.current_dir(folder.path());
        let mut started = Started::new(command);
        started.until("a lane", |ledger| ledger.lanes().iter().any(|lane| lane.hello.is_some()));
        until("they run", || (1..=3).all(|number| folder.path().join(format!("here.{number}")).exists()).then_some(()));
        let lane = started.sessions()[0];
        kill(if victim == "lane" { lane } else { started.pid() }, Signal::KILL);
        until("all are gone", || tagged(&started.tag).is_empty().then_some(()));
        let (status, _) = started.end();
        match victim {
            "lane" => assert_eq!(status.code(), Some(1), "a lane was lost"),
            _ => assert_eq!(status.signal(), Some(9)),
        }
        (1..=3).for_each(|number| fs::remove_file(folder.path().join(format!("here.{number}"))).expect("it is there"));
    }
}

#[test]
fn what_a_task_leaves_in_the_background_ends_with_it() {
    let folder = folder();
    script(folder.path(), "job", "sleep 1000 & echo $! > pid.$1");
    let told = run(folder.path(), &["--command", "./job", "--inputs", "1..5"]);
    assert_eq!(told.code(), Some(0), "{told:#?}");
    for number in 1..=5 {
        let pid = fs::read_to_string(folder.path().join(format!("pid.{number}"))).expect("it ran");
        let gone = || {
            common::look_at(pid.trim().parse().expect("a number"))
                .is_none_or(|seen| seen.name != "sleep" || seen.state == 'Z')
        };
        until("it is gone", || gone().then_some(()));
    }
}

#[test]
fn time_that_is_up_before_all_is_done_is_told_by_the_exit_code() {
    let folder = folder();
    let told = run(folder.path(), &["--command", "sleep 1000", "--inputs", "1..9", "--for", "200ms"]);
    assert_eq!(told.code(), Some(124), "{told:#?}");
    let without_inputs = run(folder.path(), &["--command", "true", "--tasks", "5"]);
    assert_eq!(
        (without_inputs.code(), &lane(&without_inputs)["jobs"]["done"]),
        (Some(0), &5.into()),
        "{without_inputs:#?}"
    );
}

// ── who may ────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_scenarios_command_needs_to_be_allowed() {
    let folder = folder();
    let text = "+++\ntitle = 'a trap'\n[[lane]]\npool = 'command'\ncommand = 'touch ran.{}'\ninputs = '1..2'\n+++\n";
    fs::write(folder.path().join("trap.md"), text).expect("room");
    let ran = || folder.path().join("ran.1").exists();
    for (more, why) in [
        (&[][..], "`--allow-commands` lets a scenario run what it likes"),
        (&["--allow-commands"], "there is no terminal to ask on; `--yes`"),
    ] {
        let told = run(folder.path(), &[&["./trap.md"], more].concat());
        assert_eq!(told.code(), Some(2), "{told:#?}");
        assert!(told.stderr.contains("lane 1: `touch ran.{}` for each number from 1 to 2"), "{}", told.stderr);
        assert!(told.stderr.contains(why) && !ran(), "{}", told.stderr);
    }
    let told = run(folder.path(), &["./trap.md", "--yes"]);
    assert_eq!((told.code(), ran()), (Some(2), false), "{told:#?}");
    // To look at it is no run.
    let mut check = poolscope(&["check", "trap.md"]);
    check.current_dir(folder.path());
    assert_eq!((output(check).code(), ran()), (Some(0), false));
    // A set cannot make a harmless one run anything either.
    let set = ["lost-update", "--set", "lane.1.pool=command", "--set", "lane.1.command=touch ran.1"];
    let told = run(folder.path(), &set);
    assert_eq!((told.code(), ran()), (Some(2), false), "{told:#?}");
    let told = run(folder.path(), &["./trap.md", "--allow-commands", "--yes"]);
    assert_eq!((told.code(), ran()), (Some(0), true), "{told:#?}");
    assert!(told.stderr.contains("a trap") || told.stderr.contains("runs commands"), "{}", told.stderr);
}

#[test]
fn a_command_that_is_no_text_is_run_as_it_is() {
    let folder = folder();
    let mut command = poolscope(&["run", "--format", "json", "--inputs", "1..1", "--command"]);
    command.arg(OsStr::from_bytes(b"touch '\xff {}'")).current_dir(folder.path());
    let told = output(command);
    assert_eq!(told.code(), Some(0), "{told:#?}");
    assert!(folder.path().join(OsStr::from_bytes(b"\xff 1")).exists());
}

#[test]
fn workers_run_at_once_and_each_input_once() {
    let folder = folder();
    // Each waits until three are there: with fewer at once it would never end.
    let text = "touch \"here.$1\"; while [ $(ls here.* | wc -l) -lt 3 ]; do sleep 0.01; done; echo $1 >> all";
    script(folder.path(), "job", text);
    let told = run(folder.path(), &["--command", "./job", "--inputs", "1..40", "--workers", "3"]);
    assert_eq!(told.code(), Some(0), "{told:#?}");
    let all = fs::read_to_string(folder.path().join("all")).expect("they ran");
    let seen: BTreeSet<u64> = all.lines().map(|line| line.parse().expect("a number")).collect();
    assert_eq!((all.lines().count(), seen.len()), (40, 40));
    assert_eq!(lane(&told)["result"]["ok"], true);
}
