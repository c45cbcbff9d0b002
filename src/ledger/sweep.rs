//! What the measurements of a sweep add up to: curves of points, the laws that they follow, and what is advised.
//!
//! A curve is judged anew whenever a point of it is measured, so what is shown live, reported at the end and replayed is
//! one and the same. Odd measurements (of no curve, of no size) are refused and change nothing.

use crate::stats::{
    Advice, Estimate, Histogram, Law, Refused, Sample, SizeMeasured, amdahl, knee, peak, recommend, recommend_for_load,
    scalability,
};
use crate::wire::{Body, CurvePlan, Frame, Further, Machine, Measured, SweepFigures, SweepPlace, SweepPlan, WhenFull};
use std::collections::BTreeSet;

/// Curves and sizes beyond these are not taken: a file from outside may claim what it likes.
const CURVES_MAX: usize = 64;
const SIZES_MAX: usize = 256;

/// Rounds that are remembered of a size.
const ROUNDS_MAX: u32 = 1024;

/// Troubles that are remembered.
const TROUBLES_MAX: usize = 100;

/// Tasks that are on a core, or wait for one, for this share of their time are bound by it.
const CPU_BOUND_FROM: f64 = 0.5;

/// What a sweep has come to so far.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepLedger {
    /// What is measured.
    pub plan: SweepPlan,
    /// The curves, in the plan's order.
    pub curves: Vec<CurveLedger>,
    /// What is being measured.
    pub now: Option<SweepPlace>,
    /// What is measured in further rounds, since it could not be told which size to advise.
    further: BTreeSet<(u32, u32, u32)>,
    /// How many measurements have ended, well or not.
    pub ended: u64,
    /// What went wrong, in the order in which it did.
    pub troubles: Vec<Trouble>,
    /// Troubles beyond those.
    pub troubles_more: u64,
    took_ns: u64,
    places: BTreeSet<(u32, u32, u32)>,
    measured: Vec<Measured>,
}

/// Something that went wrong in a measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which one.
    pub place: SweepPlace,
    /// Whether there are no figures of it.
    pub is_lost: bool,
    /// What went wrong.
    pub why: String,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveLedger {
    /// Its points, one for each size, in the order of the sizes.
    pub points: Vec<PointLedger>,
    /// What the points follow.
    pub judged: Judged,
}

/// What was measured of one size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointLedger {
    /// How many workers.
    pub workers: u32,
    /// How many tasks wait at the most where others then wait outside; none where that is not so.
    blocks_at: Option<u64>,
    /// Measurements that gave figures.
    pub measured: u64,
    /// Measurements that gave none.
    pub lost: u64,
    /// Tasks that ended badly, over all measurements.
    pub failed: u64,
    per_s: Vec<Option<f64>>,
    load_per_s: Vec<Option<f64>>,
    cores: Vec<f64>,
    per_cpu_s: Vec<f64>,
    wait: Times,
    service: Times,
    whole: Times,
    in_system: Vec<f64>,
    expected_in_system: Vec<f64>,
    cpu_ns: Option<u64>,
    run_queue_ns: Option<u64>,
    service_ns: u64,
}

/// Two quantiles of a time, in each measurement, in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq)]
struct Times {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

/// Two quantiles of a time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimesEstimate {
    /// Half of all tasks took no longer.
    pub p50: Option<Estimate>,
    /// Ninety-nine in a hundred took no longer.
    pub p99: Option<Estimate>,
}

/// Little's law at a point: as many tasks are there as come in a second, times the seconds that each stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Little {
    /// Tasks that were there: the mean of those that waited, and of those that were worked on.
    pub in_system: f64,
    /// Tasks that ended in a second, times the mean time from when a task was due until it ended.
    pub expected: f64,
    /// Whether the queue was full, and tasks that were due waited outside of it: then less were there than the law says.
    pub queue_full: bool,
}

impl Little {
    /// Whether as many were there as the law says, give or take a tenth.
    pub fn holds(&self) -> bool {
        (self.in_system / self.expected - 1.0).abs() <= 0.1
    }
}

/// What the points of a curve follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Whether its tasks are bound by the cores; none where the platform does not tell, or nothing is measured.
    pub cpu_bound: Option<bool>,
    /// Only sizes up to this one were fitted; none where all were.
    pub fitted_up_to: Option<u32>,
    /// Amdahl's law, or why not.
    pub amdahl: Result<Law, Refused>,
    /// The universal scalability law, or why not.
    pub scalability: Result<Law, Refused>,
    /// The size that did most.
    pub peak: Option<u32>,
    /// The size at which the curve bends most.
    pub knee: Option<u32>,
    /// How many workers to have.
    pub advice: Option<Advice>,
}

