//! What the frames add up to: one fold, the same for a live run, a recording and a headless run.
//!
//! ```text
//! frame ──▶ Ledger::post ──▶ lanes: tasks, workers, queue, locks, history
//!                            cores: each core's use, and which lane's
//!                            findings: what is worth telling
//!                            sweep: curves, the laws that they follow, what is advised
//! ```
//!
//! [`Ledger::post`] is total: odd input (a lane that nobody announced, a tick out of order, numbers that make no sense)
//! is counted in [`Ledger::odd_frames`] and changes nothing else.
//!
//! Absent here: clocks (a ledger knows only the times that frames carry), I/O, `Result`.

mod cores;
mod findings;
mod flight;
mod jobs;
mod lane;
mod locks;
mod runs;
mod so_far;
mod sweep;
mod window;

pub use cores::Cores;
pub use findings::{Finding, FindingKind, Proof, exit_in_words};
pub use flight::{Moment, Span, spans};
pub use jobs::{Progress, command_in_words, job_in_words};
pub use lane::{Activity, LaneLedger, Point, QueueLedger, Recent, Standing, Stint, WorkerLedger};
pub use locks::{Blocker, LockLedger, Wait};
pub use runs::{ending_in_words, stall_in_words, standstill_in_words, waits_in_words};
pub use sweep::{CurveLedger, Judged, Little, PointLedger, SweepLedger, TimesEstimate, Trouble};

use crate::wire::{Body, Frame, LaneId, Plan, Turn};
use findings::Around;

/// How many points each history keeps: a minute of ticks.
pub const HISTORY_POINTS: usize = 600;

/// What the frames of one run add up to.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    plan: Option<Plan>,
    lanes: Vec<LaneLedger>,
    sweep: Option<Box<SweepLedger>>,
    cores: Cores,
    turn: Option<Turn>,
    at_ns: u64,
    ended: bool,
    frames: u64,
    odd_frames: u64,
    missed_frames: u64,
    recording_failed: Option<String>,
}

impl Default for Ledger {
    fn default() -> Self {
        Ledger::new()
    }
}

impl Ledger {
    /// A ledger into which nothing has been posted.
    pub fn new() -> Ledger {
        Ledger {
            plan: None,
            lanes: Vec::new(),
            sweep: None,
            cores: Cores::default(),
            turn: None,
            at_ns: 0,
            ended: false,
            frames: 0,
            odd_frames: 0,
            missed_frames: 0,
            recording_failed: None,
        }
    }

    /// Takes in a frame.
    pub fn post(&mut self, frame: &Frame) {
        self.frames += 1;
        self.at_ns = self.at_ns.max(frame.at_ns);
        match (&frame.body, frame.lane) {
            (Body::Plan(plan), _) => {
                self.lanes = plan.lanes.iter().map(LaneLedger::new).collect();
                self.plan = Some((**plan).clone());
                self.sweep = None;
            }
            (Body::Sweep(plan), _) => {
                (self.lanes, self.plan) = (Vec::new(), Some(plan.plan.clone()));
                self.sweep = Some(Box::new(SweepLedger::new(plan)));
            }
            (Body::Measuring(place), _) => {
                let made_sense = self.sweep.as_mut().is_some_and(|sweep| sweep.begin(*place));
                self.odd_frames = self.odd_frames.saturating_add(u64::from(!made_sense));
            }
            (Body::Measured(measured), _) => {
                let made_sense = self.sweep.as_mut().is_some_and(|sweep| sweep.take(measured));
                self.odd_frames = self.odd_frames.saturating_add(u64::from(!made_sense));
            }
            (Body::Further(further), _) => {
                let made_sense = self.sweep.as_mut().is_some_and(|sweep| sweep.go_on(further));
                self.odd_frames = self.odd_frames.saturating_add(u64::from(!made_sense));
            }
            (Body::System(tick), _) => self.cores.post(tick),
            (Body::Turn(turn), _) => self.take_turn(*turn),
            (Body::End, _) => self.ended = true,
            (Body::RecordingFailed { why }, _) => self.recording_failed = Some(why.clone()),
            (Body::Missed { frames }, _) => self.missed_frames = self.missed_frames.saturating_add(*frames),
            (Body::RunSoFar(so_far), _) => {
                self.cores.take_over(so_far);
                self.odd_frames = so_far.odd_frames;
                self.missed_frames = so_far.missed_frames;
            }
            (body, Some(id)) => {
                let lane = id.index().and_then(|index| self.lanes.get_mut(index));
                let made_sense = lane.is_some_and(|lane| {
                    let made_sense = lane.post(body, frame.at_ns);
                    if lane.is_to_be_judged()
                        && let Some(around) = Around::of(self.plan.as_ref(), &self.cores, lane)
                    {
                        lane.judge(&around);
                    }
                    made_sense
                });
                self.odd_frames = self.odd_frames.saturating_add(u64::from(!made_sense));
            }
            (_, None) => self.odd_frames = self.odd_frames.saturating_add(1),
        }
    }

