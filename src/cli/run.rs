//! `run` and `replay` without a screen: frames into a ledger, the ledger into a report.

use super::args::{Format, Open, What};
use super::{Done, Outcome, Trouble, in_words, own, print, say_to_stderr};
use crate::ledger::{LaneLedger, Ledger, Progress, Standing};
use crate::report::{self, Summary, Verdict};
use crate::scenario::Scenario;
use crate::source::{self, Control, Live, LiveOptions, Recorder, Replay};
use crate::wire::{Body, Mode, Order, Phase, Plan, encode_frame};
use crossbeam_channel::{Receiver, after, bounded, never, select};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long the lanes may take to answer with their flight recorders before they are told to finish.
const FLIGHT_PATIENCE: Duration = Duration::from_millis(300);

/// A run that waits for every lane to be measured lasts so many times as long as it was to at the most.
const LATE_TIMES_MAX: u32 = 10;

/// How long a run is to last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Time {
    /// By the clock on the wall; none for as long as the scenario says.
    pub(super) wall: Option<Duration>,
    /// And until every lane has ended so many tasks.
    pub(super) at_least: Option<u64>,
}

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Which scenario, or which command.
    pub(super) what: &'a What,
    /// How many workers of the command.
    pub(super) workers: Option<&'a str>,
}

/// `poolscope run`.
pub(super) fn run(wanted: Wanted<'_>, time: Time, format: Format, record: Option<&Path>, trace: Option<&Path>) -> Done {
    // Signals first: none may end us while lanes start.
    let signals = signals()?;
    let (scenario, plan) = planned(wanted)?;
    // Tasks that have an end end a run by themselves; a scenario's own time would cut it.
    let has_end = wanted.what.tasks.is_some() || wanted.what.chosen.own.inputs.is_some();
    let wall = time.wall.or_else(|| (!has_end).then(|| Duration::from_secs_f64(scenario.seconds)));
    let recorder = record.map(Recorder::begin).transpose().map_err(|error| Trouble::Usage(error.to_string()))?;
    let stdin = own::stdin_for(&plan)?;
    let live = Live::start(plan, LiveOptions { recorder, stdin, ..LiveOptions::default() })?;
    let mut ledger = Ledger::new();
    let mut end_after = wall.map_or_else(never, after);
    let mut late = wall;
    let at_least = time.at_least.unwrap_or(0);
    let (mut is_late, mut asked) = (false, false);
    let mut teller = own::Teller::default();
    loop {
        select! {
            recv(live.frames) -> frame => {
                let Ok(frame) = frame else { break };
                ledger.post(&frame);
                teller.look(&ledger);
                if is_late && is_measured(&ledger, at_least) {
                    (is_late, end_after) = (false, after(Duration::ZERO));
                }
                if format == Format::Ndjson {
                    print(&encode_frame(&frame))?;
                }
                if let Body::RecordingFailed { why } = &frame.body {
                    say_to_stderr(&format!("the recording ended early: {why}"));
                }
                if ledger.has_ended() {
                    break;
                }
            }
            recv(end_after) -> _ => {
                if let Some(wall) = late.take().filter(|_| !is_measured(&ledger, at_least)) {
                    is_late = true;
                    end_after = after(wall.saturating_mul(LATE_TIMES_MAX - 1));
                    continue;
                }
                is_late = false;
                if trace.is_some() && !asked {
                    asked = true;
                    live.tell(Control::Order(None, Order::Flight));
                    end_after = after(FLIGHT_PATIENCE);
                } else {
                    live.tell(Control::Finish);
                    end_after = never();
                }
            }
            recv(signals) -> signal => {
                // Lanes are ended here, and only then are we.
                drop(live);
                teller.end();
                tell_interruption(&ledger);
                return Ok(Outcome::Signal(signal.unwrap_or(SIGTERM)));
            }
        }
    }
    drop(live);
    teller.end();
    if let Some(path) = trace {
        fs::write(path, report::chrome_trace(&ledger))
            .map_err(|error| Trouble::System(format!("{}: {error}", path.display())))?;
    }
    tell(&ledger, format)
}

/// Says how far the commands of a run came that a signal ended.
fn tell_interruption(ledger: &Ledger) {
    for lane in ledger.lanes() {
        let Some(progress) = Progress::of(lane) else { continue };
        let log = lane.plan.pool.command().and_then(|command| command.log.as_ref());
        let resume = match log {
            Some(log) => format!("; the same with `--resume` goes on from {}", log.path.to_text()),
            None => String::new(),
        };
        say_to_stderr(&format!("interrupted after {}{resume}", progress.count_in_words()));
    }
}

