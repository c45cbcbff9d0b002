//! Any bytes as a program: no panic, no hang, bounded memory. Whatever compiles is explored within small limits.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use poolscope::explore::{self, Exceptions, Grain, Kind, Memory, Options};
use poolscope::program::compile;
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::process::Command;

fn small() -> Options {
    Options { states_max: 2_000, memory_max: 64 << 20, ..Options::default() }
}

/// Compiles, and explores if it can. Whatever comes of it, it comes.
fn try_it(text: &str) -> bool {
    match compile("any.py", text) {
        Ok(program) => {
            for options in [
                small(),
                Options { grain: Grain::Statement, exceptions: Exceptions::Thread, ..small() },
                Options { memory: Memory::Tso, verdict: true, spurious: true, capacity: Some(1), ..small() },
            ] {
                if let Ok(report) = explore::explore(&program, &options) {
                    let counted = report.schedules.is_some();
                    assert_eq!(counted, report.complete && !options.verdict, "{text}");
                    for outcome in &report.outcomes {
                        let run = explore::step(&program, &options, &outcome.shortest);
                        assert!(run.is_ok_and(|run| run.ending.is_some()), "{}\n{text}", outcome.shortest);
                    }
                }
            }
            true
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "{text}");
            for problem in problems {
                let line = text.split('\n').nth(problem.line.saturating_sub(1));
                assert!(line.is_some(), "line {} of\n{text}", problem.line);
                assert!(!problem.message.is_empty());
            }
            false
        }
    }
}

fn assets() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs");
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    all.sort();
    all.iter().map(|path| fs::read_to_string(path).expect("a text")).collect()
}

