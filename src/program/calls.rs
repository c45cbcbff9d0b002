//! Calls: of the program's functions and classes, and of the library's.

use std::sync::Arc;

use super::code::{Base, ClassId, NameId, Program};
use super::collection::{Access, Collection, Failure, Nowhere, raised, sorted};
use super::iterate::{Step, advance, fixed_items, iteration};
use super::library::{Builtin, ExceptionKind};
use super::operation::{New, Operation, Patience, Preparation, QueueKind, StartMethod, Sync};
use super::thread::{Expect, FRAMES_MAX, Flow, Outcome, Then, Thread};
use super::value::{Exception, ExceptionClass, Iteration, Method, ObjectKind, Reference, Value, View};
use super::{arithmetic, text};

/// The arguments of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Bound {
    pub(super) positional: Vec<Value>,
    pub(super) keywords: Vec<(NameId, Value)>,
}

/// What is to be made of the items of something that can be iterated over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Collect {
    /// Exactly so many values for as many targets.
    Unpack(usize),
    List,
    Tuple,
    Set,
    /// A dict of pairs.
    /// A dict of pairs, and of these.
    Dict(Vec<(Value, Value)>),
    Sorted(bool),
    /// The largest where true, else the smallest; this one where there is none.
    Best(bool, Option<Value>),
    Sum(Value),
    /// One of them.
    Choice,
    /// `left + right` of lists: the left one's items, the right one is next.
    AddFirst(Value),
    AddSecond(Vec<Value>),
    /// A list so many times.
    Repeat(i64),
    /// Into a collection; then this is the value.
    Into(Reference, Into, Value),
    /// In place of a slice of a list or shared array.
    Slice(Reference, Value),
    /// Into a dict, and these pairs after them.
    Update(Reference, Vec<(Value, Value)>),
    /// A set and others: the set's items, and the others are next, one by one.
    SetFirst(SetOperation, Vec<Value>),
    SetSecond(SetOperation, Vec<Value>, Vec<Value>),
    /// Futures, whose results are to come in this order.
    Results,
    /// Futures, which are to come in the order of their ends.
    AsCompleted,
    /// Initial values of a shared array.
    Array,
}

/// What is done with items that go into a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Into {
    Extend,
    AddAll,
}

/// What is made of a set and something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SetOperation {
    Union,
    Intersection,
    Difference,
    SymmetricDifference,
    IsSubset,
    IsSuperset,
    IsDisjoint,
}

impl Bound {
    pub(super) fn values(&self, visit: &mut dyn FnMut(&Value)) {
        self.positional.iter().for_each(&mut *visit);
        self.keywords.iter().for_each(|(_, value)| visit(value));
    }

    pub(super) fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Bound {
        Bound {
            positional: self.positional.iter().map(|value| value.renamed(rename)).collect(),
            keywords: self.keywords.iter().map(|(name, value)| (*name, value.renamed(rename))).collect(),
        }
    }
}

impl Collect {
    pub(super) fn values(&self, visit: &mut dyn FnMut(&Value)) {
        match self {
            Collect::Sum(value) | Collect::AddFirst(value) | Collect::Best(_, Some(value)) => visit(value),
            Collect::Dict(pairs) => pairs.iter().for_each(|(_, value)| visit(value)),
            Collect::Update(target, pairs) => {
                visit(&Value::Object(*target));
                pairs.iter().for_each(|(_, value)| visit(value));
            }
            Collect::Into(target, _, value) => {
                visit(&Value::Object(*target));
                visit(value);
            }
            Collect::Slice(target, _) => visit(&Value::Object(*target)),
            Collect::AddSecond(items) | Collect::SetFirst(_, items) => items.iter().for_each(visit),
            Collect::SetSecond(_, items, others) => items.iter().chain(others).for_each(visit),
            _ => {}
        }
    }

    pub(super) fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Collect {
        // Keys of these are names of arguments: strings.
        let pairs = |pairs: &[(Value, Value)], rename: &mut dyn FnMut(Reference) -> Reference| {
            pairs.iter().map(|(name, value)| (name.clone(), value.renamed(rename))).collect()
        };
        match self {
            Collect::Sum(value) => Collect::Sum(value.renamed(rename)),
            Collect::Best(largest, Some(value)) => Collect::Best(*largest, Some(value.renamed(rename))),
            Collect::Dict(named) => Collect::Dict(pairs(named, rename)),
            Collect::Update(target, named) => Collect::Update(rename(*target), pairs(named, rename)),
            Collect::AddFirst(value) => Collect::AddFirst(value.renamed(rename)),
            Collect::Into(target, into, value) => Collect::Into(rename(*target), *into, value.renamed(rename)),
            Collect::Slice(target, slice) => Collect::Slice(rename(*target), slice.clone()),
            Collect::AddSecond(items) => Collect::AddSecond(items.iter().map(|item| item.renamed(rename)).collect()),
            Collect::SetFirst(operation, others) => {
                Collect::SetFirst(*operation, others.iter().map(|item| item.renamed(rename)).collect())
            }
            Collect::SetSecond(operation, items, others) => Collect::SetSecond(
                *operation,
                items.iter().map(|item| item.renamed(rename)).collect(),
                others.iter().map(|item| item.renamed(rename)).collect(),
            ),
            other => other.clone(),
        }
    }
}

/// Whether a class is one of exceptions.
pub(super) fn is_exception(program: &Program, class: ClassId) -> bool {
    matches!(program.root(class), Base::Exception(_))
}

