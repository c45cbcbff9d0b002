# Right fix of use-before-init: a semaphore that begins at 0 counts the values that are there.
# expect: schedules 1
# expect: ended value=42: 1
# finds: nothing
import threading

value = 0
made = threading.Semaphore(0)


def produce():
    global value
    value = 42
    made.release()


def consume():
    made.acquire()
    assert value == 42


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
