//! Threads and processes, one at a time: their times, their memory, their sessions.
#![expect(unsafe_code, reason = "the CPU clock of another thread has a number that rustix cannot name")]

use super::super::unix::pid_of;
use super::super::{ProcessStatus, TaskTimes, session_of};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::unix::fs::FileExt;

/// The kernel's account of one thread, or of one process: kept open, so that a reading is two cheap calls.
#[derive(Debug)]
pub struct TaskClock {
    file: File,
    clock: libc::clockid_t,
}

impl TaskClock {
    /// For a thread of this process.
    pub fn open(tid: u32) -> Option<TaskClock> {
        TaskClock::over(&format!("/proc/self/task/{tid}/schedstat"), tid, CLOCK_OF_THREAD)
    }

    /// For another process. Its CPU time is that of all its threads, its waits for a core are the main thread's; of a
    /// worker process, which has one thread, both are the whole truth.
    pub fn open_process(pid: u32) -> Option<TaskClock> {
        TaskClock::over(&format!("/proc/{pid}/schedstat"), pid, CLOCK_OF_PROCESS)
    }

    /// For a thread of another process: its CPU time is that of the kernel's last tick, up to 10 ms ago.
    pub fn open_elsewhere(tid: u32) -> Option<TaskClock> {
        TaskClock::over(&format!("/proc/{tid}/schedstat"), tid, CLOCK_OF_THREAD)
    }

    fn over(path: &str, id: u32, kind: libc::clockid_t) -> Option<TaskClock> {
        let id = pid_of(id).ok()?.as_raw_pid();
        Some(TaskClock { file: File::open(path).ok()?, clock: (!id << 3) | kind })
    }

    /// Its times since it began; none once it has ended, before it first ran, and where the kernel does not count.
    pub fn read(&self) -> Option<TaskTimes> {
        let mut buffer = [0; 80];
        // Fails (ESRCH) once the task has ended, also where its number has been given to another: so it comes first.
        let filled = self.file.read_at(&mut buffer, 0).ok()?;
        let mut times = parse_schedstat(&buffer[..filled])?;
        // That text is brought up to date at the scheduler's tick, up to 10 ms ago; the clock is up to date now.
        if let Some(cpu_ns) = cpu_ns_of(self.clock) {
            times.cpu_ns = cpu_ns;
        }
        Some(times)
    }
}

/// Where the kernel last put one thread, or the main thread of a process: a file kept open.
#[derive(Debug)]
pub struct TaskPlace(File);

impl TaskPlace {
    /// For a thread of this process.
    pub fn open(tid: u32) -> Option<TaskPlace> {
        File::open(format!("/proc/self/task/{tid}/stat")).ok().map(TaskPlace)
    }

    /// For another process.
    pub fn open_process(pid: u32) -> Option<TaskPlace> {
        File::open(format!("/proc/{pid}/stat")).ok().map(TaskPlace)
    }

    /// The core on which it runs, or last ran; none once it has ended.
    pub fn core(&self) -> Option<u32> {
        let mut buffer = [0; 1024];
        let filled = self.0.read_at(&mut buffer, 0).ok()?;
        core_in(&buffer[..filled])
    }
}

/// The kernel's numbering of CPU clocks: the id's complement, and three bits that say what is counted, and whose.
const CLOCK_OF_PROCESS: libc::clockid_t = 2;
const CLOCK_OF_THREAD: libc::clockid_t = 4 | CLOCK_OF_PROCESS;

fn cpu_ns_of(clock: libc::clockid_t) -> Option<u64> {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is to memory of the right type that lives through the call. A clock that is not there is an
    // error (EINVAL).
    if unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: all bytes are set (zeroed, then written by the kernel), and every pattern of bytes is a valid timespec.
    let time = unsafe { time.assume_init() };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_nsec).ok()?)
}

/// The CPU time of a process in all its threads so far; none once it is reaped.
pub fn cpu_ns_of_process(pid: u32) -> Option<u64> {
    cpu_ns_of((!pid_of(pid).ok()?.as_raw_pid() << 3) | CLOCK_OF_PROCESS)
}

