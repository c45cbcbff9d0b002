# Right fix of lost-update: each thread counts for itself, and the counts are merged at the end. Nothing is shared, so
# nothing is a step, and one schedule is all there is.
# expect: schedules 1
# expect: ended total=2: 1
# finds: nothing
import threading

THREADS = 2  # 2 to 9
ROUNDS = 1  # 1 to 100


class Count:
    def __init__(self):
        self.value = 0


def work(own):
    for i in range(ROUNDS):
        own.value += 1


counts = [Count() for i in range(THREADS)]
threads = [threading.Thread(target=work, args=(own,)) for own in counts]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
total = sum([own.value for own in counts])
