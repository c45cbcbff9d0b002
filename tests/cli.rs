//! What is typed and what comes of it: help, lists, errors, exit codes, and which of the two streams says it.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use poolscope::scenario;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What the program said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    /// Everything, for a snapshot.
    fn whole(&self) -> String {
        let part = |name: &str, text: &str| if text.is_empty() { String::new() } else { format!("{name}:\n{text}") };
        format!("exit {}\n{}{}", self.code.unwrap_or(-1), part("stdout", &self.out), part("stderr", &self.err))
    }
}

/// Runs the program without a terminal, and with nothing of the user's own.
fn poolscope(args: &[&str]) -> Said {
    poolscope_in(Path::new("/nonexistent"), args)
}

fn poolscope_in(config: &Path, args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_poolscope"))
        .args(args)
        .env("XDG_CONFIG_HOME", config)
        .env("XDG_STATE_HOME", config.join("state"))
        .env_remove("COLUMNS")
        .env_remove("POOLSCOPE_FAULT")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn help_is_as_written() {
    insta::assert_snapshot!("help", poolscope(&["--help"]).whole());
    insta::assert_snapshot!("help_run", poolscope(&["run", "--help"]).whole());
    insta::assert_snapshot!("help_sweep", poolscope(&["sweep", "--help"]).whole());
    insta::assert_snapshot!("help_replay", poolscope(&["replay", "--help"]).whole());
    insta::assert_snapshot!("help_config", poolscope(&["config", "--help"]).whole());
}

#[test]
fn a_program_is_explored_and_stepped_in_words() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let run = |command: &str, program: &str, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_poolscope"))
            .current_dir(folder)
            .args([command, &format!("assets/programs/{program}.py")])
            .args(more)
            .output()
            .expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        // How long it took is another each time.
        let out = text(output.stdout);
        let out = out.lines().map(|line| match line.rsplit_once(" steps, ") {
            Some((before, _)) => format!("{before} steps, …\n"),
            None => format!("{line}\n"),
        });
        Said { code: output.status.code(), out: out.collect(), err: text(output.stderr) }.whole()
    };
    insta::assert_snapshot!("explore_lost_update", run("explore", "lost-update", &[]));
    insta::assert_snapshot!("explore_philosophers", run("explore", "philosophers", &[]));
    insta::assert_snapshot!("explore_verdict", run("explore", "ab-ba", &["--verdict"]));
    insta::assert_snapshot!("explore_livelock", run("explore", "livelock", &[]));
    insta::assert_snapshot!("explore_pool", run("explore", "result-order", &[]));
    insta::assert_snapshot!("explore_limit", run("explore", "philosophers", &["--max-states", "20"]));
    insta::assert_snapshot!("step_whole", run("step", "lost-update", &["--schedule", "1.2.2.1"]));
    insta::assert_snapshot!("step_part", run("step", "ab-ba", &["--schedule", "1.2"]));
    insta::assert_snapshot!("step_wrong", run("step", "ab-ba", &["--schedule", "1.7"]));
}

#[test]
fn what_is_not_in_the_subset_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |text: &str| {
        fs::write(folder.path().join("program.py"), text).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
        let output = command.current_dir(folder.path()).args(["explore", "program.py"]).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }.whole()
    };
    insta::assert_snapshot!(
        "explore_refused",
        refused("import threading\nimport socket\n\nasync def f():\n    yield 1\n")
    );
    insta::assert_snapshot!("explore_no_python", refused("def f(:\n"));
}

