//! Statements, and the orderly ways out of them.

use super::{Block, Compiler};
use crate::program::code::{Constant, Instruction, LocalId};
use crate::program::imports;
use crate::program::limits::BLOCKS_MAX;
use crate::program::problem::quoted;
use crate::program::scopes::{Home, Kind};
use crate::program::subset;
use ruff_python_ast::{
    ExceptHandler, Expr, Stmt, StmtAugAssign, StmtFor, StmtIf, StmtImport, StmtImportFrom, StmtTry, StmtWhile,
    StmtWith, WithItem,
};
use ruff_text_size::Ranged;

impl Compiler<'_, '_, '_> {
    pub(super) fn body(&mut self, body: &[Stmt]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    pub(super) fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.begin(function.name.range(), true);
                self.function(function, None);
                if self.internal {
                    let id = (self.program.functions.len() - 1) as u16;
                    // The function itself was opened before those within it.
                    let own = self
                        .program
                        .functions
                        .iter()
                        .rposition(|other| other.name == *function.name)
                        .unwrap_or(id.into());
                    self.emit(Instruction::Pop);
                    self.stand_in(&function.name, Constant::Function(crate::program::code::FunctionId(own as u16)));
                } else {
                    let scope = self.scope();
                    let name = self.scopes.meant(scope, &function.name);
                    self.store_name(&name, &function.name);
                }
            }
            Stmt::ClassDef(class) => {
                self.begin(class.name.range(), true);
                self.class_definition(class);
            }
            Stmt::Return(returned) => {
                self.begin(returned, true);
                if self.units.len() < 2 {
                    return self.wrong(returned, "`return` outside of a function");
                }
                match &returned.value {
                    Some(value) => self.expression(value),
                    None => self.load_constant(Constant::None),
                }
                self.at(returned);
                self.leave(0, true);
                self.emit(Instruction::Return);
            }
            Stmt::Delete(delete) => {
                self.begin(delete, true);
                delete.targets.iter().for_each(|target| self.delete(target));
            }
            Stmt::Assign(assign) => {
                self.begin(assign, true);
                self.expression(&assign.value);
                for (index, target) in assign.targets.iter().enumerate() {
                    if index + 1 < assign.targets.len() {
                        self.emit(Instruction::Duplicate);
                    }
                    self.store(target);
                }
            }
            Stmt::AugAssign(assign) => {
                self.begin(assign, true);
                self.augmented(assign);
            }
            Stmt::AnnAssign(assign) => self.refuse(&*assign.annotation, subset::ANNOTATION),
            Stmt::TypeAlias(alias) => self.refuse(alias, subset::TYPE_ALIAS),
            Stmt::For(each) => self.for_loop(each),
            Stmt::While(while_loop) => self.while_loop(while_loop),
            Stmt::If(choice) => self.choice(choice),
            Stmt::With(with) => self.with(with),
            Stmt::Match(matched) => self.refuse(&*matched.subject, subset::MATCH),
            Stmt::Raise(raise) => {
                self.begin(raise, true);
                if let Some(cause) = &raise.cause {
                    self.refuse(&**cause, subset::RAISE_FROM);
                }
                match &raise.exc {
                    Some(exception) => {
                        self.expression(exception);
                        self.at(raise);
                        self.emit(Instruction::Raise);
                    }
                    None => {
                        let handler = self.unit().blocks.iter().rposition(|block| matches!(block, Block::Handler(_)));
                        match handler {
                            Some(at) => {
                                let local = self.handled(at);
                                self.emit(Instruction::LoadLocal(local));
                                self.emit(Instruction::Reraise);
                            }
                            None => self.refuse(raise, subset::BARE_RAISE),
                        }
                    }
                }
            }
            Stmt::Try(tried) => self.tried(tried),
            Stmt::Assert(assert) => {
                self.begin(assert, true);
                self.expression(&assert.test);
                let holds = self.emit(Instruction::JumpIfTrue(0));
                if let Some(message) = &assert.msg {
                    self.expression(message);
                }
                self.at(assert);
                self.emit(Instruction::AssertionFailed { message: assert.msg.is_some() });
                self.land(holds);
            }
            Stmt::Import(import) => {
                self.begin(import, true);
                self.import(import);
            }
            Stmt::ImportFrom(import) => {
                self.begin(import, true);
                self.import_from(import);
            }
            Stmt::Global(_) => {}
            Stmt::Nonlocal(nonlocal) => self.refuse(nonlocal, subset::NONLOCAL),
            Stmt::Expr(expression) => {
                self.begin(expression, true);
                if matches!(*expression.value, Expr::StringLiteral(_)) {
                    return;
                }
                self.expression(&expression.value);
                self.emit(Instruction::Pop);
            }
            Stmt::Pass(pass) => self.begin(pass, true),
            Stmt::Break(at) => {
                self.begin(at, true);
                self.leave_loop(at, true);
            }
            Stmt::Continue(at) => {
                self.begin(at, true);
                self.leave_loop(at, false);
            }
            Stmt::IpyEscapeCommand(command) => self.refuse(command, subset::ESCAPE_COMMAND),
        }
    }

    fn push(&mut self, block: Block, place: impl Ranged) {
        if self.unit().blocks.len() >= BLOCKS_MAX {
            self.wrong(place, "too many statically nested blocks");
        }
        self.unit().blocks.push(block);
    }

    fn choice(&mut self, choice: &StmtIf) {
        self.begin(&*choice.test, false);
        self.expression(&choice.test);
        let mut ends = Vec::new();
        let mut otherwise = Some(self.emit(Instruction::JumpIfFalse(0)));
        self.body(&choice.body);
        for clause in &choice.elif_else_clauses {
            ends.push(self.emit(Instruction::Jump(0)));
            if let Some(jump) = otherwise.take() {
                self.land(jump);
            }
            if let Some(test) = &clause.test {
                self.begin(test, false);
                self.expression(test);
                otherwise = Some(self.emit(Instruction::JumpIfFalse(0)));
            }
            self.body(&clause.body);
        }
        if let Some(jump) = otherwise {
            self.land(jump);
        }
        ends.into_iter().for_each(|end| self.land(end));
    }

    fn while_loop(&mut self, each: &StmtWhile) {
        let next = self.here();
        self.begin(&*each.test, false);
        self.expression(&each.test);
        let over = self.emit(Instruction::JumpIfFalse(0));
        self.push(Block::Loop { next, breaks: Vec::new(), iterates: false }, &*each.test);
        self.body(&each.body);
        self.emit(Instruction::Jump(next));
        let block = self.unit().blocks.pop();
        self.land(over);
        self.body(&each.orelse);
        if let Some(Block::Loop { breaks, .. }) = block {
            breaks.into_iter().for_each(|jump| self.land(jump));
        }
    }

    fn for_loop(&mut self, each: &StmtFor) {
        if each.is_async {
            self.refuse(&*each.target, subset::ASYNC);
        }
        self.begin(&*each.iter, false);
        self.expression(&each.iter);
        self.at(&*each.iter);
        self.emit(Instruction::Iterate);
        let next = self.here();
        self.begin(&*each.iter, false);
        let over = self.emit(Instruction::Advance(0));
        self.store(&each.target);
        self.push(Block::Loop { next, breaks: Vec::new(), iterates: true }, &*each.target);
        self.body(&each.body);
        self.emit(Instruction::Jump(next));
        let block = self.unit().blocks.pop();
        self.land(over);
        self.body(&each.orelse);
        if let Some(Block::Loop { breaks, .. }) = block {
            breaks.into_iter().for_each(|jump| self.land(jump));
        }
    }

    fn leave_loop(&mut self, place: impl Ranged, breaks: bool) {
        let blocks = &self.unit().blocks;
        let Some(at) = blocks.iter().rposition(|block| matches!(block, Block::Loop { .. })) else {
            let word = if breaks { "`break` outside loop" } else { "`continue` not properly in loop" };
            return self.wrong(place, word);
        };
        self.leave(at + 1, false);
        let Block::Loop { next, iterates, .. } = self.unit().blocks[at] else { return };
        if !breaks {
            self.emit(Instruction::Jump(next));
            return;
        }
        if iterates {
            self.emit(Instruction::Pop);
        }
        let jump = self.emit(Instruction::Jump(0));
        if let Block::Loop { breaks, .. } = &mut self.unit().blocks[at] {
            breaks.push(jump);
        }
    }

    /// Leaves all blocks above `down_to` in order; a value on top stays there.
    fn leave(&mut self, down_to: usize, value: bool) {
        let blocks = self.unit().blocks.clone();
        for at in (down_to..blocks.len()).rev() {
            // A `finally` on the way runs outside of itself.
            match &blocks[at] {
                Block::Loop { iterates, .. } => {
                    if *iterates {
                        self.drop_below(value);
                    }
                }
                Block::Try => _ = self.emit(Instruction::EndTry),
                Block::Handler(name) => self.forget(name.as_deref()),
                Block::Finally(body) => {
                    self.emit(Instruction::EndTry);
                    self.unit().blocks.truncate(at);
                    self.body(body);
                }
                Block::Cleaning => self.drop_below(value),
                Block::With => {
                    self.emit(Instruction::EndTry);
                    if value {
                        self.emit(Instruction::Swap);
                    }
                    self.emit(Instruction::Exit);
                }
            }
        }
        self.unit().blocks = blocks;
    }

    /// Drops what lies on top, or below the value on top.
    fn drop_below(&mut self, value: bool) {
        if value {
            self.emit(Instruction::Swap);
        }
        self.emit(Instruction::Pop);
    }

    fn with(&mut self, with: &StmtWith) {
        if with.is_async {
            self.refuse(&with.items[0], subset::ASYNC);
        }
        self.with_items(&with.items, &with.body);
    }

    fn with_items(&mut self, items: &[WithItem], body: &[Stmt]) {
        let [item, rest @ ..] = items else { return self.body(body) };
        self.begin(&item.context_expr, false);
        self.expression(&item.context_expr);
        self.at(&item.context_expr);
        self.emit(Instruction::Enter);
        // [context value]: an exception in the body leaves the context on the stack.
        match &item.optional_vars {
            Some(target) => self.store(target),
            None => _ = self.emit(Instruction::Pop),
        }
        let handler = self.emit(Instruction::Cleanup(0));
        self.push(Block::With, &item.context_expr);
        self.with_items(rest, body);
        self.unit().blocks.pop();
        self.emit(Instruction::EndTry);
        // What is done on leaving belongs to no statement of the body.
        self.begin(&item.context_expr, false);
        self.emit(Instruction::Exit);
        let end = self.emit(Instruction::Jump(0));
        self.land(handler);
        // [context exception]
        self.emit(Instruction::Swap);
        self.emit(Instruction::Exit);
        self.emit(Instruction::Reraise);
        self.land(end);
    }

    fn tried(&mut self, tried: &StmtTry) {
        if tried.is_star {
            let place = tried.handlers.first().map_or(tried.range(), Ranged::range);
            self.refuse(place, subset::EXCEPT_STAR);
        }
        if tried.finalbody.is_empty() {
            return self.guarded(tried);
        }
        let handler = self.emit(Instruction::Cleanup(0));
        self.push(Block::Finally(tried.finalbody.to_vec()), tried);
        match tried.handlers.is_empty() {
            true => self.body(&tried.body),
            false => self.guarded(tried),
        }
        self.unit().blocks.pop();
        self.emit(Instruction::EndTry);
        self.body(&tried.finalbody);
        let end = self.emit(Instruction::Jump(0));
        self.land(handler);
        self.push(Block::Cleaning, tried);
        self.body(&tried.finalbody);
        self.unit().blocks.pop();
        self.emit(Instruction::Reraise);
        self.land(end);
    }

    /// `try … except … else`
    fn guarded(&mut self, tried: &StmtTry) {
        let handler = self.emit(Instruction::Try(0));
        self.push(Block::Try, tried);
        self.body(&tried.body);
        self.unit().blocks.pop();
        self.emit(Instruction::EndTry);
        self.body(&tried.orelse);
        let mut ends = vec![self.emit(Instruction::Jump(0))];
        self.land(handler);
        for (index, clause) in tried.handlers.iter().enumerate() {
            let ExceptHandler::ExceptHandler(clause) = clause;
            let mut otherwise = None;
            match &clause.type_ {
                Some(kind) => {
                    self.at(&**kind);
                    let Some(class) = self.caught(kind) else { continue };
                    self.load_constant(class);
                    self.emit(Instruction::Matches);
                    otherwise = Some(self.emit(Instruction::JumpIfFalse(0)));
                }
                None if index + 1 < tried.handlers.len() => self.wrong(clause, "default 'except:' must be last"),
                None => {}
            }
            // [exception]: kept for a bare `raise`, under its name too.
            let depth = self.unit().blocks.len();
            let hidden = self.handled(depth);
            self.emit(Instruction::StoreLocal(hidden));
            let name = clause.name.as_ref().map(|name| {
                let scope = self.scope();
                let meant = self.scopes.meant(scope, name);
                self.emit(Instruction::LoadLocal(hidden));
                self.store_name(&meant, name);
                meant
            });
            // The name is deleted however the clause ends.
            let cleanup = name.as_ref().map(|_| self.emit(Instruction::Cleanup(0)));
            self.push(Block::Handler(name.clone()), clause);
            self.body(&clause.body);
            self.unit().blocks.pop();
            self.forget(name.as_deref());
            ends.push(self.emit(Instruction::Jump(0)));
            if let Some(cleanup) = cleanup {
                self.land(cleanup);
                self.unset(name.as_deref().unwrap_or_default());
                self.emit(Instruction::Reraise);
            }
            if let Some(otherwise) = otherwise {
                self.land(otherwise);
            }
        }
        self.emit(Instruction::Reraise);
        ends.into_iter().for_each(|end| self.land(end));
    }

    /// The class that an `except` catches, or several of them: known before the program runs.
    fn caught(&mut self, kind: &Expr) -> Option<Constant> {
        let known = match kind {
            Expr::Tuple(tuple) => {
                tuple.elts.iter().map(|kind| self.caught(kind)).collect::<Option<_>>().map(Constant::Tuple)
            }
            _ => self.known(kind),
        };
        match known {
            Some(known @ (Constant::Exception(_) | Constant::Class(_) | Constant::Tuple(_))) => Some(known),
            _ => {
                let help = "name an exception class, or a tuple of them".to_string();
                let message = "an `except` of what is only known when the program runs is not in the subset";
                if !matches!(kind, Expr::Tuple(_)) {
                    self.complaints.add(kind, message, Some(help));
                }
                None
            }
        }
    }

    /// The hidden variable that holds the exception of the `except` at that depth.
    fn handled(&mut self, depth: usize) -> LocalId {
        let scope = self.scope();
        self.local(scope, &format!(".caught {depth}"))
    }

    /// Ends an `except`: its name is deleted.
    fn forget(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.emit(Instruction::EndTry);
            self.unset(name);
        }
    }

    /// Deletes a variable that may be gone already.
    fn unset(&mut self, name: &str) {
        self.load_constant(Constant::None);
        let scope = self.scope();
        match self.scopes.home(scope, name) {
            Home::Here(home) if !self.is_module(home) => {
                let local = self.local(home, name);
                self.emit(Instruction::StoreLocal(local));
                self.emit(Instruction::DeleteLocal(local));
            }
            _ => {
                if let Some(global) = self.global(name) {
                    self.emit(Instruction::StoreGlobal(global));
                    self.emit(Instruction::DeleteGlobal(global));
                }
            }
        }
    }

    pub(super) fn is_module(&self, scope: crate::program::scopes::ScopeId) -> bool {
        self.scopes.get(scope).kind == Kind::Module
    }

    fn import(&mut self, import: &StmtImport) {
        for alias in &import.names {
            let Some(module) = imports::module(&alias.name) else {
                let help = crate::program::suggest(&alias.name, imports::modules());
                let message = format!("the module {} is not in the subset", quoted(&alias.name));
                self.complaints.add(&alias.name, message, help);
                continue;
            };
            let scope = self.scope();
            match &alias.asname {
                Some(name) => {
                    self.load_constant(Constant::Builtin(module));
                    let meant = self.scopes.meant(scope, name);
                    self.store_name(&meant, name);
                }
                None => {
                    let top = alias.name.split('.').next().unwrap_or_default().to_string();
                    let top_module = imports::module(&top).unwrap_or(module);
                    self.load_constant(Constant::Builtin(top_module));
                    self.store_name(&top, &alias.name);
                }
            }
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        if import.level > 0 {
            return self.refuse(import, subset::IMPORT_RELATIVE);
        }
        let Some(name) = &import.module else { return };
        let Some(module) = imports::module(name) else {
            let help = crate::program::suggest(name, imports::modules());
            return self.complaints.add(name, format!("the module {} is not in the subset", quoted(name)), help);
        };
        for alias in &import.names {
            if alias.name.as_str() == "*" {
                self.refuse(alias, subset::IMPORT_STAR);
                continue;
            }
            let Some(found) = imports::member(module, &alias.name) else {
                let help = crate::program::suggest(&alias.name, imports::members(module).map(|(name, _)| name));
                let message = format!("{} of {} is not in the subset", quoted(&alias.name), quoted(name));
                self.complaints.add(&alias.name, message, help);
                continue;
            };
            self.load_constant(found);
            let own = alias.asname.as_ref().unwrap_or(&alias.name);
            let scope = self.scope();
            let meant = self.scopes.meant(scope, own);
            self.store_name(&meant, own);
        }
    }

    fn augmented(&mut self, assign: &StmtAugAssign) {
        let Some(operator) = self.operator(assign.op, assign) else { return };
        let target = &*assign.target;
        match target {
            Expr::Name(name) => {
                self.load_name(&name.id, target);
                self.expression(&assign.value);
                self.at(assign);
                self.emit(Instruction::InPlace(operator));
                let scope = self.scope();
                let meant =
                    crate::program::names::mangled(&name.id, self.scopes.get(scope).class.as_deref()).into_owned();
                self.store_name(&meant, target);
            }
            Expr::Attribute(attribute) => {
                self.expression(&attribute.value);
                self.emit(Instruction::Duplicate);
                let name = self.attribute(attribute);
                self.at(target);
                self.emit(Instruction::LoadAttribute(name));
                self.expression(&assign.value);
                self.at(assign);
                self.emit(Instruction::InPlace(operator));
                self.emit(Instruction::Swap);
                self.at(target);
                self.emit(Instruction::StoreAttribute(name));
            }
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value);
                self.index(&subscript.slice);
                self.emit(Instruction::DuplicateTwo);
                self.at(target);
                self.emit(Instruction::LoadItem);
                self.expression(&assign.value);
                self.at(assign);
                self.emit(Instruction::InPlace(operator));
                self.emit(Instruction::RotateThree);
                self.at(target);
                self.emit(Instruction::StoreItem);
            }
            _ => self.wrong(target, "this cannot be assigned to"),
        }
    }

    /// Assigns what lies on top.
    pub(super) fn store(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let scope = self.scope();
                let meant =
                    crate::program::names::mangled(&name.id, self.scopes.get(scope).class.as_deref()).into_owned();
                self.store_name(&meant, target);
            }
            Expr::Attribute(attribute) => {
                self.expression(&attribute.value);
                let name = self.attribute(attribute);
                self.at(target);
                self.emit(Instruction::StoreAttribute(name));
            }
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value);
                self.index(&subscript.slice);
                self.at(target);
                self.emit(Instruction::StoreItem);
            }
            Expr::Tuple(tuple) => self.unpack(&tuple.elts, target),
            Expr::List(list) => self.unpack(&list.elts, target),
            Expr::Starred(starred) => self.refuse(starred, subset::STARRED),
            _ => self.wrong(target, "this cannot be assigned to"),
        }
    }

    fn unpack(&mut self, targets: &[Expr], place: &Expr) {
        self.at(place);
        self.emit(Instruction::Unpack(targets.len() as u16));
        targets.iter().for_each(|target| self.store(target));
    }

    fn delete(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let scope = self.scope();
                let meant =
                    crate::program::names::mangled(&name.id, self.scopes.get(scope).class.as_deref()).into_owned();
                self.at(target);
                match self.scopes.home(scope, &meant) {
                    Home::Here(home) if !self.is_module(home) => {
                        let local = self.local(home, &meant);
                        self.emit(Instruction::DeleteLocal(local));
                    }
                    _ => {
                        if let Some(global) = self.global(&meant) {
                            self.emit(Instruction::DeleteGlobal(global));
                        }
                    }
                }
            }
            Expr::Attribute(attribute) => {
                self.expression(&attribute.value);
                let name = self.attribute(attribute);
                self.at(target);
                self.emit(Instruction::DeleteAttribute(name));
            }
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value);
                self.index(&subscript.slice);
                self.at(target);
                self.emit(Instruction::DeleteItem);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.delete(target)),
            Expr::List(list) => list.elts.iter().for_each(|target| self.delete(target)),
            _ => self.wrong(target, "this cannot be deleted"),
        }
    }

    /// Assigns what lies on top to a variable.
    pub(super) fn store_name(&mut self, name: &str, place: impl Ranged) {
        self.at(place);
        let scope = self.scope();
        match self.scopes.home(scope, name) {
            Home::Here(home) if !self.is_module(home) => {
                let local = self.local(home, name);
                self.emit(Instruction::StoreLocal(local));
            }
            _ => {
                if let Some(global) = self.global(name) {
                    self.emit(Instruction::StoreGlobal(global));
                }
            }
        }
    }
}
