//! The live screen, and the only room that names ratatui or crossterm.
//!
//! ```text
//! frames, keys, signals ──▶ run ──▶ Message ──▶ update(&mut Model) ──▶ Effects ──▶ Control ──▶ source
//!                            │                        │
//!                         backend ◀── cells ◀── draw(&Model)
//! ```
//!
//! `model` and everything drawn from it are pure: no clock, no terminal. `run` is the only loop, `input` the only
//! reader of the terminal, `backend` the only writer, `guard` the only one that changes its modes.
//!
//! Absent here: lanes and pools. The screen knows frames, and asks for things through [`Control`].

mod backend;
mod commands;
mod guard;
mod input;
mod model;
mod panels;
mod pen;
mod run;
mod screen;
mod theme;
mod timeline;

#[cfg(test)]
mod tests;

pub use backend::ColourDepth;
pub use commands::{COMMANDS, Command, Key};
pub use model::{Control, Effects, Message, Model, Quit, Redraw, update};
pub use run::{Exit, Options, run};
pub use screen::{draw, draw_to_styled, draw_to_text};
pub use theme::Shade;
