//! The reporter: looks at the blocks every few milliseconds, sends a frame every tick, and carries out orders.
//!
//! ```text
//!            Pause              all at rest, counts balance
//! Running ──────────▶ Pausing ──────────────────────────────▶ Paused
//!    ▲                   │ Halt                                  │
//!    │                   ▼                                       │
//!    └──── Resume ──── Halted ◀───────────── Halt ───────────────┘        Finish, from anywhere ──▶ Done
//! ```
//!
//! While the lane is paused or halted its time stands still: what was read when it came to rest is "now" until it goes
//! on, and the pause is taken out of lane time then.

use super::child::Inbox;
use super::usage::LaneUsage;
use crate::doors::clock;
use crate::pool::{Dispatcher, Floor, Pool};
use crate::system::{self, TaskTimes};
use crate::telemetry::{Life, QueueSample, Sampler};
use crate::wire::{
    Body, Event, Frame, Hello, LockId, Order, Phase, PoolPlan, QueueTick, ResultTick, Tasks, Tick, WorkerId,
    WorkerState, WorkerTick, encode_frame,
};
use crossbeam_channel::RecvTimeoutError;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

/// How often a queue's depth is sampled.
const SAMPLE_EVERY_NS: u64 = 5_000_000;

/// How often the reporter looks whether a lane that is to pause has come to rest.
const SETTLE_EVERY_NS: u64 = 500_000;

/// When the first tick comes: whoever watches a lane start need not wait for a whole one.
const FIRST_TICK_NS: u64 = 20_000_000;

/// How long a lane that is to end may take to reach a task boundary.
const FINISH_PATIENCE_NS: u64 = 1_000_000_000;

/// Memory and switches of worker processes are read from files, a few of them a process: every so many ticks.
const STATUS_EVERY_TICKS: u64 = 5;

/// In a tick so many workers are asked on which core they last ran, in turn where there are more: 2.7 µs each from a file
/// that is kept open, 6.9 µs from one that is not, which is 0.5 ms at the most.
const CORES_PER_TICK: usize = 64;

pub(super) struct Reporter {
    floor: Arc<Floor>,
    pool: Arc<dyn Pool>,
    dispatcher: Dispatcher,
    sampler: Sampler,
    locks: usize,
    start_ns: u64,
    tick_ns: u64,
    phase: Phase,
    finishing: bool,
    /// Whether it was just let go for the first time.
    began: bool,
    /// It has just been told to go on, and the viewer waits to hear that it does.
    resumed: bool,
    /// Lane time when the lane came to rest; none while it moves.
    stopped_ns: Option<u64>,
    seq: u64,
    /// The monotonic clock, and lane time, at the last tick.
    last_ns: u64,
    last_lane_ns: u64,
    /// Sampled depth, where it is not witnessed.
    depth: QueueSample,
    depth_at_ns: u64,
    listed: Vec<bool>,
    usage: LaneUsage,
    /// The slot from which on cores are asked for in the next tick.
    cores_from: usize,
}

impl Reporter {
    pub(super) fn new(
        floor: Arc<Floor>,
        pool: Arc<dyn Pool>,
        hello: Hello,
        start_ns: u64,
        tick_ms: u64,
        paused: bool,
    ) -> io::Result<Reporter> {
        let locks = hello.locks.len();
        let id = floor.plan.id;
        let at_ns = clock::monotonic_ns().saturating_sub(start_ns);
        send(&Frame { lane: Some(id), at_ns, body: Body::Hello(hello) })?;
        let dispatcher = Dispatcher::start(Arc::clone(&floor), Arc::clone(&pool))?;
        let (last_ns, last_lane_ns) = (clock::monotonic_ns(), floor.now_ns());
        Ok(Reporter {
            sampler: Sampler::new(floor.arena, locks),
            dispatcher,
            locks,
            start_ns,
            tick_ns: tick_ms.max(10) * 1_000_000,
            phase: if paused { Phase::Pausing } else { Phase::Running },
            finishing: false,
            began: false,
            resumed: false,
            stopped_ns: None,
            seq: 0,
            last_ns,
            last_lane_ns,
            depth: QueueSample::default(),
            depth_at_ns: last_lane_ns,
            listed: Vec::new(),
            usage: LaneUsage::default(),
            cores_from: 0,
            floor,
            pool,
        })
    }

