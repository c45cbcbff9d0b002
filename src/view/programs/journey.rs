//! A way through a program's schedules: the steps taken, where on them somebody stands, and what lies ahead.
//!
//! ```text
//! turns   1 . 1 . 2 . 1 . 2 . 2
//!                 ▲           └── known, and ahead: redo, or a mark on the time line
//!               here
//! ```
//!
//! What a step does is the explorer's to say. So what is wanted is put in a row, and goes on as far as places are known;
//! for the next one somebody asks ([`Journey::needs`]) and hands over the answer. No key is lost on the way.

use crate::explore::{Doing, Position, Step, ThreadStand, thread_name};
use std::collections::{BTreeMap, VecDeque};

/// At most so many places are remembered.
const PLACES_MAX: usize = 512;
/// At most so many things are wanted at once.
const WANTED_MAX: usize = 256;
/// What runs by itself stops after so many steps.
const RUN_MAX: u32 = 2_000;

/// What somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) enum Act {
    /// The next step of a thread.
    Thread(usize),
    /// This very step, as the schedule writes it.
    Turn(String),
    /// Some step, by these dice.
    Random(u64),
    /// So many steps back or on.
    By(isize),
    /// To the place after so many steps.
    To(usize),
    /// Steps of a thread until it cannot move.
    RunThread(usize, u32),
    /// Any steps until a thread stands still, ends, or all is over.
    Run(u64, Option<Vec<Doing>>, u32),
}

/// What is to be told to somebody whose wish led somewhere.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) enum Told {
    /// A sentence.
    Sentence(String),
    /// The thread has several steps to choose from.
    Choose(usize),
}

/// What was ahead before somebody took another way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::view) struct Ghost {
    /// After so many steps it branches off.
    pub(in crate::view) from: usize,
    /// Its steps from there on.
    pub(in crate::view) steps: Vec<Step>,
}

/// A way through the schedules of one program.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::view) struct Journey {
    turns: Vec<String>,
    /// What the first of those did, as far as it was told.
    steps: Vec<Step>,
    here: usize,
    /// What was told of places, by how many steps lead there.
    places: BTreeMap<usize, Box<Position>>,
    /// What was shown last, for as long as the place that somebody went to is not told.
    last: Option<Box<Position>>,
    ghost: Option<Ghost>,
    wanted: VecDeque<Act>,
    /// Where it all stood before a schedule was opened that may turn out to be none.
    before: Option<Box<Journey>>,
    /// Why nothing can be told of the place.
    refused: Option<String>,
    /// The schedule that was opened, where one was: nobody found it by stepping.
    opened: Vec<String>,
}

impl Journey {
    /// The place where somebody stands; or, until it is told, the one before. The flag says which.
    pub(in crate::view) fn shown(&self) -> Option<(&Position, bool)> {
        let here = self.places.get(&self.here).map(|position| (position.as_ref(), true));
        here.or_else(|| self.last.as_deref().map(|position| (position, false)))
    }

    /// The place where somebody stands, if it is told.
    pub(in crate::view) fn position(&self) -> Option<&Position> {
        self.places.get(&self.here).map(Box::as_ref)
    }

    /// How many steps lead here.
    pub(in crate::view) fn here(&self) -> usize {
        self.here
    }

    /// How many steps there are, with those ahead.
    pub(in crate::view) fn len(&self) -> usize {
        self.turns.len()
    }

    /// What the steps did, as far as that is told.
    pub(in crate::view) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What was ahead before.
    pub(in crate::view) fn ghost(&self) -> Option<&Ghost> {
        self.ghost.as_ref()
    }

    /// Why nothing can be told of the place.
    pub(in crate::view) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// The schedule up to here.
    pub(in crate::view) fn schedule(&self) -> String {
        self.turns[..self.here].join(".")
    }

    /// How often the schedule up to here switches threads.
    pub(in crate::view) fn switches(&self) -> usize {
        let thread = |turn: &String| turn.split(['w', ':']).next().unwrap_or_default().to_string();
        self.turns[..self.here].windows(2).filter(|pair| thread(&pair[0]) != thread(&pair[1])).count()
    }

    /// The thread that moved last; none at the beginning.
    pub(in crate::view) fn moved_last(&self) -> Option<usize> {
        let turn = self.turns.get(self.here.checked_sub(1)?)?;
        turn.split(['w', ':']).next()?.parse().ok()
    }

    /// Whether all of it up to here is a schedule that was opened, or pasted.
    pub(in crate::view) fn was_opened(&self) -> bool {
        !self.opened.is_empty() && self.opened.starts_with(&self.turns[..self.here])
    }

    /// What has to be asked so that the place can be told: the schedule, and from which step on its steps are unknown.
    pub(in crate::view) fn needs(&self) -> Option<(String, usize)> {
        if self.refused.is_some() || self.places.contains_key(&self.here) {
            return None;
        }
        Some((self.schedule(), self.steps.len().min(self.here)))
    }

