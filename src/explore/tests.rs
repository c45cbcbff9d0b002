//! The worked examples of the specification, to the last schedule.

use super::{Kind, Memory, Notify, Options, Report, explore, step};
use crate::program::compile;

fn explored(source: &str, options: &Options) -> Report {
    let program = compile("test.py", source).unwrap_or_else(|problems| panic!("{}", problems[0]));
    let report = explore(&program, options).unwrap_or_else(|problem| panic!("{problem}"));
    for outcome in &report.outcomes {
        let run = step(&program, options, &outcome.shortest).unwrap_or_else(|problem| panic!("{problem}"));
        let ending = run.ending.expect("a shortest schedule goes to its end");
        assert_eq!((ending.kind, &ending.values, &ending.output), (outcome.kind, &outcome.values, &outcome.output));
    }
    report
}

/// `kind values schedules`, a line each.
fn told(report: &Report) -> String {
    let mut lines = vec![format!("{} schedules", report.schedules.as_deref().unwrap_or("?"))];
    for outcome in &report.outcomes {
        let values: Vec<String> = outcome.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let kind = format!("{:?}", outcome.kind).to_lowercase();
        let count = outcome.schedules.as_deref().unwrap_or("?");
        lines.push(format!("{kind} {}: {count}", values.join(" ")).replace(" :", ":"));
    }
    lines.join("\n")
}

fn check(source: &str, expected: &str) {
    assert_eq!(told(&explored(source, &Options::default())), expected, "{source}");
}

/// Starts a thread for each function, and waits for all.
fn threads(body: &str, targets: &[&str]) -> String {
    let list: Vec<String> = targets.iter().map(|target| format!("Thread(target={target})")).collect();
    format!(
        "from threading import Thread, Lock, Condition\n{body}\nts = [{}]\n[t.start() for t in ts]\n[t.join() for t in ts]\n",
        list.join(", ")
    )
}

const INCREMENT: &str = "counter = 0\ndef work():\n    global counter\n    counter += 1\n";

#[test]
fn two_increments() {
    check(&threads(INCREMENT, &["work"; 2]), "6 schedules\nended counter=2: 2\nended counter=1: 4");
}

#[test]
fn under_one_lock() {
    let body = "lock = Lock()\ncounter = 0\ndef work():\n    global counter\n    with lock:\n        counter += 1\n";
    check(&threads(body, &["work"; 2]), "2 schedules\nended counter=2: 2");
}

#[test]
fn twice_under_one_lock() {
    let body = "lock = Lock()\ncounter = 0\ndef work():\n    global counter\n    for i in range(2):\n        with lock:\n            counter += 1\n";
    check(&threads(body, &["work"; 2]), "6 schedules\nended counter=4: 6");
}

#[test]
fn three_increments() {
    check(
        &threads(INCREMENT, &["work"; 3]),
        "90 schedules\nended counter=3: 6\nended counter=2: 36\nended counter=1: 48",
    );
}

#[test]
fn two_threads_twice() {
    let body = "counter = 0\ndef work():\n    global counter\n    counter += 1\n    counter += 1\n";
    check(&threads(body, &["work"; 2]), "70 schedules\nended counter=4: 6\nended counter=3: 32\nended counter=2: 32");
}

#[test]
fn a_view_of_a_dict_is_read_item_by_item() {
    // Asked for, and then advanced: a key that comes between two advances is met by the second.
    let body = "d = {1: 1}\ndef a():\n    for k, v in d.items():\n        pass\ndef b():\n    d[2] = 1\n";
    let report = explored(&threads(body, &["a", "b"]), &Options::default());
    let told: Vec<(Option<&str>, Option<&str>)> =
        report.outcomes.iter().map(|outcome| (outcome.message.as_deref(), outcome.schedules.as_deref())).collect();
    let message = "RuntimeError: dictionary changed size during iteration";
    assert_eq!(told, [(None, Some("3")), (Some(message), Some("1"))]);
}

