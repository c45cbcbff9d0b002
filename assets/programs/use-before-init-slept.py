# Wrong fix of use-before-init: the consumer sleeps first. A sleep promises how long at least, not what others do
# meanwhile.
# expect: schedules 2
# expect: ended value=42: 1
# expect: assertion: 1
# finds: data-race
import threading
import time

value = 0


def produce():
    global value
    value = 42


def consume():
    time.sleep(0.001)
    assert value == 42


a = threading.Thread(target=produce, name="A")
b = threading.Thread(target=consume, name="B")
a.start()
b.start()
a.join()
b.join()
