//! The search: every state that can be reached, in breadth first order, and which are shared on the way.
//!
//! What is shared is not guessed. The first search takes nothing for shared but locks and the like; it notes every access
//! that was no step. Accesses by two threads, one writing, that starts and ends of threads do not order are suspects: a
//! second search carries the suspects' history in its states and finds out whether both happen in one schedule. What does
//! is shared, and the search begins anew, until nothing new is found. Nothing is lost by that: as long as no two unordered
//! accesses that are no steps collide, running each together with the step before it reaches every state that matters.

use rayon::prelude::*;

use super::machine::{Machine, Shared};
use super::moves::{LocalKind, Visibility};
use super::report::{Exceptions, Grain, Memory, Options};
use super::state::{CONSTANT, Clock, Layout, Mark, Rest, State, Touch};
use super::store::{STATES_MAX, Store, encode, hash};
use super::symmetry::Symmetry;
use super::tables::{FastMap, FastSet};
use crate::program::Problem;
use crate::program::code::{Instruction, Program};
use crate::program::operation::Operation;
use crate::program::thread::{Pause, Thread};
use crate::program::value::Value;
use std::ops::Range;
use std::sync::Arc;

/// Parts of a frontier below this are expanded by one searcher: starting more costs more than it gains.
const ALONE_MAX: u32 = 256;

/// No more memory than this is used, whatever is allowed: places in it are kept as 32 bits.
const MEMORY_MAX: u64 = 4_000_000_000;

/// The most states of a frontier that one searcher expands before what it found is stored.
const PART_MAX: u32 = 4096;

/// All states and steps between them, numbered in the order of a breadth first search.
pub(super) struct Graph {
    /// Where each state's steps begin in `targets`; one more at the end.
    offsets: Vec<u32>,
    /// The states that steps lead to.
    pub(super) targets: Vec<u32>,
    /// Who takes each step.
    pub(super) movers: Vec<Mover>,
    /// For how many threads that are alike each step stands; empty where no two are.
    pub(super) weights: Vec<u8>,
    /// What number the thread that moves has then, among those that are alike there; empty where no two are.
    moved: Vec<u8>,
    /// Steps in which threads end or pass a line marked `# progress`, in ascending order, and which threads.
    progress: Vec<(usize, u64)>,
    pub(super) symmetry: Symmetry,
    /// Where each level begins: states that are so many steps from the first; one more at the end.
    pub(super) levels: Vec<usize>,
    store: Store,
    pub(super) complete: bool,
}

/// Looks at all states, each part of them by a machine of its own; what comes of the parts, in order.
pub(super) fn in_parts<T: Send>(
    found: &Found<'_>,
    look: impl Fn(&mut Machine<'_>, Range<usize>) -> T + std::marker::Sync,
) -> Vec<T> {
    const PART_MIN: usize = 10_000;
    let count = found.graph.len();
    let size = count.div_ceil(searchers(found.shared.options) as usize).max(PART_MIN);
    let parts: Vec<Range<usize>> = (0..count).step_by(size).map(|begin| begin..(begin + size).min(count)).collect();
    parts.into_par_iter().map(|part| look(&mut Machine::new(&found.shared), part)).collect()
}

/// How many search at the same time.
fn searchers(options: &Options) -> u32 {
    match options.searchers {
        0 => rayon::current_num_threads() as u32,
        searchers => searchers as u32,
    }
}

/// Who takes a step: a thread, or its store buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mover(u8);

impl Mover {
    pub(super) fn thread(thread: usize) -> Mover {
        Mover(thread as u8)
    }

    pub(super) fn buffer(thread: usize) -> Mover {
        Mover(thread as u8 | 0x80)
    }

    pub(super) fn number(self) -> usize {
        usize::from(self.0 & 0x7f)
    }

    pub(super) fn is_buffer(self) -> bool {
        self.0 & 0x80 != 0
    }
}

impl Graph {
    /// How many states there are.
    pub(super) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(super) fn state(&self, index: usize) -> State {
        let mut state = State::default();
        self.store.get(index as u32, &mut state);
        state
    }

    /// How many states were seen, also where the search was cut off.
    pub(super) fn seen(&self) -> usize {
        self.store.len()
    }

    /// The number of a state, if it was seen.
    pub(super) fn find(&self, state: &State) -> Option<usize> {
        let mut bytes = Vec::new();
        encode(&self.store.base, state, &mut bytes);
        self.store.find(&bytes, hash(&bytes)).ok().map(|number| number as usize)
    }

    /// Which threads get on in a step: they end, or pass a line marked `# progress`.
    pub(super) fn progress(&self, step: usize) -> u64 {
        let at = self.progress.binary_search_by_key(&step, |(step, _)| *step);
        at.map_or(0, |at| self.progress[at].1)
    }

    /// For how many threads a step stands.
    pub(super) fn weight(&self, step: usize) -> u8 {
        self.weights.get(step).copied().unwrap_or(1)
    }

    /// What number the thread that moves in a step has in the state that it leads to.
    pub(super) fn moved(&self, step: usize) -> usize {
        self.moved.get(step).map_or_else(|| self.movers[step].number(), |moved| usize::from(*moved))
    }

    /// How many steps lead from the first state to this one, at least.
    pub(super) fn level_of(&self, state: usize) -> usize {
        self.levels.partition_point(|begin| *begin <= state) - 1
    }

    pub(super) fn steps(&self, index: usize) -> Range<usize> {
        self.offsets[index] as usize..self.offsets[index + 1] as usize
    }
}

/// What a search comes to.
pub(super) struct Found<'a> {
    pub(super) shared: Shared<'a>,
    pub(super) graph: Graph,
    /// Variables of the first process and other fixed objects that were written to after the first start.
    pub(super) written: FastSet<u32>,
    pub(super) steps: u64,
    /// Fixed objects that change.
    pub(super) mutable: FastSet<u32>,
    /// Whether all of the program was looked at to find what is shared.
    pub(super) is_certain: bool,
    /// Where not: locations that may be shared besides.
    pub(super) suspects: FastSet<Mark>,
}

