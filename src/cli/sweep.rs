//! `sweep` without a screen: measurements into a ledger, the ledger into a report.

use super::args::{Chosen, Format, Noted, SweepFormat, What};
use super::config::Look;
use super::screen::{self, As};
use super::{Done, Outcome, Trouble, own, print, say_to_stderr};
use crate::ledger::Ledger;
use crate::report::{self, SweepSummary};
use crate::scenario::{self, Draft, SweepWish};
use crate::source::{self, Recorder, Sweep, SweepOptions};
use crate::stats::words;
use crate::wire::{Body, Machine, SweepPlan};
use crossbeam_channel::select;
use signal_hook::consts::SIGTERM;
use std::io::{self, IsTerminal};
use std::path::Path;

/// `poolscope sweep`: on the screen where there is a place for it, else without.
pub(super) fn sweep(
    chosen: Chosen,
    wish: &SweepWish,
    format: SweepFormat,
    record: Option<&Path>,
    place: Option<(Look, As)>,
) -> Done {
    let what = What { chosen, tasks: None, noted: Noted::default() };
    let scenario = own::scenario(&what, None)?;
    let overrides = own::overrides(&what);
    let machine = machine();
    let plan = scenario::sweep(&scenario, &machine, &overrides, wish).map_err(Trouble::Usage)?;
    own::check(&plan.plan)?;
    own::check_swept(&plan)?;
    if place.is_some() && own::sweeps_stdin(&plan) {
        return Err(Trouble::Usage("the inputs come from where keys are typed: with --format nobody types any".into()));
    }
    match place {
        Some((look, shown_as)) => {
            let draft = Draft::of(&scenario, &overrides);
            screen::sweep(&scenario.title, draft, plan, record, &look, shown_as)
        }
        None => without_screen(plan, format, record),
    }
}

/// The machine, its parallelism the most of several trials: what other programs take for a moment is not missing for good.
fn machine() -> Machine {
    const TRIALS: usize = 5;
    let trials = (0..TRIALS).map(|_| source::measured_machine());
    let most = |one: Machine, other: Machine| {
        if other.parallelism_measured > one.parallelism_measured { other } else { one }
    };
    trials.reduce(most).unwrap_or_else(source::measured_machine)
}

fn without_screen(plan: SweepPlan, format: SweepFormat, record: Option<&Path>) -> Done {
    let stdin = own::kept_stdin(&plan)?;
    // Signals first: none may end us while a lane starts.
    let signals = super::run::signals()?;
    let recorder = record.map(Recorder::begin).transpose().map_err(|error| Trouble::Usage(error.to_string()))?;
    plan.left_out.iter().for_each(|text| say_to_stderr(text));
    say_to_stderr(&announcement(&plan));
    let sweep = Sweep::start(plan, SweepOptions { recorder, stdin })?;
    let mut ledger = Ledger::new();
    // Whoever waits at a terminal wants to know that something happens; a log does not.
    let is_watched = io::stderr().is_terminal();
    let ended_by = loop {
        select! {
            recv(sweep.frames) -> frame => {
                let Ok(frame) = frame else { break None };
                ledger.post(&frame);
                match &frame.body {
                    Body::Measured(measured) => {
                        let text = ledger.sweep().map(|sweep| sweep.place_words(measured.place)).unwrap_or_default();
                        if let Some(why) = &measured.trouble {
                            say_to_stderr(&format!("{text}: {why}"));
                        } else if is_watched {
                            say_to_stderr(&format!("{text}{}", progress(&ledger)));
                        }
                    }
                    Body::Further(_) => {
                        let words = ledger.sweep().and_then(|sweep| sweep.further_words(None));
                        words.iter().for_each(|words| say_to_stderr(words));
                    }
                    Body::RecordingFailed { why } => say_to_stderr(&format!("the recording ended early: {why}")),
                    _ => {}
                }
            }
            recv(signals) -> signal => break Some(signal.unwrap_or(SIGTERM)),
        }
    };
    // The lane that was being measured is ended here, and only then is told what there is.
    drop(sweep);
    let told = tell(
        &ledger,
        match format {
            SweepFormat::Text => Format::Text,
            SweepFormat::Json => Format::Json,
            SweepFormat::Csv => Format::Csv,
        },
    )?;
    Ok(ended_by.map_or(told, Outcome::Signal))
}

/// What is about to be done, and how long that will take.
fn announcement(plan: &SweepPlan) -> String {
    let s = plan.measurements().saturating_mul(plan.for_ms + plan.warmup_ms) / 1000;
    let open = plan.curves.iter().any(|curve| curve.offered_per_s().is_some());
    format!(
        "{} ({}, {}, {}): about {}{} (estimate){}",
        words::plural(usize::try_from(plan.measurements()).unwrap_or(usize::MAX), "measurement"),
        words::plural(plan.curves.len(), "curve"),
        words::plural(plan.sizes.len(), "size"),
        words::plural(plan.repeat as usize, "round"),
        words::elapsed(s.saturating_mul(1_000_000_000)),
        if open { " and more, for the loads at which queues begin to grow" } else { "" },
        match plan.further {
            0 => String::new(),
            some => format!("; then up to {some} further rounds of sizes that cannot be told apart"),
        }
    )
}

fn progress(ledger: &Ledger) -> String {
    let Some(sweep) = ledger.sweep() else { return String::new() };
    let left = sweep.left_ns().map_or(words::NOT_YET.to_string(), words::elapsed);
    format!(": {} of {}, about {left} left (estimate)", sweep.ended, sweep.planned())
}

/// Reports a sweep. It failed where nothing at all was measured.
pub(super) fn tell(ledger: &Ledger, format: Format) -> Done {
    let Some(summary) = SweepSummary::of(ledger) else {
        return Err(Trouble::System("the sweep ended before it began".to_string()));
    };
    match format {
        Format::Text => print(&report::sweep_text(&summary))?,
        Format::Json => print(&report::json(&summary))?,
        Format::Ndjson => print(&report::json_line(&summary))?,
        Format::Csv => print(&report::sweep_csv(&summary))?,
    };
    let is_nothing = summary.points.iter().all(|point| point.measured == 0);
    Ok(if is_nothing { Outcome::Failed } else { Outcome::Ok })
}
