# Right fix of starvation-readers: the writer says that it waits, and whoever comes to read then lets it go first.
# expect: schedules inf
# expect: ended done=1: inf
# finds: nothing
import threading
from atomics import Atomic

done = Atomic(0)
readers = Atomic(0)
asked = Atomic(0)


def read_it():
    pass


def read():
    while done.load() == 0:
        if asked.load() == 0:
            readers.add(1)
            if asked.load() == 0:
                read_it()
            readers.add(-1)  # progress


def write():
    asked.store(1)
    while readers.load() > 0:
        pass
    done.store(1)
    asked.store(0)


a = threading.Thread(target=read, name="A")
b = threading.Thread(target=read, name="B")
c = threading.Thread(target=write, name="C")
a.start()
b.start()
c.start()
a.join()
b.join()
c.join()