/// Pieces that programs are made of.
const PIECES: [&str; 72] = [
    "import threading\n",
    "import queue\n",
    "import multiprocessing\n",
    "from atomics import Atomic, fence\n",
    "x = 0\n",
    "lock = threading.Lock()\n",
    "cv = threading.Condition()\n",
    "q = queue.Queue(1)\n",
    "items = []\n",
    "d = {}\n",
    "def f():\n",
    "def f(n):\n",
    "    global x\n",
    "    x += 1\n",
    "    x = x * x\n",
    "    with lock:\n",
    "        x = 1\n",
    "        f()\n",
    "    while True:\n",
    "        pass\n",
    "    while x:\n",
    "    for i in range(3):\n",
    "    for i in items:\n",
    "        items.append(i)\n",
    "    items.append(items)\n",
    "    d[d] = d\n",
    "    return f\n",
    "    f()\n",
    "    f(f)\n",
    "    raise ValueError\n",
    "    assert x\n",
    "    try:\n",
    "    except Exception:\n",
    "    finally:\n",
    "        break\n",
    "        continue\n",
    "class C:\n",
    "class T(threading.Thread):\n",
    "    def run(self):\n",
    "        self.x = self\n",
    "t = threading.Thread(target=f)\n",
    "u = threading.Thread(target=f, args=(1,))\n",
    "t.start()\n",
    "u.start()\n",
    "t.join()\n",
    "u.join()\n",
    "    t.start()\n",
    "    t.join()\n",
    "x = 10 ** 100\n",
    "x = 2 ** 62 * 4\n",
    "x = -1 % 0\n",
    "x = [0] * 10 ** 9\n",
    "x = 'a' * 10 ** 9\n",
    "print(x)\n",
    "print(f'{x}{x!r:>9}')\n",
    "x = x, x\n",
    "x = [x, x]\n",
    "items.append(items)\n",
    "print(items)\n",
    "    q.put(q)\n",
    "    q.get()\n",
    "        cv.wait()\n",
    "        cv.notify_all()\n",
    "    with cv:\n",
    "lambda: x\n",
    "x = lambda: f()\n",
    "x()\n",
    "yield x\n",
    "async def g():\n",
    "    nonlocal x\n",
    "del x\n",
    "x: int = 3\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        try_it(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_letters(text in "[ -~\n\t]{0,300}") {
        try_it(&text);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..40)) {
        try_it(&pieces.concat());
    }

    #[test]
    fn pieces_behind_what_they_need(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..12)) {
        let mut text: String = PIECES[..10].concat();
        text.push_str("def f(*_):\n    global x\n".replace("*_", "n=0").as_str());
        text.extend(pieces.iter().filter(|piece| piece.starts_with("    ")).copied());
        text.push_str("    x += 1\n");
        text.extend(pieces.iter().filter(|piece| !piece.starts_with("    ")).copied());
        text.push_str("a = threading.Thread(target=f)\nb = threading.Thread(target=f)\na.start()\nb.start()\na.join()\nb.join()\n");
        try_it(&text);
    }

    #[test]
    fn programs_with_a_line_more_or_less(which in any::<prop::sample::Index>(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8), 1..4)) {
        let assets = assets();
        let mut lines: Vec<String> = which.get(&assets).lines().map(str::to_owned).collect();
        for (at, other, edit) in edits {
            let (at, other) = (at.index(lines.len()), other.index(lines.len()));
            match edit {
                0 if lines.len() > 1 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[other].clone()),
                2 => lines.swap(at, other),
                _ => lines[at] = lines[at].replacen("    ", "", 1),
            }
        }
        try_it(&lines.join("\n"));
    }

    #[test]
    fn programs_with_a_byte_changed(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let assets = assets();
        let mut bytes = which.get(&assets).clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        try_it(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_schedule_of_a_program(schedule in "[0-9:.a-z ]{0,24}") {
        let program = compile("lost-update.py", &fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs/lost-update.py")).expect("a text")).expect("it compiles");
        if let Ok(run) = explore::step(&program, &small(), &schedule) {
            // Whatever is accepted is a schedule: no longer than the program.
            prop_assert!(run.steps.len() <= 4);
        }
    }
}

#[test]
fn pieces_make_programs_often_enough() {
    // The generators above are worth something only if what they make compiles now and then.
    let mut compiles = 0;
    for piece in PIECES {
        let inner = piece.starts_with("    ") && !piece.starts_with("        ");
        let line = if inner { piece } else { "" };
        compiles +=
            usize::from(try_it(&format!("{}def f(n=0):\n    global x\n{line}    x += 1\n", PIECES[..10].concat())));
    }
    assert!(compiles >= PIECES.len() / 2, "{compiles}");
}

#[test]
fn what_grows_without_end_comes_to_a_limit_that_is_told() {
    let grows = [
        "x = 1\nwhile True:\n    x = x * 3\n",
        "x = [1]\nwhile True:\n    x.append(x[0])\n",
        "x = 'a'\nwhile True:\n    x = x + x\n",
        "x = 10 ** 1000000\n",
        "x = [0] * 1000000000\n",
        "x = 'ab' * 1000000000\n",
        "x = list(range(1000000000))\n",
        "def f(n):\n    return f(n + 1)\nf(0)\n",
        "x = ()\nwhile True:\n    x = (x,)\n",
        "x = (0,)\nwhile True:\n    x = x + x\n",
        "x = (0,)\nwhile True:\n    x = (x, x)\n",
        "x = ValueError()\nwhile True:\n    x = ValueError(x)\n",
        "x = enumerate([])\nwhile True:\n    x = enumerate(x)\n",
        "def f(a=0):\n    pass\nwhile True:\n    f = lambda a=f: 0\n",
        "x = []\nwhile True:\n    x = [x]\n",
        "x = []\nfor i in range(5000):\n    x = [x]\nassert x == [x]\n",
        "x = []\nfor i in range(5000):\n    x = [x]\nassert not x, str(x)\n",
    ];
    for text in grows {
        let program = match compile("grows.py", text) {
            Ok(program) => program,
            Err(problems) => {
                assert!(problems.iter().all(|problem| problem.line >= 1), "{text}");
                continue;
            }
        };
        // A limit is an error of the program; running out of depth is also an exception of Python, and what ends is told.
        match explore::explore(&program, &small()) {
            Err(problem) => assert!(problem.line >= 1 && !problem.message.is_empty(), "{text}"),
            Ok(report) => assert!(
                report.outcomes.iter().all(|outcome| matches!(outcome.kind, Kind::Exception | Kind::Assertion)),
                "{text}{:#?}",
                report.outcomes
            ),
        }
    }
}

#[test]
fn nesting_and_length_come_to_a_limit() {
    let deep = [
        format!("x = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000)),
        format!("x = {}1\n", "-".repeat(100_000)),
        format!("x = {}1\n", "not ".repeat(100_000)),
        format!("x = 1{}\n", " + 1".repeat(100_000)),
        format!("x = {}{}\n", "[".repeat(100_000), "]".repeat(100_000)),
        format!("x = {}0\n", "lambda: ".repeat(100_000)),
        (0..1_000).map(|depth| format!("{}if True:\n", " ".repeat(depth))).collect::<String>()
            + &" ".repeat(1_000)
            + "pass\n",
        "x = 1\n".repeat(200_000),
        (0..100_000).map(|name| format!("v{name} = 1\n")).collect(),
        (0..100_000).map(|name| format!("def f{name}(): pass\n")).collect(),
        format!("x = '{}'\n", "a".repeat(10_000_000)),
        format!("x = {}\n", "9".repeat(1_000_000)),
    ];
    for text in deep {
        // Either is fine; what must not be is a stack that overflows, or a panic.
        match compile("deep.py", &text) {
            Ok(program) => drop(explore::explore(&program, &small())),
            Err(problems) => assert!(!problems.is_empty()),
        }
    }
}

#[test]
fn files_that_are_no_programs_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let files: [(&str, &[u8]); 4] = [
        ("bytes.py", &[0xff, 0xfe, 0x00, 0x80]),
        ("null.py", b"x = 1\0\n"),
        ("indent.py", b"  x = 1\n x = 2\n"),
        ("later.py", b"yield 1\n"),
    ];
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        for command in ["explore", "step"] {
            let mut run = Command::new(env!("CARGO_BIN_EXE_poolscope"));
            run.arg(command).arg(&path);
            if command == "step" {
                run.args(["--schedule", "1.2"]);
            }
            let output = run.output().expect("it starts");
            assert_eq!(output.status.code(), Some(2), "{command} {name}");
            assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{command} {name}");
            let shown = String::from_utf8(output.stderr).expect("UTF-8");
            assert!(shown.contains(name), "{shown}");
        }
    }
}
