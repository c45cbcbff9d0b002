//! What each operation does to a state. Whether it would block was asked before (`Machine::blocks`).

use std::sync::Arc;

use super::content::{
    BarrierBody, Body, Closure, ConnectionBody, Content, QueueBody, Sleeper, Stage, ThreadBody, reference,
};
use super::machine::Machine;
use super::report::Memory;
use super::search::stops;
use super::state::{Home, Local, Mark, State, WHOLE, Write};
use super::tables::FastMap;
use crate::program::code::{Base, Comparison, NameId};
use crate::program::collection::{Access, Collection, Failure, Objects, raised};
use crate::program::library::ExceptionKind;
use crate::program::operation::{New, Operation, Patience, Preparation, QueueKind, StartMethod, Sync, Variable};
use crate::program::rules::{self, Counted, GUARD, OUTPUT_MAX, THREADS_MAX};
use crate::program::thread::{Pause, Thread};
use crate::program::value::{Exception, Method, ObjectKind, Reference, Value};
use crate::program::{Program, text};

/// The bit of a site that says that all processes see the objects made there.
const SHARED: u64 = 1 << 63;

/// How an operation went.
pub(super) enum Performed {
    /// Its result, for the thread.
    Value(Value),
    /// It raises what is stored as an exception.
    Raised(Arc<Exception>),
    /// The thread waits for others to let it go on.
    Parked,
    /// The same at this barrier, where it may give up waiting.
    Lingers(Reference),
    /// It has gone on already.
    WentOn,
}

pub(super) type Attempt = Result<Performed, Failure>;

/// Collections of a state, all read beforehand.
pub(super) struct Held<'p> {
    held: FastMap<u32, Arc<Content>>,
    program: &'p Program,
}

impl Objects for Held<'_> {
    fn collection(&self, object: Reference) -> Option<&Collection> {
        match self.held.get(&object.id).map(|content| &content.body) {
            Some(Body::Collection(collection)) => Some(collection),
            _ => None,
        }
    }

    fn type_name(&self, value: &Value) -> String {
        text::type_name(self.program, value)
    }
}

fn done(value: Value) -> Attempt {
    Ok(Performed::Value(value))
}

fn flag(flag: bool) -> Attempt {
    done(Value::Bool(flag))
}

fn runtime(text: &str) -> Attempt {
    Err(raised(ExceptionKind::RuntimeError, text))
}

fn broken_barrier() -> Attempt {
    Err(Failure::Raised(ExceptionKind::BrokenBarrierError, Value::Unset))
}

