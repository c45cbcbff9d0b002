//! Turns: one lane runs at a time, so that lanes which compare speeds do not fight for the same cores.
//!
//! A pure state machine; the conductor feeds it times and phases and carries out what it says.
//!
//! ```text
//!          it says so              slice over: Pause         at a boundary, or gone
//! Resuming ──────────▶ Running ─────────────────────▶ Closing ─────────────────▶ Resuming (the next lane: Resume)
//!                                                        │ another slice over    ▲
//!                                                        ▼ of its own: Halt      │
//!                                                     Halting ─── halted, or a ──┘
//!                                                                 while later
//! ```
//!
//! A turn begins when the lane says that it runs, not when it is told to: on a busy machine it may hear of its turn when that
//! would be over, and be compared by a few milliseconds. For the same reason what its workers waited for cores does not
//! count as time in which they could have come to a boundary.

use crate::wire::Phase;

/// How long a lane may take to say that it runs before its turn counts all the same.
const RESUME_PATIENCE_NS: u64 = 1_000_000_000;

/// A machine too busy for a lane's workers puts off its halt by so many slices at the most.
const POSTPONED_SLICES_MAX: u64 = 8;

/// How long a lane may take to be halted before its turn ends all the same.
const HALT_PATIENCE_NS: u64 = 300_000_000;

/// Where the turn stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody's turn.
    Between,
    /// A lane was told to go on.
    Resuming { lane: usize, give_up_at_ns: u64 },
    /// A lane runs until then.
    Running { lane: usize, until_ns: u64 },
    /// It was asked to pause.
    Closing { lane: usize, halt_at_ns: u64, halt_by_ns: u64 },
    /// It was halted.
    Halting { lane: usize, give_up_at_ns: u64 },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Do {
    /// Send the lane `Resume` and tell the world that it is its turn.
    Resume {
        /// The lane's index.
        lane: usize,
        /// Whether the lane before it was halted in the middle of a task.
        halted: bool,
    },
    /// Send the lane `Pause`.
    Pause(usize),
    /// Send the lane `Halt`.
    Halt(usize),
}

/// Whose turn it is.
#[derive(Debug)]
pub(super) struct Turns {
    slice_ns: u64,
    state: State,
    last: Option<usize>,
}

impl Turns {
    pub(super) fn new(slice_ns: u64) -> Turns {
        Turns { slice_ns: slice_ns.max(1_000_000), state: State::Between, last: None }
    }

    /// What is to be done at `now_ns`, given each lane's phase (none for one that is gone or done).
    pub(super) fn step(&mut self, now_ns: u64, phases: &[Option<Phase>]) -> Option<Do> {
        let phase_of = |lane: usize| phases.get(lane).copied().flatten();
        match self.state {
            State::Between => self.next(now_ns, phases, false),
            State::Resuming { lane, .. } | State::Running { lane, .. } if phase_of(lane).is_none() => {
                self.next(now_ns, phases, false)
            }
            State::Resuming { lane, give_up_at_ns } => {
                if phase_of(lane) == Some(Phase::Running) || now_ns >= give_up_at_ns {
                    self.state = State::Running { lane, until_ns: now_ns + self.slice_ns };
                }
                None
            }
            State::Running { lane, until_ns } if now_ns >= until_ns => {
                let others = phases.iter().enumerate().any(|(other, phase)| other != lane && phase.is_some());
                if !others {
                    // Alone: nobody to make room for.
                    self.state = State::Running { lane, until_ns: now_ns + self.slice_ns };
                    return None;
                }
                let halt_by_ns = now_ns + (1 + POSTPONED_SLICES_MAX) * self.slice_ns;
                self.state = State::Closing { lane, halt_at_ns: now_ns + self.slice_ns, halt_by_ns };
                Some(Do::Pause(lane))
            }
            State::Running { .. } => None,
            State::Closing { lane, halt_at_ns, .. } => match phase_of(lane) {
                None | Some(Phase::Paused | Phase::Halted | Phase::Done) => self.next(now_ns, phases, false),
                _ if now_ns >= halt_at_ns => {
                    self.state = State::Halting { lane, give_up_at_ns: now_ns + HALT_PATIENCE_NS };
                    Some(Do::Halt(lane))
                }
                _ => None,
            },
            State::Halting { lane, give_up_at_ns } => match phase_of(lane) {
                None | Some(Phase::Paused | Phase::Done) => self.next(now_ns, phases, false),
                Some(Phase::Halted) => self.next(now_ns, phases, true),
                // It does not answer (its process is stopped): it takes no CPU either.
                _ if now_ns >= give_up_at_ns => self.next(now_ns, phases, true),
                _ => None,
            },
        }
    }

    /// A lane's workers were ready for so long, and there was no core for them: that puts off its halt.
    pub(super) fn waited_for_cores(&mut self, waiting: usize, waited_ns: u64) {
        if let State::Closing { lane, halt_at_ns, halt_by_ns } = &mut self.state
            && *lane == waiting
        {
            *halt_at_ns = halt_at_ns.saturating_add(waited_ns).min(*halt_by_ns);
        }
    }

    /// When something is to be done next, if nothing is heard before.
    pub(super) fn wake_ns(&self) -> Option<u64> {
        match self.state {
            State::Between => None,
            State::Resuming { give_up_at_ns: at_ns, .. }
            | State::Running { until_ns: at_ns, .. }
            | State::Closing { halt_at_ns: at_ns, .. }
            | State::Halting { give_up_at_ns: at_ns, .. } => Some(at_ns),
        }
    }

