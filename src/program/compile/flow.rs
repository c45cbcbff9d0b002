//! Jumps, and what has to be tidied up on the way out of something.

use super::Compiler;
use crate::program::code::{Instruction, LocalId};
use crate::program::limits::BLOCKS_MAX;
use ruff_python_ast::{Identifier, Stmt, StmtFor, StmtWhile};
use ruff_text_size::{Ranged, TextRange};

/// A place in the code that jumps lead to, whether it is known already or not.
#[derive(Debug, Default)]
pub(super) struct Label {
    at: Option<u32>,
    /// Jumps that wait until it is known.
    waiting: Vec<Waiting>,
}

/// A jump to somewhere further down.
#[derive(Debug)]
struct Waiting {
    /// Where it stands.
    from: u32,
    /// What it is.
    make: fn(u32) -> Instruction,
}

/// What code can lie in, and what leaving it early takes.
#[derive(Debug)]
pub(super) enum Block<'a> {
    /// A loop; a `for` keeps its iterator on the stack.
    Loop { again: u32, exit: Label, iterator: bool },
    /// What `except` watches: `EndTry`.
    Watched,
    /// What `finally` watches: `EndTry`, and what is in the `finally`.
    Finally(&'a [Stmt]),
    /// An `except`: it forgets the exception, and deletes the name that it gave it.
    Handler { head: TextRange, caught: Option<LocalId>, name: Option<&'a Identifier> },
    /// A `finally` after an exception: it forgets the exception.
    Caught(LocalId),
    /// A `with`: `EndTry`, and the exit of its context, which is on the stack.
    With { head: TextRange, context: TextRange },
    /// A `finally` on the way of a `return`, whose value is on the stack.
    Value,
}

impl Block<'_> {
    /// For how many CPython counts it.
    fn weight(&self) -> usize {
        match self {
            Block::Handler { .. } => 2,
            _ => 1,
        }
    }
}

impl<'a> Compiler<'a, '_, '_> {
    /// A jump to a label.
    pub(super) fn jump(&mut self, range: TextRange, make: fn(u32) -> Instruction, label: &mut Label) {
        let here = self.body.next();
        self.emit(range, make(label.at.unwrap_or(0)));
        if label.at.is_none() {
            label.waiting.push(Waiting { from: here, make });
        }
    }

    /// The label is here.
    pub(super) fn land(&mut self, label: &mut Label) {
        let here = self.body.next();
        label.at = Some(here);
        for Waiting { from, make } in label.waiting.drain(..) {
            // A program that is too long ends before it.
            if let Some(instruction) = self.body.function.code.get_mut(from as usize) {
                *instruction = make(here);
            }
        }
    }

    /// A label here, which jumps further down lead back to.
    pub(super) fn mark(&mut self) -> Label {
        Label { at: Some(self.body.next()), waiting: Vec::new() }
    }

