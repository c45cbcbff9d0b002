# Right fix of pipe-full: drain the pipe, then join.
# expect (capacity=1): deadlock: none
# expect (capacity=1): ended output=["1","2"]: some
# expect: deadlock: none
import multiprocessing


def produce(end):
    end.send(1)
    end.send(2)


if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=produce, args=(theirs,))
    child.start()
    print(ours.recv())
    print(ours.recv())
    child.join()
