//! `leak`: mixing, and memory that is never given back.

use super::mixing::Mixing;
use super::{Task, Work, pages};
use crate::telemetry::Recorder;

pub(super) struct Leak {
    mixing: Mixing,
    bytes: u64,
}

impl Leak {
    pub(super) fn new(bytes: u64) -> Leak {
        Leak { mixing: Mixing::in_units(), bytes }
    }
}

impl Work for Leak {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        // Forgotten on purpose: that is what the scenario shows.
        std::mem::forget(pages::touched(self.bytes).0);
        self.mixing.run(task.id, 0, u64::from(task.units))
    }

    fn reference(&self, task: Task) -> u64 {
        self.mixing.reference(task.id, u64::from(task.units))
    }
}
