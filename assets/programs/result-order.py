# Result order: `as_completed` gives results as they come, not as the tasks were handed in.
# expect: ended output=["1","2"]: some
# expect: ended output=["2","1"]: some
# expect: deadlock: none
from concurrent.futures import ThreadPoolExecutor, as_completed


def same(number):
    return number


pool = ThreadPoolExecutor(max_workers=2)
tasks = [pool.submit(same, 1), pool.submit(same, 2)]
for task in as_completed(tasks):
    print(task.result())
pool.shutdown()
