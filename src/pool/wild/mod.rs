//! The threads of a small program on threads of the system, without any global lock: the program as it runs wild.
//!
//! ```text
//!  dispatcher ─▶ queue ─▶ worker 0: one run after the other ──────▶ ending ─▶ counted
//!                           │ main            start ▼                 ▲
//!                           └──── World ────▶ worker i: thread i ─────┘
//!                                   ▲ looks: who waits for whom
//!                                 monitor
//! ```
//!
//! A task is a run: the program from a fresh state to its end. Worker 0 runs its main thread, worker `i` the thread that
//! was started as the `i`th; workers are there for all runs. Each runs the same step code as the explorer
//! ([`crate::program::thread`]) and carries its operations out on real memory ([`world`], [`operate`]), with real waiting
//! ([`blocking`]). A process of the program is a thread here whose variables are its own.
//!
//! An exception that nobody catches ends the run, as in the explorer; a run in which nobody can move is found by the
//! monitor, left standing to be looked at, and ended; one that gets nowhere is ended as well.

mod blocking;
mod ending;
mod meter;
mod monitor;
mod operate;
mod runner;
mod seat;
mod shelf;
mod window;
mod word;
mod world;

use super::Pool;
use super::channel::{Found, SharedQueue};
use super::floor::{Floor, Item, run_item_as};
use super::tally::Tally;
use super::threads::settle_in;
use crate::doors::threads;
use crate::program::code::{Instruction, Program};
use crate::program::rules::THREADS_MAX;
use crate::program::thread::Thread;
use crate::program::{self, Problem};
use crate::system;
use crate::telemetry::{Arena, LOCKS_MAX, Life, Recorder, SLOTS_MAX};
use crate::wire::{
    Ending, LockId, LockKind, LockName, PoolPlan, ProgramPlan, RunsTick, Standstill, Verdict, Waking, WorkerId,
};
use crate::workload::Task;
use meter::Stalls;
use runner::{Job, Runner, Starts};
use seat::Seat;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use window::{Dice, Window};
use world::{Known, SyncBody, World};

/// The block of whoever looks at a program before its first run, out of every worker's way.
const TRIAL: WorkerId = WorkerId(SLOTS_MAX as u32 - 5);

/// The most operations that main may do before it starts a thread for its locks to be found.
const TRIAL_OPERATIONS: u32 = 200_000;

/// The pool.
pub(super) struct WildPool {
    shared: Arc<Shared>,
}

/// What the pool's threads share.
struct Shared {
    floor: Arc<Floor>,
    queue: SharedQueue,
    plan: ProgramPlan,
    known: Arc<Known>,
    seats: Arc<[Seat]>,
    desks: Vec<Desk>,
    /// Workers that there are.
    workers: Mutex<usize>,
    slots: AtomicUsize,
    /// The run that goes on.
    current: Mutex<Option<Arc<World>>>,
    tally: Tally,
    /// The worst stalls of all runs.
    stalls: Mutex<Stalls>,
    /// A run was left standing before.
    stood: AtomicBool,
    /// The lane is ending.
    winds_up: AtomicBool,
}

/// Where a worker finds what it is to run.
#[derive(Default)]
struct Desk {
    job: Mutex<Option<Job>>,
    /// 1: there is something. The futex that the worker sleeps on.
    bell: AtomicU32,
}

/// Which of a lane's runs in which nobody can move it is.
enum Standing {
    First,
    Later,
}

/// The lane's locks: those that the program has made by the time that it starts its first thread, by the names that the
/// program has for them.
///
/// # Errors
/// Where the text is no program.
pub(super) fn lock_names(plan: &ProgramPlan, arena: Arena) -> io::Result<Vec<LockName>> {
    Ok(look_at(plan, arena)?.1)
}

