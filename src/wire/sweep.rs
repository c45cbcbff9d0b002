//! A sweep: the same lane measured with one number of workers after the other.
//!
//! ```text
//! sweep ── the plan: curves, sizes, rounds                              first
//! measuring ── which curve, which size, which round     ┐ for each
//! measured ── what came out, or why nothing did         ┘ measurement
//! further ── which sizes are measured once more         before each further round
//! end                                                                   last
//! ```
//!
//! These are frames like all others, so a sweep is recorded, replayed and folded as a run is.

use super::frame::Buckets;
use super::ids::LaneId;
use super::plan::{Arrivals, LanePlan, Plan, PoolPlan};
use serde::{Deserialize, Serialize};

/// A sweep made definite: nothing in it is left unset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepPlan {
    /// The run whose lanes are swept, as it would be without a sweep.
    pub plan: Plan,
    /// Numbers of workers, from the smallest to the largest.
    pub sizes: Vec<u32>,
    /// How long each is measured, in milliseconds, after it is warm.
    pub for_ms: u64,
    /// What is left out at the beginning of each measurement, in milliseconds.
    pub warmup_ms: u64,
    /// How many rounds there are; each measures every size of every curve once, in an order of its own.
    pub repeat: u32,
    /// So many further rounds there may be, of the sizes that these do not tell apart.
    #[serde(default)]
    pub further: u32,
    /// What is measured: a lane, or a lane with something else varied.
    pub curves: Vec<CurvePlan>,
    /// Lanes that are not swept, and why, one sentence each.
    pub left_out: Vec<String>,
}

/// One curve of a sweep: a lane at every size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePlan {
    /// The lane, by its number in the run.
    pub lane: LaneId,
    /// The lane's name.
    pub name: String,
    /// What else is varied, as it is in this curve.
    pub varied: Vec<Varied>,
    /// The lane at each size, in the order of the sizes.
    pub lanes: Vec<LanePlan>,
}

/// Something that is varied besides the number of workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Varied {
    /// Which parameter of the lane: `chunk`, `workload.share`.
    pub key: String,
    /// What it is here, as it was typed.
    pub value: String,
}

/// A place in a sweep: one measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepPlace {
    /// The curve, counted from 0.
    pub curve: u32,
    /// The size, by its place in the list of sizes, counted from 0.
    pub size: u32,
    /// The round, counted from 0.
    pub round: u32,
}

/// A further round begins: of the sizes of which it cannot be told yet which one to advise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Further {
    /// What is measured in it.
    pub places: Vec<SweepPlace>,
}

/// What one measurement came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Which one.
    #[serde(flatten)]
    pub place: SweepPlace,
    /// How long it took altogether, warming up and starting included.
    pub took_ns: u64,
    /// What was measured; none where nothing could be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub figures: Option<Box<SweepFigures>>,
    /// What went wrong, if anything did: where there are no figures, why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trouble: Option<String>,
}

/// The figures of one measurement, all of the time after warming up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SweepFigures {
    /// The time.
    pub active_ns: u64,
    /// Tasks that came in it.
    pub submitted: u64,
    /// Tasks that ended well in it.
    pub completed: u64,
    /// Tasks that ended badly, were turned away, dropped or lost in it.
    pub failed: u64,
    /// What tasks that began in it had waited since they were due.
    pub queue_wait: Buckets,
    /// What tasks that ended in it had taken.
    pub service: Buckets,
    /// CPU time of the lane in it; none where the kernel does not tell.
    pub cpu_ns: Option<u64>,
    /// The time in it that workers waited for a core; none where the kernel does not tell.
    pub run_queue_ns: Option<u64>,
    /// Tasks that had come and not ended: those that waited, by the queue's depth over time, and those that
    /// were worked on, by the time that workers spent in them.
    pub in_system: f64,
    /// The load, in tasks a second, at which the queue begins to grow: of open arrivals only, found by bisection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load_per_s: Option<f64>,
}

impl SweepFigures {
    /// Tasks that ended well in a second; no number where no time passed.
    pub fn per_s(&self) -> f64 {
        self.completed as f64 * 1e9 / self.active_ns as f64
    }
}

impl SweepPlan {
    /// How many measurements there are to be, further rounds apart.
    pub fn measurements(&self) -> u64 {
        let each = (self.curves.len() as u64).saturating_mul(self.sizes.len() as u64);
        each.saturating_mul(u64::from(self.repeat))
    }

    /// The lane that is measured at a place; none where there is no such place.
    pub fn lane(&self, place: SweepPlace) -> Option<&LanePlan> {
        self.curves.get(place.curve as usize)?.lanes.get(place.size as usize)
    }
}

impl CurvePlan {
    /// The curve in words: the lane's name, and what is varied in it.
    pub fn words(&self) -> String {
        let varied: Vec<String> = self.varied.iter().map(|one| format!("{}={}", one.key, one.value)).collect();
        if varied.is_empty() { self.name.clone() } else { format!("{}, {}", self.name, varied.join(", ")) }
    }

    /// At which rate tasks come, where they come by themselves.
    pub fn offered_per_s(&self) -> Option<f64> {
        match self.lanes.first()?.arrivals {
            Arrivals::Open { rate_per_s, .. } => Some(rate_per_s),
            Arrivals::Closed { .. } | Arrivals::Burst { .. } => None,
        }
    }
}

impl LanePlan {
    /// Why it cannot be measured with one number of workers after the other, if it cannot.
    pub fn not_to_be_sized(&self) -> Option<&'static str> {
        match &self.pool {
            PoolPlan::Single => Some("a `single` pool has one worker"),
            PoolPlan::Program(_) | PoolPlan::Cpython(_) => Some("the threads are its program's own"),
            PoolPlan::Litmus(_) => Some("the threads are the litmus test's own"),
            PoolPlan::Command(command) if command.log.is_some() => {
                Some("its job log is of inputs that are done once, and a sweep does them again and again")
            }
            _ => None,
        }
    }
}
