# Right fix of philosophers: a waiter lets only two of the three reach for forks at a time.
# expect: schedules 20280
# expect: ended: 20280
# expect: deadlock: none
import threading

forks = [threading.Lock(), threading.Lock(), threading.Lock()]
waiter = threading.Semaphore(2)


def dine(seat):
    with waiter:
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
