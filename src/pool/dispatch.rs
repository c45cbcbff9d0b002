//! How tasks come: one thread that makes them up, by the plan, and submits them.
//!
//! The schedule is kept in lane time, so a pause shifts it and no burst makes up for it afterwards. An open arrival is
//! due when the schedule says so, however late the dispatcher or a full queue makes it: what it waits counts from there
//! (no coordinated omission).
//!
//! Closed arrivals need to know when tasks end, without a signal for each. The dispatcher, when all its tasks are
//! outstanding, writes into one word how many more it wants to see ended, and sleeps on it; workers count the word down
//! while it is not 0 and wake the dispatcher with the last one ([`Recorder::tell_ended`]). While the dispatcher is awake a
//! worker only reads the word.

use super::floor::{Floor, Item, bump, run_item};
use super::{Pool, Provided};
use crate::doors::{clock, threads};
use crate::system;
use crate::telemetry::Recorder;
use crate::wire::{Arrivals, Spacing, WhenFull, WorkerId};
use crate::workload;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long the dispatcher sleeps at most before it looks around for a closed gate, a new rate or the end.
const LOOK_AROUND: Duration = Duration::from_millis(2);

/// The rate of open arrivals, changed while they come.
#[derive(Debug, Default)]
pub struct Rate(AtomicU64);

impl Rate {
    /// Tasks a second from now on.
    pub fn set(&self, per_s: f64) {
        self.0.store(per_s.to_bits(), Ordering::Relaxed);
    }

    fn per_s(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// The dispatcher, running.
#[derive(Debug)]
pub struct Dispatcher {
    finish: Arc<AtomicBool>,
    done: Arc<AtomicBool>,
    /// The rate of open arrivals.
    pub rate: Arc<Rate>,
}

impl Dispatcher {
    /// Starts to submit tasks to `pool`.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(floor: Arc<Floor>, pool: Arc<dyn Pool>) -> io::Result<Dispatcher> {
        let finish = Arc::new(AtomicBool::new(false));
        let done = Arc::new(AtomicBool::new(false));
        let rate = Arc::new(Rate::default());
        if let Arrivals::Open { rate_per_s, .. } = floor.plan.arrivals {
            rate.set(rate_per_s);
        }
        let dispatcher = Dispatcher { finish: Arc::clone(&finish), done: Arc::clone(&done), rate: Arc::clone(&rate) };
        let thread = threads::spawn("dispatcher", move || {
            let recorder = Recorder::for_caller(floor.arena, floor.plan.telemetry);
            let mut round =
                Round { next: 0, due_ns: floor.now_ns(), room: 0, floor: &floor, pool: &*pool, recorder, rate, finish };
            round.run();
            round.recorder.close();
            done.store(true, Ordering::Release);
        })?;
        // Ends with the process at the latest.
        thread.detach();
        Ok(dispatcher)
    }

    /// Submits nothing more.
    pub fn finish(&self) {
        // Release: whoever passes the gate that is opened after this sees it.
        self.finish.store(true, Ordering::Release);
    }

    /// Whether it has submitted all that it will.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }
}

struct Round<'a> {
    floor: &'a Floor,
    pool: &'a dyn Pool,
    recorder: Recorder,
    rate: Arc<Rate>,
    finish: Arc<AtomicBool>,
    /// The number of the next task.
    next: u64,
    /// When the next one is due, in lane time.
    due_ns: u64,
    /// Tasks that may come at once, of closed arrivals: looked up only when it is used up, since looking takes the cache
    /// lines that workers write.
    room: u64,
}

