# Right fix of torn-pair: writer and reader hold the same lock, so that nobody sees half of it.
# expect: schedules 2
# expect: ended seen=0: 2
# finds: nothing
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
    with lock:
        seen = x - y


a = threading.Thread(target=move, name="A")
b = threading.Thread(target=look, name="B")
a.start()
b.start()
a.join()
b.join()
