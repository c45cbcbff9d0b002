//! The one table of commands: dispatch, the line of hints and the help are made from it, so none can disagree.

use super::model::{Control, Dialog, Effects, Model, Quit, Redraw};
use crate::ledger::{Standing, WorkerLedger};
use crate::wire::{LaneId, Order, Phase, WORKERS_MAX, WorkerState};

/// A key, as any terminal can send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are on the keys")]
pub enum Key {
    Char(char),
    Ctrl(char),
    F(u8),
    Tab,
    BackTab,
    Enter,
    Esc,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
}

/// Something that a key does.
pub struct Command {
    /// The keys that do it.
    pub keys: &'static [Key],
    /// How the keys are written.
    pub shown: &'static str,
    /// One or two words, for the line of hints; empty for what need not stand there.
    pub hint: &'static str,
    /// A sentence, for the help.
    pub help: &'static str,
    /// What it does. The key is handed over because some commands have several.
    pub run: fn(&mut Model, Key) -> Effects,
}

const DIGITS: [Key; 9] = [
    Key::Char('1'),
    Key::Char('2'),
    Key::Char('3'),
    Key::Char('4'),
    Key::Char('5'),
    Key::Char('6'),
    Key::Char('7'),
    Key::Char('8'),
    Key::Char('9'),
];

/// Every command, in the order of the help. Hints are shown in this order as far as there is room.
pub const COMMANDS: &[Command] = &[
    Command {
        keys: &[Key::Char('q'), Key::Ctrl('c')],
        shown: "q",
        hint: "quit",
        help: "Quits, and ends every lane (Ctrl-C does the same).",
        run: |_, _| Effects::quit(Quit { keep_last_frame: false }),
    },
    Command {
        keys: &[Key::Char('?'), Key::F(1)],
        shown: "?",
        hint: "help",
        help: "Opens and closes this help (F1 does the same).",
        run: |model, _| {
            model.dialog = match model.dialog {
                Dialog::Help { .. } => Dialog::None,
                _ => Dialog::Help { scroll: 0 },
            };
            Effects::redraw(Redraw::Now)
        },
    },
    Command {
        keys: &[Key::Char('i')],
        shown: "i",
        hint: "question",
        help: "Shows what the scenario asks, and how it is set up.",
        run: |model, _| {
            model.dialog = match model.dialog {
                Dialog::About { .. } => Dialog::None,
                _ => Dialog::About { scroll: 0 },
            };
            Effects::redraw(Redraw::Now)
        },
    },
    Command {
        keys: &[Key::Tab, Key::BackTab],
        shown: "Tab",
        hint: "lane",
        help: "Goes to the next lane, Shift-Tab to the one before.",
        run: |model, key| {
            let (lanes, focus) = (model.shown().lanes().len().max(1), model.focus_index());
            let step = if key == Key::Tab { 1 } else { lanes - 1 };
            focus_on(model, (focus + step) % lanes)
        },
    },
    Command {
        keys: &[Key::Char('+'), Key::Char('='), Key::Char('-')],
        shown: "+ -",
        hint: "workers",
        help: "Gives the lane one worker more, or one less.",
        run: resize,
    },
    Command {
        keys: &[Key::Char(' ')],
        shown: "Space",
        hint: "pause",
        help: "Pauses all pools at a task boundary, or lets them go on.",
        run: |model, _| {
            if !model.is_recording && model.no_orders().is_some() {
                return refuse(model);
            }
            model.paused = !model.paused;
            Effects::control(if model.paused { Control::Pause } else { Control::Resume })
        },
    },
    Command {
        keys: &[Key::Char('p')],
        shown: "p",
        hint: "freeze",
        help: "Freezes the screen while the pools work on; p again shows what is now.",
        run: |model, _| {
            model.frozen = match model.frozen.take() {
                Some(_) => None,
                None => Some(Box::new(model.ledger().clone())),
            };
            Effects::redraw(Redraw::Now)
        },
    },
    Command {
        keys: &[Key::Char('z'), Key::Enter],
        shown: "z",
        hint: "zoom",
        help: "Gives the whole width to one lane, and back (Enter does the same).",
        run: |model, _| {
            model.zoomed = !model.zoomed;
            Effects::redraw(Redraw::Now)
        },
    },
    Command {
        keys: &[Key::Char('x')],
        shown: "x",
        hint: "kill worker",
        help: "Kills a worker process of the lane, after asking.",
        run: ask_to_kill,
    },
    Command {
        keys: &[Key::Char('r')],
        shown: "r",
        hint: "restart",
        help: "Starts the run again from the beginning.",
        run: |model, _| {
            model.say("Starting again …");
            (model.paused, model.frozen) = (false, None);
            model.dialog = Dialog::None;
            Effects::control(Control::Restart)
        },
    },
    Command {
        keys: &DIGITS,
        shown: "1-9",
        hint: "",
        help: "Goes to the lane of that number.",
        run: |model, key| {
            let Key::Char(digit) = key else { return Effects::none() };
            let index = digit.to_digit(10).map_or(0, |digit| digit as usize).saturating_sub(1);
            if index < model.shown().lanes().len() {
                return focus_on(model, index);
            }
            model.say(&format!("There is no lane {digit}."));
            Effects::redraw(Redraw::Now)
        },
    },
    Command {
        keys: &[Key::Esc],
        shown: "Esc",
        hint: "",
        help: "Closes what is open; never ends anything.",
        run: |model, _| {
            if model.dialog == Dialog::None {
                model.zoomed = false;
            }
            model.dialog = Dialog::None;
            Effects::redraw(Redraw::Now)
        },
    },
    Command {
        keys: &[Key::Char('Q')],
        shown: "Q",
        hint: "",
        help: "Quits, and leaves the last screen in the scrollback.",
        run: |_, _| Effects::quit(Quit { keep_last_frame: true }),
    },
    Command {
        keys: &[Key::Ctrl('l')],
        shown: "Ctrl-L",
        hint: "",
        help: "Draws the whole screen anew.",
        run: |_, _| Effects::redraw(Redraw::Full),
    },
    Command {
        keys: &[Key::Ctrl('z')],
        shown: "Ctrl-Z",
        hint: "",
        help: "Suspends poolscope and its lanes; fg in the shell goes on.",
        run: |_, _| Effects { suspend: true, ..Effects::none() },
    },
];

