//! One step of one thread: what it does to a state.
//!
//! A [`State`] is a handful of small numbers. What they stand for, a thread between two operations or what an object
//! holds, is kept once in tables, and so is what comes of an operation of such a thread on such an object: a program is
//! interpreted once for each distinct pair of the two, however many states they occur in.
//!
//! Objects have numbers. The first are the variables of the first process, then those that exist when the first thread
//! is started (`fixed`). Of these, a state holds only those that ever change (`mutable`); what is found to change though
//! it was not thought to is noted (`missed`), and the search begins anew. Later objects are numbered in the order in
//! which a state's threads and objects refer to them, so that equal states look equal, and garbage is gone.

use std::sync::Arc;

use super::accesses::Log;
use super::content::{Body, Closure, Content, QueueBody, Stage, ThreadBody};
use super::moves::{Facts, LocalKind, Mention};
use super::operate::{Attempt, Performed};
use super::report::{Exceptions, Options};
use super::state::{Buffer, CONSTANT, Layout, Local, Mark, Rest, State, Touch, WHOLE};
use super::symmetry::Symmetry;
use super::tables::{FastMap, FastSet, Table};
use crate::program::Problem;
use crate::program::Program;
use crate::program::code::{GlobalId, Instruction, NameId};
use crate::program::collection::{self, Access, Failure};
use crate::program::operation::{Operation, Patience, QueueKind, Sync, Variable};
use crate::program::text;
use crate::program::thread::{Passed, Pause, Thread};
use crate::program::value::{Exception, ExceptionClass, ObjectKind, Reference, Value};

/// How many operations a step may take before it is looked at for going round in a circle.
const OPERATIONS_CALM: u64 = 5_000;

/// The most operations that one thread may do in one step.
const OPERATIONS_MAX: u64 = 300_000;

/// What is kept for all searchers.
pub(super) struct Shared<'a> {
    pub(super) program: &'a Program,
    pub(super) options: &'a Options,
    pub(super) layout: Layout,
    /// Locations whose accesses are steps.
    pub(super) marks: FastSet<Mark>,
    /// An access that ends its thread, or everything, is a step though its location is not marked: so what the others may
    /// do before it is seen too, as where every access is a step.
    pub(super) holds_back: bool,
    /// Steps that disturb nobody are taken before all others: nothing can be counted then.
    pub(super) hurries: bool,
    /// The grain: all steps of a simple statement are one.
    pub(super) statement: bool,
    /// Locations whose accesses are written down in the state.
    pub(super) suspects: FastSet<Mark>,
    pub(super) locals: Table<Local>,
    pub(super) contents: Table<Content>,
    pub(super) rests: Table<Rest>,
    pub(super) buffers: Table<Buffer>,
    pub(super) clocks: Table<Vec<u32>>,
    variables: u32,
    /// Of each global, whether only module-level code mentions it: no two threads of a process touch it.
    private: Vec<bool>,
    /// Whether the program asks for the name of anything: else nothing is named, and states that differ only in names
    /// do not differ.
    pub(super) asks_names: bool,
}

