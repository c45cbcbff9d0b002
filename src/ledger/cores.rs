//! What the cores did, and for which lane.

use super::{HISTORY_POINTS, LaneLedger, Ledger, Standing};
use crate::stats::History;
use crate::wire::{LaneId, RunSoFar, SystemTick, Tick};

/// What the cores did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cores {
    /// The newest sample.
    pub now: SystemTick,
    /// Each core's busy share in each window so far, with the core's id.
    pub history: Vec<(u32, History<f64>)>,
    busy_ns: Vec<f64>,
    window_ns: u64,
}

/// The newest windows by which it is judged whether a core is free: at least 250 ms each.
const WINDOWS_LATELY: usize = 4;

impl Cores {
    /// Each core's busy share over the whole run, with its id.
    pub fn busy_overall(&self) -> Vec<(u32, f64)> {
        let shares = self.history.iter().zip(&self.busy_ns);
        shares
            .map(|((id, _), busy_ns)| (*id, if self.window_ns == 0 { 0.0 } else { busy_ns / self.window_ns as f64 }))
            .collect()
    }

    /// How many of these cores nobody used lately; none where one of them is not known.
    pub(super) fn free_lately(&self, ids: &[u32]) -> Option<f64> {
        let busy = |id: &u32| {
            let (_, history) = self.history.iter().find(|(known, _)| known == id)?;
            let lately = history.newest(WINDOWS_LATELY);
            let windows = lately.len();
            (windows > 0).then(|| lately.sum::<f64>() / windows as f64)
        };
        ids.iter().map(|id| busy(id).map(|busy| 1.0 - busy)).sum()
    }

    pub(super) fn post(&mut self, tick: &SystemTick) {
        for &(id, busy) in &tick.cores {
            let busy = if busy.is_finite() { busy.clamp(0.0, 1.0) } else { 0.0 };
            let place = self.place(id);
            self.history[place].1.push(busy);
            self.busy_ns[place] += busy * tick.window_ns as f64;
        }
        self.window_ns = self.window_ns.saturating_add(tick.window_ns);
        self.now = tick.clone();
    }

    fn place(&mut self, id: u32) -> usize {
        self.history.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            self.history.push((id, History::new(HISTORY_POINTS)));
            self.busy_ns.push(0.0);
            self.history.len() - 1
        })
    }

    /// What the cores came to, all but their history.
    pub(super) fn so_far(&self) -> (SystemTick, u64, Vec<(u32, f64)>) {
        let busy_ns = self.history.iter().zip(&self.busy_ns).map(|((id, _), busy_ns)| (*id, *busy_ns));
        (self.now.clone(), self.window_ns, busy_ns.collect())
    }

    /// Goes on from there.
    pub(super) fn take_over(&mut self, so_far: &RunSoFar) {
        *self = Cores::default();
        for &(id, busy_ns) in &so_far.busy_ns {
            let place = self.place(id);
            self.busy_ns[place] = if busy_ns.is_finite() { busy_ns.max(0.0) } else { 0.0 };
        }
        self.window_ns = so_far.window_ns;
        self.now = so_far.system.clone();
    }
}

/// The CPU time of a lane's workers by the core on which they were last seen: over the half second that runs, and the one
/// before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OnCores {
    before: HalfSecond,
    now: HalfSecond,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct HalfSecond {
    span_ns: u64,
    cpu_ns: Vec<(u32, u64)>,
}

const HALF_SECOND_NS: u64 = 500_000_000;

/// After so long without a frame nothing is known of a lane's cores.
const SILENCE_NS: u64 = 1_000_000_000;

impl OnCores {
    /// Adds a tick's workers; `core_of` says where each was last seen, in their order.
    pub(super) fn add_tick(&mut self, tick: &Tick, core_of: impl Fn(usize) -> Option<u32>) {
        if self.now.span_ns >= HALF_SECOND_NS {
            self.before = std::mem::take(&mut self.now);
        }
        self.now.span_ns = self.now.span_ns.saturating_add(tick.interval_ns);
        for (place, worker) in tick.workers.iter().enumerate() {
            if let (Some(cpu_ns), Some(core)) = (worker.cpu_ns, core_of(place)) {
                self.now.add(core, cpu_ns);
            }
        }
    }