/// Whether an exception of this class is caught by `except` with that value.
pub(super) fn matches(program: &Program, class: ExceptionClass, by: &Value) -> Result<bool, Failure> {
    match by {
        Value::Tuple(classes) => {
            for by in classes.iter() {
                if matches(program, class, by)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Value::ExceptionClass(kind) => Ok(match class {
            ExceptionClass::Python(own) => own.is(*kind),
            ExceptionClass::Program(own) => match program.root(own) {
                Base::Exception(base) => base.is(*kind),
                _ => false,
            },
        }),
        Value::Class(wanted) if is_exception(program, *wanted) => {
            let ExceptionClass::Program(mut own) = class else { return Ok(false) };
            loop {
                match program.classes[own.index()].base {
                    _ if own == *wanted => return Ok(true),
                    Base::Class(base) => own = base,
                    _ => return Ok(false),
                }
            }
        }
        _ => {
            let text = "catching classes that do not inherit from BaseException is not allowed";
            Err(raised(ExceptionKind::TypeError, text))
        }
    }
}

/// The keyword of that name.
///
/// # Errors
/// It is no string, or the text nowhere has it as the name of anything.
pub fn keyword(program: &Program, name: &Value) -> Result<NameId, Failure> {
    let Value::Str(name) = name else { return Err(raised(ExceptionKind::TypeError, "keywords must be strings")) };
    let known = program.names.iter().position(|known| **known == **name);
    let unknown = || Failure::Limit(format!("the keyword `{name}` is no parameter of any function here"));
    known.map(|at| NameId(at as u16)).ok_or_else(unknown)
}

/// Keywords as the prelude hands them on: a tuple of (name, value).
pub(super) fn keywords_of(program: &Program, pairs: &Value) -> Result<Vec<(NameId, Value)>, Failure> {
    let Value::Tuple(pairs) = pairs else { return Ok(Vec::new()) };
    let pair = |pair: &Value| match pair {
        Value::Tuple(pair) => Some(keyword(program, &pair[0]).map(|name| (name, pair[1].clone()))),
        _ => None,
    };
    pairs.iter().filter_map(pair).collect()
}

/// What `Thread.__init__` does: takes its arguments, and then this is the value.
pub(super) fn prepare(program: &Program, thread: Reference, bound: Bound, value: Value) -> Outcome {
    let mut arguments = Arguments::new(program, thread.kind.type_name(), bound);
    let group = arguments.take("group");
    if !matches!(group, None | Some(Value::None)) {
        return Err(raised(ExceptionKind::AssertionError, "group argument must be None for now"));
    }
    let target = arguments.take("target").unwrap_or(Value::None);
    let name = arguments.take("name").filter(|name| *name != Value::None);
    let positional = arguments.take("args").unwrap_or(Value::Tuple([].into()));
    let keywords = arguments.take("kwargs").unwrap_or(Value::None);
    let daemon = arguments.take("daemon").filter(|daemon| *daemon != Value::None);
    arguments.end()?;
    let Value::Tuple(positional) = positional else {
        return Err(match positional {
            Value::Object(_) => {
                Failure::Limit("`args=` must be a tuple here: write `args=(1, 2)`, or `args=(1,)`".into())
            }
            other => {
                let text = format!("Value after * must be an iterable, not {}", other.type_name());
                raised(ExceptionKind::TypeError, text)
            }
        });
    };
    let preparation = Preparation {
        target,
        arguments: positional.to_vec(),
        keywords: Vec::new(),
        name,
        daemon: daemon.map(|daemon| daemon.truth().unwrap_or(true)),
    };
    match keywords {
        Value::None => Ok(Flow::Do(Operation::Prepare(thread, Box::new(preparation)), Expect::Give(value))),
        // The world knows what the dict holds.
        keywords => {
            let preparation = Preparation { keywords: vec![(NameId(u16::MAX), keywords)], ..preparation };
            Ok(Flow::Do(Operation::Prepare(thread, Box::new(preparation)), Expect::Give(value)))
        }
    }
}

/// Keys and values.
type Pairs = Vec<(Value, Value)>;

/// The arguments of a call into the library, taken one by one in the order of its parameters.
struct Arguments<'a> {
    program: &'a Program,
    callee: &'a str,
    positional: std::vec::IntoIter<Value>,
    keywords: Vec<(NameId, Value)>,
    twice: Option<String>,
}

impl<'a> Arguments<'a> {
    fn new(program: &'a Program, callee: &'a str, bound: Bound) -> Arguments<'a> {
        let Bound { positional, keywords } = bound;
        Arguments { program, callee, positional: positional.into_iter(), keywords, twice: None }
    }

    /// The next parameter, which has this name.
    fn take(&mut self, name: &str) -> Option<Value> {
        let named = self.named(name);
        match (self.positional.next(), named) {
            (Some(_), Some(_)) => {
                self.twice = Some(name.into());
                None
            }
            (first, second) => first.or(second),
        }
    }

    /// A parameter that can only be given by name.
    fn named(&mut self, name: &str) -> Option<Value> {
        let at = self.keywords.iter().position(|(id, _)| self.program.names[id.index()] == name)?;
        Some(self.keywords.remove(at).1)
    }

    fn require(&mut self, name: &str) -> Result<Value, Failure> {
        self.take(name).ok_or_else(|| {
            let text = format!("{}() missing required argument '{name}'", self.callee);
            raised(ExceptionKind::TypeError, text)
        })
    }

    fn int(&mut self, name: &str, default: i64) -> Result<i64, Failure> {
        match self.take(name) {
            None => Ok(default),
            Some(value) => value.as_int().ok_or_else(|| {
                let text = format!("'{}' object cannot be interpreted as an integer", value.type_name());
                raised(ExceptionKind::TypeError, text)
            }),
        }
    }

    /// `timeout=None`: how long to wait.
    fn patience(&mut self) -> Patience {
        match self.take("timeout") {
            None | Some(Value::None) => Patience::Forever,
            Some(Value::Int(..=0)) => Patience::Not,
            Some(_) => Patience::Timed,
        }
    }

    /// One argument by position at most, and all keywords: what a dict is made of.
    fn mapping(mut self) -> Result<(Option<Value>, Pairs), Failure> {
        let given = self.positional.len();
        if given > 1 {
            let text = format!("{} expected at most 1 argument, got {given}", self.callee);
            return Err(raised(ExceptionKind::TypeError, text));
        }
        let named = std::mem::take(&mut self.keywords).into_iter();
        let named = named.map(|(name, value)| (Value::str(&self.program.names[name.index()]), value)).collect();
        Ok((self.positional.next(), named))
    }

    /// `blocking=True, timeout=-1`, as locks have it; `block` between processes.
    fn patience_of_lock(&mut self, kind: ObjectKind) -> Patience {
        let blocks = self.named("block").or_else(|| self.take("blocking"));
        let blocks = blocks.and_then(|blocks| blocks.truth()).unwrap_or(true);
        let counts = kind == ObjectKind::Semaphore;
        match (blocks, self.take("timeout")) {
            (true, None | Some(Value::None)) => Patience::Forever,
            (true, Some(Value::Int(-1))) if !counts => Patience::Forever,
            (true, Some(Value::Int(..0))) if !counts => Patience::Negative,
            (false, None | Some(Value::None)) => Patience::Not,
            (false, Some(Value::Int(-1))) if !counts => Patience::Not,
            (false, Some(_)) => Patience::Contrary,
            (true, Some(Value::Int(..=0))) => Patience::Not,
            (true, Some(_)) => Patience::Timed,
        }
    }

    /// `block=True, timeout=None`, as queues have it.
    fn patience_of_queue(&mut self) -> Patience {
        let blocks = self.take("block").and_then(|blocks| blocks.truth()).unwrap_or(true);
        match (blocks, self.take("timeout")) {
            (false, _) => Patience::Not,
            (true, None | Some(Value::None)) => Patience::Forever,
            (true, Some(Value::Int(..0))) => Patience::Negative,
            (true, Some(Value::Int(0))) => Patience::Not,
            (true, Some(_)) => Patience::Timed,
        }
    }

    /// There may be no more.
    fn end(mut self) -> Result<(), Failure> {
        let callee = self.callee;
        let text = if let Some(name) = &self.twice {
            format!("{callee}() got multiple values for argument '{name}'")
        } else if self.positional.next().is_some() {
            format!("{callee}() takes fewer positional arguments")
        } else if let Some((name, _)) = self.keywords.first() {
            format!("{callee}() got an unexpected keyword argument '{}'", self.program.names[name.index()])
        } else {
            return Ok(());
        };
        Err(raised(ExceptionKind::TypeError, text))
    }
}

impl Thread {
    /// Calls something.
    pub(super) fn call(&mut self, program: &Program, callee: &Value, bound: Bound, then: Then) -> Outcome {
        match callee {
            Value::Function(function, defaults) => {
                if self.frames.len() >= FRAMES_MAX {
                    return Err(Failure::Limit(format!("more than {FRAMES_MAX} calls within calls")));
                }
                let locals = bind(program, *function, defaults, bound)?;
                self.enter(program, *function, locals, then);
                Ok(Flow::Stay)
            }
            Value::Method(method) => match &**method {
                Method::Function { receiver, function, defaults } => {
                    let mut bound = bound;
                    bound.positional.insert(0, receiver.clone());
                    let callee = Value::Function(*function, defaults.clone());
                    self.call(program, &callee, bound, then)
                }
                Method::Library { object, name } => {
                    let name = program.names[name.index()].as_str();
                    self.call_method(program, *object, name, bound)
                }
                Method::BaseInit(object) if object.kind.is_thread() => prepare(program, *object, bound, Value::None),
                Method::BaseInit(_) => {
                    Arguments::new(program, "object.__init__", bound).end()?;
                    self.push(Value::None);
                    Ok(Flow::Next)
                }
            },
            Value::Class(class) => match program.root(*class) {
                Base::Exception(_) => Ok(self.exception(ExceptionClass::Program(*class), bound)),
                Base::Thread => {
                    let new = New::Thread { process: false, class: Some(*class) };
                    Ok(Flow::Do(Operation::New(new), Expect::Construct(Box::new(bound))))
                }
                Base::Process => {
                    let new = New::Thread { process: true, class: Some(*class) };
                    Ok(Flow::Do(Operation::New(new), Expect::Construct(Box::new(bound))))
                }
                Base::Object | Base::Class(_) => {
                    Ok(Flow::Do(Operation::New(New::Instance(*class)), Expect::Construct(Box::new(bound))))
                }
            },
            Value::ExceptionClass(kind) => Ok(self.exception(ExceptionClass::Python(*kind), bound)),
            Value::Builtin(builtin) => {
                if let Some((_, stand_in)) = program.prelude.iter().find(|(own, _)| own == builtin) {
                    return self.call(program, &super::members::constant(stand_in), bound, then);
                }
                self.call_builtin(program, *builtin, bound)
            }
            other => {
                let name = text::type_name(program, other);
                Err(raised(ExceptionKind::TypeError, format!("'{name}' object is not callable")))
            }
        }
    }

