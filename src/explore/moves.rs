//! Who can move in a state, in how many ways, and whether that is a step: looks at it, and changes nothing.

use super::content::{Body, Closure, ConnectionBody, Stage, ThreadBody};
use super::machine::{Effect, Machine};
use super::report::{Memory, Notify};
use super::state::{Local, Mark, State};
use crate::program::code::NameId;
use crate::program::collection::Access;
use crate::program::operation::{Operation, Patience, QueueKind, Sync, Variable};
use crate::program::thread::Pause;
use crate::program::value::{ObjectKind, Reference, Value};

/// Which threads a content mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mention {
    None,
    /// The one that has taken the lock.
    Owner(u8),
    Some,
}

/// What can be told of a local at a glance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// The one object that its operation is on.
    pub(super) object: Option<u32>,
    /// Done with.
    pub(super) ended: bool,
    pub(super) kind: LocalKind,
    pub(super) daemon: bool,
    /// Its operation may have several choices, or touches several objects.
    pub(super) general: bool,
    pub(super) visible: Visibility,
    /// It writes to its object, as far as the operation itself tells.
    pub(super) writes: bool,
    /// It reads or writes a variable: whether that is marked.
    pub(super) variable_is_marked: Option<bool>,
    /// Whether it is a step cannot be changed by what other threads do, unless they end.
    pub(super) steady: bool,
}

/// Why a thread does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalKind {
    Operating,
    Ended,
    Raised,
    Spins,
    /// Others will let it go on.
    Parked,
}

/// Whether an operation is a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visibility {
    /// Never.
    No,
    /// While another thread is unfinished.
    Yes,
    /// A `join`: only while its thread has not ended, and then it blocks.
    Join,
    /// A `join` that may give up: only while its thread has not ended.
    TimedJoin,
}

