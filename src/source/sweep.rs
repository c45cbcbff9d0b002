//! The source of a sweep: measures one lane after the other, each in a fresh process, and tells what came out.
//!
//! ```text
//! round 1:  ┤4├┤1├┤16├┤2├┤8├     every size of every curve once, in an order of its own
//! round 2:  ┤8├┤16├┤2├┤1├┤4├     … so that a machine that grows slower hits all sizes alike
//! further:  ┤8├┤4├               a few rounds of sizes that cannot be told apart yet, if there are any
//!
//! one measurement:  start ─▶ warm up (left out) ─▶ measure ─▶ end the lane
//! ```
//!
//! Nothing runs beside what is measured. A measurement that goes wrong is told, and the next one begins; one that is
//! interrupted by a pause is begun anew.

use super::live::{Live, LiveOptions};
use super::recorder::Recorder;
use crate::doors::{clock, threads};
use crate::stats::{Histogram, SizeMeasured, recommend};
use crate::wire::{
    Arrivals, Body, Event, Frame, Further, Gone, LaneId, LanePlan, Measured, Mode, Phase, Plan, PoolPlan, Process,
    Spacing, SweepFigures, SweepPlace, SweepPlan, Tasks, Tick, encode_frame,
};
use crate::workload::mixed;
use crossbeam_channel::{Receiver, Sender, TryRecvError, after, bounded, select, unbounded};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// The time between two frames of a lane that is measured: short, so that a short measurement has enough of them, and no round
/// number, since what is sampled at ticks would else be seen in the same moment of tasks that sleep for one.
const TICK_MS: u64 = 17;

/// Frames that may wait for whoever takes them.
const FRAMES_WAITING_MAX: usize = 1024;

/// How many times longer than it should a measurement may take until some task has ended.
const LATE_TIMES_MAX: u32 = 10;

/// A lane that has not shown itself by then will not.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// Halvings of the range in which the load lies at which a queue begins to grow: to a sixty-fourth of it.
const HALVINGS: u32 = 6;

/// What a sweep can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepControl {
    /// End what is being measured, and measure nothing.
    Pause,
    /// Go on: what was being measured is measured from its beginning.
    Resume,
}

/// A sweep that goes on. Dropping it ends its lane.
#[derive(Debug)]
pub struct Sweep {
    /// Its frames, the plan first, the end last.
    pub frames: Receiver<Frame>,
    control: Option<Sender<SweepControl>>,
    conductor: Option<threads::Thread>,
}

/// What a sweep has besides its plan.
#[derive(Debug, Default)]
pub struct SweepOptions {
    /// Writes it down.
    pub recorder: Option<Recorder>,
    /// What was kept of standard input, for a lane that runs a command on it: read from its beginning in each measurement.
    pub stdin: Option<OwnedFd>,
}

impl Sweep {
    /// Begins a sweep.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(plan: SweepPlan, options: SweepOptions) -> io::Result<Sweep> {
        let (taker, frames) = bounded(FRAMES_WAITING_MAX);
        let (control, told) = unbounded();
        let start_ns = clock::monotonic_ns();
        let conductor = threads::spawn("sweep", move || {
            let SweepOptions { recorder, stdin } = options;
            let conductor =
                Conductor { plan, recorder, stdin, taker, told, start_ns, paused: false, rates: Rates::new() };
            // Nobody listens any more: there is nothing left to do.
            let _ = conductor.run();
        })?;
        Ok(Sweep { frames, control: Some(control), conductor: Some(conductor) })
    }

    /// Tells the sweep something. One that is over hears nothing.
    pub fn tell(&self, control: SweepControl) {
        if let Some(sender) = &self.control {
            // The conductor may have ended first.
            let _ = sender.send(control);
        }
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        // The conductor ends its lane when nobody can tell it anything any more.
        self.control = None;
        self.conductor = None;
    }
}

/// The places of one round, shuffled.
fn places(plan: &SweepPlan, round: u32) -> Vec<SweepPlace> {
    let number = |length: usize| 0..u32::try_from(length).unwrap_or(u32::MAX);
    let sizes = || number(plan.sizes.len());
    let all = number(plan.curves.len()).flat_map(|curve| sizes().map(move |size| SweepPlace { curve, size, round }));
    shuffled(all.collect(), plan.plan.seed, round)
}

