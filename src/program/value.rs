//! What a running program's variables hold.
//!
//! A value is immutable and owns no memory that another could change. What can change (a list, a lock, an object)
//! is a [`Reference`] into the world that the thread runs in.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;

use super::code::{ClassId, FunctionId, NameId};
use super::library::{Builtin, ExceptionKind};
use super::limits::{VALUE_DEPTH_MAX, VALUES_MAX};

/// A value of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    /// Nothing was assigned yet: not a value of Python's.
    #[default]
    Unset,
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An integer; beyond 64 bits is past a limit of ours.
    Int(i64),
    /// A time in seconds, which nothing depends on.
    Seconds,
    /// A string.
    Str(Arc<str>),
    /// A tuple.
    Tuple(Arc<[Value]>),
    /// `range(start, stop, step)`
    Range(Arc<[i64; 3]>),
    /// `start:stop:step`, as a subscript.
    Slice(Arc<[Option<i64>; 3]>),
    /// A function and the defaults of its last parameters.
    Function(FunctionId, Arc<[Value]>),
    /// A method and what it is called on.
    Method(Arc<Method>),
    /// A class of the program.
    Class(ClassId),
    /// Something of the library.
    Builtin(Builtin),
    /// An exception class of Python.
    ExceptionClass(ExceptionKind),
    /// An exception.
    Exception(Arc<Exception>),
    /// What can change.
    Object(Reference),
    /// What `keys`, `values` or `items` of a dict gives: it looks at the dict whenever it is looked at.
    View(Reference, View),
    /// Where a loop stands.
    Iterator(Box<Iteration>),
    /// `super()` in a method of the class, for the object.
    Super(ClassId, Reference),
}

/// An object of the world: what it is, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// What it is.
    pub kind: ObjectKind,
    /// Which one: an index into the world's objects.
    pub id: u32,
}

/// What of a dict is looked at; of anything else, its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum View {
    /// Its keys, as where it is iterated over itself.
    Keys,
    /// Its values.
    Values,
    /// Pairs of both.
    Items,
}

/// Kinds of objects that can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ObjectKind {
    /// A list.
    List,
    /// A dict.
    Dict,
    /// A set.
    Set,
    /// An object of a class of the program.
    Instance(ClassId),
    /// A thread, of `Thread` itself or of a class of the program.
    Thread(Option<ClassId>),
    /// A process, likewise.
    Process(Option<ClassId>),
    /// `Lock`
    Lock,
    /// `RLock`
    RLock,
    /// `Semaphore`, `BoundedSemaphore`
    Semaphore,
    /// `Condition`
    Condition,
    /// `Event`
    Event,
    /// `Barrier`
    Barrier,
    /// `Queue`, `LifoQueue`, a queue between processes, the queue of a pool.
    Queue,
    /// One end of a `Pipe`.
    Connection,
    /// `threading.local()`
    Local,
    /// `multiprocessing.Value`
    SharedValue,
    /// `multiprocessing.Array`
    SharedArray,
    /// `Atomic`
    Atomic,
    /// What a pool's task will come to.
    Future,
    /// A `zip` that is kept: what was taken out of it is gone.
    Zip,
    /// An `enumerate` that is kept.
    Enumerate,
}

/// A method and what it is called on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// A function of a class.
    Function {
        /// What becomes its first argument.
        receiver: Value,
        /// The function.
        function: FunctionId,
        /// Defaults of its last parameters.
        defaults: Arc<[Value]>,
    },
    /// A method that the library gives to an object.
    Library {
        /// The object.
        object: Reference,
        /// The method's name.
        name: NameId,
    },
    /// `super().__init__` of a class whose base is the library's, or nothing.
    BaseInit(Reference),
}

/// An exception: made, and perhaps raised.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exception {
    /// Its class.
    pub class: ExceptionClass,
    /// What it was made with.
    pub arguments: Vec<Value>,
    /// The line where it was first raised; 0 before that.
    pub line: u32,
    /// The place of the program that made it: a function and an instruction.
    pub made: Option<(u16, u32)>,
}

/// The class of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ExceptionClass {
    /// One of Python's.
    Python(ExceptionKind),
    /// One of the program's.
    Program(ClassId),
}

/// Where a loop stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Iteration {
    /// In a range: next, stop, step.
    Range(i64, i64, i64),
    /// In a sequence that cannot change.
    Fixed(Arc<[Value]>, usize),
    /// In a list or dict or set: its position; for dicts and sets the length that it had; what of it.
    Container(Reference, usize, Option<usize>, View),
    /// `enumerate`: the next number, and what is enumerated.
    Enumerate(i64, Box<Iteration>),
    /// `zip`: its parts, and what was got from the first of them in this round.
    Zip(Vec<Iteration>, Vec<Value>),
    /// `as_completed`: futures that were not yielded yet.
    AsCompleted(Vec<Reference>),
    /// The results of futures, in their order.
    Results(Arc<[Value]>, usize),
}

