//! Programs run by a real CPython that switches threads as often as it can, and what they ended in.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program that must end may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the program of a file some times over, and tells each time what it printed and what its globals hold then. One
/// `print` is one write, so that no other comes between its text and its end.
const HARNESS: &str = r#"
import builtins as _b, json as _j, os as _o, sys as _s, threading as _t

def _tell(kind, what):
    _o.write(1, (kind + " " + _j.dumps(what) + "\n").encode())

def _print(*args, sep=" ", end="\n", **rest):
    _tell("out", sep.join(str(arg) for arg in args))

def _spelt(value):
    # As the report spells it: what JSON has too as JSON, else what repr writes. None for what is not compared.
    if isinstance(value, list):
        items = [_spelt(item) for item in value]
        return None if None in items else [[item for item, in items]]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value) and list(value) != ["repr"]:
        pairs = {key: _spelt(item) for key, item in value.items()}
        return None if None in pairs.values() else [{key: item for key, (item,) in pairs.items()}]
    if value is None or isinstance(value, (bool, int, str)):
        return [value]
    if isinstance(value, tuple) and all(isinstance(item, (bool, int, str)) for item in value):
        return [{"repr": repr(value)}]
    return None

_b.print = _print
_t.excepthook = lambda args: None
_s.setswitchinterval(1e-6)
_code = compile(open(_s.argv[1]).read(), _s.argv[1], "exec")
for _round in range(int(_s.argv[2])):
    for _name in [name for name in globals() if not name.startswith("_")]:
        del globals()[_name]
    try:
        exec(_code, globals())
    except Exception:
        pass
    for _thread in _t.enumerate():
        if _thread is not _t.current_thread() and not _thread.daemon:
            _thread.join()
    _all = {name: _spelt(value) for name, value in globals().items() if name[0] != "_"}
    _tell("end", {name: value[0] for name, value in _all.items() if value is not None})
"#;

/// What one run came to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Observed {
    /// As JSON texts.
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) output: Vec<String>,
}

/// The interpreter, where there is one.
pub(crate) fn python() -> Option<PathBuf> {
    let tried = |name: &&str| {
        let status = Command::new(name).args(["-c", "import threading"]).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    ["python3", "python"].into_iter().find(tried).map(PathBuf::from)
}

/// Everything that this many runs of a program came to.
pub(crate) fn run(python: &Path, text: &str, times: usize) -> BTreeSet<Observed> {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, told) = (folder.path().join("program.py"), folder.path().join("told"));
    fs::write(&program, text).expect("written");
    // Daemons outlive a round: then each has a process of its own.
    let (processes, rounds) = if text.contains("daemon=True") { (times.min(10), 1) } else { (1, times) };
    let mut all = BTreeSet::new();
    for _ in 0..processes {
        let out = fs::File::create(&told).expect("a file");
        let mut child = Command::new(python)
            .args(["-c", HARNESS])
            .arg(&program)
            .arg(rounds.to_string())
            .env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("assets"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let began = Instant::now();
        let status = loop {
            match child.try_wait().expect("a child") {
                Some(status) => break status,
                None if began.elapsed() > PATIENCE => {
                    let _ = child.kill();
                    let _ = child.wait();
                    panic!("a program that always ends has not ended:\n{text}");
                }
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        assert!(status.success(), "{status}\n{text}");
        let told = fs::read_to_string(&told).expect("what it told");
        let mut output = Vec::new();
        let mut ends = 0;
        for line in told.lines() {
            match line.split_once(' ').expect("two words") {
                ("out", line) => output.push(serde_json::from_str(line).expect("a string")),
                (_, values) => {
                    let values: BTreeMap<String, serde_json::Value> = serde_json::from_str(values).expect("values");
                    let values = values.into_iter().map(|(name, value)| (name, value.to_string())).collect();
                    all.insert(Observed { values, output: std::mem::take(&mut output) });
                    ends += 1;
                }
            }
        }
        assert_eq!(ends, rounds, "{text}");
    }
    all
}

impl Observed {
    /// Whether it is an ending with these values and this output.
    pub(crate) fn fits(&self, values: &BTreeMap<String, String>, output: &[String]) -> bool {
        self.output == output
            && values.iter().all(|(name, value)| self.values.get(name).is_none_or(|seen| seen == value))
    }
}
