//! One thread of a program: what it does by itself, up to the next thing that others could see.
//!
//! [`Thread::run`] goes on until there is an [`Operation`] for the world to do; the world does it, whenever it likes,
//! and calls `run` again with what came of it. A thread is plain data: it can be cloned, compared and hashed, and two
//! that are equal will do the same. That is what makes exploring cheap, and it is all that a real thread needs too.

use std::sync::Arc;

use super::arithmetic;
use super::calls::{Bound, Collect};
use super::code::{Comparison, FunctionId, GlobalId, Instruction, NameId, Place, Program, StatementId};
use super::collection::{Access, Failure, raised};
use super::iterate::{Step, advance, iteration, supply};
use super::library::{Builtin, ExceptionKind};
use super::limits::{VALUE_DEPTH_MAX, VALUES_MAX};
use super::operation::{New, Operation, Sync, Variable};
use super::quick::quick;
use super::text;
use super::value::{Exception, ExceptionClass, Iteration, Method, ObjectKind, Reference, Value};

/// The most calls within calls.
pub const FRAMES_MAX: usize = 200;

/// How many instructions a thread may run by itself before it is looked at for running in a circle.
const INSTRUCTIONS_CALM: u64 = 20_000;

/// How often it may go back on its way before it is looked at again: a look takes longer than a round of a small loop.
const LOOK_AFTER_BACKS: u64 = 16;

/// How many instructions a thread may run by itself at all.
const INSTRUCTIONS_MAX: u64 = 5_000_000;

/// A thread between two operations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thread {
    /// Calls within calls, the innermost last.
    pub frames: Vec<Frame>,
    /// What becomes of the result of the operation that it waits for.
    pub(super) expect: Expect,
    /// What it keeps in `threading.local` objects, in order.
    pub(super) own: Vec<(u32, NameId, Value)>,
    /// An exception that no `except` catches ends it where it was raised, with no `finally` and no release.
    strict: bool,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// What was called.
    pub function: FunctionId,
    /// The instruction that it has come to.
    pub at: u32,
    /// Its local variables.
    pub locals: Vec<Value>,
    pub(super) stack: Vec<Value>,
    tries: Vec<Try>,
    then: Then,
}

/// Where an exception leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Try {
    handler: u32,
    /// What the stack is cut to.
    depth: u32,
    /// There is an `except`; else it is only done on the way out.
    catches: bool,
}

/// What becomes of what a call returns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Then {
    Push,
    Drop,
    /// It comes before the caller's first instruction: a module is imported before its function runs.
    Before,
    /// It was the `__init__` of this object, which is the value.
    Give(Value),
}

/// What becomes of the result of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Expect {
    /// The thread is not waiting for one.
    Nothing,
    /// It is the value.
    Push,
    /// There is none.
    Drop,
    /// A global variable: if unset, the library's own of that name.
    Global(GlobalId),
    /// A member of an object: if unset, the library's own of that name.
    Member(Value, NameId),
    /// The new object of a class: its `__init__` comes next.
    Construct(Box<Bound>),
    /// `__init__` of a new object.
    Initialise(Value, Box<Bound>),
    /// `__enter__` or `__exit__` of an object.
    Context(Value, bool),
    /// The truth of the value on top, for the instruction that asked.
    Truth,
    /// An item, for the iterator on top.
    Advance(u32),
    /// All items of a collection.
    Collected(Box<Collect>),
    /// An item, for an iteration that is being emptied.
    Drain(Box<Iteration>, Vec<Value>, Box<Collect>),
    /// One text: formatted further.
    Format(Value, Option<Value>),
    /// Texts to print, with what stands between and after them.
    Print(Arc<str>, Arc<str>),
    /// The message of a failed assertion.
    Asserted(Value),
    /// Having fallen asleep on a condition: next is to wake.
    Woken(Reference, super::operation::Patience),
    /// Having arrived at a barrier: a position, or with it what is to be called first.
    Arrived(Reference),
    /// A position in `as_completed`.
    Completed(Vec<Reference>),
    /// This value instead.
    Give(Value),
    /// A truth value, the other way round.
    Not,
    /// An object in the place of the iterator there on the stack; then the instruction is carried out.
    Kept(u32),
}

/// What a thread has come to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pause {
    /// Something for the world to do.
    Operation(Operation),
    /// It is done.
    Ended,
    /// An exception that it did not catch.
    Raised(Arc<Exception>),
    /// It goes round in a circle and will never do anything that another could see.
    Spins,
    /// It did its operation, and others will let it go on: it has arrived at a barrier.
    Parked,
    /// It went past a limit of ours.
    Limit(String),
}

impl Pause {
    /// The same with every reference to an object renamed.
    pub fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Pause {
        match self {
            Pause::Operation(operation) => Pause::Operation(operation.renamed(rename)),
            Pause::Raised(exception) => match Value::Exception(Arc::clone(exception)).renamed(rename) {
                Value::Exception(exception) => Pause::Raised(exception),
                _ => self.clone(),
            },
            _ => self.clone(),
        }
    }
}

/// What a thread passed on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Passed {
    /// The begin of a statement.
    pub statement: bool,
    /// A line that is marked `# progress`.
    pub progress: bool,
}

