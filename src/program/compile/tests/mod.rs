//! What is compiled, what is refused and with which words, and that no text does any harm.

mod any_text;
mod deep;
mod listings;
mod refused;
mod verify;

use super::compile;
use crate::program::{Problem, Program};

/// Compiles a program of the subset, and checks what must hold for all of them.
fn compiled(source: &str) -> Program {
    let program = compile("program.py", source).unwrap_or_else(|problems| {
        let told: Vec<String> = problems.iter().map(Problem::to_string).collect();
        panic!("{source}\n{}", told.join("\n"))
    });
    verify::verify(&program);
    program
}
