//! The explorer and the naive enumerator, on thousands of small random programs and on those that invite a wrong
//! reduction: the same number of schedules, the same endings, as often, as likely, and as soon.

mod enumerator;
mod judge;

use enumerator::build::{Built, build};
use enumerator::generate::{self, Flavour, Random};
use enumerator::list::list;
use enumerator::machine::Rules;
use enumerator::models;
use enumerator::program::*;
use judge::{compiled, explored, judge, options, replay};
use poolscope::explore::{Kind, Options, Outcome, Report};
use std::collections::BTreeMap;

/// Programs with more schedules than this are left out.
const SCHEDULES_MAX: u64 = 20_000;

/// Asks both about a program; `false` where it is too large for one of them.
#[track_caller]
fn agree(what: &str, program: &Program, rules: Rules, schedules_max: u64) -> bool {
    let built = build(program);
    let Ok(listed) = list(&built, rules, schedules_max) else { return false };
    let told = |wrong: String| -> ! { panic!("{what} under {rules:?}:\n{}\n{wrong}", built.text) };
    let ours = compiled(&format!("{what}.py"), &built.text);
    let options = options(rules);
    let report = explored(&ours, &options);
    judge(&report, program, &built, &listed, rules).unwrap_or_else(|wrong| told(wrong));
    for outcome in &report.outcomes {
        replay(&ours, &options, outcome).unwrap_or_else(|wrong| told(wrong));
    }
    true
}

/// Compares that many programs of a flavour, from a seed on.
#[track_caller]
fn agree_on(flavour: Flavour, rules: Rules, first: u64, programs: usize, schedules_max: u64) {
    let mut compared = 0;
    for seed in first.. {
        let program = generate::program(seed, flavour);
        compared += usize::from(agree(&format!("seed-{seed}"), &program, rules, schedules_max));
        if compared == programs {
            return;
        }
    }
}

#[test]
fn small_programs() {
    agree_on(Flavour::Any, Rules::default(), 0, 2500, 500);
}

#[test]
fn larger_programs() {
    agree_on(Flavour::Any, Rules::default(), 1_000_000, 200, SCHEDULES_MAX);
}

#[test]
fn statements_as_steps() {
    let rules = Rules { statement: true, ..Rules::default() };
    agree_on(Flavour::Coarse, rules, 2_000_000, 600, 1_000);
}

#[test]
fn exceptions_that_end_their_thread() {
    let rules = Rules { thread_exceptions: true, ..Rules::default() };
    agree_on(Flavour::Any, rules, 3_000_000, 500, 1_000);
}

#[test]
fn waiters_first_in_first_out() {
    let rules = Rules { fifo: true, ..Rules::default() };
    agree_on(Flavour::Any, rules, 4_000_000, 300, 1_000);
}

#[test]
fn store_buffers() {
    let rules = Rules { tso: true, ..Rules::default() };
    agree_on(Flavour::Plain, rules, 5_000_000, 250, 2_000);
    agree_on(Flavour::Stores, rules, 5_500_000, 150, 1_000);
}

#[test]
fn verdicts_are_those_of_all_schedules() {
    let default = Rules::default();
    let all = [
        (Flavour::Any, default, 300),
        (Flavour::Any, Rules { thread_exceptions: true, ..default }, 150),
        (Flavour::Any, Rules { fifo: true, ..default }, 100),
        (Flavour::Coarse, Rules { statement: true, ..default }, 100),
        (Flavour::Plain, Rules { tso: true, ..default }, 100),
        (Flavour::Stores, Rules { tso: true, ..default }, 50),
    ];
    for (flavour, rules, programs) in all {
        for seed in 7_000_000..7_000_000 + programs {
            let built = build(&generate::program(seed, flavour));
            let ours = compiled("verdict.py", &built.text);
            let endings = |options: &Options| -> Vec<String> {
                let told = |outcome: &Outcome| {
                    let Outcome { kind, thread, line, message, values, output, waits, .. } = outcome;
                    replay(&ours, options, outcome).unwrap_or_else(|wrong| panic!("{}\n{wrong}", built.text));
                    format!("{kind:?} {thread:?} {line:?} {message:?} {values:?} {output:?} {waits:?}")
                };
                let mut all: Vec<String> = explored(&ours, options).outcomes.iter().map(told).collect();
                all.sort();
                all
            };
            let full = options(rules);
            let short = Options { verdict: true, ..full.clone() };
            assert_eq!(endings(&full), endings(&short), "seed {seed} under {rules:?}\n{}", built.text);
        }
    }
}

#[test]
fn verdicts_need_fewer_states_where_locks_are_given_back() {
    let built = build(&models::philosophers(4));
    let ours = compiled("philosophers.py", &built.text);
    let [full, short] = [false, true].map(|verdict| explored(&ours, &Options { verdict, ..Options::default() }));
    assert!(short.states * 3 < full.states * 2, "{} and {}", short.states, full.states);
}

