//! What one step of one thread does, in the words of the specification.

use super::build::Built;
use super::program::{Made, Name};
use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque};

/// A value. Lists are by identity: an index into the lists of the state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Str(Name),
    List(usize),
    /// A synchronisation object: the global that it was made for.
    Object(usize),
}

/// The operations of one function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    pub(crate) ops: Vec<Op>,
    pub(crate) lines: Vec<u32>,
    /// Whether the operation belongs to a simple statement.
    pub(crate) simple: Vec<bool>,
    pub(crate) locals: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// A simple statement is over.
    End,
    Push(Value),
    Load(usize),
    Store(usize),
    Pop,
    /// `[a b] -> [b a b]`
    Tuck,
    /// `[a b] -> [a b a b]`
    DuplicateTwo,
    /// `[a b c] -> [c a b]`
    Rotate,
    Binary(Name),
    Compare(Name),
    Not,
    Jump(usize),
    JumpIfFalse(usize),
    JumpIfFalseOrPop(usize),
    JumpIfTrueOrPop(usize),
    /// Into a `with`, whose lock is held now.
    Entered(usize),
    /// Out of the innermost `with`, whose lock is released next.
    Left,
    /// Of an `assert`.
    Check,
    ThreadName,
    Start(usize),
    Join(usize),
    Act(Act),
}

/// What others may see: one operation each.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Read(usize),
    Write(usize),
    Len,
    Item,
    SetItem,
    Append,
    Extend,
    Pop,
    Contains,
    Acquire(usize),
    TryAcquire(usize),
    Release(usize),
    Locked(usize),
    /// The first step of `wait`: release all levels and sleep.
    Sleep(usize),
    /// The second one, once notified.
    Reacquire(usize),
    Notify(usize, usize),
    Set(usize),
    Clear(usize),
    IsSet(usize),
    WaitSet(usize),
    Put(usize),
    PutNowait(usize),
    Get(usize),
    GetNowait(usize),
    TaskDone(usize),
    JoinQueue(usize),
    Qsize(usize),
    Empty(usize),
    Full(usize),
    Meet(usize),
    Print,
    Choice(Vec<i64>),
    IsAlive(usize),
    LoadAtomic(usize),
    StoreAtomic(usize),
    AddAtomic(usize),
    CompareExchange(usize),
    Fence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Location {
    Global(usize),
    List(usize),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// All steps of a simple statement are one.
    pub(crate) statement: bool,
    pub(crate) tso: bool,
    /// `notify` wakes those who waited longest.
    pub(crate) fifo: bool,
    /// An exception ends only its thread.
    pub(crate) thread_exceptions: bool,
}

/// A synchronisation object; its place is that of its global.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Object {
    Plain,
    Lock(Option<usize>),
    RLock(Option<(usize, usize)>),
    Semaphore { free: i64, bound: Option<i64> },
    Condition { lock: usize, sleeping: Vec<usize> },
    Event(bool),
    Queue { items: VecDeque<Value>, capacity: usize, unfinished: usize, lifo: bool },
    Barrier { parties: usize, arrived: Vec<usize> },
    Atomic(i64),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Thread {
    /// Which of the program's threads; `None` for main.
    of: Option<usize>,
    function: usize,
    at: usize,
    stack: Vec<Value>,
    locals: Vec<Option<Value>>,
    withs: Vec<usize>,
    /// An exception is on its way out: what is left is to release what `with` holds.
    unwinding: bool,
    ended: bool,
    daemon: bool,
    /// Its statement ended, or a new one began, since this was last set to false.
    passed: bool,
    /// What it knows of each thread through `start` and `join` alone.
    clock: Vec<u32>,
    /// Writes that others do not see yet, the oldest first.
    buffer: VecDeque<Pending>,
}

/// A write that others do not see yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Pending {
    Global(usize, Value),
    /// The item at a place of a list.
    Item(usize, usize, Value),
    /// One more item of a list.
    Append(usize, Value),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Failure {
    pub(crate) assertion: bool,
    pub(crate) thread: usize,
    pub(crate) line: u32,
    pub(crate) name: Name,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    globals: Vec<Value>,
    pub(crate) lists: Vec<Vec<Value>>,
    objects: Vec<Object>,
    /// In the order of their start; 0 is main.
    threads: Vec<Thread>,
    pub(crate) output: Vec<String>,
    /// Globals that were assigned or changed since the first start.
    pub(crate) changed: BTreeSet<usize>,
    pub(crate) failure: Option<Failure>,
    /// Every access so far: where, by whom, when on its own clock, writing. Kept only while shared locations are sought.
    accesses: BTreeSet<(Location, usize, u32, bool)>,
}

/// Who waits for what: a thread by its number, or a global by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum For {
    End(usize),
    Object(String),
}

