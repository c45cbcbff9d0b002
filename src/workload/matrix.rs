//! `matrix`: multiplies two square matrices of whole numbers. A unit is one product, and makes the sum of its entries;
//! the left factor is one of four.
//!
//! The reference never multiplies them: the entries of A·B add up to Σ (column k of A) · (row k of B).

use super::numbers::{Cycle, mixed};
use super::{Task, Work};
use crate::telemetry::Recorder;
use std::hint::black_box;
use std::io;

const VARIANTS: u64 = 4;

pub(super) struct Matrix {
    side: usize,
    left: [Vec<u64>; VARIANTS as usize],
    right: Vec<u64>,
    sums: Cycle,
}

impl Matrix {
    pub(super) fn new(side: u32) -> io::Result<Matrix> {
        let side = side.max(1) as usize;
        let filled = |salt: u64| {
            let mut entries: Vec<u64> = Vec::new();
            entries.try_reserve_exact(side * side)?;
            entries.extend((0..(side * side) as u64).map(|place| mixed(place ^ salt << 56)));
            io::Result::Ok(entries)
        };
        let left = [filled(1)?, filled(2)?, filled(3)?, filled(4)?];
        let right = filled(5)?;
        let sums = left.each_ref().map(|left| sum_of_product(side, left, &right));
        Ok(Matrix { side, left, right, sums: Cycle::new(&sums) })
    }
}

impl Work for Matrix {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        let mut row = vec![0u64; self.side];
        let mut sum = 0u64;
        for unit in 0..u64::from(task.units) {
            let left = black_box(&self.left[((task.id % VARIANTS + unit) % VARIANTS) as usize]);
            let right = black_box(&self.right);
            for left_row in left.chunks_exact(self.side) {
                row.fill(0);
                for (&factor, right_row) in left_row.iter().zip(right.chunks_exact(self.side)) {
                    for (entry, &other) in row.iter_mut().zip(right_row) {
                        *entry = entry.wrapping_add(factor.wrapping_mul(other));
                    }
                }
                // A row of the product stands: the compiler must not see that only its sum is wanted.
                sum = black_box(&row).iter().fold(sum, |sum, &entry| sum.wrapping_add(entry));
            }
        }
        sum
    }

    fn reference(&self, task: Task) -> u64 {
        self.sums.sum(task.id, u64::from(task.units))
    }
}

fn sum_of_product(side: usize, left: &[u64], right: &[u64]) -> u64 {
    let mut columns = vec![0u64; side];
    for row in left.chunks_exact(side) {
        columns.iter_mut().zip(row).for_each(|(sum, &entry)| *sum = sum.wrapping_add(entry));
    }
    let rows = right.chunks_exact(side).map(|row| row.iter().fold(0u64, |sum, &entry| sum.wrapping_add(entry)));
    columns.iter().zip(rows).fold(0, |sum, (&column, row)| sum.wrapping_add(column.wrapping_mul(row)))
}
