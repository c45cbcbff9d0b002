# Lost update: `counter += 1` is a read and a write, and another thread may come between.
# expect: schedules 6
# expect: ended counter=2: 2
# expect: ended counter=1: 4
# expect: deadlock: none
# expect (statement): schedules 2
# expect (statement): ended counter=2: 2
# finds: data-race
import threading

counter = 0


def work():
    global counter
    counter += 1


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
