//! A command in the panel of its lane: how far it is, and which inputs failed.
//!
//! ```text
//! inputs 1,204 of 10,000   ~00:42 left (estimate)
//! ████▊                                      12 %
//!
//! ✕ input 17 (in/a b.jpg) exited with code 1
//!     convert: no images defined
//! ```

use crate::ledger::{LaneLedger, Progress, job_in_words};
use crate::stats::words;
use crate::view::pen::{Pen, fit, width_of};
use crate::view::theme::Theme;
use crate::wire::Job;

/// The rows that a lane's newest inputs would like: two for each that failed, or for the one that was done last.
pub(super) fn rows_wanted(lane: &LaneLedger) -> u16 {
    let failed = lane.jobs.as_ref().map_or(0, |jobs| jobs.failed.len());
    u16::try_from(failed.max(1) * 2).unwrap_or(u16::MAX)
}

/// How far a lane is: a line, and a bar where there is a second row.
pub(super) fn progress(lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let (width, label) = (pen.width(), theme.label());
    let end = pen.text(0, 0, "inputs ", label);
    let Some(progress) = Progress::of(lane) else {
        pen.text(end, 0, words::NOT_YET, label);
        return;
    };
    let mut end = pen.text(end, 0, &progress.count_in_words(), theme.strong());
    if progress.failed > 0 {
        let text = format!(" · {} failed", words::count(progress.failed));
        end = pen.text(end, 0, &text, theme.tint(theme.bad).patch(theme.strong()));
    }
    let right = match (progress.is_over(), progress.estimate_in_words()) {
        (true, _) => Some("all done".to_string()),
        (_, estimate) => estimate,
    };
    if let Some(right) = right {
        // Cut, it would no longer say that it is an estimate.
        let short = right.replace(" left (estimate)", " est.");
        let fits = [right, short].into_iter().find(|text| end + 1 + width_of(text) <= width);
        pen.text_right(end + 1, 0, &fits.unwrap_or_default(), label);
    }
    let Some(share) = progress.share().filter(|_| pen.height() > 1) else { return };
    let percent = words::percent(share);
    let bar = width.saturating_sub(width_of(&percent) + 1);
    let hue = theme.tint(theme.lane(lane.plan.id.index().unwrap_or(0)));
    pen.bar(0, 1, bar, share, hue, label);
    pen.text_right(bar + 1, 1, &percent, theme.text());
}

/// The inputs that failed, the newest first, or the one that was done last.
pub(super) fn newest(lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let Some(jobs) = &lane.jobs else { return };
    if let Some(why) = &jobs.stopped {
        let text = fit(&words::plain(&format!("stopped: {why}")), usize::from(pen.width()));
        pen.text(0, 0, &text, theme.tint(theme.bad).patch(theme.strong()));
        return;
    }
    let failed: Vec<&Job> = jobs.failed.iter().rev().collect();
    if failed.is_empty() {
        if let Some(job) = &jobs.newest {
            one(job, &job.stdout, ("last ", theme.label()), 0, theme, pen);
        }
        return;
    }
    let bad = theme.tint(theme.bad).patch(theme.strong());
    let rows = if pen.height() > 1 { 2 } else { 1 };
    for (job, row) in failed.into_iter().zip((0..pen.height()).step_by(rows)) {
        one(job, &job.stderr, ("✕ ", bad), row, theme, pen);
    }
}

/// An input and the end of what it wrote.
fn one(
    job: &Job,
    output: &str,
    (sign, style): (&str, ratatui::style::Style),
    row: u16,
    theme: &Theme,
    pen: &mut Pen<'_>,
) {
    let width = usize::from(pen.width());
    let from = pen.text(0, row, sign, style);
    let told = words::plain(&job_in_words(job));
    pen.text(from, row, &fit(&told, width.saturating_sub(usize::from(from))), theme.text());
    if row + 1 >= pen.height() {
        return;
    }
    let last = output.lines().rev().find(|line| !line.trim().is_empty());
    let used = format!("{} · {} cpu", words::duration(job.used.wall_ns), words::duration(job.used.cpu_ns));
    let text = last.map_or(used, words::plain);
    pen.text(from, row + 1, &fit(&text, width.saturating_sub(usize::from(from))), theme.label());
}
