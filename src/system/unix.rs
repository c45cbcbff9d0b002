//! What every Unix answers in the same way: usage, sessions, signals, limits.
#![expect(
    unsafe_code,
    reason = "getrusage fills a C structure; getsid may answer 0; a signal is ignored; a number of the allocator is set"
)]

use super::Usage;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, setrlimit, setsid};
use rustix::time::{ClockId, clock_gettime};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

/// What this process used in all its threads, those that ended included; processes that it started do not count.
pub fn own_usage() -> Option<Usage> {
    // The clock is finer than getrusage's microseconds, which are rounded by thread.
    Some(Usage { cpu_ns: cpu_ns(ClockId::ProcessCPUTime)?, ..usage(libc::RUSAGE_SELF)? })
}

/// What the calling thread used.
#[cfg(target_os = "linux")]
pub fn thread_usage() -> Option<Usage> {
    Some(Usage { cpu_ns: cpu_ns(ClockId::ThreadCPUTime)?, ..usage(libc::RUSAGE_THREAD)? })
}

/// What the calling thread used: only Linux tells its switches.
#[cfg(not(target_os = "linux"))]
pub fn thread_usage() -> Option<Usage> {
    None
}

fn cpu_ns(clock: ClockId) -> Option<u64> {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_nsec).ok()?)
}

/// What this process's children used, and theirs: **those that have ended and were reaped**. A living one does not
/// count yet.
pub fn children_usage() -> Option<Usage> {
    usage(libc::RUSAGE_CHILDREN)
}

/// The most memory that this process had in use, in whatever the platform counts it in.
pub(super) fn memory_peak_of_own() -> Option<u64> {
    u64::try_from(raw_usage(libc::RUSAGE_SELF)?.ru_maxrss).ok()
}

fn usage(whose: libc::c_int) -> Option<Usage> {
    let usage = raw_usage(whose)?;
    Some(Usage {
        cpu_ns: nanoseconds(usage.ru_utime)?.checked_add(nanoseconds(usage.ru_stime)?)?,
        voluntary: u64::try_from(usage.ru_nvcsw).ok()?,
        involuntary: u64::try_from(usage.ru_nivcsw).ok()?,
    })
}

fn raw_usage(whose: libc::c_int) -> Option<libc::rusage> {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to memory of the right type that lives through the call, and the kernel writes only there.
    if unsafe { libc::getrusage(whose, usage.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: all bytes are set (zeroed, then written by the kernel), and every pattern of bytes is a valid rusage.
    Some(unsafe { usage.assume_init() })
}

pub(super) fn nanoseconds(time: libc::timeval) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_usec).ok()?.checked_mul(1_000)?)
}

/// A process's number as a `Pid`. Zero and what would be negative are refused: to `kill`, they mean whole groups.
pub(super) fn pid_of(pid: u32) -> io::Result<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

/// Makes reads and writes of a descriptor fail with `WouldBlock` instead of waiting.
///
/// # Errors
/// What the system says of a descriptor that is none.
pub fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    Ok(rustix::fs::fcntl_setfl(&fd, flags | rustix::fs::OFlags::NONBLOCK)?)
}

/// Sends a signal to a process.
///
/// # Errors
/// ESRCH where there is no such process, EPERM where it is not ours, `InvalidInput` for 0 and for what is no signal.
pub fn kill_process(pid: u32, signal: i32) -> io::Result<()> {
    let signal = Signal::from_named_raw(signal).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::kill_process(pid_of(pid)?, signal)?)
}

/// Stops a process where it is.
///
/// # Errors
/// As for [`kill_process`].
pub fn stop_process(pid: u32) -> io::Result<()> {
    kill_process(pid, libc::SIGSTOP)
}

/// Lets a stopped process go on.
///
/// # Errors
/// As for [`kill_process`].
pub fn continue_process(pid: u32) -> io::Result<()> {
    kill_process(pid, libc::SIGCONT)
}

/// The session that a process belongs to; none where there is no such process, and for one whose session has no number
/// here: the kernel's own threads, and whatever was put into a container from outside.
pub fn session_of(pid: u32) -> Option<u32> {
    let pid = pid_of(pid).ok()?.as_raw_pid();
    // Not rustix's getsid: it takes the kernel's 0 ("no number here") for impossible, and is undefined then.
    // SAFETY: the call takes a number and touches no memory.
    let session = unsafe { libc::getsid(pid) };
    u32::try_from(session).ok().filter(|session| *session != 0)
}

/// Whether this process leads a session of its own.
pub fn is_own_session() -> bool {
    let own = std::process::id();
    session_of(own) == Some(own)
}

/// Begins a session of its own for this process. Safe between fork and exec.
///
/// # Errors
/// EPERM where it leads a process group already.
pub fn new_session() -> io::Result<()> {
    setsid()?;
    Ok(())
}

/// Allows this process as many descriptors as it may allow itself, and tells how many that is.
///
/// # Errors
/// What the system says where it refuses.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(DESCRIPTORS_MAX);
    let now = limit.current.unwrap_or(u64::MAX);
    if now >= most {
        return Ok(now);
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum })?;
    Ok(most)
}

