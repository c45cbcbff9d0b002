//! The door for runs of programs, one after the other: started fast, fed nothing, listened to, reaped with what they used.
//!
//! ```text
//!  Runner::run ── start ──▶ runs ── its output, as it comes ──▶ tails ── its end ──▶ what it left is killed ──▶ reaped
//!                            └── its number, to whoever may want to stop it
//! ```
//!
//! A runner has two pipes for its life, not two for each run: to make them costs as much as a small program takes. What a
//! run leaves behind in its process group ends with it; where there was any such thing the pipes are made anew, so that
//! nothing of it is taken for the next run's output.
//!
//! Absent here: which programs are run, and how often ([`super::children`] is for those that we talk to).

use super::clock;
use super::faults::{self, Want};
use crate::system::{self, Ended, Launch, Launched, Stack};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::fcntl_dupfd_cloexec;
use std::ffi::{CStr, CString, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The last bytes that a run wrote are kept, so many of each stream.
pub const TAIL_BYTES_MAX: usize = 2048;

/// What starts one program after the other. Its runs die with the thread that calls it.
#[derive(Debug)]
pub struct Runner {
    nothing: File,
    out: Pipe,
    err: Pipe,
    stack: Stack,
    environment: Vec<CString>,
    buffer: Vec<u8>,
    counts_io_wait: bool,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// How it ended, and what it used.
    pub ended: Ended,
    /// From just before its start until its end was seen.
    pub wall_ns: u64,
    /// How long its first process waited for disks; none where the kernel does not count that.
    pub io_wait_ns: Option<u64>,
    /// The end of its standard output.
    pub out: Vec<u8>,
    /// The end of its standard error.
    pub err: Vec<u8>,
}

#[derive(Debug)]
struct Pipe {
    hear: File,
    say: OwnedFd,
}

/// Where no handle tells of an end, it is looked for so often.
const LOOK_EVERY_NS: i64 = 2_000_000;

/// As much as a pipe holds: what a process that has ended wrote is no more than that.
const PIPE_BYTES: usize = 64 << 10;

impl Runner {
    /// A runner for the calling thread, in whose environment and folder programs run.
    ///
    /// # Errors
    /// What the system says where it gives no descriptors.
    pub fn new() -> io::Result<Runner> {
        let variable = |(name, value): (OsString, OsString)| {
            CString::new([&name.into_vec()[..], b"=", &value.into_vec()[..]].concat()).ok()
        };
        Ok(Runner {
            // Above the numbers that streams have in a program.
            nothing: File::from(fcntl_dupfd_cloexec(File::open("/dev/null")?, 3)?),
            out: Pipe::new()?,
            err: Pipe::new()?,
            stack: Stack::default(),
            environment: std::env::vars_os().filter_map(variable).collect(),
            buffer: vec![0; PIPE_BYTES],
            counts_io_wait: system::counts_io_wait(),
        })
    }

    /// Runs a program to its end. `begun` is told its process, which leads a process group of its own; `over` is called when
    /// it has ended, before its number can be another's, and says whether it is to be reaped.
    ///
    /// # Errors
    /// Why it could not be started; nothing is called then.
    pub fn run(
        &mut self,
        program: &CStr,
        words: &[CString],
        begun: impl FnOnce(u32),
        over: impl FnOnce(u32) -> bool,
    ) -> io::Result<Ran> {
        faults::check(Want::Child)?;
        let began_ns = clock::monotonic_ns();
        let streams = [self.nothing.as_fd(), self.out.say.as_fd(), self.err.say.as_fd()];
        let launched =
            system::launch(&Launch { program, words, environment: &self.environment, streams }, &mut self.stack)?;
        begun(launched.pid);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        while !self.listen(&launched, (&mut out, &mut err))? {}
        let wall_ns = clock::monotonic_ns().saturating_sub(began_ns);
        if !over(launched.pid) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        // What it left behind, while the group's number cannot be another's: its process has that number until it is reaped.
        let _ = system::kill_group(launched.pid, libc::SIGKILL);
        let io_wait_ns = if self.counts_io_wait { system::io_wait_ns(launched.pid) } else { None };
        let ended = system::reap(launched.pid, true)?.ok_or(io::ErrorKind::NotFound)?;
        // Somebody may still be dying, perhaps in the middle of a write.
        let is_left = system::is_group_there(launched.pid);
        // What is left in the pipes, which is all that it wrote last.
        for (pipe, tail) in [(&mut self.out, &mut out), (&mut self.err, &mut err)] {
            pipe.read_into(tail, &mut self.buffer, PIPE_BYTES);
        }
        if is_left {
            (self.out, self.err) = (Pipe::new()?, Pipe::new()?);
        }
        Ok(Ran { ended, wall_ns, io_wait_ns, out: tail_of(out), err: tail_of(err) })
    }

    /// Waits for output or the end, and takes the output in; says whether the end has come.
    fn listen(&mut self, launched: &Launched, (out, err): (&mut Vec<u8>, &mut Vec<u8>)) -> io::Result<bool> {
        let handle = launched.handle.as_ref();
        let patience = Timespec { tv_sec: 0, tv_nsec: LOOK_EVERY_NS };
        let mut polled = vec![PollFd::new(&self.out.hear, PollFlags::IN), PollFd::new(&self.err.hear, PollFlags::IN)];
        polled.extend(handle.map(|handle| PollFd::new(handle, PollFlags::IN)));
        match poll(&mut polled, handle.is_none().then_some(&patience)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let heard: Vec<bool> = polled.iter().map(|one| !one.revents().is_empty()).collect();
        if heard[0] {
            self.out.read_into(out, &mut self.buffer, PIPE_BYTES);
        }
        if heard[1] {
            self.err.read_into(err, &mut self.buffer, PIPE_BYTES);
        }
        Ok(heard.get(2).copied().unwrap_or_else(|| system::has_ended(launched.pid)))
    }
}

impl Pipe {
    fn new() -> io::Result<Pipe> {
        faults::check(Want::File)?;
        let (hear, say) = rustix::pipe::pipe()?;
        // Both above the numbers that streams have in a program, and closed in it.
        let (hear, say) = (fcntl_dupfd_cloexec(&hear, 3)?, fcntl_dupfd_cloexec(&say, 3)?);
        system::set_nonblocking(&hear)?;
        Ok(Pipe { hear: File::from(hear), say })
    }

    /// Takes in what is there, up to so many bytes, and keeps the end of it.
    fn read_into(&mut self, tail: &mut Vec<u8>, buffer: &mut [u8], bytes_max: usize) {
        let mut left = bytes_max;
        while left > 0 {
            let room = buffer.len().min(left);
            match self.hear.read(&mut buffer[..room]) {
                Ok(read @ 1..) => {
                    keep_tail(tail, &buffer[..read]);
                    left -= read;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Nothing is there now.
                _ => return,
            }
        }
    }
}

/// Adds to a tail, which stays below twice its length.
fn keep_tail(tail: &mut Vec<u8>, more: &[u8]) {
    let more = &more[more.len().saturating_sub(TAIL_BYTES_MAX)..];
    if tail.len() + more.len() > 2 * TAIL_BYTES_MAX {
        tail.drain(..tail.len() - TAIL_BYTES_MAX);
    }
    tail.extend_from_slice(more);
}

fn tail_of(mut tail: Vec<u8>) -> Vec<u8> {
    tail.drain(..tail.len().saturating_sub(TAIL_BYTES_MAX));
    tail
}

/// The file that a program's name leads to, as a shell finds it: by the name itself where that holds a slash, else in the
/// folders of `PATH`.
///
/// # Errors
/// `NotFound` where there is none, `PermissionDenied` where there is one that may not be run.
pub fn find_program(name: &Path) -> io::Result<PathBuf> {
    let may_run = |file: &Path| {
        let is_file = file.metadata()?.is_file();
        rustix::fs::access(file, rustix::fs::Access::EXEC_OK)?;
        if is_file { Ok(()) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
    };
    if name.as_os_str().as_encoded_bytes().contains(&b'/') {
        return may_run(name).map(|()| name.to_path_buf());
    }
    let mut why = io::ErrorKind::NotFound;
    let folders = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    for folder in std::env::split_paths(&folders).filter(|_| !name.as_os_str().is_empty()) {
        let file = if folder.as_os_str().is_empty() { Path::new(".").join(name) } else { folder.join(name) };
        match may_run(&file) {
            Ok(()) => return Ok(file),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => why = error.kind(),
            Err(_) => {}
        }
    }
    Err(why.into())
}

#[cfg(test)]
mod tests {
    use super::super::children;
    use super::*;
    use crate::wire::Exit;

    fn words(words: &[&str]) -> Vec<CString> {
        words.iter().map(|word| CString::new(*word).expect("no NUL")).collect()
    }

    fn sh(runner: &mut Runner, script: &str) -> Ran {
        runner.run(c"/bin/sh", &words(&["sh", "-c", script]), |_| {}, |_| true).expect("it starts")
    }

    #[test]
    fn a_run_tells_how_it_ended_and_what_it_wrote() {
        let mut runner = Runner::new().expect("descriptors");
        let ran = sh(&mut runner, "echo out; echo err >&2; cat; exit 3");
        assert_eq!(ran.ended.exit, Exit::Code { code: 3 });
        assert_eq!((&ran.out[..], &ran.err[..]), (&b"out\n"[..], &b"err\n"[..]));
        let ran = sh(&mut runner, "kill -SEGV $$");
        assert_eq!(ran.ended.exit, Exit::Signal { signal: libc::SIGSEGV });
        assert_eq!((&ran.out[..], &ran.err[..]), (&b""[..], &b""[..]), "nothing of the run before");
        let missing = runner.run(c"/no/such/program", &words(&["x"]), |_| {}, |_| true);
        assert_eq!(missing.map(|_| ()).map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
        let text = runner.run(c"/etc/passwd", &words(&["x"]), |_| {}, |_| true);
        assert!(text.is_err());
        assert_eq!(sh(&mut runner, "exit 0").ended.exit, Exit::Code { code: 0 }, "and it goes on");
    }

    #[test]
    fn of_much_output_the_end_is_kept() {
        let mut runner = Runner::new().expect("descriptors");
        let ran = sh(&mut runner, "i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; echo last");
        assert!(ran.out.len() == TAIL_BYTES_MAX && ran.out.ends_with(b"line 29999\nlast\n"), "{}", ran.out.len());
    }

    #[test]
    fn what_a_run_leaves_behind_ends_with_it() {
        let mut runner = Runner::new().expect("descriptors");
        let mut group = 0;
        let script = "(while :; do echo noise; done) & sleep 1000 & echo mine";
        let ran =
            runner.run(c"/bin/sh", &words(&["sh", "-c", script]), |pid| group = pid, |_| true).expect("it starts");
        assert_eq!(ran.ended.exit, Exit::Code { code: 0 });
        assert_eq!(sh(&mut runner, "echo next").out, b"next\n", "and its output is not the next run's");
        // In a container whose first process reaps nobody, its dead stay in the group.
        let stat = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("stat")).ok();
        let lives = |stat: &String| {
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            fields.get(2) == Some(&group.to_string().as_str()) && !matches!(fields.first(), Some(&"Z" | &"X"))
        };
        let processes = || std::fs::read_dir("/proc").into_iter().flatten().flatten();
        for _ in 0..10_000 {
            let has_proc = processes().next().is_some();
            if !system::is_group_there(group) || (has_proc && !processes().filter_map(stat).any(|stat| lives(&stat))) {
                return;
            }
            clock::sleep(std::time::Duration::from_millis(1));
        }
        panic!("group {group} is still there");
    }

    #[test]
    fn a_run_has_a_group_of_its_own_and_no_other_descriptors() {
        let mut runner = Runner::new().expect("descriptors");
        let mut pid = 0;
        let open = "ls /proc/self/fd | tr '\\n' ' '";
        let script = format!("{open}; cut -d' ' -f5,6 /proc/$$/stat; grep SigIgn /proc/$$/status >&2");
        let ran =
            runner.run(c"/bin/sh", &words(&["sh", "-c", &script]), |told| pid = told, |_| true).expect("it starts");
        // A session that was put into a container from outside has no number in it, which /proc tells as 0.
        let session = system::session_of(std::process::id()).unwrap_or(0);
        // Whoever started the tests may have left others open, for everybody.
        let mut other = children::Spawn::program("/bin/sh", ["-c", open]);
        other.stdout = children::Stream::Piped;
        let mut other = other.start().expect("it starts");
        let mut theirs = String::new();
        other.take_stdout().expect("piped").read_to_string(&mut theirs).expect("text");
        assert_eq!(String::from_utf8_lossy(&ran.out), format!("{theirs}{pid} {session}\n"));
        let ignored = String::from_utf8_lossy(&ran.err).trim().rsplit('\t').next().map(String::from);
        let ignored = u64::from_str_radix(&ignored.expect("a number"), 16).expect("a number");
        assert_eq!(ignored & (1 << (libc::SIGPIPE - 1)), 0, "{ignored:x}");
    }

    #[test]
    fn a_run_dies_with_the_thread_that_started_it() {
        let (told, pids) = std::sync::mpsc::channel();
        let started = super::super::threads::spawn("starter", move || {
            let mut stack = Stack::default();
            let nothing = fcntl_dupfd_cloexec(File::open("/dev/null").expect("a file"), 3).expect("a number");
            let launched = system::launch(
                &Launch {
                    program: c"/bin/sleep",
                    words: &words(&["sleep", "1000"]),
                    environment: &[],
                    streams: [nothing.as_fd(); 3],
                },
                &mut stack,
            );
            told.send(launched.expect("it starts").pid).expect("somebody hears");
        });
        drop(started.expect("a thread"));
        let pid = pids.recv().expect("it started");
        let ended = system::reap(pid, true).expect("it is ours").expect("it ended");
        assert_eq!(ended.exit, Exit::Signal { signal: libc::SIGKILL });
    }

    #[test]
    fn what_a_run_used_is_its_own() {
        let mut runner = Runner::new().expect("descriptors");
        let spins = sh(&mut runner, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
        assert!(spins.ended.cpu_ns > 0 && spins.ended.cpu_ns <= spins.wall_ns * 2, "{spins:?}");
        let floor = system::own_memory_peak_bytes().expect("every Unix tells");
        let large =
            sh(&mut runner, &format!("x=$(head -c {} /dev/zero | tr '\\0' x); echo ${{#x}}", floor + (64 << 20)));
        assert!(large.ended.memory_peak_bytes > floor + (64 << 20), "{large:?} {floor}");
    }

    #[test]
    fn programs_are_found_as_a_shell_finds_them() {
        assert!(find_program(Path::new("sh")).is_ok_and(|file| file.is_absolute()));
        assert_eq!(find_program(Path::new("/bin/sh")).expect("it is there"), Path::new("/bin/sh"));
        let kind = |name: &str| find_program(Path::new(name)).map_err(|error| error.kind());
        assert_eq!(kind("no-such-program-anywhere"), Err(io::ErrorKind::NotFound));
        assert_eq!(kind(""), Err(io::ErrorKind::NotFound));
        assert_eq!(kind("/etc"), Err(io::ErrorKind::PermissionDenied));
        assert_eq!(kind("/etc/passwd"), Err(io::ErrorKind::PermissionDenied));
    }
}