    /// What calls a function for each item, and is itself written in the subset.
    fn by_key(&mut self, program: &Program, builtin: Builtin, positional: Vec<Value>) -> Outcome {
        let Some((_, stand_in)) = program.prelude.iter().find(|(own, _)| *own == builtin) else {
            return Err(Failure::Limit("`key=` is not in the subset here: call the function yourself".into()));
        };
        let bound = Bound { positional, keywords: Vec::new() };
        self.call(program, &super::members::constant(stand_in), bound, Then::Push)
    }

    fn exception(&mut self, class: ExceptionClass, bound: Bound) -> Flow {
        let exception = Exception { class, arguments: bound.positional, line: 0, made: Some(self.site()) };
        self.push(Value::Exception(Arc::new(exception)));
        Flow::Next
    }

    fn value(&mut self, value: Value) -> Outcome {
        self.push(value);
        Ok(Flow::Next)
    }

    /// Takes all items out of something and makes something of them.
    pub(super) fn collect(&mut self, program: &Program, from: Value, collect: Collect) -> Outcome {
        if let (Collect::Unpack(_), Err(Failure::Raised(..))) = (&collect, iteration(program, &from)) {
            let text = format!("cannot unpack non-iterable {} object", text::type_name(program, &from));
            return Err(raised(ExceptionKind::TypeError, text));
        }
        if let Some(items) = if from.container().is_some() { None } else { fixed_items(program, &from)? } {
            return self.collected(program, Value::Tuple(items), collect);
        }
        match from.container() {
            Some(object) => {
                let is_dict = matches!(from, Value::Object(Reference { kind: ObjectKind::Dict, .. }));
                let pairs = is_dict && matches!(collect, Collect::Dict(_) | Collect::Update(..));
                let access = Access::Snapshot(if pairs { View::Items } else { from.view() });
                Ok(Flow::Do(Operation::Access(object, access), Expect::Collected(Box::new(collect))))
            }
            None => {
                let mut iterator = iteration(program, &from)?;
                let step = advance(&mut iterator);
                self.drained(program, iterator, Vec::new(), step, collect)
            }
        }
    }

    /// Goes on emptying an iteration.
    pub(super) fn drained(
        &mut self,
        program: &Program,
        mut iterator: Iteration,
        mut items: Vec<Value>,
        mut step: Step,
        collect: Collect,
    ) -> Outcome {
        loop {
            match step {
                Step::Value(value) => items.push(value),
                Step::End => return self.collected(program, Value::tuple(items), collect),
                Step::Need(operation) => {
                    return Ok(Flow::Do(operation, Expect::Drain(Box::new(iterator), items, Box::new(collect))));
                }
            }
            if items.len() > super::collection::ITEMS_MAX {
                let text = format!("a list, dict or set holds at most {} items", super::collection::ITEMS_MAX);
                return Err(Failure::Limit(text));
            }
            step = advance(&mut iterator);
        }
    }

    /// All items are there, in a tuple.
    pub(super) fn collected(&mut self, program: &Program, items: Value, collect: Collect) -> Outcome {
        let Value::Tuple(items) = items else { return self.value(items) };
        let new = |new: New| Ok(Flow::Do(Operation::New(new), Expect::Push));
        match collect {
            Collect::Unpack(count) if items.len() == count => {
                self.top().stack.extend(items.iter().rev().cloned());
                Ok(Flow::Next)
            }
            Collect::Unpack(count) => {
                let text = match items.len() > count {
                    true => format!("too many values to unpack (expected {count})"),
                    false => format!("not enough values to unpack (expected {count}, got {})", items.len()),
                };
                Err(raised(ExceptionKind::ValueError, text))
            }
            Collect::List => new(New::List(items.to_vec())),
            Collect::Tuple => self.value(Value::Tuple(items)),
            Collect::Set => new(New::Set(items.to_vec())),
            Collect::Array => {
                let items = items.iter().map(shared_number).collect::<Result<_, _>>()?;
                new(New::Shared(Box::new(New::SharedArray(items))))
            }
            Collect::Dict(named) => new(New::Dict([pairs(program, &items)?, named].concat())),
            Collect::Sorted(reverse) => new(New::List(sorted(plain(&items)?, reverse, &Nowhere(program))?)),
            Collect::Best(largest, default) => match (best(program, plain(&items)?, largest)?, default) {
                (Some(at), _) => self.value(items[at].clone()),
                (None, Some(default)) => self.value(default),
                (None, None) => {
                    let name = if largest { "max" } else { "min" };
                    Err(raised(ExceptionKind::ValueError, format!("{name}() arg is an empty sequence")))
                }
            },
            Collect::Sum(start) => {
                let mut total = start;
                for item in items.iter() {
                    if total.container().is_some() && total.type_name() == item.type_name() {
                        let text = "a sum of lists is not in the subset: extend a list in a loop";
                        return Err(Failure::Limit(text.into()));
                    }
                    total = arithmetic::binary(program, super::code::Binary::Add, &total, item)?;
                }
                self.value(total)
            }
            Collect::Choice => match items.is_empty() {
                true => Err(raised(ExceptionKind::IndexError, "Cannot choose from an empty sequence")),
                false => Ok(Flow::Do(Operation::Choose(items), Expect::Push)),
            },
            Collect::AddFirst(right) => self.collect(program, right, Collect::AddSecond(items.to_vec())),
            Collect::AddSecond(left) => new(New::List(left.iter().chain(items.iter()).cloned().collect())),
            Collect::Repeat(times) => {
                let times = usize::try_from(times).unwrap_or(0);
                match times.saturating_mul(items.len()) <= super::collection::ITEMS_MAX {
                    true => new(New::List(super::collection::repeated(&items, times))),
                    false => {
                        let text = format!("a list, dict or set holds at most {} items", super::collection::ITEMS_MAX);
                        Err(Failure::Limit(text))
                    }
                }
            }
            Collect::Into(target, into, value) => {
                let access = match into {
                    Into::Extend => Access::Extend(items),
                    Into::AddAll => Access::AddAll(items),
                };
                Ok(Flow::Do(Operation::Access(target, access), Expect::Give(value)))
            }
            Collect::Update(target, named) => {
                let all = pairs(program, &items)?.into_iter().chain(named);
                let access = Access::Update(all.map(|(key, value)| Value::tuple([key, value])).collect());
                Ok(Flow::Do(Operation::Access(target, access), Expect::Push))
            }
            Collect::Slice(target, slice) => {
                let access = match slice {
                    Value::Slice(slice) if target.kind == ObjectKind::SharedArray => Access::Fill(slice, items),
                    slice => Access::SetItem(slice, Value::Tuple(items)),
                };
                Ok(Flow::Do(Operation::Access(target, access), Expect::Drop))
            }
            Collect::SetFirst(operation, mut others) => match others.is_empty() {
                true => new(New::Set(items.to_vec())),
                false => {
                    let first = others.remove(0);
                    self.collect(program, first, Collect::SetSecond(operation, items.to_vec(), others))
                }
            },
            Collect::SetSecond(operation, own, mut others) => {
                let other = Collection::set(items.iter().cloned())?.items();
                let within = |item: &Value, items: &[Value]| items.iter().any(|other| other.equals(item));
                let only = |items: &[Value], others: &[Value], wanted: bool| -> Vec<Value> {
                    items.iter().filter(|item| within(item, others) == wanted).cloned().collect()
                };
                let result = match operation {
                    SetOperation::IsSubset => return self.value(Value::Bool(only(&own, &other, false).is_empty())),
                    SetOperation::IsSuperset => return self.value(Value::Bool(only(&other, &own, false).is_empty())),
                    SetOperation::IsDisjoint => return self.value(Value::Bool(only(&own, &other, true).is_empty())),
                    SetOperation::Union => [own, other].concat(),
                    SetOperation::Intersection => only(&own, &other, true),
                    SetOperation::Difference => only(&own, &other, false),
                    SetOperation::SymmetricDifference => {
                        [only(&own, &other, false), only(&other, &own, false)].concat()
                    }
                };
                if others.is_empty() {
                    return new(New::Set(result));
                }
                let next = others.remove(0);
                self.collect(program, next, Collect::SetSecond(operation, result, others))
            }
            Collect::Results => self.value(Value::Iterator(Box::new(Iteration::Results(items, 0)))),
            Collect::AsCompleted => {
                let future = |item: &Value| match item {
                    Value::Object(reference) if reference.kind == ObjectKind::Future => Ok(*reference),
                    other => {
                        let text = format!("'{}' object is not a future", other.type_name());
                        Err(raised(ExceptionKind::TypeError, text))
                    }
                };
                let futures = items.iter().map(future).collect::<Result<Vec<Reference>, Failure>>()?;
                self.value(Value::Iterator(Box::new(Iteration::AsCompleted(futures))))
            }
        }
    }

