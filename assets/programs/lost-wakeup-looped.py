# Wrong fix of lost-wakeup: tested again after each wait, but still outside the lock.
# expect: schedules 8
# expect: ended: 7
# expect: deadlock: 1
# finds: data-race, lost-wakeup
# cpython: may hang
import threading

ready = False
cv = threading.Condition()


def sleeper():
    while not ready:
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
