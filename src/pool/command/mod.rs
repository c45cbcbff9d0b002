//! Runs of a program of the user's own: a task is an input, and a worker runs the command on it.
//!
//! ```text
//!  inputs ─▶ dispatcher ─▶ queue ─▶ worker ─▶ the program, in a process group of its own ─▶ its end ─▶ job log ─▶ counted
//!  (read as they are needed)           └── again, where it failed and may be tried again
//! ```
//!
//! A worker is a thread that starts a program, listens to it and reaps it ([`crate::doors::runs`]). A run dies with that
//! thread, and all that it started ends with the lane: programs stay in the lane's session, which is ended as a whole, and
//! a warden waits for the lane's end in case that nobody else is left to do it.
//!
//! Where a log was asked for and cannot be written, nothing more is begun: what is done without being noted would be done
//! again.

mod account;
mod inputs;
mod log;
mod template;
mod warden;

use super::channel::{Found, SharedQueue};
use super::floor::{Floor, Item, run_item_as};
use super::threads::{free_slot, take_one, to_core};
use super::{Pool, Provided};
use crate::doors::children::{Child, Spawn, Stream};
use crate::doors::runs::{Ran, Runner, find_program};
use crate::doors::{clock, threads};
use crate::system;
use crate::telemetry::{Life, Recorder};
use crate::wire::{
    CommandPlan, Event, Exit, Inputs, JobsTick, PoolPlan, Raw, WARDEN_SUBCOMMAND, WORKERS_MAX, WorkerId,
};
use crate::workload::Task;
use account::{Account, Try};
use inputs::{Feed, Input, Next};
use log::{Done, Entry, Log};
use std::collections::HashMap;
use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use template::Template;

pub use inputs::STDIN_FD as INPUTS_FD;
pub use warden::warden_main;

/// How long programs that are asked to end may take before they are killed.
const END_PATIENCE_NS: u64 = 300_000_000;

/// Where the system gives no process, it is asked again so often, after so long.
const STARTS_MAX: u32 = 200;
const START_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// The pool.
pub(super) struct CommandPool {
    shared: Arc<Shared>,
    /// Held while the number of workers changes.
    workers: Mutex<u32>,
    /// Ends what is left of the session when the lane is gone.
    _warden: Option<Child>,
}

struct Shared {
    floor: Arc<Floor>,
    plan: CommandPlan,
    queue: SharedQueue,
    template: Template,
    /// The program's file, where it is the same for every input.
    program: Option<CString>,
    feed: Mutex<Supply>,
    log: Option<Mutex<Log>>,
    account: Account,
    processes: Mutex<Processes>,
    /// Workers that are still to leave.
    leavers: AtomicU32,
    slots: AtomicUsize,
}

/// Inputs on their way to a worker.
struct Supply {
    feed: Feed,
    /// What a job log says is done.
    done: Done,
    /// What was read and has no worker yet, by the number of its task.
    waiting: HashMap<u64, Input>,
}

#[derive(Default)]
struct Processes {
    running: Vec<u32>,
    /// Nothing is reaped any more, so that every number stays what it is.
    is_ending: bool,
}

/// Checks a command as far as that can be done without running it: its words, its program, its inputs, its log.
///
/// # Errors
/// What is wrong, in words.
pub fn check(plan: &CommandPlan) -> Result<(), String> {
    program_of(&Template::parse(plan)?)?;
    if !matches!(plan.inputs, Inputs::Stdin { .. }) {
        Feed::open(plan)?;
        if plan.again && inputs::is_empty(plan)? {
            return Err(none_in(plan));
        }
    }
    if let Some(log) = &plan.log {
        Log::open(plan, log)?;
    }
    Ok(())
}

/// That a list which begins anew after its last input has none.
fn none_in(plan: &CommandPlan) -> String {
    format!("there is no input in {}", inputs::name_of(&plan.inputs))
}

/// The file of a command's program, where it is the same for every input.
fn program_of(template: &Template) -> Result<Option<CString>, String> {
    template.program().map(find).transpose()
}

fn find(name: &[u8]) -> Result<CString, String> {
    let wrong = |why: &str| format!("no program `{}`: {why}", String::from_utf8_lossy(name));
    let found = find_program(Path::new(OsStr::from_bytes(name))).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => wrong("there is no such file in any folder of PATH"),
        _ => wrong(&error.to_string()),
    })?;
    CString::new(found.as_os_str().as_bytes()).map_err(|_| wrong("its name holds a NUL"))
}