    /// Calls a function or a class of the library.
    fn call_builtin(&mut self, program: &Program, builtin: Builtin, bound: Bound) -> Outcome {
        super::arity::check(program, builtin.module(), builtin.name(), &bound)?;
        let mut arguments = Arguments::new(program, builtin.name(), bound);
        let shared = builtin.module() == "multiprocessing" || builtin.module() == "prelude";
        let made = |new: New| {
            let new = if shared { New::Shared(Box::new(new)) } else { new };
            Ok(Flow::Do(Operation::New(new), Expect::Push))
        };
        match builtin {
            Builtin::Print => {
                let word = |name: &str, value: Option<Value>, default: &str| match value {
                    Some(Value::Str(text)) => Ok(text),
                    None | Some(Value::None) => Ok(Arc::from(default)),
                    Some(other) => {
                        let text = format!("{name} must be None or a string, not {}", text::type_name(program, &other));
                        Err(raised(ExceptionKind::TypeError, text))
                    }
                };
                let between = word("sep", arguments.named("sep"), " ")?;
                let after = word("end", arguments.named("end"), "\n")?;
                arguments.named("flush");
                if !matches!(arguments.named("file"), None | Some(Value::None)) {
                    let text = "`file=` of `print` is not in the subset: all that is printed goes to one place";
                    return Err(Failure::Limit(text.into()));
                }
                let values: Vec<Value> = arguments.positional.by_ref().collect();
                arguments.end()?;
                if values.iter().any(Value::holds_containers) {
                    let render = Operation::Render(values.into_iter().map(|value| (value, false)).collect());
                    return Ok(Flow::Do(render, Expect::Print(between, after)));
                }
                let texts: Vec<Value> =
                    values.iter().map(|value| Value::str(text::plain(program, value, false))).collect();
                Ok(Flow::Do(Operation::Print(text::printed(&texts, &between, &after)?), Expect::Push))
            }
            Builtin::Range => {
                let first = arguments.require("start")?;
                let second = arguments.take("stop");
                let step = arguments.int("step", 1)?;
                arguments.end()?;
                let int = |value: &Value| {
                    value.as_int().ok_or_else(|| {
                        let text = format!("'{}' object cannot be interpreted as an integer", value.type_name());
                        raised(ExceptionKind::TypeError, text)
                    })
                };
                if step == 0 {
                    return Err(raised(ExceptionKind::ValueError, "range() arg 3 must not be zero"));
                }
                let (start, stop) = match &second {
                    None => (0, int(&first)?),
                    Some(stop) => (int(&first)?, int(stop)?),
                };
                self.value(Value::Range(Arc::new([start, stop, step])))
            }
            Builtin::Len => {
                let value = arguments.require("obj")?;
                arguments.end()?;
                if let Some(object) = value.container() {
                    return Ok(Flow::Do(Operation::Access(object, Access::Len), Expect::Push));
                }
                match &value {
                    Value::Str(text) => self.value(Value::Int(text.chars().count() as i64)),
                    Value::Tuple(items) => self.value(Value::Int(items.len() as i64)),
                    Value::Range(range) => self.value(Value::Int(super::value::range_len(range) as i64)),
                    _ => {
                        let text = format!("object of type '{}' has no len()", text::type_name(program, &value));
                        Err(raised(ExceptionKind::TypeError, text))
                    }
                }
            }
            Builtin::Min | Builtin::Max => {
                let largest = builtin == Builtin::Max;
                let values: Vec<Value> = arguments.positional.by_ref().collect();
                let (key, default) = (arguments.named("key"), arguments.named("default"));
                arguments.end()?;
                let items = match <[Value; 1]>::try_from(values) {
                    Ok([only]) => only,
                    Err(values) if values.is_empty() => {
                        let text = format!("{} expected at least 1 argument, got 0", builtin.name());
                        return Err(raised(ExceptionKind::TypeError, text));
                    }
                    Err(_) if default.is_some() => {
                        let name = builtin.name();
                        let text = format!("Cannot specify a default for {name}() with multiple positional arguments");
                        return Err(raised(ExceptionKind::TypeError, text));
                    }
                    Err(values) => Value::tuple(values),
                };
                match key.filter(|key| *key != Value::None) {
                    None => self.collect(program, items, Collect::Best(largest, default)),
                    Some(key) => {
                        let default = Value::tuple(default.into_iter().collect::<Vec<Value>>());
                        self.by_key(program, Builtin::BestBy, vec![items, key, Value::Bool(largest), default])
                    }
                }
            }
            Builtin::Sum => {
                let Some(items) = arguments.take("") else {
                    let text = "sum() takes at least 1 positional argument (0 given)";
                    return Err(raised(ExceptionKind::TypeError, text));
                };
                let start = arguments.take("start").unwrap_or(Value::Int(0));
                arguments.end()?;
                if let Value::Str(_) = start {
                    let text = "sum() can't sum strings [use ''.join(seq) instead]";
                    return Err(raised(ExceptionKind::TypeError, text));
                }
                self.collect(program, items, Collect::Sum(start))
            }
            Builtin::Abs => {
                let value = arguments.require("x")?;
                arguments.end()?;
                match value.as_int() {
                    Some(..0) => self.value(arithmetic::unary(program, super::code::Unary::Minus, &value)?),
                    Some(number) => self.value(Value::Int(number)),
                    None => {
                        let text = format!("bad operand type for abs(): '{}'", text::type_name(program, &value));
                        Err(raised(ExceptionKind::TypeError, text))
                    }
                }
            }
            Builtin::Sorted => {
                let (key, reverse) = (arguments.named("key"), downwards(arguments.named("reverse"))?);
                let items = arguments.take("").unwrap_or_default();
                match key.filter(|key| *key != Value::None) {
                    None => self.collect(program, items, Collect::Sorted(reverse)),
                    Some(key) => self.by_key(program, Builtin::SortedBy, vec![items, key, Value::Bool(reverse)]),
                }
            }
            Builtin::Order | Builtin::Best => {
                let mut given = || match arguments.positional.next() {
                    Some(Value::Tuple(items)) => items,
                    _ => Arc::from([]),
                };
                let (keys, items) = (given(), given());
                let flag = arguments.positional.next() == Some(Value::Bool(true));
                let keys = plain(&keys)?;
                if builtin == Builtin::Best {
                    return match best(program, keys, flag)? {
                        Some(at) => self.value(items[at].clone()),
                        None => {
                            let name = if flag { "max" } else { "min" };
                            Err(raised(ExceptionKind::ValueError, format!("{name}() arg is an empty sequence")))
                        }
                    };
                }
                let order = super::collection::sorted_positions(keys, flag, &Nowhere(program))?;
                let sorted = order.into_iter().map(|at| items[at].clone()).collect();
                Ok(Flow::Do(Operation::New(New::List(sorted)), Expect::Push))
            }
            Builtin::Enumerate => {
                let Some(items) = arguments.take("iterable") else {
                    let text = "enumerate() missing required argument 'iterable'";
                    return Err(raised(ExceptionKind::TypeError, text));
                };
                let start = arguments.int("start", 0)?;
                arguments.end()?;
                let inner = Box::new(iteration(program, &items)?);
                self.value(Value::Iterator(Box::new(Iteration::Enumerate(start, inner))))
            }
            Builtin::Zip => {
                let values: Vec<Value> = arguments.positional.by_ref().collect();
                if arguments.named("strict").is_some_and(|strict| strict.truth() != Some(false)) {
                    let text = "`strict=` of `zip` is not in the subset: compare the lengths first";
                    return Err(Failure::Limit(text.into()));
                }
                arguments.end()?;
                let parts = values
                    .iter()
                    .map(|value| iteration(program, value))
                    .collect::<Result<Vec<Iteration>, Failure>>()?;
                self.value(Value::Iterator(Box::new(Iteration::Zip(parts, Vec::new()))))
            }
            Builtin::Str => {
                let object = arguments.take("object");
                let decodes = arguments.take("encoding").is_some() || arguments.take("errors").is_some();
                arguments.end()?;
                // There are no bytes here that could be decoded.
                let value = match object {
                    Some(Value::Str(_)) if decodes => {
                        return Err(raised(ExceptionKind::TypeError, "decoding str is not supported"));
                    }
                    Some(other) if decodes => {
                        let name = text::type_name(program, &other);
                        let text = format!("decoding to str: need a bytes-like object, {name} found");
                        return Err(raised(ExceptionKind::TypeError, text));
                    }
                    object => object.unwrap_or(Value::str("")),
                };
                if value.holds_containers() {
                    let render = Operation::Render(vec![(value.clone(), false)]);
                    return Ok(Flow::Do(render, Expect::Format(value, None)));
                }
                self.value(Value::str(text::plain(program, &value, false)))
            }
            Builtin::Int => {
                let (value, base) = (arguments.take(""), arguments.take("base"));
                arguments.end()?;
                let base = match (&value, base) {
                    (_, None) => 10,
                    (None, Some(_)) => return Err(raised(ExceptionKind::TypeError, "int() missing string argument")),
                    (Some(value), Some(base)) => match (base.as_int(), value) {
                        (None, _) => {
                            let name = base.type_name();
                            let text = format!("'{name}' object cannot be interpreted as an integer");
                            return Err(raised(ExceptionKind::TypeError, text));
                        }
                        (Some(base @ (0 | 2..=36)), Value::Str(_)) => base,
                        (Some(_), Value::Str(_)) => {
                            let text = "int() base must be >= 2 and <= 36, or 0";
                            return Err(raised(ExceptionKind::ValueError, text));
                        }
                        _ => {
                            let text = "int() can't convert non-string with explicit base";
                            return Err(raised(ExceptionKind::TypeError, text));
                        }
                    },
                };
                let value = value.unwrap_or(Value::Int(0));
                match &value {
                    Value::Str(text) => self.value(Value::Int(text::integer(text, base)?)),
                    _ => match value.as_int() {
                        Some(number) => self.value(Value::Int(number)),
                        None => {
                            let name = text::type_name(program, &value);
                            let text = format!(
                                "int() argument must be a string, a bytes-like object or a real number, not '{name}'"
                            );
                            Err(raised(ExceptionKind::TypeError, text))
                        }
                    },
                }
            }
            Builtin::Bool => {
                let value = arguments.take("x").unwrap_or(Value::Bool(false));
                arguments.end()?;
                match (value.truth(), value.container()) {
                    (None, Some(object)) => Ok(Flow::Do(Operation::Access(object, Access::Truth), Expect::Push)),
                    (truth, _) => self.value(Value::Bool(truth.unwrap_or(true))),
                }
            }
            Builtin::List | Builtin::Tuple | Builtin::Set | Builtin::Dict => {
                let (items, named) = match builtin {
                    Builtin::Dict => arguments.mapping()?,
                    _ => (arguments.take(""), Vec::new()),
                };
                let items = items.unwrap_or(Value::Tuple([].into()));
                let collect = match builtin {
                    Builtin::List => Collect::List,
                    Builtin::Tuple => Collect::Tuple,
                    Builtin::Set => Collect::Set,
                    _ => Collect::Dict(named),
                };
                self.collect(program, items, collect)
            }
            Builtin::Thread | Builtin::Process => {
                let new = New::Thread { process: builtin == Builtin::Process, class: None };
                let positional = arguments.positional.collect::<Vec<Value>>();
                // `threading.Thread.__init__(self, …)` in a class of the program's own.
                if let Some(Value::Object(object)) = positional.first()
                    && object.kind.is_thread()
                {
                    let bound = Bound { positional: positional[1..].to_vec(), keywords: arguments.keywords };
                    return prepare(program, *object, bound, Value::None);
                }
                let bound = Bound { positional, keywords: arguments.keywords };
                Ok(Flow::Do(Operation::New(new), Expect::Construct(Box::new(bound))))
            }
            Builtin::Lock | Builtin::ProcessLock => {
                arguments.end()?;
                made(New::Lock)
            }
            Builtin::RLock | Builtin::ProcessRLock => {
                arguments.end()?;
                made(New::RLock)
            }
            Builtin::Semaphore
            | Builtin::BoundedSemaphore
            | Builtin::ProcessSemaphore
            | Builtin::ProcessBoundedSemaphore => {
                let value = arguments.int("value", 1)?;
                arguments.end()?;
                if value < 0 {
                    return Err(raised(ExceptionKind::ValueError, "semaphore initial value must be >= 0"));
                }
                let bounded = matches!(builtin, Builtin::BoundedSemaphore | Builtin::ProcessBoundedSemaphore);
                made(New::Semaphore { value, bounded })
            }
            Builtin::Condition | Builtin::ProcessCondition => {
                let lock = arguments.take("lock").filter(|lock| *lock != Value::None);
                arguments.end()?;
                match lock {
                    None => made(New::Condition(None)),
                    Some(Value::Object(lock)) if matches!(lock.kind, ObjectKind::Lock | ObjectKind::RLock) => {
                        made(New::Condition(Some(lock)))
                    }
                    Some(other) => {
                        let text = format!("'{}' object has no attribute 'acquire'", other.type_name());
                        Err(raised(ExceptionKind::AttributeError, text))
                    }
                }
            }
            Builtin::Event | Builtin::ProcessEvent => {
                arguments.end()?;
                made(New::Event)
            }
            Builtin::Barrier | Builtin::ProcessBarrier => {
                let parties = arguments.require("parties")?;
                let action = arguments.take("action").unwrap_or(Value::None);
                let timed = arguments.take("timeout").is_some_and(|timeout| timeout != Value::None);
                arguments.end()?;
                if shared && action.refers() {
                    return Err(Failure::Limit(
                        "an action that belongs to an object, of a barrier between processes: use a function".into(),
                    ));
                }
                let Some(parties) = parties.as_int() else {
                    let text = format!("'<' not supported between instances of '{}' and 'int'", parties.type_name());
                    return Err(raised(ExceptionKind::TypeError, text));
                };
                match parties {
                    1.. => made(New::Barrier { parties, action, timed }),
                    _ => Err(raised(ExceptionKind::ValueError, "parties must be > 0")),
                }
            }
            Builtin::ThreadLocal => {
                arguments.end()?;
                made(New::Local)
            }
            Builtin::CurrentThread | Builtin::CurrentProcess => {
                arguments.end()?;
                let process = builtin == Builtin::CurrentProcess;
                Ok(Flow::Do(Operation::Current { process }, Expect::Push))
            }
            Builtin::Queue | Builtin::LifoQueue | Builtin::ProcessQueue => {
                let capacity = arguments.int("maxsize", 0)?;
                arguments.end()?;
                let kind = match builtin {
                    Builtin::LifoQueue => QueueKind::Lifo,
                    Builtin::ProcessQueue => QueueKind::Processes,
                    _ => QueueKind::Fifo,
                };
                made(New::Queue { capacity: (capacity > 0).then_some(capacity), kind })
            }
            Builtin::TaskQueue => {
                let ends_with_main = arguments.take("ends_with_main") == Some(Value::Bool(true));
                arguments.end()?;
                made(New::Queue { capacity: None, kind: QueueKind::Tasks { ends_with_main } })
            }
            Builtin::SharedValue | Builtin::SharedArray => {
                shared_type(&arguments.require("typecode_or_type")?)?;
                let initial = arguments.take("args").unwrap_or(Value::Int(0));
                arguments.named("lock");
                arguments.end()?;
                match (builtin, &initial) {
                    (Builtin::SharedValue, _) => made(New::SharedValue(shared_number(&initial)?)),
                    (_, Value::Int(count @ 0..)) => {
                        let count = usize::try_from(*count).unwrap_or(usize::MAX);
                        match count <= super::collection::ITEMS_MAX {
                            true => made(New::SharedArray(vec![Value::Int(0); count])),
                            false => Err(Failure::Limit(format!(
                                "an array holds at most {} items",
                                super::collection::ITEMS_MAX
                            ))),
                        }
                    }
                    _ => self.collect(program, initial, Collect::Array),
                }
            }
            Builtin::Pipe => {
                let duplex = arguments.take("duplex").and_then(|duplex| duplex.truth()).unwrap_or(true);
                arguments.end()?;
                made(New::Pipe { duplex })
            }
            Builtin::SetStartMethod => {
                let method = arguments.require("method")?;
                let force = arguments.take("force").is_some_and(|force| force.truth() == Some(true));
                arguments.end()?;
                let method = match &method {
                    Value::Str(text) if **text == *"fork" => StartMethod::Fork,
                    Value::Str(text) if matches!(&**text, "spawn" | "forkserver") => StartMethod::Spawn,
                    _ => {
                        let text = format!("cannot find context for {}", text::plain(program, &method, true));
                        return Err(raised(ExceptionKind::ValueError, text));
                    }
                };
                Ok(Flow::Do(Operation::SetStartMethod { method, force }, Expect::Push))
            }
            Builtin::Sleep => {
                let seconds = arguments.require("seconds")?;
                arguments.end()?;
                match seconds {
                    Value::Int(..0) => Err(raised(ExceptionKind::ValueError, "sleep length must be non-negative")),
                    Value::Int(_) | Value::Bool(_) | Value::Seconds => self.value(Value::None),
                    other => {
                        let text = format!("'{}' object cannot be interpreted as an integer", other.type_name());
                        Err(raised(ExceptionKind::TypeError, text))
                    }
                }
            }
            Builtin::RandomChoice => {
                let items = arguments.require("seq")?;
                arguments.end()?;
                self.collect(program, items, Collect::Choice)
            }
            Builtin::RandomRange => {
                let bound = Bound { positional: arguments.positional.collect(), keywords: arguments.keywords };
                let mut range = Arguments::new(program, "randrange", bound);
                let first = range.require("start")?;
                let second = range.take("stop");
                let step = range.int("step", 1)?;
                range.end()?;
                let int = |value: &Value| value.as_int().unwrap_or(0);
                let (start, stop) = match &second {
                    None | Some(Value::None) => (0, int(&first)),
                    Some(stop) => (int(&first), int(stop)),
                };
                if step == 0 || super::value::range_len(&[start, stop, step]) == 0 {
                    return Err(raised(ExceptionKind::ValueError, "empty range for randrange()"));
                }
                self.collect(program, Value::Range(Arc::new([start, stop, step])), Collect::Choice)
            }
            Builtin::Atomic => {
                let value = arguments.take("value").unwrap_or(Value::Int(0));
                arguments.end()?;
                made(New::Atomic(value))
            }
            Builtin::Fence => {
                arguments.end()?;
                Ok(Flow::Do(Operation::Fence, Expect::Push))
            }
            Builtin::AsCompleted => {
                let futures = arguments.require("fs")?;
                let timeout = arguments.take("timeout").filter(|timeout| *timeout != Value::None);
                arguments.end()?;
                if timeout.is_some() {
                    let text = "a timeout of `as_completed`: ask each future for its `result(timeout=…)`";
                    return Err(Failure::Limit(text.into()));
                }
                self.collect(program, futures, Collect::AsCompleted)
            }
            Builtin::Future => {
                arguments.end()?;
                made(New::Future)
            }
            Builtin::Results => {
                let futures = arguments.require("futures")?;
                arguments.end()?;
                self.collect(program, futures, Collect::Results)
            }
            Builtin::Refuse => {
                let what = arguments.require("what")?;
                Err(Failure::Limit(text::plain(program, &what, false)))
            }
            Builtin::DeepCopy => {
                let value = arguments.require("value")?;
                arguments.end()?;
                match value.refers() {
                    true => Ok(Flow::Do(Operation::DeepCopy(value), Expect::Push)),
                    false => self.value(value),
                }
            }
            other => {
                let text = format!("'{}' object is not callable", other.name());
                Err(raised(ExceptionKind::TypeError, text))
            }
        }
    }

