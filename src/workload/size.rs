//! How large each task is: a function of the seed and the task's number alone, so that any worker, process or replay
//! can say it without asking, and in any order.

use super::numbers::{mixed, share};
use crate::wire::Size;

/// The most units that a task may hold.
pub(super) const UNITS_MAX: u32 = 1_000_000;

/// How many units the task `id` holds.
///
/// Means are met exactly where nothing is cut off: the exponential is drawn as its sibling among whole numbers (the
/// geometric distribution), and a Pareto value is rounded up or down at random. What is cut off, at 1 and at a million,
/// moves the mean of a Pareto distribution whose tail is heavy (a shape near 1) or whose mean is near 1.
#[inline]
pub fn units_of(size: Size, seed: u64, id: u64) -> u32 {
    let bits = || mixed(seed ^ mixed(id));
    let units = match size {
        Size::Constant { units } => return units.min(UNITS_MAX),
        Size::Uniform { min, max } => {
            let (min, max) = (min.min(max), max.max(min));
            let span = u128::from(max - min) + 1;
            f64::from(min) + ((u128::from(bits()) * span) >> 64) as f64
        }
        Size::Exponential { mean } => {
            // P(more than n) = (1 - 1/mean)^n.
            let rate = -(-1.0 / mean.max(1.0)).ln_1p();
            (-share(bits()).ln() / rate).ceil()
        }
        Size::Pareto { mean, shape } => {
            let least = mean * (shape - 1.0) / shape;
            let bits = bits();
            (least * share(bits).powf(-1.0 / shape) + 1.0 - share(mixed(bits))).floor()
        }
        Size::Bimodal { small, large, large_share } => {
            f64::from(if share(bits()) <= large_share { large } else { small })
        }
    };
    // Saturates: infinity becomes the most, and what is not a number the least.
    (units as u32).clamp(1, UNITS_MAX)
}

/// A size that few tasks exceed: how far tables are made in advance.
pub(super) fn units_likely(size: Size) -> u32 {
    let units = match size {
        Size::Constant { units } => units,
        Size::Uniform { min, max } => min.max(max),
        Size::Exponential { mean } | Size::Pareto { mean, .. } => (mean * 8.0) as u32,
        Size::Bimodal { small, large, .. } => small.max(large),
    };
    units.min(UNITS_MAX)
}

/// What stands for a task's number in sums that show whether each task was done once.
#[inline]
pub fn receipt(id: u64) -> u64 {
    mixed(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DRAWS: u64 = 200_000;

    fn drawn(size: Size) -> Vec<u32> {
        let mut all: Vec<u32> = (0..DRAWS).map(|id| units_of(size, 42, id)).collect();
        all.sort_unstable();
        all
    }

    fn mean(all: &[u32]) -> f64 {
        all.iter().map(|&units| f64::from(units)).sum::<f64>() / all.len() as f64
    }

    fn quantile(all: &[u32], q: f64) -> f64 {
        f64::from(all[((all.len() - 1) as f64 * q) as usize])
    }

    #[track_caller]
    fn near(told: f64, wanted: f64, slack: f64) {
        assert!((told / wanted - 1.0).abs() <= slack, "{told} instead of {wanted}");
    }

    #[test]
    fn constant_is_constant() {
        assert!((0..100).all(|id| units_of(Size::Constant { units: 7 }, 1, id) == 7));
        assert_eq!(units_of(Size::Constant { units: 0 }, 1, 5), 0);
        assert_eq!(units_of(Size::Constant { units: u32::MAX }, 1, 5), UNITS_MAX);
    }

    #[test]
    fn uniform_is_uniform() {
        let all = drawn(Size::Uniform { min: 10, max: 109 });
        assert_eq!((all[0], all[all.len() - 1]), (10, 109));
        near(mean(&all), 59.5, 0.01);
        for q in [0.1, 0.5, 0.9] {
            near(quantile(&all, q), 10.0 + 100.0 * q, 0.03);
        }
    }

    #[test]
    fn exponential_has_its_mean_and_its_tail() {
        for wanted in [1.5, 4.0, 100.0, 5000.0] {
            near(mean(&drawn(Size::Exponential { mean: wanted })), wanted, 0.01);
        }
        let all = drawn(Size::Exponential { mean: 1000.0 });
        for q in [0.1f64, 0.5, 0.9, 0.99] {
            near(quantile(&all, q), -1000.0 * (1.0 - q).ln(), 0.03);
        }
        assert!(drawn(Size::Exponential { mean: 1.0 }).iter().all(|&units| units == 1));
    }

    #[test]
    fn pareto_has_its_mean_and_its_tail() {
        let size = Size::Pareto { mean: 100.0, shape: 2.5 };
        let all = drawn(size);
        near(mean(&all), 100.0, 0.03);
        for q in [0.1f64, 0.5, 0.9, 0.99] {
            near(quantile(&all, q), 60.0 * (1.0 - q).powf(-1.0 / 2.5), 0.04);
        }
        let heavy = drawn(Size::Pareto { mean: 100.0, shape: 1.2 });
        assert!(quantile(&heavy, 0.5) < 35.0 && heavy[heavy.len() - 1] > 20_000);
    }

    #[test]
    fn bimodal_has_two_sizes() {
        let all = drawn(Size::Bimodal { small: 2, large: 500, large_share: 0.05 });
        assert!(all.iter().all(|&units| units == 2 || units == 500));
        near(all.iter().filter(|&&units| units == 500).count() as f64, DRAWS as f64 * 0.05, 0.03);
    }

    #[test]
    fn the_seed_matters_and_nothing_else() {
        let size = Size::Uniform { min: 1, max: 1000 };
        let of = |seed| (0..50).map(|id| units_of(size, seed, id)).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    proptest! {
        #[test]
        fn any_size_stays_in_bounds(mean: f64, shape: f64, large_share: f64, min: u32, max: u32, seed: u64, id: u64) {
            for size in [
                Size::Uniform { min, max },
                Size::Exponential { mean },
                Size::Pareto { mean, shape },
                Size::Bimodal { small: min, large: max, large_share },
            ] {
                prop_assert!((1..=UNITS_MAX).contains(&units_of(size, seed, id)));
            }
        }
    }
}
