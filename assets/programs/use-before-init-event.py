# Right fix of use-before-init: an event says when the value is there.
# expect: schedules 1
# expect: ended value=42: 1
# expect: assertion: none
# finds: nothing
import threading

value = 0
made = threading.Event()


def produce():
    global value
    value = 42
    made.set()


def consume():
    made.wait()
    assert value == 42


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