/// The places of a further round, shuffled: the sizes of which it cannot be told yet which one to advise. Where tasks come by
/// themselves advice claims no more than what is sure, however little that is.
fn further_places(plan: &SweepPlan, rates: &Rates, round: u32) -> Vec<SweepPlace> {
    let mut places = Vec::new();
    for (curve, of_curve) in plan.curves.iter().enumerate().filter(|(_, curve)| curve.offered_per_s().is_none()) {
        let size = |(size, workers): (usize, &u32)| SizeMeasured {
            workers: *workers,
            per_s: rates.get(&(curve as u32, size as u32)).cloned().unwrap_or_default(),
            wait_p99_ns: None,
            service_p99_ns: None,
        };
        let sizes: Vec<SizeMeasured> = plan.sizes.iter().take(of_curve.lanes.len()).enumerate().map(size).collect();
        let Some(advice) = recommend(&sizes).filter(|advice| !advice.is_told()) else { continue };
        let is_equal = |size: &SizeMeasured| advice.equal.contains(&size.workers);
        let equal = (0..).zip(&sizes).filter(|(_, size)| is_equal(size));
        places.extend(equal.map(|(size, _)| SweepPlace { curve: curve as u32, size, round }));
    }
    shuffled(places, plan.plan.seed, round)
}

/// Places in another order: the same for the same seed.
fn shuffled(mut places: Vec<SweepPlace>, seed: u64, round: u32) -> Vec<SweepPlace> {
    let of_round = mixed(seed ^ u64::from(round));
    for last in (1..places.len()).rev() {
        let bits = mixed(of_round.wrapping_add(last as u64));
        places.swap(last, ((u128::from(bits) * (last as u128 + 1)) >> 64) as usize);
    }
    places
}

/// Tasks a second in each round, by curve and size: none of a round that is missing.
type Rates = BTreeMap<(u32, u32), Vec<Option<f64>>>;

/// Whoever took the frames, or could tell us something, has gone.
struct Abandoned;

/// Why a measurement came to nothing.
enum Stopped {
    Abandoned,
    /// It is to be begun anew.
    Paused,
    /// In words.
    Failed(String),
}

impl From<Abandoned> for Stopped {
    fn from(_: Abandoned) -> Stopped {
        Stopped::Abandoned
    }
}

struct Conductor {
    plan: SweepPlan,
    recorder: Option<Recorder>,
    stdin: Option<OwnedFd>,
    taker: Sender<Frame>,
    told: Receiver<SweepControl>,
    start_ns: u64,
    paused: bool,
    rates: Rates,
}

impl Conductor {
    fn run(mut self) -> Result<(), Abandoned> {
        self.tell(Body::Sweep(Box::new(self.plan.clone())))?;
        for round in 0..self.plan.repeat {
            for place in places(&self.plan, round) {
                self.take(place)?;
            }
        }
        for round in self.plan.repeat..self.plan.repeat.saturating_add(self.plan.further) {
            let places = further_places(&self.plan, &self.rates, round);
            if places.is_empty() {
                break;
            }
            self.tell(Body::Further(Further { places: places.clone() }))?;
            for place in places {
                self.take(place)?;
            }
        }
        self.tell(Body::End)?;
        if let Some(why) = self.recorder.take().and_then(Recorder::end) {
            self.tell(Body::RecordingFailed { why })?;
        }
        Ok(())
    }

    /// Measures one place, and tells what came out; what is interrupted by a pause is measured from its beginning.
    fn take(&mut self, place: SweepPlace) -> Result<(), Abandoned> {
        let Some(lane) = self.plan.lane(place).cloned() else { return Ok(()) };
        loop {
            self.wait_while_paused()?;
            let began_ns = clock::monotonic_ns();
            self.tell(Body::Measuring(place))?;
            let (figures, trouble) = match self.measure(&lane) {
                Ok((figures, trouble)) => (Some(Box::new(figures)), trouble),
                Err(Stopped::Failed(why)) => (None, Some(why)),
                Err(Stopped::Paused) => continue,
                Err(Stopped::Abandoned) => return Err(Abandoned),
            };
            let took_ns = clock::monotonic_ns() - began_ns;
            let rounds = self.rates.entry((place.curve, place.size)).or_default();
            rounds.resize(place.round as usize + 1, None);
            rounds[place.round as usize] = figures.as_ref().map(|figures| figures.per_s());
            return self.tell(Body::Measured(Box::new(Measured { place, took_ns, figures, trouble })));
        }
    }

