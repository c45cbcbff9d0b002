# Right fix of bounded-buffer: wait for the item first, then take the lock.
# expect: deadlock: none
# expect: ended buffer=[]: some
import threading

buffer = []
lock = threading.Lock()
filled = threading.Semaphore(0)


def produce():
    with lock:
        buffer.append(1)
        filled.release()


def consume():
    filled.acquire()
    with lock:
        buffer.pop()


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