/// How long the main thread of a process waited for disks, in the kernel's ticks of 10 ms: also of one that has ended and is
/// not reaped. Zero where the kernel does not count ([`super::counts_io_wait`]).
pub fn io_wait_ns(pid: u32) -> Option<u64> {
    let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let ticks =
        std::str::from_utf8(behind_name(&text)?).ok()?.split_ascii_whitespace().nth(42 - 3)?.parse::<u64>().ok()?;
    // SAFETY: it takes a number and touches no memory.
    let per_s = u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).ok()?;
    ticks.checked_mul(1_000_000_000u64.checked_div(per_s)?)
}

/// `CPU_NS RUN_QUEUE_NS SLICES`. A kernel that does not count says `0 0 0`, and so does one that never ran the task.
fn parse_schedstat(text: &[u8]) -> Option<TaskTimes> {
    let mut fields = std::str::from_utf8(text).ok()?.split_ascii_whitespace().map(|field| field.parse::<u64>().ok());
    let (cpu_ns, run_queue_ns, slices) = (fields.next()??, fields.next()??, fields.next()??);
    (slices > 0).then_some(TaskTimes { cpu_ns, run_queue_ns })
}

/// What `/proc/PID/status` tells; none where there is no such process.
pub fn process_status(pid: u32) -> Option<ProcessStatus> {
    let text = std::fs::read(format!("/proc/{pid}/status")).ok()?;
    Some(parse_status(&text))
}

fn parse_status(text: &[u8]) -> ProcessStatus {
    let mut status = ProcessStatus::default();
    // Line by line, since a process may have any bytes for its name.
    for line in text.split(|byte| *byte == b'\n') {
        let Some((key, value)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':')) else {
            continue;
        };
        let value = value.trim();
        let bytes = || value.strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024);
        match key {
            "voluntary_ctxt_switches" => status.voluntary = value.parse().ok(),
            "nonvoluntary_ctxt_switches" => status.involuntary = value.parse().ok(),
            "VmRSS" => status.resident_bytes = bytes(),
            "VmHWM" => status.peak_bytes = bytes(),
            "Threads" => status.threads = value.parse().ok(),
            "State" => status.stopped = value.starts_with('T'),
            _ => {}
        }
    }
    status
}

/// The living processes of a session. Those that have ended and only wait to be reaped are left out.
pub fn processes_in_session(sid: u32) -> Vec<u32> {
    let Ok(folder) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        // Asking for the session first costs one call, where the text would cost three for every process there is.
        .filter(|pid| session_of(*pid) == Some(sid) && is_living(*pid))
        .collect()
}

fn is_living(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/stat")).is_ok_and(|text| !matches!(state_in(&text), None | Some(b'Z' | b'X')))
}

/// `PID (NAME) STATE …`, where the name may hold anything, brackets included: what follows it.
fn behind_name(text: &[u8]) -> Option<&[u8]> {
    let close = text.iter().rposition(|byte| *byte == b')')?;
    text.get(close + 2..)
}

fn state_in(text: &[u8]) -> Option<u8> {
    behind_name(text)?.first().copied()
}

