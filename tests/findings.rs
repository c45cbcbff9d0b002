//! Findings on recordings of real runs, of those that have something to tell and of those that have not.
//!
//! The recordings lie in `tests/recordings`; its README says how they were made. They are fixed, so this depends on no
//! machine.

use poolscope::ledger::{Finding, FindingKind, Ledger, Proof};
use poolscope::wire::{Frame, decode_frame};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn frames(name: &str) -> Vec<Frame> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recordings/{name}.ndjson"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(|line| decode_frame(line.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"))).collect()
}

/// What was told at any time, with how often it began to be told, and the last text of each kind.
fn told(name: &str) -> Vec<(FindingKind, usize, Finding)> {
    let mut ledger = Ledger::new();
    let mut all: Vec<(FindingKind, usize, Finding)> = Vec::new();
    let mut before = BTreeSet::new();
    for frame in frames(name) {
        ledger.post(&frame);
        let findings = ledger.findings();
        for finding in &findings {
            let begins = usize::from(!before.contains(&finding.kind));
            match all.iter_mut().find(|(kind, ..)| *kind == finding.kind) {
                Some(known) => *known = (finding.kind, known.1 + begins, finding.clone()),
                None => all.push((finding.kind, 1, finding.clone())),
            }
        }
        before = findings.iter().map(|finding| finding.kind).collect();
    }
    all.sort_by_key(|(kind, ..)| *kind);
    all
}

/// Every recording, and all that may be said of it.
#[rustfmt::skip]
const EXPECTED: &[(&str, &[FindingKind])] = &[
    ("blocked", &[FindingKind::BlockedByIo]),
    ("calm-burst", &[]),
    ("calm-busy", &[]),
    ("calm-half", &[]),
    ("calm-lock", &[]),
    ("calm-lock-crowded", &[FindingKind::Oversubscription]),
    ("calm-lone", &[]),
    // As many threads as there may be sleep, and tasks wait.
    ("calm-per-task", &[FindingKind::BlockedByIo]),
    ("calm-primes", &[]),
    ("calm-processes", &[]),
    ("calm-sleepers", &[]),
    ("calm-stealing", &[]),
    ("calm-uneven", &[FindingKind::BlockedByIo]),
    ("convoy", &[FindingKind::Convoy, FindingKind::Oversubscription]),
    ("imbalance", &[FindingKind::Imbalance]),
    ("oversubscribed", &[FindingKind::Oversubscription]),
    ("serialised", &[FindingKind::SerialisedByLock]),
    ("starved", &[FindingKind::StarvedWorker, FindingKind::SerialisedByLock]),
    ("unbounded", &[FindingKind::UnboundedQueue]),
];

#[test]
fn each_recording_tells_what_is_in_it_and_nothing_else() {
    let mut wrong = Vec::new();
    for (name, expected) in EXPECTED {
        let told = told(name);
        let kinds: Vec<FindingKind> = told.iter().map(|(kind, ..)| *kind).collect();
        if kinds != *expected {
            wrong.push(format!("{name}: {told:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_recording_is_in_the_table_and_in_the_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let readme = fs::read_to_string(folder.join("README.md")).expect("a README");
    let mut there = BTreeSet::new();
    let mut bytes = 0;
    for entry in fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry")) {
        let file = entry.file_name().into_string().expect("a name");
        if let Some(name) = file.strip_suffix(".ndjson") {
            assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in the README");
            assert!(folder.join(format!("{name}.md")).exists(), "{name} has no scenario");
            bytes += entry.metadata().expect("its size").len();
            there.insert(name.to_string());
        }
    }
    assert_eq!(there, EXPECTED.iter().map(|(name, _)| name.to_string()).collect());
    assert!(bytes < 1_500_000, "{bytes} bytes of recordings");
}

#[test]
fn a_finding_does_not_come_and_go() {
    for (name, _) in EXPECTED {
        for (kind, times, finding) in told(name) {
            assert!(times <= 1, "{name}: {kind:?} began {times} times: {}", finding.text);
        }
    }
}

#[test]
fn a_finding_says_how_much_what_to_try_and_where_it_is_seen() {
    let mut kinds = BTreeSet::new();
    for (name, _) in EXPECTED {
        for (kind, _, finding) in told(name) {
            let text = &finding.text;
            assert!(text.contains(|c: char| c.is_ascii_digit()), "{name}: no figure in {text}");
            assert!(text.contains(". Try ") && text.ends_with('.') && !text.contains('\n'), "{name}: {text}");
            assert!(text.chars().count() < 240, "{name}: {text}");
            let proof = match kind {
                FindingKind::SerialisedByLock | FindingKind::Convoy => Proof::Locks,
                FindingKind::UnboundedQueue => Proof::Queue,
                FindingKind::Oversubscription => Proof::Cpu,
                _ => Proof::Workers,
            };
            assert_eq!(finding.proof, proof, "{name}");
            kinds.insert(kind);
        }
    }
    assert_eq!(kinds.len(), 7, "each kind that comes and goes is in some recording");
}
