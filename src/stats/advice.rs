//! How many workers: the peak of a curve, its knee, and one sentence of advice with its reason.
//!
//! ```text
//! throughput            peak: the size that did most
//!     │      ··●·····   knee: furthest above the straight line from the first size to that height at the last
//!     │    ●╱           advice: the smallest size that the peak beats by no more than is worth it
//!     │   ╱
//!     │  ●
//!     └──────────── size
//! ```
//!
//! Where figures are known too badly to say that a size is nearly the best and no smaller one is, nothing is claimed: the
//! sizes are named that are equally good as far as measured.

use super::interval::Estimate;
use super::words;

/// A larger size is worth its workers where it does more than this share more.
const WORTH: f64 = 0.05;

/// No size may be advised where another perhaps does more than this share more.
const PERHAPS: f64 = 2.0 * WORTH;

/// So many sizes are named one by one where they cannot be told apart.
const NAMED_MAX: usize = 5;

/// A time is told to be longer or shorter from these ratios on.
const LONGER_FROM: f64 = 1.25;
const SHORTER_FROM: f64 = 0.8;

/// Times below this are the clock's own.
const TIME_NS_MIN: f64 = 1000.0;

/// What was measured of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeMeasured {
    /// How many workers.
    pub workers: u32,
    /// Tasks a second in each round; none where a round is missing.
    pub per_s: Vec<Option<f64>>,
    /// 99 in 100 tasks waited no longer.
    pub wait_p99_ns: Option<f64>,
    /// 99 in 100 tasks took no longer.
    pub service_p99_ns: Option<f64>,
}

/// How many workers to have, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// How many.
    pub size: u32,
    /// With 95 % confidence the advice lies between these sizes.
    pub interval: (u32, u32),
    /// The sizes that are equally good as far as measured, from the smallest to the largest: this one alone where it is told
    /// from all others.
    pub equal: Vec<u32>,
    /// One sentence, without a full stop.
    pub sentence: String,
}

impl Advice {
    /// Whether the size is told from all others, and so advised.
    pub fn is_told(&self) -> bool {
        self.equal.len() == 1
    }
}

impl SizeMeasured {
    /// The mean of all rounds.
    pub fn mean(&self) -> Option<Estimate> {
        Estimate::of_mean(&self.per_s.iter().copied().flatten().collect::<Vec<_>>())
    }
}

/// Sizes with a mean, in their order.
fn with_means(sizes: &[SizeMeasured]) -> Vec<(&SizeMeasured, f64)> {
    let mut all: Vec<_> =
        sizes.iter().filter_map(|size| Some((size, size.mean()?.value))).filter(|(_, mean)| *mean > 0.0).collect();
    all.sort_by_key(|(size, _)| size.workers);
    all
}

/// The size that did most.
pub fn peak(sizes: &[SizeMeasured]) -> Option<u32> {
    with_means(sizes).into_iter().max_by(|one, other| one.1.total_cmp(&other.1)).map(|(size, _)| size.workers)
}

/// The size at which the curve bends most: the one furthest above the straight line from the first size to the height of
/// the peak at the last size. None where there are less than three sizes, or none is above the line.
pub fn knee(sizes: &[SizeMeasured]) -> Option<u32> {
    let all = with_means(sizes);
    let ((first, low), (last, _)) = (*all.first()?, *all.last()?);
    let high = all.iter().map(|(_, mean)| *mean).fold(low, f64::max);
    let (width, rise) = (f64::from(last.workers - first.workers), high - low);
    if width <= 0.0 || rise <= 0.0 {
        return None;
    }
    let above =
        |(size, mean): &(&SizeMeasured, f64)| (mean - low) / rise - f64::from(size.workers - first.workers) / width;
    let most = all.iter().max_by(|one, other| above(one).total_cmp(&above(other)))?;
    (above(most) > 0.02).then_some(most.0.workers)
}

/// How much more `other` does than `one`, as a share: round by round, so that drift of the machine is in both.
pub fn gain(one: &SizeMeasured, other: &SizeMeasured) -> Option<Estimate> {
    let pairs: Vec<(f64, f64)> =
        one.per_s.iter().zip(&other.per_s).filter_map(|(one, other)| Some(((*one)?, (*other)?))).collect();
    Estimate::of_gains(&pairs).or_else(|| Estimate::of_gains(&[(one.mean()?.value, other.mean()?.value)]))
}

