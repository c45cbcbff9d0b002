# Right fix of pool-self-wait: tasks that are waited for have a pool of their own.
# expect: deadlock: none
# expect: ended output=["1"]: some
from concurrent.futures import ThreadPoolExecutor

outside = ThreadPoolExecutor(max_workers=1)
inside = ThreadPoolExecutor(max_workers=1)


def inner():
    return 1


def outer():
    return inside.submit(inner).result()


print(outside.submit(outer).result())
outside.shutdown()
inside.shutdown()
