//! The reading end: what the blocks say now, and what they have said since last time.

use super::arena::{Arena, SLOTS_MAX};
use super::block::{HistogramBlock, Life, WorkerBlock, decode_state};
use crate::stats::{BUCKETS, Histogram};
use crate::wire::{Buckets, LockId, LockTick, ResultTick, StateTimes, WorkerId, WorkerState};
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::atomic::fence;

/// What a worker did since the last sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSample {
    /// Which one.
    pub id: WorkerId,
    /// Where its block stands.
    pub life: Life,
    /// What it is doing.
    pub state: WorkerState,
    /// The lock that it waits for.
    pub lock: Option<LockId>,
    /// Its thread or process.
    pub tid: u32,
    /// Tasks that it ended.
    pub ended: u64,
    /// The time in each state.
    pub state_ns: StateTimes,
}

/// Totals over all blocks of a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Tasks begun.
    pub started: u64,
    /// Tasks that ended well.
    pub completed: u64,
    /// Tasks that ended badly.
    pub failed: u64,
    /// Tasks in a worker's hands that it has not begun.
    pub held: u64,
    /// What came out, and what the workload's reference says of the tasks that completed.
    pub result: ResultTick,
    /// The receipts of the tasks that completed.
    pub receipts: u64,
    /// The reference of the tasks that failed.
    pub failed_reference: u64,
    /// The receipts of the tasks that failed.
    pub failed_receipts: u64,
}

/// What a lock's block says.
pub type LockSample = LockTick;

/// What the queue did since the last sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueSample {
    /// Its depth.
    pub depth: u64,
    /// The most since the last sample.
    pub depth_max: u64,
    /// Depth summed over time, since the last sample.
    pub depth_area: u64,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    state_ns: StateTimes,
    ended: u64,
}

/// Reads all blocks of a lane; remembers what it has told.
pub struct Sampler {
    arena: Arena,
    seen: Vec<Seen>,
    wait: Merged,
    service: Merged,
    lock_waits: Vec<Merged>,
    lock_holds: Vec<Merged>,
    queue_area: u64,
}

impl std::fmt::Debug for Sampler {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Sampler")
    }
}

impl Sampler {
    /// For a lane with so many locks.
    pub fn new(arena: Arena, locks: usize) -> Sampler {
        Sampler {
            arena,
            seen: vec![Seen::default(); SLOTS_MAX + 1],
            wait: Merged::default(),
            service: Merged::default(),
            lock_waits: vec![Merged::default(); locks],
            lock_holds: vec![Merged::default(); locks],
            queue_area: 0,
        }
    }

    /// What the worker in slot `id` did, up to `now_ns`.
    pub fn worker(&mut self, id: WorkerId, now_ns: u64) -> WorkerSample {
        let block = self.arena.worker(id);
        let seen = &mut self.seen[(id.0 as usize).min(SLOTS_MAX)];
        sample_worker(block, id, seen, now_ns)
    }

    /// What whoever submits tasks did, up to `now_ns`.
    pub fn caller(&mut self, now_ns: u64) -> WorkerSample {
        sample_worker(self.arena.caller(), WorkerId::CALLER, &mut self.seen[SLOTS_MAX], now_ns)
    }

    /// Totals over the first `slots` workers and the caller.
    ///
    /// Ends are read before starts, so that `started` is never less than what has ended.
    pub fn totals(&self, slots: usize) -> Totals {
        let mut totals = Totals::default();
        for block in self.blocks(slots) {
            totals.completed += block.completed.load(Acquire);
            totals.failed += block.failed.load(Acquire);
            totals.result.actual = totals.result.actual.wrapping_add(block.actual.load(Relaxed));
            totals.result.expected = totals.result.expected.wrapping_add(block.reference.load(Relaxed));
            totals.receipts = totals.receipts.wrapping_add(block.receipts.load(Relaxed));
            totals.failed_reference = totals.failed_reference.wrapping_add(block.failed_reference.load(Relaxed));
            totals.failed_receipts = totals.failed_receipts.wrapping_add(block.failed_receipts.load(Relaxed));
        }
        for block in self.blocks(slots) {
            totals.started += block.started.load(Acquire);
            totals.held += block.held.load(Relaxed);
        }
        totals
    }

    /// Queue wait and service time since the last sample, over the first `slots` workers and the caller.
    pub fn histograms(&mut self, slots: usize) -> (Buckets, Buckets) {
        let wait = self.wait.delta(self.arena, slots, |block| &block.wait);
        let service = self.service.delta(self.arena, slots, |block| &block.service);
        (wait, service)
    }

