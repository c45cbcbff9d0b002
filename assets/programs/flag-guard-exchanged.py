# Right fix of flag-guard: test and set are one atomic step. Who does not get in goes away.
# expect: schedules 14
# expect: ended inside=0: 14
# expect: assertion: none
# finds: nothing
import threading
from atomics import Atomic

busy = Atomic(0)
inside = 0


def work():
    global inside
    if busy.compare_exchange(0, 1):
        inside += 1
        assert inside == 1
        inside -= 1
        busy.store(0)


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
