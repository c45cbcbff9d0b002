//! The form: every parameter of a lane, and of the run, each with what it may be.
//!
//! ```text
//! ╭─ edit lane 2: four threads ──────────────── h l change · Enter types ─╮
//! │   name       4 threads           what the lane is called              │
//! │ ▸ workers  ● 4                   how many workers it starts with      │
//! │   capacity ↻ 64                  the most tasks that may wait         │
//! │                                                                       │
//! │ 1 to 1,024, or an amount such as 2*cores                              │
//! │ ● takes effect at once · ↻ starts the run anew                        │
//! ╰───────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! A value is checked when it is entered, by the same tables that check scenario files; a wrong one changes nothing.

use super::{Dialog, first_row, motion, moved, passes, type_into, window};
use crate::scenario::Field;
use crate::stats::words;
use crate::view::actions;
use crate::view::hits::Target;
use crate::view::keys::Key;
use crate::view::message::Effects;
use crate::view::model::Model;
use crate::view::pen::{Pen, width_of, wrap};
use crate::wire::LaneId;

/// Where the form stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Form {
    selected: usize,
    /// What is being typed.
    typed: Option<String>,
    /// Why the last change was refused.
    refused: Option<String>,
}

impl Form {
    pub(super) fn select(&mut self, row: usize) {
        (self.selected, self.typed, self.refused) = (row, None, None);
    }
}

/// A row: of which lane, none for the run, and the parameter.
type Row = (Option<usize>, Field);

/// The lane's parameters, then the run's.
fn rows(model: &Model) -> Vec<Row> {
    let (Some(draft), Some(machine)) = (&model.draft, model.machine()) else { return Vec::new() };
    let lane = model.focus_index();
    let of_lane = draft.fields(Some(lane), machine).into_iter().map(|field| (Some(lane), field));
    let of_run = draft.fields(None, machine).into_iter().map(|field| (None, field));
    of_lane.chain(of_run).collect()
}

pub(super) fn press(model: &mut Model, key: Key) -> Option<Effects> {
    let Dialog::Form(form) = &model.dialog else { return None };
    let mut form = form.clone();
    let rows = rows(model);
    let Some((lane, field)) = rows.get(form.selected).or(rows.last()).cloned() else {
        model.dialog = Dialog::None;
        return Some(Effects::now());
    };
    if let Some(typed) = &mut form.typed {
        let entered = typed.clone();
        match key {
            Key::Enter => return Some(enter(model, form, lane, &field, Some(&entered))),
            Key::Esc => form.typed = None,
            key => {
                type_into(typed, key);
            }
        }
        model.dialog = Dialog::Form(form);
        return Some(Effects::now());
    }
    match key {
        Key::Esc | Key::Char('e') => model.dialog = Dialog::None,
        // Another lane, the same parameter.
        Key::Tab | Key::BackTab => return Some(actions::focus_by(model, if key == Key::Tab { 1 } else { -1 })),
        Key::Char(digit @ '1'..='9') => return Some(actions::focus_on(model, digit as usize - '1' as usize)),
        Key::Enter | Key::Char(' ') if !field.choices.is_empty() => {
            return Some(enter(model, form, lane, &field, Some(&chosen(&field, 1))));
        }
        Key::Enter => {
            (form.typed, form.refused) = (Some(field.value.clone()), None);
            model.dialog = Dialog::Form(form);
        }
        Key::Backspace => return Some(enter(model, form, lane, &field, None)),
        Key::Left | Key::Char('h' | '-') | Key::Right | Key::Char('l' | '+') => {
            let step = if matches!(key, Key::Left | Key::Char('h' | '-')) { -1 } else { 1 };
            let value = if field.choices.is_empty() { stepped(&field, step) } else { Some(chosen(&field, step)) };
            match value {
                Some(value) => return Some(enter(model, form, lane, &field, Some(&value))),
                None => {
                    form.refused = Some("Enter types a value.".to_string());
                    model.dialog = Dialog::Form(form);
                }
            }
        }
        key => match motion(key) {
            Some(motion) => {
                let selected = moved(form.selected, motion, rows.len());
                form.select(selected);
                model.dialog = Dialog::Form(form);
            }
            None => return passes(model, key, &["save"]),
        },
    }
    Some(Effects::now())
}

