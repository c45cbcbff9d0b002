//! What a program of `assets/programs` says about itself in its comments, and whether it is so.
//!
//! ```text
//! # expect: schedules 6                          how many there are: a number, or `inf`
//! # expect: ended counter=2: 2                   how many end so, with these values: a number, `inf`, `some`, `none`
//! # expect: ended output=["1","2"]: some         … with this output; values and output are JSON without spaces
//! # expect: deadlock: none                       kinds: ended, deadlock, assertion, exception, spins
//! # expect (tso, capacity=1): ended: some        under these options: statement, tso, fifo, spurious, thread, capacity=N
//! # finds: data-race, livelock                   at least these; `nothing` for none at all
//! # lacks: livelock                              none of these
//! # cpython: may hang                            some schedule never ends
//! ```

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Exactly(String),
    Some,
    None,
}

#[derive(Debug)]
pub(crate) enum What {
    Schedules,
    Ending { kind: String, values: BTreeMap<String, serde_json::Value>, output: Option<Vec<String>> },
}

#[derive(Debug)]
pub(crate) struct Expectation {
    /// The line as it stands.
    pub(crate) text: String,
    /// In any order, each once.
    pub(crate) under: BTreeSet<String>,
    pub(crate) what: What,
    pub(crate) count: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Expectations {
    pub(crate) all: Vec<Expectation>,
    pub(crate) finds: BTreeSet<String>,
    pub(crate) finds_nothing: bool,
    pub(crate) lacks: BTreeSet<String>,
    pub(crate) may_hang: bool,
}

/// Reads the expectations of a program. Says which line it does not understand.
pub(crate) fn read(text: &str) -> Result<Expectations, String> {
    let mut read = Expectations::default();
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let wrong = |what: &str| format!("{what}: `# {line}`");
        let words = |list: &str| -> BTreeSet<String> { list.split(',').map(|word| word.trim().to_owned()).collect() };
        if let Some(rest) = line.strip_prefix("expect") {
            read.all.push(expectation(line, rest).map_err(|what| wrong(&what))?);
        } else if let Some(rest) = line.strip_prefix("finds: ") {
            match rest {
                "nothing" => read.finds_nothing = true,
                _ => read.finds = words(rest),
            }
        } else if let Some(rest) = line.strip_prefix("lacks: ") {
            read.lacks = words(rest);
        } else if let Some(rest) = line.strip_prefix("cpython: ") {
            match rest {
                "may hang" => read.may_hang = true,
                _ => return Err(wrong("only `may hang`")),
            }
        }
    }
    const FINDINGS: [&str; 6] =
        ["data-race", "livelock", "starvation", "lock-not-released", "lost-wakeup", "potential-deadlock"];
    match read.finds.union(&read.lacks).find(|name| !FINDINGS.contains(&name.as_str())) {
        Some(name) => Err(format!("no such finding: {name}")),
        None => Ok(read),
    }
}

fn expectation(line: &str, rest: &str) -> Result<Expectation, String> {
    let (under, rest) = match rest.strip_prefix(" (") {
        Some(rest) => {
            let (under, rest) = rest.split_once(')').ok_or("no closing parenthesis")?;
            (under.split(',').map(|word| word.trim().to_owned()).collect(), rest)
        }
        None => (BTreeSet::new(), rest),
    };
    for word in &under {
        let known = matches!(word.as_str(), "statement" | "tso" | "fifo" | "spurious" | "thread");
        let capacity = word.strip_prefix("capacity=").is_some_and(|number| number.parse::<u32>().is_ok());
        if !known && !capacity {
            return Err(format!("no such option: {word}"));
        }
    }
    let rest = rest.strip_prefix(": ").ok_or("no colon")?;
    let text = line.to_owned();
    if let Some(count) = rest.strip_prefix("schedules ") {
        let count = Count::Exactly(number(count)?);
        return Ok(Expectation { text, under, what: What::Schedules, count });
    }
    let (what, count) = rest.rsplit_once(": ").ok_or("no count")?;
    let count = match count {
        "some" => Count::Some,
        "none" => Count::None,
        _ => Count::Exactly(number(count)?),
    };
    let mut words = what.split(' ');
    let kind = words.next().expect("a first word").to_owned();
    if !["ended", "deadlock", "assertion", "exception", "spins"].contains(&kind.as_str()) {
        return Err(format!("no such kind: {kind}"));
    }
    let (mut values, mut output) = (BTreeMap::new(), None);
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| format!("no value: {word}"))?;
        if name == "output" {
            output = Some(serde_json::from_str(value).map_err(|error| format!("{value}: {error}"))?);
        } else {
            let value = serde_json::from_str(value).map_err(|error| format!("{value}: {error}"))?;
            values.insert(name.to_owned(), value);
        }
    }
    Ok(Expectation { text, under, what: What::Ending { kind, values, output }, count })
}

fn number(text: &str) -> Result<String, String> {
    match text == "inf" || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())) {
        true => Ok(text.into()),
        false => Err(format!("no number: {text}")),
    }
}

/// What was found, by whomever.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) schedules: String,
    pub(crate) endings: Vec<FoundEnding>,
}

#[derive(Debug)]
pub(crate) struct FoundEnding {
    pub(crate) kind: String,
    pub(crate) values: BTreeMap<String, serde_json::Value>,
    pub(crate) output: Vec<String>,
    pub(crate) schedules: String,
}

impl Expectation {
    /// Whether it is so.
    pub(crate) fn check(&self, found: &Found) -> Result<(), String> {
        let fits = |ending: &&FoundEnding| match &self.what {
            What::Schedules => true,
            What::Ending { kind, values, output } => {
                ending.kind == *kind
                    && values.iter().all(|(name, value)| ending.values.get(name) == Some(value))
                    && output.as_ref().is_none_or(|output| *output == ending.output)
            }
        };
        let fitting: Vec<&FoundEnding> = found.endings.iter().filter(fits).collect();
        let count = match self.what {
            What::Schedules => found.schedules.clone(),
            What::Ending { .. } => add_up(fitting.iter().map(|ending| ending.schedules.as_str())),
        };
        let so = match &self.count {
            Count::Exactly(expected) => count == *expected,
            Count::Some => !fitting.is_empty(),
            Count::None => fitting.is_empty(),
        };
        if so { Ok(()) } else { Err(format!("`# {}`, but there are {count} of {found:#?}", self.text)) }
    }
}

/// The sum of decimal numbers that may be `inf`.
pub(crate) fn add_up<'a>(counts: impl Iterator<Item = &'a str>) -> String {
    let mut sum = num_bigint::BigUint::ZERO;
    for count in counts {
        match count {
            "inf" => return count.into(),
            _ => sum += count.parse::<num_bigint::BigUint>().expect("a decimal number"),
        }
    }
    sum.to_string()
}
