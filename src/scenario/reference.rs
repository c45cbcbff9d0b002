//! The tables as text: what `assets/scenario.md` tells authors, so that it cannot fall behind.

use super::check::wanted;
use super::expect::{FIGURES, HISTOGRAM, WORDS};
use super::tables::{CHOICE, Default, EXPECT, Key, Kind, LANE, PAGE, POOLS, RUN, Shape, WORKLOADS, Word};
use std::fmt::Write;

/// Every key, kind and word that a scenario may hold, as Markdown.
pub fn reference() -> String {
    let mut text = String::new();
    keys(&mut text, "The page", "These stand at the top of the front matter.", PAGE);
    keys(&mut text, "`[[choice]]`", "", CHOICE);
    keys(&mut text, "`[expect]`", "", EXPECT);
    keys(&mut text, "The run", "These stand at the top as well, and `--set` changes them.", RUN);
    keys(&mut text, "`[[lane]]` and `[every-lane]`", "", LANE);
    section(&mut text, "Pools", "A pool's own keys stand in the lane, beside `pool`.");
    kinds(&mut text, POOLS);
    for key in POOLS.iter().flat_map(|pool| pool.keys) {
        choices(&mut text, key);
    }
    section(&mut text, "Workloads", "What a task does, and what a unit of its size is.");
    kinds(&mut text, WORKLOADS);
    let mut seen: Vec<&str> = Vec::new();
    for key in WORKLOADS.iter().flat_map(|workload| workload.keys) {
        if !seen.contains(&key.name) {
            choices(&mut text, key);
            seen.push(key.name);
        }
    }
    section(&mut text, "Figures of the summary", "What a statement may speak of; `*` may be a number, counted from 1.");
    for figure in FIGURES {
        let figure = figure.replace('#', "*");
        match figure.strip_suffix('.') {
            Some(histogram) => _ = writeln!(text, "- `{histogram}.`: {}", HISTOGRAM.join(", ")),
            None => _ = writeln!(text, "- `{figure}`"),
        }
    }
    text.push('\n');
    for (word, meaning) in WORDS {
        _ = writeln!(text, "`{word}` is short for `{}`.\n", meaning.replace('@', "lanes.*"));
    }
    text
}

fn section(text: &mut String, title: &str, intro: &str) {
    _ = writeln!(text, "## {title}\n");
    if !intro.is_empty() {
        _ = writeln!(text, "{intro}\n");
    }
}

fn keys(text: &mut String, title: &str, intro: &str, keys: &'static [Key]) {
    section(text, title, intro);
    _ = writeln!(text, "| key | what it is | default | meaning |\n| --- | --- | --- | --- |");
    for key in keys {
        _ = writeln!(text, "| `{}` | {} | {} | {} |", key.name, wanted(&key.shape), default(key), key.help);
    }
    text.push('\n');
    // Pools, workloads and lanes have chapters of their own.
    for key in keys.iter().filter(|key| !matches!(key.name, "pool" | "workload")) {
        choices(text, key);
    }
}

/// The words or kinds that may stand behind a key.
fn choices(text: &mut String, key: &Key) {
    match &key.shape {
        Shape::Word(words) => {
            _ = writeln!(text, "`{}`:\n", key.name);
            words.iter().for_each(|Word { name, help }| _ = writeln!(text, "- `{name}`: {help}"));
            text.push('\n');
        }
        Shape::Kind { kinds: list, .. } => {
            _ = writeln!(text, "`{}`:\n", key.name);
            kinds(text, list);
        }
        _ => {}
    }
}

fn kinds(text: &mut String, kinds: &[Kind]) {
    for Kind { name, help, keys, size } in kinds {
        let size = if size.is_empty() { String::new() } else { format!(" (size {size})") };
        _ = writeln!(text, "- `{name}`: {help}{size}");
        for key in *keys {
            _ = writeln!(text, "  - `{}`: {}; {}; default {}", key.name, key.help, wanted(&key.shape), default(key));
        }
    }
    text.push('\n');
}

fn default(key: &Key) -> String {
    match key.default {
        Default::Required => "**needed**".into(),
        Default::Toml(value) => format!("`{value}`"),
        Default::Computed(words) => words.into(),
    }
}
