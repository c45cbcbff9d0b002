//! How the screen is to be: the one table of settings, the config file, and what wins.
//!
//! ```text
//! command line  >  NO_COLOR  >  config file  >  what the terminal seems to be
//! ```
//!
//! The file is read only here, and written only by `config init`. One that is wrong never keeps the screen from opening:
//! nothing of it holds then, and the screen says so.

use super::{Done, Outcome, Trouble, print};
use crate::scenario::{Problem, suggest};
use crate::view::{COMMANDS, ColourDepth, Glyphs, Key, Keymap, Options, Pace, ThemeName};
use clap::Args;
use clap::builder::PossibleValuesParser;
use etcetera::BaseStrategy;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A setting, as the file spells it.
struct Setting {
    name: &'static str,
    help: &'static str,
    /// What it may be, what holds otherwise first.
    words: fn() -> Vec<&'static str>,
    /// Whether it is true or false, and so without quotes.
    is_flag: bool,
}

fn auto_or(names: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    std::iter::once("auto").chain(names).collect()
}

fn on_or_off() -> Vec<&'static str> {
    vec!["true", "false"]
}

const fn word(name: &'static str, help: &'static str, words: fn() -> Vec<&'static str>) -> Setting {
    Setting { name, help, words, is_flag: false }
}

const fn flag(name: &'static str, help: &'static str, words: fn() -> Vec<&'static str>) -> Setting {
    Setting { name, help, words, is_flag: true }
}

#[rustfmt::skip] // One entry, one line.
static SETTINGS: &[Setting] = &[
    word("theme", "Which colours.", || auto_or(ThemeName::ALL.map(ThemeName::name))),
    word("glyphs", "Which shapes.", || auto_or(Glyphs::ALL.map(Glyphs::name))),
    word("color", "How many colours.", || vec!["auto", "never", "16", "256", "truecolor"]),
    word("profile", "How much is drawn, and how often: less over slow lines.", || auto_or(Pace::ALL.map(Pace::name))),
    flag("mouse", "Whether the mouse is for poolscope, and not for the terminal.", on_or_off),
    flag("sync", "Whether screens are marked for synchronized output.", on_or_off),
    flag("ask", "Whether a scenario asks its question before it runs.", on_or_off),
    flag("big", "Whether it begins with large headline figures, for a projector.", || vec!["false", "true"]),
];

fn words_of(name: &str) -> Vec<&'static str> {
    SETTINGS.iter().find(|setting| setting.name == name).map(|setting| (setting.words)()).unwrap_or_default()
}

fn one_of(name: &str) -> PossibleValuesParser {
    PossibleValuesParser::new(words_of(name))
}

/// How the screen is to be.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Screen")]
pub(super) struct Look {
    /// Which colours.
    #[arg(long, value_name = "NAME", value_parser = one_of("theme"))]
    theme: Option<String>,
    /// Which shapes.
    #[arg(long, value_name = "NAME", value_parser = one_of("glyphs"))]
    glyphs: Option<String>,
    /// How many colours.
    #[arg(long, value_name = "WHEN", value_parser = one_of("color"))]
    color: Option<String>,
    /// How much is drawn, and how often: less over slow lines.
    #[arg(long, value_name = "NAME", value_parser = one_of("profile"))]
    profile: Option<String>,
    /// Leave the mouse to the terminal.
    #[arg(long)]
    no_mouse: bool,
    /// Do not mark screens for synchronized output.
    #[arg(long)]
    no_sync: bool,
    /// Do not ask a scenario's question before it runs.
    #[arg(long)]
    no_ask: bool,
    /// Begin with large headline figures, for a projector.
    #[arg(long)]
    big: bool,
    /// No screen: sentences, one for each thing that changes, and typed lines for keys (for screen readers and logs).
    #[arg(long)]
    pub(super) plain: bool,
}

