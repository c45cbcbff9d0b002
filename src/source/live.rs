//! The live source: starts the lanes, conducts their turns, samples the cores, and hands every frame on.
//!
//! ```text
//! lane 1 ⇒ reader ─┐                    ┌─▶ recorder (lines)
//! lane 2 ⇒ reader ─┼─▶ the conductor ───┤
//!   cores, turns ──┘        ▲           └─▶ frames, to whoever folds them
//!                           └── Control, from whoever steers
//! ```
//!
//! The conductor is one thread. It starts the lanes itself, since a lane dies with the thread that started it, and it
//! never waits for a lane, for the disk or for whoever takes the frames: a taker that is too slow misses ticks, is told
//! how many, and gets the newest of each lane in the end.

use super::recorder::Recorder;
use super::turns::{Do, Turns};
use crate::doors::{clock, threads};
use crate::lane::{Handle, Heard};
use crate::system::{self, CoreSampler, CoreTimes};
use crate::wire::{Body, Exit, Frame, Gone, LaneId, Mode, Order, Phase, Plan, SystemTick, Turn, encode_frame};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded, select, unbounded};
use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Frames that may wait for whoever takes them: some 10 s of 8 lanes. Room for all of them is taken at once.
const FRAMES_WAITING_MAX: usize = 1024;

/// The window over which the use of the cores is sampled: the kernel counts in ticks of 10 ms.
const WINDOW_NS: u64 = 250_000_000;

/// How long a lane that was asked to finish may take before it is ended.
const FINISH_PATIENCE_NS: u64 = 2_500_000_000;

/// How long the first turn waits for lanes that have not said hello.
const HELLO_PATIENCE_NS: u64 = 60_000_000;

/// What a run can be told while it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// An order for one lane, or for all.
    Order(Option<LaneId>, Order),
    /// Pause all lanes at a task boundary.
    Pause,
    /// Stop all lanes where they are, at once.
    Halt,
    /// Let them go on.
    Resume,
    /// End the run in good order: every lane gives its last account.
    Finish,
}

/// How a run is to go.
#[derive(Debug, Default)]
pub struct LiveOptions {
    /// Where every line of the run goes as well.
    pub recorder: Option<Recorder>,
    /// What to start as lane number …, instead of our own executable: for tests.
    pub programs: HashMap<LaneId, PathBuf>,
    /// What lanes whose commands are run on standard input read.
    pub stdin: Option<OwnedFd>,
}

/// A run that goes on. Dropping it ends its lanes.
#[derive(Debug)]
pub struct Live {
    /// Its frames, the plan first, the end last.
    pub frames: Receiver<Frame>,
    control: Option<Sender<Control>>,
    conductor: Option<threads::Thread>,
}

impl Live {
    /// Starts the lanes of `plan`.
    ///
    /// # Errors
    /// Where the system gives no thread. A lane that cannot be started is a finding, not an error.
    pub fn start(plan: Plan, options: LiveOptions) -> io::Result<Live> {
        let (taker, frames) = bounded(FRAMES_WAITING_MAX);
        let (control, orders) = unbounded();
        let conductor = threads::spawn("conductor", move || Conductor::new(plan, options, taker, orders).run())?;
        Ok(Live { frames, control: Some(control), conductor: Some(conductor) })
    }

    /// Tells the run something. A run that is over hears nothing.
    pub fn tell(&self, control: Control) {
        if let Some(sender) = &self.control {
            // The conductor may have ended first.
            let _ = sender.send(control);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The conductor ends every lane when nobody can tell it anything any more.
        self.control = None;
        self.conductor = None;
    }
}

struct LaneState {
    handle: Option<Handle>,
    phase: Phase,
    here: bool,
    /// It has given its last account.
    done: bool,
    /// Its output has ended.
    closed: bool,
    gone: bool,
}

struct Conductor {
    plan: Plan,
    recorder: Option<Recorder>,
    programs: HashMap<LaneId, PathBuf>,
    stdin: Option<OwnedFd>,
    taker: Sender<Frame>,
    orders: Receiver<Control>,
    lanes: Vec<LaneState>,
    turns: Option<Turns>,
    start_ns: u64,
    missed: u64,
    /// Frames that found no room and are told later: of each lane and kind the newest, so that no last account is lost.
    held: Vec<Frame>,
    paused: bool,
    finish_by_ns: Option<u64>,
    cores: CoreSampler,
    cores_before: Vec<(u32, CoreTimes)>,
    cores_at_ns: u64,
}

impl Conductor {
    fn new(plan: Plan, options: LiveOptions, taker: Sender<Frame>, orders: Receiver<Control>) -> Conductor {
        let turns = match plan.mode {
            Mode::Turns { slice_ms } if plan.lanes.len() > 1 => Some(Turns::new(slice_ms * 1_000_000)),
            _ => None,
        };
        let mut cores = CoreSampler::new();
        Conductor {
            recorder: options.recorder,
            programs: options.programs,
            stdin: options.stdin,
            taker,
            orders,
            lanes: Vec::new(),
            turns,
            start_ns: clock::monotonic_ns(),
            missed: 0,
            held: Vec::new(),
            paused: false,
            finish_by_ns: None,
            cores_before: cores.sample(),
            cores,
            cores_at_ns: clock::monotonic_ns(),
            plan,
        }
    }

