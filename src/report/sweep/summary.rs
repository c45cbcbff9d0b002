//! What a sweep comes to, as plain data. `assets/sweep.schema.json` describes its JSON.

use super::super::summary::MachineSummary;
use crate::ledger::{CurveLedger, Ledger, PointLedger, SweepLedger, TimesEstimate};
use crate::stats::{Advice, Estimate, Law, Parameter, Refused};
use crate::wire::CurvePlan;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of this format.
const FORMAT: u32 = 1;

/// What a sweep came to. What the platform did not give, and what was not measured, is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepSummary {
    /// The version of this format.
    pub format: u32,
    /// The scenario's name.
    pub scenario: String,
    /// How long the sweep took, by the clock on the wall.
    pub seconds: f64,
    /// How long each measurement lasted, after its warming up.
    pub for_s: f64,
    /// What was left out at the beginning of each.
    pub warmup_s: f64,
    /// How many rounds were to be made.
    pub repeat: u32,
    /// How many further rounds there were, of sizes that could not be told apart.
    pub rounds_further: u32,
    /// Measurements that were to be made.
    pub planned: u64,
    /// Measurements that ended, well or not.
    pub ended: u64,
    /// Whether these are all.
    pub complete: bool,
    /// The machine.
    pub machine: MachineSummary,
    /// Every size of every curve.
    pub points: Vec<PointSummary>,
    /// What each curve follows.
    pub fits: Vec<FitSummary>,
    /// How many workers to have, by the curve that does most; null where nothing was measured.
    pub recommended: Option<RecommendedSummary>,
    /// What went wrong.
    pub troubles: Vec<TroubleSummary>,
    /// Lanes that were not swept, and why.
    pub left_out: Vec<String>,
}

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The mean of all measurements.
    pub mean: f64,
    /// The least that it may be; null of a single measurement.
    pub low: Option<f64>,
    /// The most that it may be; null of a single measurement.
    pub high: Option<f64>,
}

impl Figure {
    fn of(estimate: Option<Estimate>, times: f64) -> Option<Figure> {
        let estimate = estimate?;
        let (low, high) = estimate.interval.unzip();
        Some(Figure {
            mean: estimate.value * times,
            low: low.map(|low| low * times),
            high: high.map(|high| high * times),
        })
    }
}

/// Two quantiles of a time, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimesSummary {
    /// Half of all tasks took no longer.
    pub p50: Option<Figure>,
    /// Ninety-nine in a hundred took no longer.
    pub p99: Option<Figure>,
}

impl TimesSummary {
    fn of(times: TimesEstimate) -> TimesSummary {
        TimesSummary { p50: Figure::of(times.p50, 1e-3), p99: Figure::of(times.p99, 1e-3) }
    }
}

/// One size of one curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PointSummary {
    /// The curve, counted from 0.
    pub curve: usize,
    /// The lane's number in the scenario, counted from 1.
    pub lane: u16,
    /// The lane's name.
    pub name: String,
    /// What is varied in this curve besides the workers.
    pub varied: BTreeMap<String, String>,
    /// How many workers.
    pub workers: u32,
    /// Measurements that gave figures.
    pub measured: u64,
    /// Measurements that gave none.
    pub lost: u64,
    /// Tasks that ended badly, over all measurements.
    pub failed: u64,
    /// Tasks that ended well in a second.
    pub throughput_per_s: Option<Figure>,
    /// The load at which the queue begins to grow, in tasks a second, where tasks come by themselves.
    pub load_per_s: Option<Figure>,
    /// What tasks waited.
    pub wait_us: TimesSummary,
    /// What tasks took.
    pub service_us: TimesSummary,
    /// Both together: an estimate, as if the two had nothing to do with each other.
    pub whole_us: TimesSummary,
    /// How many cores' worth of work was done.
    pub cores: Option<Figure>,
    /// Tasks that ended well for each second of CPU time.
    pub tasks_per_cpu_s: Option<Figure>,
    /// Little's law here.
    pub little: Option<LittleSummary>,
}

/// Little's law at a point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LittleSummary {
    /// Tasks that had come and not ended: the mean of those that waited, and of those that were worked on.
    pub in_system: f64,
    /// Tasks a second times the mean time from when a task was due until it ended.
    pub expected: f64,
    /// Whether the queue was full, and tasks that were due waited outside of it.
    pub queue_full: bool,
    /// Whether the two are the same, give or take a tenth.
    pub holds: bool,
}

/// What a curve follows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FitSummary {
    /// The curve, counted from 0.
    pub curve: usize,
    /// The curve in words.
    pub name: String,
    /// Whether its tasks are bound by the cores.
    pub cpu_bound: Option<bool>,
    /// Only sizes up to this one were fitted; null where all were.
    pub fitted_up_to: Option<u32>,
    /// Amdahl's law.
    pub amdahl: LawSummary,
    /// The universal scalability law.
    pub usl: LawSummary,
    /// The size that did most.
    pub peak: Option<u32>,
    /// The size at which the curve bends most.
    pub knee: Option<u32>,
    /// How many workers to have on this curve.
    pub recommended: Option<RecommendedSummary>,
}

/// A law, or why it does not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LawSummary {
    /// All of it in words, for people only.
    #[serde(skip)]
    pub words: String,
    /// Why it does not hold, or cannot be told to; null where it does.
    pub refused: Option<String>,
    /// What one worker alone does in a second.
    pub gamma: Option<ParameterSummary>,
    /// Contention.
    pub alpha: Option<ParameterSummary>,
    /// Coherence; null in Amdahl's law.
    pub beta: Option<ParameterSummary>,
    /// How much of the differences between measurements it explains.
    pub r_squared: Option<f64>,
    /// How far the mean of a size lies from it at the most, as a share.
    pub off_max: Option<f64>,
    /// How many sizes it was fitted to.
    pub sizes: Option<usize>,
    /// The number of workers that does most by this law; null where more always do more.
    pub peak: Option<f64>,
}

