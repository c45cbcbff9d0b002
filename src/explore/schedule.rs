//! Schedules as short strings.
//!
//! A schedule is its steps in order, with dots between them: `1.2.1.2`. A step is the number of the thread that takes it
//! (threads are numbered in the order of their start; 0 is main). Where the step has several choices, the one taken
//! follows behind a colon, counted from 0: `2:1`. A notify's choices are the sets of waiters that it may wake, ordered by
//! their threads; a random value's are its values in order. Under `tso`, `1w` is the oldest write of thread 1 becoming
//! visible to all.

use std::fmt;

use super::search::Mover;

/// One step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Turn {
    pub(super) mover: Mover,
    /// Which choice, where there are several.
    pub(super) choice: Option<usize>,
}

impl fmt::Display for Turn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.mover.number())?;
        if self.mover.is_buffer() {
            out.write_str("w")?;
        }
        match self.choice {
            Some(choice) => write!(out, ":{choice}"),
            None => Ok(()),
        }
    }
}

/// A schedule as a string.
pub(super) fn spelt(turns: &[Turn]) -> String {
    turns.iter().map(Turn::to_string).collect::<Vec<String>>().join(".")
}

/// How often a schedule switches threads.
pub(super) fn switches(turns: &[Turn]) -> usize {
    turns.windows(2).filter(|pair| pair[0].mover.number() != pair[1].mover.number()).count()
}

/// Reads a schedule.
///
/// # Errors
/// The number of the step that is none, from 1, and what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Vec<Turn>, (usize, String)> {
    const STEPS_MAX: usize = 1_000_000;
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let turn = |(index, word): (usize, &str)| {
        let wrong = |why: &str| Err((index + 1, format!("`{}` is no step: {why}", word.escape_debug())));
        if index >= STEPS_MAX {
            return Err((index + 1, format!("a schedule has at most {STEPS_MAX} steps")));
        }
        let (who, choice) = match word.split_once(':') {
            Some((who, choice)) => match choice.parse::<usize>() {
                Ok(choice) => (who, Some(choice)),
                Err(_) => return wrong("behind the colon stands the number of a choice"),
            },
            None => (word, None),
        };
        let (number, buffer) = match who.strip_suffix('w') {
            Some(number) => (number, true),
            None => (who, false),
        };
        match number.parse::<usize>() {
            Ok(number)
                if number < crate::program::rules::THREADS_MAX && number.to_string() == *who.trim_end_matches('w') =>
            {
                let mover = if buffer { Mover::buffer(number) } else { Mover::thread(number) };
                Ok(Turn { mover, choice })
            }
            _ => wrong("a step is the number of a thread, as in `1.2.1.2`"),
        }
    };
    text.split('.').enumerate().map(turn).collect()
}
