//! Any text at all: a program or complaints, never a panic.

use super::verify::verify;
use crate::program::compile;
use proptest::prelude::*;

fn survives(text: &str) {
    match compile("any.py", text) {
        Ok(program) => verify(&program),
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                let told = problem.to_string();
                assert!(!told.contains(|character: char| character.is_control() && character != '\n'), "{told:?}");
            }
        }
    }
}

/// Pieces that programs are made of, and some that they are not.
const PIECES: &[&str] = &[
    "x",
    "y",
    "self",
    "f",
    "C",
    "lock",
    "threading",
    "Thread",
    "print",
    "range",
    "super",
    "__name__",
    "__x",
    "None",
    "True",
    "1",
    "0.5",
    "99999999999999999999",
    "'a'",
    "f'{x}'",
    "f'{x!r:>5}'",
    "b'a'",
    "...",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ";",
    ".",
    "=",
    "+=",
    "-=",
    "==",
    "<",
    "+",
    "-",
    "*",
    "**",
    "//",
    "/",
    "@",
    ":=",
    "->",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "elif",
    "else",
    "for",
    "while",
    "break",
    "continue",
    "return",
    "pass",
    "def",
    "class",
    "lambda",
    "with",
    "as",
    "try:",
    "except",
    "finally:",
    "raise",
    "from",
    "import",
    "global",
    "nonlocal",
    "del",
    "assert",
    "async",
    "await",
    "yield",
    "match",
    "case",
    "type",
    "\n",
    "\n ",
    "\n  ",
    "\n    ",
    "# progress\n",
    "\\\n",
    "\t",
    "é",
    "\u{202e}",
    "\u{1b}",
    "\r\n",
];

/// Programs of the subset, to be spoilt.
const PROGRAMS: &[&str] =
    &[include_str!("programs/everything.py"), include_str!("programs/pools.py"), include_str!("../../prelude.py")];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 2000 }))]

    #[test]
    fn no_text_does_harm(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_soup_of_pieces_does_harm(
        pieces in proptest::collection::vec((proptest::sample::select(PIECES), any::<bool>()), 0..80),
    ) {
        let text: String = pieces.iter().map(|(piece, space)| format!("{piece}{}", if *space { " " } else { "" })).collect();
        survives(&text);
    }

    #[test]
    fn no_spoilt_program_does_harm(
        program in proptest::sample::select(PROGRAMS),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, proptest::sample::select(PIECES)), 1..6),
    ) {
        let mut text = program.to_string();
        for (at, length, piece) in cuts {
            let start = text.floor_char_boundary(at.index(text.len().max(1)));
            let end = text.floor_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end.max(start), piece);
        }
        survives(&text);
    }

    #[test]
    fn no_shuffled_program_does_harm(
        program in proptest::sample::select(PROGRAMS),
        swaps in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..9), 1..9),
    ) {
        let mut lines: Vec<String> = program.lines().map(str::to_string).collect();
        for (one, other, indentation) in swaps {
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            lines.swap(one, other);
            lines[one] = format!("{}{}", " ".repeat(indentation), lines[one].trim_start());
        }
        survives(&lines.join("\n"));
    }
}
