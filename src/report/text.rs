//! The summary as a table for people: a row for each figure, a column for each lane.
//!
//! ```text
//!             1 one worker             2 threads
//!             ─────────────────────── ───────────────────────
//! throughput  1,636 tasks/s            1,982 tasks/s
//!             ████████████████▌        ████████████████████
//! × lane 1    1.00                     1.21
//! ```
//!
//! At most [`COLUMNS`] columns. Nothing that matters is cut: where a cell is too narrow its shorter wording is taken.

use super::{LaneSummary, Latency, Summary, Verdict, clean};
use crate::stats::words;

/// The most columns that a line takes.
const COLUMNS: usize = 108;

/// Lanes beside each other in one table; more make another table.
const LANES_A_TABLE: usize = 4;

const LABEL_COLUMNS: usize = 12;
/// A lane's columns, with the blank after it: as many as there is room for, between these.
const LANE_COLUMNS: std::ops::RangeInclusive<usize> = 24..=32;

/// What stands in a cell of which there is nothing to tell; a row of these is left out.
const NOTHING: &str = "·";

/// A cell, from the fullest wording to the shortest.
type Cell = fn(&LaneSummary, &Summary) -> Vec<String>;

/// The rows: a label, and what stands beside it for a lane.
const ROWS: [(&str, Cell); 23] = [
    ("pool", |lane, _| {
        let workers = words::plural_u64(u64::from(lane.workers), "worker");
        vec![format!("{}, {workers}", lane.pool), format!("{} {}", lane.workers, lane.pool)]
    }),
    ("workload", |lane, _| vec![lane.workload.to_string()]),
    ("throughput", |lane, _| vec![given(lane.throughput_per_s, |rate| words::per_s(rate, "tasks"))]),
    ("", |lane, summary| {
        let rates = summary.lanes.iter().filter_map(|lane| lane.throughput_per_s);
        vec![bar(lane.throughput_per_s.unwrap_or(0.0) / rates.fold(f64::MIN_POSITIVE, f64::max))]
    }),
    ("× lane 1", |lane, summary| {
        let first = summary.lanes.first().and_then(|first| first.throughput_per_s);
        vec![match (lane.throughput_per_s, first) {
            (Some(rate), Some(base)) if base > 0.0 => words::times(rate / base),
            _ => words::NOT_AVAILABLE.to_string(),
        }]
    }),
    ("active", |lane, _| vec![format!("{:.2} s", lane.active_s)]),
    ("completed", |lane, _| vec![words::count(lane.tasks.completed)]),
    ("otherwise", |lane, _| otherwise(lane)),
    ("died", |lane, _| vec![died(lane.workers_died)]),
    ("inputs", |lane, _| inputs(lane)),
    ("each run", |lane, _| each_run(lane)),
    ("at most", |lane, _| at_most(lane)),
    ("runs", |lane, _| runs(lane)),
    ("first wrong", |lane, _| match &lane.runs {
        None => vec![NOTHING.to_string()],
        Some(runs) => vec![runs.first_failed_s.map_or("never".to_string(), |s| words::duration((s * 1e9) as u64))],
    }),
    ("queue", |lane, _| {
        let room = lane.queue.capacity.map_or("no bound".to_string(), |room| format!("of {}", words::count(room)));
        let mean = given(lane.queue.mean, words::number);
        let (most, about) = (words::count(lane.queue.max), if lane.queue.witnessed { "" } else { "~" });
        vec![
            format!("mean {about}{mean}, max {about}{most} {room}"),
            format!("{about}{mean}, max {about}{most} {room}"),
            format!("{about}{mean}, max {about}{most}"),
        ]
    }),
    ("wait", |lane, _| latency(&lane.latency_us.queue_wait)),
    ("task", |lane, _| latency(&lane.latency_us.service)),
    ("cpu", |lane, _| match (lane.cpu_s, lane.active_s > 0.0) {
        (Some(cpu_s), true) => vec![format!("{} ({cpu_s:.2} s)", words::cores(cpu_s / lane.active_s))],
        _ => vec![words::NOT_AVAILABLE.to_string()],
    }),
    ("run queue", |lane, _| match (lane.run_queue_s, lane.cpu_s) {
        (Some(waited_s), Some(cpu_s)) if waited_s + cpu_s > 0.0 => {
            let share = words::percent(waited_s / (waited_s + cpu_s));
            vec![format!("{share} of running"), share]
        }
        (Some(_), Some(_)) => vec!["0 %".to_string()],
        _ => vec![words::NOT_AVAILABLE.to_string()],
    }),
    ("switches", |lane, _| match (lane.switches.voluntary, lane.switches.involuntary) {
        (Some(gave), Some(taken)) => vec![
            format!("{} given, {} taken", words::count(gave), words::count(taken)),
            format!("{} given {} taken", words::count(gave), words::count(taken)),
            format!("{} given {} taken", words::count_short(gave), words::count_short(taken)),
        ],
        _ => vec![words::NOT_AVAILABLE.to_string()],
    }),
    ("memory", |lane, _| vec![given(lane.memory_peak_bytes, words::bytes)]),
    ("locks", |lane, _| locks(lane)),
    ("check", |lane, _| check(lane)),
];

