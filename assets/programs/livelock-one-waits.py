# Wrong fix of livelock: one of the two is stubborn, keeps its first lock and waits for the second. The other lets go,
# and takes it again before the first one wakes: no lock promises whose turn it is.
# expect: schedules inf
# expect: ended: inf
# expect: deadlock: none
# finds: livelock
import threading

left = threading.Lock()
right = threading.Lock()


def stubborn():
    with left:
        with right:
            pass  # progress


def polite():
    while True:
        right.acquire()
        if left.acquire(blocking=False):
            break
        right.release()
    left.release()  # progress
    right.release()


a = threading.Thread(target=stubborn, name="A")
b = threading.Thread(target=polite, name="B")
a.start()
b.start()
a.join()
b.join()
