//! The command line: what may be typed, and what each of it does. Errors become words and an exit code here and nowhere
//! else.

mod args;
mod config;
mod doctor;
mod explore;
mod files;
mod own;
mod run;
mod screen;
mod sweep;

use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// What became of a command, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Ok,
    /// It went wrong.
    Failed,
    /// What was typed or read is wrong.
    Usage,
    /// Results or counts are wrong where the scenario does not expect them to be.
    Violated,
    /// What the scenario expects did not come about.
    NotSeen,
    /// Time was up before all inputs were done.
    TimeUp,
    /// Ended by a signal.
    Signal(i32),
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Ok => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Violated => 3,
            Outcome::NotSeen => 4,
            Outcome::TimeUp => 124,
            Outcome::Signal(signal) => 128u8.wrapping_add(signal as u8),
        })
    }
}

/// Why a command could not be carried out.
enum Trouble {
    /// What was typed or read is wrong: told in words, exit code 2.
    Usage(String),
    /// The system would not: told in words, exit code 1.
    System(String),
    /// Nobody reads our standard output any more: told to nobody, exit code 0.
    Unread,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Trouble::Unread,
            _ => Trouble::System(error.to_string()),
        }
    }
}

type Done = Result<Outcome, Trouble>;

/// The program.
pub fn main() -> ExitCode {
    match dispatch(Cli::parse()) {
        Ok(outcome) => outcome.into(),
        Err(Trouble::Unread) => ExitCode::SUCCESS,
        Err(Trouble::Usage(words)) => {
            say_to_stderr(&words);
            Outcome::Usage.into()
        }
        Err(Trouble::System(words)) => {
            say_to_stderr(&words);
            Outcome::Failed.into()
        }
    }
}

fn dispatch(cli: Cli) -> Done {
    let Some(command) = cli.command else {
        return match screen::place(&cli.open.look) {
            Some(place) => screen::live(&cli.open, place),
            None => run::without_screen(&cli.open),
        };
    };
    match command {
        Command::Run { what, workers, wall, at_least, format, record, trace } => {
            let what = run::Wanted { what: &what, workers: workers.as_deref() };
            run::run(what, run::Time { wall, at_least }, format, record.as_deref(), trace.as_deref())
        }
        Command::Sweep { chosen, workers, each, repeat, vary, lane, format, record, look } => {
            let wish = crate::scenario::SweepWish {
                sizes: workers.map(|sizes| sizes.0).unwrap_or_default(),
                for_ms: u64::try_from(each.as_millis()).unwrap_or(u64::MAX),
                repeat,
                lane,
                vary,
            };
            let place = screen::place(&look).filter(|_| format.is_none());
            sweep::sweep(
                chosen,
                &wish,
                format.unwrap_or(args::SweepFormat::Text),
                record.as_deref(),
                place.map(|place| (look, place)),
            )
        }
        Command::Report { file, format } => run::replay(&file, format),
        Command::Replay { file, speed, format, look } => match (format, screen::place(&look)) {
            (Some(format), _) => run::replay(&file, format),
            (None, Some(place)) => screen::replay(&file, speed, &look, place),
            (None, None) => run::replay(&file, args::Format::Text),
        },
        Command::Open { file, look } => match screen::place(&look) {
            Some(place) => screen::open(&file, &look, place),
            None => Err(Trouble::Usage(
                "there is no terminal to open it on: `poolscope explore` and `poolscope step` need none".into(),
            )),
        },
        Command::List => list(),
        Command::Check { files } => check(&files),
        Command::Notes { scenario } => notes(&scenario),
        Command::Explore { file, how, format, expect, verdict, max_states, max_memory } => {
            let options = crate::explore::Options {
                verdict,
                states_max: max_states,
                memory_max: max_memory,
                ..explore::options(&how)
            };
            explore::explore(&file, &options, format, expect)
        }
        Command::Step { file, schedule, how, format } => {
            explore::step(&file, &explore::options(&how), &schedule, format)
        }
        Command::Config { what } => match what {
            args::Config::Init => config::init(),
            args::Config::Check => config::check(),
            args::Config::Path => config::tell_path(),
        },
        Command::Doctor => doctor::doctor(),
        Command::Schema => print(include_str!("../../assets/summary.schema.json")),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut args::shown(), "poolscope", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            print(&String::from_utf8_lossy(&page))
        }
        Command::Explorer => child(crate::source::explorer::main(io::stdin().lock(), io::stdout())),
        Command::Lane => child(crate::lane::child::main()),
        Command::Warden => child(crate::pool::warden_main()),
        Command::Host { number } => child(crate::pool::host_main(number)),
        Command::Worker { id } => child(crate::pool::worker_main(id)),
        Command::Forkserver => child(crate::pool::forkserver_main()),
    }
}

