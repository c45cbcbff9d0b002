//! `allocate`: allocates, touches and frees blocks. A unit is one block; it makes its number of pages.

use super::{Task, Work, pages};
use crate::telemetry::Recorder;
use std::hint::black_box;

pub(super) struct Allocate {
    block_bytes: u64,
}

impl Allocate {
    pub(super) fn new(block_bytes: u64) -> Allocate {
        Allocate { block_bytes }
    }
}

impl Work for Allocate {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        (0..task.units).fold(0, |made, _| {
            let (block, pages) = pages::touched(self.block_bytes);
            drop(black_box(block));
            made + pages
        })
    }

    fn reference(&self, task: Task) -> u64 {
        u64::from(task.units) * self.block_bytes.div_ceil(pages::PAGE_BYTES)
    }
}
