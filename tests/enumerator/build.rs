//! A program as Python text and as operations, written side by side so that each has the line of the other.

use super::machine::{Act, Code, Op, Value};
use super::program::{Expr, Made, Name, Program, Stmt};
use std::fmt::Write as _;

/// A program as Python would see it, and as the enumerator does.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) text: String,
    /// Function 0 is the module, the others those of the program.
    pub(crate) code: Vec<Code>,
    pub(crate) globals: Vec<(Name, Made)>,
    pub(crate) threads: Vec<BuiltThread>,
    /// Globals that some statement which could come after the first start assigns or changes.
    pub(crate) changed: Vec<Name>,
}

#[derive(Debug)]
pub(crate) struct BuiltThread {
    pub(crate) name: Name,
    pub(crate) function: usize,
    pub(crate) argument: Option<i64>,
    pub(crate) daemon: bool,
}

pub(crate) fn build(program: &Program) -> Built {
    let mut text = String::new();
    let uses = format!("{program:?}");
    text.push_str("import threading\n");
    for (module, marks) in [("queue", &["Queue("][..]), ("random", &["Choice(", "Randrange("])] {
        if marks.iter().any(|mark| uses.contains(mark)) {
            let _ = writeln!(text, "import {module}");
        }
    }
    if uses.contains("Atomic(") || uses.contains("Fence") {
        text.push_str("from atomics import Atomic, fence\n");
    }
    text.push('\n');
    for (name, made) in &program.globals {
        let _ = writeln!(text, "{name} = {}", made_as(made));
    }
    let mut changed = Vec::new();
    let mut code = vec![Code::default()];
    for function in &program.functions {
        let parameter = function.parameter.unwrap_or("");
        let _ = write!(text, "\n\ndef {}({parameter}):\n", function.name);
        let mut assigned = Vec::new();
        each(&function.body, &mut |stmt| assigned.extend(assigns(stmt)));
        let mut lines = Builder::new(program, text, 1);
        lines.locals.extend(function.parameter);
        assigned.sort_unstable();
        assigned.dedup();
        if !assigned.is_empty() {
            lines.line(&format!("global {}", assigned.join(", ")));
        }
        lines.block(&function.body);
        each(&function.body, &mut |stmt| changed.extend(changes(stmt)));
        text = lines.finish(&mut code);
    }
    text.push_str("\n\n");
    let threads: Vec<BuiltThread> = program
        .threads
        .iter()
        .map(|thread| {
            let function = &program.functions[thread.function];
            let (variable, name) = (variable(thread.name), thread.name);
            let _ = write!(text, "{variable} = threading.Thread(target={}, name=\"{name}\"", function.name);
            if let Some(argument) = thread.argument {
                let _ = write!(text, ", args=({argument},)");
            }
            text.push_str(if thread.daemon { ", daemon=True)\n" } else { ")\n" });
            BuiltThread {
                name: thread.name,
                function: thread.function + 1,
                argument: thread.argument,
                daemon: thread.daemon,
            }
        })
        .collect();
    let mut lines = Builder::new(program, text, 0);
    lines.block(&program.main);
    let mut started = false;
    each(&program.main, &mut |stmt| {
        started |= matches!(stmt, Stmt::Start(_));
        if started {
            changed.extend(changes(stmt));
        }
    });
    let mut main = Vec::new();
    text = lines.finish(&mut main);
    code[0] = main.remove(0);
    changed.sort_unstable();
    changed.dedup();
    Built { text, code, globals: program.globals.clone(), threads, changed }
}

/// The variable that holds a thread.
fn variable(thread: Name) -> String {
    format!("thread_{}", thread.to_lowercase())
}

fn made_as(made: &Made) -> String {
    match made {
        Made::Int(value) => value.to_string(),
        Made::Bool(value) => python_bool(*value).into(),
        Made::List(items) => format!("{items:?}"),
        Made::Lock => "threading.Lock()".into(),
        Made::RLock => "threading.RLock()".into(),
        Made::Semaphore(value) => format!("threading.Semaphore({value})"),
        Made::BoundedSemaphore(value) => format!("threading.BoundedSemaphore({value})"),
        Made::Condition(lock) => format!("threading.Condition({})", lock.unwrap_or("")),
        Made::Event => "threading.Event()".into(),
        Made::Queue(capacity) => format!("queue.Queue({capacity})"),
        Made::LifoQueue(capacity) => format!("queue.LifoQueue({capacity})"),
        Made::Barrier(parties) => format!("threading.Barrier({parties})"),
        Made::Atomic(value) => format!("Atomic({value})"),
    }
}

