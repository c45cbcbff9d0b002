//! A lane's history along its own clock.
//!
//! Lanes that take turns stand still most of the time, and ticks are never exactly as long as they should be. So a
//! column of a graph is a fixed stretch of the lane's *active* time, at a fixed place of it: columns never jitter, a
//! pause takes no room, and a tick that lies across two columns is divided between them.
//!
//! ```text
//! ticks     │ 101 ms │ 99 ms │ paused │ 130 ms   │ 70 ms │
//! columns   │ 100 ms │ 100 ms │ 100 ms │ 100 ms │ (incomplete: not drawn yet)
//! ```

use crate::ledger::{Activity, LaneLedger, WorkerLedger};

/// Which ticks make up which columns, the newest `columns` of them at most.
pub(super) struct Timeline {
    columns: usize,
    /// The number of the leftmost column, counted from the lane's start.
    first: u64,
    /// Newest first.
    parts: Vec<Part>,
}

/// A part of a tick that lies in a column.
struct Part {
    /// 0 for the leftmost column.
    column: usize,
    /// How many ticks came after it.
    age: usize,
    /// How much of the column it takes.
    weight_ns: u64,
}

/// The time of a lane's workers in each activity, in the order of [`Activity::ALL`].
pub(super) type Shares = [u64; 7];

impl Timeline {
    /// The newest complete columns of `column_ns` each.
    pub(super) fn of(lane: &LaneLedger, columns_max: usize, column_ns: u64) -> Timeline {
        let column_ns = column_ns.max(1);
        // Columns are numbered from the lane's start; these are the visible ones.
        let end = lane.active_ns / column_ns;
        let begin = end.saturating_sub(columns_max as u64);
        let mut parts = Vec::new();
        let mut tick_end = lane.active_ns;
        for (age, point) in lane.history.iter().rev().enumerate() {
            let tick_begin = tick_end.saturating_sub(point.active_ns);
            for number in (tick_begin / column_ns).max(begin)..tick_end.div_ceil(column_ns).min(end) {
                let column_begin = number * column_ns;
                let weight_ns =
                    tick_end.min(column_begin.saturating_add(column_ns)).saturating_sub(tick_begin.max(column_begin));
                if weight_ns > 0 {
                    parts.push(Part { column: (number - begin) as usize, age, weight_ns });
                }
            }
            tick_end = tick_begin;
            if tick_end <= begin * column_ns {
                break;
            }
        }
        // What is older than the history has no columns.
        let first = parts.iter().map(|part| part.column).min().unwrap_or(0);
        parts.iter_mut().for_each(|part| part.column -= first);
        let columns = parts.iter().map(|part| part.column + 1).max().unwrap_or(0);
        Timeline { columns, first: begin + first as u64, parts }
    }

    /// Where on the screen a column stands, `width` columns being there: the newest at the right edge, all others moving
    /// left as time goes by; or, where graphs are swept, each at a place of its own, written over from the left again,
    /// with a gap after the newest.
    pub(super) fn place(&self, column: usize, width: u16, sweeps: bool) -> u16 {
        if sweeps {
            return ((self.first + column as u64) % u64::from(width.max(1))) as u16;
        }
        let from = usize::from(width).saturating_sub(self.columns);
        u16::try_from(from + column).unwrap_or(u16::MAX)
    }

    /// How many columns there are.
    pub(super) fn len(&self) -> usize {
        self.columns
    }

    /// Tasks a second, in each column.
    pub(super) fn rates(&self, lane: &LaneLedger) -> Vec<f64> {
        let points: Vec<_> = lane.history.iter().rev().collect();
        let (mut tasks, mut time) = (vec![0.0; self.columns], vec![0u64; self.columns]);
        for part in &self.parts {
            if let Some(point) = points.get(part.age) {
                tasks[part.column] += point.completed as f64 * part.weight_ns as f64 / point.active_ns.max(1) as f64;
                time[part.column] += part.weight_ns;
            }
        }
        tasks.iter().zip(time).map(|(tasks, ns)| tasks * 1e9 / ns.max(1) as f64).collect()
    }

    /// The queue's depth at the end of the newest tick of each column.
    pub(super) fn depths(&self, lane: &LaneLedger) -> Vec<u64> {
        let points: Vec<_> = lane.history.iter().rev().collect();
        let mut depths = vec![0; self.columns];
        // From the oldest on, so that the newest stays.
        for part in self.parts.iter().rev() {
            if let Some(point) = points.get(part.age) {
                depths[part.column] = point.depth;
            }
        }
        depths
    }

