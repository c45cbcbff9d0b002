//! What the operating system says of cores, processes, threads and limits, and the little that is asked of it in return:
//! priority, affinity, sessions, signals.
//!
//! The only room that knows which operating system this is: `unix` is what they share, `linux` and `other` are two
//! answers to the same questions. Three rules hold for all of them:
//!
//! - what cannot be had is none, never zero: no `/proc`, no `/sys`, an older kernel, a container that hides a file;
//! - a number is the kernel's own, unrounded; whoever wants a rate keeps the last one;
//! - nothing here waits, except [`futex_wait`].
//!
//! Absent here: time (a door), the start of processes (a door), and everything that knows what a lane or a pool is.

mod crash;
mod launch;
mod unix;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(not(target_os = "linux"), test))]
#[cfg_attr(
    target_os = "linux",
    expect(dead_code, unreachable_pub, reason = "compiled and tried here so that it compiles elsewhere")
)]
mod other;

#[cfg(target_os = "linux")]
use linux as os;
#[cfg(not(target_os = "linux"))]
use other as os;

pub use crash::{no_terminal_to_restore, restore_terminal_on_crash};
pub use launch::{
    Ended, Launch, Launched, Stack, has_ended, is_group_there, kill_group, launch, own_memory_peak_bytes, reap,
};
pub use os::{
    CoreSampler, TaskClock, TaskPlace, clock_source, counts_io_wait, cpu_ns_of_process, die_with_parent, futex_wait,
    futex_wake, halt_threads, halted_count, install_halt, io_wait_ns, machine, pin, process_handle, process_status,
    processes_in_session, resume_threads, set_nice, set_thread_name, thread_id, throttled, unnamed_memory,
};
pub use unix::{
    Limits, children_usage, continue_process, is_own_session, kill_process, limit, limit_memory, name_of_signal,
    new_session, outlive_file_size_limit, own_usage, raise_descriptor_limit, session_of, set_nonblocking,
    share_one_heap, stop_process, thread_usage,
};

use std::time::Duration;

/// For how long a thread that [`halt_threads`] halted stands still at least; twice as long at most. Halt again before
/// it is over, and it starts anew.
///
/// A halt must be able to end by itself. A thread is stopped wherever it is, perhaps in the middle of the allocator with
/// its lock in hand; a reporter that then allocates waits for that lock, and cannot resume what it waits for. When the
/// lease is over the thread goes on, lets go of the lock, and the reporter halts it again.
pub const HALT_LEASE: Duration = Duration::from_secs(1);

/// What a core did since the machine started, in the kernel's ticks of (mostly) 10 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreTimes {
    /// Worked: for programs, nice ones, the kernel, and interrupts.
    pub busy_ticks: u64,
    /// All time: busy, idle, waiting for a disk, or taken away by the machine that this one is a guest of.
    pub total_ticks: u64,
}

/// A thread's or process's times since it began, by the kernel's account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskTimes {
    /// On a core.
    pub cpu_ns: u64,
    /// Ready to run, and waiting for a core; a wait counts once it is over.
    pub run_queue_ns: u64,
}

/// What the kernel tells of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessStatus {
    /// Times that its **main thread** gave up its core; other threads do not count (see [`own_usage`]).
    pub voluntary: Option<u64>,
    /// Times that its **main thread** was taken off its core.
    pub involuntary: Option<u64>,
    /// Memory that it has in use, with what it shares.
    pub resident_bytes: Option<u64>,
    /// The most of it so far.
    pub peak_bytes: Option<u64>,
    /// Its threads.
    pub threads: Option<u32>,
    /// Whether it was stopped by a signal.
    pub stopped: bool,
}

/// What processes used in all their threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time, in the program and in the kernel.
    pub cpu_ns: u64,
    /// Times that a thread gave up its core.
    pub voluntary: u64,
    /// Times that a thread was taken off its core.
    pub involuntary: u64,
}

impl Usage {
    /// What is left when `part` is taken out.
    pub fn less(self, part: Usage) -> Usage {
        Usage {
            cpu_ns: self.cpu_ns.saturating_sub(part.cpu_ns),
            voluntary: self.voluntary.saturating_sub(part.voluntary),
            involuntary: self.involuntary.saturating_sub(part.involuntary),
        }
    }
}
