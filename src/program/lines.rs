//! From a byte of a text to its line and column.

use super::code::Place;
use ruff_text_size::{Ranged, TextRange};

/// A text and where its lines begin.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Lines<'a> {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Lines { text, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// The place of something in the text.
    pub(super) fn place(&self, range: TextRange) -> Place {
        let (start, end) = (range.start().to_usize(), range.end().to_usize());
        let line = self.line(start);
        let before = self.text.get(self.starts[line - 1]..start).unwrap_or_default();
        let column = before.chars().count() + 1;
        // A text is at most 64 KiB long.
        let [start, end, line, column] = [start, end, line, column].map(|number| number as u32);
        Place { start, end, line, column }
    }

    /// The lines that something covers, from 1.
    pub(super) fn span(&self, what: impl Ranged) -> std::ops::RangeInclusive<usize> {
        self.line(what.start().to_usize())..=self.line(what.end().to_usize().saturating_sub(1))
    }
}
