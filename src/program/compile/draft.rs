//! The program as far as it is compiled: everything in it once, by number.

use crate::program::code::{
    Base, Class, ClassId, Constant, ConstantId, Function, FunctionId, GlobalId, KeywordsId, NameId, Program, Statement,
    StatementId,
};
use crate::program::library::Builtin;
use crate::program::limits::INSTRUCTIONS_MAX;
use std::collections::HashMap;
use std::hash::Hash;

/// What is said of a program that grows beyond its limit.
pub(super) const TOO_LONG: &str = "compiled, the program has more than 262,144 instructions";
/// What to do about it.
pub(super) const TOO_LONG_HELP: &str =
    "every `return`, `break` and `continue` out of a `try … finally` repeats the `finally`: nest fewer of them";
const _: () = assert!(INSTRUCTIONS_MAX == 262_144);

/// A program that is being compiled.
#[derive(Debug)]
pub(crate) struct Draft {
    program: Program,
    names: HashMap<String, NameId>,
    globals: HashMap<String, GlobalId>,
    constants: HashMap<Constant, ConstantId>,
    keywords: HashMap<Vec<NameId>, KeywordsId>,
    instructions: usize,
}

impl Draft {
    /// A program that has only its module, which is still empty.
    pub(crate) fn new(name: &str, source: &str) -> Draft {
        let program = Program {
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
        let mut draft = Draft {
            program,
            names: HashMap::new(),
            globals: HashMap::new(),
            constants: HashMap::new(),
            keywords: HashMap::new(),
            instructions: 0,
        };
        draft.declare("<module>");
        draft
    }

    /// The module as it is so far.
    pub(crate) fn module(&mut self) -> Function {
        std::mem::replace(&mut self.program.functions[0], Function::named(""))
    }

    pub(super) fn finish(self) -> Program {
        self.program
    }

    pub(super) fn name(&mut self, name: &str) -> NameId {
        once(&mut self.names, &mut self.program.names, name.to_string(), NameId)
    }

    pub(super) fn global(&mut self, name: &str) -> GlobalId {
        once(&mut self.globals, &mut self.program.globals, name.to_string(), GlobalId)
    }

    pub(super) fn constant(&mut self, constant: Constant) -> ConstantId {
        once(&mut self.constants, &mut self.program.constants, constant, ConstantId)
    }

    pub(super) fn keywords(&mut self, names: &[String]) -> KeywordsId {
        let names: Vec<NameId> = names.iter().map(|name| self.name(name)).collect();
        once(&mut self.keywords, &mut self.program.keywords, names, KeywordsId)
    }

    pub(super) fn statement(&mut self, statement: Statement) -> StatementId {
        self.program.statements.push(statement);
        StatementId(last(&self.program.statements))
    }

    /// Makes room for a function, so that its number is known before it is compiled.
    pub(super) fn declare(&mut self, name: &str) -> FunctionId {
        self.program.functions.push(Function::named(name));
        FunctionId(last(&self.program.functions))
    }

    pub(super) fn define(&mut self, id: FunctionId, function: Function) {
        self.program.functions[id.index()] = function;
    }

    /// A class, of which it is not known yet what it derives from.
    pub(super) fn class(&mut self, name: &str, internal: bool) -> ClassId {
        self.program.classes.push(Class { name: name.into(), base: Base::Object, internal });
        ClassId(last(&self.program.classes))
    }

    /// What a class derives from.
    pub(super) fn derive(&mut self, id: ClassId, base: Base) {
        self.program.classes[id.index()].base = base;
    }

    /// The name of a class.
    pub(super) fn class_name(&self, id: ClassId) -> &str {
        &self.program.classes[id.index()].name
    }

    /// Whether it is a class of exceptions.
    pub(super) fn is_exception(&self, id: ClassId) -> bool {
        matches!(self.program.root(id), Base::Exception(_))
    }

    /// What stands for something of the library.
    pub(crate) fn stand_in(&mut self, builtin: Builtin, constant: Constant) {
        self.program.prelude.push((builtin, constant));
    }

    /// Whether there may be one more instruction, which is counted.
    pub(super) fn may_grow(&mut self) -> bool {
        self.instructions += 1;
        !self.is_full()
    }

    pub(super) fn is_full(&self) -> bool {
        self.instructions > INSTRUCTIONS_MAX
    }
}

impl Function {
    /// A function that does nothing yet.
    pub(super) fn named(name: &str) -> Function {
        Function {
            name: name.into(),
            qualified: name.into(),
            parameters: 0,
            defaults: 0,
            rest: false,
            keywords: false,
            locals: Vec::new(),
            code: Vec::new(),
            places: Vec::new(),
            internal: false,
        }
    }
}

/// The number of the last of them. A text is too short for more than 65,535 of anything: see `limits`.
fn last<T>(list: &[T]) -> u16 {
    u16::try_from(list.len().saturating_sub(1)).unwrap_or(u16::MAX)
}

fn once<T: Clone + Eq + Hash, Id: Copy>(
    known: &mut HashMap<T, Id>,
    list: &mut Vec<T>,
    item: T,
    id: impl Fn(u16) -> Id,
) -> Id {
    *known.entry(item).or_insert_with_key(|item| {
        list.push(item.clone());
        id(last(list))
    })
}
