"""Runs one small program again and again under the real Python, and tells how each run ended.

poolscope starts this by `python3 -I -S -B -c`, and speaks with it in lines of JSON: first the program, from then on a
number for each run; an answer for each of them. The program is one that poolscope has read line by line and found to be
within its subset of Python. What stands here against files, processes and the network is a second lock on that door.

What is measured is the interpreter's own doing: nothing is changed between two instructions of the program. Threads get
a number when they start, and `print` writes into memory.
"""

import builtins
import concurrent.futures
import concurrent.futures.thread as executors
import io
import itertools
import json
import os
import queue
import random
import sys
import threading
import time
import types

ANSWER_BYTES_MAX = 200_000
VALUES_MAX = 20_000
DEPTH_MAX = 200
# A process that has used so much of its time is replaced by a new one before its limit ends it in the middle of a run.
CPU_SECONDS_MAX = 20.0

orders = sys.stdin
answers = os.dup(1)


def tell(answer):
    line = json.dumps(answer, ensure_ascii=True, separators=(",", ":")).encode()
    if len(line) > ANSWER_BYTES_MAX:
        answer = {"run": answer.get("run"), "too_much": True}
        line = json.dumps(answer).encode()
    line += b"\n"
    while line:
        line = line[os.write(answers, line) :]


class TooMuch(Exception):
    """An ending that is larger than anybody wants to read."""


first = json.loads(orders.readline())

# The module that stands for a processor's atomics, from memory.
atomics = types.ModuleType("atomics")
exec(compile(first["atomics"], "atomics.py", "exec"), atomics.__dict__)
sys.modules["atomics"] = atomics

NAME = "program.py"
try:
    program = compile(first["text"], NAME, "exec", dont_inherit=True)
except Exception as error:
    tell({"refused": f"{type(error).__name__}: {error}"})
    raise SystemExit(0)


def interpreter():
    name = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name)
    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    version = sys.version_info
    number = f"{version.major}.{version.minor}.{version.micro}"
    if version.releaselevel != "final":
        number += f"{version.releaselevel[0]}{version.serial}"
    return f"{name} {number}, {'with' if has_lock else 'without'} a global lock"


MODULES = {
    "threading": threading,
    "queue": queue,
    "time": time,
    "random": random,
    "atomics": atomics,
    "concurrent": concurrent,
    "concurrent.futures": concurrent.futures,
}


def import_allowed(name, globals=None, locals=None, fromlist=(), level=0):
    if level or name not in MODULES:
        raise ImportError(f"no module {name!r} here")
    return MODULES[name] if fromlist else MODULES[name.partition(".")[0]]


allowed_builtins = {
    name: value
    for name, value in vars(builtins).items()
    if name not in ("open", "exec", "eval", "compile", "input", "breakpoint", "help", "exit", "quit", "globals", "vars")
}
allowed_builtins["__import__"] = import_allowed

# Whatever else there is to be noticed of the world outside is refused.
ALLOWED_EVENTS = frozenset(
    (
        "_thread.start_new_thread",
        "_thread.start_joinable_thread",
        "threading.settrace",
        "object.__getattr__",
        "object.__setattr__",
        "object.__delattr__",
        "builtins.id",
        "sys._getframe",
        "sys._getframemodulename",
        "sys.unraisablehook",
        "time.sleep",
        "cpython._PySys_ClearAuditHooks",
    )
)


def second_lock(event, arguments):
    if event in ALLOWED_EVENTS or (event == "exec" and arguments[0] is program):
        return
    raise PermissionError(f"{event} is not allowed here")


failures = []
numbers = itertools.count(1)
started_threads = []
start_thread = threading.Thread.start


def start(self):
    if not self._started.is_set() and not hasattr(self, "_poolscope_number"):
        self._poolscope_number = next(numbers)
    start_thread(self)


threading.Thread.start = start


