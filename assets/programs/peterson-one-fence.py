# Wrong fix of peterson under store buffers: only one of the two has a fence.
# expect: schedules inf
# expect: assertion: none
# expect (tso): assertion: some
import threading
from atomics import fence

wants_a = wants_b = False
turn = inside = 0


def a_work():
    global wants_a, turn, inside
    wants_a = True
    turn = 2
    fence()
    while wants_b and turn == 2:
        pass
    inside += 1
    assert inside == 1
    inside -= 1
    wants_a = False


def b_work():
    global wants_b, turn, inside
    wants_b = True
    turn = 1
    while wants_a and turn == 1:
        pass
    inside += 1
    assert inside == 1
    inside -= 1
    wants_b = False


a = threading.Thread(target=a_work, name="A")
b = threading.Thread(target=b_work, name="B")
a.start()
b.start()
a.join()
b.join()
