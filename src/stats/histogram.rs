//! A histogram of durations, exact in its counts and within 6 % in its values.
//!
//! Buckets are log-linear: eight to an octave, so a bucket is at most 12.5 % wide and its middle at most 6.25 % off.
//!
//! ```text
//! value   0 1 2 … 7 | 8 9 … 15 | 16,17 18,19 … 30,31 | 32..35 … | …
//! bucket  0 1 2 … 7 | 8 9 … 15 | 16    17     23     | 24      | …
//! ```
//!
//! The same numbering serves the blocks that workers write ([`crate::telemetry`]) and the sparse form on the wire
//! ([`crate::wire::Buckets`]).

use crate::wire::Buckets;

/// The number of buckets: the last one takes everything from 2^40 ns (18 minutes) on.
pub const BUCKETS: usize = 312;

const SUB_BITS: u32 = 3;

/// The bucket that `value` falls into.
#[inline]
pub fn bucket_of(value: u64) -> usize {
    if value < 1 << SUB_BITS {
        return value as usize;
    }
    let exponent = 63 - value.leading_zeros();
    let sub = (value >> (exponent - SUB_BITS)) & ((1 << SUB_BITS) - 1);
    let bucket = ((exponent - SUB_BITS + 1) << SUB_BITS) as usize + sub as usize;
    bucket.min(BUCKETS - 1)
}

/// The values that fall into `bucket`: from the first to the last, both included.
pub fn bucket_range(bucket: usize) -> (u64, u64) {
    let bucket = bucket.min(BUCKETS - 1) as u64;
    if bucket < 1 << SUB_BITS {
        return (bucket, bucket);
    }
    let octave = (bucket >> SUB_BITS) - 1;
    let sub = bucket & ((1 << SUB_BITS) - 1);
    let first = ((1 << SUB_BITS) + sub) << octave;
    (first, first + (1 << octave) - 1)
}

/// Counts by size, with their exact sum and maximum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    sum: u64,
    max: u64,
}

impl Histogram {
    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all values.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The largest value.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The mean, or none where nothing was counted. Exact: it comes from the sum, not from the buckets.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// Counts per bucket; shorter than [`BUCKETS`] where the rest is empty.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The value below or at which the share `q` (0 to 1) of all values lies, within 6.25 %; none where nothing was
    /// counted. Never above the maximum.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = ((q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut seen = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            seen = count.saturating_add(seen);
            if seen >= rank {
                let (first, last) = bucket_range(bucket);
                return Some((first + (last - first) / 2).min(self.max));
            }
        }
        Some(self.max)
    }

    /// The value below or at which the share `q` of all sums of one value of each lies, if the two have nothing to do with
    /// each other: an estimate of how long two times take together that were measured apart. None where either is empty.
    pub fn quantile_of_sum(&self, other: &Histogram, q: f64) -> Option<u64> {
        let middles = |histogram: &Histogram| -> Vec<(u64, f64)> {
            let middle = |bucket| {
                let (first, last) = bucket_range(bucket);
                (first + (last - first) / 2).min(histogram.max)
            };
            let some = histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0);
            some.map(|(bucket, &count)| (middle(bucket), count as f64 / histogram.count as f64)).collect()
        };
        let (own, others) = (middles(self), middles(other));
        let pairs =
            own.iter().flat_map(|one| others.iter().map(move |other| (one.0.saturating_add(other.0), one.1 * other.1)));
        let mut sums: Vec<(u64, f64)> = pairs.collect();
        sums.sort_by_key(|(sum, _)| *sum);
        let mut seen = 0.0;
        // Shares add up to one but for rounding.
        let rank = q.clamp(0.0, 1.0) - 1e-9;
        let found = sums.iter().find(|(_, share)| {
            seen += share;
            seen >= rank
        });
        found.or(sums.last()).map(|(sum, _)| *sum)
    }

    /// Counts `value` once.
    pub fn record(&mut self, value: u64) {
        self.add(bucket_of(value), 1);
        self.sum = self.sum.saturating_add(value);
        self.max = self.max.max(value);
    }

    /// Adds what the wire brought. Anything beyond the last bucket falls into it: a foreign lane may send what it likes.
    pub fn merge(&mut self, delta: &Buckets) {
        let mut bucket = 0usize;
        for &run in &delta.runs {
            if run < 0 {
                bucket = bucket.saturating_add(run.unsigned_abs() as usize);
            } else {
                self.add(bucket.min(BUCKETS - 1), run.unsigned_abs());
                bucket = bucket.saturating_add(1);
            }
        }
        self.sum = self.sum.saturating_add(delta.sum_ns);
        self.max = self.max.max(delta.max_ns);
    }

    /// The sparse form of `counts`, for the wire.
    pub fn encode(counts: &[u64], sum_ns: u64, max_ns: u64) -> Buckets {
        let mut runs = Vec::new();
        let mut empty: i64 = 0;
        for &count in counts {
            if count == 0 {
                empty += 1;
                continue;
            }
            if empty > 0 {
                runs.push(-empty);
                empty = 0;
            }
            runs.push(i64::try_from(count).unwrap_or(i64::MAX));
        }
        Buckets { sum_ns, max_ns, runs }
    }

    fn add(&mut self, bucket: usize, count: u64) {
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(count);
        self.count = self.count.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_bucket_holds_its_own_range() {
        let mut next = 0;
        for bucket in 0..BUCKETS {
            let (first, last) = bucket_range(bucket);
            assert_eq!(first, next, "bucket {bucket} begins where the one before ends");
            assert_eq!((bucket_of(first), bucket_of(last)), (bucket, bucket));
            next = last + 1;
        }
    }

    #[test]
    fn two_times_together_are_as_long_as_both() {
        let of = |values: &[u64]| {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            histogram
        };
        let (few, many) = (of(&[1, 1, 1, 7]), of(&[2, 2]));
        assert_eq!([0.5, 0.75, 0.76, 1.0].map(|q| few.quantile_of_sum(&many, q)), [Some(3), Some(3), Some(9), Some(9)]);
        assert_eq!((few.quantile_of_sum(&of(&[]), 0.5), of(&[]).quantile_of_sum(&few, 0.5)), (None, None));
    }

    proptest! {
        #[test]
        fn a_value_comes_back_within_six_percent(value in 0u64..1 << 40) {
            let mut one = Histogram::default();
            one.record(value);
            one.record(u64::MAX >> 20);
            let back = one.quantile(0.5).unwrap();
            prop_assert!(back.abs_diff(value) as f64 <= value as f64 * 0.0625 + 1.0, "{value} came back as {back}");
        }

        #[test]
        fn the_wire_carries_every_count(values in prop::collection::vec(any::<u64>(), 0..200)) {
            let mut sent = Histogram::default();
            values.iter().for_each(|&value| sent.record(value));
            let mut received = Histogram::default();
            received.merge(&Histogram::encode(sent.counts(), sent.sum(), sent.max()));
            prop_assert_eq!(received, sent);
        }

        #[test]
        fn foreign_buckets_never_panic(runs in prop::collection::vec(any::<i64>(), 0..50), sum_ns: u64, max_ns: u64) {
            let mut any = Histogram::default();
            any.merge(&Buckets { sum_ns, max_ns, runs: runs.clone() });
            any.merge(&Buckets { sum_ns, max_ns, runs });
            let _ = (any.quantile(0.99), any.mean());
        }
    }
}
