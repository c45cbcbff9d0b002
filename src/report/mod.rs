//! Headless sinks: what a run comes to, for people and for programs. One format a file.
//!
//! What is told of a run is made from a [`crate::ledger::Ledger`] and nothing else, so a replayed run reports what the
//! live one did; what is told of a program, from a [`crate::explore::Report`].

mod csv;
mod explored;
mod json;
mod plain;
mod summary;
mod sweep;
mod text;
mod trace;

pub use csv::csv;
pub use explored::{explored, replayed};
pub use json::{json, json_line};
pub use plain::Plain;
pub use summary::{
    CoreSummary, JobsSummary, LaneSummary, Latency, LockSummary, MachineSummary, Summary, Verdict, verdicts,
};
pub use sweep::{SweepSummary, sweep_csv, sweep_text};
pub use text::text;
pub use trace::chrome_trace;

/// Text from outside may hold anything: what a terminal would obey is shown as a replacement character.
fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
