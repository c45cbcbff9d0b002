//! How many schedules end in each state, and how likely that is: paths in the graph of states, not lists of them.

use num_bigint::BigUint;

use super::search::Graph;
use super::tables::FastMap;

/// How many schedules: exactly, or more than can be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Finite(BigUint),
    Infinite,
}

impl Count {
    pub(super) fn zero() -> Count {
        Count::Finite(BigUint::ZERO)
    }

    /// So many parts of it, of that many; `None` where it cannot be divided.
    pub(super) fn part(&self, parts: usize, of: usize) -> Option<Count> {
        match self {
            Count::Finite(number) => {
                let all = number * parts;
                (&all % of == BigUint::ZERO).then(|| Count::Finite(all / of))
            }
            Count::Infinite => Some(Count::Infinite),
        }
    }

    pub(super) fn add(&mut self, other: &Count) {
        match (&mut *self, other) {
            (Count::Finite(sum), Count::Finite(more)) => *sum += more,
            _ => *self = Count::Infinite,
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Count::Finite(number) => number.fmt(out),
            Count::Infinite => out.write_str("inf"),
        }
    }
}

/// Of each ending, how many schedules lead to it, and its chance.
pub(super) struct Paths {
    counts: FastMap<usize, Count>,
    chances: FastMap<usize, f64>,
    /// Some schedules go round in a circle.
    pub(super) any_endless: bool,
}

impl Paths {
    pub(super) fn count(&self, end: usize) -> &Count {
        &self.counts[&end]
    }

    /// The chance of an ending; `None` where it would take too long to find out.
    pub(super) fn chance(&self, end: usize) -> Option<f64> {
        self.chances.get(&end).copied()
    }
}

/// Counts the paths to every ending.
pub(super) fn paths(graph: &Graph) -> Paths {
    let count = graph.len();
    let mut incoming = vec![0_u32; count];
    graph.targets.iter().for_each(|target| incoming[*target as usize] += 1);
    let mut order: Vec<u32> = Vec::with_capacity(count);
    if incoming[0] == 0 {
        order.push(0);
    }
    let mut at = 0;
    while at < order.len() {
        for step in graph.steps(order[at] as usize) {
            let target = graph.targets[step] as usize;
            incoming[target] -= 1;
            if incoming[target] == 0 {
                order.push(target as u32);
            }
        }
        at += 1;
    }
    let endless: Vec<bool> =
        incoming.iter().enumerate().map(|(state, left)| *left > 0 || (state == 0 && order.is_empty())).collect();
    let any_endless = order.len() < count;
    let ends: Vec<usize> = (0..count).filter(|state| graph.steps(*state).is_empty()).collect();
    let counted = |number: &dyn Fn(usize) -> BigUint| {
        let count = |end: &usize| match endless[*end] {
            true => (*end, Count::Infinite),
            false => (*end, Count::Finite(number(*end))),
        };
        ends.iter().map(count).collect()
    };
    let counts = match small(graph, &order) {
        Some(counts) => counted(&|end| BigUint::from(counts[end])),
        None => {
            let counts = large(graph, &order);
            counted(&|end| counts[end].clone())
        }
    };
    let leads = lead_to_an_end(graph, &ends);
    let chances = match ends[..] {
        // Where all roads lead to one ending, it is certain.
        [end] if leads.iter().all(|leads| *leads) => FastMap::from_iter([(end, 1.0)]),
        _ => {
            let (chances, is_settled) = chances(graph, &order, &endless, &leads);
            let known = ends.iter().filter(|end| is_settled || !endless[**end]);
            known.map(|end| (*end, chances[*end])).collect()
        }
    };
    Paths { counts, chances, any_endless }
}

/// Paths to each state, as long as they are few enough.
fn small(graph: &Graph, order: &[u32]) -> Option<Vec<u128>> {
    if order.is_empty() {
        return Some(Vec::new());
    }
    let mut counts = vec![0_u128; graph.len()];
    counts[0] = 1;
    for state in order {
        let own = counts[*state as usize];
        for step in graph.steps(*state as usize) {
            let target = &mut counts[graph.targets[step] as usize];
            *target = target.checked_add(own.checked_mul(graph.weight(step).into())?)?;
        }
    }
    Some(counts)
}

