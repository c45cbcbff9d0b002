//! A ledger as frames: what a recording begins with that begins in the middle of a run.
//!
//! ```text
//! frames ──▶ ledger ──▶ so_far ──▶ another ledger ◀── the frames that follow
//!                                  the same totals, histograms, accounts, result and phase; no history yet
//! ```
//!
//! What is not in it is the history: tick by tick, what lasted lately ([`super::window`]), and that another recording had
//! failed. Figures about "now" begin anew, as they do in a new run, and a tick that adds a whole run together is none of
//! their business: it is in no history.

use super::lane::LaneLedger;
use super::locks::LockLedger;
use super::{Ledger, Standing};
use crate::stats::Histogram;
use crate::wire::{Body, Buckets, Frame, LaneId, LockTick, QueueTick, RunSoFar, SoFar, Tick, WorkerId, WorkerTick};

impl Ledger {
    /// The frames from which a new ledger comes to where this one is: plan, totals, histograms, the account of every
    /// worker and lock, result and phase; all but what went on tick by tick. A lane's next tick is accepted after them.
    /// Empty before there is a plan.
    pub fn so_far(&self) -> Vec<Frame> {
        let Some(plan) = &self.plan else { return Vec::new() };
        let at_ns = self.at_ns;
        if let Some(sweep) = &self.sweep {
            let end = self.ended.then_some(Frame { lane: None, at_ns, body: Body::End });
            return sweep.so_far(at_ns).into_iter().chain(end).collect();
        }
        let of_run = |body| Frame { lane: None, at_ns, body };
        let mut frames = vec![of_run(Body::Plan(Box::new(plan.clone())))];
        let (system, window_ns, busy_ns) = self.cores.so_far();
        let (odd_frames, missed_frames) = (self.odd_frames, self.missed_frames);
        let so_far = RunSoFar { system, window_ns, busy_ns, odd_frames, missed_frames };
        frames.push(of_run(Body::RunSoFar(Box::new(so_far))));
        frames.extend(self.turn.map(|turn| of_run(Body::Turn(turn))));
        for (index, lane) in self.lanes.iter().enumerate() {
            let of_lane = |at_ns, body| Frame { lane: Some(LaneId::of_index(index)), at_ns, body };
            frames.extend(lane.hello.clone().map(|hello| of_lane(at_ns, Body::Hello(hello))));
            frames.push(of_lane(at_ns, Body::SoFar(Box::new(lane.so_far()))));
            if !lane.flight.is_empty() {
                frames.push(of_lane(at_ns, Body::Flight { events: lane.flight.clone() }));
            }
            if let Standing::Gone(gone) = &lane.standing {
                frames.push(of_lane(lane.gone_at_ns, Body::Gone(gone.clone())));
            }
        }
        frames.extend(self.ended.then(|| of_run(Body::End)));
        frames
    }
}

fn buckets(histogram: &Histogram) -> Buckets {
    Histogram::encode(histogram.counts(), histogram.sum(), histogram.max())
}

impl LaneLedger {
    fn so_far(&self) -> SoFar {
        let worker = |worker: &super::WorkerLedger| WorkerTick {
            id: worker.id,
            state: worker.state,
            lock: worker.lock,
            tid: worker.tid,
            ended: worker.ended,
            state_ns: worker.state_ns,
            cpu_ns: worker.cpu_ns,
            run_queue_ns: worker.run_queue_ns,
            core: worker.core,
        };
        let lock =
            |lock: &LockLedger| LockTick { wait: buckets(&lock.wait), hold: buckets(&lock.hold), ..lock.now.clone() };
        let absent = self.workers.iter().filter(|worker| !worker.present).map(|worker| worker.id);
        let tick = Tick {
            seq: self.seq,
            // Pauses are in no account.
            interval_ns: self.active_ns,
            active_ns: self.active_ns,
            phase: self.phase,
            tasks: self.tasks,
            workers: self.workers.iter().map(worker).collect(),
            queue: QueueTick {
                depth: self.queue.depth,
                depth_max: self.queue.depth_max,
                depth_area: u64::try_from(self.queue.area).unwrap_or(u64::MAX),
                witnessed: self.queue.witnessed,
            },
            queue_wait: buckets(&self.queue_wait),
            service: buckets(&self.service),
            locks: self.locks.iter().map(lock).collect(),
            result: self.result,
            process: self.process,
            runs: self.runs.clone(),
            jobs: self.jobs.clone(),
            events: self.events.iter().map(|(_, event)| event.clone()).collect(),
            events_dropped: self.events_dropped,
        };
        SoFar {
            tick,
            heard_at_ns: self.last_at_ns,
            events_at_ns: self.events.iter().map(|(at_ns, _)| *at_ns).collect(),
            absent: absent.collect::<Vec<WorkerId>>(),
            blocked: self.locks.iter().map(LockLedger::so_far).collect(),
            checked: self.checked,
            agreed_seq: self.agreed_seq,
            workers_died: self.workers_died,
            spawns_failed: self.spawns_failed,
            panics_told: self.panics_told,
            unreadable: self.unreadable,
            unreadable_why: self.unreadable_why.clone(),
            turns_halted: self.turns_halted,
        }
    }

