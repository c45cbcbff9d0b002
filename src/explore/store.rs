//! All states that were seen, in little memory, each found again by what it is.

use std::hash::Hasher;

use super::state::State;
use super::tables::Mixer;

/// Distinct states, packed: numbers of few bits take one byte, and what is as in the first state takes none.
pub(super) struct Store {
    /// The first state.
    pub(super) base: State,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Open addressing; 0 is free, else the number of a state and one, below some bits of its hash.
    slots: Vec<u32>,
}

/// Numbers of states have so many bits; the rest of a slot is for the hash.
const NUMBER_BITS: u32 = 26;

/// The most states that are kept, with room for those that one piece of a frontier adds.
pub(super) const STATES_MAX: u64 = (1 << NUMBER_BITS) - (1 << 20);

/// What a slot holds of a hash.
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32 & !((1 << NUMBER_BITS) - 1)
}

impl Store {
    pub(super) fn new(base: State) -> Store {
        Store { base, bytes: Vec::new(), ends: Vec::new(), slots: vec![0; 1024] }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4 + self.slots.capacity() * 4
    }

    fn packed(&self, number: u32) -> &[u8] {
        let index = number as usize;
        let begin = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[begin..self.ends[index] as usize]
    }

    /// Unpacks a state into the memory of another.
    pub(super) fn get(&self, number: u32, state: &mut State) {
        decode(&self.base, self.packed(number), state);
    }

    /// The number of a state; else the free slot where it would be.
    pub(super) fn find(&self, packed: &[u8], hash: u64) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let taken = self.slots[slot];
            if taken == 0 {
                return Err(slot);
            }
            // Most others differ in the bits at hand.
            let number = (taken & ((1 << NUMBER_BITS) - 1)) - 1;
            if taken & !((1 << NUMBER_BITS) - 1) == tag(hash) && self.packed(number) == packed {
                return Ok(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The number of a state, which may be new; `None` where there are so many already.
    pub(super) fn insert(&mut self, packed: &[u8], hash: u64, max: u64) -> Option<u32> {
        let slot = match self.find(packed, hash) {
            Ok(number) => return Some(number),
            Err(_) if self.ends.len() as u64 >= max => return None,
            Err(slot) => slot,
        };
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(packed);
        self.ends.push(self.bytes.len() as u32);
        self.slots[slot] = (number + 1) | tag(hash);
        if self.ends.len() * 4 > self.slots.len() * 3 {
            self.grow();
        }
        Some(number)
    }

    /// Gives back the memory that was meant for more.
    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![0; mask + 1];
        for number in 0..self.ends.len() as u32 {
            let hash = hash(self.packed(number));
            let mut slot = hash as usize & mask;
            while slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            slots[slot] = (number + 1) | tag(hash);
        }
        self.slots = slots;
    }
}

pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut mixer = Mixer::default();
    mixer.write(bytes);
    mixer.finish()
}

/// Packs a state: of the objects that a first state has, only those that differ from it.
pub(super) fn encode(base: &State, state: &State, out: &mut Vec<u8>) {
    word(state.rest, out);
    word(state.threads.len() as u32 * 2 + u32::from(!state.buffers.is_empty()), out);
    state.threads.iter().for_each(|number| word(*number, out));
    state.buffers.iter().for_each(|number| word(*number, out));
    for (state, base) in state.objects.chunks(8).zip(base.objects.chunks(8)) {
        let differs = state.iter().zip(base).enumerate();
        out.push(differs.fold(0, |bits, (at, (own, base))| bits | u8::from(own != base) << at));
    }
    let differing = state.objects.iter().zip(&base.objects).filter(|(own, base)| own != base);
    differing.for_each(|(own, _)| word(*own, out));
    state.objects.iter().skip(base.objects.len()).for_each(|number| word(*number, out));
}

/// Seven bits to a byte, the lowest first; the last byte's highest bit is not set.
fn word(word: u32, out: &mut Vec<u8>) {
    let mut word = word;
    while word >= 0x80 {
        out.push(word as u8 | 0x80);
        word >>= 7;
    }
    out.push(word as u8);
}

/// The next word of packed bytes.
fn next_word(bytes: &[u8], at: &mut usize) -> u32 {
    let (mut word, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        word |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return word;
        }
    }
}

fn decode(base: &State, bytes: &[u8], state: &mut State) {
    let mut at = 0;
    state.rest = next_word(bytes, &mut at);
    let threads = next_word(bytes, &mut at);
    state.threads.clear();
    state.threads.extend((0..threads / 2).map(|_| next_word(bytes, &mut at)));
    state.buffers.clear();
    if threads & 1 == 1 {
        state.buffers.extend((0..threads / 2).map(|_| next_word(bytes, &mut at)));
    }
    state.objects.clone_from(&base.objects);
    let mask = at;
    at += base.objects.len().div_ceil(8);
    for (index, object) in state.objects.iter_mut().enumerate() {
        if bytes[mask + index / 8] >> (index % 8) & 1 == 1 {
            *object = next_word(bytes, &mut at);
        }
    }
    while at < bytes.len() {
        state.objects.push(next_word(bytes, &mut at));
    }
}
