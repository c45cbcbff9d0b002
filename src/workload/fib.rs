//! `fib`: Fibonacci by recursive fork and join, as slow as it is meant to be.
//!
//! On a work-stealing pool the two halves are offered to rayon; below the cutoff they are worth less than the offer.
//! While it waits for a half that was stolen, rayon runs whatever else it finds, another task of the pool included.

use super::{Task, Work};
use crate::telemetry::{Recorder, helping};
use rayon::FnContext;
use std::hint::black_box;

/// Numbers below this one are not worth offering: some 10 µs.
const CUTOFF: u32 = 18;

pub(super) struct Fib {
    n: u32,
    is_forked: bool,
    /// The number itself, made by adding.
    value: u64,
}

impl Fib {
    pub(super) fn new(n: u32, is_forked: bool) -> Fib {
        let (value, _) = (0..n).fold((0u64, 1u64), |(a, b), _| (b, a.wrapping_add(b)));
        Fib { n, is_forked, value }
    }
}

impl Work for Fib {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        let fib = if self.is_forked { forked } else { alone };
        (0..task.units).fold(0, |sum, _| sum.wrapping_add(black_box(fib(black_box(self.n)))))
    }

    fn reference(&self, task: Task) -> u64 {
        u64::from(task.units).wrapping_mul(self.value)
    }
}

fn alone(n: u32) -> u64 {
    if n < 2 { u64::from(n) } else { alone(n - 1).wrapping_add(alone(n - 2)) }
}

fn forked(n: u32) -> u64 {
    if n < CUTOFF {
        return alone(n);
    }
    let other = |context: FnContext| {
        // Stolen: the thief is running, though it has no task of its own.
        if context.migrated() { helping(|| forked(n - 2)) } else { forked(n - 2) }
    };
    let (left, right) = rayon::join_context(|_| forked(n - 1), other);
    left.wrapping_add(right)
}
