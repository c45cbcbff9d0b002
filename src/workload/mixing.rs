//! Integer mixing: the work of all workloads that only need to take time. It touches no memory.
//!
//! A step is `x := a·x + c`, each waiting for the last: about four cycles that nothing can shorten, as long as the
//! compiler does not know `a`. What many steps come to can also be said at once, by squaring the step again and again:
//! that is the reference.

use super::numbers::{Cycle, mixed};
use std::hint::black_box;

/// Steps to a unit.
pub(super) const STEPS: u32 = 256;

const FACTOR: u64 = 0xd134_2543_de82_ef95;
const SUMMAND: u64 = 0x5851_f42d_4c95_7f2d;
const STARTS: usize = 64;

/// Mixing in grains of so many steps.
#[derive(Debug)]
pub(super) struct Mixing {
    steps: u32,
    starts: [u64; STARTS],
    ends: Cycle,
}

impl Mixing {
    /// A grain of a whole unit.
    pub(super) fn in_units() -> Mixing {
        Mixing::in_grains(STEPS)
    }

    /// A grain of `steps` steps.
    pub(super) fn in_grains(steps: u32) -> Mixing {
        let starts = std::array::from_fn(|place| mixed(place as u64));
        let (factor, summand) = steps_at_once(steps);
        let ends = starts.map(|start| start.wrapping_mul(factor).wrapping_add(summand));
        Mixing { steps, starts, ends: Cycle::new(&ends) }
    }

    /// Mixes `grains` grains of the task `id`, from the grain in place `first` on, and returns the sum of their ends.
    #[inline]
    pub(super) fn run(&self, id: u64, first: u64, grains: u64) -> u64 {
        let (factor, summand, nothing) = (black_box(FACTOR), black_box(SUMMAND), black_box(0));
        let (mut sum, mut end) = (0u64, 0u64);
        for grain in first..first + grains {
            let start = self.starts[(id.wrapping_add(grain) % STARTS as u64) as usize];
            // A grain waits for the one before: the processor would else do several short ones at once.
            let start = start.wrapping_add(end & nothing);
            end = (0..self.steps).fold(start, |x, _| x.wrapping_mul(factor).wrapping_add(summand));
            sum = sum.wrapping_add(end);
        }
        black_box(sum)
    }

    /// What the first `grains` grains of the task `id` come to.
    #[inline]
    pub(super) fn reference(&self, id: u64, grains: u64) -> u64 {
        self.ends.sum(id, grains)
    }
}

/// The factor and summand of one step that does the work of `steps`.
fn steps_at_once(mut steps: u32) -> (u64, u64) {
    let after = |(a, c): (u64, u64), (b, d): (u64, u64)| (b.wrapping_mul(a), b.wrapping_mul(c).wrapping_add(d));
    let (mut all, mut power) = ((1, 0), (FACTOR, SUMMAND));
    while steps > 0 {
        if steps & 1 == 1 {
            all = after(all, power);
        }
        power = after(power, power);
        steps >>= 1;
    }
    all
}
