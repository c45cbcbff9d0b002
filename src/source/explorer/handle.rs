//! The parent's end: starts the explorer's process when something is asked, hands questions in and answers out.
//!
//! Nobody who asks waits here: a thread of its own writes, one reads. Its pipe does not block, so that the end of the
//! viewer never waits for an explorer that is stopped.

use super::{ANSWER_BYTES_MAX, EXPLORER_SUBCOMMAND};
use crate::doors::children::{Child, Spawn, Stream};
use crate::doors::clock;
use crate::doors::last_words::LastWords;
use crate::doors::threads::{self, Thread};
use crate::explore::{Answer, AnswerBody, Ask};
use crate::system;
use crate::wire::Exit;
use crossbeam_channel::{Receiver, Sender, bounded, never, select, unbounded};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Answers that were read and not handed on yet.
const ANSWERS_WAITING_MAX: usize = 256;

/// How long a pipe that is full is left alone.
const PIPE_PAUSE: Duration = Duration::from_millis(2);

/// How long a process whose output has ended may take to end.
const END_PATIENCE_NS: u64 = 500_000_000;

type Tell = Arc<dyn Fn(Answer) + Send + Sync>;

/// The parent's end of the explorer's process, which is started with the first question. Dropping it ends the process.
pub struct Explorer {
    program: Option<PathBuf>,
    tell: Tell,
    asks: Option<Sender<Ask>>,
    ending: Arc<AtomicBool>,
    keeper: Option<Thread>,
}

impl Explorer {
    /// Answers go to `tell`, from another thread. `program` replaces our own executable, for tests.
    pub fn new(program: Option<PathBuf>, tell: impl Fn(Answer) + Send + Sync + 'static) -> Explorer {
        Explorer { program, tell: Arc::new(tell), asks: None, ending: Arc::default(), keeper: None }
    }

    /// Asks. Every question is answered in the end, unless another replaces it ([`Ask::replaces`]).
    pub fn ask(&mut self, ask: Ask) {
        if self.asks.is_none()
            && let Err(error) = self.start()
        {
            let why = format!("The explorer could not be started: {error}");
            return (self.tell)(Answer { id: ask.question().id, body: AnswerBody::Gone { why } });
        }
        if let Some(asks) = &self.asks {
            // Its receiver lives as long as we do.
            let _ = asks.send(ask);
        }
    }

    fn start(&mut self) -> io::Result<()> {
        let (ask, asks) = unbounded();
        let (program, tell, ending) = (self.program.clone(), Arc::clone(&self.tell), Arc::clone(&self.ending));
        // The process dies with the thread that starts it, so that is one that lives as long as it is wanted.
        let keeper = threads::spawn("explorer", move || {
            Keeper { program, tell, ending, process: None, open: Vec::new() }.keep(&asks);
        })?;
        (self.asks, self.keeper) = (Some(ask), Some(keeper));
        Ok(())
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
        self.asks = None;
    }
}

/// The thread that has the process.
struct Keeper {
    program: Option<PathBuf>,
    tell: Tell,
    ending: Arc<AtomicBool>,
    process: Option<Process>,
    /// Questions without an answer.
    open: Vec<Ask>,
}

/// The explorer's process.
struct Process {
    child: Child,
    asks: File,
    errors: LastWords,
    heard: Receiver<Result<Answer, String>>,
}

impl Keeper {
    fn keep(mut self, asks: &Receiver<Ask>) {
        loop {
            let heard = self.process.as_ref().map_or_else(never, |process| process.heard.clone());
            select! {
                recv(asks) -> ask => match ask {
                    Ok(ask) => self.hand_in(ask),
                    Err(_) => return,
                },
                recv(heard) -> heard => match heard {
                    Ok(Ok(answer)) => self.hand_out(answer),
                    Ok(Err(why)) => self.bury(Some(why)),
                    Err(_) => self.bury(None),
                },
            }
        }
    }

    fn hand_in(&mut self, ask: Ask) {
        let line = serde_json::to_string(&ask);
        self.open.retain(|other| !ask.replaces(other));
        self.open.push(ask);
        if self.process.is_none() {
            match Process::start(self.program.clone()) {
                Ok(process) => self.process = Some(process),
                Err(error) => return self.give_up(&format!("it could not be started: {error}")),
            }
        }
        let (Some(process), Ok(line)) = (&mut self.process, line) else { return };
        // Where it cannot be written the process has ended: its output says so next.
        let _ = process.write(format!("{line}\n").as_bytes(), &self.ending);
    }