/// A program just before anything that could be a choice: its first start.
struct Setup {
    state: State,
    contents: Vec<super::content::Content>,
    local: super::state::Local,
    rest: Rest,
}

/// Explores a program.
///
/// # Errors
/// The program went past a limit, or did something that is not in the subset.
pub(super) fn search<'a>(program: &'a Program, options: &'a Options, reduces: bool) -> Result<Found<'a>, Problem> {
    search_from(program, options, reduces, FastSet::default())
}

/// The same, where some locations are taken for shared from the beginning on.
pub(super) fn search_from<'a>(
    program: &'a Program,
    options: &'a Options,
    reduces: bool,
    mut marks: FastSet<Mark>,
) -> Result<Found<'a>, Problem> {
    let mut symmetric = reduces;
    let mut hurries = reduces && options.verdict && options.grain == Grain::Operation;
    let setup = set_up(program, options)?;
    let mut mutable: FastSet<u32> = FastSet::default();
    let stored = stored_in_functions(program);
    for (object, content) in setup.contents.iter().enumerate() {
        use super::content::Body;
        let changes = match &content.body {
            Body::Variable(_) => stored.contains(&(object as u32)),
            Body::Collection(_) | Body::Instance(_) | Body::Local => false,
            _ => true,
        };
        if changes {
            mutable.insert(object as u32);
        }
    }
    let by_statement = options.grain == Grain::Statement;
    loop {
        let (mut shared, first) = laid_out(program, options, &setup, &mutable, &marks);
        shared.hurries = hurries;
        let mut pass = explore(&shared, &first, !by_statement, symmetric)?;
        if !pass.missed.is_empty() {
            mutable.extend(pass.missed);
            continue;
        }
        // What an ending cuts off was before it in one order and not in another: all must be tried.
        if hurries && (pass.peeks || pass.ends_matter) {
            hurries = false;
            continue;
        }
        // What came after an end may also come before it.
        if pass.ends_matter && pass.graph.complete {
            let (mut patient, first) = laid_out(program, options, &setup, &mutable, &marks);
            patient.holds_back = true;
            let more = explore(&patient, &first, false, symmetric)?;
            pass.told_apart |= more.told_apart;
            pass.missed.extend(more.missed);
            pass.suspects.extend(more.suspects);
        }
        if pass.told_apart {
            symmetric = false;
            continue;
        }
        if !pass.missed.is_empty() {
            mutable.extend(pass.missed);
            continue;
        }
        if !pass.suspects.is_empty() && pass.graph.complete {
            let (mut trial, first) = laid_out(program, options, &setup, &mutable, &marks);
            trial.holds_back = pass.ends_matter;
            trial.suspects = std::mem::take(&mut pass.suspects);
            trial.hurries = hurries;
            let trial = explore(&trial, &first, false, symmetric)?;
            if trial.told_apart {
                symmetric = false;
                continue;
            }
            mutable.extend(trial.missed);
            if !trial.conflicts.is_empty() {
                marks.extend(trial.conflicts);
                continue;
            }
        }
        // What is shared is found where every operation is a step of its own, whatever the grain.
        let is_certain = pass.graph.complete;
        let suspects = if is_certain { FastSet::default() } else { std::mem::take(&mut pass.suspects) };
        if by_statement && pass.graph.complete {
            shared.statement = true;
            pass = explore(&shared, &first, true, symmetric)?;
            if pass.told_apart {
                symmetric = false;
                continue;
            }
        }
        if let Some(problem) = pass.too_long {
            return Err(problem);
        }
        let (graph, written, steps) = (pass.graph, pass.written, pass.steps);
        return Ok(Found { shared, graph, written, steps, mutable, is_certain, suspects });
    }
}

