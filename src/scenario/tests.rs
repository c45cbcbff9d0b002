use super::resolve::any_machine;
use super::*;
use crate::wire::{
    Arrivals, CommandPlan, Inputs, JobLog, LockKind, MemoryModel, Mode, OnDeath, Parameter, PoolPlan, ProgramPlan,
    QueueHow, Raw, Resume, Role, Size, Waking, WhenFull, Window, WorkloadPlan,
};
use proptest::prelude::*;
use std::path::Path;

fn machine(cores: u32) -> Machine {
    Machine { cores, core_ids: (0..cores).collect(), cores_online: cores, ..any_machine() }
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A scenario whose first line of TOML is line 2, after which `front` begins on line 3.
fn text(front: &str) -> String {
    format!("+++\ntitle = \"A test\"\n{front}\n+++\n# A test\n")
}

const LANE: &str = "[[lane]]\nworkload = \"primes\"";

fn check(front: &str, expected: &str) {
    let problems = parse("test", "test.md", &text(front)).err().unwrap_or_default();
    assert_eq!(told(&problems), expected, "\n{front}\n{}", told(&problems));
}

fn check_sets(front: &str, sets: &[&str], expected: &str) {
    let scenario = parse("test", "test.md", &text(front)).map_err(|problems| told(&problems)).expect("it parses");
    let problems = scenario.plan(&machine(4), &sets_of(sets)).err().unwrap_or_default();
    assert_eq!(told(&problems), expected, "\n{front}\n{sets:?}\n{}", told(&problems));
}

fn sets_of(sets: &[&str]) -> Overrides {
    Overrides { sets: sets.iter().map(ToString::to_string).collect(), ..Overrides::default() }
}

fn plan_of(front: &str, cores: u32, sets: &[&str]) -> Plan {
    let scenario = parse("test", "test.md", &text(front)).map_err(|problems| told(&problems)).expect("it parses");
    scenario.plan(&machine(cores), &sets_of(sets)).map_err(|problems| told(&problems)).expect("it plans")
}

// ── problems ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_frame_of_a_file_is_checked() {
    for (text, expected) in [
        (
            "title = 1\n",
            "t.md:1:1: no front matter\n  title = 1\n  ^^^^^^^^^\n  help: put a line `+++` first, then TOML, then another line `+++`, then Markdown",
        ),
        (
            "",
            "t.md:1:1: no front matter\n  \n  ^\n  help: put a line `+++` first, then TOML, then another line `+++`, then Markdown",
        ),
        (
            "# Page\n+++\n+++\n",
            "t.md:1:1: no front matter\n  # Page\n  ^^^^^^\n  help: put a line `+++` first, then TOML, then another line `+++`, then Markdown",
        ),
        (
            "+++\ntitle = 1\n",
            "t.md:1:1: the front matter does not end\n  +++\n  ^^^\n  help: put a line `+++` between the TOML and the Markdown",
        ),
        (
            "+++\ntitle = \n+++\n",
            "t.md:2:9: not TOML: string values must be quoted, expected literal string\n  title = \n          ^",
        ),
        ("+++\ntitle = \"a\"\ntitle = \"b\"\n+++\n", "t.md:3:1: not TOML: duplicate key\n  title = \"b\"\n  ^^^^^"),
        (
            "+++\n+++\n\u{1b}[2J",
            "t.md:3:1: the control character U+001B\n  \u{fffd}[2J\n  ^\n  help: a scenario is plain text: remove it",
        ),
        (
            "+++\n+++\n",
            "t.md:1:1: a scenario needs `title`\n  +++\n  ^^^\n  help: `title`: one line for the top of the screen\n\
             t.md:1:1: a scenario needs a `[[lane]]`\n  +++\n  ^^^\n  help: one way of running tasks; 1 to 8 of them",
        ),
    ] {
        let problems = parse("t", "t.md", text).expect_err(text);
        assert_eq!(told(&problems), expected, "\n{text}\n{}", told(&problems));
    }
    let long = format!("+++\n{} = 3\n+++\n", "x".repeat(500));
    let told_of_long = told(&parse("t", "t.md", &long).expect_err("long"));
    assert!(
        told_of_long.lines().all(|line| line.starts_with("  help") || line.chars().count() <= 102),
        "{told_of_long}"
    );
    let long = "x".repeat((1 << 20) + 1);
    assert_eq!(
        told(&parse("t", "t.md", &long).expect_err("long")),
        "t.md: it is longer than 1 MiB\n  help: a scenario is a page of text"
    );
}

#[test]
fn unknown_names_are_told_with_the_nearest_right_one() {
    check(
        &format!("sead = 7\n{LANE}"),
        "test.md:3:1: unknown key `sead` of a scenario\n  sead = 7\n  ^^^^\n  help: did you mean `seed`?",
    );
    check(
        &format!("{LANE}\nwokers = 3"),
        "test.md:5:1: unknown key `wokers` of a lane\n  wokers = 3\n  ^^^^^^\n  help: did you mean `workers`?",
    );
    check(
        &format!("{LANE}\npool = \"thread\""),
        "test.md:5:8: unknown `pool` `thread`\n  pool = \"thread\"\n         ^^^^^^^^\n  help: did you mean `threads`?",
    );
    check(
        "[[lane]]\nworkload = \"prime\"",
        "test.md:4:12: unknown `workload` `prime`\n  workload = \"prime\"\n             ^^^^^^^\n  help: did you mean `primes`?",
    );
    check(
        &format!("mode = \"parallel\"\n{LANE}"),
        "test.md:3:8: unknown `mode` `parallel`\n  mode = \"parallel\"\n         ^^^^^^^^^^\n  help: known here: turns, together, cores",
    );
    check(
        "[[lane]]\nworkload = { kind = \"counter\", wey = \"racy\" }",
        "test.md:4:32: unknown key `wey` of `workload` of kind `counter`\n  workload = { kind = \"counter\", wey = \"racy\" }\n                                 ^^^\n  help: did you mean `way`?",
    );
    check(
        &format!("{LANE}\n[expect]\nhold = [\"conserved\"]"),
        "test.md:1:1: `[expect]` needs `holds`\n  +++\n  ^^^\n  help: `holds`: statements about the summary, such as `lanes.*.tasks.lost == 0`\n\
         test.md:6:1: unknown key `hold` of `[expect]`\n  hold = [\"conserved\"]\n  ^^^^\n  help: did you mean `holds`?"
            .replace("test.md:1:1", "test.md:5:1")
            .replace("  +++\n  ^^^\n", "  [expect]\n  ^^^^^^^^\n")
            .as_str(),
    );
}

