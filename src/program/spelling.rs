//! Final values, spelt out: as JSON for reports, and as a text in which no two that differ are alike. What objects hold,
//! whoever runs the program tells.
//!
//! What JSON has too is told as JSON has it: numbers, strings, truth values, `None` as null, lists as arrays, and dicts
//! whose keys are strings as objects; shared values, arrays and queues as what they hold. Anything else is an object
//! with the one key `repr`: `{"repr": "(1,)"}`. So that nothing can look like that by chance, a dict with no other key than
//! `repr` is told in that way too.

use serde_json::{Value as Json, json};

use super::code::{NameId, Program};
use super::collection::Collection;
use super::text;
use super::value::{Exception, ObjectKind, Reference, Value};

/// How deep values may lie in each other to be told.
pub const DEPTH_MAX: usize = 200;

/// What an object holds.
#[derive(Clone, Debug)]
pub enum Inside {
    /// A list, dict, set, or shared array.
    Collection(Collection),
    /// Its attributes.
    Attributes(Vec<(NameId, Value)>),
    /// One value: it is shared, or an atomic.
    Cell(Value),
    /// What waits in a queue.
    Queue(Vec<Value>),
    /// Nothing that could be told.
    Nothing,
}

/// Who knows what objects hold.
pub trait Insides {
    /// What an object holds.
    fn inside(&mut self, object: Reference) -> Inside;
}

/// Whether a value is data: not a function, a class, a thread, a lock, ….
pub fn is_data(program: &Program, value: &Value) -> bool {
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

/// Whether there is data in it: a list of nothing but threads, or futures, says as little as one of them.
pub fn holds_data(program: &Program, insides: &mut dyn Insides, value: &Value) -> bool {
    holds_data_within(program, insides, value, 0)
}

fn holds_data_within(program: &Program, insides: &mut dyn Insides, value: &Value, depth: usize) -> bool {
    let items: Vec<Value> = match value {
        Value::Tuple(items) => items.to_vec(),
        Value::Object(object) if matches!(object.kind, ObjectKind::List | ObjectKind::Dict) => {
            match insides.inside(*object) {
                Inside::Collection(Collection::Dict(pairs)) => pairs.into_iter().map(|(_, value)| value).collect(),
                Inside::Collection(collection) => collection.items(),
                _ => Vec::new(),
            }
        }
        _ => return is_data(program, value),
    };
    // What holds itself is something to tell.
    depth > 4 || items.is_empty() || items.iter().any(|item| holds_data_within(program, insides, item, depth + 1))
}

/// A value as reports have it; none where values are nested more than [`DEPTH_MAX`] deep.
pub fn json(program: &Program, insides: &mut dyn Insides, value: &Value) -> Option<Json> {
    let mut speller = Speller { program, insides, open: Vec::new(), levels: false, is_deep: false };
    let json = speller.json(value);
    (!speller.is_deep).then_some(json)
}

/// A value to the last difference; none where values are nested more than [`DEPTH_MAX`] deep.
pub fn exact(program: &Program, insides: &mut dyn Insides, value: &Value) -> Option<String> {
    let mut speller = Speller { program, insides, open: Vec::new(), levels: true, is_deep: false };
    let text = speller.text(value);
    (!speller.is_deep).then_some(text)
}

struct Speller<'a> {
    program: &'a Program,
    insides: &'a mut dyn Insides,
    /// Objects that are being told, outermost first: one that holds itself is cut short.
    open: Vec<u32>,
    /// Where something holds itself, say also which of those around it that is.
    levels: bool,
    /// It went too deep: what is not told must not pass for the same.
    is_deep: bool,
}

