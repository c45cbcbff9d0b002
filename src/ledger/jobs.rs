//! The runs of a lane's command: how far they are, and how one went, in words.

use super::{LaneLedger, exit_in_words};
use crate::stats::words;
use crate::wire::{CommandPlan, Inputs, Job};

/// How far a lane is with its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Inputs that are done, those of an earlier run included.
    pub done: u64,
    /// Of these, in this run, those whose last try failed.
    pub failed: u64,
    /// How many there are; none while that is not known.
    pub inputs: Option<u64>,
    /// How long the rest takes, if it takes as long as what was done so far: an estimate. None before anything is done, and
    /// where nobody knows how much there is.
    pub left_ns: Option<u64>,
}

/// An estimate needs so much active time.
const ESTIMATE_MIN_NS: u64 = 300_000_000;

impl Progress {
    /// Of a lane that runs a command; none for any other, and before it has told of itself.
    pub fn of(lane: &LaneLedger) -> Option<Progress> {
        let jobs = lane.jobs.as_ref()?;
        let now = lane.tasks.completed.saturating_add(lane.tasks.failed);
        let done = jobs.skipped.saturating_add(now);
        let inputs = jobs.inputs.map(|inputs| inputs.max(done));
        let left = inputs.filter(|_| now > 0 && lane.active_ns >= ESTIMATE_MIN_NS).map(|inputs| inputs - done);
        let each_ns = lane.active_ns as f64 / now.max(1) as f64;
        let left_ns = left.map(|left| (left as f64 * each_ns) as u64);
        Some(Progress { done, failed: lane.tasks.failed, inputs, left_ns })
    }

    /// The share that is done; none where nobody knows how much there is.
    pub fn share(&self) -> Option<f64> {
        self.inputs.map(|inputs| if inputs == 0 { 1.0 } else { self.done as f64 / inputs as f64 })
    }

    /// Whether all is done.
    pub fn is_over(&self) -> bool {
        self.inputs == Some(self.done)
    }

    /// How far it is: `1,204 of 10,000`, `1,204 done`.
    pub fn count_in_words(&self) -> String {
        match self.inputs {
            Some(inputs) => format!("{} of {}", words::count(self.done), words::count(inputs)),
            None => format!("{} done", words::count(self.done)),
        }
    }

    /// How long it still takes, said to be an estimate; nothing where there is none.
    pub fn estimate_in_words(&self) -> Option<String> {
        match self.left_ns {
            _ if self.is_over() => None,
            Some(left_ns) => Some(format!("~{} left (estimate)", words::elapsed(left_ns))),
            None => None,
        }
    }
}

/// The command of a lane in words, for whoever is to allow it: what it would run, and on what.
pub fn command_in_words(plan: &CommandPlan) -> String {
    let on = match &plan.inputs {
        Inputs::Nothing => ", again and again".to_string(),
        Inputs::Range { first, last } => format!(" for each number from {first} to {last}"),
        Inputs::File { path, .. } => format!(" for each line of {}", path.to_text()),
        Inputs::Stdin { .. } => " for each line of standard input".to_string(),
    };
    let on = if matches!(plan.inputs, Inputs::File { null: true, .. } | Inputs::Stdin { null: true }) {
        on.replace("each line", "each part that ends with a NUL")
    } else {
        on
    };
    let how = if plan.shell { ", by /bin/sh" } else { "" };
    format!("`{}`{on}{how}", plan.command.to_text())
}

/// What became of an input: `input 7 (a b.jpg) exited with code 3, tried 2 times`.
pub fn job_in_words(job: &Job) -> String {
    let how = match &job.unstarted {
        Some(why) => format!("could not be started: {why}"),
        None => exit_in_words(&job.exit),
    };
    let tries = if job.tries > 1 { format!(", tried {} times", job.tries) } else { String::new() };
    let input = if job.input.is_empty() { String::new() } else { format!(" ({})", job.input) };
    format!("input {}{input} {how}{tries}", words::count(job.number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Exit, Raw};

    #[test]
    fn what_became_of_an_input_has_words() {
        let job = |exit, tries| Job { number: 1200, input: "a b".into(), exit, tries, ..Job::default() };
        assert_eq!(job_in_words(&job(Exit::Code { code: 3 }, 1)), "input 1,200 (a b) exited with code 3");
        assert_eq!(
            job_in_words(&job(Exit::Signal { signal: 9 }, 2)),
            "input 1,200 (a b) was killed by SIGKILL, tried 2 times"
        );
        let unstarted =
            Job { unstarted: Some("it is no program".into()), input: String::new(), ..job(Exit::Unknown, 1) };
        assert_eq!(job_in_words(&unstarted), "input 1,200 could not be started: it is no program");
    }

    #[test]
    fn a_command_says_what_it_would_run() {
        let plan = |inputs, shell| CommandPlan { command: "rm {}".into(), inputs, shell, ..CommandPlan::default() };
        let told = |inputs, shell| command_in_words(&plan(inputs, shell));
        assert_eq!(told(Inputs::Range { first: 1, last: 9 }, false), "`rm {}` for each number from 1 to 9");
        let file = |null| Inputs::File { path: Raw(b"list".to_vec()), null };
        assert_eq!(told(file(false), true), "`rm {}` for each line of list, by /bin/sh");
        assert_eq!(told(file(true), false), "`rm {}` for each part that ends with a NUL of list");
    }

    #[test]
    fn an_estimate_says_that_it_is_one() {
        let at = |done, inputs, left_ns| Progress { done, failed: 0, inputs, left_ns };
        let half = at(5000, Some(10_000), Some(12_000_000_000));
        assert_eq!((half.count_in_words().as_str(), half.share()), ("5,000 of 10,000", Some(0.5)));
        assert_eq!(half.estimate_in_words().expect("there is one"), "~00:12 left (estimate)");
        let unknown = at(5, None, None);
        assert_eq!((unknown.count_in_words().as_str(), unknown.share()), ("5 done", None));
        assert_eq!(unknown.estimate_in_words(), None);
        assert_eq!((at(0, Some(0), None).share(), at(3, Some(3), Some(0)).estimate_in_words()), (Some(1.0), None));
    }
}
