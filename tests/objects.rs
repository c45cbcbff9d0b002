//! Objects that synchronise, processes and pools, in their corners: time-outs, what breaks and what is closed, and the
//! words of the errors, as in CPython.

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

// ── pipes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A child that does these, and a main that starts it and does those; `a, b` is the pipe.
fn pipe(kind: &str, args: &str, child: &[&str], main: &[&str]) -> String {
    let child: String = child.iter().map(|line| format!("    {line}\n")).collect();
    let main: String = main.iter().map(|line| format!("    {line}\n")).collect();
    format!(
        "import multiprocessing
def work({args}):
{child}if __name__ == '__main__':
    a, b = multiprocessing.{kind}
    p = multiprocessing.Process(target=work, args=({args},))
    p.start()
{main}    p.join()
"
    )
}

#[test]
fn each_process_closes_its_own_copy_of_an_end_of_a_pipe() {
    // Main closes its copy, and waits for what the child will send through its own.
    let text = pipe("Pipe()", "b", &["b.send(7)", "b.close()"], &["b.close()", "print(a.recv())"]);
    assert!(endings(&text).iter().all(|ending| ending.ends_with(" 7")), "{:?}", endings(&text));
    // When all copies are closed, or their processes have ended, there is nothing more to come.
    let rest = ["b.close()", "print(a.recv())", "try: a.recv()", "except EOFError: print('end')"];
    for child in [&["b.send(7)", "b.close()"][..], &["b.send(7)"]] {
        let found = endings(&pipe("Pipe()", "b", child, &rest));
        assert!(found.iter().all(|ending| ending.ends_with(" 7|end")), "{found:?}");
    }
    // The receiver himself still has a copy of the sending end: he waits for ever.
    let text = pipe("Pipe()", "b", &["b.send(7)"], &["print(a.recv())", "a.recv()"]);
    assert!(endings(&text).iter().all(|ending| ending.ends_with("deadlock")), "{:?}", endings(&text));
    // So does a child: under `fork` it has a copy of everything, of what it was not handed too.
    let child = ["print(b.recv())", "try: b.recv()", "except EOFError: print('end')"];
    let main = ["b.close()", "a.send(1)", "a.close()"];
    let text = pipe("Pipe()", "b", &child, &main);
    assert!(endings(&text).iter().all(|ending| ending.ends_with("deadlock")), "{:?}", endings(&text));
    // Unless it closes that, or was only handed what it uses.
    let closes = pipe("Pipe()", "a, b", &["a.close()", child[0], child[1], child[2]], &main);
    assert!(endings(&closes).iter().all(|ending| ending.ends_with(" 1|end")), "{:?}", endings(&closes));
    for method in ["spawn", "forkserver"] {
        let spawns = text.replace("    a, b", &format!("    multiprocessing.set_start_method('{method}')\n    a, b"));
        assert!(endings(&spawns).iter().all(|ending| ending.ends_with(" 1|end")), "{:?}", endings(&spawns));
    }
}

#[test]
fn what_cannot_be_done_with_an_end_of_a_pipe_fails_as_in_cpython() {
    let alone = |what: &str| format!("import multiprocessing\na, b = multiprocessing.Pipe(False)\n{what}\n");
    for (what, words) in [
        ("a.send(1)", "OSError: connection is read-only"),
        ("b.recv()", "OSError: connection is write-only"),
        ("b.poll()", "OSError: connection is write-only"),
        ("a.close()\na.recv()", "OSError: handle is closed"),
        ("b.close()\nb.close()\nb.send(1)", "OSError: handle is closed"),
        ("b.close()\na.recv()", "EOFError"),
        ("a.close()\nb.send(1)", "BrokenPipeError: [Errno 32] Broken pipe"),
        ("with b:\n    b.send(1)\nprint(a.recv(), a.poll(), a.poll(None))", "1 True True"),
        ("print(a.poll(), a.poll(0), a.poll(1))", "False False False"),
        ("a.poll(None)", "deadlock"),
        ("try:\n    a.close()\n    b.send(1)\nexcept ConnectionError:\n    print('broken')", "broken"),
    ] {
        assert_eq!(endings(&alone(what)), [format!("1 {words}")], "{what}");
    }
    // Whoever sends when the other has ended may be too late.
    let text = pipe("Pipe()", "b", &["b.recv()"], &["b.close()", "a.send(1)", "a.send(2)"]);
    let found = endings(&text);
    assert!(found.iter().any(|ending| ending.ends_with("Broken pipe")), "{found:?}");
    assert!(found.iter().any(|ending| ending.ends_with(" ")), "{found:?}");
    // An end that is on its way to somewhere else is beyond us.
    let text = "import multiprocessing\na, b = multiprocessing.Pipe()\nq = multiprocessing.Queue()\nq.put(a)\n";
    assert!(refused(text).contains("an end of a pipe"), "{}", refused(text));
}

