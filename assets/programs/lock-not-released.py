# A way out of the function that forgets the lock: the next one waits for ever.
# expect: schedules 2
# expect: deadlock: 2
# expect: ended: none
# finds: lock-not-released
# cpython: may hang
import threading

lock = threading.Lock()


def work(amount):
    lock.acquire()
    if amount < 0:
        return
    lock.release()


a = threading.Thread(target=work, args=(-1,), name="A")
b = threading.Thread(target=work, args=(-2,), name="B")
a.start()
b.start()
a.join()
b.join()
