# Wrong fix of pool-self-wait: a larger pool. It is full again as soon as there are as many tasks that wait.
# expect: schedules 1638
# expect: ended output=["2"]: 1624
# expect: deadlock: 14
# cpython: may hang
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=2)


def inner():
    return 1


def outer():
    return pool.submit(inner).result()


first = pool.submit(outer)
second = pool.submit(outer)
print(first.result() + second.result())
pool.shutdown()
