# Wrong fix of iterate-while-mutated: only who changes the list takes the lock.
# expect: schedules 17
# expect: ended total=3: 10
# expect: ended total=2: 3
# expect: ended total=1: 4
# finds: data-race
import threading

items = [1, 2]
total = 0
lock = threading.Lock()


def add_up():
    global total
    for item in items:
        total += item


def drop_first():
    with lock:
        items.pop(0)


a = threading.Thread(target=add_up, name="A")
b = threading.Thread(target=drop_first, name="B")
a.start()
b.start()
a.join()
b.join()
