//! Small random programs: the same seed gives the same program, anywhere and for ever.

use super::program::*;

/// Every list that a program can have.
pub(crate) const LISTS: [Name; 2] = ["items", "more"];
const INTS: [Name; 3] = ["x", "y", "z"];

/// Numbers that look random: splitmix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(0x1234_5678))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// What kind of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Everything.
    Any,
    /// Variables, locks and atomics; main only starts and joins; nothing fails. For store buffers.
    Plain,
    /// The same, and lists. For store buffers.
    Stores,
    /// No `return` out of a `with`, which belongs to no simple statement alone. For the coarser grain.
    Coarse,
    /// Main starts all, then joins all, and no thread knows its name: in whatever order, it is the same program.
    Interchangeable,
}

struct Writer {
    random: Random,
    flavour: Flavour,
    ints: Vec<Name>,
    lists: Vec<Name>,
    locks: Vec<Name>,
    rlocks: Vec<Name>,
    semaphores: Vec<Name>,
    conditions: Vec<Name>,
    events: Vec<Name>,
    queues: Vec<Name>,
    barriers: Vec<Name>,
    atomics: Vec<Name>,
    flag: bool,
    choices: bool,
    prints: bool,
    names: bool,
    /// In the module: no locals, no choices.
    main: bool,
    parameter: bool,
    /// Locals that are set by now.
    locals: Vec<Name>,
    in_with: bool,
    /// Roughly how many more steps the function may have.
    budget: i64,
}

/// The program of a seed.
pub(crate) fn program(seed: u64, flavour: Flavour) -> Program {
    let mut random = Random::new(seed);
    let mut globals: Vec<(Name, Made)> = Vec::new();
    let ints = INTS[..1 + random.below(3)].to_vec();
    for name in &ints {
        let value = i64::try_from(random.below(2)).expect("small");
        globals.push((name, Made::Int(value)));
    }
    let mut writer = Writer {
        random,
        flavour,
        ints,
        lists: Vec::new(),
        locks: Vec::new(),
        rlocks: Vec::new(),
        semaphores: Vec::new(),
        conditions: Vec::new(),
        events: Vec::new(),
        queues: Vec::new(),
        barriers: Vec::new(),
        atomics: Vec::new(),
        flag: false,
        choices: false,
        prints: false,
        names: false,
        main: false,
        parameter: false,
        locals: Vec::new(),
        in_with: false,
        budget: 0,
    };
    let workers = 2 + writer.random.below(10) / 7;
    writer.globals(&mut globals, workers);
    let mut program = Program::new(&globals);
    let budget = if workers == 2 { 7 } else { 4 };
    let alike = writer.random.chance(40);
    let with_argument = writer.random.chance(30);
    for worker in 0..workers {
        if worker == 0 || !alike {
            writer.parameter = with_argument;
            let body = writer.function(budget);
            let function = program.function(body);
            program.functions[function].parameter = with_argument.then_some("n");
        }
        let function = program.functions.len() - 1;
        let argument = with_argument.then(|| i64::try_from(writer.random.below(3)).expect("small"));
        program.thread(function, argument);
    }
    writer.main(&mut program);
    program
}

