//! What the screen is made of, and how it changes: a pure function of what came before and one message.
//!
//! ```text
//! message ──▶ update(&mut Model) ──▶ Effects { controls ──▶ source, redraw, quit, suspend }
//!                    │
//!                 &Model ──▶ draw
//! ```
//!
//! Absent here: clocks (time comes in with frames and with `Painted`), the terminal, threads. So any session can be
//! replayed from its messages, and a test can try any of them.

use super::commands::{self, Key};
use super::panels::dialogs;
use super::theme::{Shade, Theme};
use crate::ledger::Ledger;
use crate::wire::{Body, Event, Frame, LaneId, Order, WorkerId};

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
    /// A line for the user.
    Notice(String),
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
    /// How soon to draw.
    pub redraw: Redraw,
}

impl Effects {
    pub(super) fn none() -> Effects {
        Effects::default()
    }

    pub(super) fn redraw(redraw: Redraw) -> Effects {
        Effects { redraw, ..Effects::default() }
    }

    pub(super) fn control(control: Control) -> Effects {
        Effects { controls: vec![control], redraw: Redraw::Now, ..Effects::default() }
    }

    pub(super) fn quit(quit: Quit) -> Effects {
        Effects { quit: Some(quit), ..Effects::default() }
    }
}

/// What lies over the panels and takes the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialog {
    /// Nothing.
    None,
    /// The help, scrolled down by so many lines.
    Help { scroll: u16 },
    /// What the scenario asks and how it is set up, scrolled likewise.
    About { scroll: u16 },
    /// Whether this worker is to be killed.
    ConfirmKill { lane: LaneId, worker: WorkerId },
}

/// What the viewer itself costs. A figure is none until two samples are there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct OwnCost {
    /// The share of one core that it uses.
    pub(super) cpu_share: Option<f64>,
    /// Whether the platform tells of own CPU time at all; none before it was asked.
    pub(super) cpu_is_told: Option<bool>,
    pub(super) bytes_per_s: Option<f64>,
    pub(super) screens_per_s: Option<f64>,
    cpu_before: Option<(u64, u64)>,
    painted_before: Option<(u64, u64, u64)>,
}

/// Rates over less than this are noise.
const COST_WINDOW_NS: u64 = 1_000_000_000;

/// Everything that the screen shows.
#[derive(Clone, Debug)]
pub struct Model {
    /// What the top line says before a plan is there.
    pub(super) title: String,
    pub(super) theme: Theme,
    ledger: Ledger,
    pub(super) frozen: Option<Box<Ledger>>,
    pub(super) focus: LaneId,
    pub(super) paused: bool,
    pub(super) zoomed: bool,
    pub(super) dialog: Dialog,
    pub(super) status: Option<String>,
    pub(super) source_gone: bool,
    /// Whether the frames are those of a recording, in which nothing can be changed.
    pub(super) is_recording: bool,
    pub(super) has_attention: bool,
    pub(super) cost: OwnCost,
    size: (u16, u16),
    wanted: Vec<(LaneId, u32)>,
    /// The lane that the status line tells of having been asked for something.
    asked: Option<LaneId>,
}

impl Model {
    /// A screen on which nothing has happened.
    pub fn new(title: &str, shade: Shade) -> Model {
        Model {
            title: title.to_string(),
            theme: Theme::of(shade),
            ledger: Ledger::new(),
            frozen: None,
            focus: LaneId(1),
            paused: false,
            zoomed: false,
            dialog: Dialog::None,
            status: None,
            source_gone: false,
            is_recording: false,
            has_attention: true,
            cost: OwnCost::default(),
            size: (80, 24),
            wanted: Vec::new(),
            asked: None,
        }
    }

    /// The same for the frames of a recording.
    pub fn of_recording(title: &str, shade: Shade) -> Model {
        Model { is_recording: true, ..Model::new(title, shade) }
    }

