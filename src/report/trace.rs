//! What the flight recorders held, as a Chrome trace: opens in ui.perfetto.dev and chrome://tracing.
//!
//! A row for each worker; a bar for each task, wait, block and pause; times in microseconds of lane time, in which
//! pauses do not count.

use crate::ledger::{LaneLedger, Ledger, Moment};
use serde_json::{Value, json};

/// The last flight dump of every lane as a Chrome trace: a lane is a process there, a worker a thread.
pub fn chrome_trace(ledger: &Ledger) -> String {
    let mut out: Vec<Value> = Vec::new();
    for lane in ledger.lanes().iter().filter(|lane| !lane.flight.is_empty()) {
        let (process, name) = (lane.plan.id.0, lane.name());
        out.push(json!({ "name": "process_name", "ph": "M", "pid": process, "args": { "name": name } }));
        lane_trace(lane, &mut out);
    }
    format!("{}\n", json!({ "displayTimeUnit": "ns", "traceEvents": out }))
}

fn lane_trace(lane: &LaneLedger, out: &mut Vec<Value>) {
    let process = lane.plan.id.0;
    let mut open: Vec<(u32, &'static str)> = Vec::new();
    for event in &lane.flight {
        let &(worker, time_ns, ..) = event;
        let Some((name, phase, args)) = bar(Moment::of(event)) else { continue };
        let at_us = time_ns as f64 / 1e3;
        // An end whose beginning has left the ring would confuse the viewer.
        if phase == "B" {
            open.push((worker, name));
        } else if let Some(place) = open.iter().rposition(|known| *known == (worker, name)) {
            open.remove(place);
        } else {
            continue;
        }
        out.push(json!({ "name": name, "ph": phase, "ts": at_us, "pid": process, "tid": worker, "args": args }));
    }
}

/// What a moment begins or ends.
fn bar(moment: Moment) -> Option<(&'static str, &'static str, Value)> {
    let nothing = || json!({});
    Some(match moment {
        Moment::Begin { task } => ("task", "B", json!({ "of": task })),
        Moment::End => ("task", "E", nothing()),
        Moment::Fail => ("task", "E", json!({ "failed": true })),
        Moment::Wait { lock, owner: None } => ("waiting for a lock", "B", json!({ "of": lock })),
        Moment::Wait { lock, owner } => ("waiting for a lock", "B", json!({ "of": lock, "owner": owner })),
        Moment::Acquire { lock } => ("waiting for a lock", "E", json!({ "of": lock })),
        Moment::Block => ("blocked", "B", nothing()),
        Moment::Wake => ("blocked", "E", nothing()),
        Moment::Pause => ("paused", "B", nothing()),
        Moment::Resume => ("paused", "E", nothing()),
        Moment::Unknown(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Body, Frame, LaneId, decode_frame};

    #[test]
    fn a_wait_names_its_lock_and_owner_and_an_end_without_beginning_is_left_out() {
        let mut ledger = Ledger::new();
        let recording = include_str!("../../assets/recordings/turns.ndjson");
        ledger.post(&decode_frame(recording.lines().next().unwrap().as_bytes()).unwrap());
        let events =
            vec![(2, 1000, 2, 0), (2, 2000, 1, 7), (2, 3000, 4, 4 << 16 | 1), (2, 4000, 5, 1), (2, 5000, 3, 0)];
        ledger.post(&Frame { lane: Some(LaneId(1)), at_ns: 9000, body: Body::Flight { events } });
        let trace: Value = serde_json::from_str(&chrome_trace(&ledger)).unwrap();
        let told = trace["traceEvents"].as_array().unwrap();
        let seen: Vec<_> =
            told.iter().skip(1).map(|one| (one["ph"].as_str().unwrap(), &one["ts"], &one["args"])).collect();
        let args = [json!({ "of": 7 }), json!({ "of": 1, "owner": 3 }), json!({ "of": 1 }), json!({ "failed": true })];
        let ts = [json!(2.0), json!(3.0), json!(4.0), json!(5.0)];
        assert_eq!(
            seen,
            [("B", &ts[0], &args[0]), ("B", &ts[1], &args[1]), ("E", &ts[2], &args[2]), ("E", &ts[3], &args[3])]
        );
    }
}
