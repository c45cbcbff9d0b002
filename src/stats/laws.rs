//! Laws of scaling, fitted: how much N workers do, by what one does and by what they cost each other.
//!
//! ```text
//! linear        X(N) = γN
//! Amdahl        X(N) = γN / (1 + α(N−1))                   a share α of the work is done by one at a time
//! universal     X(N) = γN / (1 + α(N−1) + βN(N−1))         and every two of them have to agree, at the cost β
//! ```
//!
//! What is measured is off by a share of itself, not by an amount: a size that does ten times as much is off by ten times
//! as much. So the logarithm is fitted (least squares, by Gauss and Newton), where every measurement weighs the same. The
//! intervals are those of the fit's own curvature, as wide as Student's t makes them for so few measurements.
//!
//! A law that does not hold is refused in words: its curve would be a picture of nothing.

use super::interval::t_quantile;
use super::words;
use std::collections::BTreeMap;
use std::fmt;

/// What so many workers did once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// How many workers.
    pub workers: u32,
    /// Tasks a second.
    pub per_s: f64,
}

/// A parameter of a law, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// What fits best.
    pub value: f64,
    /// The least that it may be.
    pub low: f64,
    /// The most that it may be.
    pub high: f64,
}

/// A law as it was fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// γ: what one worker alone does in a second.
    pub gamma: Parameter,
    /// α: contention, the share of the work that is done by one at a time.
    pub alpha: Parameter,
    /// β: coherence, what every two workers cost each other; none in Amdahl's law.
    pub beta: Option<Parameter>,
    /// How much of the differences between measurements it explains, at most 1.
    pub r_squared: f64,
    /// How far the mean of a size lies from it at the most, as a share.
    pub off_max: f64,
    /// How many sizes it was fitted to.
    pub sizes: usize,
}

/// Why a law does not hold, or cannot be told to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refused {
    /// There are not more sizes than it has parameters.
    TooFewSizes {
        /// How many there are.
        sizes: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Some size did nothing, or no number was measured.
    Nothing,
    /// Nothing fits best.
    NoFit,
    /// A parameter is below zero, and not by chance.
    BelowZero {
        /// `α` or `β`.
        name: char,
        /// What it is.
        parameter: Parameter,
    },
    /// A size is far from it, and not by chance.
    Off {
        /// The size that is furthest away.
        workers: u32,
        /// How much more it says than was measured, as a share.
        by: f64,
    },
    /// Measurements differ so much that it says nothing.
    Noisy {
        /// The interval of γ.
        gamma: Parameter,
    },
}

/// A size whose mean is further away than this is off, unless its own noise explains it.
const OFF_MAX: f64 = 0.1;

/// A γ that may be this many times as large as the least that it may be tells nothing.
const NOISY_TIMES: f64 = 3.0;

impl Law {
    /// What it says that so many workers do in a second; none where it says nothing.
    pub fn per_s(&self, workers: f64) -> Option<f64> {
        let beta = self.beta.map_or(0.0, |beta| beta.value);
        let cost = cost_of(workers, self.alpha.value, beta);
        let per_s = self.gamma.value * workers / cost;
        (cost > 0.0 && per_s.is_finite()).then_some(per_s)
    }

    /// The number of workers that does the most, by this law; none where more always do more.
    pub fn peak(&self) -> Option<f64> {
        let beta = self.beta?.value;
        let peak = ((1.0 - self.alpha.value) / beta).sqrt();
        (beta > 0.0 && peak.is_finite()).then(|| peak.max(1.0))
    }
}

fn cost_of(workers: f64, alpha: f64, beta: f64) -> f64 {
    1.0 + alpha * (workers - 1.0) + beta * workers * (workers - 1.0)
}

/// Fits Amdahl's law.
///
/// # Errors
/// Why it does not hold.
pub fn amdahl(samples: &[Sample]) -> Result<Law, Refused> {
    fit::<2>(samples)
}

/// Fits the universal scalability law.
///
/// # Errors
/// Why it does not hold.
pub fn scalability(samples: &[Sample]) -> Result<Law, Refused> {
    fit::<3>(samples)
}

