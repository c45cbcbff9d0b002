//! What is asked about programs: which of several steps, which schedule, which cure, which challenge.

use super::{Dialog, motion, moved, passes, type_into, window};
use crate::stats::words;
use crate::view::hits::Target;
use crate::view::keys::Key;
use crate::view::message::Effects;
use crate::view::model::Model;
use crate::view::pen::{Pen, wrap};
use crate::view::programs::{self, challenges, keys};

/// A line for a schedule, and what is wrong with what stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Paste {
    text: String,
    wrong: String,
}

/// A list of which one is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Choice {
    pub(super) selected: usize,
    /// The thread that has several steps to choose from, where it is about those.
    thread: usize,
}

impl Choice {
    pub(super) fn of_thread(thread: usize) -> Choice {
        Choice { selected: 0, thread }
    }
}

/// Schedules are longer than other lines: a pasted one comes as keys.
const SCHEDULE_MAX: usize = 60_000;

pub(super) fn press_paste(model: &mut Model, key: Key) -> Option<Effects> {
    let Dialog::Paste(paste) = &mut model.dialog else { return None };
    match key {
        Key::Esc => model.dialog = Dialog::None,
        Key::Enter => {
            let text = paste.text.clone();
            match keys::paste(model, &text) {
                Ok(effects) => return Some(effects),
                Err(wrong) => model.dialog = Dialog::Paste(Paste { text, wrong }),
            }
        }
        Key::Char(letter) if !letter.is_control() && paste.text.len() < SCHEDULE_MAX => {
            paste.text.push(letter);
            paste.wrong.clear();
        }
        key => {
            type_into(&mut paste.text, key);
            paste.wrong.clear();
        }
    }
    Some(Effects::now())
}

pub(super) fn draw_paste(model: &Model, paste: &Paste, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let width = pen.width().min(76);
    let mut inside = window(pen, width, 7, "a schedule", "", theme);
    let room = usize::from(inside.width());
    // The end is where letters are typed.
    let length = paste.text.chars().count();
    let tail: String = paste.text.chars().skip((length + 1).saturating_sub(room)).collect();
    let end = inside.text(0, 0, &tail, theme.strong());
    inside.put(end, 0, '_', theme.label());
    let (text, style) = if paste.wrong.is_empty() {
        let index = model.focus_index();
        let example = programs::short_string(model, index, "1.2.1.2");
        (format!("Type or paste one, as in 1.2.1.2 or {example}; Enter goes where it leads."), theme.label())
    } else {
        (paste.wrong.clone(), theme.tint(theme.bad))
    };
    for (row, line) in (2..).zip(wrap(&words::plain(&text), room.max(1))) {
        inside.text(0, row, &line, style);
    }
}

/// The rows of a list: a key, and what it does.
fn rows(model: &Model) -> Vec<String> {
    match &model.dialog {
        Dialog::Choose(choice) => turns(model, choice.thread).into_iter().map(|(_, text)| text).collect(),
        Dialog::Cures(_) => programs::cures(&model.programs)
            .into_iter()
            .map(|index| {
                let name = model.shown().lanes().get(index).map_or("", |lane| lane.name());
                format!("{}: {name}", programs::role(&model.programs, index))
            })
            .collect(),
        Dialog::Challenges(_) => {
            let index = model.focus_index();
            challenges::of(model, index).iter().map(|challenge| challenges::line(model, index, challenge).1).collect()
        }
        _ => Vec::new(),
    }
}

/// The steps that a thread has to choose from here.
fn turns(model: &Model, thread: usize) -> Vec<(String, String)> {
    let position = programs::journey(model).and_then(programs::journey::Journey::position);
    let stand = position.and_then(|position| position.threads.iter().find(|one| one.number == thread));
    let next = stand.map_or(&[][..], |stand| stand.next.as_slice());
    next.iter().map(|next| (next.turn.clone(), next.text.clone())).collect()
}