#[test]
fn the_list_holds_every_scenario_and_the_users_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("poolscope/scenarios");
    fs::create_dir_all(&own).expect("folders");
    let text = scenario::catalogue()[0].text;
    fs::write(own.join("mine.md"), text).expect("a file");
    fs::write(own.join("broken.md"), text.replacen("workload", "wokload", 1)).expect("a file");
    let said = poolscope_in(folder.path(), &["list"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let named: Vec<&str> = said.out.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let mut expected: Vec<&str> = scenario::catalogue().iter().map(|entry| entry.name).collect();
    for own in ["mine", "broken"] {
        assert!(named.contains(&own), "{}", said.out);
    }
    expected.extend(named.iter().filter(|name| ["mine", "broken"].contains(name)));
    assert_eq!(named, expected);
    let line = |name: &str| said.out.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
    assert!(line("broken").contains("cannot be used"), "{}", line("broken"));
    assert!(line(scenario::DEFAULT).ends_with("(default)"), "{}", line(scenario::DEFAULT));
    assert!(poolscope_in(folder.path(), &["notes", "mine"]).code == Some(0));
}

#[test]
fn the_list_tells_what_was_guessed() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state/poolscope");
    fs::create_dir_all(&state).expect("folders");
    let line = |scenario: &str, right: bool| {
        format!("{{\"at\":\"2026-11-23T23:55:04Z\",\"scenario\":\"{scenario}\",\"choice\":0,\"right\":{right}}}\n")
    };
    let guesses = [line("ipc", true), line("pool-size", true), line("pool-size", false), "nonsense\n".to_string()];
    fs::write(state.join("guesses.jsonl"), guesses.concat()).expect("a file");
    let said = poolscope_in(folder.path(), &["list"]);
    let marked: Vec<&str> = said.out.lines().filter(|line| line.contains("(guessed ")).collect();
    assert_eq!((said.code, marked.len()), (Some(0), 2), "{}", said.out);
    let is_marked =
        |name: &str, mark: &str| marked.iter().any(|line| line.trim_start().starts_with(name) && line.ends_with(mark));
    assert!(is_marked("ipc ", "(guessed right)") && is_marked("pool-size ", "(guessed wrong)"), "{marked:?}");
}

#[test]
fn the_file_of_settings_is_written_when_asked_for_and_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = |what: &str| poolscope_in(folder.path(), &["config", what]);
    let path = folder.path().join("poolscope/config.toml");
    let shown = path.display().to_string();
    assert_eq!(config("path").out, format!("{shown}\n"));
    assert_eq!((config("check").code, path.exists()), (Some(0), false));
    // Nothing else ever writes it.
    poolscope_in(folder.path(), &["list"]);
    assert!(!path.exists());
    let said = config("init");
    assert_eq!((said.code, said.out.as_str()), (Some(0), format!("{shown}: written\n").as_str()), "{}", said.err);
    assert_eq!(config("check").out, format!("{shown}: fine\n"));
    let written = fs::read_to_string(&path).expect("a text");
    let again = config("init");
    assert_eq!((again.code, again.out.as_str()), (Some(2), ""));
    assert!(again.err.contains("is not overwritten"), "{}", again.err);
    assert_eq!(fs::read_to_string(&path).expect("a text"), written);
    fs::write(&path, "[screen]\nthem = \"dark\"\n[keys]\nqit = \"q\"\n").expect("a file");
    let said = config("check");
    assert_eq!((said.code, said.err.as_str()), (Some(2), ""));
    for part in
        [":2:1: unknown key `them`", "did you mean `theme`?", ":4:1: unknown command `qit`", "did you mean `quit`?"]
    {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
}

#[test]
fn a_lane_that_is_lost_makes_a_run_fail_where_nothing_is_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lost.md");
    let lane = "[[lane]]\nworkload = { kind = \"crash\", way = \"abort\", probability = 1 }\n";
    let text = |expect: &str| format!("+++\ntitle = \"t\"\nseconds = 60\n{lane}{expect}+++\n# T\n");
    let run = |expect: &str| {
        fs::write(&path, text(expect)).expect("a file");
        poolscope(&["run", &path.to_string_lossy(), "--format", "json"])
    };
    let said = run("");
    assert_eq!(said.code, Some(1), "{}", said.whole());
    assert!(said.out.contains("lane-gone"), "{}", said.out);
    // Who expects something has said what matters.
    let said = run("[expect]\nholds = [\"lanes.1.tasks.completed == 0\"]\n");
    assert_eq!(said.code, Some(0), "{}", said.whole());
}

#[test]
fn a_run_goes_on_until_it_has_measured_something_and_not_for_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("slow.md");
    // A unit is 100 µs.
    let run = |head: &str, sleep_units: u64, args: &[&str]| {
        let lane = format!("[[lane]]\npool = \"single\"\nworkload = \"sleep\"\nsize = {sleep_units}\n");
        fs::write(&path, format!("+++\ntitle = \"t\"\n{head}\n{lane}{lane}+++\n# T\n")).expect("a file");
        let said = poolscope(&[&["run", &path.to_string_lossy(), "--format", "json"], args].concat());
        assert_eq!(said.code, Some(0), "{}", said.whole());
        serde_json::from_str::<serde_json::Value>(&said.out).expect("JSON")
    };
    let each = |summary: &serde_json::Value, is_so: &dyn Fn(&serde_json::Value) -> bool| {
        assert!(summary["lanes"].as_array().expect("lanes").iter().all(is_so), "{summary:#}");
    };
    // Ten tasks would fit into the time.
    let summary = run("mode = \"together\"", 1_000, &["--for", "1s", "--at-least", "15"]);
    each(&summary, &|lane| lane["tasks"]["completed"].as_u64() >= Some(15));
    // One turn would.
    let summary = run("mode = \"turns\"\nslice_ms = 1000", 10, &["--for", "1s"]);
    each(&summary, &|lane| lane["active_s"].as_f64() >= Some(1.0));
    // None will ever end.
    let summary = run("mode = \"together\"", 600_000, &["--for", "100ms", "--at-least", "1"]);
    each(&summary, &|lane| lane["tasks"]["completed"] == 0);
}

