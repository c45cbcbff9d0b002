//! The naive enumerator itself: that it counts as the specification does, that it agrees with closed forms and with what
//! the programs of `assets/programs` say of themselves, and that a real CPython never ends in what it does not list.
//!
//! Absent here: the explorer. It is asked in `agreement.rs`.

mod enumerator;

use enumerator::build::build;
use enumerator::cpython;
use enumerator::expect::{self, Found, FoundEnding};
use enumerator::generate::{self, Flavour};
use enumerator::list::{Kind, Listed, list};
use enumerator::machine::{For, Rules};
use enumerator::models::{self, STATEMENT, TSO};
use enumerator::program::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const MANY: u64 = 1_000_000;

#[track_caller]
fn listed(program: &Program) -> Listed {
    listed_under(program, Rules::default())
}

#[track_caller]
fn listed_under(program: &Program, rules: Rules) -> Listed {
    let listed = list(&build(program), rules, MANY).expect("not too many");
    let (counted, chance) = listed
        .endings
        .values()
        .fold((0, 0.0), |(count, chance), tally| (count + tally.schedules, chance + tally.chance()));
    assert_eq!(counted, listed.schedules);
    assert!((chance - 1.0).abs() < 1e-12, "{chance}");
    listed
}

/// The shortest schedule of the only ending of a kind.
#[track_caller]
fn shortest(listed: &Listed, kind: Kind) -> (usize, usize, &str) {
    let mut fitting = listed.endings.iter().filter(|(ending, _)| ending.kind == kind);
    let (_, tally) = fitting.next().expect("one");
    assert!(fitting.next().is_none(), "only one");
    let (length, switches, text) = tally.shortest.as_ref().expect("a schedule");
    (*length, *switches, text)
}

fn binomial(n: u64, k: u64) -> u64 {
    (1..=k).fold(1, |product, at| product * (n - k + at) / at)
}

/// The orders of `threads` sequences of `steps` steps each.
fn multinomial(threads: u64, steps: u64) -> u64 {
    (1..=threads).fold(1, |product, thread| product * binomial(thread * steps, steps))
}

// ── the worked examples of the specification ───────────────────────────────────────────────────────────────────────────

#[test]
fn the_worked_examples_come_out() {
    let two = listed(&models::counter(2, 1));
    assert_eq!((two.schedules, two.with(&[("counter", "2")]), two.with(&[("counter", "1")])), (6, 2, 4));

    let locked = listed(&models::locked_counter(2, 1));
    assert_eq!((locked.schedules, locked.with(&[("counter", "2")])), (2, 2));

    let twice = listed(&models::locked_counter(2, 2));
    assert_eq!((twice.schedules, twice.with(&[("counter", "4")])), (6, 6));

    let three = listed(&models::counter(3, 1));
    let counts = ["3", "2", "1"].map(|value| three.with(&[("counter", value)]));
    assert_eq!((three.schedules, counts), (90, [6, 36, 48]));

    let two_twice = listed(&models::counter(2, 2));
    let counts = ["4", "3", "2"].map(|value| two_twice.with(&[("counter", value)]));
    assert_eq!((two_twice.schedules, counts), (70, [6, 32, 32]));

    let ab_ba = listed(&models::ab_ba());
    assert_eq!((ab_ba.schedules, ab_ba.of(Kind::Ended), ab_ba.of(Kind::Deadlock)), (6, 4, 2));

    let philosophers = listed(&models::philosophers(3));
    assert_eq!((philosophers.schedules, philosophers.of(Kind::Ended), philosophers.of(Kind::Deadlock)), (168, 162, 6));

    let lost = listed(&models::lost_wakeup());
    assert_eq!((lost.schedules, lost.of(Kind::Ended), lost.of(Kind::Deadlock)), (8, 7, 1));

    for looped in [false, true] {
        let kept = listed(&models::lost_wakeup_locked(looped));
        assert_eq!((kept.schedules, kept.of(Kind::Ended)), (2, 2));
    }

    let main = listed(&models::main_adds());
    assert_eq!((main.schedules, main.with(&[("x", "2")]), main.with(&[("x", "1")])), (6, 2, 4));

    let main = listed(&models::main_counts());
    let counts = ["10", "11", "1"].map(|value| main.with(&[("count", value)]));
    assert_eq!((main.schedules, counts), (13, [6, 4, 3]));

    let one = listed(&models::one_writer());
    assert_eq!((one.schedules, one.with(&[("z", "0")]), one.with(&[("z", "1")])), (6, 4, 2));

    let apart = listed(&models::appends_and_prints());
    assert_eq!((apart.schedules, apart.printing(&["1", "2"])), (1, 1));
}

