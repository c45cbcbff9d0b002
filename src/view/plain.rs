//! The same program without a screen to look at: sentences go out, lines come in. For screen readers, dumb terminals and
//! logs.
//!
//! ```text
//! frames ──▶ Model ──▶ Plain ──▶ sentences, one for each thing that changes
//! lines  ──▶ commands of the same table ──▶ update ──▶ Outside
//! ```
//!
//! Nothing is drawn, nothing moves, and no escape sequence is written.

use super::actions;
use super::commands::COMMANDS;
use super::dialogs::Dialog;
use super::keys::Key;
use super::message::{Control, Effects, Message, Outside};
use super::model::{Model, Setting};
use super::update::{begin, update};
use crate::report::Plain;
use crate::stats::words;
use crate::wire::Frame;
use crossbeam_channel::{Receiver, never, select};
use std::io::{self, Write};

/// What only a screen can do.
const FOR_EYES: [&str; 21] = [
    "commands",
    "zoom",
    "flight",
    "freeze",
    "big",
    "screenshot",
    "copy",
    "theme",
    "glyphs",
    "eco",
    "mouse",
    "redraw",
    "suspend",
    "back",
    "quit-keep",
    "edit",
    "open-point",
    "previous-point",
    "next-point",
    "previous-curve",
    "next-curve",
];

/// Tells a run in sentences until it is over, until a line says `quit`, or until a signal comes, which is returned.
///
/// # Errors
/// Where the sentences cannot be written.
pub fn run_plain(
    mut frames: Receiver<Frame>,
    mut lines: Receiver<String>,
    signals: &Receiver<i32>,
    outside: &mut dyn Outside,
    setting: Setting,
    out: &mut dyn Write,
) -> io::Result<Option<i32>> {
    let mut teller = Teller { model: Model::new(setting), plain: Plain::new(), said: Vec::new(), asks: false };
    let asked = begin(&mut teller.model);
    teller.carry_out(asked, outside);
    let bell = outside.bell();
    loop {
        teller.write(out)?;
        select! {
            recv(frames) -> frame => match frame {
                Ok(frame) => {
                    let answers = outside.frame(&frame);
                    teller.post(Message::Frame(Box::new(frame)), outside);
                    answers.into_iter().for_each(|answer| teller.post(answer, outside));
                    let told = teller.plain.sentences(teller.model.ledger());
                    teller.said.extend(told);
                    if teller.model.ledger().has_ended() {
                        teller.write(out)?;
                        return Ok(None);
                    }
                }
                Err(_) => frames = never(),
            },
            recv(lines) -> line => match line {
                Ok(line) => if teller.line(line.trim(), outside) {
                    return Ok(None);
                },
                // Whoever types nothing more may still listen, and cannot answer.
                Err(_) => {
                    lines = never();
                    if teller.model.dialog == Dialog::Ask {
                        teller.post(Message::Key(Key::Esc), outside);
                    }
                }
            },
            recv(bell) -> _ => outside.later().into_iter().for_each(|message| teller.post(message, outside)),
            recv(signals) -> signal => return Ok(signal.ok()),
        }
    }
}

struct Teller {
    model: Model,
    plain: Plain,
    said: Vec<String>,
    /// The question stands open, and has been told.
    asks: bool,
}

