//! A lane: one way of running tasks, in a process of its own.
//!
//! [`child`] is that process: it reads orders on its standard input and writes frames to its standard output, both JSON
//! lines. [`Handle`] is the parent's end of it. Nothing else crosses the border, so a lane may be written in any language,
//! and a test may be the lane.

pub mod child;
mod handle;
mod reporter;
mod usage;

pub use handle::{Handle, Heard};
