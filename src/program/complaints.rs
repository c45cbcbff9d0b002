//! What is wrong with a text, gathered while it is read: told all at once, in the order of the text, each thing once.

use super::limits::COMPLAINTS_MAX;
use super::problem::{Problem, suggest};
use ruff_text_size::Ranged;
use std::collections::BTreeMap;

/// The complaints about one text.
#[derive(Debug)]
pub(super) struct Complaints<'a> {
    origin: &'a str,
    text: &'a str,
    /// By where they stand and what they say: a `finally` is read once for every way out of its `try`.
    found: BTreeMap<(usize, usize, String), Option<String>>,
}

impl<'a> Complaints<'a> {
    pub(super) fn new(origin: &'a str, text: &'a str) -> Complaints<'a> {
        Complaints { origin, text, found: BTreeMap::new() }
    }

    /// Notes that something is wrong at a place, and what to do about it.
    pub(super) fn add(&mut self, place: impl Ranged, message: impl Into<String>, help: Option<String>) {
        self.found.insert((place.start().to_usize(), place.end().to_usize(), message.into()), help);
    }

    /// The help for a word that is not among `known`, while there are few complaints: to look for it takes its time, and
    /// of many complaints only the first are told.
    pub(super) fn suggest<'k>(&self, word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
        (self.found.len() < 5 * COMPLAINTS_MAX).then(|| suggest(word, known)).flatten()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The first of them, for people.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let told = self.found.into_iter().take(COMPLAINTS_MAX);
        told.map(|((start, end, message), help)| Problem::at(self.origin, self.text, start..end, message, help))
            .collect()
    }
}
