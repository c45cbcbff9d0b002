//! Attributes and items: of the program's own objects, and what the library's objects have.

use std::sync::Arc;

use super::calls::{Bound, Collect};
use super::code::{Binary, Constant, NameId, Program};
use super::collection::{Access, Failure, raised, slice_indices, slice_range};
use super::iterate::iteration;
use super::library::{ALSO, BUILTINS, Builtin, EXCEPTIONS, ExceptionKind};
use super::operation::{Operation, Sync};
use super::thread::{Expect, Flow, Outcome, Then, Thread};
use super::value::{Method, ObjectKind, Reference, Value, View, range_len};
use super::{arithmetic, text};

/// What a name stands for that needs no import.
pub(super) fn of_builtins(name: &str) -> Option<Value> {
    of_module("", name)
}

/// What a name stands for in a module.
fn of_module(module: &str, name: &str) -> Option<Value> {
    let builtin = BUILTINS.iter().find(|(_, home, own)| *home == module && *own == name);
    let exception = || EXCEPTIONS.iter().find(|(_, _, home, own)| *home == module && *own == name);
    let also = || ALSO.iter().find(|(kind, home)| *home == module && kind.name() == name);
    builtin
        .map(|(builtin, ..)| Value::Builtin(*builtin))
        .or_else(|| also().map(|(kind, _)| Value::ExceptionClass(*kind)))
        .or_else(|| exception().map(|(kind, ..)| Value::ExceptionClass(*kind)))
}

/// A constant as a value.
pub(super) fn constant(constant: &Constant) -> Value {
    match constant {
        Constant::None => Value::None,
        Constant::Bool(flag) => Value::Bool(*flag),
        Constant::Int(number) => Value::Int(*number),
        Constant::Seconds(_) => Value::Seconds,
        Constant::Str(text) => Value::str(text),
        Constant::Tuple(items) => Value::Tuple(items.iter().map(self::constant).collect()),
        Constant::Function(function) => Value::Function(*function, Arc::from([])),
        Constant::Class(class) => Value::Class(*class),
        Constant::Exception(kind) => Value::ExceptionClass(*kind),
        Constant::Builtin(builtin) => Value::Builtin(*builtin),
    }
}

/// The methods that the library gives to an object of this kind.
fn methods(kind: ObjectKind) -> &'static [&'static str] {
    match kind {
        ObjectKind::List => {
            &["append", "extend", "insert", "remove", "pop", "clear", "index", "count", "sort", "reverse", "copy"]
        }
        ObjectKind::Dict => {
            &["get", "keys", "values", "items", "pop", "popitem", "clear", "setdefault", "update", "copy"]
        }
        ObjectKind::Set => &[
            "add",
            "remove",
            "discard",
            "pop",
            "clear",
            "copy",
            "update",
            "union",
            "intersection",
            "difference",
            "symmetric_difference",
            "issubset",
            "issuperset",
            "isdisjoint",
        ],
        ObjectKind::Thread(_) | ObjectKind::Process(_) => &["start", "join", "is_alive", "run"],
        ObjectKind::Lock => &["acquire", "release", "locked"],
        ObjectKind::RLock | ObjectKind::Semaphore => &["acquire", "release"],
        ObjectKind::Condition => &["acquire", "release", "wait", "wait_for", "notify", "notify_all"],
        ObjectKind::Event => &["set", "clear", "is_set", "wait"],
        ObjectKind::Barrier => &["wait", "abort", "reset", "_open"],
        ObjectKind::Queue => &[
            "put",
            "get",
            "put_nowait",
            "get_nowait",
            "task_done",
            "join",
            "qsize",
            "empty",
            "full",
            "close",
            "_number",
        ],
        ObjectKind::Connection => &["send", "recv", "poll", "close"],
        ObjectKind::SharedValue => &["get_lock"],
        ObjectKind::SharedArray => &["get_lock"],
        ObjectKind::Atomic => &["load", "store", "swap", "add", "compare_exchange"],
        ObjectKind::Future => &["result", "done", "exception", "get", "wait", "ready", "_set"],
        ObjectKind::Instance(_) | ObjectKind::Local | ObjectKind::Zip | ObjectKind::Enumerate => &[],
    }
}

impl Thread {
    /// `object.name`
    pub(super) fn load_attribute(&mut self, program: &Program, object: Value, name: NameId) -> Outcome {
        let text = program.names[name.index()].as_str();
        match &object {
            Value::Object(Reference { kind: ObjectKind::Local, id }) => {
                match self.own.iter().find(|(owner, own, _)| owner == id && *own == name) {
                    Some((_, _, value)) => {
                        let value = value.clone();
                        self.push(value);
                        Ok(Flow::Next)
                    }
                    None => Err(no_attribute(program, &object, text)),
                }
            }
            Value::Object(reference) if reference.kind.class().is_some() => {
                Ok(Flow::Do(Operation::LoadMember(object.clone(), name), Expect::Member(object, name)))
            }
            Value::Class(_) | Value::Super(..) => {
                Ok(Flow::Do(Operation::LoadMember(object.clone(), name), Expect::Member(object, name)))
            }
            _ => self.library_member(program, &object, name),
        }
    }

