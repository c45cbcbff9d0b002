# Right fix of lost-update: reading and adding is one atomic step.
# expect: schedules 2
# expect: ended total=2: 2
# finds: nothing
import threading
from atomics import Atomic

THREADS = 2  # 2 to 9
ROUNDS = 1  # 1 to 100

counter = Atomic(0)


def work():
    for i in range(ROUNDS):
        counter.add(1)


threads = [threading.Thread(target=work) for i in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
total = counter.load()