#[test]
fn every_problem_is_told_at_once_and_in_order() {
    check(
        "[[lane]]\nworkers = \"many\"\nchunk = 0\n[[lane]]\npool = 3\nworkload = \"primes\"\nsize = { mean = 3 }",
        "test.md:4:12: `many` is no amount\n  workers = \"many\"\n             ^^^^\n  help: an amount is an integer or, as a text, like \"2*cores\"\n\
         test.md:7:8: `pool` is an integer\n  pool = 3\n         ^\n  help: it must be \"single\", \"threads\", \"stealing\", \"per-task\", \"processes\", \"program\", \"cpython\", \"litmus\" or \"command\"\n\
         test.md:9:10: unknown key `mean` of `size` of kind `constant`\n  size = { mean = 3 }\n           ^^^^\n  help: known here: units",
    );
    // What `[every-lane]` says wrongly is wrong once.
    check(
        &format!("[every-lane]\nchunk = 0\n{LANE}\n{LANE}"),
        "test.md:4:9: `chunk` cannot be 0\n  chunk = 0\n          ^\n  help: it must be an integer from 1 to 1,000,000, or a text like \"2*cores\"",
    );
}

#[test]
fn types_and_ranges_are_checked() {
    for (lines, expected) in [
        (
            "workers = 0",
            "5:11: `workers` cannot be 0\n  workers = 0\n            ^\n  help: it must be an integer from 1 to 1,024, or a text like \"2*cores\"",
        ),
        (
            "workers = 1025",
            "5:11: `workers` cannot be 1025\n  workers = 1025\n            ^^^^\n  help: it must be an integer from 1 to 1,024, or a text like \"2*cores\"",
        ),
        (
            "workers = 1.5",
            "5:11: `workers` is a number\n  workers = 1.5\n            ^^^\n  help: it must be an integer from 1 to 1,024, or a text like \"2*cores\"",
        ),
        (
            "workers = 99999999999999999999",
            "5:11: `workers` is a number of more than 64 bits\n  workers = 99999999999999999999\n            ^^^^^^^^^^^^^^^^^^^^\n  help: it must be an integer from 1 to 1,024, or a text like \"2*cores\"",
        ),
        (
            "workers = \"2*coers\"",
            "5:14: `coers` is no amount\n  workers = \"2*coers\"\n               ^^^^^\n  help: did you mean `cores`?",
        ),
        (
            "capacity = \"unbound\"",
            "5:13: `unbound` is no amount\n  capacity = \"unbound\"\n              ^^^^^^^\n  help: did you mean `unbounded`?",
        ),
        (
            "nice = \"cores\"",
            "5:8: `nice` is a text\n  nice = \"cores\"\n         ^^^^^^^\n  help: it must be an integer from 0 to 19",
        ),
        ("pin = 1", "5:7: `pin` is an integer\n  pin = 1\n        ^\n  help: it must be true or false"),
        (
            "name = \"\\u001b[31m\"",
            "5:8: `name` holds the control character U+001B\n  name = \"\\u001b[31m\"\n         ^^^^^^^^^^^^\n  help: use printable text on one line",
        ),
        ("name = \"\"", "5:8: `name` has 0 characters\n  name = \"\"\n         ^^\n  help: use 1 to 40 characters"),
        (
            "name = 1979-05-27",
            "5:8: `name` is a date\n  name = 1979-05-27\n         ^^^^^^^^^^\n  help: it must be a text of 1 to 40 characters",
        ),
        (
            "arrivals = { kind = \"open\" }",
            "5:12: `arrivals` of kind `open` needs `rate_per_s`\n  arrivals = { kind = \"open\" }\n             ^^^^^^^^^^^^^^^^^\n  help: `rate_per_s`: tasks a second",
        ),
        (
            "arrivals = { kind = \"open\", rate_per_s = nan }",
            "5:42: `rate_per_s` cannot be NaN\n  arrivals = { kind = \"open\", rate_per_s = nan }\n                                           ^^^\n  help: it must be a number from 0.1 to 10,000,000",
        ),
        (
            "arrivals = true",
            "5:12: `arrivals` is true or false\n  arrivals = true\n             ^^^^\n  help: it must be a table like { kind = \"closed\", … }",
        ),
        (
            "size = { kind = 3 }",
            "5:17: the `kind` of `size` is an integer\n  size = { kind = 3 }\n                  ^\n  help: write its name as a text",
        ),
    ] {
        check(&format!("{LANE}\n{lines}"), &format!("test.md:{expected}"));
    }
    check(
        "lane = 3",
        "test.md:3:1: `lane` is an integer\n  lane = 3\n  ^^^^\n  help: write `[[lane]]` before each lane",
    );
    check(
        "lane = [3]",
        "test.md:3:9: `lane` is an integer\n  lane = [3]\n          ^\n  help: write `[[lane]]` before each lane",
    );
    check(
        "[[lane]]\npool = \"threads\"",
        "test.md:3:1: a lane needs `workload`\n  [[lane]]\n  ^^^^^^^^\n  help: `workload`: what a task does",
    );
    check(
        &[LANE; 9].join("\n"),
        "test.md:19:1: 9 of `lane`, and at most 8 have room\n  [[lane]]\n  ^^^^^^^^\n  help: leave out 1",
    );
}

