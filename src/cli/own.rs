//! Commands: the one that was typed, and those of scenarios, which need to be allowed.

use super::args::{Noted, Own, What};
use super::{Trouble, find, in_words, say_to_stderr};
use crate::ledger::{LaneLedger, Ledger, Progress, Standing, command_in_words, job_in_words};
use crate::pool;
use crate::scenario::{self, Overrides, OwnCommand, Scenario};
use crate::system;
use crate::wire::{CommandPlan, Inputs, JobLog, Plan, Raw, Resume, SweepPlan};
use rustix::io::fcntl_dupfd_cloexec;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The scenario that was asked for: that of the command which was typed, or one that is found, and may run its commands.
pub(super) fn scenario(what: &What, workers: Option<&str>) -> Result<Scenario, Trouble> {
    let usage = |words: String| Trouble::Usage(words);
    if let Some(command) = &what.chosen.own.command {
        let own = typed(&what.chosen.own, &what.noted, command, workers);
        return scenario::of_command(&own).map_err(|problems| usage(in_words(&problems)));
    }
    let mut scenario = find(what.chosen.scenario.as_deref())?;
    let mut allowed = scenario.clone();
    allowed.allow_commands();
    // What is wrong with it is told by whoever plans it.
    if let Ok(plan) = allowed.plan(&system::machine(), &overrides(what))
        && plan.lanes.iter().any(|lane| lane.pool.command().is_some())
    {
        permit(&plan, &what.chosen.own)?;
        scenario = allowed;
    }
    Ok(scenario)
}

fn typed(own: &Own, noted: &Noted, command: &OsString, workers: Option<&str>) -> OwnCommand {
    let resume = match (noted.resume, noted.resume_failed) {
        (_, true) => Resume::Failed,
        (true, false) => Resume::All,
        (false, false) => Resume::No,
    };
    let log = noted.log.as_ref().map(|path| JobLog { path: Raw(path.as_os_str().as_bytes().to_vec()), resume });
    OwnCommand {
        command: command.clone().into_vec(),
        inputs: own.inputs.clone().map(OsString::into_vec),
        null: own.null,
        shell: own.shell,
        retries: own.retries,
        log,
        workers: workers.map(String::from),
    }
}

/// What the command line changes in a scenario.
pub(super) fn overrides(what: &What) -> Overrides {
    Overrides { seed: what.chosen.seed, tasks: what.tasks, sets: what.chosen.sets.clone() }
}

/// Asks whether a scenario's commands may be run: says what they are.
fn permit(plan: &Plan, own: &Own) -> Result<(), Trouble> {
    let commands = plan.lanes.iter().filter_map(|lane| Some((lane.id, lane.pool.command()?)));
    let told: Vec<String> =
        commands.map(|(id, command)| format!("  lane {id}: {}", command_in_words(command))).collect();
    let told = format!("{} runs commands:\n{}", plan.scenario, told.join("\n"));
    let refuse = |why: &str| Err(Trouble::Usage(format!("{told}\nIt is not run: {why}")));
    if !own.allow_commands {
        return refuse("`--allow-commands` lets a scenario run what it likes, after asking");
    }
    if own.yes {
        say_to_stderr(&told);
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return refuse("there is no terminal to ask on; `--yes` says yes to these commands");
    }
    say_to_stderr(&told);
    // Where nobody can be asked, nobody says yes.
    let asked = write!(io::stderr(), "Run them? [y/N] ").and_then(|()| io::stderr().flush());
    let mut answer = String::new();
    let answered = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    match (answered, answer.trim()) {
        (Ok(_), "y" | "Y" | "yes") => Ok(()),
        _ => refuse("you did not say yes"),
    }
}

/// Checks the commands of a plan as far as that can be done without running them.
pub(super) fn check(plan: &Plan) -> Result<(), Trouble> {
    let commands = || plan.lanes.iter().filter_map(|lane| lane.pool.command());
    for command in commands() {
        pool::check_command(command).map_err(Trouble::Usage)?;
    }
    if commands().filter(|command| is_on_stdin(command)).count() > 1 {
        return Err(Trouble::Usage("only one lane can read standard input".into()));
    }
    let logs: Vec<&JobLog> = commands().filter_map(|command| command.log.as_ref()).collect();
    if logs.len() > 1 {
        return Err(Trouble::Usage("a job log is of one lane, and there are more".into()));
    }
    Ok(())
}

/// The same of the lanes that are swept: their inputs are there, and can be read more than once.
pub(super) fn check_swept(plan: &SweepPlan) -> Result<(), Trouble> {
    swept(plan).try_for_each(|command| pool::check_command(command).map_err(Trouble::Usage))
}

fn is_on_stdin(command: &CommandPlan) -> bool {
    matches!(command.inputs, Inputs::Stdin { .. })
}

/// Our standard input, where a lane is to read it.
pub(super) fn stdin_for(plan: &Plan) -> io::Result<Option<OwnedFd>> {
    let is_read = plan.lanes.iter().filter_map(|lane| lane.pool.command()).any(is_on_stdin);
    is_read.then(|| fcntl_dupfd_cloexec(io::stdin(), 3)).transpose().map_err(io::Error::from)
}

/// So much of standard input is kept for a sweep, which reads it for every size.
const KEPT_BYTES_MAX: u64 = 64 << 20;

/// The commands that are swept.
fn swept(plan: &SweepPlan) -> impl Iterator<Item = &CommandPlan> {
    plan.curves.iter().filter_map(|curve| curve.lanes.first()?.pool.command())
}

