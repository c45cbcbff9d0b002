# Right fix of pool-self-wait: who waits for a task that nobody has begun does it itself, as pools that steal work do.
# expect: schedules 20
# expect: ended output=["1"]: 20
# expect: deadlock: none
from concurrent.futures import ThreadPoolExecutor
from atomics import Atomic

pool = ThreadPoolExecutor(max_workers=1)
begun = Atomic(0)


def inner():
    if begun.compare_exchange(0, 1):
        return 1
    return 0


def outer():
    part = pool.submit(inner)
    if begun.compare_exchange(0, 1):
        return 1
    return part.result()


print(pool.submit(outer).result())
pool.shutdown()