    /// Takes in what the explorer tells of the place to which `asked` leads; says whether it was any use.
    pub(in crate::view) fn take(&mut self, asked: &str, mut position: Box<Position>) -> bool {
        let steps = std::mem::take(&mut position.steps);
        let at = turns_of(asked).len();
        // Whoever went another way meanwhile has no use for it.
        if at > self.turns.len() || self.turns[..at].join(".") != asked || position.from > self.steps.len() {
            return false;
        }
        // The explorer writes a schedule in one way only; a pasted one may be written in another.
        let turns = turns_of(&position.schedule);
        if turns.len() != at {
            return false;
        }
        self.turns.splice(..at, turns);
        for (place, step) in (position.from..).zip(steps) {
            match self.steps.get_mut(place) {
                Some(known) => *known = step,
                None => self.steps.push(step),
            }
        }
        self.steps.truncate(self.turns.len());
        if self.places.len() >= PLACES_MAX {
            // The ones farthest from here are the least likely to be looked at again.
            let farthest = self.places.keys().copied().max_by_key(|place| place.abs_diff(self.here));
            farthest.and_then(|place| self.places.remove(&place));
        }
        if at == self.here {
            self.last = Some(position.clone());
            self.before = None;
        }
        self.places.insert(at, position);
        true
    }

    /// The explorer does not tell of the place, and says why. What was before a schedule was opened is there again.
    pub(in crate::view) fn refuse(&mut self, why: &str) {
        self.wanted.clear();
        match self.before.take() {
            Some(before) => *self = *before,
            None if self.here > 0 && self.places.contains_key(&0) => {
                // A step that cannot be taken after all was never taken.
                self.turns.truncate(self.here - 1);
                self.here -= 1;
                self.steps.truncate(self.here);
            }
            None => self.refused = Some(why.to_string()),
        }
    }

    /// Goes to the end of a schedule.
    pub(in crate::view) fn open(&mut self, schedule: &str) {
        let turns = turns_of(schedule);
        let shared = turns.iter().zip(&self.turns).take_while(|(one, other)| one == other).count();
        let before = self.before.take().unwrap_or_else(|| Box::new(self.clone()));
        self.branch(shared);
        self.here = turns.len();
        self.opened = turns.clone();
        self.turns = turns;
        self.wanted.clear();
        self.refused = None;
        self.before = Some(before);
    }

    /// The same way through a text that has changed: nothing that was told holds any more.
    pub(in crate::view) fn anew(&self) -> Journey {
        Journey {
            turns: self.turns[..self.here].to_vec(),
            here: self.here,
            before: Some(Box::default()),
            ..Journey::default()
        }
    }

    /// Leaves what lies ahead of a place, and remembers it.
    fn branch(&mut self, at: usize) {
        if at < self.steps.len() {
            self.ghost = Some(Ghost { from: at, steps: self.steps[at..].to_vec() });
        }
        self.turns.truncate(at);
        self.steps.truncate(at);
        self.places.retain(|place, _| *place <= at);
        self.here = self.here.min(at);
    }

    /// Wants something: it comes about as soon as all that was wanted before has.
    pub(in crate::view) fn want(&mut self, act: Act) -> Option<Told> {
        // Whatever runs by itself gives way to a key.
        self.wanted.retain(|wanted| !matches!(wanted, Act::RunThread(..) | Act::Run(..)));
        if self.wanted.len() < WANTED_MAX {
            self.wanted.push_back(act);
        }
        self.go_on()
    }

    /// Wants nothing any more.
    pub(in crate::view) fn stop(&mut self) {
        self.wanted.clear();
    }

    /// Does what is wanted as far as places are known.
    pub(in crate::view) fn go_on(&mut self) -> Option<Told> {
        while let Some(act) = self.wanted.pop_front() {
            match act {
                Act::By(steps) => self.go_to(self.here.saturating_add_signed(steps)),
                Act::To(place) => self.go_to(place),
                act if self.position().is_none() => {
                    self.wanted.push_front(act);
                    return None;
                }
                act => {
                    if let Some(told) = self.move_on(act) {
                        self.wanted.clear();
                        return Some(told);
                    }
                }
            }
        }
        None
    }

    fn go_to(&mut self, place: usize) {
        // Only as far as the steps are told: what lies beyond was never seen.
        self.here = place.min(self.turns.len());
    }