    /// `object.name`, where the program itself has given it no such attribute.
    pub(super) fn library_member(&mut self, program: &Program, object: &Value, name: NameId) -> Outcome {
        let text = program.names[name.index()].as_str();
        let value = match object {
            Value::Builtin(module) if module.module() == "module" => {
                let submodule = (*module == Builtin::ModuleConcurrent && text == "futures")
                    .then_some(Value::Builtin(Builtin::ModuleFutures));
                submodule.or_else(|| of_module(module.name(), text))
            }
            Value::Super(_, reference) if text == "__init__" => {
                Some(Value::Method(Arc::new(Method::BaseInit(*reference))))
            }
            Value::Super(_, reference) if methods(reference.kind).contains(&text) => {
                Some(Method::library(*reference, name))
            }
            Value::Builtin(Builtin::Thread | Builtin::Process) if text == "__init__" => Some(object.clone()),
            Value::Exception(exception) if text == "args" => Some(Value::tuple(&exception.arguments[..])),
            Value::Range(range) => match text {
                "start" => Some(Value::Int(range[0])),
                "stop" => Some(Value::Int(range[1])),
                "step" => Some(Value::Int(range[2])),
                _ => None,
            },
            Value::Object(reference) if methods(reference.kind).contains(&text) => {
                Some(Method::library(*reference, name))
            }
            Value::Object(reference) => {
                let question = match (reference.kind, text) {
                    (ObjectKind::Thread(_) | ObjectKind::Process(_), "name") => Some(Sync::Name),
                    (ObjectKind::Thread(_) | ObjectKind::Process(_), "daemon") => Some(Sync::IsDaemon),
                    (ObjectKind::SharedValue, "value") => Some(Sync::Read),
                    (ObjectKind::Barrier, "parties") => Some(Sync::Parties),
                    (ObjectKind::Barrier, "n_waiting") => Some(Sync::Waiting),
                    (ObjectKind::Barrier, "broken") => Some(Sync::IsBroken),
                    _ => None,
                };
                match question {
                    Some(question) => return Ok(Flow::Do(Operation::Sync(*reference, question), Expect::Push)),
                    None => None,
                }
            }
            _ => None,
        };
        match value {
            Some(value) => {
                self.push(value);
                Ok(Flow::Next)
            }
            None => Err(no_attribute(program, object, text)),
        }
    }

    /// `object.name = value`, or `del object.name` with `Unset`.
    pub(super) fn store_attribute(&mut self, program: &Program, object: Value, name: NameId, value: Value) -> Outcome {
        let text = program.names[name.index()].as_str();
        let deletes = value == Value::Unset;
        match &object {
            Value::Object(Reference { kind: ObjectKind::Local, id }) => {
                let place = self.own.binary_search_by_key(&(*id, name), |(owner, own, _)| (*owner, *own));
                match (place, deletes) {
                    (Ok(at), true) => _ = self.own.remove(at),
                    (Err(_), true) => return Err(no_attribute(program, &object, text)),
                    (Ok(at), false) => self.own[at].2 = value,
                    (Err(at), false) => self.own.insert(at, (*id, name, value)),
                }
                Ok(Flow::Next)
            }
            Value::Object(reference) => {
                let sync = match (reference.kind, text) {
                    (kind, "name") if kind.is_thread() => Some(Sync::SetName(value.clone())),
                    (kind, "daemon") if kind.is_thread() => Some(Sync::SetDaemon(value.truth().unwrap_or(true))),
                    (ObjectKind::SharedValue, "value") if !deletes => {
                        Some(Sync::Write(super::calls::shared_number(&value)?))
                    }
                    _ => None,
                };
                match sync {
                    Some(sync) if !deletes => Ok(Flow::Do(Operation::Sync(*reference, sync), Expect::Drop)),
                    None if reference.kind.class().is_some() => {
                        Ok(Flow::Do(Operation::StoreMember(object, name, value), Expect::Drop))
                    }
                    _ if object.holds_containers() && methods(reference.kind).contains(&text) => {
                        let kind = reference.kind.type_name();
                        let text = format!("'{kind}' object attribute '{text}' is read-only");
                        Err(raised(ExceptionKind::AttributeError, text))
                    }
                    _ => Err(no_attribute(program, &object, text)),
                }
            }
            Value::Class(_) => Ok(Flow::Do(Operation::StoreMember(object, name, value), Expect::Drop)),
            Value::Range(_) if matches!(text, "start" | "stop" | "step") => {
                Err(raised(ExceptionKind::AttributeError, "readonly attribute"))
            }
            _ => Err(no_attribute(program, &object, text)),
        }
    }

