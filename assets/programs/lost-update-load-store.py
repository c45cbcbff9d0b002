# Wrong fix of lost-update: the load is atomic and the store is atomic, but not the two together.
# No data race is left, and the update is lost all the same.
# expect: schedules 6
# expect: ended total=2: 2
# expect: ended total=1: 4
# finds: nothing
import threading
from atomics import Atomic

counter = Atomic(0)


def work():
    before = counter.load()
    counter.store(before + 1)


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
total = counter.load()