/// A parameter with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ParameterSummary {
    /// What fits best.
    pub value: f64,
    /// The least that it may be.
    pub low: f64,
    /// The most that it may be.
    pub high: f64,
}

/// How many workers to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecommendedSummary {
    /// The curve, counted from 0.
    pub curve: usize,
    /// How many.
    pub size: u32,
    /// With 95 % confidence it is one of the sizes from the first to the second.
    pub interval: [u32; 2],
    /// The sizes that are equally good as far as measured: it alone where it is told from all others.
    pub equal: Vec<u32>,
    /// Why, in one sentence.
    pub sentence: String,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TroubleSummary {
    /// The curve, counted from 0.
    pub curve: u32,
    /// How many workers.
    pub workers: u32,
    /// The round, counted from 1.
    pub round: u32,
    /// Whether there are no figures of this measurement.
    pub lost: bool,
    /// What went wrong.
    pub text: String,
}

impl SweepSummary {
    /// What a sweep has come to; none where the ledger holds none.
    pub fn of(ledger: &Ledger) -> Option<SweepSummary> {
        let sweep = ledger.sweep()?;
        let plan = &sweep.plan;
        let curves = || plan.curves.iter().zip(&sweep.curves).enumerate();
        let machine = &plan.plan.machine;
        Some(SweepSummary {
            format: FORMAT,
            scenario: plan.plan.scenario.clone(),
            seconds: ledger.at_ns() as f64 / 1e9,
            for_s: plan.for_ms as f64 / 1e3,
            warmup_s: plan.warmup_ms as f64 / 1e3,
            repeat: plan.repeat,
            rounds_further: sweep.rounds_further(),
            planned: sweep.planned(),
            ended: sweep.ended,
            complete: sweep.is_complete(),
            machine: MachineSummary {
                cores: machine.cores,
                quota: machine.quota,
                parallelism_measured: machine.parallelism_measured,
                os: machine.os.clone(),
            },
            points: curves()
                .flat_map(|(index, (plan, curve))| curve.points.iter().map(move |point| point_of(index, plan, point)))
                .collect(),
            fits: curves().map(|(index, (_, curve))| fit_of(index, sweep, curve)).collect(),
            recommended: sweep
                .best()
                .and_then(|best| recommended(best, sweep.curves.get(best)?.judged.advice.as_ref())),
            troubles: sweep
                .troubles
                .iter()
                .map(|trouble| TroubleSummary {
                    curve: trouble.place.curve,
                    workers: plan.sizes.get(trouble.place.size as usize).copied().unwrap_or_default(),
                    round: trouble.place.round.saturating_add(1),
                    lost: trouble.is_lost,
                    text: trouble.why.clone(),
                })
                .collect(),
            left_out: plan.left_out.clone(),
        })
    }
}

fn point_of(curve: usize, plan: &CurvePlan, point: &PointLedger) -> PointSummary {
    PointSummary {
        curve,
        lane: plan.lane.0,
        name: plan.name.clone(),
        varied: plan.varied.iter().map(|varied| (varied.key.clone(), varied.value.clone())).collect(),
        workers: point.workers,
        measured: point.measured,
        lost: point.lost,
        failed: point.failed,
        throughput_per_s: Figure::of(point.per_s(), 1.0),
        load_per_s: Figure::of(point.load_per_s(), 1.0),
        wait_us: TimesSummary::of(point.wait()),
        service_us: TimesSummary::of(point.service()),
        whole_us: TimesSummary::of(point.whole()),
        cores: Figure::of(point.cores(), 1.0),
        tasks_per_cpu_s: Figure::of(point.per_cpu_s(), 1.0),
        little: point.little().map(|little| LittleSummary {
            in_system: little.in_system,
            expected: little.expected,
            queue_full: little.queue_full,
            holds: little.holds(),
        }),
    }
}

fn fit_of(index: usize, sweep: &SweepLedger, curve: &CurveLedger) -> FitSummary {
    let judged = &curve.judged;
    FitSummary {
        curve: index,
        name: sweep.curve_words(index),
        cpu_bound: judged.cpu_bound,
        fitted_up_to: judged.fitted_up_to,
        amdahl: law_of(&judged.amdahl),
        usl: law_of(&judged.scalability),
        peak: judged.peak,
        knee: judged.knee,
        recommended: recommended(index, judged.advice.as_ref()),
    }
}

fn law_of(law: &Result<Law, Refused>) -> LawSummary {
    let of = |Parameter { value, low, high }: Parameter| ParameterSummary { value, low, high };
    let held = law.as_ref().ok();
    LawSummary {
        words: law.as_ref().map_or_else(ToString::to_string, ToString::to_string),
        refused: law.as_ref().err().map(ToString::to_string),
        gamma: held.map(|law| of(law.gamma)),
        alpha: held.map(|law| of(law.alpha)),
        beta: held.and_then(|law| law.beta).map(of),
        r_squared: held.map(|law| law.r_squared),
        off_max: held.map(|law| law.off_max),
        sizes: held.map(|law| law.sizes),
        peak: held.and_then(Law::peak),
    }
}

fn recommended(curve: usize, advice: Option<&Advice>) -> Option<RecommendedSummary> {
    let Advice { size, interval: (least, most), equal, sentence } = advice?.clone();
    Some(RecommendedSummary { curve, size, interval: [least, most], equal, sentence })
}
