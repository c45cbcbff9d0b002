//! One program, three engines: step it by hand, explore it completely, run it wild. What a race or a deadlock needs in
//! order to be understood, on one screen.
//!
//! ```text
//!  STEP     you are the scheduler: source, data, next steps, the schedule so far
//!  EXPLORE  every schedule: how it can end, how often, and the shortest way to each ending
//!  WILD     the variants on real threads, side by side: lanes like any others
//! ```
//!
//! A program's variants (broken, wrong fix, right fix) are the lanes of a plan. What an engine shows of a variant is kept
//! while another engine, or another variant, is looked at.
//!
//! The explorer lives in a process of its own. What to ask it next follows from what is shown and what is known already
//! (`asking`), so nothing has to be remembered about it.

pub(in crate::view) mod asking;
mod big;
pub(in crate::view) mod challenges;
mod circle;
mod code;
mod data;
mod explore;
mod head;
pub(in crate::view) mod journey;
pub(in crate::view) mod keys;
mod outcomes;
mod question;
mod schedule;
mod step;
mod threads;
pub(in crate::view) mod wild;

use self::asking::Flight;
use self::challenges::Best;
use self::journey::Journey;
use super::model::Model;
use super::pen::Pen;
use crate::explore::{Grain, Memory, Report};
use crate::ledger::LaneLedger;
use crate::wire::{MemoryModel, Plan, ProgramPlan, Role};

/// What looks at a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::view) enum Engine {
    /// The user chooses every step.
    #[default]
    Step,
    /// All schedules.
    Explore,
    /// Real threads.
    Wild,
}

impl Engine {
    pub(in crate::view) const ALL: [Engine; 3] = [Engine::Step, Engine::Explore, Engine::Wild];

    pub(in crate::view) fn name(self) -> &'static str {
        match self {
            Engine::Step => "step",
            Engine::Explore => "explore",
            Engine::Wild => "wild",
        }
    }
}

/// What counts as a step, and when writes are seen: together they say which schedules there are.
pub(in crate::view) type Mode = (Grain, Memory);

/// What is known of all schedules of a variant.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) enum Explored {
    /// All of it.
    Report(Box<Report>),
    /// Nothing: the explorer refused, or is gone, and says why.
    Refused(String),
}

/// What was looked at of a variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::view) struct Variant {
    /// What the plan says of its program; none for a lane without one.
    pub(in crate::view) program: Option<ProgramPlan>,
    journeys: Vec<(Mode, Journey)>,
    explored: Vec<(Mode, Explored)>,
    /// The row that is marked among the outcomes and findings.
    pub(in crate::view) marked: usize,
    /// The line of the source that somebody wants to see.
    pub(in crate::view) line: Option<u32>,
}

/// Everything that the screens of programs know.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::view) struct Programs {
    pub(in crate::view) engine: Engine,
    pub(in crate::view) grain: Grain,
    /// The memory model that somebody chose; the lane's own where nobody did.
    pub(in crate::view) memory: Option<Memory>,
    pub(in crate::view) variants: Vec<Variant>,
    /// What the explorer was asked and has not answered.
    pub(in crate::view) flights: Vec<Flight>,
    /// The number of the next question.
    next_id: u64,
    /// What random steps are thrown with.
    dice: u64,
    /// What challenges were met with.
    pub(in crate::view) best: Vec<Best>,
    /// How many hints of a challenge were asked for: its variant, its place, and how many.
    pub(in crate::view) hints: Vec<(usize, usize, u8)>,
}

impl Default for Programs {
    fn default() -> Programs {
        Programs {
            engine: Engine::Step,
            grain: Grain::Operation,
            memory: None,
            variants: Vec::new(),
            flights: Vec::new(),
            next_id: 1,
            dice: 7,
            best: Vec::new(),
            hints: Vec::new(),
        }
    }
}

impl Variant {
    /// The way through its schedules that was gone in a mode.
    pub(in crate::view) fn journey(&self, mode: Mode) -> Option<&Journey> {
        self.journeys.iter().find(|(one, _)| *one == mode).map(|(_, journey)| journey)
    }

