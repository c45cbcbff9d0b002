# Use before init: nobody says that the producer goes first.
# expect: schedules 2
# expect: ended value=42: 1
# expect: assertion: 1
# finds: data-race
import threading

value = 0


def produce():
    global value
    value = 42


def consume():
    assert value == 42


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
