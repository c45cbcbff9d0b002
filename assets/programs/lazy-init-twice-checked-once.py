# Wrong fix of lazy-init-twice: the building is locked, but who waited for the lock does not look again.
# expect: schedules 14
# expect: ended builds=1: 4
# expect: ended builds=2: 10
# finds: data-race
import threading

built = False
builds = 0
lock = threading.Lock()


def use():
    global built, builds
    if not built:
        with lock:
            builds += 1
            built = True


a = threading.Thread(target=use, name="A")
b = threading.Thread(target=use, name="B")
a.start()
b.start()
a.join()
b.join()
