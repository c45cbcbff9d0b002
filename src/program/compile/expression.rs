//! Values: constants, operators, containers, subscripts, attributes.

use super::Compiler;
use crate::program::code::{Binary, Constant, Instruction, Unary};
use crate::program::imports;
use crate::program::library::MEMBERS;
use crate::program::names::is_special;
use crate::program::problem::quoted;
use crate::program::scopes::Home;
use crate::program::subset;
use ruff_python_ast::{Expr, ExprAttribute, ExprDict, ExprNumberLiteral, ExprSlice, Number, Operator, UnaryOp};
use ruff_text_size::{Ranged, TextRange};

impl<'a> Compiler<'a, '_, '_> {
    /// Puts the value of `expr` on the stack.
    pub(super) fn expression(&mut self, expr: &'a Expr) {
        let range = expr.range();
        if let Some(constant) = self.constant_of(expr) {
            return self.constant(range, constant);
        }
        match expr {
            Expr::Name(name) => self.load(&self.meant(&name.id), range),
            Expr::Attribute(attribute) => self.attribute(attribute),
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value);
                self.index(&subscript.slice);
                self.emit(range, Instruction::LoadItem);
            }
            Expr::Call(call) => self.call(call),

            Expr::BoolOp(both) => self.bool_op(both),
            Expr::Compare(chain) => self.comparison(chain),
            Expr::If(choice) => self.choice(choice),
            Expr::BinOp(operation) => {
                self.expression(&operation.left);
                self.expression(&operation.right);
                if let Some(op) = self.binary(operation.op, range) {
                    self.emit(range, Instruction::Binary(op));
                }
            }
            Expr::UnaryOp(operation) => {
                self.expression(&operation.operand);
                match operation.op {
                    UnaryOp::Not => self.emit(range, Instruction::Unary(Unary::Not)),
                    UnaryOp::USub => self.emit(range, Instruction::Unary(Unary::Minus)),
                    UnaryOp::UAdd => self.emit(range, Instruction::Unary(Unary::Plus)),
                    UnaryOp::Invert => self.refuse(range, subset::BIT_OPERATOR),
                }
            }

            Expr::Tuple(tuple) => self.elements(&tuple.elts, range, Instruction::Tuple),
            Expr::List(list) => self.elements(&list.elts, range, Instruction::List),
            Expr::Set(set) => self.elements(&set.elts, range, Instruction::Set),
            Expr::Dict(dict) => self.dict(dict),
            Expr::ListComp(list) => self.list_comprehension(list),
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::FString(string) => self.f_string(string),

            Expr::NumberLiteral(number) => self.number(number),
            Expr::StringLiteral(_) | Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => {}
            Expr::Slice(slice) => self.refuse(slice, subset::SLICE_IN_TUPLE),

