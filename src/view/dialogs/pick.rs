//! Lists to choose from: commands by a part of their name, and the scenarios by topic.

use super::{Dialog, first_row, matches, motion, motion_while_typing, moved, passes, type_into, window};
use crate::scenario::Listed;
use crate::stats::words;
use crate::view::commands::{COMMANDS, Command};
use crate::view::hits::Target;
use crate::view::keys::Key;
use crate::view::message::{Control, Effects};
use crate::view::model::Model;
use crate::view::pen::{Pen, width_of, wrap};

/// The commands that match what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Palette {
    query: String,
    pub(super) selected: usize,
}

impl Palette {
    fn found(&self, model: &Model) -> Vec<&'static Command> {
        let is_meant = |command: &&Command| {
            let words = format!("{} {} {}", command.name.replace('-', " "), command.name, command.help);
            command.holds(model) && command.name != "commands" && matches(&self.query, &words)
        };
        let mut found: Vec<&'static Command> = COMMANDS.iter().filter(is_meant).collect();
        // A name that begins with what was typed comes before a help text that holds it somewhere.
        let query = self.query.to_lowercase();
        found.sort_by_key(|command| (!command.name.starts_with(&query), !command.name.contains(&query)));
        found
    }
}

pub(super) fn press_palette(model: &mut Model, key: Key) -> Option<Effects> {
    let Dialog::Palette(palette) = &model.dialog else { return None };
    let mut palette = palette.clone();
    let found = palette.found(model);
    match key {
        Key::Esc => model.dialog = Dialog::None,
        Key::Enter => {
            model.dialog = Dialog::None;
            return Some(match found.get(palette.selected) {
                Some(command) => (command.run)(model, 0),
                None => Effects::now(),
            });
        }
        key => {
            if let Some(motion) = motion_while_typing(key).filter(|_| key != Key::Ctrl('u')) {
                palette.selected = moved(palette.selected, motion, found.len());
            } else if type_into(&mut palette.query, key) {
                palette.selected = 0;
            }
            model.dialog = Dialog::Palette(palette);
        }
    }
    Some(Effects::now())
}

pub(super) fn draw_palette(model: &Model, palette: &Palette, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let found = palette.found(model);
    let key = theme.tint(theme.warn).patch(theme.strong());
    let height = pen.height().min(20);
    let mut inside = window(pen, 76, height, "commands", "", theme);
    let end = inside.pieces(0, 0, &[(":", key), (&palette.query, theme.strong())]);
    inside.put(end, 0, '_', theme.label());
    if found.is_empty() {
        inside.text(0, 2, "Nothing is called that, or does that.", theme.label());
    }
    let rows = usize::from(inside.height().saturating_sub(2));
    let first = first_row(palette.selected, rows, found.len());
    let width = inside.width();
    for (row, (place, command)) in (2..).zip(found.iter().enumerate().skip(first).take(rows)) {
        let mut line = inside.part(0, row, width, 1);
        line.hit(Target::Row(place));
        let mark = if place == palette.selected { "▸" } else { " " };
        line.text(0, 0, mark, key);
        line.text(2, 0, command.name, if place == palette.selected { theme.strong() } else { theme.text() });
        line.text(18, 0, &model.keymap.shown(command), key);
        line.text(25, 0, command.help, theme.label());
    }
}

/// The scenarios that match what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Browser {
    listed: Vec<Listed>,
    query: String,
    typing: bool,
    selected: usize,
}

impl Browser {
    pub(super) fn of(listed: Vec<Listed>, open: &str) -> Browser {
        let selected = listed.iter().position(|one| one.name == open).unwrap_or(0);
        Browser { listed, query: String::new(), typing: false, selected }
    }

    pub(super) fn select(&mut self, row: usize) {
        self.selected = row;
    }

    fn found(&self) -> Vec<&Listed> {
        let is_meant = |one: &&Listed| {
            let asks = one.question.as_deref().unwrap_or_default();
            let belief = one.misconception.as_deref().unwrap_or_default();
            matches(&self.query, &format!("{} {} {} {asks} {belief}", one.topic, one.name, one.title))
        };
        self.listed.iter().filter(is_meant).collect()
    }
}

