# Right fix of lost-wakeup: the test and the change stand inside the lock, and the test is made again after the wait.
# expect: schedules 2
# expect: ended: 2
# expect: deadlock: none
# finds: nothing
import threading

ready = False
cv = threading.Condition()


def sleeper():
    with cv:
        while not ready:
            cv.wait()


def waker():
    global ready
    with cv:
        ready = True
        cv.notify()


a = threading.Thread(target=sleeper, name="A")
b = threading.Thread(target=waker, name="B")
a.start()
b.start()
a.join()
b.join()
