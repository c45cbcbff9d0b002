//! A sweep as a text for people: a table for each curve, the laws that it follows, and what is advised.
//!
//! ```text
//! lane 1 (threads)
//! workers  throughput               × first  p99 wait  p99 task  cores  tasks/CPU s  Little
//!       1  1,036 ±1.2 %   ████▌     ×1.00    12 ms     1.1 ms    0.99   1,046        +1 %
//! ```

use super::super::clean;
use super::super::text::{bar, paragraph};
use super::summary::{Figure, FitSummary, PointSummary, SweepSummary};
use crate::stats::words;

/// A sweep as a text.
pub fn sweep_text(summary: &SweepSummary) -> String {
    let mut out = head(summary);
    for fit in &summary.fits {
        out.push('\n');
        table(&mut out, summary, fit);
        laws(&mut out, fit);
        advice(&mut out, summary, fit);
    }
    foot(&mut out, summary);
    out
}

fn head(summary: &SweepSummary) -> String {
    let machine = &summary.machine;
    let parallelism = machine.parallelism_measured.map_or(words::NOT_AVAILABLE.to_string(), |of| format!("{of:.2}"));
    let quota = machine.quota.map_or("no quota".to_string(), |quota| format!("quota {}", words::cores(quota)));
    let cores = words::plural(machine.cores as usize, "core");
    let each = format!("{} s each after {} s of warming up", seconds(summary.for_s), seconds(summary.warmup_s));
    let rounds = words::plural(summary.repeat as usize, "round");
    let further = match summary.rounds_further {
        0 => String::new(),
        some => format!(" and {some} further of sizes too close to tell apart"),
    };
    let mut out = format!(
        "{}: a sweep of {} in {rounds}{further}, {each}; it took {:.0} s\n",
        clean(&summary.scenario),
        words::plural(summary.fits.len(), "curve"),
        summary.seconds
    );
    let os = clean(&machine.os);
    paragraph(&mut out, "machine     ", &format!("{cores}, {quota}, parallelism {parallelism} measured; {os}"));
    if !summary.complete {
        let text = format!("{} of {} measurements: it was ended early", summary.ended, summary.planned);
        paragraph(&mut out, "measured    ", &text);
    }
    out
}

/// `2`, `0.25`.
fn seconds(s: f64) -> String {
    words::number(s)
}