impl Passed {
    /// And this too.
    pub fn add(&mut self, other: Passed) {
        self.statement |= other.statement;
        self.progress |= other.progress;
    }
}

/// What one instruction led to.
pub(super) enum Flow {
    /// On to the next instruction.
    Next,
    /// The place to go on from is already set.
    Stay,
    /// The world has something to do, and then this becomes of its result.
    Do(Operation, Expect),
    /// An exception is raised.
    Raise(Arc<Exception>),
    /// The thread returned from its outermost call.
    End,
}

pub(super) type Outcome = Result<Flow, Failure>;

impl Thread {
    /// A thread that runs module-level code.
    pub fn main(program: &Program, strict: bool) -> Thread {
        let mut thread = Thread { strict, ..Thread::idle() };
        thread.enter(program, FunctionId(0), Vec::new(), Then::Drop);
        thread
    }

    /// A thread with nothing to do.
    pub fn idle() -> Thread {
        Thread { frames: Vec::new(), expect: Expect::Nothing, own: Vec::new(), strict: true }
    }

    /// A thread that calls something.
    ///
    /// # Errors
    /// What the call itself raises at once, before a line of it has run: arguments that do not fit, say.
    pub fn calling(
        program: &Program,
        callee: &Value,
        arguments: Vec<Value>,
        keywords: Vec<(NameId, Value)>,
        strict: bool,
    ) -> (Thread, Option<Pause>) {
        // The outermost frame of a thread returns to nobody: an empty one below would be one more thing to explain.
        let mut thread = Thread { strict, ..Thread::idle() };
        let pause = match thread.call(program, callee, Bound { positional: arguments, keywords }, Then::Drop) {
            Ok(Flow::Do(operation, expect)) => {
                thread.expect = expect;
                Some(Pause::Operation(operation))
            }
            Ok(_) if thread.frames.is_empty() => Some(Pause::Ended),
            Ok(_) => None,
            Err(failure) => Some(thread.fail(program, failure).unwrap_or(Pause::Ended)),
        };
        (thread, pause)
    }

    /// Lets it import the module before anything else, as a new process does.
    pub fn import(&mut self, program: &Program) {
        self.enter(program, FunctionId(0), Vec::new(), Then::Before);
    }

    /// Whether it runs the module's own code: of another process than the first, that is to import it.
    pub fn runs_module(&self) -> bool {
        self.frames.iter().any(|frame| frame.function == FunctionId(0))
    }

    /// Lets go of all that it holds: it has ended.
    pub fn forget(&mut self) {
        self.frames.clear();
        self.own.clear();
        self.expect = Expect::Nothing;
    }

    /// The call and the instruction that it is in: a place of the program.
    pub fn site(&self) -> (u16, u32) {
        self.frames.last().map_or((u16::MAX, 0), |frame| (frame.function.0, frame.at))
    }

    /// Runs on, with what came of the operation that it was waiting for (at first with `None`).
    pub fn run(&mut self, program: &Program, input: Option<Result<Value, Arc<Exception>>>) -> (Pause, Passed) {
        let mut passed = Passed::default();
        let resumed = match input {
            None => Ok(Flow::Stay),
            Some(Ok(value)) => self.resume(program, value),
            Some(Err(exception)) => {
                self.expect = Expect::Nothing;
                match self.throw(program, exception) {
                    Some(pause) => return (pause, passed),
                    None => Ok(Flow::Stay),
                }
            }
        };
        if let Some(pause) = self.follow(program, resumed) {
            return (pause, passed);
        }
        let mut count = 0_u64;
        let mut backs = 0_u64;
        let mut earlier: Option<(u64, Thread)> = None;
        loop {
            let Some(frame) = self.frames.last_mut() else { return (Pause::Ended, passed) };
            let code = &program.functions[frame.function.index()].code;
            // Whoever goes round in a circle goes back at some time, or calls, or returns.
            let instruction = loop {
                let at = frame.at;
                let instruction = &code[at as usize];
                if let Instruction::Begin(statement) = instruction {
                    passed.statement = true;
                    passed.progress |= program.statements[statement.index()].progress;
                }
                if !quick(program, frame, instruction) {
                    break Some(*instruction);
                }
                count += 1;
                if frame.at <= at {
                    backs += 1;
                    if backs.is_multiple_of(LOOK_AFTER_BACKS) && count >= INSTRUCTIONS_CALM {
                        break None;
                    }
                }
            };
            if let Some(instruction) = instruction {
                let outcome = self.execute(program, instruction);
                if let Some(pause) = self.follow(program, outcome) {
                    return (pause, passed);
                }
                count += 1;
            }
            if count >= INSTRUCTIONS_CALM {
                // Brent's way to notice a circle: compare with a state seen at the last power of two.
                match &earlier {
                    Some((_, state)) if *state == *self => return (Pause::Spins, passed),
                    Some((at, _)) if count < at * 2 => {}
                    _ => earlier = Some((count, self.clone())),
                }
                if count > INSTRUCTIONS_MAX {
                    let text = format!(
                        "{INSTRUCTIONS_MAX} instructions of one thread without anything that another could see"
                    );
                    return (Pause::Limit(text), passed);
                }
            }
        }
    }

