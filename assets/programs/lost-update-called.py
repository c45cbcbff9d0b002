# Lost update, for CPython: since 3.10 it switches threads only at calls and at jumps back, so that a bare `counter +=
# 1` is not seen to lose there. With a call between the read and the write it is.
# expect: schedules 6
# expect: ended counter=2: 2
# expect: ended counter=1: 4
# finds: data-race
import threading

THREADS = 2  # 2 to 9
ROUNDS = 1  # 1 to 100000

counter = 0


def plus_one(number):
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