/// Where a program begins whose shared locations are known: nothing is searched. What turns out to change though it was
/// not known to is added.
pub(super) fn ground<'a>(
    program: &'a Program,
    options: &'a Options,
    mutable: &mut FastSet<u32>,
    marks: &FastSet<Mark>,
) -> Result<(Shared<'a>, State), Problem> {
    let setup = set_up(program, options)?;
    loop {
        let (mut shared, mut first) = laid_out(program, options, &setup, mutable, marks);
        shared.statement = options.grain == Grain::Statement;
        let mut machine = Machine::new(&shared);
        machine.settle(&mut first);
        machine.tidy(&mut first);
        if let Some(problem) = machine.problem.take() {
            return Err(problem);
        }
        let missed = std::mem::take(&mut machine.missed);
        if missed.is_empty() {
            return Ok((shared, first));
        }
        mutable.extend(missed);
    }
}

/// Variables that some function assigns: they will hardly stay what they are.
fn stored_in_functions(program: &Program) -> FastSet<u32> {
    let code = program.functions.iter().skip(1).flat_map(|function| &function.code);
    let stored = |instruction: &Instruction| match instruction {
        Instruction::StoreGlobal(global) | Instruction::DeleteGlobal(global) => Some(u32::from(global.0)),
        _ => None,
    };
    code.filter_map(stored).collect()
}

/// Runs the main thread until it is about to start another, or to choose.
fn set_up(program: &Program, options: &Options) -> Result<Setup, Problem> {
    let mut shared = Shared::new(program, options);
    // Nothing is fixed yet: every object is among the later ones.
    shared.layout = Layout::default();
    let shared = shared;
    let mut machine = Machine::new(&shared);
    let mut state = State::default();
    for variable in 0..shared.variables() {
        let value = if variable == 0 { Value::str("__main__") } else { Value::Unset };
        let body = super::content::Body::Variable(value);
        let content = shared.contents.number(super::content::Content { site: 0, body });
        state.objects.push(content);
    }
    let rest = Rest { output: Arc::from(""), start: None, history: Vec::new(), made: Vec::new() };
    state.rest = shared.rests.number(rest);
    let mut thread = Thread::main(program, stops(options));
    let (pause, _) = thread.run(program, None);
    let (awaits, clock) = (Vec::new(), Clock::first());
    let home = super::state::Home::default();
    let main = super::state::Local {
        thread,
        pause: Pause::Ended,
        space: None,
        home,
        daemon: false,
        awaits,
        clock,
        died: None,
    };
    state.threads.push(0);
    if options.memory == Memory::Tso {
        state.buffers.push(shared.buffers.number(Vec::new()));
    }
    machine.arrive(&mut state, 0, main, pause);
    machine.set_up(&mut state);
    if let Some(problem) = machine.problem {
        return Err(problem);
    }
    let contents = state.objects.iter().map(|number| (*shared.contents.get(*number)).clone()).collect();
    let local = (*shared.locals.get(state.threads[0])).clone();
    let rest = (*shared.rests.get(state.rest)).clone();
    Ok(Setup { state, contents, local, rest })
}

/// Where a program's schedules begin, with everything taken for shared.
///
/// # Errors
/// As for [`search`].
pub(super) fn begun<'a>(program: &'a Program, options: &'a Options) -> Result<(Shared<'a>, State), Problem> {
    let setup = set_up(program, options)?;
    let all = (0..setup.contents.len() as u32).collect();
    Ok(laid_out(program, options, &setup, &all, &FastSet::default()))
}

