# Wrong fix of flag-guard: the flag is atomic now. The test and the setting are still two steps.
# expect: schedules 3594
# expect: ended inside=0: 1978
# expect: ended inside=-1: 960
# expect: assertion: 656
import threading
from atomics import Atomic

busy = Atomic(0)
inside = 0


def work():
    global inside
    if busy.load() == 0:
        busy.store(1)
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
