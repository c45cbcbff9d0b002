# Philosophers: each takes the fork on the left, then the one on the right. Once all have one, nobody gets a second.
# expect: schedules 168
# expect: ended: 162
# expect: deadlock: 6
# cpython: may hang
import threading

forks = [threading.Lock(), threading.Lock(), threading.Lock()]


def dine(seat):
    with forks[seat]:
        with forks[(seat + 1) % 3]:
            pass


a = threading.Thread(target=dine, args=(0,), name="A")
b = threading.Thread(target=dine, args=(1,), name="B")
c = threading.Thread(target=dine, args=(2,), name="C")
a.start()
b.start()
c.start()
a.join()
b.join()
c.join()