    fn run(mut self) {
        let (heard, hearing) = bounded(256);
        self.tell_world(None, Body::Plan(Box::new(self.plan.clone())));
        for index in 0..self.plan.lanes.len() {
            self.start_lane(index, &heard);
        }
        drop(heard);
        while self.lanes.iter().any(|lane| !lane.gone) {
            match self.wait(&hearing) {
                Some(Woken::Heard(id, heard)) => self.hear(id, heard),
                Some(Woken::Told(control)) => self.obey(control),
                Some(Woken::Dropped) => break,
                None => {}
            }
            self.keep_time();
        }
        self.end();
    }

    fn start_lane(&mut self, index: usize, heard: &Sender<(LaneId, Heard)>) {
        let plan = &self.plan.lanes[index];
        let setting = (self.start_ns, self.plan.tick_ms, self.turns.is_some());
        let (program, stdin) = (self.programs.get(&plan.id), self.stdin.as_ref());
        let started = Handle::start(plan, setting, program, stdin, heard.clone());
        let (id, mut gone) = (plan.id, None);
        let handle = started.map_err(|error| gone = Some(format!("could not be started: {error}"))).ok();
        let is_gone = gone.is_some();
        self.lanes.push(LaneState {
            handle,
            phase: Phase::Starting,
            here: false,
            done: false,
            closed: is_gone,
            gone: is_gone,
        });
        if let Some(stderr) = gone {
            self.tell_world(Some(id), Body::Gone(Gone { exit: Exit::Unknown, expected: false, stderr }));
        }
    }

    /// Waits for something to happen, or for the next thing to do.
    fn wait(&self, hearing: &Receiver<(LaneId, Heard)>) -> Option<Woken> {
        let now_ns = clock::monotonic_ns();
        let closing = self.lanes.iter().any(|lane| lane.closed && !lane.gone);
        let times = [
            Some(self.cores_at_ns + WINDOW_NS),
            self.finish_by_ns,
            self.turns.as_ref().and_then(Turns::wake_ns).filter(|_| !self.paused && self.finish_by_ns.is_none()),
            // A process whose output has ended is about to be gone.
            closing.then_some(now_ns + 2_000_000),
            (self.turns.is_some() && !self.has_begun()).then_some(self.start_ns + HELLO_PATIENCE_NS),
        ];
        let wake_ns = times.into_iter().flatten().min().unwrap_or(now_ns);
        let patience = Duration::from_nanos(wake_ns.saturating_sub(now_ns));
        select! {
            recv(hearing) -> heard => match heard {
                Ok((id, heard)) => Some(Woken::Heard(id, heard)),
                // No reader is left: only the ends of processes are awaited.
                Err(_) => { clock::sleep(patience.min(Duration::from_millis(2))); None }
            },
            recv(self.orders) -> told => Some(told.map_or(Woken::Dropped, Woken::Told)),
            default(patience) => None,
        }
    }

    fn hear(&mut self, id: LaneId, heard: Heard) {
        let Some(lane) = id.index().and_then(|index| self.lanes.get_mut(index)) else { return };
        match heard {
            Heard::Frame(frame, line) => {
                match &frame.body {
                    Body::Hello(_) => lane.here = true,
                    Body::Tick(tick) => {
                        lane.phase = tick.phase;
                        lane.done |= tick.phase == Phase::Done;
                        if let (Some(turns), Some(index)) = (&mut self.turns, id.index()) {
                            let waited_ns = tick.workers.iter().filter_map(|worker| worker.run_queue_ns).max();
                            turns.waited_for_cores(index, waited_ns.unwrap_or(0));
                        }
                    }
                    _ => {}
                }
                self.hand_on(*frame, &Arc::from(line));
            }
            Heard::Unreadable(why) => self.tell_world(Some(id), Body::Unreadable { why }),
            Heard::Closed => lane.closed = true,
        }
    }