/// Changes the parameter; none for what holds where nothing is said.
fn enter(model: &mut Model, mut form: Form, lane: Option<usize>, field: &Field, value: Option<&str>) -> Effects {
    let changed = actions::change(model, |draft, machine| match value {
        Some(value) => draft.set(lane, &field.path, value.trim(), machine),
        None => draft.unset(lane, &field.path, machine),
    });
    let effects = match changed {
        Ok(effects) => {
            (form.typed, form.refused) = (None, None);
            effects
        }
        Err(why) => {
            form.refused = Some(why);
            Effects::now()
        }
    };
    // A kind that was changed has other parameters: the selection stays on the one that was changed.
    if let Some(place) = rows(model).iter().position(|(of, other)| *of == lane && other.path == field.path) {
        form.selected = place;
    }
    model.dialog = Dialog::Form(form);
    effects
}

/// The choice after (or before) the present one.
fn chosen(field: &Field, step: isize) -> String {
    let (number, now) = (field.choices.len(), field.choices.iter().position(|(name, _)| *name == field.value));
    let place = match now {
        Some(now) => (now + number).wrapping_add_signed(step) % number.max(1),
        None => 0,
    };
    field.choices.get(place).map_or(String::new(), |(name, _)| (*name).to_string())
}

/// The number after (or before) the present one: by one where it is small, by about a tenth where it is large.
fn stepped(field: &Field, step: isize) -> Option<String> {
    let (min, max) = field.step?;
    let now: f64 = [&field.value, &field.meaning].into_iter().find_map(|text| text.replace(',', "").parse().ok())?;
    let is_whole = now.fract() == 0.0 && min.fract() == 0.0 && max.fract() == 0.0;
    let by = match (is_whole, now.abs()) {
        (true, small) if small < 20.0 => 1.0,
        (_, size) if size > 0.0 => words::power_of_ten(size / 2.0).max(if is_whole { 1.0 } else { 1e-3 }),
        _ => 0.01,
    };
    let next = (now + by * step as f64).clamp(min, max);
    // Whole steps of what it is stepped by, so that 0.3 does not become 0.30000000000000004.
    let next = (next / by).round() * by;
    Some(if is_whole { format!("{next:.0}") } else { format!("{}", (next * 1e6).round() / 1e6) })
}