#[test]
fn a_queue_is_closed_by_each_process_for_itself() {
    let text = "import multiprocessing
def work(q):
    q.put(1)
if __name__ == '__main__':
    q = multiprocessing.Queue()
    p = multiprocessing.Process(target=work, args=(q,))
    p.start()
    q.close()
    p.join()
    try:
        q.get()
    except ValueError:
        print('closed')
";
    let found = endings(text);
    assert!(found.iter().all(|ending| ending.ends_with(" closed")), "{found:?}");
}

#[test]
fn a_process_ends_with_all_that_it_waits_for() {
    // The child's own thread still works when its main thread has ended: so does the child.
    let text = "import multiprocessing, threading
def rest(v):
    v.value = 1
def work(v):
    threading.Thread(target=rest, args=(v,)).start()
if __name__ == '__main__':
    v = multiprocessing.Value('i', 0)
    p = multiprocessing.Process(target=work, args=(v,))
    p.start()
    p.join()
    print(v.value, p.is_alive())
";
    assert_eq!(endings(text), ["1 1 False"]);
}

// ── pools ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_pool_ends_with_the_main_thread_of_its_own_process() {
    let text = "import multiprocessing
from concurrent.futures import ThreadPoolExecutor
def one():
    return 1
def work(again):
    pool = ThreadPoolExecutor(1)
    print(pool.submit(one).result())
    if again:
        multiprocessing.Process(target=work, args=(False,)).start()
if __name__ == '__main__':
    p = multiprocessing.Process(target=work, args=(True,))
    p.start()
    p.join()
    print('end')
";
    // Nobody shuts them down: each ends with its process, whose end main sees before its own.
    let found = endings(text);
    assert!(found.len() == 1 && found[0].ends_with(" 1|1|end"), "{found:?}");
}

