//! The one table of commands: keys, the line of hints, the help, the palette and what the mouse can press are made from
//! it, so none can disagree. What commands do stands in `actions`.

use super::actions;
use super::dialogs::{Dialog, Shots};
use super::keys::Key;
use super::message::{Control, Effects, Quit, Redraw};
use super::model::Model;

/// Where a command means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Everywhere,
    /// In a live run.
    Live,
    /// In a recording.
    Recording,
}

impl Place {
    /// Whether there is a place where both mean something.
    pub(super) fn meets(self, other: Place) -> bool {
        self == other || self == Place::Everywhere || other == Place::Everywhere
    }

    fn holds(self, model: &Model) -> bool {
        match self {
            Place::Everywhere => true,
            Place::Live => !model.is_recording(),
            Place::Recording => model.is_recording(),
        }
    }
}

/// What a command does to the model, told the place of the key among its keys.
pub type Run = fn(&mut Model, usize) -> Effects;

/// Something that can be done.
pub struct Command {
    /// What the config file and the palette call it.
    pub name: &'static str,
    /// The keys that do it, unless the config file says otherwise.
    pub keys: &'static [Key],
    /// Whether its keys are a row of which each means something of its own, as the digits do.
    pub is_row: bool,
    /// One or two words, for the line of hints; empty for what need not stand there. Neighbours with the same hint share
    /// it.
    pub hint: &'static str,
    /// A sentence, for the help.
    pub help: &'static str,
    /// Where it means something.
    pub place: Place,
    /// What it does.
    pub run: Run,
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

/// The command without which nobody gets out.
pub(super) const QUIT: &str = "quit";

const fn everywhere(
    name: &'static str,
    keys: &'static [Key],
    hint: &'static str,
    help: &'static str,
    run: Run,
) -> Command {
    Command { name, keys, is_row: false, hint, help, place: Place::Everywhere, run }
}

const fn live(name: &'static str, keys: &'static [Key], hint: &'static str, help: &'static str, run: Run) -> Command {
    Command { place: Place::Live, ..everywhere(name, keys, hint, help, run) }
}

const fn recorded(
    name: &'static str,
    keys: &'static [Key],
    hint: &'static str,
    help: &'static str,
    run: Run,
) -> Command {
    Command { place: Place::Recording, ..everywhere(name, keys, hint, help, run) }
}

/// Every command, in the order of the help. Hints are shown in this order as far as there is room.
#[rustfmt::skip] // One entry, one or two lines: it is read as a table.
pub const COMMANDS: &[Command] = &[
    everywhere(QUIT, &[Key::Char('q'), Key::Ctrl('c')], "quit",
        "Quits, and ends every lane.", |_, _| Effects::quit(Quit { keep_last_frame: false })),
    everywhere("help", &[Key::Char('?'), Key::F(1)], "help",
        "Opens and closes this help.", |model, _| actions::toggle(model, Dialog::help())),
    everywhere("commands", &[Key::Char(':')], "commands",
        "Finds a command by a part of its name.", |model, _| actions::open(model, Dialog::palette())),
    everywhere("next-lane", &[Key::Tab], "lane",
        "Goes to the next lane.", |model, _| actions::focus_by(model, 1)),
    everywhere("zoom", &[Key::Char('z'), Key::Enter], "zoom",
        "Gives the whole screen to one lane, and back.", |model, _| actions::toggle_zoom(model)),
    live("more-workers", &[Key::Char('+'), Key::Char('=')], "workers",
        "Gives the lane one worker more.", |model, _| actions::resize(model, 1)),
    live("fewer-workers", &[Key::Char('-')], "workers",
        "Gives the lane one worker less.", |model, _| actions::resize(model, -1)),
    live("edit", &[Key::Char('e')], "edit",
        "Edits every parameter of the lane, and of the run.", |model, _| actions::edit(model)),
    recorded("back-1s", &[Key::Char(','), Key::Left], "1 s",
        "Goes back a second.", |model, _| actions::seek_by(model, -1_000_000_000)),
    recorded("on-1s", &[Key::Char('.'), Key::Right], "1 s",
        "Goes on by a second.", |model, _| actions::seek_by(model, 1_000_000_000)),
    recorded("back-10s", &[Key::Char('<'), Key::PageUp], "10 s",
        "Goes back ten seconds.", |model, _| actions::seek_by(model, -10_000_000_000)),
    recorded("on-10s", &[Key::Char('>'), Key::PageDown], "10 s",
        "Goes on by ten seconds.", |model, _| actions::seek_by(model, 10_000_000_000)),
    recorded("beginning", &[Key::Home], "",
        "Goes to the beginning.", |model, _| actions::seek_to(model, 0)),
    recorded("end", &[Key::End], "",
        "Goes to the end.", |model, _| actions::seek_to(model, u64::MAX)),
    recorded("slower", &[Key::Char('(')], "speed",
        "Plays half as fast.", |model, _| actions::change_speed(model, 0.5)),
    recorded("faster", &[Key::Char(')')], "speed",
        "Plays twice as fast.", |model, _| actions::change_speed(model, 2.0)),
    everywhere("pause", &[Key::Char(' ')], "pause",
        "Pauses all pools at a task boundary, or lets them go on; a recording stands still.", |model, _| actions::pause(model)),
    everywhere("freeze", &[Key::Char('p')], "freeze",
        "Freezes the view while the pools work on; again shows what is now.", |model, _| actions::freeze(model)),
    everywhere("finding", &[Key::Char('n')], "finding",
        "Goes to the panel that proves the next finding.", |model, _| actions::next_finding(model)),
    everywhere("flight", &[Key::Char('f')], "",
        "Shows the lane's last milliseconds, event by event, as they were just now.", |model, _| actions::flight(model)),
    everywhere("scenarios", &[Key::Char('o')], "scenarios",
        "Browses the scenarios, and opens another one.", |model, _| actions::browse(model)),
    live("kill", &[Key::Char('x')], "kill worker",
        "Kills a worker process of the lane, after asking which.", |model, _| actions::ask_to_kill(model)),
    live("crash", &[Key::Char('X')], "",
        "Makes a worker's next task panic, after asking whose.", |model, _| actions::ask_to_crash(model)),
    everywhere("restart", &[Key::Char('r')], "restart",
        "Starts the run again from the beginning.", |model, _| actions::restart(model)),
    everywhere("question", &[Key::Char('i')], "question",
        "Shows what the scenario asks, what you guessed, and how it is set up.", |model, _| actions::toggle(model, Dialog::about())),
    everywhere("big", &[Key::Char('b')], "big",
        "Shows large headline figures only, for a projector.", |model, _| { model.big = !model.big; Effects::redraw(Redraw::Full) }),
    Command { is_row: true, ..everywhere("lane", &DIGITS, "",
        "Goes to the lane of that number.", actions::focus_on) },
    everywhere("previous-lane", &[Key::BackTab], "",
        "Goes to the lane before.", |model, _| actions::focus_by(model, -1)),
    live("copy-lane", &[Key::Char('c')], "",
        "Adds a copy of the lane beside it.", |model, _| actions::copy_lane(model)),
    live("add-lane", &[Key::Char('a')], "",
        "Adds a lane after the last.", |model, _| actions::add_lane(model)),
    live("remove-lane", &[Key::Char('d')], "",
        "Removes the lane, after asking.", |model, _| actions::ask_to_remove(model)),
    live("save", &[Key::Char('w')], "",
        "Saves what runs now as a scenario file of your own.", |model, _| actions::save(model)),
    live("record", &[Key::Char('R')], "",
        "Records from here on, all that was so far included; again ends the recording.", |model, _| actions::record(model)),
    everywhere("screenshot", &[Key::Char('S')], "",
        "Writes a picture of the screen to a file: text, ANSI or SVG.", |model, _| actions::open(model, Dialog::Shots(Shots::default()))),
    everywhere("copy", &[Key::Char('y')], "",
        "Copies the lane's panel, or what is open, as text (OSC 52).", |model, _| actions::copy_panel(model)),
    everywhere("theme", &[Key::Char('t')], "",
        "Takes the next theme.", |model, _| actions::next_theme(model)),
    everywhere("glyphs", &[Key::Char('g')], "",
        "Takes the next set of shapes: blocks, Braille, ASCII.", |model, _| actions::next_glyphs(model)),
    everywhere("eco", &[Key::Char('E')], "",
        "Draws as little as can be, for slow lines and batteries, and back.", |model, _| actions::toggle_eco(model)),
    everywhere("mouse", &[Key::Char('m')], "",
        "Gives the mouse to the terminal, for selecting text, or takes it back.", |model, _| actions::toggle_mouse(model)),
    everywhere("back", &[Key::Esc], "",
        "Closes what is open; never ends anything.", |model, _| actions::back(model)),
    everywhere("quit-keep", &[Key::Char('Q')], "",
        "Quits, and leaves the last screen in the scrollback.", |_, _| Effects::quit(Quit { keep_last_frame: true })),
    everywhere("redraw", &[Key::Ctrl('l')], "",
        "Draws the whole screen anew.", |_, _| Effects::redraw(Redraw::Full)),
    everywhere("suspend", &[Key::Ctrl('z')], "",
        "Suspends poolscope and its lanes; fg in the shell goes on.", |_, _| Effects { suspend: true, ..Effects::none() }),
];

impl Command {
    /// Whether it means something now.
    pub(super) fn holds(&self, model: &Model) -> bool {
        self.place.holds(model)
    }

