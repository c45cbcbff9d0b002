//! The summary of a run or of a sweep, or what exploring a program came to, as JSON.

use crate::wire::escape_controls;
use serde::Serialize;

/// A report as one JSON document, indented for people who look at it, with a newline.
pub fn json(report: &impl Serialize) -> String {
    // Plain data with string keys, written to memory: nothing in it can fail.
    let mut text = escape_controls(serde_json::to_string_pretty(report).unwrap_or_default());
    text.push('\n');
    text
}

/// A report as one line of JSON, to end a stream of frames.
pub fn json_line(report: &impl Serialize) -> String {
    let mut text = escape_controls(serde_json::to_string(report).unwrap_or_default());
    text.push('\n');
    text
}
