//! What a lane claims that exploring its program comes to.
//!
//! ```text
//! schedules 6                      how many there are: a number, or `inf`
//! ended counter=2: 2               how many end so: a number, `inf`, `some`, `none`
//! deadlock: none
//! finds: data-race, livelock       at least these; `nothing` for none at all
//! lacks: livelock                  none of these
//! ```
//!
//! The programs of `assets/programs` say the same of themselves in comments.

use crate::explore::{FindingKind, Report};
use crate::wire::Pattern;
use num_bigint::BigUint;
use std::collections::BTreeSet;
use std::str::FromStr;

/// Something that is claimed of a program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Claim {
    /// How many schedules there are.
    Schedules(Number),
    /// How many of them end so.
    Ending(Pattern, Count),
    /// Findings, by name: at least these.
    Finds(BTreeSet<String>),
    /// None of these.
    Lacks(BTreeSet<String>),
}

/// How many schedules.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Count {
    Exactly(Number),
    Some,
    None,
}

/// A number that may be infinite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Finite(BigUint),
    Infinite,
}

const FINDINGS: [FindingKind; 6] = [
    FindingKind::DataRace,
    FindingKind::Livelock,
    FindingKind::Starvation,
    FindingKind::LockNotReleased,
    FindingKind::LostWakeup,
    FindingKind::PotentialDeadlock,
];

/// A finding's name, as reports spell it.
fn name_of(kind: FindingKind) -> String {
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(String::from)).unwrap_or_default()
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Number, String> {
        match text {
            "inf" => Ok(Number::Infinite),
            _ if !text.is_empty() && text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Number::Finite).map_err(|_| format!("`{text}` is no number"))
            }
            _ => Err(format!("`{text}` is no number of schedules: write an integer, or `inf`")),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Finite(number) => write!(out, "{number}"),
            Number::Infinite => out.write_str("∞"),
        }
    }
}

impl Number {
    /// Adds up what reports say: decimal numbers, or `inf`.
    pub(super) fn sum<'a>(counts: impl Iterator<Item = &'a str>) -> Number {
        counts.fold(Number::Finite(BigUint::ZERO), |sum, count| match (sum, count.parse()) {
            (Number::Finite(sum), Ok(Number::Finite(count))) => Number::Finite(sum + count),
            _ => Number::Infinite,
        })
    }

    pub(super) fn is_zero(&self) -> bool {
        *self == Number::Finite(BigUint::ZERO)
    }
}

impl FromStr for Claim {
    type Err = String;

    fn from_str(text: &str) -> Result<Claim, String> {
        let text = text.trim();
        if let Some(number) = text.strip_prefix("schedules ") {
            return number.trim().parse().map(Claim::Schedules);
        }
        if let Some(list) = text.strip_prefix("finds:") {
            return findings(list).map(Claim::Finds);
        }
        if let Some(list) = text.strip_prefix("lacks:") {
            return findings(list).map(Claim::Lacks);
        }
        let (ending, count) = text.rsplit_once(':').ok_or_else(|| format!("`{text}` claims no number"))?;
        let count = match count.trim() {
            "some" => Count::Some,
            "none" => Count::None,
            number => Count::Exactly(number.parse()?),
        };
        Ok(Claim::Ending(ending.parse()?, count))
    }
}

fn findings(list: &str) -> Result<BTreeSet<String>, String> {
    let names: BTreeSet<String> = list.split(',').map(|name| name.trim().to_string()).collect();
    let known = FINDINGS.map(name_of);
    match names.iter().find(|name| !known.contains(name) && name.as_str() != "nothing") {
        Some(name) => Err(format!("`{name}` is no finding: it is one of {}, or `nothing`", known.join(", "))),
        None => Ok(names),
    }
}

impl Claim {
    /// Whether it is so; what there is instead where it is not.
    pub(super) fn check(&self, report: &Report) -> Result<(), String> {
        let found = || -> BTreeSet<String> { report.findings.iter().map(|finding| name_of(finding.kind)).collect() };
        let listed = |names: BTreeSet<String>| match names.is_empty() {
            true => "nothing".to_string(),
            false => names.into_iter().collect::<Vec<_>>().join(", "),
        };
        match self {
            Claim::Schedules(number) => {
                let count = Number::sum(report.schedules.as_deref().into_iter());
                if count == *number { Ok(()) } else { Err(format!("there are {count} schedules")) }
            }
            Claim::Ending(pattern, wanted) => {
                let fitting = report.outcomes.iter().filter(|outcome| pattern.fits(&outcome.ending()));
                let count = Number::sum(fitting.filter_map(|outcome| outcome.schedules.as_deref()));
                let holds = match wanted {
                    Count::Exactly(number) => count == *number,
                    Count::Some => !count.is_zero(),
                    Count::None => count.is_zero(),
                };
                let words = match &count {
                    count if count.is_zero() => "no schedule ends so".to_string(),
                    count => format!("{count} of the schedules end so"),
                };
                if holds { Ok(()) } else { Err(words) }
            }
            Claim::Finds(names) if names.contains("nothing") => match found() {
                found if found.is_empty() => Ok(()),
                found => Err(format!("it finds {}", listed(found))),
            },
            Claim::Finds(names) => match found() {
                found if found.is_superset(names) => Ok(()),
                found => Err(format!("it finds {}", listed(found))),
            },
            Claim::Lacks(names) => match found() {
                found if found.is_disjoint(names) => Ok(()),
                found => Err(format!("it finds {}", listed(found))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Options, explore};
    use crate::program::compile;
    use proptest::prelude::*;

    const LOSES: &str = "import threading\nx = 0\ndef work():\n    global x\n    x += 1\n\
                         a = threading.Thread(target=work)\nb = threading.Thread(target=work)\n\
                         a.start()\nb.start()\na.join()\nb.join()\n";

    #[test]
    fn claims_hold_or_are_told_what_there_is_instead() {
        let program = compile("loses", LOSES).expect("it compiles");
        let report = explore(&program, &Options::default()).expect("explored");
        for (claim, instead) in [
            ("schedules 6", ""),
            ("schedules inf", "there are 6 schedules"),
            ("ended x=1: 4", ""),
            ("ended: 6", ""),
            ("ended x=2: some", ""),
            ("ended x=2: 3", "2 of the schedules end so"),
            ("deadlock: none", ""),
            ("deadlock: some", "no schedule ends so"),
            ("ended x=1: none", "4 of the schedules end so"),
            ("finds: data-race", ""),
            ("finds: nothing", "it finds data-race"),
            ("finds: livelock", "it finds data-race"),
            ("lacks: livelock, starvation", ""),
            ("lacks: data-race", "it finds data-race"),
        ] {
            let told = claim.parse::<Claim>().expect(claim).check(&report).err().unwrap_or_default();
            assert_eq!(told, instead, "{claim}");
        }
        for (claim, part) in [
            ("schedules many", "no number"),
            ("ended x=1", "claims no number"),
            ("ended x=1: -3", "no number"),
            ("endde: 3", "is no ending"),
            ("finds: races", "no finding"),
        ] {
            assert!(claim.parse::<Claim>().expect_err(claim).contains(part), "{claim}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_claim_or_an_error(text in ".{0,40}|(ended|schedules|finds)[: a-z0-9=]{0,20}") {
            _ = text.parse::<Claim>();
        }
    }
}
