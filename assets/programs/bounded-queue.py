# A queue with room for one: who puts waits for room, who gets waits for an item. All of that is inside the queue.
# expect: schedules 2
# expect: ended output=["1","2"]: 2
# expect: deadlock: none
import threading
import queue

line = queue.Queue(maxsize=1)


def produce():
    line.put(1)
    line.put(2)


def consume():
    for i in range(2):
        print(line.get())


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