    /// Reports until the lane is done; returns the exit code of its process.
    pub(super) fn run(mut self, inbox: &Inbox) -> i32 {
        let mut next_tick_ns = clock::monotonic_ns() + self.tick_ns.min(FIRST_TICK_NS);
        let mut finish_by_ns = u64::MAX;
        loop {
            let now_ns = clock::monotonic_ns();
            let pace_ns =
                if self.phase == Phase::Pausing || self.finishing { SETTLE_EVERY_NS } else { SAMPLE_EVERY_NS };
            let wake_ns = next_tick_ns.min(now_ns + pace_ns);
            match inbox.recv_timeout(Duration::from_nanos(wake_ns.saturating_sub(now_ns))) {
                Ok(Order::Finish) => {
                    self.finish();
                    finish_by_ns = clock::monotonic_ns() + FINISH_PATIENCE_NS;
                }
                Ok(order) => self.obey(order),
                Err(RecvTimeoutError::Timeout) => {}
                // The viewer is gone.
                Err(RecvTimeoutError::Disconnected) => {
                    self.pool.end();
                    return 0;
                }
            }
            if std::mem::take(&mut self.began) {
                // Its first turn, perhaps long after its first tick: what comes of it is told as early.
                next_tick_ns = next_tick_ns.min(clock::monotonic_ns() + FIRST_TICK_NS);
            }
            self.sample_depth();
            let mut due = clock::monotonic_ns() >= next_tick_ns || std::mem::take(&mut self.resumed);
            if self.phase == Phase::Pausing && self.is_at_rest() {
                self.stop(Phase::Paused);
                due = true;
            }
            if !self.finishing && self.has_run_out() {
                self.finish();
                finish_by_ns = clock::monotonic_ns() + FINISH_PATIENCE_NS;
            }
            if self.finishing {
                let late = clock::monotonic_ns() >= finish_by_ns;
                if late || self.phase == Phase::Paused {
                    return self.conclude();
                }
            }
            if due {
                if self.tick().is_err() {
                    self.pool.end();
                    return 0;
                }
                // An early tick, of a lane that came to rest or goes on, puts off none.
                if clock::monotonic_ns() >= next_tick_ns {
                    next_tick_ns = (next_tick_ns + self.tick_ns).max(clock::monotonic_ns() + self.tick_ns / 2);
                }
            }
        }
    }

    fn lane_ns(&self) -> u64 {
        self.stopped_ns.unwrap_or_else(|| self.floor.now_ns())
    }

    fn obey(&mut self, order: Order) {
        let done = match order {
            Order::Start { .. } => Err("the lane has started already".to_string()),
            Order::Pause => {
                if self.phase == Phase::Running {
                    self.floor.arena.close();
                    self.phase = Phase::Pausing;
                }
                Ok(())
            }
            Order::Halt => {
                self.halt();
                Ok(())
            }
            Order::Resume => {
                self.resume();
                Ok(())
            }
            Order::Resize { workers } => {
                self.pool.resize(workers).map(|()| self.floor.events.note(Event::Resized { workers }))
            }
            Order::Kill { worker } => self.pool.kill(worker),
            Order::Crash { .. } if self.pool.runs().is_some() => {
                Err("a program does what is written in its text: it does not crash when told to".to_string())
            }
            Order::Crash { worker } => {
                self.floor.arena.worker(worker).crash_next();
                Ok(())
            }
            Order::Rate { per_s } => {
                self.dispatcher.rate.set(per_s);
                Ok(())
            }
            Order::Payload { bytes } => self.pool.set_payload(bytes),
            Order::Flight => {
                let events = self.flight();
                // A closed pipe shows at the next tick.
                let _ = self.send(Body::Flight { events });
                Ok(())
            }
            Order::Finish => Ok(()),
        };
        if let Err(why) = done {
            self.floor.events.note(Event::Refused { order: order_in_words(&order).to_string(), why });
        }
    }

    fn flight(&self) -> Vec<(u32, u64, u8, u64)> {
        let mut events = self.sampler.flight(self.pool.slots());
        // Lane time starts with the system; the viewer counts from the start of the run.
        events.iter_mut().for_each(|event| event.1 = event.1.saturating_sub(self.start_ns));
        events
    }

    /// Stops every worker where it is: for a lane that reaches no boundary.
    fn halt(&mut self) {
        if self.phase == Phase::Paused || self.phase == Phase::Halted {
            return;
        }
        self.floor.arena.close();
        self.hold_halted();
        self.stop(Phase::Halted);
    }

