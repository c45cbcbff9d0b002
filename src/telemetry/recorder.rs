//! The writing end of a worker's block.

use super::arena::{Arena, LaneClock};
use super::block::{HistogramBlock, Life, WorkerBlock, bump};
use super::flight::{FlightCode, wait_argument};
use crate::wire::{LockId, WorkerId, WorkerState};
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};
use std::sync::atomic::fence;

/// The writing end of one worker's block: one for each worker, and never two for the same block.
#[derive(Debug)]
pub struct Recorder {
    arena: Arena,
    block: &'static WorkerBlock,
    id: WorkerId,
    clock: LaneClock,
    timed: bool,
    began_ns: u64,
    /// Parts of other workers' tasks that it is in.
    helping: u32,
    /// Tasks that it ended and has not told whoever waits for ends.
    untold: u32,
}

impl Recorder {
    /// For the worker `id`. `timed` says whether times are measured, or counts only.
    pub fn new(arena: Arena, id: WorkerId, timed: bool) -> Recorder {
        Recorder::over(arena, arena.worker(id), id, timed)
    }

    /// For whoever submits tasks.
    pub fn for_caller(arena: Arena, timed: bool) -> Recorder {
        Recorder::over(arena, arena.caller(), WorkerId::CALLER, timed)
    }

    fn over(arena: Arena, block: &'static WorkerBlock, id: WorkerId, timed: bool) -> Recorder {
        let clock = arena.clock();
        let began_ns = clock.now_ns();
        block.seq.store(0, Relaxed);
        block.state.store(code(WorkerState::Idle, None), Relaxed);
        block.since_ns.store(began_ns, Relaxed);
        block.tid.store(u64::from(crate::system::thread_id()), Relaxed);
        block.set_life(Life::Alive);
        Recorder { arena, block, id, clock, timed, began_ns, helping: 0, untold: 0 }
    }

    /// Whose it is.
    pub fn id(&self) -> WorkerId {
        self.id
    }

    /// What the worker does is done by a process that it waits for: the one to be asked for times on a core.
    pub fn stands_for(&self, process: u32) {
        self.block.tid.store(u64::from(process), Relaxed);
    }

    /// The lane's blocks.
    pub fn arena(&self) -> Arena {
        self.arena
    }

    /// Now, in lane time.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// A task begins: it had been due at `due_ns`, and has the number `task`.
    #[inline]
    pub fn begin(&mut self, task: u64, due_ns: u64) {
        bump(&self.block.started, 1);
        if self.timed {
            let now_ns = self.switch(WorkerState::Running, None);
            self.began_ns = now_ns;
            self.block.wait.record(now_ns.saturating_sub(due_ns));
            self.block.flight.note(now_ns, FlightCode::Begin, task);
        } else {
            self.block.state.store(code(WorkerState::Running, None), Relaxed);
        }
    }

    /// The task ends well: it made `actual`, where the workload's reference says `reference`; `receipt` stands for its
    /// number.
    #[inline]
    pub fn end(&mut self, actual: u64, reference: u64, receipt: u64) {
        bump(&self.block.actual, actual);
        bump(&self.block.reference, reference);
        bump(&self.block.receipts, receipt);
        self.leave(FlightCode::End);
        bump(&self.block.completed, 1);
    }

    /// The task fails.
    pub fn fail(&mut self, reference: u64, receipt: u64) {
        bump(&self.block.failed_reference, reference);
        bump(&self.block.failed_receipts, receipt);
        self.leave(FlightCode::Fail);
        bump(&self.block.failed, 1);
    }

    #[inline]
    fn leave(&mut self, how: FlightCode) {
        let state = if self.helping > 0 { WorkerState::Running } else { WorkerState::Idle };
        if self.timed {
            let now_ns = self.switch(state, None);
            self.block.service.record(now_ns.saturating_sub(self.began_ns));
            self.block.flight.note(now_ns, how, 0);
        } else {
            self.block.state.store(code(state, None), Relaxed);
        }
    }

    /// The worker, without a task of its own, begins a part of another's.
    pub fn help_begins(&mut self) {
        self.helping += 1;
        self.switch(WorkerState::Running, None);
    }

