//! Litmus tests on this very processor: nothing that its order forbids, and every place counted.

mod common;

use common::{Watch, plan, say};
use poolscope::system;
use poolscope::wire::{LitmusPlan, LitmusTest, Phase, PoolPlan, RunsTick, Verdict, WorkloadPlan};

const ROUNDS: u64 = 30;
const SLOTS: u32 = 2000;

#[test]
fn nothing_is_seen_that_this_processor_forbids() {
    for fence in [false, true] {
        for test in LitmusTest::ALL {
            let mut plan = plan(&[format!("pool = 'single'\nworkload = 'spin'\nsize = 1\ntasks = {ROUNDS}")]);
            plan.lanes[0].pool = PoolPlan::Litmus(LitmusPlan { test, fence, slots: SLOTS });
            plan.lanes[0].workload = WorkloadPlan::Run;
            let mut run = Watch::start(plan);
            run.until("an account", |ledger| ledger.lanes()[0].runs.is_some());
            let told = run.lane(1).runs.clone().expect("an account");
            if let Some(why) = &told.unavailable {
                let cores = system::machine().core_ids.len();
                assert!(cores < test.threads() as usize && why.starts_with("n/a: "), "{cores} cores: {why}");
                say(&format!("left out: {why}"));
                assert_eq!(run.finish_at_once().lane(1).tasks.completed, 0);
                continue;
            }
            let ended = run.end();
            let (lane, told): (_, &RunsTick) = (ended.lane(1), ended.lane(1).runs.as_deref().expect("an account"));
            assert_eq!((lane.phase, lane.tasks.completed, lane.tasks.failed), (Phase::Done, ROUNDS, 0), "{told:?}");
            let counted: u64 = told.endings.iter().map(|ending| ending.count).sum();
            assert_eq!((counted, told.others), (ROUNDS * u64::from(SLOTS), 0), "{told:?}");
            assert!(told.interpreter.is_some(), "it is said what this processor can show");
            assert!(told.endings.iter().all(|ending| ending.verdict != Verdict::Forbidden), "{told:?}");
            // Evidence, and no more: a busy machine may show none.
            let odd = told.endings.iter().filter(|ending| ending.verdict == Verdict::Interesting);
            let odd: u64 = odd.map(|ending| ending.count).sum();
            say(&format!("{}{}: {odd} of {counted} reordered", test.name(), if fence { ", fenced" } else { "" }));
        }
    }
}
