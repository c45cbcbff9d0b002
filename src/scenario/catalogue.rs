//! Where scenarios come from: those compiled in, the user's own folder, and any path.

use super::{Scenario, front, parse, too_long};
use crate::program::problem::{Problem, suggest};
use etcetera::BaseStrategy;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What opens when nothing is asked for.
///
/// It answers the question that brings people here, "threads or processes?", with everything in sight at once: one
/// worker as the measure, and three pools of quite different making that stand level beside it. Whoever expects
/// processes to win (from a language with a global lock) or threads to win (since they are "lighter") sees neither
/// happen, and then finds what does differ (start-up, memory) in the same cards. Every key does something to it at
/// once: `+` beyond the number of cores adds nothing, `x` kills a worker process and its task comes back. It runs on
/// one core (where all four stand level, which is the same lesson), and starts within milliseconds.
pub const DEFAULT: &str = "threads-or-processes-cpu";

/// A scenario that is compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// `pools: a b` stands for `assets/scenarios/pools/a.md` and `…/b.md`.
macro_rules! built_in {
    ($($topic:literal: $($name:literal)+;)+) => {
        &[$($(Entry {
            name: $name,
            text: include_str!(concat!("../../assets/scenarios/", $topic, "/", $name, ".md")),
        }),+),+]
    };
}

/// Every scenario that is compiled in, in the order in which they teach best.
pub fn catalogue() -> &'static [Entry] {
    built_in! {
        "pools":
            "threads-or-processes-cpu"
            "threads-or-processes-io"
            "pool-size"
            "oversubscription"
            "spawn-or-pool"
            "backpressure"
            "uneven-tasks"
            "chunk-size"
            "lock-contention"
            "lock-kinds"
            "semaphore-limit"
            "critical-section"
            "false-sharing"
            "blocking-in-a-cpu-pool"
            "ipc"
            "fault-isolation"
            "worker-recycling";
        "races":
            "lost-update"
            "overdraft"
            "wrong-lock"
            "flag-guard"
            "use-before-init"
            "lazy-init-twice"
            "torn-pair"
            "if-not-while"
            "iterate-while-mutated"
            "aba"
            "result-order";
        "deadlocks":
            "ab-ba"
            "self-deadlock"
            "philosophers"
            "lost-wakeup"
            "notify-one-of-two-kinds"
            "livelock"
            "starvation"
            "bounded-buffer"
            "pool-self-wait"
            "pipe-full";
        "memory":
            "store-buffering"
            "message-passing"
            "peterson-without-fence"
            "half-built-object"
            "iriw"
            "load-buffering";
    }
}

/// A line of `poolscope list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What to call it by.
    pub name: String,
    /// The heading that it belongs under.
    pub topic: String,
    /// One line about it.
    pub title: String,
    /// What it asks, where it asks something.
    pub question: Option<String>,
    /// The belief that it answers.
    pub misconception: Option<String>,
    /// How many lanes it has; 0 where something is wrong with it.
    pub lanes: usize,
    /// `built-in`, or the file.
    pub origin: String,
    /// What is wrong with it; then topic and title are empty.
    pub problems: Result<(), Vec<Problem>>,
}

const BUILT_IN: &str = "built-in";

/// Where the user's own scenarios are looked for: `~/.config/poolscope/scenarios`, or where XDG says.
pub fn user_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("poolscope").join("scenarios"))
}

/// The scenario of that name: a built-in one, one of the user's, or a file.
///
/// # Errors
/// What is wrong with it, or that there is none, with the nearest name.
pub fn find(name_or_path: &str, user_folder: Option<&Path>) -> Result<Scenario, Vec<Problem>> {
    if let Some(entry) = catalogue().iter().find(|entry| entry.name == name_or_path) {
        return parse(entry.name, BUILT_IN, entry.text);
    }
    let own = own_files(user_folder);
    if let Some((name, path)) = own.iter().find(|(name, _)| name == name_or_path) {
        return read(name, path);
    }
    let path = Path::new(name_or_path);
    if path.exists() {
        let name = path.file_stem().map_or(name_or_path.into(), |stem| stem.to_string_lossy());
        return read(&name, path);
    }
    let looks_like_path = name_or_path.contains('/') || name_or_path.ends_with(".md");
    let (message, help) = match looks_like_path {
        true => ("there is no such file", None),
        false => {
            let names = catalogue().iter().map(|entry| entry.name).chain(own.iter().map(|(name, _)| name.as_str()));
            ("there is no such scenario", suggest(name_or_path, names))
        }
    };
    Err(vec![Problem::of_file(name_or_path, message, help.or(Some("`poolscope list` shows them all".into())))])
}

/// Every scenario that has a name, the built-in ones first.
pub fn list(user_folder: Option<&Path>) -> Vec<Listed> {
    let built_in = catalogue().iter().map(|entry| {
        let scenario = parse(entry.name, BUILT_IN, entry.text);
        listed(entry.name, BUILT_IN, scenario)
    });
    let own = own_files(user_folder);
    let own = own.iter().map(|(name, path)| listed(name, &path.to_string_lossy(), read(name, path)));
    built_in.chain(own).collect()
}

fn listed(name: &str, origin: &str, scenario: Result<Scenario, Vec<Problem>>) -> Listed {
    let listed = Listed {
        name: name.into(),
        topic: String::new(),
        title: String::new(),
        question: None,
        misconception: None,
        lanes: 0,
        origin: origin.into(),
        problems: Ok(()),
    };
    match scenario {
        Ok(scenario) => Listed {
            lanes: scenario.lanes(),
            topic: scenario.topic,
            title: scenario.title,
            question: scenario.question.map(|question| question.text),
            misconception: scenario.misconception,
            ..listed
        },
        Err(problems) => Listed { problems: Err(problems), ..listed },
    }
}

/// The user's own scenarios by name. A built-in name cannot be taken over: what a course's notes call `pool-size`
/// is the same for everybody.
fn own_files(user_folder: Option<&Path>) -> Vec<(String, PathBuf)> {
    let folder = user_folder.and_then(|folder| std::fs::read_dir(folder).ok());
    let paths = folder.into_iter().flatten().flatten().map(|entry| entry.path());
    let is_markdown = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let mut files: Vec<(String, PathBuf)> = paths
        .filter(is_markdown)
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_string(), path)))
        .filter(|(name, _)| !catalogue().iter().any(|entry| entry.name == name))
        .collect();
    files.sort();
    files
}

fn read(name: &str, path: &Path) -> Result<Scenario, Vec<Problem>> {
    let origin = path.to_string_lossy();
    let wrong = |message: String| vec![Problem::of_file(&origin, message, None)];
    let cannot = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
    // A pipe or a device might never end, or never begin.
    if !path.metadata().map_err(cannot)?.is_file() {
        return Err(wrong("it is no file".into()));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(cannot)?.take(front::BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > front::BYTES_MAX {
        return Err(vec![too_long(&origin)]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => parse(name, &origin, &text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let before = &error.as_bytes()[..valid];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = String::from_utf8_lossy(before).rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
            let help = Some("save it as UTF-8".to_string());
            let message = "it is not UTF-8".to_string();
            Err(vec![Problem { origin: origin.into(), line, column, message, help, excerpt: None }])
        }
    }
}
