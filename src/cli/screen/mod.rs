//! The screen: a live run, or a recording.
//!
//! ```text
//! screen (this thread) ──Control──▶ outside ──▶ stage (a thread) ──▶ Live
//!        ▲                             │                               │
//!        ├──────── Message ────────────┘    or: player (a thread)      │
//!        └────────────────────── frames ◀──────────────────────────────┘
//! ```
//!
//! The stage stands between the two so that the screen never waits: it measures the machine while the first picture is
//! already there, and ends one run and begins the next when asked to.

mod outside;
mod own;
mod player;
mod stage;

use super::args::Open;
use super::config::Look;
use super::files::Files;
use super::{Done, Outcome, Trouble, in_words, own as commands, print};
use crate::doors::threads;
use crate::scenario::{self, Draft, Overrides, Problem, Scenario};
use crate::source::{Player, Recorder, Replay};
use crate::stats::words::plain;
use crate::view;
use crate::wire::{Frame, SweepPlan};
use crossbeam_channel::{Receiver, bounded, unbounded};
use outside::{From, Outside};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Frames between the stage and the screen; beyond that the source holds them back, and tells what it left out.
const FRAMES_WAITING_MAX: usize = 256;

/// How long a Ctrl-Z waits for the lanes to stand still before we do.
const HALT_PATIENCE: Duration = Duration::from_millis(30);

/// What there is to show a run on: none where it can only be reported. A dumb terminal knows no places to write to.
pub(super) fn place(look: &Look) -> Option<As> {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if look.plain {
        return Some(As::Sentences);
    }
    let has_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    has_terminal.then_some(if is_dumb { As::Sentences } else { As::Screen })
}

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum As {
    /// On a screen.
    Screen,
    /// In sentences.
    Sentences,
}

/// `poolscope SCENARIO` on a terminal.
pub(super) fn live(open: &Open, shown_as: As) -> Done {
    let scenario = commands::scenario(&open.what, open.workers.as_deref())?;
    let overrides = commands::overrides(&open.what);
    let draft = Draft::of(&scenario, &overrides);
    show(&scenario.title, draft, None, open.record.as_deref(), &open.look, shown_as, None)
}

/// `poolscope sweep SCENARIO` on a terminal: the draft is what a point of the curve goes back to.
pub(super) fn sweep(
    title: &str,
    draft: Draft,
    plan: SweepPlan,
    record: Option<&Path>,
    look: &Look,
    shown_as: As,
) -> Done {
    show(title, draft, Some(Box::new(plan)), record, look, shown_as, None)
}

/// `poolscope open FILE` on a terminal.
pub(super) fn open(file: &Path, look: &Look, shown_as: As) -> Done {
    // Neither a pipe nor a device can be looked at again.
    if file.metadata().is_ok_and(|meta| !meta.is_file()) {
        return Err(Trouble::Usage(format!("{} is no file", file.display())));
    }
    let text = super::explore::read_text(file).map_err(Trouble::Usage)?;
    let scenario = of_file(file, &text).map_err(|problems| Trouble::Usage(in_words(&problems)))?;
    let draft = Draft::of(&scenario, &Overrides::default());
    show(&scenario.title, draft, None, None, look, shown_as, Some((file.to_path_buf(), text)))
}

/// The scenario of a program of the user's own.
fn of_file(file: &Path, text: &str) -> Result<Scenario, Vec<Problem>> {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    scenario::of_program(&name, &file.display().to_string(), text)
}