/// What a schedule may do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Step(usize),
    /// The oldest write in the buffer of a thread reaches memory.
    Drain(usize),
}

pub(crate) struct Machine<'a> {
    pub(crate) built: &'a Built,
    pub(crate) rules: Rules,
    /// Locations that are shared; with none, every access is a step, and conflicts are noted.
    pub(crate) shared: Option<BTreeSet<Location>>,
    /// Conflicts that were noted.
    pub(crate) conflicts: std::cell::RefCell<BTreeSet<Location>>,
}

impl Machine<'_> {
    // ── the beginning ──────────────────────────────────────────────────────────────────────────────────────────────────

    pub(crate) fn begin(&self) -> State {
        let mut lists = Vec::new();
        let mut globals = Vec::new();
        let mut objects = Vec::new();
        for (place, (_, made)) in self.built.globals.iter().enumerate() {
            let object = match made {
                Made::Int(_) | Made::Bool(_) | Made::List(_) => Object::Plain,
                Made::Lock => Object::Lock(None),
                Made::RLock => Object::RLock(None),
                Made::Semaphore(free) => Object::Semaphore { free: *free, bound: None },
                Made::BoundedSemaphore(free) => Object::Semaphore { free: *free, bound: Some(*free) },
                Made::Condition(None) => Object::Condition { lock: place, sleeping: Vec::new() },
                Made::Condition(Some(lock)) => {
                    let lock = self.built.globals.iter().position(|(name, _)| name == lock).expect("a lock");
                    Object::Condition { lock, sleeping: Vec::new() }
                }
                Made::Event => Object::Event(false),
                Made::Queue(capacity) | Made::LifoQueue(capacity) => Object::Queue {
                    items: VecDeque::new(),
                    capacity: *capacity,
                    unfinished: 0,
                    lifo: matches!(made, Made::LifoQueue(_)),
                },
                Made::Barrier(parties) => Object::Barrier { parties: *parties, arrived: Vec::new() },
                Made::Atomic(value) => Object::Atomic(*value),
            };
            objects.push(object);
            globals.push(match made {
                Made::Int(value) => Value::Int(*value),
                Made::Bool(value) => Value::Bool(*value),
                Made::List(items) => {
                    lists.push(items.iter().map(|item| Value::Int(*item)).collect());
                    Value::List(lists.len() - 1)
                }
                _ => Value::Object(place),
            });
        }
        // The lock of a condition that has one of its own stands behind the globals: re-entrant.
        for place in 0..objects.len() {
            let behind = objects.len();
            if let Object::Condition { lock, .. } = &mut objects[place]
                && *lock == place
            {
                *lock = behind;
                objects.push(Object::RLock(None));
            }
        }
        let main = self.thread(None, 0, None, false, vec![1]);
        let mut state = State {
            globals,
            lists,
            objects,
            threads: vec![main],
            output: Vec::new(),
            changed: BTreeSet::new(),
            failure: None,
            accesses: BTreeSet::new(),
        };
        self.settle(&mut state);
        state
    }

    fn thread(
        &self,
        of: Option<usize>,
        function: usize,
        argument: Option<i64>,
        daemon: bool,
        clock: Vec<u32>,
    ) -> Thread {
        let mut locals = vec![None; self.built.code[function].locals];
        if let Some(argument) = argument {
            locals[0] = Some(Value::Int(argument));
        }
        Thread {
            of,
            function,
            at: 0,
            stack: Vec::new(),
            locals,
            withs: Vec::new(),
            unwinding: false,
            ended: false,
            daemon,
            passed: false,
            clock,
            buffer: VecDeque::new(),
        }
    }

    // ── what can be done next ──────────────────────────────────────────────────────────────────────────────────────────

    /// Every step that is enabled. None: the schedule is complete.
    pub(crate) fn enabled(&self, state: &State) -> Vec<Next> {
        if state.failure.is_some() || self.is_over(state) {
            return Vec::new();
        }
        let mut all = Vec::new();
        for thread in 0..state.threads.len() {
            if self.act(state, thread).is_some_and(|act| self.can(state, thread, &act)) {
                all.push(Next::Step(thread));
            }
            if !state.threads[thread].buffer.is_empty() {
                all.push(Next::Drain(thread));
            }
        }
        all
    }

    /// The states after a step, one for each choice.
    pub(crate) fn take(&self, state: &State, next: Next) -> Vec<State> {
        let mut after = match next {
            Next::Drain(thread) => {
                let mut after = state.clone();
                let write = after.threads[thread].buffer.pop_front().expect("a write");
                after.reach_memory(write);
                self.run(&mut after, thread);
                vec![after]
            }
            Next::Step(thread) => self.step(state, thread),
        };
        after.iter_mut().for_each(|state| self.settle(state));
        after
    }

    fn step(&self, state: &State, thread: usize) -> Vec<State> {
        let act = self.act(state, thread).expect("an operation");
        let mut all = Vec::new();
        for choice in 0..self.choices(state, &act) {
            let mut after = state.clone();
            let simple = self.simple(state, thread);
            after.threads[thread].passed = false;
            self.perform(&mut after, thread, &act, choice);
            self.run(&mut after, thread);
            // The rest of the same simple statement, until it has ended or would block.
            let goes_on = self.rules.statement
                && simple
                && after.failure.is_none()
                && !after.threads[thread].passed
                && !after.threads[thread].unwinding
                && self.act(&after, thread).is_some_and(|next| self.can(&after, thread, &next));
            if goes_on {
                all.extend(self.step(&after, thread));
            } else {
                all.push(after);
            }
        }
        all
    }

    fn simple(&self, state: &State, thread: usize) -> bool {
        let it = &state.threads[thread];
        !it.unwinding && self.built.code[it.function].simple[it.at]
    }

    /// The operation that a thread is at; none where it has ended or waits for the end of another.
    fn act(&self, state: &State, thread: usize) -> Option<Act> {
        let it = &state.threads[thread];
        if it.ended {
            return None;
        }
        if it.unwinding {
            return it.withs.last().map(|lock| Act::Release(*lock));
        }
        match self.built.code[it.function].ops.get(it.at) {
            Some(Op::Act(act)) => Some(act.clone()),
            _ => None,
        }
    }

    /// Whether an operation can succeed, or fail, now.
    fn can(&self, state: &State, thread: usize, act: &Act) -> bool {
        if self.rules.tso
            && !state.threads[thread].buffer.is_empty()
            && !matches!(act, Act::Read(_) | Act::Write(_) | Act::Print | Act::Choice(_))
            // To write an item, or one more, is a write like any other; to take one out both reads and writes.
            && !matches!(act, Act::Len | Act::Item | Act::Contains | Act::SetItem | Act::Append | Act::Extend)
        {
            return false;
        }
        match act {
            Act::Acquire(object) => free(state, *object, thread),
            Act::Reacquire(object) => {
                let Object::Condition { lock, sleeping } = &state.objects[*object] else { unreachable!("a condition") };
                !sleeping.contains(&thread) && free(state, *lock, thread)
            }
            Act::WaitSet(object) => state.objects[*object] == Object::Event(true),
            Act::Put(object) => !queue_full(state, *object),
            Act::Get(object) => queue_len(state, *object) > 0,
            Act::JoinQueue(object) => {
                matches!(&state.objects[*object], Object::Queue { unfinished: 0, .. })
            }
            Act::Meet(object) => {
                let Object::Barrier { arrived, .. } = &state.objects[*object] else { unreachable!("a barrier") };
                !arrived.contains(&thread)
            }
            _ => true,
        }
    }

    fn choices(&self, state: &State, act: &Act) -> usize {
        match act {
            Act::Choice(values) => values.len(),
            Act::Notify(condition, count) if !self.rules.fifo => self.woken(state, *condition, *count).len().max(1),
            _ => 1,
        }
    }

    /// The sets of waiters that a `notify` may wake, in the order of their threads' numbers.
    fn woken(&self, state: &State, condition: usize, count: usize) -> Vec<Vec<usize>> {
        let Object::Condition { sleeping, .. } = &state.objects[condition] else { unreachable!("a condition") };
        if self.rules.fifo {
            return vec![sleeping.iter().copied().take(count).collect()];
        }
        let mut waiters = sleeping.clone();
        waiters.sort_unstable();
        subsets(&waiters, count.min(waiters.len()))
    }

    // ── local code, starts, joins, ends ────────────────────────────────────────────────────────────────────────────────

    /// Runs a thread's local code up to its next step.
    fn run(&self, state: &mut State, thread: usize) {
        while state.failure.is_none() && !state.threads[thread].ended {
            if let Some(act) = self.act(state, thread) {
                if self.is_step(state, thread, &act) {
                    return;
                }
                self.perform(state, thread, &act, 0);
                continue;
            }
            let it = &state.threads[thread];
            let op = match it.unwinding {
                true => None,
                false => self.built.code[it.function].ops.get(it.at).cloned(),
            };
            match op {
                None if thread == 0 || !it.buffer.is_empty() => return,
                None => state.threads[thread].ended = true,
                Some(Op::Join(other)) => {
                    let number = number(state, other).expect("joined after its start");
                    if !state.threads[number].ended {
                        return;
                    }
                    let theirs = state.threads[number].clock.clone();
                    merge(&mut state.threads[thread].clock, &theirs);
                    state.threads[thread].at += 1;
                }
                Some(Op::Start(other)) => {
                    let number = state.threads.len();
                    let it = &mut state.threads[thread];
                    it.at += 1;
                    // What the starter does from now on, the started one does not know of.
                    let mut clock = it.clock.clone();
                    it.clock[thread] += 1;
                    clock.resize(number, 0);
                    clock.push(1);
                    let made = &self.built.threads[other];
                    let started = self.thread(Some(other), made.function, made.argument, made.daemon, clock);
                    state.threads.push(started);
                    self.run(state, number);
                }
                Some(op) => self.local(state, thread, op),
            }
        }
    }

    /// Whether an operation is a step.
    fn is_step(&self, state: &State, thread: usize, act: &Act) -> bool {
        match (&self.shared, self.location(state, thread, act)) {
            (_, None) | (None, _) => true,
            (Some(shared), Some((location, _))) => shared.contains(&location),
        }
    }

    /// What an operation accesses, and whether it writes there.
    fn location(&self, state: &State, thread: usize, act: &Act) -> Option<(Location, bool)> {
        let stack = &state.threads[thread].stack;
        let list = |below: usize, write: bool| match stack[stack.len() - 1 - below] {
            Value::List(list) => Some((Location::List(list), write)),
            _ => unreachable!("a list"),
        };
        match act {
            Act::Read(global) => Some((Location::Global(*global), false)),
            Act::Write(global) => Some((Location::Global(*global), true)),
            Act::Len => list(0, false),
            Act::Pop => list(0, true),
            Act::Contains => list(0, false),
            Act::Item => list(1, false),
            Act::Append | Act::Extend => list(1, true),
            Act::SetItem => list(1, true),
            _ => None,
        }
    }

    /// After a step: joins whose thread has ended are taken, and while one thread alone is left, so is all it does.
    fn settle(&self, state: &mut State) {
        loop {
            let before = progress(state);
            for thread in 0..state.threads.len() {
                self.run(state, thread);
            }
            if state.failure.is_some() || self.is_over(state) {
                return;
            }
            let left: Vec<usize> = (0..state.threads.len()).filter(|thread| !state.threads[*thread].ended).collect();
            if let [alone] = left[..]
                && let Some(act) = self.act(state, alone)
                && self.can(state, alone, &act)
            {
                assert!(self.choices(state, &act) == 1, "a choice while nothing is a step");
                self.perform(state, alone, &act, 0);
                while let Some(write) = state.threads[alone].buffer.pop_front() {
                    state.reach_memory(write);
                }
                self.run(state, alone);
            } else if progress(state) == before {
                return;
            }
        }
    }

    fn local(&self, state: &mut State, thread: usize, op: Op) {
        let it = &mut state.threads[thread];
        it.at += 1;
        let stack = &mut it.stack;
        let mut pop = || stack.pop().expect("a value");
        match op {
            Op::End => it.passed = true,
            Op::Push(value) => stack.push(value),
            Op::Load(slot) => match it.locals[slot].clone() {
                Some(value) => it.stack.push(value),
                None => self.raise(state, thread, "UnboundLocalError"),
            },
            Op::Store(slot) => it.locals[slot] = Some(pop()),
            Op::Pop => drop(pop()),
            Op::Tuck => {
                let (b, a) = (pop(), pop());
                stack.extend([b.clone(), a, b]);
            }
            Op::DuplicateTwo => {
                let (b, a) = (pop(), pop());
                stack.extend([a.clone(), b.clone(), a, b]);
            }
            Op::Rotate => {
                let (c, b, a) = (pop(), pop(), pop());
                stack.extend([c, a, b]);
            }
            Op::Binary(operator) => {
                let (b, a) = (pop(), pop());
                let (a, b) = (number_of(&a), number_of(&b));
                stack.push(Value::Int(match operator {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    _ => unreachable!("operator {operator}"),
                }));
            }
            Op::Compare(operator) => {
                let (b, a) = (pop(), pop());
                let order = number_of(&a).cmp(&number_of(&b));
                stack.push(Value::Bool(match operator {
                    "==" => order == Ordering::Equal,
                    "!=" => order != Ordering::Equal,
                    "<" => order == Ordering::Less,
                    "<=" => order != Ordering::Greater,
                    ">" => order == Ordering::Greater,
                    ">=" => order != Ordering::Less,
                    _ => unreachable!("operator {operator}"),
                }));
            }
            Op::Not => {
                let value = pop();
                stack.push(Value::Bool(!truth(&value)));
            }
            Op::Jump(target) => it.at = target,
            Op::JumpIfFalse(target) => {
                if !truth(&pop()) {
                    it.at = target;
                }
            }
            Op::JumpIfFalseOrPop(target) => match truth(stack.last().expect("a value")) {
                true => drop(stack.pop()),
                false => it.at = target,
            },
            Op::JumpIfTrueOrPop(target) => match truth(stack.last().expect("a value")) {
                true => it.at = target,
                false => drop(stack.pop()),
            },
            Op::Entered(lock) => it.withs.push(lock),
            Op::Left => drop(it.withs.pop().expect("a with")),
            Op::Check => {
                if !truth(&pop()) {
                    self.raise(state, thread, "AssertionError");
                }
            }
            Op::ThreadName => {
                let name = it.of.map_or("MainThread", |of| self.built.threads[of].name);
                it.stack.push(Value::Str(name));
            }
            Op::Start(_) | Op::Join(_) | Op::Act(_) => unreachable!("no local operation"),
        }
    }

    /// An exception that nobody catches. Whoever raises has already gone on to the next operation.
    fn raise(&self, state: &mut State, thread: usize, name: Name) {
        let it = &mut state.threads[thread];
        if self.rules.thread_exceptions {
            it.unwinding = true;
            return;
        }
        let line = self.built.code[it.function].lines[it.at - 1];
        state.failure = Some(Failure { assertion: name == "AssertionError", thread, line, name });
    }

    // ── operations ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Carries out one operation that can be.
    fn perform(&self, state: &mut State, thread: usize, act: &Act, choice: usize) {
        if let Some((location, write)) = self.location(state, thread, act) {
            self.note(state, thread, location, write);
        }
        match state.threads[thread].unwinding {
            true => drop(state.threads[thread].withs.pop()),
            false => state.threads[thread].at += 1,
        }
        let started = state.threads.len() > 1;
        match act {
            Act::Read(global) => {
                let newest = state.threads[thread].buffer.iter().rev().find_map(|write| match write {
                    Pending::Global(written, value) if written == global => Some(value),
                    _ => None,
                });
                let value = newest.unwrap_or(&state.globals[*global]).clone();
                push(state, thread, value);
            }
            Act::Write(global) => {
                let value = pop(state, thread);
                if started {
                    state.changed.insert(*global);
                }
                self.write(state, thread, Location::Global(*global), Pending::Global(*global, value));
            }
            Act::Len => {
                let list = pop(state, thread);
                let len = state.seen(thread, &list).len();
                push(state, thread, count(len));
            }
            Act::Contains => {
                let (list, value) = (pop(state, thread), pop(state, thread));
                let found = state.seen(thread, &list).iter().any(|item| number_of(item) == number_of(&value));
                push(state, thread, Value::Bool(found));
            }
            Act::Item => {
                let (index, list) = (pop(state, thread), pop(state, thread));
                let items = state.seen(thread, &list);
                match place(&items, &index) {
                    Some(at) => push(state, thread, items[at].clone()),
                    None => self.raise(state, thread, "IndexError"),
                }
            }
            Act::SetItem => {
                let (index, list, value) = (pop(state, thread), pop(state, thread), pop(state, thread));
                match place(&state.seen(thread, &list), &index) {
                    Some(at) => {
                        let number = state.number_of_list(&list);
                        self.write(state, thread, Location::List(number), Pending::Item(number, at, value));
                        state.mutated(&list, started);
                    }
                    None => self.raise(state, thread, "IndexError"),
                }
            }
            Act::Append | Act::Extend => {
                let (value, list) = (pop(state, thread), pop(state, thread));
                let number = state.number_of_list(&list);
                self.write(state, thread, Location::List(number), Pending::Append(number, value));
                state.mutated(&list, started);
                if matches!(act, Act::Extend) {
                    push(state, thread, list);
                }
            }
            Act::Pop => {
                let list = pop(state, thread);
                match state.list(&list).pop() {
                    Some(value) => {
                        push(state, thread, value);
                        state.mutated(&list, started);
                    }
                    None => self.raise(state, thread, "IndexError"),
                }
            }
            Act::Print => {
                let value = pop(state, thread);
                let line = match value {
                    Value::None => "None".into(),
                    Value::Bool(value) => super::build::python_bool(value).into(),
                    Value::Int(value) => value.to_string(),
                    Value::Str(text) => text.into(),
                    Value::List(_) | Value::Object(_) => unreachable!("not printed"),
                };
                state.output.push(line);
            }
            Act::Choice(values) => push(state, thread, Value::Int(values[choice])),
            Act::IsAlive(other) => {
                let alive = number(state, *other).is_some_and(|number| !state.threads[number].ended);
                push(state, thread, Value::Bool(alive));
            }
            Act::Acquire(object) => acquire(state, *object, thread),
            Act::TryAcquire(object) => {
                let can = free(state, *object, thread);
                if can {
                    acquire(state, *object, thread);
                }
                push(state, thread, Value::Bool(can));
            }
            Act::Release(object) => {
                if let Err(name) = release(state, *object, thread) {
                    self.raise(state, thread, name);
                }
            }
            Act::Locked(object) => {
                let locked = matches!(&state.objects[*object], Object::Lock(Some(_)));
                push(state, thread, Value::Bool(locked));
            }
            Act::Sleep(condition) => {
                let Object::Condition { lock, sleeping } = &mut state.objects[*condition] else { unreachable!() };
                let lock = *lock;
                sleeping.push(thread);
                match &mut state.objects[lock] {
                    Object::Lock(holder @ Some(_)) => *holder = None,
                    Object::RLock(holder @ Some(_)) if holder.is_some_and(|(who, _)| who == thread) => {
                        let (_, depth) = holder.take().expect("held");
                        push(state, thread, count(depth));
                    }
                    _ => {
                        let Object::Condition { sleeping, .. } = &mut state.objects[*condition] else { unreachable!() };
                        sleeping.pop();
                        self.raise(state, thread, "RuntimeError");
                    }
                }
            }
            Act::Reacquire(condition) => {
                let Object::Condition { lock, .. } = &state.objects[*condition] else { unreachable!() };
                let lock = *lock;
                match &mut state.objects[lock] {
                    Object::Lock(holder) => *holder = Some(thread),
                    Object::RLock(holder) => {
                        let Some(Value::Int(depth)) = state.threads[thread].stack.pop() else { unreachable!() };
                        *holder = Some((thread, usize::try_from(depth).expect("a depth")));
                    }
                    _ => unreachable!("no lock of a condition"),
                }
            }
            Act::Notify(condition, number) => {
                let Object::Condition { lock, .. } = &state.objects[*condition] else { unreachable!() };
                let held = match &state.objects[*lock] {
                    Object::Lock(holder) => holder.is_some(),
                    Object::RLock(holder) => holder.is_some_and(|(who, _)| who == thread),
                    _ => unreachable!("no lock of a condition"),
                };
                if !held {
                    return self.raise(state, thread, "RuntimeError");
                }
                let sets = self.woken(state, *condition, *number);
                let Object::Condition { sleeping, .. } = &mut state.objects[*condition] else { unreachable!() };
                sleeping.retain(|waiter| !sets[choice].contains(waiter));
            }
            Act::Set(object) => state.objects[*object] = Object::Event(true),
            Act::Clear(object) => state.objects[*object] = Object::Event(false),
            Act::IsSet(object) => {
                let set = state.objects[*object] == Object::Event(true);
                push(state, thread, Value::Bool(set));
            }
            Act::WaitSet(_) => {}
            Act::Put(object) | Act::PutNowait(object) => {
                let value = pop(state, thread);
                if queue_full(state, *object) {
                    return self.raise(state, thread, "Full");
                }
                let Object::Queue { items, unfinished, .. } = &mut state.objects[*object] else { unreachable!() };
                items.push_back(value);
                *unfinished += 1;
            }
            Act::Get(object) | Act::GetNowait(object) => {
                let Object::Queue { items, lifo, .. } = &mut state.objects[*object] else { unreachable!() };
                match if *lifo { items.pop_back() } else { items.pop_front() } {
                    Some(value) => push(state, thread, value),
                    None => self.raise(state, thread, "Empty"),
                }
            }
            Act::TaskDone(object) => {
                let Object::Queue { unfinished, .. } = &mut state.objects[*object] else { unreachable!() };
                match unfinished.checked_sub(1) {
                    Some(left) => *unfinished = left,
                    None => self.raise(state, thread, "ValueError"),
                }
            }
            Act::JoinQueue(_) | Act::Fence => {}
            Act::Qsize(object) => {
                let len = queue_len(state, *object);
                push(state, thread, count(len));
            }
            Act::Empty(object) => {
                let empty = queue_len(state, *object) == 0;
                push(state, thread, Value::Bool(empty));
            }
            Act::Full(object) => {
                let full = queue_full(state, *object);
                push(state, thread, Value::Bool(full));
            }
            Act::Meet(object) => {
                // It has arrived, and stays until the last one comes.
                state.threads[thread].at -= 1;
                let Object::Barrier { parties, arrived } = &mut state.objects[*object] else { unreachable!() };
                arrived.push(thread);
                if arrived.len() == *parties {
                    let all = std::mem::take(arrived);
                    for &party in &all {
                        state.threads[party].at += 1;
                    }
                    for party in all {
                        self.run(state, party);
                    }
                }
            }
            Act::LoadAtomic(object) => {
                let Object::Atomic(value) = state.objects[*object] else { unreachable!() };
                push(state, thread, Value::Int(value));
            }
            Act::StoreAtomic(object) => {
                let value = number_of(&pop(state, thread));
                state.objects[*object] = Object::Atomic(value);
            }
            Act::AddAtomic(object) => {
                let more = number_of(&pop(state, thread));
                let Object::Atomic(value) = &mut state.objects[*object] else { unreachable!() };
                *value += more;
            }
            Act::CompareExchange(object) => {
                let (new, expected) = (number_of(&pop(state, thread)), number_of(&pop(state, thread)));
                let Object::Atomic(value) = &mut state.objects[*object] else { unreachable!() };
                let equal = *value == expected;
                if equal {
                    *value = new;
                }
                push(state, thread, Value::Bool(equal));
            }
        }
    }

    /// A write to a location, which waits in the thread's buffer under `tso`, if others can see the location at all.
    fn write(&self, state: &mut State, thread: usize, location: Location, write: Pending) {
        if self.rules.tso && self.shared.as_ref().is_none_or(|all| all.contains(&location)) {
            state.threads[thread].buffer.push_back(write);
        } else {
            state.reach_memory(write);
        }
    }

    /// Notes an access, and a conflict with an earlier one that `start` and `join` alone do not order.
    fn note(&self, state: &mut State, thread: usize, location: Location, write: bool) {
        if self.shared.is_some() {
            return;
        }
        let clock = &state.threads[thread].clock;
        let conflict = state.accesses.iter().any(|&(there, other, when, wrote)| {
            let ordered = clock.get(other).is_some_and(|known| when <= *known);
            there == location && other != thread && (wrote || write) && !ordered
        });
        if conflict {
            self.conflicts.borrow_mut().insert(location);
        }
        let when = clock[thread];
        state.accesses.insert((location, thread, when, write));
    }

    // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Main has done all it has to, and all threads that are not daemons have ended.
    pub(crate) fn is_over(&self, state: &State) -> bool {
        let main = &state.threads[0];
        let done = match main.unwinding {
            true => main.withs.is_empty(),
            false => main.at == self.built.code[0].ops.len(),
        };
        done && main.buffer.is_empty() && state.threads[1..].iter().all(|thread| thread.ended || thread.daemon)
    }

    pub(crate) fn value(&self, state: &State, global: usize) -> serde_json::Value {
        json(state, &state.globals[global])
    }

    /// Who waits for what, where nobody can go on. A main thread that has nothing left to do but wait for the others
    /// is not listed.
    pub(crate) fn waits(&self, state: &State) -> Vec<(usize, For)> {
        let name = |object: usize| match self.built.globals.get(object) {
            Some((name, _)) => For::Object((*name).into()),
            None => {
                let owner = state
                    .objects
                    .iter()
                    .position(|other| matches!(other, Object::Condition { lock, .. } if *lock == object));
                For::Object(self.built.globals[owner.expect("a condition")].0.into())
            }
        };
        let mut all = Vec::new();
        for (thread, it) in state.threads.iter().enumerate().filter(|(_, it)| !it.ended && !it.unwinding) {
            let waited = match self.built.code[it.function].ops.get(it.at) {
                Some(Op::Join(other)) => For::End(number(state, *other).expect("started")),
                Some(Op::Act(
                    Act::Acquire(object)
                    | Act::Reacquire(object)
                    | Act::WaitSet(object)
                    | Act::Put(object)
                    | Act::Get(object)
                    | Act::JoinQueue(object)
                    | Act::Meet(object),
                )) => name(*object),
                None => continue,
                Some(other) => unreachable!("{other:?} does not block"),
            };
            all.push((thread, waited));
        }
        all
    }
}