impl<'p> Machine<'p> {
    /// All collections that can be reached from these values, as a thread sees them.
    pub(super) fn held_by(&mut self, state: &State, thread: Option<usize>, values: &[&Value]) -> Held<'p> {
        let mut pending: Vec<u32> = Vec::new();
        values.iter().for_each(|value| value.visit(&mut |object| pending.push(object.id)));
        let mut held = FastMap::default();
        while let Some(object) = pending.pop() {
            if held.contains_key(&object) {
                continue;
            }
            let content = self.body_for(state, thread, object);
            if matches!(content.body, Body::Collection(_)) {
                content.body.values(&mut |value| value.visit(&mut |object| pending.push(object.id)));
            }
            held.insert(object, content);
        }
        Held { held, program: self.shared.program }
    }

    /// The value that a thread's next operation reads.
    pub(super) fn seen(&mut self, state: &State, thread: usize) -> Value {
        let local = self.local(state.threads[thread]);
        match &local.pause {
            Pause::Operation(Operation::Load(variable)) => {
                let (object, part) = self.place(&local, *variable);
                self.read_part(state, thread, object, part)
            }
            Pause::Operation(Operation::LoadMember(object, name)) => self.member(state, thread, &local, object, *name),
            Pause::Operation(Operation::Sync(object, Sync::Read)) => match &self.body(state, object.id).body {
                Body::Atomic(value) => value.clone(),
                _ => self.read_part(state, thread, object.id, WHOLE),
            },
            _ => Value::Unset,
        }
    }

    fn site(&self, local: &Local) -> u64 {
        let (function, instruction) = local.thread.site();
        u64::from(function) << 32 | u64::from(instruction)
    }

    /// Carries out an operation of a thread.
    pub(super) fn operate(
        &mut self,
        state: &mut State,
        thread: usize,
        choice: usize,
        operation: &Operation,
        local: &Local,
    ) -> Attempt {
        match operation {
            Operation::Load(variable) => {
                let (object, part) = self.place(local, *variable);
                done(self.read_part(state, thread, object, part))
            }
            Operation::Store(variable, value) => {
                let (object, part) = self.place(local, *variable);
                if *value == Value::Unset && self.read_part(state, thread, object, part) == Value::Unset {
                    let Variable::Global(global) = variable else { return done(Value::None) };
                    let name = &self.shared.program.globals[global.index()];
                    return Err(raised(ExceptionKind::NameError, format!("name '{name}' is not defined")));
                }
                self.write(state, thread, object, part, Mark::Variable(*variable), value.clone());
                done(Value::None)
            }
            Operation::LoadMember(object, name) => done(self.member(state, thread, local, object, *name)),
            Operation::StoreMember(object, name, value) => {
                self.store_member(state, thread, local, object, *name, value)
            }
            Operation::New(new) => {
                let site = self.site(local);
                let made = self.make(state, new, site, local.home.process)?;
                done(made)
            }
            Operation::Access(object, access) => {
                let content = self.body_for(state, Some(thread), object.id);
                let Body::Collection(collection) = &content.body else { return done(Value::None) };
                let mut values: Vec<Value> = vec![Value::Object(*object)];
                access.values(&mut |value| values.push(value.clone()));
                let held = self.held_by(state, Some(thread), &values.iter().collect::<Vec<_>>());
                let failed = |failure: Failure| match (&failure, object.kind) {
                    // An array has a word of its own.
                    (Failure::Raised(ExceptionKind::IndexError, _), ObjectKind::SharedArray) => {
                        raised(ExceptionKind::IndexError, "invalid index")
                    }
                    (Failure::Raised(ExceptionKind::ValueError, _), ObjectKind::List) => match access {
                        Access::Index(value, _) => {
                            let value = text::render(self.shared.program, value, true, &held);
                            raised(ExceptionKind::ValueError, format!("{value} is not in list"))
                        }
                        _ => failure,
                    },
                    _ => failure,
                };
                if !access.writes() {
                    return done(collection.read(access, &held).map_err(failed)?);
                }
                let mut changed = collection.clone();
                let result = changed.write(access, &held).map_err(failed)?;
                if access.writes_blindly() && self.is_buffered(state, Mark::Whole(content.site)) {
                    self.buffer(state, thread, object.id, WHOLE, Body::Change(collection.placed(access)));
                } else {
                    self.put(state, object.id, content.site, Body::Collection(changed));
                }
                done(result)
            }
            Operation::Compare(comparison, left, right) => {
                let held = self.held_by(state, Some(thread), &[left, right]);
                let right_is_object =
                    matches!((comparison, right), (Comparison::In | Comparison::NotIn, Value::Object(_)));
                if right_is_object && !right.holds_containers() {
                    let name = text::type_name(self.shared.program, right);
                    if matches!(right, Value::Object(object) if object.kind.is_iterator()) {
                        let text = "`in` an iterator is not in the subset: make a list of it";
                        return Err(Failure::Limit(text.into()));
                    }
                    return Err(raised(ExceptionKind::TypeError, format!("argument of type '{name}' is not iterable")));
                }
                flag(crate::program::compare(self.shared.program, *comparison, left, right, &held)?)
            }
            Operation::Render(values) => {
                let only: Vec<&Value> = values.iter().map(|(value, _)| value).collect();
                let held = self.held_by(state, Some(thread), &only);
                let text = |(value, repr): &(Value, bool)| {
                    text::rendered(self.shared.program, value, *repr, &held).map(Value::str)
                };
                done(Value::Tuple(values.iter().map(text).collect::<Result<_, _>>()?))
            }
            Operation::Sync(object, sync) => self.synchronise(state, thread, choice, *object, sync, local),
            Operation::Prepare(object, preparation) => self.prepare(state, thread, *object, preparation, local.home),
            Operation::Start(object) => self.start(state, thread, *object, local),
            Operation::Print(text) => {
                let mut rest = (*self.rest(state)).clone();
                if rest.output.len() + text.len() > OUTPUT_MAX {
                    return Err(Failure::Limit(format!("a program prints at most {OUTPUT_MAX} bytes")));
                }
                rest.output = format!("{}{text}", rest.output).into();
                state.rest = self.shared.rests.number(rest);
                done(Value::None)
            }
            Operation::Choose(values) => done(values[choice].clone()),
            Operation::FirstDone(futures) => {
                let mut ready = Vec::new();
                for (at, future) in futures.iter().enumerate() {
                    if matches!(self.body(state, future.id).body, Body::Future(Some(_))) {
                        ready.push(at);
                    }
                }
                done(Value::Int(ready.get(choice).copied().unwrap_or(0) as i64))
            }
            Operation::Fence => done(Value::None),
            Operation::DeepCopy(value) => {
                self.sends_connection(state, value)?;
                let mut names = FastMap::default();
                done(self.copied(state, thread, value, &mut names))
            }
            Operation::Current { process } => {
                self.told_apart = true;
                // The first thread of a process is its main thread, whatever started it.
                let first = usize::from(local.home.process);
                let is_main = *process && first == 0 || !process && first == thread;
                let asked = if *process { first } else { thread };
                let kind = if *process { ObjectKind::Process(None) } else { ObjectKind::Thread(None) };
                let mut known = Vec::new();
                for object in self.objects(state) {
                    if let Body::Thread(body) = &self.body(state, object).body
                        && body.stage == Stage::Started(asked as u8)
                        && body.process == *process
                    {
                        known.push(object);
                    }
                }
                // A process that has a copy of its own object got it when it began, before anybody else could have one.
                let own = if asked == first && first != 0 { known.get(1).or(known.first()) } else { known.first() };
                if let Some(object) = own {
                    return done(Value::Object(reference(kind, *object)));
                }
                // The main thread and the first process have no object until somebody asks for it.
                let body = ThreadBody {
                    stage: Stage::Started(asked as u8),
                    attributes: Vec::new(),
                    name: is_main.then(|| Value::str(if *process { "MainProcess" } else { "MainThread" })),
                    daemon: false,
                    process: *process,
                    number: 0,
                };
                let site = self.site(local);
                let object = self.add(state, site | SHARED, Body::Thread(body));
                done(Value::Object(reference(kind, object)))
            }
            Operation::SetStartMethod { method, force } => {
                let mut rest = (*self.rest(state)).clone();
                if rest.start.is_some() && !force {
                    let imports = local.space.is_some() && local.thread.runs_module();
                    let help = if imports { format!(": {GUARD}") } else { String::new() };
                    return runtime(&format!("context has already been set{help}"));
                }
                rest.start = Some(*method);
                state.rest = self.shared.rests.number(rest);
                done(Value::None)
            }
        }
    }

    /// Where a variable of a thread's process is.
    fn place(&self, local: &Local, variable: Variable) -> (u32, u32) {
        let number = self.shared.variable(variable);
        match local.space {
            None => (number, WHOLE),
            Some(space) => (space, number),
        }
    }

    /// Reads a part of an object as a thread sees it: its own newest write, or what all see.
    pub(super) fn read_part(&mut self, state: &State, thread: usize, object: u32, part: u32) -> Value {
        if let Some(buffer) = state.buffers.get(thread) {
            let buffer = self.shared.buffers.get(*buffer);
            if let Some(write) = buffer.iter().rev().find(|write| write.object == object && write.part == part)
                && let Body::Variable(value) = &self.content(write.value).body
            {
                return value.clone();
            }
        }
        match &self.body(state, object).body {
            Body::Variable(value) | Body::SharedValue { value, .. } => value.clone(),
            Body::Namespace(values) => values[part as usize].clone(),
            Body::Instance(attributes) | Body::Thread(ThreadBody { attributes, .. }) => {
                let own = attributes.iter().find(|(name, _)| u32::from(name.0) == part);
                own.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            _ => Value::Unset,
        }
    }

    /// Writes a part of an object so that all see it.
    pub(super) fn write_part(&mut self, state: &mut State, object: u32, part: u32, new: Value) {
        self.change(state, object, |body| match body {
            Body::Variable(value) | Body::SharedValue { value, .. } => *value = new,
            Body::Namespace(values) => values[part as usize] = new,
            Body::Instance(attributes) | Body::Thread(ThreadBody { attributes, .. }) => {
                let name = NameId(part as u16);
                match (attributes.binary_search_by_key(&name, |(name, _)| *name), new) {
                    (Ok(at), Value::Unset) => _ = attributes.remove(at),
                    (Ok(at), new) => attributes[at].1 = new,
                    (Err(_), Value::Unset) => {}
                    (Err(at), new) => attributes.insert(at, (name, new)),
                }
            }
            _ => {}
        });
    }

    /// Writes a part of an object: under `tso` into the thread's buffer, if others could tell the difference.
    fn write(&mut self, state: &mut State, thread: usize, object: u32, part: u32, mark: Mark, value: Value) {
        if !self.is_buffered(state, mark) {
            return self.write_part(state, object, part, value);
        }
        self.buffer(state, thread, object, part, Body::Variable(value));
    }

    /// Whether a write waits in its thread's buffer.
    fn is_buffered(&mut self, state: &State, mark: Mark) -> bool {
        self.shared.options.memory == Memory::Tso && self.shared.marks.contains(&mark) && self.unfinished(state) > 1
    }

    fn buffer(&mut self, state: &mut State, thread: usize, object: u32, part: u32, body: Body) {
        // It is written, also where all is over before anybody else sees it.
        self.written.insert(object);
        let value = self.shared.contents.number(Content { site: 0, body });
        let mut buffer = (*self.shared.buffers.get(state.buffers[thread])).clone();
        buffer.push(Write { object, part, value });
        state.buffers[thread] = self.shared.buffers.number(buffer);
    }

    /// An attribute: of the object itself, else of its class, bound to the object; else `Unset`.
    fn member(&mut self, state: &State, thread: usize, local: &Local, object: &Value, name: NameId) -> Value {
        let (receiver, class) = match object {
            Value::Object(object) => {
                let own = self.read_part(state, thread, object.id, u32::from(name.0));
                if own != Value::Unset {
                    return own;
                }
                (Some(*object), object.kind.class())
            }
            Value::Class(class) => (None, Some(*class)),
            Value::Super(class, object) => match self.shared.program.classes[class.index()].base {
                Base::Class(base) => (Some(*object), Some(base)),
                _ => (Some(*object), None),
            },
            _ => (None, None),
        };
        let mut class = class;
        while let Some(id) = class {
            let (place, part) = self.place(local, Variable::Class(id, name));
            match (self.read_part(state, thread, place, part), receiver) {
                (Value::Unset, _) => {}
                (Value::Function(function, defaults), Some(object)) => {
                    let receiver = Value::Object(object);
                    return Value::Method(Arc::new(Method::Function { receiver, function, defaults }));
                }
                (value, _) => return value,
            }
            class = match self.shared.program.classes[id.index()].base {
                Base::Class(base) => Some(base),
                _ => None,
            };
        }
        Value::Unset
    }

    fn store_member(
        &mut self,
        state: &mut State,
        thread: usize,
        local: &Local,
        object: &Value,
        name: NameId,
        value: &Value,
    ) -> Attempt {
        let (place, part, mark) = match object {
            Value::Object(object) => {
                let site = self.body(state, object.id).site;
                (object.id, u32::from(name.0), Mark::Attribute(site, name))
            }
            Value::Class(class) => {
                let variable = Variable::Class(*class, name);
                let (place, part) = self.place(local, variable);
                (place, part, Mark::Variable(variable))
            }
            _ => return done(Value::None),
        };
        if *value == Value::Unset && self.read_part(state, thread, place, part) == Value::Unset {
            let attribute = &self.shared.program.names[name.index()];
            let text = match object {
                Value::Class(class) => {
                    format!("type object '{}'", self.shared.program.classes[class.index()].name)
                }
                _ => format!("'{}' object", text::type_name(self.shared.program, object)),
            };
            let text = format!("{text} has no attribute '{attribute}'");
            return Err(raised(ExceptionKind::AttributeError, text));
        }
        self.write(state, thread, place, part, mark, value.clone());
        done(Value::None)
    }

    /// Makes an object.
    fn make(&mut self, state: &mut State, new: &New, site: u64, process: u8) -> Result<Value, Failure> {
        let (kind, body) = match new {
            New::Shared(new) => return self.make(state, new, site | SHARED, process),
            New::List(items) => (ObjectKind::List, Body::Collection(Collection::List(items.clone()))),
            New::Dict(pairs) => (ObjectKind::Dict, Body::Collection(Collection::dict(pairs.iter().cloned())?)),
            New::Set(items) => (ObjectKind::Set, Body::Collection(Collection::set(items.iter().cloned())?)),
            New::Instance(class) => (ObjectKind::Instance(*class), Body::Instance(Vec::new())),
            New::Thread { process, class } => {
                let kind = if *process { ObjectKind::Process(*class) } else { ObjectKind::Thread(*class) };
                let body = ThreadBody {
                    stage: Stage::Made,
                    attributes: Vec::new(),
                    name: None,
                    daemon: false,
                    process: *process,
                    number: 0,
                };
                (kind, Body::Thread(body))
            }
            New::Lock => (ObjectKind::Lock, Body::Lock { owner: None }),
            New::RLock => (ObjectKind::RLock, Body::RLock { owner: None, levels: 0 }),
            New::Semaphore { value, bounded } => {
                (ObjectKind::Semaphore, Body::Semaphore { value: *value, bound: bounded.then_some(*value) })
            }
            New::Condition(lock) => {
                let own = || reference(ObjectKind::RLock, 0);
                let lock = match lock {
                    Some(lock) => *lock,
                    None => {
                        let id = self.add(state, site, Body::RLock { owner: None, levels: 0 });
                        Reference { id, ..own() }
                    }
                };
                (ObjectKind::Condition, Body::Condition { lock, sleepers: Vec::new() })
            }
            New::Event => (ObjectKind::Event, Body::Event(false)),
            New::Barrier { parties, action, timed } => {
                let body = BarrierBody {
                    parties: *parties,
                    waiting: Vec::new(),
                    action: action.clone(),
                    is_acting: false,
                    timed: *timed,
                    broken: false,
                };
                (ObjectKind::Barrier, Body::Barrier(body))
            }
            New::Queue { capacity, kind } => {
                let capacity = match kind {
                    QueueKind::Processes => capacity.or(self.shared.options.capacity.map(i64::from)),
                    _ => *capacity,
                };
                (ObjectKind::Queue, Body::Queue(QueueBody::new(capacity, *kind, process)))
            }
            New::Pipe { duplex } => {
                let capacity = self.shared.options.capacity.map(i64::from);
                let queue = || Body::Queue(QueueBody::new(capacity, QueueKind::Processes, process));
                let ways: [Reference; 2] =
                    [(); 2].map(|()| reference(ObjectKind::Queue, self.add(state, site | SHARED, queue())));
                let mut ends = [0, 1].map(|end| {
                    let body = ConnectionBody {
                        incoming: ways[end],
                        outgoing: ways[1 - end],
                        peer: ways[end],
                        receives: *duplex || end == 0,
                        sends: *duplex || end == 1,
                        holders: vec![process],
                    };
                    reference(ObjectKind::Connection, self.add(state, site | SHARED, Body::Connection(body)))
                });
                for _ in 0..2 {
                    self.change(state, ends[0].id, |body| {
                        if let Body::Connection(end) = body {
                            end.peer = ends[1];
                        }
                    });
                    ends.reverse();
                }
                return Ok(Value::tuple(ends.map(Value::Object)));
            }
            New::Local => (ObjectKind::Local, Body::Local),
            New::SharedValue(value) => {
                let id = self.add(state, site | SHARED, Body::RLock { owner: None, levels: 0 });
                let lock = reference(ObjectKind::RLock, id);
                (ObjectKind::SharedValue, Body::SharedValue { value: value.clone(), lock })
            }
            New::SharedArray(items) => (ObjectKind::SharedArray, Body::Collection(Collection::List(items.clone()))),
            New::Atomic(value) => (ObjectKind::Atomic, Body::Atomic(value.clone())),
            New::Future => (ObjectKind::Future, Body::Future(None)),
            New::Iterator(iteration) => {
                let kind = iteration.kept().unwrap_or(ObjectKind::Zip);
                (kind, Body::Collection(Collection::Iterator(Some((**iteration).clone()))))
            }
        };
        Ok(Value::Object(reference(kind, self.add(state, site, body))))
    }

    fn prepare(
        &mut self,
        state: &mut State,
        thread: usize,
        object: Reference,
        preparation: &Preparation,
        home: Home,
    ) -> Attempt {
        let mut preparation = preparation.clone();
        let (name, number) = self.named(state, object, &preparation, home);
        preparation.name = name;
        let mut keywords = Vec::new();
        for (_, dict) in std::mem::take(&mut preparation.keywords) {
            let Value::Object(dict) = dict else { continue };
            let content = self.body_for(state, Some(thread), dict.id);
            let Body::Collection(Collection::Dict(pairs)) = &content.body else { continue };
            for (key, value) in pairs {
                keywords.push((crate::program::keyword(self.shared.program, key)?, value.clone()));
            }
        }
        preparation.keywords = keywords;
        self.change(state, object.id, |body| {
            if let Body::Thread(body) = body {
                body.name = preparation.name.clone();
                body.daemon = preparation.daemon.unwrap_or(false);
                body.number = number;
                body.stage = Stage::Prepared(Arc::new(preparation));
            }
        });
        done(Value::None)
    }

    /// What a thread or process is called that is given no name, and the number of a process.
    fn named(
        &mut self,
        state: &mut State,
        object: Reference,
        preparation: &Preparation,
        home: Home,
    ) -> (Option<Value>, u32) {
        if !self.shared.asks_names {
            return (preparation.name.clone(), 0);
        }
        let spawns = self.rest(state).start == Some(StartMethod::Spawn);
        let program = self.shared.program;
        let mut named = (None, 0);
        self.count_made(state, home, |made| named = rules::named(program, object, preparation, spawns, made));
        named
    }

    /// Counts what a process makes, for the sake of names.
    fn count_made(&mut self, state: &mut State, home: Home, count: impl FnOnce(&mut Counted)) -> Counted {
        let mut rest = (*self.rest(state)).clone();
        let process = usize::from(home.process);
        if rest.made.len() <= process {
            rest.made.resize(process + 1, Counted::default());
        }
        count(&mut rest.made[process]);
        let made = rest.made[process].clone();
        state.rest = self.shared.rests.number(rest);
        made
    }

    /// Starts a thread or process: it runs to its first operation.
    fn start(&mut self, state: &mut State, thread: usize, object: Reference, local: &Local) -> Attempt {
        let content = self.body(state, object.id);
        let Body::Thread(body) = &content.body else { return done(Value::None) };
        let preparation = match &body.stage {
            Stage::Made => return runtime("thread.__init__() not called"),
            Stage::Started(_) if body.process => return runtime("cannot start a process twice"),
            Stage::Started(_) => return runtime("threads can only be started once"),
            Stage::Prepared(preparation) => Arc::clone(preparation),
        };
        if body.process && local.space.is_some() && local.thread.runs_module() {
            return runtime(&format!(
                "An attempt has been made to start a new process before the current process has finished its \
                 bootstrapping phase: {GUARD}"
            ));
        }
        if state.threads.len() >= THREADS_MAX {
            return Err(Failure::Limit(format!("a program starts at most {THREADS_MAX} threads")));
        }
        let number = state.threads.len();
        let (process, daemon) = (body.process, body.daemon || (!body.process && local.daemon));
        let mut space = local.space;
        let mut names = FastMap::default();
        let mut target = preparation.target.clone();
        let mut arguments = preparation.arguments.clone();
        let mut keywords = preparation.keywords.clone();
        // `run` of a class of the program's own comes before the target.
        let run = self.shared.program.names.iter().position(|name| name == "run").map(|run| NameId(run as u16));
        if let (Some(run), Some(_)) = (run, object.kind.class()) {
            let method = self.member(state, thread, local, &Value::Object(object), run);
            if method != Value::Unset {
                (target, arguments, keywords) = (method, Vec::new(), Vec::new());
            }
        }
        let spawns = process && self.rest(state).start == Some(StartMethod::Spawn);
        let mut handed: Vec<Value> = vec![Value::Object(object), target.clone()];
        handed.extend(arguments.iter().cloned().chain(keywords.iter().map(|(_, value)| value.clone())));
        if spawns && self.hands_closed_end(state, local.home.process, &handed) {
            return Err(raised(ExceptionKind::OSError, "handle is closed"));
        }
        // From here on nothing fails.
        self.change(state, object.id, |body| {
            if let Body::Thread(body) = body {
                body.stage = Stage::Started(number as u8);
                body.daemon = daemon;
            }
        });
        let mut own = local.clone();
        let clock = own.clock.started_by(thread);
        state.threads[thread] = self.shared.locals.number(own);

        if process && self.shared.asks_names {
            let inherited = self.count_made(state, local.home, |_| ()).inherited(body.number, spawns);
            let home = Home { process: number as u8, ..local.home };
            self.count_made(state, home, |made| *made = inherited);
        }
        if process {
            self.inherit(state, local.home.process, number as u8, spawns.then_some(handed));
        }
        if process {
            let count = self.shared.variables();
            let mut values: Vec<Value> = vec![Value::Unset; count as usize];
            if spawns {
                values[0] = Value::str("__mp_main__");
            } else {
                for variable in 0..count {
                    let (place, part) = local.space.map_or((variable, WHOLE), |space| (space, variable));
                    let value = self.read_part(state, thread, place, part);
                    values[variable as usize] = self.copied(state, thread, &value, &mut names);
                }
            }
            target = self.copied(state, thread, &target, &mut names);
            arguments = arguments.iter().map(|value| self.copied(state, thread, value, &mut names)).collect();
            let mut copied = |value: &Value| self.copied(state, thread, value, &mut names);
            keywords = keywords.iter().map(|(name, value)| (*name, copied(value))).collect();
            space = Some(self.add(state, SHARED, Body::Namespace(values)));
        }
        let program = self.shared.program;
        let (mut new, mut pause) = match target {
            Value::None => (Thread::idle(), Some(Pause::Ended)),
            target => Thread::calling(program, &target, arguments, keywords, stops(self.shared.options)),
        };
        if spawns && pause.is_none() {
            new.import(program);
        }
        let pause = match pause.take() {
            Some(pause) => pause,
            None => new.run(program, None).0,
        };
        state.threads.push(0);
        if self.shared.options.memory == Memory::Tso {
            state.buffers.push(self.shared.buffers.number(Vec::new()));
        }
        let home = match process {
            true => Home { process: number as u8, parent: local.home.process },
            false => local.home,
        };
        let new =
            Local { thread: new, pause: Pause::Ended, space, home, daemon, awaits: Vec::new(), clock, died: None };
        self.arrive(state, number, new, pause);
        // It goes on first: what it does without a step comes before all that its starter does from now on.
        let is_final = self.run_new(state, number);
        if is_final { Ok(Performed::Parked) } else { done(Value::None) }
    }

    /// A new process has copies of all ends of pipes that its parent has: under `fork` of all, else of those that it is
    /// handed.
    fn inherit(&mut self, state: &mut State, parent: u8, child: u8, handed: Option<Vec<Value>>) {
        let all = match &handed {
            Some(values) => self.reached_by(state, values),
            None => (0..self.objects_end(state)).collect(),
        };
        for object in all {
            let content = self.body(state, object);
            let has_it = match &content.body {
                Body::Connection(end) => end.holders.contains(&parent),
                Body::Queue(queue) => queue.closed_by.contains(&parent),
                _ => false,
            };
            if has_it {
                self.change(state, object, |body| match body {
                    Body::Connection(end) => end.holders.push(child),
                    Body::Queue(queue) => queue.closed_by.push(child),
                    _ => {}
                });
            }
        }
    }

    /// Whether an end of a pipe is among what is handed over that the process has closed.
    fn hands_closed_end(&mut self, state: &State, process: u8, handed: &[Value]) -> bool {
        self.reached_by(state, handed).into_iter().any(
            |object| matches!(&self.body(state, object).body, Body::Connection(end) if !end.holders.contains(&process)),
        )
    }

    /// All objects that can be reached from these values; what an end of a pipe refers to is not reached by it.
    fn reached_by(&mut self, state: &State, values: &[Value]) -> Vec<u32> {
        let mut reached: Vec<u32> = Vec::new();
        let mut pending: Vec<u32> = Vec::new();
        values.iter().for_each(|value| value.visit(&mut |object| pending.push(object.id)));
        while let Some(object) = pending.pop() {
            if reached.contains(&object) {
                continue;
            }
            reached.push(object);
            let content = self.body(state, object);
            if !matches!(content.body, Body::Connection(_)) {
                content.body.values(&mut |value| value.visit(&mut |object| pending.push(object.id)));
            }
        }
        reached.sort_unstable();
        reached
    }

    /// Whoever sends an end of a pipe would have it on its way, which is nobody's.
    fn sends_connection(&mut self, state: &State, value: &Value) -> Result<(), Failure> {
        if !value.refers() {
            return Ok(());
        }
        let reached = self.reached_by(state, std::slice::from_ref(value));
        match reached.into_iter().any(|object| matches!(self.body(state, object).body, Body::Connection(_))) {
            true => Err(Failure::Limit(
                "an end of a pipe that is sent to another process: hand it over in `Process(…, args=(…))`".into(),
            )),
            false => Ok(()),
        }
    }

    /// A copy of a value for another process: what all processes see stays what it is.
    fn copied(&mut self, state: &mut State, thread: usize, value: &Value, names: &mut FastMap<u32, u32>) -> Value {
        if !value.refers() {
            return value.clone();
        }
        let mut pending = Vec::new();
        let mut fresh = Vec::new();
        value.visit(&mut |object| pending.push(object));
        while let Some(object) = pending.pop() {
            if names.contains_key(&object.id) {
                continue;
            }
            let content = self.body_for(state, Some(thread), object.id);
            // One of a class of the program's has attributes: a process has its own copy of those, also of itself.
            let started = matches!(&content.body, Body::Thread(ThreadBody { stage: Stage::Started(_), .. }))
                && object.kind.class().is_none();
            let connected = matches!(content.body, Body::Connection(_) | Body::SharedValue { .. });
            if content.site & SHARED != 0 || started || connected {
                names.insert(object.id, object.id);
                continue;
            }
            let copy = self.add(state, content.site, content.body.clone());
            names.insert(object.id, copy);
            fresh.push(copy);
            content.body.values(&mut |value| value.visit(&mut |object| pending.push(object)));
        }
        let mut rename =
            |object: Reference| Reference { id: names.get(&object.id).copied().unwrap_or(object.id), ..object };
        for copy in fresh {
            let content = self.body(state, copy);
            let body = content.body.renamed(&mut rename);
            self.put(state, copy, content.site, body);
        }
        value.renamed(&mut rename)
    }

    fn synchronise(
        &mut self,
        state: &mut State,
        thread: usize,
        choice: usize,
        object: Reference,
        sync: &Sync,
        local: &Local,
    ) -> Attempt {
        let me = thread as u8;
        let content = self.body(state, object.id);
        let mut body = content.body.clone();
        if content.site & SHARED == 0 {
            let is_bounded = matches!(&body, Body::Queue(queue) if queue.capacity.is_some());
            if let Some(text) = rules::impossible_wait(object.kind, is_bounded, sync) {
                return Err(raised(ExceptionKind::ValueError, text));
            }
        }
        let result = match (&mut body, sync) {
            (Body::Condition { lock, .. }, Sync::Acquire(_) | Sync::Release(_)) => {
                let lock = *lock;
                return self.synchronise(state, thread, choice, lock, sync, local);
            }
            (Body::Lock { owner }, Sync::Acquire(_)) => match owner {
                None => {
                    *owner = Some(me);
                    flag(true)
                }
                Some(_) => return flag(false),
            },
            (Body::Lock { owner }, Sync::Release(_)) => match owner.take() {
                Some(_) => done(Value::None),
                None => return runtime("release unlocked lock"),
            },
            (Body::Lock { owner }, Sync::Locked) => return flag(owner.is_some()),
            (Body::RLock { owner, levels }, Sync::Acquire(_)) => match owner {
                Some(owner) if *owner != me => return flag(false),
                _ => {
                    *owner = Some(me);
                    *levels += 1;
                    flag(true)
                }
            },
            (Body::RLock { owner, levels }, Sync::Release(_)) => match owner {
                Some(holder) if *holder == me => {
                    *levels -= 1;
                    if *levels == 0 {
                        *owner = None;
                    }
                    done(Value::None)
                }
                _ => return runtime("cannot release un-acquired lock"),
            },
            (Body::Semaphore { value, .. }, Sync::Acquire(_)) => match *value > 0 {
                true => {
                    *value -= 1;
                    flag(true)
                }
                false => return flag(false),
            },
            (Body::Semaphore { value, bound }, Sync::Release(count)) => match bound {
                Some(bound) if *value + count > *bound => {
                    return Err(raised(ExceptionKind::ValueError, "Semaphore released too many times"));
                }
                _ => {
                    *value += count;
                    done(Value::None)
                }
            },
            (Body::Condition { lock, sleepers }, Sync::Sleep(_)) => {
                let lock = *lock;
                let Some(levels) = self.let_go(state, lock, me) else {
                    return runtime("cannot wait on un-acquired lock");
                };
                sleepers.push(Sleeper { thread: me, levels, notified: false });
                done(Value::None)
            }
            (Body::Condition { lock, sleepers }, Sync::Wake(_)) => {
                let lock = *lock;
                let Some(at) = sleepers.iter().position(|sleeper| sleeper.thread == me) else { return flag(true) };
                let sleeper = sleepers.remove(at);
                self.change(state, lock.id, |body| match body {
                    Body::Lock { owner } => *owner = Some(me),
                    Body::RLock { owner, levels } => (*owner, *levels) = (Some(me), sleeper.levels),
                    _ => {}
                });
                flag(sleeper.notified || self.shared.options.spurious)
            }
            (Body::Condition { lock, .. }, Sync::Notify(count)) => {
                let lock = *lock;
                if !self.holds(state, lock, me) {
                    return runtime("cannot notify on un-acquired lock");
                }
                let sets = self.wake_choices(state, object, *count);
                if let Body::Condition { sleepers, .. } = &mut body {
                    for at in sets.get(choice).into_iter().flatten() {
                        sleepers[*at].notified = true;
                    }
                }
                done(Value::None)
            }
            (Body::Event(set), Sync::AwaitEvent(_) | Sync::IsSet) => return flag(*set),
            (Body::Event(set), Sync::SetEvent | Sync::ClearEvent) => {
                *set = *sync == Sync::SetEvent;
                done(Value::None)
            }
            (Body::Barrier(BarrierBody { broken: true, .. }), Sync::Arrive(_)) => return broken_barrier(),
            (Body::Barrier(barrier), Sync::Arrive(patience)) => {
                barrier.waiting.push(me);
                if (barrier.waiting.len() as i64) < barrier.parties {
                    let may_give_up = barrier.timed || *patience != Patience::Forever;
                    self.put(state, object.id, content.site, body);
                    return Ok(if may_give_up { Performed::Lingers(object) } else { Performed::Parked });
                }
                if barrier.action != Value::None {
                    barrier.is_acting = true;
                    let result = [Value::Int(barrier.parties - 1), barrier.action.clone()];
                    self.put(state, object.id, content.site, body);
                    return done(Value::tuple(result));
                }
                let arrived = std::mem::take(&mut barrier.waiting);
                self.put(state, object.id, content.site, body);
                return self.let_all_go(state, &arrived);
            }
            (Body::Barrier(barrier), Sync::Open(true)) => {
                barrier.is_acting = false;
                let arrived = std::mem::take(&mut barrier.waiting);
                self.put(state, object.id, content.site, body);
                return self.let_all_go(state, &arrived);
            }
            (Body::Barrier(barrier), Sync::GiveUp | Sync::Abort | Sync::Reset | Sync::Open(false)) => {
                barrier.is_acting = false;
                barrier.broken = *sync != Sync::Reset;
                let waiting = std::mem::take(&mut barrier.waiting);
                self.put(state, object.id, content.site, body);
                let own = if *sync == Sync::GiveUp { broken_barrier() } else { done(Value::None) };
                return self.let_down(state, thread, own, &waiting);
            }
            (Body::Barrier(barrier), Sync::IsBroken) => return flag(barrier.broken),
            (Body::Barrier(barrier), Sync::Parties) => return done(Value::Int(barrier.parties)),
            (Body::Barrier(barrier), Sync::Waiting) => return done(Value::Int(barrier.waiting.len() as i64)),
            (Body::Connection(end), Sync::Close) => {
                end.holders.retain(|process| *process != local.home.process);
                done(Value::None)
            }
            (Body::Connection(end), Sync::Put(..) | Sync::Get(_) | Sync::Poll(_)) => {
                let sends = matches!(sync, Sync::Put(..));
                if !end.holders.contains(&local.home.process) {
                    return Err(raised(ExceptionKind::OSError, "handle is closed"));
                }
                if sends && !end.sends {
                    return Err(raised(ExceptionKind::OSError, "connection is read-only"));
                }
                if !sends && !end.receives {
                    return Err(raised(ExceptionKind::OSError, "connection is write-only"));
                }
                let way = if sends { end.outgoing } else { end.incoming };
                let peer = end.peer;
                let is_held = self.is_held(state, peer);
                if !matches!(sync, Sync::Get(_)) {
                    self.notice_ends(state, peer, local.home.process);
                }
                let is_empty = matches!(&self.body(state, way.id).body, Body::Queue(queue) if queue.items.is_empty());
                match sync {
                    Sync::Put(..) if !is_held => {
                        return Err(raised(ExceptionKind::BrokenPipeError, "[Errno 32] Broken pipe"));
                    }
                    // At its end there is something to learn as well.
                    Sync::Poll(_) => return flag(!is_empty || !is_held),
                    Sync::Get(_) if is_empty => return Err(Failure::Raised(ExceptionKind::EOFError, Value::Unset)),
                    _ => return self.synchronise(state, thread, choice, way, sync, local),
                }
            }
            (Body::Queue(queue), Sync::Put(..) | Sync::Get(_)) if queue.closed_by.contains(&local.home.process) => {
                return Err(raised(ExceptionKind::ValueError, "Queue is closed"));
            }
            (Body::Queue(queue), Sync::Put(value, _)) => {
                if queue.is_full() {
                    return Err(Failure::Raised(ExceptionKind::QueueFull, Value::Unset));
                }
                let (kind, before) = (queue.kind, queue.unfinished);
                let is_for_tasks = matches!(kind, QueueKind::Tasks { .. });
                if is_for_tasks && queue.closure != Closure::Open {
                    return runtime(match queue.closure {
                        Closure::Over => "cannot schedule new futures after interpreter shutdown",
                        _ => "cannot schedule new futures after shutdown",
                    });
                }
                if kind == QueueKind::Processes {
                    self.sends_connection(state, value)?;
                }
                let value = match kind {
                    QueueKind::Processes => self.copied(state, thread, value, &mut FastMap::default()),
                    _ => value.clone(),
                };
                if let Body::Queue(queue) = &mut body {
                    queue.items.push(value);
                    queue.unfinished += 1;
                }
                // Nobody reports a pool's task done: none is taken off again.
                done(if is_for_tasks { Value::Int(before) } else { Value::None })
            }
            (Body::Queue(queue), Sync::Get(_)) => match (queue.items.is_empty(), queue.closure != Closure::Open) {
                (true, true) => return done(Value::None),
                (true, false) => return Err(Failure::Raised(ExceptionKind::QueueEmpty, Value::Unset)),
                (false, _) => {
                    let at = if queue.kind == QueueKind::Lifo { queue.items.len() - 1 } else { 0 };
                    let item = queue.items.remove(at);
                    done(item)
                }
            },
            (Body::Queue(QueueBody { kind: QueueKind::Processes, .. }), Sync::TaskDone | Sync::AwaitTasks) => {
                let name = if *sync == Sync::TaskDone { "task_done" } else { "join" };
                return Err(raised(ExceptionKind::AttributeError, format!("'Queue' object has no attribute '{name}'")));
            }
            (Body::Queue(_), Sync::Number) => {
                if !self.shared.asks_names {
                    return done(Value::None);
                }
                let made = self.count_made(state, local.home, |made| made.pools += 1);
                return done(Value::Int(i64::from(made.pools) - 1));
            }
            (Body::Queue(queue), Sync::TaskDone) => {
                if queue.unfinished <= 0 {
                    return Err(raised(ExceptionKind::ValueError, "task_done() called too many times"));
                }
                queue.unfinished -= 1;
                done(Value::None)
            }
            (Body::Queue(_), Sync::AwaitTasks) => return done(Value::None),
            (Body::Queue(queue), Sync::Size) => return done(Value::Int(queue.items.len() as i64)),
            (Body::Queue(queue), Sync::IsEmpty) => return flag(queue.items.is_empty()),
            (Body::Queue(queue), Sync::IsFull) => return flag(queue.is_full()),
            (Body::Queue(queue), Sync::Close) => match queue.kind {
                QueueKind::Tasks { .. } => {
                    if queue.closure == Closure::Open {
                        queue.closure = Closure::Shut;
                    }
                    done(Value::None)
                }
                QueueKind::Processes => {
                    if !queue.closed_by.contains(&local.home.process) {
                        queue.closed_by.push(local.home.process);
                        queue.closed_by.sort_unstable();
                    }
                    done(Value::None)
                }
                _ => {
                    let text = "'Queue' object has no attribute 'close'";
                    return Err(raised(ExceptionKind::AttributeError, text));
                }
            },
            (Body::Thread(body), Sync::Join(patience)) => {
                self.ends_matter |= *patience != Patience::Forever;
                self.told_apart |= *patience != Patience::Forever;
                return self.joined(state, thread, body.clone(), local);
            }
            (Body::Thread(body), Sync::IsAlive) => {
                self.ends_matter = true;
                self.told_apart = true;
                let alive = match body.stage {
                    Stage::Started(other) => !self.is_over(state, usize::from(other)),
                    _ => false,
                };
                return flag(alive);
            }
            (Body::Thread(body), Sync::Name) => {
                self.told_apart = true;
                let name = body.name.clone().unwrap_or_else(|| match body.stage {
                    Stage::Started(number) if body.process => Value::str(format!("Process-{number}")),
                    Stage::Started(number) => Value::str(format!("Thread-{number}")),
                    _ => Value::str("Thread"),
                });
                return done(name);
            }
            (Body::Thread(body), Sync::SetName(name)) => {
                body.name = Some(name.clone());
                done(Value::None)
            }
            (Body::Thread(body), Sync::IsDaemon) => return flag(body.daemon),
            (Body::Thread(body), Sync::SetDaemon(daemon)) => {
                if matches!(body.stage, Stage::Started(_)) {
                    return runtime("cannot set daemon status of active thread");
                }
                body.daemon = *daemon;
                done(Value::None)
            }
            (Body::SharedValue { .. }, Sync::Read) => return done(self.read_part(state, thread, object.id, WHOLE)),
            (Body::SharedValue { .. }, Sync::Write(value)) => {
                let mark = Mark::Whole(content.site);
                self.write(state, thread, object.id, WHOLE, mark, value.clone());
                return done(Value::None);
            }
            (Body::SharedValue { lock, .. }, Sync::GetLock) => return done(Value::Object(*lock)),
            (_, Sync::GetLock) => return Err(Failure::Limit("`get_lock` of an Array: use a Lock of your own".into())),
            (Body::Atomic(value), Sync::Read) => return done(value.clone()),
            (Body::Atomic(value), Sync::Write(new)) => {
                *value = new.clone();
                done(Value::None)
            }
            (Body::Atomic(value), Sync::Swap(new)) => done(std::mem::replace(value, new.clone())),
            (Body::Atomic(value), Sync::FetchAdd(more)) => {
                let (Some(old), Some(more)) = (value.as_int(), more.as_int()) else {
                    return Err(raised(ExceptionKind::TypeError, "an Atomic adds integers only"));
                };
                let Some(sum) = old.checked_add(more) else {
                    return Err(Failure::Limit("an integer beyond 64 bits".into()));
                };
                done(std::mem::replace(value, Value::Int(sum)))
            }
            (Body::Atomic(value), Sync::CompareExchange(expected, new)) => match value.equals(expected) {
                true => {
                    *value = new.clone();
                    flag(true)
                }
                false => return flag(false),
            },
            (Body::Future(result), Sync::Resolve(good, value)) => {
                *result = Some((*good, value.clone()));
                done(Value::None)
            }
            (Body::Future(result), Sync::Result(_, late)) => {
                return match result {
                    None => Err(Failure::Raised(*late, Value::Unset)),
                    Some((true, value)) => done(value.clone()),
                    Some((false, Value::Exception(exception))) => {
                        // Raised anew where the result is asked for.
                        let again = Exception { line: 0, ..(**exception).clone() };
                        Ok(Performed::Raised(Arc::new(again)))
                    }
                    Some((false, _)) => done(Value::None),
                };
            }
            (Body::Future(result), Sync::Failure(_)) => {
                return match result {
                    None => Err(Failure::Raised(ExceptionKind::TimeoutError, Value::Unset)),
                    Some((true, _)) => done(Value::None),
                    Some((false, exception)) => done(exception.clone()),
                };
            }
            (Body::Future(result), Sync::IsDone) => return flag(result.is_some()),
            _ => return Err(raised(ExceptionKind::AttributeError, "it has no such method")),
        };
        self.put(state, object.id, content.site, body);
        result
    }

    fn holds(&mut self, state: &State, lock: Reference, me: u8) -> bool {
        match &self.body(state, lock.id).body {
            Body::Lock { owner } => owner.is_some(),
            Body::RLock { owner, .. } => *owner == Some(me),
            _ => false,
        }
    }

    /// Lets go of all levels of a condition's lock; how many there were.
    fn let_go(&mut self, state: &mut State, lock: Reference, me: u8) -> Option<u32> {
        if !self.holds(state, lock, me) {
            return None;
        }
        let mut gone = 1;
        self.change(state, lock.id, |body| match body {
            Body::Lock { owner } => *owner = None,
            Body::RLock { owner, levels } => {
                gone = std::mem::take(levels);
                *owner = None;
            }
            _ => {}
        });
        Some(gone)
    }

    /// All have arrived at a barrier; the last is the one that asks, and gets its own result back.
    fn let_all_go(&mut self, state: &mut State, arrived: &[u8]) -> Attempt {
        for (position, thread) in arrived.iter().enumerate().take(arrived.len() - 1) {
            self.resume(state, usize::from(*thread), Ok(Value::Int(position as i64)));
        }
        self.released = arrived.iter().map(|thread| usize::from(*thread)).collect();
        done(Value::Int(arrived.len() as i64 - 1))
    }

    /// A barrier is broken: the thread that broke it goes on first, then those who waited there learn of it, in the order
    /// of their arrival. An exception that nobody catches ends everything before the next of them goes on.
    fn let_down(&mut self, state: &mut State, thread: usize, own: Attempt, waiting: &[u8]) -> Attempt {
        let all: Vec<usize> =
            waiting.iter().map(|other| usize::from(*other)).filter(|other| *other != thread).collect();
        self.released = [thread].into_iter().chain(all.iter().copied()).collect();
        self.follow(state, thread, own);
        for other in all {
            if self.problem.is_some() || self.census(state).is_final {
                break;
            }
            self.follow(state, other, broken_barrier());
        }
        Ok(Performed::WentOn)
    }

    /// Whether some process has an end of a pipe may hang on when another ends.
    fn notice_ends(&mut self, state: &State, end: Reference, own: u8) {
        if let Body::Connection(end) = &self.body(state, end.id).body
            && !end.holders.is_empty()
            && !end.holders.iter().any(|process| [0, own].contains(process))
        {
            self.ends_matter = true;
        }
    }

    fn joined(&mut self, state: &mut State, thread: usize, body: ThreadBody, local: &Local) -> Attempt {
        let other = match body.stage {
            Stage::Started(other) => usize::from(other),
            _ if body.process => return runtime("can only join a started process"),
            _ => return runtime("cannot join thread before it is started"),
        };
        if other == thread && body.process {
            return runtime("can only join a child process");
        }
        if other == thread {
            return runtime("cannot join current thread");
        }
        if self.is_over(state, other) {
            let mut own = local.clone();
            let joined: Vec<u8> = own.awaits.iter().copied().chain([other as u8]).collect();
            self.told_apart |= !self.symmetry.are_whole(&joined);
            for first in own.awaits.drain(..).map(usize::from).chain([other]) {
                for other in self.ends_with(state, first) {
                    let ended = self.local(state.threads[other]);
                    own.clock.joins(thread, other, &ended.clock);
                }
            }
            state.threads[thread] = self.shared.locals.number(own);
        }
        done(Value::None)
    }
}

impl QueueBody {
    fn new(capacity: Option<i64>, kind: QueueKind, home: u8) -> QueueBody {
        let closure = Closure::Open;
        QueueBody { items: Vec::new(), capacity, kind, unfinished: 0, closure, home, closed_by: Vec::new() }
    }
}