/// Fits the law of so many parameters: the logarithm of γ, α and, where there are three, β.
fn fit<const P: usize>(samples: &[Sample]) -> Result<Law, Refused> {
    let mut sizes: Vec<u32> = samples.iter().map(|sample| sample.workers).collect();
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.len() <= P {
        return Err(Refused::TooFewSizes { sizes: sizes.len(), needed: P + 1 });
    }
    let is_sound = |sample: &Sample| sample.workers > 0 && sample.per_s.is_normal() && sample.per_s > 0.0;
    if !samples.iter().all(is_sound) {
        return Err(Refused::Nothing);
    }
    let best = least_squares::<P>(samples).ok_or(Refused::NoFit)?;
    let freedom = samples.len() - P;
    let wide = t_quantile(freedom) * (best.squares / freedom as f64).sqrt();
    let around = |place: usize| {
        let (value, half) = (best.at[place], wide * best.spread[place]);
        Parameter { value, low: value - half, high: value + half }
    };
    let of_log = |log: Parameter| Parameter { value: log.value.exp(), low: log.low.exp(), high: log.high.exp() };
    let (gamma, alpha) = (of_log(around(0)), around(1));
    let beta = (P > 2).then(|| around(P - 1));
    let law = Law { gamma, alpha, beta, r_squared: 0.0, off_max: 0.0, sizes: sizes.len() };
    judge(law, samples)
}

/// Says how well a law holds, or refuses it.
fn judge(mut law: Law, samples: &[Sample]) -> Result<Law, Refused> {
    if law.gamma.high.is_nan() || law.gamma.high >= law.gamma.low * NOISY_TIMES {
        return Err(Refused::Noisy { gamma: law.gamma });
    }
    for (name, parameter) in [('α', Some(law.alpha)), ('β', law.beta)] {
        if let Some(parameter) = parameter.filter(|parameter| parameter.high < 0.0) {
            return Err(Refused::BelowZero { name, parameter });
        }
    }
    let mut by_size: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        let said = law.per_s(f64::from(sample.workers)).ok_or(Refused::NoFit)?;
        by_size.entry(sample.workers).or_default().push((said / sample.per_s).ln());
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    // What one and the same size differs by is noise; what a size is off beyond that is the law's fault.
    let spread = |values: &Vec<f64>| values.iter().map(|value| (value - mean(values)).powi(2)).sum::<f64>();
    let freedom = samples.len() - by_size.len();
    let noise = (by_size.values().map(spread).sum::<f64>() / freedom.max(1) as f64).sqrt() * t_quantile(freedom.max(1));
    let furthest = by_size.iter().max_by(|one, other| mean(one.1).abs().total_cmp(&mean(other.1).abs()));
    let Some((&workers, offs)) = furthest else { return Err(Refused::Nothing) };
    let off = mean(offs);
    let by_chance = freedom > 0 && off.abs() < noise / (offs.len() as f64).sqrt();
    if off.abs() > OFF_MAX && !by_chance {
        return Err(Refused::Off { workers, by: off.exp_m1() });
    }
    let logs: Vec<f64> = samples.iter().map(|sample| sample.per_s.ln()).collect();
    let differences: f64 = logs.iter().map(|log| (log - mean(&logs)).powi(2)).sum();
    let left: f64 = by_size.values().flatten().map(|off| off * off).sum();
    law.r_squared = if differences > 0.0 { 1.0 - left / differences } else { 0.0 };
    law.off_max = off.abs().exp_m1();
    Ok(law)
}

/// The parameters that fit best, and how well.
struct Best<const P: usize> {
    at: [f64; P],
    /// The sum of the squares of what is left.
    squares: f64,
    /// How far each parameter moves with the noise: the roots of the diagonal of (JᵀJ)⁻¹.
    spread: [f64; P],
}

/// The squares that are left at these parameters, and the normal equations there: JᵀJ and Jᵀr. None where the law says
/// nothing about some size.
fn normal<const P: usize>(samples: &[Sample], at: &[f64; P]) -> Option<(f64, [[f64; P]; P], [f64; P])> {
    let beta = if P > 2 { at[P - 1] } else { 0.0 };
    let (mut squares, mut matrix, mut right) = (0.0, [[0.0; P]; P], [0.0; P]);
    for sample in samples {
        let workers = f64::from(sample.workers);
        let cost = cost_of(workers, at[1], beta);
        if cost.is_nan() || cost <= 1e-9 {
            return None;
        }
        let left = sample.per_s.ln() - (at[0] + workers.ln() - cost.ln());
        let mut slope = [1.0; P];
        slope[1] = -(workers - 1.0) / cost;
        if P > 2 {
            slope[P - 1] = -workers * (workers - 1.0) / cost;
        }
        squares += left * left;
        add(&mut matrix, &mut right, &slope, left);
    }
    squares.is_finite().then_some((squares, matrix, right))
}

