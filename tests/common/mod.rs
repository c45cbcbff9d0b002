//! What the integration tests share: plans in a few lines, runs that are watched frame by frame, the program as a user
//! starts it, and a look at the processes of the machine.
//!
//! Nothing here depends on how fast or how many the cores are: whoever waits, waits until something is so, and gives up
//! after [`PATIENCE`]. Lanes that run until they are told to end should sleep more than they work: where the kernel divides
//! the CPU by session, eight lanes that spin leave a ninth of it to the test.
#![allow(dead_code, reason = "each file of tests uses its own part of this")]
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use poolscope::ledger::{LaneLedger, Ledger, Standing};
use poolscope::scenario::{self, Overrides};
use poolscope::source::{Control, Live, LiveOptions};
use poolscope::system;
use poolscope::wire::{Body, Exit, Frame, LaneId, Mode, Order, Phase, Plan, Tasks, Tick, WorkerState};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program that is tested.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_poolscope"))
}

/// Says something into the test's own output.
pub(crate) fn say(words: &str) {
    let _ = writeln!(io::stderr(), "{words}");
}

/// Looks again and again until there is something to see.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

// ── plans ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Every way to execute tasks, as lines of a lane.
pub(crate) const POOLS: [&str; 11] = [
    "pool = 'single'",
    "pool = 'threads'\nqueue = 'channel'",
    "pool = 'threads'\nqueue = 'mutex'",
    "pool = 'stealing'",
    "pool = 'per-task'",
    "pool = 'processes'\ntransport = 'pipe'\nstart = 'spawn'",
    "pool = 'processes'\ntransport = 'pipe'\nstart = 'forkserver'",
    "pool = 'processes'\ntransport = 'socket'\nstart = 'spawn'",
    "pool = 'processes'\ntransport = 'socket'\nstart = 'forkserver'",
    "pool = 'processes'\ntransport = 'shared-memory'\nstart = 'spawn'",
    "pool = 'processes'\ntransport = 'shared-memory'\nstart = 'forkserver'",
];

/// The process pools among [`POOLS`].
pub(crate) fn process_pools() -> Vec<&'static str> {
    POOLS.into_iter().filter(|pool| pool.contains("'processes'")).collect()
}

/// A scenario: what comes before the lanes, then the lanes, each a few lines.
pub(crate) fn scenario_text(head: &str, lanes: &[String]) -> String {
    let mut text = format!("+++\ntitle = 'a test'\ntick_ms = 20\n{head}\n");
    for lane in lanes {
        let _ = write!(text, "[[lane]]\n{lane}\n");
    }
    text.push_str("+++\n");
    text
}

/// The plan of lanes that run together.
pub(crate) fn plan(lanes: &[String]) -> Plan {
    plan_of("mode = 'together'", lanes)
}

/// The plan of a scenario.
pub(crate) fn plan_of(head: &str, lanes: &[String]) -> Plan {
    let text = scenario_text(head, lanes);
    let told = |problems: Vec<scenario::Problem>| -> String {
        problems.iter().map(|problem| format!("{problem}\n")).collect::<String>() + &text
    };
    let scenario = scenario::parse("test", "test", &text).unwrap_or_else(|problems| panic!("{}", told(problems)));
    let plan = scenario.plan(&system::machine(), &Overrides::default());
    plan.unwrap_or_else(|problems| panic!("{}", told(problems)))
}

// ── a run, watched ─────────────────────────────────────────────────────────────────────────────────────────────────────

static ALONE: Mutex<()> = Mutex::new(());

/// A run in this process, whose every frame is looked at as it comes.
///
/// One at a time in a file of tests: each has up to eight lanes of its own, and the viewer of them all would get a small
/// part of the machine.
pub(crate) struct Watch {
    live: Live,
    _alone: Option<MutexGuard<'static, ()>>,
    pub(crate) ledger: Ledger,
    pub(crate) frames: Vec<Frame>,
    /// Foreign lanes may send what they like: then nothing is asked of counts.
    pub(crate) lenient: bool,
    before: Vec<Tasks>,
}

impl Watch {
    pub(crate) fn start(plan: Plan) -> Watch {
        Watch::start_with(plan, LiveOptions::default())
    }

    /// Starts the lanes. Those that `options` gives no program are the program that is tested: this process is not it.
    pub(crate) fn start_with(plan: Plan, mut options: LiveOptions) -> Watch {
        let lenient = !options.programs.is_empty();
        for lane in &plan.lanes {
            options.programs.entry(lane.id).or_insert_with(program);
        }
        let before = vec![Tasks::default(); plan.lanes.len()];
        // A test that failed has let go of it all the same. Beside a foreign lane there is a single one of ours.
        let alone = (!lenient).then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
        let live = Live::start(plan, options).expect("a run");
        let mut watch = Watch { live, _alone: alone, ledger: Ledger::new(), frames: Vec::new(), lenient, before };
        watch.until("the plan", |ledger| ledger.plan().is_some());
        watch
    }

