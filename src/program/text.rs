//! Values as texts: `str`, `repr`, f-strings, what is printed.

use std::sync::Arc;

use super::arithmetic::TEXT_MAX;
use super::code::{ClassId, Program};
use super::collection::{Collection, Failure, Objects, raised};
use super::library::ExceptionKind;
use super::value::{Exception, ExceptionClass, ObjectKind, Value, quoted};

/// How deep collections may be nested to be printed.
const DEPTH_MAX: usize = 20;

/// The text of a value that holds no collections.
pub fn plain(program: &Program, value: &Value, repr: bool) -> String {
    render(program, value, repr, &super::collection::Nowhere)
}

/// The text of a value, as `str` or as `repr`.
pub fn render(program: &Program, value: &Value, repr: bool, objects: &dyn Objects) -> String {
    let mut out = String::new();
    write(program, value, repr, objects, 0, &mut out);
    out
}

fn write(program: &Program, value: &Value, repr: bool, objects: &dyn Objects, depth: usize, out: &mut String) {
    if depth > DEPTH_MAX || out.len() > TEXT_MAX {
        return out.push('…');
    }
    let list = |items: &[Value], out: &mut String| {
        for (index, item) in items.iter().enumerate() {
            out.push_str(if index > 0 { ", " } else { "" });
            write(program, item, true, objects, depth + 1, out);
        }
    };
    match value {
        Value::Unset | Value::None => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Seconds => out.push_str("<seconds>"),
        Value::Str(text) if repr => out.push_str(&quoted(text)),
        Value::Str(text) => out.push_str(text),
        Value::Tuple(items) => {
            out.push('(');
            list(items, out);
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Value::Range(range) => match range[2] {
            1 => out.push_str(&format!("range({}, {})", range[0], range[1])),
            step => out.push_str(&format!("range({}, {}, {step})", range[0], range[1])),
        },
        Value::Function(function, _) => {
            out.push_str(&format!("<function {}>", program.functions[function.index()].name));
        }
        Value::Class(class) => out.push_str(&format!("<class '__main__.{}'>", program.classes[class.index()].name)),
        Value::ExceptionClass(kind) => out.push_str(&format!("<class '{}'>", kind.name())),
        Value::Builtin(builtin) => out.push_str(&format!("<built-in {}>", builtin.name())),
        Value::Exception(exception) => write_exception(program, exception, repr, objects, depth, out),
        Value::Object(object) => match objects.collection(*object) {
            Some(Collection::List(items)) => {
                out.push('[');
                list(items, out);
                out.push(']');
            }
            Some(Collection::Set(items)) if items.is_empty() => out.push_str("set()"),
            Some(Collection::Set(items)) => {
                out.push('{');
                list(items, out);
                out.push('}');
            }
            Some(Collection::Dict(pairs)) => {
                out.push('{');
                for (index, (key, value)) in pairs.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    write(program, key, true, objects, depth + 1, out);
                    out.push_str(": ");
                    write(program, value, true, objects, depth + 1, out);
                }
                out.push('}');
            }
            None => out.push_str(&format!("<{} object>", type_name(program, value))),
        },
        Value::View(dict, view) => {
            let items = objects.collection(*dict).map(|dict| dict.seen(*view)).unwrap_or_default();
            out.push_str(&format!("{}([", value.type_name()));
            list(&items, out);
            out.push_str("])");
        }
        _ => out.push_str(&format!("<{}>", value.type_name())),
    }
}

fn write_exception(
    program: &Program,
    exception: &Exception,
    repr: bool,
    objects: &dyn Objects,
    depth: usize,
    out: &mut String,
) {
    let mut arguments = String::new();
    let key_error = exception.class == ExceptionClass::Python(ExceptionKind::KeyError);
    match &exception.arguments[..] {
        [] => {}
        [only] => write(program, only, repr || key_error, objects, depth + 1, &mut arguments),
        several => write(program, &Value::tuple(several), true, objects, depth + 1, &mut arguments),
    }
    if !repr {
        return out.push_str(&arguments);
    }
    let arguments = arguments.trim_start_matches('(').trim_end_matches(')').to_string();
    out.push_str(&format!("{}({arguments})", exception_name(program, exception.class)));
}

/// The exception as the last line of a traceback has it: `KeyError: 'x'`.
pub fn exception_line(program: &Program, exception: &Exception, objects: &dyn Objects) -> String {
    let mut message = String::new();
    write_exception(program, exception, false, objects, 0, &mut message);
    let name = exception_name(program, exception.class);
    match message.is_empty() {
        true => name,
        false => format!("{name}: {message}"),
    }
}