impl State {
    fn list(&mut self, value: &Value) -> &mut Vec<Value> {
        let number = self.number_of_list(value);
        &mut self.lists[number]
    }

    fn number_of_list(&self, value: &Value) -> usize {
        let Value::List(list) = value else { unreachable!("a list") };
        *list
    }

    /// A list as a thread sees it: what is in memory, and on top of that its own writes.
    fn seen(&self, thread: usize, value: &Value) -> Vec<Value> {
        let number = self.number_of_list(value);
        let mut items = self.lists[number].clone();
        for write in &self.threads[thread].buffer {
            write_to_list(&mut items, number, write);
        }
        items
    }

    /// All see a write.
    fn reach_memory(&mut self, write: Pending) {
        match write {
            Pending::Global(global, value) => self.globals[global] = value,
            Pending::Item(list, ..) | Pending::Append(list, _) => write_to_list(&mut self.lists[list], list, &write),
        }
    }

    fn mutated(&mut self, value: &Value, started: bool) {
        let found = self.globals.iter().position(|global| global == value);
        if let (Some(global), true) = (found, started) {
            self.changed.insert(global);
        }
    }
}

/// What a write makes of a list, if it is one to it. An item that is gone cannot be written any more.
fn write_to_list(items: &mut Vec<Value>, number: usize, write: &Pending) {
    match write {
        Pending::Item(list, at, value) if *list == number && *at < items.len() => items[*at] = value.clone(),
        Pending::Append(list, value) if *list == number => items.push(value.clone()),
        _ => {}
    }
}

