//! Litmus tests on the real processor: a few threads, a few words of memory, no lock, and what they see of each other.
//!
//! ```text
//!  worker 0:  ─ set what I read to 0 ─┐          ┌─ x = 1; r1 = y at each of thousands of places ─┐
//!                                     ├─ meet ───┤                                                ├─ meet ─ count
//!  worker 1:  ─ set what I read to 0 ─┘          └─ y = 1; r2 = x at each of thousands of places ─┘
//! ```
//!
//! A task is such a round. Threads that met for every single try would spend all their time meeting; so they meet once a
//! round, spinning, and then go over thousands of places that have nothing to do with each other. Each has a core of its
//! own: on one core, or taking turns, they would see their own stores in order, and nothing would be learned.

mod shapes;
#[cfg(test)]
mod tests;

use super::Pool;
use super::channel::{Found, SharedQueue};
use super::floor::{Floor, Item, run_item_as};
use super::tally::Tally;
use super::threads::settle_in;
use crate::doors::threads;
use crate::system;
use crate::telemetry::{Life, Recorder};
use crate::wire::{LitmusPlan, PoolPlan, RunsTick, Verdict, WorkerId};
use shapes::{Read, Seen, Slot, THREADS_MAX, UNREAD};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use std::time::Duration;

/// How often a thread that waits looks before it gives its core to others: about a tenth of a millisecond.
const LOOKS: u32 = 20_000;

/// The pool.
pub(super) struct LitmusPool(Arc<Shared>);

struct Shared {
    floor: Arc<Floor>,
    queue: SharedQueue,
    plan: LitmusPlan,
    cores: Vec<u32>,
    tally: Tally,
    slots: AtomicUsize,
    table: Table,
    /// The number of the round: the futex that the others sleep on.
    round: AtomicU32,
    meeting: Meeting,
}

/// The memory that a test is about.
struct Table {
    places: Vec<Slot>,
    /// What each thread read at each place.
    reads: Vec<Vec<Read>>,
}

/// Where threads wait for each other, on a cache line of its own.
#[repr(align(128))]
#[derive(Default)]
struct Meeting(AtomicU64);

impl Meeting {
    /// Arrives, and spins until so many have in all.
    fn arrive(&self, until: u64) {
        // AcqRel: who goes on sees what the others did before they came.
        if self.0.fetch_add(1, AcqRel) + 1 == until {
            return;
        }
        let mut looks = 0;
        while self.0.load(Acquire) < until {
            looks += 1;
            match looks < LOOKS {
                true => std::hint::spin_loop(),
                // Somebody has no core at the moment.
                false => std::thread::yield_now(),
            }
        }
    }
}

impl LitmusPool {
    pub(super) fn start(floor: &Arc<Floor>) -> io::Result<Arc<dyn Pool>> {
        let PoolPlan::Litmus(plan) = floor.plan.pool else { return Err(io::Error::other("no test to run")) };
        let threads = plan.test.threads();
        let cores = if floor.plan.cores.is_empty() { system::machine().core_ids } else { floor.plan.cores.clone() };
        let shared = Arc::new(Shared {
            queue: SharedQueue::new(floor),
            plan,
            tally: Tally::default(),
            slots: AtomicUsize::new(0),
            table: Table::new(plan),
            round: AtomicU32::new(0),
            meeting: Meeting::default(),
            floor: Arc::clone(floor),
            cores,
        });
        shared.tally.executed_by(shapes::about(plan.test, plan.fence));
        let there = shared.cores.len();
        if there < threads as usize {
            let are = if there == 1 { "is one".to_string() } else { format!("are {there}") };
            shared
                .tally
                .unavailable(format!("n/a: {} needs {threads} cores at once, and there {are}", plan.test.name()));
            return Ok(Arc::new(LitmusPool(shared)));
        }
        for id in (0..threads).map(WorkerId) {
            floor.arena.worker(id).set_life(Life::Starting);
            let theirs = Arc::clone(&shared);
            let body = move || if id.0 == 0 { theirs.lead(id) } else { theirs.follow(id) };
            // Ends with the process.
            threads::spawn_worker(&format!("worker {id}"), body)?.detach();
            shared.slots.store(id.0 as usize + 1, Relaxed);
        }
        Ok(Arc::new(LitmusPool(shared)))
    }
}

impl Table {
    fn new(plan: LitmusPlan) -> Table {
        let places = plan.slots.max(1) as usize;
        Table {
            places: (0..places).map(|_| Slot::default()).collect(),
            reads: (0..plan.test.threads()).map(|_| (0..places).map(|_| Read::default()).collect()).collect(),
        }
    }

