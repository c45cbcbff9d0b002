# Load buffering: each reads one variable and then writes the other. Can both read what the other has not yet written?
# expect: schedules 6
# expect: ended r1=0 r2=0: 4
# expect: ended r1=1 r2=1: none
# expect (tso): schedules 20
# expect (tso): ended r1=1 r2=1: none
# finds: data-race
import threading

x = y = 0
r1 = r2 = 0


def left():
    global y, r1
    r1 = x
    y = 1


def right():
    global x, r2
    r2 = y
    x = 1


a = threading.Thread(target=left, name="A")
b = threading.Thread(target=right, name="B")
a.start()
b.start()
a.join()
b.join()
