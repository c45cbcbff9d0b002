//! Everything that the screen shows, as plain data.
//!
//! Absent here: how it changes (`update`), clocks (time comes in with frames and with `Painted`), the terminal, threads.

use super::dialogs::Dialog;
use super::glyphs::Glyphs;
use super::keys::Keymap;
use super::message::{Control, Effects, Guess};
use super::pace::Pace;
use super::panels::zoom::Zoom;
use super::programs::Programs;
use super::sweep::Sweeping;
use super::theme::{Theme, ThemeName};
use crate::ledger::Ledger;
use crate::scenario::Draft;
use crate::wire::{Body, Event, Frame, LaneId, Machine};

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

/// A recording that is being shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Player {
    /// When its last frame was made.
    pub(super) end_ns: u64,
    /// How many times as fast as it was it plays.
    pub(super) speed: f64,
    /// Where it is on its way to, by leaps: what comes in between need not be drawn.
    pub(super) seeking_ns: Option<u64>,
}

/// Everything that the screen shows.
#[derive(Clone, Debug)]
pub struct Model {
    /// What the top line says before a plan is there.
    pub(super) title: String,
    pub(super) theme: Theme,
    pub(super) keymap: Keymap,
    pub(super) pace: Pace,
    pub(super) ledger: Ledger,
    pub(super) frozen: Option<Box<Ledger>>,
    pub(super) focus: LaneId,
    pub(super) paused: bool,
    /// Set where one lane has the whole screen.
    pub(super) zoom: Option<Zoom>,
    /// Large headline figures only, for a projector.
    pub(super) big: bool,
    /// Whether the mouse is ours, or the terminal's for selecting text.
    pub(super) mouse: bool,
    /// Whether questions are asked before a run.
    pub(super) asks: bool,
    /// Whether one is being asked: what is opened over it gives way to it again.
    pub(super) asking: bool,
    pub(super) dialog: Dialog,
    pub(super) status: Option<String>,
    pub(super) source_gone: bool,
    /// Set where the frames are those of a recording, in which nothing can be changed.
    pub(super) player: Option<Player>,
    /// What runs, and can be edited; none of a recording.
    pub(super) draft: Option<Box<Draft>>,
    /// What the user guessed, and when in the run.
    pub(super) guess: Option<(Guess, u64)>,
    /// The finding whose proof was last shown.
    pub(super) finding: usize,
    /// The file to which what comes is recorded.
    pub(super) recording_to: Option<String>,
    pub(super) has_attention: bool,
    /// How many times slower than it should the terminal takes screens, where that is so.
    pub(super) slow_link: Option<u32>,
    pub(super) cost: OwnCost,
    pub(super) size: (u16, u16),
    pub(super) wanted: Vec<(LaneId, u32)>,
    /// What is known of programs, and how they are looked at.
    pub(super) programs: Programs,
    /// What is looked at in a sweep.
    pub(super) sweeping: Sweeping,
    /// The lane that the status line tells of having been asked for something.
    asked: Option<LaneId>,
    /// When the status line was said.
    said_ns: u64,
}

/// What is said gives way to the keys after so long.
const SAID_FOR_NS: u64 = 6_000_000_000;

/// How a screen is to look and behave from the start.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What the top line says until a plan tells more.
    pub title: String,
    /// Which palette.
    pub theme: ThemeName,
    /// Which shapes.
    pub glyphs: Glyphs,
    /// How often figures are drawn.
    pub pace: Pace,
    /// Which keys do what.
    pub keymap: Keymap,
    /// Whether the mouse is ours from the start.
    pub mouse: bool,
    /// Large headline figures only.
    pub big: bool,
    /// Whether a scenario's question is asked before its run.
    pub ask: bool,
    /// What will run, where it can be edited.
    pub draft: Option<Box<Draft>>,
    /// What is to be said at once.
    pub notice: Option<String>,
    /// Where the run is recorded to from its start.
    pub recording_to: Option<String>,
    /// For a recording: when its last frame was made.
    pub recorded_ns: Option<u64>,
    /// For a recording: how many times as fast as it was it plays.
    pub speed: f64,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            title: String::new(),
            theme: ThemeName::Plain,
            glyphs: Glyphs::Blocks,
            pace: Pace::Full,
            keymap: Keymap::default(),
            mouse: true,
            big: false,
            ask: true,
            draft: None,
            notice: None,
            recording_to: None,
            recorded_ns: None,
            speed: 1.0,
        }
    }
}