    pub(crate) fn tell(&self, control: Control) {
        self.live.tell(control);
    }

    pub(crate) fn order(&self, lane: Option<u16>, order: Order) {
        self.tell(Control::Order(lane.map(LaneId), order));
    }

    pub(crate) fn lane(&self, number: u16) -> &LaneLedger {
        &self.ledger.lanes()[usize::from(number) - 1]
    }

    /// The newest tick of a lane.
    pub(crate) fn tick(&self, number: u16) -> Option<&Tick> {
        self.frames.iter().rev().filter(|frame| frame.lane == Some(LaneId(number))).find_map(|frame| {
            match &frame.body {
                Body::Tick(tick) => Some(&**tick),
                _ => None,
            }
        })
    }

    /// Takes the next frame, if there is one soon.
    pub(crate) fn step(&mut self) {
        match self.live.frames.recv_timeout(Duration::from_millis(50)) {
            Ok(frame) => self.take(frame),
            Err(error) if error.is_timeout() => {}
            Err(_) => assert!(self.ledger.has_ended(), "the run ended without its last frame"),
        }
    }

    fn take(&mut self, frame: Frame) {
        if let (Body::Tick(tick), Some(index), false) = (&frame.body, frame.lane.and_then(LaneId::index), self.lenient)
        {
            self.audit(index, tick);
        }
        self.ledger.post(&frame);
        self.frames.push(frame);
    }

    /// What holds of any frame of a lane of ours.
    fn audit(&mut self, index: usize, tick: &Tick) {
        let lane = &self.ledger.lanes()[index];
        let (plan, now, before) = (&lane.plan, tick.tasks, self.before[index]);
        let at = || format!("lane {} ({}), tick {}:\n{now:?} after\n{before:?}", index + 1, plan.pool.name(), tick.seq);
        let count = [
            ("completed", now.completed, before.completed),
            ("failed", now.failed, before.failed),
            ("rejected", now.rejected, before.rejected),
            ("discarded", now.discarded, before.discarded),
            ("lost", now.lost, before.lost),
            ("retried", now.retried, before.retried),
            // A task that finds no room in a queue that blocks has come, and is withdrawn while its lane is paused.
            ("submitted", now.submitted + u64::from(plan.chunk), before.submitted),
        ];
        for (name, now, before) in count {
            assert!(now >= before, "{name} runs back: {}", at());
        }
        let ended = now.completed + now.failed + now.rejected + now.discarded + now.lost;
        assert!(ended <= now.submitted, "more ended than came: {}", at());
        assert!(now.queued <= now.submitted && now.running <= now.submitted, "more wait or run than came: {}", at());
        if matches!(tick.phase, Phase::Paused | Phase::Done) {
            assert_eq!(now.submitted, now.accounted(), "unbalanced: {}", at());
            assert_eq!(now.running, 0, "{}", at());
        }
        self.before[index] = now;
    }

    /// Takes frames until something is so.
    pub(crate) fn until(&mut self, what: &str, mut is_so: impl FnMut(&Ledger) -> bool) {
        let began = Instant::now();
        while !is_so(&self.ledger) {
            assert!(began.elapsed() < PATIENCE, "waited in vain: {what}\n{}", self.standing());
            assert!(!self.ledger.has_ended(), "the run ended before: {what}\n{}", self.standing());
            self.step();
        }
    }

    /// Takes frames until there are some that are as wanted.
    pub(crate) fn until_frame(&mut self, what: &str, mut is_so: impl FnMut(&[Frame]) -> bool) {
        let began = Instant::now();
        while !is_so(&self.frames) {
            assert!(began.elapsed() < PATIENCE, "waited in vain: {what}\n{}", self.standing());
            self.step();
        }
    }

    /// Where everything stands, to be told when something goes wrong.
    pub(crate) fn standing(&self) -> String {
        let mut out = String::new();
        for lane in self.ledger.lanes() {
            let _ = writeln!(
                out,
                "lane {} {:?}: {:?} {:?} {:?}, {} alive, {} died\n  {:?}",
                lane.plan.id,
                lane.plan.pool,
                lane.standing,
                lane.phase,
                lane.tasks,
                lane.workers_alive(),
                lane.workers_died,
                lane.events.iter().rev().take(5).collect::<Vec<_>>(),
            );
        }
        let _ = write!(out, "{:#?}", self.ledger.findings());
        out
    }

