//! How a run of a program ended, and which endings are right.
//!
//! The explorer, the threads that run a program for real, and CPython tell their endings in these words, so that they
//! can be laid side by side.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;

/// One distinct way in which a program ends: two runs with equal ones ended alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// What it is.
    #[serde(default)]
    pub kind: EndingKind,
    /// The thread that failed, by the number of its start; 0 is main.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<u32>,
    /// The line where it failed, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// What was raised, as Python words it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
    /// Every global that was assigned or mutated after the first `start`, and its value as JSON has it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub values: BTreeMap<String, Json>,
    /// What was printed, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub output: Vec<String>,
    /// In a deadlock: who waits for what.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub waits: Vec<Waiting>,
}

/// A thread that waits, in a deadlock.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Waiting {
    /// The thread that waits.
    pub thread: u32,
    /// What for: a lock's name, `the end of thread 2`, …
    #[serde(rename = "for")]
    pub what: String,
    /// The thread that holds it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_by: Option<u32>,
}

/// Kinds of endings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndingKind {
    /// All threads that are not daemons ended.
    #[default]
    Ended,
    /// Nobody can move, and somebody has not ended.
    Deadlock,
    /// An `assert` failed.
    Assertion,
    /// An exception that nobody caught.
    Exception,
    /// A thread spins in a loop that touches nothing shared.
    Spins,
    /// It was stopped before it had ended: nobody knows whether it would have.
    Unended,
}

impl EndingKind {
    /// Every kind, in the order in which tables list them.
    pub const ALL: [EndingKind; 6] = [
        EndingKind::Ended,
        EndingKind::Deadlock,
        EndingKind::Assertion,
        EndingKind::Exception,
        EndingKind::Spins,
        EndingKind::Unended,
    ];

    /// The kind's name, as patterns and reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            EndingKind::Ended => "ended",
            EndingKind::Deadlock => "deadlock",
            EndingKind::Assertion => "assertion",
            EndingKind::Exception => "exception",
            EndingKind::Spins => "spins",
            EndingKind::Unended => "unended",
        }
    }
}

/// What is to be thought of an ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Acceptable,
    /// Allowed, and worth a look.
    Interesting,
    /// It must not be: counted as a failure.
    Forbidden,
}

/// Endings of a kind: `ended counter=2`, `deadlock`, `exception`, `ended a=[1, 2] b="x"`.
///
/// After the kind, pairs of a global and its value in JSON, without spaces around `=`; all of them must hold. What the
/// pattern does not name may be anything. Where no global is called `output`, that is what was printed, line by line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    /// The kind.
    pub kind: EndingKind,
    /// Globals and what they must be.
    pub values: Vec<(String, Json)>,
}

impl Pattern {
    /// Whether an ending is of this kind.
    pub fn fits(&self, ending: &Ending) -> bool {
        let printed = |value: &Json| {
            value.as_array().is_some_and(|lines| {
                lines.len() == ending.output.len()
                    && lines.iter().zip(&ending.output).all(|(line, printed)| line.as_str() == Some(printed))
            })
        };
        let holds = |(name, value): &(String, Json)| match ending.values.get(name) {
            Some(is) => is == value,
            None => name == "output" && printed(value),
        };
        self.kind == ending.kind && self.values.iter().all(holds)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.kind.name())?;
        self.values.iter().try_for_each(|(name, value)| write!(out, " {name}={value}"))
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.to_string()
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Pattern, String> {
        text.parse()
    }
}

impl std::str::FromStr for Pattern {
    type Err = String;

    /// Reads a pattern; the error says what is wrong with it.
    fn from_str(text: &str) -> Result<Pattern, String> {
        let (word, mut rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let Some(kind) = EndingKind::ALL.into_iter().find(|kind| kind.name() == word) else {
            let names: Vec<&str> = EndingKind::ALL.iter().map(|kind| kind.name()).collect();
            return Err(format!("`{word}` is no ending: it is one of {}", names.join(", ")));
        };
        let mut values = Vec::new();
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return Ok(Pattern { kind, values });
            }
            let Some((name, value)) = rest.split_once('=') else {
                return Err(format!("`{rest}` has no `=`: write `name=value`, the value as JSON"));
            };
            let is_name = |name: &str| {
                !name.starts_with(|first: char| first.is_ascii_digit())
                    && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
            };
            if name.is_empty() || !is_name(name) {
                return Err(format!("`{name}` is no name of a variable"));
            }
            let mut stream = serde_json::Deserializer::from_str(value).into_iter::<Json>();
            match stream.next() {
                Some(Ok(read)) => {
                    values.push((name.to_string(), read));
                    rest = &value[stream.byte_offset()..];
                }
                _ => return Err(format!("the value of `{name}` is no JSON: write a number, \"a text\" or [a, list]")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ended(values: &[(&str, Json)]) -> Ending {
        Ending {
            values: values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
            ..Ending::default()
        }
    }

    #[test]
    fn a_pattern_fits_what_it_names_and_nothing_else() {
        let pattern: Pattern = "ended counter=2 log=[1, \"a b\"]".parse().expect("a pattern");
        let log = serde_json::json!([1, "a b"]);
        assert!(pattern.fits(&ended(&[("counter", 2.into()), ("log", log.clone()), ("other", Json::Null)])));
        assert!(!pattern.fits(&ended(&[("counter", 1.into()), ("log", log.clone())])));
        assert!(!pattern.fits(&ended(&[("log", log)])));
        let deadlock = Ending { kind: EndingKind::Deadlock, ..Ending::default() };
        assert!(!pattern.fits(&deadlock) && "deadlock".parse::<Pattern>().expect("a pattern").fits(&deadlock));
    }

    #[test]
    fn a_pattern_may_name_what_was_printed() {
        let printed = Ending { output: vec!["1".into(), "2".into()], ..Ending::default() };
        let fits = |text: &str| text.parse::<Pattern>().expect("a pattern").fits(&printed);
        assert!(fits("ended output=[\"1\",\"2\"]"));
        assert!(!fits("ended output=[\"2\",\"1\"]") && !fits("ended output=[\"1\"]") && !fits("ended output=1"));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (text, part) in [
            ("ende", "one of ended, deadlock"),
            ("ended counter", "no `=`"),
            ("ended 2x=1", "no name"),
            ("ended x=", "no JSON"),
            ("ended x=1 y", "no `=`"),
        ] {
            let error = text.parse::<Pattern>().expect_err("no pattern");
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_an_error_and_a_pattern_reads_back(text in ".{0,40}|(ended|deadlock)( [a-z]=[0-9]{1,3}){0,3}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                prop_assert_eq!(pattern.to_string().parse::<Pattern>(), Ok(pattern));
            }
        }
    }
}
