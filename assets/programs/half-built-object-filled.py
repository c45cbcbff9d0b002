# Right fix of half-built-object: fill it first, publish it then. Where writes are seen in the order in which they were
# made, that is enough.
# expect: schedules 4
# expect: ended seen=0: none
# expect: ended seen=42: 1
# expect (tso): schedules 35
# expect (tso): ended seen=0: none
# finds: data-race
import threading

class Box:
    def __init__(self):
        self.value = 0


box = None
seen = -1


def make():
    global box
    new = Box()
    new.value = 42
    box = new


def use():
    global seen
    now = box
    if now is not None:
        seen = now.value


a = threading.Thread(target=make, name="A")
b = threading.Thread(target=use, name="B")
a.start()
b.start()
a.join()
b.join()
