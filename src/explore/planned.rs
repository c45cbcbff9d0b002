//! A variant as its plan says: how it is explored, and how many threads it has.

use super::machine::Machine;
use super::report::{Memory, Notify, Options};
use super::search;
use super::state::State;
use crate::program::Program;
use crate::wire::{MemoryModel, ProgramPlan, Waking};

/// One schedule is followed so far and no further, to see how many threads there are.
const STEPS_MAX: usize = 100;

impl Options {
    /// How a variant of a scenario is explored.
    pub fn of_plan(plan: &ProgramPlan) -> Options {
        Options {
            memory: match plan.memory {
                MemoryModel::Sc => Memory::Sc,
                MemoryModel::Tso => Memory::Tso,
            },
            notify: match plan.notify {
                Waking::Any => Notify::Any,
                Waking::Fifo => Notify::Fifo,
            },
            spurious: plan.spurious,
            capacity: plan.pipe_capacity,
            ..Options::default()
        }
    }
}

/// How many threads (and processes) a program has, main counted, in one schedule: everybody who can takes a step in turn.
pub fn threads(program: &Program, options: &Options) -> usize {
    let Ok((shared, mut state)) = search::begun(program, options) else { return 1 };
    let mut machine = Machine::new(&shared);
    machine.settle(&mut state);
    let mut last = 0;
    for _ in 0..STEPS_MAX {
        let mut ways: Vec<(usize, State)> = Vec::new();
        search::all_successors(&mut machine, &state, |_, mover, _, next| ways.push((mover.number(), next.clone())));
        let in_turn = ways.iter().position(|(mover, _)| *mover > last).unwrap_or(0);
        if machine.problem.is_some() || ways.is_empty() {
            break;
        }
        (last, state) = ways.swap_remove(in_turn);
    }
    state.threads.len().max(1)
}