pub(crate) fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// Every statement, the inner ones too.
pub(crate) fn each<'a>(block: &'a [Stmt], look: &mut impl FnMut(&'a Stmt)) {
    for stmt in block {
        look(stmt);
        match stmt {
            Stmt::If(_, then, otherwise) => {
                each(then, look);
                each(otherwise, look);
            }
            Stmt::For(_, _, body) | Stmt::While(_, body) | Stmt::With(_, body) => each(body, look),
            _ => {}
        }
    }
}

/// The global variable that it assigns.
fn assigns(stmt: &Stmt) -> Option<Name> {
    match stmt {
        Stmt::SetGlobal(name, _) | Stmt::AddGlobal(name, _, _) | Stmt::Extend(name, _) => Some(name),
        _ => None,
    }
}

/// Globals that it assigns, or whose list it changes.
fn changes(stmt: &Stmt) -> Vec<Name> {
    let mut names: Vec<Name> = assigns(stmt).into_iter().collect();
    match stmt {
        Stmt::Append(name, _) | Stmt::SetItem(name, _, _) | Stmt::AddItem(name, _, _) => names.push(name),
        _ => {}
    }
    // A `pop` may stand anywhere in an expression.
    let written = format!("{stmt:?}");
    for piece in written.split("Pop(\"").skip(1) {
        let name = piece.split('"').next().expect("a piece");
        names.extend(super::generate::LISTS.iter().find(|known| **known == name));
    }
    names
}

struct Builder<'a> {
    program: &'a Program,
    text: String,
    module: bool,
    indent: usize,
    code: Code,
    locals: Vec<Name>,
    /// Locks of the `with` statements around and their lines, the innermost last.
    withs: Vec<(usize, u32)>,
    /// For each loop around: how many `with` statements are around it, and the jumps that leave it.
    loops: Vec<(usize, Vec<usize>)>,
    returns: Vec<usize>,
    /// The operations being written belong to a simple statement.
    simple: bool,
    line: u32,
}

