//! What is to be swept: sizes and what else is varied, as typed; and the plan of a sweep that a scenario comes to.
//!
//! ```text
//! --workers 1,2,4,8 · 1..8            numbers and ranges, mixed as one likes
//! --vary lane.1.chunk=1,16,256        a key as in --set, and what it is to be, one after the other
//! ```
//!
//! Every size is resolved by itself, so what follows from the number of workers (`"4*workers+60"` tasks outstanding)
//! follows it. Whatever cannot be is refused here, before anything runs.

use super::draft::Draft;
use super::{Overrides, Problem, Scenario};
use crate::wire::{CurvePlan, LaneId, LanePlan, Machine, Plan, PoolPlan, SweepPlan, Varied, WORKERS_MAX};

/// The most sizes that a sweep has.
pub const SIZES_MAX: usize = 256;

/// The most curves: lanes, times what is varied.
const CURVES_MAX: usize = 64;

/// The most values of one thing that is varied.
const VALUES_MAX: usize = 32;

/// So many further rounds there are at the most, of sizes that cannot be told apart: as many as there were anyway, so that a
/// sweep takes at most twice as long.
const FURTHER_MAX: u32 = 5;

/// Which sizes are measured where nobody says so: doubled from one up to this many times the cores, and at least to
/// sixteen.
const CORES_TIMES: u32 = 2;
const UP_TO_MIN: u32 = 16;

/// What a sweep is to be, as far as the scenario does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepWish {
    /// Numbers of workers; the usual ones where there are none.
    pub sizes: Vec<u32>,
    /// How long each is measured, in milliseconds.
    pub for_ms: u64,
    /// How often.
    pub repeat: u32,
    /// The lane, counted from 1; all that can be swept where none is named.
    pub lane: Option<usize>,
    /// What else is varied, as typed.
    pub vary: Vec<String>,
}

impl Default for SweepWish {
    fn default() -> SweepWish {
        SweepWish { sizes: Vec::new(), for_ms: 2000, repeat: 5, lane: None, vary: Vec::new() }
    }
}

/// Reads numbers of workers: `1,2,4,8,16`, `1..32`, or both mixed. Sorted, each once.
///
/// # Errors
/// What is wrong and what to write, in a sentence.
pub fn read_sizes(text: &str) -> Result<Vec<u32>, String> {
    let mut sizes = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = match part.split_once("..") {
            Some((first, last)) => (number(first)?, number(last.trim_start_matches('='))?),
            None => (number(part)?, number(part)?),
        };
        if first > last {
            return Err(format!("`{part}` has no number in it: write the smaller one first, as in {last}..{first}"));
        }
        sizes.extend(first..=last);
    }
    sizes.sort_unstable();
    sizes.dedup();
    match sizes.len() {
        many if many > SIZES_MAX => {
            Err(format!("{many} sizes are too many: {SIZES_MAX} at the most, as in 1,2,4,8,16,32,64"))
        }
        _ => Ok(sizes),
    }
}

fn number(text: &str) -> Result<u32, String> {
    let text = text.trim();
    let number = text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.filter(|number| (1..=WORKERS_MAX).contains(number));
    let shown: String = text.chars().take(20).collect();
    number.ok_or_else(|| format!("`{shown}` is no number of workers from 1 to {WORKERS_MAX}: write 1,2,4,8 or 1..8"))
}

/// The sizes that are measured where nobody names any: 1, 2, 4, 8, 16, and further on a machine with more cores.
pub fn usual_sizes(machine: &Machine) -> Vec<u32> {
    let up_to = machine.cores.saturating_mul(CORES_TIMES).clamp(UP_TO_MIN, WORKERS_MAX);
    std::iter::successors(Some(1u32), |size| size.checked_mul(2)).take_while(|size| *size <= up_to).collect()
}

/// Something to vary, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vary {
    /// The lane, counted from 1; none for every lane.
    pub lane: Option<usize>,
    /// The key of the lane.
    pub key: String,
    /// What it is to be, one after the other.
    pub values: Vec<String>,
}