    /// One place: the lane as it is planned and, where its tasks come by themselves, the load that it could carry.
    fn measure(&mut self, lane: &LanePlan) -> Result<(SweepFigures, Option<String>), Stopped> {
        let whole = Duration::from_millis(self.plan.for_ms);
        let (mut figures, mut trouble) = self.look_at(lane.clone(), whole)?;
        if let Arrivals::Open { spacing, .. } = lane.arrivals {
            match self.load(lane, spacing, whole / 4) {
                Ok(per_s) => figures.load_per_s = Some(per_s),
                Err(Stopped::Failed(why)) => trouble = trouble.or(Some(format!("the load was not found: {why}"))),
                Err(stopped) => return Err(stopped),
            }
        }
        Ok((figures, trouble))
    }

    /// The load at which the lane's queue begins to grow. Below all that it does when there is always something to do lies
    /// no growth for long, well above it nothing but growth: in between the range is halved.
    fn load(&mut self, lane: &LanePlan, spacing: Spacing, each: Duration) -> Result<f64, Stopped> {
        let in_hands = u64::from(lane.workers) * u64::from(lane.chunk);
        let outstanding = 4 * in_hands + 60;
        let busy = LanePlan { arrivals: Arrivals::Closed { outstanding }, ..lane.clone() };
        let (most, _) = self.look_at(busy, each)?;
        let most_per_s = most.completed as f64 * 1e9 / most.active_ns.max(1) as f64;
        let (mut low, mut high) = (0.25 * most_per_s, 1.5 * most_per_s);
        for _ in 0..HALVINGS {
            let rate_per_s = f64::midpoint(low, high);
            let offered = LanePlan { arrivals: Arrivals::Open { rate_per_s, spacing }, ..lane.clone() };
            // Where no task ended at all, none was carried.
            let grows = match self.look_at(offered, each) {
                Ok((figures, _)) => grows(&figures, rate_per_s, spacing, in_hands),
                Err(Stopped::Failed(_)) => true,
                Err(stopped) => return Err(stopped),
            };
            if grows { high = rate_per_s } else { low = rate_per_s }
        }
        Ok(f64::midpoint(low, high))
    }

    /// Runs a lane by itself, and adds up what it does once it is warm.
    fn look_at(&mut self, mut lane: LanePlan, span: Duration) -> Result<(SweepFigures, Option<String>), Stopped> {
        // A thread for each task: how many there are at a time follows from the tasks.
        let workers = if lane.pool == PoolPlan::PerTask { 0 } else { lane.workers };
        let warmup_ns = self.plan.warmup_ms.saturating_mul(1_000_000);
        let span_ns = span.as_nanos() as u64;
        let mut sums = Sums { warm: Warm::of(&lane.arrivals, warmup_ns, span_ns), ..Sums::default() };
        (lane.id, lane.tasks) = (LaneId(1), None);
        let plan = Plan { mode: Mode::Together, tick_ms: TICK_MS, lanes: vec![lane], ..self.plan.plan.clone() };
        let stdin = self.stdin.as_ref().map(OwnedFd::try_clone).transpose();
        let live = stdin.and_then(|stdin| Live::start(plan, LiveOptions { stdin, ..LiveOptions::default() }));
        let live = live.map_err(|error| Stopped::Failed(format!("nothing to measure with: {error}")))?;
        let mut patience = after(START_PATIENCE);
        let mut is_here = false;
        loop {
            select! {
                recv(live.frames) -> frame => {
                    let Ok(frame) = frame else { return Err(Stopped::Failed("the lane ended by itself".into())) };
                    match frame.body {
                        Body::Hello(_) => {
                            is_here = true;
                            patience = after(span * LATE_TIMES_MAX + Duration::from_nanos(sums.warm.most_ns));
                        }
                        Body::Tick(tick) => sums.add(&tick),
                        Body::Gone(gone) => {
                            return Err(Stopped::Failed(sums.stopped.unwrap_or_else(|| gone_in_words(&gone))));
                        }
                        Body::System(_) => {
                            self.tell(frame.body)?;
                            if self.paused {
                                return Err(Stopped::Paused);
                            }
                        }
                        _ => {}
                    }
                    if sums.figures.active_ns >= span_ns && sums.figures.completed > 0 {
                        return sums.finish(workers);
                    }
                }
                recv(patience) -> _ => return match is_here {
                    true => sums.finish(workers),
                    false => Err(Stopped::Failed(format!("the lane was not there after {} s", START_PATIENCE.as_secs()))),
                },
                recv(self.told) -> told => match told {
                    Ok(SweepControl::Pause) => {
                        self.paused = true;
                        return Err(Stopped::Paused);
                    }
                    Ok(SweepControl::Resume) => {}
                    Err(_) => return Err(Stopped::Abandoned),
                },
            }
        }
    }

