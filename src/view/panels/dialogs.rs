//! What lies over the panels: the help, what the scenario is about, and the question before something is killed.

use crate::ledger::Activity;
use crate::stats::words;
use crate::view::commands::COMMANDS;
use crate::view::model::{Dialog, Model};
use crate::view::pen::{Pen, width_of, wrap};
use crate::view::theme::{self, Theme};
use crate::wire::{Mode, Plan};
use ratatui::style::Style;

pub(in crate::view) fn draw(model: &Model, pen: &mut Pen<'_>) {
    match model.dialog {
        Dialog::None => {}
        Dialog::Help { scroll } => {
            list("help", &help_lines(&model.theme, list_width(pen.width())), scroll, &model.theme, pen)
        }
        Dialog::About { scroll } => {
            list("what this is about", &about_lines(model, list_width(pen.width())), scroll, &model.theme, pen);
        }
        Dialog::ConfirmKill { lane, worker } => {
            let name = lane.index().and_then(|index| model.ledger().lanes().get(index)).map_or("", |lane| lane.name());
            let question = format!(
                "Kill worker {worker} of lane {lane} ({name}) with SIGKILL? What it had begun is tried again or lost, as the scenario says."
            );
            confirm(&model.theme, &question, pen);
        }
    }
}

/// A line of a list: a key or a shape, and what it means.
type Line = (String, Style, String);

/// What is meant by the figures, for the help.
const FIGURES: [(&str, &str); 9] = [
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
const FIRST: u16 = 8;

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

fn help_lines(theme: &Theme, width: u16) -> Vec<Line> {
    let key = theme.tint(theme.warn).patch(theme.strong());
    let mut lines = Lines::new(width);
    COMMANDS.iter().for_each(|command| lines.add(command.shown, key, command.help));
    lines.rest();
    for activity in theme::LEGEND {
        let (shape, style) = theme.activity(activity);
        let more = if activity == Activity::Running { "; a lower block for a part of the time" } else { "" };
        lines.add(&shape.to_string(), style, &format!("A worker: {}{more}.", theme::name_of(activity)));
    }
    lines.rest();
    FIGURES.iter().for_each(|(figure, text)| lines.add(figure, theme.label(), text));
    lines.lines
}

/// The scenario's question with its choices, and how it is set up. Which choice is right is not told here.
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
        for (letter, choice) in ('a'..='z').zip(&question.choices) {
            lines.add(&format!("{letter})"), key, &choice.text);
        }
        lines.rest();
    }
    lines.add("lanes", theme.label(), &mode_in_words(plan));
    for lane in &plan.lanes {
        let workers = words::plural(lane.workers as usize, "worker");
        let text = format!("{}: {}, {workers}, {}", lane.name, lane.pool.name(), lane.workload.name());
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
    let mut inside = window(pen, width, height, title, theme);
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
pub(in crate::view) fn scroll_max(model: &Model) -> u16 {
    let (columns, rows) = model.size();
    let lines = match model.dialog {
        Dialog::Help { .. } => help_lines(&model.theme, list_width(columns)).len(),
        Dialog::About { .. } => about_lines(model, list_width(columns)).len(),
        Dialog::None | Dialog::ConfirmKill { .. } => 0,
    };
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_sub(rows.saturating_sub(2))
}

fn confirm(theme: &Theme, question: &str, pen: &mut Pen<'_>) {
    let width = pen.width().min(60);
    let lines = wrap(question, usize::from(width.saturating_sub(4)).max(1));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4).min(pen.height());
    let mut inside = window(pen, width, height, "kill a worker", theme);
    for (row, line) in (0..).zip(&lines) {
        inside.text(0, row, line, theme.text());
    }
    let key = theme.tint(theme.warn).patch(theme.strong());
    // The answers must be in sight, even where the question is cut.
    let row = inside.height().saturating_sub(1);
    inside.pieces(0, row, &[("y", key), (" kill it   ", theme.text()), ("n", key), (" leave it", theme.text())]);
}

/// An emptied, framed area in the middle; returns its inside.
fn window<'a>(pen: &'a mut Pen<'_>, width: u16, height: u16, title: &str, theme: &Theme) -> Pen<'a> {
    let (column, row) = (pen.width().saturating_sub(width) / 2, pen.height().saturating_sub(height) / 2);
    pen.part(column, row, width, height).erase();
    let accent = theme.tint(theme.accent).patch(theme.strong());
    let boxed = width > width_of(title) + 6;
    let mut area = pen.part(column, row, width, height);
    let _ = area.panel(&[(title, accent)], "", accent, boxed);
    let (edge, inset) = if boxed { (1, 2) } else { (0, 0) };
    pen.part(column + inset, row + 1, width.saturating_sub(2 * inset), height.saturating_sub(1 + edge))
}
