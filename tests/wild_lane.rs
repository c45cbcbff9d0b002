//! A lane that runs a program on real threads, ordered about while one of its runs stands still or goes round for ever.

mod common;

use common::{Watch, plan};
use poolscope::ledger::Ledger;
use poolscope::wire::{
    Ending, EndingKind, Event, Order, Phase, Plan, PoolPlan, ProgramPlan, RunsTick, Verdict, WorkerId, WorkloadPlan,
};

/// Nobody can move, in every run.
const STANDS: &str = "import threading\n\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n";

/// No run ends.
const GOES_ROUND: &str = "import threading\n\ngo = False\n\n\ndef work():\n    while not go:\n        pass\n\n\n\
                          a = threading.Thread(target=work)\na.start()\na.join()\n";

fn plan_of(text: &str, tasks: u64) -> Plan {
    let mut plan = plan(&[format!("pool = 'single'\nworkload = 'spin'\nsize = 1\ntasks = {tasks}")]);
    let program = ProgramPlan { program: "one.py".into(), text: text.into(), ..ProgramPlan::default() };
    (plan.lanes[0].pool, plan.lanes[0].workload) = (PoolPlan::Program(program), WorkloadPlan::Run);
    plan
}

fn stands(ledger: &Ledger) -> bool {
    ledger.lanes()[0].runs.as_ref().is_some_and(|runs| runs.standstill.is_some())
}

fn ended_in(runs: &RunsTick, is_it: impl Fn(&Ending) -> bool) -> u64 {
    runs.endings.iter().filter(|one| is_it(&one.ending)).map(|one| one.count).sum()
}

#[test]
fn a_run_that_stands_still_does_not_keep_its_lane_from_pausing_halting_and_ending() {
    let mut run = Watch::start(plan_of(STANDS, 1000));
    run.until("a standstill", stands);
    // A pause waits for the end of the task, which is let go when it has stood for long enough.
    run.pause();
    assert!(!stands(&run.ledger) && run.lane(1).tasks.failed >= 1, "{}", run.standing());
    run.resume();
    run.until("another one", stands);
    run.order(Some(1), Order::Halt);
    run.until("the halt", |ledger| ledger.lanes()[0].phase == Phase::Halted);
    run.order(Some(1), Order::Resume);
    run.until("going on", |ledger| ledger.lanes()[0].phase == Phase::Running);
    run.until("one, the same or the next", stands);
    let ended = run.finish_at_once();
    let lane = ended.lane(1);
    let runs = lane.runs.as_deref().expect("an account of runs");
    let deadlocks = ended_in(runs, |ending| ending.kind == EndingKind::Deadlock);
    assert!(deadlocks >= 2, "{runs:?}");
    assert_eq!((lane.phase, lane.tasks.failed, lane.tasks.completed), (Phase::Done, deadlocks, 0), "{runs:?}");
}

#[test]
fn a_run_that_the_lanes_end_cuts_off_is_no_failure() {
    let mut run = Watch::start(plan_of(GOES_ROUND, 1));
    run.until("a run", |ledger| ledger.lanes()[0].tasks.running == 1);
    let ended = run.finish_at_once();
    let (lane, runs) = (ended.lane(1), ended.lane(1).runs.as_deref().expect("an account of runs"));
    assert_eq!((lane.phase, lane.tasks.failed), (Phase::Done, 0), "{runs:?}");
    assert!(runs.endings.iter().all(|one| one.verdict == Verdict::Interesting), "{runs:?}");
}

#[test]
fn what_cannot_be_done_to_a_program_is_refused_and_said() {
    let mut run = Watch::start(plan_of(STANDS, 1000));
    run.until("a run", |ledger| ledger.lanes()[0].tasks.running == 1);
    let worker = WorkerId(0);
    let orders =
        [Order::Crash { worker }, Order::Kill { worker }, Order::Resize { workers: 3 }, Order::Payload { bytes: 1 }];
    let count = orders.len();
    orders.into_iter().for_each(|order| run.order(Some(1), order));
    let refused = |ledger: &Ledger| {
        let events = ledger.lanes()[0].events.iter();
        events.filter(|(_, event)| matches!(event, Event::Refused { .. })).count()
    };
    run.until("what was refused", |ledger| refused(ledger) == count);
    let ended = run.finish_at_once();
    assert_eq!(ended.lane(1).workers_died, 0);
}
