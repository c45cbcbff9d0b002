# Right fix of iterate-while-mutated: one step copies the list, and the copy is nobody else's.
# expect: schedules 2
# expect: ended total=3: 1
# expect: ended total=2: 1
# expect: ended total=1: none
import threading

items = [1, 2]
total = 0


def add_up():
    global total
    for item in items[:]:
        total += item


def drop_first():
    items.pop(0)


a = threading.Thread(target=add_up, name="A")
b = threading.Thread(target=drop_first, name="B")
a.start()
b.start()
a.join()
b.join()
