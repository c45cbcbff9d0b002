//! How the screen changes: a pure function of what came before and one message.
//!
//! ```text
//! message ──▶ update(&mut Model) ──▶ Effects { controls ──▶ Outside, redraw, quit, suspend, copy, mouse }
//!                    │
//!                 &Model ──▶ draw
//! ```
//!
//! So any session can be replayed from its messages, and a test can try any of them.

use super::actions;
use super::commands;
use super::dialogs::{self, Dialog};
use super::hits::{self, Target};
use super::keys::Key;
use super::message::{Control, Effects, Message, Mouse, MouseDid, Redraw};
use super::model::Model;
use super::panels::zoom::Tab;
use super::programs::{self, Engine};
use super::screen;
use super::sweep;
use super::theme::{Theme, ThemeName};
use super::zooming;
use crate::wire::Frame;

/// Takes in a message. What is to be asked of the explorer follows from what is shown then.
pub fn update(model: &mut Model, message: Message) -> Effects {
    let mut effects = take(model, message);
    effects.controls.extend(programs::asking::ask(model));
    effects
}

fn take(model: &mut Model, message: Message) -> Effects {
    match message {
        Message::Frame(frame) => take_frame(model, &frame),
        Message::SourceGone => {
            model.source_gone = true;
            Effects::now()
        }
        Message::Key(key) => press(model, key),
        Message::Mouse(mouse) => point(model, mouse),
        Message::Resize(columns, rows) => {
            let is_new = model.size != (columns, rows);
            model.size = (columns, rows);
            Effects::redraw(if is_new { Redraw::Full } else { Redraw::Nothing })
        }
        Message::Attention(has_it) => {
            model.has_attention = has_it;
            Effects::none()
        }
        Message::Painted { at_ns, bytes, screens } => {
            model.note_painted(at_ns, bytes, screens);
            Effects::none()
        }
        // Somebody who has chosen a palette meanwhile has chosen it.
        Message::Background(name) if model.theme.name == ThemeName::Plain => {
            model.theme = Theme::of(name, model.theme.glyphs);
            Effects::redraw(Redraw::Full)
        }
        Message::Background(_) => Effects::none(),
        Message::SlowLink(times) => {
            model.slow_link = times;
            Effects::none()
        }
        Message::Notice(text) => model.tell(&text),
        Message::Opened(draft) => {
            model.title = draft.scenario().title.clone();
            (model.draft, model.guess, model.frozen) = (Some(draft), None, None);
            (model.paused, model.asking, model.zoom, model.status) = (false, false, None, None);
            model.programs.begin_again();
            Effects::controls(model.ask())
        }
        Message::Catalogue(listed) => {
            let open = model.draft.as_ref().map_or("", |draft| draft.scenario().name.as_str());
            model.dialog = Dialog::browse(listed, open);
            Effects::now()
        }
        Message::Answer(answer) => programs::asking::take(model, *answer),
        Message::Progress(known) => {
            model.programs.take_progress(known);
            Effects::now()
        }
        // What is open stays open: only its program is another.
        Message::Reread(draft) => {
            (model.draft, model.frozen, model.paused) = (Some(draft), None, false);
            Effects::now()
        }
        Message::Recording(to) => {
            let said = match (&to, &model.recording_to) {
                (Some(file), _) => format!("Recording to {file}."),
                (None, Some(file)) => format!("Recorded: poolscope replay {file} shows it."),
                (None, None) => "Not recording.".to_string(),
            };
            model.recording_to = to;
            model.tell(&said)
        }
    }
}

/// What the screen asks for before anything has happened.
pub(super) fn begin(model: &mut Model) -> Vec<Control> {
    model.ask()
}

fn take_frame(model: &mut Model, frame: &Frame) -> Effects {
    model.post(frame);
    if let Some(player) = &mut model.player
        && let Some(to_ns) = player.seeking_ns
    {
        // On the way to another place of a recording there is nothing to look at.
        if frame.at_ns < to_ns && !model.ledger.has_ended() {
            return Effects::none();
        }
        player.seeking_ns = None;
        model.source_gone = false;
        return Effects::now();
    }
    Effects::redraw(if model.frozen.is_some() { Redraw::Nothing } else { Redraw::Figures })
}

fn press(model: &mut Model, key: Key) -> Effects {
    let had_status = model.status.take().is_some();
    let taken = dialogs::press(model, key);
    let taken = taken.or_else(|| if model.dialog == Dialog::None { zooming::press(model, key) } else { None });
    let taken = taken.or_else(|| if model.dialog == Dialog::None { programs::keys::press(model, key) } else { None });
    let mut effects = taken.unwrap_or_else(|| commands::press(model, key));
    // Whatever was opened over the question gives way to it again: until it is answered nothing runs.
    if model.asking && model.dialog == Dialog::None {
        model.dialog = Dialog::Ask;
    }
    if had_status {
        effects.redraw = effects.redraw.max(Redraw::Now);
    }
    effects
}