/// How many workers to have: the smallest size that the best one beats by no more than [`WORTH`], where it is known well
/// enough that this is so.
pub fn recommend(sizes: &[SizeMeasured]) -> Option<Advice> {
    let all: Vec<&SizeMeasured> = with_means(sizes).into_iter().map(|(size, _)| size).collect();
    let top = peak(sizes)?;
    let best = all.iter().find(|size| size.workers == top)?;
    // By how much the best beats each: 0 for itself.
    let gains: Vec<Option<Estimate>> = all.iter().map(|size| gain(size, best)).collect();
    let smallest = |is_enough: &dyn Fn(&Estimate) -> bool| {
        let place = gains.iter().position(|gain| gain.as_ref().is_some_and(is_enough));
        place.unwrap_or(all.len() - 1)
    };
    let place = smallest(&|gain| gain.value <= WORTH);
    let interval = (smallest(&|gain| gain.low() <= WORTH), smallest(&|gain| gain.high() <= WORTH));
    let size = all[place].workers;
    let rivals = rivals(&all, place, &gains, best);
    let mut equal: Vec<u32> = rivals.iter().map(|rival| rival.other.workers).chain([size]).collect();
    equal.sort_unstable();
    let sentence = match (strongest(&rivals), all.get(place + 1), all.len()) {
        (Some(rival), _, _) => not_apart(&equal, rival),
        (None, Some(next), _) => of_size(size, &beside_next(all[place], next)),
        (None, None, 1) => of_size(size, "the only size that was measured"),
        (None, None, _) => of_size(size, &beside_last(all[place - 1], all[place])),
    };
    let of = |place: usize| all[place].workers;
    Some(Advice {
        size,
        interval: (equal[0].min(of(interval.0.min(place))), equal[equal.len() - 1].max(of(interval.1.max(place)))),
        equal,
        sentence,
    })
}

/// A size that may be as good an advice as the one that looks best.
struct Rival<'a> {
    other: &'a SizeMeasured,
    /// The two of which it is not known that they differ, or that they do not.
    from: &'a SizeMeasured,
    to: &'a SizeMeasured,
    gain: Estimate,
}

/// The sizes that cannot be told from the one that looks like the advice: smaller ones that perhaps do as much as the best,
/// and larger ones that perhaps do much more. `gains` are those of the best over each.
fn rivals<'a>(
    all: &[&'a SizeMeasured],
    place: usize,
    gains: &[Option<Estimate>],
    best: &'a SizeMeasured,
) -> Vec<Rival<'a>> {
    let smaller = all[..place].iter().zip(gains).filter_map(|(other, gain)| {
        let gain = gain.filter(|gain| gain.low() <= 0.0)?;
        Some(Rival { other, from: other, to: best, gain })
    });
    let larger = all[place + 1..].iter().filter_map(|other| {
        let gain = gain(all[place], other).filter(|gain| gain.high() > PERHAPS)?;
        Some(Rival { other, from: all[place], to: other, gain })
    });
    smaller.chain(larger).collect()
}

/// The rival that most needs to be told about: it differs most, as far as measured.
fn strongest<'a, 'b>(rivals: &'b [Rival<'a>]) -> Option<&'b Rival<'a>> {
    rivals.iter().max_by(|one, other| one.gain.value.total_cmp(&other.gain.value))
}

fn of_size(size: u32, sentence: &str) -> String {
    format!("{}: {sentence}", words::plural(size as usize, "worker"))
}

/// That sizes cannot be told apart, and by what that is seen.
fn not_apart(equal: &[u32], rival: &Rival) -> String {
    let sizes = match equal {
        [few @ .., last] if equal.len() <= NAMED_MAX => {
            let few: Vec<String> = few.iter().map(ToString::to_string).collect();
            format!("{} and {last} workers", few.join(", "))
        }
        many => format!("{} sizes from {} to {} workers", many.len(), many[0], many[many.len() - 1]),
    };
    let (from, to, value) = (rival.from.workers, rival.to.workers, rival.gain.value);
    let does = if to == 1 { "does" } else { "do" };
    let by = percent_of(value.abs());
    let than = if value < -0.005 { "less" } else { "more" };
    format!(
        "{sizes} are equally good as far as measured: {to} {does} {by} {than} than {from}{}, which does not tell them apart",
        interval(Some(rival.gain))
    )
}

