//! Operators on values that cannot change. Integers beyond 64 bits are past a limit of ours, not of Python's.

use std::cmp::Ordering;

use super::code::{Binary, Comparison, Program, Unary};
use super::collection::{self, Failure, Objects, raised};
use super::library::ExceptionKind;
use super::text::type_name;
use super::value::{ObjectKind, Value, range_len};

/// The most characters that a string may have.
pub(super) const TEXT_MAX: usize = 10_000;

fn too_large() -> Failure {
    Failure::Limit("an integer beyond 64 bits".into())
}

/// `-x`, `+x`
pub(super) fn unary(program: &Program, operator: Unary, value: &Value) -> Result<Value, Failure> {
    match (operator, value.as_int()) {
        (Unary::Minus, Some(number)) => number.checked_neg().map(Value::Int).ok_or_else(too_large),
        (Unary::Plus, Some(number)) => Ok(Value::Int(number)),
        (Unary::Not, _) => Ok(Value::Bool(!value.truth().unwrap_or(true))),
        (_, None) => {
            let sign = if operator == Unary::Minus { '-' } else { '+' };
            let text = format!("bad operand type for unary {sign}: '{}'", type_name(program, value));
            Err(raised(ExceptionKind::TypeError, text))
        }
    }
}

/// An operator between two values, neither of which is a collection.
pub(super) fn binary(program: &Program, operator: Binary, left: &Value, right: &Value) -> Result<Value, Failure> {
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return integers(operator, left, right);
    }
    let repeated = |count: i64, len: usize| {
        let count = usize::try_from(count).unwrap_or(0);
        match count.saturating_mul(len) {
            0..=TEXT_MAX => Ok(count),
            _ => Err(Failure::Limit(format!("a string or tuple is at most {TEXT_MAX} long"))),
        }
    };
    match (operator, left, right) {
        (Binary::Add, Value::Str(left), Value::Str(right)) => {
            repeated(1, left.len() + right.len())?;
            Ok(Value::str(format!("{left}{right}")))
        }
        (Binary::Add, Value::Tuple(left), Value::Tuple(right)) => {
            repeated(1, left.len() + right.len())?;
            Ok(Value::Tuple(left.iter().chain(right.iter()).cloned().collect()))
        }
        (Binary::Multiply, Value::Str(text), count) | (Binary::Multiply, count, Value::Str(text))
            if count.as_int().is_some() =>
        {
            Ok(Value::str(text.repeat(repeated(count.as_int().unwrap_or(0), text.len())?)))
        }
        (Binary::Multiply, Value::Tuple(items), count) | (Binary::Multiply, count, Value::Tuple(items))
            if count.as_int().is_some() =>
        {
            let times = repeated(count.as_int().unwrap_or(0), items.len())?;
            Ok(Value::tuple(collection::repeated(items, times)))
        }
        (Binary::Add, _, _) if is_sequence(left) => {
            let (own, other) = (left.type_name(), type_name(program, right));
            let text = format!("can only concatenate {own} (not \"{other}\") to {own}");
            Err(raised(ExceptionKind::TypeError, text))
        }
        (Binary::Multiply, _, _) if is_sequence(left) || is_sequence(right) => {
            let other = if is_sequence(left) { right } else { left };
            let text = format!("can't multiply sequence by non-int of type '{}'", type_name(program, other));
            Err(raised(ExceptionKind::TypeError, text))
        }
        (Binary::Modulo, Value::Str(_), _) => {
            Err(Failure::Limit("formatting with `%` is not in the subset: use an f-string".into()))
        }
        _ => Err(unsupported(program, operator, left, right)),
    }
}

/// What can be concatenated and repeated.
fn is_sequence(value: &Value) -> bool {
    match value {
        Value::Str(_) | Value::Tuple(_) => true,
        Value::Object(object) => object.kind == ObjectKind::List,
        _ => false,
    }
}

/// An operator as Python's messages have it.
pub(super) fn sign(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::FloorDivide => "//",
        Binary::Modulo => "%",
        Binary::Power => "** or pow()",
    }
}

/// What Python says of an operator that two values do not have.
pub(super) fn unsupported(program: &Program, operator: Binary, left: &Value, right: &Value) -> Failure {
    let sign = sign(operator);
    let (left, right) = (type_name(program, left), type_name(program, right));
    raised(ExceptionKind::TypeError, format!("unsupported operand type(s) for {sign}: '{left}' and '{right}'"))
}

fn integers(operator: Binary, left: i64, right: i64) -> Result<Value, Failure> {
    let by_zero = |text: &str| Err(raised(ExceptionKind::ZeroDivisionError, text));
    match operator {
        Binary::FloorDivide if right == 0 => by_zero("integer division or modulo by zero"),
        Binary::Modulo if right == 0 => by_zero("integer modulo by zero"),
        Binary::Power if right < 0 => {
            Err(Failure::Limit("a negative power is a fraction, which is not in the subset".into()))
        }
        _ => whole(operator, left, right).map(Value::Int).ok_or_else(too_large),
    }
}

