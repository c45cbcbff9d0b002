//! The explorer against what is known without it: the worked examples of its specification, closed forms, and programs
//! small enough for paper.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod enumerator;
mod judge;

use enumerator::expect::{Found, add_up};
use judge::{compiled, explored, found, kind, replay};
use num_bigint::BigUint;
use poolscope::explore::{self, Exceptions, FindingKind, Grain, Kind, Memory, Notify, Options, Outcome, Report, Wait};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

// ── how the tests ask ──────────────────────────────────────────────────────────────────────────────────────────────────

/// A program: what comes first, then a function for each body, a thread for each function, all started, then all joined.
/// A body's lines are separated by `;` or line ends; `>` at the start of a line stands for four spaces further in.
fn program(first: &str, bodies: &[&str]) -> String {
    let mut text = "import threading\n".to_owned();
    let _ = writeln!(text, "{first}");
    let globals: Vec<&str> = first
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .filter(|name| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_'))
        .collect();
    for (number, body) in bodies.iter().enumerate() {
        let _ = writeln!(text, "def f{}():", number + 1);
        if !globals.is_empty() {
            let _ = writeln!(text, "    global {}", globals.join(", "));
        }
        for line in body.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty()) {
            let depth = line.chars().take_while(|letter| *letter == '>').count();
            let _ = writeln!(text, "    {}{}", "    ".repeat(depth), line[depth..].trim_start());
        }
    }
    for number in 1..=bodies.len() {
        let _ = writeln!(text, "t{number} = threading.Thread(target=f{number})");
    }
    for what in ["start", "join"] {
        for number in 1..=bodies.len() {
            let _ = writeln!(text, "t{number}.{what}()");
        }
    }
    text
}

#[track_caller]
fn ask(text: &str) -> Report {
    ask_with(text, &Options::default())
}

/// The report, each of whose shortest schedules, replayed, ends as told.
#[track_caller]
fn ask_with(text: &str, options: &Options) -> Report {
    let program = compiled("test.py", text);
    let report = explored(&program, options);
    for outcome in &report.outcomes {
        replay(&program, options, outcome).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    }
    report
}

/// What it comes to in few words: the number of schedules, then each kind of ending with the values of the globals that
/// are named and its number, sorted: `6: counter=1 4, counter=2 2`.
fn told(report: &Report, names: &[&str]) -> String {
    let Found { schedules, endings } = found(report);
    let mut counts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ending in endings {
        let mut words: Vec<String> = if ending.kind == "ended" { Vec::new() } else { vec![ending.kind.clone()] };
        if ending.kind == "ended" {
            words.extend(names.iter().map(|name| {
                let value = ending.values.get(*name).unwrap_or_else(|| panic!("no value of {name}: {report:#?}"));
                format!("{name}={value}")
            }));
            words.extend((!ending.output.is_empty()).then(|| ending.output.join("|")));
        }
        if words.is_empty() {
            words.push("ended".into());
        }
        counts.entry(words.join(" ")).or_default().push(ending.schedules);
    }
    let counts: Vec<String> =
        counts.into_iter().map(|(words, all)| format!("{words} {}", add_up(all.iter().map(String::as_str)))).collect();
    format!("{schedules}: {}", counts.join(", "))
}

fn factorial(n: u64) -> BigUint {
    (1..=n).map(BigUint::from).product()
}

/// The orders of `threads` sequences of `steps` steps each.
fn multinomial(threads: u64, steps: u64) -> String {
    let mut all = factorial(threads * steps);
    for _ in 0..threads {
        all /= factorial(steps);
    }
    all.to_string()
}

/// Threads of one function, each adding so often.
fn counting(threads: usize, increments: usize) -> String {
    let mut text = "import threading\ncounter = 0\ndef work():\n    global counter\n".to_owned();
    text.push_str(&"    counter += 1\n".repeat(increments));
    let _ = writeln!(text, "threads = [threading.Thread(target=work) for i in range({threads})]");
    text.push_str("for thread in threads:\n    thread.start()\nfor thread in threads:\n    thread.join()\n");
    text
}

fn philosophers(count: usize, body: &str) -> String {
    let mut text = "import threading\n".to_owned();
    let _ = writeln!(text, "forks = [threading.Lock() for i in range({count})]");
    let _ = writeln!(text, "def dine(seat):\n{}", body.replace('N', &count.to_string()));
    for seat in 0..count {
        let _ = writeln!(text, "t{seat} = threading.Thread(target=dine, args=({seat},))");
    }
    for what in ["start", "join"] {
        for seat in 0..count {
            let _ = writeln!(text, "t{seat}.{what}()");
        }
    }
    text
}

const ONCE: &str = "    with forks[seat]:\n        with forks[(seat + 1) % N]:\n            pass";
const FOR_EVER: &str =
    "    while True:\n        with forks[seat]:\n            with forks[(seat + 1) % N]:\n                pass";

/// The one outcome of a kind.
#[track_caller]
fn the(report: &Report, kind: Kind) -> &Outcome {
    let all: Vec<&Outcome> = report.outcomes.iter().filter(|outcome| outcome.kind == kind).collect();
    assert_eq!(all.len(), 1, "{report:#?}");
    all[0]
}

// ── worked examples ────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_worked_examples_of_the_specification() {
    let counter = "counter = 0\nlock = threading.Lock()";
    let lefts = "left = threading.Lock()\nright = threading.Lock()";
    let ready = "ready = False\ncv = threading.Condition()";
    let examples: [(String, &[&str], &str); 13] = [
        (program(counter, &["counter += 1"; 2]), &["counter"], "6: counter=1 4, counter=2 2"),
        (program(counter, &["with lock:; > counter += 1"; 2]), &["counter"], "2: counter=2 2"),
        (
            program(counter, &["with lock:; > counter += 1; with lock:; > counter += 1"; 2]),
            &["counter"],
            "6: counter=4 6",
        ),
        (program(counter, &["counter += 1"; 3]), &["counter"], "90: counter=1 48, counter=2 36, counter=3 6"),
        (
            program(counter, &["counter += 1; counter += 1"; 2]),
            &["counter"],
            "70: counter=2 32, counter=3 32, counter=4 6",
        ),
        (
            program(lefts, &["with left:; > with right:; >> pass", "with right:; > with left:; >> pass"]),
            &[],
            "6: deadlock 2, ended 4",
        ),
        (philosophers(3, ONCE), &[], "168: deadlock 6, ended 162"),
        (
            program(ready, &["if not ready:; > with cv:; >> cv.wait()", "ready = True; with cv:; > cv.notify()"]),
            &[],
            "8: deadlock 1, ended 7",
        ),
        (
            program(ready, &["with cv:; > if not ready:; >> cv.wait()", "with cv:; > ready = True; > cv.notify()"]),
            &[],
            "2: ended 2",
        ),
        (
            "import threading\nx = 0\ndef f():\n    global x\n    x += 1\nt = threading.Thread(target=f)\nt.start()\nx += 1\nt.join()\n".into(),
            &["x"],
            "6: x=1 4, x=2 2",
        ),
        (
            "import threading\ndone = False\ncount = 0\ndef f():\n    global count\n    if not done:\n        count += 1\nt = threading.Thread(target=f)\nt.start()\ndone = True\ncount = count + 10\nt.join()\n".into(),
            &["count"],
            "13: count=1 3, count=10 6, count=11 4",
        ),
        (
            program("p = 0\nq = 0\nz = 0", &["p = 1; if q == 0:; > z += 1", "q = 1; if p == 0:; > z += 1"]),
            &["z"],
            "6: z=0 4, z=1 2",
        ),
        (
            program("items = []", &["items.append(1); items.append(2)", "print(1); print(2)"]),
            &["items"],
            "1: items=[1,2] 1|2 1",
        ),
    ];
    for (text, names, expected) in examples {
        // What was printed stands behind the values in `told`.
        assert_eq!(told(&ask(&text), names), expected, "{text}");
    }
}

#[test]
fn threads_in_a_list_are_threads_too() {
    let report = ask(&counting(2, 1));
    assert_eq!(told(&report, &["counter"]), "6: counter=1 4, counter=2 2");
}

#[test]
fn the_lost_update_in_full() {
    let report = ask(&program("counter = 0", &["counter += 1"; 2]));
    assert_eq!((report.format, report.complete, report.grain, report.memory), (1, true, Grain::Operation, Memory::Sc));
    let lost = report.outcomes.iter().find(|outcome| outcome.values["counter"] == 1).expect("lost");
    assert_eq!((lost.shortest.as_str(), lost.length, lost.switches), ("1.2.2.1", 4, 2));
    assert_eq!((lost.thread, lost.line, &lost.message), (None, None, &None));
    assert!(lost.chance.is_some_and(|chance| (chance - 0.5).abs() < 1e-12), "{lost:?}");
    assert!(lost.text.contains("counter"), "{}", lost.text);
    assert_eq!(lost.values.len(), 1, "{lost:?}");
    let race = report.findings.iter().find(|finding| finding.kind == FindingKind::DataRace).expect("a race");
    let mut threads = race.threads.clone();
    threads.sort_unstable();
    assert_eq!((threads, race.location.as_deref()), (vec![1, 2], Some("counter")));
}

