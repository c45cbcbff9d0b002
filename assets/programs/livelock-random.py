# Livelock with random back-off: who let go waits for a while before the next try, or does not. That both choose the
# same for ever is possible, and has no chance.
# expect: schedules inf
# expect: ended: inf
# expect: deadlock: none
# finds: livelock
import random
import threading
import time

left = threading.Lock()
right = threading.Lock()


def eat(first, second):
    while True:
        first.acquire()
        if second.acquire(blocking=False):
            break
        first.release()
        if random.choice([True, False]):
            time.sleep(0.001)
    second.release()  # progress
    first.release()


a = threading.Thread(target=eat, args=(left, right), name="A")
b = threading.Thread(target=eat, args=(right, left), name="B")
a.start()
b.start()
a.join()
b.join()
