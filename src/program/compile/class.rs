//! Classes: what they derive from is known before the program runs, and their bodies only set names.

use super::body::ClassBody;
use super::flow::Block;
use super::{Compiler, Dialect};
use crate::program::code::{Base, ClassId, Constant, Instruction};
use crate::program::library::Builtin;
use crate::program::names::is_special;
use crate::program::problem::quoted;
use crate::program::scopes::{Binding, Home, Scopes};
use crate::program::subset;
use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef, StmtReturn};
use ruff_text_size::{Ranged, TextRange, TextSize};
use std::collections::BTreeSet;

impl<'a> Compiler<'a, '_, '_> {
    pub(super) fn class_def(&mut self, class: &'a StmtClassDef) {
        let head = TextRange::new(class.start(), class.arguments.as_ref().map_or(class.name.end(), |list| list.end()));
        let in_loop = self.body.blocks.iter().any(|block| matches!(block, Block::Loop { .. }));
        if self.scope() != Scopes::MODULE || in_loop {
            return self.refuse(head, subset::CLASS_INSIDE);
        }
        class.decorator_list.iter().for_each(|decorator| self.refuse(decorator, subset::DECORATOR));
        class.type_params.iter().for_each(|parameters| self.refuse(&**parameters, subset::TYPE_PARAMETERS));
        self.begin(head, false);
        let base = self.base(class);
        let id = self.define_class(class, base);

        let outside = self.body.class.replace(ClassBody { id, set: BTreeSet::new() });
        self.body.scope = self.unit.scopes.at(class.start());
        if self.draft.is_exception(id) {
            let is_more = |stmt: &&Stmt| !matches!(stmt, Stmt::Pass(_)) && !is_text(stmt);
            class.body.iter().filter(is_more).for_each(|stmt| self.refuse(stmt, subset::EXCEPTION_BODY));
        }
        class.body.iter().for_each(|stmt| self.class_statement(stmt, id));
        self.body.scope = Scopes::MODULE;
        self.body.class = outside;

        if self.is_prelude() {
            return;
        }
        self.begin(head, false);
        self.constant(head, Constant::Class(id));
        self.store(&class.name, class.name.range());
    }

    /// Says what a class derives from; a `finally` comes by more than once.
    pub(super) fn define_class(&mut self, class: &'a StmtClassDef, base: Base) -> ClassId {
        let id = self.class_id(class.start(), &class.name);
        self.draft.derive(id, base);
        self.constants.insert(class.start(), Constant::Class(id));
        id
    }

    /// The number of the class at that place, which may stand further down.
    pub(super) fn class_id(&mut self, start: TextSize, name: &str) -> ClassId {
        let (draft, internal) = (&mut *self.draft, self.unit.dialect == Dialect::Prelude);
        *self.classes.entry(start).or_insert_with(|| draft.class(name, internal))
    }

    /// What a class derives from. The program evaluates it as well: it could be too early for it.
    pub(super) fn base(&mut self, class: &'a StmtClassDef) -> Base {
        let Some(arguments) = &class.arguments else { return Base::Object };
        if let Some(keyword) = arguments.keywords.first() {
            self.refuse(keyword, subset::CLASS_KEYWORD);
        }
        let base = match &*arguments.args {
            [] => return Base::Object,
            [base] => base,
            [_, second, ..] => {
                self.refuse(second, subset::BASES);
                return Base::Object;
            }
        };
        let is_object = matches!(base, Expr::Name(name)
            if name.id == "object" && self.unit.scopes.home(Scopes::MODULE, "object") == Home::Nowhere);
        if is_object {
            return Base::Object;
        }
        let found = match self.known(base) {
            Some(Constant::Builtin(Builtin::Thread)) => Some(Base::Thread),
            Some(Constant::Builtin(Builtin::Process)) => Some(Base::Process),
            Some(Constant::Exception(kind)) => Some(Base::Exception(kind)),
            _ => self.base_of_program(base),
        };
        let Some(found) = found else {
            self.refuse(base, subset::BASE_UNKNOWN);
            return Base::Object;
        };
        if !self.is_prelude() {
            self.expression(base);
            self.emit(base.range(), Instruction::Pop);
        }
        found
    }

    /// A class of the text, under a name that nothing else has.
    pub(super) fn class_of_program<'e>(&self, class: &'e Expr) -> Option<(TextSize, &'e str)> {
        let Expr::Name(name) = class else { return None };
        match self.unit.scopes.bindings(self.scope(), &self.meant(&name.id)) {
            [Binding::Class(start)] => Some((*start, &name.id)),
            _ => None,
        }
    }

    /// A class that stands further up.
    fn base_of_program(&self, base: &Expr) -> Option<Base> {
        let (start, _) = self.class_of_program(base)?;
        match self.constants.get(&start)? {
            Constant::Class(id) => Some(Base::Class(*id)),
            _ => None,
        }
    }

    fn class_statement(&mut self, stmt: &'a Stmt, class: ClassId) {
        match stmt {
            Stmt::Pass(_) => self.begin(stmt.range(), true),
            Stmt::Expr(_) if is_text(stmt) => {}
            Stmt::Assign(assign) if assign.targets.iter().all(is_name) => self.statement(stmt),
            Stmt::FunctionDef(method) => {
                self.check_special(method);
                self.function_def(method, Some(class));
            }
            Stmt::ClassDef(inner) => self.refuse(&inner.name, subset::CLASS_INSIDE),
            Stmt::AnnAssign(annotated) => self.refuse(&*annotated.annotation, subset::ANNOTATION),
            _ => self.refuse(stmt, subset::CLASS_BODY),
        }
    }

    /// Python calls special methods by itself: those in the subset, and these only where it makes no difference that the
    /// exception is not handed to them.
    fn check_special(&mut self, method: &'a StmtFunctionDef) {
        if self.is_prelude() || !is_special(&method.name) {
            return;
        }
        match method.name.as_str() {
            "__init__" | "__enter__" => {}
            "__exit__" => {
                let scope = self.unit.scopes.at(method.start());
                let looks = |name: &str| self.unit.scopes.is_used(scope, name);
                let seen = method.parameters.args.iter().skip(1).find(|parameter| looks(parameter.name()));
                if let Some(parameter) = seen {
                    self.refuse(parameter, subset::EXIT_LOOKS);
                }
            }
            _ => {
                let message = format!("the special method {} is not in the subset", quoted(&method.name));
                self.complaints.add(&method.name, message, Some(subset::SPECIAL_METHOD.into()));
            }
        }
    }

    /// An `__exit__` that returns something true would swallow the exception.
    pub(super) fn check_return(&mut self, stmt: &'a StmtReturn) {
        let harmless = match stmt.value.as_deref() {
            None | Some(Expr::NoneLiteral(_)) => true,
            Some(Expr::BooleanLiteral(literal)) => !literal.value,
            Some(_) => false,
        };
        if self.body.method_of.is_some() && self.body.function.name == "__exit__" && !harmless {
            self.refuse(stmt, subset::EXIT_ANSWERS);
        }
    }
}

/// A string that stands by itself.
pub(super) fn is_text(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(text) if text.value.is_string_literal_expr())
}

fn is_name(target: &Expr) -> bool {
    match target {
        Expr::Name(_) => true,
        Expr::Tuple(tuple) => tuple.elts.iter().all(is_name),
        Expr::List(list) => list.elts.iter().all(is_name),
        _ => false,
    }
}
