//! The pool that runs programs under the real Python: no ending that the explorer does not list, a hang is no more than
//! a run that did not end, and what is not in the subset is not run.

mod common;

use common::{Ended, Watch, plan, say};
use poolscope::explore::{Exceptions, Kind, Options, Report, explore};
use poolscope::program::compile;
use poolscope::wire::{
    CpythonPlan, Ending, EndingKind, Phase, Plan, PoolPlan, ProgramPlan, RunsTick, Verdict, WorkloadPlan,
};
use std::fs;
use std::path::Path;

/// Lanes that run a text each.
fn plan_of(lanes: &[(CpythonPlan, u64)]) -> Plan {
    let made: Vec<String> = lanes
        .iter()
        .map(|(_, tasks)| format!("pool = 'single'\nworkload = 'spin'\nsize = 1\ntasks = {tasks}"))
        .collect();
    let mut plan = plan(&made);
    for (lane, (cpython, _)) in plan.lanes.iter_mut().zip(lanes) {
        (lane.pool, lane.workload) = (PoolPlan::Cpython(cpython.clone()), WorkloadPlan::Run);
    }
    plan
}

fn of_text(name: &str, text: &str) -> CpythonPlan {
    let program = ProgramPlan { program: name.into(), text: text.into(), ..ProgramPlan::default() };
    CpythonPlan { program, switch_interval_us: 100, run_limit_ms: 10_000 }
}

fn runs(ended: &Ended, number: u16) -> &RunsTick {
    ended.lane(number).runs.as_deref().expect("an account of runs")
}

/// Whether there is a Python here; says so where there is none.
fn is_there(runs: &RunsTick) -> bool {
    match &runs.unavailable {
        Some(why) if why.contains("python3") => {
            say(&format!("left out: {why}"));
            false
        }
        _ => true,
    }
}

/// Whether the explorer lists an ending: by all globals that it tells of, and what was printed.
fn is_listed(ending: &Ending, by_thread: &Report, by_run: &Report) -> bool {
    match ending.kind {
        EndingKind::Ended => by_thread.outcomes.iter().any(|outcome| {
            let told = outcome.ending();
            outcome.kind == Kind::Ended
                && told.output == ending.output
                && told.values.iter().all(|(name, value)| ending.values.get(name) == Some(value))
        }),
        // What other threads do afterwards is no part of it: so it is the ending of a schedule that stops there.
        EndingKind::Assertion | EndingKind::Exception => by_run.outcomes.iter().any(|outcome| {
            let told = outcome.ending();
            (told.kind, told.thread, told.line, &told.message)
                == (ending.kind, ending.thread, ending.line, &ending.message)
        }),
        _ => false,
    }
}

/// Programs of the folder with what the explorer says of them, exceptions ending a thread, and the whole run.
fn programs() -> Vec<(String, String, Report, Report)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut programs = Vec::new();
    for file in files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "py")) {
        let text = fs::read_to_string(&file).expect("a text");
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        if text.contains("multiprocessing") {
            continue;
        }
        let program = compile(&name, &text).expect("a program");
        let of = |exceptions| explore(&program, &Options { exceptions, ..Options::default() }).expect("explored");
        let (by_thread, by_run) = (of(Exceptions::Thread), of(Exceptions::Stop));
        programs.push((name, text, by_thread, by_run));
    }
    programs
}

