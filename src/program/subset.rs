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

/// What modules have and programs here have not, with what to do instead.
const OF_MODULES: &[(&str, &[&str], &str)] = &[
    ("threading", &["Timer"], "a thread can sleep first: `threading.Thread(target=…)`"),
    ("threading", &["active_count", "enumerate"], "keep the threads in a list: `is_alive` is in the subset"),
    ("threading", &["get_ident", "get_native_id", "main_thread"], "`threading.current_thread().name` is in the subset"),
    ("queue", &["PriorityQueue"], "`Queue` and `LifoQueue` are in the subset"),
    ("queue", &["SimpleQueue"], "`Queue` is in the subset"),
    (
        "time",
        &["time", "time_ns", "monotonic", "perf_counter", "process_time"],
        "leave it out: every order is explored, whatever time it takes",
    ),
    ("random", &["randint", "random", "uniform", "getrandbits"], "`random.randrange` is in the subset"),
    ("random", &["choices", "sample", "shuffle"], "`random.choice` is in the subset"),
    ("random", &["seed"], "leave it out: every value is explored"),
    ("multiprocessing", &["JoinableQueue", "SimpleQueue"], "`multiprocessing.Queue` is in the subset"),
    (
        "multiprocessing",
        &["Manager", "managers", "shared_memory", "RawValue", "RawArray"],
        "`Value`, `Array`, `Queue` and `Pipe` are shared",
    ),
    ("multiprocessing", &["cpu_count"], "write the number: a program is to mean the same on every machine"),
    ("multiprocessing", &["get_context", "get_start_method"], "`multiprocessing.set_start_method` is in the subset"),
    ("multiprocessing", &["freeze_support"], "leave it out"),
    (
        "multiprocessing",
        &["active_children", "parent_process"],
        "keep the processes in a list: `is_alive` is in the subset",
    ),
    ("multiprocessing", &["pool"], "`multiprocessing.Pool` is in the subset"),
    (
        "concurrent.futures",
        &["wait", "FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"],
        "`as_completed`, and the `result` of each, are in the subset",
    ),
    ("concurrent.futures", &["Future"], "`submit` makes one"),
    ("concurrent.futures", &["CancelledError", "BrokenExecutor", "InvalidStateError"], "nothing here raises it"),
];

/// What to do without something that a module has and programs here have not.
pub(super) fn of_module(module: &str, name: &str) -> Option<&'static str> {
    OF_MODULES.iter().find(|(home, names, _)| *home == module && names.contains(&name)).map(|(.., help)| *help)
}

/// Attributes that objects of Python have and those here have not, with what to do instead.
const ATTRIBUTES: &[(&[&str], &str)] = &[
    (&["exitcode", "pid", "sentinel", "ident", "native_id"], "`name` and `is_alive` are in the subset"),
    (&["terminate", "kill"], "let it end by itself, when an `Event` or a `Value` tells it to"),
    (&["getName", "setName"], "`name` is in the subset"),
    (&["isDaemon", "setDaemon"], "`daemon` is in the subset"),
    (&["isAlive"], "`is_alive` is in the subset"),
    (&["notifyAll"], "`notify_all` is in the subset"),
    (&["isSet"], "`is_set` is in the subset"),
    (&["starmap", "starmap_async"], "`apply_async` for each of them is in the subset, and so is `map`"),
    (&["imap", "imap_unordered", "map_async"], "`map` and `apply_async` are in the subset"),
    (
        &["cancel", "cancelled", "running", "set_result", "set_exception", "add_done_callback"],
        "`done`, `result` and `exception` are in the subset",
    ),
    (&["successful"], "`ready` and `get` are in the subset"),
    (&["send_bytes", "recv_bytes", "recv_bytes_into"], "`send` and `recv` are in the subset"),
    (&["fileno", "closed", "readable", "writable"], "`poll` and `close` are in the subset"),
    (&["join_thread", "cancel_join_thread"], "`close` is in the subset"),
    (&["get_obj"], "`value` and `get_lock` are in the subset"),
    (
        &["appendleft", "popleft", "extendleft", "rotate"],
        "a list is in the subset: `insert(0, …)`, `pop(0)`; between threads, a `queue.Queue`",
    ),
    (&["fromkeys"], "fill the dict in a `for` loop"),
    (
        &["intersection_update", "difference_update", "symmetric_difference_update"],
        "`intersection`, `difference` and `symmetric_difference` give new sets",
    ),
    (&["with_traceback", "add_note", "message", "errno", "strerror"], "`args` is in the subset"),
    (&["fetch_add", "increment", "fetch_and_add"], "`add` is in the subset"),
    (&["compare_and_swap", "compare_and_set", "cas"], "`compare_exchange` is in the subset"),
    (&["exchange"], "`swap` is in the subset"),
    (
        &[
            "capitalize",
            "casefold",
            "center",
            "encode",
            "endswith",
            "expandtabs",
            "find",
            "format",
            "isalnum",
            "isalpha",
            "isdecimal",
            "isdigit",
            "islower",
            "isnumeric",
            "isspace",
            "isupper",
            "ljust",
            "lower",
            "lstrip",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rindex",
            "rjust",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "translate",
            "upper",
            "zfill",
        ],
        STRING_METHOD.help,
    ),
];

/// What to do without an attribute that objects of Python have and those here have not.
pub(super) fn attribute(name: &str) -> Option<&'static str> {
    ATTRIBUTES.iter().find(|(names, _)| names.contains(&name)).map(|(_, help)| *help)
}

/// What to do without something that an object of this kind has in Python and not here, though others have it.
pub(super) fn of_kind(kind: &str, name: &str) -> Option<&'static str> {
    match (kind, name) {
        ("str", "count" | "index" | "join") => Some(STRING_METHOD.help),
        ("tuple" | "range", "count" | "index") => Some("a list has it: `list(…)`"),
        ("dict_keys" | "dict_items", "isdisjoint") => Some("make a set of it first: `set(…)`"),
        ("Process", "close") => Some("leave it out"),
        ("Value" | "Array", "acquire" | "release") => Some("`with value.get_lock():` is in the subset"),
        _ => None,
    }
}
