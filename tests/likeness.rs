//! Beside CPython, where there is a `python3`: small programs of one thread print the same here as there, and fail with
//! the same words. What Python has and the subset has not is refused, with its place: it is never an error of the
//! program that Python would not raise.

#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
#![expect(clippy::print_stderr, reason = "a comparison that is skipped says so")]

use poolscope::explore::{Options, explore};
use poolscope::program::{Problem, compile};
use std::io::Write;
use std::process::{Command, Stdio};

/// What a program came to: what it printed, and the exception that ended it.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
struct Came {
    output: Vec<String>,
    error: Option<String>,
}

/// What CPython makes of each text, and whether it is the version whose words ours are. `None` where there is none.
fn python(texts: &[&str]) -> Option<(Vec<Came>, bool)> {
    const SCRIPT: &str = r#"
import contextlib, io, json, re, sys, traceback
def come(text):
    out, error = io.StringIO(), None
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})
        except BaseException as raised:
            error = traceback.format_exception_only(raised)[-1].strip()
            error = error.removeprefix("__main__.")
    # An address says nothing.
    output = re.sub(" at 0x[0-9a-f]+", "", out.getvalue())
    return {"output": output.splitlines(), "error": error}
known = sys.version_info[:2] == (3, 11)
json.dump([[come(text) for text in json.load(sys.stdin)], known], sys.stdout)
"#;
    let child = Command::new("python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        eprintln!("no python3 here: nothing was compared");
        return None;
    };
    // Taken, so that the pipe is closed and the script goes on.
    let mut input = child.stdin.take().unwrap();
    input.write_all(serde_json::to_string(texts).unwrap().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// What a program comes to here, or why it is refused.
fn here(text: &str) -> Result<Came, Vec<Problem>> {
    let program = compile("program.py", text)?;
    let report = explore(&program, &Options::default()).map_err(|problem| vec![problem])?;
    assert_eq!(report.outcomes.len(), 1, "{text}\n{:#?}", report.outcomes);
    let outcome = &report.outcomes[0];
    Ok(Came { output: outcome.output.clone(), error: outcome.message.clone() })
}

/// The class of an exception, without its message.
fn class(error: &Option<String>) -> Option<&str> {
    error.as_deref().and_then(|error| error.split(':').next())
}

fn compare(texts: &[&str]) {
    let Some((theirs, known)) = python(texts) else { return };
    let mut wrong = Vec::new();
    for (text, theirs) in texts.iter().zip(theirs) {
        match here(text) {
            Err(problems) => wrong.push(format!("{text}\n  there: {theirs:?}\n  refused: {}", problems[0])),
            Ok(ours) if known && ours != theirs => {
                wrong.push(format!("{text}\n  there: {theirs:?}\n  here:  {ours:?}"))
            }
            // Another version may have other words.
            Ok(ours) if ours.output != theirs.output || class(&ours.error) != class(&theirs.error) => {
                wrong.push(format!("{text}\n  there: {theirs:?}\n  here:  {ours:?}"));
            }
            Ok(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
}

/// Each is Python, and refused here with a line, a column and this word.
fn refused(table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, word) in table {
        match here(text) {
            Err(problems) => {
                let problem = &problems[0];
                let told = problem.to_string();
                if problem.line == 0 || !told.contains(word) || !(told.contains("help") || told.contains(": ")) {
                    wrong.push(format!("{text}\n  refused: {told}"));
                }
            }
            Ok(ours) => wrong.push(format!("{text}\n  here: {ours:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

/// What `items`, `keys` and `values` give looks at the dict as it is when it is looked at.
#[rustfmt::skip]
const VIEWS: &[&str] = &[
    "d = {1: 2}\nv = d.items()\nd[3] = 4\nprint(v, len(v), list(v))",
    "d = {1: 2}\nk = d.keys()\nv = d.values()\nd[3] = 4\nprint(k, v, len(k), len(v), list(k), sorted(v), sum(v))",
    "d = {1: 2}\nfor k, v in d.items():\n    d[k + 10] = v",
    "d = {1: 2}\nfor k in d.keys():\n    d[k + 10] = 1",
    "d = {1: 2, 3: 4}\nfor v in d.values():\n    d.pop(1, None)",
    "d = {1: 2, 3: 4}\nfor k, v in d.items():\n    d[k] = v + 1\nprint(d)",
    "d = {1: 2}\nprint(1 in d.keys(), 2 in d.keys(), 2 in d.values(), 1 in d.values())",
    "d = {1: [2]}\nprint([2] in d.values(), (1, [2]) in d.items(), (1, [3]) in d.items(), (2, 2) in d.items(), 7 in d.items())",
    "d = {}\nprint(d.items(), d.keys(), d.values(), bool(d.keys()), not d.items())\nd[0] = 1\nprint(f'{d.keys()}', str(d.items()))",
    "d = {1: 2}\nprint([1] in d.keys())",
    "d = {1: 2}\nprint(d.keys() == {1: 5}.keys(), d.keys() == {1}, d.items() == {1: 2}.items(), d.keys() == [1])",
    "d = {1: 2}\nprint(d.items()[0])",
    "d = {1: 2}\nd.keys()[0] = 1",
    "d = {2: 1, 1: 2}\nprint(max(d.keys()), min(d.values()), tuple(d.items()), set(d.keys()), dict(d.items()))",
    "d = {2: 1, 1: 2}\nfor i, (k, v) in enumerate(d.items()):\n    print(i, k, v)\nfor a, b in zip(d.keys(), d.values()):\n    print(a, b)",
    "a = {1: 2}\nb = {3: 4}\nb.update(a.items())\nprint(b)\na, = b.keys()",
    "d = {1: 2}\na, = d.values()\nprint(a)\nl = [0]\nl.extend(d.keys())\nl += d.values()\nprint(l)",
    "d = {1: 2}\nprint({d.keys(): 1})",
    "d = {1: 2}\nprint(d.keys().append(1))",
    "d = {1: 2}\nprint(d.keys() + d.keys())",
    "d = {1: 2, 3: 4}\nprint(d.keys() < {1, 3, 5}, {1, 3} <= d.keys(), d.keys() > d.keys(), d.items() >= d.items())",
    "d = {1: 2, 3: 4}\nprint(d.keys() - {1})\nprint(d.keys() - [3], d.items() - {(1, 2)})",
    "d = {1: 2}\nv = d.keys()\nd.clear()\nprint(v, len(v), bool(v))",
    "d = {1: 2}\nprint([k for k in d.keys()], [v for k, v in d.items() if k])",
    "d = {}\nd['x'] = d.keys()\nprint(len(d['x']))",
    "d = {1: 2}\nprint(d.values() < d.values())",
];

#[test]
fn views_of_a_dict_are_as_there() {
    compare(VIEWS);
}

#[test]
fn what_is_not_in_the_subset_is_refused_where_it_stands() {
    refused(&[("d = {1: 2}\nprint(d.values() == d.values())", "one and the same")]);
}

#[rustfmt::skip]
const SLICES: &[&str] = &[
    "a = [0, 1, 2, 3]\na[1:2] = [7, 8, 9]\nprint(a)\na[1:4] = []\nprint(a)\na[:] = a\na[1:1] = (5, 6)\nprint(a)",
    "a = [0, 1, 2, 3]\na[::2] = ['x', 'y']\nprint(a)\na[::-1] = range(4)\nprint(a)\na[5:2] = [4]\nprint(a)",
    "a = [0, 1, 2, 3]\na[3:1] = [9]\nprint(a)\na[-2:] = 'ab'\nprint(a)\na[100:] = {1: 2}\nprint(a)",
    "a = [0, 1, 2, 3]\na[1:2] += [5, 6]\nprint(a)\na[1:3] *= 2\nprint(a)",
    "a = [0, 1, 2, 3, 4]\ndel a[1:3]\nprint(a)\ndel a[::2]\nprint(a)\ndel a[:]\nprint(a)\ndel a[3:]\nprint(a)",
    "a = list(range(10))\ndel a[::-3]\nprint(a)\ndel a[5:1:-1]\nprint(a)\ndel a[2:1]\nprint(a)",
    "a = [1, 2]\na[:1] = 5", "a = [1, 2]\na[::2] = 5", "a = [1, 2, 3]\na[::2] = [1]", "a = [1]\na[::0] = []",
    "a = [1, 2, 3]\na[::2] = [1, 2, 3]", "a = [1]\ndel a[::0]", "a = [1, 2]\na['x':] = []", "a = [1]\na[None:None:1] = [5]\nprint(a)",
    "a = (1, 2)\na[:1] = [3]", "a = (1, 2)\ndel a[:1]", "a = 'xy'\na[:1] = 'z'", "a = 'xy'\ndel a[0]", "a = {1}\ndel a[0]",
    "a = {1}\na[:1] = 2", "a = {}\na[:1] = 2", "a = {}\ndel a[:1]", "a = {}\nprint(a[:1])", "a = {1}\nprint(a[:1])", "a = 5\na[:1] = 2",
    "a = range(10)\nprint(a[2:5], a[::-1], a[::3], list(a[8:1:-2]), a[20:], a[:0])\ndel a[1:]",
    "a = [[1, 2], [3]]\na[0][1:] = [a]\nprint(len(a[0]), a[0][1] is a)",
    "a = [1, 2]\nb = [3, 4]\na[1:], b[:1] = b, a\nprint(a, b)",
    "a = [1, 2, 3]\na[True:] = [9]\nprint(a, a[False], a[True])",
    "from multiprocessing import Array\na = Array('i', [1, 2, 3, 4])\nprint(a[1:3], a[::-1], len(a))\na[1:3] = [7, 8]\na[0:4:2] = (5, 6)\nprint(a[:])",
    "from multiprocessing import Array\na = Array('i', 3)\na[1:] = [7]", "from multiprocessing import Array\na = Array('i', 3)\na[1:] = 7",
    "from multiprocessing import Array\na = Array('i', 3)\ndel a[0]", "from multiprocessing import Array\na = Array('i', 3)\nprint(a[3])",
    "from multiprocessing import Array\na = Array('i', 3)\na[-4] = 1", "from multiprocessing import Array\na = Array('i', 3)\na[1:2] += [7]",
    "from multiprocessing import Array\na = Array('i', 3)\na[1] += 7\nprint(sum(a), max(a), [x for x in a])",
];

#[test]
fn slices_are_assigned_and_deleted_as_there() {
    compare(SLICES);
}
