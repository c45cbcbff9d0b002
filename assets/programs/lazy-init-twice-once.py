# Right fix of lazy-init-twice: the lock is inside the thing, so that nobody can forget it. Libraries call it a
# once-cell.
# expect: schedules 2
# expect: ended builds=1: 2
# finds: nothing
import threading

builds = 0


class Once:
    def __init__(self):
        self.lock = threading.Lock()
        self.value = None

    def get(self):
        global builds
        with self.lock:
            if self.value is None:
                builds += 1
                self.value = "built"
            return self.value


once = Once()


def use():
    assert once.get() == "built"


a = threading.Thread(target=use, name="A")
b = threading.Thread(target=use, name="B")
a.start()
b.start()
a.join()
b.join()
