//! What is worth telling, in words, most urgent first; and what became of the user's guess.
//!
//! Each line is a way to the panel that proves it: by a click, or by going through them with a key.

use crate::ledger::{Finding, FindingKind, Ledger};
use crate::stats::words;
use crate::view::dialogs::answer_lines;
use crate::view::hits::Target;
use crate::view::model::Model;
use crate::view::pen::{Pen, wrap};
use crate::view::theme::Theme;
use ratatui::style::Style;

/// A line: its mark where it begins something, its text, and where a click on it leads.
pub(in crate::view) struct Line {
    mark: Option<(&'static str, Style)>,
    text: String,
    target: Target,
}

/// The lines that everything takes at a width. Where `rows` are too few for all, findings of the same kind are told
/// once.
pub(in crate::view) fn lines(model: &Model, width: u16, rows: u16) -> Vec<Line> {
    let (ledger, theme) = (model.shown(), &model.theme);
    let mut begin = Vec::new();
    if let Some((is_right, text)) = answer_lines(model) {
        let colour = if is_right { theme.good } else { theme.warn };
        let mark = ("?", theme.tint(colour).patch(theme.strong()));
        wrapped(&mut begin, mark, &text, Target::Command("question"), width);
    }
    let findings = ledger.findings();
    let told = |by_kind: bool| {
        let mut lines = Vec::new();
        let mut place = 0;
        for group in findings.chunk_by(|one, next| by_kind && one.kind == next.kind && alike(&one.text, &next.text)) {
            let text = sentence(ledger, &group[0], &group[1..]);
            wrapped(&mut lines, mark(group[0].kind, theme), &text, Target::Finding(place), width);
            place += group.len();
        }
        lines
    };
    let mut all = told(false);
    if begin.len() + all.len() > usize::from(rows) {
        all = told(true);
    }
    begin.append(&mut all);
    begin
}

/// Whether two texts differ in numbers only.
fn alike(one: &str, other: &str) -> bool {
    let words = |text: &str| text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    words(one) == words(other)
}

fn wrapped(lines: &mut Vec<Line>, mark: (&'static str, Style), text: &str, target: Target, width: u16) {
    let text = words::plain(text);
    for (part, text) in wrap(&text, usize::from(width.saturating_sub(2)).max(1)).into_iter().enumerate() {
        lines.push(Line { mark: (part == 0).then_some(mark), text, target });
    }
}

fn sentence(ledger: &Ledger, finding: &Finding, alike: &[Finding]) -> String {
    let name = finding.lane.index().and_then(|index| ledger.lanes().get(index)).map_or("", |lane| lane.name());
    let others: Vec<String> = alike.iter().map(|other| other.lane.to_string()).collect();
    let more = match others.as_slice() {
        [] => String::new(),
        [one] => format!(" Likewise lane {one}."),
        [some @ .., last] => format!(" Likewise lanes {} and {last}.", some.join(", ")),
    };
    format!("Lane {} ({name}): {}{more}", finding.lane, finding.text)
}

/// How a finding is marked: what is wrong, what is remarkable, what is only told.
pub(in crate::view) fn mark(kind: FindingKind, theme: &Theme) -> (&'static str, Style) {
    match kind {
        FindingKind::Unbalanced
        | FindingKind::LaneGone
        | FindingKind::WrongResult
        | FindingKind::SilentLane
        | FindingKind::Stopped => ("✕", theme.tint(theme.bad).patch(theme.strong())),
        FindingKind::EventsDropped | FindingKind::Refused | FindingKind::Halted => {
            ("i", theme.tint(theme.accent).patch(theme.strong()))
        }
        _ => ("!", theme.tint(theme.warn).patch(theme.strong())),
    }
}

pub(in crate::view) fn draw(model: &Model, pen: &mut Pen<'_>) {
    let (ledger, theme) = (model.shown(), &model.theme);
    let lines = lines(model, pen.width(), pen.height());
    if lines.is_empty() {
        let text = if ledger.at_ns() == 0 { words::NOT_YET } else { "Nothing out of the ordinary so far." };
        pen.text(0, 0, text, theme.label());
        return;
    }
    let room = usize::from(pen.height());
    let (fits, more) = if lines.len() > room { (room.saturating_sub(1), true) } else { (lines.len(), false) };
    let width = pen.width();
    for (row, line) in (0..).zip(&lines[..fits]) {
        let mut part = pen.part(0, row, width, 1);
        part.hit(line.target);
        if let Some((sign, style)) = line.mark {
            part.text(0, 0, sign, style);
        }
        part.text(2, 0, &line.text, theme.text());
    }
    if more && room > 0 {
        let left = words::plural(lines[fits..].len(), "line");
        let key = model.key_of("finding");
        pen.text(2, fits as u16, &format!("… and {left} more: {key} goes through them all"), theme.label());
    }
}