impl Look {
    /// What was typed for a setting.
    fn word(&self, name: &str) -> Option<&str> {
        let typed = |flag: bool, word: &'static str| flag.then_some(word);
        match name {
            "theme" => self.theme.as_deref(),
            "glyphs" => self.glyphs.as_deref(),
            "color" => self.color.as_deref(),
            "profile" => self.profile.as_deref(),
            "mouse" => typed(self.no_mouse, "false"),
            "sync" => typed(self.no_sync, "false"),
            "ask" => typed(self.no_ask, "false"),
            "big" => typed(self.big, "true"),
            _ => None,
        }
    }

    /// The options of the screen, and what is to be said about the config file.
    pub(super) fn options(&self) -> (Options, Option<String>) {
        let (config, notice) = match path().map(|path| (read(&path), path)) {
            Some((Ok(config), _)) => (config, None),
            Some((Err(problems), path)) => (Config::default(), Some(unused(&path, &problems))),
            None => (Config::default(), None),
        };
        let has_no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        (self.over(&config, has_no_color, Options::default()), notice)
    }

    /// What was typed, over the config, over what the terminal seems to be.
    fn over(&self, config: &Config, has_no_color: bool, mut options: Options) -> Options {
        let word = |name: &str| {
            let below = || config.words.iter().find(|(known, _)| *known == name).map(|(_, word)| word.as_str());
            let environment = (name == "color" && has_no_color).then_some("never");
            self.word(name).or(environment).or_else(below)
        };
        // `auto` is none of their names: what the terminal seems to be stays.
        let setting = &mut options.setting;
        if let Some(theme) = word("theme").and_then(|word| word.parse().ok()) {
            (setting.theme, options.ask_background) = (theme, false);
        }
        setting.glyphs = word("glyphs").and_then(|word| word.parse().ok()).unwrap_or(setting.glyphs);
        setting.pace = word("profile").and_then(|word| word.parse().ok()).unwrap_or(setting.pace);
        setting.keymap = config.keymap.clone();
        for (name, flag) in [
            ("mouse", &mut setting.mouse),
            ("ask", &mut setting.ask),
            ("big", &mut setting.big),
            ("sync", &mut options.sync),
        ] {
            *flag = word(name).map_or(*flag, |word| word == "true");
        }
        options.colour = match word("color") {
            Some("never") => ColourDepth::None,
            Some("16") => ColourDepth::Sixteen,
            Some("256") => ColourDepth::Indexed,
            Some("truecolor") => ColourDepth::True,
            _ => options.colour,
        };
        options
    }
}

/// What a config file says.
#[derive(Debug, Default, PartialEq)]
struct Config {
    words: Vec<(&'static str, String)>,
    keymap: Keymap,
}

/// Where the file is, whether it is there or not.
fn path() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("poolscope").join("config.toml"))
}

/// What the screen says of a file that is wrong.
fn unused(path: &Path, problems: &[Problem]) -> String {
    let Some(problem) = problems.first() else { return String::new() };
    let place = if problem.line > 0 { format!(", line {}", problem.line) } else { String::new() };
    let path = path.display();
    format!("{path} is not used{place}: {}. `poolscope config check` tells more.", problem.message)
}

/// Reads a file; one that is not there says nothing.
fn read(path: &Path) -> Result<Config, Vec<Problem>> {
    const BYTES_MAX: u64 = 1 << 20;
    let origin = path.to_string_lossy();
    let wrong = |message: String| vec![Problem::of_file(&origin, message, None)];
    let meta = match path.metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
        Err(error) => return Err(wrong(format!("cannot be read: {error}"))),
    };
    // A pipe might never end, or never begin.
    if !meta.is_file() || meta.len() > BYTES_MAX {
        return Err(wrong("it is no file of settings".into()));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    parse(&origin, &text)
}

