//! A lane that runs a program on real threads, ordered about while one of its runs stands still or goes round for ever.

mod common;

use common::{Seen, Watch, in_sessions, kill, plan, until};
use poolscope::ledger::Ledger;
use poolscope::wire::{
    Ending, EndingKind, Event, Order, Phase, Plan, PoolPlan, ProgramPlan, RunsTick, Verdict, WorkerId, WorkerState,
    WorkloadPlan,
};
use rustix::process::Signal;

/// Nobody can move, in every run.
const STANDS: &str = "import threading\n\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n";

/// No run ends.
const GOES_ROUND: &str = "import threading\n\ngo = False\n\n\ndef work():\n    while not go:\n        pass\n\n\n\
                          a = threading.Thread(target=work)\na.start()\na.join()\n";

/// No run ends: a process goes round and waits for a value to change.
const PROCESS_GOES_ROUND: &str = "import multiprocessing\n\ngo = multiprocessing.Value('i', 0)\n\n\ndef work():\n    while go.value == 0:\n        pass\n\n\n\
                                  a = multiprocessing.Process(target=work)\na.start()\na.join()\n";

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

/// The processes of the lane's program, once there is any.
fn hosts(run: &Watch) -> Vec<Seen> {
    let session = run.lane(1).hello.as_ref().expect("a lane").pid;
    until("a process of the program's", || {
        let mut hosts = in_sessions(&[session]);
        hosts.retain(|seen| seen.name == "poolscope host");
        (!hosts.is_empty()).then_some(hosts)
    })
}

#[test]
fn a_process_of_a_program_is_one_of_the_systems_and_its_end_ends_the_run_alone() {
    let mut run = Watch::start(plan_of(PROCESS_GOES_ROUND, 2));
    run.until("a run", |ledger| ledger.lanes()[0].tasks.running == 1);
    let first = hosts(&run);
    assert_eq!(first.len(), 1, "{first:?}");
    let lane = run.lane(1).hello.as_ref().expect("a lane").pid;
    assert_eq!(first[0].parent, lane);
    run.until("it at work", |ledger| {
        let is_it = |worker: &&poolscope::ledger::WorkerLedger| worker.id == WorkerId(1);
        ledger.lanes()[0].workers.iter().find(is_it).is_some_and(|worker| {
            worker.state == WorkerState::Running && worker.tid == first[0].pid && worker.cpu_ns > Some(0)
        })
    });
    kill(first[0].pid, Signal::KILL);
    run.until("the end of that run", |ledger| ledger.lanes()[0].tasks.failed == 1);
    let runs = run.lane(1).runs.clone().expect("an account of runs");
    let told = ended_in(&runs, |ending| {
        let says_so = ending.message.as_deref() == Some("its process was ended from outside: signal 9");
        ending.kind == EndingKind::Unended && ending.thread == Some(1) && says_so
    });
    assert_eq!(told, 1, "{runs:?}");
    // The next run has another.
    run.until("the next run", |ledger| ledger.lanes()[0].tasks.running == 1);
    let second = hosts(&run);
    assert_ne!(second[0].pid, first[0].pid);
    // Halted, it uses no time.
    run.order(Some(1), Order::Halt);
    run.until("the halt", |ledger| ledger.lanes()[0].phase == Phase::Halted);
    until("it stopped", || hosts(&run).iter().all(|seen| seen.state == 'T').then_some(()));
    run.order(Some(1), Order::Resume);
    run.until("going on", |ledger| ledger.lanes()[0].phase == Phase::Running);
    until("it going on", || hosts(&run).iter().all(|seen| seen.state != 'T').then_some(()));
    run.finish_at_once();
    until("nothing left", || in_sessions(&[lane]).is_empty().then_some(()));
}

#[test]
fn a_lane_comes_to_rest_when_its_programs_process_was_killed() {
    let mut run = Watch::start(plan_of(PROCESS_GOES_ROUND, 5));
    run.until("a run", |ledger| ledger.lanes()[0].tasks.running == 1);
    let host = hosts(&run);
    run.order(Some(1), Order::Pause);
    run.until("that it is to pause", |ledger| ledger.lanes()[0].phase == Phase::Pausing);
    kill(host[0].pid, Signal::KILL);
    run.until("the pause", |ledger| ledger.lanes()[0].phase == Phase::Paused);
    assert_eq!(run.lane(1).tasks.failed, 1);
    run.finish_at_once();
}

#[test]
fn a_lane_that_is_killed_takes_its_programs_processes_along() {
    let mut run = Watch::start(plan_of(PROCESS_GOES_ROUND, 1));
    run.until("a run", |ledger| ledger.lanes()[0].tasks.running == 1);
    hosts(&run);
    let lane = run.lane(1).hello.as_ref().expect("a lane").pid;
    kill(lane, Signal::KILL);
    until("nothing left", || in_sessions(&[lane]).is_empty().then_some(()));
    run.end();
}