    /// Adds what a worker did to `shares`, one entry a column. Only for a worker of the newest tick: its history ends
    /// with the lane's.
    pub(super) fn add_stints(&self, worker: &WorkerLedger, shares: &mut [Shares]) {
        let mut stints = worker.stints.iter().rev();
        let (mut age, mut stint) = (0, stints.next());
        // The newest part is the first.
        for part in &self.parts {
            while age < part.age {
                (age, stint) = (age + 1, stints.next());
            }
            if let (Some(stint), Some(column)) = (stint, shares.get_mut(part.column)) {
                for (sum, share) in column.iter_mut().zip(stint.0) {
                    *sum = sum.saturating_add(part.weight_ns / 255 * u64::from(share));
                }
            }
        }
    }
}

/// What took most time; where two took the same, the one that tells more. A pause counts only where there was nothing
/// else: it is what a turn begins and ends with. None where there was no time.
pub(super) fn dominant(shares: &Shares) -> Option<Activity> {
    let tells = |activity| match activity {
        Activity::Paused => 0,
        Activity::Idle => 1,
        Activity::NoCore => 2,
        Activity::Running => 3,
        Activity::Blocked => 4,
        Activity::Lock => 5,
        Activity::Dead => 6,
    };
    let some = Activity::ALL.into_iter().zip(shares).filter(|&(_, share)| *share > 0);
    some.max_by_key(|&(activity, share)| (activity != Activity::Paused, *share, tells(activity)))
        .map(|(activity, _)| activity)
}

/// How much of the time that was not a pause a worker was running, from 0 to 1.
pub(super) fn running_share(shares: &Shares) -> f64 {
    let all: u64 = shares.iter().fold(0, |sum, share| sum.saturating_add(*share));
    let all = all.saturating_sub(shares[Activity::Paused as usize]);
    shares[Activity::Running as usize] as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use crate::view::tests::made;
    use crate::wire::{Body, Frame, LaneId, Mode, Tick};

    const MS: u64 = 1_000_000;

    /// A lane whose ticks were active for so many milliseconds, and completed a task in each of them.
    fn ledger(active_ms: &[u64]) -> Ledger {
        let mut ledger = Ledger::new();
        let plan = made::plan(made::three_lanes(), Mode::Together);
        ledger.post(&Frame { lane: None, at_ns: 0, body: Body::Plan(Box::new(plan)) });
        let mut completed = 0;
        for (seq, &ms) in (1..).zip(active_ms) {
            completed += ms;
            let mut tick = Tick { seq, active_ns: ms * MS, ..Tick::default() };
            (tick.tasks.completed, tick.queue.depth) = (completed, seq);
            ledger.post(&Frame { lane: Some(LaneId(1)), at_ns: seq * 100 * MS, body: Body::Tick(Box::new(tick)) });
        }
        ledger
    }

    #[test]
    fn pauses_take_no_room_and_uneven_ticks_make_even_columns() {
        let ledger = ledger(&[101, 99, 0, 0, 130, 70, 0, 60]);
        let lane = &ledger.lanes()[0];
        let timeline = Timeline::of(lane, 30, 100 * MS);
        assert_eq!(timeline.len(), 4, "the fifth is not complete yet");
        for rate in timeline.rates(lane) {
            assert!((rate - 1000.0).abs() < 1e-6, "{rate}");
        }
        assert_eq!(timeline.depths(lane), [1, 2, 5, 6]);
        let newest = Timeline::of(lane, 2, 100 * MS);
        assert_eq!(newest.depths(lane), [5, 6], "the newest stay");
        assert_eq!((newest.place(0, 10, false), newest.place(1, 10, false)), (8, 9), "at the right edge");
        assert_eq!(
            (newest.place(0, 3, true), newest.place(1, 3, true)),
            (2, 0),
            "swept: the third, then the first again"
        );
    }

    #[test]
    fn a_tick_of_a_century_costs_no_more_than_the_screen_is_wide() {
        let ledger = ledger(&[100, u64::MAX / MS / 4]);
        assert_eq!(Timeline::of(&ledger.lanes()[0], 30, 1).len(), 30);
    }
}
