//! Beside CPython, where there is a `python3`: small programs of one thread print the same here as there, and fail with
//! the same words. What Python has and the subset has not is refused, with its place: it is never an error of the
//! program that Python would not raise.

#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
#![expect(clippy::print_stderr, reason = "a comparison that is skipped says so")]

mod asked;

use poolscope::explore::{Options, explore};
use poolscope::program::{Problem, compile};

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
    asked::python(SCRIPT, &texts)
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
    refused(&[
        ("d = {1: 2}\nprint(d.values() == d.values())", "one and the same"),
        ("d = {1: 2}\nprint(d.keys().isdisjoint([1]))", "`isdisjoint` of a dict_keys"),
        ("a, b = [], []\na.append(a)\nb.append(b)\nprint(a == b)", "nested more than"),
        ("x = []\nfor i in range(150): x = [x]\nprint(x)", "nested more than"),
        ("x = []\nfor i in range(150): x = [x]\nprint(len(f'{x}'))", "nested more than"),
        ("z = zip([1])\nprint((1,) in z)", "`in` an iterator"),
        ("e = enumerate('ab')\nz = zip(e)\nw = enumerate(z)\nprint(list(w))", "a kept iterator over another"),
        ("z = zip([1])\nnext(z)", "a `for` loop"),
        ("z = iter([1])", "a `for` loop"),
        ("print(1, file=open)", "`file=` of `print`"),
        ("from threading import Thread\nThread(target=print, kwargs={'file': 1}).start()", "`file=` of `print`"),
        ("a = [2, 1]\na.sort(key=abs)", "`key=` of `sort`"),
        ("def f(a):\n    a.sort(reverse=True, key=lambda x: -x)\nf([1])", "`key=` of `sort`"),
        ("print(list(zip([1], [2], strict=True)))", "`strict=` of `zip`"),
        ("print(dict([[1, 2]]))", "lists of two"),
        ("{1}.update([2], [3])", "one after the other"),
        ("print(sum([[1], [2]], []))", "a sum of lists"),
        ("print((1, 2).index(2))", "`index` of a tuple"),
        ("s = 'a,b'\nprint(s.count('a'))", "`count` of a str"),
        ("s = ','\nprint(s.join(['a']))", "`join` of a str"),
        ("s = 'a b'\nprint(s.split())", "`split`"),
        ("s = {1}\ns.difference_update([1])", "`difference_update`"),
        ("print(range(3).count(1))", "`count` of a range"),
        ("print(int('\u{663}'))", "digits other than"),
        ("from multiprocessing import Value\nValue('i', 0).acquire()", "`acquire` of a Value"),
    ]);
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