fn json(state: &State, value: &Value) -> serde_json::Value {
    match value {
        Value::None => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Str(text) => (*text).into(),
        Value::List(list) => state.lists[*list].iter().map(|item| json(state, item)).collect(),
        Value::Object(_) => unreachable!("objects are not assigned"),
    }
}

/// Something that grows or changes whenever a thread gets on.
fn progress(state: &State) -> Vec<(usize, bool, usize, usize)> {
    state.threads.iter().map(|it| (it.at, it.ended, it.withs.len(), it.stack.len())).collect()
}

/// The number of one of the program's threads, if it has been started.
fn number(state: &State, thread: usize) -> Option<usize> {
    state.threads.iter().position(|it| it.of == Some(thread))
}

fn merge(clock: &mut Vec<u32>, other: &[u32]) {
    clock.resize(clock.len().max(other.len()), 0);
    for (mine, theirs) in clock.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}

fn push(state: &mut State, thread: usize, value: Value) {
    state.threads[thread].stack.push(value);
}

fn pop(state: &mut State, thread: usize) -> Value {
    state.threads[thread].stack.pop().expect("a value")
}

fn count(value: usize) -> Value {
    Value::Int(i64::try_from(value).expect("a small number"))
}

fn number_of(value: &Value) -> i64 {
    match value {
        Value::Int(value) => *value,
        Value::Bool(value) => i64::from(*value),
        other => unreachable!("{other:?} is not a number"),
    }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(value) => *value,
        Value::Int(value) => *value != 0,
        other => unreachable!("{other:?} is not tested"),
    }
}

