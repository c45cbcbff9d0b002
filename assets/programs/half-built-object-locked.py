# Right fix of half-built-object: published under a lock, and taken under the same lock. Right on every processor.
# expect: schedules 2
# expect: ended seen=0: none
# expect (tso): schedules 18
# expect (tso): ended seen=0: none
# finds: nothing
import threading

class Box:
    def __init__(self):
        self.value = 0


box = None
seen = -1
lock = threading.Lock()


def make():
    global box
    with lock:
        box = Box()
        box.value = 42


def use():
    global seen
    with lock:
        now = box
    if now is not None:
        seen = now.value


a = threading.Thread(target=make, name="A")
b = threading.Thread(target=use, name="B")
a.start()
b.start()
a.join()
b.join()
