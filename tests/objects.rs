//! Objects that synchronise, processes and pools, in their corners: time-outs, what breaks and what is closed, and the
//! words of the errors, as in CPython.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod enumerator;
mod judge;

use judge::{compiled, explored, kind, replay};
use poolscope::explore::{self, Exceptions, Grain, Options, Outcome};
use poolscope::program::compile;

/// The endings of a program, each in a few words, sorted: its number of schedules, what it printed, or how it failed.
#[track_caller]
fn endings(text: &str) -> Vec<String> {
    endings_with(text, &Options::default())
}

#[track_caller]
fn endings_with(text: &str, options: &Options) -> Vec<String> {
    let program = compiled("test.py", text);
    let report = explored(&program, options);
    let words = |outcome: &Outcome| {
        replay(&program, options, outcome).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
        let count = outcome.schedules.as_deref().unwrap_or("?");
        let what = match &outcome.message {
            Some(message) => message.clone(),
            None if kind(outcome) == "ended" => outcome.output.join("|"),
            None => kind(outcome),
        };
        format!("{count} {what}")
    };
    let mut all: Vec<String> = report.outcomes.iter().map(words).collect();
    all.sort();
    all
}

/// What a program is refused with: the complaint, and what helps.
#[track_caller]
fn refused(text: &str) -> String {
    match compile("test.py", text) {
        Err(problems) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
        Ok(program) => match explore::explore(&program, &Options::default()) {
            Err(problem) => format!("{problem}"),
            Ok(report) => panic!("{:#?}\n{text}", report.outcomes),
        },
    }
}

// ── barriers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// So many threads that wait at `b` in this way and print how it went.
fn meeting(barrier: &str, wait: &str, threads: usize) -> String {
    format!(
        "import threading
b = threading.{barrier}
def f():
    try:
        {wait}
        print('on')
    except threading.BrokenBarrierError:
        print('broken')
ts = [threading.Thread(target=f) for _ in range({threads})]
for t in ts: t.start()
for t in ts: t.join()
"
    )
}

#[test]
fn who_waits_at_a_barrier_with_a_timeout_may_give_up() {
    // Alone: arrives, gives up, prints.
    for wait in ["b.wait(1)", "b.wait(timeout=0.5)", "b.wait(0)", "b.wait(-1)"] {
        assert_eq!(endings(&meeting("Barrier(2)", wait, 1)), ["1 broken"], "{wait}");
    }
    // Whoever is first: the other comes, and both print in either order (2); or he gives up, and his print comes before,
    // between or after the other's arrival and print (3).
    assert_eq!(endings(&meeting("Barrier(2)", "b.wait(1)", 2)), ["4 on|on", "6 broken|broken"]);
    // The barrier's own time-out is that of whoever names none.
    assert_eq!(endings(&meeting("Barrier(2, timeout=1)", "b.wait()", 2)), ["4 on|on", "6 broken|broken"]);
    assert_eq!(endings(&meeting("Barrier(2)", "b.wait(None)", 1)), ["1 deadlock"]);
    // As a statement, a wait that does not trip the barrier would block: it may give up later.
    let options = Options { grain: Grain::Statement, ..Options::default() };
    let found = endings_with(&meeting("Barrier(2)", "b.wait(1)", 2), &options);
    assert!(found.iter().any(|ending| ending.ends_with("on|on")), "{found:?}");
    assert!(found.iter().any(|ending| ending.ends_with("broken|broken")), "{found:?}");
}

#[test]
fn a_broken_barrier_lets_down_all_who_wait_and_all_who_come() {
    // Two wait without a time-out, the third gives up: the one that breaks it is told first, then those who wait.
    let text = "import threading
b = threading.Barrier(4)
def f():
    b.wait()
def g():
    b.wait(1)
ts = [threading.Thread(target=f), threading.Thread(target=f), threading.Thread(target=g)]
for t in ts: t.start()
for t in ts: t.join()
";
    let program = compiled("test.py", text);
    let report = explored(&program, &Options::default());
    let told: Vec<_> = report.outcomes.iter().map(|outcome| (outcome.thread, outcome.line)).collect();
    assert_eq!(told, [(Some(3), Some(6))], "{report:#?}");
    assert_eq!(report.outcomes[0].message.as_deref(), Some("threading.BrokenBarrierError"));
    let caught = endings_with(text, &Options { exceptions: Exceptions::Thread, ..Options::default() });
    assert!(caught.iter().all(|ending| !ending.ends_with("deadlock")), "{caught:?}");
    // `abort` breaks it for whoever waits and whoever comes; `reset` for whoever waits only.
    let text = |what: &str| {
        format!(
            "import threading
b = threading.Barrier(2)
def f():
    try:
        print(b.wait())
    except threading.BrokenBarrierError:
        print('broken', b.broken)
t = threading.Thread(target=f)
t.start()
b.{what}()
t.join()
print(b.broken, b.parties, b.n_waiting)
"
        )
    };
    assert_eq!(endings(&text("abort")), ["2 broken True|True 2 0"]);
    assert_eq!(endings(&text("reset")), ["1 broken False|False 2 0", "1 deadlock"]);
}