impl Writer {
    fn globals(&mut self, globals: &mut Vec<(Name, Made)>, workers: usize) {
        let plain = self.is_plain();
        self.flag = self.random.chance(40);
        if self.flag {
            globals.push(("ready", Made::Bool(false)));
        }
        for _ in 0..self.random.below(3) {
            let small = 1 + i64::try_from(self.random.below(2)).expect("small");
            let (name, made): (Name, Made) = match self.kind_of_global() {
                0 | 2 if self.locks.is_empty() => ("lock", Made::Lock),
                0 | 2 => ("second", Made::Lock),
                1 => ("number", Made::Atomic(0)),
                3 => ("again", Made::RLock),
                4 => ("permits", Made::Semaphore(small)),
                5 => ("bounded", Made::BoundedSemaphore(small)),
                6 | 7 => ("changed", Made::Condition(None)),
                8 => ("event", Made::Event),
                9 => ("inbox", Made::Queue(self.random.below(3))),
                10 => ("pile", Made::LifoQueue(self.random.below(3))),
                11 => ("barrier", Made::Barrier(workers)),
                _ => (LISTS[0], Made::List(vec![1; usize::from(plain) + self.random.below(3)])),
            };
            if globals.iter().any(|(global, _)| *global == name) {
                continue;
            }
            let kind = match made {
                Made::Lock => &mut self.locks,
                Made::RLock => &mut self.rlocks,
                Made::Semaphore(_) | Made::BoundedSemaphore(_) => &mut self.semaphores,
                Made::Condition(_) => &mut self.conditions,
                Made::Event => &mut self.events,
                Made::Queue(_) | Made::LifoQueue(_) => &mut self.queues,
                Made::Barrier(_) => &mut self.barriers,
                Made::Atomic(_) => &mut self.atomics,
                _ => &mut self.lists,
            };
            kind.push(name);
            globals.push((name, made));
        }
        if !plain {
            self.choices = self.random.chance(15);
            self.prints = self.random.chance(25);
            self.names = self.flavour != Flavour::Interchangeable && self.random.chance(15);
        }
    }

    fn is_plain(&self) -> bool {
        matches!(self.flavour, Flavour::Plain | Flavour::Stores)
    }

    fn kind_of_global(&mut self) -> usize {
        match self.flavour {
            Flavour::Plain => self.random.below(2),
            Flavour::Stores => self.random.pick(&[0, 1, 12, 12, 12]),
            _ => self.random.below(13),
        }
    }

    fn function(&mut self, budget: i64) -> Vec<Stmt> {
        self.locals.clear();
        self.budget = budget;
        let mut body = Vec::new();
        while self.budget > 0 && body.len() < 4 {
            self.stmt(&mut body, 0);
        }
        body
    }

    fn main(&mut self, program: &mut Program) {
        self.main = true;
        self.parameter = false;
        self.locals.clear();
        let simple = self.is_plain() || self.flavour == Flavour::Interchangeable;
        let mut starts: Vec<Name> = program.threads.iter().map(|thread| thread.name).collect();
        if !simple && self.random.chance(30) {
            self.random.shuffle(&mut starts);
        }
        let between = !simple && self.random.chance(20);
        for (at, name) in starts.iter().enumerate() {
            program.main.push(Stmt::Start(name));
            if between && at == 0 {
                self.budget = 2;
                self.stmt(&mut program.main, 1);
            }
        }
        if !simple && self.random.chance(20) {
            self.budget = 2;
            if self.random.chance(20) {
                program.main.push(when(Expr::IsAlive("A"), vec![add("x", int(1))]));
            } else {
                self.stmt(&mut program.main, 1);
            }
        }
        // Without joins, main waits all the same.
        if !simple && self.random.chance(10) {
            return;
        }
        if !simple && self.random.chance(5) {
            program.threads.last_mut().expect("a thread").daemon = true;
        }
        let mut joins: Vec<Name> =
            program.threads.iter().filter(|thread| !thread.daemon).map(|thread| thread.name).collect();
        if !simple && self.random.chance(20) {
            self.random.shuffle(&mut joins);
        }
        program.main.extend(joins.into_iter().map(Stmt::Join));
        if !simple && self.random.chance(30) {
            self.budget = 2;
            self.stmt(&mut program.main, 1);
        }
    }

