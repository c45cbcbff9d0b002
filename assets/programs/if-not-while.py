# If, not while: a woken consumer takes for granted that the item is still there. Another consumer was quicker.
# expect: schedules 30
# expect: ended items=[]: 28
# expect: exception: 2
# expect: deadlock: none
# lacks: data-race, lost-wakeup
import threading

items = []
changed = threading.Condition()


def consume():
    with changed:
        if len(items) == 0:
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
