//! The question before something is done that cannot be undone, and which kind of picture is to be written.

use super::{Dialog, motion, passes, window};
use crate::ledger::LaneLedger;
use crate::view::actions;
use crate::view::keys::Key;
use crate::view::message::{Control, Effects, Shot};
use crate::view::model::Model;
use crate::view::pen::{Pen, wrap};
use crate::view::{screen, sweep, theme::Theme};
use crate::wire::{LaneId, Order, WorkerId};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::view) enum Confirm {
    /// A worker process is to be killed.
    Kill { lane: LaneId, worker: WorkerId },
    /// A worker's next task is to panic.
    Crash { lane: LaneId, worker: WorkerId },
    /// A lane is to be removed.
    Remove { lane: LaneId },
    /// A lane is to be swept, which ends runs of a command.
    Sweep { lane: LaneId },
}

/// Which kind of picture is to be written: asked with nothing else open, so that the picture shows the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Shots {}

pub(super) fn press(model: &mut Model, key: Key) -> Option<Effects> {
    let Dialog::Confirm(confirm) = model.dialog else { return None };
    match key {
        Key::Char('y' | 'Y') => {
            model.dialog = Dialog::None;
            Some(carry_out(model, confirm))
        }
        Key::Char('n' | 'N') | Key::Esc => {
            model.dialog = Dialog::None;
            Some(Effects::now())
        }
        key => match motion(key) {
            Some((down, by)) => {
                model.dialog = Dialog::Confirm(confirm.of_another(model, down, by));
                Some(Effects::now())
            }
            // Only an answer, or a way out, gets past a question.
            None => passes(model, key, &[]),
        },
    }
}

fn carry_out(model: &mut Model, confirm: Confirm) -> Effects {
    match confirm {
        Confirm::Kill { lane, worker } => {
            model.say_asked(lane, &format!("killing worker {worker} …"));
            Effects::control(Control::Order(Some(lane), Order::Kill { worker }))
        }
        Confirm::Crash { lane, worker } => {
            model.say_asked(lane, &format!("worker {worker}'s next task panics …"));
            Effects::control(Control::Order(Some(lane), Order::Crash { worker }))
        }
        Confirm::Remove { lane } => actions::remove_lane(model, lane),
        Confirm::Sweep { lane } => sweep::keys::sweep_lane(model, lane),
    }
}

fn lane_of(model: &Model, lane: LaneId) -> Option<&LaneLedger> {
    lane.index().and_then(|index| model.ledger.lanes().get(index))
}

impl Confirm {
    /// The same of another worker that is alive.
    fn of_another(self, model: &Model, down: bool, by: u16) -> Confirm {
        let (Confirm::Kill { lane, worker } | Confirm::Crash { lane, worker }) = self else { return self };
        let workers = lane_of(model, lane).map_or(&[][..], |lane| lane.workers.as_slice());
        let alive: Vec<WorkerId> = workers.iter().filter(|worker| worker.is_alive()).map(|worker| worker.id).collect();
        let now = alive.iter().position(|one| *one == worker).unwrap_or(0);
        let worker = alive.get(super::moved(now, (down, by), alive.len())).copied().unwrap_or(worker);
        match self {
            Confirm::Crash { .. } => Confirm::Crash { lane, worker },
            _ => Confirm::Kill { lane, worker },
        }
    }
}

pub(super) fn draw(model: &Model, confirm: &Confirm, pen: &mut Pen<'_>) {
    let name = |lane| lane_of(model, lane).map_or("", LaneLedger::name);
    let (title, question) = match *confirm {
        Confirm::Kill { lane, worker } => (
            "kill a worker",
            format!(
                "Kill worker {worker} of lane {lane} ({}) with SIGKILL? What it had begun is tried again or lost, as the scenario says.",
                name(lane)
            ),
        ),
        Confirm::Crash { lane, worker } => (
            "crash a worker",
            format!("Let the next task of worker {worker} of lane {lane} ({}) panic? It counts as failed.", name(lane)),
        ),
        Confirm::Remove { lane } => {
            ("remove a lane", format!("Remove lane {lane} ({})? The run starts anew without it.", name(lane)))
        }
        Confirm::Sweep { lane } => {
            let is_command = lane_of(model, lane).is_some_and(|lane| lane.plan.pool.command().is_some());
            let again = match is_command {
                true => {
                    "Every size runs the command on its inputs again, and going back begins with the first of them."
                }
                false => "Going back runs its commands again, from their first inputs.",
            };
            ("sweep a lane", format!("Sweep lane {lane} ({})? The run ends here. {again}", name(lane)))
        }
    };
    let mut answers = vec![("y", "do it"), ("n", "leave it")];
    if matches!(confirm, Confirm::Kill { .. } | Confirm::Crash { .. }) {
        answers.push(("j k", "another worker"));
    }
    ask(&model.theme, title, &question, &answers, pen);
}

pub(super) fn press_shots(model: &mut Model, key: Key) -> Option<Effects> {
    let extension = match key {
        Key::Char('t') => "txt",
        Key::Char('a') => "ans",
        Key::Char('s') | Key::Enter => "svg",
        Key::Esc | Key::Char('n') => {
            model.dialog = Dialog::None;
            return Some(Effects::now());
        }
        key => return passes(model, key, &[]),
    };
    model.dialog = Dialog::None;
    let text = screen::picture(model, extension);
    Some(Effects::control(Control::Shot(Shot { extension, text })))
}

pub(super) fn draw_shots(model: &Model, pen: &mut Pen<'_>) {
    let question = "Write a picture of the screen, as it is behind this, to a new file in the current folder. As what?";
    ask(&model.theme, "screenshot", question, &[("t", "text"), ("a", "ANSI"), ("s", "SVG"), ("Esc", "none")], pen);
}

fn ask(theme: &Theme, title: &str, question: &str, answers: &[(&str, &str)], pen: &mut Pen<'_>) {
    let width = pen.width().min(60);
    let lines = wrap(question, usize::from(width.saturating_sub(4)).max(1));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4).min(pen.height());
    let mut inside = window(pen, width, height, title, "", theme);
    for (row, line) in (0..).zip(&lines) {
        inside.text(0, row, line, theme.text());
    }
    let key = theme.tint(theme.warn).patch(theme.strong());
    // The answers must be in sight, even where the question is cut.
    let row = inside.height().saturating_sub(1);
    inside.part(0, row, width, 1).erase();
    let mut column = 0;
    for (shown, what) in answers {
        column = inside.pieces(column, row, &[(shown, key), (" ", key), (what, theme.text())]) + 3;
    }
}
