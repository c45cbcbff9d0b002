//! `pointer-chase`: follows links through a large array, each to an unforeseeable place: a unit is 64 links, and a task
//! makes the place at which it ends. Nothing can be fetched ahead, so it shows what memory is like when it must be
//! waited for.
//!
//! The links are one cycle through all words: the step `i := a·i + c` modulo a power of two, with `a - 1` divisible by 4
//! and `c` odd, comes back to its beginning only after all of them. The reference takes many steps at once. The array's
//! size is rounded down to a power of two, and is at least 64 KiB.

use super::array::{Array, CHUNK_WORDS};
use super::numbers::mixed;
use super::size::UNITS_MAX;
use super::{Task, Work};
use crate::telemetry::Recorder;
use std::hint::black_box;
use std::io;

const FACTOR: u64 = 0x5851_f42d_4c95_7f2d;
const SUMMAND: u64 = 0x1405_7b7e_f767_814f;
const UNIT_LINKS: u32 = 64;

/// Units that the table of short jumps covers; long jumps are multiples of it.
const SHORT_UNITS: u32 = 1024;

/// Many steps at once.
#[derive(Clone, Copy)]
struct Jump {
    factor: u64,
    summand: u64,
}

impl Jump {
    const NONE: Jump = Jump { factor: 1, summand: 0 };
    const LINK: Jump = Jump { factor: FACTOR, summand: SUMMAND };

    fn from(self, place: u64) -> u64 {
        self.factor.wrapping_mul(place).wrapping_add(self.summand)
    }

    /// This jump, and then `next`.
    fn then(self, next: Jump) -> Jump {
        Jump { factor: next.factor.wrapping_mul(self.factor), summand: next.from(self.summand) }
    }

    /// No jump, this one, this one twice, …
    fn multiples(self, count: u32) -> Vec<Jump> {
        std::iter::successors(Some(Jump::NONE), |last| Some(last.then(self))).take(count as usize).collect()
    }
}

pub(super) struct PointerChase {
    array: Array,
    mask: u64,
    short: Vec<Jump>,
    long: Vec<Jump>,
}

impl PointerChase {
    pub(super) fn new(array_bytes: u64) -> io::Result<PointerChase> {
        let chunks = (array_bytes / (CHUNK_WORDS as u64 * 8)).max(1);
        // Words hold the unmasked successor; the mask is applied when it is followed.
        let array = Array::new(1 << chunks.ilog2(), |place| Jump::LINK.from(place))?;
        let unit = (0..UNIT_LINKS).fold(Jump::NONE, |jump, _| jump.then(Jump::LINK));
        let short = unit.multiples(SHORT_UNITS);
        let long = short[SHORT_UNITS as usize - 1].then(unit).multiples(UNITS_MAX / SHORT_UNITS + 1);
        Ok(PointerChase { mask: array.chunks() * CHUNK_WORDS as u64 - 1, array, short, long })
    }

    fn start(&self, task: Task) -> u64 {
        mixed(task.id) & self.mask
    }
}

impl Work for PointerChase {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        let mut place = black_box(self.start(task)) as usize;
        for _ in 0..u64::from(task.units) * u64::from(UNIT_LINKS) {
            place = self.array.chunk(place / CHUNK_WORDS)[place % CHUNK_WORDS] as usize & self.mask as usize;
        }
        black_box(place as u64)
    }

    fn reference(&self, task: Task) -> u64 {
        let units = task.units.min(UNITS_MAX);
        let (long, short) = ((units / SHORT_UNITS) as usize, (units % SHORT_UNITS) as usize);
        self.long[long].then(self.short[short]).from(self.start(task)) & self.mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_links_are_one_cycle() {
        let chase = PointerChase::new(256 * 1024).unwrap();
        let words = chase.mask + 1;
        let (mut place, mut length) = (0u64, 0u64);
        loop {
            place = chase.array.chunk(place as usize / CHUNK_WORDS)[place as usize % CHUNK_WORDS] & chase.mask;
            length += 1;
            if place == 0 {
                break;
            }
        }
        assert_eq!((length, words), (words, 32 * 1024));
    }
}
