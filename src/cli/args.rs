//! What may be typed. The help, the completions and the manual page are made from this.

use super::config::Look;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::ffi::OsString;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Without a scenario: the default one. Where there is no terminal, `poolscope SCENARIO` behaves as `poolscope run SCENARIO`.

Examples:
  poolscope                                        open the default scenario
  poolscope lock-kinds --set 'lane.*.workers=8'    open another one, with eight workers in each lane
  poolscope run pool-size --for 5s --format json   run one without a screen, for a program to read
  poolscope run ipc --record ipc.jsonl             write the run to a file …
  poolscope replay ipc.jsonl --speed 2             … and look at it again, twice as fast
  poolscope run --command 'gzip -k {}' --inputs list.txt --workers 4 --log jobs   run a program on each line of a file
  poolscope sweep pool-size --workers 1..8         how many workers? measure them all
  poolscope sweep --command 'gzip -c {}' --inputs list.txt   the same for a program of your own

Exit codes:
  0  fine                                 3  results are wrong, which nobody expected
  1  the system would not, or a run     4  what the scenario expects did not come about
     of your own command failed       124  time was up before all inputs were done
  2  wrong usage, or wrong input      128+n  ended by signal n";

/// Watch thread and process pools work: live, side by side, measured.
#[derive(Debug, Parser)]
#[command(name = "poolscope", version, about, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) open: Open,
}

/// The command line without what is hidden: completions would offer that too.
pub(super) fn shown() -> clap::Command {
    let whole = Cli::command();
    let shown: Vec<_> = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let about = whole.get_about().cloned().unwrap_or_default();
    Open::augment_args(clap::Command::default().name("poolscope")).about(about).subcommands(shown)
}

#[derive(Debug, Args)]
pub(super) struct Open {
    #[command(flatten)]
    pub(super) what: What,
    /// How many runs of the command at once: 4, 2*cores [default: cores].
    #[arg(long, help_heading = OWN, value_name = "N", requires = "command")]
    pub(super) workers: Option<String>,
    /// Write every frame of the run to FILE (a new one), for `replay`.
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    #[command(flatten)]
    pub(super) look: Look,
}

/// Which scenario or command, and what to change in it.
#[derive(Debug, Args)]
pub(super) struct Chosen {
    /// A built-in scenario, one of your own folder, or a path.
    #[arg(value_name = "SCENARIO")]
    pub(super) scenario: Option<String>,
    /// Where every random choice of the run comes from.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(super) seed: Option<u64>,
    /// Change the scenario: lane.2.workers=8, lane.*.chunk=16, mode=together. May be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) sets: Vec<String>,
    #[command(flatten)]
    pub(super) own: Own,
}

/// The same of a run, which may end, and be noted.
#[derive(Debug, Args)]
pub(super) struct What {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// End every lane after so many tasks.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    pub(super) tasks: Option<u64>,
    #[command(flatten)]
    pub(super) noted: Noted,
}

/// The heading of its options.
const OWN: &str = "Your own command";

/// A command of one's own, in place of a scenario.
#[derive(Debug, Default, Args)]
pub(super) struct Own {
    /// Run a program of your own on each input, in place of a scenario. {} is the input, {.} without its extension, {/}
    /// without its folder, {/.} without both, {//} its folder, {#} its number; {.EXT} and {/.EXT} have another
    /// extension; without any of them the input comes last. No shell runs, but words and quotes are as in one.
    #[arg(long, help_heading = OWN, value_name = "COMMAND", conflicts_with = "scenario")]
    pub(super) command: Option<OsString>,
    /// What it is run on: the lines of a file, `-` for those of standard input, or numbers, as in 1..100.
    #[arg(long, help_heading = OWN, value_name = "INPUTS", requires = "command")]
    pub(super) inputs: Option<OsString>,
    /// Inputs end with a NUL instead of a newline.
    #[arg(long, help_heading = OWN, requires = "inputs")]
    pub(super) null: bool,
    /// Have /bin/sh run the command; inputs are quoted, whatever they hold.
    #[arg(long, help_heading = OWN, requires = "command")]
    pub(super) shell: bool,
    /// Try an input again, so many times, whose run failed.
    #[arg(long, help_heading = OWN, value_name = "N", requires = "command", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(super) retries: u32,
    /// Let a scenario run commands; asks before it does.
    #[arg(long, help_heading = OWN)]
    pub(super) allow_commands: bool,
    /// With --allow-commands: do not ask.
    #[arg(long, help_heading = OWN, requires = "allow_commands")]
    pub(super) yes: bool,
}