/// An operator between integers, where that is one, of at most 64 bits.
#[inline]
pub(super) fn whole(operator: Binary, left: i64, right: i64) -> Option<i64> {
    match operator {
        Binary::Add => left.checked_add(right),
        Binary::Subtract => left.checked_sub(right),
        Binary::Multiply => left.checked_mul(right),
        // Python rounds down; a remainder has the sign of the divisor.
        Binary::FloorDivide => left.checked_div(right).map(|quotient| {
            let inexact = left.wrapping_rem(right) != 0 && (left < 0) != (right < 0);
            quotient - i64::from(inexact)
        }),
        Binary::Modulo if right == 0 => None,
        Binary::Modulo => {
            let remainder = left.wrapping_rem(right);
            let fix = if remainder != 0 && (remainder < 0) != (right < 0) { right } else { 0 };
            Some(remainder + fix)
        }
        Binary::Power => match u32::try_from(right) {
            Ok(power) => left.checked_pow(power),
            Err(_) if right > 0 && (-1..=1).contains(&left) => {
                Some(if left == -1 && right % 2 == 1 { -1 } else { left.abs() })
            }
            Err(_) => None,
        },
    }
}

/// A comparison between two values.
pub fn compare(
    program: &Program,
    comparison: Comparison,
    left: &Value,
    right: &Value,
    objects: &dyn Objects,
) -> Result<bool, Failure> {
    if let Some(result) = compare_sets(comparison, left, right, objects) {
        return result;
    }
    let sign = match comparison {
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
        _ => "<",
    };
    let ordered = |wanted: &dyn Fn(Ordering) -> bool| collection::order(sign, left, right, objects).map(wanted);
    match comparison {
        Comparison::Equal => collection::equal(left, right, objects),
        Comparison::NotEqual => collection::equal(left, right, objects).map(|equal| !equal),
        Comparison::Less => ordered(&Ordering::is_lt),
        Comparison::LessEqual => ordered(&Ordering::is_le),
        Comparison::Greater => ordered(&Ordering::is_gt),
        Comparison::GreaterEqual => ordered(&Ordering::is_ge),
        Comparison::Is => Ok(left.is(right)),
        Comparison::IsNot => Ok(!left.is(right)),
        Comparison::In => contains(program, left, right, objects),
        Comparison::NotIn => contains(program, left, right, objects).map(|contains| !contains),
    }
}

/// `<`, `<=`, `>` and `>=` of sets say which is part of which; `None` for anything else.
fn compare_sets(
    comparison: Comparison,
    left: &Value,
    right: &Value,
    objects: &dyn Objects,
) -> Option<Result<bool, Failure>> {
    let (part, whole, proper) = match comparison {
        Comparison::Less => (left, right, true),
        Comparison::LessEqual => (left, right, false),
        Comparison::Greater => (right, left, true),
        Comparison::GreaterEqual => (right, left, false),
        _ => return None,
    };
    let (part, whole) = (collection::set_like(part, objects)?, collection::set_like(whole, objects)?);
    let fits = if proper { part.len() < whole.len() } else { part.len() <= whole.len() };
    Some(if fits { collection::within(&part, &whole, objects) } else { Ok(false) })
}

fn contains(program: &Program, item: &Value, whole: &Value, objects: &dyn Objects) -> Result<bool, Failure> {
    match (whole, item) {
        (Value::Tuple(items), _) => {
            for other in items.iter() {
                if collection::equal(other, item, objects)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Value::Str(text), Value::Str(part)) => Ok(text.contains(&**part)),
        (Value::Str(_), _) => {
            let text = format!("'in <string>' requires string as left operand, not {}", type_name(program, item));
            Err(raised(ExceptionKind::TypeError, text))
        }
        (Value::Range(range), _) => Ok(item.as_int().is_some_and(|number| {
            let distance = i128::from(number) - i128::from(range[0]);
            let step = i128::from(range[2]);
            distance % step == 0 && (0..range_len(range) as i128).contains(&(distance / step))
        })),
        (Value::Object(object), _) => match objects.collection(*object) {
            Some(collection) => collection
                .read(&collection::Access::Contains(item.clone()), objects)
                .map(|found| found == Value::Bool(true)),
            None => Err(not_a_container(program, whole)),
        },
        _ => Err(not_a_container(program, whole)),
    }
}

fn not_a_container(program: &Program, value: &Value) -> Failure {
    if matches!(value, Value::Iterator(_)) {
        return Failure::Limit("`in` an iterator is not in the subset: make a list of it".into());
    }
    let text = format!("argument of type '{}' is not iterable", type_name(program, value));
    raised(ExceptionKind::TypeError, text)
}
