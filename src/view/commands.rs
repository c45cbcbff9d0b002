//! The one table of commands: keys, the line of hints, the help, the palette and what the mouse can press are made from
//! it, so none can disagree. What commands do stands in `actions`.

use super::actions;
use super::dialogs::{Dialog, Shots};
use super::keys::Key;
use super::message::{Control, Effects, Quit, Redraw};
use super::model::Model;
use super::programs::journey::Act;
use super::programs::{self, Engine, keys as program};
use super::sweep;

/// Where a command means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Everywhere,
    /// In a live run, whatever is shown of it.
    Live,
    /// In a recording whose lanes are shown.
    Recording,
    /// Where lanes are shown: of programs, while they run wild.
    Lanes,
    /// Where lanes are shown that run no programs.
    Pools,
    /// In a live run of lanes that run no programs.
    LivePools,
    /// Where lanes run programs.
    Programs,
    /// The same, in a live run.
    LivePrograms,
    /// Where a program is stepped through or explored.
    Thinking,
    /// Where a program is stepped through.
    Step,
    /// Where lanes or a sweep are shown.
    Runs,
    /// Where a sweep is shown.
    Sweep,
    /// The same, as it is measured.
    LiveSweep,
}

/// The bit of a sweep that is shown.
const SWEEP: u8 = 16;

/// What else can be shown: lanes without programs, a program that is stepped through, explored, run wild.
const SHOWN: [(Option<Engine>, u8); 4] =
    [(None, 1), (Some(Engine::Step), 2), (Some(Engine::Explore), 4), (Some(Engine::Wild), 8)];

impl Place {
    /// What is shown where it means something, in a live run and in a recording: a bit for each of [`SHOWN`], and
    /// [`SWEEP`].
    fn shown(self) -> (u8, u8) {
        let both = |shown| (shown, shown);
        match self {
            Place::Everywhere => both(31),
            Place::Live => (31, 0),
            Place::Recording => (0, 25),
            Place::Lanes => both(9),
            Place::Pools => both(1),
            Place::LivePools => (1, 0),
            Place::Programs => both(14),
            Place::LivePrograms => (14, 0),
            Place::Thinking => both(6),
            Place::Step => both(2),
            Place::Runs => both(25),
            Place::Sweep => both(SWEEP),
            Place::LiveSweep => (SWEEP, 0),
        }
    }

    /// Whether there is a place where both mean something.
    pub(super) fn meets(self, other: Place) -> bool {
        let ((live, recorded), (other_live, other_recorded)) = (self.shown(), other.shown());
        live & other_live != 0 || recorded & other_recorded != 0
    }

