# Wrong fix of lost-update: the load is atomic and the store is atomic, but not the two together.
# No data race is left, and the update is lost all the same.
# expect: schedules 6
# expect: ended total=2: 2
# expect: ended total=1: 4
# finds: nothing
import threading
from atomics import Atomic

THREADS = 2  # 2 to 9
ROUNDS = 1  # 1 to 100

counter = Atomic(0)


def work():
    for i in range(ROUNDS):
        before = counter.load()
        counter.store(before + 1)


threads = [threading.Thread(target=work) for i in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
total = counter.load()