impl Teller {
    fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for sentence in self.said.drain(..) {
            writeln!(out, "{}", words::plain(&sentence))?;
        }
        out.flush()
    }

    fn post(&mut self, message: Message, outside: &mut dyn Outside) {
        let effects = update(&mut self.model, message);
        self.take(effects, outside);
    }

    fn take(&mut self, effects: Effects, outside: &mut dyn Outside) {
        if let Some(status) = self.model.status.take() {
            self.said.push(status);
        }
        self.carry_out(effects.controls, outside);
    }

    fn carry_out(&mut self, controls: Vec<Control>, outside: &mut dyn Outside) {
        for control in controls {
            for answer in outside.obey(control) {
                self.post(answer, outside);
            }
        }
        // Told when it opens, and not again with everything that happens while it stands.
        let asked = std::mem::replace(&mut self.asks, self.model.dialog == Dialog::Ask);
        if self.asks && !asked {
            self.tell_question();
        }
    }

    fn tell_question(&mut self) {
        let Some(question) = self.model.draft.as_ref().and_then(|draft| draft.scenario().question.clone()) else {
            return;
        };
        self.said.push(format!("Before it runs: {}", question.text));
        for (letter, choice) in ('a'..='z').zip(&question.choices) {
            self.said.push(format!("{letter}: {}", choice.text));
        }
        self.said.push("Type a letter for your guess, or skip.".to_string());
    }

    /// Does what a line says; says whether to leave.
    fn line(&mut self, line: &str, outside: &mut dyn Outside) -> bool {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match (&self.model.dialog, word) {
            (_, "") => {}
            (_, "quit" | "q") => return true,
            (Dialog::Ask | Dialog::Confirm(_), "skip" | "no") => self.post(Message::Key(Key::Esc), outside),
            (Dialog::Ask | Dialog::Confirm(_), answer) => {
                let before = self.model.dialog.clone();
                for letter in answer.chars().take(1) {
                    self.post(Message::Key(Key::Char(letter)), outside);
                }
                if self.model.dialog == before {
                    self.said.push(format!("`{line}` is no answer."));
                }
            }
            (_, "help") => self.tell_commands(),
            (_, "scenarios") => {
                for listed in crate::scenario::list(None) {
                    self.said.push(format!("{}: {}", listed.name, listed.title));
                }
                self.said.push("open NAME opens one of them.".to_string());
            }
            (_, "open") if !rest.is_empty() => self.carry_out(vec![Control::Open(rest.to_string())], outside),
            (_, "set") if rest.contains('=') => self.set(rest, outside),
            (_, "lane") if rest.parse::<usize>().is_ok_and(|number| number > 0) => {
                let effects = actions::focus_on(&mut self.model, rest.parse::<usize>().unwrap_or(1) - 1);
                self.take(effects, outside);
                self.said.push(format!("Lane {}.", self.model.focus));
            }
            _ => self.command(word, outside),
        }
        false
    }

    /// Runs a command by its name, or by a key that does it.
    fn command(&mut self, word: &str, outside: &mut dyn Outside) {
        let of_key = || {
            let key = word.parse::<Key>().ok()?;
            self.model.keymap.commands(key).find(|(command, _)| command.holds(&self.model))
        };
        let named = COMMANDS.iter().find(|command| command.name == word).map(|command| (command, 0));
        match named.or_else(of_key) {
            None => self.said.push(format!("`{word}` is no command: help lists them.")),
            Some((command, _)) if FOR_EYES.contains(&command.name) => {
                self.said.push(format!("`{}` is for the screen.", command.name));
            }
            Some((command, place)) => {
                let effects = (command.run)(&mut self.model, place);
                self.take(effects, outside);
                match &self.model.dialog {
                    Dialog::Confirm(_) => self.said.push("Type y to do it, or no.".to_string()),
                    Dialog::Ask => {}
                    _ => self.model.dialog = Dialog::None,
                }
                self.model.zoom = None;
            }
        }
    }

    /// `set workers=8`: changes a parameter of the lane that was gone to last.
    fn set(&mut self, change: &str, outside: &mut dyn Outside) {
        let Some((path, value)) = change.split_once('=') else { return };
        let lane = self.model.focus_index();
        let changed = actions::change(&mut self.model, |draft, machine| {
            draft.set(Some(lane), path.trim(), value.trim(), machine)
        });
        match changed {
            Ok(effects) => {
                self.said.push(format!("Lane {}: {} is {}.", lane + 1, path.trim(), value.trim()));
                self.take(effects, outside);
            }
            Err(why) => self.said.push(why),
        }
    }

    fn tell_commands(&mut self) {
        let meant = COMMANDS.iter().filter(|command| command.holds(&self.model) && !FOR_EYES.contains(&command.name));
        self.said.extend(meant.map(|command| format!("{}: {}", command.name, command.help)));
        self.said.push("set KEY=VALUE: changes a parameter of the lane, as in set workers=8.".to_string());
        self.said.push("open NAME: opens a scenario.".to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Draft, Overrides, find};
    use crate::view::tests::made;
    use crate::wire::{Body, Order};
    use crossbeam_channel::unbounded;

    #[derive(Default)]
    struct Asked(Vec<Control>);

    impl Outside for Asked {
        fn obey(&mut self, control: Control) -> Vec<Message> {
            self.0.push(control);
            Vec::new()
        }

        fn frame(&mut self, _: &Frame) -> Vec<Message> {
            Vec::new()
        }
    }

    fn told(typed: &[&str], setting: Setting) -> (String, Vec<Control>) {
        let (mut asked, mut out) = (Asked::default(), Vec::new());
        let mut teller = Teller { model: Model::new(setting), plain: Plain::new(), said: Vec::new(), asks: false };
        let controls = begin(&mut teller.model);
        teller.carry_out(controls, &mut asked);
        for frame in made::frames(20) {
            teller.post(Message::Frame(Box::new(frame)), &mut asked);
        }
        for line in typed {
            assert!(!teller.line(line, &mut asked));
        }
        teller.write(&mut out).expect("memory");
        (String::from_utf8(out).expect("text"), asked.0)
    }

    #[test]
    fn lines_do_what_keys_do() {
        let (said, asked) = told(&["lane 2", "more-workers", "-", "nonsense", "zoom", "kill"], Setting::default());
        let orders: Vec<&Control> = asked.iter().filter(|control| matches!(control, Control::Order(..))).collect();
        let resize = |workers| Control::Order(Some(crate::wire::LaneId(2)), Order::Resize { workers });
        assert_eq!(orders, [&resize(5), &resize(4)]);
        for part in
            ["Lane 2.", "asked for 5 workers", "`nonsense` is no command", "`zoom` is for the screen", "only a process"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn the_question_is_asked_in_words_and_answered_by_a_letter() {
        let draft = Draft::of(&find("pool-size", None).expect("a scenario"), &Overrides::default());
        let setting = Setting { draft: Some(Box::new(draft)), ..Setting::default() };
        let (said, asked) = told(&["z", "b"], setting);
        assert!(said.contains("`z` is no answer."), "{said}");
        assert_eq!(said.matches("Before it runs:").count(), 1, "{said}");
        assert!(
            matches!(asked.as_slice(), [Control::Pause, Control::Guess(guess), Control::Resume] if guess.choice == 1),
            "{asked:?}"
        );
    }

    #[test]
    fn a_run_is_told_to_its_end_without_an_escape() {
        let (frames_in, frames) = unbounded();
        let run = made::frames(130);
        run.into_iter().for_each(|frame| frames_in.send(frame).expect("room"));
        frames_in.send(Frame { lane: None, at_ns: 14_000_000_000, body: Body::End }).expect("room");
        let mut out = Vec::new();
        let ended = run_plain(frames, never(), &never(), &mut Asked::default(), Setting::default(), &mut out);
        assert_eq!(ended.expect("memory"), None);
        let text = String::from_utf8(out).expect("text");
        assert!(!text.contains('\x1b') && text.contains("The run is over."), "{text}");
        assert!(text.contains("worker 3 was killed by SIGKILL"), "{text}");
    }
}