#[test]
fn impossible_plans_are_refused() {
    for (lane, expected) in [
        (
            "workload = \"primes\"\npool = \"single\"\nworkers = 4",
            "6:11: a `single` pool has one worker, not 4\n  workers = 4\n            ^\n  help: leave `workers` out, or make this pool `threads`",
        ),
        (
            "workload = { kind = \"counter\", lock = \"std\" }\npool = \"processes\"",
            "4:39: a `std` lock works within one process only\n  workload = { kind = \"counter\", lock = \"std\" }\n                                        ^^^^^\n  help: use `futex`, `spin` or `semaphore` in a process pool",
        ),
        (
            "workload = { kind = \"critical-section\", permits = 4 }",
            "4:51: a `std` lock lets one in at a time, not 4\n  workload = { kind = \"critical-section\", permits = 4 }\n                                                    ^\n  help: use `lock = \"semaphore\"`",
        ),
        (
            "workload = \"primes\"\nchunk = 65",
            "5:9: a chunk of 65 never fits into a queue of 64\n  chunk = 65\n          ^^\n  help: raise `capacity`, or lower `chunk`",
        ),
        (
            "workload = \"primes\"\ncapacity = \"unbounded\"\nwhen_full = \"reject\"",
            "6:13: an unbounded queue is never full\n  when_full = \"reject\"\n              ^^^^^^^^\n  help: give it a `capacity`, or leave `when_full` out",
        ),
        (
            "workload = \"primes\"\npool = \"stealing\"\nwhen_full = \"discard-oldest\"",
            "6:13: a `stealing` pool has no oldest task: each worker has a queue of its own\n  when_full = \"discard-oldest\"\n              ^^^^^^^^^^^^^^^^\n  help: use `reject`, or make this pool `threads`",
        ),
        (
            "workload = \"primes\"\npool = \"stealing\"\nqueue = \"mutex\"",
            "6:1: `queue` is a key of `threads` pools\n  queue = \"mutex\"\n  ^^^^^\n  help: leave it out, or make this pool `threads`; it is `stealing`",
        ),
        (
            "workload = \"primes\"\npool = \"processes\"\nworkers = 1024\npayload_bytes = 16777216",
            "7:17: 32768 MiB would be on their way at once\n  payload_bytes = 16777216\n                  ^^^^^^^^\n  help: lower `payload_bytes`, `workers` or `in_flight`: 2048 MiB have room",
        ),
        (
            "workload = \"primes\"\nsize = { kind = \"uniform\", min = 9, max = 3 }",
            "5:34: from 9 to 3 there is no number\n  size = { kind = \"uniform\", min = 9, max = 3 }\n                                   ^\n  help: `min` is the least, `max` the most",
        ),
        (
            "workload = \"primes\"\nsize = { kind = \"bimodal\", small = 9, large = 3 }",
            "5:36: 9 is not smaller than 3\n  size = { kind = \"bimodal\", small = 9, large = 3 }\n                                     ^\n  help: swap `small` and `large`",
        ),
        (
            "workload = \"primes\"\nsize = 0",
            "5:8: only a `spin` task may be empty\n  size = 0\n         ^\n  help: use at least 1 unit",
        ),
    ] {
        check(&format!("[[lane]]\n{lane}"), &format!("test.md:{expected}"));
    }
    check(
        &format!("[every-lane]\nqueue = \"mutex\"\n{LANE}\npool = \"single\""),
        "test.md:4:1: `queue` is a key of `threads` pools, and no lane is one\n  queue = \"mutex\"\n  ^^^^^\n  help: leave it out, or make a pool `threads`",
    );
}

#[test]
fn a_question_has_choices_and_one_is_right() {
    let choice = |right: bool| format!("[[choice]]\ntext = \"a\"\nwhy = \"b\"\nright = {right}\n");
    let question = "question = \"Why?\"\n";
    check(
        &format!("{question}{LANE}"),
        "test.md:3:1: a question without choices\n  question = \"Why?\"\n  ^^^^^^^^\n  help: write 2 to 6 `[[choice]]` with `text`, `why`, and `right = true` in one of them",
    );
    check(
        &format!("{}{}{LANE}", choice(true), choice(false)),
        "test.md:3:3: choices without a `question`\n  [[choice]]\n    ^^^^^^\n  help: write `question = \"…\"`",
    );
    check(
        &format!("{question}{}{LANE}", choice(true)),
        "test.md:4:3: one choice is no choice\n  [[choice]]\n    ^^^^^^\n  help: write 2 to 6 `[[choice]]`",
    );
    check(
        &format!("{question}{}{}{LANE}", choice(true), choice(true)),
        "test.md:4:3: 2 of 2 choices are right\n  [[choice]]\n    ^^^^^^\n  help: write `right = true` in exactly one",
    );
    check(
        &format!("{question}{}[[choice]]\ntext = \"a\"\n{LANE}", choice(true)),
        "test.md:8:1: `[[choice]]` needs `why`\n  [[choice]]\n  ^^^^^^^^^^\n  help: `why`: why, shown beside the fact",
    );
}

#[test]
fn statements_are_checked_where_they_stand() {
    check(
        &format!(
            "{LANE}\n[expect]\nholds = [\"conserved\", \"lanes.2.tasks.lost == 0\", \"lanes.1.tasks.lots == 0\", 3]"
        ),
        "test.md:6:24: there is no lane 2\n  holds = [\"conserved\", \"lanes.2.tasks.lost == 0\", \"lanes.1.tasks.lots == 0\", 3]\n                         ^^^^^^^^^^^^^^^^^^^^^^^\n  help: lanes count from 1 to 1\n\
         test.md:6:51: the summary has no `lanes.1.tasks.lots`; did you mean `lanes.*.tasks.lost`?\n  holds = [\"conserved\", \"lanes.2.tasks.lost == 0\", \"lanes.1.tasks.lots == 0\", 3]\n                                                    ^^^^^^^^^^^^^^^^^^^^^^^\n\
         test.md:6:77: a statement is a text, not an integer\n  holds = [\"conserved\", \"lanes.2.tasks.lost == 0\", \"lanes.1.tasks.lots == 0\", 3]\n                                                                              ^\n  help: as in \"lanes.*.tasks.lost == 0\"",
    );
}

#[test]
fn sets_are_blamed_as_the_file_is() {
    for (set, expected) in [
        (
            "mode",
            "--set 1:1:1: no `=` in it\n  mode\n  ^^^^\n  help: write KEY=VALUE, as in lane.2.workers=8 or mode=together",
        ),
        (
            "=3",
            "--set 1:1:1: `` is no key of a run\n  =3\n  ^\n  help: write KEY=VALUE, as in lane.2.workers=8 or mode=together",
        ),
        (
            "mode=sometimes",
            "--set 1:1:6: unknown `mode` `sometimes`\n  mode=sometimes\n       ^^^^^^^^^\n  help: known here: turns, together, cores",
        ),
        ("mod=turns", "--set 1:1:1: `mod` is no key of a run\n  mod=turns\n  ^^^\n  help: did you mean `mode`?"),
        (
            "title=x",
            "--set 1:1:1: `title` belongs to the page, not to the run\n  title=x\n  ^^^^^\n  help: write KEY=VALUE, as in lane.2.workers=8 or mode=together",
        ),
        (
            "seconds=3",
            "--set 1:1:1: `seconds` belongs to the page, not to the run\n  seconds=3\n  ^^^^^^^\n  help: use --for",
        ),
        (
            "workers=3",
            "--set 1:1:1: `workers` is no key of a run\n  workers=3\n  ^^^^^^^\n  help: did you mean `lane.*.workers`?",
        ),
        (
            "lane.3.workers=3",
            "--set 1:1:6: there is no lane `3`\n  lane.3.workers=3\n       ^\n  help: lanes count from 1 to 1, and `*` means each",
        ),
        (
            "lane.1=3",
            "--set 1:1:1: no key of a lane\n  lane.1=3\n  ^^^^^^^^\n  help: write KEY=VALUE, as in lane.2.workers=8 or mode=together",
        ),
        (
            "lane.1.wrkers=3",
            "--set 1:1:8: unknown key `wrkers` of a lane\n  lane.1.wrkers=3\n         ^^^^^^\n  help: did you mean `workers`?",
        ),
        (
            "lane.1.workers=lots",
            "--set 1:1:16: `lots` is no amount\n  lane.1.workers=lots\n                 ^^^^\n  help: an amount is an integer or, as a text, like \"2*cores\"",
        ),
        (
            "lane.1.size.mean=3",
            "--set 1:1:13: unknown key `mean` of `size` of kind `constant`\n  lane.1.size.mean=3\n              ^^^^\n  help: known here: units",
        ),
        (
            "lane.*.queue=mutex",
            "--set 1:1:8: `queue` is a key of `threads` pools, and no lane is one\n  lane.*.queue=mutex\n         ^^^^^\n  help: leave it out, or make a pool `threads`",
        ),
        (
            "lane.1.name=\u{1b}]0;",
            "--set 1:1:13: `name` holds the control character U+001B\n  lane.1.name=\u{fffd}]0;\n              ^^^^\n  help: use printable text on one line",
        ),
    ] {
        check_sets(&format!("{LANE}\npool = \"stealing\""), &[set], expected);
    }
    check_sets(
        LANE,
        &["mode=turns", "lane.1.chunk=0"],
        "--set 2:1:14: `chunk` cannot be 0\n  lane.1.chunk=0\n               ^\n  help: it must be an integer from 1 to 1,000,000, or a text like \"2*cores\"",
    );
}