impl CommandPool {
    pub(super) fn start(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
        let PoolPlan::Command(plan) = &floor.plan.pool else { return Err(io::Error::other("no command to run")) };
        let template = Template::parse(plan).map_err(io::Error::other)?;
        let program = program_of(&template).map_err(io::Error::other)?;
        let feed = Feed::open(plan).map_err(io::Error::other)?;
        let (log, done) = match &plan.log {
            Some(log) => {
                Log::open(plan, log).map(|(log, done)| (Some(Mutex::new(log)), done)).map_err(io::Error::other)?
            }
            None => (None, Done::default()),
        };
        let shared = Arc::new(Shared {
            queue: SharedQueue::new(floor),
            account: Account::new(floor.plan.tasks),
            plan: plan.clone(),
            template,
            program,
            feed: Mutex::new(Supply { feed, done, waiting: HashMap::new() }),
            log,
            processes: Mutex::default(),
            leavers: AtomicU32::new(0),
            slots: AtomicUsize::new(0),
            floor: Arc::clone(floor),
        });
        // There is no last one where they begin anew.
        if !plan.again {
            let counting = Arc::clone(&shared);
            // Ends with the process: whoever has many inputs need not wait until they are counted.
            threads::spawn("inputs", move || {
                if let Some(count) = inputs::count(&counting.plan.inputs) {
                    counting.account.there_are(count);
                }
            })?
            .detach();
        }
        // Without one, what a killed lane's programs had started would live on; that is no reason not to run.
        let warden = Spawn { stdin: Stream::Piped, ..Spawn::own([WARDEN_SUBCOMMAND]) }.start().ok();
        let pool = CommandPool { shared, workers: Mutex::new(0), _warden: warden };
        let made = pool.grow(floor.plan.workers)?;
        *pool.workers.lock().unwrap_or_else(PoisonError::into_inner) = made;
        Ok(Arc::new(pool))
    }

    /// Starts `count` workers, or as many as the system gives; an error only where it gives none.
    fn grow(&self, count: u32) -> io::Result<u32> {
        for made in 0..count {
            if let Err(error) = start_worker(&self.shared) {
                let (what, why) = ("threads".to_string(), error.to_string());
                self.shared.floor.events.note(Event::SpawnFailed { what, why, workers: made });
                return if made == 0 { Err(error) } else { Ok(made) };
            }
        }
        Ok(count)
    }
}

fn start_worker(shared: &Arc<Shared>) -> io::Result<()> {
    let runner = Runner::new()?;
    let id = free_slot(&shared.floor, &shared.slots);
    let block = shared.floor.arena.worker(id);
    block.set_life(Life::Starting);
    let theirs = Arc::clone(shared);
    match threads::spawn_worker(&format!("worker {id}"), move || theirs.work(id, runner)) {
        // Ends with the process, or when it is asked to leave.
        Ok(thread) => thread.detach(),
        Err(error) => {
            block.set_life(Life::Ended);
            return Err(error);
        }
    }
    Ok(())
}

impl Shared {
    fn work(&self, id: WorkerId, mut runner: Runner) {
        // No niceness: it is the user's own work, and what a thread is a program inherits.
        to_core(&self.floor.plan, id);
        let mut recorder = Recorder::new(self.floor.arena, id, self.floor.plan.telemetry);
        loop {
            match self.queue.pop(&mut recorder) {
                Found::Item(item) if self.account.is_stopped() => {
                    self.floor.left.lock().unwrap_or_else(PoisonError::into_inner).push(item);
                }
                Found::Item(item) => run_item_as(item, &self.floor, &mut recorder, |task, recorder| {
                    self.run(task, &mut runner, recorder)
                }),
                Found::Nudge => {}
            }
            if self.leavers.load(Relaxed) > 0 && take_one(&self.leavers) {
                recorder.close();
                return;
            }
        }
    }

    /// An input, until a run of it goes well or it was tried often enough: one where it went well.
    fn run(&self, task: Task, runner: &mut Runner, recorder: &mut Recorder) -> Option<u64> {
        let input = self.lock_supply().waiting.remove(&task.id)?;
        let mut tries = 1;
        loop {
            let tried = self.try_once(&input, runner, recorder);
            let is_last = tried.went_well() || tries > self.plan.retries || self.account.is_stopped();
            self.account.add(&tried);
            if is_last {
                return self.settle(&input, tries, &tried);
            }
            tries += 1;
            self.floor.books.retried.fetch_add(1, Relaxed);
        }
    }

