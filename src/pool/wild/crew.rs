//! The workers of one process: each runs the thread of that number, in one run after the other.

use super::common::Common;
use super::known::Known;
use super::runner::{Job, Runner, Starts};
use super::window::{Dice, Window};
use super::world::Made;
use crate::doors::threads;
use crate::pool::threads::settle_in;
use crate::program::rules::THREADS_MAX;
use crate::system;
use crate::telemetry::{Arena, Life, Recorder};
use crate::wire::{LanePlan, ProgramPlan, WorkerId};
use std::io;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, PoisonError};

/// The workers of a process, and what they work with.
pub(super) struct Crew {
    pub(super) plan: LanePlan,
    pub(super) arena: Arena,
    pub(super) known: Arc<Known>,
    pub(super) common: Arc<Common>,
    desks: Vec<Desk>,
    hired: Mutex<[bool; THREADS_MAX]>,
    window: Window,
}

/// Where a worker finds what it is to run.
#[derive(Default)]
struct Desk {
    job: Mutex<Option<Job>>,
    /// 1: there is something. The futex that the worker sleeps on.
    bell: AtomicU32,
}

/// What a worker has for threads to be started by.
pub(super) struct Hands(pub(super) Arc<Crew>);

impl Starts for Hands {
    fn start(&self, thread: usize, job: Job) -> io::Result<()> {
        let crew = &self.0;
        crew.hire(thread)?;
        let desk = &crew.desks[thread];
        *desk.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        desk.bell.store(1, SeqCst);
        system::futex_wake(&desk.bell, 1);
        Ok(())
    }
}

impl Crew {
    pub(super) fn new(plan: LanePlan, arena: Arena, known: Known, common: Common) -> Crew {
        let window = plan.pool.program().map_or_else(Window::none, |program: &ProgramPlan| Window::new(program.window));
        Crew {
            plan,
            arena,
            known: Arc::new(known),
            common: Arc::new(common),
            desks: (0..THREADS_MAX).map(|_| Desk::default()).collect(),
            hired: Mutex::new([false; THREADS_MAX]),
            window,
        }
    }

    /// Sees to it that there is a worker of that number.
    ///
    /// # Errors
    /// Where the system gives no thread for it.
    pub(super) fn hire(self: &Arc<Self>, thread: usize) -> io::Result<()> {
        let theirs = Arc::clone(self);
        self.engage(thread, move |id| theirs.run_jobs(id))
    }

    /// The same, for work of its own.
    pub(super) fn engage(&self, thread: usize, work: impl FnOnce(WorkerId) + Send + 'static) -> io::Result<()> {
        let mut hired = self.hired.lock().unwrap_or_else(PoisonError::into_inner);
        if hired[thread] {
            return Ok(());
        }
        let id = WorkerId(thread as u32);
        let block = self.arena.worker(id);
        block.set_life(Life::Starting);
        match threads::spawn_worker(&format!("thread {}", id.0), move || work(id)) {
            // Ends with the process.
            Ok(thread) => thread.detach(),
            Err(error) => {
                block.set_life(Life::Ended);
                return Err(error);
            }
        }
        hired[thread] = true;
        self.common.note_worker(thread);
        Ok(())
    }

    pub(super) fn recorder(&self, id: WorkerId) -> Recorder {
        Recorder::new(self.arena, id, self.plan.telemetry)
    }

    /// What the worker throws in a run.
    pub(super) fn dice(&self, run: u64, thread: usize) -> Dice {
        Dice::new(self.plan.seed ^ run.rotate_left(8) ^ thread as u64)
    }

    pub(super) fn window(&self) -> Window {
        self.window
    }

    /// What a worker does.
    fn run_jobs(self: &Arc<Self>, id: WorkerId) {
        settle_in(&self.plan, id);
        let mut recorder = self.recorder(id);
        let me = id.0 as usize;
        let (desk, hands) = (&self.desks[me], Hands(Arc::clone(self)));
        loop {
            while desk.bell.load(SeqCst) == 0 {
                system::futex_wait(&desk.bell, 0, None);
            }
            desk.bell.store(0, SeqCst);
            let Some(job) = desk.job.lock().unwrap_or_else(PoisonError::into_inner).take() else { continue };
            if self.known.has_processes {
                // Meanwhile the thread of this number may have been another process's.
                recorder = self.recorder(id);
            }
            recorder.help_begins();
            let world = job.world;
            let dice = self.dice(world.run, me);
            let mut runner = Runner {
                daemon: self.common.row(me).is_daemon(),
                ..Runner::new(&world, me, &mut recorder, &hands, Made::default(), dice, self.window())
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
}

/// Waits until so many have come down to none.
pub(super) fn await_none(count: &AtomicU32) {
    loop {
        match count.load(SeqCst) {
            0 => return,
            left => system::futex_wait(count, left, None),
        }
    }
}