    /// `object[at]`
    pub(super) fn load_item(&mut self, program: &Program, object: Value, at: Value) -> Outcome {
        let sequence = |len: usize| -> Result<usize, Failure> {
            // What it is called in these messages, which are not all alike.
            let (name, within) = match object {
                Value::Str(_) => ("string", "string"),
                Value::Range(_) => ("range", "range object"),
                _ => ("tuple", "tuple"),
            };
            let Some(number) = at.as_int() else {
                let kind = text::type_name(program, &at);
                let text = match object {
                    Value::Str(_) => format!("{name} indices must be integers, not '{kind}'"),
                    _ => format!("{name} indices must be integers or slices, not {kind}"),
                };
                return Err(raised(ExceptionKind::TypeError, text));
            };
            let number = if number < 0 { number.saturating_add(len as i64) } else { number };
            match usize::try_from(number) {
                Ok(index) if index < len => Ok(index),
                _ => Err(raised(ExceptionKind::IndexError, format!("{within} index out of range"))),
            }
        };
        let value = match (&object, &at) {
            (Value::Object(reference), _) if object.holds_containers() => {
                let operation = Operation::Access(*reference, Access::Item(at.clone()));
                // A slice of a list is a new list.
                let expect = match at {
                    Value::Slice(_) => Expect::Collected(Box::new(Collect::List)),
                    _ => Expect::Push,
                };
                return Ok(Flow::Do(operation, expect));
            }
            (Value::Tuple(items), Value::Slice(slice)) => {
                Value::Tuple(slice_indices(slice, items.len())?.into_iter().map(|index| items[index].clone()).collect())
            }
            (Value::Tuple(items), _) => items[sequence(items.len())?].clone(),
            (Value::Str(text), Value::Slice(slice)) => {
                let letters: Vec<char> = text.chars().collect();
                let part: String =
                    slice_indices(slice, letters.len())?.into_iter().map(|index| letters[index]).collect();
                Value::str(part)
            }
            (Value::Str(text), _) => {
                let index = sequence(text.chars().count())?;
                Value::str(text.chars().nth(index).map(String::from).unwrap_or_default())
            }
            (Value::Range(range), Value::Slice(slice)) => match slice_range(slice, range)? {
                Some(part) => Value::Range(Arc::new(part)),
                None => return Err(Failure::Limit("an integer beyond 64 bits".into())),
            },
            (Value::Range(range), _) => {
                let index = sequence(range_len(range))?;
                Value::Int(range[0] + range[2] * index as i64)
            }
            _ => {
                let name = text::type_name(program, &object);
                return Err(raised(ExceptionKind::TypeError, format!("'{name}' object is not subscriptable")));
            }
        };
        self.push(value);
        Ok(Flow::Next)
    }

    /// `object[at] = value`
    pub(super) fn store_item(&mut self, program: &Program, object: &Value, at: Value, value: Value) -> Outcome {
        match (object, &at) {
            (Value::Object(reference), Value::Slice(slice))
                if matches!(reference.kind, ObjectKind::List | ObjectKind::SharedArray) =>
            {
                // What comes in its place is read first, and then the list is changed in one go.
                if iteration(program, &value).is_err() {
                    let (kind, text) = match (reference.kind, slice[2]) {
                        (ObjectKind::SharedArray, _) => {
                            (ExceptionKind::ValueError, "Can only assign sequence of same size")
                        }
                        (_, None | Some(1)) => (ExceptionKind::TypeError, "can only assign an iterable"),
                        _ => (ExceptionKind::TypeError, "must assign iterable to extended slice"),
                    };
                    return Err(raised(kind, text));
                }
                self.collect(program, value, Collect::Slice(*reference, at))
            }
            (Value::Object(reference), _) if object.holds_containers() => {
                Ok(Flow::Do(Operation::Access(*reference, Access::SetItem(at, value)), Expect::Drop))
            }
            _ => {
                let name = text::type_name(program, object);
                Err(raised(ExceptionKind::TypeError, format!("'{name}' object does not support item assignment")))
            }
        }
    }

