//! One interpreter: a process that runs the program whenever it is told to, and tells how it ended.

use crate::doors::children::{Child, ChildStdin, ChildStdout, Spawn, Stream};
use crate::system::{self, Limits};
use crate::wire::{CpythonPlan, Ending, EndingKind, Exit};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::Path;

/// What it runs, which runs the program.
const DRIVER: &str = include_str!("../../../assets/cpython_driver.py");

/// The module of atomics that programs may import.
const ATOMICS: &str = include_str!("../../../assets/atomics.py");

/// How long an interpreter may take to stand ready.
const START_SLICES_MAX: u32 = 500;

/// How long is waited for an answer before the time is looked at again.
const SLICE_NS: i64 = 20_000_000;

/// An answer is no longer than this: the driver sees to it, and whoever answers more is no driver of ours.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Memory that an interpreter may map: it takes 20 MB by itself, and 8 MB of addresses for each thread.
const MEMORY_BYTES_MAX: u64 = 1 << 30;

/// A process of so many seconds on a core is replaced by the driver's own rule at 20; what is beyond is a run that spins,
/// and is stopped by the clock long before.
const CPU_SECONDS_MAX: u64 = 600;

/// The descriptors that it may have.
const DESCRIPTORS_MAX: u64 = 64;

/// An interpreter.
pub(super) struct Interpreter {
    /// What it is, with its version, and whether it has a global lock.
    pub(super) name: String,
    child: Child,
    orders: ChildStdin,
    answers: ChildStdout,
    /// What was read and makes no whole line yet.
    rest: Vec<u8>,
}

/// What was heard of a run.
pub(super) enum Heard {
    Answer(Box<Answer>),
    /// Nothing, for as long as was waited.
    Nothing,
    /// The interpreter's end.
    End,
}

/// The driver's answer.
#[derive(Deserialize)]
pub(super) struct Answer {
    run: Option<u64>,
    #[serde(default)]
    kind: Option<EndingKind>,
    #[serde(default)]
    thread: Option<u32>,
    #[serde(default)]
    line: Option<u32>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, Json>,
    #[serde(default)]
    output: Vec<String>,
    /// Another run needs another interpreter.
    #[serde(default)]
    pub(super) last: bool,
    #[serde(default)]
    too_much: bool,
}

/// What the driver says first.
#[derive(Deserialize)]
struct Hello {
    #[serde(default)]
    interpreter: Option<String>,
    #[serde(default)]
    refused: Option<String>,
}

impl Answer {
    /// The ending that it tells.
    pub(super) fn ending(self) -> Ending {
        let unended = |message: &str| Ending {
            kind: EndingKind::Unended,
            message: Some(message.to_string()),
            ..Ending::default()
        };
        let kind = match self.kind {
            _ if self.message.as_ref().is_some_and(|message| message.starts_with("MemoryError")) => {
                return unended("it wanted more memory than it is given");
            }
            _ if self.too_much => return unended("it made more values or more output than are told"),
            None => return unended("the interpreter did not say how it ended"),
            Some(kind) => kind,
        };
        match kind {
            EndingKind::Ended => Ending { kind, values: self.values, output: self.output, ..Ending::default() },
            // Only the failing thread ends by it, and what the others do after that is no part of it.
            _ => Ending {
                kind,
                thread: self.thread,
                line: self.line.filter(|line| *line > 0),
                message: self.message,
                ..Ending::default()
            },
        }
    }
}

impl Interpreter {
    /// Starts one, and waits until it stands ready with the program.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn start(python: &Path, plan: &CpythonPlan, nice: i32) -> Result<Interpreter, String> {
        let mut child = Spawn {
            // One heap for all threads: a heap of addresses for each would use up the limit on memory.
            env: vec![("MALLOC_ARENA_MAX".into(), "1".into())],
            stdin: Stream::Piped,
            stdout: Stream::Piped,
            own_session: true,
            die_with: true,
            nice: Some(nice),
            limits: Some(Limits {
                memory_bytes: MEMORY_BYTES_MAX,
                cpu_s: CPU_SECONDS_MAX,
                file_bytes: 0,
                descriptors: DESCRIPTORS_MAX,
            }),
            // Isolated, without the site's own modules, and nothing is written beside what is imported.
            ..Spawn::program(python, ["-I", "-S", "-B", "-c", DRIVER])
        }
        .start()
        .map_err(|error| format!("python3 does not start: {error}"))?;
        let (Some(orders), Some(answers)) = (child.take_stdin(), child.take_stdout()) else {
            return Err("python3 has no pipes".into());
        };
        let mut started = Interpreter { name: String::new(), child, orders, answers, rest: Vec::new() };
        let first = json!({
            "text": plan.program.text,
            "atomics": ATOMICS,
            "switch_interval_s": f64::from(plan.switch_interval_us) / 1e6,
        });
        // One that ends at once is heard of by its silence.
        let _ = started.order(&first.to_string());
        let mut slices = 0..START_SLICES_MAX;
        let hello = match started.line(|| slices.next().is_some()) {
            Ok(Some(line)) => serde_json::from_slice::<Hello>(&line).ok(),
            Ok(None) => None,
            Err(_) => return Err(format!("python3 ended at once{}", started.exit())),
        };
        match hello {
            Some(Hello { interpreter: Some(name), .. }) => started.name = name.chars().take(200).collect(),
            Some(Hello { refused: Some(why), .. }) => return Err(format!("python3 does not take the program: {why}")),
            _ => return Err("python3 does not answer".into()),
        }
        Ok(started)
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// How it ended, in words to go on with: ` (SIGKILL)`.
    pub(super) fn exit(mut self) -> String {
        match self.child.kill_session() {
            Exit::Code { code } => format!(" (exit code {code})"),
            Exit::Signal { signal } => format!(" ({})", system::name_of_signal(signal).unwrap_or("a signal")),
            Exit::Unknown => String::new(),
        }
    }

    /// Has it run the program once, and waits for the answer for as long as `goes_on` says.
    pub(super) fn run(&mut self, run: u64, goes_on: impl FnMut() -> bool) -> Heard {
        if self.order(&run.to_string()).is_err() {
            return Heard::End;
        }
        match self.line(goes_on) {
            Ok(None) => Heard::Nothing,
            Ok(Some(line)) => match serde_json::from_slice::<Answer>(&line) {
                Ok(answer) if answer.run == Some(run) => Heard::Answer(Box::new(answer)),
                _ => Heard::End,
            },
            Err(_) => Heard::End,
        }
    }

    fn order(&mut self, line: &str) -> io::Result<()> {
        self.orders.write_all(format!("{line}\n").as_bytes())?;
        self.orders.flush()
    }

    /// The next line of what it says; none where that took too long.
    fn line(&mut self, mut goes_on: impl FnMut() -> bool) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let after = self.rest.split_off(end + 1);
                return Ok(Some(std::mem::replace(&mut self.rest, after)));
            }
            if self.rest.len() > ANSWER_BYTES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let slice = Timespec { tv_sec: 0, tv_nsec: SLICE_NS };
            let readable = match poll(&mut [PollFd::new(&self.answers, PollFlags::IN)], Some(&slice)) {
                Ok(readable) => readable > 0,
                Err(rustix::io::Errno::INTR) => false,
                Err(error) => return Err(error.into()),
            };
            if readable {
                let mut bytes = [0; 4096];
                match self.answers.read(&mut bytes)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    count => self.rest.extend_from_slice(&bytes[..count]),
                }
            } else if !goes_on() {
                return Ok(None);
            }
        }
    }
}