impl<'a> Builder<'a> {
    fn new(program: &'a Program, text: String, indent: usize) -> Builder<'a> {
        Builder {
            program,
            text,
            module: indent == 0,
            indent,
            code: Code::default(),
            locals: Vec::new(),
            withs: Vec::new(),
            loops: Vec::new(),
            returns: Vec::new(),
            simple: false,
            line: 0,
        }
    }

    fn finish(mut self, code: &mut Vec<Code>) -> String {
        let end = self.code.ops.len();
        for jump in std::mem::take(&mut self.returns) {
            self.code.ops[jump] = Op::Jump(end);
        }
        self.code.locals = self.locals.len();
        code.push(self.code);
        self.text
    }

    fn line(&mut self, text: &str) {
        self.line = u32::try_from(self.text.matches('\n').count()).expect("a short text") + 1;
        let _ = writeln!(self.text, "{}{text}", "    ".repeat(self.indent));
    }

    fn emit(&mut self, op: Op) -> usize {
        self.code.ops.push(op);
        self.code.lines.push(self.line);
        self.code.simple.push(self.simple);
        self.code.ops.len() - 1
    }

    fn act(&mut self, act: Act) {
        self.emit(Op::Act(act));
    }

    fn here(&self) -> usize {
        self.code.ops.len()
    }

    fn global(&self, name: Name) -> usize {
        let found = self.program.globals.iter().position(|(global, _)| *global == name);
        found.unwrap_or_else(|| panic!("no global {name}"))
    }

    fn thread(&self, name: Name) -> usize {
        self.program.threads.iter().position(|thread| thread.name == name).expect("a thread")
    }

    fn local(&mut self, name: Name) -> usize {
        assert!(!self.module, "locals belong to functions");
        match self.locals.iter().position(|local| *local == name) {
            Some(found) => found,
            None => {
                self.locals.push(name);
                self.locals.len() - 1
            }
        }
    }

    fn block(&mut self, block: &[Stmt]) {
        if block.is_empty() && self.indent > 0 {
            self.line("pass");
        }
        for stmt in block {
            self.stmt(stmt);
        }
    }

    fn inner(&mut self, block: &[Stmt]) {
        self.indent += 1;
        self.block(block);
        self.indent -= 1;
    }

    /// One line that is a simple statement: what `write` emits are its operations.
    fn simple(&mut self, text: &str, write: impl FnOnce(&mut Self)) {
        self.line(text);
        self.simple = true;
        write(self);
        self.emit(Op::End);
        self.simple = false;
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Pass => self.simple("pass", |_| {}),
            Stmt::SetLocal(name, value) => {
                let slot = self.local(name);
                self.simple(&format!("{name} = {}", show(value)), |b| {
                    b.expr(value);
                    b.emit(Op::Store(slot));
                });
            }
            Stmt::AddLocal(name, value) => {
                let slot = self.local(name);
                self.simple(&format!("{name} += {}", show(value)), |b| {
                    b.emit(Op::Load(slot));
                    b.expr(value);
                    b.emit(Op::Binary("+"));
                    b.emit(Op::Store(slot));
                });
            }
            Stmt::SetGlobal(name, value) => {
                let global = self.global(name);
                self.simple(&format!("{name} = {}", show(value)), |b| {
                    b.expr(value);
                    b.act(Act::Write(global));
                });
            }
            Stmt::AddGlobal(name, operator, value) => {
                let global = self.global(name);
                self.simple(&format!("{name} {operator}= {}", show(value)), |b| {
                    b.act(Act::Read(global));
                    b.expr(value);
                    b.emit(Op::Binary(operator));
                    b.act(Act::Write(global));
                });
            }
            Stmt::Do(value) => self.simple(&show(value), |b| {
                b.expr(value);
                b.emit(Op::Pop);
            }),
            Stmt::If(test, then, otherwise) => {
                self.line(&format!("if {}:", show(test)));
                self.expr(test);
                let skip = self.emit(Op::Pop);
                self.inner(then);
                if otherwise.is_empty() {
                    self.code.ops[skip] = Op::JumpIfFalse(self.here());
                } else {
                    let leave = self.emit(Op::Pop);
                    self.code.ops[skip] = Op::JumpIfFalse(self.here());
                    self.line("else:");
                    self.inner(otherwise);
                    self.code.ops[leave] = Op::Jump(self.here());
                }
            }
            Stmt::For(name, count, body) => {
                let slot = self.local(name);
                self.locals.push("");
                let counter = self.locals.len() - 1;
                self.line(&format!("for {name} in range({count}):"));
                self.emit(Op::Push(Value::Int(0)));
                self.emit(Op::Store(counter));
                let top = self.here();
                self.emit(Op::Load(counter));
                self.emit(Op::Push(Value::Int(*count)));
                self.emit(Op::Compare("<"));
                let leave = self.emit(Op::Pop);
                self.emit(Op::Load(counter));
                self.emit(Op::Store(slot));
                self.emit(Op::Load(counter));
                self.emit(Op::Push(Value::Int(1)));
                self.emit(Op::Binary("+"));
                self.emit(Op::Store(counter));
                self.loops.push((self.withs.len(), Vec::new()));
                self.inner(body);
                self.emit(Op::Jump(top));
                self.code.ops[leave] = Op::JumpIfFalse(self.here());
                self.leave_loop();
            }
            Stmt::While(test, body) => {
                self.line(&format!("while {}:", show(test)));
                let top = self.here();
                self.expr(test);
                let leave = self.emit(Op::Pop);
                self.loops.push((self.withs.len(), Vec::new()));
                self.inner(body);
                self.emit(Op::Jump(top));
                self.code.ops[leave] = Op::JumpIfFalse(self.here());
                self.leave_loop();
            }
            Stmt::Break => {
                self.line("break");
                let (outer, _) = *self.loops.last().expect("a loop");
                self.exits(outer);
                let jump = self.emit(Op::Pop);
                self.loops.last_mut().expect("a loop").1.push(jump);
            }
            Stmt::Return => {
                self.line("return");
                self.exits(0);
                let jump = self.emit(Op::Pop);
                self.returns.push(jump);
            }
            Stmt::With(name, body) => {
                let lock = self.global(name);
                self.line(&format!("with {name}:"));
                let line = self.line;
                self.act(Act::Acquire(lock));
                self.emit(Op::Entered(lock));
                self.withs.push((lock, line));
                self.inner(body);
                self.withs.pop();
                self.line = line;
                self.emit(Op::Left);
                self.act(Act::Release(lock));
            }
            Stmt::Acquire(name) => self.call(name, "acquire()", Act::Acquire),
            Stmt::Release(name) => self.call(name, "release()", Act::Release),
            Stmt::Wait(name) => {
                let condition = self.global(name);
                self.simple(&format!("{name}.wait()"), |b| {
                    b.act(Act::Sleep(condition));
                    b.act(Act::Reacquire(condition));
                });
            }
            Stmt::Notify(name, count) => {
                let text = if *count == 1 { "notify()".into() } else { format!("notify({count})") };
                self.call(name, &text, |condition| Act::Notify(condition, *count));
            }
            Stmt::NotifyAll(name) => self.call(name, "notify_all()", |condition| Act::Notify(condition, usize::MAX)),
            Stmt::Set(name) => self.call(name, "set()", Act::Set),
            Stmt::Clear(name) => self.call(name, "clear()", Act::Clear),
            Stmt::WaitSet(name) => self.call(name, "wait()", Act::WaitSet),
            Stmt::Put(name, value) => {
                let queue = self.global(name);
                self.simple(&format!("{name}.put({})", show(value)), |b| {
                    b.expr(value);
                    b.act(Act::Put(queue));
                });
            }
            Stmt::PutNowait(name, value) => {
                let queue = self.global(name);
                self.simple(&format!("{name}.put_nowait({})", show(value)), |b| {
                    b.expr(value);
                    b.act(Act::PutNowait(queue));
                });
            }
            Stmt::TaskDone(name) => self.call(name, "task_done()", Act::TaskDone),
            Stmt::JoinQueue(name) => self.call(name, "join()", Act::JoinQueue),
            Stmt::Meet(name) => self.call(name, "wait()", Act::Meet),
            Stmt::Assert(test) => self.simple(&format!("assert {}", show(test)), |b| {
                b.expr(test);
                b.emit(Op::Check);
            }),
            Stmt::Print(value) => self.simple(&format!("print({})", show(value)), |b| {
                b.expr(value);
                b.act(Act::Print);
            }),
            Stmt::Append(name, value) => self.list(name, &format!("{name}.append({})", show(value)), |b| {
                b.expr(value);
                b.act(Act::Append);
            }),
            Stmt::Extend(name, value) => {
                let global = self.global(name);
                self.list(name, &format!("{name} += [{}]", show(value)), |b| {
                    b.expr(value);
                    b.act(Act::Extend);
                    b.act(Act::Write(global));
                });
            }
            Stmt::SetItem(name, index, value) => {
                let global = self.global(name);
                self.simple(&format!("{name}[{}] = {}", show(index), show(value)), |b| {
                    b.expr(value);
                    b.act(Act::Read(global));
                    b.expr(index);
                    b.act(Act::SetItem);
                });
            }
            Stmt::AddItem(name, index, value) => {
                self.list(name, &format!("{name}[{}] += {}", show(index), show(value)), |b| {
                    b.expr(index);
                    b.emit(Op::DuplicateTwo);
                    b.act(Act::Item);
                    b.expr(value);
                    b.emit(Op::Binary("+"));
                    b.emit(Op::Rotate);
                    b.act(Act::SetItem);
                });
            }
            Stmt::StoreAtomic(name, value) => {
                let atomic = self.global(name);
                self.simple(&format!("{name}.store({})", show(value)), |b| {
                    b.expr(value);
                    b.act(Act::StoreAtomic(atomic));
                });
            }
            Stmt::AddAtomic(name, value) => {
                let atomic = self.global(name);
                self.simple(&format!("{name}.add({})", show(value)), |b| {
                    b.expr(value);
                    b.act(Act::AddAtomic(atomic));
                });
            }
            Stmt::Fence => self.simple("fence()", |b| b.act(Act::Fence)),
            Stmt::Start(name) => {
                let thread = self.thread(name);
                self.simple(&format!("{}.start()", variable(name)), |b| {
                    b.emit(Op::Start(thread));
                });
            }
            Stmt::Join(name) => {
                let thread = self.thread(name);
                self.simple(&format!("{}.join()", variable(name)), |b| {
                    b.emit(Op::Join(thread));
                });
            }
        }
    }