/// The command of a key.
pub(super) fn of_key(key: Key) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.keys.contains(&key))
}

fn focus_on(model: &mut Model, index: usize) -> Effects {
    model.focus = LaneId::of_index(index);
    Effects::redraw(Redraw::Now)
}

/// Says why nothing can be ordered.
fn refuse(model: &mut Model) -> Effects {
    let why = model.no_orders().unwrap_or_default();
    model.say(why);
    Effects::redraw(Redraw::Now)
}

fn resize(model: &mut Model, key: Key) -> Effects {
    if model.no_orders().is_some() {
        return refuse(model);
    }
    let index = model.focus_index();
    let Some(lane) = model.ledger().lanes().get(index) else { return Effects::none() };
    let id = lane.plan.id;
    if lane.standing != Standing::Here || lane.phase == Phase::Done {
        model.say(&format!("Lane {id} does not run: its workers cannot be changed."));
        return Effects::redraw(Redraw::Now);
    }
    let alive = |worker: &&WorkerLedger| worker.present && worker.state != WorkerState::Dead && !worker.is_caller();
    let now = match lane.workers.iter().filter(alive).count() {
        0 => lane.plan.workers,
        alive => u32::try_from(alive).unwrap_or(WORKERS_MAX),
    };
    // Keys may come faster than workers: each counts from what was asked for before, not from what is there yet.
    let before = model.wanted(id).unwrap_or(now);
    let workers = if key == Key::Char('-') { before.saturating_sub(1) } else { before.saturating_add(1) };
    let workers = workers.clamp(1, WORKERS_MAX);
    model.want(id, workers);
    model.say_asked(id, &format!("asked for {}.", crate::stats::words::plural(workers as usize, "worker")));
    Effects::control(Control::Order(Some(id), Order::Resize { workers }))
}

fn ask_to_kill(model: &mut Model, _: Key) -> Effects {
    if model.no_orders().is_some() {
        return refuse(model);
    }
    let index = model.focus_index();
    let Some(lane) = model.ledger().lanes().get(index) else { return Effects::none() };
    let id = lane.plan.id;
    let victim = lane.workers.iter().find(|worker| worker.present && worker.state != WorkerState::Dead);
    match victim.map(|worker| worker.id) {
        _ if !lane.plan.pool.is_processes() => {
            model.say(&format!("Lane {id} has threads: only a process can be killed without its lane."));
        }
        Some(worker) => model.dialog = Dialog::ConfirmKill { lane: id, worker },
        None => model.say(&format!("Lane {id} has no worker alive.")),
    }
    Effects::redraw(Redraw::Now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_commands_and_every_command_has_words() {
        let mut seen: Vec<Key> = Vec::new();
        for command in COMMANDS {
            assert!(!command.shown.is_empty() && command.help.ends_with('.'), "{}", command.shown);
            for key in command.keys {
                assert!(!seen.contains(key), "{key:?} has two commands");
                seen.push(*key);
            }
        }
        // Motions move, in every list: they are kept free.
        for free in ['h', 'j', 'k', 'l', 'g', 'G'] {
            assert!(!seen.contains(&Key::Char(free)), "{free}");
        }
    }
}
