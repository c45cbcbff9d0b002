//! What flight recorders tell, decoded: the moments, and the stretches of time between them.
//!
//! Both are total. A recorder is read while it is written, its oldest events are overwritten, and a foreign lane may send
//! anything: what makes no sense is passed over.

use super::lane::Activity;
use crate::telemetry::{FlightCode, wait_of};
use crate::wire::{FlightEvent, LockId, WorkerId};
use std::collections::BTreeMap;

/// What happened at one moment of a worker's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A task began.
    Begin {
        /// Its number.
        task: u64,
    },
    /// It ended well.
    End,
    /// It failed.
    Fail,
    /// A wait for a lock began.
    Wait {
        /// The lock.
        lock: LockId,
        /// Who held it; none where nobody was seen to.
        owner: Option<WorkerId>,
    },
    /// The wait is over, and the lock acquired.
    Acquire {
        /// The lock.
        lock: LockId,
    },
    /// It blocked on I/O, or fell asleep.
    Block,
    /// It went on.
    Wake,
    /// It paused.
    Pause,
    /// It went on after the pause.
    Resume,
    /// Something that this version does not know.
    Unknown(u8),
}

impl Moment {
    /// What the event says.
    pub fn of(event: &FlightEvent) -> Moment {
        let &(_, _, code, argument) = event;
        match FlightCode::ALL.into_iter().find(|known| *known as u8 == code) {
            Some(FlightCode::Begin) => Moment::Begin { task: argument },
            Some(FlightCode::End) => Moment::End,
            Some(FlightCode::Fail) => Moment::Fail,
            Some(FlightCode::Wait) => {
                let (lock, owner) = wait_of(argument);
                Moment::Wait { lock, owner }
            }
            Some(FlightCode::Acquire) => Moment::Acquire { lock: LockId(argument as u16) },
            Some(FlightCode::Block) => Moment::Block,
            Some(FlightCode::Wake) => Moment::Wake,
            Some(FlightCode::Pause) => Moment::Pause,
            Some(FlightCode::Resume) => Moment::Resume,
            None => Moment::Unknown(code),
        }
    }
}

/// A stretch of time in which a worker did one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it began, counted from the start of the run.
    pub begin_ns: u64,
    /// When it ended. The last one of a worker goes on to the newest event of all.
    pub end_ns: u64,
    /// What the worker did. Whether it had a core while it was running, a flight recorder does not know.
    pub what: Activity,
    /// The lock that it waited for.
    pub lock: Option<LockId>,
    /// Who held that lock when the wait began, as far as it was seen.
    pub owner: Option<WorkerId>,
    /// The task that it was in, as far as its number is known: its beginning may be overwritten.
    pub task: Option<u64>,
    /// Whether the task ended with this stretch, and whether well.
    pub ended: Option<bool>,
}

/// The stretches of time that a lane's flight recorders tell of, worker by worker in the order of their numbers, each
/// worker's without gaps from its oldest event on.
pub fn spans(events: &[FlightEvent]) -> Vec<(WorkerId, Vec<Span>)> {
    let newest_ns = events.iter().map(|event| event.1).max().unwrap_or(0);
    let mut by_worker: BTreeMap<u32, Vec<&FlightEvent>> = BTreeMap::new();
    events.iter().for_each(|event| by_worker.entry(event.0).or_default().push(event));
    by_worker.into_iter().map(|(worker, events)| (WorkerId(worker), spans_of(&events, newest_ns))).collect()
}

