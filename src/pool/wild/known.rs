//! What is known of a program before its first run.

use crate::program::code::{Base, Constant, Instruction};
use crate::program::library::Builtin;
use crate::program::operation::Variable;
use crate::program::{self, Problem, Program};
use crate::wire::{LockId, MemoryModel, ProgramPlan, Waking};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of a program before its first run.
pub(super) struct Known {
    pub(super) program: Arc<Program>,
    pub(super) memory: MemoryModel,
    /// The lane's locks: which objects of main's they are, and where the lane shows them.
    pub(super) locks: BTreeMap<u32, LockId>,
    /// Of each global, whether functions assign it: threads share it, and not only to find what it names.
    pub(super) hot_globals: Vec<bool>,
    /// Of each name, whether an attribute of that name is assigned outside of `__init__`.
    pub(super) hot_names: Vec<bool>,
    /// Nothing but `with` gives a lock back: only its holder does.
    pub(super) only_holders_release: bool,
    /// Some line of it is marked `# progress`.
    pub(super) has_marks: bool,
    /// How many messages a pipe or a queue between processes holds.
    pub(super) pipe_capacity: Option<i64>,
    /// Who sleeps on a condition may wake unasked.
    pub(super) spurious: bool,
    /// A notify wakes whoever has slept longest.
    pub(super) longest_first: bool,
    /// It may start processes.
    pub(super) has_processes: bool,
}

impl Known {
    /// What is known of a program whose locks are these.
    ///
    /// # Errors
    /// Where the text is none.
    pub(super) fn new(plan: &ProgramPlan, locks: BTreeMap<u32, LockId>) -> Result<Known, Vec<Problem>> {
        let program = Arc::new(program::compile(&plan.program, &plan.text)?);
        Ok(Known {
            memory: plan.memory,
            locks,
            hot_globals: hot_globals(&program),
            hot_names: hot_names(&program),
            pipe_capacity: plan.pipe_capacity.map(i64::from),
            spurious: plan.spurious,
            longest_first: plan.notify == Waking::Fifo,
            only_holders_release: !program.names.iter().any(|name| name == "release"),
            has_marks: program.statements.iter().any(|statement| statement.progress),
            has_processes: has_processes(&program),
            program,
        })
    }

    /// How many variables a process has.
    pub(super) fn variables(&self) -> usize {
        self.program.globals.len() + self.program.classes.len() * self.program.names.len()
    }

    /// Which of a process's variables it is.
    pub(super) fn variable(&self, variable: Variable) -> usize {
        match variable {
            Variable::Global(global) => global.index(),
            Variable::Class(class, name) => {
                self.program.globals.len() + class.index() * self.program.names.len() + name.index()
            }
        }
    }
}

/// Whether a program may start processes: somewhere it has the word for one, or for a pool of them.
fn has_processes(program: &Program) -> bool {
    let words = [Builtin::Process, Builtin::ProcessPool, Builtin::ProcessPoolExecutor];
    let is_word = |constant: &Constant| matches!(constant, Constant::Builtin(builtin) if words.contains(builtin));
    let is_name = |name: &String| words.iter().any(|builtin| builtin.name() == name);
    program.constants.iter().any(is_word)
        || program.names.iter().any(is_name)
        || program.classes.iter().any(|class| matches!(class.base, Base::Process))
}

/// Of each global, whether a function assigns it: it changes while threads run.
fn hot_globals(program: &Program) -> Vec<bool> {
    let mut hot = vec![false; program.globals.len()];
    for instruction in program.functions.iter().skip(1).flat_map(|function| &function.code) {
        if let Instruction::StoreGlobal(global) | Instruction::DeleteGlobal(global) = instruction {
            hot[global.index()] = true;
        }
    }
    hot
}

/// Of each name, whether an attribute of that name is assigned anywhere but in an `__init__`.
fn hot_names(program: &Program) -> Vec<bool> {
    let mut hot = vec![false; program.names.len()];
    let functions = program.functions.iter().filter(|function| function.name != "__init__" && !function.internal);
    for instruction in functions.flat_map(|function| &function.code) {
        if let Instruction::StoreAttribute(name) | Instruction::DeleteAttribute(name) = instruction {
            hot[name.index()] = true;
        }
    }
    hot
}
