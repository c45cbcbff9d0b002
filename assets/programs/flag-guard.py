# Flag guard: a flag that is tested and then set is no lock. Both find it down.
# expect: schedules 3594
# expect: ended: 2938
# expect: assertion: 656
# finds: data-race
import threading

busy = False
inside = 0


def work():
    global busy, inside
    if not busy:
        busy = True
        inside += 1
        assert inside == 1
        inside -= 1
        busy = False


a = threading.Thread(target=work, name="A")
b = threading.Thread(target=work, name="B")
a.start()
b.start()
a.join()
b.join()
