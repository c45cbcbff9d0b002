//! Every built-in scenario through the real binary: what its `[expect]` says must hold on any machine, so it must hold
//! here, beside whatever else this machine is doing; and every page must ask, show and explain.
//!
//! Absent here: figures. How fast a lane is belongs to the machine.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use poolscope::scenario::{catalogue, expect, find};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const POOLSCOPE: &str = env!("CARGO_BIN_EXE_poolscope");

/// The exit code of a run in which something was not as expected.
const NOT_SEEN: i32 = 4;

/// So many tasks of each lane are compared, however long it takes to do them here.
const ENOUGH_TASKS: &str = "100";

/// How many scenarios run at a time. More would make it quicker, and their lanes starve.
const AT_A_TIME: usize = 2;

/// poolscope, with a home of its own so that nobody's own scenarios get in the way.
fn poolscope(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(POOLSCOPE);
    command.args(args).env("XDG_CONFIG_HOME", home).env("HOME", home).stdin(Stdio::null());
    command
}

fn output(home: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    texts(poolscope(home, args).output().expect("it starts"))
}

fn texts(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The summary of a run that came out as its scenario expects.
#[track_caller]
fn summary(name: &str, (code, stdout, stderr): (Option<i32>, String, String)) -> Value {
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{name}\n{stdout}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{name}: {error}\n{stdout}"))
}

#[test]
fn every_built_in_scenario_comes_out_as_it_expects() {
    let home = tempfile::tempdir().expect("a folder");
    for some in catalogue().chunks(AT_A_TIME) {
        let running: Vec<_> = some
            .iter()
            .map(|entry| {
                let work = ["--for", "2s", "--at-least", ENOUGH_TASKS];
                let mut command =
                    poolscope(home.path(), &[&["run", entry.name, "--format", "json"], &work[..]].concat());
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
            })
            .collect();
        for (entry, child) in some.iter().zip(running) {
            let summary = summary(entry.name, texts(child.wait_with_output().expect("it ends")));
            assert_eq!(summary["scenario"], entry.name);
            let lanes = summary["lanes"].as_array().expect("lanes");
            assert!(lanes.len() >= 2, "{}: side by side", entry.name);
            for lane in lanes {
                assert!(lane["tasks"]["submitted"].as_u64() > Some(0), "{}: no tasks in {}", entry.name, lane["name"]);
            }
        }
    }
}

/// A statement that no summary could break would say nothing.
#[test]
fn every_statement_of_a_scenario_can_fail() {
    let lane = |count: u64| {
        serde_json::json!({
            "workers": count, "workers_died": count, "throughput_per_s": 1e9 / count as f64, "result": { "ok": false },
            "tasks": {
                "submitted": 1, "completed": 0, "queued": 0, "running": 0, "failed": count, "rejected": count,
                "discarded": count, "retried": count, "lost": 10 * count,
            },
            "queue": { "capacity": 1, "max": 1_000_000_000u64 },
            "latency_us": { "queue_wait": { "p50": count, "p90": count }, "service": { "p50": count } },
            "locks": [{ "acquired": 1, "contended": 2 }],
        })
    };
    // Later lanes have more of everything and are slower, or the other way round.
    let rising: Vec<Value> = (1..=8).map(lane).collect();
    let falling: Vec<Value> = (1..=8).rev().map(lane).collect();
    let mut little = rising.clone();
    little.iter_mut().for_each(|lane| {
        lane["queue"]["max"] = 0.into();
        lane["tasks"]["rejected"] = 0.into();
    });
    let summaries = [rising, falling, little].map(|lanes| serde_json::json!({ "lanes": lanes }));
    for entry in catalogue() {
        let scenario = find(entry.name, None).expect(entry.name);
        for statement in &scenario.expect {
            let parsed = expect::parse(statement).expect(statement);
            let fails = summaries.iter().any(|summary| matches!(parsed.check(summary), expect::Outcome::Fails { .. }));
            assert!(fails, "{}: {statement}", entry.name);
        }
    }
}

#[test]
fn every_built_in_scenario_asks_shows_and_explains() {
    for entry in catalogue() {
        let scenario = find(entry.name, None).unwrap_or_else(|problems| panic!("{}: {problems:?}", entry.name));
        let question = scenario.question.as_ref().unwrap_or_else(|| panic!("{} asks nothing", entry.name));
        assert!(question.text.ends_with('?'), "{}: {}", entry.name, question.text);
        let right = question.choices.iter().filter(|choice| choice.right).count();
        assert!(right == 1 && question.choices.len() >= 2, "{}: {right} right choices", entry.name);

        // It reads as Markdown: one title, sections with something in them, tables and emphasis that are whole.
        let titles = scenario.body.lines().filter(|line| line.starts_with("# ")).count();
        assert_eq!((titles, scenario.body.starts_with("# ")), (1, true), "{}", entry.name);
        let sections: Vec<&str> = scenario.body.split("\n## ").skip(1).collect();
        let headings: Vec<&str> = sections.iter().filter_map(|section| section.lines().next()).collect();
        assert_eq!(headings, ["What to look for", "What is happening", "Try next"], "{}", entry.name);
        for section in sections {
            let text = section.split_once('\n').map_or("", |(_, text)| text.trim());
            assert!(text.len() > 100, "{}: {section}", entry.name);
        }
        for paragraph in scenario.body.split("\n\n") {
            assert_eq!(paragraph.matches('`').count() % 2, 0, "{}: {paragraph}", entry.name);
            assert_eq!(paragraph.matches("**").count() % 2, 0, "{}: {paragraph}", entry.name);
            let columns: Vec<usize> =
                paragraph.lines().filter(|line| line.starts_with('|')).map(|line| line.matches('|').count()).collect();
            assert!(columns.windows(2).all(|two| two[0] == two[1]), "{}: {paragraph}", entry.name);
        }
        assert!(scenario.notes.is_some_and(|notes| notes.len() > 100), "{}: notes", entry.name);
    }
}

/// The one that is about death: thread pools go with their first bad task, and the pools of processes live on.
#[test]
fn a_bad_task_takes_along_what_its_pool_is_made_of() {
    let home = tempfile::tempdir().expect("a folder");
    let certain = ["2", "3", "5", "6"].map(|lane| format!("lane.{lane}.workload.probability=1"));
    let mut args = vec!["run", "fault-isolation", "--for", "1500ms", "--format", "json"];
    certain.iter().for_each(|set| args.extend(["--set", set]));
    let (_, stdout, stderr) = output(home.path(), &args);
    let summary: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}\n{stdout}\n{stderr}"));
    let is_gone = |lane: usize| {
        let findings = summary["lanes"][lane - 1]["findings"].as_array().expect("findings");
        findings.iter().any(|finding| finding["kind"] == "lane-gone")
    };
    assert_eq!([1, 2, 3, 4, 5, 6].map(is_gone), [false, true, true, false, false, false], "{stdout}");
    let tasks = |lane: usize, key: &str| summary["lanes"][lane - 1]["tasks"][key].as_u64().expect("a number");
    assert!(tasks(5, "retried") > 0 && tasks(6, "retried") == 0 && tasks(6, "lost") > 0, "{stdout}");
}