impl Judged {
    fn nothing() -> Judged {
        let none = |needed| Err(Refused::TooFewSizes { sizes: 0, needed });
        Judged {
            cpu_bound: None,
            fitted_up_to: None,
            amdahl: none(3),
            scalability: none(4),
            peak: None,
            knee: None,
            advice: None,
        }
    }
}

impl SweepLedger {
    pub(super) fn new(plan: &SweepPlan) -> SweepLedger {
        let point = |curve: &CurvePlan, place: usize, workers: u32| {
            let lane = curve.lanes.get(place).filter(|lane| lane.when_full == WhenFull::Block);
            PointLedger { workers, blocks_at: lane.and_then(|lane| lane.capacity), ..PointLedger::default() }
        };
        let curve = |curve: &CurvePlan| CurveLedger {
            points: (0..)
                .zip(plan.sizes.iter().take(SIZES_MAX))
                .map(|(place, workers)| point(curve, place, *workers))
                .collect(),
            judged: Judged::nothing(),
        };
        SweepLedger {
            curves: plan.curves.iter().take(CURVES_MAX).map(curve).collect(),
            plan: plan.clone(),
            now: None,
            further: BTreeSet::new(),
            ended: 0,
            troubles: Vec::new(),
            troubles_more: 0,
            took_ns: 0,
            places: BTreeSet::new(),
            measured: Vec::new(),
        }
    }

    /// A measurement begins; says whether there is such a place.
    pub(super) fn begin(&mut self, place: SweepPlace) -> bool {
        let is_there = self.plan.lane(place).is_some();
        if is_there {
            self.now = Some(place);
        }
        is_there
    }

    /// A further round begins; says whether it made sense.
    pub(super) fn go_on(&mut self, further: &Further) -> bool {
        let (from, plan) = (self.plan.repeat, &self.plan);
        let is_there = |place: &SweepPlace| (from..ROUNDS_MAX).contains(&place.round) && plan.lane(*place).is_some();
        let makes_sense = further.places.iter().all(is_there);
        if makes_sense {
            self.further.extend(further.places.iter().map(|place| (place.curve, place.size, place.round)));
        }
        makes_sense
    }

    /// A measurement has ended; says whether it made sense.
    pub(super) fn take(&mut self, measured: &Measured) -> bool {
        let SweepPlace { curve, size, round } = measured.place;
        let is_new = round < ROUNDS_MAX && !self.places.contains(&(curve, size, round));
        let Some(of_curve) = self.curves.get_mut(curve as usize).filter(|_| is_new) else { return false };
        let Some(point) = of_curve.points.get_mut(size as usize) else { return false };
        match &measured.figures {
            Some(figures) => point.add(round, figures),
            None => point.lost += 1,
        }
        if let Some(plan) = self.plan.curves.get(curve as usize) {
            of_curve.judge(plan, &self.plan.plan.machine);
        }
        self.places.insert((curve, size, round));
        self.now = None;
        self.ended += 1;
        self.took_ns = self.took_ns.saturating_add(measured.took_ns);
        self.measured.push(measured.clone());
        if let Some(why) = &measured.trouble {
            match self.troubles.len() < TROUBLES_MAX {
                true => self.troubles.push(Trouble {
                    place: measured.place,
                    is_lost: measured.figures.is_none(),
                    why: why.clone(),
                }),
                false => self.troubles_more += 1,
            }
        }
        true
    }

    /// Measurements that are to be made, those of further rounds that have begun included.
    pub fn planned(&self) -> u64 {
        self.plan.measurements().saturating_add(self.further.len() as u64)
    }

    /// How many further rounds have begun.
    pub fn rounds_further(&self) -> u32 {
        self.further.iter().map(|(_, _, round)| round + 1 - self.plan.repeat).max().unwrap_or(0)
    }

    /// That sizes of a curve, or of any, are measured on, in words; none where that is not so, or no longer.
    pub fn further_words(&self, of: Option<usize>) -> Option<String> {
        let (round, most) = (self.rounds_further(), self.plan.further);
        let is_of = |(curve, _, of_round): &(u32, u32, u32)| {
            of_round + 1 - self.plan.repeat == round && of.is_none_or(|of| *curve as usize == of)
        };
        (!self.is_complete() && self.further.iter().any(is_of)).then(|| {
            format!("measuring on, since sizes cannot be told apart yet: further round {round}, of {most} at the most")
        })
    }

    /// Whether everything was measured that was to be.
    pub fn is_complete(&self) -> bool {
        self.ended >= self.planned()
    }

    /// How long the rest will take, by what the measurements so far took: an estimate. None before the first.
    pub fn left_ns(&self) -> Option<u64> {
        let left = self.planned().saturating_sub(self.ended);
        (self.ended > 0).then(|| (self.took_ns as f64 / self.ended as f64 * left as f64) as u64)
    }

