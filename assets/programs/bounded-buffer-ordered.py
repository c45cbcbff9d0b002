# Right fix of bounded-buffer: wait for the item first, then take the lock.
# expect: schedules 2
# expect: ended items=[]: 2
# expect: deadlock: none
import threading

items = []
lock = threading.Lock()
filled = threading.Semaphore(0)


def produce():
    with lock:
        items.append(1)
        filled.release()


def consume():
    filled.acquire()
    with lock:
        items.pop()


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