/// What `x` comes to where two threads race: each statement is that of one of them, and the last one counts.
fn last(one: &str, other: &str) -> Vec<serde_json::Value> {
    let body = format!(
        "from multiprocessing import Value\nfrom queue import Queue\nx = 0\nclass C:\n    pass\ndef made(n):\n    c = C()\n    c.n = n\n    return c\ndef looped():\n    a = [1]\n    a.append(a)\n    return a\ndef a():\n    global x\n    {one}\ndef b():\n    global x\n    {other}\n"
    );
    let report = explored(&threads(&body, &["a", "b"]), &Options::default());
    let value = |name: &str, outcome: &super::Outcome| outcome.values.get(name).cloned();
    let gone = || serde_json::json!("it has no value");
    let mut values: Vec<_> = report.outcomes.iter().map(|outcome| value("x", outcome).unwrap_or_else(gone)).collect();
    values.sort_by_key(ToString::to_string);
    values
}

#[test]
fn endings_that_differ_are_told_apart() {
    let repr = |text: &str| serde_json::json!({ "repr": text });
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let table = [
        // One of them is natural JSON.
        ("None", json("null"), "True", json("true")),
        ("1", json("1"), "True", json("true")),
        ("[1]", json("[1]"), "(1,)", repr("(1,)")),
        ("[1]", json("[1]"), "{1}", repr("{1}")),
        ("[(1,)]", json("[{\"repr\": \"(1,)\"}]"), "[[1]]", json("[[1]]")),
        ("{'1': 2}", json("{\"1\": 2}"), "{1: 2}", repr("{1: 2}")),
        ("{'1': 2, 1: 3}", repr("{'1': 2, 1: 3}"), "{'1': 3}", json("{\"1\": 3}")),
        ("{'repr': '(1,)'}", repr("{'repr': '(1,)'}"), "(1,)", repr("(1,)")),
        ("{'repr': 1, 'a': 2}", json("{\"repr\": 1, \"a\": 2}"), "{'repr': 1}", repr("{'repr': 1}")),
        ("'range(0, 3)'", json("\"range(0, 3)\""), "range(3)", repr("range(0, 3)")),
        ("[None]", json("[null]"), "[made]", json("[{\"repr\": \"<function made>\"}]")),
        ("made", repr("<function made>"), "looped", repr("<function looped>")),
        ("made(1)", repr("<__main__.C object n=1>"), "made((2,))", repr("<__main__.C object n=(2,)>")),
        ("C()", repr("<__main__.C object>"), "{'n': [C()]}", json("{\"n\": [{\"repr\": \"<__main__.C object>\"}]}")),
        ("ValueError('x')", repr("ValueError('x')"), "KeyError('x', [1])", repr("KeyError('x', [1])")),
        ("looped()", json("[1, {\"repr\": \"[...]\"}]"), "(looped(),)", repr("([1, [...]],)")),
        ("Value('i', 1)", json("1"), "[Value('i', 2)]", json("[2]")),
        ("(Value('i', 1),)", repr("(<Value object 1>,)"), "(Queue(),)", repr("(<Queue object []>,)")),
        ("set()", repr("set()"), "()", repr("()")),
        ("{1: 2}.items()", repr("dict_items([(1, 2)])"), "{1: 2}.keys()", repr("dict_keys([1])")),
    ];
    for (one, told, other, other_told) in table {
        let mut expected = vec![told, other_told];
        expected.sort_by_key(ToString::to_string);
        assert_eq!(last(&format!("x = {one}"), &format!("x = {other}")), expected, "{one}, {other}");
    }
    // Deleted is not `None`, and an `except` deletes what it caught.
    assert_eq!(last("x = None", "x = None; del x"), [serde_json::json!("it has no value"), serde_json::json!(null)]);
    let caught = "try:\n        [][0]\n    except IndexError as x:\n        pass";
    assert_eq!(last(caught, "pass"), [serde_json::json!("it has no value")]);
    let told = "[null, true, {\"repr\": \"(1,)\"}, {\"a\": \"it's\", \"repr\": 1}]";
    assert_eq!(crate::program::spelling::python(&json(told)), "[None, True, (1,), {'a': \"it's\", 'repr': 1}]");
    // What is no data and the same everywhere is not worth telling, nor is a list of it.
    assert_eq!(last("x = [made, (looped,)]", "pass").len(), 1);
    assert_eq!(last("x = [made]", "x = [made]"), [serde_json::json!("it has no value")]);
    // A list that holds itself, and one that holds one that does, look alike but are not.
    assert_eq!(last("y = []; y.append([y]); x = y", "y = []; y.append(y); x = [y]").len(), 2);
}

