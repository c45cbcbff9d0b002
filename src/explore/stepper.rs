//! Stepping through a program by hand: where a schedule leads, and what could come next.
//!
//! The states along the schedule that was asked for last are kept, and those of steps that were undone too. So a step, an
//! undo, a redo and a jump cost the steps that are new, however long the schedule is. What is shared is found as in
//! exploring, by a search; where that is cut off by a limit, what may be shared is taken for shared, and the position
//! says so.

use std::collections::BTreeMap;

use super::content::{Body, Content};
use super::machine::{LocalKind, Log, Machine, Mark, Shared, State};
use super::outcomes::{self, name_of, thread_name};
use super::position::{Datum, Doing, NextStep, Position, ThreadStand};
use super::report::{Options, Wait};
use super::schedule::{self, Turn};
use super::search::{self, Found, Mover};
use super::tables::FastSet;
use super::words::{self, Step, describe, part_name, shown_within, variable_name};
use crate::program::collection::Access;
use crate::program::operation::{QueueKind, Sync};
use crate::program::spelling::is_data;
use crate::program::thread::Pause;
use crate::program::value::{ObjectKind, Reference, Value};
use crate::program::{Problem, Program};

/// How often a search that was cut off begins anew with what may be shared.
const ROUNDS_MAX: usize = 4;

/// The longest value that is told.
const VALUE_CHARS_MAX: usize = 200;

/// What threads of a program share: enough to step through it without another search.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Fixed objects that change.
    mutable: FastSet<u32>,
    /// Locations whose accesses are steps.
    marks: FastSet<Mark>,
    /// Fixed objects that were written to after the first start.
    written: FastSet<u32>,
    /// Globals that are worth telling, where all endings are known.
    shown: Option<Vec<u32>>,
    complete: bool,
}

impl Known {
    pub(super) fn of(found: &Found<'_>) -> Known {
        let graph = &found.graph;
        let shown = graph.complete.then(|| {
            let mut machine = Machine::new(&found.shared);
            let reported = outcomes::reported(&mut machine, &graph.state(0), &found.written);
            let ends = (0..graph.len()).filter(|index| graph.steps(*index).is_empty());
            let endings: Vec<outcomes::Ending> =
                ends.map(|index| outcomes::ending(&mut machine, &graph.state(index), &reported)).collect();
            outcomes::shown(&reported, endings.iter())
        });
        Known {
            shown,
            mutable: found.mutable.clone(),
            marks: found.shared.marks.clone(),
            written: found.written.clone(),
            complete: found.is_certain,
        }
    }

    /// Whether all of the program was looked at.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

/// Why a schedule leads nowhere.
enum Refusal {
    /// It is none of this program: the step, from 1, and why.
    Schedule(usize, String),
    /// The program went past a limit, or left the subset, in this step.
    Problem(usize, Problem),
}

/// A program that is stepped through.
pub struct Stepper<'a> {
    program: &'a Program,
    options: &'a Options,
    known: Known,
    shared: Shared<'a>,
    /// Globals whose values are told.
    reported: Vec<u32>,
    first: State,
    /// The longest schedule of late: the states behind each of its steps.
    path: Vec<Node>,
    /// How the first state stands.
    ground: Stand,
}

/// A step that was taken, and the state behind it.
struct Node {
    turn: Turn,
    state: State,
    step: Step,
    /// The locks that the thread held when it took the step.
    held: Vec<String>,
    /// How often the schedule up to here switches threads.
    switches: usize,
    /// What went wrong in the schedule up to here: whether it overwrote, the newest, and the first time.
    lost: Option<(String, String)>,
    stand: Stand,
}

impl std::borrow::Borrow<Step> for Node {
    fn borrow(&self) -> &Step {
        &self.step
    }
}

/// Who waits and who holds in a state, and since when.
#[derive(Default)]
struct Stand {
    /// Of each thread, what it waits for.
    waits: Vec<Option<Waits>>,
    holds: Vec<Hold>,
}

/// What a thread waits for.
struct Waits {
    wait: Wait,
    since: usize,
    /// The objects that it waits for: a condition and its lock.
    objects: Vec<u32>,
}

/// A lock that a thread holds.
struct Hold {
    object: u32,
    name: String,
    thread: usize,
    since: usize,
}

