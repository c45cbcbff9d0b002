# Right fix of torn-pair: writer and reader hold the same lock, so that nobody sees half of it.
# expect: ended output=["0"]: some
# expect: ended output=["1"]: none
# finds: nothing
import threading

x = 0
y = 0
lock = threading.Lock()


def move():
    global x, y
    with lock:
        x = 1
        y = 1


def look():
    with lock:
        seen = x - y
    print(seen)


a = threading.Thread(target=move, name="A")
b = threading.Thread(target=look, name="B")
a.start()
b.start()
a.join()
b.join()
