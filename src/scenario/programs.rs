//! The programs that lanes run: those that are compiled in, and the blocks of code of a page that have a name.
//!
//! ```text
//! # Lost update: two threads add …      what it is, and what to expect: told beside it, not run
//! # expect: schedules 6
//! THREADS = 2  # 2 to 9                 a parameter: a lane may choose another value
//! ```
//!
//! A program is a text. Nothing here opens a file.

use super::front;
use crate::program::problem::{Place, Problem, Sources, quoted, suggest};
use crate::wire::Parameter;
use std::collections::BTreeMap;
use std::ops::Range;

/// A program that is compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Its text, with what it says of itself.
    pub text: &'static str,
}

macro_rules! built_in {
    ($($name:literal)+) => {
        &[$(BuiltIn { name: $name, text: include_str!(concat!("../../assets/programs/", $name, ".py")) }),+]
    };
}

/// Every program that is compiled in, by name.
#[rustfmt::skip] // A list of names.
pub fn programs() -> &'static [BuiltIn] {
    built_in! {
        "ab-ba" "ab-ba-in-turn" "ab-ba-one-lock" "ab-ba-ordered" "ab-ba-tried" "aba" "aba-stack"
        "aba-stack-looked-again" "aba-stack-tagged" "aba-tagged" "barrier" "bounded-buffer"
        "bounded-buffer-ordered" "bounded-buffer-queue" "bounded-buffer-two-locks" "bounded-queue"
        "flag-guard" "flag-guard-exchanged" "flag-guard-load-store" "flag-guard-locked" "half-built-object"
        "half-built-object-filled" "half-built-object-locked" "if-not-while" "if-not-while-looped"
        "if-not-while-wait-for" "iriw" "iterate-while-mutated" "iterate-while-mutated-copied"
        "iterate-while-mutated-locked" "iterate-while-mutated-readers" "iterate-while-mutated-writer-locked"
        "join-first" "join-too-late" "lazy-init-twice" "lazy-init-twice-checked-once"
        "lazy-init-twice-checked-twice" "lazy-init-twice-flag-first" "lazy-init-twice-locked"
        "lazy-init-twice-once" "livelock" "livelock-one-waits" "livelock-ordered" "livelock-random"
        "load-buffering" "lock-not-released" "lost-update" "lost-update-added" "lost-update-called"
        "lost-update-exchanged" "lost-update-load-store" "lost-update-locked" "lost-update-merged" "lost-update-slept"
        "lost-wakeup" "lost-wakeup-event" "lost-wakeup-locked" "lost-wakeup-looped" "message-passing"
        "message-passing-flag-first" "notify-all-of-two-kinds" "notify-one-of-two-kinds"
        "notify-two-conditions" "overdraft" "overdraft-locked" "overdraft-locked-apart" "peterson"
        "peterson-fenced" "peterson-one-fence" "philosophers" "philosophers-ordered" "philosophers-reversed"
        "philosophers-waiter" "philosophers-waiter-too-kind" "pipe-full" "pipe-full-drained"
        "pipe-full-longer" "pool-self-wait" "pool-self-wait-continued" "pool-self-wait-helped"
        "pool-self-wait-larger" "pool-self-wait-second-pool" "process-copies" "process-value"
        "process-value-locked" "result-order" "result-order-indexed" "result-order-locked"
        "result-order-mapped" "self-deadlock" "self-deadlock-half-done" "self-deadlock-reentrant"
        "self-deadlock-smaller" "spurious-wakeup" "spurious-wakeup-looped" "starvation" "starvation-in-turn"
        "starvation-readers" "starvation-readers-last" "starvation-slept" "store-buffering"
        "store-buffering-atomic" "store-buffering-fenced" "store-buffering-one-fence" "torn-pair"
        "torn-pair-locked" "torn-pair-seqlock" "torn-pair-snapshot" "torn-pair-writer-locked"
        "use-before-init" "use-before-init-event" "use-before-init-joined" "use-before-init-locked"
        "use-before-init-queue" "use-before-init-semaphore" "use-before-init-slept" "wrong-lock"
        "wrong-lock-agreed" "wrong-lock-own"
    }
}