/// Paths to each state, however many.
fn large(graph: &Graph, order: &[u32]) -> Vec<BigUint> {
    let mut counts = vec![BigUint::ZERO; graph.len()];
    counts[0] = BigUint::from(1_u8);
    for state in order {
        let own = counts[*state as usize].clone();
        for step in graph.steps(*state as usize) {
            counts[graph.targets[step] as usize] += &own * graph.weight(step);
        }
    }
    counts
}

/// How likely each step of a state is: each thread that can move, and each buffer, equally, and each shares that among
/// its choices.
struct Likelihoods<'a> {
    graph: &'a Graph,
    /// Of each state, whether all its steps are equally likely.
    even: Vec<bool>,
}

impl<'a> Likelihoods<'a> {
    fn of(graph: &'a Graph) -> Likelihoods<'a> {
        let is_even = |state: usize| {
            let movers = &graph.movers[graph.steps(state)];
            graph.weights.is_empty() && movers.windows(2).all(|pair| pair[0] != pair[1])
        };
        Likelihoods { graph, even: (0..graph.len()).map(is_even).collect() }
    }

    /// Calls `each` with where every step of a state leads, and its likelihood.
    fn each(&self, state: usize, mut each: impl FnMut(usize, f64)) {
        let graph = self.graph;
        let steps = graph.steps(state);
        if self.even[state] {
            let likelihood = 1.0 / steps.len() as f64;
            return graph.targets[steps].iter().for_each(|target| each(*target as usize, likelihood));
        }
        let movers = || graph.movers[steps.clone()].chunk_by(|one, other| one == other);
        let begins = movers().scan(steps.start, |at, same| {
            *at += same.len();
            Some(*at - same.len())
        });
        let all: f64 = begins.map(|begin| f64::from(graph.weight(begin))).sum();
        let mut at = steps.start;
        for same in movers() {
            let likelihood = f64::from(graph.weight(at)) / (all * same.len() as f64);
            for _ in same {
                each(graph.targets[at] as usize, likelihood);
                at += 1;
            }
        }
    }
}

/// From which states some ending can be reached.
fn lead_to_an_end(graph: &Graph, ends: &[usize]) -> Vec<bool> {
    let mut leads = vec![false; graph.len()];
    ends.iter().for_each(|end| leads[*end] = true);
    // Most of what leads there does so forwards in the order of the search: a few rounds against it find all.
    let mut more = true;
    while more {
        more = false;
        for state in (0..graph.len()).rev() {
            if !leads[state] && graph.steps(state).any(|step| leads[graph.targets[step] as usize]) {
                leads[state] = true;
                more = true;
            }
        }
    }
    leads
}

/// The chance of each ending; of one behind a cycle, of ever coming to it, to within 1e-12; and whether all of these were
/// found. `leads` are the states from which some ending can be reached.
fn chances(graph: &Graph, order: &[u32], endless: &[bool], leads: &[bool]) -> (Vec<f64>, bool) {
    /// What still moves when it is left at that.
    const LEFT: f64 = 1e-13;
    /// How many steps are followed in all, so that a cycle that hardly ever ends does not keep us.
    const STEPS_MAX: usize = 200_000_000;
    let mut chances = vec![0.0; graph.len()];
    let likelihoods = Likelihoods::of(graph);
    chances[0] = 1.0;
    for state in order {
        let own = chances[*state as usize];
        likelihoods.each(*state as usize, |target, weight| chances[target] += own * weight);
    }
    // What came into the cycles goes round: it is passed on until hardly any of it still moves. What has come to where no
    // ending can be reached stays there.
    let moves = |state: &usize| endless[*state] && leads[*state] && !graph.steps(*state).is_empty();
    let moving: Vec<usize> = (0..graph.len()).filter(moves).collect();
    let per_round: usize = moving.iter().map(|state| graph.steps(*state).len()).sum();
    let mut now: Vec<(usize, f64)> =
        moving.iter().map(|state| (*state, std::mem::take(&mut chances[*state]))).collect();
    for _ in 0..STEPS_MAX / per_round.max(1) {
        for (state, own) in &now {
            likelihoods.each(*state, |target, weight| chances[target] += own * weight);
        }
        now.iter_mut().for_each(|(state, own)| *own = std::mem::take(&mut chances[*state]));
        if now.iter().map(|(_, own)| own).sum::<f64>() < LEFT {
            return (chances, true);
        }
    }
    (chances, false)
}