    /// A curve in words, with its lane's number where several lanes are swept.
    pub fn curve_words(&self, curve: usize) -> String {
        let Some(plan) = self.plan.curves.get(curve) else { return String::new() };
        format!("lane {} ({})", plan.lane, plan.words())
    }

    /// A place in words: `lane 1 (threads), 4 workers, round 2`.
    pub fn place_words(&self, place: SweepPlace) -> String {
        let workers = self.plan.sizes.get(place.size as usize).copied().unwrap_or_default();
        let workers = crate::stats::words::plural(workers as usize, "worker");
        format!("{}, {workers}, round {}", self.curve_words(place.curve as usize), u64::from(place.round) + 1)
    }

    /// The curve that does most at the size that is advised for it.
    pub fn best(&self) -> Option<usize> {
        let at_advised = |curve: &CurveLedger| {
            let size = curve.judged.advice.as_ref()?.size;
            let point = curve.points.iter().find(|point| point.workers == size)?;
            Some(point.scaled()?.value)
        };
        let all = self.curves.iter().enumerate().filter_map(|(index, curve)| Some((index, at_advised(curve)?)));
        // Of equals the first.
        all.reduce(|best, one| if one.1 > best.1 { one } else { best }).map(|(index, _)| index)
    }

    /// The frames from which another ledger comes to where this one is.
    pub(super) fn so_far(&self, at_ns: u64) -> Vec<Frame> {
        let frame = |body| Frame { lane: None, at_ns, body };
        let measured = self.measured.iter().map(|measured| frame(Body::Measured(Box::new(measured.clone()))));
        let mut frames = vec![frame(Body::Sweep(Box::new(self.plan.clone())))];
        if !self.further.is_empty() {
            let places = self.further.iter().map(|&(curve, size, round)| SweepPlace { curve, size, round });
            frames.push(frame(Body::Further(Further { places: places.collect() })));
        }
        frames.extend(measured);
        frames.extend(self.now.map(|place| frame(Body::Measuring(place))));
        frames
    }
}

impl CurveLedger {
    fn judge(&mut self, plan: &CurvePlan, machine: &Machine) {
        let some: Vec<&PointLedger> = self.points.iter().filter(|point| point.measured > 0).collect();
        let cpu_bound = some.first().and_then(|point| point.is_cpu_bound());
        let cores = match plan.lanes.first().map_or(0, |lane| lane.cores.len()) {
            0 => f64::INFINITY,
            some => some as f64,
        };
        let parallelism = machine.parallelism_measured.or(machine.quota).unwrap_or(f64::from(machine.cores)).min(cores);
        // More workers than that take turns on the cores: no law of scaling speaks of that. Where nobody knows, it is so.
        let up_to = (cpu_bound != Some(false)).then(|| parallelism.round().clamp(1.0, 1e9) as u32);
        let samples: Vec<Sample> = some
            .iter()
            .filter(|point| up_to.is_none_or(|most| point.workers <= most))
            .flat_map(|point| {
                let workers = point.workers;
                point.rounds().iter().flatten().map(move |&per_s| Sample { workers, per_s })
            })
            .collect();
        let sizes: Vec<SizeMeasured> = some.iter().map(|point| point.as_size()).collect();
        let is_loaded = sizes.iter().any(|_| some.iter().any(|point| point.has_load()));
        self.judged = Judged {
            cpu_bound,
            fitted_up_to: up_to.filter(|most| some.iter().any(|point| point.workers > *most)),
            amdahl: amdahl(&samples),
            scalability: scalability(&samples),
            peak: peak(&sizes),
            knee: knee(&sizes),
            advice: match plan.offered_per_s().filter(|_| is_loaded) {
                Some(offered_per_s) => recommend_for_load(&sizes, offered_per_s),
                None => recommend(&sizes),
            },
        };
    }
}

