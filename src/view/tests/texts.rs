//! Small programs to look at: short, and the same whatever becomes of the catalogue's.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "overdraft",
        "\
# Check, then act.
import threading

balance = 100


def withdraw(amount):
    global balance
    if balance >= amount:
        balance -= amount


a = threading.Thread(target=withdraw, args=(80,))
b = threading.Thread(target=withdraw, args=(80,))
a.start()
b.start()
a.join()
b.join()
",
    ),
    (
        "overdraft-locked-apart",
        "\
# The check is locked and the act is locked, each for itself.
import threading

balance = 100
lock = threading.Lock()


def withdraw(amount):
    global balance
    with lock:
        enough = balance >= amount
    if enough:
        with lock:
            balance -= amount


a = threading.Thread(target=withdraw, args=(80,))
b = threading.Thread(target=withdraw, args=(80,))
a.start()
b.start()
a.join()
b.join()
",
    ),
    (
        "overdraft-locked",
        "\
import threading

balance = 100
lock = threading.Lock()


def withdraw(amount):
    global balance
    with lock:
        if balance >= amount:
            balance -= amount


a = threading.Thread(target=withdraw, args=(80,))
b = threading.Thread(target=withdraw, args=(80,))
a.start()
b.start()
a.join()
b.join()
",
    ),
    (
        "ab-ba",
        "\
import threading

left = threading.Lock()
right = threading.Lock()


def left_first():
    with left:
        with right:
            pass


def right_first():
    with right:
        with left:
            pass


a = threading.Thread(target=left_first)
b = threading.Thread(target=right_first)
a.start()
b.start()
a.join()
b.join()
",
    ),
    (
        "ab-ba-ordered",
        "\
import threading

left = threading.Lock()
right = threading.Lock()


def left_first():
    with left:
        with right:
            pass


a = threading.Thread(target=left_first)
b = threading.Thread(target=left_first)
a.start()
b.start()
a.join()
b.join()
",
    ),
    (
        "ab-ba-tried",
        "\
import threading

left = threading.Lock()
right = threading.Lock()


def left_first():
    with left:
        if right.acquire(blocking=False):
            right.release()


def right_first():
    with right:
        if left.acquire(blocking=False):
            left.release()


a = threading.Thread(target=left_first)
b = threading.Thread(target=right_first)
a.start()
b.start()
a.join()
b.join()
",
    ),
    (
        "philosophers",
        "\
import threading

forks = [threading.Lock(), threading.Lock(), threading.Lock()]


def dine(seat):
    with forks[seat]:
        with forks[(seat + 1) % 3]:
            pass


threads = [threading.Thread(target=dine, args=(seat,)) for seat in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
",
    ),
    (
        "self-deadlock",
        "\
import threading

lock = threading.Lock()
log = []


def note(text):
    with lock:
        log.append(text)


def work():
    with lock:
        note(\"done\")


a = threading.Thread(target=work)
a.start()
a.join()
",
    ),
    (
        "lost-wakeup",
        "\
import threading

ready = False
cv = threading.Condition()


def sleeper():
    if not ready:
        with cv:
            cv.wait()


def waker():
    global ready
    ready = True
    with cv:
        cv.notify()


a = threading.Thread(target=sleeper)
b = threading.Thread(target=waker)
a.start()
b.start()
a.join()
b.join()
",
    ),
    (
        "store-buffering",
        "\
import threading

x = y = 0
r1 = r2 = 0


def left():
    global x, r1
    x = 1
    r1 = y


def right():
    global y, r2
    y = 1
    r2 = x


a = threading.Thread(target=left)
b = threading.Thread(target=right)
a.start()
b.start()
a.join()
b.join()
",
    ),
];