/// Adds a measurement to the normal equations: its terms, and what they are to make together.
fn add<const P: usize>(matrix: &mut [[f64; P]; P], right: &mut [f64; P], terms: &[f64; P], value: f64) {
    for ((row, right), term) in matrix.iter_mut().zip(right).zip(terms) {
        *right += term * value;
        row.iter_mut().zip(terms).for_each(|(cell, other)| *cell += term * other);
    }
}

/// Gauss and Newton, from a first guess by the straight line that N / X is, each step halved until it helps.
fn least_squares<const P: usize>(samples: &[Sample]) -> Option<Best<P>> {
    const STEPS_MAX: usize = 60;
    let mut at = first_guess::<P>(samples);
    let (mut squares, mut matrix, mut right) = normal(samples, &at)?;
    for _ in 0..STEPS_MAX {
        let step = product(&inverse(matrix)?, &right);
        let mut share = 1.0;
        let better = loop {
            let mut next = at;
            next.iter_mut().zip(step).for_each(|(value, step)| *value += share * step);
            match normal(samples, &next) {
                Some(found) if found.0 <= squares => break Some((next, found)),
                _ if share < 1e-6 => break None,
                _ => share /= 2.0,
            }
        };
        let Some((next, found)) = better else { break };
        let is_there = squares - found.0 <= 1e-12 * squares;
        at = next;
        (squares, matrix, right) = found;
        if is_there {
            break;
        }
    }
    let inverse = inverse(matrix)?;
    let mut spread = [0.0; P];
    spread.iter_mut().enumerate().for_each(|(place, spread)| *spread = inverse[place][place].max(0.0).sqrt());
    at.iter().all(|value| value.is_finite()).then_some(Best { at, squares, spread })
}

/// N / X = a + b(N−1) + cN(N−1) is linear in its parameters; each measurement weighs as much as it is exact.
fn first_guess<const P: usize>(samples: &[Sample]) -> [f64; P] {
    let (mut matrix, mut right) = ([[0.0; P]; P], [0.0; P]);
    for sample in samples {
        let workers = f64::from(sample.workers);
        let time = workers / sample.per_s;
        let mut terms = [1.0; P];
        terms[1] = workers - 1.0;
        if P > 2 {
            terms[P - 1] = workers * (workers - 1.0);
        }
        add(&mut matrix, &mut right, &terms.map(|term| term / time), 1.0);
    }
    let found = inverse(matrix).map(|inverse| product(&inverse, &right)).filter(|found| found[0] > 0.0);
    let mut guess = [0.0; P];
    match found {
        Some(found) => {
            guess[0] = -found[0].ln();
            (1..P).for_each(|place| guess[place] = found[place] / found[0]);
        }
        // No line goes through them: what the smallest size did, and no cost.
        None => {
            let first = samples.iter().min_by_key(|sample| sample.workers);
            guess[0] = first.map_or(0.0, |first| (first.per_s / f64::from(first.workers)).ln());
        }
    }
    // The law must say something about every size to begin with.
    if normal(samples, &guess).is_none() {
        (1..P).for_each(|place| guess[place] = 0.0);
    }
    guess
}

fn product<const P: usize>(matrix: &[[f64; P]; P], right: &[f64; P]) -> [f64; P] {
    let mut out = [0.0; P];
    out.iter_mut()
        .zip(matrix)
        .for_each(|(out, row)| *out = row.iter().zip(right).map(|(one, other)| one * other).sum());
    out
}

/// By Gauss and Jordan; rows and columns are scaled first, since squares of sizes stand beside ones. None where there is
/// no inverse.
fn inverse<const P: usize>(mut matrix: [[f64; P]; P]) -> Option<[[f64; P]; P]> {
    let mut scale = [0.0; P];
    for (place, scale) in scale.iter_mut().enumerate() {
        *scale = matrix[place][place].sqrt();
        if !(*scale > 0.0 && scale.is_finite()) {
            return None;
        }
    }
    let scaled = |matrix: &mut [[f64; P]; P]| {
        for (row, own) in matrix.iter_mut().zip(scale) {
            row.iter_mut().zip(scale).for_each(|(cell, other)| *cell /= own * other);
        }
    };
    scaled(&mut matrix);
    let mut out = [[0.0; P]; P];
    (0..P).for_each(|place| out[place][place] = 1.0);
    for place in 0..P {
        let pivot =
            (place..P).max_by(|&one, &other| matrix[one][place].abs().total_cmp(&matrix[other][place].abs()))?;
        if matrix[pivot][place].is_nan() || matrix[pivot][place].abs() <= 1e-12 {
            return None;
        }
        matrix.swap(place, pivot);
        out.swap(place, pivot);
        let by = matrix[place][place];
        matrix[place].iter_mut().chain(&mut out[place]).for_each(|cell| *cell /= by);
        let (of_matrix, of_out) = (matrix[place], out[place]);
        for row in (0..P).filter(|row| *row != place) {
            let times = matrix[row][place];
            matrix[row].iter_mut().zip(of_matrix).for_each(|(cell, pivot)| *cell -= times * pivot);
            out[row].iter_mut().zip(of_out).for_each(|(cell, pivot)| *cell -= times * pivot);
        }
    }
    scaled(&mut out);
    Some(out)
}