    pub(in crate::view) fn journey_mut(&mut self, mode: Mode) -> &mut Journey {
        let place = self.journeys.iter().position(|(one, _)| *one == mode).unwrap_or_else(|| {
            self.journeys.push((mode, Journey::default()));
            self.journeys.len() - 1
        });
        &mut self.journeys[place].1
    }

    pub(in crate::view) fn explored(&self, mode: Mode) -> Option<&Explored> {
        self.explored.iter().find(|(one, _)| *one == mode).map(|(_, explored)| explored)
    }

    /// Everything about its schedules, where that is known and complete.
    pub(in crate::view) fn report(&self, mode: Mode) -> Option<&Report> {
        match self.explored(mode)? {
            Explored::Report(report) => Some(report),
            Explored::Refused(_) => None,
        }
    }

    fn note(&mut self, mode: Mode, explored: Explored) {
        self.explored.retain(|(one, _)| *one != mode);
        self.explored.push((mode, explored));
    }

    /// The memory model that its threads run under.
    pub(in crate::view) fn memory(&self) -> Memory {
        match self.program.as_ref().map(|program| program.memory) {
            Some(MemoryModel::Tso) => Memory::Tso,
            _ => Memory::Sc,
        }
    }
}

impl Programs {
    /// The plan has come, or has changed: what was known of programs that stayed the same is kept.
    pub(in crate::view) fn take_plan(&mut self, plan: &Plan) {
        let mut before = std::mem::take(&mut self.variants);
        for lane in &plan.lanes {
            let program = lane.pool.program().cloned();
            let same = |variant: &Variant| match (&variant.program, &program) {
                (Some(one), Some(other)) => one.text == other.text && one.program == other.program,
                _ => false,
            };
            let index = self.variants.len();
            let variant = match before.iter().position(same) {
                Some(place) => Variant { program, ..std::mem::take(&mut before[place]) },
                // The same variant with another text: its way is gone again, as far as it can be.
                None => {
                    let old = before.get(index).filter(|old| old.program.is_some() && program.is_some());
                    let journeys = old.map(|old| old.journeys.iter().map(|(mode, way)| (*mode, way.anew())).collect());
                    Variant { program, journeys: journeys.unwrap_or_default(), ..Variant::default() }
                }
            };
            self.variants.push(variant);
        }
        self.flights.clear();
    }

    /// What another scenario begins with.
    pub(in crate::view) fn begin_again(&mut self) {
        let (next_id, best) = (self.next_id, std::mem::take(&mut self.best));
        *self = Programs { next_id, best, ..Programs::default() };
    }

    fn has_any(&self) -> bool {
        self.variants.iter().any(|variant| variant.program.is_some())
    }

    /// What counts as a step of a variant, and when its writes are seen.
    pub(in crate::view) fn mode(&self, variant: usize) -> Mode {
        let own = self.variants.get(variant).map_or(Memory::Sc, Variant::memory);
        (self.grain, self.memory.unwrap_or(own))
    }

    pub(in crate::view) fn throw(&mut self) -> u64 {
        self.dice = journey::shaken(self.dice);
        self.dice
    }
}

/// The engine that is looked through; none where the plan has no programs.
pub(in crate::view) fn engine(model: &Model) -> Option<Engine> {
    if !model.programs.has_any() || model.shown().sweep().is_some() {
        return None;
    }
    // A lane among them that runs something else can only be watched.
    match focused(model) {
        Some(_) => Some(model.programs.engine),
        None => Some(Engine::Wild),
    }
}

/// The variant that is looked at, and its place among the lanes.
pub(in crate::view) fn focused(model: &Model) -> Option<(usize, &Variant)> {
    let index = model.focus_index();
    let variant = model.programs.variants.get(index).filter(|variant| variant.program.is_some())?;
    Some((index, variant))
}

