# IRIW, independent reads of independent writes: two write, and two read both in opposite order. Can the readers
# disagree about which write came first?
# expect: schedules 180
# expect: ended r1=1 r2=0 r3=1 r4=0: none
# expect: ended r1=1 r2=1 r3=1 r4=1: 18
# expect (tso): schedules 2520
# expect (tso): ended r1=1 r2=0 r3=1 r4=0: none
# finds: data-race
import threading

x = y = 0
r1 = r2 = r3 = r4 = 0


def write_x():
    global x
    x = 1


def write_y():
    global y
    y = 1


def read_x_then_y():
    global r1, r2
    r1 = x
    r2 = y


def read_y_then_x():
    global r3, r4
    r3 = y
    r4 = x


a = threading.Thread(target=write_x, name="A")
b = threading.Thread(target=write_y, name="B")
c = threading.Thread(target=read_x_then_y, name="C")
d = threading.Thread(target=read_y_then_x, name="D")
a.start()
b.start()
c.start()
d.start()
a.join()
b.join()
c.join()
d.join()
