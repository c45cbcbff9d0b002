# Right fix of iterate-while-mutated: who goes through the list holds the lock all the way, and so does who changes it.
# expect: schedules 2
# expect: ended total=3: 1
# expect: ended total=2: 1
# finds: nothing
import threading

items = [1, 2]
total = 0
lock = threading.Lock()


def add_up():
    global total
    with lock:
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