#[test]
fn a_kept_iterator_gives_each_item_to_one_thread() {
    // Whoever is first gets the first.
    let body = "z = zip([1, 2])\none = two = 0\ndef a():\n    global one\n    for x, in z:\n        one = x\n        break\ndef b():\n    global two\n    for x, in z:\n        two = x\n        break\n";
    check(&threads(body, &["a", "b"]), "2 schedules\nended one=1 two=2: 1\nended one=2 two=1: 1");
    // Where only one takes out of it, that is a step as it reads the list that another changes.
    let body = "l = [1]\nz = enumerate(l)\nseen = 0\ndef a():\n    global seen\n    for x in z:\n        seen += 1\ndef b():\n    l.append(2)\n";
    check(&threads(body, &["a", "b"]), "3 schedules\nended l=[1,2] seen=1: 1\nended l=[1,2] seen=2: 2");
}

#[test]
fn opposite_order() {
    let body = "left, right = Lock(), Lock()\ndef a():\n    with left:\n        with right:\n            pass\ndef b():\n    with right:\n        with left:\n            pass\n";
    check(&threads(body, &["a", "b"]), "6 schedules\nended: 4\ndeadlock: 2");
}

fn philosophers(count: usize, forever: bool) -> String {
    let (head, pad) = if forever { ("    while True:\n", "    ") } else { ("", "") };
    format!(
        "from threading import Thread, Lock, Condition\nN = {count}\nforks = [Lock() for i in range(N)]\ndef dine(i):\n{head}{pad}    with forks[i]:\n{pad}        with forks[(i + 1) % N]:\n{pad}            pass\nts = [Thread(target=dine, args=(i,)) for i in range(N)]\n[t.start() for t in ts]\n[t.join() for t in ts]\n"
    )
}

#[test]
fn three_philosophers() {
    check(&philosophers(3, false), "168 schedules\nended: 162\ndeadlock: 6");
}

#[test]
fn philosophers_have_so_many_states() {
    let once = |n: i32| ((2.0 + 6.0_f64.sqrt()).powi(n) + (2.0 - 6.0_f64.sqrt()).powi(n) - 1.0).round() as u64;
    let forever = |n: i32| {
        let root = 13.0_f64.sqrt();
        (((3.0 + root) / 2.0).powi(n) + ((3.0 - root) / 2.0).powi(n) - 1.0).round() as u64
    };
    for n in 3..=6 {
        let report = explored(&philosophers(n as usize, false), &Options::default());
        assert_eq!(report.states, once(n), "{n} once each");
        let report = explored(&philosophers(n as usize, true), &Options::default());
        assert_eq!(report.states, forever(n), "{n} for ever");
        assert_eq!(report.schedules.as_deref(), Some("inf"));
    }
}

#[test]
fn lost_wakeup() {
    let body = "cv = Condition()\nready = False\ndef consumer():\n    if not ready:\n        with cv:\n            cv.wait()\ndef producer():\n    global ready\n    ready = True\n    with cv:\n        cv.notify()\n";
    check(&threads(body, &["consumer", "producer"]), "8 schedules\nended ready=true: 7\ndeadlock ready=true: 1");
}

