//! `try` and `with`: what must be done on every way out is written out once for each of them, as CPython does.
//!
//! ```text
//!      Cleanup handler                   [context] Cleanup handler
//!        …                                 …
//!      EndTry                             EndTry
//!      finally                            Exit
//!      jump end                           jump end
//!  handler:   [exception]             handler:   [context exception]
//!      finally                            Swap, Exit
//!      Reraise                            Reraise
//!  end:                               end:
//! ```

use super::Compiler;
use super::flow::{Block, Label};
use crate::program::code::{Constant, Instruction, LocalId};
use crate::program::subset;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, ExceptHandlerExceptHandler, Expr, Identifier, Stmt, StmtTry, StmtWith, WithItem};
use ruff_text_size::{Ranged, TextRange, TextSize};

impl<'a> Compiler<'a, '_, '_> {
    pub(super) fn try_statement(&mut self, stmt: &'a StmtTry) {
        if stmt.is_star {
            return self.refuse(TextRange::at(stmt.start(), TextSize::new(3)), subset::EXCEPT_STAR);
        }
        if stmt.finalbody.is_empty() {
            return self.try_except(stmt);
        }
        let word = TextRange::at(stmt.start(), TextSize::new(3));
        let (mut handler, mut end) = (Label::default(), Label::default());
        self.jump(word, Instruction::Cleanup, &mut handler);
        self.within(word, Block::Finally(&stmt.finalbody), |compiler| compiler.try_except(stmt));
        self.emit(word, Instruction::EndTry);
        self.suite(&stmt.finalbody);
        self.jump(word, Instruction::Jump, &mut end);

        self.land(&mut handler);
        let caught = self.catch(word);
        self.within(word, Block::Caught(caught), |compiler| compiler.suite(&stmt.finalbody));
        self.emit(word, Instruction::LoadLocal(caught));
        self.forget(word, caught);
        self.emit(word, Instruction::Reraise);
        self.land(&mut end);
    }

    /// A `try` without its `finally`.
    fn try_except(&mut self, stmt: &'a StmtTry) {
        if stmt.handlers.is_empty() {
            return self.suite(&stmt.body);
        }
        let word = TextRange::at(stmt.start(), TextSize::new(3));
        let (mut handler, mut end) = (Label::default(), Label::default());
        self.jump(word, Instruction::Try, &mut handler);
        self.within(word, Block::Watched, |compiler| compiler.suite(&stmt.body));
        self.emit(word, Instruction::EndTry);
        self.suite(&stmt.orelse);
        self.jump(word, Instruction::Jump, &mut end);

        self.land(&mut handler);
        for (index, ExceptHandler::ExceptHandler(handler)) in stmt.handlers.iter().enumerate() {
            if handler.type_.is_none() && index + 1 < stmt.handlers.len() {
                self.not_python(handler_head(handler), "a bare `except:` must be the last one");
            }
            let mut next = Label::default();
            self.handler(handler, &mut next);
            self.jump(handler_head(handler), Instruction::Jump, &mut end);
            self.land(&mut next);
        }
        self.emit(word, Instruction::Reraise);
        self.land(&mut end);
    }

    /// One `except`, with the exception on the stack; where it does not match, it stays there.
    fn handler(&mut self, handler: &'a ExceptHandlerExceptHandler, next: &mut Label) {
        let head = handler_head(handler);
        self.begin(head, false);
        if let Some(kind) = &handler.type_ {
            let caught = self.caught(kind);
            self.constant(kind.range(), caught);
            self.emit(kind.range(), Instruction::Matches);
            self.jump(kind.range(), Instruction::JumpIfFalse, next);
        }
        let name = handler.name.as_ref();
        if let Some(name) = name {
            self.emit(head, Instruction::Duplicate);
            self.store(&self.meant(name), name.range());
        }
        let caught = match raises_again(&handler.body) {
            true => Some(self.catch(head)),
            false => {
                self.emit(head, Instruction::Pop);
                None
            }
        };
        let block = Block::Handler { head, caught, name };
        match name {
            None => {
                self.within(head, block, |compiler| compiler.suite(&handler.body));
                self.end_handler(head, caught, None);
            }
            Some(name) => {
                let (mut failed, mut end) = (Label::default(), Label::default());
                self.jump(head, Instruction::Cleanup, &mut failed);
                self.within(head, block, |compiler| compiler.suite(&handler.body));
                self.end_handler(head, caught, Some(name));
                self.jump(head, Instruction::Jump, &mut end);
                self.land(&mut failed);
                self.begin(head, false);
                self.delete_caught(name);
                caught.iter().for_each(|caught| self.forget(head, *caught));
                self.emit(head, Instruction::Reraise);
                self.land(&mut end);
            }
        }
    }

