# Self-deadlock: a function that holds the lock calls one that takes it. No second thread is needed.
# expect: schedules 1
# expect: deadlock: 1
# cpython: may hang
import threading

lock = threading.Lock()
log = []


def note(text):
    with lock:
        log.append(text)


def work():
    with lock:
        note("done")


a = threading.Thread(target=work, name="A")
a.start()
a.join()