/// The 39th field, where the state is the third.
fn core_in(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(behind_name(text)?).ok()?.split_ascii_whitespace().nth(39 - 3)?.parse().ok()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
mod tests {
    use super::super::thread_id;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_threads_time_grows_while_it_works() {
        let clock = TaskClock::open(thread_id()).expect("this machine has a /proc");
        let first = clock.read().expect("it runs");
        let mut times = first;
        while times.cpu_ns < first.cpu_ns + 1_000_000 {
            let now = clock.read().expect("it runs");
            assert!(now.cpu_ns >= times.cpu_ns && now.run_queue_ns >= times.run_queue_ns, "{times:?} {now:?}");
            times = now;
        }
    }

    #[test]
    fn a_thread_that_ended_has_no_times() {
        let (send, receive) = std::sync::mpsc::channel::<()>();
        let (tell, hear) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            tell.send(thread_id()).expect("the test waits");
            let _ = receive.recv();
        });
        let tid = hear.recv().expect("its id");
        let clock = TaskClock::open(tid).expect("it lives");
        assert!(clock.read().is_some());
        drop(send);
        thread.join().expect("it ends");
        // Joined is told a moment before the kernel has taken the thread down.
        for _ in 0..10_000 {
            if clock.read().is_none() && TaskClock::open(tid).is_none() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        panic!("a thread that ended still has times");
    }

    #[test]
    fn a_process_has_times_and_a_status() {
        let own = std::process::id();
        assert!(TaskClock::open_process(own).expect("this machine has a /proc").read().is_some());
        assert!(TaskClock::open_process(0).is_none());
        assert!(TaskClock::open(u32::MAX).is_none());
        let status = process_status(own).expect("this machine has a /proc");
        assert!(status.threads >= Some(1), "{status:?}");
        assert!(status.resident_bytes > Some(0) && status.peak_bytes > Some(0), "{status:?}");
        assert_eq!(process_status(u32::MAX), None);
    }

    #[test]
    fn a_status_is_read() {
        let text = b"Name:\t\xff:\nVmHWM:\t   2000 kB\nVmRSS:\t    1908 kB\nThreads:\t3\n\
            voluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t4\n";
        assert_eq!(
            parse_status(text),
            ProcessStatus {
                voluntary: Some(12),
                involuntary: Some(4),
                resident_bytes: Some(1908 * 1024),
                peak_bytes: Some(2000 * 1024),
                threads: Some(3),
                stopped: false,
            }
        );
        assert_eq!(parse_status(b"VmRSS:\t12 MB\nThreads:\t-1\n"), ProcessStatus::default());
    }

    #[test]
    fn a_schedstat_is_read() {
        let check = |text: &str, expected: Option<(u64, u64)>| {
            let times = parse_schedstat(text.as_bytes()).map(|times| (times.cpu_ns, times.run_queue_ns));
            assert_eq!(times, expected, "{text:?}");
        };
        check("12 34 5\n", Some((12, 34)));
        check("0 34 1\n", Some((0, 34)));
        check("0 0 0\n", None);
        check("12 34", None);
        check("", None);
        check("-1 2 3", None);
    }

    #[test]
    fn a_state_is_found_behind_any_name() {
        assert_eq!(state_in(b"12 (sh) S 1 2"), Some(b'S'));
        assert_eq!(state_in(b"12 (a) Z (b) R 1 2"), Some(b'R'));
        assert_eq!(state_in(b"12 (sh)"), None);
        assert_eq!(state_in(b""), None);
    }

    #[test]
    fn a_core_is_found_behind_any_name() {
        let fields = (3..=52).map(|field| field.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(core_in(format!("12 (a) 5 (b) {fields}\n").as_bytes()), Some(39));
        assert_eq!(core_in(b"12 (sh) S 1 2"), None);
        assert_eq!(core_in(b""), None);
    }

    #[test]
    fn a_thread_is_on_one_of_the_cores_that_it_may_use() {
        let cores = super::super::machine().core_ids;
        let place = TaskPlace::open(thread_id()).expect("this machine has a /proc");
        let core = place.core().expect("it runs");
        assert!(cores.contains(&core), "{core} is none of {cores:?}");
        let process = TaskPlace::open_process(std::process::id()).expect("this machine has a /proc");
        assert!(process.core().is_some());
        assert!(TaskPlace::open(u32::MAX).is_none() && TaskPlace::open_process(u32::MAX).is_none());
    }

    #[test]
    fn a_process_is_in_its_session() {
        let own = std::process::id();
        if let Some(session) = session_of(own) {
            assert!(processes_in_session(session).contains(&own));
        }
        assert!(processes_in_session(u32::MAX).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in any::<Vec<u8>>(), text in "((VmRSS|Threads|x): {0,2}[0-9]{0,22}( kB)?\n?){0,5}") {
            for text in [&bytes[..], text.as_bytes()] {
                let _ = (parse_schedstat(text), parse_status(text), state_in(text), core_in(text));
            }
        }
    }
}