/// Reads `lane.1.chunk=1,16,256`. Commas inside of quotes, brackets and braces part nothing.
///
/// # Errors
/// What is wrong and what to write, in a sentence.
pub fn read_vary(text: &str) -> Result<Vary, String> {
    let shown: String = text.chars().take(60).collect();
    let example = "write KEY=VALUE,VALUE, as in lane.1.chunk=1,16,256";
    let (path, values) = text.split_once('=').ok_or_else(|| format!("`{shown}` has no `=` in it: {example}"))?;
    let path = path.trim();
    let (lane, key) = match path.split_once('.') {
        Some(("every-lane", key)) => (None, key),
        Some(("lane", rest)) => match rest.split_once('.') {
            Some(("*", key)) => (None, key),
            Some((lane, key)) => {
                let number = lane.parse::<usize>().ok().filter(|lane| *lane > 0);
                (
                    Some(number.ok_or_else(|| format!("`{lane}` is no lane: lanes count from 1, and `*` means each"))?),
                    key,
                )
            }
            None => return Err(format!("`{path}` names no key of a lane: {example}")),
        },
        _ => return Err(format!("`{path}` is no key of a lane, and nothing else can be varied: {example}")),
    };
    match key {
        "" => return Err(format!("`{path}` names no key of a lane: {example}")),
        "workers" => return Err("workers are what a sweep varies anyway: use --workers".to_string()),
        "tasks" => return Err("a sweep measures for a time, not for a number of tasks: use --for".to_string()),
        _ => {}
    }
    let values = parted(values);
    if values.iter().any(String::is_empty) {
        return Err(format!("`{shown}` has an empty value in it: {example}"));
    }
    if values.len() > VALUES_MAX {
        return Err(format!("`{path}` has {} values: {VALUES_MAX} at the most", values.len()));
    }
    Ok(Vary { lane, key: key.to_string(), values })
}

/// Values between commas, as far as these stand outside of quotes, brackets and braces.
fn parted(text: &str) -> Vec<String> {
    let (mut values, mut value) = (Vec::new(), String::new());
    let (mut depth, mut quote) = (0usize, None);
    for letter in text.chars() {
        match (letter, quote) {
            (',', None) if depth == 0 => {
                values.push(std::mem::take(&mut value).trim().to_string());
                continue;
            }
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth = depth.saturating_sub(1),
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            _ => {}
        }
        value.push(letter);
    }
    values.push(value.trim().to_string());
    values
}

/// One choice of what is varied: the sets that make it, and how it is called.
type Choice = (Vec<String>, Vec<Varied>);