pub(super) fn draw(model: &Model, form: &Form, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let key = theme.tint(theme.warn).patch(theme.strong());
    let rows = rows(model);
    let lane = model.focus_index();
    let name = match (&model.draft, model.machine()) {
        (Some(draft), Some(machine)) => draft.lane_name(lane, machine),
        _ => String::new(),
    };
    let needed = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(7);
    let (width, height) = (pen.width().min(100), pen.height().min(needed));
    let title = format!("edit lane {}: {}", LaneId::of_index(lane), words::plain(&name));
    let mut inside = window(pen, width, height, &title, "Tab: another lane", theme);
    let width = inside.width();
    let below = 3.min(inside.height() / 3);
    let shown = usize::from(inside.height().saturating_sub(below));
    let selected = form.selected.min(rows.len().saturating_sub(1));
    let label = rows.iter().map(|(_, field)| width_of(label_of(field).1) + label_of(field).0).max();
    let label = label.unwrap_or(0).min(width / 3);
    let value_from = 2 + label + 3;
    let value_room = if width >= 70 { 26 } else { width.saturating_sub(value_from) };
    // The run's parameters have a heading of their own.
    let mut lines: Vec<Option<usize>> = Vec::new();
    for (place, (of, _)) in rows.iter().enumerate() {
        if of.is_none() && place > 0 && rows[place - 1].0.is_some() {
            lines.push(None);
        }
        lines.push(Some(place));
    }
    let at = lines.iter().position(|line| *line == Some(selected)).unwrap_or(0);
    let first = first_row(at, shown, lines.len());
    for (row, line) in (0..).zip(lines.iter().skip(first).take(shown)) {
        let mut part = inside.part(0, row, width, 1);
        let Some(place) = *line else {
            part.text(0, 0, "the run, all lanes", theme.label());
            continue;
        };
        let (_, field) = &rows[place];
        let is_selected = place == selected;
        part.hit(Target::Row(place));
        part.text(0, 0, if is_selected { "▸" } else { " " }, key);
        let (indent, shown_path) = label_of(field);
        let style = if is_selected { theme.tint(theme.accent).patch(theme.strong()) } else { theme.label() };
        part.part(2, 0, label, 1).text(indent, 0, shown_path, style);
        part.text(
            2 + label + 1,
            0,
            if field.live { "●" } else { "↻" },
            if field.live { theme.tint(theme.good) } else { theme.label() },
        );
        let mut room = part.part(value_from, 0, value_room, 1);
        match (&form.typed, is_selected) {
            (Some(typed), true) => {
                let end = room.text(0, 0, typed, theme.alarm());
                room.put(end, 0, '_', theme.label());
            }
            _ => {
                let style = if field.is_default { theme.text() } else { theme.strong() };
                let end = room.text(0, 0, &field.value, style);
                if !field.meaning.is_empty() {
                    room.text(end, 0, &format!(" = {}", field.meaning), theme.label());
                }
            }
        }
        if width >= 70 {
            part.text(value_from + value_room + 1, 0, field.help, theme.label());
        }
    }
    let Some((_, field)) = rows.get(selected) else { return };
    let said = match &form.refused {
        Some(why) => (why.clone(), theme.tint(theme.bad).patch(theme.strong())),
        None => (what_it_may_be(field), theme.text()),
    };
    let from = inside.height().saturating_sub(below) + u16::from(below > 2);
    for (row, line) in (from..).zip(wrap(&words::plain(&said.0), usize::from(width))) {
        inside.text(0, row, &line, said.1);
    }
    if form.refused.is_none() && below > 2 {
        let row = inside.height() - 1;
        inside.part(0, row, width, 1).erase();
        inside.pieces(
            0,
            row,
            &[
                ("●", theme.tint(theme.good)),
                (" takes effect at once   ", theme.label()),
                ("↻ starts the run anew   ", theme.label()),
                (&model.key_of("save"), key),
                (" saves it all as a scenario of your own", theme.label()),
            ],
        );
    }
}

/// How far a parameter's name is indented, and the name: a part of a kind stands below it.
fn label_of(field: &Field) -> (u16, &str) {
    match field.path.rsplit_once('.') {
        Some((_, last)) => (2, last),
        None => (0, &field.path),
    }
}

/// The range, or the choices with what the present one means.
fn what_it_may_be(field: &Field) -> String {
    if field.choices.is_empty() {
        return format!("{}: {}", field.path, field.range);
    }
    let names: Vec<&str> = field.choices.iter().map(|(name, _)| *name).collect();
    let now = field.choices.iter().find(|(name, _)| *name == field.value).map_or("", |(_, help)| *help);
    format!("{}: {now} (of {})", field.value, names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: &str, min: f64, max: f64) -> Field {
        Field {
            path: "x".into(),
            value: value.into(),
            meaning: String::new(),
            is_default: true,
            choices: Vec::new(),
            range: String::new(),
            help: "",
            live: false,
            step: Some((min, max)),
        }
    }

    #[test]
    fn numbers_go_by_steps_of_their_size_and_stay_in_range() {
        let up = |value, min, max| stepped(&number(value, min, max), 1).expect("a number");
        assert_eq!((up("4", 1.0, 9.0), up("9", 1.0, 9.0), up("64", 1.0, 999.0)), ("5".into(), "9".into(), "70".into()));
        assert_eq!((up("0.2", 0.0, 1.0), up("1000", 0.1, 1e7)), ("0.3".into(), "1100".into()));
        assert_eq!(stepped(&number("2*cores", 1.0, 9.0), 1), None, "not without knowing what it comes to");
    }
}
