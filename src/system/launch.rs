//! Starting programs fast, and what those that ended used.
//!
//! ```text
//!  launch ── signals held ──▶ new process in our memory, we stand still ── group, streams, death signal ──▶ exec
//!                                                                                                            │
//!  reap ◀── its exit, and what it and all that it waited for used ◀───────────── its end ◀───────────────────┘
//! ```
//!
//! To copy a process's memory costs more than `true` takes to run; so on Linux the new process borrows ours until it has
//! become the program (as `vfork` and `posix_spawn` do), and, other than with `posix_spawn`, it gets a process group and
//! a death signal on the way. Elsewhere it is a plain fork.
//!
//! Absent here: whom to start, when, and who waits for it (a door).
#![expect(unsafe_code, reason = "what a process does between its beginning and exec; wait4 fills C structures")]

use super::{os, unix};
use crate::wire::Exit;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, getppid, kill_process_group, test_kill_process_group, waitid,
};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

/// A program to be started: the leader of a process group of its own, which dies with the **thread** that starts it, where
/// the platform has such a thing. It gets three streams and no other descriptor.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The program's file.
    pub program: &'a CStr,
    /// What it is told, its name first.
    pub words: &'a [CString],
    /// Its environment, as `NAME=value`.
    pub environment: &'a [CString],
    /// Its standard streams. Each has a number of 3 or more here, and is closed at exec.
    pub streams: [BorrowedFd<'a>; 3],
}

/// A program that was started. Nobody reaps it but whoever calls [`reap`].
#[derive(Debug)]
pub struct Launched {
    /// Its process, and its process group.
    pub pid: u32,
    /// A descriptor that becomes readable when it ends; none where the platform has no such thing.
    pub handle: Option<OwnedFd>,
}

/// Room for what a new process does before it is the program. One for each thread that starts some.
pub struct Stack(Vec<MaybeUninit<u128>>);

impl std::fmt::Debug for Stack {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Stack")
    }
}

impl Default for Stack {
    fn default() -> Stack {
        const BYTES: usize = 64 << 10;
        let mut room = Vec::with_capacity(BYTES / size_of::<u128>());
        room.resize_with(BYTES / size_of::<u128>(), MaybeUninit::uninit);
        Stack(room)
    }
}

impl Stack {
    /// Its upper end, from which it grows down.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "a fork has a stack of its own"))]
    pub(super) fn top(&mut self) -> *mut c_void {
        self.0.as_mut_ptr_range().end.cast()
    }
}

/// What the new process is to do. All of it was made before, and outlives it: it allocates nothing.
pub(super) struct Orders {
    program: *const c_char,
    words: *const *const c_char,
    environment: *const *const c_char,
    streams: [RawFd; 3],
    parent: Pid,
    /// Why there is no program, as the system numbers it; 0 while nothing went wrong.
    pub(super) failed: AtomicI32,
}

/// Starts a program. It runs when this returns.
///
/// # Errors
/// What the system says: ENOENT for no such file, EACCES, ENOEXEC for a file that is no program, E2BIG, EAGAIN for no more
/// processes.
pub fn launch(what: &Launch<'_>, stack: &mut Stack) -> io::Result<Launched> {
    let pointers = |texts: &[CString]| -> Vec<*const c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
    };
    let (words, environment) = (pointers(what.words), pointers(what.environment));
    let orders = Orders {
        program: what.program.as_ptr(),
        words: words.as_ptr(),
        environment: environment.as_ptr(),
        streams: what.streams.map(|stream| stream.as_raw_fd()),
        parent: getpid(),
        failed: AtomicI32::new(0),
    };
    let launched = {
        // No handler of ours may run in a process that borrows our memory.
        let _held = SignalsHeld::new();
        os::begin_process(become_program, &orders, stack)?
    };
    match orders.failed.load(Relaxed) {
        0 => Ok(launched),
        failed => {
            // It has ended without ever having been the program.
            let _ = reap(launched.pid, true);
            Err(io::Error::from_raw_os_error(failed))
        }
    }
}

/// What a process does to begin: which function, on which orders.
pub(super) type Beginning = extern "C" fn(*mut c_void) -> c_int;

/// In the new process. Returns only where it did not become the program, and has noted why.
///
/// Async-signal-safe, and more: it may share our memory while the thread that started it stands still, so it changes
/// nothing in it but what it was handed to write to.
extern "C" fn become_program(orders: *mut c_void) -> c_int {
    // SAFETY: whoever starts it hands over a pointer to orders that live until it is a program or has ended.
    let orders = unsafe { &*orders.cast::<Orders>() };
    let failed = try_to_become(orders).err().and_then(|error| error.raw_os_error()).unwrap_or(libc::EIO);
    orders.failed.store(failed, Relaxed);
    127
}