impl<'a> Stepper<'a> {
    /// Looks for what is shared, within the limits of the options.
    ///
    /// # Errors
    /// The program went past a limit, or did something that is not in the subset.
    pub fn new(program: &'a Program, options: &'a Options) -> Result<Stepper<'a>, Problem> {
        let mut known = Known::default();
        for _ in 0..ROUNDS_MAX {
            let found = search::search_from(program, options, true, known.marks)?;
            known = Known::of(&found);
            if known.complete || options.watch.is_stopped() || found.suspects.is_subset(&known.marks) {
                break;
            }
            known.marks.extend(found.suspects);
        }
        Stepper::knowing(program, options, known)
    }

    /// Takes what is shared from somebody who has looked.
    ///
    /// # Errors
    /// As [`Stepper::new`].
    pub fn knowing(program: &'a Program, options: &'a Options, mut known: Known) -> Result<Stepper<'a>, Problem> {
        let (shared, first) = search::ground(program, options, &mut known.mutable, &known.marks)?;
        let mut machine = Machine::new(&shared);
        let reported = match &known.shown {
            Some(shown) => shown.clone(),
            None => outcomes::reported(&mut machine, &first, &known.written),
        };
        let ground = stand(&mut machine, &first, &Stand::default(), 0);
        Ok(Stepper { program, options, known, shared, reported, first, path: Vec::new(), ground })
    }

    /// Whether what is shared is known for certain.
    pub fn is_certain(&self) -> bool {
        self.known.complete
    }

    /// Where a schedule leads; its steps from `from` on are told.
    ///
    /// # Errors
    /// The step, from 1, that cannot be taken, and why.
    pub fn position(&mut self, schedule: &str, from: usize) -> Result<Position, (usize, String)> {
        self.at(schedule, from).map_err(|refusal| match refusal {
            Refusal::Schedule(at, why) => (at, why),
            Refusal::Problem(at, problem) => (at, problem.to_string()),
        })
    }

    /// The same for whoever wants a problem.
    pub(super) fn at_or_problem(
        &mut self,
        schedule: &str,
        refused: impl Fn((usize, String)) -> Problem,
    ) -> Result<Position, Problem> {
        self.at(schedule, 0).map_err(|refusal| match refusal {
            Refusal::Schedule(at, why) => refused((at, why)),
            Refusal::Problem(_, problem) => problem,
        })
    }

    fn at(&mut self, schedule: &str, from: usize) -> Result<Position, Refusal> {
        let turns = schedule::parse(schedule).map_err(|(at, why)| Refusal::Schedule(at, why))?;
        while !self.follow(&turns)? {
            // Something changes that was not known to: nothing that was worked out with it is worth anything.
            let fresh = Stepper::knowing(self.program, self.options, std::mem::take(&mut self.known));
            *self = fresh.map_err(|problem| Refusal::Problem(0, problem))?;
        }
        self.told(turns.len(), from)
    }

    /// Takes the steps that were not taken before; false where more changes than was known.
    fn follow(&mut self, turns: &[Turn]) -> Result<bool, Refusal> {
        let same = self.path.iter().zip(turns).take_while(|(node, turn)| node.turn == **turn).count();
        if same < turns.len() {
            self.path.truncate(same);
        }
        let mut machine = Machine::new(&self.shared);
        for (at, turn) in turns.iter().enumerate().skip(same) {
            let before = self.path.last().map_or(&self.first, |node| &node.state);
            let taken = take(&mut machine, &self.reported, before, *turn);
            if !machine.missed.is_empty() {
                self.known.mutable.extend(machine.missed);
                return Ok(false);
            }
            if let Some(problem) = machine.problem.take().or(machine.too_long.take()) {
                return Err(Refusal::Problem(at + 1, problem));
            }
            let (step, state) = taken.map_err(|why| Refusal::Schedule(at + 1, why))?;
            let last = self.path.last();
            let stand_before = last.map_or(&self.ground, |node| &node.stand);
            let own = stand_before.holds.iter().filter(|hold| hold.thread == step.thread && !turn.mover.is_buffer());
            let held = own.map(|hold| hold.name.clone()).collect();
            let switch = last.is_some_and(|last| last.turn.mover.number() != turn.mover.number());
            let switches = last.map_or(0, |last| last.switches) + usize::from(switch);
            let lost_before = last.and_then(|last| last.lost.clone());
            let lost = match words::overwritten(&self.path, &step) {
                Some(newest) => {
                    let first = lost_before.map_or_else(|| newest.clone(), |(_, first)| first);
                    Some((newest, first))
                }
                None => lost_before,
            };
            let stand = stand(&mut machine, &state, stand_before, at + 1);
            self.path.push(Node { turn: *turn, state, step, held, switches, lost, stand });
        }
        Ok(true)
    }

    /// All that there is to tell of the state behind so many steps of the path.
    fn told(&mut self, length: usize, from: usize) -> Result<Position, Refusal> {
        let mut machine = Machine::new(&self.shared);
        let nodes = &self.path[..length];
        let last = nodes.last();
        let state = last.map_or(&self.first, |node| &node.state);
        let stand = last.map_or(&self.ground, |node| &node.stand);
        let mut ways: Vec<(Mover, State)> = Vec::new();
        search::all_successors(&mut machine, state, |_, mover, _, next| ways.push((mover, next.clone())));
        if let Some(problem) = machine.problem.take() {
            // What could come next leaves the subset: as exploring it would.
            return Err(Refusal::Problem(length + 1, problem));
        }
        let turns: Vec<Turn> = nodes.iter().map(|node| node.turn).collect();
        let from = from.min(length);
        let mut position = Position {
            schedule: schedule::spelt(&turns),
            length,
            switches: last.map_or(0, |last| last.switches),
            steps: nodes[from..].iter().map(|node| node.step.clone()).collect(),
            from,
            threads: Vec::new(),
            shared: Vec::new(),
            output: machine.rest(state).output.lines().map(String::from).collect(),
            ended: None,
            text: last.and_then(|last| last.lost.as_ref()).map(|(newest, _)| newest.clone()).unwrap_or_default(),
            caveat: (!self.known.complete).then(|| {
                "The program is too large to be looked at as a whole here: what its threads share is known from its \
                 beginning, and the rest is a guess on the safe side."
                    .into()
            }),
        };
        if ways.is_empty() {
            let ending = outcomes::ending(&mut machine, state, &self.reported);
            let mut ended = super::outcome(self.program, ending, &self.reported);
            ended.died = outcomes::deaths(&mut machine, state);
            ended.shortest = position.schedule.clone();
            (ended.length, ended.switches) = (length, position.switches);
            let lost = last.and_then(|last| last.lost.as_ref()).map(|(_, first)| first.as_str());
            let steps = words::told_with(nodes.iter().map(|node| &node.step), length, lost);
            let end = super::ended_in_words(&ended, &ended.died, String::new());
            position.text = match (position.text.is_empty(), end.is_empty()) {
                (_, true) => position.text,
                (true, false) => end,
                (false, false) => format!("{} · {end}", position.text),
            };
            ended.text = super::ended_in_words(&ended, &ended.died, steps);
            position.ended = Some(ended);
        }
        for thread in 0..state.threads.len() {
            let stand = thread_stand(&mut machine, state, thread, &ways, stand.waits[thread].as_ref());
            position.threads.push(stand);
        }
        let guards = guards(nodes);
        let mut data =
            Data { reported: &self.reported, known: &self.known, guards: &guards, piped: FastSet::default() };
        position.shared = data.of(&mut machine, state, stand);
        if let [.., before, _] | [before] = nodes {
            // With a single step, the state before it is the first.
            let (state, stand) = match nodes.len() {
                1 => (&self.first, &self.ground),
                _ => (&before.state, &before.stand),
            };
            let earlier = data.of(&mut machine, state, stand);
            for datum in &mut position.shared {
                let was = earlier.iter().find(|was| was.name == datum.name && was.kind == datum.kind);
                datum.changed = was.is_none_or(|was| was.value != datum.value || was.held_by != datum.held_by);
            }
        }
        Ok(position)
    }
}

