# Right fix of overdraft: one lock around the check and the act.
# expect: schedules 2
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
        if balance >= amount:
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
