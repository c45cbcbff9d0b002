//! Every number that the summary has of a lane, and what it says of the run as a whole: label, figure, unit.

use super::{Shown, Size};
use crate::ledger::{LaneLedger, Ledger};
use crate::report::{JobsSummary, LaneSummary, Latency, LockSummary, Summary};
use crate::stats::words;
use crate::view::pen::{Pen, width_of};

/// A column is at least so wide, and at most: figures must not be far from what they are called.
const COLUMN_MIN: u16 = 38;
const COLUMN_MAX: u16 = 48;
const GAP: u16 = 3;
/// What units take at a column's right.
const UNIT_COLUMNS: u16 = 8;

/// A line of a column.
#[derive(Clone, Debug, PartialEq)]
enum Line {
    /// Nothing, between groups.
    Rest,
    /// What the figures below are about.
    Heading(String),
    /// A figure.
    Number { label: &'static str, figure: String, unit: &'static str },
}

fn columns(width: u16) -> u16 {
    ((width + GAP) / (COLUMN_MIN + GAP)).clamp(1, 4)
}

/// The lines in columns, as short as can be without a group that is torn apart.
fn in_columns(lines: &[Line], columns: u16) -> Vec<&[Line]> {
    let columns = usize::from(columns);
    let mut rows = lines.len().div_ceil(columns).max(1);
    loop {
        let mut parts: Vec<&[Line]> = Vec::new();
        let (mut begin, mut end) = (0, 0);
        for group in lines.chunk_by(|_, next| *next != Line::Rest) {
            if end > begin && end + group.len() - begin > rows {
                parts.push(&lines[begin..end]);
                // The blank between two groups is not needed at a column's head.
                begin = end + 1;
            }
            end += group.len();
        }
        parts.push(&lines[begin.min(end)..end]);
        if parts.len() <= columns {
            return parts;
        }
        rows += 1;
    }
}

pub(super) fn scroll_max(lane: &LaneLedger, ledger: &Ledger, (width, height): Size) -> u16 {
    let lines = lines(lane, ledger);
    let rows = in_columns(&lines, columns(width)).into_iter().map(<[Line]>::len).max().unwrap_or(0);
    u16::try_from(rows).unwrap_or(u16::MAX).saturating_sub(height)
}

pub(super) fn draw(shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let theme = shown.theme;
    let (width, height) = (pen.width(), pen.height());
    let lines = lines(shown.lane, shown.ledger);
    if lines.is_empty() {
        pen.text(0, 0, words::NOT_YET, theme.label());
        return;
    }
    let columns = columns(width);
    let column_width = (width.saturating_sub(GAP * (columns - 1)) / columns).min(COLUMN_MAX);
    for (place, part) in (0..).zip(in_columns(&lines, columns)) {
        let mut pen = pen.part(place * (column_width + GAP), 0, column_width, height);
        for (row, line) in (0..height).zip(part.iter().skip(usize::from(shown.zoom.scroll))) {
            match line {
                Line::Rest => {}
                Line::Heading(text) => {
                    pen.text(0, row, text, theme.strong());
                }
                Line::Number { label, figure, unit } => {
                    let end = column_width.saturating_sub(UNIT_COLUMNS);
                    let from = end.saturating_sub(width_of(figure));
                    pen.part(0, 0, from.saturating_sub(1), height).text(1, row, label, theme.label());
                    pen.text(from, row, figure, theme.text());
                    pen.text(end + 1, row, unit, theme.label());
                }
            }
        }
    }
}

