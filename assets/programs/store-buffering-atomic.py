# Right fix of store-buffering: the writes are atomic exchanges. Such an instruction waits until the buffer is empty.
# expect: schedules 6
# expect: ended r1=0 r2=0: none
# expect (tso): schedules 6
# expect (tso): ended r1=0 r2=0: none
# finds: nothing
import threading
from atomics import Atomic

x = Atomic(0)
y = Atomic(0)
r1 = r2 = 0


def left():
    global r1
    x.swap(1)
    r1 = y.load()


def right():
    global r2
    y.swap(1)
    r2 = x.load()


a = threading.Thread(target=left, name="A")
b = threading.Thread(target=right, name="B")
a.start()
b.start()
a.join()
b.join()
