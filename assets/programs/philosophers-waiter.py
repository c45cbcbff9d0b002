# Right fix of philosophers: a waiter lets only two of the three reach for forks at a time.
# expect: schedules 20280
# expect: ended: 20280
# expect: deadlock: none
import threading

N = 3  # 2 to 9

forks = [threading.Lock() for i in range(N)]
waiter = threading.Semaphore(N - 1)


def dine(seat):
    with waiter:
        with forks[seat]:
            with forks[(seat + 1) % N]:
                pass


threads = [threading.Thread(target=dine, args=(seat,)) for seat in range(N)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
