# Iterate while mutated: a list shrinks under its reader, which then misses an item that was never taken away.
# expect: schedules 4
# expect: ended total=2: 1
# expect: ended total=1: 1
# expect: ended total=3: 2
# finds: data-race
import threading

items = [1, 2]
total = 0


def add_up():
    global total
    for item in items:
        total += item


def drop_first():
    items.pop(0)


a = threading.Thread(target=add_up, name="A")
b = threading.Thread(target=drop_first, name="B")
a.start()
b.start()
a.join()
b.join()