impl Exception {
    /// One of a class, made without arguments.
    pub fn of(class: ExceptionClass) -> Arc<Exception> {
        Arc::new(Exception { class, arguments: Vec::new(), line: 0, made: None })
    }

    /// Whether they are one and the same, raised or not. An exception is a value: two that one place of the program made
    /// of the same are not told apart.
    pub fn is(&self, other: &Exception) -> bool {
        (self.class, self.made, &self.arguments) == (other.class, other.made, &other.arguments)
    }
}

impl Value {
    /// A string.
    pub fn str(text: impl AsRef<str>) -> Value {
        Value::Str(Arc::from(text.as_ref()))
    }

    /// A tuple.
    pub fn tuple(items: impl Into<Arc<[Value]>>) -> Value {
        Value::Tuple(items.into())
    }

    /// As an integer: booleans are 0 and 1.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        }
    }

    /// Whether it is true, where that needs no look at the world.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Value::Unset | Value::None => Some(false),
            Value::Bool(flag) => Some(*flag),
            Value::Int(number) => Some(*number != 0),
            Value::Str(text) => Some(!text.is_empty()),
            Value::Tuple(items) => Some(!items.is_empty()),
            Value::Range(range) => Some(range_len(range) != 0),
            Value::Object(object) => match object.kind {
                ObjectKind::List | ObjectKind::Dict | ObjectKind::Set | ObjectKind::SharedArray => None,
                _ => Some(true),
            },
            Value::View(..) => None,
            _ => Some(true),
        }
    }

    /// The list, dict, set or shared array that it is, or the dict that it is a view of.
    pub fn container(&self) -> Option<Reference> {
        match self {
            Value::View(dict, _) => Some(*dict),
            Value::Object(object) if self.holds_containers() => Some(*object),
            _ => None,
        }
    }

    /// What of its container it is.
    pub fn view(&self) -> View {
        match self {
            Value::View(_, view) => *view,
            _ => View::Keys,
        }
    }

    /// Whether to compare or to print it takes a look at lists, dicts or sets of the world.
    pub fn holds_containers(&self) -> bool {
        match self {
            Value::Tuple(items) => items.iter().any(Value::holds_containers),
            Value::Exception(exception) => exception.arguments.iter().any(Value::holds_containers),
            Value::View(..) => true,
            Value::Object(object) => {
                matches!(object.kind, ObjectKind::List | ObjectKind::Dict | ObjectKind::Set | ObjectKind::SharedArray)
            }
            _ => false,
        }
    }

    /// Whether they are equal as Python compares what holds no containers: `True == 1`.
    pub fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Bool(_) | Value::Int(_), Value::Bool(_) | Value::Int(_)) => self.as_int() == other.as_int(),
            (Value::Tuple(left), Value::Tuple(right)) => {
                left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| left.equals(right))
            }
            (Value::Range(left), Value::Range(right)) => {
                let (count, other) = (range_len(left), range_len(right));
                count == other && (count == 0 || left[0] == right[0] && (count == 1 || left[2] == right[2]))
            }
            _ => self.is(other),
        }
    }

    /// Whether they are one and the same, as `is` asks.
    pub fn is(&self, other: &Value) -> bool {
        match (self, other) {
            // Where it was raised makes no difference to that.
            (Value::Exception(one), Value::Exception(other)) => one.is(other),
            _ => self == other,
        }
    }

    /// How they are ordered, where Python orders them.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(_) | Value::Int(_), Value::Bool(_) | Value::Int(_)) => {
                self.as_int().cmp(&other.as_int()).into()
            }
            (Value::Str(left), Value::Str(right)) => left.cmp(right).into(),
            (Value::Tuple(left), Value::Tuple(right)) => {
                for (left, right) in left.iter().zip(right.iter()) {
                    if !left.equals(right) {
                        return left.order(right);
                    }
                }
                left.len().cmp(&right.len()).into()
            }
            _ => None,
        }
    }

    /// What Python calls its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Unset => "unset",
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Seconds => "float",
            Value::Str(_) => "str",
            Value::Tuple(_) => "tuple",
            Value::Range(_) => "range",
            Value::Slice(_) => "slice",
            Value::Function(..) => "function",
            Value::Method(_) => "method",
            Value::Class(_) | Value::ExceptionClass(_) => "type",
            Value::Builtin(_) => "builtin_function_or_method",
            Value::Exception(_) => "Exception",
            Value::Iterator(iteration) => match &**iteration {
                Iteration::Enumerate(..) => "enumerate",
                Iteration::Zip(..) => "zip",
                Iteration::AsCompleted(_) | Iteration::Results(..) => "generator",
                Iteration::Range(..) | Iteration::Fixed(..) | Iteration::Container(..) => "iterator",
            },
            Value::Super(..) => "super",
            Value::View(_, View::Keys) => "dict_keys",
            Value::View(_, View::Values) => "dict_values",
            Value::View(_, View::Items) => "dict_items",
            Value::Object(object) => object.kind.type_name(),
        }
    }

    /// Whether it holds more values in values than may be: tuples in tuples, defaults of functions, …
    pub(super) fn is_too_large(&self) -> bool {
        self.exceeds(VALUE_DEPTH_MAX, &mut VALUES_MAX.clone())
    }

    fn exceeds(&self, depth: usize, left: &mut usize) -> bool {
        if depth == 0 || *left == 0 {
            return true;
        }
        *left -= 1;
        let depth = depth - 1;
        match self {
            Value::Tuple(items) | Value::Function(_, items) => items.iter().any(|item| item.exceeds(depth, left)),
            Value::Method(method) => match &**method {
                Method::Function { receiver, defaults, .. } => {
                    receiver.exceeds(depth, left) || defaults.iter().any(|item| item.exceeds(depth, left))
                }
                Method::Library { .. } | Method::BaseInit(_) => false,
            },
            Value::Exception(exception) => exception.arguments.iter().any(|item| item.exceeds(depth, left)),
            Value::Iterator(iteration) => iteration.exceeds(depth, left),
            _ => false,
        }
    }

    /// Calls `visit` on every object that the value refers to.
    pub fn visit(&self, visit: &mut dyn FnMut(Reference)) {
        match self {
            Value::Object(object) | Value::View(object, _) | Value::Super(_, object) => visit(*object),
            Value::Tuple(items) | Value::Function(_, items) => items.iter().for_each(|item| item.visit(visit)),
            Value::Method(method) => match &**method {
                Method::Function { receiver, defaults, .. } => {
                    receiver.visit(visit);
                    defaults.iter().for_each(|item| item.visit(visit));
                }
                Method::Library { object, .. } | Method::BaseInit(object) => visit(*object),
            },
            Value::Exception(exception) => exception.arguments.iter().for_each(|item| item.visit(visit)),
            Value::Iterator(iteration) => iteration.visit(visit),
            _ => {}
        }
    }

    /// The value with every reference to an object renamed.
    pub fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Value {
        match self {
            Value::Object(object) => Value::Object(rename(*object)),
            Value::View(dict, view) => Value::View(rename(*dict), *view),
            Value::Super(class, object) => Value::Super(*class, rename(*object)),
            Value::Tuple(items) => Value::Tuple(items.iter().map(|item| item.renamed(rename)).collect()),
            Value::Function(function, defaults) => {
                Value::Function(*function, defaults.iter().map(|item| item.renamed(rename)).collect())
            }
            Value::Method(method) => Value::Method(Arc::new(match &**method {
                Method::Function { receiver, function, defaults } => Method::Function {
                    receiver: receiver.renamed(rename),
                    function: *function,
                    defaults: defaults.iter().map(|item| item.renamed(rename)).collect(),
                },
                Method::Library { object, name } => Method::Library { object: rename(*object), name: *name },
                Method::BaseInit(object) => Method::BaseInit(rename(*object)),
            })),
            Value::Exception(exception) => Value::Exception(Arc::new(Exception {
                arguments: exception.arguments.iter().map(|item| item.renamed(rename)).collect(),
                ..(**exception).clone()
            })),
            Value::Iterator(iteration) => Value::Iterator(Box::new(iteration.renamed(rename))),
            _ => self.clone(),
        }
    }

    /// Whether it refers to any object.
    pub fn refers(&self) -> bool {
        let mut refers = false;
        self.visit(&mut |_| refers = true);
        refers
    }
}