    fn holds(self, model: &Model) -> bool {
        let engine = programs::engine(model);
        let of_engine = SHOWN.iter().find(|(shown, _)| *shown == engine).map_or(0, |(_, bit)| *bit);
        let bit = if sweep::is_shown(model) { SWEEP } else { of_engine };
        let (live, recorded) = self.shown();
        bit & if model.is_recording() { recorded } else { live } != 0
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

const THREADS: [Key; 10] = [
    Key::Char('0'),
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

const fn at(
    place: Place,
    name: &'static str,
    keys: &'static [Key],
    hint: &'static str,
    help: &'static str,
    run: Run,
) -> Command {
    Command { place, ..everywhere(name, keys, hint, help, run) }
}

const fn live(name: &'static str, keys: &'static [Key], hint: &'static str, help: &'static str, run: Run) -> Command {
    at(Place::Live, name, keys, hint, help, run)
}

const fn recorded(
    name: &'static str,
    keys: &'static [Key],
    hint: &'static str,
    help: &'static str,
    run: Run,
) -> Command {
    at(Place::Recording, name, keys, hint, help, run)
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
    Command { is_row: true, ..at(Place::Step, "thread", &THREADS, "step",
        "Lets the thread of that number take its next step; 0 is main.", program::step_thread) },
    at(Place::Step, "undo", &[Key::Char('u'), Key::Backspace], "undo",
        "Takes the last step back.", |model, _| program::act(model, Act::By(-1))),
    at(Place::Step, "redo", &[Key::Char('U'), Key::Ctrl('r')], "",
        "Takes the step that was taken back once more.", |model, _| program::act(model, Act::By(1))),
    at(Place::Thinking, "to-failure", &[Key::Char('n')], "failure",
        "Goes to the shortest schedule that fails; again, to the next way to fail.", |model, _| program::to_failure(model)),
    at(Place::Programs, "cure", &[Key::Char('F')], "cure",
        "Goes to the variant that cannot go wrong, from the beginning.", |model, _| program::cure(model)),
    at(Place::Programs, "next-engine", &[Key::Tab], "engine",
        "Looks at the program by the next engine: step, explore, wild.", |model, _| program::next_engine(model, 1)),
    at(Place::Programs, "next-variant", &[Key::Char('v')], "variant",
        "Goes to the next variant of the program.", |model, _| program::next_variant(model, 1)),
    at(Place::Thinking, "open", &[Key::Enter], "open",
        "Opens the shortest schedule to the marked ending, or the lines of the marked finding.", |model, _| program::open_marked(model)),
    at(Place::Step, "scrub-back", &[Key::Left], "scrub",
        "Goes back along the schedule.", |model, _| program::act(model, Act::By(-1))),
    at(Place::Step, "scrub-on", &[Key::Right], "scrub",
        "Goes on along the schedule, as far as it was taken.", |model, _| program::act(model, Act::By(1))),
    at(Place::Step, "run-on", &[Key::Char(' ')], "run on",
        "Takes random steps until a thread stands still or ends.", |model, _| program::run_on(model)),
    at(Place::Step, "random-step", &[Key::Char('r')], "random",
        "Takes a random step.", |model, _| program::random(model)),
    at(Place::Step, "run-thread", &[Key::Char('f')], "run thread",
        "Lets the thread that moved last go on until it cannot.", |model, _| program::run_thread(model)),
    at(Place::Programs, "challenges", &[Key::Char('c')], "challenge",
        "Shows the challenges of this variant, and hints.", |model, _| actions::open(model, Dialog::challenges())),
    at(Place::Thinking, "grain", &[Key::Char('d')], "grain",
        "Makes a step a whole statement, or an operation again.", |model, _| program::next_grain(model)),
    at(Place::Thinking, "memory", &[Key::Char('M')], "memory",
        "Takes the other memory model: writes seen at once, or from store buffers.", |model, _| program::next_memory(model)),
    at(Place::LivePrograms, "parameter-up", &[Key::Char('+'), Key::Char('=')], "N",
        "Makes the program's first parameter larger, in every variant.", |model, _| program::change_parameter(model, 1)),
    at(Place::LivePrograms, "parameter-down", &[Key::Char('-')], "N",
        "Makes it smaller.", |model, _| program::change_parameter(model, -1)),
    at(Place::LivePrograms, "window", &[Key::Char(']')], "window",
        "Widens what lies between a read and its write on real threads, and makes it natural again.", |model, _| program::next_window(model)),
    at(Place::Thinking, "copy-schedule", &[Key::Char('y')], "copy",
        "Copies the schedule as a short string (OSC 52).", |model, _| program::copy_schedule(model)),
    at(Place::Thinking, "paste-schedule", &[Key::Char('p')], "paste",
        "Opens a line for a schedule, and goes where it leads.", |model, _| actions::open(model, Dialog::paste())),
    at(Place::Step, "schedule-begin", &[Key::Home], "",
        "Goes to the beginning of the schedule.", |model, _| program::act(model, Act::To(0))),
    at(Place::Step, "schedule-end", &[Key::End], "",
        "Goes to the end of the schedule.", |model, _| program::act(model, Act::To(usize::MAX))),
    at(Place::Step, "ten-back", &[Key::PageUp], "",
        "Goes ten steps back.", |model, _| program::act(model, Act::By(-10))),
    at(Place::Step, "ten-on", &[Key::PageDown], "",
        "Goes ten steps on.", |model, _| program::act(model, Act::By(10))),
    at(Place::Programs, "step", &[Key::Char('s')], "",
        "Steps through the program by hand.", |model, _| program::look_through(model, Engine::Step)),
    at(Place::Programs, "explore", &[Key::Char('x')], "",
        "Looks at every schedule of the program.", |model, _| program::look_through(model, Engine::Explore)),
    at(Place::Programs, "wild", &[Key::Char('w')], "",
        "Watches the variants on real threads.", |model, _| program::look_through(model, Engine::Wild)),
    at(Place::Programs, "previous-engine", &[Key::BackTab], "",
        "Looks at it by the engine before.", |model, _| program::next_engine(model, -1)),
    at(Place::Programs, "previous-variant", &[Key::Char('V')], "",
        "Goes to the variant before.", |model, _| program::next_variant(model, -1)),
    at(Place::LivePrograms, "edit-program", &[Key::Char('e')], "",
        "Opens the program's text in your editor, and runs what comes of it.", |model, _| program::edit(model)),
    at(Place::LivePrograms, "parameters", &[Key::Char('P')], "",
        "Edits every parameter of the variant, and of the run.", |model, _| actions::edit(model)),
    at(Place::LivePrograms, "save-scenario", &[Key::Char('W')], "",
        "Saves what runs now as a scenario file of your own.", |model, _| actions::save(model)),
    at(Place::Pools, "next-lane", &[Key::Tab], "lane",
        "Goes to the next lane.", |model, _| actions::focus_by(model, 1)),
    at(Place::Lanes, "zoom", &[Key::Char('z'), Key::Enter], "zoom",
        "Gives the whole screen to one lane, and back.", |model, _| actions::toggle_zoom(model)),
    at(Place::LiveSweep, "open-point", &[Key::Enter], "this size",
        "Goes back to the lanes, the swept one with the workers of the marked point.", |model, _| sweep::keys::open_point(model)),
    at(Place::Sweep, "previous-point", &[Key::Up], "sizes",
        "Marks the size before.", |model, _| sweep::keys::mark_by(model, -1)),
    at(Place::Sweep, "next-point", &[Key::Down], "sizes",
        "Marks the next size.", |model, _| sweep::keys::mark_by(model, 1)),
    at(Place::Sweep, "next-curve", &[Key::Tab], "curve",
        "Goes to the next curve.", |model, _| sweep::keys::curve_by(model, 1)),
    at(Place::Sweep, "previous-curve", &[Key::BackTab], "",
        "Goes to the curve before.", |model, _| sweep::keys::curve_by(model, -1)),
    at(Place::LiveSweep, "lanes", &[Key::Char('s')], "lanes",
        "Goes back to the lanes, as they were before the sweep.", |model, _| sweep::keys::lanes(model)),
    at(Place::LivePools, "more-workers", &[Key::Char('+'), Key::Char('=')], "workers",
        "Gives the lane one worker more.", |model, _| actions::resize(model, 1)),
    at(Place::LivePools, "fewer-workers", &[Key::Char('-')], "workers",
        "Gives the lane one worker less.", |model, _| actions::resize(model, -1)),
    at(Place::LivePools, "edit", &[Key::Char('e')], "edit",
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
    at(Place::Runs, "pause", &[Key::Char(' ')], "pause",
        "Pauses all pools at a task boundary, or lets them go on; a recording stands still.", |model, _| actions::pause(model)),
    at(Place::Lanes, "freeze", &[Key::Char('p')], "freeze",
        "Freezes the view while the pools work on; again shows what is now.", |model, _| actions::freeze(model)),
    at(Place::Lanes, "finding", &[Key::Char('n')], "finding",
        "Goes to the panel that proves the next finding.", |model, _| actions::next_finding(model)),
    at(Place::LivePools, "sweep", &[Key::Char('s')], "sweep",
        "Sweeps the lane: measures it with one number of workers after the other, and advises how many to have.", |model, _| sweep::keys::sweep(model)),
    at(Place::Lanes, "flight", &[Key::Char('f')], "",
        "Shows the lane's last milliseconds, event by event, as they were just now.", |model, _| actions::flight(model)),
    everywhere("scenarios", &[Key::Char('o')], "scenarios",
        "Browses the scenarios, and opens another one.", |model, _| actions::browse(model)),
    at(Place::LivePools, "kill", &[Key::Char('x')], "kill worker",
        "Kills a worker process of the lane, after asking which.", |model, _| actions::ask_to_kill(model)),
    at(Place::LivePools, "crash", &[Key::Char('X')], "",
        "Makes a worker's next task panic, after asking whose.", |model, _| actions::ask_to_crash(model)),
    at(Place::Runs, "restart", &[Key::Char('r')], "restart",
        "Starts the run again from the beginning.", |model, _| actions::restart(model)),
    everywhere("question", &[Key::Char('i')], "question",
        "Shows what the scenario asks, what you guessed, and how it is set up.", |model, _| actions::toggle(model, Dialog::about())),
    everywhere("big", &[Key::Char('b')], "big",
        "Shows large headline figures only, for a projector.", |model, _| { model.big = !model.big; Effects::redraw(Redraw::Full) }),
    Command { is_row: true, ..at(Place::Lanes, "lane", &DIGITS, "",
        "Goes to the lane of that number.", actions::focus_on) },
    at(Place::Pools, "previous-lane", &[Key::BackTab], "",
        "Goes to the lane before.", |model, _| actions::focus_by(model, -1)),
    at(Place::LivePools, "copy-lane", &[Key::Char('c')], "",
        "Adds a copy of the lane beside it.", |model, _| actions::copy_lane(model)),
    at(Place::LivePools, "add-lane", &[Key::Char('a')], "",
        "Adds a lane after the last.", |model, _| actions::add_lane(model)),
    at(Place::LivePools, "remove-lane", &[Key::Char('d')], "",
        "Removes the lane, after asking.", |model, _| actions::ask_to_remove(model)),
    at(Place::LivePools, "save", &[Key::Char('w')], "",
        "Saves what runs now as a scenario file of your own.", |model, _| actions::save(model)),
    live("record", &[Key::Char('R')], "",
        "Records from here on, all that was so far included; again ends the recording.", |model, _| actions::record(model)),
    everywhere("screenshot", &[Key::Char('S')], "",
        "Writes a picture of the screen to a file: text, ANSI or SVG.", |model, _| actions::open(model, Dialog::Shots(Shots::default()))),
    at(Place::Lanes, "copy", &[Key::Char('y')], "",
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
            // What there is nothing to do for needs no place among the keys.
            "cure" if !program::has_cure(model) => "",
            "parameter-up" | "parameter-down" if !program::has_parameter(model) => "",
            "open" if programs::engine(model) != Some(Engine::Explore) => "",
            "window" if programs::engine(model) != Some(Engine::Wild) => "",
            "grain" | "memory" if programs::engine(model) == Some(Engine::Step) => "",
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
