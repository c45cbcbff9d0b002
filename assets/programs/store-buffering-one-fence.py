# Wrong fix of store-buffering: only one of the two has a fence. The other still reads before its own write is out.
# expect: schedules 10
# expect: ended r1=0 r2=0: none
# expect (tso): schedules 70
# expect (tso): ended r1=0 r2=0: 3
# finds: data-race
import threading
from atomics import fence

x = y = 0
r1 = r2 = 0


def left():
    global x, r1
    x = 1
    fence()
    r1 = y


def right():
    global y, r2
    y = 1
    r2 = x


a = threading.Thread(target=left, name="A")
b = threading.Thread(target=right, name="B")
a.start()
b.start()
a.join()
b.join()