/// Tables for a search that begins where the set-up ended.
fn laid_out<'a>(
    program: &'a Program,
    options: &'a Options,
    setup: &Setup,
    mutable: &FastSet<u32>,
    marks: &FastSet<Mark>,
) -> (Shared<'a>, State) {
    let mut shared = Shared::new(program, options);
    shared.marks = marks.clone();
    let mut state = setup.state.clone();
    state.objects.clear();
    let mut layout = Layout { fixed: setup.contents.len() as u32, ..Layout::default() };
    for (object, content) in setup.contents.iter().enumerate() {
        let number = shared.contents.number(content.clone());
        layout.constants.push(number);
        if mutable.contains(&(object as u32)) {
            layout.places.push(state.objects.len() as u32);
            layout.changing.push(object as u32);
            state.objects.push(number);
        } else {
            layout.places.push(CONSTANT);
        }
    }
    layout.mutable = state.objects.len() as u32;
    shared.layout = layout;
    state.threads[0] = shared.locals.number(setup.local.clone());
    state.rest = shared.rests.number(setup.rest.clone());
    state.buffers.iter_mut().for_each(|buffer| *buffer = shared.buffers.number(Vec::new()));
    (shared, state)
}

/// Locations of which two accesses collide, if they happen in one schedule.
fn suspects(shared: &Shared<'_>, touches: &FastSet<Touch>) -> FastSet<Mark> {
    let machine = Machine::new(shared);
    let mut by_mark: FastMap<(Mark, u32), Vec<Touch>> = FastMap::default();
    for touch in touches {
        by_mark.entry((touch.mark, touch.object)).or_default().push(*touch);
    }
    let collides = |touches: &Vec<Touch>| {
        let writes: Vec<_> = touches.iter().filter(|touch| touch.writes).collect();
        writes.iter().any(|write| touches.iter().any(|touch| machine.collide(write, touch)))
    };
    by_mark.iter().filter(|(_, touches)| collides(touches)).map(|((mark, _), _)| *mark).collect()
}

/// What one search noted.
struct Pass {
    graph: Graph,
    missed: FastSet<u32>,
    /// Locations of which two accesses collide, if they happen in one schedule.
    suspects: FastSet<Mark>,
    /// Somebody looked at a lock that may be held by another.
    peeks: bool,
    /// Somebody told apart threads that were taken for alike.
    told_apart: bool,
    /// Whether it makes a difference when a thread ends.
    ends_matter: bool,
    conflicts: FastSet<Mark>,
    written: FastSet<u32>,
    steps: u64,
    /// A step did not come to an end.
    too_long: Option<Problem>,
}

/// A step on its way into the graph.
struct Next {
    /// The state that it leads to, if that is known.
    known: Option<u32>,
    /// Else its hash, and where its bytes end in the batch's `bytes`.
    hash: u64,
    end: u32,
    mover: Mover,
    weight: u8,
    moved: u8,
    progress: u64,
}

/// What a searcher found from its part of a frontier.
#[derive(Default)]
struct Batch {
    /// How many steps each state of its part has.
    counts: Vec<u32>,
    nexts: Vec<Next>,
    bytes: Vec<u8>,
}