#[test]
fn store_buffering_ends_in_two_zeros_under_tso_only() {
    let zeros = [("r1", "0"), ("r2", "0")];
    assert_eq!(listed(&models::store_buffering(false)).with(&zeros), 0);
    let tso = listed_under(&models::store_buffering(false), TSO);
    // Each thread writes (w), then reads (r) and drains (d) in either order: 2 · 2 · C(6, 3). Both read 0 where r1 < d2
    // and r2 < d1. One of the drains, say d2, is then last; of the others w1 < r1, w1 < d1, w2 < r2 < d1, and last of
    // them is r1 (3 orders of w1 and w2 < r2) or d1 (6 orders of w1 < r1 and w2 < r2): 2 · (3 + 6).
    assert_eq!(tso.schedules, 4 * binomial(6, 3));
    assert_eq!(tso.with(&zeros), 18);
    assert_eq!(listed_under(&models::store_buffering(true), TSO).with(&zeros), 0);
}

// ── closed forms ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn independent_steps_come_in_as_many_orders_as_the_multinomial_says() {
    for (threads, increments) in [(2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 2), (4, 1)] {
        let counted = listed(&models::counter(threads, increments)).schedules;
        assert_eq!(counted, multinomial(threads as u64, 2 * increments as u64), "{threads} × {increments}");
    }
    // Under one lock a section is one block.
    for (threads, sections) in [(2, 1), (2, 3), (3, 1), (3, 2)] {
        let counted = listed(&models::locked_counter(threads, sections)).schedules;
        assert_eq!(counted, multinomial(threads as u64, sections as u64), "{threads} × {sections}");
    }
    // What beginners assume: a statement is one step, and nothing is lost.
    for (threads, increments) in [(2, 2), (3, 2)] {
        let coarse = listed_under(&models::counter(threads, increments), STATEMENT);
        assert_eq!(coarse.schedules, multinomial(threads as u64, increments as u64));
        assert_eq!(coarse.endings.len(), 1);
    }
}

#[test]
fn four_philosophers_have_as_many_schedules_as_is_known() {
    let four = listed(&models::philosophers(4));
    assert_eq!((four.schedules, four.of(Kind::Deadlock)), (98_184, 24));
    assert_eq!(shortest(&four, Kind::Deadlock), (4, 3, "1.2.3.4"));
}

// ── details ────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn chances_are_exact() {
    let lost = listed(&models::lost_wakeup());
    let chance = |kind| lost.endings.iter().find(|(ending, _)| ending.kind == kind).expect("one").1.fraction();
    // 1 reads, 2 goes all the way before 1 acquires: one coin for the read, four of which the last finds 1 alone able.
    assert_eq!(chance(Kind::Deadlock), (1, 8));
    assert_eq!(chance(Kind::Ended), (7, 8));
    assert_eq!(shortest(&lost, Kind::Deadlock), (7, 2, "1.2.2.2.2.1.1"));
}

#[test]
fn a_schedule_is_shortest_by_steps_then_switches_then_text() {
    let two = listed(&models::counter(2, 1));
    let texts: Vec<&str> = two.endings.values().map(|tally| tally.shortest.as_ref().expect("one").2.as_str()).collect();
    assert_eq!(texts, ["1.2.2.1", "1.1.2.2"]);
    let main = listed(&models::main_adds());
    // Once the thread has ended, main is alone: what it does then is no step.
    let of_two = main.endings.iter().find(|(ending, _)| ending.values["x"] == "2").expect("2").1;
    assert_eq!(of_two.shortest, Some((2, 0, "1.1".into())));
}