impl Round<'_> {
    fn run(&mut self) {
        while let Some(item) = self.next_item() {
            if !self.submit(item) {
                return;
            }
        }
    }

    /// Passes the gate, and then asks whether this is the end: a lane ends with its gate closed, and what it opens the gate
    /// for afterwards is its workers' leftovers, not one more task.
    fn is_over_at_gate(&mut self) -> bool {
        self.recorder.pass_gate();
        self.finish.load(Ordering::Acquire)
    }

    /// Waits until the next item is due; none where there is no next one.
    fn next_item(&mut self) -> Option<Item> {
        let left = self.floor.plan.tasks.map_or(u64::MAX, |tasks| tasks.saturating_sub(self.next));
        let count = u64::from(self.floor.plan.chunk.max(1)).min(left) as u32;
        if count == 0 {
            return None;
        }
        self.wait_until_provided(count)?;
        let due_ns = match self.floor.plan.arrivals {
            Arrivals::Closed { outstanding } => {
                if self.room < u64::from(count) {
                    self.wait_for_room(outstanding.max(1), u64::from(count))?;
                    // All tasks that there is room for come now.
                    self.due_ns = self.recorder.now_ns();
                }
                self.room -= u64::from(count);
                self.due_ns
            }
            Arrivals::Open { spacing, .. } => {
                self.wait_until_due()?;
                let due_ns = self.due_ns;
                self.due_ns += self.gap_ns(spacing, count);
                due_ns
            }
            Arrivals::Burst { tasks, every_ms } => {
                self.wait_until_due()?;
                let due_ns = self.due_ns;
                if (self.next + u64::from(count)) % tasks.max(1) < u64::from(count) {
                    self.due_ns += every_ms.max(1) * 1_000_000;
                }
                due_ns
            }
        };
        let item = Item { first: self.next, count, attempt: 0, due_ns };
        self.next += u64::from(count);
        Some(item)
    }

    /// Waits until the tasks of the next item are there; none at the end. Of a pool whose tasks come from somewhere an item
    /// holds one.
    fn wait_until_provided(&mut self, count: u32) -> Option<()> {
        for place in 0..u64::from(count) {
            loop {
                if self.is_over_at_gate() {
                    return None;
                }
                match self.pool.provide(self.next + place) {
                    Provided::Task => break,
                    Provided::NotYet => {}
                    Provided::End => return None,
                }
            }
        }
        Some(())
    }

    fn gap_ns(&self, spacing: Spacing, count: u32) -> u64 {
        let per_s = self.rate.per_s();
        // A rate of (almost) nothing: an hour from task to task, at most.
        let mean_ns = (1e9 / per_s.max(1.0 / 3600.0)) * f64::from(count);
        let gap_ns = match spacing {
            Spacing::Constant => mean_ns,
            Spacing::Poisson => {
                // Uniform in (0, 1], from the task's own number: the same arrivals for the same seed.
                let random = workload::receipt(self.next ^ self.floor.plan.seed.rotate_left(32));
                let uniform = ((random >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
                -mean_ns * uniform.ln()
            }
        };
        gap_ns as u64
    }

    /// Waits at the gate and for the due time; none at the end.
    fn wait_until_due(&mut self) -> Option<()> {
        loop {
            if self.is_over_at_gate() {
                return None;
            }
            let now_ns = self.recorder.now_ns();
            if now_ns >= self.due_ns {
                return Some(());
            }
            clock::sleep(Duration::from_nanos(self.due_ns - now_ns).min(LOOK_AROUND));
        }
    }

    /// Waits at the gate and until there is room for `count` more among the `outstanding`; none at the end.
    fn wait_for_room(&mut self, outstanding: u64, count: u64) -> Option<()> {
        let limit = outstanding.max(count);
        loop {
            if self.is_over_at_gate() {
                return None;
            }
            self.room = limit.saturating_sub(self.outstanding());
            if self.room >= count {
                return Some(());
            }
            let want = (outstanding / 4).clamp(1, 4096) as u32;
            let wanted = self.floor.arena.wanted();
            wanted.store(want, Ordering::SeqCst);
            // Asked again after the word is written: a worker that ended its task before it could see the word is seen here.
            // One that slips through all the same is made up for by looking around.
            if self.outstanding() + count > limit {
                system::futex_wait(wanted, want, Some(LOOK_AROUND));
            }
            wanted.store(0, Ordering::SeqCst);
        }
    }

    /// Tasks that came and have not ended in any way.
    fn outstanding(&self) -> u64 {
        let books = &self.floor.books;
        let ended: u64 =
            (0..self.pool.slots() as u32).map(|slot| self.floor.arena.worker(WorkerId(slot)).ended()).sum();
        let gone = [&books.rejected, &books.discarded, &books.lost].map(|count| count.load(Ordering::Relaxed));
        let ended = ended + self.floor.arena.caller().ended() + gone.iter().sum::<u64>();
        books.submitted.load(Ordering::Relaxed).saturating_sub(ended)
    }

    /// Submits an item, or does with it what the plan says of a full queue; false at the end.
    fn submit(&mut self, item: Item) -> bool {
        let (floor, tasks) = (self.floor, u64::from(item.count));
        let worth = floor.worth(item);
        loop {
            if self.is_over_at_gate() {
                return false;
            }
            // Counted before it can end, so that what has ended never exceeds what came.
            bump(&floor.books.submitted, tasks);
            if self.pool.submit(item, &mut self.recorder).is_ok() {
                self.let_in(worth);
                return true;
            }
            match floor.plan.when_full {
                WhenFull::Block => {
                    if self.pool.submit_wait(item, LOOK_AROUND * 10, &mut self.recorder).is_ok() {
                        self.let_in(worth);
                        return true;
                    }
                    bump(&floor.books.submitted, tasks.wrapping_neg());
                }
                WhenFull::Reject => {
                    bump(&floor.books.rejected, tasks);
                    return true;
                }
                WhenFull::CallerRuns => {
                    self.let_in(worth);
                    *floor.by_caller.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
                    run_item(item, floor, &mut self.recorder);
                    return true;
                }
                WhenFull::DiscardOldest => {
                    bump(&floor.books.submitted, tasks.wrapping_neg());
                    if let Some(oldest) = self.pool.take_oldest(&mut self.recorder) {
                        let (value, receipts) = floor.worth(oldest);
                        bump(&floor.books.discarded, u64::from(oldest.count));
                        self.let_in((value.wrapping_neg(), receipts.wrapping_neg()));
                    }
                }
            }
        }
    }

    /// Notes what tasks that were let in should make, and their receipts.
    fn let_in(&self, (value, receipts): (u64, u64)) {
        bump(&self.floor.books.expected, value);
        bump(&self.floor.books.receipts, receipts);
    }
}
