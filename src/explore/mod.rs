//! Every schedule of a small program, exactly.

mod report;

pub use report::{Exceptions, Finding, FindingKind, Grain, Kind, Memory, Notify, Options, Outcome, Report, Wait};