/// Takes figures in, group by group.
#[derive(Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn heading(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push(Line::Rest);
        }
        self.0.push(Line::Heading(words::plain(text)));
    }

    fn text(&mut self, label: &'static str, figure: String, unit: &'static str) {
        self.0.push(Line::Number { label, figure, unit });
    }

    fn count(&mut self, label: &'static str, number: u64, unit: &'static str) {
        self.text(label, words::count(number), unit);
    }

    /// To three decimals, and small ones to six: what the summary has, and no more than is measured.
    fn number(&mut self, label: &'static str, number: Option<f64>, unit: &'static str) {
        let figure = number.filter(|number| number.is_finite()).map(|number| match number {
            large if large >= 1000.0 => words::count(large.round() as u64),
            0.0 => "0".to_string(),
            small if small.abs() < 0.1 => format!("{small:.6}"),
            other => format!("{other:.3}"),
        });
        match figure {
            Some(figure) => self.text(label, figure, unit),
            None => self.text(label, words::NOT_AVAILABLE.to_string(), ""),
        }
    }

    fn given(&mut self, label: &'static str, number: Option<u64>, unit: &'static str) {
        self.text(label, number.map_or(words::NOT_AVAILABLE.to_string(), words::count), unit);
    }

    fn latency(&mut self, latency: &Latency) {
        self.count("number", latency.count, "");
        // What was never seen has no time.
        let figures = [
            ("mean", latency.mean),
            ("p50", latency.p50),
            ("p90", latency.p90),
            ("p99", latency.p99),
            ("longest", latency.max),
        ];
        for (label, figure) in figures {
            match figure {
                Some(figure) => self.number(label, Some(figure), "µs"),
                None => self.text(label, words::NOT_YET.to_string(), ""),
            }
        }
    }
}

fn lines(lane: &LaneLedger, ledger: &Ledger) -> Vec<Line> {
    let Some(summary) = Summary::of(ledger) else { return Vec::new() };
    let Some(of_lane) = lane.plan.id.index().and_then(|index| summary.lanes.get(index)) else { return Vec::new() };
    let mut lines = Lines::default();
    if lane.history.is_empty() {
        // A zero would be a guess.
        lines.heading(&format!("lane: {}, {}", of_lane.pool, of_lane.workload));
        lines.text("its figures", words::NOT_YET.to_string(), "");
    } else {
        lane_lines(of_lane, &mut lines);
    }
    for lock in of_lane.locks.iter().filter(|_| !lane.history.is_empty()) {
        lock_lines(lock, &mut lines);
    }
    run_lines(&summary, &mut lines);
    lines.0
}

fn lane_lines(lane: &LaneSummary, lines: &mut Lines) {
    lines.heading(&format!("lane: {}, {}", lane.pool, lane.workload));
    lines.number("throughput, whole run", lane.throughput_per_s, "tasks/s");
    lines.number("active time", Some(lane.active_s), "s");
    lines.count("workers planned", u64::from(lane.workers), "");
    lines.count("workers died", lane.workers_died, "");
    lines.heading("tasks");
    let tasks = [
        ("submitted", lane.tasks.submitted),
        ("completed", lane.tasks.completed),
        ("failed", lane.tasks.failed),
        ("rejected", lane.tasks.rejected),
        ("discarded", lane.tasks.discarded),
        ("retried", lane.tasks.retried),
        ("lost", lane.tasks.lost),
        ("queued", lane.tasks.queued),
        ("running", lane.tasks.running),
    ];
    tasks.into_iter().for_each(|(label, number)| lines.count(label, number, ""));
    lines.heading("result");
    lines.text("expected", words::sum(lane.result.expected), "");
    lines.text("actual", words::sum(lane.result.actual), "");
    let verdict = lane.result.ok.map_or(words::NOT_YET, |ok| if ok { "✓ yes" } else { "✕ no" });
    lines.text("right", verdict.to_string(), "");
    lines.heading(if lane.queue.witnessed { "queue, counted" } else { "queue, sampled" });
    match lane.queue.capacity {
        Some(capacity) => lines.count("room", capacity, "tasks"),
        None => lines.text("room", "no bound".to_string(), ""),
    }
    lines.number("mean depth", lane.queue.mean, "tasks");
    lines.count("greatest depth", lane.queue.max, "tasks");
    lines.heading("wait, until a task started");
    lines.latency(&lane.latency_us.queue_wait);
    lines.heading("task, from its start to its end");
    lines.latency(&lane.latency_us.service);
    lane.jobs.iter().for_each(|jobs| job_lines(jobs, lines));
    lines.heading("time of all workers");
    let states = [
        ("running", "running"),
        ("running_on_cpu", "· on a core"),
        ("running_waiting_for_cpu", "· waiting for a core"),
        ("lock", "waiting for a lock"),
        ("blocked", "asleep or in I/O"),
        ("idle", "no task"),
        ("paused", "paused"),
        ("dead", "dead"),
    ];
    for (name, label) in states {
        if let Some(seconds) = lane.worker_states_s.get(name) {
            lines.number(label, *seconds, "s");
        }
    }
    lines.heading("processes, by the kernel's account");
    lines.number("CPU time", lane.cpu_s, "s");
    lines.number("waited for a core", lane.run_queue_s, "s");
    lines.given("switches, given up", lane.switches.voluntary, "");
    lines.given("switches, taken off", lane.switches.involuntary, "");
    lines.given("most memory", lane.memory_peak_bytes, "bytes");
}

