# Torn pair: two variables that belong together are seen half written.
# expect: schedules 6
# expect: ended seen=0: 4
# expect: ended seen=1: 1
# expect: ended seen=-1: 1
# expect (statement): schedules 3
# expect (statement): ended seen=-1: none
# finds: data-race
import threading

x = 0
y = 0
seen = 0


def move():
    global x, y
    x = 1
    y = 1


def look():
    global seen
    seen = x - y


a = threading.Thread(target=move, name="A")
b = threading.Thread(target=look, name="B")
a.start()
b.start()
a.join()
b.join()
