//! One step of one thread: what it does to a state.
//!
//! A [`State`] is a handful of small numbers. What they stand for, a thread between two operations or what an object
//! holds, is kept once in tables, and so is what comes of an operation of such a thread on such an object: a program is
//! interpreted once for each distinct pair of the two, however many states they occur in.
//!
//! Objects have numbers. The first are the variables of the first process, then those that exist when the first thread
//! is started (`fixed`). Of these, a state holds only those that ever change (`mutable`); what is found to change though
//! it was not thought to is noted (`missed`), and the search begins anew. Later objects are numbered in the order in
//! which a state's threads and objects refer to them, so that equal states look equal, and garbage is gone.

use std::sync::Arc;

use super::content::{Body, Closure, ConnectionBody, Content, QueueBody, Stage, ThreadBody};
use super::operate::{Attempt, Performed};
use super::outcomes::name_of;
use super::report::{Exceptions, Memory, Notify, Options};
use super::symmetry::Symmetry;
use super::tables::{FastMap, FastSet, Table};
use super::words;
use crate::program::Problem;
use crate::program::Program;
use crate::program::code::{GlobalId, Instruction, NameId};
use crate::program::collection::{self, Access, Failure};
use crate::program::operation::{Operation, Patience, QueueKind, StartMethod, Sync, Variable};
use crate::program::rules::Counted;
use crate::program::text;
use crate::program::thread::{Passed, Pause, Thread};
use crate::program::value::{Exception, ExceptionClass, ObjectKind, Reference, Value};

/// How many operations a step may take before it is looked at for going round in a circle.
const OPERATIONS_CALM: u64 = 5_000;

/// The most operations that one thread may do in one step.
const OPERATIONS_MAX: u64 = 300_000;

/// A state between two steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// The [`Rest`].
    pub(super) rest: u32,
    /// Each thread's [`Local`], in the order of their start.
    pub(super) threads: Vec<u32>,
    /// Each thread's writes that others do not see yet: a [`Buffer`]. Empty but for `--memory tso`.
    pub(super) buffers: Vec<u32>,
    /// What the mutable ones of the fixed objects hold, then the later ones.
    pub(super) objects: Vec<u32>,
}

impl State {
    /// Becomes like another, in the memory that it has.
    pub(super) fn become_like(&mut self, other: &State) {
        self.rest = other.rest;
        self.threads.clone_from(&other.threads);
        self.buffers.clone_from(&other.buffers);
        self.objects.clone_from(&other.objects);
    }
}

/// A thread between two operations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Local {
    pub(super) thread: Thread,
    pub(super) pause: Pause,
    /// Its process: the object of its variables; `None` for the first.
    pub(super) space: Option<u32>,
    pub(super) home: Home,
    pub(super) daemon: bool,
    /// Where it waits for the ends of several threads: those that it waits for besides the one of its operation.
    pub(super) awaits: Vec<u8>,
    pub(super) clock: Clock,
    /// The exception that ended it alone, which nobody caught: its line and its words.
    pub(super) died: Option<Arc<(u32, String)>>,
}

/// A process: the threads in it say which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Home {
    /// Its first thread: its number is the process's.
    pub(super) process: u8,
    /// The process that started it; itself for the first.
    pub(super) parent: u8,
}

/// What happened before, as far as starts and ends of threads order it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Clock {
    /// The thread's own time.
    pub(super) time: u32,
    /// Whether it accessed a location since that time began.
    touched: bool,
    /// Up to which of their times it knows of the other threads; no zeros at the end.
    pub(super) others: Vec<u32>,
}

impl Clock {
    /// That of a thread's beginning.
    pub(super) fn first() -> Clock {
        Clock { time: 1, ..Clock::default() }
    }

    /// That of a new thread, which knows what its starter did until now. What that does from now on, it does not know of.
    pub(super) fn started_by(&mut self, starter: usize) -> Clock {
        let mut new = Clock { others: self.others.clone(), ..Clock::first() };
        new.know(starter, self.time - u32::from(!self.touched));
        self.time += u32::from(self.touched);
        self.touched = false;
        new
    }

    /// From now on it knows all that a thread did which has ended.
    pub(super) fn joins(&mut self, own: usize, other: usize, ended: &Clock) {
        for (thread, time) in ended.others.iter().enumerate().filter(|(thread, _)| *thread != own) {
            self.know(thread, *time);
        }
        self.know(other, ended.time);
    }

    fn know(&mut self, thread: usize, time: u32) {
        if time == 0 {
            return;
        }
        if self.others.len() <= thread {
            self.others.resize(thread + 1, 0);
        }
        self.others[thread] = self.others[thread].max(time);
    }
}

/// What else belongs to a state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rest {
    /// All that was printed.
    pub(super) output: Arc<str>,
    /// How processes start, once that was said; else by `fork`.
    pub(super) start: Option<StartMethod>,
    /// While a suspicion is looked into: the accesses so far.
    pub(super) history: Vec<Touch>,
    /// Of each process, by its first thread, how many it has made; empty where nobody asks for names.
    pub(super) made: Vec<Counted>,
}

/// Writes that others do not see yet, the oldest first.
pub(super) type Buffer = Vec<Write>;

/// A write that others do not see yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Write {
    pub(super) object: u32,
    /// Which of the object's attributes or variables; [`WHOLE`] where it has but one.
    pub(super) part: u32,
    /// A variable's content that holds the value, or the change of a collection.
    pub(super) value: u32,
}

/// The part of an object that is all of it.
pub(super) const WHOLE: u32 = u32::MAX;

/// What is marked as shared: a location, or all that are made at one place of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Mark {
    Variable(Variable),
    /// An attribute of objects made at a site.
    Attribute(u64, NameId),
    /// Collections or shared values made at a site.
    Whole(u64),
}

/// An access to a location by a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Touch {
    pub(super) mark: Mark,
    pub(super) object: u32,
    pub(super) thread: u8,
    /// The thread's own time then.
    pub(super) time: u32,
    /// What it knew of others then, [`Clock::others`], as a number of the machine's.
    pub(super) clock: u32,
    pub(super) writes: bool,
}

/// What is known of a program by now, and what the search goes by.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// How many objects exist when the first thread starts.
    pub(super) fixed: u32,
    /// Of each fixed object, its place among a state's objects, or [`CONSTANT`].
    pub(super) places: Vec<u32>,
    /// What the constant ones hold.
    pub(super) constants: Vec<u32>,
    /// Those that have a place.
    pub(super) changing: Vec<u32>,
    /// How many are mutable.
    pub(super) mutable: u32,
}

/// The place of a fixed object that never changes.
pub(super) const CONSTANT: u32 = u32::MAX;

/// What is kept for all searchers.
pub(super) struct Shared<'a> {
    pub(super) program: &'a Program,
    pub(super) options: &'a Options,
    pub(super) layout: Layout,
    /// Locations whose accesses are steps.
    pub(super) marks: FastSet<Mark>,
    /// An access that ends its thread, or everything, is a step though its location is not marked: so what the others may
    /// do before it is seen too, as where every access is a step.
    pub(super) holds_back: bool,
    /// Steps that disturb nobody are taken before all others: nothing can be counted then.
    pub(super) hurries: bool,
    /// The grain: all steps of a simple statement are one.
    pub(super) statement: bool,
    /// Locations whose accesses are written down in the state.
    pub(super) suspects: FastSet<Mark>,
    pub(super) locals: Table<Local>,
    pub(super) contents: Table<Content>,
    pub(super) rests: Table<Rest>,
    pub(super) buffers: Table<Buffer>,
    pub(super) clocks: Table<Vec<u32>>,
    variables: u32,
    /// Of each global, whether only module-level code mentions it: no two threads of a process touch it.
    private: Vec<bool>,
    /// Whether the program asks for the name of anything: else nothing is named, and states that differ only in names
    /// do not differ.
    pub(super) asks_names: bool,
}