/// The findings of a kind: where, whose, on which lines.
fn found_of(report: &Report, kind: FindingKind) -> Vec<(String, Vec<usize>, Vec<u32>)> {
    let of_kind = report.findings.iter().filter(|finding| finding.kind == kind);
    of_kind
        .map(|finding| (finding.location.clone().unwrap_or_default(), finding.threads.clone(), finding.lines.clone()))
        .collect()
}

#[test]
fn findings_name_the_same_places_at_both_grains() {
    let statement = Options { grain: Grain::Statement, ..Options::default() };
    let race = |name: &str, line: [u32; 2]| (name.to_owned(), vec![1, 2], line.to_vec());
    let text = program("x = 0\ny = [0]", &["x += 1; y[0] = 1", "x = 2; y.append(2)"]);
    let expected = vec![race("x", [6, 10]), race("y", [7, 11])];
    for options in [Options::default(), statement.clone()] {
        assert_eq!(found_of(&ask_with(&text, &options), FindingKind::DataRace), expected, "{options:?}");
    }
    // Not only what a statement touches first.
    let text = program("x = 0\ny = 0", &["x = y + 1", "x = 2"]);
    let expected = vec![race("x", [6, 9])];
    for options in [Options::default(), statement.clone()] {
        assert_eq!(found_of(&ask_with(&text, &options), FindingKind::DataRace), expected, "{options:?}");
    }
    let text = program(
        "ready = False\ncv = threading.Condition()",
        &["if not ready:; > with cv:; >> cv.wait()", "ready = True; with cv:; > cv.notify()"],
    );
    for options in [Options::default(), statement] {
        let lost = found_of(&ask_with(&text, &options), FindingKind::LostWakeup);
        assert_eq!(lost, [("cv".to_owned(), vec![2, 1], vec![13, 8])], "{options:?}");
    }
}

#[test]
fn a_lost_wake_up_is_told_once_whichever_of_two_alike_sleeps_on() {
    let text = "import threading\ncv = threading.Condition()\nready = 0\ndef sleeper():\n    with cv:\n        cv.wait()\ndef waker():\n    with cv:\n        cv.notify()\nts = [threading.Thread(target=f) for f in (sleeper, sleeper, waker, waker)]\nfor t in ts:\n    t.start()\nfor t in ts:\n    t.join()\n";
    let report = ask(text);
    let [(condition, _, lines)] = &found_of(&report, FindingKind::LostWakeup)[..] else { panic!("{report:#?}") };
    assert_eq!((condition.as_str(), &lines[..]), ("cv", &[9, 6][..]));
}

#[test]
fn a_deadlock_tells_who_waits_for_what_that_whom_holds() {
    let text = program(
        "left = threading.Lock()\nright = threading.Lock()",
        &["with left:; > with right:; >> pass", "with right:; > with left:; >> pass"],
    );
    let report = ask(&text);
    let deadlock = the(&report, Kind::Deadlock);
    let mut waits = deadlock.waits.clone();
    waits.sort();
    let held: Vec<(usize, &str, Option<usize>)> =
        waits.iter().map(|Wait { thread, what, held_by }| (*thread, what.as_str(), *held_by)).collect();
    assert_eq!(held[1..], [(1, "right", Some(2)), (2, "left", Some(1))]);
    assert_eq!((held[0].0, held[0].1), (0, "the end of thread 1"));
    assert_eq!((deadlock.shortest.as_str(), deadlock.length, deadlock.switches), ("1.2", 2, 1));
}

#[test]
fn a_partial_deadlock_is_one() {
    // Thread 2 ends; thread 1 sleeps for ever.
    let text = program(
        "ready = False\ncv = threading.Condition()",
        &["if not ready:; > with cv:; >> cv.wait()", "ready = True; with cv:; > cv.notify()"],
    );
    let report = ask(&text);
    let deadlock = the(&report, Kind::Deadlock);
    let threads: Vec<usize> = deadlock.waits.iter().map(|wait| wait.thread).collect();
    assert!(threads.contains(&1) && !threads.contains(&2), "{deadlock:?}");
    assert_eq!(deadlock.shortest, "1.2.2.2.2.1.1");
    assert!(deadlock.chance.is_some_and(|chance| (chance - 0.125).abs() < 1e-12), "{deadlock:?}");
}

// ── closed forms ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn independent_steps_come_in_as_many_orders_as_the_multinomial_says() {
    for (threads, increments) in
        [(2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (2, 8), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2), (5, 1), (6, 1)]
    {
        let report = ask(&counting(threads, increments));
        let expected = multinomial(threads as u64, 2 * increments as u64);
        assert_eq!(report.schedules, Some(expected), "{threads} × {increments}");
        let chances: f64 = report.outcomes.iter().map(|outcome| outcome.chance.expect("a chance")).sum();
        assert!((chances - 1.0).abs() < 1e-9, "{chances}");
        let all = report.outcomes.iter().map(|outcome| outcome.schedules.as_deref().expect("a count"));
        assert_eq!(Some(add_up(all)), report.schedules);
    }
}

#[test]
fn five_threads_of_two_increments() {
    let report = ask(&counting(5, 2));
    assert_eq!(report.schedules.as_deref(), Some("305540235000"));
    assert_eq!(report.schedules, Some(multinomial(5, 4)));
    // From all lost but two, to none lost.
    let mut values: Vec<i64> =
        report.outcomes.iter().map(|outcome| outcome.values["counter"].as_i64().expect("a number")).collect();
    values.sort_unstable();
    assert_eq!(values, [2, 3, 4, 5, 6, 7, 8, 9, 10]);
    // None lost: ten blocks of read and write, in any order.
    let none = report.outcomes.iter().find(|outcome| outcome.values["counter"] == 10).expect("none lost");
    assert_eq!(none.schedules, Some(multinomial(5, 2)));
}

#[test]
fn two_threads_of_ten_increments() {
    let report = ask(&counting(2, 10));
    assert_eq!(report.schedules.as_deref(), Some("137846528820"));
    assert_eq!(report.schedules, Some(multinomial(2, 20)));
    let none = report.outcomes.iter().find(|outcome| outcome.values["counter"] == 20).expect("none lost");
    assert_eq!(none.schedules, Some(multinomial(2, 10)));
}

#[test]
fn threads_that_share_nothing_have_one_schedule() {
    for threads in [2, 5, 20] {
        let first: String = (1..=threads).map(|thread| format!("x{thread} = 0\n")).collect();
        let bodies: Vec<String> = (1..=threads).map(|thread| format!("x{thread} += 1; x{thread} += 1")).collect();
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let report = ask(&program(&first, &bodies));
        assert_eq!((report.schedules.as_deref(), report.outcomes.len()), (Some("1"), 1));
        assert_eq!((report.outcomes[0].shortest.as_str(), report.outcomes[0].length), ("", 0));
    }
}

#[test]
fn sections_under_one_lock_are_blocks() {
    for (threads, sections) in [(2, 1), (2, 3), (3, 2), (4, 2)] {
        let body = "with lock:; > x += 1; ".repeat(sections);
        let report = ask(&program("x = 0\nlock = threading.Lock()", &vec![body.as_str(); threads]));
        let expected = multinomial(threads as u64, sections as u64);
        assert_eq!(told(&report, &["x"]), format!("{expected}: x={} {expected}", threads * sections));
    }
}

#[test]
fn philosophers_once_each() {
    let counts = [(3, "168", "6"), (4, "98184", "24")];
    for (count, schedules, deadlocks) in counts {
        let report = ask(&philosophers(count, ONCE));
        assert_eq!(report.schedules.as_deref(), Some(schedules));
        let deadlock = the(&report, Kind::Deadlock);
        // All take the left fork, in any order.
        assert_eq!(deadlock.schedules.as_deref(), Some(deadlocks));
        assert_eq!(deadlock.shortest, (1..=count).map(|thread| thread.to_string()).collect::<Vec<_>>().join("."));
        assert_eq!(deadlock.waits.iter().filter(|wait| wait.thread > 0 && wait.held_by.is_some()).count(), count);
    }
    // Where n are at the table, all but one who waits may deadlock in n! orders.
    let five = ask(&philosophers(5, ONCE));
    assert_eq!(the(&five, Kind::Deadlock).schedules.as_deref(), Some("120"));
}

/// `a(n) = p a(n-1) + q a(n-2)` from `a(0) = 2` and `a(1) = p`: the sum of the powers of the roots of x² = px + q.
fn powers(p: u64, q: u64, n: usize) -> u64 {
    (0..n).fold((2, p), |(a, b), _| (b, p * b + q * a)).0
}

