//! Stepping through a program by hand: where a schedule leads, and what could come next.
//!
//! The states along the schedule that was asked for last are kept, and those of steps that were undone too. So a step, an
//! undo, a redo and a jump cost the steps that are new, however long the schedule is. What is shared is found as in
//! exploring, by a search; where that is cut off by a limit, what may be shared is taken for shared, and the position
//! says so.

use super::accesses::Log;
use super::data::{Data, Guards};
use super::machine::{Machine, Shared};
use super::outcomes::{self, thread_name};
use super::position::{Doing, Position, ThreadStand};
use super::report::Options;
use super::schedule::{self, Turn};
use super::search::{self, Found, Mover};
use super::stand::{Stand, stand, thread_stand};
use super::state::{Mark, State};
use super::tables::FastSet;
use super::words::{self, Step, describe};
use crate::program::{Problem, Program};

/// How often a search that was cut off begins anew with what may be shared.
const ROUNDS_MAX: usize = 4;

/// What threads of a program share: enough to step through it without another search.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Fixed objects that change.
    pub(super) mutable: FastSet<u32>,
    /// Locations whose accesses are steps.
    pub(super) marks: FastSet<Mark>,
    /// Fixed objects that were written to after the first start.
    pub(super) written: FastSet<u32>,
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
    Problem(usize, Box<Problem>),
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
            Refusal::Problem(_, problem) => *problem,
        })
    }

    fn at(&mut self, schedule: &str, from: usize) -> Result<Position, Refusal> {
        let turns = schedule::parse(schedule).map_err(|(at, why)| Refusal::Schedule(at, why))?;
        while !self.follow(&turns)? {
            // Something changes that was not known to: nothing that was worked out with it is worth anything.
            let fresh = Stepper::knowing(self.program, self.options, std::mem::take(&mut self.known));
            *self = fresh.map_err(|problem| Refusal::Problem(0, Box::new(problem)))?;
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
                return Err(Refusal::Problem(at + 1, Box::new(problem)));
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
            return Err(Refusal::Problem(length + 1, Box::new(problem)));
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

/// How often each location was accessed on the way, and under which locks.
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
