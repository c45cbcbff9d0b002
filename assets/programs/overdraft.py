# Overdraft: check, then act. Both see enough money, and both take it.
# expect: schedules 20
# expect: ended balance=-60: 6
# expect: ended balance=20: 14
# finds: data-race
import threading

balance = 100


class Customer:
    def __init__(self):
        self.cash = 0


def withdraw(customer, amount):
    global balance
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
