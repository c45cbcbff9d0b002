# Right fix of starvation: a lock with a queue. Each waits for the end of the one who came before, and nobody gets
# past.
# expect: schedules inf
# expect: ended done=1: inf
# finds: nothing
import threading
from atomics import Atomic

class Place:
    def __init__(self, left):
        self.left = Atomic(left)


done = Atomic(0)
last = Atomic(Place(1))


def acquire():
    own = Place(0)
    before = last.swap(own)
    while before.left.load() == 0:
        pass
    return own


def release(own):
    own.left.store(1)


def greedy():
    while done.load() == 0:
        own = acquire()
        release(own)  # progress


def patient():
    own = acquire()
    done.store(1)
    release(own)


a = threading.Thread(target=greedy, name="A")
b = threading.Thread(target=patient, name="B")
a.start()
b.start()
a.join()
b.join()
