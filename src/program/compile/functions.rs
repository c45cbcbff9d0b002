//! Functions, lambdas and classes.

use super::Compiler;
use crate::program::code::{Base, Class, ClassId, Constant, Instruction};
use crate::program::library::{BUILTINS, Builtin};
use crate::program::names::is_special;
use crate::program::problem::quoted;
use crate::program::scopes::{Binding, ScopeId, Scopes};
use crate::program::subset;
use ruff_python_ast::{Expr, ExprLambda, Parameters, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::Ranged;

impl Compiler<'_, '_, '_> {
    /// `def`: leaves the function on the stack.
    pub(super) fn function(&mut self, function: &StmtFunctionDef, class: Option<ClassId>) {
        if function.is_async {
            self.refuse(function.name.range(), subset::ASYNC);
        }
        if let Some(decorator) = function.decorator_list.first() {
            self.refuse(decorator, subset::DECORATOR);
        }
        if let Some(parameters) = &function.type_params {
            self.refuse(&**parameters, subset::TYPE_PARAMETERS);
        }
        if let Some(returns) = &function.returns {
            self.refuse(&**returns, subset::ANNOTATION);
        }
        let name = function.name.as_str();
        if !self.internal && is_special(name) && class.is_some() && name != "__init__" {
            self.refuse(&function.name, subset::SPECIAL_METHOD);
        }
        self.defaults(&function.parameters);
        let scope = self.scopes.at(function.start());
        let id = self.open(name, scope, class);
        let counts = self.parameters(&function.parameters, scope);
        for statement in &function.body {
            self.statement(statement);
        }
        self.load_constant(Constant::None);
        self.emit(Instruction::Return);
        self.close(id, counts.0, counts.1, counts.2, counts.3);
        self.at(function.name.range());
        self.emit(Instruction::Function(id));
    }

    /// `lambda`: leaves the function on the stack.
    pub(super) fn lambda(&mut self, lambda: &ExprLambda) {
        if let Some(parameters) = &lambda.parameters {
            self.defaults(parameters);
        }
        let scope = self.scopes.at(lambda.start());
        let id = self.open("<lambda>", scope, None);
        let counts = match &lambda.parameters {
            Some(parameters) => self.parameters(parameters, scope),
            None => (0, 0, false, false),
        };
        self.expression(&lambda.body);
        self.at(lambda);
        self.emit(Instruction::Return);
        self.close(id, counts.0, counts.1, counts.2, counts.3);
        self.at(lambda);
        self.emit(Instruction::Function(id));
    }

    fn defaults(&mut self, parameters: &Parameters) {
        for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
            if let Some(default) = parameter.default() {
                self.expression(default);
            }
        }
    }

    /// Parameters become the first locals: how many, how many with defaults, and whether there are `*` and `**` ones.
    fn parameters(&mut self, parameters: &Parameters, scope: ScopeId) -> (u16, u16, bool, bool) {
        if let Some(first) = parameters.posonlyargs.first() {
            self.refuse(first, subset::PARAMETER_KINDS);
        }
        if let Some(first) = parameters.kwonlyargs.first() {
            self.refuse(first, subset::PARAMETER_KINDS);
        }
        let mut defaults = 0;
        for parameter in &parameters.args {
            if let Some(annotation) = parameter.annotation() {
                self.refuse(annotation, subset::ANNOTATION);
            }
            defaults += u16::from(parameter.default().is_some());
            let name = self.scopes.meant(scope, parameter.name());
            self.local(scope, &name);
        }
        let further = [(&parameters.vararg, subset::REST), (&parameters.kwarg, subset::KEYWORDS)];
        for (further, outside) in further {
            let Some(further) = further else { continue };
            if !self.internal {
                self.refuse(&**further, outside);
            }
            self.local(scope, further.name.as_str());
        }
        (parameters.args.len() as u16, defaults, parameters.vararg.is_some(), parameters.kwarg.is_some())
    }

    /// `class`: its body runs once, and then its name stands for it.
    pub(super) fn class_definition(&mut self, class: &StmtClassDef) {
        if self.units.len() > 1 || !self.unit().blocks.is_empty() {
            return self.refuse(&class.name, subset::CLASS_INSIDE);
        }
        if let Some(decorator) = class.decorator_list.first() {
            self.refuse(decorator, subset::DECORATOR);
        }
        if let Some(parameters) = &class.type_params {
            self.refuse(&**parameters, subset::TYPE_PARAMETERS);
        }
        let mut base = Base::Object;
        if let Some(arguments) = &class.arguments {
            if let Some(keyword) = arguments.keywords.first() {
                self.refuse(keyword, subset::CLASS_KEYWORD);
            }
            match &arguments.args[..] {
                [] => {}
                [only] => base = self.base(only),
                [_, second, ..] => self.refuse(second, subset::BASES),
            }
        }
        let name = class.name.to_string();
        let id = self.class(Class { name: name.clone(), base, internal: self.internal });
        let scope = self.scopes.at(class.start());
        if matches!(base, Base::Exception(_)) {
            let simple = |statement: &Stmt| matches!(statement, Stmt::Pass(_)) || is_docstring(statement);
            if let Some(other) = class.body.iter().find(|statement| !simple(statement)) {
                let help = "only `pass`: what an exception is made with is in its `args`".to_string();
                self.complaints.add(other, "a body of an exception class is not in the subset", Some(help));
            }
        }
        // Code of the body is part of the module's, but its names are the class's.
        let outside = std::mem::replace(&mut self.unit().scope, scope);
        for statement in &class.body {
            match statement {
                Stmt::Pass(_) => {}
                _ if is_docstring(statement) => {}
                Stmt::FunctionDef(function) => {
                    self.begin(function.name.range(), true);
                    self.function(function, Some(id));
                    let name = self.scopes.meant(scope, &function.name);
                    let name = self.name(&name);
                    self.emit(Instruction::StoreClass(id, name));
                }
                Stmt::Assign(assign) => {
                    self.begin(assign, true);
                    self.class_assignment(id, scope, &assign.targets, &assign.value);
                }
                other => self.refuse(other, subset::CLASS_BODY),
            }
        }
        self.unit().scope = outside;
        self.at(&class.name);
        self.load_constant(Constant::Class(id));
        self.classes.insert(name.clone(), id);
        if self.internal {
            self.emit(Instruction::Pop);
            self.stand_in(&name, Constant::Class(id));
        } else {
            self.store_name(&name, &class.name);
        }
    }

    fn class_assignment(&mut self, class: ClassId, scope: ScopeId, targets: &[Expr], value: &Expr) {
        self.expression(value);
        for (index, target) in targets.iter().enumerate() {
            let Expr::Name(name) = target else {
                self.refuse(target, subset::CLASS_BODY);
                continue;
            };
            if index + 1 < targets.len() {
                self.emit(Instruction::Duplicate);
            }
            let meant = crate::program::names::mangled(&name.id, self.scopes.get(scope).class.as_deref()).into_owned();
            let name = self.name(&meant);
            self.at(target);
            self.emit(Instruction::StoreClass(class, name));
        }
    }

    /// What stands in the prelude for something of the library.
    pub(super) fn stand_in(&mut self, name: &str, constant: Constant) {
        let stands_for = |(builtin, module, own): &(Builtin, &str, &str)| {
            let wanted = matches!(
                builtin,
                Builtin::ThreadPoolExecutor | Builtin::ProcessPoolExecutor | Builtin::ProcessPool | Builtin::WaitFor
            );
            (wanted && *own == name && !module.is_empty()).then_some(*builtin)
        };
        if let Some(builtin) = BUILTINS.iter().find_map(stands_for) {
            self.program.prelude.push((builtin, constant));
        }
    }

    /// A base class, which must be known before the program runs.
    fn base(&mut self, expression: &Expr) -> Base {
        let known = self.known(expression);
        match known {
            Some(Constant::Class(class)) => Base::Class(class),
            Some(Constant::Exception(kind)) => Base::Exception(kind),
            Some(Constant::Builtin(Builtin::Thread)) => Base::Thread,
            Some(Constant::Builtin(Builtin::Process)) => Base::Process,
            _ => {
                if matches!(expression, Expr::Name(name) if name.id.as_str() == "object") {
                    return Base::Object;
                }
                self.refuse(expression, subset::BASE_UNKNOWN);
                Base::Object
            }
        }
    }

    /// What an expression stands for wherever it is evaluated: a class, or something of the library.
    pub(super) fn known(&mut self, expression: &Expr) -> Option<Constant> {
        match expression {
            Expr::Name(name) => {
                let scope = self.scope();
                match self.scopes.bindings(scope, &name.id) {
                    [Binding::Class(_)] => self.classes.get(name.id.as_str()).map(|id| Constant::Class(*id)),
                    [Binding::Import(found)] => found.clone(),
                    [] => self.without_import(&name.id),
                    _ => None,
                }
            }
            Expr::Attribute(attribute) => match self.known(&attribute.value)? {
                Constant::Builtin(module) => crate::program::imports::member(module, &attribute.attr),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a name that is nowhere assigned stands for.
    pub(super) fn without_import(&self, name: &str) -> Option<Constant> {
        if self.internal {
            if let Some(class) = self.classes.get(name) {
                return Some(Constant::Class(*class));
            }
            return crate::program::imports::for_prelude().find(|(known, _)| *known == name).map(|(_, found)| found);
        }
        crate::program::imports::without_import().find(|(known, _)| *known == name).map(|(_, found)| found)
    }

    /// A complaint about a name that is nowhere assigned.
    pub(super) fn unknown_name(&mut self, name: &str, place: impl Ranged) {
        if let Some(help) = subset::python_only(name) {
            return self.complaints.add(place, format!("{} is not in the subset", quoted(name)), Some(help.into()));
        }
        let module = crate::program::imports::module(name);
        let help = match module {
            Some(_) => Some(format!("`import {name}` is missing")),
            None => {
                let elsewhere = BUILTINS
                    .iter()
                    .find(|(_, module, own)| *own == name && !matches!(*module, "" | "module" | "prelude"));
                let globals = self.scopes.get(Scopes::MODULE).bound.keys().map(String::as_str);
                let builtins = crate::program::imports::without_import().map(|(name, _)| name);
                let nearest = crate::program::suggest(name, globals.chain(builtins));
                elsewhere.map(|(_, module, _)| format!("`from {module} import {name}` is missing")).or(nearest)
            }
        };
        self.complaints.add(place, format!("{} is never assigned", quoted(name)), help);
    }
}

/// A string that stands by itself.
pub(super) fn is_docstring(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(expression) if matches!(*expression.value, Expr::StringLiteral(_)))
}
