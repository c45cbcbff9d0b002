//! The stage: the thread behind a live screen, which ends one run and begins the next.

use crate::scenario::Draft;
use crate::source::{self, Live, LiveOptions, Recorder};
use crate::view::Control;
use crate::wire::{Frame, Plan};
use crossbeam_channel::{Receiver, Sender, never, select};

/// What the stage can be told.
pub(super) enum Told {
    /// Something for the run.
    Control(Control),
    /// Begin again.
    Restart,
    /// Begin a run of this draft, of which it is known that it makes a plan.
    Run(Box<Draft>),
    /// Begin the next run with this draft.
    Keep(Box<Draft>),
}

/// Runs a draft, and others if asked to, until the screen is gone. Only the first run is recorded: a recording is of one.
pub(super) fn stage(mut draft: Draft, mut recorder: Option<Recorder>, frames: &Sender<Frame>, told: &Receiver<Told>) {
    let machine = source::measured_machine();
    let mut plan: Option<Plan> = None;
    loop {
        // It was planned before, for this machine: only its measured parallelism is new. What made no plan after all is
        // not run, and what ran is run again.
        plan = draft.plan(&machine).ok().or(plan);
        let Some(plan) = &plan else { return };
        let options = LiveOptions { recorder: recorder.take(), ..LiveOptions::default() };
        let Ok(live) = Live::start(plan.clone(), options) else { return };
        if !play(&live, &mut draft, frames, told) {
            return;
        }
    }
}

/// Hands frames on until a run is to begin (true) or the screen is gone (false).
fn play(live: &Live, draft: &mut Draft, frames: &Sender<Frame>, told: &Receiver<Told>) -> bool {
    let mut coming = live.frames.clone();
    let mut is_paused = false;
    loop {
        select! {
            recv(coming) -> frame => match frame {
                Ok(frame) => if frames.send(frame).is_err() { return false },
                // The run is over; the screen may still ask for another.
                Err(_) => coming = never(),
            },
            recv(told) -> told => match told {
                Ok(Told::Restart) => return true,
                Ok(Told::Run(other)) => {
                    *draft = *other;
                    return true;
                }
                Ok(Told::Keep(other)) => *draft = *other,
                Ok(Told::Control(control)) => {
                    match control {
                        Control::Pause => is_paused = true,
                        Control::Resume => is_paused = false,
                        _ => {}
                    }
                    if let Some(control) = as_told(control, is_paused) {
                        live.tell(control);
                    }
                }
                Err(_) => return false,
            },
        }
    }
}

/// What a wish of the screen is to a live run; `is_paused` says whether the user wants it to stand still.
fn as_told(control: Control, is_paused: bool) -> Option<source::Control> {
    match control {
        Control::Order(lane, order) => Some(source::Control::Order(lane, order)),
        Control::Suspend => Some(source::Control::Halt),
        // What was paused before Ctrl-Z is so after it.
        Control::Pause => Some(source::Control::Pause),
        Control::Continue if is_paused => Some(source::Control::Pause),
        Control::Resume | Control::Continue => Some(source::Control::Resume),
        // Not for a run.
        _ => None,
    }
}
