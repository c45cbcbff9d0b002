//! Sweeps end to end: what is measured, reported, recorded and read back, what a failure and a Ctrl-C leave, and what is
//! refused before anything starts. Tasks sleep, so that no figure depends on the cores.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod common;

use common::{Output, output, poolscope, scenario_text, tagged, unique, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use tempfile::TempDir;

/// Threads whose tasks sleep for ten milliseconds.
const SLEEPERS: &str = "name = 'sleepers'\npool = 'threads'\nworkload = 'sleep'\nsize = 100";

fn scenario(folder: &TempDir, lanes: &[&str]) -> PathBuf {
    let lanes: Vec<String> = lanes.iter().map(ToString::to_string).collect();
    let file = folder.path().join("swept.md");
    fs::write(&file, scenario_text("mode = 'together'", &lanes)).expect("written");
    file
}

fn sweep(file: &Path, more: &[&str]) -> Output {
    let mut command = poolscope(&["sweep", &file.to_string_lossy()]);
    command.args(more);
    output(command)
}

fn number(value: &Value, pointer: &str) -> f64 {
    value.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer}: {value:#}"))
}

#[test]
fn sleepers_do_more_the_more_there_are_and_the_most_are_advised() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(&folder, &[SLEEPERS, "name = 'one'\npool = 'single'\nworkload = 'sleep'"]);
    let said = sweep(&file, &["--workers", "1,2,4", "--for", "300ms", "--repeat", "2", "--format", "json"]);
    assert_eq!(said.code(), Some(0), "{said:#?}");
    let told = said.json();
    assert_eq!(told["complete"], true);
    assert_eq!(told["left_out"][0], "lane 2 is left out: a `single` pool has one worker");
    assert_eq!(told["points"].as_array().map(Vec::len), Some(3));
    let per_s: Vec<f64> = (0..3).map(|at| number(&told, &format!("/points/{at}/throughput_per_s/mean"))).collect();
    assert!(per_s[0] > 20.0 && per_s[1] > 1.4 * per_s[0] && per_s[2] > 1.4 * per_s[1], "{per_s:?}");
    assert_eq!(told["recommended"]["size"], 4, "{told:#}");
    assert_eq!(told["fits"][0]["peak"], 4);
    assert_eq!(told["recommended"]["equal"], serde_json::json!([4]), "{told:#}");
    for at in 0..3 {
        let little = |key: &str| number(&told, &format!("/points/{at}/little/{key}"));
        let off = little("in_system") / little("expected") - 1.0;
        assert!(off.abs() < 0.25, "Little's law is off by {off} at point {at}: {told:#}");
        assert!(told["points"][at]["measured"].as_u64() >= Some(2), "{told:#}");
    }
}

#[test]
fn sizes_that_cannot_be_told_apart_are_measured_on_and_none_of_them_is_claimed() {
    let folder = TempDir::new().expect("a folder");
    let record = folder.path().join("sweep.jsonl");
    let path = record.to_string_lossy();
    // Every measurement is a lane with a number of its own, and that says how long its tasks take: far more than the workers.
    let mut command = poolscope(&["sweep", "--shell", "--command", "sleep 0.0$((PPID % 7 + 1))", "--workers", "1..5"]);
    command.args(["--for", "60ms", "--repeat", "2", "--format", "json", "--record", &path]);
    let said = output(command);
    assert_eq!(said.code(), Some(0), "{said:#?}");
    let told = said.json();
    assert!(said.stderr.contains("cannot be told apart yet: further round 1, of 2 at the most"), "{}", said.stderr);
    assert_eq!((&told["complete"], &told["planned"]), (&Value::Bool(true), &told["ended"]));
    assert!(told["ended"].as_u64() > Some(10), "{told:#}");
    let recommended = &told["recommended"];
    let equal = recommended["equal"].as_array().expect("a list").len();
    // Further rounds may have told them apart, though that is not likely.
    if equal > 1 {
        assert_eq!(told["rounds_further"], 2);
        let sentence = recommended["sentence"].as_str().expect("a sentence");
        assert!(sentence.contains("workers are equally good as far as measured"), "{sentence}");
    }
    let again = output(poolscope(&["report", &path, "--format", "json"])).json();
    assert_eq!((&again["planned"], &again["recommended"]), (&told["planned"], recommended));
    let text = output(poolscope(&["report", &path])).stdout;
    assert!(text.contains("further of sizes too close to tell apart"), "{text}");
}