    /// What the lock did.
    pub fn lock(&mut self, id: LockId) -> LockSample {
        let block = self.arena.lock(id);
        let place = usize::from(id.0);
        let acquired = block.acquired.load(Relaxed);
        let wait = self.lock_waits[place].delta_of(&[&block.wait]);
        let hold = self.lock_holds[place].delta_of(&[&block.hold]);
        LockTick {
            acquired,
            contended: block.contended.load(Relaxed).min(acquired),
            wait_ns: block.wait.sum.load(Relaxed),
            hold_ns: block.hold.sum.load(Relaxed),
            owner: block.owner.load(Relaxed).checked_sub(1).map(|owner| WorkerId(owner as u32)),
            waiters: block.waiters.load(Relaxed).min(u64::from(u32::MAX)) as u32,
            abandoned: block.abandoned.load(Relaxed),
            wait,
            hold,
        }
    }

    /// What a queue that is witnessed did, up to `now_ns`.
    pub fn queue(&mut self, now_ns: u64) -> QueueSample {
        let block = self.arena.queue();
        let (mut depth, mut area, mut changed_ns) = (0, 0, 0);
        for _ in 0..1000 {
            let before = block.seq.load(Acquire);
            depth = block.depth.load(Relaxed);
            area = block.area.load(Relaxed);
            changed_ns = block.changed_ns.load(Relaxed);
            fence(Acquire);
            if before.is_multiple_of(2) && block.seq.load(Relaxed) == before {
                break;
            }
        }
        if changed_ns != 0 {
            area = area.wrapping_add(depth.wrapping_mul(now_ns.saturating_sub(changed_ns)));
        }
        let depth_area = area.saturating_sub(self.queue_area);
        self.queue_area = self.queue_area.max(area);
        QueueSample { depth, depth_max: block.depth_max.swap(depth, Relaxed).max(depth), depth_area }
    }

    /// The last events of the first `slots` workers: `(worker, time_ns, code, argument)`.
    pub fn flight(&self, slots: usize) -> Vec<(u32, u64, u8, u64)> {
        let mut events = Vec::new();
        for slot in 0..slots.min(SLOTS_MAX) as u32 {
            let ring = self.arena.worker(WorkerId(slot)).flight.read();
            events.extend(ring.into_iter().map(|(time_ns, code, argument)| (slot, time_ns, code, argument)));
        }
        events
    }

    fn blocks(&self, slots: usize) -> impl Iterator<Item = &'static WorkerBlock> + use<> {
        blocks(self.arena, slots)
    }
}

fn blocks(arena: Arena, slots: usize) -> impl Iterator<Item = &'static WorkerBlock> {
    let workers = (0..slots.min(SLOTS_MAX) as u32).map(move |slot| arena.worker(WorkerId(slot)));
    workers.chain(std::iter::once(arena.caller()))
}

fn sample_worker(block: &WorkerBlock, id: WorkerId, seen: &mut Seen, now_ns: u64) -> WorkerSample {
    let (mut state, mut lock) = (WorkerState::Idle, None);
    let mut state_ns = seen.state_ns;
    // A writer is odd for a few nanoseconds only; one that died odd is put right by whoever reaped it. Until then the
    // times stand as they were last told.
    for _ in 0..100 {
        let before = block.seq.load(Acquire);
        let (word, since_ns) = (block.state.load(Relaxed), block.since_ns.load(Relaxed));
        let times = std::array::from_fn::<u64, 5, _>(|place| block.state_ns[place].load(Relaxed));
        // Acquire: pairs with the Release fence in Recorder::switch.
        fence(Acquire);
        if before.is_multiple_of(2) && block.seq.load(Relaxed) == before {
            (state, lock) = decode_state(word);
            state_ns = times;
            if let (Some(spent), true) = (state_ns.get_mut(state as usize), since_ns != 0) {
                *spent += now_ns.saturating_sub(since_ns);
            }
            break;
        }
        std::hint::spin_loop();
    }
    let ended = block.ended();
    let sample = WorkerSample {
        id,
        life: block.life(),
        state,
        lock,
        tid: block.tid(),
        ended: ended.saturating_sub(seen.ended),
        state_ns: std::array::from_fn(|place| state_ns[place].saturating_sub(seen.state_ns[place])),
    };
    // What was told stays told: a time never runs back.
    seen.state_ns = std::array::from_fn(|place| state_ns[place].max(seen.state_ns[place]));
    seen.ended = ended;
    sample
}

