# Right fix of bounded-buffer: a queue has the lock and the waiting inside, in the right order.
# expect: schedules 1
# expect: ended got=1: 1
# expect: deadlock: none
# finds: nothing
import threading
import queue

line = queue.Queue(maxsize=1)
got = 0


def produce():
    line.put(1)


def consume():
    global got
    got = line.get()


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
