# Right fix of lost-update: one lock around the read and the write.
# expect: schedules 2
# expect: ended counter=2: 2
# expect: deadlock: none
# finds: nothing
import threading

THREADS = 2  # 2 to 9
ROUNDS = 1  # 1 to 100

counter = 0
lock = threading.Lock()


def work():
    global counter
    for i in range(ROUNDS):
        with lock:
            counter += 1


threads = [threading.Thread(target=work) for i in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
