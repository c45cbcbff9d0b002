# Wrong fix of pipe-full: a pipe with more room. One message more, and it is full again.
# expect (capacity=2): deadlock: some
# expect (capacity=2): ended: none
# expect (capacity=3): deadlock: none
# expect: ended output=["1","2","3"]: 1
# expect: deadlock: none
import multiprocessing


def produce(end):
    end.send(1)
    end.send(2)
    end.send(3)


if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=produce, args=(theirs,))
    child.start()
    child.join()
    for i in range(3):
        print(ours.recv())
