# Right fix of lazy-init-twice: look and build under one lock. Everybody pays for it at every use.
# expect: schedules 2
# expect: ended builds=1: 2
# finds: nothing
import threading

built = False
builds = 0
lock = threading.Lock()


def use():
    global built, builds
    with lock:
        if not built:
            builds += 1
            built = True


a = threading.Thread(target=use, name="A")
b = threading.Thread(target=use, name="B")
a.start()
b.start()
a.join()
b.join()
