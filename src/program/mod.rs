//! Small programs in a subset of Python: parsed, checked, compiled, and what one thread of one does between two
//! operations that others could see.
//!
//! ```text
//!  text ─▶ parse (ruff) ─▶ check (scopes, subset) ─▶ compile ─▶ Program ─▶ thread: runs up to its next operation
//! ```
//!
//! What an operation does to memory that others see is not here: `explore` carries it out under every schedule, the
//! `program` pool on real memory. No threads here, and no time.

mod arithmetic;
mod arity;
mod calls;
pub mod code;
pub mod collection;
mod compile;
mod complaints;
mod depth;
mod imports;
mod iterate;
pub mod library;
mod limits;
mod lines;
mod listing;
mod members;
mod names;
pub mod operation;
mod parse;
mod prelude;
pub(crate) mod problem;
mod quick;
pub mod rules;
mod scopes;
pub mod spelling;
mod subset;
pub mod text;
pub mod thread;
pub mod value;

pub use arithmetic::compare;
pub use calls::keyword;
pub use code::Program;
pub use compile::compile;
pub use problem::{Problem, suggest};
