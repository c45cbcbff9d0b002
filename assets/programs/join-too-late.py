# The main thread is a thread like any other: between `start` and `join` it races with what it started.
# expect: schedules 6
# expect: ended x=2: 2
# expect: ended x=1: 4
# finds: data-race
import threading

x = 0


def work():
    global x
    x += 1


a = threading.Thread(target=work, name="A")
a.start()
x += 1
a.join()
