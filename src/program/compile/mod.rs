//! From tree to step code.
//!
//! ```text
//!  statement ─┬─ expression, condition, comprehension, call, fstring    what they compute
//!             ├─ flow, tries        where they go on, and what is tidied up on the way
//!             ├─ function, class    what they define
//!             └─ name               whose the names are
//!                  └───▶ body (one function) ───▶ draft (the program)
//! ```
//!
//! The order of every evaluation is CPython's, because a reader counts on it: `x += f()` reads `x` before it calls `f`.
//! What is not in the subset gets a complaint where it is met; what was compiled around it is then dropped.

mod body;
mod call;
mod class;
mod comprehension;
mod condition;
mod draft;
mod expression;
mod flow;
mod fstring;
mod function;
mod name;
mod statement;
mod tries;

use super::code::{ClassId, Constant, Function, FunctionId, Instruction, Place, Program, Statement, StatementId};
use super::complaints::Complaints;
use super::lines::Lines;
use super::parse::{Tree, parse};
use super::prelude;
use super::problem::Problem;
use super::scopes::{ScopeId, Scopes};
use super::subset::Outside;
use body::Body;
pub(super) use draft::Draft;
use ruff_python_ast::Stmt;
use ruff_text_size::{Ranged, TextRange, TextSize};
use std::collections::{BTreeMap, BTreeSet};

/// Compiles the text of a program.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text: what Python refuses, and what is not in the subset.
pub fn compile(name: &str, source: &str) -> Result<Program, Vec<Problem>> {
    let mut complaints = Complaints::new(name, source);
    let program = Unit::read(source, Dialect::Subset, &mut complaints).map(|unit| {
        let mut draft = Draft::new(name, source);
        let module = prelude::compile_into(&mut draft, &unit.scopes);
        Compiler::new(&unit, &mut draft, &mut complaints, module).module();
        if complaints.is_empty() {
            unit.tree.refuse_newer(&mut complaints);
        }
        draft.finish()
    });
    match program {
        Some(program) if complaints.is_empty() => Ok(program),
        _ => Err(complaints.into_problems()),
    }
}

/// Which Python a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// That of programs.
    Subset,
    /// That of the prelude, which may spread arguments, and whose names stand for constants.
    Prelude,
}

/// A text that is to be compiled, with what is known of it before.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    dialect: Dialect,
    text: &'a str,
    lines: Lines<'a>,
    pub(super) tree: Tree,
    pub(super) scopes: Scopes,
    /// Lines with a comment `# progress`.
    progress: BTreeSet<usize>,
}

impl<'a> Unit<'a> {
    /// Reads a text; `None` and a complaint where it is no Python.
    pub(super) fn read(text: &'a str, dialect: Dialect, complaints: &mut Complaints) -> Option<Unit<'a>> {
        let tree = parse(text, complaints)?;
        let scopes = Scopes::of(tree.body(), complaints);
        let lines = Lines::new(text);
        let marks = |comment: &TextRange| text[*comment].trim_start_matches('#').trim() == "progress";
        let progress = tree.comments().filter(marks).map(|comment| lines.line(comment.start().to_usize())).collect();
        Some(Unit { dialect, text, lines, tree, scopes, progress })
    }
}

/// What compiles one text.
pub(super) struct Compiler<'a, 'd, 'o> {
    unit: &'a Unit<'a>,
    draft: &'d mut Draft,
    complaints: &'d mut Complaints<'o>,
    /// The function that is being written.
    body: Body<'a>,
    /// By the first byte of their text: a `finally` is compiled more than once, what it defines is not.
    statements: BTreeMap<TextSize, StatementId>,
    functions: BTreeMap<TextSize, FunctionId>,
    classes: BTreeMap<TextSize, ClassId>,
    /// What the names of the module stand for as far as it is compiled: the classes of a program, and all names of the
    /// prelude.
    constants: BTreeMap<TextSize, Constant>,
}

