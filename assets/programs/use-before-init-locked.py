# Wrong fix of use-before-init: the same lock keeps the two apart, but does not say who goes first.
# expect: schedules 2
# expect: ended value=42: 1
# expect: assertion: 1
# lacks: data-race
import threading

value = 0
lock = threading.Lock()


def produce():
    global value
    with lock:
        value = 42


def consume():
    with lock:
        assert value == 42


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
