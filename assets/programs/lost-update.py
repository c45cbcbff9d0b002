# Lost update: `counter += 1` is a read and a write, and another thread may come between.
# expect: schedules 6
# expect: ended counter=2: 2
# expect: ended counter=1: 4
# expect: deadlock: none
# expect (statement): schedules 2
# expect (statement): ended counter=2: 2
# finds: data-race
import threading

THREADS = 2  # 2 to 9
ROUNDS = 1  # 1 to 100

counter = 0


def work():
    global counter
    for i in range(ROUNDS):
        counter += 1


threads = [threading.Thread(target=work) for i in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
