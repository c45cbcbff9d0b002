# A way out of self-deadlock: a re-entrant lock knows its holder and lets it in again.
# expect: schedules 1
# expect: deadlock: none
# expect: ended log=["done"]: 1
import threading

lock = threading.RLock()
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
