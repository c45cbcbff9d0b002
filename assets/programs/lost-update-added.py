# Right fix of lost-update: reading and adding is one atomic step.
# expect: schedules 2
# expect: ended total=2: 2
# finds: nothing
import threading
from atomics import Atomic

counter = Atomic(0)


def work():
    counter.add(1)


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
total = counter.load()