    /// Compiles what lies in a block; gives the block back, unless it lies too deep.
    pub(super) fn within(
        &mut self,
        place: TextRange,
        block: Block<'a>,
        inner: impl FnOnce(&mut Self),
    ) -> Option<Block<'a>> {
        let weight: usize = self.body.blocks.iter().chain([&block]).map(Block::weight).sum();
        if weight > BLOCKS_MAX {
            let message = format!("more than {BLOCKS_MAX} loops, `with`s and `try`s in each other");
            self.complaints.add(place, message, Some("Python refuses it too: give the inner ones a function".into()));
            return None;
        }
        self.body.blocks.push(block);
        inner(self);
        self.body.blocks.pop()
    }

    /// Leaves the blocks inside the innermost loop, or all of them. With `keep`, a value on top of the stack stays there.
    pub(super) fn leave(&mut self, range: TextRange, as_far_as_loop: bool, keep: bool) {
        let mut left = Vec::new();
        while let Some(block) = self.body.blocks.pop() {
            let stop = as_far_as_loop && matches!(block, Block::Loop { .. });
            if !stop {
                // What is tidied up here already lies outside of the block.
                self.leave_one(range, &block, keep);
            }
            left.push(block);
            if stop {
                break;
            }
        }
        self.body.blocks.extend(left.into_iter().rev());
    }

    fn leave_one(&mut self, range: TextRange, block: &Block<'a>, keep: bool) {
        match *block {
            Block::Loop { iterator, .. } => {
                if iterator {
                    self.drop_below(range, keep);
                }
            }
            Block::Watched => self.emit(range, Instruction::EndTry),
            Block::Finally(body) => {
                self.emit(range, Instruction::EndTry);
                match keep {
                    true => drop(self.within(range, Block::Value, |compiler| compiler.suite(body))),
                    false => self.suite(body),
                }
            }
            Block::Handler { head, caught, name } => self.end_handler(head, caught, name),
            Block::Caught(caught) => self.forget(range, caught),
            Block::With { head, context } => {
                self.emit(range, Instruction::EndTry);
                self.begin(head, false);
                if keep {
                    self.emit(context, Instruction::Swap);
                }
                self.emit(context, Instruction::Exit);
            }
            Block::Value => self.drop_below(range, keep),
        }
    }

    /// Drops the top of the stack, or with `keep` what lies below it.
    fn drop_below(&mut self, range: TextRange, keep: bool) {
        if keep {
            self.emit(range, Instruction::Swap);
        }
        self.emit(range, Instruction::Pop);
    }

    /// `break` and `continue`.
    pub(super) fn jump_in_loop(&mut self, range: TextRange, is_break: bool) {
        let is_loop = |block: &Block| matches!(block, Block::Loop { .. });
        let Some(innermost) = self.body.blocks.iter().rposition(is_loop) else {
            let what = if is_break { "`break` outside of a loop" } else { "`continue` outside of a loop" };
            return self.not_python(range, what);
        };
        self.begin(range, true);
        self.leave(range, true, false);
        let Block::Loop { again, exit, iterator } = &mut self.body.blocks[innermost] else { return };
        let (again, mut done, iterator) = (*again, std::mem::take(exit), *iterator);
        if is_break {
            if iterator {
                self.emit(range, Instruction::Pop);
            }
            self.jump(range, Instruction::Jump, &mut done);
        } else {
            self.emit(range, Instruction::Jump(again));
        }
        if let Block::Loop { exit, .. } = &mut self.body.blocks[innermost] {
            *exit = done;
        }
    }

    pub(super) fn while_loop(&mut self, stmt: &'a StmtWhile) {
        let head = TextRange::new(stmt.start(), stmt.test.end());
        let (again, mut done) = (self.body.next(), Label::default());
        self.begin(head, false);
        self.condition(&stmt.test, false, &mut done);
        let block = Block::Loop { again, exit: Label::default(), iterator: false };
        let block = self.within(head, block, |compiler| compiler.suite(&stmt.body));
        self.emit(head, Instruction::Jump(again));
        self.land(&mut done);
        self.end_loop(block, &stmt.orelse);
    }

    pub(super) fn for_loop(&mut self, stmt: &'a StmtFor) {
        if stmt.is_async {
            return self.refuse(stmt, crate::program::subset::ASYNC);
        }
        let head = TextRange::new(stmt.start(), stmt.iter.end());
        self.begin(head, false);
        self.expression(&stmt.iter);
        self.emit(stmt.iter.range(), Instruction::Iterate);
        let (again, mut done) = (self.body.next(), Label::default());
        self.begin(head, false);
        self.jump(stmt.iter.range(), Instruction::Advance, &mut done);
        self.assign(&stmt.target);
        let block = Block::Loop { again, exit: Label::default(), iterator: true };
        let block = self.within(head, block, |compiler| compiler.suite(&stmt.body));
        self.emit(head, Instruction::Jump(again));
        self.land(&mut done);
        self.end_loop(block, &stmt.orelse);
    }

    fn end_loop(&mut self, block: Option<Block<'a>>, orelse: &'a [Stmt]) {
        self.suite(orelse);
        if let Some(Block::Loop { mut exit, .. }) = block {
            self.land(&mut exit);
        }
    }
}
