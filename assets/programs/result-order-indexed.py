# Right fix of result-order: each result is put where its task was.
# expect: schedules 802
# expect: ended output=["1","2"]: 802
# expect: deadlock: none
from concurrent.futures import ThreadPoolExecutor

results = {}


def same(index, number):
    results[index] = number


pool = ThreadPoolExecutor(max_workers=2)
pool.submit(same, 0, 1)
pool.submit(same, 1, 2)
pool.shutdown()
for index in range(2):
    print(results[index])