fn spans_of(events: &[&FlightEvent], newest_ns: u64) -> Vec<Span> {
    let mut told = Vec::with_capacity(events.len());
    // Whether the worker was in a task before its oldest event: then an end comes before a beginning.
    let first = events
        .iter()
        .map(|event| Moment::of(event))
        .find(|moment| matches!(moment, Moment::Begin { .. } | Moment::End | Moment::Fail));
    let mut in_task = matches!(first, Some(Moment::End | Moment::Fail));
    let idle = |at_ns| Span {
        begin_ns: at_ns,
        end_ns: at_ns,
        what: Activity::Idle,
        lock: None,
        owner: None,
        task: None,
        ended: None,
    };
    let mut open: Option<Span> = None;
    for event in events {
        let at_ns = event.1;
        let before = open.unwrap_or(idle(at_ns));
        // What goes on with a task, and what without.
        let goes_on = |in_task: bool| {
            let what = if in_task { Activity::Running } else { Activity::Idle };
            Span { what, task: before.task.filter(|_| in_task), ..idle(at_ns) }
        };
        let mut ended = None;
        let next = match Moment::of(event) {
            Moment::Begin { task } => {
                in_task = true;
                Span { task: Some(task), ..goes_on(true) }
            }
            moment @ (Moment::End | Moment::Fail) => {
                ended = Some(moment == Moment::End);
                in_task = false;
                goes_on(false)
            }
            Moment::Wait { lock, owner } => Span { what: Activity::Lock, lock: Some(lock), owner, ..goes_on(in_task) },
            Moment::Block => Span { what: Activity::Blocked, ..goes_on(in_task) },
            Moment::Pause => Span { what: Activity::Paused, ..goes_on(in_task) },
            Moment::Acquire { .. } | Moment::Wake | Moment::Resume => goes_on(in_task),
            Moment::Unknown(_) => continue,
        };
        // Before a worker's oldest event nothing is known.
        if open.is_some() {
            told.push(Span { end_ns: at_ns.max(before.begin_ns), ended, ..before });
        }
        open = Some(Span { begin_ns: at_ns.max(before.begin_ns), ..next });
    }
    told.extend(open.map(|last| Span { end_ns: newest_ns.max(last.begin_ns), ..last }));
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOCK: LockId = LockId(1);

    #[test]
    fn a_task_is_told_from_moment_to_moment() {
        let wait = (3 + 1) << 16 | 1;
        let events = [
            (0, 10, 1, 7),
            (0, 20, 4, wait),
            (0, 30, 5, 1),
            (0, 40, 6, 0),
            (0, 50, 7, 0),
            (0, 60, 2, 0),
            (1, 90, 8, 0),
        ];
        let told = spans(&events);
        let of = |begin_ns, end_ns, what| Span {
            begin_ns,
            end_ns,
            what,
            lock: None,
            owner: None,
            task: Some(7),
            ended: None,
        };
        let waits = Span { lock: Some(LOCK), owner: Some(WorkerId(3)), ..of(20, 30, Activity::Lock) };
        let first = vec![
            of(10, 20, Activity::Running),
            waits,
            of(30, 40, Activity::Running),
            of(40, 50, Activity::Blocked),
            Span { ended: Some(true), ..of(50, 60, Activity::Running) },
            Span { task: None, ..of(60, 90, Activity::Idle) },
        ];
        let second = vec![Span { task: None, ..of(90, 90, Activity::Paused) }];
        assert_eq!(told, [(WorkerId(0), first), (WorkerId(1), second)]);
    }

    #[test]
    fn what_began_before_the_oldest_event_is_known_by_its_end() {
        let whats =
            |events: &[FlightEvent]| -> Vec<Activity> { spans(events)[0].1.iter().map(|span| span.what).collect() };
        assert_eq!(whats(&[(0, 1, 5, 0), (0, 2, 3, 0)]), [Activity::Running, Activity::Idle]);
        // A wait for the queue's own lock, outside of any task.
        assert_eq!(whats(&[(0, 1, 5, 0), (0, 2, 1, 9)]), [Activity::Idle, Activity::Running]);
        assert_eq!(spans(&[(0, 1, 99, 0)]), [(WorkerId(0), Vec::new())]);
        assert_eq!(Moment::of(&(0, 1, 99, 0)), Moment::Unknown(99));
    }

    proptest! {
        #[test]
        fn any_events_make_spans_without_gaps(
            events in prop::collection::vec((0..3u32, any::<u64>(), 0..12u8, any::<u64>()), 0..60),
        ) {
            for (_, spans) in spans(&events) {
                for span in &spans {
                    prop_assert!(span.begin_ns <= span.end_ns, "{span:?}");
                }
                for pair in spans.windows(2) {
                    prop_assert_eq!(pair[0].end_ns, pair[1].begin_ns);
                }
            }
        }
    }
}