#[test]
fn what_is_not_found_is_told_with_the_nearest_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let find = |name: &str| told(&find(name, Some(folder.path())).expect_err(name));
    assert_eq!(find("pool-sise"), "pool-sise: there is no such scenario\n  help: did you mean `pool-size`?");
    assert_eq!(find("xyzzy"), "xyzzy: there is no such scenario\n  help: `poolscope list` shows them all");
    assert_eq!(find("./nothing.md"), "./nothing.md: there is no such file\n  help: `poolscope list` shows them all");
    assert_eq!(find("/dev/zero"), "/dev/zero: it is no file");

    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).expect("a file");
    write("mine.md", text(LANE).as_bytes());
    write("latin.md", b"+++\ntitle = \"caf\xe9\"\n+++\n");
    write("long.md", &vec![b' '; (1 << 20) + 1]);
    write("pool-size.md", b"not taken over");
    let mine = super::find("mine", Some(folder.path())).expect("mine");
    assert_eq!((mine.name.as_str(), mine.title.as_str(), mine.topic.as_str()), ("mine", "A test", "own"));
    assert_eq!(find("min"), "min: there is no such scenario\n  help: did you mean `mine`?");
    let latin = folder.path().join("latin.md");
    assert_eq!(find("latin"), format!("{}:2:13: it is not UTF-8\n  help: save it as UTF-8", latin.display()));
    let by_path = super::find(&folder.path().join("mine.md").to_string_lossy(), None).expect("by path");
    assert_eq!(by_path.name, "mine");

    let listed = list(Some(folder.path()));
    assert_eq!(listed.len(), catalogue().len() + 3);
    assert!(listed[0].problems.is_ok() && listed[0].origin == "built-in" && listed[0].topic == "pools");
    let bad: Vec<&str> = listed.iter().filter(|one| one.problems.is_err()).map(|one| one.name.as_str()).collect();
    assert_eq!(bad, ["latin", "long"]);
}

// ── plans ───────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn nothing_is_left_unset() {
    let plan =
        plan_of("[[lane]]\nworkload = \"primes\"\n[[lane]]\npool = \"processes\"\nworkload = \"counter\"", 4, &[]);
    assert_eq!((plan.mode, plan.seed, plan.tick_ms), (Mode::Turns { slice_ms: 500 }, 7, 100));
    let [threads, processes] = plan.lanes.as_slice() else { panic!("two lanes") };
    assert_eq!(threads.pool, PoolPlan::Threads { queue: QueueHow::Channel });
    assert_eq!((threads.name.as_str(), threads.workers, threads.capacity), ("4 threads", 4, Some(64)));
    assert_eq!(
        (threads.size, threads.nice, threads.telemetry, threads.seed),
        (Size::Constant { units: 50 }, 5, true, 7)
    );
    assert_eq!(threads.arrivals, Arrivals::Closed { outstanding: 76 });
    assert_eq!(threads.on_death, OnDeath::Lose);
    assert_eq!(processes.on_death, OnDeath::Retry { times: 1 });
    assert!(matches!(processes.workload, WorkloadPlan::Counter { lock: LockKind::Futex, padded: true, .. }));
}

#[test]
fn every_kind_of_the_tables_makes_a_plan() {
    let needed = |kind: &tables::Kind| -> String {
        let values = kind.keys.iter().filter(|key| key.default == tables::Default::Required);
        values.map(|key| format!(", {} = 2", key.name)).collect()
    };
    for workload in tables::WORKLOADS {
        for pool in tables::POOLS.iter().filter(|pool| !tables::makes_runs(pool)) {
            let front = format!("[[lane]]\npool = \"{}\"\nworkload = \"{}\"", pool.name, workload.name);
            let plan = plan_of(&front, 2, &[]);
            assert_eq!((plan.lanes[0].pool.name(), plan.lanes[0].workload.name()), (pool.name, workload.name));
        }
    }
    for size in tables::SIZES {
        plan_of(&format!("{LANE}\nsize = {{ kind = \"{}\"{} }}", size.name, needed(size)), 2, &[]);
    }
    let listed = |name: &str, words: &[&str]| {
        for word in words {
            plan_of(&format!("[[lane]]\nworkload = {{ kind = \"{name}\", lock = \"{word}\" }}"), 2, &[]);
        }
    };
    listed("counter", &LockKind::ALL.map(LockKind::name));
    listed("critical-section", &LockKind::ALL.map(LockKind::name));
    assert_eq!(expect::WORDS.map(|(word, _)| expect::parse(word).is_ok()), [true, true]);
}

/// A scenario with a lane that runs a command.
fn with_command(lane: &str) -> Scenario {
    let text = text(&format!("[[lane]]\npool = \"command\"\n{lane}"));
    parse("test", "test.md", &text).map_err(|problems| told(&problems)).expect("it parses")
}

#[test]
fn a_command_makes_a_plan_only_where_it_is_allowed() {
    let mut scenario = with_command("command = \"gzip {}\"\ninputs = \"list.txt\"\nnull = true\nworkers = \"2*cores\"");
    let problems = scenario.plan(&machine(3), &Overrides::default()).expect_err("nobody allowed it");
    assert!(told(&problems).contains("lane 1 runs a command: `gzip {}`"), "{}", told(&problems));
    scenario.allow_commands();
    let plan = scenario.plan(&machine(3), &Overrides::default()).expect("it is allowed");
    let lane = &plan.lanes[0];
    let wanted = CommandPlan {
        command: "gzip {}".into(),
        inputs: Inputs::File { path: "list.txt".into(), null: true },
        ..CommandPlan::default()
    };
    assert_eq!((lane.pool.command(), lane.name.as_str(), lane.workers), (Some(&wanted), "gzip", 6));
    assert_eq!((lane.nice, lane.chunk, lane.when_full, &lane.workload), (0, 1, WhenFull::Block, &WorkloadPlan::Run));
    // What a command has no use for is refused.
    let odd = parse("test", "test.md", &text("[[lane]]\npool = \"command\"\ncommand = \"x\"\nnice = 3"));
    let problems = odd.map(|_| ()).expect_err("it yields to nobody");
    assert!(told(&problems).contains("`nice` is no key of a lane that runs a command"), "{}", told(&problems));
}