#[test]
fn philosophers_have_as_many_states_as_the_closed_forms_say() {
    for count in 3..=6 {
        // (2 + √6)^n + (2 - √6)^n - 1, once each.
        let once = explored(&compiled("once.py", &philosophers(count, ONCE)), &Options::default());
        assert_eq!(once.states, powers(4, 2, count) - 1, "{count} philosophers, once each");
        // ((3 + √13) / 2)^n + ((3 - √13) / 2)^n - 1, in a loop.
        let loops = explored(&compiled("loop.py", &philosophers(count, FOR_EVER)), &Options::default());
        assert_eq!(loops.states, powers(3, 1, count) - 1, "{count} philosophers, for ever");
        assert_eq!(loops.schedules.as_deref(), Some("inf"));
        assert_eq!(loops.outcomes.len(), 1);
        let deadlock = the(&loops, Kind::Deadlock);
        assert_eq!((deadlock.schedules.as_deref(), deadlock.length), (Some("inf"), count));
    }
    assert_eq!([3, 4, 5, 6, 12].map(|n| powers(3, 1, n) - 1), [35, 118, 392, 1_297, 1_684_801]);
    assert_eq!([3, 4, 5, 10].map(|n| powers(4, 2, n) - 1), [87, 391, 1_743, 3_041_599]);
}

#[test]
fn threads_that_are_alike_take_fewer_states_and_lose_no_schedule() {
    // Five threads of two increments: 7.5 million states one by one, some 9,000 as a multiset.
    let report = explored(&compiled("alike.py", &counting(5, 2)), &Options::default());
    assert!(report.states < 100_000, "{}", report.states);
    assert_eq!(report.schedules.as_deref(), Some("305540235000"));
}

// ── how many steps ─────────────────────────────────────────────────────────────────────────────────────────────────────

/// What comes first, a statement, a second thread with so many steps of its own, and how many steps the statement has.
/// The second thread touches what the first does, without changing how many steps it takes. What the first never reaches
/// is not shared, and so no step of the second either.
const STEPS: [(&str, &str, &str, u64, u64); 46] = [
    ("x = 0", "x += 1", "x = 5", 1, 2),
    ("x = 0\ny = 0", "x = x + y", "x = 5; y = 5", 2, 3),
    ("x = 0\ny = 0", "x += y", "x = 5; y = 5", 2, 3),
    ("x = 0\ny = 0", "x = y = 7", "x = 5; y = 5", 2, 2),
    ("x = 0\ny = 0", "x, y = y, x", "x = 5; y = 5", 2, 4),
    ("x = 0\ny = 0", "a, b = x, y", "x = 5; y = 5", 2, 2),
    ("x = 0", "a = x * x", "x = 5", 1, 2),
    ("x = 0", "a = -x", "x = 5", 1, 1),
    ("x = 3", "a = 0 < x < 9", "x = 5", 1, 1),
    ("x = 3\ny = 9", "a = 0 < x < y", "x = 5; y = 8", 2, 2),
    ("x = 3\ny = 9", "a = 0 == x < y", "x = 5; y = 8", 1, 1),
    ("x = 3", "a = x == 3 or x", "x = 3", 1, 1),
    ("x = 3", "a = x == 4 or x", "x = 3", 1, 2),
    ("x = 3", "a = x and x", "x = 5", 1, 2),
    ("x = 0", "a = x and x", "x = 0", 1, 1),
    ("x = 3", "a = x if x else 0", "x = 5", 1, 2),
    ("x = 3", "a = not x", "x = 5", 1, 1),
    ("x = 3", "print(x)", "x = 5", 1, 2),
    ("x = 3", "print(x, x)", "x = 5", 1, 3),
    ("x = 3", "print(f'{x} {x}')", "x = 5", 1, 3),
    ("x = 3", "if x:; > pass", "x = 5", 1, 1),
    ("x = 0", "while x:; > pass", "x = 0", 1, 1),
    ("x = 3", "for i in range(x):; > pass", "x = 5", 1, 1),
    ("x = 3", "a = [x for i in range(3)]", "x = 5", 1, 3),
    ("x = 3", "assert x", "x = 5", 1, 1),
    ("x = 3", "del x", "x = 5; x = 6", 2, 1),
    ("items = [1, 2]", "items.append(3)", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "a = items.pop()", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "a = items[1]", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "items[1] = 4", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "items[1] += 4", "items[0] = 5", 1, 2),
    ("items = [1, 2]", "items[1] = items[0]", "items[0] = 5", 1, 2),
    ("items = [1, 2]", "a = items[0:1]", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "a = len(items)", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "a = max(items)", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "a = sorted(items)", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "a = str(items)", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "a = 3 in items", "items[0] = 5", 1, 1),
    ("items = [1, 2]", "for i in items:; > pass", "items[0] = 5", 1, 3),
    ("items = [1, 2]", "items += [3]", "items += [4]", 3, 3),
    ("items = [1, 2]", "items = [3]", "items = [4]", 1, 1),
    ("d = {'k': 1}", "d['k'] += 1", "d['k'] = 5", 1, 2),
    ("d = {'k': 1}", "a = d.get('k')", "d['k'] = 5", 1, 1),
    ("d = {'k': 1}", "a = 'k' in d", "d['k'] = 5", 1, 1),
    ("s = {1}", "s.add(2)", "s.add(3)", 1, 1),
    ("x = 0\nlock = threading.Lock()", "a = lock.locked()", "a = lock.locked()", 1, 1),
];

#[test]
fn each_statement_has_as_many_steps_as_the_specification_says() {
    for (first, statement, other, others, steps) in STEPS {
        let text = program(first, &[statement, other]);
        // In how many orders do the two run: from it follows how many steps the first has.
        let expected = factorial(steps + others) / factorial(steps) / factorial(others);
        let report = explored(&compiled("steps.py", &text), &Options::default());
        let failed = report.outcomes.iter().any(|outcome| outcome.kind != Kind::Ended);
        assert!(!failed, "{text}\n{report:#?}");
        assert_eq!(report.schedules, Some(expected.to_string()), "`{statement}` has {steps} steps\n{text}");
    }
}

#[test]
fn attributes_are_locations() {
    let class = "class Box:\n    def __init__(self):\n        self.value = 0\n        self.other = 0\n";
    let one = format!("{class}box = Box()");
    assert_eq!(ask(&program(&one, &["box.value += 1"; 2])).schedules.as_deref(), Some("6"));
    assert_eq!(ask(&program(&one, &["box.value += 1", "box.other += 1"])).schedules.as_deref(), Some("1"));
    // Whatever name it goes by.
    let again = format!("{one}\nsame = box");
    assert_eq!(ask(&program(&again, &["box.value += 1", "same.value += 1"])).schedules.as_deref(), Some("6"));
    // Each its own.
    let two = format!("{class}box = Box()\nsame = Box()");
    assert_eq!(ask(&program(&two, &["box.value += 1", "same.value += 1"])).schedules.as_deref(), Some("1"));
    // What is made at one place of the program is marked together: the second box counts as shared too, though only
    // one thread touches it. 2 + 2 steps against 2.
    let list = format!("{class}boxes = [Box() for i in range(2)]");
    let both = ["boxes[0].value += 1; boxes[1].value += 1", "boxes[0].value += 1"];
    assert_eq!(ask(&program(&list, &both)).schedules.as_deref(), Some("15"));
    let apart = format!("{class}first = Box()\nsecond = Box()");
    let both = ["first.value += 1; second.value += 1", "first.value += 1"];
    assert_eq!(ask(&program(&apart, &both)).schedules.as_deref(), Some("6"));
}

#[test]
fn what_start_and_join_order_is_not_shared() {
    let before =
        "import threading\nx = 0\ndef f():\n    print(x)\nt = threading.Thread(target=f)\nx = 5\nt.start()\nt.join()\n";
    assert_eq!(told(&ask(before), &[]), "1: 5 1");
    let after = "import threading\nx = 0\ndef f():\n    global x\n    x += 1\nt = threading.Thread(target=f)\nt.start()\nt.join()\nx += 1\n";
    assert_eq!(told(&ask(after), &["x"]), "1: x=2 1");
    let in_turn = "import threading\nx = 0\ndef f():\n    global x\n    x += 1\nt = threading.Thread(target=f)\nu = threading.Thread(target=f)\nt.start()\nt.join()\nu.start()\nu.join()\n";
    assert_eq!(told(&ask(in_turn), &["x"]), "1: x=2 1");
    // A thread that starts another, and joins it, is ordered with it as well.
    let nested = "import threading\nx = 0\ndef inner():\n    global x\n    x += 1\ndef outer():\n    global x\n    x += 1\n    t = threading.Thread(target=inner)\n    t.start()\n    t.join()\n    x += 1\nu = threading.Thread(target=outer)\nu.start()\nu.join()\n";
    assert_eq!(told(&ask(nested), &["x"]), "1: x=3 1");
    // Ended is not joined: main's own write meets the thread's in some schedule, so both are steps.
    let unjoined = "import threading\nx = 0\ndef f():\n    global x\n    x = 1\nt = threading.Thread(target=f)\nt.start()\nx = 2\n";
    assert_eq!(told(&ask(unjoined), &["x"]), "2: x=1 1, x=2 1");
}

