//! Values as texts: `str`, `repr`, f-strings, what is printed.

use std::sync::Arc;

use super::arithmetic::TEXT_MAX;
use super::code::{Base, ClassId, Instruction, Program};
use super::collection::{Collection, Failure, Objects, raised};
use super::library::ExceptionKind;
use super::value::{Exception, ExceptionClass, Method, ObjectKind, Value, quoted};

/// How deep collections may be nested to be printed.
const DEPTH_MAX: usize = 100;

/// The text of a value that holds no collections.
pub fn plain(program: &Program, value: &Value, repr: bool) -> String {
    render(program, value, repr, &super::collection::Nowhere(program))
}

/// The text of a value, as `str` or as `repr`; what goes too deep in it is left out.
pub fn render(program: &Program, value: &Value, repr: bool, objects: &dyn Objects) -> String {
    let mut writer = Writer { program, objects, out: String::new(), open: Vec::new(), cut: false };
    writer.write(value, repr);
    writer.out
}

/// The whole text of a value, as `str` or as `repr`.
///
/// # Errors
/// Past the depth to which values may be nested, or the length of a string.
pub fn rendered(program: &Program, value: &Value, repr: bool, objects: &dyn Objects) -> Result<String, Failure> {
    let mut writer = Writer { program, objects, out: String::new(), open: Vec::new(), cut: false };
    writer.write(value, repr);
    match (writer.cut, writer.out.len()) {
        (true, _) => Err(Failure::Limit(format!("collections nested more than {DEPTH_MAX} deep are not written"))),
        (false, 0..=TEXT_MAX) => Ok(writer.out),
        _ => Err(Failure::Limit(format!("a string is at most {TEXT_MAX} long"))),
    }
}

struct Writer<'a> {
    program: &'a Program,
    objects: &'a dyn Objects,
    out: String,
    /// What is being written, outermost first: what holds itself is not written once more.
    open: Vec<Value>,
    /// Something went too deep.
    cut: bool,
}

