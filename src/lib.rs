//! poolscope shows what pools of threads and processes really do.
//!
//! ```text
//!  assets/scenarios ──▶ scenario ──▶ plan ──▶ source ⇐ JSON lines ⇒ lane { pool × workload, telemetry }
//!                                               │
//!                                             Frame
//!                            ┌────────────┬─────┴──────┐
//!                        recorder      ledger        report (frames as they come)
//!                                         │ &Ledger
//!                                   view, report ──▶ cells, summary
//!
//!  key ─▶ message ─▶ update ─▶ Order ─▶ source ─▶ lane                    the only arrow back
//! ```
//!
//! The rooms, in flow order; a room names only rooms above it (`tests/rooms.rs` checks that).

pub mod wire;

pub mod stats;

pub mod system;

pub mod doors;

pub mod telemetry;

pub mod sync;

pub mod workload;

pub mod program;

pub mod explore;

pub mod pool;

pub mod lane;

pub mod scenario;

pub mod source;

pub mod ledger;

pub mod report;

pub mod view;

pub mod cli;
