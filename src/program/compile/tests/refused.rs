//! What is refused, and the words of it.

use crate::program::compile;
use crate::program::problem::printable;

/// One text for each thing that is refused.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    // What is no Python, as far as the parser knows.
    "print(1", "x = = 1", "if x = 1:\n    pass", "print 'a'", "x = 'a", "def f():\npass", "x = 1\n  y = 2", "f'{x'", "x = 1 \u{1b}[2J",
    // What is no Python, as far as scopes go.
    "if True:\n    break", "continue", "return 1", "counter = 0\ndef f():\n    counter += 1\n    global counter\n", "def f(x):\n    global x\n", "x = 1\ndef f():\n    print(x)\n    global x\n",
    "def f(a, b, a):\n    pass", "print(end='', end='')", "try:\n    pass\nexcept:\n    pass\nexcept ValueError:\n    pass", "__debug__ = 1", "def f():\n    from threading import *\n",
    // Python of later days.
    "x = f'{'a'}'", "type X = int", "def f[T](x): pass", "try:\n    pass\nexcept* ValueError:\n    pass",
    // Statements.
    "async def f():\n    await g()\n", "def f():\n    async with x: pass\n", "match 1:\n    case 1: pass", "x: int = 1", "def f(x: int) -> int:\n    return x", "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n",
    "@print\ndef f():\n    pass", "class C:\n    @property\n    def f(self): pass\n", "raise ValueError() from None", "def f():\n    raise\n", "try:\n    pass\nfinally:\n    try:\n        raise\n    finally:\n        pass",
    "errors = ValueError\ntry:\n    pass\nexcept errors:\n    pass", "try:\n    pass\nexcept (ValueError, print):\n    pass", "import os", "import threding", "import concurrent", "import time, os.path", "from os import path", "from threading import Lok", "from threading import *", "from . import x", "from __future__ import annotations", "from concurrent.futures import wait",
    // Classes.
    "def f():\n    class C: pass\n", "class A:\n    class B: pass\n", "for i in range(2):\n    class C: pass\n", "class C(metaclass=print): pass", "class A: pass\nclass B: pass\nclass C(A, B): pass", "class C(print): pass", "class B(A): pass\nclass A: pass",
    "x = 1\nclass C(x): pass", "import threading\nclass L(threading.Lock): pass", "class C:\n    if True: pass\n", "class C:\n    x: int = 1\n", "class C:\n    def __eq__(self, other): pass\n", "class C:\n    def __exit__(self, kind, error, trace):\n        print(error)\n",
    "class C:\n    def __exit__(self, kind, error, trace):\n        return True\n", "class E(Exception):\n    \"\"\"A failure.\"\"\"\n    pass\n    code = 1\n", "super().x()", "class C:\n    def f(self):\n        return super()\n", "class C:\n    def f(self):\n        return [super().f() for _ in range(2)]\n", "x = super",
    // Functions and calls.
    "def f(*rest): pass", "def f(**others): pass", "def f(a, /): pass", "def f(*, a): pass", "print(*[1])", "print(**{})", "def f():\n    yield 1\n", "def f():\n    x = yield from []\n",
    "def f():\n    x = 1\n    def g():\n        return x\n    return g\n", "def f(i):\n    return lambda: i\n", "[lambda: i for i in range(3)]", "f = lambda x: lambda: x", "def f():\n    def g(n):\n        return g(n - 1)\n    return g\n",
    // Expressions.
    "if (n := 1): pass", "x = sum(n for n in range(3))", "x = {n for n in range(3)}", "x = {n: 1 for n in range(3)}", "x = [*range(3)]", "x, *y = 1, 2", "x = {**{}}", "x = b'a'", "x = ...", "x = 1j", "x = 0.5", "x = 1 / 2", "x = 1\nx /= 2", "x = 1 | 2", "x = ~1", "x = 1 << 2", "x = 1 @ 2", "x = 9223372036854775808",
    "x = [1]\nx[0:1, 2]", "x = f'{1!a}'", "x = f'{1:{2}}'", "x = f'{1:.2f}'", "x = f'{1:1000}'", "x = ', '.join([])", "x = [y for y in [1] for z in w for w in [1]]", "async def f(): pass\nx = [y async for y in f()]",
    "import time\ntime.sleep(0.5 * 2)", "delay = 0.5",
    // Names and attributes.
    "open('x')", "eval('1')", "isinstance(1, int)", "x = getattr", "float(1)", "object()", "raise SystemExit", "__file__",
    "import threading\nlock = threading.Lock()\nlock.aquire()", "import threading\nthreading.Tread()", "import time\ntime.time()", "import random\nrandom.randint(1, 2)", "x = 1\nx.__class__", "class Account:\n    def __init__(self):\n        self.balance = 0\nprint(Account().balanse)", "del x.y",
    // The text as a whole.
    "\0", "x = 1\ry = 2", "# coding: latin-1\nx = 1", "x = 1\nbreak\ny = open\nz = 1 / 2",
];

#[test]
fn each_with_its_words() {
    let mut told = String::new();
    for text in TEXTS {
        let shown: String = text.lines().map(|line| format!("│ {}\n", printable(line))).collect();
        told.push_str(&shown);
        match compile("program.py", text) {
            Ok(_) => told.push_str("is taken\n"),
            Err(problems) => problems.iter().for_each(|problem| told.push_str(&format!("{problem}\n"))),
        }
        told.push('\n');
    }
    insta::assert_snapshot!(told);
}

#[test]
fn at_most_twenty_complaints() {
    let problems = compile("program.py", &"break\n".repeat(50)).unwrap_err();
    assert_eq!(problems.len(), 20);
}