fn lock_lines(lock: &LockSummary, lines: &mut Lines) {
    lines.heading(&format!("lock {}, {}", lock.name, lock.kind));
    lines.count("acquired", lock.acquired, "");
    lines.count("had to wait", lock.contended, "");
    lines.number("waited", Some(lock.wait_s), "s");
    lines.number("held, estimated", Some(lock.hold_s), "s");
    lines.heading(&format!("waits for {}", lock.name));
    lines.latency(&lock.wait_us);
    lines.heading(&format!("holds of {}, estimated", lock.name));
    lines.latency(&lock.hold_us);
}

/// What a command came to.
fn job_lines(jobs: &JobsSummary, lines: &mut Lines) {
    lines.heading("inputs");
    match jobs.inputs {
        Some(inputs) => lines.count("in all", inputs, ""),
        None => lines.text("in all", words::NOT_YET.to_string(), ""),
    }
    lines.count("done", jobs.done, "");
    lines.count("done before", jobs.skipped, "");
    lines.count("failed", jobs.failed, "");
    lines.heading("all runs together");
    lines.count("runs", jobs.runs, "");
    lines.number("from start to end", Some(jobs.used.wall_s), "s");
    lines.number("on a core", Some(jobs.used.cpu_s), "s");
    lines.number("waiting for disks", jobs.used.io_wait_s, "s");
    lines.count("gave up a core", jobs.used.voluntary, "");
    lines.count("were taken off a core", jobs.used.involuntary, "");
    let most = jobs.used.memory_peak_bytes.map_or(words::NOT_AVAILABLE.to_string(), words::bytes);
    lines.text("most memory of one", most, "");
}

fn run_lines(summary: &Summary, lines: &mut Lines) {
    lines.heading(&format!("the run as a whole, {}", summary.mode));
    lines.number("took", Some(summary.seconds), "s");
    lines.count("cores that can be used", u64::from(summary.machine.cores), "");
    match summary.machine.quota {
        Some(quota) => lines.number("quota", Some(quota), "cores"),
        None => lines.text("quota", "none".to_string(), ""),
    }
    lines.number("parallelism measured", summary.machine.parallelism_measured, "cores");
    lines.number("measuring a task", summary.cost.event_ns, "ns");
    lines.number("measuring, of all time", summary.cost.share.map(|share| share * 100.0), "%");
    if !summary.cores.is_empty() {
        lines.heading("cores, busy");
    }
    for core in &summary.cores {
        lines.0.push(Line::Number {
            label: "core",
            figure: format!("{}: {:.1}", core.core, core.busy * 100.0),
            unit: "%",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::made;
    use serde_json::Value;

    fn leaves(value: &Value) -> usize {
        match value {
            Value::Object(parts) => parts.values().map(leaves).sum(),
            Value::Array(parts) => parts.iter().map(leaves).sum(),
            _ => 1,
        }
    }

    /// A figure that the summary gets must be added here too.
    #[test]
    fn every_number_of_the_summary_has_a_line() {
        let mut ledger = Ledger::new();
        made::frames(40).iter().for_each(|frame| ledger.post(frame));
        let summary = Summary::of(&ledger).expect("a plan");
        for (lane, told) in ledger.lanes().iter().zip(&summary.lanes) {
            let all = serde_json::to_value(told).expect("plain data");
            // Its name is above; pool, workload and how the queue was looked at are in headings, as are names and kinds
            // of locks; findings are sentences; how the runs of a program ended stands in its lane. None of these runs a
            // command.
            let said_elsewhere =
                4 + 2 * told.locks.len() + leaves(&all["findings"]) + leaves(&all["runs"]) + leaves(&all["jobs"]);
            let mut lines = Lines::default();
            lane_lines(told, &mut lines);
            told.locks.iter().for_each(|lock| lock_lines(lock, &mut lines));
            let numbers = lines.0.iter().filter(|line| matches!(line, Line::Number { .. })).count();
            assert_eq!(numbers + said_elsewhere, leaves(&all), "lane {}: {all:#}", lane.plan.id);
        }
    }
}