/// Whether every lane that goes on has had a whole turn, if it takes turns, and has ended so many tasks. On a busy machine
/// that may take longer than the run was to last, and a lane that was hardly there can be compared with nothing.
fn is_measured(ledger: &Ledger, at_least: u64) -> bool {
    let turn_ns = match ledger.plan().map(|plan| plan.mode) {
        Some(Mode::Turns { slice_ms }) if ledger.lanes().len() > 1 => slice_ms * 1_000_000,
        _ => 0,
    };
    let goes_on = |lane: &&LaneLedger| lane.phase != Phase::Done && !matches!(lane.standing, Standing::Gone(_));
    let ended = |lane: &LaneLedger| lane.tasks.completed + lane.tasks.failed;
    let lanes = ledger.lanes();
    !lanes.is_empty() && lanes.iter().filter(goes_on).all(|lane| lane.active_ns >= turn_ns && ended(lane) >= at_least)
}

/// `poolscope SCENARIO` where there is no terminal.
pub(super) fn without_screen(open: &Open) -> Done {
    let wanted = Wanted { what: &open.what, workers: open.workers.as_deref() };
    run(wanted, Time::default(), Format::Text, open.record.as_deref(), None)
}

/// The scenario, and the plan that it comes to on this machine.
pub(super) fn planned(wanted: Wanted<'_>) -> Result<(Scenario, Plan), Trouble> {
    let scenario = own::scenario(wanted.what, wanted.workers)?;
    let overrides = own::overrides(wanted.what);
    let machine = source::measured_machine();
    let plan = scenario.plan(&machine, &overrides);
    let plan = plan.map_err(|problems| Trouble::Usage(in_words(&problems)))?;
    for line in scenario.adjustments(&machine, &overrides) {
        say_to_stderr(&line);
    }
    own::check(&plan)?;
    Ok((scenario, plan))
}

/// `poolscope replay --format …`, `poolscope report`.
pub(super) fn replay(file: &Path, format: Format) -> Done {
    let wrong = |error: source::ReplayError| Trouble::Usage(error.to_string());
    let mut replay = Replay::open(file).map_err(wrong)?;
    let mut ledger = Ledger::new();
    let mut broken = None;
    loop {
        match replay.next_frame() {
            Ok(Some(frame)) => {
                ledger.post(&frame);
                if format == Format::Ndjson {
                    print(&encode_frame(&frame))?;
                }
            }
            Ok(None) => break,
            // What came before it is whole, and worth telling.
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        }
    }
    if let Some(error) = &broken {
        say_to_stderr(error);
    } else if *replay.ending() != source::Ending::Whole {
        say_to_stderr(&format!("{}: {}", file.display(), replay.ending()));
    }
    let outcome = tell(&ledger, format)?;
    Ok(if broken.is_some() { Outcome::Usage } else { outcome })
}

fn tell(ledger: &Ledger, format: Format) -> Done {
    if ledger.sweep().is_some() {
        return super::sweep::tell(ledger, format);
    }
    let Some(summary) = Summary::of(ledger) else {
        return Err(Trouble::System("the run ended before it began".to_string()));
    };
    let verdicts = report::verdicts(ledger, &summary);
    match format {
        Format::Text => print(&report::text(&summary, &verdicts))?,
        Format::Json => print(&report::json(&summary))?,
        Format::Csv => print(&report::csv(&summary))?,
        Format::Ndjson => print(&report::json_line(&summary))?,
    };
    if format != Format::Text {
        verdicts.iter().filter(|verdict| verdict.fails.is_some()).for_each(|verdict| say_to_stderr(&failure(verdict)));
    }
    Ok(judge(ledger, &summary, &verdicts))
}

fn failure(verdict: &Verdict) -> String {
    format!("expected {}: {}", verdict.statement, verdict.fails.as_deref().unwrap_or_default())
}

/// A scenario says what it expects; one that says nothing expects right results, from lanes that stay to give them.
fn judge(ledger: &Ledger, summary: &Summary, verdicts: &[Verdict]) -> Outcome {
    if !verdicts.is_empty() {
        let fails = verdicts.iter().any(|verdict| verdict.fails.is_some());
        return if fails { Outcome::NotSeen } else { Outcome::Ok };
    }
    match own::went(ledger) {
        Some(own::Went::Badly) => return Outcome::Failed,
        Some(own::Went::Unfinished) => return Outcome::TimeUp,
        Some(own::Went::Well) | None => {}
    }
    let is_wrong = summary.lanes.iter().any(|lane| lane.result.ok == Some(false));
    let is_lost = |lane: &LaneLedger| matches!(&lane.standing, Standing::Gone(gone) if !gone.expected);
    match (is_wrong, ledger.lanes().iter().any(is_lost)) {
        (true, _) => Outcome::Violated,
        (false, true) => Outcome::Failed,
        (false, false) => Outcome::Ok,
    }
}

/// The signals that end a run, as messages.
pub(super) fn signals() -> io::Result<Receiver<i32>> {
    let mut arriving = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
    let (told, signals) = bounded(4);
    let thread = crate::doors::threads::spawn("signals", move || {
        for signal in arriving.forever() {
            if told.send(signal).is_err() {
                return;
            }
        }
    })?;
    // Ends with the process.
    thread.detach();
    Ok(signals)
}
