# Wrong lock: each thread holds a lock, but not the same one. A lock does not protect a variable; agreeing on one does.
# expect: schedules 70
# expect: ended counter=2: 34
# expect: ended counter=1: 36
# expect: deadlock: none
# finds: data-race
import threading

counter = 0
left = threading.Lock()
right = threading.Lock()


def work_left():
    global counter
    with left:
        counter += 1


def work_right():
    global counter
    with right:
        counter += 1


a = threading.Thread(target=work_left, name="A")
b = threading.Thread(target=work_right, name="B")
a.start()
b.start()
a.join()
b.join()
