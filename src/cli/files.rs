//! The files that the screen writes when it is asked to, each a new one: pictures, recordings, scenarios and programs; and
//! those that grow, of guesses and of challenges met.
//!
//! ```text
//! here             poolscope-20261123-235504.svg   .txt .ans .ndjson    the date is UTC
//! user's folder    scenarios/pool-size-2.md                             never over another
//! here             lost-update.py                                       a built-in program that is to be edited
//! XDG state        poolscope/guesses.jsonl                              a line for each guess
//!                  poolscope/challenges.jsonl                           a line for each challenge met
//! ```

use crate::doors::clock;
use crate::scenario::{self, Draft};
use crate::view::{Guess, Progress, Shot};
use etcetera::BaseStrategy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many files of one name there may be.
const NUMBERS_MAX: u32 = 999;

/// The longest file of guesses, or of challenges, that is read: thousands of them.
const LINES_BYTES_MAX: u64 = 1 << 22;

/// Where files go.
pub(super) struct Files {
    pub(super) here: PathBuf,
    pub(super) scenarios: Option<PathBuf>,
    pub(super) state: Option<PathBuf>,
}

impl Files {
    /// The current folder, and the user's own.
    pub(super) fn of_user() -> Files {
        let state = etcetera::choose_base_strategy().ok().and_then(|strategy| strategy.state_dir());
        Files {
            here: PathBuf::from("."),
            scenarios: scenario::user_folder(),
            state: state.map(|folder| folder.join("poolscope")),
        }
    }

    /// All of it in one folder.
    #[cfg(test)]
    pub(super) fn in_folder(folder: &Path) -> Files {
        let path = |name| Some(folder.join(name));
        Files { here: folder.into(), scenarios: path("config/scenarios"), state: path("state/poolscope") }
    }

    /// Paths in the current folder for what is made now, one after the other.
    pub(super) fn now(&self, extension: &str) -> impl Iterator<Item = PathBuf> {
        let (year, month, day, hour, minute, second) = civil(clock::wall_ns() / 1_000_000_000);
        let stem = format!("poolscope-{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}");
        numbered(self.here.clone(), stem, extension.to_string())
    }

    /// Writes a picture; returns where it is.
    pub(super) fn shoot(&self, shot: &Shot) -> io::Result<PathBuf> {
        write_first(self.now(shot.extension), &shot.text)
    }

    /// Writes a draft as a scenario of the user's own; returns where it is.
    pub(super) fn save(&self, draft: &Draft) -> io::Result<PathBuf> {
        let folder = self.scenarios.as_ref().ok_or_else(|| io::Error::other("there is no home folder"))?;
        fs::create_dir_all(folder)?;
        // A built-in scenario's name stays its own.
        let is_free = |path: &PathBuf| {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            !scenario::catalogue().iter().any(|entry| Some(entry.name) == stem)
        };
        let stem = file_name(&draft.scenario().name);
        write_first(numbered(folder.clone(), stem, "md".into()).filter(is_free), &draft.to_text())
    }

    /// Writes a program's text to a file that the user may change; returns where it is.
    pub(super) fn program(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let stem = file_name(name.strip_suffix(".py").unwrap_or(name));
        write_first(numbered(self.here.clone(), stem, "py".into()), text)
    }

    /// Keeps a guess.
    pub(super) fn keep(&self, guess: &Guess) -> io::Result<()> {
        self.add_line(GUESSES, guess)
    }

    /// Whether the last guess of each scenario was right. What cannot be read was not guessed.
    pub(super) fn guessed(&self) -> HashMap<String, bool> {
        self.lines::<Guess>(GUESSES).into_iter().map(|guess| (guess.scenario, guess.right)).collect()
    }

    /// Keeps how well a challenge was met.
    pub(super) fn keep_progress(&self, progress: &Progress) -> io::Result<()> {
        self.add_line(CHALLENGES, progress)
    }

