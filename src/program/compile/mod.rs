//! From a tree to the code of a small stack machine: what runs is exactly what CPython would do, in its order.

mod expressions;
mod functions;
mod statements;

use std::collections::BTreeMap;

use super::code::{
    Class, ClassId, Constant, ConstantId, Function, FunctionId, GlobalId, Instruction, KeywordsId, LocalId, NameId,
    Place, Program, Statement, StatementId,
};
use super::complaints::Complaints;
use super::library::Builtin;
use super::limits::INSTRUCTIONS_MAX;
use super::lines::Lines;
use super::parse::{Tree, parse};
use super::problem::Problem;
use super::scopes::{ScopeId, Scopes};
use super::subset::Outside;
use ruff_text_size::{Ranged, TextRange};
use std::collections::BTreeSet;

/// The part of the library that is itself written in the subset.
const PRELUDE: &str = include_str!("../prelude.py");

/// Compiles a program.
///
/// # Errors
/// All that keeps it from being one: it is no Python, or uses what is not in the subset, each with its place.
pub fn compile(name: &str, source: &str) -> Result<Program, Vec<Problem>> {
    let mut program = Program {
        name: name.into(),
        source: source.into(),
        functions: Vec::new(),
        classes: Vec::new(),
        globals: Vec::new(),
        names: Vec::new(),
        constants: Vec::new(),
        keywords: Vec::new(),
        statements: Vec::new(),
        prelude: Vec::new(),
    };
    // Names that the interpreter itself asks for.
    program.names.extend(["__init__", "__enter__", "__exit__", "run"].map(String::from));
    text(&mut program, name, source, false)?;
    if wants_prelude(&program) {
        text(&mut program, "prelude.py", PRELUDE, true)?;
    }
    Ok(program)
}

fn wants_prelude(program: &Program) -> bool {
    let uses = |constant: &Constant| {
        matches!(
            constant,
            Constant::Builtin(Builtin::ThreadPoolExecutor | Builtin::ProcessPoolExecutor | Builtin::ProcessPool)
        )
    };
    let attributes = ["wait_for", "ThreadPoolExecutor", "ProcessPoolExecutor", "Pool"];
    program.constants.iter().any(uses) || program.names.iter().any(|name| attributes.contains(&name.as_str()))
}

/// Compiles one text into the program: the user's, or the prelude.
fn text(program: &mut Program, name: &str, source: &str, internal: bool) -> Result<(), Vec<Problem>> {
    let mut complaints = Complaints::new(name, source);
    let Some(tree) = parse(source, &mut complaints) else { return Err(complaints.into_problems()) };
    let scopes = Scopes::of(tree.body(), &mut complaints);
    if !internal {
        program.globals.clone_from(&scopes.globals);
    }
    let lines = Lines::new(source);
    let progress = progress_lines(&tree, source, &lines);
    let mut compiler = Compiler {
        program,
        scopes: &scopes,
        lines: &lines,
        complaints: &mut complaints,
        progress,
        internal,
        units: Vec::new(),
        classes: BTreeMap::new(),
        constants: BTreeMap::new(),
        instructions: 0,
    };
    compiler.module(tree.body());
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(complaints.into_problems()),
    }
}

/// Lines that are marked `# progress`.
fn progress_lines(tree: &Tree, source: &str, lines: &Lines<'_>) -> BTreeSet<usize> {
    let marks = |range: &TextRange| {
        let text = source.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        let word = text.trim_start_matches('#').trim();
        word == "progress" || word.starts_with("progress ") || word.starts_with("progress:")
    };
    tree.comments().filter(marks).map(|range| lines.line(range.start().to_usize())).collect()
}

/// What is being compiled.
struct Compiler<'a, 'c, 'o> {
    program: &'a mut Program,
    scopes: &'a Scopes,
    lines: &'a Lines<'a>,
    complaints: &'c mut Complaints<'o>,
    progress: BTreeSet<usize>,
    internal: bool,
    /// Functions within functions, the innermost last.
    units: Vec<Unit>,
    /// Classes by name, and the byte where they begin.
    classes: BTreeMap<String, ClassId>,
    constants: BTreeMap<String, ConstantId>,
    instructions: usize,
}

/// A function on its way.
struct Unit {
    id: FunctionId,
    scope: ScopeId,
    locals: BTreeMap<(ScopeId, String), LocalId>,
    local_names: Vec<String>,
    code: Vec<Instruction>,
    places: Vec<Place>,
    /// What a `return`, `break` or `continue` leaves on its way out, the innermost last.
    blocks: Vec<Block>,
    /// The class whose method it is.
    class: Option<ClassId>,
    place: Place,
}

/// Something that is left in an orderly way.
#[derive(Clone)]
enum Block {
    /// A loop: where `continue` goes, which `break`s wait for its end, whether an iterator lies on the stack.
    Loop { next: u32, breaks: Vec<usize>, iterates: bool },
    /// An `except` stands ready.
    Try,
    /// In an `except`: its name is deleted at the end.
    Handler(Option<String>),
    /// A `finally` stands ready.
    Finally(Vec<ruff_python_ast::Stmt>),
    /// In a `finally` that an exception led to: the exception lies on the stack.
    Cleaning,
    /// A `with`: its context lies on the stack.
    With,
}