#[test]
fn no_lost_wakeup() {
    let body = "cv = Condition()\nready = False\ndef consumer():\n    with cv:\n        if not ready:\n            cv.wait()\ndef producer():\n    global ready\n    with cv:\n        ready = True\n        cv.notify()\n";
    check(&threads(body, &["consumer", "producer"]), "2 schedules\nended ready=true: 2");
}

#[test]
fn main_takes_part() {
    let source = "from threading import Thread, Lock, Condition\nx = 0\ndef work():\n    global x\n    x += 1\nt = Thread(target=work)\nt.start()\nx += 1\nt.join()\n";
    check(source, "6 schedules\nended x=2: 2\nended x=1: 4");
    let source = "from threading import Thread, Lock, Condition\ndone = False\ncount = 0\ndef work():\n    global count\n    if not done:\n        count += 1\nt = Thread(target=work)\nt.start()\ndone = True\ncount = count + 10\nt.join()\n";
    let report = explored(source, &Options::default());
    assert_eq!(report.schedules.as_deref(), Some("13"));
    let count = |value: i64| {
        let found = report.outcomes.iter().find(|outcome| outcome.values["count"] == value);
        found.and_then(|outcome| outcome.schedules.clone()).unwrap_or_default()
    };
    assert_eq!((count(10).as_str(), count(11).as_str(), count(1).as_str()), ("6", "4", "3"));
}

#[test]
fn never_both_in_one_schedule() {
    let body = "p = q = z = 0\ndef a():\n    global p, z\n    p = 1\n    if q == 0:\n        z += 1\ndef b():\n    global q, z\n    q = 1\n    if p == 0:\n        z += 1\n";
    let report = explored(&threads(body, &["a", "b"]), &Options::default());
    assert_eq!(report.schedules.as_deref(), Some("6"));
    let counts: Vec<(i64, &str)> = report
        .outcomes
        .iter()
        .map(|outcome| (outcome.values["z"].as_i64().unwrap_or(-1), outcome.schedules.as_deref().unwrap_or("")))
        .collect();
    assert!(counts.contains(&(0, "4")) && counts.contains(&(1, "2")), "{counts:?}");
}

#[test]
fn one_appends_and_another_prints() {
    let body = "items = []\ndef a():\n    items.append(1)\n    items.append(2)\ndef b():\n    print(1)\n    print(2)\n";
    let report = explored(&threads(body, &["a", "b"]), &Options::default());
    assert_eq!(report.schedules.as_deref(), Some("1"));
}

#[test]
fn store_buffering() {
    let body = "x = y = r1 = r2 = 0\ndef a():\n    global x, r1\n    x = 1\n    r1 = y\ndef b():\n    global y, r2\n    y = 1\n    r2 = x\n";
    let source = threads(body, &["a", "b"]);
    let both_zero =
        |report: &Report| report.outcomes.iter().any(|outcome| outcome.values["r1"] == 0 && outcome.values["r2"] == 0);
    assert!(!both_zero(&explored(&source, &Options::default())));
    assert!(both_zero(&explored(&source, &Options { memory: Memory::Tso, ..Options::default() })));
}

#[test]
fn a_statement_at_a_time() {
    let report =
        explored(&threads(INCREMENT, &["work"; 2]), &Options { grain: super::Grain::Statement, ..Options::default() });
    assert_eq!(told(&report), "2 schedules\nended counter=2: 2");
}

#[test]
fn many_schedules() {
    let ten = "counter = 0\ndef work():\n    global counter\n    for i in range(10):\n        counter += 1\n";
    let report = explored(&threads(ten, &["work"; 2]), &Options::default());
    assert_eq!(report.schedules.as_deref(), Some("137846528820"));
}

