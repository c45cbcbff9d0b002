//! The look through the text that finds all scopes.

use super::{Binding, Kind, Scope, ScopeId, Scopes};
use crate::program::code::Constant;
use crate::program::complaints::Complaints;
use crate::program::imports;
use crate::program::names::mangled;
use crate::program::problem::quoted;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, Comprehension, ExceptHandler, Expr, ExprContext, Identifier, Parameters, Stmt, StmtGlobal, StmtImportFrom,
};
use ruff_text_size::{Ranged, TextSize};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn walk(body: &[Stmt], complaints: &mut Complaints) -> Scopes {
    let module = Scope::new(Kind::Module, "<module>", None, None);
    let scopes = Scopes {
        all: vec![module],
        at: BTreeMap::new(),
        globals: Vec::new(),
        given: BTreeSet::new(),
        wanted: BTreeSet::new(),
        deleted: BTreeSet::new(),
    };
    let mut walk = Walk { scopes, here: Scopes::MODULE, complaints };
    walk.bind_global("__name__", Binding::Other);
    walk.visit_body(body);
    walk.scopes
}

struct Walk<'c, 'o> {
    scopes: Scopes,
    here: ScopeId,
    complaints: &'c mut Complaints<'o>,
}

impl Scope {
    fn new(kind: Kind, name: &str, parent: Option<ScopeId>, class: Option<String>) -> Scope {
        Scope {
            kind,
            name: name.into(),
            parent,
            class,
            bound: BTreeMap::new(),
            globals: BTreeSet::new(),
            assigned: BTreeSet::new(),
            used: BTreeSet::new(),
            parameters: BTreeSet::new(),
        }
    }
}

impl Walk<'_, '_> {
    fn scope(&mut self) -> &mut Scope {
        &mut self.scopes.all[self.here.0]
    }

    fn meant(&self, name: &str) -> String {
        mangled(name, self.scopes.get(self.here).class.as_deref()).into_owned()
    }

    /// Gives a value to a name, which is already the one that is meant.
    fn bind(&mut self, name: &str, binding: Binding) {
        self.scope().assigned.insert(name.into());
        if self.here == Scopes::MODULE {
            self.bind_global(name, binding);
        } else if self.scope().globals.contains(name) {
            self.bind_global(name, Binding::Other);
        } else {
            if self.scope().kind == Kind::Class {
                self.scopes.given.insert(name.into());
            }
            self.scope().bound.entry(name.into()).or_default().push(binding);
        }
    }

    fn bind_global(&mut self, name: &str, binding: Binding) {
        let bindings = self.scopes.all[Scopes::MODULE.0].bound.entry(name.into()).or_default();
        if bindings.is_empty() {
            self.scopes.globals.push(name.into());
        }
        bindings.push(binding);
    }

    fn bind_identifier(&mut self, name: &Identifier, binding: Binding) {
        self.refuse_debug(name, name);
        self.bind(&self.meant(name), binding);
    }

    fn refuse_debug(&mut self, name: &str, place: impl Ranged) {
        if name == "__debug__" {
            self.complaints.add(place, "`__debug__` cannot be assigned", None);
        }
    }

    /// Goes through something that has a scope of its own.
    fn inside(&mut self, kind: Kind, name: &str, start: TextSize, inner: impl FnOnce(&mut Self)) {
        let class = match kind {
            Kind::Class => Some(name.to_string()),
            _ => self.scopes.get(self.here).class.clone(),
        };
        let id = ScopeId(self.scopes.all.len());
        self.scopes.all.push(Scope::new(kind, name, Some(self.here), class));
        self.scopes.at.insert(start, id);
        let outside = std::mem::replace(&mut self.here, id);
        inner(self);
        self.here = outside;
    }

    /// Defaults and annotations are evaluated outside of the function.
    fn outside_of(&mut self, parameters: &Parameters) {
        for parameter in parameters {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
            if let Some(annotation) = parameter.annotation() {
                self.visit_annotation(annotation);
            }
        }
    }

