//! The shortest schedule to an ending: fewest steps, then fewest switches of threads, then the smallest string.

use super::machine::{Machine, State};
use super::schedule::Turn;
use super::search::{Graph, Mover, all_successors, successors};
use super::tables::{FastMap, FastSet};

/// Which states lie on a way of that length to one of `ends`.
fn on_ways(graph: &Graph, ends: &[usize], depth: usize) -> FastSet<usize> {
    let mut on_way: FastSet<usize> = ends.iter().copied().filter(|end| graph.level_of(*end) == depth).collect();
    // Backwards, level by level.
    for level in (0..depth).rev() {
        for state in graph.levels[level]..graph.levels[level + 1] {
            let next = graph.levels[level + 1]..graph.levels[level + 2];
            let leads = |step: usize| {
                let target = graph.targets[step] as usize;
                next.contains(&target) && on_way.contains(&target)
            };
            if graph.steps(state).any(leads) {
                on_way.insert(state);
            }
        }
    }
    on_way
}

/// The shortest schedule to one of `ends`, where no two threads are alike.
pub(super) fn shortest(graph: &Graph, ends: &[usize]) -> Vec<Turn> {
    let Some(depth) = ends.iter().map(|end| graph.level_of(*end)).min() else { return Vec::new() };
    let on_way = on_ways(graph, ends, depth);
    let ways = |state: usize, level: usize| {
        let next = graph.levels[level + 1]..graph.levels[level + 2];
        let on_way = &on_way;
        graph.steps(state).filter(move |step| {
            let target = graph.targets[*step] as usize;
            next.contains(&target) && on_way.contains(&target)
        })
    };
    // Backwards again: the fewest switches from a state, by who came before.
    let mut fewest: FastMap<(usize, usize), u32> = FastMap::default();
    let threads = graph.movers.iter().map(|mover| mover.number() + 1).max().unwrap_or(0);
    for level in (0..depth).rev() {
        for state in graph.levels[level]..graph.levels[level + 1] {
            if !on_way.contains(&state) {
                continue;
            }
            let mut after: Vec<(usize, u32)> = Vec::new();
            for step in ways(state, level) {
                let thread = graph.movers[step].number();
                let rest = fewest.get(&(graph.targets[step] as usize, thread)).copied().unwrap_or(0);
                after.push((thread, rest));
            }
            for thread in 0..threads {
                let best = after.iter().map(|(next, rest)| rest + u32::from(*next != thread)).min();
                fewest.insert((state, thread), best.unwrap_or(0));
            }
        }
    }
    // Forwards: always the smallest string that still leads to the best.
    let mut turns = Vec::new();
    let (mut state, mut last) = (0, None::<usize>);
    for level in 0..depth {
        let cost = |step: usize| {
            let thread = graph.movers[step].number();
            let rest = fewest.get(&(graph.targets[step] as usize, thread)).copied().unwrap_or(0);
            rest + u32::from(last.is_some_and(|last| last != thread))
        };
        let Some(best) = ways(state, level).map(cost).min() else { break };
        let candidates =
            ways(state, level).filter(|step| cost(*step) == best).map(|step| (turn(graph, state, step), step));
        let Some((turn, step)) = candidates.min_by_key(|(turn, _)| turn.to_string()) else { break };
        turns.push(turn);
        last = Some(turn.mover.number());
        state = graph.targets[step] as usize;
    }
    turns
}

/// A state, and who moved last: what the rest of a shortest schedule depends on.
type Node = (State, Option<usize>);

/// The shortest schedule to one of `ends`, each of which stands for several states, that ends as `wanted` says.
///
/// `apart` are threads that the ending tells apart from those that are like them.
pub(super) fn shortest_of_alike(
    machine: &mut Machine<'_>,
    graph: &Graph,
    ends: &[usize],
    apart: &[usize],
    wanted: &mut dyn FnMut(&mut Machine<'_>, &State) -> bool,
) -> Vec<Turn> {
    let Some(depth) = ends.iter().map(|end| graph.level_of(*end)).min() else { return Vec::new() };
    let on_way = on_ways(graph, ends, depth);
    let symmetry = graph.symmetry.without(apart);
    let leads = |machine: &mut Machine<'_>, next: &State, level: usize| {
        let mut arranged = next.clone();
        graph.symmetry.arrange(machine, &mut arranged, None);
        graph.find(&arranged).is_some_and(|found| on_way.contains(&found) && graph.level_of(found) == level)
    };
    // Forwards: all there is on shortest ways, level by level, with each step's target among the next level's.
    let mut levels: Vec<Vec<Node>> = vec![vec![(graph.state(0), None)]];
    let mut steps: Vec<Vec<Vec<(usize, u32)>>> = Vec::new();
    for level in 0..depth {
        let mut next: Vec<Node> = Vec::new();
        let mut numbers: FastMap<Node, usize> = FastMap::default();
        let mut all = Vec::new();
        for (state, last) in &levels[level] {
            let weights = symmetry.weights(machine, state, *last);
            let mut own = Vec::new();
            successors(machine, state, &weights, |machine, mover, _, after| {
                if leads(machine, after, level + 1) {
                    let mut arranged = after.clone();
                    let moved = symmetry.arrange(machine, &mut arranged, Some(mover.number()));
                    let number = *numbers.entry((arranged, moved)).or_insert_with_key(|node| {
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
    // Forwards again, each thread by itself: always the smallest string that still leads to the best.
    let (mut state, mut last) = (graph.state(0), None::<usize>);
    let mut turns = Vec::new();
    for level in 0..depth {
        let mut ways: Vec<(Mover, State)> = Vec::new();
        all_successors(machine, &state, |_, mover, _, next| ways.push((mover, next.clone())));
        let mut best: Option<(u32, String, Turn, &State)> = None;
        for (at, (mover, next)) in ways.iter().enumerate() {
            let mut arranged = next.clone();
            let moved = symmetry.arrange(machine, &mut arranged, Some(mover.number()));
            let Some(cost) = fewest[level + 1].get(&(arranged, moved)) else { continue };
            let cost = cost + u32::from(last.is_some_and(|last| last != mover.number()));
            let choice = ways[..at].iter().filter(|(other, _)| other == mover).count();
            let several = ways.iter().filter(|(other, _)| other == mover).count() > 1;
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

/// A step as it is written: with its choice, where there are several.
fn turn(graph: &Graph, state: usize, step: usize) -> Turn {
    let mover: Mover = graph.movers[step];
    let mut same = graph.steps(state).filter(|other| graph.movers[*other] == mover);
    let first = same.next().unwrap_or(step);
    let several = same.next().is_some();
    Turn { mover, choice: several.then_some(step - first) }
}