#[test]
fn a_thread_alone_takes_no_steps() {
    let text = "import threading\nlock = threading.Lock()\nx = 0\nwith lock:\n    x += 1\nprint(x)\n";
    let report = ask(text);
    assert_eq!(told(&report, &[]), "1: 1 1");
    assert_eq!((report.outcomes[0].shortest.as_str(), report.outcomes[0].length), ("", 0));
    // And can deadlock with itself all the same.
    let stuck = ask("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n");
    assert_eq!(told(&stuck, &[]), "1: deadlock 1");
    assert_eq!(stuck.outcomes[0].waits.len(), 1);
    assert_eq!(stuck.outcomes[0].waits[0], Wait { thread: 0, what: "lock".into(), held_by: Some(0) });
}

#[test]
fn a_loop_without_a_step_spins() {
    for text in ["while True:\n    pass\n".to_owned(), program("x = 0", &["while True:; > pass", "x = 1"])] {
        let report = ask(&text);
        assert!(report.outcomes.iter().any(|outcome| outcome.kind == Kind::Spins), "{text}\n{report:#?}");
    }
}

// ── operations of the library ──────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_timed_or_non_blocking_operation_is_always_enabled() {
    let first = "import queue\nlock = threading.Lock()\nsemaphore = threading.Semaphore(0)\nevent = threading.Event()\nline = queue.Queue(1)\ngot = None";
    // One thread asks, the other makes it possible with a single step: it comes before, or after.
    for (asks, makes) in [
        ("got = semaphore.acquire(blocking=False)", "semaphore.release()"),
        ("got = semaphore.acquire(timeout=1)", "semaphore.release()"),
        ("got = event.wait(timeout=1)", "event.set()"),
        ("got = event.wait(1)", "event.set()"),
        ("got = event.is_set()", "event.set()"),
    ] {
        assert_eq!(told(&ask(&program(first, &[asks, makes])), &["got"]), "2: got=false 1, got=true 1", "{asks}");
    }
    for (asks, makes) in [
        ("line.get_nowait()", "line.put(1)"),
        ("line.get(timeout=1)", "line.put(1)"),
        ("line.get(block=False)", "line.put(1)"),
    ] {
        assert_eq!(told(&ask(&program(first, &[asks, makes])), &[]), "2: ended 1, exception 1", "{asks}");
    }
}

#[test]
fn a_notify_wakes_any_set_of_waiters() {
    // Three sleep, and a fourth wakes some of them: every set is a choice.
    let bodies = |notify| {
        let wake = format!("with cv:; > cv.{notify}");
        let sleep = "with cv:; > cv.wait(); print(NAME)";
        let bodies: Vec<String> = (1..=3).map(|name| sleep.replace("NAME", &name.to_string())).chain([wake]).collect();
        program("cv = threading.Condition()", &bodies.iter().map(String::as_str).collect::<Vec<_>>())
    };
    for (notify, sets) in [("notify()", 3), ("notify(2)", 3), ("notify(3)", 1), ("notify(5)", 1), ("notify_all()", 1)] {
        let report = ask(&bodies(notify));
        // Those schedules in which all three sleep first, in order, tell which sets there are.
        let program = compiled("sets.py", &bodies(notify));
        let asleep = "1.1.2.2.3.3.4";
        let choices = (0..5).filter(|choice| {
            let step = format!("{asleep}.4:{choice}");
            explore::step(&program, &Options::default(), &step).is_ok()
        });
        let choices: Vec<usize> = choices.collect();
        match sets {
            1 => assert!(choices.iter().all(|choice| *choice == 0), "{notify}: {choices:?}"),
            _ => assert_eq!(choices, (0..sets).collect::<Vec<_>>(), "{notify}"),
        }
        let plain = explore::step(&program, &Options::default(), &format!("{asleep}.4"));
        assert_eq!(plain.is_ok(), sets == 1, "{notify}");
        assert!(report.outcomes.iter().any(|outcome| outcome.kind == Kind::Deadlock), "{notify}");
        // Who wakes first in, first out has no choice.
        let fifo = Options { notify: Notify::Fifo, ..Options::default() };
        assert!(explore::step(&program, &fifo, &format!("{asleep}.4")).is_ok(), "{notify}");
    }
}

#[test]
fn waiters_first_in_first_out() {
    let text = program(
        "cv = threading.Condition()\nfirst = None\nwoken = None",
        &[
            "with cv:; > first = first or 1; > cv.wait(); > woken = woken or 1",
            "with cv:; > first = first or 2; > cv.wait(); > woken = woken or 2",
            "with cv:; > cv.notify()",
        ],
    );
    let overtaken = |report: &Report| {
        report.outcomes.iter().any(|outcome| {
            let (first, woken) = (&outcome.values["first"], &outcome.values["woken"]);
            !woken.is_null() && first != woken
        })
    };
    assert!(overtaken(&ask(&text)));
    assert!(!overtaken(&ask_with(&text, &Options { notify: Notify::Fifo, ..Options::default() })));
}

#[test]
fn a_waiter_may_wake_unasked_only_where_that_is_asked_for() {
    let text = program(
        "ready = False\ncv = threading.Condition()",
        &["with cv:; > if not ready:; >> cv.wait(); > assert ready", "with cv:; > ready = True; > cv.notify()"],
    );
    assert_eq!(told(&ask(&text), &["ready"]), "2: ready=true 2");
    let spurious = ask_with(&text, &Options { spurious: true, ..Options::default() });
    let failed = the(&spurious, Kind::Assertion);
    assert_eq!((failed.thread, failed.line), (Some(1), Some(9)));
}

#[test]
fn locks_are_released_as_python_says() {
    let lock =
        "lock = threading.Lock()\nagain = threading.RLock()\nbounded = threading.BoundedSemaphore(1)\nline = None";
    for (body, fails) in [
        ("lock.release()", true),
        ("again.release()", true),
        ("bounded.release()", true),
        ("lock.acquire(); lock.release()", false),
        ("again.acquire(); again.acquire(); again.release(); again.release()", false),
        ("again.acquire(); again.release(); again.release()", true),
        ("bounded.acquire(); bounded.release()", false),
    ] {
        let report = ask(&program(lock, &[body]));
        let expected = if fails { "1: exception 1" } else { "1: ended 1" };
        assert_eq!(told(&report, &[]), expected, "{body}");
    }
    // Another thread may release a lock, but not a re-entrant one.
    let other = |lock: &str| {
        ask(&program(
            &format!("lock = {lock}\nheld = threading.Event()"),
            &["lock.acquire(); held.set()", "held.wait(); lock.release()"],
        ))
    };
    assert_eq!(told(&other("threading.Lock()"), &[]), "1: ended 1");
    let refused = other("threading.RLock()");
    let exception = the(&refused, Kind::Exception);
    assert_eq!(exception.thread, Some(2));
    assert!(
        exception.message.as_ref().is_some_and(|message| message.contains("cannot release un-acquired lock")),
        "{exception:?}"
    );
}

#[test]
fn a_condition_releases_every_level_of_its_lock() {
    let text = program(
        "ready = False\ncv = threading.Condition()",
        &["with cv:; > with cv:; >> while not ready:; >>> cv.wait()", "with cv:; > ready = True; > cv.notify()"],
    );
    assert_eq!(told(&ask(&text), &[]), "2: ended 2");
    // Two conditions of one lock.
    let text = program(
        "lock = threading.Lock()\nfull = threading.Condition(lock)\nempty = threading.Condition(lock)\nitems = []",
        &[
            "with full:; > while not items:; >> full.wait(); > items.pop(); > empty.notify()",
            "with lock:; > items.append(1); > full.notify()",
        ],
    );
    assert_eq!(told(&ask(&text), &["items"]), "2: items=[] 2");
    let text = program("cv = threading.Condition()", &["cv.wait()", "cv.notify()"]);
    let report = ask(&text);
    assert_eq!(told(&report, &[]), "2: exception 2");
    assert!(
        report
            .outcomes
            .iter()
            .all(|outcome| outcome.message.as_ref().is_some_and(|message| message.contains("un-acquired lock"))),
        "{report:#?}"
    );
    let text = program(
        "ready = False\ncv = threading.Condition()",
        &["with cv:; > cv.wait_for(lambda: ready)", "with cv:; > ready = True; > cv.notify()"],
    );
    assert_eq!(told(&ask(&text), &[]), "2: ended 2");
}

#[test]
fn a_barrier_is_one_step_for_each_party() {
    for parties in 2..=4 {
        let first = format!("barrier = threading.Barrier({parties})");
        let report = ask(&program(&first, &vec!["barrier.wait()"; parties]));
        assert_eq!(report.schedules, Some(factorial(parties as u64).to_string()));
        let short = ask(&program(&first, &vec!["barrier.wait()"; parties - 1]));
        assert!(short.outcomes.iter().all(|outcome| outcome.kind == Kind::Deadlock), "{short:#?}");
    }
    // Twice round, and what comes after it comes after all of what came before.
    let text = program("barrier = threading.Barrier(2)", &["print(1); barrier.wait(); print(2); barrier.wait()"; 2]);
    let report = ask(&text);
    assert!(report.outcomes.iter().all(|outcome| outcome.output == ["1", "1", "2", "2"]), "{report:#?}");
    // 1 1 b b, in orders of a1 < ab and b1 < bb: 6; twice.
    assert_eq!(report.schedules.as_deref(), Some("36"));
}

