//! What to ask the explorer, and what its answers are good for.
//!
//! The next question is the first of these whose answer is not known and not under way:
//!
//! 1. where the schedule that somebody looks at leads;
//! 2. all schedules of that program;
//! 3. the same under other grains and memory models, which stand beside it;
//! 4. all schedules of the other variants, each under its own memory model.
//!
//! What is only good to know (3 and 4) is asked when nothing else is, so nobody waits for it.

use super::journey::Told;
use super::{Engine, Explored, Mode, engine, focused};
use crate::explore::{Answer, AnswerBody, Ask, Grain, Memory, Notify, Options, Outcome, Question};
use crate::view::dialogs::Dialog;
use crate::view::message::{Control, Effects, Redraw};
use crate::view::model::Model;
use crate::wire::{ProgramPlan, Verdict, Waking};

/// What a question is about.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) enum About {
    /// A place of a variant: its schedule, and from which step on its steps are wanted.
    Place(usize, Mode, String, usize),
    /// All schedules of a variant.
    All(usize, Mode),
}

impl About {
    pub(in crate::view) fn is_place(&self) -> bool {
        matches!(self, About::Place(..))
    }
}

/// A question that is under way.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) struct Flight {
    pub(in crate::view) id: u64,
    pub(in crate::view) about: About,
    /// When it was asked, by the clock of the run.
    pub(in crate::view) since_ns: u64,
    /// How many states have been looked at, where that was told.
    pub(in crate::view) states: Option<u64>,
}

/// Whatever is worth asking and not known, the most urgent first.
fn worth_asking(model: &Model) -> Vec<About> {
    let Some(engine) = engine(model) else { return Vec::new() };
    let Some((index, variant)) = focused(model) else { return Vec::new() };
    let mode = model.programs.mode(index);
    let mut wanted = Vec::new();
    if engine == Engine::Step {
        match variant.journey(mode).map(super::Journey::needs) {
            Some(Some((schedule, from))) => wanted.push(About::Place(index, mode, schedule, from)),
            Some(None) => {}
            None => wanted.push(About::Place(index, mode, String::new(), 0)),
        }
    }
    wanted.push(About::All(index, mode));
    // Real threads that are measured must not share their cores with what is only good to know.
    if engine != Engine::Wild {
        if engine == Engine::Explore {
            let (grain, memory) = (other_grain(mode.0), other_memory(mode.1));
            wanted.extend([(grain, mode.1), (mode.0, memory), (grain, memory)].map(|mode| About::All(index, mode)));
        }
        let others = (0..model.programs.variants.len()).filter(|other| *other != index);
        wanted.extend(others.map(|other| About::All(other, model.programs.mode(other))));
    }
    wanted.retain(|about| match about {
        About::Place(..) => true,
        About::All(index, mode) => (model.programs.variants.get(*index))
            .is_some_and(|variant| variant.program.is_some() && variant.explored(*mode).is_none()),
    });
    wanted
}

/// How a program is explored.
pub(in crate::view) fn options(program: &ProgramPlan, mode: Mode) -> Options {
    let notify = match program.notify {
        Waking::Any => Notify::Any,
        Waking::Fifo => Notify::Fifo,
    };
    let (spurious, capacity) = (program.spurious, program.pipe_capacity);
    Options { grain: mode.0, memory: mode.1, notify, spurious, capacity, ..Options::default() }
}

pub(in crate::view) fn other_grain(grain: Grain) -> Grain {
    match grain {
        Grain::Operation => Grain::Statement,
        Grain::Statement => Grain::Operation,
    }
}

pub(in crate::view) fn other_memory(memory: Memory) -> Memory {
    match memory {
        Memory::Sc => Memory::Tso,
        Memory::Tso => Memory::Sc,
    }
}

