# Wrong fix of torn-pair: only the writer takes the lock. Who reads without it reads in the middle.
# expect: schedules 15
# expect: ended seen=0: 10
# expect: ended seen=1: 1
# expect: ended seen=-1: 4
# finds: data-race
import threading

x = 0
y = 0
seen = 0
lock = threading.Lock()


def move():
    global x, y
    with lock:
        x = 1
        y = 1


def look():
    global seen
    seen = x - y


a = threading.Thread(target=move, name="A")
b = threading.Thread(target=look, name="B")
a.start()
b.start()
a.join()
b.join()
