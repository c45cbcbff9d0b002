# Right fix of join-too-late: once the other has ended, the main thread is alone, and nothing it does is a step.
# expect: schedules 1
# expect: ended x=2: 1
# finds: nothing
import threading

x = 0


def work():
    global x
    x += 1


a = threading.Thread(target=work, name="A")
a.start()
a.join()
x += 1
