//! Lists, dicts and sets: what they hold, and each access to one as Python would carry it out.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;

use super::code::Program;
use super::iterate::{Step, advance, supply};
use super::library::ExceptionKind;
use super::operation::Operation;
use super::text;
use super::value::{Iteration, Reference, Value, View, range_len};

/// The most items that a list, dict or set may hold.
pub const ITEMS_MAX: usize = 10_000;

/// What a list, dict or set holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Collection {
    /// A list, or a shared array.
    List(Vec<Value>),
    /// A dict, in the order of insertion.
    Dict(Vec<(Value, Value)>),
    /// A set; in an order of ours, so that equal sets are equal: Python's own order is none to rely on.
    Set(Vec<Value>),
    /// A kept iterator: where it stands, or `None` where it has come to its end.
    Iterator(Option<Iteration>),
}

impl Default for Collection {
    fn default() -> Collection {
        Collection::List(Vec::new())
    }
}

/// One access to a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// How many items.
    Len,
    /// Whether there are any.
    Truth,
    /// All items in a tuple; of a dict, what the view shows.
    Snapshot(View),
    /// A view of a dict is made, which reads nothing of it yet.
    View,
    /// Whether a value is in it.
    Contains(Value),
    /// Whether a value is in a view of a dict.
    Among(View, Value),
    /// The item at an index, a key, or in a slice (as a tuple).
    Item(Value),
    /// The item of a key, or the other value.
    Get(Value, Value),
    /// Where a value is, between two positions.
    Index(Value, [i64; 2]),
    /// How often a value is in it.
    Count(Value),
    /// The item at a position of an iteration, `Unset` past the end. Of a dict or set a pair of the item and the length
    /// now, and the length that it had at the first item must be the same.
    Advance(usize, Option<usize>, View),

    /// Takes the next item out of a kept iterator; `Unset` at its end.
    Next,
    /// Sets the item at an index or key, or puts a tuple of items in the place of a slice.
    SetItem(Value, Value),
    /// Sets as many items of a shared array as the slice takes out.
    Fill(Arc<[Option<i64>; 3]>, Arc<[Value]>),
    /// Removes the item at an index or key.
    DeleteItem(Value),
    /// Appends to a list.
    Append(Value),
    /// Appends all.
    Extend(Arc<[Value]>),
    /// Inserts into a list.
    Insert(Value, Value),
    /// Removes a value.
    Remove(Value),
    /// Takes out the item at an index or key (or the last, or of a set any); a dict's default.
    Pop(Option<Value>, Option<Value>),
    /// Takes out the last pair of a dict.
    PopItem,
    /// Removes all.
    Clear,
    /// Sorts a list, downwards where true.
    Sort(bool),
    /// Reverses a list.
    Reverse,
    /// Repeats a list in place.
    Repeat(i64),
    /// Adds to a set.
    Add(Value),
    /// Removes from a set, if it is there.
    Discard(Value),
    /// The item of a key, set to the other value if there was none.
    SetDefault(Value, Value),
    /// Sets all these.
    Update(Arc<[Value]>),
    /// Adds all to a set.
    AddAll(Arc<[Value]>),
}

impl Access {
    /// Whether it may change the collection.
    pub fn writes(&self) -> bool {
        !matches!(
            self,
            Access::Len
                | Access::Truth
                | Access::Snapshot(_)
                | Access::View
                | Access::Contains(_)
                | Access::Among(..)
                | Access::Item(_)
                | Access::Get(..)
                | Access::Index(..)
                | Access::Count(_)
                | Access::Advance(..)
        )
    }

    /// Calls `visit` on every value in it.
    pub fn values(&self, visit: &mut dyn FnMut(&Value)) {
        match self {
            Access::Contains(value) | Access::Item(value) | Access::Index(value, _) | Access::Count(value) => {
                visit(value)
            }
            Access::Among(_, value) | Access::DeleteItem(value) | Access::Append(value) | Access::Remove(value) => {
                visit(value)
            }
            Access::Add(value) | Access::Discard(value) => visit(value),
            Access::Get(first, second) | Access::SetItem(first, second) | Access::Insert(first, second) => {
                visit(first);
                visit(second);
            }
            Access::SetDefault(first, second) => {
                visit(first);
                visit(second);
            }
            Access::Pop(first, second) => first.iter().chain(second).for_each(visit),
            Access::Extend(values) | Access::Update(values) | Access::AddAll(values) | Access::Fill(_, values) => {
                values.iter().for_each(visit)
            }
            _ => {}
        }
    }
}

