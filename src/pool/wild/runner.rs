//! A thread of the program on a thread of the system: it runs to its next operation, carries it out, and runs on.

use super::common::Text;
use super::meter::Meter;
use super::seat::{Seat, Stand};
use super::window::{Dice, Window};
use super::world::{Made, Raised, World};
use crate::program::code::NameId;
use crate::program::collection::{Access, Failure};
use crate::program::operation::{Operation, Patience, Sync, Variable};
use crate::program::text;
use crate::program::thread::{Pause, Thread};
use crate::program::value::{Exception, ExceptionClass, ObjectKind, Value};
use crate::system;
use crate::telemetry::Recorder;
use crate::wire::MemoryModel;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

/// Starts threads of the program on the pool's workers.
pub(super) trait Starts {
    /// Has the worker of that number run a thread.
    ///
    /// # Errors
    /// Where the system gives no thread for it.
    fn start(&self, thread: usize, job: Job) -> std::io::Result<()>;
}

/// A thread of the program that a worker is to run.
pub(super) struct Job {
    pub(super) world: Arc<World>,
    pub(super) thread: Thread,
    /// What it has come to already.
    pub(super) pause: Option<Pause>,
    /// It waits until main has started all of this volley.
    pub(super) volley: Option<u32>,
}

/// What came of an operation.
pub(super) type Attempt = Result<Done, Stop>;

/// How an operation went.
pub(super) enum Done {
    Value(Value),
    Raised(Arc<Exception>),
}