    /// Goes on from there. Makes no sense once the lane has told of itself.
    pub(super) fn take_over(&mut self, so_far: &SoFar) -> bool {
        if self.seq > 0 {
            return false;
        }
        let tick = &so_far.tick;
        self.seq = tick.seq;
        if self.seq > 0 {
            self.standing = Standing::Here;
        }
        self.phase = tick.phase;
        self.tasks = tick.tasks;
        self.active_ns = tick.active_ns;
        self.last_at_ns = so_far.heard_at_ns;
        self.queue.depth = tick.queue.depth;
        self.queue.depth_max = tick.queue.depth_max;
        self.queue.area = u128::from(tick.queue.depth_area);
        self.queue.witnessed = tick.queue.witnessed;
        self.queue_wait.merge(&tick.queue_wait);
        self.service.merge(&tick.service);
        for (lock, now) in self.locks.iter_mut().zip(&tick.locks) {
            lock.wait.merge(&now.wait);
            lock.hold.merge(&now.hold);
            // What the newest tick added is history.
            lock.now = LockTick { wait: Buckets::default(), hold: Buckets::default(), ..now.clone() };
        }
        for (lock, blocked) in self.locks.iter_mut().zip(&so_far.blocked) {
            lock.take_over(blocked);
        }
        self.result = tick.result;
        self.checked = so_far.checked;
        // No later than now, whatever is claimed.
        self.agreed_seq = so_far.agreed_seq.map(|seq| seq.min(tick.seq));
        self.runs.clone_from(&tick.runs);
        self.jobs.clone_from(&tick.jobs);
        (self.process, self.process_before) = (tick.process, tick.process);
        for now in &tick.workers {
            let worker = self.worker(now.id);
            (worker.state, worker.lock, worker.tid, worker.core) = (now.state, now.lock, now.tid, now.core);
            (worker.ended, worker.state_ns) = (now.ended, now.state_ns);
            (worker.cpu_ns, worker.run_queue_ns) = (now.cpu_ns, now.run_queue_ns);
        }
        for id in &so_far.absent {
            if let Ok(place) = self.workers.binary_search_by_key(id, |worker| worker.id) {
                self.workers[place].present = false;
            }
        }
        for (event, at_ns) in tick.events.iter().zip(&so_far.events_at_ns) {
            self.events.push((*at_ns, event.clone()));
        }
        self.events_dropped = tick.events_dropped;
        self.workers_died = so_far.workers_died;
        self.spawns_failed = so_far.spawns_failed;
        self.panics_told = so_far.panics_told;
        self.unreadable = so_far.unreadable;
        self.unreadable_why.clone_from(&so_far.unreadable_why);
        self.turns_halted = so_far.turns_halted;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::cores::{Cores, OnCores};
    use crate::ledger::lane::EVENTS_KEPT;
    use crate::stats::History;
    use crate::wire::{
        Event, Exit, Gone, Hello, LockId, Phase, Process, ResultTick, SystemTick, Tasks, Turn, WorkerState,
        decode_frame, encode_frame,
    };
    use proptest::prelude::*;

    /// The ledger without what a recording that begins later does not know.
    fn without_history(mut ledger: Ledger) -> Ledger {
        (ledger.frames, ledger.recording_failed) = (0, None);
        let Cores { history, .. } = &mut ledger.cores;
        history.iter_mut().for_each(|(_, history)| *history = History::new(0));
        for lane in &mut ledger.lanes {
            lane.history = History::new(0);
            lane.process_before = Process::default();
            lane.on_cores = OnCores::default();
            lane.forget_window();
            lane.workers.iter_mut().for_each(|worker| worker.stints = History::new(0));
            for lock in &mut lane.locks {
                (lock.now.wait, lock.now.hold) = (Buckets::default(), Buckets::default());
            }
        }
        ledger
    }

    fn ledger_of<'f>(frames: impl IntoIterator<Item = &'f Frame>) -> Ledger {
        let mut ledger = Ledger::new();
        frames.into_iter().for_each(|frame| ledger.post(frame));
        ledger
    }