/// Takes a step of a schedule; why it cannot be taken, where it cannot.
pub(super) fn take(
    machine: &mut Machine<'_>,
    reported: &[u32],
    state: &State,
    turn: Turn,
) -> Result<(Step, State), String> {
    let thread = turn.mover.number();
    if thread >= state.threads.len() {
        return Err(format!("there is no thread {thread} yet"));
    }
    let mut weights = vec![0; state.threads.len()];
    weights[thread] = 1;
    let mut ways: Vec<(State, Log)> = Vec::new();
    machine.log = Some(Log::default());
    search::successors(machine, state, &weights, |machine, mover, _, next| {
        if mover == turn.mover {
            ways.push((next.clone(), machine.log.clone().unwrap_or_default()));
        }
    });
    machine.log = None;
    let (next, log) = match (ways.len(), turn.choice) {
        (0, _) => return Err(format!("thread {thread} cannot move there")),
        (1, None | Some(0)) => ways.remove(0),
        (several, Some(choice)) if choice < several => ways.remove(choice),
        (several, Some(_)) => return Err(format!("it has {several} choices, counted from 0")),
        (several, None) => return Err(format!("it has {several} choices: write which one, `{thread}:0`")),
    };
    let local = machine.local(state.threads[thread]);
    let place = local.thread.place(machine.shared.program);
    let (text, access) = describe(machine, state, &next, turn);
    let values = outcomes::values(machine, &next, reported);
    let name = match turn.mover.is_buffer() {
        true => format!("{}'s", thread_name(thread)),
        false => thread_name(thread),
    };
    let unheard = if turn.mover.is_buffer() { Vec::new() } else { log.unheard };
    Ok((Step { turn: turn.to_string(), thread, name, line: place.line, text, values, access, unheard }, next))
}

