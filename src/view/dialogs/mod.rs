//! What lies over the panels and takes the keys: one file each, with its state, what keys do to it, and how it is drawn.
//!
//! ```text
//! key ──▶ press ──▶ Some(effects): it was meant for the dialog
//!                └─▶ None: it is a command's
//! ```

mod ask;
mod confirm;
mod form;
mod pages;
mod pick;
mod programs;

pub(super) use confirm::{Confirm, Shots};
pub(super) use pages::answer_lines;

use super::keys::Key;
use super::message::{Effects, Mouse};
use super::model::Model;
use super::pen::Pen;
use super::theme::Theme;
use form::Form;
use pages::Page;
use pick::{Browser, Palette};
use programs::{Choice, Paste};

/// What is open.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Dialog {
    /// Nothing.
    None,
    /// The help.
    Help(Page),
    /// What the scenario asks and how it is set up.
    About(Page),
    /// The scenario's question, before its run.
    Ask,
    /// Whether something is to be done that cannot be undone.
    Confirm(Confirm),
    /// Which kind of picture is to be written.
    Shots(Shots),
    /// Commands by a part of their name.
    Palette(Palette),
    /// The scenarios.
    Browse(Browser),
    /// Every parameter of a lane.
    Form(Form),
    /// A line for a schedule.
    Paste(Paste),
    /// Which of a thread's steps is to be taken.
    Choose(Choice),
    /// Which right fix is to be looked at.
    Cures(Choice),
    /// The challenges of a variant.
    Challenges(Choice),
}

impl Dialog {
    pub(super) fn help() -> Dialog {
        Dialog::Help(Page::default())
    }

    pub(super) fn about() -> Dialog {
        Dialog::About(Page::default())
    }

    pub(super) fn palette() -> Dialog {
        Dialog::Palette(Palette::default())
    }

    pub(super) fn form() -> Dialog {
        Dialog::Form(Form::default())
    }

    pub(super) fn paste() -> Dialog {
        Dialog::Paste(Paste::default())
    }

    pub(super) fn choose(thread: usize) -> Dialog {
        Dialog::Choose(Choice::of_thread(thread))
    }

    pub(super) fn cures() -> Dialog {
        Dialog::Cures(Choice::default())
    }

    pub(super) fn challenges() -> Dialog {
        Dialog::Challenges(Choice::default())
    }

    pub(super) fn browse(listed: Vec<crate::scenario::Listed>, open: &str) -> Dialog {
        Dialog::Browse(Browser::of(listed, open))
    }
}

/// Gives a key to what is open; none where it means nothing there and may be a command.
pub(super) fn press(model: &mut Model, key: Key) -> Option<Effects> {
    // Every way out is the same everywhere.
    if let Key::Ctrl('c' | 'l' | 'z') = key {
        return None;
    }
    match model.dialog {
        Dialog::None => None,
        Dialog::Help(_) | Dialog::About(_) => pages::press(model, key),
        Dialog::Ask => ask::press(model, key),
        Dialog::Confirm(_) => confirm::press(model, key),
        Dialog::Shots(_) => confirm::press_shots(model, key),
        Dialog::Palette(_) => pick::press_palette(model, key),
        Dialog::Browse(_) => pick::press_browser(model, key),
        Dialog::Form(_) => form::press(model, key),
        Dialog::Paste(_) => programs::press_paste(model, key),
        Dialog::Choose(_) | Dialog::Cures(_) | Dialog::Challenges(_) => programs::press_choice(model, key),
    }
}

/// A row of what is open was clicked.
pub(super) fn press_row(model: &mut Model, row: usize) -> Effects {
    match &mut model.dialog {
        Dialog::Palette(palette) => palette.selected = row,
        Dialog::Browse(browser) => browser.select(row),
        Dialog::Form(form) => form.select(row),
        Dialog::Choose(choice) | Dialog::Cures(choice) | Dialog::Challenges(choice) => choice.selected = row,
        Dialog::Ask => return ask::guess(model, row),
        _ => return Effects::none(),
    }
    press(model, Key::Enter).unwrap_or_default()
}

/// The wheel was turned over what is open.
pub(super) fn wheel(model: &mut Model, mouse: Mouse) -> Effects {
    let key = if mouse.what == super::message::MouseDid::WheelUp { Key::Up } else { Key::Down };
    let turns = (0..3).filter_map(|_| press(model, key));
    turns.last().unwrap_or_default()
}

pub(super) fn draw(model: &Model, pen: &mut Pen<'_>) {
    match &model.dialog {
        Dialog::None => {}
        Dialog::Help(page) => pages::draw_help(model, page, pen),
        Dialog::About(page) => pages::draw_about(model, page, pen),
        Dialog::Ask => ask::draw(model, pen),
        Dialog::Confirm(confirm) => confirm::draw(model, confirm, pen),
        Dialog::Shots(_) => confirm::draw_shots(model, pen),
        Dialog::Palette(palette) => pick::draw_palette(model, palette, pen),
        Dialog::Browse(browser) => pick::draw_browser(model, browser, pen),
        Dialog::Form(form) => form::draw(model, form, pen),
        Dialog::Paste(paste) => programs::draw_paste(model, paste, pen),
        Dialog::Choose(choice) | Dialog::Cures(choice) | Dialog::Challenges(choice) => {
            programs::draw_choice(model, choice, pen);
        }
    }
}

