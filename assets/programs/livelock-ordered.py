# Right fix of livelock: everybody takes the same lock first, and then may simply wait for the second.
# expect: schedules 2
# expect: ended: 2
# finds: nothing
import threading

left = threading.Lock()
right = threading.Lock()


def eat():
    left.acquire()
    right.acquire()
    right.release()  # progress
    left.release()


a = threading.Thread(target=eat, name="A")
b = threading.Thread(target=eat, name="B")
a.start()
b.start()
a.join()
b.join()
