//! Pages to read: the help, and what the scenario is about.

use super::{Dialog, matches, motion, type_into, window};
use crate::ledger::{Activity, LaneLedger, Ledger};
use crate::stats::words;
use crate::view::commands::COMMANDS;
use crate::view::keys::Key;
use crate::view::message::Effects;
use crate::view::model::Model;
use crate::view::pen::{Pen, wrap};
use crate::view::programs;
use crate::view::sweep;
use crate::view::theme::{self, Theme};
use crate::wire::{Mode, Plan};
use ratatui::style::Style;

/// How far a page is scrolled, and what is searched for in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Page {
    scroll: u16,
    query: String,
    typing: bool,
}

pub(super) fn press(model: &mut Model, key: Key) -> Option<Effects> {
    let most = scroll_max(model);
    let can_search = matches!(model.dialog, Dialog::Help(_));
    let (Dialog::Help(page) | Dialog::About(page)) = &mut model.dialog else { return None };
    match key {
        Key::Esc if page.typing || !page.query.is_empty() => *page = Page::default(),
        Key::Enter if page.typing => page.typing = false,
        key if page.typing => {
            type_into(&mut page.query, key);
            page.scroll = 0;
        }
        Key::Char('/') if can_search => *page = Page { typing: true, ..Page::default() },
        Key::Esc | Key::Enter => model.dialog = Dialog::None,
        key => {
            let (down, lines) = motion(key)?;
            page.scroll = if down {
                page.scroll.saturating_add(lines).min(most)
            } else {
                page.scroll.min(most).saturating_sub(lines)
            };
        }
    }
    Some(Effects::now())
}

pub(super) fn draw_help(model: &Model, page: &Page, pen: &mut Pen<'_>) {
    let lines = help_lines(model, page, list_width(pen.width()));
    let title = match (page.query.as_str(), page.typing) {
        ("", false) => "help".to_string(),
        (query, true) => format!("help /{query}_"),
        (query, false) => format!("help /{query}"),
    };
    list(&title, &lines, page.scroll, &model.theme, pen);
}

pub(super) fn draw_about(model: &Model, page: &Page, pen: &mut Pen<'_>) {
    list("what this is about", &about_lines(model, list_width(pen.width())), page.scroll, &model.theme, pen);
}

/// A line of a list: a key or a shape, and what it means.
type Line = (String, Style, String);

/// What is meant by the figures, for the help.
const FIGURES: [(&str, &str); 10] = [
    (
        "cores",
        "The numbered parts of a core's bar are the lanes', by where their workers were last seen: an estimate. The rest are other programs, and what is not known.",
    ),
    ("×1.9", "How many times the first lane's figure."),
    (
        "wait",
        "What tasks waited from when they were due until they started: half of them no longer than p50, 99 in 100 no longer than p99.",
    ),
    ("task", "What tasks took once they had started."),
    ("runq", "Run queue: the share of their running time that workers spent waiting for a core."),
    ("sw/s", "Switches: times a second that a thread gave up its core or was taken off it."),
    ("check", "Whether the result of all tasks is right: while a lane works, as of its last standstill."),
    ("queue", "Counted: each change was seen. Sampled: the length was read now and then."),
    ("—", "Not known yet."),
    ("n/a", "This platform does not tell."),
];

/// The columns of the first part of a line.
const FIRST: u16 = 10;

fn list_width(width: u16) -> u16 {
    width.min(76).saturating_sub(4)
}

struct Lines {
    lines: Vec<Line>,
    room: usize,
}

impl Lines {
    fn new(width: u16) -> Lines {
        Lines { lines: Vec::new(), room: usize::from(width.saturating_sub(FIRST + 1)).max(1) }
    }

    fn add(&mut self, shown: &str, style: Style, text: &str) {
        for (part, line) in wrap(&words::plain(text), self.room).into_iter().enumerate() {
            self.lines.push((if part == 0 { shown.to_string() } else { String::new() }, style, line));
        }
    }

    fn rest(&mut self) {
        self.lines.push((String::new(), Style::new(), String::new()));
    }
}

fn help_lines(model: &Model, page: &Page, width: u16) -> Vec<Line> {
    let theme = &model.theme;
    let key = theme.tint(theme.warn).patch(theme.strong());
    let mut lines = Lines::new(width);
    let is_meant = |shown: &str, text: &str| matches(&page.query, &format!("{shown} {text}"));
    for command in COMMANDS.iter().filter(|command| command.holds(model)) {
        let (shown, more) = (model.keymap.shown(command), model.keymap.shown_all(command));
        let more = more.strip_prefix(&shown).map(str::trim).filter(|more| !more.is_empty());
        let text = match more {
            Some(more) => format!("{} Also {more}.", command.help),
            None => command.help.to_string(),
        };
        if is_meant(&shown, &format!("{} {text}", command.name)) {
            lines.add(&shown, key, &text);
        }
    }
    if sweep::is_shown(model) {
        return lines.lines;
    }
    lines.rest();
    if matches!(programs::engine(model), Some(programs::Engine::Step | programs::Engine::Explore)) {
        let marks = programs::MARKS.iter().filter(|(shown, text)| is_meant(shown, text));
        marks.for_each(|(shown, text)| lines.add(shown, theme.label(), text));
        return lines.lines;
    }
    for activity in theme::LEGEND {
        let (shape, style) = theme.activity(activity);
        let more = if activity == Activity::Running { "; a lower block for a part of the time" } else { "" };
        let text = format!("A worker: {}{more}.", theme::name_of(activity));
        if is_meant("", &text) {
            lines.add(&shape.to_string(), style, &text);
        }
    }
    lines.rest();
    let figures = FIGURES.iter().filter(|(figure, text)| is_meant(figure, text));
    figures.for_each(|(figure, text)| lines.add(figure, theme.label(), text));
    lines.lines
}

