//! Linux: `/proc`, `/sys`, control groups, and a few calls of its own.
#![expect(unsafe_code, reason = "a process that borrows our memory is begun by clone")]

mod cores;
mod halt;
mod quota;
mod tasks;

pub use cores::{CoreSampler, pin};
pub use halt::{halt_threads, halted_count, install_halt, resume_threads};
pub use quota::throttled;
pub use tasks::{TaskClock, TaskPlace, cpu_ns_of_process, io_wait_ns, process_status, processes_in_session};

use super::launch::{Beginning, Launched, Orders, Stack};
use super::unix::pid_of;
use crate::wire::Machine;
use rustix::process::{PidfdFlags, Signal, pidfd_open, set_parent_process_death_signal, setpriority_process};
use rustix::thread::futex;
use std::ffi::CString;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// What this machine gives, as far as it tells. Reads a handful of small files: below a millisecond.
pub fn machine() -> Machine {
    let (core_ids, cores_online) = cores::cores();
    let uname = rustix::system::uname();
    Machine {
        cores: core_ids.len() as u32,
        core_ids,
        cores_online,
        quota: quota::cores_allowed(),
        parallelism_measured: None,
        os: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
        autogroup: word("/proc/sys/kernel/sched_autogroup_enabled").map(|word| word != "0"),
    }
}

/// The counter by which the kernel tells time, as it calls it.
pub fn clock_source() -> Option<String> {
    word("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

fn word(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_string())
}

/// Memory that processes can share and that has no name to leave behind; `name` is only for `/proc/PID/maps`. A process
/// that is started does not get it by itself.
///
/// # Errors
/// What the system says: EMFILE, ENOMEM, `InvalidInput` for a name with a NUL.
pub fn unnamed_memory(name: &str) -> io::Result<OwnedFd> {
    Ok(rustix::fs::memfd_create(name, rustix::fs::MemfdFlags::CLOEXEC)?)
}

/// The calling thread's id, unique on the machine.
pub fn thread_id() -> u32 {
    rustix::thread::gettid().as_raw_pid().cast_unsigned()
}

/// Names the calling thread, for `ps` and `top`; of the main thread, that is the process's name. At most 15 bytes stay.
///
/// # Errors
/// `InvalidInput` for a name with a NUL.
pub fn set_thread_name(name: &str) -> io::Result<()> {
    let name = CString::new(name)?;
    Ok(rustix::thread::set_name(&name)?)
}

/// Sleeps while `word` is `expected`, at most `timeout`. May wake early. Works between processes that share the word.
pub fn futex_wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
    let timeout = timeout.map(timespec);
    // Woken, timed out, interrupted, or the word had changed: the caller looks at the word again in all four cases.
    let _ = futex::wait(word, futex::Flags::empty(), expected, timeout.as_ref());
}

/// Wakes up to `count` sleepers on `word`, in all processes that share it.
pub fn futex_wake(word: &AtomicU32, count: u32) {
    // The kernel counts in signed numbers. It fails for a bad address only, and the reference is none.
    let _ = futex::wake(word, futex::Flags::empty(), count.min(i32::MAX.cast_unsigned()));
}

fn timespec(duration: Duration) -> futex::Timespec {
    futex::Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos() as _,
    }
}

/// Sets the priority of the calling thread alone: 19 yields to everybody. Safe between fork and exec.
///
/// # Errors
/// EACCES or EPERM for more priority than it has, without the right to it.
pub fn set_nice(nice: i32) -> io::Result<()> {
    // On Linux a priority belongs to a thread, whatever POSIX says, and a thread id is accepted where a pid is asked for.
    Ok(setpriority_process(Some(rustix::thread::gettid()), nice)?)
}

/// Has this process sent `signal` when the **thread** that started it ends; so start processes from threads that live
/// as long as the program. Safe between fork and exec; look at the parent's pid afterwards, since it may be gone already.
///
/// # Errors
/// `InvalidInput` for what is no signal.
pub fn die_with_parent(signal: i32) -> io::Result<()> {
    let signal = Signal::from_named_raw(signal).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(set_parent_process_death_signal(Some(signal))?)
}