/// Shows a draft's run, or a sweep first, and those that the screen asks for after it. `own` is the user's own program that it is made of.
fn show(
    title: &str,
    draft: Draft,
    sweep: Option<Box<SweepPlan>>,
    record: Option<&Path>,
    look: &Look,
    shown_as: As,
    own: Option<(PathBuf, String)>,
) -> Done {
    // The viewer's threads allocate little, and what they keep is not the user's to miss.
    crate::system::share_one_heap();
    // What is wrong with the plan is told before the screen opens; the machine as measured changes no verdict.
    let machine = crate::system::machine();
    let plan = draft.plan(&machine).map_err(|problems| Trouble::Usage(in_words(&problems)))?;
    commands::check(&plan)?;
    if commands::stdin_for(&plan)?.is_some() {
        return Err(Trouble::Usage("the inputs come from where keys are typed: `poolscope run` needs no keys".into()));
    }
    let adjustments = match &sweep {
        Some(sweep) => sweep.left_out.clone(),
        None => draft.adjustments(&machine),
    };
    let (mut options, notice) = look.options();
    let notices: Vec<String> = notice.into_iter().chain(adjustments).collect();
    let recorder = record.map(Recorder::begin).transpose();
    let recorder = recorder.map_err(|error| Trouble::Usage(error.to_string()))?;
    let setting = &mut options.setting;
    setting.title = title.into();
    setting.draft = Some(Box::new(draft.clone()));
    // A sweep measures first: nobody is asked what they think before.
    setting.ask &= sweep.is_none();
    setting.notice = (!notices.is_empty()).then(|| plain(&notices.join(" ")));
    setting.recording_to = record.map(|path| plain(&path.to_string_lossy()));
    let signals = if shown_as == As::Sentences { Some(super::run::signals()?) } else { None };
    let (frames_in, frames) = bounded(FRAMES_WAITING_MAX);
    let (tell, told) = unbounded();
    let first = draft.clone();
    // Joined when it is dropped at the end, after the screen is gone: no lane outlives this call.
    let _stage = threads::spawn("stage", move || stage::stage(draft, sweep, recorder, &frames_in, &told))?;
    let mut outside = Outside::new(Files::of_user(), From::Stage(tell));
    if let Some((path, text)) = own {
        outside.own(path, text, Some(first))?;
    }
    match signals {
        Some(signals) => in_sentences(frames, &signals, &mut outside, options),
        None => leave(view::run(frames, &mut outside, options)),
    }
}

/// Tells what happens in sentences, and listens to lines.
fn in_sentences(
    frames: Receiver<Frame>,
    signals: &Receiver<i32>,
    outside: &mut Outside,
    options: view::Options,
) -> Done {
    let (line_in, lines) = bounded(16);
    // Ends with the process: a thread that waits for a line cannot be called back.
    threads::spawn("lines", move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if line_in.send(line).is_err() {
                return;
            }
        }
    })?
    .detach();
    let mut out = io::stdout().lock();
    let ended = view::run_plain(frames, lines, signals, outside, options.setting, &mut out)?;
    Ok(ended.map_or(Outcome::Ok, Outcome::Signal))
}

/// `poolscope replay FILE` on a terminal.
pub(super) fn replay(file: &Path, speed: f64, look: &Look, shown_as: As) -> Done {
    crate::system::share_one_heap();
    let replay = Replay::open(file).map_err(|error| Trouble::Usage(error.to_string()))?;
    let (mut options, notice) = look.options();
    options.setting.title = format!("replay of {}", file.display());
    // Of a pipe nobody knows how long it is.
    options.setting.recorded_ns = Some(replay.recorded_ns().unwrap_or_default());
    options.setting.speed = speed;
    options.setting.notice = notice.map(|notice| plain(&notice));
    let signals = if shown_as == As::Sentences { Some(super::run::signals()?) } else { None };
    let (frames_in, frames) = bounded(FRAMES_WAITING_MAX);
    let (tell, told) = unbounded();
    let (ended, ending) = bounded(1);
    let player = threads::spawn("player", move || {
        let mut player = Player::new(replay, speed, crate::doors::clock::monotonic_ns());
        player::play(&mut player, &frames_in, &told);
        let _ = ended.send(player.said().map(String::from));
    })?;
    let mut outside = Outside::new(Files::of_user(), From::Player(tell));
    let done = match signals {
        Some(signals) => in_sentences(frames, &signals, &mut outside, options),
        None => leave(view::run(frames, &mut outside, options)),
    };
    drop(outside);
    drop(player);
    if let Ok(Some(words)) = ending.try_recv() {
        super::say_to_stderr(&words);
    }
    done
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
