//! Numbers for things: a state holds small numbers, and what they stand for is kept once.
//!
//! Many searchers share these tables. An entry never changes and is never removed, so what was looked up once may be
//! remembered; each searcher remembers what it met, and asks here only for what is new to it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A fast hash for small keys, with a mixing step for each word: none here comes from an adversary.
#[derive(Clone, Copy, Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.write_u64(u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
        }
        let mut last = [0; 8];
        let rest = chunks.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
    }

    fn write_u64(&mut self, word: u64) {
        let mixed = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

/// Maps keyed by small things.
pub(super) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;

/// Sets of small things.
pub(super) type FastSet<K> = std::collections::HashSet<K, BuildHasherDefault<Mixer>>;

/// A table of distinct things, numbered in the order of their coming.
pub(super) struct Table<T> {
    numbers: Mutex<FastMap<Arc<T>, u32>>,
    things: RwLock<Vec<Arc<T>>>,
}

impl<T: Eq + Hash> Table<T> {
    pub(super) fn new() -> Table<T> {
        Table { numbers: Mutex::new(FastMap::default()), things: RwLock::new(Vec::new()) }
    }

    /// The number of a thing; new things get the next one.
    pub(super) fn number(&self, thing: T) -> u32 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = numbers.get(&thing) {
            return *number;
        }
        let mut things = self.things.write().unwrap_or_else(PoisonError::into_inner);
        let number = things.len() as u32;
        let thing = Arc::new(thing);
        things.push(Arc::clone(&thing));
        numbers.insert(thing, number);
        number
    }

    /// The thing of a number.
    pub(super) fn get(&self, number: u32) -> Arc<T> {
        Arc::clone(&self.things.read().unwrap_or_else(PoisonError::into_inner)[number as usize])
    }
}