    /// Does what an instruction led to; what the thread pauses for, if it does.
    fn follow(&mut self, program: &Program, outcome: Outcome) -> Option<Pause> {
        match outcome {
            Ok(Flow::Next) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.at += 1;
                }
                None
            }
            Ok(Flow::Stay) => None,
            Ok(Flow::End) => Some(Pause::Ended),
            Ok(Flow::Raise(exception)) => self.throw(program, exception),
            Ok(Flow::Do(operation, expect)) => {
                self.expect = expect;
                Some(Pause::Operation(operation))
            }
            Err(failure) => self.fail(program, failure),
        }
    }

    fn fail(&mut self, program: &Program, failure: Failure) -> Option<Pause> {
        match failure {
            Failure::Limit(text) => Some(Pause::Limit(text)),
            Failure::Raised(kind, argument) => {
                let arguments = if argument == Value::Unset { Vec::new() } else { vec![argument] };
                let class = ExceptionClass::Python(kind);
                self.throw(program, Arc::new(Exception { class, arguments, line: 0, made: None }))
            }
        }
    }

    /// Raises an exception here; what the thread pauses for, if nothing in it catches it.
    fn throw(&mut self, program: &Program, mut exception: Arc<Exception>) -> Option<Pause> {
        if exception.line == 0 {
            let raised = Arc::make_mut(&mut exception);
            raised.line = self.place(program).line;
            raised.made = raised.made.or(Some(self.site()));
        }
        if self.strict && !self.catches(program, &exception) {
            return Some(Pause::Raised(exception));
        }
        while let Some(frame) = self.frames.last_mut() {
            if let Some(Try { handler, depth, .. }) = frame.tries.pop() {
                frame.stack.truncate(depth as usize);
                frame.stack.push(Value::Exception(exception));
                frame.at = handler;
                return None;
            }
            self.frames.pop();
        }
        Some(Pause::Raised(exception))
    }

    /// Whether some `except` of the thread's will catch an exception that is raised here.
    fn catches(&self, program: &Program, exception: &Exception) -> bool {
        self.frames.iter().rev().any(|frame| {
            let code = &program.functions[frame.function.index()].code;
            let mut handlers = frame.tries.iter().filter(|watch| watch.catches).map(|watch| watch.handler);
            handlers.any(|handler| handler_catches(program, code, handler, exception))
        })
    }

    /// The place in the user's text where the thread is.
    pub fn place(&self, program: &Program) -> Place {
        let of_user = |frame: &&Frame| !program.functions[frame.function.index()].internal;
        let place = |frame: &Frame| program.functions[frame.function.index()].places.get(frame.at as usize).copied();
        self.frames.iter().rev().find(of_user).and_then(place).unwrap_or_default()
    }

    /// The statement that the innermost call is in.
    pub fn statement(&self, program: &Program) -> Option<StatementId> {
        let frame = self.frames.last()?;
        let code = &program.functions[frame.function.index()].code;
        code[..=(frame.at as usize).min(code.len() - 1)].iter().rev().find_map(|instruction| match instruction {
            Instruction::Begin(statement) => Some(*statement),
            _ => None,
        })
    }

    /// Calls `visit` on every value that it holds.
    pub fn values(&self, visit: &mut dyn FnMut(&Value)) {
        for frame in &self.frames {
            frame.locals.iter().for_each(&mut *visit);
            frame.stack.iter().for_each(&mut *visit);
            if let Then::Give(value) = &frame.then {
                visit(value);
            }
        }
        self.expect.values(visit);
        self.own.iter().for_each(|(_, _, value)| visit(value));
    }

    /// The same thread with every reference to an object renamed.
    pub fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Thread {
        let local = |id: u32, rename: &mut dyn FnMut(Reference) -> Reference| {
            rename(Reference { kind: ObjectKind::Local, id }).id
        };
        let mut own: Vec<(u32, NameId, Value)> =
            self.own.iter().map(|(id, name, value)| (local(*id, rename), *name, value.renamed(rename))).collect();
        own.sort_by_key(|(id, name, _)| (*id, *name));
        Thread {
            frames: self
                .frames
                .iter()
                .map(|frame| Frame {
                    locals: frame.locals.iter().map(|value| value.renamed(rename)).collect(),
                    stack: frame.stack.iter().map(|value| value.renamed(rename)).collect(),
                    then: match &frame.then {
                        Then::Give(value) => Then::Give(value.renamed(rename)),
                        other => other.clone(),
                    },
                    function: frame.function,
                    at: frame.at,
                    tries: frame.tries.clone(),
                })
                .collect(),
            expect: self.expect.renamed(rename),
            own,
            strict: self.strict,
        }
    }

    pub(super) fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a thread that runs has a frame")
    }

    pub(super) fn push(&mut self, value: Value) {
        // A thread whose outermost call was into the library has no frame, and nobody to give the value to.
        if let Some(frame) = self.frames.last_mut() {
            frame.stack.push(value);
        }
    }

    pub(super) fn pop(&mut self) -> Value {
        self.top().stack.pop().unwrap_or_default()
    }

    pub(super) fn pop_many(&mut self, count: usize) -> Vec<Value> {
        let stack = &mut self.top().stack;
        stack.split_off(stack.len().saturating_sub(count))
    }

    /// Begins a call whose locals begin with these.
    pub(super) fn enter(&mut self, program: &Program, function: FunctionId, mut locals: Vec<Value>, then: Then) {
        locals.resize(program.functions[function.index()].locals.len(), Value::Unset);
        self.frames.push(Frame { function, at: 0, locals, stack: Vec::new(), tries: Vec::new(), then });
    }

    /// The value is there: the instruction that asked for it is done.
    fn done(&mut self, value: Value) -> Outcome {
        if value.is_too_large() {
            let text = format!("a value of more than {VALUES_MAX} others, or {VALUE_DEPTH_MAX} within each other");
            return Err(Failure::Limit(text));
        }
        self.push(value);
        Ok(Flow::Next)
    }

    /// Goes on with the result of an operation.
    fn resume(&mut self, program: &Program, value: Value) -> Outcome {
        match std::mem::replace(&mut self.expect, Expect::Nothing) {
            Expect::Nothing => Ok(Flow::Stay),
            Expect::Push => self.done(value),
            Expect::Drop => Ok(Flow::Next),
            Expect::Global(global) => match value {
                Value::Unset => {
                    let name = &program.globals[global.index()];
                    match super::members::of_builtins(name) {
                        Some(value) => self.done(value),
                        None => Err(raised(ExceptionKind::NameError, format!("name '{name}' is not defined"))),
                    }
                }
                value => self.done(value),
            },
            Expect::Member(object, name) => match value {
                Value::Unset => self.library_member(program, &object, name),
                value => self.done(value),
            },
            Expect::Construct(bound) => {
                let init = program.names.iter().position(|name| name == "__init__");
                match init {
                    Some(init) => {
                        let name = NameId(init as u16);
                        Ok(Flow::Do(Operation::LoadMember(value.clone(), name), Expect::Initialise(value, bound)))
                    }
                    None => self.initialise(program, Value::Unset, value, *bound),
                }
            }
            Expect::Initialise(object, bound) => self.initialise(program, value, object, *bound),
            Expect::Context(object, enters) => match value {
                Value::Unset => {
                    let name = text::type_name(program, &object);
                    let text = format!("'{name}' object does not support the context manager protocol");
                    Err(raised(ExceptionKind::TypeError, text))
                }
                method => {
                    let (positional, then) = match enters {
                        true => (Vec::new(), Then::Push),
                        false => (vec![Value::None; 3], Then::Drop),
                    };
                    self.call(program, &method, Bound { positional, keywords: Vec::new() }, then)
                }
            },
            Expect::Truth => self.branch(program, value == Value::Bool(true)),
            Expect::Kept(at) => {
                if let Some(kept) = self.top().stack.get_mut(at as usize) {
                    *kept = value;
                }
                Ok(Flow::Stay)
            }
            Expect::Give(other) => self.done(other),
            Expect::Not => self.done(Value::Bool(value != Value::Bool(true))),
            Expect::Advance(end) => {
                let Some(Value::Iterator(mut iterator)) = self.top().stack.pop() else { return Ok(Flow::Next) };
                let step = supply(&mut iterator, value);
                self.advanced(iterator, step, end)
            }
            Expect::Collected(collect) => self.collected(program, value, *collect),
            Expect::Drain(mut iterator, items, collect) => {
                let step = supply(&mut iterator, value);
                self.drained(program, *iterator, items, step, *collect)
            }
            Expect::Format(value_itself, specification) => {
                let Value::Tuple(texts) = value else { return Ok(Flow::Next) };
                let formatted = text::formatted(program, &value_itself, &texts[0], specification.as_ref())?;
                self.done(formatted)
            }
            Expect::Print(between, after) => {
                let Value::Tuple(texts) = value else { return Ok(Flow::Next) };
                Ok(Flow::Do(Operation::Print(text::printed(&texts, &between, &after)?), Expect::Push))
            }
            Expect::Asserted(_) => {
                let Value::Tuple(texts) = value else { return Ok(Flow::Next) };
                Err(Failure::Raised(ExceptionKind::AssertionError, texts[0].clone()))
            }
            Expect::Woken(condition, patience) => {
                Ok(Flow::Do(Operation::Sync(condition, Sync::Wake(patience)), Expect::Push))
            }
            Expect::Arrived(barrier) => match value {
                Value::Tuple(result) => {
                    let positional = vec![Value::Object(barrier), result[1].clone(), result[0].clone()];
                    let bound = Bound { positional, keywords: Vec::new() };
                    self.call(program, &Value::Builtin(Builtin::ActAt), bound, Then::Push)
                }
                position => self.done(position),
            },
            Expect::Completed(mut futures) => {
                let position = value.as_int().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
                let future = futures.remove(position.min(futures.len() - 1));
                let frame = self.top();
                frame.stack.pop();
                frame.stack.push(Value::Iterator(Box::new(Iteration::AsCompleted(futures))));
                self.done(Value::Object(future))
            }
        }
    }

    /// Where on the stack an iterator lies that the instruction would keep: in a variable, in an object, as an argument of
    /// a function. What is only gone through where it is made needs no object of its own.
    fn kept(&self, program: &Program, instruction: Instruction) -> Option<usize> {
        let frame = self.frames.last()?;
        let count = match instruction {
            Instruction::StoreLocal(_) | Instruction::StoreGlobal(_) | Instruction::StoreClass(..) => 1,
            Instruction::Append(_) | Instruction::Return | Instruction::Duplicate => 1,
            Instruction::StoreAttribute(_) => 2,
            Instruction::StoreItem => 3,
            Instruction::Tuple(count) | Instruction::List(count) | Instruction::Set(count) => count.into(),
            Instruction::Dict(count) => 2 * usize::from(count),
            Instruction::Call { positional, keywords } => {
                let count = usize::from(positional) + program.keywords[keywords.index()].len();
                let callee = frame.stack.len().checked_sub(count + 1).and_then(|at| frame.stack.get(at));
                let passes = matches!(callee, Some(Value::Builtin(builtin)) if builtin.module().is_empty());
                if passes { 0 } else { count }
            }
            _ => 0,
        };
        let from = frame.stack.len().saturating_sub(count);
        let kept = |value: &Value| matches!(value, Value::Iterator(iteration) if iteration.kept().is_some());
        frame.stack[from..].iter().position(kept).map(|at| from + at)
    }

    /// Carries out an instruction.
    fn execute(&mut self, program: &Program, instruction: Instruction) -> Outcome {
        if let Some(at) = self.kept(program, instruction)
            && let Some(Value::Iterator(iteration)) = self.top().stack.get(at)
        {
            let new = New::Iterator(iteration.clone());
            return Ok(Flow::Do(Operation::New(new), Expect::Kept(at as u32)));
        }
        match instruction {
            Instruction::Constant(constant) => {
                let value = super::members::constant(&program.constants[constant.index()]);
                self.done(value)
            }
            Instruction::LoadLocal(local) => match self.top().locals[local.index()].clone() {
                Value::Unset => Err(self.unbound(program, local.index())),
                value => self.done(value),
            },
            Instruction::StoreLocal(local) => {
                let value = self.pop();
                self.top().locals[local.index()] = value;
                Ok(Flow::Next)
            }
            Instruction::DeleteLocal(local) => match std::mem::take(&mut self.top().locals[local.index()]) {
                Value::Unset => Err(self.unbound(program, local.index())),
                _ => Ok(Flow::Next),
            },
            Instruction::LoadGlobal(global) => {
                Ok(Flow::Do(Operation::Load(Variable::Global(global)), Expect::Global(global)))
            }
            Instruction::StoreGlobal(global) => {
                let value = self.pop();
                Ok(Flow::Do(Operation::Store(Variable::Global(global), value), Expect::Drop))
            }
            Instruction::DeleteGlobal(global) => {
                Ok(Flow::Do(Operation::Store(Variable::Global(global), Value::Unset), Expect::Drop))
            }
            Instruction::LoadClass(class, name) => {
                Ok(Flow::Do(Operation::Load(Variable::Class(class, name)), Expect::Push))
            }
            Instruction::StoreClass(class, name) => {
                let value = self.pop();
                Ok(Flow::Do(Operation::Store(Variable::Class(class, name), value), Expect::Drop))
            }

            // Done already: they concern nothing that is not plain.
            Instruction::Begin(_) | Instruction::Jump(_) => Ok(Flow::Stay),

            Instruction::Pop => {
                self.pop();
                Ok(Flow::Next)
            }
            Instruction::Duplicate => {
                let value = self.pop();
                self.push(value.clone());
                self.done(value)
            }
            Instruction::DuplicateTwo => {
                let values = self.pop_many(2);
                self.top().stack.extend(values.iter().chain(&values).cloned());
                Ok(Flow::Next)
            }
            Instruction::Swap => {
                let (second, first) = (self.pop(), self.pop());
                self.push(second);
                self.done(first)
            }
            Instruction::RotateThree => {
                let (third, second, first) = (self.pop(), self.pop(), self.pop());
                self.top().stack.extend([third, first, second]);
                Ok(Flow::Next)
            }

            Instruction::Unary(operator) => {
                let value = self.pop();
                match (operator, value.truth()) {
                    (super::code::Unary::Not, Some(truth)) => self.done(Value::Bool(!truth)),
                    (super::code::Unary::Not, None) => {
                        let Some(object) = value.container() else { return self.done(Value::Bool(false)) };
                        Ok(Flow::Do(Operation::Access(object, Access::Truth), Expect::Not))
                    }
                    _ => {
                        let value = arithmetic::unary(program, operator, &value)?;
                        self.done(value)
                    }
                }
            }
            Instruction::Binary(operator) => {
                let (right, left) = (self.pop(), self.pop());
                self.binary(program, operator, left, right)
            }
            Instruction::InPlace(operator) => {
                let (right, left) = (self.pop(), self.pop());
                self.in_place(program, operator, left, right)
            }
            Instruction::Compare(comparison) => {
                let (right, left) = (self.pop(), self.pop());
                self.compare(program, comparison, left, right)
            }

            Instruction::Tuple(count) => {
                let items = self.pop_many(count.into());
                self.done(Value::tuple(items))
            }
            Instruction::List(count) => {
                let items = self.pop_many(count.into());
                Ok(Flow::Do(Operation::New(New::List(items)), Expect::Push))
            }
            Instruction::Set(count) => {
                let items = self.pop_many(count.into());
                Ok(Flow::Do(Operation::New(New::Set(items)), Expect::Push))
            }
            Instruction::Dict(count) => {
                let items = self.pop_many(usize::from(count) * 2);
                let pairs = items.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
                Ok(Flow::Do(Operation::New(New::Dict(pairs)), Expect::Push))
            }
            Instruction::Format { repr, specification } => {
                let value = self.pop();
                let specification = specification.map(|id| super::members::constant(&program.constants[id.index()]));
                if value.holds_containers() {
                    let render = Operation::Render(vec![(value.clone(), repr)]);
                    // What `!r` gives is a string, and laid out as one.
                    let value = if repr { Value::str("") } else { value };
                    return Ok(Flow::Do(render, Expect::Format(value, specification)));
                }
                let plain = Value::str(text::plain(program, &value, repr));
                let value = if repr { plain.clone() } else { value };
                let formatted = text::formatted(program, &value, &plain, specification.as_ref())?;
                self.done(formatted)
            }
            Instruction::Concatenate(count) => {
                let pieces = self.pop_many(count.into());
                let text = text::printed(&pieces, "", "")?;
                self.done(Value::Str(text))
            }
            Instruction::Slice => {
                let parts = self.pop_many(3);
                let mut bounds = [None; 3];
                for (bound, part) in bounds.iter_mut().zip(&parts) {
                    *bound = part.as_int();
                    if bound.is_none() && *part != Value::None {
                        let text = "slice indices must be integers or None or have an __index__ method";
                        return Err(raised(ExceptionKind::TypeError, text));
                    }
                }
                self.done(Value::Slice(Arc::new(bounds)))
            }

            Instruction::LoadAttribute(name) => {
                let object = self.pop();
                self.load_attribute(program, object, name)
            }
            Instruction::StoreAttribute(name) => {
                let (object, value) = (self.pop(), self.pop());
                self.store_attribute(program, object, name, value)
            }
            Instruction::DeleteAttribute(name) => {
                let object = self.pop();
                self.store_attribute(program, object, name, Value::Unset)
            }
            Instruction::LoadItem => {
                let (at, object) = (self.pop(), self.pop());
                self.load_item(program, object, at)
            }
            Instruction::StoreItem => {
                let (at, object, value) = (self.pop(), self.pop(), self.pop());
                self.store_item(program, &object, at, value)
            }
            Instruction::DeleteItem => {
                let (at, object) = (self.pop(), self.pop());
                self.delete_item(program, &object, at)
            }

            Instruction::Call { positional, keywords } => {
                let names = &program.keywords[keywords.index()];
                let values = self.pop_many(names.len());
                let positional = self.pop_many(positional.into());
                let callee = self.pop();
                let keywords = names.iter().copied().zip(values).collect();
                self.call(program, &callee, Bound { positional, keywords }, Then::Push)
            }
            Instruction::CallSpread => {
                let (keywords, positional, callee) = (self.pop(), self.pop(), self.pop());
                let positional = match positional {
                    Value::Tuple(items) => items.to_vec(),
                    _ => Vec::new(),
                };
                let keywords = super::calls::keywords_of(program, &keywords)?;
                self.call(program, &callee, Bound { positional, keywords }, Then::Push)
            }
            Instruction::Function(function) => {
                let defaults = self.pop_many(program.functions[function.index()].defaults.into());
                self.done(Value::Function(function, defaults.into()))
            }
            Instruction::Super(class) => match self.top().locals.first() {
                Some(Value::Object(object)) => {
                    let proxy = Value::Super(class, *object);
                    self.done(proxy)
                }
                _ => Err(raised(ExceptionKind::RuntimeError, "super(): no arguments")),
            },
            Instruction::Return => {
                let value = self.pop();
                let Some(frame) = self.frames.pop() else { return Ok(Flow::End) };
                if self.frames.is_empty() {
                    return Ok(Flow::End);
                }
                match frame.then {
                    Then::Push => self.done(value),
                    Then::Drop => Ok(Flow::Next),
                    Then::Before => Ok(Flow::Stay),
                    Then::Give(object) => match value {
                        Value::None => self.done(object),
                        other => {
                            let text = format!("__init__() should return None, not '{}'", other.type_name());
                            Err(raised(ExceptionKind::TypeError, text))
                        }
                    },
                }
            }

            Instruction::Iterate => {
                let value = self.pop();
                let iterator = iteration(program, &value)?;
                self.done(Value::Iterator(Box::new(iterator)))
            }
            Instruction::Advance(end) => {
                let Some(Value::Iterator(mut iterator)) = self.top().stack.pop() else {
                    return Err(raised(ExceptionKind::TypeError, "object is not an iterator"));
                };
                if let Iteration::AsCompleted(futures) = &*iterator
                    && !futures.is_empty()
                {
                    let futures = futures.clone();
                    self.push(Value::Iterator(iterator));
                    return Ok(Flow::Do(Operation::FirstDone(futures.clone()), Expect::Completed(futures)));
                }
                let step = advance(&mut iterator);
                self.advanced(iterator, step, end)
            }
            Instruction::Unpack(count) => {
                let value = self.pop();
                self.collect(program, value, Collect::Unpack(count.into()))
            }
            Instruction::Append(depth) => {
                let value = self.pop();
                let stack = &self.top().stack;
                match stack.get(stack.len().wrapping_sub(depth.into())) {
                    Some(Value::Object(list)) => {
                        Ok(Flow::Do(Operation::Access(*list, Access::Append(value)), Expect::Drop))
                    }
                    _ => Ok(Flow::Next),
                }
            }

            Instruction::JumpIfFalse(_)
            | Instruction::JumpIfTrue(_)
            | Instruction::JumpIfFalseOrPop(_)
            | Instruction::JumpIfTrueOrPop(_) => {
                let value = self.top().stack.last().cloned().unwrap_or_default();
                match (value.truth(), value.container()) {
                    (Some(truth), _) => self.branch(program, truth),
                    (None, Some(object)) => Ok(Flow::Do(Operation::Access(object, Access::Truth), Expect::Truth)),
                    _ => self.branch(program, true),
                }
            }

            Instruction::Try(handler) | Instruction::Cleanup(handler) => {
                let catches = matches!(instruction, Instruction::Try(_));
                let frame = self.top();
                frame.tries.push(Try { handler, depth: frame.stack.len() as u32, catches });
                Ok(Flow::Next)
            }
            Instruction::EndTry => {
                self.top().tries.pop();
                Ok(Flow::Next)
            }
            Instruction::Matches => {
                let class = self.pop();
                let matches = match self.top().stack.last() {
                    Some(Value::Exception(exception)) => super::calls::matches(program, exception.class, &class)?,
                    _ => false,
                };
                self.done(Value::Bool(matches))
            }
            Instruction::Raise | Instruction::Reraise => match self.pop() {
                Value::Exception(exception) => Ok(Flow::Raise(exception)),
                Value::ExceptionClass(kind) => Ok(Flow::Raise(Exception::of(ExceptionClass::Python(kind)))),
                Value::Class(class) if super::calls::is_exception(program, class) => {
                    Ok(Flow::Raise(Exception::of(ExceptionClass::Program(class))))
                }
                _ => Err(raised(ExceptionKind::TypeError, "exceptions must derive from BaseException")),
            },
            Instruction::AssertionFailed { message } => {
                let message = if message { self.pop() } else { Value::Unset };
                if message.holds_containers() {
                    let render = Operation::Render(vec![(message.clone(), false)]);
                    return Ok(Flow::Do(render, Expect::Asserted(message)));
                }
                Err(Failure::Raised(ExceptionKind::AssertionError, message))
            }
            Instruction::Enter => {
                let context = self.top().stack.last().cloned().unwrap_or_default();
                self.context(program, context, true)
            }
            Instruction::Exit => {
                let context = self.pop();
                self.context(program, context, false)
            }
        }
    }

    fn unbound(&self, program: &Program, local: usize) -> Failure {
        let function = self.frames.last().map_or(FunctionId(0), |frame| frame.function);
        let name = program.functions[function.index()].locals[local].trim_start_matches('.');
        let text = format!("cannot access local variable '{name}' where it is not associated with a value");
        raised(ExceptionKind::UnboundLocalError, text)
    }

    /// Goes on after a conditional jump, whose condition is known and lies on top.
    fn branch(&mut self, program: &Program, truth: bool) -> Outcome {
        let frame = self.top();
        let (to, when, keeps) = match program.functions[frame.function.index()].code[frame.at as usize] {
            Instruction::JumpIfFalse(to) => (to, false, false),
            Instruction::JumpIfTrue(to) => (to, true, false),
            Instruction::JumpIfFalseOrPop(to) => (to, false, true),
            Instruction::JumpIfTrueOrPop(to) => (to, true, true),
            _ => return Ok(Flow::Next),
        };
        let jumps = truth == when;
        if !(jumps && keeps) {
            frame.stack.pop();
        }
        if !jumps {
            return Ok(Flow::Next);
        }
        frame.at = to;
        Ok(Flow::Stay)
    }

    /// Goes on after a step of the iterator that lay on top.
    fn advanced(&mut self, iterator: Box<Iteration>, step: Step, end: u32) -> Outcome {
        match step {
            Step::Value(value) => {
                self.push(Value::Iterator(iterator));
                self.done(value)
            }
            Step::End => {
                self.top().at = end;
                Ok(Flow::Stay)
            }
            Step::Need(operation) => {
                self.push(Value::Iterator(iterator));
                Ok(Flow::Do(operation, Expect::Advance(end)))
            }
        }
    }

    fn compare(&mut self, program: &Program, comparison: Comparison, left: Value, right: Value) -> Outcome {
        if let (Comparison::In | Comparison::NotIn, Value::Object(object)) = (comparison, &right) {
            if left.holds_containers() || !right.holds_containers() {
                return Ok(Flow::Do(Operation::Compare(comparison, left, right), Expect::Push));
            }
            let expect = if comparison == Comparison::In { Expect::Push } else { Expect::Not };
            return Ok(Flow::Do(Operation::Access(*object, Access::Contains(left)), expect));
        }
        if let (Comparison::In | Comparison::NotIn, Value::View(dict, view)) = (comparison, &right) {
            let expect = if comparison == Comparison::In { Expect::Push } else { Expect::Not };
            return Ok(Flow::Do(Operation::Access(*dict, Access::Among(*view, left)), expect));
        }
        let identity = matches!(comparison, Comparison::Is | Comparison::IsNot);
        if !identity && (left.holds_containers() || right.holds_containers()) {
            return Ok(Flow::Do(Operation::Compare(comparison, left, right), Expect::Push));
        }
        let result = arithmetic::compare(program, comparison, &left, &right, &super::collection::Nowhere(program))?;
        self.done(Value::Bool(result))
    }

    /// Enters or leaves a `with`.
    fn context(&mut self, program: &Program, context: Value, enters: bool) -> Outcome {
        if let Value::Object(object) = &context {
            let locks = matches!(
                object.kind,
                ObjectKind::Lock | ObjectKind::RLock | ObjectKind::Semaphore | ObjectKind::Condition
            );
            if locks {
                return Ok(match enters {
                    true => Flow::Do(
                        Operation::Sync(*object, Sync::Acquire(super::operation::Patience::Forever)),
                        Expect::Push,
                    ),
                    false => Flow::Do(Operation::Sync(*object, Sync::Release(1)), Expect::Drop),
                });
            }
            if object.kind == ObjectKind::Connection {
                return match enters {
                    true => self.done(context),
                    false => Ok(Flow::Do(Operation::Sync(*object, Sync::Close), Expect::Drop)),
                };
            }
            let wanted = if enters { "__enter__" } else { "__exit__" };
            let name = program.names.iter().position(|name| name == wanted);
            if let (Some(name), Some(_)) = (name, object.kind.class()) {
                let load = Operation::LoadMember(context.clone(), NameId(name as u16));
                return Ok(Flow::Do(load, Expect::Context(context, enters)));
            }
        }
        let name = text::type_name(program, &context);
        let text = format!("'{name}' object does not support the context manager protocol");
        Err(raised(ExceptionKind::TypeError, text))
    }
}

