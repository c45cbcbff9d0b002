# Lost update with a pause between the read and the write: a sleep lets go of CPython's global lock, so that there it
# loses nearly every time, where a bare `counter += 1` is not seen to.
# expect: schedules 6
# expect: ended counter=2: 2
# expect: ended counter=1: 4
# finds: data-race
import threading
import time

counter = 0


def one_more(than):
    time.sleep(0)
    return than + 1


def work():
    global counter
    counter = one_more(counter)


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
