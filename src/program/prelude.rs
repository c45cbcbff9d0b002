//! What of Python's library is itself written in the subset: `prelude.py`, compiled into every program that uses it.
//!
//! A program carries only what it needs. Names of the prelude are constants, not variables, so it adds no globals, and
//! the bodies of its classes run first thing in the module, before anything is shared.

use super::code::Function;
use super::compile::{Compiler, Dialect, Draft, Unit};
use super::complaints::Complaints;
use super::library::Builtin;
use super::scopes::Scopes;
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;
use std::collections::BTreeSet;

const TEXT: &str = include_str!("prelude.py");

/// What of the library is in the prelude, under which name, and the name in a program that asks for it.
const STAND_INS: &[(Builtin, &str, &str)] = &[
    (Builtin::SortedBy, "sorted_by", "key"),
    (Builtin::BestBy, "best_by", "key"),
    (Builtin::WaitFor, "wait_for", "wait_for"),
    // The action of a barrier has no name of its own: whoever has barriers may have one.
    (Builtin::ActAt, "act_at", "Barrier"),
    (Builtin::ThreadPoolExecutor, "ThreadPoolExecutor", "ThreadPoolExecutor"),
    (Builtin::ProcessPoolExecutor, "ProcessPoolExecutor", "ProcessPoolExecutor"),
    (Builtin::ProcessPool, "Pool", "Pool"),
];

/// Compiles what a program needs of the prelude; the program's module goes on after the code that is returned.
pub(super) fn compile_into(draft: &mut Draft, program: &Scopes) -> Function {
    let module = draft.module();
    let wanted = STAND_INS.iter().filter(|(.., asked)| program.wants(asked));
    let wanted: Vec<&str> = wanted.map(|(_, name, _)| *name).collect();
    if wanted.is_empty() {
        return module;
    }
    let mut complaints = Complaints::new("prelude", TEXT);
    // A test compiles all of it: there is nothing to complain about.
    let Some(unit) = Unit::read(TEXT, Dialect::Prelude, &mut complaints) else { return module };
    let items = needed(&unit, wanted);
    let (module, constants) = Compiler::new(&unit, draft, &mut complaints, module).prelude(&items);
    for (builtin, name, _) in STAND_INS {
        if let Some((_, constant)) = constants.iter().find(|(known, _)| known == name) {
            draft.stand_in(*builtin, constant.clone());
        }
    }
    module
}

/// The functions and classes of those names, and all that they use in turn, in the order of the text.
fn needed<'a>(unit: &'a Unit<'a>, mut names: Vec<&'a str>) -> Vec<&'a Stmt> {
    let mut needed = BTreeSet::new();
    while let Some(name) = names.pop() {
        let found = unit.tree.body().iter().position(|item| defines(item) == Some(name));
        if let Some(index) = found.filter(|index| needed.insert(*index)) {
            let item = &unit.tree.body()[index];
            names.extend(unit.scopes.used_within(item.range()));
            if let Stmt::ClassDef(class) = item {
                names.extend(class.bases().iter().filter_map(Expr::as_name_expr).map(|base| base.id.as_str()));
            }
        }
    }
    needed.into_iter().map(|index| &unit.tree.body()[index]).collect()
}

/// What a statement of the prelude defines.
fn defines(item: &Stmt) -> Option<&str> {
    match item {
        Stmt::FunctionDef(def) => Some(&def.name),
        Stmt::ClassDef(class) => Some(&class.name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::compile::compile;
    use crate::program::limits::DEPTH_MAX;

    /// What a program carries of the prelude.
    fn carried(source: &str) -> Vec<String> {
        let program = compile("program.py", source).unwrap();
        let functions = program.functions.iter().filter(|function| function.internal);
        let classes = program.classes.iter().filter(|class| class.internal);
        let classes = classes.map(|class| class.name.clone());
        functions.map(|function| function.name.clone()).chain(classes).collect()
    }

    #[test]
    fn there_is_nothing_to_complain_about() {
        let mut complaints = Complaints::new("prelude", TEXT);
        let unit = Unit::read(TEXT, Dialect::Prelude, &mut complaints).unwrap();
        let all: Vec<&Stmt> = unit.tree.body().iter().collect();
        let mut draft = Draft::new("program.py", "");
        let module = draft.module();
        let (_, constants) = Compiler::new(&unit, &mut draft, &mut complaints, module).prelude(&all);
        assert_eq!(complaints.into_problems(), []);
        for (builtin, name, _) in STAND_INS {
            assert!(constants.iter().any(|(known, _)| known == name), "{builtin:?}");
        }
        assert!(crate::program::depth::depth(TEXT) < DEPTH_MAX);
    }

    #[test]
    fn a_program_carries_only_what_it_needs() {
        assert_eq!(carried("print(1)"), [""; 0]);
        assert_eq!(carried("import threading\nthreading.Condition().wait_for(print)"), ["wait_for"]);
        let threads = carried("from concurrent.futures import ThreadPoolExecutor as T\nT(2)");
        assert!(threads.contains(&"ThreadPoolExecutor".to_string()) && !threads.contains(&"_run_apart".to_string()));
        assert!(!carried("import multiprocessing\nmultiprocessing.Pool(2)").contains(&"_run".to_string()));
    }

    #[test]
    fn the_prelude_has_no_variables() {
        let source = "from concurrent.futures import ProcessPoolExecutor\nProcessPoolExecutor(2)";
        let program = compile("program.py", source).unwrap();
        assert_eq!(program.globals, ["__name__", "ProcessPoolExecutor"]);
        assert!(program.functions[0].code.len() > 20);
    }
}