    /// Calls a method that the library gives to an object.
    fn call_method(&mut self, program: &Program, object: Reference, name: &str, bound: Bound) -> Outcome {
        super::arity::check(program, object.kind.type_name(), name, &bound)?;
        let mut arguments = Arguments::new(program, name, bound);
        let sync = |arguments: Arguments, sync: Sync| -> Outcome {
            arguments.end()?;
            Ok(Flow::Do(Operation::Sync(object, sync), Expect::Push))
        };
        let access = |arguments: Arguments, access: Access| -> Outcome {
            arguments.end()?;
            Ok(Flow::Do(Operation::Access(object, access), Expect::Push))
        };
        match (object.kind, name) {
            (ObjectKind::List | ObjectKind::Dict | ObjectKind::Set, "copy") => {
                arguments.end()?;
                let collect = match object.kind {
                    ObjectKind::List => Collect::List,
                    ObjectKind::Set => Collect::Set,
                    _ => Collect::Dict(Vec::new()),
                };
                self.collect(program, Value::Object(object), collect)
            }
            (ObjectKind::List, "append") => {
                let value = arguments.require("object")?;
                access(arguments, Access::Append(value))
            }
            (ObjectKind::List, "extend") => {
                let items = arguments.require("iterable")?;
                arguments.end()?;
                self.collect(program, items, Collect::Into(object, Into::Extend, Value::None))
            }
            (ObjectKind::List, "insert") => {
                let (at, value) = (arguments.require("index")?, arguments.require("object")?);
                access(arguments, Access::Insert(at, value))
            }
            (ObjectKind::List | ObjectKind::Set, "remove") => {
                let value = arguments.require("value")?;
                access(arguments, Access::Remove(value))
            }
            (ObjectKind::List | ObjectKind::Set | ObjectKind::Dict, "pop") => {
                let (at, default) = (arguments.take("index"), arguments.take("default"));
                access(arguments, Access::Pop(at, default))
            }
            (ObjectKind::List | ObjectKind::Set | ObjectKind::Dict, "clear") => access(arguments, Access::Clear),
            (ObjectKind::List, "index") => {
                let value = arguments.require("value")?;
                let mut bounds = [0, i64::MAX];
                for bound in &mut bounds {
                    let Some(given) = arguments.positional.next() else { break };
                    *bound = given.as_int().ok_or_else(|| {
                        let text = "slice indices must be integers or have an __index__ method";
                        raised(ExceptionKind::TypeError, text)
                    })?;
                }
                access(arguments, Access::Index(value, bounds))
            }
            (ObjectKind::List, "count") => {
                let value = arguments.require("value")?;
                access(arguments, Access::Count(value))
            }
            (ObjectKind::List, "sort") => {
                let reverse = downwards(arguments.named("reverse"))?;
                if !matches!(arguments.named("key"), None | Some(Value::None)) {
                    let text = "`key=` of `sort` is not in the subset: `items = sorted(items, key=…)` is";
                    return Err(Failure::Limit(text.into()));
                }
                if arguments.positional.len() > 0 {
                    return Err(raised(ExceptionKind::TypeError, "sort() takes no positional arguments"));
                }
                access(arguments, Access::Sort(reverse))
            }
            (ObjectKind::List, "reverse") => access(arguments, Access::Reverse),
            (ObjectKind::Dict, "get") => {
                let key = arguments.require("key")?;
                let default = arguments.take("default").unwrap_or(Value::None);
                access(arguments, Access::Get(key, default))
            }
            (ObjectKind::Dict, "keys" | "values" | "items") => {
                arguments.end()?;
                let view = match name {
                    "keys" => View::Keys,
                    "values" => View::Values,
                    _ => View::Items,
                };
                Ok(Flow::Do(Operation::Access(object, Access::View), Expect::Give(Value::View(object, view))))
            }
            (ObjectKind::Dict, "popitem") => access(arguments, Access::PopItem),
            (ObjectKind::Dict, "setdefault") => {
                let key = arguments.require("key")?;
                let default = arguments.take("default").unwrap_or(Value::None);
                access(arguments, Access::SetDefault(key, default))
            }
            (ObjectKind::Dict, "update") => {
                let (items, named) = arguments.mapping()?;
                let items = items.unwrap_or(Value::Tuple([].into()));
                self.collect(program, items, Collect::Update(object, named))
            }
            (ObjectKind::Set, "update") => {
                if arguments.positional.len() > 1 {
                    let text = "an `update` with several is not in the subset: call it for one after the other";
                    return Err(Failure::Limit(text.into()));
                }
                let items = arguments.take("other").unwrap_or(Value::Tuple([].into()));
                self.collect(program, items, Collect::Into(object, Into::AddAll, Value::None))
            }
            (ObjectKind::Set, "add") => {
                let value = arguments.require("elem")?;
                access(arguments, Access::Add(value))
            }
            (ObjectKind::Set, "discard") => {
                let value = arguments.require("elem")?;
                access(arguments, Access::Discard(value))
            }
            (ObjectKind::Set, _) => {
                let operation = match name {
                    "union" => SetOperation::Union,
                    "intersection" => SetOperation::Intersection,
                    "difference" => SetOperation::Difference,
                    "symmetric_difference" => SetOperation::SymmetricDifference,
                    "issubset" => SetOperation::IsSubset,
                    "issuperset" => SetOperation::IsSuperset,
                    _ => SetOperation::IsDisjoint,
                };
                let others = arguments.positional.collect();
                self.collect(program, Value::Object(object), Collect::SetFirst(operation, others))
            }

            (ObjectKind::Thread(_) | ObjectKind::Process(_), "start") => {
                arguments.end()?;
                Ok(Flow::Do(Operation::Start(object), Expect::Push))
            }
            (ObjectKind::Thread(_) | ObjectKind::Process(_), "join") => {
                let patience = arguments.patience();
                sync(arguments, Sync::Join(patience))
            }
            (ObjectKind::Thread(_) | ObjectKind::Process(_), "is_alive") => sync(arguments, Sync::IsAlive),

            (ObjectKind::Lock | ObjectKind::RLock | ObjectKind::Semaphore | ObjectKind::Condition, "acquire") => {
                let patience = arguments.patience_of_lock(object.kind);
                sync(arguments, Sync::Acquire(patience))
            }
            (ObjectKind::Semaphore, "release") => {
                let count = arguments.int("n", 1)?;
                if count < 1 {
                    return Err(raised(ExceptionKind::ValueError, "n must be one or more"));
                }
                sync(arguments, Sync::Release(count))
            }
            (ObjectKind::Lock | ObjectKind::RLock | ObjectKind::Condition, "release") => {
                sync(arguments, Sync::Release(1))
            }
            (ObjectKind::Lock, "locked") => sync(arguments, Sync::Locked),
            (ObjectKind::Condition, "wait") => {
                let patience = arguments.patience();
                arguments.end()?;
                Ok(Flow::Do(Operation::Sync(object, Sync::Sleep(patience)), Expect::Woken(object, patience)))
            }
            (ObjectKind::Condition, "wait_for") => {
                let mut bound = Bound { positional: vec![Value::Object(object)], keywords: arguments.keywords };
                bound.positional.extend(arguments.positional);
                self.call(program, &Value::Builtin(Builtin::WaitFor), bound, Then::Push)
            }
            (ObjectKind::Condition, "notify") => {
                let count = arguments.int("n", 1)?;
                sync(arguments, Sync::Notify(Some(count)))
            }
            (ObjectKind::Condition, "notify_all") => sync(arguments, Sync::Notify(None)),

            (ObjectKind::Event, "set") => sync(arguments, Sync::SetEvent),
            (ObjectKind::Event, "clear") => sync(arguments, Sync::ClearEvent),
            (ObjectKind::Event, "is_set") => sync(arguments, Sync::IsSet),
            (ObjectKind::Event, "wait") => {
                let patience = arguments.patience();
                sync(arguments, Sync::AwaitEvent(patience))
            }
            (ObjectKind::Barrier, "wait") => {
                let patience = arguments.patience();
                arguments.end()?;
                Ok(Flow::Do(Operation::Sync(object, Sync::Arrive(patience)), Expect::Arrived(object)))
            }
            (ObjectKind::Barrier, "abort") => sync(arguments, Sync::Abort),
            (ObjectKind::Barrier, "reset") => sync(arguments, Sync::Reset),
            (ObjectKind::Barrier, "_open") => {
                let good = arguments.require("good")? == Value::Bool(true);
                sync(arguments, Sync::Open(good))
            }

            (ObjectKind::Queue, "put") => {
                let item = arguments.require("item")?;
                let patience = arguments.patience_of_queue();
                sync(arguments, Sync::Put(item, patience))
            }
            (ObjectKind::Queue, "_number") => sync(arguments, Sync::Number),
            (ObjectKind::Queue, "put_nowait") => {
                let item = arguments.require("item")?;
                sync(arguments, Sync::Put(item, Patience::Not))
            }
            (ObjectKind::Queue, "get") => {
                let patience = arguments.patience_of_queue();
                sync(arguments, Sync::Get(patience))
            }
            (ObjectKind::Queue, "get_nowait") => sync(arguments, Sync::Get(Patience::Not)),
            (ObjectKind::Queue, "task_done") => sync(arguments, Sync::TaskDone),
            (ObjectKind::Queue, "join") => sync(arguments, Sync::AwaitTasks),
            (ObjectKind::Queue, "qsize") => sync(arguments, Sync::Size),
            (ObjectKind::Queue, "empty") => sync(arguments, Sync::IsEmpty),
            (ObjectKind::Queue, "full") => sync(arguments, Sync::IsFull),
            (ObjectKind::Queue | ObjectKind::Connection, "close") => sync(arguments, Sync::Close),
            (ObjectKind::Connection, "send") => {
                let item = arguments.require("obj")?;
                sync(arguments, Sync::Put(item, Patience::Forever))
            }
            (ObjectKind::Connection, "recv") => sync(arguments, Sync::Get(Patience::Forever)),
            (ObjectKind::Connection, "poll") => {
                // Here no time is none, and `None` is for ever.
                let patience = match arguments.take("timeout") {
                    None | Some(Value::Int(..=0)) => Patience::Not,
                    Some(Value::None) => Patience::Forever,
                    Some(_) => Patience::Timed,
                };
                sync(arguments, Sync::Poll(patience))
            }

            (ObjectKind::SharedValue | ObjectKind::SharedArray, "get_lock") => sync(arguments, Sync::GetLock),
            (ObjectKind::Atomic, "load") => sync(arguments, Sync::Read),
            (ObjectKind::Atomic, "store") => {
                let value = arguments.require("value")?;
                sync(arguments, Sync::Write(value))
            }
            (ObjectKind::Atomic, "swap") => {
                let value = arguments.require("value")?;
                sync(arguments, Sync::Swap(value))
            }
            (ObjectKind::Atomic, "add") => {
                let value = arguments.require("value")?;
                sync(arguments, Sync::FetchAdd(value))
            }
            (ObjectKind::Atomic, "compare_exchange") => {
                let (expected, value) = (arguments.require("expected")?, arguments.require("value")?);
                sync(arguments, Sync::CompareExchange(expected, value))
            }

            (ObjectKind::Future, "_set") => {
                let (good, value) = (arguments.require("good")?, arguments.require("value")?);
                sync(arguments, Sync::Resolve(good == Value::Bool(true), value))
            }
            (ObjectKind::Future, "result" | "get") => {
                let patience = arguments.patience();
                // `get` is how a `multiprocessing.Pool` has it, with an exception of its own.
                let late = if name == "get" { ExceptionKind::ProcessTimeout } else { ExceptionKind::TimeoutError };
                sync(arguments, Sync::Result(patience, late))
            }
            (ObjectKind::Future, "exception") => {
                let patience = arguments.patience();
                sync(arguments, Sync::Failure(patience))
            }
            (ObjectKind::Future, "wait") => {
                let patience = arguments.patience();
                arguments.end()?;
                Ok(Flow::Do(Operation::Sync(object, Sync::Failure(patience)), Expect::Give(Value::None)))
            }
            (ObjectKind::Future, "done" | "ready") => sync(arguments, Sync::IsDone),
            _ => {
                let kind = object.kind.type_name();
                Err(raised(ExceptionKind::AttributeError, format!("'{kind}' object has no attribute '{name}'")))
            }
        }
    }
}