/// Visits every state that can be reached.
fn explore(shared: &Shared<'_>, first: &State, keeps: bool, symmetric: bool) -> Result<Pass, Problem> {
    let options = shared.options;
    let searchers = searchers(options);
    let (states_max, memory_max) = (options.states_max.clamp(1, STATES_MAX), options.memory_max.min(MEMORY_MAX));
    let mut machines: Vec<Machine<'_>> = vec![Machine::new(shared)];
    let mut first = first.clone();
    machines[0].settle(&mut first);
    machines[0].tidy(&mut first);
    let symmetry = if symmetric { Symmetry::of(&mut machines[0], &first) } else { Symmetry::default() };
    machines[0].told_apart = false;
    machines[0].symmetry = symmetry.clone();
    // Objects of the first state that are not among the mutable ones can be garbage in the next.
    let mut base = first.clone();
    base.objects.truncate(shared.layout.mutable as usize);
    let mut store = Store::new(base);
    let mut bytes = Vec::new();
    encode(&store.base, &first, &mut bytes);
    store.insert(&bytes, hash(&bytes), states_max);
    let mut graph = Graph {
        offsets: vec![0],
        targets: Vec::new(),
        movers: Vec::new(),
        weights: Vec::new(),
        moved: Vec::new(),
        progress: Vec::new(),
        levels: vec![0],
        store,
        symmetry,
        complete: true,
    };
    let mut frontier = 0..1_u32;
    let mut steps = 0;
    let mut stop = false;
    while !frontier.is_empty() && !stop {
        graph.levels.push(frontier.end as usize);
        let mut begin = frontier.start;
        while begin < frontier.end && !stop {
            let left = frontier.end - begin;
            let size = if left < ALONE_MAX { left } else { left.div_ceil(searchers).min(PART_MAX) };
            let begins = (begin..frontier.end).step_by(size as usize).take(searchers as usize);
            let parts: Vec<Range<u32>> = begins.map(|begin| begin..(begin + size).min(frontier.end)).collect();
            begin = parts.last().map_or(frontier.end, |part| part.end);
            while machines.len() < parts.len() {
                let mut machine = Machine::new(shared);
                machine.symmetry = graph.symmetry.clone();
                machines.push(machine);
            }
            let store = &graph.store;
            let batches: Vec<Batch> = match &parts[..] {
                [part] => vec![expand(&mut machines[0], store, part.clone())],
                _ => machines.par_iter_mut().zip(parts).map(|(machine, part)| expand(machine, store, part)).collect(),
            };
            for batch in &batches {
                steps += batch.nexts.len() as u64;
                graph.add(batch, keeps, states_max);
            }
            for machine in &mut machines {
                if let Some(problem) = machine.problem.take() {
                    return Err(problem);
                }
                stop |=
                    !machine.missed.is_empty() || !machine.conflicts.is_empty() || (symmetric && machine.told_apart);
            }
            graph.complete &= graph.bytes() as u64 <= memory_max && options.watch.goes_on(graph.store.len());
            stop |= !graph.complete;
        }
        frontier = frontier.end..graph.store.len() as u32;
    }
    if let Some(problem) = machines[0].problem.take() {
        return Err(problem);
    }
    graph.settle_down();
    let mut pass = Pass {
        graph,
        missed: FastSet::default(),
        suspects: FastSet::default(),
        peeks: false,
        told_apart: false,
        ends_matter: false,
        conflicts: FastSet::default(),
        written: FastSet::default(),
        steps,
        too_long: None,
    };
    let mut touches: FastSet<Touch> = FastSet::default();
    for machine in machines {
        pass.missed.extend(machine.missed);
        touches.extend(machine.touches);
        pass.ends_matter |= machine.ends_matter;
        pass.told_apart |= symmetric && machine.told_apart;
        pass.peeks |= machine.peeks;
        pass.too_long = pass.too_long.or(machine.too_long);
        pass.conflicts.extend(machine.conflicts);
        pass.written.extend(machine.written);
    }
    for touch in touches.clone() {
        let others = pass.graph.symmetry.alike(usize::from(touch.thread));
        touches.extend(others.into_iter().map(|thread| Touch { thread: thread as u8, ..touch }));
    }
    pass.suspects = suspects(shared, &touches);
    Ok(pass)
}

/// All steps from each of these states.
fn expand(machine: &mut Machine<'_>, store: &Store, part: Range<u32>) -> Batch {
    let mut batch = Batch::default();
    let symmetry = machine.symmetry.clone();
    let mut state = State::default();
    for number in part {
        store.get(number, &mut state);
        let before = batch.nexts.len();
        let weights = symmetry.weights(machine, &state);
        successors(machine, &state, &weights, |machine, mover, progress, next| {
            let mut arranged;
            let (next, moved) = match symmetry.is_trivial() {
                true => (next, mover.number()),
                false => {
                    arranged = next.clone();
                    let moved = symmetry.arrange(machine, &mut arranged, mover.number());
                    let moved = symmetry.first_alike(machine, &arranged, moved);
                    (&arranged, moved)
                }
            };
            let begin = batch.bytes.len();
            encode(&store.base, next, &mut batch.bytes);
            let hash = hash(&batch.bytes[begin..]);
            let known = store.find(&batch.bytes[begin..], hash).ok();
            if known.is_some() {
                batch.bytes.truncate(begin);
            }
            let (end, weight, moved) = (batch.bytes.len() as u32, weights[mover.number()], moved as u8);
            batch.nexts.push(Next { known, hash, end, mover, weight, moved, progress });
        });
        batch.counts.push((batch.nexts.len() - before) as u32);
        if machine.problem.is_some() {
            break;
        }
    }
    batch
}