fn look_at(plan: &ProgramPlan, arena: Arena) -> io::Result<(Known, Vec<LockName>)> {
    let in_words = |problems: Vec<Problem>| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            problems.iter().map(|problem| format!("{problem}\n")).collect::<String>(),
        )
    };
    let program = Arc::new(program::compile(&plan.program, &plan.text).map_err(in_words)?);
    let known = Known {
        memory: plan.memory,
        locks: BTreeMap::new(),
        hot_globals: hot_globals(&program),
        hot_names: hot_names(&program),
        pipe_capacity: plan.pipe_capacity.map(i64::from),
        spurious: plan.spurious,
        longest_first: plan.notify == Waking::Fifo,
        only_holders_release: !program.names.iter().any(|name| name == "release"),
        has_marks: program.statements.iter().any(|statement| statement.progress),
        program,
    };
    let seats: Arc<[Seat]> = (0..THREADS_MAX).map(|_| Seat::default()).collect();
    let (world, made) = World::new(Arc::new(known), 0, 0, Arc::clone(&seats));
    let world = Arc::new(world);
    let mut recorder = Recorder::new(arena, TRIAL, false);
    let mut runner = Runner {
        trial_left: Some(TRIAL_OPERATIONS),
        ..Runner::new(&world, &seats[0], 0, &mut recorder, &Nobody, made, Dice::new(0), Window::none())
    };
    runner.run(Thread::main(world.program(), true), None);
    let chosen_by_chance = runner.chose;
    let count = runner.made.objects();
    recorder.close();
    let mut names = Vec::new();
    let mut locks = BTreeMap::new();
    for id in 0..count {
        let Some(at) = world.sync(id).filter(|_| !chosen_by_chance && names.len() < LOCKS_MAX) else { continue };
        let kind = match &at.state().body {
            SyncBody::Lock { .. } => program::value::ObjectKind::Lock,
            SyncBody::RLock { .. } => program::value::ObjectKind::RLock,
            SyncBody::Semaphore { .. } => program::value::ObjectKind::Semaphore,
            _ => continue,
        };
        let lock = if kind == program::value::ObjectKind::Semaphore { LockKind::Semaphore } else { LockKind::Futex };
        locks.insert(id, LockId(names.len() as u16));
        names.push(LockName { name: ending::name_of(&world, program::value::Reference { kind, id }), lock });
    }
    Ok((Known { locks, ..world.known.again() }, names))
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

/// Starts nothing.
struct Nobody;

impl Starts for Nobody {
    fn start(&self, _: usize, _: Job) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl WildPool {
    pub(super) fn start(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
        let PoolPlan::Program(plan) = &floor.plan.pool else { return Err(io::Error::other("no program to run")) };
        let (known, _) = look_at(plan, floor.arena)?;
        let shared = Arc::new(Shared {
            queue: SharedQueue::new(floor),
            plan: plan.clone(),
            known: Arc::new(known),
            seats: (0..THREADS_MAX).map(|_| Seat::default()).collect(),
            desks: (0..THREADS_MAX).map(|_| Desk::default()).collect(),
            workers: Mutex::new(0),
            slots: AtomicUsize::new(0),
            current: Mutex::default(),
            tally: Tally::default(),
            stalls: Mutex::default(),
            stood: AtomicBool::new(false),
            winds_up: AtomicBool::new(false),
            floor: Arc::clone(floor),
        });
        let first = (floor.plan.workers as usize).clamp(1, THREADS_MAX);
        for thread in 0..first {
            shared.hire(thread)?;
        }
        let watched = Arc::clone(&shared);
        threads::spawn("monitor", move || monitor::watch(&watched))?.detach();
        Ok(Arc::new(WildPool { shared }))
    }
}

/// What a worker has for threads to be started by.
struct Hands(Arc<Shared>);

impl Starts for Hands {
    fn start(&self, thread: usize, job: Job) -> io::Result<()> {
        self.0.hire(thread)?;
        let desk = &self.0.desks[thread];
        *desk.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        desk.bell.store(1, SeqCst);
        system::futex_wake(&desk.bell, 1);
        Ok(())
    }
}

impl Shared {
    /// Sees to it that there is a worker of that number.
    fn hire(self: &Arc<Self>, thread: usize) -> io::Result<()> {
        if thread < self.slots.load(SeqCst) {
            return Ok(());
        }
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        while *workers <= thread {
            let id = WorkerId(*workers as u32);
            let block = self.floor.arena.worker(id);
            block.set_life(Life::Starting);
            let theirs = Arc::clone(self);
            let started = threads::spawn_worker(&format!("thread {}", id.0), move || match id.0 {
                0 => theirs.run_all(id),
                _ => theirs.run_jobs(id),
            });
            match started {
                // Ends with the process.
                Ok(thread) => thread.detach(),
                Err(error) => {
                    block.set_life(Life::Ended);
                    return Err(error);
                }
            }
            *workers += 1;
            self.slots.store(*workers, SeqCst);
        }
        Ok(())
    }

    /// What worker 0 does.
    fn run_all(self: &Arc<Self>, id: WorkerId) {
        settle_in(&self.floor.plan, id);
        let mut recorder = Recorder::new(self.floor.arena, id, self.floor.plan.telemetry);
        loop {
            if let Found::Item(item) = self.queue.pop(&mut recorder) {
                run_item_as(item, &self.floor, &mut recorder, |task, recorder| self.run(task, recorder));
            }
        }
    }