/// One searcher's way to them, and what it remembers.
pub(super) struct Machine<'a> {
    pub(super) shared: &'a Shared<'a>,
    locals: FastMap<u32, Arc<Local>>,
    contents: FastMap<u32, Arc<Content>>,
    /// (thread's local, what its object holds, thread and choice) → what comes of it.
    pub(super) effects: FastMap<(u32, u32, u32), Effect>,
    /// Facts about locals.
    pub(super) facts: Vec<Option<Facts>>,
    /// Which threads contents mention.
    pub(super) mentions: Vec<Option<Mention>>,
    /// Which later objects a local, or a content, refers to, in order.
    pub(super) refers: [FastMap<u32, Arc<[u32]>>; 2],
    /// Fixed objects that changed though they were not thought to.
    pub(super) missed: FastSet<u32>,
    /// Accesses to unmarked locations.
    pub(super) touches: FastSet<Touch>,
    /// When a thread ends makes a difference: an exception or the end of all but daemons cut another off, or it was asked.
    pub(super) ends_matter: bool,
    /// A state whose memory is used again.
    scratch: State,
    /// Threads that can be exchanged in this search.
    pub(super) symmetry: Symmetry,
    /// Somebody told apart threads that could be.
    pub(super) told_apart: bool,
    /// Somebody looked at a lock that may be held by another.
    pub(super) peeks: bool,
    /// Threads that others let go on, in the order in which they do.
    pub(super) released: Vec<usize>,
    /// Two accesses that are not ordered.
    pub(super) conflicts: FastSet<Mark>,
    pub(super) problem: Option<Problem>,
    /// A step did not come to an end: a problem, if it is not because something shared was not known to be.
    pub(super) too_long: Option<Problem>,
    /// What each operation of a step did, where somebody wants to tell of it: a step may have several.
    pub(super) log: Option<Log>,
    /// Which threads passed the begin of a statement, or a line marked `# progress`, since that was last asked.
    pub(super) passing: Passing,
    /// What the thread that ran last passed.
    passed: Passed,
    /// Variables and other fixed objects that were written to.
    pub(super) written: FastSet<u32>,
}

/// What comes of an operation on a single object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    Done {
        content: u32,
        local: u32,
        passed: Passed,
    },
    /// It would block.
    Blocked,
}

impl<'a> Shared<'a> {
    pub(super) fn new(program: &'a Program, options: &'a Options) -> Shared<'a> {
        let variables = (program.globals.len() + program.classes.len() * program.names.len()) as u32;
        Shared {
            program,
            options,
            layout: Layout::default(),
            marks: FastSet::default(),
            holds_back: false,
            hurries: false,
            statement: false,
            suspects: FastSet::default(),
            locals: Table::new(),
            contents: Table::new(),
            rests: Table::new(),
            buffers: Table::new(),
            clocks: Table::new(),
            variables,
            private: private(program),
            asks_names: program.asks_names(),
        }
    }

    /// Whether only module-level code mentions a variable.
    pub(super) fn is_private(&self, variable: Variable) -> bool {
        matches!(variable, Variable::Global(global) if self.private[global.index()])
    }

    /// Which of a process's variables it is.
    pub(super) fn variable(&self, variable: Variable) -> u32 {
        match variable {
            Variable::Global(global) => u32::from(global.0),
            Variable::Class(class, name) => {
                (self.program.globals.len() + class.index() * self.program.names.len() + name.index()) as u32
            }
        }
    }

    /// The variable of a number.
    pub(super) fn variable_of(&self, number: u32) -> Variable {
        match (number as usize).checked_sub(self.program.globals.len()) {
            None => Variable::Global(GlobalId(number as u16)),
            Some(at) => {
                let names = self.program.names.len();
                Variable::Class(crate::program::code::ClassId((at / names) as u16), NameId((at % names) as u16))
            }
        }
    }

    /// How many variables a process has.
    pub(super) fn variables(&self) -> u32 {
        self.variables
    }
}

/// Of each global, whether only module-level code mentions it.
fn private(program: &Program) -> Vec<bool> {
    let mut private = vec![true; program.globals.len()];
    for instruction in program.functions.iter().skip(1).flat_map(|function| &function.code) {
        if let Instruction::LoadGlobal(global) | Instruction::StoreGlobal(global) | Instruction::DeleteGlobal(global) =
            instruction
        {
            private[global.index()] = false;
        }
    }
    private
}

