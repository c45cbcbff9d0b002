# Right fix of lost-update: each thread counts for itself, and the counts are merged at the end. Nothing is shared, so
# nothing is a step, and one schedule is all there is.
# expect: schedules 1
# expect: ended total=2: 1
# finds: nothing
import threading

first = 0
second = 0


def work_first():
    global first
    first += 1


def work_second():
    global second
    second += 1


a = threading.Thread(target=work_first, name="A")
b = threading.Thread(target=work_second, name="B")
a.start()
b.start()
a.join()
b.join()
total = first + second
