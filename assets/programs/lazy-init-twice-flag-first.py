# Wrong fix of lazy-init-twice: looked at twice, but the flag is set before the thing is there. Who finds it set relies
# on it.
# expect: schedules 70
# expect: ended builds=1: 64
# expect: assertion: 6
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
                built = True
                builds += 1
    assert builds == 1


a = threading.Thread(target=use, name="A")
b = threading.Thread(target=use, name="B")
a.start()
b.start()
a.join()
b.join()