#[test]
fn completions_and_the_manual_are_there() {
    for (args, must_hold) in [
        (&["completions", "bash"][..], "--record"),
        (&["completions", "zsh"], "--record"),
        (&["completions", "fish"], "record"),
        (&["man"], ".TH poolscope"),
    ] {
        let said = poolscope(args);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(said.out.len() > 1000 && said.out.contains(must_hold), "{args:?}: {}", said.out);
        let hidden = ["Be a lane", "Be a worker", "forkserver"].into_iter().find(|hidden| said.out.contains(hidden));
        assert_eq!(hidden, None, "{args:?}");
    }
}

#[test]
fn wrong_usage_says_what_is_wrong_and_what_may_be_meant() {
    let check = |args: &[&str], expected: &str| {
        let said = poolscope(args);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{args:?}");
        let first = said.err.lines().next().unwrap_or_default();
        let help = said.err.lines().find(|line| line.contains("help: ")).unwrap_or_default();
        // A long list of what there is would change with every scenario.
        let help = help.split(':').take(2).collect::<Vec<_>>().join(":");
        let help = if help.trim() == "help: known here" { "  help: known here: …" } else { &help };
        assert_eq!([first, help].join("\n").trim_end(), expected, "{args:?}");
    };
    check(&["run", "lock-kind"], "poolscope: lock-kind: there is no such scenario\n  help: did you mean `lock-kinds`?");
    check(&["run", "xyzzy"], "poolscope: xyzzy: there is no such scenario\n  help: `poolscope list` shows them all");
    check(&["frobnicate"], "poolscope: frobnicate: there is no such scenario\n  help: `poolscope list` shows them all");
    check(&["notes", "xyzzy"], "poolscope: xyzzy: there is no such scenario\n  help: `poolscope list` shows them all");
    check(
        &["run", "./no/such.md"],
        "poolscope: ./no/such.md: there is no such file\n  help: `poolscope list` shows them all",
    );
    check(
        &["run", "lock-kinds", "--set", "lane.1.worker=2"],
        "poolscope: --set 1:1:8: unknown key `worker` of a lane\n  help: did you mean `workers`?",
    );
    check(
        &["run", "lock-kinds", "--set", "mode=together", "--set", "mode=alone"],
        "poolscope: --set 2:1:6: unknown `mode` `alone`\n  help: known here: …",
    );
    check(
        &["run", "lock-kinds", "--for", "5"],
        "error: invalid value '5' for '--for <TIME>': `5` is no time: write 5s, 500ms or 2m",
    );
    check(
        &["run", "lock-kinds", "--for", "25h"],
        "error: invalid value '25h' for '--for <TIME>': `25h` is not between 1ms and 24h",
    );
    check(&["run", "--fro", "5s"], "error: unexpected argument '--fro' found");
    check(&["run", "ipc", "--format", "xml"], "error: invalid value 'xml' for '--format <FORMAT>'");
    check(
        &["replay", "Cargo.toml"],
        "poolscope: Cargo.toml:1:1: not a recording: it does not begin with a plan (make one with `run … --record FILE` or `sweep … --record FILE`)",
    );
    for command in [&["explore", "no-such.py"][..], &["step", "no-such.py", "--schedule", "1"]] {
        let here = std::env::current_dir().expect("a folder");
        let help = format!("help: write the path of a Python program, as it is seen from {}", here.display());
        check(command, &format!("poolscope: no-such.py: there is no such file\n  {help}"));
    }
    check(
        &["explore", "assets"],
        "poolscope: assets: this is a folder\n  help: name one of the Python programs in it, like `lost-update.py`",
    );
    check(&["replay", "/no/such"], "poolscope: /no/such: No such file or directory (os error 2)");
    check(
        &["replay", "x", "--speed", "0"],
        "error: invalid value '0' for '--speed <X>': a speed is between 0.01 and 1000",
    );
}

