//! Every schedule, one by one.

use super::build::Built;
use super::machine::{For, Location, Machine, Next, Rules, State};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// There are more schedules or states than asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// States looked at while shared locations are sought, for each schedule that is asked for.
const STATES_MAX: u64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ended,
    Deadlock,
    Assertion,
    Exception,
}

/// What makes an ending distinct.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ending {
    pub(crate) kind: Kind,
    pub(crate) thread: Option<usize>,
    pub(crate) line: Option<u32>,
    /// As JSON texts.
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) output: Vec<String>,
    pub(crate) waits: Vec<(usize, For)>,
}

/// How often an ending comes about.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) schedules: u64,
    /// Of those schedules how many have which probability, one in so many. Their sum is the chance, exactly.
    pub(crate) one_in: BTreeMap<u128, u64>,
    /// Steps, context switches, the schedule: the least of them all.
    pub(crate) shortest: Option<(usize, usize, String)>,
    /// The fewest context switches of them all.
    pub(crate) switches_min: Option<usize>,
}

impl Tally {
    pub(crate) fn chance(&self) -> f64 {
        self.one_in.iter().map(|(one_in, count)| *count as f64 / *one_in as f64).sum()
    }

    /// The chance as a fraction in lowest terms.
    pub(crate) fn fraction(&self) -> (u128, u128) {
        let whole = self.one_in.keys().fold(1, |all, one| all / divisor(all, *one) * one);
        let part = self.one_in.iter().map(|(one_in, count)| whole / one_in * u128::from(*count)).sum();
        let common = divisor(whole, part);
        (part / common, whole / common)
    }
}

fn divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) schedules: u64,
    pub(crate) endings: BTreeMap<Ending, Tally>,
    pub(crate) shared: BTreeSet<Location>,
}

impl Listed {
    /// Schedules that end in this kind.
    pub(crate) fn of(&self, kind: Kind) -> u64 {
        self.endings.iter().filter(|(ending, _)| ending.kind == kind).map(|(_, tally)| tally.schedules).sum()
    }

    /// Schedules that end with these values, whatever the others are.
    pub(crate) fn with(&self, values: &[(&str, &str)]) -> u64 {
        let fits = |ending: &Ending| {
            ending.kind == Kind::Ended
                && values.iter().all(|(name, value)| ending.values.get(*name).is_some_and(|found| found == value))
        };
        self.endings.iter().filter(|(ending, _)| fits(ending)).map(|(_, tally)| tally.schedules).sum()
    }

    /// Schedules that end with this output.
    pub(crate) fn printing(&self, output: &[&str]) -> u64 {
        let fits = |ending: &Ending| ending.kind == Kind::Ended && ending.output == output;
        self.endings.iter().filter(|(ending, _)| fits(ending)).map(|(_, tally)| tally.schedules).sum()
    }
}

/// Lists all schedules of a program, if they are at most `max`.
pub(crate) fn list(built: &Built, rules: Rules, max: u64) -> Result<Listed, TooMany> {
    let shared = find_shared(built, rules, STATES_MAX.saturating_mul(max))?;
    let machine = Machine { built, rules, shared: Some(shared.clone()), conflicts: BTreeSet::new().into() };
    let mut lister = Lister {
        machine,
        max,
        schedule: Vec::new(),
        listed: Listed { schedules: 0, endings: BTreeMap::new(), shared },
        changed: BTreeSet::new(),
    };
    lister.go_on(&lister.machine.begin(), 1)?;
    // Only globals that some schedule changes are told.
    let Lister { mut listed, changed, .. } = lister;
    let changed: BTreeSet<&str> = changed.into_iter().map(|global| built.globals[global].0).collect();
    let mut endings = BTreeMap::new();
    for (mut ending, tally) in std::mem::take(&mut listed.endings) {
        ending.values.retain(|name, _| changed.contains(name.as_str()));
        assert_eq!(endings.insert(ending, tally), None, "what nobody changes tells no endings apart");
    }
    listed.endings = endings;
    Ok(listed)
}

