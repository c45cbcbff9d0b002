//! The threads of a small program on threads of the system, and its processes as processes, without any global lock: the
//! program as it runs wild.
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
//! ([`blocking`]). A process of the program is a process of the system ([`host`]), with a world of its own; what it begins
//! with crosses as bytes ([`parcel`]), and what is made to be shared lies in shared memory ([`common`]).
//!
//! An exception that nobody catches ends the run, as in the explorer; a run in which nobody can move is found by the
//! monitor, left standing to be looked at, and ended; one that gets nowhere is ended as well.

mod blocking;
mod common;
mod crew;
mod ending;
mod host;
mod known;
mod meter;
mod monitor;
mod objects;
mod operate;
mod parcel;
mod runner;
mod seat;
mod shelf;
mod window;
mod word;
mod world;

pub use host::host_main;

use super::Pool;
use super::channel::{Found, SharedQueue};
use super::floor::{Floor, Item, run_item_as};
use super::tally::Tally;
use super::threads::settle_in;
use crate::doors::children::Child;
use crate::doors::{clock, threads};
use crate::program::rules::THREADS_MAX;
use crate::program::thread::Thread;
use crate::program::{self, Problem};
use crate::system;
use crate::telemetry::{Arena, LOCKS_MAX, Life, Recorder, SLOTS_MAX};
use crate::wire::{
    Ending, EndingKind, Exit, LockId, LockKind, LockName, PoolPlan, ProgramPlan, RunsTick, Standstill, Verdict,
    WorkerId,
};
use crate::workload::Task;
use common::Common;
use crew::{Crew, Hands, await_none};
use host::Hosts;
use known::Known;
use meter::Stalls;
use objects::SyncBody;
use runner::{Job, Runner, Starts};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use window::{Dice, Window};
use world::{Made, World};

/// The block of whoever looks at a program before its first run, out of every worker's way.
const TRIAL: WorkerId = WorkerId(SLOTS_MAX as u32 - 5);

/// The most operations that main may do before it starts a thread for its locks to be found.
const TRIAL_OPERATIONS: u32 = 200_000;

/// How long a run waits for its processes before it asks again whether they are still there.
const HOSTS_PATIENCE: Duration = Duration::from_millis(20);

/// How long they may take to stop when it is over: somebody may have stopped one from outside.
const HOSTS_END_PATIENCE_NS: u64 = 10_000_000_000;

/// The pool.
pub(super) struct WildPool {
    shared: Arc<Shared>,
}

/// What the pool's threads share.
struct Shared {
    floor: Arc<Floor>,
    queue: SharedQueue,
    plan: ProgramPlan,
    crew: Arc<Crew>,
    /// What starts processes, where the program has any.
    hosts: Option<Hosts>,
    /// Processes that there are, by the thread that they begin with. Whoever sees to them holds this, and never waits for
    /// what a process may hold.
    living: Mutex<BTreeMap<usize, Child>>,
    /// The run that goes on. Whoever looks at it from outside holds this meanwhile, so that it stays the same.
    current: Mutex<Option<Arc<World>>>,
    tally: Tally,
    /// The worst stalls of all runs.
    stalls: Mutex<Stalls>,
    /// A run was left standing before.
    stood: AtomicBool,
    /// The lane is ending.
    winds_up: AtomicBool,
    /// Its processes have been ended.
    has_ended: AtomicBool,
    /// How the run that goes on has ended, where it has lost a process: nothing else of it counts.
    lost: Mutex<Option<Ending>>,
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
    let known = Arc::new(Known::new(plan, BTreeMap::new()).map_err(in_words)?);
    let common = Arc::new(Common::make()?.0);
    common.begin_run(0);
    let world = Arc::new(World::new(&known, &common, (0, 0), 0));
    let mut recorder = Recorder::new(arena, TRIAL, false);
    let mut runner = Runner {
        trial_left: Some(TRIAL_OPERATIONS),
        ..Runner::new(&world, 0, &mut recorder, &Nobody, Made::default(), Dice::new(0), Window::none())
    };
    // It fails for no name of this length.
    let _ = world.name_module("__main__", &mut runner.made);
    runner.run(Thread::main(world.program(), true), None);
    let chosen_by_chance = runner.chose;
    let objects = runner.made.objects();
    recorder.close();
    let mut names = Vec::new();
    let mut locks = BTreeMap::new();
    // The numbers of main's own objects begin at 0.
    for id in (0..objects).chain(world.common_objects()) {
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
    drop(world);
    let known = Arc::into_inner(known).ok_or_else(|| io::Error::other("a trial that is still going on"))?;
    Ok((Known { locks, ..known }, names))
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
        let (common, memory) = Common::make()?;
        let hosts = match known.has_processes {
            true => Some(Hosts::new(&floor.plan, &known, memory)?),
            false => None,
        };
        // Which threads are the lane's own is not known where there are processes.
        let first = if known.has_processes { 1 } else { (floor.plan.workers as usize).clamp(1, THREADS_MAX) };
        let shared = Arc::new(Shared {
            queue: SharedQueue::new(floor),
            plan: plan.clone(),
            crew: Arc::new(Crew::new(floor.plan.clone(), floor.arena, known, common)),
            hosts,
            living: Mutex::default(),
            current: Mutex::default(),
            tally: Tally::default(),
            stalls: Mutex::default(),
            stood: AtomicBool::new(false),
            winds_up: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            lost: Mutex::default(),
            floor: Arc::clone(floor),
        });
        let main = Arc::clone(&shared);
        shared.crew.engage(0, move |id| main.run_all(id))?;
        for thread in 1..first {
            shared.crew.hire(thread)?;
        }
        let watched = Arc::clone(&shared);
        threads::spawn("monitor", move || monitor::watch(&watched))?.detach();
        if shared.hosts.is_some() {
            // Not the monitor: that one may have to wait for what a process held when it was lost. Its processes end with it.
            let seen_to = Arc::clone(&shared);
            threads::spawn("hosts", move || seen_to.keep_hosts())?.detach();
        }
        Ok(Arc::new(WildPool { shared }))
    }
}