/// A column: its heading, and what stands in it.
type Column = (&'static str, fn(&PointSummary, &Around) -> String);

/// What a cell is told beside its point.
struct Around {
    first: Option<f64>,
    most: f64,
    is_open: bool,
}

const COLUMNS_OF_TABLE: [Column; 10] = [
    ("workers", |point, _| point.workers.to_string()),
    ("tasks/s", |point, _| spread(point.throughput_per_s)),
    ("", |point, around| {
        let per_s = scaled(point, around).map_or(0.0, |figure| figure.mean);
        bar(per_s / around.most * 0.5)
    }),
    ("× first", |point, around| match (scaled(point, around), around.first) {
        (Some(figure), Some(first)) if first > 0.0 => words::times(figure.mean / first),
        _ => words::NOT_AVAILABLE.to_string(),
    }),
    ("grows at", |point, around| if around.is_open { spread(point.load_per_s) } else { String::new() }),
    ("p99 wait", |point, _| time(point.wait_us.p99)),
    ("p99 task", |point, _| time(point.service_us.p99)),
    ("~p99 whole", |point, _| time(point.whole_us.p99)),
    ("cores", |point, _| given(point.cores, |figure| format!("{:.2}", figure.mean))),
    ("tasks/CPU s", |point, _| given(point.tasks_per_cpu_s, |figure| words::number(figure.mean))),
];

fn scaled(point: &PointSummary, around: &Around) -> Option<Figure> {
    if around.is_open { point.load_per_s } else { point.throughput_per_s }
}

fn table(out: &mut String, summary: &SweepSummary, fit: &FitSummary) {
    let points: Vec<&PointSummary> = summary.points.iter().filter(|point| point.curve == fit.curve).collect();
    let is_open = points.iter().any(|point| point.load_per_s.is_some());
    let mut around = Around { first: None, most: f64::MIN_POSITIVE, is_open };
    let means: Vec<f64> = points.iter().filter_map(|point| Some(scaled(point, &around)?.mean)).collect();
    around.first = means.first().copied();
    around.most = means.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    out.push_str(&format!("{}\n", clean(&fit.name)));
    let cells: Vec<Vec<String>> = COLUMNS_OF_TABLE
        .iter()
        .map(|(heading, cell)| {
            let cells =
                points.iter().map(|point| if point.measured > 0 { cell(point, &around) } else { lost(point, heading) });
            std::iter::once((*heading).to_string()).chain(cells).collect()
        })
        .collect();
    // A column of which there is nothing to tell is left out.
    let told = |column: &&Vec<String>| column.iter().skip(1).any(|cell| !cell.is_empty());
    let cells: Vec<&Vec<String>> = cells.iter().filter(told).collect();
    for row in 0..=points.len() {
        let mut line = String::new();
        for (place, column) in cells.iter().enumerate() {
            let width = column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
            let cell = &column[row];
            let blanks = " ".repeat(width - cell.chars().count());
            // Numbers of workers stand on the right, so that their digits do.
            line.push_str(&if place == 0 { format!("{blanks}{cell}  ") } else { format!("{cell}{blanks}  ") });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    littles(out, &points);
}

/// Little's law: at how many sizes it holds, and where it does not.
fn littles(out: &mut String, points: &[&PointSummary]) {
    let checked = points.iter().filter_map(|point| Some((point.workers, point.little?))).collect::<Vec<_>>();
    let holding = checked.iter().filter(|(_, little)| little.holds).count();
    if !checked.is_empty() {
        let of = checked.len();
        paragraph(out, "Little      ", &format!("tasks there = rate × time, within 10 % at {holding} of {of} sizes"));
    }
    for (workers, little) in checked.iter().filter(|(_, little)| !little.holds) {
        let why = if little.queue_full { ": the queue was full, and others waited outside of it" } else { "" };
        let text = format!(
            "{}: {} tasks were there, the law says {}{why}",
            words::plural(*workers as usize, "worker"),
            words::number(little.in_system),
            words::number(little.expected)
        );
        paragraph(out, "            ", &text);
    }
}

/// What stands in the row of a size of which nothing was measured.
fn lost(point: &PointSummary, heading: &str) -> String {
    match heading {
        "workers" => point.workers.to_string(),
        "tasks/s" if point.lost > 0 => "failed".to_string(),
        "tasks/s" => "not measured".to_string(),
        _ => String::new(),
    }
}

/// `1,036 ±1.2 %`.
fn spread(figure: Option<Figure>) -> String {
    let Some(figure) = figure else { return words::NOT_AVAILABLE.to_string() };
    match figure.high {
        Some(high) if figure.mean > 0.0 => {
            format!("{} ±{}", words::number(figure.mean), words::percent((high - figure.mean) / figure.mean))
        }
        _ => words::number(figure.mean),
    }
}

fn time(figure: Option<Figure>) -> String {
    given(figure, |figure| words::duration((figure.mean * 1e3) as u64))
}

fn given(figure: Option<Figure>, spell: impl Fn(Figure) -> String) -> String {
    figure.map_or(words::NOT_AVAILABLE.to_string(), spell)
}

fn laws(out: &mut String, fit: &FitSummary) {
    for (label, law) in [("Amdahl", &fit.amdahl), ("USL", &fit.usl)] {
        paragraph(out, &format!("{label:<12}"), &law.words);
    }
    if let Some(up_to) = fit.fitted_up_to {
        let why = match fit.cpu_bound {
            Some(true) => "tasks need a core each",
            _ => "whether tasks need a core each is n/a here",
        };
        let text = format!(
            "{why}: only sizes up to {up_to} are fitted, as many cores as this machine was measured to give at once"
        );
        paragraph(out, "            ", &text);
    }
    if let Some(peak) = fit.peak {
        let knee = fit.knee.map_or("it bends nowhere".to_string(), |knee| format!("the curve bends most at {knee}"));
        let text = format!("{} did most; {knee}", words::plural(peak as usize, "worker"));
        paragraph(out, "peak, knee  ", &text);
    }
}

fn advice(out: &mut String, summary: &SweepSummary, fit: &FitSummary) {
    let Some(advised) = &fit.recommended else { return };
    let [least, most] = advised.interval;
    let range = if least == most || advised.equal.len() > 1 {
        String::new()
    } else {
        format!(" (between {least} and {most}, with 95 % confidence)")
    };
    let is_best = summary.recommended.as_ref().is_some_and(|best| best.curve == fit.curve);
    let mark = if is_best && summary.fits.len() > 1 { " It does the most of all curves." } else { "" };
    paragraph(out, "▸ ", &format!("{}{range}.{mark}", advised.sentence));
}

fn foot(out: &mut String, summary: &SweepSummary) {
    out.push_str("\n~ estimated: waits and times of tasks were measured apart; ± is half of the 95 % interval\n");
    for text in &summary.left_out {
        paragraph(out, "· ", &clean(text));
    }
    for trouble in &summary.troubles {
        let workers = words::plural(trouble.workers as usize, "worker");
        let name = summary.fits.get(trouble.curve as usize).map_or("", |fit| fit.name.as_str());
        let what = if trouble.lost { "was not measured" } else { "was measured, but" };
        let text = format!("{name}, {workers}, round {}: {what}: {}", trouble.round, trouble.text);
        paragraph(out, "! ", &clean(&text));
    }
}