/// Whether one of the `except`s that begin at `handler`, one after the other, catches an exception.
fn handler_catches(program: &Program, code: &[Instruction], handler: u32, exception: &Exception) -> bool {
    let mut rest = &code[handler as usize..];
    loop {
        match rest {
            [
                Instruction::Begin(_),
                Instruction::Constant(class),
                Instruction::Matches,
                Instruction::JumpIfFalse(next),
                ..,
            ] => {
                let class = super::members::constant(&program.constants[class.index()]);
                if super::calls::matches(program, exception.class, &class) == Ok(true) {
                    return true;
                }
                rest = &code[*next as usize..];
            }
            [Instruction::Begin(_), ..] => return true,
            _ => return false,
        }
    }
}

impl Expect {
    fn values(&self, visit: &mut dyn FnMut(&Value)) {
        match self {
            Expect::Member(value, _) | Expect::Context(value, _) | Expect::Format(value, _) => visit(value),
            Expect::Asserted(value) | Expect::Give(value) => visit(value),
            Expect::Construct(bound) => bound.values(visit),
            Expect::Initialise(object, bound) => {
                visit(object);
                bound.values(visit);
            }
            Expect::Collected(collect) => collect.values(visit),
            Expect::Drain(iterator, items, collect) => {
                visit(&Value::Iterator(Box::new((**iterator).clone())));
                items.iter().for_each(&mut *visit);
                collect.values(visit);
            }
            Expect::Woken(object, _) | Expect::Arrived(object) => visit(&Value::Object(*object)),
            Expect::Completed(futures) => futures.iter().for_each(|future| visit(&Value::Object(*future))),
            _ => {}
        }
    }

    fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Expect {
        match self {
            Expect::Member(value, name) => Expect::Member(value.renamed(rename), *name),
            Expect::Context(value, enters) => Expect::Context(value.renamed(rename), *enters),
            Expect::Format(value, specification) => Expect::Format(value.renamed(rename), specification.clone()),
            Expect::Asserted(value) => Expect::Asserted(value.renamed(rename)),
            Expect::Give(value) => Expect::Give(value.renamed(rename)),
            Expect::Construct(bound) => Expect::Construct(Box::new(bound.renamed(rename))),
            Expect::Initialise(object, bound) => {
                Expect::Initialise(object.renamed(rename), Box::new(bound.renamed(rename)))
            }
            Expect::Collected(collect) => Expect::Collected(Box::new(collect.renamed(rename))),
            Expect::Drain(iterator, items, collect) => Expect::Drain(
                Box::new(iterator.renamed(rename)),
                items.iter().map(|item| item.renamed(rename)).collect(),
                Box::new(collect.renamed(rename)),
            ),
            Expect::Woken(condition, patience) => Expect::Woken(rename(*condition), *patience),
            Expect::Arrived(barrier) => Expect::Arrived(rename(*barrier)),
            Expect::Completed(futures) => Expect::Completed(futures.iter().map(|future| rename(*future)).collect()),
            other => other.clone(),
        }
    }
}

impl Method {
    /// Shorthand for a method of the library on an object.
    pub(super) fn library(object: Reference, name: NameId) -> Value {
        Value::Method(Arc::new(Method::Library { object, name }))
    }
}