/// One searcher's way to them, and what it remembers.
pub(super) struct Machine<'a> {
    pub(super) shared: &'a Shared<'a>,
    locals: FastMap<u32, Arc<Local>>,
    contents: FastMap<u32, Arc<Content>>,
    /// (thread's local, what its object holds, thread and choice) → what comes of it.
    effects: FastMap<(u32, u32, u32), Effect>,
    /// Facts about locals.
    facts: Vec<Option<Facts>>,
    /// Which threads contents mention.
    mentions: Vec<Option<Mention>>,
    /// Which later objects a local, or a content, refers to, in order.
    pub(super) refers: [FastMap<u32, Arc<[u32]>>; 2],
    /// Fixed objects that changed though they were not thought to.
    pub(super) missed: FastSet<u32>,
    /// Accesses to unmarked locations.
    pub(super) touches: FastSet<Touch>,
    /// When a thread ends makes a difference: an exception or the end of all but daemons cut another off, or it was asked.
    pub(super) ends_matter: bool,
    /// A state whose memory is used again.
    scratch: State,
    /// Threads that can be exchanged in this search.
    pub(super) symmetry: Symmetry,
    /// Somebody told apart threads that could be.
    pub(super) told_apart: bool,
    /// Somebody looked at a lock that may be held by another.
    pub(super) peeks: bool,
    /// Threads that others let go on, in the order in which they do.
    pub(super) released: Vec<usize>,
    /// Two accesses that are not ordered.
    pub(super) conflicts: FastSet<Mark>,
    pub(super) problem: Option<Problem>,
    /// A step did not come to an end: a problem, if it is not because something shared was not known to be.
    pub(super) too_long: Option<Problem>,
    /// What each operation of a step did, where somebody wants to tell of it: a step may have several.
    pub(super) log: Option<Log>,
    /// Which threads passed the begin of a statement, or a line marked `# progress`, since that was last asked.
    pub(super) passing: Passing,
    /// What the thread that ran last passed.
    passed: Passed,
    /// Variables and other fixed objects that were written to.
    pub(super) written: FastSet<u32>,
}

/// What comes of an operation on a single object.
#[derive(Clone, Copy, Debug)]
enum Effect {
    Done {
        content: u32,
        local: u32,
        passed: Passed,
    },
    /// It would block.
    Blocked,
}

/// Which threads a content mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mention {
    None,
    /// The one that has taken the lock.
    Owner(u8),
    Some,
}

/// What can be told of a local at a glance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// The one object that its operation is on.
    object: Option<u32>,
    /// Done with.
    pub(super) ended: bool,
    pub(super) kind: LocalKind,
    pub(super) daemon: bool,
    /// Its operation may have several choices, or touches several objects.
    general: bool,
    pub(super) visible: Visibility,
    /// It writes to its object, as far as the operation itself tells.
    pub(super) writes: bool,
    /// It reads or writes a variable: whether that is marked.
    variable_is_marked: Option<bool>,
    /// Whether it is a step cannot be changed by what other threads do, unless they end.
    steady: bool,
}

/// Why a thread does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalKind {
    Operating,
    Ended,
    Raised,
    Spins,
    /// Others will let it go on.
    Parked,
}

/// Whether an operation is a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visibility {
    /// Never.
    No,
    /// While another thread is unfinished.
    Yes,
    /// A `join`: only while its thread has not ended, and then it blocks.
    Join,
    /// A `join` that may give up: only while its thread has not ended.
    TimedJoin,
}

impl<'a> Shared<'a> {
    pub(super) fn new(program: &'a Program, options: &'a Options) -> Shared<'a> {
        let variables = (program.globals.len() + program.classes.len() * program.names.len()) as u32;
        Shared {
            program,
            options,
            layout: Layout::default(),
            marks: FastSet::default(),
            holds_back: false,
            hurries: false,
            statement: false,
            suspects: FastSet::default(),
            locals: Table::new(),
            contents: Table::new(),
            rests: Table::new(),
            buffers: Table::new(),
            clocks: Table::new(),
            variables,
            private: private(program),
            asks_names: program.asks_names(),
        }
    }

    /// Whether only module-level code mentions a variable.
    fn is_private(&self, variable: Variable) -> bool {
        matches!(variable, Variable::Global(global) if self.private[global.index()])
    }

    /// Which of a process's variables it is.
    pub(super) fn variable(&self, variable: Variable) -> u32 {
        match variable {
            Variable::Global(global) => u32::from(global.0),
            Variable::Class(class, name) => {
                (self.program.globals.len() + class.index() * self.program.names.len() + name.index()) as u32
            }
        }
    }

    /// The variable of a number.
    pub(super) fn variable_of(&self, number: u32) -> Variable {
        match (number as usize).checked_sub(self.program.globals.len()) {
            None => Variable::Global(GlobalId(number as u16)),
            Some(at) => {
                let names = self.program.names.len();
                Variable::Class(crate::program::code::ClassId((at / names) as u16), NameId((at % names) as u16))
            }
        }
    }

    /// How many variables a process has.
    pub(super) fn variables(&self) -> u32 {
        self.variables
    }
}

/// Of each global, whether only module-level code mentions it.
fn private(program: &Program) -> Vec<bool> {
    let mut private = vec![true; program.globals.len()];
    for instruction in program.functions.iter().skip(1).flat_map(|function| &function.code) {
        if let Instruction::LoadGlobal(global) | Instruction::StoreGlobal(global) | Instruction::DeleteGlobal(global) =
            instruction
        {
            private[global.index()] = false;
        }
    }
    private
}

