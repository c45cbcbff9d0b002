//! What happens to the screen, and what the screen asks for.

use super::keys::Key;
use super::theme::ThemeName;
use crate::explore::{Answer, Ask};
use crate::scenario::{Draft, Listed};
use crate::wire::{Frame, LaneId, Order, SweepPlan};
use crossbeam_channel::{Receiver, never};
use serde::{Deserialize, Serialize};

/// Everything that can happen to the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A source did something.
    Frame(Box<Frame>),
    /// There will be no more frames.
    SourceGone,
    /// A key was pressed.
    Key(Key),
    /// The terminal has another size, in columns and rows.
    Resize(u16, u16),
    /// The terminal got (or lost) the user's attention.
    Attention(bool),
    /// The screen was written: totals since the start, and when.
    Painted {
        /// Nanoseconds on any clock that only goes forward.
        at_ns: u64,
        /// Bytes that went to the terminal so far.
        bytes: u64,
        /// Screens drawn so far.
        screens: u64,
    },
    /// The terminal has told what its background is: the palette for it.
    Background(ThemeName),
    /// How many times slower than it should the terminal takes screens; none where it keeps up.
    SlowLink(Option<u32>),
    /// A line for the user.
    Notice(String),
    /// Something was done with the mouse.
    Mouse(Mouse),
    /// The scenario whose run follows.
    Opened(Box<Draft>),
    /// The scenarios that there are, as asked for.
    Catalogue(Vec<Listed>),
    /// Whether what comes is being recorded, and where to.
    Recording(Option<String>),
    /// What the explorer answers.
    Answer(Box<Answer>),
    /// The challenges that were met before, as far as they are known.
    Progress(Vec<Progress>),
    /// The file of the program that is open was changed: its new text, whose run follows.
    Reread(Box<Draft>),
}

/// What was done with the mouse, and where: column and row from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub what: MouseDid,
    /// The column.
    pub column: u16,
    /// The row.
    pub row: u16,
}

/// What a mouse can do here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseDid {
    /// The left button went down.
    Press,
    /// It moved while the button was down.
    Drag,
    /// The wheel turned up.
    WheelUp,
    /// The wheel turned down.
    WheelDown,
}

/// What the viewer asks of the source of its frames: the only arrow back.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// An order for one lane, or for all.
    Order(Option<LaneId>, Order),
    /// Pause every pool at a task boundary; where lanes take turns, the turns too.
    Pause,
    /// Go on.
    Resume,
    /// End every lane and start them anew: a new plan frame follows.
    Restart,
    /// The viewer is about to be suspended by the shell: let no lane burn cores meanwhile.
    Suspend,
    /// The viewer is back.
    Continue,
    /// Run what this draft says from its beginning: a new plan frame follows, and a restart begins it again.
    Run(Box<Draft>),
    /// Sweep: a frame with its plan follows, and a restart begins it again.
    Sweep(Box<SweepPlan>),
    /// Begin with this draft at the next restart: what was changed has been ordered already.
    Keep(Box<Draft>),
    /// Open a scenario by its name and run it; [`Message::Opened`] answers, or a notice says what is wrong with it.
    Open(String),
    /// Tell which scenarios there are; [`Message::Catalogue`] answers.
    List,
    /// Write a draft to a new scenario file; a notice answers.
    Save(Box<Draft>),
    /// Record to a new file: these frames, which tell all that was so far, and every one that comes;
    /// [`Message::Recording`] answers.
    Record(Vec<Frame>),
    /// Record no more; [`Message::Recording`] answers.
    StopRecording,
    /// Write a picture of the screen to a new file; a notice answers.
    Shot(Shot),
    /// Keep what the user guessed, for the next time.
    Guess(Guess),
    /// Of a recording: go to this time of the run. Frames follow from the plan on, without waiting up to that time.
    Seek(u64),
    /// Of a recording: play so many times as fast as it was.
    Speed(f64),
    /// Ask the explorer; [`Message::Answer`] answers, later. A question that is asked anew replaces the one before.
    Ask(Box<Ask>),
    /// Keep how well a challenge was met, for the next time.
    KeepProgress(Progress),
    /// Open the text of a lane's program in the user's editor, and run what comes of it; a notice tells where it cannot be.
    Edit(LaneId),
}

/// A picture of the screen, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// The ending of the file's name: `txt`, `ans` or `svg`.
    pub extension: &'static str,
    /// What is to be in it.
    pub text: String,
}

/// What the user thought the answer to a scenario's question was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guess {
    /// The scenario's name.
    pub scenario: String,
    /// The choice, counted from 0.
    pub choice: usize,
    /// Whether the facts bear it out.
    pub right: bool,
}

/// How well a challenge was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The scenario's name.
    pub scenario: String,
    /// The lane's name.
    pub variant: String,
    /// What the challenge is about: the ending to reach.
    pub challenge: String,
    /// With how many steps it was met.
    pub steps: usize,
    /// With how many switches of threads.
    pub switches: usize,
}

/// What the screen cannot do by itself: whoever opened it carries it out.
pub trait Outside {
    /// Carries out a wish; what comes of it at once is taken in by the screen before anything else.
    fn obey(&mut self, control: Control) -> Vec<Message>;

    /// A frame is about to be taken in by the screen; what comes of it is taken in after it.
    fn frame(&mut self, frame: &Frame) -> Vec<Message>;

    /// Rings when there is something to be had from [`Outside::later`].
    fn bell(&self) -> Receiver<()> {
        never()
    }

    /// What came meanwhile of what was asked for, and what happened by itself.
    fn later(&mut self) -> Vec<Message> {
        Vec::new()
    }
}

/// How to quit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quit {
    /// Whether the last screen stays in the terminal's scrollback.
    pub keep_last_frame: bool,
}

/// How soon the screen must be drawn again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Redraw {
    /// Nothing visible changed.
    #[default]
    Nothing,
    /// Figures changed: with the next of the calm pace at which figures are readable.
    Figures,
    /// The user did something: at once.
    Now,
    /// Nothing that is on the terminal can be relied on.
    Full,
}

/// What a message leads to.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Effects {
    /// What to ask of the source, in this order.
    pub controls: Vec<Control>,
    /// Whether to leave, and how.
    pub quit: Option<Quit>,
    /// Whether to hand the terminal back to the shell for a while.
    pub suspend: bool,
    /// What to put into the terminal's clipboard.
    pub copy: Option<String>,
    /// Whether the mouse is ours from now on.
    pub mouse: Option<bool>,
    /// How soon to draw.
    pub redraw: Redraw,
}

impl Effects {
    pub(super) fn none() -> Effects {
        Effects::default()
    }

    pub(super) fn now() -> Effects {
        Effects::redraw(Redraw::Now)
    }

    pub(super) fn redraw(redraw: Redraw) -> Effects {
        Effects { redraw, ..Effects::default() }
    }

    pub(super) fn control(control: Control) -> Effects {
        Effects::controls(vec![control])
    }

    pub(super) fn controls(controls: Vec<Control>) -> Effects {
        Effects { controls, redraw: Redraw::Now, ..Effects::default() }
    }

    pub(super) fn quit(quit: Quit) -> Effects {
        Effects { quit: Some(quit), ..Effects::default() }
    }
}
