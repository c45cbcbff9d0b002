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
DEPTH_MAX = 20
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

NO_DATA = object()
EXECUTORS = (concurrent.futures.Executor, concurrent.futures.Future)


def spelled(value, depth, room):
    """A value as JSON; NO_DATA for what is none: functions, threads, locks."""
    room[0] -= 1
    if room[0] < 0:
        raise TooMuch()
    if depth > DEPTH_MAX:
        return "…"
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is int:
        return value if -(2**63) <= value < 2**63 else str(value)
    if kind is str:
        return value
    if kind is float:
        return value if value == value and value not in (float("inf"), float("-inf")) else repr(value)
    if kind in (tuple, list):
        return [inner(item, depth, room) for item in value]
    if kind in (set, frozenset):
        return [inner(item, depth, room) for item in ordered(value)]
    if kind is dict:
        return {key if type(key) is str else repr(key): inner(item, depth, room) for key, item in list(value.items())}
    if kind is range or isinstance(value, BaseException):
        return repr(value)
    if kind is atomics.Atomic:
        return spelled(value._value, depth + 1, room)
    if kind in (queue.Queue, queue.LifoQueue):
        return [inner(item, depth, room) for item in list(value.queue)]
    if isinstance(value, (threading.Thread, type, types.FunctionType, *EXECUTORS)):
        return NO_DATA
    if kind.__module__ == "__main__":
        parts = ((name, spelled(item, depth + 1, room)) for name, item in list(vars(value).items()))
        return {name: part for name, part in parts if part is not NO_DATA}
    return NO_DATA


def inner(value, depth, room):
    part = spelled(value, depth + 1, room)
    return None if part is NO_DATA else part


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
        room = [VALUES_MAX]
        values = {
            name: spelled(value, 0, room) for name, value in list(world.items()) if not name.startswith("__")
        }
        answer["values"] = {name: value for name, value in values.items() if value is not NO_DATA}
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
