# A single waiter, and still `if` is not enough: Python promises nothing about why `wait` returns.
# expect: assertion: none
# expect (spurious): assertion: some
# expect: schedules 2
# expect: ended ready=true: 2
import threading

ready = False
changed = threading.Condition()


def consume():
    with changed:
        if not ready:
            changed.wait()
        assert ready


def produce():
    global ready
    with changed:
        ready = True
        changed.notify()


a = threading.Thread(target=consume, name="A")
b = threading.Thread(target=produce, name="B")
a.start()
b.start()
a.join()
b.join()