    /// How well each challenge was met at best: in the fewest switches, then in the fewest steps.
    pub(super) fn progress(&self) -> Vec<Progress> {
        let mut best: BTreeMap<(String, String, String), Progress> = BTreeMap::new();
        for progress in self.lines::<Progress>(CHALLENGES) {
            let key = (progress.scenario.clone(), progress.variant.clone(), progress.challenge.clone());
            let is_better = |other: &Progress| (progress.switches, progress.steps) < (other.switches, other.steps);
            if best.get(&key).is_none_or(is_better) {
                best.insert(key, progress);
            }
        }
        best.into_values().collect()
    }

    fn add_line(&self, file: &str, what: &impl Serialize) -> io::Result<()> {
        let folder = self.state.as_ref().ok_or_else(|| io::Error::other("there is no home folder"))?;
        fs::create_dir_all(folder)?;
        let (year, month, day, hour, minute, second) = civil(clock::wall_ns() / 1_000_000_000);
        let at = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        let mut line = serde_json::to_string(&Kept { at, what })?;
        line.push('\n');
        // One write: what another poolscope adds at the same time stays whole.
        OpenOptions::new().append(true).create(true).open(folder.join(file))?.write_all(line.as_bytes())
    }

    /// What was kept in a file, the oldest first. A line that cannot be read was not kept.
    fn lines<T: DeserializeOwned>(&self, file: &str) -> Vec<T> {
        let path = self.state.as_ref().map(|folder| folder.join(file));
        let is_readable =
            |path: &PathBuf| path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= LINES_BYTES_MAX);
        let text = path.filter(is_readable).and_then(|path| fs::read(path).ok()).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        lines.filter_map(|line| serde_json::from_slice::<Kept<T>>(line).ok()).map(|kept| kept.what).collect()
    }
}

const GUESSES: &str = "guesses.jsonl";
const CHALLENGES: &str = "challenges.jsonl";

/// A line of a file that grows.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    at: String,
    #[serde(flatten)]
    what: T,
}

/// `stem.md`, `stem-2.md`, …
fn numbered(folder: PathBuf, stem: String, extension: String) -> impl Iterator<Item = PathBuf> {
    (1..=NUMBERS_MAX).map(move |number| match number {
        1 => folder.join(format!("{stem}.{extension}")),
        _ => folder.join(format!("{stem}-{number}.{extension}")),
    })
}

/// Writes the first of these files that is not there yet.
fn write_first(paths: impl Iterator<Item = PathBuf>, text: &str) -> io::Result<PathBuf> {
    for path in paths {
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return write(file, &path, text).map(|()| path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(named(&path, &error)),
        }
    }
    Err(io::Error::other("there are too many files of that name"))
}

/// Writes all of it, or leaves nothing behind.
fn write(mut file: File, path: &Path, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes()).map_err(|error| {
        let _ = fs::remove_file(path);
        named(path, &error)
    })
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A name that is good for a file, whatever it was.
fn file_name(name: &str) -> String {
    const CHARS_MAX: usize = 64;
    let letter = |letter: char| if letter.is_alphanumeric() || matches!(letter, '-' | '_') { letter } else { '-' };
    let name: String = name.chars().take(CHARS_MAX).map(letter).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "scenario".into() } else { name.into() }
}

