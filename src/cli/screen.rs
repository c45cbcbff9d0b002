//! The screen: a live run, or a recording.
//!
//! ```text
//! screen (this thread) ──Control──▶ stage (a thread) ──▶ Live
//!        ▲────────────── frames ─────────┘
//! ```
//!
//! The stage stands between the two so that the screen never waits: it measures the machine while the first picture is
//! already there, and ends one run and begins the next when asked to restart.

use super::args::Open;
use super::{Done, Outcome, Trouble, find, in_words, print};
use crate::doors::{clock, threads};
use crate::scenario::{Overrides, Scenario};
use crate::source::{self, Ending, Live, LiveOptions, Recorder, Replay};
use crate::view::{self, Control, Options};
use crate::wire::{Body, Frame, Order};
use crossbeam_channel::{Receiver, Sender, after, bounded, never, select, unbounded};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

/// Frames between the stage and the screen; beyond that the source holds them back, and tells what it left out.
const FRAMES_WAITING_MAX: usize = 256;

/// How long a Ctrl-Z waits for the lanes to stand still before we do.
const HALT_PATIENCE: Duration = Duration::from_millis(30);

/// Whether there is a terminal that a screen can be drawn on. A dumb one knows no places to write to.
pub(super) fn has_one() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !is_dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// `poolscope SCENARIO` on a terminal.
pub(super) fn live(open: &Open) -> Done {
    let scenario = find(open.what.scenario.as_deref())?;
    let overrides = Overrides { seed: open.what.seed, tasks: open.what.tasks, sets: open.what.sets.clone() };
    // What is wrong with the plan is told before the screen opens; the machine as measured changes no verdict.
    let plan = scenario.plan(&crate::system::machine(), &overrides);
    plan.map_err(|problems| Trouble::Usage(in_words(&problems)))?;
    let recorder = open.record.as_deref().map(Recorder::begin).transpose();
    let recorder = recorder.map_err(|error| Trouble::Usage(error.to_string()))?;
    let options = Options { title: scenario.title.clone(), ..Options::default() };
    let (frames_in, frames) = bounded(FRAMES_WAITING_MAX);
    let (tell, told) = unbounded();
    // Joined when it is dropped at the end, after the screen is gone: no lane outlives this call.
    let _stage = threads::spawn("stage", move || stage(&scenario, &overrides, recorder, &frames_in, &told))?;
    let exit = view::run(frames, &mut |control| hand_over(control, &tell), options);
    drop(tell);
    leave(exit)
}

/// Tells the thread behind the screen; before the shell stops us all, it gets a moment to act.
fn hand_over(control: Control, tell: &Sender<Control>) {
    let suspend = control == Control::Suspend;
    let _ = tell.send(control);
    if suspend {
        clock::sleep(HALT_PATIENCE);
    }
}

fn leave(exit: io::Result<view::Exit>) -> Done {
    let exit = exit?;
    if let Some(keep) = &exit.keep {
        print(keep)?;
    }
    Ok(match exit.code {
        0 => Outcome::Ok,
        code if code > 128 => Outcome::Signal(i32::from(code) - 128),
        _ => Outcome::Failed,
    })
}

/// Runs the scenario, again and again if asked to, until the screen is gone.
fn stage(
    scenario: &Scenario,
    overrides: &Overrides,
    mut recorder: Option<Recorder>,
    frames: &Sender<Frame>,
    told: &Receiver<Control>,
) {
    let machine = source::measured_machine();
    // Planned before, for this machine: only its measured parallelism is new.
    let Ok(plan) = scenario.plan(&machine, overrides) else { return };
    loop {
        // Only the first run is recorded: a recording is of one run.
        let options = LiveOptions { recorder: recorder.take(), ..LiveOptions::default() };
        let Ok(live) = Live::start(plan.clone(), options) else { return };
        if !play(&live, frames, told) {
            return;
        }
    }
}

/// Hands frames on until the run is to begin again (true) or the screen is gone (false).
fn play(live: &Live, frames: &Sender<Frame>, told: &Receiver<Control>) -> bool {
    let mut coming = live.frames.clone();
    let mut is_paused = false;
    loop {
        select! {
            recv(coming) -> frame => match frame {
                Ok(frame) => if frames.send(frame).is_err() { return false },
                // The run is over; the screen may still ask for another.
                Err(_) => coming = crossbeam_channel::never(),
            },
            recv(told) -> control => match control {
                Ok(Control::Restart) => return true,
                Ok(control) => {
                    match control {
                        Control::Pause => is_paused = true,
                        Control::Resume => is_paused = false,
                        _ => {}
                    }
                    live.tell(as_told(control, is_paused));
                }
                Err(_) => return false,
            },
        }
    }
}

