# One condition, two kinds of waiters: `notify` may wake one that cannot use it, and the other sleeps on.
# expect: deadlock: some
# expect: ended: some
# cpython: may hang
import threading

full = False
changed = threading.Condition()


def put():
    global full
    with changed:
        while full:
            changed.wait()
        full = True
        changed.notify()


def take():
    global full
    with changed:
        while not full:
            changed.wait()
        full = False
        changed.notify()


threads = [
    threading.Thread(target=put, name="A"),
    threading.Thread(target=put, name="B"),
    threading.Thread(target=take, name="C"),
    threading.Thread(target=take, name="D"),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
