# Right fix of lost-update: one lock around the read and the write.
# expect: schedules 2
# expect: ended counter=2: 2
# expect: deadlock: none
# finds: nothing
import threading

counter = 0
lock = threading.Lock()


def work():
    global counter
    with lock:
        counter += 1


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