/// How many workers carry tasks that come at a rate: the smallest size whose queue surely does not grow at it. `sizes` hold
/// the loads at which queues begin to grow.
pub fn recommend_for_load(sizes: &[SizeMeasured], offered_per_s: f64) -> Option<Advice> {
    let all: Vec<(&SizeMeasured, Estimate)> = sizes.iter().filter_map(|size| Some((size, size.mean()?))).collect();
    let first = |is_enough: &dyn Fn(&Estimate) -> bool| all.iter().position(|(_, load)| is_enough(load));
    let rate = |per_s: f64| words::per_s(per_s, "tasks");
    let Some(place) = first(&|load| load.low() >= offered_per_s) else {
        let (most, load) = all.iter().max_by(|one, other| one.1.value.total_cmp(&other.1.value))?;
        let sentence = format!(
            "{}: the most that was carried, though not surely the {} that come; its queue begins to grow at {}",
            words::plural(most.workers as usize, "worker"),
            rate(offered_per_s),
            between(load),
        );
        let size = most.workers;
        return Some(Advice { size, interval: (size, size), equal: vec![size], sentence });
    };
    let size = all[place].0.workers;
    let least = first(&|load| load.high() >= offered_per_s).map_or(size, |place| all[place].0.workers);
    let sentence = format!(
        "{} {} the {} that come: the queue begins to grow at {}",
        words::plural(size as usize, "worker"),
        if size == 1 { "carries" } else { "carry" },
        rate(offered_per_s),
        between(&all[place].1),
    );
    Some(Advice { size, interval: (least.min(size), size), equal: vec![size], sentence })
}

/// `520 tasks/s (95 % interval 500 to 540)`.
fn between(load: &Estimate) -> String {
    let figure = words::per_s(load.value, "tasks");
    match load.interval {
        Some((low, high)) => {
            format!("{figure} (95 % interval {} to {})", words::number(low), words::number(high))
        }
        None => figure,
    }
}

/// What the next larger size would bring.
fn beside_next(size: &SizeMeasured, next: &SizeMeasured) -> String {
    let gain = gain(size, next);
    let value = gain.map_or(0.0, |gain| gain.value);
    let by = percent_of(value.abs());
    let what = match (next.workers == size.workers + 1, value < -0.005) {
        (true, false) => format!("the {} adds {by}", ordinal(next.workers)),
        (true, true) => format!("with the {} it is {by} less", ordinal(next.workers)),
        (false, false) => format!("{} add {by}", next.workers),
        (false, true) => format!("{} do {by} less", next.workers),
    };
    let why = longer(size, next).map(|why| format!(", and {why}")).unwrap_or_default();
    format!("{what}{}{why}", interval(gain))
}

/// What the largest size brings over the one before it.
fn beside_last(before: &SizeMeasured, last: &SizeMeasured) -> String {
    let gain = gain(before, last);
    let by = percent_of(gain.map_or(0.0, |gain| gain.value).max(0.0));
    format!("{by} more than {}{}, and no larger size was measured", before.workers, interval(gain))
}

fn interval(gain: Option<Estimate>) -> String {
    match gain.and_then(|gain| gain.interval) {
        Some((low, high)) => format!(" (95 % interval {} to {})", whole(low), whole(high)),
        None => " (measured once)".to_string(),
    }
}

/// A share in whole per cent, below zero with a proper minus.
fn whole(share: f64) -> String {
    let percent = (share * 100.0).round();
    // Two measurements that differ may mean anything.
    if percent >= 1000.0 {
        return "over 1000".to_string();
    }
    format!("{}{:.0}", if percent < 0.0 { "−" } else { "" }, percent.abs())
}

fn percent_of(share: f64) -> String {
    format!("{} %", whole(share))
}

/// What becomes longer by the next size: what tasks wait, or else what they take.
fn longer(size: &SizeMeasured, next: &SizeMeasured) -> Option<String> {
    let ratio = |one: Option<f64>, other: Option<f64>| {
        let (one, other) = (one?, other?);
        (one.max(other) >= TIME_NS_MIN).then(|| other.max(1.0) / one.max(TIME_NS_MIN))
    };
    let wait = ratio(size.wait_p99_ns, next.wait_p99_ns).and_then(|ratio| changed("p99 wait", ratio));
    wait.or_else(|| {
        ratio(size.service_p99_ns, next.service_p99_ns).and_then(|ratio| changed("p99 of a task's time", ratio))
    })
}