    /// It has done that part.
    pub fn help_ends(&mut self) {
        self.helping = self.helping.saturating_sub(1);
        let state = if self.helping > 0 { WorkerState::Running } else { WorkerState::Idle };
        self.switch(state, None);
    }

    /// Tells whoever submits tasks, if it waits for some to end, that one more has: a load where it does not. Where it
    /// waits for many, a worker tells of several at once, so that workers do not fight for the word.
    #[inline]
    pub fn tell_ended(&mut self) {
        self.untold = self.untold.saturating_add(1);
        if self.arena.wanted().load(Relaxed) != 0 {
            self.count_down();
        }
    }

    #[cold]
    fn count_down(&mut self) {
        const TOGETHER: u32 = 16;
        let wanted = self.arena.wanted();
        let left = wanted.load(Relaxed);
        if left > 2 * TOGETHER && self.untold < TOGETHER {
            return;
        }
        let told = std::mem::take(&mut self.untold);
        let before = wanted.fetch_update(Relaxed, Relaxed, |left| (left > 0).then(|| left.saturating_sub(told)));
        if before.is_ok_and(|before| before <= told) {
            crate::system::futex_wake(wanted, 1);
        }
    }

    /// Says how many tasks of its chunk the worker has not begun.
    #[inline]
    pub fn hold(&self, tasks: u64) {
        self.block.held.store(tasks, Relaxed);
    }

    /// Whether somebody asked for the next task to panic; asks only once.
    pub fn take_crash(&self) -> bool {
        self.block.crash_next.load(Relaxed) != 0 && self.block.crash_next.swap(0, Relaxed) != 0
    }

    /// The worker blocks on I/O or sleeps for as long as `body` takes.
    pub fn blocked<T>(&mut self, body: impl FnOnce() -> T) -> T {
        let mark = |this: &Recorder, state, how| {
            if this.timed {
                let now_ns = this.switch(state, None);
                this.block.flight.note(now_ns, how, 0);
            }
        };
        mark(self, WorkerState::Blocked, FlightCode::Block);
        let result = body();
        mark(self, WorkerState::Running, FlightCode::Wake);
        result
    }

    /// The worker begins to wait for something that is no lock of the lane's. End it with [`Recorder::block_ends`].
    pub fn block_begins(&mut self) -> Stopwatch {
        let before = self.block.state();
        let began_ns = self.now_ns();
        if self.timed {
            self.switch(WorkerState::Blocked, None);
            self.block.flight.note(began_ns, FlightCode::Block, 0);
        }
        Stopwatch { began_ns, lock: LockId(0), before }
    }

    /// It waits no longer.
    pub fn block_ends(&mut self, watch: Stopwatch) {
        if self.timed {
            let now_ns = self.switch(watch.before, None);
            self.block.flight.note(now_ns, FlightCode::Wake, 0);
        }
    }

    /// The worker begins to wait for `lock`. End it with [`Recorder::wait_ends`].
    pub fn wait_begins(&mut self, lock: LockId) -> Stopwatch {
        let before = self.block.state();
        let block = self.arena.lock(lock);
        // Whoever has it now: by the time that this is read it may have been handed on, which is what makes it news.
        let owner = block.owner.load(Relaxed);
        block.wait_begins();
        let began_ns = self.switch(WorkerState::Lock, Some(lock));
        self.block.flight.note(began_ns, FlightCode::Wait, wait_argument(lock, owner));
        Stopwatch { began_ns, lock, before }
    }

    /// The wait is over: returns how long it took.
    pub fn wait_ends(&mut self, watch: Stopwatch) -> u64 {
        let now_ns = self.switch(watch.before, None);
        self.arena.lock(watch.lock).wait_ends();
        self.block.flight.note(now_ns, FlightCode::Acquire, u64::from(watch.lock.0));
        now_ns.saturating_sub(watch.began_ns)
    }

    /// Passes the gate: at once where it is open; else the worker is paused until it opens.
    #[inline]
    pub fn pass_gate(&mut self) {
        if !self.arena.is_open() {
            self.pause();
        }
    }

