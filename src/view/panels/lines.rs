//! The single lines at the top and at the bottom: what runs, which keys there are, what poolscope itself costs.

use crate::ledger::Activity;
use crate::stats::words;
use crate::view::commands::{COMMANDS, Command};
use crate::view::dialogs;
use crate::view::hits::Target;
use crate::view::model::Model;
use crate::view::pace::Pace;
use crate::view::pen::{Pen, fit, width_of, wrap};
use crate::view::theme;
use crate::view::zooming;
use crate::wire::Mode;
use ratatui::style::Style;

/// ` poolscope  Threads or processes?  cpu/threads-or-processes · seed 7      turns 500 ms ▸ lane 2  00:42 `
pub(in crate::view) fn header(model: &Model, pen: &mut Pen<'_>) {
    let (ledger, theme) = (model.shown(), &model.theme);
    let mut right = header_right(model);
    let width_of_all = |right: &[(String, Style)]| right.iter().map(|(text, _)| width_of(text)).sum::<u16>() + 1;
    // Whose turn it is and how long turns are give way to the title; alarms and the time do not.
    let title = ledger.plan().map_or(&model.title, |plan| &plan.title);
    while right.len() > 1 && right[0].1 != theme.alarm() && width_of(title) + 15 + width_of_all(&right) > pen.width() {
        right.remove(0);
    }
    let right_width = width_of_all(&right);
    let left_room = pen.width().saturating_sub(right_width + 2);
    let mut left = pen.part(0, 0, left_room, 1);
    let mut column = left.text(1, 0, "poolscope", theme.tint(theme.accent).patch(theme.strong()));
    match ledger.plan() {
        Some(plan) => {
            column = left.text(column + 2, 0, &plan.title, theme.strong());
            let more = format!("{} · seed {}", plan.scenario, plan.seed);
            if column + 2 + width_of(&more) <= left.width() {
                left.text(column + 2, 0, &more, theme.label());
            }
        }
        None => {
            column = left.text(column + 2, 0, &model.title, theme.strong());
            left.text(column + 2, 0, "waiting for the first frame …", theme.label());
        }
    }
    let mut column = pen.width().saturating_sub(right_width);
    for (text, style) in &right {
        column = pen.text(column, 0, text, *style);
    }
}

/// What must be known wherever somebody looks; where it runs, the time as well.
pub(in crate::view) fn alarms(model: &Model, with_time: bool) -> Vec<(String, Style)> {
    let mut parts = header_right(model);
    let mode = usize::from(model.shown().plan().is_some());
    let turns = model.shown().plan().is_some_and(|plan| matches!(plan.mode, Mode::Turns { .. }));
    parts.drain(..mode + usize::from(turns));
    if !with_time {
        parts.pop();
    }
    parts
}

fn header_right(model: &Model) -> Vec<(String, Style)> {
    let (ledger, theme) = (model.shown(), &model.theme);
    let mut parts = Vec::new();
    if let Some(plan) = ledger.plan() {
        match plan.mode {
            Mode::Turns { slice_ms } => {
                parts.push((format!("turns of {slice_ms} ms "), theme.label()));
                // As wide for every lane, so that nothing moves when turns change.
                let turn = ledger
                    .running()
                    .filter(|_| !model.paused)
                    .map_or("         ".to_string(), |lane| format!("● lane {lane} "));
                parts.push((turn, theme.tint(theme.good)));
            }
            // Where the kernel divides by session first, each lane gets the same share of the cores, however many
            // workers it has: who reads "together" must know that.
            Mode::Together if plan.machine.autogroup == Some(true) => {
                parts.push(("together, same CPU share for each lane ".to_string(), theme.label()));
            }
            Mode::Together => parts.push(("together ".to_string(), theme.label())),
            Mode::Cores => parts.push(("cores of their own ".to_string(), theme.label())),
        }
    }
    if model.recording_to.is_some() {
        parts.push(("● REC".to_string(), theme.tint(theme.bad).patch(theme.strong())));
        parts.push((" ".to_string(), theme.text()));
    }
    if model.paused {
        parts.push((" PAUSED ".to_string(), theme.alarm()));
        parts.push((" ".to_string(), theme.text()));
    }
    if model.frozen.is_some() {
        parts.push((" FROZEN ".to_string(), theme.alarm()));
        parts.push((" ".to_string(), theme.text()));
    }
    if ledger.has_ended() || model.source_gone {
        parts.push((" ENDED ".to_string(), theme.alarm()));
        parts.push((" ".to_string(), theme.text()));
    }
    parts.push((words::elapsed(ledger.at_ns()), theme.strong()));
    parts
}

