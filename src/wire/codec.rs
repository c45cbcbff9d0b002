//! One line of JSON for each frame and order.
//!
//! ```text
//! {"v":1,"lane":2,"at_ns":1200000000,"kind":"tick", …}\n
//! ```
//!
//! The version stands first in every line, and is read before anything else is believed. A line is at most
//! [`LINE_BYTES_MAX`] long; whoever reads lines stops there, so that a lane that never ends its line costs a bounded
//! amount of memory.

use super::{Frame, Order};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the protocol that this build speaks.
pub const VERSION: u32 = 1;

/// The hidden subcommand by which the executable becomes a lane: reads orders on its standard input, writes frames to
/// its standard output.
pub const LANE_SUBCOMMAND: &str = "lane";

/// The hidden subcommand by which the executable waits for the end of a lane that runs commands, and ends what is left of it.
pub const WARDEN_SUBCOMMAND: &str = "warden";

/// The longest line that is read: 1024 workers take about 200 KiB.
pub const LINE_BYTES_MAX: usize = 4 << 20;

/// Why a line is no frame or order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// It speaks another version of the protocol.
    Version {
        /// The version it claims.
        theirs: u64,
    },
    /// It is not what the protocol describes.
    Malformed {
        /// Where in the line, counted from 1.
        column: usize,
        /// What is wrong.
        why: String,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Version { theirs } => {
                write!(out, "protocol version {theirs}; this poolscope speaks {VERSION}")
            }
            DecodeError::Malformed { column, why } => write!(out, "column {column}: {why}"),
        }
    }
}

impl std::error::Error for DecodeError {}

#[derive(Deserialize)]
struct Versioned {
    v: u64,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    v: u32,
    #[serde(flatten)]
    body: &'a T,
}

/// The frame's line, with its newline.
pub fn encode_frame(frame: &Frame) -> String {
    encode(frame)
}

/// The order's line, with its newline.
pub fn encode_order(order: &Order) -> String {
    encode(order)
}

/// Reads a frame's line, with or without its newline.
///
/// # Errors
/// [`DecodeError`] for another version, and for anything that is not a frame.
pub fn decode_frame(line: &[u8]) -> Result<Frame, DecodeError> {
    decode(line)
}

/// Reads an order's line, with or without its newline.
///
/// # Errors
/// [`DecodeError`] for another version, and for anything that is not an order.
pub fn decode_order(line: &[u8]) -> Result<Order, DecodeError> {
    decode(line)
}

fn encode<T: Serialize>(body: &T) -> String {
    let envelope = Envelope { v: VERSION, body };
    // Plain data with string keys: serde_json can only fail on the writer, and a String does not fail. A number that
    // is no number (NaN) becomes null, which the reader then refuses with its place.
    let mut line = escape_controls(serde_json::to_string(&envelope).unwrap_or_default());
    line.push('\n');
    line
}

/// JSON that no terminal obeys: a control character that JSON lets stand as it is (U+007F to U+009F; U+009B alone begins
/// an escape sequence) becomes its `\u` form. It can only stand inside of a string, so what is meant stays the same.
pub fn escape_controls(json: String) -> String {
    let is_left = |letter: char| matches!(letter, '\u{7f}'..='\u{9f}');
    if !json.contains(is_left) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for letter in json.chars() {
        if is_left(letter) { escaped.push_str(&format!("\\u{:04x}", u32::from(letter))) } else { escaped.push(letter) }
    }
    escaped
}

fn decode<T: for<'de> Deserialize<'de>>(line: &[u8]) -> Result<T, DecodeError> {
    let malformed = |error: serde_json::Error| DecodeError::Malformed {
        column: error.column().max(1),
        why: without_place(&error.to_string()),
    };
    let version: Versioned = serde_json::from_slice(line).map_err(malformed)?;
    if version.v != u64::from(VERSION) {
        return Err(DecodeError::Version { theirs: version.v });
    }
    serde_json::from_slice(line).map_err(malformed)
}

/// serde_json ends its messages with a place that we tell ourselves.
fn without_place(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_string()
}
