# Right fix of philosophers: the fork with the smaller number first. The last one reaches the other way round.
# expect: schedules 142
# expect: ended: 142
# expect: deadlock: none
# finds: nothing
import threading

N = 3  # 2 to 9

forks = [threading.Lock() for i in range(N)]


def dine(seat):
    left = seat
    right = (seat + 1) % N
    with forks[min(left, right)]:
        with forks[max(left, right)]:
            pass


threads = [threading.Thread(target=dine, args=(seat,)) for seat in range(N)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