#[test]
fn the_last_to_arrive_at_a_barrier_does_what_is_to_be_done() {
    let text = "import threading
n = 0
def act():
    global n
    n = n + 1
b = threading.Barrier(2, act)
def f():
    b.wait()
    print(n)
ts = [threading.Thread(target=f) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
";
    // Two orders of arrival; the last does what is to be done while the other cannot move; each reads and prints.
    assert_eq!(endings(text), ["12 1|1"]);
    // Nobody gives up while it is done.
    let timed = text
        .replace("act)", "act, timeout=1)")
        .replace("    b.wait()", "    try: b.wait()\n    except RuntimeError: pass");
    assert!(endings(&timed).contains(&"12 1|1".into()), "{:?}", endings(&timed));
    // Where it fails, the barrier is broken.
    let fails = "import threading
def act():
    raise ValueError('no')
b = threading.Barrier(2, action=act)
def f():
    try:
        b.wait()
    except threading.BrokenBarrierError:
        print('broken')
    except ValueError:
        print('failed')
ts = [threading.Thread(target=f) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
";
    assert_eq!(endings(fails), ["2 broken|failed", "2 failed|broken"]);
    let uncaught = fails.replace("    except ValueError:\n        print('failed')\n", "");
    assert_eq!(endings(&uncaught), ["1 ValueError: no"; 2]);
}

// ── the words of errors ────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn errors_have_the_words_of_cpython() {
    let once = |what: &str| format!("import threading, queue, time, multiprocessing\n{what}\n");
    for (what, words) in [
        ("threading.Lock().acquire(False, 1)", "ValueError: can't specify a timeout for a non-blocking call"),
        (
            "threading.RLock().acquire(blocking=False, timeout=1)",
            "ValueError: can't specify a timeout for a non-blocking call",
        ),
        ("threading.Condition().acquire(False, 1)", "ValueError: can't specify a timeout for a non-blocking call"),
        ("threading.Semaphore().acquire(False, 1)", "ValueError: can't specify timeout for non-blocking acquire"),
        ("threading.Lock().acquire(timeout=-5)", "ValueError: timeout value must be positive"),
        ("print(threading.Lock().acquire(timeout=-1), threading.Lock().acquire(False, -1))", "True True"),
        ("print(threading.Semaphore(0).acquire(timeout=-5))", "False"),
        // Between processes no time is wrong, and `block` is what it is called.
        ("print(multiprocessing.Lock().acquire(False, 1), multiprocessing.Lock().acquire(block=False))", "True True"),
        ("print(multiprocessing.Semaphore(0).acquire(True, -5))", "False"),
        ("print(threading.Event().wait(-1), threading.Event().wait(0))", "False False"),
        ("queue.Queue().get(timeout=-1)", "ValueError: 'timeout' must be a non-negative number"),
        ("q = queue.Queue(1)\nq.put(1, timeout=-1)", "ValueError: 'timeout' must be a non-negative number"),
        ("queue.Queue().put(1, timeout=-1)", ""),
        ("multiprocessing.Queue().get(timeout=-1)", "_queue.Empty"),
        ("time.sleep(-1)", "ValueError: sleep length must be non-negative"),
        ("time.sleep('1')", "TypeError: 'str' object cannot be interpreted as an integer"),
        ("queue.Queue().task_done()", "ValueError: task_done() called too many times"),
        ("multiprocessing.Queue().task_done()", "AttributeError: 'Queue' object has no attribute 'task_done'"),
        ("p = multiprocessing.Process()\np.start()\np.start()", "RuntimeError: cannot start a process twice"),
        ("multiprocessing.Process().join()", "RuntimeError: can only join a started process"),
        ("t = threading.Thread()\nt.start()\nt.start()", "RuntimeError: threads can only be started once"),
        ("multiprocessing.Lock().release()", "RuntimeError: release unlocked lock"),
        ("multiprocessing.Value('z', 0)", "TypeError: this type has no size"),
        ("multiprocessing.Array('z', 3)", "TypeError: this type has no size"),
        ("multiprocessing.Value('i', 'x')", "TypeError: 'str' object cannot be interpreted as an integer"),
        (
            "multiprocessing.Value('i', 0).value = None",
            "TypeError: 'NoneType' object cannot be interpreted as an integer",
        ),
        (
            "v = multiprocessing.Value('b', False)\nv.value = True\nprint(v.value, multiprocessing.Value('i').value)",
            "1 0",
        ),
    ] {
        assert_eq!(endings(&once(what)), [format!("1 {words}")], "{what}");
    }
    for what in ["multiprocessing.Value('d', 0)", "multiprocessing.Array('c', 3)"] {
        let words = refused(&once(what));
        assert!(words.contains("integers are in the subset: `'i'`"), "{words}");
    }
}
