//! Any other Unix: what the standard library and `sysinfo` know, and none for the rest.
#![expect(unsafe_code, reason = "memory with a name, which rustix hides behind a feature that Linux has no use for")]
#![expect(clippy::disallowed_methods, reason = "a futex that is none can only sleep, and the door is below this room")]

use super::launch::{Beginning, Launched, Orders, Stack};
use super::unix::pid_of;
use super::{CoreTimes, ProcessStatus, TaskTimes, session_of};
use crate::wire::Machine;
use std::ffi::CString;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use sysinfo::{ProcessesToUpdate, System};

/// What this machine gives, as far as it tells.
pub fn machine() -> Machine {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let uname = rustix::system::uname();
    Machine {
        cores,
        core_ids: (0..cores).collect(),
        cores_online: cores,
        quota: None,
        parallelism_measured: None,
        os: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
        autogroup: None,
    }
}

/// Not told.
pub fn clock_source() -> Option<String> {
    None
}

/// Not told.
pub fn throttled() -> Option<u64> {
    None
}

/// Memory that processes can share: it has a name for as long as it takes to remove the name.
///
/// # Errors
/// What the system says.
pub fn unnamed_memory(name: &str) -> io::Result<OwnedFd> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // 31 bytes are the most that macOS takes, and the name must be nobody else's.
    let name = name.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>();
    let name = CString::new(format!("/{name}-{}-{number}", std::process::id()))?;
    let flags = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR;
    // SAFETY: the name ends with a NUL and lives through the call; the mode is an int, as a variadic function wants it.
    let fd = unsafe { libc::shm_open(name.as_ptr(), flags, 0o600 as libc::c_uint) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above.
    unsafe { libc::shm_unlink(name.as_ptr()) };
    // SAFETY: the descriptor was just made, and is nobody else's.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC)?;
    Ok(fd)
}

/// A number for the calling thread, unique in this process.
pub fn thread_id() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    thread_local!(static ID: u32 = NEXT.fetch_add(1, Ordering::Relaxed));
    ID.with(|id| *id)
}

/// Not done here: threads have the names that they were made with.
///
/// # Errors
/// `Unsupported`, always.
pub fn set_thread_name(_name: &str) -> io::Result<()> {
    unsupported()
}

/// Sleeps a millisecond at most while `word` is `expected`: without a futex, whoever waits looks again and again.
pub fn futex_wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
    let turn = Duration::from_millis(1);
    if word.load(Ordering::Acquire) == expected {
        std::thread::sleep(timeout.map_or(turn, |timeout| timeout.min(turn)));
    }
}

/// Nothing to do: who waits looks by himself.
pub fn futex_wake(_word: &AtomicU32, _count: u32) {}

/// Not told.
#[derive(Debug, Default)]
pub struct CoreSampler;

impl CoreSampler {
    /// A sampler that knows nothing.
    pub fn new() -> CoreSampler {
        CoreSampler
    }

    /// Empty.
    pub fn sample(&mut self) -> Vec<(u32, CoreTimes)> {
        Vec::new()
    }
}

/// Not told.
#[derive(Debug)]
pub enum TaskClock {}

impl TaskClock {
    /// None.
    pub fn open(_tid: u32) -> Option<TaskClock> {
        None
    }

    /// None.
    pub fn open_process(_pid: u32) -> Option<TaskClock> {
        None
    }

    /// None.
    pub fn open_elsewhere(_tid: u32) -> Option<TaskClock> {
        None
    }

    /// There is none to read.
    pub fn read(&self) -> Option<TaskTimes> {
        match *self {}
    }
}

/// Not told.
#[derive(Debug)]
pub enum TaskPlace {}

impl TaskPlace {
    /// None.
    pub fn open(_tid: u32) -> Option<TaskPlace> {
        None
    }

    /// None.
    pub fn open_process(_pid: u32) -> Option<TaskPlace> {
        None
    }

    /// There is none to read.
    pub fn core(&self) -> Option<u32> {
        match *self {}
    }
}

