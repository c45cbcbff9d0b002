# Lazy init twice: both find nothing there, and both build.
# expect: schedules 70
# expect: ended builds=1: 38
# expect: ended builds=2: 32
# finds: data-race
import threading

built = False
builds = 0


def use():
    global built, builds
    if not built:
        builds += 1
        built = True


a = threading.Thread(target=use, name="A")
b = threading.Thread(target=use, name="B")
a.start()
b.start()
a.join()
b.join()
