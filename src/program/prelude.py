# What a program uses of Python's library and what is itself written in the subset, so that the explorer needs to know
# nothing of it: pools, `Condition.wait_for`, and what calls a `key=`. Only here may a call spread its arguments, and only
# here are the objects of module `prelude` known (library.rs): Future, TaskQueue, results, deep_copy, order, best, refuse.
#
# Every read of an attribute that two threads share, one of them writing, is a step of the user's program, so what a
# pool is made of is written once and then only read. A worker keeps nothing while it waits for its next task: states
# that differ in nothing but a finished task would be different states.


def wait_for(condition, predicate, *timeout, **keywords):
    # As the documentation of Python has it. Where a wait has timed out there is no time left for another.
    result = predicate()
    while not result:
        if not condition.wait(*timeout, **keywords):
            return predicate()
        result = predicate()
    return result


def sorted_by(iterable, key, reverse):
    # The items are taken at once, and then each is asked for its key.
    items = tuple(iterable)
    return order(tuple([key(item) for item in items]), items, reverse)


def best_by(iterable, key, largest, default):
    items = tuple(iterable)
    if default and not items:
        return default[0]
    return best(tuple([key(item) for item in items]), items, largest)


def act_at(barrier, action, position):
    # The action of a barrier, by the last to arrive. Until it has ended nobody gets on, in, or away; where it fails, the
    # barrier is broken. (No `except`: what nobody catches ends the schedule where it was raised.)
    good = False
    try:
        action()
        good = True
    finally:
        barrier._open(good)
    return position


def _run(task):
    # One task; None says that there will be no more.
    if task is None:
        return False
    future, function, rest, keywords = task
    try:
        value = function(*rest, **keywords)
    except BaseException as error:
        future._set(False, error)
    else:
        future._set(True, value)
    return True


def _run_apart(task):
    # The same in a worker process: what comes back is a copy.
    if task is None:
        return False
    future, function, rest, keywords = task
    try:
        value = deep_copy(function(*rest, **keywords))
    except BaseException as error:
        future._set(False, deep_copy(error))
    else:
        future._set(True, value)
    return True


def _work(tasks):
    while _run(tasks.get()):
        pass


def _work_apart(tasks):
    while _run_apart(tasks.get()):
        pass


class ThreadPoolExecutor:
    # CPython starts a worker where none is idle and there are fewer than max_workers. Whether one is idle is a matter
    # of time, so here every task brings one until there are enough of them.
    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=()):
        if initializer is not None:
            refuse("an `initializer` of a pool: let each task do it, or keep it in a global variable")
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        self._limit = max_workers
        # CPython lets the workers of an executor end when the main thread has, though nobody shuts it down.
        self._tasks = TaskQueue(True)
        self._workers = []
        self._prefix = self._named(thread_name_prefix)

    def _named(self, prefix):
        # What the names of its threads begin with; None where nobody asks for names.
        if prefix:
            return prefix
        number = self._tasks._number()
        return None if number is None else f"ThreadPoolExecutor-{number}"

    def _worker(self, number):
        name = None if self._prefix is None else f"{self._prefix}_{number}"
        return Thread(target=_work, args=(self._tasks,), name=name)

    def _packed(self, call):
        return call

    def submit(self, function, *rest, **keywords):
        return self._submit((function, rest, keywords))

    def _submit(self, call):
        function, rest, keywords = self._packed(call)
        future = Future()
        # How many tasks were put before this one tells whether it brings a worker, whoever else submits meanwhile.
        before = self._tasks.put((future, function, rest, keywords))
        if self._limit is None or before < self._limit:
            worker = self._worker(before)
            self._workers.append(worker)
            worker.start()
        return future

    def map(self, function, *iterables, **keywords):
        for name, value in keywords:
            if name == "timeout":
                if value is not None:
                    refuse("a timeout of `map`: `submit` each, and ask for its `result(timeout=…)`")
            elif name != "chunksize":
                raise TypeError("Executor.map() got an unexpected keyword argument '" + name + "'")
        return results([self._submit((function, rest, ())) for rest in zip(*iterables)])

    def shutdown(self, wait=True):
        self._tasks.close()
        if wait:
            for worker in self._workers:
                worker.join()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.shutdown()


class ProcessPoolExecutor(ThreadPoolExecutor):
    # What goes to a worker process is copied when it is submitted. (CPython copies it a moment later, in a thread.)
    def _named(self, prefix):
        return None

    def _worker(self, number):
        return Process(target=_work_apart, args=(self._tasks,))

    def _packed(self, call):
        return deep_copy(call)


class Pool:
    # Its workers are daemons and start at once. How many there are must be said: CPython takes as many as the machine
    # has cores, and a program is not to mean something else on another machine.
    def __init__(self, processes=None, initializer=None, initargs=(), maxtasksperchild=None):
        if processes is None:
            refuse("a `Pool` of as many workers as the machine has cores: write how many, `Pool(2)`")
        if initializer is not None:
            refuse("an `initializer` of a pool: let each task do it, or keep it in a global variable")
        if maxtasksperchild is not None:
            refuse("`maxtasksperchild` of a pool: leave it out, its workers last")
        if processes < 1:
            raise ValueError("Number of processes must be at least 1")
        self._running = True
        self._tasks = TaskQueue()
        self._workers = [Process(target=_work_apart, args=(self._tasks,), daemon=True) for _ in range(processes)]
        for worker in self._workers:
            worker.start()

    def apply_async(self, func, args=(), kwds=None):
        if not self._running:
            raise ValueError("Pool not running")
        keywords = () if kwds is None else tuple(kwds.items())
        future = Future()
        function, rest, keywords = deep_copy((func, tuple(args), keywords))
        self._tasks.put((future, function, rest, keywords))
        return future

    def apply(self, func, args=(), kwds=None):
        return self.apply_async(func, args, kwds).get()

    def map(self, func, iterable, chunksize=None):
        # As CPython does, it waits for all of them, and then tells the first failure.
        futures = [self.apply_async(func, (item,)) for item in iterable]
        values = []
        failure = None
        for future in futures:
            try:
                values.append(future.get())
            except BaseException as error:
                if failure is None:
                    failure = error
        if failure is not None:
            raise failure
        return values

    def close(self):
        self._running = False
        self._tasks.close()

    def join(self):
        if self._running:
            raise ValueError("Pool is still running")
        for worker in self._workers:
            worker.join()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        # CPython kills the workers here, wherever they are. Ours may go on as far as they like until main ends, and
        # then what they had left is dropped: that they get nowhere after this line is one of the schedules.
        self.close()