/// The sweep that a scenario comes to on a machine.
///
/// # Errors
/// What is wrong with the wish or the sets, or impossible on this machine: one text for people.
pub fn sweep(
    scenario: &Scenario,
    machine: &Machine,
    overrides: &Overrides,
    wish: &SweepWish,
) -> Result<SweepPlan, String> {
    // One lane runs at a time: none needs cores of its own.
    let mut overrides = overrides.clone();
    let own_sets = overrides.sets.len();
    overrides.sets.push("mode=together".to_string());
    let words = |problems: Vec<Problem>| {
        let named = problems.into_iter().map(|mut problem| {
            let number = problem.origin.strip_prefix("--set ").and_then(|number| number.parse::<usize>().ok());
            if number.is_some_and(|number| number > own_sets) {
                problem.origin = "the sweep".to_string();
            }
            problem.to_string()
        });
        named.collect::<Vec<_>>().join("\n")
    };
    let plan_with = |sets: &[String]| {
        let sets = overrides.sets.iter().chain(sets).cloned().collect();
        scenario.plan(machine, &Overrides { sets, ..overrides.clone() }).map_err(words)
    };
    let plan = plan_with(&[])?;
    let sizes = if wish.sizes.is_empty() { usual_sizes(machine) } else { wish.sizes.clone() };
    let varies = wish.vary.iter().map(|text| read_vary(text).map_err(|why| format!("--vary: {why}")));
    let varies = varies.collect::<Result<Vec<_>, String>>()?;
    let (swept, left_out) = lanes_to_sweep(&plan, wish.lane)?;
    for vary in &varies {
        if vary.lane.is_some_and(|lane| !swept.contains(&lane)) {
            let lane = vary.lane.unwrap_or_default();
            return Err(format!("--vary: lane {lane} is not swept: name another lane, or leave --lane out"));
        }
    }
    let mut curves: Vec<CurvePlan> = Vec::new();
    for lane in swept {
        let of_lane: Vec<&Vary> = varies.iter().filter(|vary| vary.lane.is_none_or(|number| number == lane)).collect();
        for (sets, varied) in choices(lane, &of_lane) {
            let at_size = |size: &u32| {
                let sets: Vec<String> = sets.iter().cloned().chain([format!("lane.{lane}.workers={size}")]).collect();
                let found = plan_with(&sets)?.lanes.into_iter().nth(lane - 1);
                found.ok_or_else(|| format!("there is no lane {lane}"))
            };
            let lanes = sizes.iter().map(at_size).collect::<Result<Vec<LanePlan>, String>>()?;
            curves.push(curve(lane, varied, lanes));
            if curves.len() > CURVES_MAX {
                return Err(format!(
                    "lanes and what is varied make more than {CURVES_MAX} curves: vary less, or name one --lane"
                ));
            }
        }
    }
    let (curves, same) = without_doubles(curves);
    Ok(made(plan, sizes, wish, curves, left_out.into_iter().chain(same).collect()))
}

/// Lanes that differ in nothing but their size are one curve: what a sweep of one of them shows is what it shows of all.
fn without_doubles(curves: Vec<CurvePlan>) -> (Vec<CurvePlan>, Vec<String>) {
    let (mut kept, mut same): (Vec<CurvePlan>, Vec<String>) = (Vec::new(), Vec::new());
    let is_same = |one: &CurvePlan, other: &CurvePlan| {
        let like = |lane: &LanePlan, other: &LanePlan| {
            *lane == LanePlan { id: lane.id, name: lane.name.clone(), ..other.clone() }
        };
        one.varied == other.varied && one.lanes.iter().zip(&other.lanes).all(|(lane, other)| like(lane, other))
    };
    for curve in curves {
        match kept.iter_mut().find(|known| is_same(known, &curve)) {
            Some(known) => {
                same.push(format!("lane {} is left out: it is lane {} with another size", curve.lane, known.lane));
                // A name that tells one of them from the others tells a size.
                known.name = known.lanes.first().map_or("", |lane| lane.pool.name()).to_string();
                let name = known.name.clone();
                known.lanes.iter_mut().for_each(|lane| lane.name.clone_from(&name));
            }
            None => kept.push(curve),
        }
    }
    same.dedup();
    (kept, same)
}

/// The sweep of one lane (counted from 0) of what is being edited.
///
/// # Errors
/// Why that cannot be, in a sentence.
pub fn sweep_of_draft(draft: &Draft, lane: usize, machine: &Machine, wish: &SweepWish) -> Result<SweepPlan, String> {
    let words = |problems: Vec<Problem>| problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
    let plan = draft.plan(machine).map_err(words)?;
    lanes_to_sweep(&plan, Some(lane + 1))?;
    let sizes = if wish.sizes.is_empty() { usual_sizes(machine) } else { wish.sizes.clone() };
    let at_size = |size: &u32| {
        let mut draft = draft.clone();
        draft.set(Some(lane), "workers", &size.to_string(), machine)?;
        let found = draft.plan(machine).map_err(words)?.lanes.into_iter().nth(lane);
        found.ok_or_else(|| format!("there is no lane {}", lane + 1))
    };
    let lanes = sizes.iter().map(at_size).collect::<Result<Vec<_>, String>>()?;
    let curves = vec![curve(lane + 1, Vec::new(), lanes)];
    Ok(made(plan, sizes, wish, curves, Vec::new()))
}

