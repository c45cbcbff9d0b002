# Right fix of philosophers: one of them, and only one, begins with the fork on the right.
# expect: schedules 142
# expect: ended: 142
# expect: deadlock: none
# finds: nothing
import threading

N = 3  # 2 to 9

forks = [threading.Lock() for i in range(N)]


def dine(seat):
    first = seat
    second = (seat + 1) % N
    if seat == 0:
        first, second = second, first
    with forks[first]:
        with forks[second]:
            pass


threads = [threading.Thread(target=dine, args=(seat,)) for seat in range(N)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
