# Right fix of notify-one-of-two-kinds: each kind has a condition of its own, so that a notify finds one that can use
# it.
# expect: schedules 64
# expect: ended full=false: 64
# expect: deadlock: none
# finds: nothing
import threading

full = False
lock = threading.Lock()
emptied = threading.Condition(lock)
filled = threading.Condition(lock)


def put():
    global full
    with lock:
        while full:
            emptied.wait()
        full = True
        filled.notify()


def take():
    global full
    with lock:
        while not full:
            filled.wait()
        full = False
        emptied.notify()


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
