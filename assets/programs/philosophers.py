# Philosophers: each takes the fork on the left, then the one on the right. Once all have one, nobody gets a second.
# expect: schedules 168
# expect: ended: 162
# expect: deadlock: 6
# cpython: may hang
import threading

N = 3  # 2 to 9

forks = [threading.Lock() for i in range(N)]


def dine(seat):
    with forks[seat]:
        with forks[(seat + 1) % N]:
            pass


threads = [threading.Thread(target=dine, args=(seat,)) for seat in range(N)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
