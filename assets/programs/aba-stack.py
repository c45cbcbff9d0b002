# ABA on a stack: 1 lies on 2. A wants to take the top; meanwhile B takes both and puts 1 back. The top is 1 as before,
# so A's exchange succeeds, and makes 2 the top, which B has.
# expect: schedules 28
# expect: ended twice=false: 25
# expect: ended twice=true: 3
import threading
from atomics import Atomic

top = Atomic(1)
below = {1: 2, 2: 0}
kept = 0


def take():
    node = top.load()
    if node != 0:
        rest = below[node]
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