impl fmt::Display for Parameter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({} to {})", signed(self.value), signed(self.low), signed(self.high))
    }
}

impl fmt::Display for Law {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parameter { value, low, high } = self.gamma;
        let number = words::number;
        write!(out, "γ {} ({} to {}), α {}", number(value), number(low), number(high), self.alpha)?;
        if let Some(beta) = self.beta {
            write!(out, ", β {beta}")?;
            match self.peak() {
                Some(peak) => write!(out, "; most at {} workers", number(peak.round()))?,
                None => write!(out, "; more always do more")?,
            }
        }
        write!(out, "; R² {:.3}, off by {} at the most", self.r_squared, words::percent(self.off_max))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::TooFewSizes { sizes, needed } => {
                write!(out, "it takes {needed} sizes to tell, and {sizes} can be used")
            }
            Refused::Nothing => write!(out, "a size did nothing that could be fitted"),
            Refused::NoFit => write!(out, "nothing fits best"),
            Refused::BelowZero { name, parameter } => {
                write!(
                    out,
                    "it does not hold: {name} would be {parameter}, and below zero means that workers speed each other up"
                )
            }
            Refused::Off { workers, by } => {
                let way = if *by > 0.0 { "more" } else { "less" };
                let plural = if *workers == 1 { "" } else { "s" };
                let percent = by.abs() * 100.0;
                write!(
                    out,
                    "it does not hold: at {workers} worker{plural} it says {percent:.0} % {way} than was measured"
                )
            }
            Refused::Noisy { gamma } => write!(
                out,
                "measurements differ too much to tell: a worker alone does {} to {} tasks a second",
                words::number(gamma.low),
                words::number(gamma.high)
            ),
        }
    }
}