/// The name of a class of exceptions.
pub fn exception_name(program: &Program, class: ExceptionClass) -> String {
    match class {
        ExceptionClass::Python(kind) => match kind {
            ExceptionKind::QueueEmpty => "_queue.Empty".into(),
            ExceptionKind::QueueFull => "queue.Full".into(),
            ExceptionKind::BrokenBarrierError => "threading.BrokenBarrierError".into(),
            kind => kind.name().into(),
        },
        ExceptionClass::Program(class) => program.classes[class.index()].name.clone(),
    }
}

/// What Python calls the type of a value.
pub fn type_name(program: &Program, value: &Value) -> String {
    let class = |class: ClassId| program.classes[class.index()].name.clone();
    match value {
        Value::Object(object) => match object.kind {
            ObjectKind::Instance(id) | ObjectKind::Thread(Some(id)) | ObjectKind::Process(Some(id)) => class(id),
            kind => kind.type_name().into(),
        },
        Value::Exception(exception) => exception_name(program, exception.class),
        _ => value.type_name().into(),
    }
}

/// A value in an f-string: its text, and how it is to be laid out.
pub(super) fn formatted(value: &Value, text: &Value, specification: Option<&Value>) -> Result<Value, Failure> {
    let (Value::Str(text), Some(Value::Str(specification))) = (text, specification) else { return Ok(text.clone()) };
    // [[fill]align][0][width][d|s]
    let letters: Vec<char> = specification.chars().collect();
    let is_align = |letter: Option<&char>| matches!(letter, Some('<' | '>' | '^'));
    let (fill, align, mut rest) = if is_align(letters.get(1)) {
        (letters[0], Some(letters[1]), &letters[2..])
    } else if is_align(letters.first()) {
        (' ', Some(letters[0]), &letters[1..])
    } else {
        (' ', None, &letters[..])
    };
    let number = value.as_int().is_some();
    let mut zeros = false;
    if let [first, ..] = rest
        && *first == '0'
        && align.is_none()
    {
        zeros = true;
        rest = &rest[1..];
    }
    let digits = rest.iter().take_while(|letter| letter.is_ascii_digit()).count();
    let width: usize = rest[..digits].iter().collect::<String>().parse().unwrap_or(0);
    let kind_fits = match &rest[digits..] {
        [] => true,
        ['d'] => number,
        ['s'] => matches!(value, Value::Str(_)),
        _ => false,
    };
    if !kind_fits {
        return Err(raised(ExceptionKind::ValueError, format!("Invalid format specifier '{specification}'")));
    }
    if width > TEXT_MAX {
        return Err(Failure::Limit(format!("a string is at most {TEXT_MAX} long")));
    }
    // `format(True, "d")` is 1, but with an empty specification it is True.
    let text: String = match (value, specification.is_empty()) {
        (Value::Bool(flag), false) => i64::from(*flag).to_string(),
        _ => text.to_string(),
    };
    let missing = width.saturating_sub(text.chars().count());
    let pad = |count: usize, letter: char| letter.to_string().repeat(count);
    Ok(Value::str(match (align, zeros, number) {
        (None, true, true) => match text.strip_prefix('-') {
            Some(digits) => format!("-{}{digits}", pad(missing, '0')),
            None => format!("{}{text}", pad(missing, '0')),
        },
        (None, true, false) => format!("{text}{}", pad(missing, '0')),
        (Some('>'), ..) | (None, false, true) => format!("{}{text}", pad(missing, fill)),
        (Some('^'), ..) => format!("{}{text}{}", pad(missing / 2, fill), pad(missing - missing / 2, fill)),
        _ => format!("{text}{}", pad(missing, fill)),
    }))
}

/// Texts in a row, with what stands between and after them.
pub(super) fn printed(texts: &[Value], between: &str, after: &str) -> Result<Arc<str>, Failure> {
    let mut out = String::new();
    for (index, text) in texts.iter().enumerate() {
        out.push_str(if index > 0 { between } else { "" });
        if let Value::Str(text) = text {
            out.push_str(text);
        }
    }
    out.push_str(after);
    match out.len() {
        0..=TEXT_MAX => Ok(out.into()),
        _ => Err(Failure::Limit(format!("a string is at most {TEXT_MAX} long"))),
    }
}