    fn hand_out(&mut self, answer: Answer) {
        if !matches!(answer.body, AnswerBody::Busy { .. }) {
            self.open.retain(|ask| ask.question().id != answer.id);
        }
        (self.tell)(answer);
    }

    /// Ends the process, and tells why there is no answer.
    fn bury(&mut self, why: Option<String>) {
        let Some(mut process) = self.process.take() else { return };
        let patience_ns = clock::monotonic_ns() + if why.is_some() { 0 } else { END_PATIENCE_NS };
        let exit = loop {
            match process.child.try_wait() {
                Some(exit) => break exit,
                None if clock::monotonic_ns() > patience_ns || self.ending.load(Ordering::Acquire) => {
                    process.child.kill_session();
                    process.child.wait();
                    break Exit::Unknown;
                }
                None => clock::sleep(Duration::from_millis(1)),
            }
        };
        let words = process.errors.text();
        let last = words.lines().rev().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("note: "));
        let how = why.unwrap_or_else(|| in_words(&exit));
        self.give_up(&last.map_or_else(|| how.clone(), |last| format!("{how} ({last})")));
    }

    fn give_up(&mut self, why: &str) {
        for ask in std::mem::take(&mut self.open) {
            let why = format!("The explorer is gone: {why}. The next question starts a new one.");
            (self.tell)(Answer { id: ask.question().id, body: AnswerBody::Gone { why } });
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            process.child.kill_session();
            process.child.wait();
        }
    }
}

impl Process {
    fn start(program: Option<PathBuf>) -> io::Result<Process> {
        let mut child = Spawn {
            program,
            own_session: true,
            die_with: true,
            stdin: Stream::Piped,
            stdout: Stream::Piped,
            stderr: Stream::Piped,
            ..Spawn::own([EXPLORER_SUBCOMMAND])
        }
        .start()?;
        let missing = || io::Error::other("a pipe to it is missing");
        let asks = child.take_stdin().ok_or_else(missing)?;
        system::set_nonblocking(&asks)?;
        let answers = child.take_stdout().ok_or_else(missing)?;
        let errors = LastWords::of("explorer errors", child.take_stderr().ok_or_else(missing)?)?;
        let (tell, heard) = bounded(ANSWERS_WAITING_MAX);
        threads::spawn("explorer answers", move || read(answers, &tell))?.detach();
        Ok(Process { child, asks: File::from(OwnedFd::from(asks)), errors, heard })
    }

    /// Writes all of it, unless everything ends meanwhile.
    fn write(&mut self, mut bytes: &[u8], ending: &AtomicBool) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.asks.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !ending.load(Ordering::Acquire) => {
                    clock::sleep(PIPE_PAUSE);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn read(from: impl Read, tell: &Sender<Result<Answer, String>>) {
    let mut lines = BufReader::with_capacity(64 << 10, from);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut lines).take(ANSWER_BYTES_MAX).read_until(b'\n', &mut line) {
            Err(_) | Ok(0) => return,
            Ok(_) => {}
        }
        let is_whole = line.last() == Some(&b'\n');
        // Half a line is all that a process leaves that was killed while it wrote.
        if !is_whole && (line.len() as u64) < ANSWER_BYTES_MAX {
            return;
        }
        let answer = match is_whole {
            true => serde_json::from_slice(&line).map_err(|error| format!("it wrote what is no answer: {error}")),
            false => Err("its answer was too long".to_string()),
        };
        let is_answer = answer.is_ok();
        if tell.send(answer).is_err() || !is_answer {
            return;
        }
    }
}

fn in_words(exit: &Exit) -> String {
    match exit {
        Exit::Code { code } => format!("it ended with code {code}"),
        Exit::Signal { signal } => match system::name_of_signal(*signal) {
            Some(name) => format!("it was killed by {name}"),
            None => format!("it was killed by signal {signal}"),
        },
        Exit::Unknown => "it fell silent".to_string(),
    }
}
