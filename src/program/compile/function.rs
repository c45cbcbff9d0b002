//! Functions, methods and lambdas.

use super::Compiler;
use super::body::Body;
use super::expression::count;
use crate::program::code::{ClassId, Constant, Function, FunctionId, Instruction};
use crate::program::subset;
use ruff_python_ast::{ExprLambda, Parameters, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange, TextSize};

impl<'a> Compiler<'a, '_, '_> {
    /// A `def`: makes the function and gives it its name.
    pub(super) fn function_def(&mut self, def: &'a StmtFunctionDef, method_of: Option<ClassId>) {
        self.begin(TextRange::new(def.start(), def.parameters.end()), false);
        if def.is_async {
            // What is in it is no better.
            return self.refuse(TextRange::at(def.start(), TextSize::of("async")), subset::ASYNC);
        }
        def.decorator_list.iter().for_each(|decorator| self.refuse(decorator, subset::DECORATOR));
        def.type_params.iter().for_each(|parameters| self.refuse(&**parameters, subset::TYPE_PARAMETERS));
        def.returns.iter().for_each(|returns| self.refuse(&**returns, subset::ANNOTATION));
        let id = self.function_id(def.start(), &def.name);
        self.defaults(&def.parameters);
        if let Some(id) = id {
            self.function_body(id, def, method_of);
        }
        let head = TextRange::new(def.start(), def.parameters.end());
        self.make_function(head, def.start());
        self.store(&self.meant(&def.name), def.name.range());
    }

    pub(super) fn function_body(&mut self, id: FunctionId, def: &'a StmtFunctionDef, method_of: Option<ClassId>) {
        self.function(id, def.start(), &def.name, Some(&def.parameters), method_of, |compiler| {
            compiler.suite(&def.body);
            let end = def.body.last().map_or(def.range(), Ranged::range);
            compiler.constant(end, Constant::None);
            compiler.emit(end, Instruction::Return);
        });
    }

    pub(super) fn lambda(&mut self, lambda: &'a ExprLambda) {
        let parameters = lambda.parameters.as_deref();
        let id = self.function_id(lambda.start(), "<lambda>");
        if let Some(parameters) = parameters {
            self.defaults(parameters);
        }
        if let Some(id) = id {
            self.function(id, lambda.start(), "<lambda>", parameters, None, |compiler| {
                compiler.begin(lambda.body.range(), true);
                compiler.expression(&lambda.body);
                compiler.emit(lambda.body.range(), Instruction::Return);
            });
        }
        self.make_function(lambda.range(), lambda.start());
    }

    /// The number of the function at that place, unless it has one: then it is compiled already.
    fn function_id(&mut self, start: TextSize, name: &str) -> Option<FunctionId> {
        if self.functions.contains_key(&start) {
            return None;
        }
        let id = self.draft.declare(name);
        self.functions.insert(start, id);
        Some(id)
    }

    fn make_function(&mut self, range: TextRange, start: TextSize) {
        if let Some(id) = self.functions.get(&start) {
            self.emit(range, Instruction::Function(*id));
        }
    }

    /// Defaults are evaluated where the function is defined.
    fn defaults(&mut self, parameters: &'a Parameters) {
        for parameter in &parameters.args {
            if let Some(default) = &parameter.default {
                self.expression(default);
            }
        }
    }

    /// Compiles what a function does.
    fn function(
        &mut self,
        id: FunctionId,
        start: TextSize,
        name: &str,
        parameters: Option<&'a Parameters>,
        method_of: Option<ClassId>,
        inner: impl FnOnce(&mut Self),
    ) {
        let body = Body::new(self.unit.scopes.at(start), Function::named(name));
        let outside = std::mem::replace(&mut self.body, body);
        self.body.method_of = method_of;
        self.body.function.internal = self.is_prelude();
        self.body.function.qualified = match method_of {
            Some(class) => format!("{}.{name}", self.draft.class_name(class)),
            None if outside.is_module() => name.into(),
            None => format!("{}.<locals>.{name}", outside.function.qualified),
        };
        if let Some(parameters) = parameters {
            self.parameters(parameters);
        }
        inner(self);
        let body = std::mem::replace(&mut self.body, outside);
        self.draft.define(id, body.into_function());
    }

    fn parameters(&mut self, parameters: &'a Parameters) {
        let Parameters { posonlyargs, args, vararg, kwonlyargs, kwarg, .. } = parameters;
        for parameter in posonlyargs.iter().chain(kwonlyargs) {
            self.refuse(parameter, subset::PARAMETER_KINDS);
        }
        for parameter in parameters {
            if let Some(annotation) = parameter.annotation() {
                self.refuse(annotation, subset::ANNOTATION);
            }
        }
        if !self.is_prelude() {
            vararg.iter().for_each(|rest| self.refuse(&**rest, subset::REST));
            kwarg.iter().for_each(|keywords| self.refuse(&**keywords, subset::KEYWORDS));
        }
        let ordinary = args.iter().map(|parameter| parameter.name());
        let others = vararg.iter().chain(kwarg).map(|parameter| &parameter.name);
        for name in ordinary.chain(others) {
            let name = self.meant(name);
            self.body.local(&name);
            if !self.is_prelude() {
                // It can be given by name, even by one that is only known when the program runs: `kwargs=names`.
                self.draft.name(&name);
            }
        }
        let function = &mut self.body.function;
        function.parameters = count(args);
        function.defaults = args.iter().filter(|parameter| parameter.default.is_some()).count() as u16;
        function.rest = vararg.is_some();
        function.keywords = kwarg.is_some();
    }
}
