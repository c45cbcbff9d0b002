//! Variables: whose they are decides how they are read and written.

use super::Compiler;
use crate::program::code::{Constant, Instruction, LocalId};
use crate::program::imports;
use crate::program::problem::quoted;
use crate::program::scopes::{Binding, Home, Kind, ScopeId, Scopes};
use crate::program::subset::{self, python_only};
use ruff_python_ast::Expr;
use ruff_text_size::TextRange;

impl<'a> Compiler<'a, '_, '_> {
    /// Puts the value of a variable on the stack.
    pub(super) fn load(&mut self, name: &str, range: TextRange) {
        match self.unit.scopes.home(self.scope(), name) {
            Home::Here(scope) => match self.unit.scopes.get(scope).kind {
                Kind::Class => self.load_in_class(name, range),
                Kind::Comprehension => self.load_in_comprehension(scope, name, range),
                _ => {
                    let local = self.body.local(name);
                    self.emit(range, Instruction::LoadLocal(local));
                }
            },
            Home::Around(scope) => self.refuse_closure(scope, name, range),
            Home::Module => self.load_global(name, range),
            Home::Nowhere => self.load_builtin(name, range),
        }
    }

    fn load_global(&mut self, name: &str, range: TextRange) {
        if self.is_prelude()
            && let [Binding::Class(start) | Binding::Function(start)] = self.unit.scopes.bindings(Scopes::MODULE, name)
            && let Some(constant) = self.constants.get(start)
        {
            return self.constant(range, constant.clone());
        }
        let global = self.draft.global(name);
        self.emit(range, Instruction::LoadGlobal(global));
    }

    /// The body of a class sees what it has set; what it will only set later is still the module's.
    fn load_in_class(&mut self, name: &str, range: TextRange) {
        match &self.body.class {
            Some(class) if class.set.contains(name) => {
                let (id, name) = (class.id, self.draft.name(name));
                self.emit(range, Instruction::LoadClass(id, name));
            }
            _ if self.unit.scopes.get(Scopes::MODULE).bound.contains_key(name) => self.load_global(name, range),
            _ => self.load_builtin(name, range),
        }
    }

    fn load_in_comprehension(&mut self, scope: ScopeId, name: &str, range: TextRange) {
        let depth = self.body.comprehensions.iter().position(|comprehension| comprehension.scope == scope);
        let Some(depth) = depth else { return };
        if !self.body.comprehensions[depth].set.contains(name) {
            let message = format!("{} is used before the comprehension gives it a value", quoted(name));
            return self.complaints.add(range, message, Some("name the first of the two differently".into()));
        }
        let local = self.comprehension_local(depth, name);
        self.emit(range, Instruction::LoadLocal(local));
    }

    /// The hidden local that a variable of a comprehension is.
    pub(super) fn comprehension_local(&mut self, depth: usize, name: &str) -> LocalId {
        match depth {
            0 => self.body.local(&format!(".{name}")),
            _ => self.body.local(&format!(".{name}.{depth}")),
        }
    }

    fn load_builtin(&mut self, name: &str, range: TextRange) {
        if let Some(constant) = self.builtin(name) {
            return self.constant(range, constant);
        }
        if name == "super" {
            return self.refuse(range, subset::SUPER_FAR);
        }
        if let Some(help) = python_only(name) {
            let message = format!("{} is not in the subset", quoted(name));
            return self.complaints.add(range, message, Some(help.into()));
        }
        // Nothing gives it a value: as in CPython, that is a `NameError` of whoever comes here.
        self.load_global(name, range);
    }

    fn builtin(&self, name: &str) -> Option<Constant> {
        let found = |(known, constant): (&str, Constant)| (known == name).then_some(constant);
        match self.is_prelude() {
            true => imports::for_prelude().find_map(found),
            false => imports::without_import().find_map(found),
        }
    }

    fn refuse_closure(&mut self, owner: ScopeId, name: &str, range: TextRange) {
        let owner = self.unit.scopes.get(owner);
        let of = match owner.kind {
            Kind::Comprehension => "the comprehension".into(),
            Kind::Lambda => "the lambda".into(),
            _ => quoted(&owner.name),
        };
        let message = format!("{} is a variable of {of} around this: a closure is not in the subset", quoted(name));
        let help = match self.body.function.name.as_str() {
            "<lambda>" => format!("give it to the lambda as a default: `lambda {name}={name}: …`"),
            _ => "pass it as an argument, or make it global".into(),
        };
        self.complaints.add(range, message, Some(help));
    }

    /// Gives a variable the value on top of the stack.
    pub(super) fn store(&mut self, name: &str, range: TextRange) {
        match self.unit.scopes.home(self.scope(), name) {
            Home::Here(scope) => match self.unit.scopes.get(scope).kind {
                Kind::Class => self.store_in_class(name, range),
                Kind::Comprehension => {
                    let depth = self.body.comprehensions.len().saturating_sub(1);
                    if let Some(comprehension) = self.body.comprehensions.last_mut() {
                        comprehension.set.insert(name.into());
                    }
                    let local = self.comprehension_local(depth, name);
                    self.emit(range, Instruction::StoreLocal(local));
                }
                _ => {
                    let local = self.body.local(name);
                    self.emit(range, Instruction::StoreLocal(local));
                }
            },
            _ => {
                let global = self.draft.global(name);
                self.emit(range, Instruction::StoreGlobal(global));
            }
        }
    }

    fn store_in_class(&mut self, name: &str, range: TextRange) {
        let Some(class) = &mut self.body.class else { return };
        class.set.insert(name.into());
        let id = class.id;
        let name = self.draft.name(name);
        self.emit(range, Instruction::StoreClass(id, name));
    }

    /// Takes a variable away.
    pub(super) fn delete(&mut self, name: &str, range: TextRange) {
        match self.unit.scopes.home(self.scope(), name) {
            Home::Here(_) => {
                let local = self.body.local(name);
                self.emit(range, Instruction::DeleteLocal(local));
            }
            _ => {
                let global = self.draft.global(name);
                self.emit(range, Instruction::DeleteGlobal(global));
            }
        }
    }

    /// What an expression stands for wherever it is evaluated: a module, or something of one.
    pub(super) fn known(&self, expr: &Expr) -> Option<Constant> {
        match expr {
            Expr::Name(name) => match self.unit.scopes.home(self.scope(), &self.meant(&name.id)) {
                Home::Nowhere => self.builtin(&name.id),
                _ => match self.unit.scopes.bindings(self.scope(), &self.meant(&name.id)) {
                    [Binding::Import(Some(first)), others @ ..] => {
                        let same = |other: &Binding| matches!(other, Binding::Import(Some(known)) if known == first);
                        others.iter().all(same).then(|| first.clone())
                    }
                    _ => None,
                },
            },
            Expr::Attribute(attribute) => match self.known(&attribute.value)? {
                Constant::Builtin(module) => imports::member(module, &attribute.attr),
                _ => None,
            },
            _ => None,
        }
    }
}
