# Right fix of ab-ba: one lock for both. Nothing is left to be taken in the wrong order; nor is anything done side by
# side.
# expect: schedules 2
# expect: ended: 2
# expect: deadlock: none
# finds: nothing
import threading

both = threading.Lock()


def left_first():
    with both:
        pass


def right_first():
    with both:
        pass


a = threading.Thread(target=left_first, name="A")
b = threading.Thread(target=right_first, name="B")
a.start()
b.start()
a.join()
b.join()
