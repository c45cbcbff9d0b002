# Right fix of lost-update: try again until nobody came between. One of the two always succeeds at once: the loop ends.
# expect: schedules 6
# expect: ended total=2: 6
# finds: nothing
import threading
from atomics import Atomic

THREADS = 2  # 2 to 9
ROUNDS = 1  # 1 to 100

counter = Atomic(0)


def work():
    for i in range(ROUNDS):
        while True:
            before = counter.load()
            if counter.compare_exchange(before, before + 1):
                break


threads = [threading.Thread(target=work) for i in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
total = counter.load()
