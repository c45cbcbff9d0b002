//! What else is worth telling of a program: races, circles, what is never given back, what nobody heard.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::accesses::{Log, Touched};
use super::content::Body;
use super::machine::Machine;
use super::moves::{LocalKind, Mention};
use super::outcomes::{name_of, thread_name};
use super::report::{Finding, FindingKind, Outcome, Wait};
use super::search::{Found, Graph, in_parts};
use super::state::{Mark, State};
use super::tables::FastSet;
use super::words::{self, Step};
use crate::program::code::Place;
use crate::program::operation::{Operation, Sync};
use crate::program::thread::Pause;
use crate::program::value::{ObjectKind, Reference};

/// Lines as a sentence has them.
fn lines_in_words(lines: &BTreeSet<u32>) -> String {
    let texts: Vec<String> = lines.iter().map(u32::to_string).collect();
    match &texts[..] {
        [one] => format!("line {one}"),
        several => format!("lines {}", several.join(" and ")),
    }
}

/// By location: the threads that race there, and the lines.
type Races = BTreeMap<String, (BTreeSet<usize>, BTreeSet<u32>)>;

/// Two next steps on one location, at least one writing.
pub(super) fn data_races(found: &Found<'_>) -> Vec<Finding> {
    if found.shared.marks.is_empty() {
        return Vec::new();
    }
    let mut races = Races::new();
    for part in in_parts(found, |machine, part| races_among(machine, &found.graph, part)) {
        for (name, (threads, lines)) in part {
            let entry = races.entry(name).or_default();
            entry.0.extend(threads);
            entry.1.extend(lines);
        }
    }
    let finding = |(name, (threads, lines)): (String, (BTreeSet<usize>, BTreeSet<u32>))| {
        let who: Vec<String> = threads.iter().map(|thread| thread_name(*thread)).collect();
        let text = format!(
            "{} can touch {name} at the same moment ({}), at least one of them writing, and nothing orders them.",
            who.join(" and "),
            lines_in_words(&lines)
        );
        Finding {
            kind: FindingKind::DataRace,
            threads: threads.into_iter().collect(),
            location: Some(name),
            lines: lines.into_iter().collect(),
            text,
        }
    };
    races.into_iter().map(finding).collect()
}

fn races_among(machine: &mut Machine<'_>, graph: &Graph, part: Range<usize>) -> Races {
    let mut races = Races::new();
    let mut known: FastSet<(usize, u32, usize, u32)> = FastSet::default();
    let mut next: Vec<(usize, Mark, u32, bool)> = Vec::new();
    for index in part {
        if graph.steps(index).is_empty() {
            continue;
        }
        let state = graph.state(index);
        if machine.shared.statement {
            races_of_statements(machine, graph, &state, &mut races);
            continue;
        }
        next.clear();
        for thread in 0..state.threads.len() {
            if machine.facts(state.threads[thread]).kind != LocalKind::Operating {
                continue;
            }
            if let Some((mark, object, writes)) = machine.location(&state, thread)
                && machine.shared.marks.contains(&mark)
            {
                next.push((thread, mark, object, writes));
            }
        }
        for (at, one) in next.iter().enumerate() {
            for other in &next[at + 1..] {
                let collide = one.1 == other.1 && one.2 == other.2 && (one.3 || other.3);
                if !collide || !known.insert((one.0, state.threads[one.0], other.0, state.threads[other.0])) {
                    continue;
                }
                let name = words::touched(machine, &state, one.0);
                let entry = races.entry(name).or_default();
                for thread in [one.0, other.0] {
                    entry.0.extend(graph.symmetry.alike(thread));
                    entry.1.insert(machine.local(state.threads[thread]).thread.place(machine.shared.program).line);
                }
            }
        }
    }
    races
}

