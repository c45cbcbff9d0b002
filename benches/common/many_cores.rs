//! A recording of this machine, made into one of a machine with many cores, for drawing: nothing of ours has 384 cores.
//!
//! ```text
//! system frame   cores [a, b] ──▶ [a, b, a', b', a'', b'', …]   a': what core a did one frame of the system before, …
//! plan           cores, their ids ──▶ as many as asked for; the title says what was done; measured parallelism is left out
//! everything else stays as it was recorded
//! ```
//!
//! So each value is one that was measured on a real core, but no such machine was ever there: never to be shown as one.

use serde_json::{Value, json};

/// What the title says in front.
pub(crate) const MADE_UP: &str = "made up from fewer cores";

/// The lines of a recording, with so many cores.
pub(crate) fn with_cores(lines: &str, cores: usize) -> String {
    let mut before: Vec<Vec<f64>> = Vec::new();
    let mut made = String::new();
    for line in lines.lines() {
        let Ok(mut frame) = serde_json::from_str::<Value>(line) else { continue };
        if frame["kind"] == "plan" {
            let title = frame["title"].as_str().unwrap_or_default().to_string();
            frame["title"] = json!(format!("{cores} cores, {MADE_UP}: {title}"));
            frame["machine"]["cores"] = json!(cores);
            frame["machine"]["cores_online"] = json!(cores);
            frame["machine"]["core_ids"] = (0..cores).collect();
            frame["machine"]["parallelism_measured"] = Value::Null;
        } else if frame["kind"] == "system" {
            let real = frame["cores"].as_array().cloned().unwrap_or_default();
            before.insert(0, real.iter().filter_map(|core| core[1].as_f64()).collect());
            let real = before[0].len().max(1);
            let busy = |core: usize| before[(core / real) % before.len()].get(core % real).copied().unwrap_or(0.0);
            frame["cores"] = (0..cores).map(|core| json!([core, busy(core)])).collect();
        }
        made.push_str(&frame.to_string());
        made.push('\n');
    }
    made
}
