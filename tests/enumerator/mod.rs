//! The second opinion: a naive enumerator of small programs, written from the specification alone and as plainly as
//! possible, so that reading it is enough to believe it.
//!
//! ```text
//!  program: a tree ──▶ build: Python text, and operations of a stack machine ──▶ list: every schedule, one by one
//!      ▲                                                                             machine: what one step does
//!  generate: thousands of small ones
//! ```
//!
//! Absent here: states that are merged, symmetry, reductions, static analysis. What is shared is found as the
//! specification defines it: by trying all schedules in which every access is a step.
#![allow(dead_code, reason = "each file of tests uses its own part of this")]

pub(crate) mod build;
pub(crate) mod cpython;
pub(crate) mod expect;
pub(crate) mod generate;
pub(crate) mod list;
pub(crate) mod machine;
pub(crate) mod models;
pub(crate) mod program;
