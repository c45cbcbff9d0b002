# Store buffering: each writes one variable and reads the other. In any order of the steps one of them sees a 1; with
# store buffers, as every processor of today has them, both may read 0.
# expect: schedules 6
# expect: ended r1=0 r2=0: none
# expect: ended r1=0 r2=1: 1
# expect: ended r1=1 r2=0: 1
# expect: ended r1=1 r2=1: 4
# expect (tso): schedules 80
# expect (tso): ended r1=0 r2=0: 18
# expect (tso): ended r1=1 r2=1: 18
# finds: data-race
import threading

x = y = 0
r1 = r2 = 0


def left():
    global x, r1
    x = 1
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