/// The journey that is looked at.
pub(in crate::view) fn journey(model: &Model) -> Option<&Journey> {
    let (index, variant) = focused(model)?;
    variant.journey(model.programs.mode(index))
}

/// The lane that runs a variant.
pub(in crate::view) fn lane(model: &Model, variant: usize) -> Option<&LaneLedger> {
    model.shown().lanes().get(variant)
}

/// What a variant is there to show: `broken`, `wrong fix 1 of 2`; nothing where nothing is claimed.
pub(in crate::view) fn role(programs: &Programs, index: usize) -> String {
    let role_of = |variant: &Variant| variant.program.as_ref().map(|program| program.role);
    let Some(role) = programs.variants.get(index).and_then(role_of) else { return String::new() };
    let name = match role {
        Role::Broken => "broken",
        Role::WrongFix => "wrong fix",
        Role::RightFix => "right fix",
        Role::Open => return String::new(),
    };
    let alike: Vec<usize> =
        (0..programs.variants.len()).filter(|other| role_of(&programs.variants[*other]) == Some(role)).collect();
    match alike.len() {
        0 | 1 => name.to_string(),
        number => {
            let place = alike.iter().position(|other| *other == index).unwrap_or(0);
            format!("{name} {} of {number}", place + 1)
        }
    }
}

/// The variants that cannot go wrong.
pub(in crate::view) fn cures(programs: &Programs) -> Vec<usize> {
    let is_cure = |variant: &Variant| variant.program.as_ref().is_some_and(|program| program.role == Role::RightFix);
    (0..programs.variants.len()).filter(|index| is_cure(&programs.variants[*index])).collect()
}

/// How a program is called with its schedule: `lost-update#1.2.1.2`, of a variant but the first `lost-update.2#…`.
pub(in crate::view) fn short_string(model: &Model, index: usize, schedule: &str) -> String {
    let name = model.shown().plan().map_or("", |plan| plan.scenario.as_str());
    let name = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".md").trim_end_matches(".py");
    let variant = if index == 0 { String::new() } else { format!(".{}", index + 1) };
    format!("{name}{variant}#{schedule}")
}

/// The header that goes with programs.
pub(in crate::view) fn draw_header(model: &Model, pen: &mut Pen<'_>) {
    head::draw(model, pen);
}

/// Large figures, from the header down to the keys.
pub(in crate::view) fn draw_big(model: &Model, engine: Engine, pen: &mut Pen<'_>) {
    big::draw(model, engine, pen);
}

/// Whether what the program can do is known: where it is, a guess can be compared with it.
pub(in crate::view) fn is_answered(model: &Model) -> bool {
    model.programs.has_any() && question::is_known(model)
}

/// What the marks mean, for the help.
pub(in crate::view) const MARKS: [(&str, &str); 12] = [
    ("✓ ! ✕", "An ending that is as it should be; one that is allowed and worth a look; one that must not be."),
    ("A▸", "The thread A has come to this line, and can take a step."),
    ("A‖", "It has come to this line, and cannot move."),
    ("✓ reads", "A step of the statement that a thread has taken already; what comes next stands behind it."),
    ("◂", "What the last step changed; or the line that was asked for."),
    ("explored", "How many of all schedules end so, and what share that is. Counted, not sampled."),
    ("chance", "How likely it is if at every step each thread that can move is equally likely."),
    ("wild", "How many runs on real threads ended so."),
    ("d grain", "What a step is: one operation (a read, a write, a lock taken), or a whole statement."),
    ("M sc tso", "When others see a write: at once, or when it leaves the writer's store buffer."),
    ("─▶ ╌▶", "Who holds a lock; who waits for one."),
    ("○", "A deadlock that could come about, and did not: never drawn as one that has."),
];

/// The screen between the header and the keys; says what there was no room for.
pub(in crate::view) fn draw(model: &Model, engine: Engine, pen: &mut Pen<'_>) -> Vec<&'static str> {
    match engine {
        Engine::Step => step::draw(model, pen),
        Engine::Explore => explore::draw(model, pen),
        Engine::Wild => Vec::new(),
    }
}
