//! Threads that differ only in their number.
//!
//! Where several threads begin alike and nobody can tell them apart, it makes no difference which of them is which: of all
//! states that differ only in that, one is kept, and stands for as many as there are. Each of them is reached by equally
//! many schedules, so that counts, divided among the states that one stands for, stay exact.
//!
//! Nobody can tell threads apart that have the same code, arguments and locals as long as nobody asks a thread for its
//! name or whether it is alive, and main joins either all of them or none. Where somebody does, the search notices
//! ([`Machine::told_apart`]) and begins anew without.

use super::content::Content;
use super::machine::Machine;
use super::moves::{Mention, Visibility};
use super::state::{Clock, State, Touch};

/// Classes of threads that can be exchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Symmetry {
    /// Each in ascending order, of at least two.
    classes: Vec<Vec<u8>>,
}

/// All that tells a thread from others of its class: what it is about to do, its buffer, what mentions it where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Role {
    local: u32,
    buffer: u32,
    /// Objects, and positions in them.
    mentions: Vec<(u32, u32)>,
    /// Its accesses, as if it were thread 0.
    accesses: Vec<Touch>,
}

impl Symmetry {
    /// The classes of a state from which all begins.
    pub(super) fn of(machine: &mut Machine<'_>, state: &State) -> Symmetry {
        let single = |thread: usize| vec![thread as u8];
        let all = Symmetry { classes: vec![(0..state.threads.len() as u8).collect()] };
        let roles = all.roles(machine, state, 0);
        // Whom main waits for, and whom another: these can be told apart from the rest.
        let mut awaited: Vec<Vec<usize>> = vec![Vec::new(); state.threads.len()];
        for thread in 0..state.threads.len() {
            for other in machine.awaited_ends(state, thread) {
                awaited[usize::from(other)].push(thread);
            }
        }
        let mut classes: Vec<Vec<u8>> = Vec::new();
        for thread in 1..state.threads.len() {
            // The first thread of a process gives it its number.
            if usize::from(machine.local(state.threads[thread]).home.process) == thread {
                continue;
            }
            let (role, waits) = (&roles[thread], &awaited[thread]);
            let alike = |class: &&mut Vec<u8>| {
                let first = usize::from(class[0]);
                roles[first] == *role && awaited[first] == *waits && waits.iter().all(|other| *other == 0)
            };
            match classes.iter_mut().find(alike) {
                Some(class) => class.push(thread as u8),
                None => classes.push(single(thread)),
            }
        }
        classes.retain(|class| class.len() > 1);
        Symmetry { classes }
    }

    /// Whether each thread is alone in its class.
    pub(super) fn is_trivial(&self) -> bool {
        self.classes.is_empty()
    }

    /// The same, where some threads are not to be exchanged.
    pub(super) fn without(&self, threads: &[usize]) -> Symmetry {
        let others = |class: &Vec<u8>| -> Vec<u8> {
            class.iter().copied().filter(|thread| !threads.contains(&usize::from(*thread))).collect()
        };
        Symmetry { classes: self.classes.iter().map(others).filter(|class| class.len() > 1).collect() }
    }

    /// All threads that a thread can be exchanged with, itself among them.
    pub(super) fn alike(&self, thread: usize) -> Vec<usize> {
        let class = self.classes.iter().find(|class| class.contains(&(thread as u8)));
        class.map_or_else(|| vec![thread], |class| class.iter().map(|thread| usize::from(*thread)).collect())
    }

    /// Whether these are all of a class, or none of it, for each class.
    pub(super) fn are_whole(&self, threads: &[u8]) -> bool {
        self.classes.iter().all(|class| {
            let among = class.iter().filter(|thread| threads.contains(thread)).count();
            among == 0 || among == class.len()
        })
    }

