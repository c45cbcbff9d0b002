//! How many schedules end in each state, and how likely that is: paths in the graph of states, not lists of them.

use num_bigint::BigUint;

use super::search::Graph;

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

/// For each state, the paths to it from the first, and the chance of coming by.
pub(super) struct Paths {
    counts: Counts,
    pub(super) chances: Vec<f64>,
    /// States that lie on a cycle or behind one.
    pub(super) endless: Vec<bool>,
    pub(super) any_endless: bool,
}

enum Counts {
    Small(Vec<u128>),
    Large(Vec<BigUint>),
}

impl Paths {
    pub(super) fn count(&self, state: usize) -> Count {
        if self.endless[state] {
            return Count::Infinite;
        }
        Count::Finite(match &self.counts {
            Counts::Small(counts) => BigUint::from(counts[state]),
            Counts::Large(counts) => counts[state].clone(),
        })
    }
}

/// Counts the paths to every state.
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
    let counts = match small(graph, &order) {
        Some(counts) => Counts::Small(counts),
        None => Counts::Large(large(graph, &order)),
    };
    let chances = chances(graph, &order, &endless);
    Paths { counts, chances, endless, any_endless }
}

fn small(graph: &Graph, order: &[u32]) -> Option<Vec<u128>> {
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

/// Calls `each` with every step of a state and its likelihood: each thread that can move, and each buffer, is equally
/// likely, and shares that among its choices.
fn weighted(graph: &Graph, state: usize, mut each: impl FnMut(usize, f64)) {
    let steps = graph.steps(state);
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

/// The chance of coming by each state; of those that end behind a cycle, of ever ending there, to within 1e-12.
fn chances(graph: &Graph, order: &[u32], endless: &[bool]) -> Vec<f64> {
    /// What still moves when it is left at that.
    const LEFT: f64 = 1e-13;
    /// How many steps are followed in all, so that a cycle that hardly ever ends does not keep us.
    const STEPS_MAX: usize = 200_000_000;
    let mut chances = vec![0.0; graph.len()];
    chances[0] = 1.0;
    for state in order {
        let own = chances[*state as usize];
        weighted(graph, *state as usize, |target, weight| chances[target] += own * weight);
    }
    // What came into the cycles goes round: it is passed on until hardly any of it still moves.
    let moving: Vec<usize> =
        (0..graph.len()).filter(|state| endless[*state] && !graph.steps(*state).is_empty()).collect();
    let per_round: usize = moving.iter().map(|state| graph.steps(*state).len()).sum();
    let mut now: Vec<(usize, f64)> =
        moving.iter().map(|state| (*state, std::mem::take(&mut chances[*state]))).collect();
    for _ in 0..STEPS_MAX / per_round.max(1) {
        for (state, own) in &now {
            weighted(graph, *state, |target, weight| chances[target] += own * weight);
        }
        let before: f64 = now.iter().map(|(_, own)| own).sum();
        now.iter_mut().for_each(|(state, own)| *own = std::mem::take(&mut chances[*state]));
        let left: f64 = now.iter().map(|(_, own)| own).sum();
        if left < LEFT || (left - before).abs() < LEFT * LEFT {
            break;
        }
    }
    chances
}