#[test]
fn no_program_ends_in_what_the_explorer_does_not_list() {
    let (ending, hanging): (Vec<_>, Vec<_>) = programs()
        .into_iter()
        .partition(|(_, _, by_thread, _)| by_thread.outcomes.iter().all(|outcome| outcome.kind == Kind::Ended));
    assert!(ending.len() >= 30 && hanging.len() >= 5, "{} {}", ending.len(), hanging.len());
    for (programs, tasks, limit_ms) in [(ending, 200, 20_000), (hanging, 4, 300)] {
        for some in programs.chunks(8) {
            let lanes: Vec<_> = some
                .iter()
                .map(|(name, text, ..)| (CpythonPlan { run_limit_ms: limit_ms, ..of_text(name, text) }, tasks))
                .collect();
            let mut run = Watch::start(plan_of(&lanes));
            run.until("an account", |ledger| ledger.lanes().iter().all(|lane| lane.runs.is_some()));
            if !is_there(run.lane(1).runs.as_deref().expect("an account")) {
                return;
            }
            let ended = run.end();
            for (at, (name, _, by_thread, by_run)) in some.iter().enumerate() {
                let (told, lane) = (runs(&ended, at as u16 + 1), ended.lane(at as u16 + 1));
                assert_eq!(told.unavailable, None, "{name}");
                assert!(told.interpreter.as_ref().is_some_and(|name| name.contains("global lock")), "{told:?}");
                let counted: u64 = told.endings.iter().map(|ending| ending.count).sum::<u64>() + told.others;
                assert_eq!((counted, lane.tasks.completed + lane.tasks.failed), (tasks, tasks), "{name}: {told:?}");
                let failed = told.endings.iter().filter(|ending| ending.verdict == Verdict::Forbidden);
                assert_eq!(failed.map(|ending| ending.count).sum::<u64>(), lane.tasks.failed, "{name}");
                let may_hang = tasks < 10;
                for counted in &told.endings {
                    let hung = may_hang && counted.ending.kind == EndingKind::Unended;
                    assert!(
                        hung || is_listed(&counted.ending, by_thread, by_run),
                        "{name}: {:?}\n{:#?}",
                        counted.ending,
                        by_thread.outcomes
                    );
                }
            }
        }
    }
}

const HANGS: &str = "import threading\n\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n";
const SPINS: &str = "x = 0\nwhile True:\n    x = x + 1\n";

#[test]
fn what_does_not_end_is_stopped_and_called_no_more_than_that() {
    let limited = |text| CpythonPlan { run_limit_ms: 200, ..of_text("hangs", text) };
    let mut run = Watch::start(plan_of(&[(limited(HANGS), 2), (limited(SPINS), 2)]));
    run.until("an account", |ledger| ledger.lanes().iter().all(|lane| lane.runs.is_some()));
    if !is_there(run.lane(1).runs.as_deref().expect("an account")) {
        return;
    }
    let ended = run.end();
    for number in [1, 2] {
        let (lane, told) = (ended.lane(number), runs(&ended, number));
        assert_eq!((lane.phase, lane.tasks.failed), (Phase::Done, 2), "{told:?}");
        assert_eq!(told.endings.len(), 1, "{told:?}");
        assert_eq!(told.endings[0].ending.kind, EndingKind::Unended, "{told:?}");
        assert_eq!(told.endings[0].ending.message.as_deref(), Some("it was stopped after 0.2 s"));
        assert!(told.first_failed_ns.is_some_and(|after| after >= 200_000_000), "{told:?}");
    }
}

#[test]
fn a_lane_ends_whatever_its_program_does() {
    let patient = CpythonPlan { run_limit_ms: 60_000, ..of_text("hangs", HANGS) };
    let mut run = Watch::start(plan_of(&[(patient, 1)]));
    run.until("an account", |ledger| ledger.lanes()[0].runs.is_some());
    if !is_there(run.lane(1).runs.as_deref().expect("an account")) {
        return;
    }
    run.until("a run", |ledger| ledger.lanes()[0].tasks.running == 1);
    let ended = run.finish_at_once();
    assert_eq!(ended.lane(1).tasks.running, 1, "nobody knows how it would have ended");
}

#[test]
fn nothing_is_run_that_is_not_in_the_subset() {
    let reads = "import os\nprint(os.listdir('/'))\n";
    let opens = "if False:\n    open('/etc/passwd')\n";
    let processes = "import multiprocessing\n\nchild = multiprocessing.Process()\n";
    let mut run = Watch::start(plan_of(&[
        (of_text("reads", reads), 5),
        (of_text("opens", opens), 5),
        (of_text("processes", processes), 5),
    ]));
    run.until("an account", |ledger| ledger.lanes().iter().all(|lane| lane.runs.is_some()));
    let ended = run.finish_at_once();
    for (number, part) in [(1, "may be run: "), (2, "may be run: "), (3, "that start processes")] {
        let (lane, told) = (ended.lane(number), runs(&ended, number));
        assert!(
            told.unavailable.as_ref().is_some_and(|why| why.starts_with("n/a: ") && why.contains(part)),
            "{told:?}"
        );
        assert!(told.endings.is_empty() && told.interpreter.is_none());
        assert_eq!((lane.tasks.completed, lane.tasks.failed, lane.phase), (0, 0, Phase::Done));
    }
}
