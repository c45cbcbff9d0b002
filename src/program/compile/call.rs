//! Calls.

use super::Compiler;
use super::expression::count;
use crate::program::code::{Constant, Instruction};
use crate::program::library::Builtin;
use crate::program::problem::quoted;
use crate::program::scopes::{Home, Kind};
use crate::program::subset::{self, Outside};
use ruff_python_ast::{Expr, ExprCall, ExprNumberLiteral, Keyword, Number};
use ruff_text_size::Ranged;

/// Methods of which an argument by that position is a timeout.
const TIMEOUTS: &[(&str, usize)] = &[
    ("wait", 0),
    ("join", 0),
    ("result", 0),
    ("exception", 0),
    ("poll", 0),
    ("get", 0),
    ("get", 1),
    ("acquire", 1),
    ("wait_for", 1),
    ("put", 2),
];

impl<'a> Compiler<'a, '_, '_> {
    pub(super) fn call(&mut self, call: &'a ExprCall) {
        if self.is_super(&call.func) {
            return self.refuse(call, subset::SUPER_FAR);
        }
        self.expression(&call.func);
        if self.spread(call) {
            return;
        }
        for (position, argument) in call.arguments.args.iter().enumerate() {
            match argument {
                Expr::Starred(starred) => self.refuse(starred, subset::SPREAD),
                _ => self.argument(argument, self.is_timeout(&call.func, position)),
            }
        }
        let mut names: Vec<String> = Vec::new();
        for keyword in &call.arguments.keywords {
            if let Some(outside) = self.outside_keyword(&call.func, keyword) {
                self.refuse(keyword, outside);
                continue;
            }
            match self.keyword(keyword, &names) {
                Some(name) => names.push(name),
                None => continue,
            }
            self.argument(&keyword.value, names.last().is_some_and(|name| name == "timeout"));
        }
        let (positional, keywords) = (count(&call.arguments.args), self.draft.keywords(&names));
        self.emit(call.range(), Instruction::Call { positional, keywords });
    }

    /// The name of a keyword; `None` and a complaint for `**`, or one that stands there twice.
    fn keyword(&mut self, keyword: &Keyword, before: &[String]) -> Option<String> {
        let Some(name) = &keyword.arg else {
            self.refuse(keyword, subset::SPREAD);
            return None;
        };
        if name.as_str() == "__debug__" {
            self.complaints.add(name, "`__debug__` cannot be assigned", None);
        }
        let meant = self.meant(name);
        if before.contains(&meant) {
            self.not_python(name, &format!("the keyword {} stands there twice", quoted(name)));
            return None;
        }
        Some(meant)
    }

    /// A keyword that Python's own function or method takes, and that is not in the subset.
    fn outside_keyword(&self, callee: &Expr, keyword: &Keyword) -> Option<Outside> {
        let name = keyword.arg.as_ref()?.as_str();
        let (refused, harmless) = match (self.known(callee), callee) {
            (Some(Constant::Builtin(Builtin::Print)), _) if name == "file" => (subset::PRINT_FILE, Constant::None),
            (Some(Constant::Builtin(Builtin::Zip)), _) if name == "strict" => {
                (subset::ZIP_STRICT, Constant::Bool(false))
            }
            (None, Expr::Attribute(method)) if method.attr.as_str() == "sort" && name == "key" => {
                // The program may have a method of that name.
                if self.unit.scopes.given.contains("sort") {
                    return None;
                }
                (subset::SORT_KEY, Constant::None)
            }
            _ => return None,
        };
        (self.constant_of(&keyword.value) != Some(harmless)).then_some(refused)
    }

    /// An argument; a number of seconds may have a fraction.
    fn argument(&mut self, argument: &'a Expr, seconds: bool) {
        match argument {
            Expr::NumberLiteral(ExprNumberLiteral { value: Number::Float(_), range, .. }) if seconds => {
                let text = self.unit.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
                self.constant(*range, Constant::Seconds(text.into()));
            }
            _ => self.expression(argument),
        }
    }

    fn is_timeout(&self, callee: &Expr, position: usize) -> bool {
        match (self.known(callee), callee) {
            (Some(Constant::Builtin(Builtin::Sleep)), _) => position == 0,
            (Some(Constant::Builtin(Builtin::AsCompleted)), _) => position == 1,
            (Some(Constant::Builtin(Builtin::Barrier | Builtin::ProcessBarrier)), _) => position == 2,
            (None, Expr::Attribute(method)) => TIMEOUTS.contains(&(method.attr.as_str(), position)),
            _ => false,
        }
    }

    /// `f(*rest, **keywords)`, or `f(*rest)`, in the prelude.
    fn spread(&mut self, call: &'a ExprCall) -> bool {
        let [Expr::Starred(rest)] = &*call.arguments.args else { return false };
        if !self.is_prelude() {
            return false;
        }
        self.expression(&rest.value);
        match call.arguments.keywords.first() {
            Some(keywords) => self.expression(&keywords.value),
            None => self.constant(call.range(), Constant::Tuple(Vec::new())),
        }
        self.emit(call.range(), Instruction::CallSpread);
        true
    }

    fn is_super(&self, callee: &Expr) -> bool {
        matches!(callee, Expr::Name(name)
            if name.id == "super" && self.unit.scopes.home(self.scope(), "super") == Home::Nowhere)
    }

    /// `super()` in front of an attribute: whether it was that.
    pub(super) fn super_proxy(&mut self, value: &'a Expr) -> bool {
        let Expr::Call(call) = value else { return false };
        if !self.is_super(&call.func) || !call.arguments.is_empty() {
            return false;
        }
        // A comprehension and a lambda have no object of their own to begin with.
        match (self.body.method_of, self.unit.scopes.get(self.scope()).kind) {
            (Some(class), Kind::Function) if self.body.function.parameters > 0 => {
                self.emit(call.range(), Instruction::Super(class));
                true
            }
            _ => false,
        }
    }
}
