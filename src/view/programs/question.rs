//! The guess beside the fact: what the user thought, and what the explorer has found.

use super::outcomes::Table;
use super::{Explored, focused, role};
use crate::explore::{Grain, Memory};
use crate::stats::words;
use crate::view::model::Model;
use crate::view::pen::wrap;
use crate::wire::Role;
use ratatui::style::Style;

/// The lines that belong below everything: a piece of text with its style, wrapped to a width.
pub(in crate::view) fn lines(model: &Model, width: u16) -> Vec<(String, Style)> {
    let theme = &model.theme;
    let mut lines = Vec::new();
    let mut add = |text: &str, style: Style| {
        for line in wrap(&words::plain(text), usize::from(width).max(1)) {
            lines.push((line, style));
        }
    };
    let question = model.draft.as_ref().and_then(|draft| draft.scenario().question.clone());
    let question = question.or_else(|| model.shown().plan().and_then(|plan| plan.question.clone()));
    let key = model.key_of("question");
    let guess = model.guess.as_ref().map(|(guess, _)| guess);
    if let (Some(question), Some(guess)) = (&question, guess) {
        let chosen = question.choices.get(guess.choice);
        let right = question.choices.iter().find(|choice| choice.right);
        let (text, style) = match (is_known(model), chosen, right) {
            (true, Some(chosen), _) if guess.right => {
                (format!("You guessed right: “{}”. {key} tells why.", chosen.text), theme.tint(theme.good))
            }
            (true, Some(chosen), Some(right)) => {
                let text = format!("You guessed “{}”. Rather: “{}”. {key} tells why.", chosen.text, right.text);
                (text, theme.tint(theme.warn))
            }
            (_, Some(chosen), _) => (format!("You guessed “{}”.", chosen.text), theme.text()),
            _ => (String::new(), theme.text()),
        };
        add(&text, style);
    } else if let Some(question) = &question {
        add(&format!("{} ({key} shows the choices)", question.text), theme.text());
    }
    if let Some((text, style)) = fact(model) {
        add(&text, style);
    }
    lines
}

/// Whether what the first variant can do is known: before, nothing gives the answer away.
pub(in crate::view) fn is_known(model: &Model) -> bool {
    let programs = &model.programs;
    (0..programs.variants.len())
        .any(|index| matches!(programs.variants[index].explored(programs.mode(index)), Some(Explored::Report(_))))
}

/// What is known of this variant, and which key proves it.
fn fact(model: &Model) -> Option<(String, Style)> {
    let theme = &model.theme;
    let (index, _) = focused(model)?;
    let table = Table::of(model, index, model.programs.mode(index))?;
    if !table.complete {
        return None;
    }
    let role = role(&model.programs, index);
    let what = match role.as_str() {
        "" => "This program".to_string(),
        "broken" => "The broken variant".to_string(),
        role => format!("The {role}"),
    };
    // A program of somebody's own says nothing of how it should end.
    let program = model.programs.variants.get(index).and_then(|variant| variant.program.as_ref());
    let claims_nothing = program.is_some_and(|program| {
        program.role == Role::Open && program.acceptable.iter().all(|pattern| pattern.values.is_empty())
    });
    let failing = table.failing.replacen("The only", "the only", 1);
    let key = model.key_of("to-failure");
    // What holds where statements are steps, or writes are seen at once, need not hold for real threads.
    let (grain, memory) = model.programs.mode(index);
    let assumed = match (grain, memory) {
        (Grain::Statement, _) => ", if whole statements were steps",
        (_, Memory::Tso) => ", with store buffers",
        _ => "",
    };
    Some(if table.any_forbidden {
        let text = format!("{what}, explored{assumed}: {failing}. {key} goes to the shortest one that does.");
        (text, theme.tint(theme.bad))
    } else if claims_nothing && table.rows.len() > 1 {
        let text = format!(
            "{what}, explored{assumed}: {failing} by itself, and nothing says which of its {} endings are right.",
            table.rows.len()
        );
        (text, theme.text())
    } else {
        (format!("{what}, explored{assumed}: {failing}: it cannot go wrong."), theme.tint(theme.good))
    })
}
