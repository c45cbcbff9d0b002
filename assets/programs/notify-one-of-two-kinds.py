# One condition, two kinds of waiters: `notify` may wake one that cannot use it, and the other sleeps on.
# expect: schedules 80
# expect: ended full=false: 72
# expect: deadlock: 8
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


a = threading.Thread(target=put, name="A")
b = threading.Thread(target=put, name="B")
c = threading.Thread(target=take, name="C")
d = threading.Thread(target=take, name="D")
a.start()
b.start()
c.start()
d.start()
a.join()
b.join()
c.join()
d.join()