    /// Exchanges threads until equal states look equal; what number a thread has then.
    pub(super) fn arrange(&self, machine: &mut Machine<'_>, state: &mut State, thread: usize) -> usize {
        let mut places: Option<Vec<u8>> = None;
        for (at, class) in self.classes.iter().enumerate() {
            let number = |thread: &u8| {
                let thread = usize::from(*thread);
                (state.threads[thread], state.buffers.get(thread).copied().unwrap_or(0))
            };
            if class.windows(2).all(|pair| number(&pair[0]) < number(&pair[1])) {
                continue;
            }
            let roles = self.roles(machine, state, at);
            let mut order: Vec<usize> = (0..class.len()).collect();
            order.sort_by(|one, other| roles[*one].cmp(&roles[*other]));
            if order.iter().enumerate().any(|(at, from)| at != *from) {
                let places = places.get_or_insert_with(|| (0..state.threads.len() as u8).collect());
                for (at, from) in order.into_iter().enumerate() {
                    places[usize::from(class[from])] = class[at];
                }
            }
        }
        match places {
            Some(places) => {
                machine.exchange(state, &places);
                usize::from(places[thread])
            }
            None => thread,
        }
    }

    /// The first thread of a state that nothing tells apart from this one.
    pub(super) fn first_alike(&self, machine: &mut Machine<'_>, state: &State, thread: usize) -> usize {
        let Some(class) = self.classes.iter().position(|class| class.contains(&(thread as u8))) else { return thread };
        let roles = self.roles(machine, state, class);
        let own = self.classes[class].iter().position(|other| usize::from(*other) == thread);
        let first = own.and_then(|own| roles.iter().position(|role| *role == roles[own]));
        first.map_or(thread, |first| usize::from(self.classes[class][first]))
    }

    /// How many threads each stands for when it moves: 0 where another stands for it.
    pub(super) fn weights(&self, machine: &mut Machine<'_>, state: &State) -> Vec<u8> {
        let mut weights = vec![1; state.threads.len()];
        for (at, class) in self.classes.iter().enumerate() {
            let roles = self.roles(machine, state, at);
            for (at, role) in roles.iter().enumerate() {
                if let Some(first) = roles[..at].iter().position(|other| other == role) {
                    weights[usize::from(class[first])] += 1;
                    weights[usize::from(class[at])] = 0;
                }
            }
        }
        weights
    }

    /// All states that a state stands for; `None` where they are too many to look at one by one.
    pub(super) fn all(&self, machine: &mut Machine<'_>, state: &State) -> Option<Vec<State>> {
        const MAX: usize = 5_000;
        let mut all = vec![state.clone()];
        for (at, class) in self.classes.iter().enumerate() {
            let roles = self.roles(machine, state, at);
            // Which of the distinct roles each of the class has; all orders of these.
            let kinds: Vec<usize> =
                roles.iter().map(|role| roles.iter().position(|other| other == role).unwrap_or(0)).collect();
            let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
            for _ in class {
                let mut longer = Vec::new();
                for order in &orders {
                    for kind in 0..kinds.len() {
                        let left = kinds.iter().filter(|other| **other == kind).count();
                        if order.iter().filter(|at| kinds[**at] == kind).count() < left {
                            let next = (0..kinds.len()).find(|at| kinds[*at] == kind && !order.contains(at))?;
                            longer.push(order.iter().copied().chain([next]).collect());
                        }
                    }
                    if longer.len() > MAX {
                        return None;
                    }
                }
                orders = longer;
            }
            if all.len() * orders.len() > MAX {
                return None;
            }
            let mut more = Vec::new();
            for state in &all {
                for order in &orders {
                    let mut places: Vec<u8> = (0..state.threads.len() as u8).collect();
                    for (at, from) in order.iter().enumerate() {
                        places[usize::from(class[*from])] = class[at];
                    }
                    let mut other = state.clone();
                    machine.exchange(&mut other, &places);
                    more.push(other);
                }
            }
            all = more;
        }
        Some(all)
    }

