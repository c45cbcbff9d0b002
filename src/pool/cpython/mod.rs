//! A small program under the real Python: each worker has an interpreter, a process of its own, and a task is a run.
//!
//! ```text
//!  dispatcher ─▶ queue ─▶ worker ─▶ its interpreter: `python3 -I -S -B -c driver` ─▶ ending ─▶ counted
//!                            └── waits so long, and no longer
//! ```
//!
//! Nothing is run that [`crate::program::compile`] has not accepted, line by line: what it accepts has no way to touch a
//! file, a process or the network. On top of that the interpreter reads neither the user's settings nor neighbouring
//! files, may write no file, has a limit on memory and time, and its driver refuses whatever Python gives notice of.
//!
//! A run that does not end in time is stopped with its interpreter, and told as one that did not end: nobody here can
//! know whether it is a deadlock. Where there is no interpreter the lane stands idle and says why.

mod find;
mod interpreter;
#[cfg(test)]
mod tests;

use super::Pool;
use super::channel::{Found, SharedQueue};
use super::floor::{Floor, Item, run_item_as};
use super::tally::Tally;
use super::threads::settle_in;
use crate::doors::threads;
use crate::program;
use crate::program::code::{Constant, Program};
use crate::system;
use crate::telemetry::{Life, Recorder};
use crate::wire::{CpythonPlan, Ending, EndingKind, Event, PoolPlan, RunsTick, Verdict, WorkerId};
use crate::workload::Task;
use interpreter::{Heard, Interpreter};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The pool.
pub(super) struct CpythonPool(Arc<Shared>);

struct Shared {
    floor: Arc<Floor>,
    queue: SharedQueue,
    plan: CpythonPlan,
    tally: Tally,
    slots: AtomicUsize,
    /// The interpreters that run.
    processes: Mutex<Vec<u32>>,
}

impl CpythonPool {
    pub(super) fn start(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
        let PoolPlan::Cpython(plan) = &floor.plan.pool else { return Err(io::Error::other("no program to run")) };
        let shared = Arc::new(Shared {
            queue: SharedQueue::new(floor),
            plan: plan.clone(),
            tally: Tally::default(),
            slots: AtomicUsize::new(0),
            processes: Mutex::default(),
            floor: Arc::clone(floor),
        });
        match may_run(plan).and_then(|()| find::python3()) {
            Err(why) => shared.tally.unavailable(format!("n/a: {why}")),
            Ok(python) => {
                for id in (0..floor.plan.workers).map(WorkerId) {
                    floor.arena.worker(id).set_life(Life::Starting);
                    let (theirs, python) = (Arc::clone(&shared), python.clone());
                    match threads::spawn_worker(&format!("worker {id}"), move || theirs.work(id, &python)) {
                        // Ends with the process.
                        Ok(thread) => thread.detach(),
                        Err(error) if id.0 == 0 => return Err(error),
                        Err(error) => {
                            floor.arena.worker(id).set_life(Life::Ended);
                            let (what, why) = ("threads".to_string(), error.to_string());
                            floor.events.note(Event::SpawnFailed { what, why, workers: id.0 });
                            break;
                        }
                    }
                    shared.slots.store(id.0 as usize + 1, Relaxed);
                }
            }
        }
        Ok(Arc::new(CpythonPool(shared)))
    }
}

/// Whether the program may be given to Python at all; what stands against it.
fn may_run(plan: &CpythonPlan) -> Result<(), String> {
    let program = program::compile(&plan.program.program, &plan.program.text).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        format!("the program is not one that may be run: {}", first.lines().next().unwrap_or_default())
    })?;
    match has_processes(&program) {
        true => Err("programs that start processes are not run under CPython".into()),
        false => Ok(()),
    }
}

fn has_processes(program: &Program) -> bool {
    let is_of_processes = |constant: &Constant| match constant {
        Constant::Builtin(builtin) => builtin.module() == "multiprocessing" || builtin.name() == "ProcessPoolExecutor",
        _ => false,
    };
    program.constants.iter().any(is_of_processes)
        || program.source.lines().any(|line| {
            let words = ["import ", "from "].iter().any(|word| line.trim_start().starts_with(word));
            words && (line.contains("multiprocessing") || line.contains("ProcessPoolExecutor"))
        })
}

impl Shared {
    fn work(&self, id: WorkerId, python: &Path) {
        settle_in(&self.floor.plan, id);
        let mut recorder = Recorder::new(self.floor.arena, id, self.floor.plan.telemetry);
        let mut desk = Desk { shared: self, python: python.to_path_buf(), interpreter: None };
        if let Err(why) = desk.interpreter(&mut recorder) {
            // No run was ever made: the lane stands idle.
            self.tally.unavailable(format!("n/a: {why}"));
            recorder.close();
            return;
        }
        loop {
            if let Found::Item(item) = self.queue.pop(&mut recorder) {
                run_item_as(item, &self.floor, &mut recorder, |task, recorder| desk.run(task, recorder));
            }
        }
    }

