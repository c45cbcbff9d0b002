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

#[macro_use]
mod named;

mod actions;
mod backend;
mod commands;
mod dialogs;
mod glyphs;
mod guard;
mod hits;
mod input;
mod keys;
mod message;
mod model;
mod pace;
mod panels;
mod pen;
mod plain;
mod programs;
mod run;
mod screen;
mod shot;
mod sweep;
mod theme;
mod timeline;
mod update;
mod zooming;

#[cfg(test)]
mod tests;

pub use backend::ColourDepth;
pub use commands::{COMMANDS, Command, Place, Run};
pub use glyphs::Glyphs;
pub use keys::{Key, Keymap};
pub use message::{Control, Effects, Guess, Message, Mouse, MouseDid, Outside, Progress, Quit, Redraw, Shot};
pub use model::{Model, Setting};
pub use pace::Pace;
pub use plain::run_plain;
pub use run::{Exit, Options, run};
pub use screen::{draw, draw_to_styled, draw_to_text};
pub use theme::ThemeName;
pub use update::update;