    #[cold]
    fn pause(&mut self) {
        // A worker that has seen the gate open, and is taken off its core before it says that it goes on, still reads as
        // paused. So it looks at the gate again once it has said so: either it sees that the gate was closed meanwhile, or
        // whoever closed it sees that it goes on.
        loop {
            let now_ns = self.switch(WorkerState::Paused, None);
            self.block.flight.note(now_ns, FlightCode::Pause, 0);
            while !self.arena.is_open() {
                crate::system::futex_wait(self.arena.gate(), 1, None);
            }
            let now_ns = self.switch(WorkerState::Idle, None);
            self.block.flight.note(now_ns, FlightCode::Resume, 0);
            // SeqCst: pairs with the stores in Arena::close, after which the lane reads the states, and in Arena::open: what
            // was decided while the gate was closed is seen.
            fence(SeqCst);
            if self.arena.is_open() {
                return;
            }
        }
    }

    /// The worker ends.
    pub fn close(self) {
        self.switch(WorkerState::Dead, None);
        self.block.set_life(Life::Ended);
    }

    /// Changes state, and returns when.
    #[inline]
    fn switch(&self, state: WorkerState, lock: Option<LockId>) -> u64 {
        let block = self.block;
        let now_ns = self.now_ns();
        let seq = block.seq.load(Relaxed);
        block.seq.store(seq + 1, Relaxed);
        // Release, both: pair with the acquiring reads in Sampler::sample; state, since and times belong together.
        fence(Release);
        let before = block.state.load(Relaxed) as usize & 0xff;
        if let Some(spent) = block.state_ns.get(before) {
            bump(spent, now_ns.saturating_sub(block.since_ns.load(Relaxed)));
        }
        block.since_ns.store(now_ns, Relaxed);
        block.state.store(code(state, lock), Relaxed);
        block.seq.store(seq + 2, Release);
        now_ns
    }
}

/// A wait that has begun.
#[derive(Debug)]
#[must_use = "a wait that began must end"]
pub struct Stopwatch {
    began_ns: u64,
    lock: LockId,
    before: WorkerState,
}

#[inline]
fn code(state: WorkerState, lock: Option<LockId>) -> u64 {
    state as u64 | lock.map_or(0, |lock| (u64::from(lock.0) + 1) << 8)
}

/// What measuring one task costs here: the mean of `rounds` empty tasks with times, less the same without. The least of
/// three tries: a core that does something else in between makes a try dearer, never cheaper.
pub fn measure_cost(arena: Arena, rounds: u32) -> f64 {
    // The last slot belongs to nobody while a lane starts.
    let id = WorkerId(super::SLOTS_MAX as u32 - 1);
    let time = |timed| {
        let mut recorder = Recorder::new(arena, id, timed);
        let began_ns = recorder.now_ns();
        for task in 0..u64::from(rounds) {
            recorder.begin(std::hint::black_box(task), began_ns);
            recorder.end(task, task, task);
        }
        recorder.now_ns().saturating_sub(began_ns) as f64 / f64::from(rounds.max(1))
    };
    let cost_ns = (0..3).map(|_| (time(true) - time(false)).max(0.0)).fold(f64::INFINITY, f64::min);
    arena.worker(id).clear();
    cost_ns
}

impl WorkerBlock {
    /// Makes the block as if nobody had ever written it. Only while nobody writes it.
    fn clear(&self) {
        let histograms: [&HistogramBlock; 2] = [&self.wait, &self.service];
        for histogram in histograms {
            histogram.sum.store(0, Relaxed);
            histogram.max.store(0, Relaxed);
            histogram.counts.iter().for_each(|count| count.store(0, Relaxed));
        }
        for counter in [
            &self.seq,
            &self.state,
            &self.since_ns,
            &self.started,
            &self.completed,
            &self.failed,
            &self.actual,
            &self.reference,
            &self.receipts,
            &self.failed_reference,
            &self.failed_receipts,
            &self.held,
            &self.tid,
        ] {
            counter.store(0, Relaxed);
        }
        self.state_ns.iter().for_each(|spent| spent.store(0, Relaxed));
        self.set_life(Life::Free);
    }
}