    /// Notes what became of an input.
    fn settle(&self, input: &Input, tries: u32, tried: &Try) -> Option<u64> {
        let job = tried.job(input, tries);
        if let Some(log) = &self.log {
            let entry = Entry {
                number: input.number,
                input: Raw(input.bytes.clone()),
                exit: job.exit.clone(),
                unstarted: job.unstarted.clone(),
                tries,
                ended_ms: clock::wall_ns() / 1_000_000,
                used: job.used,
                stdout: job.stdout.clone(),
                stderr: job.stderr.clone(),
            };
            let noted = log.lock().unwrap_or_else(PoisonError::into_inner).note(&entry);
            if let Err(why) = noted {
                self.account.stop(format!("{why}; input {} is done, and not noted", input.number));
            }
        }
        self.account.settle(job, tried.went_well());
        tried.went_well().then_some(1)
    }

    fn try_once(&self, input: &Input, runner: &mut Runner, recorder: &mut Recorder) -> Try {
        if input.is_cut {
            return Try::Unstarted(format!("the input is longer than {} bytes", inputs::INPUT_BYTES_MAX));
        }
        let words: Result<Vec<CString>, _> =
            self.template.words(&input.bytes, input.number).into_iter().map(CString::new).collect();
        let Ok(words) = words else { return Try::Unstarted("the input holds a NUL, which no argument may".into()) };
        let program = match (&self.program, words.first()) {
            (Some(program), _) => program.clone(),
            (None, Some(word)) => match find(word.as_bytes()) {
                Ok(program) => program,
                Err(why) => return Try::Unstarted(why),
            },
            (None, None) => return Try::Unstarted("there is nothing to run".into()),
        };
        let own = system::thread_id();
        let tried = match self.start(&program, &words, runner, recorder) {
            // A script that names no interpreter is the shell's, as in a shell.
            Err(error) if error.raw_os_error() == Some(libc::ENOEXEC) => {
                let shell = [c"sh".to_owned(), program].into_iter().chain(words.into_iter().skip(1));
                self.start(c"/bin/sh", &shell.collect::<Vec<_>>(), runner, recorder)
            }
            tried => tried,
        };
        recorder.stands_for(own);
        match tried {
            Ok(ran) => Try::Ran(Box::new(ran)),
            Err(error) => Try::Unstarted(error.to_string()),
        }
    }

    fn start(
        &self,
        program: &std::ffi::CStr,
        words: &[CString],
        runner: &mut Runner,
        recorder: &Recorder,
    ) -> io::Result<Ran> {
        let mut left = STARTS_MAX;
        loop {
            let begun = |pid| {
                recorder.stands_for(pid);
                self.lock_processes().begun(pid);
            };
            let ran = runner.run(program, words, begun, |pid| self.lock_processes().over(pid));
            match ran {
                // The lane is ending, and this is no end of the program's own: nobody is told of it.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => loop {
                    clock::sleep(Duration::from_secs(3600));
                },
                // No more processes for now: some are about to end.
                Err(error) if error.raw_os_error() == Some(libc::EAGAIN) && left > 0 => {
                    if left == STARTS_MAX {
                        let workers = self.slots.load(Relaxed) as u32;
                        let (what, why) = ("processes".to_string(), error.to_string());
                        self.floor.events.note(Event::SpawnFailed { what, why, workers });
                    }
                    left -= 1;
                    clock::sleep(START_AGAIN_AFTER);
                }
                ran => return ran,
            }
        }
    }

    fn lock_supply(&self) -> MutexGuard<'_, Supply> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_processes(&self) -> MutexGuard<'_, Processes> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Processes {
    fn begun(&mut self, pid: u32) {
        self.running.push(pid);
        if self.is_ending {
            // It came too late to be asked.
            let _ = system::kill_group(pid, libc::SIGKILL);
        }
    }

    /// Takes out one that has ended; false where it is not to be reaped.
    fn over(&mut self, pid: u32) -> bool {
        if !self.is_ending {
            self.running.retain(|running| *running != pid);
        }
        !self.is_ending
    }

    fn tell(&self, signal: i32) {
        // One that is gone needs no telling.
        self.running.iter().for_each(|pid| drop(system::kill_group(*pid, signal)));
    }
}