/// Lets this process have no more memory of its own than that: who asks for more gets none. Some platforms do not hold to it.
///
/// # Errors
/// What the system says where it refuses.
pub fn limit_memory(bytes: u64) -> io::Result<()> {
    let maximum = getrlimit(Resource::Data).maximum;
    let most = maximum.map_or(bytes, |maximum| maximum.min(bytes));
    Ok(setrlimit(Resource::Data, Rlimit { current: Some(most), maximum })?)
}

/// The most that a process may use of what it could use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory that it has mapped, in bytes.
    pub memory_bytes: u64,
    /// Time on a core, in seconds.
    pub cpu_s: u64,
    /// How large a file it may write; 0 for none at all.
    pub file_bytes: u64,
    /// How many descriptors it may have.
    pub descriptors: u64,
}

/// Holds the calling process, and all that it starts, to these limits for good. Async-signal-safe.
///
/// # Errors
/// What the system says where it refuses one of them.
pub fn limit(limits: Limits) -> io::Result<()> {
    let most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    // What is lower already stays so: nobody may raise it.
    let lower = |resource: Resource, wanted: u64| {
        let wanted = getrlimit(resource).maximum.map_or(wanted, |maximum| maximum.min(wanted));
        setrlimit(resource, most(wanted))
    };
    lower(Resource::Core, 0)?;
    lower(Resource::Fsize, limits.file_bytes)?;
    lower(Resource::Nofile, limits.descriptors)?;
    lower(Resource::Cpu, limits.cpu_s)?;
    match lower(Resource::As, limits.memory_bytes) {
        // Some systems take no limit on memory that is mapped.
        Err(rustix::io::Errno::INVAL) => Ok(()),
        result => Ok(result?),
    }
}

/// What is asked for where there is no bound: some kernels refuse more than this, and nobody needs it.
const DESCRIPTORS_MAX: u64 = 10_240;

/// Makes writing beyond the limit on a file's size an error of that write (EFBIG), where it would be the end of the
/// process. What this process starts inherits that.
pub fn outlive_file_size_limit() {
    // SAFETY: to ignore a signal installs no code of ours; the call takes two numbers.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Lets all threads allocate from one heap: less memory for a process of many threads that allocate little. Only before
/// there are other threads; nothing happens where the allocator has no such choice.
pub fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it sets a number of the allocator.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// A signal's name.
pub fn name_of_signal(signal: i32) -> Option<&'static str> {
    SIGNALS.iter().find(|(number, _)| *number == signal).map(|(_, name)| *name)
}

/// The signals of POSIX; their numbers differ between systems.
const SIGNALS: [(i32, &str); 29] = [
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGQUIT, "SIGQUIT"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGUSR2, "SIGUSR2"),
    (libc::SIGPIPE, "SIGPIPE"),
    (libc::SIGALRM, "SIGALRM"),
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGCHLD, "SIGCHLD"),
    (libc::SIGCONT, "SIGCONT"),
    (libc::SIGSTOP, "SIGSTOP"),
    (libc::SIGTSTP, "SIGTSTP"),
    (libc::SIGTTIN, "SIGTTIN"),
    (libc::SIGTTOU, "SIGTTOU"),
    (libc::SIGURG, "SIGURG"),
    (libc::SIGXCPU, "SIGXCPU"),
    (libc::SIGXFSZ, "SIGXFSZ"),
    (libc::SIGVTALRM, "SIGVTALRM"),
    (libc::SIGPROF, "SIGPROF"),
    (libc::SIGWINCH, "SIGWINCH"),
    (libc::SIGIO, "SIGIO"),
    (libc::SIGSYS, "SIGSYS"),
];

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names() {
        assert_eq!(name_of_signal(9), Some("SIGKILL"));
        assert_eq!(name_of_signal(libc::SIGSEGV), Some("SIGSEGV"));
        assert_eq!(name_of_signal(0), None);
        assert_eq!(name_of_signal(-9), None);
        assert_eq!(name_of_signal(99), None);
    }

    #[test]
    fn what_means_a_group_to_kill_is_refused() {
        for pid in [0, u32::MAX, 1 << 31] {
            assert_eq!(kill_process(pid, libc::SIGCONT).map_err(|e| e.kind()), Err(io::ErrorKind::InvalidInput));
            assert_eq!(session_of(pid), None);
        }
        assert_eq!(kill_process(std::process::id(), 0).map_err(|e| e.kind()), Err(io::ErrorKind::InvalidInput));
    }

    #[test]
    fn a_process_knows_its_session() {
        let own = std::process::id();
        assert_eq!(is_own_session(), session_of(own) == Some(own));
        // Without a panic for any of them, be it the kernel's own.
        assert!((1..1000).filter_map(session_of).all(|session| session > 0));
    }

    #[test]
    fn own_usage_grows() {
        let before = own_usage().expect("every Unix tells").cpu_ns;
        let mut sum = 0u64;
        while own_usage().expect("as before").cpu_ns <= before + 1_000_000 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let voluntary = own_usage().expect("every Unix tells").voluntary;
        for _ in 0..100 {
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
        assert!(own_usage().expect("as before").voluntary > voluntary);
        assert!(children_usage().is_some());
    }

    #[test]
    fn the_descriptor_limit_goes_up_once() {
        let limit = raise_descriptor_limit().expect("raising to the hard limit is always allowed");
        assert!(limit > 0);
        assert_eq!(raise_descriptor_limit().expect("as before"), limit);
    }
}
