//! The door for processes: each is reaped when its handle is dropped, and killed before if it still runs.
//!
//! ```text
//!  Spawn ── start ──▶ fork ── session, priority, descriptors, death signal ──▶ exec
//!    Child ── wait, try_wait ──▶ Exit                          its session, if it has its own, ends before it is reaped
//! ```
//!
//! A process that leads a session of its own takes the whole session with it: whatever it started and left behind is
//! killed while the number of the session cannot yet have been given to anybody else, that is, before it is reaped.
//!
//! Absent here: what the processes say to each other.
#![expect(unsafe_code, reason = "what a process does between fork and exec")]
#![expect(clippy::disallowed_methods, reason = "the door for processes")]

use super::clock;
use super::faults::{self, Want};
use crate::system::{self, Limits};
use crate::wire::Exit;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, WaitStatus, getpid, getppid, waitid, waitpid};
use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, Stdio};
pub use std::process::{ChildStdin, ChildStdout};
use std::sync::OnceLock;
use std::time::Duration;

/// Where one of a process's three standard streams leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stream {
    /// Nowhere.
    #[default]
    Null,
    /// To us: [`Child::take_stdin`] and so on.
    Piped,
    /// Where our own leads.
    Inherit,
}

impl From<Stream> for Stdio {
    fn from(stream: Stream) -> Stdio {
        match stream {
            Stream::Null => Stdio::null(),
            Stream::Piped => Stdio::piped(),
            Stream::Inherit => Stdio::inherit(),
        }
    }
}

/// A process to be started.
#[derive(Debug, Default)]
pub struct Spawn<'a> {
    /// What runs; none for this very program.
    pub program: Option<PathBuf>,
    /// What it is told, after its name.
    pub args: Vec<OsString>,
    /// What is added to our environment.
    pub env: Vec<(OsString, OsString)>,
    /// Descriptors that it gets, each under the number beside it, which is 3 or more. It gets no others.
    pub inherit: Vec<(BorrowedFd<'a>, RawFd)>,
    /// Its standard input.
    pub stdin: Stream,
    /// Its standard output.
    pub stdout: Stream,
    /// Its standard error.
    pub stderr: Stream,
    /// Whether it leads a session of its own: no terminal, no Ctrl-C, and an end that takes all of the session along.
    pub own_session: bool,
    /// Whether it is killed when the **thread** that starts it ends, however it ends; so start it from a thread that
    /// lives as long as the program. Where the platform has no such thing, it learns of the end by its standard input.
    pub die_with: bool,
    /// Its priority; 19 yields to everybody.
    pub nice: Option<i32>,
    /// What it may use at the most.
    pub limits: Option<Limits>,
}

/// A process that we started. Dropping it kills it, and its session if it has its own, and reaps it.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    own_session: bool,
    exit: Option<Exit>,
}