#[test]
fn a_check_reports_on_every_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let text = scenario::catalogue()[0].text;
    let (good, bad) = (path("good.md"), path("bad.md"));
    fs::write(&good, text).expect("a file");
    fs::write(&bad, text.replacen("workload", "wokload", 1)).expect("a file");
    let said = poolscope(&["check", &good]);
    let lanes = text.matches("[[lane]]").count();
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!(said.out, format!("{good}: fine, {lanes} lanes\n"));
    // What is wrong is the answer, and not a failure to answer: it stands where the rest does.
    let said = poolscope(&["check", &bad, &good, &path("none.md")]);
    assert_eq!((said.code, said.err.as_str()), (Some(2), ""));
    let line_of_bad = fs::read_to_string(&bad).expect("text").lines().position(|line| line.contains("wokload"));
    let place = format!("{bad}:{}:", line_of_bad.expect("a line") + 1);
    assert!(said.out.starts_with(&place), "{}", said.out);
    assert!(said.out.contains("did you mean `workload`?"), "{}", said.out);
    assert!(said.out.contains(&format!("{good}: fine")), "{}", said.out);
    assert!(said.out.contains("none.md: there is no such file"), "{}", said.out);
}

#[test]
fn a_fix_that_is_none_is_not_let_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = "```python mine\nimport threading\nx = 0\ndef work():\n    global x\n    x += 1\n\
                   a = threading.Thread(target=work)\nb = threading.Thread(target=work)\n\
                   a.start()\nb.start()\na.join()\nb.join()\n```";
    let write = |name: &str, role: &str| {
        let lane = format!(
            "[[lane]]\npool = \"program\"\nprogram = \"mine\"\nacceptable = [\"ended x=2\"]\nrole = \"{role}\""
        );
        let text = format!("+++\ntitle = \"Mine\"\n{lane}\n+++\n# Mine\n\n{program}\n");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let said = poolscope(&["check", &write("fix.md", "right-fix")]);
    assert_eq!(said.code, Some(2), "{}", said.out);
    let told = "fix.md:7:8: lane 1: it is called a right fix, and 4 of 6 schedules fail";
    assert!(
        said.out.contains(told) && said.out.contains("help: 1.2.2.1: A reads x (0) · B reads x (0)"),
        "{}",
        said.out
    );
    let said = poolscope(&["check", &write("bug.md", "broken")]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(said.out.contains("bug.md: fine, 1 lanes\n  1 mine, broken: 4 of 6 schedules fail\n"), "{}", said.out);
}

#[test]
fn notes_are_for_the_presenter() {
    for entry in scenario::catalogue() {
        let said = poolscope(&["notes", entry.name]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", entry.name);
        assert!(!said.out.trim().is_empty(), "{}", entry.name);
    }
}

#[test]
fn a_run_reports_to_stdout_and_is_silent_elsewhere() {
    let quick = ["--for", "200ms", "--set", "mode=together"];
    let run = |args: &[&str]| poolscope(&[args, &quick].concat());
    let text = run(&["run", "pool-size"]);
    assert!(text.out.starts_with("pool-size"), "{}", text.out);
    // Without a terminal the short form is the same; it takes the scenario's own time, so it ends by tasks here.
    let short = poolscope(&["pool-size", "--tasks", "50"]);
    assert!(short.out.starts_with("pool-size"), "{}\n{}", short.out, short.err);
    let csv = run(&["run", "pool-size", "--format", "csv"]);
    let columns: Vec<usize> = csv.out.lines().map(|line| line.split(',').count()).collect();
    assert!(columns.len() > 2 && columns.iter().all(|&count| count == columns[0]), "{}", csv.out);
    let ndjson = run(&["run", "pool-size", "--format", "ndjson"]);
    let lines: Vec<&str> = ndjson.out.lines().collect();
    assert!(lines[0].contains(r#""kind":"plan""#), "{}", lines[0]);
    assert!(lines[lines.len() - 2].contains(r#""kind":"end""#), "{}", lines[lines.len() - 2]);
    assert!(lines[lines.len() - 1].starts_with(r#"{"format":1,"#), "{}", lines[lines.len() - 1]);
    for said in [&text, &csv, &ndjson] {
        // A machine of few cores may have a plan adjusted, which is told; nothing else is.
        assert!(matches!(said.code, Some(0 | 4)), "{}", said.whole());
        assert!(
            said.err.lines().all(|line| line.starts_with("poolscope: ") || line.starts_with("expected ")),
            "{}",
            said.err
        );
    }
}

#[test]
fn a_scenario_that_expects_what_does_not_come_about_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("impossible.md");
    let choice = |right: bool| format!("[[choice]]\ntext = \"{right}\"\nright = {right}\nwhy = \"so it is\"\n");
    let text = format!(
        "+++\ntitle = \"t\"\ntopic = \"t\"\nseconds = 0.2\nquestion = \"q\"\n{}{}[[lane]]\nworkload = \"spin\"\n\
        [expect]\nholds = [\"lanes.1.tasks.completed < 0\"]\n+++\n\n# T\n",
        choice(true),
        choice(false),
    );
    fs::write(&path, text).expect("a file");
    let path = path.to_string_lossy();
    let checked = poolscope(&["check", &path]);
    let said = poolscope(&["run", &path, "--format", "json"]);
    assert_eq!(said.code, Some(4), "{}{}", checked.out, said.whole());
    assert!(said.err.contains("lanes.1.tasks.completed < 0"), "{}", said.err);
    let said = poolscope(&["run", &path]);
    assert_eq!(said.code, Some(4), "{}", said.whole());
    assert!(said.out.contains("lanes.1.tasks.completed < 0"), "{}", said.out);
}

#[test]
fn a_recording_is_replayed_and_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl").to_string_lossy().into_owned();
    let run = ["run", "ipc", "--for", "200ms", "--set", "mode=together", "--format", "json", "--record", &path];
    let live = poolscope(&run);
    let replayed = poolscope(&["replay", &path, "--format", "json"]);
    assert_eq!(replayed.out, live.out);
    assert_eq!(replayed.code, live.code);
    let again = poolscope(&run);
    assert_eq!((again.code, again.out.as_str()), (Some(2), ""));
    assert!(again.err.contains("exists already"), "{}", again.err);
    let whole = fs::read(&path).expect("bytes");
    // In the middle of the last line, which is longer than this.
    fs::write(&path, &whole[..whole.len() - 10]).expect("a file");
    let cut = poolscope(&["replay", &path]);
    assert!(cut.err.contains("the recording was cut"), "{}", cut.whole());
    assert!(cut.out.starts_with("ipc"), "{}", cut.out);
}

#[test]
fn the_doctor_answers_where_there_is_no_terminal() {
    let said = poolscope(&["doctor"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let headings: Vec<&str> = said.out.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
    let expected =
        ["poolscope", "terminal", "cores", "clock", "what this platform gives, tried just now", "limits", "scenarios"];
    assert_eq!(&headings[..headings.len() - 1], expected, "{}", said.out);
    assert!(!said.out.contains("POOLSCOPE_FAULT"), "{}", said.out);
    let lines = said.out.lines().filter(|line| line.starts_with("  "));
    // A label, and something behind it; what is not available says why.
    for line in lines {
        let told = line.get(29..).unwrap_or_default();
        assert!(!told.is_empty() && (!told.starts_with("n/a") || told.starts_with("n/a (")), "{line:?}");
    }
}

#[test]
fn the_doctor_tells_of_faults_on_order() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolscope"));
    let output = command.arg("doctor").env("POOLSCOPE_FAULT", "children:0").output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success());
    assert!(text.contains("POOLSCOPE_FAULT"), "{text}");
    let start = text.lines().find(|line| line.contains("starting a process")).unwrap_or_default();
    assert!(start.contains("n/a (Resource temporarily unavailable"), "{start:?}");
}

#[test]
fn the_pages_for_people_are_up_to_date() {
    let readme = include_str!("../README.md");
    for entry in scenario::catalogue() {
        let own = scenario::parse(entry.name, "built-in", entry.text).expect("a scenario");
        let question = own.question.expect("each asks a question first").text;
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{}`", entry.name)));
        assert!(row.is_some_and(|row| row.contains(&question)), "README.md lacks {} with its question", entry.name);
    }
    let example = readme.split("```text\n").find_map(|part| part.strip_prefix("+++\n")?.split("```").next());
    let example = format!("+++\n{}", example.expect("an example of a scenario"));
    scenario::parse("example", "README.md", &example).expect("the example is a scenario");
    for mark in ["<!-- bench:begin -->", "<!-- bench:end -->", "cargo run --release", "cargo test"] {
        assert!(readme.contains(mark), "README.md lacks {mark}");
    }
    let architecture = include_str!("../ARCHITECTURE.md");
    let lib = include_str!("../src/lib.rs");
    for room in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        assert!(architecture.contains(&format!("\n| `{room}` |")), "ARCHITECTURE.md lacks the room {room}");
    }
    let version = format!("\n## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(include_str!("../CHANGELOG.md").contains(&version), "CHANGELOG.md lacks{version}");
}
