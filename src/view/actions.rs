//! What the commands do to the model, and what they ask for.

use super::commands::pausing;
use super::dialogs::{Confirm, Dialog};
use super::glyphs::Glyphs;
use super::hits::Target;
use super::message::{Control, Effects, Redraw};
use super::model::Model;
use super::pace::Pace;
use super::panels::zoom::Tab;
use super::screen;
use super::theme::{Theme, ThemeName};
use super::zooming;
use crate::ledger::{Proof, Standing};
use crate::scenario::{Draft, orders_between};
use crate::stats::words;
use crate::wire::{LaneId, Order, Phase, WORKERS_MAX, WorkerId};

/// The one after `now`, from the beginning again after the last.
fn next<T: Copy + PartialEq>(all: &[T], now: T) -> T {
    let place = all.iter().position(|one| *one == now).map_or(0, |place| (place + 1) % all.len());
    all.get(place).copied().unwrap_or(now)
}

pub(super) fn open(model: &mut Model, dialog: Dialog) -> Effects {
    model.dialog = dialog;
    Effects::now()
}

/// Opens a dialog, or closes it where one of its kind is open.
pub(super) fn toggle(model: &mut Model, dialog: Dialog) -> Effects {
    let is_open = std::mem::discriminant(&model.dialog) == std::mem::discriminant(&dialog);
    open(model, if is_open { Dialog::None } else { dialog })
}

pub(super) fn back(model: &mut Model) -> Effects {
    model.zoom = None;
    Effects::now()
}

pub(super) fn focus_on(model: &mut Model, index: usize) -> Effects {
    if index >= model.shown().lanes().len() {
        return model.tell(&format!("There is no lane {}.", index + 1));
    }
    model.focus = LaneId::of_index(index);
    Effects::now()
}

pub(super) fn focus_by(model: &mut Model, step: isize) -> Effects {
    let (lanes, focus) = (model.shown().lanes().len().max(1), model.focus_index());
    model.focus = LaneId::of_index((focus + lanes).wrapping_add_signed(step) % lanes);
    Effects::now()
}

pub(super) fn toggle_zoom(model: &mut Model) -> Effects {
    if model.zoom.take().is_some() {
        return Effects::now();
    }
    zooming::open(model, Tab::Overview)
}

pub(super) fn flight(model: &mut Model) -> Effects {
    zooming::open(model, Tab::Flight)
}

pub(super) fn pause(model: &mut Model) -> Effects {
    if !model.is_recording() && model.no_orders().is_some() {
        return refuse(model);
    }
    model.paused = !model.paused;
    Effects::control(pausing(model.paused))
}

pub(super) fn freeze(model: &mut Model) -> Effects {
    model.frozen = match model.frozen.take() {
        Some(_) => None,
        None => Some(Box::new(model.ledger.clone())),
    };
    Effects::now()
}

pub(super) fn restart(model: &mut Model) -> Effects {
    model.say("Starting again …");
    (model.paused, model.asking) = (false, false);
    (model.frozen, model.dialog) = (None, Dialog::None);
    let control = if model.is_recording() { Control::Seek(0) } else { Control::Restart };
    Effects::control(control)
}

pub(super) fn browse(model: &mut Model) -> Effects {
    if model.is_recording() {
        return model.tell("This is a recording: open a scenario with `poolscope SCENARIO`.");
    }
    Effects::control(Control::List)
}

/// Says why nothing can be ordered.
pub(super) fn refuse(model: &mut Model) -> Effects {
    let why = model.no_orders().unwrap_or_default();
    model.tell(&why)
}

/// The focused lane's place, where orders can be given to it; otherwise the reason is told.
fn orderable(model: &mut Model) -> Result<usize, Effects> {
    if model.no_orders().is_some() {
        return Err(refuse(model));
    }
    let index = model.focus_index();
    let Some(lane) = model.ledger.lanes().get(index) else { return Err(Effects::none()) };
    if lane.standing != Standing::Here || lane.phase == Phase::Done {
        let text = format!("Lane {} does not run: nothing can be ordered there.", lane.plan.id);
        return Err(model.tell(&text));
    }
    Ok(index)
}

