# Right fix of ab-ba: everybody takes the locks in the same order.
# expect: schedules 2
# expect: ended: 2
# expect: deadlock: none
# finds: nothing
import threading

left = threading.Lock()
right = threading.Lock()


def work():
    with left:
        with right:
            pass


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