/// Who waits and who holds, where it was so before `step` since then, else since `step`.
fn stand(machine: &mut Machine<'_>, state: &State, before: &Stand, step: usize) -> Stand {
    let mut stand = Stand::default();
    for (object, thread) in machine.held_locks(state) {
        let earlier = before.holds.iter().find(|hold| hold.object == object && hold.thread == thread);
        let name = match earlier {
            Some(hold) if object < machine.shared.layout.fixed => hold.name.clone(),
            _ => name_of(machine, state, Reference { kind: ObjectKind::Lock, id: object }),
        };
        // Objects that were made later may have other numbers by now.
        let by_name = || before.holds.iter().find(|hold| hold.name == name && hold.thread == thread);
        let since = earlier.filter(|hold| hold.name == name).or_else(by_name).map_or(step, |hold| hold.since);
        stand.holds.push(Hold { object, name, thread, since });
    }
    for thread in 0..state.threads.len() {
        let waits = waits(machine, state, thread).map(|(wait, objects)| {
            let earlier = before.waits.get(thread).and_then(Option::as_ref).filter(|was| was.wait.what == wait.what);
            Waits { since: earlier.map_or(step, |was| was.since), wait, objects }
        });
        stand.waits.push(waits);
    }
    stand
}

/// What a thread that cannot move waits for, and the objects that this is about.
fn waits(machine: &mut Machine<'_>, state: &State, thread: usize) -> Option<(Wait, Vec<u32>)> {
    let number = state.threads[thread];
    let kind = machine.facts(number).kind;
    let is_stuck = match kind {
        LocalKind::Operating => machine.choices(state, thread) == 0,
        kind => kind == LocalKind::Parked,
    };
    if !is_stuck {
        return None;
    }
    let local = machine.local(number);
    if let Pause::Operation(operation) = &local.pause
        && !machine.is_drained(state, thread)
        && machine.must_drain(state, thread, operation)
    {
        let what = "its own writes to reach memory".into();
        return Some((Wait { thread, what, held_by: None }, Vec::new()));
    }
    let (object, sync, holder) = machine.awaited(state, thread)?;
    let mut objects = vec![object.id];
    if let Body::Condition { lock, .. } = &machine.body(state, object.id).body
        && (holder.is_some() || matches!(sync, Sync::Acquire(_)))
    {
        objects.push(lock.id);
    }
    Some((outcomes::wait(machine, state, thread)?, objects))
}