    fn take_turn(&mut self, turn: Turn) {
        if let (true, Some(lane)) = (turn.halted, self.turn.and_then(|before| before.running))
            && let Some(lane) = lane.index().and_then(|index| self.lanes.get_mut(index))
        {
            lane.turns_halted = lane.turns_halted.saturating_add(1);
        }
        self.turn = Some(turn);
    }

    /// The sweep, where it is one: then there are no lanes, and the plan is that of the run whose lanes are swept.
    pub fn sweep(&self) -> Option<&SweepLedger> {
        self.sweep.as_deref()
    }

    /// The plan, once it is known.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// The lanes, in their order.
    pub fn lanes(&self) -> &[LaneLedger] {
        &self.lanes
    }

    /// The cores.
    pub fn cores(&self) -> &Cores {
        &self.cores
    }

    /// Which lanes used each core over about the last second, as far as that is known: the core's id, and each such lane
    /// with the share of the core's time that was its, the largest first.
    ///
    /// It is an estimate. What a worker ran in a tick counts wholly for the core on which it was last seen, though it may
    /// have moved; exact it is where a worker has one core to run on. What is more than the core was busy at all is scaled
    /// down to that. Cores of which nothing is known are not in the list, and a lane's threads besides its workers, and
    /// other programs, are in no share.
    pub fn cores_by_lane(&self) -> Vec<(u32, Vec<(LaneId, f64)>)> {
        cores::by_lane(self)
    }

    /// The lane whose turn it is, where lanes take turns.
    pub fn running(&self) -> Option<LaneId> {
        self.turn.and_then(|turn| turn.running)
    }

    /// The time of the newest frame, counted from the start of the run.
    pub fn at_ns(&self) -> u64 {
        self.at_ns
    }

    /// Whether the run has ended.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// How many frames were posted.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames that made no sense where they came.
    pub fn odd_frames(&self) -> u64 {
        self.odd_frames
    }

    /// Frames that the viewer was too slow to take.
    pub fn missed_frames(&self) -> u64 {
        self.missed_frames
    }

    /// Why the recording could not go on, if it could not.
    pub fn recording_failed(&self) -> Option<&str> {
        self.recording_failed.as_deref()
    }

    /// What measuring one task costs, by the largest of the lanes' own measurements at their start.
    pub fn measuring_ns(&self) -> Option<f64> {
        let costs = self.lanes.iter().filter_map(|lane| Some(lane.hello.as_ref()?.cost.event_ns));
        costs.filter(|ns| ns.is_finite()).max_by(f64::total_cmp)
    }

    /// The share of all workers' time that measuring took, by these figures and the number of tasks; none before any time.
    pub fn measuring_share(&self) -> Option<f64> {
        let (mut measuring_ns, mut workers_ns) = (0.0, 0.0);
        for lane in &self.lanes {
            let Some(cost_ns) = lane.hello.as_ref().map(|hello| hello.cost.event_ns).filter(|ns| ns.is_finite()) else {
                continue;
            };
            measuring_ns += cost_ns * lane.tasks.completed.saturating_add(lane.tasks.failed) as f64;
            workers_ns += lane.state_ns().iter().map(|&ns| ns as f64).sum::<f64>();
        }
        (workers_ns > 0.0).then(|| measuring_ns / workers_ns)
    }

    /// What is worth telling, most urgent first.
    pub fn findings(&self) -> Vec<Finding> {
        findings::of(self)
    }
}