    /// What an `except` catches: a class, or a tuple of them. It is known before the program runs, because whether an
    /// exception is caught at all decides what is done where it is raised.
    fn caught(&mut self, kind: &Expr) -> Constant {
        if let Expr::Tuple(tuple) = kind {
            return Constant::Tuple(tuple.elts.iter().map(|kind| self.caught(kind)).collect());
        }
        if let Some(found @ Constant::Exception(_)) = self.known(kind) {
            return found;
        }
        match self.class_of_program(kind) {
            Some((start, name)) => Constant::Class(self.class_id(start, name)),
            None => {
                self.refuse(kind, subset::EXCEPT_UNKNOWN);
                Constant::Tuple(Vec::new())
            }
        }
    }

    /// What an `except` does at its end, however it is left.
    pub(super) fn end_handler(&mut self, head: TextRange, caught: Option<LocalId>, name: Option<&'a Identifier>) {
        if let Some(name) = name {
            self.emit(head, Instruction::EndTry);
            self.begin(head, false);
            self.delete_caught(name);
        }
        caught.iter().for_each(|caught| self.forget(head, *caught));
    }

    /// `except … as name` deletes the name at its end. Where a `del` of the program may have been faster, it is set before.
    fn delete_caught(&mut self, name: &Identifier) {
        let meant = self.meant(name);
        if self.unit.scopes.deleted.contains(&meant) {
            self.constant(name.range(), Constant::None);
            self.store(&meant, name.range());
        }
        self.delete(&meant, name.range());
    }

    /// Keeps the exception that is on the stack where a `raise` finds it.
    fn catch(&mut self, range: TextRange) -> LocalId {
        let caught = self.body.local(&format!(".caught{}", self.body.blocks.len()));
        self.emit(range, Instruction::StoreLocal(caught));
        caught
    }

    /// Lets go of it: what is left of it would make a state look different from one that is the same.
    pub(super) fn forget(&mut self, range: TextRange, hidden: LocalId) {
        self.emit(range, Instruction::DeleteLocal(hidden));
    }

    /// `raise` alone: once more what the innermost `except` around it caught, or the `finally`.
    pub(super) fn raise_again(&mut self, range: TextRange) {
        let caught = self.body.blocks.iter().rev().find_map(|block| match block {
            Block::Handler { caught, .. } => *caught,
            Block::Caught(caught) => Some(*caught),
            _ => None,
        });
        match caught {
            Some(caught) => {
                self.emit(range, Instruction::LoadLocal(caught));
                self.emit(range, Instruction::Reraise);
            }
            None => self.refuse(range, subset::BARE_RAISE),
        }
    }

    pub(super) fn with_statement(&mut self, stmt: &'a StmtWith) {
        if stmt.is_async {
            return self.refuse(TextRange::at(stmt.start(), TextSize::new(5)), subset::ASYNC);
        }
        let end = stmt.items.last().map_or(stmt.start(), Ranged::end);
        let head = TextRange::new(stmt.start(), end);
        self.begin(head, false);
        self.with_items(head, &stmt.items, &stmt.body);
    }

    fn with_items(&mut self, head: TextRange, items: &'a [WithItem], body: &'a [Stmt]) {
        let Some((item, inner)) = items.split_first() else {
            return self.suite(body);
        };
        let context = item.context_expr.range();
        let (mut handler, mut end) = (Label::default(), Label::default());
        self.expression(&item.context_expr);
        self.emit(context, Instruction::Enter);
        // Where the target can fail, the context is left as well.
        let kept = match item.optional_vars.as_deref() {
            None => {
                self.emit(context, Instruction::Pop);
                None
            }
            Some(target @ Expr::Name(_)) => {
                self.assign(target);
                None
            }
            Some(target) => {
                let entered = self.body.local(&format!(".entered{}", self.body.blocks.len()));
                self.emit(context, Instruction::StoreLocal(entered));
                Some((target, entered))
            }
        };
        self.jump(context, Instruction::Cleanup, &mut handler);
        self.within(head, Block::With { head, context }, |compiler| {
            if let Some((target, entered)) = kept {
                compiler.emit(context, Instruction::LoadLocal(entered));
                compiler.forget(context, entered);
                compiler.assign(target);
            }
            compiler.with_items(head, inner, body);
        });
        self.emit(context, Instruction::EndTry);
        self.begin(head, false);
        self.emit(context, Instruction::Exit);
        self.jump(context, Instruction::Jump, &mut end);

        self.land(&mut handler);
        self.begin(head, false);
        self.emit(context, Instruction::Swap);
        self.emit(context, Instruction::Exit);
        self.emit(context, Instruction::Reraise);
        self.land(&mut end);
    }
}

/// The first line of an `except`.
fn handler_head(handler: &ExceptHandlerExceptHandler) -> TextRange {
    let word_end = handler.start() + TextSize::of("except");
    let end = handler.name.as_ref().map(Ranged::end).or(handler.type_.as_ref().map(|kind| kind.end()));
    TextRange::new(handler.start(), end.unwrap_or(word_end))
}

/// Whether there is a `raise` alone in what an `except` does.
fn raises_again(body: &[Stmt]) -> bool {
    struct Search(bool);
    impl<'a> Visitor<'a> for Search {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::Raise(raise) if raise.exc.is_none() => self.0 = true,
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => visitor::walk_stmt(self, stmt),
            }
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut search = Search(false);
    search.visit_body(body);
    search.0
}
