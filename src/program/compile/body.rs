//! One function while it is written: its code, its local names, and what it is in the middle of.

use super::flow::Block;
use crate::program::code::{ClassId, Function, Instruction, LocalId, Place};
use crate::program::scopes::ScopeId;
use std::collections::{BTreeSet, HashMap};

/// A function that is being written.
#[derive(Debug)]
pub(super) struct Body<'a> {
    /// The scope of what is being compiled: the function's own, or of a comprehension or class body in it.
    pub(super) scope: ScopeId,
    pub(super) function: Function,
    locals: HashMap<String, LocalId>,
    /// What the code that is being compiled lies in, from the outside in.
    pub(super) blocks: Vec<Block<'a>>,
    /// The comprehensions that it lies in, from the outside in.
    pub(super) comprehensions: Vec<Comprehension>,
    /// The class whose body it is.
    pub(super) class: Option<ClassBody>,
    /// The class that it is a method of.
    pub(super) method_of: Option<ClassId>,
}

/// A comprehension, and which of its variables have a value by now.
#[derive(Debug)]
pub(super) struct Comprehension {
    pub(super) scope: ScopeId,
    pub(super) set: BTreeSet<String>,
}

/// The body of a class, and which of its names have a value by now.
#[derive(Debug)]
pub(super) struct ClassBody {
    pub(super) id: ClassId,
    pub(super) set: BTreeSet<String>,
}

impl<'a> Body<'a> {
    /// Goes on writing a function.
    pub(super) fn new(scope: ScopeId, function: Function) -> Body<'a> {
        Body {
            scope,
            function,
            locals: HashMap::new(),
            blocks: Vec::new(),
            comprehensions: Vec::new(),
            class: None,
            method_of: None,
        }
    }

    pub(super) fn is_module(&self) -> bool {
        self.function.name == "<module>"
    }

    pub(super) fn into_function(self) -> Function {
        self.function
    }

    pub(super) fn push(&mut self, place: Place, instruction: Instruction) {
        self.function.code.push(instruction);
        self.function.places.push(place);
    }

    /// The instruction that comes next.
    pub(super) fn next(&self) -> u32 {
        // The draft counts them: see `limits`.
        self.function.code.len() as u32
    }

    /// The local variable of that name.
    pub(super) fn local(&mut self, name: &str) -> LocalId {
        *self.locals.entry(name.to_string()).or_insert_with_key(|name| {
            self.function.locals.push(name.clone());
            LocalId(u16::try_from(self.function.locals.len() - 1).unwrap_or(u16::MAX))
        })
    }
}