impl Compiler<'_, '_, '_> {
    fn unit(&mut self) -> &mut Unit {
        self.units.last_mut().expect("a module is being compiled")
    }

    fn scope(&mut self) -> ScopeId {
        self.unit().scope
    }

    fn refuse(&mut self, place: impl Ranged, outside: Outside) {
        self.complaints.add(place, outside.message(), Some(outside.help.to_string()));
    }

    fn wrong(&mut self, place: impl Ranged, message: impl Into<String>) {
        self.complaints.add(place, format!("not Python: {}", message.into()), None);
    }

    /// What is emitted next comes from there.
    fn at(&mut self, place: impl Ranged) {
        let place = self.lines.place(place.range());
        self.unit().place = place;
    }

    /// Adds an instruction; where it stands.
    fn emit(&mut self, instruction: Instruction) -> usize {
        self.instructions += 1;
        if self.instructions > INSTRUCTIONS_MAX {
            let unit = self.unit();
            let place = unit.place;
            if self.instructions == INSTRUCTIONS_MAX + 1 {
                let range = TextRange::new(place.start.into(), place.end.into());
                self.complaints.add(range, format!("the program is longer than {INSTRUCTIONS_MAX} instructions"), None);
            }
            return self.unit().code.len().saturating_sub(1);
        }
        let unit = self.unit();
        unit.code.push(instruction);
        unit.places.push(unit.place);
        unit.code.len() - 1
    }

    fn here(&mut self) -> u32 {
        self.unit().code.len() as u32
    }

    /// Lets a jump that was emitted before lead here.
    fn land(&mut self, at: usize) {
        let to = self.here();
        let instruction = &mut self.unit().code[at];
        match instruction {
            Instruction::Jump(target)
            | Instruction::JumpIfFalse(target)
            | Instruction::JumpIfTrue(target)
            | Instruction::JumpIfFalseOrPop(target)
            | Instruction::JumpIfTrueOrPop(target)
            | Instruction::Advance(target)
            | Instruction::Try(target)
            | Instruction::Cleanup(target) => *target = to,
            _ => {}
        }
    }

    fn constant(&mut self, constant: Constant) -> ConstantId {
        let key = format!("{constant:?}");
        if let Some(id) = self.constants.get(&key) {
            return *id;
        }
        let id = ConstantId(self.program.constants.len() as u16);
        self.program.constants.push(constant);
        self.constants.insert(key, id);
        id
    }

    fn load_constant(&mut self, constant: Constant) {
        let id = self.constant(constant);
        self.emit(Instruction::Constant(id));
    }

    fn name(&mut self, name: &str) -> NameId {
        let at = self.program.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.program.names.push(name.into());
            self.program.names.len() - 1
        });
        NameId(at as u16)
    }

    fn keywords(&mut self, names: Vec<NameId>) -> KeywordsId {
        let at = self.program.keywords.iter().position(|known| *known == names).unwrap_or_else(|| {
            self.program.keywords.push(names);
            self.program.keywords.len() - 1
        });
        KeywordsId(at as u16)
    }

    fn global(&mut self, name: &str) -> Option<GlobalId> {
        self.program.globals.iter().position(|known| known == name).map(|at| GlobalId(at as u16))
    }

    /// A local variable of the function: a name of one of its scopes, or a hidden one.
    fn local(&mut self, scope: ScopeId, name: &str) -> LocalId {
        let hidden = self.unit().scope != scope;
        let unit = self.unit();
        if let Some(id) = unit.locals.get(&(scope, name.to_string())) {
            return *id;
        }
        let id = LocalId(unit.local_names.len() as u16);
        unit.local_names.push(if hidden { format!(".{name}") } else { name.into() });
        unit.locals.insert((scope, name.to_string()), id);
        id
    }

    /// Begins a statement, or the head of a compound one.
    fn begin(&mut self, place: impl Ranged, simple: bool) {
        if self.internal {
            return self.at(place);
        }
        self.at(&place);
        let at = self.unit().place;
        let progress = self.lines.span(&place).any(|line| self.progress.contains(&line));
        let statement = Statement { place: at, simple, progress };
        let id = match self.program.statements.iter().position(|known| *known == statement) {
            Some(id) => id,
            None => {
                self.program.statements.push(statement);
                self.program.statements.len() - 1
            }
        };
        self.emit(Instruction::Begin(StatementId(id as u16)));
    }

    fn module(&mut self, body: &[ruff_python_ast::Stmt]) {
        let id = self.open("<module>", Scopes::MODULE, None);
        for statement in body {
            self.statement(statement);
        }
        self.load_constant(Constant::None);
        self.emit(Instruction::Return);
        self.close(id, 0, 0, false, false);
    }

    /// Begins a function.
    fn open(&mut self, name: &str, scope: ScopeId, class: Option<ClassId>) -> FunctionId {
        let id = FunctionId(self.program.functions.len() as u16);
        let place = self.units.last().map(|unit| unit.place).unwrap_or_default();
        self.program.functions.push(Function {
            name: name.into(),
            parameters: 0,
            defaults: 0,
            rest: false,
            keywords: false,
            locals: Vec::new(),
            code: Vec::new(),
            places: Vec::new(),
            internal: self.internal,
        });
        self.units.push(Unit {
            id,
            scope,
            locals: BTreeMap::new(),
            local_names: Vec::new(),
            code: Vec::new(),
            places: Vec::new(),
            blocks: Vec::new(),
            class,
            place,
        });
        id
    }

    /// Ends it.
    fn close(&mut self, id: FunctionId, parameters: u16, defaults: u16, rest: bool, keywords: bool) {
        let Some(unit) = self.units.pop() else { return };
        let function = &mut self.program.functions[id.index()];
        function.parameters = parameters;
        function.defaults = defaults;
        function.rest = rest;
        function.keywords = keywords;
        function.locals = unit.local_names;
        function.code = unit.code;
        function.places = unit.places;
        debug_assert_eq!(unit.id, id);
    }

    fn class(&mut self, class: Class) -> ClassId {
        self.program.classes.push(class);
        ClassId((self.program.classes.len() - 1) as u16)
    }
}
