//! What Python has and programs here have not: what it is called, and the nearest thing that is in the subset.

/// A construct outside the subset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outside {
    /// What it is called; with a verb in the plural, it brings its own.
    what: &'static str,
    /// What to write instead.
    pub(super) help: &'static str,
}

impl Outside {
    /// The complaint about it.
    pub(super) fn message(self) -> String {
        format!("{} is not in the subset", self.what)
    }
}

macro_rules! outside {
    ($($name:ident: $what:literal, $help:literal;)*) => {
        $(pub(super) const $name: Outside = Outside { what: $what, help: $help };)*
    };
}

outside! {
    // Statements.
    ASYNC: "`async`", "a thread can wait as well: `threading.Thread(target=…)`";
    AWAIT: "`await`", "a thread can wait as well: `threading.Thread(target=…)`";
    MATCH: "`match`", "`if` and `elif` are";
    TYPE_ALIAS: "a type alias", "leave it out";
    ANNOTATION: "an annotation", "leave it out: nothing here reads it";
    TYPE_PARAMETERS: "a type parameter", "leave it out: nothing here reads it";
    NONLOCAL: "`nonlocal`", "make the variable global, or keep it in an object or a list that is passed as an argument";
    DECORATOR: "a decorator", "call the function where it is needed, or write the method out";
    EXCEPT_STAR: "`except*`", "`except` is";
    EXCEPT_UNKNOWN: "an `except` of what is only known when the program runs", "name an exception class, or a tuple of them";
    RAISE_FROM: "`raise … from …`", "`raise` without the cause";
    BARE_RAISE: "a bare `raise` outside of an `except`", "name the exception: `raise ValueError(…)`";
    IMPORT_STAR: "`import *`", "name what is imported: `from threading import Thread, Lock`";
    IMPORT_RELATIVE: "a relative import", "a program is one file";
    ESCAPE_COMMAND: "a command of IPython", "leave it out";

    // Classes.
    CLASS_INSIDE: "a class inside a function, a class or a loop", "move it to the module level";
    CLASS_KEYWORD: "a keyword of a class, such as `metaclass=`,", "leave it out";
    BASES: "more than one base class", "derive from one, and keep the other as an attribute";
    BASE_UNKNOWN: "a base class that is only known when the program runs",
        "derive from a class that stands further up, from `threading.Thread`, `multiprocessing.Process` or an exception";
    CLASS_BODY: "this statement in the body of a class", "assignments, methods and `pass` are";
    EXCEPTION_BODY: "a body of an exception class", "only `pass`: what an exception is made with is in its `args`";
    EXIT_LOOKS: "an `__exit__` that looks at the exception", "let it only clean up, and catch the exception with `try`";
    EXIT_ANSWERS: "an `__exit__` that returns something", "let it only clean up, and catch the exception with `try`";
    SUPER_FAR: "`super()` other than as `super().method(…)` directly in a method", "write `super().method(…)` in a method of the class itself";

    // Functions.
    REST: "a `*` parameter", "one parameter that takes a list";
    KEYWORDS: "a `**` parameter", "name the parameters";
    PARAMETER_KINDS: "a parameter that is only positional or only a keyword", "leave the `/` or `*` out";
    SPREAD: "a `*` or `**` argument", "write the arguments out";
    YIELD: "`yield`", "return a list, or let a thread put the values in a `queue.Queue`";

    // Expressions.
    WALRUS: "`:=`", "assign on a line of its own";
    GENERATOR: "a generator expression", "a list comprehension is: `[… for … in …]`";
    SET_COMPREHENSION: "a set comprehension", "`set([… for … in …])` is";
    DICT_COMPREHENSION: "a dict comprehension", "fill the dict in a `for` loop";
    STARRED: "a `*` in this place", "write the elements out";
    DICT_SPREAD: "a `**` in a dict", "call `update`";
    BYTES: "a bytes literal", "a string is";
    TEMPLATE: "a t-string", "an f-string is";
    ELLIPSIS: "`...`", "`pass` and `None` are";
    COMPLEX: "a complex number", "integers are";
    FLOAT: "a number with a fraction in this place",
        "integers are; a fraction may only stand as the argument of `time.sleep` or as a timeout";
    TRUE_DIVISION: "`/`", "`//` is: integers stay integers";
    BIT_OPERATOR: "an operator on bits", "sets have `union`, `intersection` and `difference`; flags fit in a list of booleans";
    MATRIX: "`@`", "multiply in a loop";
    SLICE_IN_TUPLE: "a slice among other indices", "index one by one: `a[i][j:k]`";
    FORMAT_ASCII: "`!a`", "`!r` is";
    FORMAT_NESTED: "a format that is computed", "a constant width is: `{x:>5}`";
    FORMAT_OTHER: "this format", "width and alignment are: `{x:5}`, `{x:>5}`, `{x:03d}`";
    PRINT_FILE: "`file=` of `print`", "all that is printed goes to one place: leave it out";
    SORT_KEY: "`key=` of `sort`", "`items = sorted(items, key=…)` is";
    ZIP_STRICT: "`strict=` of `zip`", "compare the lengths first";
    STRING_METHOD: "a method of a string", "f-strings and `+` are";
    ASYNC_COMPREHENSION: "`async for`", "`for` is";
}

