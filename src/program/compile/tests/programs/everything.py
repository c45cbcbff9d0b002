"""Everything that is in the subset, at least once. Made to be compiled, not to be run."""
import threading, queue
import time as clock
import concurrent.futures
import multiprocessing as mp
from random import choice, randrange
from queue import Empty
from atomics import Atomic, fence

counter = total = 0
names = ["a", 'b', """c"""]
table = {"x": 1, (1, 2): [3]}
empty, pair = (), (1, -2, None, True, "s", ("t",))
lock = threading.Lock()
(first, [second, third]), fourth = (1, [2, 3]), 4
low = -9223372036854775808
seen = {1, 2}
if counter == 0:
    early = 1


class Account(object):
    """An account."""
    limit = 10
    double = limit * 2
    __secret = [_ for _ in range(limit)]

    def __init__(self, balance=0, name=None):
        self.balance = balance
        self.__lock = threading.RLock()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.__lock.release()

    def pay(self, amount):
        with self.__lock:
            if self.balance >= amount:
                self.balance -= amount
            elif amount < 0 <= self.balance < Account.limit:
                raise ValueError(f"no: {amount!r:>5} {self.balance=} {amount:03d}" "tail" f"{amount!s:<3}")
            else:
                return False
        return True


class Savings(Account):
    def pay(self, amount):
        super().__init__()
        return super().pay(amount + 1)


class Failure(Exception):
    pass


class Worker(threading.Thread):
    def __init__(self, number):
        super().__init__(name=f"worker {number}", daemon=True)
        self.number = number

    def run(self):
        global counter
        for i in range(3):  # progress
            counter += 1
            if i == 1:
                continue
            elif i > 1:
                break
        else:
            counter = 0
        clock.sleep(0.1)


def work(items, extra=1):
    found = [x * y for x in items if x for y in range(x) if x and y]
    late = [lambda x=x: x for x in items]
    while items and (not found or late):
        item = items.pop()
        found += [item]
        table["x"] += item
        items[0:1], items[-1] = [item], items[::2]
    else:
        del items[0], (found, late)
    try:
        try:
            value = q.get(timeout=0.5)
        except (Empty, KeyError) as error:
            print(error, end="")
            raise
        except Failure:
            return None
        else:
            assert value > 0, "no"
        finally:
            lock.release()
    except BaseException:
        value = 1 if items else 2 ** 3 // 4 % 5
    with lock, threading.Semaphore(2) as slot:
        for k, v in table.items():
            if k in names or v not in seen and k is not None:
                return k, v
            try:
                break
            finally:
                print(k)
    return lambda: counter


q = queue.Queue(3)
event = mp.Event()
condition = threading.Condition()
with condition:
    condition.wait_for(lambda: counter > 0, timeout=1.5)
cell = Atomic(0)
cell.compare_exchange(0, 1)
fence()
with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
    future = pool.submit(work, names, extra=2)
    results = list(pool.map(work, [names]))
if __name__ == "__main__":
    threads = [Worker(i) for i in range(2)] + [threading.Thread(target=work, args=(names,), kwargs={"extra": 1})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(1.5)
    print(counter, choice([1, 2]), randrange(3), sorted(seen), max(1, 2), sep=", ")
    del counter, table["x"], pool.name
