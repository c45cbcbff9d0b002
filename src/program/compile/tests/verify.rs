//! What must hold for every program that was compiled: on each way to an instruction the stack has the same height and
//! the same `try`s are open, nothing is taken from an empty stack, no jump and no number leads nowhere.

use crate::program::Program;
use crate::program::code::{Constant, Function, Instruction};

/// Panics where something does not hold.
pub(super) fn verify(program: &Program) {
    for function in &program.functions {
        verify_function(program, function);
    }
    for constant in &program.constants {
        verify_constant(program, constant);
    }
    assert_eq!(program.globals[0], "__name__");
    assert!(!program.functions[0].internal);
}

fn verify_constant(program: &Program, constant: &Constant) {
    match constant {
        Constant::Function(id) => {
            let function = &program.functions[id.index()];
            assert!(function.internal && function.defaults == 0, "{}", function.name);
        }
        Constant::Class(id) => assert!(id.index() < program.classes.len()),
        Constant::Tuple(items) => items.iter().for_each(|item| verify_constant(program, item)),
        _ => {}
    }
}

/// The stack and the open `try`s before an instruction.
#[derive(Clone, Debug, PartialEq)]
struct Shape {
    height: usize,
    /// Handler, and the height that the stack is cut to.
    tries: Vec<(u32, usize)>,
}

fn verify_function(program: &Program, function: &Function) {
    let named = usize::from(function.parameters) + usize::from(function.rest) + usize::from(function.keywords);
    assert!(function.defaults <= function.parameters && named <= function.locals.len());
    assert_eq!(function.code.len(), function.places.len());
    let mut shapes: Vec<Option<Shape>> = vec![None; function.code.len()];
    let mut open = vec![(0_usize, Shape { height: 0, tries: Vec::new() })];
    while let Some((at, shape)) = open.pop() {
        let place = || format!("{program}\n{} at {at}, {shape:?}", function.name);
        assert!(at < function.code.len(), "runs off its end: {}", place());
        match &shapes[at] {
            Some(known) => {
                assert_eq!(*known, shape, "{}", place());
                continue;
            }
            None => shapes[at] = Some(shape.clone()),
        }
        let instruction = function.code[at];
        verify_ids(program, function, instruction);
        let (takes, gives) = effect(program, instruction);
        assert!(shape.height >= takes, "takes from an empty stack: {}", place());
        let mut after = Shape { height: shape.height - takes + gives, tries: shape.tries.clone() };
        if let Instruction::Try(handler) = instruction {
            verify_handlers(program, function, handler);
        }
        match instruction {
            Instruction::Return | Instruction::Raise | Instruction::Reraise => continue,
            Instruction::AssertionFailed { .. } => continue,
            Instruction::Jump(to) => {
                open.push((to as usize, after));
                continue;
            }
            Instruction::JumpIfFalse(to) | Instruction::JumpIfTrue(to) => open.push((to as usize, after.clone())),
            Instruction::JumpIfFalseOrPop(to) | Instruction::JumpIfTrueOrPop(to) => {
                open.push((to as usize, Shape { height: shape.height, ..after.clone() }));
            }
            Instruction::Advance(to) => {
                open.push((to as usize, Shape { height: shape.height - 1, ..after.clone() }));
            }
            Instruction::Append(depth) => assert!(shape.height > usize::from(depth), "{}", place()),
            Instruction::Try(handler) | Instruction::Cleanup(handler) => {
                open.push((handler as usize, Shape { height: shape.height + 1, tries: shape.tries.clone() }));
                after.tries.push((handler, shape.height));
            }
            Instruction::EndTry => {
                let (_, height) = after.tries.pop().unwrap_or_else(|| panic!("no `try` is open: {}", place()));
                assert!(shape.height >= height, "{}", place());
            }
            _ => {}
        }
        open.push((at + 1, after));
    }
}

/// Whoever asks what a `Try` catches reads it from the code: see `Instruction::Try`.
fn verify_handlers(program: &Program, function: &Function, handler: u32) {
    let mut rest = &function.code[handler as usize..];
    while let [Instruction::Begin(_), after @ ..] = rest {
        let [Instruction::Constant(class), Instruction::Matches, Instruction::JumpIfFalse(next), ..] = after else {
            return;
        };
        let class = &program.constants[class.index()];
        assert!(matches!(class, Constant::Exception(_) | Constant::Class(_) | Constant::Tuple(_)), "{program}");
        rest = &function.code[*next as usize..];
    }
    assert!(matches!(rest, [Instruction::Reraise, ..]), "{program}");
}

