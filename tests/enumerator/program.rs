//! Small programs as trees. Names are fixed texts: programs are made by tests only.

/// A name of a global, a local, a function or a thread.
pub(crate) type Name = &'static str;

/// What a global is made as, before any thread is started.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Made {
    Int(i64),
    Bool(bool),
    List(Vec<i64>),
    Lock,
    RLock,
    Semaphore(i64),
    BoundedSemaphore(i64),
    /// With a lock of its own, or with one that was made before.
    Condition(Option<Name>),
    Event,
    /// Capacity; 0 for none.
    Queue(usize),
    LifoQueue(usize),
    Barrier(usize),
    Atomic(i64),
}

#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Int(i64),
    Bool(bool),
    Local(Name),
    Global(Name),
    /// `+`, `-`, `*`
    Binary(Name, Box<Expr>, Box<Expr>),
    /// `==`, `!=`, `<`, `<=`, `>`, `>=`
    Compare(Name, Box<Expr>, Box<Expr>),
    /// `a < b < c`, with any two of the comparisons.
    Chain(Box<Expr>, Name, Box<Expr>, Name, Box<Expr>),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// `a if test else b`, written test first.
    Either(Box<Expr>, Box<Expr>, Box<Expr>),
    Len(Name),
    Item(Name, Box<Expr>),
    Pop(Name),
    /// `e in items`
    In(Box<Expr>, Name),
    /// `lock.acquire(blocking=False)`
    Try(Name),
    /// `lock.acquire(timeout=1)`
    Timed(Name),
    Locked(Name),
    IsSet(Name),
    /// `event.wait(timeout=1)`
    WaitTimed(Name),
    Get(Name),
    GetNowait(Name),
    Qsize(Name),
    Empty(Name),
    Full(Name),
    /// `random.choice((…))`
    Choice(Vec<i64>),
    /// `random.randrange(n)`
    Randrange(i64),
    /// `threading.current_thread().name`
    ThreadName,
    IsAlive(Name),
    Load(Name),
    CompareExchange(Name, Box<Expr>, Box<Expr>),
}

#[derive(Clone, Debug)]
pub(crate) enum Stmt {
    Pass,
    SetLocal(Name, Expr),
    SetGlobal(Name, Expr),
    AddLocal(Name, Expr),
    /// `x += e`, `x -= e`, `x *= e`
    AddGlobal(Name, Name, Expr),
    Do(Expr),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `for i in range(n):`
    For(Name, i64, Vec<Stmt>),
    While(Expr, Vec<Stmt>),
    Break,
    Return,
    With(Name, Vec<Stmt>),
    Acquire(Name),
    Release(Name),
    /// Of a condition.
    Wait(Name),
    Notify(Name, usize),
    NotifyAll(Name),
    Set(Name),
    Clear(Name),
    /// Of an event.
    WaitSet(Name),
    Put(Name, Expr),
    PutNowait(Name, Expr),
    TaskDone(Name),
    JoinQueue(Name),
    /// Of a barrier.
    Meet(Name),
    Assert(Expr),
    Print(Expr),
    Append(Name, Expr),
    /// `items += [e]`
    Extend(Name, Expr),
    SetItem(Name, Expr, Expr),
    AddItem(Name, Expr, Expr),
    StoreAtomic(Name, Expr),
    AddAtomic(Name, Expr),
    Fence,
    Start(Name),
    Join(Name),
}

#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: Name,
    pub(crate) parameter: Option<Name>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) name: Name,
    /// An index into the functions.
    pub(crate) function: usize,
    pub(crate) argument: Option<i64>,
    pub(crate) daemon: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) globals: Vec<(Name, Made)>,
    pub(crate) functions: Vec<Function>,
    pub(crate) threads: Vec<Thread>,
    pub(crate) main: Vec<Stmt>,
}

impl Program {
    pub(crate) fn new(globals: &[(Name, Made)]) -> Program {
        Program { globals: globals.to_vec(), ..Program::default() }
    }

    /// A thread for each body, all started, then all joined: the usual shape.
    pub(crate) fn threads(globals: &[(Name, Made)], bodies: &[Vec<Stmt>]) -> Program {
        let mut program = Program::new(globals);
        for body in bodies {
            let function = program.function(body.clone());
            program.thread(function, None);
        }
        program.start_and_join();
        program
    }

    /// As many threads as arguments, all of one function.
    pub(crate) fn alike(globals: &[(Name, Made)], arguments: &[Option<i64>], body: Vec<Stmt>) -> Program {
        let mut program = Program::new(globals);
        let function = program.function(body);
        if arguments.iter().any(Option::is_some) {
            program.functions[function].parameter = Some("n");
        }
        for argument in arguments {
            program.thread(function, *argument);
        }
        program.start_and_join();
        program
    }

    pub(crate) fn function(&mut self, body: Vec<Stmt>) -> usize {
        const NAMES: [Name; 9] = ["f", "g", "h", "k", "m", "o", "p0", "q0", "r0"];
        self.functions.push(Function { name: NAMES[self.functions.len()], parameter: None, body });
        self.functions.len() - 1
    }

    pub(crate) fn thread(&mut self, function: usize, argument: Option<i64>) -> Name {
        const NAMES: [Name; 9] = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
        let name = NAMES[self.threads.len()];
        self.threads.push(Thread { name, function, argument, daemon: false });
        name
    }

    pub(crate) fn start_and_join(&mut self) {
        self.main.extend(self.threads.iter().map(|thread| Stmt::Start(thread.name)));
        self.main.extend(self.threads.iter().filter(|thread| !thread.daemon).map(|thread| Stmt::Join(thread.name)));
    }
}

// ── short ways to write them ───────────────────────────────────────────────────────────────────────────────────────────

pub(crate) fn int(value: i64) -> Expr {
    Expr::Int(value)
}

pub(crate) fn get(name: Name) -> Expr {
    Expr::Global(name)
}

pub(crate) fn local(name: Name) -> Expr {
    Expr::Local(name)
}

pub(crate) fn not(expr: Expr) -> Expr {
    Expr::Not(Box::new(expr))
}

pub(crate) fn binary(operator: Name, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

pub(crate) fn compare(operator: Name, left: Expr, right: Expr) -> Expr {
    Expr::Compare(operator, Box::new(left), Box::new(right))
}

pub(crate) fn and(left: Expr, right: Expr) -> Expr {
    Expr::And(Box::new(left), Box::new(right))
}

pub(crate) fn or(left: Expr, right: Expr) -> Expr {
    Expr::Or(Box::new(left), Box::new(right))
}

pub(crate) fn set(name: Name, value: Expr) -> Stmt {
    Stmt::SetGlobal(name, value)
}

/// `name += value`
pub(crate) fn add(name: Name, value: Expr) -> Stmt {
    Stmt::AddGlobal(name, "+", value)
}

pub(crate) fn with(lock: Name, body: Vec<Stmt>) -> Stmt {
    Stmt::With(lock, body)
}

pub(crate) fn when(test: Expr, body: Vec<Stmt>) -> Stmt {
    Stmt::If(test, body, Vec::new())
}

pub(crate) fn times(count: i64, body: Vec<Stmt>) -> Stmt {
    Stmt::For("i", count, body)
}