impl Model {
    /// A screen on which nothing has happened.
    pub fn new(setting: Setting) -> Model {
        Model {
            title: setting.title,
            theme: Theme::of(setting.theme, setting.glyphs),
            keymap: setting.keymap,
            pace: setting.pace,
            ledger: Ledger::new(),
            frozen: None,
            focus: LaneId(1),
            paused: false,
            zoom: None,
            big: setting.big,
            mouse: setting.mouse,
            asks: setting.ask,
            asking: false,
            dialog: Dialog::None,
            status: setting.notice,
            source_gone: false,
            player: setting.recorded_ns.map(|end_ns| Player { end_ns, speed: setting.speed, seeking_ns: None }),
            draft: setting.draft,
            guess: None,
            finding: 0,
            recording_to: setting.recording_to,
            has_attention: true,
            slow_link: None,
            cost: OwnCost::default(),
            size: (80, 24),
            wanted: Vec::new(),
            programs: Programs::default(),
            sweeping: Sweeping::default(),
            asked: None,
            said_ns: 0,
        }
    }

    /// Whether the frames are those of a recording.
    pub(super) fn is_recording(&self) -> bool {
        self.player.is_some()
    }

    /// Why no order can be given now, if none can.
    pub(super) fn no_orders(&self) -> Option<String> {
        match (self.is_recording(), self.ledger.has_ended() || self.source_gone) {
            (true, _) => Some("This is a recording: what happened in it cannot be changed.".to_string()),
            (_, true) => Some(format!("The run is over; {} starts it again.", self.key_of("restart"))),
            _ => None,
        }
    }

    /// How the key of a command is written, for texts; its name where it has no key.
    pub(super) fn key_of(&self, name: &'static str) -> String {
        self.keymap.keys(name).first().map_or_else(|| name.to_string(), ToString::to_string)
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

    /// The machine that the lanes run on, once it is known.
    pub(super) fn machine(&self) -> Option<&Machine> {
        self.ledger.plan().map(|plan| &plan.machine)
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
        (self.asked, self.status, self.said_ns) = (None, Some(text.to_string()), self.ledger.at_ns());
    }

    /// Says something, and draws it.
    pub(super) fn tell(&mut self, text: &str) -> Effects {
        self.say(text);
        Effects::now()
    }

    /// Says what a lane was asked for, until it answers.
    pub(super) fn say_asked(&mut self, lane: LaneId, what: &str) {
        self.say(&format!("Lane {lane}: {what}"));
        self.asked = Some(lane);
    }

    /// Takes a scenario's question to the user, where there is one and it is to be asked: lanes stand still meanwhile.
    pub(super) fn ask(&mut self) -> Vec<Control> {
        let has_question = self.draft.as_ref().is_some_and(|draft| draft.scenario().question.is_some());
        if !self.asks || !has_question {
            return Vec::new();
        }
        (self.dialog, self.asking, self.paused) = (Dialog::Ask, true, true);
        vec![Control::Pause]
    }

    /// Whether the run has gone on for long enough after the guess that the facts can be read.
    pub(super) fn answer_is_in(&self) -> bool {
        let Some((_, since_ns)) = &self.guess else { return false };
        if super::programs::is_answered(self) {
            return true;
        }
        let seconds = self.draft.as_ref().map_or(5.0, |draft| draft.scenario().seconds).clamp(1.0, 10.0);
        self.ledger.at_ns().saturating_sub(*since_ns) as f64 >= seconds * 1e9 || self.ledger.has_ended()
    }

    pub(super) fn post(&mut self, frame: &Frame) {
        if matches!(frame.body, Body::Plan(_) | Body::Sweep(_)) && self.ledger.plan().is_some() {
            // A run that starts again has a clock and an account of its own.
            self.ledger = Ledger::new();
            self.said_ns = 0;
            self.cost.cpu_before = None;
            self.wanted.clear();
            self.status = None;
            self.finding = 0;
            if let Some((_, since_ns)) = &mut self.guess {
                *since_ns = 0;
            }
        }
        if matches!(frame.body, Body::Sweep(_)) {
            self.sweeping = Sweeping::default();
        }
        self.ledger.post(frame);
        if let (Body::Plan(_), Some(plan)) = (&frame.body, self.ledger.plan()) {
            self.programs.take_plan(plan);
        }
        if self.ledger.at_ns().saturating_sub(self.said_ns) > SAID_FOR_NS {
            (self.asked, self.status) = (None, None);
        }
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

    pub(super) fn note_painted(&mut self, at_ns: u64, bytes: u64, screens: u64) {
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