pub(super) fn resize(model: &mut Model, step: i64) -> Effects {
    let index = match orderable(model) {
        Ok(index) => index,
        Err(told) => return told,
    };
    let lane = &model.ledger.lanes()[index];
    let id = lane.plan.id;
    let now = match lane.workers.iter().filter(|worker| worker.is_alive()).count() {
        0 => lane.plan.workers,
        alive => u32::try_from(alive).unwrap_or(WORKERS_MAX),
    };
    // Keys may come faster than workers: each counts from what was asked for before, not from what is there yet.
    let before = i64::from(model.wanted(id).unwrap_or(now));
    let workers = u32::try_from((before + step).clamp(1, i64::from(WORKERS_MAX))).unwrap_or(1);
    model.want(id, workers);
    model.say_asked(id, &format!("asked for {}.", words::plural(workers as usize, "worker")));
    let mut effects = Effects::control(Control::Order(Some(id), Order::Resize { workers }));
    // What a restart and a saved file then have.
    if let (Some(machine), Some(draft)) = (model.machine().cloned(), &mut model.draft)
        && draft.set(Some(index), "workers", &workers.to_string(), &machine).is_ok()
    {
        effects.controls.push(Control::Keep(draft.clone()));
    }
    effects
}

pub(super) fn ask_to_kill(model: &mut Model) -> Effects {
    let index = match orderable(model) {
        Ok(index) => index,
        Err(told) => return told,
    };
    if !model.ledger.lanes()[index].plan.pool.is_processes() {
        let lane = LaneId::of_index(index);
        return model.tell(&format!("Lane {lane} has threads: only a process can be killed without its lane."));
    }
    ask_about_worker(model, index, |lane, worker| Confirm::Kill { lane, worker })
}

pub(super) fn ask_to_crash(model: &mut Model) -> Effects {
    match orderable(model) {
        Ok(index) => ask_about_worker(model, index, |lane, worker| Confirm::Crash { lane, worker }),
        Err(told) => told,
    }
}

/// Asks about the first worker that is alive; another can be chosen there.
fn ask_about_worker(model: &mut Model, index: usize, what: fn(LaneId, WorkerId) -> Confirm) -> Effects {
    let lane = &model.ledger.lanes()[index];
    let id = lane.plan.id;
    match lane.workers.iter().find(|worker| worker.is_alive()).map(|worker| worker.id) {
        Some(worker) => open(model, Dialog::Confirm(what(id, worker))),
        None => model.tell(&format!("Lane {id} has no worker alive.")),
    }
}

/// Changes the draft; then what can be ordered is ordered, and for the rest the run starts anew.
pub(super) fn change(
    model: &mut Model,
    change: impl FnOnce(&mut Draft, &crate::wire::Machine) -> Result<(), String>,
) -> Result<Effects, String> {
    let Some(machine) = model.machine().cloned() else { return Err("The plan has not come yet.".to_string()) };
    let Some(draft) = &mut model.draft else {
        return Err("This is a recording: what happened in it cannot be changed.".to_string());
    };
    let mut changed = draft.clone();
    change(&mut changed, &machine)?;
    let first = |problems: Vec<crate::scenario::Problem>| problems.first().map(ToString::to_string).unwrap_or_default();
    let before = draft.plan(&machine).map_err(first)?;
    let after = changed.plan(&machine).map_err(first)?;
    *draft = changed.clone();
    let orders = if model.no_orders().is_none() { orders_between(&before, &after) } else { None };
    Ok(match orders {
        Some(orders) => {
            let orders = orders.into_iter().map(|(lane, order)| {
                if let Order::Resize { workers } = order {
                    model.want(lane, workers);
                }
                Control::Order(Some(lane), order)
            });
            let mut controls: Vec<Control> = orders.collect();
            controls.push(Control::Keep(changed));
            Effects::controls(controls)
        }
        None => {
            (model.paused, model.frozen) = (false, None);
            Effects::control(Control::Run(changed))
        }
    })
}

/// The same, with what is wrong told on the status line, and where the focus goes.
fn change_lanes(
    model: &mut Model,
    said: &str,
    what: impl FnOnce(&mut Draft, &crate::wire::Machine) -> Result<usize, String>,
) -> Effects {
    let mut focus = model.focus_index();
    let changed = change(model, |draft, machine| {
        focus = what(draft, machine)?;
        Ok(())
    });
    match changed {
        Ok(effects) => {
            model.focus = LaneId::of_index(focus);
            model.say(said);
            effects
        }
        Err(why) => model.tell(&why),
    }
}

pub(super) fn copy_lane(model: &mut Model) -> Effects {
    let lane = model.focus_index();
    let said = format!("A copy of the lane was added; the run starts anew. {} edits it.", model.key_of("edit"));
    change_lanes(model, &said, |draft, machine| draft.copy_lane(lane, machine))
}

pub(super) fn add_lane(model: &mut Model) -> Effects {
    let said = format!("A lane was added; the run starts anew. {} edits it.", model.key_of("edit"));
    change_lanes(model, &said, Draft::add_lane)
}

pub(super) fn ask_to_remove(model: &mut Model) -> Effects {
    if model.draft.is_none() {
        return refuse(model);
    }
    let lane = LaneId::of_index(model.focus_index());
    open(model, Dialog::Confirm(Confirm::Remove { lane }))
}