    fn wait_while_paused(&mut self) -> Result<(), Abandoned> {
        while self.paused || !self.told.is_empty() {
            self.paused = self.told.recv().map_err(|_| Abandoned)? == SweepControl::Pause;
        }
        Ok(())
    }

    /// Hands a frame on, and writes it down where the sweep is recorded; figures about the viewer are nobody's later.
    fn tell(&mut self, body: Body) -> Result<(), Abandoned> {
        let frame = Frame { lane: None, at_ns: clock::monotonic_ns().saturating_sub(self.start_ns), body };
        if let Some(recorder) = self.recorder.as_mut().filter(|_| !matches!(frame.body, Body::System(_))) {
            recorder.add(&Arc::from(encode_frame(&frame)));
        }
        if let Some(why) = self.recorder.as_ref().and_then(Recorder::take_failure) {
            self.recorder = None;
            let failed = Frame { body: Body::RecordingFailed { why }, ..frame.clone() };
            self.hand_on(failed)?;
        }
        self.hand_on(frame)
    }

    /// Waits for room, as long as somebody is there to make it: nothing is being measured meanwhile but looked at later.
    fn hand_on(&mut self, frame: Frame) -> Result<(), Abandoned> {
        let mut frame = frame;
        loop {
            match self.taker.send_timeout(frame, Duration::from_millis(20)) {
                Ok(()) => return Ok(()),
                Err(error) if error.is_disconnected() => return Err(Abandoned),
                Err(error) => frame = error.into_inner(),
            }
            match self.told.try_recv() {
                Ok(told) => self.paused = told == SweepControl::Pause,
                Err(TryRecvError::Disconnected) => return Err(Abandoned),
                Err(TryRecvError::Empty) => {}
            }
        }
    }
}

/// Whether a queue grew at an offered load: more stayed undone than chance and a task in each hand explain.
fn grows(figures: &SweepFigures, rate_per_s: f64, spacing: Spacing, in_hands: u64) -> bool {
    let offered = rate_per_s * figures.active_ns as f64 / 1e9;
    let undone = offered - figures.completed as f64;
    let by_chance = match spacing {
        Spacing::Constant => 0.0,
        Spacing::Poisson => 2.0 * offered.sqrt(),
    };
    undone > (in_hands as f64).max(0.02 * offered) + by_chance
}

/// When a lane is warm: after a while, and when all tasks that came at its very start have made room for others. Until then
/// waits only grow.
#[derive(Clone, Copy, Debug, Default)]
struct Warm {
    least_ns: u64,
    /// It is waited for no longer, however slow its tasks are.
    most_ns: u64,
    tasks: u64,
}

impl Warm {
    fn of(arrivals: &Arrivals, least_ns: u64, span_ns: u64) -> Warm {
        let tasks = match arrivals {
            Arrivals::Closed { outstanding } => *outstanding,
            Arrivals::Open { .. } | Arrivals::Burst { .. } => 0,
        };
        Warm { least_ns, most_ns: least_ns.max(2 * span_ns), tasks }
    }

    fn is_so(&self, warm_ns: u64, ended: u64) -> bool {
        warm_ns >= self.least_ns && (ended >= self.tasks || warm_ns >= self.most_ns)
    }
}

/// What a measurement's ticks add up to.
#[derive(Default)]
struct Sums {
    figures: SweepFigures,
    queue_wait: Histogram,
    service: Histogram,
    warm: Warm,
    warm_ns: u64,
    /// Totals at the end of the warming up.
    tasks: Tasks,
    process: Process,
    before: Option<(Tasks, Process)>,
    depth_area: u64,
    in_hand: u64,
    in_tasks_ns: u64,
    ticks: u64,
    workers: usize,
    trouble: Option<String>,
    /// Why a command's lane began nothing more.
    stopped: Option<String>,
}