/// The summary as a text, ending with what is worth telling and what became of the scenario's expectations.
pub fn text(summary: &Summary, verdicts: &[Verdict]) -> String {
    let mut out = head(summary);
    let beside = summary.lanes.len().clamp(1, LANES_A_TABLE);
    let columns = ((COLUMNS - LABEL_COLUMNS) / beside).clamp(*LANE_COLUMNS.start(), *LANE_COLUMNS.end());
    for (number, lanes) in summary.lanes.chunks(LANES_A_TABLE).enumerate() {
        out.push('\n');
        table(&mut out, summary, lanes, number * LANES_A_TABLE + 1, columns - 1);
    }
    if summary.lanes.iter().any(|lane| !lane.queue.witnessed) {
        out.push_str("\n~ sampled, not counted\n");
    }
    findings(&mut out, summary);
    failures(&mut out, summary);
    expectations(&mut out, verdicts);
    out
}

fn head(summary: &Summary) -> String {
    let machine = &summary.machine;
    let quota = machine.quota.map_or("no quota".to_string(), |quota| format!("quota {}", words::cores(quota)));
    let parallelism = given(machine.parallelism_measured, |measured| format!("{measured:.2}"));
    let share = |share: f64| {
        if share < 0.001 { "below 0.1 %".to_string() } else { words::percent(share) }
    };
    let cost = match (summary.cost.event_ns, summary.cost.share.map(share)) {
        (Some(ns), Some(share)) => format!("{ns:.0} ns a task, {share} of the workers' time"),
        (Some(ns), None) => format!("{ns:.0} ns a task"),
        (None, _) => words::NOT_AVAILABLE.to_string(),
    };
    let busy: Vec<String> =
        summary.cores.iter().map(|core| format!("{}: {}", core.core, words::percent(core.busy))).collect();
    let busy = if busy.is_empty() { words::NOT_AVAILABLE.to_string() } else { busy.join("  ") };
    let cores = words::plural_u64(u64::from(machine.cores), "core");
    let lines = [
        ("machine", format!("{cores}, {quota}, parallelism {parallelism} measured; {}", clean(&machine.os))),
        ("cores busy", busy),
        ("measuring", cost),
    ];
    let mut out = format!("{}, {:.1} s, lanes {}\n", clean(&summary.scenario), summary.seconds, mode(summary.mode));
    for (label, figure) in lines {
        paragraph(&mut out, &filled(label, LABEL_COLUMNS), &figure);
    }
    out
}

fn mode(name: &str) -> &str {
    match name {
        "turns" => "take turns",
        "together" => "run together",
        "cores" => "on cores of their own",
        other => other,
    }
}

fn table(out: &mut String, summary: &Summary, lanes: &[LaneSummary], from: usize, columns: usize) {
    let names = lanes.iter().zip(from..).map(|(lane, number)| vec![format!("{number} {}", lane.name)]);
    row(out, "", &names.collect::<Vec<_>>(), columns);
    row(out, "", &vec![vec!["─".repeat(columns)]; lanes.len()], columns);
    for (label, cell) in ROWS {
        let cells: Vec<Vec<String>> = lanes.iter().map(|lane| cell(lane, summary)).collect();
        if cells.iter().any(|cell| cell.first().is_some_and(|text| text != NOTHING)) {
            row(out, label, &cells, columns);
        }
    }
}