/// Its memory; the rest is not told.
pub fn process_status(pid: u32) -> Option<ProcessStatus> {
    pid_of(pid).ok()?;
    let pid = sysinfo::Pid::from_u32(pid);
    let mut system = System::new().ok()?;
    system.refresh_processes(ProcessesToUpdate::Some(&[pid]), true);
    let resident_bytes = Some(system.process(pid)?.memory()).filter(|bytes| *bytes > 0);
    Some(ProcessStatus { resident_bytes, ..ProcessStatus::default() })
}

/// The processes of a session.
pub fn processes_in_session(sid: u32) -> Vec<u32> {
    let Ok(mut system) = System::new() else {
        return Vec::new();
    };
    system.refresh_processes(ProcessesToUpdate::All, true);
    system.processes().keys().map(|pid| pid.as_u32()).filter(|pid| session_of(*pid) == Some(sid)).collect()
}

/// Not done here: elsewhere a priority belongs to the process.
///
/// # Errors
/// `Unsupported`, always.
pub fn set_nice(_nice: i32) -> io::Result<()> {
    unsupported()
}

/// Not done here.
///
/// # Errors
/// `Unsupported`, always.
pub fn pin(_core_ids: &[u32]) -> io::Result<()> {
    unsupported()
}

/// Not done here: a child learns of its parent's end by the end of its standard input.
///
/// # Errors
/// `Unsupported`, always.
pub fn die_with_parent(_signal: i32) -> io::Result<()> {
    unsupported()
}

/// Begins a process that is a copy of ours; why it did not become a program, it says on a pipe.
pub(super) fn begin_process(begin: Beginning, orders: &Orders, _: &mut Stack) -> io::Result<Launched> {
    let (hear, say) = rustix::pipe::pipe()?;
    for end in [&hear, &say] {
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
    }
    // SAFETY: between fork and exec the copy does only what is async-signal-safe: `begin` is made for that, then one write.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        let code = begin(std::ptr::from_ref(orders).cast_mut().cast());
        // Four bytes are written at once or not at all.
        let _ = rustix::io::write(&say, &orders.failed.load(Ordering::Relaxed).to_ne_bytes());
        // SAFETY: it ends the copy at once, without running anything that was registered for the end.
        unsafe { libc::_exit(code) };
    }
    drop(say);
    let mut failed = [0; 4];
    // Nothing comes from one that became the program: its end of the pipe is closed then.
    if rustix::io::retry_on_intr(|| rustix::io::read(&hear, &mut failed)) == Ok(failed.len()) {
        orders.failed.store(i32::from_ne_bytes(failed), Ordering::Relaxed);
    }
    Ok(Launched { pid: pid.unsigned_abs(), handle: None })
}

/// Not told.
pub fn counts_io_wait() -> bool {
    false
}

/// Not told.
pub fn io_wait_ns(_pid: u32) -> Option<u64> {
    None
}

/// Not told.
pub fn cpu_ns_of_process(_pid: u32) -> Option<u64> {
    None
}

/// Not done here.
///
/// # Errors
/// `Unsupported`, always.
pub fn process_handle(_pid: u32) -> io::Result<OwnedFd> {
    unsupported()
}

/// Not done here.
///
/// # Errors
/// `Unsupported`, always.
pub fn install_halt() -> io::Result<()> {
    unsupported()
}

/// Not done here.
///
/// # Errors
/// `Unsupported`, always.
pub fn halt_threads(_tids: &[u32]) -> io::Result<()> {
    unsupported()
}

/// Nothing to do.
pub fn resume_threads() {}

/// None can be halted.
pub fn halted_count() -> u32 {
    0
}

fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_works() {
        let machine = machine();
        assert!(machine.cores >= 1 && machine.core_ids.len() == machine.cores as usize);
        assert_eq!(thread_id(), thread_id());
        assert_ne!(thread_id(), std::thread::spawn(thread_id).join().expect("a thread's id"));
        let memory = std::fs::File::from(unnamed_memory("poolscope/test").expect("memory"));
        memory.set_len(4096).expect("room");
        let own = std::process::id();
        assert!(process_status(own).expect("this process").resident_bytes.is_some());
        if let Some(session) = session_of(own) {
            assert!(processes_in_session(session).contains(&own));
        }
        futex_wait(&AtomicU32::new(0), 0, None);
    }
}