pub(super) fn press_browser(model: &mut Model, key: Key) -> Option<Effects> {
    let Dialog::Browse(browser) = &mut model.dialog else { return None };
    let length = browser.found().len();
    match key {
        Key::Esc if browser.typing => (browser.typing, browser.selected) = (false, 0),
        Key::Esc => model.dialog = Dialog::None,
        Key::Enter => {
            let Some(chosen) = browser.found().get(browser.selected).map(|one| (*one).clone()) else {
                return Some(Effects::none());
            };
            if let Err(problems) = &chosen.problems {
                let first = problems.first().map(ToString::to_string).unwrap_or_default();
                return Some(model.tell(first.lines().next().unwrap_or_default()));
            }
            model.dialog = Dialog::None;
            model.say(&format!("Opening {} …", chosen.name));
            return Some(Effects::control(Control::Open(chosen.name)));
        }
        key if browser.typing => match motion_while_typing(key).filter(|_| key != Key::Ctrl('u')) {
            Some(motion) => browser.selected = moved(browser.selected, motion, length),
            None if type_into(&mut browser.query, key) => browser.selected = 0,
            None => {}
        },
        Key::Char('/') => (browser.typing, browser.query) = (true, String::new()),
        key => match motion(key) {
            Some(motion) => browser.selected = moved(browser.selected, motion, length),
            None => return passes(model, key, &[]),
        },
    }
    Some(Effects::now())
}

pub(super) fn draw_browser(model: &Model, browser: &Browser, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let key = theme.tint(theme.warn).patch(theme.strong());
    let found = browser.found();
    let topics = found.chunk_by(|one, next| one.topic == next.topic).count();
    let needed = u16::try_from(found.len() + topics).unwrap_or(u16::MAX).saturating_add(8);
    let (width, height) = (pen.width().min(96), pen.height().min(needed.max(14)));
    let count = format!("{} of {}", found.len(), browser.listed.len());
    let mut inside = window(pen, width, height, "scenarios", &count, theme);
    let width = inside.width();
    let end = inside.text(0, 0, "/", key);
    if browser.query.is_empty() && !browser.typing {
        inside.text(end + 1, 0, "searches topics, names, titles and questions", theme.label());
    } else {
        let end = inside.text(end, 0, &browser.query, theme.strong());
        inside.put(end, 0, if browser.typing { '_' } else { ' ' }, theme.label());
    }
    // Below the list, what the selected one is about.
    let about = 4.min(inside.height().saturating_sub(8));
    let rows = usize::from(inside.height().saturating_sub(2 + about));
    // Topics take rows of their own.
    let mut lines: Vec<Option<usize>> = Vec::new();
    for (place, one) in found.iter().enumerate() {
        if place == 0 || found[place - 1].topic != one.topic {
            lines.push(None);
        }
        lines.push(Some(place));
    }
    let selected = lines.iter().position(|line| *line == Some(browser.selected)).unwrap_or(0);
    let first = first_row(selected, rows, lines.len());
    let name_width = found.iter().map(|one| width_of(&one.name)).max().unwrap_or(0).min(30);
    for (row, (number, line)) in (2..).zip(lines.iter().enumerate().skip(first).take(rows)) {
        let mut part = inside.part(0, row, width, 1);
        let Some(place) = *line else {
            let topic = lines.get(number + 1).copied().flatten().and_then(|place| found.get(place));
            let topic =
                topic.map_or("", |one| if one.problems.is_err() { "cannot be used" } else { one.topic.as_str() });
            part.text(0, 0, topic, theme.label());
            continue;
        };
        let one = found[place];
        let is_selected = place == browser.selected;
        part.hit(Target::Row(place));
        part.text(0, 0, if is_selected { "▸" } else { " " }, key);
        part.text(
            2,
            0,
            &one.name,
            if is_selected { theme.tint(theme.accent).patch(theme.strong()) } else { theme.text() },
        );
        let title = match &one.problems {
            Ok(()) => one.title.clone(),
            Err(problems) => problems.first().map(ToString::to_string).unwrap_or_default(),
        };
        let title = title.lines().next().unwrap_or_default();
        part.text(4 + name_width, 0, title, if one.problems.is_err() { theme.tint(theme.bad) } else { theme.label() });
    }
    if found.is_empty() {
        inside.text(0, 2, "No scenario matches.", theme.label());
    }
    if let (Some(one), true) = (found.get(browser.selected), about > 1) {
        let from = inside.height().saturating_sub(about - 1);
        let lines = wrap(&words::plain(&about_of(one)), usize::from(width));
        for (row, line) in (from..).zip(lines.iter().take(usize::from(about - 1))) {
            inside.text(0, row, line, theme.text());
        }
    }
}

/// What a scenario asks, and where it comes from.
fn about_of(one: &Listed) -> String {
    let asks = one.question.as_deref().or(one.misconception.as_deref()).unwrap_or(&one.title);
    format!("{asks} ({}, {})", words::plural(one.lanes, "lane"), one.origin)
}