impl Iteration {
    /// What it is as an object of its own; `None` where it is not kept.
    pub fn kept(&self) -> Option<ObjectKind> {
        match self {
            Iteration::Zip(..) => Some(ObjectKind::Zip),
            Iteration::Enumerate(..) => Some(ObjectKind::Enumerate),
            _ => None,
        }
    }

    fn exceeds(&self, depth: usize, left: &mut usize) -> bool {
        match self {
            _ if depth == 0 => true,
            Iteration::Fixed(items, _) | Iteration::Results(items, _) => {
                items.iter().any(|item| item.exceeds(depth, left))
            }
            Iteration::Enumerate(_, inner) => inner.exceeds(depth - 1, left),
            Iteration::Zip(parts, got) => {
                parts.iter().any(|part| part.exceeds(depth - 1, left))
                    || got.iter().any(|item| item.exceeds(depth, left))
            }
            _ => false,
        }
    }

    /// Calls `visit` on every object that it refers to.
    pub fn visit(&self, visit: &mut dyn FnMut(Reference)) {
        match self {
            Iteration::Range(..) => {}
            Iteration::Fixed(items, _) | Iteration::Results(items, _) => {
                items.iter().for_each(|item| item.visit(visit))
            }
            Iteration::Container(object, ..) => visit(*object),
            Iteration::Enumerate(_, inner) => inner.visit(visit),
            Iteration::Zip(parts, got) => {
                parts.iter().for_each(|part| part.visit(visit));
                got.iter().for_each(|item| item.visit(visit));
            }
            Iteration::AsCompleted(futures) => futures.iter().for_each(|future| visit(*future)),
        }
    }