#[test]
fn what_is_typed_is_run_to_the_byte() {
    let own = OwnCommand {
        command: b"x '\xff\n' {}".to_vec(),
        inputs: Some(b"\x80".to_vec()),
        null: true,
        shell: false,
        retries: 2,
        log: Some(JobLog { path: "log".into(), resume: Resume::All }),
        workers: Some("2*cores".into()),
    };
    let scenario = of_command(&own).map_err(|problems| told(&problems)).expect("a scenario");
    let planned = |sets: &[&str]| {
        let overrides = Overrides { sets: sets.iter().map(ToString::to_string).collect(), ..Overrides::default() };
        scenario.plan(&machine(2), &overrides).map_err(|problems| told(&problems)).expect("a plan").lanes.remove(0)
    };
    let lane = planned(&[]);
    let wanted = CommandPlan {
        command: Raw(own.command.clone()),
        inputs: Inputs::File { path: Raw(b"\x80".to_vec()), null: true },
        again: false,
        shell: false,
        retries: 2,
        log: own.log.clone(),
    };
    assert_eq!((lane.pool.command(), lane.workers), (Some(&wanted), 4));
    // What is changed afterwards is what it was changed to.
    let lane = planned(&["lane.1.inputs=-3..4", "lane.1.command=y {}", "lane.1.workers=1"]);
    let plan = lane.pool.command().expect("a command");
    assert_eq!((plan.inputs.clone(), plan.command.to_text().as_str()), (Inputs::Range { first: -3, last: 4 }, "y {}"));
    assert_eq!((lane.workers, plan.log.is_some()), (1, true));
    assert_eq!(
        planned(&["lane.1.inputs=-"]).pool.command().map(|plan| plan.inputs.clone()),
        Some(Inputs::Stdin { null: true })
    );
    // On the screen it can be edited like any other, and a scenario without one cannot be made to have one.
    let mut draft = Draft::of(&scenario, &Overrides::default());
    draft.set(Some(0), "command", "z", &machine(2)).expect("it is one's own");
    let plan = draft.plan(&machine(2)).expect("a plan");
    assert_eq!(plan.lanes[0].pool.command().map(|plan| plan.command.to_text()), Some("z".to_string()));
    let other = parse("test", "test.md", &text(LANE)).expect("it parses");
    let mut draft = Draft::of(&other, &Overrides::default());
    assert!(draft.set(Some(0), "pool", "command", &machine(2)).is_err());
}

#[test]
fn what_is_said_of_every_lane_yields_to_what_a_lane_says() {
    let front = "[every-lane]\nworkers = \"2*cores\"\nqueue = \"mutex\"\nsize = { kind = \"pareto\", mean = 9 }\n\
                 workload = { kind = \"critical-section\", share = 0.5, sleep = true }\n\
                 [[lane]]\npool = \"single\"\nworkload.share = 0.1\n[[lane]]\nsize = 3\nworkload = \"sleep\"\n[[lane]]\nsize.shape = 2.5";
    let plan = plan_of(front, 3, &[]);
    assert_eq!(plan.lanes.iter().map(|lane| lane.workers).collect::<Vec<_>>(), [1, 6, 6]);
    assert!(matches!(plan.lanes[0].workload, WorkloadPlan::CriticalSection { share: 0.1, sleep: true, .. }));
    assert_eq!(plan.lanes[0].size, Size::Pareto { mean: 9.0, shape: 1.5 });
    assert_eq!((&plan.lanes[1].workload, plan.lanes[1].size), (&WorkloadPlan::Sleep, Size::Constant { units: 3 }));
    assert_eq!(plan.lanes[1].pool, PoolPlan::Threads { queue: QueueHow::Mutex });
    assert_eq!(plan.lanes[2].size, Size::Pareto { mean: 9.0, shape: 2.5 });
}

#[test]
fn a_set_does_what_the_same_line_in_the_file_does() {
    let base = "[[lane]]\nworkload = \"primes\"\n";
    for (set, line) in [
        ("lane.1.workers=8", "workers = 8"),
        ("lane.1.workers=2*cores", "workers = \"2*cores\""),
        ("lane.*.chunk=16", "chunk = 16"),
        ("lane.1.capacity=unbounded", "capacity = \"unbounded\""),
        ("lane.1.name = a name, with \"quotes\" ", "name = 'a name, with \"quotes\"'"),
        ("lane.1.pool=processes", "pool = \"processes\""),
        ("lane.1.size=5", "size = 5"),
        ("lane.1.size.units=5", "size = 5"),
        ("lane.1.size={ kind = \"pareto\", mean = 5 }", "size = { kind = \"pareto\", mean = 5 }"),
        ("lane.1.arrivals.outstanding=3", "arrivals = { kind = \"closed\", outstanding = 3 }"),
        ("lane.1.pin=true", "pin = true"),
        ("lane.1.tasks=1_000", "tasks = 1000"),
        ("every-lane.nice=3", "nice = 3"),
    ] {
        assert_eq!(plan_of(base, 4, &[set]), plan_of(&format!("{base}{line}"), 4, &[]), "{set}");
    }
    let plan = plan_of(base, 4, &["mode=together", "seed=9", "tick_ms=50"]);
    assert_eq!((plan.mode, plan.seed, plan.tick_ms, plan.lanes[0].seed), (Mode::Together, 9, 50, 9));
    let changed = plan_of(base, 4, &["lane.1.workload.kind=leak", "lane.1.workload.bytes=9"]);
    assert_eq!(changed.lanes[0].workload, WorkloadPlan::Leak { bytes: 9 });
    // Another pool leaves the old one's keys behind.
    let other = plan_of(
        "[[lane]]\npool = \"threads\"\nqueue = \"mutex\"\nworkers = 3\nworkload = \"primes\"",
        4,
        &["lane.1.pool=single"],
    );
    assert_eq!((&other.lanes[0].pool, other.lanes[0].workers), (&PoolPlan::Single, 1));
}

