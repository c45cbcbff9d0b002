# Wrong fix of aba-stack: look at the top once more before the exchange. It is the same again, and that is the trouble.
# expect: schedules 35
# expect: ended twice=false: 31
# expect: ended twice=true: 4
import threading
from atomics import Atomic

top = Atomic(1)
below = {1: 2, 2: 0}
kept = 0


def take():
    node = top.load()
    if node != 0:
        rest = below[node]
        if top.load() == node:
            top.compare_exchange(node, rest)


def take_both_and_return_one():
    global kept
    if top.compare_exchange(1, 2):
        if top.compare_exchange(2, 0):
            kept = 2
        below[1] = 0
        top.compare_exchange(0, 1)


a = threading.Thread(target=take, name="A")
b = threading.Thread(target=take_both_and_return_one, name="B")
a.start()
b.start()
a.join()
b.join()
twice = kept == 2 and top.load() == 2