    /// Its hint, as it is now: what undoes something says so.
    pub(super) fn hint_now(&self, model: &Model) -> &'static str {
        match self.name {
            "pause" if model.paused => "go on",
            "freeze" if model.frozen.is_some() => "unfreeze",
            "zoom" if model.zoom.is_some() => "unzoom",
            "finding" if model.shown().findings().is_empty() => "",
            "big" if model.big => "all",
            // Threads cannot be killed without their lane.
            "kill" if !has_processes(model) => "",
            _ => self.hint,
        }
    }
}

/// Whether the focused lane's workers are processes.
fn has_processes(model: &Model) -> bool {
    model.shown().lanes().get(model.focus_index()).is_some_and(|lane| lane.plan.pool.is_processes())
}

/// The command of that name.
pub(super) fn named(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// Does what a key means outside of dialogs.
pub(super) fn press(model: &mut Model, key: Key) -> Effects {
    let found: Vec<_> = model.keymap.commands(key).collect();
    match found.iter().find(|(command, _)| command.holds(model)) {
        Some((command, place)) => (command.run)(model, *place),
        // A key that does something elsewhere is not left without an answer.
        None if !found.is_empty() && model.is_recording() => actions::refuse(model),
        None => Effects::none(),
    }
}

/// The wish that pauses or lets go on.
pub(super) fn pausing(paused: bool) -> Control {
    if paused { Control::Pause } else { Control::Resume }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_words_and_motions_are_kept_free() {
        for command in COMMANDS {
            assert!(!command.keys.is_empty() && command.help.ends_with('.'), "{}", command.name);
            assert_eq!(COMMANDS.iter().filter(|other| other.name == command.name).count(), 1, "{}", command.name);
            // In lists `g` is the way home, which is more than its meaning elsewhere.
            for free in ['h', 'j', 'k', 'l', 'G'] {
                assert!(!command.keys.contains(&Key::Char(free)), "{free}");
            }
        }
    }
}
