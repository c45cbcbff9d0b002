# AB-BA: two threads take two locks in opposite order. Each holds what the other needs.
# expect: schedules 6
# expect: ended: 4
# expect: deadlock: 2
# cpython: may hang
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
b.start()
a.join()
b.join()
