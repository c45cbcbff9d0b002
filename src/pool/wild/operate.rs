//! What each operation does to the memory of a run: the same as in the explorer, on real memory.

use super::runner::{Attempt, Done, Job, Runner, Stop, done, flag, runtime};
use super::world::{
    About, Attributes, BarrierBody, Body, Connection, Object, QueueBody, Stage, SyncBody, SyncObject, ThreadObject,
    World,
};
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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

fn locked(collection: &Mutex<Collection>) -> MutexGuard<'_, Collection> {
    collection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What locked collections hold now.
fn copies(guards: &mut BTreeMap<u32, MutexGuard<'_, Collection>>) -> BTreeMap<u32, Collection> {
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
        body: impl FnOnce(&mut BTreeMap<u32, MutexGuard<'_, Collection>>) -> T,
    ) -> T {
        let mut wanted = Vec::new();
        values.iter().for_each(|value| collections_in(value, &mut wanted));
        loop {
            wanted.sort_unstable();
            let mut guards = BTreeMap::new();
            for id in &wanted {
                if let Some(Body::Collection(collection)) = self.body(*id) {
                    guards.insert(*id, locked(collection));
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
    fn member(&self, space: usize, object: &Value, name: NameId) -> Value {
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
            match (self.load(&self.variables(space)[number]), receiver) {
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
            let mut look = |value: &Value| value.visit(&mut |object| pending.push(object.id));
            match self.body(object) {
                Some(Body::Collection(collection)) => locked(collection).values(&mut look),
                Some(Body::Instance(attributes)) => {
                    attributes.all().iter().for_each(|(_, word)| look(&self.load(word)));
                }
                Some(Body::Thread(thread)) => {
                    thread.attributes.all().iter().for_each(|(_, word)| look(&self.load(word)));
                    if let Stage::Prepared(preparation) = &thread.about().stage {
                        look(&preparation.target);
                        preparation.arguments.iter().for_each(&mut look);
                        preparation.keywords.iter().for_each(|(_, value)| look(value));
                    }
                }
                Some(Body::Sync(at)) => {
                    if let SyncBody::Queue(queue) = &at.state().body {
                        queue.items.iter().for_each(&mut look);
                    }
                }
                _ => {}
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
                done(self.world.load(&self.world.variables(self.space)[number]))
            }
            Operation::Store(variable, value) => self.store_variable(*variable, value),
            Operation::LoadMember(object, name) => done(self.world.member(self.space, object, *name)),
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
            Operation::Print(text) => {
                let mut console = self.world.console.lock().unwrap_or_else(PoisonError::into_inner);
                if console.len() + text.len() > OUTPUT_MAX {
                    let text = format!("a program prints at most {OUTPUT_MAX} bytes");
                    return Err(Failure::Limit(text).into());
                }
                console.push_str(text);
                done(Value::None)
            }
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
                Ok(Done::Value(self.copied(value, &mut BTreeMap::new())?))
            }
            Operation::Current { process } => self.current(*process),
            Operation::SetStartMethod { method, force } => {
                if self.world.start_is_said.swap(true, SeqCst) && !force {
                    let imports = self.space != 0 && thread.runs_module();
                    let help = if imports { format!(": {GUARD}") } else { String::new() };
                    return runtime(&format!("context has already been set{help}"));
                }
                self.world.spawns.store(*method == StartMethod::Spawn, SeqCst);
                done(Value::None)
            }
        }
    }

    fn keep(&mut self, value: &Value) -> Result<u64, Failure> {
        self.world.keep(value, self.me, &mut self.made)
    }

    fn store_variable(&mut self, variable: Variable, value: &Value) -> Attempt {
        let word = self.keep(value)?;
        let place = &self.world.variables(self.space)[self.world.known.variable(variable)];
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
                &world.variables(self.space)[number]
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
                true => locked(collection).write(access, nowhere)?,
                false => locked(collection).read(access, nowhere)?,
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

    fn add(&mut self, shared: bool, body: Body) -> Result<u32, Failure> {
        self.world.add(Object { shared, body }, self.me, &mut self.made)
    }

    /// Makes an object that threads wait at.
    fn add_sync(&mut self, shared: bool, body: SyncBody) -> Result<u32, Failure> {
        // Main makes the same objects, in the same order, in every run until it starts the first thread.
        let known = &self.world.known;
        let is_early = self.me == 0 && self.world.started.load(SeqCst) == 1;
        let lock = match is_early {
            true => known.locks.get(&World::next_id(self.me, &self.made)).copied(),
            false => None,
        };
        self.add(shared, Body::Sync(Box::new(SyncObject::new(lock, body))))
    }

    /// Makes an object.
    pub(super) fn make(&mut self, new: &New, shared: bool) -> Result<Value, Failure> {
        let rlock = || SyncBody::RLock { owner: None, levels: 0 };
        let collection = |collection: Collection| Body::Collection(Mutex::new(collection));
        let refer = |kind: ObjectKind, id: u32| Value::Object(Reference { kind, id });
        let (kind, body) = match new {
            New::Shared(new) => return self.make(new, true),
            New::List(items) => (ObjectKind::List, collection(Collection::List(items.clone()))),
            New::Dict(pairs) => (ObjectKind::Dict, collection(Collection::dict(pairs.iter().cloned())?)),
            New::Set(items) => (ObjectKind::Set, collection(Collection::set(items.iter().cloned())?)),
            New::SharedArray(items) => (ObjectKind::SharedArray, collection(Collection::List(items.clone()))),
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
                self.world.pipe_queues.lock().unwrap_or_else(PoisonError::into_inner).extend([one, other]);
                // The two ends are made one after the other, and each knows the other's number.
                let first = World::next_id(self.me, &self.made);
                let mut end = |incoming: Reference, outgoing: Reference, peer: u32| -> Result<Value, Failure> {
                    let end = Connection {
                        incoming,
                        outgoing,
                        peer,
                        receives: *duplex || incoming == one,
                        sends: *duplex || incoming == other,
                        holders: Mutex::new(vec![self.space]),
                    };
                    let id = self.add(true, Body::Connection(Box::new(end)))?;
                    Ok(refer(ObjectKind::Connection, id))
                };
                return Ok(Value::tuple([end(one, other, first + 1)?, end(other, one, first)?]));
            }
            New::Local => (ObjectKind::Local, Body::Local),
            New::SharedValue(value) => {
                let lock = Reference { kind: ObjectKind::RLock, id: self.add_sync(true, rlock())? };
                let word = AtomicU64::new(self.keep(value)?);
                (ObjectKind::SharedValue, Body::SharedValue { word, lock })
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
                            action: action.clone(),
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
                    let queue = (self.space, Reference { kind, id });
                    self.world.task_queues.lock().unwrap_or_else(PoisonError::into_inner).push(queue);
                }
                return Ok(refer(kind, id));
            }
        };
        Ok(refer(kind, self.add(shared, body)?))
    }

    fn prepare(&mut self, object: Reference, preparation: &Preparation) -> Attempt {
        let mut preparation = preparation.clone();
        let mut keywords = Vec::new();
        for (_, dict) in std::mem::take(&mut preparation.keywords) {
            let Value::Object(dict) = dict else { continue };
            let Some(Body::Collection(collection)) = self.world.body(dict.id) else { continue };
            let pairs = match &*locked(collection) {
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
        let spawns = self.world.spawns.load(SeqCst);
        let mut named = (None, 0);
        self.counted(|counted| named = rules::named(program, object, preparation, spawns, counted));
        named
    }

    /// Counts what this process makes that has a name.
    pub(super) fn counted(&self, count: impl FnOnce(&mut Counted)) -> Counted {
        let mut all = self.world.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(self.space).or_default();
        count(own);
        own.clone()
    }

    /// A new process has copies of all ends of pipes that its parent has: under `fork` of all, else of those that it is
    /// handed.
    fn inherit(&mut self, child: usize, handed: Option<&[Value]>) -> Result<(), Failure> {
        let world = Arc::clone(self.world);
        let pass_on = |id: u32| -> Result<(), Failure> {
            match world.body(id) {
                Some(Body::Connection(end)) => {
                    let mut holders = end.holders();
                    match holders.contains(&self.space) {
                        true => holders.push(child),
                        false if handed.is_some() => return Err(raised(ExceptionKind::OSError, "handle is closed")),
                        false => {}
                    }
                }
                Some(Body::Sync(at)) => {
                    if let SyncBody::Queue(queue) = &mut at.state().body
                        && queue.closed_by.contains(&self.space)
                    {
                        queue.closed_by.push(child);
                    }
                }
                _ => {}
            }
            Ok(())
        };
        match handed {
            Some(values) => world.reached(values).into_iter().try_for_each(pass_on),
            None => world.all_objects().into_iter().try_for_each(pass_on),
        }
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
        let mut about = own.about();
        let preparation = match &about.stage {
            Stage::Made => return runtime("thread.__init__() not called"),
            Stage::Started(_) if own.process => return runtime("cannot start a process twice"),
            Stage::Started(_) => return runtime("threads can only be started once"),
            Stage::Prepared(preparation) => Arc::clone(preparation),
        };
        if own.process && self.space != 0 && own_thread.runs_module() {
            return runtime(&format!(
                "An attempt has been made to start a new process before the current process has finished its \
                 bootstrapping phase: {GUARD}"
            ));
        }
        let too_many = || Failure::Limit(format!("a program starts at most {THREADS_MAX} threads"));
        // Which number it has is decided here, among all that start threads at the same time.
        let number = world.started.load(SeqCst) as usize;
        if number >= THREADS_MAX {
            return Err(too_many().into());
        }
        let daemon = about.daemon || (!own.process && self.daemon);
        let mut space = self.space;
        let mut target = preparation.target.clone();
        let mut arguments = preparation.arguments.clone();
        let mut keywords = preparation.keywords.clone();
        // `run` of a class of the program's own comes before the target.
        let run = world.program().names.iter().position(|name| name == "run").map(|run| NameId(run as u16));
        if let (Some(run), Some(_)) = (run, object.kind.class()) {
            let method = world.member(self.space, &Value::Object(object), run);
            if method != Value::Unset {
                (target, arguments, keywords) = (method, Vec::new(), Vec::new());
            }
        }
        let number = match self.claim_thread(daemon) {
            Some(number) => number,
            None => return Err(too_many().into()),
        };
        about.stage = Stage::Started(number);
        about.daemon = daemon;
        let named = about.number;
        drop(about);
        // Nobody else sets it: the number is ours.
        let _ = world.rows[number].handle.set(object);
        let spawns = own.process && world.spawns.load(SeqCst);
        let home = if own.process { (number, self.space) } else { world.home(self.me) };
        // Nobody else sets it either.
        let _ = world.rows[number].home.set(home);
        if own.process {
            if world.program().asks_names() {
                let counted = self.counted(|_| ()).inherited(named, spawns);
                world.counted.lock().unwrap_or_else(PoisonError::into_inner).insert(number, counted);
            }
            let mut handed: Vec<Value> = vec![Value::Object(object), target.clone()];
            handed.extend(arguments.iter().cloned().chain(keywords.iter().map(|(_, value)| value.clone())));
            self.inherit(number, spawns.then_some(&handed))?;
            let mut names = BTreeMap::new();
            let count = world.variables(self.space).len();
            let words = world.begin_space(number);
            if spawns {
                let word = self.keep(&Value::str("__mp_main__"))?;
                words[0].store(word, SeqCst);
            } else {
                for (variable, place) in words.iter().enumerate().take(count) {
                    let value = world.load(&world.variables(self.space)[variable]);
                    let copy = self.copied(&value, &mut names)?;
                    place.store(self.keep(&copy)?, SeqCst);
                }
            }
            target = self.copied(&target, &mut names)?;
            for value in &mut arguments {
                *value = self.copied(value, &mut names)?;
            }
            for (_, value) in &mut keywords {
                *value = self.copied(value, &mut names)?;
            }
            space = number;
        }
        let (mut thread, pause) = match target {
            Value::None => (Thread::idle(), Some(crate::program::thread::Pause::Ended)),
            target => Thread::calling(world.program(), &target, arguments, keywords, true),
        };
        if spawns && pause.is_none() {
            thread.import(world.program());
        }
        let volley = (self.me == 0).then(|| world.volley.load(SeqCst));
        if volley.is_some() {
            (self.started, self.started_in_all, self.since_start) = (self.started + 1, self.started_in_all + 1, 0);
        }
        world.busy.fetch_add(1, SeqCst);
        let job = Job { world: Arc::clone(&world), thread, pause, space, volley };
        if let Err(error) = self.starts.start(number, job) {
            world.busy.fetch_sub(1, SeqCst);
            return Err(Failure::Limit(format!("the system gives no thread: {error}")).into());
        }
        done(Value::None)
    }

    /// Takes the next number for a thread, whose seat counts from here on.
    fn claim_thread(&mut self, daemon: bool) -> Option<usize> {
        let world = self.world;
        let _order = world.starting.lock().unwrap_or_else(PoisonError::into_inner);
        let number = world.started.load(SeqCst) as usize;
        if number >= THREADS_MAX {
            return None;
        }
        world.rows[number].daemon.store(daemon, SeqCst);
        if !daemon {
            world.alive.fetch_add(1, SeqCst);
        }
        world.seats[number].take();
        world.started.store(number as u32 + 1, SeqCst);
        Some(number)
    }

    /// The thread that asks, or its process.
    fn current(&mut self, process: bool) -> Attempt {
        // The first thread of a process is its main thread, whatever started it.
        let asked = if process { self.space } else { self.me };
        let row = &self.world.rows[asked];
        let handle = row.handle.get().filter(|handle| matches!(handle.kind, ObjectKind::Process(_)) == process);
        if let Some(handle) = handle {
            let kind = if matches!(handle.kind, ObjectKind::Process(_)) {
                ObjectKind::Process(None)
            } else {
                ObjectKind::Thread(None)
            };
            return done(Value::Object(Reference { kind, ..*handle }));
        }
        // The main thread, and the main process, have no object until somebody asks for it.
        let of_process = row.main_of_process.get().filter(|_| !process).or(row.main_process.get().filter(|_| process));
        if let Some(handle) = of_process {
            return done(Value::Object(*handle));
        }
        let name = if process { "MainProcess" } else { "MainThread" };
        let about = About { stage: Stage::Started(asked), name: Some(Value::str(name)), ..About::default() };
        let thread = ThreadObject { process, about: Mutex::new(about), ..ThreadObject::default() };
        let id = self.add(true, Body::Thread(Box::new(thread)))?;
        let kind = if process { ObjectKind::Process(None) } else { ObjectKind::Thread(None) };
        let handle = Reference { kind, id };
        let row = &self.world.rows[asked];
        let _ = if process { row.main_process.set(handle) } else { row.main_of_process.set(handle) };
        done(Value::Object(handle))
    }

    /// A copy of a value for another process: what all processes see stays what it is.
    pub(super) fn copied(&mut self, value: &Value, names: &mut BTreeMap<u32, u32>) -> Result<Value, Failure> {
        if !value.refers() {
            return Ok(value.clone());
        }
        let mut found = Vec::new();
        value.visit(&mut |object| found.push(object));
        for object in found {
            self.copy_object(object, names)?;
        }
        let mut rename =
            |object: Reference| Reference { id: names.get(&object.id).copied().unwrap_or(object.id), ..object };
        Ok(value.renamed(&mut rename))
    }

    /// Makes a copy of an object, unless it is one that all processes see, or was copied already. What it refers to is
    /// copied too; an object that refers to itself gets its copy's number before that.
    fn copy_object(&mut self, object: Reference, names: &mut BTreeMap<u32, u32>) -> Result<(), Failure> {
        let world = Arc::clone(self.world);
        let Some(original) = world.object(object.id) else { return Ok(()) };
        if names.contains_key(&object.id) {
            return Ok(());
        }
        let stays = match &original.body {
            Body::Connection(_) | Body::SharedValue { .. } => true,
            Body::Thread(thread) => matches!(thread.about().stage, Stage::Started(_)),
            _ => false,
        };
        if original.shared || stays {
            names.insert(object.id, object.id);
            return Ok(());
        }
        match &original.body {
            Body::Collection(collection) => {
                // The number first: what lies in it may refer back to it.
                let id = self.add(false, Body::Collection(Mutex::new(Collection::List(Vec::new()))))?;
                names.insert(object.id, id);
                let mut copy = locked(collection).clone();
                match &mut copy {
                    Collection::List(items) | Collection::Set(items) => {
                        for item in items {
                            *item = self.copied(item, names)?;
                        }
                    }
                    Collection::Dict(pairs) => {
                        for (key, value) in pairs {
                            *key = self.copied(key, names)?;
                            *value = self.copied(value, names)?;
                        }
                    }
                    Collection::Iterator(Some(iteration)) => {
                        let whole = self.copied(&Value::Iterator(Box::new(iteration.clone())), names)?;
                        if let Value::Iterator(copy) = whole {
                            *iteration = (*copy).clone();
                        }
                    }
                    Collection::Iterator(None) => {}
                }
                if let Some(Body::Collection(place)) = world.body(id) {
                    *locked(place) = copy;
                }
            }
            Body::Instance(attributes) => {
                let id = self.add(false, Body::Instance(Attributes::default()))?;
                names.insert(object.id, id);
                self.copy_attributes(attributes, id, names)?;
            }
            Body::Thread(thread) => {
                let about = thread.about().clone();
                let copy = ThreadObject { process: thread.process, ..ThreadObject::default() };
                let id = self.add(false, Body::Thread(Box::new(copy)))?;
                names.insert(object.id, id);
                self.copy_attributes(&thread.attributes, id, names)?;
                let stage = match about.stage {
                    Stage::Prepared(preparation) => {
                        let mut preparation = (*preparation).clone();
                        preparation.target = self.copied(&preparation.target, names)?;
                        for value in &mut preparation.arguments {
                            *value = self.copied(value, names)?;
                        }
                        for (_, value) in &mut preparation.keywords {
                            *value = self.copied(value, names)?;
                        }
                        Stage::Prepared(Arc::new(preparation))
                    }
                    stage => stage,
                };
                if let Some(Body::Thread(thread)) = world.body(id) {
                    *thread.about() = About { stage, ..about };
                }
            }
            Body::Sync(sync) => {
                let mut body = sync.state().body.clone();
                match &mut body {
                    SyncBody::Condition { lock, .. } => {
                        self.copy_object(*lock, names)?;
                        lock.id = names.get(&lock.id).copied().unwrap_or(lock.id);
                    }
                    SyncBody::Queue(queue) => {
                        for item in &mut queue.items {
                            *item = self.copied(item, names)?;
                        }
                    }
                    SyncBody::Future(Some((_, value))) => *value = self.copied(value, names)?,
                    _ => {}
                }
                let id = self.add(false, Body::Sync(Box::new(SyncObject::new(None, body))))?;
                names.insert(object.id, id);
            }
            Body::Atomic(word) => {
                let copy = self.copied(&world.value_of(word.load(SeqCst)), names)?;
                let word = AtomicU64::new(self.keep(&copy)?);
                let id = self.add(false, Body::Atomic(word))?;
                names.insert(object.id, id);
            }
            Body::Local | Body::Connection(_) | Body::SharedValue { .. } => {
                let id = self.add(false, Body::Local)?;
                names.insert(object.id, id);
            }
        }
        Ok(())
    }

    fn copy_attributes(&mut self, from: &Attributes, to: u32, names: &mut BTreeMap<u32, u32>) -> Result<(), Failure> {
        let world = Arc::clone(self.world);
        for (name, word) in from.all() {
            let copy = self.copied(&world.load(word), names)?;
            let word = self.keep(&copy)?;
            let kind = ObjectKind::Local;
            if let Some(attributes) = world.attributes(Reference { kind, id: to }) {
                attributes.word(name).store(word, SeqCst);
            }
        }
        Ok(())
    }
}

impl ThreadObject {
    pub(super) fn about(&self) -> MutexGuard<'_, About> {
        self.about.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueBody {
    fn new(capacity: Option<i64>, kind: QueueKind) -> QueueBody {
        QueueBody {
            items: std::collections::VecDeque::new(),
            capacity,
            kind,
            unfinished: 0,
            closed: false,
            is_over: false,
            closed_by: Vec::new(),
        }
    }
}
