# Right fix of if-not-while: test again after each wait.
# expect: schedules 30
# expect: ended items=[]: 30
# expect: exception: none
# expect: deadlock: none
# finds: nothing
import threading

items = []
changed = threading.Condition()


def consume():
    with changed:
        while len(items) == 0:
            changed.wait()
        items.pop()


def produce():
    for i in range(2):
        with changed:
            items.append(i)
            changed.notify()


a = threading.Thread(target=consume, name="A")
b = threading.Thread(target=consume, name="B")
c = threading.Thread(target=produce, name="C")
a.start()
b.start()
c.start()
a.join()
b.join()
c.join()