    fn lock_processes(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a worker has at hand.
struct Desk<'a> {
    shared: &'a Shared,
    python: PathBuf,
    interpreter: Option<Interpreter>,
}

impl Desk<'_> {
    /// The interpreter, started where there is none.
    fn interpreter(&mut self, recorder: &mut Recorder) -> Result<&mut Interpreter, String> {
        if self.interpreter.is_none() {
            let started = Interpreter::start(&self.python, &self.shared.plan, self.shared.floor.plan.nice)?;
            recorder.stands_for(started.pid());
            self.shared.lock_processes().push(started.pid());
            self.shared.tally.executed_by(started.name.clone());
            self.interpreter = Some(started);
        }
        self.interpreter.as_mut().ok_or_else(|| "it is gone".to_string())
    }

    /// Ends the interpreter, if there is one; the next run gets a new one.
    fn end(&mut self) -> Option<Interpreter> {
        let ended = self.interpreter.take()?;
        // Before its number can be given to anybody else.
        self.shared.lock_processes().retain(|pid| *pid != ended.pid());
        Some(ended)
    }

    /// One run: what it made, or nothing where it failed.
    fn run(&mut self, task: Task, recorder: &mut Recorder) -> Option<u64> {
        let began_ns = recorder.now_ns();
        let ending = self.ending(task.id, began_ns, recorder);
        let verdict = self.shared.plan.program.verdict(&ending);
        self.shared.tally.count(ending, verdict, (began_ns, recorder.now_ns()));
        (verdict != Verdict::Forbidden).then_some(1)
    }

    fn ending(&mut self, run: u64, began_ns: u64, recorder: &mut Recorder) -> Ending {
        let unended =
            |message: String| Ending { kind: EndingKind::Unended, message: Some(message), ..Ending::default() };
        let limit_ms = self.shared.plan.run_limit_ms;
        let floor = Arc::clone(&self.shared.floor);
        let interpreter = match self.interpreter(recorder) {
            Ok(interpreter) => interpreter,
            Err(why) => return unended(why),
        };
        let pid = interpreter.pid();
        // Lane time: a halt of the lane takes none of the run's. While the lane is halted, its time is not yet taken out.
        let goes_on = || {
            let is_late = floor.now_ns().saturating_sub(began_ns) >= u64::from(limit_ms) * 1_000_000;
            let is_halted = || !floor.arena.is_open() && system::process_status(pid).is_some_and(|told| told.stopped);
            !is_late || is_halted()
        };
        match interpreter.run(run, goes_on) {
            Heard::Answer(answer) => {
                if answer.last {
                    drop(self.end());
                }
                answer.ending()
            }
            Heard::Nothing => {
                drop(self.end());
                unended(format!("it was stopped after {} s", f64::from(limit_ms) / 1000.0))
            }
            Heard::End => {
                let exit = self.end().map(Interpreter::exit);
                unended(format!("the interpreter ended in the middle of it{}", exit.unwrap_or_default()))
            }
        }
    }
}

impl Pool for CpythonPool {
    fn submit(&self, item: Item, recorder: &mut Recorder) -> Result<(), Item> {
        self.0.queue.push(item, recorder)
    }

    fn submit_wait(&self, item: Item, patience: Duration, recorder: &mut Recorder) -> Result<(), Item> {
        self.0.queue.push_wait(item, patience, recorder)
    }

    fn take_oldest(&self, recorder: &mut Recorder) -> Option<Item> {
        self.0.queue.try_pop(recorder)
    }

    fn queued(&self) -> u64 {
        self.0.queue.depth()
    }

    fn may_come_to(&self, _: WorkerId) -> u64 {
        if self.0.tally.is_unavailable() { 0 } else { self.queued() }
    }

    fn drain(&self) -> Vec<Item> {
        self.0.queue.drain(&self.0.floor)
    }

    fn slots(&self) -> usize {
        self.0.slots.load(Relaxed)
    }

    fn resize(&self, _: u32) -> Result<(), String> {
        Err("each worker has an interpreter of its own, and their number stays what it was at the start".into())
    }

    fn runs(&self) -> Option<Box<RunsTick>> {
        Some(self.0.tally.told())
    }

    fn processes(&self) -> Vec<u32> {
        self.0.lock_processes().clone()
    }

    fn end(&self) {
        for pid in self.0.lock_processes().drain(..) {
            // It may have ended by itself.
            let _ = system::kill_process(pid, libc::SIGKILL);
        }
    }
}