    /// What the others do.
    fn run_jobs(self: &Arc<Self>, id: WorkerId) {
        settle_in(&self.floor.plan, id);
        let mut recorder = Recorder::new(self.floor.arena, id, self.floor.plan.telemetry);
        let me = id.0 as usize;
        let (desk, hands) = (&self.desks[me], Hands(Arc::clone(self)));
        loop {
            while desk.bell.load(SeqCst) == 0 {
                system::futex_wait(&desk.bell, 0, None);
            }
            desk.bell.store(0, SeqCst);
            let Some(job) = desk.job.lock().unwrap_or_else(PoisonError::into_inner).take() else { continue };
            recorder.help_begins();
            let world = job.world;
            let dice = Dice::new(self.floor.plan.seed ^ world.run.rotate_left(8) ^ me as u64);
            let mut runner = Runner {
                space: job.space,
                daemon: world.rows[me].daemon.load(SeqCst),
                ..Runner::new(
                    &world,
                    &self.seats[me],
                    me,
                    &mut recorder,
                    &hands,
                    Default::default(),
                    dice,
                    self.window(),
                )
            };
            if let Some(volley) = job.volley {
                runner.line_up(volley);
            }
            // Copied: what its starter made for it lies beside what it made for others, in lines that all of them would write to.
            runner.run(job.thread.clone(), job.pause);
            recorder.help_ends();
            if world.busy.fetch_sub(1, SeqCst) == 1 {
                system::futex_wake(&world.busy, 1);
            }
        }
    }

    fn window(&self) -> Window {
        Window::new(self.plan.window)
    }

    /// One run: what it made, or nothing where it failed.
    fn run(self: &Arc<Self>, task: Task, recorder: &mut Recorder) -> Option<u64> {
        let began_ns = recorder.now_ns();
        let (world, made) = World::new(Arc::clone(&self.known), task.id, began_ns, Arc::clone(&self.seats));
        let world = Arc::new(world);
        self.seats[0].take();
        self.tally.began_at(began_ns);
        self.lock_current(Some(Arc::clone(&world)));
        let hands = Hands(Arc::clone(self));
        let dice = Dice::new(self.floor.plan.seed ^ world.run.rotate_left(8));
        Runner::new(&world, &self.seats[0], 0, recorder, &hands, made, dice, self.window())
            .run(Thread::main(world.program(), true), None);
        let blocked = recorder.block_begins();
        // Main's end waits for all that are no daemons; then everybody has stopped, or is about to.
        while !world.is_over() {
            system::futex_wait(&world.over, 0, None);
        }
        loop {
            match world.busy.load(SeqCst) {
                0 => break,
                busy => system::futex_wait(&world.busy, busy, None),
            }
        }
        recorder.block_ends(blocked);
        self.lock_current(None);
        // Locks that were held when everybody stopped: the next run has new ones.
        for lock in self.known.locks.values() {
            self.floor.arena.lock(*lock).releasing(None);
        }
        self.note_stalls(&world);
        let ending = ending::ending(&world);
        let verdict = match world.was_cut_off.load(SeqCst) {
            // Nobody let it come to an end.
            true => Verdict::Interesting,
            false => self.plan.verdict(&ending),
        };
        self.count(ending, verdict, began_ns, recorder.now_ns())
    }

    fn lock_current(&self, world: Option<Arc<World>>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = world;
    }

    /// Counts an ending: 1, or nothing where it is forbidden.
    fn count(&self, ending: Ending, verdict: Verdict, began_ns: u64, now_ns: u64) -> Option<u64> {
        self.tally.stands(None);
        self.tally.count(ending, verdict, (began_ns, now_ns));
        (verdict != Verdict::Forbidden).then_some(1)
    }

    fn note_stalls(&self, world: &World) {
        if self.known.has_marks {
            let mut stalls = self.stalls.lock().unwrap_or_else(PoisonError::into_inner);
            stalls.join(&world.stalls.lock().unwrap_or_else(PoisonError::into_inner));
            self.tally.stalled(stalls.told());
        }
    }

    /// Notes the time of a failure that is known before its run is over: how long it is left standing is no part of it.
    fn note_if_forbidden(&self, ending: &Ending) {
        if self.plan.verdict(ending) == Verdict::Forbidden {
            self.tally.failed_at(self.floor.now_ns());
        }
    }

    /// Tells that a run stands still; which of the lane's it is.
    fn tell(&self, standstill: Option<Standstill>) -> Standing {
        self.tally.stands(standstill);
        match self.stood.swap(true, SeqCst) {
            true => Standing::Later,
            false => Standing::First,
        }
    }
}

impl Pool for WildPool {
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
        self.shared.queue.depth()
    }

    fn may_come_to(&self, worker: WorkerId) -> u64 {
        // The others run what main starts.
        if worker.0 == 0 { self.queued() } else { 0 }
    }

    fn drain(&self) -> Vec<Item> {
        self.shared.queue.drain(&self.shared.floor)
    }

    fn slots(&self) -> usize {
        self.shared.slots.load(Relaxed)
    }

    fn resize(&self, _: u32) -> Result<(), String> {
        Err("a program starts its own threads: how many is written in its text".to_string())
    }

    fn kill(&self, _: WorkerId) -> Result<(), String> {
        Err("a thread of a program cannot be killed: it ends when its text does".to_string())
    }

    fn runs(&self) -> Option<Box<RunsTick>> {
        Some(self.shared.tally.told())
    }

    fn wind_up(&self) {
        self.shared.winds_up.store(true, Relaxed);
    }
}
