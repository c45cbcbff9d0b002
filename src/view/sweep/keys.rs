//! What keys do on the screen of a sweep, and how one goes from a lane to its sweep and back.

use super::{Sweeping, shown};
use crate::scenario::{self, Draft, SweepWish};
use crate::view::actions;
use crate::view::dialogs::{Confirm, Dialog};
use crate::view::message::{Control, Effects};
use crate::view::model::Model;
use crate::wire::{LaneId, SweepPlan};

/// How long each size of a sweep that a key begins is measured: somebody waits for it.
const EACH_MS: u64 = 1000;

/// Marks the next point, or the one before.
pub(in crate::view) fn mark_by(model: &mut Model, step: isize) -> Effects {
    let Some(shown) = shown(model) else { return Effects::none() };
    let last = shown.curve.points.len().saturating_sub(1);
    let marked = shown.marked.saturating_add_signed(step).min(last);
    mark(model, marked)
}

/// Marks a point.
pub(in crate::view) fn mark(model: &mut Model, point: usize) -> Effects {
    model.sweeping.marked = Some(point);
    Effects::now()
}

/// The next curve, or the one before.
pub(in crate::view) fn curve_by(model: &mut Model, step: isize) -> Effects {
    let Some(sweep) = model.shown().sweep() else { return Effects::none() };
    let curves = sweep.curves.len().max(1);
    let curve = (model.sweeping.curve.min(curves - 1) + curves).wrapping_add_signed(step) % curves;
    model.sweeping = Sweeping { curve, marked: None };
    Effects::now()
}

/// Sweeps the focused lane; asks first where that ends runs of a command, which begin anew with the lanes.
pub(in crate::view) fn sweep(model: &mut Model) -> Effects {
    let lane = model.focus_index();
    match planned(model, lane) {
        Ok(plan) if plan.plan.lanes.iter().any(|lane| lane.pool.command().is_some()) => {
            actions::open(model, Dialog::Confirm(Confirm::Sweep { lane: LaneId::of_index(lane) }))
        }
        Ok(plan) => begin(model, lane, plan),
        Err(told) => told,
    }
}

/// The same, once it was asked.
pub(in crate::view) fn sweep_lane(model: &mut Model, lane: LaneId) -> Effects {
    let Some(lane) = lane.index() else { return Effects::none() };
    match planned(model, lane) {
        Ok(plan) => begin(model, lane, plan),
        Err(told) => told,
    }
}

/// The sweep of a lane; otherwise the reason is told.
fn planned(model: &mut Model, lane: usize) -> Result<SweepPlan, Effects> {
    let (Some(draft), Some(machine)) = (&model.draft, model.machine()) else { return Err(actions::refuse(model)) };
    let wish = SweepWish { for_ms: EACH_MS, lane: Some(lane + 1), ..SweepWish::default() };
    scenario::sweep_of_draft(draft, lane, machine, &wish).map_err(|why| {
        let mut sentence = why.chars();
        let first = sentence.next().map(char::to_uppercase).map(Iterator::collect::<String>).unwrap_or_default();
        model.tell(&format!("{first}{}.", sentence.as_str()))
    })
}

fn begin(model: &mut Model, lane: usize, plan: SweepPlan) -> Effects {
    (model.paused, model.frozen, model.zoom) = (false, None, None);
    model.say(&format!("Lane {} is swept; {} goes back.", lane + 1, model.key_of("lanes")));
    Effects::control(Control::Sweep(Box::new(plan)))
}

/// Goes back to the lanes as they were.
pub(in crate::view) fn lanes(model: &mut Model) -> Effects {
    match model.draft.clone() {
        Some(draft) => run(model, draft, None),
        None => actions::refuse(model),
    }
}

/// Goes back to the lanes, the swept one as it is at the marked point.
pub(in crate::view) fn open_point(model: &mut Model) -> Effects {
    let (Some(mut draft), Some(machine)) = (model.draft.clone(), model.machine().cloned()) else {
        return actions::refuse(model);
    };
    let Some((lane, varied, workers)) = shown(model).and_then(|shown| {
        let plan = shown.sweep.plan.curves.get(shown.index)?;
        let point = shown.curve.points.get(shown.marked)?;
        Some((plan.lane, plan.varied.clone(), point.workers))
    }) else {
        return Effects::none();
    };
    let set: Result<(), String> = varied
        .iter()
        .map(|varied| (varied.key.as_str(), varied.value.clone()))
        .chain([("workers", workers.to_string())])
        .try_for_each(|(key, value)| draft.set(lane.index(), key, &value, &machine));
    match set {
        Ok(()) => run(model, draft, Some(lane)),
        Err(why) => model.tell(&why),
    }
}

fn run(model: &mut Model, draft: Box<Draft>, lane: Option<LaneId>) -> Effects {
    model.draft = Some(draft.clone());
    (model.paused, model.frozen, model.zoom) = (false, None, None);
    model.focus = lane.unwrap_or(model.focus);
    model.say("The lanes run …");
    Effects::control(Control::Run(draft))
}
