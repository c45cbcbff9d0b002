//! Whose a name is: the module's, a function's, a class's, a comprehension's.
//!
//! As CPython does, the whole text is looked through once before anything is compiled: a name that a function assigns
//! anywhere is its own everywhere in it. What CPython refuses on this look is refused here.

use super::code::Constant;
use super::complaints::Complaints;
use super::names::mangled;
use ruff_python_ast::Stmt;
use ruff_text_size::{TextRange, TextSize};
use std::collections::{BTreeMap, BTreeSet};

mod walk;

/// What a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Module,
    Function,
    Lambda,
    Class,
    Comprehension,
}

/// How a name comes to have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// By an `import`; of nothing where there is no such module or name.
    Import(Option<Constant>),
    /// By the `class` that stands at that byte.
    Class(TextSize),
    /// By the `def` that stands at that byte.
    Function(TextSize),
    /// In any other way.
    Other,
}

/// One scope.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) parent: Option<ScopeId>,
    /// The class whose private names are meant here.
    pub(super) class: Option<String>,
    /// Names that it gives values to.
    pub(super) bound: BTreeMap<String, Vec<Binding>>,
    /// Names that it declares `global`.
    pub(super) globals: BTreeSet<String>,
    /// Names that its own text gives values to, up to where the look is.
    assigned: BTreeSet<String>,
    /// Names that it uses.
    pub(super) used: BTreeSet<String>,
    /// Names of its parameters.
    parameters: BTreeSet<String>,
}

/// A scope, by number; 0 is the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ScopeId(usize);

/// Where the value of a name is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In this scope, which is of the same function.
    Here(ScopeId),
    /// In this scope, of a function around this one.
    Around(ScopeId),
    /// In the module.
    Module,
    /// Nowhere.
    Nowhere,
}

/// All scopes of a text.
#[derive(Debug)]
pub(super) struct Scopes {
    all: Vec<Scope>,
    /// By the first byte of what makes them.
    at: BTreeMap<TextSize, ScopeId>,
    /// Global names in the order in which the text gives them values.
    pub(super) globals: Vec<String>,
    /// Names of attributes that the program gives to its own objects.
    pub(super) given: BTreeSet<String>,
    /// Names of attributes that it asks for, and names that it imports.
    wanted: BTreeSet<String>,
    /// Names that a `del` takes away.
    pub(super) deleted: BTreeSet<String>,
}

impl Scopes {
    /// The module.
    pub(super) const MODULE: ScopeId = ScopeId(0);

    /// Looks through a module.
    pub(super) fn of(body: &[Stmt], complaints: &mut Complaints) -> Scopes {
        walk::walk(body, complaints)
    }

    /// The scope of what begins at that byte.
    pub(super) fn at(&self, start: TextSize) -> ScopeId {
        self.at.get(&start).copied().unwrap_or(Scopes::MODULE)
    }

    pub(super) fn get(&self, id: ScopeId) -> &Scope {
        &self.all[id.0]
    }

    /// Where the value of `name` is found by code of the scope `from`.
    pub(super) fn home(&self, from: ScopeId, name: &str) -> Home {
        let (mut at, mut same_function) = (from, true);
        loop {
            let scope = self.get(at);
            let is_bound = scope.bound.contains_key(name);
            match scope.kind {
                Kind::Module if is_bound => return Home::Module,
                _ if scope.globals.contains(name) => {
                    let is_global = self.get(Scopes::MODULE).bound.contains_key(name);
                    return if is_global { Home::Module } else { Home::Nowhere };
                }
                // What the body of a class has set is seen by that body alone.
                Kind::Class if at != from => {}
                _ if is_bound && same_function => return Home::Here(at),
                _ if is_bound => return Home::Around(at),
                _ => {}
            }
            same_function &= scope.kind == Kind::Comprehension;
            let Some(parent) = scope.parent else { return Home::Nowhere };
            at = parent;
        }
    }

    /// How `name` gets its values where it lives.
    pub(super) fn bindings(&self, from: ScopeId, name: &str) -> &[Binding] {
        let home = match self.home(from, name) {
            Home::Here(scope) => scope,
            Home::Module => Scopes::MODULE,
            Home::Around(_) | Home::Nowhere => return &[],
        };
        self.get(home).bound.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether code of the function of scope `owner` uses a variable of it.
    pub(super) fn is_used(&self, owner: ScopeId, name: &str) -> bool {
        let uses = |id: &ScopeId| self.get(*id).used.contains(name) && self.home(*id, name) == Home::Here(owner);
        (0..self.all.len()).map(ScopeId).any(|id| uses(&id))
    }

    /// Whether something of that name is imported, asked for as an attribute, or given as a keyword.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.wanted.contains(name)
    }

    /// All names that are used between two bytes.
    pub(super) fn used_within(&self, range: TextRange) -> impl Iterator<Item = &str> {
        let scopes = self.at.range(range.start()..range.end()).map(|(_, id)| self.get(*id));
        scopes.flat_map(|scope| scope.used.iter().map(String::as_str))
    }

    /// The name as it is meant in that scope.
    pub(super) fn meant(&self, scope: ScopeId, name: &str) -> String {
        mangled(name, self.get(scope).class.as_deref()).into_owned()
    }
}