    /// The share of each core's time.
    fn shares(&self) -> Vec<(u32, f64)> {
        let mut both = self.before.clone();
        both.span_ns = both.span_ns.saturating_add(self.now.span_ns);
        self.now.cpu_ns.iter().for_each(|&(core, cpu_ns)| both.add(core, cpu_ns));
        let span_ns = both.span_ns.max(1) as f64;
        both.cpu_ns.iter().map(|&(core, cpu_ns)| (core, (cpu_ns as f64 / span_ns).min(1.0))).collect()
    }
}

impl HalfSecond {
    fn add(&mut self, core: u32, cpu_ns: u64) {
        let place = match self.cpu_ns.binary_search_by_key(&core, |(id, _)| *id) {
            Ok(place) => place,
            Err(place) => {
                self.cpu_ns.insert(place, (core, 0));
                place
            }
        };
        self.cpu_ns[place].1 = self.cpu_ns[place].1.saturating_add(cpu_ns);
    }
}

pub(super) fn by_lane(ledger: &Ledger) -> Vec<(u32, Vec<(LaneId, f64)>)> {
    let is_here = |lane: &&LaneLedger| {
        lane.standing == Standing::Here && ledger.at_ns.saturating_sub(lane.last_at_ns) < SILENCE_NS
    };
    let lanes: Vec<_> =
        ledger.lanes.iter().filter(is_here).map(|lane| (lane.plan.id, lane.on_cores.shares())).collect();
    let cores = ledger.cores.now.cores.iter().filter_map(|&(core, busy)| {
        let share_of = |shares: &[(u32, f64)]| shares.iter().find(|(id, _)| *id == core).map(|(_, share)| *share);
        let mut users: Vec<(LaneId, f64)> =
            lanes.iter().filter_map(|(lane, shares)| Some((*lane, share_of(shares)?))).collect();
        let all = users.iter().map(|(_, share)| share).sum::<f64>();
        let busy = if busy.is_finite() { busy.clamp(0.0, 1.0) } else { 0.0 };
        if all > busy {
            users.iter_mut().for_each(|(_, share)| *share *= busy / all);
        }
        users.retain(|(_, share)| *share > 0.0);
        users.sort_by(|one, other| other.1.total_cmp(&one.1));
        (!users.is_empty()).then_some((core, users))
    });
    cores.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Body, Frame, Hello, WorkerId, WorkerTick, decode_frame};

    const TICK_NS: u64 = 100_000_000;

    fn ledger() -> Ledger {
        let mut ledger = Ledger::new();
        let recording = include_str!("../../assets/recordings/turns.ndjson");
        ledger.post(&decode_frame(recording.lines().next().unwrap().as_bytes()).unwrap());
        for lane in [1, 2] {
            let hello = recording.lines().find_map(|line| match decode_frame(line.as_bytes()).unwrap().body {
                Body::Hello(hello) => Some(hello),
                _ => None,
            });
            post(
                &mut ledger,
                Some(lane),
                0,
                Body::Hello(hello.map(|hello| Hello { locks: Vec::new(), ..hello }).unwrap()),
            );
        }
        ledger
    }

    fn post(ledger: &mut Ledger, lane: Option<u16>, at_ns: u64, body: Body) {
        ledger.post(&Frame { lane: lane.map(LaneId), at_ns, body });
    }

    /// Workers, each with its core and its share of the tick.
    fn tick(seq: u64, workers: &[(Option<u32>, u64)]) -> Body {
        let worker = |(id, &(core, percent)): (usize, &(Option<u32>, u64))| WorkerTick {
            id: WorkerId(id as u32),
            core,
            cpu_ns: Some(TICK_NS * percent / 100),
            ..WorkerTick::default()
        };
        let workers = workers.iter().enumerate().map(worker).collect();
        Body::Tick(Box::new(Tick { seq, interval_ns: TICK_NS, active_ns: TICK_NS, workers, ..Tick::default() }))
    }

    fn busy(cores: &[(u32, f64)]) -> Body {
        Body::System(SystemTick { window_ns: 250_000_000, cores: cores.to_vec(), ..SystemTick::default() })
    }

    #[track_caller]
    fn check(ledger: &Ledger, expected: &[(u32, &[(u16, f64)])]) {
        let told = ledger.cores_by_lane();
        let flat: Vec<(u32, u16, f64)> =
            told.iter().flat_map(|(core, users)| users.iter().map(|(lane, share)| (*core, lane.0, *share))).collect();
        let wanted: Vec<(u32, u16, f64)> = expected
            .iter()
            .flat_map(|(core, users)| users.iter().map(|(lane, share)| (*core, *lane, *share)))
            .collect();
        assert_eq!(flat.len(), wanted.len(), "{told:?}");
        for (told, wanted) in flat.iter().zip(&wanted) {
            assert!((told.0, told.1) == (wanted.0, wanted.1) && (told.2 - wanted.2).abs() < 1e-9, "{flat:?}");
        }
    }

    #[test]
    fn each_core_is_divided_among_the_lanes_that_were_seen_on_it() {
        let mut ledger = ledger();
        check(&ledger, &[]);
        for seq in 1..=8 {
            // A worker whose core is not looked at again stays where it was seen.
            let core = (seq == 1).then_some(1);
            post(&mut ledger, Some(1), seq * TICK_NS, tick(seq, &[(Some(0), 50), (core, 40)]));
            post(&mut ledger, Some(2), seq * TICK_NS, tick(seq, &[(Some(0), 20), (None, 100)]));
        }
        check(&ledger, &[]);
        post(&mut ledger, None, 8 * TICK_NS, busy(&[(0, 0.9), (1, 0.9), (2, 0.9)]));
        check(&ledger, &[(0, &[(1, 0.5), (2, 0.2)]), (1, &[(1, 0.4)])]);
        // Never more than the core was busy at all.
        post(&mut ledger, None, 8 * TICK_NS, busy(&[(0, 0.35), (1, f64::NAN)]));
        check(&ledger, &[(0, &[(1, 0.25), (2, 0.1)])]);
        // Of a lane that is silent nothing is known.
        post(&mut ledger, Some(1), 20 * TICK_NS, tick(9, &[(Some(0), 0), (Some(1), 0)]));
        post(&mut ledger, None, 20 * TICK_NS, busy(&[(0, 1.0)]));
        assert!(ledger.cores_by_lane()[0].1.iter().all(|(lane, _)| *lane == LaneId(1)));
    }

    #[test]
    fn a_real_run_that_computes_on_all_cores_is_seen_on_all() {
        let mut ledger = Ledger::new();
        let lines = include_str!("../../tests/recordings/calm-primes.ndjson").lines();
        let frames = lines.map(|line| decode_frame(line.as_bytes()).unwrap());
        frames.take_while(|frame| frame.at_ns < 2_500_000_000).for_each(|frame| ledger.post(&frame));
        let told = ledger.cores_by_lane();
        assert_eq!(told.len(), 2, "{told:?}");
        let shares: f64 = told.iter().flat_map(|(_, users)| users).map(|(_, share)| share).sum();
        assert!(shares > 1.5, "{told:?}");
    }

    #[test]
    fn only_about_the_last_second_counts() {
        let mut ledger = ledger();
        for seq in 1..=30 {
            let core = if seq <= 15 { 0 } else { 1 };
            post(&mut ledger, Some(1), seq * TICK_NS, tick(seq, &[(Some(core), 60)]));
        }
        post(&mut ledger, None, 30 * TICK_NS, busy(&[(0, 1.0), (1, 1.0)]));
        check(&ledger, &[(1, &[(1, 0.6)])]);
    }
}
