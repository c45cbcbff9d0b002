//! How many arguments Python's own functions and methods take, and its words for others.
//!
//! What they mean stands in `calls.rs`. Here is only what can be said without looking at them, from the same two
//! lists that CPython's argument clinic knows: functions that take exactly so many, and functions with keywords.

use super::calls::Bound;
use super::code::Program;
use super::collection::{Failure, raised};
use super::library::ExceptionKind;

/// What a function or method takes.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// Nothing.
    Nothing,
    /// One argument, by position.
    One,
    /// From so many to so many, by position.
    Between(usize, usize),
    /// At most so many in all, of which these may be given by name.
    Named(usize, &'static [&'static str]),
    /// Any number by position, and these by name.
    Any(&'static [&'static str]),
}

use Takes::{Any, Between, Named, Nothing, One};

/// Whose it is (empty for functions), its name, and what it takes.
#[rustfmt::skip]
const TABLE: &[(&str, &str, Takes)] = &[
    ("", "len", One), ("", "abs", One), ("", "bool", Between(0, 1)), ("", "list", Between(0, 1)),
    ("", "tuple", Between(0, 1)), ("", "set", Between(0, 1)), ("", "range", Between(1, 3)),
    ("", "print", Any(&["sep", "end", "file", "flush"])), ("", "min", Any(&["key", "default"])),
    ("", "max", Any(&["key", "default"])), ("", "zip", Any(&["strict"])), ("", "sorted", Any(&["key", "reverse"])),
    ("", "sum", Named(2, &["start"])), ("", "enumerate", Named(2, &["iterable", "start"])),
    ("", "int", Named(2, &["base"])), ("", "str", Named(3, &["object", "encoding", "errors"])),
    ("list", "append", One), ("list", "extend", One), ("list", "insert", Between(2, 2)), ("list", "remove", One),
    ("list", "pop", Between(0, 1)), ("list", "clear", Nothing), ("list", "index", Between(1, 3)),
    ("list", "count", One), ("list", "sort", Any(&["key", "reverse"])), ("list", "reverse", Nothing),
    ("list", "copy", Nothing),
    ("dict", "get", Between(1, 2)), ("dict", "keys", Nothing), ("dict", "values", Nothing), ("dict", "items", Nothing),
    ("dict", "pop", Between(1, 2)), ("dict", "popitem", Nothing), ("dict", "clear", Nothing),
    ("dict", "setdefault", Between(1, 2)), ("dict", "copy", Nothing),
    ("set", "add", One), ("set", "remove", One), ("set", "discard", One), ("set", "pop", Nothing),
    ("set", "clear", Nothing), ("set", "copy", Nothing), ("set", "update", Any(&[])), ("set", "union", Any(&[])),
    ("set", "intersection", Any(&[])), ("set", "difference", Any(&[])), ("set", "symmetric_difference", One),
    ("set", "issubset", One), ("set", "issuperset", One), ("set", "isdisjoint", One),
];

/// Looks whether so many arguments, and these keywords, can be given.
///
/// # Errors
/// `TypeError`, as CPython words it.
pub(super) fn check(program: &Program, owner: &str, name: &str, bound: &Bound) -> Result<(), Failure> {
    let Some((_, _, takes)) = TABLE.iter().find(|row| (row.0, row.1) == (owner, name)) else { return Ok(()) };
    let given = bound.positional.len();
    let full = if owner.is_empty() { name.to_string() } else { format!("{owner}.{name}") };
    let keyword = bound.keywords.first().map(|(keyword, _)| program.names[keyword.index()].as_str());
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let text = match *takes {
        Nothing | One | Between(..) | Any([]) if keyword.is_some() => format!("{full}() takes no keyword arguments"),
        Nothing if given > 0 => format!("{full}() takes no arguments ({given} given)"),
        One if given != 1 => format!("{full}() takes exactly one argument ({given} given)"),
        Between(least, most) if least == most && given != least => {
            format!("{name} expected {least} argument{}, got {given}", plural(least))
        }
        Between(least, _) if given < least => {
            format!("{name} expected at least {least} argument{}, got {given}", plural(least))
        }
        Between(_, most) if given > most => {
            format!("{name} expected at most {most} argument{}, got {given}", plural(most))
        }
        Named(most, _) if given + bound.keywords.len() > most => {
            let count = given + bound.keywords.len();
            format!("{name}() takes at most {most} arguments ({count} given)")
        }
        // What sorts takes only one by position, and by that name it is none of its keywords.
        Any(_) if name == "sorted" && given != 1 => format!("sorted expected 1 argument, got {given}"),
        Named(_, names) | Any(names) => {
            let known = |keyword: &str| names.contains(&keyword);
            let mut keywords = bound.keywords.iter().map(|(keyword, _)| program.names[keyword.index()].as_str());
            let Some(unknown) = keywords.find(|keyword| !known(keyword)) else { return Ok(()) };
            // What sorts is the method of a list.
            let name = if name == "sorted" { "sort" } else { name };
            format!("'{unknown}' is an invalid keyword argument for {name}()")
        }
        _ => return Ok(()),
    };
    Err(raised(ExceptionKind::TypeError, text))
}