impl Shared {
    /// What worker 0 does.
    fn run_all(self: &Arc<Self>, id: WorkerId) {
        settle_in(&self.floor.plan, id);
        let mut recorder = self.crew.recorder(id);
        loop {
            if let Found::Item(item) = self.queue.pop(&mut recorder) {
                run_item_as(item, &self.floor, &mut recorder, |task, recorder| self.run(task, recorder));
            }
        }
    }

    /// One run: what it made, or nothing where it failed.
    fn run(self: &Arc<Self>, task: Task, recorder: &mut Recorder) -> Option<u64> {
        let began_ns = recorder.now_ns();
        let (crew, common) = (&self.crew, &self.crew.common);
        let world = self.begin_run(task.id, began_ns);
        self.tally.began_at(began_ns);
        let hands = Hands(Arc::clone(crew));
        let dice = crew.dice(world.run, 0);
        let mut runner = Runner::new(&world, 0, recorder, &hands, Made::default(), dice, crew.window());
        // It fails for no name of this length.
        let _ = world.name_module("__main__", &mut runner.made);
        runner.run(Thread::main(world.program(), true), None);
        let blocked = recorder.block_begins();
        // Main's end waits for all that are no daemons; then everybody has stopped, or is about to.
        while !world.is_over() {
            system::futex_wait(common.over(), 0, None);
        }
        await_none(&world.busy);
        let over_ns = recorder.now_ns();
        while common.hosted().load(SeqCst) > 0 && !common.is_lost() {
            let hosted = common.hosted().load(SeqCst);
            system::futex_wait(common.hosted(), hosted, Some(HOSTS_PATIENCE));
            if recorder.now_ns().saturating_sub(over_ns) > HOSTS_END_PATIENCE_NS {
                self.lose(&mut self.lock_living(), 0, "a process of it did not stop when it was over".to_string());
            }
        }
        recorder.block_ends(blocked);
        *self.lock_current() = None;
        // Locks that were held when everybody stopped: the next run has new ones.
        for lock in crew.known.locks.values() {
            self.floor.arena.lock(*lock).nobody_has_it();
        }
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ending = match lost {
            Some(ending) => ending,
            None => {
                self.note_stalls(&world);
                ending::ending(&world)
            }
        };
        let verdict = match world.was_cut_off.load(SeqCst) {
            // Nobody let it come to an end.
            true => Verdict::Interesting,
            false => self.plan.verdict(&ending),
        };
        self.count(ending, verdict, began_ns, recorder.now_ns())
    }