const OWN: &str = r#"+++
title = "Mine"
topic = "course"
question = "Who is first?"

[[choice]]
text = "I am"
right = true
why = "There is nobody else."

[[choice]]
text = "You are"
why = "You are not here."

[[lane]]
pool = "single"
workload = "spin"
size = 100
tasks = 50

[expect]
holds = ["conserved", "results ok", "lanes.1.tasks.completed == 50"]
+++
# Mine

A page of my own.
"#;

#[test]
fn own_scenarios_are_found_by_name_and_by_path() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("poolscope/scenarios");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("mine.md"), OWN).expect("written");
    fs::write(folder.join("broken.md"), OWN.replace("workload", "wokload")).expect("written");
    // A built-in name cannot be taken over.
    fs::write(folder.join("ipc.md"), OWN).expect("written");

    let (code, listed, _) = output(home.path(), &["list"]);
    assert_eq!(code, Some(0));
    let line = |name: &str| listed.lines().find(|line| line.trim_start().starts_with(name)).map(str::trim);
    assert!(line("mine").is_some_and(|line| line.ends_with("Mine")), "{listed}");
    assert!(line("broken").is_some_and(|line| line.contains("cannot be used")), "{listed}");
    assert!(line("ipc").is_some_and(|line| !line.ends_with("Mine")), "{listed}");
    assert!(catalogue().iter().all(|entry| line(entry.name).is_some()), "{listed}");

    let file = folder.join("mine.md");
    for name in ["mine", &file.to_string_lossy()] {
        let summary = summary(name, output(home.path(), &["run", name, "--for", "20s", "--format", "json"]));
        assert_eq!((&summary["scenario"], &summary["lanes"][0]["name"]), (&"mine".into(), &"one worker".into()));
    }
}

#[test]
fn what_is_not_as_expected_is_told_and_so_is_what_cannot_be_read() {
    let home = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };

    let wrong = write("wrong.md", &OWN.replace("completed == 50", "completed == 51"));
    let (code, _, stderr) = output(home.path(), &["run", &wrong, "--for", "20s", "--format", "json"]);
    assert_eq!(code, Some(NOT_SEEN));
    assert!(stderr.contains("lanes.1.tasks.completed == 51"), "{stderr}");

    let broken = write("broken.md", &OWN.replace("workload", "wokload"));
    for args in [["run", &broken], ["check", &broken]] {
        let (code, stdout, stderr) = output(home.path(), &args);
        let told = format!("{stdout}{stderr}");
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("broken.md:17:1") && told.contains("did you mean `workload`?"), "{told}");
    }

    let (code, _, stderr) = output(home.path(), &["run", "oversubscriptoin"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("oversubscription"), "{stderr}");

    let own = write("own.md", OWN);
    assert_eq!(output(home.path(), &["check", &own]).0, Some(0));
}
