# Right fix of spurious-wakeup: test again, whatever it was that ended the wait.
# expect: schedules 2
# expect: ended ready=true: 2
# expect (spurious): schedules inf
# expect (spurious): assertion: none
# finds: nothing
import threading

ready = False
changed = threading.Condition()


def consume():
    with changed:
        while not ready:
            changed.wait()
        assert ready


def produce():
    global ready
    with changed:
        ready = True
        changed.notify()


a = threading.Thread(target=consume, name="A")
b = threading.Thread(target=produce, name="B")
a.start()
b.start()
a.join()
b.join()
