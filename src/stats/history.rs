//! The last so many values of something, oldest first.

use std::collections::VecDeque;

/// A list that forgets its oldest value when it is full.
#[derive(Clone, Debug, PartialEq)]
pub struct History<T> {
    values: VecDeque<T>,
    length_max: usize,
}

impl<T> History<T> {
    /// An empty history of at most `length_max` values.
    pub fn new(length_max: usize) -> Self {
        History { values: VecDeque::new(), length_max }
    }

    /// Adds the newest value.
    pub fn push(&mut self, value: T) {
        if self.values.len() >= self.length_max {
            self.values.pop_front();
        }
        if self.length_max > 0 {
            self.values.push_back(value);
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The newest value.
    pub fn last(&self) -> Option<&T> {
        self.values.back()
    }

    /// The values, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.values.iter()
    }

    /// The newest `count` values at most, oldest first.
    pub fn newest(&self, count: usize) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.values.iter().skip(self.values.len().saturating_sub(count))
    }
}