/// Where it is noted which inputs are done.
#[derive(Debug, Default, Args)]
pub(super) struct Noted {
    /// Note each input that is done in FILE, a line of JSON each: a new one, but for --resume.
    #[arg(long, help_heading = OWN, value_name = "FILE", requires = "command")]
    pub(super) log: Option<PathBuf>,
    /// Leave out all inputs that the log names.
    #[arg(long, help_heading = OWN, requires = "log")]
    pub(super) resume: bool,
    /// Leave out the inputs that the log names, but for those whose run failed.
    #[arg(long, help_heading = OWN, requires = "log")]
    pub(super) resume_failed: bool,
}

/// Numbers of workers, as they were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sizes(pub(super) Vec<u32>);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a scenario, or a command of your own, without a screen, and report.
    Run {
        #[command(flatten)]
        what: What,
        /// How many runs of the command at once: 4, 2*cores [default: cores].
        #[arg(long, help_heading = OWN, value_name = "N", requires = "command")]
        workers: Option<String>,
        /// How long to run, by the clock on the wall: 5s, 500ms, 2m. Default: what the scenario says. Lanes that take
        /// turns have one each, at most ten times as long.
        #[arg(long = "for", value_name = "TIME", value_parser = duration)]
        wall: Option<std::time::Duration>,
        /// Go on after that until every lane has ended so many tasks, at most ten times as long: for figures that mean
        /// something on a busy machine too.
        #[arg(long, value_name = "N", conflicts_with = "tasks")]
        at_least: Option<u64>,
        /// How to report.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Write every frame of the run to FILE (a new one), for `replay`.
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
        /// Write what the workers' flight recorders hold at the end to FILE, as a Chrome trace.
        #[arg(long, value_name = "FILE")]
        trace: Option<PathBuf>,
    },
    /// Measure a scenario's lanes with one number of workers after the other, and advise how many to have.
    ///
    /// Every size is measured again and again, in rounds of an order of their own, each time in a fresh process and with
    /// nothing beside it; sizes that cannot be told apart by then are measured for a few rounds more. On a terminal the curve is drawn point by point; without one, or with --format, it is reported
    /// at the end.
    #[command(mut_arg("seed", |seed| seed.help("Where every random choice comes from, the order of the measurements included")))]
    #[command(mut_arg("sets", |sets| sets.help("Change the scenario: lane.2.chunk=16, lane.*.workload=primes. May be given again")))]
    Sweep {
        #[command(flatten)]
        chosen: Chosen,
        /// Numbers of workers: 1,2,4,8,16 or 1..32, or both mixed [default: 1,2,4,8,16, and on up to twice the cores].
        #[arg(long, value_name = "SIZES", value_parser = sizes)]
        workers: Option<Sizes>,
        /// How long each is measured, after a quarter of that for warming up.
        #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "2s")]
        each: std::time::Duration,
        /// How often each is measured: more make the intervals narrower.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
        repeat: u32,
        /// Vary something else as well, a curve for each value: lane.1.chunk=1,16,256. May be given again.
        #[arg(long, value_name = "KEY=VALUES")]
        vary: Vec<String>,
        /// Sweep this lane only, counted from 1 [default: all that can have another number of workers].
        #[arg(long, value_name = "N")]
        lane: Option<usize>,
        /// Report instead of showing it.
        #[arg(long, value_enum)]
        format: Option<SweepFormat>,
        /// Write the sweep to FILE (a new one), for `replay` and `report`.
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
        #[command(flatten)]
        look: Look,
    },
    /// Report what a recording, of a run or of a sweep, came to.
    Report {
        /// What `--record` wrote.
        file: PathBuf,
        /// How to report.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Show a recording again, on the screen or as a report.
    Replay {
        /// What `--record` wrote.
        file: PathBuf,
        /// How many times as fast as it was.
        #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
        speed: f64,
        /// Report instead of showing it.
        #[arg(long, value_enum)]
        format: Option<Format>,
        #[command(flatten)]
        look: Look,
    },
    /// Open a small Python program of your own on the screen: step through it, explore it, run it wild. The file is read
    /// again whenever it changes.
    Open {
        /// The program.
        file: PathBuf,
        #[command(flatten)]
        look: Look,
    },
    /// List the scenarios, built in and your own.
    List,
    /// Check scenario files.
    ///
    /// The programs of their lanes are explored: a fix that can fail, a bug that cannot happen and a count that is not so
    /// are refused.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print a scenario's presenter's notes.
    Notes {
        /// Which scenario.
        scenario: String,
    },
    /// Explore a small Python program: every schedule of its threads, and how each can end.
    Explore {
        /// The program.
        file: PathBuf,
        #[command(flatten)]
        how: Exploring,
        /// How to report.
        #[arg(long, value_enum, default_value_t = Told::Text)]
        format: Told,
        /// What must be able to happen; nothing else bad may.
        #[arg(long, value_enum, value_name = "ENDING")]
        expect: Option<Ending>,
        /// Only how it can end, from fewer states: no counts, no data races.
        #[arg(long)]
        verdict: bool,
        /// Give up after so many states.
        #[arg(long, value_name = "N", default_value_t = 60_000_000, value_parser = clap::value_parser!(u64).range(1..))]
        max_states: u64,
        /// Give up past so much memory: 512M, 2G.
        #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = size)]
        max_memory: u64,
    },
    /// Replay one schedule of a small Python program, step by step.
    Step {
        /// The program.
        file: PathBuf,
        /// Who takes each step: 1.2.1.2, as `explore` prints it.
        #[arg(long, value_name = "STEPS", default_value = "")]
        schedule: String,
        #[command(flatten)]
        how: Exploring,
        /// How to report.
        #[arg(long, value_enum, default_value_t = Told::Text)]
        format: Told,
    },
    /// Look after the file of settings for the screen.
    Config {
        #[command(subcommand)]
        what: Config,
    },
    /// Tell what this terminal, machine and platform give and what they cannot.
    Doctor,
    /// Print the JSON schema of the summary that `run --format json` gives.
    Schema,
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man,
    /// Be a lane: read orders on standard input, write frames to standard output.
    #[command(hide = true)]
    Lane,
    /// Be the explorer: read questions on standard input, write answers to standard output.
    #[command(hide = true)]
    Explorer,
    /// Wait for the end of a lane that runs commands, and end what is left of it.
    #[command(hide = true)]
    Warden,
    /// Be a process of a lane's program.
    #[command(hide = true)]
    Host {
        /// The thread of the program that it begins with.
        number: u32,
    },
    /// Be a worker process of a lane.
    #[command(hide = true)]
    Worker {
        /// Its number.
        id: u32,
    },
    /// Be the clean process that a lane's workers are forked from.
    #[command(hide = true)]
    Forkserver,
}

