//! A process of the program's, as a process of the system: it runs the program's process of its number in one run after
//! the other, each time from new.
//!
//! ```text
//!  lane ── starts it, where a run wants one for the first time ──▶ host
//!  start() ── a birth: variables and call, packed ── desk, bell ──▶ unpacked: a world of its own ── threads ── their end
//! ```

use super::common::Common;
use super::crew::{Crew, Hands, await_none};
use super::known::Known;
use super::parcel::Parcel;
use super::runner::Runner;
use super::world::{Made, World};
use crate::doors::children::{Child, Spawn, Stream};
use crate::pool::floor::{Floor, quiet_panics};
use crate::pool::handed::{MEMORY_FD, brief, inherited, read_briefing};
use crate::pool::threads::settle_in;
use crate::program::code::{NameId, Program};
use crate::program::collection::Failure;
use crate::program::rules::Counted;
use crate::program::thread::{Pause, Thread};
use crate::program::value::{Reference, Value};
use crate::system;
use crate::telemetry::Arena;
use crate::wire::{LanePlan, LockId, WorkerId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// The numbers under which a host finds what it was given, besides the blocks.
const COMMON_FD: RawFd = MEMORY_FD + 1;
const BRIEFING_FD: RawFd = MEMORY_FD + 2;

/// What a host is told when it is started.
#[derive(Debug, Serialize, Deserialize)]
struct Briefing {
    plan: LanePlan,
    /// The lane's locks, by the numbers of the objects.
    locks: BTreeMap<u32, LockId>,
}

/// How a process of the program begins.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Birth {
    pub(super) run: u64,
    pub(super) began_ns: u64,
    pub(super) counted: Counted,
    pub(super) daemon: bool,
    pub(super) volley: Option<u32>,
    /// It imports the module, and has no variables before that.
    pub(super) spawns: bool,
    /// Its object, what it calls, so many arguments, those of these names, and all variables.
    pub(super) values: Parcel,
    pub(super) arguments: usize,
    pub(super) keywords: Vec<NameId>,
}

/// What a thread or process calls.
pub(super) struct Call {
    pub(super) target: Value,
    pub(super) arguments: Vec<Value>,
    pub(super) keywords: Vec<(NameId, Value)>,
}

impl Call {
    /// All that is handed to a process that does it, its object first.
    pub(super) fn values(&self, object: Reference) -> Vec<Value> {
        let keywords = self.keywords.iter().map(|(_, value)| value);
        [Value::Object(object), self.target.clone()].iter().chain(&self.arguments).chain(keywords).cloned().collect()
    }

    /// A thread that does it, and what it has come to already.
    pub(super) fn thread(self, program: &Program) -> (Thread, Option<Pause>) {
        match self.target {
            Value::None => (Thread::idle(), Some(Pause::Ended)),
            target => Thread::calling(program, &target, self.arguments, self.keywords, true),
        }
    }
}

/// What starts hosts.
#[derive(Debug)]
pub(super) struct Hosts {
    common: OwnedFd,
    briefing: OwnedFd,
}

impl Hosts {
    pub(super) fn new(plan: &LanePlan, known: &Known, common: OwnedFd) -> io::Result<Hosts> {
        let briefing = brief(&Briefing { plan: plan.clone(), locks: known.locks.clone() })?;
        Ok(Hosts { common, briefing })
    }

    /// Starts one. It ends with the calling thread.
    ///
    /// # Errors
    /// What the system says where it gives no process.
    pub(super) fn start(&self, floor: &Floor, number: usize) -> io::Result<Child> {
        let memory = floor.memory.as_ref().ok_or_else(|| io::Error::other("the blocks of this lane are not shared"))?;
        let inherit =
            vec![(memory.as_fd(), MEMORY_FD), (self.common.as_fd(), COMMON_FD), (self.briefing.as_fd(), BRIEFING_FD)];
        let own = Spawn::own(["host".to_string(), number.to_string()]);
        Spawn { program: floor.executable.clone(), inherit, die_with: true, stderr: Stream::Inherit, ..own }.start()
    }
}

/// The main of a process that runs the program's process of that number.
///
/// # Errors
/// Where what it was given is not what a lane of this build gives.
pub fn host_main(number: u32) -> io::Result<ExitCode> {
    let _ = system::set_thread_name("poolscope host");
    quiet_panics();
    let arena = Arena::attach(inherited(MEMORY_FD)?)?;
    let common = Common::attach(inherited(COMMON_FD)?)?;
    let briefing: Briefing = read_briefing(inherited(BRIEFING_FD)?)?;
    let program = briefing.plan.pool.program().ok_or(io::ErrorKind::InvalidData)?;
    let known = Known::new(program, briefing.locks).map_err(|_| io::ErrorKind::InvalidData)?;
    let id = WorkerId(number);
    settle_in(&briefing.plan, id);
    let crew = Arc::new(Crew::new(briefing.plan, arena, known, common));
    crew.common.note_worker(number as usize);
    loop {
        if let Some(birth) = crew.common.next_birth(number as usize) {
            live(&crew, id, birth);
        }
        if crew.common.hosted().fetch_sub(1, SeqCst) == 1 {
            system::futex_wake(crew.common.hosted(), 1);
        }
    }
}

/// One run's process, from its birth to the end of its threads.
fn live(crew: &Arc<Crew>, id: WorkerId, birth: Birth) {
    let me = id.0 as usize;
    let world = Arc::new(World::new(&crew.known, &crew.common, (birth.run, birth.began_ns), me));
    let hands = Hands(Arc::clone(crew));
    let mut recorder = crew.recorder(id);
    recorder.help_begins();
    let mut runner = Runner {
        daemon: birth.daemon,
        ..Runner::new(&world, me, &mut recorder, &hands, Made::default(), crew.dice(birth.run, me), crew.window())
    };
    let volley = birth.volley;
    match runner.be_born(birth) {
        Ok((thread, pause)) => {
            if let Some(volley) = volley {
                runner.line_up(volley);
            }
            runner.run(thread, pause);
        }
        Err(Failure::Limit(text)) => runner.limit(text),
        Err(Failure::Raised(..)) => runner.limit("what it was handed could not be unpacked".to_string()),
    }
    let blocked = recorder.block_begins();
    await_none(&world.busy);
    recorder.block_ends(blocked);
    recorder.help_ends();
}

impl Runner<'_> {
    /// Unpacks what the process begins with; its first thread.
    fn be_born(&mut self, birth: Birth) -> Result<(Thread, Option<Pause>), Failure> {
        let world = Arc::clone(self.world);
        self.counted(|counted| *counted = birth.counted);
        let mut values = self.unpack(birth.values)?.into_iter();
        if let Some(Value::Object(object)) = values.next() {
            // Nobody else sets it.
            let _ = world.handles(self.me).own.set(object);
        }
        let target = values.next().unwrap_or_default();
        let arguments = values.by_ref().take(birth.arguments).collect();
        let keywords = birth.keywords.into_iter().zip(values.by_ref()).collect();
        if birth.spawns {
            world.name_module("__mp_main__", &mut self.made)?;
        }
        for (place, value) in world.variables().iter().zip(values) {
            place.store(world.keep(&value, self.me, &mut self.made)?, SeqCst);
        }
        let (mut thread, pause) = Call { target, arguments, keywords }.thread(world.program());
        if birth.spawns && pause.is_none() {
            thread.import(world.program());
        }
        Ok((thread, pause))
    }
}