/// The same where a step is a whole statement: all that it touches counts.
fn races_of_statements(machine: &mut Machine<'_>, graph: &Graph, state: &State, races: &mut Races) {
    let census = machine.census(state);
    let mut next: Vec<Touched> = Vec::new();
    for thread in 0..state.threads.len() {
        if !machine.is_step(state, thread, census.unfinished) {
            continue;
        }
        machine.log = Some(Log::default());
        machine.step(state, census, thread, |machine, _, _| {
            let touched = machine.log.iter().flat_map(|log| &log.touched);
            next.extend(touched.filter(|touched| touched.thread == thread).cloned());
        });
        machine.log = None;
    }
    for (at, one) in next.iter().enumerate() {
        for other in &next[at + 1..] {
            let same = one.mark == other.mark && one.object == other.object;
            if same && one.thread != other.thread && (one.writes || other.writes) {
                let entry = races.entry(one.name.clone()).or_default();
                for touched in [one, other] {
                    entry.0.extend(graph.symmetry.alike(touched.thread));
                    entry.1.insert(touched.line);
                }
            }
        }
    }
}

/// Deadlocks in which somebody sleeps who was notified before he slept: one finding for each pair of lines, whichever
/// of the threads that are alike it meets.
#[derive(Debug, Default)]
pub(super) struct LostWakeups(BTreeMap<(String, u32, u32), [BTreeSet<usize>; 2]>);

impl LostWakeups {
    /// Looks at a schedule that ends in a deadlock.
    pub(super) fn look_at(&mut self, steps: &[Step], outcome: &Outcome) {
        let waited = |wait: &Wait| wait.what.strip_prefix("a notify of ").map(|name| (wait.thread, name.to_owned()));
        let Some((sleeper, condition)) = outcome.waits.iter().find_map(waited) else { return };
        let missed = steps.iter().find_map(|step| {
            let (_, line) = step.unheard.iter().find(|(name, _)| *name == condition)?;
            Some((step.thread, *line))
        });
        let asleep = steps.iter().rev().find(|step| step.thread == sleeper);
        let (Some((notifier, line)), Some(asleep)) = (missed, asleep) else { return };
        let [notifiers, sleepers] = self.0.entry((condition, line, asleep.line)).or_default();
        notifiers.insert(notifier);
        sleepers.insert(sleeper);
    }

    pub(super) fn findings(self) -> impl Iterator<Item = Finding> {
        self.0.into_iter().map(|((condition, notified, slept), [notifiers, sleepers])| {
            let names = |threads: &BTreeSet<usize>| {
                threads.iter().map(|thread| thread_name(*thread)).collect::<Vec<_>>().join(" or ")
            };
            Finding {
                kind: FindingKind::LostWakeup,
                text: format!(
                    "{} notifies {condition} (line {notified}) before {} sleeps on it (line {slept}): a notify is not \
                     remembered.",
                    names(&notifiers),
                    names(&sleepers)
                ),
                threads: notifiers.into_iter().chain(sleepers).fold(Vec::new(), |mut threads, thread| {
                    if !threads.contains(&thread) {
                        threads.push(thread);
                    }
                    threads
                }),
                location: Some(condition),
                lines: vec![notified, slept],
            }
        })
    }
}

/// Locks that a thread has ended with.
pub(super) fn locks_not_released(machine: &mut Machine<'_>, graph: &Graph, ends: &[State]) -> Vec<Finding> {
    let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for state in ends {
        for object in machine.objects(state) {
            let content = machine.body(state, object);
            let (kind, owner) = match &content.body {
                Body::Lock { owner: Some(owner) } => (ObjectKind::Lock, usize::from(*owner)),
                Body::RLock { owner: Some(owner), .. } => (ObjectKind::RLock, usize::from(*owner)),
                _ => continue,
            };
            if machine.facts(state.threads[owner]).ended {
                let name = name_of(machine, state, Reference { kind, id: object });
                found.entry(name).or_default().extend(graph.symmetry.alike(owner));
            }
        }
    }
    let finding = |(name, threads): (String, BTreeSet<usize>)| {
        let who: Vec<String> = threads.iter().map(|thread| thread_name(*thread)).collect();
        Finding {
            kind: FindingKind::LockNotReleased,
            text: format!("{} can end while holding {name}: nobody will ever get it again.", who.join(" or ")),
            threads: threads.into_iter().collect(),
            location: Some(name),
            lines: Vec::new(),
        }
    };
    found.into_iter().map(finding).collect()
}