/// How a thread stands.
fn thread_stand(
    machine: &mut Machine<'_>,
    state: &State,
    thread: usize,
    ways: &[(Mover, State)],
    waits: Option<&Waits>,
) -> ThreadStand {
    let program = machine.shared.program;
    let local = machine.local(state.threads[thread]);
    let facts = machine.facts(state.threads[thread]);
    let mut next = Vec::new();
    for mover in [Mover::thread(thread), Mover::buffer(thread)] {
        let own: Vec<&State> = ways.iter().filter(|(by, _)| *by == mover).map(|(_, state)| state).collect();
        for (choice, after) in own.iter().enumerate() {
            let turn = Turn { mover, choice: (own.len() > 1).then_some(choice) };
            let (text, _) = describe(machine, state, after, turn);
            next.push(NextStep { turn: turn.to_string(), text });
        }
    }
    let can_move = next.iter().any(|next| !next.turn.ends_with('w'));
    let doing = match facts.kind {
        LocalKind::Ended => Doing::Ended,
        LocalKind::Raised => Doing::Failed,
        LocalKind::Spins => Doing::Spinning,
        _ if can_move => Doing::Ready,
        _ => Doing::Waiting,
    };
    let line = match &local.pause {
        Pause::Raised(exception) => exception.line,
        _ => local.thread.place(program).line,
    };
    let mut locals = Vec::new();
    let of_user = |frame: &&crate::program::thread::Frame| !program.functions[frame.function.index()].internal;
    if let Some(frame) = local.thread.frames.iter().rev().find(of_user) {
        let names = &program.functions[frame.function.index()].locals;
        for (name, value) in names.iter().zip(&frame.locals) {
            // Hidden ones of the compiler begin with a dot.
            if *value != Value::Unset && !name.starts_with('.') {
                locals.push((name.clone(), shown_within(machine, state, None, value, VALUE_CHARS_MAX)));
            }
        }
    }
    let mut buffered = Vec::new();
    if let Some(buffer) = state.buffers.get(thread) {
        for write in machine.shared.buffers.get(*buffer).iter() {
            let content = machine.content(write.value);
            let name = part_name(machine, state, write.object, write.part);
            let told = match &content.body {
                Body::Variable(value) => (name, shown_within(machine, state, None, value, VALUE_CHARS_MAX)),
                Body::Change(Access::SetItem(at, value)) => {
                    let at = shown_within(machine, state, None, at, VALUE_CHARS_MAX);
                    (format!("{name}[{at}]"), shown_within(machine, state, None, value, VALUE_CHARS_MAX))
                }
                Body::Change(_) => (name, "changed".into()),
                _ => continue,
            };
            buffered.push(told);
        }
    }
    let waits = waits.filter(|_| doing == Doing::Waiting);
    ThreadStand {
        number: thread,
        name: thread_name(thread),
        line,
        doing,
        next,
        waits: waits.map(|waits| waits.wait.clone()),
        waits_since: waits.map(|waits| waits.since),
        locals,
        buffered,
    }
}

/// Of each location, how often it was accessed, and how often while each lock was held.
type Guards<'n> = BTreeMap<&'n str, (usize, BTreeMap<&'n str, usize>)>;

fn guards(nodes: &[Node]) -> Guards<'_> {
    let mut guards = Guards::new();
    for node in nodes {
        let Some((name, _)) = &node.step.access else { continue };
        if node.turn.mover.is_buffer() {
            continue;
        }
        let (accesses, under) = guards.entry(name).or_default();
        *accesses += 1;
        node.held.iter().for_each(|lock| *under.entry(lock).or_default() += 1);
    }
    guards
}

/// What is needed to tell what threads share.
struct Data<'d> {
    reported: &'d [u32],
    known: &'d Known,
    guards: &'d Guards<'d>,
    /// The queues that pipes are made of.
    piped: FastSet<u32>,
}

