# The price of a re-entrant lock: it lets its holder in again in the middle of a change, where the books do not
# balance.
# expect: schedules 1
# expect: ended seen=90: 1
# expect: deadlock: none
import threading

lock = threading.RLock()
left = 100
right = 0
seen = 0


def audit():
    global seen
    with lock:
        seen = left + right


def move():
    global left, right
    with lock:
        left -= 10
        audit()
        right += 10


a = threading.Thread(target=move, name="A")
a.start()
a.join()