/// The keys of what is open, for the line of hints; none where the commands' are shown.
pub(super) fn hints(dialog: &Dialog) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match dialog {
        Dialog::None => return None,
        Dialog::Help(_) => &[("Esc", "close"), ("j k", "scroll"), ("/", "search"), ("q", "quit")],
        Dialog::About(_) => &[("Esc", "close"), ("j k", "scroll"), ("q", "quit")],
        Dialog::Ask => &[("a b c", "your guess"), ("Esc", "skip"), ("q", "quit")],
        Dialog::Confirm(Confirm::Remove { .. }) => &[("y", "remove it"), ("n", "leave it")],
        Dialog::Confirm(Confirm::Sweep { .. }) => &[("y", "sweep it"), ("n", "leave it")],
        Dialog::Confirm(_) => &[("y", "do it"), ("n", "leave it"), ("j k", "another worker")],
        Dialog::Shots(_) => &[("t", "text"), ("a", "ANSI"), ("s", "SVG"), ("Esc", "none")],
        Dialog::Palette(_) => &[("Enter", "do it"), ("↑ ↓", "choose"), ("Esc", "close")],
        Dialog::Browse(_) => &[("Enter", "open"), ("j k", "choose"), ("/", "search"), ("Esc", "close")],
        Dialog::Paste(_) => &[("Enter", "go there"), ("Esc", "close")],
        Dialog::Choose(_) | Dialog::Cures(_) => {
            &[("1-9", "take it"), ("j k", "choose"), ("Enter", "take it"), ("Esc", "close")]
        }
        Dialog::Challenges(_) => &[("Enter", "a hint"), ("j k", "choose"), ("Esc", "close")],
        Dialog::Form(_) => {
            &[("Enter", "change"), ("h l", "less, more"), ("j k", "choose"), ("⌫", "default"), ("Esc", "close")]
        }
    })
}

/// What works wherever no letters are typed.
const EVERYWHERE: [&str; 7] = ["quit", "quit-keep", "help", "theme", "glyphs", "eco", "mouse"];

/// A key that means nothing to a dialog: none where it is left to one of these commands, or to one that works everywhere.
fn passes(model: &Model, key: Key, more: &[&str]) -> Option<Effects> {
    let is_one = |name: &str| EVERYWHERE.contains(&name) || more.contains(&name);
    let is_theirs = model.keymap.commands(key).any(|(command, _)| is_one(command.name));
    if is_theirs { None } else { Some(Effects::none()) }
}

/// Where a key moves in a list: down or up, by so many lines.
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

/// The same where letters are typed.
fn motion_while_typing(key: Key) -> Option<(bool, u16)> {
    if matches!(key, Key::Char(_)) { None } else { motion(key) }
}

/// Moves in a list of `length`.
fn moved(selected: usize, motion: (bool, u16), length: usize) -> usize {
    let (down, by) = (motion.0, usize::from(motion.1));
    let to = if down { selected.saturating_add(by) } else { selected.saturating_sub(by) };
    to.min(length.saturating_sub(1))
}

/// The first row to show so that the selected one is among `rows`.
fn first_row(selected: usize, rows: usize, length: usize) -> usize {
    let half = rows / 2;
    selected.saturating_sub(half).min(length.saturating_sub(rows))
}

/// Lines of text that is typed are never longer.
const TYPED_MAX: usize = 200;

/// Types into a line; says whether the key was for it.
fn type_into(line: &mut String, key: Key) -> bool {
    match key {
        Key::Char(letter) if !letter.is_control() && line.chars().count() < TYPED_MAX => line.push(letter),
        Key::Backspace => {
            line.pop();
        }
        Key::Ctrl('u') => line.clear(),
        _ => return false,
    }
    true
}

/// Whether every word of what is searched for is somewhere in the text, in any case.
fn matches(query: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    query.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// An emptied, framed area in the middle; returns its inside.
fn window<'a>(pen: &'a mut Pen<'_>, width: u16, height: u16, title: &str, right: &str, theme: &Theme) -> Pen<'a> {
    let (width, height) = (width.min(pen.width()), height.min(pen.height()));
    let (column, row) = ((pen.width() - width) / 2, (pen.height() - height) / 2);
    let accent = theme.tint(theme.accent).patch(theme.strong());
    let boxed = width > super::pen::width_of(title) + 6;
    {
        let mut area = pen.part(column, row, width, height);
        area.erase();
        area.hit(super::hits::Target::Window);
        let _ = area.panel(&[(title, accent)], right, accent, boxed);
    }
    let (edge, inset) = if boxed { (1, 2) } else { (0, 0) };
    pen.part(column + inset, row + 1, width.saturating_sub(2 * inset), height.saturating_sub(1 + edge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_found_in_any_order() {
        assert!(matches("LOCK pools", "pools: lock-kinds") && matches("", "x") && !matches("lock zz", "lock"));
    }

    #[test]
    fn the_selected_row_is_always_shown() {
        for length in 0..30 {
            for selected in 0..length {
                for rows in 1..12 {
                    let first = first_row(selected, rows, length);
                    assert!((first..first + rows).contains(&selected), "{length} {selected} {rows}");
                }
            }
        }
    }
}