    /// Cuts the run, goes over the wire, and goes on.
    fn comes_to_the_same(frames: &[Frame], cut: usize) {
        let so_far = ledger_of(&frames[..cut]).so_far();
        let sent: Vec<Frame> =
            so_far.iter().map(|frame| decode_frame(encode_frame(frame).as_bytes()).expect("our own line")).collect();
        assert_eq!(sent, so_far);
        let plan_first = frames[..cut].iter().any(|frame| matches!(frame.body, Body::Plan(_)));
        if !plan_first {
            return assert!(sent.is_empty());
        }
        let later = without_history(ledger_of(sent.iter().chain(&frames[cut..])));
        let whole = without_history(ledger_of(frames));
        let (later_text, whole_text) = (format!("{later:#?}"), format!("{whole:#?}"));
        for (later, whole) in later_text.lines().zip(whole_text.lines()) {
            assert_eq!(later, whole, "cut at {cut}");
        }
        assert!(later == whole, "cut at {cut}");
    }

    fn recording(text: &str) -> Vec<Frame> {
        text.lines().map(|line| decode_frame(line.as_bytes()).expect("a frame")).collect()
    }

    #[test]
    fn real_runs_cut_anywhere_come_to_the_same() {
        for text in [
            include_str!("../../assets/recordings/deaths.ndjson"),
            include_str!("../../assets/recordings/turns.ndjson"),
            include_str!("../../tests/recordings/convoy.ndjson"),
        ] {
            let frames = recording(text);
            for cut in 0..=frames.len() {
                comes_to_the_same(&frames, cut);
            }
        }
    }

    #[test]
    fn a_run_that_is_cut_begins_to_tell_of_now_anew_and_of_the_whole_as_before() {
        let frames = recording(include_str!("../../tests/recordings/blocked.ndjson"));
        let cut = frames.len() / 2;
        let whole = ledger_of(&frames[..cut]);
        let mut later = ledger_of(&whole.so_far());
        let lane = &later.lanes()[0];
        assert!(lane.tasks.completed > 100);
        assert_eq!(lane.throughput_per_s(), whole.lanes()[0].throughput_per_s());
        assert_eq!((lane.throughput_now_per_s(), lane.recent()), (None, None), "not the whole run as if it were now");
        assert!(lane.history.is_empty() && lane.workers.iter().all(|worker| worker.stints.is_empty()));
        let next = frames[cut..].iter().find(|frame| matches!(frame.body, Body::Tick(_))).expect("a tick");
        later.post(next);
        let lane = &later.lanes()[0];
        let (now, recent) = (lane.throughput_now_per_s().unwrap(), lane.recent().unwrap());
        assert!((100.0..300.0).contains(&now), "{now}");
        assert!(recent.cpu_ns.unwrap() < recent.active_ns, "{recent:?}");
        // And once it has told of itself, nobody else does.
        let (odd, tasks) = (later.odd_frames(), later.lanes()[0].tasks);
        whole.so_far().iter().filter(|frame| matches!(frame.body, Body::SoFar(_))).for_each(|frame| later.post(frame));
        assert_eq!((later.odd_frames(), later.lanes()[0].tasks), (odd + 1, tasks));
    }

