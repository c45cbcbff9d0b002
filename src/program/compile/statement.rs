//! Statements.

use super::Compiler;
use super::class::is_text;
use super::expression::count;
use super::flow::Label;
use crate::program::code::{Constant, Instruction};
use crate::program::imports;
use crate::program::library::Builtin;
use crate::program::problem::quoted;
use crate::program::scopes::Kind;
use crate::program::subset;
use ruff_python_ast::{
    Expr, Stmt, StmtAssert, StmtAssign, StmtAugAssign, StmtIf, StmtImport, StmtImportFrom, StmtRaise, StmtReturn,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

impl<'a> Compiler<'a, '_, '_> {
    pub(super) fn suite(&mut self, body: &'a [Stmt]) {
        body.iter().for_each(|stmt| self.statement(stmt));
    }

    pub(super) fn statement(&mut self, stmt: &'a Stmt) {
        // A program that is too long already would only take longer.
        if self.draft.is_full() {
            return;
        }
        let range = stmt.range();
        match stmt {
            Stmt::Expr(_) if is_text(stmt) => {}
            Stmt::Expr(expr) => {
                self.begin(range, true);
                self.expression(&expr.value);
                self.emit(range, Instruction::Pop);
            }
            Stmt::Assign(assign) => self.assignment(assign),
            Stmt::AugAssign(assign) => self.augmented_assignment(assign),
            Stmt::Delete(delete) => {
                self.begin(range, true);
                delete.targets.iter().for_each(|target| self.delete_target(target));
            }
            Stmt::Pass(_) | Stmt::Global(_) => self.begin(range, true),
            Stmt::Assert(assert) => self.assert(assert),
            Stmt::Raise(raise) => self.raise(raise),
            Stmt::Return(back) => self.return_statement(back),
            Stmt::Break(_) => self.jump_in_loop(range, true),
            Stmt::Continue(_) => self.jump_in_loop(range, false),
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),

            Stmt::If(choice) => self.if_statement(choice),
            Stmt::While(stmt) => self.while_loop(stmt),
            Stmt::For(stmt) => self.for_loop(stmt),
            Stmt::With(stmt) => self.with_statement(stmt),
            Stmt::Try(stmt) => self.try_statement(stmt),
            Stmt::FunctionDef(def) => self.function_def(def, None),
            Stmt::ClassDef(class) => self.class_def(class),

            Stmt::AnnAssign(annotated) => self.refuse(&*annotated.annotation, subset::ANNOTATION),
            Stmt::Match(found) => self.refuse(TextRange::at(found.start(), TextSize::of("match")), subset::MATCH),
            Stmt::TypeAlias(alias) => self.refuse(alias, subset::TYPE_ALIAS),
            Stmt::Nonlocal(nonlocal) => self.refuse(nonlocal, subset::NONLOCAL),
            Stmt::IpyEscapeCommand(command) => self.refuse(command, subset::ESCAPE_COMMAND),
        }
    }

    /// `a = b = value`: the value first, then the targets from left to right.
    fn assignment(&mut self, assign: &'a StmtAssign) {
        self.begin(assign.range(), true);
        self.expression(&assign.value);
        for (index, target) in assign.targets.iter().enumerate() {
            if index + 1 < assign.targets.len() {
                self.emit(target.range(), Instruction::Duplicate);
            }
            self.assign(target);
        }
    }

    /// Gives a target the value on top of the stack.
    pub(super) fn assign(&mut self, target: &'a Expr) {
        let range = target.range();
        match target {
            Expr::Name(name) => self.store(&self.meant(&name.id), range),
            Expr::Attribute(attribute) => {
                self.expression(&attribute.value);
                if let Some(name) = self.attribute_name(attribute) {
                    let name = self.draft.name(&name);
                    self.emit(range, Instruction::StoreAttribute(name));
                }
            }
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value);
                self.index(&subscript.slice);
                self.emit(range, Instruction::StoreItem);
            }
            Expr::Tuple(tuple) => self.unpack(range, &tuple.elts),
            Expr::List(list) => self.unpack(range, &list.elts),
            Expr::Starred(starred) => self.refuse(starred, subset::STARRED),
            _ => self.not_python(target, "this cannot be assigned to"),
        }
    }

    fn unpack(&mut self, range: TextRange, targets: &'a [Expr]) {
        self.emit(range, Instruction::Unpack(count(targets)));
        targets.iter().for_each(|target| self.assign(target));
    }

    /// `a += value`: what `a` is made of is evaluated once, and read before the value.
    fn augmented_assignment(&mut self, assign: &'a StmtAugAssign) {
        let range = assign.range();
        self.begin(range, true);
        let Some(op) = self.binary(assign.op, range) else { return };
        let target = assign.target.range();
        match &*assign.target {
            Expr::Name(name) => {
                let name = self.meant(&name.id);
                self.load(&name, target);
                self.expression(&assign.value);
                self.emit(range, Instruction::InPlace(op));
                self.store(&name, target);
            }
            Expr::Attribute(attribute) => {
                self.expression(&attribute.value);
                let Some(name) = self.attribute_name(attribute) else { return };
                let name = self.draft.name(&name);
                self.emit(target, Instruction::Duplicate);
                self.emit(target, Instruction::LoadAttribute(name));
                self.expression(&assign.value);
                self.emit(range, Instruction::InPlace(op));
                self.emit(target, Instruction::Swap);
                self.emit(target, Instruction::StoreAttribute(name));
            }
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value);
                self.index(&subscript.slice);
                self.emit(target, Instruction::DuplicateTwo);
                self.emit(target, Instruction::LoadItem);
                self.expression(&assign.value);
                self.emit(range, Instruction::InPlace(op));
                self.emit(target, Instruction::RotateThree);
                self.emit(target, Instruction::StoreItem);
            }
            _ => self.not_python(target, "this cannot be assigned to"),
        }
    }

    fn delete_target(&mut self, target: &'a Expr) {
        let range = target.range();
        match target {
            Expr::Name(name) => self.delete(&self.meant(&name.id), range),
            Expr::Attribute(attribute) => {
                self.expression(&attribute.value);
                if let Some(name) = self.attribute_name(attribute) {
                    let name = self.draft.name(&name);
                    self.emit(range, Instruction::DeleteAttribute(name));
                }
            }
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value);
                self.index(&subscript.slice);
                self.emit(range, Instruction::DeleteItem);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.delete_target(target)),
            Expr::List(list) => list.elts.iter().for_each(|target| self.delete_target(target)),
            _ => self.not_python(target, "this cannot be deleted"),
        }
    }

    fn assert(&mut self, assert: &'a StmtAssert) {
        let range = assert.range();
        self.begin(range, true);
        let mut holds = Label::default();
        self.condition(&assert.test, true, &mut holds);
        if let Some(message) = &assert.msg {
            self.expression(message);
        }
        self.emit(range, Instruction::AssertionFailed { message: assert.msg.is_some() });
        self.land(&mut holds);
    }

    fn raise(&mut self, raise: &'a StmtRaise) {
        let range = raise.range();
        self.begin(range, true);
        if let Some(cause) = &raise.cause {
            self.refuse(&**cause, subset::RAISE_FROM);
        }
        match &raise.exc {
            Some(exception) => {
                self.expression(exception);
                self.emit(range, Instruction::Raise);
            }
            None => self.raise_again(range),
        }
    }

    fn return_statement(&mut self, back: &'a StmtReturn) {
        let range = back.range();
        if self.body.is_module() {
            return self.not_python(range, "`return` outside of a function");
        }
        self.check_return(back);
        self.begin(range, true);
        match &back.value {
            Some(value) => {
                self.expression(value);
                self.leave(range, false, true);
            }
            None => {
                self.leave(range, false, false);
                self.constant(range, Constant::None);
            }
        }
        self.emit(range, Instruction::Return);
    }

    fn if_statement(&mut self, choice: &'a StmtIf) {
        let mut end = Label::default();
        let mut next = Label::default();
        let head = TextRange::new(choice.start(), choice.test.end());
        self.begin(head, false);
        self.condition(&choice.test, false, &mut next);
        self.suite(&choice.body);
        for clause in &choice.elif_else_clauses {
            self.jump(head, Instruction::Jump, &mut end);
            self.land(&mut next);
            next = Label::default();
            if let Some(test) = &clause.test {
                self.begin(TextRange::new(clause.start(), test.end()), false);
                self.condition(test, false, &mut next);
            }
            self.suite(&clause.body);
        }
        self.land(&mut next);
        self.land(&mut end);
    }

    fn import(&mut self, import: &'a StmtImport) {
        self.begin(import.range(), true);
        for alias in &import.names {
            let top = alias.name.split('.').next().unwrap_or_default();
            let (found, name) = match &alias.asname {
                Some(name) => (imports::module(&alias.name), name.as_str()),
                None => (imports::module(&alias.name).and_then(|_| imports::module(top)), top),
            };
            match found {
                // A package without its module is of no use.
                Some(_) if alias.name.as_str() == "concurrent" => self.unknown_module(&alias.name, alias.range()),
                Some(module) => {
                    self.constant(alias.range(), Constant::Builtin(module));
                    self.store(&self.meant(name), alias.range());
                }
                None => self.unknown_module(&alias.name, alias.range()),
            }
        }
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        self.begin(import.range(), true);
        let Some(name) = import.module.as_ref().filter(|_| import.level == 0) else {
            return self.refuse(import, subset::IMPORT_RELATIVE);
        };
        let Some(module) = imports::module(name) else {
            return self.unknown_module(name, name.range());
        };
        for alias in &import.names {
            if alias.name.as_str() == "*" {
                if self.unit.scopes.get(self.scope()).kind == Kind::Module {
                    self.refuse(alias, subset::IMPORT_STAR);
                } else {
                    self.not_python(alias, "`import *` inside of a function or class");
                }
                continue;
            }
            match imports::member(module, &alias.name) {
                Some(constant) => {
                    self.constant(alias.range(), constant);
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.store(&self.meant(name), alias.range());
                }
                None => {
                    let message = format!("{} of `{}` is not in the subset", quoted(&alias.name), module.name());
                    let help = self.instead_of(module, &alias.name);
                    self.complaints.add(&alias.name, message, help);
                }
            }
        }
    }

    /// What to do without something that a module has not: the nearest thing that it has.
    pub(super) fn instead_of(&self, module: Builtin, name: &str) -> Option<String> {
        let known = || imports::members(module).map(|(name, _)| name);
        subset::of_module(module.name(), name).map(String::from).or_else(|| self.complaints.suggest(name, known()))
    }

    fn unknown_module(&mut self, name: &str, range: TextRange) {
        let known: Vec<&str> = imports::modules().filter(|name| *name != "concurrent").collect();
        let help = format!("modules that can be imported: {}", known.join(", "));
        self.complaints.add(range, format!("the module {} is not in the subset", quoted(name)), Some(help));
    }
}