impl Access {
    /// Whether it changes the collection without looking: it gives nothing back, and can be carried out whatever the
    /// collection holds by the time that it arrives. To take an item out, to sort, or to set a slice is to read first.
    pub fn writes_blindly(&self) -> bool {
        match self {
            Access::SetItem(at, _) => !matches!(at, Value::Slice(_)),
            Access::Append(_) | Access::Extend(_) | Access::Insert(..) => true,
            Access::Add(_) | Access::AddAll(_) | Access::Discard(_) => true,
            Access::Update(_) | Access::Clear => true,
            _ => false,
        }
    }

    /// The same with every reference to an object renamed.
    pub fn renamed(&self, rename: &mut dyn FnMut(Reference) -> Reference) -> Access {
        let mut access = self.clone();
        access.change(&mut |value| *value = value.renamed(rename));
        access
    }

    /// Calls `change` on every value in it.
    pub(super) fn change(&mut self, change: &mut dyn FnMut(&mut Value)) {
        match self {
            Access::Contains(value) | Access::Item(value) | Access::Index(value, _) | Access::Count(value) => {
                change(value)
            }
            Access::Among(_, value) | Access::DeleteItem(value) | Access::Append(value) | Access::Remove(value) => {
                change(value)
            }
            Access::Add(value) | Access::Discard(value) => change(value),
            Access::Get(first, second) | Access::SetItem(first, second) | Access::Insert(first, second) => {
                change(first);
                change(second);
            }
            Access::SetDefault(first, second) => {
                change(first);
                change(second);
            }
            Access::Pop(first, second) => first.iter_mut().chain(second).for_each(change),
            Access::Extend(values) | Access::Update(values) | Access::AddAll(values) | Access::Fill(_, values) => {
                *values = super::operation::changed(values, change);
            }
            _ => {}
        }
    }
}

/// Why an access did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Python raises this, with this message (of a `KeyError`, the key).
    Raised(ExceptionKind, Value),
    /// A limit of ours.
    Limit(String),
}

/// Shorthand for an exception with a message.
pub fn raised(kind: ExceptionKind, message: impl AsRef<str>) -> Failure {
    Failure::Raised(kind, Value::str(message))
}

/// Looks at collections, wherever they are.
pub trait Objects {
    /// What a list, dict, set or shared array holds; `None` for anything else.
    fn collection(&self, object: Reference) -> Option<&Collection>;

    /// What Python calls the type of a value.
    fn type_name(&self, value: &Value) -> String;
}

/// Where there are no collections.
pub struct Nowhere<'p>(pub &'p Program);

impl Objects for Nowhere<'_> {
    fn collection(&self, _: Reference) -> Option<&Collection> {
        None
    }

    fn type_name(&self, value: &Value) -> String {
        text::type_name(self.0, value)
    }
}

/// How deep collections may be nested where they are compared or printed.
const DEPTH_MAX: usize = 50;

/// Whether two values are equal, collections by what they hold.
///
/// # Errors
/// Past the depth to which collections may be nested.
pub fn equal(left: &Value, right: &Value, objects: &dyn Objects) -> Result<bool, Failure> {
    equal_at(left, right, objects, 0)
}

