# Right fix of store-buffering: a fence lets nobody read on before the own write is seen by all.
# expect: schedules 20
# expect: ended r1=0 r2=0: none
# expect: ended r1=0 r2=1: 1
# expect: ended r1=1 r2=0: 1
# expect: ended r1=1 r2=1: 18
# expect (tso): schedules 70
# expect (tso): ended r1=0 r2=0: none
# expect (tso): ended r1=1 r2=1: 60
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
    fence()
    r2 = x


a = threading.Thread(target=left, name="A")
b = threading.Thread(target=right, name="B")
a.start()
b.start()
a.join()
b.join()