    /// Appends one statement, or a few that belong together.
    fn stmt(&mut self, to: &mut Vec<Stmt>, depth: usize) {
        let objects = self.locks.len()
            + self.rlocks.len()
            + self.semaphores.len()
            + self.conditions.len()
            + self.events.len()
            + self.queues.len()
            + self.barriers.len()
            + self.atomics.len()
            + self.lists.len();
        if objects > 0 && self.random.chance(60) {
            let before = to.len();
            self.object(to, depth);
            if to.len() > before {
                return;
            }
        }
        match self.random.below(20) {
            0..=5 => {
                let name = self.int();
                let operator = if self.random.chance(80) { "+" } else { self.random.pick(&["-", "*"]) };
                let value = self.small();
                self.budget -= 2;
                to.push(Stmt::AddGlobal(name, operator, value));
            }
            6..=8 => {
                let name = self.int();
                let value = self.number(1);
                self.budget -= 1;
                to.push(set(name, value));
            }
            9 if self.flag => {
                let value = Expr::Bool(self.random.chance(80));
                self.budget -= 1;
                to.push(set("ready", value));
            }
            10 | 11 if !self.main => {
                let name = self.random.pick(&["r", "s"]);
                let value = self.number(1);
                to.push(Stmt::SetLocal(name, value));
                self.locals.push(name);
                if self.random.chance(50) {
                    to.push(Stmt::AddLocal(name, int(1)));
                }
                let target = self.int();
                self.budget -= 1;
                to.push(set(target, local(name)));
            }
            12..=14 if depth < 2 => {
                let test = self.test();
                let then = self.block(depth);
                let otherwise = if self.random.chance(30) { self.block(depth) } else { Vec::new() };
                to.push(Stmt::If(test, then, otherwise));
            }
            15 if depth < 1 && !self.main => {
                self.budget /= 2;
                let before = self.budget;
                let mut body = self.block(depth + 1);
                if self.random.chance(20) {
                    let test = self.test();
                    body.push(when(test, vec![Stmt::Break]));
                }
                self.budget -= (before - self.budget).max(1);
                to.push(Stmt::For("i", 2, body));
            }
            16 if depth < 1 && !self.main => {
                let seen = self.test();
                to.push(Stmt::SetLocal("tries", int(0)));
                let test = and(compare("<", local("tries"), int(2)), not(seen));
                to.push(Stmt::While(test, vec![Stmt::AddLocal("tries", int(1))]));
                self.budget -= 2;
            }
            17 if self.prints => {
                let value = if self.names && self.random.chance(50) { Expr::ThreadName } else { self.number(1) };
                self.budget -= 1;
                to.push(Stmt::Print(value));
            }
            18 if !self.is_plain() && self.random.chance(40) => {
                let test = self.test();
                to.push(Stmt::Assert(test));
            }
            19 if !self.main && self.may_return() && self.random.chance(50) => {
                let test = self.test();
                to.push(when(test, vec![Stmt::Return]));
            }
            _ => {
                let name = self.int();
                self.budget -= 2;
                to.push(add(name, int(1)));
            }
        }
    }

    fn may_return(&self) -> bool {
        !(self.in_with && self.flavour == Flavour::Coarse)
    }

    /// One or two statements further in. What they set is not known after them.
    fn block(&mut self, depth: usize) -> Vec<Stmt> {
        let known = self.locals.len();
        let mut body = Vec::new();
        self.stmt(&mut body, depth + 1);
        if self.budget > 2 && self.random.chance(30) {
            self.stmt(&mut body, depth + 1);
        }
        self.locals.truncate(known);
        body
    }