pub(super) fn remove_lane(model: &mut Model, lane: LaneId) -> Effects {
    let index = lane.index().unwrap_or(0);
    change_lanes(model, "The lane was removed; the run starts anew.", |draft, machine| {
        draft.remove_lane(index, machine)?;
        Ok(index.min(draft.lanes().saturating_sub(1)))
    })
}

pub(super) fn edit(model: &mut Model) -> Effects {
    match (&model.draft, model.machine()) {
        (Some(_), Some(_)) => open(model, Dialog::form()),
        (Some(_), None) => model.tell("The plan has not come yet."),
        (None, _) => refuse(model),
    }
}

pub(super) fn save(model: &mut Model) -> Effects {
    match &model.draft {
        Some(draft) => Effects::control(Control::Save(draft.clone())),
        None => refuse(model),
    }
}

pub(super) fn record(model: &mut Model) -> Effects {
    if model.recording_to.is_some() {
        return Effects::control(Control::StopRecording);
    }
    if model.no_orders().is_some() {
        return refuse(model);
    }
    Effects::control(Control::Record(model.ledger.so_far()))
}

pub(super) fn seek_to(model: &mut Model, at_ns: u64) -> Effects {
    let Some(player) = &mut model.player else { return Effects::none() };
    let at_ns = at_ns.min(player.end_ns);
    player.seeking_ns = Some(at_ns);
    Effects::control(Control::Seek(at_ns))
}

pub(super) fn seek_by(model: &mut Model, step_ns: i64) -> Effects {
    let from = model.player.and_then(|player| player.seeking_ns).unwrap_or(model.ledger.at_ns());
    seek_to(model, from.saturating_add_signed(step_ns))
}

pub(super) fn change_speed(model: &mut Model, factor: f64) -> Effects {
    let Some(player) = &mut model.player else { return Effects::none() };
    player.speed = (player.speed * factor).clamp(0.0625, 64.0);
    Effects::control(Control::Speed(player.speed))
}

pub(super) fn next_finding(model: &mut Model) -> Effects {
    let number = model.shown().findings().len();
    if number == 0 {
        return model.tell("Nothing out of the ordinary so far.");
    }
    let index = model.finding % number;
    model.finding = index + 1;
    show_proof(model, index)
}

/// Goes to the panel that proves a finding.
pub(super) fn show_proof(model: &mut Model, index: usize) -> Effects {
    let Some(finding) = model.shown().findings().into_iter().nth(index) else { return Effects::none() };
    model.focus = finding.lane;
    let tab = match finding.proof {
        Proof::Workers => Tab::Workers,
        Proof::Locks => Tab::Locks,
        Proof::Events => Tab::Events,
        Proof::Tasks | Proof::Cpu | Proof::Result => Tab::Numbers,
        Proof::Queue => Tab::Overview,
    };
    zooming::open(model, tab)
}

pub(super) fn next_theme(model: &mut Model) -> Effects {
    let name = next(&ThemeName::ALL, model.theme.name);
    model.theme = Theme::of(name, model.theme.glyphs);
    model.say(&format!("Theme {name}."));
    Effects::redraw(Redraw::Full)
}

pub(super) fn next_glyphs(model: &mut Model) -> Effects {
    let glyphs = next(&Glyphs::ALL, model.theme.glyphs);
    model.theme = Theme::of(model.theme.name, glyphs);
    model.say(&format!("Shapes: {glyphs}."));
    Effects::redraw(Redraw::Full)
}

pub(super) fn toggle_eco(model: &mut Model) -> Effects {
    model.pace = if model.pace == Pace::Eco { Pace::Full } else { Pace::Eco };
    let said = match model.pace {
        Pace::Eco => "Eco: a screen a second, 16 colours, graphs are swept.",
        _ => "Ten screens a second.",
    };
    model.say(said);
    Effects::redraw(Redraw::Full)
}

pub(super) fn toggle_mouse(model: &mut Model) -> Effects {
    model.mouse = !model.mouse;
    let said = match model.mouse {
        true => "The mouse is poolscope's; Shift and drag selects text.".to_string(),
        false => format!("The mouse is the terminal's: drag selects text; {} takes it back.", model.key_of("mouse")),
    };
    model.say(&said);
    Effects { mouse: Some(model.mouse), ..Effects::now() }
}

pub(super) fn copy_panel(model: &mut Model) -> Effects {
    let target = if model.dialog == Dialog::None { Target::Lane(model.focus_index()) } else { Target::Window };
    let text = screen::text_of(model, target);
    model.say(&format!("Copied {} lines, if the terminal lets us (OSC 52).", text.lines().count()));
    Effects { copy: Some(text), ..Effects::now() }
}