/// A list of values none of which is a collection: what is compared without a look at the world.
fn plain(items: &[Value]) -> Result<&[Value], Failure> {
    match items.iter().any(Value::holds_containers) {
        false => Ok(items),
        true => Err(Failure::Limit(
            "lists of lists are not sorted or compared here: use tuples of numbers or strings".into(),
        )),
    }
}

/// Whether shared memory of that type is in the subset.
fn shared_type(code: &Value) -> Result<(), Failure> {
    let text = match code {
        Value::Str(code) => &**code,
        _ => "a class",
    };
    match text {
        "b" | "B" | "h" | "H" | "i" | "I" | "l" | "L" | "q" | "Q" => Ok(()),
        "c" | "u" | "f" | "d" | "a class" => Err(Failure::Limit(format!(
            "shared memory of type {} holds no integers: integers are in the subset: `'i'`",
            super::problem::quoted(text)
        ))),
        _ => Err(raised(ExceptionKind::TypeError, "this type has no size")),
    }
}

/// What becomes of a value in shared memory.
pub(super) fn shared_number(value: &Value) -> Result<Value, Failure> {
    value.as_int().map(Value::Int).ok_or_else(|| {
        let text = format!("'{}' object cannot be interpreted as an integer", value.type_name());
        raised(ExceptionKind::TypeError, text)
    })
}

