# Right fix of philosophers: the fork with the smaller number first. The last one reaches the other way round.
# expect: schedules 142
# expect: ended: 142
# expect: deadlock: none
# finds: nothing
import threading

forks = [threading.Lock(), threading.Lock(), threading.Lock()]


def dine(first, second):
    with forks[first]:
        with forks[second]:
            pass


a = threading.Thread(target=dine, args=(0, 1), name="A")
b = threading.Thread(target=dine, args=(1, 2), name="B")
c = threading.Thread(target=dine, args=(0, 2), name="C")
a.start()
b.start()
c.start()
a.join()
b.join()
c.join()