#[test]
fn what_is_recorded_is_reported_as_it_was_live() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(&folder, &[SLEEPERS]);
    let record = folder.path().join("sweep.jsonl");
    let record = record.to_string_lossy();
    let live = sweep(
        &file,
        &[
            "--workers",
            "1..2",
            "--for",
            "100ms",
            "--repeat",
            "2",
            "--vary",
            "lane.1.chunk=1,2",
            "--format",
            "json",
            "--record",
            &record,
        ],
    );
    assert_eq!(live.code(), Some(0), "{live:#?}");
    assert_eq!(live.json()["points"].as_array().map(Vec::len), Some(4), "two curves of two sizes");
    for again in [["report", &record, "--format", "json"], ["replay", &record, "--format", "json"]] {
        let again = output(poolscope(&again));
        assert_eq!((again.code(), again.stderr.as_str()), (Some(0), ""));
        let mut told = again.json();
        // The end of the recording is a frame of its own, a moment after the last measurement.
        told["seconds"] = live.json()["seconds"].clone();
        assert_eq!(told, live.json());
    }
    let csv = output(poolscope(&["report", &record, "--format", "csv"]));
    let rows: Vec<&str> = csv.stdout.lines().collect();
    assert_eq!(rows.len(), 5, "a header and four points: {}", csv.stdout);
    let columns = rows[0].split(',').count();
    assert!(rows.iter().all(|row| row.split(',').count() == columns), "{}", csv.stdout);
    let text = output(poolscope(&["report", &record])).stdout;
    assert!(text.contains("sleepers, chunk=2") && text.contains("▸ "), "{text}");
    // A recording is never overwritten, and that is said before anything is measured.
    let refused = sweep(&file, &["--workers", "1", "--record", &record, "--format", "json"]);
    assert_eq!((refused.code(), refused.stdout.as_str()), (Some(2), ""));
    assert!(refused.stderr.contains("exists already"), "{}", refused.stderr);
}

#[test]
fn half_a_sweep_is_a_sweep_and_its_file_says_so() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(&folder, &[SLEEPERS]);
    let record = folder.path().join("sweep.jsonl");
    let path = record.to_string_lossy();
    let whole =
        sweep(&file, &["--workers", "1,2", "--for", "50ms", "--repeat", "2", "--record", &path, "--format", "json"]);
    assert_eq!(whole.code(), Some(0), "{whole:#?}");
    let text = fs::read_to_string(&record).expect("a recording");
    let lines: Vec<&str> = text.lines().collect();
    // Up to the second measurement, and a part of a line.
    fs::write(&record, format!("{}\n{{\"v\":1,\"at", lines[..5].join("\n"))).expect("written");
    let half = output(poolscope(&["report", &path, "--format", "json"]));
    assert_eq!(half.code(), Some(0));
    assert!(half.stderr.contains("was cut"), "{}", half.stderr);
    assert_eq!((&half.json()["complete"], &half.json()["ended"]), (&Value::Bool(false), &Value::from(2)));
    fs::write(&record, "{\"v\":1,\"at_ns\":0,\"kind\":\"measuring\",\"curve\":0,\"size\":0,\"round\":0}\n")
        .expect("written");
    let none = output(poolscope(&["report", &path]));
    assert_eq!(none.code(), Some(2));
    assert!(none.stderr.contains("does not begin with a plan"), "{}", none.stderr);
}