impl Writer<'_> {
    /// Writes the inside of something; of what holds itself, only that.
    fn inside(&mut self, value: &Value, inner: impl FnOnce(&mut Self)) {
        if value.holds_containers() && self.open.contains(value) {
            return self.out.push_str("...");
        }
        if self.open.len() >= DEPTH_MAX || self.out.len() > TEXT_MAX {
            self.cut |= self.open.len() >= DEPTH_MAX;
            return self.out.push('…');
        }
        self.open.push(value.clone());
        inner(self);
        self.open.pop();
    }

    fn list(&mut self, items: &[Value]) {
        for (index, item) in items.iter().enumerate() {
            self.out.push_str(if index > 0 { ", " } else { "" });
            self.write(item, true);
        }
    }

    fn write(&mut self, value: &Value, repr: bool) {
        let program = self.program;
        match value {
            Value::Unset | Value::None => self.out.push_str("None"),
            Value::Bool(true) => self.out.push_str("True"),
            Value::Bool(false) => self.out.push_str("False"),
            Value::Int(number) => self.out.push_str(&number.to_string()),
            Value::Seconds => self.out.push_str("<seconds>"),
            Value::Str(text) if repr => self.out.push_str(&quoted(text)),
            Value::Str(text) => self.out.push_str(text),
            Value::Tuple(items) => {
                self.out.push('(');
                let lone = items.len() == 1;
                self.inside(value, |writer| {
                    writer.list(items);
                    writer.out.push_str(if lone { "," } else { "" });
                });
                self.out.push(')');
            }
            Value::Range(range) => match range[2] {
                1 => self.out.push_str(&format!("range({}, {})", range[0], range[1])),
                step => self.out.push_str(&format!("range({}, {}, {step})", range[0], range[1])),
            },
            Value::Function(function, _) => {
                self.out.push_str(&format!("<function {}>", program.functions[function.index()].qualified));
            }
            Value::Method(method) => match &**method {
                Method::Function { receiver, function, .. } => {
                    let name = &program.functions[function.index()].qualified;
                    self.out.push_str(&format!("<bound method {name} of "));
                    self.write(receiver, true);
                    self.out.push('>');
                }
                Method::Library { object, name } => {
                    let (name, kind) = (&program.names[name.index()], object.kind.type_name());
                    self.out.push_str(&format!("<built-in method {name} of {kind} object>"));
                }
                Method::BaseInit(_) => self.out.push_str("<bound method __init__>"),
            },
            Value::Class(class) => {
                self.out.push_str(&format!("<class '__main__.{}'>", program.classes[class.index()].name))
            }
            Value::ExceptionClass(kind) => self.out.push_str(&format!("<class '{}'>", kind.name())),
            Value::Builtin(builtin) => self.out.push_str(&match (builtin.module(), builtin.name()) {
                ("module", name) => format!("<module '{name}'>"),
                ("", name) if builtin.is_class() => format!("<class '{name}'>"),
                ("", name) => format!("<built-in function {name}>"),
                (module, name) if builtin.is_class() => format!("<class '{module}.{name}'>"),
                (_, name) => format!("<function {name}>"),
            }),
            Value::Exception(exception) => self.exception(exception, repr),
            Value::Object(object) => match self.objects.collection(*object) {
                Some(Collection::List(items)) => {
                    self.out.push('[');
                    self.inside(value, |writer| writer.list(items));
                    self.out.push(']');
                }
                Some(Collection::Set(items)) if items.is_empty() => self.out.push_str("set()"),
                Some(Collection::Set(items)) => {
                    self.out.push('{');
                    self.inside(value, |writer| writer.list(items));
                    self.out.push('}');
                }
                Some(Collection::Dict(pairs)) => {
                    self.out.push('{');
                    self.inside(value, |writer| {
                        for (index, (key, value)) in pairs.iter().enumerate() {
                            writer.out.push_str(if index > 0 { ", " } else { "" });
                            writer.write(key, true);
                            writer.out.push_str(": ");
                            writer.write(value, true);
                        }
                    });
                    self.out.push('}');
                }
                Some(Collection::Iterator(_)) | None => {
                    let ours = object.kind.class().is_some_and(|class| !program.classes[class.index()].internal);
                    let module = if ours { "__main__." } else { "" };
                    self.out.push_str(&format!("<{module}{} object>", type_name(program, value)));
                }
            },
            Value::View(dict, view) => {
                let items = self.objects.collection(*dict).map(|dict| dict.seen(*view)).unwrap_or_default();
                if self.open.contains(value) {
                    return self.out.push_str("...");
                }
                self.out.push_str(&format!("{}([", value.type_name()));
                self.inside(value, |writer| writer.list(&items));
                self.out.push_str("])");
            }
            Value::Iterator(_) => self.out.push_str(&format!("<{} object>", value.type_name())),
            _ => self.out.push_str(&format!("<{}>", value.type_name())),
        }
    }

    fn exception(&mut self, exception: &Exception, repr: bool) {
        let program = self.program;
        let key_error = match exception.class {
            ExceptionClass::Python(kind) => kind.is(ExceptionKind::KeyError),
            ExceptionClass::Program(class) => {
                matches!(program.root(class), Base::Exception(kind) if kind.is(ExceptionKind::KeyError))
            }
        };
        let several = exception.arguments.len() > 1;
        let mut inner = Writer {
            program,
            objects: self.objects,
            out: String::new(),
            open: std::mem::take(&mut self.open),
            cut: self.cut,
        };
        match &exception.arguments[..] {
            [] => {}
            [only] => inner.write(only, repr || key_error),
            several => inner.write(&Value::tuple(several), true),
        }
        let arguments = inner.out;
        (self.open, self.cut) = (inner.open, inner.cut);
        if !repr {
            return self.out.push_str(&arguments);
        }
        // Without its module, as `repr` has it.
        let name = match exception.class {
            ExceptionClass::Python(kind) => kind.name().into(),
            class => exception_name(program, class),
        };
        match several {
            true => self.out.push_str(&format!("{name}{arguments}")),
            false => self.out.push_str(&format!("{name}({arguments})")),
        }
    }
}

/// The exception as the last line of a traceback has it: `KeyError: 'x'`.
pub fn exception_line(program: &Program, exception: &Exception, objects: &dyn Objects) -> String {
    let mut message = render(program, &Value::Exception(Arc::new(exception.clone())), false, objects);
    message.push_str(&meant(program, exception).unwrap_or_default());
    let name = exception_name(program, exception.class);
    match message.is_empty() {
        true => name,
        false => format!("{name}: {message}"),
    }
}

/// What was perhaps meant by a name that nothing has: CPython's traceback tells that too.
fn meant(program: &Program, exception: &Exception) -> Option<String> {
    let (ExceptionClass::Python(ExceptionKind::NameError), [Value::Str(message)]) =
        (exception.class, &exception.arguments[..])
    else {
        return None;
    };
    let name = message.strip_prefix("name '")?.strip_suffix("' is not defined")?;
    if super::imports::module(name).is_some() {
        return Some(format!(". Did you forget to import '{name}'?"));
    }
    // A global is among them because it is asked for, too: what has that name must be assigned somewhere.
    let code = program.functions.iter().flat_map(|function| &function.code);
    let assigned = code.filter_map(|instruction| match instruction {
        Instruction::StoreGlobal(global) => Some(program.globals[global.index()].as_str()),
        _ => None,
    });
    let known = assigned.chain(super::imports::without_import().map(|(name, _)| name)).filter(|known| *known != name);
    super::problem::nearest(name, known).map(|known| format!(". Did you mean: '{known}'?"))
}

