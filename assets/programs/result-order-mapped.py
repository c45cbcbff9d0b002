# Right fix of result-order: `map` gives results in the order of the tasks.
# expect: ended output=["1","2"]: some
# expect: ended output=["2","1"]: none
# expect: deadlock: none
from concurrent.futures import ThreadPoolExecutor


def same(number):
    return number


pool = ThreadPoolExecutor(max_workers=2)
for result in pool.map(same, [1, 2]):
    print(result)
pool.shutdown()