#[test]
fn who_is_notified() {
    let body = "cv = Condition()\nout = []\ndef sleeper(i):\n    with cv:\n        cv.wait()\n    out.append(i)\nstarted = 0\n";
    let source = format!(
        "from threading import Thread, Lock, Condition\n{body}a = Thread(target=sleeper, args=(1,), daemon=True)\nb = Thread(target=sleeper, args=(2,), daemon=True)\na.start()\nb.start()\nwith cv:\n    cv.notify()\n"
    );
    let any = explored(&source, &Options::default());
    let fifo = explored(&source, &Options { notify: Notify::Fifo, ..Options::default() });
    let total = |report: &Report| report.schedules.clone().unwrap_or_default().parse::<u64>().unwrap_or(0);
    assert!(total(&any) > total(&fifo), "{} against {}", told(&any), told(&fifo));
}

#[test]
fn exceptions_end_all_or_one() {
    let body = "x = 0\nlock = Lock()\ndef a():\n    with lock:\n        assert x == 0, \"gone\"\ndef b():\n    global x\n    x = 1\n    with lock:\n        pass\n";
    let source = threads(body, &["a", "b"]);
    let stop = explored(&source, &Options::default());
    let failed = stop.outcomes.iter().find(|outcome| outcome.kind == Kind::Assertion).expect("it can fail");
    assert_eq!(
        (failed.thread, failed.line, failed.message.as_deref()),
        (Some(1), Some(6), Some("AssertionError: gone"))
    );
    let thread = explored(&source, &Options { exceptions: super::Exceptions::Thread, ..Options::default() });
    assert!(thread.outcomes.iter().all(|outcome| outcome.kind == Kind::Ended), "{}", told(&thread));
}

/// The chance of each output.
fn chances(source: &str) -> Vec<(String, f64)> {
    let report = explored(source, &Options::default());
    report.outcomes.iter().map(|outcome| (outcome.output.join(" "), outcome.chance.expect("a chance"))).collect()
}

#[test]
fn chances_behind_a_circle_are_those_of_paper() {
    // From the first state: 1/2 to g's print, 1/4 round the circle, 1/4 to where both are about to print.
    let body =
        "import random\ndef f():\n    while random.randrange(2):\n        pass\n    print(1)\ndef g():\n    print(2)\n";
    let found = chances(&threads(body, &["f", "g"]));
    let of = |output: &str| found.iter().find(|(own, _)| own == output).expect("an ending").1;
    assert!((of("1 2") - 1.0 / 6.0).abs() < 1e-9 && (of("2 1") - 5.0 / 6.0).abs() < 1e-9, "{found:?}");
    // Nothing leaves the circle in the first rounds.
    let body = "x = 0\ndef f():\n    while x == 0:\n        pass\n    print(1)\ndef g():\n    global x\n    print(2)\n    x = 1\n    print(3)\n";
    let found = chances(&threads(body, &["f", "g"]));
    assert!(found.len() == 2 && (found.iter().map(|(_, chance)| chance).sum::<f64>() - 1.0).abs() < 1e-9, "{found:?}");
    // Half of all schedules come to where nothing ends any more.
    let body = "import random\ndef f():\n    if random.randrange(2):\n        while True:\n            print(end='') if x else random.randrange(2)\nx = 0\ndef g():\n    pass\n";
    let report = explored(&threads(body, &["f", "g"]), &Options::default());
    let sum: f64 = report.outcomes.iter().filter_map(|outcome| outcome.chance).sum();
    assert!((sum - 0.5).abs() < 1e-9, "{sum}: {}", told(&report));
}

#[test]
fn a_join_that_may_give_up_is_a_step_while_its_thread_has_not_ended() {
    // The print alone; the join and the print; the join, the question and the print; all of main's before the print.
    let source = "from threading import Thread\ndef f():\n    print(1)\nt = Thread(target=f)\nt.start()\nt.join(timeout=0.1)\nprint(t.is_alive())\n";
    let report = explored(source, &Options::default());
    let mut found: Vec<(String, String)> =
        report.outcomes.iter().map(|outcome| (outcome.output.join(" "), outcome.schedules.clone().unwrap())).collect();
    found.sort();
    let expected = [("1 False", "2"), ("1 True", "1"), ("True 1", "1")];
    assert_eq!(found, expected.map(|(output, count)| (output.to_string(), count.to_string())));
}
