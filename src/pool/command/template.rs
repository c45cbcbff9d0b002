//! The command line: words with placeholders, and what they become for an input.
//!
//! ```text
//!  convert {} 'out dir/{/.png}'   ──▶  [convert] [{}] [out dir/{/.png}]   ──a/b.jpg──▶  convert, a/b.jpg, out dir/b.png
//! ```
//!
//! Words are told apart as a shell does, by blanks, quotes and backslashes, and nothing else of a shell is done: no
//! variable, no pattern, no pipe. An input is one word, whatever it holds. Where a shell is asked for, inputs never become
//! part of its script: they are its arguments, and a placeholder is a reference to one.

use crate::wire::{CommandPlan, Inputs};

/// A command line that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    words: Vec<Vec<Part>>,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Input(Form),
}

/// What of an input stands in the place of a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// `{}`: all of it.
    Whole,
    /// `{.}`: without its extension.
    Stem,
    /// `{/}`: without its folder.
    Name,
    /// `{/.}`: without both.
    NameStem,
    /// `{//}`: its folder.
    Folder,
    /// `{#}`: its number.
    Number,
    /// `{.png}`: with that extension in place of its own.
    Extension(Vec<u8>),
    /// `{/.png}`: the same without its folder.
    NameExtension(Vec<u8>),
}

/// The shell that runs a command for which one is asked.
const SHELL: &str = "/bin/sh";

/// The longest extension that a placeholder may bring.
const EXTENSION_BYTES_MAX: usize = 16;

impl Template {
    /// Understands a command line.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(plan: &CommandPlan) -> Result<Template, String> {
        let command = &plan.command.0;
        if command.contains(&0) {
            return Err("a command line holds no NUL".into());
        }
        let mut words = match plan.shell {
            true => in_shell(command)?,
            false => split(command)?.into_iter().map(|word| parts(&word)).collect(),
        };
        if words.is_empty() {
            return Err("the command is empty".into());
        }
        let has_inputs = plan.inputs != Inputs::Nothing;
        let needs_inputs = |part: &Part| matches!(part, Part::Input(form) if *form != Form::Number);
        if !has_inputs && words.iter().flatten().any(needs_inputs) {
            return Err("the command has a place for inputs, and there are none: give it `--inputs`".into());
        }
        let has_place = words.iter().flatten().any(|part| matches!(part, Part::Input(_)));
        if has_inputs && !has_place {
            if plan.shell {
                // The script is the third word.
                words[2] = vec![Part::Text([command.trim_ascii_end(), b" \"${1}\""].concat())];
            }
            words.push(vec![Part::Input(Form::Whole)]);
        }
        Ok(Template { words })
    }

    /// The program, where it is the same for every input.
    pub(super) fn program(&self) -> Option<&[u8]> {
        match self.words.first().map(Vec::as_slice) {
            Some([Part::Text(text)]) => Some(text),
            Some([]) => Some(b""),
            _ => None,
        }
    }

    /// The words for an input, which has that number.
    pub(super) fn words(&self, input: &[u8], number: u64) -> Vec<Vec<u8>> {
        let word = |parts: &Vec<Part>| {
            parts.iter().fold(Vec::new(), |mut word, part| {
                match part {
                    Part::Text(text) => word.extend_from_slice(text),
                    Part::Input(form) => form.write(input, number, &mut word),
                }
                word
            })
        };
        self.words.iter().map(word).collect()
    }
}

impl Form {
    fn write(&self, input: &[u8], number: u64, word: &mut Vec<u8>) {
        match self {
            Form::Whole => word.extend_from_slice(input),
            Form::Stem => word.extend_from_slice(stem(input)),
            Form::Name => word.extend_from_slice(name(input)),
            Form::NameStem => word.extend_from_slice(stem(name(input))),
            Form::Folder => word.extend_from_slice(folder(input)),
            Form::Number => word.extend_from_slice(number.to_string().as_bytes()),
            Form::Extension(extension) => word.extend_from_slice(&[stem(input), b".", extension].concat()),
            Form::NameExtension(extension) => word.extend_from_slice(&[stem(name(input)), b".", extension].concat()),
        }
    }

    /// The placeholder that a text begins with, and its length.
    fn at_start_of(text: &[u8]) -> Option<(Form, usize)> {
        let inside = text.strip_prefix(b"{")?;
        let end = inside.iter().take(EXTENSION_BYTES_MAX + 3).position(|byte| *byte == b'}')?;
        let is_extension = |text: &[u8]| {
            let may_be = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+');
            text.first().is_some_and(u8::is_ascii_alphanumeric) && text.iter().all(may_be)
        };
        let form = match &inside[..end] {
            b"" => Form::Whole,
            b"." => Form::Stem,
            b"/" => Form::Name,
            b"/." => Form::NameStem,
            b"//" => Form::Folder,
            b"#" => Form::Number,
            [b'.', extension @ ..] if is_extension(extension) => Form::Extension(extension.to_vec()),
            [b'/', b'.', extension @ ..] if is_extension(extension) => Form::NameExtension(extension.to_vec()),
            _ => return None,
        };
        Some((form, end + 2))
    }
}

