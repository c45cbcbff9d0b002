//! Small arithmetic that several workloads' references rest on, and the one generator of random numbers. All sums are modulo 2^64.

/// The splitmix64 generator at position `value`: neighbours come out unlike each other.
#[inline]
pub fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A random number above 0 and up to 1, from random bits.
#[inline]
pub(super) fn share(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// `first + (first + 1) + …`, `count` numbers.
#[inline]
pub(super) fn run_of(first: u64, count: u64) -> u64 {
    let pairs = u128::from(count) * u128::from(count.saturating_sub(1)) / 2;
    count.wrapping_mul(first).wrapping_add(pairs as u64)
}

/// Values that come round again and again, and the sum over any stretch of them in constant time.
#[derive(Debug)]
pub(super) struct Cycle {
    length: u64,
    total: u64,
    /// Sums over the first 0, 1, 2, … values of two rounds.
    before: Vec<u64>,
}

impl Cycle {
    /// For at least one value.
    pub(super) fn new(values: &[u64]) -> Cycle {
        let mut before = vec![0u64];
        for value in values.iter().chain(values) {
            before.push(before[before.len() - 1].wrapping_add(*value));
        }
        Cycle { length: values.len() as u64, total: before[values.len()], before }
    }

    /// The sum over `count` values, from the one in place `start` on.
    #[inline]
    pub(super) fn sum(&self, start: u64, count: u64) -> u64 {
        let (start, rest) = ((start % self.length) as usize, (count % self.length) as usize);
        let part = self.before[start + rest].wrapping_sub(self.before[start]);
        (count / self.length).wrapping_mul(self.total).wrapping_add(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_constant_time_are_sums() {
        let values: Vec<u64> = (0..7).map(mixed).collect();
        let cycle = Cycle::new(&values);
        for (start, count) in [(0, 0), (0, 7), (3, 1), (6, 9), (100, 1000)] {
            let slow = (start..start + count).fold(0u64, |sum, place| sum.wrapping_add(values[place as usize % 7]));
            assert_eq!(cycle.sum(start, count), slow);
            assert_eq!(run_of(start, count), (start..start + count).sum::<u64>());
        }
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // The published first outputs for the seed 1234567, which advances by the golden ratio.
        let seed = 1_234_567u64;
        let first: Vec<u64> =
            (0..3).map(|n: u64| mixed(seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }
}
