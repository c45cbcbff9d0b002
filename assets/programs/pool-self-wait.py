# A task waits for a task that is queued behind it, in a pool of one worker.
# expect: deadlock: some
# expect: ended: none
# cpython: may hang
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)


def inner():
    return 1


def outer():
    return pool.submit(inner).result()


print(pool.submit(outer).result())
pool.shutdown()