impl Machine<'_> {
    pub(super) fn facts(&mut self, number: u32) -> Facts {
        let index = number as usize;
        if let Some(Some(facts)) = self.facts.get(index) {
            return *facts;
        }
        let local = self.local(number);
        let facts = self.facts_of(&local);
        if self.facts.len() <= index {
            self.facts.resize(index + 1, None);
        }
        self.facts[index] = Some(facts);
        facts
    }

    /// Which threads a content mentions.
    pub(super) fn mention(&mut self, number: u32) -> Mention {
        let index = number as usize;
        if let Some(Some(known)) = self.mentions.get(index) {
            return *known;
        }
        let mut mentions = Mention::None;
        let content = self.content(number);
        content.body.threads(&mut |_| mentions = Mention::Some);
        if let Body::Lock { owner: Some(owner) } | Body::RLock { owner: Some(owner), .. } = &content.body {
            mentions = Mention::Owner(*owner);
        }
        if self.mentions.len() <= index {
            self.mentions.resize(index + 1, None);
        }
        self.mentions[index] = Some(mentions);
        mentions
    }

    pub(super) fn facts_of(&mut self, local: &Local) -> Facts {
        let kind = match &local.pause {
            Pause::Operation(_) => LocalKind::Operating,
            Pause::Ended => LocalKind::Ended,
            Pause::Raised(_) => LocalKind::Raised,
            Pause::Spins => LocalKind::Spins,
            Pause::Parked | Pause::Limit(_) => LocalKind::Parked,
        };
        let mut facts = Facts {
            object: None,
            ended: kind == LocalKind::Ended,
            kind,
            daemon: local.daemon,
            general: true,
            visible: Visibility::No,
            writes: false,
            variable_is_marked: None,
            steady: false,
        };
        let Pause::Operation(operation) = &local.pause else { return facts };
        facts.visible = match operation {
            Operation::Print(_) | Operation::Choose(_) | Operation::FirstDone(_) | Operation::Fence => Visibility::Yes,
            Operation::Sync(object, sync) => match sync {
                Sync::Name | Sync::SetName(_) | Sync::IsDaemon | Sync::SetDaemon(_) | Sync::Parties | Sync::GetLock => {
                    Visibility::No
                }
                // It belongs to what came before it, which kept the barrier closed.
                Sync::Open(_) | Sync::Number => Visibility::No,
                Sync::Join(Patience::Forever) => Visibility::Join,
                Sync::Join(_) => Visibility::TimedJoin,
                // A shared value is a plain location.
                Sync::Read | Sync::Write(_) if object.kind == ObjectKind::SharedValue => Visibility::No,
                _ => Visibility::Yes,
            },
            _ => Visibility::No,
        };
        facts.writes = match operation {
            Operation::Store(..) | Operation::StoreMember(..) => true,
            Operation::Access(_, access) => access.writes(),
            Operation::Sync(_, Sync::Write(_)) => true,
            _ => false,
        };
        let single = match operation {
            Operation::Load(variable) | Operation::Store(variable, _) => {
                facts.variable_is_marked = Some(self.shared.marks.contains(&Mark::Variable(*variable)));
                Some(local.space.unwrap_or(self.shared.variable(*variable)))
            }
            Operation::Access(object, access) => {
                let mut holds = false;
                access.values(&mut |value| holds |= value.holds_containers());
                // What a kept iterator goes through is looked at too.
                (!holds && !object.kind.is_iterator()).then_some(object.id)
            }
            Operation::Sync(object, sync) => match sync {
                Sync::Acquire(_) | Sync::Release(_) if object.kind == ObjectKind::Condition => None,
                Sync::Sleep(_) | Sync::Wake(_) | Sync::Notify(_) | Sync::Join(_) | Sync::IsAlive => None,
                Sync::Arrive(_) | Sync::GiveUp | Sync::Open(_) | Sync::Abort | Sync::Reset | Sync::Number => None,
                Sync::Put(..) | Sync::Get(_) | Sync::Poll(_) if object.kind == ObjectKind::Connection => None,
                Sync::Put(value, _) if value.refers() => None,
                Sync::Close => None,
                _ => Some(object.id),
            },
            _ => None,
        };
        facts.object = single;
        facts.steady = facts.visible == Visibility::Yes || facts.variable_is_marked == Some(true);
        facts.general = single.is_none();
        if self.shared.options.memory == Memory::Tso {
            facts.general = true;
        }
        facts
    }

    /// How many threads have not ended.
    pub(super) fn unfinished(&mut self, state: &State) -> usize {
        self.census(state).unfinished
    }

    /// The plain location that a thread's operation touches, marked or not.
    pub(super) fn location(&mut self, state: &State, thread: usize) -> Option<(Mark, u32, bool)> {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return None };
        let facts = self.facts(state.threads[thread]);
        let (object, mark) = match operation {
            Operation::Load(variable) | Operation::Store(variable, _) => (facts.object?, Mark::Variable(*variable)),
            Operation::Access(object, _) => (object.id, Mark::Whole(self.body(state, object.id).site)),
            Operation::Sync(object, Sync::Read | Sync::Write(_)) if object.kind == ObjectKind::SharedValue => {
                (object.id, Mark::Whole(self.body(state, object.id).site))
            }
            Operation::LoadMember(Value::Object(object), name)
            | Operation::StoreMember(Value::Object(object), name, _) => {
                let content = self.body(state, object.id);
                let own = match &content.body {
                    // It may have been assigned, or deleted, in the thread's own store buffer only.
                    Body::Instance(_) | Body::Thread(_) if !state.buffers.is_empty() => {
                        self.read_part(state, thread, object.id, u32::from(name.0)) != Value::Unset
                    }
                    Body::Instance(attributes) => attributes.iter().any(|(own, _)| own == name),
                    Body::Thread(thread) => thread.attributes.iter().any(|(own, _)| own == name),
                    _ => false,
                };
                if !own && !facts.writes {
                    let class = object.kind.class()?;
                    let (variable, number) = self.class_variable(state, local.space, class, *name)?;
                    return Some((Mark::Variable(variable), number, false));
                }
                (object.id, Mark::Attribute(content.site, *name))
            }
            Operation::LoadMember(Value::Class(class), name) => {
                let (variable, number) = self.class_variable(state, local.space, *class, *name)?;
                return Some((Mark::Variable(variable), number, false));
            }
            Operation::StoreMember(Value::Class(class), name, _) => {
                let variable = Variable::Class(*class, *name);
                (local.space.unwrap_or(self.shared.variable(variable)), Mark::Variable(variable))
            }
            _ => return None,
        };
        Some((mark, object, facts.writes))
    }

    /// Collections that an operation looks at without being an access to one: those of a text, a comparison, a copy.
    pub(super) fn looks_at(&mut self, state: &State, thread: usize, operation: &Operation) -> Vec<u32> {
        let mut pending: Vec<Reference> = Vec::new();
        let mut gather = |value: &Value| value.visit(&mut |object| pending.push(object));
        match operation {
            Operation::Compare(_, left, right) => {
                gather(left);
                gather(right);
            }
            Operation::Render(values) => values.iter().for_each(|(value, _)| gather(value)),
            Operation::DeepCopy(value) => gather(value),
            Operation::Access(_, access) => access.values(&mut gather),
            _ => return Vec::new(),
        }
        let mut seen = Vec::new();
        if let Operation::Access(object, Access::Next) = operation {
            // Only itself: what it holds is not gone into.
            self.body(state, object.id).body.values(&mut |value| value.visit(&mut |object| seen.push(object)));
            seen.retain(|object| Value::Object(*object).holds_containers());
            let mut seen: Vec<u32> = seen.into_iter().map(|object: Reference| object.id).collect();
            seen.retain(|id| !self.is_constant(*id));
            return seen;
        }
        let mut seen = Vec::new();
        while let Some(object) = pending.pop() {
            let is_collection = Value::Object(object).holds_containers();
            if !is_collection || seen.contains(&object.id) {
                continue;
            }
            seen.push(object.id);
            let content = self.body_for(state, Some(thread), object.id);
            content.body.values(&mut |value| value.visit(&mut |object| pending.push(object)));
        }
        seen.retain(|id| !self.is_constant(*id));
        seen
    }

    pub(super) fn class_variable(
        &mut self,
        state: &State,
        space: Option<u32>,
        class: crate::program::code::ClassId,
        name: NameId,
    ) -> Option<(Variable, u32)> {
        let mut class = class;
        loop {
            let variable = Variable::Class(class, name);
            let number = self.shared.variable(variable);
            let content = self.body(state, space.unwrap_or(number));
            let value = match &content.body {
                Body::Variable(value) => value,
                Body::Namespace(values) => &values[number as usize],
                _ => &Value::Unset,
            };
            if *value != Value::Unset {
                return Some((variable, space.unwrap_or(number)));
            }
            match self.shared.program.classes[class.index()].base {
                crate::program::code::Base::Class(base) => class = base,
                _ => return None,
            }
        }
    }

    /// Whether a thread's operation is a step here.
    pub(super) fn is_step(&mut self, state: &State, thread: usize, unfinished: usize) -> bool {
        let facts = self.facts(state.threads[thread]);
        if facts.kind != LocalKind::Operating {
            return false;
        }
        let yes = match facts.visible {
            Visibility::Yes => true,
            Visibility::Join | Visibility::TimedJoin => !self.join_is_over(state, thread),
            Visibility::No if facts.variable_is_marked == Some(true) && !self.shared.holds_back => true,
            Visibility::No => {
                let may_change = facts.general || facts.object.is_some_and(|object| !self.is_constant(object));
                let is_marked = !self.shared.marks.is_empty() && may_change && self.touches_marked(state, thread);
                is_marked || (unfinished > 1 && self.is_held_back(state, thread))
            }
        };
        yes && (unfinished > 1 || self.has_choices(state, thread))
    }

    /// Whether a thread's next access would end it, or everything, and waits to be a step of its own.
    pub(super) fn is_held_back(&mut self, state: &State, thread: usize) -> bool {
        if !self.shared.holds_back || !self.is_access(state, thread) {
            return false;
        }
        let mut next = state.clone();
        self.perform(&mut next, thread, 0);
        // What follows until the next access is no step even where every access is one.
        loop {
            self.released.clear();
            let ended = self.facts(next.threads[thread]).ended;
            if self.problem.is_some() || ended || self.census(&next).is_final {
                return true;
            }
            let goes_on = |machine: &mut Self, other: usize| {
                let facts = machine.facts(next.threads[other]);
                facts.kind == LocalKind::Operating
                    && facts.visible != Visibility::Yes
                    && (facts.visible != Visibility::TimedJoin || machine.join_is_over(&next, other))
                    && !machine.is_access(&next, other)
                    && machine.choices(&next, other) > 0
            };
            match (0..next.threads.len()).find(|other| goes_on(self, *other)) {
                Some(other) => self.perform(&mut next, other, 0),
                None => return false,
            }
        }
    }

    /// Whether a thread's operation reads or writes a location, shared or not.
    pub(super) fn is_access(&mut self, state: &State, thread: usize) -> bool {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return false };
        match operation {
            Operation::Load(_) | Operation::Store(..) | Operation::Access(..) => true,
            Operation::LoadMember(..) | Operation::StoreMember(..) => true,
            Operation::Compare(_, left, right) => left.holds_containers() || right.holds_containers(),
            Operation::Render(values) => values.iter().any(|(value, _)| value.holds_containers()),
            Operation::DeepCopy(value) => value.holds_containers(),
            Operation::Sync(object, Sync::Read | Sync::Write(_)) => object.kind == ObjectKind::SharedValue,
            _ => false,
        }
    }

    pub(super) fn touches_marked(&mut self, state: &State, thread: usize) -> bool {
        if let Some((mark, _, _)) = self.location(state, thread)
            && self.shared.marks.contains(&mark)
        {
            return true;
        }
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return false };
        let looked_at = self.looks_at(state, thread, operation);
        looked_at.into_iter().any(|object| {
            let site = self.body(state, object).site;
            self.shared.marks.contains(&Mark::Whole(site))
        })
    }

    /// A step that is one even where a thread is alone: there is something to choose.
    pub(super) fn has_choices(&mut self, state: &State, thread: usize) -> bool {
        let local = self.local(state.threads[thread]);
        match &local.pause {
            Pause::Operation(Operation::Choose(values)) => values.len() > 1,
            Pause::Operation(Operation::FirstDone(_)) => self.choices(state, thread) > 1,
            _ => false,
        }
    }

    pub(super) fn join_is_over(&mut self, state: &State, thread: usize) -> bool {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(Operation::Sync(object, Sync::Join(_))) = &local.pause else { return false };
        match &self.body(state, object.id).body {
            Body::Thread(ThreadBody { stage: Stage::Started(other), .. }) => {
                let other = usize::from(*other);
                other == thread || self.are_over(state, other, &local.awaits)
            }
            // What is wrong with it shows when it is done.
            _ => true,
        }
    }

    /// Whether a thread has ended, and everybody sees what it did. With the first thread of a process, all of the process.
    pub(super) fn is_over(&mut self, state: &State, thread: usize) -> bool {
        let has_ended = |machine: &mut Self, thread: usize| {
            machine.facts(state.threads[thread]).ended && machine.is_drained(state, thread)
        };
        has_ended(self, thread) && self.ends_with(state, thread).into_iter().all(|other| has_ended(self, other))
    }

    /// A thread, and where it is the first of another process, all that its process waits for at its end.
    pub(super) fn ends_with(&mut self, state: &State, thread: usize) -> Vec<usize> {
        let is_first = thread > 0 && usize::from(self.local(state.threads[thread]).home.process) == thread;
        let others = if is_first { self.waited_for_by(state, thread) } else { Vec::new() };
        [thread].into_iter().chain(others).collect()
    }

    /// The threads whose ends a thread's own process waits for at its end, where the thread is its first: all that are no
    /// daemons, and the processes that it started, with theirs.
    pub(super) fn waited_for_by(&mut self, state: &State, first: usize) -> Vec<usize> {
        let mut all = vec![first];
        let mut at = 0;
        while at < all.len() {
            let process = all[at] as u8;
            at += 1;
            for other in 1..state.threads.len() {
                let local = self.local(state.threads[other]);
                let starts_it = usize::from(local.home.process) == other && local.home.parent == process;
                let within = local.home.process == process;
                if (within || starts_it) && !local.daemon && !all.contains(&other) {
                    all.push(other);
                }
            }
        }
        all.retain(|other| *other != first);
        all
    }

    /// Whether some process still has this end of a pipe: the first has all that it does not close until all is over, for
    /// its end waits for the others.
    pub(super) fn is_held(&mut self, state: &State, end: Reference) -> bool {
        match &self.body(state, end.id).body {
            Body::Connection(end) => {
                end.holders.iter().any(|process| *process == 0 || !self.is_over(state, usize::from(*process)))
            }
            _ => false,
        }
    }

    /// Whether what an operation of one end of a pipe comes to is clear without waiting: it fails, or nobody will ever
    /// answer.
    pub(super) fn fails(&mut self, state: &State, thread: usize, end: &ConnectionBody, sends: bool) -> bool {
        let process = self.local(state.threads[thread]).home.process;
        let may = if sends { end.sends } else { end.receives };
        !may || !end.holders.contains(&process) || !self.is_held(state, end.peer)
    }

    pub(super) fn are_over(&mut self, state: &State, thread: usize, awaits: &[u8]) -> bool {
        self.is_over(state, thread) && awaits.iter().all(|other| self.is_over(state, usize::from(*other)))
    }

    pub(super) fn is_drained(&mut self, state: &State, thread: usize) -> bool {
        state.buffers.get(thread).is_none_or(|buffer| self.shared.buffers.get(*buffer).is_empty())
    }

    /// How many choices a thread's operation has now; 0 where it would block.
    pub(super) fn choices(&mut self, state: &State, thread: usize) -> usize {
        let number = state.threads[thread];
        let facts = self.facts(number);
        if facts.kind != LocalKind::Operating {
            return 0;
        }
        if let (Some(object), false) = (facts.object, facts.general) {
            let key = (number, self.held(state, object), thread as u32);
            match self.effects.get(&key) {
                Some(Effect::Done { .. }) => return 1,
                Some(Effect::Blocked) => return 0,
                None => {}
            }
            let choices = self.choices_of(state, thread);
            if choices == 0 {
                self.effects.insert(key, Effect::Blocked);
            }
            return choices;
        }
        self.choices_of(state, thread)
    }

    pub(super) fn choices_of(&mut self, state: &State, thread: usize) -> usize {
        let local = self.local(state.threads[thread]);
        let Pause::Operation(operation) = &local.pause else { return 0 };
        if !self.is_drained(state, thread) && self.must_drain(state, thread, operation) {
            return 0;
        }
        match operation {
            Operation::Choose(values) => values.len(),
            Operation::FirstDone(futures) => futures.iter().filter(|future| self.is_done(state, **future)).count(),
            Operation::Sync(object, Sync::Notify(count)) => self.wake_choices(state, *object, *count).len(),
            Operation::Sync(object, sync) => {
                let blocked = self.blocks(state, thread, *object, sync);
                usize::from(!blocked)
            }
            _ => 1,
        }
    }

    /// Under `tso`: whether an operation waits until the thread's writes are seen.
    pub(super) fn must_drain(&mut self, state: &State, thread: usize, operation: &Operation) -> bool {
        match operation {
            Operation::Fence | Operation::Start(_) => true,
            Operation::Sync(object, Sync::Read | Sync::Write(_)) => object.kind != ObjectKind::SharedValue,
            Operation::Sync(_, sync) => !matches!(
                sync,
                Sync::Name | Sync::SetName(_) | Sync::IsDaemon | Sync::SetDaemon(_) | Sync::Parties | Sync::GetLock
            ),
            // What both reads and writes a collection does so in one go, as by a locked instruction.
            Operation::Access(_, access) => {
                access.writes() && !access.writes_blindly() && self.touches_marked(state, thread)
            }
            _ => false,
        }
    }

    pub(super) fn is_done(&mut self, state: &State, future: Reference) -> bool {
        matches!(self.body(state, future.id).body, Body::Future(Some(_)))
    }

    /// Sets of sleepers that a notify may wake, each as positions among them.
    pub(super) fn wake_choices(&mut self, state: &State, condition: Reference, count: Option<i64>) -> Vec<Vec<usize>> {
        let content = self.body(state, condition.id);
        let Body::Condition { sleepers, .. } = &content.body else { return vec![Vec::new()] };
        let asleep: Vec<usize> = (0..sleepers.len()).filter(|at| !sleepers[*at].notified).collect();
        let count = count.map_or(asleep.len(), |count| usize::try_from(count.max(0)).unwrap_or(0)).min(asleep.len());
        if self.shared.options.notify == Notify::Fifo || count == asleep.len() {
            return vec![asleep[..count].to_vec()];
        }
        // All subsets of that size; by the numbers of their threads, so that a choice has a meaning of its own.
        let mut by_thread = asleep;
        by_thread.sort_by_key(|at| sleepers[*at].thread);
        let mut sets = Vec::new();
        let mut chosen: Vec<usize> = (0..count).collect();
        loop {
            sets.push(chosen.iter().map(|at| by_thread[*at]).collect());
            let Some(last) = (0..count).rev().find(|at| chosen[*at] < by_thread.len() - count + at) else {
                return sets;
            };
            chosen[last] += 1;
            for at in last + 1..count {
                chosen[at] = chosen[at - 1] + 1;
            }
        }
    }

    /// Whether an operation of an object would block.
    pub(super) fn blocks(&mut self, state: &State, thread: usize, object: Reference, sync: &Sync) -> bool {
        let content = self.body(state, object.id);
        let me = thread as u8;
        match (sync, &content.body) {
            (Sync::Acquire(Patience::Forever), body) => match body {
                Body::Condition { lock, .. } => {
                    let lock = *lock;
                    self.blocks(state, thread, lock, sync)
                }
                Body::Lock { owner } => owner.is_some(),
                Body::RLock { owner, .. } => owner.is_some_and(|owner| owner != me),
                Body::Semaphore { value, .. } => *value <= 0,
                _ => false,
            },
            (Sync::Wake(patience), Body::Condition { lock, sleepers }) => {
                let notified = sleepers.iter().any(|sleeper| sleeper.thread == me && sleeper.notified);
                let may_wake = notified || *patience != Patience::Forever || self.shared.options.spurious;
                let lock = *lock;
                !may_wake || self.blocks(state, thread, lock, &Sync::Acquire(Patience::Forever))
            }
            (Sync::AwaitEvent(Patience::Forever), Body::Event(set)) => !set,
            (Sync::Put(_, Patience::Forever) | Sync::Get(Patience::Forever), Body::Queue(queue))
                if queue.closed_by.contains(&self.local(state.threads[thread]).home.process) =>
            {
                false
            }
            (Sync::Get(Patience::Forever), Body::Queue(queue)) => {
                queue.items.is_empty() && queue.closure == Closure::Open
            }
            (Sync::Put(_, Patience::Forever), Body::Queue(queue)) => queue.is_full(),
            (Sync::Put(_, Patience::Forever), Body::Connection(end)) => {
                matches!(&self.body(state, end.outgoing.id).body, Body::Queue(queue) if queue.is_full())
                    && !self.fails(state, thread, end, true)
            }
            (Sync::Get(Patience::Forever) | Sync::Poll(Patience::Forever), Body::Connection(end)) => {
                matches!(&self.body(state, end.incoming.id).body, Body::Queue(queue) if queue.items.is_empty())
                    && !self.fails(state, thread, end, false)
            }
            (Sync::Arrive(_) | Sync::GiveUp | Sync::Abort | Sync::Reset, Body::Barrier(barrier)) => barrier.is_acting,
            (Sync::AwaitTasks, Body::Queue(queue)) => queue.unfinished > 0 && queue.kind != QueueKind::Processes,
            (Sync::Join(Patience::Forever), Body::Thread(ThreadBody { stage: Stage::Started(other), .. })) => {
                let other = usize::from(*other);
                let local = self.local(state.threads[thread]);
                other != thread && !self.are_over(state, other, &local.awaits)
            }
            (Sync::Result(Patience::Forever, _) | Sync::Failure(Patience::Forever), Body::Future(result)) => {
                result.is_none()
            }
            _ => false,
        }
    }

    /// What a thread waits for, and who holds it.
    pub(super) fn awaited(&mut self, state: &State, thread: usize) -> Option<(Reference, Sync, Option<usize>)> {
        let local = self.local(state.threads[thread]);
        if local.pause == Pause::Parked {
            let barrier = self.objects(state).find(|object| match &self.body(state, *object).body {
                Body::Barrier(barrier) => barrier.waiting.contains(&(thread as u8)),
                _ => false,
            })?;
            return Some((Reference { kind: ObjectKind::Barrier, id: barrier }, Sync::Arrive(Patience::Forever), None));
        }
        let Pause::Operation(Operation::Sync(object, sync)) = &local.pause else { return None };
        for other in &local.awaits {
            if !self.is_over(state, usize::from(*other)) {
                let handle = self.handle_of(state, *other)?;
                return Some((handle, sync.clone(), Some(usize::from(*other))));
            }
        }
        let content = self.body(state, object.id);
        let holder = match (&content.body, sync) {
            (Body::Lock { owner } | Body::RLock { owner, .. }, _) => *owner,
            (Body::Condition { lock, .. }, Sync::Acquire(_)) => match &self.body(state, lock.id).body {
                Body::Lock { owner } | Body::RLock { owner, .. } => *owner,
                _ => None,
            },
            (Body::Condition { lock, sleepers }, Sync::Wake(_)) => {
                let notified = sleepers.iter().any(|sleeper| usize::from(sleeper.thread) == thread && sleeper.notified);
                match &self.body(state, lock.id).body {
                    Body::Lock { owner } | Body::RLock { owner, .. } if notified => *owner,
                    _ => None,
                }
            }
            (Body::Thread(ThreadBody { stage: Stage::Started(other), .. }), Sync::Join(_)) => Some(*other),
            _ => None,
        };
        Some((*object, sync.clone(), holder.map(usize::from)))
    }
}
