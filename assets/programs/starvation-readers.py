# Starvation of a writer: readers let each other in, so that there is always one, and the writer waits for none.
# expect: schedules inf
# expect: ended done=1: inf
# finds: starvation
import threading
from atomics import Atomic

done = Atomic(0)
readers = Atomic(0)


def read():
    while done.load() == 0:
        readers.add(1)
        readers.add(-1)  # progress


def write():
    while readers.load() > 0:
        pass
    done.store(1)


a = threading.Thread(target=read, name="A")
b = threading.Thread(target=read, name="B")
c = threading.Thread(target=write, name="C")
a.start()
b.start()
c.start()
a.join()
b.join()
c.join()