#[test]
fn the_command_line_has_the_last_word() {
    let scenario = parse("test", "test.md", &text(&format!("seed = 3\n{LANE}\ntasks = 5"))).expect("it parses");
    let overrides = Overrides { seed: Some(11), tasks: Some(12), sets: vec!["seed=4".into()] };
    let plan = scenario.plan(&machine(2), &overrides).expect("it plans");
    assert_eq!((plan.seed, plan.lanes[0].seed, plan.lanes[0].tasks), (11, 11, Some(12)));
}

#[test]
fn lanes_with_cores_of_their_own_share_none_or_take_turns() {
    let front = format!("mode = \"cores\"\n{LANE}\n{LANE}\n{LANE}\ncores = 1");
    let plan = plan_of(&front, 7, &[]);
    let cores: Vec<&[u32]> = plan.lanes.iter().map(|lane| lane.cores.as_slice()).collect();
    assert_eq!((plan.mode, cores), (Mode::Cores, vec![&[0, 1][..], &[2, 3], &[4]]));

    let scenario = parse("test", "test.md", &text(&front)).expect("it parses");
    assert!(scenario.adjustments(&machine(7), &Overrides::default()).is_empty());
    let plan = scenario.plan(&machine(2), &Overrides::default()).expect("it plans");
    assert_eq!(plan.mode, Mode::Turns { slice_ms: 500 });
    assert_eq!(
        scenario.adjustments(&machine(2), &Overrides::default()),
        ["3 lanes want cores of their own and there are 2: they take turns instead"]
    );
}

#[test]
fn amounts_stay_within_their_range_and_that_is_told() {
    let scenario = parse("test", "test.md", &text(&format!("{LANE}\nworkers = \"64*cores\""))).expect("it parses");
    let plan = scenario.plan(&machine(96), &Overrides::default()).expect("it plans");
    assert_eq!(plan.lanes[0].workers, 1024);
    assert_eq!(
        scenario.adjustments(&machine(96), &Overrides::default()),
        ["lane 1: `workers` is 1024, the most there may be, and not 6144"]
    );
    assert!(scenario.adjustments(&machine(2), &Overrides::default()).is_empty());
    assert!(scenario.adjustments(&machine(2), &sets_of(&["mode=never"])).is_empty());
    // As small as can be is no surprise.
    assert_eq!(plan_of(&format!("{LANE}\nworkers = \"cores/4\""), 2, &[]).lanes[0].workers, 1);
}

#[test]
fn a_byte_order_mark_and_foreign_line_ends_are_no_matter() {
    let text = format!("\u{feff}{}", text(&format!("{LANE}\nwokers = 3")).replace('\n', "\r\n"));
    let problems = parse("test", "test.md", &text).expect_err("a wrong key");
    assert_eq!(
        told(&problems),
        "test.md:5:1: unknown key `wokers` of a lane\n  wokers = 3\n  ^^^^^^\n  help: did you mean `workers`?"
    );
}

#[test]
fn the_presenters_notes_are_kept_apart() {
    let page = format!("{}intro\r\n## Notes\nsecret\n```\n# no heading\n```\n## After\nend\n", text(LANE));
    let scenario = parse("test", "test.md", &page).expect("it parses");
    assert_eq!(scenario.body, "# A test\nintro\n## After\nend");
    assert_eq!(scenario.notes.as_deref(), Some("secret\n```\n# no heading\n```"));
}

// ── the catalogue ───────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn every_file_is_in_the_catalogue() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios");
    let mut names = Vec::new();
    for topic in std::fs::read_dir(&root).expect("topics").flatten() {
        for file in std::fs::read_dir(topic.path()).expect("scenarios").flatten() {
            let path = file.path();
            assert_eq!(path.extension().and_then(|extension| extension.to_str()), Some("md"), "{}", path.display());
            names.push(path.file_stem().expect("a name").to_string_lossy().into_owned());
            let scenario =
                find(names.last().expect("one"), None).map_err(|problems| told(&problems)).expect("it parses");
            assert_eq!(scenario.topic, topic.file_name().to_string_lossy(), "{}", path.display());
        }
    }
    let mut listed: Vec<String> = catalogue().iter().map(|entry| entry.name.to_string()).collect();
    names.sort();
    listed.sort();
    assert_eq!(names, listed);
    assert!(names.iter().any(|name| name == DEFAULT));
}

#[test]
fn every_built_in_scenario_teaches_and_plans_on_any_machine() {
    for entry in catalogue() {
        let scenario = parse(entry.name, entry.name, entry.text).map_err(|problems| told(&problems)).expect(entry.name);
        for cores in [1, 2, 8, 96] {
            let plan = scenario.plan(&machine(cores), &Overrides::default());
            let plan = plan.map_err(|problems| told(&problems)).expect(entry.name);
            let workers: u32 = plan.lanes.iter().map(|lane| lane.workers).sum();
            assert!(workers <= (cores * 100).max(200), "{}: {workers} workers on {cores} cores", entry.name);
            assert!(plan.expect.iter().all(|statement| expect::parse(statement).is_ok()));
            // Every lane has a turn in a run of a second.
            if let Mode::Turns { slice_ms } = plan.mode {
                assert!(slice_ms * plan.lanes.len() as u64 <= 1000, "{}: too long a round", entry.name);
            }
        }
        assert!(
            scenario.question.is_some() && scenario.misconception.is_some() && scenario.notes.is_some(),
            "{}",
            entry.name
        );
        assert!(scenario.body.starts_with("# "), "{}", entry.name);
        for heading in ["## What to look for", "## What is happening", "## Try next"] {
            assert!(scenario.body.contains(heading), "{} has no {heading}", entry.name);
        }
        assert!(scenario.expect.iter().any(|statement| statement.ends_with("conserved")), "{}", entry.name);
    }
}

/// Every `--set …` that a page suggests works: all those of one pair of backticks together, as they would be typed.
#[test]
fn every_set_that_a_page_suggests_works() {
    for entry in catalogue() {
        let scenario = parse(entry.name, entry.name, entry.text).map_err(|problems| told(&problems)).expect(entry.name);
        let page = format!("{}\n{}", scenario.body, scenario.notes.as_deref().unwrap_or_default());
        for code in page.split('`').skip(1).step_by(2).filter(|code| code.starts_with("--set ")) {
            let sets: Vec<&str> = code.split("--set ").map(str::trim).filter(|set| !set.is_empty()).collect();
            for cores in [1, 96] {
                let plan = scenario.plan(&machine(cores), &sets_of(&sets));
                assert_eq!(told(&plan.err().unwrap_or_default()), "", "{}: {code}", entry.name);
            }
        }
        // A page speaks of other scenarios by name.
        for code in page
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|code| code.matches('-').count() >= 2 && !code.contains([' ', '=']))
        {
            assert!(catalogue().iter().any(|other| other.name == code), "{} speaks of {code}", entry.name);
        }
    }
}