/// The name of a class of exceptions.
pub fn exception_name(program: &Program, class: ExceptionClass) -> String {
    match class {
        ExceptionClass::Python(kind) => match kind {
            ExceptionKind::QueueEmpty => "_queue.Empty".into(),
            ExceptionKind::QueueFull => "queue.Full".into(),
            ExceptionKind::ProcessError => "multiprocessing.context.ProcessError".into(),
            ExceptionKind::ProcessTimeout => "multiprocessing.context.TimeoutError".into(),
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

/// The integer that a text stands for; base 0 means that the text itself says which.
pub(super) fn integer(text: &str, base: i64) -> Result<i64, Failure> {
    let invalid = || {
        let shown: String = quoted(text).chars().take(200).collect();
        let text = format!("invalid literal for int() with base {base}: {shown}");
        raised(ExceptionKind::ValueError, text)
    };
    if text.chars().any(|letter| !letter.is_ascii() && letter.is_numeric()) {
        return Err(Failure::Limit("digits other than `0` to `9` are not in the subset".into()));
    }
    let whole = text.trim();
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let lower = digits.to_ascii_lowercase();
    let marked = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find(|(mark, _)| lower.starts_with(mark));
    let (radix, digits) = match (base, marked) {
        (0, Some((_, radix))) => (radix, &digits[2..]),
        (0, None) => (10, digits),
        (base, Some((_, radix))) if base == radix => (radix, &digits[2..]),
        (base, _) => (base, digits),
    };
    // One `_` may stand between two digits, and after the mark.
    let marked = digits.len() < lower.len();
    let bare = if marked { digits.strip_prefix('_').unwrap_or(digits) } else { digits };
    if bare.is_empty() || bare.split('_').any(str::is_empty) || bare.starts_with(['+', '-']) {
        return Err(invalid());
    }
    let bare = bare.replace('_', "");
    // Like a number in a program, it has no zeros in front then.
    if base == 0 && !marked && bare.starts_with('0') && bare.contains(|digit| digit != '0') {
        return Err(invalid());
    }
    let sign = if whole.starts_with('-') { "-" } else { "" };
    match i64::from_str_radix(&format!("{sign}{bare}"), radix as u32) {
        Ok(number) => Ok(number),
        Err(error) if *error.kind() == std::num::IntErrorKind::InvalidDigit => Err(invalid()),
        Err(_) => Err(Failure::Limit("an integer beyond 64 bits".into())),
    }
}

/// A value in an f-string: its text, and how it is to be laid out.
///
/// # Errors
/// As Python words it, where a value of that type is not laid out so.
pub(super) fn formatted(
    program: &Program,
    value: &Value,
    text: &Value,
    specification: Option<&Value>,
) -> Result<Value, Failure> {
    let (Value::Str(text), Some(Value::Str(specification))) = (text, specification) else { return Ok(text.clone()) };
    if !matches!(value, Value::Str(_) | Value::Int(_) | Value::Bool(_)) {
        let text = format!("unsupported format string passed to {}.__format__", type_name(program, value));
        return Err(raised(ExceptionKind::TypeError, text));
    }
    // [[fill]align][0][width][d|s]
    let letters: Vec<char> = specification.chars().collect();
    let is_align = |letter: Option<&char>| matches!(letter, Some('<' | '>' | '^' | '='));
    let (mut fill, align, mut rest) = if is_align(letters.get(1)) {
        (Some(letters[0]), Some(letters[1]), &letters[2..])
    } else if is_align(letters.first()) {
        (None, Some(letters[0]), &letters[1..])
    } else {
        (None, None, &letters[..])
    };
    let number = value.as_int().is_some();
    // A number is filled after its sign then, unless something else is said.
    let mut zeros = false;
    if let [first, ..] = rest
        && *first == '0'
    {
        zeros = align.is_none();
        fill = fill.or(Some('0'));
        rest = &rest[1..];
    }
    let fill = fill.unwrap_or(' ');
    let align = align.unwrap_or(match (number, zeros) {
        (true, true) => '=',
        (true, false) => '>',
        (false, _) => '<',
    });
    let digits = rest.iter().take_while(|letter| letter.is_ascii_digit()).count();
    let width: usize = rest[..digits].iter().collect::<String>().parse().unwrap_or(0);
    let code = rest.get(digits).copied();
    if let Some(code) = code.filter(|code| *code != if number { 'd' } else { 's' }) {
        let text = format!("Unknown format code '{code}' for object of type '{}'", value.type_name());
        return Err(raised(ExceptionKind::ValueError, text));
    }
    if !number && align == '=' {
        let text = "'=' alignment not allowed in string format specifier";
        return Err(raised(ExceptionKind::ValueError, text));
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
    Ok(Value::str(match (align, text.strip_prefix('-')) {
        ('=', Some(digits)) => format!("-{}{digits}", pad(missing, fill)),
        ('=' | '>', _) => format!("{}{text}", pad(missing, fill)),
        ('^', _) => format!("{}{text}{}", pad(missing / 2, fill), pad(missing - missing / 2, fill)),
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