#[test]
fn a_queue_holds_as_much_as_it_may() {
    let text = |size: usize| {
        program(
            &format!("import queue\nline = queue.Queue({size})"),
            &["line.put(1); line.put(2); line.put(3)", "line.get(); line.get(); line.get()"],
        )
    };
    // Words of three puts and three gets in which no prefix has more gets than puts: Catalan's 5; with room for one,
    // strictly in turn; with room for two, without the one word that puts three times first.
    assert_eq!(told(&ask(&text(0)), &[]), "5: ended 5");
    assert_eq!(told(&ask(&text(3)), &[]), "5: ended 5");
    assert_eq!(told(&ask(&text(2)), &[]), "4: ended 4");
    assert_eq!(told(&ask(&text(1)), &[]), "1: ended 1");
    let lifo = program(
        "import queue\nline = queue.LifoQueue()",
        &["line.put(1); line.put(2)", "print(line.get()); print(line.get())"],
    );
    let outputs = |report: &Report| -> Vec<String> {
        let mut all: Vec<String> = report.outcomes.iter().map(|outcome| outcome.output.join("")).collect();
        all.sort();
        all
    };
    assert_eq!(outputs(&ask(&lifo)), ["12", "21"]);
    assert_eq!(outputs(&ask(&lifo.replace("LifoQueue", "Queue"))), ["12"]);
    let tasks = program(
        "import queue\nline = queue.Queue()\ndone = False",
        &["line.get(); done = True; line.task_done()", "line.put(1); line.join(); assert done"],
    );
    assert_eq!(told(&ask(&tasks), &["done"]), "1: done=true 1");
}

#[test]
fn a_random_choice_is_one_step_with_each_value_a_choice() {
    let text = program("import random\nx = 0", &["x = random.choice([1, 2, 3])", "x = random.randrange(2)"]);
    let report = ask(&text);
    // Each thread: a choice, a write; six orders, six pairs of choices.
    assert_eq!(report.schedules.as_deref(), Some("36"));
    let one = report.outcomes.iter().find(|outcome| outcome.values["x"] == 3).expect("3");
    // The first writes last in half of the orders, with 3 in a third of them: and all is fair.
    assert_eq!(one.schedules.as_deref(), Some("6"));
    assert_eq!(one.shortest, "2:0.2.1:2.1");
    assert!(one.chance.is_some_and(|chance| (chance - 1.0 / 6.0).abs() < 1e-12), "{one:?}");
}

#[test]
fn daemons_are_dropped_when_the_others_have_ended() {
    let text = "import threading\nx = 0\ndef f():\n    global x\n    x += 1\nt = threading.Thread(target=f, daemon=True)\nt.start()\nx += 10\n";
    assert_eq!(told(&ask(text), &["x"]), "6: x=10 5, x=11 1");
    let stuck = "import threading\nlock = threading.Lock()\nlock.acquire()\ndef f():\n    lock.acquire()\nt = threading.Thread(target=f, daemon=True)\nt.start()\n";
    assert_eq!(told(&ask(stuck), &[]), "1: ended 1");
}

#[test]
fn threads_are_numbered_by_their_start_and_misuse_is_an_error() {
    let text = "import threading\nx = 0\ndef f(n):\n    global x\n    x = n\na = threading.Thread(target=f, args=(1,))\nb = threading.Thread(target=f, args=(2,))\nb.start()\na.start()\na.join()\nb.join()\n";
    let report = ask(text);
    let last = |value: i64| report.outcomes.iter().find(|outcome| outcome.values["x"] == value).expect("one");
    // b is thread 1, and writes 2.
    assert_eq!((last(1).shortest.as_str(), last(2).shortest.as_str()), ("1.2", "2.1"));
    for (line, what) in [
        ("t.start()\nt.start()", "started twice"),
        ("t.join()", "joined before its start"),
        ("threading.current_thread().join()", "joins itself"),
    ] {
        let text = format!("import threading\ndef f():\n    pass\nt = threading.Thread(target=f)\n{line}\n");
        assert_eq!(told(&ask(&text), &[]), "1: exception 1", "{what}");
    }
    let alive = "import threading\ndef f():\n    print(1)\nt = threading.Thread(target=f)\nt.start()\nalive = t.is_alive()\nt.join()\nprint(alive, t.is_alive())\n";
    assert_eq!(told(&ask(alive), &[]), "2: 1|False False 1, 1|True False 1");
    let run = "import threading\nclass Worker(threading.Thread):\n    def __init__(self, n):\n        super().__init__()\n        self.n = n\n    def run(self):\n        print(self.n)\na = Worker(1)\nb = Worker(2)\na.start()\nb.start()\na.join()\nb.join()\n";
    assert_eq!(told(&ask(run), &[]), "2: 1|2 1, 2|1 1");
}

#[test]
fn every_thread_has_its_own_locals_of_threading_local() {
    let text = program("own = threading.local()", &["own.x = 1; own.x += 1; print(own.x)", "own.x = 5; print(own.x)"]);
    assert_eq!(told(&ask(&text), &[]), "2: 2|5 1, 5|2 1");
}

#[test]
fn atomics_are_one_step_each() {
    let first = "from atomics import Atomic, fence\nnumber = Atomic(0)\nlast = 0";
    let counted = |body| {
        let mut text = program(first, &[body; 2]);
        text.push_str("last = number.load()\n");
        told(&ask(&text), &["last"])
    };
    assert_eq!(counted("number.add(1)"), "2: last=2 2");
    assert_eq!(counted("number.store(number.load() + 1)"), "6: last=1 4, last=2 2");
    assert_eq!(counted("number.compare_exchange(0, 1)"), "2: last=1 2");
    assert_eq!(counted("number.swap(3)"), "2: last=3 2");
    assert_eq!(counted("fence()"), "2: last=0 2");
    let report = ask(&program(first, &["number.add(1)", "number.store(3)"]));
    assert_eq!(report.findings, []);
}

// ── exceptions ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn who_died_is_told_where_exceptions_end_their_thread_only() {
    let thread = Options { exceptions: Exceptions::Thread, ..Options::default() };
    let died = |report: &Report| -> Vec<(usize, u32, String, bool)> {
        let died = report.outcomes.iter().flat_map(|outcome| outcome.died.clone());
        died.map(|death| (death.thread, death.line, death.message, death.always)).collect()
    };
    let second = "if x == 0:; > x = 1; else:; > raise ValueError(x)";
    let text = program("x = 0", &[second; 2]);
    // One ending, as the values are the same; either may have died, or, where both read before they wrote, neither.
    let report = ask_with(&text, &thread);
    assert_eq!(told(&report, &["x"]), "6: x=1 6");
    let boom = || "ValueError: 1".to_owned();
    assert_eq!(died(&report), [(1, 8, boom(), false), (2, 14, boom(), false)]);
    assert!(report.outcomes[0].text.ends_with(" · B died at line 14: ValueError: 1"), "{}", report.outcomes[0].text);
    // In every schedule; the last words, of objects too, are those of then.
    let always = program("x = []", &["raise ValueError(x)", "pass"]);
    assert_eq!(died(&ask_with(&always, &thread)), [(1, 5, "ValueError: []".to_owned(), true)]);
    // Where they end everything, they are endings of their own.
    assert_eq!(died(&ask(&text)), []);
}

#[test]
fn a_failure_tells_thread_line_and_message() {
    let text = program("x = 0", &["assert x == 0, 'it was set'", "x = 1"]);
    let report = ask(&text);
    assert_eq!(told(&report, &["x"]), "2: assertion 1, x=1 1");
    let failed = the(&report, Kind::Assertion);
    assert_eq!((failed.thread, failed.line, failed.shortest.as_str()), (Some(1), Some(5), "2.1"));
    assert!(failed.message.as_ref().is_some_and(|message| message.contains("it was set")), "{failed:?}");
    for (body, raised) in [
        ("raise ValueError('no')", "ValueError: no"),
        ("x = 1 // x", "ZeroDivisionError"),
        ("x = [][0]", "IndexError"),
        ("x = {}['k']", "KeyError"),
        ("x = nowhere", "NameError"),
        ("x = 1 + 'a'", "TypeError"),
        ("x = None.append", "AttributeError"),
        ("print(y); y = 1", "UnboundLocalError"),
    ] {
        let report = ask(&program("x = 0", &[body]));
        let failed = the(&report, Kind::Exception);
        assert_eq!((failed.thread, failed.line), (Some(1), Some(5)), "{body}");
        assert!(failed.message.as_ref().is_some_and(|message| message.contains(raised)), "{body}: {failed:?}");
    }
    let main = ask("raise RuntimeError('here')\n");
    assert_eq!((the(&main, Kind::Exception).thread, the(&main, Kind::Exception).line), (Some(0), Some(1)));
}