impl WorkerBlock {
    /// Notes a worker's death in its own block, once nobody else can write it: its last state ends at `now_ns`.
    pub fn mark_dead(&self, now_ns: u64) {
        let (state, _) = decode_state(self.state.load(Relaxed));
        let since_ns = self.since_ns.load(Relaxed);
        if let (Some(spent), true) = (self.state_ns.get(state as usize), since_ns != 0) {
            spent.fetch_add(now_ns.saturating_sub(since_ns), Relaxed);
        }
        self.since_ns.store(now_ns, Relaxed);
        self.state.store(WorkerState::Dead as u64, Relaxed);
        self.held.store(0, Relaxed);
        // A writer that died in the middle of a change left an odd number behind.
        let seq = self.seq.load(Relaxed);
        self.seq.store(seq + 2 + seq % 2, std::sync::atomic::Ordering::Release);
        self.set_life(Life::Ended);
    }
}

/// Histograms of several blocks, merged, and what has been told of them.
#[derive(Clone, Default)]
struct Merged {
    counts: Vec<u64>,
    sum: u64,
}

impl Merged {
    fn delta(&mut self, arena: Arena, slots: usize, pick: fn(&WorkerBlock) -> &HistogramBlock) -> Buckets {
        let parts: Vec<&HistogramBlock> =
            blocks(arena, slots).filter(|block| block.life() != Life::Free).map(pick).collect();
        self.delta_of(&parts)
    }

    fn delta_of(&mut self, parts: &[&HistogramBlock]) -> Buckets {
        let mut counts = vec![0u64; BUCKETS];
        let (mut sum, mut max) = (0u64, 0u64);
        for part in parts {
            sum = sum.wrapping_add(part.sum.load(Relaxed));
            max = max.max(part.max.load(Relaxed));
            for (total, count) in counts.iter_mut().zip(&part.counts) {
                *total += count.load(Relaxed);
            }
        }
        self.counts.resize(BUCKETS, 0);
        let added: Vec<u64> = counts.iter().zip(&self.counts).map(|(now, told)| now.saturating_sub(*told)).collect();
        let delta = Histogram::encode(&added, sum.wrapping_sub(self.sum), max);
        self.counts = counts;
        self.sum = sum;
        delta
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doors::clock::Clock;
    use crate::telemetry::Recorder;

    fn arena() -> Arena {
        Arena::private(Clock::calibrated()).unwrap()
    }

    #[test]
    fn times_in_states_add_up_to_the_time_that_passed() {
        let arena = arena();
        let began_ns = arena.clock().now_ns();
        let mut recorder = Recorder::new(arena, WorkerId(0), true);
        let mut sampler = Sampler::new(arena, 1);
        let first_ns = sampler.worker(WorkerId(0), began_ns).state_ns.iter().sum::<u64>();
        for task in 0..1000 {
            recorder.begin(task, began_ns);
            let watch = recorder.wait_begins(LockId(0));
            recorder.wait_ends(watch);
            recorder.blocked(|| ());
            recorder.end(1, 1, 1);
        }
        let now_ns = arena.clock().now_ns();
        let sample = sampler.worker(WorkerId(0), now_ns);
        let told = first_ns + sample.state_ns.iter().sum::<u64>();
        let passed = now_ns - began_ns;
        assert!(told <= passed && passed - told < 1_000_000, "{told} of {passed} ns");
        assert!(sample.state_ns[WorkerState::Lock as usize] > 0 && sample.state_ns[WorkerState::Blocked as usize] > 0);
        assert_eq!(sample.ended, 1000);
        let (wait, service) = sampler.histograms(1);
        for told in [wait, service] {
            assert_eq!(told.runs.iter().filter(|&&run| run > 0).sum::<i64>(), 1000);
        }
        assert_eq!(sampler.totals(1).result, ResultTick { expected: 1000, actual: 1000, tasks_ok: None });
    }

    #[test]
    fn a_worker_that_dies_in_the_middle_of_a_change_is_put_right() {
        let arena = arena();
        let _recorder = Recorder::new(arena, WorkerId(3), true);
        let block = arena.worker(WorkerId(3));
        block.seq.store(7, Relaxed);
        block.mark_dead(arena.clock().now_ns());
        let sample = Sampler::new(arena, 0).worker(WorkerId(3), arena.clock().now_ns());
        assert_eq!((sample.state, sample.life), (WorkerState::Dead, Life::Ended));
    }

    #[test]
    fn a_witnessed_queue_is_integrated_exactly() {
        let arena = arena();
        let mut sampler = Sampler::new(arena, 0);
        let queue = arena.queue();
        for (depth, at_ns) in [(1, 1000), (3, 1100), (0, 1200)] {
            queue.set_depth(depth, at_ns);
        }
        let sample = sampler.queue(1300);
        assert_eq!((sample.depth, sample.depth_max, sample.depth_area), (0, 3, 100 + 300));
    }
}