/// Reads a config file's text.
fn parse(origin: &str, text: &str) -> Result<Config, Vec<Problem>> {
    let at = |span: Range<usize>, message: String, help: Option<String>| Problem::at(origin, text, span, message, help);
    let (tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem =
            |error: &toml::de::Error| at(error.span().unwrap_or(0..0), format!("not TOML: {}", error.message()), None);
        return Err(errors.iter().map(problem).collect());
    }
    let mut problems = Vec::new();
    let mut config = Config::default();
    let mut pairs: Vec<(String, Vec<String>, Range<usize>)> = Vec::new();
    for (section, value) in tree.get_ref() {
        let (name, table) = (section.get_ref().as_ref(), value.get_ref().as_table());
        match (name, table) {
            ("screen" | "keys", None) => {
                problems.push(at(value.span(), format!("`{name}` is no table"), Some(format!("write `[{name}]`"))));
            }
            ("screen", Some(table)) => {
                for (key, value) in table {
                    match setting(key, value) {
                        Ok(said) => config.words.push(said),
                        Err((span, message, help)) => problems.push(at(span, message, help)),
                    }
                }
            }
            ("keys", Some(table)) => {
                for (key, value) in table {
                    match keys(key, value) {
                        Ok((name, keys)) => pairs.push((name, keys, key.span())),
                        Err(wrong) => {
                            problems.extend(wrong.into_iter().map(|(span, message, help)| at(span, message, help)));
                        }
                    }
                }
            }
            _ => {
                let message = format!("unknown key {} of the settings", quoted(name));
                problems.push(at(section.span(), message, suggest(name, ["screen", "keys"])));
            }
        }
    }
    // Conflicts between keys can be told only once each of them is one.
    if problems.is_empty() {
        let plain: Vec<(String, Vec<String>)> =
            pairs.iter().map(|(name, keys, _)| (name.clone(), keys.clone())).collect();
        match Keymap::new(&plain) {
            Ok(keymap) => config.keymap = keymap,
            Err(sentences) => problems.extend(sentences.into_iter().map(|sentence| {
                let is_meant = |name: &str| sentence.contains(&format!("`{name}`")) || sentence.starts_with(name);
                let span = pairs.iter().find(|(name, ..)| is_meant(name)).map(|(.., span)| span.clone());
                at(span.unwrap_or(0..0), sentence, Some("give one of them another key".into()))
            })),
        }
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

/// Where in the text, what is wrong there, and what to do.
type Wrong = (Range<usize>, String, Option<String>);

fn setting(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<(&'static str, String), Wrong> {
    let name = key.get_ref().as_ref();
    let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
        let help = suggest(name, SETTINGS.iter().map(|setting| setting.name));
        return Err((key.span(), format!("unknown key {} of `[screen]`", quoted(name)), help));
    };
    let said = match value.get_ref() {
        DeValue::String(text) if !setting.is_flag => text.to_string(),
        // `color = 256` is as good.
        DeValue::Integer(integer) if !setting.is_flag => integer.as_str().to_string(),
        DeValue::Boolean(flag) if setting.is_flag => flag.to_string(),
        _ => {
            let wanted = if setting.is_flag { "true or false, without quotes" } else { "one word in quotes" };
            return Err((value.span(), format!("`{name}` is not {wanted}"), Some((setting.words)().join(", "))));
        }
    };
    if (setting.words)().contains(&said.as_str()) {
        Ok((setting.name, said))
    } else {
        Err((value.span(), format!("unknown `{name}` {}", quoted(&said)), suggest(&said, (setting.words)())))
    }
}

fn keys(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<(String, Vec<String>), Vec<Wrong>> {
    let name = key.get_ref().as_ref();
    if !COMMANDS.iter().any(|command| command.name == name) {
        let help = suggest(name, COMMANDS.iter().map(|command| command.name));
        let help = help.or_else(|| Some("`poolscope config init` writes a file with all of them".into()));
        return Err(vec![(key.span(), format!("unknown command {}", quoted(name)), help)]);
    }
    let one = [value];
    let several: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
        DeValue::Array(values) => values.iter().collect(),
        _ => one.to_vec(),
    };
    let (mut keys, mut wrong) = (Vec::new(), Vec::new());
    for value in several {
        match value.get_ref() {
            DeValue::String(text) => match text.parse::<Key>() {
                Ok(_) => keys.push(text.to_string()),
                Err(why) => wrong.push((value.span(), why, None)),
            },
            _ => wrong.push((
                value.span(),
                format!("a key of `{name}` is no text"),
                Some("as in [\"q\", \"Ctrl-C\"]".into()),
            )),
        }
    }
    if wrong.is_empty() { Ok((name.to_string(), keys)) } else { Err(wrong) }
}

fn quoted(text: &str) -> String {
    format!("`{}`", crate::stats::words::plain(&text.chars().take(48).collect::<String>()))
}

/// A file in which every setting and every command stands, each as it is anyway.
fn template() -> String {
    let mut text = String::from(
        "# The settings of poolscope's screen. What stands here is what holds anyway: take away a # to change it.\n\
         # `poolscope config check` tells what is wrong with this file.\n\n[screen]\n",
    );
    for setting in SETTINGS {
        let words = (setting.words)();
        let (first, quote) = (words.first().unwrap_or(&""), if setting.is_flag { "" } else { "\"" });
        text.push_str(&format!("# {} {}\n#{} = {quote}{first}{quote}\n", setting.help, words.join(", "), setting.name));
    }
    text.push_str("\n# Keys are characters, or Ctrl-L, F1, Tab, Space, Enter, Esc, Up, PageDown … An empty list takes them away.\n[keys]\n");
    for command in COMMANDS {
        let keys = command.keys.iter().map(|key| toml::Value::String(key.to_string()).to_string());
        let keys = keys.collect::<Vec<_>>().join(", ");
        text.push_str(&format!("# {}\n#{} = [{keys}]\n", command.help, command.name));
    }
    text
}

fn known_path() -> Result<PathBuf, Trouble> {
    path().ok_or_else(|| Trouble::System("there is no home folder, and so no place for settings".into()))
}

/// `poolscope config path`.
pub(super) fn tell_path() -> Done {
    print(&format!("{}\n", known_path()?.display()))
}

/// `poolscope config init`.
pub(super) fn init() -> Done {
    let path = known_path()?;
    let system = |error: io::Error| Trouble::System(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(system)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => file.write_all(template().as_bytes()).map_err(system)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let path = path.display();
            return Err(Trouble::Usage(format!("{path} is there already, and is not overwritten: remove it first")));
        }
        Err(error) => return Err(system(error)),
    }
    print(&format!("{}: written\n", path.display()))
}

/// `poolscope config check`.
pub(super) fn check() -> Done {
    let path = known_path()?;
    match read(&path) {
        Ok(_) if !path.exists() => print(&format!("{}: not there, so nothing is changed\n", path.display())),
        Ok(_) => print(&format!("{}: fine\n", path.display())),
        Err(problems) => {
            print(&format!("{}\n", super::in_words(&problems)))?;
            Ok(Outcome::Usage)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        look: Look,
    }

    fn look(args: &[&str]) -> Look {
        Typed::parse_from([&["poolscope"], args].concat()).look
    }

    fn wrong(text: &str, expected: &[&str]) {
        let problems = parse("config.toml", text).expect_err(text);
        let told: Vec<String> = problems.iter().map(|problem| problem.to_string().replace('\n', " | ")).collect();
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected.split('…').next().unwrap_or_default()), "{told}\n{expected}");
            assert!(expected.split('…').all(|part| told.contains(part)), "{told}\n{expected}");
        }
    }

    #[test]
    fn the_template_says_what_holds_anyway_and_every_line_of_it_can_be_used() {
        let template = template();
        assert_eq!(parse("config.toml", &template).expect("fine"), Config::default());
        let is_said = |line: &str| line.starts_with('#') && !line.starts_with("# ");
        let lines = template.lines().map(|line| if is_said(line) { &line[1..] } else { line });
        let used = lines.collect::<Vec<_>>().join("\n");
        let config = parse("config.toml", &used).unwrap_or_else(|problems| panic!("{}\n{used}", problems[0]));
        assert_eq!(config.words.len(), SETTINGS.len());
        let first = |name: &str| words_of(name).first().map(|word| (*word).to_string());
        assert!(config.words.iter().all(|(name, word)| first(name).as_ref() == Some(word)));
        for command in COMMANDS {
            assert!(used.contains(&format!("\n{} = [", command.name)), "{}", command.name);
            assert_eq!(config.keymap.keys(command.name), command.keys);
        }
        let plain = Options::default();
        let same = look(&[]).over(&config, false, plain.clone());
        assert_eq!((same.setting.theme, same.colour, same.sync), (plain.setting.theme, plain.colour, plain.sync));
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_the_nearest_right_word() {
        wrong(
            "[screen]\nthem = \"dark\"\n",
            &["config.toml:2:1: unknown key `them` of `[screen]`…did you mean `theme`?"],
        );
        wrong("[screen]\ntheme = \"drak\"\n", &["config.toml:2:9: unknown `theme` `drak`…did you mean `dark`?"]);
        wrong("[screen]\nmouse = \"yes\"\n", &["config.toml:2:9: `mouse` is not true or false…true, false"]);
        wrong("[screen]\ntheme = true\n", &["config.toml:2:9: `theme` is not one word in quotes…plain"]);
        wrong("[scren]\n", &["config.toml:1:2: unknown key `scren` of the settings…did you mean `screen`?"]);
        wrong(
            "screen = 1\nkeys = 2\n",
            &["config.toml:1:10: `screen` is no table", "config.toml:2:8: `keys` is no table"],
        );
        wrong("[keys]\nqit = [\"q\"]\n", &["config.toml:2:1: unknown command `qit`…did you mean `quit`?"]);
        wrong(
            "[keys]\nquit = [\"Hyper-x\", 3]\n",
            &["config.toml:2:9: `Hyper-x` is no key", "config.toml:2:20: a key of `quit` is no text"],
        );
        wrong("[keys]\nquit = [\"q\"]\nfreeze = \"q\"\n", &["config.toml:…q would do both…another key"]);
        wrong("[keys]\nquit = []\n", &["config.toml:2:1: quit: it needs a key"]);
        wrong("[screen\ntheme = 1", &["config.toml:1:8: not TOML"]);
        wrong("[screen]\n\"\\u001b[2J\" = 1\n", &["config.toml:2:1: unknown key `\u{b7}[2J`"]);
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
        let config = parse(
            "c",
            "[screen]\ntheme = \"dark\"\ncolor = \"truecolor\"\nprofile = \"eco\"\nask = false\nsync = false\n",
        )
        .expect("fine");
        let terminal = || Options { colour: ColourDepth::Sixteen, ..Options::default() };
        let over = |args: &[&str], has_no_color| look(args).over(&config, has_no_color, terminal());
        let file = over(&[], false);
        assert_eq!(
            (file.setting.theme, file.colour, file.setting.pace),
            (ThemeName::Dark, ColourDepth::True, Pace::Eco)
        );
        assert_eq!((file.setting.ask, file.sync, file.setting.mouse, file.setting.big), (false, false, true, false));
        assert_eq!(over(&[], true).colour, ColourDepth::None);
        assert_eq!(over(&["--color", "256"], true).colour, ColourDepth::Indexed);
        assert_eq!(over(&["--color", "auto"], false).colour, ColourDepth::Sixteen);
        let typed = over(&["--theme", "light", "--profile", "full", "--glyphs", "ascii", "--no-mouse", "--big"], false);
        assert_eq!(
            (typed.setting.theme, typed.setting.pace, typed.setting.glyphs),
            (ThemeName::Light, Pace::Full, Glyphs::Ascii)
        );
        assert_eq!((typed.setting.mouse, typed.setting.big), (false, true));
        let none = look(&["--no-ask", "--no-sync"]).over(&Config::default(), false, terminal());
        assert_eq!((none.setting.ask, none.sync), (false, false));
        assert!(Typed::try_parse_from(["poolscope", "--theme", "drak"]).is_err());
    }
}
