//! A recording, played: which frame is due when.
//!
//! ```text
//! run time   = that of the mark + (clock - that of the mark) × speed     it stands while paused, and while catching up
//! seek back  = from the plan on again, every frame up to the first at or after the new time at once; forward: the rest
//! ```
//!
//! What a run came to is the sum of all its frames, so none can be skipped on the way to a place in it: going back reads
//! the file from its beginning, however long it is, and nothing of it is kept in memory.
//!
//! Absent here: the clock, which whoever plays tells, and threads.

use super::replay::{Ending, Replay};
use crate::wire::{Body, Frame};

/// The slowest and the fastest that a recording is played.
pub const SPEEDS: (f64, f64) = (0.01, 1000.0);

/// When the next frame is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is due: [`Player::take`] gives it.
    Now,
    /// In so many nanoseconds.
    In(u64),
    /// Not before something else is asked for.
    Never,
}

/// A moment of the clock, and of the run.
#[derive(Clone, Copy, Debug)]
struct Mark {
    clock_ns: u64,
    run_ns: u64,
}

/// A recording being played.
#[derive(Debug)]
pub struct Player {
    replay: Replay,
    next: Option<Frame>,
    /// The latest time of the run that was told of.
    told_ns: u64,
    speed: f64,
    mark: Mark,
    paused: bool,
    suspended: bool,
    /// On the way to where the run is to go on from.
    catching_up: bool,
    /// Nothing more comes from the file.
    is_over: bool,
    said: Option<String>,
}

impl Player {
    /// A player that begins now.
    pub fn new(replay: Replay, speed: f64, now_ns: u64) -> Player {
        let mark = Mark { clock_ns: now_ns, run_ns: 0 };
        let mut player = Player {
            replay,
            next: None,
            told_ns: 0,
            speed: 1.0,
            mark,
            paused: false,
            suspended: false,
            catching_up: false,
            is_over: false,
            said: None,
        };
        player.set_speed(speed, now_ns);
        player
    }

    /// When the next frame is due.
    pub fn due(&mut self, now_ns: u64) -> Due {
        if self.next.is_none() && !self.is_over {
            self.read();
        }
        let run_ns = self.run_ns(now_ns);
        match &self.next {
            Some(frame) if self.catching_up || frame.at_ns <= run_ns => Due::Now,
            // Without its plan there would be nothing to show of a run.
            Some(Frame { body: Body::Plan(_), .. }) => Due::Now,
            Some(frame) if !self.stands() => {
                Due::In(((frame.at_ns - run_ns) as f64 / self.speed).ceil().max(1.0) as u64)
            }
            _ => Due::Never,
        }
    }

    /// The frame that is due.
    pub fn take(&mut self, now_ns: u64) -> Option<Frame> {
        let frame = self.next.take()?;
        self.told_ns = self.told_ns.max(frame.at_ns);
        if self.catching_up && (frame.at_ns >= self.mark.run_ns || frame.body == Body::End) {
            // There: time goes on from here.
            self.catching_up = false;
            self.mark = Mark { clock_ns: now_ns, run_ns: frame.at_ns };
        }
        Some(frame)
    }

    /// Goes to a time of the run: back from the plan on, forward from where it is. Pauses stay. The first frame at or after
    /// that time comes at once too, so that whoever looks sees that it is there.
    pub fn seek(&mut self, run_ns: u64, now_ns: u64) {
        if run_ns <= self.told_ns || self.is_over {
            self.begin_again();
        }
        self.mark = Mark { clock_ns: now_ns, run_ns };
        self.catching_up = true;
    }

    /// Begins again, paused or not.
    pub fn restart(&mut self, now_ns: u64) {
        self.begin_again();
        self.paused = false;
        self.catching_up = false;
        self.mark = Mark { clock_ns: now_ns, run_ns: 0 };
    }

    /// Plays so many times as fast as it was, within [`SPEEDS`].
    pub fn set_speed(&mut self, speed: f64, now_ns: u64) {
        self.set_mark(now_ns);
        if speed.is_finite() {
            self.speed = speed.clamp(SPEEDS.0, SPEEDS.1);
        }
    }

    /// Stands still because the user wants it to, or goes on.
    pub fn set_paused(&mut self, paused: bool, now_ns: u64) {
        self.set_mark(now_ns);
        self.paused = paused;
    }

    /// Stands still because the shell wants it to, or goes on.
    pub fn set_suspended(&mut self, suspended: bool, now_ns: u64) {
        self.set_mark(now_ns);
        self.suspended = suspended;
    }

    /// What is to be said of the recording's end: nothing where it was not reached, or is whole.
    pub fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    fn stands(&self) -> bool {
        self.paused || self.suspended
    }

    /// The time of the run that it is now.
    fn run_ns(&self, now_ns: u64) -> u64 {
        if self.stands() || self.catching_up {
            return self.mark.run_ns;
        }
        let passed_ns = now_ns.saturating_sub(self.mark.clock_ns);
        self.mark.run_ns.saturating_add((passed_ns as f64 * self.speed) as u64)
    }

    fn set_mark(&mut self, now_ns: u64) {
        self.mark = Mark { clock_ns: now_ns, run_ns: self.run_ns(now_ns) };
    }

    fn begin_again(&mut self) {
        self.next = None;
        (self.is_over, self.said, self.told_ns) = (false, None, 0);
        if let Err(error) = self.replay.rewind() {
            // It was there a moment ago; what was shown stays on the screen.
            (self.is_over, self.said) = (true, Some(error.to_string()));
        }
    }

    fn read(&mut self) {
        let said = match self.replay.next_frame() {
            Ok(Some(frame)) => {
                self.next = Some(frame);
                return;
            }
            Ok(None) if *self.replay.ending() == Ending::Whole => None,
            Ok(None) => Some(self.replay.ending().to_string()),
            Err(error) => Some(error.to_string()),
        };
        self.is_over = true;
        // That nothing more comes must be known of a recording that was cut as well.
        self.next = said.is_some().then_some(Frame { lane: None, at_ns: self.told_ns, body: Body::End });
        self.said = said;
    }
}