/// A descriptor that becomes readable when the process ends.
///
/// # Errors
/// ESRCH where there is no such process, ENOSYS before Linux 5.3, EMFILE.
pub fn process_handle(pid: u32) -> io::Result<OwnedFd> {
    Ok(pidfd_open(pid_of(pid)?, PidfdFlags::empty())?)
}

/// Begins a process that borrows our memory, on a stack of its own, while the calling thread stands still.
pub(super) fn begin_process(begin: Beginning, orders: &Orders, stack: &mut Stack) -> io::Result<Launched> {
    let mut handle: libc::c_int = -1;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    let orders = std::ptr::from_ref(orders).cast_mut().cast();
    // SAFETY: the stack is nobody else's, and large enough for a function that calls the kernel and little else; what it is
    // handed lives on, since the calling thread goes on (CLONE_VFORK) only when the other is a program or has ended. The
    // last argument is where the kernel puts the handle's number (CLONE_PIDFD).
    let pid = unsafe { libc::clone(begin, stack.top(), flags, orders, &raw mut handle) };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made it, closed at exec; a kernel that makes none leaves the number as it was.
    let handle = (handle >= 0).then(|| unsafe { OwnedFd::from_raw_fd(handle) });
    Ok(Launched { pid: pid.unsigned_abs(), handle })
}

/// Whether the kernel counts how long processes wait for disks.
pub fn counts_io_wait() -> bool {
    word("/proc/sys/kernel/task_delayacct").is_some_and(|word| word == "1")
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
mod tests {
    use super::*;
    use rustix::io::{FdFlags, fcntl_getfd};
    use rustix::process::getpriority_process;
    use std::sync::atomic::Ordering::SeqCst;

    #[test]
    fn the_machine_is_what_the_kernel_says() {
        let machine = machine();
        assert!(machine.cores >= 1 && machine.core_ids.len() == machine.cores as usize, "{machine:?}");
        assert!(machine.cores_online >= machine.cores, "{machine:?}");
        assert!(machine.core_ids.is_sorted(), "{machine:?}");
        assert!(machine.os.starts_with("Linux "), "{machine:?}");
        assert!(machine.quota.is_none_or(|cores| cores > 0.0), "{machine:?}");
    }

    #[test]
    fn memory_is_not_inherited() {
        let memory = unnamed_memory("poolscope-test").expect("memory");
        assert!(fcntl_getfd(&memory).expect("its flags").contains(FdFlags::CLOEXEC));
    }

    #[test]
    fn a_futex_wakes_who_waits() {
        static WORD: AtomicU32 = AtomicU32::new(0);
        futex_wait(&WORD, 1, None); // not the value: at once
        futex_wait(&WORD, 0, Some(Duration::from_millis(1))); // nobody wakes: after a while
        let waiter = std::thread::spawn(|| {
            while WORD.load(SeqCst) == 0 {
                futex_wait(&WORD, 0, None);
            }
        });
        WORD.store(1, SeqCst);
        futex_wake(&WORD, u32::MAX);
        waiter.join().expect("it woke");
    }

    #[test]
    fn nice_is_for_one_thread() {
        let of = |tid: u32| getpriority_process(Some(pid_of(tid).expect("a thread"))).expect("its priority");
        let mine = of(thread_id());
        let lower = mine.saturating_add(1).min(19);
        let theirs = std::thread::spawn(move || {
            set_nice(lower).expect("yielding is always allowed");
            getpriority_process(Some(rustix::thread::gettid())).expect("its priority")
        });
        assert_eq!(theirs.join().expect("it ran"), lower);
        assert_eq!(of(thread_id()), mine);
    }

    #[test]
    fn a_process_handle_needs_a_process() {
        assert!(process_handle(0).is_err());
        assert!(process_handle(std::process::id()).is_ok());
    }

    #[test]
    fn a_thread_takes_its_name() {
        let name = std::thread::spawn(|| {
            set_thread_name("a-name-that-is-too-long").expect("a name");
            std::fs::read_to_string("/proc/thread-self/comm").unwrap_or_default()
        });
        let name = name.join().expect("it ran");
        assert!(name.is_empty() || name == "a-name-that-is-\n", "{name:?}");
        assert!(set_thread_name("a\0b").is_err());
    }
}