fn equal_at(left: &Value, right: &Value, objects: &dyn Objects, depth: usize) -> Result<bool, Failure> {
    if depth > DEPTH_MAX {
        return Err(Failure::Limit(format!("collections nested more than {DEPTH_MAX} deep are not compared")));
    }
    let all = |left: &[Value], right: &[Value]| -> Result<bool, Failure> {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (left, right) in left.iter().zip(right) {
            if !equal_at(left, right, objects, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    match (left, right) {
        (Value::Object(one), Value::Object(other)) if one == other => Ok(true),
        (Value::Object(one), Value::Object(other)) => match (objects.collection(*one), objects.collection(*other)) {
            (Some(Collection::List(left)), Some(Collection::List(right))) if one.kind == other.kind => all(left, right),
            (Some(Collection::Set(left)), Some(Collection::Set(right))) => all(left, right),
            (Some(Collection::Dict(left)), Some(Collection::Dict(right))) if left.len() == right.len() => {
                for (key, value) in left {
                    let Some((_, other)) = right.iter().find(|(other, _)| key.equals(other)) else {
                        return Ok(false);
                    };
                    if !equal_at(value, other, objects, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        },
        (Value::View(one, View::Values), Value::View(other, View::Values)) if one == other => {
            Err(Failure::Limit("whether two `values()` are one and the same: compare lists of them".into()))
        }
        (Value::View(..), _) | (_, Value::View(..)) => match (set_like(left, objects), set_like(right, objects)) {
            (Some(left), Some(right)) if left.len() == right.len() => within(&left, &right, objects),
            _ => Ok(false),
        },
        (Value::Tuple(left), Value::Tuple(right)) => all(left, right),
        _ => Ok(left.equals(right)),
    }
}

/// The items of what Python compares as a set: a set, and the keys or pairs of a dict.
pub(super) fn set_like(value: &Value, objects: &dyn Objects) -> Option<Vec<Value>> {
    match (value.container().and_then(|object| objects.collection(object))?, value) {
        (Collection::Set(items), _) => Some(items.clone()),
        (dict @ Collection::Dict(_), Value::View(_, view @ (View::Keys | View::Items))) => Some(dict.seen(*view)),
        _ => None,
    }
}

/// Whether each of these is among the others.
pub(super) fn within(items: &[Value], others: &[Value], objects: &dyn Objects) -> Result<bool, Failure> {
    for item in items {
        let mut found = false;
        for other in others {
            found = found || equal(item, other, objects)?;
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How two values are ordered, asked with this sign.
///
/// # Errors
/// `TypeError`, where Python does not order them.
pub fn order(sign: &str, left: &Value, right: &Value, objects: &dyn Objects) -> Result<Ordering, Failure> {
    let sequences = match (left, right) {
        (Value::Object(one), Value::Object(other)) => match (objects.collection(*one), objects.collection(*other)) {
            (Some(Collection::List(left)), Some(Collection::List(right))) => Some((&left[..], &right[..])),
            _ => None,
        },
        (Value::Tuple(left), Value::Tuple(right)) => Some((&left[..], &right[..])),
        _ => None,
    };
    let Some((left_items, right_items)) = sequences else {
        return left.order(right).ok_or_else(|| {
            let (left, right) = (objects.type_name(left), objects.type_name(right));
            let text = format!("'{sign}' not supported between instances of '{left}' and '{right}'");
            raised(ExceptionKind::TypeError, text)
        });
    };
    for (left, right) in left_items.iter().zip(right_items) {
        if !equal(left, right, objects)? {
            return order(sign, left, right, objects);
        }
    }
    Ok(left_items.len().cmp(&right_items.len()))
}

/// Values sorted as `sorted` does: stable, downwards where `reverse`.
///
/// # Errors
/// `TypeError`, where Python does not order them.
pub fn sorted(items: &[Value], reverse: bool, objects: &dyn Objects) -> Result<Vec<Value>, Failure> {
    Ok(sorted_positions(items, reverse, objects)?.into_iter().map(|at| items[at].clone()).collect())
}

/// The positions of values in their order; equal ones keep theirs, downwards too.
///
/// They are compared as CPython compares them, so that it fails at the same two: a run at the beginning, and then each
/// item is inserted where halving leads to. (CPython merges from 64 items on.)
///
/// # Errors
/// `TypeError`, where Python does not order them.
pub(super) fn sorted_positions(items: &[Value], reverse: bool, objects: &dyn Objects) -> Result<Vec<usize>, Failure> {
    let mut all: Vec<usize> = (0..items.len()).collect();
    // Turned round before and after, equal items keep their order.
    if reverse {
        all.reverse();
    }
    let less = |one: usize, other: usize| order("<", &items[one], &items[other], objects).map(Ordering::is_lt);
    let mut run = all.len().min(2);
    if run == 2 {
        let falls = less(all[1], all[0])?;
        while run < all.len() && less(all[run], all[run - 1])? == falls {
            run += 1;
        }
        if falls {
            all[..run].reverse();
        }
    }
    for next in run..all.len() {
        let item = all[next];
        let (mut low, mut high) = (0, next);
        while low < high {
            let middle = (low + high) / 2;
            if less(item, all[middle])? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        all[low..=next].rotate_right(1);
    }
    if reverse {
        all.reverse();
    }
    Ok(all)
}

/// Refuses what Python cannot hash.
///
/// # Errors
/// `TypeError` for lists, dicts and sets, and for tuples that hold one.
pub fn hashable(value: &Value) -> Result<(), Failure> {
    let mut unhashable = None;
    match value {
        Value::Tuple(items) => items.iter().try_for_each(hashable)?,
        Value::Slice(_) => unhashable = Some(value.type_name()),
        _ if value.holds_containers() => unhashable = Some(value.type_name()),
        _ => {}
    }
    match unhashable {
        Some(name) => Err(raised(ExceptionKind::TypeError, format!("unhashable type: '{name}'"))),
        None => Ok(()),
    }
}

/// An index as Python takes it: from the end where negative.
fn index(at: &Value, len: usize, what: &str) -> Result<usize, Failure> {
    let Some(number) = at.as_int() else {
        let text = format!("list indices must be integers or slices, not {}", at.type_name());
        return Err(raised(ExceptionKind::TypeError, text));
    };
    let number = if number < 0 { i128::from(number) + len as i128 } else { i128::from(number) };
    match usize::try_from(number) {
        Ok(index) if index < len => Ok(index),
        _ => Err(raised(ExceptionKind::IndexError, what)),
    }
}

/// The indices that a slice takes out of `len` items.
///
/// # Errors
/// `ValueError` for a step of zero.
pub fn slice_indices(slice: &[Option<i64>; 3], len: usize) -> Result<Vec<usize>, Failure> {
    let (mut at, stop, step) = slice_bounds(slice, len)?;
    let mut indices = Vec::new();
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        indices.extend(usize::try_from(at).ok());
        at += step;
    }
    Ok(indices)
}

/// The range that a slice takes out of a range; `None` where a bound is beyond 64 bits.
///
/// # Errors
/// `ValueError` for a step of zero.
pub(super) fn slice_range(slice: &[Option<i64>; 3], range: &[i64; 3]) -> Result<Option<[i64; 3]>, Failure> {
    let (first, stop, step) = slice_bounds(slice, range_len(range))?;
    let [start, _, by] = range.map(i128::from);
    let bound = |number: i128| i64::try_from(number).ok();
    let all = [bound(start + first * by), bound(start + stop * by), bound(step * by)];
    Ok(match all {
        [Some(start), Some(stop), Some(step)] => Some([start, stop, step]),
        _ => None,
    })
}

/// Where a slice of `len` items begins, where it ends, and its step.
fn slice_bounds(slice: &[Option<i64>; 3], len: usize) -> Result<(i128, i128, i128), Failure> {
    let step = i128::from(slice[2].unwrap_or(1));
    if step == 0 {
        return Err(raised(ExceptionKind::ValueError, "slice step cannot be zero"));
    }
    let len = len as i128;
    let (lowest, highest) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let bound = |bound: Option<i64>, default: i128| match bound.map(i128::from) {
        None => default,
        Some(bound) if bound < 0 => (bound + len).clamp(lowest, highest),
        Some(bound) => bound.clamp(lowest, highest),
    };
    let (first, last) = if step > 0 { (0, len) } else { (len - 1, -1) };
    Ok((bound(slice[0], first), bound(slice[1], last), step))
}

/// Puts other items in the place of a slice of a list.
fn set_slice(items: &mut Vec<Value>, slice: &[Option<i64>; 3], new: &[Value]) -> Result<(), Failure> {
    let indices = slice_indices(slice, items.len())?;
    let (first, stop, step) = slice_bounds(slice, items.len())?;
    if step == 1 {
        let first = usize::try_from(first).unwrap_or(0);
        let stop = usize::try_from(stop).unwrap_or(0).max(first);
        items.splice(first..stop, new.iter().cloned());
        return Ok(());
    }
    if indices.len() != new.len() {
        let (count, len) = (new.len(), indices.len());
        let text = format!("attempt to assign sequence of size {count} to extended slice of size {len}");
        return Err(raised(ExceptionKind::ValueError, text));
    }
    for (index, item) in indices.into_iter().zip(new) {
        items[index] = item.clone();
    }
    Ok(())
}

impl Collection {
    /// How many items it holds.
    pub fn len(&self) -> usize {
        match self {
            Collection::List(items) | Collection::Set(items) => items.len(),
            Collection::Dict(pairs) => pairs.len(),
            Collection::Iterator(_) => 0,
        }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its items in order; of a dict, its keys.
    pub fn items(&self) -> Vec<Value> {
        match self {
            Collection::List(items) | Collection::Set(items) => items.clone(),
            Collection::Dict(pairs) => pairs.iter().map(|(key, _)| key.clone()).collect(),
            Collection::Iterator(_) => Vec::new(),
        }
    }

    /// Its items in order; of a dict, what the view shows.
    pub fn seen(&self, view: View) -> Vec<Value> {
        match self {
            Collection::Dict(pairs) => pairs.iter().map(|pair| shown(pair, view)).collect(),
            _ => self.items(),
        }
    }

    /// A set of these.
    ///
    /// # Errors
    /// `TypeError` for what cannot be hashed.
    pub fn set(items: impl IntoIterator<Item = Value>) -> Result<Collection, Failure> {
        let mut set = Vec::new();
        for item in items {
            add(&mut set, item)?;
        }
        Ok(Collection::Set(set))
    }

    /// A dict of these.
    ///
    /// # Errors
    /// `TypeError` for a key that cannot be hashed.
    pub fn dict(items: impl IntoIterator<Item = (Value, Value)>) -> Result<Collection, Failure> {
        let mut pairs = Vec::new();
        for (key, value) in items {
            assign(&mut pairs, key, value)?;
        }
        Ok(Collection::Dict(pairs))
    }

    /// Calls `visit` on every value in it.
    pub fn values(&self, visit: &mut dyn FnMut(&Value)) {
        match self {
            Collection::List(items) | Collection::Set(items) => items.iter().for_each(visit),
            Collection::Dict(pairs) => {
                for (key, value) in pairs {
                    visit(key);
                    visit(value);
                }
            }
            Collection::Iterator(iteration) => {
                if let Some(iteration) = iteration {
                    visit(&Value::Iterator(Box::new(iteration.clone())));
                }
            }
        }
    }

    /// Carries out an access that only reads.
    ///
    /// # Errors
    /// What Python raises.
    pub fn read(&self, access: &Access, objects: &dyn Objects) -> Result<Value, Failure> {
        let contains = |items: &[Value], value: &Value| -> Result<Option<usize>, Failure> {
            for (position, item) in items.iter().enumerate() {
                if equal(item, value, objects)? {
                    return Ok(Some(position));
                }
            }
            Ok(None)
        };
        let unsuited = |what: &str| {
            let name = match self {
                Collection::List(_) => "list",
                Collection::Dict(_) => "dict",
                Collection::Set(_) => "set",
                Collection::Iterator(_) => "iterator",
            };
            raised(ExceptionKind::AttributeError, format!("'{name}' object has no attribute '{what}'"))
        };
        match (access, self) {
            (Access::Len, _) => Ok(Value::Int(self.len() as i64)),
            (Access::Truth, _) => Ok(Value::Bool(!self.is_empty())),
            (Access::Snapshot(view), _) => Ok(Value::tuple(self.seen(*view))),
            (Access::View, _) => Ok(Value::None),
            (Access::Among(View::Keys, value), _) => self.read(&Access::Contains(value.clone()), objects),
            (Access::Among(view, value), _) => {
                if let (View::Items, Value::Tuple(pair)) = (view, value)
                    && let [key, _] = &pair[..]
                {
                    hashable(key)?;
                }
                Ok(Value::Bool(contains(&self.seen(*view), value)?.is_some()))
            }
            (Access::Contains(value), Collection::List(items)) => Ok(Value::Bool(contains(items, value)?.is_some())),
            (Access::Contains(value), Collection::Set(items)) => {
                hashable(value)?;
                Ok(Value::Bool(items.iter().any(|item| item.equals(value))))
            }
            (Access::Contains(value), Collection::Dict(pairs)) => {
                hashable(value)?;
                Ok(Value::Bool(pairs.iter().any(|(key, _)| key.equals(value))))
            }
            (Access::Item(Value::Slice(slice)), Collection::List(items)) => {
                let indices = slice_indices(slice, items.len())?;
                Ok(Value::Tuple(indices.into_iter().map(|index| items[index].clone()).collect()))
            }
            (Access::Item(at), Collection::List(items)) => {
                Ok(items[index(at, items.len(), "list index out of range")?].clone())
            }
            (Access::Item(key), Collection::Dict(pairs)) => {
                hashable(key)?;
                let found = pairs.iter().find(|(other, _)| other.equals(key));
                found
                    .map(|(_, value)| value.clone())
                    .ok_or_else(|| Failure::Raised(ExceptionKind::KeyError, key.clone()))
            }
            (Access::Item(_), Collection::Set(_)) => {
                Err(raised(ExceptionKind::TypeError, "'set' object is not subscriptable"))
            }
            (Access::Get(key, default), Collection::Dict(pairs)) => {
                hashable(key)?;
                Ok(pairs.iter().find(|(other, _)| other.equals(key)).map_or(default, |(_, value)| value).clone())
            }
            (Access::Index(value, bounds), Collection::List(items)) => {
                let len = items.len() as i64;
                let [start, stop] =
                    bounds.map(|bound| if bound < 0 { bound.saturating_add(len).max(0) } else { bound.min(len) });
                let part = items.get(start as usize..stop as usize).unwrap_or_default();
                match contains(part, value)? {
                    Some(position) => Ok(Value::Int(start + position as i64)),
                    // Whoever knows how the value is written says which.
                    None => Err(raised(ExceptionKind::ValueError, "it is not in list")),
                }
            }
            (Access::Count(value), Collection::List(items)) => {
                let mut count = 0;
                for item in items {
                    count += i64::from(equal(item, value, objects)?);
                }
                Ok(Value::Int(count))
            }
            (Access::Advance(at, len, view), _) => {
                let name = if matches!(self, Collection::Dict(_)) { "dictionary" } else { "Set" };
                if len.is_some_and(|len| len != self.len()) {
                    return Err(raised(ExceptionKind::RuntimeError, format!("{name} changed size during iteration")));
                }
                let item = match self {
                    Collection::List(items) => return Ok(items.get(*at).cloned().unwrap_or_default()),
                    Collection::Set(items) => items.get(*at).cloned(),
                    Collection::Dict(pairs) => pairs.get(*at).map(|pair| shown(pair, *view)),
                    Collection::Iterator(_) => None,
                };
                let len = Value::Int(self.len() as i64);
                Ok(item.map_or(Value::Unset, |item| Value::tuple([item, len])))
            }
            (Access::Get(..), _) => Err(unsuited("get")),
            (Access::Index(..), _) => Err(unsuited("index")),
            _ => Err(unsuited("count")),
        }
    }

    /// A blind write as it is carried out later: an index from the end is the place that it means now.
    pub fn placed(&self, access: &Access) -> Access {
        let len = self.len() as i64;
        match (self, access) {
            (Collection::List(_), Access::SetItem(at, value)) => match at.as_int() {
                Some(at) if at < 0 => Access::SetItem(Value::Int(at + len), value.clone()),
                _ => access.clone(),
            },
            (Collection::List(_), Access::Insert(at, value)) => match at.as_int() {
                Some(at) if at < 0 => Access::Insert(Value::Int(at.saturating_add(len).max(0)), value.clone()),
                _ => access.clone(),
            },
            _ => access.clone(),
        }
    }

    /// Carries out an access that may write.
    ///
    /// # Errors
    /// What Python raises; then nothing was changed.
    pub fn write(&mut self, access: &Access, objects: &dyn Objects) -> Result<Value, Failure> {
        let result = self.change(access, objects)?;
        match self.len() {
            0..=ITEMS_MAX => Ok(result),
            _ => Err(Failure::Limit(format!("a list, dict or set holds at most {ITEMS_MAX} items"))),
        }
    }

    fn change(&mut self, access: &Access, objects: &dyn Objects) -> Result<Value, Failure> {
        let key_error = |key: &Value| Err(Failure::Raised(ExceptionKind::KeyError, key.clone()));
        match (&mut *self, access) {
            (Collection::Iterator(iteration), Access::Next) => return next(iteration, objects),
            (Collection::List(items), Access::SetItem(Value::Slice(slice), Value::Tuple(new))) => {
                set_slice(items, slice, new)?;
            }
            (Collection::List(items), Access::Fill(slice, new)) => {
                let indices = slice_indices(slice, items.len())?;
                if indices.len() != new.len() {
                    return Err(raised(ExceptionKind::ValueError, "Can only assign sequence of same size"));
                }
                for (index, item) in indices.into_iter().zip(new.iter()) {
                    items[index] = item.clone();
                }
            }
            (Collection::List(items), Access::DeleteItem(Value::Slice(slice))) => {
                let gone = slice_indices(slice, items.len())?;
                let mut at = 0..;
                items.retain(|_| at.next().is_some_and(|at| !gone.contains(&at)));
            }
            (Collection::List(items), Access::SetItem(at, value)) => {
                let at = index(at, items.len(), "list assignment index out of range")?;
                items[at] = value.clone();
            }
            (Collection::List(items), Access::DeleteItem(at)) => {
                let at = index(at, items.len(), "list assignment index out of range")?;
                items.remove(at);
            }
            (Collection::List(items), Access::Append(value)) => items.push(value.clone()),
            (Collection::List(items), Access::Extend(values)) => items.extend(values.iter().cloned()),
            (Collection::List(items), Access::Insert(at, value)) => {
                let Some(at) = at.as_int() else {
                    let text = format!("'{}' object cannot be interpreted as an integer", at.type_name());
                    return Err(raised(ExceptionKind::TypeError, text));
                };
                let len = items.len() as i64;
                let at = if at < 0 { at.saturating_add(len).max(0) } else { at.min(len) };
                items.insert(at as usize, value.clone());
            }
            (Collection::List(items), Access::Remove(value)) => {
                let mut found = None;
                for (position, item) in items.iter().enumerate() {
                    if equal(item, value, objects)? {
                        found = Some(position);
                        break;
                    }
                }
                match found {
                    Some(position) => _ = items.remove(position),
                    None => return Err(raised(ExceptionKind::ValueError, "list.remove(x): x not in list")),
                }
            }
            (Collection::List(items), Access::Pop(at, _)) => {
                if items.is_empty() {
                    return Err(raised(ExceptionKind::IndexError, "pop from empty list"));
                }
                let at = match at {
                    None => Value::Int(-1),
                    Some(at) if at.as_int().is_some() => at.clone(),
                    Some(other) => {
                        let text = format!("'{}' object cannot be interpreted as an integer", other.type_name());
                        return Err(raised(ExceptionKind::TypeError, text));
                    }
                };
                let at = index(&at, items.len(), "pop index out of range")?;
                return Ok(items.remove(at));
            }
            (Collection::List(items), Access::Sort(reverse)) => *items = sorted(items, *reverse, objects)?,
            (Collection::List(items), Access::Reverse) => items.reverse(),
            (Collection::List(items), Access::Repeat(times)) => {
                let times = usize::try_from(*times).unwrap_or(0);
                if items.len().saturating_mul(times) > ITEMS_MAX {
                    return Err(Failure::Limit(format!("a list holds at most {ITEMS_MAX} items")));
                }
                *items = repeated(items, times);
            }
            (Collection::Dict(pairs), Access::SetItem(key, value)) => assign(pairs, key.clone(), value.clone())?,
            (Collection::Dict(pairs), Access::DeleteItem(key)) => {
                hashable(key)?;
                match pairs.iter().position(|(other, _)| other.equals(key)) {
                    Some(position) => _ = pairs.remove(position),
                    None => return key_error(key),
                }
            }
            (Collection::Dict(pairs), Access::Pop(key, default)) => {
                let key = key.as_ref().unwrap_or(&Value::None);
                hashable(key)?;
                return match (pairs.iter().position(|(other, _)| other.equals(key)), default) {
                    (Some(position), _) => Ok(pairs.remove(position).1),
                    (None, Some(default)) => Ok(default.clone()),
                    (None, None) => key_error(key),
                };
            }
            (Collection::Dict(pairs), Access::PopItem) => match pairs.pop() {
                Some((key, value)) => return Ok(Value::tuple([key, value])),
                None => return Err(raised(ExceptionKind::KeyError, "popitem(): dictionary is empty")),
            },
            (Collection::Dict(pairs), Access::SetDefault(key, default)) => {
                hashable(key)?;
                if let Some((_, value)) = pairs.iter().find(|(other, _)| other.equals(key)) {
                    return Ok(value.clone());
                }
                pairs.push((key.clone(), default.clone()));
                return Ok(default.clone());
            }
            (Collection::Dict(pairs), Access::Update(values)) => {
                for pair in values.iter() {
                    let Value::Tuple(pair) = pair else { continue };
                    assign(pairs, pair[0].clone(), pair[1].clone())?;
                }
            }
            (Collection::Set(items), Access::Add(value)) => add(items, value.clone())?,
            (Collection::Set(items), Access::AddAll(values)) => {
                for value in values.iter() {
                    add(items, value.clone())?;
                }
            }
            (Collection::Set(items), Access::Discard(value) | Access::Remove(value)) => {
                hashable(value)?;
                match items.iter().position(|item| item.equals(value)) {
                    Some(position) => _ = items.remove(position),
                    None if matches!(access, Access::Remove(_)) => return key_error(value),
                    None => {}
                }
            }
            (Collection::Set(items), Access::Pop(..)) => match items.is_empty() {
                true => return Err(raised(ExceptionKind::KeyError, "pop from an empty set")),
                false => return Ok(items.remove(0)),
            },
            (Collection::List(items) | Collection::Set(items), Access::Clear) => items.clear(),
            (Collection::Dict(pairs), Access::Clear) => pairs.clear(),
            (_, Access::SetItem(..) | Access::DeleteItem(_)) => {
                let text = match access {
                    Access::SetItem(..) => "'set' object does not support item assignment",
                    Access::DeleteItem(at) if at.as_int().is_some() => "'set' object doesn't support item deletion",
                    _ => "'set' object does not support item deletion",
                };
                return Err(raised(ExceptionKind::TypeError, text));
            }
            _ => return Err(raised(ExceptionKind::AttributeError, "it has no such method")),
        }
        Ok(Value::None)
    }
}

/// Takes the next item out of a kept iterator. All that it goes through is looked at in one go.
fn next(kept: &mut Option<Iteration>, objects: &dyn Objects) -> Result<Value, Failure> {
    let Some(iteration) = kept else { return Ok(Value::Unset) };
    let mut step = advance(iteration);
    loop {
        match step {
            Step::Value(value) => return Ok(value),
            Step::End => {
                *kept = None;
                return Ok(Value::Unset);
            }
            Step::Need(Operation::Access(object, access)) if !access.writes() => match objects.collection(object) {
                Some(collection) => step = supply(iteration, collection.read(&access, objects)?),
                None => step = Step::End,
            },
            Step::Need(_) => return Err(Failure::Limit("a kept iterator over another is not in the subset".into())),
        }
    }
}

/// What a view shows of a pair.
fn shown((key, value): &(Value, Value), view: View) -> Value {
    match view {
        View::Keys => key.clone(),
        View::Values => value.clone(),
        View::Items => Value::tuple([key.clone(), value.clone()]),
    }
}

/// The items so many times over.
pub(super) fn repeated(items: &[Value], times: usize) -> Vec<Value> {
    items.iter().cycle().take(items.len() * times).cloned().collect()
}

/// Sets are kept in an order of ours: numbers by size, then texts, then the rest in the order of coming.
fn add(items: &mut Vec<Value>, value: Value) -> Result<(), Failure> {
    hashable(&value)?;
    if items.iter().any(|item| item.equals(&value)) {
        return Ok(());
    }
    let rank = |value: &Value| match value {
        Value::Bool(_) | Value::Int(_) => 0,
        Value::Str(_) => 1,
        Value::Tuple(_) => 2,
        _ => 3,
    };
    let after = |item: &Value| match rank(item).cmp(&rank(&value)) {
        Ordering::Equal => item.order(&value) != Some(Ordering::Greater),
        other => other == Ordering::Less,
    };
    let at = items.iter().take_while(|item| after(item)).count();
    items.insert(at, value);
    Ok(())
}

fn assign(pairs: &mut Vec<(Value, Value)>, key: Value, value: Value) -> Result<(), Failure> {
    hashable(&key)?;
    match pairs.iter_mut().find(|(other, _)| other.equals(&key)) {
        Some((_, old)) => *old = value,
        None => pairs.push((key, value)),
    }
    Ok(())
}