#[test]
fn known_models() {
    for (name, program) in models::assets() {
        for rules in [Rules::default(), models::STATEMENT] {
            agree(name, &program, rules, 25_000);
        }
        assert!(agree(name, &program, Rules::default(), 25_000), "{name}: small enough");
    }
    for (threads, increments) in [(2, 3), (3, 1), (4, 1)] {
        assert!(agree("counter", &models::counter(threads, increments), Rules::default(), 25_000));
    }
    assert!(agree("four philosophers", &models::philosophers(4), Rules::default(), 100_000));
}

// ── threads that are alike, and threads that only look alike ───────────────────────────────────────────────────────────

/// Three threads of one function.
fn three(globals: &[(Name, Made)], body: Vec<Stmt>) -> Program {
    Program::alike(globals, &[None; 3], body)
}

#[test]
fn threads_that_can_be_told_apart_are_told_apart() {
    let zero = [("x", Made::Int(0))];
    let list = [("items", Made::List(Vec::new()))];

    // By their names.
    let names = three(&zero, vec![Stmt::Print(Expr::ThreadName)]);
    assert!(agree("names printed", &names, Rules::default(), SCHEDULES_MAX));
    let mut named = vec![add("x", int(1)), Stmt::Print(Expr::ThreadName)];
    assert!(agree(
        "names printed later",
        &Program::alike(&zero, &[None; 2], named.clone()),
        Rules::default(),
        SCHEDULES_MAX
    ));
    named.swap(0, 1);
    assert!(agree("names printed first", &Program::alike(&zero, &[None; 2], named), Rules::default(), SCHEDULES_MAX));

    // By their arguments.
    let arguments = [Some(0), Some(1), Some(2)];
    let appended = Program::alike(&list, &arguments, vec![Stmt::Append("items", local("n"))]);
    assert!(agree("indices appended", &appended, Rules::default(), SCHEDULES_MAX));
    let last = Program::alike(&zero, &[Some(1), Some(1), Some(2)], vec![set("x", local("n")), add("x", local("n"))]);
    assert!(agree("two alike, one not", &last, Rules::default(), SCHEDULES_MAX));

    // By what main does with them.
    for main in [
        vec![Stmt::Start("A"), Stmt::Start("B"), Stmt::Join("A"), set("seen", get("x")), Stmt::Join("B")],
        vec![Stmt::Start("A"), Stmt::Start("B"), Stmt::Join("B"), set("seen", get("x")), Stmt::Join("A")],
        vec![Stmt::Start("B"), Stmt::Start("A"), Stmt::Join("A"), set("seen", get("x")), Stmt::Join("B")],
        vec![Stmt::Start("A"), set("seen", get("x")), Stmt::Start("B"), Stmt::Join("A"), Stmt::Join("B")],
        vec![
            Stmt::Start("A"),
            Stmt::Start("B"),
            when(Expr::IsAlive("A"), vec![add("seen", int(1))]),
            Stmt::Join("A"),
            Stmt::Join("B"),
        ],
        vec![
            Stmt::Start("A"),
            Stmt::Start("B"),
            when(Expr::IsAlive("B"), vec![add("seen", int(1))]),
            Stmt::Join("A"),
            Stmt::Join("B"),
        ],
        vec![Stmt::Start("A"), Stmt::Start("B")],
    ] {
        let mut told_apart =
            Program::alike(&[zero[0].clone(), ("seen", Made::Int(0))], &[None; 2], vec![add("x", int(1))]);
        told_apart.main = main.clone();
        assert!(agree(&format!("{main:?}"), &told_apart, Rules::default(), SCHEDULES_MAX));
    }

    // By being a daemon.
    let mut daemon = Program::alike(&zero, &[None; 2], vec![add("x", int(1))]);
    daemon.threads[1].daemon = true;
    daemon.main.pop();
    assert!(agree("one is a daemon", &daemon, Rules::default(), SCHEDULES_MAX));

    // By the place in a queue of waiters, where that decides.
    let wait = vec![with("cv", vec![Stmt::Wait("cv"), add("x", int(1)), Stmt::Print(get("x"))])];
    let wake = vec![with("cv", vec![Stmt::Notify("cv", 1)]), with("cv", vec![Stmt::Notify("cv", 1)])];
    let mut queued = Program::new(&[zero[0].clone(), ("cv", Made::Condition(None))]);
    let (wait, wake) = (queued.function(wait), queued.function(wake));
    for function in [wait, wait, wake] {
        queued.thread(function, None);
    }
    queued.start_and_join();
    for fifo in [false, true] {
        assert!(agree("waiters", &queued, Rules { fifo, ..Rules::default() }, SCHEDULES_MAX));
    }

    // By who holds what: a lock may be released by another thread, a re-entrant one not.
    for lock in [Made::Lock, Made::RLock] {
        let body = vec![Stmt::If(Expr::Try("lock"), vec![add("x", int(1))], vec![Stmt::Release("lock")])];
        let held = Program::alike(&[zero[0].clone(), ("lock", lock)], &[None; 3], body);
        assert!(agree("released by another", &held, Rules::default(), SCHEDULES_MAX));
        assert!(agree(
            "released by another",
            &held,
            Rules { thread_exceptions: true, ..Rules::default() },
            SCHEDULES_MAX
        ));
    }
}

