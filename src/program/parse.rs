//! From text to tree. The parser is ruff's: what it takes is Python, and what it refuses is refused with the place.
//!
//! Whatever is too long or too deep is refused before: nothing after this can run out of stack.

use super::complaints::Complaints;
use super::depth::too_deep_at;
use super::limits::{DEPTH_MAX, TEXT_BYTES_MAX};
use super::problem::{printable, quoted};
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ModModule, PythonVersion, Suite};
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// A text that is Python as far as its grammar goes.
#[derive(Debug)]
pub(super) struct Tree(Parsed<ModModule>);

impl Tree {
    /// The statements of the module.
    pub(super) fn body(&self) -> &Suite {
        self.0.suite()
    }

    /// Complains about syntax that is too new. (Most of it is not in the subset anyway, and has its complaint.)
    pub(super) fn refuse_newer(&self, complaints: &mut Complaints) {
        for newer in self.0.unsupported_syntax_errors() {
            let help = format!("programs are to run on Python {OLDEST} too");
            complaints.add(newer.range, lower_first(&newer.to_string()), Some(help));
        }
    }

    /// The comments of the text.
    pub(super) fn comments(&self) -> impl Iterator<Item = TextRange> {
        self.0.tokens().iter().filter(|token| token.kind() == TokenKind::Comment).map(Ranged::range)
    }
}

/// The oldest Python that programs must run on: newer syntax is refused.
const OLDEST: PythonVersion = PythonVersion::PY310;

/// Parses a text; `None` and a complaint where it is too large, or no Python.
pub(super) fn parse(text: &str, complaints: &mut Complaints) -> Option<Tree> {
    if let Some((at, what, help)) = refused_beforehand(text) {
        complaints.add(at, what, Some(help));
        return None;
    }
    let options = ParseOptions::from(Mode::Module).with_target_version(OLDEST);
    let parsed = parse_unchecked(text, options).try_into_module()?;
    // One slip of the pen makes the rest of a text look wrong: only the first is told.
    if let Some(error) = parsed.errors().first() {
        complaints.add(error, format!("not Python: {}", lower_first(&printable(&error.error.to_string()))), None);
        return None;
    }
    Some(Tree(parsed))
}

/// What the parser need not see, or must not.
fn refused_beforehand(text: &str) -> Option<(TextRange, String, String)> {
    let one = |at: usize| TextRange::at(TextSize::new(at as u32), TextSize::new(1));
    if text.len() > TEXT_BYTES_MAX {
        let what = format!("a program may have at most {TEXT_BYTES_MAX} bytes; this text has {}", text.len());
        return Some((
            one(0),
            what,
            "the explorer is for small programs: keep what is shared, leave out the rest".into(),
        ));
    }
    if let Some(at) = text.find('\0') {
        return Some((one(at), "a null character".into(), "Python refuses it too".into()));
    }
    let lone = |(at, _): &(usize, &str)| text.as_bytes().get(at + 1) != Some(&b'\n');
    if let Some((at, _)) = text.match_indices('\r').find(lone) {
        return Some((one(at), "a carriage return without a line feed".into(), "end lines with a line feed".into()));
    }
    if let Some((at, encoding)) = encoding(text).filter(|(_, name)| !name.eq_ignore_ascii_case("utf-8")) {
        let what = format!("the encoding {} is not in the subset", quoted(encoding));
        return Some((one(at), what, "programs are UTF-8, which need not be said".into()));
    }
    let at = too_deep_at(text, DEPTH_MAX)?;
    let what = format!("nested too deeply: at most {DEPTH_MAX} blocks, brackets and operators in each other");
    Some((one(at), what, "give parts of it names of their own".into()))
}

/// The encoding that a comment in the first two lines declares, and where.
fn encoding(text: &str) -> Option<(usize, &str)> {
    let first = text.lines().next().unwrap_or_default();
    let may_follow = first.trim_start().is_empty() || first.trim_start().starts_with('#');
    let lines = text.lines().take(if may_follow { 2 } else { 1 });
    let mut comments = lines.filter(|line| line.trim_start().starts_with('#'));
    comments.find_map(|comment| {
        let (_, after) = comment.split_once("coding:").or_else(|| comment.split_once("coding="))?;
        let name = after.trim_start_matches([' ', '\t']);
        let end = name.find(|character: char| !(character.is_alphanumeric() || "-_.".contains(character)));
        let name = &name[..end.unwrap_or(name.len())];
        let at = name.as_ptr() as usize - text.as_ptr() as usize;
        (!name.is_empty()).then_some((at, name))
    })
}

/// A message of the parser, as one of ours begins.
fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
