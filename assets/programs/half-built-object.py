# Half-built object: it is published first and filled then. Who finds it there finds it empty.
# expect: schedules 8
# expect: ended seen=0: 3
# expect: ended seen=-1: 2
# expect: ended seen=42: 3
# expect (tso): ended seen=0: 25
# finds: data-race
import threading

class Box:
    def __init__(self):
        self.value = 0


box = None
seen = -1


def make():
    global box
    box = Box()
    box.value = 42


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