/// Up to the last dot that no slash follows.
fn stem(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| matches!(byte, b'.' | b'/')) {
        Some(at) if path[at] == b'.' => &path[..at],
        _ => path,
    }
}

/// Behind the last slash.
fn name(path: &[u8]) -> &[u8] {
    path.iter().rposition(|byte| *byte == b'/').map_or(path, |at| &path[at + 1..])
}

/// As `dirname` has it.
fn folder(path: &[u8]) -> &[u8] {
    let without_slashes = |path: &[u8]| path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    let whole = &path[..without_slashes(path)];
    match whole.iter().rposition(|byte| *byte == b'/') {
        _ if whole.is_empty() => {
            if path.is_empty() {
                b"."
            } else {
                b"/"
            }
        }
        None => b".",
        Some(at) => match &whole[..without_slashes(&whole[..at])] {
            b"" => b"/",
            folder => folder,
        },
    }
}

/// A text's parts.
fn parts(text: &[u8]) -> Vec<Part> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let Some((form, length)) = Form::at_start_of(&text[at..]) else {
            at += 1;
            continue;
        };
        if from < at {
            parts.push(Part::Text(text[from..at].to_vec()));
        }
        parts.push(Part::Input(form));
        at += length;
        from = at;
    }
    if from < text.len() {
        parts.push(Part::Text(text[from..].to_vec()));
    }
    parts
}

/// A text's words, without their quotes.
fn split(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let (mut words, mut word): (Vec<Vec<u8>>, Option<Vec<u8>>) = (Vec::new(), None);
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\n' => words.extend(word.take()),
            b'\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next().ok_or("a quote ' is not closed")? {
                        b'\'' => break,
                        byte => word.push(byte),
                    }
                }
            }
            b'"' => {
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next().ok_or("a quote \" is not closed")? {
                        b'"' => break,
                        b'\\' => match bytes.next_if(|next| matches!(next, b'"' | b'\\' | b'$' | b'`' | b'\n')) {
                            Some(b'\n') => {}
                            Some(next) => word.push(next),
                            None => word.push(b'\\'),
                        },
                        byte => word.push(byte),
                    }
                }
            }
            b'\\' => match bytes.next().ok_or("nothing stands behind the last \\")? {
                b'\n' => {}
                next => word.get_or_insert_default().push(next),
            },
            byte => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The words that have a shell run a script: placeholders become references to what stands behind it.