    /// A statement about one of the objects.
    fn object(&mut self, to: &mut Vec<Stmt>, depth: usize) {
        let known = self.locals.len();
        match self.random.below(12) {
            0..=3 if !self.held().is_empty() && depth < 2 => {
                let held = self.held();
                let name = self.random.pick(&held);
                let within = std::mem::replace(&mut self.in_with, true);
                self.budget -= 2;
                let body = self.block(depth);
                self.in_with = within;
                to.push(with(name, body));
            }
            4 if !self.held().is_empty() => self.by_hand(to),
            5 | 6 if !self.conditions.is_empty() => self.condition(to),
            7 | 8 if !self.queues.is_empty() => self.queue(to),
            9 if !self.events.is_empty() => {
                let name = self.events[0];
                self.budget -= 1;
                to.push(match self.random.below(6) {
                    0 | 1 => Stmt::Set(name),
                    2 => Stmt::Clear(name),
                    3 => when(Expr::IsSet(name), vec![add("x", int(1))]),
                    4 => when(not(Expr::WaitTimed(name)), vec![add("x", int(1))]),
                    _ => Stmt::WaitSet(name),
                });
            }
            10 if !self.atomics.is_empty() => {
                let name = self.atomics[0];
                self.budget -= 1;
                to.push(match self.random.below(5) {
                    0 => Stmt::StoreAtomic(name, int(1)),
                    1 => set("x", Expr::Load(name)),
                    2 => Stmt::AddAtomic(name, int(1)),
                    3 => Stmt::Fence,
                    _ => when(Expr::CompareExchange(name, Box::new(int(0)), Box::new(int(1))), vec![add("x", int(1))]),
                });
            }
            11 if !self.barriers.is_empty() && depth == 0 && !self.main => {
                self.budget -= 1;
                to.push(Stmt::Meet(self.barriers[0]));
            }
            10 | 11 if !self.lists.is_empty() => self.list(to),
            _ => {}
        }
        self.locals.truncate(known);
    }

    /// What can stand in a `with`.
    fn held(&self) -> Vec<Name> {
        [&self.locks[..], &self.rlocks, &self.semaphores, &self.conditions].concat()
    }

    /// Locks without `with`.
    fn by_hand(&mut self, to: &mut Vec<Stmt>) {
        let held: Vec<Name> = [&self.locks[..], &self.rlocks, &self.semaphores].concat();
        if held.is_empty() {
            return;
        }
        let name = self.random.pick(&held);
        self.budget -= 2;
        let inner = add("x", int(1));
        match self.random.below(7) {
            0 | 1 => to.extend([Stmt::Acquire(name), inner, Stmt::Release(name)]),
            2 => to.extend([Stmt::Acquire(name), inner]),
            3 if !self.is_plain() => to.push(Stmt::Release(name)),
            4 => to.push(when(Expr::Timed(name), vec![inner, Stmt::Release(name)])),
            5 if self.locks.contains(&name) => to.push(when(Expr::Locked(name), vec![inner])),
            _ => to.push(Stmt::If(Expr::Try(name), vec![inner, Stmt::Release(name)], vec![set("x", int(7))])),
        }
    }

    fn condition(&mut self, to: &mut Vec<Stmt>) {
        let name = self.conditions[0];
        self.budget -= 4;
        let (test, fulfil) = match self.flag {
            true => (not(get("ready")), set("ready", Expr::Bool(true))),
            false => (compare("==", get("x"), int(0)), set("x", int(1))),
        };
        let notify = match self.random.below(4) {
            0 => Stmt::NotifyAll(name),
            1 => Stmt::Notify(name, 2),
            _ => Stmt::Notify(name, 1),
        };
        match self.random.below(8) {
            0 => to.push(with(name, vec![Stmt::While(test, vec![Stmt::Wait(name)])])),
            1 | 2 => to.push(with(name, vec![when(test, vec![Stmt::Wait(name)])])),
            3 => to.push(when(test, vec![with(name, vec![Stmt::Wait(name)])])),
            4 => to.extend([fulfil, with(name, vec![notify])]),
            5 => to.push(with(name, vec![fulfil, notify])),
            6 => to.push(with(name, vec![Stmt::Wait(name)])),
            _ if self.random.chance(20) => to.push(notify),
            _ => to.push(with(name, vec![notify])),
        }
    }

    fn queue(&mut self, to: &mut Vec<Stmt>) {
        let name = self.random.pick(&self.queues.clone());
        self.budget -= 2;
        let target = self.int();
        let value = self.small();
        to.push(match self.random.below(12) {
            0..=2 => Stmt::Put(name, value),
            3..=5 => set(target, Expr::Get(name)),
            6 => Stmt::PutNowait(name, value),
            7 => set(target, Expr::GetNowait(name)),
            8 => set(target, Expr::Qsize(name)),
            9 => when(not(Expr::Empty(name)), vec![set(target, Expr::Get(name))]),
            10 => when(not(Expr::Full(name)), vec![Stmt::Put(name, value)]),
            _ if self.random.chance(50) => Stmt::JoinQueue(name),
            _ => Stmt::TaskDone(name),
        });
    }

