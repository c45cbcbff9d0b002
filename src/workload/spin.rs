//! `spin`: mixes an integer 256 times a unit. Work that touches no memory, of any size down to nothing.

use super::mixing::Mixing;
use super::{Task, Work};
use crate::telemetry::Recorder;

pub(super) struct Spin {
    mixing: Mixing,
}

impl Spin {
    pub(super) fn new() -> Spin {
        Spin { mixing: Mixing::in_units() }
    }
}

impl Work for Spin {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        self.mixing.run(task.id, 0, u64::from(task.units))
    }

    fn reference(&self, task: Task) -> u64 {
        self.mixing.reference(task.id, u64::from(task.units))
    }
}
