//! `primes`: counts the primes below 1,000 × units by trial division: the further up, the dearer a unit.
//!
//! The reference counts with a sieve, once for all tasks, and as far as was asked for: a task of a million units needs
//! all primes below 10^9, which the sieve finds in a small part of the time that the task itself takes.

use super::size::{UNITS_MAX, units_likely};
use super::{Task, Work};
use crate::telemetry::Recorder;
use crate::wire::Size;
use std::hint::black_box;
use std::sync::OnceLock;

const UNIT: u32 = 1000;

/// Units in the first segment of the table. Each later one ends at twice the number at which it begins.
const FIRST_UNITS: u32 = 64;

/// Segments that reach beyond the largest task.
const SEGMENTS: usize = (UNITS_MAX / FIRST_UNITS).ilog2() as usize + 2;

/// Tables are made in advance up to so many units, in about a millisecond.
const WARM_UNITS: u32 = 1000;

pub(super) struct Primes {
    segments: [OnceLock<Segment>; SEGMENTS],
}

/// For each number of units from the segment's first on, the primes below.
struct Segment {
    below: Vec<u32>,
    /// The primes below the next segment.
    total: u32,
}

impl Primes {
    pub(super) fn new(size: Size) -> Primes {
        let primes = Primes { segments: [const { OnceLock::new() }; SEGMENTS] };
        primes.below(units_likely(size).min(WARM_UNITS));
        primes
    }

    #[inline]
    fn below(&self, units: u32) -> u32 {
        let segment = segment_of(units);
        let made = self.segments[segment].get_or_init(|| self.sieve(segment));
        made.below[(units - first_of(segment)) as usize]
    }

    fn sieve(&self, segment: usize) -> Segment {
        let (first, end) = (first_of(segment), first_of(segment + 1));
        let mut total = match segment.checked_sub(1) {
            Some(before) => self.segments[before].get_or_init(|| self.sieve(before)).total,
            None => 0,
        };
        let divisors = small_primes((end * UNIT).isqrt());
        let mut below = Vec::with_capacity((end - first) as usize);
        let mut composite = vec![false; (FIRST_UNITS * UNIT) as usize];
        for block in (first..end).step_by(FIRST_UNITS as usize) {
            let start = block * UNIT;
            composite.fill(false);
            if start == 0 {
                composite[..2].fill(true);
            }
            for &divisor in &divisors {
                let from = (divisor * divisor).max(start.next_multiple_of(divisor)) - start;
                composite.iter_mut().skip(from as usize).step_by(divisor as usize).for_each(|place| *place = true);
            }
            for thousand in composite.chunks_exact(UNIT as usize) {
                below.push(total);
                total += thousand.iter().map(|&is_composite| u32::from(!is_composite)).sum::<u32>();
            }
        }
        Segment { below, total }
    }
}

impl Work for Primes {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        let end = black_box(task.units.min(UNITS_MAX) * UNIT);
        let odd = (3..end).step_by(2).filter(|&number| is_prime(number)).count() as u64;
        black_box(odd + u64::from(end > 2))
    }

    fn reference(&self, task: Task) -> u64 {
        u64::from(self.below(task.units.min(UNITS_MAX)))
    }
}

fn is_prime(odd: u32) -> bool {
    let mut divisor = 3;
    while divisor * divisor <= odd {
        if odd.is_multiple_of(divisor) {
            return false;
        }
        divisor += 2;
    }
    true
}

fn segment_of(units: u32) -> usize {
    (units / FIRST_UNITS).checked_ilog2().map_or(0, |octave| octave as usize + 1)
}

fn first_of(segment: usize) -> u32 {
    if segment == 0 { 0 } else { FIRST_UNITS << (segment - 1) }
}

/// The primes up to `last`.
fn small_primes(last: u32) -> Vec<u32> {
    let mut composite = vec![false; last as usize + 1];
    let mut primes = Vec::new();
    for number in 2..=last {
        if !composite[number as usize] {
            primes.push(number);
            let multiples = composite.iter_mut().skip(number as usize * 2).step_by(number as usize);
            multiples.for_each(|place| *place = true);
        }
    }
    primes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_agrees_with_published_counts() {
        let primes = Primes::new(Size::Constant { units: 1 });
        // OEIS A006880; the last is left out here because it takes a second or more: below 10^9 there are 50,847,534.
        for (units, wanted) in [(0, 0), (1, 168), (10, 1229), (100, 9592), (1000, 78_498), (10_000, 664_579)] {
            assert_eq!(primes.below(units), wanted);
        }
        assert!(segment_of(UNITS_MAX) < SEGMENTS && first_of(SEGMENTS) < u32::MAX / UNIT);
    }
}
