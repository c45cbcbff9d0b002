//! The door for time.
//!
//! Every time in poolscope is a number of nanoseconds on the system's monotonic clock, which all processes share. Asking
//! the kernel's vDSO for it costs about 25 ns; the processor's time-stamp counter costs under 10, and a worker asks twice
//! for each task, so where the kernel itself trusts the counter we read that and scale it.
#![expect(unsafe_code, reason = "the time-stamp counter is read by an intrinsic")]
#![expect(clippy::disallowed_methods, reason = "the door for time")]

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Nanoseconds on the system's monotonic clock, from the kernel.
pub fn monotonic_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Nanoseconds since 1970, for file names and headers only: never compare two of them.
pub fn wall_ns() -> u64 {
    let time = clock_gettime(ClockId::Realtime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Sleeps at least `duration`.
pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

/// Sleeps until the monotonic clock reads `deadline_ns`; at once where that is past.
pub fn sleep_until(deadline_ns: u64) {
    let left = deadline_ns.saturating_sub(monotonic_ns());
    if left > 0 {
        sleep(Duration::from_nanos(left));
    }
}

/// The time-stamp counter's relation to the monotonic clock: `ns = base_ns + ((tsc - base_tsc) * scale) >> 32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    base_tsc: u64,
    base_ns: u64,
    /// Nanoseconds for each count, times 2^32; 0 where the counter is not to be trusted, and the kernel is asked.
    scale: u64,
}

impl Clock {
    /// The clock that asks the kernel each time.
    pub const KERNEL: Clock = Clock { base_tsc: 0, base_ns: 0, scale: 0 };

    /// The fastest clock that can be trusted here. Takes 2 ms where that is the time-stamp counter.
    pub fn calibrated() -> Clock {
        if !counter_is_trusted() {
            return Clock::KERNEL;
        }
        let (tsc_0, ns_0) = pair();
        sleep(Duration::from_millis(2));
        let (tsc_1, ns_1) = pair();
        let (counts, ns) = (tsc_1.saturating_sub(tsc_0), ns_1.saturating_sub(ns_0));
        if counts == 0 || ns == 0 {
            return Clock::KERNEL;
        }
        let scale = ((u128::from(ns) << 32) / u128::from(counts)) as u64;
        Clock { base_tsc: tsc_1, base_ns: ns_1, scale }
    }

    /// The clock as three numbers, for a process that shares it.
    pub fn to_parts(self) -> [u64; 3] {
        [self.base_tsc, self.base_ns, self.scale]
    }

    /// The clock that [`Clock::to_parts`] took apart.
    pub fn from_parts([base_tsc, base_ns, scale]: [u64; 3]) -> Clock {
        Clock { base_tsc, base_ns, scale }
    }

    /// What it reads, in words.
    pub fn source(self) -> &'static str {
        if self.scale == 0 { "kernel (clock_gettime)" } else { "time-stamp counter" }
    }

    /// Nanoseconds on the monotonic clock, within a few microseconds of what the kernel says, and never behind an
    /// earlier reading on the same thread.
    #[inline]
    pub fn now_ns(self) -> u64 {
        if self.scale == 0 {
            return monotonic_ns();
        }
        let counts = counter().wrapping_sub(self.base_tsc);
        // A core whose counter lags by a hair just after calibration must not wrap around.
        let counts = if counts > u64::MAX / 2 { 0 } else { counts };
        self.base_ns + ((u128::from(counts) * u128::from(self.scale)) >> 32) as u64
    }
}

/// Both clocks at the same moment: the pair that took the least time out of eight.
fn pair() -> (u64, u64) {
    (0..8)
        .map(|_| {
            let before = monotonic_ns();
            let tsc = counter();
            let after = monotonic_ns();
            (after - before, tsc, before + (after - before) / 2)
        })
        .min()
        .map(|(_, tsc, ns)| (tsc, ns))
        .unwrap_or_default()
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has the instruction; it has no effect but its result.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn counter() -> u64 {
    0
}

/// The kernel uses the counter itself only where it ticks evenly and alike on all cores: we trust it exactly there.
fn counter_is_trusted() -> bool {
    cfg!(target_arch = "x86_64") && crate::system::clock_source().as_deref() == Some("tsc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_clock_follows_the_kernels() {
        let clock = Clock::calibrated();
        for _ in 0..20 {
            let before = monotonic_ns();
            let now = clock.now_ns();
            let after = monotonic_ns();
            let slack = 50_000; // 10 ppm of the time since calibration, and what a busy machine adds
            assert!(now + slack >= before && now <= after + slack, "{before} {now} {after}");
            sleep(Duration::from_millis(1));
        }
        assert_eq!(Clock::from_parts(clock.to_parts()), clock);
    }
}
