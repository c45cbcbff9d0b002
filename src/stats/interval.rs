//! How sure a figure is: means of a few measurements with their 95 % intervals, by Student's t.
//!
//! Measurements of speed differ by shares, not by amounts: a gain is told as a ratio, and what was measured in the same
//! round is compared in pairs, so that a machine that grows slower from round to round makes no size look worse.

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Where it lies with 95 % confidence, from the least to the most; none of a single measurement.
    pub interval: Option<(f64, f64)>,
    /// How many measurements it comes from.
    pub count: usize,
}

impl Estimate {
    /// The mean of measurements; none without any, and of what is no number.
    pub fn of_mean(values: &[f64]) -> Option<Estimate> {
        let count = values.len();
        let value = values.iter().sum::<f64>() / count as f64;
        if count == 0 || !value.is_finite() {
            return None;
        }
        let interval = (count > 1).then(|| {
            let squares = values.iter().map(|one| (one - value).powi(2)).sum::<f64>();
            let error = (squares / (count - 1) as f64 / count as f64).sqrt();
            let half = t_quantile(count - 1) * error;
            (value - half, value + half)
        });
        Some(Estimate { value, interval, count })
    }

    /// How much more the second of each pair is than the first, as a share of the first: 0.01 for one per cent more. None
    /// where there is no pair of numbers above nothing.
    pub fn of_gains(pairs: &[(f64, f64)]) -> Option<Estimate> {
        let is_sound = |value: f64| value.is_finite() && value > 0.0;
        let sound = pairs.iter().filter(|(one, other)| is_sound(*one) && is_sound(*other));
        let ratios: Vec<f64> = sound.map(|(one, other)| (other / one).ln()).collect();
        let mean = Estimate::of_mean(&ratios)?;
        let gain = |ratio: f64| ratio.exp_m1();
        let interval = mean.interval.map(|(low, high)| (gain(low), gain(high)));
        Some(Estimate { value: gain(mean.value), interval, count: mean.count })
    }

    /// The least that it may be: the figure itself where no interval is known.
    pub fn low(&self) -> f64 {
        self.interval.map_or(self.value, |(low, _)| low)
    }

    /// The most that it may be.
    pub fn high(&self) -> f64 {
        self.interval.map_or(self.value, |(_, high)| high)
    }
}

/// More degrees of freedom make no difference that could be seen.
const FREEDOM_MAX: usize = 400;

/// The two-sided 95 % quantile of Student's t: so many standard errors to each side of a mean. Infinite without any
/// degree of freedom.
pub fn t_quantile(freedom: usize) -> f64 {
    if freedom == 0 {
        return f64::INFINITY;
    }
    let freedom = freedom.min(FREEDOM_MAX);
    // The share within t grows with t, and of one degree of freedom 12.7 is the answer.
    let (mut low, mut high) = (1.0, 13.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if t_within(middle, freedom) < 0.95 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// How likely Student's t lies within `t` of nothing: the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.
fn t_within(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    let (mut term, mut sum) = (if is_odd { cosine } else { 1.0 }, 0.0);
    let mut place = if is_odd { 1 } else { 0 };
    while place + 2 <= freedom {
        sum += term;
        term *= (place + 1) as f64 / (place + 2) as f64 * cosine * cosine;
        place += 2;
    }
    if is_odd { (angle + sine * sum) * std::f64::consts::FRAC_2_PI } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let table = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (9, 2.262),
            (10, 2.228),
            (22, 2.074),
            (120, 1.980),
        ];
        for (freedom, quantile) in table {
            assert!((t_quantile(freedom) - quantile).abs() < 6e-4, "{freedom}: {}", t_quantile(freedom));
        }
        assert!(t_quantile(0).is_infinite() && t_quantile(usize::MAX) < 1.97);
    }

    #[test]
    fn a_mean_has_the_interval_of_its_spread() {
        let mean = Estimate::of_mean(&[10.0, 12.0, 14.0]).expect("a mean");
        let (low, high) = mean.interval.expect("an interval");
        assert!(
            (mean.value - 12.0).abs() < 1e-12 && (high - 12.0 - 4.968).abs() < 1e-2 && (low + high - 24.0).abs() < 1e-9
        );
        let one = Estimate::of_mean(&[7.0]).expect("a mean");
        assert_eq!((one.interval, one.low(), one.high()), (None, 7.0, 7.0));
        assert_eq!((Estimate::of_mean(&[]), Estimate::of_mean(&[1.0, f64::NAN])), (None, None));
    }

    #[test]
    fn what_hits_both_of_a_pair_alike_is_in_no_gain() {
        // The machine grows slower by half; the second is a tenth more in every round.
        let gain = Estimate::of_gains(&[(100.0, 110.0), (80.0, 88.0), (50.0, 55.0)]).expect("a gain");
        assert!((gain.value - 0.1).abs() < 1e-9 && (gain.high() - gain.low()).abs() < 1e-9, "{gain:?}");
        assert_eq!(Estimate::of_gains(&[(0.0, 1.0), (f64::NAN, 1.0)]), None);
    }
}
