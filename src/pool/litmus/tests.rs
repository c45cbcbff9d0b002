//! What the tests may show, against the explorer's two memory models; and that no place is lost.

use super::shapes::{self, Order, Read, Seen, Slot, THREADS_MAX, UNREAD};
use super::*;
use crate::explore::{Kind, Memory, Options, explore};
use crate::program::compile;
use crate::wire::{Ending, LitmusTest};
use std::collections::BTreeSet;

/// The test as a program, with the fence between the accesses or without it.
fn text(test: LitmusTest, fence: bool) -> String {
    let fence = if fence { "    fence()\n" } else { "" };
    let (globals, bodies): (&str, Vec<String>) = match test {
        LitmusTest::StoreBuffering => (
            "x = y = r1 = r2 = 0",
            vec![
                format!("    global x, r1\n    x = 1\n{fence}    r1 = y\n"),
                format!("    global y, r2\n    y = 1\n{fence}    r2 = x\n"),
            ],
        ),
        LitmusTest::LoadBuffering => (
            "x = y = r1 = r2 = 0",
            vec![
                format!("    global y, r1\n    r1 = x\n{fence}    y = 1\n"),
                format!("    global x, r2\n    r2 = y\n{fence}    x = 1\n"),
            ],
        ),
        LitmusTest::MessagePassing => (
            "data = flag = seen_flag = seen_data = 0",
            vec![
                format!("    global data, flag\n    data = 1\n{fence}    flag = 1\n"),
                format!("    global seen_flag, seen_data\n    seen_flag = flag\n{fence}    seen_data = data\n"),
            ],
        ),
        LitmusTest::HalfBuiltObject => (
            "value = box = 0\nseen = -1",
            vec![
                format!("    global value, box\n    value = 42\n{fence}    box = 1\n"),
                format!("    global seen\n    now = box\n{fence}    if now == 1:\n        seen = value\n"),
            ],
        ),
        LitmusTest::PetersonWithoutFence => (
            "wants_a = wants_b = turn = 0\na_enters = b_enters = False",
            vec![
                format!(
                    "    global wants_a, turn, a_enters\n    wants_a = 1\n    turn = 1\n{fence}    wants = wants_b\n    a_enters = wants == 0 or turn == 2\n"
                ),
                format!(
                    "    global wants_b, turn, b_enters\n    wants_b = 1\n    turn = 2\n{fence}    wants = wants_a\n    b_enters = wants == 0 or turn == 1\n"
                ),
            ],
        ),
        LitmusTest::Iriw => (
            "x = y = r1 = r2 = r3 = r4 = 0",
            vec![
                "    global x\n    x = 1\n".to_string(),
                "    global y\n    y = 1\n".to_string(),
                format!("    global r1, r2\n    r1 = x\n{fence}    r2 = y\n"),
                format!("    global r3, r4\n    r3 = y\n{fence}    r4 = x\n"),
            ],
        ),
    };
    let mut text = format!("import threading\nfrom atomics import fence\n\n{globals}\n\n");
    for (at, body) in bodies.iter().enumerate() {
        text.push_str(&format!("\ndef work_{at}():\n{body}\n\nt{at} = threading.Thread(target=work_{at})\n"));
    }
    for what in ["start", "join"] {
        (0..bodies.len()).for_each(|at| text.push_str(&format!("t{at}.{what}()\n")));
    }
    text
}

/// The endings that the explorer finds, as far as this ending's values go.
fn explored(test: LitmusTest, fence: bool, memory: Memory, names: &Ending) -> BTreeSet<String> {
    let program =
        compile(test.name(), &text(test, fence)).unwrap_or_else(|wrong| panic!("{wrong:?}\n{}", text(test, fence)));
    let report = explore(&program, &Options { memory, ..Options::default() }).expect("explored");
    assert!(report.outcomes.iter().all(|outcome| outcome.kind == Kind::Ended));
    let told = |values: &std::collections::BTreeMap<String, serde_json::Value>| {
        format!("{:?}", names.values.keys().map(|name| (name, values[name].clone())).collect::<Vec<_>>())
    };
    report.outcomes.iter().map(|outcome| told(&outcome.ending().values)).collect()
}

