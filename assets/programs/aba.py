# ABA: the top is what it was, so the exchange succeeds; but it has been something else in between.
# expect: schedules 6
# expect: ended top_now=1 exchanged=false: 2
# expect: ended top_now=1 exchanged=true: 2
# expect: ended top_now=9 exchanged=true: 2
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
    top.store(2)
    top.store(1)


a = threading.Thread(target=take, name="A")
b = threading.Thread(target=replace, name="B")
a.start()
b.start()
a.join()
b.join()
top_now = top.load()
