# Right fix of lost-update: try again until nobody came between. One of the two always succeeds at once: the loop ends.
# expect: schedules 6
# expect: ended total=2: 6
# finds: nothing
import threading
from atomics import Atomic

counter = Atomic(0)


def work():
    while True:
        before = counter.load()
        if counter.compare_exchange(before, before + 1):
            break


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
total = counter.load()