#[test]
fn a_notify_has_a_choice_for_each_set_of_waiters() {
    let wait = vec![with("cv", vec![Stmt::Wait("cv")])];
    let notify = |count| vec![with("cv", vec![Stmt::Notify("cv", count)])];
    let globals = [("cv", Made::Condition(None))];
    for (count, kinds) in [(1, 3), (2, 3), (3, 1)] {
        let mut program = Program::new(&globals);
        let (waiter, waker) = (program.function(wait.clone()), program.function(notify(count)));
        for function in [waiter, waiter, waiter, waker] {
            program.thread(function, None);
        }
        program.start_and_join();
        let listed = listed(&program);
        let all_asleep = |texts: &str| texts.starts_with("1.1.2.2.3.3.4.4");
        let woken = listed.endings.iter().filter(|(ending, tally)| {
            ending.waits.len() == 4 - count || (count == 3 && ending.kind == Kind::Ended && tally.schedules > 0)
        });
        assert_eq!(woken.count(), kinds, "{count} of three: {listed:#?}");
        let choices = listed.endings.values().filter_map(|tally| tally.shortest.as_ref());
        let with_choice = choices.filter(|(_, _, text)| all_asleep(text) && text.contains("4:")).count();
        assert_eq!(with_choice, if count == 3 { 0 } else { 3 });
    }
}

#[test]
fn who_is_woken_first_in_first_out_is_who_slept_first() {
    let mut program = Program::new(&[("cv", Made::Condition(None))]);
    let waiter = program.function(vec![with("cv", vec![Stmt::Wait("cv")])]);
    let waker = program.function(vec![with("cv", vec![Stmt::Notify("cv", 1)])]);
    for function in [waiter, waiter, waker] {
        program.thread(function, None);
    }
    program.start_and_join();
    let sleeping = |thread: usize| vec![(0, For::End(thread)), (thread, For::Object("cv".into()))];
    let (any, fifo) = (listed(&program), listed_under(&program, Rules { fifo: true, ..Rules::default() }));
    let count = |listed: &Listed, thread| -> u64 {
        listed.endings.iter().filter(|(e, _)| e.waits == sleeping(thread)).map(|(_, tally)| tally.schedules).sum()
    };
    // Blocks 1, 2 (acquire, sleep), 3 (acquire, notify, release), and who was woken. 3 before both, 3 after both, or
    // between them: then only one sleeps, and nobody has a choice.
    assert!(any.schedules > fifo.schedules);
    assert_eq!(count(&any, 1), count(&any, 2));
    assert_eq!(count(&fifo, 1), count(&fifo, 2));
}

#[test]
fn exceptions_end_a_schedule_or_a_thread() {
    let body = vec![with("lock", vec![Stmt::Assert(compare("==", get("x"), int(0))), add("x", int(1))])];
    let program = Program::alike(&[("x", Made::Int(0)), ("lock", Made::Lock)], &[None, None], body);
    let stopped = listed(&program);
    assert_eq!((stopped.schedules, stopped.of(Kind::Assertion)), (2, 2));
    let unwound = listed_under(&program, Rules { thread_exceptions: true, ..Rules::default() });
    assert_eq!((unwound.schedules, unwound.with(&[("x", "1")])), (2, 2));
    // acquire, read, read, write, release; acquire, read, release on the way out.
    assert_eq!(shortest(&unwound, Kind::Ended).0, 8);
}

#[test]
fn a_main_that_does_not_join_waits_all_the_same() {
    let mut program = models::counter(2, 1);
    program.main.retain(|stmt| !matches!(stmt, Stmt::Join(_)));
    assert_eq!(listed(&program).endings, listed(&models::counter(2, 1)).endings);
}

#[test]
fn what_daemons_had_left_is_dropped() {
    let mut program = Program::new(&[("x", Made::Int(0))]);
    let function = program.function(vec![add("x", int(1))]);
    program.thread(function, None);
    program.threads[0].daemon = true;
    program.main = vec![Stmt::Start("A"), add("x", int(10))];
    let listed = listed(&program);
    let counts = ["10", "11", "1"].map(|value| listed.with(&[("x", value)]));
    // The last write of main ends it all: 0.0, 1.0.0, 0.1.0. Or the daemon ends first, and main alone does the rest
    // without a step: 1.1 (11), 1.0.1, 0.1.1 (10, read before).
    assert_eq!((listed.schedules, counts), (6, [5, 1, 0]));
}

// ── the programs in assets ─────────────────────────────────────────────────────────────────────────────────────────────

