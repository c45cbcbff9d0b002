# Overdraft: check, then act. Both see enough money, and both take it.
# expect: schedules 20
# expect: ended balance=-60: 6
# expect: ended balance=20: 14
# finds: data-race
import threading

balance = 100


def withdraw(amount):
    global balance
    if balance >= amount:
        balance -= amount


a = threading.Thread(target=withdraw, args=(80,), name="A")
b = threading.Thread(target=withdraw, args=(80,), name="B")
a.start()
b.start()
a.join()
b.join()
