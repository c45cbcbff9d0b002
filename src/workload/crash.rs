//! `crash`: mixing, and now and then the end of the task or of its worker.
//!
//! Whether a task fails depends on the seed, its number and the attempt: a run can be repeated, and a task that is tried
//! again may well succeed.

use super::mixing::Mixing;
use super::numbers::{mixed, share};
use super::{Task, Work};
use crate::telemetry::Recorder;
use crate::wire::CrashWay;

/// The code with which `exit` leaves, so that it can be told from other endings.
const EXIT_CODE: i32 = 7;

pub(super) struct Crash {
    mixing: Mixing,
    way: CrashWay,
    probability: f64,
    seed: u64,
}

impl Crash {
    pub(super) fn new(way: CrashWay, probability: f64, seed: u64) -> Crash {
        Crash { mixing: Mixing::in_units(), way, probability, seed }
    }

    fn is_to_fail(&self, task: Task) -> bool {
        let bits = mixed(self.seed ^ mixed(task.id ^ mixed(u64::from(task.attempt))));
        share(bits) <= self.probability
    }
}

impl Work for Crash {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        // First the work: what fails at once would cost nothing to lose.
        let made = self.mixing.run(task.id, 0, u64::from(task.units));
        if self.is_to_fail(task) {
            fail(self.way, task);
        }
        made
    }

    fn reference(&self, task: Task) -> u64 {
        self.mixing.reference(task.id, u64::from(task.units))
    }
}

#[cold]
#[expect(clippy::disallowed_methods, reason = "a task that exits its process is what is shown")]
fn fail(way: CrashWay, task: Task) -> ! {
    match way {
        CrashWay::Panic => panic!("task {} was made to fail (attempt {})", task.id, task.attempt),
        CrashWay::Abort => std::process::abort(),
        CrashWay::Exit => std::process::exit(EXIT_CODE),
        CrashWay::Kill => {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            // A signal to oneself is there before the call returns, unless the system refuses it.
            std::process::abort()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_as_likely_as_ordered_and_the_same_every_time() {
        for probability in [0.0, 0.01, 0.5, 1.0] {
            let [one, two] = [(); 2].map(|()| Crash::new(CrashWay::Panic, probability, 5));
            let mut failures = 0;
            for id in 0..100_000 {
                let task = Task { id, units: 1, attempt: 0 };
                assert_eq!(one.is_to_fail(task), two.is_to_fail(task));
                failures += u64::from(one.is_to_fail(task));
            }
            let wanted = probability * 100_000.0;
            assert!((failures as f64 - wanted).abs() <= wanted.sqrt() * 4.0, "{failures} of {wanted}");
        }
    }

    #[test]
    fn another_attempt_is_another_chance() {
        let crash = Crash::new(CrashWay::Panic, 0.5, 5);
        let fate = |id| (0..4).map(|attempt| crash.is_to_fail(Task { id, units: 1, attempt })).collect::<Vec<_>>();
        assert!((0..20).any(|id| {
            let fate = fate(id);
            fate[0] && fate.contains(&false)
        }));
    }
}