/// What a program's threads may do.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Exploring {
    /// What counts as one step.
    #[arg(long, value_enum, default_value_t = Grain::Operation)]
    pub(super) grain: Grain,
    /// When others see a write: at once, or once it has left a store buffer.
    #[arg(long, value_enum, default_value_t = Memory::Sc)]
    pub(super) memory: Memory,
    /// Which waiters a notify may wake: any, or those who waited longest.
    #[arg(long, value_enum, default_value_t = Notify::Any)]
    pub(super) notify: Notify,
    /// Let waiters of a condition wake unasked.
    #[arg(long)]
    pub(super) spurious: bool,
    /// What an exception that nobody catches ends: everything, or its thread.
    #[arg(long, value_enum, default_value_t = Exceptions::Stop)]
    pub(super) exceptions: Exceptions,
    /// How many messages a pipe, or a queue between processes without a size of its own, holds [default: no limit].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) capacity: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Grain {
    /// One operation that others could see.
    Operation,
    /// All operations of a simple statement.
    Statement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Memory {
    /// Sequential consistency.
    Sc,
    /// Total store order, as on x86.
    Tso,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Notify {
    /// Any of them.
    Any,
    /// In the order of their coming.
    Fifo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Exceptions {
    /// The whole schedule.
    Stop,
    /// Its thread only.
    Thread,
}

/// How to tell what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Told {
    /// For people.
    Text,
    /// For programs (see assets/explore.schema.json).
    Json,
}

/// An ending to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Ending {
    /// All threads ended.
    Ended,
    /// Nobody can move.
    Deadlock,
    /// An `assert` failed.
    Assertion,
    /// An exception that nobody caught.
    Exception,
    /// A thread spins for ever.
    Spins,
}

