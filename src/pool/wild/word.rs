//! Values as single words of memory: what a thread writes into a variable is one atomic store, what it reads one load.
//!
//! Small integers, truth values, `None` and references are the word itself. Everything else is put on a shelf of the
//! run's, and the word says where: it lies there, unchanged, until the run has ended, so whoever reads the word can
//! always follow it.

use crate::program::code::{ClassId, FunctionId};
use crate::program::value::{ObjectKind, Reference, Value};

/// The word of a variable that was never assigned, or was deleted.
pub(super) const UNSET: u64 = 0;

const INTEGER: u64 = 1;
const SINGLE: u64 = 2;
const OBJECT: u64 = 3;
const SHELVED: u64 = 4;
const FUNCTION: u64 = 5;
const CLASS: u64 = 6;

/// The kinds of objects that have no class, by their number in a word.
const KINDS: [ObjectKind; 17] = [
    ObjectKind::List,
    ObjectKind::Dict,
    ObjectKind::Set,
    ObjectKind::Lock,
    ObjectKind::RLock,
    ObjectKind::Semaphore,
    ObjectKind::Condition,
    ObjectKind::Event,
    ObjectKind::Barrier,
    ObjectKind::Queue,
    ObjectKind::Connection,
    ObjectKind::Local,
    ObjectKind::SharedValue,
    ObjectKind::SharedArray,
    ObjectKind::Atomic,
    ObjectKind::Future,
    ObjectKind::Thread(None),
];
const PROCESS: u64 = 17;
const INSTANCE: u64 = 18;
const THREAD_OF_CLASS: u64 = 19;
const PROCESS_OF_CLASS: u64 = 20;

/// What a word stands for.
pub(super) enum Read {
    /// This.
    Value(Value),
    /// What lies on the shelf of that thread, at that place.
    Shelved(usize, u64),
}

/// The value as a word; none where it must be put on a shelf.
pub(super) fn of(value: &Value) -> Option<u64> {
    let single = |number: u64| Some(number << 3 | SINGLE);
    match value {
        Value::Unset => Some(UNSET),
        Value::None => single(0),
        Value::Bool(false) => single(1),
        Value::Bool(true) => single(2),
        Value::Seconds => single(3),
        Value::Int(number) => {
            let word = (*number as u64) << 3;
            ((word as i64) >> 3 == *number).then_some(word | INTEGER)
        }
        Value::Function(function, defaults) if defaults.is_empty() => Some(u64::from(function.0) << 3 | FUNCTION),
        Value::Class(class) => Some(u64::from(class.0) << 3 | CLASS),
        Value::Object(object) => {
            let (kind, class) = match object.kind {
                ObjectKind::Instance(class) => (INSTANCE, class.0),
                ObjectKind::Thread(Some(class)) => (THREAD_OF_CLASS, class.0),
                ObjectKind::Process(Some(class)) => (PROCESS_OF_CLASS, class.0),
                ObjectKind::Process(None) => (PROCESS, 0),
                kind => (KINDS.iter().position(|known| *known == kind)? as u64, 0),
            };
            Some(u64::from(object.id) << 24 | u64::from(class) << 8 | kind << 3 | OBJECT)
        }
        _ => None,
    }
}

/// The word of what was put on a thread's shelf, at a place below 2 to the 37th.
pub(super) fn of_shelved(thread: usize, place: u64) -> u64 {
    (thread as u64) << 40 | place << 3 | SHELVED
}

/// What a word stands for.
pub(super) fn read(word: u64) -> Read {
    let number = word >> 3;
    Read::Value(match word & 7 {
        INTEGER => Value::Int(word as i64 >> 3),
        SINGLE => match number {
            0 => Value::None,
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            _ => Value::Seconds,
        },
        OBJECT => {
            let class = ClassId((word >> 8) as u16);
            let kind = match number & 31 {
                PROCESS => ObjectKind::Process(None),
                INSTANCE => ObjectKind::Instance(class),
                THREAD_OF_CLASS => ObjectKind::Thread(Some(class)),
                PROCESS_OF_CLASS => ObjectKind::Process(Some(class)),
                kind => KINDS[kind as usize % KINDS.len()],
            };
            Value::Object(Reference { kind, id: (word >> 24) as u32 })
        }
        SHELVED => return Read::Shelved((word >> 40) as usize, (word & ((1 << 40) - 1)) >> 3),
        FUNCTION => Value::Function(FunctionId(number as u16), std::sync::Arc::new([])),
        CLASS => Value::Class(ClassId(number as u16)),
        _ => Value::Unset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_into_a_word_comes_out_again() {
        let kinds = KINDS.into_iter().chain([
            ObjectKind::Process(None),
            ObjectKind::Instance(ClassId(u16::MAX)),
            ObjectKind::Thread(Some(ClassId(3))),
            ObjectKind::Process(Some(ClassId(0))),
        ]);
        let objects = kinds.map(|kind| Value::Object(Reference { kind, id: u32::MAX - 7 }));
        let numbers = [0, 1, -1, (1 << 60) - 1, -(1 << 60)].map(Value::Int);
        let others = [
            Value::Unset,
            Value::None,
            Value::Bool(true),
            Value::Bool(false),
            Value::Seconds,
            Value::Function(FunctionId(9), [].into()),
            Value::Class(ClassId(65_535)),
        ];
        for value in objects.chain(numbers).chain(others) {
            let word = of(&value).expect("it fits");
            let Read::Value(again) = read(word) else { panic!("{value:?} was shelved") };
            assert_eq!(again, value);
        }
    }

    #[test]
    fn what_does_not_fit_is_shelved_and_found_there() {
        for value in [Value::Int(1 << 60), Value::Int(i64::MIN), Value::str("text"), Value::tuple([Value::None])] {
            assert_eq!(of(&value), None);
        }
        let Read::Shelved(thread, place) = read(of_shelved(59, 1 << 36)) else { panic!("a value") };
        assert_eq!((thread, place), (59, 1 << 36));
    }
}
