# The pools of `concurrent.futures` and `multiprocessing`, written in the subset itself. Their steps are those of the
# queue and the futures below; everything else is touched by one thread only, or never changes.


def _work(tasks):
    while True:
        task = tasks.get()
        if task is None:
            return
        function, rest, keywords, future = task
        try:
            value = function(*rest, **keywords)
        except BaseException as error:
            future._set(False, error)
        else:
            future._set(True, value)


def _work_apart(tasks):
    while True:
        task = tasks.get()
        if task is None:
            return
        function, rest, keywords, future = task
        try:
            value = function(*rest, **keywords)
        except BaseException as error:
            future._set(False, error)
        else:
            future._set(True, deep_copy(value))


def wait_for(condition, predicate, timeout=None):
    result = predicate()
    while not result:
        woken = condition.wait(timeout)
        result = predicate()
        if not woken:
            return result
    return result


class ThreadPoolExecutor:
    def __init__(self, max_workers=None, thread_name_prefix=""):
        self._tasks = TaskQueue(True)
        self._max = max_workers
        self._workers = []

    def submit(self, function, *rest, **keywords):
        future = Future()
        if self._max is None or len(self._workers) < self._max:
            worker = Thread(target=_work, args=(self._tasks,))
            self._workers.append(worker)
            worker.start()
        self._tasks.put((function, rest, keywords, future))
        return future

    def map(self, function, items, timeout=None, chunksize=1):
        return results([self.submit(function, item) for item in items])

    def shutdown(self, wait=True, cancel_futures=False):
        self._tasks.close()
        if wait:
            for worker in self._workers:
                worker.join()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.shutdown()


class ProcessPoolExecutor:
    def __init__(self, max_workers=None):
        self._tasks = TaskQueue(True)
        self._max = max_workers
        self._workers = []

    def submit(self, function, *rest, **keywords):
        future = Future()
        if self._max is None or len(self._workers) < self._max:
            worker = Process(target=_work_apart, args=(self._tasks,))
            self._workers.append(worker)
            worker.start()
        self._tasks.put((function, deep_copy(rest), deep_copy(keywords), future))
        return future

    def map(self, function, items, timeout=None, chunksize=1):
        return results([self.submit(function, item) for item in items])

    def shutdown(self, wait=True, cancel_futures=False):
        self._tasks.close()
        if wait:
            for worker in self._workers:
                worker.join()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.shutdown()


class Pool:
    def __init__(self, processes=1):
        self._tasks = TaskQueue()
        self._workers = [Process(target=_work_apart, args=(self._tasks,)) for number in range(processes)]
        for worker in self._workers:
            worker.start()

    def apply_async(self, function, args=(), kwds=()):
        future = Future()
        self._tasks.put((function, deep_copy(args), kwds, future))
        return future

    def apply(self, function, args=(), kwds=()):
        return self.apply_async(function, args, kwds).get()

    def map(self, function, items, chunksize=1):
        futures = [self.apply_async(function, (item,)) for item in items]
        return [future.get() for future in futures]

    def close(self):
        self._tasks.close()

    def join(self):
        for worker in self._workers:
            worker.join()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._tasks.close()
