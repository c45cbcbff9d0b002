//! Final values, spelt out: as JSON for the report, and as a text in which no two that differ are alike.
//!
//! What JSON has too is told as JSON has it: numbers, strings, truth values, `None` as null, lists as arrays, and dicts
//! whose keys are strings as objects; shared values, arrays and queues as what they hold. Anything else is an object
//! with the one key `repr`: `{"repr": "(1,)"}`. So that nothing can look like that by chance, a dict with no other key than
//! `repr` is told in that way too.

use serde_json::{Value as Json, json};

use super::content::Body;
use super::machine::{Machine, State};
use crate::program::collection::Collection;
use crate::program::value::{Exception, ObjectKind, Reference, Value};
use crate::program::{Problem, Program, text};

/// How deep values may lie in each other to be told.
const DEPTH_MAX: usize = 200;

/// Whether a value is data: not a function, a class, a thread, a lock, ….
pub(super) fn is_data(program: &Program, value: &Value) -> bool {
    match value {
        Value::Function(..) | Value::Method(_) | Value::Class(_) | Value::Builtin(_) => false,
        Value::ExceptionClass(_) | Value::Super(..) => false,
        Value::Object(object) => match object.kind {
            ObjectKind::List | ObjectKind::Dict | ObjectKind::Set => true,
            ObjectKind::SharedValue | ObjectKind::SharedArray | ObjectKind::Atomic | ObjectKind::Queue => true,
            // How the library does it is nobody's business.
            ObjectKind::Instance(class) => !program.classes[class.index()].internal,
            _ => false,
        },
        _ => true,
    }
}

/// A value as the report has it.
pub(super) fn json(machine: &mut Machine<'_>, state: &State, value: &Value) -> Json {
    Speller { machine, state, open: Vec::new(), levels: false }.json(value)
}

/// A value to the last difference.
pub(super) fn exact(machine: &mut Machine<'_>, state: &State, value: &Value) -> String {
    Speller { machine, state, open: Vec::new(), levels: true }.text(value)
}

struct Speller<'m, 'p> {
    machine: &'m mut Machine<'p>,
    state: &'m State,
    /// Objects that are being told, outermost first: one that holds itself is cut short.
    open: Vec<u32>,
    /// Where something holds itself, say also which of those around it that is.
    levels: bool,
}

impl Speller<'_, '_> {
    /// Goes into an object; gives its place among those around it where it is there already, or `None` for a fresh one.
    fn enter(&mut self, object: Reference) -> Option<usize> {
        let around = self.open.iter().rev().position(|open| *open == object.id);
        if around.is_none() {
            self.open.push(object.id);
        }
        around
    }

    /// Whether it goes too deep, which is said as a problem: what is not told must not pass for the same.
    fn is_too_deep(&mut self) -> bool {
        let deep = self.open.len() > DEPTH_MAX;
        if deep {
            let text = format!("final values nested more than {DEPTH_MAX} deep are not told");
            self.machine.problem = Some(Problem::of_file(&self.machine.shared.program.name, text, None));
        }
        deep
    }

    fn json(&mut self, value: &Value) -> Json {
        match value {
            Value::None => Json::Null,
            Value::Bool(flag) => Json::from(*flag),
            Value::Int(number) => Json::from(*number),
            Value::Str(text) => Json::from(&**text),
            Value::Object(object) if is_data(self.machine.shared.program, value) => {
                let content = self.machine.body(self.state, object.id);
                let plain = match &content.body {
                    Body::Collection(Collection::List(items)) => Some(items.clone()),
                    Body::Collection(Collection::Dict(pairs)) => {
                        let named = pairs.iter().all(|(key, _)| matches!(key, Value::Str(_)));
                        let lone = matches!(&pairs[..], [(Value::Str(key), _)] if **key == *"repr");
                        (named && !lone).then(|| pairs.iter().map(|(_, value)| value.clone()).collect())
                    }
                    Body::SharedValue { value, .. } | Body::Atomic(value) => Some(vec![value.clone()]),
                    Body::Queue(queue) => Some(queue.items.clone()),
                    _ => None,
                };
                let Some(items) = plain else { return json!({ "repr": self.text(value) }) };
                if self.is_too_deep() || self.enter(*object).is_some() {
                    return json!({ "repr": self.text(value) });
                }
                let mut items: Vec<Json> = items.iter().map(|item| self.json(item)).collect();
                self.open.pop();
                match &content.body {
                    Body::Collection(Collection::Dict(pairs)) => {
                        let name = |key: &Value| text::plain(self.machine.shared.program, key, false);
                        Json::Object(pairs.iter().map(|(key, _)| name(key)).zip(items).collect())
                    }
                    Body::SharedValue { .. } | Body::Atomic(_) => items.remove(0),
                    _ => Json::Array(items),
                }
            }
            _ => json!({ "repr": self.text(value) }),
        }
    }