    /// `del object[at]`
    pub(super) fn delete_item(&mut self, program: &Program, object: &Value, at: Value) -> Outcome {
        match object {
            Value::Object(reference) if object.holds_containers() && reference.kind != ObjectKind::SharedArray => {
                Ok(Flow::Do(Operation::Access(*reference, Access::DeleteItem(at)), Expect::Drop))
            }
            Value::Object(Reference { kind: ObjectKind::SharedArray, .. }) => {
                Err(raised(ExceptionKind::AttributeError, "__delitem__"))
            }
            _ => {
                let name = text::type_name(program, object);
                // Python asks a sequence in other words than anything else.
                let sequence = matches!(object, Value::Tuple(_) | Value::Str(_) | Value::Range(_) | Value::View(..))
                    || matches!(object, Value::Object(Reference { kind: ObjectKind::Instance(_), .. }));
                let not = if sequence && at.as_int().is_some() { "doesn't" } else { "does not" };
                Err(raised(ExceptionKind::TypeError, format!("'{name}' object {not} support item deletion")))
            }
        }
    }

    /// `left operator right`
    pub(super) fn binary(&mut self, program: &Program, operator: Binary, left: Value, right: Value) -> Outcome {
        let list = |value: &Value| matches!(value, Value::Object(Reference { kind: ObjectKind::List, .. }));
        let set = |value: &Value| matches!(value, Value::Object(Reference { kind: ObjectKind::Set, .. }));
        // The keys or pairs of a dict take anything else.
        let set_view = |value: &Value| matches!(value, Value::View(_, View::Keys | View::Items));
        match operator {
            Binary::Add if list(&left) && list(&right) => self.collect(program, left, Collect::AddFirst(right)),
            Binary::Multiply if list(&left) && right.as_int().is_some() => {
                self.collect(program, left, Collect::Repeat(right.as_int().unwrap_or(0)))
            }
            Binary::Multiply if list(&right) && left.as_int().is_some() => {
                self.collect(program, right, Collect::Repeat(left.as_int().unwrap_or(0)))
            }
            Binary::Subtract if set(&left) && set(&right) || set_view(&left) || set_view(&right) => {
                self.collect(program, left, Collect::SetFirst(super::calls::SetOperation::Difference, vec![right]))
            }
            _ => {
                let value = arithmetic::binary(program, operator, &left, &right)?;
                self.push(value);
                Ok(Flow::Next)
            }
        }
    }

    /// `left operator= right`
    pub(super) fn in_place(&mut self, program: &Program, operator: Binary, left: Value, right: Value) -> Outcome {
        match (operator, &left) {
            (Binary::Add, Value::Object(list)) if list.kind == ObjectKind::List => {
                let list = *list;
                self.collect(program, right, Collect::Into(list, super::calls::Into::Extend, left))
            }
            (Binary::Multiply, Value::Object(list)) if list.kind == ObjectKind::List && right.as_int().is_some() => {
                let access = Access::Repeat(right.as_int().unwrap_or(0));
                Ok(Flow::Do(Operation::Access(*list, access), Expect::Give(left)))
            }
            // In its words the sign is another: `unsupported operand type(s) for +=`.
            _ => self.binary(program, operator, left, right).map_err(|failure| match failure {
                Failure::Raised(ExceptionKind::TypeError, Value::Str(text)) => {
                    let sign = arithmetic::sign(operator);
                    let short = sign.split(' ').next().unwrap_or(sign);
                    let text = text.replacen(&format!("for {sign}: "), &format!("for {short}=: "), 1);
                    raised(ExceptionKind::TypeError, text)
                }
                failure => failure,
            }),
        }
    }

    /// The `__init__` of a new object, if it has one; then the object is the value.
    pub(super) fn initialise(&mut self, program: &Program, method: Value, object: Value, bound: Bound) -> Outcome {
        match (method, &object) {
            (Value::Unset, Value::Object(reference)) if reference.kind.is_thread() => {
                super::calls::prepare(program, *reference, bound, object)
            }
            (Value::Unset, _) if bound.positional.is_empty() && bound.keywords.is_empty() => {
                self.push(object);
                Ok(Flow::Next)
            }
            (Value::Unset, _) => {
                let name = text::type_name(program, &object);
                Err(raised(ExceptionKind::TypeError, format!("{name}() takes no arguments")))
            }
            (method, _) => self.call(program, &method, bound, Then::Give(object)),
        }
    }
}

/// Python's word for an attribute that is not there; or that it is there in Python, and not here.
fn no_attribute(program: &Program, object: &Value, name: &str) -> Failure {
    let kind = object.type_name();
    if let Some(help) = super::subset::of_kind(kind, name) {
        return Failure::Limit(format!("`{name}` of a {kind} is not in the subset: {help}"));
    }
    let text = match object {
        Value::Class(class) => {
            format!("type object '{}' has no attribute '{name}'", program.classes[class.index()].name)
        }
        Value::Builtin(module) if module.module() == "module" => {
            format!("module '{}' has no attribute '{name}'", module.name())
        }
        _ => format!("'{}' object has no attribute '{name}'", text::type_name(program, object)),
    };
    raised(ExceptionKind::AttributeError, text)
}