    fn bind_parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters {
            let name = self.meant(parameter.name());
            if !self.scope().parameters.insert(name) {
                let message = format!("not Python: two parameters have the name {}", quoted(parameter.name()));
                self.complaints.add(parameter.name(), message, None);
            }
            self.bind_identifier(parameter.name(), Binding::Other);
        }
    }

    fn comprehension(&mut self, expr: &Expr, generators: &[Comprehension], elements: &[&Expr]) {
        // The first iterable is evaluated outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.inside(Kind::Comprehension, "<comprehension>", expr.start(), |walk| {
            for (index, generator) in generators.iter().enumerate() {
                if index > 0 {
                    walk.visit_expr(&generator.iter);
                }
                walk.visit_expr(&generator.target);
                generator.ifs.iter().for_each(|test| walk.visit_expr(test));
            }
            elements.iter().for_each(|element| walk.visit_expr(element));
        });
    }

    fn declare_global(&mut self, global: &StmtGlobal) {
        for name in &global.names {
            let meant = self.meant(name);
            let scope = self.scope();
            let late = match () {
                () if scope.parameters.contains(&meant) => Some("is a parameter, and cannot be global"),
                () if scope.assigned.contains(&meant) => Some("is assigned before it is declared global"),
                () if scope.used.contains(&meant) => Some("is used before it is declared global"),
                () => None,
            };
            match late {
                Some(why) => {
                    let help = "move the `global` to the beginning of the function".to_string();
                    self.complaints.add(name, format!("{} {why}", quoted(name)), Some(help));
                }
                None => drop(scope.globals.insert(meant)),
            }
        }
    }

    fn import(&mut self, alias: &Alias) {
        self.scopes.wanted.insert(alias.name.to_string());
        let top = alias.name.split('.').next().unwrap_or_default();
        let constant = |name: &str| imports::module(name).map(Constant::Builtin);
        match &alias.asname {
            Some(name) => self.bind_identifier(name, Binding::Import(constant(&alias.name))),
            None => {
                let found = constant(&alias.name).and_then(|_| constant(top));
                self.refuse_debug(top, alias);
                self.bind(&self.meant(top), Binding::Import(found));
            }
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        let module = import.module.as_ref().and_then(|name| imports::module(name));
        for alias in &import.names {
            self.scopes.wanted.insert(alias.name.to_string());
            let found = module.and_then(|module| imports::member(module, &alias.name));
            if alias.name.as_str() != "*" {
                self.bind_identifier(alias.asname.as_ref().unwrap_or(&alias.name), Binding::Import(found));
            }
        }
    }
}

impl<'a> Visitor<'a> for Walk<'_, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                self.bind_identifier(&function.name, Binding::Function(function.start()));
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.outside_of(&function.parameters);
                function.returns.iter().for_each(|returns| self.visit_annotation(returns));
                self.inside(Kind::Function, &function.name, function.start(), |walk| {
                    walk.bind_parameters(&function.parameters);
                    walk.visit_body(&function.body);
                });
            }
            Stmt::ClassDef(class) => {
                self.bind_identifier(&class.name, Binding::Class(class.start()));
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                class.arguments.iter().for_each(|arguments| self.visit_arguments(arguments));
                self.inside(Kind::Class, &class.name, class.start(), |walk| walk.visit_body(&class.body));
            }
            Stmt::Global(global) => self.declare_global(global),
            Stmt::Import(import) => import.names.iter().for_each(|alias| self.import(alias)),
            Stmt::ImportFrom(import) => self.import_from(import),
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        inner.type_.iter().for_each(|kind| self.visit_expr(kind));
        inner.name.iter().for_each(|name| self.bind_identifier(name, Binding::Other));
        self.visit_body(&inner.body);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                let meant = self.meant(&name.id);
                match name.ctx {
                    ExprContext::Load => drop(self.scope().used.insert(meant)),
                    ExprContext::Store => {
                        self.refuse_debug(&name.id, expr);
                        self.bind(&meant, Binding::Other);
                    }
                    ExprContext::Del => {
                        self.refuse_debug(&name.id, expr);
                        self.scopes.deleted.insert(meant.clone());
                        self.bind(&meant, Binding::Other);
                    }
                    ExprContext::Invalid => {}
                }
            }
            Expr::Attribute(attribute) => {
                let meant = self.meant(&attribute.attr);
                match attribute.ctx {
                    ExprContext::Store => {
                        self.refuse_debug(&attribute.attr, &attribute.attr);
                        self.scopes.given.insert(meant);
                    }
                    ExprContext::Del => self.refuse_debug(&attribute.attr, &attribute.attr),
                    _ => drop(self.scopes.wanted.insert(meant)),
                }
                self.visit_expr(&attribute.value);
            }
            Expr::Call(call) => {
                let keywords = call.arguments.keywords.iter().filter_map(|keyword| keyword.arg.as_ref());
                self.scopes.wanted.extend(keywords.map(ToString::to_string));
                visitor::walk_expr(self, expr);
            }
            Expr::Lambda(lambda) => {
                lambda.parameters.iter().for_each(|parameters| self.outside_of(parameters));
                self.inside(Kind::Lambda, "<lambda>", lambda.start(), |walk| {
                    lambda.parameters.iter().for_each(|parameters| walk.bind_parameters(parameters));
                    walk.visit_expr(&lambda.body);
                });
            }
            Expr::ListComp(list) => self.comprehension(expr, &list.generators, &[&list.elt]),
            Expr::SetComp(set) => self.comprehension(expr, &set.generators, &[&set.elt]),
            Expr::Generator(generator) => self.comprehension(expr, &generator.generators, &[&generator.elt]),
            Expr::DictComp(dict) => {
                let elements: Vec<&Expr> = dict.key.as_deref().into_iter().chain([&*dict.value]).collect();
                self.comprehension(expr, &dict.generators, &elements);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}
