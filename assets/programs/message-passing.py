# Message passing: the data first, then the flag. A store buffer is first in, first out, so that whoever sees the flag
# sees the data, on a processor like that; weaker ones, which poolscope does not model, may show the flag first.
# expect: schedules 6
# expect: ended flag=1 seen_flag=1 seen_data=0: none
# expect: ended seen_flag=1 seen_data=1: 1
# expect: ended seen_flag=0 seen_data=0: 1
# expect: ended seen_flag=0 seen_data=1: 4
# expect (tso): schedules 30
# expect (tso): ended seen_flag=1 seen_data=0: none
# expect (tso): ended seen_flag=0 seen_data=1: 19
# finds: data-race
import threading

data = flag = 0
seen_flag = seen_data = 0


def send():
    global data, flag
    data = 1
    flag = 1


def receive():
    global seen_flag, seen_data
    seen_flag = flag
    seen_data = data


a = threading.Thread(target=send, name="A")
b = threading.Thread(target=receive, name="B")
a.start()
b.start()
a.join()
b.join()
