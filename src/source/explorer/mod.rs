//! The explorer in a process of its own: its memory and its cores are not the viewer's, and where it is killed or fails,
//! the viewer is told so and goes on.
//!
//! ```text
//!  Explorer ── Ask, a line each ──▶ serve ─┬─▶ explores: one question at a time, the newest of a kind
//!     ▲                                    └─▶ steps: a thread for each program, so none waits for a long search
//!     └────────── Answer, a line each ───────┘
//! ```
//!
//! Questions hold all that is asked about, so a new process can answer what the old one could not.

mod child;
mod handle;

pub use child::{main, serve};
pub use handle::Explorer;

/// The subcommand under which a process is the explorer.
pub const EXPLORER_SUBCOMMAND: &str = "explorer";

/// The longest answer: a position of ten thousand steps is a tenth of it.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
