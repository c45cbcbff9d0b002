//! What the runs of a command came to.

use super::inputs::Input;
use super::went_well;
use crate::doors::runs::Ran;
use crate::system;
use crate::wire::{Exit, Job, JobsTick, Used};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many inputs whose runs failed are told.
const FAILED_MAX: usize = 8;

/// An input is told up to so many bytes, and the end of an output likewise.
const INPUT_BYTES_TOLD: usize = 200;
const OUTPUT_BYTES_TOLD: usize = 600;

/// One run, or what kept it from being one.
pub(super) enum Try {
    Ran(Box<Ran>),
    Unstarted(String),
}

impl Try {
    pub(super) fn went_well(&self) -> bool {
        matches!(self, Try::Ran(ran) if went_well(&ran.ended.exit))
    }

    fn used(&self) -> Used {
        let Try::Ran(ran) = self else { return Used::default() };
        // Every process begins with the memory of whoever started it: what is not above that is not its own.
        let floor = memory_floor_bytes().unwrap_or(u64::MAX);
        Used {
            wall_ns: ran.wall_ns,
            cpu_ns: ran.ended.cpu_ns,
            memory_peak_bytes: Some(ran.ended.memory_peak_bytes).filter(|peak| *peak > floor),
            io_wait_ns: ran.io_wait_ns,
            voluntary: ran.ended.voluntary,
            involuntary: ran.ended.involuntary,
        }
    }

    /// What is told of the input, whose last run this is.
    pub(super) fn job(&self, input: &Input, tries: u32) -> Job {
        let (exit, unstarted, out, err) = match self {
            Try::Ran(ran) => (ran.ended.exit.clone(), None, &ran.out[..], &ran.err[..]),
            Try::Unstarted(why) => (Exit::Unknown, Some(why.clone()), &[][..], &[][..]),
        };
        Job {
            number: input.number,
            input: String::from_utf8_lossy(&input.bytes[..input.bytes.len().min(INPUT_BYTES_TOLD)]).into_owned(),
            tries,
            exit,
            unstarted,
            used: self.used(),
            stdout: end_of(out),
            stderr: end_of(err),
        }
    }
}

/// The kernel counts memory by the core, and adds that up when it likes: so much may be missing.
const MEMORY_UNCERTAIN_BYTES: u64 = 1 << 20;

/// What of a run's most memory may be the lane's own.
fn memory_floor_bytes() -> Option<u64> {
    system::own_memory_peak_bytes().map(|own| own.saturating_add(MEMORY_UNCERTAIN_BYTES))
}

/// The last whole lines of an output, as far as they are told.
fn end_of(output: &[u8]) -> String {
    let output = output.trim_ascii_end();
    if output.len() <= OUTPUT_BYTES_TOLD {
        return String::from_utf8_lossy(output).into_owned();
    }
    let end = &output[output.len() - OUTPUT_BYTES_TOLD..];
    let from = end.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    String::from_utf8_lossy(&end[from..]).into_owned()
}

/// The account.
pub(super) struct Account {
    told: Mutex<JobsTick>,
    is_stopped: AtomicBool,
    /// No more than so many inputs are run.
    tasks: Option<u64>,
}

impl Account {
    pub(super) fn new(tasks: Option<u64>) -> Account {
        Account { told: Mutex::default(), is_stopped: AtomicBool::new(false), tasks }
    }

    /// Adds a run.
    pub(super) fn add(&self, tried: &Try) {
        if !matches!(tried, Try::Ran(_)) {
            return;
        }
        let more = tried.used();
        let mut told = self.lock();
        let is_first = told.runs == 0;
        let JobsTick { runs, used, .. } = &mut *told;
        *runs += 1;
        used.wall_ns = used.wall_ns.saturating_add(more.wall_ns);
        used.cpu_ns = used.cpu_ns.saturating_add(more.cpu_ns);
        used.memory_peak_bytes = used.memory_peak_bytes.max(more.memory_peak_bytes);
        let before = if is_first { Some(0) } else { used.io_wait_ns };
        used.io_wait_ns = before.zip(more.io_wait_ns).map(|(sum, more)| sum.saturating_add(more));
        used.voluntary = used.voluntary.saturating_add(more.voluntary);
        used.involuntary = used.involuntary.saturating_add(more.involuntary);
    }