/// Each is printed.
#[rustfmt::skip]
const EXPRESSIONS: &[&str] = &[
    "len()", "len(x=1)", "len(1,2)", "abs()", "abs(x=1)", "sum()", "sum(1,2,3)", "sum([],foo=1)", "sum(['a'])",
    "sum(['a'],'')", "sum(5)", "sum([],start=4)", "sum(['a','b'],start=1)", "enumerate()", "enumerate([],1,2)",
    "enumerate([],foo=1)", "enumerate(5)", "enumerate(iterable=[])", "enumerate([],'a')", "sorted()", "sorted([],1)",
    "sorted([],foo=1)", "sorted(5)", "sorted(iterable=[])", "sorted([],reverse='x')", "sorted([],reverse=[])",
    "sorted([],reverse=None)", "[].sort(1)", "[].sort(foo=1)", "[].sort(reverse='x')", "print(foo=1)", "print(sep=1)",
    "print(end=1)", "print(sep=None,end=None)", "print(flush=True)", "int()", "int(1,2,3)", "int(x=1)", "int('z')",
    "int('z',16)", "int('10',base=2)", "int(10,2)", "int('1',1)", "int('1',37)", "int('0x1f',16)", "int('0b1',0)",
    "int('1_0')", "int('1__0')", "int('_1')", "int('+5')", "int('-_5')", "int('')", "int(base=2)", "int('12',foo=1)",
    "int([])", "int(None)", "int('010',0)", "int('0',0)", "int('00',0)", "int('0_7',8)", "int('0x_f',16)",
    "int('+0xf',16)", "int('1','a')", "int(True)", "int('1',base=None)", "int('z'*300)", "str()",
    "str(object=5)", "str(5,'utf-8')", "str(1,2,3,4)", "str(foo=1)", "bool()", "bool(1,2)", "bool(x=1)", "list(1,2)",
    "list(x=1)", "tuple(1,2)", "set(1,2)", "set(x=1)", "tuple(x=1)", "list(5)", "dict(1,2)", "dict(5)", "dict([1])",
    "dict([(1,2,3)])", "dict(['ab'])", "dict([()])", "dict(a=1)", "dict({1:2},a=3)", "dict([(1,2)],b=5)",
    "dict(None)", "dict(['abc'])", "range()", "range(1,2,3,4)", "range(x=1)", "range('a')", "range(1,'a')",
    "range(1,2,'a')", "range(1,2,0)", "range(None)", "range(1,None)", "min()", "min(1)", "min(1,foo=2)",
    "min(1,2,default=3)", "min([])", "min([],default=3)", "min(5)", "max([],default=None)", "max(1,'a')",
    "min(key=1)", "max([1,2],key=None)", "max([1],key=5)", "zip(foo=1)", "zip(5)", "zip([],[],5)",
    "zip([1],[2],foo=3)", "[].append()", "[].append(1,2)", "[].append(x=1)", "[].extend()", "[].extend(5)",
    "[].insert(1)", "[].insert('a',1)", "[].insert()", "[].remove()", "[].remove(1)", "[].pop()", "[1].pop('a')",
    "[1].pop(1,2)", "[1].pop(5)", "[].clear(1)", "[].index()", "[].index(1)", "[1].index(1,'a')",
    "[1,2,1].index(1,1)", "[1].index(1,1,5)", "[1].index(1,2,3,4)", "[].count()", "[].reverse(1)", "[].copy(1)",
    "[1].index('x')", "[1].index([2])", "[1].index(None)", "{}.get()", "{}.get(1,2,3)", "{}.get(key=1)", "{}.keys(1)",
    "{}.pop()", "{}.pop(1)", "{}.pop(1,2,3)", "{}.setdefault()", "{}.setdefault(1,2,3)", "{}.popitem()",
    "{}.popitem(1)", "{}.update(1)", "{}.update(1,2)", "{}.update([1])", "{}.update([(1,)])", "{}.update()",
    "{}.update(a=1)", "{}.copy(1)", "{}.clear(1)", "{}[1]", "{}.get([])", "{1:2}.pop([])", "{}.pop(k=1)",
    "{}.setdefault(default=1)", "{1}.add()", "{1}.add([])", "{1}.remove(2)", "{1}.remove()", "{1}.discard()",
    "{1}.discard([])", "set().pop()", "{1}.pop(1)", "{1}.union(5)", "{1}.union()", "{1}.union([2],[3])",
    "{1,2}.intersection([1],[2])", "{1,2}.difference([1],[2])", "{1}.symmetric_difference()", "{1}.issubset()",
    "{1}.issubset(5)", "{1}.isdisjoint(5)", "{1}.update(5)", "{1}.update()", "{1}.clear(1)", "{1}.copy(1)",
    "{1}.union(x=1)", "{1}.add(x=1)", "{1}.pop(x=1)", "{1}.symmetric_difference([2],[3])", "{1}.issuperset([[1]])",
    "{1}.remove([])", "{1}<{1,2}", "{1}<=[1]", "{1}<5", "{1,2}>={1}", "{1}=={True}", "{1}-[1]", "{1}+{2}", "[1]+(1,)",
    "(1,)+[1]", "[1]-[1]", "[1]*'a'", "'a'*'b'", "[1]*[1]", "1+'a'", "'a'+1", "None+1", "{}+{}", "-'a'",
    "not_defined", "5()", "'a'()", "None()", "[1]['a']", "(1,)['a']", "'ab'['x']", "[1][1]", "(1,)[5]", "'a'[4]",
    "range(3)[7]", "range(3)['a']", "5[0]", "None[0]", "len[0]", "{}['x']", "{1:2}[(1,[])]", "1<'a'", "(1,)<('a',)",
    "None<None", "{}<{}", "[1]<(1,)", "[1]<5", "1//0", "1%0", "'a'in[1]", "1in'a'", "[1]in{1}", "[1]in{1:2}",
    "sorted([1,'a'])", "max([1,'a'])", "[3,'a'].sort()", "sum([1,None])", "abs('a')", "len(5)", "len(None)", "-[]",
    "+None", "1 in 5", "None in None", "zip([1],strict=False)", "list(zip([1],[2],strict=False))",
    "print(1,2,sep='',end='!')", "print(1,file=None)", "not_defined()",
    "range(1,2).start, range(3).stop, range(1,9,2).step", "sorted([3,1,2],key=lambda x: -x)",
    "sorted(['bb','a','ccc'],key=len,reverse=True)", "sorted([(1,'b'),(1,'a'),(0,'c')],key=lambda p: p[0])",
    "sorted([1,2,3,4],key=lambda x: x%2,reverse=True)", "max(['bb','a','ccc'],key=len)", "min(3,-1,2,key=abs)",
    "max([],key=len,default='x')", "max([],key=len)", "min([],key=len,default=None)", "sorted([1,'a'],key=str)",
    "sorted([1,2],key=5)", "sorted([1,2],key=None)", "sorted([2,1],key=lambda: 1)",
    "sorted({3:1,2:2},key=lambda k: -k)", "max({1:5,2:3},key={1:5,2:3}.get)", "sorted([5,4,3,9,1,8,2,7],reverse=1)",
    "sorted([3,1,2,1,2],key=lambda x: x//2)", "sorted([1,2,'a',3])", "sorted([3,2,'a',1])", "sorted([1,3,2,None])",
    "sorted([1,(2,)])", "[3,1,2].sort(key=None)", "min('hello')", "max('a','b')", "dict([('a',1)],b=2)",
    "dict(zip('ab',[1,2]))", "dict({1:2}.items())", "dict('ab')", "{1:2}.update({3:4},a=1)",
    "{1,2}.union([3],(4,),{5:6})", "{1,2,3}.difference([1],[2])", "{1,2,3}.intersection({1:1,2:2},[2])",
    "list(enumerate('ab',start=5))", "list(enumerate(iterable='ab'))", "sum((1,2),10)",
    "sum([(1,),(2,)],())", "str(1)+str()", "[1,2,1].index(1,-1)", "[1,2,1].index(2,0,1)", "(1,2)+(3,)",
    "'abc'[1:]+'x'*2", "int('0B11',0)", "int('-0x1f',16)", "int('zz',36)", "int('9',8)", "int('1 2')", "int(' 12 ')",
    "int('1e5')", "int('0x')", "int('0x',16)", "int('0',16)", "int('--1')", "int('+-1')", "int('_')",
];

