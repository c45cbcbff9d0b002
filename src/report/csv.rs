//! The summary as CSV: a header and a row for each lane (RFC 4180; an empty field is a figure that the platform does not
//! give).

use super::{LaneSummary, Summary, clean};

const HEADER: [&str; 31] = [
    "scenario",
    "lane",
    "name",
    "pool",
    "workers",
    "workload",
    "active_s",
    "throughput_per_s",
    "cpu_s",
    "run_queue_s",
    "memory_peak_bytes",
    "workers_died",
    "submitted",
    "completed",
    "failed",
    "rejected",
    "discarded",
    "retried",
    "lost",
    "queued",
    "running",
    "result_ok",
    "queue_mean",
    "queue_max",
    "queue_wait_us_p50",
    "queue_wait_us_p99",
    "service_us_p50",
    "service_us_p99",
    "switches_voluntary",
    "switches_involuntary",
    "findings",
];

/// The summary as CSV.
pub fn csv(summary: &Summary) -> String {
    let mut out = HEADER.join(",");
    out.push('\n');
    for (index, lane) in summary.lanes.iter().enumerate() {
        let row = row(&summary.scenario, index + 1, lane);
        out.push_str(&row.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(","));
        out.push('\n');
    }
    out
}

fn row(scenario: &str, number: usize, lane: &LaneSummary) -> [String; 31] {
    let (tasks, latency) = (&lane.tasks, &lane.latency_us);
    [
        scenario.to_string(),
        number.to_string(),
        lane.name.clone(),
        lane.pool.to_string(),
        lane.workers.to_string(),
        lane.workload.to_string(),
        given(Some(lane.active_s)),
        given(lane.throughput_per_s),
        given(lane.cpu_s),
        given(lane.run_queue_s),
        given(lane.memory_peak_bytes),
        lane.workers_died.to_string(),
        tasks.submitted.to_string(),
        tasks.completed.to_string(),
        tasks.failed.to_string(),
        tasks.rejected.to_string(),
        tasks.discarded.to_string(),
        tasks.retried.to_string(),
        tasks.lost.to_string(),
        tasks.queued.to_string(),
        tasks.running.to_string(),
        given(lane.result.ok),
        given(lane.queue.mean),
        lane.queue.max.to_string(),
        given(latency.queue_wait.p50),
        given(latency.queue_wait.p99),
        given(latency.service.p50),
        given(latency.service.p99),
        given(lane.switches.voluntary),
        given(lane.switches.involuntary),
        lane.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>().join(" "),
    ]
}

pub(super) fn given(figure: Option<impl ToString>) -> String {
    figure.map(|figure| figure.to_string()).unwrap_or_default()
}

/// A field in quotes where it needs them. One that a spreadsheet would take for a formula gets an apostrophe.
pub(super) fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '@', '+']) || (field.starts_with('-') && field.parse::<f64>().is_err());
    let field = if formula { format!("'{}", clean(field)) } else { clean(field) };
    if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}
