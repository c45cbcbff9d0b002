//! A real CPython, where there is one, never ends a program in what the explorer does not list.
//!
//! Exceptions end only their thread there, and `notify` wakes whom it likes. Programs that can hang are left out: those
//! that say so, and generated ones in which the explorer finds a deadlock.

mod enumerator;
mod judge;

use enumerator::build::build;
use enumerator::cpython::{self, Observed};
use enumerator::expect;
use enumerator::generate::{self, Flavour};
use enumerator::list::list;
use enumerator::machine::Rules;
use judge::{compiled, explored};
use poolscope::explore::{Exceptions, Kind, Options, Report};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn options() -> Options {
    Options { exceptions: Exceptions::Thread, ..Options::default() }
}

fn is_listed(observed: &Observed, report: &Report) -> bool {
    report.outcomes.iter().any(|outcome| {
        let values: BTreeMap<String, String> =
            outcome.values.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
        observed.fits(&values, &outcome.output)
    })
}

#[test]
fn programs_that_end_do_so_as_listed() {
    let Some(python) = cpython::python() else { return };
    let mut run = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs");
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a text");
        if expect::read(&text).expect("expectations").may_hang {
            continue;
        }
        let report = explored(&compiled(&path.to_string_lossy(), &text), &options());
        for observed in cpython::run(&python, &text, 60) {
            assert!(is_listed(&observed, &report), "{}: {observed:?}\n{:#?}", path.display(), report.outcomes);
        }
        run += 1;
    }
    assert!(run >= 20, "{run}");
}

#[test]
fn generated_programs_end_as_listed() {
    let Some(python) = cpython::python() else { return };
    let mut compared = 0;
    for seed in 7_000_000.. {
        let built = build(&generate::program(seed, Flavour::Any));
        if list(&built, Rules { thread_exceptions: true, ..Rules::default() }, 5_000).is_err() {
            continue;
        }
        let report = explored(&compiled("generated.py", &built.text), &options());
        if report.outcomes.iter().any(|outcome| outcome.kind == Kind::Deadlock) {
            continue;
        }
        for observed in cpython::run(&python, &built.text, 40) {
            assert!(is_listed(&observed, &report), "seed {seed}: {observed:?}\n{}\n{:#?}", built.text, report.outcomes);
        }
        compared += 1;
        if compared == 40 {
            return;
        }
    }
}