    /// How often what was seen.
    fn seen(&self) -> BTreeMap<Seen, u64> {
        let mut counts = BTreeMap::new();
        // Neighbours mostly saw the same.
        let mut last: Option<(Seen, u64)> = None;
        for place in 0..self.places.len() {
            let mut seen: Seen = [[UNREAD; 2]; THREADS_MAX];
            for (thread, reads) in self.reads.iter().enumerate() {
                seen[thread] = [reads[place][0].load(Relaxed), reads[place][1].load(Relaxed)];
            }
            match &mut last {
                Some((known, count)) if *known == seen => *count += 1,
                _ => {
                    let before = last.replace((seen, 1));
                    before.into_iter().for_each(|(seen, count)| *counts.entry(seen).or_default() += count);
                }
            }
        }
        last.into_iter().for_each(|(seen, count)| *counts.entry(seen).or_default() += count);
        counts
    }
}

impl Shared {
    fn begin(&self, id: WorkerId) -> Recorder {
        settle_in(&self.floor.plan, id);
        // Without a core of its own a thread shows less, and nothing false.
        let _ = system::pin(&self.cores[id.0 as usize..=id.0 as usize]);
        Recorder::new(self.floor.arena, id, self.floor.plan.telemetry)
    }

    /// What worker 0 does: it begins the rounds, and counts.
    fn lead(&self, id: WorkerId) {
        let mut recorder = self.begin(id);
        loop {
            if let Found::Item(item) = self.queue.pop(&mut recorder) {
                run_item_as(item, &self.floor, &mut recorder, |_, recorder| {
                    let began_ns = recorder.now_ns();
                    let round = self.round.load(Relaxed).wrapping_add(1);
                    // Release: whoever sees the number sees that what was read before has been counted.
                    self.round.store(round, Release);
                    system::futex_wake(&self.round, u32::MAX >> 1);
                    self.go_over(0);
                    self.count((began_ns, recorder.now_ns()))
                });
            }
        }
    }

    /// What the others do: each round as soon as it begins.
    fn follow(&self, id: WorkerId) {
        let mut recorder = self.begin(id);
        let mut done = 0;
        loop {
            let mut looks = 0;
            while self.round.load(Acquire) == done {
                looks += 1;
                match looks < LOOKS {
                    true => std::hint::spin_loop(),
                    false => system::futex_wait(&self.round, done, None),
                }
            }
            done = done.wrapping_add(1);
            recorder.help_begins();
            self.go_over(id.0 as usize);
            recorder.help_ends();
        }
    }

    /// A thread's part of a round.
    fn go_over(&self, thread: usize) {
        let (LitmusPlan { test, fence, .. }, table) = (self.plan, &self.table);
        shapes::prepare(test, thread, &table.places);
        self.meet();
        shapes::act(test, fence, thread, &table.places, &table.reads[thread]);
        self.meet();
    }

    fn meet(&self) {
        let parties = u64::from(self.plan.test.threads());
        // All have left the meeting before, or nobody could be at this one: who has come so far belongs to this one.
        let before = self.meeting.0.load(Relaxed) / parties;
        self.meeting.arrive((before + 1) * parties);
    }

    /// Counts what was seen in a round: 1, or nothing where some of it is forbidden.
    fn count(&self, times: (u64, u64)) -> Option<u64> {
        let LitmusPlan { test, fence, .. } = self.plan;
        let endings: Vec<_> = (self.table.seen().into_iter())
            .map(|(seen, count)| (shapes::ending(test, fence, &seen), count))
            .map(|((ending, verdict), count)| (ending, verdict, count))
            .collect();
        let is_fine = endings.iter().all(|(_, verdict, _)| *verdict != Verdict::Forbidden);
        self.tally.count_many(endings, times);
        is_fine.then_some(1)
    }
}

impl Pool for LitmusPool {
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

    fn may_come_to(&self, worker: WorkerId) -> u64 {
        // The others only follow.
        if worker.0 == 0 { self.queued() } else { 0 }
    }

    fn drain(&self) -> Vec<Item> {
        self.0.queue.drain(&self.0.floor)
    }

    fn slots(&self) -> usize {
        self.0.slots.load(Relaxed)
    }

    fn resize(&self, _: u32) -> Result<(), String> {
        Err("a litmus test has as many threads as it has".into())
    }

    fn runs(&self) -> Option<Box<RunsTick>> {
        Some(self.0.tally.told())
    }
}
