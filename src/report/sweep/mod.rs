//! What a sweep comes to: a table for people, JSON and CSV for programs.

mod csv;
mod summary;
mod text;

pub use csv::sweep_csv;
pub use summary::SweepSummary;
pub use text::sweep_text;