impl Data<'_> {
    /// All that threads share in a state.
    fn of(&mut self, machine: &mut Machine<'_>, state: &State, stand: &Stand) -> Vec<Datum> {
        let program = machine.shared.program;
        let mut data = Vec::new();
        // Objects that are data of a reported variable.
        let mut told: FastSet<u32> = FastSet::default();
        for number in 1..machine.shared.variables() {
            let variable = machine.shared.variable_of(number);
            let is_marked = self.known.marks.contains(&Mark::Variable(variable));
            if !is_marked && !self.reported.contains(&number) {
                continue;
            }
            let content = machine.body(state, number);
            let Body::Variable(value) = &content.body else { continue };
            // What is assigned at the end says nothing before.
            if *value == Value::Unset && !is_marked {
                continue;
            }
            if let (Value::Object(object), false) = (value, is_marked) {
                told.insert(object.id);
                continue;
            }
            if !is_marked && !is_data(program, value) {
                continue;
            }
            let kind = match value {
                Value::Object(object) if value.holds_containers() => object.kind.type_name(),
                _ => "variable",
            };
            let shown = match value {
                Value::Unset => "not set".into(),
                value => shown_within(machine, state, None, value, VALUE_CHARS_MAX),
            };
            data.push(self.datum(variable_name(machine, variable), kind, shown));
        }
        let fixed = machine.shared.layout.fixed;
        self.piped = piped(machine, state);
        for object in all_objects(machine, state) {
            let content = machine.body(state, object);
            let is_written = object < fixed && self.known.written.contains(&object);
            let is_whole = self.known.marks.contains(&Mark::Whole(content.site));
            let name =
                |machine: &mut Machine<'_>, kind: ObjectKind| name_of(machine, state, Reference { kind, id: object });
            match &content.body {
                Body::Collection(collection) => {
                    if !(told.contains(&object) || is_whole || is_written) {
                        continue;
                    }
                    use crate::program::collection::Collection;
                    let kind = match collection {
                        Collection::List(_) => ObjectKind::List,
                        Collection::Dict(_) => ObjectKind::Dict,
                        Collection::Set(_) => ObjectKind::Set,
                        Collection::Iterator(_) => continue,
                    };
                    let name = name(machine, kind);
                    if !data.iter().any(|datum: &Datum| datum.name == name) {
                        let value = Value::Object(Reference { kind, id: object });
                        let shown = shown_within(machine, state, None, &value, VALUE_CHARS_MAX);
                        data.push(self.datum(name, kind.type_name(), shown));
                    }
                }
                Body::Instance(attributes) | Body::Thread(super::content::ThreadBody { attributes, .. }) => {
                    for (attribute, value) in attributes {
                        let is_marked = self.known.marks.contains(&Mark::Attribute(content.site, *attribute));
                        let is_data = is_written && !matches!(value, Value::Object(_));
                        if !is_marked && !(is_data && matches!(content.body, Body::Instance(_))) {
                            continue;
                        }
                        let kind = class_of(machine, state, object);
                        let owner = name(machine, kind);
                        let shown = shown_within(machine, state, None, value, VALUE_CHARS_MAX);
                        let name = format!("{owner}.{}", program.names[attribute.index()]);
                        data.push(self.datum(name, "attribute", shown));
                    }
                }
                _ => {
                    if let Some(datum) = self.tool(machine, state, object, &content, stand) {
                        data.push(datum);
                    }
                }
            }
        }
        data
    }

    fn datum(&self, name: String, kind: &str, value: String) -> Datum {
        let guarded = self.guards.get(name.as_str()).and_then(|(accesses, under)| {
            let most = under.iter().max_by_key(|(lock, count)| (**count, std::cmp::Reverse(**lock)))?;
            Some((most.0.to_string(), *most.1, *accesses))
        });
        Datum { name, kind: kind.into(), value, guarded, ..Datum::default() }
    }

    /// A lock, a queue, …: what threads meet at.
    fn tool(
        &self,
        machine: &mut Machine<'_>,
        state: &State,
        object: u32,
        content: &Content,
        stand: &Stand,
    ) -> Option<Datum> {
        let program = machine.shared.program;
        let made_in = (content.site >> 32) as usize;
        if program.functions.get(made_in).is_some_and(|function| function.internal) {
            return None;
        }
        let names = |threads: Vec<usize>| threads.into_iter().map(thread_name).collect::<Vec<String>>().join(", ");
        let shown =
            |machine: &mut Machine<'_>, value: &Value| shown_within(machine, state, None, value, VALUE_CHARS_MAX);
        let items = |machine: &mut Machine<'_>, items: &[Value]| {
            let items: Vec<String> = items.iter().map(|item| shown(machine, item)).collect();
            format!("[{}]", items.join(", "))
        };
        // The object itself, and the lock that is a part of it.
        let mut objects = vec![object];
        let (kind, word, value) = match &content.body {
            Body::Lock { .. } => (ObjectKind::Lock, "lock", String::new()),
            Body::RLock { levels, .. } => {
                let levels = if *levels > 1 { format!("{levels} levels") } else { String::new() };
                (ObjectKind::RLock, "re-entrant lock", levels)
            }
            Body::Semaphore { value, .. } => (ObjectKind::Semaphore, "semaphore", value.to_string()),
            Body::Condition { lock, sleepers } => {
                objects.push(lock.id);
                let asleep = sleepers.iter().filter(|sleeper| !sleeper.notified);
                let asleep: Vec<usize> = asleep.map(|sleeper| usize::from(sleeper.thread)).collect();
                let told = if asleep.is_empty() { String::new() } else { format!("asleep: {}", names(asleep)) };
                (ObjectKind::Condition, "condition", told)
            }
            Body::Event(set) => (ObjectKind::Event, "event", if *set { "set" } else { "not set" }.to_string()),
            Body::Barrier(barrier) => {
                let broken = if barrier.broken { ", broken" } else { "" };
                let told = format!("{} of {} have arrived{broken}", barrier.waiting.len(), barrier.parties);
                (ObjectKind::Barrier, "barrier", told)
            }
            Body::Queue(queue) if !matches!(queue.kind, QueueKind::Tasks { .. }) => {
                let full = queue.capacity.map(|capacity| format!(" of {capacity}")).unwrap_or_default();
                (ObjectKind::Queue, "queue", format!("{}{full}", items(machine, &queue.items)))
            }
            Body::Connection(end) => {
                let told = match &machine.body(state, end.incoming.id).body {
                    Body::Queue(queue) => items(machine, &queue.items),
                    _ => String::new(),
                };
                (ObjectKind::Connection, "end of a pipe", told)
            }
            Body::SharedValue { value, lock } => {
                objects.push(lock.id);
                (ObjectKind::SharedValue, "shared value", shown(machine, value))
            }
            Body::Atomic(value) => (ObjectKind::Atomic, "atomic", shown(machine, value)),
            _ => return None,
        };
        let name = name_of(machine, state, Reference { kind, id: object });
        let mut datum = self.datum(name, word, value);
        let held = stand.holds.iter().filter(|hold| objects.contains(&hold.object));
        datum.held_by = held.map(|hold| (hold.thread, hold.since)).collect();
        let waits = stand.waits.iter().flatten();
        let waiting = waits.filter(|waits| waits.objects.iter().any(|object| objects.contains(object)));
        datum.waited_for_by = waiting.map(|waits| waits.wait.thread).collect();
        // What is a part of something else is told with it: a condition's lock, the queues of a pipe.
        let is_part = match word {
            "queue" => self.piped.contains(&object),
            _ => datum.name.ends_with("'s lock"),
        };
        (!is_part).then_some(datum)
    }
}