/// A program's text as a lane runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// What it says of itself, in a sentence or two.
    pub(super) about: String,
    /// The text without that.
    pub(super) text: String,
    /// Lines of the file before the first line of the text.
    lines_before: usize,
    /// Where the page has it, if it does: the line that opens the block.
    at: Option<Place>,
}

/// The programs of a page, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Programs(BTreeMap<String, Text>);

impl Programs {
    /// The named blocks of code of a page, which stands at these bytes of the file, and what is wrong with their names.
    pub(super) fn of_page(text: &str, page: Range<usize>, sources: &Sources) -> (Programs, Vec<Problem>) {
        let mut programs = Programs::default();
        let mut problems = Vec::new();
        for block in front::blocks(&text[page.clone()]) {
            let Some(name) = block.info.strip_prefix("python ").map(str::trim) else { continue };
            let opening = page.start + block.opening.start..page.start + block.opening.end;
            let at = Place { source: 0, start: opening.start, end: opening.end };
            let lines_before = text[..page.start + block.inside.start].matches('\n').count();
            let inside = &text[page.start + block.inside.start..page.start + block.inside.end];
            if !is_name(name) {
                let help = "name it with up to 64 letters, digits, `-` and `_`".to_string();
                problems.push(sources.problem(at, format!("{} is no name of a program", quoted(name)), Some(help)));
            } else if programs.0.contains_key(name) {
                problems.push(sources.problem(at, format!("a second program called {}", quoted(name)), None));
            } else {
                programs.0.insert(name.into(), Text { at: Some(at), ..Text::of(inside, lines_before) });
            }
        }
        (programs, problems)
    }

    /// One program, whose lines stay where they are in its file.
    pub(super) fn of_file(name: &str, text: &str) -> Programs {
        let about = Text::of(text, 0).about;
        let text = Text { about, text: text.replace("\r\n", "\n"), lines_before: 0, at: None };
        Programs(BTreeMap::from([(name.to_string(), text)]))
    }

    /// A page that shows a program, so that it is in the file where the scenario is saved.
    pub(super) fn page(&self, name: &str) -> String {
        let text = self.0.get(name).map_or("", |program| program.text.trim_end());
        let longest = text.lines().map(|line| line.bytes().take_while(|byte| *byte == b'`').count()).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let word: String = name.chars().map(|letter| if is_name(&letter.to_string()) { letter } else { '-' }).collect();
        format!("# {name}\n\n{fence}python {word}\n{text}\n{fence}")
    }

    /// The program of that name: the page's, or a built-in one.
    pub(super) fn find(&self, name: &str) -> Option<Text> {
        let built_in = || programs().iter().find(|program| program.name == name);
        self.0.get(name).cloned().or_else(|| built_in().map(|program| Text::of(program.text, 0)))
    }

    /// The help for a name that none has.
    pub(super) fn suggest(&self, name: &str) -> Option<String> {
        let known = self.0.keys().map(String::as_str).chain(programs().iter().map(|program| program.name));
        let near = suggest(name, known);
        near.or(Some("name a block of code of the page, as in ```python NAME, or a built-in program".into()))
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    !name.is_empty() && name.len() <= 64 && name.chars().all(is_letter)
}

impl Text {
    /// Takes what a text says of itself, in the comments at its top, from what is run.
    fn of(text: &str, lines_before: usize) -> Text {
        let text = text.replace("\r\n", "\n");
        let mut rest = text.as_str();
        let mut about: Vec<&str> = Vec::new();
        let mut lines = 0;
        let is_word_of =
            |line: &str| ["expect", "finds:", "lacks:", "cpython:"].iter().any(|word| line.starts_with(word));
        while let Some((line, after)) = rest.split_once('\n') {
            match line.strip_prefix('#') {
                Some(said) if !is_word_of(said.trim()) => about.push(said.trim()),
                Some(_) => {}
                None if line.trim().is_empty() && lines > 0 => {}
                None => break,
            }
            lines += 1;
            rest = after;
        }
        Text { about: about.join(" "), text: rest.to_string(), lines_before: lines_before + lines, at: None }
    }

