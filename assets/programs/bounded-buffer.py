# Bounded buffer, taken in the wrong order: who holds the lock waits for an item, and who has one waits for the lock.
# expect: deadlock: some
# expect: ended: some
# cpython: may hang
import threading

buffer = []
lock = threading.Lock()
filled = threading.Semaphore(0)


def produce():
    with lock:
        buffer.append(1)
        filled.release()


def consume():
    with lock:
        filled.acquire()
        buffer.pop()


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
