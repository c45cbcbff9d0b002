//! What is worth telling, in words, most urgent first.

use crate::ledger::{Finding, FindingKind, Ledger};
use crate::stats::words;
use crate::view::pen::{Pen, wrap};
use crate::view::theme::Theme;
use ratatui::style::Style;

/// The lines that all findings take at a width, each with its mark. Where `rows` are too few for all, findings of the
/// same kind are told once.
pub(in crate::view) fn lines(ledger: &Ledger, width: u16, rows: u16) -> Vec<(Option<FindingKind>, String)> {
    let findings = ledger.findings();
    let each = findings.iter().map(|finding| (finding.kind, sentence(ledger, finding, &[])));
    let all = wrapped(each, width);
    if all.len() <= usize::from(rows) {
        return all;
    }
    let by_kind = findings.chunk_by(|one, next| one.kind == next.kind && alike(&one.text, &next.text));
    wrapped(by_kind.map(|alike| (alike[0].kind, sentence(ledger, &alike[0], &alike[1..]))), width)
}

/// Whether two texts differ in numbers only.
fn alike(one: &str, other: &str) -> bool {
    let words = |text: &str| text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    words(one) == words(other)
}

fn wrapped(texts: impl Iterator<Item = (FindingKind, String)>, width: u16) -> Vec<(Option<FindingKind>, String)> {
    let mut lines = Vec::new();
    for (kind, text) in texts {
        let text = words::plain(&text);
        for (part, line) in wrap(&text, usize::from(width.saturating_sub(2)).max(1)).into_iter().enumerate() {
            lines.push(((part == 0).then_some(kind), line));
        }
    }
    lines
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
fn mark(kind: FindingKind, theme: &Theme) -> (&'static str, Style) {
    match kind {
        FindingKind::Unbalanced | FindingKind::LaneGone | FindingKind::WrongResult | FindingKind::SilentLane => {
            ("✕", theme.tint(theme.bad).patch(theme.strong()))
        }
        FindingKind::EventsDropped | FindingKind::Refused | FindingKind::Halted => {
            ("i", theme.tint(theme.accent).patch(theme.strong()))
        }
        _ => ("!", theme.tint(theme.warn).patch(theme.strong())),
    }
}

pub(in crate::view) fn draw(ledger: &Ledger, theme: &Theme, pen: &mut Pen<'_>) {
    let lines = lines(ledger, pen.width(), pen.height());
    if lines.is_empty() {
        let text = if ledger.at_ns() == 0 { words::NOT_YET } else { "Nothing out of the ordinary so far." };
        pen.text(0, 0, text, theme.label());
        return;
    }
    let room = usize::from(pen.height());
    let (fits, more) = if lines.len() > room { (room.saturating_sub(1), true) } else { (lines.len(), false) };
    for (row, (kind, line)) in (0..).zip(&lines[..fits]) {
        if let Some(kind) = kind {
            let (sign, style) = mark(*kind, theme);
            pen.text(0, row, sign, style);
        }
        pen.text(2, row, line, theme.text());
    }
    if more && room > 0 {
        let left = lines[fits..].len();
        let text = format!("… and {} more; a taller terminal shows them", words::plural(left, "line"));
        pen.text(2, fits as u16, &text, theme.label());
    }
}