/// One lock taken while others are held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Taken {
    thread: usize,
    wanted: u32,
    holding: Vec<u32>,
    line: u32,
}

/// Locks taken while others are held, and what the locks are called.
type Orders = (BTreeSet<Taken>, BTreeMap<u32, String>);

/// Circles in the order in which locks are taken, other than those that closed.
pub(super) fn potential_deadlocks(found: &Found<'_>, closed: &[BTreeSet<usize>]) -> Vec<Finding> {
    let (mut taken, mut names) = Orders::default();
    for (more, called) in in_parts(found, |machine, part| orders_among(machine, &found.graph, part)) {
        taken.extend(more);
        called.into_iter().for_each(|(lock, name)| _ = names.entry(lock).or_insert(name));
    }
    let taken: Vec<Taken> = taken.into_iter().collect();
    let mut findings = Vec::new();
    let mut seen: BTreeSet<BTreeSet<u32>> = BTreeSet::new();
    let mut circle: Vec<usize> = Vec::new();
    let mut budget = 200_000_u32;
    for first in 0..taken.len() {
        circle.push(first);
        close(&taken, &mut circle, &mut budget, &mut |circle| {
            let threads: BTreeSet<usize> = circle.iter().map(|at| taken[*at].thread).collect();
            let locks: BTreeSet<u32> = circle.iter().map(|at| taken[*at].wanted).collect();
            if closed.contains(&threads) || !seen.insert(locks) {
                return;
            }
            let lines: BTreeSet<u32> = circle.iter().map(|at| taken[*at].line).collect();
            let each: Vec<String> = circle
                .iter()
                .map(|at| {
                    let one = &taken[*at];
                    let previous = circle.iter().map(|at| taken[*at].wanted).find(|lock| one.holding.contains(lock));
                    let holds = previous.and_then(|lock| names.get(&lock)).cloned().unwrap_or_default();
                    format!("{} takes {} while holding {holds}", thread_name(one.thread), names[&one.wanted])
                })
                .collect();
            findings.push(Finding {
                kind: FindingKind::PotentialDeadlock,
                text: format!(
                    "Locks are taken in a circle ({}). It cannot close in this program, but it is one change away.",
                    each.join("; ")
                ),
                threads: threads.into_iter().collect(),
                location: None,
                lines: lines.into_iter().collect(),
            });
        });
        circle.pop();
    }
    findings
}

fn orders_among(machine: &mut Machine<'_>, graph: &Graph, part: Range<usize>) -> Orders {
    let (mut taken, mut names) = Orders::default();
    for index in part {
        let state = graph.state(index);
        let held = machine.held_locks(&state);
        if held.is_empty() {
            continue;
        }
        for thread in 0..state.threads.len() {
            if !held.iter().any(|(_, owner)| *owner == thread) {
                continue;
            }
            let Some(wanted) = machine.wanted_lock(&state, thread) else { continue };
            let own = held.iter().filter(|(lock, owner)| *owner == thread && *lock != wanted.0);
            let holding: Vec<u32> = own.map(|(lock, _)| *lock).collect();
            if holding.is_empty() {
                continue;
            }
            let line = machine.local(state.threads[thread]).thread.place(machine.shared.program).line;
            let of = |thread: usize| Taken { thread, wanted: wanted.0, holding: holding.clone(), line };
            if !taken.contains(&of(thread)) {
                taken.extend(graph.symmetry.alike(thread).into_iter().map(of));
                for (lock, kind) in holding.iter().map(|lock| (*lock, ObjectKind::Lock)).chain([wanted]) {
                    let name = name_of(machine, &state, Reference { kind, id: lock });
                    names.entry(lock).or_insert(name);
                }
            }
        }
    }
    (taken, names)
}

