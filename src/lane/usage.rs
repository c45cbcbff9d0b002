//! What the kernel says of the lane's processes and threads: CPU time, waiting for a core, switches, memory.
//!
//! The reporter's own part is taken out: it wakes two hundred times a second, and that is not the pool's doing. What the
//! kernel does not tell stays none, and a total never runs back (a worker process that ends moves from one of the
//! kernel's accounts to another, and between two readings it may be in neither).

use crate::system::{self, ProcessStatus, TaskClock, TaskPlace, TaskTimes, Usage};
use crate::wire::{Process, WorkerId};
use std::collections::HashMap;

/// The account of one lane.
#[derive(Default)]
pub(super) struct LaneUsage {
    clocks: HashMap<WorkerId, Clocked>,
    /// The sum over all workers so far.
    run_queue_ns: u64,
    /// What children had used that were gone when the account began.
    gone: Option<Usage>,
    told: Process,
}

struct Clocked {
    tid: u32,
    clock: Option<TaskClock>,
    before: TaskTimes,
    place: Option<TaskPlace>,
}

impl Clocked {
    fn new(tid: u32, is_process: bool) -> Clocked {
        let clock = match is_process {
            true => TaskClock::open_process(tid),
            // A process of a program's is the lane's child, and its threads are workers like the lane's own.
            false => TaskClock::open(tid).or_else(|| TaskClock::open_elsewhere(tid)),
        };
        Clocked { tid, clock, before: TaskTimes::default(), place: None }
    }
}

impl LaneUsage {
    /// Looks at what children used that are gone. To be asked before the living are, so that one that goes meanwhile counts
    /// among the living, and is not counted twice.
    pub(super) fn look_at_the_gone(&mut self) {
        self.gone = system::children_usage();
    }

    /// What the living worker processes used, when each was last asked.
    pub(super) fn living_ns(&self) -> u64 {
        self.clocks.values().map(|clocked| clocked.before.cpu_ns).sum()
    }

    /// The worker's time on a core and waiting for one since it was last asked for.
    pub(super) fn worker(&mut self, id: WorkerId, tid: u32, is_process: bool) -> Option<TaskTimes> {
        let clocked = self.clocks.entry(id).or_insert_with(|| Clocked::new(tid, is_process));
        if clocked.tid != tid {
            // Another worker took over the number.
            *clocked = Clocked::new(tid, is_process);
        }
        let Some(now) = clocked.clock.as_ref().and_then(TaskClock::read) else {
            // It is gone, and what it used is among what the gone did.
            clocked.before.cpu_ns = 0;
            return None;
        };
        let before = std::mem::replace(&mut clocked.before, now);
        let since = TaskTimes {
            cpu_ns: now.cpu_ns.saturating_sub(before.cpu_ns),
            run_queue_ns: now.run_queue_ns.saturating_sub(before.run_queue_ns),
        };
        self.run_queue_ns += since.run_queue_ns;
        Some(since)
    }

    /// The core on which the worker last ran. The file is kept open if `keep` says so: that takes a descriptor, and makes
    /// the next look cheaper by more than half.
    pub(super) fn core(&mut self, id: WorkerId, is_process: bool, keep: bool) -> Option<u32> {
        let clocked = self.clocks.get_mut(&id)?;
        if clocked.place.is_none() {
            let tid = clocked.tid;
            let own = if is_process { None } else { TaskPlace::open(tid) };
            clocked.place = own.or_else(|| TaskPlace::open_process(tid));
        }
        let core = clocked.place.as_ref()?.core();
        if !keep {
            clocked.place = None;
        }
        core
    }

    /// Forgets a worker that is gone.
    pub(super) fn forget(&mut self, id: WorkerId) {
        self.clocks.remove(&id);
    }

    /// Reads what costs files: memory, and the switches of worker processes (`workers` are theirs; none for threads).
    pub(super) fn read_status(&mut self, workers: &[u32]) {
        self.look_at_the_gone();
        let Some(own) = system::process_status(std::process::id()) else { return };
        let statuses: Vec<ProcessStatus> = workers.iter().filter_map(|&pid| system::process_status(pid)).collect();
        let memory = sum(own.resident_bytes, &statuses, |status| status.resident_bytes);
        // The kernel keeps a process's own peak; that of several together is the most that we saw.
        let peak = if workers.is_empty() { own.peak_bytes.max(memory) } else { memory };
        self.told.memory_bytes = memory;
        self.told.memory_peak_bytes = self.told.memory_peak_bytes.max(peak);
        if !workers.is_empty() {
            let lane = lane_without_reporter().zip(self.gone);
            let voluntary = lane.map(|(lane, gone)| lane.voluntary + gone.voluntary);
            let involuntary = lane.map(|(lane, gone)| lane.involuntary + gone.involuntary);
            let voluntary = sum(voluntary, &statuses, |status| status.voluntary);
            let involuntary = sum(involuntary, &statuses, |status| status.involuntary);
            self.told.voluntary = self.told.voluntary.max(voluntary);
            self.told.involuntary = self.told.involuntary.max(involuntary);
        }
    }

    /// The newest account. `living_ns` is the CPU time of living workers, where it is their own and not the lane's.
    pub(super) fn read(&mut self, living_ns: Option<u64>) -> Process {
        let lane = lane_without_reporter();
        // Worker processes that are gone are in the kernel's account of our children, living ones in their own.
        let gone_ns = self.gone.map_or(0, |gone| gone.cpu_ns);
        let workers_ns = living_ns.map_or(0, |living_ns| living_ns + gone_ns);
        self.told.cpu_ns = self.told.cpu_ns.max(lane.map(|lane| lane.cpu_ns + workers_ns));
        if self.clocks.values().any(|clocked| clocked.clock.is_some()) {
            self.told.run_queue_ns = Some(self.run_queue_ns);
        }
        match living_ns {
            None => {
                self.told.voluntary = self.told.voluntary.max(lane.map(|lane| lane.voluntary));
                self.told.involuntary = self.told.involuntary.max(lane.map(|lane| lane.involuntary));
            }
            // Those of living ones come with their status.
            Some(_) => {
                let both = lane.zip(self.gone);
                self.told.voluntary = self.told.voluntary.max(both.map(|(lane, gone)| lane.voluntary + gone.voluntary));
                self.told.involuntary =
                    self.told.involuntary.max(both.map(|(lane, gone)| lane.involuntary + gone.involuntary));
            }
        }
        self.told
    }
}

/// What the lane's process used in all threads but the calling one, which is the reporter.
fn lane_without_reporter() -> Option<Usage> {
    Some(system::own_usage()?.less(system::thread_usage()?))
}

fn sum(own: Option<u64>, workers: &[ProcessStatus], pick: fn(&ProcessStatus) -> Option<u64>) -> Option<u64> {
    Some(own? + workers.iter().filter_map(pick).sum::<u64>())
}
