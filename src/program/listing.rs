//! A compiled program as text, for tests and for whoever looks for a fault in the compiler.
//!
//! ```text
//! worker(0)
//!    0   4:5   begin `counter += 1`
//!    1   4:5   load global counter
//! ```

use super::code::{Class, Constant, Function, Instruction, NameId, Program};
use std::fmt;

impl fmt::Display for Program {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, function) in self.functions.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            self.function(out, function)?;
        }
        Ok(())
    }
}

impl Program {
    fn function(&self, out: &mut fmt::Formatter<'_>, function: &Function) -> fmt::Result {
        let stars = [(function.rest, "*"), (function.keywords, "**")];
        let stars = stars.iter().filter(|(has, _)| *has).map(|(_, star)| *star);
        let parameters = usize::from(function.parameters) + stars.clone().count();
        let plain = std::iter::repeat_n("", usize::from(function.parameters));
        let shown = plain.chain(stars).zip(&function.locals[..parameters]);
        let shown: Vec<String> = shown.map(|(star, name)| format!("{star}{name}")).collect();
        writeln!(out, "{}({})", function.name, shown.join(", "))?;
        for (index, (instruction, place)) in function.code.iter().zip(&function.places).enumerate() {
            let place = format!("{}:{}", place.line, place.column);
            writeln!(out, "{index:4}  {place:7} {}", self.instruction(function, *instruction))?;
        }
        Ok(())
    }

    fn instruction(&self, function: &Function, instruction: Instruction) -> String {
        let name = |id: NameId| &self.names[id.index()];
        let class = |index: usize| self.classes.get(index).map_or("?", |class: &Class| &class.name);
        match instruction {
            Instruction::Begin(id) => {
                let place = self.statements[id.index()].place;
                let text = self.source.get(place.start as usize..place.end as usize).unwrap_or_default();
                format!("begin `{}`", text.lines().next().unwrap_or_default())
            }
            Instruction::Constant(id) => self.constant(&self.constants[id.index()]),
            Instruction::LoadLocal(id) => format!("load {}", function.locals[id.index()]),
            Instruction::StoreLocal(id) => format!("store {}", function.locals[id.index()]),
            Instruction::DeleteLocal(id) => format!("delete {}", function.locals[id.index()]),
            Instruction::LoadGlobal(id) => format!("load global {}", self.globals[id.index()]),
            Instruction::StoreGlobal(id) => format!("store global {}", self.globals[id.index()]),
            Instruction::DeleteGlobal(id) => format!("delete global {}", self.globals[id.index()]),
            Instruction::LoadClass(id, attribute) => format!("load {}.{}", class(id.index()), name(attribute)),
            Instruction::StoreClass(id, attribute) => format!("store {}.{}", class(id.index()), name(attribute)),
            Instruction::Format { repr, specification } => {
                let repr = if repr { " repr" } else { "" };
                let specification = specification.map(|id| self.constant(&self.constants[id.index()]));
                format!("format{repr}{}", specification.map(|text| format!(" as {text}")).unwrap_or_default())
            }
            Instruction::LoadAttribute(id) => format!("load .{}", name(id)),
            Instruction::StoreAttribute(id) => format!("store .{}", name(id)),
            Instruction::DeleteAttribute(id) => format!("delete .{}", name(id)),
            Instruction::Call { positional, keywords } => {
                let keywords = &self.keywords[keywords.index()];
                let named: String = keywords.iter().map(|id| format!(" {}=", name(*id))).collect();
                format!("call {positional}{named}")
            }
            Instruction::Function(id) => format!("function {}", self.functions[id.index()].name),
            Instruction::Super(id) => format!("super {}", class(id.index())),
            other => words(&format!("{other:?}")),
        }
    }

    fn constant(&self, constant: &Constant) -> String {
        match constant {
            Constant::None => "None".into(),
            Constant::Bool(true) => "True".into(),
            Constant::Bool(false) => "False".into(),
            Constant::Int(value) => value.to_string(),
            Constant::Seconds(text) => format!("{text} s"),
            Constant::Str(text) => format!("{text:?}"),
            Constant::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|item| self.constant(item)).collect();
                format!("({})", items.join(", "))
            }
            Constant::Function(id) => format!("prelude {}", self.functions[id.index()].name),
            Constant::Class(id) => format!("class {}", self.classes[id.index()].name),
            Constant::Exception(kind) => format!("exception {}", kind.name()),
            Constant::Builtin(builtin) => match builtin.module() {
                "" => format!("builtin {}", builtin.name()),
                module => format!("{module} {}", builtin.name()),
            },
        }
    }
}

/// `JumpIfFalse(7)` as `jump if false 7`.
fn words(debug: &str) -> String {
    let mut words = String::new();
    for character in debug.chars() {
        match character {
            '(' => words.push(' '),
            ')' => {}
            _ if character.is_uppercase() => {
                if !words.is_empty() && !words.ends_with(' ') {
                    words.push(' ');
                }
                words.extend(character.to_lowercase());
            }
            _ => words.push(character),
        }
    }
    words
}