#[test]
fn an_exception_stops_all_or_ends_its_thread() {
    let text = program("x = 0\nlock = threading.Lock()", &["with lock:; > assert x == 0; > x += 1"; 2]);
    assert_eq!(told(&ask(&text), &["x"]), "2: assertion 2");
    // As CPython does: the lock is released on the way out.
    let unwound = ask_with(&text, &Options { exceptions: Exceptions::Thread, ..Options::default() });
    assert!(unwound.outcomes.iter().all(|outcome| outcome.values["x"] == 1), "{unwound:#?}");
    assert_eq!(unwound.schedules.as_deref(), Some("2"));
    // Without `with` it is not, and the other waits for ever.
    let text = program("x = 0\nlock = threading.Lock()", &["lock.acquire(); assert x == 0; x += 1; lock.release()"; 3]);
    let held = ask_with(&text, &Options { exceptions: Exceptions::Thread, ..Options::default() });
    assert!(held.outcomes.iter().all(|outcome| outcome.kind == Kind::Deadlock), "{held:#?}");
}

#[test]
fn caught_is_caught_and_finally_runs() {
    let text = program(
        "x = 0\nlog = []",
        &[
            "try:; > x = 1 // 0; except ZeroDivisionError:; > log.append(1); else:; > log.append(2); finally:; > log.append(3)",
        ],
    );
    assert_eq!(told(&ask(&text), &["log"]), "1: log=[1,3] 1");
    // Nobody catches it: nothing more is run.
    let text = program("log = []", &["try:; > raise ValueError; finally:; > log.append(3)"]);
    let report = ask(&text);
    let log = the(&report, Kind::Exception).values.get("log");
    assert!(log.is_none_or(|log| *log == serde_json::json!([])), "{report:#?}");
    let unwound = ask_with(&text, &Options { exceptions: Exceptions::Thread, ..Options::default() });
    assert_eq!(unwound.outcomes[0].values["log"], serde_json::json!([3]));
}

// ── grains and memory ──────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_statement_can_be_one_step() {
    let statement = Options { grain: Grain::Statement, ..Options::default() };
    for (threads, increments) in [(2, 1), (2, 4), (3, 2)] {
        let report = ask_with(&counting(threads, increments), &statement);
        let expected = multinomial(threads as u64, increments as u64);
        assert_eq!(told(&report, &["counter"]), format!("{expected}: counter={} {expected}", threads * increments));
    }
    // Test and set are two statements all the same.
    let text = program("busy = False\ninside = 0", &["if not busy:; > busy = True; > inside += 1"; 2]);
    let report = ask_with(&text, &statement);
    // Per thread: the head, and two statements. Both heads first: 2 · C(4, 2) orders; else one goes in before the other
    // looks and finds it set, or not yet set.
    assert!(report.outcomes.iter().any(|outcome| outcome.values["inside"] == 2), "{report:#?}");
    // It would block in the middle: then it goes on when it can.
    let text = program("import queue\nline = queue.Queue()\nx = 0", &["x = x + line.get()", "x = 5; line.put(1)"]);
    let report = ask_with(&text, &statement);
    // x is read (0), then there is nothing to get; or it is read after 5 was set, before or after the put.
    assert_eq!(told(&report, &["x"]), "3: x=1 1, x=6 2");
}

#[test]
fn store_buffers_let_both_read_zero() {
    let first = "x = 0\ny = 0\nr1 = 0\nr2 = 0\nfrom atomics import fence";
    let text = program(first, &["x = 1; r1 = y", "y = 1; r2 = x"]);
    let tso = Options { memory: Memory::Tso, ..Options::default() };
    assert_eq!(told(&ask(&text), &["r1", "r2"]), "6: r1=0 r2=1 1, r1=1 r2=0 1, r1=1 r2=1 4");
    // Each: a write, then a read and a drain in either order. See enumerate.rs for the counts by hand.
    assert_eq!(
        told(&ask_with(&text, &tso), &["r1", "r2"]),
        "80: r1=0 r2=0 18, r1=0 r2=1 22, r1=1 r2=0 22, r1=1 r2=1 18"
    );
    let fenced = program(first, &["x = 1; fence(); r1 = y", "y = 1; fence(); r2 = x"]);
    assert_eq!(told(&ask_with(&fenced, &tso), &["r1", "r2"]), "70: r1=0 r2=1 5, r1=1 r2=0 5, r1=1 r2=1 60");
    // Its own newest write a thread sees at once.
    let own = program("x = 0\nr = 0", &["x = 1; x = 2; r = x", "x = 5"]);
    assert!(ask_with(&own, &tso).outcomes.iter().all(|outcome| outcome.values["r"] == 2 || outcome.values["r"] == 5));
    // First in, first out: messages come after their data.
    let passing = program("data = 0\nflag = 0\nseen = 0\ngot = 0", &["data = 1; flag = 1", "seen = flag; got = data"]);
    let report = ask_with(&passing, &tso);
    assert_eq!(told(&report, &["got", "seen"]), "30: got=0 seen=0 9, got=1 seen=0 19, got=1 seen=1 2");
    // An item of a list, a dict or a shared array is a location like any other, and so is one more item.
    let body = ["x[0] = 1; r1 = y[0]", "y[0] = 1; r2 = x[0]"];
    for made in ["[0]", "{0: 0}", "multiprocessing.Array('i', [0])"] {
        let items = program(&format!("import multiprocessing\nx = {made}\ny = {made}\nr1 = 0\nr2 = 0"), &body);
        assert_eq!(
            told(&ask_with(&items, &tso), &["r1", "r2"]),
            "80: r1=0 r2=0 18, r1=0 r2=1 22, r1=1 r2=0 22, r1=1 r2=1 18",
            "{made}"
        );
    }
    for (made, body) in [
        ("[]", ["x.append(1); r1 = len(y)", "y.append(1); r2 = len(x)"]),
        ("set()", ["x.add(1); r1 = len(y)", "y.add(1); r2 = len(x)"]),
        ("multiprocessing.Value('i', 0)", ["x.value = 1; r1 = y.value", "y.value = 1; r2 = x.value"]),
    ] {
        let text = program(&format!("import multiprocessing\nx = {made}\ny = {made}\nr1 = 0\nr2 = 0"), &body);
        assert!(told(&ask_with(&text, &tso), &["r1", "r2"]).contains("r1=0 r2=0 18"), "{made}");
    }
    // To take an item out is to read it too: it waits until the thread's own writes are seen.
    let taken = program("x = [0, 0]\ny = [0, 0]\nr1 = 0\nr2 = 0", &["x.pop(); r1 = len(y)", "y.pop(); r2 = len(x)"]);
    assert!(!told(&ask_with(&taken, &tso), &["r1", "r2"]).contains("r1=2 r2=2"));
    // What nobody else sees waits for nothing: r reads x, and after that there is no third step but the drain.
    let alone = program("x = 0\nown = [1]", &["x = 1; own.pop()", "r = x"]);
    assert_eq!(ask_with(&alone, &tso).schedules, ask_with(&alone.replace("own.pop()", "pass"), &tso).schedules);
    // A thread sees its own items at once, and those of a variable come in their order.
    let own = program("x = [0]\nr = 0", &["x[-1] = 1; x.append(2); r = x[0] + len(x)", "x.append(5)"]);
    let sums = told(&ask_with(&own, &tso), &["r"]);
    assert!(sums.contains("r=3") && sums.contains("r=4") && !sums.contains("r=1 ") && !sums.contains("r=2 "), "{sums}");
    let passing =
        program("data = [0]\nflag = 0\nseen = 0\ngot = 0", &["data[0] = 1; flag = 1", "seen = flag; got = data[0]"]);
    let report = ask_with(&passing, &tso);
    assert_eq!(told(&report, &["got", "seen"]), "30: got=0 seen=0 9, got=1 seen=0 19, got=1 seen=1 2");
    // So do attributes, of which the class has another value, or none.
    let attribute = program("class C:\n    v = 1\nc = C()\nr = 0", &["c.v = 2; r = c.v", "c.v = 2"]);
    assert_eq!(told(&ask_with(&attribute, &tso), &["r"]).matches("r=").count(), 1);
    // A lock waits until the buffer is drained.
    let locked = program("x = 0\nlock = threading.Lock()", &["with lock:; > x += 1"; 2]);
    assert_eq!(told(&ask_with(&locked, &tso), &["x"]), "2: x=2 2");
}

// ── processes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const PROCESS: &str = "import multiprocessing\nvalue = 1\ndef show():\n    print(value)\nif __name__ == '__main__':\n    METHOD\n    value = 2\n    p = multiprocessing.Process(target=show)\n    p.start()\n    value = 3\n    p.join()\n    print(value)\n";

/// A program whose processes import it, and what there is to run.
fn spawning(first: &str, rest: &str) -> Report {
    ask(&format!("import multiprocessing\n{first}\ndef show():\n    print('hi')\n{rest}\n"))
}