impl<'a> Machine<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Machine<'a> {
        Machine {
            shared,
            locals: FastMap::default(),
            contents: FastMap::default(),
            effects: FastMap::default(),
            facts: Vec::new(),
            mentions: Vec::new(),
            refers: [FastMap::default(), FastMap::default()],
            missed: FastSet::default(),
            touches: FastSet::default(),
            ends_matter: false,
            scratch: State::default(),
            symmetry: Symmetry::default(),
            told_apart: false,
            peeks: false,
            released: Vec::new(),
            conflicts: FastSet::default(),
            problem: None,
            too_long: None,
            log: None,
            passing: Passing::default(),
            passed: Passed::default(),
            written: FastSet::default(),
        }
    }

    pub(super) fn local(&mut self, number: u32) -> Arc<Local> {
        let shared = self.shared;
        Arc::clone(self.locals.entry(number).or_insert_with(|| shared.locals.get(number)))
    }

    pub(super) fn content(&mut self, number: u32) -> Arc<Content> {
        let shared = self.shared;
        Arc::clone(self.contents.entry(number).or_insert_with(|| shared.contents.get(number)))
    }

    pub(super) fn rest(&mut self, state: &State) -> Arc<Rest> {
        self.shared.rests.get(state.rest)
    }

    /// The number of what an object holds.
    pub(super) fn held(&self, state: &State, object: u32) -> u32 {
        let layout = &self.shared.layout;
        match layout.places.get(object as usize) {
            Some(&CONSTANT) => layout.constants[object as usize],
            Some(&place) => state.objects[place as usize],
            None => state.objects[(layout.mutable + object - layout.fixed) as usize],
        }
    }

    /// What an object holds in a state that may be without it: not made yet, or out of everybody's reach.
    pub(super) fn body_if_any(&mut self, state: &State, object: u32) -> Option<Arc<Content>> {
        let layout = &self.shared.layout;
        let number = match layout.places.get(object as usize) {
            Some(&CONSTANT) => *layout.constants.get(object as usize)?,
            Some(&place) => *state.objects.get(place as usize)?,
            None => *state.objects.get((layout.mutable + object).checked_sub(layout.fixed)? as usize)?,
        };
        Some(self.content(number))
    }

    /// What an object holds.
    pub(super) fn body(&mut self, state: &State, object: u32) -> Arc<Content> {
        let number = self.held(state, object);
        self.content(number)
    }

    /// What an object holds as a thread sees it: its own changes of a collection are in it before all others see them.
    /// For nobody in particular, it is what all see.
    pub(super) fn body_for(&mut self, state: &State, thread: Option<usize>, object: u32) -> Arc<Content> {
        let content = self.body(state, object);
        let Some(buffer) = thread.and_then(|thread| state.buffers.get(thread)) else { return content };
        let Body::Collection(collection) = &content.body else { return content };
        let buffer = self.shared.buffers.get(*buffer);
        let mut own = None;
        for write in buffer.iter().filter(|write| write.object == object) {
            if let Body::Change(access) = &self.content(write.value).body {
                // The place that it was meant for may be gone.
                let nowhere = collection::Nowhere(self.shared.program);
                _ = own.get_or_insert_with(|| collection.clone()).write(access, &nowhere);
            }
        }
        own.map_or(content.clone(), |own| Arc::new(Content { site: content.site, body: Body::Collection(own) }))
    }

    /// All objects of a state, those that never change left out.
    pub(super) fn objects(&self, state: &State) -> impl Iterator<Item = u32> + use<'a> {
        let layout = &self.shared.layout;
        let later = state.objects.len() as u32 - layout.mutable;
        layout.changing.iter().copied().chain(layout.fixed..layout.fixed + later)
    }

    fn hold(&mut self, state: &mut State, object: u32, content: u32) {
        let layout = &self.shared.layout;
        match layout.places.get(object as usize) {
            Some(&CONSTANT) => {
                if layout.constants[object as usize] != content {
                    self.missed.insert(object);
                }
            }
            Some(&place) => state.objects[place as usize] = content,
            None => state.objects[(layout.mutable + object - layout.fixed) as usize] = content,
        }
    }

    pub(super) fn put(&mut self, state: &mut State, object: u32, site: u64, body: Body) {
        self.written.insert(object);
        let content = self.shared.contents.number(Content { site, body });
        self.hold(state, object, content);
    }

    pub(super) fn change(&mut self, state: &mut State, object: u32, change: impl FnOnce(&mut Body)) {
        let content = self.body(state, object);
        let mut body = content.body.clone();
        change(&mut body);
        self.put(state, object, content.site, body);
    }

    /// Whether an object never changes.
    pub(super) fn is_constant(&self, object: u32) -> bool {
        self.shared.layout.places.get(object as usize) == Some(&CONSTANT)
    }

    /// The number after that of the last object.
    pub(super) fn objects_end(&self, state: &State) -> u32 {
        self.shared.layout.fixed + state.objects.len() as u32 - self.shared.layout.mutable
    }

    pub(super) fn add(&mut self, state: &mut State, site: u64, body: Body) -> u32 {
        let content = self.shared.contents.number(Content { site, body });
        state.objects.push(content);
        let layout = &self.shared.layout;
        state.objects.len() as u32 - 1 - layout.mutable + layout.fixed
    }

    /// Takes a step of a thread, and what follows from it without being a step: each way in which that can go.
    pub(super) fn step(
        &mut self,
        state: &State,
        census: Census,
        thread: usize,
        mut each: impl FnMut(&mut Self, &State, Passing),
    ) {
        for choice in 0..self.choices(state, thread) {
            let mut next = std::mem::take(&mut self.scratch);
            next.become_like(state);
            self.passing = Passing::default();
            self.log = self.log.take().map(|_| Log::default());
            let is_general = self.facts(next.threads[thread]).general;
            self.perform(&mut next, thread, choice);
            let counts = is_general || self.facts(next.threads[thread]).kind != LocalKind::Operating;
            let census = if counts { self.census(&next) } else { census };
            self.settle_after(&mut next, census, thread);
            if self.shared.statement {
                self.rest_of_statement(next, thread, OPERATIONS_MAX, &mut each);
            } else {
                self.tidy(&mut next);
                each(self, &next, self.passing);
                self.scratch = next;
            }
        }
    }

    /// The other operations of the same simple statement, in each way in which they can go.
    fn rest_of_statement(
        &mut self,
        mut state: State,
        thread: usize,
        steps_max: u64,
        each: &mut impl FnMut(&mut Self, &State, Passing),
    ) {
        for _ in 0..steps_max {
            let unfinished = self.unfinished(&state);
            if !self.within_statement(&state, thread) || !self.is_step(&state, thread, unfinished) {
                break;
            }
            match self.choices(&state, thread) {
                0 => break,
                1 => {}
                choices => {
                    let (passing, log) = (self.passing, self.log.clone());
                    for choice in 0..choices {
                        let mut next = state.clone();
                        self.passing = passing;
                        self.log.clone_from(&log);
                        self.perform(&mut next, thread, choice);
                        let census = self.census(&next);
                        self.settle_after(&mut next, census, thread);
                        self.rest_of_statement(next, thread, steps_max / 2, each);
                    }
                    return;
                }
            }
            self.perform(&mut state, thread, 0);
            let census = self.census(&state);
            self.settle_after(&mut state, census, thread);
        }
        self.tidy(&mut state);
        each(self, &state, self.passing);
    }

    fn within_statement(&mut self, state: &State, thread: usize) -> bool {
        let local = self.local(state.threads[thread]);
        // Who may give up waiting at a barrier waits: as a statement, that would block.
        if !matches!(&local.pause, Pause::Operation(operation) if !matches!(operation, Operation::Sync(_, Sync::GiveUp)))
        {
            return false;
        }
        let begun = self.passing.statement >> thread & 1 == 1;
        let simple = local.thread.statement(self.shared.program);
        !begun && simple.is_some_and(|statement| self.shared.program.statements[statement.index()].simple)
    }

    /// Drains the oldest of a thread's writes.
    pub(super) fn drain(&mut self, state: &mut State, thread: usize) {
        self.drain_one(state, thread);
        let census = self.census(state);
        self.settle_after(state, census, thread);
        self.tidy(state);
    }

    fn drain_one(&mut self, state: &mut State, thread: usize) {
        let mut buffer = (*self.shared.buffers.get(state.buffers[thread])).clone();
        if buffer.is_empty() {
            return;
        }
        let write = buffer.remove(0);
        state.buffers[thread] = self.shared.buffers.number(buffer);
        match self.content(write.value).body.clone() {
            Body::Variable(value) => self.write_part(state, write.object, write.part, value),
            Body::Change(access) => {
                let (mut failure, program) = (None, self.shared.program);
                self.change(state, write.object, |body| {
                    if let Body::Collection(collection) = body {
                        failure = collection.write(&access, &collection::Nowhere(program)).err();
                    }
                });
                // An item that is gone by now cannot be written any more: whoever wrote it has long gone on.
                if let Some(Failure::Limit(text)) = failure {
                    let local = self.local(state.threads[thread]);
                    self.problem = Some(self.problem_at(&local.thread, text));
                }
            }
            _ => {}
        }
    }

    /// Does everything that is not a step and can be done.
    pub(super) fn settle(&mut self, state: &mut State) {
        let census = self.census(state);
        self.settle_from(state, census, &[]);
    }

    /// The same after an operation of a thread: it goes on first, unless it was let go together with others.
    fn settle_after(&mut self, state: &mut State, census: Census, thread: usize) {
        match std::mem::take(&mut self.released) {
            released if released.is_empty() => self.settle_from(state, census, &[thread]),
            released => self.settle_from(state, census, &released),
        }
    }

    fn settle_from(&mut self, state: &mut State, mut census: Census, first: &[usize]) {
        let mut calm = Calm::default();
        for thread in first {
            self.run_on(state, *thread, &mut census, &mut calm);
        }
        let mut all = first.is_empty();
        loop {
            let done = calm.done;
            let mut thread = 0;
            while thread < state.threads.len() {
                // Where it stood before the operation that led here, it still stands.
                let stands = !all && census.unfinished > 1 && self.facts(state.threads[thread]).steady;
                if !stands {
                    self.run_on(state, thread, &mut census, &mut calm);
                }
                thread += 1;
            }
            all = true;
            if calm.done == done {
                return;
            }
        }
    }

    /// Runs a thread that was just started; whether all is over then.
    pub(super) fn run_new(&mut self, state: &mut State, thread: usize) -> bool {
        let mut census = self.census(state);
        self.run_on(state, thread, &mut census, &mut Calm::default());
        self.passed = Passed::default();
        census.is_final
    }

    /// Runs a thread on as far as it goes without a step.
    fn run_on(&mut self, state: &mut State, thread: usize, census: &mut Census, calm: &mut Calm) {
        loop {
            if self.problem.is_some() || census.is_final {
                return;
            }
            let facts = self.facts(state.threads[thread]);
            if facts.kind != LocalKind::Operating {
                return;
            }
            if census.unfinished == 1 && !state.buffers.is_empty() {
                for other in 0..state.threads.len() {
                    while !self.is_drained(state, other) {
                        self.drain_one(state, other);
                    }
                }
            }
            if self.is_step(state, thread, census.unfinished) || self.choices(state, thread) == 0 {
                return;
            }
            self.perform(state, thread, 0);
            for other in std::mem::take(&mut self.released) {
                if other != thread {
                    *census = self.census(state);
                    self.run_on(state, other, census, calm);
                }
            }
            if facts.general || self.facts(state.threads[thread]).kind != LocalKind::Operating {
                *census = self.census(state);
            }
            calm.done += 1;
            if calm.done < OPERATIONS_CALM {
                continue;
            }
            match &calm.earlier {
                Some((_, before)) if before == state => return self.spin(state, thread),
                Some((at, _)) if calm.done < at * 2 => {}
                _ => calm.earlier = Some((calm.done, state.clone())),
            }
            // Garbage is left for later, so a circle that makes objects is found only by its length.
            if calm.done > OPERATIONS_MAX {
                let local = self.local(state.threads[thread]);
                let text = format!("more than {OPERATIONS_MAX} operations in one step");
                self.too_long = Some(self.problem_at(&local.thread, text));
                return self.spin(state, thread);
            }
        }
    }

    /// Whether a final state keeps some thread from going on that has not failed itself.
    pub(super) fn cuts_off(&mut self, state: &State) -> bool {
        (0..state.threads.len()).any(|thread| {
            let facts = self.facts(state.threads[thread]);
            facts.kind != LocalKind::Raised && !(facts.ended && self.is_drained(state, thread))
        })
    }

    /// How many threads have not ended, and whether anything more will happen.
    pub(super) fn census(&mut self, state: &State) -> Census {
        let mut census = Census { unfinished: 0, is_final: true };
        let mut raised = false;
        let mut main_waits = false;
        for thread in 0..state.threads.len() {
            let facts = self.facts(state.threads[thread]);
            let over = facts.ended && self.is_drained(state, thread);
            census.unfinished += usize::from(!over);
            census.is_final &= facts.daemon || over;
            raised |= facts.kind == LocalKind::Raised;
            main_waits |= thread > 0 && !over && !facts.daemon;
        }
        // The main thread's end waits for all that are not daemons.
        let main_is_over = state.threads.first().is_some_and(|main| self.facts(*main).ended);
        census.unfinished += usize::from(main_is_over && main_waits);
        census.is_final |= raised;
        census
    }

    fn spin(&mut self, state: &mut State, thread: usize) {
        let local = self.local(state.threads[thread]);
        let spinning = Local { pause: Pause::Spins, ..(*local).clone() };
        state.threads[thread] = self.shared.locals.number(spinning);
    }

    /// A problem of the program's at the place where a thread is.
    pub(super) fn problem_at(&self, thread: &Thread, message: String) -> Problem {
        let program = self.shared.program;
        let place = thread.place(program);
        let span = place.start as usize..place.end as usize;
        Problem::at(&program.name, &program.source, span, message, None)
    }

    /// Carries out a thread's operation, which does not block.
    pub(super) fn perform(&mut self, state: &mut State, thread: usize, choice: usize) {
        self.perform_one(state, thread, choice);
        if self.shared.program.prelude.is_empty() {
            return;
        }
        for ended in [thread].into_iter().chain(self.released.clone()) {
            if self.facts(state.threads[ended]).ended
                && usize::from(self.local(state.threads[ended]).home.process) == ended
            {
                self.close_with_main(state, ended as u8);
            }
        }
    }

    /// The end of the main thread of a process tells the workers of its executors that no more tasks will come.
    fn close_with_main(&mut self, state: &mut State, process: u8) {
        for object in self.objects(state) {
            if let Body::Queue(queue) = &self.body(state, object).body
                && queue.kind == (QueueKind::Tasks { ends_with_main: true })
                && queue.home == process
                && queue.closure == Closure::Open
            {
                self.change(state, object, |body| {
                    if let Body::Queue(queue) = body {
                        queue.closure = Closure::Over;
                    }
                });
            }
        }
    }

    fn perform_one(&mut self, state: &mut State, thread: usize, choice: usize) {
        let number = state.threads[thread];
        let facts = self.facts(number);
        self.note(state, thread);
        if self.log.is_some() {
            self.write_down(state, thread);
        }
        if let (Some(object), false, 0) = (facts.object, facts.general, choice) {
            let held = self.held(state, object);
            let key = (number, held, thread as u32);
            if let Some(Effect::Done { content, local, passed }) = self.effects.get(&key).copied() {
                self.hold(state, object, content);
                state.threads[thread] = local;
                return self.passing.pass(thread, passed);
            }
            self.carry_out(state, thread, choice);
            if self.problem.is_none() {
                let (content, local) = (self.held(state, object), state.threads[thread]);
                let effect = Effect::Done { content, local, passed: self.passed };
                // A constant that should have changed must be noticed each time.
                if !self.is_constant(object) || !facts.writes {
                    self.effects.insert(key, effect);
                }
            }
        } else {
            self.carry_out(state, thread, choice);
        }
        self.passing.pass(thread, self.passed);
    }

    /// Carries out a thread's operation and lets the thread run on to its next.
    pub(super) fn carry_out(&mut self, state: &mut State, thread: usize, choice: usize) {
        self.passed = Passed::default();
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return };
        let (operation, local) = (operation.clone(), (*local).clone());
        let attempt = self.operate(state, thread, choice, &operation, &local);
        self.follow(state, thread, attempt);
    }

    /// Lets a thread go on after its operation, if it does.
    pub(super) fn follow(&mut self, state: &mut State, thread: usize, attempt: Attempt) {
        let local = self.local(state.threads[thread]);
        match attempt {
            Ok(Performed::WentOn) => {}
            Ok(Performed::Parked) => {
                let parked = Local { pause: Pause::Parked, ..(*local).clone() };
                state.threads[thread] = self.shared.locals.number(parked);
            }
            Ok(Performed::Lingers(barrier)) => {
                let pause = Pause::Operation(Operation::Sync(barrier, Sync::GiveUp));
                state.threads[thread] = self.shared.locals.number(Local { pause, ..(*local).clone() });
            }
            Ok(Performed::Value(value)) => self.resume(state, thread, Ok(value)),
            Ok(Performed::Raised(exception)) => self.resume(state, thread, Err(exception)),
            Err(Failure::Raised(kind, argument)) => {
                let arguments = if argument == Value::Unset { Vec::new() } else { vec![argument] };
                let exception = Exception { class: ExceptionClass::Python(kind), arguments, line: 0, made: None };
                self.resume(state, thread, Err(Arc::new(exception)));
            }
            Err(Failure::Limit(text)) => self.problem = Some(self.problem_at(&local.thread, text)),
        }
    }

    /// Lets a thread run on with the result of its operation.
    pub(super) fn resume(&mut self, state: &mut State, thread: usize, input: Result<Value, Arc<Exception>>) {
        let mut local = (*self.local(state.threads[thread])).clone();
        let (pause, passed) = local.thread.run(self.shared.program, Some(input));
        self.passed.add(passed);
        self.arrive(state, thread, local, pause);
    }

    /// A thread has come to a pause: reads of what never changes are answered at once.
    pub(super) fn arrive(&mut self, state: &mut State, thread: usize, mut local: Local, mut pause: Pause) {
        for _ in 0..OPERATIONS_MAX {
            let Pause::Operation(operation) = &pause else { break };
            let answer = match self.shared.holds_back {
                true => None,
                false => self.constant(state, &local, operation),
            };
            match answer {
                Some(answer) => {
                    let passed;
                    (pause, passed) = local.thread.run(self.shared.program, Some(answer));
                    self.passed.add(passed);
                }
                None => break,
            }
        }
        self.gather_joins(state, thread, &mut local, &mut pause);
        if let Some(other) = self.joined_by(state, &pause) {
            let joined: Vec<u8> = local.awaits.iter().copied().chain([other]).collect();
            self.told_apart |= !self.symmetry.are_whole(&joined);
        }
        match &pause {
            Pause::Limit(text) => {
                self.problem = Some(self.problem_at(&local.thread, text.clone()));
                return;
            }
            Pause::Raised(exception) if self.shared.options.exceptions == Exceptions::Thread => {
                let held = self.held_by(state, Some(thread), &exception.arguments.iter().collect::<Vec<_>>());
                let words = text::exception_line(self.shared.program, exception, &held);
                local.died = Some(Arc::new((exception.line, words)));
                pause = Pause::Ended;
            }
            _ => {}
        }
        if matches!(pause, Pause::Ended | Pause::Raised(_)) {
            local.thread.forget();
        }
        local.pause = pause;
        state.threads[thread] = self.shared.locals.number(local);
    }

    /// Where the main thread does nothing else between several joins, it waits for all of those threads at once: it makes
    /// no difference in which order they end.
    fn gather_joins(&mut self, state: &mut State, thread: usize, local: &mut Local, pause: &mut Pause) {
        local.awaits.clear();
        if thread != 0 {
            return;
        }
        while let Some(other) = self.joined_by(state, pause) {
            let mut ahead = local.thread.clone();
            let mut stored: Vec<(u32, Value)> = Vec::new();
            let mut input = Ok(Value::None);
            let next = loop {
                let (next, passed) = ahead.run(self.shared.program, Some(input));
                if passed.progress {
                    return;
                }
                let Pause::Operation(operation) = &next else { return };
                input = match operation {
                    Operation::Store(variable, value)
                        if self.shared.is_private(*variable) && *value != Value::Unset =>
                    {
                        stored.push((self.shared.variable(*variable), value.clone()));
                        Ok(Value::None)
                    }
                    Operation::Load(variable) if self.shared.is_private(*variable) => {
                        let object = self.shared.variable(*variable);
                        let own = stored.iter().rev().find(|(stored, _)| *stored == object);
                        match own {
                            Some((_, value)) => Ok(value.clone()),
                            None => Ok(self.read_part(state, thread, object, WHOLE)),
                        }
                    }
                    operation => match self.constant(state, local, operation) {
                        Some(answer) => answer,
                        None => break next,
                    },
                };
            };
            if self.joined_by(state, &next).is_none() {
                return;
            }
            for (object, value) in stored {
                self.write_part(state, object, WHOLE, value);
            }
            local.awaits.push(other);
            (local.thread, *pause) = (ahead, next);
        }
    }

    /// The started thread whose end a pause waits for, if it is that of another than the main thread.
    pub(super) fn joined_by(&mut self, state: &State, pause: &Pause) -> Option<u8> {
        let Pause::Operation(Operation::Sync(object, Sync::Join(Patience::Forever))) = pause else { return None };
        match &self.body(state, object.id).body {
            Body::Thread(ThreadBody { stage: Stage::Started(other), .. }) if *other != 0 => Some(*other),
            _ => None,
        }
    }

    /// The object of a started thread.
    pub(super) fn handle_of(&mut self, state: &State, thread: u8) -> Option<Reference> {
        let object = self.objects(state).find(|object| {
            let content = self.body(state, *object);
            matches!(&content.body, Body::Thread(body) if body.stage == Stage::Started(thread))
        })?;
        Some(Reference { kind: ObjectKind::Thread(None), id: object })
    }

    /// The answer to an operation that only reads what never changes.
    fn constant(
        &mut self,
        state: &State,
        local: &Local,
        operation: &Operation,
    ) -> Option<Result<Value, Arc<Exception>>> {
        match operation {
            Operation::Load(variable) => {
                let object = local.space.is_none().then(|| self.shared.variable(*variable))?;
                if !self.is_constant(object) {
                    return None;
                }
                match &self.body(state, object).body {
                    Body::Variable(value) => Some(Ok(value.clone())),
                    _ => None,
                }
            }
            Operation::Access(object, access) if !access.writes() && self.is_constant(object.id) => {
                let mut plain = true;
                access.values(&mut |value| plain &= !value.holds_containers());
                let content = self.body(state, object.id);
                let Body::Collection(collection) = &content.body else { return None };
                let looks =
                    matches!(access, Access::Contains(_) | Access::Among(..) | Access::Index(..) | Access::Count(_));
                if !plain || looks {
                    return None;
                }
                collection.read(access, &collection::Nowhere(self.shared.program)).ok().map(Ok)
            }
            _ => None,
        }
    }
}

/// How many operations were done that are no steps, and a state on the way: where it comes again, a thread spins.
#[derive(Debug, Default)]
struct Calm {
    done: u64,
    earlier: Option<(u64, State)>,
}

/// How far the threads of a state have come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Census {
    pub(super) unfinished: usize,
    pub(super) is_final: bool,
}

/// What threads passed in a step: a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passing {
    /// The begin of a statement.
    pub(super) statement: u64,
    /// A line marked `# progress`, or their end.
    pub(super) progress: u64,
}

impl Passing {
    fn pass(&mut self, thread: usize, passed: Passed) {
        self.statement |= u64::from(passed.statement) << thread;
        self.progress |= u64::from(passed.progress) << thread;
    }
}

impl QueueBody {
    pub(super) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.items.len() as i64 >= capacity)
    }
}