    fn obey(&mut self, control: Control) {
        match control {
            Control::Order(Some(id), order) => self.order(id.index().into_iter(), &order),
            Control::Order(None, order) => self.order(0..self.lanes.len(), &order),
            Control::Pause => {
                self.paused = true;
                self.order(0..self.lanes.len(), &Order::Pause);
            }
            Control::Halt => {
                self.paused = true;
                self.order(0..self.lanes.len(), &Order::Halt);
            }
            Control::Resume => {
                self.paused = false;
                match self.plan.mode {
                    // Whose turn it was begins it anew.
                    Mode::Turns { slice_ms } if self.turns.is_some() => {
                        self.turns = Some(Turns::new(slice_ms * 1_000_000))
                    }
                    _ => self.order(0..self.lanes.len(), &Order::Resume),
                }
            }
            Control::Finish => self.finish(),
        }
    }

    /// Sends an order. A lane that is gone or cannot take it shows that in other ways: by its end, or by its silence.
    fn order(&mut self, lanes: impl Iterator<Item = usize>, order: &Order) {
        for index in lanes {
            if let Some(handle) = self.lanes.get_mut(index).and_then(|lane| lane.handle.as_mut()) {
                let _ = handle.order(order);
            }
        }
    }

    fn finish(&mut self) {
        if self.finish_by_ns.is_none() {
            self.finish_by_ns = Some(clock::monotonic_ns() + FINISH_PATIENCE_NS);
            self.order(0..self.lanes.len(), &Order::Finish);
        }
    }

    fn keep_time(&mut self) {
        let now_ns = clock::monotonic_ns();
        self.reap();
        if self.finish_by_ns.is_some_and(|by_ns| now_ns >= by_ns) {
            // Stopped, spinning or deadlocked in a way that even its reporter does not answer.
            for index in 0..self.lanes.len() {
                self.bury(index);
            }
        }
        if now_ns >= self.cores_at_ns + WINDOW_NS {
            self.sample_cores(now_ns);
        }
        if !self.paused && self.finish_by_ns.is_none() && self.has_begun() {
            self.take_turns(now_ns);
        }
        self.tell_of_failures();
    }

    fn has_begun(&self) -> bool {
        let late = clock::monotonic_ns() >= self.start_ns + HELLO_PATIENCE_NS;
        late || self.lanes.iter().all(|lane| lane.here || lane.gone)
    }

    fn take_turns(&mut self, now_ns: u64) {
        let Some(turns) = &mut self.turns else { return };
        let phases: Vec<Option<Phase>> =
            self.lanes.iter().map(|lane| (lane.here && !lane.done && !lane.closed).then_some(lane.phase)).collect();
        let Some(what) = turns.step(now_ns, &phases) else { return };
        match what {
            Do::Resume { lane, halted } => {
                // Its turn begins when its own frame says that it runs.
                self.lanes[lane].phase = Phase::Starting;
                self.order(std::iter::once(lane), &Order::Resume);
                self.tell_world(None, Body::Turn(Turn { running: Some(LaneId::of_index(lane)), halted }));
            }
            Do::Pause(lane) => {
                self.lanes[lane].phase = Phase::Pausing;
                self.order(std::iter::once(lane), &Order::Pause);
            }
            Do::Halt(lane) => self.order(std::iter::once(lane), &Order::Halt),
        }
    }

    /// Takes leave of lanes whose process has ended and whose last frame has come.
    fn reap(&mut self) {
        for index in 0..self.lanes.len() {
            let lane = &mut self.lanes[index];
            let ended = lane.closed && lane.handle.as_mut().is_some_and(|handle| handle.exit().is_some());
            if ended && !lane.gone {
                self.bury(index);
            }
        }
    }

    /// Ends a lane, if it has not ended by itself, and tells how it went.
    fn bury(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        if std::mem::replace(&mut lane.gone, true) {
            return;
        }
        let Some(mut handle) = lane.handle.take() else { return };
        let by_itself = handle.exit();
        let expected = by_itself == Some(Exit::Code { code: 0 }) && (lane.done || self.finish_by_ns.is_some());
        let exit = handle.end();
        let stderr = handle.last_words();
        self.tell_world(
            Some(LaneId::of_index(index)),
            Body::Gone(Gone { exit: by_itself.unwrap_or(exit), expected, stderr }),
        );
    }