    /// Begins a run, while nobody looks at the one before.
    fn begin_run(&self, run: u64, began_ns: u64) -> Arc<World> {
        let common = &self.crew.common;
        let mut current = self.lock_current();
        let _living = self.lock_living();
        common.begin_run(run);
        // A process may have been lost just when the run before had ended without it.
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let world = Arc::new(World::new(&self.crew.known, common, (run, began_ns), 0));
        common.seats()[0].take();
        *current = Some(Arc::clone(&world));
        world
    }

    fn lock_current(&self) -> MutexGuard<'_, Option<Arc<World>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_living(&self) -> MutexGuard<'_, BTreeMap<usize, Child>> {
        self.living.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to processes for as long as the lane lives.
    fn keep_hosts(&self) {
        let Some(hosts) = &self.hosts else { return };
        loop {
            clock::sleep(monitor::LOOK_EVERY);
            self.see_to_hosts(hosts);
        }
    }

    /// Starts the processes that a run waits for, and notices those that are gone: where the run had to do with one, it is
    /// over, and so are all others, which may wait for what that one held.
    fn see_to_hosts(&self, hosts: &Hosts) {
        let common = &self.crew.common;
        let mut living = self.lock_living();
        if self.has_ended.load(SeqCst) {
            return;
        }
        let mut lost = None;
        for number in common.missing_hosts() {
            match hosts.start(&self.floor, number) {
                Ok(child) => {
                    common.note_host(number, true);
                    living.insert(number, child);
                }
                Err(error) => {
                    common.note_host(number, false);
                    lost = Some((number, format!("the system gives no process: {error}")));
                }
            }
        }
        let gone = |(number, child): (&usize, &mut Child)| Some((*number, child.try_wait()?));
        let gone: Vec<_> = living.iter_mut().filter_map(gone).collect();
        for (number, exit) in gone {
            living.remove(&number);
            self.note_end(number);
            if common.hosted().load(SeqCst) > 0 && number < common.started() && common.row(number).home().0 == number {
                let how = match exit {
                    Exit::Signal { signal } => format!("signal {signal}"),
                    Exit::Code { code } => format!("exit code {code}"),
                    Exit::Unknown => "nobody can tell how".to_string(),
                };
                lost = Some((number, format!("its process was ended from outside: {how}")));
            }
        }
        if let Some((number, message)) = lost.filter(|_| common.hosted().load(SeqCst) > 0) {
            self.lose(&mut living, number, message);
        }
    }

    /// Ends the run that goes on, and all its processes: one of them is lost.
    fn lose(&self, living: &mut BTreeMap<usize, Child>, thread: usize, message: String) {
        let (thread, common) = (Some(thread as u32), &self.crew.common);
        let ending = Ending { kind: EndingKind::Unended, thread, message: Some(message), ..Ending::default() };
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
        // Each is killed and reaped.
        std::mem::take(living).into_keys().for_each(|number| self.note_end(number));
        // Their threads too.
        for thread in (1..common.started()).filter(|thread| common.row(*thread).home().0 != 0) {
            self.floor.arena.worker(WorkerId(thread as u32)).set_life(Life::Ended);
        }
        common.lose();
        common.stop();
    }

    /// There is no process of that number any more.
    fn note_end(&self, number: usize) {
        self.crew.common.note_host(number, false);
        self.floor.arena.worker(WorkerId(number as u32)).set_life(Life::Ended);
    }

    /// Counts an ending: 1, or nothing where it is forbidden.
    fn count(&self, ending: Ending, verdict: Verdict, began_ns: u64, now_ns: u64) -> Option<u64> {
        self.tally.stands(None);
        self.tally.count(ending, verdict, (began_ns, now_ns));
        (verdict != Verdict::Forbidden).then_some(1)
    }

    fn note_stalls(&self, world: &World) {
        if world.known.has_marks {
            let mut stalls = self.stalls.lock().unwrap_or_else(PoisonError::into_inner);
            world.with_stalls(|seen| stalls.join(seen));
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
        self.shared.crew.common.workers()
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

    fn processes(&self) -> Vec<u32> {
        self.shared.lock_living().values().map(Child::pid).collect()
    }

    fn end(&self) {
        let mut living = self.shared.lock_living();
        self.shared.has_ended.store(true, SeqCst);
        living.clear();
    }
}
