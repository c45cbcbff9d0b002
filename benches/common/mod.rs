//! What the benchmarks share: sides that take turns, medians of ratios, and a table.
#![allow(unreachable_pub, dead_code, reason = "each benchmark uses its part")]
#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use poolscope::doors::clock;
use poolscope::wire::{Arrivals, LaneId, LanePlan, OnDeath, PoolPlan, QueueHow, Size, WhenFull, WorkloadPlan};
use std::time::Duration;

/// One side of a comparison.
pub struct Side {
    name: &'static str,
    run: Box<dyn FnMut() -> f64>,
}

impl Side {
    /// `run` returns the seconds that its work took.
    pub fn new(name: &'static str, run: impl FnMut() -> f64 + 'static) -> Side {
        Side { name, run: Box::new(run) }
    }
}

/// A side's seconds, round by round.
pub struct Measured {
    /// The side.
    pub name: &'static str,
    /// Seconds of each round.
    pub seconds: Vec<f64>,
}

/// Runs the sides in turn, `rounds` times after one that does not count.
pub fn alternate(mut sides: Vec<Side>, rounds: usize) -> Vec<Measured> {
    let mut measured: Vec<Measured> =
        sides.iter().map(|side| Measured { name: side.name, seconds: Vec::new() }).collect();
    for round in 0..=rounds {
        for (side, result) in sides.iter_mut().zip(&mut measured) {
            let seconds = (side.run)();
            if round > 0 {
                result.seconds.push(seconds);
            }
        }
    }
    measured
}

/// The middle one of some figures.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The side with the least median.
pub fn fastest(sides: &[Measured]) -> &Measured {
    sides.iter().min_by(|a, b| median(&a.seconds).total_cmp(&median(&b.seconds))).expect("at least one side")
}

/// The median over the rounds of how many times as fast as `base` a side was.
pub fn ratio(side: &Measured, base: &Measured) -> f64 {
    let ratios: Vec<f64> = base.seconds.iter().zip(&side.seconds).map(|(base, side)| base / side).collect();
    median(&ratios)
}

/// Prints each side's median as nanoseconds a task.
pub fn print_ns_a_task(what: &str, tasks: u64, sides: &[Measured]) {
    println!("\n{what}: ns a task, median of {} (least to most)", sides.first().map_or(0, |side| side.seconds.len()));
    for side in sides {
        let ns = |seconds: f64| seconds * 1e9 / tasks as f64;
        let (least, most) = side.seconds.iter().fold((f64::MAX, 0f64), |(least, most), &s| (least.min(s), most.max(s)));
        println!("  {:<46} {:>9.0}   ({:.0} to {:.0})", side.name, ns(median(&side.seconds)), ns(least), ns(most));
    }
}

/// Waits until `ended` says `tasks`, looking seldom while much is left: looking takes time from what is measured.
pub fn wait_for(tasks: u64, ended: impl Fn() -> u64) {
    let began_ns = clock::monotonic_ns();
    loop {
        let done = ended();
        if done >= tasks {
            return;
        }
        let so_far_ns = clock::monotonic_ns() - began_ns;
        let left_ns = so_far_ns as f64 / done.max(1) as f64 * (tasks - done) as f64;
        clock::sleep(
            Duration::from_nanos((left_ns / 2.0) as u64).clamp(Duration::from_micros(50), Duration::from_millis(50)),
        );
    }
}

/// A line of the table of figures to reach.
pub struct Row {
    what: String,
    reached: f64,
    at_least: f64,
}

impl Row {
    /// `reached` is to be `at_least`.
    pub fn new(what: String, reached: f64, at_least: f64) -> Row {
        Row { what, reached, at_least }
    }
}

/// Prints the table as Markdown.
pub fn print_rows(rows: &[Row]) {
    println!("\n| what | to reach | reached | |\n| --- | --- | --- | --- |");
    for row in rows {
        let mark = if row.reached >= row.at_least { "✓" } else { "✕" };
        println!("| {} | {} | {:.2} | {mark} |", row.what, row.at_least, row.reached);
    }
}

/// A lane of threads that spin `units` a task, fed as fast as it can.
pub fn spin_plan(workers: u32, units: u32) -> LanePlan {
    LanePlan {
        id: LaneId(1),
        name: "bench".to_string(),
        pool: PoolPlan::Threads { queue: QueueHow::Channel },
        workers,
        capacity: None,
        when_full: WhenFull::Block,
        arrivals: Arrivals::Closed { outstanding: 8192 },
        chunk: 1,
        workload: WorkloadPlan::Spin,
        size: Size::Constant { units },
        on_death: OnDeath::Lose,
        tasks: None,
        cores: Vec::new(),
        pin: false,
        nice: 0,
        telemetry: true,
        seed: 7,
    }
}
