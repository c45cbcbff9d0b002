# Right fix of lost-wakeup: an event remembers that it was set.
# expect: schedules 1
# expect: ended: 1
# expect: deadlock: none
# finds: nothing
import threading

ready = threading.Event()


def sleeper():
    ready.wait()


def waker():
    ready.set()


a = threading.Thread(target=sleeper, name="A")
b = threading.Thread(target=waker, name="B")
a.start()
b.start()
a.join()
b.join()
