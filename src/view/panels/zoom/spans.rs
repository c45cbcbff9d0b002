//! What flight recorders hold, worker by worker: what is drawn is decoded, and nothing else.
//!
//! ```text
//! begin 7 · wait results · acquire · end · begin 8 ·
//! ┌───────┬──────────────┬─────────┐     ┌────────┐
//! │ run 7 │ lock         │ run 7   │idle │ run 8  │ … until the recorders were read
//! ```

use crate::ledger::{Span, spans};
use crate::wire::{FlightEvent, WorkerId};

/// The events of each worker, by number.
pub(super) struct Recorded<'a> {
    /// Each worker's events; a foreign lane may send them in pieces.
    workers: Vec<(u32, Vec<&'a [FlightEvent]>)>,
    pub(super) first_ns: u64,
    pub(super) last_ns: u64,
    pub(super) events: usize,
}

impl<'a> Recorded<'a> {
    pub(super) fn of(events: &'a [FlightEvent]) -> Recorded<'a> {
        let (mut first_ns, mut last_ns) = (u64::MAX, 0);
        let same_worker = |one: &FlightEvent, next: &FlightEvent| one.0 == next.0;
        let mut chunks: Vec<&[FlightEvent]> = events.chunk_by(same_worker).collect();
        for &(_, time_ns, ..) in events {
            (first_ns, last_ns) = (time_ns.min(first_ns), time_ns.max(last_ns));
        }
        // Stable: the pieces of a worker stay in their order.
        chunks.sort_by_key(|chunk| chunk[0].0);
        let mut workers: Vec<(u32, Vec<&[FlightEvent]>)> = Vec::new();
        for chunk in chunks {
            match workers.last_mut() {
                Some((worker, pieces)) if *worker == chunk[0].0 => pieces.push(chunk),
                _ => workers.push((chunk[0].0, vec![chunk])),
            }
        }
        Recorded { workers, first_ns: first_ns.min(last_ns), last_ns, events: events.len() }
    }

    pub(super) fn len(&self) -> usize {
        self.workers.len()
    }

    pub(super) fn worker(&self, place: usize) -> Option<WorkerId> {
        self.workers.get(place).map(|(worker, _)| WorkerId(*worker))
    }

    /// What the worker at this place did, oldest first.
    pub(super) fn spans(&self, place: usize) -> Vec<Span> {
        let Some((_, pieces)) = self.workers.get(place) else { return Vec::new() };
        let told = match pieces.as_slice() {
            [whole] => spans(whole),
            pieces => spans(&pieces.concat()),
        };
        let mut told = told.into_iter().next().map(|(_, told)| told).unwrap_or_default();
        // Whatever it did last it still did when the newest event of all workers was written.
        if let Some(last) = told.last_mut() {
            last.end_ns = last.end_ns.max(self.last_ns);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Activity;
    use crate::telemetry::FlightCode;

    #[test]
    fn each_workers_events_are_found_even_in_pieces() {
        let events = [
            (3, 10, FlightCode::Begin as u8, 7),
            (3, 20, FlightCode::Wait as u8, 2 << 16 | 5),
            (1, 5, FlightCode::Block as u8, 0),
            (3, 30, FlightCode::Acquire as u8, 5),
            (1, 50, FlightCode::Wake as u8, 0),
        ];
        let recorded = Recorded::of(&events);
        assert_eq!((recorded.len(), recorded.worker(0), recorded.worker(1)), (2, Some(WorkerId(1)), Some(WorkerId(3))));
        assert_eq!((recorded.first_ns, recorded.last_ns), (5, 50));
        let told = recorded.spans(1);
        let told: Vec<_> = told.iter().map(|span| (span.begin_ns, span.end_ns, span.what, span.owner)).collect();
        let run = Activity::Running;
        assert_eq!(told, [(10, 20, run, None), (20, 30, Activity::Lock, Some(WorkerId(1))), (30, 50, run, None)]);
    }
}
