//! `sleep`: sleeps 100 µs a unit, in one piece: what waiting for a slow service looks like from here.

use super::{Task, Work};
use crate::doors::clock;
use crate::telemetry::Recorder;
use std::time::Duration;

/// How long a unit is slept.
pub(super) const UNIT: Duration = Duration::from_micros(100);

pub(super) struct Sleep;

impl Work for Sleep {
    fn run(&self, task: Task, recorder: &mut Recorder) -> u64 {
        if task.units > 0 {
            recorder.blocked(|| clock::sleep(UNIT * task.units));
        }
        u64::from(task.units)
    }

    fn reference(&self, task: Task) -> u64 {
        u64::from(task.units)
    }
}
