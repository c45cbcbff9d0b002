# Right fix of if-not-while: `wait_for` tests, waits and tests again.
# expect: schedules 30
# expect: ended items=[]: 30
# expect: exception: none
# finds: nothing
import threading

items = []
changed = threading.Condition()


def consume():
    with changed:
        changed.wait_for(lambda: len(items) > 0)
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