    /// Until every lane has completed so many tasks more.
    pub(crate) fn until_completed(&mut self, more: u64) {
        let before: Vec<u64> = self.ledger.lanes().iter().map(|lane| lane.tasks.completed).collect();
        self.until("tasks of every lane", |ledger| {
            let lanes = ledger.lanes();
            !lanes.is_empty()
                && lanes.iter().enumerate().all(|(index, lane)| {
                    lane.tasks.completed >= before.get(index).copied().unwrap_or(0) + more || lane.phase == Phase::Done
                })
        });
    }

    /// Pauses every lane. That the counts are exact then is looked at with every frame. (One whose turn was cut short in the
    /// middle of a task stays halted there.)
    pub(crate) fn pause(&mut self) {
        self.tell(Control::Pause);
        self.until("every lane paused", |ledger| {
            ledger.lanes().iter().all(|lane| {
                let rests = matches!(lane.phase, Phase::Paused | Phase::Halted | Phase::Done);
                rests || matches!(lane.standing, Standing::Gone(_))
            })
        });
    }

    pub(crate) fn resume(&mut self) {
        self.tell(Control::Resume);
        self.until("lanes going on", |ledger| {
            let take_turns = ledger.plan().is_some_and(|plan| matches!(plan.mode, Mode::Turns { .. }));
            let mut runs = ledger.lanes().iter().map(|lane| matches!(lane.phase, Phase::Running | Phase::Done));
            if take_turns { runs.any(|runs| runs) } else { runs.all(|runs| runs) }
        });
    }

    /// Until the run has ended by itself.
    pub(crate) fn end(mut self) -> Ended {
        let began = Instant::now();
        while !self.ledger.has_ended() {
            assert!(began.elapsed() < PATIENCE, "the run does not end\n{}", self.standing());
            self.step();
        }
        Ended { standing: self.standing(), ledger: self.ledger, frames: self.frames }
    }

    /// Ends the run. Lanes have a second to come to rest when they are told to end, which on a busy machine may be too
    /// short: so they rest before.
    pub(crate) fn finish(mut self) -> Ended {
        if !self.lenient {
            self.pause();
        }
        self.finish_at_once()
    }

    /// Ends the run wherever its lanes are.
    pub(crate) fn finish_at_once(self) -> Ended {
        self.tell(Control::Finish);
        self.end()
    }
}

/// A run that is over.
pub(crate) struct Ended {
    pub(crate) ledger: Ledger,
    pub(crate) frames: Vec<Frame>,
    standing: String,
}

impl Ended {
    pub(crate) fn lane(&self, number: u16) -> &LaneLedger {
        &self.ledger.lanes()[usize::from(number) - 1]
    }

    /// The ticks of a lane.
    pub(crate) fn ticks(&self, lane: LaneId) -> impl Iterator<Item = &Tick> {
        self.frames.iter().filter(move |frame| frame.lane == Some(lane)).filter_map(|frame| match &frame.body {
            Body::Tick(tick) => Some(&**tick),
            _ => None,
        })
    }

    /// Every lane ended in good order, and everything adds up.
    pub(crate) fn is_exact(&self) {
        for lane in self.ledger.lanes() {
            self.lane_is_exact(lane);
        }
        assert_eq!((self.ledger.odd_frames(), self.ledger.missed_frames()), (0, 0), "{}", self.standing);
    }

    fn lane_is_exact(&self, lane: &LaneLedger) {
        let (id, tasks, standing) = (lane.plan.id, lane.tasks, &self.standing);
        assert_eq!(lane.phase, Phase::Done, "lane {id}\n{standing}");
        assert!(
            matches!(&lane.standing, Standing::Gone(gone) if gone.expected && gone.exit == Exit::Code { code: 0 }),
            "lane {id}\n{standing}"
        );
        assert_eq!(tasks.submitted, tasks.accounted(), "lane {id} is unbalanced\n{standing}");
        assert_eq!(tasks.running, 0, "lane {id}\n{standing}");
        assert_eq!(lane.result.tasks_ok, Some(true), "lane {id}: receipts\n{standing}");
        assert_eq!(lane.result_ok(), Some(true), "lane {id}: {:?}\n{standing}", lane.result);
        let by_workers: u64 = lane.workers.iter().map(|worker| worker.ended).sum();
        assert_eq!(by_workers, tasks.completed + tasks.failed, "lane {id}: what its workers ended\n{standing}");
        // A worker that dies between the two leaves an entry in one and not in the other.
        let measured = lane.service.count();
        assert!(measured.abs_diff(by_workers) <= lane.workers_died, "lane {id}: {measured} measured\n{standing}");
        assert!(lane.queue_wait.count() >= by_workers, "lane {id}: fewer began than ended\n{standing}");
    }
}

// ── the program, as a user starts it ───────────────────────────────────────────────────────────────────────────────────

