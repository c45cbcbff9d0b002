//! The second lock on the door: what a text that never went past the subset's check could still do, which is nothing.

use super::interpreter::{Heard, Interpreter};
use super::*;
use crate::wire::ProgramPlan;

/// How a text ends that is given to Python as it is; none where there is no Python.
#[expect(clippy::print_stderr, reason = "a test that looked at nothing says so")]
fn ending_of(text: &str) -> Option<Ending> {
    let python = match find::python3() {
        Ok(python) => python,
        Err(why) => {
            eprintln!("left out: {why}");
            return None;
        }
    };
    let program = ProgramPlan { program: "test".into(), text: text.into(), ..ProgramPlan::default() };
    let plan = CpythonPlan { program, switch_interval_us: 5000, run_limit_ms: 20_000 };
    let mut interpreter = Interpreter::start(&python, &plan, 0).expect("it starts");
    let mut slices = 0..1000;
    match interpreter.run(7, || slices.next().is_some()) {
        Heard::Answer(answer) => Some(answer.ending()),
        Heard::Nothing => panic!("no answer: {text}"),
        Heard::End => panic!("it ended: {text}"),
    }
}

#[test]
fn whatever_reaches_outside_is_refused() {
    for (text, kind) in [
        ("open('/etc/passwd')", "NameError"),
        ("exec('x = 1')", "NameError"),
        ("import os", "ImportError"),
        ("import socket", "ImportError"),
        ("import random\nrandom._os.listdir('/')", "PermissionError"),
        ("import random\nrandom._os.system('true')", "PermissionError"),
        ("import random\nrandom._os.fork()", "PermissionError"),
        ("import random\nrandom._os.open('/tmp/poolscope-was-here', 65)", "PermissionError"),
        ("import threading\nthreading._sys.modules['io'].open('/etc/passwd')", "PermissionError"),
        ("import threading\nthreading._sys.modules['builtins'].__import__('socket')", "PermissionError"),
    ] {
        let Some(ending) = ending_of(text) else { return };
        assert_eq!(ending.kind, EndingKind::Exception, "{text}: {ending:?}");
        assert!(ending.message.as_ref().is_some_and(|message| message.starts_with(kind)), "{text}: {ending:?}");
        assert_eq!((ending.thread, ending.line), (Some(0), Some(text.lines().count() as u32)), "{text}");
    }
}

#[test]
fn values_are_told_as_the_explorer_tells_them() {
    let text = "\
from queue import Queue
from atomics import Atomic
class Box:
    def __init__(self):
        self.held = (1, [2, None])
        self.work = work
def work():
    pass
number, flag, nothing, word = 3, True, None, 'é'
pair, items = (1, 'a'), [1, [2]]
table, group = {'a': 1, 2: [3]}, {3, 1, 2}
box, atomic, queue = Box(), Atomic(5), Queue()
queue.put(4)
numbers, error = range(3), ValueError('x')
print(number, word)
";
    let Some(ending) = ending_of(text) else { return };
    let values = serde_json::json!({
        "number": 3, "flag": true, "nothing": null, "word": "é", "pair": {"repr": "(1, 'a')"}, "items": [1, [2]],
        "table": {"repr": "{'a': 1, 2: [3]}"}, "group": {"repr": "{1, 2, 3}"}, "atomic": 5, "queue": [4],
        "box": {"repr": "<__main__.Box object held=(1, [2, None]), work=<function work>>"},
        "numbers": {"repr": "range(0, 3)"}, "error": {"repr": "ValueError('x')"},
    });
    assert_eq!((ending.kind, ending.output), (EndingKind::Ended, vec!["3 é".to_string()]));
    assert_eq!(serde_json::to_value(&ending.values).expect("values"), values);
}

#[test]
fn too_much_of_anything_is_a_run_that_did_not_end() {
    for text in ["x = 'a' * (1 << 31)", "x = list(range(100000))", "for i in range(200000):\n    print(i)"] {
        let Some(ending) = ending_of(text) else { return };
        assert_eq!(ending.kind, EndingKind::Unended, "{text}: {ending:?}");
    }
}

#[test]
fn the_first_failure_of_a_thread_is_told_and_the_others_go_on() {
    let text = "\
import threading
def fails():
    raise ValueError('no')
t = threading.Thread(target=print, args=('started first',))
u = threading.Thread(target=fails)
t.start()
u.start()
u.join()
t.join()
assert False, 'main too'
";
    let Some(ending) = ending_of(text) else { return };
    assert_eq!((ending.kind, ending.thread, ending.line), (EndingKind::Exception, Some(2), Some(3)));
    assert_eq!(ending.message.as_deref(), Some("ValueError: no"));
}
