# Pipe full: the parent waits for the end of the child, and the child for room in the pipe that the parent never drains.
# Real pipes hold 64 KiB, so that it takes a large message; here the number of messages that fit is an option.
# expect (capacity=1): deadlock: some
# expect (capacity=1): ended: none
# expect (capacity=2): deadlock: none
# expect: deadlock: none
# expect: ended output=["1","2"]: some
import multiprocessing


def produce(end):
    end.send(1)
    end.send(2)


if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=produce, args=(theirs,))
    child.start()
    child.join()
    print(ours.recv())
    print(ours.recv())
