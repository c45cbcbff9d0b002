# Starvation: one thread takes the lock again and again. A lock does not promise whose turn it is.
# expect: schedules inf
# expect: ended done=true: inf
# expect: deadlock: none
# finds: starvation
# lacks: livelock
import threading

done = False
lock = threading.Lock()


def greedy():
    while not done:
        with lock:
            pass  # progress


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