impl<'a, 'd, 'o> Compiler<'a, 'd, 'o> {
    /// A compiler that goes on writing the module.
    pub(super) fn new(
        unit: &'a Unit<'a>,
        draft: &'d mut Draft,
        complaints: &'d mut Complaints<'o>,
        module: Function,
    ) -> Self {
        Compiler {
            unit,
            draft,
            complaints,
            body: Body::new(Scopes::MODULE, module),
            statements: BTreeMap::new(),
            functions: BTreeMap::new(),
            classes: BTreeMap::new(),
            constants: BTreeMap::new(),
        }
    }

    /// Compiles some statements of the prelude: the module as it goes on from there, and what each of them stands for.
    pub(super) fn prelude(mut self, items: &[&'a Stmt]) -> (Function, Vec<(&'a str, Constant)>) {
        let mut constants = Vec::new();
        for item in items {
            match item {
                Stmt::FunctionDef(def) => {
                    let id = self.draft.declare(&def.name);
                    self.functions.insert(def.start(), id);
                    self.constants.insert(def.start(), Constant::Function(id));
                    constants.push((def.name.as_str(), Constant::Function(id)));
                }
                Stmt::ClassDef(class) => {
                    let base = self.base(class);
                    constants.push((class.name.as_str(), Constant::Class(self.define_class(class, base))));
                }
                _ => {}
            }
        }
        for item in items {
            match item {
                Stmt::FunctionDef(def) => {
                    if let Some(id) = self.functions.get(&def.start()) {
                        self.function_body(*id, def, None);
                    }
                }
                other => self.statement(other),
            }
        }
        (self.body.into_function(), constants)
    }

    /// Compiles the whole text as the module.
    fn module(mut self) {
        for name in &self.unit.scopes.globals {
            self.draft.global(name);
        }
        let body = self.unit.tree.body();
        self.suite(body);
        let end = body.last().map_or(TextRange::default(), Ranged::range);
        self.constant(end, Constant::None);
        self.emit(end, Instruction::Return);
        self.draft.define(FunctionId(0), self.body.into_function());
    }

    fn is_prelude(&self) -> bool {
        self.unit.dialect == Dialect::Prelude
    }

    /// The name as it is meant here.
    fn meant(&self, name: &str) -> String {
        self.unit.scopes.meant(self.scope(), name)
    }

    /// The scope of the code that is being compiled.
    fn scope(&self) -> ScopeId {
        self.body.scope
    }

    /// Notes that something is not in the subset.
    fn refuse(&mut self, place: impl Ranged, outside: Outside) {
        self.complaints.add(place, outside.message(), Some(outside.help.into()));
    }

    /// Notes that CPython would refuse something.
    fn not_python(&mut self, place: impl Ranged, what: &str) {
        self.complaints.add(place, format!("not Python: {what}"), None);
    }

    fn emit(&mut self, range: TextRange, instruction: Instruction) {
        let is_prologue = self.is_prelude() && self.body.is_module();
        let place = if is_prologue { Place::default() } else { self.unit.lines.place(range) };
        if self.draft.may_grow() {
            self.body.push(place, instruction);
        } else {
            self.complaints.add(TextRange::default(), draft::TOO_LONG, Some(draft::TOO_LONG_HELP.into()));
        }
    }

    fn constant(&mut self, range: TextRange, constant: Constant) {
        let id = self.draft.constant(constant);
        self.emit(range, Instruction::Constant(id));
    }

    /// A statement begins, or the head of a compound one.
    fn begin(&mut self, range: TextRange, simple: bool) {
        if self.is_prelude() && self.body.is_module() {
            return;
        }
        // All statements of the prelude are one, which no text has.
        let key = if self.is_prelude() { TextSize::new(0) } else { range.start() };
        let id = match self.statements.get(&key) {
            Some(id) => *id,
            None => {
                let id = self.draft.statement(self.statement_at(range, simple));
                self.statements.insert(key, id);
                id
            }
        };
        self.emit(range, Instruction::Begin(id));
    }

    fn statement_at(&self, range: TextRange, simple: bool) -> Statement {
        if self.is_prelude() {
            return Statement { place: Place::default(), simple: false, progress: false };
        }
        let progress = self.unit.lines.span(range).any(|line| self.unit.progress.contains(&line));
        Statement { place: self.unit.lines.place(range), simple, progress }
    }
}

#[cfg(test)]
mod tests;
