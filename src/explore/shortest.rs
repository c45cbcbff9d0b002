//! The shortest schedule to an ending: fewest steps, then fewest switches of threads, then the smallest string.

use super::machine::Machine;
use super::schedule::Turn;
use super::search::{Graph, Mover, all_successors, successors};
use super::state::State;
use super::tables::FastMap;
use std::collections::VecDeque;

/// All steps that lead one level further, by where they lead to: what shortest schedules are made of.
pub(super) struct Ways<'a> {
    graph: &'a Graph,
    /// Where each state's begin in `sources`; one more at the end.
    offsets: Vec<u32>,
    sources: Vec<u32>,
}

impl<'a> Ways<'a> {
    pub(super) fn of(graph: &'a Graph) -> Ways<'a> {
        let mut offsets = vec![0_u32; graph.len() + 1];
        let each = |visit: &mut dyn FnMut(usize, usize)| {
            for level in 0..graph.levels.len() - 1 {
                for state in graph.levels[level]..graph.levels[level + 1] {
                    let mut last = usize::MAX;
                    for step in graph.steps(state) {
                        let target = graph.targets[step] as usize;
                        // What leads to a state of this level or an earlier one is no part of a shortest schedule.
                        if target >= graph.levels[level + 1] && target != last {
                            visit(state, target);
                            last = target;
                        }
                    }
                }
            }
        };
        each(&mut |_, target| offsets[target + 1] += 1);
        for state in 0..graph.len() {
            offsets[state + 1] += offsets[state];
        }
        let mut ends = offsets.clone();
        let mut sources = vec![0; offsets[graph.len()] as usize];
        each(&mut |source, target| {
            sources[ends[target] as usize] = source as u32;
            ends[target] += 1;
        });
        Ways { graph, offsets, sources }
    }

    /// The states on shortest ways to those of `ends` that are nearest, level by level, from the first state on.
    fn to(&self, ends: &[usize]) -> Vec<Vec<usize>> {
        let level_of = |end: &usize| self.graph.level_of(*end);
        let Some(depth) = ends.iter().map(level_of).min() else { return vec![vec![0]] };
        let mut levels: Vec<Vec<usize>> = vec![ends.iter().copied().filter(|end| level_of(end) == depth).collect()];
        for _ in 0..depth {
            let mut before: Vec<usize> = Vec::new();
            for state in levels.last().into_iter().flatten() {
                let sources = self.offsets[*state] as usize..self.offsets[*state + 1] as usize;
                before.extend(self.sources[sources].iter().map(|source| *source as usize));
            }
            before.sort_unstable();
            before.dedup();
            levels.push(before);
        }
        levels.reverse();
        levels
    }
}

/// The shortest schedule to one of `ends`.
pub(super) fn shortest(machine: &mut Machine<'_>, ways: &Ways<'_>, ends: &[usize]) -> Vec<Turn> {
    let graph = ways.graph;
    let levels = ways.to(ends);
    // Backwards: the fewest switches from a state on.
    let mut fewest: FastMap<usize, Fewest> = FastMap::default();
    for level in (0..levels.len()).rev() {
        for state in &levels[level] {
            let mut own = Fewest { switches: u32::MAX, first: 0 };
            for step in graph.steps(*state) {
                let target = graph.targets[step] as usize;
                if let Some(rest) = fewest.get(&target).filter(|_| graph.level_of(target) == level + 1) {
                    own.may_go_on(graph.movers[step].number(), rest.after(graph.moved(step)));
                }
            }
            if own.first == 0 {
                own.switches = 0;
            }
            fewest.insert(*state, own);
        }
    }
    // Forwards, each thread by itself: always the smallest string that still leads to the best.
    smallest(machine, graph, levels.len() - 1, |machine, level, next, mover| {
        let mut arranged = next.clone();
        let moved = graph.symmetry.arrange(machine, &mut arranged, mover);
        let found = graph.find(&arranged).filter(|found| graph.level_of(*found) == level)?;
        let moved = graph.symmetry.first_alike(machine, &arranged, moved);
        fewest.get(&found).map(|fewest| fewest.after(moved))
    })
}

/// Of at most so many states it is known with how few switches of threads each can be reached.
const SWITCHES_COUNTED_STATES_MAX: usize = 20_000;

/// The fewest switches of threads with which each state can be reached, in whatever number of steps; none of larger graphs,
/// for which that takes too long.
pub(super) fn fewest_switches(graph: &Graph) -> Option<Vec<usize>> {
    if graph.len() > SWITCHES_COUNTED_STATES_MAX {
        return None;
    }
    // Where one is, and who came there last: nobody at first.
    const NOBODY: usize = usize::MAX;
    let mut fewest = vec![usize::MAX; graph.len()];
    let mut known: FastMap<(usize, usize), ()> = FastMap::default();
    let mut next = VecDeque::from([(0, NOBODY, 0)]);
    // Who goes on without a switch comes first, so whatever is taken out is reached with as few as can be.
    while let Some((state, last, switches)) = next.pop_front() {
        if known.insert((state, last), ()).is_some() {
            continue;
        }
        fewest[state] = fewest[state].min(switches);
        for step in graph.steps(state) {
            let target = graph.targets[step] as usize;
            let stays = last == NOBODY || graph.movers[step].number() == last;
            match stays {
                true => next.push_front((target, graph.moved(step), switches)),
                false => next.push_back((target, graph.moved(step), switches + 1)),
            }
        }
    }
    Some(fewest)
}

/// The fewest switches from a state on, if one of these threads goes on without one; with any other one more.
struct Fewest {
    switches: u32,
    first: u64,
}

impl Fewest {
    /// How many it takes after a thread; none from an end on.
    fn after(&self, thread: usize) -> u32 {
        self.switches + u32::from(self.first != 0 && self.first >> thread & 1 == 0)
    }

