//! Expressions: evaluated from left to right, each operand once.

use super::Compiler;
use crate::program::code::{Binary, Comparison, Constant, Instruction, NameId, Unary};
use crate::program::imports;
use crate::program::library::{Builtin, MEMBERS};
use crate::program::limits::WIDTH_MAX;
use crate::program::names::{is_special, mangled};
use crate::program::problem::quoted;
use crate::program::scopes::{Home, ScopeId};
use crate::program::subset;
use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, ConversionFlag, Expr, ExprAttribute, ExprCall, ExprCompare, ExprFString,
    InterpolatedElement, InterpolatedStringElement, Number, Operator, UnaryOp,
};
use ruff_text_size::Ranged;

impl Compiler<'_, '_, '_> {
    /// Leaves the value of an expression on the stack.
    pub(super) fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::BoolOp(operation) => {
                let mut ends = Vec::new();
                for (index, value) in operation.values.iter().enumerate() {
                    if index > 0 {
                        self.at(expression);
                        ends.push(self.emit(match operation.op {
                            BoolOp::And => Instruction::JumpIfFalseOrPop(0),
                            BoolOp::Or => Instruction::JumpIfTrueOrPop(0),
                        }));
                    }
                    self.expression(value);
                }
                ends.into_iter().for_each(|end| self.land(end));
            }
            Expr::Named(named) => self.refuse(named, subset::WALRUS),
            Expr::BinOp(operation) => {
                let Some(operator) = self.operator(operation.op, expression) else { return };
                self.expression(&operation.left);
                self.expression(&operation.right);
                self.at(expression);
                self.emit(Instruction::Binary(operator));
            }
            Expr::UnaryOp(operation) => self.unary(operation.op, &operation.operand, expression),
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::If(choice) => {
                self.expression(&choice.test);
                let otherwise = self.emit(Instruction::JumpIfFalse(0));
                self.expression(&choice.body);
                let end = self.emit(Instruction::Jump(0));
                self.land(otherwise);
                self.expression(&choice.orelse);
                self.land(end);
            }
            Expr::Dict(dict) => {
                for item in &dict.items {
                    match &item.key {
                        Some(key) => self.expression(key),
                        None => self.refuse(&item.value, subset::DICT_SPREAD),
                    }
                    self.expression(&item.value);
                }
                self.at(expression);
                self.emit(Instruction::Dict(dict.items.len() as u16));
            }
            Expr::Set(set) => {
                self.elements(&set.elts);
                self.at(expression);
                self.emit(Instruction::Set(set.elts.len() as u16));
            }
            Expr::List(list) => {
                self.elements(&list.elts);
                self.at(expression);
                self.emit(Instruction::List(list.elts.len() as u16));
            }
            Expr::Tuple(tuple) => {
                self.elements(&tuple.elts);
                self.at(expression);
                self.emit(Instruction::Tuple(tuple.elts.len() as u16));
            }
            Expr::ListComp(list) => self.comprehension(expression, &list.elt, &list.generators),
            Expr::SetComp(set) => self.refuse(set, subset::SET_COMPREHENSION),
            Expr::DictComp(dict) => self.refuse(dict, subset::DICT_COMPREHENSION),
            Expr::Generator(generator) => self.refuse(generator, subset::GENERATOR),
            Expr::Await(awaited) => self.refuse(awaited, subset::AWAIT),
            Expr::Yield(yielded) => self.refuse(yielded, subset::YIELD),
            Expr::YieldFrom(yielded) => self.refuse(yielded, subset::YIELD),
            Expr::Compare(comparison) => self.comparison(comparison, expression),
            Expr::Call(call) => self.call(call),
            Expr::FString(text) => self.text(text),
            Expr::TString(text) => self.refuse(text, subset::TEMPLATE),
            Expr::StringLiteral(text) => {
                self.at(expression);
                self.load_constant(Constant::Str(text.value.to_str().into()));
            }
            Expr::BytesLiteral(bytes) => self.refuse(bytes, subset::BYTES),
            Expr::NumberLiteral(number) => self.number(&number.value, false, false, expression),
            Expr::BooleanLiteral(literal) => {
                self.at(expression);
                self.load_constant(Constant::Bool(literal.value));
            }
            Expr::NoneLiteral(_) => {
                self.at(expression);
                self.load_constant(Constant::None);
            }
            Expr::EllipsisLiteral(ellipsis) => self.refuse(ellipsis, subset::ELLIPSIS),
            Expr::Attribute(attribute) => {
                if let Some(found) = self.of_module(attribute) {
                    self.at(expression);
                    return self.load_constant(found);
                }
                self.expression(&attribute.value);
                let name = self.attribute(attribute);
                self.at(expression);
                self.emit(Instruction::LoadAttribute(name));
            }
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value);
                self.index(&subscript.slice);
                self.at(expression);
                self.emit(Instruction::LoadItem);
            }
            Expr::Starred(starred) => self.refuse(starred, subset::STARRED),
            Expr::Name(name) => self.load_name(&name.id, expression),
            Expr::Slice(slice) => self.refuse(slice, subset::SLICE_IN_TUPLE),
            Expr::IpyEscapeCommand(command) => self.refuse(command, subset::ESCAPE_COMMAND),
        }
    }

    fn elements(&mut self, elements: &[Expr]) {
        elements.iter().for_each(|element| self.expression(element));
    }

    fn number(&mut self, number: &Number, negative: bool, seconds: bool, place: &Expr) {
        self.at(place);
        match number {
            Number::Int(int) => match int.as_i64() {
                Some(number) => self.load_constant(Constant::Int(if negative { -number } else { number })),
                None if negative && int.to_string() == "9223372036854775808" => {
                    self.load_constant(Constant::Int(i64::MIN))
                }
                None => {
                    let help = "integers are from -2**63 to 2**63 - 1".to_string();
                    self.complaints.add(place, "an integer of more than 64 bits is past a limit", Some(help));
                }
            },
            Number::Float(seconds_text) if seconds => self.load_constant(Constant::Seconds(seconds_text.to_string())),
            Number::Float(_) => self.refuse(place, subset::FLOAT),
            Number::Complex { .. } => self.refuse(place, subset::COMPLEX),
        }
    }

    fn unary(&mut self, operator: UnaryOp, operand: &Expr, place: &Expr) {
        if let (UnaryOp::USub, Expr::NumberLiteral(number)) = (operator, operand)
            && matches!(number.value, Number::Int(_))
        {
            return self.number(&number.value, true, false, place);
        }
        let operator = match operator {
            UnaryOp::Not => Unary::Not,
            UnaryOp::USub => Unary::Minus,
            UnaryOp::UAdd => Unary::Plus,
            UnaryOp::Invert => return self.refuse(place, subset::BIT_OPERATOR),
        };
        self.expression(operand);
        self.at(place);
        self.emit(Instruction::Unary(operator));
    }

    pub(super) fn operator(&mut self, operator: Operator, place: impl Ranged) -> Option<Binary> {
        let outside = match operator {
            Operator::Add => return Some(Binary::Add),
            Operator::Sub => return Some(Binary::Subtract),
            Operator::Mult => return Some(Binary::Multiply),
            Operator::FloorDiv => return Some(Binary::FloorDivide),
            Operator::Mod => return Some(Binary::Modulo),
            Operator::Pow => return Some(Binary::Power),
            Operator::Div => subset::TRUE_DIVISION,
            Operator::MatMult => subset::MATRIX,
            _ => subset::BIT_OPERATOR,
        };
        self.refuse(place, outside);
        None
    }

    fn comparison(&mut self, comparison: &ExprCompare, place: &Expr) {
        self.expression(&comparison.left);
        let last = comparison.comparators.len() - 1;
        let mut outs = Vec::new();
        for (index, (operator, right)) in comparison.ops.iter().zip(&comparison.comparators).enumerate() {
            self.expression(right);
            self.at(place);
            if index < last {
                self.emit(Instruction::Duplicate);
                self.emit(Instruction::RotateThree);
            }
            self.emit(Instruction::Compare(match operator {
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
            }));
            if index < last {
                outs.push(self.emit(Instruction::JumpIfFalseOrPop(0)));
            }
        }
        if outs.is_empty() {
            return;
        }
        let end = self.emit(Instruction::Jump(0));
        outs.into_iter().for_each(|out| self.land(out));
        // [right False]: the operand that was kept for the next comparison goes.
        self.emit(Instruction::Swap);
        self.emit(Instruction::Pop);
        self.land(end);
    }

    fn comprehension(&mut self, place: &Expr, element: &Expr, generators: &[Comprehension]) {
        self.at(place);
        self.emit(Instruction::List(0));
        let scope = self.scopes.at(place.start());
        self.generator(place, scope, element, generators, 1);
    }

    fn generator(&mut self, place: &Expr, scope: ScopeId, element: &Expr, generators: &[Comprehension], depth: u16) {
        let [generator, rest @ ..] = generators else {
            self.within(scope, |compiler| compiler.expression(element));
            self.at(place);
            self.emit(Instruction::Append(depth));
            return;
        };
        if generator.is_async {
            self.refuse(&generator.target, subset::ASYNC_COMPREHENSION);
        }
        // The first iterable is evaluated outside.
        match depth {
            1 => self.expression(&generator.iter),
            _ => self.within(scope, |compiler| compiler.expression(&generator.iter)),
        }
        self.at(&generator.iter);
        self.emit(Instruction::Iterate);
        let next = self.here();
        self.at(&generator.iter);
        let over = self.emit(Instruction::Advance(0));
        self.within(scope, |compiler| compiler.store(&generator.target));
        for test in &generator.ifs {
            self.within(scope, |compiler| compiler.expression(test));
            self.emit(Instruction::JumpIfFalse(next));
        }
        self.generator(place, scope, element, rest, depth + 1);
        self.emit(Instruction::Jump(next));
        self.land(over);
    }

    /// Compiles something whose names are those of an inner scope of the same function.
    fn within(&mut self, scope: ScopeId, inner: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.unit().scope, scope);
        inner(self);
        self.unit().scope = outside;
    }

    pub(super) fn index(&mut self, index: &Expr) {
        let Expr::Slice(slice) = index else { return self.expression(index) };
        for part in [&slice.lower, &slice.upper, &slice.step] {
            match part {
                Some(part) => self.expression(part),
                None => self.load_constant(Constant::None),
            }
        }
        self.at(index);
        self.emit(Instruction::Slice);
    }

    /// Leaves the value of a variable on the stack.
    pub(super) fn load_name(&mut self, name: &str, place: impl Ranged) {
        let scope = self.scope();
        let meant = mangled(name, self.scopes.get(scope).class.as_deref()).into_owned();
        self.at(&place);
        match self.scopes.home(scope, &meant) {
            Home::Here(home) if self.is_module(home) => self.load_global(&meant),
            Home::Here(home) if self.scopes.get(home).kind == crate::program::scopes::Kind::Class => {
                let help = "compute it before the class, or in `__init__`".to_string();
                self.complaints.add(
                    place,
                    "a name of the class in the body of the class is not in the subset",
                    Some(help),
                );
            }
            Home::Here(home) => {
                let local = self.local(home, &meant);
                self.emit(Instruction::LoadLocal(local));
            }
            Home::Module => self.load_global(&meant),
            Home::Around(_) => {
                let help = "pass it as an argument, or make it global".to_string();
                let message =
                    format!("a closure over {}, a variable of the function around, is not in the subset", quoted(name));
                self.complaints.add(place, message, Some(help));
            }
            Home::Nowhere => match self.without_import(&meant) {
                Some(found) => self.load_constant(found),
                None => self.unknown_name(&meant, place),
            },
        }
    }

    fn load_global(&mut self, name: &str) {
        if self.internal {
            if let Some(found) = self.without_import(name) {
                self.load_constant(found);
            } else if let Some(at) =
                self.program.functions.iter().rposition(|function| function.internal && function.name == name)
            {
                self.load_constant(Constant::Function(crate::program::code::FunctionId(at as u16)));
            }
            return;
        }
        if let Some(global) = self.global(name) {
            self.emit(Instruction::LoadGlobal(global));
        }
    }

    /// `module.name` of the library, where the module's name stands for nothing else.
    fn of_module(&mut self, attribute: &ExprAttribute) -> Option<Constant> {
        let Constant::Builtin(module) = self.known(&attribute.value)? else { return None };
        if !imports::is_module(module) {
            return None;
        }
        let found = imports::member(module, &attribute.attr);
        if found.is_none() {
            let help = crate::program::suggest(&attribute.attr, imports::members(module).map(|(name, _)| name));
            let message = format!("{} of {} is not in the subset", quoted(&attribute.attr), quoted(module.name()));
            self.complaints.add(&attribute.attr, message, help);
        }
        found
    }

    /// The name of an attribute, which some object of the program or of the library must have.
    pub(super) fn attribute(&mut self, attribute: &ExprAttribute) -> NameId {
        let scope = self.scope();
        let meant = self.scopes.meant(scope, &attribute.attr);
        let own = self.scopes.given.contains(&meant);
        let of_library = MEMBERS.contains(&meant.as_str()) && !is_special(&meant) || meant == "__init__";
        if !self.internal && !own && !of_library {
            let given = self.scopes.given.iter().map(String::as_str);
            let help = crate::program::suggest(&meant, MEMBERS.iter().copied().chain(given));
            let message = format!(
                "the attribute {} is not in the subset, and nothing here is given one",
                quoted(&attribute.attr)
            );
            self.complaints.add(&attribute.attr, message, help);
        }
        self.name(&meant)
    }

    fn call(&mut self, call: &ExprCall) {
        if self.is_super(call) {
            return self.refuse(call, subset::SUPER_FAR);
        }
        match &*call.func {
            // `super().method(…)`
            Expr::Attribute(attribute) if matches!(&*attribute.value, Expr::Call(inner) if self.is_super(inner)) => {
                let Some(class) = self.unit().class else { return self.refuse(call, subset::SUPER_FAR) };
                self.at(&*attribute.value);
                self.emit(Instruction::Super(class));
                let name = self.attribute(attribute);
                self.at(&*call.func);
                self.emit(Instruction::LoadAttribute(name));
            }
            func => self.expression(func),
        }
        let takes_seconds = self.takes_seconds(&call.func);
        let spread = call.arguments.args.iter().find(|argument| matches!(argument, Expr::Starred(_)));
        let spread_keywords = call.arguments.keywords.iter().find(|keyword| keyword.arg.is_none());
        if spread.is_some() || spread_keywords.is_some() {
            if !self.internal {
                let place = spread.map(Ranged::range).or(spread_keywords.map(Ranged::range));
                return self.refuse(place.unwrap_or(call.range()), subset::SPREAD);
            }
            for argument in &call.arguments.args {
                if let Expr::Starred(starred) = argument {
                    self.expression(&starred.value);
                }
            }
            for keyword in &call.arguments.keywords {
                self.expression(&keyword.value);
            }
            self.at(call);
            self.emit(Instruction::CallSpread);
            return;
        }
        for argument in &call.arguments.args {
            self.argument(argument, takes_seconds);
        }
        let mut names: Vec<NameId> = Vec::new();
        for keyword in &call.arguments.keywords {
            let Some(name) = &keyword.arg else { continue };
            self.argument(&keyword.value, name.as_str() == "timeout" || takes_seconds);
            let name = self.name(name);
            if names.contains(&name) {
                self.wrong(keyword, "a keyword argument is repeated");
            }
            names.push(name);
        }
        let keywords = self.keywords(names);
        self.at(call);
        self.emit(Instruction::Call { positional: call.arguments.args.len() as u16, keywords });
    }

    fn argument(&mut self, argument: &Expr, seconds: bool) {
        match argument {
            Expr::NumberLiteral(number) if seconds => self.number(&number.value, false, true, argument),
            _ => self.expression(argument),
        }
    }

    fn is_super(&self, call: &ExprCall) -> bool {
        matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "super")
    }

    /// Whether the arguments of what is called may be times.
    fn takes_seconds(&mut self, callee: &Expr) -> bool {
        const TIMED: [&str; 8] = ["wait", "join", "acquire", "get", "put", "result", "wait_for", "poll"];
        match callee {
            Expr::Attribute(attribute) if TIMED.contains(&attribute.attr.as_str()) => true,
            _ => self.known(callee) == Some(Constant::Builtin(Builtin::Sleep)),
        }
    }

    fn text(&mut self, text: &ExprFString) {
        let mut pieces = 0_u16;
        for part in &text.value {
            match part {
                ruff_python_ast::FStringPart::Literal(literal) => {
                    self.load_constant(Constant::Str(literal.as_str().into()));
                    pieces += 1;
                }
                ruff_python_ast::FStringPart::FString(inner) => {
                    for element in &inner.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => {
                                self.load_constant(Constant::Str(literal.value.to_string()));
                                pieces += 1;
                            }
                            InterpolatedStringElement::Interpolation(field) => pieces += self.field(field),
                        }
                    }
                }
            }
        }
        self.at(text);
        self.emit(Instruction::Concatenate(pieces));
    }

    /// `{value!r:>5}`; how many pieces it is.
    fn field(&mut self, field: &InterpolatedElement) -> u16 {
        let mut pieces = 1;
        if let Some(debug) = &field.debug_text {
            let expression = self.lines.text_of(field.expression.range());
            let text = format!("{}{expression}{}", debug.leading(), debug.trailing());
            self.load_constant(Constant::Str(text));
            pieces += 1;
        }
        self.expression(&field.expression);
        let mut repr = field.debug_text.is_some() && field.format_spec.is_none();
        match field.conversion {
            ConversionFlag::Repr => repr = true,
            ConversionFlag::Str => repr = false,
            ConversionFlag::Ascii => self.refuse(field, subset::FORMAT_ASCII),
            ConversionFlag::None => {}
        }
        let specification = field.format_spec.as_ref().and_then(|specification| {
            let mut text = String::new();
            for element in &specification.elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                    InterpolatedStringElement::Interpolation(nested) => {
                        self.refuse(nested, subset::FORMAT_NESTED);
                        return None;
                    }
                }
            }
            if !is_plain(&text) {
                self.refuse(field, subset::FORMAT_OTHER);
                return None;
            }
            Some(self.constant(Constant::Str(text)))
        });
        self.at(field);
        self.emit(Instruction::Format { repr, specification });
        pieces
    }
}

/// Whether a format is one of width and alignment only.
fn is_plain(specification: &str) -> bool {
    let letters: Vec<char> = specification.chars().collect();
    let is_align = |letter: Option<&char>| matches!(letter, Some('<' | '>' | '^'));
    let rest = if is_align(letters.get(1)) {
        &letters[2..]
    } else if is_align(letters.first()) {
        &letters[1..]
    } else {
        &letters[..]
    };
    let digits = rest.iter().take_while(|letter| letter.is_ascii_digit()).count();
    let width: u32 =
        rest[..digits].iter().collect::<String>().parse().unwrap_or(if digits == 0 { 0 } else { u32::MAX });
    width <= WIDTH_MAX && matches!(rest[digits..], [] | ['d'] | ['s'])
}
