# Wrong fix of overdraft: the check is locked and the act is locked, each for itself. In between, the money goes.
# expect: schedules 6
# expect: ended balance=-60: 4
# expect: ended balance=20: 2
# finds: nothing
import threading

balance = 100
lock = threading.Lock()


class Customer:
    def __init__(self):
        self.cash = 0


def withdraw(customer, amount):
    global balance
    with lock:
        enough = balance >= amount
    if enough:
        with lock:
            balance -= amount
        customer.cash = amount


ann = Customer()
ben = Customer()
a = threading.Thread(target=withdraw, args=(ann, 80), name="A")
b = threading.Thread(target=withdraw, args=(ben, 80), name="B")
a.start()
b.start()
a.join()
b.join()
cash = ann.cash + ben.cash