    /// Stops the workers, or keeps them stopped: a thread's halt ends by itself unless it is renewed (`system` says why).
    fn hold_halted(&self) {
        self.pool.halt_processes();
        if !self.floor.plan.pool.works_in_processes() {
            let tids: Vec<u32> = self.alive().map(|id| self.floor.arena.worker(id).tid()).collect();
            let _ = system::halt_threads(&tids);
        }
    }

    fn stop(&mut self, phase: Phase) {
        self.sample_depth();
        self.stopped_ns = Some(self.floor.now_ns());
        self.phase = phase;
    }

    fn resume(&mut self) {
        self.let_go();
        self.phase = Phase::Running;
        self.resumed = true;
        self.began = self.floor.books.submitted.load(Relaxed) == 0;
        self.floor.arena.open();
    }

    /// Lets time and halted workers go on; the gate stays as it is.
    fn let_go(&mut self) {
        if let Some(stopped_ns) = self.stopped_ns.take() {
            self.floor.arena.skip_pause(self.floor.now_ns().saturating_sub(stopped_ns));
        }
        if self.phase == Phase::Halted {
            system::resume_threads();
            self.pool.let_processes_go();
        }
    }

    fn finish(&mut self) {
        self.finishing = true;
        self.dispatcher.finish();
        self.pool.wind_up();
        self.floor.arena.close();
        // Halted in the middle of tasks: they may still reach their ends.
        if self.phase != Phase::Paused {
            self.let_go();
            self.phase = Phase::Pausing;
        }
    }

