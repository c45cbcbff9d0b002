# Another way out of ab-ba: who does not get the second lock at once lets go of the first, and gives up.
# expect: deadlock: none
# expect: ended: some
# lacks: lock-not-released
import threading

left = threading.Lock()
right = threading.Lock()
done = [0, 0]


def left_first():
    with left:
        if right.acquire(blocking=False):
            done[0] = 1
            right.release()


def right_first():
    with right:
        if left.acquire(blocking=False):
            done[1] = 1
            left.release()


a = threading.Thread(target=left_first, name="A")
b = threading.Thread(target=right_first, name="B")
a.start()
b.start()
a.join()
b.join()