/// The end of a process that is ours: its last words are read by whoever started it.
fn child(end: io::Result<ExitCode>) -> Done {
    match end {
        Ok(code) if code == ExitCode::SUCCESS => Ok(Outcome::Ok),
        Ok(_) => Ok(Outcome::Failed),
        Err(error) => Err(Trouble::System(error.to_string())),
    }
}

fn list() -> Done {
    let folder = crate::scenario::user_folder();
    let guessed = files::Files::of_user().guessed();
    let mut out = String::new();
    let mut topic = String::new();
    for entry in crate::scenario::list(folder.as_deref()) {
        if entry.topic != topic {
            out.push_str(&format!("{}{}\n", if topic.is_empty() { "" } else { "\n" }, entry.topic));
            topic.clone_from(&entry.topic);
        }
        let default = if entry.name == crate::scenario::DEFAULT { " (default)" } else { "" };
        match entry.problems {
            Ok(()) => {
                let guess = match guessed.get(&entry.name) {
                    Some(true) => " (guessed right)",
                    Some(false) => " (guessed wrong)",
                    None => "",
                };
                out.push_str(&format!("  {:<28} {}{default}{guess}\n", entry.name, entry.title));
            }
            Err(problems) => out.push_str(&format!("  {:<28} cannot be used: {}\n", entry.name, first_line(&problems))),
        }
    }
    print(&out)
}

fn first_line<T: Display>(problems: &[T]) -> String {
    problems.first().map(ToString::to_string).unwrap_or_default().lines().next().unwrap_or_default().to_string()
}

fn check(files: &[std::path::PathBuf]) -> Done {
    let machine = crate::system::machine();
    let mut wrong = 0;
    let mut out = String::new();
    for file in files {
        let found = read_scenario(file).and_then(|scenario| {
            let limits = crate::scenario::Limits::default();
            // To check one runs nothing.
            let mut scenario = scenario;
            scenario.allow_commands();
            let (explored, problems) =
                crate::scenario::prove(&scenario, &machine, limits).map_err(|problems| in_words(&problems))?;
            if problems.is_empty() { Ok((scenario.lanes(), explored)) } else { Err(in_words(&problems)) }
        });
        match found {
            Ok((lanes, explored)) => {
                out.push_str(&format!("{}: fine, {lanes} lanes\n", file.display()));
                for one in explored {
                    out.push_str(&format!("  {} {}, {}: {}\n", one.lane, one.name, one.role.words(), one.words));
                }
            }
            Err(words) => {
                wrong += 1;
                out.push_str(&format!("{words}\n"));
            }
        }
    }
    print(&out)?;
    Ok(if wrong == 0 { Outcome::Ok } else { Outcome::Usage })
}

fn read_scenario(file: &Path) -> Result<crate::scenario::Scenario, String> {
    // A path is meant, even if it is spelt like a name.
    let path = if file.components().count() == 1 { Path::new(".").join(file) } else { file.to_path_buf() };
    crate::scenario::find(&path.to_string_lossy(), None).map_err(|problems| in_words(&problems))
}

fn notes(name: &str) -> Done {
    let scenario = find(Some(name))?;
    print(&match scenario.notes {
        Some(notes) => format!("# {}\n\n{}\n", scenario.title, notes.trim()),
        None => format!("{name} has no presenter's notes.\n"),
    })
}

fn find(name: Option<&str>) -> Result<crate::scenario::Scenario, Trouble> {
    let folder = crate::scenario::user_folder();
    let name = name.unwrap_or(crate::scenario::DEFAULT);
    crate::scenario::find(name, folder.as_deref()).map_err(|problems| Trouble::Usage(in_words(&problems)))
}

fn in_words<T: Display>(problems: &[T]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Prints to standard output, whole or not at all.
fn print(text: &str) -> Done {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Outcome::Ok)
}

/// One message to standard error, for whoever started us. It may quote a foreign file: what a terminal would obey is
/// shown as a replacement character.
pub fn say_to_stderr(words: &str) {
    let is_obeyed = |letter: char| letter.is_control() && letter != '\n';
    let words: String = words.chars().map(|letter| if is_obeyed(letter) { '\u{fffd}' } else { letter }).collect();
    // Where even that is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "poolscope: {words}");
}
