//! The words that lanes, sources and sinks exchange: plain data, and one line of JSON for each.
//!
//! A frame is what one source did in one tick; an order is what the viewer asks of a lane. Both are owned and
//! serialisable, so a recording is nothing but the lines that the pipes carried, and a lane can be written in any
//! language (`assets/protocol.md` is the description for its author).
//!
//! Absent here: any I/O, any clock. Lines come from and go to the rooms below.

mod codec;
mod ending;
mod frame;
mod ids;
mod order;
mod plan;
mod raw;
mod sweep;

pub use codec::{
    DecodeError, LANE_SUBCOMMAND, LINE_BYTES_MAX, VERSION, WARDEN_SUBCOMMAND, decode_frame, decode_order, encode_frame,
    encode_order, escape_controls,
};
pub use ending::{Ending, EndingKind, Pattern, Verdict, Waiting};
pub use frame::{
    Blocked, Body, Buckets, Cost, EndingCount, Event, Exit, FlightEvent, Frame, Gone, Hello, Job, JobsTick, LockName,
    LockTick, Phase, Process, QueueTick, ResultTick, RunSoFar, RunsTick, SoFar, Stall, Standstill, StateTimes,
    SystemTick, Tasks, Tick, Turn, Used, WorkerState, WorkerTick,
};
pub use ids::{LaneId, LockId, WorkerId};
pub use order::Order;
pub use plan::{
    Arrivals, CRASH_WAYS, Choice, CommandPlan, CounterWay, CpythonPlan, CrashWay, Inputs, JobLog, LanePlan, LitmusPlan,
    LitmusTest, LockKind, Machine, MemoryModel, Mode, OnDeath, Parameter, Plan, PoolPlan, ProgramPlan, Question,
    QueueHow, Resume, Role, Size, Spacing, Start, Transport, WORKERS_MAX, Waking, WhenFull, Window, WorkloadPlan,
};
pub use raw::Raw;
pub use sweep::{CurvePlan, Further, Measured, SweepFigures, SweepPlace, SweepPlan, Varied};
