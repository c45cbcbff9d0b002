# Right fix of lazy-init-twice: look again once the lock is held. The first look is still a race with the write.
# expect: schedules 12
# expect: ended builds=1: 12
# expect: ended builds=2: none
# finds: data-race
import threading

built = False
builds = 0
lock = threading.Lock()


def use():
    global built, builds
    if not built:
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
