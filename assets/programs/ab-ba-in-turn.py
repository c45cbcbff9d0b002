# The order of ab-ba, but one thread after the other: nothing happens here. It would, on the day they overlap.
# expect: schedules 1
# expect: deadlock: none
# finds: potential-deadlock
import threading

left = threading.Lock()
right = threading.Lock()


def left_first():
    with left:
        with right:
            pass


def right_first():
    with right:
        with left:
            pass


a = threading.Thread(target=left_first, name="A")
b = threading.Thread(target=right_first, name="B")
a.start()
a.join()
b.start()
b.join()