/// The scenario's question with its choices, and how it is set up. Which choice is right is told once the user has
/// guessed, and the facts are there to be read.
fn about_lines(model: &Model, width: u16) -> Vec<Line> {
    let theme = &model.theme;
    let key = theme.tint(theme.warn).patch(theme.strong());
    let mut lines = Lines::new(width);
    let Some(plan) = model.shown().plan() else {
        lines.add("", theme.label(), "The plan has not come yet.");
        return lines.lines;
    };
    lines.add("", theme.strong(), &plan.title);
    lines.rest();
    if let Some(question) = &plan.question {
        lines.add("?", key, &question.text);
        lines.rest();
        let is_told = model.answer_is_in();
        let guessed = model.guess.as_ref().map(|(guess, _)| guess.choice);
        for (place, (letter, choice)) in ('a'..='z').zip(&question.choices).enumerate() {
            let yours = if guessed == Some(place) { "  ← your guess" } else { "" };
            let sign = match (is_told, choice.right) {
                (true, true) => " ✓",
                (true, false) => " ✕",
                (false, _) => "",
            };
            lines.add(&format!("{letter}{sign}"), key, &format!("{}{yours}", choice.text));
            if is_told {
                lines.add("", theme.label(), &choice.why);
            }
        }
        if is_told {
            lines.rest();
            lines.add("measured", theme.label(), &measured(model.shown()));
        }
        lines.rest();
    }
    lines.add("lanes", theme.label(), &mode_in_words(plan));
    for lane in &plan.lanes {
        let workers = words::plural(lane.workers as usize, "worker");
        let text = match lane.pool.program() {
            Some(program) => format!("{}: {} ({})", lane.name, program.role.words(), program.program),
            None => format!("{}: {}, {workers}, {}", lane.name, lane.pool.name(), lane.workload.name()),
        };
        lines.add(&lane.id.to_string(), theme.label(), &text);
    }
    lines.lines
}

fn mode_in_words(plan: &Plan) -> String {
    match plan.mode {
        Mode::Turns { slice_ms } => format!(
            "take turns of {slice_ms} ms, so that they do not fight for the same cores: while one runs, the others stand still and so do their clocks."
        ),
        Mode::Together if plan.machine.autogroup == Some(true) => {
            "run together. The kernel gives each lane the same share of the cores, however many workers it has."
                .to_string()
        }
        Mode::Together => "run together and fight for the same cores.".to_string(),
        Mode::Cores => "run together, each on cores of its own.".to_string(),
    }
}

fn list(title: &str, lines: &[Line], scroll: u16, theme: &Theme, pen: &mut Pen<'_>) {
    let width = pen.width().min(76);
    let height = pen.height().min(u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2));
    let mut inside = window(pen, width, height, title, "", theme);
    let rows = usize::from(inside.height());
    // The last page is the last.
    let from = usize::from(scroll).min(lines.len().saturating_sub(rows));
    for (row, (shown, style, text)) in (0..).zip(lines.iter().skip(from).take(rows)) {
        inside.text(0, row, shown, *style);
        inside.text(FIRST, row, text, theme.text());
    }
    if from + rows < lines.len() && rows > 0 {
        let more = format!(" {} more: j ", lines.len() - from - rows);
        inside.text_right(0, rows as u16 - 1, &more, theme.alarm());
    }
}

/// How far the open list can be scrolled.
fn scroll_max(model: &Model) -> u16 {
    let (columns, rows) = model.size();
    let lines = match &model.dialog {
        Dialog::Help(page) => help_lines(model, page, list_width(columns)).len(),
        Dialog::About(_) => about_lines(model, list_width(columns)).len(),
        _ => 0,
    };
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_sub(rows.saturating_sub(2))
}

/// What the lanes reached, each beside the first.
fn measured(ledger: &Ledger) -> String {
    let first = ledger.lanes().first().and_then(LaneLedger::throughput_per_s);
    let lanes = ledger.lanes().iter().map(|lane| match (lane.throughput_per_s(), first) {
        // What a run of a program comes to is how it ends.
        _ if lane.plan.pool.program().is_some() => {
            let (failed, all) = lane.runs.as_ref().map_or((0, 0), |runs| programs::wild::failed(runs));
            format!(
                "{}: {} of {} failed",
                lane.name(),
                words::count(failed),
                words::plural(usize::try_from(all).unwrap_or(usize::MAX), "run")
            )
        }
        (Some(rate), Some(first)) if first > 0.0 => {
            format!("{} {} ({})", lane.name(), words::per_s(rate, "tasks"), words::times(rate / first))
        }
        _ => format!("{} {}", lane.name(), words::NOT_YET),
    });
    lanes.collect::<Vec<_>>().join(" · ")
}

/// What became of the guess, once the facts are there: a mark, and a sentence.
pub(in crate::view) fn answer_lines(model: &Model) -> Option<(bool, String)> {
    let (guess, _) = model.guess.as_ref().filter(|_| model.answer_is_in())?;
    let question = model.draft.as_ref()?.scenario().question.as_ref()?;
    let (guessed, right) = (question.choices.get(guess.choice)?, question.choices.iter().find(|choice| choice.right)?);
    let verdict = if guess.right {
        format!("You guessed right: “{}”.", guessed.text)
    } else {
        format!("You guessed “{}”. Rather: “{}”.", guessed.text, right.text)
    };
    let key = model.key_of("question");
    Some((guess.right, format!("{verdict} Measured: {}. {key} tells why.", measured(model.shown()))))
}