/// The place in a list that an index means.
fn place(list: &[Value], index: &Value) -> Option<usize> {
    let index = number_of(index);
    let from_end = index + i64::try_from(list.len()).expect("a short list");
    let at = usize::try_from(if index < 0 { from_end } else { index }).ok()?;
    (at < list.len()).then_some(at)
}

/// All subsets of a size, in lexicographic order.
fn subsets(of: &[usize], size: usize) -> Vec<Vec<usize>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, first) in of.iter().enumerate() {
        for mut rest in subsets(&of[at + 1..], size - 1) {
            rest.insert(0, *first);
            all.push(rest);
        }
    }
    all
}

fn queue_len(state: &State, object: usize) -> usize {
    let Object::Queue { items, .. } = &state.objects[object] else { unreachable!("a queue") };
    items.len()
}

fn queue_full(state: &State, object: usize) -> bool {
    let Object::Queue { items, capacity, .. } = &state.objects[object] else { unreachable!("a queue") };
    *capacity > 0 && items.len() >= *capacity
}

/// Whether a thread could acquire it now.
fn free(state: &State, object: usize, thread: usize) -> bool {
    match &state.objects[object] {
        Object::Lock(holder) => holder.is_none(),
        Object::RLock(holder) => holder.is_none_or(|(who, _)| who == thread),
        Object::Semaphore { free, .. } => *free > 0,
        Object::Condition { lock, .. } => free(state, *lock, thread),
        other => unreachable!("{other:?} is not acquired"),
    }
}