    /// What is wrong with it as a program, told where it stands in its file.
    pub(super) fn wrong(&self, name: &str, origin: &str, problem: Problem) -> Problem {
        let line = if problem.line == 0 { 0 } else { problem.line + self.lines_before };
        let origin =
            if self.at.is_some() || self.lines_before == 0 { origin.to_string() } else { format!("{name}.py") };
        Problem { origin, line, ..problem }
    }
}

/// The parameters of a text, each with where its value stands.
pub(super) fn parameters(text: &str) -> Vec<(Parameter, Range<usize>)> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((parameter, value)) = parameter(line.trim_end()) {
            found.push((parameter, start + value.start..start + value.end));
        }
        start += line.len();
    }
    found
}

/// A line such as `N = 3  # 2 to 9`.
fn parameter(line: &str) -> Option<(Parameter, Range<usize>)> {
    let (name, rest) = line.split_once(" = ")?;
    let (value, range) = rest.split_once('#')?;
    let (min, max) = range.trim().split_once(" to ")?;
    let is_name = |name: &str| {
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
    };
    let number =
        |text: &str| text.trim().parse::<u32>().ok().filter(|_| text.trim().bytes().all(|byte| byte.is_ascii_digit()));
    let (min, max, chosen) = (number(min)?, number(max)?, number(value)?);
    let at = name.len() + " = ".len();
    let value = at..at + value.trim_end().len();
    let parameter = Parameter { name: name.into(), value: chosen, min, max };
    (is_name(&parameter.name) && (min..=max).contains(&chosen)).then_some((parameter, value))
}

/// The text with these parameters instead of its own. The line stays as long as it may, and where it is.
pub(super) fn with_parameters(text: &str, chosen: &[Parameter]) -> String {
    let mut changed = text.to_string();
    for (parameter, at) in parameters(text).into_iter().rev() {
        if let Some(chosen) = chosen.iter().find(|chosen| chosen.name == parameter.name) {
            changed.replace_range(at, &chosen.value.to_string());
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_program_of_the_folder_is_compiled_in_and_is_in_the_subset() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs");
        let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
        let mut names: Vec<String> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
            .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, programs().iter().map(|program| program.name).collect::<Vec<_>>());
        for program in programs() {
            let text = Text::of(program.text, 0);
            assert!(!text.about.is_empty() && !text.text.starts_with(['#', '\n']), "{}", program.name);
            assert!(!text.about.contains("expect"), "{}: {}", program.name, text.about);
            let compiled = crate::program::compile(program.name, &text.text);
            assert!(compiled.is_ok(), "{}: {compiled:?}", program.name);
        }
    }

    #[test]
    fn parameters_are_found_and_chosen() {
        let text = "import threading\nN = 3  # 2 to 9\nROUNDS = 12 # 1 to 100\n\nx = 3  # of 4\n    M = 2  # 1 to 3\nY = 0  # 1 to 3\n";
        let found = parameters(text);
        let told: Vec<String> = found
            .iter()
            .map(|(one, at)| format!("{} {} {}..{} {}", one.name, one.value, one.min, one.max, &text[at.clone()]))
            .collect();
        assert_eq!(told, ["N 3 2..9 3", "ROUNDS 12 1..100 12"]);
        let mut chosen: Vec<Parameter> = found.into_iter().map(|(parameter, _)| parameter).collect();
        chosen[0].value = 9;
        chosen[1].value = 1;
        let changed = with_parameters(text, &chosen);
        assert!(changed.contains("\nN = 9  # 2 to 9\nROUNDS = 1 # 1 to 100\n"), "{changed}");
        assert_eq!(changed.lines().count(), text.lines().count());
    }
}