fn verify_ids(program: &Program, function: &Function, instruction: Instruction) {
    match instruction {
        Instruction::Begin(id) => assert!(id.index() < program.statements.len()),
        Instruction::Constant(id) => assert!(id.index() < program.constants.len()),
        Instruction::LoadLocal(id) | Instruction::StoreLocal(id) | Instruction::DeleteLocal(id) => {
            assert!(id.index() < function.locals.len());
        }
        Instruction::LoadGlobal(id) | Instruction::StoreGlobal(id) | Instruction::DeleteGlobal(id) => {
            assert!(id.index() < program.globals.len());
        }
        Instruction::LoadClass(class, id) | Instruction::StoreClass(class, id) => {
            assert!(class.index() < program.classes.len() && id.index() < program.names.len());
        }
        Instruction::LoadAttribute(id) | Instruction::StoreAttribute(id) | Instruction::DeleteAttribute(id) => {
            assert!(id.index() < program.names.len());
        }
        Instruction::Function(id) => assert!(id.index() < program.functions.len()),
        Instruction::Super(id) => assert!(id.index() < program.classes.len() && function.parameters > 0),
        Instruction::Call { keywords, .. } => assert!(keywords.index() < program.keywords.len()),
        Instruction::Format { specification: Some(id), .. } => assert!(id.index() < program.constants.len()),
        _ => {}
    }
}

/// How much an instruction takes from the stack, and how much it puts there where it does not jump.
fn effect(program: &Program, instruction: Instruction) -> (usize, usize) {
    let n = |count: u16| usize::from(count);
    match instruction {
        Instruction::Begin(_) | Instruction::Jump(_) => (0, 0),
        Instruction::Try(_) | Instruction::Cleanup(_) | Instruction::EndTry => (0, 0),
        Instruction::DeleteLocal(_) | Instruction::DeleteGlobal(_) => (0, 0),
        Instruction::Constant(_) | Instruction::LoadLocal(_) | Instruction::LoadGlobal(_) => (0, 1),
        Instruction::LoadClass(..) | Instruction::Super(_) => (0, 1),
        Instruction::StoreLocal(_) | Instruction::StoreGlobal(_) | Instruction::StoreClass(..) => (1, 0),
        Instruction::Pop | Instruction::DeleteAttribute(_) | Instruction::Exit => (1, 0),
        Instruction::JumpIfFalse(_) | Instruction::JumpIfTrue(_) => (1, 0),
        Instruction::JumpIfFalseOrPop(_) | Instruction::JumpIfTrueOrPop(_) => (1, 0),
        Instruction::Return | Instruction::Raise | Instruction::Reraise => (1, 0),
        Instruction::AssertionFailed { message } => (usize::from(message), 0),
        Instruction::Duplicate | Instruction::Enter | Instruction::Advance(_) => (1, 2),
        Instruction::DuplicateTwo => (2, 4),
        Instruction::Swap | Instruction::Matches => (2, 2),
        Instruction::RotateThree => (3, 3),
        Instruction::Unary(_) | Instruction::Format { .. } | Instruction::LoadAttribute(_) => (1, 1),
        Instruction::Iterate => (1, 1),
        Instruction::Binary(_) | Instruction::InPlace(_) | Instruction::Compare(_) | Instruction::LoadItem => (2, 1),
        Instruction::Slice | Instruction::CallSpread => (3, 1),
        Instruction::Tuple(count) | Instruction::List(count) | Instruction::Set(count) => (n(count), 1),
        Instruction::Concatenate(count) => (n(count), 1),
        Instruction::Dict(count) => (2 * n(count), 1),
        Instruction::StoreAttribute(_) | Instruction::DeleteItem => (2, 0),
        Instruction::StoreItem => (3, 0),
        Instruction::Call { positional, keywords } => (1 + n(positional) + program.keywords[keywords.index()].len(), 1),
        Instruction::Function(id) => (n(program.functions[id.index()].defaults), 1),
        Instruction::Unpack(count) => (1, n(count)),
        Instruction::Append(_) => (1, 0),
    }
}