/// The date and the time of day, UTC, of a number of seconds since 1970.
fn civil(unix_s: u64) -> (u64, u64, u64, u64, u64, u64) {
    let (days, of_day) = (unix_s / 86_400, unix_s % 86_400);
    // Years from March on, so that the leap day is the last, in eras of 400 years, which all have 146,097 days.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;
    use tempfile::TempDir;

    fn name_of(path: &Path) -> &str {
        path.file_name().and_then(|name| name.to_str()).expect("a name")
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(civil(0), (1970, 1, 1, 0, 0, 0));
        assert_eq!(civil(951_782_399), (2000, 2, 28, 23, 59, 59));
        assert_eq!(civil(951_782_400), (2000, 2, 29, 0, 0, 0));
        assert_eq!(civil(1_709_251_199), (2024, 2, 29, 23, 59, 59));
        assert_eq!(civil(4_107_542_400), (2100, 3, 1, 0, 0, 0));
        assert_eq!(civil(1_795_478_104), (2026, 11, 23, 23, 55, 4));
    }

    #[test]
    fn no_file_is_ever_overwritten() {
        let folder = TempDir::new().expect("a folder");
        let files = Files::in_folder(folder.path());
        let shot = |text: &str| files.shoot(&Shot { extension: "svg", text: text.into() }).expect("written");
        let paths = [shot("first"), shot("second"), shot("third")];
        let texts = paths.each_ref().map(|path| fs::read_to_string(path).expect("a text"));
        assert_eq!(texts, ["first", "second", "third"]);
        assert!(paths.iter().all(|path| name_of(path).starts_with("poolscope-2") && name_of(path).ends_with(".svg")));

        let built_in = scenario::find("pool-size", None).expect("built in");
        let mut draft = Draft::of(&built_in, &Overrides::default());
        let save = |draft: &Draft| files.save(draft).expect("saved");
        assert_eq!(
            [save(&draft), save(&draft)].each_ref().map(|path| name_of(path).to_string()),
            ["pool-size-2.md", "pool-size-3.md"]
        );
        let mut odd = built_in;
        odd.name = "../../et c/\u{1b}é".into();
        draft = Draft::of(&odd, &Overrides::default());
        assert_eq!(name_of(&save(&draft)), "et-c--é.md");
        let listed = scenario::list(files.scenarios.as_deref());
        let own: Vec<&str> =
            listed.iter().filter(|one| one.origin != "built-in").map(|one| one.name.as_str()).collect();
        assert_eq!(own, ["et-c--é", "pool-size-2", "pool-size-3"]);
        assert!(listed.iter().all(|one| one.problems.is_ok()));
    }

    #[test]
    fn challenges_are_kept_and_the_best_counts() {
        let folder = TempDir::new().expect("a folder");
        let files = Files::in_folder(folder.path());
        assert!(files.progress().is_empty());
        let met = |variant: &str, switches, steps| Progress {
            scenario: "lost-update".into(),
            variant: variant.into(),
            challenge: "ended counter=1".into(),
            steps,
            switches,
        };
        for progress in [met("broken", 3, 4), met("broken", 2, 6), met("wrong", 5, 5), met("broken", 2, 7)] {
            files.keep_progress(&progress).expect("kept");
        }
        assert_eq!(files.progress(), [met("broken", 2, 6), met("wrong", 5, 5)]);
        let nowhere = Files { state: None, ..files };
        assert!(nowhere.keep_progress(&met("broken", 1, 1)).is_err() && nowhere.progress().is_empty());
    }

    #[test]
    fn a_program_to_edit_is_a_file_of_its_own() {
        let folder = TempDir::new().expect("a folder");
        let files = Files::in_folder(folder.path());
        let paths = ["lost-update", "lost-update.py", "../e\u{1b}vil"].map(|name| files.program(name, "x = 1\n"));
        let paths = paths.map(|path| name_of(&path.expect("written")).to_string());
        assert_eq!(paths, ["lost-update.py", "lost-update-2.py", "e-vil.py"]);
    }

    #[test]
    fn guesses_are_kept_and_the_last_one_counts() {
        let folder = TempDir::new().expect("a folder");
        let files = Files::in_folder(folder.path());
        assert!(files.guessed().is_empty());
        for (scenario, right) in [("ipc", false), ("pool-size", false), ("ipc", true)] {
            files.keep(&Guess { scenario: scenario.into(), choice: 1, right }).expect("kept");
        }
        let path = files.state.as_ref().expect("a folder").join(GUESSES);
        let text = fs::read_to_string(&path).expect("a text");
        assert_eq!(text.lines().count(), 3);
        assert!(
            text.starts_with("{\"at\":\"2") && text.contains("\"scenario\":\"ipc\",\"choice\":1,\"right\":false"),
            "{text}"
        );
        fs::write(&path, format!("{text}no line of ours\n")).expect("written");
        let guessed = files.guessed();
        assert_eq!((guessed.len(), guessed["ipc"], guessed["pool-size"]), (2, true, false));
        // Where there is no place for them, that is an error and no panic.
        let nowhere = Files { state: None, ..files };
        assert!(nowhere.keep(&Guess { scenario: "ipc".into(), choice: 0, right: true }).is_err());
    }
}
