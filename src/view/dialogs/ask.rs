//! The scenario's question, before its run: the figures would give the answer away, so the whole screen is the question's.
//!
//! ```text
//!   Threads or processes?
//!
//!   What finishes most tasks per second …?
//!
//!   a  Processes: …
//!   b  Threads: …
//!   c  Neither: …
//!
//!   Your guess is kept, and compared with what is measured. Esc runs without one.
//! ```

use super::{Dialog, passes};
use crate::stats::words;
use crate::view::hits::Target;
use crate::view::keys::Key;
use crate::view::message::{Control, Effects, Guess};
use crate::view::model::Model;
use crate::view::pen::{Pen, wrap};
use crate::wire::Question;

fn question(model: &Model) -> Option<&Question> {
    model.draft.as_ref()?.scenario().question.as_ref()
}

pub(super) fn press(model: &mut Model, key: Key) -> Option<Effects> {
    let choices = question(model).map_or(0, |question| question.choices.len());
    match key {
        Key::Char(letter @ 'a'..='z') if ((letter as usize) - ('a' as usize)) < choices => {
            Some(guess(model, (letter as usize) - ('a' as usize)))
        }
        Key::Char(digit @ '1'..='9') if ((digit as usize) - ('1' as usize)) < choices => {
            Some(guess(model, (digit as usize) - ('1' as usize)))
        }
        Key::Esc | Key::Enter | Key::Char(' ') => Some(go_on(model, Vec::new())),
        // What opens something comes back here, and what changes looks does not matter here.
        key => passes(model, key, &["scenarios", "commands"]),
    }
}

/// Keeps a guess, and lets the lanes run.
pub(super) fn guess(model: &mut Model, choice: usize) -> Effects {
    let Some(draft) = &model.draft else { return Effects::none() };
    let Some(one) = question(model).and_then(|question| question.choices.get(choice)) else { return Effects::none() };
    let guess = Guess { scenario: draft.scenario().name.clone(), choice, right: one.right };
    model.guess = Some((guess.clone(), model.ledger.at_ns()));
    go_on(model, vec![Control::Guess(guess)])
}

fn go_on(model: &mut Model, mut controls: Vec<Control>) -> Effects {
    (model.dialog, model.asking, model.paused) = (Dialog::None, false, false);
    controls.push(Control::Resume);
    Effects::controls(controls)
}

pub(super) fn draw(model: &Model, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let Some(question) = question(model) else { return };
    let (width, height) = (pen.width(), pen.height());
    {
        let mut all = pen.part(0, 1, width, height.saturating_sub(1));
        all.erase();
        all.hit(Target::Window);
    }
    let inset = if width >= 60 { width / 12 } else { 1 };
    let room = width.saturating_sub(2 * inset);
    let key = theme.tint(theme.warn).patch(theme.strong());
    let blank = u16::from(height >= 20);
    let mut row = if height >= 16 { height / 8 } else { 1 };
    for line in wrap(&words::plain(&question.text), usize::from(room)) {
        pen.text(inset, row, &line, theme.strong());
        row += 1;
    }
    row += 1;
    for (place, (letter, choice)) in ('a'..='z').zip(&question.choices).enumerate() {
        let lines = wrap(&words::plain(&choice.text), usize::from(room.saturating_sub(4)).max(1));
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        pen.part(inset, row, room, rows).hit(Target::Row(place));
        pen.text(inset + 1, row, &letter.to_string(), key);
        for line in lines {
            pen.text(inset + 4, row, &line, theme.text());
            row += 1;
        }
        row += blank;
    }
    row += 1 - blank;
    let name = model.draft.as_ref().map_or("", |draft| draft.scenario().name.as_str());
    let say = format!(
        "What do you think? Press its letter: your guess is kept, and compared with what is measured. Esc runs {name} without one; --no-ask never asks."
    );
    for line in wrap(&words::plain(&say), usize::from(room)) {
        pen.text(inset, row, &line, theme.label());
        row += 1;
    }
    // What will be compared, so that there is something to guess about.
    row += 1;
    for lane in model.shown().plan().map_or(&[][..], |plan| plan.lanes.as_slice()) {
        let number = lane.id.to_string();
        let hue = theme.tint(theme.lane(lane.id.index().unwrap_or(0))).patch(theme.strong());
        let end = pen.text(inset + 1, row, &number, hue);
        let end = pen.text(end + 2, row, &lane.name, hue);
        // What a program's variant is there to show would be the answer.
        if lane.pool.program().is_none() {
            let workers = words::plural(lane.workers as usize, "worker");
            let text = format!("{}, {workers}, {}", lane.pool.name(), lane.workload.name());
            pen.text(end + 2, row, &text, theme.label());
        }
        row += 1;
    }
}
