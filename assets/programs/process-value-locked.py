# Right fix of process-value: a shared value brings its own lock.
# expect: schedules 2
# expect: ended output=["2"]: 2
# finds: nothing
import multiprocessing


def work(counter):
    with counter.get_lock():
        counter.value += 1


if __name__ == "__main__":
    counter = multiprocessing.Value("i", 0)
    a = multiprocessing.Process(target=work, args=(counter,))
    b = multiprocessing.Process(target=work, args=(counter,))
    a.start()
    b.start()
    a.join()
    b.join()
    print(counter.value)