#[test]
fn a_process_that_imports_the_module_must_not_start_another() {
    let guarded = "if __name__ == '__main__':\n    multiprocessing.set_start_method('spawn')";
    for (rest, line) in [
        ("p = multiprocessing.Process(target=show)\np.start()\np.join()", 7),
        ("pool = multiprocessing.Pool(1)\npool.close()\npool.join()", 6),
    ] {
        let report = spawning(guarded, rest);
        let failed = the(&report, Kind::Exception);
        assert_eq!((report.outcomes.len(), failed.thread, failed.line), (1, Some(1), Some(line)), "{report:#?}");
        let message = failed.message.clone().expect("a message");
        let begin =
            "RuntimeError: An attempt has been made to start a new process before the current process has finished";
        assert!(message.starts_with(begin) && message.contains("`if __name__ == \"__main__\":`"), "{message}");
    }
    // As CPython does, it fails in the new process, which can catch it; then that does what it was started for.
    let caught =
        "p = multiprocessing.Process(target=show)\ntry:\n    p.start()\nexcept RuntimeError:\n    print('caught')";
    let report = spawning(guarded, caught);
    assert_eq!((report.outcomes.len(), &report.outcomes[0].output[..]), (1, &["caught".to_owned(), "hi".into()][..]));
    // What runs later than the import may start as many as it likes, and so may threads at any time.
    let later = "def start():\n    p = multiprocessing.Process(target=show)\n    p.start()\n    p.join()\nif __name__ == '__main__':\n    q = multiprocessing.Process(target=start)\n    q.start()\n    q.join()";
    assert_eq!(spawning(guarded, later).outcomes[0].output, ["hi"]);
}

#[test]
fn how_processes_start_is_said_once() {
    let start = "p = multiprocessing.Process(target=show)\nif __name__ == '__main__':\n    p.start()\n    p.join()";
    // By the new process too, which imports the module.
    let report = spawning("multiprocessing.set_start_method('spawn')", start);
    let failed = the(&report, Kind::Exception);
    assert_eq!((failed.thread, failed.line), (Some(1), Some(2)), "{report:#?}");
    assert!(failed.message.as_ref().is_some_and(|message| message.contains("context has already been set: ")));
    let twice = "multiprocessing.set_start_method('fork')\nmultiprocessing.set_start_method('fork')";
    let report = spawning(twice, start);
    let failed = the(&report, Kind::Exception);
    assert_eq!(failed.message.as_deref(), Some("RuntimeError: context has already been set"));
    let forced = "multiprocessing.set_start_method('fork')\nmultiprocessing.set_start_method('spawn', force=True)";
    let unforced = forced.replace(", force=True", ", False");
    let first = |forced: &str| format!("if __name__ == '__main__':\n    {}", forced.replace('\n', "\n    "));
    assert_eq!(spawning(&first(forced), start).outcomes[0].output, ["hi"]);
    the(&spawning(&first(&unforced), start), Kind::Exception);
}

#[test]
fn a_process_has_its_own_copy_of_every_global() {
    let of = |method: &str| told(&ask(&PROCESS.replace("METHOD", method)), &[]);
    assert_eq!(of("pass"), "1: 2|3 1");
    assert_eq!(of("multiprocessing.set_start_method('fork')"), "1: 2|3 1");
    for method in ["spawn", "forkserver"] {
        assert_eq!(of(&format!("multiprocessing.set_start_method('{method}')")), "1: 1|3 1", "{method}");
    }
}

#[test]
fn a_process_of_a_class_has_a_copy_of_itself() {
    let text = "import multiprocessing\nclass Worker(multiprocessing.Process):\n    def __init__(self):\n        super().__init__()\n        self.result = 0\n    def run(self):\n        self.result += 1\n        print(self.result)\nif __name__ == '__main__':\n    METHOD\n    worker = Worker()\n    worker.start()\n    worker.join()\n    print(worker.result)\n";
    for method in ["pass", "multiprocessing.set_start_method('spawn')"] {
        assert_eq!(told(&ask(&text.replace("METHOD", method)), &[]), "1: 1|0 1", "{method}");
    }
}

#[test]
fn what_ends_with_the_thread_that_made_it_can_be_told() {
    // The lock is nobody's any more when the step that took it has ended its thread.
    let text = "import threading\ndef work():\n    global counter\n    lock = threading.Lock()\n    with lock:\n        counter += 1\na = threading.Thread(target=work)\nb = threading.Thread(target=work)\na.start()\nb.start()\na.join()\nb.join()\n";
    let report = ask(text);
    assert!(report.outcomes.iter().all(|outcome| outcome.kind == Kind::Exception), "{:?}", report.outcomes);
    assert!(report.outcomes[0].text.contains("counter"), "{}", report.outcomes[0].text);
}

#[test]
fn processes_share_what_is_made_to_be_shared() {
    let text = |body: &str| {
        format!(
            "import multiprocessing\nplain = [0]\ndef work(value, array, lock):\n    plain[0] += 1\n    {body}\nif __name__ == '__main__':\n    value = multiprocessing.Value('i', 0)\n    array = multiprocessing.Array('i', 2)\n    lock = multiprocessing.Lock()\n    a = multiprocessing.Process(target=work, args=(value, array, lock))\n    b = multiprocessing.Process(target=work, args=(value, array, lock))\n    a.start()\n    b.start()\n    a.join()\n    b.join()\n    print(plain[0], value.value, array[0])\n"
        )
    };
    assert_eq!(told(&ask(&text("value.value += 1")), &[]), "6: 0 1 0 4, 0 2 0 2");
    assert_eq!(told(&ask(&text("array[0] += 1")), &[]), "6: 0 0 1 4, 0 0 2 2");
    let filled = text("array[0] += 1").replace("Array('i', 2)", "Array('i', [0, 5])");
    assert_eq!(told(&ask(&filled), &[]), "6: 0 0 1 4, 0 0 2 2", "an array that is made of a list");
    assert_eq!(told(&ask(&text("with lock:\n        value.value += 1")), &[]), "2: 0 2 0 2");
    assert_eq!(told(&ask(&text("with value.get_lock():\n        value.value += 1")), &[]), "2: 0 2 0 2");
    assert_eq!(told(&ask(&text("pass")), &[]), "1: 0 0 0 1");
}

#[test]
fn a_full_pipe_or_queue_blocks_its_sender() {
    let text = "import multiprocessing\ndef work(line):\n    line.put(1)\n    line.put(2)\nif __name__ == '__main__':\n    line = multiprocessing.Queue()\n    p = multiprocessing.Process(target=work, args=(line,))\n    p.start()\n    p.join()\n    print(line.get(), line.get())\n";
    let of = |capacity| told(&ask_with(text, &Options { capacity, ..Options::default() }), &[]);
    assert_eq!(of(None), "1: 1 2 1");
    assert_eq!(of(Some(2)), "1: 1 2 1");
    assert_eq!(of(Some(1)), "1: deadlock 1");
}

// ── pools ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn pools_give_the_results_of_their_tasks() {
    let outputs = |text: &str| -> Vec<String> {
        let report = ask(text);
        assert!(report.outcomes.iter().all(|outcome| outcome.kind == Kind::Ended), "{text}\n{report:#?}");
        let mut all: Vec<String> = report.outcomes.iter().map(|outcome| outcome.output.join("|")).collect();
        all.sort();
        all.dedup();
        all
    };
    let threads = "from concurrent.futures import ThreadPoolExecutor, as_completed\ndef square(x):\n    return x * x\n";
    assert_eq!(
        outputs(&format!(
            "{threads}with ThreadPoolExecutor(max_workers=2) as pool:\n    print(list(pool.map(square, [1, 2, 3])))\n"
        )),
        ["[1, 4, 9]"]
    );
    assert_eq!(
        outputs(&format!(
            "{threads}pool = ThreadPoolExecutor(2)\na = pool.submit(square, 2)\nb = pool.submit(square, 3)\nprint(a.result() + b.result())\npool.shutdown()\n"
        )),
        ["13"]
    );
    let workers = outputs(
        "from concurrent.futures import ThreadPoolExecutor\ndef say(x):\n    print(x)\nwith ThreadPoolExecutor(max_workers=1) as pool:\n    pool.submit(say, 1)\n    pool.submit(say, 2)\n",
    );
    assert_eq!(workers, ["1|2"]);
    let workers = outputs(
        "from concurrent.futures import ThreadPoolExecutor\ndef say(x):\n    print(x)\nwith ThreadPoolExecutor(max_workers=2) as pool:\n    pool.submit(say, 1)\n    pool.submit(say, 2)\n",
    );
    assert_eq!(workers, ["1|2", "2|1"]);
    let processes = "import multiprocessing\nseen = 0\ndef square(x):\n    global seen\n    seen = x\n    return x * x\nif __name__ == '__main__':\n    pool = multiprocessing.Pool(2)\n    print(pool.map(square, [1, 2, 3]), seen)\n    pool.close()\n    pool.join()\n";
    assert_eq!(outputs(processes), ["[1, 4, 9] 0"]);
    // What a task raises, its result raises.
    let raising = "from concurrent.futures import ThreadPoolExecutor\ndef fail():\n    raise ValueError('no')\nwith ThreadPoolExecutor(max_workers=1) as pool:\n    task = pool.submit(fail)\n    try:\n        task.result()\n    except ValueError:\n        print('caught')\n";
    assert_eq!(outputs(raising), ["caught"]);
    // Nobody shuts it down: its workers end with the main thread.
    let left = "from concurrent.futures import ThreadPoolExecutor\ndef say(x):\n    print(x)\npool = ThreadPoolExecutor(1)\npool.submit(say, 1)\npool.submit(say, x=2)\n";
    assert_eq!(outputs(left), ["1|2"]);
    let late = "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\npool.submit(print, 1)\npool.shutdown()\ntry:\n    pool.submit(print, 2)\nexcept RuntimeError as error:\n    print(error)\n";
    assert_eq!(outputs(late), ["1|cannot schedule new futures after shutdown"]);
}

