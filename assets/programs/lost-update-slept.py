# Lost update with a pause between the read and the write: a sleep lets go of CPython's global lock, so that there it
# loses nearly every time, where a bare `counter += 1` is not seen to.
# expect: schedules 6
# expect: ended counter=2: 2
# expect: ended counter=1: 4
# finds: data-race
import threading
import time

THREADS = 2  # 2 to 9
ROUNDS = 1  # 1 to 100

counter = 0


def plus_one(number):
    time.sleep(0)
    return number + 1


def work():
    global counter
    for i in range(ROUNDS):
        counter = plus_one(counter)


threads = [threading.Thread(target=work) for i in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
