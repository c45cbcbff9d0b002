//! What each operation does to the memory of a run: the same as in the explorer, on real memory.

use super::host::{Birth, Call};
use super::objects::{
    About, Attributes, BarrierBody, Body, Held as Locked, Kept, Object, QueueBody, Stage, SyncBody, ThreadObject,
};
use super::runner::{Attempt, Done, Job, Runner, Stop, done, flag, runtime};
use super::world::World;
use crate::program::code::{Base, Comparison, NameId, Program};
use crate::program::collection::{Access, Collection, Failure, Objects, raised};
use crate::program::library::ExceptionKind;
use crate::program::operation::{New, Operation, Preparation, QueueKind, StartMethod, Variable};
use crate::program::rules::{self, Counted, GUARD, OUTPUT_MAX, THREADS_MAX};
use crate::program::text;
use crate::program::thread::Thread;
use crate::program::value::{Method, ObjectKind, Reference, Value};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, PoisonError};

/// How often the variables of a process are looked at for two looks that are alike.
const LOOKS_MAX: u32 = 20;

/// Collections as they stood at one moment.
pub(super) struct Held<'p> {
    held: BTreeMap<u32, Collection>,
    program: &'p Program,
}

impl Objects for Held<'_> {
    fn collection(&self, object: Reference) -> Option<&Collection> {
        self.held.get(&object.id)
    }

    fn type_name(&self, value: &Value) -> String {
        text::type_name(self.program, value)
    }
}

/// What locked collections hold now.
fn copies(guards: &mut BTreeMap<u32, Locked<'_, Collection>>) -> BTreeMap<u32, Collection> {
    guards.iter().map(|(id, guard)| (*id, (**guard).clone())).collect()
}

/// Calls `visit` with every collection that the values hold, and those in them.
fn collections_in(value: &Value, found: &mut Vec<u32>) {
    value.visit(&mut |object| {
        if (Value::Object(object).holds_containers() || object.kind.is_iterator()) && !found.contains(&object.id) {
            found.push(object.id);
        }
    });
}

impl World {
    /// Locks all collections that can be reached from these values, each in its place of one order that all keep to, and
    /// hands them to `body`: it sees them as they stand at one moment.
    pub(super) fn with_held<T>(
        &self,
        values: &[&Value],
        body: impl FnOnce(&mut BTreeMap<u32, Locked<'_, Collection>>) -> T,
    ) -> T {
        let mut wanted = Vec::new();
        values.iter().for_each(|value| collections_in(value, &mut wanted));
        loop {
            wanted.sort_unstable();
            let mut guards = BTreeMap::new();
            for id in &wanted {
                if let Some(Body::Collection(collection)) = self.body(*id) {
                    guards.insert(*id, collection.hold());
                }
            }
            let mut reached = wanted.clone();
            for guard in guards.values() {
                guard.values(&mut |value| collections_in(value, &mut reached));
            }
            if reached.len() == wanted.len() {
                return body(&mut guards);
            }
            // They hold others: all over again with those.
            wanted = reached;
        }
    }

    /// What all collections that can be reached from these values hold.
    pub(super) fn held(&self, values: &[&Value]) -> Held<'_> {
        let held = match values.iter().any(|value| value.refers()) {
            true => self.with_held(values, copies),
            false => BTreeMap::new(),
        };
        Held { held, program: self.program() }
    }

    /// An attribute: of the object itself, else of its class, bound to the object; else `Unset`.
    pub(super) fn member(&self, object: &Value, name: NameId) -> Value {
        let (receiver, mut class) = match object {
            Value::Object(object) => {
                let own = self.attributes(*object).and_then(|attributes| attributes.find(name));
                match own.map(|word| self.load(word)) {
                    None | Some(Value::Unset) => (Some(*object), object.kind.class()),
                    Some(value) => return value,
                }
            }
            Value::Class(class) => (None, Some(*class)),
            Value::Super(class, object) => match self.program().classes[class.index()].base {
                Base::Class(base) => (Some(*object), Some(base)),
                _ => (Some(*object), None),
            },
            _ => (None, None),
        };
        while let Some(id) = class {
            let number = self.known.variable(Variable::Class(id, name));
            match (self.load(&self.variables()[number]), receiver) {
                (Value::Unset, _) => {}
                (Value::Function(function, defaults), Some(object)) => {
                    let receiver = Value::Object(object);
                    return Value::Method(Arc::new(Method::Function { receiver, function, defaults }));
                }
                (value, _) => return value,
            }
            class = match self.program().classes[id.index()].base {
                Base::Class(base) => Some(base),
                _ => None,
            };
        }
        Value::Unset
    }