/// Whether a lane that is swept reads our standard input.
pub(super) fn sweeps_stdin(plan: &SweepPlan) -> bool {
    swept(plan).any(is_on_stdin)
}

/// All of our standard input, where a lane that is swept reads it: in memory, which goes with us.
pub(super) fn kept_stdin(plan: &SweepPlan) -> Result<Option<OwnedFd>, Trouble> {
    if !sweeps_stdin(plan) {
        return Ok(None);
    }
    let wrong = |error: io::Error| Trouble::System(format!("standard input cannot be kept: {error}"));
    let mut kept = File::from(system::unnamed_memory("inputs").map_err(wrong)?);
    match io::copy(&mut io::stdin().lock().take(KEPT_BYTES_MAX + 1), &mut kept).map_err(wrong)? {
        0 => Err(Trouble::Usage("there is no input in standard input".into())),
        bytes if bytes > KEPT_BYTES_MAX => Err(Trouble::Usage(format!(
            "standard input holds more than the {} MiB that a sweep keeps in memory: write it to a file",
            KEPT_BYTES_MAX >> 20
        ))),
        _ => Ok(Some(kept.into())),
    }
}

/// How the commands of a run went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// All well.
    Well,
    /// An input's last try failed, or nothing more could be begun.
    Badly,
    /// Time was up before all inputs were done.
    Unfinished,
}

/// How the commands of a run went; none where it has none.
pub(super) fn went(ledger: &Ledger) -> Option<Went> {
    let lanes: Vec<&LaneLedger> = ledger.lanes().iter().filter(|lane| lane.plan.pool.command().is_some()).collect();
    let is_bad = |lane: &&LaneLedger| {
        let is_lost = matches!(&lane.standing, Standing::Gone(gone) if !gone.expected);
        is_lost || lane.tasks.failed > 0 || lane.jobs.as_ref().is_none_or(|jobs| jobs.stopped.is_some())
    };
    let is_left = |lane: &&LaneLedger| {
        let has_end = lane.plan.pool.command().is_some_and(|command| command.inputs != Inputs::Nothing);
        (has_end || lane.plan.tasks.is_some()) && !Progress::of(lane).is_some_and(|progress| progress.is_over())
    };
    match (lanes.is_empty(), lanes.iter().any(is_bad), lanes.iter().any(is_left)) {
        (true, ..) => None,
        (_, true, _) => Some(Went::Badly),
        (_, _, true) => Some(Went::Unfinished),
        _ => Some(Went::Well),
    }
}

/// Tells of progress and of failures on standard error while a run without a screen goes on.
#[derive(Debug, Default)]
pub(super) struct Teller {
    told_ns: u64,
    /// Failures that were told, lane by lane: the number of the last one.
    failures: Vec<u64>,
    failures_told: usize,
    /// A line stands on the terminal that the next one replaces.
    is_open: bool,
}

/// Where everything fails, nobody reads all of it.
const FAILURES_TOLD_MAX: usize = 20;

/// A line on a terminal is replaced so often; elsewhere one is added.
const LINE_EVERY_NS: u64 = 500_000_000;
const LINES_EVERY_NS: u64 = 5_000_000_000;

impl Teller {
    /// Tells what there is to tell by now.
    pub(super) fn look(&mut self, ledger: &Ledger) {
        self.failures.resize(ledger.lanes().len(), 0);
        for (told, lane) in self.failures.iter_mut().zip(ledger.lanes()) {
            let Some(jobs) = &lane.jobs else { continue };
            // They are in the order in which they ended; where the last one that was told is gone, all are newer.
            let from = jobs.failed.iter().position(|job| job.number == *told).map_or(0, |at| at + 1);
            for job in &jobs.failed[from..] {
                *told = job.number;
                self.failures_told += 1;
                if self.failures_told > FAILURES_TOLD_MAX {
                    continue;
                }
                if std::mem::take(&mut self.is_open) {
                    clear();
                }
                let last = job.stderr.lines().last().map(|line| format!(": {line}")).unwrap_or_default();
                say_to_stderr(&format!("{}{last}", job_in_words(job)));
                if self.failures_told == FAILURES_TOLD_MAX {
                    say_to_stderr("further failures are told at the end, and in the job log where there is one");
                }
            }
        }
        let is_terminal = io::stderr().is_terminal();
        let every_ns = if is_terminal { LINE_EVERY_NS } else { LINES_EVERY_NS };
        let now_ns = ledger.at_ns();
        if now_ns < self.told_ns + every_ns {
            return;
        }
        let lines: Vec<String> = ledger.lanes().iter().filter_map(line).collect();
        if lines.is_empty() {
            return;
        }
        self.told_ns = now_ns;
        let line = lines.join("; ");
        if is_terminal {
            // On what cannot be written to there is nobody to tell.
            let _ = write!(io::stderr(), "\r{line}\u{1b}[K");
            self.is_open = true;
        } else {
            say_to_stderr(&line);
        }
    }

    /// Leaves a clean line.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.is_open) {
            clear();
        }
    }
}

fn clear() {
    let _ = write!(io::stderr(), "\r\u{1b}[K");
}

/// How far a lane is.
fn line(lane: &LaneLedger) -> Option<String> {
    let progress = Progress::of(lane)?;
    let failed = if progress.failed > 0 { format!(", {} failed", progress.failed) } else { String::new() };
    let estimate = progress.estimate_in_words().map(|words| format!(", {words}")).unwrap_or_default();
    Some(format!("{}{failed}{estimate}", progress.count_in_words()))
}
