//! Names of the library: what a module has, and what needs no import.

use super::code::Constant;
use super::library::{ALSO, BUILTINS, Builtin, EXCEPTIONS};

/// The modules that can be imported, by the names that they are imported by.
pub(super) fn modules() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().filter(|(_, module, _)| *module == "module").map(|(.., name)| *name)
}

/// The module of that name.
pub(super) fn module(name: &str) -> Option<Builtin> {
    BUILTINS.iter().find(|(_, module, known)| *module == "module" && *known == name).map(|(builtin, ..)| *builtin)
}

/// What a module has, and its submodules.
pub(super) fn members(module: Builtin) -> impl Iterator<Item = (&'static str, Constant)> {
    let inside = move |known: &'static str| known.strip_prefix(module.name())?.strip_prefix('.');
    let submodules = BUILTINS.iter().filter(|(_, kind, _)| *kind == "module");
    let submodules =
        submodules.filter_map(move |(builtin, _, name)| Some((inside(name)?, Constant::Builtin(*builtin))));
    named(module.name()).chain(submodules)
}

/// What a module calls by that name.
pub(super) fn member(module: Builtin, name: &str) -> Option<Constant> {
    members(module).find(|(known, _)| *known == name).map(|(_, constant)| constant)
}

/// What can be used without an import.
pub(super) fn without_import() -> impl Iterator<Item = (&'static str, Constant)> {
    named("")
}

/// What the prelude can use, which imports nothing.
pub(super) fn for_prelude() -> impl Iterator<Item = (&'static str, Constant)> {
    ["", "prelude", "threading", "multiprocessing"].into_iter().flat_map(named)
}

/// Whether a constant is a module.
pub(super) fn is_module(builtin: Builtin) -> bool {
    builtin.module() == "module"
}

fn named(module: &str) -> impl Iterator<Item = (&'static str, Constant)> {
    let builtins = BUILTINS.iter().filter(move |(_, home, _)| *home == module);
    let exceptions = EXCEPTIONS.iter().filter(move |(_, _, home, _)| *home == module);
    let also = ALSO.iter().filter(move |(_, home)| *home == module);
    builtins
        .map(|(builtin, _, name)| (*name, Constant::Builtin(*builtin)))
        .chain(exceptions.map(|(kind, _, _, name)| (*name, Constant::Exception(*kind))))
        .chain(also.map(|(kind, _)| (kind.name(), Constant::Exception(*kind))))
}