#[test]
fn what_fails_is_said_and_does_not_lose_the_rest() {
    let folder = TempDir::new().expect("a folder");
    let failing = "name = 'failing'\npool = 'threads'\nworkload = { kind = 'crash', way = 'panic', probability = 1.0 }";
    let file = scenario(&folder, &[SLEEPERS, failing]);
    let said = sweep(&file, &["--workers", "1,2", "--for", "40ms", "--repeat", "1", "--format", "json"]);
    assert_eq!(said.code(), Some(0), "{said:#?}");
    let told = said.json();
    let troubles = told["troubles"].as_array().expect("troubles");
    assert_eq!(troubles.len(), 2, "{told:#}");
    assert!(troubles.iter().all(|trouble| trouble["lost"] == true && trouble["curve"] == 1));
    assert!(
        said.stderr.contains("lane 2 (failing), ") && said.stderr.contains("no task ended well"),
        "{}",
        said.stderr
    );
    let measured: Vec<u64> =
        told["points"].as_array().expect("points").iter().filter_map(|point| point["measured"].as_u64()).collect();
    assert_eq!(measured, [1, 1, 0, 0]);
    // Where nothing at all was measured, that is a failure.
    let nothing = sweep(&file, &["--lane", "2", "--workers", "1", "--for", "30ms", "--repeat", "1", "--format", "csv"]);
    assert_eq!(nothing.code(), Some(1), "{nothing:#?}");
}

#[test]
fn tasks_that_come_by_themselves_show_the_load_at_which_the_queue_grows() {
    let folder = TempDir::new().expect("a folder");
    let open = format!("{SLEEPERS}\narrivals = {{ kind = 'open', rate_per_s = 20, spacing = 'constant' }}");
    let file = scenario(&folder, &[&open]);
    let said = sweep(&file, &["--workers", "1,4", "--for", "800ms", "--repeat", "1", "--format", "json"]);
    assert_eq!(said.code(), Some(0), "{said:#?}");
    let told = said.json();
    let load = |at: usize| number(&told, &format!("/points/{at}/load_per_s/mean"));
    // One worker sleeps at most a hundred times a second; four of them do more.
    assert!(load(0) > 20.0 && load(0) < 150.0 && load(1) > 1.5 * load(0), "{told:#}");
    assert_eq!(told["recommended"]["size"], 1, "{told:#}");
    let sentence = told["recommended"]["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("the 20 tasks/s that come"), "{sentence}");
}

#[test]
fn ctrl_c_ends_at_once_with_what_was_measured() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(&folder, &[SLEEPERS]);
    let record = folder.path().join("sweep.jsonl");
    let tag = unique();
    let mut command = poolscope(&["sweep", &file.to_string_lossy(), "--workers", "1,2", "--repeat", "900"]);
    command.args(["--for", "50ms", "--format", "json", "--record", &record.to_string_lossy()]);
    command.env("POOLSCOPE_TEST_TAG", &tag).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    until("two measurements", || {
        let text = fs::read_to_string(&record).unwrap_or_default();
        (text.matches("\"kind\":\"measured\"").count() >= 2).then_some(())
    });
    let pid = Pid::from_raw(child.id() as i32).expect("a process");
    kill_process(pid, Signal::INT).expect("sent");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let reader = thread::spawn(move || {
        let mut text = String::new();
        while stdout.read_line(&mut text).is_ok_and(|bytes| bytes > 0) {}
        text
    });
    let status = common::wait(&mut child, "a sweep that was interrupted");
    assert_eq!(status.code(), Some(130));
    let told: Value = serde_json::from_str(&reader.join().expect("read")).expect("JSON");
    assert_eq!(told["complete"], false);
    assert!(told["ended"].as_u64().expect("a number") >= 2);
    assert!(told["recommended"]["size"].is_u64());
    until("nobody left", || tagged(&tag).is_empty().then_some(()));
    // What was written down so far is whole.
    let again = output(poolscope(&["report", &record.to_string_lossy(), "--format", "json"]));
    assert_eq!((again.code(), &again.json()["ended"]), (Some(0), &told["ended"]));
}

