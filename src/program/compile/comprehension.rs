//! List comprehensions: loops in the middle of an expression, whose variables nothing else sees.
//!
//! ```text
//!         [list]             of `[element for x in a if test for y in b]`
//!         [list a]
//!  again: [list a x]         the next x, or out
//!                            test, or again
//!         [list a b]
//!  inner: [list a b y]       the next y, or again
//!                            append the element, inner
//! ```
//!
//! The variables are hidden locals. They are set before the loops, so that they can be deleted after: what is left of them would
//! make a state look different from one that is the same. Nothing sees what they are set to.

use super::Compiler;
use super::body::Comprehension;
use super::expression::count;
use super::flow::Label;
use crate::program::code::{Constant, Instruction, LocalId};
use crate::program::subset;
use ruff_python_ast::ExprListComp;
use ruff_text_size::Ranged;
use std::collections::BTreeSet;

impl<'a> Compiler<'a, '_, '_> {
    pub(super) fn list_comprehension(&mut self, list: &'a ExprListComp) {
        let (range, outside) = (list.range(), self.scope());
        let (unit, scope, depth) = (self.unit, self.unit.scopes.at(list.start()), self.body.comprehensions.len());
        self.emit(range, Instruction::List(0));
        // The first iterable belongs to what is around the comprehension.
        if let Some(first) = list.generators.first() {
            self.expression(&first.iter);
        }
        let names = unit.scopes.get(scope).bound.keys();
        let hidden: Vec<LocalId> = names.map(|name| self.comprehension_local(depth, name)).collect();
        for local in &hidden {
            self.constant(range, Constant::None);
            self.emit(range, Instruction::StoreLocal(*local));
        }
        self.body.scope = scope;
        self.body.comprehensions.push(Comprehension { scope, set: BTreeSet::new() });
        let mut loops: Vec<(Label, Label)> = Vec::new();
        for (index, generator) in list.generators.iter().enumerate() {
            if generator.is_async {
                self.refuse(generator.range, subset::ASYNC_COMPREHENSION);
            }
            if index > 0 {
                self.expression(&generator.iter);
            }
            let iterable = generator.iter.range();
            self.emit(iterable, Instruction::Iterate);
            let (mut again, mut done) = (self.mark(), Label::default());
            self.jump(iterable, Instruction::Advance, &mut done);
            self.assign(&generator.target);
            generator.ifs.iter().for_each(|test| self.condition(test, false, &mut again));
            loops.push((again, done));
        }
        self.expression(&list.elt);
        self.emit(range, Instruction::Append(count(&list.generators) + 1));
        while let Some((mut again, mut done)) = loops.pop() {
            self.jump(range, Instruction::Jump, &mut again);
            self.land(&mut done);
        }
        self.body.scope = outside;
        self.body.comprehensions.pop();

        hidden.iter().for_each(|local| self.forget(range, *local));
    }
}