    fn list(&mut self, to: &mut Vec<Stmt>) {
        let name = self.lists[0];
        self.budget -= 1;
        let target = self.int();
        let value = self.small();
        if self.flavour == Flavour::Stores {
            return self.stores(to, name);
        }
        to.push(match self.random.below(9) {
            0..=2 => Stmt::Append(name, value),
            3 => set(target, Expr::Pop(name)),
            4 => when(compare(">", Expr::Len(name), int(0)), vec![set(target, Expr::Pop(name))]),
            5 => set(target, Expr::Len(name)),
            6 => Stmt::AddItem(name, int(0), value),
            7 => Stmt::SetItem(name, int(-1), value),
            _ if self.random.chance(40) => Stmt::Extend(name, value),
            _ => when(Expr::In(Box::new(value), name), vec![add(target, int(1))]),
        });
    }

    /// About a list whose first item stays: nothing fails.
    fn stores(&mut self, to: &mut Vec<Stmt>, name: Name) {
        let target = self.int();
        let value = self.small();
        to.push(match self.random.below(8) {
            0..=2 => Stmt::SetItem(name, int(0), value),
            3 | 4 => set(target, Expr::Item(name, Box::new(int(0)))),
            5 => Stmt::Append(name, value),
            6 => set(target, Expr::Len(name)),
            _ if self.random.chance(30) => Stmt::AddItem(name, int(0), value),
            _ if self.random.chance(40) => Stmt::Extend(name, value),
            _ => when(Expr::In(Box::new(value), name), vec![add(target, int(1))]),
        });
        self.budget -= 1;
    }

    fn int(&mut self) -> Name {
        self.random.pick(&self.ints.clone())
    }

    /// A number without a step.
    fn small(&mut self) -> Expr {
        match self.random.below(5) {
            0 if self.parameter => local("n"),
            1 if !self.locals.is_empty() => local(self.random.pick(&self.locals.clone())),
            _ => int(1 + i64::try_from(self.random.below(2)).expect("small")),
        }
    }

    /// A number, perhaps with a step or two.
    fn number(&mut self, depth: usize) -> Expr {
        match self.random.below(10) {
            0..=2 => self.small(),
            3..=5 => {
                self.budget -= 1;
                get(self.int())
            }
            6 | 7 if depth > 0 => {
                let operator = self.random.pick(&["+", "+", "-", "*"]);
                binary(operator, self.number(0), self.number(0))
            }
            8 if self.choices && !self.main => {
                self.budget -= 1;
                if self.random.chance(50) { Expr::Choice(vec![0, 2]) } else { Expr::Randrange(2) }
            }
            9 if depth > 0 && self.random.chance(30) => {
                let (test, then, otherwise) = (self.test(), self.number(0), self.number(0));
                Expr::Either(Box::new(test), Box::new(then), Box::new(otherwise))
            }
            _ => {
                self.budget -= 1;
                get(self.int())
            }
        }
    }

    fn test(&mut self) -> Expr {
        self.budget -= 1;
        let operator = self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        match self.random.below(10) {
            0 if self.flag => get("ready"),
            1 if self.flag => not(get("ready")),
            2 => {
                let (left, right) = (self.number(0), self.number(0));
                compare(operator, left, right)
            }
            3 => {
                self.budget -= 1;
                let (left, right) = (get(self.int()), get(self.int()));
                let test = compare("==", left, int(1));
                if self.random.chance(50) { and(test, right) } else { or(test, right) }
            }
            4 if self.random.chance(40) => {
                self.budget -= 2;
                let middle = get(self.int());
                let (first, third) = (self.small(), get(self.int()));
                Expr::Chain(Box::new(first), operator, Box::new(middle), "<", Box::new(third))
            }
            _ => {
                let value = self.small();
                compare(operator, get(self.int()), value)
            }
        }
    }
}
