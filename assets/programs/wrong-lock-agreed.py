# Right fix of wrong-lock: all who touch the counter take the same lock.
# expect: schedules 2
# expect: ended counter=2: 2
# finds: nothing
import threading

counter = 0
guard = threading.Lock()


def work_left():
    global counter
    with guard:
        counter += 1


def work_right():
    global counter
    with guard:
        counter += 1


a = threading.Thread(target=work_left, name="A")
b = threading.Thread(target=work_right, name="B")
a.start()
b.start()
a.join()
b.join()