/// The keys, as many as there is room for; or what was last said to the user.
pub(in crate::view) fn hints(model: &Model, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let (width, rows) = (pen.width(), pen.height());
    let said = u16::from(model.status.is_some());
    if let Some(status) = &model.status {
        pen.text(1, 0, status, theme.tint(theme.warn).patch(theme.strong()));
        if rows < 2 {
            return;
        }
    }
    // What was said takes the first row; the keys that there is room for stay in the others.
    let pen = &mut pen.part(0, said, width, rows - said);
    let key = theme.tint(theme.warn).patch(theme.strong());
    let mut column = 1;
    let of_dialog = dialogs::hints(&model.dialog);
    let own = of_dialog.or_else(|| model.zoom.as_ref().map(zooming::hints)).unwrap_or_default();
    for (shown, hint) in own {
        column = pen.text(column, 0, shown, key);
        column = pen.text(column + 1, 0, hint, theme.label()) + 2;
    }
    if of_dialog.is_some() {
        return;
    }
    // The way to everything else stays in sight, however little room there is.
    let always = ["help", "commands"];
    let of = |command: &'static Command| (command, command.hint_now(model), model.keymap.shown(command));
    let is_shown = |(command, hint, shown): &(&Command, &str, String)| {
        command.holds(model) && !hint.is_empty() && !shown.is_empty() && !always.contains(&command.name)
    };
    let shown: Vec<_> = COMMANDS.iter().map(of).filter(is_shown).collect();
    let last: Vec<_> = COMMANDS.iter().filter(|command| always.contains(&command.name)).map(of).collect();
    let width = |group: &[(&Command, &str, String)]| {
        let keys: u16 = group.iter().map(|(_, _, shown)| width_of(shown) + 1).sum();
        keys + group.first().map_or(0, |(_, hint, _)| width_of(hint))
    };
    let kept: u16 = last.chunks(1).map(|group| width(group) + 2).sum();
    // Neighbours with the same hint share it.
    let groups = shown.chunk_by(|one, next| one.1 == next.1);
    let (columns, rows) = (model.size().0, pen.height());
    let mut draw = |group: &[(&'static Command, &str, String)], column: u16, row: u16| {
        let mut end = column;
        for (command, _, shown) in group {
            pen.part(end, row, width_of(shown) + 1, 1).hit(Target::Command(command.name));
            end = pen.text(end, row, shown, key) + 1;
        }
        let Some((command, hint, _)) = group.first() else { return end };
        pen.part(end, row, width_of(hint), 1).hit(Target::Command(command.name));
        pen.text(end, row, hint, theme.label()) + 2
    };
    let mut row = 0;
    for group in groups {
        let room = columns.saturating_sub(if row + 1 >= rows { kept } else { 0 });
        if column + width(group) > room {
            if row + 1 >= rows {
                break;
            }
            (row, column) = (row + 1, 1);
        }
        column = draw(group, column, row);
    }
    for one in last.chunks(1) {
        if column + width(one) > columns && row + 1 < rows {
            (row, column) = (row + 1, 1);
        }
        column = draw(one, column, row);
    }
}

/// Where a recording is, and how fast it plays: ` 00:02 ━━━━━━━━●──────── 00:05  ×1 `. A click goes there.
pub(in crate::view) fn scrub(model: &Model, pen: &mut Pen<'_>) {
    let (Some(player), theme) = (&model.player, &model.theme) else { return };
    let at_ns = player.seeking_ns.unwrap_or(model.ledger().at_ns()).min(player.end_ns);
    let end = pen.text(1, 0, &words::elapsed(at_ns), theme.strong());
    let speed =
        if player.speed >= 1.0 { format!("×{:.0}", player.speed) } else { format!("×1/{:.0}", 1.0 / player.speed) };
    let right = format!(" {}  {speed} ", words::elapsed(player.end_ns));
    let length = pen.width().saturating_sub(end + 1 + width_of(&right));
    let share = at_ns as f64 / player.end_ns.max(1) as f64;
    let place = (share * f64::from(length.saturating_sub(1))).round() as u16;
    let mut line = pen.part(end + 1, 0, length, 1);
    line.hit(Target::Scrub);
    line.line(0, 0, length, '─', theme.label());
    line.line(0, 0, place, '━', theme.tint(theme.accent));
    line.put(place, 0, '●', theme.tint(theme.accent).patch(theme.strong()));
    pen.text_right(end + 1, 0, &right, theme.label());
}

/// What poolscope itself costs, and what did not fit on the screen.
pub(in crate::view) fn own_cost(model: &Model, hidden: &[String], pen: &mut Pen<'_>) {
    let (theme, cost) = (&model.theme, &model.cost);
    let cpu = match (cost.cpu_share, cost.cpu_is_told) {
        (Some(share), _) => format!("{} of a core", words::percent(share)),
        (None, Some(false)) => format!("CPU {}", words::NOT_AVAILABLE),
        (None, _) => format!("CPU {}", words::NOT_YET),
    };
    let output = match (cost.bytes_per_s, cost.screens_per_s) {
        (Some(bytes), Some(screens)) => {
            format!("{}/s · {}/s", words::bytes(bytes as u64), words::plural(screens.round() as usize, "screen"))
        }
        _ => words::NOT_YET.to_string(),
    };
    let mut parts = vec![format!("own {cpu}"), output];
    if model.pace != Pace::Full {
        parts.insert(0, model.pace.to_string());
    }
    if let Some(times) = model.slow_link {
        parts.insert(0, format!("slow link: one screen in {times}"));
    }
    parts.extend(cost_of_measuring(model));
    let troubles = troubles(model);
    let (right, style) = match (troubles.is_empty(), hidden.is_empty()) {
        (false, _) => (format!(" {}", troubles.join(" · ")), theme.alarm()),
        (true, false) => (no_room_for(hidden, pen.width()), theme.tint(theme.warn)),
        (true, true) => ("nothing dropped".to_string(), theme.label()),
    };
    let right = fit(&words::plain(&right), usize::from(pen.width().saturating_sub(2)));
    let room = pen.width().saturating_sub(width_of(&right) + 3);
    pen.text_right(0, 0, &format!("{right} "), style);
    // As many parts as the right side leaves room for.
    let mut text = String::new();
    for part in parts {
        let longer = if text.is_empty() { part } else { format!("{text} · {part}") };
        if width_of(&longer) > room {
            break;
        }
        text = longer;
    }
    pen.text(1, 0, &text, theme.label());
}

/// What measuring one task costs by the lanes' own measurement, and the share that this is of the workers' time.
fn cost_of_measuring(model: &Model) -> Option<String> {
    let ledger = model.shown();
    let most_ns = ledger.measuring_ns()?.max(0.0);
    let share = match ledger.measuring_share() {
        None => String::new(),
        Some(little) if little < 0.001 => " (below 0.1 %)".to_string(),
        Some(share) => format!(" ({})", words::percent(share)),
    };
    Some(format!("measuring {} a task{share}", words::duration(most_ns as u64)))
}

/// What did not go as it should on the way from the lanes to this screen.
fn troubles(model: &Model) -> Vec<String> {
    let ledger = model.shown();
    let mut troubles = Vec::new();
    if let Some(why) = ledger.recording_failed() {
        troubles.push(format!("the recording ended early: {why}"));
    }
    let dropped: u64 = ledger.lanes().iter().fold(0, |sum, lane| lane.events_dropped.saturating_add(sum));
    for (number, what) in [(ledger.missed_frames(), "frame"), (ledger.odd_frames(), "odd frame"), (dropped, "event")] {
        if number > 0 {
            let verb = if what == "frame" { "missed" } else { "left out" };
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            troubles.push(format!("{} {verb}", words::plural(number, what)));
        }
    }
    troubles
}

/// What there is no room for, by name as far as that leaves half of the line.
fn no_room_for(hidden: &[String], width: u16) -> String {
    for named in (0..=hidden.len()).rev() {
        let more = hidden.len() - named;
        let text = match (named, more) {
            (_, 0) => format!("no room for {}", hidden.join(", ")),
            (0, more) => format!("no room for {more} parts"),
            (named, more) => format!("no room for {} and {more} more", hidden[..named].join(", ")),
        };
        if named == 0 || width_of(&text) <= width / 2 + 4 {
            return text;
        }
    }
    String::new()
}

/// The scenario's question in at most so many lines; none where it asks nothing.
pub(in crate::view) fn question(model: &Model, width: u16, lines_max: usize) -> Vec<String> {
    let Some(question) = model.shown().plan().and_then(|plan| plan.question.as_ref()) else { return Vec::new() };
    let room = usize::from(width.saturating_sub(QUESTION_EDGES)).max(1);
    let mut lines = wrap(&words::plain(&question.text), room);
    if lines.len() > lines_max {
        let rest = lines.split_off(lines_max.saturating_sub(1)).join(" ");
        lines.push(fit(&rest, room));
    }
    lines
}

/// What stands beside the question: its mark, and the key for its choices.
const QUESTION_EDGES: u16 = 16;

pub(in crate::view) fn draw_question(model: &Model, lines: &[String], pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let key = theme.tint(theme.warn).patch(theme.strong());
    for (row, line) in (0..).zip(lines) {
        if row == 0 {
            pen.text(1, 0, "?", key);
        }
        let end = pen.text(3, row, line, theme.text());
        if usize::from(row) + 1 == lines.len() {
            let shown = model.key_of("question");
            pen.part(end + 2, row, 9, 1).hit(Target::Command("question"));
            let end = pen.text(end + 2, row, &shown, key);
            pen.text(end + 1, row, "choices", theme.label());
        }
    }
}

/// What the shapes mean: `█ running  ▒ waiting for a lock …`, shorter where there is little room.
///
/// On its right, where there is room, `more`.
pub(in crate::view) fn legend(model: &Model, more: &str, pen: &mut Pen<'_>) {
    let theme = &model.theme;
    let tells_cores = |worker: &crate::ledger::WorkerLedger| worker.run_queue_ns.is_some();
    let knows_cores = model.shown().lanes().iter().flat_map(|lane| &lane.workers).any(tells_cores);
    let shown = || theme::LEGEND.into_iter().filter(|activity| knows_cores || *activity != Activity::NoCore);
    let long: u16 = shown().map(|activity| width_of(theme::name_of(activity)) + 5).sum();
    let is_long = long <= pen.width() + 3;
    let mut column = 0;
    for activity in shown() {
        let (shape, style) = theme.activity(activity);
        pen.put(column, 0, shape, style);
        let name = if is_long { theme::name_of(activity) } else { theme::short_name_of(activity) };
        column = pen.text(column + 2, 0, name, theme.label()) + if is_long { 3 } else { 2 };
    }
    pen.text_right(column, 0, more, theme.label());
}
