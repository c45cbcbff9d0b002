# Right fix of torn-pair: the pair is one value that never changes; a new pair takes its place in one step.
# expect: schedules 2
# expect: ended seen=0: 2
# finds: data-race
import threading

pair = (0, 0)
seen = 0


def move():
    global pair
    pair = (1, 1)


def look():
    global seen
    now = pair
    seen = now[0] - now[1]


a = threading.Thread(target=move, name="A")
b = threading.Thread(target=look, name="B")
a.start()
b.start()
a.join()
b.join()