impl PointLedger {
    fn add(&mut self, round: u32, figures: &SweepFigures) {
        self.measured += 1;
        self.failed = self.failed.saturating_add(figures.failed);
        let sound = |value: f64| (value.is_finite() && value >= 0.0).then_some(value);
        let per_s = sound(figures.per_s());
        put(&mut self.per_s, round, per_s);
        put(&mut self.load_per_s, round, figures.load_per_s.and_then(sound));
        if let Some(cpu_ns) = figures.cpu_ns {
            self.cores.extend(sound(cpu_ns as f64 / figures.active_ns as f64));
            self.per_cpu_s.extend(sound(figures.completed as f64 / (cpu_ns as f64 / 1e9)));
        }
        let histogram = |buckets| {
            let mut histogram = Histogram::default();
            histogram.merge(buckets);
            histogram
        };
        let (wait, service) = (histogram(&figures.queue_wait), histogram(&figures.service));
        self.wait.add(|q| wait.quantile(q));
        self.service.add(|q| service.quantile(q));
        self.whole.add(|q| wait.quantile_of_sum(&service, q));
        if let (Some(per_s), Some(wait_ns), Some(service_ns)) = (per_s, wait.mean(), service.mean())
            && let Some(in_system) = sound(figures.in_system)
        {
            self.in_system.push(in_system);
            self.expected_in_system.push(per_s * (wait_ns + service_ns) / 1e9);
        }
        let sum = |sum: Option<u64>, more: Option<u64>| Some(sum.unwrap_or(0).saturating_add(more?));
        self.cpu_ns = sum(self.cpu_ns, figures.cpu_ns);
        self.run_queue_ns = sum(self.run_queue_ns, figures.run_queue_ns);
        self.service_ns = self.service_ns.saturating_add(service.sum());
    }

    /// Tasks that ended well in a second.
    pub fn per_s(&self) -> Option<Estimate> {
        mean_of(&self.per_s)
    }

    /// The load at which its queue begins to grow, in tasks a second; none where tasks do not come by themselves.
    pub fn load_per_s(&self) -> Option<Estimate> {
        mean_of(&self.load_per_s)
    }

    /// What grows with the workers: the load that it carries where tasks come by themselves, else what it does.
    pub fn scaled(&self) -> Option<Estimate> {
        mean_of(self.rounds())
    }

    /// The same, round by round; none for a round that is missing.
    pub fn rounds(&self) -> &[Option<f64>] {
        if self.has_load() { &self.load_per_s } else { &self.per_s }
    }

    fn has_load(&self) -> bool {
        self.load_per_s.iter().any(Option::is_some)
    }

    /// How many cores' worth of work it did; none where the platform does not tell.
    pub fn cores(&self) -> Option<Estimate> {
        Estimate::of_mean(&self.cores)
    }

    /// Tasks for each second of CPU time; none where the platform does not tell.
    pub fn per_cpu_s(&self) -> Option<Estimate> {
        Estimate::of_mean(&self.per_cpu_s)
    }

    /// What tasks waited from when they were due until they started.
    pub fn wait(&self) -> TimesEstimate {
        self.wait.estimate()
    }

    /// What tasks took from their start to their end.
    pub fn service(&self) -> TimesEstimate {
        self.service.estimate()
    }

    /// Both together. An estimate: the two are measured apart, and taken to have nothing to do with each other.
    pub fn whole(&self) -> TimesEstimate {
        self.whole.estimate()
    }

    /// Little's law; none before anything is measured.
    pub fn little(&self) -> Option<Little> {
        let mean = |values: &[f64]| Some(Estimate::of_mean(values)?.value);
        let (in_system, expected) = (mean(&self.in_system)?, mean(&self.expected_in_system)?);
        let is_full = self.blocks_at.is_some_and(|most| in_system >= most as f64 * 0.9);
        let queue_full = is_full && in_system < expected;
        Some(Little { in_system, expected, queue_full })
    }

    fn is_cpu_bound(&self) -> Option<bool> {
        let on_cores_ns = self.cpu_ns?.saturating_add(self.run_queue_ns.unwrap_or(0));
        Some(on_cores_ns as f64 >= CPU_BOUND_FROM * self.service_ns as f64)
    }

    fn as_size(&self) -> SizeMeasured {
        let p99 = |times: TimesEstimate| Some(times.p99?.value);
        SizeMeasured {
            workers: self.workers,
            per_s: self.rounds().to_vec(),
            wait_p99_ns: p99(self.wait()),
            service_p99_ns: p99(self.service()),
        }
    }
}

impl Times {
    fn add(&mut self, quantile: impl Fn(f64) -> Option<u64>) {
        self.p50.extend(quantile(0.5).map(|ns| ns as f64));
        self.p99.extend(quantile(0.99).map(|ns| ns as f64));
    }

    fn estimate(&self) -> TimesEstimate {
        TimesEstimate { p50: Estimate::of_mean(&self.p50), p99: Estimate::of_mean(&self.p99) }
    }
}

fn put(rounds: &mut Vec<Option<f64>>, round: u32, value: Option<f64>) {
    let place = round as usize;
    if rounds.len() <= place {
        rounds.resize(place + 1, None);
    }
    rounds[place] = value;
}

fn mean_of(rounds: &[Option<f64>]) -> Option<Estimate> {
    Estimate::of_mean(&rounds.iter().copied().flatten().collect::<Vec<_>>())
}
