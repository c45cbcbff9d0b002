# Right fix of notify-one-of-two-kinds: wake all, and let each look for itself.
# expect: deadlock: none
# expect: ended full=false: some
import threading

full = False
changed = threading.Condition()


def put():
    global full
    with changed:
        while full:
            changed.wait()
        full = True
        changed.notify_all()


def take():
    global full
    with changed:
        while not full:
            changed.wait()
        full = False
        changed.notify_all()


threads = [
    threading.Thread(target=put, name="A"),
    threading.Thread(target=put, name="B"),
    threading.Thread(target=take, name="C"),
    threading.Thread(target=take, name="D"),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
