# Lazy init twice: both find nothing there, and both build.
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