    /// All objects that can be reached from these values; what an end of a pipe refers to is not reached by it.
    fn reached(&self, values: &[Value]) -> Vec<u32> {
        let mut reached: Vec<u32> = Vec::new();
        let mut pending: Vec<u32> = Vec::new();
        values.iter().for_each(|value| value.visit(&mut |object| pending.push(object.id)));
        while let Some(object) = pending.pop() {
            if reached.contains(&object) {
                continue;
            }
            reached.push(object);
            if let Some(content) = self.content(object) {
                content.values(&mut |value| value.visit(&mut |object| pending.push(object.id)));
            }
        }
        reached
    }

    pub(super) fn attributes(&self, object: Reference) -> Option<&Attributes> {
        match self.body(object.id)? {
            Body::Instance(attributes) => Some(attributes),
            Body::Thread(thread) => Some(&thread.attributes),
            _ => None,
        }
    }
}

impl Runner<'_> {
    pub(super) fn operate(&mut self, operation: &Operation, thread: &Thread) -> Attempt {
        match operation {
            Operation::Load(variable) => {
                let number = self.world.known.variable(*variable);
                done(self.world.load(&self.world.variables()[number]))
            }
            Operation::Store(variable, value) => self.store_variable(*variable, value),
            Operation::LoadMember(object, name) => done(self.world.member(object, *name)),
            Operation::StoreMember(object, name, value) => self.store_member(object, *name, value),
            Operation::New(new) => Ok(Done::Value(self.make(new, false)?)),
            Operation::Access(object, access) => self.access(*object, access),
            Operation::Compare(comparison, left, right) => {
                let is_object = matches!((comparison, right), (Comparison::In | Comparison::NotIn, Value::Object(_)));
                if is_object && !right.holds_containers() {
                    let name = text::type_name(self.world.program(), right);
                    let text = format!("argument of type '{name}' is not iterable");
                    return Err(raised(ExceptionKind::TypeError, text).into());
                }
                let held = self.world.held(&[left, right]);
                flag(crate::program::compare(self.world.program(), *comparison, left, right, &held)?)
            }
            Operation::Render(values) => {
                let held = self.world.held(&values.iter().map(|(value, _)| value).collect::<Vec<_>>());
                let program = self.world.program();
                let text = |(value, repr): &(Value, bool)| text::rendered(program, value, *repr, &held).map(Value::str);
                done(Value::Tuple(values.iter().map(text).collect::<Result<_, _>>()?))
            }
            Operation::Sync(object, sync) => self.synchronise(*object, sync),
            Operation::Prepare(object, preparation) => self.prepare(*object, preparation),
            Operation::Start(object) => {
                self.world.fence();
                self.start(*object, thread)
            }
            Operation::Print(text) => match self.world.common.print(text, OUTPUT_MAX) {
                true => done(Value::None),
                false => Err(Failure::Limit(format!("a program prints at most {OUTPUT_MAX} bytes")).into()),
            },
            Operation::Choose(values) => {
                self.chose |= values.len() > 1;
                let at = self.dice.below(values.len());
                done(values.get(at).cloned().unwrap_or_default())
            }
            Operation::FirstDone(futures) => self.first_done(futures),
            Operation::Fence => {
                self.world.fence();
                done(Value::None)
            }
            Operation::DeepCopy(value) => {
                self.sends_connection(value)?;
                Ok(Done::Value(self.copied(value)?))
            }
            Operation::Current { process } => self.current(*process),
            Operation::SetStartMethod { method, force } => {
                let common = &self.world.common;
                if common.start_is_said().swap(1, SeqCst) != 0 && !force {
                    let imports = self.world.space != 0 && thread.runs_module();
                    let help = if imports { format!(": {GUARD}") } else { String::new() };
                    return runtime(&format!("context has already been set{help}"));
                }
                common.spawns().store(u32::from(*method == StartMethod::Spawn), SeqCst);
                done(Value::None)
            }
        }
    }

    fn keep(&mut self, value: &Value) -> Result<u64, Failure> {
        self.world.keep(value, self.me, &mut self.made)
    }

    fn store_variable(&mut self, variable: Variable, value: &Value) -> Attempt {
        let word = self.keep(value)?;
        let place = &self.world.variables()[self.world.known.variable(variable)];
        if *value == Value::Unset && self.world.load(place) == Value::Unset {
            let Variable::Global(global) = variable else { return done(Value::None) };
            let name = &self.world.program().globals[global.index()];
            return Err(raised(ExceptionKind::NameError, format!("name '{name}' is not defined")).into());
        }
        self.world.store(place, word);
        done(Value::None)
    }

    fn store_member(&mut self, object: &Value, name: NameId, value: &Value) -> Attempt {
        let word = self.keep(value)?;
        let world = Arc::clone(self.world);
        let place = match object {
            Value::Object(object) => match world.attributes(*object) {
                Some(attributes) => attributes.word(name),
                None => return done(Value::None),
            },
            Value::Class(class) => {
                let number = world.known.variable(Variable::Class(*class, name));
                &world.variables()[number]
            }
            _ => return done(Value::None),
        };
        if *value == Value::Unset && world.load(place) == Value::Unset {
            return Err(raised(ExceptionKind::AttributeError, &world.program().names[name.index()]).into());
        }
        world.store(place, word);
        done(Value::None)
    }

    fn access(&mut self, object: Reference, access: &Access) -> Attempt {
        let world = self.world;
        let Some(Body::Collection(collection)) = world.body(object.id) else { return done(Value::None) };
        let mut alone = true;
        access.values(&mut |value| alone &= !value.holds_containers());
        // Looking for a value means to compare it with what lies there, which may be collections as well.
        let looks = matches!(
            access,
            Access::Contains(_) | Access::Index(..) | Access::Count(_) | Access::Remove(_) | Access::Sort(_)
        );
        if alone && !looks {
            let nowhere = &crate::program::collection::Nowhere(world.program());
            return Ok(Done::Value(match access.writes() {
                true => collection.hold().write(access, nowhere)?,
                false => collection.hold().read(access, nowhere)?,
            }));
        }
        let whole = Value::Object(object);
        let mut values: Vec<Value> = vec![whole];
        access.values(&mut |value| values.push(value.clone()));
        let values: Vec<&Value> = values.iter().collect();
        let made = world.with_held(&values, |guards| {
            let held = Held { held: copies(guards), program: world.program() };
            let Some(guard) = guards.get_mut(&object.id) else { return Ok(Value::None) };
            if access.writes() { guard.write(access, &held) } else { guard.read(access, &held) }
        });
        Ok(Done::Value(made?))
    }

    fn add(&mut self, body: Body) -> Result<u32, Failure> {
        self.world.add(Object { shared: false, body }, self.me, &mut self.made)
    }

    fn add_sync(&mut self, shared: bool, body: SyncBody) -> Result<u32, Failure> {
        self.world.add_sync(shared, body, self.me, &mut self.made)
    }

    /// Makes an object.
    pub(super) fn make(&mut self, new: &New, shared: bool) -> Result<Value, Failure> {
        let rlock = || SyncBody::RLock { owner: None, levels: 0 };
        let collection = |collection: Collection| Body::Collection(Kept::here(collection));
        let refer = |kind: ObjectKind, id: u32| Value::Object(Reference { kind, id });
        let (kind, body) = match new {
            New::Shared(new) => return self.make(new, true),
            New::List(items) => (ObjectKind::List, collection(Collection::List(items.clone()))),
            New::Dict(pairs) => (ObjectKind::Dict, collection(Collection::dict(pairs.iter().cloned())?)),
            New::Set(items) => (ObjectKind::Set, collection(Collection::set(items.iter().cloned())?)),
            New::SharedArray(items) => {
                let id = self.world.add_array(items, self.me, &mut self.made)?;
                return Ok(refer(ObjectKind::SharedArray, id));
            }
            New::Instance(class) => (ObjectKind::Instance(*class), Body::Instance(Attributes::default())),
            New::Thread { process, class } => {
                let kind = if *process { ObjectKind::Process(*class) } else { ObjectKind::Thread(*class) };
                (kind, Body::Thread(Box::new(ThreadObject { process: *process, ..ThreadObject::default() })))
            }
            New::Pipe { duplex } => {
                let capacity = self.world.known.pipe_capacity;
                let queue = || SyncBody::Queue(QueueBody::new(capacity, QueueKind::Processes));
                let mut way = || -> Result<Reference, Failure> {
                    Ok(Reference { kind: ObjectKind::Queue, id: self.add_sync(true, queue())? })
                };
                let (one, other) = (way()?, way()?);
                let ends = self.world.add_pipe(*duplex, [one, other], self.me, &mut self.made)?;
                return Ok(Value::tuple(ends.map(|id| refer(ObjectKind::Connection, id))));
            }
            New::Local => (ObjectKind::Local, Body::Local),
            New::SharedValue(value) => {
                let lock = Reference { kind: ObjectKind::RLock, id: self.add_sync(true, rlock())? };
                let id = self.world.add_value(value, lock, self.me, &mut self.made)?;
                return Ok(refer(ObjectKind::SharedValue, id));
            }
            New::Iterator(iteration) => {
                let kind = iteration.kept().unwrap_or(ObjectKind::Zip);
                (kind, collection(Collection::Iterator(Some((**iteration).clone()))))
            }
            New::Atomic(value) => (ObjectKind::Atomic, Body::Atomic(AtomicU64::new(self.keep(value)?))),
            _ => {
                let (kind, body) = match new {
                    New::Lock => (ObjectKind::Lock, SyncBody::Lock { owner: None }),
                    New::RLock => (ObjectKind::RLock, rlock()),
                    New::Semaphore { value, bounded } => {
                        let bound = bounded.then_some(*value);
                        (ObjectKind::Semaphore, SyncBody::Semaphore { value: *value, bound })
                    }
                    New::Condition(lock) => {
                        let lock = match lock {
                            Some(lock) => *lock,
                            None => Reference { kind: ObjectKind::RLock, id: self.add_sync(shared, rlock())? },
                        };
                        (ObjectKind::Condition, SyncBody::Condition { lock, sleepers: Vec::new() })
                    }
                    New::Event => (ObjectKind::Event, SyncBody::Event(false)),
                    New::Barrier { parties, action, timed } => {
                        let body = BarrierBody {
                            parties: *parties,
                            waiting: Vec::new(),
                            left: Vec::new(),
                            action: (*action != Value::None).then(|| self.world.item(action, shared)),
                            is_acting: false,
                            timed: *timed,
                            broken: false,
                        };
                        (ObjectKind::Barrier, SyncBody::Barrier(body))
                    }
                    New::Queue { capacity, kind } => {
                        let capacity = match kind {
                            QueueKind::Processes => capacity.or(self.world.known.pipe_capacity),
                            _ => *capacity,
                        };
                        (ObjectKind::Queue, SyncBody::Queue(QueueBody::new(capacity, *kind)))
                    }
                    _ => (ObjectKind::Future, SyncBody::Future(None)),
                };
                let id = self.add_sync(shared, body)?;
                if matches!(new, New::Queue { kind: QueueKind::Tasks { ends_with_main: true }, .. }) {
                    let queues = &self.world.task_queues;
                    queues.lock().unwrap_or_else(PoisonError::into_inner).push(Reference { kind, id });
                }
                return Ok(refer(kind, id));
            }
        };
        Ok(refer(kind, self.add(body)?))
    }

    fn prepare(&mut self, object: Reference, preparation: &Preparation) -> Attempt {
        let mut preparation = preparation.clone();
        let mut keywords = Vec::new();
        for (_, dict) in std::mem::take(&mut preparation.keywords) {
            let Value::Object(dict) = dict else { continue };
            let Some(Body::Collection(collection)) = self.world.body(dict.id) else { continue };
            let pairs = match &*collection.hold() {
                Collection::Dict(pairs) => pairs.clone(),
                _ => continue,
            };
            for (key, value) in pairs {
                keywords.push((crate::program::keyword(self.world.program(), &key)?, value));
            }
        }
        preparation.keywords = keywords;
        let (name, number) = self.named(object, &preparation);
        preparation.name = name;
        if let Some(Body::Thread(thread)) = self.world.body(object.id) {
            *thread.about() = About {
                name: preparation.name.clone(),
                daemon: preparation.daemon.unwrap_or(false),
                number,
                stage: Stage::Prepared(Arc::new(preparation)),
            };
        }
        done(Value::None)
    }

    /// What a thread or process is called that is given no name, and the number of a process.
    fn named(&mut self, object: Reference, preparation: &Preparation) -> (Option<Value>, u32) {
        let program = self.world.program();
        if !program.asks_names() {
            return (preparation.name.clone(), 0);
        }
        let spawns = self.world.common.spawns().load(SeqCst) != 0;
        let mut named = (None, 0);
        self.counted(|counted| named = rules::named(program, object, preparation, spawns, counted));
        named
    }

    /// Counts what this process makes that has a name.
    pub(super) fn counted(&self, count: impl FnOnce(&mut Counted)) -> Counted {
        let mut own = self.world.counted.lock().unwrap_or_else(PoisonError::into_inner);
        count(&mut own);
        own.clone()
    }

    /// A new process has copies of all ends of pipes that its parent has: under `fork` of all, else of those that it is
    /// handed.
    fn inherit(&mut self, child: usize, handed: Option<&[Value]>) {
        let world = Arc::clone(self.world);
        let pass_on = |id: u32| match world.body(id) {
            Some(Body::Connection(connection)) if connection.is_with(world.space) => {
                connection.holders.fetch_or(1 << child, SeqCst);
            }
            Some(Body::Sync(at)) => {
                let mut state = at.state();
                let has_closed =
                    matches!(&state.body, SyncBody::Queue(queue) if queue.closed_by.contains(&world.space));
                if let (true, SyncBody::Queue(queue)) = (has_closed, &mut state.body) {
                    queue.closed_by.push(child);
                }
            }
            _ => {}
        };
        match handed {
            Some(values) => world.reached(values).into_iter().for_each(pass_on),
            None => world.common_objects().for_each(pass_on),
        }
    }

    /// Whether an end of a pipe is among what is handed over that this process has closed.
    fn hands_closed_end(&self, values: &[Value]) -> bool {
        let is_closed =
            |id: u32| matches!(self.world.body(id), Some(Body::Connection(end)) if !end.is_with(self.world.space));
        self.world.reached(values).into_iter().any(is_closed)
    }

    /// Whoever sends an end of a pipe would have it on its way, which is nobody's.
    pub(super) fn sends_connection(&self, value: &Value) -> Result<(), Failure> {
        let world = self.world;
        let is_end = |id: u32| matches!(world.body(id), Some(Body::Connection(_)));
        match value.refers() && world.reached(std::slice::from_ref(value)).into_iter().any(is_end) {
            true => Err(Failure::Limit(
                "an end of a pipe that is sent to another process: hand it over in `Process(…, args=(…))`".into(),
            )),
            false => Ok(()),
        }
    }

    /// Starts a thread or process.
    fn start(&mut self, object: Reference, own_thread: &Thread) -> Attempt {
        if self.is_trial() {
            return Err(Stop::Over);
        }
        let world = Arc::clone(self.world);
        let Some(Body::Thread(own)) = world.body(object.id) else { return done(Value::None) };
        let twice = || match own.process {
            true => runtime("cannot start a process twice"),
            false => runtime("threads can only be started once"),
        };
        let stage = own.about().stage.clone();
        let preparation = match stage {
            Stage::Made => return runtime("thread.__init__() not called"),
            Stage::Started(_) => return twice(),
            Stage::Prepared(preparation) => preparation,
        };
        if own.process && world.space != 0 && own_thread.runs_module() {
            return runtime(&format!(
                "An attempt has been made to start a new process before the current process has finished its \
                 bootstrapping phase: {GUARD}"
            ));
        }
        let mut target = preparation.target.clone();
        let mut arguments = preparation.arguments.clone();
        let mut keywords = preparation.keywords.clone();
        // `run` of a class of the program's own comes before the target.
        let run = world.program().names.iter().position(|name| name == "run").map(|run| NameId(run as u16));
        if let (Some(run), Some(_)) = (run, object.kind.class()) {
            let method = world.member(&Value::Object(object), run);
            if method != Value::Unset {
                (target, arguments, keywords) = (method, Vec::new(), Vec::new());
            }
        }
        let call = Call { target, arguments, keywords };
        let spawns = own.process && world.common.spawns().load(SeqCst) != 0;
        if spawns && self.hands_closed_end(&call.values(object)) {
            return Err(raised(ExceptionKind::OSError, "handle is closed").into());
        }
        // From here on nothing fails but for want of room. Another thread may have started it meanwhile.
        let mut about = own.about();
        if matches!(about.stage, Stage::Started(_)) {
            return twice();
        }
        let daemon = about.daemon || (!own.process && self.daemon);
        // Which number it has is decided here, among all that start threads at the same time.
        let Some(number) = world.common.claim_thread(daemon) else {
            return Err(Failure::Limit(format!("a program starts at most {THREADS_MAX} threads")).into());
        };
        about.stage = Stage::Started(number);
        about.daemon = daemon;
        let named = about.number;
        drop(about);
        let home = if own.process { (number, world.space) } else { world.home(self.me) };
        world.common.row(number).set_home(home);
        let volley = (self.me == 0).then(|| world.common.volley().load(SeqCst));
        if volley.is_some() {
            (self.started, self.started_in_all, self.since_start) = (self.started + 1, self.started_in_all + 1, 0);
        }
        if own.process {
            return self.start_process(object, call, number, (named, daemon, spawns), volley);
        }
        // Nobody else sets it: the number is ours.
        let _ = world.handles(number).own.set(object);
        let (thread, pause) = call.thread(world.program());
        world.busy.fetch_add(1, SeqCst);
        let job = Job { world: Arc::clone(&world), thread, pause, volley };
        if let Err(error) = self.starts.start(number, job) {
            world.busy.fetch_sub(1, SeqCst);
            return Err(Failure::Limit(format!("the system gives no thread: {error}")).into());
        }
        done(Value::None)
    }

    /// Starts a process: it gets copies of all variables, or of what it is handed.
    fn start_process(
        &mut self,
        object: Reference,
        call: Call,
        number: usize,
        (named, daemon, spawns): (u32, bool, bool),
        volley: Option<u32>,
    ) -> Attempt {
        let world = Arc::clone(self.world);
        let counted = match world.program().asks_names() {
            true => self.counted(|_| ()).inherited(named, spawns),
            false => Counted::default(),
        };
        let values = call.values(object);
        let look = |runner: &mut Self| {
            runner.inherit(number, spawns.then_some(&values));
            let variables = world.variables().iter().filter(|_| !spawns).map(|variable| world.load(variable));
            world.pack(values.iter().cloned().chain(variables).collect())
        };
        // A fork is one moment: where other threads of this process go on meanwhile, it is looked again until nothing has
        // changed from one look to the next. One that changes all the time is taken as it is at last.
        let mut values = look(self);
        for _ in 0..LOOKS_MAX {
            if world.is_alone() {
                break;
            }
            let again = look(self);
            if std::mem::replace(&mut values, again.clone()) == again {
                break;
            }
        }
        world.common.begin_process(
            number,
            &Birth {
                run: world.run,
                began_ns: world.began_ns,
                counted,
                daemon,
                volley,
                spawns,
                arguments: call.arguments.len(),
                keywords: call.keywords.iter().map(|(name, _)| *name).collect(),
                values,
            },
        );
        done(Value::None)
    }

    /// The thread that asks, or its process.
    fn current(&mut self, process: bool) -> Attempt {
        // The first thread of a process is its main thread, whatever started it.
        let asked = if process { self.world.space } else { self.me };
        let handles = self.world.handles(asked);
        let handle = handles.own.get().filter(|handle| matches!(handle.kind, ObjectKind::Process(_)) == process);
        if let Some(handle) = handle {
            let kind = if matches!(handle.kind, ObjectKind::Process(_)) {
                ObjectKind::Process(None)
            } else {
                ObjectKind::Thread(None)
            };
            return done(Value::Object(Reference { kind, ..*handle }));
        }
        // The main thread, and the main process, have no object until somebody asks for it.
        let of_process = if process { handles.main_process.get() } else { handles.main_of_process.get() };
        if let Some(handle) = of_process {
            return done(Value::Object(*handle));
        }
        let name = if process { "MainProcess" } else { "MainThread" };
        let about = About { stage: Stage::Started(asked), name: Some(Value::str(name)), ..About::default() };
        let thread = ThreadObject { process, about: Mutex::new(about), ..ThreadObject::default() };
        let id = self.add(Body::Thread(Box::new(thread)))?;
        let kind = if process { ObjectKind::Process(None) } else { ObjectKind::Thread(None) };
        let handle = Reference { kind, id };
        let handles = self.world.handles(asked);
        let place = if process { &handles.main_process } else { &handles.main_of_process };
        // Another thread may have asked at the same time.
        done(Value::Object(*place.get_or_init(|| handle)))
    }
}
