# Right fix of aba-stack: every change counts up a tag that lies beside the top (here in its tens). The same top is not
# the same value any more.
# expect: schedules 28
# expect: ended twice=false: 28
# expect: ended twice=true: none
import threading
from atomics import Atomic

top = Atomic(1)
below = {1: 2, 2: 0}
kept = 0


def exchange(seen, node):
    return top.compare_exchange(seen, seen - seen % 10 + 10 + node)


def take():
    seen = top.load()
    node = seen % 10
    if node != 0:
        exchange(seen, below[node])


def take_both_and_return_one():
    global kept
    if exchange(1, 2):
        if exchange(12, 0):
            kept = 2
        below[1] = 0
        exchange(20, 1)


a = threading.Thread(target=take, name="A")
b = threading.Thread(target=take_both_and_return_one, name="B")
a.start()
b.start()
a.join()
b.join()
twice = kept == 2 and top.load() % 10 == 2
