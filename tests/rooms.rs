//! The rooms and the one arrow between them: what the architecture says may not be there, read from the source.
//!
//! Code under `#[cfg(test)]` and comments do not count: a test may look wherever it likes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in flow order, as `src/lib.rs` lists them. A room names only rooms above it, and itself.
const ROOMS: [&str; 17] = [
    "wire",
    "stats",
    "system",
    "doors",
    "telemetry",
    "sync",
    "workload",
    "program",
    "explore",
    "pool",
    "lane",
    "scenario",
    "source",
    "ledger",
    "report",
    "view",
    "cli",
];

/// A file of the source, without its tests and its comments.
struct Source {
    /// Its path below `src/`.
    path: String,
    /// What is compiled into the program: the number of each line, and the line.
    lines: Vec<(usize, String)>,
}

impl Source {
    fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// How many modules it is inside of: `src/pool/processes/hub.rs` is 3 deep, `src/pool/mod.rs` 1.
    fn depth(&self) -> usize {
        let parts: Vec<&str> = self.path.trim_end_matches(".rs").split('/').collect();
        parts.len() - usize::from(parts.last() == Some(&"mod"))
    }

    /// Where one of `words` stands, as `path:line: text`.
    fn places_of(&self, words: &[&str]) -> Vec<String> {
        let hit = |line: &&(usize, String)| words.iter().any(|word| line.1.contains(word));
        self.lines
            .iter()
            .filter(hit)
            .map(|(number, line)| format!("src/{}:{number}: {}", self.path, line.trim()))
            .collect()
    }
}

/// Every file that is compiled into the program.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut tests = BTreeSet::new();
    let read = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        let (lines, modules) = without_tests(&text);
        // `mod tests;` in `room/mod.rs` is `room/tests.rs` or `room/tests/`; in `room/one.rs` it is `room/one/tests.rs`.
        let home = match file.file_name().and_then(|name| name.to_str()) {
            Some("mod.rs" | "lib.rs" | "main.rs") => file.parent().unwrap().to_path_buf(),
            _ => file.with_extension(""),
        };
        tests.extend(modules.iter().map(|module| home.join(module)));
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().to_string();
        Source { path, lines }
    };
    let sources: Vec<Source> = files.iter().map(read).collect();
    let is_test = |source: &Source| {
        let path = root.join(&source.path);
        path.ancestors().any(|part| tests.contains(&part.with_extension("")))
    };
    sources.into_iter().filter(|source| !is_test(source)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The numbered lines without comments and without items under `#[cfg(test)]`, and the test modules that have files.
fn without_tests(text: &str) -> (Vec<(usize, String)>, Vec<String>) {
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = &line[..line.len() - line.trim_start().len()];
            let end = format!("{indent}}}");
            for (_, line) in lines.by_ref() {
                let item = line.trim();
                if let Some(module) =
                    item.trim_start_matches("pub(crate) ").strip_prefix("mod ").and_then(|item| item.strip_suffix(';'))
                {
                    modules.push(module.to_string());
                }
                // The item's end: its closing brace where it began, or the semicolon of a line of its own.
                if line == end
                    || (item.ends_with(';') && line.starts_with(indent) && !line[indent.len()..].starts_with(' '))
                {
                    break;
                }
            }
            continue;
        }
        let code = line.split(" // ").next().unwrap_or_default();
        if !code.trim_start().starts_with("//") {
            kept.push((index + 1, code.to_string()));
        }
    }
    (kept, modules)
}

/// The rooms that a line names: `crate::room`, and each of `crate::{room, other::thing}`.
fn rooms_named(line: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, path) in line.match_indices("crate::") {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
            continue;
        }
        let rest = &line[at + path.len()..];
        let parts: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.split(',').collect(),
            None => vec![rest],
        };
        for part in parts {
            let word: String =
                part.trim().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            named.push(word);
        }
    }
    named
}

#[test]
fn the_list_of_rooms_is_that_of_lib_rs() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let listed: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ").and_then(|line| line.strip_suffix(';'))).collect();
    assert_eq!(listed, ROOMS);
}

#[test]
fn a_room_names_only_rooms_above_it() {
    let place = |room: &str| ROOMS.iter().position(|known| *known == room);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in sources() {
        // `lib.rs` and `main.rs` stand outside.
        let Some(own) = place(source.room()) else { continue };
        for (number, line) in &source.lines {
            for named in rooms_named(line) {
                seen += 1;
                // What is no room is a macro or an item of `lib.rs`, which has none.
                if place(&named).is_none_or(|named| named > own) {
                    wrong.push(format!("src/{}:{number}: {} names {named}", source.path, source.room()));
                }
            }
            let supers = line.matches("super::").count();
            if supers >= source.depth() {
                wrong.push(format!("src/{}:{number}: leaves its room by `super`: {}", source.path, line.trim()));
            }
        }
    }
    assert!(seen > 100, "only {seen} paths were read: the reader of paths is broken");
    assert!(wrong.is_empty(), "upward references:\n{}", wrong.join("\n"));
}

/// Fails where one of `words` stands in a file that `may` does not let it stand in.
fn only(words: &[&str], may: impl Fn(&Source) -> bool) {
    let sources = sources();
    let (allowed, forbidden): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|source| may(source));
    let wrong: Vec<String> = forbidden.iter().flat_map(|source| source.places_of(words)).collect();
    assert!(wrong.is_empty(), "{words:?}:\n{}", wrong.join("\n"));
    for word in words {
        let used = allowed.iter().any(|source| !source.places_of(&[word]).is_empty());
        assert!(used, "`{word}` stands nowhere: is this still the right word to look for?");
    }
}

#[test]
fn only_system_tells_platforms_apart() {
    // But for the fork that only Linux can do, which is a door's business and refuses itself elsewhere.
    only(&["target_os"], |source| source.room() == "system" || source.path == "doors/children.rs");
    let door = sources().into_iter().find(|source| source.path == "doors/children.rs").unwrap();
    let places = door.places_of(&["target_os"]);
    assert_eq!(places.len(), 2, "fork_sibling, here and elsewhere, and nothing more:\n{}", places.join("\n"));
    for (at, (_, line)) in door.lines.iter().enumerate().filter(|(_, (_, line))| line.contains("target_os")) {
        assert!(door.lines[at + 1].1.contains("fn fork_sibling"), "{line}: not of fork_sibling");
    }
}

#[test]
fn only_the_view_names_the_terminal_library() {
    only(&["ratatui", "crossterm"], |source| source.room() == "view");
}

#[test]
fn time_enters_threads_are_made_and_processes_started_at_the_doors_only() {
    // `system` asks the same call for CPU time, which is no clock on the wall.
    only(&["ClockId::Monotonic", "ClockId::Realtime", "_rdtsc"], |source| source.path == "doors/clock.rs");
    only(&["thread::Builder"], |source| source.path == "doors/threads.rs");
    only(&["process::{Child", "Command::new("], |source| source.path == "doors/children.rs");
    for word in ["Instant::now", "SystemTime::now", "thread::spawn(", "thread::scope(", "process::Command"] {
        let wrong: Vec<String> = sources()
            .iter()
            .filter(|source| source.room() != "doors")
            .flat_map(|source| source.places_of(&[word]))
            .collect();
        assert!(wrong.is_empty(), "{word} stands outside of the doors:\n{}", wrong.join("\n"));
    }
}

#[test]
fn nothing_prints_but_the_command_line_and_a_lane_on_its_wire() {
    only(&["io::stdout()"], |source| matches!(source.room(), "cli" | "lane" | "view"));
}
