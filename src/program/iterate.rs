//! Loops: where one stands, and its next step.

use std::sync::Arc;

use super::code::Program;
use super::collection::{Access, Failure, raised};
use super::library::ExceptionKind;
use super::operation::{Operation, Patience, Sync};
use super::text;
use super::value::{Iteration, ObjectKind, Reference, Value, View};

/// What a step of an iteration comes to.
pub(super) enum Step {
    /// The next item.
    Value(Value),
    /// There are no more.
    End,
    /// The world has to be asked; [`supply`] goes on with its answer.
    Need(Operation),
}

/// An iteration over a value, at its begin.
pub(super) fn iteration(program: &Program, value: &Value) -> Result<Iteration, Failure> {
    Ok(match value {
        Value::Range(range) => Iteration::Range(range[0], range[1], range[2]),
        Value::Tuple(items) => Iteration::Fixed(items.clone(), 0),
        Value::Str(text) => {
            let letters: Vec<Value> = text.chars().map(|letter| Value::str(letter.to_string())).collect();
            Iteration::Fixed(letters.into(), 0)
        }
        Value::Iterator(iterator) => (**iterator).clone(),
        // Those who take from the same one share what is left of it.
        Value::Object(object) if object.kind.is_iterator() => Iteration::Container(*object, 0, None, View::Keys),
        _ => match value.container() {
            Some(object) => Iteration::Container(object, 0, None, value.view()),
            None => {
                let text = format!("'{}' object is not iterable", text::type_name(program, value));
                return Err(raised(ExceptionKind::TypeError, text));
            }
        },
    })
}

/// The next step of an iteration.
pub(super) fn advance(iteration: &mut Iteration) -> Step {
    match iteration {
        Iteration::Range(next, stop, step) => {
            let goes_on = if *step > 0 { *next < *stop } else { *next > *stop };
            if !goes_on {
                return Step::End;
            }
            let value = Value::Int(*next);
            *next = next.saturating_add(*step);
            Step::Value(value)
        }
        Iteration::Fixed(items, at) => match items.get(*at) {
            Some(item) => {
                *at += 1;
                Step::Value(item.clone())
            }
            None => Step::End,
        },
        Iteration::Container(object, ..) if object.kind.is_iterator() => {
            Step::Need(Operation::Access(*object, Access::Next))
        }
        Iteration::Container(object, at, len, view) => {
            Step::Need(Operation::Access(*object, Access::Advance(*at, *len, *view)))
        }
        Iteration::Enumerate(next, inner) => match advance(inner) {
            Step::Value(value) => Step::Value(numbered(next, value)),
            step => step,
        },
        Iteration::Zip(parts, got) => {
            while got.len() < parts.len() {
                match advance(&mut parts[got.len()]) {
                    Step::Value(value) => got.push(value),
                    step => return step,
                }
            }
            match got.is_empty() {
                true => Step::End,
                false => Step::Value(Value::Tuple(std::mem::take(got).into())),
            }
        }
        // Asked for by the instruction itself, which knows the choices.
        Iteration::AsCompleted(_) => Step::End,
        Iteration::Results(futures, at) => match futures.get(*at) {
            Some(Value::Object(future)) => {
                *at += 1;
                Step::Need(Operation::Sync(*future, Sync::Result(Patience::Forever, ExceptionKind::TimeoutError)))
            }
            _ => Step::End,
        },
    }
}

/// Goes on with the world's answer; `Unset` is the end of what it was asked about.
pub(super) fn supply(iteration: &mut Iteration, answer: Value) -> Step {
    match iteration {
        Iteration::Container(object, ..) if object.kind.is_iterator() => match answer {
            Value::Unset => Step::End,
            value => Step::Value(value),
        },
        Iteration::Container(object, at, len, _) => match answer {
            Value::Unset => {
                // A list that has come to its end stays there, however it grows.
                *at = usize::MAX;
                Step::End
            }
            // A dict or set must keep the length that it had when its first item was taken: the answer brings both.
            Value::Tuple(pair) if is_hashed(*object) => {
                *at += 1;
                *len = pair[1].as_int().and_then(|len| usize::try_from(len).ok());
                Step::Value(pair[0].clone())
            }
            value => {
                *at += 1;
                Step::Value(value)
            }
        },
        Iteration::Enumerate(next, inner) => match supply(inner, answer) {
            Step::Value(value) => Step::Value(numbered(next, value)),
            step => step,
        },
        Iteration::Zip(parts, got) => match supply(&mut parts[got.len()], answer) {
            Step::Value(value) => {
                got.push(value);
                advance(iteration)
            }
            step => step,
        },
        _ => Step::Value(answer),
    }
}

fn is_hashed(object: Reference) -> bool {
    matches!(object.kind, ObjectKind::Dict | ObjectKind::Set)
}

fn numbered(next: &mut i64, value: Value) -> Value {
    let pair = Value::tuple([Value::Int(*next), value]);
    *next = next.saturating_add(1);
    pair
}

/// All items of what cannot change, or `None` for what has to be asked for.
pub(super) fn fixed_items(program: &Program, value: &Value) -> Result<Option<Arc<[Value]>>, Failure> {
    let iteration = iteration(program, value)?;
    Ok(match iteration {
        Iteration::Fixed(items, 0) => Some(items),
        Iteration::Range(start, stop, step) => {
            let len = super::value::range_len(&[start, stop, step]);
            if len > super::collection::ITEMS_MAX {
                let text = format!("a list, dict or set holds at most {} items", super::collection::ITEMS_MAX);
                return Err(Failure::Limit(text));
            }
            let item = |index: usize| Value::Int(start + step * index as i64);
            Some((0..len).map(item).collect())
        }
        _ => None,
    })
}