fn in_shell(script: &[u8]) -> Result<Vec<Vec<Part>>, String> {
    #[derive(PartialEq)]
    enum Quote {
        None,
        Single,
        Double,
    }
    let (mut quote, mut written, mut forms, mut at) = (Quote::None, Vec::new(), Vec::<Form>::new(), 0);
    while at < script.len() {
        let byte = script[at];
        // `${…}` is the shell's.
        let is_shells = at > 0 && script[at - 1] == b'$';
        if let Some((form, length)) = Form::at_start_of(&script[at..]).filter(|_| !is_shells) {
            if quote == Quote::Single {
                let found = String::from_utf8_lossy(&script[at..at + length]).into_owned();
                return Err(format!(
                    "{found} stands in single quotes, where the shell would not look at it: inputs are quoted anyway, so \
                     leave the quotes out"
                ));
            }
            let place = forms.iter().position(|known| *known == form).unwrap_or_else(|| {
                forms.push(form);
                forms.len() - 1
            });
            let around = if quote == Quote::Double { "" } else { "\"" };
            written.extend_from_slice(format!("{around}${{{}}}{around}", place + 1).as_bytes());
            at += length;
            continue;
        }
        written.push(byte);
        at += 1;
        match (byte, &quote) {
            (b'\'', Quote::None) => quote = Quote::Single,
            (b'"', Quote::None) => quote = Quote::Double,
            (b'\'', Quote::Single) | (b'"', Quote::Double) => quote = Quote::None,
            // What is escaped opens and closes nothing.
            (b'\\', Quote::None | Quote::Double) if at < script.len() => {
                written.push(script[at]);
                at += 1;
            }
            _ => {}
        }
    }
    if script.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let text = |text: &[u8]| vec![Part::Text(text.to_vec())];
    let mut words = vec![text(SHELL.as_bytes()), text(b"-c"), text(&written), text(b"sh")];
    words.extend(forms.into_iter().map(|form| vec![Part::Input(form)]));
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(command: &str, shell: bool) -> CommandPlan {
        CommandPlan {
            command: command.into(),
            inputs: Inputs::Range { first: 1, last: 2 },
            shell,
            ..CommandPlan::default()
        }
    }

    fn filled(command: &str, input: &str) -> Vec<String> {
        let template = Template::parse(&plan(command, false)).expect("a command line");
        template.words(input.as_bytes(), 7).into_iter().map(|word| String::from_utf8(word).expect("text")).collect()
    }

    #[test]
    fn placeholders_are_those_of_gnu_parallel() {
        // As `parallel 'echo [{}] [{.}] …'` (20221122) answers.
        for (input, stem, name, name_stem, folder) in [
            ("a/b.tar.gz", "a/b.tar", "b.tar.gz", "b.tar", "a"),
            (".bashrc", "", ".bashrc", "", "."),
            ("a.b/c", "a.b/c", "c", "c", "a.b"),
            ("x/.h", "x/", ".h", "", "x"),
            ("/a", "/a", "a", "a", "/"),
            ("a/b/", "a/b/", "", "", "a"),
            ("name", "name", "name", "name", "."),
            ("", "", "", "", "."),
        ] {
            let words = filled("[{}] [{.}] [{/}] [{/.}] [{//}] [{#}]", input);
            let wanted = [input, stem, name, name_stem, folder, "7"].map(|text| format!("[{text}]"));
            assert_eq!(words, wanted, "{input}");
        }
        assert_eq!(filled("{//}", "//"), ["/"]);
        assert_eq!(filled("{//}", "//a"), ["/"]);
        assert_eq!(filled("{//}", "a//b"), ["a"]);
    }

    #[test]
    fn extensions_are_replaced() {
        assert_eq!(filled("convert {} out/{/.png}", "in/a.b.jpg"), ["convert", "in/a.b.jpg", "out/a.b.png"]);
        assert_eq!(filled("x {.tar.gz}", "in/a.zip"), ["x", "in/a.tar.gz"]);
        // What is no placeholder stays as it is.
        for other in ["{a}", "{print}", "{.a/b}", "{", "}", "{/", "{ }", "{..}", "{/.a.very.long.extension}"] {
            assert_eq!(filled(&format!("x '{other}'"), "in")[..2], ["x", other], "{other}");
        }
    }

    #[test]
    fn words_are_told_apart_as_a_shell_does() {
        for (command, words) in [
            ("a  b\tc\nd", &["a", "b", "c", "d"][..]),
            (r#"a 'b c' "d 'e'" f\ g"#, &["a", "b c", "d 'e'", "f g"]),
            (r#"a'b'"c"\d '' """#, &["abcd", "", ""]),
            (r#""\$x \" \\ \n" $HOME *"#, &[r#"$x " \ \n"#, "$HOME", "*"]),
        ] {
            let split: Vec<String> = split(command.as_bytes())
                .expect("words")
                .into_iter()
                .map(|word| String::from_utf8(word).expect("text"))
                .collect();
            assert_eq!(split, words, "{command}");
        }
        // Without a place the input is added, as one word, whatever it holds.
        assert_eq!(filled("echo", "a 'b'\n\"c\" {}"), ["echo", "a 'b'\n\"c\" {}"]);
    }

    #[test]
    fn what_makes_no_command_is_refused() {
        for (command, why) in [
            ("", "empty"),
            (" \t", "empty"),
            ("a 'b", "not closed"),
            ("a \"b", "not closed"),
            ("a \\", "behind the last"),
            ("a\0b", "NUL"),
        ] {
            let error = Template::parse(&plan(command, false)).expect_err(command);
            assert!(error.contains(why), "{command}: {error}");
        }
        assert!(Template::parse(&plan("  ", true)).expect_err("nothing").contains("empty"));
        let quoted = Template::parse(&plan("cat '{}'", true)).expect_err("it would do something else");
        assert!(quoted.starts_with("{} stands in single quotes"), "{quoted}");
        let without = |command: &str| Template::parse(&CommandPlan { inputs: Inputs::Nothing, ..plan(command, false) });
        assert!(without("echo {}").expect_err("no inputs").contains("--inputs"));
        assert_eq!(without("echo {#}").expect("a number is there").words(b"", 3), [b"echo".to_vec(), b"3".to_vec()]);
    }

    #[test]
    fn in_a_shell_inputs_are_arguments_and_never_script() {
        let words = |command: &str| {
            let template = Template::parse(&plan(command, true)).expect("a script");
            let words = template.words(b"a b; rm -rf x", 7);
            words.into_iter().map(|word| String::from_utf8(word).expect("text")).collect::<Vec<_>>()
        };
        let input = "a b; rm -rf x";
        assert_eq!(words("cat {} | wc > {#}.txt"), [SHELL, "-c", "cat \"${1}\" | wc > \"${2}\".txt", "sh", input, "7"]);
        assert_eq!(words("cat \"{}.txt\" {}"), [SHELL, "-c", "cat \"${1}.txt\" \"${1}\"", "sh", input]);
        assert_eq!(words("wc -c <"), [SHELL, "-c", "wc -c < \"${1}\"", "sh", input]);
        // What is the shell's own stays: a parameter's value, and what is escaped.
        assert_eq!(words("echo ${#} \\'{}"), [SHELL, "-c", "echo ${#} \\'\"${1}\"", "sh", input]);
    }

    proptest! {
        #[test]
        fn any_bytes_pass_through(input in proptest::collection::vec(1u8.., 0..40), command in "[ -~]{0,30}") {
            let template = Template::parse(&plan("x {}", false)).expect("a command line");
            prop_assert_eq!(&template.words(&input, 1)[1], &input);
            // And no command line makes it panic.
            for shell in [false, true] {
                let _ = Template::parse(&plan(&command, shell)).map(|template| template.words(&input, 1));
            }
        }
    }
}
