//! `stream`: reads a large array in order. A unit is 64 KiB, and makes the sum of its words; each task begins somewhere
//! else, and goes on at the array's beginning when it comes to its end.
//!
//! Words follow a formula by which the reference adds up any stretch of them at once.

use super::array::{Array, CHUNK_WORDS};
use super::numbers::{mixed, run_of};
use super::{Task, Work};
use crate::telemetry::Recorder;
use std::hint::black_box;
use std::io;

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

pub(super) struct Stream {
    array: Array,
}

impl Stream {
    pub(super) fn new(array_bytes: u64) -> io::Result<Stream> {
        let chunks = array_bytes / (CHUNK_WORDS as u64 * 8);
        Ok(Stream { array: Array::new(chunks, |place| place.wrapping_mul(FACTOR))? })
    }

    fn start(&self, task: Task) -> u64 {
        mixed(task.id) % self.array.chunks()
    }
}

impl Work for Stream {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        let mut place = self.start(task);
        let mut sum = 0u64;
        for _ in 0..task.units {
            let words = black_box(self.array.chunk(place as usize));
            sum = words.iter().fold(sum, |sum, &word| sum.wrapping_add(word));
            place += 1;
            if place == self.array.chunks() {
                place = 0;
            }
        }
        black_box(sum)
    }

    fn reference(&self, task: Task) -> u64 {
        let (chunks, units, start) = (self.array.chunks(), u64::from(task.units), self.start(task));
        let stretch = |first: u64, count: u64| {
            run_of(first * CHUNK_WORDS as u64, count * CHUNK_WORDS as u64).wrapping_mul(FACTOR)
        };
        let (rounds, rest) = (units / chunks, units % chunks);
        let to_end = rest.min(chunks - start);
        let part = stretch(start, to_end).wrapping_add(stretch(0, rest - to_end));
        rounds.wrapping_mul(stretch(0, chunks)).wrapping_add(part)
    }
}
