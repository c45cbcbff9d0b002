//! How much parallelism the machine really gives: measured, since a virtual machine's cores may be anybody's.

use crate::doors::{clock, threads};
use crate::system;
use crate::wire::Machine;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// How long each of the two trials lasts: one thread alone, then one for each core.
const TRIAL: Duration = Duration::from_millis(8);

/// The most threads of a trial: enough to tell a large machine's truth, few enough to start within it.
const THREADS_MAX: u32 = 64;

/// The machine, and how many cores' worth of work it really did at once when tried. Takes about 20 ms.
///
/// Both trials spin the same rounds. The first, one thread alone, tells how long a round takes on a core; the second how
/// many rounds a thread for each core get done together. A trial that another program disturbs gets fewer rounds done in
/// less CPU time, so the first is not misled, and the second tells what is left for us.
pub fn measured_machine() -> Machine {
    let mut machine = system::machine();
    let threads = machine.cores.min(THREADS_MAX);
    machine.parallelism_measured = parallelism(trial(1), trial(threads), threads);
    machine
}

/// What a trial came to.
#[derive(Clone, Copy, Debug)]
struct Trial {
    rounds: u64,
    /// CPU time of all its threads.
    cpu_ns: u64,
    wall_ns: u64,
}

fn parallelism(alone: Option<Trial>, together: Option<Trial>, threads: u32) -> Option<f64> {
    let (alone, together) = (alone?, together?);
    if alone.rounds == 0 || alone.cpu_ns == 0 || together.wall_ns == 0 {
        return None;
    }
    let round_ns = alone.cpu_ns as f64 / alone.rounds as f64;
    let cores = together.rounds as f64 * round_ns / together.wall_ns as f64;
    // A core that runs faster the second time is still one core.
    Some(cores.min(f64::from(threads)))
}

/// Spins with `threads` threads; none where the system gave not all of them or does not tell their CPU time.
fn trial(threads: u32) -> Option<Trial> {
    let shared = Arc::new(Shared::default());
    let spinning: Vec<Option<threads::Thread>> = (0..threads)
        .map(|_| {
            let shared = Arc::clone(&shared);
            threads::spawn("trial", move || shared.spin()).ok()
        })
        .collect();
    let all = spinning.iter().all(Option::is_some);
    let patience_ns = clock::monotonic_ns() + 20_000_000;
    while all && shared.ready.load(Ordering::Relaxed) < threads && clock::monotonic_ns() < patience_ns {
        clock::sleep(Duration::from_micros(50));
    }
    let began_ns = clock::monotonic_ns();
    shared.go.store(true, Ordering::Relaxed);
    clock::sleep(TRIAL);
    shared.stop.store(true, Ordering::Relaxed);
    let wall_ns = clock::monotonic_ns() - began_ns;
    // Joins them.
    drop(spinning);
    let (rounds, cpu_ns) = (shared.rounds.load(Ordering::Relaxed), shared.cpu_ns.load(Ordering::Relaxed));
    (all && cpu_ns > 0).then_some(Trial { rounds, cpu_ns, wall_ns })
}

#[derive(Default)]
struct Shared {
    ready: AtomicU32,
    go: AtomicBool,
    stop: AtomicBool,
    rounds: AtomicU64,
    cpu_ns: AtomicU64,
}

impl Shared {
    fn spin(&self) {
        self.ready.fetch_add(1, Ordering::Relaxed);
        while !self.go.load(Ordering::Relaxed) && !self.stop.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        let before = system::thread_usage();
        let mut own = 0u64;
        while !self.stop.load(Ordering::Relaxed) {
            (0..100u64).for_each(|round| {
                std::hint::black_box(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            });
            own += 1;
        }
        if let (Some(before), Some(after)) = (before, system::thread_usage()) {
            self.cpu_ns.fetch_add(after.less(before).cpu_ns, Ordering::Relaxed);
        }
        self.rounds.fetch_add(own, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbed_trial_misleads_nobody() {
        let trial = |rounds, cpu_ms: u64, wall_ms: u64| {
            Some(Trial { rounds, cpu_ns: cpu_ms * 1_000_000, wall_ns: wall_ms * 1_000_000 })
        };
        assert_eq!(parallelism(trial(800, 8, 8), trial(1600, 16, 8), 2), Some(2.0));
        // Alone, it got half of the core: half the rounds in half the CPU time.
        assert_eq!(parallelism(trial(400, 4, 8), trial(1600, 16, 8), 2), Some(2.0));
        // Together, one of two threads got nothing.
        assert_eq!(parallelism(trial(800, 8, 8), trial(800, 8, 8), 2), Some(1.0));
        assert_eq!(parallelism(trial(1, 8, 8), trial(5000, 16, 8), 2), Some(2.0));
        assert_eq!(parallelism(trial(0, 8, 8), trial(1600, 16, 8), 2), None);
        assert_eq!(parallelism(None, trial(1600, 16, 8), 2), None);
    }
}