/// Everything that threads could write down.
fn all_seen(test: LitmusTest) -> Vec<Seen> {
    let registers: &[(usize, usize)] = match test {
        LitmusTest::StoreBuffering | LitmusTest::LoadBuffering | LitmusTest::PetersonWithoutFence => &[(0, 0), (1, 0)],
        LitmusTest::MessagePassing | LitmusTest::HalfBuiltObject => &[(1, 0), (1, 1)],
        LitmusTest::Iriw => &[(2, 0), (2, 1), (3, 0), (3, 1)],
    };
    let mut all = vec![[[UNREAD; 2]; THREADS_MAX]];
    for (thread, register) in registers {
        all = all
            .iter()
            .flat_map(|seen| {
                [0, 1].map(|value| {
                    let mut seen = *seen;
                    // Who did not see the object did not look into it.
                    let unread = test == LitmusTest::HalfBuiltObject && *register == 1 && seen[1][0] == 0;
                    let value = if test == LitmusTest::HalfBuiltObject && *register == 1 { 42 * value } else { value };
                    seen[*thread][*register] = if unread { UNREAD } else { value };
                    seen
                })
            })
            .collect();
    }
    all
}

#[test]
fn what_is_allowed_is_what_the_explorer_finds() {
    for test in LitmusTest::ALL {
        for fence in [false, true] {
            for memory in [Memory::Sc, Memory::Tso] {
                let mut possible = BTreeSet::new();
                for seen in all_seen(test) {
                    let (ending, verdict) = shapes::ending(test, fence, &seen);
                    let is_explained = verdict == Verdict::Acceptable;
                    let is_allowed = memory == Memory::Tso && !fence && shapes::is_allowed(test, Order::TotalStore);
                    if is_explained || is_allowed {
                        possible.insert(format!("{:?}", ending.values.iter().collect::<Vec<_>>()));
                    }
                }
                let (names, _) = shapes::ending(test, fence, &all_seen(test)[0]);
                assert_eq!(possible, explored(test, fence, memory, &names), "{test:?}, fence {fence}, {memory:?}");
            }
        }
    }
}

/// One thread after the other, all in this one: an order like any other.
#[test]
fn one_after_the_other_is_acceptable_and_every_place_is_counted() {
    for test in LitmusTest::ALL {
        let plan = LitmusPlan { test, fence: false, slots: 100 };
        let table = Table::new(plan);
        let threads = test.threads() as usize;
        for order in [(0..threads).collect::<Vec<_>>(), (0..threads).rev().collect()] {
            (0..threads).for_each(|thread| shapes::prepare(test, thread, &table.places));
            order.iter().for_each(|&thread| shapes::act(test, false, thread, &table.places, &table.reads[thread]));
            let seen = table.seen();
            assert_eq!(seen.values().sum::<u64>(), 100);
            assert!(
                seen.keys().all(|seen| shapes::ending(test, false, seen).1 == Verdict::Acceptable),
                "{test:?}: {seen:?}"
            );
        }
    }
}

#[test]
fn what_threads_read_is_set_back_before_each_round() {
    for test in LitmusTest::ALL {
        let places: Vec<Slot> = (0..3).map(|_| Slot::default()).collect();
        let reads: Vec<Vec<Read>> = (0..THREADS_MAX).map(|_| (0..3).map(|_| Read::default()).collect()).collect();
        let round = || {
            let threads = 0..test.threads() as usize;
            threads.clone().for_each(|thread| shapes::prepare(test, thread, &places));
            threads.for_each(|thread| shapes::act(test, true, thread, &places, &reads[thread]));
            format!("{reads:?}")
        };
        assert_eq!(round(), round(), "{test:?}");
    }
}