fn changed(what: &str, ratio: f64) -> Option<String> {
    match ratio {
        _ if !ratio.is_finite() => None,
        same if (SHORTER_FROM..LONGER_FROM).contains(&same) => None,
        shorter if shorter < 1.0 => Some(format!("{what} falls by {}", percent_of(1.0 - shorter))),
        double if (1.9..2.15).contains(&double) => Some(format!("{what} doubles")),
        longer if longer < 1.9 => Some(format!("{what} grows by {}", percent_of(longer - 1.0))),
        times => Some(format!("{what} is {} times as long", words::number(times))),
    }
}

/// `seventh`, `22nd`.
fn ordinal(number: u32) -> String {
    const FIRST: [&str; 12] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
        "twelfth",
    ];
    if let Some(word) = (number as usize).checked_sub(1).and_then(|place| FIRST.get(place)) {
        return (*word).to_string();
    }
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes with what each did in three rounds, about these means.
    fn sizes(figures: &[(u32, f64, f64)]) -> Vec<SizeMeasured> {
        let size = |&(workers, per_s, wait_ms): &(u32, f64, f64)| SizeMeasured {
            workers,
            per_s: [0.99, 1.0, 1.01].map(|times| Some(per_s * times)).to_vec(),
            wait_p99_ns: Some(wait_ms * 1e6),
            service_p99_ns: Some(1e6),
        };
        figures.iter().map(size).collect()
    }

    #[test]
    fn the_smallest_size_that_is_nearly_the_best_is_advised() {
        let all = sizes(&[
            (1, 100.0, 1.0),
            (2, 198.0, 1.0),
            (4, 380.0, 1.0),
            (6, 500.0, 1.5),
            (7, 505.0, 3.0),
            (8, 503.0, 4.0),
        ]);
        let advice = recommend(&all).expect("advice");
        assert_eq!((advice.size, advice.interval), (6, (6, 6)));
        assert_eq!(advice.sentence, "6 workers: the seventh adds 1 % (95 % interval 1 to 1), and p99 wait doubles");
        assert_eq!((peak(&all), knee(&all)), (Some(7), Some(6)));
    }

    #[test]
    fn what_is_known_less_well_has_a_wider_interval() {
        let mut all = sizes(&[(1, 100.0, 1.0), (2, 106.0, 1.0), (4, 109.0, 1.0)]);
        for (round, times) in [0.9, 1.0, 1.1].into_iter().enumerate() {
            // The second size is hit by noise that the others do not have.
            all[1].per_s[round] = Some(106.0 * times);
        }
        let advice = recommend(&all).expect("advice");
        assert_eq!((advice.size, advice.interval, &advice.equal[..]), (2, (2, 4), &[2, 4][..]));
        assert_eq!(
            advice.sentence,
            "2 and 4 workers are equally good as far as measured: 4 do 3 % more than 2 (95 % interval −18 to 29), which does not tell them apart"
        );
        // A round that is missing in one of two is compared in neither.
        all[2].per_s[0] = None;
        assert_eq!(gain(&all[1], &all[2]).expect("a gain").count, 2);
        all[2].per_s = vec![None, None, None];
        assert_eq!(peak(&all), Some(2));
    }

    #[test]
    fn sizes_that_noise_hides_are_not_told_apart_and_those_that_it_does_not_are() {
        // As a workload is measured that is bound by the memory's bandwidth: 2 looks nearly best, and 8 perhaps does much more.
        let of = |workers, per_s: [f64; 4]| SizeMeasured {
            workers,
            per_s: per_s.map(Some).to_vec(),
            wait_p99_ns: None,
            service_p99_ns: None,
        };
        let one = of(1, [700.0, 720.0, 690.0, 710.0]);
        let two = of(2, [1500.0, 1200.0, 1450.0, 1250.0]);
        let eight = of(8, [1300.0, 1500.0, 1250.0, 1600.0]);
        let advice = recommend(&[one.clone(), two.clone(), eight.clone()]).expect("advice");
        assert!(!advice.is_told() && advice.equal == [2, 8] && advice.interval == (2, 8), "{advice:?}");
        assert!(advice.sentence.starts_with("2 and 8 workers are equally good as far as measured: 8 do "));
        // The same where the smaller one did more by chance.
        let advice = recommend(&[one.clone(), eight.clone(), SizeMeasured { workers: 16, ..two }]).expect("advice");
        assert!(advice.equal == [8, 16] && advice.sentence.contains("16 do "), "{advice:?}");
        // A difference that is known well is told, however near it is to what is worth it.
        let advice = recommend(&sizes(&[(1, 100.0, 1.0), (2, 150.0, 1.0), (4, 157.0, 1.0)])).expect("advice");
        assert!(advice.is_told() && advice.size == 2, "{advice:?}");
        // Many are not named one by one.
        let noisy = |at: u32| of(at + 1, [0, 5, 20, 45].map(|by| f64::from(1000 + 60 * ((at * 3 + by) % 7))));
        let advice = recommend(&(0..6).map(noisy).collect::<Vec<_>>()).expect("advice");
        assert!(advice.sentence.starts_with("6 sizes from 1 to 6 workers are equally good"), "{advice:?}");
        // Of a single measurement nobody knows how well it is known.
        let once = [&one, &eight].map(|size| SizeMeasured { per_s: size.per_s[..1].to_vec(), ..size.clone() });
        assert!(recommend(&once).expect("advice").is_told());
    }

    #[test]
    fn the_last_size_the_only_one_and_none_are_told_as_such() {
        let all = sizes(&[(1, 100.0, 1.0), (2, 200.0, 1.0)]);
        let told = recommend(&all).expect("advice").sentence;
        assert_eq!(told, "2 workers: 100 % more than 1 (95 % interval 100 to 100), and no larger size was measured");
        assert_eq!(recommend(&all[..1]).expect("advice").sentence, "1 worker: the only size that was measured");
        assert_eq!((recommend(&[]), peak(&[]), knee(&all)), (None, None, None));
        let mut once = sizes(&[(4, 100.0, 1.0), (8, 90.0, 0.1)]);
        once.iter_mut().for_each(|size| size.per_s.truncate(1));
        let told = recommend(&once).expect("advice").sentence;
        assert_eq!(told, "4 workers: 8 do 10 % less (measured once), and p99 wait falls by 90 %");
    }

    #[test]
    fn tasks_that_come_at_a_rate_need_as_many_as_carry_them() {
        let all = sizes(&[(1, 100.0, 1.0), (2, 200.0, 1.0), (4, 380.0, 1.0)]);
        let advice = recommend_for_load(&all, 150.0).expect("advice");
        assert_eq!((advice.size, advice.interval), (2, (2, 2)));
        assert!(
            advice.sentence.starts_with("2 workers carry the 150 tasks/s that come: the queue begins to grow at 200")
        );
        let advice = recommend_for_load(&all, 400.0).expect("advice");
        assert!(
            advice.size == 4 && advice.sentence.contains("though not surely the 400 tasks/s"),
            "{}",
            advice.sentence
        );
    }

    #[test]
    fn numbers_are_spelt_in_order() {
        let spelt: Vec<String> = [1, 7, 12, 13, 21, 22, 23, 111].map(ordinal).to_vec();
        assert_eq!(spelt, ["first", "seventh", "twelfth", "13th", "21st", "22nd", "23rd", "111th"]);
    }

    proptest::proptest! {
        #[test]
        fn any_figures_make_advice_within_its_interval(
            figures in proptest::collection::vec(
                (0u32..2000, proptest::collection::vec(proptest::option::of(proptest::num::f64::ANY), 0..4)), 0..12)
        ) {
            let size = |(workers, per_s)| SizeMeasured { workers, per_s, wait_p99_ns: Some(1.0), service_p99_ns: None };
            let all: Vec<SizeMeasured> = figures.into_iter().map(size).collect();
            let _ = (knee(&all), recommend_for_load(&all, 10.0));
            if let Some(advice) = recommend(&all) {
                proptest::prop_assert!((advice.interval.0..=advice.interval.1).contains(&advice.size));
                proptest::prop_assert!(advice.equal.contains(&advice.size) && advice.equal.is_sorted());
            }
        }
    }
}
