//! The runs of a lane's program in words: how one ended, and who waits for whom.

use crate::explore::thread_name;
use crate::program::spelling::python;
use crate::stats::words;
use crate::wire::{Ending, EndingKind, Stall, Standstill, Waiting};

/// An ending in words: `counter=1`, `B stops at line 17: AssertionError`, `A waits for right, held by B; …`.
pub fn ending_in_words(ending: &Ending) -> String {
    let who = || ending.thread.map(name).unwrap_or_default();
    let failed = || {
        let (line, message) = (ending.line.unwrap_or(0), ending.message.as_deref().unwrap_or_default());
        format!("{} stops at line {line}: {message}", who())
    };
    match ending.kind {
        EndingKind::Ended => {
            let values = ending.values.iter().map(|(name, value)| format!("{name}={}", python(value)));
            let printed = (!ending.output.is_empty()).then(|| format!("printed {}", ending.output.join(" · ")));
            match values.chain(printed).collect::<Vec<_>>() {
                nothing if nothing.is_empty() => "all ended".to_string(),
                some => some.join(" "),
            }
        }
        EndingKind::Deadlock => format!("nobody can move: {}", waits_in_words(&ending.waits)),
        EndingKind::Assertion | EndingKind::Exception => failed(),
        EndingKind::Spins => format!("{} spins for ever at line {}", who(), ending.line.unwrap_or(0)),
        EndingKind::Unended => match &ending.message {
            Some(message) => format!("did not end: {message}"),
            None => "did not end: no thread ended, and none passed a line marked as progress".to_string(),
        },
    }
}

/// Who waits for what, and who holds it.
pub fn waits_in_words(waits: &[Waiting]) -> String {
    let wait = |wait: &Waiting| {
        let holder = match wait.held_by {
            Some(holder) if !wait.what.starts_with("the end of") => format!(", held by {}", name(holder)),
            _ => String::new(),
        };
        format!("{} waits for {}{holder}", name(wait.thread), what(wait))
    };
    waits.iter().map(wait).collect::<Vec<_>>().join("; ")
}

/// The sentence of a run that stands still: of its circle, where it has one.
pub fn standstill_in_words(standstill: &Standstill) -> String {
    let in_circle =
        standstill.circle.iter().filter_map(|thread| standstill.waits.iter().find(|wait| wait.thread == *thread));
    let circle: Vec<Waiting> = in_circle.cloned().collect();
    match &circle[..] {
        [] => format!("Nobody can move: {}.", waits_in_words(&standstill.waits)),
        [own] => format!("{} waits for {}, which it holds itself.", name(own.thread), own.what),
        circle => format!("A circle: {}.", waits_in_words(circle)),
    }
}

/// What a stall was: `B got no further while others did 341 times (12 ms)`.
pub fn stall_in_words(stall: &Stall) -> String {
    let (who, length) = (name(stall.thread), words::duration(stall.length_ns));
    match stall.others {
        0 => format!("nobody got on in {} of {who} ({length})", words::plural_u64(stall.operations, "operation")),
        times => format!("{who} got no further while others did {} ({length})", words::plural_u64(times, "time")),
    }
}

fn what(wait: &Waiting) -> String {
    match wait.what.strip_prefix("the end of thread ").and_then(|number| number.parse().ok()) {
        Some(thread) => format!("the end of {}", name(thread)),
        None => wait.what.clone(),
    }
}

fn name(thread: u32) -> String {
    thread_name(thread as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(thread: u32, what: &str, held_by: Option<u32>) -> Waiting {
        Waiting { thread, what: what.into(), held_by }
    }

    #[test]
    fn a_circle_is_told_by_those_in_it() {
        let waits = vec![wait(0, "the end of thread 1", Some(1)), wait(1, "right", Some(2)), wait(2, "left", Some(1))];
        let mut standstill = Standstill { waits, circle: vec![1, 2], ..Standstill::default() };
        assert_eq!(
            standstill_in_words(&standstill),
            "A circle: A waits for right, held by B; B waits for left, held by A."
        );
        standstill.circle.clear();
        assert!(standstill_in_words(&standstill).starts_with("Nobody can move: main waits for the end of A; A waits"));
        standstill.waits = vec![wait(1, "lock", Some(1))];
        standstill.circle = vec![1];
        assert_eq!(standstill_in_words(&standstill), "A waits for lock, which it holds itself.");
    }

    #[test]
    fn a_stall_says_whether_others_got_on() {
        let stall = Stall { run: 1, thread: 2, operations: 1204, others: 0, length_ns: 3_100_000 };
        assert_eq!(stall_in_words(&stall), "nobody got on in 1,204 operations of B (3.1 ms)");
        assert_eq!(stall_in_words(&Stall { others: 1, ..stall }), "B got no further while others did 1 time (3.1 ms)");
    }

    #[test]
    fn every_ending_has_words() {
        let ending = |kind| Ending { kind, thread: Some(2), line: Some(7), ..Ending::default() };
        assert_eq!(ending_in_words(&ending(EndingKind::Ended)), "all ended");
        assert_eq!(ending_in_words(&ending(EndingKind::Spins)), "B spins for ever at line 7");
        let failed = Ending { message: Some("ValueError: no".into()), ..ending(EndingKind::Exception) };
        assert_eq!(ending_in_words(&failed), "B stops at line 7: ValueError: no");
        let printed = Ending { output: vec!["1".into(), "2".into()], ..Ending::default() };
        assert_eq!(ending_in_words(&printed), "printed 1 · 2");
        let object = serde_json::json!({ "repr": "<__main__.Customer object cash=80>" });
        let values = [("ann".to_string(), object), ("done".to_string(), true.into())].into();
        let kept = Ending { values, ..Ending::default() };
        assert_eq!(ending_in_words(&kept), "ann=<__main__.Customer object cash=80> done=True");
    }
}
