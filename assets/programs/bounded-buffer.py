# Bounded buffer, taken in the wrong order: who holds the lock waits for an item, and who has one waits for the lock.
# expect: schedules 2
# expect: ended items=[]: 1
# expect: deadlock: 1
# cpython: may hang
import threading

items = []
lock = threading.Lock()
filled = threading.Semaphore(0)


def produce():
    with lock:
        items.append(1)
        filled.release()


def consume():
    with lock:
        filled.acquire()
        items.pop()


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