            Expr::Named(named) => self.refuse(named, subset::WALRUS),
            Expr::SetComp(set) => self.refuse(set, subset::SET_COMPREHENSION),
            Expr::DictComp(dict) => self.refuse(dict, subset::DICT_COMPREHENSION),
            Expr::Generator(generator) => self.refuse(generator, subset::GENERATOR),
            Expr::Await(wait) => self.refuse(wait, subset::AWAIT),
            Expr::Yield(_) | Expr::YieldFrom(_) => self.refuse(range, subset::YIELD),
            Expr::TString(string) => self.refuse(string, subset::TEMPLATE),
            Expr::BytesLiteral(bytes) => self.refuse(bytes, subset::BYTES),
            Expr::EllipsisLiteral(ellipsis) => self.refuse(ellipsis, subset::ELLIPSIS),
            Expr::Starred(starred) => self.refuse(starred, subset::STARRED),
            Expr::IpyEscapeCommand(command) => self.refuse(command, subset::ESCAPE_COMMAND),
        }
    }

    /// The value, where it stands in the text: also a negative number, and a tuple of such values.
    pub(super) fn constant_of(&self, expr: &Expr) -> Option<Constant> {
        match expr {
            Expr::NoneLiteral(_) => Some(Constant::None),
            Expr::BooleanLiteral(literal) => Some(Constant::Bool(literal.value)),
            Expr::StringLiteral(literal) => Some(Constant::Str(literal.value.to_str().into())),
            Expr::NumberLiteral(ExprNumberLiteral { value: Number::Int(value), .. }) => {
                Some(Constant::Int(i64::try_from(value.as_u64()?).ok()?))
            }
            Expr::UnaryOp(minus) if minus.op == UnaryOp::USub => match &*minus.operand {
                Expr::NumberLiteral(ExprNumberLiteral { value: Number::Int(value), .. }) => {
                    Some(Constant::Int(0_i64.checked_sub_unsigned(value.as_u64()?)?))
                }
                _ => None,
            },
            Expr::Tuple(tuple) => {
                tuple.elts.iter().map(|element| self.constant_of(element)).collect::<Option<_>>().map(Constant::Tuple)
            }
            _ => None,
        }
    }

    /// A number that is no constant of the subset.
    fn number(&mut self, number: &ExprNumberLiteral) {
        match &number.value {
            Number::Int(_) => {
                let message = format!("an integer beyond 64 bits: they end at {} and {}", i64::MIN, i64::MAX);
                self.complaints.add(number, message, None);
            }
            Number::Float(_) => self.refuse(number, subset::FLOAT),
            Number::Complex { .. } => self.refuse(number, subset::COMPLEX),
        }
    }

    /// The operator; `None` and a complaint where it is not in the subset.
    pub(super) fn binary(&mut self, op: Operator, range: TextRange) -> Option<Binary> {
        let outside = match op {
            Operator::Add => return Some(Binary::Add),
            Operator::Sub => return Some(Binary::Subtract),
            Operator::Mult => return Some(Binary::Multiply),
            Operator::FloorDiv => return Some(Binary::FloorDivide),
            Operator::Mod => return Some(Binary::Modulo),
            Operator::Pow => return Some(Binary::Power),
            Operator::Div => subset::TRUE_DIVISION,
            Operator::MatMult => subset::MATRIX,
            Operator::LShift | Operator::RShift | Operator::BitOr | Operator::BitXor | Operator::BitAnd => {
                subset::BIT_OPERATOR
            }
        };
        self.refuse(range, outside);
        None
    }

    fn elements(&mut self, elements: &'a [Expr], range: TextRange, make: fn(u16) -> Instruction) {
        elements.iter().for_each(|element| self.expression(element));
        self.emit(range, make(count(elements)));
    }

    fn dict(&mut self, dict: &'a ExprDict) {
        for item in &dict.items {
            match &item.key {
                Some(key) => {
                    if let Expr::StringLiteral(text) = key {
                        // It can become the name of an argument: `kwargs={"sep": ""}`.
                        self.draft.name(text.value.to_str());
                    }
                    self.expression(key);
                    self.expression(&item.value);
                }
                None => self.refuse(&item.value, subset::DICT_SPREAD),
            }
        }
        self.emit(dict.range(), Instruction::Dict(count(&dict.items)));
    }

    /// What stands between the brackets of a subscript.
    pub(super) fn index(&mut self, index: &'a Expr) {
        let Expr::Slice(ExprSlice { lower, upper, step, .. }) = index else {
            return self.expression(index);
        };
        for part in [lower, upper, step] {
            match part {
                Some(part) => self.expression(part),
                None => self.constant(index.range(), Constant::None),
            }
        }
        self.emit(index.range(), Instruction::Slice);
    }

    fn attribute(&mut self, attribute: &'a ExprAttribute) {
        if !self.super_proxy(&attribute.value) {
            self.expression(&attribute.value);
        }
        if let Some(name) = self.attribute_name(attribute) {
            let name = self.draft.name(&name);
            self.emit(attribute.range(), Instruction::LoadAttribute(name));
        }
    }

    /// The name of an attribute that is asked for; `None` and a complaint where nothing has it.
    pub(super) fn attribute_name(&mut self, attribute: &'a ExprAttribute) -> Option<String> {
        let name = self.meant(&attribute.attr);
        let place = &attribute.attr;
        if self.is_prelude() {
            return Some(name);
        }
        if let Some(Constant::Builtin(module)) = self.known(&attribute.value)
            && imports::is_module(module)
        {
            if imports::member(module, &name).is_none() {
                let message = format!("{} of `{}` is not in the subset", quoted(place), module.name());
                self.complaints.add(place, message, self.instead_of(module, &name));
                return None;
            }
            return Some(name);
        }
        if matches!(*attribute.value, Expr::StringLiteral(_) | Expr::FString(_)) {
            self.refuse(place, subset::STRING_METHOD);
            return None;
        }
        if is_special(&name) && name != "__init__" {
            let message = format!("the special attribute {} is not in the subset", quoted(place));
            self.complaints.add(place, message, Some("give the object an attribute of its own".into()));
            return None;
        }
        let given = &self.unit.scopes.given;
        if !MEMBERS.contains(&name.as_str()) && !given.contains(&name) {
            if let Some(help) = subset::attribute(&name) {
                let message = format!("the attribute {} is not in the subset", quoted(place));
                self.complaints.add(place, message, Some(help.into()));
                return None;
            }
            let message = format!("nothing has an attribute {}", quoted(place));
            if let Expr::Name(module) = &*attribute.value
                && imports::module(&module.id).is_some()
                && self.unit.scopes.home(self.scope(), &self.meant(&module.id)) == Home::Nowhere
            {
                let help = format!("`{0}` is not imported: `import {0}`", module.id);
                self.complaints.add(place, message, Some(help));
                return None;
            }
            let nobody = || format!("an object has what is assigned: `….{name} = …`");
            let known = MEMBERS.iter().copied().chain(given.iter().map(String::as_str));
            self.complaints.add(
                place,
                message,
                self.complaints.suggest(&name, known.filter(|name| !name.starts_with("__"))).or_else(|| Some(nobody())),
            );
            return None;
        }
        Some(name)
    }
}

/// How many there are. A text is too short for more than 65,535 of anything: see `limits`.
pub(super) fn count<T>(list: &[T]) -> u16 {
    u16::try_from(list.len()).unwrap_or(u16::MAX)
}
