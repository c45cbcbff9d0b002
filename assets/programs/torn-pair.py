# Torn pair: two variables that belong together are seen half written.
# expect: schedules 6
# expect: ended output=["1"]: 3
# expect: ended output=["0"]: 2
# expect: ended output=["-1"]: 1
# finds: data-race
import threading

x = 0
y = 0


def move():
    global x, y
    x = 1
    y = 1


def look():
    seen = x - y
    print(seen)


a = threading.Thread(target=move, name="A")
b = threading.Thread(target=look, name="B")
a.start()
b.start()
a.join()
b.join()