    /// Why no order can be given now, if none can.
    pub(super) fn no_orders(&self) -> Option<&'static str> {
        match (self.is_recording, self.ledger.has_ended() || self.source_gone) {
            (true, _) => Some("This is a recording: what happened in it cannot be changed."),
            (_, true) => Some("The run is over; r starts it again."),
            _ => None,
        }
    }

    /// What the frames add up to, whatever the screen shows.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the screen shows: the ledger, or what it was when the screen was frozen.
    pub fn shown(&self) -> &Ledger {
        self.frozen.as_deref().unwrap_or(&self.ledger)
    }

    /// The terminal's size, in columns and rows, as last told.
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// The focused lane's place in the list of lanes: always a lane's, where there is one.
    pub(super) fn focus_index(&self) -> usize {
        self.focus.index().unwrap_or(0).min(self.shown().lanes().len().saturating_sub(1))
    }

    /// How many workers were last asked for, where they are not there yet.
    pub(super) fn wanted(&self, lane: LaneId) -> Option<u32> {
        self.wanted.iter().find(|(id, _)| *id == lane).map(|(_, workers)| *workers)
    }

    pub(super) fn want(&mut self, lane: LaneId, workers: u32) {
        self.wanted.retain(|(id, _)| *id != lane);
        self.wanted.push((lane, workers));
    }

    pub(super) fn say(&mut self, text: &str) {
        (self.asked, self.status) = (None, Some(text.to_string()));
    }

    /// Says what a lane was asked for, until it answers.
    pub(super) fn say_asked(&mut self, lane: LaneId, what: &str) {
        self.say(&format!("Lane {lane}: {what}"));
        self.asked = Some(lane);
    }

    fn post(&mut self, frame: &Frame) {
        if matches!(frame.body, Body::Plan(_)) && self.ledger.plan().is_some() {
            // A run that starts again has a clock and an account of its own.
            self.ledger = Ledger::new();
            self.cost.cpu_before = None;
            self.wanted.clear();
            self.status = None;
        }
        self.ledger.post(frame);
        match &frame.body {
            Body::System(tick) => self.note_own_cpu(frame.at_ns, tick.own_cpu_ns),
            Body::Tick(tick) => {
                let Some(lane) = frame.lane else { return };
                let is_answered = |event: &Event| {
                    matches!(event, Event::Resized { .. } | Event::Refused { .. } | Event::SpawnFailed { .. })
                };
                let is_there = self.wanted(lane).is_some_and(|workers| workers as usize == tick.workers.len());
                if is_there || tick.events.iter().any(is_answered) {
                    self.wanted.retain(|(id, _)| *id != lane);
                }
                // What was asked for has come about, or the findings tell why it has not.
                let is_news = |event: &Event| is_answered(event) || matches!(event, Event::WorkerDied { .. });
                if self.asked == Some(lane) && tick.events.iter().any(is_news) {
                    (self.asked, self.status) = (None, None);
                }
            }
            _ => {}
        }
    }

    fn note_own_cpu(&mut self, at_ns: u64, own_cpu_ns: Option<u64>) {
        self.cost.cpu_is_told = Some(own_cpu_ns.is_some());
        let Some(cpu_ns) = own_cpu_ns else { return };
        match self.cost.cpu_before {
            Some((before_ns, cpu_before_ns)) if at_ns.saturating_sub(before_ns) >= COST_WINDOW_NS => {
                let share = cpu_ns.saturating_sub(cpu_before_ns) as f64 / (at_ns - before_ns) as f64;
                self.cost.cpu_share = Some(share);
                self.cost.cpu_before = Some((at_ns, cpu_ns));
            }
            Some(_) => {}
            None => self.cost.cpu_before = Some((at_ns, cpu_ns)),
        }
    }

    fn note_painted(&mut self, at_ns: u64, bytes: u64, screens: u64) {
        match self.cost.painted_before {
            Some((before_ns, bytes_before, screens_before)) if at_ns.saturating_sub(before_ns) >= COST_WINDOW_NS => {
                let s = (at_ns - before_ns) as f64 / 1e9;
                self.cost.bytes_per_s = Some(bytes.saturating_sub(bytes_before) as f64 / s);
                self.cost.screens_per_s = Some(screens.saturating_sub(screens_before) as f64 / s);
                self.cost.painted_before = Some((at_ns, bytes, screens));
            }
            Some(_) => {}
            None => self.cost.painted_before = Some((at_ns, bytes, screens)),
        }
    }
}

