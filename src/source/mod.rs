//! Where frames come from: lanes that run now, a sweep of one, or a recording of either.
//!
//! Both give the same frames in the same order to whoever folds them, so nothing below this room can tell them apart
//! (`tests/` holds that a live ledger equals the replayed one). Beside them the explorer, which is asked and answers.

pub mod explorer;
mod live;
mod machine;
mod player;
mod recorder;
mod replay;
mod sweep;
mod turns;

pub use explorer::Explorer;
pub use live::{Control, Live, LiveOptions};
pub use machine::measured_machine;
pub use player::{Due, Player, SPEEDS};
pub use recorder::{RecordError, Recorder};
pub use replay::{Ending, Replay, ReplayError};
pub use sweep::{Sweep, SweepControl, SweepOptions};
