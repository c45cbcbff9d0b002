# A barrier: nobody goes on to the second half before all have done the first.
# expect: assertion: none
# expect: deadlock: none
# expect: schedules 12
# expect: ended first=1 second=1: 12
# finds: nothing
import threading

first = second = 0
meeting = threading.Barrier(2)


def work_first():
    global first
    first = 1
    meeting.wait()
    assert second == 1


def work_second():
    global second
    second = 1
    meeting.wait()
    assert first == 1


a = threading.Thread(target=work_first, name="A")
b = threading.Thread(target=work_second, name="B")
a.start()
b.start()
a.join()
b.join()