impl Spawn<'_> {
    /// This very program, with all three streams leading nowhere.
    pub fn own<T: Into<OsString>>(args: impl IntoIterator<Item = T>) -> Spawn<'static> {
        Spawn { args: args.into_iter().map(Into::into).collect(), ..Spawn::default() }
    }

    /// Another program, with all three streams leading nowhere.
    pub fn program<T: Into<OsString>>(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = T>,
    ) -> Spawn<'static> {
        Spawn { program: Some(program.into()), ..Spawn::own(args) }
    }

    /// Starts it. The process runs its program when this returns.
    ///
    /// # Errors
    /// What the system says: EAGAIN for no more processes, EMFILE, ENOENT for no such program; `InvalidInput` for a
    /// descriptor's number below 3 or given twice.
    pub fn start(&self) -> io::Result<Child> {
        faults::check(Want::Child)?;
        for _ in 0..STARTS_MAX {
            match self.try_start() {
                Err(error) if error.raw_os_error() == Some(MOVED) => {}
                result => return result,
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    fn try_start(&self) -> io::Result<Child> {
        let mut command = match &self.program {
            Some(program) => Command::new(program),
            None => {
                let own = own_program()?;
                let mut command = Command::new(own);
                // The link says nothing in a list of processes. A name must stay what it is: without a /proc, the new
                // process has no other way to start this program again.
                if own == Path::new(OWN_LINK) {
                    command.arg0("poolscope");
                }
                command
            }
        };
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(self.stdin).stdout(self.stdout).stderr(self.stderr);

        let handed = Handed::new(&self.inherit)?;
        let moves = handed.moves();
        let (own_session, die_with, nice, parent) = (self.own_session, self.die_with, self.nice, getpid());
        let limits = self.limits;
        let before_exec = move || -> io::Result<()> {
            if own_session {
                system::new_session()?;
            }
            if let Some(nice) = nice {
                system::set_nice(nice)?;
            }
            // All of them before any of them: the error needs its pipe.
            if moves.iter().any(|to| what_is_open_at(to.target) != to.found) {
                return Err(io::Error::from_raw_os_error(MOVED));
            }
            for to in &moves {
                // SAFETY: the source is open, since `handed` outlives the fork; and nobody here owns the target: in
                // this copy of the process nothing is left to run that could use what it was before.
                if unsafe { libc::dup2(to.source, to.target) } < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            if die_with {
                match system::die_with_parent(libc::SIGKILL) {
                    Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
                    _ => {}
                }
                // It may have ended just before: then there is another parent already, and no signal to come.
                if getppid() != Some(parent) {
                    return Err(io::Error::from_raw_os_error(libc::ESRCH));
                }
            }
            // Last: a limit on descriptors forbids high numbers.
            limits.map_or(Ok(()), system::limit)
        };
        // SAFETY: between fork and exec only what is async-signal-safe: system calls, no allocation, no lock. What it
        // captured is numbers and a list that was made before the fork and is only read; errors are bare numbers.
        unsafe { command.pre_exec(before_exec) };
        let mut child = command.spawn()?;
        // From here on the number is all that is needed: reaping it is our own business.
        Ok(Child {
            pid: Pid::from_child(&child),
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            own_session: self.own_session,
            exit: None,
        })
    }
}

/// How often a start is tried whose numbers another thread's files got in the way of.
const STARTS_MAX: u32 = 100;

/// What the new process says when one of its numbers is not what it was: nothing else between fork and exec says so.
const MOVED: i32 = libc::EALREADY;

/// The link that the kernel keeps to the program that runs.
const OWN_LINK: &str = "/proc/self/exe";

/// This very program. A name would lead to another build once it has been rebuilt or upgraded; the link that the kernel
/// keeps leads to what runs, even when its file is gone.
fn own_program() -> io::Result<&'static Path> {
    static OWN: OnceLock<PathBuf> = OnceLock::new();
    if let Some(own) = OWN.get() {
        return Ok(own);
    }
    let link = Path::new(OWN_LINK);
    let own = if link.exists() {
        link.to_path_buf()
    } else {
        // Without a /proc, the name that we were called by is all that is left.
        let called = || std::env::args_os().next().map(PathBuf::from);
        std::env::current_exe().or_else(|error| called().ok_or(error))?
    };
    Ok(OWN.get_or_init(|| own))
}

/// Copies of the descriptors that a process is to get, out of the way of the numbers that it gets them under.
///
/// ```text
///  given     3 as 4, 4 as 3, 5 as 9     copying them one after the other would lose one
///  copies    10, 11, 12                 above all targets, closed at exec
///  reserved  9                          3 and 4 are taken already
/// ```
///
/// A start makes a pipe of its own, on which the new process tells that its program could not be run, and nobody knows
/// its number; under a target it would be lost. So (1) a target that is free is reserved meanwhile, and the pipe gets
/// another number; and (2) where a target was taken, and another thread closed it just before the pipe was made, the new
/// process finds something else there than we did, says so, and is started again.
struct Handed {
    copies: Vec<(OwnedFd, RawFd)>,
    /// Held, never used.
    _reserved: Vec<OwnedFd>,
}

/// One descriptor's way in the new process.
#[derive(Clone, Copy)]
struct Move {
    source: RawFd,
    target: RawFd,
    /// What was open at the target before the start.
    found: Option<Identity>,
}

/// A file's device and number on it.
type Identity = (libc::dev_t, libc::ino_t);

/// Async-signal-safe.
fn what_is_open_at(number: RawFd) -> Option<Identity> {
    let mut stat = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the pointer is to memory of the right type that lives through the call; a number that is not open is an
    // error (EBADF).
    if unsafe { libc::fstat(number, stat.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: all bytes are set (zeroed, then written by the kernel), and every pattern of bytes is a valid stat.
    let stat = unsafe { stat.assume_init() };
    Some((stat.st_dev, stat.st_ino))
}

impl Handed {
    fn new(inherit: &[(BorrowedFd<'_>, RawFd)]) -> io::Result<Handed> {
        let targets: Vec<RawFd> = inherit.iter().map(|(_, target)| *target).collect();
        let given_twice = targets.iter().enumerate().any(|(at, target)| targets[..at].contains(target));
        if given_twice || targets.iter().any(|target| *target < 3) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let above = targets.iter().max().map_or(3, |most| most.saturating_add(1));
        let mut handed = Handed { copies: Vec::new(), _reserved: Vec::new() };
        for (source, target) in inherit {
            handed.copies.push((fcntl_dupfd_cloexec(source, above)?, *target));
            let reserved = fcntl_dupfd_cloexec(source, *target)?;
            if reserved.as_raw_fd() == *target {
                handed._reserved.push(reserved);
            }
        }
        Ok(handed)
    }

    fn moves(&self) -> Vec<Move> {
        let to = |(copy, target): &(OwnedFd, RawFd)| Move {
            source: copy.as_raw_fd(),
            target: *target,
            found: what_is_open_at(*target),
        };
        self.copies.iter().map(to).collect()
    }
}

impl Child {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// A child that another process made for us by [`fork_sibling`]. `None` for a number that is no process's.
    pub fn adopt(pid: u32) -> Option<Child> {
        let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
        Some(Child { pid, stdin: None, stdout: None, stderr: None, own_session: false, exit: None })
    }

    /// The writing end of its standard input, once, if it is piped. Dropping that is the process's end of input.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.stdin.take()
    }

    /// The reading end of its standard output, once, if it is piped.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.stdout.take()
    }

    /// The reading end of its standard error, once, if it is piped.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.stderr.take()
    }

    /// A descriptor that becomes readable when it ends.
    ///
    /// # Errors
    /// ESRCH where it has ended and been reaped, EMFILE, `Unsupported` where the platform has no such thing.
    pub fn pidfd(&self) -> io::Result<OwnedFd> {
        match self.exit {
            Some(_) => Err(io::Error::from_raw_os_error(libc::ESRCH)),
            None => system::process_handle(self.pid()),
        }
    }

    /// How it ended, if it has; then it is reaped. Does not wait.
    pub fn try_wait(&mut self) -> Option<Exit> {
        if self.exit.is_none() && self.has_ended(WaitIdOptions::NOHANG) {
            self.reap();
        }
        self.exit.clone()
    }

    /// Waits for its end, and reaps it. Its standard input ends first, if nobody took it.
    pub fn wait(&mut self) -> Exit {
        if self.exit.is_none() {
            drop(self.stdin.take());
            self.has_ended(WaitIdOptions::empty());
        }
        self.reap()
    }

    /// Kills it, which it cannot refuse; does not wait for its end.
    pub fn kill(&mut self) {
        if self.exit.is_none() {
            // It may have ended meanwhile, which is what was wanted: the number is its own until it is reaped.
            let _ = system::kill_process(self.pid(), libc::SIGKILL);
        }
    }

    /// Kills it and every process of its session, and reaps it. Where it has no session of its own, it alone is killed.
    pub fn kill_session(&mut self) -> Exit {
        // The leader first: it could start others in place of those that it sees die.
        self.kill();
        self.wait()
    }

    /// Whether it has ended, without reaping it: the number stays its own. True also where nobody can tell.
    fn has_ended(&self, how: WaitIdOptions) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | how;
        loop {
            match waitid(WaitId::Pid(self.pid), options) {
                Ok(status) => return status.is_some(),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return true,
            }
        }
    }

    /// Takes the exit of a process that has ended, or is about to.
    fn reap(&mut self) -> Exit {
        if self.exit.is_none() && self.own_session {
            end_session(self.pid());
        }
        // Remembers the status, so that asking again is harmless.
        let pid = self.pid;
        self.exit.get_or_insert_with(|| wait_for(pid)).clone()
    }
}

/// Waits for a process that is ours, and reaps it.
fn wait_for(pid: Pid) -> Exit {
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return exit_of(status),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Exit::Unknown,
        }
    }
}

