//! Every program of `assets/programs` is what it says of itself: its comments hold what to expect, in the format that
//! `enumerator/expect.rs` shows. Where the enumerator can say the program, those counts are its own (`enumerate.rs`).

mod enumerator;
mod judge;

use enumerator::expect::{self, Expectations};
use judge::{compiled, explored, found, replay};
use poolscope::explore::{Exceptions, FindingKind, Grain, Kind, Memory, Notify, Options, Report};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Every program by name, with its text and what it expects.
fn programs() -> Vec<(String, String, Expectations)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a text");
        let expectations = expect::read(&text).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        all.push((name, text, expectations));
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn options(under: &BTreeSet<String>) -> Options {
    let has = |word: &str| under.contains(word);
    let capacity = under.iter().find_map(|word| word.strip_prefix("capacity="));
    Options {
        grain: if has("statement") { Grain::Statement } else { Grain::Operation },
        memory: if has("tso") { Memory::Tso } else { Memory::Sc },
        notify: if has("fifo") { Notify::Fifo } else { Notify::Any },
        spurious: has("spurious"),
        exceptions: if has("thread") { Exceptions::Thread } else { Exceptions::Stop },
        capacity: capacity.map(|number| number.parse().expect("a number")),
        ..Options::default()
    }
}

#[test]
fn there_are_at_least_twenty_each_with_an_expectation_and_a_header() {
    let programs = programs();
    assert!(programs.len() >= 20, "{}", programs.len());
    for (name, text, expectations) in &programs {
        assert!(!expectations.all.is_empty(), "{name} expects nothing");
        let first = text.lines().next().expect("a line");
        let said = first.starts_with("# ") && expect::read(first).is_ok_and(|read| read.all.is_empty());
        assert!(said, "{name} does not say what it shows");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{name} has a long line");
    }
}

#[test]
fn each_is_what_it_expects_of_itself() {
    for (name, text, expectations) in programs() {
        let program = compiled(&name, &text);
        let mut reports: BTreeMap<Vec<&String>, Report> = BTreeMap::new();
        for expectation in &expectations.all {
            let report = reports
                .entry(expectation.under.iter().collect())
                .or_insert_with(|| explored(&program, &options(&expectation.under)));
            expectation.check(&found(report)).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        }
    }
}

#[test]
fn each_finds_what_it_says() {
    for (name, text, expectations) in programs() {
        let report = explored(&compiled(&name, &text), &Options::default());
        let kinds: BTreeSet<String> = report
            .findings
            .iter()
            .map(|finding| serde_json::to_value(finding.kind).expect("a kind").as_str().expect("a name").to_owned())
            .collect();
        assert!(!expectations.finds_nothing || kinds.is_empty(), "{name}: {:#?}", report.findings);
        assert!(kinds.is_superset(&expectations.finds), "{name}: {:#?}", report.findings);
        assert!(kinds.is_disjoint(&expectations.lacks), "{name}: {:#?}", report.findings);
        let lines = u32::try_from(text.lines().count()).expect("a short text");
        for finding in &report.findings {
            assert!(!finding.text.is_empty(), "{name}: {finding:?}");
            assert!(finding.lines.iter().all(|line| (1..=lines).contains(line)), "{name}: {finding:?}");
            if finding.kind == FindingKind::DataRace {
                assert!(finding.location.is_some() && finding.threads.len() >= 2, "{name}: {finding:?}");
            }
        }
    }
}

#[test]
fn each_shortest_schedule_ends_as_told() {
    for (name, text, expectations) in programs() {
        let program = compiled(&name, &text);
        let unders: BTreeSet<BTreeSet<String>> =
            expectations.all.iter().map(|expectation| expectation.under.clone()).chain([BTreeSet::new()]).collect();
        for under in unders {
            let options = options(&under);
            for outcome in &explored(&program, &options).outcomes {
                replay(&program, &options, outcome).unwrap_or_else(|wrong| panic!("{name}, {under:?}: {wrong}"));
            }
        }
    }
}

#[test]
fn those_that_may_hang_say_so() {
    for (name, text, expectations) in programs() {
        let options = Options { exceptions: Exceptions::Thread, ..Options::default() };
        let report = explored(&compiled(&name, &text), &options);
        let hangs = report.outcomes.iter().any(|outcome| matches!(outcome.kind, Kind::Deadlock | Kind::Spins));
        assert_eq!(expectations.may_hang, hangs, "{name}: {:#?}", report.outcomes);
    }
}

#[test]
fn the_chances_of_all_endings_come_to_one() {
    for (name, text, _) in programs() {
        let report = explored(&compiled(&name, &text), &Options::default());
        let sum: f64 = report.outcomes.iter().map(|outcome| outcome.chance.expect("a chance")).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{name}: {sum}");
    }
}

#[test]
fn asking_for_verdicts_only_changes_no_verdict() {
    for (name, text, _) in programs() {
        let program = compiled(&name, &text);
        let [full, short] = [false, true].map(|verdict| explored(&program, &Options { verdict, ..Options::default() }));
        let kinds =
            |report: &Report| -> BTreeSet<Kind> { report.outcomes.iter().map(|outcome| outcome.kind).collect() };
        assert_eq!(kinds(&full), kinds(&short), "{name}");
    }
}

#[test]
fn any_number_of_searchers_tells_the_same() {
    for (name, text, _) in programs() {
        let program = compiled(&name, &text);
        let [one, two] = [1, 2].map(|searchers| {
            let report = explored(&program, &Options { searchers, ..Options::default() });
            let outcomes: Vec<_> =
                report.outcomes.iter().map(|outcome| serde_json::to_value(outcome).expect("JSON")).collect();
            (report.schedules, report.states, outcomes, report.findings)
        });
        assert_eq!(one, two, "{name}");
    }
}