fn found(listed: &Listed) -> Found {
    let name = |kind| match kind {
        Kind::Ended => "ended",
        Kind::Deadlock => "deadlock",
        Kind::Assertion => "assertion",
        Kind::Exception => "exception",
    };
    let ending = |(ending, tally): (&enumerator::list::Ending, &enumerator::list::Tally)| FoundEnding {
        kind: name(ending.kind).into(),
        values: ending
            .values
            .iter()
            .map(|(name, value)| (name.clone(), serde_json::from_str(value).expect("JSON")))
            .collect(),
        output: ending.output.clone(),
        schedules: tally.schedules.to_string(),
    };
    Found { schedules: listed.schedules.to_string(), endings: listed.endings.iter().map(ending).collect() }
}

#[test]
fn what_the_assets_expect_is_what_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs");
    let mut checked = 0;
    for (name, program) in models::assets() {
        let text = fs::read_to_string(folder.join(format!("{name}.py"))).expect("an asset");
        let expectations = expect::read(&text).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        let built = build(&program);
        let mut by_rules: BTreeMap<String, Found> = BTreeMap::new();
        for expectation in &expectations.all {
            let under = |word: &str| expectation.under.contains(word);
            if under("spurious") {
                continue;
            }
            let rules = Rules {
                statement: under("statement"),
                tso: under("tso"),
                fifo: under("fifo"),
                thread_exceptions: under("thread"),
            };
            let found = by_rules
                .entry(format!("{rules:?}"))
                .or_insert_with(|| found(&list(&built, rules, MANY).expect("not too many")));
            // The enumerator's lists hold numbers only.
            if expectation.text.contains("log=[\"done\"]") {
                continue;
            }
            expectation.check(found).unwrap_or_else(|wrong| panic!("{name}: {wrong}\n{}", built.text));
            checked += 1;
        }
    }
    assert!(checked > 150, "{checked}");
}

// ── random programs, and a real CPython ────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_seed_is_a_program_for_ever() {
    for seed in 0..200 {
        for flavour in [Flavour::Any, Flavour::Plain, Flavour::Stores, Flavour::Coarse, Flavour::Interchangeable] {
            let [one, two] = [(); 2].map(|()| build(&generate::program(seed, flavour)).text);
            assert_eq!(one, two);
        }
    }
    // Each construct is there somewhere.
    let all: String = (0..3000).map(|seed| build(&generate::program(seed, Flavour::Any)).text).collect();
    for construct in [
        "with lock",
        "with again",
        "with permits",
        "with changed",
        ".acquire()",
        ".release()",
        "acquire(blocking=False)",
        "acquire(timeout=1)",
        ".locked()",
        "changed.wait()",
        "notify()",
        "notify(2)",
        "notify_all()",
        "event.set()",
        "event.clear()",
        "event.is_set()",
        "event.wait()",
        "event.wait(timeout=1)",
        ".put(",
        ".get()",
        "put_nowait(",
        "get_nowait()",
        "task_done()",
        ".join()",
        "qsize()",
        "empty()",
        "full()",
        "barrier.wait()",
        "number.load()",
        "number.store(",
        "number.add(",
        "compare_exchange(",
        "fence()",
        "assert ",
        "print(",
        "random.choice(",
        "random.randrange(",
        "current_thread().name",
        "is_alive()",
        "items.append(",
        "items.pop()",
        "len(items)",
        "items[0] += ",
        "items[-1] = ",
        "items += [",
        " in items",
        "for i in range(2)",
        "while (",
        "break",
        "return",
        "else:",
        " if (",
        " and ",
        " or ",
        "(not ",
        " -= ",
        " *= ",
        "daemon=True",
        "args=(",
    ] {
        assert!(all.contains(construct), "{construct}");
    }
}

#[test]
fn a_real_python_never_ends_in_what_is_not_listed() {
    let Some(python) = cpython::python() else { return };
    let rules = Rules { thread_exceptions: true, ..Rules::default() };
    let mut compared = 0;
    for seed in 0.. {
        let built = build(&generate::program(seed, Flavour::Any));
        let Ok(listed) = list(&built, rules, 20_000) else { continue };
        if listed.of(Kind::Deadlock) > 0 {
            continue;
        }
        for observed in cpython::run(&python, &built.text, 40) {
            let listed_too = listed.endings.keys().any(|ending| observed.fits(&ending.values, &ending.output));
            assert!(listed_too, "seed {seed}: {observed:?}\n{}\n{listed:#?}", built.text);
        }
        compared += 1;
        if compared == 60 {
            return;
        }
    }
}
