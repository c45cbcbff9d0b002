# Right fix of aba: each change counts up a tag (the hundreds), so that the same top is not the same value.
# expect: schedules 6
# expect: ended top_now=201 exchanged=false: 3
# expect: ended top_now=201 exchanged=true: 2
# expect: ended top_now=9 exchanged=true: 1
# finds: nothing
import threading
from atomics import Atomic

top = Atomic(1)
exchanged = False


def take():
    global exchanged
    before = top.load()
    exchanged = top.compare_exchange(before, 9)


def replace():
    top.store(102)
    top.store(201)


a = threading.Thread(target=take, name="A")
b = threading.Thread(target=replace, name="B")
a.start()
b.start()
a.join()
b.join()
top_now = top.load()
