//! What the flight recorders held, as a Chrome trace: opens in ui.perfetto.dev and chrome://tracing.
//!
//! A row for each worker; a bar for each task, wait, block and pause; times in microseconds of lane time, in which
//! pauses do not count.

use crate::ledger::{LaneLedger, Ledger};
use crate::telemetry::FlightCode;
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
    for &(worker, time_ns, code, argument) in &lane.flight {
        let Some(code) = FlightCode::ALL.into_iter().find(|known| *known as u8 == code) else { continue };
        let (name, phase) = bar(code);
        let at_us = time_ns as f64 / 1e3;
        // An end whose beginning has left the ring would confuse the viewer.
        if phase == "B" {
            open.push((worker, name));
        } else if let Some(place) = open.iter().rposition(|known| *known == (worker, name)) {
            open.remove(place);
        } else {
            continue;
        }
        let of = json!({ "of": argument });
        out.push(json!({ "name": name, "ph": phase, "ts": at_us, "pid": process, "tid": worker, "args": of }));
    }
}

fn bar(code: FlightCode) -> (&'static str, &'static str) {
    match code {
        FlightCode::Begin => ("task", "B"),
        FlightCode::End | FlightCode::Fail => ("task", "E"),
        FlightCode::Wait => ("waiting for a lock", "B"),
        FlightCode::Acquire => ("waiting for a lock", "E"),
        FlightCode::Block => ("blocked", "B"),
        FlightCode::Wake => ("blocked", "E"),
        FlightCode::Pause => ("paused", "B"),
        FlightCode::Resume => ("paused", "E"),
    }
}