#[test]
fn arguments_are_given_by_name_too() {
    let text = |keywords: &str| {
        format!(
            "import threading\nx = 0\ndef f(first, second=2):\n    global x\n    x = (first, second)\nt = threading.Thread(target=f, kwargs={keywords})\nt.start()\nt.join()\n"
        )
    };
    assert_eq!(told(&ask(&text("{'first': 1}")), &["x"]), r#"1: x={"repr":"(1, 2)"} 1"#);
    assert_eq!(told(&ask(&text("{'second': 3, 'first': 1}")), &["x"]), r#"1: x={"repr":"(1, 3)"} 1"#);
    let report = ask(&text("{'third': 3}"));
    let message = the(&report, Kind::Exception).message.clone().unwrap_or_default();
    assert!(message.contains("unexpected keyword argument 'third'"), "{message}");
}

// ── limits, verdicts, schedules ────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn past_a_limit_nothing_more_is_claimed() {
    let program = compiled("large.py", &philosophers(6, ONCE));
    let report = explore::explore(&program, &Options { states_max: 500, ..Options::default() }).expect("a report");
    assert!(!report.complete);
    assert!(report.states >= 1 && report.states <= 500, "{}", report.states);
    assert_eq!(report.schedules, None);
    assert!(
        report.outcomes.iter().all(|outcome| outcome.schedules.is_none() && outcome.chance.is_none()),
        "{report:#?}"
    );
    let whole = explored(&program, &Options::default());
    let report =
        explore::explore(&program, &Options { states_max: whole.states, ..Options::default() }).expect("a report");
    assert!(report.complete);
}

#[test]
fn asked_for_verdicts_only_it_counts_nothing() {
    for text in [philosophers(4, ONCE), counting(3, 2), program("x = 0", &["assert x == 0", "x = 1"])] {
        let short = ask_with(&text, &Options { verdict: true, ..Options::default() });
        let full = ask(&text);
        let kinds = |report: &Report| -> Vec<String> {
            let mut all: Vec<String> = report.outcomes.iter().map(kind).collect();
            all.sort();
            all.dedup();
            all
        };
        assert_eq!(kinds(&short), kinds(&full), "{text}");
        assert_eq!(short.schedules, None);
        assert!(short.outcomes.iter().all(|outcome| outcome.schedules.is_none() && outcome.chance.is_none()));
    }
}

#[test]
fn a_schedule_goes_as_far_as_it_says() {
    let program = compiled("two.py", &program("counter = 0", &["counter += 1"; 2]));
    for (schedule, steps, ended) in [
        ("", 0, false),
        ("1", 1, false),
        ("1.2", 2, false),
        ("1.2.1", 3, false),
        ("1.2.1.2", 4, true),
        ("2.2.1.1", 4, true),
    ] {
        let run = explore::step(&program, &Options::default(), schedule).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!((run.steps.len(), run.ending.is_some()), (steps, ended), "{schedule}");
    }
    // No such thread, no such step, no such choice, no schedule at all.
    for schedule in
        ["3", "0", "1.1.1", "1.2.1.2.1", "1:1", "x", "1..2", "1.", ".1", "1,2", "-1", "99999999999999999999"]
    {
        assert!(explore::step(&program, &Options::default(), schedule).is_err(), "{schedule}");
    }
}

// ── the command line ───────────────────────────────────────────────────────────────────────────────────────────────────

fn asset(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/programs").join(name)
}

fn poolscope(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_poolscope")).args(args).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_exit_code_tells_whether_a_schedule_fails() {
    let code = |name: &str, rest: &[&str]| {
        let file = asset(name);
        let mut args = vec!["explore", file.to_str().expect("UTF-8")];
        args.extend(rest);
        poolscope(&args).0
    };
    assert_eq!(code("lost-update.py", &[]), Some(0));
    assert_eq!(code("lost-update.py", &["--max-states", "0"]), Some(2));
    assert_eq!(code("ab-ba.py", &[]), Some(3));
    assert_eq!(code("use-before-init.py", &[]), Some(3));
    assert_eq!(code("if-not-while.py", &[]), Some(3));
    assert_eq!(code("spurious-wakeup.py", &[]), Some(0));
    assert_eq!(code("spurious-wakeup.py", &["--spurious"]), Some(3));
    assert_eq!(code("peterson.py", &[]), Some(0));
    assert_eq!(code("peterson.py", &["--memory", "tso"]), Some(3));
    assert_eq!(code("ab-ba.py", &["--expect", "deadlock"]), Some(0));
    assert_eq!(code("use-before-init.py", &["--expect", "assertion"]), Some(0));
    assert_eq!(code("ab-ba-ordered.py", &["--expect", "deadlock"]), Some(4));
    assert_eq!(code("ab-ba-ordered.py", &["--expect", "ended"]), Some(0));
    assert_eq!(code("use-before-init.py", &["--expect", "deadlock"]), Some(4));
    // Round for ever: beside endings it is a finding, without any it is what fails. So does a loop without a step.
    assert_eq!(code("livelock.py", &[]), Some(0));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program.py");
    let code_of = |body: &str, rest: &[&str]| {
        fs::write(&file, program("x = 0", &[body, "x = 1"])).expect("written");
        let mut args = vec!["explore", file.to_str().expect("UTF-8")];
        args.extend(rest);
        poolscope(&args).0
    };
    assert_eq!(code_of("while x != 2:; > pass", &[]), Some(3));
    assert_eq!(code_of("while x != 2:; > pass", &["--verdict"]), Some(3));
    assert_eq!(code_of("while x != 2:; > pass", &["--expect", "ended"]), Some(4));
    assert_eq!(code_of("while True:; > pass", &[]), Some(3));
    assert_eq!(code_of("while x != 1:; > pass", &[]), Some(0));
}

#[test]
fn sentences_are_broken_where_a_terminal_ends() {
    for name in ["philosophers.py", "lost-wakeup.py", "pool-self-wait.py", "process-value.py"] {
        let file = asset(name);
        let (_, stdout, _) = poolscope(&["explore", file.to_str().expect("UTF-8")]);
        let words = &stdout[stdout.find("The shortest way").expect("a way")..];
        for line in words.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        // What goes on stands further in.
        let broken = words.lines().any(|line| line.starts_with("    ") && !line.trim().is_empty());
        assert!(broken, "{name}: {words}");
    }
}

#[test]
fn the_json_says_what_the_report_says() {
    let file = asset("lost-wakeup.py");
    let path = file.to_str().expect("UTF-8");
    let (code, stdout, stderr) = poolscope(&["explore", path, "--format", "json"]);
    assert_eq!((code, stderr.as_str()), (Some(3), ""));
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let text = fs::read_to_string(&file).expect("a text");
    let report = serde_json::to_value(ask(&text)).expect("JSON");
    for key in ["format", "grain", "memory", "notify", "complete", "schedules", "states"] {
        assert_eq!(told[key], report[key], "{key}");
    }
    assert_eq!(told["outcomes"].as_array().map(Vec::len), Some(2));
    for outcome in told["outcomes"].as_array().expect("outcomes") {
        let same =
            report["outcomes"].as_array().expect("outcomes").iter().find(|other| other["kind"] == outcome["kind"]);
        let same = same.expect("the same kind");
        for key in ["values", "output", "schedules", "chance", "shortest", "length", "switches", "waits"] {
            assert_eq!(outcome[key], same[key], "{key}");
        }
        // And its schedule can be pasted.
        let schedule = outcome["shortest"].as_str().expect("a schedule");
        let (code, stdout, _) = poolscope(&["step", path, "--schedule", schedule, "--format", "json"]);
        let run: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
        assert!(matches!(code, Some(0 | 3)), "{code:?}");
        assert_eq!(run["steps"].as_array().map(Vec::len), outcome["length"].as_u64().map(|length| length as usize));
        assert_eq!(run["ending"]["kind"], outcome["kind"]);
    }
}
