//! Truth: `and`, `or`, `not`, comparisons in a chain, `… if … else …`.
//!
//! Each operand's truth is asked for once, also where an `and` lies in an `or`: to ask a shared list is a step.

use super::Compiler;
use super::flow::Label;
use crate::program::code::{Comparison, Instruction};
use ruff_python_ast::{BoolOp, CmpOp, Expr, ExprBoolOp, ExprCompare, ExprIf, UnaryOp};
use ruff_text_size::Ranged;

impl<'a> Compiler<'a, '_, '_> {
    /// Goes to `label` if the truth of `expr` is `when`, else on.
    pub(super) fn condition(&mut self, expr: &'a Expr, when: bool, label: &mut Label) {
        match expr {
            Expr::UnaryOp(not) if not.op == UnaryOp::Not => self.condition(&not.operand, !when, label),
            Expr::BoolOp(both) => {
                let decides = both.op == BoolOp::Or;
                let Some((last, first)) = both.values.split_last() else { return };
                if decides == when {
                    both.values.iter().for_each(|value| self.condition(value, when, label));
                } else {
                    let mut on = Label::default();
                    first.iter().for_each(|value| self.condition(value, decides, &mut on));
                    self.condition(last, when, label);
                    self.land(&mut on);
                }
            }
            Expr::If(choice) => {
                let (mut orelse, mut end) = (Label::default(), Label::default());
                self.condition(&choice.test, false, &mut orelse);
                self.condition(&choice.body, when, label);
                self.jump(expr.range(), Instruction::Jump, &mut end);
                self.land(&mut orelse);
                self.condition(&choice.orelse, when, label);
                self.land(&mut end);
            }
            _ => {
                self.expression(expr);
                let make = if when { Instruction::JumpIfTrue } else { Instruction::JumpIfFalse };
                self.jump(expr.range(), make, label);
            }
        }
    }

    /// `a and b`, `a or b` as a value.
    pub(super) fn bool_op(&mut self, both: &'a ExprBoolOp) {
        let mut end = Label::default();
        let Some((last, first)) = both.values.split_last() else { return };
        first.iter().for_each(|value| self.decide(value, both.op == BoolOp::Or, &mut end));
        self.expression(last);
        self.land(&mut end);
    }

    /// If the truth of `expr` is `when`, goes to `label` with its value; else on without it.
    fn decide(&mut self, expr: &'a Expr, when: bool, label: &mut Label) {
        let Expr::BoolOp(both) = expr else {
            self.expression(expr);
            let make = if when { Instruction::JumpIfTrueOrPop } else { Instruction::JumpIfFalseOrPop };
            return self.jump(expr.range(), make, label);
        };
        let decides = both.op == BoolOp::Or;
        let Some((last, first)) = both.values.split_last() else { return };
        if decides == when {
            both.values.iter().for_each(|value| self.decide(value, when, label));
        } else {
            let mut on = Label::default();
            first.iter().for_each(|value| self.condition(value, decides, &mut on));
            self.decide(last, when, label);
            self.land(&mut on);
        }
    }

    /// `a if test else b` as a value.
    pub(super) fn choice(&mut self, choice: &'a ExprIf) {
        let (mut orelse, mut end) = (Label::default(), Label::default());
        self.condition(&choice.test, false, &mut orelse);
        self.expression(&choice.body);
        self.jump(choice.range(), Instruction::Jump, &mut end);
        self.land(&mut orelse);
        self.expression(&choice.orelse);
        self.land(&mut end);
    }

    /// `a < b < c`: each operand once, and none behind the first comparison that fails.
    pub(super) fn comparison(&mut self, chain: &'a ExprCompare) {
        let range = chain.range();
        self.expression(&chain.left);
        let (mut failed, mut end) = (Label::default(), Label::default());
        let last = chain.ops.len().saturating_sub(1);
        for (index, (op, operand)) in chain.ops.iter().zip(&chain.comparators).enumerate() {
            self.expression(operand);
            if index < last {
                self.emit(range, Instruction::Duplicate);
                self.emit(range, Instruction::RotateThree);
            }
            self.emit(range, Instruction::Compare(comparison(*op)));
            if index < last {
                self.jump(range, Instruction::JumpIfFalseOrPop, &mut failed);
            }
        }
        if last > 0 {
            self.jump(range, Instruction::Jump, &mut end);
            self.land(&mut failed);
            self.emit(range, Instruction::Swap);
            self.emit(range, Instruction::Pop);
            self.land(&mut end);
        }
    }
}

fn comparison(op: CmpOp) -> Comparison {
    match op {
        CmpOp::Eq => Comparison::Equal,
        CmpOp::NotEq => Comparison::NotEqual,
        CmpOp::Lt => Comparison::Less,
        CmpOp::LtE => Comparison::LessEqual,
        CmpOp::Gt => Comparison::Greater,
        CmpOp::GtE => Comparison::GreaterEqual,
        CmpOp::Is => Comparison::Is,
        CmpOp::IsNot => Comparison::IsNot,
        CmpOp::In => Comparison::In,
        CmpOp::NotIn => Comparison::NotIn,
    }
}