    /// A tick as a lane in some state would send it.
    fn made(seq: u64, of: [u64; 6]) -> Tick {
        let state = |turn: u64| WorkerState::ALL[(turn % 6) as usize];
        let worker = |id: u64| WorkerTick {
            id: WorkerId(id as u32),
            state: state(of[0] + id),
            lock: (state(of[0] + id) == WorkerState::Lock).then_some(LockId((of[1] % 3) as u16)),
            tid: (100 + of[2] % 2) as u32,
            ended: of[3],
            state_ns: [of[1], of[2], of[3], of[4], of[5]],
            cpu_ns: of[1].is_multiple_of(2).then_some(of[1]),
            run_queue_ns: of[2].is_multiple_of(3).then_some(of[2]),
            core: of[5].is_multiple_of(2).then_some((of[5] % 4) as u32),
        };
        let buckets =
            Buckets { sum_ns: of[1], max_ns: of[2], runs: vec![-3, of[1] as i64 + 1, -(of[2] as i64 + 1), 2] };
        let lock = LockTick {
            acquired: seq * 10,
            contended: seq,
            wait_ns: seq * 7,
            hold_ns: seq * 9,
            owner: of[4].is_multiple_of(2).then_some(WorkerId((of[4] % 3) as u32)),
            waiters: 1,
            abandoned: of[5] % 2,
            wait: buckets.clone(),
            hold: buckets.clone(),
        };
        let phases = [Phase::Running, Phase::Pausing, Phase::Paused, Phase::Halted, Phase::Done];
        let events = vec![
            Event::WorkerDied { worker: WorkerId(1), exit: Exit::Unknown, retried: 1, lost: 0 },
            Event::Resized { workers: 3 },
            Event::TaskPanicked { message: "so".to_string() },
            Event::SpawnFailed { what: "threads".to_string(), why: "no".to_string(), workers: 2 },
        ];
        Tick {
            seq,
            interval_ns: of[1] + 1,
            active_ns: of[2],
            phase: phases[(of[0] % 5) as usize],
            tasks: Tasks { submitted: seq * 9, completed: seq * 5, queued: of[1], ..Tasks::default() },
            workers: (of[0] % 2..1 + of[5] % 4).map(worker).collect(),
            queue: QueueTick { depth: of[1], depth_max: of[2], depth_area: of[3], witnessed: of[4] > 4 },
            queue_wait: buckets.clone(),
            service: buckets,
            locks: vec![lock.clone(), lock],
            result: ResultTick { expected: of[4], actual: of[4] + of[5] % 2, tasks_ok: None },
            process: Process { cpu_ns: Some(seq * 11), ..Process::default() },
            events: events.into_iter().take((of[3] % 5) as usize).collect(),
            runs: None,
            jobs: None,
            events_dropped: of[4] % 2,
        }
    }

    fn frames(ticks: &[(u8, [u64; 6])]) -> Vec<Frame> {
        let mut frames = recording(include_str!("../../assets/recordings/turns.ndjson"));
        frames.truncate(1);
        let locks = vec![crate::wire::LockName { name: "a".to_string(), lock: crate::wire::LockKind::Std }; 2];
        for (at_ns, &(kind, of)) in ticks.iter().enumerate() {
            let lane = LaneId(1 + (of[0] % 2) as u16);
            let seq = at_ns as u64 + 1 + of[5] % 2;
            let body = match kind {
                0 => Body::Hello(Hello {
                    pid: 1,
                    locks: locks.clone(),
                    cost: crate::wire::Cost { event_ns: 1.5 },
                    startup_ns: 1,
                    own_session: true,
                }),
                1 => Body::Gone(Gone { exit: Exit::Code { code: 1 }, expected: false, stderr: "x".to_string() }),
                2 => Body::Turn(Turn { running: Some(lane), halted: of[1].is_multiple_of(2) }),
                3 => Body::System(SystemTick {
                    window_ns: of[1],
                    cores: vec![(of[2] as u32, 0.1 * of[3] as f64), (7, 0.3)],
                    own_cpu_ns: Some(of[4]),
                    throttled: None,
                }),
                4 => Body::Flight { events: vec![(0, of[1], 1, of[2])] },
                5 => Body::Unreadable { why: of[1].to_string() },
                6 => Body::Missed { frames: of[1] },
                7 if of[1] == 0 => Body::End,
                _ => Body::Tick(Box::new(made(seq, of))),
            };
            frames.push(Frame { lane: Some(lane), at_ns: at_ns as u64 * 1000, body });
        }
        frames
    }

    proptest! {
        #[test]
        fn any_run_cut_anywhere_comes_to_the_same(
            ticks in prop::collection::vec((0..24u8, prop::array::uniform6(0..10u64)), 0..60),
            cut in any::<prop::sample::Index>(),
        ) {
            let frames = frames(&ticks);
            comes_to_the_same(&frames, cut.index(frames.len() + 1));
        }
    }

    #[test]
    fn no_more_events_go_on_than_are_kept() {
        let one_tick = |seq: u64| (23, [0, 1, 2, 4, 4, seq % 2]);
        let ledger = ledger_of(&frames(&(0..200).map(one_tick).collect::<Vec<_>>()));
        let kept = ledger.lanes()[0].events.len();
        assert_eq!(kept, EVENTS_KEPT);
        let later = ledger_of(&ledger.so_far());
        assert_eq!(later.lanes()[0].events, ledger.lanes()[0].events);
    }
}
