# Wrong fix of wrong-lock: each call makes a lock of its own. Nobody else will ever want that one.
# expect: schedules 70
# expect: ended counter=2: 34
# expect: ended counter=1: 36
import threading

counter = 0


def work():
    global counter
    lock = threading.Lock()
    with lock:
        counter += 1


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