/// What goes into a dict: pairs, each a tuple or a string of two letters.
fn pairs(program: &Program, items: &[Value]) -> Result<Vec<(Value, Value)>, Failure> {
    let pair = |(at, item): (usize, &Value)| match fixed_items(program, item) {
        Ok(Some(pair)) if pair.len() == 2 => Ok((pair[0].clone(), pair[1].clone())),
        Ok(Some(pair)) => {
            let len = pair.len();
            let text = format!("dictionary update sequence element #{at} has length {len}; 2 is required");
            Err(raised(ExceptionKind::ValueError, text))
        }
        Ok(None) => {
            Err(Failure::Limit("a dict is made of tuples of two here: lists of two are not looked into".into()))
        }
        Err(Failure::Limit(text)) => Err(Failure::Limit(text)),
        Err(Failure::Raised(..)) => {
            let text = format!("cannot convert dictionary update sequence element #{at} to a sequence");
            Err(raised(ExceptionKind::TypeError, text))
        }
    };
    items.iter().enumerate().map(pair).collect()
}

/// The position of the smallest, or largest, item; `None` where there is none.
fn best(program: &Program, items: &[Value], largest: bool) -> Result<Option<usize>, Failure> {
    let mut best = None;
    for (at, item) in items.iter().enumerate() {
        let better = match best {
            None => true,
            Some(best) if largest => super::collection::order(">", item, &items[best], &Nowhere(program))?.is_gt(),
            Some(best) => super::collection::order("<", item, &items[best], &Nowhere(program))?.is_lt(),
        };
        if better {
            best = Some(at);
        }
    }
    Ok(best)
}