fn made(plan: Plan, sizes: Vec<u32>, wish: &SweepWish, curves: Vec<CurvePlan>, left_out: Vec<String>) -> SweepPlan {
    let warmup_ms = (wish.for_ms / 4).clamp(20, 1000);
    // Of a single round nobody knows how far figures spread, and nobody who asks for one wants more. Where tasks come by
    // themselves, nothing is advised that is not sure.
    let is_advised = wish.repeat > 1 && curves.iter().any(|curve| curve.offered_per_s().is_none());
    let further = if is_advised { wish.repeat.min(FURTHER_MAX) } else { 0 };
    SweepPlan { plan, sizes, for_ms: wish.for_ms, warmup_ms, repeat: wish.repeat, further, curves, left_out }
}

/// A curve; a lane whose name tells its size is called by its pool.
fn curve(lane: usize, varied: Vec<Varied>, lanes: Vec<LanePlan>) -> CurvePlan {
    let first = lanes.first();
    let is_one = lanes.iter().all(|lane| Some(&lane.name) == first.map(|first| &first.name));
    let name = first.map(|first| if is_one { first.name.clone() } else { first.pool.name().to_string() });
    let of_size = |mut lane: LanePlan| {
        if let PoolPlan::Command(command) = &mut lane.pool {
            command.again = true;
        }
        LanePlan { name: name.clone().unwrap_or_default(), tasks: None, ..lane }
    };
    let lanes = lanes.into_iter().map(of_size).collect();
    CurvePlan { lane: LaneId::of_index(lane - 1), name: name.clone().unwrap_or_default(), varied, lanes }
}

/// The lanes that are swept, counted from 1, and why others are not.
fn lanes_to_sweep(plan: &Plan, wanted: Option<usize>) -> Result<(Vec<usize>, Vec<String>), String> {
    let lanes = plan.lanes.len();
    let refused = |number: usize| plan.lanes.get(number - 1).and_then(LanePlan::not_to_be_sized);
    if let Some(number) = wanted {
        if !(1..=lanes).contains(&number) {
            return Err(format!("there is no lane {number}: lanes count from 1 to {lanes}"));
        }
        return match refused(number) {
            Some(why) => Err(format!("lane {number} has nothing to sweep: {why}")),
            None => Ok((vec![number], Vec::new())),
        };
    }
    let (swept, others): (Vec<usize>, Vec<usize>) = (1..=lanes).partition(|number| refused(*number).is_none());
    let left_out = |number: usize| format!("lane {number} is left out: {}", refused(number).unwrap_or_default());
    let left_out: Vec<String> = others.into_iter().map(left_out).collect();
    if swept.is_empty() {
        let help = "choose a scenario with a pool of threads or processes (`poolscope list`)";
        return Err(format!("no lane can be swept: {}; {help}", left_out.join("; ")));
    }
    Ok((swept, left_out))
}