pub(super) fn press_choice(model: &mut Model, key: Key) -> Option<Effects> {
    let length = rows(model).len();
    let is_challenges = matches!(model.dialog, Dialog::Challenges(_));
    let (Dialog::Choose(choice) | Dialog::Cures(choice) | Dialog::Challenges(choice)) = &mut model.dialog else {
        return None;
    };
    match key {
        Key::Esc => model.dialog = Dialog::None,
        Key::Char(digit @ '1'..='9') if ((digit as usize) - ('1' as usize)) < length => {
            choice.selected = (digit as usize) - ('1' as usize);
            return Some(take(model));
        }
        Key::Enter | Key::Char(' ') => return Some(take(model)),
        Key::Char('c') if is_challenges => model.dialog = Dialog::None,
        key => match motion(key) {
            Some(motion) => choice.selected = moved(choice.selected, motion, length),
            None => return passes(model, key, &[]),
        },
    }
    Some(Effects::now())
}

/// Does what is chosen.
fn take(model: &mut Model) -> Effects {
    match model.dialog.clone() {
        Dialog::Choose(choice) => match turns(model, choice.thread).get(choice.selected) {
            Some((turn, _)) => keys::take_turn(model, turn),
            None => Effects::none(),
        },
        Dialog::Cures(choice) => match programs::cures(&model.programs).get(choice.selected) {
            Some(index) => keys::take_cure(model, *index),
            None => Effects::none(),
        },
        // What is chosen there is a hint.
        Dialog::Challenges(choice) => {
            let index = model.focus_index();
            if choice.selected < challenges::of(model, index).len() {
                challenges::ask_hint(model, index, choice.selected);
            }
            Effects::now()
        }
        _ => Effects::none(),
    }
}

pub(super) fn draw_choice(model: &Model, choice: &Choice, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let name = |thread| crate::explore::thread_name(thread);
    let (title, nothing) = match &model.dialog {
        Dialog::Choose(_) => (format!("{} can take any of these", name(choice.thread)), "It has moved on.".to_string()),
        Dialog::Cures(_) => ("the cure".to_string(), "No variant claims to be right.".to_string()),
        _ => ("challenges".to_string(), challenges::none_because(model)),
    };
    let is_challenges = matches!(model.dialog, Dialog::Challenges(_));
    let index = model.focus_index();
    let width = pen.width().min(76);
    let room = usize::from(width.saturating_sub(9)).max(1);
    let key = theme.tint(theme.warn).patch(theme.strong());
    // Lines first, so that the window is as high as they are.
    let mut lines = Vec::new();
    for (place, text) in rows(model).iter().enumerate() {
        for (part, line) in wrap(&words::plain(text), room).into_iter().enumerate() {
            let style = if place == choice.selected { theme.strong() } else { theme.text() };
            lines.push((Some(place), part == 0, line, style));
        }
        if is_challenges && let Some(challenge) = challenges::of(model, index).get(place) {
            for stage in 0..challenges::hints(model, index, place).min(3) {
                for line in wrap(&challenge.hint(stage), room) {
                    lines.push((Some(place), false, line, theme.tint(theme.warn)));
                }
            }
        }
    }
    if lines.is_empty() {
        lines.extend(wrap(&nothing, room).into_iter().map(|line| (None, false, line, theme.label())));
    } else if is_challenges {
        lines.push((None, false, String::new(), theme.label()));
        let text = "Step there by hand in STEP. Enter gives a hint, up to three; what you reach is kept.";
        lines.extend(wrap(text, room).into_iter().map(|line| (None, false, line, theme.label())));
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let mut inside = window(pen, width, height, &title, "", theme);
    let (width, rows) = (inside.width(), usize::from(inside.height()));
    let chosen = lines.iter().position(|line| line.0 == Some(choice.selected)).unwrap_or(0);
    let first = (chosen + 4).saturating_sub(rows).min(lines.len().saturating_sub(rows));
    for (row, (place, begins, text, style)) in (0..).zip(lines.iter().skip(first).take(rows)) {
        let mut line = inside.part(0, row, width, 1);
        if let Some(place) = place {
            line.hit(Target::Row(*place));
            if *begins {
                line.text(0, 0, if *place == choice.selected { "▸" } else { " " }, key);
                line.text(2, 0, &(place + 1).to_string(), key);
            }
        }
        line.text(5, 0, text, *style);
    }
}
