//! A sweep as CSV: a header and a row for each point (RFC 4180; an empty field is a figure that there is not).

use super::super::csv::{given, quoted};
use super::summary::{Figure, PointSummary, SweepSummary};

/// What stands in a row before the figures.
const NAMES: [&str; 9] = ["scenario", "curve", "lane", "name", "varied", "workers", "measured", "lost", "failed"];

/// The figures, each with a mean and its interval.
type OfPoint = fn(&PointSummary) -> Option<Figure>;
const FIGURES: [(&str, OfPoint); 10] = [
    ("throughput_per_s", |point| point.throughput_per_s),
    ("load_per_s", |point| point.load_per_s),
    ("wait_us_p50", |point| point.wait_us.p50),
    ("wait_us_p99", |point| point.wait_us.p99),
    ("service_us_p50", |point| point.service_us.p50),
    ("service_us_p99", |point| point.service_us.p99),
    ("whole_us_p50_estimated", |point| point.whole_us.p50),
    ("whole_us_p99_estimated", |point| point.whole_us.p99),
    ("cores", |point| point.cores),
    ("tasks_per_cpu_s", |point| point.tasks_per_cpu_s),
];

/// A sweep as CSV.
pub fn sweep_csv(summary: &SweepSummary) -> String {
    let mut header: Vec<String> = NAMES.map(String::from).to_vec();
    for (name, _) in FIGURES {
        header.extend([name.to_string(), format!("{name}_low"), format!("{name}_high")]);
    }
    header.extend(["in_system", "in_system_by_little", "recommended"].map(String::from));
    let mut out = header.join(",");
    out.push('\n');
    for point in &summary.points {
        let row = row(summary, point);
        out.push_str(&row.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(","));
        out.push('\n');
    }
    out
}

fn row(summary: &SweepSummary, point: &PointSummary) -> Vec<String> {
    let varied: Vec<String> = point.varied.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut row = vec![
        summary.scenario.clone(),
        point.curve.to_string(),
        point.lane.to_string(),
        point.name.clone(),
        varied.join(" "),
        point.workers.to_string(),
        point.measured.to_string(),
        point.lost.to_string(),
        point.failed.to_string(),
    ];
    for (_, of) in FIGURES {
        let figure = of(point);
        row.push(given(figure.map(|figure| figure.mean)));
        row.push(given(figure.and_then(|figure| figure.low)));
        row.push(given(figure.and_then(|figure| figure.high)));
    }
    let advised = summary.fits.get(point.curve).and_then(|fit| fit.recommended.as_ref());
    row.extend([
        given(point.little.map(|little| little.in_system)),
        given(point.little.map(|little| little.expected)),
        given(advised.map(|advised| advised.equal.contains(&point.workers))),
    ]);
    row
}
