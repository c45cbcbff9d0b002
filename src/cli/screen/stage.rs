//! The stage: the thread behind a live screen, which ends one run or sweep and begins the next.

use crate::scenario::Draft;
use crate::source::{self, Live, LiveOptions, Recorder, Sweep, SweepControl, SweepOptions};
use crate::view::Control;
use crate::wire::{Frame, Plan, SweepPlan};
use crossbeam_channel::{Receiver, Sender, never, select};

/// What the stage can be told.
pub(super) enum Told {
    /// Something for the run.
    Control(Control),
    /// Begin again.
    Restart,
    /// Begin a run of this draft, of which it is known that it makes a plan.
    Run(Box<Draft>),
    /// Begin this sweep.
    Sweep(Box<SweepPlan>),
    /// Begin the next run with this draft.
    Keep(Box<Draft>),
}

/// What comes after a run or a sweep.
enum Next {
    /// The same from its beginning.
    Again,
    /// A run of the draft.
    Run,
    /// This sweep.
    Sweep(Box<SweepPlan>),
    /// Nothing: the screen is gone.
    Nothing,
}

/// Runs a draft, or a sweep first, and others if asked to, until the screen is gone. Only the first is recorded: a recording
/// is of one.
pub(super) fn stage(
    mut draft: Draft,
    mut sweep: Option<Box<SweepPlan>>,
    mut recorder: Option<Recorder>,
    frames: &Sender<Frame>,
    told: &Receiver<Told>,
) {
    let machine = source::measured_machine();
    let mut plan: Option<Plan> = None;
    loop {
        let next = match &sweep {
            Some(sweep) => {
                let options = SweepOptions { recorder: recorder.take(), ..SweepOptions::default() };
                let Ok(sweep) = Sweep::start((**sweep).clone(), options) else { return };
                play_sweep(&sweep, &mut draft, frames, told)
            }
            None => {
                // It was planned before, for this machine: only its measured parallelism is new. What made no plan after
                // all is not run, and what ran is run again.
                plan = draft.plan(&machine).ok().or(plan);
                let Some(plan) = &plan else { return };
                let options = LiveOptions { recorder: recorder.take(), ..LiveOptions::default() };
                let Ok(live) = Live::start(plan.clone(), options) else { return };
                play(&live, &mut draft, frames, told)
            }
        };
        match next {
            Next::Again => {}
            Next::Run => sweep = None,
            Next::Sweep(other) => sweep = Some(other),
            Next::Nothing => return,
        }
    }
}

/// Hands frames on until something else is to begin.
fn play(live: &Live, draft: &mut Draft, frames: &Sender<Frame>, told: &Receiver<Told>) -> Next {
    let mut is_paused = false;
    hand_on(&live.frames, draft, frames, told, |control| {
        match control {
            Control::Pause => is_paused = true,
            Control::Resume => is_paused = false,
            _ => {}
        }
        if let Some(control) = as_told(control, is_paused) {
            live.tell(control);
        }
    })
}

/// The same of a sweep, which has nothing that could be ordered: it can stand still.
fn play_sweep(sweep: &Sweep, draft: &mut Draft, frames: &Sender<Frame>, told: &Receiver<Told>) -> Next {
    let mut is_paused = false;
    hand_on(&sweep.frames, draft, frames, told, |control| {
        let told = match control {
            Control::Pause => SweepControl::Pause,
            Control::Suspend => return sweep.tell(SweepControl::Pause),
            Control::Continue if is_paused => return,
            Control::Resume | Control::Continue => SweepControl::Resume,
            _ => return,
        };
        is_paused = told == SweepControl::Pause;
        sweep.tell(told);
    })
}

fn hand_on(
    source: &Receiver<Frame>,
    draft: &mut Draft,
    frames: &Sender<Frame>,
    told: &Receiver<Told>,
    mut obey: impl FnMut(Control),
) -> Next {
    let mut coming = source.clone();
    loop {
        select! {
            recv(coming) -> frame => match frame {
                Ok(frame) => if frames.send(frame).is_err() { return Next::Nothing },
                // It is over; the screen may still ask for another.
                Err(_) => coming = never(),
            },
            recv(told) -> told => match told {
                Ok(Told::Restart) => return Next::Again,
                Ok(Told::Run(other)) => {
                    *draft = *other;
                    return Next::Run;
                }
                Ok(Told::Sweep(plan)) => return Next::Sweep(plan),
                Ok(Told::Keep(other)) => *draft = *other,
                Ok(Told::Control(control)) => obey(control),
                Err(_) => return Next::Nothing,
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