    /// The same with every reference to an object renamed.
    pub fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Iteration {
        match self {
            Iteration::Range(next, stop, step) => Iteration::Range(*next, *stop, *step),
            Iteration::Fixed(items, at) => {
                Iteration::Fixed(items.iter().map(|item| item.renamed(rename)).collect(), *at)
            }
            Iteration::Results(items, at) => {
                Iteration::Results(items.iter().map(|item| item.renamed(rename)).collect(), *at)
            }
            Iteration::Container(object, at, len, view) => Iteration::Container(rename(*object), *at, *len, *view),
            Iteration::Enumerate(next, inner) => Iteration::Enumerate(*next, Box::new(inner.renamed(rename))),
            Iteration::Zip(parts, got) => Iteration::Zip(
                parts.iter().map(|part| part.renamed(rename)).collect(),
                got.iter().map(|item| item.renamed(rename)).collect(),
            ),
            Iteration::AsCompleted(futures) => {
                Iteration::AsCompleted(futures.iter().map(|future| rename(*future)).collect())
            }
        }
    }
}

impl ObjectKind {
    /// What Python calls the type, more or less.
    pub fn type_name(self) -> &'static str {
        match self {
            ObjectKind::List => "list",
            ObjectKind::Dict => "dict",
            ObjectKind::Set => "set",
            ObjectKind::Instance(_) => "object",
            ObjectKind::Thread(_) => "Thread",
            ObjectKind::Process(_) => "Process",
            ObjectKind::Lock => "Lock",
            ObjectKind::RLock => "RLock",
            ObjectKind::Semaphore => "Semaphore",
            ObjectKind::Condition => "Condition",
            ObjectKind::Event => "Event",
            ObjectKind::Barrier => "Barrier",
            ObjectKind::Queue => "Queue",
            ObjectKind::Connection => "Connection",
            ObjectKind::Local => "local",
            ObjectKind::SharedValue => "Value",
            ObjectKind::SharedArray => "Array",
            ObjectKind::Atomic => "Atomic",
            ObjectKind::Future => "Future",
            ObjectKind::Zip => "zip",
            ObjectKind::Enumerate => "enumerate",
        }
    }

    /// Whether it is a kept iterator.
    pub fn is_iterator(self) -> bool {
        matches!(self, ObjectKind::Zip | ObjectKind::Enumerate)
    }

    /// Whether it is a thread or a process.
    pub fn is_thread(self) -> bool {
        matches!(self, ObjectKind::Thread(_) | ObjectKind::Process(_))
    }

    /// The class of the program that it is of.
    pub fn class(self) -> Option<ClassId> {
        match self {
            ObjectKind::Instance(class) => Some(class),
            ObjectKind::Thread(class) | ObjectKind::Process(class) => class,
            _ => None,
        }
    }
}

/// How many numbers a range holds.
pub fn range_len(range: &[i64; 3]) -> usize {
    let [start, stop, step] = range.map(i128::from);
    let count = match step > 0 {
        true => (stop - start + step - 1) / step,
        false => (start - stop - step - 1) / -step,
    };
    usize::try_from(count.max(0)).unwrap_or(usize::MAX)
}

/// Whether `repr` spells a character out: what controls or separates, is private or none at all.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || character != ' ' && character.is_whitespace()
        || matches!(u32::from(character) & 0xffff, 0xfffe | 0xffff)
        || matches!(character, '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(character, '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..)
}

/// A string as Python's `repr` writes it.
pub fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => out.extend(['\\', quote]),
            _ if is_unprintable(character) => match u32::from(character) {
                code @ 0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
            _ => out.push(character),
        }
    }
    out.push(quote);
    out
}
