//! The instructions that a loop over plain numbers consists of, done in place.
//!
//! They concern nothing but the innermost call: its variables, the values on its stack, and where it goes on. No operation
//! comes of them and nothing can go wrong, so none of what could has to be made ready. What is not plain (a text, a
//! collection, an integer that grows too large) is left to `Thread::execute`, as if it had not been looked at.

use super::arithmetic;
use super::code::{Comparison, Constant, Instruction, Program};
use super::thread::Frame;
use super::value::{Iteration, Value};

/// Does an instruction of the innermost call, where it is one of these and concerns plain values; whether it did.
#[inline]
pub(super) fn quick(program: &Program, frame: &mut Frame, instruction: &Instruction) -> bool {
    let stack = &mut frame.stack;
    match *instruction {
        Instruction::Begin(_) => {}
        Instruction::Jump(to) => {
            frame.at = to;
            return true;
        }
        Instruction::Constant(constant) => match program.constants[constant.index()] {
            Constant::Int(number) => push(stack, number),
            Constant::Bool(flag) => stack.push(Value::Bool(flag)),
            Constant::None => stack.push(Value::None),
            _ => return false,
        },
        Instruction::LoadLocal(local) => match &frame.locals[local.index()] {
            Value::Int(number) => push(stack, *number),
            value @ (Value::Bool(_) | Value::None | Value::Object(_)) => stack.push(value.clone()),
            _ => return false,
        },
        Instruction::StoreLocal(local) => {
            let variable = &mut frame.locals[local.index()];
            match (stack.last(), &mut *variable) {
                (Some(Value::Int(number)), Value::Int(old)) => *old = *number,
                (Some(Value::Int(number)), _) => *variable = Value::Int(*number),
                (Some(value @ (Value::Bool(_) | Value::None | Value::Object(_))), _) => *variable = value.clone(),
                _ => return false,
            }
            forget_top(stack);
        }
        Instruction::Binary(operator) | Instruction::InPlace(operator) => match &mut stack[..] {
            [.., Value::Int(left), Value::Int(right)] => match arithmetic::whole(operator, *left, *right) {
                Some(result) => {
                    *left = result;
                    forget_top(stack);
                }
                None => return false,
            },
            _ => return false,
        },
        Instruction::Compare(comparison) => {
            let [.., Value::Int(left), Value::Int(right)] = stack[..] else { return false };
            let holds = match comparison {
                Comparison::Equal => left == right,
                Comparison::NotEqual => left != right,
                Comparison::Less => left < right,
                Comparison::LessEqual => left <= right,
                Comparison::Greater => left > right,
                Comparison::GreaterEqual => left >= right,
                Comparison::Is | Comparison::IsNot | Comparison::In | Comparison::NotIn => return false,
            };
            forget_top(stack);
            if let Some(top) = stack.last_mut() {
                *top = Value::Bool(holds);
            }
        }
        Instruction::JumpIfFalse(to) | Instruction::JumpIfTrue(to) => {
            let Some(Value::Bool(truth)) = stack.last() else { return false };
            let jumps = *truth == matches!(instruction, Instruction::JumpIfTrue(_));
            forget_top(stack);
            if jumps {
                frame.at = to;
                return true;
            }
        }
        Instruction::Advance(end) => {
            let Some(Value::Iterator(iterator)) = stack.last_mut() else { return false };
            let Iteration::Range(next, stop, step) = &mut **iterator else { return false };
            if if *step > 0 { *next < *stop } else { *next > *stop } {
                let number = *next;
                *next = next.saturating_add(*step);
                push(stack, number);
            } else {
                stack.pop();
                frame.at = end;
                return true;
            }
        }
        _ => return false,
    }
    frame.at += 1;
    true
}

/// Pushes an integer, written where it is to lie. `Vec::push` would first make a value of one of several kinds beside the
/// stack, in pieces, and then copy it as a whole, for which a processor waits until the pieces have been written: 30 % of a
/// loop's time, measured.
fn push(stack: &mut Vec<Value>, number: i64) {
    stack.resize_with(stack.len() + 1, || Value::Int(number));
}

/// Takes off what is plain, of which nothing has to be given back.
fn forget_top(stack: &mut Vec<Value>) {
    std::mem::forget(stack.pop());
}