/// `assets/scenario.md` holds the reference that the tables print. `UPDATE=1 cargo test` writes it anew.
#[test]
fn the_description_of_the_format_is_what_the_tables_say() {
    const MARK: &str = "<!-- From here on printed from the tables of src/scenario/tables.rs. -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenario.md");
    let text = std::fs::read_to_string(&path).expect("assets/scenario.md");
    let (prose, printed) = text.split_once(MARK).expect("the mark");
    let expected = format!("\n{}\n", reference().trim_end());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{prose}{MARK}{expected}")).expect("written");
    } else {
        assert!(printed == expected, "assets/scenario.md is behind the tables: UPDATE=1 cargo test scenario");
    }
    // The example in it is a scenario.
    let example =
        prose.split("```text\n").find(|part| part.starts_with("+++")).and_then(|part| part.split("```").next());
    parse("example", "example.md", example.expect("an example"))
        .map_err(|problems| told(&problems))
        .expect("it parses");
}

// ── anything at all ─────────────────────────────────────────────────────────────────────────────────────────────────

fn survive(text: &str, sets: &[String]) {
    match parse("any", "any.md", text) {
        Ok(scenario) => {
            for cores in [1, 96] {
                let overrides = Overrides { sets: sets.to_vec(), ..Overrides::default() };
                let planned = scenario.plan(&machine(cores), &overrides).map_err(|problems| told(&problems));
                assert!(!planned.is_err_and(|told| told.is_empty()));
            }
        }
        Err(problems) => {
            let told = told(&problems);
            assert!(!told.is_empty() && !told.chars().any(|c| c.is_control() && c != '\n'), "{told:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), front in any::<bool>()) {
        let text = String::from_utf8_lossy(&bytes);
        survive(&if front { format!("+++\n{text}\n+++\n") } else { text.into_owned() }, &[]);
    }

    #[test]
    fn no_front_matter_makes_it_panic(
        lines in proptest::collection::vec(
            "(\\[\\[lane\\]\\]|\\[every-lane\\]|\\[expect\\]|\\[\\[choice\\]\\])|\
             (title|mode|seed|workers|pool|workload|size|arrivals|capacity|chunk|holds|question|payload_bytes|on_death|lane)\
             (\\.kind|\\.mean)? = (-?[0-9]{1,20}|[0-9]\\.[0-9]e[0-9]|nan|true|1979-05-27|\"[a-z*+/0-9]{0,9}\"|\"cores\"|\"primes\"|\"processes\"|\
             \\{ kind = \"(open|pareto|counter|retry)\" \\}|\\[\\]|\\[1, \"conserved\"\\]|\"\\\\u001b\\PC\")",
            0..12,
        ),
    ) {
        survive(&format!("+++\n{}\n+++\n", lines.join("\n")), &[]);
    }

    #[test]
    fn no_set_makes_it_panic(set in "(lane|mode|every-lane|seed|[*]|1|2|[.]|=|size|kind|workers|cores|é| |\"|\\{){0,9}|\\PC{0,30}") {
        let scenario = parse("any", "any.md", catalogue()[0].text).expect("built in");
        let planned = scenario.plan(&machine(2), &Overrides { sets: vec![set.clone()], ..Overrides::default() });
        if let Err(problems) = planned {
            prop_assert!(!problems.is_empty());
            told(&problems);
        }
        survive(catalogue()[0].text, &[set]);
    }

    #[test]
    fn no_damage_to_a_scenario_makes_it_panic(index in 0..catalogue().len(), at in any::<prop::sample::Index>(), damage in "\\PC{0,4}|[\"=\\[\\]{}.+\n]{1,3}", cut in 0..9usize) {
        let chars: Vec<char> = catalogue()[index].text.chars().collect();
        let at = at.index(chars.len().min(2500));
        let text: String = chars[..at].iter().copied().chain(damage.chars()).chain(chars[at..].iter().copied().skip(cut)).collect();
        survive(&text, &[]);
    }
}

// ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A scenario with a page, which begins on line 6 where the front matter has one line.
fn with_page(front: &str, page: &str) -> String {
    format!("+++\ntitle = \"A test\"\n{front}\n+++\n{page}\n")
}

fn check_page(front: &str, page: &str, expected: &str) {
    let problems = parse("test", "test.md", &with_page(front, page)).err().unwrap_or_default();
    assert_eq!(told(&problems), expected, "\n{front}\n{}", told(&problems));
}

const ADDS: &str = "```python adds\n# Adds, N times.\n# expect: schedules 1\nimport threading\n\nN = 3  # 2 to 9\nx = 0\n\n\n\
                    def work():\n    global x\n    for i in range(N):\n        x += 1\n\n\n\
                    a = threading.Thread(target=work)\na.start()\na.join()\n```";

#[test]
fn a_lane_runs_a_program_of_its_page() {
    let front = "[every-lane]\npool = \"program\"\nprogram = \"adds\"\nworkers = 3\n\
                 [[lane]]\nacceptable = [\"ended x={N}\", \"ended x={2*N+1}\"]\nrole = \"broken\"\n\
                 [[lane]]\npool = \"cpython\"\nparameters = { N = 9 }\nmemory = \"tso\"\nwindow = \"yields\"\n\
                 pipe_capacity = 1\nspurious = true\nnotify = \"fifo\"\nname = \"other\"\nswitch_interval_us = 7";
    let scenario =
        parse("test", "test.md", &with_page(front, ADDS)).map_err(|problems| told(&problems)).expect("parses");
    let plan = scenario.plan(&machine(2), &Overrides::default()).expect("a plan");
    let [one, other] = &plan.lanes[..] else { panic!("two lanes") };
    let PoolPlan::Program(program) = &one.pool else { panic!("{:?}", one.pool) };
    assert_eq!((one.name.as_str(), one.workers, &one.workload), ("adds", 2, &WorkloadPlan::Run));
    assert_eq!(one.arrivals, Arrivals::Closed { outstanding: 1 });
    assert_eq!(program.about, "Adds, N times.");
    assert!(program.text.starts_with("import threading\n\nN = 3  # 2 to 9\n"), "{}", program.text);
    assert_eq!(program.acceptable.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ended x=3", "ended x=7"]);
    assert_eq!(
        (program.role, program.memory, program.window),
        (Role::Broken, MemoryModel::Sc, Window::Yields { count: 2 })
    );

    let PoolPlan::Cpython(plan) = &other.pool else { panic!("{:?}", other.pool) };
    assert_eq!((plan.switch_interval_us, plan.run_limit_ms, other.workers), (7, 2000, 1));
    let program = &plan.program;
    assert!(program.text.contains("\nN = 9  # 2 to 9\n"), "{}", program.text);
    assert_eq!(program.parameters, [Parameter { name: "N".into(), value: 9, min: 2, max: 9 }]);
    assert_eq!(program.acceptable.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ended"]);
    assert_eq!((program.memory, program.window), (MemoryModel::Tso, Window::Yields { count: 2 }));
    assert_eq!((program.pipe_capacity, program.spurious, program.notify), (Some(1), true, Waking::Fifo));

    let sets = sets_of(&["lane.*.parameters.N=4", "lane.1.window.kind=micros", "lane.1.window.us=7"]);
    let plan = scenario.plan(&machine(2), &sets).map_err(|problems| told(&problems)).expect("a plan");
    let programs: Vec<&ProgramPlan> = plan.lanes.iter().filter_map(|lane| lane.pool.program()).collect();
    assert!(programs.iter().all(|program| program.text.contains("\nN = 4  #")));
    assert_eq!(
        (programs[0].acceptable[0].to_string().as_str(), programs[0].window),
        ("ended x=4", Window::Micros { us: 7 })
    );

    // A plan is a line of JSON on its way to a lane.
    let json = serde_json::to_string(&plan).expect("JSON");
    assert_eq!(serde_json::from_str::<Plan>(&json).expect("a plan"), plan);
}

#[test]
fn what_is_wrong_with_a_program_is_told_where_it_stands() {
    let lane = "[[lane]]\npool = \"program\"\nprogram = \"adds\"";
    check_page(
        lane,
        &ADDS.replace("    global x\n", "    import os\n"),
        "test.md:17:12: the module `os` is not in the subset\n      import os\n             ^^\n  help: modules that can be imported: threading, queue, time, random, multiprocessing, concurrent.futures, atomics",
    );
    check_page(
        lane,
        &ADDS.replace("range(N)", "range(N"),
        "test.md:18:21: not Python: expected `,`, found `:`\n      for i in range(N:\n                      ^",
    );
    check_page(
        &format!("{lane}\nparameters = {{ M = 3, N = 10 }}"),
        ADDS,
        "test.md:6:16: `adds` has no parameter `M`\n  parameters = { M = 3, N = 10 }\n                 ^\n  help: did you mean `N`?\n\
         test.md:6:27: `N` cannot be 10\n  parameters = { M = 3, N = 10 }\n                            ^^\n  help: it must be an integer from 2 to 9",
    );
    check_page(
        &format!("{lane}\nacceptable = [\"ended x={{M}}\"]"),
        ADDS,
        "test.md:6:25: `M` is no amount\n  acceptable = [\"ended x={M}\"]\n                          ^\n  help: did you mean `N`?"
            .replace("^\n", "^^\n")
            .as_str(),
    );
    check_page(
        &format!("{lane}\ninteresting = [\"end\"]\nexpect = [\"schedules many\"]\nrole = \"right\""),
        ADDS,
        "test.md:6:16: `end` is no ending: it is one of ended, deadlock, assertion, exception, spins, unended\n  interesting = [\"end\"]\n                 ^^^^^\n  help: an ending is a kind and perhaps values: `ended counter=2`, `deadlock`\n\
         test.md:7:11: `many` is no number of schedules: write an integer, or `inf`\n  expect = [\"schedules many\"]\n            ^^^^^^^^^^^^^^^^\n  help: as in `schedules 6`, `ended counter=2: 2`, `deadlock: none`, `finds: livelock`\n\
         test.md:8:8: unknown `role` `right`\n  role = \"right\"\n         ^^^^^^^\n  help: did you mean `right-fix`?",
    );
    check_page(
        "[[lane]]\npool = \"program\"\nprogram = \"ads\"",
        ADDS,
        "test.md:5:11: there is no program `ads`\n  program = \"ads\"\n            ^^^^^\n  help: did you mean `adds`?",
    );
    let why = "leave it out: the threads are the program's own, and a task is one run of it";
    check_page(
        &format!("{lane}\nworkload = \"primes\"\nworkers = 3"),
        ADDS,
        &format!(
            "test.md:6:1: `workload` is no key of a lane that runs a program\n  workload = \"primes\"\n  ^^^^^^^^\n  help: {why}\n\
             test.md:7:1: `workers` is no key of a lane that runs a program\n  workers = 3\n  ^^^^^^^\n  help: {why}"
        ),
    );
    check_page(
        lane,
        &format!("{ADDS}\n\n{ADDS}\n\n```python a/b\n```"),
        "test.md:27:1: a second program called `adds`\n  ```python adds\n  ^^^^^^^^^^^^^^\n\
         test.md:47:1: `a/b` is no name of a program\n  ```python a/b\n  ^^^^^^^^^^^^^\n  help: name it with up to 64 letters, digits, `-` and `_`",
    );
    check_page(
        "[[lane]]\nworkload = \"primes\"\nrole = \"broken\"",
        "",
        "test.md:5:1: `role` is a key of `program` pools\n  role = \"broken\"\n  ^^^^\n  help: leave it out, or make this pool `program`; it is `threads`",
    );
    // A path is never meant.
    check_page(
        "[[lane]]\npool = \"program\"\nprogram = \"/etc/passwd\"",
        "",
        "test.md:5:11: there is no program `/etc/passwd`\n  program = \"/etc/passwd\"\n            ^^^^^^^^^^^^^\n  help: name a block of code of the page, as in ```python NAME, or a built-in program",
    );
}

#[test]
fn a_program_of_somebodys_own_is_a_scenario_and_stays_one_when_it_is_saved() {
    let text = "# Mine.\nimport threading\nN = 2  # 1 to 4\nx = N\n";
    let scenario = of_program("mine", "mine.py", text).map_err(|problems| told(&problems)).expect("a scenario");
    let plan = scenario.plan(&machine(2), &Overrides::default()).expect("a plan");
    let program = plan.lanes[0].pool.program().expect("a program");
    assert_eq!((program.role, program.text.as_str(), program.about.as_str()), (Role::Open, text, "Mine."));
    let mut draft = Draft::of(&scenario, &Overrides::default());
    assert_eq!(draft.set(Some(0), "parameters.N", "3", &machine(2)), Ok(()));
    assert!(draft.set(Some(0), "parameters.N", "5", &machine(2)).expect_err("5").contains("from 1 to 4"));
    let saved = parse("mine", "mine.md", &draft.to_text()).map_err(|problems| told(&problems)).expect("it parses");
    let plan = saved.plan(&machine(2), &Overrides::default()).expect("a plan");
    assert!(plan.lanes[0].pool.program().expect("a program").text.contains("\nN = 3  #"), "{}", draft.to_text());

    let problems = of_program("mine", "mine.py", "# Mine.\nx = 1\nimport os\n").expect_err("outside the subset");
    assert!(told(&problems).starts_with("mine.py:3:8: the module `os` is not in the subset"), "{}", told(&problems));
}
