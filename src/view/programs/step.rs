//! STEP: you are the scheduler.
//!
//! ```text
//! ─ withdraw.py ───────────── operations ─  ─ shared data ───────────────────────
//!  16      if enough:                        balance  100   protected by lock …
//!  17 B▸       with lock:                    lock     held by A since step 7
//!  18 A▸           balance -= amount        ─ how it can end ──── 3 of 6 fail ──
//! 1 A  ▸ writes 20 to balance                ✓ balance=20    3 ██████  50 %
//! 2 B  cannot move: waits for lock           ✕ balance=-60   3 ██████  50 %
//! ─ schedule ──────────────────── step 8 · 2 switches · overdraft.2#1.1.1.2.2.2.1.1 ─
//! A  takes lock  reads balance …                                       ◆ you are here
//! B                              takes lock …
//! ─ question ───────────────────────────────────────────────────────────────────
//! ```

use super::challenges;
use super::circle::{self, Graph};
use super::code::{self, Marks};
use super::outcomes::{self, Table};
use super::{Mode, Variant, cures, data, focused, head, question, schedule, short_string, threads};
use crate::explore::Position;
use crate::stats::words;
use crate::view::model::Model;
use crate::view::pace::Pace;
use crate::view::pen::{Pen, fit, width_of, wrap};
use crate::view::theme::ThemeName;

/// Two columns from this width on.
const TWO_COLUMNS: u16 = 72;
/// Boxes from here on, as everywhere.
const BOXED_FROM: (u16, u16) = (100, 26);

/// Whether a closed circle stands out right now: it flashes as the clock of the run goes on, and is still where nothing
/// may move or no colour would show it.
pub(in crate::view) fn flash(model: &Model) -> bool {
    const HALF_NS: u64 = 600_000_000;
    model.pace == Pace::Eco || model.theme.name == ThemeName::Mono || (model.ledger.at_ns() / HALF_NS).is_multiple_of(2)
}

/// The key that takes the cure, where there is one.
pub(in crate::view) fn cure_key(model: &Model) -> Option<String> {
    let others = cures(&model.programs).into_iter().any(|index| index != model.focus_index());
    others.then(|| model.key_of("cure"))
}