    fn sample_cores(&mut self, now_ns: u64) {
        let times = self.cores.sample();
        let cores = times.iter().filter_map(|&(id, now)| {
            let before = self.cores_before.iter().find(|(known, _)| *known == id)?.1;
            let total = now.total_ticks.checked_sub(before.total_ticks).filter(|&ticks| ticks > 0)?;
            Some((id, now.busy_ticks.saturating_sub(before.busy_ticks) as f64 / total as f64))
        });
        let tick = SystemTick {
            window_ns: now_ns - self.cores_at_ns,
            cores: cores.collect(),
            own_cpu_ns: system::own_usage().map(|usage| usage.cpu_ns),
            throttled: system::throttled(),
        };
        self.cores_before = times;
        self.cores_at_ns = now_ns;
        self.tell_world(None, Body::System(tick));
    }

    fn tell_of_failures(&mut self) {
        if let Some(why) = self.recorder.as_ref().and_then(Recorder::take_failure) {
            self.recorder = None;
            self.tell_world(None, Body::RecordingFailed { why });
        }
    }

    fn tell_world(&mut self, lane: Option<LaneId>, body: Body) {
        let at_ns = clock::monotonic_ns().saturating_sub(self.start_ns);
        let frame = Frame { lane, at_ns, body };
        let line = Arc::from(encode_frame(&frame));
        self.hand_on(frame, &line);
    }

    fn hand_on(&mut self, frame: Frame, line: &Arc<str>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.add(line);
        }
        if self.missed > 0 {
            let missed = Frame { lane: None, at_ns: frame.at_ns, body: Body::Missed { frames: self.missed } };
            if self.taker.try_send(missed).is_ok() {
                self.missed = 0;
            }
        }
        while !self.held.is_empty() && !self.taker.is_full() {
            // Whoever takes frames has gone: the end of `orders` will say so.
            let _ = self.taker.try_send(self.held.remove(0));
        }
        if !self.held.is_empty() {
            self.hold(frame);
        } else if let Err(TrySendError::Full(frame)) = self.taker.try_send(frame) {
            self.hold(frame);
        }
    }

    /// Keeps a frame that found no room, in the place of an older one of its lane and kind; or counts it as missed.
    fn hold(&mut self, frame: Frame) {
        let is_kept = matches!(
            frame.body,
            Body::Plan(_) | Body::Hello(_) | Body::Tick(_) | Body::Gone(_) | Body::RecordingFailed { .. }
        );
        if !is_kept {
            self.missed += 1;
            return;
        }
        let kind = |frame: &Frame| (frame.lane, std::mem::discriminant(&frame.body));
        match self.held.iter().position(|held| kind(held) == kind(&frame)) {
            Some(place) => {
                self.missed += 1;
                self.held[place] = frame;
            }
            None => self.held.push(frame),
        }
    }

    fn end(mut self) {
        // All at once: what a lane is given to end in good order is given to all of them together.
        self.lanes.iter_mut().filter_map(|lane| lane.handle.as_mut()).for_each(Handle::let_go);
        for index in 0..self.lanes.len() {
            self.bury(index);
        }
        let at_ns = clock::monotonic_ns().saturating_sub(self.start_ns);
        let end = Frame { lane: None, at_ns, body: Body::End };
        if let Some(mut recorder) = self.recorder.take() {
            recorder.add(&Arc::from(encode_frame(&end)));
            if let Some(why) = recorder.end() {
                self.tell_world(None, Body::RecordingFailed { why });
            }
        }
        // The end is worth waiting for, as long as somebody may still take it; and so are the last accounts before it.
        let mut last = std::mem::take(&mut self.held);
        if self.missed > 0 {
            last.insert(0, Frame { lane: None, at_ns, body: Body::Missed { frames: self.missed } });
        }
        last.push(end);
        for frame in &last {
            while let Err(RecvTimeoutError::Timeout) = self.wait_to_tell(frame) {}
        }
    }

    fn wait_to_tell(&self, frame: &Frame) -> Result<(), RecvTimeoutError> {
        match self.taker.send_timeout(frame.clone(), Duration::from_millis(50)) {
            Ok(()) => Ok(()),
            Err(error) if error.is_timeout() => match self.orders.try_recv() {
                Err(crossbeam_channel::TryRecvError::Disconnected) => Ok(()),
                _ => Err(RecvTimeoutError::Timeout),
            },
            Err(_) => Ok(()),
        }
    }
}

/// What woke the conductor.
enum Woken {
    Heard(LaneId, Heard),
    Told(Control),
    Dropped,
}
