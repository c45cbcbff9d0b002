# What is made to be shared between processes races just as variables do between threads.
# expect: schedules 6
# expect: ended output=["2"]: 2
# expect: ended output=["1"]: 4
# finds: data-race
import multiprocessing


def work(counter):
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