impl<'a> Machine<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Machine<'a> {
        Machine {
            shared,
            locals: FastMap::default(),
            contents: FastMap::default(),
            effects: FastMap::default(),
            facts: Vec::new(),
            mentions: Vec::new(),
            refers: [FastMap::default(), FastMap::default()],
            missed: FastSet::default(),
            touches: FastSet::default(),
            ends_matter: false,
            scratch: State::default(),
            symmetry: Symmetry::default(),
            told_apart: false,
            peeks: false,
            released: Vec::new(),
            conflicts: FastSet::default(),
            problem: None,
            too_long: None,
            log: None,
            passing: Passing::default(),
            passed: Passed::default(),
            written: FastSet::default(),
        }
    }

    pub(super) fn local(&mut self, number: u32) -> Arc<Local> {
        let shared = self.shared;
        Arc::clone(self.locals.entry(number).or_insert_with(|| shared.locals.get(number)))
    }

    pub(super) fn content(&mut self, number: u32) -> Arc<Content> {
        let shared = self.shared;
        Arc::clone(self.contents.entry(number).or_insert_with(|| shared.contents.get(number)))
    }

    pub(super) fn rest(&mut self, state: &State) -> Arc<Rest> {
        self.shared.rests.get(state.rest)
    }

    /// The number of what an object holds.
    pub(super) fn held(&self, state: &State, object: u32) -> u32 {
        let layout = &self.shared.layout;
        match layout.places.get(object as usize) {
            Some(&CONSTANT) => layout.constants[object as usize],
            Some(&place) => state.objects[place as usize],
            None => state.objects[(layout.mutable + object - layout.fixed) as usize],
        }
    }

    /// What an object holds.
    pub(super) fn body(&mut self, state: &State, object: u32) -> Arc<Content> {
        let number = self.held(state, object);
        self.content(number)
    }

    /// What an object holds as a thread sees it: its own changes of a collection are in it before all others see them.
    /// For nobody in particular, it is what all see.
    pub(super) fn body_for(&mut self, state: &State, thread: Option<usize>, object: u32) -> Arc<Content> {
        let content = self.body(state, object);
        let Some(buffer) = thread.and_then(|thread| state.buffers.get(thread)) else { return content };
        let Body::Collection(collection) = &content.body else { return content };
        let buffer = self.shared.buffers.get(*buffer);
        let mut own = None;
        for write in buffer.iter().filter(|write| write.object == object) {
            if let Body::Change(access) = &self.content(write.value).body {
                // The place that it was meant for may be gone.
                let nowhere = collection::Nowhere(self.shared.program);
                _ = own.get_or_insert_with(|| collection.clone()).write(access, &nowhere);
            }
        }
        own.map_or(content.clone(), |own| Arc::new(Content { site: content.site, body: Body::Collection(own) }))
    }

    /// All objects of a state, those that never change left out.
    pub(super) fn objects(&self, state: &State) -> impl Iterator<Item = u32> + use<'a> {
        let layout = &self.shared.layout;
        let later = state.objects.len() as u32 - layout.mutable;
        layout.changing.iter().copied().chain(layout.fixed..layout.fixed + later)
    }

    fn hold(&mut self, state: &mut State, object: u32, content: u32) {
        let layout = &self.shared.layout;
        match layout.places.get(object as usize) {
            Some(&CONSTANT) => {
                if layout.constants[object as usize] != content {
                    self.missed.insert(object);
                }
            }
            Some(&place) => state.objects[place as usize] = content,
            None => state.objects[(layout.mutable + object - layout.fixed) as usize] = content,
        }
    }

    pub(super) fn put(&mut self, state: &mut State, object: u32, site: u64, body: Body) {
        self.written.insert(object);
        let content = self.shared.contents.number(Content { site, body });
        self.hold(state, object, content);
    }

    pub(super) fn change(&mut self, state: &mut State, object: u32, change: impl FnOnce(&mut Body)) {
        let content = self.body(state, object);
        let mut body = content.body.clone();
        change(&mut body);
        self.put(state, object, content.site, body);
    }

    /// Whether an object never changes.
    pub(super) fn is_constant(&self, object: u32) -> bool {
        self.shared.layout.places.get(object as usize) == Some(&CONSTANT)
    }

    /// The number after that of the last object.
    pub(super) fn objects_end(&self, state: &State) -> u32 {
        self.shared.layout.fixed + state.objects.len() as u32 - self.shared.layout.mutable
    }

    pub(super) fn add(&mut self, state: &mut State, site: u64, body: Body) -> u32 {
        let content = self.shared.contents.number(Content { site, body });
        state.objects.push(content);
        let layout = &self.shared.layout;
        state.objects.len() as u32 - 1 - layout.mutable + layout.fixed
    }

    pub(super) fn facts(&mut self, number: u32) -> Facts {
        let index = number as usize;
        if let Some(Some(facts)) = self.facts.get(index) {
            return *facts;
        }
        let local = self.local(number);
        let facts = self.facts_of(&local);
        if self.facts.len() <= index {
            self.facts.resize(index + 1, None);
        }
        self.facts[index] = Some(facts);
        facts
    }

    /// Which threads a content mentions.
    pub(super) fn mention(&mut self, number: u32) -> Mention {
        let index = number as usize;
        if let Some(Some(known)) = self.mentions.get(index) {
            return *known;
        }
        let mut mentions = Mention::None;
        let content = self.content(number);
        content.body.threads(&mut |_| mentions = Mention::Some);
        if let Body::Lock { owner: Some(owner) } | Body::RLock { owner: Some(owner), .. } = &content.body {
            mentions = Mention::Owner(*owner);
        }
        if self.mentions.len() <= index {
            self.mentions.resize(index + 1, None);
        }
        self.mentions[index] = Some(mentions);
        mentions
    }

    fn facts_of(&mut self, local: &Local) -> Facts {
        let kind = match &local.pause {
            Pause::Operation(_) => LocalKind::Operating,
            Pause::Ended => LocalKind::Ended,
            Pause::Raised(_) => LocalKind::Raised,
            Pause::Spins => LocalKind::Spins,
            Pause::Parked | Pause::Limit(_) => LocalKind::Parked,
        };
        let mut facts = Facts {
            object: None,
            ended: kind == LocalKind::Ended,
            kind,
            daemon: local.daemon,
            general: true,
            visible: Visibility::No,
            writes: false,
            variable_is_marked: None,
            steady: false,
        };
        let Pause::Operation(operation) = &local.pause else { return facts };
        facts.visible = match operation {
            Operation::Print(_) | Operation::Choose(_) | Operation::FirstDone(_) | Operation::Fence => Visibility::Yes,
            Operation::Sync(object, sync) => match sync {
                Sync::Name | Sync::SetName(_) | Sync::IsDaemon | Sync::SetDaemon(_) | Sync::Parties | Sync::GetLock => {
                    Visibility::No
                }
                // It belongs to what came before it, which kept the barrier closed.
                Sync::Open(_) | Sync::Number => Visibility::No,
                Sync::Join(Patience::Forever) => Visibility::Join,
                Sync::Join(_) => Visibility::TimedJoin,
                // A shared value is a plain location.
                Sync::Read | Sync::Write(_) if object.kind == ObjectKind::SharedValue => Visibility::No,
                _ => Visibility::Yes,
            },
            _ => Visibility::No,
        };
        facts.writes = match operation {
            Operation::Store(..) | Operation::StoreMember(..) => true,
            Operation::Access(_, access) => access.writes(),
            Operation::Sync(_, Sync::Write(_)) => true,
            _ => false,
        };
        let single = match operation {
            Operation::Load(variable) | Operation::Store(variable, _) => {
                facts.variable_is_marked = Some(self.shared.marks.contains(&Mark::Variable(*variable)));
                Some(local.space.unwrap_or(self.shared.variable(*variable)))
            }
            Operation::Access(object, access) => {
                let mut holds = false;
                access.values(&mut |value| holds |= value.holds_containers());
                // What a kept iterator goes through is looked at too.
                (!holds && !object.kind.is_iterator()).then_some(object.id)
            }
            Operation::Sync(object, sync) => match sync {
                Sync::Acquire(_) | Sync::Release(_) if object.kind == ObjectKind::Condition => None,
                Sync::Sleep(_) | Sync::Wake(_) | Sync::Notify(_) | Sync::Join(_) | Sync::IsAlive => None,
                Sync::Arrive(_) | Sync::GiveUp | Sync::Open(_) | Sync::Abort | Sync::Reset | Sync::Number => None,
                Sync::Put(..) | Sync::Get(_) | Sync::Poll(_) if object.kind == ObjectKind::Connection => None,
                Sync::Put(value, _) if value.refers() => None,
                Sync::Close => None,
                _ => Some(object.id),
            },
            _ => None,
        };
        facts.object = single;
        facts.steady = facts.visible == Visibility::Yes || facts.variable_is_marked == Some(true);
        facts.general = single.is_none();
        if self.shared.options.memory == Memory::Tso {
            facts.general = true;
        }
        facts
    }

    /// How many threads have not ended.
    pub(super) fn unfinished(&mut self, state: &State) -> usize {
        self.census(state).unfinished
    }

    /// The plain location that a thread's operation touches, marked or not.
    pub(super) fn location(&mut self, state: &State, thread: usize) -> Option<(Mark, u32, bool)> {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return None };
        let facts = self.facts(state.threads[thread]);
        let (object, mark) = match operation {
            Operation::Load(variable) | Operation::Store(variable, _) => (facts.object?, Mark::Variable(*variable)),
            Operation::Access(object, _) => (object.id, Mark::Whole(self.body(state, object.id).site)),
            Operation::Sync(object, Sync::Read | Sync::Write(_)) if object.kind == ObjectKind::SharedValue => {
                (object.id, Mark::Whole(self.body(state, object.id).site))
            }
            Operation::LoadMember(Value::Object(object), name)
            | Operation::StoreMember(Value::Object(object), name, _) => {
                let content = self.body(state, object.id);
                let own = match &content.body {
                    // It may have been assigned, or deleted, in the thread's own store buffer only.
                    Body::Instance(_) | Body::Thread(_) if !state.buffers.is_empty() => {
                        self.read_part(state, thread, object.id, u32::from(name.0)) != Value::Unset
                    }
                    Body::Instance(attributes) => attributes.iter().any(|(own, _)| own == name),
                    Body::Thread(thread) => thread.attributes.iter().any(|(own, _)| own == name),
                    _ => false,
                };
                if !own && !facts.writes {
                    let class = object.kind.class()?;
                    let (variable, number) = self.class_variable(state, local.space, class, *name)?;
                    return Some((Mark::Variable(variable), number, false));
                }
                (object.id, Mark::Attribute(content.site, *name))
            }
            Operation::LoadMember(Value::Class(class), name) => {
                let (variable, number) = self.class_variable(state, local.space, *class, *name)?;
                return Some((Mark::Variable(variable), number, false));
            }
            Operation::StoreMember(Value::Class(class), name, _) => {
                let variable = Variable::Class(*class, *name);
                (local.space.unwrap_or(self.shared.variable(variable)), Mark::Variable(variable))
            }
            _ => return None,
        };
        Some((mark, object, facts.writes))
    }

    /// Collections that an operation looks at without being an access to one: those of a text, a comparison, a copy.
    fn looks_at(&mut self, state: &State, thread: usize, operation: &Operation) -> Vec<u32> {
        let mut pending: Vec<Reference> = Vec::new();
        let mut gather = |value: &Value| value.visit(&mut |object| pending.push(object));
        match operation {
            Operation::Compare(_, left, right) => {
                gather(left);
                gather(right);
            }
            Operation::Render(values) => values.iter().for_each(|(value, _)| gather(value)),
            Operation::DeepCopy(value) => gather(value),
            Operation::Access(_, access) => access.values(&mut gather),
            _ => return Vec::new(),
        }
        let mut seen = Vec::new();
        if let Operation::Access(object, Access::Next) = operation {
            // Only itself: what it holds is not gone into.
            self.body(state, object.id).body.values(&mut |value| value.visit(&mut |object| seen.push(object)));
            seen.retain(|object| Value::Object(*object).holds_containers());
            let mut seen: Vec<u32> = seen.into_iter().map(|object: Reference| object.id).collect();
            seen.retain(|id| !self.is_constant(*id));
            return seen;
        }
        let mut seen = Vec::new();
        while let Some(object) = pending.pop() {
            let is_collection = Value::Object(object).holds_containers();
            if !is_collection || seen.contains(&object.id) {
                continue;
            }
            seen.push(object.id);
            let content = self.body_for(state, Some(thread), object.id);
            content.body.values(&mut |value| value.visit(&mut |object| pending.push(object)));
        }
        seen.retain(|id| !self.is_constant(*id));
        seen
    }

    fn class_variable(
        &mut self,
        state: &State,
        space: Option<u32>,
        class: crate::program::code::ClassId,
        name: NameId,
    ) -> Option<(Variable, u32)> {
        let mut class = class;
        loop {
            let variable = Variable::Class(class, name);
            let number = self.shared.variable(variable);
            let content = self.body(state, space.unwrap_or(number));
            let value = match &content.body {
                Body::Variable(value) => value,
                Body::Namespace(values) => &values[number as usize],
                _ => &Value::Unset,
            };
            if *value != Value::Unset {
                return Some((variable, space.unwrap_or(number)));
            }
            match self.shared.program.classes[class.index()].base {
                crate::program::code::Base::Class(base) => class = base,
                _ => return None,
            }
        }
    }

    /// Whether a thread's operation is a step here.
    pub(super) fn is_step(&mut self, state: &State, thread: usize, unfinished: usize) -> bool {
        let facts = self.facts(state.threads[thread]);
        if facts.kind != LocalKind::Operating {
            return false;
        }
        let yes = match facts.visible {
            Visibility::Yes => true,
            Visibility::Join | Visibility::TimedJoin => !self.join_is_over(state, thread),
            Visibility::No if facts.variable_is_marked == Some(true) && !self.shared.holds_back => true,
            Visibility::No => {
                let may_change = facts.general || facts.object.is_some_and(|object| !self.is_constant(object));
                let is_marked = !self.shared.marks.is_empty() && may_change && self.touches_marked(state, thread);
                is_marked || (unfinished > 1 && self.is_held_back(state, thread))
            }
        };
        yes && (unfinished > 1 || self.has_choices(state, thread))
    }

    /// Whether a thread's next access would end it, or everything, and waits to be a step of its own.
    fn is_held_back(&mut self, state: &State, thread: usize) -> bool {
        if !self.shared.holds_back || !self.is_access(state, thread) {
            return false;
        }
        let mut next = state.clone();
        self.perform(&mut next, thread, 0);
        // What follows until the next access is no step even where every access is one.
        loop {
            self.released.clear();
            let ended = self.facts(next.threads[thread]).ended;
            if self.problem.is_some() || ended || self.census(&next).is_final {
                return true;
            }
            let goes_on = |machine: &mut Self, other: usize| {
                let facts = machine.facts(next.threads[other]);
                facts.kind == LocalKind::Operating
                    && facts.visible != Visibility::Yes
                    && (facts.visible != Visibility::TimedJoin || machine.join_is_over(&next, other))
                    && !machine.is_access(&next, other)
                    && machine.choices(&next, other) > 0
            };
            match (0..next.threads.len()).find(|other| goes_on(self, *other)) {
                Some(other) => self.perform(&mut next, other, 0),
                None => return false,
            }
        }
    }

    /// Whether a thread's operation reads or writes a location, shared or not.
    fn is_access(&mut self, state: &State, thread: usize) -> bool {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return false };
        match operation {
            Operation::Load(_) | Operation::Store(..) | Operation::Access(..) => true,
            Operation::LoadMember(..) | Operation::StoreMember(..) => true,
            Operation::Compare(_, left, right) => left.holds_containers() || right.holds_containers(),
            Operation::Render(values) => values.iter().any(|(value, _)| value.holds_containers()),
            Operation::DeepCopy(value) => value.holds_containers(),
            Operation::Sync(object, Sync::Read | Sync::Write(_)) => object.kind == ObjectKind::SharedValue,
            _ => false,
        }
    }

    fn touches_marked(&mut self, state: &State, thread: usize) -> bool {
        if let Some((mark, _, _)) = self.location(state, thread)
            && self.shared.marks.contains(&mark)
        {
            return true;
        }
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return false };
        let looked_at = self.looks_at(state, thread, operation);
        looked_at.into_iter().any(|object| {
            let site = self.body(state, object).site;
            self.shared.marks.contains(&Mark::Whole(site))
        })
    }

    /// A step that is one even where a thread is alone: there is something to choose.
    fn has_choices(&mut self, state: &State, thread: usize) -> bool {
        let local = self.local(state.threads[thread]);
        match &local.pause {
            Pause::Operation(Operation::Choose(values)) => values.len() > 1,
            Pause::Operation(Operation::FirstDone(_)) => self.choices(state, thread) > 1,
            _ => false,
        }
    }

    fn join_is_over(&mut self, state: &State, thread: usize) -> bool {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(Operation::Sync(object, Sync::Join(_))) = &local.pause else { return false };
        match &self.body(state, object.id).body {
            Body::Thread(ThreadBody { stage: Stage::Started(other), .. }) => {
                let other = usize::from(*other);
                other == thread || self.are_over(state, other, &local.awaits)
            }
            // What is wrong with it shows when it is done.
            _ => true,
        }
    }

    /// Whether a thread has ended, and everybody sees what it did. With the first thread of a process, all of the process.
    pub(super) fn is_over(&mut self, state: &State, thread: usize) -> bool {
        let has_ended = |machine: &mut Self, thread: usize| {
            machine.facts(state.threads[thread]).ended && machine.is_drained(state, thread)
        };
        has_ended(self, thread) && self.ends_with(state, thread).into_iter().all(|other| has_ended(self, other))
    }

    /// A thread, and where it is the first of another process, all that its process waits for at its end.
    pub(super) fn ends_with(&mut self, state: &State, thread: usize) -> Vec<usize> {
        let is_first = thread > 0 && usize::from(self.local(state.threads[thread]).home.process) == thread;
        let others = if is_first { self.waited_for_by(state, thread) } else { Vec::new() };
        [thread].into_iter().chain(others).collect()
    }

    /// The threads whose ends a thread's own process waits for at its end, where the thread is its first: all that are no
    /// daemons, and the processes that it started, with theirs.
    pub(super) fn waited_for_by(&mut self, state: &State, first: usize) -> Vec<usize> {
        let mut all = vec![first];
        let mut at = 0;
        while at < all.len() {
            let process = all[at] as u8;
            at += 1;
            for other in 1..state.threads.len() {
                let local = self.local(state.threads[other]);
                let starts_it = usize::from(local.home.process) == other && local.home.parent == process;
                let within = local.home.process == process;
                if (within || starts_it) && !local.daemon && !all.contains(&other) {
                    all.push(other);
                }
            }
        }
        all.retain(|other| *other != first);
        all
    }

    /// Whether some process still has this end of a pipe: the first has all that it does not close until all is over, for
    /// its end waits for the others.
    pub(super) fn is_held(&mut self, state: &State, end: Reference) -> bool {
        match &self.body(state, end.id).body {
            Body::Connection(end) => {
                end.holders.iter().any(|process| *process == 0 || !self.is_over(state, usize::from(*process)))
            }
            _ => false,
        }
    }

    /// Whether what an operation of one end of a pipe comes to is clear without waiting: it fails, or nobody will ever
    /// answer.
    fn fails(&mut self, state: &State, thread: usize, end: &ConnectionBody, sends: bool) -> bool {
        let process = self.local(state.threads[thread]).home.process;
        let may = if sends { end.sends } else { end.receives };
        !may || !end.holders.contains(&process) || !self.is_held(state, end.peer)
    }

    fn are_over(&mut self, state: &State, thread: usize, awaits: &[u8]) -> bool {
        self.is_over(state, thread) && awaits.iter().all(|other| self.is_over(state, usize::from(*other)))
    }

    pub(super) fn is_drained(&mut self, state: &State, thread: usize) -> bool {
        state.buffers.get(thread).is_none_or(|buffer| self.shared.buffers.get(*buffer).is_empty())
    }

    /// How many choices a thread's operation has now; 0 where it would block.
    pub(super) fn choices(&mut self, state: &State, thread: usize) -> usize {
        let number = state.threads[thread];
        let facts = self.facts(number);
        if facts.kind != LocalKind::Operating {
            return 0;
        }
        if let (Some(object), false) = (facts.object, facts.general) {
            let key = (number, self.held(state, object), thread as u32);
            match self.effects.get(&key) {
                Some(Effect::Done { .. }) => return 1,
                Some(Effect::Blocked) => return 0,
                None => {}
            }
            let choices = self.choices_of(state, thread);
            if choices == 0 {
                self.effects.insert(key, Effect::Blocked);
            }
            return choices;
        }
        self.choices_of(state, thread)
    }

    fn choices_of(&mut self, state: &State, thread: usize) -> usize {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return 0 };
        if !self.is_drained(state, thread) && self.must_drain(state, thread, operation) {
            return 0;
        }
        match operation {
            Operation::Choose(values) => values.len(),
            Operation::FirstDone(futures) => futures.iter().filter(|future| self.is_done(state, **future)).count(),
            Operation::Sync(object, Sync::Notify(count)) => self.wake_choices(state, *object, *count).len(),
            Operation::Sync(object, sync) => {
                let blocked = self.blocks(state, thread, *object, sync);
                usize::from(!blocked)
            }
            _ => 1,
        }
    }

    /// Under `tso`: whether an operation waits until the thread's writes are seen.
    pub(super) fn must_drain(&mut self, state: &State, thread: usize, operation: &Operation) -> bool {
        match operation {
            Operation::Fence | Operation::Start(_) => true,
            Operation::Sync(object, Sync::Read | Sync::Write(_)) => object.kind != ObjectKind::SharedValue,
            Operation::Sync(_, sync) => !matches!(
                sync,
                Sync::Name | Sync::SetName(_) | Sync::IsDaemon | Sync::SetDaemon(_) | Sync::Parties | Sync::GetLock
            ),
            // What both reads and writes a collection does so in one go, as by a locked instruction.
            Operation::Access(_, access) => {
                access.writes() && !access.writes_blindly() && self.touches_marked(state, thread)
            }
            _ => false,
        }
    }

    fn is_done(&mut self, state: &State, future: Reference) -> bool {
        matches!(self.body(state, future.id).body, Body::Future(Some(_)))
    }

    /// Sets of sleepers that a notify may wake, each as positions among them.
    pub(super) fn wake_choices(&mut self, state: &State, condition: Reference, count: Option<i64>) -> Vec<Vec<usize>> {
        let content = self.body(state, condition.id);
        let Body::Condition { sleepers, .. } = &content.body else { return vec![Vec::new()] };
        let asleep: Vec<usize> = (0..sleepers.len()).filter(|at| !sleepers[*at].notified).collect();
        let count = count.map_or(asleep.len(), |count| usize::try_from(count.max(0)).unwrap_or(0)).min(asleep.len());
        if self.shared.options.notify == Notify::Fifo || count == asleep.len() {
            return vec![asleep[..count].to_vec()];
        }
        // All subsets of that size; by the numbers of their threads, so that a choice has a meaning of its own.
        let mut by_thread = asleep;
        by_thread.sort_by_key(|at| sleepers[*at].thread);
        let mut sets = Vec::new();
        let mut chosen: Vec<usize> = (0..count).collect();
        loop {
            sets.push(chosen.iter().map(|at| by_thread[*at]).collect());
            let Some(last) = (0..count).rev().find(|at| chosen[*at] < by_thread.len() - count + at) else {
                return sets;
            };
            chosen[last] += 1;
            for at in last + 1..count {
                chosen[at] = chosen[at - 1] + 1;
            }
        }
    }

    /// Whether an operation of an object would block.
    fn blocks(&mut self, state: &State, thread: usize, object: Reference, sync: &Sync) -> bool {
        let content = self.body(state, object.id);
        let me = thread as u8;
        match (sync, &content.body) {
            (Sync::Acquire(Patience::Forever), body) => match body {
                Body::Condition { lock, .. } => {
                    let lock = *lock;
                    self.blocks(state, thread, lock, sync)
                }
                Body::Lock { owner } => owner.is_some(),
                Body::RLock { owner, .. } => owner.is_some_and(|owner| owner != me),
                Body::Semaphore { value, .. } => *value <= 0,
                _ => false,
            },
            (Sync::Wake(patience), Body::Condition { lock, sleepers }) => {
                let notified = sleepers.iter().any(|sleeper| sleeper.thread == me && sleeper.notified);
                let may_wake = notified || *patience != Patience::Forever || self.shared.options.spurious;
                let lock = *lock;
                !may_wake || self.blocks(state, thread, lock, &Sync::Acquire(Patience::Forever))
            }
            (Sync::AwaitEvent(Patience::Forever), Body::Event(set)) => !set,
            (Sync::Put(_, Patience::Forever) | Sync::Get(Patience::Forever), Body::Queue(queue))
                if queue.closed_by.contains(&self.local(state.threads[thread]).home.process) =>
            {
                false
            }
            (Sync::Get(Patience::Forever), Body::Queue(queue)) => {
                queue.items.is_empty() && queue.closure == Closure::Open
            }
            (Sync::Put(_, Patience::Forever), Body::Queue(queue)) => queue.is_full(),
            (Sync::Put(_, Patience::Forever), Body::Connection(end)) => {
                matches!(&self.body(state, end.outgoing.id).body, Body::Queue(queue) if queue.is_full())
                    && !self.fails(state, thread, end, true)
            }
            (Sync::Get(Patience::Forever) | Sync::Poll(Patience::Forever), Body::Connection(end)) => {
                matches!(&self.body(state, end.incoming.id).body, Body::Queue(queue) if queue.items.is_empty())
                    && !self.fails(state, thread, end, false)
            }
            (Sync::Arrive(_) | Sync::GiveUp | Sync::Abort | Sync::Reset, Body::Barrier(barrier)) => barrier.is_acting,
            (Sync::AwaitTasks, Body::Queue(queue)) => queue.unfinished > 0 && queue.kind != QueueKind::Processes,
            (Sync::Join(Patience::Forever), Body::Thread(ThreadBody { stage: Stage::Started(other), .. })) => {
                let other = usize::from(*other);
                let local = self.local(state.threads[thread]);
                other != thread && !self.are_over(state, other, &local.awaits)
            }
            (Sync::Result(Patience::Forever, _) | Sync::Failure(Patience::Forever), Body::Future(result)) => {
                result.is_none()
            }
            _ => false,
        }
    }

    /// What a thread waits for, and who holds it.
    pub(super) fn awaited(&mut self, state: &State, thread: usize) -> Option<(Reference, Sync, Option<usize>)> {
        let local = self.local(state.threads[thread]);
        if local.pause == Pause::Parked {
            let barrier = self.objects(state).find(|object| match &self.body(state, *object).body {
                Body::Barrier(barrier) => barrier.waiting.contains(&(thread as u8)),
                _ => false,
            })?;
            return Some((Reference { kind: ObjectKind::Barrier, id: barrier }, Sync::Arrive(Patience::Forever), None));
        }
        let Pause::Operation(Operation::Sync(object, sync)) = &local.pause else { return None };
        for other in &local.awaits {
            if !self.is_over(state, usize::from(*other)) {
                let handle = self.handle_of(state, *other)?;
                return Some((handle, sync.clone(), Some(usize::from(*other))));
            }
        }
        let content = self.body(state, object.id);
        let holder = match (&content.body, sync) {
            (Body::Lock { owner } | Body::RLock { owner, .. }, _) => *owner,
            (Body::Condition { lock, .. }, Sync::Acquire(_)) => match &self.body(state, lock.id).body {
                Body::Lock { owner } | Body::RLock { owner, .. } => *owner,
                _ => None,
            },
            (Body::Condition { lock, sleepers }, Sync::Wake(_)) => {
                let notified = sleepers.iter().any(|sleeper| usize::from(sleeper.thread) == thread && sleeper.notified);
                match &self.body(state, lock.id).body {
                    Body::Lock { owner } | Body::RLock { owner, .. } if notified => *owner,
                    _ => None,
                }
            }
            (Body::Thread(ThreadBody { stage: Stage::Started(other), .. }), Sync::Join(_)) => Some(*other),
            _ => None,
        };
        Some((*object, sync.clone(), holder.map(usize::from)))
    }

    /// Takes a step of a thread, and what follows from it without being a step: each way in which that can go.
    pub(super) fn step(
        &mut self,
        state: &State,
        census: Census,
        thread: usize,
        mut each: impl FnMut(&mut Self, &State, Passing),
    ) {
        for choice in 0..self.choices(state, thread) {
            let mut next = std::mem::take(&mut self.scratch);
            next.become_like(state);
            self.passing = Passing::default();
            self.log = self.log.take().map(|_| Log::default());
            let is_general = self.facts(next.threads[thread]).general;
            self.perform(&mut next, thread, choice);
            let counts = is_general || self.facts(next.threads[thread]).kind != LocalKind::Operating;
            let census = if counts { self.census(&next) } else { census };
            self.settle_after(&mut next, census, thread);
            if self.shared.statement {
                self.rest_of_statement(next, thread, OPERATIONS_MAX, &mut each);
            } else {
                self.tidy(&mut next);
                each(self, &next, self.passing);
                self.scratch = next;
            }
        }
    }

    /// The other operations of the same simple statement, in each way in which they can go.
    fn rest_of_statement(
        &mut self,
        mut state: State,
        thread: usize,
        steps_max: u64,
        each: &mut impl FnMut(&mut Self, &State, Passing),
    ) {
        for _ in 0..steps_max {
            let unfinished = self.unfinished(&state);
            if !self.within_statement(&state, thread) || !self.is_step(&state, thread, unfinished) {
                break;
            }
            match self.choices(&state, thread) {
                0 => break,
                1 => {}
                choices => {
                    let (passing, log) = (self.passing, self.log.clone());
                    for choice in 0..choices {
                        let mut next = state.clone();
                        self.passing = passing;
                        self.log.clone_from(&log);
                        self.perform(&mut next, thread, choice);
                        let census = self.census(&next);
                        self.settle_after(&mut next, census, thread);
                        self.rest_of_statement(next, thread, steps_max / 2, each);
                    }
                    return;
                }
            }
            self.perform(&mut state, thread, 0);
            let census = self.census(&state);
            self.settle_after(&mut state, census, thread);
        }
        self.tidy(&mut state);
        each(self, &state, self.passing);
    }

    fn within_statement(&mut self, state: &State, thread: usize) -> bool {
        let local = self.local(state.threads[thread]);
        // Who may give up waiting at a barrier waits: as a statement, that would block.
        if !matches!(&local.pause, Pause::Operation(operation) if !matches!(operation, Operation::Sync(_, Sync::GiveUp)))
        {
            return false;
        }
        let begun = self.passing.statement >> thread & 1 == 1;
        let simple = local.thread.statement(self.shared.program);
        !begun && simple.is_some_and(|statement| self.shared.program.statements[statement.index()].simple)
    }

    /// Drains the oldest of a thread's writes.
    pub(super) fn drain(&mut self, state: &mut State, thread: usize) {
        self.drain_one(state, thread);
        let census = self.census(state);
        self.settle_after(state, census, thread);
        self.tidy(state);
    }

    fn drain_one(&mut self, state: &mut State, thread: usize) {
        let mut buffer = (*self.shared.buffers.get(state.buffers[thread])).clone();
        if buffer.is_empty() {
            return;
        }
        let write = buffer.remove(0);
        state.buffers[thread] = self.shared.buffers.number(buffer);
        match self.content(write.value).body.clone() {
            Body::Variable(value) => self.write_part(state, write.object, write.part, value),
            Body::Change(access) => {
                let (mut failure, program) = (None, self.shared.program);
                self.change(state, write.object, |body| {
                    if let Body::Collection(collection) = body {
                        failure = collection.write(&access, &collection::Nowhere(program)).err();
                    }
                });
                // An item that is gone by now cannot be written any more: whoever wrote it has long gone on.
                if let Some(Failure::Limit(text)) = failure {
                    let local = self.local(state.threads[thread]);
                    self.problem = Some(self.problem_at(&local.thread, text));
                }
            }
            _ => {}
        }
    }

    /// Does everything that is not a step and can be done.
    pub(super) fn settle(&mut self, state: &mut State) {
        let census = self.census(state);
        self.settle_from(state, census, &[]);
    }

    /// The same after an operation of a thread: it goes on first, unless it was let go together with others.
    fn settle_after(&mut self, state: &mut State, census: Census, thread: usize) {
        match std::mem::take(&mut self.released) {
            released if released.is_empty() => self.settle_from(state, census, &[thread]),
            released => self.settle_from(state, census, &released),
        }
    }

    fn settle_from(&mut self, state: &mut State, mut census: Census, first: &[usize]) {
        let mut calm = Calm::default();
        for thread in first {
            self.run_on(state, *thread, &mut census, &mut calm);
        }
        let mut all = first.is_empty();
        loop {
            let done = calm.done;
            let mut thread = 0;
            while thread < state.threads.len() {
                // Where it stood before the operation that led here, it still stands.
                let stands = !all && census.unfinished > 1 && self.facts(state.threads[thread]).steady;
                if !stands {
                    self.run_on(state, thread, &mut census, &mut calm);
                }
                thread += 1;
            }
            all = true;
            if calm.done == done {
                return;
            }
        }
    }

    /// Runs a thread that was just started; whether all is over then.
    pub(super) fn run_new(&mut self, state: &mut State, thread: usize) -> bool {
        let mut census = self.census(state);
        self.run_on(state, thread, &mut census, &mut Calm::default());
        self.passed = Passed::default();
        census.is_final
    }

    /// Runs a thread on as far as it goes without a step.
    fn run_on(&mut self, state: &mut State, thread: usize, census: &mut Census, calm: &mut Calm) {
        loop {
            if self.problem.is_some() || census.is_final {
                return;
            }
            let facts = self.facts(state.threads[thread]);
            if facts.kind != LocalKind::Operating {
                return;
            }
            if census.unfinished == 1 && !state.buffers.is_empty() {
                for other in 0..state.threads.len() {
                    while !self.is_drained(state, other) {
                        self.drain_one(state, other);
                    }
                }
            }
            if self.is_step(state, thread, census.unfinished) || self.choices(state, thread) == 0 {
                return;
            }
            self.perform(state, thread, 0);
            for other in std::mem::take(&mut self.released) {
                if other != thread {
                    *census = self.census(state);
                    self.run_on(state, other, census, calm);
                }
            }
            if facts.general || self.facts(state.threads[thread]).kind != LocalKind::Operating {
                *census = self.census(state);
            }
            calm.done += 1;
            if calm.done < OPERATIONS_CALM {
                continue;
            }
            match &calm.earlier {
                Some((_, before)) if before == state => return self.spin(state, thread),
                Some((at, _)) if calm.done < at * 2 => {}
                _ => calm.earlier = Some((calm.done, state.clone())),
            }
            // Garbage is left for later, so a circle that makes objects is found only by its length.
            if calm.done > OPERATIONS_MAX {
                let local = self.local(state.threads[thread]);
                let text = format!("more than {OPERATIONS_MAX} operations in one step");
                self.too_long = Some(self.problem_at(&local.thread, text));
                return self.spin(state, thread);
            }
        }
    }

    /// Whether a final state keeps some thread from going on that has not failed itself.
    pub(super) fn cuts_off(&mut self, state: &State) -> bool {
        (0..state.threads.len()).any(|thread| {
            let facts = self.facts(state.threads[thread]);
            facts.kind != LocalKind::Raised && !(facts.ended && self.is_drained(state, thread))
        })
    }

    /// How many threads have not ended, and whether anything more will happen.
    pub(super) fn census(&mut self, state: &State) -> Census {
        let mut census = Census { unfinished: 0, is_final: true };
        let mut raised = false;
        let mut main_waits = false;
        for thread in 0..state.threads.len() {
            let facts = self.facts(state.threads[thread]);
            let over = facts.ended && self.is_drained(state, thread);
            census.unfinished += usize::from(!over);
            census.is_final &= facts.daemon || over;
            raised |= facts.kind == LocalKind::Raised;
            main_waits |= thread > 0 && !over && !facts.daemon;
        }
        // The main thread's end waits for all that are not daemons.
        let main_is_over = state.threads.first().is_some_and(|main| self.facts(*main).ended);
        census.unfinished += usize::from(main_is_over && main_waits);
        census.is_final |= raised;
        census
    }

    fn spin(&mut self, state: &mut State, thread: usize) {
        let local = self.local(state.threads[thread]);
        let spinning = Local { pause: Pause::Spins, ..(*local).clone() };
        state.threads[thread] = self.shared.locals.number(spinning);
    }

    /// A problem of the program's at the place where a thread is.
    pub(super) fn problem_at(&self, thread: &Thread, message: String) -> Problem {
        let program = self.shared.program;
        let place = thread.place(program);
        let span = place.start as usize..place.end as usize;
        Problem::at(&program.name, &program.source, span, message, None)
    }

    /// Carries out a thread's operation, which does not block.
    fn perform(&mut self, state: &mut State, thread: usize, choice: usize) {
        self.perform_one(state, thread, choice);
        if self.shared.program.prelude.is_empty() {
            return;
        }
        for ended in [thread].into_iter().chain(self.released.clone()) {
            if self.facts(state.threads[ended]).ended
                && usize::from(self.local(state.threads[ended]).home.process) == ended
            {
                self.close_with_main(state, ended as u8);
            }
        }
    }

    /// The end of the main thread of a process tells the workers of its executors that no more tasks will come.
    fn close_with_main(&mut self, state: &mut State, process: u8) {
        for object in self.objects(state) {
            if let Body::Queue(queue) = &self.body(state, object).body
                && queue.kind == (QueueKind::Tasks { ends_with_main: true })
                && queue.home == process
                && queue.closure == Closure::Open
            {
                self.change(state, object, |body| {
                    if let Body::Queue(queue) = body {
                        queue.closure = Closure::Over;
                    }
                });
            }
        }
    }

    fn perform_one(&mut self, state: &mut State, thread: usize, choice: usize) {
        let number = state.threads[thread];
        let facts = self.facts(number);
        self.note(state, thread);
        if self.log.is_some() {
            self.write_down(state, thread);
        }
        if let (Some(object), false, 0) = (facts.object, facts.general, choice) {
            let held = self.held(state, object);
            let key = (number, held, thread as u32);
            if let Some(Effect::Done { content, local, passed }) = self.effects.get(&key).copied() {
                self.hold(state, object, content);
                state.threads[thread] = local;
                return self.passing.pass(thread, passed);
            }
            self.carry_out(state, thread, choice);
            if self.problem.is_none() {
                let (content, local) = (self.held(state, object), state.threads[thread]);
                let effect = Effect::Done { content, local, passed: self.passed };
                // A constant that should have changed must be noticed each time.
                if !self.is_constant(object) || !facts.writes {
                    self.effects.insert(key, effect);
                }
            }
        } else {
            self.carry_out(state, thread, choice);
        }
        self.passing.pass(thread, self.passed);
    }

    /// Writes down what a thread is about to do, for those who tell of it.
    fn write_down(&mut self, state: &State, thread: usize) {
        let local = self.local(state.threads[thread]);
        let line = local.thread.place(self.shared.program).line;
        let mut log = self.log.take().unwrap_or_default();
        if let Some((mark, object, writes)) = self.location(state, thread)
            && self.shared.marks.contains(&mark)
        {
            let name = words::touched(self, state, thread);
            log.touched.push(Touched { thread, mark, object, writes, name, line });
        }
        if let Pause::Operation(Operation::Sync(object, Sync::Notify(_))) = &local.pause
            && let Body::Condition { sleepers, .. } = &self.body(state, object.id).body
            && sleepers.iter().all(|sleeper| sleeper.notified)
        {
            log.unheard.push((name_of(self, state, *object), line));
        }
        self.log = Some(log);
    }

    /// Writes down an access to an unmarked location.
    fn note(&mut self, state: &mut State, thread: usize) {
        let facts = self.facts(state.threads[thread]);
        let is_marked = facts.variable_is_marked == Some(true);
        if facts.visible != Visibility::No || is_marked || state.threads.len() < 2 {
            return;
        }
        let mut touched: Vec<(Mark, u32, bool)> = Vec::new();
        touched.extend(self.location(state, thread));
        let local = self.local(state.threads[thread]);
        if facts.general {
            let Pause::Operation(operation) = &local.pause else { return };
            for object in self.looks_at(state, thread, operation) {
                touched.push((Mark::Whole(self.body(state, object).site), object, false));
            }
        }
        for (mark, object, writes) in touched {
            if self.is_constant(object) {
                // A write counts as one also where it fails, or writes what was there.
                if writes {
                    self.missed.insert(object);
                }
                continue;
            }
            if self.shared.marks.contains(&mark) {
                continue;
            }
            // Nobody else can touch that.
            if matches!(mark, Mark::Variable(variable) if self.shared.is_private(variable)) {
                continue;
            }
            if !local.clock.touched {
                let mut touched = (*local).clone();
                touched.clock.touched = true;
                state.threads[thread] = self.shared.locals.number(touched);
            }
            let clock = self.shared.clocks.number(local.clock.others.clone());
            let touch = Touch { mark, object, thread: thread as u8, time: local.clock.time, clock, writes };
            if self.shared.suspects.contains(&mark) {
                let mut rest = (*self.rest(state)).clone();
                if rest.history.iter().any(|other| self.collide(other, &touch)) {
                    self.conflicts.insert(mark);
                }
                if !rest.history.contains(&touch) {
                    rest.history.push(touch);
                    rest.history.sort();
                    state.rest = self.shared.rests.number(rest);
                }
            }
            self.touches.insert(touch);
        }
    }

    /// Whether two accesses are by two threads, one writing, and not ordered by starts and ends of threads.
    pub(super) fn collide(&self, one: &Touch, other: &Touch) -> bool {
        if one.mark != other.mark
            || one.object != other.object
            || one.thread == other.thread
            || !(one.writes || other.writes)
        {
            return false;
        }
        let before = |first: &Touch, second: &Touch| {
            self.shared.clocks.get(second.clock).get(usize::from(first.thread)).is_some_and(|seen| *seen >= first.time)
        };
        !before(one, other) && !before(other, one)
    }

    /// Carries out a thread's operation and lets the thread run on to its next.
    pub(super) fn carry_out(&mut self, state: &mut State, thread: usize, choice: usize) {
        self.passed = Passed::default();
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return };
        let (operation, local) = (operation.clone(), (*local).clone());
        let attempt = self.operate(state, thread, choice, &operation, &local);
        self.follow(state, thread, attempt);
    }

    /// Lets a thread go on after its operation, if it does.
    pub(super) fn follow(&mut self, state: &mut State, thread: usize, attempt: Attempt) {
        let local = self.local(state.threads[thread]);
        match attempt {
            Ok(Performed::WentOn) => {}
            Ok(Performed::Parked) => {
                let parked = Local { pause: Pause::Parked, ..(*local).clone() };
                state.threads[thread] = self.shared.locals.number(parked);
            }
            Ok(Performed::Lingers(barrier)) => {
                let pause = Pause::Operation(Operation::Sync(barrier, Sync::GiveUp));
                state.threads[thread] = self.shared.locals.number(Local { pause, ..(*local).clone() });
            }
            Ok(Performed::Value(value)) => self.resume(state, thread, Ok(value)),
            Ok(Performed::Raised(exception)) => self.resume(state, thread, Err(exception)),
            Err(Failure::Raised(kind, argument)) => {
                let arguments = if argument == Value::Unset { Vec::new() } else { vec![argument] };
                let exception = Exception { class: ExceptionClass::Python(kind), arguments, line: 0, made: None };
                self.resume(state, thread, Err(Arc::new(exception)));
            }
            Err(Failure::Limit(text)) => self.problem = Some(self.problem_at(&local.thread, text)),
        }
    }

    /// Lets a thread run on with the result of its operation.
    pub(super) fn resume(&mut self, state: &mut State, thread: usize, input: Result<Value, Arc<Exception>>) {
        let mut local = (*self.local(state.threads[thread])).clone();
        let (pause, passed) = local.thread.run(self.shared.program, Some(input));
        self.passed.add(passed);
        self.arrive(state, thread, local, pause);
    }

    /// A thread has come to a pause: reads of what never changes are answered at once.
    pub(super) fn arrive(&mut self, state: &mut State, thread: usize, mut local: Local, mut pause: Pause) {
        for _ in 0..OPERATIONS_MAX {
            let Pause::Operation(operation) = &pause else { break };
            let answer = match self.shared.holds_back {
                true => None,
                false => self.constant(state, &local, operation),
            };
            match answer {
                Some(answer) => {
                    let passed;
                    (pause, passed) = local.thread.run(self.shared.program, Some(answer));
                    self.passed.add(passed);
                }
                None => break,
            }
        }
        self.gather_joins(state, thread, &mut local, &mut pause);
        if let Some(other) = self.joined_by(state, &pause) {
            let joined: Vec<u8> = local.awaits.iter().copied().chain([other]).collect();
            self.told_apart |= !self.symmetry.are_whole(&joined);
        }
        match &pause {
            Pause::Limit(text) => {
                self.problem = Some(self.problem_at(&local.thread, text.clone()));
                return;
            }
            Pause::Raised(exception) if self.shared.options.exceptions == Exceptions::Thread => {
                let held = self.held_by(state, Some(thread), &exception.arguments.iter().collect::<Vec<_>>());
                let words = text::exception_line(self.shared.program, exception, &held);
                local.died = Some(Arc::new((exception.line, words)));
                pause = Pause::Ended;
            }
            _ => {}
        }
        if matches!(pause, Pause::Ended | Pause::Raised(_)) {
            local.thread.forget();
        }
        local.pause = pause;
        state.threads[thread] = self.shared.locals.number(local);
    }

    /// Where the main thread does nothing else between several joins, it waits for all of those threads at once: it makes
    /// no difference in which order they end.
    fn gather_joins(&mut self, state: &mut State, thread: usize, local: &mut Local, pause: &mut Pause) {
        local.awaits.clear();
        if thread != 0 {
            return;
        }
        while let Some(other) = self.joined_by(state, pause) {
            let mut ahead = local.thread.clone();
            let mut stored: Vec<(u32, Value)> = Vec::new();
            let mut input = Ok(Value::None);
            let next = loop {
                let (next, passed) = ahead.run(self.shared.program, Some(input));
                if passed.progress {
                    return;
                }
                let Pause::Operation(operation) = &next else { return };
                input = match operation {
                    Operation::Store(variable, value)
                        if self.shared.is_private(*variable) && *value != Value::Unset =>
                    {
                        stored.push((self.shared.variable(*variable), value.clone()));
                        Ok(Value::None)
                    }
                    Operation::Load(variable) if self.shared.is_private(*variable) => {
                        let object = self.shared.variable(*variable);
                        let own = stored.iter().rev().find(|(stored, _)| *stored == object);
                        match own {
                            Some((_, value)) => Ok(value.clone()),
                            None => Ok(self.read_part(state, thread, object, WHOLE)),
                        }
                    }
                    operation => match self.constant(state, local, operation) {
                        Some(answer) => answer,
                        None => break next,
                    },
                };
            };
            if self.joined_by(state, &next).is_none() {
                return;
            }
            for (object, value) in stored {
                self.write_part(state, object, WHOLE, value);
            }
            local.awaits.push(other);
            (local.thread, *pause) = (ahead, next);
        }
    }

    /// The started thread whose end a pause waits for, if it is that of another than the main thread.
    pub(super) fn joined_by(&mut self, state: &State, pause: &Pause) -> Option<u8> {
        let Pause::Operation(Operation::Sync(object, Sync::Join(Patience::Forever))) = pause else { return None };
        match &self.body(state, object.id).body {
            Body::Thread(ThreadBody { stage: Stage::Started(other), .. }) if *other != 0 => Some(*other),
            _ => None,
        }
    }

    /// The object of a started thread.
    fn handle_of(&mut self, state: &State, thread: u8) -> Option<Reference> {
        let object = self.objects(state).find(|object| {
            let content = self.body(state, *object);
            matches!(&content.body, Body::Thread(body) if body.stage == Stage::Started(thread))
        })?;
        Some(Reference { kind: ObjectKind::Thread(None), id: object })
    }

    /// The answer to an operation that only reads what never changes.
    fn constant(
        &mut self,
        state: &State,
        local: &Local,
        operation: &Operation,
    ) -> Option<Result<Value, Arc<Exception>>> {
        match operation {
            Operation::Load(variable) => {
                let object = local.space.is_none().then(|| self.shared.variable(*variable))?;
                if !self.is_constant(object) {
                    return None;
                }
                match &self.body(state, object).body {
                    Body::Variable(value) => Some(Ok(value.clone())),
                    _ => None,
                }
            }
            Operation::Access(object, access) if !access.writes() && self.is_constant(object.id) => {
                let mut plain = true;
                access.values(&mut |value| plain &= !value.holds_containers());
                let content = self.body(state, object.id);
                let Body::Collection(collection) = &content.body else { return None };
                let looks =
                    matches!(access, Access::Contains(_) | Access::Among(..) | Access::Index(..) | Access::Count(_));
                if !plain || looks {
                    return None;
                }
                collection.read(access, &collection::Nowhere(self.shared.program)).ok().map(Ok)
            }
            _ => None,
        }
    }
}

/// How many operations were done that are no steps, and a state on the way: where it comes again, a thread spins.
#[derive(Debug, Default)]
struct Calm {
    done: u64,
    earlier: Option<(u64, State)>,
}

/// How far the threads of a state have come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Census {
    pub(super) unfinished: usize,
    pub(super) is_final: bool,
}

/// What the operations of a step did.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) touched: Vec<Touched>,
    /// Conditions that were notified while nobody slept there, and the lines.
    pub(super) unheard: Vec<(String, u32)>,
}

/// An access to a shared location, by the location's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Touched {
    pub(super) thread: usize,
    pub(super) mark: Mark,
    pub(super) object: u32,
    pub(super) writes: bool,
    pub(super) name: String,
    pub(super) line: u32,
}

/// What threads passed in a step: a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passing {
    /// The begin of a statement.
    pub(super) statement: u64,
    /// A line marked `# progress`, or their end.
    pub(super) progress: u64,
}

impl Passing {
    fn pass(&mut self, thread: usize, passed: Passed) {
        self.statement |= u64::from(passed.statement) << thread;
        self.progress |= u64::from(passed.progress) << thread;
    }
}

impl QueueBody {
    pub(super) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.items.len() as i64 >= capacity)
    }
}