/// Follows a chain of "holds one, wants the next" by different threads without a common guard.
fn close(taken: &[Taken], circle: &mut Vec<usize>, budget: &mut u32, found: &mut dyn FnMut(&[usize])) {
    let (Some(first), Some(last)) = (circle.first().copied(), circle.last().copied()) else { return };
    if *budget == 0 || circle.len() > 8 {
        return;
    }
    *budget -= 1;
    if circle.len() > 1 && taken[first].holding.contains(&taken[last].wanted) {
        found(circle);
        return;
    }
    for next in 0..taken.len() {
        // Each circle is found from its smallest member only.
        if next <= first || !taken[next].holding.contains(&taken[last].wanted) {
            continue;
        }
        let apart = circle.iter().all(|at| {
            let (one, other) = (&taken[*at], &taken[next]);
            one.thread != other.thread && !one.holding.iter().any(|lock| other.holding.contains(lock))
        });
        if apart {
            circle.push(next);
            close(taken, circle, budget, found);
            circle.pop();
        }
    }
}

/// Circles in which everybody who could move keeps moving, and somebody gets nowhere.
pub(super) fn endless(machine: &mut Machine<'_>, graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    let live = components(graph, |step| graph.progress(step) == 0);
    for component in live {
        if let Some(threads) = fair(graph, &component, |step| graph.progress(step) == 0) {
            let who: Vec<String> = threads.iter().map(|thread| thread_name(*thread)).collect();
            let lines = lines_of(machine, graph, &component, &threads);
            findings.push(Finding {
                kind: FindingKind::Livelock,
                text: format!(
                    "{} can go round for ever ({}): all keep moving, and nobody ends or passes a line marked # progress.",
                    who.join(" and "),
                    lines_in_words(&lines)
                ),
                threads,
                location: None,
                lines: lines.into_iter().collect(),
            });
            break;
        }
    }
    // Where no line is marked, nobody gets on while another waits.
    let gets_on = (0..graph.targets.len()).any(|step| graph.progress(step) != 0);
    let threads = if gets_on { graph.movers.iter().map(|mover| mover.number() + 1).max().unwrap_or(0) } else { 0 };
    for thread in 0..threads {
        let others = |step: usize| graph.progress(step) >> thread & 1 == 0;
        for component in components(graph, others) {
            let inside: BTreeSet<usize> = component.iter().copied().collect();
            let steps = component.iter().flat_map(|state| graph.steps(*state));
            let inner = |step: &usize| others(*step) && inside.contains(&(graph.targets[*step] as usize));
            let gets_on = steps.filter(inner).any(|step| graph.progress(step) != 0);
            let unfinished = !machine.facts(graph.state(component[0]).threads.get(thread).copied().unwrap_or(0)).ended
                && graph.state(component[0]).threads.len() > thread;
            if gets_on && unfinished && fair(graph, &component, others).is_some() {
                let lines = lines_of(machine, graph, &component, &[thread]);
                findings.push(Finding {
                    kind: FindingKind::Starvation,
                    text: format!("{} can be kept waiting for ever while others get on.", thread_name(thread)),
                    threads: vec![thread],
                    location: None,
                    lines: lines.into_iter().collect(),
                });
                break;
            }
        }
    }
    findings
}