    fn move_on(&mut self, act: Act) -> Option<Told> {
        let position = self.position()?;
        match act {
            Act::Thread(number) => {
                let Some(thread) = position.threads.iter().find(|thread| thread.number == number) else {
                    return Some(Told::Sentence(no_thread(position, number)));
                };
                match thread.next.as_slice() {
                    [] => Some(Told::Sentence(cannot_move(thread))),
                    [next] => self.step(next.turn.clone()),
                    _ => Some(Told::Choose(number)),
                }
            }
            Act::Turn(turn) => {
                let is_there = position.threads.iter().flat_map(|thread| &thread.next).any(|next| next.turn == turn);
                if is_there { self.step(turn) } else { Some(Told::Sentence(format!("`{turn}` cannot be taken here."))) }
            }
            Act::Random(dice) => match any_turn(position, dice) {
                Some(turn) => self.step(turn),
                None => Some(Told::Sentence(over(position))),
            },
            Act::RunThread(number, taken) => {
                let thread = position.threads.iter().find(|thread| thread.number == number);
                match thread.map(|thread| (thread, thread.next.as_slice())) {
                    Some((_, [next])) if taken < RUN_MAX => {
                        let turn = next.turn.clone();
                        self.wanted.push_front(Act::RunThread(number, taken + 1));
                        self.step(turn)
                    }
                    Some((thread, [])) => Some(Told::Sentence(cannot_move(thread))),
                    Some((_, [_])) => Some(Told::Sentence(format!("Stopped after {taken} steps."))),
                    Some(_) => Some(Told::Choose(number)),
                    None => Some(Told::Sentence(no_thread(position, number))),
                }
            }
            Act::Run(dice, before, taken) => {
                let now: Vec<Doing> = position.threads.iter().map(|thread| thread.doing).collect();
                if let Some(text) = before.and_then(|before| happened(position, &before)) {
                    return Some(Told::Sentence(text));
                }
                match any_turn(position, dice) {
                    Some(turn) if taken < RUN_MAX => {
                        self.wanted.push_front(Act::Run(shaken(dice), Some(now), taken + 1));
                        self.step(turn)
                    }
                    Some(_) => Some(Told::Sentence(format!("Stopped after {taken} steps: nothing happened."))),
                    None => Some(Told::Sentence(over(position))),
                }
            }
            Act::By(_) | Act::To(_) => None,
        }
    }

    /// Takes a step: the one ahead again, or a way of its own.
    fn step(&mut self, turn: String) -> Option<Told> {
        if self.turns.get(self.here) != Some(&turn) {
            self.branch(self.here);
            self.turns.push(turn);
        }
        self.here += 1;
        None
    }
}

/// A schedule's steps.
fn turns_of(schedule: &str) -> Vec<String> {
    schedule.split('.').map(str::trim).filter(|turn| !turn.is_empty()).map(str::to_string).collect()
}

/// The next throw of dice that look like chance: the same each time, so that a session can be repeated.
pub(in crate::view) fn shaken(dice: u64) -> u64 {
    dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

/// Any step: each thread as likely as the next, and each of its choices.
fn any_turn(position: &Position, dice: u64) -> Option<String> {
    let ready: Vec<&ThreadStand> = position.threads.iter().filter(|thread| !thread.next.is_empty()).collect();
    let thread = ready.get((dice >> 33) as usize % ready.len().max(1))?;
    let next = thread.next.get((shaken(dice) >> 33) as usize % thread.next.len().max(1))?;
    Some(next.turn.clone())
}

fn no_thread(position: &Position, number: usize) -> String {
    let most = position.threads.iter().map(|thread| thread.number).max().unwrap_or(0);
    format!("There is no thread {number}: they are numbered from 0 (main) to {most}.")
}

/// What happened to a thread since it was seen last, if anything did.
fn happened(position: &Position, before: &[Doing]) -> Option<String> {
    let changed = position
        .threads
        .iter()
        .zip(before)
        .find(|(thread, before)| thread.doing != **before && thread.doing != Doing::Ready && thread.number > 0)?;
    Some(match changed.0.doing {
        Doing::Ended => format!("{} has ended.", changed.0.name),
        _ => cannot_move(changed.0),
    })
}

fn over(position: &Position) -> String {
    match &position.ended {
        Some(_) => "It is over: nobody can move any more. u goes back.".to_string(),
        None => "Nobody can move here.".to_string(),
    }
}

/// Why a thread cannot move, as a sentence.
pub(in crate::view) fn cannot_move(thread: &ThreadStand) -> String {
    match thread.doing {
        Doing::Ended => format!("{} has ended.", thread.name),
        Doing::Failed => format!("{} has failed: it does nothing any more.", thread.name),
        Doing::Spinning => format!("{} spins for ever in a loop that touches nothing shared.", thread.name),
        Doing::Ready | Doing::Waiting => format!("{} cannot move: {}.", thread.name, why_waiting(thread)),
    }
}

/// What a thread waits for: `waits for lock, held by A, since step 7`.
pub(in crate::view) fn why_waiting(thread: &ThreadStand) -> String {
    // Nobody but a failure that ends all stops a thread that waits for nothing.
    let Some(wait) = &thread.waits else { return "the program is over".to_string() };
    if let Some(number) = awaited_end(&wait.what) {
        return format!("waits for the end of {}", thread_name(number));
    }
    let holder = wait.held_by.map(|holder| match holder == thread.number {
        true => ", held by itself".to_string(),
        false => format!(", held by {}", thread_name(holder)),
    });
    let since = thread.waits_since.filter(|since| *since > 0).map(|since| format!(", since step {since}"));
    format!("waits for {}{}{}", wait.what, holder.unwrap_or_default(), since.unwrap_or_default())
}

/// The thread whose end is waited for, where it is an end.
pub(in crate::view) fn awaited_end(what: &str) -> Option<usize> {
    what.strip_prefix("the end of thread ")?.parse().ok()
}
