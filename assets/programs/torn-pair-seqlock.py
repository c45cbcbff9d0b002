# Right fix of torn-pair: the writer counts before and after, and the reader reads again unless the count is even and
# the same at the end (a seqlock).
# expect: schedules inf
# expect: ended seen=0: inf
# expect: ended seen=1: none
# expect: ended seen=-1: none
# finds: nothing
import threading
from atomics import Atomic

count = Atomic(0)
x = Atomic(0)
y = Atomic(0)
seen = 0


def move():
    count.store(1)
    x.store(1)
    y.store(1)
    count.store(2)


def look():
    global seen
    while True:
        before = count.load()
        difference = x.load() - y.load()
        if before % 2 == 0 and count.load() == before:
            break
    seen = difference


a = threading.Thread(target=move, name="A")
b = threading.Thread(target=look, name="B")
a.start()
b.start()
a.join()
b.join()
