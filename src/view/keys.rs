//! Keys, how they are written, and which command each of them does.

use super::commands::{COMMANDS, Command};
use std::fmt;
use std::str::FromStr;

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

/// The keys that have names.
const NAMED: [(&str, Key); 14] = [
    ("Tab", Key::Tab),
    ("Shift-Tab", Key::BackTab),
    ("Enter", Key::Enter),
    ("Esc", Key::Esc),
    ("Backspace", Key::Backspace),
    ("Up", Key::Up),
    ("Down", Key::Down),
    ("Left", Key::Left),
    ("Right", Key::Right),
    ("PageUp", Key::PageUp),
    ("PageDown", Key::PageDown),
    ("Home", Key::Home),
    ("End", Key::End),
    ("Space", Key::Char(' ')),
];

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = NAMED.iter().find(|(_, key)| key == self) {
            return out.write_str(name);
        }
        match self {
            Key::Ctrl(letter) => write!(out, "Ctrl-{}", letter.to_ascii_uppercase()),
            Key::F(number) => write!(out, "F{number}"),
            Key::Char(letter) => write!(out, "{letter}"),
            // Every other key has a name.
            _ => Ok(()),
        }
    }
}

impl FromStr for Key {
    type Err = String;

    /// Reads what `Display` writes; names in any case.
    fn from_str(text: &str) -> Result<Key, String> {
        let lower = text.to_lowercase();
        if let Some((_, key)) = NAMED.iter().find(|(name, _)| name.to_lowercase() == lower) {
            return Ok(*key);
        }
        let mut characters = text.chars();
        if let (Some(one), None) = (characters.next(), characters.next())
            && !one.is_control()
            && !one.is_whitespace()
        {
            return Ok(Key::Char(one));
        }
        if let Some(rest) = lower.strip_prefix("ctrl-")
            && let [letter @ b'a'..=b'z'] = rest.as_bytes()
        {
            return match letter {
                b'i' | b'm' => Err(format!("`{text}` is the same as Tab or Enter on every terminal")),
                _ => Ok(Key::Ctrl(char::from(*letter))),
            };
        }
        if let Some(number) = lower.strip_prefix('f').and_then(|number| number.parse::<u8>().ok())
            && (1..=12).contains(&number)
        {
            return Ok(Key::F(number));
        }
        Err(format!("`{text}` is no key: write a character, Ctrl-L, F1, Tab, Space, Enter, Esc, Up, PageDown …"))
    }
}

/// Which keys do what: the defaults of the table of commands, and what the user's config file changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    /// Commands with keys of their own, by name.
    changed: Vec<(&'static str, Vec<Key>)>,
}

impl Keymap {
    /// The defaults, with other keys for some commands: pairs of a command's name and its keys as they are written.
    ///
    /// # Errors
    /// Every name that is no command's, every text that is no key, every key that two commands would have at the same
    /// time, and any change that would leave no way to quit: one sentence each.
    pub fn new(pairs: &[(String, Vec<String>)]) -> Result<Keymap, Vec<String>> {
        let (mut keymap, mut problems) = (Keymap::default(), Vec::new());
        for (name, keys) in pairs {
            let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
                problems.push(format!("`{name}` is no command"));
                continue;
            };
            let mut read = Vec::new();
            for key in keys {
                match key.parse::<Key>() {
                    Ok(key) => read.push(key),
                    Err(why) => problems.push(format!("{name}: {why}")),
                }
            }
            keymap.changed.push((command.name, read));
        }
        problems.extend(keymap.conflicts());
        if keymap.keys(super::commands::QUIT).is_empty() {
            problems.push("quit: it needs a key".to_string());
        }
        if problems.is_empty() { Ok(keymap) } else { Err(problems) }
    }

    /// The keys of a command.
    pub fn keys(&self, name: &'static str) -> &[Key] {
        let changed = self.changed.iter().find(|(changed, _)| *changed == name).map(|(_, keys)| keys.as_slice());
        changed.unwrap_or_else(|| COMMANDS.iter().find(|command| command.name == name).map_or(&[], |one| one.keys))
    }

    /// How the keys of a command are written where there is room for one; empty where it has none.
    pub fn shown(&self, command: &Command) -> String {
        match self.keys(command.name) {
            [] => String::new(),
            [first, .., last] if command.is_row => format!("{first}-{last}"),
            [first, ..] => first.to_string(),
        }
    }

    /// The same, with all its keys.
    pub fn shown_all(&self, command: &Command) -> String {
        let keys = self.keys(command.name);
        if command.is_row {
            return self.shown(command);
        }
        keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
    }

    /// The commands of a key, each with the key's place among its keys: more than one only where they hold at different
    /// times.
    pub(super) fn commands(&self, key: Key) -> impl Iterator<Item = (&'static Command, usize)> {
        COMMANDS.iter().filter_map(move |command| {
            let place = self.keys(command.name).iter().position(|one| *one == key)?;
            Some((command, place))
        })
    }

    fn conflicts(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (place, command) in COMMANDS.iter().enumerate() {
            for other in &COMMANDS[place + 1..] {
                let shared = self.keys(command.name).iter().find(|key| self.keys(other.name).contains(key));
                if let Some(key) = shared.filter(|_| command.place.meets(other.place)) {
                    problems.push(format!("{key} would do both `{}` and `{}`", command.name, other.name));
                }
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let keys = COMMANDS.iter().flat_map(|command| command.keys);
        for key in keys.chain(&NAMED.map(|(_, key)| key)) {
            assert_eq!(key.to_string().parse::<Key>(), Ok(*key));
        }
        assert_eq!("ctrl-L".parse::<Key>(), Ok(Key::Ctrl('l')));
        for wrong in ["", "Ctrl-", "ctrl-m", "F13", "Hyper-x", "\u{1b}", " "] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_defaults_do_not_conflict_and_conflicts_are_told() {
        assert_eq!(Keymap::default().conflicts(), Vec::<String>::new());
        let pair = |name: &str, keys: &[&str]| (name.to_string(), keys.iter().map(|key| key.to_string()).collect());
        let keymap = Keymap::new(&[pair("zoom", &["F2"]), pair("pause", &[])]).expect("fine");
        assert_eq!((keymap.keys("zoom"), keymap.keys("pause").len()), (&[Key::F(2)][..], 0));
        let wrong = [pair("zoom", &["q"]), pair("zum", &["y"]), pair("freeze", &["Meta-x"]), pair("quit", &[])];
        let problems = Keymap::new(&wrong).expect_err("all of it is wrong").join("\n");
        for part in ["`zum` is no command", "`Meta-x` is no key", "quit: it needs a key"] {
            assert!(problems.contains(part), "{problems}");
        }
        let problems = Keymap::new(&[pair("zoom", &["q"])]).expect_err("two commands").join("\n");
        assert_eq!(problems, "q would do both `quit` and `zoom`");
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_an_error(text in "\\PC{0,8}") {
            if let Ok(key) = text.parse::<Key>() {
                prop_assert_eq!(key.to_string().parse::<Key>(), Ok(key));
            }
        }
    }
}