#[test]
fn bad_input_is_refused_before_anything_starts() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(&folder, &[SLEEPERS]);
    for (more, part) in [
        (&["--workers", "0"][..], "write 1,2,4,8 or 1..8"),
        (&["--workers", "8..1"], "write the smaller one first"),
        (&["--workers", "1,many"], "`many` is no number of workers"),
        (&["--workers", "1..1024"], "too many"),
        (&["--repeat", "0"], "0"),
        (&["--for", "soon"], "is no time"),
        (&["--lane", "3"], "lanes count from 1 to 1"),
        (&["--lane", "0"], "lanes count from 1 to 1"),
        (&["--vary", "chunk"], "lane.1.chunk=1,16,256"),
        (&["--vary", "lane.1.chnk=1,2"], "did you mean `chunk`"),
        (&["--vary", "lane.1.chunk=1,-2"], "chunk"),
        (&["--vary", "lane.1.workers=1,2"], "use --workers"),
        (&["--set", "lane.1.chnk=1"], "did you mean `chunk`"),
        (&["--format", "xml"], "xml"),
    ] {
        let said = sweep(&file, more);
        assert_eq!((said.code(), said.stdout.as_str()), (Some(2), ""), "{more:?}: {said:#?}");
        assert!(said.stderr.contains(part), "{more:?}: {}", said.stderr);
        assert!(!said.stderr.contains("measurement"), "nothing was begun: {}", said.stderr);
    }
    let none = output(poolscope(&["sweep", "lost-update"]));
    assert_eq!(none.code(), Some(2));
    assert!(none.stderr.contains("no lane can be swept"), "{}", none.stderr);
    let unknown = output(poolscope(&["sweep", "no-such-scenario"]));
    assert_eq!(unknown.code(), Some(2));
}

#[test]
fn a_command_of_ones_own_is_swept_like_a_lane() {
    let sweep = |more: &[&str]| {
        let mut command = poolscope(&["sweep", "--command", "sleep 0.01", "--repeat", "1", "--format", "json"]);
        command.args(more);
        output(command)
    };
    let said = sweep(&["--workers", "1,2", "--for", "200ms"]);
    assert_eq!(said.code(), Some(0), "{said:#?}");
    let told = said.json();
    let per_s: Vec<f64> = (0..2).map(|at| number(&told, &format!("/points/{at}/throughput_per_s/mean"))).collect();
    assert!(per_s.iter().all(|per_s| *per_s > 0.0), "{per_s:?}");
}

#[test]
fn a_swept_commands_inputs_begin_anew_when_they_run_out() {
    let folder = TempDir::new().expect("a folder");
    let (list, done) = (folder.path().join("list"), folder.path().join("done"));
    fs::write(&list, "a\nb b\n").expect("written");
    let list = list.to_string_lossy();
    let sweep = |inputs: &str, stdin: &[u8]| {
        let _ = fs::remove_file(&done);
        let shell = format!("sleep 0.005; echo {{}} >> {}", done.display());
        let mut command = poolscope(&["sweep", "--command", &shell, "--shell", "--repeat", "1", "--for", "300ms"]);
        command.args(["--workers", "1,2", "--format", "json", "--inputs", inputs]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // Whoever refuses to read it has said so.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin);
        let said = child.wait_with_output().expect("it ends");
        let ran = fs::read_to_string(&done).unwrap_or_default();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (said.status.code(), text(said.stdout), text(said.stderr), ran)
    };
    for (inputs, stdin) in [(&*list, &b""[..]), ("-", b"a\nb b")] {
        let (code, stdout, stderr, ran) = sweep(inputs, stdin);
        assert_eq!(code, Some(0), "{inputs}: {stderr}");
        let told: Value = serde_json::from_str(&stdout).expect("JSON");
        assert_eq!(told["troubles"], Value::Array(Vec::new()), "{inputs}: {stderr}");
        let runs = |wanted: &str| ran.lines().filter(|line| *line == wanted).count();
        assert!(runs("a") > 0 && runs("b b") > 0 && runs("a") + runs("b b") == ran.lines().count(), "{inputs}: {ran}");
    }
    fs::write(&*list, "").expect("written");
    for (inputs, part) in [(&*list, "there is no input in "), ("-", "there is no input in standard input")] {
        let (code, stdout, stderr, ran) = sweep(inputs, b"");
        assert_eq!((code, stdout.as_str(), ran.as_str()), (Some(2), "", ""), "{inputs}: {stderr}");
        assert!(stderr.contains(part), "{inputs}: {stderr}");
    }
    let (code, _, stderr, _) = sweep("-", &vec![b'x'; (64 << 20) + 1]);
    assert!(code == Some(2) && stderr.contains("more than the 64 MiB"), "{stderr}");
    let (code, _, stderr, _) = sweep("/dev/stdin", b"a\n");
    assert!(code == Some(2) && stderr.contains("can be read once"), "{stderr}");
}