    fn next(&mut self, now_ns: u64, phases: &[Option<Phase>], halted: bool) -> Option<Do> {
        let after = self.last.map_or(0, |last| last + 1);
        let lane = (0..phases.len()).map(|step| (after + step) % phases.len()).find(|&lane| phases[lane].is_some());
        let Some(lane) = lane else {
            self.state = State::Between;
            return None;
        };
        self.last = Some(lane);
        self.state = State::Resuming { lane, give_up_at_ns: now_ns + RESUME_PATIENCE_NS };
        Some(Do::Resume { lane, halted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE_NS: u64 = 500_000_000;

    #[test]
    fn lanes_take_turns_and_a_stuck_one_is_halted() {
        let mut turns = Turns::new(SLICE_NS);
        let mut phases = vec![Some(Phase::Paused), Some(Phase::Paused)];
        assert_eq!(turns.step(0, &phases), Some(Do::Resume { lane: 0, halted: false }));
        phases[0] = Some(Phase::Running);
        assert_eq!(turns.step(0, &phases), None);
        assert_eq!(turns.step(SLICE_NS - 1, &phases), None);
        assert_eq!(turns.step(SLICE_NS, &phases), Some(Do::Pause(0)));
        phases[0] = Some(Phase::Pausing);
        assert_eq!(turns.step(SLICE_NS + 1, &phases), None);
        phases[0] = Some(Phase::Paused);
        assert_eq!(turns.step(SLICE_NS + 2, &phases), Some(Do::Resume { lane: 1, halted: false }));
        phases[1] = Some(Phase::Running);
        assert_eq!(turns.step(2 * SLICE_NS, &phases), None);
        let late_ns = 3 * SLICE_NS;
        assert_eq!(turns.step(late_ns, &phases), Some(Do::Pause(1)));
        phases[1] = Some(Phase::Pausing);
        assert_eq!(turns.step(late_ns + SLICE_NS, &phases), Some(Do::Halt(1)));
        phases[1] = Some(Phase::Halted);
        assert_eq!(turns.step(late_ns + SLICE_NS + 1, &phases), Some(Do::Resume { lane: 0, halted: true }));
    }

    #[test]
    fn a_turn_begins_when_the_lane_says_so() {
        let mut turns = Turns::new(SLICE_NS);
        let mut phases = vec![Some(Phase::Paused), Some(Phase::Paused)];
        turns.step(0, &phases);
        // It has not heard of its turn yet, for longer than that is to last.
        assert_eq!(turns.step(SLICE_NS + 1, &phases), None);
        phases[0] = Some(Phase::Running);
        assert_eq!(turns.step(SLICE_NS + 2, &phases), None);
        assert_eq!(turns.step(2 * SLICE_NS + 1, &phases), None);
        assert_eq!(turns.step(2 * SLICE_NS + 2, &phases), Some(Do::Pause(0)));
        // One that never says so, being stopped, does not keep the others from theirs.
        phases[0] = Some(Phase::Paused);
        let began_ns = 2 * SLICE_NS + 3;
        assert_eq!(turns.step(began_ns, &phases), Some(Do::Resume { lane: 1, halted: false }));
        let given_up_ns = began_ns + RESUME_PATIENCE_NS;
        assert_eq!(turns.wake_ns(), Some(given_up_ns));
        assert_eq!(turns.step(given_up_ns, &phases), None);
        assert_eq!(turns.step(given_up_ns + SLICE_NS, &phases), Some(Do::Pause(1)));
    }

    #[test]
    fn waiting_for_cores_puts_a_halt_off_and_not_for_ever() {
        let mut turns = Turns::new(SLICE_NS);
        let mut phases = vec![Some(Phase::Running), Some(Phase::Paused)];
        turns.step(0, &phases);
        turns.step(0, &phases);
        assert_eq!(turns.step(SLICE_NS, &phases), Some(Do::Pause(0)));
        phases[0] = Some(Phase::Pausing);
        turns.waited_for_cores(1, SLICE_NS);
        turns.waited_for_cores(0, SLICE_NS / 2);
        assert_eq!(turns.step(2 * SLICE_NS, &phases), None);
        assert_eq!(turns.wake_ns(), Some(2 * SLICE_NS + SLICE_NS / 2));
        turns.waited_for_cores(0, u64::MAX);
        let at_last_ns = (2 + POSTPONED_SLICES_MAX) * SLICE_NS;
        assert_eq!(turns.step(at_last_ns - 1, &phases), None);
        assert_eq!(turns.step(at_last_ns, &phases), Some(Do::Halt(0)));
    }

    #[test]
    fn a_lane_that_is_gone_loses_its_turn_and_the_last_one_runs_on() {
        let mut turns = Turns::new(SLICE_NS);
        let mut phases = vec![Some(Phase::Paused), Some(Phase::Paused)];
        turns.step(0, &phases);
        phases[0] = None;
        assert_eq!(turns.step(5, &phases), Some(Do::Resume { lane: 1, halted: false }));
        phases[1] = Some(Phase::Running);
        assert_eq!(turns.step(6, &phases), None);
        assert_eq!(turns.step(2 * SLICE_NS, &phases), None, "nobody to make room for");
        phases[1] = None;
        assert_eq!(turns.step(3 * SLICE_NS, &phases), None);
        assert_eq!(turns.step(4 * SLICE_NS, &[]), None);
    }
}