/// What to do with the file of settings.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Config {
    /// Write one with every setting and every command in it, each as it is anyway.
    Init,
    /// Tell what is wrong with it.
    Check,
    /// Tell where it is, or would be.
    Path,
}

/// How to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Text,
    /// The summary as JSON (see assets/summary.schema.json).
    Json,
    /// The frames as they come, one JSON line each, then the summary.
    Ndjson,
    /// A row for each lane.
    Csv,
}

/// How to report a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SweepFormat {
    /// Tables for people.
    Text,
    /// Points, fits and what is recommended, as JSON (see assets/sweep.schema.json).
    Json,
    /// A row for each point.
    Csv,
}

/// `1,2,4,8`, `1..8`.
fn sizes(text: &str) -> Result<Sizes, String> {
    crate::scenario::read_sizes(text).map(Sizes)
}

/// `5s`, `1.5s`, `500ms`, `2m`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let wrong = || format!("`{text}` is no time: write 5s, 500ms or 2m");
    let (number, scale) =
        units.iter().find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, scale))).ok_or_else(wrong)?;
    let seconds = number.trim().parse::<f64>().map_err(|_| wrong())? * scale;
    if !(0.001..=86_400.0).contains(&seconds) {
        return Err(format!("`{text}` is not between 1ms and 24h"));
    }
    Ok(std::time::Duration::from_secs_f64(seconds))
}

/// `512M`, `2G`, `1000000`.
fn size(text: &str) -> Result<u64, String> {
    let units = [("K", 10), ("M", 20), ("G", 30)];
    let known = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
    let (number, shift) = known.unwrap_or((text, 0));
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes
        .filter(|bytes| *bytes >= 1 << 20)
        .ok_or_else(|| format!("`{text}` is no size of at least 1M: write 512M or 2G"))
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches(['x', '×']).parse::<f64>().map_err(|_| format!("`{text}` is no number"))?;
    if (0.01..=1000.0).contains(&speed) { Ok(speed) } else { Err("a speed is between 0.01 and 1000".to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_are_read_and_nonsense_is_refused() {
        assert_eq!(size("2G"), Ok(2 << 30));
        assert_eq!(size("2000000"), Ok(2_000_000));
        for wrong in ["", "G", "-1G", "1.5G", "99999999999G", "12", "2 elephants"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_read_and_nonsense_is_refused() {
        let millis = |text| duration(text).map(|time| time.as_millis());
        assert_eq!(millis("5s"), Ok(5000));
        assert_eq!(millis("250ms"), Ok(250));
        assert_eq!(millis("1.5m"), Ok(90_000));
        for wrong in ["", "5", "s", "-1s", "nans", "1e9s", "0s", "5 parsecs"] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }
}