fn try_to_become(orders: &Orders) -> io::Result<()> {
    rustix::process::setpgid(None, None)?;
    match os::die_with_parent(libc::SIGKILL) {
        Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
        _ => {}
    }
    // It may have ended just before: then there is another parent already, and no signal to come.
    if getppid() != Some(orders.parent) {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    for (target, source) in (0..).zip(orders.streams) {
        // SAFETY: the source is open, since whoever starts it lent it; in this process nobody uses what the target was.
        if unsafe { libc::dup2(source, target) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // The Rust runtime ignores it, and what is ignored stays so in a program. Handlers do not: exec resets them.
    // SAFETY: to take a signal's default action installs no code of ours; the calls take numbers and a set that lives
    // through them.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        let mut none = MaybeUninit::<libc::sigset_t>::zeroed();
        libc::sigemptyset(none.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
        libc::execve(orders.program, orders.words, orders.environment);
    }
    Err(io::Error::last_os_error())
}

/// Signals to the calling thread wait until this is dropped.
struct SignalsHeld(libc::sigset_t);

impl SignalsHeld {
    fn new() -> SignalsHeld {
        let (mut all, mut before) = (MaybeUninit::<libc::sigset_t>::zeroed(), MaybeUninit::<libc::sigset_t>::zeroed());
        // SAFETY: both sets live through the calls, which fill them in; every pattern of bytes is a valid set.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            SignalsHeld(before.assume_init())
        }
    }
}

impl Drop for SignalsHeld {
    fn drop(&mut self) {
        // SAFETY: the set is the one that was in force before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

/// How a program ended, and what it used, with all that it had started and waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub exit: Exit,
    /// CPU time, in the program and in the kernel.
    pub cpu_ns: u64,
    /// The most memory that one of its processes had in use. A process counts from its beginning, when it still had the
    /// memory of whoever started it: so this is never less than what we ourselves had in use then.
    pub memory_peak_bytes: u64,
    /// Times that a thread gave up its core.
    pub voluntary: u64,
    /// Times that a thread was taken off its core.
    pub involuntary: u64,
}

/// Takes the exit of a child that ended; none where it has not, and `wait` says not to wait for it.
///
/// # Errors
/// ECHILD for a process that is no child of ours, or was reaped before.
pub fn reap(pid: u32, wait: bool) -> io::Result<Option<Ended>> {
    let pid = unix::pid_of(pid)?.as_raw_pid();
    let mut status: c_int = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let options = if wait { 0 } else { libc::WNOHANG };
    loop {
        // SAFETY: both pointers are to memory of the right type that lives through the call.
        match unsafe { libc::wait4(pid, &raw mut status, options, usage.as_mut_ptr()) } {
            0 => return Ok(None),
            1.. => break,
            _ => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
        }
    }
    // SAFETY: all bytes are set (zeroed, then written by the kernel), and every pattern of bytes is a valid rusage.
    let usage = unsafe { usage.assume_init() };
    let count = |number: libc::c_long| u64::try_from(number).unwrap_or(0);
    let nanoseconds = |time| unix::nanoseconds(time).unwrap_or(0);
    Ok(Some(Ended {
        exit: exit_of(status),
        cpu_ns: nanoseconds(usage.ru_utime).saturating_add(nanoseconds(usage.ru_stime)),
        memory_peak_bytes: count(usage.ru_maxrss).saturating_mul(MAXRSS_BYTES),
        voluntary: count(usage.ru_nvcsw),
        involuntary: count(usage.ru_nivcsw),
    }))
}

/// Whether a child has ended, without reaping it.
pub fn has_ended(pid: u32) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let Ok(pid) = unix::pid_of(pid) else { return true };
    waitid(WaitId::Pid(pid), options).is_ok_and(|status| status.is_some())
}

/// What the most memory is counted in.
const MAXRSS_BYTES: u64 = if cfg!(any(target_os = "macos", target_os = "ios")) { 1 } else { 1024 };

fn exit_of(status: c_int) -> Exit {
    match (libc::WIFEXITED(status), libc::WIFSIGNALED(status)) {
        (true, _) => Exit::Code { code: libc::WEXITSTATUS(status) },
        (_, true) => Exit::Signal { signal: libc::WTERMSIG(status) },
        _ => Exit::Unknown,
    }
}

/// The most memory that this process had in use so far.
pub fn own_memory_peak_bytes() -> Option<u64> {
    unix::memory_peak_of_own().map(|number| number.saturating_mul(MAXRSS_BYTES))
}

/// Sends a signal to all processes of a group.
///
/// # Errors
/// ESRCH where there is none, EPERM where none of them is ours, `InvalidInput` for 0 and for what is no signal.
pub fn kill_group(group: u32, signal: i32) -> io::Result<()> {
    let signal = Signal::from_named_raw(signal).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(kill_process_group(unix::pid_of(group)?, signal)?)
}

/// Whether a group has a process, be it one that has ended and is not reaped.
pub fn is_group_there(group: u32) -> bool {
    unix::pid_of(group).is_ok_and(|group| test_kill_process_group(group) != Err(rustix::io::Errno::SRCH))
}
