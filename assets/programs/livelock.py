# Livelock: both are polite, let go and try again, in step. All are busy, and nobody gets anywhere.
# expect: schedules inf
# expect: ended: inf
# expect: deadlock: none
# finds: livelock
import threading

left = threading.Lock()
right = threading.Lock()


def eat(first, second):
    while True:
        first.acquire()
        if second.acquire(blocking=False):
            break
        first.release()
    second.release()  # progress
    first.release()


a = threading.Thread(target=eat, args=(left, right), name="A")
b = threading.Thread(target=eat, args=(right, left), name="B")
a.start()
b.start()
a.join()
b.join()