    /// A thread may go on, and so many follow.
    fn may_go_on(&mut self, thread: usize, rest: u32) {
        if rest < self.switches {
            *self = Fewest { switches: rest, first: 0 };
        }
        if rest == self.switches {
            self.first |= 1 << thread;
        }
    }
}

/// The schedule of so many steps that switches least, and of those the smallest string, where `rest` says how often it
/// must still switch from a state of a level on; nothing where that is on no way.
fn smallest(
    machine: &mut Machine<'_>,
    graph: &Graph,
    depth: usize,
    rest: impl Fn(&mut Machine<'_>, usize, &State, usize) -> Option<u32>,
) -> Vec<Turn> {
    let (mut state, mut last) = (graph.state(0), None::<usize>);
    let mut turns = Vec::new();
    for level in 0..depth {
        let mut steps: Vec<(Mover, State)> = Vec::new();
        all_successors(machine, &state, |_, mover, _, next| steps.push((mover, next.clone())));
        let mut best: Option<(u32, String, Turn, &State)> = None;
        for (at, (mover, next)) in steps.iter().enumerate() {
            let Some(rest) = rest(machine, level + 1, next, mover.number()) else { continue };
            let cost = rest + u32::from(last.is_some_and(|last| last != mover.number()));
            let choice = steps[..at].iter().filter(|(other, _)| other == mover).count();
            let several = steps.iter().filter(|(other, _)| other == mover).count() > 1;
            let turn = Turn { mover: *mover, choice: several.then_some(choice) };
            let string = turn.to_string();
            if best.as_ref().is_none_or(|(least, smallest, ..)| (cost, &string) < (*least, smallest)) {
                best = Some((cost, string, turn, next));
            }
        }
        let Some((_, _, turn, next)) = best else { break };
        turns.push(turn);
        last = Some(turn.mover.number());
        state = next.clone();
    }
    turns
}

/// A state, and who moved last: what the rest of a shortest schedule depends on.
type Node = (State, Option<usize>);

/// The shortest schedule to one of `ends`, where the ending tells threads apart that are alike: it ends as `wanted` says.
///
/// `apart` are the threads that it tells apart.
pub(super) fn shortest_of_alike(
    machine: &mut Machine<'_>,
    ways: &Ways<'_>,
    ends: &[usize],
    apart: &[usize],
    wanted: &mut dyn FnMut(&mut Machine<'_>, &State) -> bool,
) -> Vec<Turn> {
    let graph = ways.graph;
    let on_ways = ways.to(ends);
    let depth = on_ways.len() - 1;
    let symmetry = graph.symmetry.without(apart);
    let leads = |machine: &mut Machine<'_>, next: &State, level: usize| {
        let mut arranged = next.clone();
        graph.symmetry.arrange(machine, &mut arranged, 0);
        graph.find(&arranged).is_some_and(|found| on_ways[level].binary_search(&found).is_ok())
    };
    // Forwards: all there is on shortest ways, level by level, with each step's target among the next level's.
    let mut levels: Vec<Vec<Node>> = vec![vec![(graph.state(0), None)]];
    let mut steps: Vec<Vec<Vec<(usize, u32)>>> = Vec::new();
    for level in 0..depth {
        let mut next: Vec<Node> = Vec::new();
        let mut numbers: FastMap<Node, usize> = FastMap::default();
        let mut all = Vec::new();
        for (state, last) in &levels[level] {
            // Whoever moved last is not like the others: going on with it is no switch.
            let others = symmetry.without(&last.iter().copied().collect::<Vec<usize>>());
            let weights = others.weights(machine, state);
            let mut own = Vec::new();
            successors(machine, state, &weights, |machine, mover, _, after| {
                if leads(machine, after, level + 1) {
                    let mut arranged = after.clone();
                    let moved = symmetry.arrange(machine, &mut arranged, mover.number());
                    let moved = symmetry.first_alike(machine, &arranged, moved);
                    let number = *numbers.entry((arranged, Some(moved))).or_insert_with_key(|node| {
                        next.push(node.clone());
                        next.len() - 1
                    });
                    own.push((number, u32::from(last.is_some_and(|last| last != mover.number()))));
                }
            });
            all.push(own);
        }
        steps.push(all);
        levels.push(next);
    }
    // Backwards: the fewest switches from each on.
    let mut fewest: Vec<FastMap<Node, u32>> = vec![FastMap::default(); depth + 1];
    let mut after: Vec<Option<u32>> =
        levels[depth].iter().map(|(state, _)| wanted(machine, state).then_some(0)).collect();
    for level in (0..=depth).rev() {
        if level < depth {
            let best = |own: &Vec<(usize, u32)>| own.iter().filter_map(|(to, cost)| Some(after[*to]? + cost)).min();
            after = steps[level].iter().map(best).collect();
        }
        for (node, cost) in levels[level].drain(..).zip(&after) {
            if let Some(cost) = cost {
                fewest[level].insert(node, *cost);
            }
        }
    }
    smallest(machine, graph, depth, |machine, level, next, mover| {
        let mut arranged = next.clone();
        let moved = symmetry.arrange(machine, &mut arranged, mover);
        let moved = symmetry.first_alike(machine, &arranged, moved);
        fewest[level].get(&(arranged, Some(moved))).copied()
    })
}