fn row(out: &mut String, label: &str, cells: &[Vec<String>], columns: usize) {
    let mut line = filled(label, LABEL_COLUMNS);
    // One wording for the whole row, so that its cells can be compared at a glance.
    let wordings = cells.iter().map(Vec::len).max().unwrap_or(0);
    let of = |cell: &'_ [String], wording: usize| cell.get(wording).or(cell.last()).cloned().unwrap_or_default();
    let fits = |wording: &usize| cells.iter().all(|cell| of(cell, *wording).chars().count() <= columns);
    let wording = (0..wordings).find(fits).unwrap_or(wordings.saturating_sub(1));
    for cell in cells {
        let text = clean(&of(cell, wording));
        line.push_str(&filled(&text, columns));
        line.push(' ');
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// A text after `first`, in lines of at most [`COLUMNS`], the later ones below its beginning.
pub(super) fn paragraph(out: &mut String, first: &str, text: &str) {
    let indent = first.chars().count();
    let (mut line, mut is_begun) = (first.to_string(), false);
    for word in text.split_whitespace() {
        let length = line.chars().count();
        if is_begun && length + 1 + word.chars().count() > COLUMNS {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            is_begun = false;
        }
        if is_begun {
            line.push(' ');
        }
        line.push_str(word);
        is_begun = true;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

fn findings(out: &mut String, summary: &Summary) {
    let all = (1..).zip(&summary.lanes).flat_map(|(number, lane)| {
        lane.findings.iter().map(move |finding| (format!("! lane {number}: "), clean(&finding.text)))
    });
    for (place, (first, text)) in all.enumerate() {
        if place == 0 {
            out.push('\n');
        }
        paragraph(out, &first, &text);
    }
}

/// The inputs whose runs failed, each with the end of what it wrote to its standard error.
fn failures(out: &mut String, summary: &Summary) {
    const LINES_MAX: usize = 3;
    for lane in &summary.lanes {
        let Some(jobs) = lane.jobs.as_ref().filter(|jobs| !jobs.failures.is_empty()) else { continue };
        let shown = jobs.failures.len() as u64;
        match jobs.failed > shown {
            true => out
                .push_str(&format!("\nthe last {shown} of {} that failed:\n", words::plural_u64(jobs.failed, "input"))),
            false => out.push_str("\nfailed:\n"),
        }
        for job in &jobs.failures {
            paragraph(out, "✕ ", &clean(&job.text));
            let lines: Vec<&str> = job.stderr.lines().collect();
            for line in &lines[lines.len().saturating_sub(LINES_MAX)..] {
                out.push_str(&format!("    {}\n", filled(&clean(line), COLUMNS - 4).trim_end()));
            }
        }
    }
}

fn expectations(out: &mut String, verdicts: &[Verdict]) {
    let failed: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.fails.is_some()).collect();
    match (verdicts.len(), failed.len()) {
        (0, _) => return,
        (1, 0) => out.push_str("\n✓ 1 statement holds as the scenario expects\n"),
        (all, 0) => {
            out.push_str(&format!("\n✓ {} hold as the scenario expects\n", words::plural_u64(all as u64, "statement")))
        }
        (all, some) => {
            out.push_str(&format!("\n✕ {some} of {} fail:\n", words::plural_u64(all as u64, "expected statement")))
        }
    }
    for verdict in failed {
        let why = verdict.fails.as_deref().unwrap_or_default();
        paragraph(out, "  ", &format!("{} ({})", clean(&verdict.statement), clean(why)));
    }
}

/// A bar of at most 20 columns, to an eighth of one.
pub(super) fn bar(share: f64) -> String {
    let eighths = (share.clamp(0.0, 1.0) * 160.0).round() as usize;
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    format!("{}{part}", "█".repeat(eighths / 8))
}

fn died(workers: u64) -> String {
    if workers == 0 { NOTHING.to_string() } else { words::plural_u64(workers, "worker") }
}

fn otherwise(lane: &LaneSummary) -> Vec<String> {
    let tasks = &lane.tasks;
    let all = [
        (tasks.failed, "failed"),
        (tasks.rejected, "rejected"),
        (tasks.discarded, "discarded"),
        (tasks.lost, "lost"),
        (tasks.retried, "retried"),
        (tasks.running, "running"),
    ];
    let spelt = |count: fn(u64) -> String| {
        let some = all.iter().filter(|(number, _)| *number > 0);
        some.map(|(number, what)| format!("{} {what}", count(*number))).collect::<Vec<_>>().join(", ")
    };
    match spelt(words::count) {
        nothing if nothing.is_empty() => vec![NOTHING.to_string()],
        full => vec![full, spelt(words::count_short)],
    }
}

/// How far a command is with its inputs.
fn inputs(lane: &LaneSummary) -> Vec<String> {
    let Some(jobs) = &lane.jobs else { return vec![NOTHING.to_string()] };
    let all = jobs.inputs.map_or(String::new(), |inputs| format!(" of {}", words::count(inputs)));
    let skipped = match jobs.skipped {
        0 => String::new(),
        skipped => format!(", {} before", words::count(skipped)),
    };
    vec![format!("{}{all} done{skipped}", words::count(jobs.done)), format!("{}{all}", words::count(jobs.done))]
}

/// What a run of a command used, on average.
fn each_run(lane: &LaneSummary) -> Vec<String> {
    let Some(jobs) = lane.jobs.as_ref().filter(|jobs| jobs.runs > 0) else { return vec![NOTHING.to_string()] };
    let mean = |s: f64| words::duration((s * 1e9 / jobs.runs as f64) as u64);
    let io = given(jobs.used.io_wait_s, mean);
    vec![format!("{} cpu, I/O wait {io}", mean(jobs.used.cpu_s)), format!("{} cpu", mean(jobs.used.cpu_s))]
}

/// The most memory that a run of a command took.
fn at_most(lane: &LaneSummary) -> Vec<String> {
    let Some(jobs) = lane.jobs.as_ref().filter(|jobs| jobs.runs > 0) else { return vec![NOTHING.to_string()] };
    match (jobs.used.memory_peak_bytes, jobs.memory_floor_bytes) {
        (Some(peak), _) => vec![format!("{} in a run", words::bytes(peak))],
        (None, Some(floor)) => {
            vec![format!("below {} in a run", words::bytes(floor)), words::NOT_AVAILABLE.to_string()]
        }
        (None, None) => vec![words::NOT_AVAILABLE.to_string()],
    }
}

/// How the runs of its program ended.
fn runs(lane: &LaneSummary) -> Vec<String> {
    let Some(runs) = &lane.runs else { return vec![NOTHING.to_string()] };
    if let Some(why) = &runs.unavailable {
        return vec![format!("{}: {why}", words::NOT_AVAILABLE), words::NOT_AVAILABLE.to_string()];
    }
    let all = [(runs.acceptable, "right"), (runs.interesting, "interesting"), (runs.forbidden, "wrong")];
    let spelt = |count: fn(u64) -> String| {
        let some = all.iter().filter(|(number, what)| *number > 0 || *what == "wrong");
        some.map(|(number, what)| format!("{} {what}", count(*number))).collect::<Vec<_>>().join(", ")
    };
    vec![spelt(words::count), spelt(words::count_short)]
}

fn latency(latency: &Latency) -> Vec<String> {
    let ns = |us: f64| words::duration((us * 1e3) as u64);
    match (latency.p50, latency.p99) {
        (Some(p50), Some(p99)) => {
            vec![format!("p50 {:<7} p99 {}", ns(p50), ns(p99)), format!("p50 {} p99 {}", ns(p50), ns(p99))]
        }
        _ => vec![NOTHING.to_string()],
    }
}

/// The lock that was waited for longest.
fn locks(lane: &LaneSummary) -> Vec<String> {
    let most = lane.locks.iter().max_by(|one, other| one.wait_s.total_cmp(&other.wait_s));
    match most {
        None => vec![NOTHING.to_string()],
        Some(lock) if lock.acquired == 0 => vec![format!("{} never taken", lock.name)],
        Some(lock) => {
            let share = words::percent(lock.contended as f64 / lock.acquired as f64);
            vec![format!("{}: {share} had to wait", lock.name), format!("{}: {share} waited", lock.name)]
        }
    }
}

fn check(lane: &LaneSummary) -> Vec<String> {
    let result = &lane.result;
    let (actual, expected) = (words::sum(result.actual), words::sum(result.expected));
    match result.ok {
        Some(true) => vec![format!("✓ {actual}")],
        Some(false) if actual == expected => vec![format!("✕ {actual}, other tasks")],
        Some(false) => vec![format!("✕ {actual}, not {expected}"), format!("✕ {actual}")],
        None => vec!["n/a: it did not end".to_string()],
    }
}

fn given<T>(figure: Option<T>, spell: impl Fn(T) -> String) -> String {
    figure.map_or(words::NOT_AVAILABLE.to_string(), spell)
}

/// Cut or filled to `columns`, by characters: lane names are checked to hold no wide ones.
fn filled(text: &str, columns: usize) -> String {
    let length = text.chars().count();
    if length <= columns {
        return format!("{text}{}", " ".repeat(columns - length));
    }
    let cut: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_broken_between_words_and_indented() {
        let mut out = String::new();
        paragraph(&mut out, "! lane 2: ", &"word ".repeat(40));
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines.len() == 3 && lines.iter().all(|line| line.chars().count() <= COLUMNS), "{out}");
        assert!(lines[1].starts_with("          word"), "{out}");
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!((bar(0.0).as_str(), bar(0.05).as_str(), bar(0.5625).chars().count()), ("", "█", 12));
        assert_eq!(bar(f64::INFINITY).chars().count(), 20);
    }
}
