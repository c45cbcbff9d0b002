//! A run of a small program: the business of a pool that has one. Here stands only what it should make.

use super::{Task, Work};
use crate::telemetry::Recorder;

/// The workload.
pub(super) struct Run;

impl Work for Run {
    fn run(&self, task: Task, _: &mut Recorder) -> u64 {
        self.reference(task)
    }

    /// A run that ended as it may counts one.
    fn reference(&self, _: Task) -> u64 {
        1
    }
}