    /// Releases on the way out of `with` statements, down to `depth` of them.
    fn exits(&mut self, depth: usize) {
        for at in (depth..self.withs.len()).rev() {
            // As CPython has it, leaving a `with` is a matter of its first line, wherever the jump out of it stands.
            let lock;
            (lock, self.line) = self.withs[at];
            self.emit(Op::Left);
            self.act(Act::Release(lock));
        }
    }

    fn leave_loop(&mut self) {
        let (_, jumps) = self.loops.pop().expect("a loop");
        for jump in jumps {
            self.code.ops[jump] = Op::Jump(self.here());
        }
    }

    /// A statement that calls one method of a synchronisation object.
    fn call(&mut self, name: Name, method: &str, act: impl FnOnce(usize) -> Act) {
        let object = self.global(name);
        self.simple(&format!("{name}.{method}"), |b| b.act(act(object)));
    }

    /// A statement that first reads the variable of a list.
    fn list(&mut self, name: Name, text: &str, write: impl FnOnce(&mut Self)) {
        let global = self.global(name);
        self.simple(text, |b| {
            b.act(Act::Read(global));
            write(b);
        });
    }

    /// Emits what leaves the value of `expr` on the stack.
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Int(value) => drop(self.emit(Op::Push(Value::Int(*value)))),
            Expr::Bool(value) => drop(self.emit(Op::Push(Value::Bool(*value)))),
            Expr::Local(name) => {
                let slot = self.local(name);
                self.emit(Op::Load(slot));
            }
            Expr::Global(name) => self.act(Act::Read(self.global(name))),
            Expr::Binary(operator, left, right) => {
                self.expr(left);
                self.expr(right);
                self.emit(Op::Binary(operator));
            }
            Expr::Compare(operator, left, right) => {
                self.expr(left);
                self.expr(right);
                self.emit(Op::Compare(operator));
            }
            Expr::Chain(first, one, second, two, third) => {
                // [a b] -> [b a b] -> [b bool]: the middle one is read once, the last only where it is reached.
                self.expr(first);
                self.expr(second);
                self.emit(Op::Tuck);
                self.emit(Op::Compare(one));
                let fails = self.emit(Op::Pop);
                self.expr(third);
                self.emit(Op::Compare(two));
                let done = self.emit(Op::Pop);
                self.code.ops[fails] = Op::JumpIfFalse(self.here());
                self.emit(Op::Pop);
                self.emit(Op::Push(Value::Bool(false)));
                self.code.ops[done] = Op::Jump(self.here());
            }
            Expr::Not(inner) => {
                self.expr(inner);
                self.emit(Op::Not);
            }
            Expr::And(left, right) => {
                self.expr(left);
                let jump = self.emit(Op::Pop);
                self.expr(right);
                self.code.ops[jump] = Op::JumpIfFalseOrPop(self.here());
            }
            Expr::Or(left, right) => {
                self.expr(left);
                let jump = self.emit(Op::Pop);
                self.expr(right);
                self.code.ops[jump] = Op::JumpIfTrueOrPop(self.here());
            }
            Expr::Either(test, then, otherwise) => {
                self.expr(test);
                let skip = self.emit(Op::Pop);
                self.expr(then);
                let done = self.emit(Op::Pop);
                self.code.ops[skip] = Op::JumpIfFalse(self.here());
                self.expr(otherwise);
                self.code.ops[done] = Op::Jump(self.here());
            }
            Expr::Len(name) => self.list_value(name, Act::Len),
            Expr::Pop(name) => self.list_value(name, Act::Pop),
            Expr::Item(name, index) => {
                self.act(Act::Read(self.global(name)));
                self.expr(index);
                self.act(Act::Item);
            }
            Expr::In(value, name) => {
                self.expr(value);
                self.act(Act::Read(self.global(name)));
                self.act(Act::Contains);
            }
            Expr::Try(name) | Expr::Timed(name) => self.act(Act::TryAcquire(self.global(name))),
            Expr::Locked(name) => self.act(Act::Locked(self.global(name))),
            Expr::IsSet(name) | Expr::WaitTimed(name) => self.act(Act::IsSet(self.global(name))),
            Expr::Get(name) => self.act(Act::Get(self.global(name))),
            Expr::GetNowait(name) => self.act(Act::GetNowait(self.global(name))),
            Expr::Qsize(name) => self.act(Act::Qsize(self.global(name))),
            Expr::Empty(name) => self.act(Act::Empty(self.global(name))),
            Expr::Full(name) => self.act(Act::Full(self.global(name))),
            Expr::Choice(values) => self.act(Act::Choice(values.clone())),
            Expr::Randrange(count) => self.act(Act::Choice((0..*count).collect())),
            Expr::ThreadName => drop(self.emit(Op::ThreadName)),
            Expr::IsAlive(name) => self.act(Act::IsAlive(self.thread(name))),
            Expr::Load(name) => self.act(Act::LoadAtomic(self.global(name))),
            Expr::CompareExchange(name, expected, new) => {
                self.expr(expected);
                self.expr(new);
                self.act(Act::CompareExchange(self.global(name)));
            }
        }
    }

    fn list_value(&mut self, name: Name, act: Act) {
        self.act(Act::Read(self.global(name)));
        self.act(act);
    }
}