/// Whether a fair scheduler may stay in a component for ever: each thread that can always move in it does. Who moves.
fn fair(graph: &Graph, component: &[usize], taken: impl Fn(usize) -> bool) -> Option<Vec<usize>> {
    let mut inside = vec![false; graph.len()];
    component.iter().for_each(|state| inside[*state] = true);
    let (mut moves, mut always) = (0_u64, u64::MAX);
    for state in component {
        let mut can = 0_u64;
        for step in graph.steps(*state) {
            let bit = 1 << graph.movers[step].number();
            can |= bit;
            if taken(step) && inside[graph.targets[step] as usize] {
                moves |= bit;
            }
        }
        always &= can;
    }
    (always & !moves == 0).then(|| (0..64).filter(|thread| moves >> thread & 1 == 1).collect())
}

fn lines_of(machine: &mut Machine<'_>, graph: &Graph, component: &[usize], threads: &[usize]) -> BTreeSet<u32> {
    let mut lines = BTreeSet::new();
    for state in component.iter().take(1000) {
        let state = graph.state(*state);
        for thread in threads {
            let Some(local) = state.threads.get(*thread) else { continue };
            let Place { line, .. } = machine.local(*local).thread.place(machine.shared.program);
            lines.insert(line);
        }
    }
    lines.remove(&0);
    lines
}

/// Strongly connected components with a cycle, of the steps that count: Tarjan's, without recursion.
fn components(graph: &Graph, counts: impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
    const NEW: u32 = u32::MAX;
    let len = graph.len();
    let (mut index, mut low) = (vec![NEW; len], vec![0_u32; len]);
    let mut on_stack = vec![false; len];
    let (mut stack, mut calls) = (Vec::new(), Vec::new());
    let (mut next, mut found) = (0_u32, Vec::new());
    for root in 0..len {
        if index[root] != NEW {
            continue;
        }
        calls.push((root, graph.steps(root)));
        (index[root], low[root]) = (next, next);
        next += 1;
        stack.push(root);
        on_stack[root] = true;
        while let Some((state, steps)) = calls.last_mut() {
            let state = *state;
            match steps.next() {
                Some(step) if !counts(step) => {}
                Some(step) => {
                    let target = graph.targets[step] as usize;
                    if index[target] == NEW {
                        (index[target], low[target]) = (next, next);
                        next += 1;
                        stack.push(target);
                        on_stack[target] = true;
                        calls.push((target, graph.steps(target)));
                    } else if on_stack[target] {
                        low[state] = low[state].min(index[target]);
                    }
                }
                None => {
                    calls.pop();
                    if let Some((caller, _)) = calls.last() {
                        low[*caller] = low[*caller].min(low[state]);
                    }
                    if low[state] != index[state] {
                        continue;
                    }
                    let at = stack.iter().rposition(|other| *other == state).unwrap_or(0);
                    let component = stack.split_off(at);
                    component.iter().for_each(|member| on_stack[*member] = false);
                    let itself = |step: usize| counts(step) && graph.targets[step] as usize == state;
                    if component.len() > 1 || graph.steps(state).any(itself) {
                        found.push(component);
                    }
                }
            }
        }
    }
    found
}

impl Machine<'_> {
    /// The lock that a thread is about to take, for as long as it needs.
    fn wanted_lock(&mut self, state: &State, thread: usize) -> Option<(u32, ObjectKind)> {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(Operation::Sync(object, Sync::Acquire(patience))) = &local.pause else { return None };
        let lock = match &self.body(state, object.id).body {
            Body::Condition { lock, .. } => *lock,
            _ => *object,
        };
        let is_lock = matches!(lock.kind, ObjectKind::Lock | ObjectKind::RLock);
        (is_lock && *patience == crate::program::operation::Patience::Forever).then_some((lock.id, lock.kind))
    }

    pub(super) fn held_locks(&mut self, state: &State) -> Vec<(u32, usize)> {
        let mut held = Vec::new();
        for object in self.objects(state) {
            let content = self.held(state, object);
            if let Mention::Owner(owner) = self.mention(content) {
                held.push((object, usize::from(owner)));
            }
        }
        held
    }
}