/// Which of the two processes the caller is, after a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forked {
    /// The one that forked; the other's process.
    Caller(u32),
    /// The other one.
    New,
}

/// Forks the calling process, which must have a single thread, into a **sibling**: a child of the caller's own parent,
/// which can wait for it as for any other, and with which it dies (adopt it there by [`Child::adopt`]).
///
/// # Errors
/// What the system says where it gives no process; `Unsupported` with more than one thread, since a lock that another
/// thread holds would stay held in the new process for ever.
#[cfg(target_os = "linux")]
pub fn fork_sibling() -> io::Result<Forked> {
    faults::check(Want::Child)?;
    let threads = system::process_status(std::process::id()).and_then(|status| status.threads);
    if threads.is_some_and(|threads| threads > 1) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let parent = getppid();
    let flags = (libc::CLONE_PARENT | libc::SIGCHLD) as libc::c_ulong;
    // SAFETY: without CLONE_VM this is a fork: the new process gets a copy of everything. There is one thread, so no lock
    // is held by another, and the copy may do what the caller may.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match pid {
        0 => {
            system::die_with_parent(libc::SIGKILL)?;
            // It may have ended just before: then there is another parent already, and no signal to come.
            if getppid() != parent {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(Forked::New)
        }
        1.. => Ok(Forked::Caller(pid as u32)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Only Linux can fork a sibling.
///
/// # Errors
/// Always `Unsupported`.
#[cfg(not(target_os = "linux"))]
pub fn fork_sibling() -> io::Result<Forked> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        self.wait();
    }
}

/// Kills what is left of a session whose leader has ended but is not reaped. Gives up on what cannot be killed (a
/// process that hangs in the kernel) after a while.
fn end_session(sid: u32) {
    let mut killed = Vec::new();
    for _ in 0..SWEEPS_MAX {
        let living: Vec<u32> = system::processes_in_session(sid).into_iter().filter(|pid| *pid != sid).collect();
        for pid in &living {
            // Gone meanwhile, or not ours to kill: nothing more can be done in either case.
            let _ = system::kill_process(*pid, libc::SIGKILL);
            if !killed.contains(pid) {
                killed.push(*pid);
            }
        }
        // Orphans are somebody else's to reap, except where we are the first process of a container.
        for pid in killed.iter().filter(|pid| system::session_of(**pid) == Some(sid)) {
            let _ = waitpid(Pid::from_raw(pid.cast_signed()), WaitOptions::NOHANG);
        }
        if living.is_empty() {
            return;
        }
        clock::sleep(Duration::from_millis(1));
    }
}

/// Kills every other process of the calling process's session, until there is none.
pub fn end_own_session() {
    let own = std::process::id();
    let Some(session) = system::session_of(own) else { return };
    for _ in 0..SWEEPS_MAX {
        let living: Vec<u32> = system::processes_in_session(session).into_iter().filter(|pid| *pid != own).collect();
        if living.is_empty() {
            return;
        }
        // Gone meanwhile, or not ours to kill: nothing more can be done in either case.
        living.into_iter().for_each(|pid| drop(system::kill_process(pid, libc::SIGKILL)));
        clock::sleep(Duration::from_millis(1));
    }
}

/// How often the list of processes is gone through until what was killed must be gone.
const SWEEPS_MAX: u32 = 200;

fn exit_of(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code { code },
        (None, Some(signal)) => Exit::Signal { signal },
        (None, None) => Exit::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read, Seek, Write};
    use std::os::fd::AsFd;

    const KILLED: Exit = Exit::Signal { signal: libc::SIGKILL };

    fn sh(script: &str) -> Spawn<'static> {
        Spawn::program("/bin/sh", ["-c", script])
    }

    fn line(child: &mut Child) -> String {
        let mut line = String::new();
        BufReader::new(child.take_stdout().expect("piped")).read_line(&mut line).expect("text");
        line
    }

    fn output(mut spawn: Spawn<'_>) -> (String, Exit) {
        spawn.stdout = Stream::Piped;
        let mut child = spawn.start().expect("started");
        let mut text = String::new();
        child.take_stdout().expect("piped").read_to_string(&mut text).expect("text");
        (text, child.wait())
    }

    fn file_with(text: &str) -> std::fs::File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text.as_bytes()).expect("room");
        file.rewind().expect("a start");
        file
    }

    fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
        for _ in 0..10_000 {
            if is_so() {
                return;
            }
            clock::sleep(Duration::from_millis(1));
        }
        panic!("not within ten seconds: {what}");
    }

    #[test]
    fn the_end_is_told() {
        assert_eq!(sh("exit 3").start().expect("started").wait(), Exit::Code { code: 3 });
        assert_eq!(sh("kill -SEGV $$").start().expect("started").wait(), Exit::Signal { signal: libc::SIGSEGV });
        let mut child = sh("exit 0").start().expect("started");
        eventually("it ends", || child.try_wait().is_some());
        assert_eq!(child.try_wait(), Some(Exit::Code { code: 0 }));
        assert_eq!(child.wait(), Exit::Code { code: 0 });
        assert!(child.pidfd().is_err());
        child.kill();
        let missing = Spawn::program("/no/such/program", [""; 0]).start();
        assert_eq!(missing.map(|_| ()).map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
    }

    #[test]
    fn streams_lead_where_they_should() {
        let mut spawn = sh("read word; echo \"got $word\"; echo \"$POOL\" >&2");
        spawn.env.push(("POOL".into(), "wide".into()));
        (spawn.stdin, spawn.stdout, spawn.stderr) = (Stream::Piped, Stream::Piped, Stream::Piped);
        let mut child = spawn.start().expect("started");
        child.take_stdin().expect("piped").write_all(b"it\n").expect("it reads");
        let (mut out, mut err) = (String::new(), String::new());
        child.take_stdout().expect("piped").read_to_string(&mut out).expect("text");
        child.take_stderr().expect("piped").read_to_string(&mut err).expect("text");
        assert_eq!((out.as_str(), err.as_str()), ("got it\n", "wide\n"));
        assert!(child.take_stdin().is_none());
        assert_eq!(child.wait(), Exit::Code { code: 0 });
    }

    #[test]
    fn this_very_program_is_started() {
        let (tests, exit) = output(Spawn::own(["--list", "this_very_program_is_started"]));
        assert_eq!(exit, Exit::Code { code: 0 });
        assert!(tests.contains("doors::children::tests::this_very_program_is_started"), "{tests}");
    }

    #[test]
    fn waiting_ends_the_input_that_nobody_took() {
        let mut spawn = sh("cat");
        spawn.stdin = Stream::Piped;
        assert_eq!(spawn.start().expect("started").wait(), Exit::Code { code: 0 });
    }

    #[test]
    fn descriptors_are_passed() {
        let file = file_with("five");
        let mut spawn = sh("cat <&5");
        spawn.inherit.push((file.as_fd(), 5));
        assert_eq!(output(spawn), ("five".into(), Exit::Code { code: 0 }));
    }

    #[test]
    fn descriptors_are_swapped() {
        let (one, two, three) = (file_with("one "), file_with("two "), file_with("three "));
        // Each under the number that another one has here.
        let numbers = [two.as_raw_fd(), three.as_raw_fd(), one.as_raw_fd()];
        // A shell reads only single digits after <&, so ask for them by their path.
        let mut spawn = sh(&format!("cat {}", numbers.map(|number| format!("/proc/self/fd/{number}")).join(" ")));
        spawn.inherit = vec![(one.as_fd(), numbers[0]), (two.as_fd(), numbers[1]), (three.as_fd(), numbers[2])];
        assert_eq!(output(spawn), ("one two three ".into(), Exit::Code { code: 0 }));
        // The same under its own number.
        let again = file_with("again");
        let mut spawn = sh(&format!("cat /proc/self/fd/{}", again.as_raw_fd()));
        spawn.inherit.push((again.as_fd(), again.as_raw_fd()));
        assert_eq!(output(spawn), ("again".into(), Exit::Code { code: 0 }));
    }

    #[test]
    fn a_failed_start_is_told_whatever_the_numbers() {
        // The pipe on which a start tells of its failure must not be one of the numbers: try all that it could have.
        let file = file_with("untouched");
        for first in 3..40 {
            let mut spawn = Spawn::program("/no/such/program", [""; 0]);
            spawn.inherit = (first..first + 4).map(|number| (file.as_fd(), number)).collect();
            let error = spawn.start().map(|_| ()).map_err(|error| error.kind());
            assert_eq!(error, Err(io::ErrorKind::NotFound), "{first}");
        }
        let mut text = String::new();
        (&file).read_to_string(&mut text).expect("text");
        assert_eq!(text, "untouched");
    }

    #[test]
    fn numbers_that_cannot_be_are_refused() {
        let file = file_with("");
        for numbers in [&[0][..], &[2], &[-1], &[5, 5], &[RawFd::MAX]] {
            let mut spawn = sh("true");
            spawn.inherit = numbers.iter().map(|number| (file.as_fd(), *number)).collect();
            assert!(spawn.start().is_err(), "{numbers:?}");
        }
    }

    #[test]
    fn no_other_descriptors_are_passed() {
        let file = file_with("secret");
        let (open, _) = output(sh("ls -l /proc/self/fd"));
        assert!(open.contains(" 1 -> ") && !open.contains("(deleted)"), "{open}");
        drop(file);
    }

    #[test]
    fn a_dropped_process_is_killed_and_reaped() {
        let child = sh("exec sleep 1000").start().expect("started");
        let pid = child.pid;
        drop(child);
        assert_eq!(waitpid(Some(pid), WaitOptions::NOHANG).map(|_| ()), Err(rustix::io::Errno::CHILD));
        let mut stopped = sh("exec sleep 1000").start().expect("started");
        system::stop_process(stopped.pid()).expect("it is ours");
        stopped.kill();
        assert_eq!(stopped.wait(), KILLED);
    }

    #[test]
    fn a_handle_tells_of_the_end() {
        let mut child = sh("exec sleep 1000").start().expect("started");
        let handle = child.pidfd().expect("a handle");
        let mut polled = [rustix::event::PollFd::new(&handle, rustix::event::PollFlags::IN)];
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        assert_eq!(rustix::event::poll(&mut polled, Some(&now)), Ok(0));
        assert_eq!(child.try_wait(), None);
        child.kill();
        assert_eq!(rustix::event::poll(&mut polled, None), Ok(1));
        assert_eq!(child.try_wait(), Some(KILLED));
    }

    #[test]
    fn a_process_dies_with_the_thread_that_started_it() {
        let mut spawn = sh("echo ready; exec sleep 1000");
        (spawn.die_with, spawn.stdout) = (true, Stream::Piped);
        let started = std::thread::spawn(move || {
            let mut child = spawn.start().expect("started");
            assert_eq!(line(&mut child), "ready\n");
            child
        });
        assert_eq!(started.join().expect("it ran").wait(), KILLED);
    }

    #[test]
    fn a_session_ends_with_its_leader() {
        let left_behind = "sleep 1000 & (sleep 1000 & sleep 1000) & echo ready;";
        let check = |then: &str, end: &dyn Fn(Child)| {
            let mut spawn = sh(&format!("{left_behind} {then}"));
            (spawn.own_session, spawn.stdout) = (true, Stream::Piped);
            let mut child = spawn.start().expect("started");
            let pid = child.pid();
            assert_eq!(line(&mut child), "ready\n");
            assert_eq!(system::session_of(pid), Some(pid));
            end(child);
            assert!(system::processes_in_session(pid).is_empty(), "{then}");
        };
        check("wait", &drop);
        check("wait", &|mut child| assert_eq!(child.kill_session(), KILLED));
        check("exit 4", &|mut child| assert_eq!(child.wait(), Exit::Code { code: 4 }));
        check("exit 4", &|mut child| eventually("it ends", || child.try_wait() == Some(Exit::Code { code: 4 })));
    }

    #[test]
    fn a_process_without_a_session_leaves_ours_alone() {
        let mut child = sh("exec sleep 1000").start().expect("started");
        let mut other = sh("exec sleep 1000").start().expect("started");
        assert_eq!(system::session_of(child.pid()), system::session_of(std::process::id()));
        assert_eq!(child.kill_session(), KILLED);
        assert_eq!(other.try_wait(), None);
    }

    #[test]
    fn priority_is_for_the_child() {
        let mut spawn = sh("ps -o ni= -p $$ 2>/dev/null || cut -d' ' -f19 /proc/$$/stat");
        spawn.nice = Some(19);
        assert_eq!(output(spawn).0.trim(), "19");
    }

    #[test]
    fn a_process_stops_and_goes_on() {
        let state = |pid: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("this machine has a /proc");
            stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
        };
        let mut child = sh("exec sleep 1000").start().expect("started");
        system::stop_process(child.pid()).expect("it is ours");
        eventually("it stops", || state(child.pid()) == Some('T'));
        assert_eq!(child.try_wait(), None, "stopped is not ended");
        system::continue_process(child.pid()).expect("it is ours");
        eventually("it goes on", || state(child.pid()) != Some('T'));
    }

    #[test]
    fn what_reaped_processes_used_is_known() {
        let before = system::children_usage().expect("every Unix tells");
        sh("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done").start().expect("started").wait();
        let after = system::children_usage().expect("as before");
        assert!(after.cpu_ns > before.cpu_ns, "{before:?} {after:?}");
    }
}