/// The expression as Python text, with more parentheses than needed.
fn show(expr: &Expr) -> String {
    match expr {
        Expr::Int(value) => value.to_string(),
        Expr::Bool(value) => python_bool(*value).into(),
        Expr::Local(name) | Expr::Global(name) => (*name).into(),
        Expr::Binary(operator, left, right) | Expr::Compare(operator, left, right) => {
            format!("({} {operator} {})", show(left), show(right))
        }
        Expr::Chain(first, one, second, two, third) => {
            format!("({} {one} {} {two} {})", show(first), show(second), show(third))
        }
        Expr::Not(inner) => format!("(not {})", show(inner)),
        Expr::And(left, right) => format!("({} and {})", show(left), show(right)),
        Expr::Or(left, right) => format!("({} or {})", show(left), show(right)),
        Expr::Either(test, then, otherwise) => {
            format!("({} if {} else {})", show(then), show(test), show(otherwise))
        }
        Expr::Len(name) => format!("len({name})"),
        Expr::Item(name, index) => format!("{name}[{}]", show(index)),
        Expr::Pop(name) => format!("{name}.pop()"),
        Expr::In(value, name) => format!("({} in {name})", show(value)),
        Expr::Try(name) => format!("{name}.acquire(blocking=False)"),
        Expr::Timed(name) => format!("{name}.acquire(timeout=1)"),
        Expr::Locked(name) => format!("{name}.locked()"),
        Expr::IsSet(name) => format!("{name}.is_set()"),
        Expr::WaitTimed(name) => format!("{name}.wait(timeout=1)"),
        Expr::Get(name) => format!("{name}.get()"),
        Expr::GetNowait(name) => format!("{name}.get_nowait()"),
        Expr::Qsize(name) => format!("{name}.qsize()"),
        Expr::Empty(name) => format!("{name}.empty()"),
        Expr::Full(name) => format!("{name}.full()"),
        Expr::Choice(values) => format!("random.choice({values:?})"),
        Expr::Randrange(count) => format!("random.randrange({count})"),
        Expr::ThreadName => "threading.current_thread().name".into(),
        Expr::IsAlive(name) => format!("{}.is_alive()", variable(name)),
        Expr::Load(name) => format!("{name}.load()"),
        Expr::CompareExchange(name, expected, new) => {
            format!("{name}.compare_exchange({}, {})", show(expected), show(new))
        }
    }
}