/// What a wish of the screen is to a live run; `is_paused` says whether the user wants it to stand still.
fn as_told(control: Control, is_paused: bool) -> source::Control {
    match control {
        Control::Order(lane, order) => source::Control::Order(lane, order),
        Control::Suspend => source::Control::Halt,
        // What was paused before Ctrl-Z is so after it.
        Control::Pause => source::Control::Pause,
        Control::Continue if is_paused => source::Control::Pause,
        Control::Resume | Control::Continue => source::Control::Resume,
        // Taken by `play`; a run that hears it has nothing to do.
        Control::Restart => source::Control::Order(None, Order::Resume),
    }
}

/// `poolscope replay FILE` on a terminal.
pub(super) fn replay(file: &Path, speed: f64) -> Done {
    let replay = Replay::open(file).map_err(|error| Trouble::Usage(error.to_string()))?;
    let (frames_in, frames) = bounded(FRAMES_WAITING_MAX);
    let title = format!("replay of {}", file.display());
    let options = Options { title, is_recording: true, ..Options::default() };
    let (tell, told) = unbounded();
    let (ended, ending) = bounded(1);
    let file = file.to_path_buf();
    let player = threads::spawn("player", move || {
        let _ = ended.send(show_again_and_again(replay, &file, speed, &frames_in, &told));
    })?;
    let exit = view::run(frames, &mut |control| hand_over(control, &tell), options);
    drop(tell);
    drop(player);
    if let Ok(Some(words)) = ending.try_recv() {
        super::say_to_stderr(&words);
    }
    leave(exit)
}

/// Shows a recording, from the beginning whenever asked to, until the screen is gone; returns what is to be said of its
/// end.
fn show_again_and_again(
    mut replay: Replay,
    file: &Path,
    speed: f64,
    frames: &Sender<Frame>,
    told: &Receiver<Control>,
) -> Option<String> {
    loop {
        let mut said = None;
        let mut at_ns = 0;
        match show(&mut replay, speed, (frames, told), &mut at_ns) {
            Shown::Gone => return None,
            Shown::Restart => {}
            Shown::End(words) => {
                // Of a recording that was cut the screen must know as well that nothing more comes.
                if words.is_some() && frames.send(Frame { lane: None, at_ns, body: Body::End }).is_err() {
                    return words;
                }
                said = words;
                // Anything but a restart means nothing to what is over.
                loop {
                    match told.recv() {
                        Ok(Control::Restart) => break,
                        Ok(_) => {}
                        Err(_) => return said,
                    }
                }
            }
        }
        match Replay::open(file) {
            Ok(again) => replay = again,
            // It was there a moment ago; what was shown stays on the screen.
            Err(error) => return said.or(Some(error.to_string())),
        }
    }
}

/// How showing a recording ended.
enum Shown {
    /// With its last frame; and what is to be said of that.
    End(Option<String>),
    /// It is to be shown from the beginning.
    Restart,
    /// Nobody looks any more.
    Gone,
}

/// Sends the frames of a recording when they are due. While the user pauses it, its clock stands.
fn show(
    replay: &mut Replay,
    speed: f64,
    (frames, told): (&Sender<Frame>, &Receiver<Control>),
    at_ns: &mut u64,
) -> Shown {
    let mut began_ns = clock::monotonic_ns();
    // Since when the clock stands, because of the user or because of the shell.
    let (mut paused, mut suspended, mut stood_ns) = (false, false, 0);
    loop {
        let frame = match replay.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => return Shown::End((*replay.ending() != Ending::Whole).then(|| replay.ending().to_string())),
            Err(error) => return Shown::End(Some(error.to_string())),
        };
        loop {
            let now_ns = clock::monotonic_ns();
            let due_ns = began_ns.saturating_add((frame.at_ns as f64 / speed) as u64);
            let stands = paused || suspended;
            if !stands && due_ns <= now_ns {
                break;
            }
            let wait = if stands { never() } else { after(Duration::from_nanos(due_ns - now_ns)) };
            let control = select! {
                recv(wait) -> _ => continue,
                recv(told) -> control => control,
            };
            match control {
                Ok(Control::Pause) => paused = true,
                Ok(Control::Resume) => paused = false,
                Ok(Control::Suspend) => suspended = true,
                Ok(Control::Continue) => suspended = false,
                Ok(Control::Restart) => return Shown::Restart,
                // The screen refuses orders for a recording.
                Ok(Control::Order(..)) => {}
                Err(_) => return Shown::Gone,
            }
            match (stands, paused || suspended) {
                (false, true) => stood_ns = clock::monotonic_ns(),
                (true, false) => began_ns += clock::monotonic_ns().saturating_sub(stood_ns),
                _ => {}
            }
        }
        *at_ns = frame.at_ns;
        if frames.send(frame).is_err() {
            return Shown::Gone;
        }
    }
}