#[test]
fn a_task_for_a_pool_may_come_too_late() {
    let text = |main: &str| {
        format!(
            "import threading
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def one():
    return 1
def late():
    try:
        pool.submit(one)
        print('in time')
    except RuntimeError as error:
        print(error)
t = threading.Thread(target=late)
t.start()
{main}
"
        )
    };
    let told = |main: &str| -> Vec<String> {
        let mut told: Vec<String> =
            endings(&text(main)).iter().map(|ending| ending.split_once(' ').unwrap().1.to_owned()).collect();
        told.sort();
        told
    };
    assert_eq!(told("pool.shutdown()"), ["cannot schedule new futures after shutdown", "in time"]);
    assert_eq!(told("pass"), ["cannot schedule new futures after interpreter shutdown"]);
    assert_eq!(
        told("print(1)"),
        ["1|cannot schedule new futures after interpreter shutdown", "1|in time", "in time|1"]
    );
    let closed = "import multiprocessing\npool = multiprocessing.Pool(1)\npool.close()\npool.apply(len, ((),))\n";
    assert_eq!(endings(closed), ["1 ValueError: Pool not running"]);
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
        ("queue.Queue().close()", "AttributeError: 'Queue' object has no attribute 'close'"),
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

#[test]
fn exceptions_of_the_library_are_caught_by_their_names() {
    let once = |imports: &str, fails: &str, name: &str| {
        format!(
            "import threading, queue, multiprocessing, concurrent.futures\nimport concurrent.futures as futures\n{imports}\n\
             def one():\n    return 1\ntry:\n    {fails}\nexcept {name} as error:\n    print('caught')\n"
        )
    };
    let late = "raise futures.TimeoutError()";
    for (imports, fails, name) in [
        ("", late, "concurrent.futures.TimeoutError"),
        ("", late, "TimeoutError"),
        ("from concurrent.futures import TimeoutError as Late", late, "Late"),
        ("from concurrent.futures import TimeoutError", "raise TimeoutError('x')", "OSError"),
        ("", "raise multiprocessing.TimeoutError()", "multiprocessing.ProcessError"),
        ("from multiprocessing import TimeoutError", "raise multiprocessing.TimeoutError()", "TimeoutError"),
        ("import queue as q", "queue.Queue().get_nowait()", "q.Empty"),
        ("from queue import Empty, Full", "queue.Queue().get(False)", "(Full, Empty)"),
        ("", "multiprocessing.Queue().get(timeout=1)", "queue.Empty"),
        ("from queue import Full", "raise Full", "Full"),
        ("", "threading.Barrier(2).wait(0)", "threading.BrokenBarrierError"),
        ("from threading import BrokenBarrierError", "threading.Barrier(2).wait(0)", "BrokenBarrierError"),
    ] {
        assert_eq!(endings(&once(imports, fails, name)), ["1 caught"], "{imports}; {fails}; {name}");
    }
    // `multiprocessing.TimeoutError` is a class of its own.
    let text = once("", "raise multiprocessing.TimeoutError('late')", "TimeoutError");
    assert_eq!(endings(&text), ["1 multiprocessing.context.TimeoutError: late"]);
    // It is what the result of a `Pool` raises; that of an executor raises the other.
    let waits = |pool: &str, get: &str, name: &str| {
        format!(
            "import multiprocessing, concurrent.futures\ndef one():\n    return 1\nif __name__ == '__main__':\n    pool = {pool}\n\
             \x20   try:\n        print({get}(timeout=1))\n    except {name}:\n        print('late')\n"
        )
    };
    for text in [
        waits("multiprocessing.Pool(1)", "pool.apply_async(one).get", "multiprocessing.TimeoutError"),
        waits("concurrent.futures.ThreadPoolExecutor(1)", "pool.submit(one).result", "concurrent.futures.TimeoutError"),
    ] {
        let found = endings(&text);
        assert!(found.len() == 2 && found[0].ends_with(" 1") && found[1].ends_with(" late"), "{found:?}");
    }
}

#[test]
fn what_pools_have_not_is_refused() {
    for (what, words) in [
        ("multiprocessing.Pool()", "write how many, `Pool(2)`"),
        ("multiprocessing.Pool(None)", "write how many, `Pool(2)`"),
        ("multiprocessing.Pool(2, one)", "an `initializer` of a pool"),
        ("ThreadPoolExecutor(1).map(abs, [1], timeout=1)", "`result(timeout=…)`"),
        ("as_completed([], timeout=1)", "`result(timeout=…)`"),
    ] {
        let text = format!(
            "import multiprocessing\nfrom concurrent.futures import ThreadPoolExecutor, as_completed\ndef one():\n    pass\n{what}\n"
        );
        assert!(refused(&text).contains(words), "{}", refused(&text));
    }
    let text = "from concurrent.futures import ThreadPoolExecutor\nprint(list(ThreadPoolExecutor(1).map(abs, [-1, 2], timeout=None, chunksize=1)))\n";
    assert!(endings(text).iter().all(|ending| ending.ends_with(" [1, 2]")), "{:?}", endings(text));
}

// ── what is not in the subset ──────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn what_the_library_has_besides_is_refused_with_the_nearest_that_is_in() {
    for (what, help) in [
        ("p.exitcode", "help: `name` and `is_alive` are in the subset"),
        ("p.terminate()", "help: let it end by itself"),
        ("pool.starmap(f, [(1, 2)])", "help: `apply_async` for each of them is in the subset, and so is `map`"),
        ("pool.imap(f, [1])", "help: `map` and `apply_async` are in the subset"),
        ("t.isAlive()", "help: `is_alive` is in the subset"),
        ("c.notifyAll()", "help: `notify_all` is in the subset"),
        ("name.upper()", "help: f-strings and `+` are"),
        ("t.strat()", "help: did you mean `start`?"),
        ("t.frobnicate()", "help: an object has what is assigned: `….frobnicate = …`"),
        ("threading.Timer(1, f)", "help: a thread can sleep first"),
        ("threading.Lok()", "help: did you mean `Lock`?"),
        ("queue.PriorityQueue()", "help: `Queue` and `LifoQueue` are in the subset"),
        ("time.time()", "help: leave it out"),
        ("multiprocessing.Manager()", "help: `Value`, `Array`, `Queue` and `Pipe` are shared"),
        ("from multiprocessing import JoinableQueue", "help: `multiprocessing.Queue` is in the subset"),
        ("from concurrent.futures import wait", "help: `as_completed`, and the `result` of each, are in the subset"),
        ("name = 'x'\nname.count('x')", "`count` of a str is not in the subset: f-strings and `+` are"),
        ("(1, 2).index(2)", "`index` of a tuple is not in the subset: a list has it"),
        (
            "v = multiprocessing.Value('i', 0)\nv.acquire()",
            "`acquire` of a Value is not in the subset: `with value.get_lock():`",
        ),
    ] {
        let text = format!("import threading, queue, time, multiprocessing\n{what}\n");
        assert!(refused(&text).contains(help), "{}", refused(&text));
    }
}