    /// What tells the threads of a class apart.
    fn roles(&self, machine: &mut Machine<'_>, state: &State, class: usize) -> Vec<Role> {
        let class = &self.classes[class];
        let mut roles: Vec<Role> = class
            .iter()
            .map(|thread| {
                let thread = usize::from(*thread);
                Role {
                    local: state.threads[thread],
                    buffer: state.buffers.get(thread).copied().unwrap_or(0),
                    mentions: Vec::new(),
                    accesses: Vec::new(),
                }
            })
            .collect();
        machine.mentions(state, |object, position, thread| {
            if let Ok(at) = class.binary_search(&thread) {
                roles[at].mentions.push((object, position));
            }
        });
        for touch in &machine.rest(state).history {
            if let Ok(at) = class.binary_search(&touch.thread) {
                roles[at].accesses.push(Touch { thread: 0, ..*touch });
            }
        }
        roles
    }
}

impl Clock {
    /// The same where threads have other numbers.
    fn exchanged(others: &[u32], places: &[u8]) -> Vec<u32> {
        let mut exchanged = vec![0; places.len().max(others.len())];
        for (thread, time) in others.iter().enumerate() {
            exchanged[places.get(thread).map_or(thread, |place| usize::from(*place))] = *time;
        }
        while exchanged.last() == Some(&0) {
            exchanged.pop();
        }
        exchanged
    }
}

impl Machine<'_> {
    /// The threads whose ends a thread waits for.
    pub(super) fn awaited_ends(&mut self, state: &State, thread: usize) -> Vec<u8> {
        if self.facts(state.threads[thread]).visible != Visibility::Join {
            return Vec::new();
        }
        let local = self.local(state.threads[thread]);
        let mut all = local.awaits.clone();
        all.extend(self.joined_by(state, &local.pause));
        all
    }

    /// Calls `each` wherever an object mentions a thread, with the object's place in the state and the position in it.
    fn mentions(&mut self, state: &State, mut each: impl FnMut(u32, u32, u8)) {
        for (place, number) in state.objects.iter().enumerate() {
            if self.mention(*number) != Mention::None {
                let mut position = 0;
                self.content(*number).body.threads(&mut |thread| {
                    each(place as u32, position, thread);
                    position += 1;
                });
            }
        }
    }

    /// Gives threads other numbers.
    fn exchange(&mut self, state: &mut State, places: &[u8]) {
        let moved = |thread: u8| places[usize::from(thread)];
        let before = state.clone();
        for (from, to) in places.iter().enumerate() {
            state.threads[usize::from(*to)] = before.threads[from];
            if let Some(buffer) = before.buffers.get(from) {
                state.buffers[usize::from(*to)] = *buffer;
            }
        }
        for place in 0..state.objects.len() {
            if self.mention(state.objects[place]) != Mention::None {
                let content = self.content(state.objects[place]);
                let body = content.body.with_threads(&moved);
                state.objects[place] = self.shared.contents.number(Content { site: content.site, body });
            }
        }
        for thread in 0..state.threads.len() {
            let local = self.local(state.threads[thread]);
            if places.iter().take(local.clock.others.len()).enumerate().all(|(at, place)| at == usize::from(*place)) {
                continue;
            }
            let others = Clock::exchanged(&local.clock.others, places);
            if others != local.clock.others {
                let mut local = (*local).clone();
                local.clock.others = others;
                state.threads[thread] = self.shared.locals.number(local);
            }
        }
        let rest = self.rest(state);
        if !rest.history.is_empty() {
            let mut rest = (*rest).clone();
            for touch in &mut rest.history {
                let others = self.shared.clocks.get(touch.clock);
                touch.clock = self.shared.clocks.number(Clock::exchanged(&others, places));
                touch.thread = moved(touch.thread);
            }
            rest.history.sort();
            state.rest = self.shared.rests.number(rest);
        }
        self.tidy(state);
    }
}