/// Takes in a message.
pub fn update(model: &mut Model, message: Message) -> Effects {
    match message {
        Message::Frame(frame) => {
            model.post(&frame);
            Effects::redraw(if model.frozen.is_some() { Redraw::Nothing } else { Redraw::Figures })
        }
        Message::SourceGone => {
            model.source_gone = true;
            Effects::redraw(Redraw::Now)
        }
        Message::Key(key) => press(model, key),
        Message::Resize(columns, rows) => {
            let is_new = model.size != (columns, rows);
            model.size = (columns, rows);
            Effects::redraw(if is_new { Redraw::Full } else { Redraw::Nothing })
        }
        Message::Attention(has_it) => {
            model.has_attention = has_it;
            Effects::none()
        }
        Message::Painted { at_ns, bytes, screens } => {
            model.note_painted(at_ns, bytes, screens);
            Effects::none()
        }
        Message::Notice(text) => {
            model.say(&text);
            Effects::redraw(Redraw::Now)
        }
    }
}

/// Where a key moves a list: down or up, by so many lines.
fn motion(key: Key) -> Option<(bool, u16)> {
    match key {
        Key::Down | Key::Char('j') => Some((true, 1)),
        Key::Up | Key::Char('k') => Some((false, 1)),
        Key::PageDown | Key::Ctrl('d') => Some((true, 10)),
        Key::PageUp | Key::Ctrl('u') => Some((false, 10)),
        Key::End | Key::Char('G') => Some((true, u16::MAX)),
        Key::Home | Key::Char('g') => Some((false, u16::MAX)),
        _ => None,
    }
}

fn press(model: &mut Model, key: Key) -> Effects {
    let had_status = model.status.take().is_some();
    let mut effects = match (model.dialog, key) {
        (Dialog::ConfirmKill { lane, worker }, Key::Char('y' | 'Y')) => {
            model.dialog = Dialog::None;
            model.say_asked(lane, &format!("killing worker {worker} …"));
            Effects::control(Control::Order(Some(lane), Order::Kill { worker }))
        }
        (Dialog::ConfirmKill { .. }, Key::Char('n' | 'N')) => {
            model.dialog = Dialog::None;
            Effects::redraw(Redraw::Now)
        }
        // Only an answer, or a way out, gets past a question.
        (Dialog::ConfirmKill { .. }, key)
            if !matches!(key, Key::Esc | Key::Char('q' | 'Q') | Key::Ctrl('c' | 'l' | 'z')) =>
        {
            Effects::none()
        }
        (Dialog::Help { scroll } | Dialog::About { scroll }, key) if motion(key).is_some() => {
            let (down, lines) = motion(key).unwrap_or_default();
            let most = dialogs::scroll_max(model);
            let to = if down { scroll.saturating_add(lines).min(most) } else { scroll.min(most).saturating_sub(lines) };
            model.dialog = match model.dialog {
                Dialog::About { .. } => Dialog::About { scroll: to },
                _ => Dialog::Help { scroll: to },
            };
            Effects::redraw(Redraw::Now)
        }
        (Dialog::Help { .. } | Dialog::About { .. }, Key::Enter) => {
            model.dialog = Dialog::None;
            Effects::redraw(Redraw::Now)
        }
        _ => commands::of_key(key).map_or_else(Effects::none, |command| (command.run)(model, key)),
    };
    if had_status {
        effects.redraw = effects.redraw.max(Redraw::Now);
    }
    effects
}