pub(in crate::view) fn draw(model: &Model, pen: &mut Pen<'_>) -> Vec<&'static str> {
    let Some((index, variant)) = focused(model) else { return Vec::new() };
    let (width, height) = (pen.width(), pen.height());
    let mode = model.programs.mode(index);
    let boxed = width >= BOXED_FROM.0 && height >= BOXED_FROM.1;
    let edges = if boxed { 2 } else { 1 };
    let shown = variant.journey(mode).and_then(|journey| journey.shown());
    let position = shown.map(|(position, _)| position);
    let mut hidden = Vec::new();
    let mut left = height;

    // From below: the guess and the fact, then the schedule; the rest is the program's.
    let inside = width.saturating_sub(if boxed { 4 } else { 0 });
    let asked = question::lines(model, inside);
    let mut question_rows = 0;
    // Where somebody waits for ever and rows are few, that is what there is to say.
    let graph = position.map(|position| Graph::of_position(position, None));
    let stands_still = graph.is_some_and(|graph| graph.is_closed() || graph.is_still());
    if !asked.is_empty() && left >= if stands_still { 24 } else { 17 } {
        let most = (left / 7).max(1);
        question_rows = (asked.len() as u16).min(most) + edges;
        left -= question_rows;
    } else if !asked.is_empty() {
        hidden.push("question");
    }
    let mut schedule_rows = 0;
    if left >= 12 {
        let wanted = variant.journey(mode).map_or(3, |journey| schedule::rows_wanted(position, journey));
        // A blank row between lanes where there is plenty.
        let aired = if left >= 36 { 2 * wanted } else { wanted };
        schedule_rows = aired.min((left / 4).max(2)) + edges;
        left -= schedule_rows;
    } else {
        hidden.push("schedule");
    }
    let two = width >= TWO_COLUMNS;
    let (source_width, right_width) = if two {
        let source = (u32::from(width) * 47 / 100) as u16;
        (source, width - source - u16::from(!boxed))
    } else {
        (width, width)
    };
    let mut top = left;
    if !two {
        // One column: the program first, then as much of the data as there is room for.
        let below = if left >= 12 { left / 3 } else { 0 };
        top = left - below;
        if below > 0 {
            draw_right(model, (index, variant, mode), boxed, &mut hidden, &mut pen.part(0, top, width, below));
        } else {
            hidden.extend(["data", "endings"]);
        }
    } else {
        let from = width - right_width;
        draw_right(model, (index, variant, mode), boxed, &mut hidden, &mut pen.part(from, 0, right_width, left));
    }
    draw_program(model, (index, variant, mode), boxed, &mut pen.part(0, 0, source_width, top));
    if schedule_rows > 0 {
        draw_schedule(model, (index, variant, mode), boxed, &mut pen.part(0, left, width, schedule_rows));
    }
    if question_rows > 0 {
        let mut part = pen.part(0, left + schedule_rows, width, question_rows);
        let title = if model.guess.is_some() { "your guess, and the fact" } else { "question" };
        let mut inside = part.panel(&[(title, model.theme.strong())], "", model.theme.label(), boxed);
        // The fact comes last, and must be there.
        let skipped = asked.len().saturating_sub(usize::from(inside.height()));
        for (row, (line, style)) in (0..).zip(asked.iter().skip(skipped)) {
            inside.text(0, row, line, *style);
        }
    }
    hidden
}

/// The source, and below it what each thread could do next.
fn draw_program(model: &Model, (index, variant, mode): (usize, &Variant, Mode), boxed: bool, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let Some(program) = &variant.program else { return };
    let journey = variant.journey(mode);
    let shown = journey.and_then(|journey| journey.shown());
    let (grain_and_memory, _) = (head::mode_words(mode.0, mode.1), index);
    let mut part = pen.part(0, 0, pen.width(), pen.height());
    let title = fit(&words::plain(&program.program), usize::from(part.width() / 2));
    let mut inside = part.panel(&[(&title, theme.strong())], &grain_and_memory, theme.label(), boxed);
    let (width, height) = (inside.width(), inside.height());
    let Some((journey, (position, is_current))) = journey.zip(shown) else {
        let (lines, style) = match journey.and_then(|journey| journey.refused()) {
            Some(why) => (why.lines().map(str::to_string).collect(), theme.tint(theme.bad)),
            None => (vec!["Asking the explorer where it begins …".to_string()], theme.label()),
        };
        let rows = u16::try_from(lines.len()).unwrap_or(1).min(height);
        code::draw(&program.text, None, &Marks::default(), theme, &mut inside.part(0, 0, width, height - rows));
        for (row, line) in (height - rows..).zip(&lines) {
            inside.text(0, row, line, style);
        }
        return;
    };
    let lines = threads::lines(journey, position, theme);
    let over = ended_lines(position, variant.program.as_ref(), theme, width);
    let over_rows = u16::try_from(over.len()).unwrap_or(0).min(height / 3);
    let most = (height / 2).saturating_sub(over_rows).max(1).min(height);
    let wanted = threads::rows_wanted(&lines, width);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let next_rows = if wanted <= most.min(height * 2 / 5) { wanted } else { rows.min(most) };
    let source_rows = height.saturating_sub(next_rows + over_rows);
    let stepped = journey.here().checked_sub(1).and_then(|place| journey.steps().get(place)).map(|step| step.line);
    let marks = Marks { wanted: variant.line, told: Vec::new(), stepped };
    code::draw(&program.text, Some(position), &marks, theme, &mut inside.part(0, 0, width, source_rows));
    for (row, (line, style)) in (source_rows..).zip(over.iter().take(usize::from(over_rows))) {
        inside.text(0, row, line, *style);
    }
    let mut next = inside.part(0, source_rows + over_rows, width, next_rows);
    threads::draw(&lines, position, &mut next);
    if !is_current {
        // What is shown is where it stood before: it must not be taken for where it stands.
        next.fade(theme.label());
    }
}

/// How it ended, where it has; and what went wrong on the way, in words.
fn ended_lines(
    position: &Position,
    program: Option<&crate::wire::ProgramPlan>,
    theme: &crate::view::theme::Theme,
    width: u16,
) -> Vec<(String, ratatui::style::Style)> {
    let mut lines = Vec::new();
    let mut add = |text: &str, style: ratatui::style::Style| {
        let told = wrap(&words::plain(text), usize::from(width).max(1));
        lines.extend(told.into_iter().take(3).map(|line| (line, style)));
    };
    if let Some(caveat) = &position.caveat {
        add(caveat, theme.tint(theme.warn));
    }
    match &position.ended {
        // Who waits for whom is drawn beside it.
        Some(ended) if ended.kind == crate::explore::Kind::Deadlock => {
            add("It is over: nobody can move any more.", theme.strong());
        }
        Some(ended) => {
            add(&format!("It is over: {}.", outcomes::label_of_ending(&ended.ending(), program)), theme.strong());
            add(&position.text, theme.tint(theme.warn));
        }
        None => add(&position.text, theme.tint(theme.warn)),
    }
    lines
}

/// Shared data; how it can end; who waits for whom.
fn draw_right(
    model: &Model,
    (index, variant, mode): (usize, &Variant, Mode),
    boxed: bool,
    hidden: &mut Vec<&'static str>,
    pen: &mut Pen<'_>,
) {
    let theme = &model.theme;
    let (width, height) = (pen.width(), pen.height());
    let edges = if boxed { 2 } else { 1 };
    let inset = if boxed { 4 } else { 0 };
    let position = variant.journey(mode).and_then(|journey| journey.shown()).map(|(position, _)| position);
    let data = position.map_or(Vec::new(), |position| data::lines(position, theme, width.saturating_sub(inset)));
    let graph = position.map(|position| Graph::of_position(position, variant.report(mode)));
    let graph = graph.filter(Graph::is_worth_drawing);
    let table = Table::of(model, index, mode);
    let not_known = outcomes::not_known(model, index, mode);
    // How many rows each would like.
    let wants_data = (data.len() as u16).max(1) + edges;
    let has_cure = cure_key(model).is_some();
    let wants_graph = graph.as_ref().map_or(0, |graph| {
        let has_cure = has_cure && (graph.is_closed() || graph.is_still());
        circle::rows_wanted(graph, width.saturating_sub(inset), has_cure) + edges
    });
    let wants_table = match &table {
        Some(table) if not_known.is_none() => (table.rows.len() + table.unlisted.len()) as u16 + 1 + edges,
        _ => 2 + edges,
    };
    let mut left = height;
    let graph_first = graph.as_ref().is_some_and(|graph| graph.is_closed() || graph.is_still());
    // The least of each: a circle that has closed is what there is to see.
    let mut data_rows = wants_data.min(left / 2).max(left.min(2));
    left -= data_rows;
    let (mut table_rows, mut graph_rows) = (0, 0);
    if graph_first || (wants_graph > 0 && left >= wants_graph + wants_table.min(4)) {
        graph_rows = wants_graph.min(left);
        left -= graph_rows;
    }
    if left >= 2 + u16::from(boxed) {
        table_rows = wants_table.min(left);
        left -= table_rows;
    } else {
        hidden.push("endings");
    }
    let more = wants_data.saturating_sub(data_rows).min(left);
    data_rows += more;
    left -= more;
    // What is left over goes to the last one: its text is the longest.
    if table_rows > 0 {
        table_rows += left;
    } else {
        data_rows += left;
    }
    let mut part = pen.part(0, 0, width, data_rows);
    let mut inside = part.panel(&[("shared data", theme.strong())], "", theme.label(), boxed);
    data::draw(&data, theme, &mut inside);
    let mut row = data_rows;
    if let Some(graph) = graph.filter(|_| graph_rows > 0) {
        let mut part = pen.part(0, row, width, graph_rows);
        let (title, style) = if graph.is_closed() {
            (" DEADLOCK ", theme.alarm())
        } else if graph.is_still() {
            (" STANDSTILL ", theme.alarm())
        } else {
            ("who waits for whom", theme.strong())
        };
        let right = if graph.is_closed() { "active: it is closed" } else { "" };
        let mut inside = part.panel(&[(title, style)], right, theme.label(), boxed);
        let cure = cure_key(model).filter(|_| graph.is_closed() || graph.is_still());
        circle::draw(&graph, flash(model), cure.as_deref(), theme, &mut inside);
        row += graph_rows;
    }
    if table_rows > 0 {
        draw_table(model, (index, variant, mode), table.as_ref(), boxed, &mut pen.part(0, row, width, table_rows));
    }
}

/// How it can end, and below it, where there is room, the marked way told and the challenges.
fn draw_table(
    model: &Model,
    (index, variant, mode): (usize, &Variant, Mode),
    table: Option<&Table>,
    boxed: bool,
    pen: &mut Pen<'_>,
) {
    let theme = &model.theme;
    let right = table.map_or(String::new(), |table| {
        let wild =
            if table.wild > 0 { format!(" · wild {} runs", words::count_short(table.wild)) } else { String::new() };
        format!("{}{wild}", table.failing.to_lowercase())
    });
    let short = || table.map_or(String::new(), |table| table.failing.to_lowercase());
    let short = [right, short(), short().replace(" schedules fail", " fail").replace(" schedule fails", " fails")];
    let right = short.into_iter().find(|text| width_of(text) + 22 <= pen.width()).unwrap_or_default();
    let mut inside = pen.panel(&[("how it can end", theme.strong())], &right, theme.label(), boxed);
    let (width, height) = (inside.width(), inside.height());
    if let Some((lines, style)) = outcomes::not_known(model, index, mode) {
        outcomes::draw_lines(&lines, style, &mut inside);
        return;
    }
    let Some(table) = table else { return };
    let marked = variant.marked.min(table.rows.len().saturating_sub(1));
    let rows = ((table.rows.len() + table.unlisted.len() + usize::from(table.unended > 0)) as u16 + 1).min(height);
    outcomes::draw(table, Some(marked), theme, &mut inside.part(0, 0, width, rows));
    let key = theme.tint(theme.warn).patch(theme.strong());
    let mut row = rows + 1;
    let about = variant.program.as_ref().map_or("", |program| program.about.as_str());
    let about = wrap(&words::plain(about), usize::from(width).max(1));
    if height > row + about.len() as u16 + 2 {
        for line in &about {
            inside.text(0, row, line, theme.text());
            row += 1;
        }
        row += u16::from(!about.is_empty());
    }
    if height > row {
        let end = inside.text(0, row, &model.key_of("open"), key);
        inside.text(end + 1, row, "opens the shortest schedule to the marked ending", theme.label());
        row += 2;
    }
    for challenge in challenges::of(model, index) {
        if row >= height {
            break;
        }
        let (is_met, text) = challenges::line(model, index, &challenge);
        let (sign, style) =
            if is_met { ("✓", theme.tint(theme.good).patch(theme.strong())) } else { ("○", theme.label()) };
        inside.text(0, row, sign, style);
        let lines = wrap(&words::plain(&text), usize::from(width.saturating_sub(2)).max(1));
        for line in lines {
            inside.text(2, row, &line, if is_met { theme.label() } else { theme.text() });
            row += 1;
        }
    }
    // Where there is room left, how the marked ending comes about.
    let Some(one) = table.rows.get(marked).filter(|_| height > row + 4) else { return };
    inside.text(0, row + 1, "the shortest way to the marked ending", theme.label());
    outcomes::draw_told(one, theme, &mut inside.part(0, row + 2, width, height - row - 2));
}

fn draw_schedule(model: &Model, (index, variant, mode): (usize, &Variant, Mode), boxed: bool, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let Some(journey) = variant.journey(mode) else { return };
    let switches = journey.switches();
    let steps = match journey.len() {
        length if length == journey.here() => format!("step {length}"),
        length => format!("step {} of {length}", journey.here()),
    };
    let switches = challenges::switches_of(switches);
    let name = short_string(model, index, &journey.schedule());
    // The end of a long one tells where it stands.
    let room = usize::from(pen.width()).saturating_sub(40).max(10);
    let name = if name.chars().count() > room {
        let (head, schedule) = name.split_once('#').unwrap_or((&name, ""));
        let kept = room.saturating_sub(head.chars().count() + 2);
        let skip = schedule.chars().count().saturating_sub(kept);
        format!("{head}#…{}", schedule.chars().skip(skip).collect::<String>())
    } else {
        name
    };
    let right = format!("{steps} · {switches} · {name}");
    let right = if width_of(&right) + 16 > pen.width() { format!("{steps} · {}", fit(&name, 40)) } else { right };
    let mut inside = pen.panel(&[("schedule", theme.strong())], &right, theme.label(), boxed);
    let position = journey.shown().map(|(position, _)| position);
    if journey.len() == 0 && journey.ghost().is_none() {
        let text = "Nothing has happened yet. Press the number of a thread: it takes its next step.";
        inside.text(0, 0, text, theme.label());
        return;
    }
    schedule::draw(journey, position, theme, &mut inside);
}
