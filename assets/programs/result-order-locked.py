# Wrong fix of result-order: the tasks write down their results under a lock. A lock lets one in at a time, not one
# after the other.
# expect: schedules 4573
# expect: ended output=["1","2"]: 3964
# expect: ended output=["2","1"]: 609
# expect: deadlock: none
import threading
from concurrent.futures import ThreadPoolExecutor

results = []
lock = threading.Lock()


def same(number):
    with lock:
        results.append(number)


pool = ThreadPoolExecutor(max_workers=2)
pool.submit(same, 1)
pool.submit(same, 2)
pool.shutdown()
for result in results:
    print(result)
