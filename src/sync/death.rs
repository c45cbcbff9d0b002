//! What holds of locks when processes that use them are killed at any moment: a test with real ones.
#![expect(unsafe_code, reason = "fork: real processes over the same memory, without an executable of their own")]

use super::{Lock, ScratchPlace};
use crate::doors::clock::{Clock, monotonic_ns, sleep};
use crate::telemetry::{Arena, Recorder, Sampler};
use crate::wire::{LockId, LockKind, WorkerId};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::hint::black_box;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

const LOCK: LockId = LockId(0);

/// A process that takes the lock again and again until it is killed.
fn worker(arena: Arena, lock: &Lock, inside: &AtomicU64, id: WorkerId) -> Pid {
    // SAFETY: the child makes atomic operations and system calls only, and never returns: it neither allocates nor takes
    // a lock of the process that another thread might have held when it was forked.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no process");
    if let Some(pid) = Pid::from_raw(pid) {
        return pid;
    }
    let mut recorder = Recorder::new(arena, id, true);
    // Should the test fail, its children go with it, asleep or not.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    loop {
        lock.with(&mut recorder, |_| {
            let seen = inside.load(Relaxed);
            (0..200).for_each(|step| {
                black_box(step);
            });
            inside.store(seen + 1, Relaxed);
        });
    }
}

/// Kills the worker, waits for its end, and puts the lock right, as a supervisor does.
fn reap(arena: Arena, lock: &Lock, pid: Pid, id: WorkerId) -> bool {
    kill_process(pid, Signal::KILL).unwrap();
    waitpid(Some(pid), WaitOptions::empty()).unwrap();
    let was_held = lock.recover(id);
    arena.worker(id).mark_dead(monotonic_ns());
    was_held
}

#[test]
fn workers_that_are_killed_at_any_moment_stop_nobody() {
    for (kind, permits) in
        [(LockKind::Spin, 1), (LockKind::Futex, 1), (LockKind::Semaphore, 1), (LockKind::Semaphore, 2)]
    {
        let (arena, _memory) = Arena::shared(Clock::calibrated()).unwrap();
        let mut scratch = ScratchPlace::whole();
        let inside = &scratch.take(1).unwrap().words(arena)[0];
        let lock = Lock::new(kind, LOCK, arena, scratch.take(Lock::words(kind, permits)).unwrap(), permits);
        let acquired = || Sampler::new(arena, 1).lock(LOCK).acquired;
        let mut pids: Vec<Pid> = (0..4).map(|id| worker(arena, &lock, inside, WorkerId(id))).collect();
        let mut taken_back = 0;
        for round in 0..120u64 {
            sleep(Duration::from_micros(round * 37 % 500));
            let id = WorkerId(round as u32 % 4);
            taken_back += u64::from(reap(arena, &lock, pids[id.0 as usize], id));
            let (before, deadline_ns) = (acquired(), monotonic_ns() + 10_000_000_000);
            while acquired() == before {
                assert!(monotonic_ns() < deadline_ns, "{}: nobody gets in after death {round}", kind.name());
                std::thread::yield_now();
            }
            pids[id.0 as usize] = worker(arena, &lock, inside, id);
        }
        for (id, pid) in pids.into_iter().enumerate() {
            taken_back += u64::from(reap(arena, &lock, pid, WorkerId(id as u32)));
        }
        let tick = Sampler::new(arena, 1).lock(LOCK);
        assert!(taken_back > 0 && tick.abandoned == taken_back, "{}: {taken_back}, {tick:?}", kind.name());
        // Exact but for deaths within the few nanoseconds that `recover` speaks of.
        assert!(tick.waiters <= 2, "{}: {} waiters among the dead", kind.name(), tick.waiters);
        if permits == 1 {
            // Who is killed inside may have counted, in one of the two, before the other.
            assert!(tick.acquired.abs_diff(inside.load(Relaxed)) <= taken_back, "{}: {tick:?}", kind.name());
        }
        let mut recorder = Recorder::new(arena, WorkerId(9), true);
        assert!(lock.with(&mut recorder, |_| true), "free in the end");
    }
}