    /// Notes an input that is done.
    pub(super) fn settle(&self, job: Job, went_well: bool) {
        let mut told = self.lock();
        if !went_well {
            if told.failed.len() == FAILED_MAX {
                told.failed.remove(0);
            }
            told.failed.push(job.clone());
        }
        told.newest = Some(Box::new(job));
    }

    /// Notes an input that is left out.
    pub(super) fn skip(&self) {
        self.lock().skipped += 1;
    }

    /// Says how many inputs there are.
    pub(super) fn there_are(&self, inputs: u64) {
        self.lock().inputs = Some(inputs);
    }

    /// Says that nothing more is begun, and why; the first reason counts.
    pub(super) fn stop(&self, why: String) {
        self.lock().stopped.get_or_insert(why);
        self.is_stopped.store(true, Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Relaxed)
    }

    /// The account so far.
    pub(super) fn told(&self) -> Box<JobsTick> {
        let mut told = self.lock().clone();
        told.memory_floor_bytes = memory_floor_bytes();
        if let Some(tasks) = self.tasks {
            let most = told.skipped.saturating_add(tasks);
            told.inputs = Some(told.inputs.map_or(most, |inputs| inputs.min(most)));
        }
        Box::new(told)
    }

    fn lock(&self) -> MutexGuard<'_, JobsTick> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Ended;

    fn ran(code: i32, io_wait_ns: Option<u64>) -> Try {
        let ended =
            Ended { exit: Exit::Code { code }, cpu_ns: 10, memory_peak_bytes: u64::MAX, voluntary: 1, involuntary: 2 };
        Try::Ran(Box::new(Ran { ended, wall_ns: 20, io_wait_ns, out: vec![b'x'; 2000], err: b"a\nb\n".to_vec() }))
    }

    #[test]
    fn runs_add_up_and_what_is_not_counted_stays_unknown() {
        let account = Account::new(Some(5));
        account.add(&ran(0, Some(3)));
        account.add(&ran(1, Some(4)));
        assert_eq!(account.told().used.io_wait_ns, Some(7));
        account.add(&ran(1, None));
        account.add(&Try::Unstarted("no".into()));
        let told = account.told();
        let used = Used {
            wall_ns: 60,
            cpu_ns: 30,
            memory_peak_bytes: Some(u64::MAX),
            io_wait_ns: None,
            voluntary: 3,
            involuntary: 6,
        };
        assert_eq!((told.runs, told.used, told.inputs), (3, used, Some(5)));
        account.there_are(3);
        account.skip();
        assert_eq!(account.told().inputs, Some(3), "there are no more, however many may be run");
    }

    #[test]
    fn the_last_failures_are_kept() {
        let account = Account::new(None);
        let input = |number| Input { number, bytes: vec![0xff; 300], is_cut: false };
        for number in 1..=10 {
            account.settle(ran(1, None).job(&input(number), 2), false);
        }
        account.settle(ran(0, None).job(&input(11), 1), true);
        let told = account.told();
        assert_eq!(told.failed.iter().map(|job| job.number).collect::<Vec<_>>(), (3..=10).collect::<Vec<_>>());
        let job = &told.failed[0];
        assert_eq!((job.stderr.as_str(), job.stdout.len(), job.tries), ("a\nb", OUTPUT_BYTES_TOLD, 2));
        assert_eq!(job.input.chars().count(), INPUT_BYTES_TOLD);
        assert_eq!(told.newest.map(|job| job.number), Some(11));
    }
}
