# Lost wake-up: the signal comes after the test and before the wait. Nobody hears it, and one sleeps for ever.
# expect: schedules 8
# expect: ended: 7
# expect: deadlock: 1
# finds: data-race, lost-wakeup
# cpython: may hang
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


a = threading.Thread(target=sleeper, name="A")
b = threading.Thread(target=waker, name="B")
a.start()
b.start()
a.join()
b.join()
