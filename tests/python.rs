//! Beside CPython, where there is a `python3`: what the compiler takes, `compile()` takes too, and what it calls no
//! Python is none.

#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
#![expect(clippy::print_stderr, reason = "a comparison that is skipped says so")]

mod asked;

use poolscope::program::compile;

/// What CPython says of each text: `None`, or why it refuses it. `None` for all of them where there is no CPython.
fn python(texts: &[String]) -> Option<Vec<Option<String>>> {
    const SCRIPT: &str = "
import json, sys, warnings
warnings.simplefilter('ignore')
def refusal(text):
    try:
        compile(text.encode(), 'program.py', 'exec')
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return f'{type(error).__name__}: {error}'
json.dump([refusal(text) for text in json.load(sys.stdin)], sys.stdout)
";
    asked::python(SCRIPT, &texts)
}

fn compare(texts: &[String]) {
    let Some(verdicts) = python(texts) else { return };
    let mut wrong = Vec::new();
    for (text, refusal) in texts.iter().zip(verdicts) {
        match (compile("program.py", text), refusal) {
            (Ok(_), Some(refusal)) => wrong.push(format!("taken here, refused by CPython: {refusal}\n{text:?}")),
            (Err(problems), None) => {
                let claim = problems.iter().find(|problem| problem.message.contains("not Python"));
                wrong.extend(claim.map(|claim| format!("taken by CPython, refused here: {claim}\n{text:?}")));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n\n"));
}

/// What CPython refuses, and what looks like it and is fine.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    // Where statements may stand.
    "break", "continue", "return", "return 1", "if 1: break", "while 1: break", "for x in []: continue",
    "def f(): break", "while 1:\n def f(): break", "while 1:\n class C: break", "class C: return",
    "while 1:\n  pass\nelse:\n  break", "for x in []:\n  pass\nelse:\n  continue",
    "while 1:\n while 1:\n  pass\n else:\n  break", "while 1:\n try:\n  pass\n finally:\n  continue",
    "try:\n pass\nfinally:\n break", "with f: break", "lambda: (yield)", "yield", "yield 1", "await x",
    "def f(): await x", "async def f(): await x", "[x async for x in y]", "class C: yield",
    "def f():\n return\n yield", "try:\n  return\nexcept E:\n  pass", "from x import *", "def f(): from x import *",
    "def f(): from threading import *", "class C: from threading import *", "from threading import *",
    // global and nonlocal.
    "global x\nx = 1", "x = 1\nglobal x", "print(x)\nglobal x", "def f():\n x = 1\n global x",
    "x = 1\ndef f():\n print(x)\n global x", "def f(x): global x", "def f(x):\n  def g():\n    global x\n    x = 1",
    "x = 1\ndef f():\n  [x for x in y]\n  global x", "x = y = 1\ndef f():\n  [y for y in x]\n  global y",
    "x = 1\ndef f():\n  [z for z in x]\n  global x", "x = 1\ndef f():\n  g = lambda x: x\n  global x",
    "x = 1\ndef f():\n  g = lambda: x\n  global x", "x = 1\ndef f():\n  g = lambda y=x: 1\n  global x",
    "def f():\n  global x\n  x = 1\n  global x", "def f():\n  global x, x", "def f():\n  x.y = 1\n  global x",
    "def f():\n  x += 1\n  global x", "def f():\n  for x in []: pass\n  global x", "def f():\n  import x\n  global x",
    "def f():\n  import threading\n  global threading", "def f():\n  def x(): pass\n  global x",
    "def f():\n  del x\n  global x", "def f():\n  try: pass\n  except E as x: pass\n  global x",
    "def f():\n  with a as x: pass\n  global x", "def f():\n  if 0: x\n  global x", "nonlocal x",
    "def f(): nonlocal x", "def f():\n x = 1\n def g(): nonlocal x",
    "def f():\n x = 1\n def g():\n  nonlocal x\n  global x", "def f():\n  global x\n  x = 1\nglobal x",
    "class C:\n  x = 1\n  global x", "class C:\n  global x\n  x = 1", "global __name__",
    "__name__ = 1\nglobal __name__", "def f(a, b=1):\n  global b",
    // Parameters and arguments.
    "def f(x, x): pass", "def f(x, *x): pass", "def f(x, **x): pass", "lambda x, x: 1", "def f(x, y=1, z): pass",
    "def f(*, x): pass", "def f(*): pass", "def f(x, /): pass", "def f(/, x): pass", "def f(**x, y): pass",
    "def f(*x, *y): pass", "f(x=1, x=2)", "print(sep=1, sep=2)", "print(sep=1, 2)", "print(**x, *y)", "print(**x, 1)",
    "print(*x, 1)", "print(x for x in y)", "print(x for x in y, 1)", "print(1, x for x in y)",
    "print((x for x in y), 1)", "print(x=1 for x in y)", "print(1=2)", "print(f()=2)", "print(None=1)",
    "print(True=1)", "print(x.y=1)", "print((x)=1)", "def f(None): pass", "def f(True=1): pass", "def f(1): pass",
    "def f(x.y): pass", "def f((x, y)): pass", "lambda None: 1", "lambda: pass", "def f(x, x=1): pass",
    "def f(a, (b)): pass", "print(end='', )", "print(,)", "print(1,,2)", "def f(x,): pass", "def f(,): pass",
    // Targets.
    "1 = x", "x + 1 = 2", "f() = 1", "print() = 1", "None = 1", "True = 1", "x.None = 1", "x.True", "'a' = 1",
    "f'{x}' = 1", "... = 1", "(x) = 1", "(x, y) = 1, 2", "[x, y] = 1, 2", "[] = []", "() = ()", "(x, 1) = 1",
    "x, y += 1", "[x] += 1", "(x) += 1", "f() += 1", "1 += 1", "x = y = 1 = z", "x += y += 1", "x = y += 1", "-x = 1",
    "not x = 1", "x if y else z = 1", "x < y = 1", "lambda: 1 = 2", "[x for x in y] = 1", "{} = 1", "{x} = 1",
    "x and y = 1", "*x = 1", "*x, = 1", "*x, y = 1, 2", "*x, *y = 1", "x, *y, z = 1", "del x", "x = 1\ndel x",
    "del 1", "del f()", "del print()", "del x + 1", "del (x)", "x = 1\ndel (x)", "x = y = 1\ndel (x, y)",
    "x = y = 1\ndel [x, y]", "del ()", "del []", "del *x", "del None", "del x.None", "del", "del x,", "x = 1\ndel x,",
    "del -x", "del x if y else z", "for 1 in x: pass", "for f() in x: pass", "for None in x: pass",
    "for x.y in z: pass", "x = [0]\nfor x[0] in [1]: pass", "for x, y in z: pass", "for (x, y) in []: pass",
    "for x in *a, b: pass", "for x, in []: pass", "with x as 1: pass", "with x as f(): pass", "with x as None: pass",
    "with x as (y, z): pass", "with x as y.z: pass", "with (x as y): pass", "with (x, y): pass",
    "with (x as y, z as w): pass", "with x: pass", "with: pass", "with x,: pass", "with (x,): pass",
    "import x as None", "import None", "import x.y as z.w", "from x import y as None", "from . import x",
    "from .x import y", "from x import (y)", "from x import (y, )", "from x import y,", "from x import ()",
    "from threading import (Lock, RLock,)", "import threading, queue,", "import", "from threading import",
    "import threading as t, queue as q", "class None: pass", "def None(): pass", "def x.y(): pass",
    "try: pass\nexcept E as None: pass", "try: pass\nexcept E as x.y: pass",
    "try: pass\nexcept ValueError as e: pass", "try: pass\nexcept ValueError, KeyError: pass",
    "try: pass\nexcept (ValueError, KeyError): pass", "try: pass\nexcept: pass\nexcept ValueError: pass",
    "try: pass\nexcept: pass", "try: pass", "try: pass\nelse: pass",
    "try: pass\nexcept: pass\nelse: pass\nfinally: pass", "try: pass\nfinally: pass\nelse: pass",
    "try: pass\nfinally: pass", "try: pass\nexcept* E: pass",
    "try: pass\nexcept* ValueError: pass\nexcept KeyError: pass",
    "try: pass\nexcept: pass\nfinally: pass\nexcept: pass", "global None", "global x.y", "global", "global x,",
    "nonlocal", "assert", "assert x,", "assert 1, 2, 3", "assert 1, 2", "assert (1, 2)", "raise", "raise from x",
    "raise x from", "raise ValueError, 'x'", "raise ValueError()", "(x := 1)", "x := 1", "print(x := 1)",
    "print(y=x := 1)", "[x := 1]", "(x.y := 1)", "(None := 1)", "[(x := y) for x in z]",
    // __debug__.
    "__debug__ = 1", "def __debug__(): pass", "class __debug__: pass", "def f(__debug__): pass",
    "lambda __debug__: 1", "print(__debug__=1)", "x.__debug__ = 1", "x = 1\nx.__debug__ = 1", "del __debug__",
    "for __debug__ in []: pass", "import threading as __debug__", "import __debug__", "x = 1\nx.__debug__",
    "__debug__", "__debug__ += 1", "with a as __debug__: pass", "try: pass\nexcept ValueError as __debug__: pass",
    "(__debug__ := 1)", "global __debug__", "x = 1\ndel x.__debug__", "x = 1\nx.__debug__ += 1",
    "[__debug__ for __debug__ in []]",
    // Numbers and strings.
    "x = 01", "x = 00", "x = 0_0", "x = 1_000", "x = 1__0", "x = 1_", "x = 0x", "x = 0xg", "x = 0b12", "x = 0o8",
    "x = 0xff", "x = 0o17", "x = 0b11", "x = 1e5", "x = 1e", "x = 1.5.5", "x = 1.", "x = .5", "x = 1j", "x = 01.5",
    "x = 0_7", "x = 1if 1 else 2", "x = 1or 2", "x = 0x1for x in y", "x = 1_a", "x = 1a", "x = 9223372036854775807",
    "x = 9223372036854775808", "x = -9223372036854775808", "x = 0777", "x = 1 .real", "x = 1.real", "'", "'''",
    "'a\nb'", "'a\\\nb'", "'''a\nb'''", "'\\x'", "'\\x1'", "'\\x41'", "'\\u12'", "'\\u0041'", "'\\U00110000'",
    "'\\N{DIGIT ONE}'", "'\\N{no such}'", "'\\N'", "'\\q'", "'\\8'", "x = '\\ud800'", "b'é'", "b'a'", "u'a'", "ur'a'",
    "br'a'", "r'\\'", "r'\\''", "'a' b'a'", "b'a' 'a'", "'a' 'b'", "'a' f'{1}' \"b\"", "f'{'", "f'}'", "f'{}'",
    "f'{ }'", "f'{!r}'", "f'{1!x}'", "f'{1!r}'", "f'{1 !r}'", "f'{1! r}'", "f'{1:{2}}'", "f'{1:{2:{3}}}'",
    "f'{1:{2:{3:{4}}}}'", "f'{1=}'", "f'{1 = }'", "f'{1=!r:>5}'", "f'{{}}'", "f'{{1}}'", "f'{{{1}}}'", "f'{1}}'",
    "f'{lambda x: 1}'", "f'{(lambda x: 1)}'", "f'{x:=5}'", "x = 1\nf'{x:=5}'", "f'{(x:=5)}'", "f'{*x}'", "f'{*x,}'",
    "f'{1, 2}'", "f'{yield}'", "f'{'a'}'", "f'{\"a\"}'", "f'{f\"{1}\"}'", "f'{f\"{f'1'}\"}'", "f'{1 # c\n}'",
    "f'''{\n1\n}'''", "f'{\n1}'", "f'{\"\\n\"}'", "f'\\{1}'", "f'\\N{DIGIT ONE}'", "f'{1:\\n}'", "f'{1:'",
    "f'{1!=2}'", "f'{1==2}'", "f'{1<=2}'", "f'{1;2}'", "f'{x = 1}'", "f'{pass}'", "f'{1 2}'", "f'{)}'", "f'{(}'",
    "f'{1:>{'5'}}'", "f'{\"a\" \"b\"}'", "f'{1}' = 1", "t'{1}'", "F'{1}'", "fr'{1}'", "rf'\\{1}'", "bf'{1}'",
    "f'{1:5}{2:>3}'", "f'''{1:\n}'''", "f'{1:\n}'",
    // Layout.
    "# coding: latin-1\nx = 'é'", "#!python\n# vim: set fileencoding=utf-8 :\nx = 1", "# coding: no-such\nx = 1",
    "x = 1\n# coding: no-such", "x = 1 # coding: no-such", "\n# coding=no-such", "x = 1\n y = 2", " x = 1",
    "if 1:\nx = 1", "if 1:\n  x = 1\n y = 2", "if 1:\n\tx = 1\n        y = 2", "if 1:\n        x = 1\n\ty = 2",
    "if 1:\n  x = 1\n\ty = 2", "if 1:\n \tx = 1\n \ty = 2", "if 1:\n\t x = 1\n\t y = 2", "if 1: x = 1; y = 2",
    "if 1: if 1: pass", "if 1: pass; if 1: pass", "x = 1;", "x = 1;;", ";", "x = 1; ; y", "x = (1\n+ 2)",
    "x = 1 +\n2", "x = 1 + \\\n2", "x = 1 + \\ \n2", "x = 1 + \\", "\\", "\\\nx = 1", "x = [1,\n# c\n2]", "if 1:",
    "if 1:\n# c", "if 1:\n  # c\n  pass", "def f():", "class C:", "while 1:", "x = 1 y = 2", "x y", "print 1",
    "exec 'x'", "print >>x, 1", "(", ")", "(]", "[)", "{(})", "x = [", "x = {1: 2", "x = {1: 2, 3}", "x = {1, 2: 3}",
    "x = {1:}", "x = {**{}}", "x = {*[]}", "x = {**{}, *[]}", "\u{feff}x = 1", "x = 1\u{feff}", "x = 1\u{c}\n",
    "\u{c}x = 1", "x\u{a0}= 1", "x = 1 \u{b}", "é = 1", "x² = 1", "ﬁ = 1\nprint(fi)", "𝐱 = 1\nprint(x)",
    "x\u{200b} = 1", "€ = 1", "x = $", "x = ?", "x = !", "x = 1 ! 2", "x = `1`", "x <> 1", "x = 1 if", "x = 1 if 1",
    "x = if 1", "x = 1 else 2", "else: pass", "elif 1: pass", "if 1: pass\nelse: pass\nelse: pass", "if x = 1: pass",
    "while x = 1: pass", "if (x == 1): pass", "x++", "++x", "x = 1\n++x", "x--", "x = not", "x = not not 1",
    "x = 1 not in [1]", "x = 1 is not 1", "x = 1 not 2", "x = 1 in in 2", "x = 1 < < 2", "x = 1 == not 2",
    "x = - not 1", "x = (yield)", "x = await 1", "async x", "async def f(): pass", "await = 1", "async = 1",
    "match = 1", "case = 1", "type = 1", "print = 1", "_ = 1", "match 1:\n case 1: pass",
    "match 1:\n case _: pass\n case 1: pass", "match (1)", "match = 1\nmatch(1)", "match[1]", "match = [1]\nmatch[0]",
    "type x = int", "lazy import x", "x: int", "x: int = 1", "(x): int = 1", "x.y: int", "f(): int",
    "def f(x: int) -> int: pass", "def f() -> 1: pass", "def f[T](x): pass", "class C[T]: pass", "@x\ndef f(): pass",
    "@x.y(1)\ndef f(): pass", "@1 + 2\ndef f(): pass", "@x\nx = 1", "@", "class C(): pass",
    "class C(x for x in y): pass", "class C(*x): pass", "class C(x=1): pass", "class C(x, x=1, x=2): pass",
    "class C(Exception, metaclass=M): pass", "class C(Exception,): pass", "class C(1): pass",
    "class C(Exception): x: int", "lambda", "lambda:", "lambda x", "lambda x: x", "lambda (x): x", "lambda x=1: x",
    "lambda x=1, y: x", "lambda *x: x", "x = lambda: (1, 2)", "x = lambda: 1, 2", "x[]", "x = [1]\nx[0, 1]",
    "x = [1]\nx[:]", "x = [1]\nx[::]", "x = [1]\nx[:::]", "x = [1]\nx[1:2, 3]", "x = [1]\nx[*y]", "x.1", "x.y.",
    "x..y", "1.x", "x = [1 for x in]", "x = [for x in y]", "x = [x for x]", "x = [x for x in 1, 2]",
    "x = [x for x in (1, 2)]", "x = [x for x in y if]", "x = [x for 1 in y]", "x = [x if x else 1 for x in []]",
    "x = [x, y for x in z]", "x = [(x, x) for x in []]", "x = [x for x in [] for y in [] if 1 if 2]",
    "x = [x for x, y in []]", "x = [x for (x, y) in []]", "x = [x for x in lambda: y, 1]",
    "x = [x for x in 1 if 2 else 3]", "x = {x for x in []}", "x = {x: 1 for x in []}", "x = (x for x in [])",
    "x = [*y for y in z]", "x = [*[]]", "x = (*[],)", "x = *[]", "x = *[],", "print(*[])", "return *x", "x = 1,",
    "x = ,", "x = (,)", "x = (1,)", "x = [,]", "x = [1,]", "x = {,}", "x = {1,}", "x = ...", "pass 1", "pass()",
    "break 1", "import threading.x", "from __future__ import annotations", "from __future__ import no_such",
    "x = 1\nfrom __future__ import annotations", "from __future__ import braces", "\0", "x = '\0'", "# \0",
    "x = 1\r\ny = 2\r\n", "x = 1\ry = 2", "'a\r'", "if 1:\r\n  pass\r\n", "x = \"\"\"a\r\nb\"\"\"",
];

#[test]
fn what_is_taken_here_is_python() {
    compare(&TEXTS.iter().map(|text| text.to_string()).collect::<Vec<_>>());
}

/// `depth` levels of each kind that nests.
fn nested(depth: usize) -> Vec<String> {
    let blocks = |head: &str, last: &str| {
        let lines = (0..depth).map(|level| format!("{}{head}\n", " ".repeat(level)));
        format!("x = 0\n{}{}{last}\n", lines.collect::<String>(), " ".repeat(depth))
    };
    let tries = |second: &str| {
        let open = (0..depth).map(|level| format!("{}try:\n", " ".repeat(level)));
        let close = (0..depth).rev().map(|level| format!("{0}{second}\n{0} pass\n", " ".repeat(level)));
        format!("{}{}pass\n{}", open.collect::<String>(), " ".repeat(depth), close.collect::<String>())
    };
    let handlers = |second: &str| {
        let lines = (0..depth).map(|level| format!("{0}try: pass\n{0}{second}\n", " ".repeat(level)));
        format!("{}{}pass\n", lines.collect::<String>(), " ".repeat(depth))
    };
    let around = |open: &str, close: &str| format!("x = 0\nx = {}x{}\n", open.repeat(depth), close.repeat(depth));
    vec![
        blocks("while x:", "break"),
        blocks("for x in []:", "pass"),
        blocks("with x:", "pass"),
        blocks("if x:", "pass"),
        blocks("def f():", "pass"),
        tries("except: "),
        tries("finally: "),
        tries("except ValueError as e: "),
        handlers("except:"),
        handlers("except ValueError as e:"),
        handlers("finally:"),
        around("(", ")"),
        around("[", "]"),
        around("{1: ", "}"),
        around("print(", ")"),
        around("x[", "]"),
        around("[", " for y in []]"),
        around("-", ""),
        around("not ", ""),
        around("1 + ", ""),
        around("", "()"),
        around("", "[0]"),
        around("lambda: ", ""),
        around("1 if 1 else ", ""),
        around("1 ** ", ""),
    ]
}

#[test]
fn what_is_not_too_deep_here_is_not_too_deep_there() {
    let depths = [1, 5, 9, 10, 11, 18, 19, 20, 21, 22, 50, 90, 97, 98, 99, 100, 101, 120];
    compare(&depths.into_iter().flat_map(nested).collect::<Vec<_>>());
}

/// Programs of the subset, spoilt in many ways.
#[test]
fn what_is_left_of_a_spoilt_program_is_python() {
    const PROGRAMS: &[&str] = &[
        include_str!("../src/program/compile/tests/programs/everything.py"),
        include_str!("../src/program/compile/tests/programs/pools.py"),
    ];
    const PIECES: &[&str] = &[
        "",
        " ",
        "\n",
        "    ",
        "(",
        ")",
        "[",
        "]",
        ":",
        ",",
        "=",
        "==",
        ".",
        "*",
        "global x\n",
        "return ",
        "break\n",
        "x",
        "1",
        "None",
        "'",
        "f'{",
        "}",
        "not ",
        "in ",
        "for ",
        "if ",
        "else ",
        "lambda ",
        "def ",
        "class ",
        "as ",
        "del ",
        "yield ",
        "import ",
        "continue\n",
        "__debug__",
        "-",
        "+=",
        "#",
        "\\\n",
        "with ",
        "try:\n",
        "finally:\n",
        "except:\n",
        "pass\n",
        "True",
        "raise\n",
        "print(",
        "{",
        "\"",
        "\t",
    ];
    let mut state = 1_u64;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % limit
    };
    let mut texts = Vec::new();
    for round in 0..3000 {
        let mut text = PROGRAMS[round % PROGRAMS.len()].to_string();
        for _ in 0..=below(3) {
            let start = text.floor_char_boundary(below(text.len()));
            let end = text.floor_char_boundary((start + below(8)).min(text.len()));
            text.replace_range(start..end, PIECES[below(PIECES.len())]);
        }
        texts.push(text);
    }
    compare(&texts);
}