fn point(model: &mut Model, mouse: Mouse) -> Effects {
    // What can be clicked is known by drawing: clicks are rare, and cannot disagree with what is seen.
    let hit = hits::at(&screen::hits(model), mouse.column, mouse.row);
    let target = hit.map(|hit| hit.target);
    match (mouse.what, target) {
        (MouseDid::WheelUp | MouseDid::WheelDown, _) if model.dialog != Dialog::None => dialogs::wheel(model, mouse),
        (MouseDid::WheelUp, _) if model.zoom.is_some() => zooming::press(model, Key::Up).unwrap_or_default(),
        (MouseDid::WheelDown, _) if model.zoom.is_some() => zooming::press(model, Key::Down).unwrap_or_default(),
        (MouseDid::WheelUp | MouseDid::WheelDown, _) if is_thinking(model) => {
            let key = if mouse.what == MouseDid::WheelUp { Key::Up } else { Key::Down };
            programs::keys::press(model, key).unwrap_or_default()
        }
        (MouseDid::WheelUp | MouseDid::WheelDown, _) if sweep::is_shown(model) => {
            sweep::keys::mark_by(model, if mouse.what == MouseDid::WheelUp { -1 } else { 1 })
        }
        (MouseDid::WheelUp, _) => actions::focus_by(model, -1),
        (MouseDid::WheelDown, _) => actions::focus_by(model, 1),
        (_, Some(Target::Scrub)) => {
            scrub(model, hit.map_or(0..1, |hit| hit.area.left()..hit.area.right()), mouse.column)
        }
        (_, Some(Target::Ruler)) => {
            let columns = hit.map_or(0..1, |hit| hit.area.left()..hit.area.right());
            let length = programs::journey(model).map_or(0, programs::journey::Journey::len);
            let place = (share_of(&columns, mouse.column) * length as f64).round() as usize;
            programs::keys::go_to_place(model, place)
        }
        (MouseDid::Drag, _) => Effects::none(),
        (MouseDid::Press, Some(Target::Engine(place))) => {
            programs::keys::look_through(model, Engine::ALL.get(place).copied().unwrap_or_default())
        }
        (MouseDid::Press, Some(Target::Thread(number))) => programs::keys::step_thread(model, number),
        (MouseDid::Press, Some(Target::Outcome(row))) => programs::keys::click_row(model, row),
        (MouseDid::Press, Some(Target::Place(place))) => programs::keys::go_to_place(model, place),
        (MouseDid::Press, Some(Target::SweepPoint(point))) => sweep::keys::mark(model, point),
        (MouseDid::Press, Some(Target::Command(name))) => {
            model.status = None;
            let command = commands::named(name).filter(|command| command.holds(model));
            command.map_or_else(Effects::none, |command| (command.run)(model, 0))
        }
        (MouseDid::Press, Some(Target::Row(row))) => dialogs::press_row(model, row),
        (MouseDid::Press, Some(Target::Finding(index))) => actions::show_proof(model, index),
        (MouseDid::Press, Some(Target::Lane(index))) if index == model.focus_index() => actions::toggle_zoom(model),
        (MouseDid::Press, Some(Target::Lane(index))) => actions::focus_on(model, index),
        (MouseDid::Press, Some(Target::Tab(place))) => {
            zooming::open(model, Tab::ALL.get(place).copied().unwrap_or_default())
        }
        (MouseDid::Press, Some(Target::Window) | None) => Effects::none(),
    }
}

/// Goes to the place of a recording that was pointed at on its time line.
fn scrub(model: &mut Model, columns: std::ops::Range<u16>, column: u16) -> Effects {
    let Some(player) = model.player else { return Effects::none() };
    actions::seek_to(model, (player.end_ns as f64 * share_of(&columns, column)) as u64)
}

/// How far along columns a column is, from 0 to 1.
fn share_of(columns: &std::ops::Range<u16>, column: u16) -> f64 {
    let length = f64::from(columns.end.saturating_sub(columns.start).saturating_sub(1).max(1));
    (f64::from(column.saturating_sub(columns.start)) / length).clamp(0.0, 1.0)
}

/// Whether a program is stepped through or explored.
fn is_thinking(model: &Model) -> bool {
    matches!(programs::engine(model), Some(Engine::Step | Engine::Explore))
}
