# Right fix of use-before-init: the value comes through a queue. Who gets it waits until it is there.
# expect: schedules 1
# expect: ended: 1
# expect: assertion: none
# finds: nothing
import threading
import queue

line = queue.Queue()


def produce():
    line.put(42)


def consume():
    assert line.get() == 42


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
