# Wrong fix of philosophers: a waiter who lets all of them sit down.
# expect: schedules 337326
# expect: ended: 337236
# expect: deadlock: 90
# cpython: may hang
import threading

N = 3  # 2 to 9

forks = [threading.Lock() for i in range(N)]
waiter = threading.Semaphore(N)


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
