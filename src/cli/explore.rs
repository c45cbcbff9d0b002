//! `poolscope explore` and `poolscope step`.

use super::args::{self, Ending, Exploring, Told};
use super::{Done, Outcome, Trouble, print};
use crate::explore::{Exceptions, Grain, Kind, Memory, Notify, Options, Report};
use crate::program::{Problem, Program, compile};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longer files are no small programs, and are not read to their end.
const BYTES_MAX: u64 = 1 << 20;

pub(super) fn options(how: &Exploring) -> Options {
    Options {
        grain: match how.grain {
            args::Grain::Operation => Grain::Operation,
            args::Grain::Statement => Grain::Statement,
        },
        memory: match how.memory {
            args::Memory::Sc => Memory::Sc,
            args::Memory::Tso => Memory::Tso,
        },
        notify: match how.notify {
            args::Notify::Any => Notify::Any,
            args::Notify::Fifo => Notify::Fifo,
        },
        spurious: how.spurious,
        exceptions: match how.exceptions {
            args::Exceptions::Stop => Exceptions::Stop,
            args::Exceptions::Thread => Exceptions::Thread,
        },
        capacity: how.capacity,
        ..Options::default()
    }
}

pub(super) fn explore(file: &Path, options: &Options, format: Told, expect: Option<Ending>) -> Done {
    let program = read(file)?;
    let began_ns = crate::doors::clock::monotonic_ns();
    let mut report =
        crate::explore::explore(&program, options).map_err(|problem| Trouble::Usage(problem.to_string()))?;
    report.elapsed_s = (crate::doors::clock::monotonic_ns() - began_ns) as f64 * 1e-9;
    match format {
        Told::Json => print(&crate::report::json(&report))?,
        Told::Text => print(&crate::report::explored(&program, &report))?,
    };
    Ok(verdict(&report, expect))
}

/// What the report means for whoever asked.
fn verdict(report: &Report, expect: Option<Ending>) -> Outcome {
    if !report.complete {
        return Outcome::Failed;
    }
    let kind = match expect {
        None => Kind::Ended,
        Some(Ending::Ended) => Kind::Ended,
        Some(Ending::Deadlock) => Kind::Deadlock,
        Some(Ending::Assertion) => Kind::Assertion,
        Some(Ending::Exception) => Kind::Exception,
        Some(Ending::Spins) => Kind::Spins,
    };
    // A program that can only go round in a circle fails in every schedule, though none of them ends.
    let never_ends = report.outcomes.is_empty();
    let happens = report.outcomes.iter().any(|outcome| outcome.kind == kind);
    let else_bad = report.outcomes.iter().any(|outcome| outcome.kind != kind && outcome.kind != Kind::Ended);
    match (expect.is_some() && !happens, else_bad || never_ends) {
        (true, _) => Outcome::NotSeen,
        (false, true) => Outcome::Violated,
        (false, false) => Outcome::Ok,
    }
}

pub(super) fn step(file: &Path, options: &Options, schedule: &str, format: Told) -> Done {
    let program = read(file)?;
    let run =
        crate::explore::step(&program, options, schedule).map_err(|problem| Trouble::Usage(problem.to_string()))?;
    match format {
        Told::Json => print(&crate::report::json(&run)),
        Told::Text => print(&crate::report::replayed(&program, &run)),
    }
}

/// Why a program could not be read, and what to do about it.
fn unread(name: &str, error: &io::Error) -> Problem {
    let (what, help) = match error.kind() {
        io::ErrorKind::NotFound => {
            let here = std::env::current_dir().map(|here| format!(" from {}", here.display())).unwrap_or_default();
            ("there is no such file".into(), format!("write the path of a Python program, as it is seen{here}"))
        }
        io::ErrorKind::IsADirectory => {
            ("this is a folder".into(), "name one of the Python programs in it, like `lost-update.py`".to_string())
        }
        io::ErrorKind::PermissionDenied => {
            ("it may not be read".into(), "`chmod u+r` lets you, if the file is yours".to_string())
        }
        _ => (error.to_string(), "name a file with a Python program that can be read".to_string()),
    };
    Problem::of_file(name, what, Some(help))
}

/// The text of a file; else why there is none, and what to do about it.
pub(super) fn read_text(file: &Path) -> Result<String, String> {
    let name = file.display().to_string();
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes));
    read.map_err(|error| unread(&name, &error).to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("{name}:{line}: this is not UTF-8")
    })
}

fn read(file: &Path) -> Result<Program, Trouble> {
    let name = file.display().to_string();
    let text = read_text(file).map_err(Trouble::Usage)?;
    compile(&name, &text).map_err(|problems| {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Trouble::Usage(words.join("\n"))
    })
}
