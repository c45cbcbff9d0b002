# Wrong fix of starvation: the greedy one sleeps between two turns. It leaves a gap, and promises nothing.
# expect: schedules inf
# expect: ended done=true: inf
# finds: starvation
import threading
import time

done = False
lock = threading.Lock()


def greedy():
    while not done:
        with lock:
            pass  # progress
        time.sleep(0.001)


def patient():
    global done
    with lock:
        done = True


a = threading.Thread(target=greedy, name="A")
b = threading.Thread(target=patient, name="B")
a.start()
b.start()
a.join()
b.join()