/// The program with these arguments, and nothing of the user's that could get in the way.
pub(crate) fn poolscope(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(args).stdin(Stdio::null()).env_remove("POOLSCOPE_FAULT").env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The JSON that it printed: all of it, or the last line.
    pub(crate) fn json(&self) -> serde_json::Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        let read = serde_json::from_str(&self.stdout).or_else(|_| serde_json::from_str(last));
        read.unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Runs a command to its end, which must come.
pub(crate) fn output(mut command: Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
    let stdout = read_aside(child.stdout.take().unwrap());
    let stderr = read_aside(child.stderr.take().unwrap());
    let status = wait(&mut child, &format!("{command:?}"));
    let text = |bytes: thread::JoinHandle<Vec<u8>>| String::from_utf8(bytes.join().unwrap()).expect("UTF-8");
    Output { status, stdout: text(stdout), stderr: text(stderr) }
}

fn read_aside(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}

/// Waits for a process that must end.
pub(crate) fn wait(child: &mut Child, what: &str) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("it does not end: {what}");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// A run of the program that goes on, its frames read as they come. Killed when dropped.
pub(crate) struct Started {
    pub(crate) child: Child,
    lines: Receiver<String>,
    stderr: Option<thread::JoinHandle<Vec<u8>>>,
    /// What every process of the run bears in its environment.
    pub(crate) tag: String,
    pub(crate) ledger: Ledger,
    pub(crate) last_line: String,
}

/// A name that no other test of any process has.
pub(crate) fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Started {
    /// Starts `command`, which must print frames (`--format ndjson`).
    pub(crate) fn new(mut command: Command) -> Started {
        let tag = unique();
        command.env("POOLSCOPE_TEST_TAG", &tag).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a process");
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = read_aside(child.stderr.take().unwrap());
        let (told, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        Started { child, lines, stderr: Some(stderr), tag, ledger: Ledger::new(), last_line: String::new() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads the next line, if there is one soon; false at the end.
    fn step(&mut self) -> bool {
        match self.lines.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => {
                if let Ok(frame) = poolscope::wire::decode_frame(line.as_bytes()) {
                    self.ledger.post(&frame);
                }
                self.last_line = line;
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    pub(crate) fn until(&mut self, what: &str, mut is_so: impl FnMut(&Ledger) -> bool) {
        let began = Instant::now();
        while !is_so(&self.ledger) {
            assert!(began.elapsed() < PATIENCE, "waited in vain: {what}: {:#?}", self.ledger.lanes());
            assert!(self.step(), "the run ended before: {what}");
        }
    }

    /// Reads to the end; says how it ended and what it wrote to its standard error.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let began = Instant::now();
        while self.step() {
            assert!(began.elapsed() < PATIENCE, "it does not end");
        }
        let status = wait(&mut self.child, "a run");
        let stderr = self.stderr.take().map(|stderr| stderr.join().unwrap()).unwrap_or_default();
        (status, String::from_utf8_lossy(&stderr).into_owned())
    }

    /// The sessions of its lanes, as far as they said hello.
    pub(crate) fn sessions(&self) -> Vec<u32> {
        self.ledger.lanes().iter().filter_map(|lane| lane.hello.as_ref().map(|hello| hello.pid)).collect()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// ── the processes of the machine ───────────────────────────────────────────────────────────────────────────────────────

/// A process, as `/proc` tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) pid: u32,
    pub(crate) name: String,
    pub(crate) state: char,
    pub(crate) parent: u32,
    pub(crate) session: u32,
}

/// Every process but those that have ended and only wait to be reaped.
pub(crate) fn processes() -> Vec<Seen> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(look_at).filter(|seen| !matches!(seen.state, 'Z' | 'X')).collect()
}

pub(crate) fn look_at(pid: u32) -> Option<Seen> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_string();
    let fields: Vec<&str> = after.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse().ok();
    Some(Seen { pid, name, state: fields.first()?.chars().next()?, parent: number(1)?, session: number(3)? })
}

/// Those of some sessions.
pub(crate) fn in_sessions(sessions: &[u32]) -> Vec<Seen> {
    processes().into_iter().filter(|seen| sessions.contains(&seen.session)).collect()
}

/// Those that bear a tag in their environment: whatever a run has started, wherever it has gone.
pub(crate) fn tagged(tag: &str) -> Vec<Seen> {
    let word = format!("POOLSCOPE_TEST_TAG={tag}");
    let bears = |seen: &Seen| {
        let environment = fs::read(format!("/proc/{}/environ", seen.pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == word.as_bytes())
    };
    processes().into_iter().filter(bears).collect()
}

pub(crate) fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid as i32).expect("a process's number");
    // It may have ended meanwhile.
    let _ = kill_process(pid, signal);
}

/// Whether a worker is in the middle of a task.
pub(crate) fn is_busy(state: WorkerState) -> bool {
    matches!(state, WorkerState::Running | WorkerState::Blocked | WorkerState::Lock)
}