/// The queues that pipes are made of.
fn piped(machine: &mut Machine<'_>, state: &State) -> FastSet<u32> {
    let mut piped = FastSet::default();
    for object in all_objects(machine, state) {
        if let Body::Connection(end) = &machine.body(state, object).body {
            piped.extend([end.incoming.id, end.outgoing.id]);
        }
    }
    piped
}

/// Every object that is no variable, also those that never change.
fn all_objects(machine: &Machine<'_>, state: &State) -> Vec<u32> {
    let fixed = machine.shared.layout.fixed;
    let later = machine.objects(state).filter(|object| *object >= fixed);
    (machine.shared.variables()..fixed).chain(later).collect()
}

/// The kind of an object that has attributes.
fn class_of(machine: &mut Machine<'_>, state: &State, object: u32) -> ObjectKind {
    let mut kind = ObjectKind::Local;
    for other in machine.objects(state).collect::<Vec<u32>>() {
        machine.body(state, other).body.values(&mut |value| {
            value.visit(&mut |reference| {
                if reference.id == object {
                    kind = reference.kind;
                }
            });
        });
    }
    kind
}

impl super::Run {
    /// A position as a schedule that was replayed.
    pub(super) fn of(position: Position) -> super::Run {
        let next = |thread: &ThreadStand| super::Next {
            thread: thread.number,
            name: thread.name.clone(),
            line: thread.line,
            choices: thread.next.iter().filter(|next| !next.turn.ends_with('w')).count(),
            waits: thread.waits.clone(),
        };
        let goes_on = position.threads.iter().filter(|thread| thread.doing != Doing::Ended);
        let next = if position.ended.is_some() { Vec::new() } else { goes_on.map(next).collect() };
        super::Run { steps: position.steps, ending: position.ended, next }
    }
}