    /// As `repr` writes it, without addresses; of an object with its attributes.
    fn text(&mut self, value: &Value) -> String {
        match value {
            Value::Tuple(items) => self.tuple(items),
            Value::Exception(exception) => self.exception(exception),
            Value::View(dict, view) => {
                let content = self.machine.body(self.state, dict.id);
                let Body::Collection(dict) = &content.body else { return String::new() };
                format!("{}([{}])", value.type_name(), self.list(&dict.seen(*view)))
            }
            Value::Object(object) => self.object(*object, value),
            _ => text::plain(self.machine.shared.program, value, true),
        }
    }

    fn object(&mut self, object: Reference, value: &Value) -> String {
        let program = self.machine.shared.program;
        let kind = text::plain(program, value, true);
        if !is_data(program, value) {
            return kind;
        }
        let content = self.machine.body(self.state, object.id);
        let (open, close) = match &content.body {
            Body::Collection(Collection::List(_)) if object.kind == ObjectKind::List => ("[", "]"),
            Body::Collection(Collection::Set(items)) if items.is_empty() => return "set()".into(),
            Body::Collection(Collection::Dict(_) | Collection::Set(_)) => ("{", "}"),
            Body::Instance(attributes) if attributes.is_empty() => return kind,
            _ => (kind.trim_end_matches('>'), ">"),
        };
        let separator = if close == ">" { " " } else { "" };
        if self.is_too_deep() {
            return format!("{open}…{close}");
        }
        if let Some(level) = self.enter(object) {
            let level = if self.levels { level.to_string() } else { String::new() };
            return format!("{open}{separator}...{level}{close}");
        }
        let inner = match &content.body {
            Body::Collection(Collection::List(items)) if object.kind == ObjectKind::SharedArray => {
                format!("[{}]", self.list(items))
            }
            Body::Collection(Collection::List(items) | Collection::Set(items)) => self.list(items),
            Body::Collection(Collection::Dict(pairs)) => {
                // Dicts of the same pairs are equal, in whatever order they came.
                let mut told: Vec<String> =
                    pairs.iter().map(|(key, value)| format!("{}: {}", self.text(key), self.text(value))).collect();
                told.sort();
                told.join(", ")
            }
            Body::Instance(attributes) => {
                let names = &program.names;
                let told = attributes.iter().map(|(name, value)| (&names[name.index()], self.text(value)));
                told.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
            }
            Body::SharedValue { value, .. } | Body::Atomic(value) => self.text(value),
            Body::Queue(queue) => format!("[{}]", self.list(&queue.items)),
            _ => String::new(),
        };
        self.open.pop();
        format!("{open}{separator}{inner}{close}")
    }

    fn list(&mut self, items: &[Value]) -> String {
        items.iter().map(|item| self.text(item)).collect::<Vec<_>>().join(", ")
    }

    fn tuple(&mut self, items: &[Value]) -> String {
        format!("({}{})", self.list(items), if items.len() == 1 { "," } else { "" })
    }

    fn exception(&mut self, exception: &Exception) -> String {
        let bare = Value::Exception(Exception::of(exception.class));
        let name = text::plain(self.machine.shared.program, &bare, true);
        format!("{}({})", name.trim_end_matches("()"), self.list(&exception.arguments))
    }
}

/// A value of a report as Python writes it.
pub fn python(value: &Json) -> String {
    match value {
        Json::Null => "None".into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => crate::program::value::quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Json::Object(pairs) => match pairs.get("repr") {
            Some(Json::String(text)) if pairs.len() == 1 => text.clone(),
            _ => {
                let pair = |(key, value): (&String, &Json)| {
                    format!("{}: {}", crate::program::value::quoted(key), python(value))
                };
                format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
        },
    }
}
