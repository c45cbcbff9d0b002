# Right fix of use-before-init: the consumer is started when the producer has ended.
# expect: schedules 1
# expect: ended value=42: 1
# finds: nothing
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
a.join()
b.start()
b.join()
