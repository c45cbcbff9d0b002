# Right fix of pool-self-wait: no task waits. What comes after is submitted when what comes before has ended.
# expect: schedules 1
# expect: ended output=["1"]: 1
# expect: deadlock: none
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)


def inner():
    return 1


def outer(part):
    return part


part = pool.submit(inner).result()
print(pool.submit(outer, part).result())
pool.shutdown()