/// Every step from a state: who takes it, which threads get on in it, and the state that it leads to; in the order of
/// threads, then of choices, a thread before its store buffer. Threads without a weight are left out.
pub(super) fn successors(
    machine: &mut Machine<'_>,
    state: &State,
    weights: &[u8],
    mut each: impl FnMut(&mut Machine<'_>, Mover, u64, &State),
) {
    let census = machine.census(state);
    if census.is_final {
        machine.ends_matter |= machine.cuts_off(state);
        return;
    }
    let hurried = if machine.shared.hurries { machine.hurried(state) } else { None };
    let moves = |thread: &usize| hurried.map_or(weights[*thread] > 0, |hurried| *thread == hurried);
    for thread in (0..state.threads.len()).filter(moves) {
        // A join is taken as soon as it can be.
        let waits = machine.facts(state.threads[thread]).visible == Visibility::Join;
        if !waits && machine.is_step(state, thread, census.unfinished) {
            machine.step(state, census, thread, |machine, next, passing| {
                if machine.problem.is_none() {
                    each(machine, Mover::thread(thread), passing.progress, next);
                }
            });
        }
        if machine.problem.is_some() {
            return;
        }
        if !state.buffers.is_empty() && !machine.is_drained(state, thread) {
            let mut next = state.clone();
            machine.drain(&mut next, thread);
            each(machine, Mover::buffer(thread), 0, &next);
        }
    }
}

/// The same for each thread by itself.
pub(super) fn all_successors(
    machine: &mut Machine<'_>,
    state: &State,
    each: impl FnMut(&mut Machine<'_>, Mover, u64, &State),
) {
    successors(machine, state, &vec![1; state.threads.len()], each);
}

impl Machine<'_> {
    /// Runs the main thread, alone, up to its first start or choice.
    fn set_up(&mut self, state: &mut State) {
        for _ in 0..SET_UP_MAX {
            if self.problem.is_some() || self.facts(state.threads[0]).kind != LocalKind::Operating {
                return;
            }
            let local = self.local(state.threads[0]);
            let Pause::Operation(operation) = &local.pause else { return };
            let chooses = matches!(operation, Operation::Choose(_) | Operation::FirstDone(_));
            if matches!(operation, Operation::Start(_)) || chooses || self.choices(state, 0) == 0 {
                return;
            }
            self.carry_out(state, 0, 0);
        }
        let local = self.local(state.threads[0]);
        let text = format!("more than {SET_UP_MAX} operations before the first thread is started");
        self.problem = Some(self.problem_at(&local.thread, text));
    }
}

/// The most operations before the first start.
const SET_UP_MAX: usize = 300_000;

/// Whether an exception that nobody catches ends everything.
pub(super) fn stops(options: &Options) -> bool {
    options.exceptions == Exceptions::Stop
}

impl Graph {
    /// Adds what a searcher found.
    fn add(&mut self, batch: &Batch, keeps: bool, states_max: u64) {
        let mut begin = 0;
        for step in &batch.nexts {
            let number = match step.known {
                Some(known) => known,
                None => {
                    let packed = &batch.bytes[begin..step.end as usize];
                    begin = step.end as usize;
                    let Some(number) = self.store.insert(packed, step.hash, states_max) else {
                        self.complete = false;
                        return;
                    };
                    number
                }
            };
            if keeps {
                if step.progress != 0 {
                    self.progress.push((self.targets.len(), step.progress));
                }
                if !self.symmetry.is_trivial() {
                    self.weights.push(step.weight);
                    self.moved.push(step.moved);
                }
                self.targets.push(number);
                self.movers.push(step.mover);
            }
        }
        if keeps {
            let mut at = *self.offsets.last().unwrap_or(&0);
            for count in &batch.counts {
                at += count;
                self.offsets.push(at);
            }
        }
    }

    /// Gives back the memory that was meant for more.
    fn settle_down(&mut self) {
        self.offsets.shrink_to_fit();
        self.targets.shrink_to_fit();
        self.movers.shrink_to_fit();
        self.weights.shrink_to_fit();
        self.moved.shrink_to_fit();
        self.store.shrink();
    }

    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        self.store.bytes()
            + self.targets.capacity() * (4 + 1)
            + self.weights.capacity() * 2
            + self.progress.capacity() * 16
            + self.offsets.capacity() * 4
    }
}