def told(error):
    """An exception as Python words it in the last line of a traceback."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    words = str(error)
    return f"{name}: {words}" if words else name


def note(thread, error):
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    kind = "assertion" if type(error) is AssertionError else "exception"
    failures.append((kind, thread, line, told(error)))


def thread_failed(what):
    if what.exc_value is not None:
        note(getattr(what.thread, "_poolscope_number", 0), what.exc_value)


threading.excepthook = thread_failed
sys.unraisablehook = lambda what: None

EXECUTORS = (concurrent.futures.Executor, concurrent.futures.Future)
QUEUES = (queue.Queue, queue.LifoQueue)


def is_data(value):
    """Whether a value is more than a thread, a lock, a function, a module."""
    kind = type(value)
    if kind in (int, str, bool, type(None), float, tuple, list, dict, set, frozenset, range, atomics.Atomic, *QUEUES):
        return True
    if isinstance(value, BaseException) or kind in VIEWS:
        return True
    return kind.__module__ == "__main__" and not isinstance(value, (type, threading.Thread, *EXECUTORS))


VIEWS = (type({}.keys()), type({}.values()), type({}.items()))


def holds_data(value, depth=0):
    """Whether there is data in it: a list of nothing but threads says as little as one of them."""
    kind = type(value)
    if kind not in (tuple, list, dict):
        return is_data(value)
    items = list(value.values() if kind is dict else value)
    return depth > 4 or not items or any(holds_data(item, depth + 1) for item in items)


class Speller:
    """Spells values as poolscope's explorer does: as JSON what JSON has too, all else as an object with the key `repr`."""

    def __init__(self):
        self.room = VALUES_MAX
        self.around = []

    def spend(self):
        self.room -= 1
        if self.room < 0 or len(self.around) > DEPTH_MAX:
            raise TooMuch()

    def json(self, value):
        self.spend()
        kind = type(value)
        if kind is int:
            return value if -(2**63) <= value < 2**63 else {"repr": str(value)}
        if value is None or kind in (bool, str):
            return value
        if kind is list:
            items = list(value)
        elif kind is dict:
            pairs = list(value.items())
            if not all(type(key) is str for key, _ in pairs) or [key for key, _ in pairs] == ["repr"]:
                return {"repr": self.text(value)}
            items = [item for _, item in pairs]
        elif kind is atomics.Atomic:
            items = [value._value]
        elif kind in QUEUES:
            items = list(value.queue)
        else:
            return {"repr": self.text(value)}
        if id(value) in self.around:
            return {"repr": self.text(value)}
        self.around.append(id(value))
        items = [self.json(item) for item in items]
        self.around.pop()
        if kind is dict:
            return {key: item for (key, _), item in zip(pairs, items)}
        return items[0] if kind is atomics.Atomic else items

    def text(self, value):
        """As `repr` writes it, without addresses; of an object with its attributes."""
        self.spend()
        kind = type(value)
        if value is None or kind in (int, bool, str, float, range):
            return repr(value)
        if kind is tuple:
            return f"({self.list(value)}{',' if len(value) == 1 else ''})"
        if isinstance(value, BaseException):
            return f"{kind.__name__}({self.list(value.args)})"
        if kind in VIEWS:
            return f"{kind.__name__}([{self.list(list(value))}])"
        if kind in (set, frozenset) and not value:
            return "set()"
        if not is_data(value):
            return self.name(value)
        if kind is list:
            return self.inside(value, "[", "]", lambda: self.list(list(value)))
        if kind in (set, frozenset):
            return self.inside(value, "{", "}", lambda: self.list(ordered(value)))
        if kind is dict:
            told = lambda: sorted(f"{self.text(key)}: {self.text(item)}" for key, item in list(value.items()))
            return self.inside(value, "{", "}", lambda: ", ".join(told()))
        name = self.name(value).rstrip(">")
        if kind is atomics.Atomic:
            return self.inside(value, f"{name} ", ">", lambda: self.text(value._value))
        if kind in QUEUES:
            return self.inside(value, f"{name} ", ">", lambda: f"[{self.list(list(value.queue))}]")
        told = lambda: ", ".join(f"{key}={self.text(item)}" for key, item in list(vars(value).items()))
        return self.inside(value, f"{name} ", ">", told) if vars(value) else f"{name}>"

    def inside(self, value, opening, closing, inner):
        if id(value) in self.around:
            return f"{opening}...{closing}"
        self.around.append(id(value))
        text = inner()
        self.around.pop()
        return f"{opening}{text}{closing}"

    def list(self, items):
        return ", ".join(self.text(item) for item in items)

    def name(self, value):
        kind = type(value)
        if isinstance(value, types.FunctionType):
            return f"<function {value.__qualname__}>"
        if isinstance(value, type):
            return repr(value)
        if kind.__module__ == "__main__":
            return f"<__main__.{kind.__name__} object>"
        # What the program calls it, not what it is made of.
        called = {"lock": "Lock", "BoundedSemaphore": "Semaphore", "LifoQueue": "Queue", "_local": "local"}
        return f"<{called.get(kind.__name__, kind.__name__)} object>"


def ordered(items):
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=repr)


def close_executors():
    """What the end of the interpreter does for pools that nobody has shut down."""
    left = list(executors._threads_queues.items())
    if left:
        executors._shutdown = True
        for _, tasks in left:
            tasks.put(None)
        for thread, _ in left:
            thread.join()
        executors._shutdown = False


def others():
    main = threading.main_thread()
    return [thread for thread in threading.enumerate() if thread is not main]


def run(number):
    global numbers
    failures.clear()
    numbers = itertools.count(1)
    if hasattr(threading, "_counter"):
        threading._counter = itertools.count(1).__next__
    concurrent.futures.ThreadPoolExecutor._counter = itertools.count().__next__
    world = {"__name__": "__main__", "__builtins__": allowed_builtins}
    sys.stdout = output = io.StringIO()
    try:
        exec(program, world)
    except BaseException as error:
        note(0, error)
    close_executors()
    while True:
        waited_for = [thread for thread in others() if not thread.daemon]
        if not waited_for:
            break
        for thread in waited_for:
            thread.join()
    # Daemons are left where they are, as at the end of the interpreter.
    sys.setswitchinterval(1000.0)
    daemons = bool(others())
    answer = {"run": number, "kind": "ended"}
    try:
        speller = Speller()
        told = (pair for pair in list(world.items()) if not pair[0].startswith("__") and holds_data(pair[1]))
        answer["values"] = {name: speller.json(value) for name, value in told}
        answer["output"] = output.getvalue().splitlines()
    except (TooMuch, MemoryError, RecursionError):
        answer["too_much"] = True
        del answer["kind"]
    if failures:
        answer["kind"], answer["thread"], answer["line"], answer["message"] = failures[0]
    if daemons or time.process_time() > CPU_SECONDS_MAX:
        answer["last"] = True
    tell(answer)
    sys.setswitchinterval(switch_interval)
    return not answer.get("last")


switch_interval = first["switch_interval_s"]
sys.setswitchinterval(switch_interval)
tell({"interpreter": interpreter()})
sys.addaudithook(second_lock)
while True:
    order = orders.readline()
    if not order or not run(int(order)):
        break
os._exit(0)