#[test]
fn threads_that_are_alike_are_counted_each() {
    let zero = ("x", Made::Int(0));
    let bodies: Vec<Vec<Stmt>> = vec![
        vec![add("x", int(1))],
        vec![with("lock", vec![add("x", int(1))]), Stmt::Print(int(1))],
        vec![Stmt::If(Expr::Try("lock"), vec![add("x", int(1)), Stmt::Release("lock")], vec![Stmt::Print(get("x"))])],
        vec![Stmt::SetLocal("r", get("x")), when(compare("==", local("r"), int(0)), vec![add("x", int(1))])],
        vec![Stmt::Assert(compare("<", get("x"), int(2))), add("x", int(1))],
        vec![set("x", Expr::Choice(vec![0, 1, 2]))],
        vec![Stmt::Acquire("lock"), add("x", int(1))],
    ];
    for body in bodies {
        let alike = three(&[zero.clone(), ("lock", Made::Lock)], body.clone());
        for rules in [Rules::default(), models::STATEMENT, Rules { thread_exceptions: true, ..Rules::default() }] {
            assert!(agree(&format!("{body:?}"), &alike, rules, SCHEDULES_MAX));
        }
    }
}

// ── the same program in other words ────────────────────────────────────────────────────────────────────────────────────

/// What must not depend on names, nor on the order in which threads are started one right after the other.
fn essence(report: &Report, renamed: &BTreeMap<String, String>) -> (String, Vec<String>) {
    let one = |outcome: &Outcome| {
        let name = |name: &String| renamed.get(name).unwrap_or(name).clone();
        let values: BTreeMap<String, String> =
            outcome.values.iter().map(|(global, value)| (name(global), value.to_string())).collect();
        // Who it was depends on the order.
        let line = outcome.line.filter(|_| matches!(outcome.kind, Kind::Assertion | Kind::Exception));
        format!("{:?} {line:?} {values:?} {:?}", outcome.kind, outcome.output)
    };
    let mut counts: BTreeMap<String, (Vec<String>, f64, usize)> = BTreeMap::new();
    for outcome in &report.outcomes {
        let (schedules, chance, length) = counts.entry(one(outcome)).or_insert((Vec::new(), 0.0, usize::MAX));
        schedules.push(outcome.schedules.clone().expect("a count"));
        *chance += outcome.chance.expect("a chance");
        *length = (*length).min(outcome.length);
    }
    let told = counts.into_iter().map(|(outcome, (schedules, chance, length))| {
        let schedules = enumerator::expect::add_up(schedules.iter().map(String::as_str));
        format!("{outcome}: {schedules}, {chance:.9}, {length} steps")
    });
    (report.schedules.clone().expect("a count"), told.collect())
}

/// The text with every identifier that has another name.
fn rename(text: &str, names: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for letter in text.chars().chain(['\n']) {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        let other = names.iter().find(|(name, _)| *name == word);
        out.push_str(other.map_or(word.as_str(), |(_, other)| other));
        out.push(letter);
        word.clear();
    }
    out
}

#[test]
fn names_and_the_order_of_starts_do_not_matter() {
    const NAMES: [(&str, &str); 14] = [
        ("x", "zebra"),
        ("y", "x"),
        ("z", "a1"),
        ("ready", "_flag"),
        ("lock", "second"),
        ("second", "lock"),
        ("items", "queue_of_things"),
        ("f", "work"),
        ("g", "f"),
        ("h", "g"),
        ("thread_a", "t3"),
        ("thread_b", "t2"),
        ("A", "Zoe"),
        ("B", "A"),
    ];
    let back: BTreeMap<String, String> =
        NAMES.iter().map(|(name, other)| ((*other).to_owned(), (*name).to_owned())).collect();
    let ask = |built: &str| -> Report { explored(&compiled("same.py", built), &Options::default()) };
    let mut compared = 0;
    for seed in 6_000_000.. {
        let program = generate::program(seed, Flavour::Interchangeable);
        let built: Built = build(&program);
        let Ok(listed) = list(&built, Rules::default(), 1_000) else { continue };
        // What fails at its start, before any step, keeps those from starting that come later.
        if listed.endings.values().any(|tally| tally.shortest.as_ref().is_some_and(|(steps, ..)| *steps == 0)) {
            continue;
        }
        let first = essence(&ask(&built.text), &BTreeMap::new());
        let renamed = rename(&built.text, &NAMES);
        assert_eq!(first, essence(&ask(&renamed), &back), "seed {seed}\n{}\n{renamed}", built.text);
        // Another order of starts. Lines of functions stay where they are.
        let mut other = program.clone();
        let starts: Vec<usize> = (0..other.main.len()).filter(|at| matches!(other.main[*at], Stmt::Start(_))).collect();
        other.main[starts[0]..=starts[starts.len() - 1]].rotate_left(1 + Random::new(seed).below(starts.len() - 1));
        let reordered = build(&other).text;
        assert_ne!(built.text, reordered);
        assert_eq!(first, essence(&ask(&reordered), &BTreeMap::new()), "seed {seed}\n{}\n{reordered}", built.text);
        compared += 1;
        if compared == 300 {
            return;
        }
    }
}
