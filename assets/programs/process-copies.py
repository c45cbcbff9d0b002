# Processes do not share variables: the child counts in a copy of its own, and the parent never hears of it.
# expect: ended output=["0"]: 1
# expect: schedules 1
# finds: nothing
import multiprocessing

counter = 0


def work():
    global counter
    counter += 1


if __name__ == "__main__":
    child = multiprocessing.Process(target=work)
    child.start()
    child.join()
    print(counter)