/// `reverse=` of what sorts.
fn downwards(reverse: Option<Value>) -> Result<bool, Failure> {
    let reverse = reverse.unwrap_or(Value::Bool(false));
    reverse.as_int().map(|reverse| reverse != 0).ok_or_else(|| {
        let text = format!("'{}' object cannot be interpreted as an integer", reverse.type_name());
        raised(ExceptionKind::TypeError, text)
    })
}

/// The locals that a call of a function begins with.
fn bind(
    program: &Program,
    function: super::code::FunctionId,
    defaults: &[Value],
    bound: Bound,
) -> Result<Vec<Value>, Failure> {
    let code = &program.functions[function.index()];
    let count = usize::from(code.parameters);
    let name = &code.qualified;
    let mut locals = bound.positional;
    let given = locals.len();
    let rest = locals.split_off(count.min(given));
    locals.resize(count, Value::Unset);
    let mut further = Vec::new();
    for (keyword, value) in bound.keywords {
        let keyword = &program.names[keyword.index()];
        match code.locals[..count].iter().position(|parameter| parameter == keyword) {
            Some(at) if locals[at] == Value::Unset => locals[at] = value,
            Some(_) => {
                let text = format!("{name}() got multiple values for argument '{keyword}'");
                return Err(raised(ExceptionKind::TypeError, text));
            }
            None if code.keywords => further.push(Value::tuple([Value::str(keyword), value])),
            None => {
                let text = format!("{name}() got an unexpected keyword argument '{keyword}'");
                return Err(raised(ExceptionKind::TypeError, text));
            }
        }
    }
    let first_default = count - defaults.len().min(count);
    // Keywords that nothing has are told first, as in CPython.
    if !rest.is_empty() && !code.rest {
        let takes = match (first_default, count) {
            (1, 1) => "1 positional argument".into(),
            _ if first_default == count => format!("{count} positional arguments"),
            _ => format!("from {first_default} to {count} positional arguments"),
        };
        let were = if given == 1 { "was" } else { "were" };
        let text = format!("{name}() takes {takes} but {given} {were} given");
        return Err(raised(ExceptionKind::TypeError, text));
    }
    let mut missing: Vec<String> = Vec::new();
    for (at, local) in locals.iter_mut().enumerate() {
        if *local != Value::Unset {
            continue;
        }
        match at.checked_sub(first_default).and_then(|at| defaults.get(at)) {
            Some(default) => *local = default.clone(),
            None => missing.push(format!("'{}'", code.locals[at])),
        }
    }
    if let Some((last, others)) = missing.split_last() {
        let names = match others {
            [] => last.clone(),
            [first] => format!("{first} and {last}"),
            several => format!("{}, and {last}", several.join(", ")),
        };
        let (count, plural) = (missing.len(), if others.is_empty() { "" } else { "s" });
        let text = format!("{name}() missing {count} required positional argument{plural}: {names}");
        return Err(raised(ExceptionKind::TypeError, text));
    }
    if code.rest {
        locals.push(Value::tuple(rest));
    }
    if code.keywords {
        locals.push(Value::tuple(further));
    }
    Ok(locals)
}
