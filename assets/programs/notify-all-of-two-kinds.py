# Right fix of notify-one-of-two-kinds: wake all, and let each look for itself.
# expect: schedules 80
# expect: ended full=false: 80
# expect: deadlock: none
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


a = threading.Thread(target=put, name="A")
b = threading.Thread(target=put, name="B")
c = threading.Thread(target=take, name="C")
d = threading.Thread(target=take, name="D")
a.start()
b.start()
c.start()
d.start()
a.join()
b.join()
c.join()
d.join()