impl Sums {
    fn add(&mut self, tick: &Tick) {
        self.note(&tick.events);
        self.stopped = tick.jobs.as_ref().and_then(|jobs| jobs.stopped.clone());
        self.workers = self.workers.max(tick.workers.len());
        (self.tasks, self.process) = (tick.tasks, tick.process);
        if tick.phase != Phase::Running && self.before.is_none() {
            return;
        }
        let ended = tick.tasks.completed.saturating_add(tick.tasks.failed);
        if self.before.is_none() || !self.warm.is_so(self.warm_ns, ended) {
            self.warm_ns = self.warm_ns.saturating_add(tick.active_ns);
            self.before = Some((tick.tasks, tick.process));
            return;
        }
        self.figures.active_ns = self.figures.active_ns.saturating_add(tick.active_ns);
        self.queue_wait.merge(&tick.queue_wait);
        self.service.merge(&tick.service);
        self.ticks += 1;
        // Its depth over time, and what workers have in hand and have not begun, which is seen at the ends of ticks only.
        self.depth_area = self.depth_area.saturating_add(tick.queue.depth_area);
        self.in_hand = self.in_hand.saturating_add(tick.tasks.queued.saturating_sub(tick.queue.depth));
        // Running, waiting for a lock, blocked: all but without a task, and paused.
        let in_tasks_ns = tick.workers.iter().flat_map(|worker| &worker.state_ns[1..4]);
        self.in_tasks_ns = in_tasks_ns.fold(self.in_tasks_ns, |sum, ns| sum.saturating_add(*ns));
        let (before, _) = self.before.unwrap_or_default();
        self.figures.submitted = tick.tasks.submitted.saturating_sub(before.submitted);
        self.figures.completed = tick.tasks.completed.saturating_sub(before.completed);
        let bad = |tasks: &Tasks| tasks.failed + tasks.rejected + tasks.discarded + tasks.lost;
        self.figures.failed = bad(&tick.tasks).saturating_sub(bad(&before));
    }

    /// What is worth telling of what happened.
    fn note(&mut self, events: &[Event]) {
        for event in events {
            let why = match event {
                Event::SpawnFailed { what, why, workers } => {
                    format!("the system gave no more {what} ({why}): there were {workers}")
                }
                Event::TaskPanicked { message } => format!("a task panicked: {message}"),
                Event::WorkerDied { worker, .. } => format!("worker {worker} died"),
                _ => continue,
            };
            self.trouble.get_or_insert(why);
        }
    }

    fn finish(mut self, workers: u32) -> Result<(SweepFigures, Option<String>), Stopped> {
        if self.figures.completed == 0 {
            let trouble = self.trouble.map(|why| format!(" ({why})")).unwrap_or_default();
            let ms = self.figures.active_ns / 1_000_000;
            return Err(Stopped::Failed(format!("no task ended well in {:.1} s{trouble}", ms as f64 / 1e3)));
        }
        if self.workers < workers as usize && self.trouble.is_none() {
            self.trouble = Some(format!("{} of {workers} workers were there", self.workers));
        }
        let buckets = |histogram: &Histogram| Histogram::encode(histogram.counts(), histogram.sum(), histogram.max());
        let (_, before) = self.before.unwrap_or_default();
        let since = |now: Option<u64>, before: Option<u64>| Some(now?.saturating_sub(before?));
        self.figures.cpu_ns = since(self.process.cpu_ns, before.cpu_ns);
        self.figures.run_queue_ns = since(self.process.run_queue_ns, before.run_queue_ns);
        self.figures.queue_wait = buckets(&self.queue_wait);
        self.figures.service = buckets(&self.service);
        let over_time = (self.depth_area as f64 + self.in_tasks_ns as f64) / self.figures.active_ns.max(1) as f64;
        self.figures.in_system = over_time + self.in_hand as f64 / self.ticks.max(1) as f64;
        Ok((self.figures, self.trouble))
    }
}