impl Speller<'_> {
    /// Goes into an object; gives its place among those around it where it is there already, or `None` for a fresh one.
    fn enter(&mut self, object: Reference) -> Option<usize> {
        let around = self.open.iter().rev().position(|open| *open == object.id);
        if around.is_none() {
            self.open.push(object.id);
        }
        around
    }

    fn is_too_deep(&mut self) -> bool {
        self.is_deep |= self.open.len() > DEPTH_MAX;
        self.is_deep
    }

    fn json(&mut self, value: &Value) -> Json {
        match value {
            Value::None => Json::Null,
            Value::Bool(flag) => Json::from(*flag),
            Value::Int(number) => Json::from(*number),
            Value::Str(text) => Json::from(&**text),
            Value::Object(object) if is_data(self.program, value) => {
                let inside = self.insides.inside(*object);
                let plain = match &inside {
                    Inside::Collection(Collection::List(items)) => Some(items.clone()),
                    Inside::Collection(Collection::Dict(pairs)) => {
                        let named = pairs.iter().all(|(key, _)| matches!(key, Value::Str(_)));
                        let lone = matches!(&pairs[..], [(Value::Str(key), _)] if **key == *"repr");
                        (named && !lone).then(|| pairs.iter().map(|(_, value)| value.clone()).collect())
                    }
                    Inside::Cell(value) => Some(vec![value.clone()]),
                    Inside::Queue(items) => Some(items.clone()),
                    _ => None,
                };
                let Some(items) = plain else { return json!({ "repr": self.text(value) }) };
                if self.is_too_deep() || self.enter(*object).is_some() {
                    return json!({ "repr": self.text(value) });
                }
                let mut items: Vec<Json> = items.iter().map(|item| self.json(item)).collect();
                self.open.pop();
                match &inside {
                    Inside::Collection(Collection::Dict(pairs)) => {
                        let name = |key: &Value| text::plain(self.program, key, false);
                        Json::Object(pairs.iter().map(|(key, _)| name(key)).zip(items).collect())
                    }
                    Inside::Cell(_) => items.remove(0),
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
                let Inside::Collection(dict) = self.insides.inside(*dict) else { return String::new() };
                format!("{}([{}])", value.type_name(), self.list(&dict.seen(*view)))
            }
            Value::Object(object) => self.object(*object, value),
            _ => text::plain(self.program, value, true),
        }
    }

    fn object(&mut self, object: Reference, value: &Value) -> String {
        let program = self.program;
        let kind = text::plain(program, value, true);
        if !is_data(program, value) {
            return kind;
        }
        let inside = self.insides.inside(object);
        let (open, close) = match &inside {
            Inside::Collection(Collection::List(_)) if object.kind == ObjectKind::List => ("[", "]"),
            Inside::Collection(Collection::Set(items)) if items.is_empty() => return "set()".into(),
            Inside::Collection(Collection::Dict(_) | Collection::Set(_)) => ("{", "}"),
            Inside::Attributes(attributes) if attributes.is_empty() => return kind,
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
        let inner = match &inside {
            Inside::Collection(Collection::List(items)) if object.kind == ObjectKind::SharedArray => {
                format!("[{}]", self.list(items))
            }
            Inside::Collection(Collection::List(items) | Collection::Set(items)) => self.list(items),
            Inside::Collection(Collection::Dict(pairs)) => {
                // Dicts of the same pairs are equal, in whatever order they came.
                let mut told: Vec<String> =
                    pairs.iter().map(|(key, value)| format!("{}: {}", self.text(key), self.text(value))).collect();
                told.sort();
                told.join(", ")
            }
            Inside::Attributes(attributes) => {
                let names = &program.names;
                let told = attributes.iter().map(|(name, value)| (&names[name.index()], self.text(value)));
                told.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
            }
            Inside::Cell(value) => self.text(value),
            Inside::Queue(items) => format!("[{}]", self.list(items)),
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
        let name = text::plain(self.program, &bare, true);
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
        Json::String(text) => super::value::quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Json::Object(pairs) => match pairs.get("repr") {
            Some(Json::String(text)) if pairs.len() == 1 => text.clone(),
            _ => {
                let pair = |(key, value): (&String, &Json)| format!("{}: {}", super::value::quoted(key), python(value));
                format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
        },
    }
}
