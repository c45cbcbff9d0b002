//! The code of what depends on the order of evaluation, as it is listed.

use super::compiled;

#[test]
fn all_of_the_subset_compiles() {
    compiled(include_str!("programs/everything.py"));
    compiled(include_str!("programs/pools.py"));
}

/// One text for each thing whose order matters. Names that are not the point are given values in the first line.
const TEXTS: &[(&str, &str)] = &[
    ("an augmented assignment reads its target before its right side", "x = 0\ndef f():\n    global x\n    x += f()"),
    ("what an augmented attribute belongs to is evaluated once", "x = y = 0\nx.a = 0\nx.a -= y"),
    ("so are the container and the index of an augmented item", "d = k = v = 0\nd[k] += v\nd[k:v] += v"),
    ("an assignment evaluates the value first, then target by target", "x = y = 0\nx.a = x[y] = y"),
    ("targets in a tuple are stored from left to right", "x = y = 0\nx, (y[x], x) = y, x"),
    ("and what is deleted goes in that order", "x = y = 0\ndel x, y[x], y"),
    ("comparisons in a chain evaluate each operand once", "a = b = c = 0\na < b() < c"),
    ("each truth is asked for once, as a value", "a = b = c = d = 0\nd = (a and b) or c\nd = a or not b and c"),
    (
        "and as a condition",
        "a = b = c = 0\nif not (a and b) or c:\n    pass\nelif a if b else c:\n    pass\nelse:\n    a",
    ),
    ("arguments are evaluated as they stand", "f = x = y = 0\nf(x, y(), sep=x)[x:]"),
    ("a dict evaluates key and value in turn", "x = y = 0\nx = {x: y, y: x}"),
    ("constants", "x = (1, -2, (None, True)), [-9223372036854775808], 'a' \"b\", -(1), +1, ()"),
    (
        "a name that nothing has a value for is looked for when it is met",
        "def f():\n    global y\n    return y\nx\nclass C:\n    n = 1\n    def f(self):\n        return n\n    ns = [n for _ in range(2)]",
    ),
    (
        "what is caught is known before the program runs, also where the class stands further down",
        "import queue\ntry:\n    pass\nexcept (Failure, queue.Empty, ValueError):\n    pass\nexcept Other as error:\n    pass\nclass Failure(Exception):\n    pass\nclass Other(Failure):\n    pass",
    ),
    ("seconds", "import time\nx = 0\ntime.sleep(0.25)\nx.get(True, 1.5)\nx.put(1, timeout=1e3)"),
    ("defaults are evaluated where the function is defined", "x = 0\ndef f(a, b=x, c=1):\n    pass\ng = lambda a=x: a"),
    ("f-strings", "x = 0\nx = f'a{x}{x!r:>5}{x!s:3}b' f'{x=}' 'c' f''"),
    ("a while with an else", "x = 0\nwhile x:  # progress\n    if x:\n        break\n    continue\nelse:\n    x = 1"),
    ("a for with an else", "x = 0\nfor x, y in x:\n    if x:\n        break\n    continue\nelse:\n    x = 1"),
    ("a list comprehension hides its variables", "x = y = 0\nx = [x + y for x in x if x for y in x]"),
    ("assert", "x = 0\nassert x\nassert not x or x, f'{x}'"),
    (
        "a with leaves its context on every way",
        "a = b = 0\ndef f():\n    for i in a:\n        with a, b as c:\n            if i:\n                return i\n            break",
    ),
    ("a with whose target can fail", "a = b = 0\nwith a as b.c:\n    pass\nb.c = 0"),
    (
        "a handler deletes its name on every way",
        "def f():\n    while True:\n        try:\n            f()\n        except ValueError as e:\n            if e:\n                break\n            return e\n        except (KeyError, IndexError):\n            raise\n        else:\n            f()",
    ),
    (
        "where a `del` may have been faster, the name is set before",
        "try:\n    pass\nexcept ValueError as e:\n    del e",
    ),
    (
        "a finally runs once on every way",
        "def f(x):\n    while x:\n        try:\n            if x:\n                return x\n            break\n        finally:\n            f(x)",
    ),
    (
        "a finally that ends the way itself",
        "def f(x):\n    while x:\n        try:\n            return x\n        finally:\n            break\n    for x in x:\n        try:\n            return 1\n        finally:\n            return 2",
    ),
    (
        "raise in a finally is what it was there for",
        "try:\n    try:\n        pass\n    finally:\n        pass\nexcept ValueError:\n    try:\n        pass\n    finally:\n        raise",
    ),
    (
        "a class",
        "import threading\nx = 1\nclass A:\n    x = x\n    y = x\n    def __init__(self):\n        self.__z = 1\nclass B(A):\n    def f(self):\n        return super().f()\nclass T(threading.Thread):\n    pass\nclass E(ValueError):\n    pass",
    ),
    (
        "imports",
        "import threading, concurrent.futures\nimport concurrent.futures as cf\nfrom queue import Queue as Q, Empty\nfrom concurrent import futures",
    ),
    ("one line", "x = 0\nif x: x = 1; x = 2  # progress"),
    (
        "waiting for a condition",
        "import threading\nc = threading.Condition()\nx = 0\nwith c:\n    c.wait_for(lambda: x, 1.5)",
    ),
];

#[test]
fn each_in_its_order() {
    let mut listed = String::new();
    for (what, text) in TEXTS {
        let program = compiled(text);
        let shown: String = text.lines().map(|line| format!("│ {line}\n")).collect();
        listed.push_str(&format!("{what}:\n{shown}{program}\n"));
    }
    insta::assert_snapshot!(listed);
}

#[test]
fn progress_is_marked_on_its_line() {
    let text = "x = 0\nwhile x:  # progress\n    x = [1,\n         2]  #progress\n    x = '# progress'\n    x = 1  # no progress\n";
    let marked: Vec<u32> = compiled(text).statements.iter().filter(|s| s.progress).map(|s| s.place.line).collect();
    assert_eq!(marked, [2, 3]);
}

#[test]
fn statements_are_simple_or_heads() {
    let text = "x = 0\nif x: x = 1\nfor x in []: pass\ndef f(): return 1\n";
    let simple: Vec<(u32, u32, bool)> =
        compiled(text).statements.iter().map(|s| (s.place.line, s.place.column, s.simple)).collect();
    let expected =
        [(1, 1, true), (2, 1, false), (2, 7, true), (3, 1, false), (3, 14, true), (4, 1, false), (4, 10, true)];
    assert_eq!(simple, expected);
}
