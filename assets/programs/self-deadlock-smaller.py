# Right fix of self-deadlock: the lock is given back before anybody else's code is called.
# expect: schedules 1
# expect: ended log=["done"]: 1
# expect: deadlock: none
import threading

lock = threading.Lock()
log = []


def note(text):
    with lock:
        log.append(text)


def work():
    with lock:
        text = "done"
    note(text)


a = threading.Thread(target=work, name="A")
a.start()
a.join()