/// A parameter to three places that mean something, below zero with a proper minus.
pub fn signed(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        _ if !value.is_finite() => return words::NOT_AVAILABLE.to_string(),
        _ if size >= 100.0 => format!("{size:.0}"),
        _ if size >= 1.0 => format!("{size:.2}"),
        _ if size >= 0.01 => format!("{size:.3}"),
        _ if size >= 0.000_005 => format!("{size:.5}"),
        _ => return "0".to_string(),
    };
    let short = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{}{short}", if value < 0.0 { "−" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((mixed >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        }

        fn between(&mut self, low: f64, high: f64) -> f64 {
            low + (high - low) * self.unit()
        }

        /// Normal, by Box and Muller.
        fn normal(&mut self) -> f64 {
            let (radius, angle) = ((-2.0 * self.unit().ln()).sqrt(), std::f64::consts::TAU * self.unit());
            radius * angle.cos()
        }
    }

    struct Truth {
        gamma: f64,
        alpha: f64,
        beta: f64,
    }

    impl Truth {
        fn samples(&self, sizes: &[u32], repeat: usize, noise: f64, dice: &mut Dice) -> Vec<Sample> {
            let each = sizes.iter().flat_map(|&workers| std::iter::repeat_n(workers, repeat));
            each.map(|workers| {
                let n = f64::from(workers);
                let exact = self.gamma * n / cost_of(n, self.alpha, self.beta);
                Sample { workers, per_s: exact * (1.0 + noise * dice.normal()) }
            })
            .collect()
        }
    }

    const SIZES: [&[u32]; 4] = [&[1, 2, 4, 8, 16], &[1, 2, 3, 4, 5, 6, 7, 8], &[1, 2, 4, 8, 16, 32], &[1, 2, 4, 8]];

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        const CURVES: usize = 1000;
        let mut dice = Dice(20_261_129);
        let mut held = [0usize; 3];
        let mut refused = 0;
        for curve in 0..CURVES {
            let truth = Truth {
                gamma: 10f64.powf(dice.between(0.0, 6.0)),
                alpha: dice.between(0.0, 0.3),
                beta: dice.between(0.0, 0.02),
            };
            let (sizes, repeat, noise) = (SIZES[curve % SIZES.len()], 3 + curve % 4, dice.between(0.002, 0.05));
            let samples = truth.samples(sizes, repeat, noise, &mut dice);
            let Ok(law) = scalability(&samples) else {
                refused += 1;
                continue;
            };
            let parameters = [(law.gamma, truth.gamma), (law.alpha, truth.alpha), (law.beta.unwrap(), truth.beta)];
            for (held, (parameter, truth)) in held.iter_mut().zip(parameters) {
                *held += usize::from((parameter.low..=parameter.high).contains(&truth));
            }
        }
        let fitted = CURVES - refused;
        assert!(refused <= CURVES / 100, "{refused} of true curves were refused");
        for (name, held) in ["γ", "α", "β"].into_iter().zip(held) {
            let share = held as f64 / fitted as f64;
            assert!((0.93..=0.97).contains(&share), "{name}: {held} of {fitted}");
        }
    }

    #[test]
    fn what_is_exact_comes_back_exactly() {
        let truth = Truth { gamma: 1234.5, alpha: 0.03, beta: 0.002 };
        let samples = truth.samples(&[1, 2, 4, 8, 16, 32], 2, 0.0, &mut Dice(1));
        let law = scalability(&samples).expect("it holds");
        let beta = law.beta.expect("three parameters");
        for (is, should) in [(law.gamma.value, 1234.5), (law.alpha.value, 0.03), (beta.value, 0.002)] {
            assert!((is / should - 1.0).abs() < 1e-6, "{is} {should}");
        }
        assert!(law.r_squared > 0.999_999 && law.off_max < 1e-6);
        assert!((law.peak().expect("a peak") - (0.97f64 / 0.002).sqrt()).abs() < 1e-3);
        assert!((law.per_s(8.0).expect("a figure") - samples[6].per_s).abs() < 1e-3);
    }

    #[test]
    fn a_law_that_does_not_hold_is_refused_in_words() {
        let of = |figures: &[(u32, f64)]| -> Vec<Sample> {
            figures.iter().map(|&(workers, per_s)| Sample { workers, per_s }).collect()
        };
        let why = |figures: &[(u32, f64)]| scalability(&of(figures)).map_err(|refused| refused.to_string());
        // Only eight get in at a time: a corner that neither law has.
        let corner = [(1, 100.0), (2, 200.0), (4, 400.0), (8, 800.0), (16, 800.0), (32, 800.0), (64, 800.0)];
        let told = why(&corner).expect_err("a corner");
        assert!(told.starts_with("it does not hold: at ") && told.contains(" worker"), "{told}");
        assert_eq!(why(&corner[..3]).expect_err("few"), "it takes 4 sizes to tell, and 3 can be used");
        assert_eq!(why(&[(1, 0.0), (2, 1.0), (4, 2.0), (8, 3.0)]).expect_err("0"), Refused::Nothing.to_string());
        assert_eq!(why(&[(1, f64::NAN), (2, 1.0), (4, 2.0), (8, 3.0)]).expect_err("NaN"), Refused::Nothing.to_string());
        let faster = of(&[(1, 100.0), (2, 230.0), (4, 520.0), (8, 1200.0)]);
        let told = amdahl(&faster).expect_err("faster than linear").to_string();
        assert!(told.starts_with("it does not hold: α would be −0."), "{told}");
        // Falling at the end, which only coherence explains.
        let truth = Truth { gamma: 100.0, alpha: 0.02, beta: 0.01 };
        let falling = truth.samples(&[1, 2, 4, 8, 16, 32], 3, 0.01, &mut Dice(5));
        assert!(amdahl(&falling).is_err() && scalability(&falling).is_ok());
    }

    #[test]
    fn parameters_are_spelt_shortly() {
        let spelt =
            [(0.0, "0"), (-0.0123, "−0.012"), (0.5, "0.5"), (12.345, "12.35"), (1234.5, "1234"), (0.000_12, "0.00012")];
        for (value, text) in spelt {
            assert_eq!(signed(value), text);
        }
        assert_eq!(signed(f64::NAN), "n/a");
    }

    proptest::proptest! {
        /// Whatever a file says was measured, a fit ends, and says either something or why not.
        #[test]
        fn any_figures_are_fitted_or_refused(
            figures in proptest::collection::vec((0u32..2000, proptest::num::f64::ANY), 0..40)
        ) {
            let samples: Vec<Sample> = figures.into_iter().map(|(workers, per_s)| Sample { workers, per_s }).collect();
            for law in [amdahl(&samples), scalability(&samples)] {
                match law {
                    Ok(law) => proptest::prop_assert!(law.gamma.value > 0.0 && law.per_s(1.0).is_some()),
                    Err(refused) => proptest::prop_assert!(!refused.to_string().is_empty()),
                }
            }
        }
    }
}