    fn alive(&self) -> impl Iterator<Item = WorkerId> + '_ {
        let ids = (0..self.pool.slots() as u32).map(WorkerId);
        ids.filter(|&id| self.floor.arena.worker(id).life() == Life::Alive)
    }

    /// Whether, with the gate closed, every worker stands at a task boundary, nothing is under way, and the counts balance.
    fn is_at_rest(&self) -> bool {
        let arena = self.floor.arena;
        let caller_rests = self.dispatcher.is_done() || arena.caller().state() == WorkerState::Paused;
        let rests = |id: WorkerId| match arena.worker(id).state() {
            WorkerState::Paused | WorkerState::Dead => true,
            // Asleep: nothing to do, and nothing to come.
            WorkerState::Idle => self.pool.may_come_to(id) == 0 && arena.worker(id).held() == 0,
            _ => false,
        };
        let tasks = self.tasks();
        caller_rests && self.pool.is_settled() && tasks.submitted == tasks.accounted() && self.alive().all(rests)
    }

    /// Whether the lane has done all the tasks that it was to do.
    fn has_run_out(&self) -> bool {
        if !self.dispatcher.is_done() {
            return false;
        }
        let tasks = self.tasks();
        let nothing_waits = tasks.queued == 0 || self.pool.is_stopped();
        nothing_waits && tasks.running == 0 && tasks.submitted == tasks.accounted()
    }

    fn tasks(&self) -> Tasks {
        let books = &self.floor.books;
        let totals = self.sampler.totals(self.pool.slots());
        let (lost, retried) = (books.lost.load(SeqCst), books.retried.load(SeqCst));
        let over = totals.completed + totals.failed + books.interrupted.load(SeqCst);
        Tasks {
            completed: totals.completed,
            failed: totals.failed,
            running: totals.started.saturating_sub(over),
            queued: self.pool.queued() + totals.held,
            rejected: books.rejected.load(Relaxed),
            discarded: books.discarded.load(Relaxed),
            lost,
            retried,
            // Last: what has ended came before.
            submitted: books.submitted.load(SeqCst),
        }
    }

    /// Adds the depth since the last sample to the area: for queues that nobody witnesses.
    fn sample_depth(&mut self) {
        let lane_ns = self.lane_ns();
        if self.pool.is_witnessed() {
            return;
        }
        self.depth.depth_area += self.depth.depth * lane_ns.saturating_sub(self.depth_at_ns);
        self.depth.depth = self.pool.queued();
        self.depth.depth_max = self.depth.depth_max.max(self.depth.depth);
        self.depth_at_ns = lane_ns;
    }

    fn queue(&mut self, lane_ns: u64) -> QueueTick {
        let witnessed = self.pool.is_witnessed();
        let sample = if witnessed { self.sampler.queue(lane_ns) } else { self.depth };
        self.depth.depth_area = 0;
        self.depth.depth_max = self.depth.depth;
        QueueTick { depth: sample.depth, depth_max: sample.depth_max, depth_area: sample.depth_area, witnessed }
    }

    fn tick(&mut self) -> io::Result<()> {
        if self.phase == Phase::Halted {
            self.hold_halted();
        }
        if self.seq.is_multiple_of(STATUS_EVERY_TICKS) {
            self.read_status();
        }
        let tick = self.account();
        self.send(Body::Tick(Box::new(tick)))
    }

    /// What the lane did since the last tick.
    fn account(&mut self) -> Tick {
        let (now_ns, lane_ns) = (clock::monotonic_ns(), self.lane_ns());
        let slots = self.pool.slots();
        self.usage.look_at_the_gone();
        let workers = self.workers(slots, lane_ns);
        let tasks = self.tasks();
        let (queue_wait, service) = self.sampler.histograms(slots);
        let locks = (0..self.locks as u16).map(|lock| self.sampler.lock(LockId(lock))).collect();
        let (events, events_dropped) = self.floor.events.take();
        let living_ns = self.living_ns();
        let process = self.usage.read(living_ns);
        self.seq += 1;
        let tick = Tick {
            seq: self.seq,
            interval_ns: now_ns.saturating_sub(self.last_ns),
            active_ns: lane_ns.saturating_sub(self.last_lane_ns),
            phase: self.phase,
            tasks,
            workers,
            queue: self.queue(lane_ns),
            queue_wait,
            service,
            locks,
            result: self.result(),
            process,
            runs: self.pool.runs(),
            jobs: self.pool.jobs(),
            events,
            events_dropped,
        };
        (self.last_ns, self.last_lane_ns) = (now_ns, lane_ns);
        tick
    }

    fn send(&self, body: Body) -> io::Result<()> {
        let at_ns = clock::monotonic_ns().saturating_sub(self.start_ns);
        send(&Frame { lane: Some(self.floor.plan.id), at_ns, body })
    }

    fn workers(&mut self, slots: usize, lane_ns: u64) -> Vec<WorkerTick> {
        self.listed.resize(slots, false);
        let mut workers = Vec::with_capacity(slots);
        for slot in 0..slots {
            let id = WorkerId(slot as u32);
            let sample = self.sampler.worker(id, lane_ns);
            let alive = matches!(sample.life, Life::Alive | Life::Starting);
            // One that has gone is told of once more, so that its end is seen.
            let was_listed = std::mem::replace(&mut self.listed[slot], alive);
            if !alive && !was_listed && sample.ended == 0 {
                continue;
            }
            let state = if alive { sample.state } else { WorkerState::Dead };
            let times = self.clock_worker(id, sample.tid, alive);
            // The slots from `cores_from` on, and around.
            let is_asked = (slot + slots - self.cores_from % slots) % slots < CORES_PER_TICK;
            let is_process = self.floor.plan.pool.works_in_processes();
            let core =
                times.filter(|_| is_asked).and_then(|_| self.usage.core(id, is_process, slots <= CORES_PER_TICK));
            workers.push(WorkerTick {
                id,
                state,
                lock: sample.lock,
                tid: sample.tid,
                ended: sample.ended,
                state_ns: sample.state_ns,
                cpu_ns: times.map(|times| times.cpu_ns),
                run_queue_ns: times.map(|times| times.run_queue_ns),
                core,
            });
        }
        self.cores_from = (self.cores_from + CORES_PER_TICK) % slots.max(1);
        let caller = self.sampler.caller(lane_ns);
        if caller.ended > 0 {
            let (id, state) = (caller.id, caller.state);
            let (tid, ended, state_ns) = (caller.tid, caller.ended, caller.state_ns);
            workers.push(WorkerTick { id, state, tid, ended, state_ns, ..WorkerTick::default() });
        }
        workers
    }

    fn clock_worker(&mut self, id: WorkerId, tid: u32, alive: bool) -> Option<TaskTimes> {
        // A thread or a process for each task is gone before it could be asked twice.
        let is_for_one_task = matches!(self.floor.plan.pool, PoolPlan::PerTask | PoolPlan::Command(_));
        if !alive || tid == 0 || is_for_one_task {
            self.usage.forget(id);
            return None;
        }
        self.usage.worker(id, tid, self.floor.plan.pool.works_in_processes())
    }

    /// What living worker processes used so far; none where workers are threads of the lane, whose time is the lane's.
    fn living_ns(&self) -> Option<u64> {
        match &self.floor.plan.pool {
            pool @ (PoolPlan::Command(_) | PoolPlan::Program(_)) => {
                let processes = self.pool.processes();
                let has_any = pool.command().is_some() || !processes.is_empty();
                has_any.then(|| processes.into_iter().filter_map(system::cpu_ns_of_process).sum())
            }
            pool => pool.works_in_processes().then(|| self.usage.living_ns()),
        }
    }

    /// Reads what costs files.
    fn read_status(&mut self) {
        self.usage.read_status(&self.pool.processes());
    }

    fn result(&self) -> ResultTick {
        let mut result = self.sampler.totals(self.pool.slots()).result;
        if let Some(total) = self.floor.work.total() {
            result.actual = total;
        }
        result
    }

    /// The final account: takes out what still waits, says what should have come of the rest, and ends.
    fn conclude(mut self) -> i32 {
        self.read_status();
        let mut tick = self.account();
        if self.phase == Phase::Paused {
            tick.result = self.final_result(&tick.tasks);
            tick.phase = Phase::Done;
        } else {
            // A task that reaches no boundary: counts stand as they are, and the phase says why they may be a task off.
            tick.phase = Phase::Halted;
        }
        // The viewer may have gone first; then nobody misses this.
        let _ = self.send(Body::Tick(Box::new(tick)));
        self.pool.end();
        0
    }

    /// What should have come of the tasks that were let in and neither wait nor failed nor were lost: computed from their
    /// numbers alone.
    fn final_result(&self, tasks: &Tasks) -> ResultTick {
        let totals = self.sampler.totals(self.pool.slots());
        let books = &self.floor.books;
        let actual = self.floor.work.total().unwrap_or(totals.result.actual);
        let left = self.take_left(tasks.queued);
        let count: u64 = left.iter().map(|item| u64::from(item.count)).sum();
        if count != tasks.queued {
            // What still waits cannot be named: say what the workers say.
            return ResultTick { expected: totals.result.expected, actual, tasks_ok: None };
        }
        let (left_value, left_receipts) = left.iter().fold((0u64, 0u64), |(value, receipts), &item| {
            let worth = self.floor.worth(item);
            (value.wrapping_add(worth.0), receipts.wrapping_add(worth.1))
        });
        let gone = left_value.wrapping_add(totals.failed_reference).wrapping_add(books.lost_expected.load(SeqCst));
        let gone_receipts =
            left_receipts.wrapping_add(totals.failed_receipts).wrapping_add(books.lost_receipts.load(SeqCst));
        let receipts = books.receipts.load(SeqCst).wrapping_sub(gone_receipts);
        ResultTick {
            expected: books.expected.load(SeqCst).wrapping_sub(gone),
            actual,
            tasks_ok: Some(receipts == totals.receipts),
        }
    }

    /// Has the workers give back what they have not begun, and the queue what waits in it.
    fn take_left(&self, queued: u64) -> Vec<crate::pool::Item> {
        let mut left = self.pool.drain();
        if self.floor.plan.pool.is_processes() {
            // The gate stays closed: worker processes would begin what they hold.
            left.extend(self.floor.held_by_caller());
            return left;
        }
        self.floor.ending.store(true, SeqCst);
        self.floor.arena.open();
        let deadline_ns = clock::monotonic_ns() + FINISH_PATIENCE_NS;
        while clock::monotonic_ns() < deadline_ns {
            left.append(&mut self.floor.left.lock().unwrap_or_else(PoisonError::into_inner));
            if left.iter().map(|item| u64::from(item.count)).sum::<u64>() >= queued {
                break;
            }
            clock::sleep(Duration::from_micros(200));
        }
        left
    }
}

fn order_in_words(order: &Order) -> &'static str {
    match order {
        Order::Start { .. } => "start",
        Order::Pause => "pause",
        Order::Halt => "halt",
        Order::Resume => "go on",
        Order::Resize { .. } => "change the number of workers",
        Order::Kill { .. } => "kill a worker",
        Order::Crash { .. } => "crash a worker",
        Order::Rate { .. } => "change the rate",
        Order::Payload { .. } => "change the payload",
        Order::Flight => "send the flight recorders",
        Order::Finish => "finish",
    }
}

/// One frame, one write: half a line can only come from a process that died while it wrote.
fn send(frame: &Frame) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(encode_frame(frame).as_bytes())?;
    out.flush()
}
