# Right fix of overdraft: one lock around the check and the act.
# expect: schedules 2
# expect: ended balance=20: 2
# finds: nothing
import threading

balance = 100
lock = threading.Lock()


def withdraw(amount):
    global balance
    with lock:
        if balance >= amount:
            balance -= amount


a = threading.Thread(target=withdraw, args=(80,), name="A")
b = threading.Thread(target=withdraw, args=(80,), name="B")
a.start()
b.start()
a.join()
b.join()
