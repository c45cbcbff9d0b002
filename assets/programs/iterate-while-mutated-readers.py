# Right fix of iterate-while-mutated: readers may be many at once, a writer waits until there is none.
# expect: schedules 22
# expect: ended total=3: 21
# expect: ended total=2: 1
# finds: nothing
import threading

items = [1, 2]
total = 0
readers = 0
free = threading.Condition()


def add_up():
    global total, readers
    with free:
        readers += 1
    for item in items:
        total += item
    with free:
        readers -= 1
        free.notify_all()


def drop_first():
    with free:
        while readers > 0:
            free.wait()
        items.pop(0)


a = threading.Thread(target=add_up, name="A")
b = threading.Thread(target=drop_first, name="B")
a.start()
b.start()
a.join()
b.join()