fn gone_in_words(gone: &Gone) -> String {
    use crate::wire::Exit;
    let how = match gone.exit {
        Exit::Code { code } => format!("the lane ended with code {code}"),
        Exit::Signal { signal } => format!("the lane was ended by signal {signal}"),
        Exit::Unknown => "the lane is gone".to_string(),
    };
    match gone.stderr.trim().lines().next_back() {
        Some(last) if !last.is_empty() => format!("{how}: {last}"),
        _ => how,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{CurvePlan, Machine};

    /// Two curves of eight sizes.
    fn sweep() -> SweepPlan {
        let machine = Machine {
            cores: 2,
            core_ids: vec![0, 1],
            cores_online: 2,
            quota: None,
            parallelism_measured: None,
            os: String::new(),
            autogroup: None,
        };
        let scenario = crate::scenario::find("pool-size", None).expect("built in");
        let plan = scenario.plan(&machine, &crate::scenario::Overrides::default()).expect("a plan");
        let lane = plan.lanes[0].clone();
        let plan = Plan { seed: 7, lanes: Vec::new(), ..plan };
        let lanes = vec![lane; 8];
        let curve = CurvePlan { lane: LaneId(1), name: String::new(), varied: Vec::new(), lanes };
        let sizes = (1..=8).collect();
        let curves = vec![curve.clone(), curve];
        SweepPlan { plan, sizes, for_ms: 1, warmup_ms: 1, repeat: 50, further: 5, curves, left_out: Vec::new() }
    }

    #[test]
    fn sizes_that_cannot_be_told_apart_and_no_others_are_measured_on() {
        let mut sweep = sweep();
        let steady = |per_s: f64| [1.0, 1.001, 1.0, 1.001].map(|times| Some(per_s * times)).to_vec();
        let noise = |size: u32| [0, 5, 20, 45].map(|by| Some(f64::from(1000 + 60 * ((size * 3 + by) % 7)))).to_vec();
        // The first curve grows in even steps; of the second, noise is all there is from three workers on.
        let mut rates = Rates::new();
        for size in 0..8 {
            rates.insert((0, size), steady(f64::from(size + 1)));
            rates.insert((1, size), if size < 2 { steady(100.0) } else { noise(size) });
        }
        let places = further_places(&sweep, &rates, 50);
        let is_noisy = |place: &SweepPlace| place.curve == 1 && place.size >= 2 && place.round == 50;
        assert!(places.len() > 2 && places.iter().all(is_noisy), "{places:?}");
        // What is lost is no rate, and where tasks come by themselves nothing is claimed that is not sure.
        rates.insert((1, 7), vec![None; 4]);
        assert!(further_places(&sweep, &rates, 50).iter().all(|place| is_noisy(place) && place.size < 7));
        let open = Arrivals::Open { rate_per_s: 10.0, spacing: Spacing::Constant };
        sweep.curves[1].lanes.iter_mut().for_each(|lane| lane.arrivals = open);
        assert_eq!(further_places(&sweep, &rates, 50), []);
    }

    #[test]
    fn each_round_measures_everything_once_in_an_order_of_its_own() {
        let sweep = sweep();
        let rounds: Vec<Vec<SweepPlace>> = (0..50).map(|round| places(&sweep, round)).collect();
        for (round, places) in (0..).zip(&rounds) {
            let mut sorted: Vec<(u32, u32)> = places.iter().map(|place| (place.curve, place.size)).collect();
            sorted.sort_unstable();
            sorted.dedup();
            assert!(sorted.len() == 16 && places.iter().all(|place| place.round == round));
        }
        // No size has a fixed place: over many rounds each is first now and then.
        let first: std::collections::BTreeSet<u32> = rounds.iter().map(|places| places[0].size).collect();
        assert!(first.len() >= 6, "{first:?}");
        assert_eq!(rounds[3], places(&sweep, 3));
    }

    #[test]
    fn a_queue_grows_where_more_comes_than_is_done() {
        let of = |completed| SweepFigures { active_ns: 1_000_000_000, completed, ..SweepFigures::default() };
        assert!(!grows(&of(98), 100.0, Spacing::Constant, 2) && grows(&of(90), 100.0, Spacing::Constant, 2));
        // What chance does to random arrivals is no growth.
        assert!(!grows(&of(90), 100.0, Spacing::Poisson, 2) && grows(&of(70), 100.0, Spacing::Poisson, 2));
    }
}