/// Which locations are shared: those with a conflict in some schedule in which every access is a step.
///
/// Here, and only here, states that were seen are not looked at again: a state holds its accesses, so nothing is missed.
pub(crate) fn find_shared(built: &Built, rules: Rules, states_max: u64) -> Result<BTreeSet<Location>, TooMany> {
    let rules = Rules { statement: false, ..rules };
    let machine = Machine { built, rules, shared: None, conflicts: BTreeSet::new().into() };
    let mut seen = HashSet::new();
    let mut todo = vec![machine.begin()];
    while let Some(state) = todo.pop() {
        for next in machine.enabled(&state) {
            todo.extend(machine.take(&state, next).into_iter().filter(|after| seen.insert(after.clone())));
        }
        if seen.len() as u64 > states_max {
            return Err(TooMany);
        }
    }
    Ok(machine.conflicts.into_inner())
}

struct Lister<'a> {
    machine: Machine<'a>,
    max: u64,
    /// The steps so far: whose, and which choice where there were several; whether it was a buffer that was drained.
    schedule: Vec<(usize, Option<usize>, bool)>,
    listed: Listed,
    changed: BTreeSet<usize>,
}

impl Lister<'_> {
    /// Goes on from a state in every way there is; it came about with a probability of one in `one_in`.
    fn go_on(&mut self, state: &State, one_in: u128) -> Result<(), TooMany> {
        let enabled = self.machine.enabled(state);
        if enabled.is_empty() {
            return self.note(state, one_in);
        }
        for next in &enabled {
            let all = self.machine.take(state, *next);
            let (thread, drained) = match *next {
                Next::Step(thread) => (thread, false),
                Next::Drain(thread) => (thread, true),
            };
            for (choice, after) in all.iter().enumerate() {
                self.schedule.push((thread, (all.len() > 1).then_some(choice), drained));
                self.go_on(after, one_in * (enabled.len() * all.len()) as u128)?;
                self.schedule.pop();
            }
        }
        Ok(())
    }

    /// Notes a complete schedule.
    fn note(&mut self, state: &State, one_in: u128) -> Result<(), TooMany> {
        if self.listed.schedules == self.max {
            return Err(TooMany);
        }
        self.listed.schedules += 1;
        self.changed.extend(&state.changed);
        let built = self.machine.built;
        let failure = state.failure.as_ref();
        let kind = match failure {
            Some(failure) if failure.assertion => Kind::Assertion,
            Some(_) => Kind::Exception,
            None if self.machine.is_over(state) => Kind::Ended,
            None => Kind::Deadlock,
        };
        let value = |name: &&str| {
            let global = built.globals.iter().position(|(global, _)| global == name).expect("a global");
            ((*name).to_owned(), self.machine.value(state, global).to_string())
        };
        let ending = Ending {
            kind,
            thread: failure.map(|failure| failure.thread),
            line: failure.map(|failure| failure.line),
            values: built.changed.iter().map(value).collect(),
            output: state.output.clone(),
            waits: if kind == Kind::Deadlock { self.machine.waits(state) } else { Vec::new() },
        };
        let switches = self.schedule.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
        let this = (self.schedule.len(), switches, self.text());
        let tally = self.listed.endings.entry(ending).or_default();
        tally.schedules += 1;
        *tally.one_in.entry(one_in).or_default() += 1;
        tally.switches_min = Some(tally.switches_min.unwrap_or(switches).min(switches));
        if tally.shortest.as_ref().is_none_or(|shortest| this < *shortest) {
            tally.shortest = Some(this);
        }
        Ok(())
    }

    fn text(&self) -> String {
        let one = |(thread, choice, _): &(usize, Option<usize>, bool)| match choice {
            Some(choice) => format!("{thread}:{choice}"),
            None => thread.to_string(),
        };
        self.schedule.iter().map(one).collect::<Vec<_>>().join(".")
    }
}
