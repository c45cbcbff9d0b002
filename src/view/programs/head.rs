//! The top line of the screens of programs: what it is, which variant, and which engine looks at it.
//!
//! ```text
//!  poolscope  Overdraft  wrong fix 1 of 2: check and act locked apart        STEP  explore  wild  operations · sc
//! ```

use super::{Engine, engine, focused, role};
use crate::explore::{Grain, Memory};
use crate::view::hits::Target;
use crate::view::model::Model;
use crate::view::panels::lines;
use crate::view::pen::{Pen, fit, width_of};
use crate::wire::Role;
use ratatui::style::{Modifier, Style};

/// How a role is drawn: what it promises.
pub(in crate::view) fn role_style(model: &Model, index: usize) -> Style {
    let theme = &model.theme;
    let program = model.programs.variants.get(index).and_then(|variant| variant.program.as_ref());
    match program.map(|program| program.role) {
        Some(Role::Broken) => theme.tint(theme.bad),
        Some(Role::WrongFix) => theme.tint(theme.warn),
        Some(Role::RightFix) => theme.tint(theme.good),
        _ => theme.label(),
    }
}

/// What counts as a step, and when writes are seen, in two words.
pub(in crate::view) fn mode_words(grain: Grain, memory: Memory) -> String {
    let grain = match grain {
        Grain::Operation => "operations",
        Grain::Statement => "statements",
    };
    let memory = match memory {
        Memory::Sc => "sc",
        Memory::Tso => "tso",
    };
    format!("{grain} · {memory}")
}

pub(in crate::view) fn draw(model: &Model, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let width = pen.width();
    let now = engine(model).unwrap_or_default();
    // From the right: what must be known, then the engines.
    let alarms = lines::alarms(model, now == Engine::Wild);
    let alarms_width: u16 = alarms.iter().map(|(text, _)| width_of(text)).sum();
    let mode = focused(model).filter(|_| now != Engine::Wild).map(|(index, _)| {
        let (grain, memory) = model.programs.mode(index);
        mode_words(grain, memory)
    });
    let mode = mode.filter(|_| width >= 96).unwrap_or_default();
    let tabs: u16 = Engine::ALL.iter().map(|engine| width_of(engine.name()) + 2).sum();
    let right = (tabs + width_of(&mode) + u16::from(!mode.is_empty()) + alarms_width + 1).min(width);
    let mut column = width - right;
    for (place, one) in Engine::ALL.into_iter().enumerate() {
        let (text, style) = if one == now {
            let tint = theme.tint(theme.accent).add_modifier(Modifier::REVERSED | Modifier::BOLD);
            (format!(" {} ", one.name().to_uppercase()), tint)
        } else {
            (format!(" {} ", one.name()), theme.label())
        };
        pen.part(column, 0, width_of(&text), 1).hit(Target::Engine(place));
        column = pen.text(column, 0, &text, style);
    }
    if !mode.is_empty() {
        column = pen.text(column + 1, 0, &mode, theme.tint(theme.warn));
    }
    column += 1;
    for (text, style) in &alarms {
        column = pen.text(column, 0, text, *style);
    }
    // From the left: whose screen this is, as far as there is room.
    let mut left = pen.part(0, 0, width.saturating_sub(right + 1), 1);
    let title = model.shown().plan().map_or(model.title.as_str(), |plan| plan.title.as_str());
    let index = model.focus_index();
    let role = role(&model.programs, index);
    let name = model.shown().lanes().get(index).map_or("", |lane| lane.name());
    let variant = match (role.is_empty(), name.is_empty()) {
        // What it is there to show would answer the question.
        _ if model.asking => String::new(),
        // A program of somebody's own is a scenario of one lane, called the same.
        (true, _) if name == title => String::new(),
        (true, _) => name.to_string(),
        (false, true) => role.clone(),
        (false, false) => format!("{role}: {name}"),
    };
    let room = left.width();
    let mut column = 1;
    if room >= 15 + width_of(title) + width_of(&variant) {
        column = left.text(column, 0, "poolscope", theme.tint(theme.accent).patch(theme.strong())) + 2;
    }
    if room > column + width_of(title) + 12 {
        column = left.text(column, 0, title, theme.strong()) + 2;
    }
    let shown = fit(&variant, usize::from(room.saturating_sub(column)));
    left.text(column, 0, &shown, role_style(model, index));
}
