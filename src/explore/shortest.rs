//! The shortest schedule to an ending: fewest steps, then fewest switches of threads, then the smallest string.

use super::schedule::Turn;
use super::search::{Graph, Mover};
use super::tables::FastMap;

/// The shortest schedule to one of `ends`.
pub(super) fn shortest(graph: &Graph, ends: &[usize]) -> Vec<Turn> {
    let level_of = |state: usize| graph.levels.partition_point(|begin| *begin <= state) - 1;
    let Some(depth) = ends.iter().map(|end| level_of(*end)).min() else { return Vec::new() };
    // Backwards: which states lie on a way of that length, level by level.
    let mut on_way: FastMap<usize, ()> =
        ends.iter().filter(|end| level_of(**end) == depth).map(|end| (*end, ())).collect();
    for level in (0..depth).rev() {
        for state in graph.levels[level]..graph.levels[level + 1] {
            let next = graph.levels[level + 1]..graph.levels[level + 2];
            let leads = |step: usize| {
                let target = graph.targets[step] as usize;
                next.contains(&target) && on_way.contains_key(&target)
            };
            if graph.steps(state).any(leads) {
                on_way.insert(state, ());
            }
        }
    }
    let ways = |state: usize, level: usize| {
        let next = graph.levels[level + 1]..graph.levels[level + 2];
        let on_way = &on_way;
        graph.steps(state).filter(move |step| {
            let target = graph.targets[*step] as usize;
            next.contains(&target) && on_way.contains_key(&target)
        })
    };
    // Backwards again: the fewest switches from a state, by who came before.
    let mut fewest: FastMap<(usize, usize), u32> = FastMap::default();
    let threads = graph.movers.iter().map(|mover| mover.number() + 1).max().unwrap_or(0);
    for level in (0..depth).rev() {
        for state in graph.levels[level]..graph.levels[level + 1] {
            if !on_way.contains_key(&state) {
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

/// A step as it is written: with its choice, where there are several.
fn turn(graph: &Graph, state: usize, step: usize) -> Turn {
    let mover: Mover = graph.movers[step];
    let mut same = graph.steps(state).filter(|other| graph.movers[*other] == mover);
    let first = same.next().unwrap_or(step);
    let several = same.next().is_some();
    Turn { mover, choice: several.then_some(step - first) }
}
