# Right fix of flag-guard: a lock is a flag that is tested and set in one step. Who does not get it goes away.
# expect: schedules 14
# expect: ended inside=0: 14
# expect: assertion: none
# finds: nothing
import threading

busy = threading.Lock()
inside = 0


def work():
    global inside
    if busy.acquire(blocking=False):
        inside += 1
        assert inside == 1
        inside -= 1
        busy.release()


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