fn acquire(state: &mut State, object: usize, thread: usize) {
    match &mut state.objects[object] {
        Object::Lock(holder) => *holder = Some(thread),
        Object::RLock(holder) => *holder = Some((thread, holder.map_or(1, |(_, depth)| depth + 1))),
        Object::Semaphore { free, .. } => *free -= 1,
        Object::Condition { lock, .. } => {
            let lock = *lock;
            acquire(state, lock, thread);
        }
        other => unreachable!("{other:?} is not acquired"),
    }
}

fn release(state: &mut State, object: usize, thread: usize) -> Result<(), Name> {
    match &mut state.objects[object] {
        Object::Lock(holder) => match holder.take() {
            Some(_) => Ok(()),
            None => Err("RuntimeError"),
        },
        Object::RLock(holder) => match *holder {
            Some((who, depth)) if who == thread => {
                *holder = (depth > 1).then_some((who, depth - 1));
                Ok(())
            }
            _ => Err("RuntimeError"),
        },
        Object::Semaphore { free, bound } => {
            if bound.is_some_and(|bound| *free >= bound) {
                return Err("ValueError");
            }
            *free += 1;
            Ok(())
        }
        Object::Condition { lock, .. } => {
            let lock = *lock;
            release(state, lock, thread)
        }
        other => unreachable!("{other:?} is not released"),
    }
}