/// Asks what is to be asked next. A place and all schedules of something can be under way side by side, for the explorer
/// steps while it explores; what it is asked to explore it takes one by one.
pub(in crate::view) fn ask(model: &mut Model) -> Vec<Control> {
    let wanted = worth_asking(model);
    let flights = &model.programs.flights;
    let mut next = Vec::new();
    // Where a place leads is told at once: an answer that nobody waits for any more is soon out of the way.
    if let Some(place) = wanted.iter().find(|about| about.is_place())
        && !flights.iter().any(|flight| flight.about.is_place())
    {
        next.push(place.clone());
    }
    if let Some(first) = wanted.iter().find(|about| !about.is_place()) {
        // What somebody looks at is asked in any case; what is only good to know when nothing else is under way.
        let index = model.focus_index();
        let is_looked_at = *first == About::All(index, model.programs.mode(index));
        let mut others = flights.iter().filter(|flight| !flight.about.is_place());
        let is_asked = flights.iter().any(|flight| flight.about == *first);
        if !is_asked && (is_looked_at || others.next().is_none()) {
            next.push(first.clone());
        }
    }
    next.into_iter().filter_map(|about| send(model, about)).collect()
}

/// Sends a question off.
fn send(model: &mut Model, about: About) -> Option<Control> {
    let (About::Place(index, mode, ..) | About::All(index, mode)) = &about;
    let program = model.programs.variants.get(*index)?.program.as_ref()?;
    let id = model.programs.next_id;
    let (name, text) = (program.program.clone(), program.text.clone());
    let question = Question { id, program: name, text, options: options(program, *mode) };
    let ask = match &about {
        About::Place(_, _, schedule, from) => Ask::Position { question, schedule: schedule.clone(), from: *from },
        About::All(..) => Ask::Explore(question),
    };
    model.programs.next_id = id.wrapping_add(1);
    let since_ns = model.ledger.at_ns();
    model.programs.flights.push(Flight { id, about, since_ns, states: None });
    Some(Control::Ask(Box::new(ask)))
}

/// Takes in an answer; one to a question that nobody waits for any more is left.
pub(in crate::view) fn take(model: &mut Model, answer: Answer) -> Effects {
    let flights = &mut model.programs.flights;
    let Some(place) = flights.iter().position(|flight| flight.id == answer.id) else { return Effects::none() };
    if let AnswerBody::Busy { states } = answer.body {
        flights[place].states = Some(states);
        return Effects::redraw(Redraw::Figures);
    }
    let flight = flights.remove(place);
    let (About::Place(index, mode, ..) | About::All(index, mode)) = flight.about;
    let Some(variant) = model.programs.variants.get_mut(index) else { return Effects::none() };
    let mut told = None;
    match (answer.body, &flight.about) {
        (AnswerBody::Explored { report }, About::All(..)) => {
            // What must not be is what there is to look at.
            let program = variant.program.as_ref();
            let is_forbidden = |outcome: &Outcome| {
                program.is_some_and(|program| program.verdict(&outcome.ending()) == Verdict::Forbidden)
            };
            if variant.explored.is_empty()
                && let Some(place) = report.outcomes.iter().position(is_forbidden)
            {
                variant.marked = place;
            }
            variant.note(mode, Explored::Report(report));
        }
        (AnswerBody::Position { position }, About::Place(_, _, asked, _)) => {
            let journey = variant.journey_mut(mode);
            if !journey.take(asked, position) && journey.schedule() == *asked {
                journey.refuse("The explorer told of another place than it was asked for.");
            }
            told = journey.go_on();
            super::challenges::look(model, index, mode);
        }
        (AnswerBody::Refused { why } | AnswerBody::Gone { why }, About::All(..)) => {
            variant.note(mode, Explored::Refused(why));
        }
        (AnswerBody::Refused { why } | AnswerBody::Gone { why }, About::Place(..)) => {
            variant.journey_mut(mode).refuse(&why);
            let line = why.lines().next().unwrap_or_default().to_string();
            told = Some(Told::Sentence(line));
        }
        (_, About::All(..)) => variant.note(mode, Explored::Refused("The explorer told of a place instead.".into())),
        (_, About::Place(..)) => variant.journey_mut(mode).refuse("The explorer told of no place."),
    }
    if let Some(told) = told {
        tell(model, told);
    }
    let mut effects = Effects::now();
    effects.controls.extend(model.programs.best.iter_mut().filter_map(super::challenges::Best::keep));
    effects
}

/// Tells what came of a wish.
pub(in crate::view) fn tell(model: &mut Model, told: Told) {
    match told {
        Told::Sentence(text) => model.say(&text),
        Told::Choose(thread) => model.dialog = Dialog::choose(thread),
    }
}