#[test]
fn a_name_that_nothing_has_is_told_with_what_was_perhaps_meant() {
    assert!(refused("threading.Lock()").contains("help: `threading` is not imported: `import threading`"));
    for (text, words) in [
        ("counter = 1\nprint(coutner)", "NameError: name 'coutner' is not defined. Did you mean: 'counter'?"),
        ("def f():\n    pass\nprint(lenn(()))", "NameError: name 'lenn' is not defined. Did you mean: 'len'?"),
        ("print(threading)", "NameError: name 'threading' is not defined. Did you forget to import 'threading'?"),
        ("print(frobnicate)", "NameError: name 'frobnicate' is not defined"),
        ("print(late)\nlate = 1", "NameError: name 'late' is not defined"),
        (
            "try:\n    coutner\nexcept NameError as error:\n    print(error)\ncounter = 1",
            "name 'coutner' is not defined",
        ),
    ] {
        assert_eq!(endings(text), [format!("1 {words}")], "{text}");
    }
}

// ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn threads_processes_and_workers_have_the_names_of_cpython() {
    let text = "import threading, multiprocessing
import concurrent.futures
def f():
    print(threading.current_thread().name, multiprocessing.current_process().name)
class T(threading.Thread):
    def run(self):
        f()
class P(multiprocessing.Process):
    def run(self):
        f()
        q = multiprocessing.Process(target=f)
        q.start()
        q.join()
        t = threading.Thread(target=f)
        t.start()
        t.join()
def run(each):
    each.start()
    each.join()
if __name__ == '__main__':
    f()
    for t in [threading.Thread(target=f, name='x'), threading.Thread(target=f), T()]:
        run(t)
    for p in [multiprocessing.Process(target=f, name='x'), multiprocessing.Process(target=f), P()]:
        run(p)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(f)
    with concurrent.futures.ThreadPoolExecutor(1, 'pre') as pool:
        pool.submit(f)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(f)
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        pool.submit(f)
    multiprocessing.Pool(1).apply(f)
";
    let found = endings(text);
    let printed = "MainThread MainProcess|x MainProcess|Thread-1 (f) MainProcess|Thread-2 MainProcess|MainThread x|\
                   MainThread Process-2|MainThread P-3|MainThread Process-3:1|Thread-3 (f) P-3|\
                   ThreadPoolExecutor-0_0 MainProcess|pre_0 MainProcess|ThreadPoolExecutor-1_0 MainProcess|\
                   MainThread ForkProcess-4|MainThread ForkPoolWorker-5";
    assert!(found.len() == 1 && found[0].ends_with(&format!(" {printed}")), "{found:#?}");
}
