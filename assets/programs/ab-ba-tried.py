# Another way out of ab-ba: who does not get the second lock at once lets go of the first, and gives up.
# expect: schedules 20
# expect: ended done=[0,0]: 8
# expect: ended done=[0,1]: 4
# expect: ended done=[1,0]: 4
# expect: ended done=[1,1]: 4
# expect: deadlock: none
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