/// Every combination of what is varied in a lane.
fn choices(lane: usize, varies: &[&Vary]) -> Vec<Choice> {
    let mut all: Vec<Choice> = vec![(Vec::new(), Vec::new())];
    for vary in varies {
        let with = |(sets, varied): &Choice| {
            let one = |value: &String| {
                let (mut sets, mut varied) = (sets.clone(), varied.clone());
                sets.push(format!("lane.{lane}.{}={value}", vary.key));
                varied.push(Varied { key: vary.key.clone(), value: value.clone() });
                (sets, varied)
            };
            vary.values.iter().map(one).collect::<Vec<_>>()
        };
        // More than there is room for is refused by the number of curves.
        all = all.iter().flat_map(with).take(CURVES_MAX + 1).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::resolve::any_machine;
    use super::super::{OwnCommand, find, of_command};
    use super::*;
    use crate::wire::{Arrivals, JobLog, Resume};
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_and_nonsense_is_refused() {
        let read = |text: &str| read_sizes(text);
        assert_eq!(read("1,2,4"), Ok(vec![1, 2, 4]));
        assert_eq!(read("1..4"), Ok(vec![1, 2, 3, 4]));
        assert_eq!(read(" 8 , 1..3, 2 "), Ok(vec![1, 2, 3, 8]));
        for wrong in ["", "0", "1,,2", "4..1", "x", "1..", "-1", "1.5", "1025", "1..1024", "+1", "99999999999"] {
            let why = read(wrong).expect_err(wrong);
            assert!(why.contains("write ") || why.contains("at the most"), "{why}");
        }
        assert_eq!(usual_sizes(&any_machine()), [1, 2, 4, 8, 16]);
        assert_eq!(usual_sizes(&Machine { cores: 48, ..any_machine() }).last(), Some(&64));
    }

    #[test]
    fn what_is_varied_is_read_and_nonsense_is_refused() {
        let vary = read_vary("lane.1.chunk=1,16,256").expect("read");
        assert_eq!((vary.lane, vary.key.as_str(), vary.values.join("|").as_str()), (Some(1), "chunk", "1|16|256"));
        let vary = read_vary(r#"lane.*.workload={ kind = "crash", way = "panic" },"primes, or not""#).expect("read");
        assert_eq!((vary.lane, vary.values.len()), (None, 2));
        for (wrong, part) in [
            ("chunk", "no `=`"),
            ("chunk=1", "no key of a lane"),
            ("mode=together,turns", "no key of a lane"),
            ("lane.chunk=1", "names no key"),
            ("lane.0.chunk=1", "lanes count from 1"),
            ("lane.1.workers=1,2", "--workers"),
            ("lane.1.tasks=1,2", "--for"),
            ("lane.1.chunk=", "empty value"),
            ("lane.1.chunk=1,,2", "empty value"),
            ("lane.1.=1", "names no key"),
        ] {
            let why = read_vary(wrong).expect_err(wrong);
            assert!(why.contains(part), "{wrong}: {why}");
        }
    }

    fn swept(name: &str, wish: &SweepWish) -> Result<SweepPlan, String> {
        sweep(&find(name, None).expect("built in"), &any_machine(), &Overrides::default(), wish)
    }

    #[test]
    fn every_size_is_resolved_by_itself_and_lanes_without_sizes_are_left_out() {
        let wish = SweepWish { sizes: vec![1, 8], ..SweepWish::default() };
        let plan = swept("pool-size", &wish).expect("a sweep");
        // Its lanes differ in nothing but their size.
        assert_eq!((plan.curves.len(), plan.curves[0].name.as_str()), (1, "threads"));
        assert!(plan.left_out[0].contains("it is lane 1 with another size"), "{:?}", plan.left_out);
        assert!(!plan.curves.is_empty() && plan.curves.iter().all(|curve| curve.lanes.len() == 2));
        for curve in &plan.curves {
            let workers: Vec<u32> = curve.lanes.iter().map(|lane| lane.workers).collect();
            assert_eq!(workers, [1, 8]);
            if let [Arrivals::Closed { outstanding: few }, Arrivals::Closed { outstanding: many }] =
                curve.lanes.iter().map(|lane| lane.arrivals).collect::<Vec<_>>()[..]
            {
                assert!(many > few, "what follows from the workers follows the size");
            }
        }
        assert_eq!(plan.measurements(), plan.curves.len() as u64 * 2 * 5);
        let why = swept("lost-update", &wish).expect_err("programs have threads of their own");
        assert!(why.contains("no lane can be swept") && why.contains("poolscope list"), "{why}");
        let why = swept("pool-size", &SweepWish { lane: Some(99), ..wish.clone() }).expect_err("no such lane");
        assert!(why.contains("there is no lane 99"), "{why}");
    }

    #[test]
    fn lanes_times_what_is_varied_make_the_curves() {
        let wish = SweepWish { sizes: vec![1, 2], lane: Some(1), ..SweepWish::default() };
        let vary = |vary: &[&str]| SweepWish { vary: vary.iter().map(ToString::to_string).collect(), ..wish.clone() };
        let plan = swept("chunk-size", &vary(&["lane.1.chunk=1,16", "lane.*.nice=0,5"])).expect("a sweep");
        let words: Vec<String> = plan.curves.iter().map(CurvePlan::words).collect();
        assert_eq!(words.len(), 4, "{words:?}");
        assert!(words[1].ends_with(", chunk=1, nice=5"), "{words:?}");
        assert_eq!(plan.curves[2].lanes[0].chunk, 16);
        for (wrong, part) in [
            ("lane.1.chnk=1,2", "did you mean `chunk`"),
            ("lane.2.chunk=1,2", "lane 2 is not swept"),
            ("lane.1.chunk=1,elephant", "elephant"),
        ] {
            let why = swept("chunk-size", &vary(&[wrong])).expect_err(wrong);
            assert!(why.contains(part), "{wrong}: {why}");
        }
    }

    #[test]
    fn inputs_that_are_noted_when_they_are_done_are_not_done_again() {
        let draft_of = |log: Option<JobLog>| {
            let own =
                OwnCommand { command: b"true".to_vec(), inputs: Some(b"1..9".to_vec()), log, ..OwnCommand::default() };
            let scenario = of_command(&own).unwrap_or_else(|problems| panic!("{problems:?}"));
            Draft::of(&scenario, &Overrides::default())
        };
        let swept = |log| sweep_of_draft(&draft_of(log), 0, &any_machine(), &SweepWish::default());
        let plan = swept(None).expect("a sweep");
        let begins_anew = |lane: &LanePlan| lane.pool.command().is_some_and(|command| command.again);
        assert!(plan.curves[0].lanes.iter().all(begins_anew) && !plan.plan.lanes.iter().any(begins_anew));
        let why = swept(Some(JobLog { path: "log".into(), resume: Resume::No })).expect_err("a log");
        assert!(why.contains("job log"), "{why}");
    }

    #[test]
    fn a_lane_that_is_edited_is_swept_like_one_that_is_named() {
        let scenario = find("pool-size", None).expect("built in");
        let wish = SweepWish { sizes: vec![1, 4], lane: Some(2), ..SweepWish::default() };
        let draft = Draft::of(&scenario, &Overrides::default());
        let of_draft = sweep_of_draft(&draft, 1, &any_machine(), &wish).expect("a sweep");
        assert_eq!(of_draft.curves, swept("pool-size", &wish).expect("a sweep").curves);
    }

    proptest! {
        #[test]
        fn any_text_is_sizes_or_an_error(text in "[0-9.,= x-]{0,30}|.{0,40}") {
            match read_sizes(&text) {
                Ok(sizes) => {
                    prop_assert!(!sizes.is_empty() && sizes.len() <= SIZES_MAX);
                    prop_assert!(sizes.is_sorted_by(|one, other| one < other));
                    prop_assert!(sizes.iter().all(|size| (1..=WORKERS_MAX).contains(size)));
                }
                Err(why) => prop_assert!(!why.is_empty()),
            }
        }

        #[test]
        fn sizes_come_back_as_they_were_written(mut sizes in prop::collection::vec(1u32..=1024, 1..50)) {
            let text: Vec<String> = sizes.iter().map(ToString::to_string).collect();
            let read = read_sizes(&text.join(","));
            sizes.sort_unstable();
            sizes.dedup();
            prop_assert_eq!(read, Ok(sizes));
        }

        #[test]
        fn any_text_is_something_to_vary_or_an_error(text in "(lane[.][0-9*]{1,2}[.])?[a-z.]{0,12}=?.{0,40}") {
            if let Ok(vary) = read_vary(&text) {
                prop_assert!(!vary.key.is_empty() && !vary.values.is_empty() && vary.values.iter().all(|one| !one.is_empty()));
                let written = format!("lane.{}.{}={}",
                    vary.lane.map_or("*".to_string(), |lane| lane.to_string()), vary.key, vary.values.join(","));
                prop_assert_eq!(read_vary(&written), Ok(vary));
            }
        }
    }
}