impl Pool for CommandPool {
    fn submit(&self, item: Item, recorder: &mut Recorder) -> Result<(), Item> {
        self.shared.queue.push(item, recorder)
    }

    fn submit_wait(&self, item: Item, patience: Duration, recorder: &mut Recorder) -> Result<(), Item> {
        self.shared.queue.push_wait(item, patience, recorder)
    }

    fn take_oldest(&self, recorder: &mut Recorder) -> Option<Item> {
        self.shared.queue.try_pop(recorder)
    }

    fn queued(&self) -> u64 {
        let left = self.shared.floor.left.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.queue.depth() + left.iter().map(|item| u64::from(item.count)).sum::<u64>()
    }

    fn may_come_to(&self, _: WorkerId) -> u64 {
        if self.is_stopped() { 0 } else { self.queued() }
    }

    fn provide(&self, task: u64) -> Provided {
        let shared = &self.shared;
        if shared.account.is_stopped() {
            return Provided::End;
        }
        let mut supply = shared.lock_supply();
        loop {
            match supply.feed.next() {
                Ok(Next::Input(input)) if supply.done.has(input.number, &input.bytes) => shared.account.skip(),
                Ok(Next::Input(input)) => {
                    supply.waiting.insert(task, input);
                    return Provided::Task;
                }
                Ok(Next::NotYet) => return Provided::NotYet,
                Ok(Next::End) if shared.plan.again => {
                    shared.account.stop(none_in(&shared.plan));
                    return Provided::End;
                }
                Ok(Next::End) => {
                    shared.account.there_are(supply.feed.given);
                    return Provided::End;
                }
                Err(error) => {
                    shared.account.stop(format!("the inputs cannot be read: {error}"));
                    return Provided::End;
                }
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.shared.account.is_stopped()
    }

    fn drain(&self) -> Vec<Item> {
        self.shared.queue.drain(&self.shared.floor)
    }

    fn slots(&self) -> usize {
        self.shared.slots.load(Relaxed)
    }

    fn resize(&self, workers: u32) -> Result<(), String> {
        if !(1..=WORKERS_MAX).contains(&workers) {
            return Err(format!("a lane has 1 to {WORKERS_MAX} workers"));
        }
        let mut now = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if workers > *now {
            // Those who were asked to leave and have not may stay.
            while *now < workers && take_one(&self.shared.leavers) {
                *now += 1;
            }
            *now += self.grow(workers - *now).map_err(|error| format!("no more threads: {error}"))?;
        } else {
            let leaving = *now - workers;
            self.shared.leavers.fetch_add(leaving, Relaxed);
            self.shared.queue.nudge(leaving as usize);
            *now = workers;
        }
        Ok(())
    }

    fn kill(&self, worker: WorkerId) -> Result<(), String> {
        let pid = self.shared.floor.arena.worker(worker).tid();
        let processes = self.shared.lock_processes();
        match processes.running.contains(&pid) {
            true => system::kill_group(pid, libc::SIGKILL).map_err(|error| error.to_string()),
            false => Err("it runs nothing right now".to_string()),
        }
    }

    fn processes(&self) -> Vec<u32> {
        self.shared.lock_processes().running.clone()
    }

    fn halt_processes(&self) {
        self.shared.lock_processes().tell(libc::SIGSTOP);
    }

    fn let_processes_go(&self) {
        self.shared.lock_processes().tell(libc::SIGCONT);
    }

    fn jobs(&self) -> Option<Box<JobsTick>> {
        Some(self.shared.account.told())
    }

    fn end(&self) {
        let groups = {
            let mut processes = self.shared.lock_processes();
            processes.is_ending = true;
            processes.tell(libc::SIGTERM);
            // What is halted would not hear of it.
            processes.tell(libc::SIGCONT);
            processes.running.clone()
        };
        let by_ns = clock::monotonic_ns() + END_PATIENCE_NS;
        while clock::monotonic_ns() < by_ns && !groups.iter().all(|pid| system::has_ended(*pid)) {
            clock::sleep(Duration::from_millis(2));
        }
        self.shared.lock_processes().tell(libc::SIGKILL);
        if let Some(log) = &self.shared.log {
            log.lock().unwrap_or_else(PoisonError::into_inner).keep();
        }
    }
}

/// Whether a run that ended so went well.
pub(super) fn went_well(exit: &Exit) -> bool {
    *exit == Exit::Code { code: 0 }
}
