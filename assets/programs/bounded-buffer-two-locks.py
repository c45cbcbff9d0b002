# Wrong fix of bounded-buffer: the consumer holds a lock of its own while it waits. Two consumers stop each other, and
# the list is touched under two locks.
# expect: schedules 29
# expect: ended items=[]: 26
# expect: exception: 3
# finds: data-race
import threading

items = []
of_producer = threading.Lock()
of_consumer = threading.Lock()
filled = threading.Semaphore(0)


def produce():
    with of_producer:
        filled.release()
        items.append(1)


def consume():
    with of_consumer:
        filled.acquire()
        items.pop()


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