#[test]
fn functions_and_operators_take_and_refuse_what_they_do_there() {
    let texts: Vec<String> = EXPRESSIONS.iter().map(|expression| format!("print({expression})")).collect();
    compare(&texts.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Each fails, or shows what it failed with.
#[rustfmt::skip]
const FAILURES: &[&str] = &[
    "a, b = 1", "a, b = [1]", "a, b = (1, 2, 3)", "a, b = 'x'", "[a, b] = {1: 2}", "(a, b), c = 1, 2", "for a, b in [1]: pass",
    "for a in 5: pass", "for a in None: pass", "x += 1", "x", "def f():\n    x = x + 1\nf()", "def f():\n    print(y)\n    y = 1\nf()",
    "def f():\n    del y\n    y = 1\nf()", "del x", "x = 1\ndel x\nprint(x)", "def f(a): pass\nf()", "def f(a): pass\nf(1, 2)",
    "def f(a, b): pass\nf()", "def f(a, b, c): pass\nf()", "def f(a, b, c, d=1): pass\nf(1)", "def f(): pass\nf(1)", "def f(a, b=1): pass\nf(1, 2, 3)",
    "def f(a): pass\nf(1, a=2)", "def f(a): pass\nf(b=2)", "def f(a): pass\nf(1, b=2)", "def f(a=1, b=2): pass\nf(1, 2, 3)", "def f(a, b): pass\nf(b=1)",
    "class C: pass\nC(1)", "class C: pass\nC(a=1)", "class C: pass\nC().x\nC().x = 1", "class C:\n    def __init__(self, a): self.a = a\nC()",
    "class C:\n    def __init__(self, a): self.a = a\nC(1, 2)", "class C:\n    def m(self): pass\nC().m(1)", "class C:\n    def m(self, a): pass\nC().m()",
    "class C:\n    def m(self): pass\nC.m()", "class C:\n    def __init__(self): return 5\nC()", "class C: pass\nc = C()\nc.x = 1\ndel c.x\ndel c.x", "class C: pass\nC.x\nC.x = 1",
    "class C:\n    def m(): pass\nC().m()", "class C: pass\nC() + 1", "class C: pass\nC() < C()", "class C: pass\nC()[0]", "class C: pass\nC()[0] = 1", "class C: pass\ndel C()[0]", "class C: pass\nlen(C())",
    "class C: pass\nfor x in C(): pass", "class C: pass\n1 in C()", "class C: pass\nC()()", "class C: pass\nwith C(): pass", "class C: pass\n-C()", "class C: pass\nint(C())", "class C: pass\nsum([C()])",
    "with 5: pass", "raise 5", "raise 'x'", "raise ValueError", "raise ValueError()", "raise ValueError(1)", "raise ValueError('a', 2)", "raise ValueError('')", "raise KeyError('x')", "raise KeyError('a', 'b')", "raise KeyError([1])",
    "class E(Exception): pass\nraise E", "class E(Exception): pass\nraise E(1, [2])", "class E(KeyError): pass\nraise E('x')", "raise ValueError([1], {2: 3})", "raise ValueError(ValueError('x'))", "raise IndexError(None)",
    "assert 0", "assert [], 'no'", "assert 0, 5", "assert 0, [1]", "assert 0, (1, 2)", "assert 1 == 2, f'{1}'", "assert 0, KeyError('x')", "assert 0, None",
    "try:\n    {}['x']\nexcept KeyError as e:\n    print(e, f'{e!r}', e.args)", "try:\n    raise ValueError('a', 2)\nexcept ValueError as e:\n    print(e, f'{e!r}', e.args)",
    "try:\n    raise ValueError((1, 2))\nexcept ValueError as e:\n    print(e, f'{e!r}', e.args)", "try:\n    raise ValueError('(x)')\nexcept ValueError as e:\n    print(e, f'{e!r}')", "try:\n    1 // 0\nexcept ZeroDivisionError as e:\n    print(f'{e!r} {e}')",
    "try:\n    raise KeyError\nexcept LookupError as e:\n    print(f'[{e}]', f'{e!r}')", "try:\n    assert 0, 'x'\nexcept AssertionError as e:\n    print(f'{e!r}')", "try:\n    raise ValueError(())\nexcept ValueError as e:\n    print(f'{e} {e!r}')",
    "try:\n    1 // 0\nexcept ZeroDivisionError as e:\n    pass\nprint(e)", "def f():\n    try:\n        1 // 0\n    except ZeroDivisionError as e:\n        pass\n    print(e)\nf()",
    "x = 1\nx += 'a'", "x = 'a'\nx += 1", "x = 1\nx -= None", "x = [1]\nx += 5", "x = [1]\nx -= [1]", "x = (1,)\nx += [1]", "x = [1]\nx *= 'a'", "x = {}\nx += {}", "x = 1\nx //= 'a'", "x = 1\nx **= 'a'", "x = 1\nx %= 'a'", "x = 1\nx //= 0", "x = 1\nx %= 0",
    "x = 1\nx[0] = 2", "x = (1,)\nx[0] = 2", "x = 'a'\nx[0] = 'b'", "x = [1]\nx[1] = 2", "x = [1]\ndel x[1]", "x = [1]\nx['a'] = 2", "x = [1]\ndel x['a']", "x = {}\ndel x['a']", "x = {}\nx[[1]] = 2", "x = {}\nx[{1: 2}] = 2", "x = {1}\nx[0] = 2", "x = None\nx[0] = 1", "def f(): pass\nf[0]", "def f(): pass\nf[0] = 1",
    "x = {[1]}", "x = {[1]: 2}", "x = {(1, [2])}", "x = {{1}}", "x = set([[1]])", "x = [1, 2]\nfor i in {1, 2}:\n    x.remove(i)\nx.remove(1)", "d = {1: 2}\nfor k in d: d[k + 1] = 1", "s = {1}\nfor k in s: s.add(k + 1)",
    "x = 5\nx.append(1)", "x = (1,)\nx.append(1)", "x = None\nx.append(1)", "x = 'a'\nx.append(1)", "x = {}\nx.append(1)", "x = [1]\nx.add(2)", "x = {1}\nx.append(2)", "def f(): pass\nf.append(1)", "x = [1]\nx.append = 5", "x = 5\nx.append = 5", "print.append", "class C: pass\nC.append(1)", "class C: pass\nC().append(1)", "x = range(3)\nx.append(1)", "x = range(3)\nx.start = 1",
    "f'{[1]:>5}'", "f'{(1,):5}'", "f'{None:5}'", "f'{ {1: 2}:5}'", "f'{ {1}:>5}'", "print(f'{[1]!s:>5}|{None!r:>6}|{None!s:6}|{[1]}|{()}')", "f'{5:s}'", "f'{\"a\":d}'", "f'{range(2):5}'", "class C: pass\nf'{C():5}'", "def f(): pass\nf'{f:5}'", "f'{ValueError(1):5}'", "print(f'{True:5}|{True:d}|{True}|{3:03d}|{-3:05}|{\"a\":>3}|{\"a\":*^5}|{\"a\":05}|{7:<4}|{7:=4}|{-7:=4}|{-7:0=4}')", "f'{\"a\":=5}'", "print(f'{[1]!r:>5}')", "print(f'{ValueError(1)!s:>3}')", "print(f'{{1}}')", "f'{True:s}'", "f'{None:d}'", "f'{[]:s}'", "print(f'{\"\":}|{[]:}')",
    "print(1 < 2 < 'a')", "print(1 <= None)", "print([] >= ())", "print('a' > 1)", "print([1, 'a'] < [1, 2])", "print((1, None) <= (1, 2))", "print({1: 2} < {1: 3})", "print(1 in 2)", "print(1 in None)", "print(1 in 'a')", "print([] in {})", "print([] in {1})", "print(max(1, None), 1)", "print(min('a', 2))", "print(min([[1], 2]) if 0 else 1)",
    "print(-'a')", "print(+[])", "print(not [])", "print(-True, +True)", "print(abs(None))", "print('a' - 'b')", "print([1] // 2)", "print({} % 2)", "print(None ** 2)", "print('a' * -1)", "print([0] * -3, 'ab' * True)", "print(2 ** 3 ** 2, -2 ** 2, 7 // -2, -7 % 3)",
    "lambda: 1\n(lambda x: x)()", "f = lambda x, y: x\nf(1)", "f = lambda: 1\nf(1)", "x = int\nx('a')", "x = ValueError\nraise x('y')", "raise ValueError if 1 else 2", "print(ValueError('x'), [ValueError('x')], (ValueError(1, 2),), {1: KeyError('a')})", "print(int, str, ValueError, list, print, len)", "print([int, print])",
    "def f(): return f\nprint(f'{5}', 'a' 'b', \"it's\", ['it\\'s', 'a\"b\\'c', '\\n\\t\\\\'])", "print(['\\x00\\x7f\\xa0\\xad\\u200b\\u2028é😀'])", "class C:\n    def m(self): pass\ndef f():\n    def g(a): pass\n    return g\nprint(f, C(), C().m, C.m, f(), lambda: 1, [].append)\nf()(1, 2)",
    "print((1,), (), [()], {1: (2,)}, set(), {1, 2}, [set()], {()})", "print(None, True, [None, True], -0, [-1])", "print(range(3), range(1, 3), range(1, 3, 2), [range(3)])",
    "def f(n): return f(n + 1) if n < 150 else n\nprint(f(0))", "x = []\nx.pop()", "x = {}\nx.popitem()", "x = set()\nx.pop()", "x = set()\nx.remove('a')", "x = {}\nx.pop('a')", "x = [1]\nx.pop(3)", "x = [1]\nx.remove(2)",
];

#[test]
fn failures_are_worded_as_there() {
    compare(FAILURES);
}

#[rustfmt::skip]
const THEMSELVES: &[&str] = &[
    // What holds itself.
    "a = [1]\na.append(a)\nprint(a, [a], (a,), f'{a} {a!r}', str(a))", "d = {}\nd['d'] = d\nprint(d, [d])", "a, b = [], []\na.append(b)\nb.append(a)\nprint(a, b, {1: a})",
    "t = ([],)\nt[0].append(t)\nprint(t, t[0])", "d = {}\nd[1] = d.values()\nprint(d)", "a = []\na.append(ValueError(a))\nprint(a, ValueError(a))",
    "a = []\na.append(a)\nprint(a == a, a is a[0], a in a, [a] == [a], len(a[0][0]))", "a = [1]\na.append(a)\nassert 0, a", "a = []\na.append(a)\nraise ValueError(a)", "a = []\nb = [a, a]\nprint(b, [b, b])",
    "x = []\nfor i in range(60): x = [x]\nprint(x)",
    // An exception is itself, however it comes back.
    "e = ValueError('x')\ntry:\n    raise e\nexcept ValueError as g:\n    print(g is e, g == e, g is not e, e == ValueError('x'), g in [e])",
    "a, b = ValueError('x'), ValueError('x')\nprint(a == b, a is b, a in [b], a in [b, a], a == a, a != b)",
    "k = []\ntry:\n    1 // 0\nexcept ZeroDivisionError as e:\n    k.append(e)\n    print(e is k[0])\ntry:\n    raise k[0]\nexcept ZeroDivisionError as g:\n    print(g is k[0], g)",
];

#[test]
fn what_is_itself_is_as_there() {
    compare(THEMSELVES);
}

/// An iterator that is kept goes through its items once, whoever asks it.
#[rustfmt::skip]
const ITERATORS: &[&str] = &[
    "z = zip([1, 2], 'ab')\nprint(list(z), list(z))", "e = enumerate('ab', 1)\nfor i, x in e:\n    print(i, x)\n    break\nprint(list(e), list(e), e)", "z = zip([1], [2])\nprint(z, [z], bool(z), z == z, z is z)",
    "def f(z):\n    return list(z)\nz = zip((1, 2), (3, 4))\nprint(f(z), f(z), f(zip([5], [6])))", "def f():\n    return enumerate([7])\ne = f()\nprint(dict(e), dict(e))", "z = [zip('ab', 'cd'), 5]\na, b = z[0]\nprint(a, b, list(z[0]))",
    "l = [1, 2]\ne = enumerate(l)\nfor i, x in e:\n    if i < 3: l.append(x)\nprint(l, list(e))", "z = zip(enumerate('ab'), [1, 2])\nprint([x for x in z], [x for x in z])",
    "z = zip([3, 1], [2, 4])\nprint(max(z), min(z, default=None))", "z = zip([1], [2])\nz = list(z)\nprint(z, z)", "class C: pass\nc = C()\nc.z = zip([1])\nprint(list(c.z), list(c.z))",
    "z = zip()\nprint(list(z))", "z = zip([1])\nlen(z)", "z = zip([1])\nz[0]", "z = zip([1])\nz + z", "z = zip([1])\nz < z", "f = zip\nprint(list(f([1])))", "f = lambda: zip([1])\nz = f()\nprint(tuple(z), tuple(z))", "a = b = enumerate('x')\nprint(list(a), list(b))",
    "t = (zip([1], [2]),)\nprint(list(t[0]), list(t[0]))", "z = zip([1, 2])\nfor x in z:\n    for y in z:\n        print(x, y)", "l = []\nl.append(zip([1]))\nprint(list(l[0]), list(l[0]))", "l = []\nl.extend(zip([1]))\nprint(l)", "a, = zip([1])\nprint(a)", "z = zip([1, 2])\nx, y = z\nprint(x, y, list(z))",
    "for i, (a, b) in enumerate(zip([1, 2], [3, 4])): print(i, a, b)", "print(list(enumerate(zip('a', 'b'))), dict(zip('ab', [1, 2])), set(zip([1])))",
];

#[test]
fn iterators_are_used_up_as_there() {
    compare(ITERATORS);
}