/// What to do without a special method.
pub(super) const SPECIAL_METHOD: &str =
    "`__init__`, `__enter__` and `__exit__` are in it; give this one a name of its own, and call it";

/// What Python has without an import and programs here have not, with what to do instead.
pub(super) const PYTHON_ONLY: &[(&[&str], &str)] = &[
    (&["open", "input"], "programs here have no files and nobody who types: put the values in the text"),
    (&["eval", "exec", "compile", "__import__", "globals", "locals", "vars", "dir"], "write it out"),
    (&["getattr", "setattr", "delattr", "hasattr"], "name the attribute: `x.name`; or keep the values in a dict"),
    (&["isinstance", "issubclass", "type", "callable"], "keep the kind of an object in an attribute of its own"),
    (&["float", "complex", "round"], "integers are in the subset"),
    (&["any", "all", "next", "iter", "aiter", "anext"], "a `for` loop is in the subset"),
    (&["map", "filter"], "a list comprehension is in the subset: `[f(x) for x in … if …]`"),
    (&["reversed"], "a slice is in the subset: `x[::-1]`"),
    (&["repr", "ascii", "format"], "an f-string is in the subset: `f\"{x!r}\"`"),
    (&["divmod"], "`//` and `%` are in the subset"),
    (&["pow"], "`**` is in the subset"),
    (&["frozenset"], "a set or a tuple is in the subset"),
    (&["bytes", "bytearray", "memoryview"], "strings and lists of integers are in the subset"),
    (&["ord", "chr", "bin", "hex", "oct", "hash", "id"], "compare the values themselves"),
    (&["slice"], "write `x[a:b]`"),
    (&["property", "staticmethod", "classmethod"], "write a method or a function"),
    (&["object"], "give it a class: `class Thing: pass`"),
    (&["exit", "quit", "breakpoint", "help", "copyright", "credits", "license"], "let the program end by itself"),
    (
        &[
            "__build_class__",
            "__debug__",
            "__file__",
            "__doc__",
            "__builtins__",
            "__spec__",
            "__package__",
            "__loader__",
        ],
        "leave it out",
    ),
    (&["Ellipsis", "NotImplemented"], "`None` is in the subset"),
    (
        &[
            "BaseExceptionGroup",
            "BlockingIOError",
            "BufferError",
            "BytesWarning",
            "ChildProcessError",
            "ConnectionAbortedError",
            "ConnectionRefusedError",
            "ConnectionResetError",
            "DeprecationWarning",
            "EncodingWarning",
            "EnvironmentError",
            "ExceptionGroup",
            "FileExistsError",
            "FileNotFoundError",
            "FloatingPointError",
            "FutureWarning",
            "GeneratorExit",
            "IOError",
            "ImportError",
            "ImportWarning",
            "IndentationError",
            "InterruptedError",
            "IsADirectoryError",
            "KeyboardInterrupt",
            "MemoryError",
            "ModuleNotFoundError",
            "NotADirectoryError",
            "PendingDeprecationWarning",
            "PermissionError",
            "ProcessLookupError",
            "PythonFinalizationError",
            "ReferenceError",
            "ResourceWarning",
            "RuntimeWarning",
            "StopAsyncIteration",
            "StopIteration",
            "SyntaxError",
            "SyntaxWarning",
            "SystemError",
            "SystemExit",
            "TabError",
            "UnicodeDecodeError",
            "UnicodeEncodeError",
            "UnicodeError",
            "UnicodeTranslateError",
            "UnicodeWarning",
            "UserWarning",
            "Warning",
        ],
        "derive an exception of your own: `class Failure(Exception): pass`",
    ),
];

/// What to do without something that Python has and programs here have not.
pub(super) fn python_only(name: &str) -> Option<&'static str> {
    PYTHON_ONLY.iter().find(|(names, _)| names.contains(&name)).map(|(_, help)| *help)
}