/// Why it did not come to anything.
pub(super) enum Stop {
    Failure(Failure),
    /// The run is over.
    Over,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

pub(super) fn done(value: Value) -> Attempt {
    Ok(Done::Value(value))
}

pub(super) fn flag(flag: bool) -> Attempt {
    done(Value::Bool(flag))
}

pub(super) fn raised(kind: crate::program::library::ExceptionKind, text: &str) -> Attempt {
    Err(Stop::Failure(crate::program::collection::raised(kind, text)))
}

pub(super) fn runtime(text: &str) -> Attempt {
    raised(crate::program::library::ExceptionKind::RuntimeError, text)
}

/// After so many operations main has done something else than starting threads, whatever they were.
const STARTING_MAX: u32 = 200;

/// How long main waits for the threads that it started to come to the line, at the most.
const LINE_UP_NS: u64 = 2_000_000;

/// How often a thread at the line looks for the start before it sleeps.
const LINE_LOOKS: u32 = 4000;

/// A thread of the program while it runs.
pub(super) struct Runner<'a> {
    pub(super) world: &'a Arc<World>,
    pub(super) seat: &'a Seat,
    pub(super) me: usize,
    pub(super) daemon: bool,
    pub(super) recorder: &'a mut Recorder,
    pub(super) starts: &'a dyn Starts,
    pub(super) made: Made,
    pub(super) dice: Dice,
    pub(super) window: Window,
    /// So many operations are left of a trial, which says what there is before the first run: nothing is started and
    /// nobody waits, whatever would ends it.
    pub(super) trial_left: Option<u32>,
    /// It chose something by chance.
    pub(super) chose: bool,
    /// Main: how many threads of this volley it has started, and in how many operations it has done nothing else.
    pub(super) started: u32,
    pub(super) started_in_all: u32,
    pub(super) since_start: u32,
    /// Its last operation changed something that others may see.
    pub(super) had_effect: bool,
    /// To be called once no state is held any more.
    pub(super) to_call: Vec<usize>,
    pub(super) meter: Option<Meter>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        world: &'a Arc<World>,
        me: usize,
        recorder: &'a mut Recorder,
        starts: &'a dyn Starts,
        made: Made,
        dice: Dice,
        window: Window,
    ) -> Runner<'a> {
        Runner {
            world,
            seat: &world.seats()[me],
            me,
            daemon: false,
            recorder,
            starts,
            made,
            dice,
            window,
            trial_left: None,
            chose: false,
            started: 0,
            started_in_all: 0,
            since_start: 0,
            had_effect: false,
            to_call: Vec::new(),
            meter: None,
        }
    }

    pub(super) fn is_trial(&self) -> bool {
        self.trial_left.is_some()
    }

    /// Runs a thread to its end, or the run's.
    pub(super) fn run(&mut self, thread: Thread, pause: Option<Pause>) {
        self.meter = Meter::of(self.world, self.seat, self.me, self.recorder.now_ns());
        self.go(thread, pause);
        if let Some(mut meter) = self.meter.take() {
            // A run that is stopped for getting nowhere has not got on here either. Of others nothing is known.
            if self.world.was_unended() {
                meter.read(self.world, self.seat, self.me, self.recorder.now_ns());
            }
            meter.leave(self.world);
        }
    }

    fn go(&mut self, mut thread: Thread, pause: Option<Pause>) {
        let world = Arc::clone(self.world);
        let program = world.program();
        let mut pause = match pause {
            Some(pause) => pause,
            None => self.passed(thread.run(program, None)),
        };
        loop {
            let operation = match pause {
                Pause::Operation(operation) => operation,
                Pause::Ended => break self.end(),
                Pause::Raised(exception) => return self.fail(exception),
                Pause::Spins => {
                    let line = thread.place(program).line;
                    return self.spin(line);
                }
                Pause::Limit(text) => return self.limit(text),
                Pause::Parked => return,
            };
            if world.is_over() {
                return;
            }
            if let Some(left) = &mut self.trial_left {
                *left -= 1;
                if *left == 0 {
                    return;
                }
            }
            if self.started > 0 {
                self.leave_line(&operation);
            }
            let is_access = !self.window.is_none() && self.is_access(&operation);
            self.had_effect = has_effect(&operation);
            self.seat.note_operation();
            let input = match self.operate(&operation, &thread) {
                Ok(Done::Value(value)) => Ok(value),
                Ok(Done::Raised(exception)) => Err(exception),
                Err(Stop::Failure(Failure::Raised(kind, argument))) => {
                    // What fails changes nothing.
                    self.had_effect = false;
                    let arguments = if argument == Value::Unset { Vec::new() } else { vec![argument] };
                    Err(Arc::new(Exception { class: ExceptionClass::Python(kind), arguments, line: 0, made: None }))
                }
                Err(Stop::Failure(Failure::Limit(text))) => return self.limit(text),
                Err(Stop::Over) => return,
            };
            if is_access {
                self.window.pass(&mut self.dice);
            }
            pause = self.passed(thread.run(program, Some(input)));
        }
    }

    fn passed(&mut self, (pause, passed): (Pause, crate::program::thread::Passed)) -> Pause {
        if passed.progress {
            self.get_on();
        }
        pause
    }

    fn get_on(&mut self) {
        self.seat.note_progress();
        if let Some(meter) = &mut self.meter {
            meter.read(self.world, self.seat, self.me, self.recorder.now_ns());
        }
    }

    fn end(&mut self) {
        if self.me == self.world.space && !self.world.program().prelude.is_empty() {
            self.close_task_queues();
        }
        self.open_line();
        self.get_on();
        self.world.end_thread(self.me);
    }

    fn fail(&mut self, exception: Arc<Exception>) {
        let (thread, had_effect, at_ns) = (self.me, self.had_effect, self.recorder.now_ns());
        let world = self.world;
        let held = world.held(&exception.arguments.iter().collect::<Vec<_>>());
        let message = text::exception_line(world.program(), &exception, &held);
        let raised = Raised { thread, message, line: exception.line, had_effect, at_ns };
        world.common.with(Text::Failures, |failures: &mut Vec<Raised>| failures.push(raised));
        world.common.stop();
    }

    /// The thread goes round in a circle for ever: that is where it stands, whatever the others do.
    fn spin(&mut self, line: u32) {
        self.open_line();
        self.world.common.row(self.me).spins_at.store(line, SeqCst);
        self.seat.set(Stand::Spinning);
        while !self.world.is_over() {
            self.seat.sleep(None);
        }
    }

    pub(super) fn limit(&mut self, text: String) {
        self.world.limit(self.me, text);
    }

    /// Main does something: if it is more than starting threads, those that it started may go.
    fn leave_line(&mut self, operation: &Operation) {
        self.since_start += 1;
        let known = &self.world.known;
        let goes_on = match operation {
            Operation::Load(Variable::Global(global)) | Operation::Store(Variable::Global(global), _) => {
                known.hot_globals[global.index()]
            }
            Operation::StoreMember(_, name, _) => known.hot_names[name.index()],
            Operation::Sync(_, sync) => {
                !matches!(sync, Sync::SetName(_) | Sync::Name | Sync::SetDaemon(_) | Sync::IsDaemon | Sync::GetLock)
            }
            Operation::Print(_) | Operation::Choose(_) | Operation::FirstDone(_) | Operation::Fence => true,
            _ => false,
        };
        if goes_on || self.since_start > STARTING_MAX {
            self.open_line();
        }
    }

    /// Lets the threads go that main has started, once they are all there.
    fn open_line(&mut self) {
        if self.started == 0 {
            return;
        }
        let world = self.world;
        let until_ns = self.recorder.now_ns() + LINE_UP_NS;
        let (volley, lined_up) = (world.common.volley(), world.common.lined_up());
        while lined_up.load(SeqCst) < self.started_in_all && self.recorder.now_ns() < until_ns {
            std::thread::yield_now();
        }
        self.started = 0;
        let past = volley.load(Relaxed);
        // The end of the run may have opened the line for good.
        let _ = volley.compare_exchange(past, past.saturating_add(1), SeqCst, SeqCst);
        system::futex_wake(volley, u32::MAX);
    }

    /// Waits at the line until main has started all threads of the volley.
    pub(super) fn line_up(&self, volley: u32) {
        let common = &self.world.common;
        common.lined_up().fetch_add(1, SeqCst);
        let mut looks = 0;
        loop {
            let now = common.volley().load(SeqCst);
            if now > volley {
                return;
            }
            looks += 1;
            if looks < LINE_LOOKS {
                std::hint::spin_loop();
            } else {
                system::futex_wait(common.volley(), now, Some(Duration::from_millis(10)));
            }
        }
    }

    /// Whether it is an access to what is shared, after which the window lies.
    fn is_access(&self, operation: &Operation) -> bool {
        let world = self.world;
        if world.common.started() < 2 {
            return false;
        }
        // With store buffers, what lies after a write would only give it the time to be seen.
        let writes_count = world.known.memory == MemoryModel::Sc;
        let hot = |name: &NameId| world.known.hot_names[name.index()];
        match operation {
            Operation::Load(Variable::Global(global)) => world.known.hot_globals[global.index()],
            Operation::Store(Variable::Global(global), _) => writes_count && world.known.hot_globals[global.index()],
            Operation::LoadMember(_, name) => hot(name),
            Operation::StoreMember(_, name, _) => writes_count && hot(name),
            Operation::Access(_, access) => !matches!(access, Access::Advance(..)),
            Operation::Compare(..) | Operation::Render(_) | Operation::Print(_) => true,
            Operation::Sync(object, Sync::Write(_)) => writes_count || object.kind != ObjectKind::SharedValue,
            Operation::Sync(_, sync) => !matches!(
                sync,
                Sync::Name
                    | Sync::SetName(_)
                    | Sync::IsDaemon
                    | Sync::SetDaemon(_)
                    | Sync::Parties
                    | Sync::GetLock
                    | Sync::Join(Patience::Forever)
            ),
            _ => false,
        }
    }
}

/// Whether an operation changes something that others can see.
fn has_effect(operation: &Operation) -> bool {
    match operation {
        Operation::Load(_) | Operation::LoadMember(..) | Operation::New(_) | Operation::Compare(..) => false,
        Operation::Render(_) | Operation::Choose(_) | Operation::FirstDone(_) | Operation::Fence => false,
        Operation::DeepCopy(_) | Operation::Current { .. } => false,
        Operation::Access(_, access) => access.writes(),
        Operation::Sync(_, sync) => !matches!(
            sync,
            Sync::Locked
                | Sync::IsSet
                | Sync::Parties
                | Sync::Waiting
                | Sync::Size
                | Sync::IsEmpty
                | Sync::IsFull
                | Sync::Join(_)
                | Sync::IsAlive
                | Sync::Name
                | Sync::IsDaemon
                | Sync::Read
                | Sync::GetLock
                | Sync::Result(..)
                | Sync::Failure(_)
                | Sync::IsDone
                | Sync::IsBroken
                | Sync::Poll(_)
                | Sync::Number
                | Sync::AwaitEvent(_)
                | Sync::AwaitTasks
        ),
        _ => true,
    }
}
